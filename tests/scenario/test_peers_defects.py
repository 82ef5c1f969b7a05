# SPDX-License-Identifier: GPL-2.0-or-later
# What was found in other agents, a test each: here bad input costs the session at most, and nobody becomes deaf by it.
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, KEY, PASSWORD, SERVER, URL, USER, make_agent, pair, publish  # noqa: F401
from process import TIMEOUT, wait_until
from wire import Wire, ask, authorization, envelope, get_values, knock, set_attributes, set_values

SANITIZED = 'sanitize' in os.environ.get('ESPALIER_CC', '')
AT_ONCE = 5  # seconds: a second is asked for, and others were deaf for 31
VENDOR = 'Device.X_ESPALIER_Test.'


def answers_at_once(acs, agent):
    """The next connection request leads to a session at once, and in it a get and a set succeed."""
    count = len(acs.informs())
    began = time.monotonic()
    results = acs.call(('get', KEY), ('set', CODE, 'after'), ('get', CODE))
    assert time.monotonic() - began < AT_ONCE
    assert all(result.good for result in results) and results[2].values == {CODE: 'after'}
    assert '6 CONNECTION REQUEST' in acs.informs()[count].events
    assert agent.process.running()


def struct(text):
    return ('<c:SetParameterValues><ParameterList n:arrayType="c:ParameterValueStruct[1]"><ParameterValueStruct>%s'
            '</ParameterValueStruct></ParameterList><ParameterKey/></c:SetParameterValues>' % text)


LONG = 'Device.' + 'x' * 293
# The message, and the fault that answers it: 0 for a response, None for a session that fails.
MESSAGES = {
    'an empty Body': (envelope(''), (9000, 9003)),
    'a Body of blanks': (envelope(' \r\n '), (9000, 9003)),
    'two methods in a Body': (envelope('<c:GetRPCMethods/><c:GetRPCMethods/>'), None),
    'SetParameterValues without Name': (envelope(struct('<Value xsi:type="xsd:string">1</Value>')), 9003),
    'SetParameterValues without Value': (envelope(struct('<Name>%s</Name>' % CODE)), 9003),
    'SetParameterValues with an empty Name': (envelope(struct('<Name/><Value>1</Value>')), 9003),
    'SetParameterValues with an empty struct': (envelope(struct('')), 9003),
    'SetParameterValues without arguments': (envelope('<c:SetParameterValues/>'), 9003),
    'SetParameterAttributes without Name': (envelope('<c:SetParameterAttributes><ParameterList><SetParameterAttributesStruct/>'
                                                     '</ParameterList></c:SetParameterAttributes>'), 9003),
    'deep nesting': (envelope('<a>' * 100000 + '</a>' * 100000), None),
    'deep nesting in an argument': (envelope('<c:GetParameterNames><ParameterPath>%s%s</ParameterPath><NextLevel>1</NextLevel>'
                                             '</c:GetParameterNames>' % ('<a>' * 3000, '</a>' * 3000)), None),
    'deep nesting never closed': (envelope('<a>' * 100000)[:600000], None),
    'a name of 300 characters to get': (envelope(get_values(LONG)), (9003, 9005)),
    'a name of 300 characters to set': (envelope(set_values({LONG: '1'})), 9003),
    'a name of 300 characters for attributes': (envelope(set_attributes([LONG], ['a'])), (9003, 9005)),
    'a path of 300 characters': (envelope('<c:GetParameterNames><ParameterPath>%s.</ParameterPath><NextLevel>0</NextLevel>'
                                          '</c:GetParameterNames>' % LONG), (9003, 9005)),
    'a path of 100 levels': (envelope(get_values('Device.' + 'a.' * 100)), (9003, 9005)),
    'an instance number of 40 digits': (envelope(get_values('Device.IP.Interface.%s.' % ('9' * 40))), (9003, 9005)),
    'a method of 300 characters': (envelope('<c:%s/>' % ('M' * 300)), 9000),
    'a ParameterKey of 300 characters': (envelope(set_values({CODE: 'x'}, 'k' * 300)), 9003),
    'a value of 100 KB': (envelope(set_values({CODE: 'x' * 100000})), 9003),
    'a header ID of 100 KB': (envelope('<c:GetRPCMethods/>', 'i' * 100000), None),
    'an arrayType of 2 billion': (envelope(get_values(KEY).replace('[1]', '[2147483647]')), 0),
    'an arrayType of nonsense': (envelope(get_values(KEY).replace('[1]', '[%n%n]')), (0, 9003)),
    'GetParameterNames with an empty path': (envelope('<c:GetParameterNames><ParameterPath/><NextLevel>0</NextLevel>'
                                                      '</c:GetParameterNames>'), 0),
    'GetParameterNames with a dot': (envelope('<c:GetParameterNames><ParameterPath>.</ParameterPath><NextLevel>0</NextLevel>'
                                              '</c:GetParameterNames>'), 9005),
    'GetParameterValues with an empty path': (envelope(get_values('')), 0),
    'an attribute 100 KB long': (envelope('<c:GetRPCMethods x="%s"/>' % ('y' * 100000)), None),
    'half a message': (envelope('<c:GetRPCMethods/>')[:200], None),
    'a second root': (envelope('<c:GetRPCMethods/>') + '<again/>', None),
    'a prefix that is not declared': (envelope('<zzz:GetRPCMethods/>'), 9000),
    'SOAP 1.2': (envelope('<c:GetRPCMethods/>').replace('http://schemas.xmlsoap.org/soap/envelope/',
                                                       'http://www.w3.org/2003/05/soap-envelope'), None),
    'a NUL byte': (envelope(set_values({CODE: 'a\0b'})), None),
    'a character that XML forbids': (envelope(set_values({CODE: 'a\x01b'})), None),
    'a reference to a character that XML forbids': (envelope(set_values({CODE: 'a&#1;b'})), None),
    'an entity of its own': ('<!DOCTYPE a [<!ENTITY x "y">]>' + envelope(set_values({CODE: '&x;'})), None),
    'an entity from a file': ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + envelope(set_values({CODE: '&x;'})), None),
}


