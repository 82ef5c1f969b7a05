/* SPDX-License-Identifier: BSD-2-Clause */
/* What answers of a controller say of the network and of its nodes. Byte by byte, without any I/O. */
#pragma once

#include "zwave/model.h"

/** Nodes of a classic network, and command classes in one answer */
#define SERIAL_NODES_MAXIMUM   232u
#define SERIAL_CLASSES_MAXIMUM 64u

/** serial_version(), ... - data of the response, after the function; what is too short is passed over */
void serial_version(struct model *model, const uint8_t *data, size_t length);
void serial_controller_capabilities(struct model *model, const uint8_t *data, size_t length);
void serial_suc_node(struct model *model, const uint8_t *data, size_t length);
/** serial_memory_id() - home id and own node; 0, or -errno when it can't be taken */
int serial_memory_id(struct model *model, const uint8_t *data, size_t length);
void serial_protocol_info(struct model *model, struct node *node, const uint8_t *data, size_t length);
void serial_routing_info(struct model *model, struct node *node, const uint8_t *data, size_t length);

/** serial_init_data() - the nodes of the list; returns how many */
size_t serial_init_data(const uint8_t *data, size_t length, uint16_t ids[SERIAL_NODES_MAXIMUM]);

/** serial_node_info() - an application update; returns how many command classes the node has told */
size_t serial_node_info(struct model *model, struct node *node, const uint8_t *data, size_t length,
			uint8_t classes[SERIAL_CLASSES_MAXIMUM]);

/** serial_list_changed() - whether an application update says that a node came or went */
bool serial_list_changed(const uint8_t *data, size_t length);

/** serial_node_info_ended() - whether an application update ends the RequestNodeInfo of a node */
bool serial_node_info_ended(const uint8_t *data, size_t length, uint16_t node_id);

/** serial_own_node() - the controller's own node id, 0 when it is not known */
uint32_t serial_own_node(const struct model *model);

/** serial_node_sent() - a command was acknowledged by the node, or not; `sleeps`: it was the last before its sleep */
void serial_node_sent(struct model *model, uint32_t id, bool worked, bool sleeps);

/** serial_node_heard() - the node has sent something */
void serial_node_heard(struct model *model, struct node *node);
