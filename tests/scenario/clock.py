# SPDX-License-Identifier: GPL-2.0-or-later
# Clocks that a test sets for one program while it runs (set-clock.c): steps of the wall clock, and sleep of the device.
import os
import pathlib
import subprocess
import time

import pytest

SOURCE = pathlib.Path(__file__).with_name('set-clock.c')


class Clock:
    """The clocks of one program: `variables` go into its environment."""

    def __init__(self, library, folder):
        self.file, self.tell = folder / 'set-clock', folder / 'set-clock-tell'
        os.mkfifo(self.tell)
        # both ends: neither side ever waits for the other
        self.fifo = os.open(self.tell, os.O_RDWR | os.O_NONBLOCK)
        self.ahead = self.slept = 0
        self.known = True
        self.set(tell=False)
        self.variables = {'LD_PRELOAD': str(library), 'SET_CLOCK': str(self.file), 'SET_CLOCK_TELL': str(self.tell),
                          'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'}

    def set(self, ahead=None, slept=None, known=None, tell=True):
        """Sets what is given: seconds ahead of the machine, seconds slept, whether the clock is synchronised."""
        self.ahead = self.ahead if ahead is None else ahead
        self.slept = self.slept if slept is None else slept
        self.known = self.known if known is None else known
        new = self.file.with_suffix('.new')
        new.write_text('%d %d %d\n' % (self.ahead, self.slept, self.known))
        new.rename(self.file)
        if tell:
            os.write(self.fifo, b'\0' * 8)

    def now(self):
        """What the program's wall clock says, in seconds."""
        return time.time() + self.ahead

    def close(self):
        os.close(self.fifo)


@pytest.fixture(scope='session')
def clock_library(tmp_path_factory):
    library = tmp_path_factory.mktemp('clock') / 'set-clock.so'
    # Without a sanitizer: the programs that the agent starts get it too.
    compiler = os.environ.get('ESPALIER_CC', 'gcc').split()[0]
    subprocess.run([compiler, '-shared', '-fPIC', '-o', library, SOURCE, '-ldl'], check=True)
    return library


@pytest.fixture
def clock(clock_library, tmp_path):
    """The clocks of this test's agent: pass clock.variables to it."""
    clock = Clock(clock_library, tmp_path)
    yield clock
    clock.close()


def date(seconds):
    """A time as a dateTime."""
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(seconds))
