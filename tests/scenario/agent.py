# SPDX-License-Identifier: GPL-2.0-or-later
# A running espalier-agent as a scenario test sees it, with its configuration, its state and its tree.
import json
import shutil
import sqlite3

import pytest

from process import wait_until

SERVER = 'Device.ManagementServer.'
CODE = 'Device.DeviceInfo.ProvisioningCode'
KEY = SERVER + 'ParameterKey'
URL = SERVER + 'ConnectionRequestURL'
USER, PASSWORD = 'acs', 'hello'
CREDENTIALS = ('--connection-user', USER, '--connection-password', PASSWORD)
# As agent/store.c has it: a state that an agent left behind, made by a test.
SCHEMA = '''CREATE TABLE record(kind INTEGER NOT NULL, name TEXT NOT NULL, value BLOB, PRIMARY KEY(kind, name))
            WITHOUT ROWID; PRAGMA user_version=1;'''
STATE, SETTING, ATTRIBUTE, REPORTED, EVENT, REDO = range(1, 7)


class Agent:
    """An agent that can be ended and started again; its state stays."""

    def __init__(self, start, run, path, state, namespace=None, **variables):
        self.begin, self.run, self.path, self.state = start, run, path, state
        self.namespace, self.variables = namespace, variables
        self.process = None

    def start(self, ready=r'started'):
        self.process = self.begin('espalier-agent', '-vv', '-c', self.path, ready=ready, namespace=self.namespace,
                                  **self.variables)
        return self

    def restart(self):
        self.process.stop()
        return self.start()

    def power_cut(self, run_folder):
        """The device's power goes and comes back: what is in memory is gone, and it is another boot."""
        self.process.kill()
        for path in run_folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return self.seed(STATE, {'boot-id': 'the boot before'}).start()

    def wait_idle(self, sessions=1):
        """Waits until so many sessions of this process have ended well."""
        wait_until(lambda: self.process.stderr.count('the session has ended') >= sessions, 'the end of the session')

    def wait_failed(self, number):
        """Waits until so many sessions in a row have failed; returns why the last did."""
        return self.process.wait_for(r'session %d in a row has failed: (.*)$' % number)[1]

    def set(self, status=0, **values):
        """Sets ManagementServer parameters as a local program does."""
        return self.set_paths({SERVER + name: value for name, value in values.items()}, status)

    def set_paths(self, values, status=0):
        return self.run('espalier-request', 'set', *['%s=%s' % item for item in values.items()], status=status)

    def tree(self, *paths):
        """Full parameter path -> typed value, straight from shared memory."""
        return json.loads(self.run('shmdump', '-j', *paths, status=None).stdout or '{}')

    def seed(self, kind, values):
        """Puts records into the state of an agent that does not run."""
        self.state.mkdir(parents=True, exist_ok=True)
        path = self.state / 'agent.db'
        new = not path.exists()
        with sqlite3.connect(path) as database:
            if new:
                database.executescript(SCHEMA)
            database.executemany('INSERT OR REPLACE INTO record VALUES(?, ?, ?)',
                                 [(kind, name, value.encode()) for name, value in values.items()])
        database.close()
        return self

    def fast_retry(self):
        """Every retry after one second (R-40 with m = 1, k = 1000)."""
        return self.seed(SETTING, {SERVER + 'CWMPRetryMinimumWaitInterval': '1',
                                   SERVER + 'CWMPRetryIntervalMultiplier': '1000'})

    def records(self, kind):
        """{name: value} of an agent that does not run."""
        with sqlite3.connect(self.state / 'agent.db') as database:
            found = dict(database.execute('SELECT name, value FROM record WHERE kind = ?', (kind,)))
        database.close()
        return found


@pytest.fixture
def make_agent(start, run, configuration, free_port, tmp_path):
    """make_agent(url, key=value of [acs] ..., sections={...}) prepares an Agent; its start() starts it."""
    def make(url, sections=None, namespace=None, variables=None, **acs):
        everything = {
            'device': {'manufacturer': 'Acme', 'oui': '001122', 'product_class': 'Gateway', 'serial_number': 'S1',
                       'reboot': '/bin/true'},
            'acs': dict({'url': url}, **acs),
            'connection_request': {'port': free_port(), 'username': USER, 'password': PASSWORD},
        }
        for name, keys in (sections or {}).items():
            everything[name] = dict(everything.get(name, {}), **keys)
        state = tmp_path / 'state'
        return Agent(start, run, configuration(**everything), state, namespace, **(variables or {}))
    return make


@pytest.fixture
def pair(start_acs, make_agent, tmp_path):
    """pair('--auth', 'digest', ..., username=...) starts an ACS and an agent, and waits for the first Inform.

    strange: the ACS makes the agent send what no schema allows: its messages are not kept for validation.
    """
    def begin(*options, wait=True, fast=False, strange=False, **settings):
        acs = start_acs(*CREDENTIALS, *options, **({'folder': tmp_path / 'strange'} if strange else {}))
        agent = make_agent(acs.url, **settings)
        if fast:
            agent.fast_retry()
        agent.start()
        if wait:
            acs.wait_inform()
            agent.wait_idle()
        return acs, agent
    return begin


@pytest.fixture
def publish(start):
    """publish('vendor', 'Device.X.A string 1', ...) publishes parameters that accept every set; returns the Process."""
    def begin(name, *lines, accept=True):
        import subprocess
        process = start('espalier-publish', *(['-a'] if accept else []), '-n', name, stdin=subprocess.PIPE)
        process.write(''.join(line + '\n' for line in lines) + '\n')
        return process
    return begin
