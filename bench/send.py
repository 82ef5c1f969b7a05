# SPDX-License-Identifier: GPL-2.0-or-later
# send: CPU time a parameter of the agent's whole answer to GetParameterValues over loopback, beside sending the same
# finished bytes with one send() to the same peer; over TLS beside wolfSSL with the finished bytes. And the memory that
# the agent takes for an answer of the whole tree with a million parameters, beyond what it has before.
import re

from figures import figure, missing
from peer import Peer
from programs import Failed, Scene, anonymous, cpu, wait_quiet
from tls import Certificate

SIZES = (10000, 100000)
RUNS = 21
RUNS_OTHER = 11
RATIO_GOAL = 1.25
RATIO_GOAL_TLS = 1.2
LARGE = 1000000
LARGE_RUNS = 5
MEMORY_GOAL_KB = 4096
SAMPLE = 4 * 1024 * 1024  # bytes of the answer between two looks at the agent's memory
PUBLISHED = 'Device.X_EXAMPLE-ORG_Bench.'
UNIT = 'ns/parameter'
REFERENCE = 'one send of the finished bytes'
PIECE = 128 * 1024  # the agent's, but for the first: RING_COPIED_SIZE
REFERENCE_COPIED = 'memcpy and send of the finished bytes, piece by piece'
REFERENCE_TLS = 'wolfSSL on the finished bytes'
MEMORY_UNIT = 'KB'


def asked(process, connection, request):
    """CPU seconds that a process takes to answer a request, all of it received."""
    wait_quiet(process.pid, 0.005)
    before = cpu(process.pid)
    connection.send(request)
    connection.receive()
    wait_quiet(process.pid, 0.005)
    return cpu(process.pid) - before


def first_answer(scene, peer, path):
    """Keeps the first answer in a file; returns the file and the count of its parameters."""
    file_name = scene.folder / 'answer'
    peer.agent.send(peer.request(path))
    with open(file_name, 'wb') as file:
        peer.agent.receive(file.write)
    with open(file_name, 'rb') as file:
        match = re.search(rb'ParameterValueStruct\[(\d+)\]', file.read(65536))
    if not match:
        raise Failed('the agent does not answer GetParameterValues of "%s"' % path)
    return file_name, int(match[1])


def measure_case(scene, peer, agent, path, before_each, runs, piece=(), program='send-finished'):
    """Asks for a path again and again, each time the agent and then the program that has the finished bytes."""
    file_name, count = first_answer(scene, peer, path)
    finished = scene.start('bench/' + program, scene.acs_port, file_name, *piece)
    connection = peer.accept()
    used, reference = [], []
    for _ in range(runs):
        request = peer.request(path)
        before_each()
        used.append(asked(agent, peer.agent, request) * 1e9 / count)
        reference.append(asked(finished, connection, request) * 1e9 / count)
    connection.close()
    return used, reference


def measure(build, size):
    """Yields the figures of one tree size."""
    with Scene(build) as scene:
        publisher = scene.publish(size)
        peer = Peer(scene.acs_port)
        agent = scene.agent()
        peer.start()
        for case, path, runs, before_each, goal in (
                ('%d', PUBLISHED, RUNS, lambda: None, RATIO_GOAL),
                ('%d new values', PUBLISHED, RUNS_OTHER, lambda: scene.update(publisher), None),
                ('%d and the agent\'s own', '', RUNS_OTHER, lambda: None, None)):
            used, reference = measure_case(scene, peer, agent, path, before_each, runs)
            yield figure('send', case % size, UNIT, used, REFERENCE, reference, goal_ratio=goal)
        used, reference = measure_case(scene, peer, agent, PUBLISHED, lambda: None, RUNS, (PIECE,))
        yield figure('send', '%d beside a copy' % size, UNIT, used, REFERENCE_COPIED, reference)
        peer.agent.close()
        peer.close()


def measure_tls(build, size):
    """The figure over TLS."""
    with Scene(build) as scene:
        scene.publish(size)
        certificate = Certificate(scene.folder)
        peer = Peer(scene.acs_port, certificate.context())
        agent = scene.agent(certificate.path)
        peer.start()
        used, reference = measure_case(scene, peer, agent, PUBLISHED, lambda: None, RUNS, program='send-encrypted')
        yield figure('send', '%d over TLS' % size, UNIT, used, REFERENCE_TLS, reference, goal_ratio=RATIO_GOAL_TLS)
        peer.agent.close()
        peer.close()


def measure_memory(build):
    """The figure of the memory for a large answer."""
    grown, case = [], '%d' % LARGE
    for _ in range(LARGE_RUNS):
        with Scene(build) as scene:
            scene.publish(LARGE)
            peer = Peer(scene.acs_port)
            agent = scene.agent()
            peer.start()
            # The index of names is there once a name has been looked up.
            peer.agent.send(peer.request('Device.DeviceInfo.SoftwareVersion'))
            peer.agent.receive()
            wait_quiet(agent.pid, 0.1)
            before = anonymous(agent.pid)
            state = {'peak': before, 'until': 0, 'bytes': 0}

            def sample(piece, state=state, pid=agent.pid):
                state['bytes'] += len(piece)
                if state['bytes'] >= state['until']:
                    state['peak'] = max(state['peak'], anonymous(pid))
                    state['until'] = state['bytes'] + SAMPLE
            peer.agent.send(peer.request(''))
            peer.agent.receive(sample)
            grown.append(max(state['peak'], anonymous(agent.pid)) - before)
            peer.agent.close()
            peer.close()
            if state['bytes'] < LARGE:
                raise Failed('the answer has only %d bytes' % state['bytes'])
    return figure('answer_memory', case, MEMORY_UNIT, grown, goal_value=MEMORY_GOAL_KB)


def run(build):
    """Yields all figures."""
    for size in SIZES:
        try:
            yield from measure(build, size)
            yield from measure_tls(build, size)
        except (Failed, OSError) as error:
            yield missing('send', '%d' % size, UNIT, str(error))
    try:
        yield measure_memory(build)
    except (Failed, OSError) as error:
        yield missing('answer_memory', '%d' % LARGE, MEMORY_UNIT, str(error))
