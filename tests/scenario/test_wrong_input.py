# SPDX-License-Identifier: GPL-2.0-or-later
# The tools in a stranger's hands: no folder, nothing in it, garbage in it, closed files, full disks, closed pipes.
import os
import shutil
import subprocess

import pytest

from process import TIMEOUT
from publisher import Publisher

FORMS = [[], ['-j'], ['-c'], ['-l'], ['-s'], ['-S'], ['-f']]


@pytest.mark.parametrize('form', FORMS)
def test_no_folder(run, run_folder, form):
    missing = run('shmdump', *form, ESPALIER_DIR=str(run_folder / 'missing'), status=3)
    assert 'no segment to read' in missing.stderr and missing.stdout == ''


@pytest.mark.parametrize('form', FORMS)
def test_empty_folder(run, form):
    assert 'no segment to read' in run('shmdump', *form, status=3).stderr


def garbage(folder):
    """Files that look like segments and are none. Returns their number."""
    (folder / 'empty.seg').write_bytes(b'')
    (folder / 'short.seg').write_bytes(b'LPSE')
    (folder / 'zeros.seg').write_bytes(bytes(8192))
    (folder / 'random.seg').write_bytes(os.urandom(65536))
    (folder / 'folder.seg').mkdir()
    (folder / 'dangling.seg').symlink_to('nothing')
    os.mkfifo(folder / 'fifo.seg')
    return 7


def test_garbage_beside_a_good_segment(start, run, run_folder):
    Publisher(start, run, 'Device.X_EX_A int 1')
    count = garbage(run_folder)
    shown = run('shmdump', 'Device.X_EX_A')
    assert shown.stdout == 'Device.X_EX_A = 1\n'
    assert len(shown.stderr.splitlines()) == count
    assert all(line.startswith('shmdump: segment ') for line in shown.stderr.splitlines())
    assert run('shmdump', '-s').stdout.count(' broken ') == count


def test_garbage_only(run, run_folder):
    count = garbage(run_folder)
    shown = run('shmdump', '-s', status=3)
    assert shown.stdout.count(' broken ') == count
    run('shmdump', status=3)
    run('espalier-request', 'set', 'Device.X_EX_A=1', status=3)


@pytest.mark.parametrize('size', [0, 1, 63, 64, 100, 4096])
def test_truncated_segment(start, run, run_folder, size):
    Publisher(start, run, 'Device.X_EX_A int 1').process.kill()
    os.truncate(run_folder / 'test.seg', size)
    assert run('shmdump', status=3).stderr


def test_damaged_segment(start, run, run_folder):
    Publisher(start, run, 'Device.X_EX_A int 1\nDevice.X_EX_T.1.N string one').process.kill()
    whole = (run_folder / 'test.seg').read_bytes()
    for at in range(0, min(len(whole), 2048), 4):
        (run_folder / 'test.seg').write_bytes(whole[:at] + b'\xff\xff\xff\x7f' + whole[at + 4:])
        assert run('shmdump', '-j', status=None).wait() in (0, 3)


def test_hostile_values_stay_on_their_line(start, run):
    Publisher(start, run, r'Device.X_EX_A string \x1B]0;title\x07\nDevice.X_EX_Forged = 1\x9B')
    Publisher(start, run, r'Device.X_EX_B string \x1B[31m\nDevice.X_EX_Forged = 1', name='other')
    text = run('shmdump', 'Device.').stdout
    assert '\x1b' not in text and '\nDevice.X_EX_Forged' not in text


def as_nobody(build, environment, *arguments):
    if os.geteuid() != 0:
        pytest.skip('taking another user needs root')
    return subprocess.run(['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', build / arguments[0],
                           *arguments[1:]], env=environment, capture_output=True, text=True, timeout=TIMEOUT,
                          check=False)


def test_unreadable_segment(start, run, run_folder, build, environment):
    Publisher(start, run, 'Device.X_EX_A int 1', name='closed')
    Publisher(start, run, 'Device.X_EX_B int 1', name='open')
    run_folder.chmod(0o755)
    (run_folder / 'closed.seg').chmod(0o600)
    shown = as_nobody(build, environment, 'shmdump', 'Device.X_EX_B')
    assert shown.returncode == 0 and shown.stdout == 'Device.X_EX_B = 1\n'
    assert shown.stderr == 'shmdump: segment closed: Permission denied\n'


def test_unreadable_folder(start, run, run_folder, build, environment):
    Publisher(start, run, 'Device.X_EX_A int 1')
    run_folder.chmod(0o700)
    shown = as_nobody(build, environment, 'shmdump')
    assert shown.returncode == 3 and 'Permission denied' in shown.stderr


def test_folder_that_cannot_be_written(start, run_folder, build, environment):
    run_folder.chmod(0o755)
    if os.geteuid() != 0:
        pytest.skip('taking another user needs root')
    done = subprocess.run(['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups',
                           build / 'espalier-publish'], env=environment, input='Device.X_EX_A int 1\n', text=True,
                          capture_output=True, timeout=TIMEOUT, check=False)
    assert done.returncode == 1 and 'Permission denied' in done.stderr


@pytest.mark.parametrize('form', [form for form in FORMS if form != ['-f']] + [['-h'], ['-V']])
def test_full_disk(start, run, build, environment, form):
    Publisher(start, run, 'Device.X_EX_A int 1')
    with open('/dev/full', 'wb') as full:
        done = subprocess.run([build / 'shmdump', *form], stdout=full, stderr=subprocess.PIPE, env=environment, text=True,
                              timeout=TIMEOUT, check=False)
    assert done.returncode == 4
    assert done.stderr == 'shmdump: standard output: No space left on device\n'


def test_full_disk_for_the_request_tool(start, run, build, environment):
    Publisher(start, run, 'Device.X_EX_A int,rw 1', '--accept')
    with open('/dev/full', 'wb') as full:
        done = subprocess.run([build / 'espalier-request', 'set', 'Device.X_EX_A=2'], stdout=full, env=environment,
                              stderr=subprocess.PIPE, text=True, timeout=TIMEOUT, check=False)
    assert done.returncode == 1 and 'No space left' in done.stderr


@pytest.mark.parametrize('form', FORMS)
def test_closed_pipe(start, run, build, environment, form):
    Publisher(start, run, '\n'.join('Device.X_EX_T.%d.N string %s' % (i, 'x' * 50) for i in range(1, 3000)))
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([build / 'shmdump', *form], stdout=writing, stderr=subprocess.PIPE, env=environment,
                          timeout=TIMEOUT, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (4, b'')


def test_closed_standard_files(start, run, build, environment):
    Publisher(start, run, 'Device.X_EX_A int 1')
    for program, arguments in (('shmdump', []), ('espalier-publish', ['-e', '-n', 'none'])):
        vector = ['sh', '-c', 'exec "$0" "$@" <&- >&- 2>&-', build / program, *arguments]
        assert subprocess.run(vector, env=environment, timeout=TIMEOUT, check=False).returncode in (1, 4)


def test_many_segments(start, run, run_folder):
    Publisher(start, run, 'Device.X_EX_A int 1', name='a-good-one').process.kill()
    for i in range(70):
        shutil.copy(run_folder / 'a-good-one.seg', run_folder / ('copy-%d.seg' % i))
    assert 'Device.X_EX_A = 1' in run('shmdump', status=None).stdout
