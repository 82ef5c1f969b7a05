# SPDX-License-Identifier: GPL-2.0-or-later
# Connection requests by HTTP through a mapped port of the upstream router: miniupnpd, by UPnP and by NAT-PMP.
import signal
import subprocess
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CREDENTIALS, SERVER as MANAGEMENT, URL, make_agent  # noqa: F401
from process import TIMEOUT, wait_until
from topology import DEVICE, ROUTER, Behind, start_stun, topology  # noqa: F401

# miniupnpd takes documentation addresses for what they are, and maps nothing to them.
OUTSIDE = '11.77.0'
ACS, WAN = OUTSIDE + '.1', OUTSIDE + '.2'
MAPPER = 'Device.X_ESPALIER_PortMapper.'
PORT = 7547
# The chains that miniupnpd writes its rules to.
CHAINS = '''table inet upnp {
    chain forward { type filter hook forward priority 0; policy accept; jump upnp_forward; }
    chain upnp_forward { }
    chain prerouting { type nat hook prerouting priority dstnat; policy accept; jump upnp_prerouting; }
    chain upnp_prerouting { }
    chain postrouting { type nat hook postrouting priority srcnat; policy accept; jump upnp_postrouting; }
    chain upnp_postrouting { }
}
'''
CONFIGURATION = '''ext_ifname=wan
listening_ip=lan
enable_upnp=%s
enable_natpmp=%s
upnp_table_name=upnp
upnp_nat_table_name=upnp
upnp_forward_chain=upnp_forward
upnp_nat_chain=upnp_prerouting
upnp_nat_postrouting_chain=upnp_postrouting
secure_mode=no
notify_interval=60
uuid=00000000-0000-4000-8000-000000000001
allow 1024-65535 10.0.0.0/8 1024-65535
deny 0-65535 0.0.0.0/0 0-65535
'''


class Home(Behind):
    """A device behind a home router with miniupnpd (and a carrier's NAT, when there are two)."""

    def __init__(self, topology, start, start_acs, make_agent, tmp_path, nats, protocol, mapping,  # noqa: F811
                 sections):
        self.net, self.start, self.folder = topology(nats, outside=OUTSIDE), start, tmp_path
        self.router = self.net.nats[0]
        self.protocol, self.daemon, self.nat = protocol, None, None
        self.start_router()
        self.acs = start_acs('--listen', ACS, *CREDENTIALS, namespace=self.net.server)
        keys = {'port': PORT, 'port_mapping': mapping, 'port_mapping_interval': 1}
        self.agent = make_agent(self.acs.url, namespace=self.net.device,
                                sections=dict({'connection_request': keys}, **sections)).fast_retry()
        self.start_nat()
        self.agent.start()

    def start_router(self):
        self.router.command('nft', '-f', '-', text=CHAINS)
        path = self.folder / 'miniupnpd.conf'
        path.write_text(CONFIGURATION % ('yes' if 'upnp' in self.protocol else 'no',
                                         'yes' if 'nat-pmp' in self.protocol else 'no'))
        self.daemon = self.start('miniupnpd', '-d', '-f', path, '-P', self.folder / 'miniupnpd.pid',
                                 namespace=self.router.namespace)
        self.daemon.wait_for('(?i)listening|HTTP')

    def wait(self, path, wanted):
        return wait_until(lambda: self.value(path) == wanted, '%s to be %r (it is %r)'
                          % (path, wanted, self.value(path)))

    def wait_url(self, address):
        """Waits until ConnectionRequestURL leads to "host:port"."""
        wait_until(lambda: (self.value(URL) or '').startswith('http://%s/' % address),
                   'a URL at %s (it is %s)' % (address, self.value(URL)))

    def rules(self):
        return self.router.command('nft', 'list', 'table', 'inet', 'upnp')

    def told(self, address, before=0):
        """Waits until the ACS knows that URL; returns how many Informs there were until then."""
        wait_until(lambda: any((inform.parameters.get(URL) or '').startswith('http://%s/' % address)
                               for inform in self.acs.informs()[before:]), 'an Inform with that URL')
        return len(self.acs.informs())

    def reached(self):
        """The ACS makes a connection request to the URL that it was told last."""
        before = len(self.acs.informs())
        # The router's own rules follow a moment after it has answered.
        wait_until(lambda: self.acs.run('connect').good, 'a connection request to be answered')
        self.acs.wait_inform('6 CONNECTION REQUEST', after=before)


