# SPDX-License-Identifier: GPL-2.0-or-later
# shmdump as the contract describes it: forms, paths, exit codes, following and the live screen.
import csv
import io
import json
import os
import signal
import subprocess
import uuid

import pytest

from process import TIMEOUT, wait_until
from publisher import Publisher

LINES = r'''
Device.X_EX_Big unsignedLong 18446744073709551615
Device.X_EX_Low long -9223372036854775808
Device.X_EX_On boolean true
Device.X_EX_Half decimal +0.50
Device.X_EX_Time dateTime 2026-01-01T00:00:00Z
Device.X_EX_Text string say "x", \\ two\nlines é
Device.X_EX_List unsignedInt,list[1:8] 1,2
Device.X_EX_Port.{i}. object,rw
Device.X_EX_Port.10.Name string(16),rw ten
Device.X_EX_Port.2.Name string two
Device.X_EX_Port.2.Stats.Bytes unsignedLong 7
Device.X_EX_Port.2.Status string{Up,Down} Up
'''


@pytest.fixture
def tree(start, run):
    return Publisher(start, run, LINES)


def test_lines_in_tree_order(tree, run):
    lines = run('shmdump', 'Device.X_EX_Port.').stdout.splitlines()
    assert lines == ['Device.X_EX_Port.2.Name = two', 'Device.X_EX_Port.2.Status = Up',
                     'Device.X_EX_Port.2.Stats.Bytes = 7', 'Device.X_EX_Port.10.Name = ten',
                     'Device.X_EX_Port.10.Status = '] + ['Device.X_EX_Port.10.Stats.Bytes = 0']
    whole = run('shmdump').stdout.splitlines()
    assert r'Device.X_EX_Text = say "x", \\ two\nlines é' in whole
    assert set(lines) < set(whole)


def test_paths(tree, run):
    assert run('shmdump', 'Device.X_EX_Port.*.Name').stdout == \
        'Device.X_EX_Port.2.Name = two\nDevice.X_EX_Port.10.Name = ten\n'
    twice = run('shmdump', 'Device.X_EX_Port.2.', 'Device.X_EX_Port.*.Name', 'Device.X_EX_On').stdout
    assert twice.count('Port.2.Name') == 1
    assert twice.startswith('Device.X_EX_On = true\n')
    missing = run('shmdump', 'Device.X_EX_On', 'Device.Nope', status=1)
    assert missing.stdout == 'Device.X_EX_On = true\n'
    assert 'no such path: Device.Nope' in missing.stderr
    run('shmdump', 'Device.X_EX_Port', status=1)
    run('shmdump', 'Device.X_EX_Port.3.', status=1)


def test_json_is_typed(tree, run):
    values = json.loads(run('shmdump', '-j').stdout)
    assert values['Device.X_EX_Big'] == 18446744073709551615
    assert values['Device.X_EX_Low'] == -9223372036854775808
    assert values['Device.X_EX_On'] is True
    assert values['Device.X_EX_Half'] == 0.5
    assert values['Device.X_EX_Text'] == 'say "x", \\ two\nlines é'
    assert values['Device.X_EX_List'] == '1,2'
    assert json.loads(run('shmdump', '-j', 'Device.Nope', status=1).stdout) == {}


def test_csv(tree, run):
    text = run('shmdump', '-c').stdout_path.read_bytes().decode()
    rows = list(csv.reader(io.StringIO(text, newline='')))
    assert rows[0] == ['path', 'type', 'value']
    assert ['Device.X_EX_Text', 'string', 'say "x", \\ two\nlines é'] in rows
    assert ['Device.X_EX_List', 'unsignedInt', '1,2'] in rows
    assert text.endswith('\r\n')


def test_long_form(tree, run):
    kind, access, owner, age, rest = run('shmdump', '-l', 'Device.X_EX_Port.10.Name').stdout.split(None, 4)
    assert (kind, access, owner, rest) == ('string', 'rw', 'espalier-publish', 'Device.X_EX_Port.10.Name = ten\n')
    assert age.endswith('s')


