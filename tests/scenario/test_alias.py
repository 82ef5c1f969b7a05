# SPDX-License-Identifier: GPL-2.0-or-later
# Rows by alias, at owners that know of none and at those that have their own (R-49 to R-51: T097, T098), and unique
# keys.
import subprocess
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CREDENTIALS, KEY, SERVER, make_agent, pair, publish  # noqa: F401
from process import wait_until
from test_tables import ROW, added

ROUTER = 'Device.Routing.Router.'
COUNT = 'Device.Routing.RouterNumberOfEntries'
MODE = SERVER + 'InstanceMode'
AUTO = SERVER + 'AutoCreateInstances'
VENDOR = 'Device.X_ESPALIER_List.Entry.'
LINES = (ROUTER + '{i}. object,rw', ROUTER + '{i}.Enable boolean,rw',
         ROUTER + '{i}.IPv4Forwarding.{i}. object,rw', ROUTER + '{i}.IPv4Forwarding.{i}.Enable boolean,rw',
         ROUTER + '{i}.IPv4Forwarding.{i}.DestIPAddress string(15),rw',
         ROUTER + '{i}.IPv4Forwarding.{i}.DestSubnetMask string(15),rw',
         ROUTER + '{i}.IPv4Forwarding.{i}.ForwardingPolicy int[-1:],rw',
         ROUTER + '{i}.IPv4Forwarding.{i}.GatewayIPAddress string(15),rw',
         ROUTER + '{i}.IPv4Forwarding.{i}.Interface string(256),rw',
         ROUTER + '{i}.IPv4Forwarding.{i}.ForwardingMetric int[-1:],rw',
         COUNT + ' unsignedInt 0')
VENDOR_LINES = (VENDOR + '{i}. object,rw', VENDOR + '{i}.Alias string(64),rw,key', VENDOR + '{i}.Name string(16),rw,key',
                VENDOR + '{i}.Text string(16),rw', 'Device.X_ESPALIER_List.EntryNumberOfEntries unsignedInt 0')


@pytest.fixture
def routers(pair, publish):
    """An ACS, an agent, and the owner of tables whose rows have an Alias in the model but not at the owner."""
    publisher = publish('vendor', *LINES)
    acs, agent = pair()
    wait_until(lambda: COUNT in agent.tree('Device.'), 'the vendor segment')
    return acs, agent, publisher


def good(results):
    """The results of calls that all must be good."""
    assert all(result.good for result in results), results
    return results


def test_T097_alias_of_rows_whose_owner_has_none(routers):
    acs, agent, _ = routers
    acs.send('parameter-key', 'key 97')
    results = good(acs.call(('add', ROUTER + '[first].'), ('get', ROUTER), ('add', ROUTER), ('get', ROUTER, KEY, COUNT),
                            ('names', ROUTER + '1.', '1')))
    assert added(results[0]) == 1
    assert results[1].values == {ROUTER + '1.Alias': 'first', ROUTER + '1.Enable': '0'}
    assert results[3].values == {
        ROUTER + '1.Alias': 'first', ROUTER + '1.Enable': '0', ROUTER + '2.Alias': 'cpe-2', ROUTER + '2.Enable': '0',
        KEY: 'key 97', COUNT: '2'}
    assert ROUTER + '1.Alias writable' in results[4].lines


def test_T097_usual_alias_that_another_row_has(routers):
    """A row gets none that the ACS has given to another one before: as a restored backup may."""
    acs, agent, _ = routers
    good(acs.call(('add', ROUTER), ('set', ROUTER + '1.Alias=cpe-2'), ('add', ROUTER),
                  ('add', ROW), ('set', ROW + '1.Alias=cpe-2'), ('add', ROW)))
    assert set(agent.tree(ROUTER + '*.Alias').values()) == {'cpe-2', 'cpe-2-2'}
    assert set(agent.tree(ROW + '*.Alias').values()) == {'cpe-2', 'cpe-2-2'}


