// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps every message in a folder: exact bodies, HTTP heads, and an index.
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* One message being recorded. Zeroed when recording is off. */
struct record {
	unsigned number;
	int body; // file descriptor, 0 when not open
	bool from_agent;
	bool bad;
	unsigned connection;
};

/* Records into `folder` from now on, which is made when missing. Returns 0 or -errno. */
int record_open(const char *folder);
void record_close(void);

/* True when recording is on. */
bool record_on(void);

/*
 * Begins a message with its HTTP head: writes PID-NUMBER-from-agent.head (or to-agent) and a line of PID-index.tsv:
 * number, direction, connection, monotonic time in ms, first line of the head.
 */
void record_begin(struct record *record, bool from_agent, unsigned connection, const char *head, size_t length);

/*
 * Appends to the body, PID-NUMBER-from-agent.xml; PID-NUMBER-to-agent.bad for what is wrong on purpose. It has this
 * name when it is complete, and ends in .new before.
 */
void record_body(struct record *record, const char *data, size_t length);

/* Ends the message; a body that is not `whole` is renamed to end in .part. */
void record_end(struct record *record, bool whole);
