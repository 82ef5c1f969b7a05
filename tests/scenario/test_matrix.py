# SPDX-License-Identifier: GPL-2.0-or-later
# docs/cwmp-matrix.md is what tests/matrix makes of the sources as they are.
import shutil
import subprocess

from places import ROOT


def test_matrix_is_up_to_date():
    done = subprocess.run([ROOT / 'tests/matrix', '--check'], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_matrix_finds_what_is_open(tmp_path):
    """A requirement without code and tests is open; one line of each, and it is not."""
    for folder in ('tests/scenario', 'docs', 'agent'):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(ROOT / 'tests/matrix', tmp_path / 'tests')
    (tmp_path / 'tests/requirements.txt').write_text('[One]\nR-01 first: T001\n[Cases]\nT001 case\n')

    def what_is_open():
        done = subprocess.run([tmp_path / 'tests/matrix', '--open'], check=False, capture_output=True, text=True,
                              timeout=60)
        return done.returncode, done.stdout.splitlines()
    assert what_is_open() == (1, ['R-01: no test has T001 in its name: first', 'R-01: no source names it: first',
                                  'T001 has no test: case'])
    (tmp_path / 'agent/one.c').write_text('// R-01\n')
    (tmp_path / 'tests/scenario/test_one.py').write_text('def test_T001_one():\n')
    assert what_is_open() == (0, [''])
