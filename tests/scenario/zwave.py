# SPDX-License-Identifier: GPL-2.0-or-later
# espalier-zwave as a scenario test sees it: its tree, its rows by node id, and settings from a shell.
import json
import os
import re

import pytest

from process import wait_until

ROOT = 'Device.X_ESPALIER_ZWave.'
INTERFACE = ROOT + 'Interface.1.'
UNKNOWN_TIME = '0001-01-01T00:00:00Z'


# Kilobytes that a hostile document may cost. AddressSanitizer keeps freed memory for a while.
GROWTH = (256 if '-fsanitize' in os.environ.get('ESPALIER_CC', '') else 64) * 1024


class Zwave:
    """A running espalier-zwave."""

    def __init__(self, start, run, path):
        self.begin, self.run, self.path = start, run, path
        self.process = None

    def start(self):
        self.process = self.begin('espalier-zwave', '-vv', '-c', self.path, ready=r'started: ')
        return self

    def peak(self):
        """Kilobytes of memory at most so far."""
        with open('/proc/%d/status' % self.process.pid) as status:
            return int(re.search(r'VmHWM:\s+(\d+)', status.read())[1])

    def tree(self, *paths):
        """Full parameter path -> typed value."""
        return json.loads(self.run('shmdump', '-j', *paths, status=None).stdout or '{}')

    def interface(self):
        """Parameter of the interface, or Object.Parameter below it -> value; without nodes."""
        return {path[len(INTERFACE):]: value for path, value in self.tree(INTERFACE).items()
                if path.startswith(INTERFACE) and '.Node.' not in path}

    def wait_up(self):
        wait_until(lambda: self.tree().get(INTERFACE + 'Status') == 'Up', 'Status Up:\n' + self.process.stderr[-2000:])
        return self

    def wait_status(self, status):
        wait_until(lambda: self.tree().get(INTERFACE + 'Status') == status, 'Status %s' % status)

    def nodes(self, tree=None):
        """Node id -> {parameter below its row: value}, with '' the row's path."""
        found, ids = {}, {}
        tree = self.tree() if tree is None else tree
        for path, value in tree.items():
            match = re.match(re.escape(INTERFACE) + r'Node\.(\d+)\.(.*)$', path)
            if match:
                row = found.setdefault(match[1], {'': '%sNode.%s.' % (INTERFACE, match[1])})
                row[match[2]] = value
                if match[2] == 'NodeID':
                    ids[value] = row
        return ids

    def node(self, number):
        return self.nodes()[number]

    def value_row(self, number, prop, tree=None):
        """The path of the row of a node's value, by its Property."""
        node = self.nodes(tree).get(number, {})
        return next((node[''] + name[:-len('Property')] for name, value in node.items()
                     if re.fullmatch(r'Value\.\d+\.Property', name) and value == prop), None)

    def value(self, number, prop):
        tree = self.tree()
        row = number in self.nodes(tree) and self.value_row(number, prop, tree)
        return tree.get(row + 'Value') if row else None

    def wait_value(self, number, prop, wanted):
        wait_until(lambda: self.value(number, prop) == wanted, '%s of node %d to be %r' % (prop, number, wanted))

    def wait_node(self, number, parameter, wanted):
        wait_until(lambda: self.nodes().get(number, {}).get(parameter) == wanted,
                   '%s of node %d to be %r' % (parameter, number, wanted))

    def set(self, values, status=0):
        return self.run('espalier-request', 'set', *['%s=%s' % item for item in values.items()], status=status)


def rows(node, table):
    """The rows of a table below a node, as {column: value}, by instance number."""
    found = {}
    for name, value in node.items():
        match = re.fullmatch(re.escape(table) + r'\.(\d+)\.(\w+)', name)
        if match:
            found.setdefault(int(match[1]), {})[match[2]] = value
    return found


@pytest.fixture
def make_zwave(start, run, configuration):
    """make_zwave('luup', url) starts espalier-zwave on that source."""
    def make(source, url, **keys):
        return Zwave(start, run, configuration(zwave=dict({'source': source, 'url': url}, **keys))).start()
    return make
