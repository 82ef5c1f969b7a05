# SPDX-License-Identifier: GPL-2.0-or-later
# espalier-zwave on a Luup box: every parameter that the box tells, changes by long poll, settings, and bad documents.
import json
import re
import time

import pytest

import luup
from process import wait_until
from zwave import GROWTH, INTERFACE, ROOT, UNKNOWN_TIME, make_zwave, rows  # noqa: F401


@pytest.fixture
def box():
    box = luup.Box()
    yield box
    box.close()


@pytest.fixture
def zwave(box, make_zwave):  # noqa: F811
    return make_zwave('luup', box.url).wait_up()


def test_zwave_luup_interface(box, zwave):
    tree = zwave.tree()
    assert tree[ROOT + 'InterfaceNumberOfEntries'] == 1
    got = zwave.interface()
    last_sync = got.pop('LastSync')
    assert last_sync != UNKNOWN_TIME and got.pop('LastChange') >= 0
    stats = [name for name in got if name.startswith('Stats.')]
    assert len(stats) == 9 and all(got.pop(name) == 0 for name in stats)
    assert got == {
        'Enable': True, 'Status': 'Up', 'Alias': 'cpe-1', 'Name': 'ZWave', 'SourceType': 'Luup', 'SourceURL': box.url,
        'HomeID': '0192A3B4', 'NodeID': 1, 'SUCNodeID': 1, 'Role': 'Master SIS:YES PRI:YES', 'Primary': True,
        'SIS': True, 'LibraryVersion': '3.20', 'LibraryType': 1, 'FirmwareVersion': '', 'ChipType': '', 'RFRegion': '',
        'Port': '/dev/ttyS0', 'NetStatusCode': 1, 'NetStatusText': 'OK', 'LastError': 'Poll failed',
        'LastUpdate': '2018-07-11T21:53:24Z', 'LastHeal': '2018-07-11T21:55:00Z',
        'LastRouteFailure': '2018-07-11T21:56:40Z', 'LastBackup': '2018-07-11T21:58:20Z', 'HealActive': True,
        'InclusionState': 0, 'SupportsLongRange': False, 'NodeNumberOfEntries': 3, 'FailedNodeCount': 1,
        'SleepingNodeCount': 1, 'Polling.Enable': True, 'Polling.InitialDelay': 60, 'Polling.IdleTime': 2,
        'Polling.Interval': 20, 'Polling.MinimumNodeInterval': 30}


