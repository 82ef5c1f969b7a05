// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's own writable parameters: factory values from the configuration, what DHCP says in their place, and what
// was set since, which wins.
#include "agent/settings.h"

#include "shm/log.h"

#include "agent/date-time.h"
#include "agent/model-pattern.h"
#include "agent/retry.h"
#include "agent/url.h"
#include "agent/xmpp-objects.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// All that the data model names: an empty list would have none.
#define AUTONOMOUS_FILE_TYPES	   "1 Firmware Upgrade Image,2 Web Content,3 Vendor Configuration File,4 Vendor Log File"
#define HEARTBEAT_INTERVAL_DEFAULT 3600 // seconds; the model has none
#define LIGHTWEIGHT_PORT_DEFAULT   7547

#define TEXT_OF(number)	 #number
#define VALUE_OF(number) TEXT_OF(number)

static const struct {
	enum own_object object;
	uint32_t parameter;
} places[SETTINGS] = {
	[SETTING_URL] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_URL},
	[SETTING_USERNAME] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_USERNAME},
	[SETTING_PASSWORD] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_PASSWORD},
	[SETTING_PERIODIC_ENABLE] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_PERIODIC_INFORM_ENABLE},
	[SETTING_PERIODIC_INTERVAL] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_PERIODIC_INFORM_INTERVAL},
	[SETTING_PERIODIC_TIME] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_PERIODIC_INFORM_TIME},
	[SETTING_CONNECTION_REQUEST_USERNAME] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_CONNECTION_REQUEST_USERNAME},
	[SETTING_CONNECTION_REQUEST_PASSWORD] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_CONNECTION_REQUEST_PASSWORD},
	[SETTING_CONNECTION_REQUEST_ENABLE] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_HTTP_CONNECTION_REQUEST_ENABLE},
	[SETTING_UPGRADES_MANAGED] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_UPGRADES_MANAGED},
	[SETTING_THROTTLE] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_DEFAULT_ACTIVE_NOTIFICATION_THROTTLE},
	[SETTING_RETRY_MINIMUM_WAIT] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_RETRY_MINIMUM_WAIT_INTERVAL},
	[SETTING_RETRY_MULTIPLIER] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_RETRY_INTERVAL_MULTIPLIER},
	[SETTING_PROVISIONING_CODE] = {OWN_DEVICE_INFO, DEVICE_INFO_PROVISIONING_CODE},
	[SETTING_HTTP_COMPRESSION] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_HTTP_COMPRESSION},
	[SETTING_INSTANCE_MODE] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_INSTANCE_MODE},
	[SETTING_AUTO_CREATE_INSTANCES] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_AUTO_CREATE_INSTANCES},
	[SETTING_UDP_ADDRESS_NOTIFICATION_LIMIT] =
		{OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_UDP_CONNECTION_REQUEST_ADDRESS_NOTIFICATION_LIMIT},
	[SETTING_STUN_ENABLE] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_STUN_ENABLE},
	[SETTING_STUN_SERVER_ADDRESS] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_STUN_SERVER_ADDRESS},
	[SETTING_STUN_SERVER_PORT] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_STUN_SERVER_PORT},
	[SETTING_STUN_USERNAME] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_STUN_USERNAME},
	[SETTING_STUN_PASSWORD] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_STUN_PASSWORD},
	[SETTING_STUN_MAXIMUM_KEEP_ALIVE] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_STUN_MAXIMUM_KEEP_ALIVE_PERIOD},
	[SETTING_STUN_MINIMUM_KEEP_ALIVE] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_STUN_MINIMUM_KEEP_ALIVE_PERIOD},
	[SETTING_AUTONOMOUS_ENABLE] = {OWN_AUTONOMOUS_POLICY, AUTONOMOUS_POLICY_ENABLE},
	[SETTING_AUTONOMOUS_TRANSFER_TYPE] = {OWN_AUTONOMOUS_POLICY, AUTONOMOUS_POLICY_TRANSFER_TYPE_FILTER},
	[SETTING_AUTONOMOUS_RESULT_TYPE] = {OWN_AUTONOMOUS_POLICY, AUTONOMOUS_POLICY_RESULT_TYPE_FILTER},
	[SETTING_AUTONOMOUS_FILE_TYPE] = {OWN_AUTONOMOUS_POLICY, AUTONOMOUS_POLICY_FILE_TYPE_FILTER},
	[SETTING_CONN_REQ_XMPP_CONNECTION] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_CONN_REQ_XMPP_CONNECTION},
	[SETTING_CONN_REQ_ALLOWED_JABBER_IDS] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_CONN_REQ_ALLOWED_JABBER_IDS},
	[SETTING_HEARTBEAT_ENABLE] = {OWN_HEARTBEAT_POLICY, HEARTBEAT_POLICY_ENABLE},
	[SETTING_HEARTBEAT_REPORTING_INTERVAL] = {OWN_HEARTBEAT_POLICY, HEARTBEAT_POLICY_REPORTING_INTERVAL},
	[SETTING_HEARTBEAT_INITIATION_TIME] = {OWN_HEARTBEAT_POLICY, HEARTBEAT_POLICY_INITIATION_TIME},
	[SETTING_STANDBY_CR_UNAWARENESS_MAX_DURATION] = {OWN_STANDBY_POLICY,
							 STANDBY_POLICY_CR_UNAWARENESS_MAX_DURATION},
	[SETTING_STANDBY_MAX_MISSED_PERIODIC] = {OWN_STANDBY_POLICY, STANDBY_POLICY_MAX_MISSED_PERIODIC},
	[SETTING_STANDBY_NOTIFY_MISSED_SCHEDULED] = {OWN_STANDBY_POLICY, STANDBY_POLICY_NOTIFY_MISSED_SCHEDULED},
	[SETTING_STANDBY_CR_AWARENESS_REQUESTED] = {OWN_STANDBY_POLICY, STANDBY_POLICY_CR_AWARENESS_REQUESTED},
	[SETTING_STANDBY_PERIODIC_AWARENESS_REQUESTED] = {OWN_STANDBY_POLICY,
							  STANDBY_POLICY_PERIODIC_AWARENESS_REQUESTED},
	[SETTING_STANDBY_SCHEDULED_AWARENESS_REQUESTED] = {OWN_STANDBY_POLICY,
							   STANDBY_POLICY_SCHEDULED_AWARENESS_REQUESTED},
	[SETTING_SCHEDULE_REBOOT] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_SCHEDULE_REBOOT},
	[SETTING_DELAY_REBOOT] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_DELAY_REBOOT},
	[SETTING_LIGHTWEIGHT_PROTOCOLS_USED] = {OWN_MANAGEMENT_SERVER,
						MANAGEMENT_SERVER_LIGHTWEIGHT_NOTIFICATION_PROTOCOLS_USED},
	[SETTING_LIGHTWEIGHT_TRIGGER_INTERVAL] = {OWN_MANAGEMENT_SERVER,
						  MANAGEMENT_SERVER_LIGHTWEIGHT_NOTIFICATION_TRIGGER_INTERVAL},
	[SETTING_LIGHTWEIGHT_TRIGGER_TIME] = {OWN_MANAGEMENT_SERVER,
					      MANAGEMENT_SERVER_LIGHTWEIGHT_NOTIFICATION_TRIGGER_TIME},
	[SETTING_LIGHTWEIGHT_HOST] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_UDP_LIGHTWEIGHT_NOTIFICATION_HOST},
	[SETTING_LIGHTWEIGHT_PORT] = {OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_UDP_LIGHTWEIGHT_NOTIFICATION_PORT},
};