def test_T097_forms_of_paths(routers):
    """The part that was given stays as it was, the rest follows InstanceMode."""
    acs, agent, _ = routers
    route = '.IPv4Forwarding.'
    good(acs.call(('add', ROUTER + '[first].'), ('add', ROUTER + '[first]' + route), ('add', ROUTER),
                  ('set', ROUTER + '[first]%s1.Alias=way' % route)))
    by_number, by_alias, mixed, star, names, full = good(acs.call(
        ('get', ROUTER + '1.'), ('get', ROUTER + '[first].'), ('get', ROUTER + '1%s[way].' % route),
        ('get', ROUTER + '*%s*.Enable' % route), ('names', ROUTER + '[first]' + route, '1'),
        ('get', ROUTER + '[first]%s[way].Enable' % route)))
    rest = {'Alias', 'Enable', 'DestIPAddress', 'DestSubnetMask', 'ForwardingPolicy', 'GatewayIPAddress', 'Interface',
            'ForwardingMetric'}
    assert set(by_number.values) == {ROUTER + '1.Alias', ROUTER + '1.Enable'} | {ROUTER + '1%s1.' % route + name for name in rest}
    assert set(by_alias.values) == {path.replace(ROUTER + '1.', ROUTER + '[first].') for path in by_number.values}
    assert set(mixed.values) == {ROUTER + '1%s[way].' % route + name for name in rest}
    assert set(star.values) == {ROUTER + '1%s1.Enable' % route}
    assert [line for line in names.lines if ROUTER in line] == [ROUTER + '[first]%s1. writable' % route]
    assert set(full.values) == {ROUTER + '[first]%s[way].Enable' % route}
    acs.set({MODE: 'InstanceAlias'})
    by_number, by_alias, whole, star, attributes, names = good(acs.call(
        ('get', ROUTER + '1.'), ('get', ROUTER + '[first].'), ('get', ROUTER),
        ('get', ROUTER + '*%s*.Enable' % route), ('attributes', ROUTER + '1.'), ('names', ROUTER, '1')))
    assert set(by_number.values) == {ROUTER + '1.Alias', ROUTER + '1.Enable'} | {ROUTER + '1%s[way].' % route + name for name in rest}
    assert set(by_alias.values) == {path.replace(ROUTER + '1.', ROUTER + '[first].') for path in by_number.values}
    assert set(whole.values) == set(by_alias.values) | {ROUTER + '[cpe-2].Alias', ROUTER + '[cpe-2].Enable'}
    assert set(star.values) == {ROUTER + '[first]%s[way].Enable' % route}
    assert any(ROUTER + '1%s[way].Enable' % route in line for line in attributes.lines)
    assert [line for line in names.lines if ROUTER in line] == [ROUTER + '[first]. writable', ROUTER + '[cpe-2]. writable']
    acs.set({MODE: 'InstanceNumber'})
    assert set(acs.get(ROUTER + '1.IPv4Forwarding.')) == {ROUTER + '1%s1.' % route + name for name in rest}


def test_T097_star_before_an_alias(routers):
    """An alias is that of another row in each of the instances."""
    acs, agent, _ = routers
    table = ROUTER + '*.IPv4Forwarding.'
    good(acs.call(('add', ROUTER), ('add', ROUTER), ('add', ROUTER), ('add', ROUTER + '1.IPv4Forwarding.[a].'),
                  ('add', ROUTER + '2.IPv4Forwarding.[b].'), ('add', ROUTER + '2.IPv4Forwarding.[a].')))
    found, none, bad = acs.call(('get', table + '[a].Alias'), ('get', table + '[c].Alias'), ('get', table + '[a].Nope'))
    assert found.values == {ROUTER + '1.IPv4Forwarding.[a].Alias': 'a', ROUTER + '2.IPv4Forwarding.[a].Alias': 'a'}
    assert none.good and none.values == {} and bad.fault == 9005


def test_T097_notification_follows_the_mode(routers, tmp_path):
    acs, agent, _ = routers
    good(acs.call(('add', ROUTER + '[first].'), ('set', MODE + '=InstanceAlias'),
                  ('set-attributes', ROUTER + '[first].Enable', '2')))
    before = len(acs.informs())
    agent.set_paths({ROUTER + '1.Enable': '1'})
    assert acs.wait_inform('4 VALUE CHANGE', before).parameters[ROUTER + '[first].Enable'] == '1'


