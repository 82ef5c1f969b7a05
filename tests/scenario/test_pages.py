# SPDX-License-Identifier: GPL-2.0-or-later
# The pages that compare and explain name tests: each of them exists, and no cell of ours in docs/peers.md is without one.
import re

import pytest

from places import ROOT

TEST = re.compile(r'`(test_\w+)`')


def existing_tests():
    names = set()
    for path in (ROOT / 'tests').glob('*/test_*.py'):
        names.update(re.findall(r'^def (test_\w+)', path.read_text(), re.MULTILINE))
    return names


@pytest.mark.parametrize('page', ['peers.md', 'choices.md'])
def test_named_tests_exist(page):
    named = set(TEST.findall((ROOT / 'docs' / page).read_text()))
    assert named and not named - existing_tests()


def test_each_cell_of_ours_names_its_test():
    rows = [line.strip('|').split('|') for line in (ROOT / 'docs' / 'peers.md').read_text().splitlines()
            if line.startswith('|')]
    ours = None
    for row in rows:
        if row[-1].strip() == 'Espalier':
            ours = len(row)
        elif 'repository' in row[1]:
            ours = None
        elif ours and not set(row[0].strip()) <= {'-'}:
            assert len(row) == ours, row
            assert TEST.search(row[-1]) or row[-1].strip() == 'no', row
