# SPDX-License-Identifier: GPL-2.0-or-later
# Which certificates of an ACS are believed and which are not: names, authorities, dates, revocation, weak keys (R-14, T029).
import re

import pytest

from acs import Acs
from agent import make_agent  # noqa: F401
from names import names  # noqa: F401
from tls import (EXPIRED, FUTURE, TLS_12, TLS_13, Authority, Certificate, authority, chain_file, issue_authority,  # noqa: F401
                 refuse, serve_tls, tls_agent)  # noqa: F401

PORT = 7548


@pytest.mark.parametrize('names, common, host', [
    ('DNS:localhost', 'x', 'localhost'), ('DNS:other.example,DNS:LOCALHOST', 'x', 'localhost'),
    ('IP:127.0.0.1', 'x', '127.0.0.1'), ('DNS:a.example,IP:10.0.0.1,IP:127.0.0.1', 'x', '127.0.0.1'),
    (None, 'localhost', 'localhost')])
def test_R14_names_that_match(authority, serve_tls, tls_agent, names, common, host):
    wire = serve_tls(authority.issue('acs', names, common=common), host=host)
    agent = tls_agent(wire.url).start()
    wire.first()
    agent.wait_idle()
    assert wire.names == [host if host == 'localhost' else None], 'no server name for an address'


@pytest.mark.parametrize('names, common, host', [
    ('DNS:acs.example.com', 'localhost', 'localhost'), ('DNS:*', 'x', 'localhost'), ('DNS:*.localhost', 'x', 'localhost'),
    ('DNS:local*', 'x', 'localhost'), ('IP:127.0.0.1', 'localhost', 'localhost'),
    ('DNS:127.0.0.1', '127.0.0.1', '127.0.0.1'), (None, '127.0.0.1', '127.0.0.1'), ('IP:127.0.0.2', 'x', '127.0.0.1'),
    ('IP:::1', 'x', '127.0.0.1'), ('email:root@localhost', 'localhost', 'localhost'), (None, 'x', 'localhost')])
def test_T029_wrong_host_name(authority, serve_tls, tls_agent, names, common, host):
    wire = serve_tls(authority.issue('acs', names, common=common), host=host)
    refuse(wire, tls_agent(wire.url), r'%s:\d+: TLS: the certificate is for .*not for this host' % re.escape(host), 'bad')


def self_signed(authority, stranger):
    own = stranger.folder / 'own.pem'
    own.write_bytes(stranger.sign(stranger.key, '/CN=self', 'subjectAltName=IP:127.0.0.1', own=True))
    return Certificate(own, stranger.key, None)


def revoked(authority, stranger):
    certificate = authority.issue('revoked')
    authority.revoke(certificate)
    return certificate


def below_revoked(authority, stranger):
    middle = Authority(authority.folder, 'middle', issuer=authority)
    authority.revoke(middle)
    middle.revocations()
    return middle.issue('acs')


# What is wrong, and a certificate that is so. Its authority has an RSA key, which openssl uses with any hash.
BAD = {
    'expired': lambda authority, stranger: authority.issue('acs', dates=EXPIRED),
    'not-yet-valid': lambda authority, stranger: authority.issue('acs', dates=FUTURE),
    'wrong-name': lambda authority, stranger: authority.issue('acs', 'DNS:acs.example.com'),
    'wrong-address': lambda authority, stranger: authority.issue('acs', 'IP:127.0.0.2'),
    'no-name': lambda authority, stranger: authority.issue('acs', None),
    'self-signed': self_signed,
    'unknown-authority': lambda authority, stranger: stranger.issue('acs'),
    'revoked': revoked,
    'below-revoked': below_revoked,
    'rsa-1024': lambda authority, stranger: authority.issue('acs', key='1024'),
    'ec-192': lambda authority, stranger: authority.issue('acs', key='ec192'),
    'md5': lambda authority, stranger: authority.issue('acs', md='md5'),
    'sha1': lambda authority, stranger: authority.issue('acs', md='sha1'),
    'below-weak': lambda authority, stranger: Authority(authority.folder, 'weak', issuer=authority, md='sha1').issue('acs'),
    'not-for-servers': lambda authority, stranger: authority.issue('acs', extra='\nextendedKeyUsage=clientAuth'),
}


