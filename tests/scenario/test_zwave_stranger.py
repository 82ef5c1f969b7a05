# SPDX-License-Identifier: GPL-2.0-or-later
# espalier-zwave in a stranger's hands: wrong settings, garbage on every socket that it has, servers that are none.
import os
import socket
import threading

import pytest

import luup
from process import wait_until
from stranger import send_packets
from zwave import GROWTH, INTERFACE, make_zwave  # noqa: F401


class Garbage:
    """Sends the same bytes to whoever connects; then it closes, or waits for the other side to."""

    def __init__(self, data, close=True):
        self.data, self.close_after, self.served = data, close, 0
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client:
            try:
                client.recv(4096)
                client.sendall(self.data)
                self.served += 1
                if self.close_after:
                    client.shutdown(socket.SHUT_WR)
                while client.recv(4096):
                    pass
            except OSError:
                pass

    def close(self):
        self.listener.close()


ANSWERS = {
    'nothing': b'', 'zeros': b'\0' * 4096, 'ones': b'\xff' * 4096, 'random': os.urandom(4096), 'tls': b'\x16\x03\x01\x02\x00\x01' * 50,
    'line breaks': b'\r\n' * 4096, 'no status': b'HTTP/1.1\r\n\r\n', 'status 404': b'HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n',
    'status 99999': b'HTTP/1.1 99999 x\r\n\r\n', 'redirect': b'HTTP/1.1 302 x\r\nLocation: http://127.0.0.1:1/\r\n\r\n',
    'endless header': b'HTTP/1.1 200 OK\r\n' + b'A: ' + b'b' * (1 << 20), 'many headers': b'HTTP/1.1 200 OK\r\n' + b'A: b\r\n' * 100000,
    'wrong length': b'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}', 'length and less': b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}',
    'large length': b'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n{}',
    'chunk without a size': b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n{}\r\n',
    'large chunk': b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}',
    'cut chunk': b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{"a":',
    'switch without an accept': b'HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x02{}',
    'switch with a wrong accept': b'HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                                  b'Sec-WebSocket-Accept: ' + b'A' * 500 + b'\r\n\r\n\x81\x02{}',
}


@pytest.mark.parametrize('source, scheme', (('luup', 'http'), ('zwave-js', 'ws')))
@pytest.mark.parametrize('name', sorted(ANSWERS))
def test_zwave_server_that_is_none(make_zwave, source, scheme, name):  # noqa: F811
    server = Garbage(ANSWERS[name])
    try:
        zwave = make_zwave(source, '%s://127.0.0.1:%d' % (scheme, server.port))
        zwave.process.wait_for('next attempt')
        assert zwave.interface()['Status'] in ('Down', 'Dormant') and not zwave.nodes()
        assert zwave.process.stop() == 0
    finally:
        server.close()


@pytest.mark.parametrize('data', (b'\x15' * 65536, b'\x18' * 65536, b'\x06' * 65536, b'\x01\x03\x01\x15\xe8' * 10000, b'\x01' * 65536,
                                  b'\x01\xff' + b'\0' * 65536, os.urandom(65536)),
                         ids=('NAK', 'CAN', 'ACK', 'responses', 'SOF', 'long frames', 'random'))
def test_zwave_controller_that_is_none(make_zwave, data):  # noqa: F811
    server = Garbage(data)
    try:
        zwave = make_zwave('serial', 'tcp://127.0.0.1:%d' % server.port)
        zwave.process.wait_for('next attempt')
        assert not zwave.nodes() and zwave.peak() < GROWTH
        assert zwave.process.stop() == 0
    finally:
        server.close()


def test_zwave_frames_without_end(make_zwave):  # noqa: F811
    """A controller that says again and again that its list has changed makes nothing grow."""
    body = bytes([5, 0, 0x49, 0x40, 7])
    check = 0xff
    for byte in body:
        check ^= byte
    server = Garbage((b'\x01' + body + bytes([check])) * 300000, close=False)
    try:
        zwave = make_zwave('serial', 'tcp://127.0.0.1:%d' % server.port)
        wait_until(lambda: server.served, 'all of it to be taken')
        assert zwave.process.running() and zwave.peak() < GROWTH
        assert zwave.process.stop() == 0
    finally:
        server.close()


@pytest.mark.parametrize('text, message', [
    ('source = zigbee', '[zwave] source = "zigbee": not one of luup, zwave-js, serial'),
    ('uri = ws://x', '[zwave] uri = "ws://x": unknown key'),
    ('url = ' + 'x' * 300, 'url'),
])
def test_zwave_wrong_configuration(run, tmp_path, text, message):
    path = tmp_path / 'espalier.conf'
    path.write_text('[zwave]\n%s\n' % text)
    process = run('espalier-zwave', '-c', path, status=2)
    assert process.stderr.startswith('<3>%s:2: ' % path) and message in process.stderr
    assert process.stderr.count('\n') == 1


@pytest.mark.parametrize('name', ('a.b', '1x', 'x y', 'x' * 65))
def test_zwave_wrong_name_of_the_object(run, configuration, name):
    process = run('espalier-zwave', '-c', configuration(zwave={'object': name}), status=None)
    assert process.wait() in (1, 2) and process.stderr.count('<3>') == 1


@pytest.mark.parametrize('source, url', (('luup', 'ws://127.0.0.1'), ('zwave-js', 'http://127.0.0.1'), ('serial', 'http://x'),
                                         ('serial', '/dev/null'), ('serial', '/nonexistent'), ('luup', 'http://user:pass@x'),
                                         ('luup', 'x'), ('luup', 'http://no-such-host.invalid'), ('zwave-js', 'ws://127.0.0.1:99999')))
def test_zwave_url_that_leads_nowhere(make_zwave, source, url):  # noqa: F811
    zwave = make_zwave(source, url)
    zwave.process.wait_for('next attempt')
    assert zwave.interface()['Status'] == 'Down'
    assert zwave.process.stop() == 0


def test_zwave_garbage_on_the_socket_of_the_segment(make_zwave, run_folder):  # noqa: F811
    box = luup.Box()
    silent = []
    try:
        zwave = make_zwave('luup', box.url).wait_up()
        silent = send_packets(run_folder / 'zwave.sock')
        zwave.set({INTERFACE + 'Alias': 'home'})
        assert zwave.interface()['Alias'] == 'home'
    finally:
        for client in silent:
            client.close()
        box.close()


def test_zwave_full_disk_or_no_rights(make_zwave, tmp_path, run, configuration):  # noqa: F811
    """Without a state folder there are no durable numbers: it says so, and does not start."""
    file = tmp_path / 'file'
    file.write_text('')
    process = run('espalier-zwave', '-c', configuration(zwave={'url': ''}, paths={'state': str(file / 'state')}), status=1)
    assert str(file / 'state') in process.stderr
