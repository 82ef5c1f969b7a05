/* SPDX-License-Identifier: BSD-2-Clause */
/* The objects of the model, the parameters of the interface, and the embedded devices of TR-181. */
#include "zwave/schema.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *const schema_interface_status[] = {
	[INTERFACE_UP] = "Up",
	[INTERFACE_DOWN] = "Down",
	[INTERFACE_ERROR] = "Error",
	[INTERFACE_DORMANT] = "Dormant",
	NULL,
};

const char *const schema_source_kinds[] = {
	[SOURCE_LUUP] = "Luup",
	[SOURCE_ZWAVE_JS] = "ZWaveJS",
	[SOURCE_SERIAL] = "SerialAPI",
	NULL,
};

static const char *const protocols[] = {"Z-Wave", "ZigBee", "UPnP-DM", "ETSI-M2M", NULL};
static const char *const processed[] = {"Pending", "Retrying", "Success", "Error", NULL};

static const struct espalier_parameter management_server[] = {
	[MANAGEMENT_SERVER_EMBEDDED_COUNT] = {.name = "EmbeddedDeviceNumberOfEntries",
					      .type = ESPALIER_UNSIGNED_INT,
					      .description = "How many embedded devices there are."},
	{.name = NULL},
};

static const struct espalier_parameter embedded_device[] = {
	[EMBEDDED_CONTROLLER_ID] = {.name = "ControllerID",
				    .type = ESPALIER_STRING,
				    .maximum_length = 256,
				    .reserve = 8,
				    .description = "The home id."},
	[EMBEDDED_PROXIED_DEVICE_ID] = {.name = "ProxiedDeviceID",
					.type = ESPALIER_STRING,
					.maximum_length = 256,
					.reserve = 8,
					.description = "The node id."},
	[EMBEDDED_REFERENCE] = {.name = "Reference",
				.type = ESPALIER_STRING,
				.flags = ESPALIER_STRONG_REFERENCE,
				.reserve = 48,
				.description = "The row of the node."},
	[EMBEDDED_SUPPORTED_DATA_MODEL] = {.name = "SupportedDataModel",
					   .type = ESPALIER_STRING,
					   .flags = ESPALIER_LIST | ESPALIER_STRONG_REFERENCE,
					   .reserve = 4,
					   .description = "Empty: no data model is of the node alone."},
	[EMBEDDED_HOST] = {.name = "Host",
			   .type = ESPALIER_STRING,
			   .flags = ESPALIER_LIST | ESPALIER_STRONG_REFERENCE,
			   .reserve = 4,
			   .description = "Empty: a Z-Wave node is no IP host."},
	[EMBEDDED_PROXY_PROTOCOL] = {.name = "ProxyProtocol",
				     .type = ESPALIER_STRING,
				     .reserve = 8,
				     .enumeration = protocols,
				     .description = "Z-Wave."},
	[EMBEDDED_PROXY_PROTOCOL_REFERENCE] = {.name = "ProxyProtocolReference",
					       .type = ESPALIER_STRING,
					       .flags = ESPALIER_STRONG_REFERENCE,
					       .reserve = 48,
					       .description = "The row of the interface."},
	[EMBEDDED_DISCOVERY_PROTOCOL] = {.name = "DiscoveryProtocol",
					 .type = ESPALIER_STRING,
					 .flags = ESPALIER_LIST,
					 .reserve = 8,
					 .enumeration = protocols,
					 .description = "Z-Wave."},
	[EMBEDDED_DISCOVERY_PROTOCOL_REFERENCE] = {.name = "DiscoveryProtocolReference",
						   .type = ESPALIER_STRING,
						   .flags = ESPALIER_LIST | ESPALIER_STRONG_REFERENCE,
						   .reserve = 48,
						   .description = "The row of the interface."},
	[EMBEDDED_COMMAND_PROCESSED] = {.name = "CommandProcessed",
					.type = ESPALIER_STRING,
					.reserve = 8,
					.enumeration = processed,
					.description = "What came of the last command to the node."},
	[EMBEDDED_COMMAND_ERROR] = {.name = "CommandProcessingErrMsg",
				    .type = ESPALIER_STRING,
				    .maximum_length = 1024,
				    .reserve = 4,
				    .description = "Why it failed."},
	[EMBEDDED_LAST_SYNC_TIME] = {.name = "LastSyncTime",
				     .type = ESPALIER_DATE_TIME,
				     .reserve = 20,
				     .description = "When the node was last read, or a command succeeded."},
	{.name = NULL},
};

