/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of espalier-publish: whatever comes in, the parser stays within the line and keeps its bounds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shm/publish-line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_parameter(const struct publish_line *line)
{
	struct espalier_parameter declared = publish_line_parameter(line);
	char path[PUBLISH_SCHEMA_PATH_SIZE];
	struct espalier_value value;

	if (publish_line_schema_path(line->path, path) >= sizeof(path) || line->depth > ESPALIER_DEPTH_MAXIMUM ||
	    line->length > ESPALIER_VALUE_MAXIMUM || line->enumeration_count > PUBLISH_ENUMERATION_MAXIMUM)
		abort();
	if (line->value && strlen(line->value) != line->length)
		abort();
	if (line->value)
		espalier_value_parse(&declared, line->value, line->length, &value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct publish_line line;
	char error[PUBLISH_ERROR_SIZE];
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	if (publish_line_parse(text, size, &line, error) < 0) {
		if (!error[0])
			abort();
	} else if (line.kind == PUBLISH_PARAMETER) {
		check_parameter(&line);
	}
	free(text);
	return 0;
}
