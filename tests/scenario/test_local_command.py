# SPDX-License-Identifier: GPL-2.0-or-later
# What local programs ask of the agent: Kicked, RequestDownload, events of a vendor.
import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, CREDENTIALS, EVENT, SERVER, make_agent, pair  # noqa: F401


def operate(agent, name, *arguments, status=0):
    return agent.run('espalier-request', '-t', '30', 'operate', SERVER + name + '()', *arguments, status=status)


def test_R69_kicked(pair):
    acs, agent = pair()
    done = operate(agent, 'Kicked', 'Command=login', 'Referer=portal', 'Arg=a & b', 'Next=http://example.com/?x=<1>')
    assert 'NextURL = ' in done.stdout
    inform = acs.wait_inform('5 KICKED')
    assert inform.events == ['5 KICKED']
    message = next(m for m in acs.messages(True) if m.method == 'Kicked')
    assert [message.texts(name) for name in ('Command', 'Referer', 'Arg', 'Next')] == [
        ['login'], ['portal'], ['a & b'], ['http://example.com/?x=<1>']]


def test_R69_request_download(pair):
    acs, agent = pair()
    operate(agent, 'RequestDownload', 'FileType=1 Firmware Upgrade Image', 'Version=2.0', 'Reason=a,b=c')
    assert acs.wait_inform('9 REQUEST DOWNLOAD').events == ['9 REQUEST DOWNLOAD']
    message = next(m for m in acs.messages(True) if m.method == 'RequestDownload')
    assert message.texts('FileType') == ['1 Firmware Upgrade Image']
    assert message.texts('Name') == ['Version', 'Reason'] and message.texts('Value') == ['2.0', 'a,b=c']


def test_R69_request_download_without_arguments(pair):
    acs, agent = pair()
    operate(agent, 'RequestDownload', 'FileType=3 Vendor Configuration File')
    assert b'ArgStruct[0]' in next(m for m in acs.messages(True) if m.method == 'RequestDownload').body


def test_R36_refused_by_the_acs(pair):
    acs, agent = pair('--misbehave', 'fault:4:8000')
    assert 'fault 8000' in operate(agent, 'Kicked', 'Command=x', status=1).stderr
    assert acs.get(CODE) == {CODE: ''}
    assert acs.informs()[-1].events == ['6 CONNECTION REQUEST'], 'it is not tried again'


@pytest.mark.parametrize('name, arguments, why', [
    ('Nothing', [], 'no such command'),
    ('Kicked', ['Other=x'], 'no argument of that name'),
    ('Kicked', ['Command=' + 'x' * 33], 'too long'),
    ('Kicked', ['Command=x', 'Command=y'], 'given twice'),
    ('RequestDownload', ['Version=1'], 'FileType'),
    ('RequestDownload', ['FileType=1'] + ['a%d=1' % i for i in range(17)], 'too many'),
    ('Event', ['Code=X 00D09E'], '9007'),
    ('Event', ['Code=4 VALUE CHANGE'], '9007'),
])
def test_R69_wrong_arguments(pair, name, arguments, why):
    acs, agent = pair()
    assert why in operate(agent, name, *arguments, status=1).stderr


def test_R82_kicked_is_tried_again(pair, start_acs):
    """The program that waits for the answer has it after failed sessions too, and another call goes with it."""
    acs, agent = pair(fast=True)
    port = acs.port
    acs.stop()
    waiting = agent.begin('espalier-request', '-t', '120', 'operate', SERVER + 'Kicked()', 'Command=x')
    other = agent.begin('espalier-request', '-t', '120', 'operate', SERVER + 'RequestDownload()', 'FileType=1 Firmware Upgrade Image')
    agent.wait_failed(2)
    again = start_acs(*CREDENTIALS, port=port)
    assert waiting.wait() == 0 and other.wait() == 0
    events = [event for inform in again.informs() for event in inform.events]
    assert sorted(events) == ['5 KICKED', '9 REQUEST DOWNLOAD'] and again.informs()[0].retry >= 2


def test_R69_several_wait_and_the_acs_is_away(pair):
    acs, agent = pair()
    acs.stop()
    waiting = [agent.begin('espalier-request', '-t', '60', 'operate', SERVER + 'Kicked()', 'Command=%d' % i)
               for i in range(3)]
    agent.wait_failed(1)
    agent.process.stop()
    for process in waiting:
        assert process.wait() != 0


def test_R82_vendor_event(pair):
    acs, agent = pair()
    agent.process.wait_for('the session has ended')
    operate(agent, 'Event', 'Code=X 00D09E Door open', 'CommandKey=front')
    assert acs.wait_inform('X 00D09E Door open(front)').events == ['X 00D09E Door open(front)']


def test_R82_vendor_event_survives_a_kill(pair):
    acs, agent = pair('--misbehave', 'hang-up:3', fast=False)
    operate(agent, 'Event', 'Code=X 00D09E Door open')
    agent.wait_failed(1)
    agent.process.kill()
    agent.start()
    assert acs.wait_inform(after=2).events == ['X 00D09E Door open']


def test_R52_asks_a_new_acs_for_its_methods(pair, start_acs):
    acs, agent = pair(ask_methods='yes')
    methods = [message.method for message in acs.messages(True)]
    assert methods == ['Inform', 'GetRPCMethods', '']
    agent.restart()
    assert len([m for m in acs.messages(True) if m.method == 'GetRPCMethods']) == 1
    assert 'NextURL' in operate(agent, 'Kicked', 'Command=x').stdout


def test_R52_does_not_ask_by_default(pair):
    acs, agent = pair()
    assert [message.method for message in acs.messages(True)] == ['Inform', '']
