# SPDX-License-Identifier: GPL-2.0-or-later
# The agent in a stranger's hands: wrong configuration, missing rights, full disks, taken ports, garbage where it listens.
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, KEY, PASSWORD, SERVER, URL, USER, make_agent, pair  # noqa: F401
from process import TIMEOUT, wait_until
from stranger import send_packets
from wire import Wire, envelope, get_values, knock, set_values

AT_ONCE = 5  # seconds


# ---- Configuration. The file of each test ends with the text; its last line is the wrong one.

WRONG = {
    'a URL of another kind': ('[acs]\nurl = ftp://host/', 'url', 'ftp://host/'),
    'a URL without a host': ('[acs]\nurl = http://', 'url', 'http://'),
    'a URL with a blank': ('[acs]\nurl = http://ho st/', 'url', 'http://ho st/'),
    'a URL with a password': ('[acs]\nurl = http://user:pass@host/', 'url', ''),
    'a URL with a port of 99999': ('[acs]\nurl = http://host:99999/', 'url', 'http://host:99999/'),
    'an interval of 0': ('[acs]\nurl = http://h/\nperiodic_interval = 0', 'periodic_interval', '0'),
    'an interval of words': ('[acs]\nurl = http://h/\nperiodic_interval = daily', 'periodic_interval', 'daily'),
    'an interval below 0': ('[acs]\nurl = http://h/\nperiodic_interval = -1', 'periodic_interval', '-1'),
    'an interval with a unit': ('[acs]\nurl = http://h/\nperiodic_interval = 60s', 'periodic_interval', '60s'),
    'an interval too large': ('[acs]\nurl = http://h/\nperiodic_interval = 4294967296', 'periodic_interval', '4294967296'),
    'a boolean of words': ('[acs]\nurl = http://h/\nperiodic_enable = perhaps', 'periodic_enable', 'perhaps'),
    'a user of 300 characters': ('[acs]\nurl = http://h/\nusername = ' + 'u' * 300, 'username', 'uuuu'),
    'an unknown key': ('[acs]\nurl = http://h/\ncolour = red', 'colour', 'red'),
    'an unknown section': ('[acs]\nurl = http://h/\n[acz]', 'acz', ''),
    'a key twice': ('[acs]\nurl = http://h/\nurl = http://i/', 'url', 'http://i/'),
    'no value': ('[acs]\nurl = http://h/\nusername', 'key = value', ''),
    'a section not closed': ('[acs', '', '[acs'),
    'a key before any section': ('url = http://h/', 'url', 'http://h/'),
    'an OUI of letters': ('[acs]\nurl = http://h/\n[device]\noui = acme00', 'oui', 'acme00'),
    'a short OUI': ('[acs]\nurl = http://h/\n[device]\noui = 0011', 'oui', '0011'),
    'a root of another model': ('[acs]\nurl = http://h/\n[device]\nroot = InternetGatewayDevice', 'root', 'InternetGatewayDevice'),
    'a product class of 100 characters': ('[acs]\nurl = http://h/\n[device]\nproduct_class = ' + 'p' * 100, 'product_class', 'pppp'),
    'a port of 0': ('[acs]\nurl = http://h/\n[connection_request]\nport = 0', 'port', '0'),
    'a port of 65536': ('[acs]\nurl = http://h/\n[connection_request]\nport = 65536', 'port', '65536'),
    'a fault that an alias does not have': ('[acs]\nurl = http://h/\nexisting_alias_fault = 9004', 'existing_alias_fault', '9004'),
    'autonomous events of words': ('[acs]\nurl = http://h/\nautonomous_events = many', 'autonomous_events', 'many'),
    'attributes and BOOTSTRAP of words': ('[acs]\nurl = http://h/\nbootstrap_clears_attributes = all',
                                          'bootstrap_clears_attributes', 'all'),
    'a heartbeat of words': ('[acs]\nurl = http://h/\nheartbeat_alone = never', 'heartbeat_alone', 'never'),
    'an answer by XMPP that is none': ('[acs]\nurl = http://h/\n[connection_request]\nxmpp_wrong_sender = hello',
                                       'xmpp_wrong_sender', 'hello'),
    'an interface of 100 characters': ('[acs]\nurl = http://h/\n[connection_request]\ninterface = ' + 'i' * 100, 'interface', 'iiii'),
    'a relative CA file': ('[acs]\nurl = http://h/\n[tls]\nca_file = ca.pem', 'ca_file', 'ca.pem'),
    'a relative log file': ('[acs]\nurl = http://h/\n[transfer]\nlog_file = /var/log/a, messages', 'log_file', '/var/log/a, messages'),
    'a log file too much': ('[acs]\nurl = http://h/\n[transfer]\nlog_file = ' + ','.join('/%d' % i for i in range(9)), 'log_file', 'more than 8'),
    'a log file twice': ('[acs]\nurl = http://h/\n[transfer]\nlog_file = /a, journal , /a', 'log_file', 'same name'),
    'log files with the same end': ('[acs]\nurl = http://h/\n[transfer]\nlog_file = /a/%s,/b/%s' % ('x' * 70, 'x' * 70), 'log_file', 'same'),
    'log files and an empty one': ('[acs]\nurl = http://h/\n[transfer]\nlog_file = /a,', 'log_file', '/a,'),
    'a level that is none': ('[acs]\nurl = http://h/\n[log]\nlevel = loud', 'level', 'loud'),
    'an empty run folder': ('[acs]\nurl = http://h/\n[paths]\nrun =', 'run', ''),
    'a relative run folder': ('[acs]\nurl = http://h/\n[paths]\nrun = here', 'run', 'here'),
    'an empty state folder': ('[acs]\nurl = http://h/\n[paths]\nstate =', 'state', ''),
    'a relative state folder': ('[acs]\nurl = http://h/\n[paths]\nstate = here', 'state', 'here'),
}


