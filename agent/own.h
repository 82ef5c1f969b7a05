// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's own segment: the objects that the agent itself publishes, and how their values come about.
#pragma once

#include "agent/identity.h"
#include "shm/espalier.h"

// Objects of the segment, in the order of its schema.
enum own_object {
	OWN_DEVICE,
	OWN_DEVICE_INFO,
	OWN_VENDOR_CONFIG_FILE,
	OWN_VENDOR_LOG_FILE,
	OWN_MEMORY_STATUS,
	OWN_PROCESS_STATUS,
	OWN_PROCESS,
	OWN_MANAGEMENT_SERVER,
	OWN_INFORM_PARAMETER,
	OWN_TIME,
	OWN_CONNECTION_REQUEST,
	OWN_AUTONOMOUS_POLICY,
	OWN_TRANSFERS,
	OWN_TRANSFER,
	OWN_XMPP,
	OWN_XMPP_CONNECTION,
	OWN_XMPP_SERVER,
	OWN_XMPP_STATS,
	OWN_HEARTBEAT_POLICY,
	OWN_STANDBY_POLICY,
	OWN_DECLARED_DEVICE,
	OWN_DECLARED_READING,
	OWN_OBJECTS
};

// Parameters, in the order of the objects' tables.
enum device_parameter { DEVICE_ROOT_DATA_MODEL_VERSION, DEVICE_DECLARED_DEVICE_NUMBER_OF_ENTRIES };

enum device_info_parameter {
	DEVICE_INFO_MANUFACTURER,
	DEVICE_INFO_MANUFACTURER_OUI,
	DEVICE_INFO_MODEL_NAME,
	DEVICE_INFO_PRODUCT_CLASS,
	DEVICE_INFO_SERIAL_NUMBER,
	DEVICE_INFO_HARDWARE_VERSION,
	DEVICE_INFO_SOFTWARE_VERSION,
	DEVICE_INFO_PROVISIONING_CODE,
	DEVICE_INFO_UP_TIME,
	DEVICE_INFO_FIRST_USE_DATE,
	DEVICE_INFO_VENDOR_CONFIG_FILE_NUMBER_OF_ENTRIES,
	DEVICE_INFO_VENDOR_LOG_FILE_NUMBER_OF_ENTRIES,
};

