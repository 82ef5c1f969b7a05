# SPDX-License-Identifier: GPL-2.0-or-later
# What the agent does with wrong configuration, a bad disk, other programs' faults, and what other agents were found to do.
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, CREDENTIALS, KEY, SERVER, URL, make_agent, pair, publish  # noqa: F401
from process import wait_until

ENVELOPE = ('<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:c="urn:dslforum-org:cwmp-1-2" '
            'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            '<e:Header><c:ID e:mustUnderstand="1">7</c:ID></e:Header><e:Body>%s</e:Body></e:Envelope>')


# ---- Configuration

@pytest.mark.parametrize('sections, pattern', [
    ({'acs': {'url': ''}}, r'\[acs\] url'), ({'acs': {'url': 'ftp://x/'}}, r'url.*ftp://x/'),
    ({'acs': {'url': 'http://x/', 'periodic_interval': '0'}}, r'espalier\.conf:\d+.*periodic_interval.*0'),
    ({'acs': {'url': 'http://x/', 'colour': 'red'}}, r'espalier\.conf:\d+.*colour'),
    ({'acs': {'url': 'http://x/'}, 'nonsense': {'a': 'b'}}, r'nonsense'),
    ({'acs': {'url': 'http://x/'}, 'device': {'oui': 'abc'}}, r'oui.*abc'),
    ({'acs': {'url': 'http://x/'}, 'device': {'root': 'InternetGatewayDevice'}}, r'root.*InternetGatewayDevice'),
    ({'acs': {'url': 'http://x/'}, 'connection_request': {'port': '70000'}}, r'port.*70000')])
def test_wrong_configuration(run, configuration, sections, pattern):
    process = run('espalier-agent', '-c', configuration(**sections), status=2)
    assert re.search(pattern, process.stderr)


def test_only_the_url_is_needed(start, configuration, start_acs):
    acs = start_acs()
    path = configuration(acs={'url': acs.url}, netlink={'interval_ms': 5}, zwave={'url': 'x'}, stun={'enable': 'no'})
    start('espalier-agent', '-c', path, ready='started')
    inform = acs.wait_inform()
    assert re.fullmatch(r'[0-9A-F]{6}-Gateway-[0-9A-F]{12}', inform.device)


def test_hangup_reads_the_configuration_again(pair):
    acs, agent = pair()
    agent.path.write_text(agent.path.read_text().replace('[acs]', '[acs]\nperiodic_interval = 4242'))
    agent.process.signal(signal.SIGHUP)
    agent.process.wait_for('read again')
    assert agent.tree(SERVER + 'PeriodicInformInterval') == {SERVER + 'PeriodicInformInterval': 4242}
    agent.path.write_text('[acs]\nurl = nonsense\n')
    agent.process.signal(signal.SIGHUP)
    agent.process.wait_for('nonsense')
    assert acs.get(KEY) == {KEY: ''}


def test_a_second_agent_does_not_start(pair, start):
    acs, agent = pair()
    second = start('espalier-agent', '-c', agent.path)
    assert second.wait() == 1
    assert 'another agent' in second.stderr
    assert acs.get(KEY) == {KEY: ''}


def test_port_in_use(start_acs, make_agent):
    acs = start_acs(*CREDENTIALS)
    with socket.socket(socket.AF_INET6) as other:
        other.bind(('::', 0))
        other.listen()
        agent = make_agent(acs.url, sections={'connection_request': {'port': other.getsockname()[1]}}).start()
        inform = acs.wait_inform()
        assert 'no connection requests on port' in agent.process.stderr
        agent.wait_idle()
        # It may be a former agent's for a moment; then the truth is told.
        wait_until(lambda: agent.tree(URL).get(URL) == '', 'no URL')
    wait_until(lambda: agent.tree(URL).get(URL, '').startswith('http://'), 'the port to be open')
    before = len(acs.informs())
    agent.set_paths({CODE: 'x'})
    assert acs.wait_inform('4 VALUE CHANGE', after=before).parameters[URL].startswith('http://')


# ---- State

def test_corrupt_state_is_set_aside(pair):
    acs, agent = pair()
    agent.process.stop()
    database = agent.state / 'agent.db'
    database.write_bytes(b'SQLite format 3\0' + os.urandom(20000))
    agent.start()
    assert len(re.findall('is corrupt', agent.process.stderr)) == 1
    assert '0 BOOTSTRAP' in acs.wait_inform(after=1).events
    assert (agent.state / 'agent.db.corrupt').exists()


def test_state_folder_without_permission(make_agent, start, tmp_path):
    if os.geteuid() == 0:
        folder = tmp_path / 'file'
        folder.write_text('a file where the folder should be')
    else:
        folder = tmp_path / 'locked'
        folder.mkdir(mode=0o500)
    agent = make_agent('http://127.0.0.1:9/', sections={'paths': {'state': folder / 'state'}})
    process = start('espalier-agent', '-c', agent.path)
    assert process.wait() == 1
    assert len([line for line in process.stderr.splitlines() if 'state' in line]) >= 1


def test_full_disk(start_acs, make_agent, tmp_path):
    folder = tmp_path / 'small'
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', folder], check=False,
                                           capture_output=True).returncode != 0:
        pytest.skip('a small file system needs root')
    try:
        acs = start_acs(*CREDENTIALS)
        agent = make_agent(acs.url, sections={'paths': {'state': folder}})
        agent.state = folder
        agent.start()
        acs.wait_inform()
        agent.wait_idle()
        assert acs.set({CODE: 'before'}).good
        with pytest.raises(OSError):
            with open(folder / 'ballast', 'wb', buffering=0) as ballast:
                while True:
                    ballast.write(b'x' * 4096)
        # Pages that the database has already can still be written: more is needed.
        refused = None
        for number in range(40):
            path = SERVER + ('Username' if number % 2 else 'ConnectionRequestUsername')
            result = acs.call(('set', SERVER + 'URL', acs.url + 'x' * 1900 + str(number), SERVER + 'Password', 'y' * 256,
                               path, 'acs', CODE, 'z' * 60))
            if not result.good:
                refused = result
                break
        assert refused is not None and refused.fault in (9004, 9002), refused
        agent.process.kill()
        agent.start()
        assert agent.tree(CODE)[CODE] in ('before', 'z' * 60)
        os.unlink(folder / 'ballast')
        agent.set(Username='again')
        agent.process.stop()
    finally:
        subprocess.run(['umount', '-l', folder], check=False)


