// SPDX-License-Identifier: GPL-2.0-or-later
// Sets parameters of any owners for the ACS, all or nothing, durable before the answer.
#include "agent/set-values.h"

#include "agent/agent.h"
#include "agent/model-pattern.h"
#include "agent/transaction.h"
#include "agent/unique-key.h"
#include "shm/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct set_values {
	struct agent *agent;
	struct transaction *transaction;
	struct set_value *entries;
	size_t count;
	char parameter_key[AGENT_PARAMETER_KEY_SIZE];
	bool has_key;
	bool started;
	struct set_values_steps steps;
};

// Whether the agent itself owns it: then it becomes durable with the decision.
static bool is_own(const struct set_value *entry)
{
	return entry->setting >= 0 || entry->table_row;
}

static const char *text_of(const struct set_value *entry)
{
	return entry->value.text.data ? entry->value.text.data : "";
}

static bool is(struct soap_string text, const char *name)
{
	return text.length == strlen(name) && !memcmp(text.data, name, text.length);
}

// Lenient where servers differ: no type at all, and unless `strict` string for anything, are taken. Whether the
// text is one of the type, a list of so many items, one of an enumeration: that the library checks by the schema
//
static bool type_fits(const struct soap_value *value, const struct espalier_parameter *parameter, bool strict)
{
	if (!value->type.data || (is(value->type, "string") && !strict))
		return true;
	if (parameter->flags & ESPALIER_LIST)
		return is(value->type, "string");
	if (parameter->type == ESPALIER_BASE64 && is(value->type, "base64Binary"))
		return true;
	return is(value->type, espalier_type_name(parameter->type));
}

static bool is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

// XML Schema wants blanks around a value left out, for all types but strings (whiteSpace is "collapse").
static void strip(struct soap_string *text)
{
	while (text->length && is_blank(text->data[0])) {
		text->data++;
		text->length--;
	}
	while (text->length && is_blank(text->data[text->length - 1]))
		text->length--;
}

static int check(struct agent *agent, struct set_value *entry)
{
	const struct espalier_parameter *parameter;
	const struct espalier_node *node;
	uint32_t count;
	int error;

	entry->text = NULL;
	if (entry->name.length > ESPALIER_PATH_MAXIMUM ||
	    tree_resolve(agent->tree, entry->name.data, entry->name.length, &entry->reference) ||
	    entry->reference.parameter == TREE_PARTIAL)
		return ESPALIER_FAULT_NAME;
	parameter = tree_parameter_of(agent->tree, entry->reference);
	if (!(parameter->flags & ESPALIER_WRITABLE))
		return ESPALIER_FAULT_READ_ONLY;
	if (!type_fits(&entry->value, parameter, agent->configuration.strict_types))
		return ESPALIER_FAULT_TYPE;
	if (entry->value.nil)
		return ESPALIER_FAULT_VALUE;
	if (parameter->type != ESPALIER_STRING && !(parameter->flags & ESPALIER_LIST))
		strip(&entry->value.text);
	error = espalier_value_parse(parameter, text_of(entry), entry->value.text.length, &entry->parsed);
	if (error) {
		entry->text = error == -ERANGE ? "the value is outside the limits" : "the value has a wrong form";
		return ESPALIER_FAULT_VALUE;
	}
	node = &tree_nodes(agent->tree, &count)[entry->reference.node];
	if (node->instance && !strcmp(parameter->name, ALIAS_NAME)) {
		error = alias_check(&entry->parsed, &entry->text);
		if (error)
			return error;
	}
	snprintf(entry->segment, sizeof(entry->segment), "%s", espalier_node_segment(node));
	entry->strong = parameter->flags & ESPALIER_STRONG_REFERENCE;
	entry->setting = -1;
	entry->table_row = false;
	if (strcmp(entry->segment, OWN_SEGMENT)) {
		if (model_pattern_fits(node->object->path, parameter, &entry->parsed))
			return ESPALIER_OK;
		entry->text = "the value has a wrong form";
		return ESPALIER_FAULT_VALUE;
	}
	if (own_table_has(node->object->index)) {
		entry->table_row = true;
		return own_table_check(node->object->index, entry->reference.parameter, &entry->parsed, &entry->text);
	}
	entry->setting = settings_find(node->object->index, entry->reference.parameter);
	if (entry->setting < 0)
		return ESPALIER_FAULT_READ_ONLY;
	error = settings_check(&agent->settings, entry->setting, &entry->parsed, &entry->text);
	return error ? error : planned_reboot_check(agent, entry->setting, &entry->parsed, &entry->text);
}

