# SPDX-License-Identifier: GPL-2.0-or-later
# connect, the case xmpp: an XMPP server on the server's side, the device's connection with it, and a plain exchange
# through the same server.
import pathlib
import re
import shutil
import subprocess
import sys
import time

from nat import SERVER
from programs import SECONDS, Failed

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / 'tests' / 'scenario'))

from prosody import DOMAIN, make_certificate, prepare as prepare_server  # noqa: E402

PORT, INFORM_PORT = 5222, 34570
PASSWORD = 'benchmark'
ROW = 'Device.XMPP.Connection.1.'
ROW_SERVER = ROW + 'Server.1.'
JABBER_ID = 'Device.ManagementServer.ConnReqJabberID'
VALUES = {ROW + 'Username': 'device', ROW + 'Password': PASSWORD, ROW + 'Domain': DOMAIN, ROW + 'Resource': 'box',
          ROW + 'UseTLS': 'true', ROW + 'ServerRetryInitialInterval': '1', ROW + 'ServerRetryMaxInterval': '1',
          ROW + 'ServerConnectAlgorithm': 'ServerTable', ROW + 'Enable': 'true',
          ROW_SERVER + 'Enable': 'true', ROW_SERVER + 'ServerAddress': SERVER,
          'Device.ManagementServer.ConnReqXMPPConnection': ROW[:-1]}


def why_not():
    """Why it can't be measured, or None."""
    return None if shutil.which('prosody') else 'prosody is not installed'


def wait(look, what):
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise Failed(what)


def certificate(place):
    return make_certificate(place.folder, 'xmpp')[0]


def prepare(place):
    place.nat.forward({})
    path = prepare_server(place.folder / 'prosody', PORT, SERVER, *make_certificate(place.folder, 'xmpp'),
                          {'device': PASSWORD, 'acs': PASSWORD})
    # what it logs takes time
    path.write_text(re.sub(r'^log = .*$', 'log = { warn = "%s" }' % (place.folder / 'prosody.log'), path.read_text(),
                           flags=re.MULTILINE))
    place.start('prosody', '--config', path, '-F')
    configuration = place.folder / 'xmpp.conf'
    configuration.write_text((place.folder / 'espalier.conf').read_text() +
                             '[tls]\nca_file = %s\n' % certificate(place))
    place.start('espalier-xmpp', '-c', configuration)
    place.more_acs = ('--xmpp', 'acs@%s/acs' % DOMAIN, '--xmpp-password', PASSWORD, '--xmpp-server',
                      '%s:%d' % (SERVER, PORT), '--xmpp-ca', certificate(place))


def request(place, *arguments):
    subprocess.run([str(place.build / 'espalier-request'), *arguments], env=place.environment, check=True,
                   capture_output=True, timeout=SECONDS)


def words(place, _):
    """Has the device connect; returns the words of the ACS's command."""
    request(place, 'add', 'Device.XMPP.Connection.')
    request(place, 'add', ROW + 'Server.')
    request(place, 'set', *['%s=%s' % item for item in VALUES.items()])
    return ('xmpp', wait(lambda: place.tree(JABBER_ID), 'the device has no Jabber ID'))


def exchanges(place, count):
    """So many plain exchanges; returns the milliseconds of each."""
    device_jid = 'device@%s/plain' % DOMAIN
    common = (PASSWORD, SERVER, PORT, certificate(place))
    device = place.start('bench/xmpp-exchange', 'device', device_jid, *common, SERVER, INFORM_PORT,
                         stdout=subprocess.PIPE)
    if device.stdout.readline() != b'ready\n':
        raise place.failed(device, 'is not ready')
    # one more: the first meets caches that are cold
    server = place.start('bench/xmpp-exchange', 'server', 'acs@%s/plain' % DOMAIN, *common, INFORM_PORT, count + 1,
                         device_jid, stdout=subprocess.PIPE)
    values = [float(line) for line in server.stdout.read().decode().splitlines()[1:]]
    place.stop(device)
    place.stop(server)
    if len(values) != count + 1:
        raise place.failed(server, 'did not get through')
    return values[1:]
