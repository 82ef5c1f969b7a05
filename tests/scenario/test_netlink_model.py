# SPDX-License-Identifier: GPL-2.0-or-later
# The schemas of espalier-netlink and espalier-nat against TR-181 2.17: each parameter's type, access, lengths, ranges and enumeration.
import re
import sys

import pytest

from collector import STARTED

MODEL = 'tr-181-2-17-0-cwmp-full.xml'
WRITABLE = ('readWrite', 'writeOnceReadOnly')


def published(text):
    """Path -> (type, access, characters, ranges, enumeration, list), from shmdump -S."""
    found = {}
    for line in text.splitlines():
        path, form, access = line.split(None, 3)[:3]
        match = re.fullmatch(r'(\w+)(?:\((\d+)\))?(?:\[([^\]]*)\])?(?:\{([^}]*)\})?((?:,[\w-]+)*)', form)
        assert match, line
        ranges = [tuple(end or None for end in part.split(':')) for part in (match.group(3) or '').split(',') if part]
        found[path] = (match.group(1), access, int(match.group(2) or 0), ranges,
                       set((match.group(4) or '').split(',')) - {''}, ',list' in match.group(5))
    return found


# What belongs to the device's own ruleset can be read only; the rules decide.
READ_ONLY = re.compile(r'Device\.(Firewall\.|NAT\.InterfaceSetting\.)')
# The model lists what it has taken back as well ("status=deleted").
DELETED = {'Device.Firewall.Config': {'Off'}}
# TR-106, 3.3: vendors may extend an enumeration.
EXTENDED = {'Device.Firewall.Config': {'X_ESPALIER_Ruleset'}}


@pytest.mark.parametrize('program, ready, least', [('espalier-netlink', STARTED, 100), ('espalier-nat', 'started in', 40)])
def test_the_schema_is_that_of_the_model(shared, start, run, configuration, monkeypatch, netns, program, ready, least):
    monkeypatch.setattr(sys, 'dont_write_bytecode', True)
    monkeypatch.syspath_prepend(str(shared / 'spec' / 'xsd'))
    from dmcheck import Model
    model = Model(str(shared / 'spec' / 'models' / MODEL))
    start(program, '-c', configuration(), ready=ready, namespace=netns())
    schema = published(run('shmdump', '-S').stdout)
    assert len(schema) >= least
    problems = []
    # Vendor extensions are in no model (TR-106, 3.3).
    schema = {path: entry for path, entry in schema.items() if '.X_' not in path}
    for path, (kind, access, characters, ranges, enumeration, is_list) in schema.items():
        if kind == 'object':
            if path not in model.objects and path != 'Device.':
                problems.append('%s is no object of the model' % path)
            continue
        if path not in model.parameters:
            problems.append('%s is not in the model' % path)
            continue
        want = model.parameters[path]
        length = 0 if enumeration or is_list else want['max'] or 0
        if '.IPv4Address.' in path and length:
            # dmcheck takes the length of the data type that IPv4Address is derived from.
            length = min(length, 64 if path.endswith('.Alias') else 15)
        compared = {
            'type': (kind, want['type']),
            'list': (is_list, want['list']),
            'access': (access, 'rw' if want['access'] in WRITABLE and not READ_ONLY.match(path) else 'ro'),
            'ranges': (ranges, want['ranges']),
            'enumeration': (enumeration - EXTENDED.get(path, set()), set(want['enum']) - DELETED.get(path, set())),
            'characters': (characters, length),
        }
        problems += ['%s: %s is %s, in the model %s' % (path, what, got, wanted)
                     for what, (got, wanted) in compared.items() if got != wanted]
    assert not problems, '\n'.join(problems)
