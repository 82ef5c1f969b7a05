# SPDX-License-Identifier: GPL-2.0-or-later
# TLS to the ACS: versions, own certificate, resumption, files, the clock, real servers (R-13 to R-16, T028 to T032).
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from datetime import datetime, timezone

import pytest

from acs import start_acs  # noqa: F401
from agent import CREDENTIALS, SERVER, URL, make_agent, publish  # noqa: F401
from clock import clock, clock_library  # noqa: F401
from process import wait_until
from tls import (EXPIRED, TLS_12, TLS_13, authority, issue_authority, openssl, refuse, serve_tls,  # noqa: F401
                 server_context, tls_agent)  # noqa: F401
from wire import Wire, envelope, get_values, knock


@pytest.mark.parametrize('versions', [TLS_12, TLS_13], ids=['1.2', '1.3'])
@pytest.mark.parametrize('key', ['ec', 'ec384', '2048', '3072'])
def test_T028_valid_certificate(authority, serve_tls, tls_agent, versions, key):
    wire = serve_tls(authority.issue('acs', 'DNS:localhost', key=key), host='localhost', versions=versions)
    agent = tls_agent(wire.url).start()
    assert wire.first().method == 'Inform'
    agent.wait_idle()
    assert wire.names == ['localhost']
    assert re.search(r'TLS: TLSv1\.[23], ', agent.process.stderr)


def test_T031_only_old_versions(authority, serve_tls, tls_agent):
    wire = serve_tls(authority.issue('acs', key='2048'), versions=(ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1))
    refuse(wire, tls_agent(wire.url), r'TLS: .*neither TLS 1\.2 nor 1\.3')


def test_no_cipher_in_common(authority, serve_tls, tls_agent):
    wire = serve_tls(authority.issue('acs', key='2048'), versions=TLS_12, ciphers='AES128-SHA:@SECLEVEL=0')
    refuse(wire, tls_agent(wire.url), r'no version or cipher in common')


@pytest.mark.parametrize('versions', [TLS_12, TLS_13], ids=['1.2', '1.3'])
def test_T032_client_certificate(authority, issue_authority, serve_tls, tls_agent, versions):
    clients = issue_authority('clients')
    middle = issue_authority('clients-middle', issuer=clients)
    own = middle.issue('device', None, common='001122-S1')
    wire = serve_tls(authority.issue('acs'), versions=versions, trusted=clients)
    agent = tls_agent(wire.url, tls={'certificate': own.chain, 'private_key': own.key}).start()
    connection = wire.accept()
    assert ((('commonName', '001122-S1'),),) == connection.socket.getpeercert()['subject']
    connection.begin()
    connection.end()
    agent.wait_idle()
    assert 'can be read by others' not in agent.process.stderr


@pytest.mark.parametrize('versions', [TLS_12, TLS_13], ids=['1.2', '1.3'])
def test_T032_no_client_certificate(authority, issue_authority, serve_tls, tls_agent, versions):
    wire = serve_tls(authority.issue('acs'), versions=versions, trusted=issue_authority('clients'))
    agent = tls_agent(wire.url).start()
    assert 'certificate' in wire.refused()
    assert re.search(r'\[tls\] certificate', agent.wait_failed(1))


def test_T017_basic_over_https(authority, serve_tls, tls_agent):
    wire = serve_tls(authority.issue('acs'))
    agent = tls_agent(wire.url, username='cpe', password='geheim').start()
    connection = wire.accept()
    connection.receive()
    connection.answer(status='401 Unauthorized', headers='WWW-Authenticate: Basic realm="x"\r\n')
    inform = connection.receive()
    assert 'Authorization: Basic Y3BlOmdlaGVpbQ==' in inform.head
    connection.answer('')
    agent.wait_failed(1)


@pytest.mark.parametrize('versions', [TLS_12, TLS_13], ids=['1.2', '1.3'])
def test_sessions_are_resumed(authority, serve_tls, tls_agent, versions):
    wire = serve_tls(authority.issue('acs'), versions=versions)
    agent = tls_agent(wire.url).start()
    wire.first()
    agent.wait_idle()
    assert wire.context.session_stats()['hits'] == 0
    for _ in range(3):
        connection = wire.session(agent)
        assert connection.socket.session_reused
        connection.end()
    agent.wait_idle(4)
    assert wire.context.session_stats()['hits'] == 3
    assert agent.process.stderr.count(', resumed') == 3


