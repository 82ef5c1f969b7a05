# SPDX-License-Identifier: GPL-2.0-or-later
# Value changes that the ACS is told: passive, active, across restarts (T081 to T085, T090).
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, CREDENTIALS, KEY, SERVER, make_agent, pair, publish  # noqa: F401
from process import wait_until

VENDOR = 'Device.X_ESPALIER_Test.'
TEXT, NUMBER = VENDOR + 'Text', VENDOR + 'Number'
LINES = (TEXT + ' string(16),rw one', NUMBER + ' unsignedInt,rw 1')
USERNAME = SERVER + 'Username'
CHANGE = '4 VALUE CHANGE'


@pytest.fixture
def vendor(pair, publish):
    publisher = publish('vendor', *LINES)
    acs, agent = pair()
    wait_until(lambda: TEXT in agent.tree(VENDOR), 'the vendor segment')
    return acs, agent, publisher


def changed(inform, *paths):
    return {path: inform.parameters.get(path) for path in paths}


def test_T081_passive(vendor):
    acs, agent, publisher = vendor
    assert acs.call(('set-attributes', TEXT, '1')).good
    count = len(acs.informs())
    agent.set_paths({TEXT: 'two', NUMBER: '2'})
    assert agent.run('espalier-request', 'set', USERNAME + '=me', status=0)
    assert len(acs.informs()) == count, 'a passive change opens no session'
    assert acs.call(('get', KEY)).good
    inform = acs.informs()[-1]
    assert set(inform.events) == {CHANGE, '6 CONNECTION REQUEST'}
    assert changed(inform, TEXT, NUMBER) == {TEXT: 'two', NUMBER: None}
    acs.call(('get', KEY))
    assert acs.informs()[-1].events == ['6 CONNECTION REQUEST']


def test_T082_active(vendor):
    acs, agent, publisher = vendor
    assert acs.call(('set-attributes', TEXT, '2')).good
    agent.set_paths({TEXT: 'two'})
    inform = acs.wait_inform(CHANGE)
    assert inform.events == [CHANGE] and changed(inform, TEXT) == {TEXT: 'two'}


def test_T082_active_by_the_owner_itself(vendor):
    acs, agent, publisher = vendor
    assert acs.call(('set-attributes', VENDOR, '2')).good
    publisher.write(NUMBER + ' unsignedInt 7\n\n')
    assert changed(acs.wait_inform(CHANGE), NUMBER, TEXT) == {NUMBER: '7', TEXT: None}


def test_own_forced_parameter(pair):
    acs, agent = pair()
    agent.set_paths({CODE: 'local'})
    assert changed(acs.wait_inform(CHANGE), CODE) == {CODE: 'local'}


def test_T083_changes_of_the_acs_do_not_count(vendor):
    acs, agent, publisher = vendor
    assert acs.call(('set-attributes', VENDOR, '2'), ('set', TEXT, 'acs', NUMBER, '9', CODE, 'acs'))[1].good
    agent.wait_idle(2)
    assert acs.call(('get', KEY)).good
    assert not any(CHANGE in inform.events for inform in acs.informs())
    agent.restart()
    acs.call(('get', KEY))
    assert not any(CHANGE in inform.events for inform in acs.informs())


def test_T084_two_changes_one_entry(vendor):
    acs, agent, publisher = vendor
    assert acs.call(('set-attributes', TEXT, '1')).good
    agent.set_paths({TEXT: 'two'})
    agent.set_paths({TEXT: 'three'})
    acs.call(('get', KEY))
    assert changed(acs.informs()[-1], TEXT) == {TEXT: 'three'}
    inform = [message for message in acs.messages(True) if message.method == 'Inform'][-1]
    assert inform.texts('Name').count(TEXT) == 1 and inform.texts('EventCode').count(CHANGE) == 1


def test_R91_flipped_back(vendor):
    acs, agent, publisher = vendor
    assert acs.call(('set-attributes', TEXT, '1')).good
    agent.set_paths({TEXT: 'two'})
    agent.set_paths({TEXT: 'one'})
    acs.call(('get', KEY))
    inform = acs.informs()[-1]
    assert CHANGE in inform.events and changed(inform, TEXT) == {TEXT: 'one'}


def test_R91_what_changed_while_it_was_off(vendor):
    """Neither a change while nobody wanted to be told of it, nor one that waited when it was turned off."""
    acs, agent, publisher = vendor
    assert acs.call(('set-attributes', TEXT, '1')).good
    agent.set_paths({TEXT: 'two'})
    agent.set_paths({NUMBER: '2'})
    off, on = acs.call(('set-attributes', TEXT, '0'), ('set-attributes', NUMBER, '1'))
    assert CHANGE in acs.informs()[-1].events and off.good and on.good
    agent.set_paths({TEXT: 'three'})
    assert acs.call(('set-attributes', TEXT, '1')).good
    agent.restart()
    acs.call(('get', KEY))
    assert CHANGE not in acs.informs()[-1].events
    agent.set_paths({TEXT: 'four'})
    acs.call(('get', KEY))
    assert changed(acs.informs()[-1], TEXT, NUMBER) == {TEXT: 'four', NUMBER: None}


def test_T085_throttle(vendor):
    """Counted from the end of the last session, not from the change."""
    acs, agent, publisher = vendor
    assert all(result.good for result in acs.call(
        ('set-attributes', TEXT, '2'), ('set', SERVER + 'DefaultActiveNotificationThrottle', '8')))
    agent.wait_idle(2)
    end = max(message.time for message in acs.messages())
    time.sleep(4)
    agent.set_paths({TEXT: 'two'})
    inform = acs.wait_inform(CHANGE)
    start = next(m.time for m in acs.messages(True) if m.method == 'Inform' and CHANGE in m.body.decode())
    assert 7900 <= start - end < 11500, 'milliseconds'
    assert inform.events == [CHANGE] and changed(inform, TEXT) == {TEXT: 'two'}


