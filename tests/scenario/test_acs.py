# SPDX-License-Identifier: GPL-2.0-or-later
# The small ACS itself, tested with a scripted device: what the other tests rely on.
import http.client
import os
import pty
import re
import socket
import subprocess
import sys
import threading
import time

import pytest

from acs import benchmark_result, start_acs  # noqa: F401
from device import ENVELOPE, ConnectionRequests, Device
from process import wait_until

INTERVAL = 'Device.ManagementServer.PeriodicInformInterval'
CODE = 'Device.DeviceInfo.ProvisioningCode'
CREDENTIALS = ('--connection-user', 'acs', '--connection-password', 'hello')


@pytest.fixture
def folder(tmp_path):
    """Not the folder whose messages are validated as the agent's."""
    return tmp_path / 'record'


@pytest.fixture
def connection_requests():
    """connection_requests(device, ...) lets a device take connection requests until the test ends."""
    listening = []

    def listen(device, **options):
        listening.append(ConnectionRequests(device, **options))
        return listening[-1]
    yield listen
    for one in listening:
        one.stop()


def validate(shared, messages):
    """Schema and lint, on messages that the ACS sent."""
    files = [str(message.path) for message in messages if message.path and message.path.suffix == '.xml']
    xsd = shared / 'spec' / 'xsd'
    for command in ([str(xsd / 'validate.sh')], [sys.executable, str(xsd / 'lint.py')]):
        done = subprocess.run(command + files, check=False, capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stdout + done.stderr
    return len(files)


ALL_COMMANDS = [
    ('set', INTERVAL + '=60', CODE + '=a<&>"\' b'), ('get', 'Device.', CODE), ('names', ''),
    ('names', 'Device.DeviceInfo.', '0'), ('methods',), ('attributes', INTERVAL), ('add', 'Device.X.'),
    ('set-attributes', INTERVAL, '2', 'Subscriber'), ('set-attributes', INTERVAL, '-', ''),
    ('delete', 'Device.X.3.'), ('reboot', 'key'), ('factory-reset',),
]


def test_all_commands_and_their_messages(start_acs, folder, shared):  # noqa: F811
    acs = start_acs('--parameter-key', 'k<1>', folder=folder)
    device = Device(acs.url)
    numbers = [acs.send(*words) for words in ALL_COMMANDS]
    assert len(device.session()) == len(ALL_COMMANDS) + 1  # and the question for types
    results = [acs.result(number) for number in numbers]
    assert all(result.good for result in results), results
    assert results[1].values[INTERVAL] == '60'
    assert INTERVAL + ' writable' in results[2].lines
    assert 'method GetParameterValues' in results[4].lines
    assert device.parameters[INTERVAL][1] == '60' and device.parameters[CODE][1] == 'a<&>"\' b'
    assert results[5].lines == [INTERVAL + ' notification=0 access-list=Subscriber']
    assert results[6].line('instance') == '3' and results[9].line('status') == '1'
    assert device.attributes == {INTERVAL: '0'}
    assert not acs.warnings
    sent = [message for message in acs.messages(from_agent=False) if message.path]
    assert [message.id for message in sent[:3]] == ['i1', '1', '2']
    assert sent[1].method == 'GetParameterValues' and sent[2].texts('ParameterKey') == ['k<1>']
    assert validate(shared, sent) == len(ALL_COMMANDS) + 2
    assert acs.stop() == 0


def test_values_survive_printing(start_acs, folder):  # noqa: F811
    acs = start_acs(folder=folder)
    odd = ' two\nlines\t"quoted" \\n back\\slash Grüße \u007f=:x '
    device = Device(acs.url, {CODE: ['string', odd, True]})
    number = acs.send('get', CODE)
    device.session()
    assert acs.result(number).values[CODE] == odd
    number = acs.send('set', CODE, odd + ':string')
    device.session()
    assert acs.result(number).good and device.parameters[CODE][1] == odd


def test_faults_and_exit_status(start, folder):
    for options, status in ((), 1), (('--allow-faults',), 0):
        process = start('espalier-acs', '-p', '0', '-q', '-t', '60', *options, 'get Device.Nope',
                        'set %s=1:string Device.Nope=2:int' % INTERVAL, 'get ' + CODE)
        url = process.wait_for(r'^listening on (.*)$', 'stdout')[1]
        Device(url).session()
        assert process.wait() == status
        assert process.stdout.splitlines()[1:] == [
            'fault 9005 Invalid parameter name', 'failed get Device.Nope',
            'fault-detail 9006 %s: refused' % INTERVAL, 'fault-detail 9005 Device.Nope: Invalid parameter name',
            'fault 9003 Invalid arguments', 'failed set %s=1:string Device.Nope=2:int' % INTERVAL,
            CODE + ' = ', 'done get ' + CODE]


def test_time_limit_and_wrong_usage(run, tmp_path):
    assert 'time limit' in run('espalier-acs', '-p', '0', '-t', '0.1', 'get Device.', status=1).stdout
    for arguments in (['frobnicate'], ['get'], ['set A'], ["get 'A"], ['--auth', 'none-such', 'methods'],
                      ['--misbehave', 'none-such'], ['-f', tmp_path / 'missing'], ['-p', '99999']):
        assert run('espalier-acs', '-p', '0', *arguments, status=2).stderr
    assert 'dtd-bomb' in run('espalier-acs', '-h').stdout


def test_commands_from_a_file(start, tmp_path):
    commands = tmp_path / 'commands'
    commands.write_text('# a comment\n\nset %s 30\nwait-inform "2 PERIODIC"\nget %s\n' % (INTERVAL, INTERVAL))
    process = start('espalier-acs', '-p', '0', '-t', '60', '-f', commands)
    device = Device(process.wait_for(r'^listening on (.*)$', 'stdout')[1])
    assert device.session() == ['GetParameterValues', 'SetParameterValues']
    assert device.session(['4 VALUE CHANGE']) == []
    assert device.session(['2 PERIODIC']) == ['GetParameterValues']
    assert process.wait() == 0 and INTERVAL + ' = 30\n' in process.stdout


def test_raw(start_acs, folder, tmp_path):  # noqa: F811
    acs = start_acs(folder=folder)
    odd = tmp_path / 'odd.xml'
    odd.write_text(ENVELOPE % ('', '<cwmp:NoSuchMethod/>'))
    number = acs.send('raw', odd)
    assert Device(acs.url).session() == ['NoSuchMethod']
    assert acs.result(number).fault == 9000
    assert [message.body for message in acs.messages() if message.path and message.path.suffix == '.bad'] == [
        odd.read_bytes()]


@pytest.mark.parametrize('algorithm', ['MD5', 'SHA-256'])
@pytest.mark.parametrize('close', [False, True])
def test_connection_request(start_acs, folder, connection_requests, algorithm, close):  # noqa: F811
    acs = start_acs(*CREDENTIALS, folder=folder)
    device = Device(acs.url)
    requests = connection_requests(device, algorithm=algorithm, close=close)
    device.session()
    assert acs.get(CODE) == {CODE: ''}
    assert acs.set({CODE: 'new'}).good
    assert acs.get(CODE, INTERVAL) == {CODE: 'new', INTERVAL: '300'}
    assert requests.statuses == [401, 200] * 3
    assert [inform.events for inform in acs.informs()] == [['1 BOOT']] + [['6 CONNECTION REQUEST']] * 3
    assert acs.wait_inform('6 CONNECTION REQUEST', after=3).device == '00D09E-Script-1'


def test_connection_request_that_fails(start_acs, folder, connection_requests, free_port):  # noqa: F811
    acs = start_acs('--connection-user', 'acs', '--connection-password', 'wrong', folder=folder)
    assert acs.run('connect').errors == ['connection request: no ConnectionRequestURL is known']
    device = Device(acs.url)
    connection_requests(device)
    device.session()
    assert acs.run('connect').errors == ['connection request: status 401']
    device.parameters['Device.ManagementServer.ConnectionRequestURL'][1] = 'http://127.0.0.1:%d/' % free_port()
    device.session()
    assert acs.run('connect').errors == ['connection request: Connection refused']


def test_auto_connect(start_acs, folder, connection_requests):  # noqa: F811
    acs = start_acs('--auto-connect', *CREDENTIALS, folder=folder)
    device = Device(acs.url)
    connection_requests(device)
    device.session()
    assert acs.run('get', CODE).good
    assert acs.run('get', CODE).good


@pytest.mark.parametrize('kind', ['none', 'basic', 'digest', 'digest-sha256', 'digest-md5-sess', 'digest-no-qop',
                                  'both', 'digest-basic'])
def test_authentication(start_acs, folder, kind):  # noqa: F811
    acs = start_acs('--auth', kind, '--user', 'agent', '--password', 'secret', folder=folder)
    device = Device(acs.url)
    number = acs.send('get', CODE)
    device.session()
    assert acs.result(number).good
    statuses = [message.status for message in acs.messages(from_agent=False)]
    assert statuses == ([] if kind == 'none' else [401]) + [200, 200, 204]
    offered = [message for message in acs.messages(from_agent=False) if message.status == 401]
    assert [len(message.headers('WWW-Authenticate')) for message in offered] == {
        'none': [], 'both': [2], 'digest-basic': [2]}.get(kind, [1])
    if kind != 'none':
        with pytest.raises(ConnectionError, match='401'):
            Device(acs.url, password='wrong').session()


def test_stale_and_next_nonce(start_acs, folder):  # noqa: F811
    acs = start_acs('--auth', 'digest', '--stale-after', '2', folder=folder)
    device = Device(acs.url)
    acs.send('get', CODE)
    acs.send('get', CODE)
    device.session()
    assert [message.status for message in acs.messages(from_agent=False)] == [401, 200, 200, 401, 200, 204]
    assert 'stale=true' in acs.messages(from_agent=False)[3].header('WWW-Authenticate')
    acs = start_acs('--auth', 'digest', '--next-nonce', folder=folder)
    Device(acs.url).session()
    assert [message.status for message in acs.messages(from_agent=False)] == [401, 200, 204]


def test_cookies_and_connections(start_acs, folder):  # noqa: F811
    acs = start_acs('--session-cookie', 'required', folder=folder)
    device = Device(acs.url)
    number = acs.send('get', CODE)
    device.session(close_between=True)
    assert acs.result(number).good
    assert len({message.connection for message in acs.messages()}) == 2
    device.post(device.inform(['1 BOOT']).encode())
    device.cookies = {}
    assert device.post(b'')[0].status == 400
    device.close()
    acs = start_acs('--session-cookie', 'off', folder=folder)
    device = Device(acs.url)
    device.session()
    assert not device.cookies


def test_end_of_session_forms(start_acs, folder):  # noqa: F811
    for form, status, body in (('204', 204, b''), ('200', 200, b''), ('blank', 200, b' \r\n\t\r\n')):
        acs = start_acs('--end-with', form, folder=folder)
        Device(acs.url).session()
        last = acs.messages(from_agent=False)[-1]
        assert last.status == status and last.body == body
        assert last.header('Content-Length') == (None if status == 204 else str(len(body)))


def test_versions_hold_and_identifiers(start_acs, folder, shared):  # noqa: F811
    acs = start_acs('--version-namespace', '1-0', '--use-cwmp-version', '1.2', '--no-id', folder=folder)
    device = Device(acs.url)
    number = acs.send('get', CODE)
    acs.send('set-hold', 'on')
    acs.send('methods')
    device.session()
    first, second, third = [message for message in acs.messages(from_agent=False) if message.path]
    assert b'urn:dslforum-org:cwmp-1-0' in first.body and first.texts('UseCWMPVersion') == ['1.2']
    assert first.id == 'i1' and second.id is None and third.id is None
    assert third.texts('HoldRequests') == ['1'] and not second.texts('HoldRequests')
    # the device answers in 1-2, which the ACS notices
    assert any('session in urn:dslforum-org:cwmp-1-0' in error for error in acs.result(number).errors)
    acs = start_acs('--hold', '--use-cwmp-version', '1.2', folder=folder)
    Device(acs.url).session()
    validate(shared, acs.messages(from_agent=False))


def test_requests_of_the_agent(start_acs, folder, shared):  # noqa: F811
    acs = start_acs('--misbehave', 'fault:4:8002', folder=folder)
    device = Device(acs.url)
    request = ENVELOPE % ('<cwmp:ID s:mustUnderstand="1">a&lt;b</cwmp:ID>', '<cwmp:%s/>')
    device.exchange(device.inform(['1 BOOT']))
    answer, identifier = device.exchange(request % 'GetRPCMethods')
    assert answer.tag.endswith('}GetRPCMethodsResponse') and identifier == 'a<b'
    answer, _ = device.exchange(request % 'NoSuchMethod')
    assert answer.tag.endswith('}Fault') and [e.text for e in answer.iter('FaultCode')] == ['8000']
    answer, _ = device.exchange(request % 'TransferComplete')
    assert [e.text for e in answer.iter('FaultCode')] == ['8002']
    answer, _ = device.exchange(request % 'TransferComplete')
    assert answer.tag.endswith('}TransferCompleteResponse')
    assert device.exchange('') == (None, None)
    device.close()
    validate(shared, acs.messages(from_agent=False))


STYLES = ['xml-declaration', 'byte-order-mark', 'other-prefixes', 'default-namespace', 'qualified', 'no-array-type',
          'wrong-array-count', 'array-xsi-type', 'cdata', 'pretty', 'comments', 'no-header', 'no-id', 'null-id',
          'chunked', 'chunked-odd', 'continue', 'cookies', 'expire-cookies', 'connection-close', 'close',
          'no-content-type', 'content-type', 'drip:*:0', 'delay:*:5', 'no-length', 'id:*:a<b>"c"', 'long-id:*:300',
          'unknown-header:*:0']


@pytest.mark.parametrize('kind', STYLES)
def test_strange_but_legal(start_acs, folder, shared, kind):  # noqa: F811
    acs = start_acs('--misbehave', kind, folder=folder)
    device = Device(acs.url, chunked=kind.startswith('chunked'))
    numbers = [acs.send(*words) for words in ALL_COMMANDS]
    device.session()
    results = [acs.result(number) for number in numbers]
    assert all(result.good for result in results), (results, acs.tail())
    assert device.parameters[CODE][1] == 'a<&>"\' b'
    validate(shared, acs.messages(from_agent=False))


FAILURES = ['hang-up:1:0', 'hang-up:1:100', 'reset:1:50', 'hang-up-request:1:0', 'hang-up-request:1:300',
            'length-short:1', 'truncated:1', 'garbage:2', 'dtd-bomb:1', 'deep:2:5000', 'large:1:1000000',
            'body:1:nonsense', 'status:1:404', 'status:2:503:60', 'unauthorized:1-2', 'fault:1:8001',
            'redirect-302:1:http://127.0.0.1:1/', 'redirect-307:1:/', 'lock:1:100000', 'no-array-type:1']


@pytest.mark.parametrize('kind', FAILURES)
def test_misbehaviour_then_a_good_session(start_acs, folder, kind):  # noqa: F811
    acs = start_acs('--misbehave', kind, folder=folder)
    device = Device(acs.url)
    failed = None
    try:
        device.session()
    except (OSError, http.client.HTTPException, SyntaxError, AttributeError) as error:
        failed = error
    assert failed or kind.startswith('no-array-type')
    acs.run('misbehave', 'off')
    number = acs.send('get', CODE)
    device.session(retry=1)
    assert acs.result(number).good
    if 'redirect' in kind:
        assert acs.messages(from_agent=False)[0].header('Location') == kind.split(':', 2)[2]
    if '503' in kind:
        assert acs.messages(from_agent=False)[1].header('Retry-After') == '60'


def test_silent_and_stop_reading(start_acs, folder):  # noqa: F811
    acs = start_acs('--misbehave', 'silent:1', '--misbehave', 'stop-reading:2:10', folder=folder)
    for _ in range(2):
        connection = http.client.HTTPConnection('127.0.0.1', acs.port, timeout=0.3)
        connection.request('POST', '/', body=b'')
        with pytest.raises(TimeoutError):
            connection.getresponse()
        connection.close()
    Device(acs.url).session()


def test_misbehave_counts_from_now(start_acs, folder):  # noqa: F811
    acs = start_acs(folder=folder)
    device = Device(acs.url)
    device.session()
    assert acs.run('misbehave', 'status:2:500').good
    assert not acs.run('misbehave', 'none-such').good
    with pytest.raises(ConnectionError):
        device.session()
    assert [message.status for message in acs.messages(from_agent=False)] == [200, 204, 200, 500]


def test_random_misbehaviour_is_repeatable(start_acs, folder):  # noqa: F811
    runs = []
    for _ in range(2):
        acs = start_acs('--misbehave-random', '42:60', folder=folder)
        device = Device(acs.url)
        for _ in range(40):
            try:
                device.session()
            except (OSError, http.client.HTTPException, SyntaxError, AttributeError):
                pass
        runs.append([message.first_line for message in acs.messages(from_agent=False)])
        assert acs.process.running()
        acs.run('misbehave', 'off')
        device.challenge = None
        device.session()
    assert len(set(runs[0])) > 2


BAD_REQUESTS = [b'\x00\x01garbage\r\n\r\n', b'GET / HTTP/1.1\r\n\r\n', b'POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n',
                b'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', b'POST\r\n\r\n', b'\r\n\r\n',
                b'POST / HTTP/1.1\r\n' + b'A: b\r\n' * 1000 + b'\r\n', b'POST / HTTP/1.1\r\nA: ' + b'b' * 400000,
                b'POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n<a><b',
                b'POST / HTTP/1.1\r\nContent-Length: 20\r\n\r\n<!DOCTYPE a []><a/> ',
                b'POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n<a/>POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n']


def test_bad_requests_do_not_disturb(start_acs, folder):  # noqa: F811
    acs = start_acs(folder=folder)
    for data in BAD_REQUESTS:
        with socket.create_connection(('127.0.0.1', acs.port)) as connection:
            connection.settimeout(0.2)
            try:
                connection.sendall(data)
                connection.recv(1000)
            except OSError:
                pass
    for body in ('<a/>', ENVELOPE % ('', ''), ENVELOPE % ('', '<x/>'), 'x' * 100000, '<a>' * 50000,
                 ENVELOPE % ('', '<cwmp:GetParameterValuesResponse/>'), ENVELOPE % ('', '<s:Fault/>')):
        device = Device(acs.url)
        with pytest.raises(ConnectionError, match='400'):
            device.exchange(body)
        device.close()
    device = Device(acs.url)
    device.session()
    acs.process.signal(15)
    assert acs.process.wait() == 1


def test_two_devices_at_once(start_acs, folder):  # noqa: F811
    acs = start_acs(folder=folder)
    devices = [Device(acs.url, {CODE: ['string', 'of %s' % serial, True]}, serial=serial) for serial in 'AB']
    numbers = []
    for serial in 'AB':
        acs.run('device', '00D09E-Script-%s' % serial)
        # results are told apart by the commands' texts
        numbers += [acs.send('get', CODE, *([INTERVAL] * (2 * count + (serial == 'B'))), '') for count in range(20)]
    threads = [threading.Thread(target=device.session) for device in devices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    results = [acs.result(number) for number in numbers]
    assert all(result.good for result in results)
    assert len(acs.informs()) == 2
    assert 'device 00D09E-Script-B -' in '\n'.join(acs.run('devices').lines)
    for serial, result in (('A', results[0]), ('B', results[-1])):
        assert result.values[CODE] == 'of ' + serial


def test_lost_session_fails_its_command(start_acs, folder):  # noqa: F811
    acs = start_acs('--session-timeout', '0.2', folder=folder)
    device = Device(acs.url)
    number = acs.send('get', CODE)
    device.exchange(device.inform(['1 BOOT']))
    device.exchange('')
    assert acs.result(number).errors == ['the session was lost']
    device.close()
    number = acs.send('get', CODE)
    device.session()
    assert acs.result(number).good


def test_large_answer_streams(start_acs, folder):  # noqa: F811
    acs = start_acs('--no-results', folder=folder)
    device = Device(acs.url, {'Device.X.%d.Value' % i: ['string', 'value %d' % i, False] for i in range(50000)},
                    chunked=False)
    number = acs.send('get', '')
    device.session()
    assert acs.result(number).good
    assert acs.wait_line(r'^   50005 members')
    status = open('/proc/%d/status' % acs.process.pid).read()
    if 'asan' not in open('/proc/%d/maps' % acs.process.pid).read():
        assert int(re.search(r'VmHWM:\s+(\d+)', status)[1]) < 40000


def test_benchmark(start, folder, connection_requests):
    process = start('espalier-acs', '-p', '0', '-q', '-t', '100', '--sessions', '5', *CREDENTIALS)
    device = Device(process.wait_for(r'^listening on (.*)$', 'stdout')[1],
                    {'Device.X.%d.Value' % i: ['string', 'v', False] for i in range(3000)})
    connection_requests(device)
    device.session()
    assert process.wait() == 0
    result = benchmark_result(process.stdout)
    assert result['sessions'] == 5
    assert result['steps']['values']['members'] == 3005 and result['steps']['values_20']['members'] == 20
    assert result['steps']['session']['total']['median'] > 0
    assert device.parameters[CODE][1] == 'benchmark-5'


def test_prompt_completes(build, environment, folder, tmp_path):
    controller, terminal = pty.openpty()
    process = subprocess.Popen([build / 'espalier-acs', '-p', '0', '-i'], stdin=terminal, stdout=terminal,
                               stderr=subprocess.STDOUT, env=dict(environment, TERM='xterm'), close_fds=True)
    os.close(terminal)
    os.set_blocking(controller, False)
    seen = bytearray()

    def saw(text):
        try:
            seen.extend(os.read(controller, 65536))
        except BlockingIOError:
            pass
        return text in seen
    try:
        wait_until(lambda: saw(b'acs> '), 'the prompt')
        url = re.search(rb'listening on (\S+)', bytes(seen))[1].decode()
        os.write(controller, b'na\t')
        wait_until(lambda: saw(b'mes '), 'the completed command')
        del seen[:]
        os.write(controller, b'\n')
        wait_until(lambda: saw(b'acs> '), 'the prompt after the command')
        Device(url).session()
        wait_until(lambda: saw(b'done names'), 'the answer')
        del seen[:]
        os.write(controller, b'get Device.Ma\t')
        wait_until(lambda: saw(b'nagementServer.'), 'the completed object')
        os.write(controller, b'Per\t')
        wait_until(lambda: saw(b'iodicInformInterval'), 'the completed parameter')
        del seen[:]
        os.write(controller, b'\n')
        wait_until(lambda: saw(b'acs> '), 'the prompt after the command')
        Device(url).session()
        wait_until(lambda: saw(INTERVAL.encode() + b' = 300'), 'the value')
        os.write(controller, b'quit\n')
        deadline = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < deadline:
            saw(b'')
            time.sleep(0.01)
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()
        os.close(controller)