@pytest.mark.skipif('sanitize' in os.environ.get('ESPALIER_CC', ''), reason='a sanitizer keeps what is freed')
@pytest.mark.parametrize('versions', [TLS_12, TLS_13], ids=['1.2', '1.3'])
def test_memory_after_many_handshakes(authority, issue_authority, serve_tls, tls_agent, versions):
    """Of full handshakes with ever new keys nothing remains."""
    certificates = [authority.issue('acs-%d' % number, key=('ec', 'ec384')[number % 2]) for number in range(12)]
    wire = serve_tls(certificates[0], versions=versions)
    agent = tls_agent(wire.url).start()
    wire.first()
    agent.wait_idle()
    for number, certificate in enumerate(certificates):
        wire.context = server_context(certificate, versions=versions)
        already = len(agent.process.stderr)
        agent.process.signal(1)  # with which the agent forgets its sessions
        agent.process.wait_for('the configuration was read again', after=already)
        wire.session(agent).end()
        agent.wait_idle(number + 2)
        if number == 1:
            before = agent.process.memory()
    assert ', resumed' not in agent.process.stderr
    assert agent.process.memory() - before < 256, 'KB'


@pytest.mark.parametrize('versions', [TLS_12, TLS_13], ids=['1.2', '1.3'])
def test_forgotten_sessions_are_no_error(authority, serve_tls, tls_agent, versions):
    """A server that has lost its keys makes a full handshake."""
    certificate = authority.issue('acs')
    wire = serve_tls(certificate, versions=versions)
    agent = tls_agent(wire.url).start()
    wire.first()
    agent.wait_idle()
    wire.context = server_context(certificate, versions=versions)
    assert knock(agent.tree(URL)[URL]).status in (200, 204)
    try:
        connection = wire.accept()
    except ssl.SSLError:
        # wolfSSL takes a full handshake of TLS 1.2 after a ticket for a mistake: the agent comes again at once.
        assert versions is TLS_12
        connection = wire.accept()
    connection.begin()
    assert not connection.socket.session_reused
    connection.end()
    agent.wait_idle(2)
    assert 'has failed' not in agent.process.stderr


def test_R14_redirect_is_to_a_new_host(authority, serve_tls, tls_agent):
    """Each host is checked by its own name, and a session with one is never offered to the other."""
    second = serve_tls(authority.issue('second', 'DNS:localhost'), host='localhost')
    first = serve_tls(authority.issue('first'))
    agent = tls_agent(first.url).start()
    first.redirect(second.url)
    second.first()
    agent.wait_idle()
    wrong = serve_tls(authority.issue('wrong', 'DNS:elsewhere.example'), host='localhost')
    agent.process.signal(1)
    agent.set(URL=first.url + 'again')
    first.redirect(wrong.url)
    wrong.refused()
    assert re.search(r'localhost:%d: TLS: the certificate is for elsewhere.example' % wrong.port, agent.wait_failed(1))


def test_http_redirected_to_https(authority, serve_tls, tls_agent):
    secure, plain = serve_tls(authority.issue('acs')), Wire()
    agent = tls_agent(plain.url).start()
    plain.redirect(secure.url)
    secure.first()
    agent.wait_idle()
    plain.close()


def test_R13_https_is_not_redirected_to_http(authority, serve_tls, tls_agent):
    secure, plain = serve_tls(authority.issue('acs')), Wire()
    agent = tls_agent(secure.url).start()
    secure.redirect(plain.url)
    assert re.search(r'redirected from https to "http://127', agent.wait_failed(1))
    plain.socket.settimeout(1)
    with pytest.raises(TimeoutError):
        plain.accept()
    plain.close()


def test_verify_no(issue_authority, serve_tls, make_agent):
    wire = serve_tls(issue_authority('stranger').issue('acs', 'DNS:elsewhere.example', dates=EXPIRED))
    agent = make_agent(wire.url, sections={'tls': {'verify': 'no'}}).start()
    wire.first()
    agent.wait_idle()
    assert re.search(r'<4>.*verify = no', agent.process.stderr)


