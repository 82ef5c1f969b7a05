# SPDX-License-Identifier: GPL-2.0-or-later
# espalier-netlink against the kernel: what the tree says of real interfaces, and how it follows them.
import os
import re
import shutil
import signal
import subprocess

import pytest

from collector import (INTERFACE, IP, LAYERS, LINK, LOST, STARTED, Collector, check_stack, kernel_addresses,
                       kernel_links)
from process import wait_until


@pytest.fixture
def collector(start, run, netns, configuration):
    """collector(interval_ms=50, ...) starts espalier-netlink in a namespace of its own, or a given one."""
    def make(namespace=None, **keys):
        keys = dict({'interval_ms': 50}, **keys)
        return Collector(start, run, namespace or netns(), configuration(netlink=keys))
    return make


COUNTERS = {'BytesSent': ('tx', 'bytes'), 'BytesReceived': ('rx', 'bytes'), 'PacketsSent': ('tx', 'packets'),
            'PacketsReceived': ('rx', 'packets'), 'ErrorsSent': ('tx', 'errors'), 'ErrorsReceived': ('rx', 'errors'),
            'DiscardPacketsSent': ('tx', 'dropped'), 'DiscardPacketsReceived': ('rx', 'dropped'),
            'MulticastPacketsReceived': ('rx', 'multicast')}


def is_port(link):
    return link['link_type'] == 'ether' and link.get('linkinfo', {}).get('info_kind') in (None, 'veth')


def many_kinds(namespace):
    namespace.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    namespace.ip('link', 'add', 'br0', 'type', 'bridge')
    namespace.ip('link', 'set', 'v1', 'master', 'br0')
    namespace.ip('link', 'add', 'mv0', 'link', 'v0', 'type', 'macvlan')
    namespace.ip('link', 'add', 'vx0', 'type', 'vxlan', 'id', 7, 'local', '127.0.0.1', 'dstport', 4789)
    namespace.ip('tuntap', 'add', 'tap0', 'mode', 'tap')
    namespace.ip('tuntap', 'add', 'tun0', 'mode', 'tun')
    namespace.ip('link', 'set', 'vx0', 'master', 'br0')
    for name in ('v0', 'v1', 'br0', 'mv0', 'vx0'):
        namespace.ip('link', 'set', name, 'up')
    namespace.ip('addr', 'add', '192.0.2.1/25', 'dev', 'v0')
    namespace.ip('addr', 'add', '192.0.2.200/32', 'dev', 'v0')
    namespace.ip('addr', 'add', '2001:db8::1/64', 'dev', 'v0', 'nodad')
    namespace.ip('addr', 'add', '198.51.100.9/24', 'dev', 'br0', 'valid_lft', 3600, 'preferred_lft', 1800)


def check_against_kernel(tree, links, addresses):
    """Every link and address of the kernel is there as it should be, and nothing else."""
    rows = {table: {v: p[:-len('Name')] for p, v in tree.items() if re.fullmatch(re.escape(table) + r'\d+\.Name', p)}
            for table in LAYERS}
    assert set(rows[IP]) == set(links)
    assert set(rows[LINK]) == {name for name, link in links.items() if link['link_type'] == 'ether'}
    assert set(rows[INTERFACE]) == {name for name, link in links.items() if is_port(link)}
    for table in LAYERS:
        for name, row in rows[table].items():
            link = links[name]
            up = 'UP' in link['flags']
            assert tree[row + 'Enable'] == up
            assert tree[row + 'Alias'] == 'cpe-' + row.split('.')[-2]
            if link['operstate'] == 'UP' or (link['operstate'] == 'UNKNOWN' and up):
                assert tree[row + 'Status'] == 'Up', name
            else:
                assert tree[row + 'Status'] in (('Down', 'LowerLayerDown') if up else ('Down',)), name
            for counter, (direction, key) in COUNTERS.items():
                assert tree['%sStats.%s' % (row, counter)] == link['stats64'][direction][key], (name, counter)
            if table != IP:
                assert tree[row + 'MACAddress'] == link['address'].upper()
            else:
                assert tree[row + 'MaxMTUSize'] == min(max(link['mtu'], 64), 65535)
                loopback = 'LOOPBACK' in link['flags']
                assert tree[row + 'Loopback'] == loopback
                assert tree[row + 'Type'] == ('Loopback' if loopback else 'Normal')
                got = {v for p, v in tree.items() if p.startswith(row + 'IPv') and p.endswith('Address') and
                       p.count('.') == 6}
                assert got == set(addresses.get(name, {})), name
    check_stack(tree)


