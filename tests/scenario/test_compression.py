# SPDX-License-Identifier: GPL-2.0-or-later
# HTTP compression between the real agent and the small ACS (R-11, T025).
import gzip
import re

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, SERVER, SETTING, make_agent, pair  # noqa: F401
from wire import Wire, envelope, get_values

COMPRESSION = SERVER + 'HTTPCompression'
CODINGS = [('GZIP', 'gzip'), ('Deflate', 'deflate')]


@pytest.fixture
def compressing(start_acs, make_agent):
    """compressing('GZIP', '--compress', 'gzip') starts an ACS, and an agent in which HTTPCompression was set before."""
    def begin(setting, *options, good=True):
        acs = start_acs('--connection-user', 'acs', '--connection-password', 'hello', *options)
        agent = make_agent(acs.url).fast_retry().seed(SETTING, {COMPRESSION: setting}).start()
        if good:
            agent.wait_idle()
        return acs, agent
    return begin


def codings(messages, name='Content-Encoding'):
    return [message.header(name) for message in messages]


def test_T025_off_at_first(pair):
    acs, agent = pair('--compress', 'gzip')
    assert acs.get(COMPRESSION, COMPRESSION + 'Supported') == {COMPRESSION: 'Disabled',
                                                               COMPRESSION + 'Supported': 'GZIP,Deflate'}
    assert set(codings(acs.messages())) == {None}
    assert set(codings(acs.messages(True), 'Accept-Encoding')) == {None}


@pytest.mark.parametrize('setting, coding', CODINGS)
def test_T025_both_ways(compressing, setting, coding):
    acs, agent = compressing(setting, '--compress', coding)
    get, names, change = acs.call(('get', 'Device.'), ('names', 'Device.'), ('set', CODE, 'a<&>'))
    assert get.good and len(get.values) > 30 and names.good and change.good
    assert acs.get(CODE) == {CODE: 'a<&>'}
    sent, answers = acs.messages(True), acs.messages(False)
    assert set(codings(sent, 'Accept-Encoding')) == {coding}
    assert all(message.header('Content-Encoding') == (coding if message.body else None) for message in sent)
    assert all(message.header('Content-Encoding') == (coding if message.body else None) for message in answers)
    large = next(message for message in sent if message.method == 'GetParameterValuesResponse')
    assert large.header('Transfer-Encoding') or int(large.header('Content-Length')) < len(large.body) / 4
    assert 'failed' not in agent.process.stderr and not acs.warnings


@pytest.mark.parametrize('setting, coding', CODINGS)
def test_T025_set_by_the_acs_holds_from_the_next_session(pair, setting, coding):
    acs, agent = pair('--compress', coding)
    assert acs.set({COMPRESSION: setting}).good
    before = len(acs.messages(True))
    assert set(codings(acs.messages())) == {None}
    acs.get(CODE)
    assert codings(acs.messages(True))[before] == coding
    assert acs.set({COMPRESSION: 'Compress'}).details == {COMPRESSION: 9007}
    assert acs.set({COMPRESSION: 'Disabled'}).good
    before = len(acs.messages(True))
    acs.get(CODE)
    assert set(codings(acs.messages(True)[before:])) == {None}


def test_T025_415_sends_the_same_again_in_plain(compressing):
    acs, agent = compressing('GZIP', '--compress', 'refuse')
    assert acs.get(CODE) == {CODE: ''}
    sent = acs.messages(True)
    informs = [message for message in sent if message.method == 'Inform']
    assert codings(informs) == ['gzip', None] * 2, 'each session tries once'
    assert informs[0].body == informs[1].body
    assert [coding for coding in codings(sent) if coding] == ['gzip'] * 2
    assert 'failed' not in agent.process.stderr


def test_T025_415_without_compression_fails(pair):
    acs, agent = pair('--misbehave', 'status:1:415', wait=False)
    assert 'answered with status 415' in agent.wait_failed(1)


