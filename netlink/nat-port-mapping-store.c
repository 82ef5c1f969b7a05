/* SPDX-License-Identifier: BSD-2-Clause */
/* Port mappings on the disk: a record for each value that is not the usual one, in nat.state. */
#include "netlink/nat.h"

#include "shm/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TABLE	  NAT_PORT_MAPPING_TABLE
#define LEASE_END "X_LeaseEnd" /* seconds since 1970 */
#define DEVICE	  "X_Device"

static void path_of(char path[STATE_PATH_SIZE], uint32_t number, const char *name)
{
	snprintf(path, STATE_PATH_SIZE, TABLE "%" PRIu32 ".%s", number, name);
}

static int keep_value(struct nat *nat, uint32_t number, const char *name, const char *value)
{
	char path[STATE_PATH_SIZE];

	path_of(path, number, name);
	return state_set(&nat->port_mappings.state, STATE_VALUE, path, value);
}

/* Default values need no record, but for Enable, by which there is a row at all. */
static int keep(struct nat *nat, const struct port_mapping *mapping)
{
	static struct port_mapping standard;
	static char text[PORT_MAPPING_VALUE_SIZE], usual[PORT_MAPPING_VALUE_SIZE];
	int64_t now = loop_now();
	int error = 0;

	port_mapping_new(&standard, mapping->number);
	for (uint32_t i = 0; i < PORT_MAPPING_PARAMETERS && !error; i++) {
		if (!(port_mapping_schema[i].flags & ESPALIER_WRITABLE) || i == PORT_MAPPING_LEASE_DURATION)
			continue;
		port_mapping_text(text, mapping, i, now);
		port_mapping_text(usual, &standard, i, now);
		error = keep_value(nat, mapping->number, port_mapping_schema[i].name,
				   i != PORT_MAPPING_ENABLE && strcmp(text, usual) == 0 ? NULL : text);
	}
	if (!error)
		error = keep_value(nat, mapping->number, DEVICE, mapping->device[0] ? mapping->device : NULL);
	snprintf(text, sizeof(text), "%" PRIu32, mapping->lease);
	if (!error)
		error = keep_value(nat, mapping->number, port_mapping_schema[PORT_MAPPING_LEASE_DURATION].name,
				   mapping->lease ? text : NULL);
	snprintf(text, sizeof(text), "%" PRId64, (int64_t)time(NULL) + (int64_t)port_mapping_remaining(mapping, now));
	if (!error)
		error = keep_value(nat, mapping->number, LEASE_END, mapping->lease ? text : NULL);
	return error;
}

static int save(struct nat *nat)
{
	int error = numbers_save(&nat->numbers);

	if (!error)
		error = state_save(&nat->port_mappings.state);
	if (error)
		log_error("port mappings can't be saved: %s", strerror(-error));
	return error;
}

int nat_port_mappings_keep(struct nat *nat, const struct port_mapping *mappings, size_t count)
{
	int error = 0;

	state_remove_below(&nat->port_mappings.state, TABLE);
	for (size_t i = 0; i < count && !error; i++)
		error = keep(nat, &mappings[i]);
	return error ? error : save(nat);
}

static struct port_mapping *by_number(struct nat *nat, uint32_t number)
{
	struct nat_port_mappings *all = &nat->port_mappings;

	for (size_t i = 0; i < all->count; i++) {
		if (all->mappings[i].number == number)
			return &all->mappings[i];
	}
	if (all->count >= PORT_MAPPINGS_MAXIMUM)
		return NULL;
	port_mapping_new(&all->mappings[all->count], number);
	return &all->mappings[all->count++];
}

static int restore_value(struct port_mapping *mapping, const char *name, const char *value, int64_t *lease_end)
{
	struct espalier_value parsed;
	const char *text;
	char *end;

	if (strcmp(name, DEVICE) == 0) {
		if (strlen(value) >= sizeof(mapping->device))
			return -EINVAL;
		snprintf(mapping->device, sizeof(mapping->device), "%s", value);
		return 0;
	}
	if (strcmp(name, LEASE_END) == 0) {
		*lease_end = strtoll(value, &end, 10);
		return *end ? -EINVAL : 0;
	}
	for (uint32_t i = 0; i < PORT_MAPPING_PARAMETERS; i++) {
		if (strcmp(port_mapping_schema[i].name, name) != 0)
			continue;
		if (espalier_value_parse(&port_mapping_schema[i], value, strlen(value), &parsed) ||
		    port_mapping_set(mapping, i, &parsed, loop_now(), &text) != ESPALIER_OK)
			return -EINVAL;
		return 0;
	}
	return -EINVAL;
}

static int restore_record(struct nat *nat, const struct state_record *record)
{
	static char device[IF_NAMESIZE];
	struct port_mapping *mapping;
	unsigned long number;
	int64_t end = 0;
	char *name;
	int error;

	if (record->kind != STATE_VALUE || strncmp(record->path, TABLE, sizeof(TABLE) - 1) != 0)
		return -EINVAL;
	number = strtoul(record->path + sizeof(TABLE) - 1, &name, 10);
	if (number == 0 || number > UINT32_MAX || *name != '.')
		return -EINVAL;
	mapping = by_number(nat, (uint32_t)number);
	if (!mapping)
		return -ENOSPC;
	/* Interface forgets the name that was found for it, which may stand before it in the file. */
	snprintf(device, sizeof(device), "%s", mapping->device);
	error = restore_value(mapping, name + 1, record->value, &end);
	if (!mapping->device[0])
		snprintf(mapping->device, sizeof(mapping->device), "%s", device);
	if (!error && end) {
		/* A clock that was set back must not make a lease longer than it was: port_mapping_remaining(). */
		int64_t left = end - (int64_t)time(NULL);

		mapping->lease_end = loop_now() + (left < UINT32_MAX ? left : UINT32_MAX) * 1000000000ll;
	}
	return error;
}

void nat_port_mappings_restore(struct nat *nat)
{
	const struct state *state = &nat->port_mappings.state;
	struct nat_port_mappings *all = &nat->port_mappings;

	for (size_t pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < state->count; i++) {
			const struct state_record *record = &state->records[i];
			const char *name = strrchr(record->path, '.');
			/* The end of a lease counts after its duration has been read, which sets one too. */
			bool last = name && strcmp(name + 1, LEASE_END) == 0;
			int error = last == (pass == 1) ? restore_record(nat, record) : 0;

			if (error)
				log_warning("%s: %s = %.80s is left out: %s", state->file, record->path, record->value,
					    strerror(-error));
		}
	}
	for (size_t i = 0; i < all->count; i++)
		espalier_numbering_note(nat->numbers.numbering, TABLE, all->mappings[i].number);
}
