# SPDX-License-Identifier: GPL-2.0-or-later
# espalier-zwave on a stand-in for a Z-Wave JS server: nodes that come and go, results of settings, and hostile messages.
import json
import struct

import pytest

from process import wait_until
from zwave import GROWTH, INTERFACE, UNKNOWN_TIME, make_zwave, rows  # noqa: F401
from zwave_js import StandIn, node, state, value

SWITCH = (value(37, 'currentValue', False, 'boolean'), value(37, 'targetValue', False, 'boolean', True))


@pytest.fixture
def server():
    server = StandIn(state(node(1), node(2, SWITCH), node(3, [value(49, 'Air temperature', 22.9, metadata={'unit': '\u00b0C'})])))
    yield server
    server.close()


@pytest.fixture
def zwave(server, make_zwave):  # noqa: F811
    return make_zwave('zwave-js', server.url).wait_up()


def test_zwave_js_handshake(server, zwave):
    first, second = server.commands[:2]
    assert first['command'] == 'initialize' and first['schemaVersion'] == 47
    assert second['command'] == 'start_listening'
    assert zwave.value(3, 'Air temperature') == '22.9'


@pytest.mark.parametrize('late', (False, True))
def test_zwave_js_every_query_is_shown(server, make_zwave, late):  # noqa: F811
    """What the mock network does not tell: routes, a region, configuration; and a server that does not answer a question."""
    about = node(2, SWITCH + (
        value(112, 7, 3, writeable=True, metadata={'valueSize': 2, 'label': 'Locator'}), value(128, 'isLow', True, 'boolean')),
        statistics={'commandsTX': 1, 'lwr': {'repeaters': [5, 7]}})
    server.state = state(node(1, label='Stick', isControllerNode=True), about)
    server.state['controller'].update(rfRegion=11, isSUC=True, isSIS=True)
    server.results.update({
        'controller.get_node_neighbors': {'errorCode': 'zwave_error'} if late else {'neighbors': [1, 5]},
        'controller.get_association_groups': {'groups': {'1': {'maxNodes': 5}, 'x': {}, '999': {}}},
        'controller.get_associations': {'associations': {'1': [{'nodeId': 1}, {'nodeId': 5, 'endpoint': 2}, 7]}},
        'controller.get_priority_route': {'route': {'repeaters': [], 'routeSpeed': 3}},
        'controller.get_known_lifeline_routes': {'routes': {'2': {'lwr': {'repeaters': [5]}}, '99': {'lwr': {}}}},
        'node.check_lifeline_health': {'summary': {'rating': 9}}})
    zwave = make_zwave('zwave-js', server.url).wait_up()
    zwave.wait_node(2, 'Health', 9)
    got = zwave.node(2)
    assert (got['ManualRoute'], got['BatteryLow'], got['Neighbors']) == ('direct', True, '' if late else '1,5')
    assert got['AutoRoute'] == '5'
    assert rows(got, 'Association') == {1: {'GroupID': 1, 'MaxNodes': 5, 'Nodes': '1,5.2'}}
    assert list(rows(got, 'Configuration').values()) == [{'Parameter': 7, 'Label': 'Locator', 'Size': 2, 'Value': 3}]
    interface = zwave.interface()
    assert (interface['RFRegion'], interface['Name'], interface['SIS']) == ('Europe LR', 'Stick', True)
    assert got['CommFailureTime'] == UNKNOWN_TIME and zwave.tree()[zwave.value_row(2, 'currentValue') + 'LastChange'] == UNKNOWN_TIME
    configuration = next(name for name in got if name.startswith('Configuration.') and name.endswith('Parameter'))
    zwave.set({got[''] + configuration[:-len('Parameter')] + 'Value': 4})
    assert server.commands[-1]['valueId'] == {'commandClass': 112, 'endpoint': 0, 'property': 7}
    # What was set is asked for again.
    server.results['controller.get_priority_route'] = {'route': {'repeaters': [5], 'routeSpeed': 3}}
    zwave.set({got[''] + 'ManualRoute': '5'})
    zwave.wait_node(2, 'ManualRoute', '5')