@pytest.mark.parametrize('name', list(WRONG))
def test_wrong_configuration_is_one_clear_line(start, tmp_path, name):
    """It names file, line, key and the bad value; the status is 2."""
    text, key, value = WRONG[name]
    path = tmp_path / 'espalier.conf'
    path.write_text(text + '\n')
    process = start('espalier-agent', '-c', path, ESPALIER_DIR='')
    assert process.wait() == 2
    lines = process.stderr.splitlines()
    assert len(lines) == 1, lines
    assert re.match(r'<3>%s:%d: ' % (re.escape(str(path)), len(text.splitlines())), lines[0]), lines[0]
    assert key in lines[0] and value in lines[0], lines[0]
    assert not (tmp_path / 'state').exists()


def test_missing_url(run, tmp_path):
    path = tmp_path / 'espalier.conf'
    path.write_text('[device]\noui = 001122\n')
    process = run('espalier-agent', '-c', path, status=2)
    assert len(process.stderr.splitlines()) == 1 and '%s: [acs] url is missing' % path in process.stderr


@pytest.mark.parametrize('what', ['missing', 'a folder', 'binary', 'unreadable'])
def test_configuration_file_that_is_none(run, tmp_path, what):
    path = tmp_path / 'espalier.conf'
    if what == 'a folder':
        path.mkdir()
    elif what == 'binary':
        path.write_bytes(os.urandom(5000) + b'\0' * 100)
    elif what == 'unreadable':
        path.symlink_to(path)
    process = run('espalier-agent', '-c', path, status=2)
    assert len(process.stderr.splitlines()) == 1 and str(path) in process.stderr


def test_wrong_options(run):
    for options in (['-x'], ['-c'], ['word'], ['-c', '/x', 'word'], ['--configuration', '/x']):
        assert 'usage: ' in run('espalier-agent', *options, status=2).stderr
    assert 'usage: ' in run('espalier-agent', '-h').stdout


# ---- Folders

def check_refused(process, *words):
    """It ends with status 1, and a line of the log says why."""
    assert process.wait() == 1
    lines = process.stderr.splitlines()
    assert any(all(word in line for word in words) for line in lines), lines
    assert len(lines) <= 3, lines


@pytest.mark.parametrize('folder', ['/proc/espalier', '/dev/null/x', '/etc/passwd'])
@pytest.mark.parametrize('key', ['run', 'state'])
def test_folder_that_cannot_be(make_agent, start, key, folder):
    agent = make_agent('http://127.0.0.1:9/', sections={'paths': {key: folder}})
    check_refused(start('espalier-agent', '-c', agent.path, **({'ESPALIER_DIR': ''} if key == 'run' else {})), folder)


