# SPDX-License-Identifier: GPL-2.0-or-later
# Peers that break TLS on purpose: each ends as a failed session with its reason, soon, and the agent lives on.
import contextlib
import os
import re
import socket
import ssl
import struct
import time

import pytest

from agent import make_agent  # noqa: F401
from process import TIMEOUT, wait_until
from tls import TLS_12, TLS_13, authority, serve_tls, tls_agent  # noqa: F401
from wire import Connection, Wire

FLOOD = 4 << 20  # bytes: far more than the agent may take, and not much to send


class Relay:
    """Between the agent and a TlsWire: forward(data) may change, cut or hold what the server sends."""

    def __init__(self, wire):
        self.wire = wire
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.listener.settimeout(TIMEOUT)
        self.url = 'https://127.0.0.1:%d/' % self.listener.getsockname()[1]

    def accept(self):
        self.agent = self.listener.accept()[0]
        self.agent.settimeout(TIMEOUT)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = self.wire.context.wrap_bio(self.incoming, self.outgoing, server_side=True)

    def fill(self):
        data = self.agent.recv(65536)
        if not data:
            raise EOFError('the agent has closed the connection')
        self.incoming.write(data)

    def send(self, data):
        self.agent.sendall(data)

    def handshake(self, send=None):
        """Makes the handshake, with every byte of the server's going through send()."""
        while True:
            try:
                self.tls.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                done = False
            data = self.outgoing.read()
            if data:
                (send or self.send)(data)
            if done:
                return
            self.fill()

    def receive(self):
        while True:
            try:
                return self.tls.read(65536)
            except ssl.SSLWantReadError:
                self.fill()

    def write(self, data):
        self.tls.write(data)
        self.send(self.outgoing.read())

    def close(self):
        self.agent.close()


@pytest.fixture
def relay(serve_tls, authority):
    made = []

    def make(versions=TLS_13):
        made.append(Relay(serve_tls(authority.issue('acs-%d' % len(made)), versions=versions)))
        return made[-1]
    yield make
    for one in made:
        one.listener.close()


