# SPDX-License-Identifier: GPL-2.0-or-later
# espalier-request: what it prints and how it exits.
import os
import subprocess

import pytest

from process import TIMEOUT
from publisher import Publisher, value_of

LINES = r'''
Device.X_EX_A string(8),rw a
Device.X_EX_B int[0:9],rw 1
Device.X_EX_Fixed int 1
Device.X_EX_T.{i}. object,rw
Device.X_EX_T.1.N string,rw one
Device.X_EX_F.1.N string,rw one
'''


@pytest.fixture
def tree(start, run):
    return Publisher(start, run, LINES, '--accept')


def test_set(tree, run):
    done = run('espalier-request', 'set', 'Device.X_EX_A==x=', 'Device.X_EX_B=2')
    assert done.stdout == 'set Device.X_EX_A = =x=\nset Device.X_EX_B = 2\n'
    assert (value_of(run, 'Device.X_EX_A'), value_of(run, 'Device.X_EX_B')) == ('=x=', '2')
    run('espalier-request', 'set', 'Device.X_EX_A=')
    assert value_of(run, 'Device.X_EX_A') == ''


@pytest.mark.parametrize('entry, fault', [
    ('Device.X_EX_A=much too long', 9007), ('Device.X_EX_B=10', 9007), ('Device.X_EX_B=x', 9007),
    ('Device.X_EX_B=', 9007), ('Device.X_EX_Fixed=2', 9008),
])
def test_fault_of_one_sets_nothing(tree, run, entry, fault):
    refused = run('espalier-request', 'set', 'Device.X_EX_T.1.N=changed', entry, status=1)
    assert '%s: fault %d' % (entry.split('=')[0], fault) in refused.stderr
    assert 'nothing was set' in refused.stderr
    assert refused.stdout == ''
    assert value_of(run, 'Device.X_EX_T.1.N') == 'one'


def test_add_and_delete(tree, run):
    assert run('espalier-request', 'add', 'Device.X_EX_T.').stdout == 'Device.X_EX_T.2.\n'
    assert value_of(run, 'Device.X_EX_T.2.N') == ''
    assert run('espalier-request', 'delete', 'Device.X_EX_T.2.').stdout == 'done Device.X_EX_T.2.\n'
    run('shmdump', 'Device.X_EX_T.2.', status=1)
    assert 'fault 9005' in run('espalier-request', 'add', 'Device.X_EX_F.', status=1).stderr
    assert 'fault 9005' in run('espalier-request', 'delete', 'Device.X_EX_F.1.', status=1).stderr
    assert value_of(run, 'Device.X_EX_F.1.N') == 'one'


def test_nobody_owns_it(tree, run):
    for arguments in (['set', 'Device.X_EX_Z=1'], ['add', 'Device.X_EX_Z.'], ['delete', 'Device.X_EX_T.9.']):
        assert 'no owner' in run('espalier-request', *arguments, status=3).stderr


def test_dead_owner(tree, run):
    tree.process.kill()
    assert 'not there' in run('espalier-request', 'set', 'Device.X_EX_A=b', status=3).stderr


def test_no_folder(run):
    assert 'no owner runs' in run('espalier-request', 'set', 'Device.X_EX_A=b', ESPALIER_DIR='/nonexistent', status=3).stderr


def test_time_limit(start, run):
    Publisher(start, run, LINES)
    assert 'no answer in time' in run('espalier-request', '-t', '0.1', 'set', 'Device.X_EX_A=b', status=1).stderr


@pytest.mark.parametrize('arguments', [
    [], ['set'], ['add'], ['frob', 'x'], ['set', 'Device.X_EX_A'], ['set', '=x'], ['add', 'Device.X_EX_T'],
    ['delete', 'Device.X_EX_T.1'], ['add', 'a.', 'b.'], ['operate', 'Device.X', 'noequals'], ['-t', '0', 'set', 'a=b'],
    ['-x'], ['delete', 'Device.X_EX_T.1.=x'],
])
def test_wrong_usage(run, arguments):
    assert run('espalier-request', *arguments, status=2).stderr


def test_only_those_permitted(tree, build, environment, run, run_folder):
    if os.geteuid() != 0:
        pytest.skip('taking another user needs root')
    run_folder.chmod(0o755)
    done = subprocess.run(['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups',
                           build / 'espalier-request', 'set', 'Device.X_EX_A=b'], env=environment, capture_output=True,
                          text=True, timeout=TIMEOUT, check=False)
    if 'Permission denied' in done.stderr and 'fault' not in done.stderr:
        pytest.skip('the build or run folder is closed to other users')
    assert done.returncode == 1 and 'fault 9001' in done.stderr
    assert value_of(run, 'Device.X_EX_A') == 'a'
