# SPDX-License-Identifier: GPL-2.0-or-later
# session: CPU, wall time, system calls and memory of whole sessions between the agent and the small ACS. A session is a
# connection request, Inform, GetParameterNames and GetParameterValues of the whole tree, GetParameterValues of 20 names
# and one SetParameterValues.
import json
import re
import shutil
import signal
import subprocess
import time

from figures import figure, missing
from programs import Failed, Scene, cpu, memory, wait_quiet
from tls import Certificate

SIZES = (1000, 10000, 100000)
RUNS = 11
RUNS_TLS = 5
SESSIONS = 1  # of one run, after one that is not timed
MEMORY_GOAL_KB = 3 * 1024  # at 1,000 parameters
SMALL = 1000
WALL_TIMES = (('session_time', 'session'), ('session_names', 'names'), ('session_values', 'values'),
              ('session_request_to_inform', 'request_to_inform'))


def sessions(scene, url, count, options=()):
    """Runs some sessions; returns the ACS's figures."""
    text = scene.acs('--sessions', count, '--connection-url', url, *options)
    return json.loads(text[text.index('{"sessions"'):])['steps']


def count_by_perf(pid, work):
    """System calls of all threads of a process while work() runs, or None where perf cannot count them."""
    if not shutil.which('perf'):
        return None
    counter = subprocess.Popen(['perf', 'stat', '-x', ',', '-e', 'raw_syscalls:sys_enter', '-p', str(pid)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(0.5)  # until it is attached
    work()
    counter.send_signal(signal.SIGINT)
    match = re.search(r'^(\d+),', counter.communicate()[1], re.MULTILINE)
    return int(match[1]) if match else None


def count_by_strace(pid, work):
    """The same by strace, which slows the process down."""
    if not shutil.which('strace'):
        return None
    counter = subprocess.Popen(['strace', '-f', '-c', '-U', 'calls,name', '-p', str(pid)], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    time.sleep(0.5)
    work()
    counter.send_signal(signal.SIGINT)
    match = re.search(r'^\s*(\d+)\s+total$', counter.communicate()[1], re.MULTILINE)
    return int(match[1]) if match else None


def system_calls(scene, agent, url, case):
    """The figure of the system calls a session, in sessions of their own."""
    def work():
        sessions(scene, url, SESSIONS)
    for count in (count_by_perf, count_by_strace):
        calls = count(agent.pid, work)
        if calls is not None:
            return figure('session_system_calls', case, 'calls/session', [calls / (SESSIONS + 1)])
    return missing('session_system_calls', case, 'calls/session',
                   'neither perf (raw_syscalls:sys_enter) nor strace can count them here')


def memory_figures(before, after, case, small):
    """The agent's memory before and after the sessions."""
    return [figure('agent_memory', case, 'KB', [after['Private_Dirty']], goal_value=MEMORY_GOAL_KB if small else None),
            figure('agent_memory', case + ' before the sessions', 'KB', [before['Private_Dirty']]),
            figure('agent_memory_pss', case, 'KB', [after['Pss']]),
            figure('agent_memory_program', case, 'KB', [after['Private_Clean']]),
            figure('agent_memory_shared', case, 'KB', [after['Shared_Clean'] + after['Shared_Dirty']])]


def measure(build, size):
    """Yields the figures of one tree size."""
    case = '%d' % size
    values = {name: [] for name, _ in WALL_TIMES}
    used, reference = [], []
    with Scene(build) as scene:
        scene.publish(size)
        agent = scene.agent()
        url = scene.first_session()
        wait_quiet(agent.pid)
        memory_before = memory(agent.pid)
        for _ in range(RUNS):
            before = cpu(agent.pid)
            steps = sessions(scene, url, SESSIONS)
            wait_quiet(agent.pid)
            used.append((cpu(agent.pid) - before) * 1e3 / (SESSIONS + 1))
            reference.append(scene.acs_cpu * 1e3 / (SESSIONS + 1))
            for name, step in WALL_TIMES:
                values[name].append(steps[step]['total']['median'])
        yield figure('session_cpu', case, 'ms/session', used, 'CPU time of espalier-acs', reference)
        for name, _ in WALL_TIMES:
            yield figure(name, case, 'ms', values[name])
        yield system_calls(scene, agent, url, case)
        yield from memory_figures(memory_before, memory(agent.pid), case, size == SMALL)


def measure_tls(build):
    """The agent's memory where the ACS speaks TLS, with one authority in ca_file."""
    with Scene(build) as scene:
        scene.publish(SMALL)
        certificate = Certificate(scene.folder)
        options = ('--certificate', certificate.path, '--key', certificate.key)
        agent = scene.agent(certificate.path)
        url = scene.first_session(*options)
        for _ in range(RUNS_TLS):
            sessions(scene, url, SESSIONS, options)
        wait_quiet(agent.pid)
        return figure('agent_memory', '%d over TLS' % SMALL, 'KB', [memory(agent.pid)['Private_Dirty']],
                      goal_value=MEMORY_GOAL_KB)


def run(build):
    """Yields all figures."""
    for size in SIZES:
        try:
            yield from measure(build, size)
        except Failed as error:
            yield missing('session_cpu', '%d' % size, 'ms/session', str(error))
    try:
        yield measure_tls(build)
    except Failed as error:
        yield missing('agent_memory', '%d over TLS' % SMALL, 'KB', str(error))
