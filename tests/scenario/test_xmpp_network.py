# SPDX-License-Identifier: GPL-2.0-or-later
# XMPP through a NAT, and servers found by the name service, in network namespaces (T119; R-112).
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import make_agent  # noqa: F401
from names import names  # noqa: F401
from process import wait_until
from test_xmpp import BOUND, JABBER_ID, ROW, Place, changes
from topology import DEVICE, ROUTER, SERVER, topology  # noqa: F401
from xmpp import DOMAIN, User, start_prosody  # noqa: F401


@pytest.fixture
def behind(request, topology, start, start_acs, make_agent, start_prosody):  # noqa: F811
    """A device behind a NAT, or as many as the parameter says; ACS and XMPP server on the other side."""
    net = topology(getattr(request, 'param', 1))
    server = start_prosody(port=5222, address=SERVER, namespace=net.server)
    return Place(start, start_acs, make_agent, server, network=net, KeepAliveInterval='1')


@pytest.mark.parametrize('behind', [1, 2], indirect=True)
def test_T119_through_nats(behind):
    here = behind.bound()
    here.reached(User(here.server, connect=here.connect))
    here.acs.wait_inform('4 VALUE CHANGE')
    assert changes(here) == [BOUND]


@pytest.mark.parametrize('case', ['flushed', 'rebooted', 'moved'])
def test_T119_nat_forgets(behind, case):
    """Reachable again within the keep-alive period, and what TCP and the standard's wait need; notified once."""
    here = behind.bound()
    here.acs.wait_inform('4 VALUE CHANGE')
    user = User(here.server, connect=here.connect)
    here.reached(user)
    router = here.network.nats[0]
    if case == 'flushed':
        router.flush()
    elif case == 'rebooted':
        router.reboot(lambda: time.sleep(2))
    else:  # the same connection would come from another port: the server refuses it
        router.command('nft', '-f', '-', text='''flush ruleset
table ip nat {
    chain postrouting { type nat hook postrouting priority srcnat;
        oifname "wan" ip protocol tcp masquerade to :40000-40100
        oifname "wan" masquerade; }
}
''')
        router.flush()
        here.client.wait_for('reached as', after=here.client.stderr.index('reached as') + 10)
    wait_until(lambda: user.ask(BOUND, '<ping xmlns="urn:xmpp:ping"/>', timeout=5) == 'result', 'an answer')
    here.bound()
    here.reached(user)
    assert changes(here) == [BOUND]




def test_T119_changed_address_of_the_device(behind):
    here = behind.bound()
    here.acs.wait_inform('4 VALUE CHANGE')
    user = User(here.server, connect=here.connect)
    here.reached(user)
    device, after = here.network.device, len(here.client.stderr)
    device.ip('address', 'delete', DEVICE + '/24', 'dev', 'wan')
    device.ip('address', 'add', '10.77.0.9/24', 'dev', 'wan')
    device.ip('route', 'replace', 'default', 'via', ROUTER)
    here.client.wait_for("the device's address has changed", after=after)
    here.client.wait_for('reached as', after=after)
    here.bound()
    here.reached(user)
    assert changes(here) == [BOUND]


@pytest.fixture
def named(netns, names, start, start_acs, make_agent, start_prosody):  # noqa: F811
    """named({name: addresses}, SRV records, (address, port) ...) starts servers at these places, and a device."""
    def build(addresses, records, *places):
        namespace = netns()
        service = names(namespace)
        service.serve(addresses, 0, *['--srv-host=_xmpp-client._tcp.%s,%s' % (DOMAIN, record) for record in records])
        servers = []
        for number, (address, port) in enumerate(places):
            first = servers[0] if servers else None
            servers.append(start_prosody(port=port, address=address, namespace=namespace, name='server%d' % number,
                                         certificate=first and (first.certificate, first.certificate.with_suffix('.key'))))
        here = Place(start, start_acs, make_agent, servers[0], namespace=namespace, ports=(1,),
                     ServerConnectAlgorithm='DNS-SRV', ServerConnectAttempts='1')
        here.servers, here.names = servers, service
        return here
    return build


def test_R112_srv_in_order(named):
    """The lowest priority first; when it does not answer, the next."""
    here = named({'a.example': ['127.0.0.2'], 'b.example': ['127.0.0.3']},
                 ['b.example,5333,20,0', 'a.example,5444,10,0'], ('127.0.0.2', 5444), ('127.0.0.3', 5333))
    here.bound()
    assert '127.0.0.2 port 5444' in here.client.stderr and '127.0.0.3' not in here.client.stderr
    here.servers[0].stop()
    here.client.wait_for('127.0.0.3 port 5333')
    here.client.wait_for('reached as', after=here.client.stderr.index('127.0.0.3'))
    here.bound()
    here.reached(User(here.servers[1], connect=here.connect))


def test_R112_srv_second_address(named):
    here = named({'a.example': ['127.0.0.8', '127.0.0.2']}, ['a.example,5444,10,0'], ('127.0.0.2', 5444))
    here.bound()


def test_R112_without_srv_the_domain(named):
    here = named({DOMAIN: ['127.0.0.2']}, [], ('127.0.0.2', 5222))
    here.bound()
    assert here.names.questions('_xmpp-client._tcp.' + DOMAIN, 'SRV') >= 1


def test_R112_srv_says_no_service(named):
    here = named({DOMAIN: ['127.0.0.2']}, ['.,0,0,0'], ('127.0.0.2', 5222))
    here.wait_value(ROW + 'Status', 'ServerNotPresent')
    assert 'port 5222' not in here.client.stderr


def test_R112_name_server_silent(named):
    """The program goes on while it waits for the name service."""
    here = named({DOMAIN: ['127.0.0.2']}, [], ('127.0.0.2', 5222))
    here.bound()
    here.names.process.stop()
    here.servers[0].stop()
    wait_until(lambda: here.value(ROW + 'Status') != 'Enabled', 'the loss')
    assert here.acs.call(('set', ROW + 'Alias=x')).good
    here.names.serve({DOMAIN: ['127.0.0.2']})
    here.servers[0].start()
    here.bound()
