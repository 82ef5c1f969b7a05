# SPDX-License-Identifier: GPL-2.0-or-later
# Connection requests by XMPP, with a real server (T119; ).
import base64
import re
import time
import xml.etree.ElementTree as ElementTree

import pytest

from acs import start_acs  # noqa: F401
from agent import CREDENTIALS, PASSWORD, SERVER as MANAGEMENT, USER, make_agent  # noqa: F401
from process import wait_until
from topology import SERVER
from xmpp import (ACS, ACS_PASSWORD, DEVICE, DEVICE_PASSWORD, DOMAIN, User, connect_in, false_server, make_certificate,  # noqa: F401
                  request, start_prosody)

MODEL = 'tr-181-2-17-0-cwmp-full.xml'
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
                 namespace=None, network=None, options=(), connection_request=None, **values):
        self.start, self.server, self.network = start, server, network
        self.namespace = network.device if network else namespace
        options += ('--listen', SERVER) if network else ()
        self.acs = start_acs(*CREDENTIALS, *options, namespace=network.server if network else namespace)
        certificate = certificate or server.certificate
        self.agent = make_agent(self.acs.url, namespace=self.namespace,
                                sections={'tls': {'ca_file': certificate},
                                          'connection_request': connection_request or {}}).fast_retry()
        # In the first session: behind a NAT there is no other way to the device yet.
        numbers = self.acs.send_all(self.configure(ports or (server.port,), **values)) if configure else []
        self.agent.start()
        self.client = None
        self.start_client()
        self.acs.wait_inform()
        self.agent.wait_idle()
        assert all(self.acs.result(number).good for number in numbers), self.acs.tail()

    def start_client(self):
        self.client = self.start('espalier-xmpp', '-vv', '-c', self.agent.path, ready='started in',
                                 namespace=self.namespace)

    def configure(self, ports, **values):
        """What the ACS says to add the rows and to fill them in."""
        settings = {REFERENCE: TABLE + '1'}
        row = dict({'Username': DEVICE, 'Password': DEVICE_PASSWORD, 'Domain': DOMAIN, 'Resource': 'box', 'UseTLS': '1',
                    'ServerConnectAlgorithm': 'ServerTable', 'ServerRetryInitialInterval': '1', 'KeepAliveInterval': '2',
                    'ServerRetryMaxInterval': '1', 'Enable': '1'}, **values)
        settings.update({ROW + name: value for name, value in row.items()})
        for number, port in enumerate(ports, 1):
            settings.update({'%s%d.%s' % (SERVERS, number, name): value for name, value in (
                ('Enable', '1'), ('ServerAddress', self.server.address), ('Port', port), ('Priority', number))})
        return [('add', TABLE)] + [('add', SERVERS)] * len(ports) + [
            ('set',) + tuple('%s=%s' % item for item in settings.items())]

    def connect(self, address):
        """A connection from where the server is."""
        return connect_in(self.network.server if self.network else self.namespace, address)

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
        ended, before = self.agent.process.stderr.count('the session has ended'), len(self.acs.informs())
        assert user.ask(BOUND, GOOD) == 'result'
        self.acs.wait_inform('6 CONNECTION REQUEST', after=before)
        self.agent.wait_idle(ended + 1)


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


