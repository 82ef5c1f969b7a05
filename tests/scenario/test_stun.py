# SPDX-License-Identifier: GPL-2.0-or-later
# The binding of a device behind NATs, and connection requests by UDP through them (T118; ).
import hashlib
import hmac
import json
import pathlib
import subprocess
import sys
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CREDENTIALS, PASSWORD, SERVER as MANAGEMENT, URL, USER, make_agent  # noqa: F401
from process import TIMEOUT, wait_until
from topology import DEVICE, SERVER, STUN_PORT, Behind, start_stun, topology  # noqa: F401

ADDRESS = MANAGEMENT + 'UDPConnectionRequestAddress'
DETECTED = MANAGEMENT + 'NATDetected'
COUNTERS = MANAGEMENT + 'X_ESPALIER_ConnectionRequest.'
STUN = 'Device.X_ESPALIER_STUN.'
SENDER = pathlib.Path(__file__).with_name('udp_sender.py')
LOCAL_PORT = 7547
NOW = int(time.time()) + 1000  # times of requests made here: later than those of the ACS


def signature(ts, request, user=USER, cn='XTGRWIPC6D3IPXS3', password=PASSWORD):
    return hmac.new(password.encode(), ('%s%s%s%s' % (ts, request, user, cn)).encode(), hashlib.sha1).hexdigest()


def datagram(ts, request, user=USER, cn='XTGRWIPC6D3IPXS3', password=PASSWORD, sig=None):
    return 'GET http://device:1?ts=%s&id=%s&un=%s&cn=%s&sig=%s HTTP/1.1\r\n\r\n' % (
        ts, request, user, cn, sig or signature(ts, request, user, cn, password))


class Place(Behind):
    """A device behind NATs, with an ACS and a STUN server on the other side."""

    def __init__(self, topology, start, start_stun, start_acs, make_agent, nats, options=(), **stun):  # noqa: F811
        self.net, self.start = topology(nats), start
        self.router = self.net.nats[0] if nats else None
        self.start_stun = start_stun
        self.stun = start_stun(self.net.server)
        self.acs = start_acs('--listen', SERVER, '--udp-from', '%s:%d' % (SERVER, STUN_PORT), *CREDENTIALS, *options,
                             namespace=self.net.server)
        keys = dict({'enable': 'yes', 'server': SERVER, 'minimum_keepalive': 1, 'maximum_keepalive': 1}, **stun)
        self.agent = make_agent(self.acs.url, namespace=self.net.device, sections={'stun': keys}).fast_retry()
        self.nat = None
        self.start_nat()
        self.agent.start()

    def wait(self, path, wanted):
        if not callable(wanted):
            expected = wanted
            wanted = lambda value: value == expected  # noqa: E731
        return wait_until(lambda: wanted(self.value(path)) and (self.value(path) or True),
                          '%s to be as wanted (it is %r)' % (path, self.value(path)))

    def address(self):
        """The published address, once there is one."""
        host, _, port = wait_until(lambda: self.value(ADDRESS), 'a public address').rpartition(':')
        return host, int(port)

    def send(self, *datagrams, source=(SERVER, STUN_PORT)):
        """Sends datagrams to the device's public address from the STUN server's port."""
        work = {'source': source, 'to': self.address(), 'datagrams': datagrams}
        subprocess.run(self.net.server.command(sys.executable, SENDER), check=True, text=True,
                       input=json.dumps(work), timeout=TIMEOUT)

    def sessions(self):
        return len(self.acs.informs())

    def settle(self):
        """Waits for the first session, and until UDP works."""
        self.acs.wait_inform()
        self.agent.wait_idle()
        host, port = self.address()
        self.acs.connect = ('connect', 'udp', '%s:%d' % (host, port))
        return host, port

    def reached(self, request):
        """Sends three copies of a good request; they must lead to one session."""
        before, ended = self.sessions(), self.agent.process.stderr.count('the session has ended')
        self.send(*[datagram(NOW + int(request), request)] * 3)
        inform = self.acs.wait_inform('6 CONNECTION REQUEST', after=before)
        self.agent.wait_idle(ended + 1)
        return inform


@pytest.fixture
def place(topology, start, start_stun, start_acs, make_agent):  # noqa: F811
    def build(nats=1, **options):
        return Place(topology, start, start_stun, start_acs, make_agent, nats, **options)
    return build


