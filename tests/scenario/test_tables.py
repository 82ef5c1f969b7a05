# SPDX-License-Identifier: GPL-2.0-or-later
# Rows that the ACS adds and deletes at any owner, and what survives (T091 to T096).
import random
import signal
import subprocess
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, KEY, SERVER, make_agent, pair, publish  # noqa: F401
from collector import IP, Collector
from process import wait_until
from publisher import Publisher

TABLE = 'Device.X_ESPALIER_List.Entry.'
COUNT = 'Device.X_ESPALIER_List.EntryNumberOfEntries'
REFERENCE = 'Device.X_ESPALIER_List.Chosen'
CHOICES = 'Device.X_ESPALIER_List.Choices'
REFERENCE_RECORD = 11  # kind of record in the store
REFERENCE_WAIT = 10  # seconds that a row may be missing
LINES = (TABLE + '{i}. object,rw', TABLE + '{i}.Enable boolean,rw', TABLE + '{i}.Name string(16),rw',
         TABLE + '{i}.Sub.{i}. object,rw', TABLE + '{i}.Sub.{i}.Text string,rw',
         'Device.X_ESPALIER_List.Static.1.Text string,rw fixed', COUNT + ' unsignedInt 0')


@pytest.fixture
def vendor(pair, publish):
    """An ACS, an agent and the owner of an empty table."""
    publisher = publish('vendor', *LINES)
    acs, agent = pair()
    wait_until(lambda: COUNT in agent.tree('Device.'), 'the vendor segment')
    return acs, agent, publisher


def added(result):
    """The number of the instance that an AddObject made."""
    assert result.good, result
    return int(result.line('instance'))


def test_T091_add_object(vendor):
    acs, agent, _ = vendor
    acs.send('parameter-key', 'key 91')
    first, values, second, names = acs.call(('add', TABLE), ('get', TABLE, KEY, COUNT), ('add', TABLE), ('names', TABLE, '1'))
    assert (added(first), added(second)) == (1, 2)
    assert values.values == {TABLE + '1.Enable': '0', TABLE + '1.Name': '', KEY: 'key 91', COUNT: '1'}
    assert [line for line in names.lines if TABLE in line] == [TABLE + '1. writable', TABLE + '2. writable']
    inner, value = acs.call(('add', TABLE + '2.Sub.'), ('set', TABLE + '2.Sub.1.Text', 'deep'))
    assert added(inner) == 1 and value.good
    assert acs.get(TABLE + '2.') == {TABLE + '2.Enable': '0', TABLE + '2.Name': '', TABLE + '2.Sub.1.Text': 'deep'}


@pytest.mark.parametrize('name', [
    'Device.X_ESPALIER_List.', TABLE + '1.', TABLE[:-1], 'Device.X_ESPALIER_List.Static.', COUNT, 'Device.Nope.', '',
    TABLE + '7.Sub.', TABLE + '*.Sub.', TABLE + 'x' * 250 + '.'], ids=range(10))
def test_T092_names_that_are_no_table(vendor, name):
    acs, agent, _ = vendor
    acs.send('parameter-key', 'never')
    first, bad, values = acs.call(('add', TABLE), ('add', name or '""') if name else 'add ""', ('get', KEY, COUNT))
    assert first.good and bad.fault == 9005
    assert values.values[COUNT] == '1'


def test_T092_parameter_key_stays(vendor):
    acs, agent, _ = vendor
    acs.send('parameter-key', 'never')
    results = acs.call(('add', 'Device.Nope.'), ('delete', TABLE + '1.'), ('get', KEY))
    assert [result.fault for result in results[:2]] == [9005, 9005]
    assert results[2].values == {KEY: ''}


def test_T093_full_table(pair, start, run):
    """The owner says that its table is full."""
    script = Publisher(start, run, '\n'.join(LINES), name='script')
    acs, agent = pair()
    wait_until(lambda: COUNT in agent.tree('Device.'), 'the segment')
    acs.send('parameter-key', 'never')
    numbers = acs.send_all([('connect',), ('add', TABLE), ('get', KEY)])
    script.answer(r'^add (?P<id>\d+) ' + TABLE, 'fault {id} 9004 the table is full')
    result = acs.result(numbers[1])
    assert result.fault == 9004 and 'full' in ' '.join(result.lines)
    assert acs.result(numbers[2]).values == {KEY: ''}


