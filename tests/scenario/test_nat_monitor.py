# SPDX-License-Identifier: GPL-2.0-or-later
# What espalier-nat tells of a router's NAT and firewall, against flows that a test makes and what the kernel says.
import re
import subprocess
import sys

from process import TIMEOUT, wait_until
from router import CLIENT, FLOWS, NAT, OUTSIDE, router  # noqa: F401
from topology import SERVER, topology  # noqa: F401

MONITOR = NAT + 'X_ESPALIER_Monitor.'
SETTING = NAT + 'InterfaceSetting.'
FIREWALL = 'Device.Firewall.'


def flow(router, namespace, host, port, count):
    subprocess.run(namespace.command(sys.executable, FLOWS, 'open', host, port, count), check=True, timeout=TIMEOUT)


def configured(router, configuration, **keys):
    router.path = configuration(nat=dict({'interval': 1}, **keys))
    return router.start()


def figures(router):
    return {path[len(MONITOR):]: value for path, value in router.tree(MONITOR).items()}


def wait_figures(router, **wanted):
    wait_until(lambda: wanted.items() <= figures(router).items(),
               '%r, not %r' % (wanted, figures(router)))


def test_translations_are_counted(router, configuration):
    configured(router, configuration)
    router.nat.timeout(3600)
    before = figures(router)
    assert before['Status'] == 'Enabled' and before['Translations'] == 0 and before['AddressesInUse'] == ''
    assert before['MaximumEntries'] == int(router.nat.command('sysctl', '-n', 'net.netfilter.nf_conntrack_max'))
    router.serve(router.server, 'tcp', 80)
    flow(router, router.client, SERVER, 5000, 40)
    assert router.ask('tcp', 80, source='', host=SERVER, namespace=router.client) == (80, OUTSIDE)
    router.client.ip('address', 'add', '10.77.0.9/24', 'dev', 'wan')
    router.ask('udp', 5001, source='10.77.0.9', host=SERVER, namespace=router.client)
    subprocess.run(router.client.command(sys.executable, FLOWS, 'ping', SERVER), check=True, timeout=TIMEOUT)
    wait_figures(router, Translations=43, SourceTranslations=43, DestinationTranslations=0, UDPTranslations=41,
                 TCPTranslations=1, ICMPTranslations=1, OtherTranslations=0, InsideAddresses=2, OutsideAddresses=1,
                 AddressesInUse=OUTSIDE, Entries=43)
    assert figures(router)['EntriesNew'] - before['EntriesNew'] == 43
    # What comes in by a mapping, and what is not translated at all.
    router.map('UDP', ExternalPort=6000)
    flow(router, router.server, OUTSIDE, 6000, 5)
    flow(router, router.server, OUTSIDE, 6001, 3)
    wait_figures(router, DestinationTranslations=5, SourceTranslations=43, Translations=48, Entries=51)
    router.nat.flush()
    wait_figures(router, Entries=0, Translations=0, AddressesInUse='', InsideAddresses=0)
    assert figures(router)['EntriesDestroyed'] >= 8
    wait_figures(router, NewRate=0, DestroyRate=0)


def test_a_full_table_shows(router, configuration):
    configured(router, configuration)
    maximum = router.nat.command('sysctl', '-n', 'net.netfilter.nf_conntrack_max').strip()
    router.monitor.stop()
    # A namespace of its own may have no limit of its own; what the kernel counts is compared.
    router.start_monitor()
    assert figures(router)['MaximumEntries'] == int(maximum)
    flow(router, router.client, SERVER, 5000, 20)
    wait_figures(router, Entries=20)
    rows = [dict(item.split('=') for item in line.split() if '=' in item)
            for line in router.nat.command('conntrack', '-S').splitlines()]
    for name, key in (('Drops', 'drop'), ('InsertFailures', 'insert_failed'), ('Invalid', 'invalid')):
        assert figures(router)[name] == sum(int(row[key]) for row in rows), name


def test_more_events_than_there_is_room_for(router, configuration):
    configured(router, configuration)
    router.nat.timeout(3600)
    flow(router, router.client, SERVER, 5000, 20000)
    wait_figures(router, Entries=20000, UDPTranslations=20000)
    shown = figures(router)
    assert shown['EventOverruns'] > 0 or shown['EntriesNew'] == 20000
    router.nat.flush()
    wait_figures(router, Entries=0, Translations=0)


def switches(process):
    """How often a process has been woken up."""
    with open('/proc/%d/status' % process.pid, encoding='ascii') as status:
        return int(re.search(r'^voluntary_ctxt_switches:\s+(\d+)', status.read(), re.MULTILINE)[1])


def test_nothing_wakes_it_while_nothing_happens(router, configuration):
    configured(router, configuration)
    router.map(ExternalPort=80)
    flow(router, router.client, SERVER, 5000, 1)
    wait_figures(router, Translations=1)
    router.nat.flush()
    wait_figures(router, Translations=0, NewRate=0, DestroyRate=0)

    def quiet():
        before = switches(router.monitor)
        subprocess.run(['sleep', '3'], check=True)
        return switches(router.monitor) == before
    wait_until(quiet, 'three seconds without a wake-up')
    flow(router, router.client, SERVER, 5000, 2)
    wait_figures(router, Translations=2)