def test_values_are_those_of_the_kernel(collector, netns):
    namespace = netns()
    many_kinds(namespace)
    tool = collector(namespace)

    def equal():
        try:
            check_against_kernel(tool.tree(), kernel_links(namespace), kernel_addresses(namespace))
            return True
        except AssertionError:
            return False
    # Neighbour discovery still changes counters and addresses for a while.
    try:
        wait_until(equal, 'the tree to be what the kernel says', 20)
    except AssertionError:
        check_against_kernel(tool.tree(), kernel_links(namespace), kernel_addresses(namespace))
        raise
    tree = tool.tree()
    v0 = tool.rows(IP, tree)['v0']
    address = tool.addresses('v0')['192.0.2.1']
    assert tree[address + 'SubnetMask'] == '255.255.255.128'
    assert tree[address + 'AddressingType'] == 'Static'
    assert tree[address + 'Status'] == 'Enabled'
    assert tree[tool.addresses('v0')['192.0.2.200'] + 'SubnetMask'] == '255.255.255.255'
    assert tree[tool.addresses('br0')['198.51.100.9'] + 'AddressingType'] == 'DHCP'
    origins = {value: tree[path + 'Origin'] for value, path in tool.addresses('v0', 6).items()}
    assert origins.pop('2001:db8::1') == 'Static'
    assert set(origins.values()) == {'AutoConfigured'}
    assert tree[tool.addresses('lo', 6)['::1'] + 'Origin'] == 'WellKnown'
    assert tree[v0 + 'LowerLayers'] == tool.rows(LINK, tree)['v0'].rstrip('.')
    assert tree[tool.rows(LINK, tree)['v0'] + 'LowerLayers'] == tool.rows(INTERFACE, tree)['v0'].rstrip('.')
    assert tree[tool.rows(LINK, tree)['mv0'] + 'LowerLayers'] == tool.rows(INTERFACE, tree)['v0'].rstrip('.')
    assert set(tree[tool.rows(LINK, tree)['br0'] + 'LowerLayers'].split(',')) == {
        tool.rows(INTERFACE, tree)['v1'].rstrip('.'), tool.rows(LINK, tree)['vx0'].rstrip('.')}
    assert tree[tool.rows(IP, tree)['lo'] + 'LowerLayers'] == ''
    assert tree[tool.rows(INTERFACE, tree)['v0'] + 'CurrentBitRate'] == 10000


def test_counters_are_those_of_proc_net_dev(collector, netns):
    namespace, other = netns(), netns()
    namespace.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1', 'netns', other.name)
    other.ip('addr', 'add', '192.0.2.2/24', 'dev', 'v1')
    other.ip('link', 'set', 'v1', 'up')
    namespace.ip('addr', 'add', '192.0.2.1/24', 'dev', 'v0')
    namespace.ip('link', 'set', 'v0', 'up')
    tool = collector(namespace)
    subprocess.run(namespace.command('python3', '-c', '''
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(500):
    s.sendto(bytes(1000), ('192.0.2.2', 9))
'''), check=True)

    def equal():
        text = subprocess.run(namespace.command('cat', '/proc/net/dev'), check=True, capture_output=True,
                              text=True).stdout
        numbers = next(line.split(':')[1].split() for line in text.splitlines() if line.strip().startswith('v0:'))
        tree = tool.tree()
        row = tool.rows(IP, tree)['v0'] + 'Stats.'
        names = ('BytesReceived', 'PacketsReceived', 'ErrorsReceived', 'DiscardPacketsReceived')
        return [tree[row + name] for name in names] == [int(number) for number in numbers[:4]] and \
            [tree[row + name.replace('Received', 'Sent')] for name in names] == [int(n) for n in numbers[8:12]] and \
            tree[row + 'PacketsSent'] >= 500 and tree[row + 'MulticastPacketsReceived'] == int(numbers[7])
    wait_until(equal, 'the counters of /proc/net/dev')