def test_zwave_luup_node(zwave):
    node = zwave.node(5)
    assert {name: value for name, value in node.items() if name and '.' not in name} == {
        'Neighbors': '1,6,8', 'NeighborsInverse': '1,6', 'AutoRoute': '1-6', 'ManualRoute': '',
        'LastRouteUpdate': '2018-07-11T22:00:00Z', 'Health': 5, 'Alias': node['Alias'], 'NodeID': 5, 'DeviceNumber': 7,
        'Name': 'Lamp', 'Location': 'Kitchen', 'Status': 'Alive',
        'DeviceType': 'urn:schemas-micasaverde-com:device:BinaryLight:1', 'Category': 3, 'BasicDeviceClass': 4,
        'GenericDeviceClass': 16, 'SpecificDeviceClass': 1, 'Listening': True, 'FrequentListening': 'None',
        'Routing': True, 'Beaming': True, 'MaxDataRate': 100000,
        'CommandClasses': '32,37,39,43,44,89,90,94,112', 'ManufacturerID': 29, 'ProductType': 13313, 'ProductID': 1,
        'Manufacturer': 'Acme', 'ModelName': 'Plug 1', 'LibraryType': 3, 'ProtocolVersion': '4.33',
        'FirmwareVersion': '1.20', 'HardwareVersion': 0, 'ZWavePlusVersion': 0, 'RoleType': 0,
        'SecurityClass': 'S0_Legacy', 'InterviewStage': 'Complete', 'FirstConfigured': '2018-07-11T20:13:20Z',
        'LastReset': '2018-07-11T22:01:40Z', 'LastSeen': '2019-12-07T02:15:31Z', 'CommFailure': False,
        'CommFailureTime': UNKNOWN_TIME, 'WakeUpInterval': 0, 'WakeUpIntervalMinimum': 0, 'WakeUpIntervalMaximum': 0,
        'WakeUpIntervalStep': 0, 'WakeUpNodeID': 0, 'LastWakeUp': UNKNOWN_TIME, 'NextWakeUp': UNKNOWN_TIME,
        'BatteryLevel': 0, 'BatteryLow': False, 'BatteryLastReport': UNKNOWN_TIME, 'PollInterval': 60,
        'PollCommands': '37', 'PollOkCount': 12, 'PollNoReplyCount': 3, 'PollTxFailCount': 1,
        'ConsecutivePollFails': 2, 'LastPollSuccess': '2019-12-07T02:15:00Z', 'AssociationNumberOfEntries': 2,
        'ConfigurationNumberOfEntries': 22, 'EndpointNumberOfEntries': 0, 'ValueNumberOfEntries': 4}
    assert rows(node, 'Association') == {1: {'GroupID': 1, 'MaxNodes': 0, 'Nodes': '1'},
                                         2: {'GroupID': 2, 'MaxNodes': 0, 'Nodes': '6,8'}}
    configuration = {row['Parameter']: row for row in rows(node, 'Configuration').values()}
    assert configuration[7] == {'Parameter': 7, 'Label': 'Locator LED, colour and all', 'Size': 1, 'Value': 1}
    assert configuration[13] == {'Parameter': 13, 'Label': 'Night light', 'Size': 2, 'Value': 300}
    assert set(configuration) == {7, 13} | set(range(20, 40))
    values = {row['Property']: row for row in rows(node, 'Value').values()}
    power = values['EnergyMetering1/KWH']
    assert power == {'CommandClass': 50, 'Property': 'EnergyMetering1/KWH', 'Label': '', 'Unit': 'kWh', 'Value': '1.7386',
                     'Writable': False, 'LastChange': '2019-12-07T02:00:00Z'}
    assert values['SwitchPower1/Target']['Writable'] and values['SwitchPower1/Target']['CommandClass'] == 37
    assert set(values) == {'SwitchPower1/Status', 'SwitchPower1/Target', 'EnergyMetering1/KWH', 'EnergyMetering1/Watts'}


def test_zwave_luup_sleeping_and_dead_nodes(zwave):
    door, heating = zwave.node(8), zwave.node(11)
    assert (door['Status'], door['Listening'], door['BatteryLevel'], door['BatteryLow']) == ('Asleep', False, 90, False)
    assert door['BatteryLastReport'] == '2019-12-06T02:40:00Z'
    assert (door['WakeUpInterval'], door['LastWakeUp'], door['NextWakeUp']) == (
        1800, '2019-12-07T02:00:00Z', '2019-12-07T02:30:00Z')
    tripped = next(row for row in rows(door, 'Value').values() if row['Property'] == 'SecuritySensor1/Tripped')
    assert (tripped['Value'], tripped['LastChange']) == ('0', '2018-10-04T21:11:34Z')
    assert (heating['Status'], heating['CommFailure'], heating['CommFailureTime']) == (
        'Dead', True, '2019-12-07T02:15:31Z')
    # Children of the node's device are its values and endpoints.
    values = {row['Property']: (row['Value'], row['Unit']) for row in rows(heating, 'Value').values()}
    assert values['TemperatureSensor1/CurrentTemperature@13'] == ('27.30', '\u00b0C')
    assert values['HumiditySensor1/CurrentLevel@14'] == ('50', '%')
    assert rows(heating, 'Endpoint') == {3: {'EndpointID': 2, 'CommandClasses': '49,94'}}


