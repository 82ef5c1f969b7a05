# SPDX-License-Identifier: GPL-2.0-or-later
# The agent's list of tables and their unique keys against TR-181 2.17.
import subprocess
import sys

from places import ROOT

MODEL = 'tr-181-2-17-0-cwmp-full.xml'


def test_R121_the_tables_are_those_of_the_model(shared):
    made = subprocess.run([sys.executable, ROOT / 'tests/model-tables', shared / 'spec/models' / MODEL], check=True,
                          capture_output=True, text=True, timeout=120).stdout
    assert made.count('{i}.') > 300
    assert made == (ROOT / 'agent/model-table-data.c').read_text()
