# SPDX-License-Identifier: GPL-2.0-or-later
# espalier-zwave straight on the mock controller's Serial API, and on a stand-in that breaks frames, delays and says CAN.
import os
import pty
import re
import select
import socket
import threading
import time
import tty

import pytest

import zwave_js
from process import wait_until
from zwave import UNKNOWN_TIME, make_zwave, rows  # noqa: F401

PLUG, SENSOR, METER, DOOR, THERMOSTAT = 2, 3, 4, 5, 6
SOF, ACK, NAK, CAN = 0x01, 0x06, 0x15, 0x18


# ---- The mock controller of the Z-Wave JS project

@pytest.fixture(scope='module')
def folder():
    return zwave_js.modules()


@pytest.fixture
def mock(folder):
    mock = zwave_js.Mock(folder)
    yield mock
    mock.close()


def test_zwave_serial_on_the_mock_controller(mock, make_zwave):  # noqa: F811
    zwave = make_zwave('serial', 'tcp://127.0.0.1:%d' % mock.port).wait_up()
    got = zwave.interface()
    assert {name: got[name] for name in ('HomeID', 'NodeID', 'LibraryVersion', 'LibraryType', 'NodeNumberOfEntries',
                                         'SourceType', 'Primary')} == {
        'HomeID': 'C0FFEE01', 'NodeID': 1, 'LibraryVersion': '7.17.99', 'LibraryType': 1, 'NodeNumberOfEntries': 6,
        'SourceType': 'SerialAPI', 'Primary': True}
    assert got['SleepingNodeCount'] == 2
    plug = zwave.node(PLUG)
    assert {name: plug[name] for name in ('BasicDeviceClass', 'GenericDeviceClass', 'SpecificDeviceClass', 'Listening',
                                          'Routing', 'Beaming', 'MaxDataRate', 'FrequentListening')} == {
        'BasicDeviceClass': 4, 'GenericDeviceClass': 16, 'SpecificDeviceClass': 1, 'Listening': True, 'Routing': True,
        'Beaming': True, 'MaxDataRate': 100000, 'FrequentListening': 'None'}
    assert zwave.node(SENSOR)['Status'] == 'Asleep'
    zwave.wait_node(SENSOR, 'Neighbors', '1,2,4,5')
    zwave.wait_node(SENSOR, 'NeighborsInverse', '1,2,4,5')
    # What the nodes are asked one after the other
    zwave.wait_node(PLUG, 'CommandClasses', '94,114,134,133,37,50')
    zwave.wait_node(PLUG, 'ManufacturerID', 0x1234)
    zwave.wait_value(PLUG, 'currentValue', 'false')
    zwave.wait_node(PLUG, 'FirmwareVersion', '1.1')
    zwave.wait_value(THERMOSTAT, 'setpoint/1', '19')
    # Settings
    zwave.set({zwave.value_row(PLUG, 'targetValue') + 'Value': 'true'})
    wait_until(lambda: 'plug %d true' % PLUG in mock.printed(), 'the plug')
    zwave.wait_value(PLUG, 'currentValue', 'true')
    zwave.set({zwave.value_row(THERMOSTAT, 'setpoint/1') + 'Value': '21.5'})
    wait_until(lambda: 'setpoint %d 21.5' % THERMOSTAT in mock.printed(), 'the setpoint')
    # Reports
    mock.tell('watts %d 61.5' % PLUG)
    zwave.wait_value(PLUG, 'value/66049', '61.5')
    mock.tell('door %d open' % DOOR)
    zwave.wait_value(DOOR, 'Access Control/Door state', '22')
    mock.tell('wake %d' % SENSOR)
    wait_until(lambda: zwave.node(SENSOR)['LastWakeUp'] != UNKNOWN_TIME, 'the wake-up')
    zwave.wait_node(SENSOR, 'BatteryLevel', 95)
    zwave.wait_node(SENSOR, 'WakeUpInterval', 3600)
    zwave.wait_node(SENSOR, 'WakeUpIntervalMaximum', 86400)
    wait_until(lambda: zwave.node(SENSOR)['HardwareVersion'] or zwave.node(SENSOR)['LibraryType'], 'the version')
    got = zwave.interface()
    assert {name: got[name] for name in ('Role', 'SIS', 'SUCNodeID', 'FailedNodeCount', 'SourceURL')} == {
        'Role': 'SIS:YES PRI:YES SUC:YES', 'SIS': True, 'SUCNodeID': 1, 'FailedNodeCount': 0,
        'SourceURL': 'tcp://127.0.0.1:%d' % mock.port}
    sensor = zwave.node(SENSOR)
    assert {name: sensor[name] for name in (
        'NodeID', 'GenericDeviceClass', 'Listening', 'ManufacturerID', 'ProductType', 'ProductID', 'FirmwareVersion',
        'InterviewStage', 'CommFailure', 'WakeUpIntervalMinimum', 'WakeUpIntervalStep', 'WakeUpNodeID', 'BatteryLow')} == {
        'NodeID': SENSOR, 'GenericDeviceClass': 0x21, 'Listening': False, 'ManufacturerID': 0x1234, 'ProductType': 0x0102,
        'ProductID': 1, 'FirmwareVersion': '1.2', 'InterviewStage': 'NodeInfo', 'CommFailure': False,
        'WakeUpIntervalMinimum': 60, 'WakeUpIntervalStep': 60, 'WakeUpNodeID': 1, 'BatteryLow': False}
    assert sensor['LibraryType'] and re.fullmatch(r'\d+\.\d+', sensor['ProtocolVersion'])
    assert sensor['LastSeen'] != UNKNOWN_TIME and sensor['BatteryLastReport'] != UNKNOWN_TIME
    seconds = [time.mktime(time.strptime(sensor[name], '%Y-%m-%dT%H:%M:%SZ')) for name in ('LastWakeUp', 'NextWakeUp')]
    assert seconds[1] - seconds[0] == 3600
    watts = {row['Property']: row for row in rows(zwave.node(PLUG), 'Value').values()}['value/66049']
    assert (watts['CommandClass'], watts['Unit'], watts['Writable']) == (50, 'W', False)
    assert watts['Label'] and watts['LastChange'] != UNKNOWN_TIME
    assert zwave.interface()['Stats.MessagesReceived'] > 20