def test_zwave_luup_embedded_devices(zwave):
    tree = zwave.tree('Device.ManagementServer.')
    assert tree['Device.ManagementServer.EmbeddedDeviceNumberOfEntries'] == 3
    node = zwave.node(5)
    row = next(path[:-len('Reference')] for path, value in tree.items()
               if path.endswith('.Reference') and value == node[''][:-1])
    assert {name: tree[row + name] for name in ('ControllerID', 'ProxiedDeviceID', 'ProxyProtocol', 'CommandProcessed',
                                                'ProxyProtocolReference', 'DiscoveryProtocol')} == {
        'ControllerID': '0192A3B4', 'ProxiedDeviceID': '5', 'ProxyProtocol': 'Z-Wave', 'CommandProcessed': 'Success',
        'ProxyProtocolReference': INTERFACE[:-1], 'DiscoveryProtocol': 'Z-Wave'}


def test_zwave_luup_change_is_a_delta(box, zwave):
    before = len(box.requests)
    box.set(9, luup.SECURITY, 'Tripped', '1')
    zwave.wait_value(8, 'SecuritySensor1/Tripped', '1')
    box.set(7, luup.ENERGY, 'Watts', '61.5')
    zwave.wait_value(5, 'EnergyMetering1/Watts', '61.5')
    # A variable that was not there moves the positions of all that follow.
    box.set(9, luup.HA, 'CommFailure', '1')
    zwave.wait_node(8, 'Status', 'Dead')
    assert len(box.requests) == before
    wait_until(lambda: zwave.interface()['FailedNodeCount'] == 2, 'the count')
    # A heal is told by sdata alone, which has no long poll here.
    box.heal = 0
    box.set(1, luup.NETWORK, 'LastHeal', '1531346101')
    wait_until(lambda: not zwave.interface()['HealActive'], 'the end of the heal')
    assert zwave.interface()['LastHeal'] == '2018-07-11T21:55:01Z'


def test_zwave_luup_node_added_renamed_removed(box, zwave):
    number = zwave.node(8)['']
    box.change_user_data(lambda box: box.devices.update(
        {40: luup.Device(40, 'New', 'BinaryLight', 1, '23', 3, 1, {(luup.SWITCH, 'Status'): '1'})}))
    zwave.wait_value(23, 'SwitchPower1/Status', '1')
    box.change_user_data(lambda box: box.devices[9].about.update(name='Back door'))
    zwave.wait_node(8, 'Name', 'Back door')
    box.change_user_data(lambda box: box.devices.pop(9))
    wait_until(lambda: set(zwave.nodes()) == {5, 11, 23}, 'node 8 to go')
    box.change_user_data(lambda box: box.devices.update({9: luup.home()[3]}))
    wait_until(lambda: 8 in zwave.nodes(), 'node 8 to come back')
    assert zwave.node(8)[''] == number


def test_zwave_luup_numbers_outlive_restarts(box, zwave):
    before = {number: node[''] for number, node in zwave.nodes().items()}
    values = zwave.value_row(5, 'SwitchPower1/Target')
    zwave.process.kill()
    box.devices = dict(reversed(box.devices.items()))
    box.devices[50] = luup.Device(50, 'Other', 'BinaryLight', 1, '3', 3, 1, {(luup.SWITCH, 'Status'): '1'})
    zwave.start().wait_up()
    after = {number: node[''] for number, node in zwave.nodes().items()}
    assert {number: after[number] for number in before} == before and 3 in after
    assert zwave.value_row(5, 'SwitchPower1/Target') == values


def test_zwave_luup_engine_restarts_and_is_killed(box, make_zwave):  # noqa: F811
    zwave = make_zwave('luup', box.url).wait_up()
    box.devices[7].about['name'] = 'Renamed'
    box.reload()
    zwave.wait_node(5, 'Name', 'Renamed')
    box.close()
    zwave.wait_status('Down')
    assert set(zwave.nodes()) == {5, 8, 11}
    again = luup.Box(port=box.port)
    try:
        again.devices[9].variables[luup.SECURITY, 'Tripped'] = '1'
        zwave.wait_up()
        zwave.wait_value(8, 'SecuritySensor1/Tripped', '1')
    finally:
        again.close()


