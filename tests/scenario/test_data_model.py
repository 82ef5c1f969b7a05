# SPDX-License-Identifier: GPL-2.0-or-later
# The whole tree of the agent and the collector of interfaces: what has to be there, and that counts and references are
# true.
import collections
import re
import xml.etree.ElementTree as ElementTree

import pytest

from acs import start_acs  # noqa: F401
from agent import make_agent, pair  # noqa: F401
from collector import STARTED
from process import wait_until

MODEL = 'tr-181-2-17-0-cwmp-full.xml'
PROFILES = ('Baseline:4', 'EthernetInterface:1', 'EthernetLink:1')
# The kernel counts none of these for an interface (docs/netlink.md).
NOT_COUNTED = re.compile(r'.*\.Stats\.((Uni|Broad)castPackets|MulticastPacketsSent|UnknownProto).*')
REFERENCE = re.compile(r'Device\.(?:[A-Za-z0-9_]+\.)*[A-Za-z0-9_]+')


@pytest.fixture
def whole(pair, start, configuration):
    """The values of the whole tree, as the ACS reads them."""
    start('espalier-netlink', '-c', configuration(), ready=STARTED)
    acs, agent = pair()
    wait_until(lambda: 'Device.Ethernet.InterfaceNumberOfEntries' in agent.tree(), 'the interfaces')
    return acs.get('')


def required(profile):
    """Yields (object, parameter) of a profile and of those that it extends."""
    for part in profile.findall('object'):
        for parameter in part.findall('parameter'):
            yield part.get('ref'), parameter.get('ref')


@pytest.mark.parametrize('name', PROFILES)
def test_R120_profile(shared, whole, name):
    profiles = {p.get('name'): p for p in ElementTree.parse(shared / 'spec/models' / MODEL).getroot().iter('profile')}
    shown = {re.sub(r'\.\d+(?=\.)', '.{i}', path) for path in whole}
    wanted = list(required(profiles[name]))
    assert wanted
    missing = [table + parameter for table, parameter in wanted if table + parameter not in shown]
    assert not [path for path in missing if not NOT_COUNTED.fullmatch(path)]


def test_R121_counts_are_those_of_the_tables(whole):
    rows = collections.defaultdict(set)
    for path in whole:
        parts = path.split('.')
        for index, part in enumerate(parts[:-1]):
            if part.isdigit():
                rows['.'.join(parts[:index])].add(part)
    counts = {path[:-len('NumberOfEntries')]: int(value) for path, value in whole.items()
              if path.endswith('NumberOfEntries')}
    assert len(counts) > 5
    wrong = {table: (count, len(rows[table])) for table, count in counts.items() if count != len(rows[table])}
    assert not wrong


def test_R121_references_lead_somewhere(whole):
    objects = {path[:dot.start()] for path in whole for dot in re.finditer(r'\.', path)}
    references = {(path, target) for path, value in whole.items()
                  if path.endswith(('LowerLayers', 'HigherLayer', 'LowerLayer', 'Reference')) and value
                  for target in value.split(',')}
    assert references
    assert all(REFERENCE.fullmatch(target) for _, target in references)
    assert not {(path, target) for path, target in references if target not in objects}


def test_R121_stack_mirrors_lower_layers(whole):
    layers = {(path[:-len('.LowerLayers')], target) for path, value in whole.items() if path.endswith('.LowerLayers')
              for target in value.split(',') if target}
    rows = collections.defaultdict(dict)
    for path, value in whole.items():
        found = re.fullmatch(r'Device\.InterfaceStack\.(\d+)\.(HigherLayer|LowerLayer)', path)
        if found:
            rows[found[1]][found[2]] = value
    assert {(row['HigherLayer'], row['LowerLayer']) for row in rows.values()} == layers