def cpu(process):
    fields = open('/proc/%d/stat' % process.pid, encoding='ascii').read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def flood(sock, data, most=FLOOD):
    """Sends over and over until the agent has had enough; returns the bytes that it took, which is not all."""
    sent, block = 0, data * (1 + 16384 // len(data))
    try:
        while sent < most:
            sock.sendall(block)
            sent += len(block)
    except OSError:
        return sent
    raise AssertionError('the agent took all of %d bytes' % sent)


@pytest.mark.parametrize('data, why', [
    (b'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n', r'does not speak TLS on this port'),
    (b'\x00' * 100, r'TLS: '), (b'\xff' * 20000, r'TLS: '), (b'SSH-2.0-OpenSSH_9.2p1\r\n', r'does not speak TLS'),
    (b'\x16\x03\x03\xff\xff' + b'x' * 70000, r'TLS: '), (b'\x16\x03\x03\x00\x04\x02\xff\xff\xff', r'TLS: '),
    (b'\x16\x03\x03\x00\x00' * 50, r'TLS: '), (b'\x17\x03\x03\x00\x10' + b'y' * 16, r'TLS: '),
    (b'\x15\x03\x03\x00\x02\x02\x28', r'refuses with "handshake failure" \(alert 40\)'),
    (b'\x15\x03\x01\x00\x02\x02\x46', r'neither TLS 1\.2 nor 1\.3'),
    (b'\x15\x03\x03\x00\x02\x02\x70', r'unrecognised name'),
    (b'\x14\x03\x03\x00\x01\x01' * 100, r'TLS: '), (b'', r'ended the connection within the handshake')],
    ids=lambda value: value[:12].hex() if isinstance(value, bytes) else '')
def test_garbage_in_place_of_a_handshake(make_agent, authority, tls_agent, data, why):
    wire = Wire()
    agent = tls_agent(wire.url.replace('http:', 'https:'), password='geheim').start()
    connection = wire.accept()
    connection.fill()
    connection.send(data)
    with contextlib.suppress(OSError):  # the agent may have ended the connection already
        connection.socket.shutdown(socket.SHUT_WR)
    failed = agent.wait_failed(1)
    assert re.search(why, failed), failed
    wire.close()


@pytest.mark.parametrize('versions', [TLS_12, TLS_13], ids=['1.2', '1.3'])
def test_one_byte_at_a_time(relay, tls_agent, versions):
    between = relay(versions)

    def slowly(data):
        between.agent.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in data:
            between.agent.sendall(bytes([byte]))
    agent = tls_agent(between.url).start()
    between.accept()
    between.handshake(slowly)
    assert b'POST / ' in between.receive()
    between.tls.write(b'HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n')
    slowly(between.outgoing.read())
    assert 'status 500' in agent.wait_failed(1)


@pytest.mark.parametrize('versions', [TLS_12, TLS_13], ids=['1.2', '1.3'])
def test_closed_after_any_part_of_the_handshake(relay, tls_agent, versions):
    between = relay(versions)
    agent = tls_agent(between.url).fast_retry().start()
    attempt = 0
    for cut in (1, 5, 6, 50, 90, 130, 300, 500, 700):
        attempt += 1
        between.accept()
        left = [cut]

        def until_cut(data):
            between.send(data[:left[0]])
            left[0] -= len(data)
            if left[0] <= 0:
                raise EOFError
        try:
            between.handshake(until_cut)
        except EOFError:
            pass
        between.close()
        assert 'TLS: ' in agent.wait_failed(attempt)
    between.accept()
    between.handshake()
    assert b'POST / ' in between.receive()


@pytest.mark.parametrize('versions', [TLS_12, TLS_13], ids=['1.2', '1.3'])
def test_changed_bytes(relay, tls_agent, versions):
    """No byte of the server's first flight can be changed without a refusal."""
    between = relay(versions)
    agent = tls_agent(between.url).fast_retry().start()
    for attempt, place in enumerate((0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99)):
        between.accept()

        def change(data):
            data = bytearray(data)
            data[int(len(data) * place)] ^= 0x55
            between.send(data)
            between.agent.shutdown(socket.SHUT_WR)
        try:
            between.handshake(change)
            assert not between.receive()
        except (EOFError, OSError):
            pass
        between.close()
        assert 'TLS: ' in agent.wait_failed(attempt + 1)


@pytest.mark.parametrize('record', [b'\x15\x03\x03\x00\x02\x01\x5a', b'\x16\x03\x03\x00\x04\x00\x00\x00\x00',
                                    b'\x16\x03\x03\x00\x01\x02'], ids=['warnings', 'hello-requests', 'pieces'])
def test_flood_before_the_handshake(make_agent, authority, tls_agent, record):
    wire = Wire()
    agent = tls_agent(wire.url.replace('http:', 'https:')).start()
    connection = wire.accept()
    connection.fill()
    flood(connection.socket, record)
    assert 'TLS: ' in agent.wait_failed(1)
    wire.close()


@pytest.mark.parametrize('versions', [TLS_12, TLS_13], ids=['1.2', '1.3'])
def test_flood_of_empty_records(relay, tls_agent, versions):
    between = relay(versions)
    agent = tls_agent(between.url).start()
    between.accept()
    between.handshake()
    between.receive()
    before = agent.process.memory()
    # With TLS 1.2 nothing can be made without the keys but what fails; with one byte each the limit is HTTP's.
    between.tls.write(b'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n')
    between.send(between.outgoing.read())
    sent = 0
    try:
        while sent < 3 * FLOOD:
            for _ in range(500):
                between.tls.write(b' ')
            data = between.outgoing.read()
            between.send(data)
            sent += len(data)
    except OSError:
        pass
    between.close()
    agent.wait_failed(1)
    assert agent.process.memory() - before < 4096 or 'sanitize' in os.environ.get('ESPALIER_CC', '')


def test_flood_of_key_updates(authority, tls_agent, tmp_path, start):
    """openssl s_server sends a KeyUpdate for each line "K": each asks for one in return."""
    import subprocess
    certificate = authority.issue('acs')
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    server = start('openssl', 's_server', '-accept', '127.0.0.1:%d' % port, '-cert', certificate.path, '-key',
                   certificate.key, '-tls1_3', stdin=subprocess.PIPE)
    server.wait_for('ACCEPT', 'stdout')
    agent = tls_agent('https://127.0.0.1:%d/' % port).start()
    server.wait_for('POST / HTTP', 'stdout')
    used = cpu(agent.process)
    deadline = time.monotonic() + TIMEOUT
    while 'has failed' not in agent.process.stderr and time.monotonic() < deadline:
        try:
            server.write('K\n')
        except OSError:
            break
    assert re.search('records without content and does not stop|TLS: ', agent.wait_failed(1))
    assert cpu(agent.process) - used < 20


def test_renegotiation_is_refused(authority, tls_agent, start):
    import subprocess
    certificate = authority.issue('acs')
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    server = start('openssl', 's_server', '-accept', '127.0.0.1:%d' % port, '-cert', certificate.path, '-key',
                   certificate.key, '-tls1_2', '-legacy_renegotiation', stdin=subprocess.PIPE)
    server.wait_for('ACCEPT', 'stdout')
    agent = tls_agent('https://127.0.0.1:%d/' % port).start()
    server.wait_for('POST / HTTP', 'stdout')
    server.write('r\n')
    failed = agent.wait_failed(1)
    assert failed
    assert server.stdout.count('POST / HTTP') == 1


def test_handshake_that_never_ends(tls_agent, authority):
    """It holds nothing up: signals are served, and the end is clean."""
    wire = Wire()
    agent = tls_agent(wire.url.replace('http:', 'https:')).start()
    connection = wire.accept()
    connection.fill()
    connection.send(b'\x16\x03\x03')
    assert agent.tree('Device.ManagementServer.')
    assert agent.process.stop() == 0
    wire.close()


def test_ended_at_any_moment(relay, tls_agent):
    """SIGTERM in the middle of an exchange leaves nothing behind (a sanitizer would tell)."""
    between = relay()
    agent = tls_agent(between.url).start()
    between.accept()
    between.handshake()
    between.receive()
    assert agent.process.stop() == 0


def test_half_closed_server_gets_its_answer_read(relay, tls_agent):
    """A close_notify right behind the answer is its good end."""
    between = relay(TLS_12)
    agent = tls_agent(between.url).start()
    between.accept()
    between.handshake()
    between.receive()
    between.tls.write(b'HTTP/1.1 503 no\r\nContent-Type: text/xml\r\n\r\nbusy')
    try:
        between.tls.unwrap()
    except ssl.SSLWantReadError:
        pass
    between.send(between.outgoing.read())
    assert 'status 503' in agent.wait_failed(1)
