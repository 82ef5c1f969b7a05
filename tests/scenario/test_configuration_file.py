# SPDX-License-Identifier: GPL-2.0-or-later
# Vendor configuration files: applied all or nothing, saved and restored, and what they declare.
import json
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, KEY, SERVER, make_agent, pair, publish  # noqa: F401
from fileserver import file_server  # noqa: F401
from process import wait_until
from transfer import device  # noqa: F401

DOWN, UP, UP_INSTANCE = '3 Vendor Configuration File', '1 Vendor Configuration File', '3 Vendor Configuration File 1'
INTERVAL = SERVER + 'PeriodicInformInterval'
ENABLE = SERVER + 'PeriodicInformEnable'
DEVICES = 'Device.X_ESPALIER_Device.'
DECLARED = [
    {'serial': 'M-1', 'vendor': 'Acme', 'type': 'meter',
     'readings': [{'name': 'Power', 'value': 12.50, 'unit': 'W'}, {'name': 'Energy', 'value': 1234567, 'unit': 'Wh'}]},
    {'serial': 'S-2', 'vendor': 'Übel & Söhne', 'type': 'sensor', 'readings': []}]


def apply(device, file_server, key, content):
    """A Download of that content, to its end."""
    if not isinstance(content, (bytes, str)):
        content = json.dumps(content)
    file_server.files['/file'] = content.encode() if isinstance(content, str) else content
    return device.run(key, file_server.url(), kind=DOWN)


def save(device, file_server, key, kind=UP):
    """An Upload, to its end; what came."""
    assert device.acs.call(('upload', key, kind, file_server.url('/' + key))).good
    end = device.wait_end(key)
    assert end.fault == 0, end
    return file_server.files['/' + key]


@pytest.mark.parametrize('content', [
    '# two lines\r\n\n  %s = 4242 \n%s=a b = "c"  \n' % (INTERVAL, CODE),
    {'parameters': {INTERVAL: 4242, CODE: 'a b = "c"'}}], ids=['lines', 'json'])
def test_T108_configuration_file_is_applied(device, file_server, content):
    device = device()
    end = apply(device, file_server, 'key', content)
    assert end.fault == 0 and end.complete >= end.start
    wanted = {INTERVAL: 4242, CODE: 'a b = "c"'}
    assert device.agent.tree(INTERVAL, CODE) == wanted
    assert device.agent.tree('Device.DeviceInfo.VendorConfigFile.1.Date').popitem()[1] > '2020'
    device.wait_settled()
    device.agent.process.kill()
    device.agent.start()
    assert device.agent.tree(INTERVAL, CODE) == wanted, 'it is durable'


def test_R65_configuration_file_is_all_or_nothing(device, file_server, publish):
    """One unknown name, and nothing changes at any owner; the fault names it, the log every one."""
    device = device()
    vendor = publish('vendor', 'Device.X_VENDOR.Text string,rw old')
    wait_until(lambda: device.agent.tree('Device.X_VENDOR.Text'), 'the publisher')
    end = apply(device, file_server, 'one', {'parameters': {
        INTERVAL: 4242, 'Device.X_VENDOR.Text': 'new', 'Device.Nowhere.Name': 1, ENABLE: 'perhaps', KEY: 'k'}})
    assert end.fault == 9018
    assert end.text.startswith('3 of 5 refused:') and 'Device.Nowhere.Name (unknown)' in end.text
    assert 'ParameterKey (read only)' in end.text
    for name in ('Device.Nowhere.Name', ENABLE, KEY):
        assert 'configuration file: %s: ' % name in device.agent.process.stderr
    assert device.agent.tree(INTERVAL)[INTERVAL] != 4242
    assert device.agent.tree('Device.X_VENDOR.Text') == {'Device.X_VENDOR.Text': 'old'}
    end = apply(device, file_server, 'two', {'parameters': {INTERVAL: 4242, 'Device.X_VENDOR.Text': 'new'}})
    assert end.fault == 0
    assert device.agent.tree('Device.X_VENDOR.Text', INTERVAL) == {'Device.X_VENDOR.Text': 'new', INTERVAL: 4242}
    vendor.kill()
    # The owner is gone: nothing of the file is applied.
    end = apply(device, file_server, 'three', {'parameters': {INTERVAL: 7, 'Device.X_VENDOR.Text': 'newer'}})
    assert end.fault == 9010 and 'vendor' in end.text
    assert device.agent.tree(INTERVAL) == {INTERVAL: 4242}


