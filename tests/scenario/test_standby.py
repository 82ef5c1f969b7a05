# SPDX-License-Identifier: GPL-2.0-or-later
# The event 13 WAKEUP, after the device has slept longer than StandbyPolicy allows.
import pytest

from acs import start_acs  # noqa: F401
from agent import KEY, SERVER, make_agent, pair, publish  # noqa: F401
from clock import clock, clock_library, date  # noqa: F401

POLICY = SERVER + 'StandbyPolicy.'
WAKEUP = '13 WAKEUP'


def sleeps(agent, clock, seconds):
    """The device sleeps: the wall clock and the time since the boot go on, what runs does not."""
    count = agent.process.stderr.count('has slept')
    clock.set(ahead=clock.ahead + seconds, slept=clock.slept + seconds)
    agent.process.wait_for('(?:has slept(?:.|\n)*){%d}' % (count + 1))


def told(acs, agent):
    """The events that the ACS has been told beside those of the connection request by which it asks."""
    assert acs.call(('get', KEY)).good
    return [event for inform in acs.informs()[1:] for event in inform.events if event == WAKEUP]


def test_R96_defaults(pair):
    acs, agent = pair()
    assert agent.tree(POLICY) == {
        POLICY + 'CRUnawarenessMaxDuration': -1, POLICY + 'MaxMissedPeriodic': -1,
        POLICY + 'NotifyMissedScheduled': False, POLICY + 'NetworkAwarenessCapable': False,
        POLICY + 'SelfTimerCapable': False, POLICY + 'CRAwarenessRequested': False,
        POLICY + 'PeriodicAwarenessRequested': False, POLICY + 'ScheduledAwarenessRequested': False}


def test_R96_longer_than_allowed(pair, clock):
    acs, agent = pair(variables=clock.variables, periodic_enable='no')
    sleeps(agent, clock, 1000)
    assert not told(acs, agent), '-1: never'
    assert acs.set({POLICY + 'CRUnawarenessMaxDuration': '100:int'}).good
    sleeps(agent, clock, 100)
    assert not told(acs, agent), 'not more than that'
    sleeps(agent, clock, 102)
    assert acs.wait_inform(WAKEUP).events == [WAKEUP], 'and no BOOT (R-94)'
    assert told(acs, agent) == [WAKEUP], 'once'


def test_R96_missed_periodic(pair, clock):
    acs, agent = pair(variables=clock.variables, periodic_enable='no')
    agent.set_paths({SERVER + 'PeriodicInformInterval': 3600, SERVER + 'PeriodicInformTime': date(clock.now() - 1800),
                     SERVER + 'PeriodicInformEnable': 'true', POLICY + 'MaxMissedPeriodic': 2})
    sleeps(agent, clock, 2 * 3600)
    inform = acs.wait_inform('2 PERIODIC')
    assert inform.events == ['2 PERIODIC'], 'two missed: not more than that'
    sleeps(agent, clock, 3 * 3600)
    assert set(acs.wait_inform(WAKEUP).events) == {WAKEUP, '2 PERIODIC'}


@pytest.mark.parametrize('wanted', [True, False])
def test_R96_missed_scheduled(pair, clock, wanted):
    acs, agent = pair(variables=clock.variables, periodic_enable='no')
    results = acs.call(('schedule-inform', '3', 'a'),
                       ('set', POLICY + 'NotifyMissedScheduled', '%d:boolean' % wanted))
    assert all(result.good for result in results)
    agent.wait_idle(2)
    sleeps(agent, clock, 60)
    acs.wait_inform('3 SCHEDULED')
    if wanted:
        acs.wait_inform(WAKEUP)
    else:
        assert not told(acs, agent)
