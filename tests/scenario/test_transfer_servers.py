# SPDX-License-Identifier: GPL-2.0-or-later
# File transfers with the servers that people run: HTTP, HTTPS, FTP and TFTP.
import os
import re

import pytest

from acs import start_acs  # noqa: F401
from agent import make_agent, pair  # noqa: F401
from process import wait_until
from realserver import PASSWORD, USER, nginx, server_folder, tftpd, vsftpd  # noqa: F401
from tls import EXPIRED, authority, issue_authority  # noqa: F401
from transfer import FIRMWARE, LOG, device  # noqa: F401

DATA = os.urandom(300000)
LARGE = os.urandom(3000000)
CREDENTIALS = ('user=' + USER, 'password=' + PASSWORD)
ANONYMOUS = ('user=anonymous', 'password=' + PASSWORD)


def fetch(device, key, url, *options):
    """Downloads what the program then refuses, so that nothing waits for a restart; returns what it was given."""
    (device.folder / 'status').write_text('1')
    starts = device.count('starts')
    end = device.run(key, url, *options)
    assert end.fault == 9018 and device.count('starts') == starts + 1, end
    return device.image


def send(device, key, url, *options):
    """Uploads the log; returns the fault."""
    result = device.acs.call(('upload', key, LOG, url) + options)
    assert result.good, result
    return device.wait_end(key).fault


def break_off(device, server, **options):
    """Ends the server in the midst of a file, and starts it again. Returns how much had come."""
    def some():
        return next((row['Transferred'] for row in device.rows().values() if row['Transferred'] > 100000), None)
    wait_until(some, 'the first bytes')
    server.stop()
    row = wait_until(lambda: next((row for row in device.rows().values() if row['State'] == 'Waiting'), None), 'the failure')
    server.begin(**options)
    return row['Transferred']


# ---- HTTP

def test_R64_nginx_basic_and_redirect(device, nginx):
    nginx.begin().put('image', DATA)
    device = device()
    assert fetch(device, 'plain', nginx.url('image'), 'size=%d' % len(DATA)) == DATA
    nginx.put('image', DATA[:1000])
    assert fetch(device, 'basic', nginx.url('secret/image'), *CREDENTIALS) == DATA[:1000]
    nginx.put('image', DATA[:2000])
    assert fetch(device, 'redirect', nginx.url('moved/image'), *CREDENTIALS) == DATA[:2000]
    assert device.run('no password', nginx.url('secret/image')).fault == 9012
    assert device.run('missing', nginx.url('nothing')).fault == 9016
    assert PASSWORD not in device.agent.process.stderr
    nginx.put('image', b'')
    assert fetch(device, 'empty', nginx.url('image')) == b''
    device.wait_settled()


def test_T113_nginx_put(device, nginx, tmp_path):
    nginx.begin()
    log = tmp_path / 'messages'
    log.write_bytes(DATA)
    device = device(transfer={'log_file': log})
    assert send(device, 'log', nginx.url('in/log'), *CREDENTIALS) == 0
    assert (nginx.files / 'in' / 'log').read_bytes() == DATA
    assert send(device, 'no password', nginx.url('in/log')) == 9012
    assert send(device, 'no put', nginx.url('log')) == 9016
    log.write_bytes(LARGE)
    assert send(device, 'too large', nginx.url('in/log'), *CREDENTIALS) == 9016
    device.wait_settled()


def test_R65_nginx_gone_and_resumed(device, nginx):
    """The server goes in the midst of a file, and comes back: only what is missing is fetched."""
    nginx.begin().put('image', LARGE)
    device = device(transfer={'retries': 3})
    (device.folder / 'status').write_text('1')
    assert device.acs.call(('download', 'key', FIRMWARE, nginx.url('slow/image'))).good
    came = break_off(device, nginx)
    assert 0 < came < len(LARGE)
    assert device.wait_end('key').fault == 9018 and device.image == LARGE
    assert nginx.statuses()[-1] == 206
    percent = [int(part) * 100 // len(LARGE) for part in
               re.findall(r'transfer 1: (\d+) of %d bytes' % len(LARGE), device.agent.process.stderr)]
    assert len(percent) >= 2 and percent == sorted(percent), 'the log tells how far it is'


# ---- HTTPS

