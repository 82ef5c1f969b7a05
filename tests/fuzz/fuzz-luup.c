/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes documents of a Luup box, parted by NUL bytes: sdata, user_data, then any number of status. */
#include "tests/fuzz/zwave-model.h"
#include "zwave/json-split.h"
#include "zwave/luup-document.h"

#include <string.h>

struct reading {
	struct luup_box box;
	unsigned int document;
};

static int take_device(struct json_object *element, void *context)
{
	struct reading *reading = context;

	if (reading->document == 0)
		return 0;
	return reading->document == 1 ? luup_user_data_device(&reading->box, element)
				      : luup_status_device(&reading->box, element);
}

static void take_document(struct reading *reading, const char *text, size_t length)
{
	struct json_split split;
	struct json_object *rest;

	if (json_split_open(&split, "devices", 1, take_device, reading))
		abort();
	if (reading->document == 1)
		luup_user_data_begin(&reading->box);
	if (json_split_feed(&split, text, length / 2) == 0 &&
	    json_split_feed(&split, text + length / 2, length - length / 2) == 0) {
		rest = json_split_end(&split);
		if (json_object_get_type(rest) == json_type_object) {
			if (reading->document == 0)
				luup_sdata(&reading->box, rest);
			else if (reading->document == 1)
				luup_user_data_end(&reading->box, rest);
			else
				luup_status_end(&reading->box, rest);
		}
	}
	if (reading->document == 2)
		luup_all_end(&reading->box);
	json_split_close(&split);
	reading->document++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reading reading = {.document = 0};
	struct model *model = fuzz_model();
	char *copy = malloc(size ? size : 1);

	memcpy(copy, data, size);
	luup_box_open(&reading.box, model);
	for (size_t at = 0; at < size;) {
		const char *end = memchr(copy + at, '\0', size - at);
		size_t length = end ? (size_t)(end - copy) - at : size - at;

		take_document(&reading, copy + at, length);
		at += length + 1;
	}
	luup_box_close(&reading.box);
	free(copy);
	fuzz_empty(model);
	return 0;
}
