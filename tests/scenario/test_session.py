# SPDX-License-Identifier: GPL-2.0-or-later
# Sessions of the real agent with the small ACS: HTTP, the session's rules, retries (T001 to T027, T037 to T056).
import datetime
import re
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, CREDENTIALS, KEY, SERVER, SETTING, make_agent, pair  # noqa: F401
from process import wait_until
from wire import Wire


def works(acs):
    """The agent answers the next connection request."""
    return acs.get(CODE)


def test_T001_first_contact(pair):
    acs, agent = pair()
    first = acs.messages(True)[0]
    assert first.method == 'Inform' and first.first_line == 'POST / HTTP/1.1'
    assert first.header('Host') == '%s:%d' % (acs.host, acs.port)
    assert first.header('Content-Type').split(';')[0] == 'text/xml'
    assert first.headers('SOAPAction') == ['']
    assert first.header('Expect') is None
    assert acs.informs()[0].events == ['0 BOOTSTRAP', '1 BOOT']
    assert not acs.warnings


def test_forced_inform_parameters(pair):
    acs, agent = pair()
    assert {name.partition(' =')[0] for name in acs.informs()[0].parameters} == {
        'Device.RootDataModelVersion', 'Device.DeviceInfo.HardwareVersion', 'Device.DeviceInfo.SoftwareVersion', CODE,
        KEY, SERVER + 'ConnectionRequestURL', SERVER + 'AliasBasedAddressing'}


@pytest.mark.parametrize('kind', ['chunked', 'chunked-odd', 'continue', 'early-hints', 'no-length'])
def test_T002_T024_framing(pair, kind):
    acs, agent = pair('--misbehave', kind + ':*')
    assert works(acs) == {CODE: ''}


@pytest.mark.parametrize('ending', ['200', '204', 'blank'])
def test_T003_T004_empty_response_ends_the_session(pair, ending):
    acs, agent = pair('--end-with', ending)
    assert works(acs) == {CODE: ''}
    assert 'failed' not in agent.process.stderr


