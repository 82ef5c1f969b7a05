# SPDX-License-Identifier: GPL-2.0-or-later
# SetParameterValues of the real agent, over several owners, and what survives (T071 to T080).
import random
import re
import signal
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, CREDENTIALS, KEY, REDO, SERVER, make_agent, pair, publish  # noqa: F401
from process import wait_until
from wire import Wire, envelope, get_values, set_values

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
    acs.send('parameter-key', 'never')
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


KINDS = (VENDOR + 'Date dateTime,rw 0001-01-01T00:00:00Z', VENDOR + 'Hex hexBinary(4),rw 00', VENDOR + 'Base base64(3),rw',
         VENDOR + 'Decimal decimal,rw 0', VENDOR + 'Long long,rw 0', VENDOR + 'Unsigned unsignedLong,rw 0',
         VENDOR + 'Colours string{red,green},rw,list red', VENDOR + 'Numbers unsignedInt[1:5],rw,list 1',
         VENDOR + 'Names string(4),rw,list a')


@pytest.mark.parametrize('name, good, bad', [
    ('Date', ['2026-11-21T10:00:00Z', '2026-11-21T10:00:00.5+01:00', '0001-01-01T00:03:30', '9999-12-31T23:59:59Z'],
     ['2026-13-01T00:00:00Z', '2026-02-29T00:00:00Z', 'now', '']),
    ('Hex', ['00ff', 'ABCDEF01'], ['0', 'xy', '0011223344']), ('Base', ['', 'AAAA'], ['A', 'AAAAAAAA', '????']),
    ('Decimal', ['-1.5', '0'], ['', '1e3', 'x']),
    ('Long', ['-9223372036854775808', '9223372036854775807'], ['9223372036854775808', '']),
    ('Unsigned', ['18446744073709551615'], ['18446744073709551616', '-1']),
    ('Colours', ['green', 'red, green', ''], ['blue', 'red,,green', 'red,Green']),
    ('Numbers', ['1,5', ' 2 , 3 '], ['0', '1,6', '1,x']), ('Names', ['abcd,e', ''], ['abcde'])])
def test_T074_types_and_lists(pair, publish, name, good, bad):
    publish('vendor', *KINDS)
    acs, agent = pair()
    path = VENDOR + name
    wait_until(lambda: path in agent.tree(VENDOR), 'the segment')
    results = acs.call(*[('set', path, text) for text in good + bad], ('get', path))
    assert [result.good for result in results[:-1]] == [True] * len(good) + [False] * len(bad), results
    assert all(result.details == {path: 9007} for result in results[len(good):-1])
    assert results[-1].values == {path: good[-1]}


@pytest.mark.parametrize('name, good, bad', [
    ('Device.Ethernet.WoL.MACAddress', ['00:11:22:AA:bb:cc', ''], ['00-11-22-33-44-55', '0:1:2:3:4:5', '00:11:22:33:44:55:66']),
    ('Device.Routing.Router.1.IPv4Forwarding.1.DestIPAddress', ['10.0.0.0', '', '255.255.255.255'], ['10.0.0', '256.1.1.1', '10.0.0.1/8']),
    ('Device.DHCPv4.Server.Pool.1.DNSServers', ['10.0.0.1,10.0.0.2', '10.0.0.1, 10.0.0.2', ''], ['10.0.0.1,host']),
    ('Device.Bridging.Bridge.1.Port.1.PriorityCodePoint.PCPEncoding', ['0,1,' * 7 + '0,1'], ['0,1', '8,1,' * 7 + '0,1'])])
def test_T074_patterns_of_the_model(pair, publish, name, good, bad):
    """What the data model has a pattern for is checked for every owner (R-44)."""
    listed = ',list' if name.endswith(('DNSServers', 'PCPEncoding')) else ''
    publish('vendor', *[''.join('{i}' if part == '1' else part for part in re.split(r'(?<=\.)(1)(?=\.)', name[:at.end()])) + ' object'
                        for at in re.finditer(r'\.1\.', name)], name + ' string,rw' + listed)
    acs, agent = pair()
    wait_until(lambda: name in agent.tree(name), 'the segment')
    results = acs.call(*[('set', name, text) for text in good + bad], ('get', name))
    assert [result.good for result in results[:-1]] == [True] * len(good) + [False] * len(bad), results
    assert all(result.details == {name: 9007} for result in results[len(good):-1])
    assert results[-1].values == {name: good[-1]}


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


@pytest.mark.parametrize('kind', ['string', 'int', 'unsignedInt', None])
def test_R53_strict_types(pair, kind):
    acs, agent = pair(strict_types='yes')
    result = acs.call(('set', INTERVAL, '77' if kind is None else '77:' + kind))
    assert result.details == ({} if kind in ('unsignedInt', None) else {INTERVAL: 9006})
    assert acs.call(('set', CODE, 'a:string')).good


def test_T079_values_survive_kill(pair):
    acs, agent = pair('--parameter-key', 'k')
    assert acs.set({INTERVAL: '4321', CODE: 'code', SERVER + 'Password': 'pw'}).good
    agent.process.kill()
    agent.start()
    wait_until(lambda: agent.tree(INTERVAL).get(INTERVAL) == 4321, 'the value')
    assert acs.get(INTERVAL, CODE, KEY) == {INTERVAL: '4321', CODE: 'code', KEY: 'k'}


def test_T079_values_survive_a_reboot(pair, publish, run_folder):
    """Of the run folder nothing is left then; what another owner keeps is its affair."""
    acs, agent = pair('--parameter-key', 'k')
    assert acs.set({INTERVAL: '4321', CODE: 'code', SERVER + 'Username': 'me'}).good
    agent.power_cut(run_folder)
    assert acs.wait_inform('1 BOOT', after=2).events == ['1 BOOT']
    agent.wait_idle()
    assert acs.get(INTERVAL, CODE, KEY, SERVER + 'Username') == {
        INTERVAL: '4321', CODE: 'code', KEY: 'k', SERVER + 'Username': 'me'}


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
    assert max(len(message.body) for message in acs.messages(False)) > 32768
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


@pytest.mark.parametrize('share', [0.5, 0.99, 1])
def test_T078_connection_drops(make_agent, publish, share):
    """Within the request: no owner has the new values. Right behind it: all have, and the answer comes on a connection
    of its own."""
    text, names = VENDOR + 'Text', (CODE, VENDOR + 'Text', KEY)
    publish('vendor', text + ' string(64),rw 0')
    wire = Wire()
    agent = make_agent(wire.url).fast_retry().start()
    wire.first()
    wait_until(lambda: agent.tree(VENDOR), 'the vendor segment')
    expected = ['', '0', '']
    for number in ('1', '2', '3'):
        connection = wire.session(agent)
        body = envelope(set_values({CODE: number, text: number}, number)).encode()
        head = 'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n' % len(body)
        connection.send(head.encode() + body[:int(len(body) * share)])
        connection.close()
        if share == 1:
            answer = wire.accept()
            assert answer.receive().texts('Status') == ['0']
            answer.end()
            expected = [number] * 3
        else:
            agent.process.wait_for(r'(?:session 1 in a row has failed(?:.|\n)*){%s}' % number)
        again = wire.session(agent)
        assert again.call(get_values(*names)).texts('Value') == expected
        again.end()
    wire.close()


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
