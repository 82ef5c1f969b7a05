# SPDX-License-Identifier: GPL-2.0-or-later
# Figures of other CWMP agents, to be shown beside those of a run. They are not measured by this suite.

SOURCE = ('Measured once for this project, not in this run: each agent built from its sources and driven over '
          'loopback on a 2-core x86-64 virtual machine, gcc 12 -O2, medians of 10 to 20 sessions of the same kind. Those '
          'marked as fixed needed a fix to run at all.')

# agent, parameters, names ms, whole values ms, session ms, CPU ms a session, memory PSS MB, request to Inform ms
ROWS = (
    ('Orange tr069agent 91f82d7, fixed', 39, 0.23, 0.19, 1.9, 1.4, 7.8, 222),
    ('Orange tr069agent 91f82d7, fixed', 1000, 3.2, 3.1, 9.2, 9.0, 9.3, 222),
    ('Orange tr069agent 91f82d7, fixed', 10000, 164, 135, 325, 327, 12.3, 222),
    ('netcwmp c0f7cb0, fixed, by explicit names', 1000, 2.6, 96, 101, 99, 3.0, 1680),
    ('netcwmp c0f7cb0, fixed, by explicit names', 10000, 231, 21271, 21548, 21207, 22.5, 1645),
    ('easycwmp 1.8.6, memory without ubusd', 380, 730, 1134, 2014, 2063, 8, 47),
    ('genieacs-sim (Node.js), by explicit names', 1000, 1.8, 2.7, 7.1, 7.1, 37, 3.5),
    ('genieacs-sim (Node.js), by explicit names', 10000, 12.3, 18.9, 37.7, 33.5, 75, 3.6),
)
COLUMNS = ('agent', 'parameters', 'names ms', 'whole values ms', 'session ms', 'CPU ms a session', 'memory PSS MB',
           'request to Inform ms')
# The figures of this suite in the order of the columns, and what their values are divided by.
OURS = (('session_names', 1), ('session_values', 1), ('session_time', 1), ('session_cpu', 1),
        ('agent_memory_pss', 1024), ('session_request_to_inform', 1))
