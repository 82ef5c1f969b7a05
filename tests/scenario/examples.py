# SPDX-License-Identifier: GPL-2.0-or-later
# The examples of docs/examples, built with the installed library as pkg-config tells it.
import os
import subprocess

import pytest

from places import BUILD, ROOT
from process import TIMEOUT

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
def example(installed, tmp_path, environment):
    """example('read') builds docs/examples/read.c and returns the program; folder: where another source is. A library that
    was built with a sanitizer needs it in the program, too."""
    library = (installed / 'lib' / 'libespalier.so.0').read_bytes()
    sanitizer = 'address' if b'__asan_init' in library else 'thread' if b'__tsan_init' in library else None
    compiler = ['clang', '-fsanitize=' + sanitizer] if sanitizer else ['gcc']
    environment['LD_LIBRARY_PATH'] = str(installed / 'lib')

    def compile_one(name, folder=EXAMPLES):
        pkg_config = dict(os.environ, PKG_CONFIG_PATH=str(installed / 'lib' / 'pkgconfig'))
        flags = subprocess.run(['pkg-config', '--define-variable=prefix=%s' % installed, '--cflags', '--libs', 'espalier'],
                               env=pkg_config, check=True, capture_output=True, text=True, timeout=TIMEOUT).stdout
        program = tmp_path / name
        source = str(folder / (name + '.c'))
        subprocess.run([*compiler, '-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-o', program, source,
                        *flags.split()], check=True, timeout=TIMEOUT)
        return program
    return compile_one
