# SPDX-License-Identifier: GPL-2.0-or-later
# What the methods of file transfers take and answer, argument by argument, and the events of their ends.
import re
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, CREDENTIALS, make_agent, pair  # noqa: F401
from clock import clock, clock_library  # noqa: F401
from fileserver import file_server  # noqa: F401
from process import wait_until
from transfer import FIRMWARE, LOG, TABLE, UNKNOWN_TIME, device  # noqa: F401
from wire import Wire

CONFIGURATION = '3 Vendor Configuration File'
ARGUMENTS = (('CommandKey', 'key'), ('FileType', FIRMWARE), ('URL', 'http://127.0.0.1:1/file'), ('Username', ''),
             ('Password', ''), ('FileSize', '0'), ('TargetFileName', ''), ('DelaySeconds', '3600'), ('SuccessURL', ''),
             ('FailureURL', ''))


def last(acs, method):
    """The agent's last message with this method."""
    return [message for message in acs.messages(True) if message.path and message.method == method][-1]


def queue(device, all=True):
    """What Get(All)QueuedTransfers answers, each transfer as a tuple of all its members."""
    name = 'get-all-queued-transfers' if all else 'get-queued-transfers'
    assert device.acs.call((name,)).good
    message = last(device.acs, 'GetAllQueuedTransfersResponse' if all else 'GetQueuedTransfersResponse')
    names = ('CommandKey', 'State') + (('IsDownload', 'FileType', 'FileSize', 'TargetFileName') if all else ())
    structs = message.texts('AllQueuedTransferStruct' if all else 'QueuedTransferStruct')
    found = list(zip(*[message.texts(name) for name in names]))
    assert len(found) == len(structs)
    return found


def test_T111_three_are_shown_and_one_is_cancelled(device, file_server, tmp_path):
    """Each with what was asked for; one that runs, those that wait, one of the device's own, and one that has ended."""
    log = tmp_path / 'messages'
    log.write_text('a line\n')
    device = device(transfer={'log_file': log})
    file_server.files['/file'] = bytes(1 << 20)
    file_server.pace = 0.5
    url = file_server.url()
    results = device.acs.call(
        ('download', 'one', FIRMWARE, url, 'size=4711', 'target=a/b', 'delay=3600'),
        ('upload', 'two', LOG, file_server.url('/log'), 'delay=3600'),
        ('schedule-download', 'three', FIRMWARE, url, 'size=17', 'target=c', 'window=3600,7200,1 At Any Time,0'))
    assert all(result.good for result in results)
    waiting = [('one', '1', '1', FIRMWARE, '4711', 'a/b'), ('two', '1', '0', '4 Vendor Log File', '0', ''),
               ('three', '1', '1', FIRMWARE, '17', 'c')]
    assert queue(device) == waiting and queue(device, all=False) == [entry[:2] for entry in waiting]
    device.agent.run('espalier-request', 'operate', TABLE + 'Download()', 'URL=' + url, 'FileType=' + FIRMWARE)
    wait_until(lambda: any(row['Transferred'] > 0 for row in device.rows().values()), 'the first bytes')
    assert queue(device) == waiting + [('', '2', '1', FIRMWARE, '0', '')]
    assert queue(device, all=False) == [entry[:2] for entry in waiting], 'without the autonomous one'
    assert device.acs.call(('cancel-transfer', 'two')).good
    assert [entry[0] for entry in queue(device)] == ['one', 'three', '']
    assert device.acs.call(('cancel-transfer', '')).good, 'no transfer of the ACS has an empty key'
    assert [entry[0] for entry in queue(device)] == ['one', 'three', '']


def test_T111_one_that_has_ended(device, file_server):
    """As long as its end can't be told it is queued with State 3, and can't be cancelled."""
    device = device()
    device.acs.run('set-hold', 'on')
    assert device.acs.call(('download', 'key', FIRMWARE, file_server.url('/nothing'))).good
    wait_until(lambda: any(row['State'] == 'Done' for row in device.rows().values()), 'the end')
    cancel = device.acs.call(('cancel-transfer', 'key'))
    assert cancel.fault == 9021 and queue(device) == [('key', '3', '1', FIRMWARE, '0', '')]
    device.acs.run('set-hold', 'off')
    device.acs.send_all([('connect',)])
    assert device.wait_end('key').fault == 9016
    device.wait_settled()
    assert queue(device) == [] and len(device.ends()) == 1


