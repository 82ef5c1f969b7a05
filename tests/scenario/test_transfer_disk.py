# SPDX-License-Identifier: GPL-2.0-or-later
# File transfers and a disk that is full.
import os
import pathlib
import subprocess

import pytest

from acs import start_acs  # noqa: F401
from agent import make_agent, pair  # noqa: F401
from fileserver import file_server  # noqa: F401
from transfer import FIRMWARE, device  # noqa: F401

SIZE = 4 << 20
MOUNT = 'mount -t tmpfs -o mode=700,size="$1" tmpfs "$2" && shift 2 && exec "$@"'


class SmallDisk:
    """In the place of a network namespace: gives a program a small file system as its state folder."""

    def __init__(self, folder):
        self.folder = folder

    def command(self, *arguments):
        return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', MOUNT, 'sh', str(SIZE), str(self.folder),
                *map(str, arguments)]


@pytest.fixture
def small(device, tmp_path):
    """small() starts a Device with 4 MiB of disk; its `disk` is the folder as the agent sees it."""
    def make(**options):
        if os.geteuid() != 0:
            pytest.skip('a mount needs root')
        folder = tmp_path / 'state'
        folder.mkdir(exist_ok=True)
        made = device(namespace=SmallDisk(folder), **options)
        made.disk = pathlib.Path('/proc/%d/root%s' % (made.agent.process.pid, folder))
        (made.folder / 'status').write_text('1')
        return made
    return make


def room(disk):
    status = os.statvfs(disk)
    return status.f_bavail * status.f_frsize


def fill(disk, left):
    """Makes a file that leaves so much."""
    path = disk / 'filler'
    with open(path, 'wb') as file:
        try:
            file.write(bytes(room(disk) - left))
        except OSError:
            pass
    return path


@pytest.mark.parametrize('length', (True, False))
def test_R65_larger_than_the_disk(small, file_server, length):
    """Where the server tells the length nothing is fetched; else as much as leaves the agent its reserve."""
    device = small()
    file_server.length = length
    file_server.files['/large'] = bytes(SIZE)
    file_server.files['/small'] = bytes(100000)
    end = device.run('large', file_server.url('/large'))
    assert end.fault == 9010 and 'space' in end.text, end
    assert not device.count('starts') and os.listdir(device.disk / 'transfers') == []
    assert device.run('small', file_server.url('/small')).fault == 9018
    assert device.image == bytes(100000)
    device.acs.call(('get', 'Device.DeviceInfo.SoftwareVersion'))
    assert [end.key for end in device.ends()] == ['large', 'small']


def test_R65_the_reserve_is_for_the_state(small, file_server):
    device = small()
    file_server.files['/small'] = bytes(100000)
    filler = fill(device.disk, 1 << 20)
    end = device.run('full', file_server.url('/small'))
    assert end.fault == 9010 and 'space' in end.text, end
    filler.unlink()
    assert device.run('room', file_server.url('/small')).fault == 9018
    assert device.image == bytes(100000)


def test_R63_no_room_for_the_record(small, file_server):
    """What can't be made durable is not promised."""
    device = small()
    long = 'x' * 200
    filler = fill(device.disk, 0)
    accepted, refused = set(), []
    for number in range(16):
        result = device.acs.call(('download', str(number), FIRMWARE, 'http://127.0.0.1:1/' + long, 'user=' + long,
                                  'password=' + long, 'target=' + long, 'delay=3600'))
        if result.good:
            accepted.add(str(number))
        else:
            refused.append(result.faults[0])
    assert refused and all(fault.code == 9004 and 'durable' in fault.text for fault in refused)
    assert set(device.queued()) == accepted
    filler.unlink()
    file_server.files['/small'] = bytes(100000)
    assert device.run('room', file_server.url('/small')).fault == 9018