@pytest.mark.parametrize('kind', ['chunked', 'chunked-odd', 'no-length', 'close', 'xml-declaration'])
def test_T025_framing(compressing, kind):
    acs, agent = compressing('GZIP', '--compress', 'gzip', '--misbehave', kind + ':*')
    assert acs.get(CODE) == {CODE: ''}
    assert 'failed' not in agent.process.stderr


def test_T025_digest(start_acs, make_agent):
    acs = start_acs('--compress', 'deflate', '--auth', 'digest', '--user', 'u', '--password', 'p')
    agent = make_agent(acs.url, username='u', password='p').seed(SETTING, {COMPRESSION: 'Deflate'}).start()
    agent.wait_idle()
    informs = [message for message in acs.messages(True) if message.method == 'Inform']
    assert codings(informs) == ['deflate'] * 2 and informs[0].body == informs[1].body


@pytest.mark.parametrize('kind, reason', [('large:1:50000000', 'answered with more than 4194304 bytes'),
                                          ('length-short:1:5', 'without its end'),
                                          ('header:1:Content-Encoding: gzip', 'Content-Encoding')])
def test_T025_bad_answer_fails_the_session_and_the_next_is_good(compressing, kind, reason):
    """Among them 50 MB in 50 KB, of which no more than the bound of a message is unpacked."""
    acs, agent = compressing('GZIP', '--compress', 'gzip', '--misbehave', kind, good=False)
    assert reason in agent.wait_failed(1)
    agent.wait_idle()
    assert acs.informs()[-1].retry == 1


def test_T025_answer_that_nobody_asked_to_compress(pair):
    acs, agent = pair('--misbehave', 'header:1:Content-Encoding: gzip', wait=False)
    assert 'Content-Encoding of "gzip", which was not asked for' in agent.wait_failed(1)


def receive(connection):
    """The head and the decoded body of the next POST."""
    while b'\r\n\r\n' not in connection.data:
        connection.fill()
    head, connection.data = connection.data.split(b'\r\n\r\n', 1)
    body = connection.take(int(re.search(rb'Content-Length: (\d+)', head)[1]))
    return head.decode(), (gzip.decompress(body) if b'Content-Encoding: gzip' in head else body).decode()


@pytest.mark.parametrize('end', ['gzip of nothing', 'no body', 'no coding', 'gzip of blanks'])
def test_T025_answers_of_proxies(make_agent, end):
    """Compressed, not compressed and empty ones in turn, a refusal and a redirect with a coded page; X-Gzip; tiny pieces."""
    wire = Wire()
    agent = make_agent(wire.url, username='u', password='p').seed(SETTING, {COMPRESSION: 'GZIP'}).start()
    connection = wire.accept()
    page = gzip.compress(b'<html>no</html>')
    head, inform = receive(connection)
    assert 'Accept-Encoding: gzip' in head and 'Inform' in inform
    connection.answer(page, '401 Unauthorized', 'Content-Encoding: gzip\r\n'
                      'WWW-Authenticate: Digest realm="r", qop="auth", nonce="n"\r\n')
    assert receive(connection)[1] == inform
    connection.answer(page, '307 Temporary Redirect', 'Content-Encoding: gzip\r\nLocation: /a\r\n')
    head, again = receive(connection)
    assert again == inform and head.startswith('POST /a ')
    body = envelope('<c:InformResponse><MaxEnvelopes>1</MaxEnvelopes></c:InformResponse>')
    connection.answer(body)
    assert receive(connection)[1] == ''
    data = gzip.compress(envelope(get_values(CODE)).encode())
    connection.send(b'HTTP/1.1 200 OK\r\nContent-Encoding: X-GZIP\r\nTransfer-Encoding: chunked\r\n\r\n' +
                    b''.join(b'1\r\n%c\r\n' % value for value in data) + b'0\r\n\r\n')
    assert 'GetParameterValuesResponse' in receive(connection)[1]
    if end == 'no coding':
        connection.answer(b'')
    else:
        connection.answer({'gzip of nothing': gzip.compress(b''), 'no body': b'', 'gzip of blanks': gzip.compress(b' \r\n')}[end],
                          headers='Content-Encoding: gzip\r\n')
    agent.wait_idle()
    assert 'has failed' not in agent.process.stderr
    wire.close()