@pytest.mark.parametrize('name', list(MESSAGES))
def test_message(make_agent, name):
    """It is answered with its fault, or costs the session; the agent then comes at the next request, at once."""
    message, wanted = MESSAGES[name]
    wire = Wire()
    agent = make_agent(wire.url).start()
    wire.first()
    agent.wait_idle()
    connection = wire.session(agent)
    connection.answer(message)
    try:
        answer = connection.receive()
        assert wanted is not None, answer.body
        assert answer.fault in (wanted if isinstance(wanted, tuple) else (wanted,)), answer.body
        assert connection.call(get_values(KEY)).texts('Value') == [''], 'the session goes on'
        connection.end()
    except EOFError:
        assert wanted is None, agent.process.stderr
        agent.wait_failed(1)
    connection.close()
    began = time.monotonic()
    again = wire.session(agent)
    assert time.monotonic() - began < AT_ONCE
    assert again.call(set_values({CODE: 'after'})).texts('Status') == ['0']
    again.end()
    wire.close()


@pytest.mark.parametrize('kind', ['xml-declaration', 'other-prefixes', 'default-namespace'])
def test_declaration_or_other_prefix_refused(pair, kind):
    acs, agent = pair('--misbehave', kind + ':*')
    answers_at_once(acs, agent)


@pytest.mark.parametrize('kind', ['garbage', 'truncated', 'dtd-bomb', 'deep', 'hang-up:1:100', 'reset:1:100', 'status:1:500',
                                  'length-short', 'long-id', 'content-type:1:text/html', 'body:1:hello', 'fault:1:8001'])
def test_deaf_after_a_malformed_answer(pair, kind):
    acs, agent = pair()
    connect, _, lost = acs.send_all([('connect',), ('misbehave', kind if ':' in kind else kind + ':1'), ('get', KEY)])
    acs.wait_inform('6 CONNECTION REQUEST')
    acs.result(lost)
    answers_at_once(acs, agent)


