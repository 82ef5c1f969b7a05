// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's own segment: the objects that the agent itself publishes, and how their values come about. Of what every
// device has these are Device., DeviceInfo., ManagementServer. and Time.; the rest comes from espalier-netlink.
#include "agent/own.h"

#include "shm/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOCK_TRIES 20
#define LOCK_WAIT  50000000l // nanoseconds

static const struct espalier_parameter device_parameters[] = {
	[DEVICE_ROOT_DATA_MODEL_VERSION] = {"RootDataModelVersion", ESPALIER_STRING, .maximum_length = 32,
					    .description = "Version of the root data model that the device implements"},
	[DEVICE_DECLARED_DEVICE_NUMBER_OF_ENTRIES] = {"X_ESPALIER_DeviceNumberOfEntries", ESPALIER_UNSIGNED_INT,
						      .description =
							      "Number of entries in the X_ESPALIER_Device table"},
	{0},
};

// What the agent itself has of Baseline and Time; the rest is its collectors'.
static const struct espalier_object objects[] = {
	[OWN_DEVICE] = {"Device.", device_parameters, .description = "The device"},
	[OWN_DEVICE_INFO] = {"Device.DeviceInfo.", device_info_parameters, .description = "General information"},
	[OWN_VENDOR_CONFIG_FILE] = {"Device.DeviceInfo.VendorConfigFile.{i}.", vendor_config_file_parameters,
				    .description = "Vendor configuration files that can be uploaded"},
	[OWN_VENDOR_LOG_FILE] = {"Device.DeviceInfo.VendorLogFile.{i}.", vendor_log_file_parameters,
				 .description = "Log files that can be uploaded"},
	[OWN_MEMORY_STATUS] = {"Device.DeviceInfo.MemoryStatus.", memory_status_parameters,
			       .description = "Status of the physical memory"},
	[OWN_PROCESS_STATUS] = {OWN_PROCESS_PATH, process_status_parameters, .description = "Status of the processes"},
	[OWN_PROCESS] = {OWN_PROCESS_PATH "Process.{i}.", process_parameters,
			 .description = "All processes that run on the device; the instance number is the PID"},
	[OWN_MANAGEMENT_SERVER] = {"Device.ManagementServer.", management_server_parameters,
				   .description = "The device's association with an ACS"},
	[OWN_INFORM_PARAMETER] = {OWN_INFORM_PARAMETER_PATH "{i}.", inform_parameter_parameters, ESPALIER_WRITABLE,
				  .description = "Parameters that go into Informs beside those that always do"},
	[OWN_TIME] = {"Device.Time.", time_parameters, .description = "The device's clock"},
	[OWN_CONNECTION_REQUEST] = {OWN_CONNECTION_REQUEST_PATH, connection_request_parameters,
				    .description = "What became of connection requests, since the agent runs"},
	[OWN_AUTONOMOUS_POLICY] = {"Device.ManagementServer.AutonomousTransferCompletePolicy.",
				   autonomous_transfer_complete_policy_parameters,
				   .description = "Which transfers that the ACS has not asked for it is told of"},
	[OWN_TRANSFERS] = {"Device.X_ESPALIER_Transfers.", transfers_parameters, .description = "File transfers"},
	[OWN_TRANSFER] = {"Device.X_ESPALIER_Transfers.Transfer.{i}.", transfer_parameters,
			  .description = "Transfers that wait, run, or have ended without the ACS knowing"},
	[OWN_XMPP] = {OWN_XMPP_PATH, xmpp_parameters, .description = "What the device can do with XMPP"},
	[OWN_XMPP_CONNECTION] = {OWN_XMPP_PATH "Connection.{i}.", xmpp_connection_parameters, ESPALIER_WRITABLE,
				 .description = "Connections with XMPP servers"},
	[OWN_XMPP_SERVER] = {OWN_XMPP_PATH "Connection.{i}.Server.{i}.", xmpp_server_parameters, ESPALIER_WRITABLE,
			     .description = "Servers of a connection, for ServerTable"},
	[OWN_XMPP_STATS] = {OWN_XMPP_PATH "Connection.{i}.Stats.", xmpp_stats_parameters,
			    .description = "What was received and sent, since espalier-xmpp runs"},
	[OWN_HEARTBEAT_POLICY] = {"Device.ManagementServer.HeartbeatPolicy.", heartbeat_policy_parameters,
				  .description = "When the device sends heartbeat events"},
	[OWN_STANDBY_POLICY] = {"Device.ManagementServer.StandbyPolicy.", standby_policy_parameters,
				.description = "What the device tells after it has slept"},
	[OWN_DECLARED_DEVICE] = {"Device.X_ESPALIER_Device.{i}.", declared_device_parameters,
				 .description = "Devices behind the gateway that a configuration file declares"},
	[OWN_DECLARED_READING] = {"Device.X_ESPALIER_Device.{i}.Reading.{i}.", declared_reading_parameters,
				  .description = "What was read of the device"},
	[OWN_OBJECTS] = {0},
};