enum management_server_parameter {
	MANAGEMENT_SERVER_URL,
	MANAGEMENT_SERVER_USERNAME,
	MANAGEMENT_SERVER_PASSWORD,
	MANAGEMENT_SERVER_PERIODIC_INFORM_ENABLE,
	MANAGEMENT_SERVER_PERIODIC_INFORM_INTERVAL,
	MANAGEMENT_SERVER_PERIODIC_INFORM_TIME,
	MANAGEMENT_SERVER_PARAMETER_KEY,
	MANAGEMENT_SERVER_CONNECTION_REQUEST_URL,
	MANAGEMENT_SERVER_CONNECTION_REQUEST_USERNAME,
	MANAGEMENT_SERVER_CONNECTION_REQUEST_PASSWORD,
	MANAGEMENT_SERVER_UPGRADES_MANAGED,
	MANAGEMENT_SERVER_DEFAULT_ACTIVE_NOTIFICATION_THROTTLE,
	MANAGEMENT_SERVER_RETRY_MINIMUM_WAIT_INTERVAL,
	MANAGEMENT_SERVER_RETRY_INTERVAL_MULTIPLIER,
	MANAGEMENT_SERVER_HTTP_CONNECTION_REQUEST_ENABLE,
	MANAGEMENT_SERVER_ALIAS_BASED_ADDRESSING,
	MANAGEMENT_SERVER_INSTANCE_MODE,
	MANAGEMENT_SERVER_AUTO_CREATE_INSTANCES,
	MANAGEMENT_SERVER_SUPPORTED_CONN_REQ_METHODS,
	MANAGEMENT_SERVER_INSTANCE_WILDCARDS_SUPPORTED,
	MANAGEMENT_SERVER_HTTP_COMPRESSION_SUPPORTED,
	MANAGEMENT_SERVER_HTTP_COMPRESSION,
	MANAGEMENT_SERVER_INFORM_PARAMETER_NUMBER_OF_ENTRIES,
	MANAGEMENT_SERVER_UDP_CONNECTION_REQUEST_ADDRESS,
	MANAGEMENT_SERVER_UDP_CONNECTION_REQUEST_ADDRESS_NOTIFICATION_LIMIT,
	MANAGEMENT_SERVER_STUN_ENABLE,
	MANAGEMENT_SERVER_STUN_SERVER_ADDRESS,
	MANAGEMENT_SERVER_STUN_SERVER_PORT,
	MANAGEMENT_SERVER_STUN_USERNAME,
	MANAGEMENT_SERVER_STUN_PASSWORD,
	MANAGEMENT_SERVER_STUN_MAXIMUM_KEEP_ALIVE_PERIOD,
	MANAGEMENT_SERVER_STUN_MINIMUM_KEEP_ALIVE_PERIOD,
	MANAGEMENT_SERVER_NAT_DETECTED,
	MANAGEMENT_SERVER_CONN_REQ_XMPP_CONNECTION,
	MANAGEMENT_SERVER_CONN_REQ_ALLOWED_JABBER_IDS,
	MANAGEMENT_SERVER_CONN_REQ_JABBER_ID,
	MANAGEMENT_SERVER_SCHEDULE_REBOOT,
	MANAGEMENT_SERVER_DELAY_REBOOT,
	MANAGEMENT_SERVER_LIGHTWEIGHT_NOTIFICATION_PROTOCOLS_SUPPORTED,
	MANAGEMENT_SERVER_LIGHTWEIGHT_NOTIFICATION_PROTOCOLS_USED,
	MANAGEMENT_SERVER_LIGHTWEIGHT_NOTIFICATION_TRIGGER_INTERVAL,
	MANAGEMENT_SERVER_LIGHTWEIGHT_NOTIFICATION_TRIGGER_TIME,
	MANAGEMENT_SERVER_UDP_LIGHTWEIGHT_NOTIFICATION_HOST,
	MANAGEMENT_SERVER_UDP_LIGHTWEIGHT_NOTIFICATION_PORT,
};

enum heartbeat_policy_parameter {
	HEARTBEAT_POLICY_ENABLE,
	HEARTBEAT_POLICY_REPORTING_INTERVAL,
	HEARTBEAT_POLICY_INITIATION_TIME,
};

enum standby_policy_parameter {
	STANDBY_POLICY_CR_UNAWARENESS_MAX_DURATION,
	STANDBY_POLICY_MAX_MISSED_PERIODIC,
	STANDBY_POLICY_NOTIFY_MISSED_SCHEDULED,
	STANDBY_POLICY_NETWORK_AWARENESS_CAPABLE,
	STANDBY_POLICY_SELF_TIMER_CAPABLE,
	STANDBY_POLICY_CR_AWARENESS_REQUESTED,
	STANDBY_POLICY_PERIODIC_AWARENESS_REQUESTED,
	STANDBY_POLICY_SCHEDULED_AWARENESS_REQUESTED,
};

enum autonomous_policy_parameter {
	AUTONOMOUS_POLICY_ENABLE,
	AUTONOMOUS_POLICY_TRANSFER_TYPE_FILTER,
	AUTONOMOUS_POLICY_RESULT_TYPE_FILTER,
	AUTONOMOUS_POLICY_FILE_TYPE_FILTER,
};

