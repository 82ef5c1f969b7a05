# SPDX-License-Identifier: GPL-2.0-or-later
# File transfers: accepted, queued, cancelled, failed, and told to the ACS exactly once.
import base64
import hashlib
import os
import signal
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CREDENTIALS, KEY, SERVER, make_agent, pair, publish  # noqa: F401
from fileserver import file_server  # noqa: F401
from process import wait_until
from transfer import FIRMWARE, LOG, TABLE, UNKNOWN_TIME, device  # noqa: F401

FILTERS = ['1 Firmware Upgrade Image', '2 Web Content', '3 Vendor Configuration File', '4 Vendor Log File']
FILES = 'Device.DeviceInfo.VendorLogFile.'
FILE_COUNT = 'Device.DeviceInfo.VendorLogFileNumberOfEntries'

DATA = os.urandom(300000)


def test_T108_download_with_digest_is_applied(device, file_server):
    device = device()
    file_server.files['/file'] = DATA
    file_server.user, file_server.password = 'someone', 'a "secret" \\ of ours'
    assert device.acs.call(('download', 'key', FIRMWARE, file_server.url(), 'user=someone',
                            'password=' + file_server.password, 'size=%d' % len(DATA))).good
    wait_until(lambda: device.count('ends'), 'the firmware program')
    assert device.image == DATA
    row = wait_until(lambda: next((row for row in device.rows().values() if row['State'] == 'Restarting'), None), 'row')
    assert row['Transferred'] == row['Size'] == len(DATA) and row['CommandKey'] == 'key'
    assert device.queued() == {'key': 2}
    device.agent.process.stop()
    assert 'secret' not in device.agent.process.stderr
    device.reboot(version='2.0')
    end = device.wait_end('key')
    assert end.fault == 0 and UNKNOWN_TIME < end.start <= end.complete
    device.wait_settled()
    assert len(device.ends()) == 1


def test_T112_firmware_in_one_inform(device, file_server):
    """After the restart: BOOT, VALUE CHANGE of SoftwareVersion, TRANSFER COMPLETE and M Download, and then the end."""
    device = device()
    file_server.files['/file'] = DATA
    assert device.acs.call(('download', 'new image', FIRMWARE, file_server.url())).good
    wait_until(lambda: any(row['State'] == 'Restarting' for row in device.rows().values()), 'the hand-over')
    assert not device.ends(), 'nothing is told before the new image runs'
    device.agent.process.stop()
    before = len(device.acs.informs())
    device.reboot(version='2.0')
    inform = device.acs.wait_inform(after=before)
    assert sorted(inform.events) == ['1 BOOT', '4 VALUE CHANGE', '7 TRANSFER COMPLETE', 'M Download(new image)']
    assert inform.parameters['Device.DeviceInfo.SoftwareVersion'] == '2.0'
    assert device.wait_end('new image').fault == 0
    device.wait_settled()
    device.agent.restart()
    device.acs.call(('get', 'Device.DeviceInfo.SoftwareVersion'))
    assert len(device.ends()) == 1
    assert not any('M Download' in event for inform in device.acs.informs()[before + 1:] for event in inform.events)


def test_R65_same_version_after_the_restart(device, file_server):
    device = device()
    file_server.files['/file'] = DATA
    assert device.acs.call(('download', 'key', FIRMWARE, file_server.url())).good
    wait_until(lambda: any(row['State'] == 'Restarting' for row in device.rows().values()), 'the hand-over')
    device.agent.restart()
    wait_until(lambda: device.rows(), 'the agent')
    assert not device.ends(), 'a restart of the agent is none of the device'
    device.agent.process.stop()
    device.reboot()
    end = device.wait_end('key')
    assert end.fault == 9010 and 'version' in end.text and end.complete == UNKNOWN_TIME
    device.wait_settled()


@pytest.mark.parametrize('status', (1, 77))
def test_T109_image_that_the_program_refuses(device, file_server, status):
    device = device()
    file_server.files['/file'] = DATA
    (device.folder / 'status').write_text(str(status))
    end = device.run('key', file_server.url())
    assert end.fault == 9018 and str(status) in end.text
    device.wait_settled()


def test_firmware_program_that_takes_too_long(device, file_server):
    device = device(transfer={'firmware_timeout': 1})
    file_server.files['/file'] = DATA
    (device.folder / 'wait').touch()
    end = device.run('key', file_server.url())
    assert end.fault == 9010 and '1 s' in end.text and not device.count('ends')
    device.wait_settled()


def test_R65_the_device_restarts_itself_after_an_image(device, file_server, tmp_path):
    """The program of [device] reboot is started, and no session begins any more."""
    reboot = tmp_path / 'reboot'
    reboot.write_text('#!/bin/sh\necho again >>%s/again\n' % tmp_path)
    reboot.chmod(0o755)
    device = device(sections={'device': {'reboot': reboot}})
    file_server.files['/file'] = DATA
    assert device.acs.call(('download', 'key', FIRMWARE, file_server.url())).good
    wait_until(lambda: (tmp_path / 'again').exists(), 'the reboot')
    device.agent.process.stop()
    device.reboot(version='2.0')
    assert device.wait_end('key').fault == 0
    assert (tmp_path / 'again').read_text() == 'again\n'