def test_schema(tree, run):
    lines = {line.split()[0]: line.split() for line in run('shmdump', '-S').stdout.splitlines()}
    assert lines['Device.X_EX_Port.{i}.'][1:] == ['object', 'rw']
    assert lines['Device.X_EX_Port.{i}.Name'][1:] == ['string(16)', 'rw']
    assert lines['Device.X_EX_Port.{i}.Status'][1:] == ['string{Up,Down}', 'ro']
    assert lines['Device.X_EX_List'][1:] == ['unsignedInt,list[1:8]', 'ro']
    assert run('shmdump', '-S', 'Device.X_EX_Port.2.Name').stdout.startswith('Device.X_EX_Port.{i}.Name ')
    run('shmdump', '-S', 'Device.Nope', status=1)


def test_segments(tree, run):
    fields = run('shmdump', '-s').stdout.splitlines()[1].split()
    assert fields[0:2] == ['test', 'espalier-publish'] and fields[3] == 'alive'
    tree.process.kill()
    assert run('shmdump', '-s').stdout.splitlines()[1].split()[3] == 'dead'
    assert 'Device.X_EX_On = true\n' in run('shmdump').stdout, 'the last values stay'


@pytest.mark.parametrize('arguments', [['-j', '-c'], ['-x'], ['-s', 'Device.'], ['-w', '0', 'Device.'], ['-w']])
def test_wrong_usage(run, arguments):
    assert run('shmdump', *arguments, status=2).stderr


def test_help_and_version(run):
    assert 'usage' in run('shmdump', '-h').stdout
    assert run('shmdump', '-V').stdout.startswith('shmdump ')