@pytest.mark.parametrize('key', ['run', 'state'])
def test_folder_without_permission(start, build, run_folder, configuration, environment, key):
    """As another user than root."""
    prefix = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'] if os.geteuid() == 0 else []
    run_folder.chmod(0o777)
    locked = run_folder / 'locked'
    locked.mkdir(mode=0o555)
    folders = {'run': run_folder / 'run', 'state': run_folder / 'state', key: locked / 'inner'}
    path = configuration(paths=folders, acs={'url': 'http://127.0.0.1:9/'})
    path = path.rename(run_folder / 'espalier.conf') if path.stat().st_dev == run_folder.stat().st_dev else shutil.copy(
        path, run_folder / 'espalier.conf')
    if prefix and subprocess.run([*prefix, build / 'espalier-agent', '-V'], check=False, capture_output=True).returncode:
        pytest.skip('another user cannot run the build')
    check_refused(start(*prefix, build / 'espalier-agent', '-c', path, ESPALIER_DIR=''), str(locked), 'ermission denied')


def test_folders_are_made(make_agent, start_acs, run_folder, tmp_path):
    acs = start_acs('--connection-user', USER, '--connection-password', PASSWORD)
    agent = make_agent(acs.url, sections={'paths': {'state': tmp_path / 'a' / 'b', 'run': run_folder / 'c'}},
                       variables={'ESPALIER_DIR': ''})
    agent.start()
    acs.wait_inform()
    assert (tmp_path / 'a' / 'b' / 'agent.db').exists() and (run_folder / 'c').is_dir()


def test_state_folder_on_a_full_disk(start_acs, make_agent, start, build, tmp_path):
    """In a mount namespace with a tmpfs of one page left: it works on with what it has, or says why it can't."""
    if os.geteuid() != 0 or subprocess.run(['unshare', '--mount', 'true'], check=False, capture_output=True).returncode:
        pytest.skip('a mount namespace needs root')
    acs = start_acs('--connection-user', USER, '--connection-password', PASSWORD, '--allow-faults')
    agent = make_agent(acs.url)
    for pages in (1, 2, 3, 5, 8, 40):
        count = len(acs.informs())
        script = ('mount -t tmpfs -o size=%d tmpfs "$1" || exit 77; shift; exec "$@"' % (pages * 4096))
        process = start('unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', agent.state,
                        build / 'espalier-agent', '-vv', '-c', agent.path)
        wait_until(lambda: not process.running() or len(acs.informs()) > count, 'its end or its Inform')
        if not process.running():
            if process.wait() == 77:
                pytest.skip('no tmpfs can be mounted')
            check_refused(process, str(agent.state), 'full')
            continue
        acs.wait_inform(after=count)
        results = [acs.call(('set', CODE, 'x' * 64, SERVER + 'Username', str(n) + 'y' * 250, SERVER + 'Password', 'z' * 250,
                             SERVER + 'ConnectionRequestPassword', PASSWORD), ('get', CODE)) for n in range(3)]
        for put, get in results:
            assert put.good or put.fault in (9002, 9004), put
            assert get.good
        assert process.stop() == 0


def test_run_folder_on_a_full_disk(make_agent, start, build, tmp_path):
    if os.geteuid() != 0 or subprocess.run(['unshare', '--mount', 'true'], check=False, capture_output=True).returncode:
        pytest.skip('a mount namespace needs root')
    folder = tmp_path / 'run'
    folder.mkdir()
    agent = make_agent('http://127.0.0.1:9/', sections={'paths': {'run': folder}})
    script = 'mount -t tmpfs -o size=8192 tmpfs "$1" || exit 77; shift; exec "$@"'
    process = start('unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', folder, build / 'espalier-agent',
                    '-c', agent.path, ESPALIER_DIR='')
    if process.wait() == 77:
        pytest.skip('no tmpfs can be mounted')
    check_refused(process, str(folder))


