# SPDX-License-Identifier: GPL-2.0-or-later
# Validates every message that the agent sent in the scenario tests: schema, what a schema cannot say, and data model.
# Runs after them, on what they recorded: one test for each of the three checks and each scenario.
import collections
import functools
import os
import re
import subprocess
import sys

import pytest

from places import MESSAGES, SHARED_MISSING, shared_folder

FILES_A_CALL = 400  # of one argument vector
MODEL = 'tr-181-2-17-0-cwmp-full.xml'
ROOT_OBJECT_OF_MODEL = b'InternetGatewayDevice.'
NAMESPACE = re.compile(rb'urn:dslforum-org:cwmp-(1-[0-9])')
SCHEMAS = {b'1-0': 'cwmp-all-1-0.xsd', b'1-1': 'cwmp-all-1-1.xsd', b'1-2': 'cwmp-all-1-2.xsd'}


def recorded():
    """The files of each scenario."""
    files = collections.defaultdict(list)
    for path in sorted(MESSAGES.glob('**/*-from-agent.xml')):
        if path.stat().st_size > 0:
            files[path.parent.relative_to(MESSAGES).as_posix()].append(path)
    return files


FILES = recorded()
ALL_FILES = [path for files in FILES.values() for path in files]


def check_batch(command, batch, environment, complaints):
    done = subprocess.run(command + batch, check=False, capture_output=True, text=True, timeout=600,
                          env=dict(os.environ, PYTHONDONTWRITEBYTECODE='1', **environment))
    if 'Traceback' in done.stderr and len(batch) > 1:
        # One file has stopped the checker: find out which, and check the others all the same.
        for path in batch:
            check_batch(command, [path], environment, complaints)
        return
    found = 0
    for line in (done.stdout + done.stderr).splitlines():
        path = next((name for name in batch if line.startswith(name + ':')), None)
        if path and 'Skipping import of schema' not in line:
            complaints[path].append(line[len(path) + 1:])
            found += 1
        elif line.endswith(' fails to validate'):
            complaints[line[:-len(' fails to validate')]].append('fails to validate')
            found += 1
    if done.returncode != 0 and not found:
        for path in batch:
            complaints[path].append('the checker itself failed: ' + done.stderr[-2000:])


def check_in_batches(command, files, environment=None):
    """Runs a checker on all files, some hundred a call; returns the complaints about each file."""
    complaints = collections.defaultdict(list)
    for first in range(0, len(files), FILES_A_CALL):
        batch = [str(path) for path in files[first:first + FILES_A_CALL]]
        check_batch(command, batch, environment or {}, complaints)
    return complaints


@functools.lru_cache(maxsize=None)
def schema_complaints(xsd):
    complaints = collections.defaultdict(list)
    by_schema = collections.defaultdict(list)
    for path in ALL_FILES:
        version = NAMESPACE.search(path.read_bytes()[:4096])
        if version and version[1] in SCHEMAS:
            by_schema[SCHEMAS[version[1]]].append(path)
        else:
            complaints[str(path)].append('no known CWMP namespace')
    for schema, files in by_schema.items():
        complaints.update(check_in_batches(['xmllint', '--nonet', '--noout', '--schema', str(xsd / schema)], files,
                                           {'XML_CATALOG_FILES': str(xsd / 'catalog.xml')}))
    return complaints


@functools.lru_cache(maxsize=None)
def lint_complaints(xsd):
    return check_in_batches([sys.executable, str(xsd / 'lint.py')], ALL_FILES)


@functools.lru_cache(maxsize=None)
def model_complaints(xsd):
    files = [path for path in ALL_FILES if ROOT_OBJECT_OF_MODEL not in path.read_bytes()]
    return check_in_batches([sys.executable, str(xsd / 'dmcheck.py'), str(xsd.parent / 'models' / MODEL)], files)


def test_messages_were_recorded():
    if not shared_folder():
        pytest.skip(SHARED_MISSING)
    assert ALL_FILES, 'the scenario tests recorded no message of the agent below %s' % MESSAGES


@pytest.mark.parametrize('check', [schema_complaints, lint_complaints, model_complaints],
                         ids=['schema', 'lint', 'model'])
@pytest.mark.parametrize('scenario', FILES)
def test_messages(scenario, check, shared):
    complaints = check(shared / 'spec' / 'xsd')
    problems = ['%s: %s' % (path.name, complaint) for path in FILES[scenario] for complaint in complaints[str(path)]]
    assert not problems, '%d of %d messages:\n%s' % (
        len({problem.split(':')[0] for problem in problems}), len(FILES[scenario]), '\n'.join(problems[:40]))
