# SPDX-License-Identifier: GPL-2.0-or-later
# Attributes of parameters: notification and access lists (T086 to T090).
import re

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, KEY, SERVER, make_agent, pair, publish  # noqa: F401
from kills import get_attributes
from process import wait_until
from wire import Wire

INFO = 'Device.DeviceInfo.'
URL = SERVER + 'URL'


def attributes(result):
    """{path: (notification, access list)} of an `attributes` command."""
    matches = (re.match(r'(\S+) notification=(\d) access-list=(.*)$', line) for line in result.lines)
    return {match[1]: (int(match[2]), match[3]) for match in matches if match}


def test_defaults(pair):
    acs, agent = pair()
    found = attributes(acs.call(('attributes', 'Device.')))
    assert found[INFO + 'SoftwareVersion'][0] == 2 and found[CODE][0] == 2
    assert found[SERVER + 'ConnectionRequestURL'][0] == 2
    assert found[URL][0] == 0 and 'Subscriber' in found[URL][1]


def test_set_and_read(pair):
    acs, agent = pair(strange=True)
    results = acs.call(('set-attributes', URL, '1', 'Subscriber,other'), ('attributes', URL),
                       ('set-attributes', URL, '-', ''), ('attributes', URL), ('set-attributes', URL, '0'),
                       ('attributes', URL))
    assert all(result.good for result in results), results
    assert attributes(results[1])[URL][0] == 1 and 'other' in attributes(results[1])[URL][1]
    assert attributes(results[3])[URL][0] == 1 and 'Subscriber' not in attributes(results[3])[URL][1]
    assert attributes(results[5])[URL][0] == 0


def test_partial_path_and_later_wins(pair, publish):
    acs, agent = pair()
    results = acs.call(('set-attributes', URL, '2'), ('set-attributes', SERVER, '1'), ('attributes', SERVER),
                       ('set-attributes', URL, '0'), ('attributes', SERVER))
    assert all(result.good for result in results)
    first, second = attributes(results[2]), attributes(results[4])
    assert first[URL][0] == 1 and first[KEY][0] == 1
    assert second[URL][0] == 0 and second[KEY][0] == 1


def test_partial_path_holds_for_later_instances(pair, publish):
    acs, agent = pair()
    publisher = publish('vendor', 'Device.X_ESPALIER_Row.{i}. object', 'Device.X_ESPALIER_Row.1.Name string(16) a')
    wait_until(lambda: agent.tree('Device.X_ESPALIER_Row.'), 'the row')
    assert acs.call(('set-attributes', 'Device.X_ESPALIER_Row.', '2')).good
    publisher.write('Device.X_ESPALIER_Row.2.Name string(16) b\n\n')
    wait_until(lambda: len(agent.tree('Device.X_ESPALIER_Row.')) == 2, 'the second row')
    found = attributes(acs.call(('attributes', 'Device.X_ESPALIER_Row.2.Name')))
    assert found['Device.X_ESPALIER_Row.2.Name'][0] == 2


def test_T086_active_on_a_counter_is_denied(pair):
    acs, agent = pair()
    results = acs.call(('set-attributes', INFO + 'UpTime', '2'), ('set-attributes', INFO, '2'),
                       ('set-attributes', INFO + 'UpTime', '1'), ('attributes', INFO + 'UpTime'))
    assert [result.fault for result in results] == [9009, 9009, 0, 0]
    assert attributes(results[3])[INFO + 'UpTime'][0] == 1


def test_T087_forced_stays(pair):
    acs, agent = pair()
    version, forced = INFO + 'SoftwareVersion', (INFO + 'SoftwareVersion', CODE)
    results = acs.call(*[('set-attributes', path, '0') for path in forced], ('set-attributes', INFO + 'HardwareVersion', '0'),
                       ('attributes', *forced))
    assert all(result.fault in (0, 9009) for result in results[:2]) and results[2].good
    assert {path: attributes(results[3])[path][0] for path in forced} == {path: 2 for path in forced}
    agent.set_paths({CODE: 'local'})
    assert acs.wait_inform('4 VALUE CHANGE').parameters[CODE] == 'local'
    agent.process.stop()
    agent.path.write_text(agent.path.read_text().replace('[device]', '[device]\nsoftware_version = 9.9'))
    count = len(acs.informs())
    agent.start()
    inform = acs.wait_inform('4 VALUE CHANGE', after=count)
    assert inform.parameters[version] == '9.9'


def test_T088_no_local_writes(pair):
    acs, agent = pair()
    assert acs.call(('set-attributes', SERVER + 'Username', '-', '')).good
    agent.set(status=1, Username='me')
    agent.set(PeriodicInformInterval=99)
    assert acs.call(('set', SERVER + 'Username', 'acs')).good
    assert acs.call(('set-attributes', SERVER + 'Username', '-', 'Subscriber')).good
    agent.set(Username='me')


def test_T088_other_entities_are_stored_and_returned(pair):
    """None of them gives the LAN side its access back."""
    acs, agent = pair(strange=True)
    name = SERVER + 'Username'
    results = acs.call(('set-attributes', name, '-', 'X_ACME_Installer,somebody'), ('attributes', name))
    assert results[0].good and attributes(results[1])[name] == (0, 'X_ACME_Installer,somebody')
    agent.set(status=1, Username='me')
    agent.process.kill()
    agent.start()
    assert attributes(acs.call(('attributes', name)))[name] == (0, 'X_ACME_Installer,somebody')
    agent.set(status=1, Username='me')