def test_R63_answer(device):
    """Status 1 and no times, for what runs after the session."""
    device = device()
    url = 'http://127.0.0.1:1/file'
    assert device.acs.call(('download', 'key', FIRMWARE, url, 'delay=3600'), ('upload', 'key', LOG, url, 'delay=3600'))
    for name in ('DownloadResponse', 'UploadResponse'):
        message = last(device.acs, name)
        assert message.texts('Status') == ['1'] and message.texts('StartTime') == [UNKNOWN_TIME]
        assert message.texts('CompleteTime') == [UNKNOWN_TIME]


@pytest.mark.parametrize('key', ['', 'k' * 32, '\u00e4\u20ac\U0001f333x' * 8, ' <&>"\' '], ids=['empty', '32', 'wide', 'odd'])
def test_R63_command_key(device, file_server, key):
    """Up to 32 characters, however many bytes they take; returned as they are, also after a kill."""
    device = device()
    assert device.acs.call(('download', key, FIRMWARE, file_server.url('/nothing'), 'delay=2')).good
    assert device.acs.call(('download', 'x' + '\u00e4' * 32, FIRMWARE, file_server.url('/nothing'))).fault == 9003
    device.agent.process.kill()
    device.agent.start()
    assert device.wait_end(key).fault == 9016
    inform = next(message for message in device.acs.messages(True) if message.method == 'Inform' and
                  'M Download' in message.texts('EventCode'))
    assert dict(zip(inform.texts('EventCode'), inform.texts('CommandKey')))['M Download'] == key
    device.wait_settled()


def test_R65_one_key_twice(device, file_server):
    """Two transfers, two ends; the event is there once."""
    device = device()
    results = device.acs.call(*[('download', 'key', FIRMWARE, file_server.url('/nothing'))] * 2)
    assert all(result.good for result in results)
    wait_until(lambda: len(device.ends()) == 2, 'both ends')
    device.wait_settled()
    assert [end.fault for end in device.ends()] == [9016, 9016]
    for inform in device.acs.informs():
        assert inform.events.count('M Download(key)') <= 1 and inform.events.count('7 TRANSFER COMPLETE') <= 1


def test_R65_two_ends_in_one_session(device, file_server, start_acs, tmp_path):
    """7 TRANSFER COMPLETE once, M Download and M Upload with each key, and then both ends."""
    log = tmp_path / 'messages'
    log.write_text('a line\n')
    device = device(transfer={'log_file': log}, fast=True)
    assert all(result.good for result in device.acs.call(
        ('download', 'one', FIRMWARE, file_server.url('/nothing'), 'delay=2'),
        ('upload', 'two', LOG, file_server.url('/log'), 'delay=2')))
    port = device.acs.port
    device.acs.stop()
    wait_until(lambda: [row['State'] for row in device.rows().values()] == ['Done', 'Done'], 'both ends')
    device.acs = start_acs(*CREDENTIALS, port=port)
    device.wait_end('two')
    device.wait_settled()
    inform = device.acs.informs()[0]
    assert sorted(inform.events) == ['7 TRANSFER COMPLETE', 'M Download(one)', 'M Upload(two)']
    assert [(end.key, end.fault) for end in device.ends()] == [('one', 9016), ('two', 0)]
    assert len({message.connection for message in device.acs.messages(True) if message.method == 'TransferComplete'}) == 1


@pytest.mark.parametrize('what', ['hang-up:2:10', 'fault:2:8002', 'status:2:500', 'hang-up:1:10'])
def test_R82_events_of_an_end_that_was_not_taken(device, file_server, what):
    """7 TRANSFER COMPLETE and M Download are in each Inform until the TransferComplete is answered; the call is the same."""
    device = device(fast=True)
    assert device.acs.call(('download', 'key', FIRMWARE, file_server.url('/nothing'), 'delay=2')).good
    device.agent.wait_idle(2)
    device.acs.run('misbehave', what)
    events = ['7 TRANSFER COMPLETE', 'M Download(key)']
    assert sorted(device.acs.wait_inform(after=2).events) == events
    if what.startswith('fault'):
        device.acs.wait_line('-> fault 8002')
        device.agent.wait_idle(3)
        device.acs.send_all([('connect',)])
        events.insert(0, '6 CONNECTION REQUEST')
    inform = device.acs.wait_inform(after=3)
    assert sorted(inform.events) == events
    device.wait_settled()
    device.agent.wait_idle(3 + what.startswith('fault'))
    calls = [message for message in device.acs.messages(True) if message.path and message.method == 'TransferComplete']
    assert len(calls) == 1 + (what != 'hang-up:1:10')
    bodies = {re.search('<cwmp:TransferComplete>.*', message.body.decode(), re.S)[0] for message in calls}
    assert len(bodies) == 1
    assert device.acs.call(('get', 'Device.DeviceInfo.UpTime')).good
    assert device.acs.informs()[-1].events == ['6 CONNECTION REQUEST']


