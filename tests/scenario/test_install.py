# SPDX-License-Identifier: GPL-2.0-or-later
# "make install" into a folder: what is there, and that a program of another project builds and runs against it.
import os
import subprocess

import pytest

from places import ROOT

pytestmark = pytest.mark.xdist_group('install')  # one installation for all of them

PROGRAM = '''#include <espalier.h>
#include <stdio.h>
int main(void)
{
    printf("%s\\n", espalier_type_name(ESPALIER_UNSIGNED_INT));
    return 0;
}
'''


def command(*arguments, **options):
    done = subprocess.run([str(argument) for argument in arguments], check=False, capture_output=True, text=True,
                          timeout=300, **options)
    assert done.returncode == 0, '%s:\n%s%s' % (arguments, done.stdout, done.stderr)
    return done.stdout


@pytest.fixture(scope='module')
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp('installed')
    # make finds the variables of the make that runs the tests in $MAKEFLAGS: nothing is compiled again.
    command('make', '-C', ROOT, 'BUILD=%s' % os.environ.get('ESPALIER_BUILD', 'build'), 'DESTDIR=%s' % (folder / 'to'),
            'install')
    return folder / 'to'


def test_what_is_installed(installed):
    for name in ('usr/bin/shmdump', 'usr/bin/espalier-publish', 'usr/bin/espalier-request', 'usr/sbin/espalier-agent', 'usr/sbin/espalier-transfer',
                 'usr/sbin/espalier-nat', 'usr/sbin/espalier-xmpp', 'usr/sbin/espalier-netlink', 'usr/sbin/espalier-zwave', 'usr/lib/libespalier.so.0', 'usr/lib/libespalier.so', 'usr/lib/libespalier.a',
                 'usr/lib/pkgconfig/espalier.pc', 'usr/include/espalier.h',
                 'usr/lib/systemd/system/espalier-agent.service', 'usr/lib/systemd/system/espalier-netlink.service',
                 'usr/lib/systemd/system/espalier-dhcp-networkd.path', 'usr/lib/espalier/dhcp/dhclient.conf',
                 'etc/espalier/espalier.conf', 'usr/share/man/man1/shmdump.1', 'usr/share/man/man8/espalier-agent.8',
                 'usr/share/man/man8/espalier-nat.8', 'usr/share/man/man8/espalier-xmpp.8', 'usr/share/man/man8/espalier-netlink.8', 'usr/share/man/man8/espalier-zwave.8',
                 'usr/lib/systemd/system/espalier-zwave.service'):
        assert (installed / name).exists(), name
    assert not (installed / 'usr/bin/espalier-acs').exists()
    for unit in (installed / 'usr/lib/systemd/system').iterdir():
        assert '@' not in unit.read_text().replace('@system-service', '').replace('@io-event', ''), unit
    for script in (installed / 'usr/lib/espalier/dhcp').iterdir():
        assert '@LIBEXEC@' not in script.read_text(), script
        assert os.access(script, os.X_OK) == script.read_text().startswith('#!'), script


def test_the_static_library_shows_public_names_only(installed):
    shown = [line.split()[-1] for line in command('nm', '-g', '--defined-only', installed / 'usr/lib/libespalier.a')
             .splitlines() if ' ' in line]
    assert shown and not [name for name in shown if not name.startswith('espalier_')]


@pytest.mark.parametrize('static', [False, True], ids=['shared', 'static'])
def test_a_program_builds_against_it(installed, tmp_path, static):
    source = tmp_path / 'program.c'
    source.write_text(PROGRAM)
    variables = dict(os.environ, PKG_CONFIG_PATH=str(installed / 'usr/lib/pkgconfig'),
                     PKG_CONFIG_SYSROOT_DIR=str(installed), PKG_CONFIG_ALLOW_SYSTEM_CFLAGS='1',
                     PKG_CONFIG_ALLOW_SYSTEM_LIBS='1')
    flags = command('pkg-config', '--cflags', '--libs', 'espalier', env=variables).split()
    if static:
        flags = [installed / 'usr/lib/libespalier.a' if flag == '-lespalier' else flag for flag in flags]
    # The compiler and the sanitizers that the library was built with.
    compiler = os.environ.get('ESPALIER_CC', 'gcc').split()
    command(*compiler, '-Wall', '-Werror', source, '-o', tmp_path / 'program', *flags)
    variables['LD_LIBRARY_PATH'] = str(installed / 'usr/lib')
    assert command(tmp_path / 'program', env=variables) == 'unsignedInt\n'
