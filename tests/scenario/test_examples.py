# SPDX-License-Identifier: GPL-2.0-or-later
# The examples of docs/examples: built with the installed library as pkg-config tells it, and run as they are.
import os
import signal
import subprocess

import pytest

from places import BUILD, ROOT
from process import TIMEOUT
from publisher import value_of

EXAMPLES = ROOT / 'docs' / 'examples'


@pytest.fixture(scope='module')
def installed(tmp_path_factory):
    """The library, its headers and espalier.pc as "make install" puts them, below a folder of their own."""
    prefix = tmp_path_factory.mktemp('installed')
    for folder in ('include', 'lib/pkgconfig'):
        (prefix / folder).mkdir(parents=True)
    for header in (ROOT / 'shm').glob('espalier*.h'):
        (prefix / 'include' / header.name).write_bytes(header.read_bytes())
    (prefix / 'lib' / 'libespalier.so.0').write_bytes((BUILD / 'libespalier.so.0').read_bytes())
    (prefix / 'lib' / 'libespalier.so').symlink_to('libespalier.so.0')
    (prefix / 'lib' / 'pkgconfig' / 'espalier.pc').write_bytes((BUILD / 'espalier.pc').read_bytes())
    return prefix


@pytest.fixture
def example(installed, tmp_path):
    """example('read') builds docs/examples/read.c and returns the program."""
    def compile_one(name):
        environment = dict(os.environ, PKG_CONFIG_PATH=str(installed / 'lib' / 'pkgconfig'))
        flags = subprocess.run(['pkg-config', '--define-variable=prefix=%s' % installed, '--cflags', '--libs', 'espalier'],
                               env=environment, check=True, capture_output=True, text=True, timeout=TIMEOUT).stdout
        program = tmp_path / name
        source = str(EXAMPLES / (name + '.c'))
        subprocess.run(['gcc', '-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-o', program, source,
                        *flags.split()], check=True, timeout=TIMEOUT)
        return program
    return compile_one


def test_publish_and_read(example, installed, start, run, environment, run_folder):
    library = (installed / 'lib' / 'libespalier.so.0').read_bytes()
    if b'__asan_init' in library or b'__tsan_init' in library:
        pytest.skip('a program built without the sanitizer cannot load a library built with it')
    environment['LD_LIBRARY_PATH'] = str(installed / 'lib')
    publisher = start(example('publish'))
    publisher.wait_for_file(run_folder / 'example.seg')
    assert value_of(run, 'Device.X_EXAMPLE_Port.1.Name') == 'uplink'
    reader = start(example('read'), 'Device.X_EXAMPLE_Port.1.Name')
    reader.wait_for('= uplink$', stream='stdout')
    run('espalier-request', 'set', 'Device.X_EXAMPLE_Port.1.Name=wan')
    reader.wait_for('= wan$', stream='stdout')
    for process in (reader, publisher):
        process.kill()


def test_shell(start, run, build, environment, run_folder):
    environment['PATH'] = '%s:%s' % (build, environment['PATH'])
    script = start(EXAMPLES / 'publish.sh')
    script.wait_for_file(run_folder / 'fan.seg')
    run('espalier-request', 'set', 'Device.X_EXAMPLE_Fan.Speed=0')
    assert value_of(run, 'Device.X_EXAMPLE_Fan.Speed') == '0'
    assert value_of(run, 'Device.X_EXAMPLE_Fan.Status') == 'Stopped'
    assert 'fault 9007' in run('espalier-request', 'set', 'Device.X_EXAMPLE_Fan.Speed=101', status=1).stderr
    assert 'knows no operate' in run('espalier-request', 'operate', 'Device.X_EXAMPLE_Fan.Spin', status=1).stderr
    assert script.stop(signal.SIGTERM) == 0
