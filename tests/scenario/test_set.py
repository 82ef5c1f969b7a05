# SPDX-License-Identifier: GPL-2.0-or-later
# SetParameterValues of the real agent, over several owners, and what survives (T071 to T080).
import random
import signal
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, CREDENTIALS, KEY, REDO, SERVER, make_agent, pair, publish  # noqa: F401
from process import wait_until

INTERVAL = SERVER + 'PeriodicInformInterval'
ENABLE = SERVER + 'PeriodicInformEnable'
VENDOR = 'Device.X_ESPALIER_Test.'
LINES = (VENDOR + 'Text string(16),rw one', VENDOR + 'Number unsignedInt[1:10],rw 1', VENDOR + 'Choice string{a,b},rw a',
         VENDOR + 'Fixed string fix', VENDOR + 'Flag boolean,rw 0', VENDOR + 'Signed int[-5:5],rw 0')


@pytest.fixture
def vendor(pair, publish):
    """An ACS, an agent and a second owner, espalier-publish."""
    publisher = publish('vendor', *LINES)
    acs, agent = pair()
    wait_until(lambda: VENDOR + 'Text' in agent.tree(VENDOR), 'the vendor segment')
    return acs, agent, publisher


def test_T071_one_value(pair):
    acs, agent = pair('--parameter-key', 'key 1')
    result = acs.set({INTERVAL: '1234'})
    assert result.good and result.line('status') == '0'
    assert acs.get(INTERVAL, KEY) == {INTERVAL: '1234', KEY: 'key 1'}


def test_T072_all_or_nothing(vendor):
    acs, agent, _ = vendor
    before = acs.get(KEY, INTERVAL, VENDOR)
    first, after = acs.call(('set', INTERVAL, '99', VENDOR + 'Text', 'two', 'Device.Nope', '1', VENDOR + 'Flag', '1:unsignedInt',
                             VENDOR + 'Number', '11', VENDOR + 'Fixed', 'x'), ('get', KEY, INTERVAL, VENDOR))
    assert first.fault == 9003
    assert first.details == {'Device.Nope': 9005, VENDOR + 'Flag': 9006, VENDOR + 'Number': 9007, VENDOR + 'Fixed': 9008}
    assert after.values == before


@pytest.mark.parametrize('text, read', [('true', '1'), ('1', '1'), ('false', '0'), ('0', '0')])
def test_T073_boolean(vendor, text, read):
    acs, agent, _ = vendor
    result, values = acs.call(('set', VENDOR + 'Flag', text), ('get', VENDOR + 'Flag'))
    assert result.good and values.values == {VENDOR + 'Flag': read}


@pytest.mark.parametrize('name, good, bad', [
    ('Number', ['1', '10'], ['0', '11', '-1', '', 'x', '1.0', '99999999999999999999']),
    ('Signed', ['-5', '5'], ['-6', '6', '']), ('Choice', ['a', 'b'], ['A', 'c']),
    ('Text', ['x' * 16, '\u00e4' * 16, ''], ['x' * 17]), ('Flag', ['1'], ['TRUE', '2', ''])])
def test_T074_limits(vendor, name, good, bad):
    acs, agent, _ = vendor
    path = VENDOR + name
    for text in good:
        assert acs.call(('set', path, text)).good, text
    for text in bad:
        result = acs.call(('set', path, text))
        assert (result.fault, result.details) == (9003, {path: 9007}), text


def test_T075_same_name_twice(pair):
    acs, agent = pair()
    result = acs.call(('set', INTERVAL, '5', INTERVAL, '6'))
    assert result.fault == 9003 and not result.details


def test_T077_special_characters(pair):
    acs, agent = pair()
    text = ' <&>"\' \u00e4\u20ac\U0001f333  ]]> '
    assert acs.set({CODE: text}).good
    assert acs.get(CODE) == {CODE: text}


def test_lenient_type(pair):
    acs, agent = pair()
    assert acs.call(('set', INTERVAL, '77:string')).good
    assert acs.call(('set', INTERVAL, '78:int')).details == {INTERVAL: 9006}


def test_T079_values_survive_kill(pair):
    acs, agent = pair('--parameter-key', 'k')
    assert acs.set({INTERVAL: '4321', CODE: 'code', SERVER + 'Password': 'pw'}).good
    agent.process.kill()
    agent.start()
    wait_until(lambda: agent.tree(INTERVAL).get(INTERVAL) == 4321, 'the value')
    assert acs.get(INTERVAL, CODE, KEY) == {INTERVAL: '4321', CODE: 'code', KEY: 'k'}


def test_several_owners(vendor):
    acs, agent, _ = vendor
    assert acs.set({INTERVAL: '55', VENDOR + 'Text': 'two', VENDOR + 'Number': '2'}).good
    assert acs.get(INTERVAL, VENDOR + 'Text', VENDOR + 'Number') == {
        INTERVAL: '55', VENDOR + 'Text': 'two', VENDOR + 'Number': '2'}
    agent.process.stop()
    assert agent.records(REDO) == {}


def test_owner_that_is_dead(vendor):
    acs, agent, publisher = vendor
    publisher.kill()
    result, after = acs.call(('set', VENDOR + 'Text', 'two', CODE, 'never'), ('get', CODE))
    assert result.fault in (9002, 9001) and 'vendor' in ' '.join(result.lines)
    assert after.values == {CODE: ''}


