# SPDX-License-Identifier: GPL-2.0-or-later
# A device, a router that translates its addresses, and the server's side: network namespaces joined by cables.
import os
import subprocess

from programs import Failed

DEVICE, ROUTER, OUTSIDE, SERVER = '10.77.0.2', '10.77.0.1', '198.51.100.2', '198.51.100.1'
RULES = '''table ip nat {
    chain prerouting { type nat hook prerouting priority dstnat;
%s    }
    chain postrouting { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
}
'''
FORWARD = '        iifname "wan" tcp dport %d dnat to %s:%d;\n'


def call(*vector, text=None):
    done = subprocess.run([str(word) for word in vector], check=False, capture_output=True, text=True, input=text,
                          timeout=30)
    if done.returncode != 0:
        raise Failed('%s: %s' % (' '.join(vector[:4]), done.stderr.strip()))


class Nat:
    """The namespaces. To be used with "with"."""

    def __init__(self):
        if os.geteuid() != 0:
            raise Failed('network namespaces need root')
        self.names = {side: 'espalier-bench-%d-%s' % (os.getpid(), side) for side in ('device', 'router', 'server')}
        self.made = []

    def __enter__(self):
        for name in self.names.values():
            call('ip', 'netns', 'add', name)
            self.made.append(name)
            self.ip(name, 'link', 'set', 'lo', 'up')
        device, router, server = self.names.values()
        self.cable(device, 'wan', DEVICE, router, 'lan', ROUTER)
        self.cable(router, 'wan', OUTSIDE, server, 'lan', SERVER)
        self.ip(device, 'route', 'add', 'default', 'via', ROUTER)
        call(*self.inside('router'), 'sysctl', '-qw', 'net.ipv4.ip_forward=1')
        self.forward({})
        return self

    def __exit__(self, *_):
        for name in self.made:
            subprocess.run(['ip', 'netns', 'delete', name], check=False, timeout=30)

    @staticmethod
    def ip(name, *arguments):
        call('ip', '-netns', name, *arguments)

    def cable(self, a, a_link, a_address, b, b_link, b_address):
        self.ip(a, 'link', 'add', a_link, 'type', 'veth', 'peer', 'name', b_link, 'netns', b)
        for name, link, address in ((a, a_link, a_address), (b, b_link, b_address)):
            self.ip(name, 'address', 'add', address + '/24', 'dev', link)
            self.ip(name, 'link', 'set', link, 'up')

    def inside(self, side):
        """The words before a command that is to run on that side."""
        return ['ip', 'netns', 'exec', self.names[side]]

    def forward(self, ports):
        """The router forwards TCP ports to the device: {its port: the device's}."""
        rules = ''.join(FORWARD % (port, DEVICE, inner) for port, inner in ports.items())
        call(*self.inside('router'), 'nft', '-f', '-', text='flush ruleset\n' + RULES % rules)

    def route(self):
        """The server's side knows the way to the device's own address, which is then not translated."""
        self.ip(self.names['server'], 'route', 'replace', '10.77.0.0/24', 'via', OUTSIDE)
        call(*self.inside('router'), 'nft', 'flush', 'ruleset')
