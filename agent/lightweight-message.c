// SPDX-License-Identifier: GPL-2.0-or-later
// The datagram of a lightweight notification: an HTTP request whose body is signed (R-98, TR-069 Annex M).
//
// The schema's elements are all qualified: a default namespace does that. The signature is the HMAC-SHA1 of the body's
// bytes with the password, in upper-case digits. What the standard does not say: the request's target is "/".
#include "agent/lightweight-message.h"

#include "agent/digest.h"
#include "agent/soap-text.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAMESPACE "urn:broadband-forum-org:cwmp:lwnotif-1-0"
#define HEAD                                                                                                           \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Notification xmlns=\"" NAMESPACE                                 \
	"\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"
#define END	       "</Notification>\n"
#define ELEMENT_MARKUP 160  // bytes of the tags around a parameter, at most
#define TEXT_MAXIMUM   1024 // bytes of 256 characters: the longest that the schema has

static void put(struct lightweight_message *message, const char *text)
{
	size_t length = strlen(text);

	assert(message->length + length < sizeof(message->body));
	memcpy(message->body + message->length, text, length);
	message->length += length;
}

static void put_text(struct lightweight_message *message, const char *text, size_t length)
{
	char *at = message->body + message->length;

	assert(message->length + length * SOAP_ESCAPE_MAXIMUM + SOAP_TEXT_SLACK < sizeof(message->body));
	message->length = (size_t)(soap_put_text(at, text, length) - message->body);
}

// At most 256 characters, as the model has it for all of them.
static void put_element(struct lightweight_message *message, const char *open, const char *text, const char *close)
{
	put(message, open);
	put_text(message, text, strnlen(text, TEXT_MAXIMUM));
	put(message, close);
}

void lightweight_message_begin(struct lightweight_message *message, const struct lightweight_device *device,
			       int64_t time, const char *nonce)
{
	char number[24];

	message->length = 0;
	message->any = false;
	snprintf(number, sizeof(number), "%" PRId64, time);
	put(message, HEAD);
	put_element(message, "<TS>", number, "</TS>");
	put_element(message, "<UN>", device->username, "</UN>");
	put_element(message, "<CN>", nonce, "</CN>");
	put_element(message, "<OUI>", device->oui, "</OUI>");
	put_element(message, "<ProductClass>", device->product_class, "</ProductClass>");
	put_element(message, "<SerialNumber>", device->serial_number, "</SerialNumber>");
}

int lightweight_message_add(struct lightweight_message *message, const char *name, enum espalier_type type,
			    const char *text, size_t length)
{
	size_t before = message->length, name_length = strlen(name);

	if (length > LIGHTWEIGHT_VALUE_MAXIMUM || name_length > ESPALIER_PATH_MAXIMUM)
		return -EMSGSIZE;
	if (message->any && before + ELEMENT_MARKUP + name_length + length > LIGHTWEIGHT_DATAGRAM_USUAL)
		return -ENOSPC;
	put(message, "<Param><Name>");
	put_text(message, name, name_length);
	put(message, "</Name><Value xsi:type=\"xsd:");
	put(message, type == ESPALIER_BASE64 ? "base64Binary" : espalier_type_name(type));
	put(message, "\">");
	put_text(message, text, length);
	put(message, "</Value></Param>");
	message->any = true;
	return 0;
}

long lightweight_message_end(struct lightweight_message *message, const char *host, const char *password)
{
	char signature[DIGEST_SHA1_DIGITS + 1];
	int length;

	put(message, END);
	message->body[message->length] = 0;
	if (digest_keyed_sha1(password, (const char *const[]){message->body}, 1, signature))
		return -EINVAL;
	for (char *digit = signature; *digit; digit++)
		*digit = (char)toupper((unsigned char)*digit);
	length = snprintf(message->datagram, sizeof(message->datagram),
			  "POST / HTTP/1.1\r\n"
			  "Host: %s\r\n"
			  "Content-Type: text/xml; charset=utf-8\r\n"
			  "Content-Length: %zu\r\n"
			  "Signature: %s\r\n"
			  "\r\n%s",
			  host, message->length, signature, message->body);
	return length < (int)sizeof(message->datagram) ? length : -EINVAL;
}
