# SPDX-License-Identifier: GPL-2.0-or-later
# What an agent does when it is killed: operations of an ACS, each of which knows what may be found afterwards.
import random
import signal
import threading

from agent import CODE, KEY, SERVER, URL
from process import wait_until
from test_alias import AUTO, COUNT, LINES, ROUTER
from wire import Wire, envelope, get_values, knock, set_attributes, set_values

VENDOR = 'Device.X_ESPALIER_Test.'
TEXT = VENDOR + 'Text'
REFERENCES = VENDOR + 'References'
NAMES = (CODE, SERVER + 'Username', TEXT, KEY)
WATCHED = (SERVER + 'Username', TEXT)
LONGEST = 0.1  # seconds until a kill


def object_call(method, name, key):
    return '<c:%s><ObjectName>%s</ObjectName><ParameterKey>%s</ParameterKey></c:%s>' % (method, name, key, method)


def get_attributes(*paths):
    return ('<c:GetParameterAttributes><ParameterNames n:arrayType="xsd:string[%d]">%s</ParameterNames>'
            '</c:GetParameterAttributes>' % (len(paths), ''.join('<string>%s</string>' % path for path in paths)))


def begin(wire, agent):
    """A session, whoever wanted it. A connection that a killed agent left behind is none."""
    knock(agent.tree(URL)[URL])
    while True:
        connection = wire.accept()
        try:
            connection.begin()
            return connection
        except EOFError:
            connection.close()


class Operation:
    """One operation: step() does it once, and check() looks after a kill whether all of it is there or nothing.

    `good` counts what was acknowledged; `number` is that of the step.
    """

    LINES = (TEXT + ' string(64),rw 0',)
    READY = TEXT

    def __init__(self, agent, chance):
        self.agent, self.chance = agent, chance
        self.good = self.number = 0

    def prepare(self, connection):
        """In the first session."""

    def step(self, connection):
        """Asks for one operation more. EOFError: the agent was killed before it answered."""
        raise NotImplementedError

    def found(self):
        """What there is now, if it is what an acknowledged or unanswered operation leaves; else None."""
        raise NotImplementedError

    def check(self, kill):
        """After each kill."""
        wait_until(self.found, lambda: 'all or nothing of step %d after kill %d: %s' % (self.number, kill, self.state()))

    def check_session(self, connection):
        """In the session after it."""


class SetValues(Operation):
    """SetParameterValues over the agent and another owner."""

    def prepare(self, connection):
        self.before = self.sent = self.state()

    def state(self):
        return [self.agent.tree(*NAMES).get(name) for name in NAMES]

    def step(self, connection):
        self.sent = ['n%d' % self.number] * 4
        answer = connection.call(set_values(dict(zip(NAMES[:3], self.sent)), self.sent[3]))
        assert answer.texts('Status') == ['0'], answer.body
        self.before = self.sent

    def found(self):
        # What was acknowledged, or found after an earlier kill, stays; what was only sent may be there or not.
        state = self.state()
        if state not in (self.before, self.sent):
            return None
        self.before = state
        return state

    def check_session(self, connection):
        assert connection.call(get_values(*NAMES)).texts('Value') == self.before


class SetAttributes(Operation):
    """SetParameterAttributes of two parameters."""

    def prepare(self, connection):
        self.before = self.sent = connection.call(get_attributes(*WATCHED)).texts('string')

    def step(self, connection):
        self.sent = ['n%d' % self.number] * 2
        answer = connection.call(set_attributes(WATCHED, self.sent[:1]))
        assert answer.method == 'SetParameterAttributesResponse', answer.body
        self.before = self.sent

    def found(self):
        return True

    def check_session(self, connection):
        lists = connection.call(get_attributes(*WATCHED)).texts('string')
        assert lists in (self.before, self.sent), (lists, self.before, self.sent)
        self.before = lists


class Rows(Operation):
    """What operations on the rows of another owner's table have in common: the rows with their values, and the key."""

    LINES = LINES + (REFERENCES + ' string,rw,strong,list',)
    READY = COUNT

    def prepare(self, connection):
        self.before = self.sent = self.state()

    def state(self):
        """({row: (alias, enabled)}, references, key), or None while a row comes or goes."""
        tree = self.agent.tree(ROUTER, REFERENCES, COUNT, KEY)
        rows = {path.split('.')[3] for path in tree if path.startswith(ROUTER)}
        if tree.get(COUNT) != len(rows):
            return None
        return ({row: (tree.get('%s%s.Alias' % (ROUTER, row)), tree.get('%s%s.Enable' % (ROUTER, row))) for row in rows},
                tree.get(REFERENCES), tree.get(KEY))

    def found(self):
        state = self.state()
        if state is None or state not in (self.before, self.sent):
            return None
        self.before = self.sent = state
        return state

    def check_session(self, connection):
        assert connection.call(get_values(COUNT, KEY)).texts('Value') == [str(len(self.before[0])), self.before[2]]


