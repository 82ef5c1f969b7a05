// SPDX-License-Identifier: GPL-2.0-or-later
// What the HTTP client says of a failed exchange: one line that names the server and what is wrong.
#include "tests/unit/agent/http-client-fixture.h"

// The line begins with the server, whose port differs in each run, and says this.
static void says(const char *text)
{
	const char *colon = strchr(result.reason, ':');

	cr_assert_eq(strncmp(result.reason, "127.0.0.1:", 10), 0, "%s", result.reason);
	cr_assert_str_eq(colon + 1 + strspn(colon + 1, "0123456789"), text);
}

static void expect_text(const char *answer, unsigned connections, int error, const char *text)
{
	expect(answer, connections, error);
	says(text);
}

Test(http_failure, what_is_not_http)
{
	expect_text("garbage\x01\r\n\r\n", 1, -EBADMSG, " answered with \"garbage?\", which is not HTTP");
	expect_text("HTTP/1.1 2x0 OK\r\n\r\n", 1, -EBADMSG, " answered with \"HTTP/1.1 2x0 OK\", which is not HTTP");
	expect_text("HTTP/2.0 200 OK\r\n\r\n", 1, -EPROTONOSUPPORT,
		    " answered with \"HTTP/2.0 200 OK\", which is not HTTP/1.1");
	expect_text("HTTP/1.1 101 x\r\n\r\n", 1, -EPROTONOSUPPORT, " wants another protocol (status 101)");
	expect_text("HTTP/1.1 200 OK\r\nno header\r\n\r\n", 1, -EBADMSG,
		    " answered with \"no header\" in place of a header");
	expect_text("HTTP/1.1 200 OK\r\nContent-Length: 12x\r\n\r\n", 1, -EBADMSG,
		    " answered with a Content-Length of \"12x\"");
	expect_text("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 1, -EBADMSG,
		    " answered with a second, different Content-Length of \"2\"");
	expect_text("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", 1, -EMSGSIZE,
		    " answered with more than 16777216 bytes");
	expect_text("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", 1, -EPROTONOSUPPORT,
		    " answered with a Transfer-Encoding of \"gzip\"");
	expect_text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 1, -EBADMSG,
		    " answered with \"zz\" in place of a chunk's size or end");
	expect_text("HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n", 1, -EBADMSG,
		    " answered with a NUL or a bare CR in the line \"X: a?b\"");
}

Test(http_failure, what_ends_early)
{
	expect_text("", 1, -ECONNRESET, " closed the connection without an answer");
	expect_text("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", 1, -ECONNRESET,
		    " closed the connection in the middle of its answer");
}

Test(http_failure, what_the_server_wants)
{
	expect_text("HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n", 1, -EPROTO, " answered with status 500");
	expect_text("HTTP/1.1 302 x\r\nContent-Length: 0\r\n\r\n", 1, -EBADMSG, " redirected without a Location");
	expect_text("HTTP/1.1 302 x\r\nLocation: https://u:p@h.example/a?secret\r\nContent-Length: 0\r\n\r\n", 1,
		    -EINVAL, " redirected to \"https://h.example/a\", which is no http URL");
	expect_text("HTTP/1.1 302 x\r\nLocation: https://h.example/a?secret\r\nContent-Length: 0\r\n\r\n", 1,
		    -EPROTONOSUPPORT, " redirected to \"https://h.example/a\", which is no http URL");
	expect_text("HTTP/1.1 307 x\r\nLocation: /\r\nConnection: close\r\n\r\n", 6, -ELOOP,
		    " redirected more than 5 times in a row");
	expect_text("HTTP/1.1 401 x\r\nWWW-Authenticate: Bearer x\r\nContent-Length: 0\r\n\r\n", 1, -EACCES,
		    " wants authentication of an unknown kind: \"Bearer x\"");
	expect_text("HTTP/1.1 401 x\r\nWWW-Authenticate: Basic realm=\"r\"\r\nContent-Length: 0\r\n\r\n", 1, -EPERM,
		    " wants the password in clear text (Basic), which is not allowed over http");
	expect_text("HTTP/1.1 401 x\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\nConnection: close\r\n\r\n",
		    2, -EACCES, " refuses the user name \"user\" or its password");
	expect_text("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nbody", 1, -EMEDIUMTYPE,
		    " sent text/html, not XML");
	expect_text("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbody", 1, -EPROTONOSUPPORT,
		    " answered with a Content-Encoding of \"gzip\", which was not asked for");
}

static void serve_nothing(struct peer *self)
{
	int descriptor = peer_accept(self);

	peer_read(descriptor, &request);
	cr_assert(body_is_right());
	peer_request_free(&request);
	peer_write(descriptor, challenge_text);
	peer_read(descriptor, &request);
	peer_request_free(&request);
	close(descriptor);
}

Test(http_failure, what_takes_too_long)
{
	challenge_text = "";
	start(serve_nothing);
	client.settings.timeout_ms = 500;
	post_length(10);
	says(" did not answer within 0.5 s");
	stop();
	challenge_text = "HTTP/1.1 200";
	start(serve_nothing);
	client.settings.timeout_ms = 500;
	post_length(10);
	says(" sent nothing for 0.5 s in the middle of its answer");
	stop();
}

Test(http_failure, what_cannot_be_reached)
{
	peer_start(&peer, NULL, NULL);
	close(peer.listener);
	peer.listener = -1;
	open_client(&(struct http_settings){0});
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/?secret", (unsigned)peer.port);
	cr_assert_eq(http_client_begin(&client, url), 0);
	post(NULL);
	cr_assert_eq(result.failure, HTTP_FAILURE_CONNECT);
	says(" cannot be reached: Connection refused");
	stop();
}
