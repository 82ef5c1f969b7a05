# SPDX-License-Identifier: GPL-2.0-or-later
# The real Z-Wave JS driver and server on a mock controller, from npm; and a stand-in server for what a real one never says.
import base64
import fcntl
import hashlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

import pytest

from places import BUILD, ROOT
from process import end_with_parent, wait_until

FOLDER = ROOT / 'tests' / 'zwave'
NODE_MINIMUM = 20
INSTALL_SECONDS = 300
INTERVIEW_SECONDS = 180
QUIET = str(3600 * 1000)  # the mock's nodes report nothing by themselves


def modules():
    """The folder with the npm packages at the versions of tests/zwave/package-lock.json, installed where they are missing."""
    node, npm = shutil.which('node'), shutil.which('npm')
    if not node or not npm:
        pytest.skip('node and npm are missing: no Z-Wave JS')
    version = subprocess.run([node, '--version'], capture_output=True, text=True, check=True).stdout
    if int(version.strip('v\n').split('.')[0]) < NODE_MINIMUM:
        pytest.skip('Z-Wave JS needs node %d, this is %s' % (NODE_MINIMUM, version.strip()))
    folder = BUILD / 'zwave-js'
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / 'lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / 'installed'
        wanted = (FOLDER / 'package-lock.json').read_bytes()
        if not stamp.exists() or stamp.read_bytes() != wanted:
            for name in ('package.json', 'package-lock.json'):
                shutil.copy(FOLDER / name, folder)
            done = subprocess.run([npm, 'ci', '--no-audit', '--no-fund', '--ignore-scripts'], cwd=folder,
                                  capture_output=True, text=True, timeout=INSTALL_SECONDS)
            assert done.returncode == 0, 'npm ci: %s' % done.stderr.strip()[-1000:]
            stamp.write_bytes(wanted)
        for name in ('mock.cjs', 'network.cjs', 'state.cjs'):
            shutil.copy(FOLDER / name, folder)
    return folder


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Mock:
    """The mock controller with its nodes, on a TCP port."""

    def __init__(self, folder, nodes=5, period=QUIET):
        self.folder, self.port = folder, free_port()
        self.log = open(tempfile.mktemp(prefix='mock-', dir=folder), 'w+b')
        self.process = subprocess.Popen(
            ['node', 'mock.cjs', 'network.cjs', str(self.port)], cwd=folder, stdin=subprocess.PIPE, stdout=self.log,
            stderr=self.log, env=dict(os.environ, ZW_NODES=str(nodes), ZW_PERIOD_MS=period), preexec_fn=end_with_parent)
        wait_until(lambda: 'mock controller on' in self.printed(), 'the mock controller: ' + self.printed())

    def printed(self):
        with open(self.log.name, errors='replace') as log:
            return log.read()

    def tell(self, line):
        self.process.stdin.write(line.encode() + b'\n')
        self.process.stdin.flush()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.log.close()
        os.unlink(self.log.name)


class Server:
    """The real driver and server. Started again, it keeps its cache and port."""

    def __init__(self, folder, mock):
        self.folder, self.mock, self.port = folder, mock, free_port()
        self.url = 'ws://127.0.0.1:%d' % self.port
        self.home = tempfile.mkdtemp(prefix='server-', dir=folder)
        text = (FOLDER / 'driver.json').read_text()
        with open(self.home + '/driver.json', 'w') as file:
            file.write(text.replace('CACHE', self.home + '/cache').replace('DEVCFG', self.home + '/devices'))
        os.mkdir(self.home + '/cache')
        self.process = None
        self.start()

    def start(self):
        self.log = open(self.home + '/log', 'ab')
        self.process = subprocess.Popen(
            ['node', 'node_modules/@zwave-js/server/dist-esm/bin/server.js', 'tcp://127.0.0.1:%d' % self.mock.port,
             '--config', self.home + '/driver.json', '--host', '127.0.0.1', '--port', str(self.port), '--disable-dns-sd'],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, preexec_fn=end_with_parent)
        wait_until(self.ready, 'all nodes to be interviewed', INTERVIEW_SECONDS)

    def ready(self):
        assert self.process.poll() is None, open(self.home + '/log').read()[-2000:]
        try:
            waiting = [node for node in self.state()['nodes'] if not node['ready'] or node['interviewStage'] != 'Complete']
            for node in waiting:
                # A sleeping node is interviewed while it is awake.
                if not node.get('isListening'):
                    self.mock.tell('wake %d' % node['nodeId'])
            time.sleep(1 if waiting else 0)
            return not waiting
        except (subprocess.CalledProcessError, json.JSONDecodeError):
            return False

    def ask(self, *commands):
        """The results of commands; the state without any."""
        done = subprocess.run(['node', 'state.cjs', self.url] + [json.dumps(command) for command in commands],
                              cwd=self.folder, capture_output=True, text=True, check=True, timeout=60)
        return done.stdout

    def state(self):
        return json.loads(self.ask())

    def command(self, **command):
        return json.loads(self.ask(command))['result']

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        self.process.wait()
        self.log.close()

    def close(self):
        if self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.home, ignore_errors=True)


