# SPDX-License-Identifier: GPL-2.0-or-later
# What the ACS reads from the real agent: methods, names, values, attributes (T057 to T070).
import os
import re
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, KEY, SERVER, make_agent, pair, publish  # noqa: F401
from process import wait_until

INFO = 'Device.DeviceInfo.'
METHODS = [
    'GetRPCMethods',
    'SetParameterValues',
    'GetParameterValues',
    'GetParameterNames',
    'SetParameterAttributes',
    'GetParameterAttributes',
    'AddObject',
    'DeleteObject',
    'Reboot',
    'FactoryReset',
    'ScheduleInform',
    'ChangeDUState',
    'Download',
    'Upload',
    'ScheduleDownload',
    'CancelTransfer',
    'GetQueuedTransfers',
    'GetAllQueuedTransfers',
]
PROCESSES = INFO + 'ProcessStatus.'


def names(result):
    """{path: writable} of a `names` command."""
    matches = (re.match(r'(\S+) (read-only|writable)$', line) for line in result.lines)
    return {match[1]: match[2] == 'writable' for match in matches if match}


def test_T057_methods(pair):
    acs, agent = pair()
    result = acs.call(('methods',))
    assert [line.split()[1] for line in result.lines] == METHODS


@pytest.mark.parametrize('request_text', [
    '<c:GetOptions><OptionName></OptionName></c:GetOptions>',
    '<c:SetVouchers><VoucherList n:arrayType="n:base64[1]"><base64>AA==</base64></VoucherList></c:SetVouchers>',
], ids=['GetOptions', 'SetVouchers'])
def test_R69_deprecated_methods_are_not_supported(pair, tmp_path, request_text):
    """They answer 9000; that they are not listed is T057."""
    acs, agent = pair()
    request = tmp_path / 'request.xml'
    request.write_text('<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
                       'xmlns:n="http://schemas.xmlsoap.org/soap/encoding/" xmlns:c="urn:dslforum-org:cwmp-1-2">'
                       '<e:Header><c:ID e:mustUnderstand="1">7</c:ID></e:Header><e:Body>%s</e:Body></e:Envelope>'
                       % request_text)
    deprecated, after = acs.call(('raw', str(request)), ('get', CODE))
    assert deprecated.fault == 9000 and after.good


def test_T058_types(pair):
    acs, agent = pair()
    acs.get(SERVER, INFO + 'UpTime', 'Device.Time.')
    text = next(m for m in acs.messages(True) if m.method == 'GetParameterValuesResponse').body.decode()
    for name, kind in ((SERVER + 'URL', 'string'), (SERVER + 'PeriodicInformEnable', 'boolean'),
                       (SERVER + 'PeriodicInformInterval', 'unsignedInt'), (SERVER + 'PeriodicInformTime', 'dateTime'),
                       (INFO + 'UpTime', 'unsignedInt'), ('Device.Time.CurrentLocalTime', 'dateTime')):
        assert '<Name>%s</Name><Value xsi:type="xsd:%s">' % (name, kind) in text.replace('\n', ''), name


# Each type of a value: what a program publishes, and the text that the ACS gets.
TYPES = {'string': ('a<&>"\' b ',) * 2, 'int': ('-2147483648',) * 2, 'unsignedInt': ('4294967295',) * 2,
         'long': ('-9223372036854775808',) * 2, 'unsignedLong': ('18446744073709551615',) * 2, 'boolean': ('true', '1'),
         'dateTime': ('2030-02-28T23:59:59Z',) * 2, 'base64': ('AAEC/w==',) * 2, 'hexBinary': ('00FF', None)}


