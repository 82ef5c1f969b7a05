// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's HTTP/1.1 client for CWMP: one POST at a time, over one connection a session.
#pragma once

#include "agent/cookie.h"
#include "agent/digest-client.h"
#include "agent/http-compression.h"
#include "agent/http-failure.h"
#include "agent/http-message.h"
#include "agent/http-resolver.h"
#include "agent/http-sender.h"
#include "agent/http-whole.h"
#include "agent/http-connection.h"
#include "agent/url.h"

#define HTTP_REDIRECTS_MAX	  5	 // in a row
#define HTTP_UNAUTHORIZED_MAX	  5	 // 401 answers to one message, the stale ones included
#define HTTP_TIMEOUT_DEFAULT	  60000	 // ms; R-12 asks for 30000 or more
#define HTTP_EXCHANGE_MAX_DEFAULT 900000 // ms for a whole exchange, so that a server that sends byte by byte ends
#define HTTP_BODY_MAX_DEFAULT	  (16 * 1024 * 1024) // bytes of a response's body, coded and decoded
#define HTTP_RETRY_AFTER_MAX	  86400		     // s; more is taken as this

struct http_result {
	int error; // 0: the server answered 200 or 204, and the body is complete. Else -errno:
		   //   -EPROTO another status; -ELOOP a sixth redirect; -EACCES, -EPERM credentials refused, or only
		   //   Basic offered over plain HTTP; -EBADMSG, -EMSGSIZE malformed, or beyond a bound;
		   //   -EPROTONOSUPPORT https or an unknown coding; -EMEDIUMTYPE no XML; -ETIMEDOUT, -ECONNRESET ...
		   //   connection; or what a callback returned
	unsigned status;      // of the last response, 0 when there was none
	bool empty;	      // the body is missing or only white space
	uint32_t retry_after; // s, of a 503; 0: none
	enum http_failure_kind failure;
	char reason[HTTP_FAILURE_TEXT_SIZE]; // the error in one line, for the caller to log; "" without an error
};

#define HTTP_HOLD 1

struct http_client_events {
	// The connection stands and no byte of the message has been produced: http_client_local_address() holds. May be
	// called again for the same message after a reconnection, before its body is rewound. Returns 0; HTTP_HOLD to
	// have the message wait for http_client_go_on(); or -errno to fail it. May be NULL.
	int (*connected)(void *context);
	// A piece of the body of a 200 response, white space at its start left out. Returns 0, or -errno to fail the
	// message. Must not call http_client_*().
	int (*received)(void *context, const char *data, size_t length);
	// The exchange is over. May call http_client_post() or http_client_end(). Always comes from the ring, never
	// from within http_client_post().
	void (*finished)(void *context, const struct http_result *result);
};

// Set before http_client_open(); strings stay the caller's, and may be replaced between sessions. No user (NULL or
// empty): a 401 fails.
struct http_settings {
	const char *user, *password;
	const char *user_agent;		   // NULL: "Espalier/" and the version
	bool basic_over_http;		   // allow Basic in clear text
	enum http_compression compression; // of requests, and whether compressed responses are asked for
	struct tls *tls;		   // NULL: no https
	bool all_redirects;		   // follow 301, 303 and 308 too, as if they were 307
	unsigned timeout_ms;		   // for connecting, and for progress in an exchange; 0: the default
	unsigned exchange_max_ms;	   // 0: the default
	uint64_t body_max;		   // 0: the default
};

enum http_step {
	HTTP_IDLE,	  // no message under way
	HTTP_CLOSING_OLD, // waiting for the former connection to be gone
	HTTP_RESOLVING,
	HTTP_CONNECTING,
	HTTP_HOLDING, // connected() wants the message to wait
	HTTP_EXCHANGING,
	HTTP_FINISHING, // finished() follows
};

// All fields but `settings` are private. About 90 KiB; one a session that runs at the same time.
struct http_client {
	struct ring *ring;
	struct http_settings settings;
	const struct http_client_events *events;
	void *context;

	struct http_connection connection;
	struct http_resolver resolver;
	struct http_sender sender;
	struct http_parser parser;
	struct cookie_jar cookies;
	struct authentication authentication;
	struct http_encoder encoder;
	struct http_decoder decoder;
	struct http_whole whole;
	struct url url;
	struct ring_operation timer, later;
	int64_t deadline, exchange_deadline;

	enum http_step step;
	const struct http_body *body; // NULL: an empty POST
	bool posting;		      // inside http_client_post()
	bool produced;		      // the body must be rewound before it is sent
	bool resolved;		      // in this session
	bool reused;		      // the connection has carried an exchange
	bool resent;		      // because a reused connection was closed under the message
	bool response_complete;	      // perhaps while the request is still being sent
	bool coded;		      // the request is compressed
	bool coding_refused;	      // by a 415: requests go plain for the rest of the session
	bool decoding;		      // the response is compressed
	bool no_chunks;		      // the server cannot read them, for the rest of the session
	unsigned address, redirects, unauthorized;
	int location_error, connect_error;
	struct url location;
	struct http_failure failure;				       // why the exchange fails
	struct http_failure type_failure, location_failure, challenge; // and why it does if these headers matter
	struct http_result result;
	char line[HTTP_LINE_MAX];
};

// Prepares a client. Does not connect.
void http_client_open(struct http_client *client, struct ring *ring, const struct http_settings *settings,
		      const struct http_client_events *events, void *context);

// Begins a session with the server of a URL: no connection, cookies or credentials of a former one are left. Returns 0,
// or what url_parse() returns; -EPROTONOSUPPORT for https without settings.tls.
int http_client_begin(struct http_client *client, const char *url);

// Sends a message and reads the answer; finished() tells how it went. `body` must stay in place until then; NULL sends
// an empty POST. Redirects, 401 and a connection closed between messages are handled within. Returns 0, or
// -EBUSY when a message is under way.
int http_client_post(struct http_client *client, const struct http_body *body);

// Sends a message that connected() has held. Harmless when none is.
void http_client_go_on(struct http_client *client);

// Ends the session: the connection is closed, cookies and credentials are forgotten, a message under way is dropped
// without finished(), and the memory for compression is freed. A new session may begin at once.
void http_client_end(struct http_client *client);

// Frees the memory that a session under way holds. After ring_close(), in place of http_client_end().
void http_client_close(struct http_client *client);

// Tell the addresses of the connection's two ends. Return 0, or -ENOTCONN.
int http_client_local_address(const struct http_client *client, union transport_address *address);
int http_client_peer_address(const struct http_client *client, union transport_address *address);
