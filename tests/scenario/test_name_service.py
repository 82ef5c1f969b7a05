# SPDX-License-Identifier: GPL-2.0-or-later
# How the agent finds the addresses of its ACS, with a real name server in a namespace (R-20, T026, T027).
import re
import time

import pytest

from agent import CREDENTIALS, SERVER, make_agent  # noqa: F401
from names import names  # noqa: F401
from acs import Acs
from tls import authority  # noqa: F401

NAME = 'acs.example.org'
PORT = 7548


@pytest.fixture
def inside(start, netns, names, record, make_agent):  # noqa: F811
    """A namespace with a name server; acs(address) starts an ACS there, agent(url) an agent."""
    class Inside:
        def __init__(self):
            self.namespace = netns()
            self.names = names(self.namespace)

        def acs(self, address='127.0.0.1'):
            return Acs(start('espalier-acs', '-p', PORT, '-i', '--record', record, '--listen', address, *CREDENTIALS,
                             namespace=self.namespace, stdin=-1), record)

        def agent(self, host=NAME, scheme='http', **settings):
            return make_agent('%s://%s:%d/' % (scheme, host, PORT), namespace=self.namespace, **settings).fast_retry()
    return Inside()


def sessions_follow(agent, times):
    """So many more sessions, each for an event of its own."""
    for number in range(times):
        before = agent.process.stderr.count('the session has ended')
        agent.set_paths({'Device.DeviceInfo.ProvisioningCode': 'code%d' % number})
        agent.wait_idle(before + 1)


def test_T026_ipv6_literal(inside):
    acs = inside.acs('::1')
    inside.agent('[::1]').start()
    acs.wait_inform('0 BOOTSTRAP')
    assert acs.messages(from_agent=True)[0].header('Host') == '[::1]:%d' % PORT


def test_T026_name_with_an_ipv6_address_only(inside):
    inside.names.serve({NAME: ['::1']})
    acs = inside.acs('::1')
    inside.agent().start()
    acs.wait_inform('0 BOOTSTRAP')
    assert acs.messages(from_agent=True)[0].header('Host') == '%s:%d' % (NAME, PORT)


# 127.0.0.9: nobody listens there. 192.0.2.1: no route. fd00::1: not even that family.
@pytest.mark.parametrize('dead', [['127.0.0.9'], ['192.0.2.1'], ['fd00::1'], ['127.0.0.7', '127.0.0.8', '127.0.0.9']])
def test_T027_second_address_within_one_attempt(inside, dead):
    inside.names.serve({NAME: dead + ['127.0.0.1']})
    acs = inside.acs()
    agent = inside.agent().start()
    acs.wait_inform('0 BOOTSTRAP')
    agent.wait_idle()
    # Each session takes the address that worked before: no failure, whatever the order of the answer.
    sessions_follow(agent, 4)
    assert 'has failed' not in agent.process.stderr
    assert all(inform.retry == 0 for inform in acs.informs())


def test_T027_all_addresses_dead(inside):
    inside.names.serve({NAME: ['127.0.0.8', '127.0.0.9']})
    agent = inside.agent().start()
    assert 'refused' in agent.wait_failed(1)
    agent.wait_failed(2)
    acs = inside.acs('127.0.0.9')
    acs.wait_inform('0 BOOTSTRAP')


def test_T029_the_certificate_is_named_whichever_address_is_last(inside, start, authority):  # noqa: F811
    """Of several addresses one has a server with a wrong certificate, at the others nobody listens."""
    inside.names.serve({NAME: ['127.0.0.1', '127.0.0.8', '127.0.0.9']})
    wrong = authority.issue('wrong', 'DNS:elsewhere.example')
    start('openssl', 's_server', '-accept', '127.0.0.1:%d' % PORT, '-cert', wrong.path, '-key', wrong.key,
          namespace=inside.namespace, stdin=-1).wait_for('^ACCEPT', 'stdout')
    agent = inside.agent(scheme='https', sections={'tls': {'ca_file': authority.path}}).start()
    for attempt in range(1, 7):
        assert re.search('TLS: the certificate is for elsewhere.example', agent.wait_failed(attempt))


def test_R20_an_address_is_chosen_at_random(inside):
    """Twelve agents, each for the first time: that all take the same of two addresses has a chance of 1 in 2048."""
    inside.names.serve({NAME: ['127.0.0.2', '127.0.0.3']})
    servers = [inside.acs('127.0.0.2'), inside.acs('127.0.0.3')]
    agent = inside.agent()
    for _ in range(12):
        (agent.state / 'agent.db').unlink()
        agent.start()
        agent.wait_idle()
        assert agent.process.stop() == 0
    assert sum(len(server.informs()) for server in servers) == 12
    assert all(server.informs() for server in servers)


