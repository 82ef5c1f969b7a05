/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests of managers: what they set goes to the kernel; aliases and disabled addresses are kept in the state folder.
 */
#include "netlink/plan.h"

#include "netlink/text.h"
#include "shm/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The prefix of an IPv6 address that a manager adds: TR-181 gives it none, and nearly all networks have this one. */
#define IPV6_PREFIX_STANDARD 64

/* ---- Aliases ------------------------------------------------------------------------------------------------ */

static bool is_alias(const struct espalier_change *change)
{
	switch (change->object) {
	case OBJECT_ETHERNET_INTERFACE:
	case OBJECT_ETHERNET_LINK:
	case OBJECT_IP_INTERFACE:
		return change->parameter == COMMON_ALIAS;
	case OBJECT_IPV4_ADDRESS:
	case OBJECT_IPV6_ADDRESS:
		return change->parameter == ADDRESS_ALIAS;
	case OBJECT_INTERFACE_STACK:
		return change->parameter == STACK_ALIAS;
	default:
		return false;
	}
}

/* Where an alias is kept, NULL for a stack's row, and the number of its row. */
static char **alias_of(const struct place *place, uint32_t *number)
{
	if (place->lower) {
		*number = place->lower->stack_number;
		return NULL;
	}
	if (place->address) {
		*number = place->address->number;
		return &place->address->alias;
	}
	*number = place->link->number[place->layer];
	return &place->link->alias[place->layer];
}

static void alias_path(char path[ROW_PATH_SIZE], const struct place *place)
{
	if (place->lower)
		snprintf(path, ROW_PATH_SIZE, "Device.InterfaceStack.%" PRIu32 ".", place->lower->stack_number);
	else if (place->address)
		address_row_path(path, place->link, place->address);
	else
		publish_path(path, place->link, place->layer, true);
}

static bool is_text(const struct espalier_value *value, const char *text)
{
	return value->length == strlen(text) && memcmp(value->text, text, value->length) == 0;
}

static bool same_row(struct espalier_row one, struct espalier_row other)
{
	return one.slot == other.slot && one.generation == other.generation;
}

/* Whether a row that the request does not give another alias has this one. */
static bool holds(const struct espalier_change *changes, size_t count, const struct espalier_change *change,
		  struct espalier_row row, const char *alias)
{
	if (!row.slot || !alias || same_row(row, change->row) || !is_text(&change->value, alias))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (is_alias(&changes[i]) && same_row(changes[i].row, row))
			return false;
	}
	return true;
}

static bool is_taken(struct collector *collector, const struct espalier_change *changes, size_t count,
		     const struct espalier_change *change, const struct place *place)
{
	for (size_t i = 0; i < count; i++) {
		if (&changes[i] != change && is_alias(&changes[i]) && changes[i].object == change->object &&
		    !same_row(changes[i].row, change->row) && changes[i].value.length == change->value.length &&
		    memcmp(changes[i].value.text, change->value.text, change->value.length) == 0)
			return true;
	}
	if (place->address) {
		for (const struct address *other = place->link->addresses; other; other = other->next) {
			if (other->kernel.family == place->address->kernel.family &&
			    holds(changes, count, change, other->row, other->alias))
				return true;
		}
		return false;
	}
	for (uint32_t slot = 0; slot < collector->slot_count; slot++) {
		const struct link *link = collector->links[slot];

		if (link && !place->lower &&
		    holds(changes, count, change, link->row[place->layer], link->alias[place->layer]))
			return true;
		for (size_t i = 0; link && place->lower && i < link->lower_count; i++) {
			struct place other = {.link = (struct link *)link, .lower = &link->lowers[i]};
			char path[ROW_PATH_SIZE];

			alias_path(path, &other);
			if (holds(changes, count, change, other.lower->row,
				  state_get(&collector->state, STATE_ALIAS, path)))
				return true;
		}
	}
	return false;
}