@pytest.mark.parametrize('nats', [1, 2])
def test_T118_request_through_nats(place, nats):
    here = place(nats)
    host, port = here.settle()
    assert host == '198.51.100.2' and here.value(DETECTED) is True
    assert here.value(MANAGEMENT + 'SupportedConnReqMethods') == 'HTTP,STUN'
    assert here.value(COUNTERS + 'MonitorConnected') is True
    here.reached('1000')
    wait_until(lambda: here.value(COUNTERS + 'UDPRepeated') == 2, 'the copies to be counted')
    assert here.value(COUNTERS + 'UDPGranted') == 1
    assert here.acs.informs()[-1].events.count('6 CONNECTION REQUEST') == 1


def test_T118_what_is_not_good_is_silent(place):
    here = place()
    here.settle()
    here.reached('1000')
    count = here.sessions()
    late = NOW + 2000
    bad = [datagram(NOW + 1000, 1000), datagram(NOW + 999, 7), datagram(late, 8, password='wrong'),
           datagram(late, 9, sig='0' * 40), datagram(late, 10, user='stranger'), 'GET / HTTP/1.1\r\n\r\n',
           datagram(late, 11).replace('GET', 'PUT'), datagram(late, 12) + 'body', 'GET http://x?' + 'a' * 1400, '', 'x' * 30]
    here.send(*bad)
    wait_until(lambda: here.value(COUNTERS + 'UDPWrongSignature') == 2, 'the forged ones to be counted')
    wait_until(lambda: here.value(STUN + 'ConnectionRequestsWrongUser') == 1, 'the stranger to be counted')
    assert here.value(COUNTERS + 'UDPOld') == 1 and here.sessions() == count
    here.reached('2000')
    assert here.sessions() == count + 1


def watch_address(here):
    """Active notification of the address; returns the number of Informs so far."""
    assert here.acs.call(('set-attributes', ADDRESS, '2')).good
    here.agent.wait_idle(2)
    return here.sessions()


def notified_once(here, before, address):
    """The ACS hears of the new address in one session, and of nothing else after it."""
    inform = here.acs.wait_inform('4 VALUE CHANGE', after=before)
    # an empty value is printed without its blank
    assert inform.parameters[ADDRESS if address else ADDRESS + ' ='] == address
    time.sleep(2)
    assert here.sessions() == before + 1, here.acs.informs()[before:]


@pytest.mark.parametrize('nats', [1, 2])
def test_T118_lost_binding(place, nats):
    """The NAT forgets, and gives another port: BINDING-CHANGE, and the ACS hears of it once."""
    here = place(nats)
    old = here.settle()
    before = watch_address(here)
    here.net.nats[-1].move_ports(40000, 40100)
    for nat in here.net.nats:
        nat.flush()
    here.wait(ADDRESS, lambda value: value and value != '%s:%d' % old)
    host, port = here.address()
    assert 40000 <= port <= 40100
    wait_until(lambda: here.value(STUN + 'BindingChanges') == 1, 'the change to be counted')
    notified_once(here, before, '%s:%d' % (host, port))
    here.reached('1000')


def some_periods(here):
    """Waits for answers that come after now: what is published is up to a second old."""
    received = here.value(STUN + 'MessagesReceived')
    here.wait(STUN + 'MessagesReceived', lambda value: value > received + 3)


def test_T118_forgotten_binding(place):
    """The NAT forgets, and may or may not give the same port: reachable again after a keep-alive period."""
    here = place()
    here.settle()
    here.router.flush()
    some_periods(here)
    here.reached('1000')


def test_router_reboots(place):
    here = place()
    here.settle()
    here.router.reboot()
    some_periods(here)
    here.reached('1000')


def test_changed_address_of_the_device(place):
    here = place()
    here.settle()
    device = here.net.device
    device.ip('address', 'delete', DEVICE + '/24', 'dev', 'wan')
    device.ip('address', 'add', '10.77.0.9/24', 'dev', 'wan')
    device.ip('route', 'replace', 'default', 'via', '10.77.0.1')
    here.wait(STUN + 'LocalAddress', '10.77.0.9:%d' % LOCAL_PORT)
    here.wait(STUN + 'Status', 'Bound')
    here.address()
    here.reached('1000')


