/* SPDX-License-Identifier: BSD-2-Clause */
/* The datagram by which a server asks for a connection: GET http://host:port?ts=..&id=..&un=..&cn=..&sig=.. HTTP/1.1 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define REACH_SIGNATURE_DIGITS 40u   /* hexadecimal digits of an HMAC-SHA1 */
#define REACH_VALUE_MAXIMUM    1024u /* bytes of a value; a datagram bounds it further */

/** Its fields, decoded. Texts end in NUL. */
struct reach_request {
	char ts[REACH_VALUE_MAXIMUM + 1], id[REACH_VALUE_MAXIMUM + 1], un[REACH_VALUE_MAXIMUM + 1],
		cn[REACH_VALUE_MAXIMUM + 1];
	char sig[REACH_SIGNATURE_DIGITS + 1]; /* in lower case */
	uint64_t time;			      /* ts as a number */
};

/**
 * reach_request_read() - reads a request datagram
 *
 * Each of the five fields must be there once; ts and id are decimal numbers of at most 20 digits that fit in 64 bits,
 * cn is not empty. Others are passed over. Headers may follow the request line, a body may not. The host is not looked
 * at: behind a NAT it is none of the device's.
 *
 * Returns 0 or -EBADMSG.
 */
int reach_request_read(const char *datagram, size_t length, struct reach_request *request);