# ---- What the RPC refuses

def refused(device, *words):
    result = device.acs.call(words)
    assert not result.good
    return result.fault


def test_T109_arguments(device):
    device = device()
    for url, fault in (('sftp://host/file', 9013), ('gopher://host/', 9013), ('file:///etc/passwd', 9013),
                       ('http://user:pass@host/file', 9003), ('http://user@host/file', 9003), ('', 9003),
                       ('/etc/passwd', 9003), ('http:///file', 9003), ('http://host/a b', 9003),
                       ('http://hö/', 9003)):
        assert refused(device, 'download', 'key', FIRMWARE, url) == fault, url
    url = 'http://127.0.0.1:1/file'
    assert refused(device, 'download', 'key', '9 Unknown', url) == 9003
    assert refused(device, 'download', 'key', FIRMWARE + ' 1', url) == 9003
    assert refused(device, 'upload', 'key', FIRMWARE, url) == 9003
    assert refused(device, 'download', 'k' * 33, FIRMWARE, url) == 9003
    assert refused(device, 'download', 'key', FIRMWARE, 'http://host/' + 'x' * 256) == 9003
    assert refused(device, 'download', 'key', FIRMWARE, url, 'delay=-1') == 9003
    assert refused(device, 'download', 'key', FIRMWARE, url, 'size=%d' % (300 << 20)) == 9004
    for windows in ([], ['10,20,5 Whenever,0'], ['20,10,1 At Any Time,0'], ['10,10,1 At Any Time,0'],
                    ['0,100,1 At Any Time,0', '50,150,1 At Any Time,0'], ['0,9,2 Immediately,-2'],
                    ['100,200,1 At Any Time,0', '0,50,1 At Any Time,0'], ['0,1,2 Immediately,0'] * 3):
        assert refused(device, 'schedule-download', 'key', FIRMWARE, url,
                       *['window=' + window for window in windows]) == 9003, windows
    assert not device.queued()


def test_no_firmware_program(pair):
    acs, _ = pair()
    assert acs.call(('download', 'key', FIRMWARE, 'http://127.0.0.1:1/file')).fault == 9003


# ---- The queue

def test_T111_queue_and_cancel(device):
    device = device()
    url = 'http://127.0.0.1:1/file'
    commands = [('download', 'key %d' % n, FIRMWARE, url, 'delay=3600') for n in range(16)]
    assert all(result.good for result in device.acs.call(*commands))
    assert refused(device, 'download', 'one too many', FIRMWARE, url) == 9004
    assert device.queued() == device.queued(all=False) == {'key %d' % n: 1 for n in range(16)}
    device.agent.process.kill()
    device.agent.start()
    assert device.queued() == {'key %d' % n: 1 for n in range(16)}
    for n in range(15):
        assert device.acs.call(('cancel-transfer', 'key %d' % n)).good
    assert device.acs.call(('cancel-transfer', 'no such key')).good
    assert device.queued() == {'key 15': 1}
    assert device.acs.call(('cancel-transfer', 'key 15')).good
    device.wait_settled()
    assert not device.ends()


def test_T111_cancel_one_that_runs(device, file_server):
    device = device()
    file_server.files['/file'] = DATA * 10
    file_server.pace = 0.2
    assert all(result.good for result in device.acs.call(
        ('download', 'key', FIRMWARE, file_server.url()), ('download', 'key', FIRMWARE, file_server.url(), 'delay=3600')))
    wait_until(lambda: any(row['Transferred'] > 0 for row in device.rows().values()), 'the first bytes')
    assert device.acs.call(('cancel-transfer', 'key')).good
    device.wait_settled()
    assert not device.queued() and not device.ends() and not device.count('starts')


def test_R67_cancel_one_that_cannot_be(device, file_server):
    device = device()
    file_server.files['/file'] = DATA
    (device.folder / 'wait').touch()
    assert device.acs.call(('download', 'key', FIRMWARE, file_server.url())).good
    wait_until(lambda: device.count('starts'), 'the program')
    assert refused(device, 'cancel-transfer', 'key') == 9021
    (device.folder / 'status').write_text('1')
    (device.folder / 'wait').unlink()
    assert device.wait_end('key').fault == 9018


def test_R63_delay(device, file_server):
    """Not in the session that asked for it, and not before its time, over a restart of the agent too."""
    device = device()
    (device.folder / 'status').write_text('1')
    file_server.files['/file'] = DATA
    assert device.acs.call(('download', 'later', FIRMWARE, file_server.url(), 'delay=4'),
                           ('download', 'much later', FIRMWARE, file_server.url(), 'delay=3600'))
    assert not file_server.requests
    device.agent.process.kill()
    device.agent.start()
    device.wait_end('later')
    assert device.queued() == {'much later': 1}