def test_T119_each_request_has_its_answer(place):
    here = place().bound()
    user = User(here.server)
    sessions = len(here.acs.informs())
    inner = GOOD[GOOD.index('<username>'):GOOD.index('</connectionRequest>')]
    wrap = '<connectionRequest xmlns="urn:broadband-forum-org:cwmp:xmppConnReq-1-0">%s</connectionRequest>'
    long = '<username>%s</username>' % ('u' * 2000)
    for kind, content, wanted in (
            ('get', request(USER, 'wrong'), 'not-authorized'),
            ('get', request('nobody', PASSWORD), 'not-authorized'),
            ('get', request('', ''), 'not-authorized'),
            ('get', request(USER, PASSWORD, 'urn:broadband-forum-org:cwmp:xmppConnReq-9-9'), 'service-unavailable'),
            ('set', GOOD, 'bad-request'),
            ('get', wrap % '<username>x</username>', 'bad-request'),
            ('get', wrap % (inner + inner), 'bad-request'),
            ('get', wrap % (inner + '<more/>'), 'bad-request'),
            ('get', wrap % (long + '<password>x</password>'), 'bad-request'),
            ('get', wrap % '', 'bad-request'),
            ('get', GOOD + GOOD, None),
            ('get', '<ping xmlns="urn:xmpp:ping"/>', 'result'),
            ('get', '<query xmlns="jabber:iq:roster"/>', 'service-unavailable'),
            ('set', '<x xmlns="urn:x"/>', 'service-unavailable')):
        if wanted is None:  # the server itself refuses some of these
            continue
        assert user.ask(BOUND, content, kind) == wanted, content
    user.send('<message to="%s"><body>hello</body></message><presence to="%s"/>' % (BOUND, BOUND))
    wait_until(lambda: here.value(COUNTERS + 'XMPPWrongCredentials') == 3, 'the refused ones to be counted')
    user.ask(BOUND, GOOD.replace(PASSWORD, 'x'))
    wait_until(lambda: here.value(COUNTERS + 'XMPPMalformed') == 6, 'the malformed ones to be counted')
    assert len(here.acs.informs()) == sessions
    here.reached(user)


def test_T119_foreign_sender(place):
    here = place().bound()
    user, stranger = User(here.server), User(here.server, 'stranger')
    here.reached(stranger)  # an empty list allows everybody
    assert here.acs.set({ALLOWED: 'nobody@example, ' + SENDER.upper()}).good
    sessions = len(here.acs.informs())
    assert stranger.ask(BOUND, GOOD, timeout=2) is None
    wait_until(lambda: here.value(COUNTERS + 'XMPPWrongSender') == 1, 'the stranger to be counted')
    assert len(here.acs.informs()) == sessions
    here.reached(user)
    assert here.acs.set({ALLOWED: SENDER + '/test'}).good
    here.reached(user)
    other = User(here.server, resource='other')
    assert other.ask(BOUND, GOOD, timeout=2) is None
    assert here.acs.set({ALLOWED: ','.join('a%d@b' % number for number in range(33))}).details == {ALLOWED: 9007}


@pytest.mark.parametrize('setting, answer', [(None, None), ('no-answer', None),
                                             ('service-unavailable', 'service-unavailable')])
def test_R113_wrong_sender(place, setting, answer):
    """What who may not ask is told, by [connection_request] xmpp_wrong_sender: with good credentials or not, it is the same."""
    here = place(connection_request={'xmpp_wrong_sender': setting} if setting else None).bound()
    user, stranger = User(here.server), User(here.server, 'stranger')
    assert here.acs.set({ALLOWED: SENDER}).good
    sessions = len(here.acs.informs())
    for content in (GOOD, request(USER, 'wrong')):
        assert stranger.ask(BOUND, content, **({} if answer else {'timeout': 2})) == answer
    wait_until(lambda: here.value(COUNTERS + 'XMPPWrongSender') == 2, 'the stranger to be counted')
    assert len(here.acs.informs()) == sessions
    assert user.ask(BOUND, request(USER, 'wrong')) == 'not-authorized'
    here.reached(user)


def test_T119_too_many(place):
    here = place().bound()
    user = User(here.server)
    answers = [user.ask(BOUND, GOOD) for _ in range(40)]
    assert answers[0] == 'result' and answers[-1] == 'service-unavailable' and set(answers) == {answers[0], answers[-1]}
    wait_until(lambda: here.value(COUNTERS + 'XMPPLimited') == answers.count('service-unavailable'), 'those to be counted')


