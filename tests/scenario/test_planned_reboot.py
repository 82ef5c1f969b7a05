# SPDX-License-Identifier: GPL-2.0-or-later
# ScheduleReboot and DelayReboot: at their time, after the session, over kills and clock steps (R97).
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import KEY, SERVER, SETTING, STATE, make_agent, pair, publish  # noqa: F401
from clock import clock, clock_library, date  # noqa: F401
from process import wait_until

AT, DELAY = SERVER + 'ScheduleReboot', SERVER + 'DelayReboot'
HOUR = 3600


@pytest.fixture
def device(pair, clock, tmp_path):
    """device(body) starts a pair with a program for reboots; .reboots tells how often it ran."""
    class Device:
        def __call__(self, body='exit 0', **options):
            self.log, program = tmp_path / 'reboots', tmp_path / 'reboot'
            program.write_text('#!/bin/sh\necho reboot >>%s\n%s\n' % (self.log, body))
            program.chmod(0o755)
            self.acs, self.agent = pair(variables=clock.variables, sections={'device': {'reboot': program}}, **options)
            return self

        @property
        def reboots(self):
            return len(self.log.read_text().splitlines()) if self.log.exists() else 0

        def wait(self, count=1):
            wait_until(lambda: self.reboots >= count, 'the reboot')
            assert self.reboots == count

        def kill(self):
            """The agent dies and starts again, the device stays up."""
            self.agent.process.kill()
            self.agent.start()

        def boots(self):
            """The device comes up again: what the agent has stored is of another boot."""
            self.agent.process.kill()
            boot = open('/proc/sys/kernel/random/boot_id').read().strip()
            records = {name: value if isinstance(value, str) else value.decode()
                       for name, value in self.agent.records(STATE).items()}
            self.agent.seed(STATE, {name: value.replace(boot, 'another-boot')
                                    for name, value in records.items() if boot in value})
            self.agent.start()
    return Device()


def quiet(device, seconds=3):
    time.sleep(seconds)
    return device.reboots


def test_R97_defaults(device):
    device()
    assert device.agent.tree(AT, DELAY) == {AT: '0001-01-01T00:00:00Z', DELAY: -1}


def test_R97_schedule_reboot(device, clock):
    device()
    when = date(clock.now() + 3)
    assert device.acs.set({AT: when + ':dateTime'}).good
    assert not device.reboots
    device.wait()
    device.boots()
    device.agent.wait_idle()
    assert device.acs.informs()[-1].events == ['1 BOOT'], 'no M Reboot: nobody has called that method'
    assert device.agent.tree(AT) == {AT: when}
    assert quiet(device) == 1, 'once'


def test_R97_schedule_reboot_waits_for_the_session(device, clock):
    device()
    device.acs.send_all([('connect',), 'set %s=%s:dateTime' % (AT, date(clock.now() + 2)), ('misbehave', 'delay:2:4000'),
                         ('get', KEY), ('get', KEY)])
    device.agent.process.wait_for('(?:request GetParameterValues(?:.|\n)*){2}')
    device.wait()
    text = device.agent.process.stderr
    assert text.rindex('the session has ended') < text.index('the device reboots\n')


def test_R97_a_past_time_does_nothing(device, clock):
    device()
    assert device.acs.set({AT: date(clock.now() - 5) + ':dateTime'}).good
    device.kill()
    assert quiet(device) == 0


def test_R97_schedule_reboot_over_a_kill(device, clock):
    device()
    assert device.acs.set({AT: date(clock.now() + 4) + ':dateTime'}).good
    device.kill()
    device.wait()
    device.kill()
    assert quiet(device) == 1


def test_R97_schedule_reboot_whose_time_passes_while_the_agent_is_dead(device, clock):
    device()
    assert device.acs.set({AT: date(clock.now() + HOUR) + ':dateTime'}).good
    device.agent.process.kill()
    clock.set(ahead=2 * HOUR, tell=False)
    device.agent.start()
    device.wait()


def test_R97_schedule_reboot_whose_time_passes_while_the_device_is_off(device, clock):
    device()
    assert device.acs.set({AT: date(clock.now() + HOUR) + ':dateTime'}).good
    clock.set(ahead=2 * HOUR, tell=False)
    device.boots()
    assert quiet(device) == 0


