# SPDX-License-Identifier: GPL-2.0-or-later
# Sessions in a row with an ACS that misbehaves at random: no crash, no growth, nothing lost, waits by the table.
import os
import random
import re
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import ATTRIBUTE, CODE, CREDENTIALS, SERVER, SETTING, STATE, make_agent, pair, publish  # noqa: F401
from process import wait_until

TEXT = 'Device.X_ESPALIER_Test.Text'
LINE = TEXT + ' string(16),rw %s\n\n'
SEED = int(os.environ.get('ESPALIER_SEED') or random.randrange(1 << 30))
MINIMUM, MULTIPLIER = 1, 1100  # CWMPRetryMinimumWaitInterval, CWMPRetryIntervalMultiplier
GROWTH_MAXIMUM = 10
START = 'session with '
END = re.compile(r'session (\d+) in a row has failed: (.*)|next try in (\d+\.\d) s|the session has ended$')


def bounds(failures):
    """Of the wait after so many failures (R-40)."""
    number = min(failures, GROWTH_MAXIMUM)
    return MINIMUM * (MULTIPLIER / 1000) ** (number - 1), MINIMUM * (MULTIPLIER / 1000) ** number


def sessions_in_a_row(start_acs, make_agent, publish, tmp_path, count):
    """As many sessions, each wanted by a new value, or by the retry of what was not delivered."""
    print('ESPALIER_SEED=%d' % SEED)
    # What it sends is not kept: a message that was cut off in the middle is valid by no schema.
    acs = start_acs(*CREDENTIALS, '--misbehave-random', '%d:40' % SEED, folder=tmp_path / 'strange')
    agent = make_agent(acs.url, periodic_enable='no').seed(SETTING, {
        SERVER + 'CWMPRetryMinimumWaitInterval': str(MINIMUM), SERVER + 'CWMPRetryIntervalMultiplier': str(MULTIPLIER)})
    publisher = publish('vendor', TEXT + ' string(16),rw n0')
    boot = open('/proc/sys/kernel/random/boot_id', encoding='ascii').read().strip()
    agent.seed(STATE, {'bootstrap-url': acs.url, 'boot-id': boot}).seed(ATTRIBUTE, {TEXT: '2-'})
    agent.start()
    wait_until(lambda: TEXT in agent.tree(TEXT), 'the vendor')
    publisher.write(LINE % 'first')
    text, number, sets, memory = Follower(agent), 0, [], []
    deadline = time.monotonic() + 60 + 10 * count
    while text.started < count:
        assert time.monotonic() < deadline and agent.process.running(), agent.process.stderr[-3000:]
        if text.idle():
            number += 1
            publisher.write(LINE % ('n%d' % number))
            if number % 5 == 0:
                sets.append((acs.send('set', '%s=s%d' % (CODE, number)), 's%d' % number))
            if number % 5 == 2:
                acs.send('get', SERVER + 'UDPConnectionRequestAddress', 'Device.DeviceInfo.')
        text.follow()
        if text.started // 50 > len(memory):
            memory.append(anonymous(agent))
        time.sleep(0.002)
    # Commands are taken in order, and those before may still need a session.
    off = acs.send('misbehave', 'off')
    publisher.write(LINE % 'last')
    acs.result(off, 120)
    wait_until(lambda: any(inform.parameters.get(TEXT) == 'last' for inform in acs.informs()), 'the last value', 120)
    assert agent.process.running()
    results = acs.results()
    good = [value for command, value in sets if command in results and results[command].good]
    assert good, 'some sets were answered'
    # Of the sets those that the ACS has an answer of hold, unless a later one does.
    final = int(agent.tree(CODE)[CODE][1:])
    assert final >= int(good[-1][1:]) and 's%d' % final in [value for _, value in sets]
    print('%d sessions, %d good; reasons: %s' % (text.started, text.ended, sorted(text.reasons.items(),
                                                                                 key=lambda item: -item[1])[:12]))
    print('KiB of memory each 50 sessions: %s' % memory)
    assert text.failed and text.ended
    assert text.started >= count
    return memory


class Follower:
    """Reads the agent's log on, and checks each wait."""

    def __init__(self, agent):
        self.file = open(agent.process.stderr_path, errors='replace')
        self.rest, self.started, self.ended, self.failed, self.row, self.reasons = '', 0, 0, 0, 0, {}
        self.idle_since = time.monotonic()

    def idle(self):
        """Whether no session runs, and none is to come: true once for each end of a session."""
        if self.idle_since is None or time.monotonic() < self.idle_since:
            return False
        self.idle_since = None
        return True

    def follow(self):
        self.rest += self.file.read()
        *lines, self.rest = self.rest.split('\n')
        for line in lines:
            if START in line:
                self.started += 1
                self.idle_since = None
                continue
            match = END.search(line)
            if not match:
                continue
            if match[1]:
                self.row += 1
                self.failed += 1
                # unless the next line speaks of a retry: its Inform was answered, so there is nothing to deliver
                self.idle_since = time.monotonic() + 0.3
                assert int(match[1]) == self.row, line
                reason = re.sub(r'[0-9]+|".*"', '#', match[2])
                self.reasons[reason] = self.reasons.get(reason, 0) + 1
            elif match[3]:
                self.idle_since = None
                low, high = bounds(self.row)
                assert low - 0.06 <= float(match[3]) <= high + 0.06, (self.row, line)
            else:
                self.row = 0
                self.ended += 1
                self.idle_since = time.monotonic()


def anonymous(agent):
    """KiB of memory that the agent has for itself."""
    with open('/proc/%d/smaps_rollup' % agent.process.pid, encoding='ascii') as file:
        return int(re.search(r'Anonymous:\s+(\d+)', file.read())[1])


def test_R40_40_sessions_with_a_misbehaving_acs(start_acs, make_agent, publish, tmp_path):
    sessions_in_a_row(start_acs, make_agent, publish, tmp_path, 40)


@pytest.mark.soak
def test_R40_1000_sessions_with_a_misbehaving_acs(start_acs, make_agent, publish, tmp_path):
    memory = sessions_in_a_row(start_acs, make_agent, publish, tmp_path, 1000)
    # A sanitizer keeps freed memory.
    assert memory[-1] - memory[3] < 400 or 'sanitize' in os.environ.get('ESPALIER_CC', '')
