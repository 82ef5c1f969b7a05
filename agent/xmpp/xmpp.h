// SPDX-License-Identifier: GPL-2.0-or-later
// espalier-xmpp: what its parts share. link.c talks with the agent, client.c finds and keeps one connection, stream.c
// negotiates it and answers what comes. All in one thread, on one ring.
#pragma once

#include "agent/address-watch.h"
#include "agent/agent-configuration.h"
#include "agent/alarm.h"
#include "agent/name-query.h"
#include "agent/rate-limit.h"
#include "agent/xmpp-message.h"
#include "agent/xmpp-scram.h"
#include "agent/xmpp/stanza.h"
#include "shm/daemon.h"

#define XMPP_NEGOTIATION_SECONDS 30	      // from the TCP connection to the bound resource
#define XMPP_HANDSHAKE_SECONDS	 10	      // of TLS alone, which nothing else can go on beside
#define XMPP_USER_TIMEOUT_MS	 20000	      // for which data may stay unacknowledged (TCP_USER_TIMEOUT)
#define XMPP_KEEP_ALIVE_MAXIMUM	 31536000     // seconds: a year
#define XMPP_KEEP_ALIVE_DEFAULT	 300	      // seconds, for KeepAliveInterval -1 (RFC 6120, 4.6.4)
#define XMPP_STANZA_BYTES	 (256 * 1024) // that may come without a complete stanza
#define XMPP_SENDERS		 8 // kinds of senders, by a hash: a flood of one leaves the others their part
#define XMPP_SENDER_REQUESTS	 4 // of one kind that wait for the agent's verdict at a time
#define XMPP_REQUESTS_MAXIMUM	 (XMPP_SENDERS * XMPP_SENDER_REQUESTS)
#define XMPP_REQUEST_BURST	 50 // requests of one kind that the agent is asked about in a row ...
#define XMPP_REQUEST_INTERVAL_MS 20 // ... and then one each so many milliseconds
#define XMPP_WATCHES		 4  // of a socket, ended ones included

struct xmpp_program;
struct xmpp_client;

enum xmpp_phase {
	XMPP_IDLE,	 // disabled, or the settings are incomplete
	XMPP_WAITING,	 // for the next attempt
	XMPP_LOOKING,	 // for SRV records
	XMPP_RESOLVING,	 // a server's name
	XMPP_OPENING,	 // TCP, or a stream whose header has not come
	XMPP_FEATURES,	 // of the stream are awaited
	XMPP_PROCEEDING, // the server is asked to start TLS
	XMPP_AUTHENTICATING,
	XMPP_BINDING,
	XMPP_BOUND,
};

// The ring's watch of a socket. Libstrophe closes a socket by itself, and the next attempt must not wait until the
// watch of the former one has ended.
struct xmpp_watch {
	struct ring_operation poll;
	struct xmpp_client *client;
	bool ended;
};

// One connection of the table.
struct xmpp_client {
	struct xmpp_program *program;
	bool used, named; // named: by the agent, since the last end of its list
	struct xmpp_connection settings;

	enum xmpp_phase phase;
	enum xmpp_status status;
	struct xmpp_state state;
	struct alarm alarm;	// the next attempt; the end of a negotiation; the next keep-alive
	struct alarm reporting; // when counters are told
	struct alarm again;	// when more of what has come is read

	// Where to: servers in their order, and the addresses of the present one.
	struct xmpp_server targets[NAME_SERVICES_MAX];
	uint32_t target_count, target;
	struct name_query query;
	union transport_address addresses[NAME_ADDRESSES_MAX];
	unsigned address_count, address;
	uint32_t attempts; // at this address
	uint32_t waits;	   // since the last success

	// The present attempt.
	xmpp_ctx_t *context;
	xmpp_conn_t *connection;
	int descriptor;
	bool closed;		  // libstrophe has ended it
	bool authenticated;	  // SASL is done
	bool failed;		  // it is to be ended
	uint64_t bytes_at_stanza; // received when the last stanza was complete
	struct xmpp_watch watches[XMPP_WATCHES];
	struct scram scram;
	bool plain;
};

// A request that waits for the agent's verdict.
struct xmpp_waiting {
	struct xmpp_client *client; // NULL: free
	uint32_t token;
	uint32_t sender; // its kind
	char id[STANZA_ID_MAXIMUM + 1];
	char from[XMPP_JID_SIZE];
};

struct xmpp_link {
	struct ring_operation folder_poll, receiving;
	int folder, agent; // the folder's watch, the connection; -1: none
	union xmpp_message received;
	char beyond; // a byte more than the largest message: what is cut off is none
};

struct xmpp_program {
	struct daemon daemon;
	struct agent_configuration configuration;
	struct ring ring;
	struct xmpp_link link;
	struct address_watch addresses; // of the device
	struct xmpp_client clients[XMPP_CONNECTIONS_MAXIMUM];
	struct xmpp_waiting waiting[XMPP_REQUESTS_MAXIMUM];
	uint32_t token;
	uint32_t refused_malformed, refused_busy;
	struct rate_limit limits[XMPP_SENDERS];
	uint32_t seed; // of the hash of senders
};

// ---- link.c

// Connects to the agent, now or as soon as there is one. Returns 0 or -errno.
int xmpp_link_open(struct xmpp_program *program);
void xmpp_link_close(struct xmpp_program *program);
bool xmpp_link_connected(const struct xmpp_program *program);

// Sends a message to the agent; lost when there is none.
void xmpp_link_send(struct xmpp_program *program, const void *message);

// ---- address.c

// Ends connections whose address the device no longer has. Returns 0 or -errno.
int xmpp_address_open(struct xmpp_program *program);
void xmpp_address_close(struct xmpp_program *program);

// ---- client.c

// Takes the agent's settings of a connection, of which a copy is kept.
void xmpp_client_configure(struct xmpp_program *program, const struct xmpp_connection *settings);

// The agent has named all its connections: others are ended.
void xmpp_clients_named(struct xmpp_program *program);

// Tells the agent of all of them.
void xmpp_clients_report(struct xmpp_program *program);

// Says goodbye to all servers; at the end.
void xmpp_clients_close(struct xmpp_program *program);

// The state has changed: tells the agent, at once. `error` may be NULL: as it was.
void xmpp_client_status(struct xmpp_client *client, enum xmpp_status status, const char *error);

// Counters have moved: tells the agent within a second.
void xmpp_client_counted(struct xmpp_client *client);

// The present attempt has failed, or the connection is lost, for this reason: it is ended when libstrophe is no longer
// on the stack, and the next attempt planned.
void xmpp_client_fail(struct xmpp_client *client, enum xmpp_status status, const char *error);

// The resource is bound.
void xmpp_client_bound(struct xmpp_client *client, const char *jabber_id);

// Lets libstrophe read and write what can be.
void xmpp_client_run(struct xmpp_client *client);

// ---- stream.c

// Starts to negotiate, on the TCP connection that libstrophe has just made.
void xmpp_stream_start(struct xmpp_client *client);

// The server has answered with its stream's header.
void xmpp_stream_opened(struct xmpp_client *client);

// The agent's answer to a request.
void xmpp_stream_verdict(struct xmpp_program *program, const struct xmpp_verdict_message *verdict);

// The agent is gone, or the client's connection (NULL: all): what waits for a verdict gets none.
void xmpp_stream_forget(struct xmpp_program *program, const struct xmpp_client *client);

// Notes what the certificate of the handshake on the stack was refused for.
int xmpp_stream_certificate(const xmpp_tlscert_t *certificate, const char *const reason);