@pytest.mark.parametrize('content, words', [
    ('', 'nothing in the file'), ('no equals sign', 'line 1'), ('a = b\n = c', 'line 2'),
    ('{"parameters": {"%s": 1' % INTERVAL, 'ends too early'), ('{"parameters": []}', 'no object'),
    ('{"other": 1}', '"other"'), ('{} x', 'unexpected'), ('{"parameters": {"%s": null}}' % INTERVAL, 'neither'),
    ('%s = 1\n%s = 2' % (INTERVAL, INTERVAL), 'twice'), ('{"devices": [{"vendor": "x"}]}', '"serial"'),
    ('{"devices": [{"serial": "1"}, {"serial": "1"}]}', 'twice'), (b'\xff\xfe\x00\x01' * 100, 'line 1'),
    ('{"a":' * 100, 'too deep'), (b'#' * (4 * 1024 * 1024 + 1), 'bytes')], ids=range(14))
def test_T109_file_that_is_none(device, file_server, content, words):
    device = device()
    end = apply(device, file_server, 'key', content)
    assert end.fault == 9018 and words in end.text, end
    device.wait_settled()


def test_T113_saved_and_restored(device, file_server, publish):
    """An upload, then a download of the same file gives the same tree; secrets are not in it, and stay."""
    device = device()
    publish('vendor', 'Device.X_VENDOR.Text string,rw  a\\tb "c" ü', 'Device.X_VENDOR.Number int,rw -5',
            'Device.X_VENDOR.Switch boolean,rw true', 'Device.X_VENDOR.Big unsignedLong,rw 18446744073709551615')
    wait_until(lambda: 'Device.X_VENDOR.Big' in device.agent.tree('Device.X_VENDOR.'), 'the publisher')
    assert apply(device, file_server, 'devices', {'devices': DECLARED}).fault == 0
    saved = save(device, file_server, 'saved')
    content = json.loads(saved)
    assert content['parameters'][INTERVAL] == device.agent.tree(INTERVAL)[INTERVAL]
    assert content['parameters']['Device.X_VENDOR.Big'] == 18446744073709551615
    assert not any('Password' in name for name in content['parameters'])
    before = device.agent.tree()
    assert device.acs.set({INTERVAL: '77', 'Device.X_VENDOR.Text': 'x', 'Device.X_VENDOR.Number': '1',
                           'Device.X_VENDOR.Switch': '0', 'Device.X_VENDOR.Big': '0', CODE: 'else'}).good
    assert apply(device, file_server, 'none', {'devices': []}).fault == 0
    assert DEVICES + '1.SerialNumber' not in device.agent.tree(DEVICES)
    assert apply(device, file_server, 'restore', saved).fault == 0
    again = json.loads(save(device, file_server, 'again', UP_INSTANCE))
    assert again['parameters'] == content['parameters'] and again['devices'] == content['devices']
    names = [name for name in content['parameters']]
    after = device.agent.tree()
    assert {name: after[name] for name in names} == {name: before[name] for name in names}
    assert device.acs.call(('get', INTERVAL)).good, 'the credentials still hold'


def test_R68_instance_that_is_not_there(device, file_server):
    device = device()
    result = device.acs.call(('upload', 'key', DOWN + ' 2', file_server.url('/x')))
    assert not result.good and '9003' in ' '.join(result.lines), result


