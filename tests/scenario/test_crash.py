# SPDX-License-Identifier: GPL-2.0-or-later
# The tree in shared memory outlives writers and readers that are killed at any instruction.
import re
import subprocess

import pytest


def crash(build, kills):
    program = build / 'tests' / 'crash-rows'
    result = subprocess.run([program, str(kills)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    print(result.stdout, result.stderr)
    figures = dict(re.findall(r'(\w+) (\d+)', result.stdout))
    assert int(figures['kills']) == kills
    assert int(figures['reads']) > kills
    assert [figures['torn'], figures['stuck'], figures['wrong']] == ['0', '0', '0']
    assert result.returncode == 0


def test_300_kills_leave_no_row_torn_and_no_reader_stuck(build):
    crash(build, 300)


@pytest.mark.soak
def test_10000_kills_leave_no_row_torn_and_no_reader_stuck(build):
    crash(build, 10000)