def test_R93_bootstrap_discards_transfers(device, file_server, start_acs):
    device = device()
    file_server.files['/file'] = DATA * 10
    file_server.pace = 0.2
    assert device.acs.call(('download', 'runs', FIRMWARE, file_server.url()),
                           ('download', 'waits', FIRMWARE, file_server.url(), 'delay=3600'))
    wait_until(lambda: any(row['Transferred'] > 0 for row in device.rows().values()), 'the first bytes')
    second = start_acs('--connection-user', 'acs', '--connection-password', 'hello')
    device.agent.set(URL=second.url)
    assert second.wait_inform().events == ['0 BOOTSTRAP']
    device.wait_settled()
    assert not device.ends()


def test_R61_factory_reset_discards_transfers(device):
    device = device()
    assert device.acs.call(('download', 'waits', FIRMWARE, 'http://127.0.0.1:1/', 'delay=3600')).good
    before = len(device.acs.informs())
    assert device.acs.call(('factory-reset',)).good
    device.acs.wait_inform('0 BOOTSTRAP', after=before)
    device.wait_settled()
    assert not device.queued()


# ---- Failures

def test_T109_404_and_401_and_dead_host(device, file_server, free_port):
    device = device()
    assert device.run('missing', file_server.url('/nothing')).fault == 9016
    file_server.user, file_server.password = 'someone', 'secret'
    file_server.files['/file'] = DATA
    assert device.run('wrong', file_server.url(), 'user=someone', 'password=wrong').fault == 9012
    assert device.run('none', file_server.url()).fault == 9012
    file_server.user, file_server.status = None, 403
    assert device.run('forbidden', file_server.url()).fault == 9016
    file_server.status = 500
    assert device.run('broken', file_server.url()).fault == 9010
    assert device.run('dead', 'http://127.0.0.1:%d/file' % free_port()).fault == 9015
    assert device.run('no name', 'http://does-not-exist.invalid/file').fault == 9015
    device.wait_settled()
    assert not device.count('starts')


def test_T109_wrong_files(device, file_server):
    device = device(transfer={'maximum_size': 1})
    file_server.files['/file'] = DATA
    assert device.run('size', file_server.url(), 'size=299999').fault == 9018
    file_server.headers = {'Content-MD5': base64.b64encode(hashlib.md5(DATA).digest()).decode()}
    (device.folder / 'status').write_text('1')
    assert device.run('good', file_server.url(), 'size=%d' % len(DATA)).fault == 9018
    assert device.count('starts') == 1
    for header, value in (('Content-MD5', base64.b64encode(hashlib.md5(b'').digest()).decode()),
                          ('Digest', 'sha-256=' + base64.b64encode(hashlib.sha256(b'').digest()).decode()),
                          ('Repr-Digest', 'sha-512=:%s:' % base64.b64encode(hashlib.sha512(b'').digest()).decode())):
        file_server.headers = {header: value}
        end = device.run(header, file_server.url())
        assert end.fault == 9018 and 'checksum' in end.text
    file_server.headers = {}
    file_server.files['/large'] = bytes(1 << 20) + b'x'
    end = device.run('large', file_server.url('/large'))
    assert end.fault == 9010 and '1048576' in end.text
    assert device.count('starts') == 1
    device.wait_settled()


def test_T109_truncated(device, file_server):
    device = device(transfer={'retries': 0})
    file_server.files['/file'] = DATA
    file_server.cut = [200000]
    assert device.run('key', file_server.url()).fault == 9017
    device.wait_settled()


def test_resume_after_a_broken_connection(device, file_server):
    device = device(transfer={'retries': 1})
    (device.folder / 'status').write_text('1')
    file_server.files['/file'] = DATA
    file_server.cut = [200000]
    assert device.run('key', file_server.url()).fault == 9018
    assert device.image == DATA
    first, second = file_server.of('GET')
    assert first.headers['Range'] is None and second.headers['Range'] == 'bytes=200000-' and second.status == 206


def test_resume_of_a_file_that_has_changed(device, file_server):
    device = device(transfer={'retries': 1})
    (device.folder / 'status').write_text('1')
    file_server.files['/file'] = DATA
    file_server.cut = [200000]
    assert device.acs.call(('download', 'key', FIRMWARE, file_server.url())).good
    wait_until(lambda: not file_server.cut, 'the first try')
    changed = file_server.files['/file'] = os.urandom(250000)
    assert device.wait_end('key').fault == 9018
    assert device.image == changed
    assert [request.status for request in file_server.of('GET')] == [200, 200]