static int check_alias(struct collector *collector, struct espalier_change *changes, size_t count,
		       struct espalier_change *change)
{
	char own[SCHEMA_ALIAS_MAXIMUM * 4 + 1];
	const char *fault;
	struct place place;
	uint32_t number;
	char **alias;

	if (!plan_place(collector, change->object, change->row, &place))
		return plan_fault(change, ESPALIER_FAULT_NAME, "the row is gone");
	alias = alias_of(&place, &number);
	publish_alias(own, NULL, number);
	if (is_text(&change->value, own) || (alias && *alias && is_text(&change->value, *alias)))
		return ESPALIER_OK;
	if (place.address && !address_static(place.link, place.address))
		return plan_fault(change, ESPALIER_FAULT_READ_ONLY, "only a static address can have another alias");
	fault = text_alias_fault(change->value.text, change->value.length);
	if (fault)
		return plan_fault(change, ESPALIER_FAULT_VALUE, fault);
	if (is_taken(collector, changes, count, change, &place))
		return plan_fault(change, ESPALIER_FAULT_VALUE, "another row of the table has this alias");
	return ESPALIER_OK;
}

static int set_alias(struct collector *collector, const struct espalier_change *change)
{
	char own[SCHEMA_ALIAS_MAXIMUM * 4 + 1], path[ROW_PATH_SIZE];
	struct place place;
	uint32_t number;
	char **alias, *text = NULL;
	int error;

	if (!plan_place(collector, change->object, change->row, &place))
		return -ESTALE;
	alias = alias_of(&place, &number);
	publish_alias(own, NULL, number);
	if (!is_text(&change->value, own)) {
		text = strndup(change->value.text, change->value.length);
		if (!text)
			return -ENOMEM;
	}
	alias_path(path, &place);
	error = state_set(&collector->state, STATE_ALIAS, path, text);
	if (error || !alias) {
		free(text);
		return error;
	}
	free(*alias);
	*alias = text;
	if (!place.address)
		stack_alias_changed(collector, place.link, place.layer);
	return 0;
}

static int present_alias(struct collector *collector, const struct espalier_change *change,
			 struct espalier_value *value, char text[SCHEMA_ALIAS_MAXIMUM * 4 + 1])
{
	return espalier_get(collector->writer, change->row, change->parameter, value, text,
			    SCHEMA_ALIAS_MAXIMUM * 4 + 1);
}

/* The rows still hold the aliases from before the request. */
static void restore_aliases(struct collector *collector, const struct espalier_change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char text[SCHEMA_ALIAS_MAXIMUM * 4 + 1];
		struct espalier_change former = changes[i];

		if (is_alias(&former) && !present_alias(collector, &former, &former.value, text))
			set_alias(collector, &former);
	}
}

/* ---- Callbacks ---------------------------------------------------------------------------------------------- */

static int check_aliases(struct collector *collector, struct espalier_change *changes, size_t count)
{
	int overall = ESPALIER_OK;

	for (size_t i = 0; i < count; i++) {
		if (is_alias(&changes[i]) && check_alias(collector, changes, count, &changes[i]) != ESPALIER_OK)
			overall = ESPALIER_FAULT_ARGUMENTS;
	}
	return overall;
}

static int validate(struct espalier_writer *writer, struct espalier_request *request, struct espalier_change *changes,
		    size_t count, void *context)
{
	struct collector *collector = context;
	struct plan plan;
	int fault = plan_make(&plan, collector, changes, count, false);
	int alias_fault = check_aliases(collector, changes, count);

	(void)writer;
	(void)request;
	plan_free(&plan);
	return fault != ESPALIER_OK ? fault : alias_fault;
}

/* What was promised must outlive a crash before the answer goes out. */
static int save(struct collector *collector)
{
	int error = numbers_save(&collector->numbers);

	if (!error)
		error = state_save(&collector->state);
	if (error)
		log_error("what was set can't be saved: %s", strerror(-error));
	return error;
}