static const struct espalier_parameter root[] = {
	[ROOT_INTERFACE_COUNT] = {.name = "InterfaceNumberOfEntries",
				  .type = ESPALIER_UNSIGNED_INT,
				  .description = "How many sources are read."},
	{.name = NULL},
};

const struct espalier_parameter schema_interface[] = {
	[INTERFACE_ENABLE] = {.name = "Enable",
			      .type = ESPALIER_BOOLEAN,
			      .flags = ESPALIER_WRITABLE,
			      .description = "Whether the source is read."},
	[INTERFACE_STATUS] = {.name = "Status",
			      .type = ESPALIER_STRING,
			      .reserve = 8,
			      .enumeration = schema_interface_status,
			      .description =
				      "Up: in step with the source; Dormant: connected, not in step yet; Error: the "
				      "source reports a fault of its controller; Down: no source, or not enabled."},
	[INTERFACE_ALIAS] = {.name = "Alias",
			     .type = ESPALIER_STRING,
			     .flags = ESPALIER_WRITABLE | ESPALIER_UNIQUE_KEY,
			     .maximum_length = SCHEMA_ALIAS_MAXIMUM,
			     .reserve = 16,
			     .description = "A name that a manager gives."},
	[INTERFACE_NAME] = {.name = "Name",
			    .type = ESPALIER_STRING,
			    .maximum_length = SCHEMA_TEXT_MAXIMUM,
			    .reserve = 32,
			    .description = "What the source calls the controller."},
	[INTERFACE_LAST_CHANGE] = {.name = "LastChange",
				   .type = ESPALIER_UNSIGNED_INT,
				   .flags = ESPALIER_NOTIFY_CAN_DENY,
				   .description = "Seconds since Status changed."},
	[INTERFACE_SOURCE_TYPE] = {.name = "SourceType",
				   .type = ESPALIER_STRING,
				   .flags = ESPALIER_WRITABLE,
				   .reserve = 12,
				   .enumeration = schema_source_kinds,
				   .description = "What kind of source is read."},
	[INTERFACE_SOURCE_URL] = {.name = "SourceURL",
				  .type = ESPALIER_STRING,
				  .flags = ESPALIER_WRITABLE,
				  .maximum_length = SCHEMA_TEXT_MAXIMUM,
				  .reserve = 48,
				  .description =
					  "Where the source is: http, ws or tcp URL, or the path of a serial line."},
	[INTERFACE_LAST_SYNC] = {.name = "LastSync",
				 .type = ESPALIER_DATE_TIME,
				 .reserve = 20,
				 .description = "When the whole state was last read from the source."},
	[INTERFACE_HOME_ID] = {.name = "HomeID",
			       .type = ESPALIER_HEX_BINARY,
			       .maximum_length = 4,
			       .reserve = 8,
			       .description = "The home id of the network."},
	[INTERFACE_NODE_ID] = {.name = "NodeID",
			       .type = ESPALIER_UNSIGNED_INT,
			       .description = "The node id of the controller."},
	[INTERFACE_SUC_NODE_ID] = {.name = "SUCNodeID",
				   .type = ESPALIER_UNSIGNED_INT,
				   .description = "The node id of the static update controller, 0 when there is none."},
	[INTERFACE_ROLE] = {.name = "Role",
			    .type = ESPALIER_STRING,
			    .maximum_length = SCHEMA_TEXT_MAXIMUM,
			    .reserve = 32,
			    .description = "The role of the controller in words."},
	[INTERFACE_PRIMARY] = {.name = "Primary",
			       .type = ESPALIER_BOOLEAN,
			       .description = "Whether it is the primary controller."},
	[INTERFACE_SIS] = {.name = "SIS", .type = ESPALIER_BOOLEAN, .description = "Whether it is the SUC ID server."},
	[INTERFACE_LIBRARY_VERSION] = {.name = "LibraryVersion",
				       .type = ESPALIER_STRING,
				       .maximum_length = SCHEMA_TEXT_MAXIMUM,
				       .reserve = 16,
				       .description = "The version of its Z-Wave library."},
	[INTERFACE_LIBRARY_TYPE] = {.name = "LibraryType",
				    .type = ESPALIER_UNSIGNED_INT,
				    .description = "The type of its Z-Wave library."},
	[INTERFACE_FIRMWARE_VERSION] = {.name = "FirmwareVersion",
					.type = ESPALIER_STRING,
					.maximum_length = SCHEMA_TEXT_MAXIMUM,
					.reserve = 16,
					.description = "The version of its firmware."},
	[INTERFACE_CHIP_TYPE] = {.name = "ChipType",
				 .type = ESPALIER_STRING,
				 .maximum_length = SCHEMA_TEXT_MAXIMUM,
				 .reserve = 16,
				 .description = "Its chip."},
	[INTERFACE_RF_REGION] = {.name = "RFRegion",
				 .type = ESPALIER_STRING,
				 .maximum_length = SCHEMA_TEXT_MAXIMUM,
				 .reserve = 16,
				 .description = "The radio region, where the chip can tell."},
	[INTERFACE_PORT] = {.name = "Port",
			    .type = ESPALIER_STRING,
			    .maximum_length = SCHEMA_TEXT_MAXIMUM,
			    .reserve = 24,
			    .description = "The port that the controller is at."},
	[INTERFACE_NET_STATUS_CODE] = {.name = "NetStatusCode",
				       .type = ESPALIER_INT,
				       .description = "The state of the controller as the source numbers it."},
	[INTERFACE_NET_STATUS_TEXT] = {.name = "NetStatusText",
				       .type = ESPALIER_STRING,
				       .maximum_length = SCHEMA_TEXT_MAXIMUM,
				       .reserve = 16,
				       .description = "The same in words."},
	[INTERFACE_LAST_ERROR] = {.name = "LastError",
				  .type = ESPALIER_STRING,
				  .maximum_length = SCHEMA_TEXT_MAXIMUM,
				  .reserve = 32,
				  .description = "The last error that the source reports."},
	[INTERFACE_LAST_UPDATE] = {.name = "LastUpdate",
				   .type = ESPALIER_DATE_TIME,
				   .reserve = 20,
				   .description = "When the table of nodes last changed."},
	[INTERFACE_LAST_HEAL] = {.name = "LastHeal",
				 .type = ESPALIER_DATE_TIME,
				 .reserve = 20,
				 .description = "When routes were last rebuilt."},
	[INTERFACE_LAST_ROUTE_FAILURE] = {.name = "LastRouteFailure",
					  .type = ESPALIER_DATE_TIME,
					  .reserve = 20,
					  .description = "When routing last failed."},
	[INTERFACE_LAST_BACKUP] = {.name = "LastBackup",
				   .type = ESPALIER_DATE_TIME,
				   .reserve = 20,
				   .description = "When the controller's memory was last saved."},
	[INTERFACE_HEAL_ACTIVE] = {.name = "HealActive",
				   .type = ESPALIER_BOOLEAN,
				   .description = "Whether routes are being rebuilt."},
	[INTERFACE_INCLUSION_STATE] =
		{.name = "InclusionState",
		 .type = ESPALIER_UNSIGNED_INT,
		 .description =
			 "Inclusion as Z-Wave JS numbers it: 0 idle, 1 including, 2 excluding, 3 busy, 4 SmartStart."},
	[INTERFACE_SUPPORTS_LONG_RANGE] = {.name = "SupportsLongRange",
					   .type = ESPALIER_BOOLEAN,
					   .description = "Whether the controller can do Z-Wave Long Range."},
	[INTERFACE_NODE_COUNT] = {.name = "NodeNumberOfEntries",
				  .type = ESPALIER_UNSIGNED_INT,
				  .description = "How many nodes there are."},
	[INTERFACE_FAILED_NODE_COUNT] = {.name = "FailedNodeCount",
					 .type = ESPALIER_UNSIGNED_INT,
					 .description = "How many of them can not be reached."},
	[INTERFACE_SLEEPING_NODE_COUNT] = {.name = "SleepingNodeCount",
					   .type = ESPALIER_UNSIGNED_INT,
					   .description = "How many of them are asleep."},
	{.name = NULL},
};

