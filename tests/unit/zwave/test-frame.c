/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames of the Serial API, byte by byte: reading, checksums, retransmission. */
#include "zwave/serial-frame.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static const uint8_t version[] = {0x01, 0x13, 0x01, 0x15, 0x5a, 0x2d, 0x57, 0x61, 0x76, 0x65, 0x20,
				  0x37, 0x2e, 0x31, 0x37, 0x2e, 0x39, 0x39, 0x00, 0x01, 0xba};

Test(frame, requests_are_those_of_the_captures)
{
	static const uint8_t get_version[] = {0x01, 0x03, 0x00, 0x15, 0xe9};
	static const uint8_t protocol_info[] = {0x01, 0x04, 0x00, 0x41, 0x02, 0xb8};
	static const uint8_t send_data[] = {0x01, 0x09, 0x00, 0x13, 0x02, 0x02, 0x25, 0x02, 0x25, 0x11, 0xf6};
	uint8_t made[FRAME_SIZE_MAXIMUM];

	cr_expect_eq(frame_make(made, FRAME_REQUEST, 0x15, NULL, 0), sizeof(get_version));
	cr_expect_eq(memcmp(made, get_version, sizeof(get_version)), 0);
	cr_expect_eq(frame_make(made, FRAME_REQUEST, 0x41, (const uint8_t[]){2}, 1), sizeof(protocol_info));
	cr_expect_eq(memcmp(made, protocol_info, sizeof(protocol_info)), 0);
	cr_expect_eq(frame_make(made, FRAME_REQUEST, 0x13, send_data + 4, 6), sizeof(send_data));
	cr_expect_eq(memcmp(made, send_data, sizeof(send_data)), 0);
	cr_expect_eq(frame_make(made, FRAME_REQUEST, 0x13, version, FRAME_DATA_MAXIMUM + 1), 0);
}

Test(frame, a_frame_is_whole_with_its_last_byte)
{
	struct frame_reader reader = {.count = 0};
	const uint8_t *data;
	size_t length;

	for (size_t i = 0; i + 1 < sizeof(version); i++) {
		cr_expect_eq(frame_take(&reader, version[i]), FRAME_NOTHING);
		cr_expect(frame_pending(&reader));
	}
	cr_expect_eq(frame_take(&reader, version[sizeof(version) - 1]), FRAME_GOT_DATA);
	cr_expect_not(frame_pending(&reader));
	cr_expect_eq(frame_type(&reader), FRAME_RESPONSE);
	cr_expect_eq(frame_function(&reader), 0x15);
	data = frame_data(&reader, &length);
	cr_expect_eq(length, 16);
	cr_expect_eq(memcmp(data, "Z-Wave 7.17.99\0\x01", 16), 0);
	/* The next byte begins anew. */
	cr_expect_eq(frame_take(&reader, FRAME_ACK), FRAME_GOT_ACK);
	cr_expect_eq(frame_take(&reader, FRAME_CAN), FRAME_GOT_CAN);
	cr_expect_eq(frame_take(&reader, FRAME_NAK), FRAME_GOT_NAK);
}

Test(frame, any_changed_byte_is_found)
{
	for (size_t changed = 2; changed < sizeof(version); changed++) {
		struct frame_reader reader = {.count = 0};
		enum frame_event event = FRAME_NOTHING;

		for (size_t i = 0; i < sizeof(version); i++)
			event = frame_take(&reader, i == changed ? version[i] ^ 0x10 : version[i]);
		cr_expect_eq(event, FRAME_GOT_BAD, "byte %zu", changed);
		cr_expect_not(frame_pending(&reader));
	}
}

Test(frame, bytes_between_frames_are_passed_over)
{
	struct frame_reader reader = {.count = 0};

	for (unsigned int byte = 0; byte < 256; byte++) {
		if (byte != FRAME_SOF && byte != FRAME_ACK && byte != FRAME_NAK && byte != FRAME_CAN)
			cr_expect_eq(frame_take(&reader, (uint8_t)byte), FRAME_NOTHING);
		cr_expect_not(frame_pending(&reader));
	}
}

Test(frame, control_bytes_inside_a_frame_are_data)
{
	uint8_t made[FRAME_SIZE_MAXIMUM];
	struct frame_reader reader = {.count = 0};
	size_t size = frame_make(made, FRAME_REQUEST, 0x04, (const uint8_t[]){FRAME_ACK, FRAME_SOF, FRAME_CAN}, 3);

	for (size_t i = 0; i + 1 < size; i++)
		cr_expect_eq(frame_take(&reader, made[i]), FRAME_NOTHING);
	cr_expect_eq(frame_take(&reader, made[size - 1]), FRAME_GOT_DATA);
}

Test(frame, every_length_is_taken)
{
	uint8_t data[FRAME_DATA_MAXIMUM] = {0}, made[FRAME_SIZE_MAXIMUM];

	for (size_t length = 0; length <= FRAME_DATA_MAXIMUM; length++) {
		struct frame_reader reader = {.count = 0};
		enum frame_event event = FRAME_NOTHING;
		size_t size = frame_make(made, FRAME_REQUEST, 0x04, data, length), got;

		for (size_t i = 0; i < size; i++)
			event = frame_take(&reader, made[i]);
		cr_expect_eq(event, FRAME_GOT_DATA);
		frame_data(&reader, &got);
		cr_expect_eq(got, length);
	}
	for (uint8_t length = 0; length < FRAME_LENGTH_MINIMUM; length++) {
		struct frame_reader reader = {.count = 0};

		frame_take(&reader, FRAME_SOF);
		cr_expect_eq(frame_take(&reader, length), FRAME_GOT_BAD);
	}
}

Test(frame, half_a_frame_is_forgotten)
{
	struct frame_reader reader = {.count = 0};

	frame_take(&reader, FRAME_SOF);
	frame_take(&reader, 0x20);
	cr_expect(frame_pending(&reader));
	frame_reset(&reader);
	cr_expect_not(frame_pending(&reader));
	cr_expect_eq(frame_take(&reader, FRAME_ACK), FRAME_GOT_ACK);
}

Test(frame, a_frame_is_sent_four_times_at_most)
{
	static const enum frame_event reasons[] = {FRAME_GOT_NAK, FRAME_GOT_CAN, FRAME_NOTHING};
	struct frame_sender sender = {.attempts = 0};
	int ms;

	cr_expect_eq(frame_answered(&sender, FRAME_GOT_ACK, &ms), FRAME_IDLE);
	for (size_t reason = 0; reason < 3; reason++) {
		cr_expect_eq(frame_send(&sender, 0x15, NULL, 0), 0);
		cr_expect_eq(frame_send(&sender, 0x15, NULL, 0), -EBUSY);
		for (int again = 0; again < FRAME_RETRIES; again++) {
			cr_expect_eq(frame_answered(&sender, reasons[reason], &ms), FRAME_SEND_LATER);
			cr_expect_eq(ms, 100 + 1000 * again);
		}
		cr_expect_eq(frame_answered(&sender, reasons[reason], &ms), FRAME_LOST);
	}
	cr_expect_eq(frame_send(&sender, 0x15, NULL, 0), 0);
	cr_expect_eq(frame_answered(&sender, FRAME_GOT_DATA, &ms), FRAME_IDLE);
	cr_expect_eq(frame_answered(&sender, FRAME_GOT_CAN, &ms), FRAME_SEND_LATER);
	cr_expect_eq(frame_answered(&sender, FRAME_GOT_ACK, &ms), FRAME_SENT);
	cr_expect_eq(frame_send(&sender, 0x15, version, FRAME_DATA_MAXIMUM + 1), -EMSGSIZE);
}
