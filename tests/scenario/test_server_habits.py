# SPDX-License-Identifier: GPL-2.0-or-later
# Habits of servers that people run (application servers, load balancers, SOAP libraries), one at a time, byte by byte.
import html
import re

import pytest

from agent import CODE, KEY, SERVER, make_agent  # noqa: F401
from wire import Wire, envelope, get_values, md5, set_values

INFORM_RESPONSE = '<c:InformResponse><MaxEnvelopes>1</MaxEnvelopes></c:InformResponse>'
CHALLENGE = 'WWW-Authenticate: Digest realm="%s", qop="auth", nonce="%s"\r\n'


@pytest.fixture
def wires():
    """wires() makes one more server."""
    made = []

    def make(host='127.0.0.1'):
        made.append(Wire(host))
        return made[-1]
    yield make
    for wire in made:
        wire.close()


def credentials(request):
    """The parameters of the Authorization header, {} without one."""
    line = re.search(r'^Authorization: Digest (.*)$', request.head, re.M)
    return dict(re.findall(r'(\w+)="?([^",\r]*)', line[1])) if line else {}


def is_right(request, realm, user='u', password='p'):
    """Whether the POST has the right Digest answer, with qop."""
    given = credentials(request)
    if not given or given['realm'] != realm:
        return False
    return given['response'] == md5(md5(user, realm, password), given['nonce'], given['nc'], given['cnonce'], 'auth',
                                    md5('POST', given['uri']))


def test_R05_R07_redirect_between_two_servers_that_both_ask_for_a_password(make_agent, wires):
    """401, 302, 401: no two refusals in a row, as each is of another server."""
    first, second = wires(), wires('127.0.0.2')
    agent = make_agent(first.url, username='u', password='p').start()
    at_first = first.accept()
    body = at_first.receive().body
    at_first.answer(status='401 Unauthorized', headers=CHALLENGE % ('front', 'n1'))
    again = at_first.receive()
    assert is_right(again, 'front') and again.body == body
    at_first.answer(status='302 Found', headers='Location: %scwmp\r\n' % second.url)
    connection = second.accept()
    there = connection.receive()
    assert not credentials(there), 'the answer to one server is none of the other'
    connection.answer(status='401 Unauthorized', headers=CHALLENGE % ('back', 'n2'))
    there = connection.receive()
    assert is_right(there, 'back') and there.body == body and there.head.startswith('POST /cwmp ')
    connection.answer(envelope(INFORM_RESPONSE))
    assert is_right(connection.receive(), 'back')
    connection.end()
    agent.wait_idle()
    assert 'failed' not in agent.process.stderr


def test_R01_every_answer_is_followed_by_a_close_that_nobody_has_told_of(make_agent, wires):
    """A refusal, a redirect and an answer to the same message: each time the connection is gone before the next POST."""
    wire = wires()
    agent = make_agent(wire.url, username='u', password='p').start()
    answers = [('401 Unauthorized', CHALLENGE % ('r', 'n1'), ''), ('307 Temporary Redirect', 'Location: /a\r\n', ''),
               ('307 Temporary Redirect', 'Location: /b\r\n', ''), ('200 OK', '', envelope(INFORM_RESPONSE)),
               ('204 No Content', '', '')]
    bodies = []
    for status, headers, body in answers:
        connection = wire.accept()
        bodies.append(connection.receive().body)
        connection.answer(body, status, headers)
        connection.close()
    agent.wait_idle()
    assert len(set(bodies[:4])) == 1 and bodies[4] == ''
    assert 'failed' not in agent.process.stderr


@pytest.mark.parametrize('how', ['chunked', 'html', 'no-length', 'cut', 'gzip'])
def test_R07_refusal_with_a_body(make_agent, wires, how):
    """What a 401 has in its body does not matter, nor how it is framed or coded."""
    wire = wires()
    agent = make_agent(wire.url, username='u', password='p').start()
    connection = wire.accept()
    connection.receive()
    start = 'HTTP/1.1 401 Unauthorized\r\nContent-Type: text/html\r\n' + CHALLENGE % ('r', 'n1')
    page = '<html>' + 'Unauthorized ' * 1000
    if how == 'chunked':
        connection.send((start + 'Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n' % (len(page), page)).encode())
    elif how == 'html':
        connection.send((start + 'Content-Length: %d\r\n\r\n%s' % (len(page), page)).encode())
    elif how == 'gzip':
        connection.send((start + 'Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc').encode())
    elif how == 'no-length':
        connection.send((start + 'Connection: close\r\n\r\n' + page).encode())
    else:
        connection.send((start + 'Content-Length: 0\r\n\r\n' + page).encode())
    if how in ('no-length', 'cut'):
        connection.close()
        connection = wire.accept()
    assert is_right(connection.receive(), 'r')
    connection.answer(envelope(INFORM_RESPONSE))
    connection.receive()
    connection.end()
    agent.wait_idle()


