# SPDX-License-Identifier: GPL-2.0-or-later
# A run folder with the programs that a benchmark needs, and what the kernel tells of a running program.
import ctypes
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

SECONDS = 60  # that anything may take before a benchmark gives up
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)

CONFIGURATION = '''[paths]
run = %(folder)s/run
state = %(folder)s/state
[acs]
url = %(scheme)s://%(host)s:%(acs)d/
periodic_enable = no
[connection_request]
port = %(port)d
burst = 1000000
username = %(user)s
password = %(user)s
%(tls)s'''
TLS = '''[tls]
ca_file = %s
'''
USER = 'benchmark'


class Failed(Exception):
    """A benchmark cannot go on; says why."""


def end_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Scene:
    """A temporary folder on tmpfs, and programs that run with it as their run folder. To be used with "with"."""

    def __init__(self, build):
        self.build = pathlib.Path(build)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='espalier-bench-', dir='/dev/shm'))
        self.environment = dict(os.environ, ESPALIER_DIR=str(self.folder / 'run'), LC_ALL='C.UTF-8')
        self.processes = []
        self.acs_host, self.acs_port, self.request_port = '127.0.0.1', free_port(), free_port()
        self.more_configuration = ''
        for name in ('run', 'state'):
            (self.folder / name).mkdir()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            self.stop(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, program, *arguments, **options):
        """Starts a program of the build folder, or else of the system; its standard error is kept in a file.

        inside: the words of a command that is to start it.
        """
        built = self.build / program
        vector = options.get('inside', []) + [built if built.exists() else program, *arguments]
        process = subprocess.Popen([str(word) for word in vector],
                                   env=self.environment, preexec_fn=end_with_parent, stdin=options.get('stdin'),
                                   cwd=options.get('cwd'),
                                   stdout=options.get('stdout', subprocess.DEVNULL),
                                   stderr=open(self.folder / ('%d.stderr' % len(self.processes)), 'wb'))
        process.log = self.folder / ('%d.stderr' % len(self.processes))
        process.program = program
        self.processes.append(process)
        return process

    def stop(self, process):
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def failed(self, process, what):
        """Why a program did not do what it should, for Failed."""
        lines = process.log.read_text(errors='replace').strip().splitlines()
        return Failed('%s %s%s' % (process.program, what, ': ' + lines[-1] if lines else ''))

    def publish(self, parameters, milliseconds=None):
        """Publishes a tree of so many parameters; update(process) gives it new values."""
        arguments = [parameters] + ([milliseconds] if milliseconds else [])
        process = self.start('bench/publish-tree', *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if not process.stdout.readline().startswith(b'published'):
            raise self.failed(process, 'did not publish')
        return process

    def update(self, process):
        process.stdin.write(b'\n')
        process.stdin.flush()
        if process.stdout.readline() != b'updated\n':
            raise self.failed(process, 'did not update')

    def agent(self, ca_file=None):
        """Starts the agent; the ACS must listen at acs_port, with TLS where there is a file of its authorities."""
        path = self.folder / 'espalier.conf'
        path.write_text(CONFIGURATION % {'scheme': 'https' if ca_file else 'http', 'folder': self.folder,
                                         'host': self.acs_host, 'acs': self.acs_port, 'port': self.request_port,
                                         'user': USER, 'tls': TLS % ca_file if ca_file else ''} +
                        self.more_configuration)
        return self.start('espalier-agent', '-c', path)

    def acs(self, *arguments, seconds=SECONDS):
        """Runs the small ACS to its end and returns what it printed; acs_cpu is then the CPU time it took, in seconds."""
        process = self.start('espalier-acs', '-q', '-p', self.acs_port, '-t', seconds, '--connection-user', USER,
                             '--connection-password', USER, *arguments, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE)
        text = process.stdout.read().decode(errors='replace')
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.acs_cpu = usage.ru_utime + usage.ru_stime
        if process.returncode != 0:
            errors = [line for line in text.splitlines() if line.startswith(('error', 'failed'))]
            raise Failed('espalier-acs: %s' % (errors[-1] if errors else 'no session within %d s' % seconds))
        return text

    def first_session(self, *options):
        """Waits for the agent's first session with these options of the ACS; returns the URL for connection requests."""
        text = self.acs('get Device.ManagementServer.ConnectionRequestURL', *options)
        match = re.search(r'ConnectionRequestURL = (http://\S+)', text)
        if not match:
            raise Failed('the agent has no ConnectionRequestURL')
        return match[1]


def wait_listening(port):
    """Waits until somebody listens at a port of this machine."""
    deadline = time.monotonic() + SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(('127.0.0.1', port)) == 0:
                return
        if time.monotonic() > deadline:
            raise Failed('nobody listens at port %d' % port)
        time.sleep(0.02)


def children_cpu():
    """Seconds of CPU time of all programs that this process has waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def tasks(pid):
    return list(pathlib.Path('/proc/%d/task' % pid).iterdir())


def cpu(pid):
    """Seconds of CPU time, user and system, of all threads of a process, as the scheduler counts them."""
    return sum(int((task / 'schedstat').read_text().split()[0]) for task in tasks(pid)) / 1e9


def switches(pid):
    """How often threads of a process have been switched away from: each is a wake-up that has ended."""
    return sum(int(count) for task in tasks(pid)
               for count in re.findall(r'voluntary_ctxt_switches:\s+(\d+)', (task / 'status').read_text()))


def memory(pid):
    """The sums of /proc/PID/smaps_rollup: name -> KB."""
    text = pathlib.Path('/proc/%d/smaps_rollup' % pid).read_text()
    return {name: int(size) for name, size in re.findall(r'^(\w+):\s+(\d+) kB', text, re.MULTILINE)}


def anonymous(pid):
    """KB of anonymous memory that is present: cheap enough to be asked while an answer is under way."""
    return int(re.search(r'RssAnon:\s+(\d+)', pathlib.Path('/proc/%d/status' % pid).read_text())[1])


def wait_quiet(pid, seconds=0.02):
    """Waits until a process has not run for so long."""
    deadline = time.monotonic() + SECONDS
    before = None
    while before != (before := switches(pid)):
        if time.monotonic() > deadline:
            raise Failed('the process does not come to rest')
        time.sleep(seconds)
