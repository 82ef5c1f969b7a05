/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * STUN binding messages: written and read, with bounds (RFC 3489 as TR-069 Annex G wants it, RFC 8489, RFC 5780).
 *
 * The framings differ in the first four bytes of the transaction id: RFC 8489 has its magic cookie there, and then
 * unknown attributes below 0x8000 are errors for the server, and addresses come with XOR.
 */
#pragma once

#include "netlink/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STUN_HEADER_SIZE	20u
#define STUN_IDENTIFIER_SIZE	16u   /* the transaction id, the place of the magic cookie included */
#define STUN_MESSAGE_MAXIMUM	1500u /* bytes of a message, read or written */
#define STUN_ATTRIBUTES_MAXIMUM 64u   /* attributes of one message */
#define STUN_TEXT_MAXIMUM	763u  /* bytes of REALM, NONCE (RFC 8489, 14.9) */
#define STUN_USERNAME_MAXIMUM	1024u /* 256 characters of the model */
#define STUN_DIGEST_SIZE	20u   /* HMAC-SHA1 */
#define STUN_MAGIC_COOKIE	0x2112A442u
#define STUN_SERVER_PORT	3478

enum stun_type {
	STUN_BINDING_REQUEST = 0x0001,
	STUN_BINDING_RESPONSE = 0x0101,
	STUN_BINDING_ERROR = 0x0111,
};

enum stun_attribute {
	STUN_MAPPED_ADDRESS = 0x0001,
	STUN_RESPONSE_ADDRESS = 0x0002,
	STUN_CHANGE_REQUEST = 0x0003,
	STUN_SOURCE_ADDRESS = 0x0004,
	STUN_CHANGED_ADDRESS = 0x0005,
	STUN_USERNAME = 0x0006,
	STUN_MESSAGE_INTEGRITY = 0x0008,
	STUN_ERROR_CODE = 0x0009,
	STUN_UNKNOWN_ATTRIBUTES = 0x000A,
	STUN_REALM = 0x0014,
	STUN_NONCE = 0x0015,
	STUN_XOR_MAPPED_ADDRESS = 0x0020,
	STUN_RESPONSE_PORT = 0x0027,
	STUN_OLD_XOR_MAPPED_ADDRESS = 0x8020, /* of the drafts between the two RFCs */
	STUN_RESPONSE_ORIGIN = 0x802B,
	STUN_OTHER_ADDRESS = 0x802C,
	STUN_CONNECTION_REQUEST_BINDING = 0xC001, /* TR-069 Annex G */
	STUN_BINDING_CHANGE = 0xC002,
};

/** Bits of CHANGE-REQUEST */
#define STUN_CHANGE_ADDRESS 4u
#define STUN_CHANGE_PORT    2u

/** What a request says besides its transaction id. Zeros: a plain one. */
struct stun_request {
	bool connection_request_binding; /* CONNECTION-REQUEST-BINDING */
	bool binding_change;
	uint8_t change;		    /* STUN_CHANGE_..., 0: none */
	union endpoint response_to; /* RESPONSE-ADDRESS, when its family is set */
	uint16_t response_port;	    /* RESPONSE-PORT, 0: none */
	const char *username;	    /* NULL or "": none */
	const char *realm, *nonce;  /* of the server's challenge: then RFC 8489's long-term credential; NULL: none */
	const char *password;	    /* adds MESSAGE-INTEGRITY, when there is a user name; NULL: none */
};

/** A response. Addresses of family AF_UNSPEC did not come. */
struct stun_response {
	uint16_t type;
	uint8_t identifier[STUN_IDENTIFIER_SIZE];
	union endpoint mapped; /* the XOR form where it came */
	union endpoint other;  /* OTHER-ADDRESS or CHANGED-ADDRESS: where the server listens besides */
	unsigned int error;    /* ERROR-CODE, 0: none */
	char realm[STUN_TEXT_MAXIMUM + 1], nonce[STUN_TEXT_MAXIMUM + 1]; /* "": none */
};

/**
 * stun_identifier() - a fresh random transaction id
 * @cookie: with the magic cookie
 *
 * Returns 0 or -errno.
 */
int stun_identifier(uint8_t identifier[STUN_IDENTIFIER_SIZE], bool cookie);

/** stun_has_cookie() - whether the id is one of RFC 8489 */
bool stun_has_cookie(const uint8_t identifier[STUN_IDENTIFIER_SIZE]);

/**
 * stun_write() - writes a binding request
 * @message: STUN_MESSAGE_MAXIMUM bytes
 *
 * USERNAME is padded with blanks to a multiple of 4 in RFC 3489's framing, and MESSAGE-INTEGRITY is over the message
 * padded with zeros to a multiple of 64. Returns the length, or -EMSGSIZE.
 */
int stun_write(uint8_t *message, const uint8_t identifier[STUN_IDENTIFIER_SIZE], const struct stun_request *request);

/**
 * stun_read() - reads a binding response or error response
 *
 * Unknown attributes are passed over. Returns 0, or -EBADMSG for what is none or malformed.
 */
int stun_read(const uint8_t *message, size_t length, struct stun_response *response);
