# SPDX-License-Identifier: GPL-2.0-or-later
# A program that a scenario test runs: started with an argument vector, watched through its output, always reaped.
import ctypes
import os
import re
import signal as signals
import subprocess
import time

TIMEOUT = 60  # seconds that anything may take before a test gives up; no test measures time by it
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def end_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signals.SIGKILL)


def wait_until(condition, what, timeout=TIMEOUT):
    """Polls condition() until it returns something true, which is returned. what: a text, or a function that makes it."""
    deadline = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError('waited %d s for %s' % (timeout, what() if callable(what) else what))
        time.sleep(0.01)


class Process:
    """One running program. Its standard output and error are files: nothing that it prints can make it wait."""

    def __init__(self, arguments, folder, environment, stdin=subprocess.DEVNULL, cwd=None):
        self.arguments = [str(argument) for argument in arguments]
        self.name = os.path.basename(self.arguments[0])
        number = len(list(folder.glob('*.stderr')))
        self.stdout_path = folder / ('%d-%s.stdout' % (number, self.name))
        self.stderr_path = folder / ('%d-%s.stderr' % (number, self.name))
        self.sent = set()
        self.checked = False
        with open(self.stdout_path, 'wb') as out, open(self.stderr_path, 'wb') as err:
            self.popen = subprocess.Popen(self.arguments, stdin=stdin, stdout=out, stderr=err, env=environment,
                                          cwd=cwd, preexec_fn=end_with_parent, start_new_session=True)

    @property
    def pid(self):
        return self.popen.pid

    @property
    def stdout(self):
        return self.stdout_path.read_text(errors='replace')

    @property
    def stderr(self):
        return self.stderr_path.read_text(errors='replace')

    def running(self):
        return self.popen.poll() is None

    def memory(self):
        """KB of its memory that no file backs. A sanitizer keeps what is freed: tests of growth do not go together with it."""
        with open('/proc/%d/smaps_rollup' % self.pid, encoding='ascii') as file:
            return int(re.search(r'Anonymous:\s+(\d+)', file.read())[1])

    def wait_for(self, pattern, stream='stderr', after=0, timeout=TIMEOUT):
        """Waits until the stream has a match of the regular expression at or after this offset; returns the match."""
        expression = re.compile(pattern, re.MULTILINE)

        def look():
            ended = not self.running()
            match = expression.search(getattr(self, stream), after)
            if ended and not match:
                raise AssertionError('%s ended with %s before it printed "%s":\n%s' %
                                     (self.name, self.popen.returncode, pattern, self.stderr))
            return match
        try:
            return wait_until(look, 'x', timeout)
        except AssertionError as error:
            if str(error).startswith('waited'):
                raise AssertionError('%s did not print "%s" in %d s:\n%s' %
                                     (self.name, pattern, timeout, getattr(self, stream))) from None
            raise

    def wait_for_file(self, path, timeout=TIMEOUT):
        """Waits until the file or socket is there."""
        def look():
            if not self.running() and not os.path.exists(path):
                raise AssertionError('%s ended with %s before %s was there:\n%s' %
                                     (self.name, self.popen.returncode, path, self.stderr))
            return os.path.exists(path)
        wait_until(look, path, timeout)

    def write(self, text):
        """Writes to standard input, for a program started with stdin=subprocess.PIPE."""
        self.popen.stdin.write(text.encode())
        self.popen.stdin.flush()

    def signal(self, number):
        self.sent.add(number)
        self.popen.send_signal(number)

    def wait(self, timeout=TIMEOUT):
        """Waits for its end and returns the exit status; fails where it crashed."""
        try:
            status = self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError('%s still runs after %d s:\n%s' % (self.name, timeout, self.stderr)) from None
        self.check()
        return status

    def stop(self, number=signals.SIGTERM, timeout=TIMEOUT):
        """Asks it to end, and returns the exit status (0 is the clean one)."""
        if self.running():
            self.signal(number)
        return self.wait(timeout)

    def kill(self):
        """Ends it with SIGKILL, as a power cut would."""
        if self.running():
            self.signal(signals.SIGKILL)
        return self.wait()

    def check(self):
        """Fails where the program died by a signal that nobody sent."""
        self.checked = True
        status = self.popen.returncode
        if status is not None and status < 0 and -status not in self.sent:
            raise AssertionError('%s died by %s:\n%s' % (self.name, signals.Signals(-status).name, self.stderr[-4000:]))

    def kill_group(self):
        """Ends what it may have started and left behind."""
        try:
            os.killpg(self.popen.pid, signals.SIGKILL)
        except ProcessLookupError:
            pass

    def finish(self):
        """The end of the test: returns what is wrong, and leaves no process behind."""
        problem = None
        if self.running():
            self.signal(signals.SIGTERM)
            try:
                self.popen.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                problem = '%s did not end within %d s of SIGTERM' % (self.name, TIMEOUT)
                self.popen.kill()
                self.popen.wait()
        self.kill_group()
        if self.popen.stdin:
            try:
                self.popen.stdin.close()
            except BrokenPipeError:
                pass
        if not self.checked and not problem:
            try:
                self.check()
            except AssertionError as error:
                problem = str(error)
        return problem
