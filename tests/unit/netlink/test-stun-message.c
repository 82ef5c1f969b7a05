/* SPDX-License-Identifier: GPL-2.0-or-later */
/* STUN messages byte by byte (R-106, R-107; RFC 5769 for the other framing). */
#include "netlink/stun-message.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static const uint8_t old_id[STUN_IDENTIFIER_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const uint8_t new_id[STUN_IDENTIFIER_SIZE] = {0x21, 0x12, 0xA4, 0x42, 0xb7, 0xe7, 0xa7, 0x01,
						     0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};

/* TR-111's attribute as R-107 spells it. */
#define BINDING_ATTRIBUTE                                                                                              \
	0xC0, 0x01, 0x00, 0x14, 0x64, 0x73, 0x6C, 0x66, 0x6F, 0x72, 0x75, 0x6D, 0x2E, 0x6F, 0x72, 0x67, 0x2F, 0x54,    \
		0x52, 0x2D, 0x31, 0x31, 0x31, 0x20

Test(stun_message, request_of_annex_g)
{
	static const uint8_t expected[] = {0x00, 0x01, 0x00, 0x28, 1,	 2,    3,
					   4,	 5,    6,    7,	   8,	 9,    10,
					   11,	 12,   13,   14,   15,	 16,   BINDING_ATTRIBUTE,
					   0xC0, 0x02, 0x00, 0x00, 0x00, 0x06, 0x00,
					   0x08, 'a',  'g',  'e',  'n',	 't',  ' ',
					   ' ',	 ' '};
	const struct stun_request request = {
		.connection_request_binding = true, .binding_change = true, .username = "agent"};
	uint8_t message[STUN_MESSAGE_MAXIMUM];

	cr_assert_eq(stun_write(message, old_id, &request), (int)sizeof(expected));
	cr_expect_arr_eq(message, expected, sizeof(expected));
}

Test(stun_message, integrity_needs_a_user_name)
{
	const struct stun_request request = {.username = "", .password = "secret"};
	uint8_t message[STUN_MESSAGE_MAXIMUM];

	cr_expect_eq(stun_write(message, old_id, &request), (int)STUN_HEADER_SIZE);
}

/* Made with Python's hmac: the message with its final length, without the attribute, padded with zeros to 64 bytes. */
Test(stun_message, integrity_of_rfc_3489)
{
	static const uint8_t digest[STUN_DIGEST_SIZE] = {0x71, 0xcc, 0x5e, 0xe8, 0x17, 0xb1, 0x23, 0xb8, 0x6a, 0x08,
							 0xce, 0xa8, 0x0f, 0x6a, 0x9d, 0xb7, 0xe9, 0x7f, 0xd8, 0x61};
	const struct stun_request request = {
		.connection_request_binding = true, .username = "user", .password = "secret"};
	uint8_t message[STUN_MESSAGE_MAXIMUM];
	int length = stun_write(message, old_id, &request);

	cr_assert_eq(length, 20 + 24 + 8 + 24);
	cr_expect_arr_eq(message + length - STUN_DIGEST_SIZE, digest, sizeof(digest));
}

/* The long-term key MD5(user:realm:password), unpadded text. */
Test(stun_message, integrity_of_rfc_8489)
{
	static const uint8_t digest[STUN_DIGEST_SIZE] = {0x89, 0xb0, 0xf2, 0x9c, 0x12, 0xfd, 0x43, 0x1f, 0x94, 0xa9,
							 0x91, 0x17, 0xa6, 0x83, 0xbd, 0xf4, 0x4e, 0xbe, 0xdd, 0xf8};
	const struct stun_request request = {
		.username = "user", .realm = "realm", .nonce = "nonce", .password = "secret"};
	uint8_t message[STUN_MESSAGE_MAXIMUM];
	int length = stun_write(message, new_id, &request);

	cr_assert_eq(length, 20 + 8 + 12 + 12 + 24);
	cr_expect_arr_eq(message + length - STUN_DIGEST_SIZE, digest, sizeof(digest));
}

/* RFC 5769, 2.2: the sample IPv4 response. */
static const uint8_t sample[] = {
	0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
	0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63,
	0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
	0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9,
	0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96,
};

Test(stun_message, sample_response_of_rfc_5769)
{
	struct stun_response response;
	char text[ENDPOINT_TEXT_SIZE];

	cr_assert_eq(stun_read(sample, sizeof(sample), &response), 0);
	endpoint_text(text, &response.mapped);
	cr_expect_str_eq(text, "192.0.2.1:32853");
	cr_expect_arr_eq(response.identifier, new_id, sizeof(new_id));
}

Test(stun_message, every_cut_is_refused)
{
	struct stun_response response;

	for (size_t length = 0; length < sizeof(sample); length++)
		cr_expect_eq(stun_read(sample, length, &response), -EBADMSG, "%zu bytes", length);
}

Test(stun_message, every_flipped_byte_is_bounded)
{
	uint8_t message[sizeof(sample)];
	struct stun_response response;

	for (size_t at = 0; at < sizeof(sample); at++) {
		for (unsigned int value = 0; value < 256; value++) {
			memcpy(message, sample, sizeof(message));
			message[at] = (uint8_t)value;
			if (!stun_read(message, sizeof(message), &response))
				cr_expect_neq(response.mapped.any.sa_family, AF_UNSPEC);
		}
	}
}

Test(stun_message, plain_and_other_address)
{
	static const uint8_t message[] = {0x01, 0x01, 0x00, 0x18, 1,  2, 3, 4, 5,    6,	   7,	8,    9,    10,	 11,
					  12,	13,   14,   15,	  16, 0, 1, 0, 8,    0,	   1,	0x12, 0x34, 203, 0,
					  113,	9,    0,    5,	  0,  8, 0, 1, 0x0d, 0x97, 198, 51,   100,  3};
	struct stun_response response;
	char text[ENDPOINT_TEXT_SIZE];

	cr_assert_eq(stun_read(message, sizeof(message), &response), 0);
	endpoint_text(text, &response.mapped);
	cr_expect_str_eq(text, "203.0.113.9:4660");
	endpoint_text(text, &response.other);
	cr_expect_str_eq(text, "198.51.100.3:3479");
}

Test(stun_message, challenge)
{
	static const uint8_t message[] = {0x01, 0x11, 0x00, 0x14, 1,   2,  3, 4, 5, 6,	  7, 8, 9, 10,
					  11,	12,   13,   14,	  15,  16, 0, 9, 0, 4,	  0, 0, 4, 1,
					  0,	0x14, 0,    1,	  'r', 0,  0, 0, 0, 0x15, 0, 1};
	uint8_t whole[sizeof(message) + 4];
	struct stun_response response;

	memcpy(whole, message, sizeof(message));
	memcpy(whole + sizeof(message), "n\0\0\0", 4);
	whole[3] = sizeof(whole) - STUN_HEADER_SIZE;
	cr_assert_eq(stun_read(whole, sizeof(whole), &response), 0);
	cr_expect_eq(response.error, 401);
	cr_expect_str_eq(response.realm, "r");
	cr_expect_str_eq(response.nonce, "n");
}
