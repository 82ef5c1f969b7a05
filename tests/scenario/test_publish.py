# SPDX-License-Identifier: GPL-2.0-or-later
# espalier-publish: lines become parameters, groups appear at once, requests are lines, wrong lines are told.
import json
import signal
import subprocess

import pytest

from process import wait_until
from publisher import Publisher, value_of


def tree_of(run):
    return {path: value for path, value in json.loads(run('shmdump', '-j').stdout).items() if 'Marker' not in path}


def test_values_and_instances(start, run):
    publisher = Publisher(start, run, 'Device.X_EX_Port.3.Name string eth3')
    assert tree_of(run) == {'Device.X_EX_Port.3.Name': 'eth3'}
    publisher.give('Device.X_EX_Port.3.Name string lan\nDevice.X_EX_Port.7.Name string wan')
    assert tree_of(run) == {'Device.X_EX_Port.3.Name': 'lan', 'Device.X_EX_Port.7.Name': 'wan'}
    publisher.give('delete Device.X_EX_Port.3.')
    assert tree_of(run) == {'Device.X_EX_Port.7.Name': 'wan'}


def test_schema_grows(start, run):
    publisher = Publisher(start, run, 'Device.X_EX_Port.3.Name string eth3')
    publisher.give('Device.X_EX_Port.3.Speed unsignedInt 10\nDevice.X_EX_Port.3.Stats.Bytes unsignedLong 1\n'
                   'Device.X_EX_Other.1.Deep.2.A boolean 1')
    assert tree_of(run) == {'Device.X_EX_Port.3.Name': 'eth3', 'Device.X_EX_Port.3.Speed': 10,
                            'Device.X_EX_Port.3.Stats.Bytes': 1, 'Device.X_EX_Other.1.Deep.2.A': True}
    publisher.give('delete Device.X_EX_Port.3.\nDevice.X_EX_Port.4.Speed unsignedInt 20')
    assert tree_of(run) == {'Device.X_EX_Port.4.Name': '', 'Device.X_EX_Port.4.Speed': 20,
                            'Device.X_EX_Port.4.Stats.Bytes': 0, 'Device.X_EX_Other.1.Deep.2.A': True}


def test_escapes(start, run):
    Publisher(start, run, 'Device.X_EX_A string \\x20two\\nlines\\\\\\t')
    assert tree_of(run) == {'Device.X_EX_A': ' two\nlines\\\t'}


def test_quiet_input_ends_a_group(start, run, run_folder):
    publisher = start('espalier-publish', '-n', 'q', stdin=subprocess.PIPE)
    publisher.write('Device.X_EX_A int 1\n')
    publisher.wait_for_file(run_folder / 'q.seg')
    assert tree_of(run) == {'Device.X_EX_A': 1}


def test_begun_group_waits_for_commit(start, run):
    publisher = Publisher(start, run, 'Device.X_EX_A int 1\nDevice.X_EX_B int 1')
    publisher.process.write('begin\nDevice.X_EX_A int 2\n')
    # The line of the other publisher is later than the time after which a group ends by itself.
    Publisher(start, run, 'Device.X_EX_C int 1', name='other')
    run('espalier-request', 'set', 'Device.X_EX_A=3', status=1)
    assert tree_of(run) == {'Device.X_EX_A': 1, 'Device.X_EX_B': 1, 'Device.X_EX_C': 1}
    publisher.give('Device.X_EX_B int 2')
    assert tree_of(run)['Device.X_EX_A'] == 2


def test_end_of_input(start, run, run_folder):
    stays = start('espalier-publish', '-n', 'stays', stdin=subprocess.PIPE)
    stays.write('Device.X_EX_A int 1')
    stays.popen.stdin.close()
    stays.wait_for_file(run_folder / 'stays.seg')
    assert tree_of(run) == {'Device.X_EX_A': 1}
    assert stays.stop(signal.SIGTERM) == 0
    assert list(run_folder.glob('*.seg')) == []
    assert run('espalier-publish', '-e', text='Device.X_EX_A int 1\n').stderr == ''
    assert list(run_folder.glob('*.seg')) == []
    assert 'given up' in run('espalier-publish', '-e', text='Device.X_EX_A int 1\nbegin\nDevice.X_EX_A int 2\n').stderr
    assert 'declared no parameter' in run('espalier-publish', text='# nothing\n', status=1).stderr


