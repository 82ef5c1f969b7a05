# SPDX-License-Identifier: GPL-2.0-or-later
# kill -9 of the agent at any moment of file transfers: each end is told, and told once.
import collections
import os
import random
import re
import signal
import threading

import pytest

from agent import SERVER, URL, make_agent  # noqa: F401
from fileserver import file_server  # noqa: F401
from process import wait_until
from transfer import FIRMWARE, LOG, TABLE, install_program
from wire import Wire, envelope, knock

SEED = int(os.environ.get('ESPALIER_SEED') or random.randrange(1 << 30))
COMPLETE = ('TransferComplete', 'AutonomousTransferComplete')
DOWNLOAD = ('<c:Download><CommandKey>%s</CommandKey><FileType>' + FIRMWARE + '</FileType><URL>%s</URL><Username/>'
            '<Password/><FileSize>0</FileSize><TargetFileName/><DelaySeconds>0</DelaySeconds><SuccessURL/><FailureURL/>'
            '</c:Download>')
UPLOAD = ('<c:Upload><CommandKey>%s</CommandKey><FileType>' + LOG + '</FileType><URL>%s</URL><Username/><Password/>'
          '<DelaySeconds>0</DelaySeconds></c:Upload>')


class Delivery:
    """A TransferComplete that came. `followed`: the agent has gone on in that session, so that it knows of the answer."""

    def __init__(self, request):
        self.key = (request.texts('CommandKey') or request.texts('AnnounceURL'))[0]
        self.fault = int(request.texts('FaultCode')[0])
        # By which an ACS knows a repeat: all that the call says.
        self.text = re.search(r'Body>(.*)</', request.body, re.S)[1]
        self.followed = False


class Life:
    """What one process of the agent has logged of its calls. `known`: the numbers of the transfers whose end it knew to
    be told. How its last call has ended: it was killed before it had the answer (`unanswered`), or after that, but
    before it had made a note of it (`unnoted`)."""

    def __init__(self, log):
        self.known = re.findall(r'^<6>transfer (\d+): the ACS knows its end$', log, re.M)
        *before, last = re.split('^<6>calls .*TransferComplete$', log, flags=re.M)
        noted = ': the ACS knows its end' in last
        answered = 'own request sent, response' in last
        self.unanswered = bool(before) and not noted and not answered
        self.unnoted = bool(before) and not noted and answered


class Controller:
    """An ACS that gives each session what waits in `commands` {key: request}, and remembers every byte's meaning."""

    def __init__(self):
        self.wire = Wire()
        self.lock = threading.Lock()
        self.commands, self.accepted, self.sent, self.deliveries = {}, set(), set(), []
        self.wire.serve(self.serve)

    def ask(self, key, request):
        with self.lock:
            self.commands[key] = request
            self.sent.add(key)

    def take(self):
        with self.lock:
            return self.commands.popitem() if self.commands else (None, None)

    def serve(self, connection, _):
        inform = connection.receive()
        connection.answer(envelope('<c:InformResponse><MaxEnvelopes>1</MaxEnvelopes></c:InformResponse>',
                                   inform.texts('ID')[0]))
        request, delivery = connection.receive(), None
        while request.method in COMPLETE:
            delivery = Delivery(request)
            self.deliveries.append(delivery)
            connection.answer(envelope('<c:%sResponse/>' % request.method, request.texts('ID')[0]))
            request = connection.receive()
            delivery.followed = True
        assert request.body == '', request.body
        while True:
            key, command = self.take()
            if key is None:
                connection.end()
                return
            answer = connection.call(command)
            if answer.method != 'Fault':
                self.accepted.add(key)

    def told(self):
        return {delivery.key for delivery in self.deliveries}


def wake(url):
    """A connection request, of which nothing may come back."""
    try:
        knock(url)
    except (OSError, IndexError, ValueError, KeyError):
        pass


