# SPDX-License-Identifier: GPL-2.0-or-later
# espalier-zwave on the real Z-Wave JS driver and server with a mock controller: each parameter, settings, notifications.
import json
import time

import pytest

import zwave_js
from acs import start_acs  # noqa: F401
from agent import CREDENTIALS, make_agent  # noqa: F401
from process import wait_until
from zwave import UNKNOWN_TIME, Zwave, make_zwave, rows  # noqa: F401

pytestmark = pytest.mark.xdist_group('zwave-js')
PLUG, SENSOR, METER, DOOR, THERMOSTAT = 2, 3, 4, 5, 6
DOOR_STATE = 'Access Control/Door state'
OPEN, CLOSED = '22', '23'
STATUS = ('Unknown', 'Asleep', 'Awake', 'Dead', 'Alive')
SECURITY = {-1: 'None', 0: 'S2_Unauthenticated', 1: 'S2_Authenticated', 2: 'S2_AccessControl', 7: 'S0_Legacy'}


@pytest.fixture(scope='module')
def mock():
    mock = zwave_js.Mock(zwave_js.modules())
    yield mock
    mock.close()


@pytest.fixture(scope='module')
def server(mock):
    server = zwave_js.Server(mock.folder, mock)
    yield server
    server.close()


@pytest.fixture
def zwave(server, make_zwave):  # noqa: F811
    return make_zwave('zwave-js', server.url).wait_up()


def when(text):
    """A time of the driver as the tree has it: without its milliseconds."""
    return text.partition('.')[0] + 'Z' if text else UNKNOWN_TIME


def text_of(value):
    """A value of the driver as the tree has it."""
    if value is None:
        return ''
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(',', ':'), ensure_ascii=False)


def test_zwave_js_interface(server, zwave):
    state = server.state()
    controller = state['controller']
    own = next(node for node in state['nodes'] if node['nodeId'] == controller['ownNodeId'])
    got = zwave.interface()
    assert got.pop('LastSync') != UNKNOWN_TIME and got.pop('LastChange') >= 0
    wanted = {
        'Enable': True, 'Status': 'Up', 'Alias': 'cpe-1', 'Name': own.get('label', ''), 'SourceType': 'ZWaveJS', 'SourceURL': server.url,
        'HomeID': '%08X' % controller['homeId'], 'NodeID': controller['ownNodeId'], 'SUCNodeID': controller['sucNodeId'],
        'Role': 'SIS:YES PRI:YES SUC:YES', 'Primary': controller['isPrimary'], 'SIS': controller['isSIS'],
        'LibraryVersion': controller['sdkVersion'], 'LibraryType': controller['type'],
        'FirmwareVersion': controller['firmwareVersion'], 'ChipType': controller['zwaveChipType'],
        'RFRegion': '', 'NetStatusCode': controller['status'], 'HealActive': controller['isRebuildingRoutes'],
        'InclusionState': controller['inclusionState'], 'SupportsLongRange': controller['supportsLongRange'],
        'NodeNumberOfEntries': len(state['nodes']),
        'FailedNodeCount': sum(node['status'] == 3 for node in state['nodes']),
        'SleepingNodeCount': sum(node['status'] == 1 for node in state['nodes'])}
    assert {name: got[name] for name in wanted} == wanted
    statistics = {'MessagesSent': 'messagesTX', 'MessagesReceived': 'messagesRX', 'DiscardMessagesSent': 'messagesDroppedTX',
                  'DiscardMessagesReceived': 'messagesDroppedRX', 'NAKReceived': 'NAK', 'CANReceived': 'CAN',
                  'ACKTimeouts': 'timeoutACK', 'ResponseTimeouts': 'timeoutResponse', 'CallbackTimeouts': 'timeoutCallback'}

    def equal():
        now = server.state()['controller']['statistics']
        return {name: zwave.interface()['Stats.' + name] for name in statistics} == {
            name: now[key] for name, key in statistics.items()}
    wait_until(equal, 'the statistics of the controller')