def test_R08_a_nonce_for_one_use_only(make_agent, wires):
    """Each POST is refused once with another nonce, stale or not; none of them is a wrong password."""
    wire = wires()
    agent = make_agent(wire.url, username='u', password='p').start()
    connection = wire.accept()
    for number, body in enumerate([envelope(INFORM_RESPONSE), envelope(get_values(KEY)), envelope(get_values(CODE)), '']):
        first = connection.receive()
        if number:
            assert credentials(first)['nonce'] == 'n%d' % (number - 1)
        connection.answer(status='401 Unauthorized', headers=CHALLENGE % ('r', 'n%d' % number))
        again = connection.receive()
        assert is_right(again, 'r') and again.body == first.body
        assert credentials(again)['nonce'] == 'n%d' % number and credentials(again)['nc'] == '00000001'
        connection.answer(body)
    agent.wait_idle()
    assert 'failed' not in agent.process.stderr


def test_R08_nextnonce(make_agent, wires):
    wire = wires()
    agent = make_agent(wire.url, username='u', password='p').start()
    connection = wire.accept()
    connection.receive()
    connection.answer(status='401 Unauthorized', headers=CHALLENGE % ('r', 'n0'))
    answers = [envelope(INFORM_RESPONSE), envelope(get_values(KEY)), '']
    for number, body in enumerate(answers):
        request = connection.receive()
        assert is_right(request, 'r')
        assert credentials(request)['nonce'] == 'n%d' % number and credentials(request)['nc'] == '00000001'
        connection.answer(body, headers='Authentication-Info: qop=auth, nextnonce="n%d", rspauth="x"\r\n' % (number + 1))
    agent.wait_idle()


def test_R08_another_realm_for_another_path(make_agent, wires):
    wire = wires()
    agent = make_agent(wire.url, username='u', password='p').start()
    connection = wire.accept()
    connection.receive()
    connection.answer(status='401 Unauthorized', headers=CHALLENGE % ('one', 'n1'))
    connection.receive()
    connection.answer(status='307 Temporary Redirect', headers='Location: /other?a=b&c\r\n')
    request = connection.receive()
    assert is_right(request, 'one') and credentials(request)['uri'] == '/other?a=b&c'
    connection.answer(status='401 Unauthorized', headers=CHALLENGE % ('two', 'n2'))
    assert is_right(connection.receive(), 'two')
    connection.answer(envelope(INFORM_RESPONSE))
    assert is_right(connection.receive(), 'two')
    connection.end()
    agent.wait_idle()


def cookies(request):
    line = re.search(r'^Cookie: (.*)$', request.head, re.M)
    return line[1].strip() if line else ''


def test_R06_cookies_of_refusals_and_redirects(make_agent, wires):
    """They come with any answer, and the latest value counts; those of a host are not for another."""
    first, second = wires(), wires('127.0.0.2')
    agent = make_agent(first.url + 'acs/cwmp', username='u', password='p').start()
    connection = first.accept()
    assert cookies(connection.receive()) == ''
    connection.answer(status='401 Unauthorized', headers=CHALLENGE % ('r', 'n1') + 'Set-Cookie: route=a;Path=/\r\n'
                      'Set-Cookie: JSESSIONID=1; Path=/acs\r\n')
    assert cookies(connection.receive()) == 'JSESSIONID=1; route=a'
    connection.answer(status='307 Temporary Redirect', headers='Location: ../other\r\n'
                      'Set-Cookie: route=b; path=/; Version=1\r\n')
    request = connection.receive()
    assert request.head.startswith('POST /other ') and cookies(request) == 'route=b'
    connection.answer(status='302 Found', headers='Location: %s\r\nSet-Cookie: JSESSIONID=2; Path=/\r\n' % second.url)
    connection = second.accept()
    assert cookies(connection.receive()) == ''
    connection.answer(envelope(INFORM_RESPONSE), headers='Set-Cookie: here=1; Domain=127.0.0.2\r\n'
                      'Set-Cookie: no=1; Domain=0.0.2\r\n')
    assert cookies(connection.receive()) == 'here=1'
    connection.end()
    agent.wait_idle()


