# SPDX-License-Identifier: GPL-2.0-or-later
# Methods of a vendor: docs/examples/operation.c offers one, the ACS calls it. No schema has a vendor's messages, so
# they are not kept for validation.
import os
import pathlib
import signal
import time

import pytest

from acs import start_acs  # noqa: F401
from agent import CODE, make_agent, pair  # noqa: F401
from examples import example, installed  # noqa: F401
from process import wait_until

NAME = 'X_EXAMPLE_Blink'
NAMESPACE = 'urn:example-com:blink-1-0'
HERE = pathlib.Path(__file__).parent
LEVEL = 'Device.X_EXAMPLE_Owner.Level'


@pytest.fixture
def lamp(example, start, run_folder):
    """The example program, which offers the method."""
    process = start(example('operation'))
    process.wait_for_file(run_folder / 'lamp.seg')
    return process


@pytest.fixture
def call(tmp_path):
    """call(acs, '<Colour>red</Colour>') calls the method; returns the agent's message and the ACS's result."""
    def one(acs, arguments='', name=NAME, namespace=NAMESPACE, opening='<v:%s xmlns:v="%s">', closing='</v:%s>'):
        request = tmp_path / 'request.xml'
        request.write_text('<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
                           'xmlns:c="urn:dslforum-org:cwmp-1-2"><e:Header><c:ID e:mustUnderstand="1">7</c:ID></e:Header>'
                           '<e:Body>%s%s%s</e:Body></e:Envelope>' % (opening % (name, namespace), arguments, closing % name))
        result = acs.call(('raw', str(request)))
        return [message for message in acs.messages(True) if message.path and message.id == '7'][-1], result
    return one


def test_R52_vendor_method(pair, lamp, call):
    acs, agent = pair(strange=True)
    assert any(NAME in line for line in acs.call(('methods',)).lines)
    answer, _ = call(acs, '<Seconds>60</Seconds><Colour>red</Colour>')
    body = answer.root[-1][0]
    assert body.tag == '{%s}%sResponse' % (NAMESPACE, NAME)
    # In the order of the schema, whatever the owner's.
    assert [(element.tag, element.text) for element in body] == [('Lamp', 'front'), ('Text', '<red & bright>')]
    again, result = call(acs, '<Colour>red</Colour>')
    assert result.fault == 9800 and again.texts('FaultString') == [NAME + ': it blinks already']


def test_R52_vendor_method_in_strange_namespaces(pair, lamp, call):
    acs, agent = pair(strange=True)
    answer, _ = call(acs, '<v:Colour>green</v:Colour>', namespace='urn:a?b&amp;c="1"'.replace('"', '&quot;'))
    assert answer.root[-1][0].tag == '{urn:a?b&c="1"}%sResponse' % NAME
    answer, result = call(acs, namespace='urn:dslforum-org:cwmp-1-2')
    assert result.fault == 9003
    lamp.kill()


@pytest.mark.parametrize('arguments, code, why', [
    ('', 9003, 'Invalid arguments'),
    ('<Colour>blue</Colour>', 9003, 'limits exclude'),
    ('<Colour>red</Colour><Seconds>61</Seconds>', 9003, 'limits exclude'),
    ('<Colour>red</Colour><Seconds>x</Seconds>', 9003, 'limits exclude'),
    ('<Colour>red</Colour><Colour>red</Colour>', 9003, 'given twice'),
    ('<Color>red</Color>', 9003, 'does not know'),
    ('<Lamp>front</Lamp>', 9003, 'does not know'),
    ('<Colour><Red/></Colour>', 9003, 'an element where a value belongs'),
    ('<Colour>%s</Colour>' % ('x' * 70000), 9003, 'too long'),
    ('<A>1</A>' * 513, 9004, 'too many'),
], ids=['none', 'enumeration', 'range', 'type', 'twice', 'unknown', 'result', 'nested', 'long', 'many'])
def test_R52_vendor_method_with_wrong_arguments(pair, lamp, call, arguments, code, why):
    acs, agent = pair(strange=True)
    answer, result = call(acs, arguments)
    assert result.fault == code and why in answer.texts('FaultString')[0]
    assert acs.call(('get', CODE)).good


