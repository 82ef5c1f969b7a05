/* SPDX-License-Identifier: BSD-2-Clause */
/* The objects of the segment "nat". */
#include "netlink/nat.h"

const char *const nat_stun_status[] = {
	[STUN_DISABLED] = "Disabled",	[STUN_WAITING] = "NoAgent",	[STUN_RESOLVING] = "Resolving",
	[STUN_NO_ROUTE] = "NoRoute",	[STUN_BINDING] = "Binding",	[STUN_BOUND] = "Bound",
	[STUN_UNANSWERED] = "NoAnswer", [STUN_LISTENING] = "Listening", [STUN_STATUSES] = NULL,
};

const char *const nat_behaviour_texts[] = {
	[NAT_UNKNOWN] = "Unknown",
	[NAT_ENDPOINT_INDEPENDENT] = "EndpointIndependent",
	[NAT_ADDRESS_DEPENDENT] = "AddressDependent",
	[NAT_ADDRESS_PORT_DEPENDENT] = "AddressAndPortDependent",
	[NAT_BEHAVIOURS] = NULL,
};

const char *const nat_port_mapper_status[] = {
	[PORT_MAPPER_DISABLED] = "Disabled",  [PORT_MAPPER_SEARCHING] = "Searching", [PORT_MAPPER_MAPPED] = "Mapped",
	[PORT_MAPPER_NO_ROUTER] = "NoRouter", [PORT_MAPPER_REFUSED] = "Refused",     [PORT_MAPPER_STATUSES] = NULL,
};

const char *const nat_router_protocols[] = {
	[ROUTER_NONE] = "None",
	[ROUTER_NAT_PMP] = "NAT-PMP",
	[ROUTER_UPNP] = "UPnP",
	[ROUTER_PROTOCOLS] = NULL,
};

#define COUNTER(parameter, text)                                                                                       \
	{                                                                                                              \
		parameter, ESPALIER_UNSIGNED_LONG, ESPALIER_NOTIFY_CAN_DENY, .description = (text)                     \
	}

static const struct espalier_parameter stun_parameters[] = {
	[NAT_STUN_STATUS] = {"Status", ESPALIER_STRING, .enumeration = nat_stun_status,
			     .description = "What the STUN client does"},
	[NAT_STUN_SERVER] = {"Server", ESPALIER_STRING, .maximum_length = 64,
			     .description = "Address and port of the server in use"},
	[NAT_STUN_LOCAL_ADDRESS] = {"LocalAddress", ESPALIER_STRING, .maximum_length = 64,
				    .description = "Address and port that connection requests are received on"},
	[NAT_STUN_MAPPED_ADDRESS] = {"MappedAddress", ESPALIER_STRING, .maximum_length = 64,
				     .description = "The same as the server sees it"},
	[NAT_STUN_NAT_DETECTED] = {"NATDetected", ESPALIER_BOOLEAN, .description = "Whether the two differ"},
	[NAT_STUN_MAPPING_BEHAVIOR] = {"MappingBehavior", ESPALIER_STRING, .enumeration = nat_behaviour_texts,
				       .description = "What the mapped address depends on (RFC 5780, 4.3)"},
	[NAT_STUN_FILTERING_BEHAVIOR] = {"FilteringBehavior", ESPALIER_STRING, .enumeration = nat_behaviour_texts,
					 .description = "Whose packets the NAT lets through (RFC 5780, 4.4)"},
	[NAT_STUN_KEEP_ALIVE_PERIOD] = {"KeepAlivePeriod", ESPALIER_UNSIGNED_INT,
					.description = "Seconds from one binding request to the next"},
	[NAT_STUN_BINDING_LIFETIME] = {"BindingLifetime", ESPALIER_UNSIGNED_INT,
				       .description =
					       "Seconds for which the NAT was seen to keep a binding; 0: not known"},
	[NAT_STUN_ROUND_TRIP_TIME] = {"RoundTripTime", ESPALIER_UNSIGNED_INT, ESPALIER_NOTIFY_CAN_DENY,
				      .description = "Of the last binding request, microseconds; 0: not known"},
	[NAT_STUN_MESSAGES_SENT] = COUNTER("MessagesSent", "Binding requests, retransmissions included"),
	[NAT_STUN_MESSAGES_RECEIVED] = COUNTER("MessagesReceived", "Answers to them"),
	[NAT_STUN_MESSAGES_RETRANSMITTED] = COUNTER("MessagesRetransmitted", "Binding requests sent again"),
	[NAT_STUN_REQUESTS_UNANSWERED] = COUNTER("RequestsUnanswered", "Binding requests that were given up"),
	[NAT_STUN_MESSAGES_FOREIGN] = COUNTER("MessagesForeign", "STUN messages that answer no request"),
	[NAT_STUN_BINDING_CHANGES] = COUNTER("BindingChanges", "How often the binding became another one"),
	[NAT_STUN_CONNECTION_REQUESTS_FORWARDED] =
		COUNTER("ConnectionRequestsForwarded", "UDP connection requests that the agent was asked about"),
	[NAT_STUN_CONNECTION_REQUESTS_MALFORMED] =
		COUNTER("ConnectionRequestsMalformed", "Those dropped because of their form"),
	[NAT_STUN_CONNECTION_REQUESTS_WRONG_USER] =
		COUNTER("ConnectionRequestsWrongUser", "Those dropped because of their user name"),
	[NAT_STUN_CONNECTION_REQUESTS_LIMITED] =
		COUNTER("ConnectionRequestsLimited", "Those dropped because there were too many"),
	[NAT_STUN_LAST_ERROR] = {"LastError", ESPALIER_STRING, .maximum_length = 160,
				 .description = "What went wrong last"},
	{0},
};