def test_T119_flood(place):
    """Requests as fast as they can be sent: each is answered, and a genuine one gets through."""
    here = place().bound()
    user, stranger = User(here.server), User(here.server, 'stranger')
    numbers = [stranger.iq(BOUND, request(USER, 'wrong')) for _ in range(500)]
    before = len(here.acs.informs())
    wait_until(lambda: user.ask(BOUND, GOOD) == 'result', 'a good answer')
    here.acs.wait_inform('6 CONNECTION REQUEST', after=before)
    assert set(stranger.answers(numbers).values()) == {'not-authorized', 'service-unavailable'}
    wait_until(lambda: here.value(COUNTERS + 'XMPPWrongCredentials') + here.value(COUNTERS + 'XMPPBusy') >= 500,
               'all to be counted')


def changes(here):
    """The Informs that told of ConnReqJabberID: its values."""
    return [inform.parameters.get(JABBER_ID, '') for inform in here.acs.informs()
            if any(name.startswith(JABBER_ID) for name in inform.parameters)]


def test_T119_notified_once(place):
    here = place().bound()
    here.acs.wait_inform('4 VALUE CHANGE')
    time.sleep(2)
    assert changes(here) == [BOUND]


def test_T119_lost_link_is_no_change(place):
    here = place().bound()
    here.acs.wait_inform('4 VALUE CHANGE')
    here.server.stop()
    here.wait_value(ROW + 'Status', 'ServerNotPresent')
    assert here.value(JABBER_ID) == BOUND and here.value(ROW + 'TLSEstablished') is False
    here.server.start()
    here.bound()
    here.reached(User(here.server))
    here.server.kill()
    wait_until(lambda: here.value(ROW + 'Status') != 'Enabled', 'the loss to be noticed')
    here.server.start()
    here.bound()
    here.reached(User(here.server))
    assert changes(here) == [BOUND]


def test_R112_disabled_and_deleted(place):
    here = place().bound()
    here.acs.wait_inform('4 VALUE CHANGE')
    here.agent.wait_idle(2)
    assert here.acs.set({ROW + 'Enable': '0'}).good
    here.wait_value(ROW + 'Status', 'Disabled')
    here.wait_value(JABBER_ID, '')
    wait_until(lambda: changes(here) == [BOUND, ''], 'the ACS to hear of it')
    assert here.acs.set({ROW + 'Enable': '1'}).good
    here.bound()
    wait_until(lambda: changes(here) == [BOUND, '', BOUND], 'the ACS to hear of it')
    assert here.acs.call(('delete', ROW)).good
    wait_until(lambda: changes(here) == [BOUND, '', BOUND, ''], 'the ACS to hear of it')
    assert here.value(REFERENCE) == '' and here.value('Device.XMPP.ConnectionNumberOfEntries') == 0
    assert not here.agent.tree(TABLE)
    assert here.acs.set({REFERENCE: TABLE + '1'}).details == {REFERENCE: 9007}


def test_R112_changes_take_effect(place):
    here = place().bound()
    before = here.client.pid
    assert here.acs.set({ROW + 'Resource': 'other', ROW + 'Alias': 'main'}).good
    here.wait_value(JABBER_ID, '%s@%s/other' % (DEVICE, DOMAIN))
    wait_until(lambda: changes(here)[-1:] == ['%s@%s/other' % (DEVICE, DOMAIN)], 'the ACS to hear of it')
    times = here.client.stderr.count('reached as')
    assert here.acs.set({ROW + 'KeepAliveInterval': '1', ROW + 'ServerConnectAttempts': '3'}).good
    time.sleep(2)
    assert here.client.stderr.count('reached as') == times
    assert here.client.stderr.count('127.0.0.1 port') == 2  # a changed keep-alive is no new connection
    assert here.acs.set({ROW + 'Resource': ''}).good
    wait_until(lambda: here.value(ROW + 'JabberID') not in ('', '%s@%s/other' % (DEVICE, DOMAIN)), 'a chosen resource')
    assert here.client.pid == before
    bad = here.acs.set({ROW + 'Username': 'a@b', ROW + 'KeepAliveInterval': '-2', ROW + 'Alias': '1', SERVERS + '1.Port': '70000',
                        ROW + 'ServerConnectAlgorithm': 'WebSocket'})
    assert set(bad.details.values()) == {9007} and len(bad.details) == 5