// Marks what would make two rows equal. Returns how many, or -ENOMEM.
static int check_keys(struct agent *agent, struct set_value *entries, size_t count, const struct unique_gone *gone)
{
	struct unique_change *changes = calloc(count + 1, sizeof(*changes));
	size_t good = 0;
	int clashes;

	if (!changes)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (!entries[i].fault)
			changes[good++] =
				(struct unique_change){.reference = entries[i].reference, .value = &entries[i].parsed};
	}
	clashes = unique_keys_check(agent->tree, changes, good, gone);
	for (size_t i = 0, at = 0; i < count && clashes > 0; i++) {
		if (entries[i].fault || !changes[at++].clashes)
			continue;
		entries[i].fault = ESPALIER_FAULT_VALUE;
		entries[i].text = "another row of the table has it";
	}
	free(changes);
	return clashes;
}

int set_values_check(struct agent *agent, struct set_value *entries, size_t count, const struct unique_gone *gone)
{
	int fault = ESPALIER_OK, clashes;

	for (size_t i = 0; i < count; i++) {
		entries[i].fault = check(agent, &entries[i]);
		if (entries[i].fault)
			fault = ESPALIER_FAULT_ARGUMENTS;
	}
	clashes = check_keys(agent, entries, count, gone);
	if (clashes < 0)
		return ESPALIER_FAULT_RESOURCES;
	return clashes ? ESPALIER_FAULT_ARGUMENTS : fault;
}

static int send_request(void *context, const char *segment, enum espalier_request_kind kind,
			const struct espalier_entry *entries, size_t count,
			void (*done)(const struct espalier_result *result, void *done_context), void *done_context)
{
	struct set_values *set = context;

	return espalier_request_send(tree_reader(set->agent->tree), segment, kind, entries, count, done, done_context);
}

static void timer(void *context, bool on)
{
	struct set_values *set = context;

	transaction_timer_set(&set->agent->set_timer, on ? set->transaction : NULL);
}

// The set holds from here on, whatever happens.
static void take(struct set_values *set)
{
	struct agent *agent = set->agent;
	uint64_t changed = 0;

	for (size_t i = 0; i < set->count; i++) {
		struct set_value *entry = &set->entries[i];

		if (!set->steps.local)
			notify_set_by_acs(&agent->notify, entry->name.data, &entry->parsed, NULL);
		if (entry->table_row && own_table_take(&agent->tables, entry->name.data, &entry->parsed))
			log_warning("%s has gone, or there is no memory until the next start", entry->name.data);
		if (entry->setting < 0)
			continue;
		if (settings_take(&agent->settings, entry->setting, text_of(entry), entry->value.text.length))
			log_error("no memory for %s until the next start", entry->name.data);
		changed |= SETTING_BIT(entry->setting);
	}
	for (size_t i = 0; i < set->count; i++) {
		if (set->entries[i].table_row)
			own_table_publish(&agent->tables, set->entries[i].name.data);
	}
	settings_publish(&agent->settings, changed);
	if (set->has_key) {
		memcpy(agent->parameter_key, set->parameter_key, sizeof(agent->parameter_key));
		own_set(&agent->own, OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_PARAMETER_KEY, agent->parameter_key);
	}
	agent_settings_changed(agent, changed);
}

static void stored(int error, void *context)
{
	struct set_values *set = context;
	const char *text = NULL;
	int fault;

	if (!error)
		take(set);
	fault = store_fault(error, &text);
	transaction_decided(set->transaction, fault, text);
}

void set_values_refuse(struct set_values *set, int fault, const char *text)
{
	transaction_decided(set->transaction, fault, text);
}

