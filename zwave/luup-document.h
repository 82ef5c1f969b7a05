/* SPDX-License-Identifier: BSD-2-Clause */
/* Documents of a Luup box, a device at a time, and how its devices become nodes and values. */
#pragma once

#include "zwave/model.h"

#include <json-c/json.h>

/** Bounds: devices, bytes of devices whose parent has not come yet, rooms, bytes of a VariablesSet */
#define LUUP_DEVICES_MAXIMUM   8192u
#define LUUP_WAITING_MAXIMUM   ((size_t)16 * 1024 * 1024)
#define LUUP_ROOMS_MAXIMUM     512u
#define LUUP_VARIABLES_MAXIMUM ((size_t)4096)
#define LUUP_ROOM_SIZE	       128

/** A device of the box: the network's own, a node, a part of a node, or none of Z-Wave's */
struct luup_device {
	uint32_t id, parent, room;
	uint16_t node_id; /* 0: it belongs to no node */
	bool network, is_node, seen;
	bool capable, listening, frequent, classes_s0, classes_s2; /* Capabilities */
	bool security_failed, comm_failure;
	char *variables_set;
	struct luup_device *next; /* of the same hash */
};

struct luup_room {
	uint32_t id;
	char name[LUUP_ROOM_SIZE];
};

struct luup_waiting {
	struct json_object *device;
	struct luup_waiting *next;
};

#define LUUP_HASH_SIZE 1024u

/** What is known of the box. All zeros at the start. */
struct luup_box {
	struct model *model;
	struct luup_device *devices[LUUP_HASH_SIZE];
	uint32_t device_count;
	uint32_t network; /* the ZWaveNetwork device's id, 0: not known */
	struct luup_room *rooms;
	uint32_t room_count;
	struct luup_waiting *waiting;
	size_t waiting_bytes;
	bool fahrenheit, network_seen;
	bool unknown_device,
		network_changed; /* a status told of a device that user_data did not; of the network's own */
	int64_t load_time, data_version, user_data_version; /* -1: not told */
};

void luup_box_open(struct luup_box *box, struct model *model);
void luup_box_close(struct luup_box *box);

/** luup_user_data_begin() - the whole user_data and status follow: what they do not name is taken away by
 *  luup_all_end() */
void luup_user_data_begin(struct luup_box *box);
void luup_all_end(struct luup_box *box);

/** luup_sdata() - the rest of an sdata document: heal, unit of temperature */
void luup_sdata(struct luup_box *box, struct json_object *rest);

/** luup_user_data_device() - a device of user_data. 0, or -errno when the document has to be given up. */
int luup_user_data_device(struct luup_box *box, struct json_object *device);
/** luup_user_data_end() - the rest of it: rooms, and devices whose parents came after them. 0 or -errno. */
int luup_user_data_end(struct luup_box *box, struct json_object *rest);

/** luup_status_device(), luup_status_end() - the same of a status document, whole or with what changed */
int luup_status_device(struct luup_box *box, struct json_object *device);
void luup_status_end(struct luup_box *box, struct json_object *rest);

/** luup_find() - the device, or NULL */
struct luup_device *luup_find(const struct luup_box *box, uint32_t id);
/** luup_room() - the number of a room with this name; -1 when there is none; 0 for "" */
int64_t luup_room(const struct luup_box *box, const char *name);

/** luup_configured() - VariablesSet with another value for one parameter, allocated; NULL when it is not in there */
char *luup_configured(const struct luup_device *device, uint32_t parameter, const char *value);