def test_T094_number_is_not_reused(vendor):
    acs, agent, _ = vendor
    results = acs.call(('add', TABLE), ('add', TABLE), ('delete', TABLE + '2.'), ('add', TABLE), ('get', COUNT))
    assert [added(results[i]) for i in (0, 1, 3)] == [1, 2, 3]
    assert results[2].good and results[4].values == {COUNT: '2'}


def test_T094_number_is_not_reused_after_the_owner_was_killed(pair, start, tmp_path):
    def begin():
        process = start('espalier-publish', '-a', '-n', 'vendor', '-N', tmp_path / 'numbers', stdin=subprocess.PIPE)
        process.write('\n'.join(LINES) + '\n\n')
        wait_until(lambda: agent.tree('Device.').get(COUNT) == 0, 'the segment')
        return process

    acs, agent = pair()
    owner = begin()
    numbers = []
    for _ in range(3):
        numbers.append(added(acs.call(('add', TABLE))))
        owner.kill()
        owner = begin()
    assert numbers == [1, 2, 3]


def test_T094_number_is_not_reused_after_the_collector_and_the_agent_were_killed(pair, start, run, netns, configuration):
    """Addresses of a real interface: those that were answered stay, no number comes twice."""
    namespace = netns()
    namespace.ip('link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'lan1')
    path = configuration(netlink={'interval_ms': 100})
    collector = Collector(start, run, namespace, path.rename(path.with_name('netlink.conf')))
    table = wait_until(lambda: collector.rows(IP).get('lan0'), 'the row of lan0') + 'IPv4Address.'
    acs, agent = pair()
    numbers = []
    for kill in range(6):
        numbers.append(added(acs.call(('add', table))))
        if kill % 2:
            assert acs.call(('delete', '%s%d.' % (table, numbers[-1]))).good
        if kill % 3:
            collector.process.kill()
            collector.restart()
        if kill % 3 != 1:
            agent.process.kill()
            agent.start()
        wait_until(lambda: '%s%d.Alias' % (table, numbers[0]) in agent.tree(table), 'the rows')
    assert numbers == sorted(set(numbers)) and len(numbers) == 6
    kept = {'%s%d.Alias' % (table, number) for number in numbers[::2]}
    assert {path for path in acs.get(table) if path.endswith('.Alias')} == kept


def test_T095_missing_or_static_row(vendor):
    acs, agent, _ = vendor
    names = (TABLE + '9.', 'Device.X_ESPALIER_List.Static.1.', TABLE, TABLE + '1.Enable', 'Device.', TABLE + '*.')
    first, *results = acs.call(('add', TABLE), *[('delete', name) for name in names])
    assert added(first) == 1
    assert [result.fault for result in results] == [9005] * len(names)
    assert acs.call(('delete', TABLE + '1.')).good
    assert acs.call(('delete', TABLE + '1.')).fault == 9005


def test_T096_references_become_empty(vendor, publish):
    acs, agent, _ = vendor
    publish('other', REFERENCE + ' string,rw,strong ' + TABLE[:-1] + '.1', CHOICES + ' string,rw,strong,list ' +
            ','.join(TABLE + text for text in ('1', '10', '1.Sub.3', '2')), 'Device.X_ESPALIER_List.Weak string,rw ' + TABLE + '1')
    wait_until(lambda: CHOICES in agent.tree('Device.'), 'the segment with references')
    acs.send('parameter-key', 'key 96')
    first, deleted, values = acs.call(('add', TABLE), ('delete', TABLE + '1.'), (
        'get', REFERENCE, CHOICES, 'Device.X_ESPALIER_List.Weak', KEY, COUNT))
    assert first.good and deleted.good and deleted.line('status') == '0'
    assert values.values == {REFERENCE: '', CHOICES: TABLE + '10,' + TABLE + '2', KEY: 'key 96', COUNT: '0',
                             'Device.X_ESPALIER_List.Weak': TABLE + '1'}


def test_T096_row_that_its_owner_removes(pair, start, run, publish):
    """A reference to it becomes empty, a list loses it; one to a row of an owner that is away stays."""
    script = Publisher(start, run, '\n'.join(LINES) + '\n' + '\n'.join(TABLE + '%d.Enable boolean 1' % n for n in (1, 2)), name='script')
    publish('other', REFERENCE + ' string,rw,strong ' + TABLE + '1.', CHOICES + ' string,rw,strong,list ' + TABLE + '2.,' + TABLE + '1.')
    acs, agent = pair()
    wait_until(lambda: CHOICES in agent.tree('Device.') and TABLE + '2.Enable' in agent.tree(TABLE), 'the segments')
    acs.call(('get', REFERENCE))
    script.give('delete ' + TABLE + '1.')
    wait_until(lambda: agent.tree(REFERENCE, CHOICES) == {REFERENCE: '', CHOICES: TABLE + '2.'}, 'the references', 60)
    script.process.kill()
    wait_until(lambda: acs.call(('add', TABLE)).fault, 'the owner to be away')
    assert acs.get(CHOICES) == {CHOICES: TABLE + '2.'}


# ---- References to rows that go while somebody is away

TWO_ROWS = '\n'.join(LINES) + '\n' + '\n'.join(TABLE + '%d.Enable boolean 1' % n for n in (1, 2))
SECOND_ROW = '\n'.join(LINES) + '\n' + TABLE + '2.Enable boolean 1'
BOTH = {REFERENCE: TABLE + '1.', CHOICES: TABLE + '2.,' + TABLE + '1.'}
LEFT = {REFERENCE: '', CHOICES: TABLE + '2.'}


@pytest.fixture
def referring(pair, start, run):
    """An ACS, an agent, the owner of two rows, and the owner of references to them."""
    script = Publisher(start, run, TWO_ROWS, name='script')
    other = Publisher(start, run, '%s string,rw,strong x\n%s string,rw,strong,list x' % (REFERENCE, CHOICES), '-a', name='other')
    acs, agent = pair()
    wait_until(lambda: CHOICES in agent.tree('Device.') and TABLE + '2.Enable' in agent.tree(TABLE), 'the segments')
    assert acs.set(BOTH).good
    # Commits are in order: this one's answer says that what the references lead to is on the disk, too.
    assert acs.set({CODE: 'x'}).good
    return acs, agent, script, other


def stays(agent, seconds=REFERENCE_WAIT + 4):
    time.sleep(seconds)
    return agent.tree(REFERENCE, CHOICES) == BOTH


def emptied(agent):
    wait_until(lambda: agent.tree(REFERENCE, CHOICES) == LEFT, 'the references to be empty')


def test_T096_row_that_goes_while_the_agent_is_away(referring):
    acs, agent, script, _ = referring
    agent.process.kill()
    script.give('delete ' + TABLE + '1.')
    agent.start()
    emptied(agent)
    assert acs.get(REFERENCE, CHOICES) == LEFT


def test_T096_row_whose_owner_is_away_when_the_agent_starts(referring, start, run):
    """It is gone only when its owner lives again and does not bring it back."""
    acs, agent, script, _ = referring
    agent.process.kill()
    script.process.kill()
    agent.start()
    assert stays(agent)
    agent.process.kill()
    script = Publisher(start, run, TWO_ROWS, name='script')
    agent.start()
    assert stays(agent, 3)
    script.process.stop()
    assert stays(agent), 'an owner that has ended has removed nothing'
    Publisher(start, run, SECOND_ROW, name='script')
    emptied(agent)


def test_T096_reference_whose_owner_is_away(referring, start, run):
    """Its owner comes back with the value that it had."""
    acs, agent, script, other = referring
    other.process.stop()
    wait_until(lambda: REFERENCE not in agent.tree('Device.'), 'the end of the segment')
    assert acs.call(('get', KEY)).good
    script.give('delete ' + TABLE + '1.')
    wait_until(lambda: TABLE + '1.Enable' not in agent.tree(TABLE), 'the end of the row')
    agent.process.kill()
    agent.start()
    Publisher(start, run, '\n'.join('%s string,rw,strong%s %s' % (path, ',list' * (path == CHOICES), value)
                                    for path, value in BOTH.items()), '-a', name='other')
    emptied(agent)


def test_T096_row_that_is_not_there_yet_after_a_boot(referring):
    """What has not been there since the device is up is no row that has gone."""
    acs, agent, script, _ = referring
    agent.process.kill()
    boot = open('/proc/sys/kernel/random/boot_id').read().strip()
    records = {name: value if isinstance(value, str) else value.decode()
               for name, value in agent.records(REFERENCE_RECORD).items()}
    assert len(records) == 3 and all(value.endswith(boot) for value in records.values())
    agent.seed(REFERENCE_RECORD, {name: value.replace(boot, 'another-boot') for name, value in records.items()})
    script.give('delete ' + TABLE + '1.')
    agent.start()
    assert stays(agent)
    script.give(TABLE + '1.Enable boolean 1')
    assert stays(agent, 3)
    wait_until(lambda: acs.get(TABLE + '1.Enable'), 'the row')
    script.give('delete ' + TABLE + '1.')
    emptied(agent)


def test_owner_that_is_dead(vendor):
    acs, agent, publisher = vendor
    publisher.kill()
    result = acs.call(('add', TABLE))
    assert result.fault in (9002, 9005)


def test_owner_that_is_silent(vendor):
    """The ACS gets a fault; the instance that the owner makes later is taken back."""
    acs, agent, publisher = vendor
    acs.send('parameter-key', 'never')
    publisher.signal(signal.SIGSTOP)
    result, key = acs.call(('add', TABLE), ('get', KEY))
    publisher.signal(signal.SIGCONT)
    assert result.fault == 9002 and key.values == {KEY: ''}
    wait_until(lambda: acs.call(('add', TABLE)).line('instance') not in (None, '1'), 'a later number')
    assert TABLE + '1.Enable' not in agent.tree(TABLE)


def test_kill_while_adding(pair, publish):
    """What was answered is there after a kill at any moment, and no number comes twice."""
    publish('vendor', *LINES)
    acs, agent = pair(fast=True)
    wait_until(lambda: COUNT in agent.tree('Device.'), 'the vendor segment')
    seen, random_numbers = [], random.Random(91)
    for round_number in range(8):
        acs.send('parameter-key', 'round %d' % round_number)
        sent = acs.send_all([('connect',)] + [('add', TABLE)] * 4)
        time.sleep(random_numbers.uniform(0.01, 0.25))
        agent.process.kill()
        agent.start()
        # What is left over goes into the session that a changed value opens.
        agent.set_paths({CODE: 'round %d' % round_number})
        seen += [int(result.line('instance')) for result in (acs.result(number) for number in sent[1:])
                 if result.good and result.line('instance')]
    seen.append(added(acs.call(('add', TABLE))))
    assert len(seen) == len(set(seen))
    values = acs.get(TABLE, COUNT)
    rows = {int(path[len(TABLE):].split('.')[0]) for path in values if path.startswith(TABLE)}
    assert set(seen) <= rows and int(values[COUNT]) == len(rows)


ROW = SERVER + 'InformParameter.'
ROWS = SERVER + 'InformParameterNumberOfEntries'


def add_row(acs, name, events='', enable='1'):
    """Adds a row of InformParameter and fills it; returns its number."""
    number = added(acs.call(('add', ROW)))
    path = ROW + '%d.' % number
    assert acs.set({path + 'ParameterName': name, path + 'EventList': events, path + 'Enable': enable}).good
    return number


def inform_of(acs, event):
    """The Inform of a new session with this event."""
    before = len(acs.informs())
    if event == '6 CONNECTION REQUEST':
        acs.call(('get', KEY))
    return acs.wait_inform(event, before)


def test_T106_inform_parameter(pair):
    acs, agent = pair()
    add_row(acs, SERVER + 'PeriodicInformInterval')
    add_row(acs, SERVER + 'UpgradesManaged', '6 CONNECTION REQUEST, 2 PERIODIC')
    add_row(acs, SERVER + 'Username', '2 PERIODIC')
    add_row(acs, SERVER + 'URL', enable='0')
    add_row(acs, 'Device.Nope.Missing')
    parameters = inform_of(acs, '6 CONNECTION REQUEST').parameters
    assert SERVER + 'PeriodicInformInterval' in parameters and SERVER + 'UpgradesManaged' in parameters
    assert SERVER + 'Username' not in parameters and SERVER + 'URL' not in parameters
    # A session for VALUE CHANGE alone: no row without a list takes part.
    before = len(acs.informs())
    agent.set_paths({CODE: 'changed'})
    parameters = acs.wait_inform('4 VALUE CHANGE', before).parameters
    assert SERVER + 'PeriodicInformInterval' not in parameters and SERVER + 'UpgradesManaged' not in parameters


def test_T106_event_of_a_vendor(pair):
    acs, agent = pair()
    add_row(acs, SERVER + 'Username', '2 PERIODIC, X 00D09E Door open')
    add_row(acs, SERVER + 'UpgradesManaged', '2 PERIODIC')
    agent.run('espalier-request', 'operate', SERVER + 'Event()', 'Code=X 00D09E Door open')
    parameters = acs.wait_inform('X 00D09E Door open').parameters
    assert SERVER + 'Username' in parameters and SERVER + 'UpgradesManaged' not in parameters


def test_T106_wildcard(vendor):
    acs, agent, _ = vendor
    acs.call(('add', TABLE), ('add', TABLE), ('set', TABLE + '1.Name=one', TABLE + '2.Name=two'))
    add_row(acs, TABLE + '*.Name')
    add_row(acs, TABLE + '1.Name')
    inform = inform_of(acs, '6 CONNECTION REQUEST')
    assert inform.parameters[TABLE + '1.Name'] == 'one' and inform.parameters[TABLE + '2.Name'] == 'two'
    message = [message for message in acs.messages(True) if message.method == 'Inform'][-1]
    assert message.texts('Name').count(TABLE + '1.Name') == 1


@pytest.mark.parametrize('parameter, text', [
    ('ParameterName', KEY), ('ParameterName', 'Device.RootDataModelVersion'), ('ParameterName', SERVER),
    ('EventList', '4 VALUE CHANGE'), ('EventList', '2 PERIODIC, 4 VALUE CHANGE')], ids=range(5))
def test_T106_refused(pair, parameter, text):
    acs, agent = pair()
    path = ROW + '%d.' % added(acs.call(('add', ROW))) + parameter
    result = acs.set({path: text})
    assert (result.fault, result.details) == (9003, {path: 9007})
    agent.set_paths({path: text}, status=1)
    assert acs.get(path) == {path: ''}


def test_own_table_is_durable(pair):
    """Rows, values and numbers survive a kill; numbers are not given again."""
    acs, agent = pair()
    first = add_row(acs, SERVER + 'Username')
    second = add_row(acs, SERVER + 'URL', '1 BOOT')
    assert acs.call(('delete', ROW + '%d.' % second)).good
    agent.process.kill()
    agent.start()
    wait_until(lambda: ROWS in agent.tree(SERVER), 'the tree')
    assert acs.get(ROW, ROWS) == {
        ROW + '%d.Enable' % first: '1', ROW + '%d.Alias' % first: 'cpe-%d' % first,
        ROW + '%d.ParameterName' % first: SERVER + 'Username',
        ROW + '%d.EventList' % first: '', ROWS: '1'}
    assert added(acs.call(('add', ROW))) == second + 1


def test_T093_own_table_is_full(pair):
    acs, agent = pair()
    results = acs.call(*[('add', ROW)] * 65)
    assert [result.good for result in results] == [True] * 64 + [False] and results[-1].fault == 9004
    deleted, again, count = acs.call(('delete', ROW + '3.'), ('add', ROW), ('get', ROWS))
    assert deleted.good and added(again) == 65 and count.values == {ROWS: '64'}


def test_local_program_adds_and_deletes(pair):
    acs, agent = pair()
    agent.run('espalier-request', 'add', ROW)
    agent.set_paths({ROW + '1.ParameterName': SERVER + 'Username', ROW + '1.Enable': '1'})
    agent.process.kill()
    agent.start()
    wait_until(lambda: agent.tree(SERVER).get(ROW + '1.ParameterName') == SERVER + 'Username', 'the row')
    agent.run('espalier-request', 'delete', ROW + '1.')
    assert acs.get(ROWS) == {ROWS: '0'}


def test_kill_while_own_rows_change(pair):
    """A set of a row is there as a whole or not at all, and what was answered is there."""
    acs, agent = pair(fast=True)
    number = add_row(acs, 'Device.A')
    path, random_numbers, last = ROW + '%d.' % number, random.Random(106), None
    for text in range(8):
        values = {'ParameterName': 'Device.A%d' % text, 'EventList': '%d PERIODIC' % text}
        sent = acs.send_all([('connect',), ('set', *['%s%s=%s' % (path, name, value) for name, value in values.items()])])
        time.sleep(random_numbers.uniform(0, 0.06))
        agent.process.kill()
        agent.start()
        agent.set_paths({CODE: 'round %d' % text})
        last = text if acs.result(sent[1]).good else last
        found = agent.tree(path)
        assert found[path + 'ParameterName'][len('Device.A'):] == found[path + 'EventList'].split(' ')[0]
        assert last is None or int(found[path + 'EventList'].split(' ')[0]) >= last
