// SPDX-License-Identifier: GPL-2.0-or-later
// The HTTP listener by which an ACS asks for a session (TR-069, 3.2.2; ).
#pragma once

#include "agent/digest-server.h"
#include "agent/http-message.h"
#include "agent/rate-limit.h"
#include "agent/ring.h"

#define CONNECTION_REQUEST_CONNECTIONS	    32	  // that are read at a time
#define CONNECTION_REQUEST_WAITING	    256	  // that wait for one of these to end
#define CONNECTION_REQUEST_RESERVE	    16	  // descriptors that are left for the rest of the process
#define CONNECTION_REQUEST_BACKLOG	    1024  // that the kernel keeps beyond these
#define CONNECTION_REQUEST_PATIENCE	    20	  // ms for a whole request while others wait ...
#define CONNECTION_REQUEST_FAREWELL	    5	  // ... and to read a refusal
#define CONNECTION_REQUEST_WINDOW	    100	  // ms, half of which may go to work for new connections
#define CONNECTION_REQUEST_LINE_MAX	    2048  // bytes of a request line or a header
#define CONNECTION_REQUEST_RECEIVE_SIZE	    1024  // bytes taken in at a time
#define CONNECTION_REQUEST_BODY_MAX	    65536 // bytes of a body, which is ignored
#define CONNECTION_REQUEST_RESPONSE_MAX	    1536  // bytes of an answer
#define CONNECTION_REQUEST_PATH_MAX	    256	  // characters
#define CONNECTION_REQUEST_TIME_LIMIT	    10000 // ms for a whole request
#define CONNECTION_REQUEST_LINGER	    1000  // ms to read what a refused client still sends
#define CONNECTION_REQUEST_LINGER_MAX	    65536 // bytes of that
#define CONNECTION_REQUEST_MESSAGES_MAX	    16	  // requests on one connection
#define CONNECTION_REQUEST_BURST_DEFAULT    30	  // good requests in a row before the limit holds
#define CONNECTION_REQUEST_INTERVAL_DEFAULT 2000  // ms after which one more is allowed
#define CONNECTION_REQUEST_LOG_BURST	    10	  // refused credentials logged in a row ...
#define CONNECTION_REQUEST_LOG_INTERVAL	    6000  // ... and ms after which one more is

// Strings stay the caller's, until connection_request_close() or connection_request_set_credentials().
struct connection_request_settings {
	uint16_t port;		     // 0: any free one
	const char *interface;	     // listen on this network interface only; NULL: on all
	const char *path;	     // the whole request target, with its '/'; random for each device
	const char *user, *password; // NULL or empty: refused, unless open_access
	bool open_access;	     // no credentials are asked for
	bool sha256; // offer SHA-256 besides MD5; some servers read only the first challenge, some choke on two
	unsigned burst, interval_ms;	// limit of good requests; 0: the defaults
	unsigned time_limit_ms;		// 0: the default
	void (*counted)(void *context); // counters have moved; NULL: nobody wants to know
};

// What the agent publishes. Each request counts once; connections and evicted ones, connections.
struct connection_request_counters {
	uint64_t connections;
	uint64_t granted;
	uint64_t limited;	    // 503
	uint64_t wrong_path;	    // 404
	uint64_t wrong_method;	    // 405
	uint64_t malformed;	    // 400, 414, 431, or cut off
	uint64_t no_credentials;    // 401, usual for the first of two requests
	uint64_t wrong_credentials; // 401
	uint64_t stale, replayed;   // 401 with stale=true
	uint64_t timed_out;	    // connections that did not finish a request in time
	uint64_t evicted;	    // connections ended to make room for others that waited
	uint64_t accept_errors;
};

struct connection_request;

struct connection_request_slot {
	struct connection_request *listener;
	int descriptor; // -1: free
	struct ring_operation receiving, sending;
	struct http_parser parser;
	int64_t last_active, deadline; // ns of CLOCK_BOOTTIME
	unsigned messages, lingered;
	enum { CONNECTION_READING, CONNECTION_ANSWERING, CONNECTION_LINGERING, CONNECTION_CLOSING } state;
	bool method_get, right_path, authorization_given;
	bool granted, last; // of the answer being sent: tell the agent, close
	bool fed;	    // a byte of the present request has come
	size_t authorization_length, unread, unread_at;
	char target[CONNECTION_REQUEST_PATH_MAX + 1];
	char authorization[CONNECTION_REQUEST_LINE_MAX];
	char line[CONNECTION_REQUEST_LINE_MAX];
	char received[CONNECTION_REQUEST_RECEIVE_SIZE];
	char response[CONNECTION_REQUEST_RESPONSE_MAX];
};

// All fields but `counters` and `port` are private. About 260 KiB, of which untouched slots cost nothing: zeroed memory
// of its own.
struct connection_request {
	struct ring *ring;
	struct connection_request_settings settings;
	struct connection_request_counters counters;
	uint16_t port; // that it listens on
	void (*requested)(void *context);
	void *context;
	int descriptor;
	int descriptor_limit; // a connection with this descriptor or a larger one is let go
	struct ring_operation accepting, timer;
	int64_t accept_again; // after an error of accept, or in a flood: when to go on, ns of CLOCK_BOOTTIME
	struct {
		int64_t start, processor_time; // ns
		unsigned connections;
	} window;
	int waiting[CONNECTION_REQUEST_WAITING]; // accepted, and read when it is their turn: a ring
	unsigned waiting_first, waiting_count;
	struct digest_server digest;
	struct rate_limit requests, logged;
	bool closing;
	struct connection_request_slot slots[CONNECTION_REQUEST_CONNECTIONS];
};

// Opens the listener on IPv4 and IPv6. requested() is called for each good request after its answer has been sent. Once
// opened the memory must stay until ring_close(). Returns 0 or -errno.
int connection_request_open(struct connection_request *listener, struct ring *ring,
			    const struct connection_request_settings *settings, void (*requested)(void *context),
			    void *context);

// Takes another limit of good requests (0: the default).
void connection_request_set_limit(struct connection_request *listener, unsigned burst, unsigned interval_ms);

// Takes new credentials, which hold from the next request on.
void connection_request_set_credentials(struct connection_request *listener, const char *user, const char *password);

// Closes the port and all connections. The memory is in use until the ring has run on; connection_request_idle() tells.
void connection_request_close(struct connection_request *listener);

// Whether nothing is in flight any more, so that the memory may be freed or opened anew.
bool connection_request_idle(const struct connection_request *listener);