def test_R112_wrong_password(place):
    here = place(Password='wrong')
    here.wait_value(ROW + 'Status', 'Error_AuthenticationFailure')
    assert 'refuses' in here.value(ROW + 'X_ESPALIER_LastError') and here.value(JABBER_ID) == ''
    assert here.acs.set({ROW + 'Password': DEVICE_PASSWORD}).good
    here.bound()


@pytest.mark.parametrize('case', ['authority', 'host'])
def test_R112_wrong_certificate(place, tmp_path, start_prosody, case):  # noqa: F811
    """Another authority, or a certificate for another host: not a byte of SASL."""
    other = make_certificate(tmp_path, 'other', 'other.example' if case == 'host' else DOMAIN)
    server = start_prosody(certificate=other)
    trusted = other[0] if case == 'host' else make_certificate(tmp_path, 'trusted')[0]
    here = place(server, certificate=trusted)
    here.wait_value(ROW + 'Status', 'Error')
    assert 'certificate' in here.value(ROW + 'X_ESPALIER_LastError')
    assert 'mechanism' not in server.process.stdout.replace('mechanisms', '') and '<auth' not in server.process.stdout


def test_R112_server_unreachable(place, start_prosody, free_port):  # noqa: F811
    server = start_prosody()
    server.stop()
    here = place(server)
    here.wait_value(ROW + 'Status', 'ServerNotPresent')
    server.start()
    here.bound()


def test_R112_servers_by_priority(place, start_prosody):  # noqa: F811
    first = start_prosody(name='first')
    second = start_prosody(name='second', certificate=(first.certificate, first.certificate.with_suffix('.key')))
    first.stop()
    here = place(first, ports=(first.port, second.port), ServerConnectAttempts='1')
    here.bound()
    assert len(here.agent.tree(SERVERS)) == 12
    here.reached(User(second))
    first.start()
    second.stop()
    wait_until(lambda: 'port %d' % first.port in here.client.stderr[-400:] and here.value(ROW + 'Status') == 'Enabled',
               'the other server')
    here.reached(User(first))


def test_T119_killed_client(place):
    here = place().bound()
    here.acs.wait_inform('4 VALUE CHANGE')
    user = User(here.server)
    for _ in range(3):
        here.client.kill()
        here.wait_value(ROW + 'Status', 'Unknown')
        assert here.value(COUNTERS + 'XMPPClientConnected') is False and here.value(JABBER_ID) == BOUND
        assert here.value(MANAGEMENT + 'SupportedConnReqMethods') == 'HTTP'
        here.start_client()
        here.bound()
        here.reached(user)
    assert changes(here) == [BOUND]


def test_T119_killed_agent(place):
    here = place().bound()
    here.acs.wait_inform('4 VALUE CHANGE')
    here.agent.wait_idle(2)
    user = User(here.server)
    for _ in range(3):
        here.agent.process.kill()
        here.client.wait_for('the agent is gone')
        assert user.ask(BOUND, GOOD) == 'service-unavailable'
        here.agent.start()
        wait_until(lambda: here.value(ROW + 'Status') == 'Enabled', 'the agent to know')
        assert here.value(JABBER_ID) == BOUND
        before = len(here.acs.informs())
        assert user.ask(BOUND, GOOD) == 'result'
        here.acs.wait_inform('6 CONNECTION REQUEST', after=before)
    assert here.client.stderr.count('reached as') == 1, 'the connection was kept'
    assert changes(here) == [BOUND]


HEADER = ("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
          "id='1' from='%s' version='1.0'>" % DOMAIN)
TLS = '<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>'
SASL = '<mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><mechanism>%s</mechanism></mechanisms>'
PROCEED = '<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>'


def features(*parts):
    return HEADER + '<stream:features>%s</stream:features>' % ''.join(parts)


@pytest.fixture
def against(place, start_prosody, false_server):  # noqa: F811
    """against(false server, ...) is a Place whose connection goes to that server."""
    def build(server, **values):
        real = start_prosody()
        return place(real, ports=(server.port,), **values)
    return build