def test_no_way_and_back(place):
    here = place()
    here.settle()
    here.net.device.ip('link', 'set', 'wan', 'down')
    here.wait(STUN + 'Status', 'NoRoute')
    here.wait(ADDRESS, '')
    here.net.device.ip('link', 'set', 'wan', 'up')
    here.net.device.ip('route', 'replace', 'default', 'via', '10.77.0.1')
    here.wait(STUN + 'Status', 'Bound')
    here.address()
    here.reached('1000')


def test_server_gone_and_back(place):
    here = place()
    address = here.settle()
    before = watch_address(here)
    here.stun.kill()
    here.wait(STUN + 'Status', 'NoAnswer')
    assert 'not answer' in here.value(STUN + 'LastError')
    here.start_stun(here.net.server)
    here.wait(STUN + 'Status', 'Bound')
    assert here.address() == address and here.sessions() == before
    here.reached('1000')


def test_monitor_killed_and_back(place):
    """kill -9: the tree says so at once, the address stays for the time of a restart, and nobody is told."""
    here = place()
    address = here.settle()
    before = watch_address(here)
    here.nat.kill()
    here.wait(COUNTERS + 'MonitorConnected', False)
    assert here.address() == address
    here.start_nat()
    here.wait(COUNTERS + 'MonitorConnected', True)
    here.wait(STUN + 'Status', 'Bound')
    assert here.address() == address and here.sessions() == before
    here.reached('1000')


def test_monitor_killed_for_good(place):
    here = place()
    here.settle()
    before = watch_address(here)
    here.nat.kill()
    here.wait(ADDRESS, '')
    assert here.value(DETECTED) is False and here.value(MANAGEMENT + 'SupportedConnReqMethods') == 'HTTP'
    segments = here.agent.run('shmdump', '-s').stdout
    assert any('nat' in line and 'dead' in line for line in segments.splitlines()), segments
    notified_once(here, before, '')


def test_agent_killed_and_back(place):
    here = place()
    address = here.settle()
    watch_address(here)
    here.reached('1000')
    # A set is told when it is durable, and then so is what was written before it.
    here.agent.set(PeriodicInformInterval='3601')
    here.agent.process.kill()
    here.nat.wait_for('the agent is gone')
    before = here.sessions()
    here.agent.start()
    assert here.address() == address
    here.wait(COUNTERS + 'MonitorConnected', True)
    here.send(datagram(NOW + 1000, 1000))
    wait_until(lambda: here.value(COUNTERS + 'UDPRepeated') == 1, 'the replay to be refused')
    assert here.sessions() == before, 'neither a replay nor a restart starts a session'
    here.reached('1001')


def test_both_killed_in_any_order(place):
    here = place()
    here.settle()
    for agent_first in (True, False):
        for process in sorted((here.nat, here.agent.process), key=lambda one: (one is here.nat) == agent_first):
            process.kill()
        for begin in (here.agent.start, here.start_nat) if agent_first else (here.start_nat, here.agent.start):
            begin()
        here.wait(COUNTERS + 'MonitorConnected', True)
        here.wait(STUN + 'Status', 'Bound')
    here.reached('1000')


def test_T118_monitor_killed_again_and_again(place):
    """At any moment, also while it starts and while a request is on its way: the tree says so, and they find each other."""
    here = place()
    address = here.settle()
    before = watch_address(here)
    for round_ in range(12):
        if round_ % 3 == 1:
            here.send(datagram(NOW + round_, round_))
        elif round_ % 3 == 2:
            time.sleep(0.02 * round_)
        here.nat.kill()
        here.wait(COUNTERS + 'MonitorConnected', False)
        if round_ % 4 == 3:  # killed while it starts
            half = here.start('espalier-nat', '-c', here.agent.path, namespace=here.net.device)
            time.sleep(0.005 * round_)
            half.kill()
        here.start_nat()
        here.wait(COUNTERS + 'MonitorConnected', True)
    here.wait(STUN + 'Status', 'Bound')
    assert here.address() == address
    here.reached('1000')
    assert not [one for one in here.acs.informs()[before:] if '4 VALUE CHANGE' in one.events], 'nothing has changed'