def test_R06_domains(make_agent, wires):
    """A cookie for a domain is for its hosts, one without is for the host alone, one for a foreign domain for nobody."""
    wire = wires()
    agent = make_agent('http://localhost:%d/' % wire.port).start()
    connection = wire.accept()
    connection.receive()
    connection.answer(envelope(INFORM_RESPONSE), headers=''.join('Set-Cookie: %s\r\n' % cookie for cookie in [
        'a=1; Domain=.localhost', 'b=2; Domain=LOCALHOST', 'c=3; Domain=example.com', 'd=4; Domain=host', 'e=5; Domain=',
        'f=6; Secure', 'g = 7 ; Expires="x"', 'h', '=i']))
    assert cookies(connection.receive()) == 'a=1; b=2; e=5; g=7'
    connection.end()
    agent.wait_idle()


def test_R02_early_refusal_while_a_long_answer_is_sent(make_agent, wires):
    """The server refuses, and closes, without reading the rest: the answer comes again, whole, on a new connection."""
    wire = wires()
    agent = make_agent(wire.url, username='u', password='p').start()
    connection = wire.accept()
    connection.begin()
    connection.answer(envelope(get_values(*[SERVER] * 200)))
    while len(connection.data) < 100000:
        connection.fill()
    connection.answer(status='401 Unauthorized', headers=CHALLENGE % ('r', 'n1') + 'Connection: close\r\n')
    again = wire.accept()
    connection.close()
    request = again.receive()
    assert is_right(request, 'r') and request.method == 'GetParameterValuesResponse'
    assert request.body.endswith('</soap-env:Envelope>\n') and len(request.body) > 1 << 20
    again.end()
    agent.wait_idle()


def test_R02_bytes_behind_an_answer(make_agent, wires):
    """A line end too many, or the whole of an answer that nobody waits for: the session goes on without them."""
    wire = wires()
    agent = make_agent(wire.url).start()
    connection = wire.accept()
    connection.receive()
    body = envelope(INFORM_RESPONSE)
    connection.send(('HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n' % (len(body), body)).encode())
    connection = wire.accept()
    assert connection.receive().body == ''
    body = envelope(get_values(KEY))
    connection.send(('HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s'
                     'HTTP/1.1 204 No Content\r\n\r\n' % (len(body), body)).encode())
    connection = wire.accept()
    assert connection.receive().method == 'GetParameterValuesResponse'
    connection.end()
    agent.wait_idle()
    assert 'failed' not in agent.process.stderr


# ---- What SOAP libraries make

HEAD = ('<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:cwmp="urn:dslforum-org:cwmp-1-0">')
NET = HEAD + ('<soap:Header><cwmp:ID soap:mustUnderstand="1">1</cwmp:ID></soap:Header>'
              '<soap:Body soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">%s</soap:Body></soap:Envelope>')
PLAIN = ('<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns2="urn:dslforum-org:cwmp-1-0">'
         '<S:Header><ns2:ID S:mustUnderstand="1">1</ns2:ID></S:Header><S:Body>%s</S:Body></S:Envelope>')
ENTRY = '<ParameterValueStruct><Name>%s</Name>%s</ParameterValueStruct>'
INTERVAL, ENABLE, TIME = (SERVER + 'PeriodicInform' + name for name in ('Interval', 'Enable', 'Time'))


def set_of(path, value, key='<ParameterKey>k</ParameterKey>'):
    return NET % ('<cwmp:SetParameterValues><ParameterList soapenc:arrayType="cwmp:ParameterValueStruct[1]">%s</ParameterList>'
                  '%s</cwmp:SetParameterValues>' % (ENTRY % (path, value), key))


def typed(kind, text):
    return '<Value xsi:type="xsd:%s">%s</Value>' % (kind, text)


def changed(message, *pairs):
    for old, new in pairs:
        assert old in message
        message = message.replace(old, new)
    return message


