# SPDX-License-Identifier: GPL-2.0-or-later
# Floods of forged connection requests, by UDP and by HTTP: no session is started, good requests get through, memory stays,
# and the processor is not used up (T117, T118; ). "make test" has each for two seconds at a lower
# rate, "make soak" for ten at 100,000 a second, with figures.
import hashlib
import json
import pathlib
import subprocess
import time
import urllib.parse

import pytest

from acs import start_acs  # noqa: F401
from agent import PASSWORD, URL, USER, make_agent  # noqa: F401
from process import TIMEOUT, wait_until
from test_stun import COUNTERS, NOW, STUN, datagram, place  # noqa: F401
from topology import SERVER, SERVER_2, STUN_PORT, start_stun, topology  # noqa: F401

REALM = 'Espalier'
MANY = 500  # different requests, sent in turn
FULL = pytest.param(100000, 10, marks=pytest.mark.soak)
QUICK = (8000, 2)
ANSWERED = 1000  # ms within which a good request leads to an Inform, at the full rate
MEMORY = 1024  # KB by which a program may have grown; its buffers are touched for the first time
PROCESSOR = 0.75  # of one processor that a program may take; the other half of its budgets is the kernel's work for it


def forged_datagrams(kind, good):
    """Requests that must not lead to anything: `good` is one that did."""
    late = NOW + 100000
    make = {'signature': lambda n: datagram(late + n, n, sig=hashlib.sha1(b'%d' % n).hexdigest()),
            'password': lambda n: datagram(late + n, n, password='guess-%d' % n),
            'user': lambda n: datagram(late + n, n, user='stranger-%d' % n),
            'malformed': lambda n: datagram(late + n, n).replace('&cn=', '&cm='),
            'replayed': lambda n: good,
            'junk': lambda n: 'G' + 'x' * (n % 900 + 20)}
    if kind == 'mixed':
        return [make[list(make)[n % len(make)]](n).encode() for n in range(MANY)]
    return [make[kind](n).encode() for n in range(MANY)]


def authorization(path, nonce, password=PASSWORD, count='00000001', user=USER):
    """An Authorization header with MD5."""
    def md5(*parts):
        return hashlib.md5(':'.join(parts).encode()).hexdigest()
    response = md5(md5(user, REALM, password), nonce, count, 'abc', 'auth', md5('GET', path))
    return ('Authorization: Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=MD5, '
            'cnonce="abc", qop=auth, nc=%s\r\n' % (user, REALM, nonce, path, response, count))


def forged_http(kind, url, nonce):
    """As forged_datagrams(); `nonce` was used once."""
    path = url.path

    def get(target, headers=''):
        return 'GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n' % (target, url.netloc, headers)
    make = {'plain': lambda n: get(path),
            'password': lambda n: get(path, authorization(path, nonce, 'guess-%d' % n)),
            'nonce': lambda n: get(path, authorization(path, '%048x' % n)),
            'replayed': lambda n: get(path, authorization(path, nonce)),
            'path': lambda n: get('/%d' % n),
            'headers': lambda n: get(path, 'X: %s\r\n' % ('y' * 3000)),
            'junk': lambda n: '\x01\x02\x03 %d\r\n\r\n' % n}
    if kind == 'mixed':
        return [make[list(make)[n % len(make)]](n).encode('latin-1') for n in range(MANY)]
    return [make[kind](n).encode('latin-1') for n in range(MANY)]


class Watched:
    """A program whose memory and processor time are looked at."""

    def __init__(self, process, name):
        self.name, self.pid = name, self.find(process.pid, name)
        self.memory, self.time = self.now()

    @staticmethod
    def find(pid, name):
        """ip netns exec runs the program in its own place."""
        assert pathlib.Path('/proc/%d/comm' % pid).read_text().startswith(name[:15])
        return pid

    def now(self):
        status = pathlib.Path('/proc/%d/status' % self.pid).read_text()
        fields = pathlib.Path('/proc/%d/stat' % self.pid).read_text().rpartition(')')[2].split()
        memory = next(int(line.split()[1]) for line in status.splitlines() if line.startswith('RssAnon'))
        return memory, (int(fields[11]) + int(fields[12])) / 100  # user and system time, in ticks

    def since(self):
        """(KB more, seconds of processor time) since the beginning."""
        memory, used = self.now()
        return memory - self.memory, used - self.time


