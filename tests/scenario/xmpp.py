# SPDX-License-Identifier: GPL-2.0-or-later
# A real XMPP server (prosody), a user of it as an ACS has one, and a stand-in for servers that do what prosody never does.
import base64
import shutil
import socket
import ssl
import threading
import xml.etree.ElementTree as ElementTree

import pytest

from process import LIBC, TIMEOUT
from prosody import DOMAIN, make_certificate, prepare

CLONE_NEWNET = 0x40000000
DEVICE, DEVICE_PASSWORD = 'device', 'device <&> secret'
ACS, ACS_PASSWORD = 'acs', 'acs secret'
REQUEST_NS = 'urn:broadband-forum-org:cwmp:xmppConnReq-1-0'
STREAM = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "


class Prosody:
    """A server that can be ended and started again; its accounts stay."""

    def __init__(self, start, folder, port, address='127.0.0.1', namespace=None, name='server', require=True, plain=False,
                 certificate=None):
        self.begin, self.port, self.address, self.namespace = start, port, address, namespace
        self.folder = folder / name
        self.certificate, key = certificate or make_certificate(folder, name)
        self.path = prepare(self.folder, port, address, self.certificate, key,
                            {DEVICE: DEVICE_PASSWORD, ACS: ACS_PASSWORD, 'stranger': ACS_PASSWORD}, require, plain)
        self.process = None

    def start(self):
        self.process = self.begin('prosody', '--config', self.path, '-F', namespace=self.namespace,
                                  LUA_INIT='')
        self.process.wait_for(r"Activated service 'c2s'", 'stdout')
        return self

    def stop(self):
        self.process.stop()

    def kill(self):
        self.process.kill()


def connect_in(namespace, address):
    """A TCP connection made in a network namespace."""
    made = []

    def connect():
        with open('/run/netns/' + namespace.name, encoding='ascii') as file:
            assert LIBC.setns(file.fileno(), CLONE_NEWNET) == 0
        made.append(socket.create_connection(address, TIMEOUT))
    thread = threading.Thread(target=connect)
    thread.start()
    thread.join()
    assert made, 'nobody at %s' % (address,)
    return made[0]


class User:
    """An account of the server, logged in over TLS, that sends what a test wants and reads whole elements."""

    def __init__(self, server, name=ACS, password=ACS_PASSWORD, resource='test', connect=None):
        self.sock = (connect or socket.create_connection)((server.address, server.port))
        self.sock.settimeout(TIMEOUT)
        self.open()
        self.send('<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>')
        assert 'proceed' in self.read().tag
        context = ssl.create_default_context(cafile=server.certificate)
        self.sock = context.wrap_socket(self.sock, server_hostname=DOMAIN)
        self.open()
        self.send('<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">%s</auth>' %
                  base64.b64encode(('\0%s\0%s' % (name, password)).encode()).decode())
        assert 'success' in self.read().tag
        self.open()
        self.send('<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>%s</resource></bind></iq>'
                  % resource)
        assert self.read().get('type') == 'result'
        self.numbers = iter(range(1, 1000000))

    def open(self):
        self.parser = ElementTree.XMLPullParser(('start', 'end'))
        self.depth = 0
        self.send(STREAM + "to='%s' version='1.0'>" % DOMAIN)
        assert 'features' in self.read().tag

    def send(self, text):
        self.sock.sendall(text.encode())

    def read(self):
        """The next whole element."""
        while True:
            for event, element in self.parser.read_events():
                self.depth += 1 if event == 'start' else -1
                if event == 'end' and self.depth == 1:
                    return element
            data = self.sock.recv(4096)
            assert data, 'the server has ended the connection'
            self.parser.feed(data)

    def iq(self, to, content, kind='get'):
        """Sends an IQ; returns its id."""
        number = 'r%d' % next(self.numbers)
        self.send('<iq type="%s" id="%s" to="%s">%s</iq>' % (kind, number, to, content))
        return number

    def answers(self, numbers, timeout=TIMEOUT):
        """{id: 'result' or the condition of its error} of the answers to IQs, in any order; those that come in time."""
        self.sock.settimeout(timeout)
        found = {}
        try:
            while len(found) < len(numbers):
                element = self.read()
                if element.get('id') in numbers:
                    found[element.get('id')] = 'result' if element.get('type') == 'result' else \
                        element.find('.//{urn:ietf:params:xml:ns:xmpp-stanzas}*').tag.rpartition('}')[2]
        except TimeoutError:
            pass
        return found

    def answer(self, number, timeout=TIMEOUT):
        """The answer to an IQ, None when there is none in time."""
        return self.answers([number], timeout).get(number)

    def ask(self, to, content, kind='get', timeout=TIMEOUT):
        return self.answer(self.iq(to, content, kind), timeout)

    def close(self):
        self.sock.close()


def request(user, password, ns=REQUEST_NS):
    return '<connectionRequest xmlns="%s"><username>%s</username><password>%s</password></connectionRequest>' % (
        ns, user, password)


class FalseServer:
    """Accepts connections and answers each with the given bytes, one at a time; keeps what was received."""

    def __init__(self, *answers, hold=True):
        self.answers, self.hold = answers, hold
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.received, self.connections = [], 0
        self.open = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(sock)
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        try:
            for answer in self.answers:
                self.received.append(sock.recv(65536))
                sock.sendall(answer if isinstance(answer, bytes) else answer.encode())
            while self.hold:
                data = sock.recv(65536)
                if not data:
                    break
                self.received.append(data)
        except OSError:
            pass
        sock.close()

    def close(self):
        self.listener.close()
        for sock in self.open:
            sock.close()


@pytest.fixture
def start_prosody(start, tmp_path, free_port):
    """start_prosody(name=..., port=..., ...) starts a server with its accounts and certificate; returns a Prosody."""
    if not shutil.which('prosody'):
        pytest.skip('prosody is not installed')

    def begin(port=None, **options):
        return Prosody(start, tmp_path, port or free_port(), **options).start()
    return begin


@pytest.fixture
def false_server():
    """false_server(answer, ...) listens on a free port of the loopback; returns a FalseServer."""
    servers = []

    def begin(*answers, **options):
        servers.append(FalseServer(*answers, **options))
        return servers[-1]
    yield begin
    for server in servers:
        server.close()


def listening(port):
    """Whether somebody listens on a port of the loopback."""
    with socket.socket() as sock:
        return sock.connect_ex(('127.0.0.1', port)) == 0