def test_R63_texts(device, file_server):
    """The longest that there may be, and names that would be dangerous as a path: they are only told."""
    device = device()
    (device.folder / 'status').write_text('1')
    file_server.files['/file'] = b'an image'
    text = '\u00e4' * 256
    assert device.acs.call(('download', 'long', FIRMWARE, file_server.url(), 'user=' + text, 'password=' + text,
                            'target=' + text, 'delay=3600')).good
    assert device.acs.call(('download', 'user', FIRMWARE, file_server.url(), 'user=' + text + 'x')).fault == 9003
    assert device.acs.call(('download', 'target', FIRMWARE, file_server.url(), 'target=' + text + 'x')).fault == 9003
    url = file_server.url('/' + 'x' * 300)[:256]
    file_server.files[url[len(file_server.url('')):]] = b'another'
    assert device.run('url', url).fault == 9018 and device.image == b'another'
    for number, target in enumerate(('../../../etc/passwd', '/etc/passwd', 'a/b/', '..', '.', 'a\\b:c')):
        end = device.run('target %d' % number, file_server.url(), 'target=' + target)
        assert end.fault == 9018 and device.image == b'an image'
    assert queue(device) == [('long', '1', '1', FIRMWARE, '0', text)]
    assert device.acs.call(('cancel-transfer', 'long')).good
    device.wait_settled()


@pytest.mark.parametrize('kind', ['2 Web Content', '4 Tone File', '5 Ringer File', '6 Stored Firmware Image',
                                  'X 001122 Image', 'X ACME Image', FIRMWARE.lower(), FIRMWARE + ' ', '1', '',
                                  CONFIGURATION + ' 1', LOG, 'x' * 64, 'x' * 65])
def test_R63_file_types_that_are_not_there(device, kind):
    device = device()
    url = 'http://127.0.0.1:1/file'
    results = device.acs.call(('download', 'key', kind, url), ('schedule-download', 'key', kind, url, 'window=0,9,2 Immediately,0'))
    assert [result.fault for result in results] == [9003, 9003] and not device.queued()


@pytest.mark.parametrize('kind', [FIRMWARE, CONFIGURATION, CONFIGURATION + ' 2', CONFIGURATION + ' 01', '4 Vendor Log File 2',
                                  '1 Vendor Configuration File 1', 'X 001122 Log', ''])
def test_R68_file_types_that_are_not_there(device, kind):
    device = device()
    assert device.acs.call(('upload', 'key', kind, 'http://127.0.0.1:1/file')).fault == 9003 and not device.queued()


def test_R68_delay(device, file_server, tmp_path):
    log = tmp_path / 'messages'
    log.write_text('a line\n')
    device = device(transfer={'log_file': log})
    begun = time.monotonic()
    assert device.acs.call(('upload', 'key', LOG, file_server.url('/log'), 'delay=3')).good
    wait_until(lambda: file_server.requests, 'the upload')
    assert time.monotonic() - begun >= 3
    end = device.wait_end('key')
    assert end.fault == 0 and UNKNOWN_TIME < end.start <= end.complete


@pytest.mark.parametrize('status, fault', [(301, 0), (302, 0), (307, 0), (308, 0), (303, 9016)])
def test_R68_redirects(device, file_server, tmp_path, status, fault):
    """A PUT stays one. 303 makes it a GET, whose good answer does not say that the file has arrived."""
    log = tmp_path / 'messages'
    log.write_text('a line\n')
    device = device(transfer={'log_file': log})
    file_server.files['/other'] = b'not this'
    file_server.redirect['/log'] = (status, file_server.url('/other'))
    assert device.acs.call(('upload', 'key', LOG, file_server.url('/log'))).good
    assert device.wait_end('key').fault == fault
    assert file_server.files['/other'] == (b'not this' if fault else b'a line\n')


@pytest.mark.parametrize('status', [301, 302, 303, 307, 308])
def test_R64_redirects(device, file_server, status):
    device = device()
    (device.folder / 'status').write_text('1')
    file_server.files['/other'] = b'an image'
    file_server.redirect['/file'] = (status, '/other')
    assert device.run('key', file_server.url()).fault == 9018 and device.image == b'an image'


def download(**changed):
    """A Download; None leaves an argument out."""
    values = {name: changed.get(name, text) for name, text in ARGUMENTS}
    return '<c:Download>%s</c:Download>' % ''.join(
        '<%s>%s</%s>' % (name, text, name) for name, text in values.items() if text is not None)


