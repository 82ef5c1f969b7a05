# SPDX-License-Identifier: GPL-2.0-or-later
# The event 14 HEARTBEAT: alone in its Inform, in its phase, with a count of failures of its own (T107, R-95).
import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, CREDENTIALS, KEY, SERVER, make_agent, pair, publish  # noqa: F401
from clock import clock, clock_library, date  # noqa: F401
from process import wait_until

POLICY = SERVER + 'HeartbeatPolicy.'
HEARTBEAT = '14 HEARTBEAT'


def enable(agent, at, interval=30):
    agent.set_paths({POLICY + 'ReportingInterval': interval, POLICY + 'InitiationTime': date(at),
                     POLICY + 'Enable': 'true'})


def heartbeats(acs):
    return [inform for inform in acs.informs() if HEARTBEAT in inform.events]


def test_T107_alone_and_in_phase(pair, clock):
    acs, agent = pair(variables=clock.variables, periodic_enable='no')
    enable(agent, clock.now() - 28)
    inform = acs.wait_inform(HEARTBEAT)
    assert inform.events == [HEARTBEAT]
    clock.set(ahead=clock.ahead + 30)
    wait_until(lambda: len(heartbeats(acs)) == 2, 'the next one')
    assert all(inform.events == [HEARTBEAT] and inform.retry == 0 for inform in heartbeats(acs))
    agent.set_paths({POLICY + 'Enable': 'false'})
    clock.set(ahead=clock.ahead + 30)
    assert acs.call(('get', KEY)).good
    assert len(heartbeats(acs)) == 2


def test_T107_others_come_in_a_session_of_their_own(pair, clock, publish):
    publish('vendor', 'Device.X_EX_Text string(16),rw one')
    acs, agent = pair(variables=clock.variables, periodic_enable='no')
    wait_until(lambda: agent.tree('Device.X_EX_Text'), 'the vendor')
    assert acs.call(('set-attributes', 'Device.X_EX_Text', '1')).good
    agent.wait_idle(2)
    agent.set_paths({'Device.X_EX_Text': 'two'})
    now = clock.now()
    agent.set_paths({SERVER + 'PeriodicInformInterval': 30, SERVER + 'PeriodicInformTime': date(now + 10),
                     SERVER + 'PeriodicInformEnable': 'true'})
    enable(agent, now + 10)
    clock.set(ahead=20)
    inform = acs.wait_inform('2 PERIODIC')
    assert set(inform.events) == {'2 PERIODIC', '4 VALUE CHANGE'}, 'the periodic one is not held back'
    assert inform.parameters['Device.X_EX_Text'] == 'two'
    wait_until(lambda: heartbeats(acs), 'the heartbeat')
    assert [inform.events for inform in heartbeats(acs)] == [[HEARTBEAT]]
    assert 'Device.X_EX_Text' not in heartbeats(acs)[0].parameters, 'a change without VALUE CHANGE'


def test_T107_its_own_count_of_failures(start_acs, make_agent, clock):
    acs = start_acs(*CREDENTIALS)
    agent = make_agent(acs.url, variables=clock.variables, periodic_enable='no').fast_retry().start()
    acs.wait_inform()
    agent.wait_idle()
    port = acs.port
    acs.stop()
    agent.set_paths({CODE: 'changed'})
    agent.process.wait_for(r'^<4>session 2 in a row has failed')
    enable(agent, clock.now() - 29)
    agent.process.wait_for('heartbeat session 1 in a row has failed')
    again = start_acs(*CREDENTIALS, port=port)
    common = again.wait_inform('4 VALUE CHANGE')
    wait_until(lambda: heartbeats(again), 'the heartbeat')
    heartbeat = heartbeats(again)[0]
    assert common.events == ['4 VALUE CHANGE'] and heartbeat.events == [HEARTBEAT]
    assert heartbeat.retry == agent.process.stderr.count('<4>heartbeat session')
    assert common.retry == agent.process.stderr.count('<4>session')
    assert heartbeat.retry < common.retry


def test_T107_not_before_bootstrap(start_acs, make_agent, clock):
    acs = start_acs(*CREDENTIALS, '--misbehave', 'hang-up:1')
    agent = make_agent(acs.url, variables=clock.variables, periodic_enable='no').fast_retry().start()
    agent.wait_failed(1)
    enable(agent, clock.now() - 29)
    acs.wait_inform('0 BOOTSTRAP', after=1)
    acs.wait_inform(HEARTBEAT)
    first = next(at for at, inform in enumerate(acs.informs()) if HEARTBEAT in inform.events)
    assert first >= 2 and acs.informs()[first].events == [HEARTBEAT]


@pytest.mark.parametrize('value', ['29', '0'])
def test_R95_interval_is_30_at_least(pair, value):
    acs, agent = pair()
    assert acs.set({POLICY + 'ReportingInterval': value}).details == {POLICY + 'ReportingInterval': 9007}
    assert acs.set({POLICY + 'ReportingInterval': '30'}).good


@pytest.mark.parametrize('setting', [None, 'yes', 'no'])
def test_R95_alone_or_with_others(start_acs, make_agent, clock, setting):
    """Both wait for an ACS that is not there: in one Inform, with one count of failures, or in two."""
    acs = start_acs(*CREDENTIALS)
    agent = make_agent(acs.url, variables=clock.variables, periodic_enable='no',
                       **({'heartbeat_alone': setting} if setting else {})).fast_retry().start()
    acs.wait_inform()
    agent.wait_idle()
    port = acs.port
    acs.stop()
    enable(agent, clock.now() - 29)
    if setting == 'no':
        agent.wait_failed(1)
    else:
        agent.process.wait_for('heartbeat session 1 in a row has failed')
    agent.set_paths({CODE: 'changed'})
    again = start_acs(*CREDENTIALS, port=port)
    common = again.wait_inform('4 VALUE CHANGE')
    wait_until(lambda: heartbeats(again), 'the heartbeat')
    assert common.parameters[CODE] == 'changed'
    if setting == 'no':
        assert common.events == [HEARTBEAT, '4 VALUE CHANGE'] and common.retry > 0
        assert 'heartbeat session' not in agent.process.stderr
    else:
        assert common.events == ['4 VALUE CHANGE'] and heartbeats(again)[0].events == [HEARTBEAT]


def test_R95_with_others_and_by_itself(pair, clock):
    """With others does not mean that it waits for others."""
    acs, agent = pair(variables=clock.variables, periodic_enable='no', heartbeat_alone='no')
    enable(agent, clock.now() - 28)
    assert acs.wait_inform(HEARTBEAT).events == [HEARTBEAT]
    agent.wait_idle(2)
    clock.set(ahead=clock.ahead + 30)
    wait_until(lambda: len(heartbeats(acs)) == 2, 'the next one')
