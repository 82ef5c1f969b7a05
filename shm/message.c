/* SPDX-License-Identifier: BSD-2-Clause */
/* What travels over an owner's SEQPACKET socket: packs and unpacks, trusting neither lengths nor counts. */
#include "shm/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int reserve(void **memory, size_t *capacity, size_t wanted, size_t unit)
{
	size_t grown = *capacity ? *capacity : 16;
	void *larger;

	if (wanted <= *capacity)
		return 0;
	while (grown < wanted)
		grown *= 2;
	larger = realloc(*memory, grown * unit);
	if (!larger)
		return -ENOMEM;
	*memory = larger;
	*capacity = grown;
	return 0;
}

/* Copies a text with a NUL and returns its offset, which stays right when the bytes move. */
static size_t keep(struct message *message, const char *text, uint32_t length)
{
	size_t at = message->bytes_used;

	if (length)
		memcpy(message->bytes + at, text, length);
	message->bytes[at + length] = '\0';
	message->bytes_used += length + 1;
	return at;
}

int message_add(struct message *message, const struct message_part *part)
{
	size_t bytes = (size_t)part->path_length + part->text_length + 2;
	struct message_part *to;
	int error;

	if (part->path_length > ESPALIER_PATH_MAXIMUM || part->text_length > MESSAGE_TEXT_MAXIMUM)
		return -EMSGSIZE;
	if (message->count == ESPALIER_CHANGES_MAXIMUM || message->bytes_used + bytes > MESSAGE_BYTES_MAXIMUM)
		return -EMSGSIZE;
	error = reserve((void **)&message->parts, &message->capacity, message->count + 1, sizeof(*message->parts));
	if (error == 0) {
		char *before = message->bytes;

		error = reserve((void **)&message->bytes, &message->bytes_capacity, message->bytes_used + bytes, 1);
		if (error == 0 && before != message->bytes) {
			size_t used = 0;

			for (size_t i = 0; i < message->count; i++) {
				to = &message->parts[i];
				to->path = message->bytes + used;
				used += to->path_length + 1;
				to->text = message->bytes + used;
				used += to->text_length + 1;
			}
		}
	}
	if (error < 0)
		return error;
	to = &message->parts[message->count++];
	*to = *part;
	to->path = message->bytes + keep(message, part->path, part->path_length);
	to->text = message->bytes + keep(message, part->text, part->text_length);
	return 0;
}

static size_t padded(size_t length)
{
	return (length + 3) & ~(size_t)3;
}

int message_take(struct message *message, const char *packet, size_t length)
{
	struct message_header header;

	if (length < sizeof(header))
		return -EBADMSG;
	memcpy(&header, packet, sizeof(header));
	packet += sizeof(header);
	length -= sizeof(header);
	if (header.magic != MESSAGE_MAGIC)
		return -EBADMSG;
	if (message->count && (message->header.kind != header.kind || message->header.id != header.id))
		return -EBADMSG;
	message->header = header;
	for (uint32_t i = 0; i < header.count; i++) {
		struct message_entry entry;
		struct message_part part;
		size_t size;
		int error;

		if (length < sizeof(entry))
			return -EBADMSG;
		memcpy(&entry, packet, sizeof(entry));
		if (entry.path_length > ESPALIER_PATH_MAXIMUM || entry.text_length > MESSAGE_TEXT_MAXIMUM)
			return -EBADMSG;
		size = sizeof(entry) + padded((size_t)entry.path_length + entry.text_length);
		if (length < size)
			return -EBADMSG;
		part = (struct message_part){
			.index = entry.index,
			.fault = entry.fault,
			.path = packet + sizeof(entry),
			.path_length = entry.path_length,
			.text = packet + sizeof(entry) + entry.path_length,
			.text_length = entry.text_length,
		};
		/* Paths are used as C strings. */
		if (memchr(part.path, '\0', part.path_length))
			return -EBADMSG;
		error = message_add(message, &part);
		if (error < 0)
			return error;
		packet += size;
		length -= size;
	}
	return length ? -EBADMSG : header.more == 0;
}

int message_put(const struct message *message, int (*put)(void *context, const char *packet, size_t length),
		void *context)
{
	char *packet = malloc(MESSAGE_PACKET_MAXIMUM);
	size_t next = 0;
	int error;

	if (!packet)
		return -ENOMEM;
	do {
		struct message_header header = message->header;
		size_t used = sizeof(header);

		header.magic = MESSAGE_MAGIC;
		header.count = 0;
		for (; next < message->count; next++, header.count++) {
			const struct message_part *part = &message->parts[next];
			size_t texts = (size_t)part->path_length + part->text_length;
			struct message_entry entry = {part->index, part->fault, part->path_length, part->text_length};

			if (used + sizeof(entry) + padded(texts) > MESSAGE_PACKET_MAXIMUM)
				break;
			memcpy(packet + used, &entry, sizeof(entry));
			used += sizeof(entry);
			memcpy(packet + used, part->path, part->path_length);
			memcpy(packet + used + part->path_length, part->text, part->text_length);
			memset(packet + used + texts, 0, padded(texts) - texts);
			used += padded(texts);
		}
		header.more = next < message->count;
		memcpy(packet, &header, sizeof(header));
		error = put(context, packet, used);
	} while (error == 0 && next < message->count);
	free(packet);
	return error;
}

void message_clear(struct message *message)
{
	free(message->parts);
	free(message->bytes);
	*message = (struct message){0};
}
