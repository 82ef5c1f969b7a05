# SPDX-License-Identifier: GPL-2.0-or-later
# Reboot, FactoryReset and ScheduleInform: promised, kept over a kill, carried out after the session (T099, T100, T102).
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import (ATTRIBUTE, CODE, CREDENTIALS, EVENT, KEY, SERVER, SETTING, STATE, make_agent, pair, publish)  # noqa: F401
from clock import clock, clock_library  # noqa: F401
from process import wait_until

SCHEDULED = 7


@pytest.fixture
def program(tmp_path):
    """program('exit 0') makes a program of the device; program.calls tells how often it ran."""
    class Program:
        def __init__(self):
            self.path, self.log = tmp_path / 'device-program', tmp_path / 'device-program.log'

        def __call__(self, body):
            self.path.write_text('#!/bin/sh\necho "$@" >>%s\n%s\n' % (self.log, body))
            self.path.chmod(0o755)
            return self.path

        @property
        def calls(self):
            return self.log.read_text().splitlines() if self.log.exists() else []
    return Program()


def boots(agent):
    """The device comes up again: what the agent has stored is of another boot."""
    for kind in (STATE, EVENT, SCHEDULED):
        records = {name: (value if isinstance(value, str) else value.decode()) for name, value in
                   agent.records(kind).items()}
        boot = open('/proc/sys/kernel/random/boot_id').read().strip()
        agent.seed(kind, {name: value.replace(boot, 'another-boot') for name, value in records.items() if boot in value})


def test_T100_reboot(pair, program):
    acs, agent = pair(sections={'device': {'reboot': '%s -f now' % program('exit 0')}})
    results = acs.call(('reboot', 'k1'), ('reboot', 'k2 & more'), ('get', CODE))
    assert [result.good for result in results] == [True] * 3
    wait_until(lambda: program.calls, 'the reboot')
    assert program.calls == ['-f now'], 'one reboot for both, after the session'
    agent.process.kill()
    agent.start('started')
    assert len(acs.informs()) == 2, 'the same boot: nothing to tell'
    agent.process.stop()
    boots(agent)
    agent.start().wait_idle()
    assert acs.informs()[-1].events == ['1 BOOT', 'M Reboot(k1)', 'M Reboot(k2 & more)']
    agent.restart()
    agent.set(PeriodicInformInterval=1)
    assert acs.wait_inform('2 PERIODIC').events == ['2 PERIODIC'], 'told once'


def test_T100_nothing_is_done_before_the_session_ends(pair, program):
    acs, agent = pair(sections={'device': {'reboot': program('exit 0')}})
    acs.send_all([('connect',), ('reboot', 'k'), ('get', CODE), ('misbehave', 'delay:1:2000'), ('get', KEY)])
    agent.process.wait_for('request GetParameterValues')
    assert not program.calls
    wait_until(lambda: program.calls, 'the reboot')


def test_T100_the_session_fails_after_the_promise(pair, program):
    acs, agent = pair(fast=True, sections={'device': {'reboot': program('exit 0')}})
    acs.send_all([('connect',), ('reboot', 'k'), ('misbehave', 'hang-up:1'), ('get', CODE)])
    wait_until(lambda: program.calls, 'the reboot')


@pytest.mark.parametrize('body, why', [('exit 3', 'ended with status 3'), ('kill -9 $$', 'ended by signal 9')])
def test_T100_reboot_program_fails(pair, program, body, why):
    acs, agent = pair(sections={'device': {'reboot': program(body)}})
    assert acs.call(('reboot', 'k')).good
    agent.process.wait_for(why)
    assert acs.get(CODE) == {CODE: ''}, 'life goes on'
    agent.process.stop()
    boots(agent)
    agent.start().wait_idle()
    assert acs.informs()[-1].events == ['1 BOOT'], 'there was no reboot that the ACS had asked for'


def test_R61_no_program_no_promise(pair, tmp_path):
    acs, agent = pair(sections={'device': {'reboot': tmp_path / 'missing'}})
    assert acs.call(('reboot', 'k')).fault == 9002


def test_T100_killed_before_the_program_ran(pair, program):
    acs, agent = pair(sections={'device': {'reboot': program('exit 0')}})
    agent.process.stop()
    boot = open('/proc/sys/kernel/random/boot_id').read().strip()
    agent.seed(EVENT, {'M Reboot\nk': boot + ' promised'})
    agent.start()
    wait_until(lambda: program.calls, 'the reboot that was promised')
    agent.process.stop()
    agent.start()
    agent.process.stop()
    assert len(program.calls) == 1


