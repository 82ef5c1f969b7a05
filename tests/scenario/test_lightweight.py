# SPDX-License-Identifier: GPL-2.0-or-later
# Lightweight notifications: signed datagrams to a receiver that checks schema and signature (R98).
import hashlib
import hmac
import os
import re
import select
import socket
import subprocess
import time
import xml.etree.ElementTree as ElementTree

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, CREDENTIALS, KEY, SERVER, make_agent, pair, publish  # noqa: F401
from clock import clock, clock_library, date  # noqa: F401
from places import SHARED_MISSING, shared_folder
from process import wait_until

VENDOR = 'Device.X_ESPALIER_Test.'
TEXT, NUMBER = VENDOR + 'Text', VENDOR + 'Number'
LINES = (TEXT + ' string,rw one', NUMBER + ' unsignedInt,rw 1')
NAMESPACE = '{urn:broadband-forum-org:cwmp:lwnotif-1-0}'
TYPE = '{http://www.w3.org/2001/XMLSchema-instance}type'
PASSWORD = 'secret of the device'
CHANGE = '4 VALUE CHANGE'


class Receiver:
    """A UDP socket that takes lightweight notifications apart, and checks each."""

    def __init__(self, family=socket.AF_INET, host='127.0.0.1'):
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.port = self.socket.getsockname()[1]
        self.nonces = set()
        self.host = host
        self.clock = time.time

    def get(self, timeout=30):
        """The next one: {name: (type, text)}, or None after the timeout."""
        if not select.select([self.socket], [], [], timeout)[0]:
            return None
        head, _, body = self.socket.recv(65536).partition(b'\r\n\r\n')
        lines = head.decode().split('\r\n')
        fields = dict(line.split(': ', 1) for line in lines[1:])
        assert lines[0] == 'POST / HTTP/1.1'
        assert fields['Host'] == ('[%s]:%d' if ':' in self.host else '%s:%d') % (self.host, self.port)
        assert fields['Content-Type'].startswith('text/xml') and int(fields['Content-Length']) == len(body)
        self.body = body
        assert fields['Signature'] == hmac.new(PASSWORD.encode(), body, hashlib.sha1).hexdigest().upper()
        root = ElementTree.fromstring(body)
        assert root.tag == NAMESPACE + 'Notification'
        plain = {child.tag: child.text for child in root}
        assert [child.tag[len(NAMESPACE):] for child in root][:6] == ['TS', 'UN', 'CN', 'OUI', 'ProductClass',
                                                                      'SerialNumber']
        assert abs(int(plain[NAMESPACE + 'TS']) - self.clock()) < 60
        assert plain[NAMESPACE + 'UN'] == '001122-Gateway-S1' and plain[NAMESPACE + 'SerialNumber'] == 'S1'
        assert plain[NAMESPACE + 'CN'] not in self.nonces
        self.nonces.add(plain[NAMESPACE + 'CN'])
        parameters = root.findall(NAMESPACE + 'Param')
        assert parameters and len(root) == 6 + len(parameters)
        return {entry[0].text: (entry[1].get(TYPE), entry[1].text or '') for entry in parameters}

    def quiet(self, seconds=2):
        return self.get(seconds) is None

    def close(self):
        self.socket.close()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def device(pair, publish):
    """device(receiver) starts a pair that sends lightweight notifications there."""
    def begin(receiver, lines=LINES, used='UDP', **options):
        publish('vendor', *lines)
        acs, agent = pair(password=PASSWORD, **options)
        wait_until(lambda: agent.tree(VENDOR), 'the vendor')
        agent.set_paths({SERVER + 'UDPLightweightNotificationPort': receiver.port,
                         SERVER + 'UDPLightweightNotificationHost': receiver.host,
                         SERVER + 'LightweightNotificationProtocolsUsed': used})
        return acs, agent
    return begin


def test_R98_active_without_a_session(device, receiver):
    acs, agent = device(receiver)
    assert acs.call(('set-attributes', TEXT, '5')).good
    agent.wait_idle(2)
    count = len(acs.informs())
    agent.set_paths({TEXT: 'a < b & "c"', NUMBER: '2'})
    assert receiver.get() == {TEXT: ('xsd:string', 'a < b & "c"')}
    assert receiver.quiet() and len(acs.informs()) == count
    assert acs.call(('get', KEY)).good
    assert CHANGE not in acs.informs()[-1].events, 'the two mechanisms are independent'