def test_T089_a_change_of_the_other_only(make_agent):
    """The values beside a Change flag that is false do not count, whatever they are."""
    wire = Wire()
    agent = make_agent(wire.url).start()
    wire.first()
    struct = ('<SetParameterAttributesStruct><Name>%s</Name><NotificationChange>%s</NotificationChange>'
              '<Notification>%d</Notification><AccessListChange>%s</AccessListChange>'
              '<AccessList n:arrayType="xsd:string[%d]">%s</AccessList></SetParameterAttributesStruct>')

    def set_one(path, change, notification, access_change, names):
        answer = connection.call(
            '<c:SetParameterAttributes><ParameterList n:arrayType="c:SetParameterAttributesStruct[1]">%s</ParameterList>'
            '</c:SetParameterAttributes>' % struct % (path, change, notification, access_change, len(names), ''.join(
                '<string>%s</string>' % name for name in names)))
        assert answer.method == 'SetParameterAttributesResponse', answer.body
        found = connection.call(get_attributes(URL))
        return found.texts('Notification'), found.texts('string')

    connection = wire.session(agent)
    assert set_one(URL, 1, 1, 1, ['Subscriber', 'other']) == (['1'], ['Subscriber', 'other'])
    assert set_one(URL, 0, 2, 1, []) == (['1'], [])
    assert set_one(URL, 'true', 2, 'false', ['Subscriber']) == (['2'], [])
    assert set_one(URL, 'false', 6, 0, ['a', 'b']) == (['2'], [])
    assert set_one(SERVER, 0, 0, 0, []) == (['2'], [])
    assert set_one(INFO + 'UpTime', 0, 2, 0, []) == (['2'], []), 'no 9009 for what is not asked'
    connection.end()
    wire.close()


def set_attributes(*entries):
    """A SetParameterAttributes of (path, notification, access list), None for no change."""
    structs = ''.join(
        '<SetParameterAttributesStruct><Name>%s</Name><NotificationChange>%d</NotificationChange><Notification>%d</Notification>'
        '<AccessListChange>%d</AccessListChange><AccessList n:arrayType="xsd:string[%d]">%s</AccessList>'
        '</SetParameterAttributesStruct>' % (path, notification is not None, notification or 0, names is not None,
                                             len(names or ()), ''.join('<string>%s</string>' % name for name in names or ()))
        for path, notification, names in entries)
    return ('<c:SetParameterAttributes><ParameterList n:arrayType="c:SetParameterAttributesStruct[%d]">%s</ParameterList>'
            '</c:SetParameterAttributes>' % (len(entries), structs))


def test_R57_one_call_with_many_entries(make_agent):
    """In their order, where the later one wins; and all or nothing."""
    wire = Wire()
    agent = make_agent(wire.url).start()
    wire.first()
    connection = wire.session(agent)
    policy = SERVER + 'HeartbeatPolicy.'
    one, two = policy + 'Enable', policy + 'ReportingInterval'

    def found(*entries):
        answer = connection.call(set_attributes(*entries))
        now = connection.call(get_attributes(one, two))
        return answer.fault, now.texts('Notification'), now.texts('string')

    default = ['Subscriber'] * 2
    assert found((one, 2, None), (policy, 1, None)) == (0, ['1', '1'], default)
    assert found((policy, 2, None), (one, 0, None), (two, 1, None), (two, 2, ['a'])) == (0, ['0', '2'], ['Subscriber', 'a'])
    for bad, fault in (((SERVER + 'Nope', 1, None), 9005), ((policy[:-1], 1, None), 9005), ((INFO + 'UpTime', 2, None), 9009),
                       (('Device.', 2, None), 9009), (('', 2, None), 9009), ((one, 7, None), 9003),
                       ((one, None, ['x' * 65]), 9003), ((one, None, ['']), 9003),
                       ((INFO + 'ProcessStatus.Process.*.PID', 1, None), 9005)):
        assert found((one, 1, ['b']), bad, (two, 1, ['b'])) == (fault, ['0', '2'], ['Subscriber', 'a']), bad
    assert found((one, None, ['x' * 64, '\u00e4' * 64])) == (0, ['0', '2'], ['x' * 64, '\u00e4' * 64, 'a'])
    assert found(('', 1, [])) == (0, ['1', '1'], []), 'the whole tree'
    everything = connection.call(get_attributes(''))
    names = dict(zip(everything.texts('Name'), everything.texts('Notification')))
    assert names[CODE] == '2' and names[INFO + 'UpTime'] == '1' and len(names) > 100
    assert len(names) == everything.body.count('<AccessList ') == len(everything.texts('Name'))
    connection.end()
    wire.close()


@pytest.mark.parametrize('path, notification, fault', [('Device.Nope', '1', 9005), (URL, '8', 9003), (URL, '7', 9003)])
def test_faults_change_nothing(pair, path, notification, fault):
    acs, agent = pair()
    result, after = acs.call(('set-attributes', path, notification), ('attributes', URL))
    assert result.fault == fault and attributes(after)[URL][0] == 0


def test_T090_attributes_survive(pair):
    acs, agent = pair(strange=True)
    assert acs.call(('set-attributes', URL, '1', 'x')).good
    agent.process.kill()
    agent.start()
    found = attributes(acs.call(('attributes', URL)))
    assert found[URL][0] == 1 and 'x' in found[URL][1]