@pytest.mark.parametrize('line', ['reboot', '"/sbin/reboot" x', './reboot', '/x ' + 'y ' * 20])
def test_wrong_program_is_an_error(start, configuration, line):
    path = configuration(device={'reboot': line}, acs={'url': 'http://127.0.0.1:1/'})
    process = start('espalier-agent', '-c', path)
    assert process.wait() == 2
    assert '[device]' in process.stderr and 'reboot' in process.stderr and 'absolute path' in process.stderr


def test_T099_factory_reset(pair, program, publish):
    acs, agent = pair(sections={'device': {'factory_reset': program('exit 0')}})
    vendor = publish('vendor', 'Device.X_EX_A string(16) 1', accept=False)
    wait_until(lambda: agent.tree('Device.X_EX_A'), 'the vendor')
    acs.run('parameter-key', 'key-1')
    before = acs.informs()[0].device
    acs.call(('set', '%s=x' % CODE, '%sPeriodicInformInterval=1000' % SERVER), ('set-attributes', CODE, '2'))
    assert acs.get(KEY) == {KEY: 'key-1'}
    assert acs.call(('factory-reset',)).good
    match = vendor.wait_for(r'^operate (\d+) Device\.FactoryReset\(\)$', 'stdout')
    assert not program.calls, 'the owners come first'
    vendor.write('ok %s\n' % match[1])
    inform = acs.wait_inform('0 BOOTSTRAP', after=1)
    assert inform.events == ['0 BOOTSTRAP', '1 BOOT'] and inform.device == before
    assert program.calls == ['']
    values = acs.get(KEY, CODE, SERVER + 'PeriodicInformInterval')
    assert values == {KEY: '', CODE: '', SERVER + 'PeriodicInformInterval': '86400'}
    agent.process.stop()
    assert not agent.records(ATTRIBUTE) and not agent.records(SETTING)


def test_T099_killed_before_the_reset(pair):
    acs, agent = pair()
    acs.call(('set', '%s=x' % CODE))
    agent.process.kill()
    agent.seed(STATE, {'factory-reset': '1'})
    agent.start()
    inform = acs.wait_inform('0 BOOTSTRAP', after=1)
    assert inform.events == ['0 BOOTSTRAP', '1 BOOT']
    assert acs.get(CODE) == {CODE: ''}


def test_T099_a_silent_owner_holds_nothing_up(pair, publish):
    acs, agent = pair()
    publish('vendor', 'Device.X_EX_A string(16) 1', accept=False)
    wait_until(lambda: agent.tree('Device.X_EX_A'), 'the vendor')
    assert acs.call(('factory-reset',)).good
    acs.wait_inform('0 BOOTSTRAP', after=1)


def test_T102_two_scheduled(pair):
    acs, agent = pair()
    results = acs.call(('schedule-inform', '1', 'a'), ('schedule-inform', '1', 'b'), ('schedule-inform', '0', 'c'),
                       ('schedule-inform', '4', 'a'))
    assert [result.fault for result in results] == [0, 0, 9003, 0]
    inform = acs.wait_inform('3 SCHEDULED')
    assert inform.events == ['3 SCHEDULED', 'M ScheduleInform(a)', 'M ScheduleInform(b)']
    number = len(acs.informs())
    assert acs.wait_inform('3 SCHEDULED', after=number).events == ['3 SCHEDULED', 'M ScheduleInform(a)']


def test_R62_scheduled_over_a_kill(pair):
    acs, agent = pair()
    assert acs.call(('schedule-inform', '4', 'a')).good
    agent.process.kill()
    agent.start()
    assert acs.wait_inform('3 SCHEDULED').events == ['3 SCHEDULED', 'M ScheduleInform(a)']


def test_R62_scheduled_over_a_boot(pair):
    acs, agent = pair()
    assert acs.call(('schedule-inform', '3', 'a')).good
    agent.process.stop()
    boots(agent)
    agent.start()
    assert acs.wait_inform('3 SCHEDULED').events[-2:] == ['3 SCHEDULED', 'M ScheduleInform(a)']


