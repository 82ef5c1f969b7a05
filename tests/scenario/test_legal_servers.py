# SPDX-License-Identifier: GPL-2.0-or-later
# Servers that are strange but legal: with each of them a whole session succeeds, with a get and a set.
import itertools

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, KEY, SERVER, URL, make_agent, pair  # noqa: F401
from wire import Wire, envelope, get_values, knock, set_values

TEXT = ' <a> & "b" \u00e4\u20ac ]]> '
ENCODED = ' &lt;a&gt; &amp; "b" \u00e4\u20ac ]]&gt; '


def whole_session(acs, agent, number=1):
    """A session of reads and a set, all of which succeed, and the session ends well."""
    key = 'key %d' % number
    results = acs.call(('parameter-key', key), ('get', CODE, KEY), ('names', SERVER, '1'), ('set', CODE, TEXT + str(number)),
                       ('get', CODE, KEY), ('get', 'Device.DeviceInfo.'))[1:]
    assert all(result.good for result in results), results
    assert results[2].line('status') == '0'
    assert results[3].values == {CODE: TEXT + str(number), KEY: key}
    assert results[4].values[CODE] == TEXT + str(number)
    agent.wait_idle(1 + number)
    assert 'failed' not in agent.process.stderr


ENVELOPES = ['xml-declaration', 'byte-order-mark', 'other-prefixes', 'default-namespace', 'qualified', 'no-array-type',
             'wrong-array-count', 'array-xsi-type', 'cdata', 'comments', 'pretty', 'null-id', 'unknown-header:*:0']
WITHOUT_ID = ['no-id', 'no-header']
HTTP = ['no-content-type', 'content-type:*:application/soap+xml', 'content-type:*:text/xml; charset="UTF-8"; x=y',
        'chunked', 'chunked-odd', 'continue', 'early-hints', 'connection-close', 'close', 'no-length', 'delay:*:20',
        'header:*:X-Long: ' + 'y' * 6000, 'header:*:Keep-Alive: timeout=1, max=2']


def misbehave(*kinds):
    """The options that make all responses so, but a kind may have its own range."""
    return list(itertools.chain.from_iterable(('--misbehave', kind if ':' in kind else kind + ':*') for kind in kinds))


@pytest.mark.parametrize('kind', ENVELOPES + WITHOUT_ID + HTTP, ids=lambda kind: kind[:30])
def test_accepted(pair, kind):
    acs, agent = pair(*misbehave(kind), strange=kind in WITHOUT_ID)
    whole_session(acs, agent)
    assert not acs.warnings or kind in WITHOUT_ID


@pytest.mark.parametrize('kinds', [('xml-declaration', 'other-prefixes', 'qualified', 'no-array-type', 'cdata', 'comments'),
                                   ('xml-declaration', 'default-namespace', 'array-xsi-type', 'pretty', 'null-id'),
                                   ('byte-order-mark', 'xml-declaration', 'wrong-array-count', 'pretty', 'no-content-type'),
                                   ('chunked-odd', 'continue', 'connection-close', 'cdata', 'cookies')], ids='+'.join)
def test_accepted_together(pair, kinds):
    acs, agent = pair(*misbehave(*kinds))
    whole_session(acs, agent)


@pytest.mark.parametrize('option', [('--no-id',), ('--end-with', '200'), ('--end-with', '204'), ('--end-with', 'blank'),
                                    ('--hold',), ('--session-cookie', 'off'), ('--version-namespace', '1-0'),
                                    ('--end-with', '200', *misbehave('chunked')),
                                    ('--end-with', '200', *misbehave('connection-close'))], ids=' '.join)
def test_accepted_with(pair, option):
    acs, agent = pair(*option, strange='--no-id' in option)
    whole_session(acs, agent)


def test_cookie_required_on_the_same_connection(pair):
    acs, agent = pair('--session-cookie', 'required')
    whole_session(acs, agent)
    posts = acs.messages(True)
    second = next(n for n, message in enumerate(posts) if n and message.method == 'Inform')
    for session in (posts[:second], posts[second:]):
        assert len({message.connection for message in session}) == 1
        cookies = [message.header('Cookie') for message in session]
        assert all(cookie == cookies[1] for cookie in cookies[1:]) and cookies[1]
    assert posts[1].header('Cookie') != posts[second + 1].header('Cookie')


@pytest.mark.parametrize('kind', ['connection-close', 'close'])
def test_cookie_required_although_the_server_closes_each_time(pair, kind):
    acs, agent = pair('--session-cookie', 'required', *misbehave(kind))
    whole_session(acs, agent)


def test_digest_and_a_connection_for_each_message(pair):
    acs, agent = pair('--auth', 'digest', '--user', 'u', '--password', 'p', *misbehave('connection-close', 'chunked'),
                      username='u', password='p')
    whole_session(acs, agent)


@pytest.mark.parametrize('milliseconds', [1, 1500])
def test_lock_that_answers_400_for_a_moment(pair, milliseconds):
    """The Inform that is accepted at last has the same events, and the protocol version is no lower for one refusal."""
    acs, agent = pair('--misbehave', 'lock:1:%d' % milliseconds, wait=False, fast=True)
    inform = acs.wait_inform()
    agent.wait_idle()
    informs = [message for message in acs.messages(True) if message.method == 'Inform']
    assert informs[0].texts('EventCode') == informs[-1].texts('EventCode') == ['0 BOOTSTRAP', '1 BOOT']
    if len(informs) == 2:
        assert inform.version == '1-2'
    results = acs.call(('set', CODE, 'x'), ('get', CODE))
    assert results[0].good and results[1].values == {CODE: 'x'}