def test_interfaces_come_and_go(collector):
    tool = collector()
    namespace = tool.namespace
    namespace.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    wait_until(lambda: set(tool.rows(IP)) == {'lo', 'v0', 'v1'}, 'v0 and v1')
    check_stack(tool.tree())
    before = tool.rows(IP)['v0']
    namespace.ip('link', 'delete', 'v0')
    wait_until(lambda: set(tool.rows(IP)) == {'lo'}, 'v0 and v1 to go')
    check_stack(tool.tree())
    namespace.ip('link', 'add', 'other', 'type', 'bridge')
    wait_until(lambda: 'other' in tool.rows(IP), 'the bridge')
    assert tool.rows(IP)['other'] != before, 'a number was given to another name'
    namespace.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    wait_until(lambda: 'v0' in tool.rows(IP), 'v0')
    assert tool.rows(IP)['v0'] == before


def test_a_renamed_interface_keeps_its_numbers(collector):
    tool = collector()
    namespace = tool.namespace
    namespace.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    wait_until(lambda: 'v1' in tool.rows(IP), 'v1')
    before = [tool.rows(table)['v0'] for table in LAYERS]
    namespace.ip('link', 'set', 'v0', 'name', 'lan0')
    wait_until(lambda: 'lan0' in tool.rows(IP), 'lan0')
    assert [tool.rows(table)['lan0'] for table in LAYERS] == before
    namespace.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v2')
    wait_until(lambda: 'v0' in tool.rows(IP), 'a new v0')
    assert tool.rows(IP)['v0'] != before[2]
    assert tool.process.stop() == 0
    tool.restart()
    assert [tool.rows(table)['lan0'] for table in LAYERS] == before


def test_state_changes_show_at_once(collector):
    """The interval is an hour: what is seen came by notification."""
    tool = collector(interval_ms=3600000)
    namespace = tool.namespace
    namespace.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    tool.wait_value(INTERFACE, 'v0', 'Status', 'Down')
    assert tool.value(INTERFACE, 'v0', 'Enable') is False
    namespace.ip('link', 'set', 'v0', 'up')
    tool.wait_value(INTERFACE, 'v0', 'Enable', True)
    tool.wait_value(INTERFACE, 'v0', 'Status', 'Down')
    tool.wait_value(LINK, 'v0', 'Status', 'LowerLayerDown')
    tool.wait_value(IP, 'v0', 'Status', 'LowerLayerDown')
    namespace.ip('link', 'set', 'v1', 'up')
    for table in LAYERS:
        tool.wait_value(table, 'v0', 'Status', 'Up')
    namespace.ip('addr', 'add', '192.0.2.1/24', 'dev', 'v0')
    wait_until(lambda: list(tool.addresses('v0')) == ['192.0.2.1'], 'the address')
    tool.wait_value(IP, 'v0', 'IPv4AddressNumberOfEntries', 1)
    namespace.ip('addr', 'delete', '192.0.2.1/24', 'dev', 'v0')
    wait_until(lambda: not tool.addresses('v0'), 'the address to go')
    namespace.ip('link', 'set', 'v0', 'mtu', 1280)
    tool.wait_value(IP, 'v0', 'MaxMTUSize', 1280)
    namespace.ip('link', 'set', 'v0', 'address', '02:00:00:00:00:07')
    tool.wait_value(LINK, 'v0', 'MACAddress', '02:00:00:00:00:07')
    namespace.ip('link', 'add', 'br0', 'type', 'bridge')
    namespace.ip('link', 'set', 'v0', 'master', 'br0')
    port = tool.rows(INTERFACE)['v0'].rstrip('.')
    tool.wait_value(LINK, 'br0', 'LowerLayers', port)
    check_stack(tool.tree())
    namespace.ip('link', 'set', 'v0', 'nomaster')
    tool.wait_value(LINK, 'br0', 'LowerLayers', '')
    check_stack(tool.tree())