class Flood:
    """The traffic generator in a namespace, with good requests meanwhile."""

    def __init__(self, here, build, rate, seconds):
        self.here, self.rate, self.seconds, self.full = here, rate, seconds, seconds > QUICK[1]
        self.program = build / 'tests/flood'
        self.watched = [Watched(here.agent.process, 'espalier-agent'), Watched(here.nat, 'espalier-nat')]
        self.before = here.sessions()
        self.processes, self.times = [], []

    def begin(self, protocol, target, payloads, *options):
        """Starts to send."""
        process = subprocess.Popen(
            self.here.net.server.command(self.program, protocol, target, '-r', self.rate, '-s', self.seconds, *options),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.processes.append(process)
        process.stdin.write(b''.join(len(one).to_bytes(4, 'little') + one for one in payloads))
        process.stdin.close()
        return self

    def good_requests(self, *ways):
        """Sends a good request each second while the flood lasts, by the ways in turn."""
        while self.processes[0].poll() is None:
            begin = time.monotonic()
            words = ways[len(self.times) % len(ways)]
            result = self.here.acs.result(self.here.acs.send('connect', *words))
            line = result.line('connect')
            self.times.append(float(line.split('inform_ms=')[1]) if line else None)
            time.sleep(max(0.0, 1 - (time.monotonic() - begin)))
        return self

    def end(self, what):
        """Checks what is left of it; returns what the first generator says."""
        all_said = [json.loads(process.stdout.read()) for process in self.processes]
        for process in self.processes:
            process.wait(TIMEOUT)
        said = all_said[0]
        used = {one.name: one.since() for one in self.watched}
        good = [one for one in self.times if one is not None]
        print('\n%s: %s; good requests %s ms' % (what, json.dumps(all_said), self.times))
        for name, (memory, seconds) in used.items():
            print('  %s: %+d KB, %.0f %% of a processor' % (name, memory, 100 * seconds / said['seconds']))
        time.sleep(1)
        assert self.here.sessions() == self.before + len(good), 'only good requests lead to sessions'
        assert all(one['sent'] or one['connections'] for one in all_said) and good
        if self.full:
            assert len(good) == len(self.times) and max(good) < ANSWERED, self.times
            for name, (memory, seconds) in used.items():
                assert memory < MEMORY and seconds / said['seconds'] < PROCESSOR, name
        return said


def start_place(place, nats=0):  # noqa: F811
    here = place(nats, options=('--connect-timeout', '5'))
    here.settle()
    return here


@pytest.mark.parametrize('source', ['stranger', 'server'])
@pytest.mark.parametrize('kind', ['signature', 'replayed', 'mixed'])
@pytest.mark.parametrize('rate,seconds', [QUICK, FULL])
def test_T118_flood_by_udp(place, build, kind, source, rate, seconds):
    """From a stranger, or with the very address and port that good requests have."""
    here = start_place(place)
    good = datagram(NOW - 2000, 77)  # before those of the ACS
    before = here.sessions()
    here.send(good)
    here.acs.wait_inform('6 CONNECTION REQUEST', after=before)
    here.agent.process.wait_for('the session has ended')
    wait_until(lambda: here.value(COUNTERS + 'UDPGranted') == 1, 'the good one to be counted')
    flood = Flood(here, build, rate, seconds).begin(
        'udp', '%s:%d' % here.address(), forged_datagrams(kind, good),
        '-f', SERVER_2 if source == 'stranger' else '%s:%d' % (SERVER, STUN_PORT))
    said = flood.good_requests(here.acs.connect[1:]).end('udp %s from %s' % (kind, source))
    counted = {'signature': ('UDPWrongSignature', 'UDPUnseen'), 'replayed': ('UDPRepeated', 'UDPOld', 'UDPUnseen'),
               'mixed': ('UDPWrongSignature', 'UDPRepeated', 'UDPOld', 'UDPUnseen')}[kind]

    def refused():
        forwarded = sum(here.value(COUNTERS + name) for name in counted)
        dropped = sum(here.value(STUN + 'ConnectionRequests' + name) for name in ('Malformed', 'WrongUser', 'Limited'))
        return forwarded + dropped
    wait_until(lambda: refused() > said['sent'] // 20, 'refused requests to be counted by reason (%d)' % refused())


@pytest.mark.parametrize('kind', ['plain', 'password', 'replayed', 'mixed'])
@pytest.mark.parametrize('rate,seconds', [QUICK, FULL])
def test_T117_flood_by_http(place, build, kind, rate, seconds):
    here = start_place(place)
    url = urllib.parse.urlsplit(here.value(URL))
    nonce = challenge(here, url)
    before = here.sessions()
    assert status(here, url, authorization(url.path, nonce)) in (200, 204)
    here.acs.wait_inform('6 CONNECTION REQUEST', after=before)
    here.agent.process.wait_for('the session has ended')
    flood = Flood(here, build, rate, seconds).begin('tcp', url.netloc, forged_http(kind, url, nonce), '-c', 64)
    flood.good_requests(('http',)).end('http %s' % kind)
    names = {'plain': ['NoCredentials'], 'password': ['WrongCredentials'], 'replayed': ['Replayed'],
             'mixed': ['NoCredentials', 'WrongCredentials', 'Replayed', 'Stale', 'WrongPath', 'Malformed']}[kind]
    for name in names:
        wait_until(lambda name=name: here.value(COUNTERS + 'HTTP' + name), '%s to be counted' % name)


@pytest.mark.parametrize('rate,seconds', [QUICK, FULL])
def test_T117_slow_senders(place, build, rate, seconds):
    """Three hundred connections that send a byte each tenth of a second."""
    here = start_place(place)
    url = urllib.parse.urlsplit(here.value(URL))
    flood = Flood(here, build, 0, seconds).begin('tcp', url.netloc, forged_http('plain', url, ''), '-c', 300, '-d', 100)
    flood.good_requests(('http',)).end('http slow')
    wait_until(lambda: here.value(COUNTERS + 'HTTPEvicted'), 'the evicted to be counted')


@pytest.mark.parametrize('rate,seconds', [QUICK, FULL])
def test_T117_T118_flood_by_both(place, build, rate, seconds):
    here = start_place(place)
    url = urllib.parse.urlsplit(here.value(URL))
    flood = Flood(here, build, rate, seconds)
    flood.begin('udp', '%s:%d' % here.address(), forged_datagrams('signature', ''), '-f', SERVER_2)
    flood.begin('tcp', url.netloc, forged_http('mixed', url, '0' * 48), '-c', 64)
    flood.good_requests(here.acs.connect[1:], ('http',)).end('udp and http')


def exchange(here, url, headers):
    """The head of the answer to a GET from the server's side."""
    program = ('import socket, sys\ns = socket.create_connection((%r, %d), 30)\ns.sendall(sys.stdin.buffer.read())\n'
               'sys.stdout.buffer.write(s.recv(4096))' % (url.hostname, url.port))
    request = 'GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n' % (url.path, url.netloc, headers)
    return subprocess.run(here.net.server.command('/usr/bin/python3', '-c', program), input=request.encode(), check=True,
                          capture_output=True, timeout=TIMEOUT).stdout.decode()


def challenge(here, url):
    """A fresh nonce."""
    return exchange(here, url, '').split('nonce="')[1].split('"')[0]


def status(here, url, headers):
    return int(exchange(here, url, headers).split()[1])