STRING = set_of(CODE, typed('string', 'v'))
TYPE = ' xsi:type="xsd:%s">'
# The message; then the paths that are read and what they have, or the fault.
MESSAGES = {
    'the prefix of the type is declared at the value': (set_of(
        INTERVAL, '<Value xmlns:q1="http://www.w3.org/2001/XMLSchema" xsi:type="q1:unsignedInt">77</Value>'), {INTERVAL: '77'}),
    'the type is of a default namespace': (set_of(
        INTERVAL, '<Value xmlns="http://www.w3.org/2001/XMLSchema" xsi:type="unsignedInt">77</Value>'), {INTERVAL: '77'}),
    'the type is of the encoding namespace': (changed(STRING, ('xsd:string', 'soapenc:string')), {CODE: 'v'}),
    'the prefix of the type is not declared': (changed(STRING, ('xsd:string', 'xs:string')), {CODE: 'v'}),
    'no type': (set_of(INTERVAL, '<Value>77</Value>'), {INTERVAL: '77'}),
    'blanks around a number': (set_of(INTERVAL, typed('unsignedInt', '\n\t77 \r\n')), {INTERVAL: '77'}),
    'blanks around a boolean': (set_of(ENABLE, typed('boolean', ' false\n')), {ENABLE: '0'}),
    'blanks around a time': (set_of(TIME, typed('dateTime', ' 2030-01-01T00:00:00Z ')), {TIME: '2030-01-01T00:00:00Z'}),
    'blanks around the type': (set_of(INTERVAL, '<Value xsi:type=" xsd:unsignedInt ">77</Value>'), {INTERVAL: '77'}),
    'blanks in a string': (set_of(CODE, typed('string', ' a\tb ')), {CODE: ' a\tb '}),
    'a comment in a value': (set_of(CODE, typed('string', 'a<!-- x -->b<?pi y?>c')), {CODE: 'abc'}),
    'CDATA in a value': (set_of(CODE, typed('string', 'a<![CDATA[<&>]]>b')), {CODE: 'a<&>b'}),
    'references in a value': (set_of(CODE, typed('string', '&#65;&#x42;&lt;&gt;&amp;&quot;&apos;&#x20AC;')),
                              {CODE: 'AB<>&"\'\u20ac'}),
    'an empty value': (set_of(CODE, '<Value xsi:type="xsd:string"/>'), {CODE: ''}),
    'value before name': (changed(STRING, (ENTRY % (CODE, typed('string', 'v')), '<ParameterValueStruct>%s<Name>%s</Name>'
                                           '</ParameterValueStruct>' % (typed('string', 'v'), CODE))), {CODE: 'v'}),
    'key before list': (NET % ('<cwmp:SetParameterValues><ParameterKey>k</ParameterKey><ParameterList>%s</ParameterList>'
                               '</cwmp:SetParameterValues>' % (ENTRY % (CODE, '<Value>v</Value>'))), {CODE: 'v', KEY: 'k'}),
    'an empty key': (set_of(CODE, '<Value>v</Value>', '<ParameterKey/>'), {CODE: 'v', KEY: ''}),
    'a type on every element': (changed(
        STRING, ('<Name>', '<Name' + TYPE % 'string'), ('<ParameterKey>', '<ParameterKey' + TYPE % 'string'),
        ('<ParameterValueStruct>', '<ParameterValueStruct xsi:type="cwmp:ParameterValueStruct">')), {CODE: 'v', KEY: 'k'}),
    'an id on every element': (changed(STRING, ('<Name>', '<Name id="i1" soapenc:root="0">'), ('<Value', '<Value id="i2"')),
                               {CODE: 'v'}),
    'entries of another name': (changed(STRING, ('ParameterValueStruct>', 'item>')), {CODE: 'v'}),
    'unknown elements': (changed(STRING, ('</Value>', '</Value><Extra><a>1</a></Extra>'), ('</cwmp:Set', '<New>1</New></cwmp:Set')),
                         {CODE: 'v', KEY: 'k'}),
    'SOAP without any type': (PLAIN % (
        '<ns2:SetParameterValues><ParameterList>%s</ParameterList><ParameterKey>k</ParameterKey></ns2:SetParameterValues>' %
        (ENTRY % (CODE, '<Value>v</Value>'))), {CODE: 'v', KEY: 'k'}),
    'another version of CWMP': (changed(STRING, ('cwmp-1-0', 'cwmp-1-1')), {CODE: 'v'}),
    'nothing in the list': (changed(STRING, (ENTRY % (CODE, typed('string', 'v')), ''), ('[1]', '[0]')), {KEY: 'k'}),
    'a type that is none of CWMP': (changed(STRING, ('xsd:string', 'xsd:normalizedString')), 9003),
    'nil': (set_of(CODE, '<Value xsi:nil="true"/>'), 9003),
    'an element in a value': (set_of(CODE, '<Value><a/></Value>'), 9003),
    'no key': (set_of(CODE, '<Value>v</Value>', ''), 9003),
    'two keys': (set_of(CODE, '<Value>v</Value>', '<ParameterKey/><ParameterKey/>'), 9003),
    'a reference in place of a value': (set_of(CODE, '<Value href="#id1"/>'), 9003),
    'a number with letters': (set_of(INTERVAL, typed('unsignedInt', '7x')), 9003),
    'blanks in a number': (set_of(INTERVAL, typed('unsignedInt', '7 7')), 9003),
    'a number that is empty': (set_of(INTERVAL, typed('unsignedInt', '')), 9003),
    'a number of blanks': (set_of(INTERVAL, typed('unsignedInt', ' \n')), 9003),
}