def test_follow_sees_a_state_change(collector, start):
    tool = collector(interval_ms=3600000)
    tool.namespace.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    tool.wait_value(IP, 'v0', 'Enable', False)
    row = tool.rows(IP)['v0']
    watcher = start('shmdump', '-f', row)
    # Whether it watches already can't be seen from outside: change until it shows.
    state = {'mtu': 1400}

    def seen():
        state['mtu'] += 1
        tool.namespace.ip('link', 'set', 'v0', 'mtu', state['mtu'])
        return row + 'MaxMTUSize' in watcher.stdout
    wait_until(seen, 'shmdump -f to show a change')
    watcher.stop(signal.SIGINT)


@pytest.mark.parametrize('end', ['SIGTERM', 'SIGKILL'])
def test_numbers_stay_over_a_restart(collector, end):
    tool = collector()
    namespace = tool.namespace
    many_kinds(namespace)
    wait_until(lambda: '198.51.100.9' in tool.addresses('br0') and len(tool.rows(IP)) == len(kernel_links(namespace)),
               'all interfaces')
    namespace.ip('link', 'delete', 'vx0')
    wait_until(lambda: 'vx0' not in tool.rows(IP), 'vx0 to go')

    def structure():
        tree = tool.tree()
        # Link-local addresses come when they like.
        late = tuple(p[:-len('IPAddress')] for p, v in tree.items() if str(v).startswith('fe80'))
        return {p: v for p, v in tree.items() if re.search(r'\.(Name|Alias|IPAddress|HigherLayer|LowerLayer)$', p) and
                not p.startswith(late)}
    before = structure()
    if end == 'SIGKILL':
        tool.process.kill()
    else:
        assert tool.process.stop() == 0
    tool.restart()
    assert structure() == before
    check_stack(tool.tree())


def test_killed_in_a_storm_it_comes_back_with_the_same_numbers(collector, netns):
    namespace = netns()
    tool = collector(namespace)
    seen = {}
    for turn in range(5):
        for i in range(10):
            namespace.ip('link', 'add', 'a%d-%d' % (turn, i), 'type', 'veth', 'peer', 'name', 'b%d-%d' % (turn, i))
        wait_until(lambda: tool.rows(IP), 'any row')
        for name, row in tool.rows(IP).items():
            assert seen.setdefault(name, row) == row
        tool.process.kill()
        tool.restart()
        rows = tool.rows(IP)
        for name, row in rows.items():
            assert seen.setdefault(name, row) == row
        assert len(set(rows.values())) == len(rows) == len(kernel_links(namespace))


def test_a_thousand_interfaces(collector, netns, tmp_path):
    namespace = netns()
    batch = tmp_path / 'batch'
    batch.write_text(''.join('link add v%da type veth peer name v%db\n' % (i, i) for i in range(500)))
    tool = collector(namespace)
    namespace.ip('-batch', batch)
    wait_until(lambda: len(tool.rows(IP)) == 1001, '1,001 interfaces')
    tree = tool.tree()
    assert tree['Device.IP.InterfaceNumberOfEntries'] == 1001
    assert tree['Device.Ethernet.InterfaceNumberOfEntries'] == 1000
    check_against_kernel(tree, kernel_links(namespace), kernel_addresses(namespace))
    numbers = {table: tool.rows(table, tree) for table in LAYERS}
    tool.process.kill()
    tool.restart()
    assert {table: tool.rows(table) for table in LAYERS} == numbers


def test_lost_notifications_lead_to_a_resynchronisation(collector, netns, tmp_path):
    """While the collector is stopped, more happens than its socket can hold."""
    namespace = netns()
    namespace.ip('link', 'add', 'x', 'type', 'veth', 'peer', 'name', 'y')
    tool = collector(namespace, interval_ms=3600000)
    x, y = tool.rows(IP)['x'], tool.rows(IP)['y']
    tool.process.signal(signal.SIGSTOP)
    # The two swap their names, which only the resynchronisation can tell.
    for old, new in (('x', 'z'), ('y', 'x'), ('z', 'y')):
        namespace.ip('link', 'set', old, 'name', new)
    add, delete = tmp_path / 'add', tmp_path / 'delete'
    add.write_text(''.join('link add v%d type veth peer name w%d\nlink set v%d up\n' % (i, i, i) for i in range(400)))
    delete.write_text(''.join('link delete v%d\n' % i for i in range(0, 400, 2)))
    namespace.ip('-batch', add)
    namespace.ip('-batch', delete)
    namespace.ip('addr', 'add', '192.0.2.7/24', 'dev', 'v1')
    tool.process.signal(signal.SIGCONT)
    tool.process.wait_for(LOST)
    wait_until(lambda: len(tool.rows(IP)) == len(kernel_links(namespace)), 'all interfaces')
    check_against_kernel(tool.tree(), kernel_links(namespace), kernel_addresses(namespace))
    assert tool.rows(IP)['x'] == y and tool.rows(IP)['y'] == x
    # Notifications work on.
    namespace.ip('link', 'set', 'v1', 'mtu', 1300)
    tool.wait_value(IP, 'v1', 'MaxMTUSize', 1300)