def test_redirects(device, file_server):
    device = device()
    (device.folder / 'status').write_text('1')
    file_server.files['/file'] = DATA
    for n in range(6):
        file_server.redirect['/%d' % n] = ((302, 307)[n % 2], '/%d' % (n - 1) if n else file_server.url())
    assert device.run('five', file_server.url('/4')).fault == 9018
    assert device.image == DATA
    assert device.run('six', file_server.url('/5')).fault == 9016
    file_server.redirect['/local'] = (302, 'file:///etc/passwd')
    assert device.run('local', file_server.url('/local')).fault == 9016
    assert device.count('starts') == 1


# ---- Time windows

def test_T114_windows_pass(device, file_server):
    device = device()
    assert device.acs.call(('schedule-download', 'fails', FIRMWARE, file_server.url('/nothing'),
                            'window=0,2,1 At Any Time,100', 'window=2,4,2 Immediately,-1'),
                           ('schedule-download', 'asks', FIRMWARE, file_server.url('/nothing'),
                            'window=0,3,4 Confirmation Needed,0,Install now?'))
    row = wait_until(lambda: next((row for row in device.rows().values() if row['CommandKey'] == 'asks'), None), 'row')
    assert row['ConfirmationNeeded'] and row['UserMessage'] == 'Install now?'
    before = len(device.acs.informs())
    assert device.wait_end('fails').fault == 9020
    assert device.wait_end('asks').fault == 9020
    events = [event for inform in device.acs.informs()[before:] for event in inform.events]
    assert {'M ScheduleDownload(fails)', 'M ScheduleDownload(asks)'} <= set(events)
    device.wait_settled()


def test_T114_window_missed_while_the_agent_was_down(device, file_server):
    device = device()
    assert device.acs.call(('schedule-download', 'key', FIRMWARE, file_server.url(), 'window=6,7,1 At Any Time,0')).good
    device.agent.process.kill()
    time.sleep(7.5)
    device.agent.start()
    end = device.wait_end('key')
    assert end.fault == 9020 and end.start == end.complete == UNKNOWN_TIME and not file_server.requests


def test_R66_windows_and_retries(device, file_server):
    """A second window, MaxRetries 0 in the first; and the consent of a person."""
    device = device()
    (device.folder / 'status').write_text('1')
    assert device.acs.call(('schedule-download', 'second', FIRMWARE, file_server.url(),
                            'window=0,2,2 Immediately,0', 'window=3,600,3 When Idle,0'))
    wait_until(lambda: file_server.requests, 'the first window')
    file_server.files['/file'] = DATA
    assert device.wait_end('second').fault == 9018
    assert [request.status for request in file_server.requests] == [404, 200]
    assert device.acs.call(('schedule-download', 'asks', FIRMWARE, file_server.url(),
                            'window=0,600,4 Confirmation Needed,0,Install now?')).good
    number = wait_until(lambda: next(iter(device.rows()), None), 'the row')
    device.agent.run('espalier-request', 'operate', TABLE + 'Confirm()', 'Transfer=%d' % number)
    assert device.wait_end('asks').fault == 9018


# ---- Transfers of the device's own

def test_R69_autonomous_transfers(device, file_server):
    device = device()
    (device.folder / 'status').write_text('1')
    file_server.files['/file'] = DATA
    policy = SERVER + 'AutonomousTransferCompletePolicy.'
    operate = ('espalier-request', 'operate', TABLE + 'Download()')
    download = operate + ('URL=' + file_server.url(), 'FileType=' + FIRMWARE, 'AnnounceURL=http://here/')
    device.agent.run(*download)
    wait_until(lambda: device.count('ends') == 1, 'the program')
    device.wait_settled()
    assert device.acs.set({policy + 'Enable': '1', policy + 'ResultTypeFilter': 'Failure'}).good
    before = len(device.acs.informs())
    device.agent.run(*download)
    inform = device.acs.wait_inform('10 AUTONOMOUS TRANSFER COMPLETE', after=before)
    assert inform.events == ['10 AUTONOMOUS TRANSFER COMPLETE']
    end = wait_until(lambda: device.ends('AutonomousTransferComplete'), 'the end')[0]
    assert end.fault == 9018
    device.wait_settled()
    report = ('espalier-request', 'operate', TABLE + 'Report()', 'FileType=' + FIRMWARE, 'URL=http://there/x')
    device.agent.run(*report)
    device.agent.run(*report, 'FaultCode=9010', 'FaultString=went wrong', 'StartTime=2026-01-02T03:04:05Z')
    ends = wait_until(lambda: len(ends := device.ends('AutonomousTransferComplete')) == 2 and ends, 'the report')
    assert ends[1].fault == 9010 and ends[1].text == 'went wrong' and ends[1].start == '2026-01-02T03:04:05+00:00'
    for wrong in (('URL=ftp://u@h/x',), ('FaultCode=7',), ('Colour=red',), ('FileType=',)):
        assert device.agent.run(*report, *wrong, status=None).wait() != 0
    assert device.agent.run(*operate, 'FileType=' + FIRMWARE, status=None).wait() != 0
    device.wait_settled()