@pytest.mark.parametrize('name', ['X_EXAMPLE_Other', 'X_EXAMPLE_BlinkX', 'X_', 'X_EXAMPLE_Blin', 'X_' + 'a' * 300],
                         ids=['other', 'longer', 'empty', 'shorter', 'long'])
def test_R52_vendor_method_that_is_not_there(pair, lamp, call, name):
    acs, agent = pair(strange=True)
    assert call(acs, '<Colour><Red/></Colour>', name=name)[1].fault == 9000


def test_R52_vendor_method_is_no_parameter(pair, lamp):
    acs, agent = pair(strange=True)
    assert not any(NAME in line for line in acs.call(('names', 'Device.', '0')).lines)
    for path in ('Device.%s.' % NAME, 'Device.%s.Colour' % NAME):
        assert acs.call(('get', path)).fault == 9005


def test_R52_vendor_method_whose_owner_dies(pair, lamp, call, tmp_path):
    acs, agent = pair(strange=True)
    os.kill(lamp.pid, signal.SIGSTOP)
    request = tmp_path / 'waiting.xml'
    request.write_text('<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
                       '<v:%s xmlns:v="%s"><Colour>red</Colour></v:%s></e:Body></e:Envelope>' % (NAME, NAMESPACE, NAME))
    numbers = acs.send_all([('connect',), ('raw', str(request))])
    wait_until(lambda: any(message.method == NAME for message in acs.messages(False)), 'the call')
    lamp.kill()
    result = acs.result(numbers[1])
    assert result.fault == 9002
    answer, result = call(acs, '<Colour>red</Colour>')
    assert result.fault == 9002 and 'does not run' in answer.texts('FaultString')[0]
    assert acs.call(('get', CODE)).good


def test_R52_vendor_method_whose_owner_is_late(pair, lamp, call):
    acs, agent = pair(strange=True)
    os.kill(lamp.pid, signal.SIGSTOP)
    answer, result = call(acs, '<Colour>red</Colour><Seconds>60</Seconds>')
    assert result.fault == 9002 and 'does not answer' in answer.texts('FaultString')[0]
    os.kill(lamp.pid, signal.SIGCONT)
    # Its late answer is for nobody, and the next call is served again.
    assert call(acs, '<Colour>red</Colour>')[1].fault == 9800


def test_R52_a_method_without_an_answer_holds_nothing_up(pair, example, start, run, run_folder, call):
    """Sets, notifications and other methods of the same owner go on, whatever it does not answer."""
    owner = start(example('silent-owner', HERE))
    owner.wait_for_file(run_folder / 'silent.seg')
    acs, agent = pair(strange=True)
    answer, result = call(acs, name='X_EXAMPLE_Silence')
    assert result.fault == 9002 and 'does not answer' in answer.texts('FaultString')[0]
    begun = time.monotonic()
    assert acs.set({LEVEL: '5'}).good and acs.get(LEVEL) == {LEVEL: '5'}
    assert not call(acs, name='X_EXAMPLE_Echo')[1].fault
    assert acs.call(('set-attributes', LEVEL, '2')).good
    before = len(acs.informs())
    run('espalier-request', 'set', LEVEL + '=6')
    assert acs.wait_inform('4 VALUE CHANGE', before).parameters[LEVEL] == '6'
    assert time.monotonic() - begun < 20, 'nothing waited for an owner'
    assert owner.stderr.count('called Device.X_EXAMPLE_Silence()') == 1


def test_operation_by_local_programs(lamp, run):
    assert 'Lamp = front' in run('espalier-request', 'operate', 'Device.%s()' % NAME, 'Colour=green').stdout
    assert '9007' in run('espalier-request', 'operate', 'Device.%s()' % NAME, 'Colour=blue', status=1).stderr
    assert 'operation' in run('shmdump', '-S', 'Device.%s.' % NAME).stdout
