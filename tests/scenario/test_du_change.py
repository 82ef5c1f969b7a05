# SPDX-License-Identifier: GPL-2.0-or-later
# ChangeDUState on a device without execution environments: results in order, told once, whatever dies (T115).
import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, make_agent, pair  # noqa: F401

UUID = '12345678-9abc-DEF0-1234-56789abcdef0'
DU_CHANGE = 8
EVENTS = ['11 DU STATE CHANGE COMPLETE', 'M ChangeDUState(%s)']


def told(acs):
    """The DUStateChangeComplete messages: [(key, [(uuid, state, fault)])]."""
    found = []
    for message in acs.messages(True):
        if message.method == 'DUStateChangeComplete':
            found.append((message.texts('CommandKey')[0], list(zip(
                message.texts('UUID'), message.texts('CurrentState'), map(int, message.texts('FaultCode'))))))
    return found


def test_T115_results_in_order(pair):
    acs, agent = pair()
    assert acs.call(('change-du-state', 'key & 1', 'Install,URL=http://example.com/unit',
                     'Install,URL=http://example.com/unit,UUID=%s,ExecutionEnvRef=Device.SoftwareModules.ExecEnv.1' % UUID,
                     'Install,URL=http://example.com/unit,UUID=not-a-uuid',
                     'Update,UUID=%s,Version=1.2' % UUID, 'Update,URL=http://example.com/unit', 'Update',
                     'Uninstall,UUID=%s' % UUID, 'Uninstall,UUID=12345678-9abc-def0-1234-56789abcdefg')).good
    assert acs.wait_inform(EVENTS[0]).events == [EVENTS[1] % 'key & 1', EVENTS[0]]
    agent.wait_idle(3)
    none = '00000000-0000-0000-0000-000000000000'
    assert told(acs) == [('key & 1', [(uuid, 'Failed', fault) for uuid, fault in [
        (none, 9023), (UUID, 9023), (none, 9022), (UUID, 9028), (none, 9028), (none, 9028), (UUID, 9028),
        (none, 9022)]])]
    agent.process.stop()
    assert not agent.records(DU_CHANGE)


def test_T115_told_after_a_kill(pair):
    acs, agent = pair()
    acs.call(('change-du-state', 'a', 'Update,UUID=%s,Version=1 beta' % UUID), ('misbehave', 'fault:2:8002'))
    acs.wait_line(r'-> fault 8002')
    agent.process.kill()
    before = len(acs.informs())
    agent.start().wait_idle()
    assert acs.wait_inform(EVENTS[0], after=before).events == [EVENTS[1] % 'a', EVENTS[0]]
    assert told(acs)[-1] == ('a', [(UUID, 'Failed', 9028)])
    message = [m for m in acs.messages(True) if m.method == 'DUStateChangeComplete'][-1]
    assert message.texts('Version') == ['1 beta']


def test_T040_held_while_something_waits(pair):
    acs, agent = pair()
    assert acs.call(('set-hold', 'on'), ('change-du-state', 'a', 'Update'))[1].good
    acs.wait_inform(EVENTS[0])
    agent.wait_failed(1)
    assert not told(acs), 'the ACS held requests back to the end'
    acs.run('set-hold', 'off')
    acs.send_all([('connect',)])
    acs.wait_line(r'-> DUStateChangeCompleteResponse')
    assert len(told(acs)) == 1


def test_T040_released_within_the_session(pair):
    acs, agent = pair()
    acs.send_all([('connect',), ('change-du-state', 'a', 'Update'), ('set-hold', 'on'), ('wait-inform', EVENTS[0]),
                  ('get', CODE), ('set-hold', 'off'), ('get', CODE)])
    agent.wait_idle(3)
    methods = [message.method for message in acs.messages(True)]
    answers = [i for i, method in enumerate(methods) if method == 'GetParameterValuesResponse']
    complete = methods.index('DUStateChangeComplete')
    assert len(answers) == 2 and answers[-1] < complete and methods[complete + 1] == ''
    assert not acs.warnings and 'failed' not in agent.process.stderr


def test_T044_fault_on_an_own_request(pair):
    acs, agent = pair()
    assert acs.call(('change-du-state', 'a', 'Update'), ('misbehave', 'fault:2:8002'))[0].good
    acs.wait_line(r'-> fault 8002')
    agent.wait_idle(3)
    assert 'failed' not in agent.process.stderr, 'the session goes on'
    acs.send_all([('connect',)])
    acs.wait_line(r'-> DUStateChangeCompleteResponse')
    assert len(told(acs)) == 2


def test_R36_own_request_again_for_8005(pair):
    acs, agent = pair()
    assert acs.call(('change-du-state', 'a', 'Update'), ('misbehave', 'fault:2:8005'))[0].good
    acs.wait_line(r'-> DUStateChangeCompleteResponse')
    first, second = [message for message in acs.messages(True) if message.method == 'DUStateChangeComplete']
    assert first.body == second.body


def test_R70_bad_arguments(pair):
    acs, agent = pair(strange=True)
    results = acs.call(*[('change-du-state', 'a', operation) for operation in
                         ('Other,URL=http://example.com/', 'Install,URL=' + 'x' * 1025, 'Update,Version=' + '1' * 33)])
    assert [result.fault for result in results] == [9003] * 3


def test_R70_too_much(pair):
    acs, agent = pair()
    results = acs.call(('change-du-state', 'a') + ('Update',) * 33, *[('change-du-state', str(i), 'Update')
                                                                      for i in range(17)])
    assert [result.fault for result in results] == [9004] + [0] * 16 + [9004]
    acs.wait_line(r'events=\[.*M ChangeDUState\(15\)')
