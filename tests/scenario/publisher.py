# SPDX-License-Identifier: GPL-2.0-or-later
# An espalier-publish that a test feeds line by line, and whose requests it answers.
import re
import subprocess

from process import wait_until


class Publisher:
    """espalier-publish with its input open. `lines` are published, and readable, when the constructor returns."""

    def __init__(self, start, run, lines, *options, name='test'):
        self.run = run
        self.process = start('espalier-publish', '-n', name, *options, stdin=subprocess.PIPE)
        self.seen = 0
        self.give(lines)

    def give(self, lines):
        """Writes lines and a marker, and waits until the marker is in the tree: then the lines are too."""
        self.seen += 1
        path = 'Device.X_TEST_Marker_%d' % self.process.pid
        self.process.write('%s\n%s unsignedInt %d\ncommit\n' % (lines, path, self.seen))
        wait_until(lambda: self.run('shmdump', path, status=None).stdout.endswith(' = %d\n' % self.seen), path)

    def answer(self, pattern, reply):
        """Waits for a request line and answers it; {id} in the reply is the request's number. Returns the match."""
        match = self.process.wait_for(pattern, stream='stdout')
        self.process.write(reply.format(id=match.group('id')) + '\n')
        return match


def value_of(run, path):
    """What shmdump shows for a parameter."""
    return re.sub(r'^[^=]* = ', '', run('shmdump', path).stdout).rstrip('\n')
