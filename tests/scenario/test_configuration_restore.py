# SPDX-License-Identifier: GPL-2.0-or-later
# Configuration backup and restore: an Upload, then whatever an ACS changes, then a Download of the same file gives the
# same tree: values, and which rows there are.
import json
import random
import re
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, KEY, SERVER, make_agent, pair, publish  # noqa: F401
from fileserver import file_server  # noqa: F401
from process import wait_until
from publisher import Publisher
from router import router  # noqa: F401
from test_configuration_file import DECLARED, DEVICES, DOWN, INTERVAL, apply, save
from topology import topology  # noqa: F401
from transfer import device  # noqa: F401
from wire import knock

LIST = 'Device.X_VENDOR.List.'  # with Alias and a table in each row
KEYED = 'Device.X_VENDOR.Keyed.'  # without Alias, with a key
PLAIN = 'Device.X_VENDOR.Plain.'  # with neither
NAME, URL = SERVER + 'Username', SERVER + 'URL'
SERVERS = 'Device.DNS.Client.Server.'  # whose Alias the agent keeps
CHOSEN, CHOICES, EMPTIED = ('Device.X_VENDOR.' + name for name in ('Chosen', 'Choices', 'Emptied'))
INFORM = SERVER + 'InformParameter.'
XMPP = 'Device.XMPP.Connection.'
XMPP_CHOSEN = SERVER + 'ConnReqXMPPConnection'
LINES = (LIST + '{i}. object,rw', LIST + '{i}.Alias string(64),rw,key', LIST + '{i}.Enable boolean,rw',
         LIST + '{i}.Name string,rw', LIST + '{i}.Seen unsignedInt',
         LIST + '{i}.Sub.{i}. object,rw', LIST + '{i}.Sub.{i}.Alias string(64),rw', LIST + '{i}.Sub.{i}.Text string,rw',
         KEYED + '{i}. object,rw', KEYED + '{i}.Port unsignedInt,rw,key', KEYED + '{i}.Text string,rw',
         PLAIN + '{i}. object,rw', PLAIN + '{i}.A string,rw', PLAIN + '{i}.B int,rw',
         SERVERS + '{i}. object,rw', SERVERS + '{i}.Enable boolean,rw', SERVERS + '{i}.DNSServer string,rw',
         SERVERS + '{i}.Interface string,rw,strong', CHOSEN + ' string,rw,strong', CHOICES + ' string,rw,list,strong', EMPTIED + ' string,rw,strong')


def add_all(acs, *rows):
    """Adds rows (table, values) and sets their values, in two sessions; returns their paths."""
    results = acs.call(*[('add', table) for table, _ in rows], ('get', KEY))[:-1]
    assert all(result.good for result in results), results
    paths = ['%s%s.' % (table, result.line('instance')) for (table, _), result in zip(rows, results)]
    wanted = {path + name: value for path, (_, values) in zip(paths, rows) for name, value in values.items()}
    result = acs.set(wanted) if wanted else None
    assert not wanted or result.good, result
    return paths


def add(acs, table, **values):
    """The same for one row."""
    return add_all(acs, (table, values))[0]


def configuration(saved):
    """What a saved file says, rows by what they hold and not by their numbers; references name the row's place."""
    content = json.loads(saved)
    rows = {'%s%d.' % (table, number): (table, number) for table, numbers in content['tables'].items()
            for number in numbers}
    values = content['parameters']

    def identity(row):
        table, number = rows[row]
        name = values.get(row + 'Alias') or values.get(row + 'Port') or values.get(row + 'A') or number
        return '%s<%s>.' % (named(table), name)

    def named(path):
        found = max((row for row in rows if path.startswith(row)), key=len, default=None)
        return identity(found) + path[len(found):] if found else path

    def value_of(name, value):
        if name in (CHOSEN, CHOICES, EMPTIED, XMPP_CHOSEN):
            return ','.join(named(item.rstrip('.') + '.') for item in value.split(',') if item)
        return value
    return ({named(name): value_of(name, value) for name, value in values.items() if 'LeaseDuration' not in name},
            sorted(identity(row) for row in rows), sorted(map(named, content['tables'])),
            sorted(content['devices'], key=str))


