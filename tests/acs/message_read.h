// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the agent's SOAP envelopes as they arrive, without a tree: single facts are kept, list members are handed on.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/acs/buffer.h"

enum {
	EVENTS_PER_INFORM = 64, // TR-069, Inform: at most 64 EventStruct
	NAMES_KEPT = 12,	// depth to which element names matter
};

enum item_kind {
	ITEM_VALUE,	// name, value, type
	ITEM_NAME,	// name, writable
	ITEM_ATTRIBUTE, // name, notification, value = access list
	ITEM_METHOD,	// name
	ITEM_FAULT,	// name, fault code in notification, value = fault string
};

/* A member of a list. The strings are valid during the callback only. */
struct item {
	enum item_kind kind;
	const char *name;
	const char *value;
	const char *type; // without prefix; "" when the value has none
	bool writable;
	int notification;
};

struct event {
	char code[80];
	char command_key[80];
};

struct message {
	char method[80];	 // local name of the Body's child, "" when there is none
	char cwmp_namespace[80]; // of the method; for a fault of its detail
	bool has_id;
	struct buffer id;
	struct buffer versions; // header SupportedCWMPVersions
	struct buffer oui, product_class, serial_number;
	struct event events[EVENTS_PER_INFORM];
	unsigned event_count;
	unsigned retry_count;
	char current_time[64];
	int fault_code; // CWMP fault code, 0 when the fault has none
	struct buffer fault_code_soap, fault_string;
	int status; // -1 when absent
	char instance_number[32];
	uint64_t item_count;
	uint64_t array_count; // as the first arrayType says
	char error[200];      // why it is not an envelope; "" when it is one
};

struct message_reader;

/*
 * Makes a reader. `item` is called with `user` for each list member; it returns false when the rest of the message
 * need not be read. Free with message_reader_free().
 */
struct message_reader *message_reader_new(bool (*item)(void *user, const struct message *, const struct item *),
					  void *user);
void message_reader_free(struct message_reader *reader);

/* Takes the next bytes of the body. Returns false once no more are wanted (enough read, or not well-formed). */
bool message_feed(struct message_reader *reader, const char *data, size_t length);

/* True when the reader wants no more bytes. */
bool message_enough(const struct message_reader *reader);

/* Says that the body has ended. Returns the message, owned by the reader; look at `error` first. */
const struct message *message_finish(struct message_reader *reader);