@pytest.mark.parametrize('path', [
    ROUTER + '[nope].Enable', ROUTER + '[first].Nope', ROUTER + '[first]', ROUTER + '[first', ROUTER + '[].Enable',
    'Device.[first].Enable', '[first].', ROUTER + '[first].[first].Enable', ROUTER + '1.[first].',
    ROUTER + '[' + 'x' * 200 + '].', ROUTER + 'first.', 'Device.Routing.[first].'], ids=range(12))
def test_T097_unknown_names(routers, path):
    acs, agent, _ = routers
    results = acs.call(('add', ROUTER + '[first].'), ('get', path), ('attributes', path), ('names', path, '0'),
                       ('set', path + '=1'), ('delete', path), ('set-attributes', path, '1'))
    assert [result.fault for result in results[1:]] == [9005, 9005, 9005, 9003, 9005, 9005]
    assert results[4].details == {path: 9005}


def test_T097_add_object_with_an_alias(routers, publish):
    acs, agent, _ = routers
    publish('plain', 'Device.X_ESPALIER_Plain.Entry.{i}. object,rw', 'Device.X_ESPALIER_Plain.Entry.{i}.Text string,rw',
            'Device.X_ESPALIER_Plain.EntryNumberOfEntries unsignedInt 0')
    wait_until(lambda: 'Device.X_ESPALIER_Plain.EntryNumberOfEntries' in agent.tree('Device.'), 'the table without aliases')
    names = ('[first].', '[1st].', '[].', '[%s].' % ('y' * 65), '[cpe-5].')
    results = acs.call(('add', ROUTER + '[first].'), *[('add', ROUTER + name) for name in names],
                       ('add', 'Device.X_ESPALIER_Plain.Entry.[a].'), ('get', ROUTER, COUNT, 'Device.X_ESPALIER_Plain.'))
    assert results[0].good and [result.fault for result in results[1:-1]] == [9003, 9003, 9005, 9003, 0, 9005]
    number = added(results[5])
    assert results[-1].values == {
        ROUTER + '1.Alias': 'first', ROUTER + '1.Enable': '0', ROUTER + '%d.Alias' % number: 'cpe-5',
        ROUTER + '%d.Enable' % number: '0', COUNT: '2', 'Device.X_ESPALIER_Plain.EntryNumberOfEntries': '0'}


@pytest.mark.parametrize('setting, fault', [(None, 9003), ('9003', 9003), ('9005', 9005), ('9007', 9007)])
def test_R51_alias_that_exists(pair, publish, setting, fault):
    """AddObject has the fault of [acs] existing_alias_fault, and nothing is added; a wrong alias keeps its own fault."""
    publish('vendor', *LINES)
    acs, agent = pair(**({'existing_alias_fault': setting} if setting else {}))
    wait_until(lambda: COUNT in agent.tree('Device.'), 'the vendor segment')
    results = acs.call(('add', ROUTER + '[first].'), ('add', ROUTER + '[first].'), ('add', ROUTER + '[1st].'), ('get', COUNT),
                       ('add', ROUTER), ('set', ROUTER + '[cpe-2].Alias=first'))
    assert [result.fault for result in results[:4]] == [0, fault, 9003, 0] and results[3].values == {COUNT: '1'}
    assert results[5].details == {ROUTER + '[cpe-2].Alias': 9007}, 'a set is not the setting\'s'


def test_T097_delete_object_by_alias(routers):
    acs, agent, _ = routers
    results = good(acs.call(('add', ROUTER + '[first].'), ('add', ROUTER + '[first].IPv4Forwarding.[way].'),
                            ('delete', ROUTER + '[first].IPv4Forwarding.[way].'), ('get', ROUTER),
                            ('delete', ROUTER + '[first].'), ('get', ROUTER, COUNT), ('add', ROUTER + '[first].')))
    assert set(results[3].values) == {ROUTER + '1.Alias', ROUTER + '1.Enable'}
    assert results[5].values == {COUNT: '0'} and added(results[6]) == 2


