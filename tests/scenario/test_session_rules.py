# SPDX-License-Identifier: GPL-2.0-or-later
# When sessions are tried again, and with what; one session at a time; own requests in a session (R-30 to,
# R-41; T022, T040, T044, T053 to T056).
import re

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, KEY, SERVER, SETTING, STATE, make_agent, pair  # noqa: F401
from fileserver import file_server  # noqa: F401
from transfer import FIRMWARE, device  # noqa: F401

EVENT = 'X 00D09E Test'
WAIT, MULTIPLIER = (SERVER + name for name in ('CWMPRetryMinimumWaitInterval', 'CWMPRetryIntervalMultiplier'))


def raise_event(agent):
    """An event that is tried again until it is delivered."""
    agent.run('espalier-request', 'operate', SERVER + 'Event()', 'Code=' + EVENT)


def informs(acs):
    return [message for message in acs.messages(True) if message.path and message.method == 'Inform']


@pytest.mark.parametrize('exchange', [1, 2], ids=['inform', 'empty'])
def test_T022_T053_silence_ends_the_session_after_30_s_and_more(pair, exchange):
    acs, agent = pair('--misbehave', 'silent:%d' % exchange, wait=False, fast=True)
    acs.wait_inform()
    raise_event(agent)
    reason = agent.process.wait_for('session 1 in a row has failed: (.*)$', timeout=180)[1]
    assert 'answer' in reason or 'response' in reason, reason
    second = acs.wait_inform(after=1)
    times = [message.time for message in informs(acs)]
    assert len(times) == 2 and times[1] - times[0] >= 30, 'no second session beside the silent one'
    assert second.retry == 1 and EVENT in second.events
    # The first Inform has delivered what it had only where it was answered.
    assert ('0 BOOTSTRAP' in second.events) == (exchange == 1)


def test_T054_waits_are_those_of_the_table(pair):
    acs, agent = pair()
    assert acs.set({WAIT: '1', MULTIPLIER: '1200'}).good
    acs.run('misbehave', 'status:*:500')
    before = len(informs(acs))
    answered = len(acs.informs())
    raise_event(agent)
    agent.process.wait_for('session 11 in a row has failed', timeout=240)
    acs.run('misbehave', 'off')
    last = acs.wait_inform(EVENT, after=answered)
    waits = [float(wait) for wait in re.findall(r'next try in ([\d.]+) s', agent.process.stderr)]
    assert len(waits) == 11
    for number, wait in enumerate(waits, 1):
        exponent = min(number, 10)
        assert 1.2 ** (exponent - 1) - 0.06 <= wait <= 1.2 ** exponent + 0.06, (number, wait)
    times = [message.time for message in informs(acs)[before:]]
    assert len(times) == 12
    for first, then, wait in zip(times, times[1:], waits):
        assert then - first >= wait - 0.06
    assert last.retry == 11 and last.events == [EVENT]


def test_T055_count_of_failures(pair):
    acs, agent = pair(fast=True)
    acs.run('misbehave', 'status:*:500')
    answered = len(acs.informs())
    raise_event(agent)
    agent.wait_failed(3)
    acs.run('misbehave', 'off')
    inform = acs.wait_inform(EVENT, after=answered)
    agent.process.wait_for('the session has ended', after=agent.process.stderr.rfind('in a row has failed'))
    assert inform.retry == len(re.findall('in a row has failed', agent.process.stderr)) >= 3
    counts = [int(message.texts('RetryCount')[0]) for message in informs(acs)]
    assert counts[-inform.retry - 1:] == list(range(inform.retry + 1))
    raise_event(agent)
    assert acs.wait_inform(EVENT, after=answered + 1).retry == 0


def test_T055_a_new_event_is_tried_at_once_and_counts_on(pair):
    acs, agent = pair()
    assert acs.set({WAIT: '3600'}).good
    acs.run('misbehave', 'status:*:500')
    raise_event(agent)
    agent.wait_failed(1)
    agent.run('espalier-request', 'operate', SERVER + 'Event()', 'Code=' + EVENT, 'CommandKey=second')
    agent.wait_failed(2)
    acs.run('misbehave', 'off')
    acs.call(('get', CODE))
    inform = acs.informs()[-1]
    assert inform.retry == 2
    assert sorted(inform.events) == ['6 CONNECTION REQUEST', EVENT, EVENT + '(second)']


def test_R41_a_lone_connection_request_is_not_tried_again(pair):
    acs, agent = pair(fast=True)
    acs.run('misbehave', 'status:*:500')
    acs.send_all([('connect',)])
    agent.wait_failed(1)
    acs.run('misbehave', 'off')
    assert 'next try' not in agent.process.stderr
    raise_event(agent)
    inform = acs.wait_inform(EVENT)
    assert inform.events == [EVENT] and inform.retry == 1


def test_T056_reboot_during_the_retries(pair, start_acs):
    acs, agent = pair(fast=True)
    assert all(result.good for result in acs.call(('schedule-inform', '1', 'key'), ('set-attributes', CODE, '1'),
                                                  ('misbehave', 'status:*:500')))
    raise_event(agent)
    agent.set_paths({CODE: 'changed'})
    agent.process.wait_for('event M ScheduleInform')
    agent.wait_failed(3)
    agent.process.kill()
    agent.seed(STATE, {'boot-id': 'the boot before'})
    acs.run('misbehave', 'off')
    before = len(acs.informs())
    agent.start()
    inform = acs.wait_inform(after=before)
    assert inform.retry == 0
    assert sorted(inform.events) == ['1 BOOT', '3 SCHEDULED', '4 VALUE CHANGE', 'M ScheduleInform(key)', EVENT]
    assert inform.parameters[CODE] == 'changed'