def test_R97_schedule_reboot_of_a_later_boot(device, clock):
    device()
    assert device.acs.set({AT: date(clock.now() + HOUR) + ':dateTime'}).good
    device.boots()
    assert quiet(device, 1) == 0
    clock.set(ahead=HOUR - 2)
    device.agent.restart()
    device.wait()


def test_R97_schedule_reboot_when_the_clock_is_set_over_it(device, clock):
    device()
    assert device.acs.set({AT: date(clock.now() + HOUR) + ':dateTime'}).good
    clock.set(ahead=2 * HOUR)
    # the ring's timer was started by the former clock; the kernel's own would ring now
    device.agent.restart()
    device.wait()


def test_R97_schedule_reboot_with_a_clock_that_starts_in_1970(device, clock):
    """The time has passed while the device was off; that shows when the clock is set."""
    device()
    assert device.acs.set({AT: date(clock.now() + HOUR) + ':dateTime'}).good
    clock.set(ahead=-int(time.time()) + 100, known=False, tell=False)
    device.boots()
    clock.set(ahead=2 * HOUR, known=True)
    device.agent.process.wait_for('passed while the device was off')
    assert quiet(device) == 0


def test_R97_delay_reboot_begins_with_the_end_of_the_session(device):
    device()
    device.acs.send_all([('connect',), 'set %s=2:int' % DELAY, ('misbehave', 'delay:2:4000'), ('get', KEY), ('get', KEY)])
    device.agent.process.wait_for('(?:request GetParameterValues(?:.|\n)*){2}')
    assert not device.reboots
    device.agent.process.wait_for('DelayReboot: in 2 s')
    device.wait()
    text = device.agent.process.stderr
    assert text.rindex('the session has ended') < text.index('DelayReboot: in 2 s') < text.index('the device reboots\n')
    assert device.agent.tree(DELAY) == {DELAY: -1}, 'reset before the program starts'
    device.boots()
    assert quiet(device) == 1 and device.agent.tree(DELAY) == {DELAY: -1}


def test_R97_delay_reboot_over_a_kill(device):
    device()
    assert device.acs.set({DELAY: '4:int'}).good
    device.agent.process.wait_for('DelayReboot: in 4 s')
    device.kill()
    device.wait()
    device.kill()
    assert quiet(device) == 1


def test_R97_delay_reboot_killed_before_the_session_has_ended(device):
    device()
    device.acs.send_all([('connect',), 'set %s=2:int' % DELAY, ('misbehave', 'silent:2'), ('get', KEY), ('get', KEY)])
    device.agent.process.wait_for('request SetParameterValues(?:.|\n)*request GetParameterValues')
    device.kill()
    device.wait()


def test_R97_delay_reboot_taken_back(device):
    device()
    assert device.acs.set({DELAY: '3:int'}).good
    assert device.acs.set({DELAY: '-1:int'}).good
    assert quiet(device, 4) == 0
    device.agent.set_paths({DELAY: 0})
    device.wait()


def test_R97_another_reboot_ends_the_delay(device):
    device()
    assert device.acs.set({DELAY: '1000:int'}).good
    device.boots()
    assert device.agent.tree(DELAY) == {DELAY: -1}
    assert device.acs.set({DELAY: '1000:int'}).good
    assert device.acs.call(('reboot', 'k')).good
    device.wait()
    assert device.agent.tree(DELAY) == {DELAY: -1}


def test_R97_failed_program_is_not_run_again(device, clock):
    device('exit 1')
    assert device.acs.set({AT: date(clock.now() + 2) + ':dateTime', DELAY: '1:int'}).good
    device.agent.process.wait_for('(?:exited with(?:.|\n)*)|status')
    wait_until(lambda: device.reboots, 'the program')
    device.agent.restart()
    assert quiet(device, 4) <= 2
    count = device.reboots
    device.agent.restart()
    assert quiet(device) == count


def test_R97_refused_without_a_program(pair, clock, tmp_path):
    acs, agent = pair(sections={'device': {'reboot': tmp_path / 'missing'}}, variables=clock.variables)
    values = {AT: date(clock.now() + HOUR) + ':dateTime', DELAY: '5:int'}
    assert [acs.set({name: value}).fault for name, value in values.items()] == [9001, 9001]
    assert acs.set({AT: date(clock.now() - HOUR) + ':dateTime', DELAY: '-1:int'}).good
    assert acs.set({DELAY: '-2:int'}).details == {DELAY: 9007}