def test_zwave_luup_set(box, zwave):
    node = zwave.node(5)['']
    zwave.set({zwave.value_row(5, 'SwitchPower1/Target') + 'Value': 'true'})
    assert box.requests[-1] == {'id': 'action', 'output_format': 'json', 'DeviceNum': '7', 'serviceId': luup.SWITCH,
                                'action': 'SetTarget', 'newTargetValue': '1'}
    zwave.wait_value(5, 'SwitchPower1/Status', '1')
    zwave.set({node + 'WakeUpInterval': 900})
    assert box.requests[-1] == {'id': 'variableset', 'DeviceNum': '7', 'serviceId': luup.DEVICE,
                                'Variable': 'WakeupInterval', 'Value': '900'}
    zwave.set({node + 'Name': 'Lamp & Co', INTERFACE + 'Polling.Interval': 33, INTERFACE + 'Polling.Enable': 'false'})
    sent = {request.get('Variable', request['id']): request for request in box.requests[-3:]}
    assert sent['device']['name'] == 'Lamp & Co' and sent['PollFrequency']['Value'] == '33'
    assert sent['PollingEnabled'] == {'id': 'variableset', 'DeviceNum': '1', 'serviceId': luup.NETWORK,
                                      'Variable': 'PollingEnabled', 'Value': '0'}
    zwave.wait_node(5, 'Name', 'Lamp & Co')
    zwave.set({node + 'Location': 'Hall'})
    assert box.requests[-1]['room'] == '1'
    configuration = next(name for name, value in zwave.node(5).items()
                         if re.fullmatch(r'Configuration\.\d+\.Parameter', name) and value == 13)
    zwave.set({node + configuration[:-len('Parameter')] + 'Value': 301})
    assert '13-Night light,2d,301,20-Parameter 20,m,,' in box.requests[-1]['Value']
    zwave.set({node + 'Association.2.Nodes': '6,9'})
    assert box.requests[-1]['Value'] == '1,1;2,6,9'
    zwave.set({zwave.value_row(11, 'TemperatureSetpoint1_Heat/CurrentSetpoint') + 'Value': '19.5'})
    zwave.wait_value(11, 'TemperatureSetpoint1_Heat/CurrentSetpoint', '19.5')


def test_zwave_luup_set_refused(box, zwave):
    target = zwave.value_row(5, 'SwitchPower1/Target') + 'Value'
    assert 'fault 9007' in zwave.set({target: 'perhaps'}, status=1).stderr
    assert 'fault 9008' in zwave.set({zwave.value_row(5, 'SwitchPower1/Status') + 'Value': '1'}, status=1).stderr
    assert 'fault 9007' in zwave.set({zwave.node(5)[''] + 'Location': 'Cellar'}, status=1).stderr
    before = len(box.requests)
    box.refuse = 'ERROR: Device not ready'
    zwave.set({target: '1'}, status=1)
    assert len(box.requests) == before + 1 and zwave.value(5, 'SwitchPower1/Target') == '0'
    # All or nothing: what worked is taken back when another fails.
    box.refuse = None
    real = box.act

    def second_fails(query):
        return 'ERROR' if query.get('Variable') == 'PollSettings' else real(query)
    box.act = second_fails
    zwave.set({target: '1', zwave.node(5)[''] + 'PollInterval': 5}, status=1)
    wait_until(lambda: box.devices[7].variables[luup.SWITCH, 'Target'] == '0', 'the switch to be taken back')


def deep(count):
    return b'{"devices":[{"id":1,"states":' + b'[' * count + b']' * count + b'}]}'


