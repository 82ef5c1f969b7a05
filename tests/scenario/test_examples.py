# SPDX-License-Identifier: GPL-2.0-or-later
# The examples of docs/examples: built with the installed library as pkg-config tells it, and run as they are.
import signal

from examples import example, installed  # noqa: F401
from places import ROOT
from publisher import value_of

EXAMPLES = ROOT / 'docs' / 'examples'


def test_publish_and_read(example, start, run, run_folder):
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