def test_R112_no_clear_password(against, false_server):  # noqa: F811
    server = false_server(features(SASL % 'PLAIN'))
    here = against(server, UseTLS='0')
    here.wait_value(ROW + 'Status', 'Error_AuthenticationFailure')
    assert not any(b'auth' in data for data in server.received)


def test_R112_tls_is_forced(against, false_server):  # noqa: F811
    server = false_server(features(SASL % 'SCRAM-SHA-1'))
    here = against(server)
    here.wait_value(ROW + 'X_ESPALIER_LastError', 'the server offers no TLS')
    assert not any(b'auth' in data for data in server.received)


def test_R112_without_tls(place, start_prosody):  # noqa: F811
    here = place(start_prosody(require=False), UseTLS='0').bound()
    assert here.value(ROW + 'TLSEstablished') is False
    here.reached(User(here.server))


def test_R112_server_falls_silent_in_the_handshake(against, false_server):  # noqa: F811
    server = false_server(features(TLS), PROCEED)
    here = against(server)
    here.wait_value(ROW + 'X_ESPALIER_LastError', 'TLS can\'t be started')
    assert here.client.stop() == 0


def test_R112_impostor_without_the_password(against, false_server):  # noqa: F811
    """Says that all is well, without proof."""
    server = false_server(features(SASL % 'SCRAM-SHA-256'), '<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>')
    here = against(server, UseTLS='0')
    here.wait_value(ROW + 'Status', 'Error_AuthenticationFailure')
    assert 'does not prove' in here.value(ROW + 'X_ESPALIER_LastError')


@pytest.mark.parametrize('garbage', [
    b'\0\xff\xfe', b'HTTP/1.1 400 Bad Request\r\n\r\n', b'<' * 10000, HEADER + '</stream:stream>', HEADER + '<a><b>',
    HEADER + '<stream:error><host-unknown xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>',
    HEADER + '<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>', features('<x/>' * 1000), features(SASL % 'X' * 100),
    HEADER + '<iq type="get" id="1"><ping xmlns="urn:xmpp:ping"/></iq>', features() + PROCEED,
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>' + HEADER + '<x>&b;</x>',
    HEADER + '<x>' * 5000], ids=range(13))
def test_R112_garbage(against, false_server, garbage):  # noqa: F811
    server = false_server(garbage, hold=False)
    here = against(server, UseTLS='0')
    wait_until(lambda: server.connections >= 3, 'it to come back')
    assert here.client.running() and here.value(ROW + 'Status') not in ('Enabled', 'Unknown')
    assert here.client.stop() == 0


def test_R112_endless_stanza(against, false_server):  # noqa: F811
    server = false_server(features(SASL % 'PLAIN') + '<x>', 'y' * 2000000)
    here = against(server, UseTLS='0')
    wait_until(lambda: 'stanza is too long' in here.client.stderr or here.value(ROW + 'Status') ==
               'Error_AuthenticationFailure', 'the end')
    assert here.client.running()


def test_R112_password_is_nowhere(place, run_folder, tmp_path):
    here = place().bound()
    user = User(here.server)
    here.reached(user)
    assert here.acs.get(ROW + 'Password') == {ROW + 'Password': ''}
    secrets = [DEVICE_PASSWORD, base64.b64encode(DEVICE_PASSWORD.encode()).decode().rstrip('=')]
    found = b''.join(path.read_bytes() for path in run_folder.iterdir() if path.is_file())
    logs = here.client.stderr + here.agent.process.stderr
    for secret in secrets:
        assert secret.encode() not in found and secret not in logs
    assert (run_folder / 'xmpp').stat().st_mode & 0o777 == 0o600


def test_R112_idle_makes_no_wake_up(place):
    here = place(KeepAliveInterval='60').bound()
    path = '/proc/%d/status' % here.client.pid

    def switches():
        with open(path, encoding='ascii') as file:
            return int(re.search(r'^voluntary_ctxt_switches:\s*(\d+)', file.read(), re.MULTILINE)[1])
    time.sleep(3)
    before = switches()
    time.sleep(3)
    assert switches() == before