VOLATILE = re.compile(r'Device\.(DeviceInfo\.(UpTime|ProcessStatus\.|MemoryStatus\.|VendorConfigFile\.1\.Date)|Time\.|'
                      r'X_ESPALIER_Transfers|ManagementServer\.X_ESPALIER_ConnectionRequest\.)')


def whole_tree(acs, saved):
    """All that GetParameterValues tells and that does not change by itself; rows by what they hold."""
    tables = json.loads(saved)['tables']
    values = acs.get('Device.')
    names = {}
    for table in sorted(tables):
        for number in tables[table]:
            row = '%s%d.' % (table, number)
            outer = max((path for path in names if row.startswith(path)), key=len, default='')
            name = values.get(row + 'Alias') or values.get(row + 'Port') or values[row + 'A']
            names[row] = '%s%s<%s>.' % (names.get(outer, ''), table[len(outer):], name)

    def named(path):
        row = max((row for row in names if path.startswith(row)), key=len, default='')
        return names.get(row, '') + path[len(row):]
    # The devices have another number each time that they are declared anew.
    numbers = sorted({int(path[len(DEVICES):].split('.')[0]) for path in values if path.startswith(DEVICES)})
    names.update({DEVICES + '%d.' % number: DEVICES + '<%d>.' % at for at, number in enumerate(numbers)})
    references = (CHOSEN, CHOICES, EMPTIED, XMPP_CHOSEN)
    return {named(path): ','.join(named(item + '.' * (item[-1:] != '.')) for item in value.split(',') if item)
            if path in references else value for path, value in values.items() if not VOLATILE.match(path)}


@pytest.fixture
def filled(device, publish, file_server):
    """A Device whose tables have rows, with what was saved of it."""
    vendor = publish('vendor', *LINES)
    device = device()
    device.wait_settled()
    acs = device.acs
    wait_until(lambda: EMPTIED in device.agent.tree('Device.X_VENDOR.'), 'the vendor segment')
    *rows, connection = add_all(
        acs, *[(LIST, dict(Alias=alias, Enable=1, Name='name of ' + alias)) for alias in ('one', 'two', 'three')],
        *[(KEYED, dict(Port=port, Text='port %d' % port)) for port in (80, 443)],
        *[(PLAIN, dict(A=letter, B=ord(letter))) for letter in 'xyz'],
        *[(SERVERS, dict(Alias='dns-%d' % number, DNSServer='192.0.2.%d' % number, Enable=1)) for number in (1, 2)],
        (INFORM, dict(Alias='interval', ParameterName=INTERVAL, EventList='2 PERIODIC', Enable=1)),
        (INFORM, dict(Alias='code', ParameterName=NAME, Enable=0)),
        (XMPP, dict(Alias='office', Username='u', Domain='example.com', Resource='r', Enable=0)))
    add_all(acs, *[(rows[0] + 'Sub.', dict(Alias='sub-' + text, Text=text)) for text in ('inner', 'other')],
            (rows[2] + 'Sub.', dict(Alias='sub-only', Text='only')),
            (connection + 'Server.', dict(Alias='first', ServerAddress='xmpp.example.com', Port=5222, Enable=1,
                                          Priority=1, Weight=1)))
    rows = rows[:3]
    assert acs.set({CHOSEN: rows[1][:-1], CHOICES: rows[0] + ',' + rows[2] + 'Sub.1.', XMPP_CHOSEN: connection[:-1],
                    CODE: 'saved'}).good
    assert apply(device, file_server, 'devices', {'devices': DECLARED}).fault == 0
    device.vendor, device.rows_there, device.connection = vendor, rows, connection
    device.saved = save(device, file_server, 'saved')
    return device


