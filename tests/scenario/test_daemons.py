# SPDX-License-Identifier: GPL-2.0-or-later
# What the contract promises of every daemon: options, exit statuses, messages about the configuration, signals, -d.
import os
import signal

import pytest

from places import ROOT
from process import wait_until

# Each with a configuration that it starts with.
DAEMONS = {
    'espalier-nat': {},
    'espalier-xmpp': {},
    'espalier-netlink': {},
    'espalier-agent': {'acs': {'url': 'http://127.0.0.1:1/'}},
    'espalier-zwave': {'zwave': {'url': 'ws://127.0.0.1:1'}},  # nobody is there: it starts, and tries again
}


@pytest.fixture(params=sorted(DAEMONS))
def daemon(request):
    return request.param


def test_version(daemon, run):
    assert run(daemon, '-V').stdout == '%s %s\n' % (daemon, os.environ['ESPALIER_VERSION'])


def test_help(daemon, run):
    text = run(daemon, '-h').stdout
    for option in ('-c FILE', '-d', '-h', '-v', '-V'):
        assert '  %s ' % option in text


def test_unknown_option(daemon, run):
    assert 'usage: %s' % daemon in run(daemon, '--no-such-option', status=2).stderr


def test_unexpected_argument(daemon, run):
    assert 'unexpected argument "more"' in run(daemon, 'more', status=2).stderr


def test_missing_file(daemon, run):
    process = run(daemon, '-c', '/nonexistent/espalier.conf', status=2)
    assert process.stderr == '<3>/nonexistent/espalier.conf: No such file or directory\n'


@pytest.mark.parametrize('text, message', [
    ('[log]\nlevel = loud\n', ':2: [log] level = "loud": not one of error, warning, notice, info, debug'),
    ('[log]\nlevle = info\n', ':2: [log] levle = "info": unknown key'),
    ('\n[lgo]\n', ':2: [lgo]: unknown section'),
    ('[paths]\nrun = a/b\n', ':2: [paths] run = "a/b": not an absolute path'),
])
def test_wrong_configuration(daemon, run, tmp_path, text, message):
    path = tmp_path / 'espalier.conf'
    path.write_text(text)
    assert run(daemon, '-c', path, status=2).stderr == '<3>%s%s\n' % (path, message)


def started(daemon, process, run_folder):
    if daemon == 'espalier-xmpp':  # publishes nothing itself
        process.wait_for('started in')
        return
    wait_until(lambda: not process.running() or any(run_folder.iterdir()), 'a segment of %s' % daemon)
    assert process.running(), process.stderr


def test_example_configuration(daemon, start, tmp_path, run_folder):
    """Every key that the example shows is one that the daemons know, with a value that they take."""
    state = tmp_path / 'state'
    state.mkdir()
    lines = (ROOT / 'docs' / 'espalier.conf').read_text().splitlines()
    path = tmp_path / 'espalier.conf'
    path.write_text('\n'.join(line.lstrip(';') for line in lines).replace('/var/lib/espalier', str(state)) + '\n')
    process = start(daemon, '-c', path)
    started(daemon, process, run_folder)
    assert process.stop() == 0, process.stderr


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_cleanly(daemon, start, configuration, run_folder, number):
    process = start(daemon, '-c', configuration(**DAEMONS[daemon]))
    started(daemon, process, run_folder)
    assert process.stop(number) == 0, process.stderr


def test_hangup_reads_the_configuration_again(daemon, start, configuration, run_folder):
    settings = DAEMONS[daemon]
    process = start(daemon, '-c', configuration(**settings, log={'level': 'notice'}))
    started(daemon, process, run_folder)
    configuration(**settings, log={'level': 'wrong'})
    process.signal(signal.SIGHUP)
    process.wait_for('level = "wrong": not one of')
    assert process.running()
    assert process.stop() == 0


def test_detach(daemon, run, configuration, run_folder, tmp_path):
    run(daemon, '-d', '-c', configuration(**DAEMONS[daemon]))
    assert daemon == 'espalier-xmpp' or any(run_folder.iterdir())
    children = [int(pid) for pid in os.listdir('/proc') if pid.isdigit() and is_ours(pid, daemon, tmp_path)]
    assert len(children) == 1
    os.kill(children[0], signal.SIGTERM)
    wait_until(lambda: not is_ours(children[0], daemon, tmp_path), 'the detached process to end')


def is_ours(pid, daemon, tmp_path):
    """Whether this process is the daemon of this test: its command line names the test's own folder."""
    try:
        with open('/proc/%s/cmdline' % pid, 'rb') as file:
            words = file.read().decode(errors='replace').split('\0')
    except OSError:
        return False
    return os.path.basename(words[0]) == daemon and any(str(tmp_path) in word for word in words)


def test_detach_tells_of_a_failed_start(daemon, run, environment, tmp_path, configuration):
    file = tmp_path / 'a-file'
    file.write_text('')
    environment['ESPALIER_DIR'] = str(file / 'run')
    process = run(daemon, '-d', '-c', configuration(**DAEMONS[daemon]), status=1)
    assert process.stderr.startswith('<3>')