def test_lock_in_the_middle_of_a_session(pair):
    """Status 400 costs that session; the command that was lost succeeds in the next."""
    acs, agent = pair(fast=True)
    acs.call(('get', KEY), ('misbehave', 'lock:1:300'), ('get', CODE))
    agent.wait_failed(1)
    assert acs.call(('set', CODE, 'later'), ('get', CODE))[1].values == {CODE: 'later'}


# ---- What only a hand-made server does

def plain(body):
    return b'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s' % (len(body.encode()), body.encode())


def head(line, *headers):
    """Answers with this status line and these headers before Content-Length."""
    def make(body):
        body = body.encode()
        return b'\r\n'.join([line, *headers, b'Content-Length: %d' % len(body), b'', body])
    return make


def chunks(*sizes, form=b'%x', coding=b'chunked'):
    def make(body):
        body, out = body.encode(), b''
        for size in itertools.cycle(sizes):
            piece, body = body[:size], body[size:]
            out += form % len(piece) + b'\r\n' + piece + b'\r\n'
            if not piece:
                return b'HTTP/1.1 200 OK\r\nTransfer-Encoding: ' + coding + b'\r\n\r\n' + out
    return make


def coded(encoding, declaration):
    def make(body):
        data = (declaration + body).encode(encoding, errors='xmlcharrefreplace')
        return b'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s' % (len(data), data)
    return make


SERVERS = {
    'lower-case header names': head(b'HTTP/1.1 200 OK', b'content-type: text/xml', b'set-cookie: a=b'),
    'no blanks after colons': head(b'HTTP/1.1 200 OK', b'Content-Type:text/xml', b'Set-Cookie:a=b; Path=/'),
    'tabs around values': head(b'HTTP/1.1 200 OK', b'Content-Type:\t text/xml \t', b'Server: \t'),
    'no reason phrase': head(b'HTTP/1.1 200 ', b'Content-Type: text/xml'),
    'a reason in UTF-8': head('HTTP/1.1 200 Tr\u00e8s bien'.encode(), b'Content-Type: text/xml'),
    'HTTP/1.0 that keeps the connection': head(b'HTTP/1.0 200 OK', b'Connection: keep-alive'),
    'Connection: Keep-Alive': head(b'HTTP/1.1 200 OK', b'Connection: Keep-Alive', b'Content-Type: text/xml'),
    'Content-Encoding: identity': head(b'HTTP/1.1 200 OK', b'Content-Encoding: identity'),
    'many headers': head(b'HTTP/1.1 200 OK', *[b'X-%d: %d' % (n, n) for n in range(60)]),
    'three interim answers': lambda body: (b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX: y\r\n\r\n'
                                           b'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n') + plain(body),
    'upper-case chunk sizes': chunks(171, 171, form=b'%X'),
    'leading zeros in chunk sizes': chunks(64, form=b'%08x'),
    'chunks of a byte': chunks(1),
    'Transfer-Encoding: Chunked': chunks(100, coding=b'Chunked'),
    'ISO-8859-1 with character references': coded('ascii', '<?xml version="1.0" encoding="ISO-8859-1"?>\n'),
    'US-ASCII': coded('ascii', "<?xml version='1.0' encoding='US-ASCII' standalone='yes'?>"),
    'encoding in lower case': coded('utf-8', "<?xml version='1.0' encoding='utf-8' ?>\r\n\r\n"),
    'white space after the envelope': lambda body: plain('<?xml version="1.0"?>\n' + body + '\r\n \t\r\n'),
    'a comment before and after': lambda body: plain('<!-- a -->' + body + '<!-- -->'),
    'attributes in single quotes': lambda body: plain(body.replace('"', "'") if '<Value' not in body else body),
}


@pytest.mark.parametrize('kind', list(SERVERS))
def test_hand_made_server(make_agent, kind):
    make = SERVERS[kind]
    wire = Wire()
    agent = make_agent(wire.url).start()
    wire.first()
    agent.wait_idle()
    assert knock(agent.tree(URL)[URL]).status in (200, 204)
    connection = wire.accept()
    connection.receive()
    connection.send(make(envelope('<c:InformResponse><MaxEnvelopes>1</MaxEnvelopes></c:InformResponse>')))
    connection.receive()
    connection.send(make(envelope(set_values({CODE: ENCODED}, 'k'))))
    assert connection.receive().texts('Status') == ['0']
    connection.send(make(envelope(get_values(CODE, KEY))))
    got = connection.receive().texts('Value')
    connection.end()
    assert got[1] == 'k' and agent.tree(CODE) == {CODE: TEXT}
    agent.wait_idle(2)
    wire.close()


def test_http_1_0_that_closes_each_time(make_agent):
    wire = Wire()
    agent = make_agent(wire.url).start()

    def answer(body):
        connection = wire.accept()
        request = connection.receive()
        connection.send(b'HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n' + body.encode())
        connection.close()
        return request
    assert answer(envelope('<c:InformResponse><MaxEnvelopes>1</MaxEnvelopes></c:InformResponse>')).method == 'Inform'
    assert answer(envelope(set_values({CODE: 'x'}, 'k'))).body == ''
    assert answer(envelope(get_values(CODE))).texts('Status') == ['0']
    assert answer('').texts('Value') == ['x']
    agent.wait_idle()
    wire.close()
