/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The STUN client: keeps the binding of the UDP socket on which connection requests arrive (TR-069 Annex G; R-105 to
 * R-108), and finds out what the NAT does.
 *
 * stun-client.c finds the server and keeps the binding; stun-search.c looks for the time after which the NAT forgets
 * one; stun-behaviour.c finds how it maps and filters (RFC 5780); request-filter.c takes the requests.
 */
#pragma once

#include "netlink/request-filter.h"
#include "netlink/resolve.h"
#include "netlink/stun-transaction.h"
#include "shm/cpu-share.h"
#include "shm/reach-message.h"

/** Datagrams taken from a socket before others get their turn */
#define STUN_BATCH 32u

enum stun_status {
	STUN_DISABLED,	/* neither STUN nor listening */
	STUN_WAITING,	/* no settings have come: the agent does not run */
	STUN_RESOLVING, /* the server's name */
	STUN_NO_ROUTE,	/* there is no way to the server */
	STUN_BINDING,	/* no answer yet */
	STUN_BOUND,
	STUN_UNANSWERED, /* the server does not answer any more; the last binding may hold */
	STUN_LISTENING,	 /* without STUN, on the local address */
	STUN_STATUSES
};

enum nat_behaviour {
	NAT_UNKNOWN,
	NAT_ENDPOINT_INDEPENDENT,
	NAT_ADDRESS_DEPENDENT,
	NAT_ADDRESS_PORT_DEPENDENT,
	NAT_BEHAVIOURS
};

struct stun_client;

struct stun_socket {
	struct loop_source source;
	struct stun_client *client;
	bool requests; /* connection requests are taken */
	struct cpu_share share;
	struct loop_timer resting; /* while the share is used up */
};

/** How to have the server answer to another port than the one that asks */
enum search_way { SEARCH_UNTRIED, SEARCH_RESPONSE_ADDRESS, SEARCH_RESPONSE_PORT, SEARCH_NO_WAY };

struct stun_search {
	enum search_way way;
	bool way_known;	       /* it was seen to work */
	uint32_t lower, upper; /* seconds: a binding was alive after, and gone after (0: not known) */
	uint32_t trial;	       /* seconds that are tried now */
	bool found;
	struct stun_socket socket;
	struct stun_transaction probe;
};

struct stun_behaviour {
	enum nat_behaviour mapping, filtering;
	struct stun_socket mapping_socket, filtering_socket;
	struct stun_transaction mapping_request, filtering_request;
	union endpoint other, mapped[2];
	unsigned int mapping_step, filtering_step;
};

/** Fields may be read; `loop`, changed() and `filter` are set by the owner of a zeroed one. */
struct stun_client {
	struct loop *loop;
	void (*changed)(struct stun_client *client); /* something that is published */
	struct request_filter filter;
	struct reach_settings settings;
	bool configured;

	enum stun_status status;
	struct stun_socket socket;
	union endpoint local;  /* the address by which the server is reached, with the socket's port */
	union endpoint mapped; /* family AF_UNSPEC: not known */
	bool nat_detected;
	bool announce; /* the binding has changed: BINDING-CHANGE in the next request */

	struct resolve resolve;
	union endpoint servers[RESOLVE_ADDRESSES_MAXIMUM];
	unsigned int server_count, server; /* the one in use */
	unsigned int tried;		   /* servers without an answer in a row */
	unsigned int resolve_failures;

	struct stun_transactions transactions;
	struct stun_transaction binding;
	struct loop_timer timer; /* the next binding request, or the next attempt */
	enum stun_framing framing;
	bool authenticated; /* the server has asked for credentials */
	unsigned int challenges;
	char realm[STUN_TEXT_MAXIMUM + 1], nonce[STUN_TEXT_MAXIMUM + 1];

	struct stun_search search;
	struct stun_behaviour behaviour;

	uint64_t changes;     /* of the binding */
	int64_t round_trip;   /* nanoseconds, 0: not known */
	char last_error[160]; /* "": none yet */
};

/** stun_client_configure() - takes settings, and starts anew where they differ */
void stun_client_configure(struct stun_client *client, const struct reach_settings *settings);

/** stun_client_routes_changed() - addresses or routes have changed: binds anew at once when that matters */
void stun_client_routes_changed(struct stun_client *client);

/** stun_client_close() - ends everything; the memory may be freed */
void stun_client_close(struct stun_client *client);

/** stun_client_period() - seconds from one binding request to the next */
uint32_t stun_client_period(const struct stun_client *client);

/** stun_client_address() - where the device is reached by UDP: family AF_UNSPEC for nowhere */
union endpoint stun_client_address(const struct stun_client *client);

/* ---- Between the files of the client ------------------------------------------------------------------------ */

/** stun_client_bind() - sends a binding request now */
void stun_client_bind(struct stun_client *client);

/** stun_client_error() - keeps a line as the last error, and logs it where it is a new one */
void stun_client_error(struct stun_client *client, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** stun_socket_open() - a UDP socket of the family on `port` (0: any). Returns 0 or -errno. */
int stun_socket_open(struct stun_client *client, struct stun_socket *socket, int family, uint16_t port);
void stun_socket_close(struct stun_client *client, struct stun_socket *socket);

/** stun_credentials() - fills in what the server has asked for */
void stun_credentials(const struct stun_client *client, struct stun_request *request);

/** search_start() - forgets what was found; search_stop() - ends what runs */
void search_start(struct stun_client *client);
void search_stop(struct stun_client *client);

/** search_refreshed() - the binding has just been refreshed: prepares the next trial */
void search_refreshed(struct stun_client *client);

/**
 * search_try() - the time of the trial has passed: asks whether the binding is still alive
 *
 * Returns false when there is nothing to try: the caller refreshes the binding.
 */
bool search_try(struct stun_client *client);

/** search_lost() - the binding turned out to be another after the usual period */
void search_lost(struct stun_client *client);

/** behaviour_start() - finds out about mapping and filtering, once for each binding; behaviour_stop() - ends that */
void behaviour_start(struct stun_client *client, const union endpoint *other);
void behaviour_stop(struct stun_client *client);