def test_R20_stays_with_an_address_that_works(inside):
    inside.names.serve({NAME: ['127.0.0.%d' % number for number in range(2, 7)]})
    servers = [inside.acs('127.0.0.%d' % number) for number in range(2, 7)]
    agent = inside.agent().start()
    agent.wait_idle()
    sessions_follow(agent, 5)
    assert sorted(len(server.informs()) for server in servers) == [0, 0, 0, 0, 6]


def test_R20_leaves_an_address_that_works_no_more(inside):
    inside.names.serve({NAME: ['127.0.0.2', '127.0.0.3']})
    servers = [inside.acs('127.0.0.2'), inside.acs('127.0.0.3')]
    agent = inside.agent().start()
    agent.wait_idle()
    first = next(server for server in servers if server.informs())
    other = next(server for server in servers if server is not first)
    assert first.stop() == 0
    sessions_follow(agent, 3)
    assert len(other.informs()) == 3
    assert 'has failed' not in agent.process.stderr


def test_R20_time_to_live_is_respected(inside):
    """The name is asked for again when its answer is too old, and not before."""
    inside.names.serve({NAME: ['127.0.0.1']}, time_to_live=3600)
    inside.acs()
    agent = inside.agent().start()
    agent.wait_idle()
    sessions_follow(agent, 3)
    assert inside.names.questions(NAME) == inside.names.questions(NAME, 'AAAA') == 1


def test_R20_follows_a_name_that_moves(inside):
    inside.names.serve({NAME: ['127.0.0.2']}, time_to_live=1)
    servers = [inside.acs('127.0.0.2'), inside.acs('127.0.0.3')]
    agent = inside.agent().start()
    agent.wait_idle()
    assert len(servers[0].informs()) == 1
    inside.names.change({NAME: ['127.0.0.3']})
    time.sleep(1.1)
    sessions_follow(agent, 1)
    assert len(servers[1].informs()) == 1


def test_R20_last_answer_is_used_while_the_name_service_is_down(inside):
    inside.names.serve({NAME: ['127.0.0.1']})
    acs = inside.acs()
    agent = inside.agent().start()
    agent.wait_idle()
    inside.names.process.stop()
    sessions_follow(agent, 3)
    assert len(acs.informs()) == 4
    assert 'has failed' not in agent.process.stderr


def test_R20_no_answer_yet_while_the_name_service_is_down(inside):
    """Nothing is known of the name: the session fails with the reason, and the name is found when the server is back."""
    agent = inside.agent().start()
    assert NAME in agent.wait_failed(1)
    acs = inside.acs()
    inside.names.serve({NAME: ['127.0.0.1']})
    acs.wait_inform('0 BOOTSTRAP')


def test_R20_a_name_that_is_gone_is_not_used(inside):
    """That the name does not exist is an answer: its former address may be somebody else's."""
    inside.names.serve({NAME: ['127.0.0.1']})
    acs = inside.acs()
    agent = inside.agent().start()
    agent.wait_idle()
    inside.names.change({'other.example.org': ['127.0.0.1']})
    agent.set_paths({'Device.DeviceInfo.ProvisioningCode': 'gone'})
    assert NAME in agent.wait_failed(1)
    inside.names.change({NAME: ['127.0.0.1']})
    acs.wait_inform('4 VALUE CHANGE')


def test_names_of_etc_hosts(inside):
    """Without any name server."""
    inside.names.local({NAME: ['127.0.0.9', '127.0.0.1']})
    acs = inside.acs()
    agent = inside.agent().start()
    acs.wait_inform('0 BOOTSTRAP')
    assert 'has failed' not in agent.process.stderr


def test_other_name_server_in_resolv_conf(inside):
    """A DHCP client that writes resolv.conf while the agent runs."""
    (inside.names.files / 'resolv.conf').write_text('nameserver 127.0.0.99\n')
    agent = inside.agent().start()
    agent.wait_failed(1)
    acs = inside.acs()
    inside.names.serve({NAME: ['127.0.0.1']})
    (inside.names.files / 'resolv.conf').write_text('nameserver 127.0.0.1\n')
    acs.wait_inform('0 BOOTSTRAP')


def test_truncated_answer_is_fetched_by_tcp(inside):
    """More addresses than a datagram holds: the stream is read to its end."""
    dead = ['10.%d.%d.1' % (high, low) for high in range(2) for low in range(40)]
    inside.names.serve({NAME: dead + ['fd00::%x' % number for number in range(40)]})
    assert 'Network is unreachable' in inside.agent().start().wait_failed(1)
