// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzzes vendor configuration files, as lines and as JSON, and the translation of their paths.
#include "agent/configuration-rows.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Each row of the file gets another number: then each path has a translation, or is of a row that is not listed.
static void translate(const struct configuration_file *file)
{
	static const struct espalier_parameter reference = {
		.name = "R", .type = ESPALIER_STRING, .flags = ESPALIER_LIST | ESPALIER_STRONG_REFERENCE};
	char path[ESPALIER_PATH_MAXIMUM + 1], *text;
	struct configuration_rows rows = {0};

	if (configuration_rows_open(&rows, file))
		abort();
	for (size_t i = 0; i < rows.count; i++) {
		ssize_t length = configuration_rows_path(&rows, rows.rows[i].from, strlen(rows.rows[i].from), path);

		if (length >= 0)
			abort();
	}
	for (size_t i = 0; i < rows.count; i++) {
		rows.rows[i].to = strdup("Device.New.7.");
		if (!rows.rows[i].to)
			abort();
	}
	for (size_t i = 0; i < file->value_count; i++) {
		const struct configuration_file_value *value = &file->values[i];
		ssize_t length = configuration_rows_path(&rows, value->name, strlen(value->name), path);

		if (length != -ENOENT && (length < 0 || (size_t)length != strlen(path)))
			abort();
		if (configuration_rows_value(&rows, &reference, value->text, &text))
			abort();
		free(text);
	}
	configuration_rows_free(&rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char problem[CONFIGURATION_FILE_PROBLEM_SIZE] = "";
	struct configuration_file file;
	char *copy = malloc(size ? size : 1);
	int error;

	memcpy(copy, data, size);
	error = configuration_file_read(&file, copy, size, problem);
	if (error && !*problem)
		abort();
	for (const char *at = problem; *at; at++) {
		if (*at < ' ' || *at > '~')
			abort();
	}
	if (!error) {
		if (!file.value_count && !file.table_count && !file.has_devices)
			abort();
		for (size_t i = 1; i < file.value_count; i++) {
			if (strcmp(file.values[i - 1].name, file.values[i].name) >= 0)
				abort();
		}
		for (size_t i = 1; i < file.table_count; i++) {
			if (strcmp(file.tables[i - 1].path, file.tables[i].path) >= 0)
				abort();
		}
		translate(&file);
	}
	configuration_file_free(&file);
	free(copy);
	return 0;
}
