# SPDX-License-Identifier: GPL-2.0-or-later
# A real DHCP server (dnsmasq) and real clients (udhcpc, dhclient) in two namespaces, with what "make install" installs.
import os
import subprocess

import pytest

from names import PLAIN
from places import ROOT
from process import wait_until

SERVER4, SERVER6 = '10.9.0.1', 'fd09::1'
ENTERPRISE = bytes((0, 0, 0x0d, 0xe9))  # 3561
SCRIPTS = '/usr/lib/espalier/dhcp'
# The machine's own /etc and /usr/lib, with what the test adds, in a mount namespace of the program's own.
OVERLAY = '''set -e
for folder in /etc /usr/lib; do
	mkdir -p "$1/upper$folder" "$1/work$folder"
	mount -t overlay overlay -o "lowerdir=$2$folder:$folder,upperdir=$1/upper$folder,workdir=$1/work$folder" $folder
done
shift 2
exec "$@"'''


def suboptions(values):
    """{code: text or bytes} as code, length, value."""
    data = b''
    for code, value in values.items():
        value = value if isinstance(value, bytes) else value.encode()
        data += bytes((code, len(value))) + value
    return data


def option43(values):
    return {'43': suboptions(values)}


def option125(values):
    data = suboptions(values)
    return {'125': ENTERPRISE + bytes((len(data),)) + data}


def option17(values):
    """In DHCPv6 dnsmasq makes this option itself, of each of its parts."""
    return {'vi-encap:3561,option6:%d' % code: value.encode() for code, value in values.items()}


class Dhcp:
    """Two namespaces with a link between them: the server's, and the device's with its DHCP client and its agent."""

    def __init__(self, start, run_folder, folder, installed, netns):
        self.start, self.run_folder, self.folder, self.installed = start, run_folder, folder, installed
        self.server, self.device = netns(), netns()
        self.process = None
        self.number = 0
        self.server.ip('link', 'add', 'wan0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', self.device.name)
        for namespace, name in ((self.server, 'wan0'), (self.device, 'eth0')):
            namespace.ip('link', 'set', name, 'up')
        for address in (SERVER4 + '/24', '10.9.0.2/24', SERVER6 + '/64', 'fd09::2/64'):
            self.server.ip('address', 'add', address, 'dev', 'wan0', *(['nodad'] if ':' in address else []))

        # What a router would announce: DHCPv6 gives an address, and no route.
        self.device.ip('route', 'add', 'fd09::/64', 'dev', 'eth0')

    def serve(self, options, lines=()):
        """(Re)starts the DHCP server, with these {number: bytes} for whoever says "dslforum.org"."""
        if self.process:
            self.process.stop()
        text = ['interface=wan0', 'bind-interfaces', 'port=0', 'log-dhcp', 'dhcp-authoritative',
                'dhcp-range=10.9.0.50,10.9.0.99,2m', 'dhcp-range=fd09::100,fd09::1ff,64,2m',
                'dhcp-leasefile=%s' % (self.folder / 'leases'), 'dhcp-vendorclass=set:cwmp,dslforum.org',
                'dhcp-vendorclass=set:cwmp,enterprise:3561,dslforum.org', *lines]
        for name, value in options.items():
            text.append('dhcp-option=tag:cwmp,%s,%s' % (name, ':'.join('%02x' % byte for byte in value)))
        path = self.folder / 'dnsmasq.conf'
        path.write_text('\n'.join(text) + '\n')
        plain = [option for option in PLAIN if not option.startswith('--conf-file')]
        self.process = self.start('dnsmasq', *plain, '--conf-file=%s' % path, namespace=self.server,
                                  ready='sockets bound exclusively|DHCP, IP range')

    def client(self, *vector):
        """Starts a DHCP client on the device, where the scripts are installed."""
        upper = self.run_folder / '.overlay'
        upper.mkdir(exist_ok=True)
        return self.start('unshare', '--mount', '--propagation', 'private', 'sh', '-c', OVERLAY, 'sh', upper,
                          self.installed, *vector, namespace=self.device)

    def udhcpc(self):
        """As its manual says: in the foreground, with our script, which goes on with Debian's."""
        process = self.client('udhcpc', '-f', '-i', 'eth0', '-V', 'dslforum.org', '-O', '43', '-O', '125',
                              '-s', SCRIPTS + '/udhcpc')
        process.wait_for('lease of .* obtained')
        return process

    def dhclient(self, family):
        """With our lines in dhclient.conf and our hook among Debian's."""
        hooks = self.installed / 'etc/dhcp/dhclient-exit-hooks.d'
        hooks.mkdir(parents=True, exist_ok=True)
        (hooks / 'espalier').unlink(missing_ok=True)
        (hooks / 'espalier').symlink_to(SCRIPTS + '/dhclient-exit-hook')
        with open('/etc/dhcp/dhclient.conf', encoding='utf-8') as own:
            snippet = (self.installed / SCRIPTS[1:] / 'dhclient.conf').read_text()
            (self.installed / 'etc/dhcp/dhclient.conf').write_text(own.read() + snippet)
        # The script of Debian waits for no address that is still being checked for duplicates.
        wait_until(lambda: not self.device.ip('-6', 'address', 'show', 'dev', 'eth0', 'tentative'), 'the local address')
        self.number += 1
        files = [self.folder / ('dhclient%d.%s' % (self.number, kind)) for kind in ('leases', 'pid')]
        process = self.client('dhclient', '-d', '-%d' % family, '-lf', files[0], '-pf', files[1],
                              '-e', 'ESPALIER_DIR=%s' % self.run_folder, 'eth0')
        process.wait_for('ound to')
        return process

    def lease(self, family):
        """Where the agent sees a lease."""
        return self.run_folder / 'dhcp' / ('eth0.dhcp%d' % family)


@pytest.fixture(scope='session')
def installed(tmp_path_factory):
    """The folder of a "make install"."""
    folder = tmp_path_factory.mktemp('installed')
    # make finds the variables of the make that runs the tests in $MAKEFLAGS: nothing is compiled again.
    done = subprocess.run(['make', '-C', ROOT, 'BUILD=%s' % os.environ.get('ESPALIER_BUILD', 'build'),
                           'DESTDIR=%s' % folder, 'install'], check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def dhcp(start, run_folder, tmp_path, installed, netns):
    """The two namespaces; skipped where no file system can be overlaid."""
    made = Dhcp(start, run_folder, tmp_path, installed, netns)
    probe = made.client('true')
    if probe.wait() != 0:
        pytest.skip('no overlay can be mounted: %s' % probe.stderr.strip())
    return made
