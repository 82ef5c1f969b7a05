# SPDX-License-Identifier: GPL-2.0-or-later
# What prosody, a real XMPP server, needs to start: its configuration, a certificate, accounts. Also for bench/.
import re
import subprocess

DOMAIN = 'xmpp.example'
PROSODY = '''
run_as_root = true
daemonize = false
pidfile = "%(folder)s/prosody.pid"
data_path = "%(folder)s/data"
certificates = "%(folder)s"
modules_enabled = { "saslauth", "tls", "ping", "posix" }
modules_disabled = { "s2s" }
interfaces = { "%(address)s" }
c2s_ports = { %(port)d }
c2s_require_encryption = %(require)s
allow_unencrypted_plain_auth = %(plain)s
authentication = "internal_plain"
storage = "internal"
log = { { levels = { min = "debug" }, to = "console" } }
VirtualHost "%(domain)s"
  ssl = { certificate = "%(certificate)s", key = "%(key)s" }
'''


def make_certificate(folder, name, host=DOMAIN, days=2):
    """A certificate of its own authority: returns the paths of certificate and key; the first is the ca_file too."""
    certificate, key = folder / (name + '.crt'), folder / (name + '.key')
    if not certificate.exists():
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout',
                        key, '-out', certificate, '-days', str(days), '-subj', '/CN=' + host, '-addext',
                        'subjectAltName=DNS:' + host], check=True, capture_output=True, timeout=60)
    return certificate, key


def prepare(folder, port, address, certificate, key, accounts, require=True, plain=False):
    """Writes all into a new folder, with the accounts {user: password}; returns the path of the configuration.

    require: whether clients have to use TLS. plain: whether they may authenticate by PLAIN without.
    """
    users = folder / 'data' / re.sub(r'[^a-z0-9]', lambda m: '%%%02x' % ord(m[0]), DOMAIN) / 'accounts'
    users.mkdir(parents=True)
    for user, password in accounts.items():
        (users / (user + '.dat')).write_text('return { ["password"] = "%s" };' % password)
    path = folder / 'prosody.cfg.lua'
    path.write_text(PROSODY % {
        'folder': folder, 'address': address, 'port': port, 'domain': DOMAIN, 'key': key, 'certificate': certificate,
        'require': str(require).lower(), 'plain': str(plain).lower()})
    return path
