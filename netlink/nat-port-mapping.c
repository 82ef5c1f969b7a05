/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port mappings in the kernel, in the state folder and in the tree. A change goes to the kernel first, as one
 * transaction that replaces our whole table, then to the disk, then into the tree; what fails is taken back. A program
 * that is killed between finds the disk's state when it starts, and makes the kernel the same.
 */
#include "netlink/nat.h"

#include "netlink/nftables.h"
#include "netlink/update.h"
#include "shm/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE NAT_PORT_MAPPING_TABLE

static const struct espalier_row none = {0, 0};

static bool same_row(struct espalier_row one, struct espalier_row other)
{
	return one.slot == other.slot && one.generation == other.generation;
}

/* ---- The kernel --------------------------------------------------------------------------------------------- */

/* Makes the kernel's table that of these mappings, when it is another one. */
static int apply(struct nat *nat, const struct port_mapping *mappings, size_t count, char text[NFTABLES_ERROR_SIZE])
{
	struct nat_port_mappings *all = &nat->port_mappings;
	unsigned int rules;
	char *commands = port_mapping_commands(mappings, count, &rules);
	int error = nat->filter.problem;

	snprintf(text, NFTABLES_ERROR_SIZE, "%s", strerror(error ? -error : ENOMEM));
	if (!commands)
		return -ENOMEM;
	if (all->commands && strcmp(commands, all->commands) == 0) {
		free(commands);
		return 0;
	}
	/* Nothing wanted and nothing there: the kernel's ruleset is not ours to touch. */
	if (!rules && (error || !nat->filter.ruleset->own_table)) {
		free(commands);
		return 0;
	}
	if (!error)
		error = nftables_run(commands, text);
	if (error) {
		free(commands);
		return error;
	}
	free(all->commands);
	all->commands = commands;
	all->rules = rules;
	nat->filter.ruleset->own_table = rules > 0;
	return 0;
}

/* For what nobody has asked for just now: each row says whether it is in force. */
static void apply_all(struct nat *nat)
{
	struct nat_port_mappings *all = &nat->port_mappings;
	char text[NFTABLES_ERROR_SIZE];
	int error;

	for (size_t i = 0; i < all->count; i++)
		all->mappings[i].failed = false;
	error = apply(nat, all->mappings, all->count, text);
	if (!error)
		return;
	log_error("port mappings are not in force: %s", text);
	for (size_t i = 0; i < all->count; i++)
		all->mappings[i].failed = true;
	free(all->commands);
	all->commands = NULL;
	all->rules = 0;
}

int nat_port_mappings_remove(void)
{
	char text[NFTABLES_ERROR_SIZE], *commands;
	unsigned int rules, generation;
	int error = nftables_generation(&generation);

	if (error) {
		log_error("the packet filter can't be changed: %s", strerror(-error));
		return error;
	}
	commands = port_mapping_commands(NULL, 0, &rules);
	error = commands ? nftables_run(commands, text) : -ENOMEM;
	if (error)
		log_error("table " PORT_MAPPING_FAMILY " " PORT_MAPPING_TABLE " can't be removed: %s",
			  commands ? text : strerror(ENOMEM));
	free(commands);
	return error;
}

/* Names of interfaces as they are now. While nobody publishes interfaces, those of before hold. */
static void resolve(struct nat *nat, struct port_mapping *mappings, size_t count)
{
	bool fresh = false, known = false;

	for (size_t i = 0; i < count; i++) {
		if (!mappings[i].interface[0])
			continue;
		if (!fresh)
			known = nat_interfaces_refresh(nat);
		fresh = true;
		if (known)
			nat_interface_name(nat, mappings[i].interface, mappings[i].device);
	}
}

/* ---- The tree ----------------------------------------------------------------------------------------------- */

static void publish_row(struct nat *nat, const struct port_mapping *mapping)
{
	static char text[PORT_MAPPING_VALUE_SIZE];
	struct update update = update_begin(nat->writer, mapping->row);
	int64_t now = loop_now();

	for (uint32_t i = 0; i < PORT_MAPPING_PARAMETERS; i++) {
		port_mapping_text(text, mapping, i, now);
		switch (port_mapping_schema[i].type) {
		case ESPALIER_BOOLEAN:
			update_boolean(&update, i, text[0] == '1');
			break;
		case ESPALIER_UNSIGNED_INT:
			update_unsigned(&update, i, strtoul(text, NULL, 10));
			break;
		default:
			update_text(&update, i, text);
		}
	}
	update_end(&update);
}

