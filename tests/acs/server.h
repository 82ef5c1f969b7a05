// SPDX-License-Identifier: GPL-2.0-or-later
// The HTTP server: connections from agents, their requests in, responses out as the plan says.
#pragma once

#include "tests/acs/compress.h"
#include "tests/acs/http.h"
#include "tests/acs/loop.h"
#include "tests/acs/message_read.h"
#include "tests/acs/misbehave.h"
#include "tests/acs/record.h"

struct connection {
	struct source source;
	struct WOLFSSL *tls; // NULL: plain HTTP
	bool described_tls;  // the line about it is printed
	unsigned number;
	struct http_reader request;
	struct message_reader *reader; // of the present body, NULL when it is empty
	struct inflater inflater;
	struct buffer piece; // of the present body, with its content coding removed
	struct record record;
	struct buffer xml;  // the present body, when it is to be printed
	struct buffer rest; // read, but behind the present request
	bool planned;	    // a request has begun and `plan` is its plan
	struct plan plan;
	uint64_t request_bytes;
	uint64_t request_started; // first byte of the request, ns
	uint64_t received;	  // last bytes that came, ns
	bool busy;		  // a request is being answered
	struct buffer output;
	size_t sent;
	bool close_after;
	struct timer timer;
	uint64_t session;     // number of the session it last served, 0 none
	bool described;	      // session.c has printed the head line of the present message
	struct buffer inform; // session.c: the parameters of the present Inform, as text
};

/* Listens on the address and port (0: any free one). Returns the port or -errno. */
int server_listen(const char *address, unsigned port);

/* The address that the connection came from, as text; "" when it is not known. */
void server_peer(const struct connection *connection, char *text, size_t size);

/* Closes all connections and the listening socket. */
void server_close(void);

/*
 * Answers the present request of the connection. `headers` (may be NULL) are further header lines; `body` (may be NULL
 * or empty) is text/xml. May close the connection, but does not free it before the loop's next turn.
 */
void server_respond(struct connection *connection, int status, const struct buffer *headers, const struct buffer *body);