def test_R62_scheduled_before_the_clock_was_set(pair, clock):
    """After a boot that has a clock it waits again: the date at which it was asked for says nothing."""
    clock.set(ahead=-int(time.time()) + 1000, known=False, tell=False)
    acs, agent = pair(variables=clock.variables, periodic_enable='no')
    assert acs.call(('schedule-inform', '4', 'a')).good
    agent.process.stop()
    boots(agent)
    clock.set(ahead=0, known=True, tell=False)
    begun = time.monotonic()
    agent.start()
    assert acs.wait_inform('3 SCHEDULED').events[-2:] == ['3 SCHEDULED', 'M ScheduleInform(a)']
    assert time.monotonic() - begun >= 3.9


def test_R62_queue_is_full(pair):
    acs, agent = pair()
    results = acs.call(*[('schedule-inform', '5000', 'key %d' % i) for i in range(65)])
    assert [result.fault for result in results] == [0] * 64 + [9004]


def test_T105_seventy_keys(pair):
    acs, agent = pair('--misbehave', 'hang-up:1', wait=False, fast=True)
    agent.wait_failed(1)
    agent.process.stop()
    agent.seed(EVENT, dict({'M ScheduleInform\nk%02d' % i: '' for i in range(70)}, **{'3 SCHEDULED\n': ''}))
    agent.seed(STATE, {'bootstrap-url': acs.url, 'boot-id': open('/proc/sys/kernel/random/boot_id').read().strip()})
    agent.start().wait_idle(2)
    first, second = acs.informs()[-2:]
    assert len(first.events) == 64 and len(second.events) == 7
    assert sorted(first.events + second.events) == sorted(['M ScheduleInform(k%02d)' % i for i in range(70)] +
                                                          ['3 SCHEDULED'])


def test_R93_bootstrap_of_a_start_discards_the_events_before_it(pair):
    acs, agent = pair()
    agent.process.stop()
    agent.seed(EVENT, {'2 PERIODIC\n': '', 'M Reboot\nk': 'another-boot'}).seed(STATE, {'bootstrap-url': 'http://other/'})
    agent.start()
    assert acs.wait_inform(after=1).events == ['0 BOOTSTRAP']
    agent.wait_idle()
    agent.process.stop()
    assert not agent.records(EVENT)


def test_R93_bootstrap_of_another_device(pair):
    """The state of one device in another: a device that the ACS does not know yet."""
    acs, agent = pair()
    agent.process.stop()
    agent.path.write_text(agent.path.read_text().replace('serial_number = S1', 'serial_number = S2'))
    agent.start().wait_idle()
    inform = acs.informs()[-1]
    assert inform.device == '001122-Gateway-S2' and inform.events == ['0 BOOTSTRAP']
    agent.restart()
    agent.set(PeriodicInformInterval=1)
    assert acs.wait_inform('2 PERIODIC').events == ['2 PERIODIC'], 'once'


def test_R93_bootstrap_discards_what_was_scheduled(pair, start_acs):
    acs, agent = pair()
    other = start_acs()
    assert acs.call(('schedule-inform', '3', 'a')).good
    agent.set(URL=other.url)
    assert other.wait_inform('0 BOOTSTRAP').events == ['0 BOOTSTRAP']
    agent.process.stop()
    assert not agent.records(SCHEDULED)


@pytest.mark.parametrize('setting', [None, 'yes', 'no'])
def test_R93_attributes_and_bootstrap(pair, start_acs, setting):
    """A new ACS finds the notifications of the former one only where the configuration says so."""
    acs, agent = pair(**({'bootstrap_clears_attributes': setting} if setting else {}))
    other = start_acs(*CREDENTIALS)
    path = SERVER + 'Username'
    assert acs.call(('set-attributes', path, '1', '')).good
    agent.wait_idle(2)
    agent.set_paths({SERVER + 'URL': other.url})
    other.wait_inform('0 BOOTSTRAP')
    agent.wait_idle(3)
    for _ in range(2):
        line, = (line for line in other.call(('attributes', path)).lines if line.startswith(path))
        assert line == path + (' notification=1 access-list=' if setting == 'no' else
                               ' notification=0 access-list=Subscriber')
        agent.restart()
    before = len(other.informs())
    assert other.set({CODE: 'x'}).good
    agent.process.stop()
    assert bool(agent.records(ATTRIBUTE)) == (setting == 'no')
    assert not any('4 VALUE CHANGE' in inform.events for inform in other.informs()[before:])
