# SPDX-License-Identifier: GPL-2.0-or-later
# The small ACS as a scenario test sees it: commands in, results, Informs and recorded messages out.
import collections
import json
import pathlib
import re
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from process import TIMEOUT, wait_until

INFORM = re.compile(r'<- Inform (\S+) connection=(\d+) retry=(\d+) cwmp=(\S+) events=\[(.*)\]$')
FAULT = re.compile(r'fault (\d+) ()(.*)$|fault-detail (\d+) (.*?): (.*)$')
VALUE = re.compile(r'(\S+) = (.*)$')
ESCAPE = re.compile(r'\\(n|t|r|\\|x[0-9a-f]{2})')
EXCHANGE = ('<- ', '-> ', '-- ', '   ', 'warning ')

Inform = collections.namedtuple('Inform', 'device connection retry version events parameters line')
Fault = collections.namedtuple('Fault', 'code name text')


def unescape(text):
    """Takes back what the ACS escaped in a printed value."""
    simple = {'n': '\n', 't': '\t', 'r': '\r', '\\': '\\'}
    return ESCAPE.sub(lambda m: simple.get(m[1]) or chr(int(m[1][1:], 16)), text)


def quote(word):
    """One argument of a command line of the ACS."""
    word = str(word)
    if re.fullmatch(r'[A-Za-z0-9_.:=/@%+,*\[\]-]+', word):
        return word
    for character, escape in (('\\', '\\\\'), ('"', '\\"'), ('\n', '\\n'), ('\t', '\\t')):
        word = word.replace(character, escape)
    return '"%s"' % word


class Result:
    """What a command printed: good, lines, values {path: text}, faults [Fault]."""

    def __init__(self, good, lines):
        self.good = good
        self.lines = lines
        self.faults = [Fault(int(m[1]), None, m[3]) if m[1] else Fault(int(m[4]), m[5], m[6])
                       for m in map(FAULT.match, lines) if m]
        self.values = {m[1]: unescape(m[2]) for m in map(VALUE.match, lines) if m}
        self.errors = [line[len('error '):] for line in lines if line.startswith('error ')]

    @property
    def fault(self):
        """The code of the whole call's fault, or 0."""
        return next((fault.code for fault in self.faults if fault.name is None), 0)

    @property
    def details(self):
        """The SetParameterValuesFault entries: {name: code}."""
        return {fault.name: fault.code for fault in self.faults if fault.name is not None}

    def line(self, start):
        """The rest of the first line that starts so, or None."""
        return next((line[len(start):].strip() for line in self.lines if line.startswith(start)), None)

    def __repr__(self):
        return 'Result(%s, %r)' % (self.good, self.lines)


class Message:
    """One recorded HTTP message."""

    def __init__(self, folder, pid, row):
        number, self.direction, connection, time, self.first_line = row
        self.number, self.connection, self.time = int(number), int(connection), float(time)
        self.from_agent = self.direction == 'from-agent'
        stem = '%d-%s-%s' % (pid, number, self.direction)
        self.head = (folder / (stem + '.head')).read_bytes().decode('latin-1')
        paths = [folder / (stem + ending) for ending in ('.xml', '.bad', '.part')]
        self.path = next((path for path in paths if path.exists()), None)

    @property
    def body(self):
        """The exact bytes of the body."""
        return self.path.read_bytes() if self.path else b''

    def headers(self, name):
        """All values of a header field."""
        lines = (line.partition(':') for line in self.head.split('\r\n')[1:])
        return [value.strip() for field, _, value in lines if field.lower() == name.lower()]

    def header(self, name):
        """The first value of a header field, or None."""
        return next(iter(self.headers(name)), None)

    @property
    def status(self):
        """Of a response."""
        return int(self.first_line.split()[1])

    @property
    def root(self):
        """The envelope as an ElementTree element; None for an empty body."""
        return ElementTree.fromstring(self.body) if self.path else None

    @property
    def method(self):
        """The local name of the Body's child; '' for an empty body."""
        if not self.path:
            return ''
        body = self.root.find('{http://schemas.xmlsoap.org/soap/envelope/}Body')
        return body[0].tag.rpartition('}')[2]

    @property
    def id(self):
        """The text of the header ID, or None."""
        return next((element.text or '' for element in self.root.iter() if element.tag.endswith('}ID')), None)

    def texts(self, name):
        """The texts of all elements with this local name."""
        return [element.text or '' for element in self.root.iter() if element.tag.rpartition('}')[2] == name]

    def __repr__(self):
        return 'Message(%d, %s, %s)' % (self.number, self.direction, self.first_line)