def test_run_folder_emptied_while_it_runs(pair, run_folder):
    """The tree is gone for everybody, so a get is a fault; a restart brings all back."""
    acs, agent = pair()
    url = agent.tree(URL)[URL]
    for path in run_folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    number = acs.send('get', KEY, CODE)
    assert knock(url).status in (200, 204)
    result = acs.result(number)
    assert result.good and result.values == {KEY: '', CODE: ''} or result.fault == 9005
    agent.restart()
    assert acs.get(KEY, CODE) == {KEY: '', CODE: ''}


DAMAGE = {
    'zeros': lambda data: bytes(len(data)), 'random': lambda data: os.urandom(len(data)),
    'a good head only': lambda data: data[:100] + os.urandom(len(data) - 100),
    'cut in half': lambda data: data[:len(data) // 2], 'cut in a page': lambda data: data[:5000], 'text': lambda data: b'hello\n',
    'a byte': lambda data: b'S', 'of another program': None, 'of a newer version': None, 'a folder': None,
}


@pytest.mark.parametrize('name', list(DAMAGE))
def test_corrupt_database(pair, start, name):
    """It is set aside and the ACS is told by a BOOTSTRAP, or where it is none of ours the agent says so and leaves it alone."""
    import sqlite3
    acs, agent = pair()
    assert acs.set({CODE: 'before'}).good
    agent.process.stop()
    path = agent.state / 'agent.db'
    if name.startswith('of '):
        with sqlite3.connect(path) as database:
            database.executescript('PRAGMA user_version=99' if 'newer' in name else 'DROP TABLE record; CREATE TABLE other(x);')
        database.close()
    elif name == 'a folder':
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(DAMAGE[name](path.read_bytes()))
    count = len(acs.informs())
    process = start('espalier-agent', '-vv', '-c', agent.path)
    wait_until(lambda: not process.running() or len(acs.informs()) > count or 'started' in process.stderr, 'a word of it')
    if name in ('of another program', 'of a newer version', 'a folder'):
        check_refused(process, str(path))
        return
    assert '0 BOOTSTRAP' in acs.wait_inform(after=count).events
    if name != 'a byte':  # that is an empty file to SQLite
        assert process.stderr.count('is corrupt') == 1
        assert (agent.state / 'agent.db.corrupt').exists()
    assert acs.set({CODE: 'after'}).good


@pytest.mark.parametrize('kind', ['journal', 'records'])
def test_garbage_in_the_database(pair, kind):
    """A stray journal, and records that no agent would write: wrong numbers, unknown names, texts too long, bytes."""
    acs, agent = pair()
    assert acs.set({CODE: 'kept'}).good
    agent.process.stop()
    if kind == 'journal':
        (agent.state / 'agent.db-journal').write_bytes(os.urandom(10000))
    else:
        for number in range(0, 12):
            agent.seed(number, {SERVER + 'PeriodicInformInterval': 'x', SERVER + 'Nope': '1', 'Device.Nope': '\x01\x02', '': '',
                                'x' * 3000: 'y' * 3000, '2 PERIODIC': '-1', 'boot-id': '', 'M Reboot': 'key', '1': '\xff' * 500})
    agent.start()
    assert acs.get(CODE) == {CODE: 'kept'}
    assert acs.set({CODE: 'after'}).good


# ---- Network

def test_server_not_reachable(make_agent, free_port):
    """Nobody listens there: it tries again, does what it is told meanwhile, and reaches the server once it is there."""
    agent = make_agent('http://127.0.0.1:%d/' % free_port()).fast_retry().start()
    assert 'refused' in agent.wait_failed(1)
    assert agent.wait_failed(2)
    agent.set(PeriodicInformInterval=99)
    assert agent.tree(SERVER + 'PeriodicInformInterval') == {SERVER + 'PeriodicInformInterval': 99}
    assert agent.process.stop() == 0


@pytest.mark.parametrize('host', ['192.0.2.1', 'acs.example.invalid', '[2001:db8::1]'])
def test_no_network_at_all(make_agent, netns, host):
    agent = make_agent('http://%s/' % host, namespace=netns()).fast_retry().start()
    assert host.strip('[]') in agent.wait_failed(2)
    began = time.monotonic()
    assert agent.process.stop() == 0
    assert time.monotonic() - began < AT_ONCE


def test_silent_name_server_does_not_block(make_agent, netns, start):
    """A name that nobody answers for: the tree lives on, and SIGTERM ends the agent at once."""
    namespace = netns()
    namespace.ip('link', 'add', 'dark0', 'type', 'veth', 'peer', 'name', 'dark1')
    namespace.ip('address', 'add', '192.0.2.1/24', 'dev', 'dark0')
    namespace.ip('link', 'set', 'dark0', 'up')
    namespace.ip('link', 'set', 'dark1', 'up')
    namespace.ip('route', 'add', 'default', 'via', '192.0.2.2')
    agent = make_agent('http://acs.example.com/', namespace=namespace).start()
    agent.set(PeriodicInformInterval=99)
    assert agent.tree(SERVER + 'PeriodicInformInterval') == {SERVER + 'PeriodicInformInterval': 99}
    began = time.monotonic()
    assert agent.process.stop() == 0
    assert time.monotonic() - began < AT_ONCE


SLOW_NAME_SERVER = '''
import socket, time
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(('127.0.0.1', 53))
print('listening', flush=True)
while True:
    question, client = server.recvfrom(512)
    print('asked', flush=True)
    time.sleep(0.6)
    server.sendto(question[:2] + b'\\x81\\x83' + question[4:6] + bytes(6) + question[12:], client)
'''


def test_end_while_a_slow_name_server_is_asked(make_agent, netns, start):
    """Its answer comes when the session is gone: nothing is written into what was freed (seen by a sanitizer)."""
    namespace = netns()
    folder = pathlib.Path('/etc/netns') / namespace.name
    folder.mkdir(parents=True)
    try:
        (folder / 'resolv.conf').write_text('nameserver 127.0.0.1\n')
        server = start('python3', '-c', SLOW_NAME_SERVER, namespace=namespace)
        server.wait_for('listening', 'stdout')
        agent = make_agent('http://acs.example.com/', namespace=namespace).start()
        server.wait_for('asked', 'stdout')
        assert agent.process.stop() == 0
        server.kill()
    finally:
        shutil.rmtree(folder)


def test_port_in_use_is_said_once(start_acs, make_agent):
    acs = start_acs()
    with socket.create_server(('', 0)) as other:
        agent = make_agent(acs.url, sections={'connection_request': {'port': other.getsockname()[1]}}).start()
        for number in range(1, 5):
            agent.wait_idle(number)
            agent.set_paths({CODE: str(number)})
        agent.wait_idle(5)
        assert agent.process.stderr.count('no connection requests on port') == 1
        assert str(other.getsockname()[1]) in re.search('no connection requests.*', agent.process.stderr)[0]


def test_interface_that_is_not_there(start_acs, make_agent):
    acs = start_acs()
    agent = make_agent(acs.url, sections={'connection_request': {'interface': 'nope0'}}).start()
    acs.wait_inform()
    agent.wait_idle()
    assert agent.tree(URL) == {URL: ''}


# ---- Garbage where it listens

def send_garbage(where, data, family=socket.AF_INET):
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(TIMEOUT)
        client.connect(where)
        try:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass
        except OSError:
            pass


def test_garbage_on_the_connection_request_port(pair):
    acs, agent = pair()
    match = re.match(r'http://([^:]+):(\d+)(.*)', agent.tree(URL)[URL])
    where, path = (match[1], int(match[2])), match[3].encode()
    for data in (b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + os.urandom(500), os.urandom(4000), b'\0' * 4000, b'\r\n' * 4000,
                 b'GET', b'GET ', b'GET %s' % path, b'GET %s HTTP/1.1' % path, b'GET %s HTTP/1.1\r\n' % path,
                 b'GET  %s  HTTP/1.1\r\n\r\n' % path, b'GET %s HTTP/2.0\r\n\r\n' % path, b'GET %s\r\n\r\n' % path,
                 b'get %s http/1.1\r\n\r\n' % path, b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', b'GET %s HTTP/1.1\r\nno colon\r\n\r\n' % path,
                 b'GET %s HTTP/1.1\r\n: empty\r\n\r\n' % path, b'GET %s HTTP/1.1\r\nA : b\r\n\r\n' % path,
                 b'GET %s HTTP/1.1\r\nA: b\r\n folded\r\n\r\n' % path, b'GET %s HTTP/1.1\r\nA: \0\r\n\r\n' % path,
                 b'GET %s HTTP/1.1\r\nContent-Length: -1\r\n\r\n' % path,
                 b'GET %s HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n' % path,
                 b'GET %s HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!' % path,
                 b'GET %s HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n' % path,
                 b'GET %s HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n' % path,
                 b'GET %s HTTP/1.1\r\nExpect: 100-continue\r\n\r\n' % path, b'GET http://x%s HTTP/1.1\r\n\r\n' % path,
                 b'GET %s/../.. HTTP/1.1\r\n\r\n' % path, b'GET %s%%00 HTTP/1.1\r\n\r\n' % path, b'OPTIONS * HTTP/1.1\r\n\r\n',
                 b'CONNECT x:80 HTTP/1.1\r\n\r\n', b'GET %s HTTP/1.1\r\n\r\n' % path * 100,
                 b'GET %s HTTP/1.1\r\nAuthorization: Digest %s\r\n\r\n' % (path, b'a="' * 500),
                 b'GET %s HTTP/1.1\r\nAuthorization: Digest %s\r\n\r\n' % (path, b'\\"' * 500)):
        send_garbage(where, data)
    count = len(acs.informs())
    began = time.monotonic()
    assert acs.get(KEY) == {KEY: ''}
    assert time.monotonic() - began < AT_ONCE and len(acs.informs()) == count + 1, 'garbage starts no session'


def test_garbage_on_the_socket_of_the_segment(pair, run_folder):
    acs, agent = pair()
    path = str(run_folder / 'agent.sock')
    silent = send_packets(path)
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_UNIX, kind) as client, pytest.raises(OSError):
            client.connect(path)
    crowd = []
    try:
        for _ in range(200):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            client.setblocking(False)
            client.connect(path)
            crowd.append(client)
    except OSError:
        pass
    assert acs.get(KEY) == {KEY: ''}, 'whatever happens there, the ACS is served'
    for client in silent + crowd:
        client.close()
    wait_until(lambda: agent.run('espalier-request', 'set', CODE + '=x', status=None).wait() == 0, 'a genuine request')
    assert acs.get(CODE) == {CODE: 'x'}