def test_R108_time_of_the_nat_is_found(place):
    """Between 1 and 20 s, of a NAT that forgets after 6: found, and kept alive in time."""
    here = place(maximum_keepalive=20)
    here.router.timeout(6)
    here.settle()
    here.wait(STUN + 'BindingLifetime', lambda value: value and 4 <= value <= 6)
    here.wait(STUN + 'KeepAlivePeriod', lambda value: value and 4 <= value <= 6)
    here.wait(STUN + 'Status', 'Bound')
    here.reached('1000')


def test_server_with_one_address(place, start_stun):  # noqa: F811
    """It can answer to no other port: the minimum is the period."""
    here = place(maximum_keepalive=20)
    here.settle()
    here.stun.kill()
    start_stun(here.net.server, '--no-rfc5780', addresses=(SERVER,))
    here.nat.kill()
    here.start_nat()
    here.wait(STUN + 'Status', 'Bound')
    here.nat.wait_for("the NAT's time is not looked for")
    assert here.value(STUN + 'KeepAlivePeriod') == 1 and here.value(STUN + 'BindingLifetime') == 0
    here.reached('1000')


def test_rfc5780_behaviour(place):
    """Linux' masquerading maps by its connections, and lets nobody else in."""
    here = place()
    here.settle()
    here.wait(STUN + 'FilteringBehavior', 'AddressAndPortDependent')
    assert here.value(STUN + 'MappingBehavior') in ('EndpointIndependent', 'AddressAndPortDependent')
    assert here.value(STUN + 'RoundTripTime') > 0


def test_listening_without_stun(place):
    here = place(0, enable='no', listen='yes')
    here.acs.wait_inform()
    here.wait(ADDRESS, '198.51.100.2:%d' % LOCAL_PORT)
    assert here.value(DETECTED) is False
    here.reached('1000')
    here.agent.set(STUNEnable=1)
    here.wait(STUN + 'Status', 'Bound')
    assert here.value(ADDRESS) == '198.51.100.2:%d' % LOCAL_PORT and here.value(DETECTED) is False


def test_acs_changes_the_settings(place, run_folder):
    here = place(enable='no')
    here.acs.wait_inform()
    here.agent.wait_idle()
    assert here.value(ADDRESS) == ''
    here.agent.set(STUNEnable=1)
    here.settle()
    result = here.acs.set({MANAGEMENT + 'STUNMaximumKeepAlivePeriod': '-2'})
    assert result.details == {MANAGEMENT + 'STUNMaximumKeepAlivePeriod': 9007}
    password = 'a-secret-of-stun'
    assert here.acs.set({MANAGEMENT + 'STUNUsername': 'u', MANAGEMENT + 'STUNPassword': password}).good
    assert here.acs.get(MANAGEMENT + 'STUNPassword') == {MANAGEMENT + 'STUNPassword': ''}
    assert here.acs.set({MANAGEMENT + 'STUNEnable': '0'}).good
    here.wait(ADDRESS, '')
    for program in (here.nat, here.agent.process):
        assert password not in program.stderr
    for segment in run_folder.iterdir():
        assert not segment.is_file() or password.encode() not in segment.read_bytes(), segment


def test_notification_limit(place):
    """X_ESPALIER_UDPConnectionRequestAddressNotificationLimit: the second change waits."""
    here = place()
    here.settle()
    here.agent.set(X_ESPALIER_UDPConnectionRequestAddressNotificationLimit=8)
    before = watch_address(here)
    here.router.move_ports(40000, 40009)
    here.router.flush()
    here.acs.wait_inform('4 VALUE CHANGE', after=before)
    first = time.monotonic()
    here.agent.wait_idle(3)
    here.router.move_ports(41000, 41009)
    here.router.flush()
    here.wait(ADDRESS, lambda value: value.split(':')[1].startswith('410'))
    inform = here.acs.wait_inform('4 VALUE CHANGE', after=before + 1)
    assert inform.parameters[ADDRESS].split(':')[1].startswith('410')
    assert time.monotonic() - first > 6, 'not before its time'


def test_private_socket_is_private(place, run_folder):
    here = place()
    here.settle()
    socket = run_folder / 'reach'
    assert socket.stat().st_mode & 0o777 == 0o600
    here.agent.process.stop()
    assert not socket.exists()