def test_zwave_js_source_is_replaced(server, zwave):
    """What the former source told is not shown as the new one's."""
    other = StandIn(state(node(1), node(4)))
    try:
        zwave.set({INTERFACE + 'SourceURL': other.url})
        wait_until(lambda: set(zwave.nodes()) == {1, 4}, 'the other network')
        zwave.set({INTERFACE + 'Enable': 'false'})
        zwave.wait_status('Down')
        zwave.set({INTERFACE + 'SourceType': 'SerialAPI', INTERFACE + 'SourceURL': 'tcp://127.0.0.1:1'})
        wait_until(lambda: not zwave.nodes(), 'the nodes to go')
        assert zwave.interface()['HomeID'] == '00000000' and zwave.interface()['NodeID'] == 0
        # It is kept, and wins over the configuration.
        zwave.process.stop()
        zwave.start()
        assert {name: zwave.interface()[name] for name in ('Enable', 'SourceType', 'SourceURL')} == {
            'Enable': False, 'SourceType': 'SerialAPI', 'SourceURL': 'tcp://127.0.0.1:1'}
    finally:
        other.close()


def test_zwave_js_node_added_and_removed(server, zwave):
    number = zwave.node(2)['']
    server.event(source='controller', event='node added', node=node(9, SWITCH), result={})
    wait_until(lambda: 9 in zwave.nodes(), 'node 9')
    server.event(source='controller', event='node removed', node={'nodeId': 2}, reason=0)
    wait_until(lambda: set(zwave.nodes()) == {1, 3, 9}, 'node 2 to go')
    wait_until(lambda: zwave.interface()['NodeNumberOfEntries'] == 3, 'the count')
    server.event(source='node', event='value updated', nodeId=2, args={'commandClass': 37, 'property': 'currentValue', 'newValue': True})
    server.event(source='controller', event='node added', node=node(2, SWITCH), result={})
    wait_until(lambda: 2 in zwave.nodes(), 'node 2')
    assert zwave.node(2)[''] == number
    # Events say what the driver said: values come and go, nodes die and live.
    server.event(source='node', event='value added', nodeId=2, args={'commandClass': 38, 'endpoint': 2, 'property': 'level', 'newValue': 7})
    zwave.wait_value(2, 'level@2', '7')
    server.event(source='node', event='value removed', nodeId=2, args={'commandClass': 38, 'endpoint': 2, 'property': 'level'})
    wait_until(lambda: zwave.value_row(2, 'level@2') is None, 'the value to go')
    server.event(source='node', event='dead', nodeId=2, oldStatus=4)
    zwave.wait_node(2, 'Status', 'Dead')
    assert zwave.node(2)['CommFailure'] and zwave.node(2)['CommFailureTime'] != UNKNOWN_TIME
    wait_until(lambda: zwave.interface()['FailedNodeCount'] == 1, 'the count')
    server.event(source='node', event='alive', nodeId=2, oldStatus=3)
    zwave.wait_node(2, 'CommFailure', False)
    server.event(source='controller', event='rebuild routes progress', progress={})
    wait_until(lambda: zwave.interface()['HealActive'], 'the heal')
    server.event(source='controller', event='rebuild routes done', result={})
    wait_until(lambda: zwave.interface()['LastHeal'] != UNKNOWN_TIME and not zwave.interface()['HealActive'], 'its end')
    server.event(source='controller', event='status changed', status=2)
    zwave.wait_status('Error')


def test_zwave_js_driver_started_anew_is_read_anew(server, zwave):
    server.state = state(node(1), node(4))
    server.event(source='driver', event='driver ready')
    wait_until(lambda: set(zwave.nodes()) == {1, 4}, 'the new state')


def test_zwave_js_another_network_gets_other_rows(server, zwave):
    before = {row[''] for row in zwave.nodes().values()}
    server.home_id, server.state = 0x12345678, dict(state(node(1), node(2)), controller={'homeId': 0x12345678, 'ownNodeId': 1})
    server.connections[-1].close()
    server.connections[-1].close()
    import socket
    try:
        server.connections[-1].shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    wait_until(lambda: zwave.interface().get('HomeID') == '12345678' and set(zwave.nodes()) == {1, 2}, 'the other network')
    assert not before & {row[''] for row in zwave.nodes().values()}


@pytest.mark.parametrize('status, fault', ((254, 0), (255, 0), (1, 0), (0, 9001), (2, 9002), (3, 9005), (4, 9001), (5, 9007),
                                           ('node_not_found', 9005), ('unknown_command', 9001), ('zwave_error', 9002)))
def test_zwave_js_result_of_a_setting(server, zwave, status, fault):
    server.results['node.set_value'] = {'result': {'status': status}} if isinstance(status, int) else {'errorCode': status}
    done = zwave.set({zwave.value_row(2, 'targetValue') + 'Value': 'true'}, status=1 if fault else 0)
    assert not fault or 'fault %d' % fault in done.stderr
    sent = next(command for command in server.commands if command['command'] == 'node.set_value')
    assert (sent['nodeId'], sent['value']) == (2, True)
    assert sent['valueId'] == {'commandClass': 37, 'endpoint': 0, 'property': 'targetValue'}
    embedded = zwave.tree('Device.ManagementServer.')
    row = next(path[:-len('ProxiedDeviceID')] for path, got in embedded.items() if path.endswith('ProxiedDeviceID') and got == '2')
    assert embedded[row + 'CommandProcessed'] == ('Error' if fault else 'Success')


