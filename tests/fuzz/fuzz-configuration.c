/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the reading of a configuration file: any bytes give settings within their bounds, or a message. */
#include "shm/configuration.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct settings {
	char text[16];
	char path[16];
	uint32_t number;
	bool flag;
	uint32_t choice;
	struct configuration_globs globs;
};

static const char *const choices[] = {"one", "two", NULL};
static const char *const others[] = {"other", NULL};
static const struct configuration_key keys[] = {
	CONFIGURATION_STRING("first", "text", struct settings, text, "none"),
	CONFIGURATION_PATH("first", "path", struct settings, path, ""),
	CONFIGURATION_UNSIGNED("first", "number", struct settings, number, 10, 100, "10"),
	CONFIGURATION_BOOLEAN("second", "flag", struct settings, flag, "no"),
	CONFIGURATION_CHOICE("second", "choice", struct settings, choice, choices, "two"),
	CONFIGURATION_GLOBS("second", "globs", struct settings, globs, "eth*"),
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int file = -1;
	static char path[64];
	struct settings settings;
	const struct configuration_group group = {keys, sizeof(keys) / sizeof(keys[0]), &settings};
	char message[CONFIGURATION_MESSAGE_SIZE] = "";
	int error;

	if (file < 0) {
		file = memfd_create("configuration", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	}
	if (file < 0 || ftruncate(file, 0) || pwrite(file, data, size, 0) != (ssize_t)size)
		return 0;
	error = configuration_read(path, true, &group, 1, others, message, sizeof(message));
	if (error) {
		assert(error < 0 && message[0]);
		return 0;
	}
	assert(strlen(settings.text) < sizeof(settings.text));
	assert(!settings.path[0] || settings.path[0] == '/');
	assert(settings.number >= 10 && settings.number <= 100);
	assert(settings.choice < 2);
	assert(settings.globs.count <= CONFIGURATION_GLOBS_MAX);
	(void)configuration_globs_match(&settings.globs, "eth0");
	return 0;
}