# ---- Setting -------------------------------------------------------------------------------------------------

def test_enable_sets_the_link_up_and_down(collector):
    tool = collector(interval_ms=3600000)
    tool.namespace.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    tool.wait_value(IP, 'v0', 'Enable', False)
    rows = [tool.rows(table)['v0'] for table in LAYERS]
    for row in rows:
        tool.set(row + 'Enable=true')
        assert 'UP' in kernel_links(tool.namespace)['v0']['flags']
        for table in LAYERS:
            tool.wait_value(table, 'v0', 'Enable', True)
        tool.set(row + 'Enable=false')
        assert 'UP' not in kernel_links(tool.namespace)['v0']['flags']
        for table in LAYERS:
            tool.wait_value(table, 'v0', 'Enable', False)
    # One setting that is told to be both: nothing changes.
    failed = tool.set(rows[0] + 'Enable=true', rows[2] + 'Enable=false', status=None)
    assert failed.popen.returncode != 0 and '9007' in failed.stdout + failed.stderr
    assert 'UP' not in kernel_links(tool.namespace)['v0']['flags']


def test_mtu_and_mac_address(collector):
    tool = collector(interval_ms=3600000)
    tool.namespace.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    tool.wait_value(IP, 'v0', 'Enable', False)
    row, link = tool.rows(IP)['v0'], tool.rows(LINK)['v0']
    tool.set(row + 'MaxMTUSize=1400', link + 'MACAddress=02:aa:00:00:00:01')
    kernel = kernel_links(tool.namespace)['v0']
    assert kernel['mtu'] == 1400 and kernel['address'] == '02:aa:00:00:00:01'
    tool.wait_value(IP, 'v0', 'MaxMTUSize', 1400)
    tool.wait_value(LINK, 'v0', 'MACAddress', '02:AA:00:00:00:01')
    for bad in (row + 'MaxMTUSize=65', row + 'MaxMTUSize=63', row + 'MaxMTUSize=many', link + 'MACAddress=01:00:00:00:00:01',
                link + 'MACAddress=', row + 'IPv4Enable=false', row + 'Loopback=true', row + 'LowerLayers=',
                tool.rows(INTERFACE)['v0'] + 'MaxBitRate=100', row + 'Name=other', row + 'Status=Up'):
        # All or nothing: the good entry before it must not be applied.
        failed = tool.set(row + 'MaxMTUSize=1450', bad, status=None)
        assert failed.popen.returncode != 0, bad
        assert re.search(r'\b900[1-9]\b', failed.stdout + failed.stderr), bad
        assert kernel_links(tool.namespace)['v0']['mtu'] == 1400, bad
    assert tool.value(IP, 'v0', 'MaxMTUSize') == 1400