# ---- A controller of our own, on a pseudo terminal or a TCP port

def frame(kind, function, data=b''):
    body = bytes([len(data) + 3, kind, function]) + data
    check = 0xff
    for byte in body:
        check ^= byte
    return bytes([SOF]) + body + bytes([check])


class Controller:
    """Answers as a controller does; tests make it say CAN or NAK, break checksums, or be silent."""

    def __init__(self, line, trouble=None, spoil=0):
        self.line, self.buffer, self.requests = line, b'', []
        self.trouble = trouble or {}  # function -> what is sent instead of an ACK, one after the other; b'' is silence
        self.spoil = spoil            # so many responses get a wrong checksum at first
        self.acks = []
        self.nodes = {1, 2}
        self.deaf = set()  # nodes that do not acknowledge
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        try:
            while True:
                data = self.line.recv(512)
                if not data:
                    return
                self.buffer += data
                self.take()
        except OSError:
            pass

    def take(self):
        while self.buffer:
            first = self.buffer[0]
            if first != SOF:
                self.acks.append(first)
                self.buffer = self.buffer[1:]
                continue
            if len(self.buffer) < 2 or len(self.buffer) < 2 + self.buffer[1]:
                return
            whole = 2 + self.buffer[1]
            request, self.buffer = self.buffer[:whole], self.buffer[whole:]
            assert frame(request[2], request[3], request[4:-1]) == request
            self.requests.append(request)
            trouble = self.trouble.get(request[3])
            if trouble:
                self.line.send(trouble.pop(0))
                continue
            self.line.send(bytes([ACK]))
            self.respond(request[3], request[4:-1])

    def send(self, data):
        if self.spoil:
            self.spoil -= 1
            self.line.send(data[:-1] + bytes([data[-1] ^ 1]))
            # A controller sends a frame again that was not accepted.
            threading.Timer(0.2, lambda: self.line.send(data)).start()
        else:
            self.line.send(data)

    def respond(self, function, data):
        mask = bytearray(29)
        for node in self.nodes:
            mask[(node - 1) // 8] |= 1 << (node - 1) % 8
        answers = {0x15: b'Z-Wave 7.17.99\0\x01', 0x20: b'\xc0\xff\xee\x02\x01', 0x05: b'\x1c', 0x56: b'\x01',
                   0x02: bytes([9, 8, 29]) + bytes(mask) + b'\x07\x00', 0x41: b'\xdb\x9c\x01\x04\x10\x01',
                   0x80: bytes(mask), 0x60: b'\x01', 0x13: b'\x01'}
        if function not in answers:
            return
        self.send(frame(1, function, answers[function]))
        if function == 0x13:
            self.send(frame(0, 0x13, bytes([data[-1], 1 if data[0] in self.deaf else 0])))
            if data[0] not in self.deaf and data[2:4] == b'\x25\x02':
                self.send(frame(0, 0x04, b'\x00' + data[:1] + b'\x03\x25\x03\x00'))
        if function == 0x60 and data[0] == 2:
            self.send(frame(0, 0x49, b'\x84\x02\x04\x04\x10\x01\x25'))


class Line:
    """The master of a pseudo terminal as a socket."""

    def __init__(self, fd):
        self.fd, self.closed, self.ended = fd, False, threading.Event()

    def recv(self, count):
        while not self.closed:
            # A descriptor in read() would not be closed.
            if select.select([self.fd], [], [], 0.05)[0]:
                return os.read(self.fd, count)
        os.close(self.fd)
        self.ended.set()
        return b''

    def send(self, data):
        os.write(self.fd, data)


@pytest.fixture
def controller(make_zwave):  # noqa: F811
    """controller(spoil=..., trouble=...) starts espalier-zwave on a TCP controller; returns both."""
    listener = socket.create_server(('127.0.0.1', 0))
    made = []

    def make(**settings):
        zwave = make_zwave('serial', 'tcp://127.0.0.1:%d' % listener.getsockname()[1])
        line, _ = listener.accept()
        made.append(line)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        controller = Controller(line, **settings)
        controller.listener = listener
        return zwave, controller
    yield make
    for line in made:
        line.close()
    listener.close()


def test_zwave_serial_line(make_zwave):  # noqa: F811
    """The same on a serial line: raw, and no byte changed by the terminal."""
    master, slave = pty.openpty()
    tty.setraw(master)
    line = Line(master)
    controller = Controller(line)
    zwave = make_zwave('serial', os.ttyname(slave)).wait_up()
    assert zwave.interface()['HomeID'] == 'C0FFEE02' and set(zwave.nodes()) == {1, 2}
    zwave.wait_value(2, 'currentValue', 'false')
    controller.send(frame(0, 0x04, b'\x00\x02\x06\x31\x05\x01\x22\x00\xcd'))
    zwave.wait_value(2, 'Air temperature', '20.5')
    os.close(slave)
    line.closed = True
    line.ended.wait(10)
    zwave.wait_status('Down')


def test_zwave_serial_retransmission(controller):
    zwave, line = controller(trouble={0x15: [bytes([CAN]), bytes([NAK])], 0x20: [b'']})
    zwave.wait_up()
    functions = [request[3] for request in line.requests]
    assert functions[:3] == [0x15] * 3 and functions[3:5] == [0x20] * 2
    assert line.requests[0] == line.requests[1] == line.requests[2]
    stats = zwave.interface()
    assert (stats['Stats.CANReceived'], stats['Stats.NAKReceived'], stats['Stats.ACKTimeouts']) == (1, 1, 1)


def test_zwave_serial_node_that_does_not_answer(controller):
    zwave, line = controller()
    zwave.wait_up()
    zwave.wait_value(2, 'currentValue', 'false')
    line.deaf = {2}
    assert 'fault 9002' in zwave.set({zwave.value_row(2, 'targetValue') + 'Value': 'true'}, status=1).stderr
    zwave.wait_node(2, 'Status', 'Dead')
    assert zwave.node(2)['CommFailure'] and zwave.node(2)['CommFailureTime'] != UNKNOWN_TIME
    wait_until(lambda: zwave.interface()['FailedNodeCount'] == 1, 'the count')
    # It is heard again.
    line.deaf = set()
    line.send(frame(0, 0x04, b'\x00\x02\x03\x25\x03\xff'))
    zwave.wait_node(2, 'Status', 'Alive')
    assert not zwave.node(2)['CommFailure'] and zwave.value(2, 'currentValue') == 'true'
    zwave.set({zwave.value_row(2, 'targetValue') + 'Value': 'false'})
    assert any(request[3] == 0x13 and request[4:9] == b'\x02\x03\x25\x01\x00' for request in line.requests)


def test_zwave_serial_wrong_checksum(controller):
    zwave, line = controller(spoil=2)
    zwave.wait_up()
    # The first NAK begins the dialogue; then one for each broken frame, and an ACK for each whole one.
    assert line.acks.count(NAK) == 3 and ACK in line.acks
    assert zwave.interface()['Stats.DiscardMessagesReceived'] == 2


def test_zwave_serial_garbage_between_frames(controller):
    zwave, line = controller()
    zwave.wait_up()
    # All questions are answered: nothing else changes the value.
    zwave.wait_value(2, 'currentValue', 'false')
    line.line.send(b'\x00\xff\x01\x01\x55' + os.urandom(64).replace(b'\x01', b'\x02') + frame(
        0, 0x04, b'\x00\x02\x03\x25\x03\xff'))
    zwave.wait_value(2, 'currentValue', 'true')
    # Half a frame: it is given up in time, and the next one is taken.
    line.line.send(b'\x01\x20\x00\x04')
    wait_until(lambda: line.acks[-1] == NAK, 'the NAK for half a frame')
    line.line.send(frame(0, 0x04, b'\x00\x02\x03\x25\x03\x00'))
    zwave.wait_value(2, 'currentValue', 'false')


def test_zwave_serial_node_added_and_removed_and_cable_pulled(controller):
    zwave, line = controller()
    zwave.wait_up()
    number = zwave.node(2)['']
    line.nodes = {1, 7}
    line.send(frame(0, 0x49, b'\x40\x07\x00'))
    wait_until(lambda: set(zwave.nodes()) == {1, 7}, 'the nodes')
    line.nodes = {1, 2, 7}
    line.send(frame(0, 0x49, b'\x40\x02\x00'))
    wait_until(lambda: set(zwave.nodes()) == {1, 2, 7}, 'the nodes')
    assert zwave.node(2)[''] == number
    line.line.shutdown(socket.SHUT_RDWR)
    zwave.wait_status('Down')
    assert set(zwave.nodes()) == {1, 2, 7}
    again, _ = line.listener.accept()
    Controller(again)
    zwave.wait_up()
    assert set(zwave.nodes()) == {1, 2}
    again.close()