def test_garbage_in_the_run_folder(pair, run_folder, run):
    """Files that look like segments and are none, beside and in place of a good one."""
    for name, data in (('empty.seg', b''), ('zeros.seg', bytes(8192)), ('random.seg', os.urandom(65536))):
        (run_folder / name).write_bytes(data)
    (run_folder / 'folder.seg').mkdir()
    (run_folder / 'dangling.seg').symlink_to('nothing')
    os.mkfifo(run_folder / 'fifo.seg')
    (run_folder / 'agent.seg').write_bytes(os.urandom(4096))
    (run_folder / 'agent.sock').write_bytes(b'no socket')
    acs, agent = pair()
    assert acs.get(KEY) == {KEY: ''}
    agent.set(Username='u')
    os.mkfifo(run_folder / 'late.seg')
    (run_folder / 'later.seg').write_bytes(os.urandom(65536))
    assert acs.get(SERVER + 'Username') == {SERVER + 'Username': 'u'}


# ---- Two of them, and signals

def test_second_agent_on_the_same_run_folder(pair, start, configuration, free_port, tmp_path):
    """With a state of its own: it ends and says why, and the first goes on, its segment and socket too."""
    acs, agent = pair()
    other = agent.path.with_name('other.conf')
    other.write_text(agent.path.read_text().replace(str(agent.state), str(tmp_path / 'other')).replace(
        re.search(r'port = (\d+)', agent.path.read_text())[0], 'port = %d' % free_port()))
    check_refused(start('espalier-agent', '-c', other), 'another agent')
    agent.set(Username='u')
    assert acs.get(SERVER + 'Username') == {SERVER + 'Username': 'u'}


