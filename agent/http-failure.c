// SPDX-License-Identifier: GPL-2.0-or-later
// Why an HTTP exchange failed, as one line for the log.
#include "agent/http-failure.h"

#include "agent/url.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// The line is the server's host and port, `before`, the detail, and `after`. Error 0: it comes with the failure.
static const struct {
	int error;
	const char *before, *after;
} rules[] = {
	[HTTP_FAILURE_NONE] = {0, "", ""},

	[HTTP_FAILURE_NAME_UNKNOWN] = {-EHOSTUNREACH, " has a name that the name service does not know", ""},
	[HTTP_FAILURE_NAME_SERVICE] = {-EAGAIN, " cannot be looked up: the name service does not answer", ""},
	[HTTP_FAILURE_CONNECT] = {0, " cannot be reached: ", ""},
	[HTTP_FAILURE_CONNECT_TIME] = {-ETIMEDOUT, " did not take the connection within ", " s"},
	[HTTP_FAILURE_TLS] = {0, ": TLS: ", ""},
	[HTTP_FAILURE_TLS_TIME] = {-ETIMEDOUT, ": TLS: the handshake was not done within ", " s"},

	[HTTP_FAILURE_REQUEST_TIME] = {-ETIMEDOUT, " did not take the request within ", " s"},
	[HTTP_FAILURE_ANSWER_TIME] = {-ETIMEDOUT, " did not answer within ", " s"},
	[HTTP_FAILURE_STALLED] = {-ETIMEDOUT, " sent nothing for ", " s in the middle of its answer"},
	[HTTP_FAILURE_EXCHANGE_TIME] = {-ETIMEDOUT, " did not take a request and answer it within ", " s"},
	[HTTP_FAILURE_CLOSED] = {-ECONNRESET, " closed the connection without an answer", ""},
	[HTTP_FAILURE_CUT] = {-ECONNRESET, " closed the connection in the middle of its answer", ""},
	[HTTP_FAILURE_BROKEN] = {0, ": the connection broke: ", ""},

	[HTTP_FAILURE_START_LINE] = {-EBADMSG, " answered with \"", "\", which is not HTTP"},
	[HTTP_FAILURE_VERSION] = {-EPROTONOSUPPORT, " answered with \"", "\", which is not HTTP/1.1"},
	[HTTP_FAILURE_UPGRADE] = {-EPROTONOSUPPORT, " wants another protocol (status 101)", ""},
	[HTTP_FAILURE_INTERIM] = {-EMSGSIZE, " sent too many interim answers (1xx)", ""},
	[HTTP_FAILURE_LINE] = {-EBADMSG, " answered with a NUL or a bare CR in the line \"", "\""},
	[HTTP_FAILURE_LINE_LENGTH] = {-EMSGSIZE, " answered with a line that is too long: \"", "...\""},
	[HTTP_FAILURE_HEADER] = {-EBADMSG, " answered with \"", "\" in place of a header"},
	[HTTP_FAILURE_HEADERS] = {-EMSGSIZE, " answered with too many headers", ""},
	[HTTP_FAILURE_LENGTH] = {-EBADMSG, " answered with a Content-Length of \"", "\""},
	[HTTP_FAILURE_LENGTH_TWICE] = {-EBADMSG, " answered with a second, different Content-Length of \"", "\""},
	[HTTP_FAILURE_TRANSFER_CODING] = {-EPROTONOSUPPORT, " answered with a Transfer-Encoding of \"", "\""},
	[HTTP_FAILURE_TRANSFER_CODING_TWICE] = {-EBADMSG, " answered with a second Transfer-Encoding of \"", "\""},
	[HTTP_FAILURE_CHUNK] = {-EBADMSG, " answered with \"", "\" in place of a chunk's size or end"},
	[HTTP_FAILURE_BODY_SIZE] = {-EMSGSIZE, " answered with more than ", " bytes"},

	[HTTP_FAILURE_CONTENT_TYPE] = {-EMEDIUMTYPE, " sent ", ", not XML"},
	[HTTP_FAILURE_CONTENT_CODING] = {-EPROTONOSUPPORT, " answered with a Content-Encoding of \"",
					 "\", which was not asked for"},
	[HTTP_FAILURE_COMPRESSED] = {-EBADMSG, " sent a compressed answer that cannot be read: ", ""},
	[HTTP_FAILURE_COMPRESSED_SHORT] = {-EBADMSG, " sent a compressed answer without its end", ""},
	[HTTP_FAILURE_RECEIVER] = {0, " sent an answer that was refused: ", ""},

	[HTTP_FAILURE_STATUS] = {-EPROTO, " answered with status ", ""},
	[HTTP_FAILURE_NO_CREDENTIALS] = {-EACCES, " wants a password, and none is set", ""},
	[HTTP_FAILURE_CREDENTIALS] = {-EACCES, " refuses the user name \"", "\" or its password"},
	[HTTP_FAILURE_STALE] = {-EACCES, " calls one nonce after the other too old", ""},
	[HTTP_FAILURE_CHALLENGE] = {-EACCES, " wants authentication of an unknown kind: \"", "\""},
	[HTTP_FAILURE_BASIC] = {-EPERM, " wants the password in clear text (Basic), which is not allowed over http",
				""},
	[HTTP_FAILURE_REDIRECTS] = {-ELOOP, " redirected more than ", " times in a row"},
	[HTTP_FAILURE_NO_LOCATION] = {-EBADMSG, " redirected without a Location", ""},
	[HTTP_FAILURE_LOCATION] = {0, " redirected to \"", "\", which is no http URL"},
	[HTTP_FAILURE_LOCATION_PLAIN] = {-EPROTO, " redirected from https to \"", "\", without protection"},

	[HTTP_FAILURE_REQUEST] = {0, ": the request cannot be made or sent: ", ""},
	[HTTP_FAILURE_REQUEST_SIZE] = {-ENOSPC, ": the request's headers are too large: cookies, user name or path",
				       ""},
	[HTTP_FAILURE_USER_NAME] = {-EINVAL, ": the user name \"", "\" cannot be sent in a header"},
};

