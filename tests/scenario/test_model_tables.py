# SPDX-License-Identifier: GPL-2.0-or-later
# The agent's lists of unique keys and patterns against TR-181 2.17.
import subprocess
import sys

import pytest

from places import ROOT

MODEL = 'tr-181-2-17-0-cwmp-full.xml'


@pytest.mark.parametrize('kind, file, count', [('tables', 'model-table-data.c', 300), ('patterns', 'model-pattern-data.c', 50)])
def test_R121_the_lists_are_those_of_the_model(shared, kind, file, count):
    made = subprocess.run([sys.executable, ROOT / 'tests/model-tables', kind, shared / 'spec/models' / MODEL], check=True,
                          capture_output=True, text=True, timeout=120).stdout
    assert made.count('\t{"') > count
    assert made == (ROOT / 'agent' / file).read_text()