@pytest.mark.parametrize('end', ['HTTP/1.1 204 No Content\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
                                 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'])
def test_T003_T004_the_agent_closes_the_connection(make_agent, end):
    wire = Wire()
    agent = make_agent(wire.url).start()
    connection = wire.accept()
    connection.begin()
    connection.send(end.encode())
    with pytest.raises(EOFError):
        connection.fill()
    agent.wait_idle()
    assert 'failed' not in agent.process.stderr
    wire.close()


@pytest.mark.parametrize('kind', ['close', 'connection-close'])
@pytest.mark.parametrize('when', ['*', '1'])
def test_T005_T006_connection_closed_between_messages(pair, kind, when):
    acs, agent = pair('--misbehave', '%s:%s' % (kind, when), '--session-cookie', 'required')
    posts = acs.messages(True)
    assert [message.method for message in posts] == ['Inform', ''], 'one session'
    assert posts[0].connection != posts[1].connection and posts[1].header('Cookie')
    assert works(acs) == {CODE: ''}
    posts = acs.messages(True)
    assert len({message.connection for message in posts}) == (len(posts) if when == '*' else 3)
    assert [inform.retry for inform in acs.informs()] == [0, 0]


def test_T007_T008_T009_cookies(pair):
    """Three for this path, one for another; two of them are expired, one by a date and one by its age."""
    acs, agent = pair('--misbehave', 'cookies:3', '--misbehave', 'expire-cookies:4', '--session-cookie', 'off')
    works(acs)
    works(acs)
    assert [(message.method, message.header('Cookie')) for message in acs.messages(True)] == [
        ('Inform', None), ('', None), ('Inform', None), ('', 'first=1; second="two words"; third=3'),
        ('GetParameterValuesResponse', 'second="two words"'), ('Inform', None), ('', None),
        ('GetParameterValuesResponse', None)]


def test_T010_T012_redirect(start_acs, make_agent):
    second = start_acs('--listen', '127.0.0.2')
    first = start_acs(*CREDENTIALS, '--misbehave', 'redirect-302:1:' + second.url)
    agent = make_agent(first.url).start()
    second.wait_inform()
    agent.wait_idle()
    before, after = first.messages(True)[0], second.messages(True)[0]
    assert before.body == after.body and after.first_line == 'POST / HTTP/1.1', 'the same Inform goes to the new place'
    assert after.header('Host') == '127.0.0.2:%d' % second.port
    assert [message.method for message in second.messages(True)] == ['Inform', ''], 'the whole session is there'
    assert len(first.messages(True)) == 1
    agent.set(PeriodicInformInterval=1)
    assert first.wait_inform('2 PERIODIC', after=1), 'and the next one where the URL says'
    agent.set(PeriodicInformEnable='false')
    agent.restart()
    assert first.get(SERVER + 'URL') == {SERVER + 'URL': first.url}
    assert len(second.informs()) == 1 and not any('0 BOOTSTRAP' in inform.events for inform in first.informs())


@pytest.mark.parametrize('count, good', [(5, True), (6, False)])
def test_T011_redirects(start_acs, make_agent, count, good):
    acs = start_acs('--misbehave', 'redirect-307:1-%d:/again' % count)
    agent = make_agent(acs.url).fast_retry().start()
    agent.wait_idle()
    posts = acs.messages(True)
    assert len({message.body for message in posts[:6]}) == 1
    assert [message.first_line.split()[:2] for message in posts[:6]] == [['POST', '/']] + [['POST', '/again']] * 5
    if good:
        assert 'failed' not in agent.process.stderr and posts[6].first_line.startswith('POST /again ')
    else:
        assert 'redirected more than 5 times' in agent.wait_failed(1)
        assert posts[6].first_line.startswith('POST / '), 'the next session begins with the stored URL'
        assert acs.informs()[-1].retry == 1


@pytest.mark.parametrize('status', [301, 303, 308])
def test_R05_redirects_that_are_followed_by_setting(start_acs, make_agent, status):
    acs = start_acs('--misbehave', 'redirect-%d:1:/again' % status)
    agent = make_agent(acs.url, follow_all_redirects='yes').start()
    agent.wait_idle()
    posts = acs.messages(True)
    assert posts[0].body == posts[1].body
    assert [message.first_line for message in posts] == ['POST / HTTP/1.1'] + ['POST /again HTTP/1.1'] * 2


@pytest.mark.parametrize('kind, algorithm', [('digest', 'MD5'), ('digest-sha256', 'SHA-256'), ('digest-md5-sess', 'MD5-sess'),
                                             ('digest-no-qop', 'MD5'), ('both', 'SHA-256'), ('digest-basic', 'MD5')])
def test_T013_T014_T016_digest(pair, kind, algorithm):
    """The ACS checks each answer; here: one challenge a session, the strongest is taken, nc counts from 1."""
    acs, agent = pair('--auth', kind, '--user', 'u', '--password', 'p', username='u', password='p')
    assert acs.call(('get', CODE), ('get', KEY), ('get', SERVER))[0].good
    agent.wait_idle(2)
    sent = [message.header('Authorization') for message in acs.messages(True)]
    assert [number for number, header in enumerate(sent) if not header] == [0, 3], 'one POST a session without'
    assert '\n'.join(acs.lines).count('-- 401') == 2
    for session in (sent[1:3], sent[4:]):
        assert all(header.startswith('Digest ') and ('algorithm=' + algorithm) in header for header in session)
        counts = ['%08x' % number for number in range(1, len(session) + 1)]
        assert re.findall(r'nc=(\w+)', '\n'.join(session)) == ([] if kind == 'digest-no-qop' else counts)
        assert len(set(re.findall(r' nonce="(\w+)"', '\n'.join(session)))) == 1
    assert not acs.warnings


def test_T015_stale_nonce(pair):
    acs, agent = pair('--auth', 'digest', '--user', 'u', '--password', 'p', '--stale-after', '2', username='u',
                      password='p')
    assert all(result.good for result in acs.call(('get', CODE), ('get', KEY), ('get', CODE)))
    agent.wait_idle(2)
    posts = acs.messages(True)
    second = posts[next(n for n, message in enumerate(posts) if n and message.header('Authorization') is None):]
    given = [re.search(r' nonce="(\w+)".*nc=(\w+)', message.header('Authorization')).groups() for message in second[1:]]
    assert [count for _, count in given] == ['00000001', '00000002', '00000003'] * 2 + ['00000001']
    assert len({nonce for nonce, _ in given}) == 3
    # What was refused as stale comes again, the same.
    for refused, again in ((3, 4), (6, 7)):
        assert second[refused].body == second[again].body
    assert '\n'.join(acs.lines).count('-- 401: stale nonce') == 2
    assert len(acs.informs()) == 2 and 'failed' not in agent.process.stderr


@pytest.mark.parametrize('status', [301, 303, 308])
def test_R05_redirects_that_are_not_followed(start_acs, make_agent, status):
    other = start_acs()
    acs = start_acs('--misbehave', 'redirect-%d:1:%s' % (status, other.url))
    agent = make_agent(acs.url).fast_retry().start()
    assert str(status) in agent.wait_failed(1)
    agent.wait_idle()
    assert acs.informs()[-1].retry == 1 and not other.messages(True)


def test_T017_basic_over_http_is_refused(pair):
    acs, agent = pair('--auth', 'basic', '--user', 'u', '--password', 'p', wait=False, username='u', password='p')
    assert 'clear text' in agent.wait_failed(1)
    assert not any(message.header('Authorization') for message in acs.messages(True))


def test_T017_basic_over_http_by_setting(pair):
    acs, agent = pair('--auth', 'basic', '--user', 'u', '--password', 'p', username='u', password='p', basic_over_http='yes')
    assert works(acs) == {CODE: ''}
    assert [message.header('Authorization') for message in acs.messages(True)] == [None] + ['Basic dTpw'] * 2 + [
        None] + ['Basic dTpw'] * 3


def test_T018_wrong_password(pair):
    acs, agent = pair('--auth', 'digest', '--user', 'u', '--password', 'p', wait=False, fast=True, username='u',
                      password='wrong')
    agent.wait_failed(2)
    posts = acs.messages(True)
    assert [int(message.texts('RetryCount')[0]) for message in posts[:4]] == [0, 0, 1, 1], 'two POSTs a session'
    assert [bool(message.header('Authorization')) for message in posts[:4]] == [False, True] * 2
    assert 'wrong' not in agent.process.stderr.replace('wrong password', '')


def test_T019_unauthorized_with_connection_close(pair):
    acs, agent = pair('--auth', 'digest', '--user', 'u', '--password', 'p', '--misbehave', 'connection-close:1',
                      username='u', password='p')
    first, second, third = acs.messages(True)
    assert first.body == second.body and first.connection != second.connection == third.connection
    assert works(acs) == {CODE: ''}
    assert 'failed' not in agent.process.stderr


@pytest.mark.parametrize('product_class, serial, user', [
    ('Gate way', 'S_1', '001122-Gate%20way-S_1'), ('', 'S1', '001122-S1'), ('a-b.c', 'x/y', '001122-a%2Db%2Ec-x%2Fy'),
    ('Stra\u00dfe', '0%1', '001122-Stra%C3%9Fe-0%251')])
def test_R09_default_username(start_acs, make_agent, product_class, serial, user):
    acs = start_acs('--auth', 'digest', '--user', user, '--password', 'p')
    device = {'product_class': product_class, 'serial_number': serial}
    make_agent(acs.url, sections={'device': device}, password='p').start().wait_idle()


@pytest.mark.parametrize('zone, offset', [('UTC', '(Z|[+-]00:00)'), ('XYZ-5:30', '[+]05:30'), ('XYZ3', '-03:00')])
def test_R43_current_time_has_the_local_offset(start_acs, make_agent, zone, offset):
    acs = start_acs()
    make_agent(acs.url, variables={'TZ': zone}).start().wait_idle()
    told = acs.messages(True)[0].texts('CurrentTime')[0]
    match = re.fullmatch(r'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)' + offset, told)
    assert match, told
    told = datetime.datetime.fromisoformat(told.replace('Z', '+00:00'))
    assert abs(told.timestamp() - time.time()) < 120


def test_T020_retry_after(pair):
    acs, agent = pair('--misbehave', 'status:1:503:4', wait=False, fast=True)
    agent.wait_idle()
    times = [message.time for message in acs.messages(True)]
    assert times[1] - times[0] >= 4


@pytest.mark.parametrize('after, least', [('60', 60), ('Thu, 31 Dec 2099 23:59:59 GMT', 86400), ('0', 0), ('soon', 0)])
def test_T020_retry_after_is_a_lower_bound(pair, after, least):
    """Of the wait that is told, as 60 s are too long for a test; without it this agent waits for one second."""
    acs, agent = pair('--misbehave', 'status:*:503:' + after, wait=False, fast=True)
    wait = float(agent.process.wait_for(r'next try in ([\d.]+) s')[1])
    assert least <= wait <= max(least, 1.1)
    if least:
        time.sleep(1.5)
        assert len(acs.messages(True)) == 1


@pytest.mark.parametrize('kind, reason', [('status:1:500', 'status 500'), ('status:1:404', 'status 404'),
                                          ('status:1:400', 'status 400'), ('garbage:1', 'read|XML'),
                                          ('truncated:1', 'read'), ('hang-up:1', ''),
                                          ('reset:1', ''), ('hang-up-request:1:10', ''), ('fault:1:8001', '8001'),
                                          ('fault:1:8000', '8000'), ('fault:1:8002', '8002'), ('fault:1:8003', '8003'),
                                          ('fault:1:8004', '8004'), ('fault:1:8899', '8899'),
                                          ('content-type:1:text/plain', 'not XML'), ('dtd-bomb:1', 'document type'),
                                          ('content-type:1:text/html; charset=utf-8', 'not XML'),
                                          ('deep:1', 'nested'), ('deep:1:40', 'nested'), ('length-short:1', '')])
def test_T021_T043_T051_bad_answer_fails_the_session_and_the_next_is_good(pair, kind, reason):
    acs, agent = pair('--misbehave', kind, wait=False, fast=True)
    assert re.search(reason, agent.wait_failed(1))
    agent.wait_idle()
    informs = acs.informs()
    assert informs[-1].retry == 1
    assert informs[-1].events == ['0 BOOTSTRAP', '1 BOOT'], 'undelivered events are kept'
    assert works(acs) == {CODE: ''}


@pytest.mark.parametrize('kind', ['silent:1', 'length-long:1', 'drip:1:1000'])
def test_T022_T053_silent_server(pair, kind):
    """Waits at least 30 s (R-12); here it is only seen that the agent is not deaf meanwhile, and ends at once."""
    acs, agent = pair('--misbehave', kind, wait=False)
    wait_until(lambda: acs.messages(True), 'the Inform')
    assert agent.tree(KEY) == {KEY: ''}
    agent.set(PeriodicInformInterval=77)
    assert agent.process.stop() == 0


def test_T023_empty_post(pair):
    acs, agent = pair()
    empty = next(message for message in acs.messages(True) if not message.body)
    assert empty.header('Content-Length') == '0'
    assert empty.header('Content-Type') is None and empty.header('SOAPAction') is None


def test_T026_ipv6_literal(start_acs, make_agent):
    acs = start_acs('--listen', '::1')
    agent = make_agent('http://[::1]:%d/' % acs.port).start()
    agent.wait_idle()
    assert acs.messages(True)[0].header('Host') == '[::1]:%d' % acs.port
    assert acs.informs()[0].parameters[SERVER + 'ConnectionRequestURL'].startswith('http://[::1]:')


def test_T037_answer_with_another_id(pair):
    acs, agent = pair('--misbehave', 'wrong-id:1')
    assert re.search('InformResponse has the ID "another-id" instead of', agent.process.stderr)
    assert works(acs) == {CODE: ''}


@pytest.mark.parametrize('kind', ['xml-declaration', 'byte-order-mark', 'other-prefixes', 'default-namespace', 'qualified',
                                  'no-array-type', 'wrong-array-count', 'array-xsi-type', 'cdata', 'null-id',
                                  'no-content-type', 'pretty', 'comments', 'no-header', 'no-id', 'unknown-header:*:0'])
def test_T038_T049_strange_but_legal_servers(pair, kind):
    acs, agent = pair('--misbehave', kind if ':' in kind else kind + ':*', strange=kind in ('no-header', 'no-id'))
    results = acs.call(('get', CODE, KEY), ('set', CODE, 'a<&>"\'b'), ('names', SERVER, '1'), ('get', CODE),
                       ('set-attributes', CODE, '1'), ('attributes', CODE))
    assert all(result.good for result in results), results
    assert results[3].values == {CODE: 'a<&>"\'b'}
    assert 'failed' not in agent.process.stderr


def test_T038_no_id_in_the_answer(pair):
    acs, agent = pair('--no-id', strange=True)
    works(acs)
    answers = [message for message in acs.messages(True) if message.method == 'GetParameterValuesResponse']
    assert answers and all(message.id is None for message in answers)


def test_T039_odd_id_is_echoed(pair):
    odd = ' a <&>"\' \u00e4\u20ac;%s  #\\?=+]]>{}\u20ac0/*~ '
    assert len(odd) == 32
    acs, agent = pair('--misbehave', 'id:*:' + odd)
    works(acs)
    answer = next(message for message in acs.messages(True) if message.method == 'GetParameterValuesResponse')
    assert answer.id == odd


def test_T040_hold_requests(pair):
    acs, agent = pair('--hold')
    assert works(acs) == {CODE: ''}
    assert 'failed' not in agent.process.stderr


@pytest.mark.parametrize('understand', [1, 0])
def test_T041_unknown_header_must_understand(pair, understand):
    acs, agent = pair()
    results = acs.call(('get', KEY), ('misbehave', 'unknown-header:1:%d' % understand), ('get', CODE), ('get', KEY))
    texts = [message.body.decode() for message in acs.messages(True)]
    assert any('MustUnderstand</faultcode>' in text for text in texts) == bool(understand)
    assert [result.good for result in results].count(False) == understand


def test_T042_inform_resent_for_8005(pair):
    acs, agent = pair('--misbehave', 'fault:1:8005')
    informs = [message for message in acs.messages(True) if message.method == 'Inform']
    assert len(informs) == 2 and informs[0].body == informs[1].body


def test_T042_8005_again_and_again(pair):
    acs, agent = pair('--misbehave', 'fault:*:8005', wait=False)
    assert '8005' in agent.wait_failed(1)
    assert len([message for message in acs.messages(True) if message.method == 'Inform']) == 6


@pytest.mark.parametrize('version, namespace', [('1.0', '1-0'), ('1.1', '1-1'), ('1.2', '1-2'), ('1.4', '1-2')])
def test_T045_use_cwmp_version(pair, version, namespace):
    acs, agent = pair('--use-cwmp-version', version)
    works(acs)
    answer = next(message for message in acs.messages(True) if message.method == 'GetParameterValuesResponse')
    assert ('urn:dslforum-org:cwmp-' + namespace) in answer.body.decode()


def test_T046_unknown_version(pair):
    acs, agent = pair('--use-cwmp-version', '9.9', wait=False)
    assert '9.9' in agent.wait_failed(1)


@pytest.mark.parametrize('version', ['1-0', '1-1', '1-2', '1-3', '1-4'])
def test_T047_namespace_of_the_answer(pair, version):
    acs, agent = pair('--version-namespace', version, strange=version in ('1-3', '1-4'))
    works(acs)
    answer = next(message for message in acs.messages(True) if message.method == 'GetParameterValuesResponse')
    assert ('urn:dslforum-org:cwmp-' + version) in answer.body.decode()


def test_T048_lower_version_after_400(pair):
    acs, agent = pair('--misbehave', 'status:1-2:400', wait=False, fast=True)
    agent.wait_idle()
    assert [message.body.decode().count('cwmp-1-0') > 0 for message in acs.messages(True)][:3] == [False, False, True]
    assert acs.informs()[-1].version == '1-0'


def test_R38_lower_version_after_fault_8006(pair):
    """The ACS says itself that it is the version: one fault is enough."""
    acs, agent = pair('--misbehave', 'fault:1:8006', wait=False, fast=True)
    assert '8006' in agent.wait_failed(1)
    agent.wait_idle()
    assert acs.informs()[-1].version == '1-0' and acs.informs()[-1].retry == 1
    assert works(acs) == {CODE: ''}
    assert acs.informs()[-1].version == '1-2', 'each session begins anew'


def test_T048_without_the_setting(pair):
    acs, agent = pair('--misbehave', 'status:1-5:400', wait=False, fast=True, version_fallback='no')
    agent.wait_idle()
    informs = [message.body for message in acs.messages(True) if message.method == 'Inform']
    assert len(informs) == 6 and not any(b'cwmp-1-0' in body for body in informs)


def test_T050_unknown_method(pair, tmp_path):
    acs, agent = pair()
    request = tmp_path / 'unknown.xml'
    request.write_text('<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:c="urn:dslforum-org:cwmp-1-2">'
                       '<e:Header><c:ID e:mustUnderstand="1">7</c:ID></e:Header>'
                       '<e:Body><c:X_ESPALIER_Unknown/></e:Body></e:Envelope>')
    unknown, after = acs.call(('raw', str(request)), ('get', CODE))
    assert unknown.fault == 9000 and after.good


def test_T054_T055_retry_count(start_acs, make_agent, free_port):
    port = free_port()
    agent = make_agent('http://127.0.0.1:%d/' % port).fast_retry().start()
    agent.wait_failed(3)
    acs = start_acs(port=port)
    inform = acs.wait_inform()
    assert inform.retry >= 3
    agent.wait_idle()
    agent.set(PeriodicInformInterval=1)
    assert acs.wait_inform('2 PERIODIC').retry == 0


def test_T056_restart_during_retry(start_acs, make_agent, free_port):
    port = free_port()
    agent = make_agent('http://127.0.0.1:%d/' % port).fast_retry().start()
    agent.wait_failed(2)
    agent.process.kill()
    acs = start_acs(port=port)
    agent.start()
    inform = acs.wait_inform()
    assert inform.retry == 0 and inform.events == ['0 BOOTSTRAP', '1 BOOT']


def test_lock_of_a_moment(pair):
    acs, agent = pair('--misbehave', 'lock:1:300', wait=False, fast=True)
    agent.wait_idle()
    assert acs.informs()[-1].events == ['0 BOOTSTRAP', '1 BOOT']


def test_cookie_on_the_same_connection(pair):
    acs, agent = pair('--session-cookie', 'required')
    assert works(acs) == {CODE: ''}


def test_T104_T103_periodic(pair):
    acs, agent = pair(periodic_interval=1)
    count = len(acs.informs())
    inform = acs.wait_inform('2 PERIODIC', after=count)
    assert inform.events == ['2 PERIODIC']
    agent.set(PeriodicInformEnable='false')


def test_T101_bootstrap_until_it_is_acknowledged(start_acs, make_agent):
    acs = start_acs('--misbehave', 'hang-up:1')
    agent = make_agent(acs.url).start()
    agent.wait_failed(1)
    agent.process.kill()
    agent.start().wait_idle()
    assert '0 BOOTSTRAP' in acs.informs()[-1].events
    agent.restart()
    agent.set(PeriodicInformInterval=1)
    assert acs.wait_inform('2 PERIODIC').events == ['2 PERIODIC'], 'no second BOOTSTRAP, and BOOT only at a boot'


def test_T101_power_cut_after_a_new_url(start_acs, make_agent, run_folder):
    """The new ACS has not answered the Inform when the power goes: it is told again, with the BOOT of that."""
    second = start_acs(*CREDENTIALS, '--misbehave', 'silent:1')
    first = start_acs(*CREDENTIALS)
    agent = make_agent(first.url).start()
    first.wait_inform()
    agent.wait_idle()
    assert first.call(('set', SERVER + 'URL', second.url)).good
    assert second.wait_inform().events == ['0 BOOTSTRAP']
    for _ in range(2):
        second.run('misbehave', 'silent:1')
        count = len(second.informs())
        agent.power_cut(run_folder)
        assert second.wait_inform(after=count).events == ['0 BOOTSTRAP', '1 BOOT']
    second.run('misbehave', 'off')
    count = len(second.informs())
    agent.power_cut(run_folder)
    agent.wait_idle()
    assert second.informs()[-1].events == ['0 BOOTSTRAP', '1 BOOT']
    assert second.call(('set', CODE, 'x')).good, 'durable, and so is what was before it'
    agent.power_cut(run_folder)
    agent.wait_idle()
    assert second.informs()[-1].events == ['1 BOOT'] and len(first.informs()) == 2


def test_R94_boot_event_by_boot_id(pair):
    acs, agent = pair()
    agent.process.stop()
    agent.seed(1, {'boot-id': 'another boot'})
    agent.start()
    assert acs.wait_inform(after=1).events == ['1 BOOT']