static int add_row(struct nat *nat, struct port_mapping *mapping)
{
	int error = espalier_instance_add(nat->writer, NAT_PORT_MAPPING, none, mapping->number, &mapping->row);

	if (error)
		return error;
	publish_row(nat, mapping);
	return espalier_instance_publish(nat->writer, mapping->row);
}

static void publish_count(struct nat *nat)
{
	struct update update = update_begin(nat->writer, espalier_row_of(nat->writer, NAT_NAT, none));

	update_unsigned(&update, NAT_PORT_MAPPINGS, nat->port_mappings.count);
	update_end(&update);
}

void nat_port_mappings_settle(struct nat *nat)
{
	struct nat_port_mappings *all = &nat->port_mappings;

	if (!all->changed)
		return;
	all->changed = false;
	for (size_t i = 0; i < all->count; i++)
		publish_row(nat, &all->mappings[i]);
	publish_count(nat);
	nat_flows_settle(nat);
}

/* ---- Leases ------------------------------------------------------------------------------------------------- */

static void forget(struct nat *nat, size_t at)
{
	struct nat_port_mappings *all = &nat->port_mappings;

	espalier_instance_remove(nat->writer, all->mappings[at].row);
	memmove(&all->mappings[at], &all->mappings[at + 1], (all->count - at - 1) * sizeof(all->mappings[0]));
	all->count--;
	all->changed = true;
}

/* What is left is to be read at any time: one update a second while there are leases. */
static void watch_leases(struct nat *nat)
{
	struct nat_port_mappings *all = &nat->port_mappings;
	bool any = false;

	for (size_t i = 0; i < all->count; i++)
		any |= all->mappings[i].lease != 0;
	if (any && !all->leases.set)
		loop_timer_set(&nat->loop, &all->leases, loop_now() + 1000000000ll);
	else if (!any)
		loop_timer_clear(&nat->loop, &all->leases);
}

static void lease_second(struct loop_timer *timer)
{
	struct nat *nat = LOOP_OF(timer, struct nat, port_mappings.leases);
	struct nat_port_mappings *all = &nat->port_mappings;
	int64_t now = loop_now();
	bool ended = false;

	for (size_t i = all->count; i-- > 0;) {
		struct port_mapping *mapping = &all->mappings[i];
		struct update update;

		if (!mapping->lease)
			continue;
		if (mapping->lease_end <= now) {
			log_notice("the lease of " TABLE "%" PRIu32 " has ended", mapping->number);
			forget(nat, i);
			ended = true;
			continue;
		}
		update = update_begin(nat->writer, mapping->row);
		update_unsigned(&update, PORT_MAPPING_LEASE_DURATION, port_mapping_remaining(mapping, now));
		update_end(&update);
	}
	if (ended) {
		apply_all(nat);
		nat_port_mappings_keep(nat, all->mappings, all->count);
		nat_port_mappings_settle(nat);
	}
	watch_leases(nat);
}

/* ---- Requests ----------------------------------------------------------------------------------------------- */

/*
 * A copy of all mappings as the request wants them, NULL without memory; *fault, and what is wrong in the changes. What
 * is taken back may be of a row that has gone since.
 */
static struct port_mapping *wanted(struct nat *nat, struct espalier_change *changes, size_t count, bool undo,
				   int *fault)
{
	struct nat_port_mappings *all = &nat->port_mappings;
	struct port_mapping *copy = calloc(all->count + 1, sizeof(*copy));
	int64_t now = loop_now();

	*fault = ESPALIER_OK;
	if (!copy)
		return NULL;
	memcpy(copy, all->mappings, all->count * sizeof(*copy));
	for (size_t at = 0; at < count; at++) {
		struct espalier_change *change = &changes[at];
		size_t i = 0;

		while (i < all->count && !same_row(copy[i].row, change->row))
			i++;
		if (i == all->count && undo)
			continue;
		if (i == all->count) {
			change->fault = ESPALIER_FAULT_NAME;
			change->text = "the row is gone";
		} else {
			change->fault =
				port_mapping_set(&copy[i], change->parameter, &change->value, now, &change->text);
		}
		if (change->fault != ESPALIER_OK)
			*fault = ESPALIER_FAULT_ARGUMENTS;
	}
	return copy;
}