def methods_from(acs, event):
    """The methods of the POSTs from the Inform with this event on."""
    posts = acs.messages(True)
    first = next(number for number, message in enumerate(posts)
                 if message.method == 'Inform' and event in message.texts('EventCode'))
    return [message.method for message in posts[first:]]


def test_T040_transfer_complete_is_held_and_then_sent(device, file_server):
    device = device()
    acs, agent = device.acs, device.agent
    done = acs.send_all([('connect',), ('download', 'key', FIRMWARE, file_server.url('/nothing')), ('set-hold', 'on'),
                         ('wait-inform', '7 TRANSFER COMPLETE'), ('get', CODE), ('get', KEY), ('set-hold', 'off'),
                         ('get', CODE)])
    assert acs.result(done[-1]).good
    agent.wait_idle(3)
    response = 'GetParameterValuesResponse'
    assert methods_from(acs, '7 TRANSFER COMPLETE') == ['Inform', '', response, response, response, 'TransferComplete', '']
    assert [end.key for end in device.ends()] == ['key']
    assert 'in a row has failed' not in agent.process.stderr and not acs.warnings


@pytest.mark.parametrize('fault', [8000, 8002, 8800])
def test_T044_fault_on_transfer_complete(device, file_server, fault):
    """The session goes on with the requests of the ACS, ends well, and the next one tells it again."""
    device = device()
    acs, agent = device.acs, device.agent
    done = acs.send_all([('connect',), ('download', 'key', FIRMWARE, file_server.url('/nothing')),
                         ('misbehave', 'fault:2:%d' % fault), ('wait-inform', '7 TRANSFER COMPLETE'), ('get', CODE)])
    assert acs.result(done[-1]).good
    agent.wait_idle(3)
    assert methods_from(acs, '7 TRANSFER COMPLETE') == ['Inform', 'TransferComplete', '', 'GetParameterValuesResponse']
    acs.call(('get', CODE))
    device.wait_settled()
    assert [end.key for end in device.ends()] == ['key'] * 2
    assert 'in a row has failed' not in agent.process.stderr


@pytest.mark.parametrize('status', [200, 204])
def test_R33_own_request_answered_with_nothing(device, file_server, status):
    """The session goes on to the final empty response, in which the ACS has its turn; the next one tells it again."""
    device = device()
    acs, agent = device.acs, device.agent
    kind = 'status:2:204' if status == 204 else 'body:2: '
    done = acs.send_all([('connect',), ('download', 'key', FIRMWARE, file_server.url('/nothing')), ('misbehave', kind),
                         ('wait-inform', '7 TRANSFER COMPLETE'), ('get', CODE)])
    acs.result(done[-1])
    agent.wait_idle(3)
    acs.call(('get', CODE))
    device.wait_settled()
    assert methods_from(acs, '7 TRANSFER COMPLETE')[:4] == ['Inform', 'TransferComplete', '', 'GetParameterValuesResponse']
    assert [end.key for end in device.ends()] == ['key'] * 2
    assert 'in a row has failed' not in agent.process.stderr


def test_T020_new_events_wait_for_retry_after(pair):
    """Only the ACS itself may have the session earlier, by a connection request."""
    acs, agent = pair(fast=True)
    acs.run('misbehave', 'status:1:503:6')
    before = len(informs(acs))
    raise_event(agent)
    agent.wait_failed(1)
    agent.run('espalier-request', 'operate', SERVER + 'Event()', 'Code=' + EVENT, 'CommandKey=second')
    inform = acs.wait_inform(EVENT + '(second)', after=before)
    times = [message.time for message in informs(acs)[before:]]
    assert len(times) == 2 and times[1] - times[0] >= 6 and inform.retry == 1
    agent.wait_idle(2)
    acs.run('misbehave', 'status:1:503:3600')
    raise_event(agent)
    agent.process.wait_for('session 1 in a row has failed', after=agent.process.stderr.rfind('the session has ended'))
    assert acs.call(('get', CODE)).good
    assert acs.informs()[-1].events[-1] == '6 CONNECTION REQUEST' and acs.informs()[-1].retry == 1


@pytest.mark.parametrize('answer', ['refused', 'status:*:503:86400'])
def test_R19_another_url_is_tried_at_once(start_acs, make_agent, free_port, answer):
    """Whoever repairs the URL does not wait for the retry of the wrong one, nor for what its server has asked for."""
    wrong = 'http://127.0.0.1:%d/' % free_port() if answer == 'refused' else start_acs('--misbehave', answer).url
    agent = make_agent(wrong).seed(SETTING, {WAIT: '3600'}).start()
    agent.wait_failed(1)
    acs = start_acs()
    agent.set(URL=acs.url)
    inform = acs.wait_inform('0 BOOTSTRAP')
    assert inform.retry == 1 and sorted(inform.events) == ['0 BOOTSTRAP', '1 BOOT']
