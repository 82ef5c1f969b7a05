/* SPDX-License-Identifier: BSD-2-Clause */
/* What a manager sets, as a request of the Luup HTTP API, and what its answer means. */
#include "zwave/luup-set.h"

#include "zwave/http.h"
#include "zwave/luup-variables.h"
#include "zwave/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICE_SERVICE	"urn:micasaverde-com:serviceId:ZWaveDevice1"
#define NETWORK_SERVICE "urn:micasaverde-com:serviceId:ZWaveNetwork1"

static int too_long(const char **why)
{
	*why = "the value is too long";
	return ESPALIER_FAULT_VALUE;
}

static int set_variable(uint32_t device, const char *service, const char *variable, const char *value, char *target,
			size_t size, const char **why)
{
	snprintf(target, size,
		 "/data_request?id=variableset&DeviceNum=%" PRIu32 "&serviceId=%s&Variable=%s&Value=", device, service,
		 variable);
	return http_escape(target, size, value, strlen(value)) ? ESPALIER_OK : too_long(why);
}

/* Booleans are 0 and 1 to an action. */
static const char *action_value(const struct setting *setting)
{
	if (setting->type != VALUE_TYPE_BOOLEAN)
		return setting->text;
	if (strcmp(setting->text, "true") == 0 || strcmp(setting->text, "1") == 0)
		return "1";
	return strcmp(setting->text, "false") == 0 || strcmp(setting->text, "0") == 0 ? "0" : NULL;
}

static int set_value(const struct setting *setting, char *target, size_t size, const char **why)
{
	char service[160], action[64], argument[64];
	const char *value = action_value(setting);
	unsigned int device;
	double number;

	if (!value || (setting->type == VALUE_TYPE_NUMBER && !text_decimal_parse(value, strlen(value), &number))) {
		*why = "the value is not of the type that the device has";
		return ESPALIER_FAULT_VALUE;
	}
	if (sscanf(setting->target, "%u %159s %63s %63s", &device, service, action, argument) != 4) {
		*why = "the value has no action";
		return ESPALIER_FAULT_READ_ONLY;
	}
	snprintf(target, size, "/data_request?id=action&output_format=json&DeviceNum=%u&serviceId=", device);
	if (!http_escape(target, size, service, strlen(service)))
		return too_long(why);
	snprintf(target + strlen(target), size - strlen(target), "&action=%s&%s=", action, argument);
	return http_escape(target, size, value, strlen(value)) ? ESPALIER_OK : too_long(why);
}

static int set_configuration(const struct luup_device *device, const struct setting *setting, char *target, size_t size,
			     const char **why)
{
	char *value = luup_configured(device, (uint32_t)strtoul(setting->target, NULL, 10), setting->text);
	int fault;

	if (!value) {
		*why = "the parameter is not in VariablesSet any more";
		return ESPALIER_FAULT_INTERNAL;
	}
	fault = set_variable(device->id, DEVICE_SERVICE, "VariablesSet", value, target, size, why);
	free(value);
	return fault;
}

/* AssociationSet has all groups: the others stay as they are. */
static int set_association(const struct luup_box *box, const struct luup_device *device, const struct node *node,
			   const struct setting *setting, char *target, size_t size, const char **why)
{
	char text[LUUP_VARIABLES_MAXIMUM], nodes[LUUP_VARIABLES_MAXIMUM];
	struct espalier_value value;
	size_t used = 0;

	if (strspn(setting->text, "0123456789.,") < strlen(setting->text)) {
		*why = "nodes are NODE or NODE.ENDPOINT";
		return ESPALIER_FAULT_VALUE;
	}
	text[0] = '\0';
	for (uint32_t i = 0; i < node->child_count[CHILD_ASSOCIATION]; i++) {
		const struct child *child = node->children[CHILD_ASSOCIATION][i];
		bool this_one = strtoul(child->key, NULL, 10) == setting->parameter;
		int wrote;

		if (espalier_get(box->model->writer, child->row, ASSOCIATION_NODES, &value, nodes, sizeof(nodes)))
			value.length = 0;
		if (!this_one && value.length == 0)
			continue;
		wrote = snprintf(text + used, sizeof(text) - used, "%s%s,%.*s", used ? ";" : "", child->key,
				 this_one ? (int)strlen(setting->text) : (int)value.length,
				 this_one ? setting->text : nodes);
		if (wrote < 0 || (size_t)wrote >= sizeof(text) - used)
			return too_long(why);
		used += (size_t)wrote;
	}
	return set_variable(device->id, DEVICE_SERVICE, "AssociationSet", text, target, size, why);
}