@pytest.fixture
def home(topology, start, start_acs, make_agent, tmp_path):  # noqa: F811
    def build(protocol='upnp nat-pmp', mapping='auto', nats=1, **sections):
        return Home(topology, start, start_acs, make_agent, tmp_path, nats, protocol, mapping, sections)
    return build


@pytest.mark.parametrize('protocol, mapping, name', [
    ('upnp', 'upnp', 'UPnP'), ('nat-pmp', 'nat-pmp', 'NAT-PMP'), ('upnp', 'auto', 'UPnP'),
    ('upnp nat-pmp', 'auto', 'NAT-PMP')])
def test_request_through_the_mapped_port(home, protocol, mapping, name):
    here = home(protocol, mapping)
    here.wait_url('%s:%d' % (WAN, PORT))
    here.told('%s:%d' % (WAN, PORT))
    here.reached()
    here.wait(MAPPER + 'Status', 'Mapped')
    assert here.value(MAPPER + 'Protocol') == name
    assert here.value(MAPPER + 'ExternalAddress') == '%s:%d' % (WAN, PORT)
    assert DEVICE in here.rules()
    # The end of the program is the end of the mapping.
    here.nat.stop()
    assert DEVICE not in here.rules()


def test_no_mapping_unless_it_is_wanted(home):
    here = home(mapping='no')
    here.acs.wait_inform()
    here.wait(MAPPER + 'Status', 'Disabled')
    here.wait_url('%s:%d' % (DEVICE, PORT))
    assert DEVICE not in here.rules()
    # The configuration is read again: no restart is needed, either way.
    text = here.agent.path.read_text()
    here.agent.path.write_text(text.replace('port_mapping = no', 'port_mapping = auto'))
    here.agent.process.popen.send_signal(signal.SIGHUP)
    here.wait_url('%s:%d' % (WAN, PORT))
    here.agent.path.write_text(text)
    here.agent.process.popen.send_signal(signal.SIGHUP)
    here.wait_url('%s:%d' % (DEVICE, PORT))
    wait_until(lambda: DEVICE not in here.rules(), 'the mapping to be removed')


def test_port_of_another_device(home):
    """Somebody else in the home has the port: the next one is taken."""
    here = home('upnp', 'no')
    command = here.net.device.command('upnpc', '-a', '10.77.0.9', PORT, PORT, 'tcp', 3600)
    taken = subprocess.run(command, check=False, capture_output=True, text=True, timeout=TIMEOUT)
    assert 'is redirected' in taken.stdout, taken.stdout + taken.stderr
    text = here.agent.path.read_text()
    here.agent.path.write_text(text.replace('port_mapping = no', 'port_mapping = upnp'))
    here.agent.process.popen.send_signal(signal.SIGHUP)
    here.wait_url('%s:%d' % (WAN, PORT + 1))
    here.told('%s:%d' % (WAN, PORT + 1))
    here.reached()


def test_router_reboots(home):
    """It forgets the mapping: back within the interval, and the ACS hears nothing, as nothing has changed for it."""
    here = home()
    here.wait_url('%s:%d' % (WAN, PORT))
    before = here.told('%s:%d' % (WAN, PORT))
    here.agent.wait_idle()
    here.daemon.kill()
    here.router.reboot()
    here.start_router()
    wait_until(lambda: DEVICE in here.rules(), 'the mapping to come back')
    before = len(here.acs.informs())
    here.reached()
    assert len(here.acs.informs()) == before + 1


def test_changed_address_of_the_router(home):
    here = home('nat-pmp')
    here.wait_url('%s:%d' % (WAN, PORT))
    before = here.told('%s:%d' % (WAN, PORT))
    here.agent.wait_idle()
    router = here.router.namespace
    router.ip('address', 'flush', 'dev', 'wan')
    router.ip('address', 'add', OUTSIDE + '.7/24', 'dev', 'wan')
    router.ip('route', 'replace', 'default', 'via', ACS)
    here.wait_url('%s.7:%d' % (OUTSIDE, PORT))
    here.told('%s.7:%d' % (OUTSIDE, PORT), before)
    time.sleep(2)
    told = [inform for inform in here.acs.informs()[before:] if '4 VALUE CHANGE' in inform.events]
    assert len(told) == 1, told
    here.reached()


