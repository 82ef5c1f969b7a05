# SPDX-License-Identifier: GPL-2.0-or-later
# Connection requests to the real agent (T116, T117; ).
import http.client
import re
import socket
import time
import urllib.parse
import urllib.request

import pytest

import wire
from acs import start_acs  # noqa: F401
from agent import CODE, KEY, PASSWORD, SERVER, URL, USER, make_agent, pair  # noqa: F401
from process import TIMEOUT, wait_until


def target(acs):
    return urllib.parse.urlsplit(acs.informs()[-1].parameters[URL])


def ask(url, method='GET', headers=None, path=None):
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=TIMEOUT)
    connection.request(method, path or url.path, headers=headers or {})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def digest(url, user=USER, password=PASSWORD):
    """The status of a request with Digest authentication."""
    manager = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    manager.add_password(None, url.geturl(), user, password)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPDigestAuthHandler(manager))
    try:
        return opener.open(url.geturl(), timeout=TIMEOUT).status
    except urllib.error.HTTPError as error:
        return error.code
    except ValueError:
        return 401


def test_T116_without_bad_and_good_digest(pair):
    acs, agent = pair()
    url = target(acs)
    refused = ask(url)
    assert refused.status == 401 and 'Digest' in refused.getheader('WWW-Authenticate')
    assert 'Basic' not in str(refused.headers)
    assert digest(url, password='wrong') == 401
    count = len(acs.informs())
    assert digest(url) in (200, 204)
    inform = acs.wait_inform(after=count, timeout=30)
    assert inform.events == ['6 CONNECTION REQUEST']
    assert len(acs.informs()) == count + 1, 'unauthenticated requests start nothing'


def test_T117_wrong_path_and_method(pair):
    acs, agent = pair()
    url = target(acs)
    assert ask(url, path='/').status == 404
    assert ask(url, path=url.path + 'x').status == 404
    assert ask(url, method='POST').status in (405, 501)


def test_T117_ten_quick_requests(pair):
    """One session, and one more at most for those that came while it ran; that many of them are refused is R-103."""
    acs, agent = pair('--misbehave', 'delay:2-3:1000')
    url = target(acs)
    count = len(acs.informs())
    answers = [digest(url) for _ in range(10)]
    assert set(answers) <= {200, 204, 503} and answers[0] in (200, 204)
    acs.wait_inform(after=count)
    agent.wait_idle(2)
    time.sleep(1)
    wait_until(lambda: agent.process.stderr.count('session with') == agent.process.stderr.count('the session has ended'),
               'the end of the last session')
    assert len(acs.informs()) <= count + 2
    assert all(inform.events == ['6 CONNECTION REQUEST'] for inform in acs.informs()[count:])


def test_T117_request_during_a_session(pair):
    """The session goes on; the request is refused for now, or leads to a session of its own afterwards."""
    acs, agent = pair()
    url = target(acs)
    numbers = acs.send_all([('connect',), ('misbehave', 'delay:1:1000'), ('get', CODE), ('get', KEY)])
    acs.wait_inform('6 CONNECTION REQUEST')
    answer = wire.knock(url.geturl())
    assert answer.status in (200, 204, 503) and 'Retry-After' not in answer.text
    assert acs.result(numbers[2]).good and acs.result(numbers[3]).good
    assert not any('failed' in line for line in agent.process.stderr.splitlines())
    if answer.status != 503:
        acs.wait_inform('6 CONNECTION REQUEST', after=2)


def test_T117_replayed_nonce(pair):
    """The same credentials twice, and with the count that comes next."""
    acs, agent = pair()
    url = target(acs).geturl()
    challenge = wire.ask(url).challenge
    good = wire.authorization(url, challenge)
    assert wire.ask(url, good).status in (200, 204)
    acs.wait_inform('6 CONNECTION REQUEST')
    agent.wait_idle(2)
    count = len(acs.informs())
    for header in (good, good):
        replayed = wire.ask(url, header)
        assert replayed.status == 401 and replayed.challenge['nonce'] != challenge['nonce']
    time.sleep(0.5)
    assert len(acs.informs()) == count, 'it has started nothing'
    assert wire.knock(url).status in (200, 204)


def test_silent_clients_block_nobody(pair):
    acs, agent = pair()
    url = target(acs)
    silent = [socket.create_connection((url.hostname, url.port)) for _ in range(40)]
    silent[-1].send(b'GET / HT')
    assert digest(url) in (200, 204)
    acs.wait_inform('6 CONNECTION REQUEST')
    for one in silent:
        one.close()


GARBAGE = {
    'zeros': b'\0' * 5000, 'a long header': b'GET / HTTP/1.1\r\nX: ' + b'y' * 100000, 'empty lines': b'\r\n' * 500,
    'half a line': b'GET\r\n\r\n', 'a wrong version': b'GET / HTTP/9.9\r\n\r\n', 'letters': b'A' * 10000,
}


@pytest.mark.parametrize('name', list(GARBAGE))
def test_garbage_on_the_port(pair, name):
    acs, agent = pair()
    url = target(acs)
    with socket.create_connection((url.hostname, url.port)) as connection:
        try:
            connection.sendall(GARBAGE[name])
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(TIMEOUT)
            while connection.recv(4096):
                pass
        except OSError:
            pass
    assert acs.get(KEY) == {KEY: ''}


def test_disabled(pair):
    acs, agent = pair()
    url = target(acs)
    enable = SERVER + 'HTTPConnectionRequestEnable'
    assert acs.set({enable: '0'}).good
    wait_until(lambda: agent.tree(URL) == {URL: ''}, 'the empty URL')
    with pytest.raises(OSError):
        ask(url)
    agent.set(HTTPConnectionRequestEnable=1)
    wait_until(lambda: agent.tree(URL) == {URL: url.geturl()}, 'the same URL')
    assert digest(url) in (200, 204)


def test_new_credentials(pair):
    acs, agent = pair()
    url = target(acs)
    agent.set(ConnectionRequestUsername='u', ConnectionRequestPassword='p')
    assert digest(url) == 401
    assert digest(url, 'u', 'p') in (200, 204)


def test_url_is_kept_over_a_restart(pair):
    acs, agent = pair()
    url = target(acs).geturl()
    assert re.fullmatch(r'http://127\.0\.0\.1:\d+/[0-9a-f]{32}', url)
    agent.process.kill()
    agent.start()
    assert agent.tree(URL) == {URL: url}
    acs.call(('get', KEY))
    assert acs.informs()[-1].events == ['6 CONNECTION REQUEST'], 'no VALUE CHANGE for an unchanged URL'


def test_interface_and_changed_address(start_acs, make_agent, netns, start, record):
    namespace = netns()
    namespace.ip('link', 'add', 'wan0', 'type', 'veth', 'peer', 'name', 'wan1')
    namespace.ip('address', 'add', '192.0.2.1/24', 'dev', 'wan0')
    namespace.ip('link', 'set', 'wan0', 'up')
    namespace.ip('link', 'set', 'wan1', 'up')
    agent = make_agent('http://192.0.2.1:9/', namespace=namespace, sections={'connection_request': {'interface': 'wan0'}})
    agent.start()
    assert agent.tree(URL)[URL].startswith('http://192.0.2.1:')
    namespace.ip('address', 'delete', '192.0.2.1/24', 'dev', 'wan0')
    namespace.ip('address', 'add', '192.0.2.2/24', 'dev', 'wan0')
    wait_until(lambda: agent.tree(URL)[URL].startswith('http://192.0.2.2:'), 'the new address')