def test_R50_rows_of_the_agent_itself_have_an_alias(pair):
    """Where the model has one: the configuration file and the log files, which nobody adds; it is durable."""
    acs, agent = pair(sections={'transfer': {'log_file': '/var/log/a,/var/log/b'}})
    logs, configuration = 'Device.DeviceInfo.VendorLogFile.', 'Device.DeviceInfo.VendorConfigFile.'
    aliases, renamed, clash, found = acs.call(
        ('get', logs + '1.Alias', logs + '2.Alias', configuration + '1.Alias'), ('set', logs + '[cpe-2].Alias=second'),
        ('set', logs + '1.Alias=second'), ('get', logs + '[second].Name', configuration + '[cpe-1].Name'))
    assert aliases.values == {logs + '1.Alias': 'cpe-1', logs + '2.Alias': 'cpe-2', configuration + '1.Alias': 'cpe-1'}
    assert renamed.good and clash.details == {logs + '1.Alias': 9007}
    assert found.values[logs + '[second].Name'] == '/var/log/b'
    agent.restart()
    assert acs.get(logs + '2.Alias') == {logs + '2.Alias': 'second'}


def test_alias_is_durable(routers, start):
    """A kill of the agent, and an owner that is away for a while, take no alias away; a deleted row's does not come back."""
    acs, agent, publisher = routers
    good(acs.call(('add', ROUTER + '[first].'), ('add', ROUTER), ('set', ROUTER + '2.Alias=second')))
    agent.process.kill()
    agent.start()
    wait_until(lambda: agent.tree(ROUTER).get(ROUTER + '1.Alias') == 'first', 'the tree')
    assert acs.get(ROUTER + '[second].') == {ROUTER + '[second].Alias': 'second', ROUTER + '[second].Enable': '0'}
    publisher.kill()
    again = start('espalier-publish', '-a', '-n', 'vendor', stdin=subprocess.PIPE)
    again.write('\n'.join(LINES) + '\n%s2.Enable boolean,rw 1\n\n' % ROUTER)
    wait_until(lambda: agent.tree(ROUTER) == {ROUTER + '2.Enable': True, ROUTER + '2.Alias': 'second'}, 'the one row that is left')


def test_alias_by_a_local_program(routers):
    acs, agent, _ = routers
    acs.call(('add', ROUTER), ('add', ROUTER))
    agent.set_paths({ROUTER + '1.Alias': 'mine'})
    for text in ('mine', '', '9x', 'a]b'):
        agent.set_paths({ROUTER + '2.Alias': text}, status=1)
    agent.process.kill()
    agent.start()
    wait_until(lambda: agent.tree(ROUTER).get(ROUTER + '1.Alias') == 'mine', 'the alias')
    assert acs.get(ROUTER + '[mine].Enable') == {ROUTER + '[mine].Enable': '0'}


def test_R50_aliases_are_checked(routers):
    acs, agent, _ = routers
    results = acs.call(('add', ROUTER + '[a].'), ('add', ROUTER + '[b].'), ('set', ROUTER + '1.Alias=b'),
                       ('set', ROUTER + '1.Alias='), ('set', ROUTER + '1.Alias=1a'), ('set', ROUTER + '1.Alias=' + 'x' * 65),
                       ('set', ROUTER + '1.Alias=b', ROUTER + '2.Alias=a'), ('get', ROUTER + '*.Alias'))
    assert [result.details for result in results[2:6]] == [{ROUTER + '1.Alias': 9007}] * 4
    assert results[6].good and results[7].values == {ROUTER + '1.Alias': 'b', ROUTER + '2.Alias': 'a'}


def test_R50_owner_with_aliases_of_its_own(pair, publish):
    publish('vendor', *VENDOR_LINES)
    acs, agent = pair()
    wait_until(lambda: 'Device.X_ESPALIER_List.EntryNumberOfEntries' in agent.tree('Device.'), 'the segment')
    results = acs.call(('add', VENDOR + '[a].'), ('add', VENDOR), ('get', VENDOR + '*.Alias'),
                       ('set', VENDOR + '2.Alias=a'), ('set', VENDOR + '[a].Text=x', VENDOR + '[cpe-2].Text=y'),
                       ('get', VENDOR + '*.Text'))
    assert results[2].values == {VENDOR + '1.Alias': 'a', VENDOR + '2.Alias': 'cpe-2'}
    assert results[3].details == {VENDOR + '2.Alias': 9007}
    assert results[5].values == {VENDOR + '1.Text': 'x', VENDOR + '2.Text': 'y'}


