# SPDX-License-Identifier: GPL-2.0-or-later
# Port mappings that the ACS makes (TR-181, Device.NAT.PortMapping.{i}.), with real flows through a real router.
import random
import re
import signal
import sys

import pytest

from acs import start_acs  # noqa: F401
from agent import CREDENTIALS, make_agent  # noqa: F401
from process import wait_until
from router import CLIENT, FLOWS, MAPPING, NAT, OUTSIDE, router  # noqa: F401
from topology import SERVER, SERVER_2, topology  # noqa: F401


def test_a_mapping_forwards_tcp_and_udp(router):
    router.start()
    for protocol in ('tcp', 'udp'):
        router.serve(router.client, protocol, 80, 8080)
        assert router.ask(protocol, 8080) is None
        row = router.add(Enable=1, Interface=router.interface('wan'), ExternalPort=8080, InternalPort=80,
                         Protocol=protocol.upper(), InternalClient=CLIENT, Description='the "web" – für alle')
        assert router.value(row + 'Status') == 'Enabled'
        assert router.ask(protocol, 8080) == (80, SERVER)
        assert router.ask(protocol, 80) is None
        # Not at another interface than that one.
        assert router.ask(protocol, 8080, source='', host='10.77.0.1', namespace=router.client) is None
        router.set(row, Enable=0)
        assert router.value(row + 'Status') == 'Disabled'
        assert router.ask(protocol, 8080) is None
    assert router.value(NAT + 'PortMappingNumberOfEntries') == 2
    assert router.value(MAPPING + '1.Origin') == 'Controller'
    assert router.value(MAPPING + '1.Description') == 'the "web" – für alle'


def test_a_change_takes_effect_and_what_is_for_others_passes(router):
    router.start()
    router.serve(router.client, 'udp', 1000, 1001)
    router.serve(router.server, 'udp', 5000)
    row = router.map('UDP', ExternalPort=5000, InternalPort=1000)
    assert router.ask('udp', 5000)[0] == 1000
    router.set(row, InternalPort=1001, ExternalPort=5001)
    assert router.ask('udp', 5001)[0] == 1001 and router.ask('udp', 5000) is None
    router.set(row, ExternalPort=5000)
    # What goes through the router to the same port of somebody else is not for the mapping.
    assert router.ask('udp', 5000, source='', host=SERVER, namespace=router.client) == (5000, OUTSIDE)
    router.delete(row)
    assert router.ask('udp', 5000) is None
    assert router.tree(MAPPING) == {} and not router.ours()
    router.delete(row, status=3)


def test_a_flow_that_never_pauses_follows_the_mapping(router):
    router.start()
    router.serve(router.client, 'udp', 1000, 2000)
    # The flow is there before the mapping is.
    flow = router.begin(sys.executable, FLOWS, 'keep', OUTSIDE, 5000, namespace=router.server)
    flow.wait_for('nothing', stream='stdout')
    row = router.map('UDP', ExternalPort=5000, InternalPort=1000)
    flow.wait_for('1000 ' + SERVER, stream='stdout')
    router.set(row, InternalPort=2000)
    flow.wait_for('2000 ' + SERVER, stream='stdout')
    # What does not change the rules leaves flows as they are.
    before = router.monitor.stderr.count('flows begin anew')
    router.set(row, Description='still the same', LeaseDuration=3600)
    assert router.monitor.stderr.count('flows begin anew') == before
    seen = len(flow.stdout)
    router.delete(row)
    flow.wait_for('nothing', stream='stdout', after=seen)
    seen = len(flow.stdout)
    router.map('UDP', ExternalPort=0)
    router.map('UDP', ExternalPort=5000, InternalPort=1000)
    flow.wait_for('1000 ' + SERVER, stream='stdout', after=seen)
    # The rules were gone for a moment in which the flow began again.
    seen = len(flow.stdout)
    router.monitor.stop()
    router.nft('delete', 'table', 'ip', 'espalier')
    router.nat.flush()
    flow.wait_for('nothing', stream='stdout', after=seen)
    seen = len(flow.stdout)
    router.start_monitor()
    flow.wait_for('1000 ' + SERVER, stream='stdout', after=seen)


