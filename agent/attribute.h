// SPDX-License-Identifier: GPL-2.0-or-later
// Parameter attributes as the ACS set them, by full or partial path.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATTRIBUTE_ENTRIES_MAXIMUM 4096 // paths with attributes

enum attribute_notification {
	ATTRIBUTE_OFF = 0,
	ATTRIBUTE_PASSIVE = 1,
	ATTRIBUTE_ACTIVE = 2,
	// Lightweight: by datagram in place of an Inform, or beside a passive one.
	ATTRIBUTE_PASSIVE_LIGHTWEIGHT = 3,
	ATTRIBUTE_PASSIVE_AND_PASSIVE_LIGHTWEIGHT = 4,
	ATTRIBUTE_ACTIVE_LIGHTWEIGHT = 5,
	ATTRIBUTE_PASSIVE_AND_ACTIVE_LIGHTWEIGHT = 6,
	ATTRIBUTE_NOTIFICATION_MAXIMUM = 6,
};

// What was set for a path. A partial path holds for everything below it, also for instances that come later. Of two
// entries that hold for a parameter the one with the longer path was set later: setting a path takes the field from all
// entries below it.
struct attribute {
	char *path;
	int notification;   // enum attribute_notification, or -1: not set here
	char *access_list;  // names, each ended by a NUL, and one more NUL behind the last; NULL: not set here
	size_t access_size; // bytes of it
};

// Zeroed memory is an empty set. Fields may be read; entries are in the order of their paths' bytes.
struct attributes {
	struct attribute *entries;
	size_t count, room;
};

// The access list that a parameter has unless one was set: Subscriber alone.
extern const char attribute_access_default[];

void attributes_free(struct attributes *attributes);

// Copies a set, so that a list of changes can be tried as a whole. Returns 0 or -ENOMEM (then `copy` is empty).
int attributes_copy(struct attributes *copy, const struct attributes *attributes);

// Sets fields of a path. `notification` -1 and `access_list` NULL leave the field as it is. Returns 0, -ENOMEM, or
// -ENOSPC beyond ATTRIBUTE_ENTRIES_MAXIMUM.
int attributes_set(struct attributes *attributes, const char *path, size_t length, int notification,
		   const char *access_list, size_t access_size);

// What holds for a full path: the notification that was set, or -1.
int attributes_notification(const struct attributes *attributes, const char *path, size_t length);

// What holds for a full path: its access list, or attribute_access_default.
const char *attributes_access_list(const struct attributes *attributes, const char *path, size_t length);

// Whether local programs may write a parameter: its access list names Subscriber.
bool attributes_local_write(const struct attributes *attributes, const char *path, size_t length);

// Whether an entry holds for something at or below an object path: if not, its parameters have what the schema says.
bool attributes_touch(const struct attributes *attributes, const char *path, size_t length);

// The notification in force: the schema's flags (enum espalier_flags) and what was set. Active notification of a
// parameter that may deny it is passive.
int attribute_notification(uint32_t flags, int set);

// The two halves of a notification, which know nothing of each other: OFF, PASSIVE or ACTIVE.
int attribute_by_inform(int notification);
int attribute_lightweight(int notification);

// An entry as one durable record's value: writes it to the buffer. Returns its length, or -ENOSPC.
long attribute_format(const struct attribute *attribute, char *buffer, size_t size);

// Takes such a record back in. Returns 0, -EBADMSG, -ENOMEM or -ENOSPC.
int attributes_load(struct attributes *attributes, const char *path, const char *value, size_t length);