@pytest.mark.parametrize('number', (PLUG, SENSOR, METER, DOOR, THERMOSTAT))
def test_zwave_js_node(server, zwave, number):
    said = next(node for node in server.state()['nodes'] if node['nodeId'] == number)
    values = {(value['commandClass'], value['property']): value for value in said['values']}
    got = zwave.node(number)
    wanted = {
        'NodeID': number, 'Name': said.get('name', ''), 'Location': said.get('location', ''),
        'BasicDeviceClass': said['deviceClass']['basic']['key'],
        'GenericDeviceClass': said['deviceClass']['generic']['key'],
        'SpecificDeviceClass': said['deviceClass']['specific']['key'], 'Listening': said['isListening'],
        'FrequentListening': said['isFrequentListening'] or 'None', 'Routing': said['isRouting'],
        'Beaming': said['supportsBeaming'], 'MaxDataRate': said['maxDataRate'],
        'CommandClasses': ','.join(str(one['id']) for one in said['endpoints'][0]['commandClasses']),
        'ManufacturerID': said['manufacturerId'], 'ProductType': said['productType'], 'ProductID': said['productId'],
        'Manufacturer': said.get('manufacturer', ''), 'ModelName': said.get('label', ''),
        'LibraryType': values[134, 'libraryType']['value'], 'ProtocolVersion': values[134, 'protocolVersion']['value'],
        'FirmwareVersion': said['firmwareVersion'], 'HardwareVersion': said['hardwareVersion'],
        'ZWavePlusVersion': said['zwavePlusVersion'], 'RoleType': said['zwavePlusRoleType'],
        'SecurityClass': SECURITY[said['highestSecurityClass']], 'InterviewStage': said['interviewStage'],
        'CommFailure': said['status'] == 3, 'EndpointNumberOfEntries': len(said['endpoints'])}
    if (132, 'wakeUpInterval') in values:
        wake_up = values[132, 'wakeUpInterval']
        wanted.update({'WakeUpInterval': wake_up['value'], 'WakeUpIntervalMaximum': wake_up['metadata']['max'],
                       'WakeUpNodeID': values[132, 'controllerNodeId']['value'],
                       'BatteryLevel': values[128, 'level']['value'],
                       'BatteryLow': values[128, 'isLow']['value'] if (128, 'isLow') in values else False})
        allowed = [one for one in wake_up['metadata'].get('allowed', []) if 'from' in one]
        if allowed:
            wanted.update({'WakeUpIntervalMinimum': allowed[0]['from'], 'WakeUpIntervalStep': allowed[0]['step']})
    assert {name: got[name] for name in wanted} == wanted
    assert got['Status'] == STATUS[said['status']]
    assert rows(got, 'Endpoint') == {1: {'EndpointID': 0, 'CommandClasses': wanted['CommandClasses']}}
    # Every value, with its unit, whatever its type.
    wanted_values = {}
    for value in said['values']:
        name = str(value['property']) + ('/%s' % value['propertyKey'] if 'propertyKey' in value else '')
        if value['commandClass'] != 112:
            wanted_values[value['commandClass'], name] = (
                text_of(value.get('value')), value['metadata'].get('label', ''), value['metadata'].get('unit', ''),
                value['metadata']['writeable'])
    assert {(row['CommandClass'], row['Property']): (row['Value'], row['Label'], row['Unit'], row['Writable'])
            for row in rows(got, 'Value').values()} == wanted_values
    statistics = {'CommandsSent': 'commandsTX', 'CommandsReceived': 'commandsRX', 'DiscardCommandsSent': 'commandsDroppedTX',
                  'DiscardCommandsReceived': 'commandsDroppedRX', 'ResponseTimeouts': 'timeoutResponse'}

    def equal():
        said = next(node for node in server.state()['nodes'] if node['nodeId'] == number)
        now = zwave.node(number)
        return ({name: now['Stats.' + name] for name in statistics}
                == {name: said['statistics'][key] for name, key in statistics.items()}
                and float(now['Stats.RoundTripTime']) == said['statistics'].get('rtt', 0)
                and now['LastSeen'] == when(said.get('lastSeen')))
    wait_until(equal, 'the statistics of the node')