int http_failure_set(struct http_failure *failure, enum http_failure_kind kind, const char *detail)
{
	failure->kind = kind;
	snprintf(failure->detail, sizeof(failure->detail), "%s", detail ? detail : "");
	for (char *c = failure->detail; *c; c++) {
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	}
	return rules[kind].error;
}

int http_failure_set_error(struct http_failure *failure, enum http_failure_kind kind, int error)
{
	http_failure_set(failure, kind, strerror(-error));
	return error;
}

int http_failure_set_number(struct http_failure *failure, enum http_failure_kind kind, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	return http_failure_set(failure, kind, text);
}

int http_failure_set_seconds(struct http_failure *failure, enum http_failure_kind kind, int64_t nanoseconds)
{
	char text[24];

	snprintf(text, sizeof(text), "%g", (double)nanoseconds / 1e9);
	return http_failure_set(failure, kind, text);
}

void http_failure_set_url(struct http_failure *failure, enum http_failure_kind kind, const char *url)
{
	const char *authority = strstr(url, "//");
	size_t length = strcspn(url, "?#"), scheme = 0, skipped = 0;
	char shown[HTTP_FAILURE_DETAIL_SIZE];

	if (authority && authority < url + length) {
		scheme = (size_t)(authority + 2 - url);
		for (size_t i = scheme; i < length && url[i] != '/'; i++) {
			if (url[i] == '@')
				skipped = i + 1 - scheme;
		}
	}
	snprintf(shown, sizeof(shown), "%.*s%.*s", (int)scheme, url, (int)(length - scheme - skipped),
		 url + scheme + skipped);
	http_failure_set(failure, kind, shown);
}

void http_failure_text(const struct http_failure *failure, const struct url *server, char *text, size_t size)
{
	bool bracketed = server->ipv6_literal;

	if (failure->kind == HTTP_FAILURE_NONE) {
		*text = '\0';
		return;
	}
	snprintf(text, size, "%s%s%s:%u%s%s%s", bracketed ? "[" : "", server->host, bracketed ? "]" : "",
		 (unsigned)server->port, rules[failure->kind].before, failure->detail, rules[failure->kind].after);
}