@pytest.mark.parametrize('versions', [TLS_12, TLS_13], ids=['1.2', '1.3'])
@pytest.mark.parametrize('bad', BAD)
def test_T029_not_one_byte_of_HTTP(issue_authority, serve_tls, make_agent, tmp_path, bad, versions):
    """Each bad certificate, twice: what the server decrypts is nothing, and so it is when the agent comes again."""
    root = issue_authority('rsa', key='2048')
    wire = serve_tls(BAD[bad](root, issue_authority('stranger')), versions=versions)
    tls = {'ca_file': root.path}
    if 'revoked' in bad:
        # A list is believed when its authority is one of ca_file.
        middle = root.folder / 'middle'
        tls = {'ca_file': chain_file(tmp_path, 'ca', root.path, *middle.glob('ca.pem')),
               'crl_file': chain_file(tmp_path, 'crl', root.revocations(), *middle.glob('list.crl'))}
    agent = make_agent(wire.url, sections={'tls': tls}).fast_retry().start()
    for attempt in (1, 2):
        wire.refused()
        assert 'TLS: ' in agent.wait_failed(attempt)
    assert 'TLSv1.' not in agent.process.stderr, 'the line of a handshake that is done'


@pytest.fixture
def inside(start, netns, names, record, authority, tls_agent):  # noqa: F811
    """inside({name: [address]}, certificate, address, host) has an agent and an ACS in a namespace, with a name server."""
    namespace = netns()
    server = names(namespace)

    def make(known, alternative, address, host):
        certificate = authority.issue('acs', alternative)
        server.serve(known)
        acs = Acs(start('espalier-acs', '-p', PORT, '-i', '--record', record, '--listen', address, '--certificate',
                        certificate.chain, '--key', certificate.key, namespace=namespace, stdin=-1), record)
        return acs, tls_agent('https://%s:%d/' % (host, PORT), namespace=namespace)
    return make


@pytest.mark.parametrize('alternative, address, host', [
    ('DNS:*.acs.example', '127.0.0.1', 'one.acs.example'), ('DNS:acs.example', '127.0.0.1', 'ACS.example'),
    ('IP:::1', '::1', '[::1]'), ('IP:127.0.0.1', '127.0.0.1', '127.0.0.1')])
def test_R14_right_for_a_name_or_an_address(inside, alternative, address, host):
    acs, agent = inside({host.lower(): [address]} if 'example' in host else {}, alternative, address, host)
    agent.start()
    acs.wait_inform('0 BOOTSTRAP')
    agent.wait_idle()


@pytest.mark.parametrize('alternative, address, host', [
    ('DNS:*.acs.example', '127.0.0.1', 'acs.example'), ('DNS:*.acs.example', '127.0.0.1', 'a.one.acs.example'),
    ('DNS:*.example', '127.0.0.1', 'one.acs.example'), ('DNS:*', '127.0.0.1', 'example'),
    ('IP:127.0.0.1', '127.0.0.1', 'acs.example'), ('IP:::2', '::1', '[::1]'), ('DNS:acs.example', '::1', '[::1]')])
def test_R14_wrong_for_a_name_or_an_address(inside, alternative, address, host):
    acs, agent = inside({host: [address]} if 'example' in host else {}, alternative, address, host)
    agent.start()
    assert 'not for this host' in agent.wait_failed(1)
    assert not acs.messages(from_agent=True)


@pytest.mark.parametrize('versions', [TLS_12, TLS_13], ids=['1.2', '1.3'])
def test_T029_unknown_authority(issue_authority, serve_tls, tls_agent, versions):
    wire = serve_tls(issue_authority('stranger').issue('acs'), versions=versions)
    refuse(wire, tls_agent(wire.url), r'the certificate is from ".*Test stranger", which is no authority of \[tls\] ca_file')


def test_T029_self_signed(serve_tls, tls_agent, authority, issue_authority):
    wire = serve_tls(self_signed(authority, issue_authority('self')))
    refuse(wire, tls_agent(wire.url), r'self-signed and not in \[tls\] ca_file')


@pytest.mark.parametrize('dates, why', [(EXPIRED, r'the certificate expired on 2020-02-01'),
                                        (FUTURE, r'the certificate is not valid before 2100-01-01')],
                         ids=['expired', 'future'])