static const char *clash(const struct port_mapping *copy, size_t count, size_t at)
{
	const char *text = port_mapping_check(&copy[at]);

	for (size_t i = 0; i < count && !text; i++) {
		if (i != at && port_mapping_conflict(&copy[i], &copy[at]))
			text = "another enabled mapping has this port, protocol and remote host";
		else if (i != at && copy[at].alias[0] && strcmp(copy[i].alias, copy[at].alias) == 0)
			text = "another row of the table has this alias";
	}
	return text;
}

static int check(const struct port_mapping *copy, size_t rows, struct espalier_change *changes, size_t count)
{
	int fault = ESPALIER_OK;

	for (size_t at = 0; at < count; at++) {
		size_t i = 0;

		while (i < rows && !same_row(copy[i].row, changes[at].row))
			i++;
		/* The rows hold together as they will be, so each value of such a row is as wrong as the other. */
		if (i < rows && changes[at].fault == ESPALIER_OK) {
			changes[at].text = clash(copy, rows, i);
			if (changes[at].text)
				changes[at].fault = fault = ESPALIER_FAULT_VALUE;
		}
	}
	return fault == ESPALIER_OK ? fault : ESPALIER_FAULT_ARGUMENTS;
}

static int validate(struct espalier_writer *writer, struct espalier_request *request, struct espalier_change *changes,
		    size_t count, void *context)
{
	struct nat *nat = context;
	struct port_mapping *copy;
	int fault;

	(void)writer;
	(void)request;
	copy = wanted(nat, changes, count, false, &fault);
	if (!copy)
		return ESPALIER_FAULT_RESOURCES;
	if (fault == ESPALIER_OK)
		fault = check(copy, nat->port_mappings.count, changes, count);
	free(copy);
	return fault;
}

/* Makes the kernel and the disk as the copy says, or leaves both as they were. */
static int take_over(struct nat *nat, struct port_mapping *copy, size_t count, char text[NFTABLES_ERROR_SIZE])
{
	struct nat_port_mappings *all = &nat->port_mappings;
	char ignored[NFTABLES_ERROR_SIZE];
	int error;

	for (size_t i = 0; i < count; i++)
		copy[i].failed = false;
	error = apply(nat, copy, count, text);
	if (error)
		return error;
	error = nat_port_mappings_keep(nat, copy, count);
	if (!error)
		return 0;
	snprintf(text, NFTABLES_ERROR_SIZE, "it can't be saved: %s", strerror(-error));
	nat_port_mappings_keep(nat, all->mappings, all->count);
	if (apply(nat, all->mappings, all->count, ignored))
		log_error("port mappings can't be brought back: %s", ignored);
	return error;
}

static int commit(struct espalier_writer *writer, struct espalier_request *request, struct espalier_change *changes,
		  size_t count, bool undo, void *context)
{
	static char text[NFTABLES_ERROR_SIZE];
	struct nat *nat = context;
	struct nat_port_mappings *all = &nat->port_mappings;
	struct port_mapping *copy;
	int fault;

	(void)writer;
	(void)request;
	copy = wanted(nat, changes, count, undo, &fault);
	if (!copy)
		return ESPALIER_FAULT_RESOURCES;
	if (fault == ESPALIER_OK) {
		resolve(nat, copy, all->count);
		if (take_over(nat, copy, all->count, text)) {
			log_warning("a port mapping is refused: %s", text);
			changes[0].fault = fault = ESPALIER_FAULT_DENIED;
			changes[0].text = text;
		} else {
			memcpy(all->mappings, copy, all->count * sizeof(*copy));
			all->changed = true;
			watch_leases(nat);
		}
	}
	free(copy);
	return fault;
}

static int add(struct espalier_writer *writer, struct espalier_request *request, uint32_t object,
	       struct espalier_row parent, struct espalier_row *row, void *context)
{
	struct nat *nat = context;
	struct nat_port_mappings *all = &nat->port_mappings;
	struct port_mapping *mapping;
	uint32_t number;
	int error;

