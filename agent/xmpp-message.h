// SPDX-License-Identifier: GPL-2.0-or-later
// What the agent and espalier-xmpp tell each other over a Unix SEQPACKET socket in the run folder, mode 0600, on which
// the agent listens; one packet is one message. A message is a structure as it lies in memory: both programs are of one
// machine and of one build, which its first fields say. Either side may be killed and started again at any time: the
// agent sends all connections on each new connection of espalier-xmpp, which then sends all states.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XMPP_SOCKET		 "xmpp" // its name in the run folder
#define XMPP_MESSAGE_VERSION	 1u
#define XMPP_CONNECTIONS_MAXIMUM 8u
#define XMPP_SERVERS_MAXIMUM	 8u	       // of one connection
#define XMPP_USER_SIZE		 (256 * 4 + 1) // 256 characters
#define XMPP_PART_SIZE		 (64 * 4 + 1)
#define XMPP_HOST_SIZE		 (256 * 4 + 1)
#define XMPP_JID_SIZE		 3072 // RFC 7622, 3.1: three parts of at most 1023 bytes, with @, / and a NUL
#define XMPP_ERROR_SIZE		 161

enum xmpp_kind { XMPP_CONNECTION, XMPP_CONNECTIONS_END, XMPP_VERDICT, XMPP_STATE, XMPP_REQUEST, XMPP_KINDS };

// What is said first in each message.
struct xmpp_head {
	uint32_t version; // XMPP_MESSAGE_VERSION
	uint32_t kind;	  // enum xmpp_kind
	uint32_t size;	  // of the whole message
	uint32_t number;  // the instance number of the connection that it is about
};

enum xmpp_algorithm { XMPP_DNS_SRV, XMPP_DNS, XMPP_SERVER_TABLE, XMPP_ALGORITHMS };

struct xmpp_server {
	uint16_t priority, weight, port;
	char address[XMPP_HOST_SIZE]; // a name or an address
};

// The agent: how to connect.
struct xmpp_connection {
	struct xmpp_head head;
	uint32_t enable, use_tls; // 0 or 1
	uint32_t algorithm;	  // enum xmpp_algorithm
	char username[XMPP_USER_SIZE], password[XMPP_USER_SIZE];
	char domain[XMPP_PART_SIZE], resource[XMPP_PART_SIZE];
	uint32_t server_count;
	struct xmpp_server servers[XMPP_SERVERS_MAXIMUM];
	// From here on a change does not end the connection.
	int64_t keep_alive;						   // seconds, 0: off, -1: own choice
	uint32_t attempts, retry_initial, retry_multiplier, retry_maximum;
};

// The agent: these are all; what was not named since the last one is gone.
struct xmpp_connections_end {
	struct xmpp_head head;
};

enum xmpp_verdict {
	XMPP_GRANTED,
	XMPP_WRONG_SENDER,
	XMPP_WRONG_CREDENTIALS,
	XMPP_LIMITED,
	XMPP_UNWANTED,
	XMPP_VERDICTS
};

// The agent: what is to be answered to a request.
struct xmpp_verdict_message {
	struct xmpp_head head;
	uint32_t token;
	uint32_t verdict; // enum xmpp_verdict
};

enum xmpp_status {
	XMPP_STATUS_ENABLED,
	XMPP_STATUS_DISABLED,
	XMPP_STATUS_UNKNOWN,
	XMPP_STATUS_DORMANT,
	XMPP_STATUS_CONNECTING,
	XMPP_STATUS_SERVER_NOT_PRESENT,
	XMPP_STATUS_MISCONFIGURED,
	XMPP_STATUS_AUTHENTICATION_FAILURE,
	XMPP_STATUS_ERROR,
	XMPP_STATUSES
};

// espalier-xmpp: how a connection is.
struct xmpp_state {
	struct xmpp_head head;
	uint32_t status;						     // enum xmpp_status
	uint32_t tls;							     // 0 or 1
	uint32_t received, transmitted, received_errors, transmitted_errors; // stanzas
	uint32_t refused_malformed,
		refused_busy;	       // connection requests that the agent was not asked about, of all connections
	char jabber_id[XMPP_JID_SIZE]; // "" while there is none
	char error[XMPP_ERROR_SIZE];   // what went wrong last
};

// espalier-xmpp: somebody asks for a session.
struct xmpp_request {
	struct xmpp_head head;
	uint32_t token; // of espalier-xmpp, to be given back
	char from[XMPP_JID_SIZE];
	char username[XMPP_USER_SIZE], password[XMPP_USER_SIZE];
};

union xmpp_message {
	struct xmpp_head head;
	struct xmpp_connection connection;
	struct xmpp_connections_end end;
	struct xmpp_verdict_message verdict;
	struct xmpp_state state;
	struct xmpp_request request;
};

// Fills in a message's head.
void xmpp_message_start(union xmpp_message *message, enum xmpp_kind kind, uint32_t number);

// Whether what was received, `length` bytes, is a message: of this version and size, each text with its end, numbers
// within their bounds.
bool xmpp_message_good(const union xmpp_message *message, size_t length);
