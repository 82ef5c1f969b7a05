# SPDX-License-Identifier: GPL-2.0-or-later
# espalier-netlink in a network namespace, its tree as a dictionary, and the kernel's own view to compare with.
import json
import re

from process import wait_until

LAYERS = ('Device.Ethernet.Interface.', 'Device.Ethernet.Link.', 'Device.IP.Interface.')
INTERFACE, LINK, IP = LAYERS
STARTED = r'\d+ interfaces in '
LOST = 'notifications were lost'


class Collector:
    """A running espalier-netlink."""

    def __init__(self, start, run, namespace, path, **options):
        self.begin, self.run, self.namespace, self.path, self.options = start, run, namespace, path, options
        self.process = None
        self.restart()

    def restart(self):
        self.process = self.begin('espalier-netlink', '-v', '-c', self.path, ready=STARTED, namespace=self.namespace,
                                  **self.options)

    def tree(self, *paths):
        """Full parameter path -> typed value."""
        return json.loads(self.run('shmdump', '-j', *paths, status=None, **self.options).stdout or '{}')

    def rows(self, table, tree=None):
        """Name -> the path of its row in a table, with its final dot."""
        found = {}
        for path, value in (self.tree() if tree is None else tree).items():
            match = re.fullmatch(re.escape(table) + r'(\d+)\.Name', path)
            if match:
                found[value] = path[:-len('Name')]
        return found

    def value(self, table, name, parameter):
        """A parameter of the row with this Name, None when there is none."""
        tree = self.tree()
        row = self.rows(table, tree).get(name)
        return None if row is None else tree.get(row + parameter)

    def wait_value(self, table, name, parameter, wanted):
        wait_until(lambda: self.value(table, name, parameter) == wanted,
                   '%s of %s in %s to be %r' % (parameter, name, table, wanted))

    def addresses(self, name, family=4):
        """Address -> the path of its row, of one interface."""
        tree = self.tree()
        row = self.rows(IP, tree).get(name, 'none')
        return {value: path[:-len('IPAddress')] for path, value in tree.items()
                if path.startswith('%sIPv%dAddress.' % (row, family)) and path.endswith('.IPAddress')}

    def set(self, *assignments, status=0):
        return self.run('espalier-request', 'set', *assignments, status=status, **self.options)


def kernel_links(namespace):
    return {link['ifname']: link for link in json.loads(namespace.ip('-j', '-d', '-s', 'link'))}


def kernel_addresses(namespace):
    """Interface -> {address: prefix length}"""
    return {link['ifname']: {a['local']: a['prefixlen'] for a in link['addr_info'] if 'local' in a}
            for link in json.loads(namespace.ip('-j', 'addr')) if link}


def check_stack(tree):
    """InterfaceStack says what all LowerLayers say, counts are right, and every reference leads to a row."""
    wanted = set()
    for path, value in tree.items():
        match = re.fullmatch(r'(Device\.(?:Ethernet\.(?:Interface|Link)|IP\.Interface)\.\d+)\.LowerLayers', path)
        if match:
            wanted |= {(match.group(1), lower) for lower in value.split(',') if lower}
    got = {}
    for path, value in tree.items():
        match = re.fullmatch(r'Device\.InterfaceStack\.(\d+)\.(HigherLayer|LowerLayer)', path)
        if match:
            got.setdefault(match.group(1), {})[match.group(2)] = value
    assert {(row['HigherLayer'], row['LowerLayer']) for row in got.values()} == wanted
    for number, row in got.items():
        for side in ('Higher', 'Lower'):
            assert tree['Device.InterfaceStack.%s.%sAlias' % (number, side)] == tree[row[side + 'Layer'] + '.Alias']
    assert tree['Device.InterfaceStackNumberOfEntries'] == len(got)
    for table, count in ((INTERFACE, 'Device.Ethernet.InterfaceNumberOfEntries'),
                         (LINK, 'Device.Ethernet.LinkNumberOfEntries'), (IP, 'Device.IP.InterfaceNumberOfEntries')):
        rows = [path for path in tree if re.fullmatch(re.escape(table) + r'\d+\.Name', path)]
        assert tree[count] == len(rows), count
    for path, value in tree.items():
        match = re.fullmatch(r'(Device\.IP\.Interface\.\d+\.)(IPv[46]Address)NumberOfEntries', path)
        if match:
            rows = {p.split('.')[5] for p in tree if p.startswith(match.group(1) + match.group(2) + '.')}
            assert value == len(rows), path
