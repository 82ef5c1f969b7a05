/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small segment with everything in it: each type, tables in tables, texts inside and outside the row. */
#include "tests/unit/shm/sample.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const statuses[] = {"Up", "Down", NULL};

static const struct espalier_parameter root_parameters[] = {
	{.name = "Version", .type = ESPALIER_STRING, .description = "A version."},
	{.name = "Time", .type = ESPALIER_DATE_TIME},
	{.name = "Offset", .type = ESPALIER_LONG},
	{.name = "Key", .type = ESPALIER_HEX_BINARY},
	{.name = "Data", .type = ESPALIER_BASE64},
	{.name = "Ratio", .type = ESPALIER_DECIMAL},
	{0},
};

static const struct espalier_parameter table_parameters[] = {
	{.name = "Enable", .type = ESPALIER_BOOLEAN, .flags = ESPALIER_WRITABLE},
	{.name = "Status", .type = ESPALIER_STRING, .enumeration = statuses},
	{.name = "Name", .type = ESPALIER_STRING, .maximum_length = 64, .flags = ESPALIER_UNIQUE_KEY},
	{.name = "Rate", .type = ESPALIER_INT, .range = "-1,1:"},
	{.name = "List", .type = ESPALIER_STRING, .flags = ESPALIER_LIST, .items = "0:"},
	{.name = "Count", .type = ESPALIER_UNSIGNED_INT},
	{.name = "Secret", .type = ESPALIER_STRING, .flags = ESPALIER_HIDDEN | ESPALIER_WRITABLE},
	{0},
};

static const struct espalier_parameter stats_parameters[] = {
	{.name = "BytesSent", .type = ESPALIER_UNSIGNED_LONG},
	{.name = "Errors", .type = ESPALIER_UNSIGNED_INT},
	{0},
};

static const struct espalier_parameter part_parameters[] = {
	{.name = "Name", .type = ESPALIER_STRING},
	{0},
};

const struct espalier_object sample_objects[] = {
	{.path = "Device.", .parameters = root_parameters},
	{.path = "Device.Table.{i}.", .parameters = table_parameters, .flags = ESPALIER_WRITABLE},
	{.path = "Device.Table.{i}.Stats.", .parameters = stats_parameters},
	{.path = "Device.Table.{i}.Part.{i}.", .parameters = part_parameters},
	{0},
};

int sample_open(struct espalier_writer **writer, const char *name)
{
	struct espalier_writer_options options = {.name = name, .objects = sample_objects, .program = "sample"};

	return espalier_writer_open(writer, &options);
}

int sample_add(struct espalier_writer *writer, uint32_t instance, uint32_t length, struct espalier_row *row)
{
	struct espalier_row part;
	char *text = malloc(length + 1), name[32];
	int error = text ? espalier_instance_add(writer, SAMPLE_TABLE, (struct espalier_row){0, 0}, instance, row)
			 : -ENOMEM;

	if (error == 0)
		error = espalier_begin(writer, *row);
	if (error == 0) {
		memset(text, 'a' + (int)(instance % 26), length);
		text[length] = '\0';
		snprintf(name, sizeof(name), "name %u", instance);
		espalier_set_boolean(writer, *row, SAMPLE_ENABLE, true);
		espalier_set_string(writer, *row, SAMPLE_STATUS, "Up");
		espalier_set_string(writer, *row, SAMPLE_NAME, name);
		espalier_set_signed(writer, *row, SAMPLE_RATE, -1);
		espalier_set_unsigned(writer, *row, SAMPLE_COUNT, instance);
		error = espalier_set_text(writer, *row, SAMPLE_LIST, text, length);
		if (error == 0)
			error = espalier_commit(writer, *row);
		else
			espalier_abandon(writer, *row);
	}
	if (error == 0)
		error = espalier_instance_add(writer, SAMPLE_PART, *row, 1, &part);
	if (error == 0)
		error = espalier_instance_publish(writer, part);
	if (error == 0)
		error = espalier_instance_publish(writer, *row);
	free(text);
	return error;
}

uint8_t *sample_image(const char *folder, size_t *size)
{
	struct espalier_writer *writer;
	struct espalier_row row;
	char path[128];
	struct stat status;
	uint8_t *image = NULL;
	int error = sample_open(&writer, "image"), fd = -1;

	if (error == 0)
		error = espalier_writer_publish(writer);
	for (uint32_t i = 1; i <= 3 && error == 0; i++)
		error = sample_add(writer, i, i == 2 ? 200 : 5, &row);
	snprintf(path, sizeof(path), "%s/image.seg", folder);
	if (error == 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &status) == 0) {
		*size = (size_t)status.st_size;
		image = malloc(*size);
		if (image && read(fd, image, *size) != (ssize_t)*size) {
			free(image);
			image = NULL;
		}
	}
	if (fd >= 0)
		close(fd);
	espalier_writer_close(writer);
	return image;
}

int sample_write(const char *folder, const char *name, const uint8_t *image, size_t size)
{
	char path[128], final[128];
	int fd, error = 0;

	snprintf(path, sizeof(path), "%s/.%s.part", folder, name);
	snprintf(final, sizeof(final), "%s/%s.seg", folder, name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (write(fd, image, size) != (ssize_t)size || rename(path, final) < 0)
		error = -errno;
	close(fd);
	return error;
}