// What DHCP offers for a setting, or "".
static const char *offered_value(enum setting setting, const struct dhcp_values *offered)
{
	static const struct {
		enum setting setting;
		size_t offset;
	} offers[] = {
		{SETTING_URL, offsetof(struct dhcp_values, url)},
		{SETTING_PROVISIONING_CODE, offsetof(struct dhcp_values, provisioning_code)},
		{SETTING_RETRY_MINIMUM_WAIT, offsetof(struct dhcp_values, retry_minimum_wait)},
		{SETTING_RETRY_MULTIPLIER, offsetof(struct dhcp_values, retry_multiplier)},
	};

	for (size_t i = 0; i < sizeof(offers) / sizeof(*offers); i++) {
		if (offers[i].setting == setting)
			return (const char *)offered + offers[i].offset;
	}
	return "";
}

static void factory_value(enum setting setting, const struct agent_configuration *configuration,
			  const struct identity *identity, char *text, size_t size)
{
	char username[IDENTITY_USERNAME_SIZE];

	switch (setting) {
	case SETTING_URL:
		snprintf(text, size, "%s", configuration->url);
		break;
	case SETTING_USERNAME:
		identity_username(identity, username);
		snprintf(text, size, "%.256s", *configuration->username ? configuration->username : username);
		break;
	case SETTING_PASSWORD:
		snprintf(text, size, "%s", configuration->password);
		break;
	case SETTING_PERIODIC_ENABLE:
		snprintf(text, size, "%d", configuration->periodic_enable);
		break;
	case SETTING_PERIODIC_INTERVAL:
		snprintf(text, size, "%u", configuration->periodic_interval);
		break;
	case SETTING_PERIODIC_TIME:
	case SETTING_HEARTBEAT_INITIATION_TIME:
	case SETTING_SCHEDULE_REBOOT:
	case SETTING_LIGHTWEIGHT_TRIGGER_TIME:
		snprintf(text, size, DATE_TIME_UNKNOWN);
		break;
	case SETTING_CONNECTION_REQUEST_USERNAME:
		snprintf(text, size, "%s", configuration->connection_request_username);
		break;
	case SETTING_CONNECTION_REQUEST_PASSWORD:
		snprintf(text, size, "%s", configuration->connection_request_password);
		break;
	case SETTING_CONNECTION_REQUEST_ENABLE:
		snprintf(text, size, "1");
		break;
	case SETTING_AUTONOMOUS_TRANSFER_TYPE:
	case SETTING_AUTONOMOUS_RESULT_TYPE:
		snprintf(text, size, "Both");
		break;
	case SETTING_AUTONOMOUS_FILE_TYPE:
		snprintf(text, size, AUTONOMOUS_FILE_TYPES);
		break;
	case SETTING_INSTANCE_MODE:
		snprintf(text, size, "InstanceNumber");
		break;
	case SETTING_AUTO_CREATE_INSTANCES:
	case SETTING_UPGRADES_MANAGED:
	case SETTING_THROTTLE:
	case SETTING_UDP_ADDRESS_NOTIFICATION_LIMIT:
	case SETTING_AUTONOMOUS_ENABLE:
	case SETTING_HEARTBEAT_ENABLE:
	case SETTING_LIGHTWEIGHT_TRIGGER_INTERVAL:
	case SETTING_STANDBY_NOTIFY_MISSED_SCHEDULED:
	case SETTING_STANDBY_CR_AWARENESS_REQUESTED:
	case SETTING_STANDBY_PERIODIC_AWARENESS_REQUESTED:
	case SETTING_STANDBY_SCHEDULED_AWARENESS_REQUESTED:
		snprintf(text, size, "0");
		break;
	case SETTING_LIGHTWEIGHT_PORT:
		snprintf(text, size, VALUE_OF(LIGHTWEIGHT_PORT_DEFAULT));
		break;
	case SETTING_HEARTBEAT_REPORTING_INTERVAL:
		snprintf(text, size, VALUE_OF(HEARTBEAT_INTERVAL_DEFAULT));
		break;
	case SETTING_STANDBY_CR_UNAWARENESS_MAX_DURATION:
	case SETTING_STANDBY_MAX_MISSED_PERIODIC:
	case SETTING_DELAY_REBOOT:
		snprintf(text, size, "-1");
		break;
	case SETTING_STUN_ENABLE:
		snprintf(text, size, "%d", configuration->stun_enable);
		break;
	case SETTING_STUN_SERVER_ADDRESS:
		snprintf(text, size, "%s", configuration->stun_server);
		break;
	case SETTING_STUN_SERVER_PORT:
		snprintf(text, size, "%u", configuration->stun_port);
		break;
	case SETTING_STUN_USERNAME:
		snprintf(text, size, "%s", configuration->stun_username);
		break;
	case SETTING_STUN_PASSWORD:
		snprintf(text, size, "%s", configuration->stun_password);
		break;
	case SETTING_STUN_MAXIMUM_KEEP_ALIVE:
		snprintf(text, size, "%u", configuration->stun_maximum_keepalive);
		break;
	case SETTING_STUN_MINIMUM_KEEP_ALIVE:
		snprintf(text, size, "%u", configuration->stun_minimum_keepalive);
		break;
	case SETTING_RETRY_MINIMUM_WAIT:
		snprintf(text, size, VALUE_OF(RETRY_MINIMUM_WAIT_DEFAULT));
		break;
	case SETTING_RETRY_MULTIPLIER:
		snprintf(text, size, VALUE_OF(RETRY_MULTIPLIER_DEFAULT));
		break;
	case SETTING_HTTP_COMPRESSION:
		snprintf(text, size, "Disabled");
		break;
	case SETTING_PROVISIONING_CODE:
	case SETTING_CONN_REQ_XMPP_CONNECTION:
	case SETTING_CONN_REQ_ALLOWED_JABBER_IDS:
	case SETTING_LIGHTWEIGHT_PROTOCOLS_USED:
	case SETTING_LIGHTWEIGHT_HOST:
	case SETTINGS:
		snprintf(text, size, "%s", "");
		break;
	}
}

