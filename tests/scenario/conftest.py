# SPDX-License-Identifier: GPL-2.0-or-later
# Fixtures of the scenario tests: folders, processes, network namespaces, recorded messages. Each test has its own of all.
import itertools
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile

import pytest

from places import MESSAGES
from process import TIMEOUT, Process

namespace_numbers = itertools.count()


@pytest.fixture
def run_folder():
    """An empty run folder on tmpfs, with a path short enough for Unix sockets; $ESPALIER_DIR of all programs."""
    tmpfs = '/dev/shm'
    folder = tempfile.mkdtemp(prefix='e-', dir=tmpfs if os.access(tmpfs, os.W_OK) else None)
    yield pathlib.Path(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def record(request):
    """The folder where this test's messages are recorded, for their validation after all tests."""
    name = re.sub(r'[^A-Za-z0-9_.-]+', '-', request.node.name).strip('-')
    folder = MESSAGES / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def sanitizer_options(variable, log):
    given = os.environ.get(variable)
    return ':'.join(([given] if given else []) + ['print_stacktrace=1', 'log_path=%s' % log])


@pytest.fixture
def environment(run_folder, tmp_path):
    """The environment of all programs of this test; a test may add to it."""
    log = tmp_path / 'sanitizer'
    variables = dict(os.environ, ESPALIER_DIR=str(run_folder), LC_ALL='C.UTF-8', TZ='UTC')
    for name in ('ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS', 'LSAN_OPTIONS'):
        variables[name] = sanitizer_options(name, log)
    return variables


@pytest.fixture
def namespaces():
    """The network namespaces of this test, deleted after its processes have ended."""
    names = []
    yield names
    for name in names:
        subprocess.run(['ip', 'netns', 'delete', name], check=False, capture_output=True, timeout=TIMEOUT)


class NetworkNamespace:
    """A network namespace with its loopback up."""

    def __init__(self, name):
        self.name = name
        self.ip('link', 'set', 'lo', 'up')

    def command(self, *arguments):
        """The argument vector that runs a program in here."""
        return ['ip', 'netns', 'exec', self.name] + [str(argument) for argument in arguments]

    def ip(self, *arguments):
        """Runs ip(8) in here and returns what it printed."""
        done = subprocess.run(['ip', '-netns', self.name] + [str(argument) for argument in arguments], check=False,
                              capture_output=True, text=True, timeout=TIMEOUT)
        assert done.returncode == 0, 'ip %s: %s' % (' '.join(map(str, arguments)), done.stderr)
        return done.stdout


@pytest.fixture
def netns(namespaces):
    """netns() makes a new network namespace; the test is skipped where that is not allowed."""
    def make():
        if os.geteuid() != 0:
            pytest.skip('network namespaces need root')
        name = 'espalier-%d-%d' % (os.getpid(), next(namespace_numbers))
        done = subprocess.run(['ip', 'netns', 'add', name], check=False, capture_output=True, text=True,
                              timeout=TIMEOUT)
        if done.returncode != 0:
            pytest.skip('no network namespace can be made: %s' % done.stderr.strip())
        namespaces.append(name)
        return NetworkNamespace(name)
    return make


def executable(build, argument):
    """The build's program of that name where there is one, else the argument itself."""
    built = build / str(argument)
    return built if '/' not in str(argument) and built.is_file() else argument


@pytest.fixture
def start(build, environment, tmp_path, namespaces):
    """start('espalier-netlink', '-c', path, ready='...', namespace=...) starts a program and returns its Process.

    ready: a regular expression that its standard error must match before the test goes on.
    All processes are ended after the test, which fails where one had crashed, does not end, or a sanitizer reported.
    """
    processes = []

    def begin(program, *arguments, ready=None, namespace=None, stdin=subprocess.DEVNULL, cwd=None, **variables):
        vector = [executable(build, program)] + list(arguments)
        if namespace:
            vector = namespace.command(*vector)
        process = Process(vector, tmp_path, dict(environment, **variables), stdin, cwd)
        processes.append(process)
        if ready:
            process.wait_for(ready)
        return process

    yield begin
    problems = [problem for problem in (process.finish() for process in reversed(processes)) if problem]
    for report in sorted(tmp_path.glob('sanitizer*')):
        text = report.read_text(errors='replace')
        # All that the leak checker says of a program that is killed while it looks.
        if not re.fullmatch(r'==\d+==Unable to get registers from thread \d+\.\n', text):
            problems.append(text[:8000])
    for process in processes:
        if re.search(r'Sanitizer: |runtime error: ', process.stderr):
            problems.append(process.stderr[:8000])
    assert not problems, '\n'.join(problems)


@pytest.fixture
def run(start):
    """run('shmdump', '-j', status=0) runs a program to its end, checks its exit status and returns the Process.

    status: what it must exit with, or None for anything.
    """
    def to_end(program, *arguments, status=0, text=None, timeout=TIMEOUT, **options):
        if text is not None:
            options['stdin'] = subprocess.PIPE
        process = start(program, *arguments, **options)
        if text is not None:
            process.write(text)
            process.popen.stdin.close()
        got = process.wait(timeout)
        assert status is None or got == status, '%s %s exited with %s, not %s:\n%s%s' % (
            program, ' '.join(map(str, arguments)), got, status, process.stdout[-2000:], process.stderr[-2000:])
        return process
    return to_end


@pytest.fixture
def configuration(run_folder, tmp_path):
    """configuration(acs={'url': ...}, log={'level': 'debug'}) writes a configuration file and returns its path."""
    def write(**sections):
        state = tmp_path / 'state'
        state.mkdir(exist_ok=True)
        sections = dict({'paths': {}}, **sections)
        sections['paths'] = dict({'run': run_folder, 'state': state}, **sections['paths'])
        path = tmp_path / 'espalier.conf'
        lines = []
        for section, keys in sections.items():
            lines.append('[%s]' % section)
            lines += ['%s = %s' % (key, value) for key, value in keys.items()]
        path.write_text('\n'.join(lines) + '\n')
        return path
    return write


@pytest.fixture
def free_port():
    """free_port() names a TCP port of the loopback that nobody listens on now."""
    def pick():
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            return probe.getsockname()[1]
    return pick
