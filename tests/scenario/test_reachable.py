# SPDX-License-Identifier: GPL-2.0-or-later
# ConnectionRequestURL says what works now, and each change is notified once (R-100, T116): addresses and routes of the
# device come and go, port mappings too, the port is taken, programs are killed.
import socket
import struct
import time
import urllib.parse

import pytest

from acs import start_acs  # noqa: F401
from agent import CREDENTIALS, PASSWORD, SERVER, URL, USER, make_agent, pair  # noqa: F401
from process import TIMEOUT, wait_until
from topology import SERVER as SERVER_ADDRESS, topology  # noqa: F401

VERSION, SETTINGS, MAPPING = 2, 1, 4  # of shm/reach-message.h
MAPPED = '192.0.2.77:34567'
GRACE = 10  # seconds for which what is gone may come back


class Monitor:
    """Stands in for espalier-nat, for what a router tells it: port mappings."""

    def __init__(self, run_folder):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(TIMEOUT)
        wait_until((run_folder / 'reach').exists, "the agent's socket")
        self.socket.connect(str(run_folder / 'reach'))

    def settings_port(self):
        """The TCP port of the next settings that the agent sends."""
        version, kind, port = struct.unpack_from('<BBH', self.socket.recv(8192))
        assert (version, kind) == (VERSION, SETTINGS)
        return port

    def mapped(self, address):
        self.socket.send(struct.pack('<BBH', VERSION, MAPPING, len(address)) + address.encode())

    def close(self):
        self.socket.close()


@pytest.fixture
def monitor(run_folder):
    made = []

    def connect():
        made.append(Monitor(run_folder))
        return made[-1]
    yield connect
    for one in made:
        one.close()


def url_of(agent):
    return agent.tree(URL)[URL]


def wait_url(agent, authority):
    """Waits until the URL has this authority ('' : until there is none)."""
    wait_until(lambda: urllib.parse.urlsplit(url_of(agent)).netloc == authority,
               '%r in the URL (which is %r)' % (authority, url_of(agent)), 2 * TIMEOUT)


def notified_once(acs, before, authority, quiet=2):
    """The ACS is told of the new URL by one session, and hears nothing after it."""
    inform = acs.wait_inform('4 VALUE CHANGE', after=before)
    got = inform.parameters.get(URL, '')
    assert urllib.parse.urlsplit(got).netloc == authority
    time.sleep(quiet)
    assert len(acs.informs()) == before + 1, [one.events for one in acs.informs()[before:]]


def test_T116_mapping_comes_and_goes(pair, monitor):
    acs, agent = pair()
    own = urllib.parse.urlsplit(url_of(agent)).netloc
    door = monitor()
    assert door.settings_port() == int(own.split(':')[1]), 'it is told where a mapping has to lead'
    door.mapped(MAPPED)
    wait_url(agent, MAPPED)
    notified_once(acs, 1, MAPPED)
    door.mapped(MAPPED)
    door.mapped('')
    wait_url(agent, own)
    notified_once(acs, 2, own)
    agent.set(HTTPConnectionRequestEnable=0)
    assert door.settings_port() == 0
    wait_url(agent, '')
    door.mapped(MAPPED)
    time.sleep(0.5)
    assert url_of(agent) == '', 'a mapping to a closed port is of no use'


NAT = '''table ip nat {
    chain prerouting { type nat hook prerouting priority dstnat; iifname "wan" tcp dport 34567 dnat to %s:%d; }
    chain postrouting { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
}
'''


def test_connect_by_each_way_by_hand(topology, start_acs, make_agent, monitor):  # noqa: F811
    """Through a NAT: the device's own URL is of no use, the mapped one is, and each way takes a target or none."""
    net = topology(1)
    acs = start_acs('--listen', SERVER_ADDRESS, '--connect-timeout', '3', *CREDENTIALS, namespace=net.server)
    agent = make_agent(acs.url, namespace=net.device).fast_retry().start()
    acs.wait_inform()
    agent.wait_idle()
    own = urllib.parse.urlsplit(url_of(agent))

    def connect(*words):
        result = acs.result(acs.send('connect', *words))
        agent.process.wait_for('started in|the session has ended')
        return result
    assert 'not at 198.51.100.2' in connect('mapping').errors[0]
    assert connect('udp').errors == ['connection request: no UDPConnectionRequestAddress is known']
    assert connect('pigeon').errors == ['connection request: no such way: pigeon']
    assert not connect('http').good
    net.nats[0].command('nft', '-f', '-', text='flush ruleset\n' + NAT % (own.hostname, own.port))
    assert connect('mapping', 'http://198.51.100.2:34567' + own.path).good
    before = len(acs.informs())
    monitor().mapped('198.51.100.2:34567')
    acs.wait_inform('4 VALUE CHANGE', after=before)
    for words in (('mapping',), ('http',), ()):
        result = connect(*words)
        assert result.good and float(result.line('connect').split('inform_ms=')[1]) > 0, result


def test_mapping_outlives_programs(pair, monitor):
    """The monitor and the agent are killed and come back: nobody is told of what is the same again."""
    acs, agent = pair(sections={'connection_request': {'port_mapping': 'auto'}})
    door = monitor()
    door.mapped(MAPPED)
    wait_url(agent, MAPPED)
    notified_once(acs, 1, MAPPED)
    door.close()
    agent.process.wait_for('espalier-nat is gone')
    assert urllib.parse.urlsplit(url_of(agent)).netloc == MAPPED
    agent.process.kill()
    agent.start()
    assert urllib.parse.urlsplit(url_of(agent)).netloc == MAPPED
    door = monitor()
    assert door.settings_port(), 'open again'
    door.mapped(MAPPED)
    time.sleep(2)
    assert len(acs.informs()) == 2, 'nothing is new'
    door.close()
    own = '127.0.0.1:%d' % urllib.parse.urlsplit(acs.informs()[0].parameters[URL]).port
    wait_url(agent, own)
    notified_once(acs, 2, own)


