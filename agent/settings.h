// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's own writable parameters: factory values from the configuration, what DHCP says in their place, and what
// was set since, which wins.
#pragma once

#include "agent/dhcp-options.h"
#include "agent/own.h"
#include "agent/store.h"

enum setting {
	SETTING_URL,
	SETTING_USERNAME,
	SETTING_PASSWORD,
	SETTING_PERIODIC_ENABLE,
	SETTING_PERIODIC_INTERVAL,
	SETTING_PERIODIC_TIME,
	SETTING_CONNECTION_REQUEST_USERNAME,
	SETTING_CONNECTION_REQUEST_PASSWORD,
	SETTING_CONNECTION_REQUEST_ENABLE,
	SETTING_UPGRADES_MANAGED,
	SETTING_THROTTLE,
	SETTING_RETRY_MINIMUM_WAIT,
	SETTING_RETRY_MULTIPLIER,
	SETTING_PROVISIONING_CODE,
	SETTING_HTTP_COMPRESSION,
	SETTING_INSTANCE_MODE,
	SETTING_AUTO_CREATE_INSTANCES,
	SETTING_UDP_ADDRESS_NOTIFICATION_LIMIT,
	SETTING_STUN_ENABLE,
	SETTING_STUN_SERVER_ADDRESS,
	SETTING_STUN_SERVER_PORT,
	SETTING_STUN_USERNAME,
	SETTING_STUN_PASSWORD,
	SETTING_STUN_MAXIMUM_KEEP_ALIVE,
	SETTING_STUN_MINIMUM_KEEP_ALIVE,
	SETTING_AUTONOMOUS_ENABLE,
	SETTING_AUTONOMOUS_TRANSFER_TYPE,
	SETTING_AUTONOMOUS_RESULT_TYPE,
	SETTING_AUTONOMOUS_FILE_TYPE,
	SETTING_CONN_REQ_XMPP_CONNECTION,
	SETTING_CONN_REQ_ALLOWED_JABBER_IDS,
	SETTING_HEARTBEAT_ENABLE,
	SETTING_HEARTBEAT_REPORTING_INTERVAL,
	SETTING_HEARTBEAT_INITIATION_TIME,
	SETTING_STANDBY_CR_UNAWARENESS_MAX_DURATION,
	SETTING_STANDBY_MAX_MISSED_PERIODIC,
	SETTING_STANDBY_NOTIFY_MISSED_SCHEDULED,
	SETTING_STANDBY_CR_AWARENESS_REQUESTED,
	SETTING_STANDBY_PERIODIC_AWARENESS_REQUESTED,
	SETTING_STANDBY_SCHEDULED_AWARENESS_REQUESTED,
	SETTING_SCHEDULE_REBOOT,
	SETTING_DELAY_REBOOT,
	SETTING_LIGHTWEIGHT_PROTOCOLS_USED,
	SETTING_LIGHTWEIGHT_TRIGGER_INTERVAL,
	SETTING_LIGHTWEIGHT_TRIGGER_TIME,
	SETTING_LIGHTWEIGHT_HOST,
	SETTING_LIGHTWEIGHT_PORT,
	SETTINGS
};

// A setting as a member of a set of them.
#define SETTING_BIT(setting) (UINT64_C(1) << (setting))

_Static_assert(SETTINGS < 64, "a set of settings has 64 bits");

struct settings {
	struct own *own;
	char *values[SETTINGS]; // canonical texts
	bool stored[SETTINGS];	// set by somebody: the factory value does not count
};

// Takes the stored values, what DHCP offers or else factory values for the others, and fills the rows. Returns 0 or
// -errno.
int settings_open(struct settings *settings, struct own *own, struct store *store,
		  const struct agent_configuration *configuration, const struct dhcp_values *offered,
		  const struct identity *identity);

void settings_close(struct settings *settings);

// Takes new offers of DHCP and factory values where nothing was set. Returns the set of settings that changed, as bits
// SETTING_BIT(enum setting).
uint64_t settings_factory(struct settings *settings, const struct agent_configuration *configuration,
			  const struct dhcp_values *offered, const struct identity *identity);

const char *settings_text(const struct settings *settings, enum setting setting);
uint32_t settings_number(const struct settings *settings, enum setting setting);
int64_t settings_signed(const struct settings *settings, enum setting setting);
bool settings_boolean(const struct settings *settings, enum setting setting);

// Whether InstanceMode is InstanceAlias: what answers and Informs name instances by.
bool settings_instance_alias(const struct settings *settings);

// The setting of a parameter, or -ENOENT.
int settings_find(enum own_object object, uint32_t parameter);

// Checks a value beyond its type. Returns 0, or an enum espalier_fault with a static text.
int settings_check(const struct settings *settings, enum setting setting, const struct espalier_value *value,
		   const char **text);

// Adds the value to what is to become durable.
void settings_store(struct store_transaction *transaction, enum setting setting, const char *text, size_t length);

// Takes the value. Returns 0 or -ENOMEM.
int settings_take(struct settings *settings, enum setting setting, const char *text, size_t length);

// Fills the rows with the values of a set of settings, each row in one step.
int settings_publish(struct settings *settings, uint64_t changed);