def test_devices_behind_the_gateway(device, file_server):
    """They appear with their readings, keep their numbers while they are declared, and outlive kill -9."""
    device = device()
    assert apply(device, file_server, 'one', {'devices': DECLARED}).fault == 0
    expected = {'1.SerialNumber': 'M-1', '1.Vendor': 'Acme', '1.Type': 'meter', '1.ReadingNumberOfEntries': 2,
                '1.Reading.1.Name': 'Power', '1.Reading.1.Value': '12.5', '1.Reading.1.Unit': 'W',
                '1.Reading.2.Name': 'Energy', '1.Reading.2.Value': '1234567', '1.Reading.2.Unit': 'Wh',
                '2.SerialNumber': 'S-2', '2.Vendor': 'Übel & Söhne', '2.Type': 'sensor',
                '2.ReadingNumberOfEntries': 0}

    def shown():
        return {name[len(DEVICES):]: value for name, value in device.agent.tree(DEVICES).items()}
    assert shown() == expected
    assert device.acs.get(DEVICES + '1.Reading.1.Value') == {DEVICES + '1.Reading.1.Value': '12.5'}
    count = 'Device.X_ESPALIER_DeviceNumberOfEntries'
    assert device.agent.tree(count) == {count: 2}
    device.wait_settled()
    device.agent.process.kill()
    device.agent.start()
    assert shown() == expected
    # The first one goes, the second has news, and a third comes: numbers are never used twice.
    changed = [dict(DECLARED[1], readings=[{'name': 'Level', 'value': True}]), {'serial': 'N-3'}]
    assert apply(device, file_server, 'two', {'devices': changed}).fault == 0
    assert sorted({name.split('.')[0] for name in shown()}) == ['2', '3']
    assert shown()['2.Reading.1.Value'] == 'true'
    assert apply(device, file_server, 'three', {'devices': DECLARED}).fault == 0
    assert sorted({name.split('.')[0] for name in shown()}) == ['2', '4']
    assert shown()['4.SerialNumber'] == 'M-1'


def test_devices_come_with_the_values_or_not_at_all(device, file_server):
    device = device()
    end = apply(device, file_server, 'key', {'parameters': {'Device.Nowhere': 1}, 'devices': DECLARED})
    assert end.fault == 9018 and not device.agent.tree(DEVICES)
    end = apply(device, file_server, 'both', {'parameters': {INTERVAL: 4242}, 'devices': DECLARED})
    assert end.fault == 0 and device.agent.tree(INTERVAL) == {INTERVAL: 4242}
    assert device.agent.tree(DEVICES + '2.SerialNumber') == {DEVICES + '2.SerialNumber': 'S-2'}


def test_killed_while_it_is_applied(device, file_server, publish):
    """kill -9 at many moments: all of the file or nothing, and its end is told."""
    device = device()
    publish('vendor', 'Device.X_VENDOR.A string,rw old', 'Device.X_VENDOR.B string,rw old')
    wait_until(lambda: 'Device.X_VENDOR.B' in device.agent.tree('Device.X_VENDOR.'), 'the publisher')
    for number in range(12):
        value = 'value %d' % number
        file_server.files['/file'] = json.dumps({'parameters': {
            'Device.X_VENDOR.A': value, 'Device.X_VENDOR.B': value, CODE: value}}).encode()
        before = len(file_server.requests)
        assert device.acs.call(('download', 'key %d' % number, DOWN, file_server.url())).good
        wait_until(lambda: len(file_server.requests) > before, 'the file to be fetched')
        time.sleep(number * 0.003)
        device.agent.process.kill()
        device.agent.start()
        assert device.wait_end('key %d' % number).fault == 0
        assert set(device.agent.tree('Device.X_VENDOR.', CODE).values()) == {value}
    device.wait_settled()
    # How often the end is told after a kill is the matter of test_transfer_kill.py.
    assert {end.key for end in device.ends()} == {'key %d' % number for number in range(12)}
