// SPDX-License-Identifier: GPL-2.0-or-later
// Asks the name service for a host's addresses, or for the servers of a service, on the ring (c-ares).
#pragma once

#include "agent/alarm.h"
#include "agent/transport.h"

#define NAME_ADDRESSES_MAX    16    // addresses of one name that are kept
#define NAME_SERVICES_MAX     16    // servers of one service (SRV records) that are kept
#define NAME_HOST_SIZE	      256   // of the name of such a server
#define NAME_SOCKETS_MAX      32    // sockets of one query, the closed ones whose watch is being ended included
#define NAME_SERVER_WAIT_MS   2000  // for a server's first answer; each further try waits twice as long
#define NAME_SERVER_TRIES     4	    // of each server
#define NAME_TIME_TO_LIVE_MAX 86400 // seconds for which an answer is believed at most (RFC 8767, 4)

// An SRV record (RFC 2782).
struct name_service {
	uint16_t priority, weight, port;
	char host[NAME_HOST_SIZE]; // "" or "." alone: the service is not there
};

struct name_answer {
	int error; // 0; -EHOSTUNREACH: there is no such name, or it has no address; -EAGAIN: nobody could tell; -ENOMEM
	unsigned count;
	uint32_t time_to_live;				       // seconds
	union transport_address addresses[NAME_ADDRESSES_MAX]; // without a port
	struct name_service services[NAME_SERVICES_MAX];       // of name_query_service(), `count` of them
};

struct name_query;
struct ares_channeldata;

struct name_socket {
	struct ring_operation poll;
	struct name_query *query;
	int descriptor; // -1: closed by c-ares
	unsigned events;
};

// Set `ring` and done(), zero the rest, and call name_query_prepare(). In done(), and until the next start, `answer`
// may be read, and the query may be started again. The other fields are private.
struct name_query {
	struct ring *ring;
	void (*done)(struct name_query *query);
	struct name_answer answer;

	struct ares_channeldata *channel; // NULL: no query is under way
	bool finished;
	struct alarm alarm;
	struct name_socket sockets[NAME_SOCKETS_MAX];
};

void name_query_prepare(struct name_query *query);

// Asks for the IPv4 and IPv6 addresses of a name, in /etc/hosts and the DNS, in the order that /etc/nsswitch.conf gives
// for these two. That file, /etc/resolv.conf and /etc/hosts are read each time, so a change is followed. Returns 1 when
// the answer is there at once, 0 when done() will be called from the ring. A query under way is dropped.
int name_query_start(struct name_query *query, const char *host);

// Asks for the SRV records of a service, such as _xmpp-client._tcp.example.com. The rest as above; there is no time to
// live.
int name_query_service(struct name_query *query, const char *service);

// Drops a query under way; done() is not called. Harmless at any time.
void name_query_stop(struct name_query *query);

// The same after ring_close().
void name_query_close(struct name_query *query);