def test_aliases_are_durable_and_unique(collector):
    tool = collector(interval_ms=3600000)
    namespace = tool.namespace
    namespace.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    namespace.ip('addr', 'add', '192.0.2.1/24', 'dev', 'v0')
    wait_until(lambda: tool.addresses('v0') and 'v1' in tool.rows(IP), 'v0 and its address')
    row, other, address = tool.rows(IP)['v0'], tool.rows(IP)['v1'], tool.addresses('v0')['192.0.2.1']
    tool.set(row + 'Alias=lan port, first', address + 'Alias=Main')
    assert tool.value(IP, 'v0', 'Alias') == 'lan port, first'
    check_stack(tool.tree())
    for bad in ('', '1st', 'cpe-99', 'lan port, first', 'x' * 65):
        failed = tool.set(other + 'Alias=' + bad, status=None)
        assert failed.popen.returncode != 0 and '9007' in failed.stdout + failed.stderr, bad
    tool.process.kill()
    tool.restart()
    tree = tool.tree()
    assert tree[row + 'Alias'] == 'lan port, first' and tree[address + 'Alias'] == 'Main'
    check_stack(tree)
    namespace.ip('link', 'set', 'v0', 'name', 'lan0')
    wait_until(lambda: 'lan0' in tool.rows(IP), 'lan0')
    assert tool.value(IP, 'lan0', 'Alias') == 'lan port, first'
    # Two rows may exchange their aliases in one request; the agent-made one may come back.
    tool.set(row + 'Alias=second', other + 'Alias=lan port, first')
    tool.set(row + 'Alias=lan port, first', other + 'Alias=second')
    tool.set(row + 'Alias=cpe-' + row.split('.')[-2])
    check_stack(tool.tree())


def test_ipv4_addresses(collector, run):
    tool = collector(interval_ms=3600000)
    namespace = tool.namespace
    namespace.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    namespace.ip('addr', 'add', '192.0.2.1/24', 'dev', 'v0')
    namespace.ip('addr', 'add', '203.0.113.1/24', 'dev', 'v0', 'valid_lft', 3600, 'preferred_lft', 3600)
    wait_until(lambda: len(tool.addresses('v0')) == 2, 'the addresses')
    row = tool.addresses('v0')['192.0.2.1']
    tool.set(row + 'IPAddress=192.0.2.9', row + 'SubnetMask=255.255.254.0')
    assert kernel_addresses(namespace)['v0'] == {'192.0.2.9': 23, '203.0.113.1': 24}
    wait_until(lambda: tool.addresses('v0').get('192.0.2.9') == row, 'the address in the same row')
    tool.set(row + 'Enable=false')
    assert '192.0.2.9' not in kernel_addresses(namespace)['v0']
    tree = tool.tree()
    assert (tree[row + 'Enable'], tree[row + 'Status'], tree[row + 'IPAddress']) == (False, 'Disabled', '192.0.2.9')
    # Disabled rows outlive the collector.
    tool.process.kill()
    tool.restart()
    tree = tool.tree()
    assert (tree[row + 'Enable'], tree[row + 'Status'], tree[row + 'IPAddress']) == (False, 'Disabled', '192.0.2.9')
    check_stack(tree)
    tool.set(row + 'Enable=true')
    assert kernel_addresses(namespace)['v0']['192.0.2.9'] == 23
    wait_until(lambda: tool.tree()[row + 'Status'] == 'Enabled', 'Enabled')
    dynamic = tool.addresses('v0')['203.0.113.1']
    for bad in (row + 'IPAddress=224.0.0.1', row + 'IPAddress=300.1.1.1', row + 'IPAddress=', row + 'SubnetMask=255.0.255.0',
                dynamic + 'IPAddress=203.0.113.2', dynamic + 'Enable=false', dynamic + 'Alias=x', row + 'AddressingType=DHCP'):
        failed = tool.set(bad, status=None)
        assert failed.popen.returncode != 0 and re.search(r'\b900[1-9]\b', failed.stdout + failed.stderr), bad
    assert kernel_addresses(namespace)['v0'] == {'192.0.2.9': 23, '203.0.113.1': 24}
    # A new one: disabled and empty at first.
    table = tool.rows(IP)['v0'] + 'IPv4Address.'
    added = re.search(r'(\d+)\D*$', run('espalier-request', 'add', table).stdout).group(1)
    new = '%s%s.' % (table, added)
    tree = tool.tree()
    assert (tree[new + 'Enable'], tree[new + 'IPAddress'], tree[new + 'Status']) == (False, '', 'Disabled')
    tool.set(new + 'Enable=true', new + 'IPAddress=198.51.100.1')
    wait_until(lambda: tool.tree()[new + 'Status'] == 'Error_Misconfigured', 'Error_Misconfigured')
    assert '198.51.100.1' not in kernel_addresses(namespace)['v0']
    tool.set(new + 'SubnetMask=255.255.255.0')
    assert kernel_addresses(namespace)['v0']['198.51.100.1'] == 24
    wait_until(lambda: tool.tree()[new + 'Status'] == 'Enabled', 'Enabled')
    failed = tool.set(row + 'IPAddress=198.51.100.1', row + 'SubnetMask=255.255.255.0', status=None)
    assert failed.popen.returncode != 0
    tool.process.stop()
    tool.restart()
    assert tool.addresses('v0')['198.51.100.1'] == new
    check_stack(tool.tree())
    run('espalier-request', 'delete', new)
    assert '198.51.100.1' not in kernel_addresses(namespace)['v0']
    wait_until(lambda: '198.51.100.1' not in tool.addresses('v0'), 'the row to go')
    assert run('espalier-request', 'delete', dynamic, status=None).popen.returncode != 0
    assert run('espalier-request', 'add', LINK, status=None).popen.returncode != 0
    check_stack(tool.tree())