def test_R112_keep_alive_is_a_blank(place):
    here = place(KeepAliveInterval='1').bound()
    path = '/proc/%d/net/netstat' % here.client.pid
    assert path
    time.sleep(3)
    assert here.value(ROW + 'Status') == 'Enabled'
    assert here.client.stderr.count('reached as') == 1


def test_R112_rows_survive(place):
    here = place().bound()
    here.acs.wait_inform('4 VALUE CHANGE')
    rows = {path: value for path, value in here.agent.tree(TABLE).items() if 'Stats' not in path and 'Date' not in path}
    here.client.stop()
    here.agent.wait_idle(2)
    here.agent.restart()
    here.start_client()
    here.bound()
    again = {path: value for path, value in here.agent.tree(TABLE).items() if 'Stats' not in path and 'Date' not in path}
    assert again == rows
    here.reached(User(here.server))
    assert changes(here) == [BOUND]
    result = here.acs.call(('add', SERVERS))
    assert result.line('instance') == '2'


def test_R112_local_program(place, run):
    """What the ACS can do a local program can too; a set that is undone brings the old password back."""
    here = place(configure=False)
    here.agent.run('espalier-request', 'add', TABLE)
    here.agent.run('espalier-request', 'add', SERVERS)
    here.agent.set_paths({ROW + 'Username': DEVICE, ROW + 'Password': DEVICE_PASSWORD, ROW + 'Domain': DOMAIN,
                          ROW + 'Resource': 'box', ROW + 'ServerConnectAlgorithm': 'ServerTable', ROW + 'Enable': 'true',
                          ROW + 'UseTLS': 'true', SERVERS + '1.Enable': 'true', SERVERS + '1.ServerAddress': '127.0.0.1',
                          SERVERS + '1.Port': str(here.server.port), REFERENCE: TABLE + '1'})
    here.bound()
    assert here.value(JABBER_ID) == BOUND
    here.agent.run('espalier-request', 'delete', ROW)
    assert not here.agent.tree(TABLE)


def test_T119_the_small_acs_asks(place, start_prosody):  # noqa: F811
    """espalier-acs has an account of its own."""
    server = start_prosody()
    account = ('--xmpp', SENDER + '/acs', '--xmpp-password', ACS_PASSWORD, '--xmpp-server', '127.0.0.1:%d' % server.port,
               '--xmpp-ca', server.certificate)
    here = place(server, options=account).bound()
    here.acs.wait_inform('4 VALUE CHANGE')
    here.agent.wait_idle(2)
    connected, values = [here.acs.result(number) for number in here.acs.send_all([('connect', 'xmpp'), ('get', JABBER_ID)])]
    answer, inform = re.fullmatch(r'answer_ms=([0-9.]+) inform_ms=([0-9.]+)', connected.line('connect')).groups()
    assert connected.good and float(inform) > 0 and float(answer) >= 0  # 0: it came behind the Inform
    assert values.values == {JABBER_ID: BOUND}
    assert here.acs.set({MANAGEMENT + 'ConnectionRequestPassword': 'other'}).good
    refused = here.acs.run('connect', 'xmpp')
    assert not refused.good and refused.errors == ['connection request: not-authorized']
    assert here.acs.run('connect', 'xmpp', 'nobody@%s/x' % DOMAIN).errors == ['connection request: service-unavailable']


@pytest.mark.parametrize('name', ['XMPPBasic:1', 'XMPPConnReq:1', 'XMPPAdvanced:1', 'XMPPReconnect:1'])
def test_R120_profile(shared, place, name):
    here = place()
    shown = {re.sub(r'\.\d+(?=\.)', '.{i}', path) for path in here.agent.tree()}
    profiles = {p.get('name'): p for p in ElementTree.parse(shared / 'spec/models' / MODEL).getroot().iter('profile')}
    wanted = [part.get('ref') + parameter.get('ref') for part in profiles[name].findall('object')
              for parameter in part.findall('parameter')]
    assert wanted and not [path for path in wanted if path not in shown | {ROW.replace('1', '{i}') + 'Password'}]