def test_second_agent_on_the_same_state(pair, start, run_folder):
    acs, agent = pair()
    folder = run_folder / 'other'
    check_refused(start('espalier-agent', '-c', agent.path, ESPALIER_DIR=str(folder)), 'another agent')
    assert acs.set({CODE: 'x'}).good


def test_hangup_during_a_session(make_agent):
    """SIGHUP costs no session, again and again, with good and with bad configuration, also when the file is gone."""
    wire = Wire()
    agent = make_agent(wire.url).start()
    wire.first()
    agent.wait_idle()
    connection = wire.session(agent)
    text = agent.path.read_text()
    for number, new in enumerate((text, '[acs]\nurl = nonsense\n', text.replace('[acs]', '[acs]\nperiodic_interval = 77'), None,
                                  text.replace('[acs]', '[acs]\nperiodic_interval = 0'))):
        agent.path.unlink() if new is None else agent.path.write_text(new)
        before = len(agent.process.stderr)
        agent.process.signal(signal.SIGHUP)
        agent.process.wait_for('read again' if number in (0, 2) else '<3>', after=before)
        assert connection.call(set_values({CODE: 'n%d' % number})).texts('Status') == ['0']
    for _ in range(20):
        agent.process.signal(signal.SIGHUP)
    assert connection.call(get_values(CODE)).texts('Value') == ['n4']
    connection.end()
    agent.wait_idle(2)
    wire.close()