def test_clean_end_and_restart(pair):
    acs, agent = pair()
    assert agent.process.stop() == 0
    assert agent.tree('Device.ManagementServer.') == {}
    agent.start()
    assert acs.get(KEY) == {KEY: ''}


# ---- What was found in other agents (each line of the list is a test here)

def body(text):
    return ENVELOPE % text


BAD = {
    'an empty Body': body(''),
    'SetParameterValues without Name': body('<c:SetParameterValues><ParameterList><ParameterValueStruct><Value>1</Value>'
                                            '</ParameterValueStruct></ParameterList><ParameterKey/></c:SetParameterValues>'),
    'deep nesting': body('<c:GetParameterValues>' + '<a>' * 5000 + '</a>' * 5000 + '</c:GetParameterValues>'),
    'names of 300 characters': body('<c:GetParameterValues><ParameterNames><string>Device.%s</string></ParameterNames>'
                                    '</c:GetParameterValues>' % ('x' * 300)),
    'a 100 KB header ID': body('<c:GetRPCMethods/>').replace('>7<', '>%s<' % ('7' * 100000)),
    'a method of another namespace': body('<x:GetRPCMethods xmlns:x="urn:x"/>'),
    'an unknown method': body('<c:Nonsense/>'),
    'a name with shell characters': body('<c:SetParameterValues><ParameterList><ParameterValueStruct><Name>Device.$(reboot);'
                                         '</Name><Value>`id`</Value></ParameterValueStruct></ParameterList><ParameterKey/>'
                                         '</c:SetParameterValues>'),
    'not closed': body('<c:GetRPCMethods/>')[:-20],
    'not UTF-8': body('<c:GetRPCMethods>\udcff\udcfe</c:GetRPCMethods>'),
    'a response nobody waits for': body('<c:TransferCompleteResponse/>'),
    'an entity': body('<c:GetRPCMethods>&bomb;</c:GetRPCMethods>'),
    'no Envelope': '<nothing/>',
    'text only': 'hello',
    'NextLevel of a wrong type': body('<c:GetParameterNames><ParameterPath/><NextLevel>maybe</NextLevel></c:GetParameterNames>'),
    'no arguments': body('<c:GetParameterValues/>'),
}


