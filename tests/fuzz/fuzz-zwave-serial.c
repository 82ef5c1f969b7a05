/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the bytes of a serial line: frames, what a controller answers, and what nodes report. */
#include "tests/fuzz/zwave-model.h"
#include "zwave/serial-command.h"
#include "zwave/serial-frame.h"
#include "zwave/serial-node.h"

#include <assert.h>
#include <string.h>

static void take_frame(struct model *model, const struct frame_reader *reader)
{
	uint8_t classes[SERIAL_CLASSES_MAXIMUM], *copy;
	uint16_t ids[SERIAL_NODES_MAXIMUM];
	struct node *node;
	size_t length;
	const uint8_t *data = frame_data(reader, &length);

	/* Memory that ends where the data ends */
	copy = malloc(length ? length : 1);
	memcpy(copy, data, length);
	node = model_node(model, length > 1 && copy[1] ? copy[1] : 2);
	serial_version(model, copy, length);
	serial_memory_id(model, copy, length);
	node = model_node(model, length > 1 && copy[1] ? copy[1] : 2);
	serial_controller_capabilities(model, copy, length);
	serial_suc_node(model, copy, length);
	assert(serial_init_data(copy, length, ids) <= SERIAL_NODES_MAXIMUM);
	if (node) {
		serial_protocol_info(model, node, copy, length);
		serial_routing_info(model, node, copy, length);
		assert(serial_node_info(model, node, copy, length, classes) <= SERIAL_CLASSES_MAXIMUM);
		serial_list_changed(copy, length);
		if (length >= 3 && copy[2] <= length - 3)
			command_take(model, node, copy + 3, copy[2]);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame_reader reader = {.count = 0};
	struct frame_sender sender = {.attempts = 0};
	struct model *model = fuzz_model();
	int ms;

	for (size_t i = 0; i < size; i++) {
		enum frame_event event = frame_take(&reader, data[i]);

		frame_send(&sender, data[i], data, size < 8 ? size : 8);
		frame_answered(&sender, event, &ms);
		if (event == FRAME_GOT_DATA)
			take_frame(model, &reader);
	}
	fuzz_empty(model);
	return 0;
}