def test_owner_that_is_silent(vendor):
    acs, agent, publisher = vendor
    publisher.signal(signal.SIGSTOP)
    result, after = acs.call(('set', VENDOR + 'Text', 'two', CODE, 'never'), ('get', CODE))
    publisher.signal(signal.SIGCONT)
    assert result.fault == 9002 and after.values == {CODE: ''}
    assert acs.get(VENDOR + 'Text') == {VENDOR + 'Text': 'one'}
    wait_until(lambda: acs.set({VENDOR + 'Text': 'three'}).good, 'the owner to answer again')


def test_owner_that_refuses_at_commit(pair, publish):
    """The first owner has committed when the second refuses: all is taken back."""
    publish('vendor', *LINES)
    publish('script', 'Device.X_ESPALIER_Script.Text string(16),rw one', accept=False)
    acs, agent = pair()
    wait_until(lambda: len(agent.tree('Device.X_ESPALIER_Script.', VENDOR)) == 7, 'both segments')
    number = acs.send_all([('connect',), ('set', VENDOR + 'Text', 'two', 'Device.X_ESPALIER_Script.Text', 'two', CODE, 'x')])[1]
    result = acs.result(number)
    assert not result.good and result.fault
    assert acs.get(VENDOR + 'Text', 'Device.X_ESPALIER_Script.Text', CODE) == {
        VENDOR + 'Text': 'one', 'Device.X_ESPALIER_Script.Text': 'one', CODE: ''}


def test_T052_large_set(pair, publish):
    count = 2000
    publish('large', *['Device.X_ESPALIER_Large.P%d string(64),rw v' % i for i in range(500)],
            *['Device.X_ESPALIER_Large%d.P%d string(64),rw v' % (k, i) for k in range(3) for i in range(500)])
    acs, agent = pair()
    wait_until(lambda: len(agent.tree('Device.')) > count, 'the segment')
    paths = [path for path in agent.tree('Device.') if '.X_ESPALIER_Large' in path]
    assert len(paths) == count
    number = acs.send('set', *['%s=value of %s' % (path, path[-30:]) for path in paths])
    agent.set_paths({CODE: 'an active change opens a session'})
    assert acs.result(number).good
    values = acs.get('Device.')
    assert all(values[path] == 'value of ' + path[-30:] for path in paths)


def test_T080_new_url(start_acs, make_agent):
    second = start_acs(*CREDENTIALS)
    first = start_acs(*CREDENTIALS)
    agent = make_agent(first.url).start()
    first.wait_inform()
    agent.wait_idle()
    assert first.call(('set', SERVER + 'URL', second.url), ('get', SERVER + 'URL'))[1].values == {SERVER + 'URL': second.url}
    inform = second.wait_inform()
    assert inform.events[0] == '0 BOOTSTRAP'
    wait_until(lambda: agent.process.stderr.count('the session has ended') == 3, 'the session')
    agent.process.stop()
    agent.start()
    agent.set(PeriodicInformInterval=1)
    assert second.wait_inform(after=1).events == ['2 PERIODIC']


@pytest.mark.parametrize('url', ['ftp://host/', 'http://', 'nonsense', '', 'http://user@host/'])
def test_bad_url_is_refused(pair, url):
    acs, agent = pair()
    assert acs.set({SERVER + 'URL': url}).details == {SERVER + 'URL': 9007}


def test_new_periodic_interval_counts(pair):
    acs, agent = pair()
    assert acs.set({INTERVAL: '1', ENABLE: '1'}).good
    assert acs.wait_inform('2 PERIODIC').events == ['2 PERIODIC']
    assert acs.set({ENABLE: '0'}).good


def test_local_set(pair):
    acs, agent = pair()
    agent.set(PeriodicInformInterval=600, Username='me')
    agent.process.kill()
    agent.start()
    wait_until(lambda: agent.tree(INTERVAL).get(INTERVAL) == 600, 'the value')
    agent.set(status=1, PeriodicInformInterval=0)
    agent.set(status=1, ParameterKey='x')
    assert agent.tree(SERVER + 'Username', SERVER + 'Password') == {SERVER + 'Username': 'me', SERVER + 'Password': ''}


def test_T078_kill_at_any_moment_of_a_set(start_acs, make_agent, publish):
    """50 kills: what was acknowledged is there, and own and foreign value never differ once the agent is back."""
    publisher = publish('vendor', VENDOR + 'Text string(64),rw 0')
    acs = start_acs(*CREDENTIALS, '--allow-faults')
    agent = make_agent(acs.url, periodic_interval=1).start()
    acs.wait_inform()
    agent.wait_idle()
    wait_until(lambda: agent.tree(VENDOR), 'the vendor segment')
    chance = random.Random(50)
    acknowledged = 0
    for number in range(1, 51):
        command = acs.send_all([('connect',), ('set', CODE, str(number), VENDOR + 'Text', str(number))])[1]
        time.sleep(chance.uniform(0, 0.03))
        agent.process.kill()
        if command in acs.results() and acs.results()[command].good:
            acknowledged = number
        agent.start()

        def settled():
            tree = agent.tree(CODE, VENDOR + 'Text')
            return (tree.get(CODE) or '0') == tree.get(VENDOR + 'Text') and tree
        tree = wait_until(settled, 'own and foreign value to agree after kill %d' % number)
        assert int(tree[CODE] or 0) >= acknowledged
        # A command that was not sent yet is sent in the next periodic session; one that was is lost with its session.
        if acs.result(command).good:
            acknowledged = number
    assert publisher.running()
    assert acknowledged > 10
