# SPDX-License-Identifier: GPL-2.0-or-later
# connect: the time from a connection request leaving the ACS to the Inform arriving there, by each way, beside a plain
# exchange of as many messages over the same path.
import collections
import json
import pathlib
import re
import shutil
import subprocess
import time

import others
import xmpp
from figures import figure, missing, percentile
from nat import OUTSIDE, SERVER, Nat
from programs import SECONDS, USER, Failed, Scene

REQUESTS = 1000
BLOCKS = 5  # of requests, with a block of plain exchanges after each
RATIO = 3
STUN_PORT = 3478
MAPPED, PLAIN_MAPPED, PLAIN = 34567, 34568, 34569  # ports
ADDRESS = 'Device.ManagementServer.UDPConnectionRequestAddress'
TIME = re.compile(r'^connect answer_ms=\S+ inform_ms=(\S+)$', re.MULTILINE)

# name; messages of the plain exchange (tcp, udp) and the address at which its device is reached (None: the first
# datagram tells); what has to be there; the words of the ACS's command, from the device's URL; goal and paper's
# figure, ms
Case = collections.namedtuple('Case', 'name messages plain prepare words goal paper')


def at(url, authority):
    """The URL at another host and port."""
    return re.sub(r'//[^/]+/', '//%s/' % authority, url)


def prepare_http(place):
    place.nat.route()


def prepare_mapping(place):
    place.nat.forward({MAPPED: place.request_port, PLAIN_MAPPED: PLAIN})


def prepare_udp(place):
    place.nat.forward({})
    place.start('turnserver', '-n', '--no-cli', '--no-tls', '--no-dtls', '--stun-only', '-p', STUN_PORT, '-L', SERVER,
                '--log-file', place.folder / 'turn.log', '--simple-log', '--pidfile', place.folder / 'turn.pid',
                '--userdb', place.folder / 'turn.db')
    place.start('espalier-nat', '-c', place.folder / 'espalier.conf')


def udp_words(place, url):
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        address = place.tree(ADDRESS)
        if address:
            return ('udp', address)
        time.sleep(0.1)
    raise Failed('the device has no address for UDP')


CASES = (
    Case('http', 'tcp', ('10.77.0.2', PLAIN), prepare_http, lambda place, url: ('http', url), 5, '50'),
    Case('mapping', 'tcp', (OUTSIDE, PLAIN_MAPPED), prepare_mapping,
         lambda place, url: ('mapping', at(url, '%s:%d' % (OUTSIDE, MAPPED))), 5, '50'),
    Case('udp', 'udp', None, prepare_udp, udp_words, 1.8, '18'),
    Case('xmpp', 'xmpp', None, xmpp.prepare, xmpp.words, 2, '2 to 7'),
)

CONFIGURATION = '''[stun]
enable = yes
minimum_keepalive = 10
maximum_keepalive = 10
'''


class Place(Scene):
    """The programs, on both sides of a router."""

    def __init__(self, build, nat):
        super().__init__(build)
        self.nat = nat
        self.acs_host, self.more_acs = SERVER, ()
        self.more_configuration = CONFIGURATION

    def start(self, program, *arguments, **options):
        server = program in ('espalier-acs', 'turnserver', 'prosody') or 'server' in arguments[:1]
        return super().start(program, *arguments, inside=self.nat.inside('server' if server else 'device'), **options)

    def acs(self, *arguments, **options):
        return super().acs('--listen', SERVER, '--udp-from', '%s:%d' % (SERVER, STUN_PORT), *self.more_acs,
                           *arguments, **options)

    def tree(self, path):
        done = subprocess.run([str(self.build / 'shmdump'), '-j', path], env=self.environment, check=False,
                              capture_output=True, text=True, timeout=SECONDS)
        return json.loads(done.stdout or '{}').get(path)

    def requests(self, words, count):
        """So many connection requests, one after the other; returns the milliseconds of each."""
        commands = self.folder / 'commands'
        commands.write_text((' '.join(('connect',) + words) + '\n') * count)
        return [float(found) for found in TIME.findall(self.acs('-f', commands))]

    def exchanges(self, case, count):
        """So many plain exchanges; returns the milliseconds of each."""
        if case.messages == 'xmpp':
            return xmpp.exchanges(self, count)
        host, port = case.plain or ('0.0.0.0', 1)
        sides = {'device': (case.messages, PLAIN, SERVER, PLAIN), 'server': (case.messages, PLAIN, host, port, count)}
        started = {}
        for side in sorted(sides, reverse=case.messages == 'udp'):
            started[side] = self.start('bench/exchange', side, *sides[side], stdout=subprocess.PIPE)
            if started[side].stdout.readline() != b'ready\n':
                raise self.failed(started[side], 'is not ready')
        server, device = started['server'], started['device']
        text = server.stdout.read().decode()
        self.stop(device)
        self.stop(server)
        values = [float(line) for line in text.splitlines()]
        if len(values) != count:
            raise self.failed(server, 'did not get through')
        return values


def beside(case):
    """What others need, as a line of text."""
    agents = dict((row[0].split(',')[0], row[-1]) for row in reversed(others.ROWS))
    return 'the paper: %s ms; other agents, by HTTP: %s' % (
        case.paper, ', '.join('%s %g ms' % item for item in sorted(agents.items())))


def measure(build, case):
    """Yields the figures of one case."""
    values, plain = [], []
    with Nat() as nat, Place(build, nat) as place:
        place.agent()
        case.prepare(place)
        words = case.words(place, place.first_session())
        place.requests(words, 10)
        for _ in range(BLOCKS):
            values += place.requests(words, REQUESTS // BLOCKS)
            plain += place.exchanges(case, REQUESTS // BLOCKS)
    yield dict(figure('connect', case.name, 'ms', values, 'plain exchange', plain, goal_value=case.goal,
                      goal_ratio=RATIO), beside=beside(case))
    yield figure('connect_99th', case.name, 'ms', [percentile(values, 0.99)], 'plain exchange',
                 [percentile(plain, 0.99)], goal_value=case.goal, goal_ratio=RATIO)


def run(build):
    """Yields all figures."""
    for case in CASES:
        if case.name == 'udp' and not shutil.which('turnserver'):
            yield missing('connect', case.name, 'ms', 'coturn is not installed')
            continue
        if case.name == 'xmpp' and xmpp.why_not():
            yield missing('connect', case.name, 'ms', xmpp.why_not())
            continue
        try:
            yield from measure(pathlib.Path(build), case)
        except Failed as error:
            yield missing('connect', case.name, 'ms', str(error))
