# SPDX-License-Identifier: GPL-2.0-or-later
# Attributes of parameters: notification and access lists (T086 to T090).
import re

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, KEY, SERVER, make_agent, pair, publish  # noqa: F401
from process import wait_until

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
    results = acs.call(('set-attributes', CODE, '0'), ('attributes', CODE))
    assert attributes(results[1])[CODE][0] == 2


def test_T088_no_local_writes(pair):
    acs, agent = pair()
    assert acs.call(('set-attributes', SERVER + 'Username', '-', '')).good
    agent.set(status=1, Username='me')
    agent.set(PeriodicInformInterval=99)
    assert acs.call(('set', SERVER + 'Username', 'acs')).good
    assert acs.call(('set-attributes', SERVER + 'Username', '-', 'Subscriber')).good
    agent.set(Username='me')


@pytest.mark.parametrize('path, notification, fault', [('Device.Nope', '1', 9005), (URL, '8', 9003), (URL, '7', 9003)])
def test_faults_change_nothing(pair, path, notification, fault):
    acs, agent = pair()
    result, after = acs.call(('set-attributes', path, notification), ('attributes', URL))
    assert result.fault == fault and attributes(after)[URL][0] == 0


def test_T089_T090_attributes_survive(pair):
    acs, agent = pair(strange=True)
    assert acs.call(('set-attributes', URL, '1', 'x')).good
    agent.process.kill()
    agent.start()
    found = attributes(acs.call(('attributes', URL)))
    assert found[URL][0] == 1 and 'x' in found[URL][1]