def cpu_seconds(pid):
    with open('/proc/%d/stat' % pid, encoding='ascii') as file:
        fields = file.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def memory_kib(pid, name):
    with open('/proc/%d/status' % pid, encoding='ascii') as file:
        return int(re.search(r'^%s:\s+(\d+) kB' % name, file.read(), re.M)[1])


LARGE = {
    'of one value': lambda: set_values({CODE: 'v' * 50000000}),
    'of names': lambda: get_values(*['Device.DeviceInfo.'] * 1000000),
    'of elements': lambda: '<a/>' * 12500000,
    'of blanks': lambda: ' ' * 50000000,
    'of one comment': lambda: '<!--' + 'c' * 50000000 + '-->',
    'of one tag': lambda: '<' + 't' * 50000000 + '>',
    'of namespaces': lambda: ''.join('<a xmlns:n%d="urn:%d">' % (n, n) for n in range(1500000)),
    'of attributes': lambda: '<a %s/>' % ' '.join('a%d="1"' % n for n in range(3500000)),
}


@pytest.mark.parametrize('kind', list(LARGE))
def test_busy_for_minutes_on_50_megabytes(make_agent, kind):
    wire = Wire()
    agent = make_agent(wire.url).start()
    wire.first()
    agent.wait_idle()
    before = cpu_seconds(agent.process.pid)
    connection = wire.session(agent)
    connection.answer(envelope(LARGE[kind]()))
    agent.wait_failed(1)
    connection.close()
    assert cpu_seconds(agent.process.pid) - before < (20 if SANITIZED else 2)
    assert SANITIZED or memory_kib(agent.process.pid, 'VmHWM') < 48 * 1024
    wire.session(agent).end()
    wire.close()


