# SPDX-License-Identifier: GPL-2.0-or-later
# A real name server (dnsmasq) in a test's network namespace, with the namespace's own resolv.conf and hosts.
import pathlib
import shutil
import signal

import pytest

from process import wait_until

# None of the machine's own configuration, no other servers, in the foreground, nothing cached by itself.
PLAIN = ('--keep-in-foreground', '--log-facility=-', '--conf-file=/dev/null', '--pid-file', '--user=root', '--no-hosts')


class Names:
    """dnsmasq as the name server of a namespace."""

    def __init__(self, start, namespace, folder, files):
        self.start, self.namespace, self.hosts, self.files = start, namespace, folder / 'names', files
        self.process, self.time_to_live = None, 0
        (files / 'resolv.conf').write_text('nameserver 127.0.0.1\n')

    def write(self, names):
        self.hosts.write_text(''.join('%s %s\n' % (address, name) for name, addresses in names.items()
                                      for address in addresses))

    def serve(self, names, time_to_live=0, *options):
        """Answers with these {name: [addresses]}, and that no other name exists."""
        self.write(names)
        self.time_to_live = time_to_live
        self.process = self.start('dnsmasq', *PLAIN, '--no-resolv', '--log-queries', '--listen-address=127.0.0.1',
                                  '--bind-interfaces', '--addn-hosts=%s' % self.hosts, '--local=/#/',
                                  '--local-ttl=%d' % time_to_live, *options, namespace=self.namespace,
                                  ready=r'read .* - \d+ names')
        return self

    def change(self, names):
        """Other answers from now on."""
        self.write(names)
        before = self.process.stderr.count('names\n')
        self.process.signal(signal.SIGHUP)
        wait_until(lambda: self.process.stderr.count('names\n') > before, 'the new names')

    def questions(self, name, kind='A'):
        """How often the name was asked for."""
        return self.process.stderr.count('query[%s] %s from' % (kind, name))

    def local(self, names):
        """These are in /etc/hosts."""
        (self.files / 'hosts').write_text(''.join('%s %s\n' % (address, name) for name, addresses in names.items()
                                                  for address in addresses))


@pytest.fixture
def names(start, tmp_path):
    """names(namespace) makes a Names; the files that ip(8) gives the namespace are removed after the test."""
    folders = []

    def make(namespace):
        files = pathlib.Path('/etc/netns') / namespace.name
        files.mkdir(parents=True)
        folders.append(files)
        return Names(start, namespace, tmp_path, files)
    yield make
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