def test_zwave_js_extra_commands(server, zwave):
    for number in (PLUG, SENSOR, DOOR):
        neighbors = ','.join(map(str, server.command(command='controller.get_node_neighbors', nodeId=number)['neighbors']))
        zwave.wait_node(number, 'Neighbors', neighbors)
        groups = server.command(command='controller.get_association_groups', nodeId=number)['groups']
        nodes = server.command(command='controller.get_associations', nodeId=number)['associations']
        wanted = {int(group): {'GroupID': int(group), 'MaxNodes': about['maxNodes'],
                               'Nodes': ','.join(str(one['nodeId']) for one in nodes.get(group, []))}
                  for group, about in groups.items()}
        wait_until(lambda number=number, wanted=wanted: rows(zwave.node(number), 'Association') == wanted, 'associations')
        assert zwave.node(number)['AssociationNumberOfEntries'] == len(groups)
    moment = server.command(command='node.get_value_timestamp', nodeId=SENSOR,
                            valueId={'commandClass': 128, 'endpoint': 0, 'property': 'level'})['timestamp']
    wanted = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(moment // 1000))
    zwave.wait_node(SENSOR, 'BatteryLastReport', wanted)
    wait_until(lambda: 1 <= zwave.node(PLUG)['Health'] <= 10, 'the health of the plug')
    # Whom a node hears, the other way round.
    nodes = zwave.nodes()
    hears = {number: {int(one) for one in node['Neighbors'].split(',') if one} for number, node in nodes.items()}
    for number, node in nodes.items():
        assert {int(one) for one in node['NeighborsInverse'].split(',') if one} == {
            other for other in nodes if number in hears[other]}


def test_zwave_js_events(mock, zwave):
    mock.tell('watts %d 61.5' % PLUG)
    zwave.wait_value(PLUG, 'value/66049', '61.5')
    row = zwave.value_row(PLUG, 'value/66049')
    assert zwave.tree()[row + 'LastChange'] != UNKNOWN_TIME and zwave.tree()[row + 'Unit'] == 'W'
    mock.tell('door %d open' % DOOR)
    zwave.wait_value(DOOR, DOOR_STATE, OPEN)
    mock.tell('door %d closed' % DOOR)
    zwave.wait_value(DOOR, DOOR_STATE, CLOSED)
    mock.tell('wake %d' % SENSOR)
    wait_until(lambda: zwave.node(SENSOR)['LastWakeUp'] != UNKNOWN_TIME, 'the wake-up')
    woken = zwave.node(SENSOR)
    seconds = [time.mktime(time.strptime(woken[name], '%Y-%m-%dT%H:%M:%SZ')) for name in ('LastWakeUp', 'NextWakeUp')]
    assert seconds[1] - seconds[0] == woken['WakeUpInterval'] == 3600


def test_zwave_js_set(mock, server, zwave):
    target = zwave.value_row(PLUG, 'targetValue') + 'Value'
    for wanted in ('true', 'false'):
        zwave.set({target: wanted})
        wait_until(lambda wanted=wanted: mock.printed().strip().endswith('plug %d %s' % (PLUG, wanted)), 'the plug')
        zwave.wait_value(PLUG, 'currentValue', wanted)
    zwave.set({zwave.value_row(THERMOSTAT, 'setpoint/1') + 'Value': '21.5'})
    wait_until(lambda: 'setpoint %d 21.5' % THERMOSTAT in mock.printed(), 'the setpoint')
    node = zwave.node(PLUG)['']
    zwave.set({node + 'Name': 'Lamp', node + 'Location': 'Hall'})
    said = next(one for one in server.state()['nodes'] if one['nodeId'] == PLUG)
    assert (said['name'], said['location']) == ('Lamp', 'Hall')
    zwave.wait_node(PLUG, 'Name', 'Lamp')
    wait_until(lambda: rows(zwave.node(PLUG), 'Association'), 'the associations')
    zwave.set({node + 'Association.1.Nodes': '1,3'})
    said = server.command(command='controller.get_associations', nodeId=PLUG)['associations']
    assert [one['nodeId'] for one in said['1']] == [1, 3]
    wait_until(lambda: rows(zwave.node(PLUG), 'Association')[1]['Nodes'] == '1,3', 'the associations')
    zwave.set({node + 'Association.1.Nodes': '1'})


def test_zwave_js_set_refused(zwave):
    target = zwave.value_row(PLUG, 'targetValue') + 'Value'
    assert 'fault 9007' in zwave.set({target: 'perhaps'}, status=1).stderr
    assert 'fault 9008' in zwave.set({zwave.value_row(PLUG, 'currentValue') + 'Value': 'true'}, status=1).stderr
    setpoint = zwave.value_row(THERMOSTAT, 'setpoint/1') + 'Value'
    assert 'fault 9007' in zwave.set({setpoint: 'warm'}, status=1).stderr
    node = zwave.node(PLUG)['']
    assert 'fault 9001' in zwave.set({node + 'PollInterval': 5}, status=1).stderr
    assert 'fault 9007' in zwave.set({node + 'Alias': '1st'}, status=1).stderr
    zwave.set({node + 'Alias': 'lamp'})
    assert 'fault 9007' in zwave.set({zwave.node(DOOR)[''] + 'Alias': 'lamp'}, status=1).stderr
    zwave.process.stop()
    zwave.start().wait_up()
    assert zwave.node(PLUG)['Alias'] == 'lamp' and zwave.node(PLUG)[''] == node


def test_zwave_js_lamp_and_door_through_the_acs(mock, server, start_acs, make_agent):  # noqa: F811
    """The ACS switches the plug; the door that opens reaches it as an active notification."""
    acs = start_acs(*CREDENTIALS)
    agent = make_agent(acs.url, sections={'zwave': {'source': 'zwave-js', 'url': server.url}})
    zwave = Zwave(agent.begin, agent.run, agent.path).start().wait_up()
    agent.start()
    acs.wait_inform()
    agent.wait_idle()
    target, door = (zwave.value_row(PLUG, 'targetValue') + 'Value', zwave.value_row(DOOR, DOOR_STATE) + 'Value')
    before = mock.printed().count('plug %d true' % PLUG)
    assert acs.set({target: 'true'}).good
    wait_until(lambda: mock.printed().count('plug %d true' % PLUG) == before + 1, 'the plug')
    assert acs.set({target: 'false'}).good
    mock.tell('door %d closed' % DOOR)
    zwave.wait_value(DOOR, DOOR_STATE, CLOSED)
    assert acs.call(('set-attributes', door, '2', '-')).good
    taken = []
    # On a machine that does other things too, one in a few tries is on time.
    for _ in range(5):
        informs = len(acs.informs())
        begin = time.monotonic()
        mock.tell('door %d open' % DOOR)
        inform = acs.wait_inform('4 VALUE CHANGE', after=informs)
        taken.append(time.monotonic() - begin)
        assert inform.parameters[door] == OPEN
        if taken[-1] < 1:
            break
        agent.wait_idle()
        mock.tell('door %d closed' % DOOR)
        acs.wait_inform('4 VALUE CHANGE', after=informs + 1)
        agent.wait_idle()
    assert min(taken) < 1, 'from the event to the Inform: %s s' % taken


def test_zwave_js_numbers_survive_kill(mock, zwave):
    """kill -9 at any moment: every node and every value has its number again."""
    before = {number: node[''] for number, node in zwave.nodes().items()}
    values = {number: {value: name for name, value in node.items() if name.endswith('.Property')}
              for number, node in zwave.nodes().items()}
    for _ in range(3):
        mock.tell('watts %d 50' % PLUG)
        zwave.process.kill()
        zwave.start().wait_up()
        assert {number: node[''] for number, node in zwave.nodes().items()} == before
        assert {number: {value: name for name, value in node.items() if name.endswith('.Property')}
                for number, node in zwave.nodes().items()} == values


def test_zwave_js_server_killed_and_started_again(server, zwave):
    before = {number: node[''] for number, node in zwave.nodes().items()}
    server.kill()
    zwave.wait_status('Down')
    target = zwave.value_row(PLUG, 'targetValue') + 'Value'
    assert 'fault 9002' in zwave.set({target: 'true'}, status=1).stderr
    assert {number: node[''] for number, node in zwave.nodes().items()} == before
    server.start()
    zwave.wait_up()
    assert {number: node[''] for number, node in zwave.nodes().items()} == before
    zwave.set({target: 'true'})
