# SPDX-License-Identifier: GPL-2.0-or-later
# espalier-nat on a home router: a client behind it, a server in front, and real flows between them.
import json
import pathlib
import subprocess
import sys

import pytest

from process import TIMEOUT, wait_until
from topology import DEVICE, SERVER, topology  # noqa: F401

NAT = 'Device.NAT.'
MAPPING = NAT + 'PortMapping.'
OUTSIDE, CLIENT = '198.51.100.2', DEVICE
FLOWS = pathlib.Path(__file__).with_name('flows.py')


class Router:
    """The router of a topology with one NAT, its tree and its kernel."""

    def __init__(self, topology, start, run, path):  # noqa: F811
        self.net, self.begin, self.run, self.path = topology(1), start, run, path
        self.nat, self.client, self.server = self.net.nats[0], self.net.device, self.net.server
        self.namespace = self.nat.namespace
        self.collector = self.monitor = None

    def start(self, *wrapper):
        self.start_collector()
        return self.start_monitor(*wrapper)

    def start_collector(self):
        self.collector = self.begin('espalier-netlink', '-c', self.path, ready=r'interfaces in',
                                    namespace=self.namespace)

    def start_monitor(self, *wrapper, ready='started in'):
        self.monitor = self.begin(*wrapper, *([self.program] if wrapper else ['espalier-nat']), '-vv', '-c', self.path,
                                  ready=ready, namespace=self.namespace)
        return self

    def tree(self, *paths):
        return json.loads(self.run('shmdump', '-j', *paths, status=None).stdout or '{}')

    def value(self, path):
        return self.tree(path).get(path)

    def wait(self, path, wanted):
        wait_until(lambda: self.value(path) == wanted, '%s to be %r' % (path, wanted))

    def interface(self, name):
        """The row of an interface, by its name."""
        for path, value in self.tree('Device.IP.Interface.*.Name').items():
            if value == name:
                return path[:-len('.Name')]
        raise AssertionError('no row for %s' % name)

    def add(self, status=0, **values):
        """Adds a mapping, sets its values, returns its path with the final dot."""
        printed = self.run('espalier-request', 'add', MAPPING, status=0).stdout.split()
        path = printed[-1]
        self.set(path, status, **values)
        return path

    def set(self, row, status=0, **values):
        return self.run('espalier-request', 'set', *['%s%s=%s' % (row, name, value) for name, value in values.items()],
                        status=status)

    def map(self, protocol='TCP', **values):
        """An enabled mapping for all interfaces to the client."""
        return self.add(**dict({'Enable': 1, 'AllInterfaces': 1, 'Protocol': protocol, 'InternalClient': CLIENT},
                               **values))

    def delete(self, row, status=0):
        return self.run('espalier-request', 'delete', row, status=status)

    def serve(self, namespace, protocol, *ports):
        process = self.begin(sys.executable, FLOWS, 'serve', protocol, *ports, namespace=namespace)
        process.wait_for('ready', stream='stdout')
        return process

    def ask(self, protocol, port, source=SERVER, host=OUTSIDE, namespace=None):
        """(port, sender) as seen by who answers, or None."""
        done = subprocess.run((namespace or self.server).command(sys.executable, FLOWS, 'ask', protocol, host, port,
                                                                 source), check=True, capture_output=True, text=True,
                              timeout=TIMEOUT)
        if not done.stdout.strip():
            return None
        port, sender = done.stdout.split()
        return int(port), sender

    def nft(self, *arguments):
        return self.nat.command('nft', *arguments)

    def ours(self):
        """The rules of our table as nft(8) prints them, by the number of their mapping."""
        listed = json.loads(self.nft('-j', 'list', 'ruleset'))['nftables']
        found = {}
        for item in listed:
            rule = item.get('rule', {})
            if (rule.get('family'), rule.get('table')) == ('ip', 'espalier'):
                found.setdefault(int(rule['comment'].rpartition('.')[2]), []).append(rule['expr'])
        return found

    def tables(self):
        return self.nft('list', 'tables').splitlines()


@pytest.fixture
def router(topology, start, run, build, configuration):  # noqa: F811
    made = Router(topology, start, run, configuration())
    made.program = build / 'espalier-nat'
    return made
