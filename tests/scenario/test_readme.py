# SPDX-License-Identifier: GPL-2.0-or-later
# README: its commands run, its links lead somewhere, and make demo does what it says.
import re
import subprocess
import time

import pytest

from places import BUILD, ROOT

README = (ROOT / 'README.md').read_text()


def test_links_lead_to_files():
    links = re.findall(r'\]\(([^)]+)\)', README)
    assert len(links) > 8
    for link in links + [name for line in re.findall(r'man -l (\S+?)`', README) for name in [line]]:
        assert (ROOT / link).exists(), link


@pytest.mark.xdist_group('demo')
def test_demo_runs_to_its_end():
    begin = time.monotonic()
    done = subprocess.run([ROOT / 'tests/demo/run', BUILD], capture_output=True, text=True, timeout=120, check=False,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - begin < 60
    for shown in ('Device.IP.Interface.1.Name = lo', '0 BOOTSTRAP', '6 CONNECTION REQUEST', '4 VALUE CHANGE',
                  'Device.DeviceInfo.ProvisioningCode = cabinet-7', 'Device.X_EXAMPLE-ORG_Cabinet.Door = open'):
        assert shown in done.stdout, shown


def test_commands_for_looking_at_the_tree(start, run_folder, run, configuration):
    """What README's chapter "Look at it" shows, word by word, but for the live screen, which has a test of its own."""
    chapter = README.split('## Look at it')[1].split('\n## ')[0]
    lines = [line.strip() for line in chapter.splitlines() if line.startswith('    ')]
    start('espalier-netlink', '-c', configuration())
    end = time.monotonic() + 10
    while not (run_folder / 'netlink.seg').exists() and time.monotonic() < end:
        time.sleep(0.05)
    shown = {}
    for line in lines:
        if '-w' in line:
            continue
        command = line.replace('build/', '%s/' % BUILD)
        done = subprocess.run(['/bin/bash', '-c', command], capture_output=True, text=True, timeout=20, check=False,
                              env={'ESPALIER_DIR': str(run_folder), 'PATH': '/usr/bin:/bin'})
        assert done.returncode == 0, (command, done.stderr)
        shown[line] = done.stdout
    assert any('Device.IP.Interface.1.Name = lo' in text for text in shown.values())
    assert any('"Device.IP.Interface.1.Stats.BytesSent"' in text for text in shown.values())
    assert any('espalier-netlink' in text and 'alive' in text for text in shown.values())