def test_T058_values_and_types(pair, publish):
    """Full names, in the order of the request."""
    vendor = 'Device.X_ESPALIER_Types.'
    publish('vendor', *['%s%s %s %s' % (vendor, kind.capitalize(), kind, value) for kind, (value, _) in TYPES.items()])
    acs, agent = pair()
    wait_until(lambda: len(agent.tree(vendor)) == len(TYPES), 'the segment')
    paths = [vendor + kind.capitalize() for kind in reversed(TYPES)]
    values = acs.get(*paths)
    assert list(values) == paths
    for path, (kind, (_, text)) in zip(paths, reversed(TYPES.items())):
        assert values[path] == text or (text is None and values[path].upper() == '00FF'), path
    body = next(m for m in acs.messages(True) if m.method == 'GetParameterValuesResponse').body.decode()
    types = dict(re.findall(r'<Name>%s(\w+)</Name><Value xsi:type="([^"]*)">' % re.escape(vendor), body))
    assert types == {kind.capitalize(): 'xsd:base64Binary' if kind == 'base64' else 'xsd:' + kind for kind in TYPES}
    assert 'arrayType="cwmp:ParameterValueStruct[%d]"' % len(TYPES) in body


def test_T059_T060_partial_and_empty_path(pair, publish):
    """All that GetParameterNames lists below, instances included, and nothing else; but processes come and go."""
    table = 'Device.X_ESPALIER_Test.Port.'
    publish('vendor', *['%s%d.Link.%d.Up boolean %d' % (table, port, link, link % 2) for port in (1, 12) for link in (1, 3)],
            'Device.X_ESPALIER_Test.Empty.{i}. object', 'Device.X_ESPALIER_Test.Empty.{i}.Name string')
    acs, agent = pair()
    wait_until(lambda: len(agent.tree(table)) == 4, 'the table')
    for path in ('Device.DeviceInfo.MemoryStatus.', SERVER, table, table + '12.', table + '1.Link.', 'Device.', ''):
        listed, got = acs.call(('names', path, '0'), ('get', path))
        wanted = {name for name in names(listed) if not name.endswith('.') and not name.startswith(PROCESSES)}
        assert {name for name in got.values if not name.startswith(PROCESSES)} == wanted and wanted, path
        assert all(name.startswith(path) for name in got.values)
    assert {'Device.RootDataModelVersion', table + '12.Link.3.Up'} <= wanted


@pytest.mark.parametrize('path', ['Device.Nothing', 'Device.DeviceInfo.Nothing', 'Device.DeviceInfo',
                                  'Device.DeviceInfo.UpTime.', 'device.DeviceInfo.', 'Device.DeviceInfo.uptime',
                                  'InternetGatewayDevice.', 'Device.DeviceInfo.ProcessStatus.Process.*.Nothing',
                                  'Device..', '.', '*', 'Device.*', 'Device.Nothing.*.', 'Device.DeviceInfo.*.UpTime', 'Device.DeviceInfo.%s' % ('x' * 200), 'Device.DeviceInfo.ProcessStatus.Process.0.'])
def test_T061_T063_T070_unknown_names(pair, path):
    acs, agent = pair()
    results = acs.call(('get', KEY, path), ('names', path, '0'), ('attributes', path), ('get', KEY))
    assert [result.fault for result in results] == [9005, 9005, 9005, 0]


def test_T063_object_without_its_dot(pair):
    acs, agent = pair()
    paths = [PROCESSES + 'Process', '%sProcess.%d' % (PROCESSES, os.getpid()), '%sProcess.%d.PID.' % (PROCESSES, os.getpid())]
    assert acs.get(paths[1] + '.')
    results = acs.call(*[(command, path) for path in paths for command in ('get', 'names', 'attributes')])
    assert {result.fault for result in results} == {9005}


def test_T062_empty_table(pair, publish):
    acs, agent = pair()
    publisher = publish('vendor', 'Device.X_ESPALIER_Empty.{i}. object', 'Device.X_ESPALIER_Empty.{i}.Name string(16)')
    wait_until(lambda: 'vendor' in agent.run('shmdump', '-s').stdout, 'the segment')
    result, next_level, all_levels = acs.call(('get', 'Device.X_ESPALIER_Empty.'), ('names', 'Device.X_ESPALIER_Empty.', '1'),
                                              ('names', 'Device.X_ESPALIER_Empty.', '0'))
    assert result.good and not result.values and next_level.good and not names(next_level)
    assert names(all_levels) == {'Device.X_ESPALIER_Empty.': False}
    body = next(m for m in acs.messages(True) if m.method == 'GetParameterValuesResponse').body
    assert b'arrayType="cwmp:ParameterValueStruct[0]"' in body
    publisher.stop()


