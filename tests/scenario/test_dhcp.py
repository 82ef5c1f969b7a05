# SPDX-License-Identifier: GPL-2.0-or-later
# Finding the ACS by DHCP, with a real server and real clients (R-17 to R-19, T033 to T036).
import os
import signal
import subprocess
import time

import pytest

from acs import Acs, start_acs  # noqa: F401
from agent import CODE, CREDENTIALS, SERVER, make_agent  # noqa: F401
from dhcp import SERVER4, SERVER6, dhcp, installed, option17, option43, option125, suboptions  # noqa: F401
from process import wait_until

PORT = 7548
URL4, OTHER4, URL6 = ('http://%s:%d/' % (host, PORT) for host in (SERVER4, '10.9.0.2', '[%s]' % SERVER6))
WAIT, MULTIPLIER, ACS_URL = (SERVER + name for name in
                             ('CWMPRetryMinimumWaitInterval', 'CWMPRetryIntervalMultiplier', 'URL'))
VALUES = {1: URL4, 2: 'GROUP.7', 3: '12', 4: '1500'}
SHOWN = {ACS_URL: URL4, CODE: 'GROUP.7', WAIT: 12, MULTIPLIER: 1500}


@pytest.fixture
def device(start, record, make_agent, dhcp):  # noqa: F811
    """acs(host) starts an ACS in the server's namespace, agent(url) an agent on the device that follows DHCP."""
    class Device:
        def __init__(self):
            self.dhcp = dhcp

        def acs(self, host=SERVER4):
            return Acs(start('espalier-acs', '-p', PORT, '-i', '--record', record, '--listen', host, *CREDENTIALS,
                             namespace=dhcp.server, stdin=subprocess.PIPE), record)

        def agent(self, url=None, **settings):
            agent = make_agent(url, namespace=dhcp.device, dhcp='yes', **settings)
            if url is None:
                agent.path.write_text(agent.path.read_text().replace('url = None\n', ''))
            return agent

        def begin(self, client):
            """An ACS, and an agent that has told it of its lease; returns the agent."""
            acs, agent = self.acs(), self.agent().start()
            client(self)
            acs.wait_inform('0 BOOTSTRAP')
            return agent
    return Device()


def shown(agent, **others):
    return agent.tree(ACS_URL, CODE, WAIT, MULTIPLIER) == dict(SHOWN, **others)


def wait_shown(agent, values):
    wait_until(lambda: agent.tree(*values) == values, 'the values of the lease')


def by_udhcpc(device):
    device.dhcp.udhcpc()


def by_dhclient(device):
    device.dhcp.dhclient(4)


CLIENTS = pytest.mark.parametrize('client', [by_udhcpc, by_dhclient], ids=['udhcpc', 'dhclient'])


# ---- T033 to T035: the options

@CLIENTS
@pytest.mark.parametrize('first', ['agent', 'lease'])
def test_T033_option_43(device, client, first):
    device.dhcp.serve(option43(VALUES))
    acs = device.acs()
    agent = device.agent()
    if first == 'agent':
        agent.start()
        assert agent.tree(ACS_URL) == {ACS_URL: ''}
    client(device)
    if first == 'lease':
        agent.start()
    inform = acs.wait_inform('0 BOOTSTRAP')
    assert inform.parameters[CODE] == 'GROUP.7'
    assert shown(agent), (agent.tree(SERVER), agent.process.stderr)
    agent.wait_idle()
    assert 'has failed' not in agent.process.stderr


@CLIENTS
@pytest.mark.parametrize('data', [suboptions({1: URL4 + '\0', 2: 'GROUP.7\0', 3: '12\0', 4: '1500\0'}),
                                  b'\0' + suboptions(VALUES) + b'\xff\0\0', suboptions({9: 'x', **VALUES, 200: b'\1'})],
                         ids=['nul', 'pad-and-end', 'others-between'])
def test_T034_tolerance(device, client, data):
    device.dhcp.serve({'43': data})
    agent = device.begin(client)
    assert shown(agent), (agent.tree(SERVER), agent.process.stderr)


@CLIENTS
@pytest.mark.parametrize('end', [b'', b'\0'])
def test_T034_bare_url(device, client, end):
    device.dhcp.serve({'43': URL4.encode() + end})
    agent = device.begin(client)
    assert agent.tree(ACS_URL) == {ACS_URL: URL4}


