/* SPDX-License-Identifier: BSD-2-Clause */
/* What travels over an owner's SEQPACKET socket. Both ends are on one machine: native byte order. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shm/espalier.h"

enum {
	MESSAGE_MAGIC = 0x45535101, /* the last byte is the version */
	MESSAGE_PACKET_MAXIMUM = 96 << 10,
	MESSAGE_TEXT_MAXIMUM = ESPALIER_VALUE_MAXIMUM,
	MESSAGE_BYTES_MAXIMUM = 64 << 20, /* of all packets of one message */
};

/** Kinds beside enum espalier_request_kind. */
enum message_kind {
	MESSAGE_WATCH = 32, /* entries: paths */
	MESSAGE_UNWATCH,    /* all of them */
	MESSAGE_ARM,	    /* wake me once, at the next change or at once when there was one */
	MESSAGE_WAKE,	    /* owner: value = enum espalier_wake */
	MESSAGE_ANSWER,	    /* owner: id, fault, value = instance; entries: faulty ones, value = text */
};

/** A packet's first bytes. A message of many entries comes in several, all but the last with `more`. */
struct message_header {
	uint32_t magic;
	uint16_t kind, more;
	uint32_t id;
	uint32_t fault;
	uint32_t value;
	uint32_t count; /* entries in this packet */
};

/** An entry, followed by its path and its text, filled up to 4 bytes together. */
struct message_entry {
	uint32_t index, fault;
	uint32_t path_length, text_length;
};

/** An entry outside a packet. */
struct message_part {
	uint32_t index, fault;
	const char *path, *text;
	uint32_t path_length, text_length;
};

/** A message being put together from packets, or from entries. */
struct message {
	struct message_header header;
	struct message_part *parts;
	size_t count, capacity;
	char *bytes; /* what the parts point into, each ended by NUL */
	size_t bytes_used, bytes_capacity;
};

/** Adds an entry, copying its texts. Pointers in `parts` are right after message_complete(). -ENOMEM, -EMSGSIZE. */
int message_add(struct message *message, const struct message_part *part);

/**
 * Takes one packet. Returns 1 when the message is complete (then `parts` are usable until message_clear()), 0 when more
 * packets follow, -EBADMSG for nonsense, -ENOMEM, -EMSGSIZE.
 */
int message_take(struct message *message, const char *packet, size_t length);

/** Calls `put` for each packet of the message. Stops at its first error and returns it. */
int message_put(const struct message *message, int (*put)(void *context, const char *packet, size_t length),
		void *context);

/** Empties it and frees its memory. */
void message_clear(struct message *message);