	(void)writer;
	(void)request;
	(void)parent;
	if (object != NAT_PORT_MAPPING)
		return ESPALIER_FAULT_DENIED;
	if (!all->durable || all->count >= PORT_MAPPINGS_MAXIMUM)
		return ESPALIER_FAULT_RESOURCES;
	error = espalier_numbering_next(nat->numbers.numbering, TABLE, &number);
	if (error)
		return ESPALIER_FAULT_RESOURCES;
	mapping = &all->mappings[all->count];
	port_mapping_new(mapping, number);
	error = nat_port_mappings_keep(nat, all->mappings, all->count + 1);
	if (!error)
		error = add_row(nat, mapping);
	if (error) {
		nat_port_mappings_keep(nat, all->mappings, all->count);
		return ESPALIER_FAULT_INTERNAL;
	}
	all->count++;
	all->changed = true;
	*row = mapping->row;
	return ESPALIER_OK;
}

static int remove_row(struct espalier_writer *writer, struct espalier_request *request, struct espalier_row row,
		      void *context)
{
	struct nat *nat = context;
	struct nat_port_mappings *all = &nat->port_mappings;
	char text[NFTABLES_ERROR_SIZE];
	struct port_mapping *copy;
	size_t at = 0;
	int error;

	(void)writer;
	(void)request;
	while (at < all->count && !same_row(all->mappings[at].row, row))
		at++;
	if (at == all->count)
		return ESPALIER_FAULT_DENIED;
	copy = calloc(all->count, sizeof(*copy));
	if (!copy)
		return ESPALIER_FAULT_RESOURCES;
	memcpy(copy, all->mappings, at * sizeof(*copy));
	memcpy(copy + at, all->mappings + at + 1, (all->count - at - 1) * sizeof(*copy));
	error = take_over(nat, copy, all->count - 1, text);
	free(copy);
	if (error) {
		log_warning(TABLE "%" PRIu32 " can't be deleted: %s", all->mappings[at].number, text);
		return ESPALIER_FAULT_DENIED;
	}
	forget(nat, at);
	watch_leases(nat);
	return ESPALIER_OK;
}

const struct espalier_owner nat_owner = {
	.validate = validate,
	.commit = commit,
	.add = add,
	.remove = remove_row,
};

/* ---- Life --------------------------------------------------------------------------------------------------- */

void nat_port_mappings_interfaces(struct nat *nat)
{
	struct nat_port_mappings *all = &nat->port_mappings;

	resolve(nat, all->mappings, all->count);
	apply_all(nat);
	all->changed = true;
	nat_port_mappings_settle(nat);
}

void nat_port_mappings_check(struct nat *nat)
{
	struct nat_port_mappings *all = &nat->port_mappings;
	unsigned int there = nat->filter.ruleset->own_rules;

	if (nat->filter.problem)
		return;
	/* Somebody has flushed the ruleset, as routers do when they load another one. */
	if (all->commands && there != all->rules) {
		log_notice("%u rules for port mappings were in force, not %u: they are made again", there, all->rules);
		free(all->commands);
		all->commands = NULL;
		/* Flows have begun meanwhile that know nothing of them. */
		all->applied_count = 0;
	}
	nat_port_mappings_interfaces(nat);
}

int nat_port_mappings_open(struct nat *nat)
{
	struct nat_port_mappings *all = &nat->port_mappings;

	all->leases.rang = lease_second;
	all->mappings = calloc(PORT_MAPPINGS_MAXIMUM, sizeof(*all->mappings));
	all->applied = calloc(PORT_MAPPINGS_MAXIMUM, sizeof(*all->applied));
	if (!all->mappings || !all->applied)
		return -ENOMEM;
	nat_port_mappings_restore(nat);
	resolve(nat, all->mappings, all->count);
	apply_all(nat);
	for (size_t i = 0; i < all->count; i++) {
		int error = add_row(nat, &all->mappings[i]);

		if (error)
			return error;
	}
	publish_count(nat);
	nat_flows_settle(nat);
	watch_leases(nat);
	return 0;
}

void nat_port_mappings_close(struct nat *nat)
{
	free(nat->port_mappings.mappings);
	free(nat->port_mappings.applied);
	free(nat->port_mappings.commands);
	nat->port_mappings.mappings = NULL;
	nat->port_mappings.applied = NULL;
	nat->port_mappings.commands = NULL;
}
