# SPDX-License-Identifier: GPL-2.0-or-later
# Authorities and certificates made by openssl for a test, and an ACS with TLS of which a test writes every byte itself.
import pathlib
import re
import ssl
import subprocess

import pytest

from process import TIMEOUT
from wire import Connection, Wire

CONFIGURATION = '''[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
serial = serial
crlnumber = crlnumber
policy = any
default_days = 30
default_crl_days = 30
default_md = sha256
unique_subject = no
[any]
commonName = optional
'''
ROOT = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign'
LEAF = 'basicConstraints=CA:FALSE\nkeyUsage=digitalSignature,keyEncipherment'
TLS_12 = (ssl.TLSVersion.TLSv1_2,) * 2
TLS_13 = (ssl.TLSVersion.TLSv1_3,) * 2
EXPIRED = ('20200101000000Z', '20200201000000Z')
FUTURE = ('21000101000000Z', '21010101000000Z')


def openssl(*arguments, cwd=None):
    done = subprocess.run(['openssl'] + [str(argument) for argument in arguments], cwd=cwd, check=False,
                          capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0, 'openssl %s: %s' % (' '.join(map(str, arguments)), done.stderr)
    return done.stdout


def new_key(path, kind='ec'):
    """A private key: 'ec', 'ec384', or a number of RSA bits."""
    options = {'ec': ('-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'),
               'ec192': ('-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:prime192v1'),
               'ec384': ('-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384')}
    openssl('genpkey', '-out', path, *options.get(kind, ('-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:%s' % kind)))
    path.chmod(0o600)


class Certificate:
    """A certificate with its key: path (the certificate alone), chain (with its authorities below the root), key."""

    def __init__(self, path, key, issuer):
        self.path, self.key = path, key
        self.chain = path.with_suffix('.chain')
        above = issuer.chain.read_text() if issuer and issuer.issuer else ''
        self.chain.write_text(path.read_text() + above)


class Authority:
    """An authority: the root that trusts itself, or one below another."""

    def __init__(self, folder, name='root', issuer=None, key='ec', **options):
        self.folder, self.name, self.issuer = folder / name, name, issuer
        self.folder.mkdir(parents=True)
        (self.folder / 'ca.conf').write_text(CONFIGURATION)
        (self.folder / 'index.txt').write_text('')
        (self.folder / 'serial').write_text('1000\n')
        (self.folder / 'crlnumber').write_text('01\n')
        self.key = self.folder / 'ca.key'
        self.path = self.folder / 'ca.pem'
        new_key(self.key, key)
        if issuer:
            self.path.write_bytes(issuer.sign(self.key, '/CN=Test %s' % name, ROOT, **options))
        else:
            self.path.write_bytes(self.sign(self.key, '/CN=Test %s' % name, ROOT, own=True, **options))
        self.chain = self.folder / 'ca.chain'
        self.chain.write_text(self.path.read_text() + (issuer.chain.read_text() if issuer and issuer.issuer else ''))

    def sign(self, key, subject, extensions, dates=None, md='sha256', own=False):
        request, made = self.folder / 'request.pem', self.folder / 'made.pem'
        openssl('req', '-new', '-key', key, '-subj', subject, '-out', request)
        (self.folder / 'extensions').write_text(extensions + '\n')
        openssl('ca', '-batch', '-config', 'ca.conf', '-in', request, '-out', made, '-notext', '-md', md, '-extfile',
                'extensions', '-keyfile', self.key, *(['-selfsign'] if own else ['-cert', self.path]),
                *(['-startdate', dates[0], '-enddate', dates[1]] if dates else []), cwd=self.folder)
        return made.read_bytes()

    def issue(self, name, names='IP:127.0.0.1', key='ec', common=None, dates=None, md='sha256', extra=''):
        """A certificate for these alternative names (None: it has none)."""
        extensions = LEAF + ('\nsubjectAltName=%s' % names if names else '') + extra
        path, key_path = self.folder / (name + '.pem'), self.folder / (name + '.key')
        new_key(key_path, key)
        path.write_bytes(self.sign(key_path, '/CN=%s' % (common or name), extensions, dates, md))
        return Certificate(path, key_path, self)

    def revoke(self, certificate):
        openssl('ca', '-config', 'ca.conf', '-revoke', certificate.path, '-keyfile', self.key, '-cert', self.path,
                cwd=self.folder)

    def revocations(self, name='list', *options):
        """A revocation list as a file."""
        path = self.folder / (name + '.crl')
        openssl('ca', '-config', 'ca.conf', '-gencrl', '-out', path, '-keyfile', self.key, '-cert', self.path, *options,
                cwd=self.folder)
        return path


@pytest.fixture
def authority(tmp_path):
    """The authority that the agent of this test trusts."""
    return Authority(tmp_path / 'authorities')


@pytest.fixture
def issue_authority(tmp_path):
    """issue_authority('name', issuer=...) makes another one."""
    def make(name, **options):
        return Authority(tmp_path / 'authorities', name, **options)
    return make


def server_context(certificate, versions=(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3), ciphers=None, chain=True,
                   trusted=None):
    """What a server needs: `trusted` are authorities of client certificates, which are demanded then."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # What the agent has to refuse must be spoken first.
    context.set_ciphers(ciphers or 'ALL:@SECLEVEL=0')
    context.minimum_version, context.maximum_version = versions
    context.load_cert_chain(certificate.chain if chain else certificate.path, certificate.key)
    if trusted:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(trusted.path)
    return context


class TlsWire(Wire):
    """An ACS with TLS. names: the server names that were asked for, one a handshake."""

    def __init__(self, certificate, host='127.0.0.1', **options):
        super().__init__()
        self.context = server_context(certificate, **options)
        self.names = []
        self.context.sni_callback = lambda sock, name, context: self.names.append(name)
        self.url = 'https://%s:%d/' % (host, self.port)

    def accept(self):
        while True:
            plain = self.socket.accept()[0]
            plain.settimeout(TIMEOUT)
            try:
                return Connection(self.context.wrap_socket(plain, server_side=True))
            except ssl.SSLError as error:
                # The agent of another test, whose ACS had this port before and has ended, comes without TLS.
                if error.reason != 'HTTP_REQUEST':
                    raise

    def refused(self):
        """Takes a connection that the agent must give up in the handshake; returns what the server's side says.

        All that comes is decrypted until the connection ends, and must not be one byte.
        """
        plain = self.socket.accept()[0]
        plain.settimeout(TIMEOUT)
        decrypted = b''
        try:
            with self.context.wrap_socket(plain, server_side=True, suppress_ragged_eofs=False) as connection:
                # With TLS 1.3 the server may think that all is well until it reads.
                while data := connection.recv(65536):
                    decrypted += data
                said = 'the agent has ended the connection well'
        except (ssl.SSLError, ConnectionError, EOFError) as error:
            said = str(error)
        plain.close()
        assert not decrypted, 'the agent went on, with %r' % decrypted
        return said


@pytest.fixture
def serve_tls():
    """serve_tls(certificate, ...) starts a TlsWire."""
    wires = []

    def make(*arguments, **options):
        wires.append(TlsWire(*arguments, **options))
        return wires[-1]
    yield make
    for wire in wires:
        wire.close()


@pytest.fixture
def tls_agent(make_agent, authority):
    """tls_agent(url, tls={...}) prepares an agent that trusts the authority."""
    def make(url, tls=None, **options):
        return make_agent(url, sections={'tls': dict({'ca_file': authority.path}, **(tls or {}))}, **options)
    return make


def chain_file(folder, name, *certificates):
    """One file of several."""
    path = pathlib.Path(folder) / (name + '.pem')
    path.write_text(''.join(pathlib.Path(certificate).read_text() for certificate in certificates))
    return path


def refuse(wire, agent, why, alert=None):
    """The agent comes, refuses the server, says why, and sends no HTTP."""
    agent.start()
    said = wire.refused()
    failed = agent.wait_failed(1)
    assert re.search(why, failed), failed
    assert alert is None or alert.lower() in said.lower(), said
    agent.process.wait_for('next try in')
    return failed