@pytest.mark.parametrize('line, message', [
    ('hello', 'line 1: "hello" is neither a path nor a word'),
    ('Device.X_EX_A number 1', 'line 1: "number" is no type'),
    ('Device.X_EX_A int one', 'line 1: "one" is no value of type int'),
    ('Device.X_EX_A int[1:5] 6', 'line 1: "6" is outside the limits'),
    ('Device.X_EX_A string(2) abc', 'line 1: "abc" is outside the limits'),
    ('Device.X_EX_A string{Up,Down} Sideways', 'line 1: "Sideways" is outside the limits'),
    ('Device.X_EX_A unsignedInt -1', 'line 1: "-1" is outside the limits'),
    ('Device.X_EX_A dateTime yesterday', 'line 1: "yesterday" is no value'),
    ('Device.X_EX_A string \\q', 'line 1: the value has a backslash'),
    ('delete Device.X_EX_Z.1.', 'line 1: there is no Device.X_EX_Z.1.'),
    ('ok 5', 'line 1: no request has this number'),
    ('Device.X_EX_A string ' + 'x' * 70000, 'line 1: the value has more than 65535 bytes'),
    ('Device.X_EX_A string ' + 'x' * 300000, 'line 1: the line is too long'),
], ids=lambda text: text[:40])
def test_wrong_line_is_told_and_skipped(start, run, line, message):
    publisher = Publisher(start, run, line + '\nDevice.X_EX_Good int 5')
    assert message in publisher.process.stderr
    assert publisher.process.stderr.count('\n') == 1
    assert tree_of(run) == {'Device.X_EX_Good': 5}


def test_declaration_cannot_change(start, run):
    publisher = Publisher(start, run, 'Device.X_EX_A string(8) a')
    publisher.give('Device.X_EX_A int 5\nDevice.X_EX_A string(9) b\nDevice.X_EX_A string(8) c')
    assert 'was declared as string, not as int' in publisher.process.stderr
    assert 'with other limits' in publisher.process.stderr
    assert tree_of(run) == {'Device.X_EX_A': 'c'}


def test_name_is_taken(start, run):
    Publisher(start, run, 'Device.X_EX_A int 1')
    assert 'another living program' in run('espalier-publish', '-n', 'test', text='Device.X_EX_B int 1\n', status=1).stderr


def test_dead_publisher_is_replaced(start, run):
    Publisher(start, run, 'Device.X_EX_A int 1').process.kill()
    assert tree_of(run) == {'Device.X_EX_A': 1}
    Publisher(start, run, 'Device.X_EX_A int 2')
    assert tree_of(run) == {'Device.X_EX_A': 2}


@pytest.mark.parametrize('arguments', [['-x'], ['file'], ['-t', '0'], ['-t', 'x'], ['-t', '26']])
def test_wrong_usage(run, arguments):
    assert run('espalier-publish', *arguments, status=2).stderr


def test_wrong_name(run):
    assert "can't be a segment's name" in run('espalier-publish', '-n', '../x', text='Device.X_EX_A int 1\n', status=1).stderr


SETTABLE = r'''
Device.X_EX_A string,rw a
Device.X_EX_B int[0:9],rw 1
Device.X_EX_Secret string,rw,hidden none
Device.X_EX_T.{i}. object,rw
Device.X_EX_T.1.N string,rw one
'''


def test_set_is_a_line_and_an_answer(start, run):
    publisher = Publisher(start, run, SETTABLE)
    asking = start('espalier-request', 'set', 'Device.X_EX_A=two\nlines', 'Device.X_EX_B=5')
    publisher.answer(r'^set (?P<id>\d+) Device\.X_EX_A two\\nlines$', 'ok {id}')
    publisher.answer(r'^set (?P<id>\d+) Device\.X_EX_B 5$', 'ok {id}')
    assert asking.wait() == 0
    assert (value_of(run, 'Device.X_EX_A'), value_of(run, 'Device.X_EX_B')) == ('two\\nlines', '5')


def test_fault_of_one_takes_back_the_others(start, run):
    publisher = Publisher(start, run, SETTABLE)
    asking = start('espalier-request', 'set', 'Device.X_EX_A=new', 'Device.X_EX_B=5')
    publisher.answer(r'^set (?P<id>\d+) Device\.X_EX_A new$', 'ok {id}')
    publisher.answer(r'^set (?P<id>\d+) Device\.X_EX_B 5$', 'fault {id} 9007 not five')
    assert asking.wait() == 1
    assert 'fault 9007: Device.X_EX_B: not five' in asking.stderr
    publisher.answer(r'^set (?P<id>\d+) Device\.X_EX_A a$', 'ok {id}')
    assert (value_of(run, 'Device.X_EX_A'), value_of(run, 'Device.X_EX_B')) == ('a', '1')


