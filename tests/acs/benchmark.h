// SPDX-License-Identifier: GPL-2.0-or-later
// The benchmark: the same session many times, and the wall times of its steps as JSON.
#pragma once

/*
 * Queues the first session. A session is a connection request, Inform, GetParameterNames of the root,
 * GetParameterValues of everything, GetParameterValues of 20 names, SetParameterValues of one. The first session is
 * not counted. Ends the loop when options.benchmark_sessions are done, after it printed the JSON.
 */
void benchmark_start(void);

void benchmark_free(void);