def same(device, file_server, key='again'):
    """Whether what would be saved now is what was."""
    device.saved_again = save(device, file_server, key)
    assert configuration(device.saved_again) == configuration(device.saved)


def test_T113_rows_come_back(filled, file_server):
    """Rows that were deleted, added, renamed and changed, of all owners, and references to them."""
    acs, agent, (one, two, three) = filled.acs, filled.agent, filled.rows_there
    before = whole_tree(acs, filled.saved)
    keyed, plain = ([path.rpartition('.')[0] + '.' for path in agent.tree(table + '*.' + name)]
                    for table, name in ((KEYED, 'Port'), (PLAIN, 'A')))
    informs = [path.rpartition('.')[0] + '.' for path in agent.tree(INFORM + '*.ParameterName')]
    # The address of one is that of another one then, which is new.
    assert acs.set({SERVERS + '2.Alias': 'dns-else', SERVERS + '2.DNSServer': '192.0.2.9'}).good
    gone = [SERVERS + '1.', one, three + 'Sub.1.', keyed[0], plain[1], informs[0], filled.connection]
    assert all(result.good for result in acs.call(*[('delete', row) for row in gone]))
    assert agent.tree(XMPP_CHOSEN) == {XMPP_CHOSEN: ''}
    # One row that is new takes the name of one that is gone, another one the name of one that is renamed.
    assert acs.set({two + 'Alias': 'renamed', two + 'Name': 'else', three + 'Enable': '0', CHOSEN: three,
                    keyed[1] + 'Text': 'else', CODE: 'else', INTERVAL: '77', plain[0] + 'B': '-1'}).good
    *_, extra, added = add_all(
        acs, (LIST, dict(Alias='fresh', Name='too many')), (LIST, dict(Alias='two', Name='takes the name')),
        (LIST + '2.Sub.', dict(Alias='deep', Text='too many')), (KEYED, dict(Port=8080, Text='too many')),
        (PLAIN, dict(A='w')), (SERVERS, dict(DNSServer='192.0.2.2', Enable=1)), (INFORM, dict(Alias='extra', ParameterName=URL)),
        (XMPP, dict(Alias='home', Username='v', Domain='example.org')))
    assert acs.set({XMPP_CHOSEN: added[:-1], EMPTIED: LIST + '4.'}).good
    assert apply(filled, file_server, 'none', {'devices': []}).fault == 0
    end = apply(filled, file_server, 'restore', filled.saved)
    assert end.fault == 0, end
    same(filled, file_server)
    assert whole_tree(acs, filled.saved_again) == before
    tree = agent.tree()
    # Never a number twice, and what was not touched has its own.
    for row in gone + [extra, added]:
        assert not any(path.startswith(row) for path in tree), row
    assert tree[three + 'Name'] == 'name of three' and tree[keyed[1] + 'Text'] == 'port 443'
    connection = next(path[:-len('.Alias')] for path, value in tree.items() if value == 'office')
    assert tree[XMPP_CHOSEN] == connection and tree[connection + '.ServerNumberOfEntries'] == 1
    first = next(path[:-len('Alias')] for path, value in tree.items() if path.startswith(LIST) and value == 'one')
    assert tree[CHOICES].split(',')[0] == first and tree[CHOICES].split(',')[1].startswith(three + 'Sub.')
    assert tree[EMPTIED] == '', 'a reference to a row that is too many is empty'
    # All of it is durable.
    filled.wait_settled()
    agent.process.kill()
    agent.start()
    same(filled, file_server, 'killed')