def test_ipv6_addresses(collector, run):
    tool = collector(interval_ms=3600000)
    namespace = tool.namespace
    namespace.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    namespace.ip('link', 'set', 'v0', 'up')
    namespace.ip('link', 'set', 'v1', 'up')
    wait_until(lambda: 'v0' in tool.rows(IP), 'v0')
    table = tool.rows(IP)['v0'] + 'IPv6Address.'
    new = '%s%s.' % (table, re.search(r'(\d+)\D*$', run('espalier-request', 'add', table).stdout).group(1))
    tool.set(new + 'IPAddress=2001:DB8::0:7', new + 'Enable=true')
    assert kernel_addresses(namespace)['v0']['2001:db8::7'] == 64
    wait_until(lambda: tool.tree()[new + 'IPAddressStatus'] == 'Preferred', 'the address to be preferred')
    tool.set(new + 'PreferredLifetime=2099-01-01T00:00:00Z', new + 'ValidLifetime=2099-01-01T01:00:00+01:00')
    tree = tool.tree()
    assert tree[new + 'Origin'] == 'Static'
    wait_until(lambda: tool.tree()[new + 'ValidLifetime'].startswith(('2098-12-31T23:59:5', '2099-01-01T00:00:0')),
               'the lifetime')
    for bad in ('IPAddress=ff02::1', 'IPAddress=::', 'IPAddress=192.0.2.1', 'Anycast=true', 'ValidLifetime=2001-01-01T00:00:00Z',
                'PreferredLifetime=2099-06-01T00:00:00Z', 'ValidLifetime=never'):
        failed = tool.set(new + bad, status=None)
        assert failed.popen.returncode != 0 and re.search(r'\b900[1-9]\b', failed.stdout + failed.stderr), bad
    row = tool.rows(IP)['v0']
    tool.set(row + 'IPv6Enable=false')
    wait_until(lambda: not tool.addresses('v0', 6), 'IPv6 to go')
    tool.wait_value(IP, 'v0', 'IPv6Enable', False)
    tool.set(row + 'IPv6Enable=true')
    tool.wait_value(IP, 'v0', 'IPv6Enable', True)
    wait_until(lambda: tool.addresses('v0', 6), 'a link-local address')
    tool.set('Device.IP.IPv6Enable=false')
    wait_until(lambda: tool.value(IP, 'v0', 'IPv6Enable') is False and not tool.addresses('v0', 6), 'no IPv6')
    assert tool.tree()['Device.IP.IPv6Status'] == 'Disabled'
    tool.set('Device.IP.IPv6Enable=true')
    wait_until(lambda: tool.tree()['Device.IP.IPv6Status'] == 'Enabled', 'IPv6')
    assert tool.set('Device.IP.IPv4Enable=false', status=None).popen.returncode != 0
    check_stack(tool.tree())


