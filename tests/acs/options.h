// SPDX-License-Identifier: GPL-2.0-or-later
// The command line.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum session_cookie {
	COOKIE_OFF,	 // the connection is the session
	COOKIE_ON,	 // sent, and a session is found by it or by its connection
	COOKIE_REQUIRED, // a request without it gets 400
};

enum final_answer {
	FINAL_204,
	FINAL_200,   // Content-Length: 0
	FINAL_BLANK, // 200 with blanks and line ends
};

enum compress {
	COMPRESS_NEVER,
	COMPRESS_GZIP,
	COMPRESS_DEFLATE,
	COMPRESS_REFUSE, // 415 for compressed requests
};

struct options {
	const char *address;
	unsigned port;
	unsigned notification_port;    // of lightweight notifications; 0 none
	const char *certificate, *key; // NULL: plain HTTP
	const char *record;
	const char *file; // of commands; "-" for standard input
	bool interactive;
	bool allow_faults;
	bool auto_connect;
	uint64_t time_limit_ms;	     // 0 none
	uint64_t session_timeout_ms; // of a silent agent within a session
	uint64_t connect_timeout_ms; // from a connection request to the Inform
	const char *connection_url;  // in place of the one in the Inform
	const char *connection_user, *connection_password;
	const char *udp_from; // address and port of UDP connection requests; NULL: any
	const char *xmpp_account, *xmpp_password, *xmpp_server, *xmpp_ca; // for XMPP connection requests; NULL: none
	const char *cwmp_namespace;					  // NULL: as the agent's Inform
	const char *use_version;
	bool hold;
	bool no_id;
	enum session_cookie cookie;
	enum final_answer final;
	enum compress compress;	     // answers, where the request accepts it
	unsigned benchmark_sessions; // 0 no benchmark
	const char *benchmark_root;
	const char *benchmark_set;
	char **commands; // from the command line, ends with NULL
};

extern struct options options;

/* Reads the command line into `options`. Returns -1 to go on, or the exit status (0 after -h, 2 for wrong usage). */
int options_read(int argc, char **argv);
