/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests to espalier-publish: handed to the script as lines, and answered by its lines or by time. */
#pragma once

#include "shm/publish-tree.h"

struct publish_wait;

struct publish_requests {
	struct publish_tree *tree;
	uint32_t milliseconds; /* time for an answer */
	uint32_t last_id;
	bool deaf; /* nobody can answer (any more) */
	struct publish_wait *waits;
};

/** How an owner asks the script; the context of the writer is a struct publish_requests. */
extern const struct espalier_owner publish_asking_owner;

/** How an owner stores what is set, adds and deletes, and asks nobody. */
extern const struct espalier_owner publish_accepting_owner;

/** Takes an OK or FAULT line. False when no request of that number waits. */
bool publish_request_answer(struct publish_requests *requests, const struct publish_line *line);

/** Milliseconds until the next request's time is over; -1: none waits. */
int publish_request_timeout(const struct publish_requests *requests);

/** Answers the requests whose time is over, or all of them (`all`), with a fault. */
void publish_request_expire(struct publish_requests *requests, bool all, const char *text);

/** Milliseconds of CLOCK_MONOTONIC. */
uint64_t publish_now(void);