@pytest.mark.parametrize('name', list(BAD))
def test_bad_message(pair, tmp_path, name):
    """Costs the session at most; the next connection request is answered within a second."""
    acs, agent = pair(fast=True)
    path = tmp_path / 'message.xml'
    path.write_bytes(BAD[name].encode(errors='surrogateescape'))
    acs.send_all([('connect',), ('raw', path)])
    acs.wait_inform('6 CONNECTION REQUEST')
    wait_until(lambda: re.search('failed:|has ended.*has ended', agent.process.stderr, re.S), 'the end of the session')
    assert acs.get(KEY) == {KEY: ''}
    assert acs.process.running() and agent.process.running()


def test_empty_path_of_names(pair):
    acs, agent = pair()
    assert acs.call(('names', '', '0')).good


def test_50_megabytes(pair):
    acs, agent = pair()
    acs.send_all([('connect',), ('misbehave', 'large:1'), ('get', CODE)])
    agent.process.wait_for('failed: ')
    with open('/proc/%d/stat' % agent.process.pid, encoding='ascii') as file:
        fields = file.read().rsplit(')', 1)[1].split()
    assert (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK') < 20
    assert acs.get(KEY) == {KEY: ''}


def test_values_are_never_run(pair, tmp_path):
    acs, agent = pair()
    mark = tmp_path / 'mark'
    text = '`touch %s`$(touch %s);touch %s' % (mark, mark, mark)
    assert acs.set({SERVER + 'Username': text}).good or True
    assert not mark.exists()


def test_no_secret_in_any_message(pair):
    acs, agent = pair(password='first')
    assert acs.set({SERVER + 'Password': 'second', SERVER + 'ConnectionRequestPassword': 'hello'}).good
    acs.get('Device.')
    sent = b''.join(message.body for message in acs.messages(True))
    assert b'first' not in sent and b'second' not in sent
    segment = b''.join(path.read_bytes() for path in agent.path.parent.glob('run/*') if path.is_file())
    assert b'second' not in segment


def test_https_is_never_spoken_in_clear(start_acs, make_agent):
    acs = start_acs()
    agent = make_agent(acs.url.replace('http:', 'https:'), password='geheim').start()
    acs.wait_line(r'^-- connection 1 opened')
    agent.process.stop()
    assert not acs.messages(True)


def test_no_growth_over_sessions(pair):
    acs, agent = pair()
    for _ in range(3):
        acs.get('Device.ManagementServer.')
    before = agent.process.memory()
    for _ in range(25):
        acs.get('Device.ManagementServer.')
    # A sanitizer keeps freed memory.
    assert agent.process.memory() - before < 400 or 'sanitize' in os.environ.get('ESPALIER_CC', '')


def test_idle_makes_no_wake_up(pair):
    acs, agent = pair()

    def switches():
        total = 0
        for task in os.listdir('/proc/%d/task' % agent.process.pid):
            with open('/proc/%d/task/%s/status' % (agent.process.pid, task), encoding='ascii') as file:
                total += int(re.search(r'^voluntary_ctxt_switches:\s+(\d+)', file.read(), re.M)[1])
        return total

    def still():
        first = switches()
        time.sleep(3)
        return switches() == first
    wait_until(still, 'three seconds without a wake-up')
