/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the seeds of the fuzzers of shm/: what the library itself writes today. Usage: fuzz-seeds CORPUS, which has
 * the folders segment and message. To be run again when the format of a segment or of a message changes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shm/layout.h"
#include "shm/message.h"
#include "tests/unit/shm/sample.h"

static const char *corpus;

static void write_file(const char *name, const void *bytes, size_t size)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", corpus, name);
	file = fopen(path, "w");
	if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
		perror(path);
		exit(1);
	}
}

/* The image cut behind the last byte that is used: a fuzzer does better with few bytes. */
static void write_segment(void)
{
	char folder[] = "/tmp/espalier-seeds-XXXXXX";
	struct layout_header header;
	uint8_t *image;
	size_t size;

	image = mkdtemp(folder) ? (setenv("ESPALIER_DIR", folder, 1), sample_image(folder, &size)) : NULL;
	rmdir(folder);
	if (!image) {
		fprintf(stderr, "no segment could be made\n");
		exit(1);
	}
	memcpy(&header, image, sizeof(header));
	header.heap_size = (header.heap_used + 7) & ~7u;
	header.size = header.heap + header.heap_size;
	memcpy(image, &header, sizeof(header));
	write_file("segment/sample", image, header.size);
	write_file("segment/cut", image, header.heap);
	header.size = header.heap = header.directory = header.schema = LAYOUT_HEADER_SIZE;
	header.directory_count = header.heap_size = header.heap_used = header.entries = 0;
	write_file("segment/header", &header, sizeof(header));
	free(image);
}

struct output {
	char bytes[4096];
	size_t used;
};

static int put(void *context, const char *packet, size_t length)
{
	struct output *output = context;

	if (output->used + length + 2 > sizeof(output->bytes))
		return -ENOSPC;
	output->bytes[output->used++] = (char)(length & 0xff);
	output->bytes[output->used++] = (char)(length >> 8);
	memcpy(output->bytes + output->used, packet, length);
	output->used += length;
	return 0;
}

static void write_message(const char *name, uint16_t kind, const struct message_part *parts, size_t count)
{
	struct message message = {.header = {.kind = kind, .id = 7}};
	struct output output = {.used = 0};

	for (size_t i = 0; i < count; i++)
		if (message_add(&message, &parts[i]) < 0)
			exit(1);
	/* Once in one packet, and once in two, the first of which says that more follow. */
	if (message_put(&message, put, &output) < 0)
		exit(1);
	message.header.more = 1;
	memcpy(output.bytes + 2 + offsetof(struct message_header, more), &message.header.more,
	       sizeof(message.header.more));
	if (message_put(&message, put, &output) < 0)
		exit(1);
	write_file(name, output.bytes, output.used);
	message_clear(&message);
}

int main(int count, char **arguments)
{
	static const struct message_part set[] = {
		{.index = 0, .path = "Device.Table.1.Enable", .path_length = 21, .text = "true", .text_length = 4},
		{.index = 1, .path = "Device.Table.1.Name", .path_length = 19, .text = "a name", .text_length = 6},
	};
	static const struct message_part answer[] = {
		{.index = 1, .fault = 9007, .path = "", .text = "not in the range", .text_length = 16},
		{.index = UINT32_MAX, .path = "", .text = "refused", .text_length = 7},
	};

	if (count != 2) {
		fprintf(stderr, "usage: %s CORPUS\n", arguments[0]);
		return 2;
	}
	corpus = arguments[1];
	write_segment();
	write_message("message/validate", ESPALIER_VALIDATE, set, 2);
	write_message("message/watch", MESSAGE_WATCH, set, 2);
	write_message("message/arm", MESSAGE_ARM, NULL, 0);
	write_message("message/answer", MESSAGE_ANSWER, answer, 2);
	return 0;
}