class StandIn:
    """A WebSocket server that says what a test wants: messages as text, or raw bytes."""

    def __init__(self, state=None, home_id=0xc0ffee01):
        self.state, self.home_id = state, home_id
        self.commands, self.connections = [], []
        self.results = {}       # command -> result, or a function of the command
        self.raw_state = None   # bytes of the whole result instead of the state
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.url = 'ws://127.0.0.1:%d/' % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()
        for connection in self.connections:
            connection.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def handshake(self, connection, reader):
        key = None
        while True:
            line = reader.readline().strip()
            if not line:
                break
            name, _, value = line.partition(b':')
            if name.lower() == b'sec-websocket-key':
                key = value.strip()
        accept = base64.b64encode(hashlib.sha1(key + b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest())
        connection.sendall(b'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                           b'Sec-WebSocket-Accept: ' + accept + b'\r\n\r\n')

    def serve(self, connection):
        try:
            reader = connection.makefile('rb')
            self.handshake(connection, reader)
            self.connections.append(connection)
            self.send_on(connection, json.dumps({
                'type': 'version', 'homeId': self.home_id, 'driverVersion': '0', 'serverVersion': '0',
                'minSchemaVersion': 0, 'maxSchemaVersion': 50}).encode())
            while True:
                head = reader.read(2)
                if len(head) < 2:
                    return
                length = head[1] & 127
                if length == 126:
                    length = struct.unpack('>H', reader.read(2))[0]
                mask = reader.read(4)
                body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(reader.read(length)))
                if head[0] & 15 == 1:
                    self.answer(connection, json.loads(body))
                elif head[0] & 15 == 9:
                    connection.sendall(bytes([0x8a, len(body)]) + body)
        except (OSError, ValueError, TypeError):
            pass
        finally:
            connection.close()

    def answer(self, connection, command):
        self.commands.append(command)
        result = self.results.get(command['command'], {})
        if callable(result):
            result = result(command)
        if command['command'] == 'start_listening':
            if self.raw_state is not None:
                self.send_on(connection, self.raw_state.replace(
                    b'"messageId":"2"', b'"messageId":"%s"' % command['messageId'].encode()))
                return
            result = {'state': self.state}
        message = {'type': 'result', 'success': True, 'messageId': command['messageId'], 'result': result}
        if isinstance(result, dict) and 'errorCode' in result:
            message.update(success=False, **result)
        self.send_on(connection, json.dumps(message).encode())

    @staticmethod
    def frame(body, opcode=1, fin=True):
        head = bytes([(0x80 if fin else 0) | opcode])
        if len(body) < 126:
            return head + bytes([len(body)]) + body
        if len(body) < 1 << 16:
            return head + struct.pack('>BH', 126, len(body)) + body
        return head + struct.pack('>BQ', 127, len(body)) + body

    def send_on(self, connection, body):
        connection.sendall(self.frame(body))

    def send(self, body):
        """Sends a message, or an object as JSON, on the last connection."""
        self.send_on(self.connections[-1], body if isinstance(body, bytes) else json.dumps(body).encode())

    def event(self, **event):
        self.send({'type': 'event', 'event': event})

    def send_raw(self, data):
        self.connections[-1].sendall(data)


def value(command_class, prop, present, kind='number', writeable=False, **more):
    """A value of a state."""
    found = {'endpoint': 0, 'commandClass': command_class, 'commandClassName': 'x', 'property': prop, 'propertyName': str(prop),
             'ccVersion': 1, 'metadata': dict({'type': kind, 'readable': True, 'writeable': writeable, 'label': 'Label of %s' % prop},
                                              **more.pop('metadata', {}))}
    found.update(more)
    if present is not None:
        found['value'] = present
    return found


def node(number, values=(), **more):
    """A node of a state."""
    return dict({'nodeId': number, 'index': 0, 'status': 4, 'ready': True, 'isListening': True, 'isRouting': True,
                 'interviewStage': 'Complete', 'endpoints': [{'nodeId': number, 'index': 0, 'commandClasses': [{'id': 37}]}],
                 'values': list(values), 'isFrequentListening': False, 'statistics': {'commandsTX': 1}}, **more)


def state(*nodes):
    """A state with these nodes."""
    return {'driver': {}, 'controller': {'homeId': 0xc0ffee01, 'ownNodeId': 1, 'sucNodeId': 1, 'isPrimary': True, 'status': 0},
            'nodes': list(nodes)}