const struct espalier_parameter schema_polling[] = {
	[POLLING_ENABLE] = {.name = "Enable",
			    .type = ESPALIER_BOOLEAN,
			    .flags = ESPALIER_WRITABLE,
			    .description = "Whether the source polls nodes."},
	[POLLING_INITIAL_DELAY] = {.name = "InitialDelay",
				   .type = ESPALIER_UNSIGNED_INT,
				   .flags = ESPALIER_WRITABLE,
				   .description = "Seconds from its start to the first poll."},
	[POLLING_IDLE_TIME] = {.name = "IdleTime",
			       .type = ESPALIER_UNSIGNED_INT,
			       .flags = ESPALIER_WRITABLE,
			       .description = "Seconds without radio traffic before a poll."},
	[POLLING_INTERVAL] = {.name = "Interval",
			      .type = ESPALIER_UNSIGNED_INT,
			      .flags = ESPALIER_WRITABLE,
			      .description = "Seconds between two polls."},
	[POLLING_MINIMUM_NODE_INTERVAL] = {.name = "MinimumNodeInterval",
					   .type = ESPALIER_UNSIGNED_INT,
					   .flags = ESPALIER_WRITABLE,
					   .description = "Seconds between two polls of one node."},
	{.name = NULL},
};

const struct espalier_parameter schema_interface_stats[] = {
	[INTERFACE_STATS_MESSAGES_SENT] = {.name = "MessagesSent",
					   .type = ESPALIER_UNSIGNED_LONG,
					   .flags = ESPALIER_NOTIFY_CAN_DENY,
					   .description = "Messages to the controller."},
	[INTERFACE_STATS_MESSAGES_RECEIVED] = {.name = "MessagesReceived",
					       .type = ESPALIER_UNSIGNED_LONG,
					       .flags = ESPALIER_NOTIFY_CAN_DENY,
					       .description = "Messages from the controller."},
	[INTERFACE_STATS_DISCARD_SENT] = {.name = "DiscardMessagesSent",
					  .type = ESPALIER_UNSIGNED_LONG,
					  .flags = ESPALIER_NOTIFY_CAN_DENY,
					  .description = "Messages that could not be sent."},
	[INTERFACE_STATS_DISCARD_RECEIVED] = {.name = "DiscardMessagesReceived",
					      .type = ESPALIER_UNSIGNED_LONG,
					      .flags = ESPALIER_NOTIFY_CAN_DENY,
					      .description = "Messages that were received and thrown away."},
	[INTERFACE_STATS_NAK_RECEIVED] = {.name = "NAKReceived",
					  .type = ESPALIER_UNSIGNED_LONG,
					  .flags = ESPALIER_NOTIFY_CAN_DENY,
					  .description = "Frames that the controller did not accept."},
	[INTERFACE_STATS_CAN_RECEIVED] = {.name = "CANReceived",
					  .type = ESPALIER_UNSIGNED_LONG,
					  .flags = ESPALIER_NOTIFY_CAN_DENY,
					  .description = "Frames that met one from the controller."},
	[INTERFACE_STATS_ACK_TIMEOUTS] = {.name = "ACKTimeouts",
					  .type = ESPALIER_UNSIGNED_LONG,
					  .flags = ESPALIER_NOTIFY_CAN_DENY,
					  .description = "Frames without an ACK."},
	[INTERFACE_STATS_RESPONSE_TIMEOUTS] = {.name = "ResponseTimeouts",
					       .type = ESPALIER_UNSIGNED_LONG,
					       .flags = ESPALIER_NOTIFY_CAN_DENY,
					       .description = "Requests without a response."},
	[INTERFACE_STATS_CALLBACK_TIMEOUTS] = {.name = "CallbackTimeouts",
					       .type = ESPALIER_UNSIGNED_LONG,
					       .flags = ESPALIER_NOTIFY_CAN_DENY,
					       .description = "Requests without a callback."},
	{.name = NULL},
};