static int commit(struct espalier_writer *writer, struct espalier_request *request, struct espalier_change *changes,
		  size_t count, bool undo, void *context)
{
	struct collector *collector = context;
	struct plan plan;
	int fault, error = 0;

	(void)writer;
	(void)request;
	fault = plan_make(&plan, collector, changes, count, undo);
	if (fault == ESPALIER_OK)
		fault = plan_do(&plan, collector, changes, count);
	if (fault != ESPALIER_OK) {
		plan_free(&plan);
		return fault;
	}
	for (size_t i = 0; i < count && !error; i++) {
		if (is_alias(&changes[i]))
			error = set_alias(collector, &changes[i]);
	}
	if (!error)
		error = save(collector);
	if (error) {
		restore_aliases(collector, changes, count);
		plan_revert(&plan, collector);
		fault = ESPALIER_FAULT_INTERNAL;
	}
	plan_free(&plan);
	return fault;
}

static int add(struct espalier_writer *writer, struct espalier_request *request, uint32_t object,
	       struct espalier_row parent, struct espalier_row *row, void *context)
{
	struct collector *collector = context;
	struct address *address;
	struct place place;
	int error;

	(void)writer;
	(void)request;
	if (object != OBJECT_IPV4_ADDRESS && object != OBJECT_IPV6_ADDRESS)
		return ESPALIER_FAULT_DENIED;
	if (!plan_place(collector, OBJECT_IP_INTERFACE, parent, &place))
		return ESPALIER_FAULT_NAME;
	address = address_new(place.link, object == OBJECT_IPV4_ADDRESS ? AF_INET : AF_INET6);
	if (!address)
		return ESPALIER_FAULT_RESOURCES;
	address->configured = true;
	address->disabled = true;
	if (object == OBJECT_IPV6_ADDRESS) {
		address->has_prefix = true;
		address->kernel.prefix = IPV6_PREFIX_STANDARD;
	}
	error = address_number(collector, place.link, address);
	if (!error)
		error = address_remember(collector, place.link, address);
	if (!error)
		error = save(collector);
	if (!error)
		error = address_publish_one(collector, place.link, address);
	collector_mark(collector, place.link, DIRTY_ROWS);
	if (error) {
		address_remove(collector, place.link, address, true);
		return error == -ENOSPC || error == -ENOMEM ? ESPALIER_FAULT_RESOURCES : ESPALIER_FAULT_INTERNAL;
	}
	*row = address->row;
	return ESPALIER_OK;
}

static int remove_row(struct espalier_writer *writer, struct espalier_request *request, struct espalier_row row,
		      void *context)
{
	struct collector *collector = context;
	struct address_change change;
	struct place place;
	int error = 0;

	(void)writer;
	(void)request;
	if (!plan_place(collector, OBJECT_IPV4_ADDRESS, row, &place))
		return ESPALIER_FAULT_DENIED;
	/* What DHCP or the kernel made would come back. */
	if (!address_static(place.link, place.address))
		return ESPALIER_FAULT_DENIED;
	change = (struct address_change){.index = place.link->kernel.index,
					 .family = place.address->kernel.family,
					 .prefix = place.address->kernel.prefix};
	memcpy(change.bytes, place.address->kernel.bytes, sizeof(change.bytes));
	if (place.address->present)
		error = change_address_delete(&collector->requests, &change);
	if (error) {
		log_warning("an address of %s can't be deleted: %s", place.link->kernel.name, strerror(-error));
		return ESPALIER_FAULT_DENIED;
	}
	address_remove(collector, place.link, place.address, true);
	collector_mark(collector, place.link, DIRTY_ROWS);
	return save(collector) ? ESPALIER_FAULT_INTERNAL : ESPALIER_OK;
}

const struct espalier_owner request_owner = {
	.validate = validate,
	.commit = commit,
	.add = add,
	.remove = remove_row,
};
