/* SPDX-License-Identifier: BSD-2-Clause */
/* A netlink socket: dumps, requests with an answer, and notifications. */
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nl_sock;
struct nl_msg;

/** The first size of the receive buffer; the kernel fills at most this much at once for dumps */
#define CHANNEL_BUFFER_SIZE	(64u * 1024)
/** The receive buffer grows up to this for single messages that need it */
#define CHANNEL_BUFFER_MAXIMUM	(1024u * 1024)
/** How many datagrams channel_discard() takes before it gives up against a storm that does not end */
#define CHANNEL_DISCARD_MAXIMUM 65536u
/** How often a dump is repeated when the kernel's tables changed meanwhile */
#define CHANNEL_DUMP_TRIES	8

/** A receive buffer, which several channels of one thread may share */
struct channel_buffer {
	char *bytes;
	size_t size;
};

struct channel {
	struct nl_sock *socket;
	int fd;
	struct channel_buffer *buffer;
};

/** Called for each message of the kind that was asked for; a non-zero return ends the walk and is passed on. */
typedef int (*channel_handler)(const struct nlmsghdr *header, void *context);

/**
 * channel_open() - opens a route netlink socket
 * @buffer: shared receive buffer; allocated here on first use, freed by its owner
 * @receive_size: bytes of the socket's receive queue, 0: the system's own choice
 *
 * Returns 0 or -errno.
 */
int channel_open(struct channel *channel, struct channel_buffer *buffer, int receive_size);

/** channel_open_protocol() - the same for another protocol than NETLINK_ROUTE */
int channel_open_protocol(struct channel *channel, int protocol, struct channel_buffer *buffer, int receive_size);

/** channel_close() - closes it; a channel of zeros is allowed */
void channel_close(struct channel *channel);

/** channel_subscribe() - receives the notifications of a group (RTNLGRP_..., NFNLGRP_...) from now on. Returns 0 or
 * -errno. */
int channel_subscribe(struct channel *channel, int group);

/**
 * channel_dump() - asks for a whole table and hands each message to the handler
 * @type: RTM_GET...
 * @body: the fixed part of the request, `length` bytes
 *
 * Waits for the kernel, which answers dumps without delay. Returns 0; -EINTR when the table changed meanwhile, so that
 * entries may be missing: ask again; -EMSGSIZE after the buffer was made larger: ask again; what the kernel answered
 * (-EOPNOTSUPP, -EPERM, ...); or what the handler returned.
 */
int channel_dump(struct channel *channel, int type, const void *body, size_t length, channel_handler handler,
		 void *context);

/**
 * channel_request() - sends one request and waits for the kernel's verdict
 * @message: as made by nlmsg_alloc_simple(); flags and numbers are completed here. Stays the caller's.
 * @handler: for what the kernel answers besides, or NULL
 *
 * Returns 0 or the kernel's -errno.
 */
int channel_request(struct channel *channel, struct nl_msg *message, channel_handler handler, void *context);

/**
 * channel_notifications() - hands the notifications that have come to the handler, without waiting
 * @limit: datagrams to take at most, so that a storm can't keep the caller for ever
 *
 * Returns how many datagrams it took; -ENOBUFS when the kernel had to drop notifications, or one was cut off: all that
 * is known must be asked for anew; or another -errno.
 */
int channel_notifications(struct channel *channel, unsigned int limit, channel_handler handler, void *context);

/**
 * channel_discard() - throws away the notifications that have come
 *
 * After a loss the kernel drops everything until the queue has been empty once, so what is still in it is a story with
 * holes. Returns 0 when it is empty, -EBUSY when more came all the time, or another -errno.
 */
int channel_discard(struct channel *channel);

/**
 * channel_walk() - hands the messages of one datagram to the handler
 * @sequence: only messages of this sequence number; 0: all
 * @changed: set when a message says that the dump was interrupted
 * @done: set when the end of a dump or a verdict came, with *verdict
 *
 * Returns 0 or what the handler returned. Never reads outside of `bytes`.
 */
int channel_walk(const char *bytes, size_t length, uint32_t sequence, channel_handler handler, void *context,
		 bool *changed, bool *done, int *verdict);
