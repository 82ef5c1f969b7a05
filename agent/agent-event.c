// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's events: raised, kept over a restart, delivered.
#include "agent/agent-private.h"

#include "agent/url.h"
#include "shm/log.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"

void event_record_name(const char *code, const char *command_key, char name[EVENT_NAME_SIZE])
{
	snprintf(name, EVENT_NAME_SIZE, "%s\n%s", code, command_key);
}

static void put_event(struct store_transaction *transaction, const char *code, const char *command_key)
{
	char name[EVENT_NAME_SIZE];

	event_record_name(code, command_key, name);
	store_put_string(transaction, STORE_EVENT, name, "");
}

// What was raised wants a session, and a record if it is a durable one.
static int raised(struct agent *agent, struct store_transaction *transaction, int result, const char *code,
		  const char *command_key)
{
	if (result < 0)
		return result;
	agent->wanted = true;
	if (result && transaction)
		put_event(transaction, code, command_key);
	return result;
}

void agent_raise(struct agent *agent, enum event_kind kind)
{
	struct store_transaction *transaction = event_rules[kind].durable ? store_begin(agent->store) : NULL;
	int result = raised(agent, transaction, events_raise(&agent->events, kind, ""), event_rules[kind].code, "");

	if (result < 0)
		log_error("event %s is lost: %s", event_rules[kind].code, strerror(-result));
	agent_commit(transaction);
}

int agent_raise_with(struct agent *agent, struct store_transaction *transaction, enum event_kind kind,
		     const char *command_key)
{
	assert(event_rules[kind].durable);
	return raised(agent, transaction, events_raise(&agent->events, kind, command_key), event_rules[kind].code,
		      command_key);
}

int agent_raise_vendor(struct agent *agent, struct store_transaction *transaction, const char *code,
		       const char *command_key)
{
	return raised(agent, transaction, events_raise_vendor(&agent->events, code, command_key), code, command_key);
}

static int load_event(const char *name, const char *value, size_t length, void *context)
{
	struct agent *agent = context;
	const char *key = strchr(name, '\n');
	char code[EVENT_CODE_SIZE];
	int kind, result;

	(void)length;
	if (!key)
		return 0;
	snprintf(code, sizeof(code), "%.*s", (int)(key - name), name);
	kind = event_kind_of_code(code);
	if (kind < 0 || (kind == EVENT_M_REBOOT && !reboot_load(&agent->reboot, key + 1, value)))
		return 0;
	// Discarded, but the file is not written before it has been read.
	if (events_has(&agent->events, EVENT_BOOTSTRAP) && !event_rules[kind].kept_by_bootstrap)
		return 0;
	result = kind == EVENT_VENDOR ? events_raise_vendor(&agent->events, code, key + 1)
				      : events_raise(&agent->events, (enum event_kind)kind, key + 1);
	if (result > 0)
		agent->wanted = true;
	return 0;
}

// BOOTSTRAP until an Inform to the present URL has been answered. What the former ACS has asked for is
// discarded; its attributes too, unless the configuration keeps them.
void agent_check_bootstrap(struct agent *agent)
{
	const char *url = settings_text(&agent->settings, SETTING_URL);
	struct store_transaction *transaction;

	// As long as DHCP has named none there is nobody to tell.
	if (!*url)
		return;
	if ((agent->bootstrap_url && !strcmp(agent->bootstrap_url, url)) || events_has(&agent->events, EVENT_BOOTSTRAP))
		return;
	agent_raise(agent, EVENT_BOOTSTRAP);
	agent->acs_version = CWMP_1_4;
	acs_requests_discard(&agent->acs_requests);
	acs_methods_new(&agent->acs_methods, agent);
	transaction = store_begin(agent->store);
	if (!transaction)
		return;
	// BOOTSTRAP itself is durable as the URL that has not acknowledged it yet.
	store_delete_all(transaction, STORE_EVENT);
	store_delete(transaction, STORE_STATE, STATE_ACS_VERSION);
	schedule_inform_discard(&agent->schedule_inform, transaction);
	du_changes_discard(&agent->du_changes, transaction);
	transfers_discard(agent, transaction);
	if (agent->attributes.count && agent->configuration.bootstrap_clears_attributes) {
		attributes_free(&agent->attributes);
		store_delete_all(transaction, STORE_ATTRIBUTE);
		notify_rebuild(&agent->notify, transaction);
	}
	agent_commit(transaction);
}

