// SPDX-License-Identifier: GPL-2.0-or-later
// What a response says to the HTTP client: its headers and body while they come, and what follows from all of it.
#include "agent/http-response.h"

#include "agent/http-date.h"
#include "shm/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define client_of(member_pointer, member)                                                                              \
	((struct http_client *)((char *)(member_pointer)-offsetof(struct http_client, member)))

static int response_started(struct http_parser *parser, const char *method, const char *target)
{
	struct http_client *client = client_of(parser, parser);

	(void)method;
	(void)target;
	client->result.status = parser->status;
	client->result.empty = true;
	client->type_failure.kind = HTTP_FAILURE_NONE;
	client->location_error = http_failure_set(&client->location_failure, HTTP_FAILURE_NO_LOCATION, NULL);
	http_failure_set(&client->challenge, HTTP_FAILURE_CHALLENGE, NULL);
	authentication_offer_clear(&client->authentication);
	return 0;
}

static bool is_xml(const char *type)
{
	size_t length = strcspn(type, " \t;");

	return length == 0 || (length == 8 && strncasecmp(type, "text/xml", 8) == 0) ||
	       (length == 15 && strncasecmp(type, "application/xml", 15) == 0) ||
	       (length > 4 && strncasecmp(type + length - 4, "+xml", 4) == 0);
}

static uint32_t parse_retry_after(const char *value, size_t length)
{
	int64_t seconds = 0, date;

	if (strspn(value, "0123456789") == length && length > 0)
		seconds = length > 9 ? HTTP_RETRY_AFTER_MAX : atoll(value);
	else if (http_date_parse(value, length, &date))
		seconds = date - ring_clock(CLOCK_REALTIME) / 1000000000;
	if (seconds < 0)
		seconds = 0;
	return seconds > HTTP_RETRY_AFTER_MAX ? HTTP_RETRY_AFTER_MAX : (uint32_t)seconds;
}

static void take_location(struct http_client *client, const char *value, size_t length)
{
	client->location_failure.kind = HTTP_FAILURE_NONE;
	client->location_error = url_resolve(&client->location, &client->url, value, length);
	if (client->location_error != 0) {
		http_failure_set_url(&client->location_failure, HTTP_FAILURE_LOCATION, value);
	} else if (client->url.secure && !client->location.secure) {
		// what began with TLS goes on with TLS.
		http_failure_set_url(&client->location_failure, HTTP_FAILURE_LOCATION_PLAIN, value);
		client->location_error = -EPROTO;
	} else if (client->location.secure && !client->settings.tls) {
		http_failure_set_url(&client->location_failure, HTTP_FAILURE_LOCATION, value);
		client->location_error = -EPROTONOSUPPORT;
	}
}

// a body can be read in a coding that was offered only. Refusals are judged by their status alone.
static int take_content_coding(struct http_client *client, const char *value)
{
	enum http_compression coding = http_compression_find(value);
	int result;

	if (!*value || strcasecmp(value, "identity") == 0 || client->parser.status != 200)
		return 0;
	if (coding == HTTP_COMPRESSION_DISABLED || !client->settings.compression || client->decoding)
		return http_failure_set(&client->failure, HTTP_FAILURE_CONTENT_CODING, value);
	result = http_decoder_begin(&client->decoder, coding, client->parser.body_max);
	if (result != 0)
		return http_failure_set_error(&client->failure, HTTP_FAILURE_RECEIVER, result);
	client->decoding = true;
	return 0;
}

static int response_header(struct http_parser *parser, const char *name, const char *value, size_t length)
{
	struct http_client *client = client_of(parser, parser);

	if (strcasecmp(name, "Set-Cookie") == 0) {
		if (cookie_jar_set(&client->cookies, &client->url, value, length,
				   ring_clock(CLOCK_REALTIME) / 1000000000,
				   ring_clock(CLOCK_BOOTTIME) / 1000000000) != 0)
			log_warning("HTTP: a cookie from %s is larger than %u bytes and is left out", client->url.host,
				    COOKIE_SIZE_MAX);
	} else if (strcasecmp(name, "WWW-Authenticate") == 0 && parser->status == 401) {
		http_failure_set(&client->challenge, HTTP_FAILURE_CHALLENGE, value);
		authentication_offer(&client->authentication, value, length);
	} else if (strcasecmp(name, "Authentication-Info") == 0) {
		authentication_information(&client->authentication, value, length);
	} else if (strcasecmp(name, "Location") == 0) {
		take_location(client, value, length);
	} else if (strcasecmp(name, "Retry-After") == 0 && parser->status == 503) {
		client->result.retry_after = parse_retry_after(value, length);
	} else if (strcasecmp(name, "Content-Type") == 0) {
		http_failure_set(&client->type_failure, is_xml(value) ? HTTP_FAILURE_NONE : HTTP_FAILURE_CONTENT_TYPE,
				 value);
	} else if (strcasecmp(name, "Content-Encoding") == 0) {
		return take_content_coding(client, value);
	}
	return 0;
}