@pytest.mark.parametrize('protocol', ['tcp', 'udp'])
def test_ranges_keep_their_order(router, protocol):
    router.start()
    router.serve(router.client, protocol, 4000, 4001, 4002, 7000, 7001, 7002)
    same = router.map(protocol.upper(), ExternalPort=4000, ExternalPortEndRange=4001, InternalPort=4000)
    assert [router.ask(protocol, port) for port in (4000, 4001)] == [(4000, SERVER), (4001, SERVER)]
    assert router.ask(protocol, 4002) is None
    router.map(protocol.upper(), ExternalPort=6000, ExternalPortEndRange=6002, InternalPort=7000)
    assert [router.ask(protocol, port)[0] for port in (6002, 6000, 6001)] == [7002, 7000, 7001]
    router.set(same, ExternalPortEndRange=4002, InternalPort=0)
    assert router.ask(protocol, 4002)[0] == 4002


def test_a_remote_host_goes_before_all_others(router):
    router.start()
    router.serve(router.client, 'tcp', 1000, 2000)
    router.map(ExternalPort=80, InternalPort=1000)
    only = router.map(ExternalPort=80, InternalPort=2000, RemoteHost=SERVER_2)
    assert router.ask('tcp', 80) == (1000, SERVER)
    assert router.ask('tcp', 80, source=SERVER_2) == (2000, SERVER_2)
    router.delete(only)
    assert router.ask('tcp', 80, source=SERVER_2) == (1000, SERVER_2)


def test_all_ports_are_those_that_nobody_else_uses(router):
    router.start()
    router.serve(router.client, 'tcp', 1000, 2000, 7547)
    router.serve(router.namespace, 'tcp', 7547)
    everything = router.map(ExternalPort=0, InternalPort=9)
    assert router.ask('tcp', 2000) == (2000, SERVER)
    router.map(ExternalPort=2000, InternalPort=1000)
    assert router.ask('tcp', 2000) == (1000, SERVER)
    # The device stays reachable: only it sees the sender without a translation at its own address.
    process = router.serve(router.namespace, 'tcp', 7548)
    assert router.ask('tcp', 7548) == (7548, SERVER)
    process.kill()
    assert router.ask('tcp', 7548) is None
    router.set(everything, Enable=0)
    assert router.ask('tcp', 1000) is None


BAD = [
    ({'InternalClient': 'host.example'}, 'not an IPv4 address'),
    ({'InternalClient': '10.77.0.2 '}, 'not an IPv4 address'),
    ({'InternalClient': '224.0.0.1'}, 'not the address of one host'),
    ({'InternalClient': '255.255.255.255'}, 'only UDP'),
    ({'RemoteHost': 'fe80::1'}, 'not an IPv4 address'),
    ({'RemoteHost': '255.255.255.255'}, 'not the address of one host'),
    ({'ExternalPort': 65536}, ''),
    ({'ExternalPort': -1}, ''),
    ({'Protocol': 'SCTP'}, ''),
    ({'Protocol': ''}, ''),
    ({'ExternalPort': 100, 'ExternalPortEndRange': 99}, 'is before ExternalPort'),
    ({'ExternalPort': 1, 'ExternalPortEndRange': 3000, 'InternalPort': 2}, 'more than 1024 ports'),
    ({'ExternalPort': 10, 'ExternalPortEndRange': 12, 'InternalPort': 65534}, 'after port 65535'),
    ({'Interface': 'Device.WiFi.SSID.1'}, 'not a row of'),
    ({'Interface': 'Device.IP.Interface.0'}, 'not a row of'),
    ({'Interface': 'Device.IP.Interface.1.IPv4Address.1'}, 'not a row of'),
    ({'Alias': 'cpe-7'}, "device's own"),
    ({'Alias': '1st'}, 'starts with a letter'),
    ({'Description': 'two\nlines'}, 'control characters'),
    ({'Description': 'x' * 257}, ''),
    ({'Status': 'Enabled'}, ''),
    ({'Origin': 'User'}, ''),
    ({'LeaseDuration': -1}, ''),
]


