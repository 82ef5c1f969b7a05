/* SPDX-License-Identifier: BSD-2-Clause */
/* The objects that espalier-netlink publishes, and the parameters that several of them share. */
#include "netlink/schema.h"

const char *const schema_interface_status[] = {
	[STATUS_UP] = "Up",
	[STATUS_DOWN] = "Down",
	[STATUS_UNKNOWN] = "Unknown",
	[STATUS_DORMANT] = "Dormant",
	[STATUS_NOT_PRESENT] = "NotPresent",
	[STATUS_LOWER_LAYER_DOWN] = "LowerLayerDown",
	[STATUS_ERROR] = "Error",
	NULL,
};

const char *const schema_sources[] = {[SOURCE_NETLINK] = "Netlink", [SOURCE_MODULE] = "KernelModule", NULL};

#define COUNTER(at, text, kind, words)                                                                                 \
	[at] = {.name = (text), .type = (kind), .flags = ESPALIER_NOTIFY_CAN_DENY, .description = (words)}

/* The kernel counts neither unicast nor broadcast packets, nor multicast packets sent, nor packets of unknown
 * protocols: these parameters of TR-181 are not published. */
const struct espalier_parameter schema_stats[] = {
	COUNTER(COUNTER_BYTES_SENT, "BytesSent", ESPALIER_UNSIGNED_LONG, "Bytes sent, headers included."),
	COUNTER(COUNTER_BYTES_RECEIVED, "BytesReceived", ESPALIER_UNSIGNED_LONG, "Bytes received, headers included."),
	COUNTER(COUNTER_PACKETS_SENT, "PacketsSent", ESPALIER_UNSIGNED_LONG, "Packets sent."),
	COUNTER(COUNTER_PACKETS_RECEIVED, "PacketsReceived", ESPALIER_UNSIGNED_LONG, "Packets received."),
	COUNTER(COUNTER_ERRORS_SENT, "ErrorsSent", ESPALIER_UNSIGNED_INT,
		"Packets that errors kept from being sent; starts again at 0 after 2^32 - 1."),
	COUNTER(COUNTER_ERRORS_RECEIVED, "ErrorsReceived", ESPALIER_UNSIGNED_INT,
		"Packets received with errors; starts again at 0 after 2^32 - 1."),
	COUNTER(COUNTER_DISCARDS_SENT, "DiscardPacketsSent", ESPALIER_UNSIGNED_INT,
		"Faultless packets that were not sent; starts again at 0 after 2^32 - 1."),
	COUNTER(COUNTER_DISCARDS_RECEIVED, "DiscardPacketsReceived", ESPALIER_UNSIGNED_INT,
		"Faultless packets that were not delivered; starts again at 0 after 2^32 - 1."),
	COUNTER(COUNTER_MULTICAST_RECEIVED, "MulticastPacketsReceived", ESPALIER_UNSIGNED_LONG,
		"Multicast packets received."),
	[STATS_SOURCE] = {.name = "X_ESPALIER_Source",
			  .type = ESPALIER_STRING,
			  .reserve = 12,
			  .enumeration = schema_sources,
			  .description = "Where the present counters come from."},
	{.name = NULL},
};

/* Rows of Ethernet.Link and IP.Interface follow the kernel's links; a manager can't add or delete them here. */
const struct espalier_object schema_objects[] = {
	[OBJECT_DEVICE] = {"Device.", schema_device, 0, "The device."},
	[OBJECT_ETHERNET] = {"Device.Ethernet.", schema_ethernet, 0, "Ethernet ports and links."},
	[OBJECT_ETHERNET_INTERFACE] = {"Device.Ethernet.Interface.{i}.", schema_ethernet_interface, 0,
				       "Ethernet ports: the devices of drivers, switch ports, ends of virtual cables."},
	[OBJECT_ETHERNET_INTERFACE_STATS] = {"Device.Ethernet.Interface.{i}.Stats.", schema_stats, 0,
					     "What went through the port since the kernel made it."},
	[OBJECT_ETHERNET_LINK] = {"Device.Ethernet.Link.{i}.", schema_ethernet_link, 0,
				  "Every link of the kernel that carries Ethernet frames."},
	[OBJECT_ETHERNET_LINK_STATS] = {"Device.Ethernet.Link.{i}.Stats.", schema_stats, 0,
					"What went through the link since the kernel made it."},
	[OBJECT_IP] = {"Device.IP.", schema_ip, 0, "The IPv4 and IPv6 stacks."},
	[OBJECT_IP_INTERFACE] = {"Device.IP.Interface.{i}.", schema_ip_interface, 0,
				 "Every link of the kernel that IP can use."},
	[OBJECT_IP_INTERFACE_STATS] = {"Device.IP.Interface.{i}.Stats.", schema_stats, 0,
				       "What went through the interface since the kernel made it."},
	[OBJECT_IPV4_ADDRESS] = {"Device.IP.Interface.{i}.IPv4Address.{i}.", schema_ipv4_address, ESPALIER_WRITABLE,
				 "The interface's IPv4 addresses."},
	[OBJECT_IPV6_ADDRESS] = {"Device.IP.Interface.{i}.IPv6Address.{i}.", schema_ipv6_address, ESPALIER_WRITABLE,
				 "The interface's IPv6 addresses."},
	[OBJECT_INTERFACE_STACK] = {"Device.InterfaceStack.{i}.", schema_stack, 0,
				    "Which interface runs on top of which: what all LowerLayers say."},
	[OBJECT_HARDWARE] = {"Device.X_ESPALIER_Hardware.", schema_hardware, 0,
			     "What the optional kernel module espalier_counters tells."},
	[OBJECT_HARDWARE_SYSTEM] = {"Device.X_ESPALIER_Hardware.System.", schema_hardware_system, 0,
				    "The system as a whole; all zero without the module."},
	[OBJECT_HARDWARE_CPU] = {"Device.X_ESPALIER_Hardware.CPU.{i}.", schema_hardware_cpu, 0,
				 "Each CPU; no rows without the module."},
	[OBJECTS] = {.path = NULL},
};