def test_a_set_that_fails_half_way_is_undone(collector):
    """The kernel refuses the second interface's change: the first one's is taken back."""
    tool = collector(interval_ms=3600000)
    namespace = tool.namespace
    namespace.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    namespace.ip('link', 'add', 'mv0', 'link', 'v0', 'type', 'macvlan')
    wait_until(lambda: 'mv0' in tool.rows(IP), 'mv0')
    rows = tool.rows(IP)
    # A macvlan takes no larger MTU than its parent, which the kernel only says when it is tried.
    failed = tool.set(rows['v1'] + 'MaxMTUSize=1400', rows['mv0'] + 'MaxMTUSize=9000', status=None)
    assert failed.popen.returncode != 0
    assert kernel_links(namespace)['v1']['mtu'] == 1500
    assert tool.value(IP, 'v1', 'MaxMTUSize') == 1500


# ---- Running -------------------------------------------------------------------------------------------------

def test_only_the_configured_interfaces(collector):
    tool = collector(interfaces='lo v*, !v1')
    namespace = tool.namespace
    namespace.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    namespace.ip('link', 'add', 'br0', 'type', 'bridge')
    namespace.ip('link', 'add', 'v2', 'type', 'bridge')
    wait_until(lambda: set(tool.rows(IP)) == {'lo', 'v0', 'v2'}, 'lo, v0 and v2')
    namespace.ip('link', 'set', 'v2', 'name', 'x2')
    wait_until(lambda: set(tool.rows(IP)) == {'lo', 'v0'}, 'x2 to go')
    check_stack(tool.tree())


def test_sighup_reads_the_configuration_again(collector, configuration):
    tool = collector(wan='v0')
    namespace = tool.namespace
    namespace.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    tool.wait_value(INTERFACE, 'v0', 'Upstream', True)
    assert tool.value(INTERFACE, 'v1', 'Upstream') is False
    configuration(netlink={'interval_ms': 50, 'wan': 'v1', 'interfaces': 'v*'})
    tool.process.signal(signal.SIGHUP)
    tool.wait_value(INTERFACE, 'v1', 'Upstream', True)
    assert set(tool.rows(IP)) == {'v0', 'v1'}
    configuration(netlink={'interval_ms': 'often'})
    tool.process.signal(signal.SIGHUP)
    tool.process.wait_for('the settings stay as they were')
    assert set(tool.rows(IP)) == {'v0', 'v1'}


@pytest.mark.parametrize('keys', [{'interval_ms': 'soon'}, {'interval_ms': 0}, {'wan': 'a' * 40}, {'unknown': 1}])
def test_a_wrong_configuration_is_named(run, configuration, keys):
    path = configuration(netlink=keys)
    said = run('espalier-netlink', '-c', path, status=2).stderr
    for part in [str(path)] + [str(item) for pair in keys.items() for item in pair][:1]:
        assert part in said


def test_a_second_collector_is_refused(collector, run):
    tool = collector()
    said = run('espalier-netlink', '-c', tool.path, status=1).stderr
    assert 'netlink' in said
    assert tool.rows(IP)


def test_reading_needs_no_root(netns, start, run, configuration, run_folder, tmp_path, build):
    namespace = netns()
    namespace.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    path = configuration(netlink={'interval_ms': 50})
    if not shutil.which('setpriv'):
        pytest.skip('setpriv is not installed')
    program = tmp_path / 'espalier-netlink'
    shutil.copy(build / 'espalier-netlink', program)
    for folder in [run_folder, tmp_path / 'state']:
        os.chown(folder, 65534, 65534)
    for folder in list(tmp_path.parents)[:-2] + [tmp_path]:
        os.chmod(folder, os.stat(folder).st_mode | 0o711)
    process = start('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', program, '-c', path,
                    namespace=namespace, ready=STARTED)
    tool = Collector.__new__(Collector)
    tool.run, tool.options, tool.namespace = run, {}, namespace
    namespace.ip('link', 'set', 'v0', 'mtu', 1234)
    tool.wait_value(IP, 'v0', 'MaxMTUSize', 1234)
    assert set(tool.rows(IP)) == {'lo', 'v0', 'v1'}
    # What it may not change is refused in words.
    failed = tool.set(tool.rows(IP)['v0'] + 'MaxMTUSize=1400', status=None)
    assert failed.popen.returncode != 0 and '9001' in failed.stdout + failed.stderr
    process.wait_for('a change of v0 failed: Operation not permitted')
    assert tool.value(IP, 'v0', 'MaxMTUSize') == 1234
