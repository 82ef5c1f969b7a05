// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's part of the configuration file.
#pragma once

#include "agent/device-program.h"
#include "agent/log-file.h"
#include "shm/configuration.h"

#include <net/if.h>

struct agent_configuration {
	char manufacturer[65], oui[7], product_class[65], serial_number[65];
	char model_name[65], hardware_version[65], software_version[65];
	uint32_t root;
	char reboot[DEVICE_PROGRAM_SIZE], factory_reset[DEVICE_PROGRAM_SIZE], dhcp_renew[DEVICE_PROGRAM_SIZE];

	char url[2049], username[257], password[257];
	bool dhcp; // the ACS may be named by DHCP
	uint32_t periodic_interval;
	bool periodic_enable, ask_methods;
	bool basic_over_http, follow_all_redirects, version_fallback, strict_types;
	uint32_t base64_type;	       // index into agent_base64_types
	uint32_t existing_alias_fault; // index into agent_existing_alias_faults
	uint32_t autonomous_events;    // enum autonomous_events
	bool bootstrap_clears_attributes, heartbeat_alone;

	char ca_file[1024], crl_file[1024], certificate[1024], private_key[1024];
	bool verify;

	uint32_t transfer_maximum_size;			   // MiB
	uint32_t transfer_timeout, transfer_stall_timeout; // seconds
	uint32_t transfer_retries;
	char firmware_program[1024];
	uint32_t firmware_timeout;	   // seconds
	char log_file[LOG_FILE_LIST_SIZE]; // "": the journal

	uint32_t connection_request_port;
	uint32_t connection_request_burst, connection_request_interval; // good ones in a row; ms until one more
	char connection_request_interface[IF_NAMESIZE];
	char connection_request_username[257], connection_request_password[257];
	uint32_t xmpp_wrong_sender;	// enum xmpp_wrong_sender
	uint32_t port_mapping;		// index of the choices
	uint32_t port_mapping_interval; // seconds

	bool stun_enable, stun_listen;
	char stun_server[257], stun_username[257], stun_password[257];
	uint32_t stun_port, stun_local_port, stun_minimum_keepalive, stun_maximum_keepalive;
};

// What [connection_request] port_mapping may be, in the order of its choices.
enum port_mapping { PORT_MAPPING_NO, PORT_MAPPING_AUTO, PORT_MAPPING_NAT_PMP, PORT_MAPPING_UPNP };

// The xsi:type of base64 values that can be sent.
extern const char *const agent_base64_types[];

// The faults of an AddObject whose alias exists, enum espalier_fault.
extern const uint16_t agent_existing_alias_faults[];

// What [acs] autonomous_events may be: the entries 10 and 12 of an Inform for several transfers.
enum autonomous_events { AUTONOMOUS_EVENTS_ONE, AUTONOMOUS_EVENTS_EACH };

// What [connection_request] xmpp_wrong_sender may be: the answer to who is not in ConnReqAllowedJabberIDs.
enum xmpp_wrong_sender { XMPP_WRONG_SENDER_NO_ANSWER, XMPP_WRONG_SENDER_SERVICE_UNAVAILABLE };

extern const struct configuration_key agent_configuration_keys[];
extern const size_t agent_configuration_key_count;

// Sections of other programs, ended by NULL.
extern const char *const agent_configuration_other_sections[];

// Checks what a table can't say. Returns 0, or -EINVAL with one line in `message` that names the key and the bad value.
int agent_configuration_check(const struct agent_configuration *configuration, char *message, size_t size);
