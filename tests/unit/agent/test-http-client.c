// SPDX-License-Identifier: GPL-2.0-or-later
// The HTTP client against a scripted server: bodies, credentials and redirects.
#include "tests/unit/agent/http-client-fixture.h"

static void serve_exchanges(struct peer *self)
{
	int descriptor = peer_accept(self);
	char value[200], host[32];

	cr_assert(peer_read(descriptor, &request));
	cr_assert_eq(strncmp(request.head, "POST /cwmp HTTP/1.1\r\n", 21), 0);
	peer_header(&request, "Host", value, sizeof(value));
	snprintf(host, sizeof(host), "127.0.0.1:%u", (unsigned)self->port);
	cr_assert_str_eq(value, host);
	peer_header(&request, "Content-Type", value, sizeof(value));
	cr_assert_str_eq(value, "text/xml; charset=utf-8");
	cr_assert(strstr(request.head, "\r\nSOAPAction:\r\n"));
	cr_assert_not(strstr(request.head, "Expect"));
	cr_assert_not(request.chunked);
	cr_assert(body_is_right());
	peer_request_free(&request);
	peer_write(descriptor,
		   "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"
		   "Set-Cookie: session=1\r\nSet-Cookie: two=2; Path=/\r\nTransfer-Encoding: chunked\r\n\r\n"
		   "3;x=y\r\n \r\n\r\n3\r\n<a>\r\n");
	usleep(2000);
	peer_write(descriptor, "4\r\n</a>\r\n0\r\nTrailer: x\r\n\r\n");
	cr_assert(peer_read(descriptor, &request));
	cr_assert_eq(request.body_length, 0);
	cr_assert_not(strstr(request.head, "Content-Type"));
	cr_assert_not(strstr(request.head, "SOAPAction"));
	peer_header(&request, "Content-Length", value, sizeof(value));
	cr_assert_str_eq(value, "0");
	peer_header(&request, "Cookie", value, sizeof(value));
	cr_assert_str_eq(value, "session=1; two=2");
	peer_request_free(&request);
	peer_write(descriptor, "HTTP/1.1 204 No Content\r\n\r\n");
	cr_assert_not(peer_read(descriptor, &request));
	close(descriptor);
}

Test(http_client, exchanges)
{
	start(serve_exchanges);
	post_length(5000);
	cr_assert_eq(result.error, 0);
	cr_assert_eq(result.status, 200);
	cr_assert_not(result.empty);
	cr_assert_str_eq(received, "<a></a>");
	post(NULL);
	cr_assert_eq(result.error, 0);
	cr_assert(result.empty);
	cr_assert_eq(connected_count, 1);
	stop();
}

static void serve_large(struct peer *self)
{
	int descriptor = peer_accept(self);

	for (int i = 0; i < 4; i++) {
		static const size_t lengths[] = {LARGE, RING_BUFFER_SIZE, 0, 1};

		cr_assert(peer_read(descriptor, &request));
		cr_assert_eq(request.chunked, lengths[i] >= RING_BUFFER_SIZE);
		cr_assert_eq(request.body_length, lengths[i]);
		cr_assert(body_is_right());
		peer_request_free(&request);
		peer_write(descriptor, OK(" \r\n\t ", 5));
	}
	close(descriptor);
}

Test(http_client, large_bodies_are_chunked)
{
	start(serve_large);
	post_length(LARGE);
	cr_assert_eq(result.error, 0);
	cr_assert(result.empty);
	post_length(RING_BUFFER_SIZE);
	cr_assert_eq(result.error, 0);
	post_length(0);
	cr_assert_eq(result.error, 0);
	post_length(1);
	cr_assert_eq(result.error, 0);
	stop();
}

// The body's length passes through every border of the first and the second buffer.
#define BORDER_FROM (RING_BUFFER_SIZE - 500)
#define BORDER_TO   (RING_BUFFER_SIZE + 100)

static void serve_borders(struct peer *self)
{
	int descriptor = peer_accept(self);

	for (size_t length = BORDER_FROM; length < BORDER_TO; length++) {
		cr_assert(peer_read(descriptor, &request));
		cr_assert_eq(request.body_length, length);
		cr_assert(body_is_right());
		peer_request_free(&request);
		peer_write(descriptor, "HTTP/1.1 204 x\r\n\r\n");
	}
	close(descriptor);
}

Test(http_client, bodies_around_a_buffers_size)
{
	start(serve_borders);
	for (size_t length = BORDER_FROM; length < BORDER_TO; length++) {
		post_length(length);
		cr_assert_eq(result.error, 0);
	}
	stop();
}