def test_T085_throttle_delays_no_other_session(vendor):
    acs, agent, publisher = vendor
    assert all(result.good for result in acs.call(
        ('set-attributes', TEXT, '2'), ('set', SERVER + 'DefaultActiveNotificationThrottle', '3600')))
    agent.wait_idle(2)
    agent.set_paths({TEXT: 'two'})
    acs.call(('get', KEY))
    assert set(acs.informs()[-1].events) == {CHANGE, '6 CONNECTION REQUEST'}


def test_T090_change_survives_a_kill(vendor):
    acs, agent, publisher = vendor
    assert acs.call(('set-attributes', TEXT, '1')).good
    agent.set_paths({TEXT: 'two'})
    agent.set_paths({TEXT: 'one'})
    wait_until(lambda: agent.tree(TEXT) == {TEXT: 'one'}, 'the value')
    agent.process.stop()
    agent.start()
    acs.call(('get', KEY))
    assert CHANGE in acs.informs()[-1].events, 'flipped back before the restart'


@pytest.mark.parametrize('notification', [1, 2])
def test_T090_power_cut(vendor, publish, run_folder, notification):
    """The attributes are there after the boot; and so is a change that waited, although the owner has the value again
    that it had before."""
    acs, agent, publisher = vendor
    assert all(result.good for result in acs.call(
        ('set-attributes', TEXT, notification), ('set', SERVER + 'DefaultActiveNotificationThrottle', '3600')))
    agent.wait_idle(2)
    count = len(acs.informs())
    agent.set_paths({TEXT: 'two'})
    time.sleep(0.5)  # until the agent has seen it
    agent.set(PeriodicInformInterval=1000)  # and this is durable after that
    publisher.kill()
    assert len(acs.informs()) == count
    agent.power_cut(run_folder)
    publish('vendor', *LINES)
    assert '1 BOOT' in acs.wait_inform(after=count).events
    wait_until(lambda: TEXT in agent.tree(VENDOR), 'the vendor segment')
    attributes = acs.call(('attributes', TEXT))
    assert attributes.lines == ['%s notification=%d access-list=Subscriber' % (TEXT, notification)]
    told = [inform for inform in acs.informs()[count:] if TEXT in inform.parameters]
    assert len(told) == 1 and CHANGE in told[0].events and changed(told[0], TEXT) == {TEXT: 'one'}


def test_T090_change_while_the_agent_is_down(vendor):
    acs, agent, publisher = vendor
    assert acs.call(('set-attributes', TEXT, '2')).good
    agent.process.kill()
    publisher.write(TEXT + ' string(16),rw down\n\n')
    agent.start()
    assert changed(acs.wait_inform(CHANGE), TEXT) == {TEXT: 'down'}


def test_software_version_after_an_upgrade(pair):
    acs, agent = pair()
    agent.process.stop()
    text = agent.path.read_text()
    agent.path.write_text(text.replace('[device]', '[device]\nsoftware_version = 9.9'))
    agent.start()
    inform = acs.wait_inform(CHANGE)
    assert inform.parameters['Device.DeviceInfo.SoftwareVersion'] == '9.9'


def test_owner_restart_is_no_change(vendor, publish):
    acs, agent, publisher = vendor
    assert acs.call(('set-attributes', VENDOR, '2')).good
    publisher.stop()
    publish('vendor', *LINES)
    wait_until(lambda: TEXT in agent.tree(VENDOR), 'the vendor segment')
    acs.call(('get', KEY))
    assert CHANGE not in acs.informs()[-1].events


def test_R91_owner_is_away_when_its_change_is_told(vendor, publish):
    """The change waits, and is told with its event and its value when the owner has come back."""
    acs, agent, publisher = vendor
    assert all(result.good for result in acs.call(
        ('set-attributes', TEXT, '2'), ('set', SERVER + 'DefaultActiveNotificationThrottle', '3600')))
    agent.wait_idle(2)
    agent.set_paths({TEXT: 'two'})
    publisher.kill()
    publisher = publish('vendor', NUMBER + ' unsignedInt,rw 1')
    wait_until(lambda: agent.tree(VENDOR) == {NUMBER: 1}, 'the segment without the parameter')
    assert acs.set({SERVER + 'DefaultActiveNotificationThrottle': '0'}).good
    agent.wait_idle(3)
    count = len(acs.informs())
    assert not any(TEXT in inform.parameters or CHANGE in inform.events for inform in acs.informs())
    publisher.stop()
    publish('vendor', *LINES)
    inform = acs.wait_inform(after=count)
    assert inform.events == [CHANGE] and changed(inform, TEXT) == {TEXT: 'one'}


def test_failed_session_keeps_the_change(start_acs, make_agent, publish):
    acs = start_acs(*CREDENTIALS)
    agent = make_agent(acs.url).fast_retry().start()
    acs.wait_inform()
    agent.wait_idle()
    port = acs.port
    acs.stop()
    agent.set_paths({CODE: 'lost?'})
    agent.wait_failed(1)
    again = start_acs(*CREDENTIALS, port=port)
    inform = again.wait_inform(CHANGE)
    assert inform.retry >= 1 and changed(inform, CODE) == {CODE: 'lost?'}
