/* SPDX-License-Identifier: BSD-2-Clause */
/* What answers of a controller say of the network and of its nodes. Byte by byte, without any I/O. */
#include "zwave/serial-node.h"

#include "zwave/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MASK_BYTES 29 /* bits of 232 nodes */

/* Bits of GetControllerCapabilities */
#define CAPABILITY_SECONDARY   0x01
#define CAPABILITY_SIS_PRESENT 0x04
#define CAPABILITY_SUC	       0x10

/* Status of an application update */
#define UPDATE_NODE_INFO_RECEIVED 0x84
#define UPDATE_NODE_INFO_FAILED	  0x81
#define UPDATE_NEW_ID_ASSIGNED	  0x40
#define UPDATE_DELETE_DONE	  0x20

#define CLASS_MARK 0xef /* classes that the node controls follow */

/* "Z-Wave 7.17.99", NUL, library type */
void serial_version(struct model *model, const uint8_t *data, size_t length)
{
	static const char prefix[] = "Z-Wave ";
	const uint8_t *end = memchr(data, '\0', length);
	size_t text = end ? (size_t)(end - data) : length, skip = 0;
	struct update update = model_update_interface(model);

	if (text > sizeof(prefix) - 1 && memcmp(data, prefix, sizeof(prefix) - 1) == 0)
		skip = sizeof(prefix) - 1;
	update_text(&update, INTERFACE_LIBRARY_VERSION, (const char *)data + skip, text - skip);
	if (end && text + 1 < length)
		update_unsigned(&update, INTERFACE_LIBRARY_TYPE, data[text + 1]);
	update_end(&update);
}

int serial_memory_id(struct model *model, const uint8_t *data, size_t length)
{
	struct update update;
	int error;

	if (length < 5)
		return -EBADMSG;
	error = model_home(model, (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3]);
	if (error)
		return error;
	update = model_update_interface(model);
	update_unsigned(&update, INTERFACE_NODE_ID, data[4]);
	return update_end(&update);
}

void serial_controller_capabilities(struct model *model, const uint8_t *data, size_t length)
{
	bool primary, sis, suc;
	struct update update;
	char role[64];

	if (length < 1)
		return;
	primary = !(data[0] & CAPABILITY_SECONDARY);
	suc = data[0] & CAPABILITY_SUC;
	sis = suc && data[0] & CAPABILITY_SIS_PRESENT;
	snprintf(role, sizeof(role), "SIS:%s PRI:%s SUC:%s", sis ? "YES" : "NO", primary ? "YES" : "NO",
		 suc ? "YES" : "NO");
	update = model_update_interface(model);
	update_string(&update, INTERFACE_ROLE, role);
	update_boolean(&update, INTERFACE_PRIMARY, primary);
	update_boolean(&update, INTERFACE_SIS, sis);
	update_end(&update);
}

void serial_suc_node(struct model *model, const uint8_t *data, size_t length)
{
	struct update update = model_update_interface(model);

	if (length >= 1)
		update_unsigned(&update, INTERFACE_SUC_NODE_ID, data[0]);
	update_end(&update);
}

static size_t take_mask(const uint8_t *mask, size_t length, uint16_t ids[SERIAL_NODES_MAXIMUM])
{
	size_t count = 0;

	for (size_t byte = 0; byte < length && byte < MASK_BYTES; byte++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			if (mask[byte] & 1u << bit)
				ids[count++] = (uint16_t)(byte * 8 + bit + 1);
		}
	}
	return count;
}

/* API version, capabilities, bytes of the mask, the mask, chip type, chip version */
size_t serial_init_data(const uint8_t *data, size_t length, uint16_t ids[SERIAL_NODES_MAXIMUM])
{
	if (length < 3 || data[2] > length - 3)
		return 0;
	return take_mask(data + 3, data[2], ids);
}

void serial_routing_info(struct model *model, struct node *node, const uint8_t *data, size_t length)
{
	uint16_t ids[SERIAL_NODES_MAXIMUM];

	if (length >= MASK_BYTES)
		model_neighbors(model, node, ids, (uint32_t)take_mask(data, length, ids));
}