@pytest.mark.parametrize('setting', [None, 'one', 'each'])
def test_R82_one_event_or_one_for_each(device, start_acs, setting):
    """Three transfers of the device's own, which end while the ACS is not there, by [acs] autonomous_events."""
    device = device(fast=True, **({'autonomous_events': setting} if setting else {}))
    assert device.acs.set({SERVER + 'AutonomousTransferCompletePolicy.Enable': '1'}).good
    device.agent.wait_idle(2)
    port = device.acs.port
    device.acs.stop()
    for name in 'abc':
        device.agent.run('espalier-request', 'operate', TABLE + 'Report()', 'FileType=' + FIRMWARE, 'URL=http://there/' + name)
    device.agent.restart()
    device.acs = start_acs(*CREDENTIALS, port=port)
    event = '10 AUTONOMOUS TRANSFER COMPLETE'
    inform = device.acs.wait_inform(event)
    assert inform.events == [event] * (3 if setting == 'each' else 1)
    wait_until(lambda: len(device.ends('AutonomousTransferComplete')) == 3, 'all ends')
    device.wait_settled()
    message = next(message for message in device.acs.messages(True) if message.path and message.method == 'Inform')
    assert message.texts('CommandKey') == [''] * len(inform.events)
    urls = [message.texts('TransferURL')[0] for message in device.acs.messages(True)
            if message.path and message.method == 'AutonomousTransferComplete']
    assert urls == ['http://there/a', 'http://there/b', 'http://there/c']
    informs = len(device.acs.informs())
    assert device.acs.call(('get', KEY)).good
    assert [event in inform.events for inform in device.acs.informs()[informs:]] == [False], 'nothing is left of them'


def test_R69_file_types_of_the_filter(device, file_server, tmp_path):
    """The model's names, and no others; a file type with an instance, and the former one of a log, go by theirs."""
    log = tmp_path / 'messages'
    log.write_text('a line\n')
    device = device(transfer={'log_file': log})
    policy = SERVER + 'AutonomousTransferCompletePolicy.'
    name = policy + 'FileTypeFilter'
    for wrong in (LOG, '1 Vendor Configuration File', '3 Vendor Configuration File 1', '4 Tone File', FIRMWARE + ',x', 'X 00d09e a'):
        assert device.acs.set({name: wrong}).details == {name: 9007}, wrong
        device.agent.run('espalier-request', 'set', name + '=' + wrong, status=1)
    assert device.acs.set({policy + 'Enable': '1', name: ','.join(FILTERS + ['X 00D09E a b'])}).good

    def told(filters, kind, upload):
        """As what the end of an upload or download of this type is told, or None."""
        assert device.acs.set({name: filters}).good
        before = len(device.ends('AutonomousTransferComplete'))
        device.agent.run('espalier-request', 'operate', TABLE + 'Report()', 'FileType=' + kind, 'URL=http://there/x',
                         'IsUpload=%d' % upload)
        device.wait_settled()
        if len(device.ends('AutonomousTransferComplete')) == before:
            return None
        return [message.texts('FileType')[0] for message in device.acs.messages(True)
                if message.path and message.method == 'AutonomousTransferComplete'][-1]

    configuration, logs = '3 Vendor Configuration File', '4 Vendor Log File'
    for item, kind, upload, shown in (
            (logs, LOG, True, logs), (logs, logs + ' 7', True, '7 Vendor Log File 7'), (logs, logs, True, logs),
            (configuration, '1 Vendor Configuration File', True, configuration),
            (configuration, configuration + ' 1', True, '6 Vendor Configuration File 1'),
            (configuration, configuration, False, configuration), (FIRMWARE, FIRMWARE, False, FIRMWARE),
            ('X 00D09E a b', 'X 00D09E a b', False, 'X 00D09E a b'), ('2 Web Content', '2 Web Content', False, '2 Web Content')):
        assert told(item, kind, upload) == shown, kind
        assert told('2 Web Content' if item == FIRMWARE else FIRMWARE, kind, upload) is None, kind