@CLIENTS
def test_T035_option_125(device, client):
    device.dhcp.serve({}, ['dhcp-option=tag:cwmp,vi-encap:3561,%d,%s' % (code, ':'.join('%02x' % byte for byte in
                                                                                        value.encode()))
                           for code, value in VALUES.items()])
    agent = device.begin(client)
    assert shown(agent), (agent.tree(SERVER), agent.process.stderr)


@CLIENTS
def test_T035_option_125_is_preferred_and_other_enterprises_are_passed_over(device, client):
    other = bytes((0, 0, 0, 9)) + b'\5' + suboptions({1: 'abc'})
    device.dhcp.serve({'125': other + option125(VALUES)['125'] + other, **option43({1: OTHER4, 2: 'OTHER'})})
    agent = device.begin(client)
    assert shown(agent), (agent.tree(SERVER), agent.process.stderr)


def test_T035_option_17_of_dhcpv6(device):
    device.dhcp.serve(option17({**VALUES, 1: URL6}))
    acs = device.acs(SERVER6)
    agent = device.agent().start()
    device.dhcp.dhclient(6)
    acs.wait_inform('0 BOOTSTRAP')
    assert agent.tree(ACS_URL, CODE, WAIT, MULTIPLIER) == dict(SHOWN, **{ACS_URL: URL6})


# ---- T036: who wins

@CLIENTS
def test_T036_url_set_by_the_acs_is_kept(device, client):
    device.dhcp.serve(option43({**VALUES, 1: OTHER4}))
    acs = device.acs()
    client(device)
    agent = device.agent(URL4, sections={'acs': {'dhcp': 'no'}}).start()
    acs.wait_inform('0 BOOTSTRAP')
    agent.wait_idle()
    assert acs.set({ACS_URL: URL4, CODE: 'ACS'}).good
    agent.process.stop()
    agent.path.write_text(agent.path.read_text().replace('dhcp = no', 'dhcp = yes'))
    agent.start()
    # What nobody has set follows the lease; the rest stays.
    wait_shown(agent, {ACS_URL: URL4, CODE: 'ACS', WAIT: 12, MULTIPLIER: 1500})
    assert '0 BOOTSTRAP' not in [event for inform in acs.informs()[1:] for event in inform.events]


def test_T036_other_url_in_a_later_lease(device):
    """The ACS that DHCP has named sets the URL itself; what the next lease says is then no news."""
    device.dhcp.serve(option43(VALUES))
    acs, other = device.acs(), device.acs('10.9.0.2')
    agent = device.agent().start()
    udhcpc = device.dhcp.udhcpc()
    acs.wait_inform('0 BOOTSTRAP')
    agent.wait_idle()
    assert acs.set({ACS_URL: URL4}).good
    renew(device, udhcpc, option43({**VALUES, 1: OTHER4, 2: 'GROUP.8'}))
    wait_shown(agent, {ACS_URL: URL4, CODE: 'GROUP.8'})
    agent.restart()
    assert acs.get(ACS_URL) == {ACS_URL: URL4}
    assert sum('0 BOOTSTRAP' in inform.events for inform in acs.informs()) == 1 and not other.informs()


def test_T036_url_set_by_a_local_program_is_kept(device):
    device.dhcp.serve(option43(VALUES))
    agent = device.agent(OTHER4).start()
    agent.set(URL=OTHER4)
    device.dhcp.udhcpc()
    wait_shown(agent, {ACS_URL: OTHER4, CODE: 'GROUP.7'})


def test_R17_dhcp_wins_over_the_factory_url(device):
    device.dhcp.serve(option43(VALUES))
    factory, acs = device.acs('10.9.0.2'), device.acs()
    agent = device.agent(OTHER4).start()
    device.dhcp.udhcpc()
    acs.wait_inform('0 BOOTSTRAP')
    assert shown(agent), (agent.tree(SERVER), agent.process.stderr)
    assert not factory.informs()


def test_R17_without_the_setting_dhcp_has_no_say(device):
    device.dhcp.serve(option43(VALUES))
    acs = device.acs()
    agent = device.agent(URL4, sections={'acs': {'dhcp': 'no'}}).start()
    device.dhcp.udhcpc()
    acs.wait_inform('0 BOOTSTRAP')
    assert device.dhcp.lease(4).exists()
    assert agent.tree(CODE) == {CODE: ''}