def test_R49_names_follow_the_mode(device, receiver, start_acs):
    """Not with an ACS before CWMP 1.3."""
    acs, agent = device(receiver, ('Device.Routing.Router.{i}. object,rw', 'Device.Routing.Router.{i}.Enable boolean,rw') + tuple(LINES))
    results = acs.call(('add', 'Device.Routing.Router.[first].'), ('set', SERVER + 'InstanceMode=InstanceAlias'),
                       ('set-attributes', 'Device.Routing.Router.1.Enable', '5'), ('set-attributes', NUMBER, '2'))
    assert all(result.good for result in results), results
    agent.set_paths({'Device.Routing.Router.1.Enable': '1'})
    assert receiver.get() == {'Device.Routing.Router.[first].Enable': ('xsd:boolean', '1')}
    acs.process.stop()
    older = start_acs('--use-cwmp-version', '1.2', port=acs.port)
    agent.restart().set_paths({NUMBER: '2'})
    older.wait_inform(CHANGE)
    agent.wait_idle()
    agent.set_paths({'Device.Routing.Router.1.Enable': '0'})
    assert receiver.get() == {'Device.Routing.Router.1.Enable': ('xsd:boolean', '0')}


def test_R98_schema(device, receiver, tmp_path):
    """The body is valid by the Broadband Forum's schema."""
    if not shared_folder():
        pytest.skip(SHARED_MISSING)
    folder = shared_folder() / 'spec' / 'xsd'
    acs, agent = device(receiver)
    assert acs.call(('set-attributes', VENDOR, '5')).good
    agent.set_paths({TEXT: 'two', NUMBER: '2'})
    assert receiver.get() == {TEXT: ('xsd:string', 'two'), NUMBER: ('xsd:unsignedInt', '2')}
    body = tmp_path / 'notification.xml'
    body.write_bytes(receiver.body)
    done = subprocess.run(['xmllint', '--nonet', '--noout', '--schema',
                           folder / 'bbf' / 'cwmp-UDPLightweightNotification-1-0.xsd', body], check=False,
                          capture_output=True, text=True, timeout=60,
                          env=dict(os.environ, XML_CATALOG_FILES=str(folder / 'catalog.xml')))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize('notification', ['4', '6'])
def test_R98_both_mechanisms(device, receiver, notification):
    acs, agent = device(receiver)
    assert acs.call(('set-attributes', TEXT, notification), ('set-attributes', NUMBER, '5'))[0].good
    agent.set_paths({TEXT: 'two'})
    if notification == '4':
        assert receiver.quiet(), 'a passive one waits for an active one'
        agent.set_paths({NUMBER: '2'})
        assert receiver.get() == {TEXT: ('xsd:string', 'two'), NUMBER: ('xsd:unsignedInt', '2')}
    else:
        assert receiver.get() == {TEXT: ('xsd:string', 'two')}
    acs.call(('get', KEY))
    inform = acs.informs()[-1]
    assert CHANGE in inform.events and inform.parameters[TEXT] == 'two' and NUMBER not in inform.parameters


def test_R98_trigger_interval_and_time(device, receiver, clock):
    acs, agent = device(receiver, variables=clock.variables, periodic_enable='no')
    receiver.clock = clock.now
    assert acs.call(('set-attributes', TEXT, '3')).good
    agent.set_paths({TEXT: 'two'})
    assert receiver.quiet()
    agent.set_paths({SERVER + 'LightweightNotificationTriggerInterval': 86400,
                     SERVER + 'LightweightNotificationTriggerTime': date(clock.now() + 3)})
    assert receiver.get() == {TEXT: ('xsd:string', 'two')}
    clock.set(ahead=86400)
    assert receiver.quiet(), 'nothing waits'
    agent.set_paths({TEXT: 'three'})
    clock.set(ahead=2 * 86400)
    assert receiver.get() == {TEXT: ('xsd:string', 'three')}


def test_R98_off_means_off_and_what_waits_is_sent_later(device, receiver):
    acs, agent = device(receiver, used='')
    assert acs.call(('set-attributes', TEXT, '5')).good
    agent.set_paths({TEXT: 'two'})
    assert receiver.quiet()
    assert acs.set({SERVER + 'LightweightNotificationProtocolsUsed': 'UDP'}).good
    assert receiver.get() == {TEXT: ('xsd:string', 'two')}


def test_R98_changes_of_the_acs_do_not_count(device, receiver):
    acs, agent = device(receiver)
    assert all(result.good for result in acs.call(('set-attributes', VENDOR, '5'), ('set', TEXT, 'acs')))
    assert receiver.quiet()


def test_R98_over_a_kill(device, receiver):
    acs, agent = device(receiver)
    assert acs.call(('set-attributes', TEXT, '3'), ('set-attributes', NUMBER, '5'))[0].good
    agent.wait_idle(2)
    agent.set_paths({TEXT: 'two'})
    wait_until(lambda: agent.tree(TEXT)[TEXT] == 'two', 'the value')
    # the change is durable when the session after it has ended
    assert acs.call(('get', KEY)).good
    agent.process.kill()
    agent.set_paths({NUMBER: '5'})
    agent.start()
    assert receiver.get() == {TEXT: ('xsd:string', 'two'), NUMBER: ('xsd:unsignedInt', '5')}
    assert receiver.quiet()