def test_files_that_are_wrong(authority, issue_authority, tls_agent, tmp_path):
    own, other = authority.issue('own'), authority.issue('other')
    empty, missing = tmp_path / 'empty', tmp_path / 'missing'
    empty.write_text('')
    encrypted = tmp_path / 'encrypted.key'
    openssl('pkey', '-in', own.key, '-aes128', '-passout', 'pass:x', '-out', encrypted)
    for keys, why in [({'ca_file': missing}, r'\[tls\] ca_file %s: No such file' % missing),
                      ({'ca_file': empty}, r'\[tls\] ca_file %s: holds no certificate' % empty),
                      ({'ca_file': tmp_path}, r'\[tls\] ca_file %s: ' % tmp_path),
                      ({'crl_file': empty}, r'\[tls\] crl_file %s: holds no revocation list' % empty),
                      ({'crl_file': issue_authority('a').revocations()}, r'crl_file .*: a list is not from an authority'),
                      ({'certificate': own.path}, r'\[tls\] private_key is missing'),
                      ({'private_key': own.key}, r'\[tls\] certificate is missing'),
                      ({'certificate': empty, 'private_key': own.key}, r'\[tls\] certificate %s: holds no cert' % empty),
                      ({'certificate': own.path, 'private_key': empty}, r'\[tls\] private_key %s: holds no' % empty),
                      ({'certificate': own.path, 'private_key': encrypted}, r'private_key .*: is encrypted'),
                      ({'certificate': own.path, 'private_key': other.key}, r'private_key .*: does not belong to')]:
        agent = tls_agent('https://127.0.0.1:1/', tls=keys)
        process = agent.begin('espalier-agent', '-c', agent.path)
        assert process.wait() == 2, keys
        assert re.search(why, process.stderr), process.stderr
        assert process.stderr.count('\n') == 1 + process.stderr.count('<4>'), process.stderr


def test_key_that_others_can_read(authority, serve_tls, tls_agent):
    own = authority.issue('own')
    own.key.chmod(0o644)
    wire = serve_tls(authority.issue('acs'))
    agent = tls_agent(wire.url, tls={'certificate': own.path, 'private_key': own.key}).start()
    wire.first()
    agent.wait_idle()
    assert re.search(r'<4>\[tls\] private_key .* can be read by others', agent.process.stderr)
    for line in own.key.read_text().splitlines()[1:-1]:
        assert line not in agent.process.stderr
    assert str(own.key) not in str(agent.tree())


def test_SIGHUP_reads_the_files_again(authority, issue_authority, serve_tls, make_agent, tmp_path):
    stranger, ca_file = issue_authority('stranger'), tmp_path / 'ca.pem'
    ca_file.write_text(authority.path.read_text())
    wire = serve_tls(stranger.issue('acs'))
    agent = make_agent(wire.url, sections={'tls': {'ca_file': ca_file}}).fast_retry()
    refuse(wire, agent, r'no authority of')
    before = len(agent.process.stderr)
    ca_file.write_text('broken')
    agent.process.signal(1)
    agent.process.wait_for(r'<3>.*\[tls\] ca_file', after=before)
    ca_file.write_text(stranger.path.read_text())
    agent.process.signal(1)
    agent.process.wait_for('the configuration was read again', after=before)
    while True:
        try:
            connection = wire.accept()
            break
        except (ssl.SSLError, OSError):
            continue
    connection.begin()
    connection.end()
    agent.wait_idle()


def test_body_that_ends_without_close_notify(authority, serve_tls, tls_agent):
    """A body without a length that ends with the connection may be cut short by anybody on the way."""
    for end_well in (False, True):
        wire = serve_tls(authority.issue('acs-%d' % end_well), versions=TLS_12)
        agent = tls_agent(wire.url).start()
        connection = wire.accept()
        connection.receive()
        connection.send(b'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nConnection: close\r\n\r\n<a/>')
        if end_well:
            connection.socket.unwrap()
        else:
            connection.close()
        failed = agent.wait_failed(1)
        assert ('close_notify' in failed) is not end_well, failed
        agent.process.stop()


def test_large_answers_both_ways(authority, serve_tls, tls_agent):
    wire = serve_tls(authority.issue('acs'))
    agent = tls_agent(wire.url).start()
    wire.first()
    agent.wait_idle()
    connection = wire.session(agent)
    answer = connection.call(get_values(*['Device.'] * 200))
    assert len(answer.texts('Name')) > 10000 and len(answer.body) > 1 << 20
    assert SERVER + 'URL' in answer.texts('Name')
    connection.end()
    agent.wait_idle(2)