def test_R121_unique_keys_of_a_vendor(pair, publish):
    publish('vendor', *VENDOR_LINES)
    acs, agent = pair()
    wait_until(lambda: 'Device.X_ESPALIER_List.EntryNumberOfEntries' in agent.tree('Device.'), 'the segment')
    results = acs.call(('add', VENDOR), ('add', VENDOR), ('set', VENDOR + '1.Name=one'), ('set', VENDOR + '2.Name=one'),
                       ('set', VENDOR + '2.Name=two', VENDOR + '2.Text=same'), ('set', VENDOR + '1.Text=same'),
                       ('set', VENDOR + '1.Name=x', VENDOR + '2.Name=x'),
                       ('set', VENDOR + '1.Name=two', VENDOR + '2.Name=one'), ('get', VENDOR + '*.Name'))
    assert (results[3].fault, results[3].details) == (9003, {VENDOR + '2.Name': 9007})
    assert results[4].good and results[5].good
    assert results[6].details == {VENDOR + '1.Name': 9007, VENDOR + '2.Name': 9007}
    assert results[7].good and results[8].values == {VENDOR + '1.Name': 'two', VENDOR + '2.Name': 'one'}


def test_R121_functional_keys_count_among_enabled_rows(routers):
    acs, agent, _ = routers
    table = ROUTER + '1.IPv4Forwarding.'
    key = [name + value for name, value in (('DestIPAddress', '=10.0.0.0'), ('DestSubnetMask', '=255.0.0.0'))]
    results = acs.call(
        ('add', ROUTER), ('add', table), ('add', table), ('set', *[table + '1.' + entry for entry in key], table + '1.Enable=1'),
        ('set', *[table + '2.' + entry for entry in key]), ('set', table + '2.Enable=1'),
        ('set', table + '2.Enable=1', table + '2.GatewayIPAddress=10.1.1.1'), ('set', table + '2.GatewayIPAddress='),
        ('set', table + '2.GatewayIPAddress=', table + '1.Enable=0'))
    assert [result.good for result in results] == [True] * 5 + [False, True, False, True]
    assert results[5].details == {table + '2.Enable': 9007} and results[7].details == {table + '2.GatewayIPAddress': 9007}


@pytest.mark.parametrize('back', [False, True])
def test_T076_values_that_depend_on_each_other(routers, back):
    """Two rows swap what only one of them may have: the order of the list has no meaning."""
    acs, agent, _ = routers
    table = ROUTER + '1.IPv4Forwarding.'

    def both(first, second):
        values = ['%s%d.DestIPAddress=10.0.0.%s' % (table, row, text) for row, text in ((1, first), (2, second))]
        return ('set',) + tuple(reversed(values) if back else values)
    good(acs.call(('add', ROUTER), ('add', table), ('add', table), both(1, 2), ('set', table + '1.Enable=1', table + '2.Enable=1')))
    swapped, values, bad = acs.call(both(2, 1), ('get', table + '*.DestIPAddress'), both(3, 3))
    assert swapped.good and values.values == {table + '1.DestIPAddress': '10.0.0.2', table + '2.DestIPAddress': '10.0.0.1'}
    assert bad.details == {table + '1.DestIPAddress': 9007, table + '2.DestIPAddress': 9007}


def test_R121_unique_keys_of_the_agents_own_table(pair):
    acs, agent = pair()
    results = acs.call(('add', ROW + '[a].'), ('add', ROW), ('set', ROW + '1.ParameterName=Device.A', ROW + '1.Enable=1'),
                       ('set', ROW + '2.ParameterName=Device.A'), ('set', ROW + '2.Enable=1'), ('set', ROW + '2.Alias=a'))
    assert [result.good for result in results] == [True] * 4 + [False, False]
    assert results[4].details == {ROW + '2.Enable': 9007} and results[5].details == {ROW + '2.Alias': 9007}
    agent.set_paths({ROW + '2.Alias': 'a'}, status=1)
    agent.set_paths({ROW + '2.Alias': 'b'})
    assert acs.get(ROW + '[b].Alias') == {ROW + '[b].Alias': 'b'}


