# SPDX-License-Identifier: GPL-2.0-or-later
# Connection requests by XMPP, with a real server (T119; ).
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CREDENTIALS, PASSWORD, SERVER as MANAGEMENT, USER, make_agent  # noqa: F401
from process import wait_until
from xmpp import (ACS, ACS_PASSWORD, DEVICE, DEVICE_PASSWORD, DOMAIN, User, false_server, make_certificate,  # noqa: F401
                  request, start_prosody)

TABLE = 'Device.XMPP.Connection.'
ROW = TABLE + '1.'
SERVERS = ROW + 'Server.'
JABBER_ID = MANAGEMENT + 'ConnReqJabberID'
ALLOWED = MANAGEMENT + 'ConnReqAllowedJabberIDs'
REFERENCE = MANAGEMENT + 'ConnReqXMPPConnection'
COUNTERS = MANAGEMENT + 'X_ESPALIER_ConnectionRequest.'
BOUND = '%s@%s/box' % (DEVICE, DOMAIN)
GOOD = request(USER, PASSWORD)
SENDER = '%s@%s' % (ACS, DOMAIN)


class Place:
    """A device whose ACS has given it an XMPP connection, and the server of that."""

    def __init__(self, start, start_acs, make_agent, server, configure=True, ports=(), certificate=None,  # noqa: F811
                 **values):
        self.start, self.server = start, server
        self.acs = start_acs(*CREDENTIALS)
        certificate = certificate or server.certificate
        self.agent = make_agent(self.acs.url, sections={'tls': {'ca_file': certificate}}).fast_retry().start()
        self.client = None
        self.start_client()
        self.acs.wait_inform()
        self.agent.wait_idle()
        if configure:
            self.configure(ports or (server.port,), **values)

    def start_client(self):
        self.client = self.start('espalier-xmpp', '-vv', '-c', self.agent.path, ready='started in')

    def configure(self, ports, **values):
        """The ACS adds the rows and fills them in."""
        results = self.acs.call(('add', TABLE), *[('add', SERVERS)] * len(ports))
        assert all(result.good for result in (results if isinstance(results, list) else [results])), results
        settings = {REFERENCE: TABLE + '1'}
        row = dict({'Username': DEVICE, 'Password': DEVICE_PASSWORD, 'Domain': DOMAIN, 'Resource': 'box', 'UseTLS': '1',
                    'ServerConnectAlgorithm': 'ServerTable', 'ServerRetryInitialInterval': '1', 'KeepAliveInterval': '2',
                    'ServerRetryMaxInterval': '1', 'Enable': '1'}, **values)
        settings.update({ROW + name: value for name, value in row.items()})
        for number, port in enumerate(ports, 1):
            settings.update({'%s%d.%s' % (SERVERS, number, name): value for name, value in (
                ('Enable', '1'), ('ServerAddress', '127.0.0.1'), ('Port', port), ('Priority', number))})
        result = self.acs.set(settings)
        assert result.good, result

    def value(self, path):
        return self.agent.tree(path).get(path)

    def wait_value(self, path, wanted):
        try:
            wait_until(lambda: self.value(path) == wanted, path)
        except AssertionError:
            raise AssertionError('%s is %r, not %r:\n%s' % (path, self.value(path), wanted, self.client.stderr[-3000:])) \
                from None

    def bound(self):
        self.wait_value(ROW + 'Status', 'Enabled')
        return self

    def reached(self, user):
        """A good request leads to one session."""
        before = len(self.acs.informs())
        assert user.ask(BOUND, GOOD) == 'result'
        inform = self.acs.wait_inform('6 CONNECTION REQUEST', after=before)
        wait_until(lambda: self.agent.process.stderr.count('the session has ended') > before, 'the end of the session')
        return inform


@pytest.fixture
def place(start, start_acs, make_agent, start_prosody):  # noqa: F811
    def build(server=None, **options):
        return Place(start, start_acs, make_agent, server or start_prosody(), **options)
    return build


def test_T119_good_request(place):
    here = place().bound()
    assert here.value(JABBER_ID) == here.value(ROW + 'JabberID') == BOUND
    assert here.value(ROW + 'TLSEstablished') is True and here.value(COUNTERS + 'XMPPClientConnected') is True
    assert here.value(MANAGEMENT + 'SupportedConnReqMethods') == 'HTTP,XMPP'
    assert here.value(ROW + 'LastChangeDate')[:2] == '20'
    user = User(here.server)
    here.reached(user)
    wait_until(lambda: here.value(COUNTERS + 'XMPPGranted') == 1, 'the request to be counted')
    wait_until(lambda: (here.value(ROW + 'Stats.ReceivedMessages') or 0) >= 2, 'the stanzas to be counted')