def test_zwave_js_secrets_are_not_published(server, zwave):
    server.event(source='controller', event='node added', result={}, node=node(8, [
        value(99, 'userCode', '1234', 'string', True, propertyKey=1, metadata={'secret': True})]))
    wait_until(lambda: zwave.value_row(8, 'userCode/1'), 'the value')
    server.event(source='node', event='value updated', nodeId=8, args={
        'commandClass': 99, 'endpoint': 0, 'property': 'userCode', 'propertyKey': 1, 'newValue': '5678'})
    server.event(source='node', event='dead', nodeId=8)
    zwave.wait_node(8, 'Status', 'Dead')
    assert zwave.value(8, 'userCode/1') == ''


def result(body):
    return b'{"type":"result","success":true,"messageId":"2","result":{"state":' + body + b'}}'


CONTROLLER = b'"controller":{"homeId":3237998081,"ownNodeId":1}'
BROKEN = {
    'text': b'hello', 'empty': b'', 'array': b'[]', 'null': b'null', 'twice': b'{}{}', 'unclosed': b'{"type":"result",',
    'deep': b'{"type":"event","event":' + b'[' * 100000 + b']' * 100000 + b'}',
    'deep in a node': result(b'{"nodes":[{"nodeId":2,"values":' + b'[' * 50 + b']' * 50 + b'}]}'),
    'containers': b'{"type":"event","event":{"args":[' + b'[],' * 50000 + b'[]]}}',
    'elements of numbers': result(b'{' + CONTROLLER + b',"nodes":[1,2,3]}'),
    'no state': result(b'null'), 'no nodes': result(b'{' + CONTROLLER + b'}'), 'no controller': result(b'{"nodes":[]}'),
    'large': b'{"x":"' + b'y' * (5 << 20) + b'"}',
}


@pytest.mark.parametrize('name', sorted(BROKEN))
def test_zwave_js_message_that_ends_the_connection(server, zwave, name):
    """The connection is closed, the nodes stay, and the next connection works."""
    before = zwave.nodes()
    mark = len(zwave.process.stderr)
    if BROKEN[name].startswith(b'{"type":"result","success"'):
        server.raw_state = BROKEN[name]
        server.event(source='driver', event='driver ready')
    else:
        server.send(BROKEN[name])
    zwave.process.wait_for(r'next attempt', after=mark)
    assert set(zwave.nodes()) == set(before)
    server.raw_state = None
    zwave.wait_up()


STRANGE = [
    {'source': 'node', 'event': 'value updated', 'nodeId': 'x', 'args': 5}, {'source': 7}, {},
    {'source': 'node', 'event': 'value updated', 'nodeId': 2}, {'source': 'node', 'event': None, 'nodeId': 2, 'args': []},
    {'source': 'node', 'event': 'value updated', 'nodeId': 2, 'args': {'commandClass': -1, 'property': 'x', 'newValue': 1}},
    {'source': 'node', 'event': 'value updated', 'nodeId': 2, 'args': {'commandClass': 37, 'property': {}, 'newValue': 1}},
    {'source': 'node', 'event': 'value updated', 'nodeId': 2, 'args': {'commandClass': 37, 'property': 'x' * 5000, 'newValue': 1}},
    {'source': 'node', 'event': 'value updated', 'nodeId': 2, 'args': {'commandClass': 37, 'endpoint': 1e99, 'property': 'a', 'newValue': 1}},
    {'source': 'node', 'event': 'statistics updated', 'nodeId': 2, 'statistics': {'commandsTX': -1, 'rtt': 'x', 'lastSeen': 5}},
    {'source': 'node', 'event': 'statistics updated', 'nodeId': 2, 'statistics': [1, 2]},
    {'source': 'node', 'event': 'ready', 'nodeId': 2, 'nodeState': {'nodeId': 99999}},
    {'source': 'node', 'event': 'metadata updated', 'nodeId': 2, 'args': {'commandClass': 37, 'property': 'z', 'metadata': 'no'}},
    {'source': 'controller', 'event': 'node added', 'node': {'nodeId': 0}}, {'source': 'controller', 'event': 'node removed'},
    {'source': 'controller', 'event': 'node added', 'node': {'nodeId': 5, 'values': {'a': 1}, 'endpoints': 'x', 'deviceClass': []}},
]