def test_R46_restored_twice(filled, file_server):
    """The second time nothing is new: no row, no number."""
    acs = filled.acs
    results = acs.call(*[('delete', row) for row in (filled.rows_there[0], PLAIN + '1.', KEYED + '1.', INFORM + '1.')])
    assert all(result.good for result in results)
    numbers = []
    for key in 'abc':
        assert apply(filled, file_server, key, filled.saved).fault == 0
        numbers.append(json.loads(save(filled, file_server, 'saved-' + key))['tables'])
    assert numbers[0] == numbers[1] == numbers[2]
    done = re.findall(r'(\d+) values were others, (\d+) rows were missing, (\d+) too many', filled.agent.process.stderr)
    # The first one is that of the devices.
    assert done[2:] == [('0', '0', '0')] * 2 and done[1][1:] == ('6', '0'), done
    assert int(re.search(r'\d+', add(acs, LIST)[len(LIST):])[0]) == 5, 'no number was used in between'


def test_restored_after_a_factory_reset(filled, file_server):
    """The rows of the agent's own tables are all made anew."""
    acs, agent = filled.acs, filled.agent
    before = len(acs.informs())
    assert acs.call(('factory-reset',)).good
    acs.wait_inform('0 BOOTSTRAP', before)
    wait_until(lambda: not agent.tree(INFORM + '*.ParameterName') and not agent.tree(XMPP), 'the reset')
    assert agent.tree(CODE) == {CODE: ''}
    end = apply(filled, file_server, 'restore', filled.saved)
    assert end.fault == 0, end
    same(filled, file_server)
    assert set(agent.tree(INFORM + '*.ParameterName').values()) == {INTERVAL, NAME}
    assert not any(path.startswith(filled.connection) for path in agent.tree(XMPP)), 'no number comes twice'


@pytest.mark.parametrize('change, words', [
    (lambda content: content['tables'].update({'Device.X_VENDOR.Nope.': [1]}), 'Device.X_VENDOR.Nope. (no such table)'),
    (lambda content: content['tables'].update({'Device.X_VENDOR.': []}), 'Device.X_VENDOR. (no such table)'),
    (lambda content: content['tables'][LIST].append(77), None),
    (lambda content: content['tables'][LIST].remove(1), LIST + '1.'),
    (lambda content: content['parameters'].update({LIST + '3.Nope': 'x'}), LIST + '3.Nope (unknown)'),
    (lambda content: content['parameters'].update({LIST + '3.Alias': '3'}), LIST + '3.Alias (an alias starts'),
    (lambda content: content['parameters'].update({KEYED + '1.Port': 443}), KEYED + '2.Port (another row'),
    (lambda content: content['parameters'].update({INFORM + '1.Alias': 'code'}), INFORM + '2.Alias (another row'),
    (lambda content: content['parameters'].update({LIST + '1.Seen': 7}), LIST + '1.Seen (read only)'),
    (lambda content: content['tables'].update({'Device.IP.Nope.': []}), 'Device.IP.Nope. (no such table)'),
], ids=range(10))
def test_R65_refused_as_a_whole(filled, file_server, change, words):
    """One thing of the file that can't be: nothing changes, also no row."""
    acs = filled.acs
    assert all(result.good for result in acs.call(('delete', filled.rows_there[1]), ('delete', INFORM + '1.')))
    add(acs, LIST, Alias='fresh')
    assert acs.set({CODE: 'else'}).good
    before = save(filled, file_server, 'before')
    content = json.loads(filled.saved)
    change(content)
    end = apply(filled, file_server, 'restore', content)
    if words is None:
        # A row without values is one too.
        assert end.fault == 0 and json.loads(save(filled, file_server, 'with'))['tables'][LIST].count(77) == 0
        assert len(json.loads(save(filled, file_server, 'rows'))['tables'][LIST]) == 4
        return
    assert end.fault == 9018 and words in end.text, end
    assert save(filled, file_server, 'after') == before


