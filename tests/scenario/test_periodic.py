# SPDX-License-Identifier: GPL-2.0-or-later
# The phase of periodic Informs, also when the clock is set (T103, T104, R-90).
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CREDENTIALS, KEY, SERVER, make_agent, pair, publish  # noqa: F401
from clock import clock, clock_library, date  # noqa: F401
from process import wait_until

PERIODIC = '2 PERIODIC'
DAY = 86400


def periodic(agent, interval, reference):
    agent.set_paths({SERVER + 'PeriodicInformInterval': interval, SERVER + 'PeriodicInformTime': reference,
                     SERVER + 'PeriodicInformEnable': 'true'})


def informs(acs):
    return [inform for inform in acs.informs() if PERIODIC in inform.events]


def times(acs):
    """When each of them was sent, by the agent's own clock."""
    found = []
    for message in acs.messages(True):
        if message.method == 'Inform' and PERIODIC in message.body.decode():
            text = message.texts('CurrentTime')[0]
            found.append(time.mktime(time.strptime(text[:19], '%Y-%m-%dT%H:%M:%S')) - time.timezone)
    return found


@pytest.mark.parametrize('years', [-20, 20])
def test_T103_phase_of_a_far_reference(pair, clock, years):
    acs, agent = pair(variables=clock.variables, periodic_enable='no')
    due = int(clock.now()) + 3
    periodic(agent, DAY, date(due + years * 365 * DAY))
    acs.wait_inform(PERIODIC)
    assert due <= times(acs)[0] <= due + 20
    clock.set(ahead=DAY)
    wait_until(lambda: len(informs(acs)) == 2, 'the next day')


def test_T103_due_during_a_session_fires_after_it(pair, clock):
    acs, agent = pair('--misbehave', 'delay:4:3000', variables=clock.variables, periodic_enable='no')
    periodic(agent, DAY, date(int(clock.now()) + 2))
    acs.send_all([('connect',), ('get', KEY)])
    inform = acs.wait_inform(PERIODIC)
    assert inform.events == [PERIODIC], 'in a session of its own'
    assert acs.informs()[-2].events == ['6 CONNECTION REQUEST']


def test_T104_step_over_an_instant(pair, clock):
    acs, agent = pair(variables=clock.variables, periodic_enable='no')
    periodic(agent, 3600, date(clock.now() + 1800))
    clock.set(ahead=3600)
    acs.wait_inform(PERIODIC)
    clock.set(ahead=3600 * 10)
    wait_until(lambda: len(informs(acs)) == 2, 'one for nine hours')
    agent.wait_idle(3)
    assert len(informs(acs)) == 2


def test_T104_step_back_keeps_the_phase(pair, clock):
    acs, agent = pair(variables=clock.variables, periodic_enable='no')
    due = int(clock.now()) + 1800
    periodic(agent, 3600, date(due))
    clock.set(ahead=-7200 + 1796)
    inform = acs.wait_inform(PERIODIC)
    assert inform.events == [PERIODIC]
    assert 0 <= times(acs)[0] - (due - 7200) <= 20


def test_T104_another_interval_or_reference(pair, clock):
    acs, agent = pair(variables=clock.variables, periodic_enable='no')
    periodic(agent, DAY, date(clock.now() - 100))
    assert acs.set({SERVER + 'PeriodicInformTime': date(int(clock.now()) + 3 - 5 * DAY)}).good
    acs.wait_inform(PERIODIC)
    assert acs.set({SERVER + 'PeriodicInformInterval': '1:unsignedInt'}).good
    wait_until(lambda: len(informs(acs)) >= 3, 'each second')
    agent.set(PeriodicInformEnable='false')


def test_T104_no_clock_means_a_phase_of_its_own(pair, clock):
    """Without absolute time the reference does not count; with it, it does at once."""
    clock.set(ahead=-int(time.time()) + 1000, known=False, tell=False)
    acs, agent = pair(variables=clock.variables, periodic_enable='no')
    periodic(agent, DAY, date(clock.now() + 3))
    with pytest.raises(AssertionError):
        acs.wait_inform(PERIODIC, timeout=6)
    periodic(agent, DAY, date(int(time.time()) + 4))
    clock.set(ahead=0, known=True)
    acs.wait_inform(PERIODIC)


def test_T104_the_kernel_tells_that_the_clock_was_set(pair):
    """The machine's own clock, set to what it says."""
    acs, agent = pair()
    try:
        time.clock_settime_ns(time.CLOCK_REALTIME, time.clock_gettime_ns(time.CLOCK_REALTIME))
    except PermissionError:
        pytest.skip('setting the clock needs a privilege')
    agent.process.wait_for('the clock was set')
    time.clock_settime_ns(time.CLOCK_REALTIME, time.clock_gettime_ns(time.CLOCK_REALTIME))
    wait_until(lambda: agent.process.stderr.count('the clock was set') >= 2, 'the second time')