class Wan:
    """A device with its ACS at the other end of a cable."""

    def __init__(self, netns, start_acs, make_agent):  # noqa: F811
        self.device, self.server = netns(), netns()
        self.device.ip('link', 'add', 'wan', 'type', 'veth', 'peer', 'name', 'lan', 'netns', self.server.name)
        self.device.ip('address', 'add', '192.0.2.2/24', 'dev', 'wan')
        self.server.ip('address', 'add', '192.0.2.1/24', 'dev', 'lan')
        self.server.ip('address', 'add', '198.51.100.1/24', 'dev', 'lan')
        self.device.ip('link', 'set', 'wan', 'up')
        self.server.ip('link', 'set', 'lan', 'up')
        self.device.ip('route', 'add', 'default', 'via', '192.0.2.1')
        self.acs = start_acs('--listen', '198.51.100.1', *CREDENTIALS, namespace=self.server)
        self.agent = make_agent(self.acs.url, namespace=self.device).fast_retry().start()
        self.acs.wait_inform()
        self.agent.wait_idle()
        self.port = urllib.parse.urlsplit(url_of(self.agent)).port
        assert url_of(self.agent).startswith('http://192.0.2.2:')

    def at(self, address):
        return '%s:%d' % (address, self.port)


@pytest.fixture
def wan(netns, start_acs, make_agent):  # noqa: F811
    return Wan(netns, start_acs, make_agent)


def reached(wan):
    """A connection request to the URL of the last Inform leads to a session."""
    wan.agent.process.wait_for('the session has ended')
    result = wan.acs.result(wan.acs.send('connect'))
    assert result.good, result


def test_T116_changed_address(wan):
    wan.device.ip('address', 'delete', '192.0.2.2/24', 'dev', 'wan')
    wan.device.ip('address', 'add', '192.0.2.9/24', 'dev', 'wan')
    wan.device.ip('route', 'replace', 'default', 'via', '192.0.2.1')
    wait_url(wan.agent, wan.at('192.0.2.9'))
    notified_once(wan.acs, 1, wan.at('192.0.2.9'))
    reached(wan)


def test_T116_address_gone_and_back(wan):
    """For less than the grace: nothing has changed. For longer: there is no URL, and the new one is told."""
    def remove():
        wan.device.ip('address', 'delete', '192.0.2.2/24', 'dev', 'wan')

    def add(address):
        wan.device.ip('address', 'add', address + '/24', 'dev', 'wan')
        wan.device.ip('route', 'replace', 'default', 'via', '192.0.2.1')
    remove()
    time.sleep(2)
    add('192.0.2.2')
    time.sleep(GRACE)
    assert len(wan.acs.informs()) == 1 and url_of(wan.agent).startswith('http://192.0.2.2:')
    remove()
    wait_url(wan.agent, '')
    add('192.0.2.10')
    notified_once(wan.acs, 1, wan.at('192.0.2.10'))
    reached(wan)


def test_another_uplink(wan):
    """The old address is still there, but the way to the ACS is another."""
    wan.device.ip('link', 'add', 'lte', 'type', 'veth', 'peer', 'name', 'lte', 'netns', wan.server.name)
    wan.device.ip('address', 'add', '203.0.113.2/24', 'dev', 'lte')
    wan.server.ip('address', 'add', '203.0.113.1/24', 'dev', 'lte')
    wan.device.ip('link', 'set', 'lte', 'up')
    wan.server.ip('link', 'set', 'lte', 'up')
    wan.device.ip('route', 'replace', 'default', 'via', '203.0.113.1')
    wait_url(wan.agent, wan.at('203.0.113.2'))
    notified_once(wan.acs, 1, wan.at('203.0.113.2'))
    reached(wan)


def test_changed_while_the_agent_was_away(wan):
    wan.agent.process.stop()
    wan.device.ip('address', 'delete', '192.0.2.2/24', 'dev', 'wan')
    wan.device.ip('address', 'add', '192.0.2.11/24', 'dev', 'wan')
    wan.device.ip('route', 'replace', 'default', 'via', '192.0.2.1')
    wan.agent.start()
    notified_once(wan.acs, 1, wan.at('192.0.2.11'))


def test_port_is_taken_for_a_while(start_acs, make_agent):  # noqa: F811
    """Another has the port: tried again, and nothing is told but what holds in the end."""
    with socket.socket() as other:
        other.bind(('127.0.0.1', 0))
        other.listen()
        port = other.getsockname()[1]
        acs = start_acs(*CREDENTIALS)
        agent = make_agent(acs.url, sections={'connection_request': {'port': port}}).start('no connection requests')
        acs.wait_inform()
        agent.wait_idle()
    agent.process.wait_for('are possible again')
    assert acs.result(acs.send('connect')).good
    assert [one.events for one in acs.informs()[1:]] == [['6 CONNECTION REQUEST']]


def test_restarts_leave_the_port_open(pair):
    """kill -9 again and again: the next process has the port within moments, and no ACS is told of anything."""
    acs, agent = pair()
    agent.restart()  # what a kill could take back, such as that the ACS knows of the boot, is durable now
    for _ in range(8):
        agent.process.kill()
        agent.start()
    wait_until(lambda: acs.result(acs.send('connect')).good, 'a connection request')
    assert {event for one in acs.informs()[1:] for event in one.events} == {'6 CONNECTION REQUEST'}
