// SPDX-License-Identifier: GPL-2.0-or-later
// What the ACS does wrong, or strangely, on request: one plan for each response.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/acs/buffer.h"
#include "tests/acs/compress.h"

enum replaced_body {
	BODY_OWN,
	BODY_GARBAGE,
	BODY_TRUNCATED,
	BODY_DTD_BOMB,
	BODY_DEEP,
	BODY_LARGE,
	BODY_TEXT,
};

enum random_argument {
	RANDOM_NEVER,
	RANDOM_NONE,
	RANDOM_BYTE,
	RANDOM_MILLISECONDS,
};

/* The plan for one response; made zero by misbehave_plan() but for the fields that say otherwise. */
struct plan {
	uint64_t number;
	bool bad;	       // the body is not what a correct server would send
	int64_t request_limit; // hang up after so many bytes of the request; -1 never
	bool stop_reading;     // at request_limit stop reading in place of hanging up
	int64_t hang_up_at;    // close after so many bytes of the response; -1 never
	bool reset;	       // close with a TCP reset
	bool silent;	       // no response at all
	uint64_t delay_ms;     // before the response
	unsigned drip_ms;      // one byte in so many milliseconds; 0 at once
	bool chunked;	       // a chunk of 1,000 bytes each
	bool chunk_odd;	       // chunks of 1 to 9 bytes with extensions, and trailers
	const char *interim;   // 1xx responses first, NULL none
	int64_t length_change; // added to the true Content-Length
	bool no_length;	       // neither Content-Length nor chunked: the body ends with the connection
	bool connection_close; // says so, and closes
	bool silent_close;     // closes after the response without saying so
	bool no_content_type;
	char *content_type;    // another Content-Type, NULL for text/xml
	struct buffer headers; // further header lines
	int status;	       // answer with this status and do nothing else; 0 none
	bool challenge;	       // with status 401: a fresh challenge
	enum replaced_body body;
	uint64_t body_size;
	enum coding coding; // server.c: of the body that is sent
	char *body_text;
	unsigned style; // enum style
	bool no_id;
	char *id;	    // other header ID, NULL for the right one
	int unknown_header; // mustUnderstand of an unknown header, -1 none
	int fault;	    // answer an agent's request with this CWMP fault; 0 none
};

/*
 * Adds `KIND[:N[:ARGUMENT]]`. N is the number of a response, a range N-M, or * (also when missing) for all; numbers
 * count from `base` + 1. Returns NULL, or what is wrong with the text (static).
 */
const char *misbehave_add(const char *text, uint64_t base);

/* Forgets all that was added. */
void misbehave_clear(void);

/*
 * `SEED[:PERCENT]`: so many per cent (20) of the responses get a misbehaviour chosen by a generator with that seed.
 * Returns NULL, or what is wrong with the text.
 */
const char *misbehave_random(const char *text);

/* Makes the plan of the next response, which gets the next number. Free with plan_free(). */
void misbehave_plan(struct plan *plan);
void plan_free(struct plan *plan);

/* The number of the last planned response. */
uint64_t misbehave_responses(void);

/* Prints the table of kinds for -h. */
void misbehave_help(FILE *out);