def test_no_mapping_of_a_private_address(home, start_stun):  # noqa: F811
    """Behind a second NAT the home router's far side leads nowhere: the URL stays, and UDP works."""
    here = home(nats=2, stun={'enable': 'yes', 'server': ACS, 'minimum_keepalive': 1, 'maximum_keepalive': 1})
    start_stun(here.net.server, addresses=(ACS,))
    here.wait(MAPPER + 'Status', 'Refused')
    assert 'far side' in here.value(MAPPER + 'LastError')
    here.wait_url('%s:%d' % (DEVICE, PORT))
    wait_until(lambda: (here.value(MANAGEMENT + 'UDPConnectionRequestAddress') or '').startswith(WAN), 'UDP to work')


def test_no_router(home):
    here = home()
    here.wait_url('%s:%d' % (WAN, PORT))
    here.told('%s:%d' % (WAN, PORT))
    here.daemon.kill()
    here.router.command('nft', 'flush', 'ruleset')
    here.wait(MAPPER + 'Status', 'NoRouter')
    assert here.value(MAPPER + 'LastError')
    here.wait_url('%s:%d' % (DEVICE, PORT))


def test_killed_at_any_time(home):
    """kill -9 of either: the mapping is found again as it was, and the ACS is not bothered."""
    here = home()
    here.wait_url('%s:%d' % (WAN, PORT))
    before = here.told('%s:%d' % (WAN, PORT))
    here.agent.wait_idle()
    before = len(here.acs.informs())
    for _ in range(3):
        here.nat.kill()
        here.start_nat()
        here.wait(MAPPER + 'Status', 'Mapped')
        here.agent.process.kill()
        here.agent.start()
        here.wait(MANAGEMENT + 'X_ESPALIER_ConnectionRequest.MonitorConnected', True)
    assert here.value(URL).startswith('http://%s:%d/' % (WAN, PORT))
    assert not [inform for inform in here.acs.informs()[before:] if '4 VALUE CHANGE' in inform.events]
    here.reached()


def test_router_that_hangs(home):
    """What answers the search but not the requests keeps nobody waiting: neither the loop, nor the end."""
    here = home(mapping='no')
    here.acs.wait_inform()
    here.daemon.kill()
    # A web server that accepts and says nothing, behind a good answer to the search.
    script = ('import socket, threading\n'
              's = socket.socket(); s.bind((%r, 9999)); s.listen(50); kept = []\n'
              'def hold():\n'
              '    while True: kept.append(s.accept())\n'
              'threading.Thread(target=hold, daemon=True).start()\n'
              'u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n'
              'u.bind(("", 1900))\n'
              'u.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("239.255.255.250")'
              ' + socket.inet_aton(%r))\n'
              'print("ready", flush=True)\n'
              'while True:\n'
              '    text, peer = u.recvfrom(2000)\n'
              '    st = [line for line in text.decode().splitlines() if line.upper().startswith("ST:")][0][3:].strip()\n'
              '    u.sendto(("HTTP/1.1 200 OK\\r\\nST: " + st + "\\r\\nUSN: uuid:1::" + st + "\\r\\n'
              'LOCATION: http://%s:9999/x.xml\\r\\n\\r\\n").encode(), peer)\n' % (ROUTER, ROUTER, ROUTER))
    hanging = here.start('/usr/bin/python3', '-c', script, namespace=here.router.namespace)
    hanging.wait_for('ready', 'stdout')
    text = here.agent.path.read_text()
    here.agent.path.write_text(text.replace('port_mapping = no', 'port_mapping = upnp'))
    here.agent.process.popen.send_signal(signal.SIGHUP)
    here.wait(MAPPER + 'Status', 'Searching')
    # The loop goes on meanwhile: another state of the agent is noticed at once.
    here.agent.process.kill()
    here.nat.wait_for('the agent is gone')
    here.nat.stop()
