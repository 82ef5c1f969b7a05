// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's end of a private connection with another of our programs: a Unix SEQPACKET socket in the run folder,
// mode 0600, on which the agent listens, for one program at a time. It may be killed and come back at any moment.
#pragma once

#include "agent/ring.h"

#include <stdbool.h>
#include <stddef.h>

#define PRIVATE_LINK_MESSAGE_MAXIMUM 8192 // bytes of one message; a longer one ends the connection

// Zero it, and set the callbacks and `program`. The other fields are private.
struct private_link {
	const char *program; // its name, for the log
	// It is there, and is to be told what it needs.
	void (*connected)(struct private_link *link);
	// It is gone, or was never there.
	void (*gone)(struct private_link *link);
	// A message has come. Returns false when it is none: the connection then ends.
	bool (*received)(struct private_link *link, const char *bytes, size_t length);

	struct ring *ring;
	int descriptor, connection, successor; // that listens; the present one; one that takes its place. Or -1
	struct ring_operation accepting, receiving;
	char path[108]; // of the socket
	char bytes[PRIVATE_LINK_MESSAGE_MAXIMUM + 1];
};

// Opens the socket `name` in the run folder. Only after the own segment, whose lock makes sure that no other agent has
// the folder. Returns 0 or -errno; after an error, which is logged, the program never connects.
int private_link_open(struct private_link *link, struct ring *ring, const char *folder, const char *name);

// Whether the program is connected.
bool private_link_connected(const struct private_link *link);

// Sends one message; without a connection nothing happens. A program that does not read is cut off: it comes back with
// a new connection. Never waits.
void private_link_send(struct private_link *link, const char *bytes, size_t length);

// Whether the peer of a Unix socket is root or our own user.
bool private_link_trusts(int descriptor);

// Removes the socket; before ring_close().
void private_link_stop(struct private_link *link);

// Closes everything; after ring_close().
void private_link_free(struct private_link *link);