def test_T098_auto_create(routers):
    acs, agent, _ = routers
    acs.send('parameter-key', 'key 98')
    way = ROUTER + '[new].IPv4Forwarding.[way].'
    off, on = acs.call(('set', way + 'DestIPAddress=10.0.0.0', AUTO + '=1'), ('set', AUTO + '=1'))
    assert (off.fault, off.details, on.good) == (9003, {way + 'DestIPAddress': 9005}, True)
    made, values, again = acs.call(
        ('set', way + 'DestIPAddress=10.0.0.0', way + 'Enable=1', ROUTER + '[new].Enable=1', ROUTER + '[other].Enable=1'),
        ('get', ROUTER + '*.Enable', ROUTER + '*.Alias', way + 'DestIPAddress', way + 'Enable', COUNT, KEY),
        ('set', way + 'DestIPAddress=10.1.0.0', ROUTER + '[new].Alias=old'))
    assert made.good and made.line('status') == '0' and again.good
    assert values.values == {
        ROUTER + '1.Enable': '1', ROUTER + '2.Enable': '1', ROUTER + '1.Alias': 'new', ROUTER + '2.Alias': 'other',
        way + 'DestIPAddress': '10.0.0.0', way + 'Enable': '1', COUNT: '2', KEY: 'key 98'}
    assert acs.get(ROUTER + '[old].IPv4Forwarding.[way].DestIPAddress') == {
        ROUTER + '[old].IPv4Forwarding.[way].DestIPAddress': '10.1.0.0'}


def test_T098_auto_create_is_all_or_nothing(routers):
    acs, agent, _ = routers
    acs.send('parameter-key', 'never')
    acs.call(('set', AUTO + '=1'), 'parameter-key ""')
    before = acs.get(KEY)
    acs.send('parameter-key', 'never')
    bad = (('set', ROUTER + '[new].Enable=1', ROUTER + '[new].Nope=1'), ('set', ROUTER + '[new].Enable=x'),
           ('set', ROUTER + '[new].Enable=1', ROUTER + '7.Enable=1'), ('set', ROUTER + '[1x].Enable=1'),
           ('set', ROUTER + '[a].Alias=b', ROUTER + '[b].Enable=1'),
           ('set', ROUTER + '[a].Enable=1', ROUTER + '[a].Enable=0'),
           ('set', 'Device.Nope.[a].Enable=1', ROUTER + '[new].Enable=1'))
    results = acs.call(*bad, ('get', ROUTER, COUNT, KEY))
    assert [result.fault for result in results[:-1]] == [9003] * len(bad)
    assert results[0].details == {ROUTER + '[new].Nope': 9005} and results[1].details == {ROUTER + '[new].Enable': 9007}
    assert results[2].details == {ROUTER + '7.Enable': 9005}
    assert results[6].details == {'Device.Nope.[a].Enable': 9005}
    assert results[-1].values == dict(before, **{COUNT: '0'})


def version_options(version):
    return ('--use-cwmp-version', version, '--version-namespace', {'1.0': '1-0', '1.1': '1-1'}.get(version, '1-2'))


@pytest.fixture
def old(pair, publish):
    """old('1.2') -> (ACS of that version, agent whose InstanceMode is InstanceAlias, with a router that has an alias)."""
    def begin(version):
        publish('vendor', *LINES)
        acs, agent = pair(*version_options(version))
        wait_until(lambda: COUNT in agent.tree('Device.'), 'the vendor segment')
        good(acs.call(('add', ROUTER), ('add', ROUTER + '1.IPv4Forwarding.'), ('set', ROUTER + '1.Alias=first')))
        agent.set_paths({MODE: 'InstanceAlias', AUTO: '1'})
        return acs, agent
    return begin


