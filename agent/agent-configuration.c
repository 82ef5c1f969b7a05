// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's part of the configuration file.
#include "agent/agent-configuration.h"

#include "agent/url.h"
#include "shm/espalier.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const roots[] = {"Device", NULL};
static const char *const existing_alias_faults[] = {"9003", "9005", "9007", NULL};
const uint16_t agent_existing_alias_faults[] = {ESPALIER_FAULT_ARGUMENTS, ESPALIER_FAULT_NAME, ESPALIER_FAULT_VALUE};
const char *const agent_base64_types[] = {"xsd:base64Binary", "soap-enc:base64", "xsd:base64", NULL};

#define STRING(section, key, member) CONFIGURATION_STRING(section, key, struct agent_configuration, member, "")
#define UNSIGNED(section, key, member, ...)                                                                            \
	CONFIGURATION_UNSIGNED(section, key, struct agent_configuration, member, __VA_ARGS__)
#define BOOLEAN(section, key, member, value)                                                                           \
	CONFIGURATION_BOOLEAN(section, key, struct agent_configuration, member, value)
#define PATH(section, key, member) CONFIGURATION_PATH(section, key, struct agent_configuration, member, "")

static const char *wrong_url(const char *value)
{
	struct url url;
	int error = url_parse(&url, value, strlen(value));

	return error == -EPROTONOSUPPORT ? "neither http:// nor https://" : error ? "not a URL" : NULL;
}

static const char *wrong_oui(const char *value)
{
	return strlen(value) == 6 && strspn(value, "0123456789ABCDEF") == 6 ? NULL
									    : "not six upper-case hexadecimal digits";
}

static const char *const port_mappings[] = {
	[PORT_MAPPING_NO] = "no",
	[PORT_MAPPING_AUTO] = "auto",
	[PORT_MAPPING_NAT_PMP] = "nat-pmp",
	[PORT_MAPPING_UPNP] = "upnp",
	NULL,
};

static const char *const autonomous_events[] = {
	[AUTONOMOUS_EVENTS_ONE] = "one",
	[AUTONOMOUS_EVENTS_EACH] = "each",
	NULL,
};

static const char *const xmpp_wrong_senders[] = {
	[XMPP_WRONG_SENDER_NO_ANSWER] = "no-answer",
	[XMPP_WRONG_SENDER_SERVICE_UNAVAILABLE] = "service-unavailable",
	NULL,
};

