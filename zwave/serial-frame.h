/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames of the Z-Wave Serial API (host to controller, INS12350): SOF, length, type, function, data, checksum; each is
 * answered by ACK, NAK or CAN. This is the reading of bytes and the sending with retransmission, without any I/O.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_SOF 0x01
#define FRAME_ACK 0x06
#define FRAME_NAK 0x15
#define FRAME_CAN 0x18

#define FRAME_REQUEST  0x00
#define FRAME_RESPONSE 0x01

/** The longest frame: SOF, length, and as many bytes as the length can say; the shortest length: type, function, sum */
#define FRAME_SIZE_MAXIMUM   257
#define FRAME_LENGTH_MINIMUM 3
#define FRAME_DATA_MAXIMUM   252
/** How often a frame is sent again, and how long its ACK may take: 100 + 1000 * attempt, and 1600 ms at first */
#define FRAME_RETRIES	     3
#define FRAME_ACK_MS	     1600
#define FRAME_RETRY_MS(n)    (100 + 1000 * (n))
/** A frame that began must be complete in this time */
#define FRAME_BYTES_MS	     1500

struct frame_reader {
	uint8_t bytes[FRAME_SIZE_MAXIMUM];
	size_t count;
};

/** What one byte completed */
enum frame_event {
	FRAME_NOTHING, /* more to come, or a byte that belongs to no frame */
	FRAME_GOT_ACK,
	FRAME_GOT_NAK,
	FRAME_GOT_CAN,
	FRAME_GOT_DATA, /* a whole frame: to be acknowledged */
	FRAME_GOT_BAD,	/* a frame with a wrong checksum or length: NAK */
};

/** frame_take() - takes one byte */
enum frame_event frame_take(struct frame_reader *reader, uint8_t byte);

/** frame_pending() - whether a frame has begun and is not complete; frame_reset() forgets it */
bool frame_pending(const struct frame_reader *reader);
void frame_reset(struct frame_reader *reader);

/** frame_type(), frame_function(), frame_data() - of the frame that FRAME_GOT_DATA told of, until the next byte */
uint8_t frame_type(const struct frame_reader *reader);
uint8_t frame_function(const struct frame_reader *reader);
const uint8_t *frame_data(const struct frame_reader *reader, size_t *length);

/** frame_make() - writes a frame; returns its bytes, 0 for too much data */
size_t frame_make(uint8_t frame[FRAME_SIZE_MAXIMUM], uint8_t type, uint8_t function, const uint8_t *data,
		  size_t length);

/** frame_checksum() - 0xff xor all bytes */
uint8_t frame_checksum(const uint8_t *bytes, size_t length);

/** One frame being sent, until its ACK */
struct frame_sender {
	uint8_t frame[FRAME_SIZE_MAXIMUM];
	size_t length;
	unsigned int attempts; /* 0: nothing is being sent */
};

/** What is to be done with a frame after an event */
enum frame_step {
	FRAME_IDLE,
	FRAME_SEND,	  /* send frame->frame now, and wait *ms for its ACK */
	FRAME_SEND_LATER, /* send it in *ms */
	FRAME_SENT,	  /* it has been acknowledged */
	FRAME_LOST,	  /* it is given up */
};

/** frame_send() - begins with a frame; -EBUSY while another is being sent, -EMSGSIZE for too much data */
int frame_send(struct frame_sender *sender, uint8_t function, const uint8_t *data, size_t length);

/** frame_answered() - ACK, NAK or CAN came, or FRAME_NOTHING: the time for the ACK is over */
enum frame_step frame_answered(struct frame_sender *sender, enum frame_event event, int *ms);
