/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the INI configuration file into a program's own settings, as tables of keys say, with every value checked. */
#include "shm/configuration.h"

#include <assert.h>
#include <errno.h>
#include <fnmatch.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One reading of one file */
struct reading {
	const char *path;
	FILE *file;
	unsigned line;
	int error;
	const struct configuration_group *groups;
	size_t group_count;
	const char *const *other_sections;
	unsigned line_of_key[CONFIGURATION_KEYS_MAX]; /* where each was set, 0 while it was not */
	char *message;
	size_t message_size;
};

static int fail(struct reading *reading, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int fail(struct reading *reading, int error, const char *format, ...)
{
	va_list arguments;
	int used;

	reading->error = error;
	if (reading->line > 0)
		used = snprintf(reading->message, reading->message_size, "%s:%u: ", reading->path, reading->line);
	else
		used = snprintf(reading->message, reading->message_size, "%s: ", reading->path);
	if (used < 0 || (size_t)used >= reading->message_size)
		return error;
	va_start(arguments, format);
	vsnprintf(reading->message + used, reading->message_size - (size_t)used, format, arguments);
	va_end(arguments);
	return error;
}

static int bad_value(struct reading *reading, const struct configuration_key *key, const char *value, const char *why)
{
	return fail(reading, -EINVAL, "[%s] %s = \"%.200s\": %s", key->section, key->name, value, why);
}

static int store_string(struct reading *reading, const struct configuration_key *key, char *store, const char *value)
{
	size_t length = strlen(value);
	const char *wrong;
	char why[64];

	if (length >= key->size) {
		snprintf(why, sizeof(why), "longer than %zu bytes", key->size - 1);
		return bad_value(reading, key, value, why);
	}
	if (key->kind == CONFIGURATION_KIND_PATH && length > 0 && value[0] != '/')
		return bad_value(reading, key, value, "not an absolute path");
	if (key->kind == CONFIGURATION_KIND_PATH && length == 0 && *key->value)
		return bad_value(reading, key, value, "a path is needed");
	wrong = key->check && length > 0 ? key->check(value) : NULL;
	if (wrong)
		return bad_value(reading, key, value, wrong);
	memcpy(store, value, length + 1);
	return 0;
}

static int store_unsigned(struct reading *reading, const struct configuration_key *key, uint32_t *store,
			  const char *value)
{
	unsigned long long number;
	char why[64];
	char *end;

	snprintf(why, sizeof(why), "not a number from %u to %u", key->minimum, key->maximum);
	if (value[0] < '0' || value[0] > '9')
		return bad_value(reading, key, value, why);
	errno = 0;
	number = strtoull(value, &end, 10);
	if (errno || *end || number < key->minimum || number > key->maximum)
		return bad_value(reading, key, value, why);
	*store = (uint32_t)number;
	return 0;
}

static int store_boolean(struct reading *reading, const struct configuration_key *key, bool *store, const char *value)
{
	static const char *const yes[] = {"yes", "true", "1"};
	static const char *const no[] = {"no", "false", "0"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (!strcmp(value, yes[i]) || !strcmp(value, no[i])) {
			*store = !strcmp(value, yes[i]);
			return 0;
		}
	}
	return bad_value(reading, key, value, "not yes, no, true, false, 1 or 0");
}

static int store_choice(struct reading *reading, const struct configuration_key *key, uint32_t *store,
			const char *value)
{
	char why[256] = "not one of";
	size_t used = strlen(why);

	for (uint32_t i = 0; key->choices[i]; i++) {
		int added;

		if (!strcmp(value, key->choices[i])) {
			*store = i;
			return 0;
		}
		added = snprintf(why + used, sizeof(why) - used, "%s %s", i ? "," : "", key->choices[i]);
		if (added > 0 && (size_t)added < sizeof(why) - used)
			used += (size_t)added;
	}
	return bad_value(reading, key, value, why);
}

static int store_globs(struct reading *reading, const struct configuration_key *key, struct configuration_globs *store,
		       const char *value)
{
	static const char separators[] = " \t,";
	const char *next = value + strspn(value, separators);
	char why[64];

	store->count = 0;
	while (*next) {
		size_t length = strcspn(next, separators);

		if (length >= CONFIGURATION_GLOB_SIZE) {
			snprintf(why, sizeof(why), "a pattern is longer than %d bytes", CONFIGURATION_GLOB_SIZE - 1);
			return bad_value(reading, key, value, why);
		}
		if (store->count == CONFIGURATION_GLOBS_MAX) {
			snprintf(why, sizeof(why), "more than %d patterns", CONFIGURATION_GLOBS_MAX);
			return bad_value(reading, key, value, why);
		}
		memcpy(store->pattern[store->count], next, length);
		store->pattern[store->count++][length] = '\0';
		next += length;
		next += strspn(next, separators);
	}
	return 0;
}

static int store(struct reading *reading, const struct configuration_key *key, void *settings, const char *value)
{
	void *member = (char *)settings + key->offset;

	switch (key->kind) {
	case CONFIGURATION_KIND_STRING:
	case CONFIGURATION_KIND_PATH:
		return store_string(reading, key, member, value);
	case CONFIGURATION_KIND_UNSIGNED:
		assert(key->size == sizeof(uint32_t));
		return store_unsigned(reading, key, member, value);
	case CONFIGURATION_KIND_BOOLEAN:
		assert(key->size == sizeof(bool));
		return store_boolean(reading, key, member, value);
	case CONFIGURATION_KIND_CHOICE:
		assert(key->size == sizeof(uint32_t));
		return store_choice(reading, key, member, value);
	case CONFIGURATION_KIND_GLOBS:
		assert(key->size == sizeof(struct configuration_globs));
		return store_globs(reading, key, member, value);
	}
	return -EINVAL;
}

static int store_defaults(struct reading *reading)
{
	size_t number = 0;

	for (size_t g = 0; g < reading->group_count; g++) {
		const struct configuration_group *group = &reading->groups[g];

		number += group->count;
		assert(number <= CONFIGURATION_KEYS_MAX);
		for (size_t k = 0; k < group->count; k++) {
			int error = store(reading, &group->keys[k], group->settings, group->keys[k].value);

			if (error)
				return error;
		}
	}
	return 0;
}

static bool is_other_section(const struct reading *reading, const char *section)
{
	for (const char *const *name = reading->other_sections; name && *name; name++)
		if (!strcmp(section, *name))
			return true;
	return false;
}

/* Finds the key; *number becomes its place among all keys, *known whether any table has its section. */
static const struct configuration_key *find_key(const struct reading *reading, const char *section, const char *name,
						void **settings, size_t *number, bool *known)
{
	*known = false;
	*number = 0;
	for (size_t g = 0; g < reading->group_count; g++) {
		const struct configuration_group *group = &reading->groups[g];

		for (size_t k = 0; k < group->count; k++, (*number)++) {
			if (strcmp(section, group->keys[k].section))
				continue;
			*known = true;
			if (strcmp(name, group->keys[k].name))
				continue;
			*settings = group->settings;
			return &group->keys[k];
		}
	}
	return NULL;
}

/* inih calls this for each "name = value"; 0 tells it of an error. */
static int take_value(void *user, const char *section, const char *name, const char *value)
{
	struct reading *reading = user;
	const struct configuration_key *key;
	void *settings = NULL;
	size_t number;
	bool known;

	if (reading->error)
		return 0;
	if (!section[0]) {
		fail(reading, -EINVAL, "\"%.200s\" = \"%.200s\": stands before the first [section]", name, value);
		return 0;
	}
	key = find_key(reading, section, name, &settings, &number, &known);
	if (!key) {
		if (is_other_section(reading, section))
			return 1;
		fail(reading, -EINVAL, "[%s] %s = \"%.200s\": unknown %s", section, name, value,
		     known ? "key" : "section");
		return 0;
	}
	if (reading->line_of_key[number]) {
		fail(reading, -EINVAL, "[%s] %s = \"%.200s\": was set in line %u already", section, name, value,
		     reading->line_of_key[number]);
		return 0;
	}
	reading->line_of_key[number] = reading->line;
	return store(reading, key, settings, value) == 0;
}

/* What inih does not tell of: unknown sections without keys, and text after the ']', which it passes over. */
static int check_section(struct reading *reading, const char *line)
{
	const char *end = strchr(line, ']');
	char section[64];
	const char *after;
	size_t number;
	void *settings;
	bool known;

	if (!end)
		return fail(reading, -EINVAL, "\"%.200s\": no ']'", line);
	after = end + 1 + strspn(end + 1, " \t");
	if (*after && *after != ';' && *after != '#')
		return fail(reading, -EINVAL, "\"%.200s\": text after ']'; a key needs a line of its own", after);
	snprintf(section, sizeof(section), "%.*s", (int)(end - line - 1), line + 1);
	find_key(reading, section, "", &settings, &number, &known);
	if (!known && !is_other_section(reading, section))
		return fail(reading, -EINVAL, "[%s]: unknown section", section);
	return 0;
}

/* Reads one line, without leading space, since inih takes an indented line for a continuation; NULL at the end. */
static char *next_line(char *text, int size, void *user)
{
	struct reading *reading = user;
	int length = 0;
	int c;

	if (reading->error)
		return NULL;
	reading->line++;
	while ((c = getc_unlocked(reading->file)) != EOF && c != '\n') {
		if (length == 0 && (c == ' ' || c == '\t'))
			continue;
		if (c == '\0') {
			fail(reading, -EINVAL, "a NUL byte");
			return NULL;
		}
		if (length == CONFIGURATION_LINE_MAX || length == size - 2) {
			fail(reading, -EINVAL, "a line longer than %d bytes", length);
			return NULL;
		}
		text[length++] = (char)c;
	}
	if (ferror(reading->file)) {
		fail(reading, -EIO, "%s", strerror(EIO));
		return NULL;
	}
	if (c == EOF && length == 0)
		return NULL;
	if (length > 0 && text[length - 1] == '\r')
		length--;
	text[length] = '\0';
	if (reading->line > CONFIGURATION_LINES_MAX) {
		fail(reading, -EINVAL, "more than %d lines", CONFIGURATION_LINES_MAX);
		return NULL;
	}
	if (text[0] == '[' && check_section(reading, text))
		return NULL;
	text[length] = '\n';
	text[length + 1] = '\0';
	return text;
}

int configuration_read(const char *path, bool required, const struct configuration_group *groups, size_t group_count,
		       const char *const *other_sections, char *message, size_t message_size)
{
	struct reading reading = {
		.path = path,
		.groups = groups,
		.group_count = group_count,
		.other_sections = other_sections,
		.message = message,
		.message_size = message_size,
	};
	struct stat status;
	int result;

	if (store_defaults(&reading))
		return reading.error;
	reading.file = fopen(path, "re");
	if (!reading.file) {
		int error = -errno;

		if (error == -ENOENT && !required)
			return 0;
		return fail(&reading, error, "%s", strerror(-error));
	}
	/* A folder opens too, and reads as an empty file. */
	if (fstat(fileno(reading.file), &status) == 0 && S_ISDIR(status.st_mode)) {
		fclose(reading.file);
		return fail(&reading, -EISDIR, "%s", strerror(EISDIR));
	}

	ini_max_line = CONFIGURATION_LINE_MAX + 3;
	result = ini_parse_stream(next_line, &reading, take_value, &reading);
	fclose(reading.file);
	if (reading.error)
		return reading.error;
	if (result) {
		reading.line = result > 0 ? (unsigned)result : 0;
		return fail(&reading, -EINVAL, "neither a [section] nor \"key = value\"");
	}
	return 0;
}

bool configuration_globs_match(const struct configuration_globs *globs, const char *name)
{
	bool matches = true;

	for (uint32_t i = 0; i < globs->count; i++)
		if (globs->pattern[i][0] != '!')
			matches = false;
	for (uint32_t i = 0; i < globs->count; i++) {
		bool take_out = globs->pattern[i][0] == '!';

		if (fnmatch(globs->pattern[i] + take_out, name, 0) == 0)
			matches = !take_out;
	}
	return matches;
}
