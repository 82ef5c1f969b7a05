# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of file transfers share: an agent whose firmware program does what the test says, and the ends of
# transfers that the ACS was told.
import collections
import sqlite3

import pytest

from agent import STATE
from process import wait_until

FIRMWARE = '1 Firmware Upgrade Image'
LOG = '2 Vendor Log File'
TABLE = 'Device.X_ESPALIER_Transfers.'
TRANSFER = 9  # kind of the records
UNKNOWN_TIME = '0001-01-01T00:00:00Z'

End = collections.namedtuple('End', 'key fault text start complete')

# Keeps what it was given, counts its starts, and then does what a file says.
PROGRAM = '''#!/bin/sh
echo start >>%(folder)s/starts
cp "$1" %(folder)s/image.new && mv %(folder)s/image.new %(folder)s/image
[ -e %(folder)s/wait ] && while [ -e %(folder)s/wait ]; do sleep 0.05; done
echo end >>%(folder)s/ends
exit "$(cat %(folder)s/status)"
'''


def install_program(folder, status):
    """Makes the program above in `folder`, ending with a status."""
    program = folder / 'install'
    program.write_text(PROGRAM % {'folder': folder})
    program.chmod(0o755)
    (folder / 'status').write_text(str(status))
    return program


class Device:
    """An agent and its ACS; firmware is installed by a program that leaves it in `folder`."""

    def __init__(self, acs, agent, folder):
        self.acs, self.agent, self.folder = acs, agent, folder

    @property
    def image(self):
        path = self.folder / 'image'
        return path.read_bytes() if path.exists() else None

    def count(self, name):
        """How often the program has written `name` (starts, ends)."""
        path = self.folder / name
        return len(path.read_text().splitlines()) if path.exists() else 0

    def ends(self, method='TransferComplete'):
        """What the ACS was told so far."""
        return [End((message.texts('CommandKey') or [None])[0], int(message.texts('FaultCode')[0]),
                    message.texts('FaultString')[0], message.texts('StartTime')[0], message.texts('CompleteTime')[0])
                for message in self.acs.messages(True) if message.path and message.method == method]

    def wait_end(self, key, timeout=120):
        """The end of the transfer with this key."""
        try:
            return wait_until(lambda: next((end for end in self.ends() if end.key == key), None), key, timeout)
        except AssertionError as error:
            raise AssertionError('%s\n%s' % (error, self.agent.process.stderr[-3000:])) from None

    def run(self, key, url, *options, kind=FIRMWARE):
        """A Download to its end."""
        result = self.acs.call(('download', key, kind, url) + options)
        assert result.good, result
        return self.wait_end(key)

    def rows(self):
        """{instance: {parameter: value}} of the Transfer table."""
        found = collections.defaultdict(dict)
        for path, value in self.agent.tree(TABLE + 'Transfer.').items():
            instance, name = path[len(TABLE + 'Transfer.'):].split('.')
            found[int(instance)][name] = value
        return dict(found)

    def queued(self, all=True):
        """What Get(All)QueuedTransfers answers: {CommandKey: State}."""
        result = self.acs.call(('get-all-queued-transfers' if all else 'get-queued-transfers',))
        assert result.good, result
        answer = [message for message in self.acs.messages(True) if message.path and
                  message.method.endswith('QueuedTransfersResponse')][-1]
        return dict(zip(answer.texts('CommandKey'), map(int, answer.texts('State'))))

    def reboot(self, version=None):
        """The device restarts, after its agent has ended: another boot, and maybe another software version."""
        self.agent.seed(STATE, {'boot-id': 'the boot before'})
        with sqlite3.connect(self.agent.state / 'agent.db') as database:
            for name, value in database.execute('SELECT name, value FROM record WHERE kind = ?', (TRANSFER,)).fetchall():
                fields = value.split(b'\0')
                for at in range(0, len(fields) - 1, 2):
                    if fields[at] in (b'boot-id', b'receipt-boot-id'):
                        fields[at + 1] = b'the boot before'
                database.execute('UPDATE record SET value = ? WHERE kind = ? AND name = ?',
                                 (b'\0'.join(fields), TRANSFER, name))
        database.close()
        if version:
            self.set_version(version)
        self.agent.start()

    def set_version(self, version):
        text = self.agent.path.read_text()
        lines = [line for line in text.splitlines() if not line.startswith('software_version')]
        lines.insert(lines.index('[device]') + 1, 'software_version = ' + version)
        self.agent.path.write_text('\n'.join(lines) + '\n')

    def leftovers(self):
        """The files in the state folder's `transfers`."""
        return sorted(path.name for path in (self.agent.state / 'transfers').iterdir())

    def wait_settled(self):
        """Waits until nothing of any transfer is left."""
        wait_until(lambda: not self.rows() and not self.leftovers(), 'the end of all transfers')


@pytest.fixture
def device(pair, tmp_path):
    """device(options of the ACS ..., transfer={...}) starts a Device; transfer: keys of [transfer]."""
    def make(*options, transfer=None, sections=None, **settings):
        folder = tmp_path / 'firmware'
        folder.mkdir()
        keys = dict({'firmware_program': install_program(folder, 0), 'retries': 0}, **(transfer or {}))
        everything = dict(sections or {}, transfer=keys)
        everything['device'] = dict({'software_version': '1.0', 'reboot': ''}, **everything.get('device', {}))
        acs, agent = pair(*options, sections=everything, **settings)
        return Device(acs, agent, folder)
    return make