def test_R02_a_long_answer_with_its_length(authority, serve_tls, tls_agent):
    wire = serve_tls(authority.issue('acs'))
    agent = tls_agent(wire.url).start()
    wire.first()
    agent.wait_idle()
    connection = wire.session(agent)
    connection.answer(envelope(get_values(*[SERVER] * 200)))
    assert 'chunked' in connection.receive().head
    connection.answer(status='411 Length Required')
    answer = connection.receive()
    assert 'Content-Length' in answer.head and len(answer.body) > 1 << 20 and answer.body.endswith('Envelope>\n')
    connection.end()
    agent.wait_idle(2)


def test_no_authorities_at_all(serve_tls, authority, make_agent):
    """An empty ca_file means the system's; where that is missing the agent says so."""
    if os.path.exists('/etc/ssl/certs/ca-certificates.crt'):
        wire = serve_tls(authority.issue('acs'))
        refuse(wire, make_agent(wire.url), r'no authority of \[tls\] ca_file')
    else:
        agent = make_agent('https://127.0.0.1:1/').start()
        assert 'is missing: no authority is known' in agent.wait_failed(1)


def test_T030_expired_certificate_clock_unset(authority, serve_tls, tls_agent, unset_clock):
    """Only the dates are overlooked; and what was overlooked is not resumed when time is known."""
    wire = serve_tls(authority.issue('acs', dates=EXPIRED))
    agent = tls_agent(wire.url, variables=unset_clock('1970-01-01')).start()
    wire.first()
    agent.wait_idle()
    agent.process.stop()
    wire = serve_tls(authority.issue('acs-now'))
    agent = tls_agent(wire.url, variables=unset_clock('1970-01-01')).start()
    wire.first()
    agent.wait_idle()


def test_T030_nothing_else_is_overlooked(authority, issue_authority, serve_tls, tls_agent, unset_clock):
    stranger = issue_authority('stranger')
    for certificate, why in [(stranger.issue('a', dates=EXPIRED), 'no authority'),
                             (authority.issue('b', 'DNS:elsewhere.example', dates=EXPIRED), 'not for this host'),
                             (authority.issue('c', dates=EXPIRED, md='sha1'), 'weak signature'),
                             (stranger.issue('d'), 'no authority')]:
        wire = serve_tls(certificate)
        agent = tls_agent(wire.url, variables=unset_clock('1970-01-01'))
        refuse(wire, agent, why)
        agent.process.stop()


def test_T030_dates_count_when_time_is_known(authority, serve_tls, tls_agent, unset_clock, clock):
    wire = serve_tls(authority.issue('acs', dates=EXPIRED))
    agent = tls_agent(wire.url, variables=unset_clock('1970-01-01')).start()
    wire.first()
    agent.wait_idle()
    clock.set(ahead=0, known=True)
    assert knock(agent.tree(URL)[URL]).status in (200, 204)
    wire.refused()
    assert 'the certificate expired on 2020-02-01' in agent.wait_failed(1)


@pytest.fixture
def unset_clock(clock):
    """unset_clock(date) makes the variables of a process whose clock starts at that date and is not synchronised."""
    def make(date):
        start = datetime.fromisoformat(date).replace(tzinfo=timezone.utc).timestamp()
        clock.set(ahead=start - time.time(), known=False, tell=False)
        return clock.variables
    return make