def test_T064_passwords_are_empty(pair):
    acs, agent = pair(password='geheim')
    values = acs.get(SERVER + 'Password', SERVER + 'ConnectionRequestPassword')
    assert set(values.values()) == {''}
    everything = b''.join(message.body for message in acs.messages(True))
    assert b'geheim' not in everything and b'hello' not in everything
    assert 'geheim' not in agent.process.stderr


def test_T065_T066_T067_T068_names(pair):
    acs, agent = pair()
    root, everything, table, full, level = acs.call(
        ('names', '', '1'), ('names', '', '0'), ('names', PROCESSES + 'Process.', '1'), ('names', KEY, '0'),
        ('names', KEY, '1'))
    assert names(root) == {'Device.': False}
    assert list(names(everything))[0] == 'Device.'
    assert {KEY, PROCESSES + 'Process.', PROCESSES} <= set(names(everything))
    assert names(table) and all(re.fullmatch(re.escape(PROCESSES) + r'Process\.\d+\.', name) for name in names(table))
    assert names(full) == {KEY: False}
    assert level.fault == 9003


def test_T066_everything_once(pair):
    """Each object above a name is there, before it; nothing is there twice; and the parameters are those of T060."""
    acs, agent = pair()
    listed, values = acs.call(('names', '', '0'), ('get', ''))
    paths = [line.split(' ')[0] for line in listed.lines if line.startswith('Device.')]
    assert len(paths) == len(set(paths)) and not any('{' in path or '..' in path for path in paths)
    seen = set()
    for path in paths:
        above = path.rstrip('.').rpartition('.')[0]
        assert not above or above + '.' in seen, path
        seen.add(path)
    parameters = {path for path in paths if not path.endswith('.') and not path.startswith(PROCESSES)}
    assert parameters == {path for path in values.values if not path.startswith(PROCESSES)}


def test_names_then_values(pair):
    """Every name that is listed can be read (complaint 8)."""
    acs, agent = pair()
    paths = [name for name in names(acs.call(('names', SERVER, '0'))) if not name.endswith('.')]
    assert len(paths) > 10
    assert set(acs.get(*paths)) == set(paths)


def test_T069_writable_is_true(pair):
    acs, agent = pair()
    listed = names(acs.call(('names', SERVER, '0')))
    values = acs.get(SERVER)
    # Hidden, and read as empty: set so, it would lock this ACS out. In one session: connection requests are limited.
    results = acs.call(*[('set', path, 'hello' if path.endswith('ConnectionRequestPassword') else value)
                         for path, value in values.items()])
    for path, result in zip(values, results):
        assert result.good == listed[path], path
        if not listed[path]:
            assert result.details == {path: 9008}


def test_T069_tables_and_rows(pair, publish):
    """Of the whole tree: a table is writable where AddObject works, a row where DeleteObject does, nothing else is."""
    open_, closed = 'Device.X_ESPALIER_Open.', 'Device.X_ESPALIER_Closed.'
    publish('vendor', open_ + '{i}. object,rw', open_ + '{i}.Name string,rw', open_ + '1.Name string,rw a',
            closed + '{i}. object', closed + '{i}.Name string,rw', closed + '1.Name string,rw a')
    acs, agent = pair()
    wait_until(lambda: len(agent.tree(open_, closed)) == 2, 'the tables')
    assert acs.call(('add', SERVER + 'InformParameter.')).good
    listed = {path: writable for path, writable in names(acs.call(('names', '', '0'))).items()
              if path.endswith('.') and not re.match(re.escape(PROCESSES) + r'Process\.\d', path)}
    assert [listed[path] for path in (open_, open_ + '1.', closed, closed + '1.')] == [True, True, False, False]
    assert listed[SERVER + 'InformParameter.'] and listed[SERVER + 'InformParameter.1.'] and not listed['Device.']
    added = acs.call(*[('add', path) for path in listed])
    for path, result in zip(listed, added):
        row = path.split('.')[-2].isdigit()
        assert result.good == (listed[path] and not row) and (result.good or result.fault == 9005), path
    deleted = acs.call(*[('delete', path) for path in listed])
    for path, result in zip(listed, deleted):
        row = path.split('.')[-2].isdigit()
        assert result.good == (listed[path] and row) and (result.good or result.fault == 9005), path


