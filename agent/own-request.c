// SPDX-License-Identifier: GPL-2.0-or-later
// Serves local programs that set the agent's own parameters: durable before the answer.
#include "agent/agent.h"

#include "agent/transfer-objects.h"
#include "agent/unique-key.h"
#include "agent/url.h"
#include "shm/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int setting_of(const struct espalier_change *change)
{
	return settings_find(change->object, change->parameter);
}

// Marks what would give two rows the same key. What the tree does not show yet is not seen.
static int check_keys(struct agent *agent, struct espalier_change *changes, size_t count)
{
	struct unique_change *list = calloc(count + 1, sizeof(*list));
	size_t *index = calloc(count + 1, sizeof(*index)), found = 0;
	int clashes = list && index ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && !clashes; i++) {
		if (changes[i].fault || !own_table_has(changes[i].object) ||
		    tree_resolve(agent->tree, changes[i].path, strlen(changes[i].path), &list[found].reference))
			continue;
		list[found].value = &changes[i].value;
		index[found++] = i;
	}
	if (found)
		clashes = unique_keys_check(agent->tree, list, found, NULL);
	for (size_t i = 0; i < found && clashes > 0; i++) {
		if (!list[i].clashes)
			continue;
		changes[index[i]].fault = ESPALIER_FAULT_VALUE;
		changes[index[i]].text = "another row of the table has it";
	}
	free(list);
	free(index);
	return clashes < 0 ? ESPALIER_FAULT_RESOURCES : clashes ? ESPALIER_FAULT_ARGUMENTS : ESPALIER_OK;
}

static int validate(struct espalier_writer *writer, struct espalier_request *request, struct espalier_change *changes,
		    size_t count, void *context)
{
	struct agent *agent = context;
	int fault = ESPALIER_OK;

	(void)writer;
	(void)request;
	for (size_t i = 0; i < count; i++) {
		struct espalier_change *change = &changes[i];
		int setting = setting_of(change);

		if (setting < 0 && !own_table_has(change->object)) {
			change->fault = ESPALIER_FAULT_READ_ONLY;
		} else if (!attributes_local_write(&agent->attributes, change->path, strlen(change->path))) {
			change->fault = ESPALIER_FAULT_READ_ONLY;
			change->text = "the ACS does not allow local changes";
		} else if (setting < 0) {
			change->fault =
				own_table_check(change->object, change->parameter, &change->value, &change->text);
		} else {
			change->fault = settings_check(&agent->settings, setting, &change->value, &change->text);
			if (!change->fault)
				change->fault = planned_reboot_check(agent, setting, &change->value, &change->text);
		}
		if (change->fault)
			fault = ESPALIER_FAULT_ARGUMENTS;
	}
	return fault ? fault : check_keys(agent, changes, count);
}

// Where the former value of a secret is kept: its row has none.
static char *former_secret(struct agent *agent, int setting)
{
	if (setting == SETTING_PASSWORD)
		return agent->former_secrets[0];
	if (setting == SETTING_CONNECTION_REQUEST_PASSWORD)
		return agent->former_secrets[1];
	if (setting == SETTING_STUN_PASSWORD)
		return agent->former_secrets[2];
	return NULL;
}

// One change as text; `text` has room for URL_LENGTH_MAX and more.
static size_t text_of(struct agent *agent, const struct espalier_change *change, bool undo, char *text, size_t size)
{
	const char *former = former_secret(agent, setting_of(change));
	ssize_t length;

	if (undo && setting_of(change) < 0 && own_parameter(change->object, change->parameter)->flags & ESPALIER_HIDDEN)
		former = own_table_former_secret(&agent->tables, change->path);
	if (undo && former)
		return (size_t)snprintf(text, size, "%s", former);
	length = espalier_value_format(&change->value, text, size);
	return length > 0 ? (size_t)length : 0;
}

// A set that waits for the disk.
struct waiting {
	struct agent *agent;
	struct espalier_request *request;
	size_t count;
	struct {
		int setting;
		char *path; // of a table's row
		char *text;
	} changes[];
};

static void waiting_free(struct waiting *waiting)
{
	for (size_t i = 0; i < waiting->count; i++) {
		free(waiting->changes[i].path);
		free(waiting->changes[i].text);
	}
	free(waiting);
}

static void stored(int error, void *context)
{
	struct waiting *waiting = context;
	struct agent *agent = waiting->agent;
	uint64_t changed = 0;

	if (error) {
		espalier_answer(waiting->request, ESPALIER_FAULT_RESOURCES, (struct espalier_row){0},
				"the state can't be written");
		waiting_free(waiting);
		return;
	}
	for (size_t i = 0; i < waiting->count; i++) {
		int setting = waiting->changes[i].setting;
		char *former = former_secret(agent, setting);

		if (setting < 0) {
			own_table_stored(&agent->tables, waiting->changes[i].path, waiting->changes[i].text);
			continue;
		}
		if (former)
			snprintf(former, sizeof(agent->former_secrets[0]), "%s",
				 settings_text(&agent->settings, setting));
		if (settings_take(&agent->settings, setting, waiting->changes[i].text,
				  strlen(waiting->changes[i].text)))
			log_error("no memory for a setting until the next start");
		changed |= SETTING_BIT(setting);
	}
	espalier_answer(waiting->request, ESPALIER_OK, (struct espalier_row){0}, NULL);
	agent_settings_changed(agent, changed);
	waiting_free(waiting);
}

static int commit(struct espalier_writer *writer, struct espalier_request *request, struct espalier_change *changes,
		  size_t count, bool undo, void *context)
{
	struct agent *agent = context;
	struct waiting *waiting = calloc(1, sizeof(*waiting) + count * sizeof(waiting->changes[0]));
	struct store_transaction *transaction = store_begin(agent->store);
	char text[URL_LENGTH_MAX + 1];

	(void)writer;
	if (!waiting || !transaction)
		goto no_memory;
	waiting->agent = agent;
	waiting->request = request;
	for (size_t i = 0; i < count; i++) {
		int setting = setting_of(&changes[i]);
		size_t length = text_of(agent, &changes[i], undo, text, sizeof(text));

		waiting->changes[i].setting = setting;
		waiting->changes[i].text = strndup(text, length);
		waiting->count++;
		if (setting < 0)
			waiting->changes[i].path = strdup(changes[i].path);
		if (!waiting->changes[i].text || (setting < 0 && !waiting->changes[i].path))
			goto no_memory;
		if (setting < 0)
			own_table_store(transaction, changes[i].path, text, length);
		else
			settings_store(transaction, setting, text, length);
		planned_reboot_store(agent, transaction, setting, text, length);
	}
	store_commit(transaction, stored, waiting);
	return ESPALIER_PENDING;
no_memory:
	store_abandon(transaction);
	if (waiting)
		waiting_free(waiting);
	return ESPALIER_FAULT_RESOURCES;
}

static int operate(struct espalier_writer *writer, struct espalier_request *request, const char *command,
		   const struct espalier_value *arguments, size_t count, void *context)
{
	if (!strncmp(command, TRANSFER_COMMANDS, sizeof(TRANSFER_COMMANDS) - 1))
		return transfer_objects_operate(writer, request, command, arguments, count, context);
	return local_command(writer, request, command, arguments, count, context);
}

const struct espalier_owner agent_owner = {
	.validate = validate,
	.commit = commit,
	.add = own_table_add,
	.remove = own_table_remove,
	.operate = operate,
};
