// SPDX-License-Identifier: GPL-2.0-or-later
// Parameter attributes as the ACS set them, by full or partial path.
#include "agent/attribute.h"

#include "shm/espalier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char attribute_access_default[] = "Subscriber\0";

static void entry_free(struct attribute *entry)
{
	free(entry->path);
	free(entry->access_list);
}

void attributes_free(struct attributes *attributes)
{
	for (size_t i = 0; i < attributes->count; i++)
		entry_free(&attributes->entries[i]);
	free(attributes->entries);
	*attributes = (struct attributes){0};
}

// The first entry whose path is not below `path` in the order of bytes.
static size_t position(const struct attributes *attributes, const char *path, size_t length)
{
	size_t low = 0, high = attributes->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const char *other = attributes->entries[middle].path;
		int order = strncmp(other, path, length);

		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct attribute *find(const struct attributes *attributes, const char *path, size_t length)
{
	size_t at = position(attributes, path, length);

	if (at < attributes->count && !strncmp(attributes->entries[at].path, path, length) &&
	    !attributes->entries[at].path[length])
		return &attributes->entries[at];
	return NULL;
}

static int insert(struct attributes *attributes, const char *path, size_t length, struct attribute **entry)
{
	size_t at = position(attributes, path, length);
	char *copy;

	if (attributes->count == ATTRIBUTE_ENTRIES_MAXIMUM)
		return -ENOSPC;
	if (attributes->count == attributes->room) {
		size_t room = attributes->room ? attributes->room * 2 : 16;
		struct attribute *entries = reallocarray(attributes->entries, room, sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		attributes->entries = entries;
		attributes->room = room;
	}
	copy = strndup(path, length);
	if (!copy)
		return -ENOMEM;
	memmove(&attributes->entries[at + 1], &attributes->entries[at],
		(attributes->count - at) * sizeof(*attributes->entries));
	attributes->count++;
	*entry = &attributes->entries[at];
	**entry = (struct attribute){.path = copy, .notification = -1};
	return 0;
}

int attributes_copy(struct attributes *copy, const struct attributes *attributes)
{
	*copy = (struct attributes){0};
	for (size_t i = 0; i < attributes->count; i++) {
		const struct attribute *entry = &attributes->entries[i];

		if (attributes_set(copy, entry->path, strlen(entry->path), entry->notification, entry->access_list,
				   entry->access_size)) {
			attributes_free(copy);
			return -ENOMEM;
		}
	}
	return 0;
}

// Takes the fields that are set anew from everything below a partial path, and drops entries that have none left.
static void override(struct attributes *attributes, const char *path, size_t length, bool notification, bool access)
{
	size_t kept = position(attributes, path, length);

	for (size_t i = kept; i < attributes->count; i++) {
		struct attribute *entry = &attributes->entries[i];

		if (!strncmp(entry->path, path, length) && entry->path[length]) {
			if (notification)
				entry->notification = -1;
			if (access) {
				free(entry->access_list);
				entry->access_list = NULL;
				entry->access_size = 0;
			}
			if (entry->notification < 0 && !entry->access_list) {
				entry_free(entry);
				continue;
			}
		}
		attributes->entries[kept++] = *entry;
	}
	attributes->count = kept;
}

int attributes_set(struct attributes *attributes, const char *path, size_t length, int notification,
		   const char *access_list, size_t access_size)
{
	struct attribute *entry;
	char *list = NULL;
	int error;

	if (notification < 0 && !access_list)
		return 0;
	if (access_list) {
		list = malloc(access_size);
		if (!list)
			return -ENOMEM;
		memcpy(list, access_list, access_size);
	}
	if (!length || path[length - 1] == '.')
		override(attributes, path, length, notification >= 0, access_list);
	entry = find(attributes, path, length);
	if (!entry) {
		error = insert(attributes, path, length, &entry);
		if (error) {
			free(list);
			return error;
		}
	}
	if (notification >= 0)
		entry->notification = notification;
	if (list) {
		free(entry->access_list);
		entry->access_list = list;
		entry->access_size = access_size;
	}
	return 0;
}

// The entry with the longest path that holds for this one and has the field.
static const struct attribute *holding(const struct attributes *attributes, const char *path, size_t length,
				       bool (*has)(const struct attribute *entry))
{
	const struct attribute *entry;

	if (!attributes->count)
		return NULL;
	for (;;) {
		entry = find(attributes, path, length);
		if (entry && has(entry))
			return entry;
		if (!length)
			return NULL;
		length--;
		while (length && path[length - 1] != '.')
			length--;
	}
}

static bool has_notification(const struct attribute *entry)
{
	return entry->notification >= 0;
}

static bool has_access_list(const struct attribute *entry)
{
	return entry->access_list;
}

int attributes_notification(const struct attributes *attributes, const char *path, size_t length)
{
	const struct attribute *entry = holding(attributes, path, length, has_notification);

	return entry ? entry->notification : -1;
}

const char *attributes_access_list(const struct attributes *attributes, const char *path, size_t length)
{
	const struct attribute *entry = holding(attributes, path, length, has_access_list);

	return entry ? entry->access_list : attribute_access_default;
}

bool attributes_local_write(const struct attributes *attributes, const char *path, size_t length)
{
	for (const char *name = attributes_access_list(attributes, path, length); *name; name += strlen(name) + 1) {
		if (!strcmp(name, "Subscriber"))
			return true;
	}
	return false;
}

bool attributes_touch(const struct attributes *attributes, const char *path, size_t length)
{
	size_t at = position(attributes, path, length);

	if (at < attributes->count && !strncmp(attributes->entries[at].path, path, length))
		return true;
	return holding(attributes, path, length, has_notification);
}

int attribute_notification(uint32_t flags, int set)
{
	if (flags & ESPALIER_NOTIFY_FORCED)
		return ATTRIBUTE_ACTIVE;
	if (set < 0)
		return flags & ESPALIER_NOTIFY_DEFAULT ? ATTRIBUTE_ACTIVE : ATTRIBUTE_OFF;
	if (!(flags & ESPALIER_NOTIFY_CAN_DENY))
		return set;
	if (set == ATTRIBUTE_ACTIVE)
		return ATTRIBUTE_PASSIVE;
	if (set == ATTRIBUTE_ACTIVE_LIGHTWEIGHT)
		return ATTRIBUTE_PASSIVE_LIGHTWEIGHT;
	return set == ATTRIBUTE_PASSIVE_AND_ACTIVE_LIGHTWEIGHT ? ATTRIBUTE_PASSIVE_AND_PASSIVE_LIGHTWEIGHT : set;
}

int attribute_by_inform(int notification)
{
	if (notification == ATTRIBUTE_PASSIVE_AND_PASSIVE_LIGHTWEIGHT ||
	    notification == ATTRIBUTE_PASSIVE_AND_ACTIVE_LIGHTWEIGHT)
		return ATTRIBUTE_PASSIVE;
	return notification == ATTRIBUTE_PASSIVE || notification == ATTRIBUTE_ACTIVE ? notification : ATTRIBUTE_OFF;
}

int attribute_lightweight(int notification)
{
	if (notification == ATTRIBUTE_PASSIVE_LIGHTWEIGHT || notification == ATTRIBUTE_PASSIVE_AND_PASSIVE_LIGHTWEIGHT)
		return ATTRIBUTE_PASSIVE;
	if (notification == ATTRIBUTE_ACTIVE_LIGHTWEIGHT || notification == ATTRIBUTE_PASSIVE_AND_ACTIVE_LIGHTWEIGHT)
		return ATTRIBUTE_ACTIVE;
	return ATTRIBUTE_OFF;
}

long attribute_format(const struct attribute *attribute, char *buffer, size_t size)
{
	if (attribute->access_size + 2 > size)
		return -ENOSPC;
	buffer[0] = attribute->notification < 0 ? '-' : (char)('0' + attribute->notification);
	buffer[1] = attribute->access_list ? '+' : '-';
	if (attribute->access_list)
		memcpy(buffer + 2, attribute->access_list, attribute->access_size);
	return (long)attribute->access_size + 2;
}

int attributes_load(struct attributes *attributes, const char *path, const char *value, size_t length)
{
	int notification;

	if (length < 2 || (value[0] != '-' && (value[0] < '0' || value[0] > '0' + ATTRIBUTE_NOTIFICATION_MAXIMUM)))
		return -EBADMSG;
	notification = value[0] == '-' ? -1 : value[0] - '0';
	if (value[1] == '-')
		return attributes_set(attributes, path, strlen(path), notification, NULL, 0);
	if (value[1] != '+' || length < 3 || value[length - 1] || (length > 3 && value[length - 2]))
		return -EBADMSG;
	return attributes_set(attributes, path, strlen(path), notification, value + 2, length - 2);
}