def test_values_that_are_wrong_change_nothing(router):
    router.start()
    row = router.map(ExternalPort=80, InternalPort=80)
    tree, rules = router.tree(MAPPING), router.ours()
    for values, why in BAD:
        done = router.set(row, status=1, Enable=0, **values)
        assert why in done.stdout + done.stderr, (values, done.stdout, done.stderr)
        assert router.tree(MAPPING) == tree and router.ours() == rules, values
    # What no router can do is taken, as TR-181 wants, and said.
    router.set(row, Protocol='UDP', InternalClient='255.255.255.255')
    assert router.value(row + 'Status') == 'Error' and not router.ours()


def test_two_enabled_mappings_never_mean_the_same_packet(router):
    router.start()
    first = router.map(ExternalPort=100, ExternalPortEndRange=200, Alias='one')
    second = router.map(ExternalPort=201)
    for values in ({'ExternalPort': 200}, {'ExternalPort': 50, 'ExternalPortEndRange': 100},
                   {'ExternalPort': 150}):
        done = router.set(second, status=1, **values)
        assert 'another enabled mapping' in done.stdout + done.stderr
    assert 'this alias' in ''.join((lambda done: (done.stdout, done.stderr))(router.set(second, status=1, Alias='one')))
    # The key counts for enabled rows only, another protocol or remote host is another key.
    router.set(second, Enable=0, ExternalPort=150)
    router.set(second, status=1, Enable=1)
    router.set(second, Enable=1, Protocol='UDP')
    router.set(second, Protocol='TCP', RemoteHost=SERVER_2)
    # One request may let two rows change places.
    router.run('espalier-request', 'set', first + 'ExternalPort=300', first + 'ExternalPortEndRange=0',
               second + 'RemoteHost=', status=0)
    assert sorted(router.ours()) == [1, 2]


def test_a_mapping_that_misses_something_says_so(router):
    router.start()
    row = router.add(Enable=1, ExternalPort=80)
    assert router.value(row + 'Status') == 'Error_Misconfigured' and not router.ours()
    router.set(row, InternalClient=CLIENT)
    assert router.value(row + 'Status') == 'Error_Misconfigured'
    router.set(row, Interface='Device.IP.Interface.4711')
    assert router.value(row + 'Status') == 'Error_Misconfigured'
    router.set(row, Interface=router.interface('wan') + '.')
    assert router.value(row + 'Status') == 'Enabled' and len(router.ours()) == 1
    # The interface gets another name, and goes.
    router.namespace.ip('link', 'set', 'wan', 'down')
    router.namespace.ip('link', 'set', 'wan', 'name', 'outside')
    wait_until(lambda: '"outside"' in router.nft('list', 'table', 'ip', 'espalier'), 'the new name')
    router.namespace.ip('link', 'delete', 'outside')
    router.wait(row + 'Status', 'Error_Misconfigured')
    assert not router.ours()


def test_a_lease_ends(router):
    router.start()
    kept = router.map(ExternalPort=81)
    row = router.map(ExternalPort=80, LeaseDuration=3600)
    wait_until(lambda: router.value(row + 'LeaseDuration') < 3600, 'the lease to count down')
    router.monitor.kill()
    router.start_monitor()
    assert 3000 < router.value(row + 'LeaseDuration') < 3600
    router.set(row, LeaseDuration=1)
    wait_until(lambda: not router.tree(row), 'the row to go')
    assert list(router.ours()) == [2 - 1] and router.value(NAT + 'PortMappingNumberOfEntries') == 1
    router.monitor.kill()
    router.start_monitor()
    assert not router.tree(row) and router.value(kept + 'Status') == 'Enabled'
    # A lease that ended while nobody was there.
    other = router.map(ExternalPort=82, LeaseDuration=1)
    router.monitor.kill()
    router.start_monitor()
    wait_until(lambda: not router.tree(other), 'the row to go')
    assert list(router.ours()) == [1]