@pytest.mark.parametrize('version, namespace, numbered', [('1.1', '1-1', False), ('1.2', '1-2', True)])
def test_R67_R69_file_types_by_version(device, file_server, run_folder, version, namespace, numbered):
    """GetAllQueuedTransfers and AutonomousTransferComplete have names of their own for uploads; 1.1 has no instances there."""
    log = run_folder / 'a'
    log.write_text('a')
    device = device('--use-cwmp-version', version, '--version-namespace', namespace, transfer={'log_file': log})
    wanted = {'2 Vendor Log File': '4 Vendor Log File', '1 Vendor Configuration File': '3 Vendor Configuration File',
              '4 Vendor Log File 1': '7 Vendor Log File 1' if numbered else '4 Vendor Log File',
              '3 Vendor Configuration File 1': '6 Vendor Configuration File 1' if numbered else '3 Vendor Configuration File'}
    calls = [('upload', 'k', kind, file_server.url('/x'), 'delay=600') for kind in wanted]
    results = device.acs.call(*calls, ('get-all-queued-transfers',))
    assert all(result.good for result in results), results
    answer = next(message for message in device.acs.messages(True)
                  if message.path and message.method == 'GetAllQueuedTransfersResponse')
    assert answer.texts('FileType') == list(wanted.values()) and set(answer.texts('IsDownload')) == {'0'}
    assert device.acs.set({SERVER + 'AutonomousTransferCompletePolicy.Enable': '1'}).good
    for kind in wanted:
        device.agent.run('espalier-request', 'operate', TABLE + 'Report()', 'FileType=' + kind, 'URL=http://there/x', 'IsUpload=1')
    wait_until(lambda: len(device.ends('AutonomousTransferComplete')) == 4, 'all ends')
    assert [message.texts('FileType')[0] for message in device.acs.messages(True)
            if message.path and message.method == 'AutonomousTransferComplete'] == list(wanted.values())


def test_R69_policy(device, file_server, tmp_path):
    """What AutonomousTransferCompletePolicy leaves out is not told, and not kept."""
    log = tmp_path / 'messages'
    log.write_text('a line\n')
    device = device(transfer={'log_file': log})
    (device.folder / 'status').write_text('1')
    file_server.files['/file'] = DATA
    policy = SERVER + 'AutonomousTransferCompletePolicy.'
    assert device.acs.get(policy) == {policy + 'Enable': '0', policy + 'TransferTypeFilter': 'Both',
                                      policy + 'ResultTypeFilter': 'Both', policy + 'FileTypeFilter': ','.join(FILTERS)}

    def run():
        """An upload that succeeds and a download that fails, by a local program. Returns who was told of."""
        before = len(device.ends('AutonomousTransferComplete'))
        device.agent.run('espalier-request', 'operate', TABLE + 'Upload()', 'URL=' + file_server.url('/log'),
                         'FileType=' + LOG, 'AnnounceURL=http://here/?a=1&b=2', 'TargetFileName=name')
        device.agent.run('espalier-request', 'operate', TABLE + 'Download()', 'URL=' + file_server.url(),
                         'FileType=' + FIRMWARE)
        device.wait_settled()
        return [end.fault for end in device.ends('AutonomousTransferComplete')[before:]]

    assert run() == []
    for values, told in (({'Enable': '1'}, [0, 9018]),
                         ({'TransferTypeFilter': 'Upload'}, [0]), ({'TransferTypeFilter': 'Download'}, [9018]),
                         ({'TransferTypeFilter': 'Both', 'ResultTypeFilter': 'Success'}, [0]),
                         ({'ResultTypeFilter': 'Both', 'FileTypeFilter': FIRMWARE}, [9018]),
                         ({'FileTypeFilter': '3 Vendor Configuration File,4 Vendor Log File'}, [0]),
                         ({'FileTypeFilter': ''}, [])):
        assert device.acs.set({policy + name: value for name, value in values.items()}).good
        assert run() == told, values
    message = next(m for m in device.acs.messages(True) if m.path and m.method == 'AutonomousTransferComplete')
    assert [message.texts(name) for name in ('AnnounceURL', 'TransferURL', 'IsDownload', 'FileType', 'TargetFileName')] == [
        ['http://here/?a=1&b=2'], [file_server.url('/log')], ['0'], ['4 Vendor Log File'], ['name']]
    assert device.acs.set({policy + 'ResultTypeFilter': 'Neither'}).details == {policy + 'ResultTypeFilter': 9007}


def test_R69_local_programs_leave_room_for_the_acs(device):
    """An ACS that does not take what it is told: half of the queue is still for its own transfers."""
    device = device()
    assert device.acs.set({SERVER + 'AutonomousTransferCompletePolicy.Enable': '1'}).good
    device.acs.stop()
    report = ('espalier-request', 'operate', TABLE + 'Report()', 'FileType=' + FIRMWARE)
    for _ in range(8):
        device.agent.run(*report)
    assert device.agent.run(*report, status=None).popen.returncode != 0
    assert [row['State'] for row in device.rows().values()] == ['Done'] * 8


def test_R65_fault_on_transfer_complete(device, file_server):
    """Refused in three sessions, and then given up."""
    device = device()
    assert device.acs.call(('download', 'key', FIRMWARE, file_server.url('/nothing')), ('misbehave', 'fault:2:8002'))
    for told in range(1, 4):
        wait_until(lambda: device.acs.lines.count('-> fault 8002') == told, 'the fault')
        device.agent.wait_idle(told + 1)
        if told < 3:
            assert len(device.rows()) == 1
            assert device.acs.run('misbehave', 'fault:2:8002').good and device.acs.run('connect').good
    device.wait_settled()
    assert 'given up' in device.agent.process.stderr
    device.acs.call(('get', TABLE))
    assert len(device.ends()) == 3


