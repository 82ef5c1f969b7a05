# SPDX-License-Identifier: GPL-2.0-or-later
# kill -9 at any moment: of the agent, of a collector and of a publisher, while the ACS sets values and attributes.
import os
import random
import signal
import threading
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, KEY, SERVER, URL, make_agent, pair, publish  # noqa: F401
from collector import INTERFACE, Collector
from process import wait_until
from wire import Wire, get_values, knock, set_attributes, set_values

VENDOR = 'Device.X_ESPALIER_Test.'
TEXT = VENDOR + 'Text'
NAMES = (CODE, SERVER + 'Username', TEXT, KEY)
WATCHED = (SERVER + 'Username', TEXT)
SEED = int(os.environ.get('ESPALIER_SEED') or random.randrange(1 << 30))
OWNER_TIME = 5  # seconds that an owner has to answer (docs/agent.md)
IN_TIME = 20    # generous: a session is silent for 30 s at least before a server may give up


def begin(wire, agent):
    """A session, whoever wanted it. A connection that a killed agent left behind is none."""
    knock(agent.tree(URL)[URL])
    while True:
        connection = wire.accept()
        try:
            connection.begin()
            return connection
        except EOFError:
            connection.close()


def get_attributes(*paths):
    return ('<c:GetParameterAttributes><ParameterNames n:arrayType="xsd:string[%d]">%s</ParameterNames>'
            '</c:GetParameterAttributes>' % (len(paths), ''.join('<string>%s</string>' % path for path in paths)))


def killed(make_agent, publish, count):
    """After each kill: all of the last set that was acknowledged or sent, or all of it not; the same of attributes."""
    print('ESPALIER_SEED=%d' % SEED)
    chance = random.Random(SEED)
    publisher = publish('vendor', TEXT + ' string(64),rw 0')
    wire = Wire()
    agent = make_agent(wire.url).start()
    wire.first()
    agent.wait_idle()
    wait_until(lambda: agent.tree(TEXT), 'the vendor segment')
    number = acknowledged = attributes = attributes_sent = 0
    before = [agent.tree(*NAMES).get(name) for name in NAMES]
    connection = begin(wire, agent)
    for kill in range(count):
        timer = threading.Timer(chance.uniform(0, 0.06), agent.process.signal, (signal.SIGKILL,))
        timer.start()
        sent = acknowledged
        try:
            while True:
                number += 1
                if chance.random() < 0.7:
                    sent = number
                    answer = connection.call(set_values(dict.fromkeys(NAMES[:3], 'n%d' % number), 'n%d' % number))
                    assert answer.texts('Status') == ['0'], answer.body
                    acknowledged, before = acknowledged + 1, ['n%d' % number] * 4
                else:
                    attributes_sent = number
                    assert connection.call(set_attributes(WATCHED, ['n%d' % number])).method == 'SetParameterAttributesResponse'
                    attributes = number
        except EOFError:
            connection.close()
        timer.join()
        agent.process.wait()
        agent.start()

        def settled():
            # What was acknowledged, or found after an earlier kill, stays; what was only sent may be there or not.
            values = [agent.tree(*NAMES).get(name) for name in NAMES]
            return values if values == before or values == ['n%d' % sent] * 4 else None
        before = wait_until(settled, 'all or nothing of set %d after kill %d: %s' % (sent, kill, agent.tree(*NAMES)))
        connection = begin(wire, agent)
        answer = connection.call(get_values(*NAMES))
        assert answer.texts('Value') == before
        lists = connection.call(get_attributes(*WATCHED)).texts('string')
        allowed = [['n%d' % n] * 2 for n in (attributes, attributes_sent) if n]
        assert not attributes and len(set(lists)) == 1 or lists in allowed, (kill, lists, attributes, attributes_sent)
        if lists and lists[0].startswith('n'):
            attributes = int(lists[0][1:])
    connection.end()
    assert publisher.running()
    assert acknowledged > count / 2 and attributes
    assert not (agent.state / 'agent.db.corrupt').exists()
    wire.close()


def test_50_kills_of_the_agent_while_it_sets(make_agent, publish):
    killed(make_agent, publish, 50)


@pytest.mark.soak
def test_500_kills_of_the_agent_while_it_sets(make_agent, publish):
    killed(make_agent, publish, 500)


def test_kills_while_the_agent_starts_or_ends(make_agent, environment):
    """At each the state stays, and nothing that was left behind keeps the next one from starting."""
    # A search for leaks at the end that is killed leaves an empty report.
    environment['ASAN_OPTIONS'] += ':detect_leaks=0'
    chance = random.Random(SEED)
    wire = Wire()
    agent = make_agent(wire.url).start()
    wire.first()
    agent.wait_idle()
    connection = begin(wire, agent)
    assert connection.call(set_values({CODE: 'kept'}, 'key')).texts('Status') == ['0']
    connection.end()
    agent.wait_idle(2)
    for _ in range(20):
        agent.process.signal(signal.SIGTERM)
        time.sleep(chance.uniform(0, 0.005))
        agent.process.kill()
        agent.start(ready=None)
        time.sleep(chance.uniform(0, 0.03))
        agent.process.kill()
        agent.start()
    assert agent.tree(CODE, KEY) == {CODE: 'kept', KEY: 'key'}
    begin(wire, agent).end()
    wire.close()


