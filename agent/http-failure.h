// SPDX-License-Identifier: GPL-2.0-or-later
// Why an HTTP exchange failed, as one line for the log: all of them have their words here.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct url;

#define HTTP_FAILURE_DETAIL_SIZE 201 // bytes kept of what the peer sent, with the NUL; the rest is cut off
#define HTTP_FAILURE_TEXT_SIZE	 640 // holds every text: a host name, the words and the detail

enum http_failure_kind {
	HTTP_FAILURE_NONE,

	// No connection
	HTTP_FAILURE_NAME_UNKNOWN,
	HTTP_FAILURE_NAME_SERVICE,
	HTTP_FAILURE_CONNECT,	   // detail: why
	HTTP_FAILURE_CONNECT_TIME, // detail: seconds
	HTTP_FAILURE_TLS,	   // detail: why
	HTTP_FAILURE_TLS_TIME,	   // detail: seconds

	// Nothing, or not all
	HTTP_FAILURE_REQUEST_TIME,  // detail: seconds
	HTTP_FAILURE_ANSWER_TIME,   // detail: seconds
	HTTP_FAILURE_STALLED,	    // detail: seconds
	HTTP_FAILURE_EXCHANGE_TIME, // detail: seconds
	HTTP_FAILURE_CLOSED,
	HTTP_FAILURE_CUT,
	HTTP_FAILURE_BROKEN, // detail: why

	// What is not HTTP: noted by the parser
	HTTP_FAILURE_START_LINE, // detail: the line
	HTTP_FAILURE_VERSION,	 // detail: the line from there on
	HTTP_FAILURE_UPGRADE,
	HTTP_FAILURE_INTERIM,
	HTTP_FAILURE_LINE,	  // detail: the line
	HTTP_FAILURE_LINE_LENGTH, // detail: its beginning
	HTTP_FAILURE_HEADER,	  // detail: the line
	HTTP_FAILURE_HEADERS,
	HTTP_FAILURE_LENGTH,		    // detail: the value
	HTTP_FAILURE_LENGTH_TWICE,	    // detail: the second value
	HTTP_FAILURE_TRANSFER_CODING,	    // detail: the value
	HTTP_FAILURE_TRANSFER_CODING_TWICE, // detail: the second value
	HTTP_FAILURE_CHUNK,		    // detail: the line
	HTTP_FAILURE_BODY_SIZE,		    // detail: the largest number of bytes

	// The body
	HTTP_FAILURE_CONTENT_TYPE,     // detail: the value
	HTTP_FAILURE_CONTENT_CODING,   // detail: the value
	HTTP_FAILURE_COMPRESSED,       // detail: what is wrong
	HTTP_FAILURE_COMPRESSED_SHORT, // the compressed body has no end
	HTTP_FAILURE_RECEIVER,	       // detail: what received() returned

	// What the server wants
	HTTP_FAILURE_STATUS, // detail: the status
	HTTP_FAILURE_NO_CREDENTIALS,
	HTTP_FAILURE_CREDENTIALS, // detail: the user name
	HTTP_FAILURE_STALE,
	HTTP_FAILURE_CHALLENGE, // detail: the value
	HTTP_FAILURE_BASIC,
	HTTP_FAILURE_REDIRECTS, // detail: the most that are followed
	HTTP_FAILURE_NO_LOCATION,
	HTTP_FAILURE_LOCATION,	     // detail: the URL
	HTTP_FAILURE_LOCATION_PLAIN, // detail: the URL

	// Ours
	HTTP_FAILURE_REQUEST,	   // detail: why
	HTTP_FAILURE_REQUEST_SIZE, // of the headers
	HTTP_FAILURE_USER_NAME,	   // detail: the user name
};

// Zeroed memory is no failure.
struct http_failure {
	enum http_failure_kind kind;
	char detail[HTTP_FAILURE_DETAIL_SIZE]; // printable ASCII
};

// Notes a failure. `detail` may be NULL and may come from the peer: what is not printable ASCII becomes '?'. Returns
// the kind's -errno, 0 for a kind whose error only the caller knows.
int http_failure_set(struct http_failure *failure, enum http_failure_kind kind, const char *detail);

// The same for a kind whose detail is an error of the kernel or of our own, which is returned.
int http_failure_set_error(struct http_failure *failure, enum http_failure_kind kind, int error);

// The same for a kind whose detail is a number, or seconds, given in ns. Return the kind's -errno.
int http_failure_set_number(struct http_failure *failure, enum http_failure_kind kind, uint64_t number);
int http_failure_set_seconds(struct http_failure *failure, enum http_failure_kind kind, int64_t nanoseconds);

// The same for a URL from the peer, of which user information and query are left out: they may hold secrets.
void http_failure_set_url(struct http_failure *failure, enum http_failure_kind kind, const char *url);

// Writes the line: host and port of the server, and what is wrong. Empty without a failure.
void http_failure_text(const struct http_failure *failure, const struct url *server, char *text, size_t size);