def test_hangup_with_another_port(pair, free_port):
    acs, agent = pair()
    port = free_port()
    text = agent.path.read_text()
    agent.path.write_text(text.replace(re.search(r'port = \d+', text)[0], 'port = %d' % port))
    agent.process.signal(signal.SIGHUP)
    wait_until(lambda: ':%d/' % port in agent.tree(URL).get(URL, ''), 'the new URL')
    assert knock(agent.tree(URL)[URL]).status in (200, 204)


@pytest.mark.parametrize('moment', ['connecting', 'Inform', 'empty POST', 'answer', 'set'])
@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_end_during_a_session(make_agent, moment, number):
    """It ends at once with status 0, and the next start goes on from there."""
    wire = Wire()
    agent = make_agent(wire.url).start()
    connection = wire.accept()
    if moment == 'connecting':
        pass
    elif moment == 'Inform':
        connection.receive()
    else:
        connection.begin()
        if moment == 'answer':
            connection.call(get_values('Device.'))
        elif moment == 'set':
            connection.answer(envelope(set_values({CODE: 'x'}, 'x')))
    began = time.monotonic()
    assert agent.process.stop(number) == 0
    assert time.monotonic() - began < AT_ONCE
    connection.close()
    agent.start()
    if moment in ('connecting', 'Inform'):
        assert '0 BOOTSTRAP' in wire.first().body
    tree = wait_until(lambda: agent.tree(CODE, KEY), 'the tree')
    assert tree[CODE] == tree[KEY]
    wire.close()


def test_closed_standard_streams(start_acs, make_agent, start, build):
    """Started with nothing open, as some init programs do: no socket takes the place of the log."""
    acs = start_acs()
    agent = make_agent(acs.url)
    start('sh', '-c', 'exec "$@" <&- >&- 2>&-', 'sh', build / 'espalier-agent', '-vv', '-c', agent.path)
    acs.wait_inform()
    assert all('<' == message.body[:1].decode() for message in acs.messages(True) if message.body)


def test_few_descriptors(start_acs, make_agent, start, build):
    """A crowd at its port uses up its 64 descriptors; when it has gone, a connection request is answered at once."""
    acs = start_acs('--connection-user', USER, '--connection-password', PASSWORD)
    agent = make_agent(acs.url)
    agent.process = start('sh', '-c', 'ulimit -n 64; exec "$@"', 'sh', build / 'espalier-agent', '-vv', '-c', agent.path)
    url = re.match(r'http://([^:]+):(\d+)', acs.wait_inform().parameters[URL])
    agent.wait_idle()
    crowd = [socket.create_connection((url[1], int(url[2])), timeout=TIMEOUT) for _ in range(60)]
    agent.set_paths({CODE: 'x'})
    acs.wait_inform('4 VALUE CHANGE')
    for client in crowd:
        client.close()
    began = time.monotonic()
    assert acs.get(KEY) == {KEY: ''}
    assert time.monotonic() - began < AT_ONCE