# ---- the lease changes

def renew(device, client, options):
    """The server says something else, and the client asks it."""
    device.dhcp.serve(options)
    before = client.stderr.count('lease of')
    client.signal(signal.SIGUSR1)
    wait_until(lambda: client.stderr.count('lease of') > before, 'the renewed lease')


def test_R19_other_url_in_the_renewed_lease(device):
    device.dhcp.serve(option43(VALUES))
    first, second = device.acs(), device.acs('10.9.0.2')
    agent = device.agent().start()
    client = device.dhcp.udhcpc()
    first.wait_inform('0 BOOTSTRAP')
    agent.wait_idle()
    renew(device, client, option43({1: OTHER4}))
    second.wait_inform('0 BOOTSTRAP')
    # What the lease says no more is as if it had never been said.
    assert agent.tree(ACS_URL, CODE, WAIT, MULTIPLIER) == {ACS_URL: OTHER4, CODE: '', WAIT: 5, MULTIPLIER: 2000}
    assert len(first.informs()) == 1


def test_R19_the_same_lease_again_is_no_news(device):
    device.dhcp.serve(option43(VALUES))
    acs = device.acs()
    agent = device.agent().start()
    client = device.dhcp.udhcpc()
    acs.wait_inform('0 BOOTSTRAP')
    agent.wait_idle()
    renew(device, client, option43(VALUES))
    agent.restart()
    agent.set_paths({SERVER + 'UpgradesManaged': '1'})
    acs.call('get ' + CODE)
    assert sum('0 BOOTSTRAP' in inform.events for inform in acs.informs()) == 1


def test_lease_without_the_option_gives_way_to_the_factory_url(device):
    device.dhcp.serve(option43(VALUES))
    factory, acs = device.acs('10.9.0.2'), device.acs()
    agent = device.agent(OTHER4).start()
    client = device.dhcp.udhcpc()
    acs.wait_inform('0 BOOTSTRAP')
    agent.wait_idle()
    renew(device, client, {})
    factory.wait_inform('0 BOOTSTRAP')
    assert agent.tree(CODE) == {CODE: ''}


def test_lease_that_ends_leaves_its_values(device):
    """A lease that is released or lost says nothing about the ACS: the values stay, also over a restart."""
    device.dhcp.serve(option43(VALUES))
    acs = device.acs()
    agent = device.agent(OTHER4).start()
    client = device.dhcp.udhcpc()
    acs.wait_inform('0 BOOTSTRAP')
    agent.wait_idle()
    client.signal(signal.SIGUSR2)
    wait_until(lambda: not device.dhcp.lease(4).exists(), 'the end of the lease')
    assert shown(agent), (agent.tree(SERVER), agent.process.stderr)
    assert agent.process.stop() == 0
    agent.start()
    assert shown(agent), (agent.tree(SERVER), agent.process.stderr)


@CLIENTS
def test_durable_over_a_reboot(device, client):
    """The run folder is empty after a reboot: the ACS of the last lease is called, not the factory's."""
    device.dhcp.serve(option43(VALUES))
    acs, factory = device.acs(), device.acs('10.9.0.2')
    agent = device.agent(OTHER4).start()
    client(device)
    acs.wait_inform('0 BOOTSTRAP')
    agent.wait_idle()
    assert agent.process.stop() == 0
    device.dhcp.lease(4).unlink()
    agent.start()
    agent.set_paths({SERVER + 'UpgradesManaged': '1'})
    assert shown(agent), (agent.tree(SERVER), agent.process.stderr)
    acs.call('get ' + CODE)
    assert not factory.informs()


def test_both_families(device):
    """What is in force stays while its own lease says so, whatever the other family's says."""
    device.dhcp.serve(dict(option43(VALUES), **option17({1: URL6})))
    acs, other = device.acs(), device.acs(SERVER6)
    agent = device.agent().start()
    device.dhcp.udhcpc()
    acs.wait_inform('0 BOOTSTRAP')
    agent.wait_idle()
    device.dhcp.dhclient(6)
    wait_until(device.dhcp.lease(6).exists, 'the other lease')
    agent.restart()
    assert shown(agent), (agent.tree(SERVER), agent.process.stderr)
    assert not other.informs()


# ---- What a neighbour may send