static int decoded_body(void *context, const char *data, size_t length)
{
	struct http_client *client = context;
	int result;

	while (client->result.empty && length > 0 &&
	       (*data == ' ' || *data == '\t' || *data == '\r' || *data == '\n')) {
		data++;
		length--;
	}
	if (length == 0)
		return 0;
	client->result.empty = false;
	if (client->type_failure.kind != HTTP_FAILURE_NONE) {
		client->failure = client->type_failure;
		return -EMEDIUMTYPE;
	}
	result = client->events->received(client->context, data, length);
	return result == 0 ? 0 : http_failure_set_error(&client->failure, HTTP_FAILURE_RECEIVER, result);
}

static int response_body(struct http_parser *parser, const char *data, size_t length)
{
	struct http_client *client = client_of(parser, parser);

	if (parser->status != 200)
		return 0;
	if (client->decoding)
		return http_decoder_feed(&client->decoder, data, length, decoded_body, client, &client->failure);
	return decoded_body(client, data, length);
}

const struct http_parser_events http_response_events = {
	.started = response_started,
	.header = response_header,
	.body = response_body,
};

// the same message again, with credentials. Returns 0 to send it.
static int judge_unauthorized(struct http_client *client)
{
	bool stale;
	int result;

	if (!client->settings.user || !client->settings.user[0] || !client->settings.password)
		return http_failure_set(&client->failure, HTTP_FAILURE_NO_CREDENTIALS, NULL);
	result = authentication_accept(&client->authentication, client->settings.basic_over_http || client->url.secure,
				       &stale);
	if (result == -EPERM)
		return http_failure_set(&client->failure, HTTP_FAILURE_BASIC, NULL);
	if (result != 0) {
		client->failure = client->challenge;
		return result;
	}
	client->unauthorized++;
	if (client->unauthorized > 1 && !stale)
		return http_failure_set(&client->failure, HTTP_FAILURE_CREDENTIALS, client->settings.user);
	if (client->unauthorized > HTTP_UNAUTHORIZED_MAX)
		return http_failure_set(&client->failure, HTTP_FAILURE_STALE, NULL);
	return 0;
}

bool http_response_redirects(const struct http_client *client)
{
	switch (client->parser.status) {
	case 302:
	case 307:
		return true;
	case 301:
	case 303:
	case 308:
		return client->settings.all_redirects;
	}
	return false;
}

// the same message again, to where the server points, for the rest of the session. Returns 0 to send it.
static int judge_redirect(struct http_client *client)
{
	if (++client->redirects > HTTP_REDIRECTS_MAX)
		return http_failure_set_number(&client->failure, HTTP_FAILURE_REDIRECTS, HTTP_REDIRECTS_MAX);
	if (client->location_error != 0) {
		client->failure = client->location_failure;
		return client->location_error;
	}
	if (!url_same_server(&client->url, &client->location)) {
		client->reused = false;
		http_connection_close(&client->connection);
		authentication_clear(&client->authentication);
		client->resolved = false;
	}
	// R-07 speaks of two refusals in a row: the next one is of another place.
	client->unauthorized = 0;
	client->url = client->location;
	return 0;
}

int http_response_judge(struct http_client *client)
{
	int result;

	if (http_response_redirects(client)) {
		result = judge_redirect(client);
		return result == 0 ? 1 : result;
	}
	switch (client->parser.status) {
	case 200:
		if (client->decoding && !http_decoder_complete(&client->decoder))
			return http_failure_set(&client->failure, HTTP_FAILURE_COMPRESSED_SHORT, NULL);
		return 0;
	case 204:
		return 0;
	case 401:
		result = judge_unauthorized(client);
		return result == 0 ? 1 : result;
	case 411:
		// it wants to know the length first.
		if (client->sender.chunked)
			return 1;
		break;
	case 415:
		// it does not take the coding.
		if (client->coded) {
			client->coding_refused = true;
			return 1;
		}
		break;
	}
	return http_failure_set_number(&client->failure, HTTP_FAILURE_STATUS, client->parser.status);
}