def test_follow_is_woken(tree, start):
    follow = start('shmdump', '-f', 'Device.X_EX_Port.')
    # It follows from the moment that it watches: change something until it says so.
    number = iter(range(1000000))

    def told():
        tree.give('Device.X_EX_Port.2.Stats.Bytes unsignedLong %d' % (100 + next(number)))
        return 'Stats.Bytes = ' in follow.stdout
    wait_until(told, 'the first change')
    tree.give('Device.X_EX_Port.5.Name string five\nDevice.X_EX_On boolean false')
    follow.wait_for(r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 Device\.X_EX_Port\.5\. added$', stream='stdout')
    follow.wait_for(r'Z?.* Device\.X_EX_Port\.5\.Name = five$', stream='stdout')
    tree.give('delete Device.X_EX_Port.5.')
    follow.wait_for(r' Device\.X_EX_Port\.5\. removed$', stream='stdout')
    assert 'X_EX_On' not in follow.stdout
    assert follow.stop(signal.SIGINT) == 0


def test_follow_ends_with_its_reader(tree, build, environment):
    with subprocess.Popen([build / 'shmdump', '-f'], stdout=subprocess.PIPE, env=environment) as follow:
        follow.stdout.close()
        assert follow.wait(TIMEOUT) == 4


class Screen:
    """shmdump -w in a tmux of its own."""

    def __init__(self, build, environment, tmp_path, *arguments, columns=90, lines=16):
        self.socket = str(tmp_path / ('t' + uuid.uuid4().hex[:8]))
        self.environment = dict(environment, TERM='xterm-256color')
        self.tmux('-f', '/dev/null', 'new-session', '-d', '-x', str(columns), '-y', str(lines),
                  '%s -w 0.1 %s; echo "ended with $?"; exec sleep 600' % (build / 'shmdump', ' '.join(arguments)))

    def tmux(self, *arguments):
        return subprocess.run(['tmux', '-S', self.socket, *arguments], check=True, env=self.environment, timeout=TIMEOUT,
                              capture_output=True, text=True).stdout

    def text(self):
        return self.tmux('capture-pane', '-p')

    def wait(self, condition, what):
        try:
            wait_until(lambda: condition(self.text()), what)
        except AssertionError as error:
            raise AssertionError('%s; the screen is:\n%s' % (error, self.text())) from None

    def keys(self, *keys):
        self.tmux('send-keys', *keys)

    def end(self):
        subprocess.run(['tmux', '-S', self.socket, 'kill-server'], env=self.environment, timeout=TIMEOUT, check=False,
                       capture_output=True)


@pytest.fixture
def screen(build, environment, tmp_path):
    screens = []

    def make(*arguments, **size):
        screens.append(Screen(build, environment, tmp_path, *arguments, **size))
        return screens[-1]
    yield make
    for one in screens:
        one.end()


def test_screen(tree, screen):
    show = screen('Device.X_EX_Port.')
    show.wait(lambda text: 'Device.X_EX_Port.2.Stats.Bytes' in text and 'q quit' in text, 'the screen')
    tree.give('Device.X_EX_Port.2.Stats.Bytes unsignedLong 4000')
    show.wait(lambda text: ' 4000 ' in text, 'a new value')
    show.keys('/')
    show.keys('b', 'y', 't')
    show.wait(lambda text: 'filter: byt' in text and 'Name' not in text and 'Stats.Bytes' in text, 'the filter')
    show.keys('Enter')
    show.wait(lambda text: '2 of 6' in text and 'q quit' in text, 'the filter kept')
    show.keys('s')
    show.wait(lambda text: 'by value' in text and text.index('Port.10.S') < text.index('Port.2.S'), 'by value')
    show.keys('r')
    show.wait(lambda text: 'reversed' in text and text.index('Port.10.S') > text.index('Port.2.S'), 'reversed')
    show.keys('Space')
    show.wait(lambda text: 'FROZEN' in text, 'frozen')
    tree.give('Device.X_EX_Port.2.Stats.Bytes unsignedLong 5000')
    assert ' 4000 ' in show.text()
    show.keys('Space')
    show.wait(lambda text: ' 5000 ' in text and 'FROZEN' not in text, 'going on')
    tree.give('Device.X_EX_Port.3.Stats.Bytes unsignedLong 1')
    show.wait(lambda text: 'Port.3.Stats.Bytes' in text, 'a new instance')
    show.keys('q')
    show.wait(lambda text: 'ended with 0' in text, 'its end')


def test_screen_small_and_resized(tree, screen):
    show = screen('Device.X_EX_Port.', columns=40, lines=10)
    show.wait(lambda text: 'VALUE' in text and 'q quit' in text and '~' in text, 'a small screen')
    assert max(len(line) for line in show.text().splitlines()) <= 40
    show.tmux('resize-window', '-x', '100', '-y', '20')
    show.wait(lambda text: 'Device.X_EX_Port.10.Stats.Bytes' in text and 'AGE' in text, 'a larger screen')
    show.tmux('resize-window', '-x', '8', '-y', '2')
    show.tmux('resize-window', '-x', '80', '-y', '6')
    show.wait(lambda text: 'PARAMETER' in text and 'q quit' in text and 'Port.10.' not in text, 'a screen of six lines')
    show.keys('NPage')
    show.wait(lambda text: 'Port.10.Stats.Bytes' in text and 'Port.2.Name' not in text, 'the next page')
    show.keys('Home')
    show.wait(lambda text: 'Port.2.Name' in text, 'the first page')


def test_screen_needs_a_terminal(tree, run):
    assert 'needs a terminal' in run('shmdump', '-w', status=2).stderr


def test_plain_in_a_pipe(tree, run):
    assert '\033' not in run('shmdump').stdout


def test_colour_on_a_terminal(tree, build, environment):
    master, slave = os.openpty()
    with subprocess.Popen([build / 'shmdump', 'Device.X_EX_On'], stdout=slave, env=environment) as process:
        assert process.wait(TIMEOUT) == 0
    assert b'\033[36mDevice.X_EX_On\033[m = true' in os.read(master, 4096)
    os.close(slave)
    os.close(master)