GARBAGE = {
    'cut-off': suboptions(VALUES)[:20],
    'no-url': suboptions({1: 'not a url', 2: 'X'}),
    'other-scheme': suboptions({1: 'ftp://10.9.0.1/'}),
    'control-characters': suboptions({1: 'http://10.9.0.1/\n[acs]'}),
    'user-information': suboptions({1: 'http://user:password@10.9.0.1/'}),
    'embedded-nul': suboptions({1: 'http://10.9.0.1/\0x'}),
    'fragment': suboptions({1: b'http://10.9.0.1/#\xff\x01'}),
    'noise': bytes(range(1, 100)),
}


@CLIENTS
@pytest.mark.parametrize('data', GARBAGE.values(), ids=GARBAGE.keys())
def test_R18_garbage_changes_nothing(device, client, data):
    device.dhcp.serve({'43': data})
    agent = device.agent(URL4).start()
    client(device)
    assert agent.process.wait_for(r'DHCP \(eth0\.dhcp4\): ')
    assert agent.tree(ACS_URL, CODE) == {ACS_URL: URL4, CODE: ''}


@pytest.mark.parametrize('values, left_out', [
    ({2: 'X' * 65}, CODE), ({2: 'a\tb'}, CODE), ({2: b'caf\xc3\xa9'}, CODE), ({3: '0'}, WAIT), ({3: '65536'}, WAIT),
    ({3: 'many'}, WAIT), ({3: b'\0\0\0\5'}, WAIT), ({4: '999'}, MULTIPLIER), ({4: '99999999999'}, MULTIPLIER)])
def test_R18_a_bad_value_is_left_out_alone(device, values, left_out):
    device.dhcp.serve(option43({**VALUES, **values}))
    agent = device.agent().start()
    device.dhcp.udhcpc()
    assert agent.process.wait_for(r'DHCP \(eth0\.dhcp4\): .* left out')
    factory = {CODE: '', WAIT: 5, MULTIPLIER: 2000}
    wait_shown(agent, dict(SHOWN, **{left_out: factory[left_out]}))


def test_R17_no_plain_http_where_the_factory_url_is_https(device):
    device.dhcp.serve(option43(VALUES))
    agent = device.agent('https://acs.example.org/').start()
    device.dhcp.udhcpc()
    assert agent.process.wait_for(r'DHCP \(eth0\.dhcp4\): .* http, where the configured one is https')
    wait_shown(agent, {ACS_URL: 'https://acs.example.org/', CODE: 'GROUP.7'})


def test_strange_files_in_the_folder(device, run_folder, tmp_path):
    """Nothing but leases is read: no folder, pipe, link, huge file or other name."""
    folder = run_folder / 'dhcp'
    folder.mkdir()
    good = 'option43=%s\n' % suboptions(VALUES).hex()
    (tmp_path / 'elsewhere').write_text(good)
    (folder / 'link.dhcp4').symlink_to(tmp_path / 'elsewhere')
    (folder / 'folder.dhcp4').mkdir()
    os.mkfifo(folder / 'pipe.dhcp4')
    (folder / 'huge.dhcp4').write_text(good + 'x' * 20000)
    for name in ('.eth0.dhcp4', '-x.dhcp4', 'eth0', 'eth0.dhcp5', '.dhcp4', 'a b.dhcp4', 'x' * 40 + '.dhcp4'):
        (folder / name).write_text(good)
    agent = device.agent().start()
    assert agent.tree(ACS_URL) == {ACS_URL: ''}
    (folder / 'eth0.dhcp4').write_text(good)
    wait_shown(agent, SHOWN)


def test_folder_of_leases_that_goes_and_comes_back(device, run_folder):
    agent = device.agent().start()
    folder = run_folder / 'dhcp'
    folder.rmdir()
    wait_until(folder.exists, 'the folder')
    (folder / 'eth0.dhcp4').write_text('option43=%s\n' % suboptions(VALUES).hex())
    wait_shown(agent, SHOWN)


def test_setting_turned_on_and_off_while_it_runs(device):
    device.dhcp.serve(option43(VALUES))
    agent = device.agent(OTHER4, sections={'acs': {'dhcp': 'no'}}).start()
    device.dhcp.udhcpc()
    text = agent.path.read_text()
    for value, url in (('yes', URL4), ('no', OTHER4), ('yes', URL4)):
        agent.path.write_text(text.replace('dhcp = no', 'dhcp = ' + value))
        agent.process.signal(signal.SIGHUP)
        wait_shown(agent, {ACS_URL: url})