@pytest.mark.parametrize('name', MESSAGES)
def test_R21_R22_R26_R29_set_as_others_write_it(make_agent, wires, name):
    message, wanted = MESSAGES[name]
    wire = wires()
    agent = make_agent(wire.url).start()
    connection = wire.accept()
    connection.receive()
    connection.answer(NET % '<cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse>')
    connection.receive()
    connection.answer(message)
    answer = connection.receive()
    assert answer.texts('ID') == ['1']
    if isinstance(wanted, dict):
        assert answer.texts('Status') == ['0'], answer.body
        connection.answer(NET % get_values(*wanted).replace('c:', 'cwmp:').replace('n:', 'soapenc:'))
        got = connection.receive()
        assert dict(zip(got.texts('Name'), map(html.unescape, got.texts('Value')))) == wanted
    else:
        assert answer.fault == wanted, answer.body
    connection.end()
    agent.wait_idle()


def test_T052_envelope_of_32768_bytes(make_agent, wires):
    """And one byte less and more, in pieces of all sizes; the first value, and a long one, are as they were sent."""
    wire = wires()
    agent = make_agent(wire.url).start()
    connection = wire.accept()
    connection.begin()
    for size in (32767, 32768, 32769, 65536):
        text = str(size)
        body = envelope(set_values({CODE: text, SERVER + 'STUNUsername': 'u' * 256}, 'k'))
        body = body.replace('<ParameterKey>', ('\n\t ' * size)[:size - len(body)] + '<ParameterKey>')
        assert len(body) == size
        data = ('HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s' % (size, body)).encode()
        for start in range(0, len(data), 1 + size % 4099):
            connection.send(data[start:start + 1 + size % 4099])
        assert connection.receive().texts('Status') == ['0']
        assert connection.call(get_values(CODE, SERVER + 'STUNUsername')).texts('Value') == [text, 'u' * 256]
    connection.end()
    agent.wait_idle()


HEADERS = {
    'blanks around the version': ('<c:UseCWMPVersion e:mustUnderstand="1">\n 1.2 </c:UseCWMPVersion>', True),
    'blanks around HoldRequests': ('<c:HoldRequests e:mustUnderstand="1"> false\r\n</c:HoldRequests>', True),
    'HoldRequests that is empty': ('<c:HoldRequests e:mustUnderstand="1"/>', True),
    'NoMoreRequests': ('<c:NoMoreRequests e:mustUnderstand="1">1</c:NoMoreRequests>', True),
    'SessionTimeout': ('<c:SessionTimeout e:mustUnderstand="0">60</c:SessionTimeout>', True),
    'of another version': ('<x:HoldRequests xmlns:x="urn:dslforum-org:cwmp-1-0" e:mustUnderstand="1">0</x:HoldRequests>', True),
    'unknown, mustUnderstand false': ('<c:Other e:mustUnderstand="false">x</c:Other><Other/>', True),
    'unknown, for somebody else': ('<c:Other e:mustUnderstand="1" e:actor="urn:proxy">x</c:Other>', True),
    'unknown, mustUnderstand without a namespace': ('<c:Other mustUnderstand="1">x</c:Other>', True),
    'security with elements in it': ('<w:Security xmlns:w="urn:w"><w:A><w:B>1</w:B></w:A></w:Security>', True),
    'unknown, mustUnderstand true': ('<c:Other e:mustUnderstand="true">x</c:Other>', False),
    'unknown, for the next': (
        '<c:Other e:mustUnderstand="1" e:actor="http://schemas.xmlsoap.org/soap/actor/next"><a/></c:Other>', False),
}


@pytest.mark.parametrize('name', HEADERS)
def test_R23_R25_header_entries(make_agent, wires, name):
    """In an answer to the agent, and in a request to it."""
    entry, good = HEADERS[name]
    wire = wires()
    agent = make_agent(wire.url).start()

    def with_entry(body):
        return envelope(body).replace('</e:Header>', entry + '</e:Header>')
    connection = wire.accept()
    connection.receive()
    connection.answer(with_entry(INFORM_RESPONSE))
    if not good:
        assert 'not understood' in agent.wait_failed(1)
        connection = wire.session(agent)
    else:
        assert connection.receive().body == ''
    connection.answer(with_entry(get_values(KEY)))
    answer = connection.receive()
    assert answer.texts('faultcode') == ([] if good else ['soap-env:MustUnderstand'])
    assert answer.texts('ID') == ['7'] and ('<detail>' not in answer.body)
    assert connection.call(get_values(KEY)).texts('Value') == ['']
    connection.end()
    agent.wait_idle()