def test_R64_https_by_the_trusted_authority(device, nginx, authority):
    nginx.scheme = 'https'
    nginx.begin(certificate=authority.issue('files')).put('image', DATA)
    device = device(sections={'tls': {'ca_file': authority.path}})
    assert fetch(device, 'key', nginx.url('image')) == DATA
    assert fetch(device, 'redirect', nginx.url('moved/image'), *CREDENTIALS) == DATA
    end = device.run('to clear text', nginx.url('clear/image'))
    assert end.fault == 9016
    device.wait_settled()


@pytest.mark.parametrize('wrong', ('authority', 'name', 'expired', 'revoked'))
def test_R64_https_that_is_not_trusted(device, nginx, authority, issue_authority, wrong):
    nginx.scheme = 'https'
    certificate = {'authority': lambda: issue_authority('other').issue('files'),
                   'name': lambda: authority.issue('files', names='DNS:files.example.com'),
                   'expired': lambda: authority.issue('files', dates=EXPIRED),
                   'revoked': lambda: authority.issue('files')}[wrong]()
    nginx.begin(certificate=certificate).put('image', DATA)
    tls = {'ca_file': authority.path}
    if wrong == 'revoked':
        authority.revoke(certificate)
        tls['crl_file'] = authority.revocations()
    device = device(sections={'tls': tls})
    assert device.run('key', nginx.url('image')).fault == 9012
    assert not device.count('starts') and not (nginx.folder / 'access.log').read_text()


# ---- FTP

def test_R64_vsftpd(device, vsftpd, tmp_path):
    vsftpd.begin().put('image', DATA)
    log = tmp_path / 'messages'
    log.write_bytes(DATA)
    device = device(transfer={'log_file': log})
    assert fetch(device, 'key', vsftpd.url('image'), *ANONYMOUS) == DATA
    assert device.run('missing', vsftpd.url('nothing'), *ANONYMOUS).fault == 9016
    assert device.run('login', vsftpd.url('image'), 'user=anonymous', 'password=wrong').fault == 9012
    assert device.run('size', vsftpd.url('image'), 'size=299999', *ANONYMOUS).fault == 9018
    assert send(device, 'log', vsftpd.url('log'), *ANONYMOUS) == 0
    assert (vsftpd.files / 'log').read_bytes() == DATA
    assert send(device, 'again', vsftpd.url('no/folder'), *ANONYMOUS) == 9016
    vsftpd.stop()
    assert device.run('gone', vsftpd.url('image'), *ANONYMOUS).fault == 9015
    device.wait_settled()


@pytest.mark.parametrize('changed', (False, True))
def test_R65_vsftpd_gone_and_resumed(device, vsftpd, changed):
    """What has come is gone on with by REST, but not where the file has another time."""
    vsftpd.begin(rate=1000000).put('image', LARGE)
    os.utime(vsftpd.files / 'image', (1000000000, 1000000000))
    device = device(transfer={'retries': 3})
    (device.folder / 'status').write_text('1')
    assert device.acs.call(('download', 'key', FIRMWARE, vsftpd.url('image'), *ANONYMOUS)).good
    came = break_off(device, vsftpd, rate=0)
    data = LARGE
    if changed:
        data = os.urandom(2500000)
        vsftpd.put('image', data)
    assert device.wait_end('key').fault == 9018 and device.image == data
    sizes = [int(size) for size in re.findall(r'OK DOWNLOAD.* (\d+) bytes', vsftpd.log())]
    assert sizes[-1:] == ([len(data)] if changed else [len(data) - came])


# ---- TFTP

def test_R64_tftpd(device, tftpd, tmp_path):
    tftpd.begin().put('image', DATA)
    log = tmp_path / 'messages'
    log.write_bytes(DATA[:100000])
    device = device(transfer={'log_file': log, 'maximum_size': 1})
    assert fetch(device, 'key', tftpd.url('image')) == DATA
    assert device.run('missing', tftpd.url('nothing')).fault == 9016
    assert send(device, 'log', tftpd.url('log')) == 0
    assert (tftpd.files / 'log').read_bytes() == DATA[:100000]
    tftpd.put('large', bytes(1 << 20) + b'x')
    assert device.run('large', tftpd.url('large')).fault == 9010
    device.wait_settled()