void agent_find_boot(struct agent *agent)
{
	int descriptor = open(BOOT_ID_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t length = descriptor < 0 ? -1 : read(descriptor, agent->boot_id, sizeof(agent->boot_id) - 1);

	if (descriptor >= 0)
		close(descriptor);
	agent->boot_id[length < 0 ? 0 : length] = 0;
	agent->boot_id[strcspn(agent->boot_id, "\n")] = 0;
}

static void check_boot(struct agent *agent)
{
	char reported[sizeof(agent->boot_id)] = "";

	store_get(agent->store, STORE_STATE, STATE_BOOT_ID, reported, sizeof(reported));
	if (strcmp(reported, agent->boot_id))
		agent_raise(agent, EVENT_BOOT);
}

// Where BOOTSTRAP was acknowledged, unless by another device: the state may have been moved to this one.
static void find_bootstrap(struct agent *agent)
{
	char url[URL_LENGTH_MAX + 1], device[IDENTITY_USERNAME_SIZE], acknowledged[IDENTITY_USERNAME_SIZE];

	if (store_get(agent->store, STORE_STATE, STATE_BOOTSTRAP_URL, url, sizeof(url)) <= 0)
		return;
	identity_username(&agent->identity, device);
	if (store_get(agent->store, STORE_STATE, STATE_BOOTSTRAP_DEVICE, acknowledged, sizeof(acknowledged)) > 0 &&
	    strcmp(device, acknowledged) != 0) {
		log_notice("the device was %s, and is %s now", acknowledged, device);
		return;
	}
	agent->bootstrap_url = strdup(url);
}

// What the ACS may be shown before it has said its version once more.
static void find_acs_version(struct agent *agent)
{
	char text[8] = "";
	int version;

	store_get(agent->store, STORE_STATE, STATE_ACS_VERSION, text, sizeof(text));
	version = cwmp_version_of_text(text);
	agent->acs_version = version < 0 ? CWMP_1_4 : (enum cwmp_version)version;
}

bool agent_instance_alias(const struct agent *agent)
{
	return cwmp_version_has_aliases(agent->acs_version) && settings_instance_alias(&agent->settings);
}

int agent_open_events(struct agent *agent)
{
	int error;

	find_acs_version(agent);
	agent->events.each_autonomous = agent->configuration.autonomous_events == AUTONOMOUS_EVENTS_EACH;
	agent->events.heartbeat_with_others = !agent->configuration.heartbeat_alone;
	find_bootstrap(agent);
	error = schedule_inform_open(&agent->schedule_inform, agent);
	if (!error)
		error = du_changes_open(&agent->du_changes, agent);
	if (error)
		return error;
	agent_check_bootstrap(agent);
	check_boot(agent);
	return store_each(agent->store, STORE_EVENT, load_event, agent);
}

void agent_informed(struct agent *agent, const char *url, enum cwmp_version version)
{
	struct store_transaction *transaction = store_begin(agent->store);
	char name[EVENT_NAME_SIZE], device[IDENTITY_USERNAME_SIZE];
	bool another = version != agent->acs_version;
	unsigned again;

	agent->acs_version = version;
	if (!transaction) {
		log_error("no memory: the events are delivered again");
		return;
	}
	if (another)
		store_put_string(transaction, STORE_STATE, STATE_ACS_VERSION, cwmp_version_text(version));
	for (size_t i = 0; i < agent->events.count; i++) {
		const struct event *event = &agent->events.entries[i];

		if (!event->informed)
			continue;
		if (event->kind == EVENT_BOOTSTRAP) {
			free(agent->bootstrap_url);
			agent->bootstrap_url = strdup(url);
			store_put_string(transaction, STORE_STATE, STATE_BOOTSTRAP_URL, url);
			identity_username(&agent->identity, device);
			store_put_string(transaction, STORE_STATE, STATE_BOOTSTRAP_DEVICE, device);
		} else if (event->kind == EVENT_BOOT) {
			store_put_string(transaction, STORE_STATE, STATE_BOOT_ID, agent->boot_id);
		}
		if (event_rules[event->kind].durable) {
			event_record_name(event_code(event), event->command_key, name);
			store_delete(transaction, STORE_EVENT, name);
		}
	}
	events_delivered(&agent->events, EVENT_BY_INFORM_RESPONSE);
	// The same may have been raised once more since the Inform was made.
	for (size_t i = 0; i < agent->events.count; i++) {
		if (event_rules[agent->events.entries[i].kind].durable)
			put_event(transaction, event_code(&agent->events.entries[i]),
				  agent->events.entries[i].command_key);
	}
	reach_informed(&agent->reach, transaction);
	again = notify_delivered(&agent->notify, transaction);
	agent_commit(transaction);
	agent_take_changes(agent, again);
}