class AddRows(Rows):
    """AddObject, with an alias and without, and rows that SetParameterValues makes."""

    def prepare(self, connection):
        assert connection.call(set_values({AUTO: '1'}, 'start')).texts('Status') == ['0']
        super().prepare(connection)
        self.acknowledged, self.unanswered = [], []

    def step(self, connection):
        kind = self.chance.randrange(3)
        key, alias = 'n%d' % self.number, 'a%d' % self.number
        self.unanswered = [(None if kind == 0 else alias, kind == 2, key)]
        if kind == 2:
            answer = connection.call(set_values({'%s[%s].Enable' % (ROUTER, alias): '1'}, key))
        else:
            answer = connection.call(object_call('AddObject', ROUTER if kind == 0 else '%s[%s].' % (ROUTER, alias), key))
        assert answer.texts('Status') == ['0'], answer.body
        self.acknowledged, self.unanswered = self.acknowledged + self.unanswered, []

    def is_sent(self, state):
        """Whether what there was has got the rows that were acknowledged, and perhaps the one that was not."""
        new = sorted(set(state[0]) - set(self.before[0]), key=int)
        assert all(int(row) > int(other) for row in new for other in self.before[0]), 'a number is used again'
        if {row: values for row, values in state[0].items() if row not in new} != self.before[0]:
            return False
        for rows in (self.acknowledged, self.acknowledged + self.unanswered):
            values = [(alias or 'cpe-' + row, enabled) for row, (alias, enabled, _) in zip(new, rows)]
            key = rows[-1][2] if rows else self.before[2]
            if len(new) == len(rows) and [state[0][row] for row in new] == values and state[2] == key:
                return True
        return False

    def found(self):
        state = self.state()
        if state is None or not self.is_sent(state):
            return None
        self.before, self.acknowledged, self.unanswered = state, [], []
        return state


class DeleteRows(Rows):
    """DeleteObject of a row that a list of references has."""

    ROWS = 10

    def prepare(self, connection):
        self.fill(connection)

    def fill(self, connection):
        """Rows to delete, and references to all of them."""
        while len(self.state()[0]) < self.ROWS:
            assert connection.call(object_call('AddObject', ROUTER, 'filled')).texts('Status') == ['0']
        rows = sorted(self.state()[0], key=int)
        text = ','.join(ROUTER + row + '.' for row in rows)
        assert connection.call(set_values({REFERENCES: text}, 'filled')).texts('Status') == ['0']
        self.before = self.sent = wait_until(self.state, 'the rows')

    def step(self, connection):
        rows, references, _ = self.before
        if not rows:
            connection.call(get_values(KEY))
            return
        row = self.chance.choice(sorted(rows))
        path = ROUTER + row + '.'
        self.sent = ({other: values for other, values in rows.items() if other != row},
                     ','.join(item for item in references.split(',') if item != path), 'n%d' % self.number)
        assert connection.call(object_call('DeleteObject', path, self.sent[2])).texts('Status') == ['0']
        self.before = self.sent

    def check_session(self, connection):
        super().check_session(connection)
        self.fill(connection)


def killed(operation_type, make_agent, publish, count, seed):
    """Kills the agent at random moments while it does an operation, and looks each time at what is there."""
    print('ESPALIER_SEED=%d' % seed)
    chance = random.Random(seed)
    publisher = publish('vendor', *operation_type.LINES)
    wire = Wire()
    agent = make_agent(wire.url).start()
    wire.first()
    agent.wait_idle()
    wait_until(lambda: operation_type.READY in agent.tree('Device.'), 'the vendor segment')
    operation = operation_type(agent, chance)
    connection = begin(wire, agent)
    operation.prepare(connection)
    for kill in range(count):
        timer = threading.Timer(chance.uniform(0, LONGEST), agent.process.signal, (signal.SIGKILL,))
        timer.start()
        try:
            while True:
                operation.number += 1
                operation.step(connection)
                operation.good += 1
        except EOFError:
            connection.close()
        timer.join()
        agent.process.wait()
        agent.start()
        operation.check(kill)
        connection = begin(wire, agent)
        operation.check_session(connection)
    connection.end()
    assert publisher.running()
    assert operation.good > count / 4
    assert not (agent.state / 'agent.db.corrupt').exists()
    wire.close()


def told(connection, values):
    """Serves one session of the agent; notes what its Inform says of CODE."""
    inform = connection.receive()
    assert inform.method == 'Inform', inform.body
    names = inform.texts('Name')
    number = (inform.texts('ID') or ['1'])[0]
    shown = dict(zip(names, inform.texts('Value')))
    connection.answer(envelope('<c:InformResponse><MaxEnvelopes>1</MaxEnvelopes></c:InformResponse>', number))
    assert connection.receive().body == ''
    values.append(('4 VALUE CHANGE' in inform.texts('EventCode'), shown.get(CODE)))
    connection.end()


def killed_while_notifying(make_agent, count, seed):
    """Each change that a local program was told of is told to the ACS, by VALUE CHANGE, at the latest after the kill."""
    print('ESPALIER_SEED=%d' % seed)
    chance = random.Random(seed)
    wire = Wire()
    values = []
    agent = make_agent(wire.url).fast_retry().start()
    wire.first()
    agent.wait_idle()
    wire.serve(lambda connection, number: told(connection, values))
    number = good = 0
    for kill in range(count):
        last = agent.tree(CODE).get(CODE, '')
        # Each change is a program of its own, which takes longer than a request of the ACS.
        timer = threading.Timer(chance.uniform(0, 4 * LONGEST), agent.process.signal, (signal.SIGKILL,))
        timer.start()
        while timer.is_alive():
            number += 1
            sent = 'n%d' % number
            if agent.set_paths({CODE: sent}, status=None).popen.returncode:
                break
            last, good = sent, good + 1
        timer.join()
        agent.process.wait()
        agent.start()
        now = agent.tree(CODE).get(CODE, '')
        assert now in (last, 'n%d' % number), 'kill %d: %s is lost' % (kill, last)
        if number:
            wait_until(lambda: (True, now) in values or not now, lambda: '%s to be told after kill %d: %s' % (now, kill, values[-5:]))
    assert good > count / 4
    agent.process.stop()
    wire.close()