@pytest.mark.parametrize('version', ['1.0', '1.1', '1.2'])
def test_R38_no_aliases_before_1_3(old, version):
    """Answers and Informs have instance numbers only, and nothing is known by an alias."""
    acs, agent = old(version)
    route, star = ROUTER + '1.IPv4Forwarding.1.', ROUTER + '*.IPv4Forwarding.*.Enable'
    whole, wild, attributes, names, _ = good(acs.call(
        ('get', ROUTER), ('get', star), ('attributes', ROUTER), ('names', ROUTER, '0'),
        ('set-attributes', ROUTER + '1.Enable', '2')))
    assert whole.values[ROUTER + '1.Alias'] == 'first' and route + 'Enable' in whole.values
    assert wild.values == {route + 'Enable': '0'}
    assert any(ROUTER + '1.Enable' in line for line in attributes.lines)
    assert not any('[' in line for result in (whole, attributes, names) for line in result.lines)
    path = ROUTER + '[first].'
    results = acs.call(
        ('get', path), ('attributes', path), ('names', path, '0'), ('set', path + 'Enable=1', ROUTER + '[new].Enable=1'),
        ('delete', path), ('set-attributes', path, '1'), ('add', ROUTER + '[other].'), ('add', path + 'IPv4Forwarding.'),
        ('get', ROUTER + '*.Enable'))
    assert [result.fault for result in results] == [9005, 9005, 9005, 9003, 9005, 9005, 9005, 9005, 0]
    assert results[3].details == {path + 'Enable': 9005, ROUTER + '[new].Enable': 9005}
    assert results[-1].values == {ROUTER + '1.Enable': '0'}
    before = len(acs.informs())
    agent.set_paths({ROUTER + '1.Enable': '1'})
    inform = acs.wait_inform('4 VALUE CHANGE', before)
    assert inform.parameters[ROUTER + '1.Enable'] == '1'
    assert SERVER + 'AliasBasedAddressing' not in inform.parameters
    assert not any('[' in name for name in inform.parameters)


def test_R38_the_version_of_the_acs_is_kept(old, start_acs):
    """Over a restart of the agent, until the ACS says another one; a new ACS is shown all."""
    acs, agent = old('1.0')
    acs.call(('set-attributes', ROUTER + '1.Enable', '2'))
    agent.process.kill()
    agent.run('espalier-request', 'set', ROUTER + '1.Enable=1')
    before = len(acs.informs())
    agent.start()
    parameters = acs.wait_inform('4 VALUE CHANGE', before).parameters
    assert parameters[ROUTER + '1.Enable'] == '1' and SERVER + 'AliasBasedAddressing' not in parameters
    agent.wait_idle()
    acs.process.stop()
    newer = start_acs(*version_options('1.3'), *CREDENTIALS, port=acs.port)
    asked = newer.send('get', ROUTER + '*.Enable')
    agent.set_paths({ROUTER + '1.Enable': '0'})
    assert newer.result(asked).values == {ROUTER + '[first].Enable': '0'}
    first = newer.informs()[0].parameters
    assert ROUTER + '1.Enable' in first and SERVER + 'AliasBasedAddressing' not in first
    assert newer.call(('get', ROUTER + '[first].Enable')).good
    assert newer.informs()[-1].parameters[SERVER + 'AliasBasedAddressing'] == '1'
    another = start_acs(*version_options('1.0'))
    agent.set(URL=another.url)
    assert another.wait_inform('0 BOOTSTRAP').parameters[SERVER + 'AliasBasedAddressing'] == '1'


def test_R49_alias_based_addressing_is_in_informs(pair):
    acs, agent = pair()
    assert acs.informs()[0].parameters[SERVER + 'AliasBasedAddressing'] == '1'
    assert acs.get(MODE, AUTO) == {MODE: 'InstanceNumber', AUTO: '0'}
    assert acs.set({MODE: 'Instancenumber'}).details == {MODE: 9007}


def test_reference_to_a_row_whose_owner_has_ended(routers, publish):
    """The table stays, as its aliases are the agent's: but no row of it is gone."""
    acs, agent, publisher = routers
    path = 'Device.X_ESPALIER_Test.Chosen'
    publish('other', path + ' string,rw,strong x')
    wait_until(lambda: path in agent.tree('Device.'), 'the segment with the reference')
    good(acs.call(('add', ROUTER), ('set', path + '=' + ROUTER + '1.')))
    publisher.stop()
    wait_until(lambda: not agent.tree(ROUTER), 'the end of the rows')
    time.sleep(14)
    assert agent.tree(path) == {path: ROUTER + '1.'}