/* Name and room go together. */
static int rename_device(const struct luup_box *box, const struct luup_device *device, const struct node *node,
			 const struct setting *setting, char *target, size_t size, const char **why)
{
	char name[SCHEMA_TEXT_MAXIMUM * 4 + 1];
	struct espalier_value value;
	int64_t room = device->room;

	snprintf(name, sizeof(name), "%s", setting->text);
	if (setting->parameter == NODE_LOCATION) {
		room = luup_room(box, setting->text);
		if (room < 0) {
			*why = "the box has no such room";
			return ESPALIER_FAULT_VALUE;
		}
		if (espalier_get(box->model->writer, node->row, NODE_NAME, &value, name, sizeof(name) - 1))
			return ESPALIER_FAULT_INTERNAL;
		name[value.length] = '\0';
	}
	snprintf(target, size,
		 "/data_request?id=device&action=rename&device=%" PRIu32 "&room=%" PRId64 "&name=", device->id, room);
	return http_escape(target, size, name, strlen(name)) ? ESPALIER_OK : too_long(why);
}

static int set_node(const struct luup_box *box, const struct luup_device *device, const struct node *node,
		    const struct setting *setting, char *target, size_t size, const char **why)
{
	const char *variable = NULL;

	switch (setting->parameter) {
	case NODE_NAME:
	case NODE_LOCATION:
		return rename_device(box, device, node, setting, target, size, why);
	case NODE_WAKE_UP_INTERVAL:
		variable = "WakeupInterval";
		break;
	case NODE_POLL_INTERVAL:
		variable = "PollSettings";
		break;
	case NODE_POLL_COMMANDS:
		variable = "PollCommands";
		break;
	case NODE_MANUAL_ROUTE:
		variable = "ManualRoute";
		break;
	}
	if (!variable) {
		*why = "Luup has no such setting";
		return ESPALIER_FAULT_DENIED;
	}
	return set_variable(device->id, DEVICE_SERVICE, variable, setting->text, target, size, why);
}

int luup_set_target(const struct luup_box *box, const struct setting *setting, char *target, size_t size,
		    const char **why)
{
	const struct node *node = setting->node_id ? model_find(box->model, setting->node_id) : NULL;
	const struct luup_device *device = node ? luup_find(box, node->source_id) : NULL;
	const char *text = setting->text, *variable;

	if (setting->kind == SETTING_POLLING) {
		variable = luup_polling_name(setting->parameter);
		/* The only boolean among them */
		if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
			text = text[0] == 't' ? "1" : "0";
		return set_variable(box->network, NETWORK_SERVICE, variable, text, target, size, why);
	}
	if (!node || !device) {
		*why = "the device is gone";
		return ESPALIER_FAULT_INTERNAL;
	}
	switch (setting->kind) {
	case SETTING_VALUE:
		return set_value(setting, target, size, why);
	case SETTING_CONFIGURATION:
		return set_configuration(device, setting, target, size, why);
	case SETTING_ASSOCIATION:
		return set_association(box, device, node, setting, target, size, why);
	case SETTING_NODE:
	case SETTING_POLLING:
		break;
	}
	return set_node(box, device, node, setting, target, size, why);
}

int luup_set_result(const char *answer, const char **why)
{
	/* "OK" of a variable or a device, {"u:SetTargetResponse": ...} of an action; errors are words. */
	if (strncmp(answer, "OK", 2) == 0 || strstr(answer, "Response\""))
		return ESPALIER_OK;
	*why = strstr(answer, "Invalid") ? "the box calls it invalid" : "the box has refused it";
	return strstr(answer, "Invalid") ? ESPALIER_FAULT_VALUE : ESPALIER_FAULT_INTERNAL;
}

void luup_network_status(struct model *model)
{
	struct espalier_value code, text;
	char words[SCHEMA_TEXT_MAXIMUM * 4];

	if (espalier_get(model->writer, model->interface_row, INTERFACE_NET_STATUS_CODE, &code, NULL, 0) ||
	    espalier_get(model->writer, model->interface_row, INTERFACE_NET_STATUS_TEXT, &text, words, sizeof(words)))
		return;
	/* A box that tells neither is up: it answers. */
	model_set_status(model,
			 code.integer == 1 || (code.integer == 0 && text.length == 0) ? INTERFACE_UP : INTERFACE_ERROR);
}
