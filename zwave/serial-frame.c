/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames of the Z-Wave Serial API: the reading of bytes and the sending with retransmission, without any I/O. */
#include "zwave/serial-frame.h"

#include <errno.h>
#include <string.h>

uint8_t frame_checksum(const uint8_t *bytes, size_t length)
{
	uint8_t sum = 0xff;

	for (size_t i = 0; i < length; i++)
		sum ^= bytes[i];
	return sum;
}

enum frame_event frame_take(struct frame_reader *reader, uint8_t byte)
{
	size_t whole;

	/* A whole frame stays for its user until the next byte. */
	if (reader->count >= 2 && reader->count == 2u + reader->bytes[1])
		reader->count = 0;
	if (reader->count == 0) {
		switch (byte) {
		case FRAME_ACK:
			return FRAME_GOT_ACK;
		case FRAME_NAK:
			return FRAME_GOT_NAK;
		case FRAME_CAN:
			return FRAME_GOT_CAN;
		case FRAME_SOF:
			reader->bytes[reader->count++] = byte;
			return FRAME_NOTHING;
		default:
			return FRAME_NOTHING;
		}
	}
	reader->bytes[reader->count++] = byte;
	if (reader->count == 2) {
		if (byte >= FRAME_LENGTH_MINIMUM)
			return FRAME_NOTHING;
		reader->count = 0;
		return FRAME_GOT_BAD;
	}
	whole = 2u + reader->bytes[1];
	if (reader->count < whole)
		return FRAME_NOTHING;
	if (frame_checksum(reader->bytes + 1, whole - 2) == reader->bytes[whole - 1])
		return FRAME_GOT_DATA;
	reader->count = 0;
	return FRAME_GOT_BAD;
}

bool frame_pending(const struct frame_reader *reader)
{
	return reader->count == 1 || (reader->count >= 2 && reader->count < 2u + reader->bytes[1]);
}

void frame_reset(struct frame_reader *reader)
{
	reader->count = 0;
}

uint8_t frame_type(const struct frame_reader *reader)
{
	return reader->bytes[2];
}

uint8_t frame_function(const struct frame_reader *reader)
{
	return reader->bytes[3];
}

const uint8_t *frame_data(const struct frame_reader *reader, size_t *length)
{
	*length = (size_t)reader->bytes[1] - FRAME_LENGTH_MINIMUM;
	return reader->bytes + 4;
}

size_t frame_make(uint8_t frame[FRAME_SIZE_MAXIMUM], uint8_t type, uint8_t function, const uint8_t *data, size_t length)
{
	if (length > FRAME_DATA_MAXIMUM)
		return 0;
	frame[0] = FRAME_SOF;
	frame[1] = (uint8_t)(length + FRAME_LENGTH_MINIMUM);
	frame[2] = type;
	frame[3] = function;
	if (length)
		memcpy(frame + 4, data, length);
	frame[4 + length] = frame_checksum(frame + 1, length + 3);
	return length + 5;
}

int frame_send(struct frame_sender *sender, uint8_t function, const uint8_t *data, size_t length)
{
	if (sender->attempts)
		return -EBUSY;
	sender->length = frame_make(sender->frame, FRAME_REQUEST, function, data, length);
	if (!sender->length)
		return -EMSGSIZE;
	sender->attempts = 1;
	return 0;
}

enum frame_step frame_answered(struct frame_sender *sender, enum frame_event event, int *ms)
{
	*ms = FRAME_ACK_MS;
	if (!sender->attempts)
		return FRAME_IDLE;
	switch (event) {
	case FRAME_GOT_ACK:
		sender->attempts = 0;
		return FRAME_SENT;
	case FRAME_GOT_NAK:
	case FRAME_GOT_CAN:
	case FRAME_NOTHING:
		break;
	case FRAME_GOT_DATA:
	case FRAME_GOT_BAD:
		return FRAME_IDLE;
	}
	if (sender->attempts > FRAME_RETRIES) {
		sender->attempts = 0;
		return FRAME_LOST;
	}
	*ms = FRAME_RETRY_MS(sender->attempts - 1);
	sender->attempts++;
	return FRAME_SEND_LATER;
}
