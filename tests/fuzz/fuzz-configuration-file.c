// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzzes vendor configuration files, as lines and as JSON.
#include "agent/configuration-file.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
		if (!file.value_count && !file.has_devices)
			abort();
		for (size_t i = 1; i < file.value_count; i++) {
			if (strcmp(file.values[i - 1].name, file.values[i].name) >= 0)
				abort();
		}
	}
	configuration_file_free(&file);
	free(copy);
	return 0;
}