@pytest.fixture
def script(device, start, run, file_server):
    """A Device, and an owner whose requests the test answers."""
    publisher = Publisher(start, run, '\n'.join(
        LINES + tuple(LIST + '%d.%s' % (number, rest) for number in (1, 2) for rest in (
            'Alias string alias%d' % number, 'Enable boolean 1', 'Name string name%d' % number))), name='script')
    device = device()
    device.wait_settled()
    wait_until(lambda: EMPTIED in device.agent.tree('Device.X_VENDOR.'), 'the segment')
    add(device.acs, INFORM, Alias='interval', ParameterName=INTERVAL)
    assert device.acs.set({CODE: 'saved'}).good
    device.saved = json.loads(save(device, file_server, 'saved'))
    device.content = json.loads(json.dumps(device.saved))
    assert device.acs.set({CODE: 'else'}).good
    assert device.acs.call(('delete', INFORM + '1.')).good
    add(device.acs, INFORM, Alias='extra', ParameterName=URL)
    device.before = save(device, file_server, 'before')
    return device, publisher


def begin(device, file_server, content):
    """Starts a Download of the content."""
    file_server.files['/file'] = json.dumps(content).encode()
    assert device.acs.call(('download', 'restore', DOWN, file_server.url())).good


def leave_out(content, start):
    """Takes all out of the content whose name starts so."""
    for part in ('parameters', 'tables'):
        content[part] = {name: value for name, value in content[part].items() if not name.startswith(start)}


def test_R65_refused_by_an_owner(script, file_server):
    """The owner refuses an addition, a value, a deletion: what was done before is taken back at all owners."""
    device, publisher = script
    content = device.content
    content['tables'][LIST] = [1, 2, 3]
    content['parameters'].update({LIST + '3.Alias': 'third', LIST + '3.Name': 'x', LIST + '3.Enable': True})
    begin(device, file_server, content)
    publisher.answer(r'add (?P<id>\d+) ' + re.escape(LIST), 'fault {id} 9004 no room here')
    end = device.wait_end('restore')
    assert end.fault == 9010 and LIST + '3.' in end.text and 'no room here' in end.text, end
    assert save(device, file_server, 'one') == device.before


def test_R65_value_refused_by_an_owner(script, file_server):
    device, publisher = script
    device.content['parameters'][LIST + '2.Name'] = 'bad'
    begin(device, file_server, device.content)
    publisher.answer(r'set (?P<id>\d+) ' + re.escape(LIST) + '2.Name bad', 'fault {id} 9007 never that')
    end = device.wait_end('restore')
    assert end.fault in (9010, 9018) and 'never that' in end.text, end
    assert save(device, file_server, 'one') == device.before


def test_R65_deletion_refused_by_an_owner(script, file_server):
    """The first deletion is before the decision: all is as it was, and the row is enabled again."""
    device, publisher = script
    leave_out(device.content, LIST + '2.')
    device.content['tables'][LIST] = [1]
    begin(device, file_server, device.content)
    publisher.answer(r'set (?P<id>\d+) ' + re.escape(LIST) + '2.Enable (false|0)', 'ok {id}')
    publisher.answer(r'delete (?P<id>\d+) ' + re.escape(LIST) + '2.', 'fault {id} 9001 it stays')
    publisher.answer(r'set (?P<id>\d+) ' + re.escape(LIST) + '2.Enable (true|1)', 'ok {id}')
    end = device.wait_end('restore')
    assert end.fault == 9010 and LIST + '2.' in end.text and 'it stays' in end.text, end
    assert save(device, file_server, 'one') == device.before


def first_of_two_deleted(device, publisher, file_server):
    """Restores a file without rows as far as the deletion of the first of two."""
    leave_out(device.content, LIST)
    device.content['tables'][LIST] = []
    begin(device, file_server, device.content)
    for number in (1, 2):
        publisher.answer(r'set (?P<id>\d+) ' + re.escape(LIST) + r'%d.Enable (false|0)' % number, 'ok {id}')
    publisher.answer(r'delete (?P<id>\d+) ' + re.escape(LIST) + '1.', 'ok {id}')