def test_mappings_survive_and_numbers_are_not_used_twice(router):
    router.start()
    first, second = router.map(ExternalPort=80), router.map('UDP', ExternalPort=80, Alias='game')
    router.delete(second)
    tree, rules = router.tree(first), router.ours()
    for end in (signal.SIGTERM, signal.SIGKILL):
        router.monitor.signal(end)
        router.monitor.wait()
        # They are in force all the time.
        assert router.ours() == rules
        router.start_monitor()
        assert router.tree(MAPPING) == tree and router.ours() == rules
    assert router.map(ExternalPort=81) == MAPPING + '3.'


def described(tree):
    """The rules that must be there, by what the tree says: number -> (protocol, port, client)."""
    rows = {}
    for path, value in tree.items():
        match = re.fullmatch(re.escape(MAPPING) + r'(\d+)\.(\w+)', path)
        rows.setdefault(int(match.group(1)), {})[match.group(2)] = value
    return {number: (row['Protocol'].lower(), row['ExternalPort'], row['InternalClient'])
            for number, row in rows.items() if row['Status'] == 'Enabled'}


def in_force(rules):
    found = {}
    for number, expressions in rules.items():
        match = expressions[0][-2]['match']
        found[number] = (match['left']['payload']['protocol'], match['right'], expressions[0][-1]['dnat']['addr'])
    return found


def test_killed_at_any_time_kernel_and_tree_are_equal(router):
    router.start()
    chosen = random.Random(181)
    rows = [router.map(ExternalPort=1000 + at) for at in range(3)]
    for round_number in range(12):
        row = chosen.choice(rows)
        changes = ['%s%s=%s' % (row, name, value) for name, value in (
            ('ExternalPort', chosen.randrange(2000, 60000)), ('InternalClient', '10.77.0.%d' % chosen.randrange(2, 200)),
            ('Protocol', chosen.choice(('TCP', 'UDP'))), ('Enable', chosen.choice((1, 1, 0))))]
        request = router.begin('espalier-request', '-t', 5, 'set', *changes)
        # Any time: before the request is taken, between the kernel and the disk, after the answer.
        end = router.begin(sys.executable, '-c', 'import os, sys, time; time.sleep(float(sys.argv[1])); '
                           'os.kill(int(sys.argv[2]), 9)', chosen.random() / 20, router.monitor.pid)
        end.wait()
        router.monitor.sent.add(signal.SIGKILL)
        router.monitor.wait()
        status = request.wait()
        router.start_monitor()
        tree = router.tree(MAPPING)
        assert in_force(router.ours()) == described(tree), round_number
        if status == 0:
            assert tree[row + 'ExternalPort'] == int(changes[0].rpartition('=')[2])
    assert router.value(NAT + 'PortMappingNumberOfEntries') == 3


def test_tables_of_others_stay_and_ours_comes_back(router):
    router.start()
    before = router.nft('list', 'ruleset')
    router.map(ExternalPort=80)
    router.nft('add', 'rule', 'ip', 'nat', 'postrouting', 'counter')
    router.nat.load()
    wait_until(lambda: list(router.ours()) == [1], 'the rule to be made again')
    router.nft('flush', 'chain', 'ip', 'espalier', 'prerouting')
    wait_until(lambda: list(router.ours()) == [1], 'the rule to be made again')
    assert router.tables() == ['table ip nat', 'table ip espalier']
    router.monitor.stop()
    assert router.tables() == ['table ip nat', 'table ip espalier']
    router.run('espalier-nat', '--remove-rules', namespace=router.namespace)
    assert router.nft('list', 'ruleset') == before
    router.run('espalier-nat', '--remove-rules', namespace=router.namespace)
    # It is only the kernel's part that was removed.
    router.start_monitor()
    assert list(router.ours()) == [1]


