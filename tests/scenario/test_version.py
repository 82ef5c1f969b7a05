# SPDX-License-Identifier: GPL-2.0-or-later
# The versions of CWMP: what is offered, and what a session of an older one does not show (R-38, T045 to T048).
import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, make_agent, pair, publish  # noqa: F401
from fileserver import file_server  # noqa: F401
from transfer import device  # noqa: F401

NAMESPACE = {'1.0': '1-0', '1.1': '1-1'}
VERSIONS = ['1.0', '1.1', '1.2', '1.3', '1.4']
# Method, the version that has brought it, and a call of it.
LATER = [
    ('GetAllQueuedTransfers', '1.1', ('get-all-queued-transfers',)),
    ('ScheduleDownload', '1.2', ('schedule-download', 'key', '1 Firmware Upgrade Image', 'http://127.0.0.1:9/x')),
    ('CancelTransfer', '1.2', ('cancel-transfer', 'key')),
    ('ChangeDUState', '1.2', ('change-du-state', 'key', 'Update')),
]
FIRST = ['GetRPCMethods', 'SetParameterValues', 'GetParameterValues', 'GetParameterNames', 'SetParameterAttributes',
         'GetParameterAttributes', 'AddObject', 'DeleteObject', 'Reboot', 'FactoryReset', 'ScheduleInform', 'Download',
         'Upload', 'GetQueuedTransfers']


def methods(acs):
    lines = acs.call(('methods',)).lines
    assert all(line.startswith('method ') for line in lines), lines[-1]
    return [line.split()[1] for line in lines]


@pytest.mark.parametrize('version', VERSIONS)
def test_T045_methods_of_later_versions_are_unknown(pair, version):
    acs, agent = pair('--use-cwmp-version', version, '--version-namespace', NAMESPACE.get(version, '1-2'))
    listed = methods(acs)
    assert set(listed) == set(FIRST) | {name for name, since, _ in LATER if since <= version}
    for name, since, command in LATER:
        result = acs.call(command)
        assert (result.fault == 9000) == (since > version), (name, result)


def test_T045_the_next_session_offers_all_again(pair):
    acs, agent = pair('--use-cwmp-version', '1.0')
    acs.get(CODE)
    first, second = [message for message in acs.messages(True) if message.method == 'Inform']
    assert first.texts('SupportedCWMPVersions') == second.texts('SupportedCWMPVersions') == [','.join(VERSIONS)]
    assert int(second.texts('SessionTimeout')[0]) >= 30


@pytest.mark.parametrize('namespace, has', [('1-0', False), ('1-1', False), ('1-2', True)])
def test_T047_the_namespace_alone_tells_the_version(pair, namespace, has):
    acs, agent = pair('--version-namespace', namespace)
    listed = methods(acs)
    assert ('ChangeDUState' in listed) == has


def test_T048_no_later_header_in_1_0(pair):
    acs, agent = pair('--misbehave', 'status:1-2:400', wait=False, fast=True)
    agent.wait_idle()
    inform = [message for message in acs.messages(True) if message.method == 'Inform'][-1]
    assert b'cwmp-1-0' in inform.body
    assert not inform.texts('SupportedCWMPVersions') and not inform.texts('SessionTimeout')


@pytest.mark.parametrize('version, fault', [('1.0', 9010), ('1.1', 9016)])
def test_R38_faults_of_later_versions(device, file_server, version, fault):
    device = device('--use-cwmp-version', version)
    assert device.run('key', file_server.url('/missing')).fault == fault


@pytest.mark.parametrize('version, good', [('1.0', False), ('1.2', False), ('1.3', True), ('1.4', True)])
def test_R38_lightweight_notifications(pair, version, good):
    acs, agent = pair('--use-cwmp-version', version, '--version-namespace', NAMESPACE.get(version, '1-2'))
    result = acs.call(('set-attributes', CODE, '4'))
    assert result.good == good and (good or result.fault == 9003)


@pytest.mark.parametrize('name', [None, 'xsd:base64Binary', 'soap-enc:base64', 'xsd:base64'])
def test_R42_base64_type(pair, publish, name):
    """XML Schema has no xsd:base64, so those messages are not kept for validation."""
    publish('vendor', 'Device.X_ESPALIER_Test.Key base64,rw AAEC')
    acs, agent = pair(strange=name == 'xsd:base64', **({'base64_type': name} if name else {}))
    assert acs.get('Device.X_ESPALIER_Test.Key') == {'Device.X_ESPALIER_Test.Key': 'AAEC'}
    answer = [message for message in acs.messages(True) if message.path and message.method == 'GetParameterValuesResponse']
    assert ('xsi:type="%s"' % (name or 'xsd:base64Binary')).encode() in answer[-1].body
    assert acs.call(('set', 'Device.X_ESPALIER_Test.Key', 'AAED:' + (name or 'xsd:base64Binary').partition(':')[2])).good
