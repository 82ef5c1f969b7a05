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
from kills import TEXT, AddRows, DeleteRows, SetAttributes, SetValues, begin, killed, killed_while_notifying
from process import wait_until
from wire import Wire, get_values, set_values

SEED = int(os.environ.get('ESPALIER_SEED') or random.randrange(1 << 30))
OWNER_TIME = 5  # seconds that an owner has to answer (docs/agent.md)
IN_TIME = 20    # generous: a session is silent for 30 s at least before a server may give up
QUICK = 10      # kills of each operation in every run of the tests
MANY = 125      # and where they are to be many: with those of test_transfer_kill.py more than 500
OPERATIONS = [SetValues, SetAttributes, AddRows, DeleteRows]


@pytest.mark.parametrize('operation', OPERATIONS)
def test_kills_of_the_agent(make_agent, publish, operation):
    """After each kill: all that was acknowledged is there, and of what was only sent all or nothing."""
    killed(operation, make_agent, publish, QUICK, SEED)


@pytest.mark.soak
@pytest.mark.parametrize('operation', OPERATIONS)
def test_many_kills_of_the_agent(make_agent, publish, operation):
    killed(operation, make_agent, publish, MANY, SEED)


def test_kills_of_the_agent_while_it_notifies(make_agent):
    killed_while_notifying(make_agent, QUICK, SEED)


@pytest.mark.soak
def test_many_kills_of_the_agent_while_it_notifies(make_agent):
    killed_while_notifying(make_agent, MANY, SEED)


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
