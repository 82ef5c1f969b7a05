# SPDX-License-Identifier: GPL-2.0-or-later
# Value changes under kill -9, and in a flood: nothing that was seen is lost, and nothing grows.
import itertools
import os
import random
import re
import signal
import threading
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, CREDENTIALS, KEY, REPORTED, SERVER, make_agent, pair, publish  # noqa: F401
from process import wait_until
from test_lightweight import PASSWORD, receiver  # noqa: F401

VENDOR = 'Device.X_ESPALIER_Test.'
TEXT, OTHER = VENDOR + 'Text', VENDOR + 'Other'
LINE = TEXT + ' string(16),rw %s\n\n'
CHANGE = '4 VALUE CHANGE'
SEED = int(os.environ.get('ESPALIER_SEED') or random.randrange(1 << 30))


@pytest.fixture
def vendor(pair, publish):
    """vendor(notification) starts a pair and a publisher of a parameter with that notification."""
    def begin(notification, *options, **settings):
        publisher = publish('vendor', TEXT + ' string(16),rw n0', OTHER + ' string(16),rw -')
        acs, agent = pair(*options, password=PASSWORD, **settings)
        wait_until(lambda: TEXT in agent.tree(VENDOR), 'the vendor segment')
        assert acs.call(('set-attributes', TEXT, notification)).good
        agent.wait_idle(2)
        return acs, agent, publisher
    return begin


def kill_at_random(agent, chance):
    timer = threading.Timer(chance.uniform(0, 0.06), agent.process.signal, (signal.SIGKILL,))
    timer.start()
    return timer


def kills_while_it_notifies(acs, agent, publisher, count, told):
    """After each kill at a random moment behind a change: told(value) sees it sooner or later."""
    print('ESPALIER_SEED=%d' % SEED)
    chance = random.Random(SEED)
    for number in range(1, count + 1):
        value = 'n%d' % number
        timer = kill_at_random(agent, chance)
        publisher.write(LINE % value)
        timer.join()
        agent.process.wait()
        agent.start()
        wait_until(lambda value=value: told(value), '%s, after kill %d' % (value, number))
    assert not (agent.state / 'agent.db.corrupt').exists()


def informed(acs):
    """told() of values in Informs: looks at the new ones only."""
    seen = set()

    def told(value):
        for message in acs.messages(True)[len(seen):]:
            body = message.body.decode()
            found = re.search(r'<Name>%s</Name><Value[^>]*>(\w+)<' % re.escape(TEXT), body)
            assert not found or '<EventCode>%s</EventCode>' % CHANGE in body
            seen.add((message.number, found[1] if found else None))
        return any(value == text for _, text in seen)
    return told


def received(receiver):
    values = set()

    def told(value):
        datagram = receiver.get(0.01)
        if datagram:
            values.add(datagram[TEXT][1])
        return value in values
    return told


def test_R91_20_kills_while_it_notifies(vendor):
    acs, agent, publisher = vendor('2')
    kills_while_it_notifies(acs, agent, publisher, 20, informed(acs))


@pytest.mark.soak
def test_R91_500_kills_while_it_notifies(vendor):
    acs, agent, publisher = vendor('2')
    kills_while_it_notifies(acs, agent, publisher, 500, informed(acs))


def use_lightweight(agent, receiver):
    agent.set_paths({SERVER + 'UDPLightweightNotificationPort': receiver.port,
                     SERVER + 'UDPLightweightNotificationHost': receiver.host,
                     SERVER + 'LightweightNotificationProtocolsUsed': 'UDP'})


def test_R98_20_kills_while_it_notifies(vendor, receiver):
    acs, agent, publisher = vendor('5')
    use_lightweight(agent, receiver)
    kills_while_it_notifies(acs, agent, publisher, 20, received(receiver))


@pytest.mark.soak
def test_R98_500_kills_while_it_notifies(vendor, receiver):
    acs, agent, publisher = vendor('5')
    use_lightweight(agent, receiver)
    kills_while_it_notifies(acs, agent, publisher, 500, received(receiver))