HOSTILE = {
    'empty': b'', 'text': b'ERROR: Device not ready', 'array': b'[]', 'null': b'null', 'string': b'"devices"',
    'truncated': None, 'deep': deep(100000), 'unclosed': b'{"devices":[', 'twice': b'{}{}',
    'numbers': b'{"devices":[1,2,3]}', 'types': b'{"devices":{"a":1},"rooms":7,"LoadTime":"x"}',
    'types of members': json.dumps({'devices': [
        {'id': 'x', 'states': 5}, {'id': 1.5, 'id_parent': [], 'altid': 7, 'states': [1, None, {}, {'service': 3}]},
        {'id': 1, 'device_type': 'ZWaveNetwork', 'id_parent': 0, 'states': {'a': 1}}, {'id': -1}, {'id': 2 ** 40}]}).encode(),
    'invalid UTF-8': b'{"devices":[{"id":1,"name":"\xff\xfe\xc0\x80","id_parent":0,"device_type":"ZWaveNetwork"}]}',
    'containers': b'{"devices":[{"id":1,"x":[' + b'[],' * 50000 + b'[]]}]}',
}

LEGAL = ('invalid UTF-8', 'types of members')  # strange, and still a box whose network has no nodes


@pytest.mark.parametrize('name', sorted(HOSTILE))
def test_zwave_luup_hostile_document(box, zwave, name):
    before = zwave.nodes()
    body = HOSTILE[name] if name != 'truncated' else box.dump(box.user_data())[:3000]
    box.body['user_data'] = body
    mark = len(zwave.process.stderr)
    box.change_user_data(lambda box: None)
    if name in LEGAL:
        wait_until(lambda: not zwave.nodes(), 'the nodes to go, as the document says')
    else:
        zwave.process.wait_for(r'next attempt', after=mark)
        assert set(zwave.nodes()) == set(before)
    del box.body['user_data']
    box.change_user_data(lambda box: None)
    zwave.wait_up()
    wait_until(lambda: set(zwave.nodes()) == set(before), 'all nodes')


def test_zwave_luup_100_megabytes(box, zwave):
    """A document of 100 MB is given up at the bound, and the process does not grow with it."""
    before = zwave.peak()
    element = b'{"id":%d,"id_parent":77777,"name":"' + b'x' * 1000 + b'"},'
    box.chunk = 1 << 16
    box.body['user_data'] = b'{"devices":[' + b''.join(element % (100 + n) for n in range(100000)) + b'{}]}'
    mark = len(zwave.process.stderr)
    box.change_user_data(lambda box: None)
    zwave.process.wait_for(r'too large; next attempt', after=mark)
    assert set(zwave.nodes()) == {5, 8, 11}
    assert zwave.peak() - before < GROWTH
    del box.body['user_data']
    zwave.wait_up()


def test_zwave_luup_cut_at_any_byte(box, make_zwave):  # noqa: F811
    """Whatever part of a document comes, the tree stays as it was and the next whole one is taken."""
    zwave = make_zwave('luup', box.url).wait_up()
    whole = box.dump(box.user_data())
    for at in (1, 2, len(whole) // 7, len(whole) // 3, len(whole) // 2, len(whole) - 5, len(whole) - 2):
        box.body['user_data'] = whole[:at]
        mark = len(zwave.process.stderr)
        box.change_user_data(lambda box: None)
        zwave.process.wait_for(r'next attempt', after=mark)
        assert set(zwave.nodes()) == {5, 8, 11}
        del box.body['user_data']
        zwave.wait_up()


def test_zwave_luup_idle_costs_nothing(box, zwave):
    """An engine that answers at once although nothing changed is not asked in a loop."""
    count = [0]
    real = box.status

    def at_once(query):
        count[0] += 1
        query.pop('Timeout', None)
        return real(dict(query, Timeout=0))
    box.status = at_once
    box.set(7, luup.ENERGY, 'Watts', '1')
    time.sleep(2)
    assert count[0] < 20


def test_zwave_object_name_is_a_setting(box, make_zwave):  # noqa: F811
    zwave = make_zwave('luup', box.url, object='Zwave')
    wait_until(lambda: zwave.tree().get('Device.Zwave.Interface.1.Status') == 'Up', 'Device.Zwave.')
    assert ROOT + 'InterfaceNumberOfEntries' not in zwave.tree()