def test_url_is_needed_without_dhcp(run, configuration):
    path = configuration(acs={'dhcp': 'no'})
    assert '[acs] url is missing' in run('espalier-agent', '-c', path, status=2).stderr
    path = configuration(acs={'dhcp': 'maybe'})
    assert 'dhcp = "maybe"' in run('espalier-agent', '-c', path, status=2).stderr


# ---- systemd-networkd, which can't run without systemd: its script, with the files that networkd writes

NETWORKD = '''set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/netif/links /run/systemd/netif/leases
touch /run/systemd/netif/links/$1
printf 'ADDRESS=10.9.0.77\\nT1=60\\n%s' "$2" >/run/systemd/netif/leases/$1
@/networkd
rm /run/systemd/netif/leases/$1
[ -z "$3" ] || @/networkd'''.replace('@', '/usr/lib/espalier/dhcp')


def networkd(device, lines, ended=''):
    index = device.dhcp.device.ip('-o', 'link', 'show', 'eth0').split(':')[0]
    process = device.dhcp.client('sh', '-c', NETWORKD, 'sh', index, lines, ended)
    assert process.wait() == 0, process.stderr


def test_T033_lease_of_systemd_networkd(device):
    agent = device.agent().start()
    networkd(device, 'VENDOR_SPECIFIC=%s\n' % suboptions(VALUES).hex())
    wait_shown(agent, SHOWN)
    networkd(device, '', 'ended')
    assert not device.dhcp.lease(4).exists()
    wait_shown(agent, {ACS_URL: ''})


# ---- At any moment

def write_lease(run_folder, values):
    """A lease as hand-over writes it: whole, by rename."""
    path = run_folder / 'dhcp' / 'eth0.dhcp4'
    new = path.with_name('.new')
    new.write_text('option43=%s\n' % suboptions(values).hex())
    new.rename(path)
    return path


def test_R18_killed_just_after_the_hand_over(make_agent, run_folder):
    """With the lease still there, whenever the agent is killed; and without it, once the values were shown."""
    agent = make_agent('http://127.0.0.1:9/', dhcp='yes').start()
    for number in range(16):
        values = {1: 'http://127.0.0.1:9/%d' % number, 2: 'GROUP.%d' % number, 3: str(number + 1), 4: str(number + 1000)}
        expected = {ACS_URL: values[1], CODE: values[2], WAIT: number + 1, MULTIPLIER: number + 1000}
        path = write_lease(run_folder, values)
        if number % 2:
            wait_shown(agent, expected)
            path.unlink()
        else:
            time.sleep(number / 1000)
        agent.process.kill()
        agent.start()
        wait_shown(agent, expected)


@pytest.mark.soak
def test_R17_dhcp_is_asked_again_after_300_s(make_agent, start_acs, run_folder, tmp_path, free_port):
    acs = start_acs(*CREDENTIALS)
    program = tmp_path / 'renew'
    program.write_text('#!/bin/sh\necho "$1" >>%s\nmv %s/renewed %s/dhcp/eth0.dhcp4\n' % (
        tmp_path / 'asked', tmp_path, run_folder))
    program.chmod(0o755)
    (tmp_path / 'renewed').write_text('option43=%s\n' % suboptions({1: acs.url}).hex())
    agent = make_agent('http://127.0.0.1:9/', dhcp='yes', dhcp_renew='%s eth0' % program).start()
    write_lease(run_folder, {1: 'http://127.0.0.1:%d/' % free_port(), 3: '5', 4: '1000'})
    agent.process.wait_for('the ACS is')
    begun = time.monotonic()
    agent.process.wait_for('was not reached for 300 s', timeout=400)
    assert time.monotonic() - begun >= 299
    assert '0 BOOTSTRAP' in acs.wait_inform().events
    assert (tmp_path / 'asked').read_text() == 'eth0\n'


def test_R17_wrong_program_is_an_error(start, configuration):
    path = configuration(device={'serial_number': '1'}, acs={'dhcp': 'yes', 'dhcp_renew': 'networkctl renew'})
    process = start('espalier-agent', '-c', path)
    assert process.wait() != 0
    assert 'dhcp_renew' in process.stderr
