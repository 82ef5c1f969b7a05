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
from agent import PASSWORD, SERVER as MANAGEMENT, URL, USER, make_agent  # noqa: F401
from process import TIMEOUT, wait_until
from topology import DEVICE, SERVER, STUN_PORT, start_stun, topology  # noqa: F401

ADDRESS = MANAGEMENT + 'UDPConnectionRequestAddress'
DETECTED = MANAGEMENT + 'NATDetected'
COUNTERS = MANAGEMENT + 'X_ESPALIER_ConnectionRequest.'
STUN = 'Device.X_ESPALIER_STUN.'
SENDER = pathlib.Path(__file__).with_name('udp_sender.py')
LOCAL_PORT = 7547


def signature(ts, request, user=USER, cn='XTGRWIPC6D3IPXS3', password=PASSWORD):
    return hmac.new(password.encode(), ('%s%s%s%s' % (ts, request, user, cn)).encode(), hashlib.sha1).hexdigest()


def datagram(ts, request, user=USER, cn='XTGRWIPC6D3IPXS3', password=PASSWORD, sig=None):
    return 'GET http://device:1?ts=%s&id=%s&un=%s&cn=%s&sig=%s HTTP/1.1\r\n\r\n' % (
        ts, request, user, cn, sig or signature(ts, request, user, cn, password))


class Place:
    """A device behind NATs, with an ACS and a STUN server on the other side."""

    def __init__(self, topology, start, start_stun, start_acs, make_agent, nats, options=(), **stun):  # noqa: F811
        self.net, self.start = topology(nats), start
        self.router = self.net.nats[0] if nats else None
        self.start_stun = start_stun
        self.stun = start_stun(self.net.server)
        self.acs = start_acs('--listen', SERVER, *options, namespace=self.net.server)
        keys = dict({'enable': 'yes', 'server': SERVER, 'minimum_keepalive': 1, 'maximum_keepalive': 1}, **stun)
        self.agent = make_agent(self.acs.url, namespace=self.net.device, sections={'stun': keys}).fast_retry()
        self.nat = None
        self.start_nat()
        self.agent.start()

    def start_nat(self):
        self.nat = self.start('espalier-nat', '-vv', '-c', self.agent.path, ready='started in',
                              namespace=self.net.device)

    def value(self, path):
        return self.agent.tree(path).get(path)

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

    def send(self, *datagrams, namespace=None, source=(SERVER, STUN_PORT), to=None):
        """Sends datagrams to the device's public address from the STUN server's port."""
        work = {'source': source, 'to': to or self.address(), 'datagrams': datagrams}
        subprocess.run((namespace or self.net.server).command(sys.executable, SENDER), check=True, text=True,
                       input=json.dumps(work), timeout=TIMEOUT)

    def sessions(self):
        return len(self.acs.informs())

    def settle(self):
        """Waits for the first session, and until UDP works."""
        self.acs.wait_inform()
        self.agent.wait_idle()
        return self.address()

    def reached(self, request):
        """Sends three copies of a good request; they must lead to one session."""
        before = self.sessions()
        self.send(*[datagram(int(request), request)] * 3)
        inform = self.acs.wait_inform('6 CONNECTION REQUEST', after=before)
        self.agent.process.wait_for('the session has ended')
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
    bad = [datagram(1000, 1000), datagram(999, 7), datagram(2000, 8, password='wrong'), datagram(2000, 9, sig='0' * 40),
           datagram(2000, 10, user='stranger'), 'GET / HTTP/1.1\r\n\r\n', datagram(2000, 11).replace('GET', 'PUT'),
           datagram(2000, 12) + 'body', 'GET http://x?' + 'a' * 1400, '', 'x' * 30]
    here.send(*bad)
    wait_until(lambda: here.value(COUNTERS + 'UDPWrongSignature') == 2, 'the forged ones to be counted')
    wait_until(lambda: here.value(STUN + 'ConnectionRequestsWrongUser') == 1, 'the stranger to be counted')
    assert here.value(COUNTERS + 'UDPOld') == 1 and here.sessions() == count
    here.reached('2000')
    assert here.sessions() == count + 1