def test_T029_dates(authority, serve_tls, tls_agent, dates, why):
    wire = serve_tls(authority.issue('acs', dates=dates))
    refuse(wire, tls_agent(wire.url), why)


def test_chain_over_two_authorities(authority, issue_authority, serve_tls, tls_agent):
    middle = issue_authority('low', issuer=issue_authority('middle', issuer=authority))
    wire = serve_tls(middle.issue('acs'))
    agent = tls_agent(wire.url).start()
    wire.first()
    agent.wait_idle()


def test_T029_intermediate_missing(authority, issue_authority, serve_tls, tls_agent):
    wire = serve_tls(issue_authority('middle', issuer=authority).issue('acs'), chain=False)
    refuse(wire, tls_agent(wire.url), r'from ".*Test middle", which is no authority')


def test_T029_intermediate_expired(authority, issue_authority, serve_tls, tls_agent):
    wire = serve_tls(issue_authority('middle', issuer=authority, dates=EXPIRED).issue('acs'))
    refuse(wire, tls_agent(wire.url), r'expired on 2020-02-01|no authority')


def test_T029_issuer_that_is_no_authority(authority, serve_tls, tls_agent):
    """A server's certificate can't vouch for another one."""
    leaf = authority.issue('leaf')
    false = Authority(authority.folder, 'false')
    false.key.write_bytes(leaf.key.read_bytes())
    false.path.write_bytes(leaf.path.read_bytes())
    victim = false.issue('acs')
    victim.chain.write_text(victim.path.read_text() + leaf.path.read_text())
    wire = serve_tls(victim)
    refuse(wire, tls_agent(wire.url), r'TLS: ')


@pytest.mark.parametrize('options, why', [({'key': '1024'}, r'RSA key of less than 2048 bits'),
                                          ({'key': 'ec192'}, r'ECC key of less than 256 bits|refuses|curve'),
                                          ({'md': 'sha1'}, r'weak signature'), ({'md': 'md5'}, r'weak signature')],
                         ids=['rsa-1024', 'ec-192', 'sha1', 'md5'])
def test_T029_weak(issue_authority, serve_tls, make_agent, options, why):
    root = issue_authority('rsa', key='2048')
    wire = serve_tls(root.issue('acs', **options))
    refuse(wire, make_agent(wire.url, sections={'tls': {'ca_file': root.path}}), why)


def test_T029_not_for_servers(authority, serve_tls, tls_agent):
    wire = serve_tls(authority.issue('acs', extra='\nextendedKeyUsage=clientAuth'))
    refuse(wire, tls_agent(wire.url), r'not for servers')


def test_revoked(authority, serve_tls, tls_agent):
    certificate, good = authority.issue('acs'), authority.issue('good')
    authority.revoke(certificate)
    tls = {'crl_file': authority.revocations()}
    wire = serve_tls(certificate)
    agent = tls_agent(wire.url, tls=tls)
    refuse(wire, agent, r'the certificate is revoked')
    agent.process.stop()
    wire = serve_tls(good)
    agent = tls_agent(wire.url, tls=tls).start()
    wire.first()
    agent.wait_idle()


def test_revoked_chain(authority, issue_authority, serve_tls, tls_agent, tmp_path):
    middle = issue_authority('middle', issuer=authority)
    certificate = middle.issue('acs')
    lists = chain_file(tmp_path, 'crl', authority.revocations(), middle.revocations())
    trusted = chain_file(tmp_path, 'ca', authority.path, middle.path)
    wire = serve_tls(certificate)
    agent = tls_agent(wire.url, tls={'ca_file': trusted, 'crl_file': lists}).start()
    wire.first()
    agent.wait_idle()
    agent.process.stop()
    authority.revoke(middle)
    chain_file(tmp_path, 'crl', authority.revocations(), middle.revocations())
    wire = serve_tls(certificate)
    refuse(wire, tls_agent(wire.url, tls={'ca_file': trusted, 'crl_file': lists}),
           r'a certificate of its authorities is revoked')


def test_no_revocation_list_of_the_issuer(authority, issue_authority, serve_tls, tls_agent):
    wire = serve_tls(issue_authority('middle', issuer=authority).issue('acs'))
    refuse(wire, tls_agent(wire.url, tls={'crl_file': authority.revocations()}), r'crl_file has no revocation list')