uint64_t settings_factory(struct settings *settings, const struct agent_configuration *configuration,
			  const struct dhcp_values *offered, const struct identity *identity)
{
	char text[URL_LENGTH_MAX + 1];
	uint64_t changed = 0;

	for (int setting = 0; setting < SETTINGS; setting++) {
		if (settings->stored[setting])
			continue;
		snprintf(text, sizeof(text), "%s", offered_value(setting, offered));
		if (!*text)
			factory_value(setting, configuration, identity, text, sizeof(text));
		if (settings->values[setting] && !strcmp(settings->values[setting], text))
			continue;
		if (!settings_take(settings, setting, text, strlen(text)))
			changed |= SETTING_BIT(setting);
		settings->stored[setting] = false;
	}
	settings_publish(settings, changed);
	return changed;
}

static int load(const char *name, const char *value, size_t length, void *context)
{
	struct settings *settings = context;
	struct espalier_value parsed;

	for (int setting = 0; setting < SETTINGS; setting++) {
		if (strcmp(name, own_path(places[setting].object, places[setting].parameter)) != 0)
			continue;
		if (espalier_value_parse(own_parameter(places[setting].object, places[setting].parameter), value,
					 length, &parsed) == 0)
			return settings_take(settings, setting, value, length);
		log_warning("the stored value of %s is none that it can have: the factory value is used", name);
		return 0;
	}
	// A setting of a later version: it stays in the store.
	return 0;
}