static void serve_digest(struct peer *self)
{
	static const char *const asked[] = {"nc=00000001", "nc=00000002", "nc=00000003", "nc=00000001", "nc=00000001"};
	static const char *const nonces[] = {"\"one\"", "\"one\"", "\"one\"", "\"two\"", "\"three\""};
	static const char *const answers[] = {
		OK("<a/>", 4),
		"HTTP/1.1 204 x\r\n\r\n",
		("HTTP/1.1 401 x\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"two\", qop=\"auth\", "
		 "stale=true\r\nContent-Length: 3\r\n\r\nxxx"),
		"HTTP/1.1 200 OK\r\nAuthentication-Info: nextnonce=\"three\"\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	};
	int descriptor = peer_accept(self);

	cr_assert(peer_read(descriptor, &request));
	cr_assert_not(strstr(request.head, "Authorization"));
	peer_request_free(&request);
	peer_write(descriptor, "HTTP/1.1 401 Unauthorized\r\nContent-Type: text/html\r\nWWW-Authenticate: Digest "
			       "realm=\"r\", nonce=\"one\", "
			       "qop=\"auth\"\r\nContent-Length: 9\r\n\r\nno access");
	for (int i = 0; i < 5; i++) {
		char value[1000];

		cr_assert(peer_read(descriptor, &request));
		peer_header(&request, "Authorization", value, sizeof(value));
		cr_assert(strstr(value, "uri=\"/cwmp\""), "%s", value);
		cr_assert(strstr(value, asked[i]), "%s", value);
		cr_assert(strstr(value, nonces[i]), "%s", value);
		cr_assert(body_is_right());
		peer_request_free(&request);
		peer_write(descriptor, answers[i]);
	}
	close(descriptor);
}

Test(http_client, digest)
{
	start(serve_digest);
	post_length(300);
	cr_assert_eq(result.error, 0);
	cr_assert_str_eq(received, "<a/>");
	cr_assert_eq(source.rewinds, 1);
	for (int i = 0; i < 3; i++) {
		post_length(400);
		cr_assert_eq(result.error, 0);
	}
	cr_assert_eq(connected_count, 1);
	stop();
}

#define UNAUTHORIZED(challenge)                                                                                        \
	"HTTP/1.1 401 x\r\nWWW-Authenticate: " challenge "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

Test(http_client, second_401_fails)
{
	expect(UNAUTHORIZED("Digest realm=\"r\", nonce=\"n\""), 2, -EACCES);
}

Test(http_client, endless_stale_401_fails)
{
	expect(UNAUTHORIZED("Digest realm=\"r\", nonce=\"n\", stale=true"), HTTP_UNAUTHORIZED_MAX + 1, -EACCES);
}

Test(http_client, basic_in_clear_text_is_refused)
{
	expect(UNAUTHORIZED("Basic realm=\"r\""), 1, -EPERM);
}

static void serve_redirects(struct peer *self)
{
	int descriptor = peer_accept(self);

	for (unsigned i = 0; i < times; i++) {
		if (!peer_read(descriptor, &request))
			break;
		cr_assert_eq(strncmp(request.head, "POST ", 5), 0);
		cr_assert(body_is_right());
		peer_request_free(&request);
		peer_write(descriptor, i % 2 ? "HTTP/1.1 302 Found\r\nLocation: next?x\r\nContent-Length: 0\r\n\r\n"
					     : "HTTP/1.1 307 Temporary\r\nLocation: /a/b\r\nContent-Length: 0\r\n\r\n");
	}
	if (peer_read(descriptor, &request)) {
		cr_assert_eq(strncmp(request.head, "POST /a/next?x ", 14), 0, "%s", request.head);
		peer_request_free(&request);
		peer_write(descriptor, "HTTP/1.1 204 x\r\n\r\n");
	}
	close(descriptor);
}

Test(http_client, follows_redirects)
{
	times = 4;
	start(serve_redirects);
	post_length(10);
	cr_assert_eq(result.error, 0);
	cr_assert_eq(source.rewinds, 4);
	cr_assert_str_eq(client.url.target, "/a/next?x");
	stop();
}

Test(http_client, sixth_redirect_fails)
{
	times = 6;
	start(serve_redirects);
	post_length(10);
	cr_assert_eq(result.error, -ELOOP);
	stop();
}

Test(http_client, redirects_that_are_not_followed)
{
	expect("HTTP/1.1 301 x\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 1, -EPROTO);
	expect("HTTP/1.1 308 x\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 1, -EPROTO);
	expect("HTTP/1.1 302 x\r\nContent-Length: 0\r\n\r\n", 1, -EBADMSG);
	expect("HTTP/1.1 302 x\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", 1, -EPROTONOSUPPORT);
	expect("HTTP/1.1 302 x\r\nLocation: gopher://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", 1, -EPROTONOSUPPORT);
}

static struct peer second;

static void serve_second(struct peer *self)
{
	static struct peer_request redirected;
	int descriptor = peer_accept(self);

	peer_read(descriptor, &redirected);
	cr_assert_not(strstr(redirected.head, "Authorization"));
	peer_request_free(&redirected);
	peer_write(descriptor, "HTTP/1.1 204 x\r\n\r\n");
	close(descriptor);
}

static void serve_redirect_elsewhere(struct peer *self)
{
	int descriptor = peer_accept(self);
	char text[200];

	peer_read(descriptor, &request);
	peer_request_free(&request);
	peer_start(&second, serve_second, NULL);
	snprintf(text, sizeof(text), "HTTP/1.1 302 x\r\nLocation: http://localhost:%u/\r\nContent-Length: 0\r\n\r\n",
		 (unsigned)second.port);
	peer_write(descriptor, text);
	peer_read(descriptor, &request);
	close(descriptor);
}

Test(http_client, redirect_to_another_server_by_name)
{
	start(serve_redirect_elsewhere);
	post_length(10);
	cr_assert_eq(result.error, 0);
	cr_assert_eq(result.status, 204);
	stop();
	peer_stop(&second);
}
