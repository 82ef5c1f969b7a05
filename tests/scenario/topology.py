# SPDX-License-Identifier: GPL-2.0-or-later
# A device behind one or two NATs, in network namespaces: device - home router - (carrier NAT) - server side.
import os
import subprocess

import pytest

from conftest import netns, namespaces  # noqa: F401
from process import TIMEOUT, wait_until

LAN, DEVICE, ROUTER = '10.77.0.0/24', '10.77.0.2', '10.77.0.1'
SERVER, SERVER_2 = '198.51.100.1', '198.51.100.3'  # the ACS and the STUN server; its second address
STUN_PORT = 3478
MASQUERADE = '''table ip nat {
    chain postrouting { type nat hook postrouting priority srcnat; oifname "%s" masquerade; }
}
'''


class Nat:
    """A router that translates what leaves by its interface `wan`."""

    def __init__(self, namespace, address, upstream):
        self.namespace, self.address, self.upstream = namespace, address, upstream
        self.command('sysctl', '-qw', 'net.ipv4.ip_forward=1')
        self.load()

    def command(self, *arguments, text=None):
        done = subprocess.run(self.namespace.command(*arguments), check=False, capture_output=True, text=True,
                              input=text, timeout=TIMEOUT)
        assert done.returncode == 0, '%s: %s' % (' '.join(map(str, arguments)), done.stderr)
        return done.stdout

    def load(self):
        self.command('nft', '-f', '-', text='flush ruleset\n' + MASQUERADE % 'wan')

    def flush(self):
        """Forgets all bindings."""
        self.command('conntrack', '-F')

    def timeout(self, seconds):
        """How long a UDP binding without traffic lives."""
        for name in ('nf_conntrack_udp_timeout', 'nf_conntrack_udp_timeout_stream'):
            self.command('sysctl', '-qw', 'net.netfilter.%s=%d' % (name, seconds))

    def move_ports(self, low, high):
        """New bindings get ports of this range, as after a restart that forgot which were used."""
        self.command('nft', '-f', '-', text='''flush ruleset
table ip nat {
    chain postrouting { type nat hook postrouting priority srcnat;
        oifname "wan" ip protocol udp masquerade to :%d-%d
        oifname "wan" masquerade; }
}
''' % (low, high))

    def reboot(self, while_down=lambda: None):
        """Rules and bindings are gone, both links go down and up again."""
        for link in ('lan', 'wan'):
            self.namespace.ip('link', 'set', link, 'down')
        self.command('nft', 'flush', 'ruleset')
        while_down()
        for link in ('lan', 'wan'):
            self.namespace.ip('link', 'set', link, 'up')
        self.namespace.ip('route', 'replace', 'default', 'via', self.upstream)
        self.load()
        self.flush()


class Behind:
    """A device behind NATs, with `start` and `net`, the `agent` there and its monitor `nat`."""

    def start_nat(self):
        self.nat = self.start('espalier-nat', '-vv', '-c', self.agent.path, ready='started in',
                              namespace=self.net.device)

    def value(self, path):
        return self.agent.tree(path).get(path)


class Topology:
    """device, nats (the home router first) and server: NetworkNamespaces, and Nats."""

    def __init__(self, make, count, outside):
        self.device, self.server = make(), make()
        server = outside + '.1'
        self.nats = []
        inner, inner_address, inner_link = self.device, DEVICE if count else outside + '.2', 'wan'
        for number in range(count):
            last = number == count - 1
            router = make()
            lan = '10.%d.0.1' % (77 + number)
            self.cable(inner, inner_link, inner_address, router, 'lan', lan)
            inner.ip('route', 'replace', 'default', 'via', lan)
            inner_address = outside + '.2' if last else '10.%d.0.2' % (78 + number)
            self.nats.append((router, inner_address, server if last else '10.%d.0.1' % (78 + number)))
            inner, inner_link = router, 'wan'
        self.cable(inner, 'wan', inner_address, self.server, 'lan', server)
        inner.ip('route', 'replace', 'default', 'via', server)
        self.server.ip('address', 'add', outside + '.3/24', 'dev', 'lan')
        self.nats = [Nat(*router) for router in self.nats]

    @staticmethod
    def cable(a, a_link, a_address, b, b_link, b_address):
        """One Ethernet cable between two namespaces."""
        a.ip('link', 'add', a_link, 'type', 'veth', 'peer', 'name', b_link, 'netns', b.name)
        for side, link, address in ((a, a_link, a_address), (b, b_link, b_address)):
            side.ip('address', 'add', address + '/24', 'dev', link)
            side.ip('link', 'set', link, 'up')


@pytest.fixture
def topology(netns):  # noqa: F811
    """topology(1) or topology(2) builds the namespaces with so many NATs; topology(0) with none.

    outside: the server side's network, the first three numbers of its address.
    """
    for program in ('nft', 'conntrack'):
        if not any(os.access(os.path.join(folder, program), os.X_OK)
                   for folder in os.environ.get('PATH', '').split(':') + ['/usr/sbin']):
            pytest.skip('%s is not installed' % program)

    def build(count=1, outside=SERVER.rpartition('.')[0]):
        return Topology(netns, count, outside)
    return build


@pytest.fixture
def start_stun(start, tmp_path):
    """start_stun(namespace, *options, addresses=(...)) starts coturn as a STUN server and returns its Process."""
    def begin(namespace, *options, addresses=(SERVER, SERVER_2), port=STUN_PORT):
        log = tmp_path / 'turn.log'
        log.unlink(missing_ok=True)
        vector = ['turnserver', '-n', '--no-cli', '--no-tls', '--no-dtls', '--stun-only', '-p', port,
                  '--alt-listening-port=%d' % (port + 1), '--log-file', log, '--simple-log', '--new-log-timestamp',
                  '--pidfile', tmp_path / 'turn.pid', '--userdb', tmp_path / 'turn.db', *options]
        for address in addresses:
            vector += ['-L', address]
        process = start(*vector, namespace=namespace)
        wait_until(lambda: ':%d' % port in sockets(namespace), 'the STUN server')
        return process
    return begin


def sockets(namespace):
    """The UDP sockets of a namespace, as ss(8) lists them."""
    return subprocess.run(namespace.command('ss', '-Huln'), check=True, capture_output=True, text=True,
                          timeout=TIMEOUT).stdout
