# SPDX-License-Identifier: GPL-2.0-or-later
# tls: connections with TLS, full and resumed, and records, by the agent's own code, each beside what openssl takes with the
# same server. The server is "openssl s_server", started for each case.
import json
import re
import shutil
import ssl
import subprocess

from figures import figure, missing
from programs import Failed, Scene, children_cpu, free_port, wait_listening

RUNS = 5
CONNECTIONS = 100  # of one run
SECONDS = 1        # of one run of s_time: the least that it takes
MEBIBYTES = 256    # of records in one run
KEYS = {'EC': ('ec', '-pkeyopt', 'ec_paramgen_curve:P-256'), 'RSA': ('rsa:2048',)}
# version, key of the server
CASES = (('1.3', 'EC'), ('1.3', 'RSA'), ('1.2', 'EC'))
CIPHERS = {'AES-128-GCM': 'TLS_AES_128_GCM_SHA256', 'ChaCha20-Poly1305': 'TLS_CHACHA20_POLY1305_SHA256'}
OPENSSL = shutil.which('openssl') or '/usr/bin/openssl'
UNIT = 'us/connection'
UNIT_RECORDS = 'us/MiB'


class Certificate:
    """A server's certificate, which is its own authority."""

    def __init__(self, folder, key='EC'):
        self.path, self.key = folder / ('%s.pem' % key), folder / ('%s.key' % key)
        made = subprocess.run([OPENSSL, 'req', '-x509', '-newkey', *KEYS[key], '-nodes', '-subj', '/CN=bench', '-addext',
                               'subjectAltName=IP:127.0.0.1', '-keyout', self.key, '-out', self.path],
                              capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise Failed('openssl: %s' % (made.stderr.strip().splitlines() or ['failed'])[-1])

    def context(self):
        """For a server in Python, which takes the cipher that the client wants most."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
        context.load_cert_chain(self.path, self.key)
        return context


class Server:
    """openssl s_server with a page to fetch, or one that drops what comes."""

    def __init__(self, scene, certificate, *options):
        self.port = free_port()
        (scene.folder / 'page').write_text('a page\n')
        self.process = scene.start(OPENSSL, 's_server', '-accept', '127.0.0.1:%d' % self.port, '-cert', certificate.path,
                                   '-key', certificate.key, *options, stdin=subprocess.PIPE, cwd=scene.folder)
        wait_listening(self.port)


def client(scene, server, certificate, what, count):
    """Runs tls-client; returns what it printed."""
    done = subprocess.run([scene.build / 'bench/tls-client', str(server.port), certificate.path, what, str(count)],
                          capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise Failed(done.stderr.strip())
    return json.loads(done.stdout)


def s_time(server, certificate, what, version):
    """CPU time of s_time for a connection in us, its start included."""
    before = children_cpu()
    done = subprocess.run([OPENSSL, 's_time', '-connect', '127.0.0.1:%d' % server.port, '-CAfile', certificate.path,
                           '-' + what, '-tls' + version.replace('.', '_'), '-www', '/page', '-time', str(SECONDS)],
                          capture_output=True, text=True, check=False, timeout=120)
    used = children_cpu() - before
    match = re.search(r'^(\d+) connections in \d+ real', done.stdout, re.MULTILINE)
    if not match or (what == 'reuse') != ('rrr' in done.stdout):
        raise Failed('openssl s_time: %s' % (done.stderr.strip() or done.stdout[-100:]))
    return used * 1e6 / int(match[1])


def connections(build, version, key):
    """Full and resumed connections with one server."""
    with Scene(build) as scene:
        certificate = Certificate(scene.folder, key)
        server = Server(scene, certificate, '-WWW', '-quiet', '-tls' + version.replace('.', '_'))
        used = {'new': [], 'reuse': []}
        longest = {'new': [], 'reuse': []}
        reference = {'new': [], 'reuse': []}
        for _ in range(RUNS):
            for what in used:
                took = client(scene, server, certificate, what, CONNECTIONS)
                used[what].append(took['cpu'])
                longest[what].append(took['longest'])
                reference[what].append(s_time(server, certificate, what, version))
        name = '%s %s' % (version, key)
        for what, word in (('new', 'full'), ('reuse', 'resumed')):
            yield figure('tls_connection', '%s %s' % (name, word), UNIT, used[what], 'openssl s_time', reference[what])
        yield figure('tls_resumption', name, UNIT, used['reuse'], 'a full handshake', used['new'])
        for what, word in (('new', 'full'), ('reuse', 'resumed')):
            yield figure('tls_longest', '%s %s' % (name, word), 'us', longest[what])


def s_client(scene, server, certificate):
    """CPU time of s_client for a MiB in us, its start included; it reads zeros from a file."""
    with open(scene.folder / 'zeros', 'wb') as file:
        file.truncate(MEBIBYTES << 20)
    before = children_cpu()
    with open(scene.folder / 'zeros', 'rb') as file:
        done = subprocess.run([OPENSSL, 's_client', '-connect', '127.0.0.1:%d' % server.port, '-CAfile', certificate.path,
                               '-quiet', '-no_ign_eof'], stdin=file, capture_output=True, check=False, timeout=120)
    if done.returncode != 0:
        raise Failed('openssl s_client: %s' % done.stderr.decode(errors='replace').strip()[-100:])
    return (children_cpu() - before) * 1e6 / MEBIBYTES


def records(build, cipher):
    """Records to a server that drops them."""
    with Scene(build) as scene:
        certificate = Certificate(scene.folder)
        server = Server(scene, certificate, '-quiet', '-tls1_3', '-ciphersuites', CIPHERS[cipher])
        used, reference = [], []
        for _ in range(RUNS):
            used.append(client(scene, server, certificate, 'send', MEBIBYTES)['cpu'])
            reference.append(s_client(scene, server, certificate))
        yield figure('tls_records', cipher, UNIT_RECORDS, used, 'openssl s_client', reference)


def run(build):
    """Yields all figures."""
    for version, key in CASES:
        try:
            yield from connections(build, version, key)
        except (Failed, OSError) as error:
            yield missing('tls_connection', '%s %s' % (version, key), UNIT, str(error))
    for cipher in CIPHERS:
        try:
            yield from records(build, cipher)
        except (Failed, OSError) as error:
            yield missing('tls_records', cipher, UNIT_RECORDS, str(error))
