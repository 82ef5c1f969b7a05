// SPDX-License-Identifier: GPL-2.0-or-later
// What is in an Inform: the device, its events, and the parameters.
#include "agent/session-inform.h"

#include "agent/agent.h"
#include "agent/clock.h"
#include "agent/inform-parameter.h"
#include "shm/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PARAMETERS_MAXIMUM 4096 // that rows of InformParameter may bring an Inform to

#define ALIAS_BASED_ADDRESSING "Device.ManagementServer.AliasBasedAddressing"

// The parameters of every Inform; the last one only where the ACS may know of aliases.
static const char *const forced_parameters[] = {
	"Device.RootDataModelVersion",
	"Device.DeviceInfo.HardwareVersion",
	"Device.DeviceInfo.SoftwareVersion",
	"Device.DeviceInfo.ProvisioningCode",
	OWN_PARAMETER_KEY_PATH,
	"Device.ManagementServer.ConnectionRequestURL",
	ALIAS_BASED_ADDRESSING,
};

#define FORCED_COUNT (sizeof(forced_parameters) / sizeof(*forced_parameters))

bool session_inform_forces(const char *path, size_t length)
{
	for (size_t i = 0; i < FORCED_COUNT; i++) {
		if (strlen(forced_parameters[i]) == length && !memcmp(forced_parameters[i], path, length))
			return true;
	}
	return false;
}

static bool listed(const struct session_inform *inform, struct tree_reference reference, size_t count)
{
	for (size_t i = 0; i < inform->count && i < count; i++) {
		if (inform->references[i].node == reference.node &&
		    inform->references[i].parameter == reference.parameter)
			return true;
	}
	return false;
}

static int add_reference(struct tree *tree, struct tree_reference reference, void *context)
{
	struct session_inform *inform = context;

	(void)tree;
	if (reference.parameter == TREE_PARTIAL || listed(inform, reference, inform->count))
		return 0;
	if (inform->count == inform->room) {
		size_t room = inform->room * 2;
		struct tree_reference *references = reallocarray(inform->references, room, sizeof(*references));

		if (!references || inform->count >= PARAMETERS_MAXIMUM)
			return 1;
		inform->references = references;
		inform->room = room;
	}
	inform->references[inform->count++] = reference;
	return 0;
}

static void add_named(const char *name, size_t length, void *context)
{
	struct session_inform *inform = context;

	if (tree_resolve_each(inform->tree, name, length, add_reference, inform) > 0)
		log_warning("InformParameter \"%.*s\" names more than an Inform can hold", (int)length, name);
}

static void add_live(const char *path, size_t length, void *context)
{
	unsigned *parts = context;
	const char *wildcard = memchr(path, '*', length);

	*parts |= own_live(path, wildcard ? (size_t)(wildcard - path) : length);
}

unsigned session_inform_live(struct agent *agent)
{
	unsigned parts = 0;

	notify_each(&agent->notify, add_live, &parts);
	inform_parameter_each(&agent->tables, &agent->events, add_live, &parts);
	return parts;
}

int session_inform_collect(struct session_inform *inform, struct agent *agent, enum event_session kind,
			   enum cwmp_version version)
{
	// Without a VALUE CHANGE of its own a heartbeat carries no changed values.
	size_t changed = kind == EVENT_SESSION_COMMON ? notify_changed(&agent->notify) : 0;
	bool aliases = cwmp_version_has_aliases(version) && cwmp_version_has_aliases(agent->acs_version);
	size_t forced_count = FORCED_COUNT - !aliases, forced, added;

	if (inform->room < FORCED_COUNT + changed) {
		struct tree_reference *references =
			reallocarray(inform->references, FORCED_COUNT + changed, sizeof(*references));

		if (!references)
			return -ENOMEM;
		inform->references = references;
		inform->room = FORCED_COUNT + changed;
	}
	inform->tree = agent->tree;
	inform->count = 0;
	for (size_t i = 0; i < forced_count; i++) {
		if (!tree_resolve(agent->tree, forced_parameters[i], strlen(forced_parameters[i]),
				  &inform->references[inform->count]))
			inform->count++;
	}
	forced = inform->count;
	added = notify_inform(&agent->notify, inform->references + forced, changed);
	for (size_t i = forced; i < forced + added; i++) {
		if (!listed(inform, inform->references[i], FORCED_COUNT))
			inform->references[inform->count++] = inform->references[i];
	}
	inform_parameter_each(&agent->tables, &agent->events, add_named, inform);
	inform->form = (struct tree_form){.alias = aliases && agent_instance_alias(agent)};
	for (size_t i = 0; i < inform->count && inform->form.alias; i++)
		inform->references[i].form = &inform->form;
	return (int)added;
}

void session_inform_make(struct session_inform *inform, struct agent *agent, uint32_t retry_count)
{
	size_t count = 0;

	for (size_t i = 0; i < agent->events.count; i++) {
		const struct event *event = &agent->events.entries[i];

		if (!event->informed)
			continue;
		inform->events[count++] = (struct soap_event){event_code(event), event_command_key(event)};
		log_info("event %s", event_code(event));
	}
	inform->device = (struct soap_device_id){agent->identity.manufacturer, agent->identity.oui,
						 agent->identity.product_class, agent->identity.serial_number};
	soap_inform_init(&inform->body, &inform->device, inform->events, count, clock_time(), retry_count, agent->tree,
			 inform->references, inform->count);
}

void session_inform_free(struct session_inform *inform)
{
	free(inform->references);
	*inform = (struct session_inform){0};
}