def test_set_over_two_owners_is_undone(start, run):
    first = Publisher(start, run, SETTABLE)
    Publisher(start, run, 'Device.X_EX_C string,rw c', '-t', '0.1', name='other')
    asking = start('espalier-request', 'set', 'Device.X_EX_A=new', 'Device.X_EX_C=new')
    first.answer(r'^set (?P<id>\d+) Device\.X_EX_A new$', 'ok {id}')
    first.answer(r'^set (?P<id>\d+) Device\.X_EX_A a$', 'ok {id}')
    assert asking.wait() == 1
    assert (value_of(run, 'Device.X_EX_A'), value_of(run, 'Device.X_EX_C')) == ('a', 'c')


def test_no_answer_in_time(start, run):
    publisher = Publisher(start, run, SETTABLE, '-t', '0.1')
    assert 'no answer in time' in run('espalier-request', 'set', 'Device.X_EX_A=new', status=1).stderr
    publisher.process.write('ok 1\n')
    publisher.give('# a late answer is no error')
    assert publisher.process.stderr == ''
    assert value_of(run, 'Device.X_EX_A') == 'a'


def test_add_and_delete(start, run):
    publisher = Publisher(start, run, SETTABLE)
    asking = start('espalier-request', 'add', 'Device.X_EX_T.')
    publisher.answer(r'^add (?P<id>\d+) Device\.X_EX_T\.$', 'Device.X_EX_T.7.N string seven\nok {id} 7')
    assert asking.wait() == 0
    assert asking.stdout == 'Device.X_EX_T.7.\n'
    assert value_of(run, 'Device.X_EX_T.7.N') == 'seven'
    asking = start('espalier-request', 'delete', 'Device.X_EX_T.1.')
    publisher.answer(r'^delete (?P<id>\d+) Device\.X_EX_T\.1\.$', 'ok {id}')
    assert asking.wait() == 0
    run('shmdump', 'Device.X_EX_T.1.', status=1)


def test_operate(start, run):
    publisher = Publisher(start, run, SETTABLE)
    asking = start('espalier-request', 'operate', 'Device.X_EX_A', 'How=very fast')
    publisher.answer(r'^operate (?P<id>\d+) Device\.X_EX_A How=very\\x20fast$', 'ok {id}')
    assert asking.wait() == 0


def test_secret_goes_to_the_script_only(start, run, run_folder):
    publisher = Publisher(start, run, SETTABLE)
    asking = start('espalier-request', 'set', 'Device.X_EX_Secret=very secret')
    publisher.answer(r'^set (?P<id>\d+) Device\.X_EX_Secret very secret$', 'ok {id}')
    assert asking.wait() == 0
    assert value_of(run, 'Device.X_EX_Secret') == ''
    assert b'very secret' not in (run_folder / 'test.seg').read_bytes()


def test_nobody_answers_after_the_end_of_input(start, run, run_folder):
    publisher = start('espalier-publish', '-n', 'test', stdin=subprocess.PIPE)
    publisher.write(SETTABLE)
    publisher.popen.stdin.close()
    publisher.wait_for_file(run_folder / 'test.seg')
    assert 'fault 9002' in run('espalier-request', 'set', 'Device.X_EX_A=new', status=1).stderr


def test_accept(start, run):
    Publisher(start, run, SETTABLE, '--accept')
    run('espalier-request', 'set', 'Device.X_EX_A=new', 'Device.X_EX_B=9')
    assert run('espalier-request', 'add', 'Device.X_EX_T.').stdout == 'Device.X_EX_T.2.\n'
    run('espalier-request', 'delete', 'Device.X_EX_T.1.')
    assert tree_of(run) == {'Device.X_EX_A': 'new', 'Device.X_EX_B': 9, 'Device.X_EX_Secret': '',
                            'Device.X_EX_T.2.N': ''}


def test_many_lines(start, run):
    count = 20000
    Publisher(start, run, '\n'.join('Device.X_EX_T.%d.N unsignedInt %d' % (i, i) for i in range(1, count + 1)))
    values = tree_of(run)
    assert len(values) == count and values['Device.X_EX_T.%d.N' % count] == count


def test_request_survives_a_growing_schema(start, run):
    publisher = Publisher(start, run, SETTABLE)
    asking = start('espalier-request', 'set', 'Device.X_EX_A=new')
    publisher.process.wait_for(r'^set \d+ Device\.X_EX_A new$', stream='stdout')
    publisher.give('Device.X_EX_More.1.A string more')
    publisher.answer(r'^set (?P<id>\d+) Device\.X_EX_A new$', 'ok {id}')
    assert asking.wait() == 0
    wait_until(lambda: value_of(run, 'Device.X_EX_A') == 'new', 'the value')