def killed(make_agent, file_server, folder, count):
    print('ESPALIER_SEED=%d' % SEED)
    chance = random.Random(SEED)
    program = install_program(folder, 1)
    log = folder / 'log'
    log.write_text('a line\n' * 1000)
    acs = Controller()
    agent = make_agent(acs.wire.url, sections={'transfer': {'firmware_program': program, 'retries': 0, 'log_file': log}})
    agent.fast_retry().start()
    agent.wait_idle()
    url = agent.tree(URL)[URL]
    file_server.files['/file'] = os.urandom(200000)
    agent.set_paths({SERVER + 'AutonomousTransferCompletePolicy.Enable': '1'})
    # An image whose program is killed with the agent too often is given up.
    faults = {'image': (9018, 9010), 'missing': (9016,), 'log': (0,), 'own': (9010,)}
    for number in range(count):
        kind = chance.choice(('image', 'missing', 'log', 'own'))
        key = '%s %d' % (kind, number)
        timer = threading.Timer(chance.uniform(0, 0.15), agent.process.signal, (signal.SIGKILL,))
        timer.start()
        if kind == 'own':
            done = agent.run('espalier-request', 'operate', TABLE + 'Report()', 'FileType=' + FIRMWARE,
                             'AnnounceURL=' + key, 'FaultCode=9010', status=None)
            acs.sent.add(key)
            if done.popen.returncode == 0:
                acs.accepted.add(key)
        else:
            acs.ask(key, UPLOAD % (key, file_server.url('/log')) if kind == 'log' else
                    DOWNLOAD % (key, file_server.url('/file' if kind == 'image' else '/nothing')))
            wake(url)
        timer.join()
        agent.process.wait()
        agent.start()
    acs.commands.clear()
    wait_until(lambda: acs.accepted <= acs.told(), 'the ends of %s' % sorted(acs.accepted - acs.told()))
    wait_until(lambda: not agent.tree(TABLE + 'Transfer.'), 'the end of all transfers')
    ended = agent.process.stderr.count('the session has ended')
    wake(url)
    agent.wait_idle(ended + 1)
    agent.process.stop()
    acs.wire.close()

    assert len(acs.accepted) > count / 4
    told = {}
    for delivery in acs.deliveries:
        assert delivery.key in acs.sent and delivery.fault in faults[delivery.key.split()[0]], vars(delivery)
        before = told.get(delivery.key)
        if before:
            assert not before.followed, '%s is told again' % delivery.key
            assert delivery.text == before.text, 'an ACS would not know it for a repeat'
        told[delivery.key] = delivery
    lives = [Life(path.read_text(errors='replace')) for path in folder.glob('*-espalier-agent.stderr')]
    known = collections.Counter(number for life in lives for number in life.known)
    assert set(known.values()) == {1}, 'an answer that the agent has had ends it'
    # What is told again was on its way when the agent was killed, and the agent had not had the answer.
    repeats = len(acs.deliveries) - len(told)
    unanswered, unnoted = sum(life.unanswered for life in lives), sum(life.unnoted for life in lives)
    print('%d kills: %d transfers accepted, %d told, %d of them again; %d kills before the agent had the answer, %d '
          'between that and its note' % (count, len(acs.accepted), len(told), repeats, unanswered, unnoted))
    assert repeats <= unanswered + unnoted and unnoted <= count / 100
    assert not os.listdir(agent.state / 'transfers')
    assert not (agent.state / 'agent.db.corrupt').exists()


@pytest.fixture
def no_leaks(environment):
    """A search for leaks in a process that is killed meanwhile says so."""
    environment['ASAN_OPTIONS'] += ':detect_leaks=0'


def test_R65_each_end_is_told_once_after_100_kills(make_agent, file_server, tmp_path, no_leaks):
    killed(make_agent, file_server, tmp_path, 100)


@pytest.mark.soak
def test_R65_each_end_is_told_once_after_500_kills(make_agent, file_server, tmp_path, no_leaks):
    killed(make_agent, file_server, tmp_path, 500)