def test_mappings_hold_after_what_happens_to_a_router(router):
    router.start()
    server = router.serve(router.client, 'udp', 80)
    row = router.add(Enable=1, Interface=router.interface('wan'), ExternalPort=8080, InternalPort=80, Protocol='UDP',
                     InternalClient=CLIENT)

    def forwards(host=OUTSIDE):
        wait_until(lambda: router.ask('udp', 8080, host=host) == (80, SERVER), 'the mapping to forward')
        assert router.value(row + 'Status') == 'Enabled'

    forwards()
    # The binding is lost.
    router.nat.flush()
    forwards()
    # The router restarts: its links, rules, bindings, and the monitor without a word.
    router.nat.reboot(while_down=router.monitor.kill)
    router.start_monitor()
    forwards()
    # Its provider gives it another address.
    router.namespace.ip('address', 'flush', 'dev', 'wan')
    router.namespace.ip('address', 'add', '198.51.100.77/24', 'dev', 'wan')
    router.namespace.ip('route', 'replace', 'default', 'via', SERVER)
    forwards('198.51.100.77')
    # The server behind restarts, and the collector that knows the interfaces is not there meanwhile.
    router.collector.kill()
    router.monitor.kill()
    server.kill()
    router.start_monitor()
    router.serve(router.client, 'udp', 80)
    forwards('198.51.100.77')
    router.start_collector()
    forwards('198.51.100.77')


def test_nothing_of_ours_without_a_mapping(router):
    before = router.nft('list', 'ruleset')
    router.start()
    router.add(ExternalPort=80)
    assert router.nft('list', 'ruleset') == before


def test_without_permission_the_rest_works(router):
    router.start()
    row = router.map(ExternalPort=80)
    router.monitor.stop()
    router.start_monitor('setpriv', '--bounding-set', '-net_admin')
    lines = [line for line in router.monitor.stderr.splitlines() if 'permitted' in line]
    assert len(lines) == 2 and 'CAP_NET_ADMIN' in lines[0] and 'port mappings are not in force' in lines[1]
    assert router.value(row + 'Status') == 'Error'
    assert router.value(NAT + 'X_ESPALIER_LastError') == 'Operation not permitted'
    assert 'not permitted' in (lambda done: done.stdout + done.stderr)(router.set(row, status=1, ExternalPort=81))
    router.set(row, Enable=0)
    assert router.value('Device.X_ESPALIER_STUN.Status') == 'NoAgent'
    router.run('setpriv', '--bounding-set', '-net_admin', router.program, '--remove-rules', namespace=router.namespace,
               status=1)
    router.monitor.stop()
    router.start_monitor()
    assert router.value(row + 'Status') == 'Disabled' and not router.ours()


def test_the_acs_makes_mappings(router, start_acs, make_agent):
    acs = start_acs('--listen', SERVER, *CREDENTIALS, namespace=router.server)
    agent = make_agent(acs.url, namespace=router.namespace)
    router.path = agent.path
    router.start()
    agent.start()
    acs.wait_inform()
    agent.wait_idle()
    router.serve(router.client, 'tcp', 80)
    added, named = acs.call(('add', MAPPING), ('names', MAPPING, '1'))
    assert added.good and added.line('instance') == '1' and MAPPING + '1. writable' in named.lines
    row = MAPPING + '1.'
    done = acs.call(('set', row + 'Interface', router.interface('wan'), row + 'ExternalPort', '8080',
                     row + 'InternalPort', '80', row + 'InternalClient', CLIENT, row + 'Enable', '1'))
    assert done.good, done
    assert acs.get(row + 'Status') == {row + 'Status': 'Enabled'}
    assert router.ask('tcp', 8080) == (80, SERVER)
    bad = acs.call(('set', row + 'ExternalPort', '70000', row + 'InternalClient', 'nobody'))
    assert bad.fault == 9003 and acs.get(row + 'ExternalPort') == {row + 'ExternalPort': '8080'}
    done, gone = acs.call(('delete', row), ('get', row + 'Enable'))
    assert done.good and gone.fault == 9005
    assert router.ask('tcp', 8080) is None
