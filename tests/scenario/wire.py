# SPDX-License-Identifier: GPL-2.0-or-later
# An ACS of which a test writes every byte itself, and connection requests of which it writes every header.
import hashlib
import itertools
import re
import socket
import threading
import urllib.parse

from agent import PASSWORD, URL, USER
from process import TIMEOUT

ENVELOPE = ('<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:c="urn:dslforum-org:cwmp-1-2" '
            'xmlns:n="http://schemas.xmlsoap.org/soap/encoding/" '
            'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            '<e:Header><c:ID e:mustUnderstand="1">%s</c:ID></e:Header><e:Body>%s</e:Body></e:Envelope>')


def envelope(body, number='7'):
    return ENVELOPE % (number, body)


def set_values(values, key=''):
    """A SetParameterValues of {path: text}."""
    texts = ''.join('<ParameterValueStruct><Name>%s</Name><Value xsi:type="xsd:string">%s</Value></ParameterValueStruct>' %
                    item for item in values.items())
    return ('<c:SetParameterValues><ParameterList n:arrayType="c:ParameterValueStruct[%d]">%s</ParameterList>'
            '<ParameterKey>%s</ParameterKey></c:SetParameterValues>' % (len(values), texts, key))


def get_values(*paths):
    return ('<c:GetParameterValues><ParameterNames n:arrayType="xsd:string[%d]">%s</ParameterNames>'
            '</c:GetParameterValues>' % (len(paths), ''.join('<string>%s</string>' % path for path in paths)))


def set_attributes(paths, entities):
    """A SetParameterAttributes that gives each of the paths this access list."""
    structs = ''.join(
        '<SetParameterAttributesStruct><Name>%s</Name><NotificationChange>0</NotificationChange><Notification>0</Notification>'
        '<AccessListChange>1</AccessListChange><AccessList n:arrayType="xsd:string[%d]">%s</AccessList>'
        '</SetParameterAttributesStruct>' % (path, len(entities), ''.join('<string>%s</string>' % e for e in entities))
        for path in paths)
    return ('<c:SetParameterAttributes><ParameterList n:arrayType="c:SetParameterAttributesStruct[%d]">%s</ParameterList>'
            '</c:SetParameterAttributes>' % (len(paths), structs))


class Request:
    """A POST of the agent."""

    def __init__(self, head, body):
        self.head, self.body = head.decode('latin-1'), body.decode()

    def texts(self, name):
        """The texts of all elements with this local name."""
        return re.findall(r'<(?:\w+:)?%s(?:\s[^>]*)?>([^<]*)</' % name, self.body)

    @property
    def method(self):
        """The local name of the Body's child; '' for an empty body."""
        match = re.search(r'<[\w-]+:Body[^>]*>\s*<(?:[\w-]+:)?(\w+)', self.body)
        return match[1] if match else ''

    @property
    def fault(self):
        """The CWMP fault code, 0 for none."""
        return int((self.texts('FaultCode') or ['0'])[0]) if self.method == 'Fault' else 0


class Connection:
    """One connection of the agent. EOFError says that the agent has closed it."""

    def __init__(self, sock):
        self.socket = sock
        self.socket.settimeout(TIMEOUT)
        self.data = b''

    def fill(self):
        try:
            more = self.socket.recv(65536)
        except ConnectionError:
            more = b''
        if not more:
            raise EOFError('the agent has closed the connection')
        self.data += more

    def take(self, size):
        while len(self.data) < size:
            self.fill()
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def line(self):
        while b'\r\n' not in self.data:
            self.fill()
        line, self.data = self.data.split(b'\r\n', 1)
        return line

    def receive(self):
        """The next POST."""
        while b'\r\n\r\n' not in self.data:
            self.fill()
        head, self.data = self.data.split(b'\r\n\r\n', 1)
        length = re.search(rb'^content-length: *(\d+)', head, re.I | re.M)
        if length:
            return Request(head, self.take(int(length[1])))
        body = b''
        while True:
            size = int(self.line().split(b';')[0], 16)
            if not size:
                while self.line():
                    pass
                return Request(head, body)
            body += self.take(size)
            self.line()

    def send(self, data):
        """Sends bytes; that the agent has closed meanwhile is seen at the next receive()."""
        try:
            self.socket.sendall(data)
        except OSError:
            pass

    def answer(self, body=b'', status='200 OK', headers=''):
        body = body.encode() if isinstance(body, str) else body
        self.send(('HTTP/1.1 %s\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: %d\r\n%s\r\n' %
                   (status, len(body), headers)).encode() + body)

    def begin(self):
        """Inform, its response and the empty POST. Returns the Inform."""
        inform = self.receive()
        assert inform.method == 'Inform', inform.body
        number = (inform.texts('ID') or ['1'])[0]
        self.answer(envelope('<c:InformResponse><MaxEnvelopes>1</MaxEnvelopes></c:InformResponse>', number))
        assert self.receive().body == ''
        return inform

    def call(self, body):
        """A method of the ACS, and the agent's answer to it."""
        self.answer(envelope(body))
        return self.receive()

    def end(self):
        self.send(b'HTTP/1.1 204 No Content\r\n\r\n')
        self.close()

    def close(self):
        self.socket.close()


class Wire:
    """A listening socket to which an agent comes as to its ACS."""

    def __init__(self, host='127.0.0.1'):
        self.socket = socket.create_server((host, 0), backlog=64)
        self.socket.settimeout(TIMEOUT)
        self.host, self.port = self.socket.getsockname()
        self.url = 'http://%s:%d/' % (self.host, self.port)

    def accept(self):
        return Connection(self.socket.accept()[0])

    def first(self):
        """The whole first session."""
        connection = self.accept()
        inform = connection.begin()
        connection.end()
        return inform

    def redirect(self, url):
        """Answers the first message with a redirect."""
        connection = self.accept()
        connection.receive()
        connection.answer(status='302 Found', headers='Location: %s\r\n' % url)
        connection.close()

    def session(self, agent):
        """Asks for a session; returns its connection after the empty POST."""
        assert knock(agent.tree(URL)[URL]).status in (200, 204)
        connection = self.accept()
        connection.begin()
        return connection

    def serve(self, answer):
        """Serves connections in a thread from now on: answer(connection, number) has each in turn."""
        def loop():
            for number in itertools.count():
                try:
                    connection = self.accept()
                except OSError:
                    return
                try:
                    answer(connection, number)
                except (EOFError, OSError):
                    pass
                connection.close()
        threading.Thread(target=loop, daemon=True).start()

    def close(self):
        self.socket.close()


class Answer:
    """What the connection-request port answered."""

    def __init__(self, text):
        self.text = text
        self.status = int(text.split(' ', 2)[1]) if text.startswith('HTTP/1.') else 0
        self.challenge = dict(re.findall(r'(\w+)="?([^",\r]*)', (re.findall(r'WWW-Authenticate: Digest (.*)', text) or [''])[0]))


def ask(url, header=''):
    """One GET with this header line, on a connection of its own."""
    parts = urllib.parse.urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=TIMEOUT) as connection:
        connection.sendall(('GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n' % (parts.path, parts.netloc, header)).encode())
        data = b''
        while b'\r\n\r\n' not in data:
            more = connection.recv(4096)
            if not more:
                break
            data += more
    return Answer(data.decode('latin-1'))


def md5(*parts):
    return hashlib.md5(':'.join(parts).encode()).hexdigest()


def authorization(url, challenge, user=USER, password=PASSWORD, nc='00000001', method='GET', uri=None, **changed):
    """The Authorization header that answers the challenge; `changed` are parameters to write otherwise."""
    realm, nonce, cnonce = challenge.get('realm', ''), challenge.get('nonce', ''), '0a4f113b'
    uri = urllib.parse.urlsplit(url).path if uri is None else uri
    realm, nonce = changed.get('realm', realm), changed.get('nonce', nonce)
    response = md5(md5(user, realm, password), nonce, nc, cnonce, 'auth', md5(method, uri))
    fields = dict({'username': user, 'realm': realm, 'nonce': nonce, 'uri': uri, 'response': response, 'cnonce': cnonce,
                   'opaque': challenge.get('opaque', '')}, **changed)
    return 'Authorization: Digest %s, qop=auth, nc=%s\r\n' % (
        ', '.join('%s="%s"' % item for item in fields.items()), nc)


def knock(url, **options):
    """A connection request as an ACS makes it."""
    return ask(url, authorization(url, ask(url).challenge, **options))