def test_R65_later_deletion_refused(script, file_server):
    """Behind the decision there is no way back: the rest is restored, and the end names the row that stays."""
    device, publisher = script
    first_of_two_deleted(device, publisher, file_server)
    publisher.answer(r'delete (?P<id>\d+) ' + re.escape(LIST) + '2.', 'fault {id} 9001 it stays')
    end = device.wait_end('restore')
    assert end.fault == 9010 and LIST + '2.' in end.text, end
    tree = device.agent.tree(CODE, INFORM, LIST)
    assert tree[CODE] == 'saved' and tree[LIST + '2.Enable'] is False and LIST + '1.Name' not in tree
    assert [value for path, value in tree.items() if path.endswith('ParameterName')] == [INTERVAL]


def test_R65_killed_behind_the_decision(script, file_server):
    """What was decided is brought to its end by the next run of the agent: a deletion that nobody has answered."""
    device, publisher = script
    first_of_two_deleted(device, publisher, file_server)
    publisher.process.wait_for(r'delete \d+ ' + re.escape(LIST) + '2.', stream='stdout')
    tree = device.agent.tree(CODE, INFORM, LIST)
    assert tree[CODE] == 'saved' and tree[LIST + '2.Enable'] is False and LIST + '1.Name' not in tree
    device.agent.process.kill()
    seen = len(publisher.process.stdout)
    device.agent.start()
    match = publisher.process.wait_for(r'delete (?P<id>\d+) ' + re.escape(LIST) + '2.', stream='stdout', after=seen)
    publisher.process.write('ok %s\n' % match['id'])
    end = device.wait_end('restore')
    assert end.fault == 0, end
    tree = device.agent.tree(CODE, INFORM, LIST)
    assert tree[CODE] == 'saved' and not any(path.startswith(LIST) for path in tree)
    assert [value for path, value in tree.items() if path.endswith('ParameterName')] == [INTERVAL]


def test_R65_no_session_sees_half_of_it(script, file_server):
    """The ACS asks for a session while an owner takes its time: the session is behind the decision."""
    device, publisher = script
    device.content['parameters'][LIST + '2.Name'] = 'slow'
    begin(device, file_server, device.content)
    match = publisher.process.wait_for(r'set (?P<id>\d+) ' + re.escape(LIST) + '2.Name slow', stream='stdout')
    value = device.acs.send('get', CODE, LIST + '2.Name')
    path = SERVER + 'ConnectionRequestURL'
    knock(device.agent.tree(path)[path])
    publisher.process.write('ok %s\n' % match['id'])
    assert device.acs.result(value).values == {CODE: 'saved', LIST + '2.Name': 'slow'}
    assert device.wait_end('restore').fault == 0


def test_R65_owner_that_is_away(filled, file_server):
    """Nothing changes at the others."""
    acs, agent = filled.acs, filled.agent
    assert acs.call(('delete', INFORM + '1.')).good
    assert acs.set({CODE: 'else', LIST + '2.Name': 'else'}).good
    before = agent.tree(INFORM, CODE)
    filled.vendor.kill()
    end = apply(filled, file_server, 'restore', filled.saved)
    assert end.fault == 9010 and 'vendor' in end.text, end
    assert agent.tree(INFORM, CODE) == before


def test_killed_while_it_is_restored(filled, file_server):
    """kill -9 at many moments: in the end all of the file, and no row twice; before that, all that was before."""
    acs, agent, chance = filled.acs, filled.agent, random.Random(113)
    for number in range(14):
        rows = {value: path[:-len('Alias')] for table in (LIST, INFORM)
                for path, value in agent.tree(table + '*.Alias').items()}
        results = acs.call(('delete', rows['one']), ('delete', rows['code']), ('add', LIST), ('add', INFORM),
                           ('set', CODE, 'round %d' % number, rows['two'] + 'Name', 'round %d' % number))
        assert all(result.good for result in results), results
        file_server.files['/file'] = filled.saved
        before = len(file_server.requests)
        assert acs.call(('download', 'key %d' % number, DOWN, file_server.url())).good
        wait_until(lambda: len(file_server.requests) > before, 'the file to be fetched')
        time.sleep(chance.uniform(0, 0.2))
        agent.process.kill()
        agent.start()
        end = filled.wait_end('key %d' % number)
        assert end.fault == 0, end
        same(filled, file_server, 'saved-%d' % number)
    filled.wait_settled()