@pytest.mark.parametrize('back', [False, True], ids=['changed', 'and back'])
def test_T090_killed_while_the_inform_is_on_its_way(vendor, back):
    acs, agent, publisher = vendor('2')
    acs.run('misbehave', 'silent:1')
    publisher.write(LINE % 'two')
    wait_until(lambda: CHANGE in acs.informs()[-1].events, 'the Inform')
    if back:
        publisher.write(LINE % 'n0')
    agent.process.kill()
    count = len(acs.informs())
    agent.start()
    inform = acs.wait_inform(CHANGE, after=count)
    assert inform.parameters[TEXT] == ('n0' if back else 'two')
    assert inform.retry == 0, 'a new life'


def test_T084_changed_again_while_the_inform_is_on_its_way(vendor):
    acs, agent, publisher = vendor('2')
    acs.run('misbehave', 'delay:1:1500')
    publisher.write(LINE % 'two')
    wait_until(lambda: CHANGE in acs.informs()[-1].events, 'the Inform')
    publisher.write(LINE % 'three')
    inform = acs.wait_inform(CHANGE, after=len(acs.informs()))
    assert inform.parameters[TEXT] == 'three'
    count = len(acs.informs())
    acs.run('misbehave', 'delay:1:1500')
    publisher.write(LINE % 'four')
    wait_until(lambda: len(acs.informs()) > count, 'the Inform')
    publisher.write(LINE % 'five')
    publisher.write(LINE % 'four')
    acs.call(('get', KEY))
    assert acs.informs()[-1].parameters.get(TEXT, 'four') == 'four'


def anonymous(agent):
    """KiB of memory that the agent has for itself."""
    with open('/proc/%d/smaps_rollup' % agent.process.pid, encoding='ascii') as file:
        return int(re.search(r'Anonymous:\s+(\d+)', file.read())[1])


def processor_time(agent):
    with open('/proc/%d/stat' % agent.process.pid, encoding='ascii') as file:
        fields = file.read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


@pytest.mark.parametrize('notification', ['1', '2', '5'])
def test_R92_ten_thousand_changes_a_second(vendor, receiver, notification):
    """One record, one session, few datagrams, and no growth, however often a value changes."""
    acs, agent, publisher = vendor(notification)
    use_lightweight(agent, receiver)
    assert acs.set({SERVER + 'DefaultActiveNotificationThrottle': '3600:unsignedInt'}).good
    agent.wait_idle(3)
    publisher.write(LINE % 'warm')
    before, busy, start = anonymous(agent), processor_time(agent), time.monotonic()
    sessions = len(acs.informs())
    writes = writes_of(agent)
    for chunk in range(30):
        publisher.write(''.join(LINE % number for number in range(chunk * 1000, chunk * 1000 + 1000)))
        time.sleep(max(0, start + chunk * 0.1 - time.monotonic()))
    wait_until(lambda: agent.tree(TEXT)[TEXT] == '29999', 'the last value')
    took = time.monotonic() - start
    print('%d changes in %.2f s, processor %.2f s' % (30000, took, processor_time(agent) - busy))
    assert len(acs.informs()) == sessions, 'the throttle'
    assert writes_of(agent) - writes < 40 + 20 * took, 'no write for each change'
    assert anonymous(agent) - before < 400 or 'sanitize' in os.environ.get('ESPALIER_CC', '')
    if notification == '5':
        datagrams = list(itertools.takewhile(bool, iter(lambda: receiver.get(2), None)))
        assert datagrams[-1][TEXT][1] == '29999' and len(datagrams) <= took + 4
        return
    acs.call(('get', KEY))
    assert acs.informs()[-1].parameters[TEXT] == '29999'


def writes_of(agent):
    """System calls by which the agent has written: its state and its messages."""
    with open('/proc/%d/io' % agent.process.pid, encoding='ascii') as file:
        return int(re.search(r'^syscw: (\d+)', file.read(), re.M)[1])
