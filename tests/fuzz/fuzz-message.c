/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes the packets of an owner's socket: what is taken is within its bounds, and packed and taken again the same. An
 * input is a sequence of packets, each behind two bytes of its length, the low one first.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shm/message.h"

static int take_again(void *context, const char *packet, size_t length)
{
	struct message *message = context;

	assert(length <= MESSAGE_PACKET_MAXIMUM);
	return message_take(message, packet, length) < 0 ? -1 : 0;
}

static void check(const struct message *message)
{
	struct message again = {0};

	assert(message->count <= ESPALIER_CHANGES_MAXIMUM);
	assert(message_put(message, take_again, &again) == 0);
	assert(again.count == message->count);
	for (size_t i = 0; i < message->count; i++) {
		const struct message_part *part = &message->parts[i], *other = &again.parts[i];

		assert(part->path_length <= ESPALIER_PATH_MAXIMUM && strlen(part->path) == part->path_length);
		assert(part->text_length <= MESSAGE_TEXT_MAXIMUM && part->text[part->text_length] == '\0');
		assert(other->index == part->index && other->fault == part->fault);
		assert(other->path_length == part->path_length && strcmp(other->path, part->path) == 0);
		assert(other->text_length == part->text_length &&
		       memcmp(other->text, part->text, part->text_length) == 0);
	}
	message_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message message = {0};

	while (size >= 2) {
		size_t length = data[0] | (size_t)data[1] << 8;
		char *packet;
		int taken;

		data += 2;
		size -= 2;
		length = length < size ? length : size;
		/* A copy of its own, so that a look behind its end is seen. */
		packet = malloc(length ? length : 1);
		if (!packet)
			break;
		memcpy(packet, data, length);
		taken = message_take(&message, packet, length);
		free(packet);
		if (taken == 1)
			check(&message);
		if (taken)
			message_clear(&message);
		data += length;
		size -= length;
	}
	message_clear(&message);
	return 0;
}