extern const struct espalier_parameter device_info_parameters[];
extern const struct espalier_parameter vendor_config_file_parameters[];
extern const struct espalier_parameter memory_status_parameters[];
extern const struct espalier_parameter process_status_parameters[];
extern const struct espalier_parameter process_parameters[];
extern const struct espalier_parameter management_server_parameters[];
extern const struct espalier_parameter inform_parameter_parameters[];
extern const struct espalier_parameter time_parameters[];
extern const struct espalier_parameter connection_request_parameters[];
extern const struct espalier_parameter autonomous_transfer_complete_policy_parameters[];
extern const struct espalier_parameter transfers_parameters[];
extern const struct espalier_parameter transfer_parameters[];
extern const struct espalier_parameter xmpp_parameters[];
extern const struct espalier_parameter xmpp_connection_parameters[];
extern const struct espalier_parameter xmpp_server_parameters[];
extern const struct espalier_parameter xmpp_stats_parameters[];

// Of OWN_CONNECTION_REQUEST; the others are counters, and private to agent/request-counters.c.
enum own_connection_request_parameter {
	OWN_CONNECTION_REQUEST_MONITOR_CONNECTED,
	OWN_CONNECTION_REQUEST_XMPP_CONNECTED,
	OWN_CONNECTION_REQUEST_COUNTERS,
};
extern const struct espalier_parameter heartbeat_policy_parameters[];
extern const struct espalier_parameter standby_policy_parameters[];
extern const struct espalier_parameter declared_device_parameters[];
extern const struct espalier_parameter declared_reading_parameters[];

#define OWN_SEGMENT		    "agent"
#define OWN_CONNECTION_REQUEST_PATH "Device.ManagementServer.X_ESPALIER_ConnectionRequest."
#define OWN_PROCESS_PATH	    "Device.DeviceInfo.ProcessStatus."
#define OWN_INFORM_PARAMETER_PATH   "Device.ManagementServer.InformParameter."
#define OWN_XMPP_PATH		    "Device.XMPP."
#define OWN_PARAMETER_KEY_PATH	    "Device.ManagementServer.ParameterKey"
#define OWN_ROOT_DATA_MODEL_VERSION "2.17"

struct process_list;

// The segment. Fields are private to own.c and the modules of its objects.
struct own {
	struct espalier_writer *writer;
	struct process_list *processes;
	uint64_t busy, total;		// CPU time at the last refresh, in ticks
	void (*count)(struct own *own); // fills in the counters of connection requests; or NULL
};

// Opens the segment, not yet visible. `owner` serves requests, and gets `context`. Logs why when it fails.
int own_open(struct own *own, const char *folder, const struct espalier_owner *owner, void *context);

// Makes it visible.
int own_publish(struct own *own);

void own_close(struct own *own);

// The row of an object without instances.
struct espalier_row own_row(struct own *own, enum own_object object);

// The full path of a parameter of such an object, in a static table.
const char *own_path(enum own_object object, uint32_t parameter);

// The path of an object, with {i}.
const char *own_object_path(enum own_object object);

// The schema of a parameter.
const struct espalier_parameter *own_parameter(enum own_object object, uint32_t parameter);

// Sets one parameter from its text. Returns 0 or -errno.
int own_set(struct own *own, enum own_object object, uint32_t parameter, const char *text);

// What changes by itself, by what it costs to find out.
enum own_live {
	OWN_LIVE_TIME = 1 << 0,	       // Device.Time.
	OWN_LIVE_DEVICE_INFO = 1 << 1, // up time and memory
	OWN_LIVE_CPU = 1 << 2,	       // the CPUs' load
	OWN_LIVE_PROCESSES = 1 << 3,   // the table of processes
	OWN_LIVE_REQUESTS = 1 << 4,    // counters of connection requests
};

// The part (enum own_live) whose values a path, full or partial, covers; `length` bytes.
unsigned own_live(const char *path, size_t length);

// Brings parts (a set of enum own_live) up to date.
void own_refresh(struct own *own, unsigned parts);

// ---- The modules of the objects

// Fills in what never changes while the agent runs.
int device_info_fill(struct own *own, const struct identity *identity);

void device_info_refresh(struct own *own);
void process_status_refresh(struct own *own, bool processes); // the load, and the table if asked
void process_status_free(struct own *own);
void time_refresh(struct own *own);