@pytest.mark.parametrize('number, sent_back', [
    ('', ['']), (' ', [' ']), ('6f1c0e6e-5a5e-4b8e-9a39-2b1f1f1c9d11-long', ['6f1c0e6e-5a5e-4b8e-9a39-2b1f1f1c9d11-long']),
    ('&#49;<![CDATA[2]]>', ['12']), ('\t1\n', ['\t1\n']), ('&#13;', ['&#13;'])])
def test_R24_ids(make_agent, wires, number, sent_back):
    wire = wires()
    agent = make_agent(wire.url).start()
    connection = wire.accept()
    connection.begin()
    connection.answer(envelope(get_values(KEY), number))
    assert connection.receive().texts('ID') == sent_back
    connection.end()
    agent.wait_idle()


@pytest.mark.parametrize('coding', ['utf-16', 'utf-16-le', 'utf-32', 'latin-1'])
def test_R21_other_codings_than_utf_8(make_agent, wires, coding):
    """Only UTF-8 is CWMP: the session fails with a reason, and the next is good."""
    wire = wires()
    agent = make_agent(wire.url).fast_retry().start()
    connection = wire.accept()
    connection.receive()
    text = '<?xml version="1.0" encoding="%s"?>' % coding + envelope(INFORM_RESPONSE + '<!-- \u00e4 -->')
    connection.answer(text.encode(coding))
    assert "can't be read" in agent.wait_failed(1)
    wire.first()
    agent.wait_idle()


# Faults of an ACS to the Inform, as different servers write them: all have code 8005, and the Inform comes again.
FAULTS = [
    '<e:Fault><faultcode>Server</faultcode><faultstring>CWMP fault</faultstring><detail><c:Fault><FaultCode>8005</FaultCode>'
    '<FaultString>Retry</FaultString></c:Fault></detail></e:Fault>',
    '<e:Fault><faultcode>e:Server</faultcode><faultstring>CWMP fault</faultstring><detail><Fault><FaultCode> 8005 </FaultCode>'
    '</Fault></detail></e:Fault>',
    '<e:Fault><detail><x/><c:Fault><FaultString/><FaultCode>8005</FaultCode><More/></c:Fault></detail></e:Fault>',
    '<e:e:Fault><faultcode>Server</faultcode><detail><c:Fault><c:FaultCode>8005</c:FaultCode></c:Fault></detail></e:e:Fault>',
]


@pytest.mark.parametrize('number', range(len(FAULTS)))
def test_R36_faults_as_others_write_them(make_agent, wires, number):
    wire = wires()
    agent = make_agent(wire.url).start()
    connection = wire.accept()
    body = connection.receive().body
    connection.answer(envelope(FAULTS[number]))
    assert connection.receive().body == body
    connection.answer(envelope(INFORM_RESPONSE))
    connection.receive()
    connection.end()
    agent.wait_idle()


def test_R39_requests_that_are_none(make_agent, wires):
    """Each is answered with its fault, and the session goes on (R-39)."""
    wire = wires()
    agent = make_agent(wire.url).start()
    connection = wire.accept()
    connection.begin()
    names = '<c:GetParameterNames><ParameterPath>%s</ParameterPath>%s</c:GetParameterNames>'
    attributes = '<c:GetParameterAttributes>%s</c:GetParameterAttributes>'
    for body, fault in [('<GetRPCMethods/>', 9000), ('<x:GetRPCMethods xmlns:x="urn:x"/>', 9000), ('<c:getrpcmethods/>', 9000),
                        ('<c:Inform/>', 9000), ('<c:GetParameterValues/>', 9003), (get_values(), 9003),
                        (get_values(''), 0), (get_values('Device.').replace('string>', 'xsd:string>'), 0),
                        (get_values(KEY, KEY), 0), (get_values(KEY + ' '), 9005), (get_values('\n' + KEY), 9005),
                        (names % (SERVER, '<NextLevel> true </NextLevel>'), 0),
                        (names % (SERVER, '<NextLevel>yes</NextLevel>'), 9003),
                        (names % (SERVER, '<NextLevel/>'), 9003), (names % (SERVER, ''), 9003),
                        ('<c:GetParameterNames><NextLevel>1</NextLevel><ParameterPath/></c:GetParameterNames>', 0),
                        ('<c:GetParameterNames><c:ParameterPath/><c:NextLevel>1</c:NextLevel></c:GetParameterNames>', 0),
                        (attributes % '', 9003), (attributes % '<ParameterNames/>', 9003),
                        (attributes % ('<ParameterNames><string>%s</string></ParameterNames>' % KEY), 0),
                        (attributes % '<ParameterNames><string/></ParameterNames>', 0)]:
        assert connection.call(body).fault == fault, body
    connection.end()
    agent.wait_idle()