def test_T110_power_cut_before_transfer_complete(device, file_server, start_acs):
    """The image runs, its end is on the disk, the ACS can't be reached, and the power goes: told after the next boot."""
    device = device()
    file_server.files['/file'] = DATA
    assert device.acs.call(('download', 'key', FIRMWARE, file_server.url())).good
    wait_until(lambda: any(row['State'] == 'Restarting' for row in device.rows().values()), 'the hand-over')
    device.acs.stop()
    device.agent.process.kill()
    device.reboot(version='2.0')
    wait_until(lambda: any(row['State'] == 'Done' for row in device.rows().values()), 'the end')
    device.agent.process.kill()
    device.acs = start_acs(*CREDENTIALS, port=device.acs.port)
    device.reboot()
    inform = device.acs.wait_inform()
    assert {'1 BOOT', '7 TRANSFER COMPLETE', 'M Download(key)'} <= set(inform.events)
    end = device.wait_end('key')
    assert end.fault == 0 and UNKNOWN_TIME < end.start <= end.complete
    device.wait_settled()
    device.agent.restart()
    device.acs.call(('get', 'Device.DeviceInfo.SoftwareVersion'))
    assert len(device.ends()) == 1 and not device.agent.tree(TABLE + 'Transfer.')


# ---- Uploads

def test_T113_upload_of_a_log_file(device, file_server, tmp_path):
    """The end of the configured file, by PUT with Digest; then one that is not there."""
    log = tmp_path / 'messages'
    log.write_bytes(b'too old\n' + b'x' * (4 << 20))
    device = device(transfer={'log_file': log})
    file_server.user, file_server.password = 'someone', 'secret'
    upload = ('upload', 'log', LOG, file_server.url('/log'), 'user=someone', 'password=secret')
    assert device.acs.call(upload).good
    end = device.wait_end('log')
    assert end.fault == 0 and UNKNOWN_TIME < end.start <= end.complete
    assert file_server.files['/log'] == b'x' * (4 << 20)
    assert {'7 TRANSFER COMPLETE', 'M Upload(log)'} <= set(device.acs.informs()[-1].events)
    log.unlink()
    assert device.acs.call(('upload', 'gone') + upload[2:]).good
    assert device.wait_end('gone').fault == 9011
    log.write_text('a line\n')
    assert device.acs.call(('upload', 'refused') + upload[2:4]).good
    assert device.wait_end('refused').fault == 9012
    device.wait_settled()


def rows(device):
    """The VendorLogFile table, {instance: (Name, MaximumSize, Persistent)}, or the number of entries when it is wrong."""
    found = {}
    tree = device.agent.tree(FILES, FILE_COUNT)
    for path in tree:
        if path.endswith('.Name'):
            row = path[:-len('Name')]
            found[int(row[len(FILES):-1])] = (tree[path], tree[row + 'MaximumSize'], tree[row + 'Persistent'])
    return found if tree[FILE_COUNT] == len(found) else tree[FILE_COUNT]


def test_R68_log_files_by_instance(device, file_server, tmp_path, run_folder):
    """Each configured file is an instance, and goes up by it; one that is not there is refused at once."""
    short = run_folder / 'a log'
    short.write_text('first\n')
    long = tmp_path / ('x' * 60 + 'y' * 10)
    long.write_text('second\n')
    device = device(transfer={'log_file': '%s , %s,journal' % (short, long)})
    assert len(str(short)) <= 64 < len(str(long))
    found = rows(device)
    assert {number: row[0] for number, row in found.items()} == {1: str(short), 2: str(long)[-64:], 3: 'journal'}
    memory = 'tmpfs' in device.agent.run('stat', '-f', '-c', '%T', run_folder).stdout
    assert found[1][1:] == (0, not memory) and found[2][1] == 0
    values = device.acs.get(FILES)
    assert values[FILES + '1.Name'] == str(short) and values[FILES + '3.Name'] == 'journal'
    assert device.acs.call(('set', FILES + '1.Name=x')).details == {FILES + '1.Name': 9008}
    for key, kind in (('one', '4 Vendor Log File 1'), ('two', '4 Vendor Log File 2'), ('three', '4 Vendor Log File 3'), ('old', LOG)):
        assert device.acs.call(('upload', key, kind, file_server.url('/' + key))).good
        assert device.wait_end(key).fault == 0
    assert file_server.files['/one'] == file_server.files['/old'] == b'first\n' and file_server.files['/two'] == b'second\n'
    assert len(file_server.files['/three']) > 0
    for kind in ('4 Vendor Log File 4', '4 Vendor Log File 0', '4 Vendor Log File 01', '4 Vendor Log File', '4 Vendor Log File x',
                 '4 Vendor Log File 4294967296', '2 Vendor Log File 1', '2 Vendor Log File ', '5 Vendor Log File 1'):
        assert device.acs.call(('upload', 'bad', kind, file_server.url('/bad'))).fault == 9003, kind
        device.agent.run('espalier-request', 'operate', TABLE + 'Upload()', 'FileType=' + kind, 'URL=' + file_server.url('/bad'), status=1)
    device.wait_settled()
    assert '/bad' not in file_server.files


