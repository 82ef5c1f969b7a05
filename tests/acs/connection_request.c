// SPDX-License-Identifier: GPL-2.0-or-later
// The HTTP connection request: a GET with Digest to the agent (TR-069, section 3.2.2).

#include <errno.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/acs/connection_request.h"
#include "tests/acs/digest.h"
#include "tests/acs/http.h"
#include "tests/acs/loop.h"
#include "tests/acs/options.h"
#include "tests/acs/output.h"

struct connection_request {
	struct source source;
	struct http_reader response;
	void (*answered)(void *user, int status, const char *error);
	void *user;
	char *host, *port, *path;
	struct buffer output;
	bool authorized; // the request with credentials was sent
};

static bool parse_url(struct connection_request *request, const char *url)
{
	const char *host = url + strlen("http://"), *path, *port;
	size_t length;

	if (strncasecmp(url, "http://", strlen("http://")))
		return false;
	path = host + strcspn(host, "/");
	if (*host == '[') {
		const char *end = strchr(++host, ']');

		if (!end || end > path)
			return false;
		length = (size_t)(end - host);
		port = end[1] == ':' ? end + 2 : NULL;
	} else {
		length = strcspn(host, ":/");
		port = host[length] == ':' ? host + length + 1 : NULL;
	}
	request->host = strndup(host, length);
	request->port = port ? strndup(port, (size_t)(path - port)) : copy_string("80");
	request->path = copy_string(*path ? path : "/");
	return length;
}

static void request_free(struct connection_request *request)
{
	if (request->source.fd >= 0) {
		loop_remove(&request->source);
		close(request->source.fd);
	}
	http_free(&request->response);
	buffer_free(&request->output);
	free(request->host);
	free(request->port);
	free(request->path);
	free(request);
}

void connection_request_cancel(struct connection_request *request)
{
	if (request)
		request_free(request);
}

static void finish(struct connection_request *request, int status, const char *error)
{
	void (*answered)(void *, int, const char *) = request->answered;
	void *user = request->user;

	request_free(request);
	answered(user, status, error);
}

static void write_get(struct connection_request *request, const char *authorization)
{
	bool six = strchr(request->host, ':');

	buffer_clear(&request->output);
	buffer_format(&request->output, "GET %s HTTP/1.1\r\nHost: %s%s%s:%s\r\n%s\r\n", request->path, six ? "[" : "",
		      request->host, six ? "]" : "", request->port, authorization);
}

/* Opens a new socket and begins to connect. Returns 0 or -errno. */
static int open_socket(struct connection_request *request)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *address;
	int error = 0;

	if (getaddrinfo(request->host, request->port, &hints, &address))
		return -EHOSTUNREACH;
	request->source.fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (request->source.fd < 0 ||
	    (connect(request->source.fd, address->ai_addr, address->ai_addrlen) < 0 && errno != EINPROGRESS))
		error = -errno;
	freeaddrinfo(address);
	return error ? error : loop_add(&request->source, EPOLLOUT);
}