def test_R08_a_new_cnonce_on_each_connection(make_agent, wires):
    """The nonce is used on, and its count goes on too."""
    wire = wires()
    agent = make_agent(wire.url, username='u', password='p').start()
    connection = wire.accept()
    connection.receive()
    connection.answer(status='401 Unauthorized', headers=CHALLENGE % ('r', 'n1') + 'Connection: close\r\n')
    connection.close()
    cnonces = []
    for number, body in enumerate([envelope(INFORM_RESPONSE), envelope(get_values(KEY)), envelope(get_values(CODE)), '']):
        connection = wire.accept()
        request = connection.receive()
        assert is_right(request, 'r') and credentials(request)['nc'] == '%08x' % (number + 1)
        cnonces.append(credentials(request)['cnonce'])
        connection.answer(body, headers='Connection: close\r\n')
        connection.close()
    agent.wait_idle()
    assert len(set(cnonces)) == 4


def test_R06_long_cookies(make_agent, wires):
    """512 bytes are the least that the standard asks for."""
    wire = wires()
    agent = make_agent(wire.url).start()
    connection = wire.accept()
    connection.receive()
    sent = ['a=' + 'x' * 3900, 'b=' + 'y' * 3000] + ['c%d=%d' % (number, number) for number in range(20)]
    connection.answer(envelope(INFORM_RESPONSE), headers=''.join('Set-Cookie: %s\r\n' % cookie for cookie in sent))
    assert cookies(connection.receive()) == '; '.join(sent)
    connection.end()
    agent.wait_idle()


@pytest.mark.parametrize('response', [
    '<c:InformResponse/>', '<c:InformResponse><MaxEnvelopes/></c:InformResponse>',
    '<c:InformResponse><MaxEnvelopes>0</MaxEnvelopes><MaxEnvelopes>many</MaxEnvelopes></c:InformResponse>',
    '<c:InformResponse>\n<c:MaxEnvelopes>99</c:MaxEnvelopes><More><x/></More></c:InformResponse>'])
def test_R30_max_envelopes_is_ignored(make_agent, wires, response):
    wire = wires()
    agent = make_agent(wire.url).start()
    connection = wire.accept()
    assert connection.receive().texts('MaxEnvelopes') == ['1']
    connection.answer(envelope(response))
    assert connection.receive().body == ''
    assert connection.call(get_values(KEY)).texts('Value') == ['']
    connection.end()
    agent.wait_idle()


@pytest.mark.parametrize('answer', ['', '<c:GetRPCMethods/>', '<c:TransferCompleteResponse/>', '<c:Inform/>',
                                    '<InformResponse/>', '<x:InformResponse xmlns:x="urn:x"/>',
                                    '<c:InformResponse/><c:GetRPCMethods/>'])
def test_R34_inform_that_is_answered_with_something_else(make_agent, wires, answer):
    """The session fails, nothing is delivered, and the next one is good."""
    wire = wires()
    agent = make_agent(wire.url).fast_retry().start()
    connection = wire.accept()
    connection.receive()
    connection.answer(envelope(answer) if answer else '')
    agent.wait_failed(1)
    inform = wire.first()
    assert inform.texts('EventCode') == ['0 BOOTSTRAP', '1 BOOT'] and inform.texts('RetryCount') == ['1']
    agent.wait_idle()