const struct espalier_parameter *const schema_parameters[OBJECTS] = {
	[OBJECT_MANAGEMENT_SERVER] = management_server,
	[OBJECT_EMBEDDED_DEVICE] = embedded_device,
	[OBJECT_ROOT] = root,
	[OBJECT_INTERFACE] = schema_interface,
	[OBJECT_POLLING] = schema_polling,
	[OBJECT_INTERFACE_STATS] = schema_interface_stats,
	[OBJECT_NODE] = schema_node,
	[OBJECT_NODE_STATS] = schema_node_stats,
	[OBJECT_ASSOCIATION] = schema_association,
	[OBJECT_CONFIGURATION] = schema_configuration,
	[OBJECT_ENDPOINT] = schema_endpoint,
	[OBJECT_VALUE] = schema_value,
};

/* What stands behind "Device." and, from OBJECT_ROOT on, behind the root object's name. */
static const struct {
	const char *path, *description;
} places[OBJECTS] = {
	[OBJECT_MANAGEMENT_SERVER] = {"ManagementServer.", "The management of the device."},
	[OBJECT_EMBEDDED_DEVICE] = {"ManagementServer.EmbeddedDevice.{i}.", "The nodes, as TR-069 Annex J.3 has them."},
	[OBJECT_ROOT] = {".", "Z-Wave networks behind the device."},
	[OBJECT_INTERFACE] = {".Interface.{i}.",
			      "A Z-Wave network: its controller, and the source that it is read from."},
	[OBJECT_POLLING] = {".Interface.{i}.Polling.", "How a Luup box polls its nodes."},
	[OBJECT_INTERFACE_STATS] = {".Interface.{i}.Stats.", "Messages between the source and the controller."},
	[OBJECT_NODE] = {".Interface.{i}.Node.{i}.", "A node of the network."},
	[OBJECT_NODE_STATS] = {".Interface.{i}.Node.{i}.Stats.", "Commands between the controller and the node."},
	[OBJECT_ASSOCIATION] = {".Interface.{i}.Node.{i}.Association.{i}.", "Its association groups."},
	[OBJECT_CONFIGURATION] = {".Interface.{i}.Node.{i}.Configuration.{i}.", "Its configuration parameters."},
	[OBJECT_ENDPOINT] = {".Interface.{i}.Node.{i}.Endpoint.{i}.", "Its endpoints."},
	[OBJECT_VALUE] = {".Interface.{i}.Node.{i}.Value.{i}.", "What it measures and does."},
};

/* TR-106 3.1: a name starts with a letter or an underscore; vendors' domains bring dots and hyphens, and dots part. */
static bool is_component(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > SCHEMA_OBJECT_MAXIMUM || (!isalpha((unsigned char)name[0]) && name[0] != '_'))
		return false;
	for (size_t i = 1; i < length; i++) {
		if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '-')
			return false;
	}
	return true;
}

int schema_make(struct schema *schema, const char *object)
{
	memset(schema, 0, sizeof(*schema));
	if (!is_component(object))
		return -EINVAL;
	for (int i = 0; i < OBJECTS; i++) {
		snprintf(schema->paths[i], sizeof(schema->paths[i]), "Device.%s%s", i < OBJECT_ROOT ? "" : object,
			 places[i].path);
		schema->objects[i] = (struct espalier_object){
			.path = schema->paths[i],
			.parameters = schema_parameters[i],
			.description = places[i].description,
		};
	}
	return 0;
}