def test_R98_many_changes_few_datagrams(device, receiver):
    acs, agent = device(receiver)
    assert acs.call(('set-attributes', NUMBER, '5')).good
    start, values = time.monotonic(), []
    for number in range(2, 42):
        agent.set_paths({NUMBER: number})
    while not values or values[-1] != '41':
        values.append(receiver.get()[NUMBER][1])
    assert len(values) <= time.monotonic() - start + 2, 'one a second'


def test_R98_more_than_one_datagram_holds(device, receiver):
    names = [VENDOR + 'P%02d' % number for number in range(40)]
    acs, agent = device(receiver, lines=[name + ' string,rw -' for name in names])
    assert acs.call(('set-attributes', VENDOR, '5')).good
    agent.set_paths({name: 'value of %s' % name for name in names})
    told = {}
    while len(told) < 40:
        told.update(receiver.get())
    assert told == {name: ('xsd:string', 'value of %s' % name) for name in names}


def test_R98_ipv6_and_the_host_of_the_acs(device, receiver):
    other = Receiver(socket.AF_INET6, '::1')
    acs, agent = device(other)
    assert acs.call(('set-attributes', TEXT, '5')).good
    agent.set_paths({TEXT: 'two'})
    assert other.get() == {TEXT: ('xsd:string', 'two')}
    other.close()
    # where nobody listens any more
    agent.set_paths({TEXT: 'lost'})
    agent.process.wait_for('(?:lightweight notification sent(?:.|\n)*){2}')
    agent.set_paths({SERVER + 'UDPLightweightNotificationHost': '',
                     SERVER + 'UDPLightweightNotificationPort': receiver.port})
    agent.set_paths({TEXT: 'three'})
    assert receiver.get() == {TEXT: ('xsd:string', 'three')}


def test_R98_attributes(pair, publish):
    acs, agent = pair('--use-cwmp-version', '1.4')
    uptime = 'Device.DeviceInfo.UpTime'
    results = acs.call(('set-attributes', uptime, '5'), ('set-attributes', uptime, '6'), ('set-attributes', uptime, '3'),
                       ('set-attributes', CODE, '3'), ('set-attributes', KEY, '7'))
    assert [result.fault for result in results] == [9009, 9009, 0, 0, 9003]
    told = acs.call(('attributes', uptime, CODE)).lines
    assert [line.split()[:2] for line in told if 'notification=' in line] == [
        [uptime, 'notification=3'], [CODE, 'notification=2']], 'the second is forced'


@pytest.mark.parametrize('name,value', [('UDPLightweightNotificationHost', 'a b'),
                                        ('UDPLightweightNotificationHost', 'host/path'),
                                        ('UDPLightweightNotificationHost', '1.2.3.4:7'),
                                        ('UDPLightweightNotificationPort', '0'),
                                        ('LightweightNotificationProtocolsUsed', 'TCP')])
def test_R98_values_that_cannot_be(pair, name, value):
    acs, agent = pair()
    assert acs.set({SERVER + name: value}).details == {SERVER + name: 9007}


def test_R98_the_small_acs_shows_them(start_acs, make_agent, publish, free_port):
    port = free_port()
    acs = start_acs(*CREDENTIALS, '--notification-port', port, '--password', PASSWORD)
    publish('vendor', *LINES)
    agent = make_agent(acs.url, password=PASSWORD).start()
    agent.wait_idle()
    wait_until(lambda: agent.tree(VENDOR), 'the vendor')
    agent.set_paths({SERVER + 'UDPLightweightNotificationPort': port,
                     SERVER + 'LightweightNotificationProtocolsUsed': 'UDP'})
    assert acs.call(('set-attributes', VENDOR, '5')).good
    agent.set_paths({TEXT: 'a & b'})
    acs.wait_line(r'^<- Notification 001122-Gateway-S1 signature=good\n   %s = a & b$' % re.escape(TEXT))
    agent.set_paths({SERVER + 'Password': 'another'})
    agent.set_paths({TEXT: 'two'})
    acs.wait_line(r'^<- Notification 001122-Gateway-S1 signature=wrong\n   %s = two$' % re.escape(TEXT))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in (b'', b'GET / HTTP/1.1\r\n\r\n', b'POST / HTTP/1.1\r\n\r\n<a/>', os.urandom(1000)):
            sender.sendto(datagram, ('127.0.0.1', port))
    acs.wait_line('warning a datagram is no lightweight notification')