@pytest.mark.parametrize('size', [3, 3000])
def test_espalier_acs_speaks_https(authority, start_acs, tls_agent, publish, size):
    """A whole session of reads and sets with the small ACS, recorded and validated, and resumed from the second on."""
    last = 'Device.X_ACME_Test%d.P%d' % ((size - 1) // 50, size - 1)
    certificate = authority.issue('acs')
    acs = start_acs('--certificate', certificate.chain, '--key', certificate.key, *CREDENTIALS)
    assert acs.url.startswith('https://127.0.0.1:')
    publish('vendor', *['Device.X_ACME_Test%d.P%d string value%d' % (i // 50, i, i) for i in range(size)])
    agent = tls_agent(acs.url).start()
    acs.wait_inform()
    agent.wait_idle()
    wait_until(lambda: agent.tree(last), 'the values')
    whole, changed = acs.call(('get', 'Device.'), ('set', SERVER + 'PeriodicInformInterval=4000'))[0:2]
    assert whole.good and changed.good
    assert whole.values[last] == 'value%d' % (size - 1)
    acs.wait_line(r'^-- connection \d+ speaks TLSv1.3 \S+ resumed$')
    assert not acs.warnings


@pytest.mark.parametrize('kind', ['connection-close', 'close', 'no-length', 'chunked-odd', 'continue', 'cookies'])
def test_T002_T005_T006_T007_over_tls(authority, start_acs, tls_agent, kind):
    """A connection for each message, and answers framed in other ways; the session stays one."""
    certificate = authority.issue('acs')
    acs = start_acs('--certificate', certificate.chain, '--key', certificate.key, '--session-cookie', 'required',
                    '--auth', 'digest', '--user', 'u', '--password', 'p', '--misbehave', kind + ':*', *CREDENTIALS)
    agent = tls_agent(acs.url, username='u', password='p').start()
    acs.wait_inform()
    agent.wait_idle()
    results = acs.call(('get', SERVER), ('set', SERVER + 'PeriodicInformInterval=4000'), ('get', 'Device.'))
    assert all(result.good for result in results)
    agent.wait_idle(2)
    connections = len({message.connection for message in acs.messages(True)})
    assert connections == (len(acs.messages(True)) if kind in ('connection-close', 'close', 'no-length') else 2)
    assert 'has failed' not in agent.process.stderr and len(acs.informs()) == 2


def test_espalier_acs_wrong_files(authority, run, tmp_path):
    certificate = authority.issue('acs')
    for words in (['--certificate', certificate.path], ['--key', certificate.key],
                  ['--certificate', tmp_path / 'none', '--key', certificate.key],
                  ['--certificate', certificate.path, '--key', certificate.path]):
        assert 'espalier-acs: --' in run('espalier-acs', '-p', '0', *words, status=2).stderr


NGINX = '''daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr;
events {}
http {
    access_log off;
    upstream acs { server 127.0.0.1:%d; keepalive 4; }
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
    server {
        listen 127.0.0.1:%d ssl;
        ssl_certificate %s;
        ssl_certificate_key %s;
        ssl_protocols %s;
        location / { proxy_pass http://acs; proxy_http_version 1.1; proxy_set_header Connection "";
                     proxy_request_buffering off; client_max_body_size 100m; }
    }
}
'''


@pytest.mark.parametrize('protocol', ['TLSv1.2', 'TLSv1.3'])
@pytest.mark.parametrize('key', ['ec', '2048'])
def test_nginx_in_front_of_the_acs(authority, start_acs, start, tls_agent, free_port, tmp_path, protocol, key):
    nginx = shutil.which('nginx', path=os.environ['PATH'] + ':/usr/sbin')
    if not nginx:
        pytest.skip('nginx is not installed')
    certificate, port = authority.issue('acs', key=key), free_port()
    acs = start_acs(*CREDENTIALS, '--session-cookie', 'required')
    (tmp_path / 'nginx.conf').write_text(NGINX % (acs.port, port, certificate.chain, certificate.key, protocol))
    server = start(nginx, '-p', tmp_path, '-c', 'nginx.conf', '-e', 'stderr')
    agent = tls_agent('https://127.0.0.1:%d/' % port)

    def listens():
        assert server.running(), server.stderr
        with socket.socket() as probe:
            return probe.connect_ex(('127.0.0.1', port)) == 0
    wait_until(listens, 'nginx')
    agent.start()
    acs.wait_inform()
    agent.wait_idle()
    for number in range(2, 4):
        assert acs.get('Device.')[SERVER + 'ConnectionRequestUsername'] == 'acs'
        agent.wait_idle(number)
    assert len(re.findall(r'TLS: %s, \S+, resumed' % re.escape(protocol), agent.process.stderr)) == 2
    assert not acs.warnings


@pytest.mark.parametrize('version', ['-tls1_2', '-tls1_3'])
def test_openssl_s_server(authority, start, tls_agent, free_port, version):
    certificate, port = authority.issue('acs'), free_port()
    server = start('openssl', 's_server', '-accept', '127.0.0.1:%d' % port, '-cert', certificate.path, '-key',
                   certificate.key, version, stdin=subprocess.PIPE)
    server.wait_for('ACCEPT', 'stdout')
    agent = tls_agent('https://127.0.0.1:%d/' % port).start()
    server.wait_for('POST / HTTP/1.1', 'stdout')
    server.write('HTTP/1.1 500 no\nContent-Length: 0\n\n')
    assert agent.wait_failed(1)
