/* SPDX-License-Identifier: BSD-2-Clause */
/* The datagram by which a server asks for a connection. */
#include "shm/reach-request.h"

#include "shm/hexadecimal.h"
#include "shm/reach-message.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define METHOD	 "GET "
#define SCHEME	 "http://"
#define PROTOCOL "HTTP/1."

enum { FIELD_TS, FIELD_ID, FIELD_UN, FIELD_CN, FIELD_SIG, FIELDS };

static const char *const names[FIELDS] = {"ts", "id", "un", "cn", "sig"};

/* Takes back %XX. '+' stays: a signature is over what the sender meant, and base64 has '+'. */
static bool decode(const char *text, size_t length, char *value, size_t maximum)
{
	size_t out = 0;

	for (size_t i = 0; i < length; i++) {
		char character = text[i];

		if (character == '%') {
			int byte = length - i < 3 ? -1 : hexadecimal_byte(text + i + 1);

			if (byte < 0)
				return false;
			character = (char)byte;
			i += 2;
		}
		if (!character || out == maximum)
			return false;
		value[out++] = character;
	}
	value[out] = '\0';
	return true;
}

static bool number(const char *text, uint64_t *value)
{
	*value = 0;
	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(*value, 10u, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(*text - '0'), value))
			return false;
	}
	return true;
}

static bool take_field(const char *text, size_t length, struct reach_request *request, unsigned int *seen)
{
	const char *equals = memchr(text, '=', length);
	char *const values[FIELDS] = {request->ts, request->id, request->un, request->cn, request->sig};
	size_t name = equals ? (size_t)(equals - text) : length;

	for (unsigned int i = 0; equals && i < FIELDS; i++) {
		if (strlen(names[i]) != name || memcmp(text, names[i], name) != 0)
			continue;
		if (*seen & 1u << i)
			return false;
		*seen |= 1u << i;
		return decode(equals + 1, length - name - 1, values[i],
			      i == FIELD_SIG ? REACH_SIGNATURE_DIGITS : REACH_VALUE_MAXIMUM);
	}
	return true;
}

static bool take_query(const char *query, size_t length, struct reach_request *request)
{
	unsigned int seen = 0;

	for (;;) {
		const char *end = memchr(query, '&', length);
		size_t field = end ? (size_t)(end - query) : length;

		if (!take_field(query, field, request, &seen))
			return false;
		if (!end)
			return seen == (1u << FIELDS) - 1;
		query += field + 1;
		length -= field + 1;
	}
}

/* What follows the request line: headers, and the empty line with nothing behind it. Some servers leave both out. */
static bool bodiless(const char *rest, size_t length)
{
	const char *end;

	if (!length)
		return true;
	if (length == 2 && !memcmp(rest, "\r\n", 2))
		return true;
	end = memmem(rest, length, "\r\n\r\n", 4);
	return end ? end + 4 == rest + length : !memcmp(rest + length - 2, "\r\n", 2);
}

int reach_request_read(const char *datagram, size_t length, struct reach_request *request)
{
	const char *end, *line_end, *query, *protocol;
	uint64_t id;

	memset(request, 0, sizeof(*request));
	if (length > REACH_DATAGRAM_MAXIMUM || length < strlen(METHOD SCHEME) ||
	    memcmp(datagram, METHOD, strlen(METHOD)) != 0 ||
	    strncasecmp(datagram + strlen(METHOD), SCHEME, strlen(SCHEME)) != 0)
		return -EBADMSG;
	end = datagram + length;
	line_end = memmem(datagram, length, "\r\n", 2);
	if (!line_end)
		line_end = end;
	datagram += strlen(METHOD);
	protocol = memchr(datagram, ' ', (size_t)(line_end - datagram));
	if (!protocol || line_end - protocol != (ptrdiff_t)strlen(" " PROTOCOL) + 1 ||
	    memcmp(protocol + 1, PROTOCOL, strlen(PROTOCOL)) != 0 || !isdigit((unsigned char)line_end[-1]) ||
	    !bodiless(line_end, (size_t)(end - line_end)))
		return -EBADMSG;
	query = memchr(datagram, '?', (size_t)(protocol - datagram));
	if (!query || !take_query(query + 1, (size_t)(protocol - query) - 1, request))
		return -EBADMSG;
	if (!number(request->ts, &request->time) || !number(request->id, &id) || !*request->cn ||
	    strlen(request->sig) != REACH_SIGNATURE_DIGITS)
		return -EBADMSG;
	for (char *at = request->sig; *at; at++) {
		if (hexadecimal_digit(*at) < 0)
			return -EBADMSG;
		*at = (char)tolower((unsigned char)*at);
	}
	return 0;
}