int settings_open(struct settings *settings, struct own *own, struct store *store,
		  const struct agent_configuration *configuration, const struct dhcp_values *offered,
		  const struct identity *identity)
{
	int error;

	settings->own = own;
	error = store_each(store, STORE_SETTING, load, settings);
	if (error)
		return error;
	settings_factory(settings, configuration, offered, identity);
	for (int setting = 0; setting < SETTINGS; setting++) {
		if (!settings->values[setting])
			return -ENOMEM;
	}
	return settings_publish(settings, SETTING_BIT(SETTINGS) - 1);
}

void settings_close(struct settings *settings)
{
	for (int setting = 0; setting < SETTINGS; setting++)
		free(settings->values[setting]);
	*settings = (struct settings){0};
}

const char *settings_text(const struct settings *settings, enum setting setting)
{
	return settings->values[setting];
}

uint32_t settings_number(const struct settings *settings, enum setting setting)
{
	return (uint32_t)strtoul(settings->values[setting], NULL, 10);
}

int64_t settings_signed(const struct settings *settings, enum setting setting)
{
	return strtoll(settings->values[setting], NULL, 10);
}

bool settings_boolean(const struct settings *settings, enum setting setting)
{
	const char *text = settings->values[setting];

	return !strcmp(text, "1") || !strcmp(text, "true");
}