def test_server_that_sends_without_end(make_agent):
    """Headers, interim answers and chunks that never end: each is cut off at a bound."""
    wire = Wire()
    agent = make_agent(wire.url).start()
    wire.first()
    agent.wait_idle()
    for number, (start, more) in enumerate([
            (b'HTTP/1.1 200 OK\r\nX: ', b'y' * 65536), (b'HTTP/1.1 200 OK\r\n', b'X-Header: y\r\n' * 5000),
            (b'', b'HTTP/1.1 100 Continue\r\n\r\n' * 3000), (b'', b'\r\n' * 30000), (b'HTTP/1.1 ', b'2' * 65536),
            (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;', b'x' * 65536),
            (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', b'10000\r\n' + b' ' * 65536 + b'\r\n'),
            (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n', b'X-Trailer: y\r\n' * 5000)], 1):
        connection = wire.session(agent)
        connection.send(start)
        try:
            for _ in range(1000):
                connection.socket.sendall(more)
            raise AssertionError('65 MB were taken after %r' % start[-20:])
        except OSError:
            pass
        connection.close()
        agent.wait_failed(number)
    assert SANITIZED or memory_kib(agent.process.pid, 'VmHWM') < 48 * 1024
    wire.close()


# ---- The connection-request port

def test_silent_clients_block_the_listener(pair):
    """100 that say nothing, 100 that stop in the middle and one that goes on slowly; then the genuine request."""
    acs, agent = pair()
    url = re.match(r'http://([^:]+):(\d+)', agent.tree(URL)[URL])
    clients = [socket.create_connection((url[1], int(url[2])), timeout=TIMEOUT) for _ in range(200)]
    for client in clients[100:]:
        try:
            client.sendall(b'GET / HTTP/1.1\r\nHost: x\r\nX-Part')
        except OSError:
            pass
    answers_at_once(acs, agent)
    late = [socket.create_connection((url[1], int(url[2])), timeout=TIMEOUT) for _ in range(20)]
    answers_at_once(acs, agent)
    for client in clients + late:
        client.close()
    answers_at_once(acs, agent)


def test_large_request_on_the_connection_request_port(pair):
    acs, agent = pair()
    url = re.match(r'http://([^:]+):(\d+)', agent.tree(URL)[URL])
    before = cpu_seconds(agent.process.pid)
    for start, more in ((b'GET / HTTP/1.1\r\n', b'X: yyyyyyyyy\r\n' * 5000), (b'GET /', b'x' * 65536),
                        (b'POST / HTTP/1.1\r\nContent-Length: 50000000\r\n\r\n', b'x' * 65536),
                        (b'GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n', b'10000\r\n' + b'x' * 65536 + b'\r\n')):
        with socket.create_connection((url[1], int(url[2])), timeout=TIMEOUT) as client:
            try:
                client.sendall(start)
                for _ in range(1000):
                    client.sendall(more)
            except OSError:
                pass
    assert cpu_seconds(agent.process.pid) - before < (20 if SANITIZED else 4)
    answers_at_once(acs, agent)


def test_digest_nonces_never_checked(make_agent):
    wire = Wire()
    agent = make_agent(wire.url).start()
    wire.first()
    agent.wait_idle()
    url = agent.tree(URL)[URL]
    challenge = ask(url).challenge
    good = authorization(url, challenge)
    assert ask(url, good).status in (200, 204)
    connection = wire.accept()
    assert '6 CONNECTION REQUEST' in connection.begin().body
    connection.end()
    agent.wait_idle(2)

    assert ask(url, good).status == 401, 'a replayed request'
    assert ask(url, authorization(url, challenge, nc='00000001')).status == 401, 'a count used again'
    assert ask(url, authorization(url, challenge, nc='00000000')).status == 401, 'a count of nothing'
    for what, changed in {
            'a nonce made up': {'nonce': 'a' * 48}, 'an empty nonce': {'nonce': ''}, 'a short nonce': {'nonce': 'abc'},
            'another digit in the nonce': {'nonce': challenge['nonce'][:-1] + 'fe'[challenge['nonce'][-1] == 'f']},
            'a nonce 1 KB long': {'nonce': 'a' * 1024},
            'another realm': {'realm': 'elsewhere'}, 'another user': {'user': 'admin'}, 'no user': {'user': ''},
            'another password': {'password': 'x'}, 'no password': {'password': ''}, 'another method': {'method': 'POST'},
            'a uri that is not asked for': {'uri': '/'}, 'an empty uri': {'uri': ''}, 'an empty response': {'response': ''},
            'a response of zeros': {'response': '0' * 32}}.items():
        fresh = ask(url).challenge
        assert ask(url, authorization(url, fresh, **changed)).status in (400, 401, 431), what
    for header in ('Authorization: Digest\r\n', 'Authorization: Digest ,,,,\r\n', 'Authorization: Digest username="\r\n',
                   'Authorization: Basic YWNzOmhlbGxv\r\n', 'Authorization: Bearer x\r\n', 'Authorization:\r\n',
                   good.replace(', ', ' '), good + good):
        assert ask(url, header).status in (400, 401), header
    assert knock(url).status in (200, 204), 'the genuine one'
    connection = wire.accept()
    connection.begin()
    connection.end()
    agent.wait_idle(3)
    # None of them led to a session.
    wire.socket.settimeout(0.5)
    with pytest.raises(TimeoutError):
        wire.accept()

    fresh = ask(url).challenge
    for nc in ('00000001', '00000002', '00000005'):
        assert ask(url, authorization(url, fresh, nc=nc)).status in (200, 204), 'a nonce used on'
    stale = ask(url, authorization(url, fresh, nc='00000003'))
    assert stale.status == 401
    wire.socket.settimeout(TIMEOUT)
    wire.serve(lambda connection, number: (connection.begin(), connection.end()))
    old = ask(url).challenge
    agent.process.stop()
    agent.start()
    assert ask(url, authorization(url, old)).status == 401, 'a nonce of the process before'
    wire.close()


# ---- Redirects

def test_redirect_loop(pair):
    acs, agent = pair()
    acs.send('misbehave', 'redirect-302:*:/round/and/round')
    assert knock(agent.tree(URL)[URL]).status in (200, 204)
    agent.wait_failed(1)
    posts = [message for message in acs.messages(True) if message.method == 'Inform']
    assert len(posts) <= 1 + 6, 'five redirects are followed'
    acs.send('misbehave', 'off')
    answers_at_once(acs, agent)


def test_redirect_loop_over_two_servers(make_agent):
    first, second = Wire(), Wire()
    seen = []

    def redirect(to):
        def answer(connection, number):
            connection.receive()
            seen.append(number)
            connection.answer(b'', '307 Temporary Redirect', 'Location: %s\r\n' % to)
        return answer
    first.serve(redirect(second.url))
    second.serve(redirect(first.url))
    agent = make_agent(first.url).start()
    assert 'redirect' in agent.wait_failed(1)
    assert len(seen) == 6
    first.close()
    second.close()


@pytest.mark.parametrize('location', ['', 'Location:\r\n', 'Location: ftp://host/\r\n', 'Location: http://\r\n',
                                      'Location: file:///etc/passwd\r\n', 'Location: //\r\n', 'Location: http://u:p@host/\r\n',
                                      'Location: %s\r\n' % ('x' * 5000), 'Location: http://host:99999/\r\n',
                                      'Location: http://host/a b\r\n', 'Location: javascript:x\r\n'], ids=lambda text: text[10:35])
def test_redirect_to_nonsense(make_agent, location):
    wire = Wire()
    agent = make_agent(wire.url).start()
    wire.first()
    agent.wait_idle()
    assert knock(agent.tree(URL)[URL]).status in (200, 204)
    connection = wire.accept()
    with pytest.raises(EOFError):
        while True:
            connection.receive()
            connection.answer(b'', '302 Found', location)
    agent.wait_failed(1)
    wire.session(agent).end()
    wire.close()


# ---- Values and names

SHELL = ['`touch %s`', '$(touch %s)', ';touch %s', '|touch %s', '&& touch %s', "';touch %s;'", '";touch %s;"', '\ntouch %s\n',
         '> %s', '$IFS', '../../../../%s', '%%s%%n', '-o %s', '*', '~', '\\', '#']


def children(pid):
    found = []
    for task in os.listdir('/proc/%d/task' % pid):
        with open('/proc/%d/task/%s/children' % (pid, task), encoding='ascii') as file:
            found += file.read().split()
    return found


def test_values_handed_to_a_shell(pair, publish, start, tmp_path):
    """Every text that the ACS can set keeps each character, and no program is ever started."""
    publish('vendor', VENDOR + 'Text string(256),rw one')
    acs, agent = pair()
    wait_until(lambda: agent.tree(VENDOR), 'the vendor segment')
    pid, trace = agent.process.pid, None
    if shutil.which('strace') and not SANITIZED:
        trace = start('strace', '-f', '-qq', '-e', 'trace=execve,execveat,fork,vfork,clone,clone3', '-o', tmp_path / 'trace',
                      '-p', str(pid))
        wait_until(lambda: not trace.running() or re.search(r'^TracerPid:\s+[1-9]', open('/proc/%d/status' % pid).read(), re.M),
                   'strace')
        trace = trace if trace.running() else None
    mark = tmp_path / 'mark'
    names = [CODE, SERVER + 'Username', SERVER + 'ConnectionRequestUsername', VENDOR + 'Text']
    for text in SHELL:
        text = text.replace('%s', str(mark))
        numbers = acs.send_all([('set', name, text[:64] if name == CODE else text) for name in names] + [
            ('get', *names), ('set', SERVER + 'ConnectionRequestUsername', USER),
            # As part of a name, a key, an access list, and for parameters that limit what they take.
            ('get', 'Device.%s.' % text), ('set', 'Device.' + text, 'x'), ('set', SERVER + 'PeriodicInformInterval', text),
            ('parameter-key', text[:32]), ('set-attributes', text, '1'), ('set-attributes', CODE, '1', text[:64])])
        assert knock(agent.tree(URL)[URL]).status in (200, 204)
        results = [acs.result(number) for number in numbers]
        assert all(result.good for result in results[:6]), (text, results)
        assert [results[4].values[name] for name in names] == [text[:64]] + [text] * 3
        assert not children(pid)
    agent.restart()
    assert agent.tree(VENDOR + 'Text')[VENDOR + 'Text'] == SHELL[-1]
    assert not mark.exists() and not list(tmp_path.rglob('mark'))
    if trace:
        trace.wait()
        calls = [line for line in (tmp_path / 'trace').read_text().splitlines() if 'CLONE_THREAD' not in line and '(' in line]
        assert not [line for line in calls if re.search(r'\b(execve|execveat|fork|vfork|clone3?)\(', line)], calls


@pytest.mark.skipif(SANITIZED or not shutil.which('nm'), reason='a sanitizer brings its own functions; nm is needed')
def test_program_starts_others_by_path_only(build):
    """posix_spawn() with an argument vector is for the configured programs, fork() for -d; it knows no shell."""
    shown = subprocess.run(['nm', '-D', '--undefined-only', build / 'espalier-agent'], capture_output=True, text=True, check=True)
    known = {line.split()[-1].partition('@')[0] for line in shown.stdout.splitlines()}
    assert not known & {'system', 'popen', 'execl', 'execle', 'execlp', 'execv', 'execve', 'execvp', 'execvpe', 'fexecve',
                        'posix_spawnp', 'vfork', 'strcpy', 'strcat', 'sprintf', 'gets'}


def files(*folders):
    return {str(path) for folder in folders for path in folder.rglob('*') if not path.name.startswith('agent.db')}


def test_names_used_as_a_path(pair, run_folder, tmp_path):
    acs, agent = pair()
    before = files(run_folder, agent.state, tmp_path / 'state')
    outside = set(os.listdir('/tmp')) | set(os.listdir(run_folder.parent))
    for name in ('../mark', '../../../../tmp/espalier-mark', '/tmp/espalier-mark', 'Device.../../mark', 'Device./../mark',
                 'Device.DeviceInfo/ProvisioningCode', '..', '.', 'Device..', 'Device.DeviceInfo...', 'agent.seg', '../agent.db',
                 'Device.%2e%2e%2fmark', '%s%n%s', 'Device.DeviceInfo.ProvisioningCode/'):
        results = acs.call(('get', name), ('set', name, 'x'), ('names', name, '0'), ('set-attributes', name, '1'),
                           ('attributes', name))
        assert {result.fault for result in results} <= {9003, 9005} and not any(result.good for result in results), name
        assert results[1].details == {name: 9005} or results[1].fault == 9003
    assert acs.call(('parameter-key', '../../key'), ('set', CODE, '../../../etc/passwd'))[-1].good
    assert acs.get(KEY, CODE) == {KEY: '../../key', CODE: '../../../etc/passwd'}
    assert files(run_folder, agent.state, tmp_path / 'state') == before
    assert not [name for name in (set(os.listdir('/tmp')) | set(os.listdir(run_folder.parent))) - outside if 'mark' in name]


def only_tls(wire):
    """Takes the agent's connection, which begins with a handshake of TLS, and ends it."""
    connection = wire.accept()
    data = connection.socket.recv(65536)
    assert data[0] == 0x16 and b'HTTP' not in data, data
    connection.close()


def test_plain_http_sent_to_an_https_url(make_agent):
    """What reaches an https server is TLS or nothing."""
    wire = Wire()
    agent = make_agent(wire.url.replace('http:', 'https:'), username='user', password='geheim').start()
    only_tls(wire)
    agent.wait_failed(1)
    wire.close()


def test_redirected_to_https_nothing_goes_in_clear(make_agent):
    wire, secure = Wire(), Wire()

    def answer(connection, number):
        connection.receive()
        connection.answer(b'', '302 Found', 'Location: %s\r\n' % secure.url.replace('http:', 'https:'))
    wire.serve(answer)
    agent = make_agent(wire.url, password='geheim').start()
    only_tls(secure)
    agent.wait_failed(1)
    wire.close()
    secure.close()


def test_passwords_in_informs_and_readable(pair, run_folder):
    secrets = ['factory-secret', 'geheim-1', 'geheim-2', PASSWORD]
    acs, agent = pair('--auth', 'digest', '--user', 'u', '--password', secrets[0], username='u', password=secrets[0])
    both = [SERVER + 'Password', SERVER + 'ConnectionRequestPassword']
    results = acs.call(('set-attributes', both[0], '2'), ('set-attributes', both[1], '2'), ('get', 'Device.'), ('get', *both),
                       ('set', both[0], secrets[0]), ('set', both[1], PASSWORD), ('get', *both))
    assert results[-1].values == dict.fromkeys(both, '')
    assert acs.set({both[0]: secrets[1]}).good
    agent.set(ConnectionRequestPassword=secrets[2])
    agent.restart()
    assert agent.tree(*both) == dict.fromkeys(both, '')
    heads = ''.join(message.head for message in acs.messages(True))
    # What the ACS sent is not looked at, but all that came from the agent.
    sent = b''.join(message.body for message in acs.messages(True)).decode() + heads
    shown = agent.run('shmdump', '-l').stdout + agent.run('shmdump', '-S').stdout
    memory = b''.join(path.read_bytes() for path in run_folder.rglob('*') if path.is_file()).decode('latin-1')
    for secret in secrets:
        for where, text in (('message', sent), ('tree', shown), ('segment', memory), ('log', agent.process.stderr)):
            assert secret not in text, where
    for path in [agent.state, *agent.state.rglob('*')]:
        if path.name.startswith('agent.db'):
            assert path.stat().st_mode & 0o077 == 0, '%s can be read by others' % path


def test_unknown_name_answered_with_success(pair):
    acs, agent = pair()
    for name in ('Device.Nope', 'Device.Nope.', 'Device.DeviceInfo.Nope', 'Device.DeviceInfo.ProvisioningCode.',
                 'Device.DeviceInfo', 'device.DeviceInfo.ProvisioningCode', 'Device.IP.Interface.99.Enable', 'Nope.', 'x',
                 ' ' + CODE, CODE + ' ', 'InternetGatewayDevice.'):
        get, get_two, names, put, put_two, attributes, put_attributes, after = acs.call(
            ('get', name), ('get', KEY, name), ('names', name, '0'), ('set', name, '1'), ('set', CODE, 'never', name, '1'),
            ('attributes', name), ('set-attributes', name, '1'), ('get', CODE, KEY))
        assert [result.fault for result in (get, get_two, names, attributes, put_attributes)] == [9005] * 5, name
        assert [(result.fault, result.details) for result in (put, put_two)] == [(9003, {name: 9005})] * 2, name
        assert after.values == {CODE: '', KEY: ''}


def test_types_not_checked(pair, publish):
    kinds = {'Text': ('string(8),rw one', [], ['123456789']),
             'Int': ('int,rw 0', ['-2147483648', '2147483647', '+5', '007'],
                     ['2147483648', '-2147483649', '1.5', 'one', '', '0x10', '1e3', '1 2', '--1']),
             'Unsigned': ('unsignedInt,rw 0', ['0', '4294967295'], ['-1', '4294967296', 'yes', '', '1,000']),
             'Long': ('long,rw 0', ['-9223372036854775808'], ['9223372036854775808', 'x']),
             'UnsignedLong': ('unsignedLong,rw 0', ['18446744073709551615'], ['18446744073709551616', '-1']),
             'Flag': ('boolean,rw 0', ['0', '1', 'true', 'false'], ['2', 'yes', 'True', 'on', '']),
             'Time': ('dateTime,rw 0001-01-01T00:00:00Z', ['2024-02-29T12:00:00Z', '0001-01-01T00:00:00Z'],
                      ['2023-02-29T12:00:00Z', 'today', '', '2024-13-01T00:00:00Z', '1700000000']),
             'Binary': ('hexBinary(8),rw 00', ['', 'ffEE'], ['f', 'xx']),
             'Base': ('base64(8),rw AA==', ['', 'AAAA'], ['*', 'AAA'])}
    publish('vendor', *[VENDOR + name + ' ' + kind[0] for name, kind in kinds.items()])
    acs, agent = pair()
    wait_until(lambda: len(agent.tree(VENDOR)) == len(kinds), 'the vendor segment')
    for name, (_, good, bad) in kinds.items():
        path = VENDOR + name
        for result in as_list(acs.call(*[('set', path, text) for text in good], ('get', path)))[:-1]:
            assert result.good, (name, good, result)
        before = agent.tree(path)
        for text, result in zip(bad, as_list(acs.call(*[('set', path, text) for text in bad], ('get', path)))):
            assert (result.fault, result.details) == (9003, {path: 9007}), (name, text)
        assert agent.tree(path) == before
    # The type that the ACS names must be the parameter's.
    for name, kind in (('Int', 'boolean'), ('Flag', 'int'), ('Unsigned', 'dateTime'), ('Text', 'unsignedInt')):
        assert acs.call(('set', VENDOR + name, '1:' + kind)).details == {VENDOR + name: 9006}, name


def as_list(results):
    return results if isinstance(results, list) else [results]


@pytest.mark.parametrize('name', ['GetOptions', 'SetVouchers', 'X_ACME_Reboot', 'getRPCMethods', 'Nope',
                                  'InformResponse', 'Inform', 'Kicked', 'Fault'])
def test_unknown_method_never_answered(make_agent, name):
    """It is answered with fault 9000, or where it can only be an answer that nobody waits for, the session fails."""
    wire = Wire()
    agent = make_agent(wire.url).start()
    wire.first()
    agent.wait_idle()
    connection = wire.session(agent)
    try:
        answer = connection.call('<c:%s><A>1</A><B><C/></B></c:%s>' % (name, name))
        assert answer.fault == 9000 and answer.texts('ID') == ['7']
        assert connection.call(get_values(KEY)).method == 'GetParameterValuesResponse'
        connection.end()
    except EOFError:
        assert name in ('InformResponse', 'Fault')
        agent.wait_failed(1)
    wire.session(agent).end()
    wire.close()


def descriptors(pid):
    return len(os.listdir('/proc/%d/fd' % pid))


BAD_ANSWERS = [
    b'', b'HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n', b'garbage\r\n\r\n', b'HTTP/1.1 404 X\r\n\r\nno length',
    b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nno XML at', b'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n<e:Envelope xmlns:e="u">',
    b'HTTP/1.1 401 X\r\nWWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    b'HTTP/1.1 302 X\r\nLocation: ftp://x\r\nContent-Length: 0\r\n\r\n',
    b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n']


def test_memory_leaked_a_session(make_agent):
    """300 sessions in a row that fail, each after some work and in another way: memory and descriptors stay as they are."""
    wire = Wire()

    def answer(connection, number):
        try:
            connection.begin()
        except AssertionError:
            return  # a request whose connection was closed comes again on another: this one is closed too
        if not number:
            connection.end()
            return
        if number % 3 == 0:
            connection.call(get_values('Device.'))
            connection.call(set_values({CODE: 'of the server', 'Device.Nope': '1'}))
            connection.call(set_values({SERVER + 'Username': 'u' * (number % 100)}))
            connection.call(set_attributes([SERVER + 'Username'], ['e%d' % number]))
        connection.send(BAD_ANSWERS[number % len(BAD_ANSWERS)])
    wire.serve(answer)
    agent = make_agent(wire.url, username='u', password='p').start()
    agent.wait_idle()
    pid, sizes = agent.process.pid, {}
    for number in range(1, 301):
        agent.set_paths({CODE: 'change %d' % number})
        wait_until(lambda: agent.process.stderr.count(' in a row has failed: ') + agent.process.stderr.count('the session has ended')
                   > number, 'session %d' % number)
        if number in (60, 300):
            sizes[number] = agent.process.memory(), descriptors(pid)
    assert sizes[300][1] <= sizes[60][1] + 1
    assert SANITIZED or sizes[300][0] - sizes[60][0] < 256, sizes
    wire.close()


def test_agent_ends_at_once_in_the_middle_of_bad_input(make_agent):
    """A deaf agent would not hear this either."""
    wire = Wire()
    agent = make_agent(wire.url).start()
    connection = wire.accept()
    connection.receive()
    connection.send(b'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n<?xml')
    agent.process.signal(signal.SIGTERM)
    assert agent.process.wait(AT_ONCE * 2) == 0
    wire.close()