def timed(connection, body):
    began = time.monotonic()
    answer = connection.call(body)
    assert time.monotonic() - began < IN_TIME
    return answer


def check_owner(make_agent, path, owner, restart, hold):
    """Kills the owner of `path` before, while and after it is asked; own values change only with the owner's."""
    wire = Wire()
    agent = make_agent(wire.url).start()
    wire.first()
    agent.wait_idle()
    wait_until(lambda: path in agent.tree(path), path)
    connection = begin(wire, agent)

    def both(text):
        return set_values({CODE: text, path: text}, text)
    if not hold:
        assert timed(connection, both('one')).texts('Status') == ['0']
    before = connection.call(get_values(CODE, KEY)).texts('Value')
    # While it is asked: it is stopped or does not answer, so that the agent waits, and then it is gone.
    if not hold:
        owner().signal(signal.SIGSTOP)
    threading.Timer(0.3, owner().kill).start()
    answer = timed(connection, both('two'))
    assert answer.fault in (9001, 9002, 9003), answer.body
    # When it is gone.
    answer = timed(connection, both('three'))
    assert answer.fault in (9001, 9002, 9003), answer.body
    assert connection.call(get_values(CODE, KEY)).texts('Value') == before
    assert timed(connection, set_values({CODE: 'mine'}, 'mine')).texts('Status') == ['0'], 'the rest can be set'
    # When it is back.
    restart()
    if not hold:
        wait_until(lambda: timed(connection, both('four')).texts('Status') == ['0'], 'the owner that is back')
        assert connection.call(get_values(CODE, path, KEY)).texts('Value') == ['four'] * 3
    connection.end()
    agent.wait_idle(2)
    wire.close()


def test_publisher_killed_during_a_set(make_agent, publish):
    processes = []

    def start():
        processes.append(publish('vendor', TEXT + ' string(64),rw 0'))
    start()
    check_owner(make_agent, TEXT, lambda: processes[-1], start, hold=False)


def test_publisher_that_does_not_answer_killed_during_a_set(make_agent, publish):
    processes = []

    def start():
        processes.append(publish('vendor', TEXT + ' string(64),rw 0', accept=False))
    start()
    check_owner(make_agent, TEXT, lambda: processes[-1], start, hold=True)


def test_espalier_netlink_killed_during_a_set(make_agent, start, run, netns, configuration):
    namespace = netns()
    namespace.ip('link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'lan1')
    agent_path = configuration(netlink={'interval_ms': 100})
    path = agent_path.rename(agent_path.with_name('netlink.conf'))
    collector = Collector(start, run, namespace, path)
    wait_until(lambda: collector.rows(INTERFACE).get('lan0'), 'the row of lan0')
    row = collector.rows(INTERFACE)['lan0']
    check_owner(make_agent, row + 'Alias', lambda: collector.process, collector.restart, hold=False)


def test_publisher_killed_at_any_moment(make_agent, publish):
    """Each set is answered in time, with success or a fault, and KEY and CODE go together."""
    chance = random.Random(SEED)
    wire = Wire()
    process = publish('vendor', TEXT + ' string(64),rw 0')
    agent = make_agent(wire.url).start()
    wire.first()
    agent.wait_idle()
    wait_until(lambda: agent.tree(TEXT), 'the vendor segment')
    connection = begin(wire, agent)
    number, good, bad = 0, 0, 0
    for _ in range(15):
        timer = threading.Timer(chance.uniform(0, 0.05), process.kill)
        timer.start()
        while timer.is_alive():
            number += 1
            answer = timed(connection, set_values({CODE: 'n%d' % number, TEXT: 'n%d' % number}, 'n%d' % number))
            own = connection.call(get_values(CODE, KEY)).texts('Value')
            if answer.fault:
                bad += 1
                assert own[0] == own[1] != 'n%d' % number
            else:
                good += 1
                assert own == ['n%d' % number] * 2
        timer.join()
        process = publish('vendor', TEXT + ' string(64),rw 0')
        wait_until(lambda: TEXT in agent.tree(TEXT), 'the vendor segment')
    assert good and bad
    connection.end()
    wire.close()


def test_server_killed_during_a_session(pair, start_acs):
    """The session is lost, and the next one with its successor is good."""
    acs, agent = pair(fast=True)
    acs.send_all([('connect',), ('misbehave', 'silent:1'), ('get', CODE)])
    acs.wait_line('-> get')
    acs.process.kill()
    agent.wait_failed(1)
    second = start_acs('--connection-user', 'acs', '--connection-password', 'hello', '--connection-url', agent.tree(URL)[URL],
                       port=acs.port)
    agent.set_paths({CODE: 'changed'})
    second.wait_inform('4 VALUE CHANGE')
    assert second.call(('get', CODE)).values == {CODE: 'changed'}