/* The Authorization line for the best Digest challenge that is understood; false when there is none. */
static bool authorize(struct connection_request *request, struct buffer *line)
{
	const struct http_reader *response = &request->response;
	struct digest_parameters best = {0}, challenge;
	enum digest_algorithm algorithm, best_algorithm = DIGEST_MD5;
	struct digest_input input;
	char hash[DIGEST_HEX_SIZE], cnonce[33];
	const char *value, *opaque;

	for (size_t i = 0; (value = http_header(response, "WWW-Authenticate", i)); i++) {
		if (!digest_parse(&challenge, value) || strcasecmp(challenge.scheme, "Digest") ||
		    !digest_parameter(&challenge, "nonce") || !digest_parameter(&challenge, "realm") ||
		    !digest_by_name(digest_parameter(&challenge, "algorithm"), &algorithm) ||
		    (best.text && algorithm <= best_algorithm)) {
			digest_parameters_free(&challenge);
			continue;
		}
		digest_parameters_free(&best);
		best = challenge;
		best_algorithm = algorithm;
	}
	if (!best.text)
		return false;
	digest_token(cnonce);
	input = (struct digest_input){.algorithm = best_algorithm,
				      .user = options.connection_user,
				      .password = options.connection_password,
				      .realm = digest_parameter(&best, "realm"),
				      .nonce = digest_parameter(&best, "nonce"),
				      .method = "GET",
				      .uri = request->path,
				      .qop = digest_parameter(&best, "qop") ? "auth" : NULL,
				      .nc = "00000001",
				      .cnonce = cnonce};
	digest_response(&input, hash);
	opaque = digest_parameter(&best, "opaque");
	buffer_format(line,
		      "Authorization: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", response=\"%s\"",
		      input.user, input.realm, input.nonce, input.uri, hash);
	buffer_format(line, ", algorithm=%s, cnonce=\"%s\"", digest_name(best_algorithm), cnonce);
	if (input.qop)
		buffer_text(line, ", qop=auth, nc=00000001");
	if (opaque)
		buffer_format(line, ", opaque=\"%s\"", opaque);
	buffer_text(line, "\r\n");
	digest_parameters_free(&best);
	return true;
}

/* The response is complete: the request is over (and freed), or begins again with credentials. */
static void response_complete(struct connection_request *request)
{
	int status = atoi(request->response.first[1]);
	struct buffer line = {0};

	print_exchange("-- connection request: status %d", status);
	if (status != 401 || request->authorized || !authorize(request, &line)) {
		finish(request, status, NULL);
		return;
	}
	request->authorized = true;
	write_get(request, line.data);
	buffer_free(&line);
	if (http_header_has(&request->response, "Connection", "close")) {
		int error;

		loop_remove(&request->source);
		close(request->source.fd);
		request->source.fd = -1;
		error = open_socket(request);
		if (error < 0) {
			finish(request, 0, strerror(-error));
			return;
		}
	} else {
		loop_change(&request->source, EPOLLOUT);
	}
	http_reset(&request->response);
}

void connection_request_read(struct connection_request *request)
{
	char data[4096];

	for (;;) {
		ssize_t length = recv(request->source.fd, data, sizeof(data), MSG_DONTWAIT), taken;

		if (length < 0 && (errno == EAGAIN || errno == ENOTCONN))
			return;
		if (length == 0 && request->response.state == HTTP_BODY_TO_CLOSE) {
			response_complete(request);
			return;
		}
		if (length <= 0) {
			finish(request, 0, length ? strerror(errno) : "closed without an answer");
			return;
		}
		taken = http_feed(&request->response, data, (size_t)length);
		if (taken < 0) {
			finish(request, 0, "the answer is not HTTP");
			return;
		}
		if (request->response.state == HTTP_DONE) {
			response_complete(request);
			return;
		}
	}
}

static void request_ready(struct source *source, uint32_t events)
{
	struct connection_request *request = container_of(source, struct connection_request, source);
	int error = 0;
	socklen_t length = sizeof(error);

	if (!(events & EPOLLOUT)) {
		connection_request_read(request);
		return;
	}
	getsockopt(source->fd, SOL_SOCKET, SO_ERROR, &error, &length);
	// the few hundred bytes of a GET fit into any socket's send buffer
	if (!error && send(source->fd, request->output.data, request->output.length, MSG_NOSIGNAL) < 0)
		error = errno;
	if (error)
		finish(request, 0, strerror(error));
	else
		loop_change(source, EPOLLIN);
}

struct connection_request *connection_request_start(const char *url,
						    void (*answered)(void *user, int status, const char *error),
						    void *user, const char **error)
{
	struct connection_request *request = zalloc(sizeof(*request));
	int result;

	request->source.fd = -1;
	request->source.ready = request_ready;
	request->response.response = true;
	request->answered = answered;
	request->user = user;
	if (!parse_url(request, url)) {
		request_free(request);
		*error = "not an http URL";
		return NULL;
	}
	write_get(request, "");
	result = open_socket(request);
	if (result < 0) {
		request_free(request);
		*error = strerror(-result);
		return NULL;
	}
	return request;
}