static const struct espalier_parameter port_mapper_parameters[] = {
	[NAT_PORT_MAPPER_STATUS] = {"Status", ESPALIER_STRING, .enumeration = nat_port_mapper_status,
				    .description = "What became of the mapping of the port of connection requests"},
	[NAT_PORT_MAPPER_PROTOCOL] = {"Protocol", ESPALIER_STRING, .enumeration = nat_router_protocols,
				      .description = "By which the upstream router was asked for it"},
	[NAT_PORT_MAPPER_INTERNAL_PORT] = {"InternalPort", ESPALIER_UNSIGNED_INT,
					   .description = "The TCP port of this device that is mapped"},
	[NAT_PORT_MAPPER_EXTERNAL_ADDRESS] = {"ExternalAddress", ESPALIER_STRING, .maximum_length = 64,
					      .description = "Address and port of the router that lead to it"},
	[NAT_PORT_MAPPER_LEASE_DURATION] = {"LeaseDuration", ESPALIER_UNSIGNED_INT,
					    .description = "Seconds that the router grants at a time; 0: no limit"},
	[NAT_PORT_MAPPER_CHANGES] = COUNTER("Changes", "How often the mapped address became another one, or none"),
	[NAT_PORT_MAPPER_LAST_ERROR] = {"LastError", ESPALIER_STRING, .maximum_length = 160,
					.description = "What went wrong last"},
	{0},
};

const struct espalier_object nat_objects[] = {
	[NAT_STUN] = {"Device.X_ESPALIER_STUN.", stun_parameters,
		      .description = "The STUN client, and what it has found out about the NAT"},
	[NAT_PORT_MAPPER] = {"Device.X_ESPALIER_PortMapper.", port_mapper_parameters,
			     .description = "The mapping of the connection request port at the upstream router"},
	[NAT_NAT] = {"Device.NAT.", nat_schema_nat, .description = "Network address translation"},
	[NAT_INTERFACE_SETTING] = {"Device.NAT.InterfaceSetting.{i}.", nat_schema_interface_setting,
				   .description = "The interfaces whose outgoing packets are translated"},
	[NAT_PORT_MAPPING] = {"Device.NAT.PortMapping.{i}.", port_mapping_schema, ESPALIER_WRITABLE,
			      .description = "Ports of this device that lead to hosts behind it"},
	[NAT_FIREWALL] = {"Device.Firewall.", nat_schema_firewall, .description = "The packet filter"},
	[NAT_FIREWALL_CHAIN] = {"Device.Firewall.Chain.{i}.", nat_schema_chain,
				.description = "The chains of nftables"},
	[NAT_MONITOR] = {"Device.NAT.X_ESPALIER_Monitor.", nat_schema_monitor,
			 .description = "Connection tracking, and how many of its entries are translated"},
	[NAT_OBJECTS] = {0},
};