bool settings_instance_alias(const struct settings *settings)
{
	return !strcmp(settings->values[SETTING_INSTANCE_MODE], "InstanceAlias");
}

int settings_find(enum own_object object, uint32_t parameter)
{
	for (int setting = 0; setting < SETTINGS; setting++) {
		if (places[setting].object == object && places[setting].parameter == parameter)
			return setting;
	}
	return -ENOENT;
}

// A reference leads to a row that there is, or is empty.
static int check_reference(const struct settings *settings, const struct espalier_value *value, const char **text)
{
	char reference[ESPALIER_PATH_MAXIMUM + 1];
	uint32_t number;

	if (!value->length)
		return ESPALIER_OK;
	snprintf(reference, sizeof(reference), "%.*s", (int)value->length, value->text);
	number = xmpp_objects_number(reference);
	if (number &&
	    espalier_instance_find(settings->own->writer, OWN_XMPP_CONNECTION, (struct espalier_row){0}, number).slot)
		return ESPALIER_OK;
	*text = "not a row of " OWN_XMPP_PATH "Connection.";
	return ESPALIER_FAULT_VALUE;
}

int settings_check(const struct settings *settings, enum setting setting, const struct espalier_value *value,
		   const char **text)
{
	struct url url;

	if (setting == SETTING_CONN_REQ_XMPP_CONNECTION)
		return check_reference(settings, value, text);
	if (setting == SETTING_URL && url_parse(&url, value->text, value->length)) {
		*text = "not an http or https URL";
		return ESPALIER_FAULT_VALUE;
	}
	if (setting == SETTING_LIGHTWEIGHT_HOST && value->length && !url_of_host(&url, value->text, value->length)) {
		*text = "not a host name or address";
		return ESPALIER_FAULT_VALUE;
	}
	if (!model_pattern_fits(own_object_path(places[setting].object),
				own_parameter(places[setting].object, places[setting].parameter), value)) {
		*text = "not of the form that the data model wants";
		return ESPALIER_FAULT_VALUE;
	}
	return ESPALIER_OK;
}

void settings_store(struct store_transaction *transaction, enum setting setting, const char *text, size_t length)
{
	store_put(transaction, STORE_SETTING, own_path(places[setting].object, places[setting].parameter), text,
		  length);
}

int settings_take(struct settings *settings, enum setting setting, const char *text, size_t length)
{
	char *copy = strndup(text, length);

	if (!copy)
		return -ENOMEM;
	if (settings->values[setting])
		explicit_bzero(settings->values[setting], strlen(settings->values[setting]));
	free(settings->values[setting]);
	settings->values[setting] = copy;
	settings->stored[setting] = true;
	return 0;
}

static int publish_object(struct settings *settings, uint64_t changed, enum own_object object)
{
	struct espalier_writer *writer = settings->own->writer;
	struct espalier_row row = {0};
	int error = 0;
	bool begun = false;

	for (int setting = 0; setting < SETTINGS && !error; setting++) {
		const struct espalier_parameter *parameter = own_parameter(object, places[setting].parameter);
		struct espalier_value value;

		// Secrets never enter the segment.
		if (!(changed & SETTING_BIT(setting)) || places[setting].object != object ||
		    parameter->flags & ESPALIER_HIDDEN)
			continue;
		if (!begun) {
			row = own_row(settings->own, object);
			error = espalier_begin(writer, row);
			begun = true;
		}
		if (!error)
			error = espalier_value_parse(parameter, settings->values[setting],
						     strlen(settings->values[setting]), &value);
		if (!error)
			error = espalier_set_value(writer, row, places[setting].parameter, &value);
	}
	if (!begun)
		return error;
	if (error) {
		espalier_abandon(writer, row);
		return error;
	}
	return espalier_commit(writer, row);
}

int settings_publish(struct settings *settings, uint64_t changed)
{
	int error = 0;

	for (int object = 0; object < OWN_OBJECTS && !error; object++)
		error = publish_object(settings, changed, object);
	return error;
}
