/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two halves of the owner's service share: connections (service.c) and requests (service-request.c). */
#pragma once

#include "shm/message.h"
#include "shm/service.h"

enum {
	SERVICE_CONNECTIONS_MAXIMUM = 64,
	SERVICE_OPERATIONS_MAXIMUM = 64,     /* of one connection that the owner has not answered */
	SERVICE_WATCHES_MAXIMUM = 65536,     /* of one connection */
	SERVICE_OUTGOING_MAXIMUM = 16 << 20, /* bytes that wait for a peer that does not read */
	SERVICE_TRANSACTION_SECONDS = 30,    /* a set that is neither finished nor undone by then is undone */
};

struct transaction;

struct watch {
	char *path;
	size_t length;
};

struct packet {
	struct packet *next;
	size_t length;
	char bytes[];
};

struct connection {
	struct service *service;
	struct connection *next;
	int fd;
	bool dead;	 /* freed at the end of this round */
	bool may_change; /* by its credentials */
	bool armed;	 /* wants a wake */
	uint32_t marks;	 /* enum espalier_wake that it has not been told */
	struct watch *watches;
	size_t watch_count, watch_capacity;
	struct message message; /* being received, or waiting for another's set to end */
	bool waiting;
	struct espalier_request *request;    /* being answered, and nothing is read meanwhile */
	struct espalier_request *operations; /* being answered, while others go on */
	uint32_t operation_count;
	struct packet *outgoing, **outgoing_end;
	size_t outgoing_bytes;
	uint32_t events; /* that epoll reports */
};

struct service {
	struct espalier_writer *writer;
	const struct espalier_owner *owner;
	void *context;
	int epoll, listener, timer;
	char *socket_path;
	char *packet; /* room for one that is received */
	gid_t group;  /* of the run folder: its members may change values */
	struct connection *connections;
	uint32_t connection_count;
	struct transaction *transaction; /* the one set that may be under way */
	bool resume;			 /* connections wait for its end */
};

/** Sends a message, or queues it for a peer that does not read; drops the connection when that is too much. */
void connection_send(struct connection *connection, const struct message *message);

/** Reads no further (or again) from a connection. */
void connection_pause(struct connection *connection, bool pause);

/** Handles a complete request message of a connection; it is not cleared when the connection has to wait. */
void request_handle(struct connection *connection);

/** Ends what a vanished connection had under way. */
void request_abandon(struct connection *connection);

/** Undoes a set whose time is over. */
void request_timeout(struct service *service);

/** Answers nothing any more: at the end of the service. */
void request_close(struct service *service);

/** The row and parameter of a full path, or of a row's path when it ends in a dot (parameter UINT32_MAX). */
struct writer_slot *service_find(struct espalier_writer *writer, const char *path, size_t length, uint32_t *parameter);

/** The object of a table by its path, which ends in a dot, and the row that it lies below. Returns 0 or -ENOENT. */
int service_find_table(struct espalier_writer *writer, const char *path, size_t length, uint32_t *object,
		       struct espalier_row *parent);