def test_zwave_js_strange_events_change_nothing_else(server, zwave):
    for event in STRANGE:
        server.event(**event)
    server.event(source='node', event='value updated', nodeId=2, args={'commandClass': 37, 'property': 'currentValue', 'newValue': True})
    zwave.wait_value(2, 'currentValue', 'true')
    for shape in ([1, 2], {'a': [1]}, 'x' * 3000, 1e300, None, -5, 'a\u0000b\u0007\u00e9\ud7ff'):
        server.event(source='node', event='value updated', nodeId=2, args={'commandClass': 50, 'property': 'v', 'newValue': shape})
    server.event(source='node', event='value updated', nodeId=2, args={'commandClass': 50, 'property': 'v', 'newValue': 'end'})
    zwave.wait_value(2, 'v', 'end')
    assert 'next attempt' not in zwave.process.stderr


FRAMES = {
    'invalid UTF-8': StandIn.frame(b'{"type":"\xff\xfe"}'), 'binary': StandIn.frame(b'{}', opcode=2),
    'reserved opcode': StandIn.frame(b'{}', opcode=5), 'reserved bits': b'\xf1\x02{}',
    'masked': b'\x81\x82\x00\x00\x00\x00{}', 'continuation of nothing': StandIn.frame(b'{}', opcode=0),
    'length of 2^63': b'\x81\x7f' + struct.pack('>Q', 1 << 63), 'length above the bound': b'\x81\x7f' + struct.pack('>Q', 1 << 40),
    'fragmented control': b'\x09\x01x', 'long control': b'\x89\x7e\x00\x80' + b'x' * 128, 'close': b'\x88\x02\x03\xe8',
    'random': b'\xff' * 100,
}


@pytest.mark.parametrize('name', sorted(FRAMES))
def test_zwave_js_broken_frame(server, zwave, name):
    mark = len(zwave.process.stderr)
    server.send_raw(FRAMES[name])
    zwave.process.wait_for(r'next attempt', after=mark)
    assert set(zwave.nodes()) == {1, 2, 3}
    zwave.wait_up()


def test_zwave_js_fragments_and_pings(server, zwave):
    event = json.dumps({'type': 'event', 'event': {'source': 'node', 'event': 'value updated', 'nodeId': 2, 'args': {
        'commandClass': 37, 'property': 'currentValue', 'newValue': True}}}).encode()
    pieces = [event[at:at + 7] for at in range(0, len(event), 7)]
    raw = b''
    for i, piece in enumerate(pieces):
        raw += StandIn.frame(piece, 1 if i == 0 else 0, i == len(pieces) - 1) + StandIn.frame(b'p', 9)
    for at in range(0, len(raw), 11):
        server.send_raw(raw[at:at + 11])
    zwave.wait_value(2, 'currentValue', 'true')


def test_zwave_js_cut_at_any_byte(server, zwave):
    import socket
    whole = StandIn.frame(json.dumps({'type': 'result', 'success': True, 'messageId': '2', 'result': {'state': server.state}}).encode())
    for at in (1, 3, len(whole) // 3, len(whole) // 2, len(whole) - 3, len(whole) - 1):
        mark = len(zwave.process.stderr)
        server.send_raw(whole[:at])
        server.connections[-1].shutdown(socket.SHUT_RDWR)
        zwave.process.wait_for(r'next attempt', after=mark)
        assert set(zwave.nodes()) == {1, 2, 3}
        zwave.wait_up()


def test_zwave_js_100_megabytes_and_too_many_nodes(server, zwave):
    """A node for each of 4,000 ids with more values than there is room for: bounded, and the process lives."""
    before = zwave.peak()
    mark = len(zwave.process.stderr)
    body = b'{"type":"event","event":{"x":"' + b'y' * (100 << 20) + b'"}}'
    try:
        server.send(body)
    except OSError:
        pass
    zwave.process.wait_for(r'next attempt', after=mark, timeout=120)
    assert zwave.peak() - before < GROWTH
    assert set(zwave.nodes()) == {1, 2, 3}
    zwave.wait_up()
    values = [value(49, 'v%d' % n, n) for n in range(300)]
    server.event(source='controller', event='node added', node=node(77, values), result={})
    wait_until(lambda: 77 in zwave.nodes(), 'node 77')
    assert zwave.node(77)['ValueNumberOfEntries'] == 256 and len(rows(zwave.node(77), 'Value')) == 256