CHALLENGES = {
    'no quotes': 'Digest realm=r, qop=auth, nonce=abc==, algorithm=MD5',
    'blanks and capitals': 'DIGEST Realm = "r" ,QOP = "auth" , NONCE = "abc"',
    'several qops': 'Digest realm="r", qop="auth-int, auth", nonce="abc"',
    'the algorithm in quotes': 'Digest realm="r", qop="auth", nonce="abc", algorithm="md5"',
    'what nobody uses': 'Digest realm="r", domain="/ http://x/", qop="auth", nonce="abc", opaque="", stale=FALSE, charset=UTF-8, x="a,b"',
    'Basic before it': 'Basic realm="basic", Digest realm="r", qop="auth", nonce="abc"',
    'Basic behind it': 'Digest realm="r", qop="auth", nonce="abc", Basic realm="basic", charset="UTF-8"',
    'others before it': 'Negotiate, NTLM, Bearer realm="b", error="x", Digest realm="r", qop="auth", nonce="abc",',
    'a header for each': 'Negotiate\r\nWWW-Authenticate: NTLM TlRM\r\nWWW-Authenticate: Digest realm="r", qop="auth", nonce="abc"',
    'folded': 'Digest realm="r",\r\n\tqop="auth",\r\n nonce="abc"',
    'an algorithm that is not known beside': 'Digest realm="no", qop="auth", nonce="x", algorithm=SHA-512-256\r\n'
                                             'WWW-Authenticate: Digest realm="r", qop="auth", nonce="abc", algorithm=MD5',
    'auth-int alone beside': 'Digest realm="no", qop="auth-int", nonce="x"\r\nWWW-Authenticate: Digest realm="r", qop="auth", nonce="abc"',
    'no nonce beside': 'Digest realm="no", qop="auth"\r\nWWW-Authenticate: Digest realm="r", qop="auth", nonce="abc"',
    'the same twice': 'Digest realm="r", qop="auth", nonce="abc"\r\nWWW-Authenticate: Digest realm="r", qop="auth", nonce="abc"',
}


@pytest.mark.parametrize('name', CHALLENGES)
def test_R08_challenges_as_others_write_them(make_agent, wires, name):
    wire = wires()
    agent = make_agent(wire.url, username='u', password='p').start()
    connection = wire.accept()
    connection.receive()
    connection.answer(status='401 Unauthorized', headers='WWW-Authenticate: %s\r\n' % CHALLENGES[name])
    request = connection.receive()
    assert is_right(request, 'r') and credentials(request)['nonce'].startswith('abc')
    connection.answer(envelope(INFORM_RESPONSE))
    connection.receive()
    connection.end()
    agent.wait_idle()


@pytest.mark.parametrize('challenge', ['Negotiate', 'Digest realm="r", qop="auth-int", nonce="abc"', 'Digest realm="r"',
                                       'Digest realm="r", nonce="abc', '', 'Digest'])
def test_R08_challenges_that_cannot_be_answered(make_agent, wires, challenge):
    wire = wires()
    agent = make_agent(wire.url, username='u', password='p').fast_retry().start()
    connection = wire.accept()
    connection.receive()
    connection.answer(status='401 Unauthorized', headers='WWW-Authenticate: %s\r\n' % challenge)
    assert 'unknown kind' in agent.wait_failed(1)
    wire.first()
    agent.wait_idle()


@pytest.mark.parametrize('kind', ['1.0', '411', '411 and a close', '1.0 twice'])
def test_R02_servers_that_cannot_read_chunks(make_agent, wires, kind):
    """A long answer has a Content-Length for who speaks HTTP/1.0, and is sent again with one for who asks for it."""
    wire = wires()
    agent = make_agent(wire.url).start()
    connection = wire.accept()
    connection.receive()

    def answer(body):
        if kind.startswith('1.0'):
            connection.send(('HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: %d\r\n\r\n%s' % (len(body), body)).encode())
        else:
            connection.answer(body)
    answer(envelope(INFORM_RESPONSE))
    connection.receive()
    answer(envelope(get_values(*[SERVER] * 200)))
    request = connection.receive()
    if kind.startswith('411'):
        assert 'Transfer-Encoding: chunked' in request.head
        connection.answer(status='411 Length Required', headers='Connection: close\r\n' if 'close' in kind else '')
        connection = wire.accept() if 'close' in kind else connection
        body, request = request.body, connection.receive()
        assert len(body) > 1 << 20 and abs(len(request.body) - len(body)) < 4096
    assert 'Content-Length: %d\r\n' % len(request.body.encode()) in request.head + '\r\n'
    assert 'Transfer-Encoding' not in request.head
    assert len(request.body) > 1 << 20 and request.body.endswith('</soap-env:Body></soap-env:Envelope>\n')
    if kind == '1.0 twice':
        answer(envelope(get_values(*[SERVER] * 150)))
        assert 'Content-Length' in connection.receive().head
    answer(envelope(get_values(KEY)))
    assert connection.receive().texts('Value') == ['']
    connection.end()
    agent.wait_idle()
    connection = wire.session(agent)
    connection.answer(envelope(get_values(*[SERVER] * 200)))
    assert 'Transfer-Encoding: chunked' in connection.receive().head, 'each session begins anew'
    connection.end()
    agent.wait_idle(2)


def test_R02_411_to_what_has_a_length(make_agent, wires):
    wire = wires()
    agent = make_agent(wire.url).start()
    connection = wire.accept()
    connection.receive()
    connection.answer(status='411 Length Required')
    assert 'status 411' in agent.wait_failed(1)