def test_interfaces_whose_packets_are_translated(router):
    router.start()
    row, = {path.rpartition('.')[0] + '.' for path in router.tree(SETTING)}
    wanted = {'Enable': True, 'Status': 'Enabled', 'Alias': 'cpe-1', 'Interface': router.interface('wan'),
              'TCPTranslationTimeout': 432000, 'X_ESPALIER_Name': 'wan',
              'UDPTranslationTimeout': int(router.nat.command('sysctl', '-n', 'net.netfilter.nf_conntrack_udp_timeout_stream'))}
    assert router.tree(SETTING) == {row + name: value for name, value in wanted.items()}
    assert router.value(NAT + 'InterfaceSettingNumberOfEntries') == 1
    router.nft('add', 'rule', 'ip', 'nat', 'postrouting', 'oifname', '{ "lan", "ppp7" }', 'snat', 'to', '192.0.2.1')
    wait_until(lambda: router.value(NAT + 'InterfaceSettingNumberOfEntries') == 3, 'three interfaces')
    names = {value: path[:-len('X_ESPALIER_Name')] for path, value in router.tree(SETTING + '*.X_ESPALIER_Name').items()}
    assert router.value(names['lan'] + 'Interface') == router.interface('lan')
    assert router.value(names['ppp7'] + 'Status') == 'Error_Misconfigured'
    # It comes, and is found without a new ruleset.
    router.namespace.ip('link', 'add', 'ppp7', 'type', 'veth', 'peer', 'name', 'ppp8')
    router.wait(names['ppp7'] + 'Status', 'Enabled')
    router.nat.load()
    wait_until(lambda: router.value(NAT + 'InterfaceSettingNumberOfEntries') == 1, 'one interface')
    assert router.value(row + 'X_ESPALIER_Name') == 'wan'
    done = router.set(row, status=1, Enable=0)
    assert '9008' in done.stdout + done.stderr


def test_the_firewall_basics(router):
    router.start()
    tree = router.tree(FIREWALL)
    assert tree[FIREWALL + 'Enable'] is False and tree[FIREWALL + 'Type'] == 'Stateless'
    assert tree[FIREWALL + 'LastChange'] == '0001-01-01T00:00:00Z' and tree[FIREWALL + 'ChainNumberOfEntries'] == 1
    router.nat.command('nft', '-f', '-', text='''
table inet filter {
    chain input { type filter hook input priority filter; policy drop;
        ct state established,related accept
        jump more
    }
    chain more { tcp dport 22 accept; }
}
''')
    router.wait(FIREWALL + 'Enable', True)
    changed = router.tree(FIREWALL)
    assert changed[FIREWALL + 'Type'] == 'Stateful' and changed[FIREWALL + 'Version'] != tree[FIREWALL + 'Version']
    assert changed[FIREWALL + 'LastChange'] > '2020'
    assert (changed[FIREWALL + 'X_ESPALIER_Tables'], changed[FIREWALL + 'X_ESPALIER_Chains'],
            changed[FIREWALL + 'X_ESPALIER_Rules']) == (2, 3, 4)
    chains = {value: path[:-len('Name')] for path, value in changed.items() if path.endswith('.Name')}
    assert set(chains) == {'ip nat postrouting', 'inet filter input', 'inet filter more'}
    assert changed[chains['inet filter input'] + 'X_ESPALIER_Rules'] == 2
    router.map(ExternalPort=80)
    wait_until(lambda: 'PortMapping' in router.tree(FIREWALL + 'Chain.*.Creator').values(), 'the chain of the mappings')
    router.nft('delete', 'table', 'inet', 'filter')
    router.wait(FIREWALL + 'ChainNumberOfEntries', 2)
    # A number belongs to the chain's name.
    router.nft('add', 'table', 'inet', 'filter')
    router.nft('add', 'chain', 'inet', 'filter', 'more')
    router.wait(chains['inet filter more'] + 'Name', 'inet filter more')


SECCOMP = '''
import ctypes, os, struct, sys
def step(code, jt, jf, k): return struct.pack('HBBI', code, jt, jf, k)
# socket(AF_NETLINK, any, NETLINK_NETFILTER) is a protocol that there is not; all else is allowed.
NUMBER = {'x86_64': 41, 'aarch64': 198}[os.uname().machine]
steps = b''.join((step(0x20, 0, 0, 0), step(0x15, 0, 5, NUMBER), step(0x20, 0, 0, 16), step(0x15, 0, 3, 16),
                  step(0x20, 0, 0, 32), step(0x15, 0, 1, 12), step(0x06, 0, 0, 0x00050000 | 93),
                  step(0x06, 0, 0, 0x7fff0000)))
libc, code = ctypes.CDLL(None, use_errno=True), ctypes.create_string_buffer(steps, len(steps))
class Program(ctypes.Structure): _fields_ = [('length', ctypes.c_ushort), ('steps', ctypes.c_void_p)]
program = Program(len(steps) // 8, ctypes.addressof(code))
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(program), 0, 0): sys.exit(77)
os.execv(sys.argv[1], sys.argv[1:])
'''


def test_a_kernel_without_netfilter(router):
    router.start(sys.executable, '-c', SECCOMP)
    assert figures(router)['Status'] == 'NotSupported'
    assert router.value(NAT + 'X_ESPALIER_LastError') == 'Operation not supported'
    lines = [line for line in router.monitor.stderr.splitlines() if 'not supported' in line]
    assert len(lines) == 1 and 'NAT and firewall' in lines[0]
    assert router.value('Device.X_ESPALIER_STUN.Status') == 'NoAgent'


def test_without_permission_the_monitor_says_so(router):
    router.start('setpriv', '--bounding-set', '-net_admin')
    assert figures(router)['Status'] == 'NotPermitted' and figures(router)['Entries'] == 0
    lines = [line for line in router.monitor.stderr.splitlines() if 'permitted' in line]
    assert len(lines) == 1 and 'CAP_NET_ADMIN' in lines[0]