void set_values_decide(struct set_values *set)
{
	struct agent *agent = set->agent;
	struct store_transaction *transaction = store_begin(agent->store);
	struct espalier_value key;

	if (!transaction) {
		transaction_decided(set->transaction, ESPALIER_FAULT_RESOURCES, NULL);
		return;
	}
	for (size_t i = 0; i < set->count; i++) {
		struct set_value *entry = &set->entries[i];

		if (!set->steps.local)
			notify_set_by_acs(&agent->notify, entry->name.data, &entry->parsed, transaction);
		if (entry->setting >= 0) {
			settings_store(transaction, entry->setting, text_of(entry), entry->value.text.length);
			planned_reboot_store(agent, transaction, entry->setting, text_of(entry),
					     entry->value.text.length);
		} else if (entry->table_row) {
			own_table_store(transaction, entry->name.data, text_of(entry), entry->value.text.length);
		} else {
			store_put(transaction, STORE_REDO, entry->name.data, text_of(entry), entry->value.text.length);
		}
	}
	if (set->has_key) {
		key = (struct espalier_value){.type = ESPALIER_STRING,
					      .length = (uint32_t)strlen(set->parameter_key),
					      .text = set->parameter_key};
		store_put_string(transaction, STORE_STATE, STATE_PARAMETER_KEY, set->parameter_key);
		notify_set_by_acs(&agent->notify, OWN_PARAMETER_KEY_PATH, &key, transaction);
		notify_set_by_acs(&agent->notify, OWN_PARAMETER_KEY_PATH, &key, NULL);
	}
	if (set->steps.also)
		set->steps.also(transaction, set->steps.context);
	store_commit(transaction, stored, set);
}

static void decide(void *context)
{
	struct set_values *set = context;

	if (set->steps.ready)
		set->steps.ready(set, set->steps.context);
	else
		set_values_decide(set);
}

static void finished(void *context, int fault, const char *text)
{
	struct set_values *set = context;
	struct agent *agent = set->agent;
	struct store_transaction *transaction = NULL;
	bool strong = false;

	notify_release(&agent->notify);
	set->started = agent->setting = false;
	for (size_t i = 0; i < set->count; i++) {
		struct set_value *entry = &set->entries[i];

		if (is_own(entry))
			continue;
		if (fault) {
			entry->fault = transaction_entry_fault(set->transaction, i, &entry->text);
		} else if (transaction_entry_finished(set->transaction, i)) {
			if (!transaction)
				transaction = store_begin(agent->store);
			if (transaction)
				store_delete(transaction, STORE_REDO, entry->name.data);
			redo_forget(&agent->redo, entry->name.data);
		} else {
			log_warning("%s: the owner \"%s\" has not finished, it is told again when it lives",
				    entry->name.data, entry->segment);
			redo_add(&agent->redo, entry->name.data, text_of(entry), entry->value.text.length);
		}
	}
	agent_commit(transaction);
	for (size_t i = 0; i < set->count && !fault; i++)
		strong |= set->entries[i].strong;
	set->steps.finished(set, fault, text, set->steps.context);
	agent_look(agent);
	// Rows that they lead to may go before the structure changes once more.
	if (strong)
		references_follow(agent);
}

static const struct transaction_operations operations = {
	.send = send_request,
	.timer = timer,
	.decide = decide,
	.finished = finished,
};

int set_values_start(struct set_values **result, struct agent *agent, struct set_value *entries, size_t count,
		     const char *parameter_key, const struct set_values_steps *steps)
{
	struct set_values *set;
	int error = -ENOMEM;

	// A connection to an owner holds one validated set at a time.
	if (agent->redo.transaction || agent->setting)
		return -EBUSY;
	set = calloc(1, sizeof(*set));
	if (!set)
		return -ENOMEM;
	set->agent = agent;
	set->entries = entries;
	set->count = count;
	set->steps = *steps;
	if (parameter_key) {
		set->has_key = true;
		snprintf(set->parameter_key, sizeof(set->parameter_key), "%s", parameter_key);
	}
	set->transaction = transaction_create(&operations, set, count);
	for (size_t i = 0; set->transaction && i < count; i++) {
		struct set_value *entry = &entries[i];

		if (is_own(entry))
			continue;
		error = transaction_add(set->transaction, entry->segment, i, entry->name.data, text_of(entry),
					entry->value.text.length);
		if (error)
			goto cleanup;
	}
	if (!set->transaction)
		goto cleanup;
	*result = set;
	set->started = agent->setting = true;
	notify_hold(&agent->notify);
	transaction_start(set->transaction);
	return 0;
cleanup:
	set_values_free(set);
	return error;
}

void set_values_free(struct set_values *set)
{
	if (!set)
		return;
	if (set->started)
		set->agent->setting = false;
	transaction_free(set->transaction);
	free(set);
}