@pytest.mark.parametrize('changed, fault', [
    ({}, 0), ({'SuccessURL': 'http://127.0.0.1:1/good', 'FailureURL': 'http://127.0.0.1:1/bad'}, 0),
    ({'SuccessURL': None, 'FailureURL': None}, 0), ({'FileSize': '4294967296'}, 9003), ({'FileSize': '-1'}, 9003),
    ({'FileSize': ''}, 9003), ({'FileSize': None}, 9003), ({'DelaySeconds': 'soon'}, 9003), ({'DelaySeconds': None}, 9003),
    ({'DelaySeconds': '4294967295'}, 0), ({'CommandKey': None}, 9003), ({'URL': None}, 9003), ({'URL': ''}, 9003),
    ({'FileType': None}, 9003), ({'SuccessURL': 'x' * 257}, 9003)], ids=range(15))
def test_R63_arguments(make_agent, device, changed, fault):
    """FileSize 0 is none; SuccessURL and FailureURL are for a person's browser, of which there is none."""
    wire = Wire()
    agent = make_agent(wire.url, sections={'transfer': {'firmware_program': '/bin/true'}}).start()
    wire.first()
    connection = wire.session(agent)
    answer = connection.call(download(**changed))
    assert (answer.method, answer.fault) == (('Fault', fault) if fault else ('DownloadResponse', 0))
    found = connection.call('<c:GetAllQueuedTransfers/>')
    assert found.texts('State') == ([] if fault else ['1'])
    connection.end()
    wire.close()


def test_R91_configuration_file_of_the_acs_and_of_somebody_else(device, file_server):
    """What the ACS sends it needs not be told; what a local program fetches, it does."""
    device = device()
    file_server.files['/file'] = ('%s = by the ACS\n' % CODE).encode()
    assert device.run('key', file_server.url(), kind=CONFIGURATION).fault == 0
    device.wait_settled()
    assert device.acs.get(CODE) == {CODE: 'by the ACS'}
    assert not any('4 VALUE CHANGE' in inform.events for inform in device.acs.informs())
    file_server.files['/file'] = ('%s = by somebody\n' % CODE).encode()
    device.agent.run('espalier-request', 'operate', TABLE + 'Download()', 'URL=' + file_server.url(),
                     'FileType=' + CONFIGURATION)
    assert device.acs.wait_inform('4 VALUE CHANGE').parameters[CODE] == 'by somebody'


def test_R66_retries_of_a_window(device, file_server):
    """MaxRetries is how often it is tried again; and nothing happens before the window."""
    device = device()
    begun = time.monotonic()
    assert device.acs.call(('schedule-download', 'key', FIRMWARE, file_server.url('/nothing'),
                            'window=3,600,1 At Any Time,1')).good
    wait_until(lambda: file_server.requests, 'the window')
    assert time.monotonic() - begun >= 3
    end = device.wait_end('key')
    assert end.fault == 9016 and end.complete == UNKNOWN_TIME < end.start
    assert len(file_server.requests) == 2
    device.wait_settled()


def test_R63_delay_over_a_reboot_without_a_clock(device, file_server, clock):
    """The present boot has lasted longer than the delay: it is over, whatever the date is."""
    device = device(variables=clock.variables)
    assert device.acs.call(('download', 'key', FIRMWARE, file_server.url('/nothing'), 'delay=120')).good
    device.agent.process.kill()
    clock.set(ahead=-int(time.time()) + 1000, slept=1000, known=False, tell=False)
    device.reboot()
    assert device.wait_end('key').fault == 9016


def test_R43_times_without_a_clock(device, file_server, clock, tmp_path):
    """A device that does not know the time tells none that it has made up."""
    log = tmp_path / 'messages'
    log.write_text('a line\n')
    clock.set(ahead=-int(time.time()) + 1000, known=False, tell=False)
    device = device(transfer={'log_file': log}, variables=clock.variables)
    assert device.acs.call(('upload', 'key', LOG, file_server.url('/log'))).good
    end = device.wait_end('key')
    assert end.fault == 0
    inform = last(device.acs, 'Inform')
    local = 'Device.Time.CurrentLocalTime'
    for told in (end.start, end.complete, inform.texts('CurrentTime')[0], device.acs.get(local)[local]):
        assert re.fullmatch(r'000[12]-\d\d-\d\dT\d\d:\d\d:\d\dZ', told) and told > UNKNOWN_TIME, 'since the boot'