class Acs:
    """A running espalier-acs that takes commands on its standard input."""

    def __init__(self, process, folder):
        self.process = process
        self.folder = pathlib.Path(folder) if folder else None
        match = process.wait_for(r'^listening on (https?://(.*):(\d+)/)$', 'stdout')
        self.url, self.host, self.port = match[1], match[2], int(match[3])
        self.sent = []
        self.connect = ('connect',)  # how call() makes connection requests

    @property
    def lines(self):
        """All complete lines printed so far."""
        text = self.process.stdout
        return text[:text.rfind('\n') + 1].splitlines()

    def send(self, *words):
        """Gives a command; returns its number for result(). One word is taken as a whole line.

        Commands for several devices at once need different texts: results are told apart by them.
        """
        return self.send_all([words])[0]

    def send_all(self, commands):
        """Gives several commands, each a tuple of words or a line, at once: all are known before a session can come."""
        lines = [command if isinstance(command, str) else command[0] if len(command) == 1 else
                 ' '.join(map(quote, command)) for command in commands]
        first = len(self.sent)
        self.sent += [line.strip() for line in lines]
        self.process.write(''.join(line + '\n' for line in lines))
        return list(range(first, len(self.sent)))

    def results(self):
        """The results of the commands that have ended: {number: Result}."""
        found, lines = {}, []
        waiting = list(range(len(self.sent)))
        for line in self.lines:
            word, _, text = line.partition(' ')
            number = None
            if word in ('done', 'failed'):
                number = next((n for n in waiting if self.sent[n] == text), None)
            if number is not None:
                waiting.remove(number)
                found[number] = Result(word == 'done', lines)
                lines = []
            elif not line.startswith(EXCHANGE):
                lines.append(line)
        return found

    def result(self, number, timeout=TIMEOUT):
        """Waits until the command has ended; returns its Result."""
        def look():
            results = self.results()
            if number not in results and not self.process.running():
                raise AssertionError('the ACS ended before "%s":\n%s' % (self.sent[number], self.tail()))
            return results.get(number)
        try:
            return wait_until(look, 'the end of "%s"' % self.sent[number], timeout)
        except AssertionError as error:
            raise AssertionError('%s\n%s' % (error, self.tail())) from None

    def run(self, *words, timeout=TIMEOUT):
        """Gives a command and waits until it has ended; a session must come, or use call()."""
        return self.result(self.send(*words), timeout)

    def call(self, *commands, timeout=TIMEOUT):
        """Makes a connection request and runs the commands (tuples of words, or lines) in the session that follows.

        Returns the Result of the only command, or a list of them.
        """
        first, *numbers = self.send_all((' '.join(self.connect),) + commands)
        connected = self.result(first, timeout)
        assert connected.good, 'connection request: %s' % connected.lines
        results = [self.result(number, timeout) for number in numbers]
        return results[0] if len(results) == 1 else results

    def get(self, *paths):
        """{path: text} of a GetParameterValues in a session of its own; fails on a fault."""
        result = self.call(('get',) + paths)
        assert result.good, result
        return result.values

    def set(self, values):
        """The Result of a SetParameterValues of {path: text, or text:type} in a session of its own."""
        return self.call(('set',) + tuple('%s=%s' % item for item in values.items()))

    def tail(self):
        """The last lines, for messages of failed tests."""
        return '\n'.join(self.lines[-40:]) + '\n' + self.process.stderr[-2000:]

    def informs(self):
        """All Informs so far."""
        found, lines = [], self.lines
        for at, line in enumerate(lines):
            match = INFORM.match(line)
            if not match:
                continue
            parameters = {}
            for following in lines[at + 1:]:
                if not following.startswith('   '):
                    break
                name, _, value = following.strip().partition(' = ')
                parameters[name] = value
            events = match[5].split(', ') if match[5] else []
            found.append(Inform(match[1], int(match[2]), int(match[3]), match[4], events, parameters, at))
        return found

    def wait_inform(self, event=None, after=0, timeout=TIMEOUT):
        """Waits for an Inform (with this event) beyond the first `after` ones; returns it."""
        def look():
            if not self.process.running():
                raise AssertionError('the ACS ended:\n' + self.tail())
            return next((inform for inform in self.informs()[after:] if event is None or event in inform.events), None)
        try:
            return wait_until(look, 'an Inform with %s' % event, timeout)
        except AssertionError as error:
            raise AssertionError('%s\n%s' % (error, self.tail())) from None

    def wait_line(self, pattern, timeout=TIMEOUT):
        """Waits for a printed line that matches; returns the match."""
        return self.process.wait_for(pattern, 'stdout', timeout=timeout)

    def messages(self, from_agent=None):
        """The recorded messages, oldest first; only those from (True) or to (False) the agent."""
        index = self.folder / ('%d-index.tsv' % self.process.pid)
        text = index.read_text() if index.exists() else ''
        rows = [line.split('\t', 4) for line in text[:text.rfind('\n') + 1].splitlines()]
        found = [Message(self.folder, self.process.pid, row) for row in rows]
        return [message for message in found if from_agent is None or message.from_agent == from_agent]

    @property
    def warnings(self):
        """What the ACS found strange in the agent's messages."""
        return [line for line in self.lines if line.startswith('warning ')]

    def stop(self):
        """Ends the ACS, and returns its exit status."""
        return self.process.stop()


@pytest.fixture
def start_acs(start, record):
    """start_acs('--auth', 'digest', ...) starts an ACS on a free port and returns its Acs.

    folder: where messages are recorded, the test's own folder for validation by default.
    port: to take the place of an ACS that has ended.
    """
    def begin(*options, folder=record, port=0, namespace=None):
        process = start('espalier-acs', '-p', port, '-i', '--record', folder, *options, stdin=subprocess.PIPE,
                        namespace=namespace)
        return Acs(process, folder)
    return begin


def benchmark_result(text):
    """The JSON object at the end of what a benchmark run printed."""
    return json.loads(text[text.index('{"sessions"'):])