def test_many_rows(filled, file_server):
    """More requests at once than an owner's answers are read in one go."""
    numbers = range(1, 301)
    content = {'tables': {LIST: list(numbers)}, 'parameters': {LIST + '%d.Alias' % number: 'many-%d' % number
                                                               for number in numbers}}
    for key in 'ab':
        assert apply(filled, file_server, 'many-' + key, content).fault == 0
        assert len(filled.agent.tree(LIST + '*.Alias')) == 300
        end = apply(filled, file_server, 'none-' + key, {'tables': {LIST: []}})
        assert end.fault == 0 and filled.agent.tree(LIST) == {}, end


def test_T113_port_mappings(device, router, file_server):
    """Rows of espalier-nat, with ports that another row has meanwhile."""
    router.start_monitor()
    device = device()
    device.wait_settled()
    acs, mapping = device.acs, 'Device.NAT.PortMapping.'
    wait_until(lambda: 'Device.NAT.PortMappingNumberOfEntries' in device.agent.tree('Device.NAT.'), 'the segment')
    values = dict(Enable=1, AllInterfaces=1, Protocol='TCP', InternalClient='10.77.0.2')
    web = add(acs, mapping, Alias='web', ExternalPort=80, InternalPort=8080, **values)
    mail = add(acs, mapping, Alias='mail', ExternalPort=25, InternalPort=25, **values)
    device.saved = save(device, file_server, 'saved')
    rules = router.ours()
    assert acs.call(('delete', web)).good
    # Another row has the port of the one that is gone, and a third the port of one that has moved.
    add(acs, mapping, Alias='game', ExternalPort=80, InternalPort=1234, **values)
    assert acs.set({mail + 'ExternalPort': '26'}).good
    add(acs, mapping, Alias='else', ExternalPort=25, InternalPort=99, **values)
    end = apply(device, file_server, 'restore', device.saved)
    assert end.fault == 0, end
    same(device, file_server)
    assert sorted(map(json.dumps, router.ours().values())) == sorted(map(json.dumps, rules.values()))
    assert not any(path.startswith(web) for path in device.agent.tree(mapping))


def test_file_by_hand_with_rows(filled, file_server):
    """A table that is listed has the rows of the file and no other; a table that is not keeps its own."""
    content = {'tables': {LIST: [11, 12], LIST + '12.Sub.': [9]},
               'parameters': {LIST + '11.Alias': 'three', LIST + '12.Alias': 'new', LIST + '12.Enable': True,
                              LIST + '12.Sub.9.Text': 'by hand', CHOSEN: LIST + '12'}}
    end = apply(filled, file_server, 'by hand', content)
    assert end.fault == 0, end
    tree = filled.agent.tree(LIST, CHOSEN, KEYED)
    assert {path: value for path, value in tree.items() if path.endswith('Alias') and '.Sub.' not in path} == {
        LIST + '3.Alias': 'three', LIST + '4.Alias': 'new'}
    assert tree[LIST + '3.Sub.1.Text'] == 'only', 'its table is not listed'
    assert tree[LIST + '4.Sub.1.Text'] == 'by hand' and tree[CHOSEN] == LIST + '4'
    assert tree[KEYED + '2.Port'] == 443
    # A row that is not listed is none of the file's.
    end = apply(filled, file_server, 'unlisted', {'tables': {LIST: [1]}, 'parameters': {LIST + '4.Name': 'x'}})
    assert end.fault == 9018 and LIST + '4.Name (unknown)' in end.text, end