/* Capability, security, reserved, basic, generic, specific */
void serial_protocol_info(struct model *model, struct node *node, const uint8_t *data, size_t length)
{
	struct update update;
	bool listening, frequent;

	if (length < 6)
		return;
	listening = data[0] & 0x80;
	frequent = data[1] & 0x60;
	update = model_update_node(model, node);
	update_boolean(&update, NODE_LISTENING, listening);
	update_boolean(&update, NODE_ROUTING, data[0] & 0x40);
	update_boolean(&update, NODE_BEAMING, data[1] & 0x10);
	update_string(&update, NODE_FREQUENT_LISTENING,
		      schema_frequent_listening[data[1] & 0x40	 ? 2
						: data[1] & 0x20 ? 1
								 : 0]);
	update_unsigned(&update, NODE_MAX_DATA_RATE, data[2] & 0x01 ? 100000 : data[0] & 0x10 ? 40000 : 9600);
	update_unsigned(&update, NODE_BASIC_CLASS, data[3]);
	update_unsigned(&update, NODE_GENERIC_CLASS, data[4]);
	update_unsigned(&update, NODE_SPECIFIC_CLASS, data[5]);
	update_string(&update, NODE_INTERVIEW_STAGE, "ProtocolInfo");
	update_end(&update);
	node->sleeper = !listening && !frequent;
	if (node->status == NODE_UNKNOWN)
		model_node_status(model, node, node->sleeper ? NODE_ASLEEP : NODE_ALIVE);
}

size_t serial_node_info(struct model *model, struct node *node, const uint8_t *data, size_t length,
			uint8_t classes[SERIAL_CLASSES_MAXIMUM])
{
	char text[SERIAL_CLASSES_MAXIMUM * 4] = "";
	struct text_list list = {.text = text, .size = sizeof(text)};
	struct update update;
	size_t count = 0;

	/* Status, node, length, basic, generic, specific, classes */
	if (length < 6 || data[0] != UPDATE_NODE_INFO_RECEIVED || data[2] < 3 || data[2] > length - 3)
		return 0;
	for (size_t i = 6; i < 3u + data[2] && data[i] != CLASS_MARK && count < SERIAL_CLASSES_MAXIMUM; i++) {
		classes[count++] = data[i];
		text_list_add(&list, data[i]);
	}
	update = model_update_node(model, node);
	update_string(&update, NODE_COMMAND_CLASSES, text);
	update_string(&update, NODE_INTERVIEW_STAGE, "NodeInfo");
	update_end(&update);
	serial_node_heard(model, node);
	return count;
}

bool serial_list_changed(const uint8_t *data, size_t length)
{
	return length >= 1 && (data[0] == UPDATE_NEW_ID_ASSIGNED || data[0] == UPDATE_DELETE_DONE);
}

bool serial_node_info_ended(const uint8_t *data, size_t length, uint16_t node_id)
{
	/* A failure names no node. */
	if (length >= 1 && data[0] == UPDATE_NODE_INFO_FAILED)
		return true;
	return length >= 2 && data[0] == UPDATE_NODE_INFO_RECEIVED && data[1] == node_id;
}

uint32_t serial_own_node(const struct model *model)
{
	struct espalier_value value;

	if (espalier_get(model->writer, model->interface_row, INTERFACE_NODE_ID, &value, NULL, 0))
		return 0;
	return (uint32_t)value.number;
}

static void take_failure(struct model *model, struct node *node, bool failed)
{
	struct update update = model_update_node(model, node);

	update_boolean(&update, NODE_COMM_FAILURE, failed);
	if (failed && node->status != NODE_DEAD)
		update_time(&update, NODE_COMM_FAILURE_TIME, model_now());
	update_end(&update);
}

void serial_node_sent(struct model *model, uint32_t id, bool worked, bool sleeps)
{
	struct node *node = model_find(model, id);

	if (!node)
		return;
	take_failure(model, node, !worked && !node->sleeper);
	if (node->sleeper)
		model_node_status(model, node, sleeps || !worked ? NODE_ASLEEP : NODE_AWAKE);
	else
		model_node_status(model, node, worked ? NODE_ALIVE : NODE_DEAD);
}

void serial_node_heard(struct model *model, struct node *node)
{
	struct update update = model_update_node(model, node);

	update_time(&update, NODE_LAST_SEEN, model_now());
	update_end(&update);
	if (node->status == NODE_DEAD) {
		take_failure(model, node, false);
		model_node_status(model, node, NODE_ALIVE);
	}
}