const struct configuration_key agent_configuration_keys[] = {
	STRING("device", "manufacturer", manufacturer),
	CONFIGURATION_CHECKED("device", "oui", struct agent_configuration, oui, "", wrong_oui),
	CONFIGURATION_STRING("device", "product_class", struct agent_configuration, product_class, "Gateway"),
	STRING("device", "serial_number", serial_number),
	STRING("device", "model_name", model_name),
	STRING("device", "hardware_version", hardware_version),
	STRING("device", "software_version", software_version),
	CONFIGURATION_CHOICE("device", "root", struct agent_configuration, root, roots, "Device"),
	CONFIGURATION_CHECKED("device", "reboot", struct agent_configuration, reboot, "/sbin/reboot",
			      device_program_wrong),
	CONFIGURATION_CHECKED("device", "factory_reset", struct agent_configuration, factory_reset, "",
			      device_program_wrong),
	CONFIGURATION_CHECKED("acs", "url", struct agent_configuration, url, "", wrong_url),
	BOOLEAN("acs", "dhcp", dhcp, "no"),
	CONFIGURATION_CHECKED("acs", "dhcp_renew", struct agent_configuration, dhcp_renew, "", device_program_wrong),
	STRING("acs", "username", username),
	STRING("acs", "password", password),
	UNSIGNED("acs", "periodic_interval", periodic_interval, 1, UINT32_MAX, "86400"),
	BOOLEAN("acs", "periodic_enable", periodic_enable, "yes"),
	BOOLEAN("acs", "ask_methods", ask_methods, "no"),
	BOOLEAN("acs", "basic_over_http", basic_over_http, "no"),
	BOOLEAN("acs", "follow_all_redirects", follow_all_redirects, "no"),
	BOOLEAN("acs", "version_fallback", version_fallback, "yes"),
	BOOLEAN("acs", "strict_types", strict_types, "no"),
	CONFIGURATION_CHOICE("acs", "base64_type", struct agent_configuration, base64_type, agent_base64_types,
			     "xsd:base64Binary"),
	CONFIGURATION_CHOICE("acs", "existing_alias_fault", struct agent_configuration, existing_alias_fault,
			     existing_alias_faults, "9003"),
	CONFIGURATION_CHOICE("acs", "autonomous_events", struct agent_configuration, autonomous_events,
			     autonomous_events, "one"),
	BOOLEAN("acs", "bootstrap_clears_attributes", bootstrap_clears_attributes, "yes"),
	BOOLEAN("acs", "heartbeat_alone", heartbeat_alone, "yes"),
	PATH("tls", "ca_file", ca_file),
	PATH("tls", "crl_file", crl_file),
	PATH("tls", "certificate", certificate),
	PATH("tls", "private_key", private_key),
	BOOLEAN("tls", "verify", verify, "yes"),
	UNSIGNED("transfer", "maximum_size", transfer_maximum_size, 1, 1u << 20, "256"),
	UNSIGNED("transfer", "timeout", transfer_timeout, 1, 7 * 86400, "3600"),
	UNSIGNED("transfer", "stall_timeout", transfer_stall_timeout, 1, 86400, "60"),
	UNSIGNED("transfer", "retries", transfer_retries, 0, 100, "3"),
	PATH("transfer", "firmware_program", firmware_program),
	UNSIGNED("transfer", "firmware_timeout", firmware_timeout, 1, 86400, "600"),
	CONFIGURATION_CHECKED("transfer", "log_file", struct agent_configuration, log_file, "", log_files_wrong),
	UNSIGNED("connection_request", "port", connection_request_port, 1, 65535, "7547"),
	STRING("connection_request", "interface", connection_request_interface),
	UNSIGNED("connection_request", "burst", connection_request_burst, 1, 1000000, "30"),
	UNSIGNED("connection_request", "interval", connection_request_interval, 1, 3600000, "2000"),
	STRING("connection_request", "username", connection_request_username),
	STRING("connection_request", "password", connection_request_password),
	CONFIGURATION_CHOICE("connection_request", "xmpp_wrong_sender", struct agent_configuration, xmpp_wrong_sender,
			     xmpp_wrong_senders, "no-answer"),
	CONFIGURATION_CHOICE("connection_request", "port_mapping", struct agent_configuration, port_mapping,
			     port_mappings, "no"),
	UNSIGNED("connection_request", "port_mapping_interval", port_mapping_interval, 1, 86400, "60"),
	BOOLEAN("stun", "enable", stun_enable, "no"),
	STRING("stun", "server", stun_server),
	UNSIGNED("stun", "port", stun_port, 1, 65535, "3478"),
	STRING("stun", "username", stun_username),
	STRING("stun", "password", stun_password),
	UNSIGNED("stun", "minimum_keepalive", stun_minimum_keepalive, 1, INT32_MAX, "30"),
	UNSIGNED("stun", "maximum_keepalive", stun_maximum_keepalive, 1, INT32_MAX, "300"),
	BOOLEAN("stun", "listen", stun_listen, "no"),
	UNSIGNED("stun", "local_port", stun_local_port, 1, 65535, "7547"),
};

const size_t agent_configuration_key_count = sizeof(agent_configuration_keys) / sizeof(*agent_configuration_keys);

const char *const agent_configuration_other_sections[] = {"netlink", "nat", "zwave", NULL};

int agent_configuration_check(const struct agent_configuration *configuration, char *message, size_t size)
{
	if (*configuration->url || configuration->dhcp)
		return 0;
	snprintf(message, size, "[acs] url is missing: the address of the ACS is needed, or dhcp = yes");
	return -EINVAL;
}