def test_fresh_values(pair):
    acs, agent = pair()
    before = int(acs.get(INFO + 'UpTime')[INFO + 'UpTime'])
    time.sleep(1.1)
    after = int(acs.get(INFO + 'UpTime')[INFO + 'UpTime'])
    assert after > before
    own = '%sProcess.%d.' % (PROCESSES, os.getpid())
    assert acs.get(own)[own + 'PID'] == str(os.getpid())


def test_whole_tree_in_every_order(pair):
    acs, agent = pair()
    values = acs.get('Device.')
    rows = {name.split('.')[4] for name in values if name.startswith(PROCESSES + 'Process.')}
    assert values[PROCESSES + 'ProcessNumberOfEntries'] == str(len(rows))
    memory = values[INFO + 'MemoryStatus.Total']
    with open('/proc/meminfo', encoding='ascii') as file:
        assert 'MemTotal:%15s kB' % memory in file.read().replace('\t', ' ') or int(memory) > 0


def test_wildcards(pair, publish):
    """R-48: `*` in place of instances, in the three reading methods; the schema decides what is unknown."""
    table = 'Device.X_ESPALIER_Test.Port.'
    publish('vendor', *['%s%d.Link.%d.Up boolean,rw %d' % (table, port, link, link % 2)
                                           for port in (1, 12) for link in (1, 2, 3)],
            *['%s%d.Name string port%d' % (table, port, port) for port in (1, 12)])
    acs, agent = pair()
    wait_until(lambda: len(agent.tree(table)) == 8, 'the tables')
    assert acs.get(SERVER + 'InstanceWildcardsSupported') == {SERVER + 'InstanceWildcardsSupported': '1'}
    names_of_all, links, mixed, rows, next_level, attributes, refused = acs.call(
        ('get', table + '*.Name', KEY), ('get', table + '*.Link.*.Up'), ('get', table + '12.Link.*.'),
        ('names', table + '*.', '0'), ('names', table + '*.', '1'), ('attributes', table + '*.Link.2.Up'),
        ('set', table + '*.Link.1.Up', '0'))
    assert names_of_all.values == {table + '1.Name': 'port1', table + '12.Name': 'port12', KEY: ''}
    assert list(links.values) == ['%s%d.Link.%d.Up' % (table, port, link) for port in (1, 12) for link in (1, 2, 3)]
    assert list(mixed.values) == ['%s12.Link.%d.Up' % (table, link) for link in (1, 2, 3)]
    assert len(names(rows)) == 18 and {table + '1.', table + '12.Link.', table + '12.Link.3.Up'} <= set(names(rows))
    assert set(names(next_level)) == {'%s%d.%s' % (table, port, last) for port in (1, 12) for last in ('Name', 'Link.')}
    assert attributes.good and len([line for line in attributes.lines if '.Link.2.Up' in line]) == 2
    assert refused.details == {table + '*.Link.1.Up': 9005}


def test_wildcard_without_instances(pair, publish):
    """Instances that are missing make an empty list, names that the schema does not have a fault (R-55)."""
    table = 'Device.X_ESPALIER_Empty.'
    publish('vendor', table + '{i}. object', table + '{i}.Name string', table + '{i}.Link.{i}.Up boolean')
    acs, agent = pair()
    wait_until(lambda: 'vendor' in agent.run('shmdump', '-s').stdout, 'the segment')
    paths = ('*.Name', '*.', '*.Link.*.Up', '*.Link.', '*.Nothing', '*.Nothing.', '*.Link.*.Nothing', '1.Link.*.Up')
    results = acs.call(*[('get', table + path) for path in paths], ('names', table + '*.', '1'))
    assert [result.fault for result in results] == [0, 0, 0, 0, 9005, 9005, 9005, 9005, 0]
    assert not any(result.values for result in results)