int own_open(struct own *own, const char *folder, const struct espalier_owner *owner, void *context)
{
	const struct espalier_writer_options options = {
		.name = OWN_SEGMENT,
		.folder = folder,
		.program = "espalier-agent",
		.version = ESPALIER_VERSION,
		.objects = objects,
		.owner = owner,
		.context = context,
	};
	int error = espalier_writer_open(&own->writer, &options);

	// What an agent was starting when it was killed has the segment's lock until it is executed.
	for (int try = 1; error == -EBUSY && try < LOCK_TRIES; try++) {
		nanosleep(&(struct timespec){.tv_nsec = LOCK_WAIT}, NULL);
		error = espalier_writer_open(&own->writer, &options);
	}
	if (error) {
		const char *text = espalier_error_text();

		log_error("segment " OWN_SEGMENT " in %s: %s", folder,
			  error == -EBUSY ? "another agent runs there"
			  : text && *text ? text
					  : strerror(-error));
		return error;
	}
	return own_set(own, OWN_DEVICE, DEVICE_ROOT_DATA_MODEL_VERSION, OWN_ROOT_DATA_MODEL_VERSION);
}

int own_publish(struct own *own)
{
	return espalier_writer_publish(own->writer);
}

void own_close(struct own *own)
{
	process_status_free(own);
	espalier_writer_close(own->writer);
	own->writer = NULL;
}

struct espalier_row own_row(struct own *own, enum own_object object)
{
	return espalier_row_of(own->writer, object, (struct espalier_row){0});
}

const char *own_path(enum own_object object, uint32_t parameter)
{
	static char path[ESPALIER_PATH_MAXIMUM + 1];

	snprintf(path, sizeof(path), "%s%s", objects[object].path, objects[object].parameters[parameter].name);
	return path;
}

const char *own_object_path(enum own_object object)
{
	return objects[object].path;
}

const struct espalier_parameter *own_parameter(enum own_object object, uint32_t parameter)
{
	return &objects[object].parameters[parameter];
}

int own_set(struct own *own, enum own_object object, uint32_t parameter, const char *text)
{
	struct espalier_row row = own_row(own, object);
	struct espalier_value value;
	int error;

	error = espalier_value_parse(own_parameter(object, parameter), text, strlen(text), &value);
	if (error)
		return error;
	error = espalier_begin(own->writer, row);
	if (error)
		return error;
	error = espalier_set_value(own->writer, row, parameter, &value);
	if (error) {
		espalier_abandon(own->writer, row);
		return error;
	}
	return espalier_commit(own->writer, row);
}

unsigned own_live(const char *path, size_t length)
{
	static const struct {
		const char *object;
		unsigned part;
	} parts[] = {
		{"Device.Time.", OWN_LIVE_TIME},
		{"Device.DeviceInfo.UpTime", OWN_LIVE_DEVICE_INFO},
		{"Device.DeviceInfo.MemoryStatus.", OWN_LIVE_DEVICE_INFO},
		{OWN_CONNECTION_REQUEST_PATH, OWN_LIVE_REQUESTS},
		{OWN_PROCESS_PATH "CPUUsage", OWN_LIVE_CPU},
		{OWN_PROCESS_PATH "Process", OWN_LIVE_PROCESSES},
	};
	unsigned found = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		size_t common = strlen(parts[i].object) < length ? strlen(parts[i].object) : length;

		if (!strncmp(path, parts[i].object, common))
			found |= parts[i].part;
	}
	return found;
}

void own_refresh(struct own *own, unsigned parts)
{
	if (parts & OWN_LIVE_TIME)
		time_refresh(own);
	if (parts & OWN_LIVE_DEVICE_INFO)
		device_info_refresh(own);
	if (parts & (OWN_LIVE_CPU | OWN_LIVE_PROCESSES))
		process_status_refresh(own, parts & OWN_LIVE_PROCESSES);
	if (parts & OWN_LIVE_REQUESTS && own->count)
		own->count(own);
}