def set_log_files(agent, text):
    lines = [line for line in agent.path.read_text().splitlines() if not line.startswith('log_file')]
    lines.insert(lines.index('[transfer]') + 1, 'log_file = ' + text)
    agent.path.write_text('\n'.join(lines) + '\n')


def test_R46_numbers_of_log_files(device, file_server, run_folder):
    """A file keeps its number as long as the configuration has it: read again, after a restart, after a factory reset."""
    paths = [run_folder / name for name in 'abcd']
    for path in paths:
        path.write_text(path.name)
    a, b, c, d = map(str, paths)
    device = device(transfer={'log_file': ','.join((a, b))})

    def numbers():
        found = rows(device)
        return found if isinstance(found, int) else {row[0]: number for number, row in found.items()}

    def reload(text):
        set_log_files(device.agent, text)
        count = device.agent.process.stderr.count('read again')
        device.agent.process.signal(signal.SIGHUP)
        wait_until(lambda: device.agent.process.stderr.count('read again') > count, 'the configuration')

    assert numbers() == {a: 1, b: 2}
    reload(','.join((c, b)))
    wait_until(lambda: numbers() == {c: 3, b: 2}, 'the new file')
    assert device.acs.call(('upload', 'gone', '4 Vendor Log File 1', file_server.url('/gone'))).fault == 9003
    assert device.acs.call(('upload', 'first', LOG, file_server.url('/first'))).good
    assert device.wait_end('first').fault == 0 and file_server.files['/first'] == b'c'
    device.agent.process.stop()
    set_log_files(device.agent, ','.join((d, c, b, a)))
    device.agent.start()
    assert numbers() == {d: 4, c: 3, b: 2, a: 5}
    before = len(device.acs.informs())
    assert device.acs.call(('factory-reset',)).good
    device.acs.wait_inform('0 BOOTSTRAP', after=before)
    device.agent.restart()
    assert numbers() == {d: 4, c: 3, b: 2, a: 5}
    set_log_files(device.agent, a + ',,' + b)
    device.agent.process.signal(signal.SIGHUP)
    device.agent.process.wait_for('neither absolute paths')
    assert numbers() == {d: 4, c: 3, b: 2, a: 5}, 'a wrong configuration changes nothing'


def test_R68_log_file_that_is_gone_from_the_configuration(device, file_server, run_folder):
    """Accepted, but gone when its time comes."""
    log = run_folder / 'a'
    log.write_text('a')
    device = device(transfer={'log_file': '%s,%s' % (log, log.with_name('b'))})
    assert device.acs.call(('upload', 'late', '4 Vendor Log File 2', file_server.url('/late'), 'delay=5')).good
    set_log_files(device.agent, str(log))
    device.agent.process.signal(signal.SIGHUP)
    end = device.wait_end('late')
    assert end.fault == 9011 and 'any more' in end.text and not file_server.files


def test_T113_upload_of_the_journal(device, file_server):
    device = device()
    assert device.acs.call(('upload', 'log', LOG, file_server.url('/log'))).good
    assert device.wait_end('log').fault == 0
    journal = device.agent.run('journalctl', '--no-pager', '--output=short-iso', '--lines=1').stdout
    assert file_server.files['/log'] and (journal.strip() in file_server.files['/log'].decode(errors='replace'))


def test_T113_cancelled_while_the_log_is_written(device, file_server, tmp_path):
    """A log that never ends: a pipe that a program reads, and of which a second upload gets what is left."""
    log = tmp_path / 'pipe'
    os.mkfifo(log)
    device = device(transfer={'log_file': log})
    assert device.acs.call(('upload', 'first', LOG, file_server.url('/log'))).good
    wait_until(lambda: device.queued() == {'first': 2}, 'the start')
    assert device.acs.call(('cancel-transfer', 'first')).good
    assert device.acs.call(('upload', 'second', LOG, file_server.url('/log'))).good
    with open(log, 'wb') as pipe:
        pipe.write(b'what is left')
    assert device.wait_end('second').fault == 0
    assert file_server.files == {'/log': b'what is left'}
    assert [end.key for end in device.ends()] == ['second']
    device.wait_settled()


def test_T113_a_server_that_refuses(device, file_server, tmp_path):
    log = tmp_path / 'messages'
    log.write_text('a line\n')
    device = device(transfer={'log_file': log, 'retries': 1})
    for status, fault, tries in ((403, 9016, 1), (401, 9012, 2), (500, 9011, 2)):
        file_server.status, file_server.requests = status, []
        assert device.acs.call(('upload', str(status), LOG, file_server.url('/log'))).good
        assert device.wait_end(str(status)).fault == fault
        assert tries >= len(file_server.requests) >= 1
    assert not file_server.files
