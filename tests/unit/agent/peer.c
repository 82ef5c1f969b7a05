// SPDX-License-Identifier: GPL-2.0-or-later
// The other end of a connection in unit tests: a thread with ordinary blocking sockets.
#include "tests/unit/agent/peer.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static void *run(void *argument)
{
	struct peer *peer = argument;

	peer->script(peer);
	return NULL;
}

static int open_socket(struct sockaddr_in *address, uint16_t port)
{
	int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert(descriptor >= 0);
	*address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return descriptor;
}

void peer_start(struct peer *peer, void (*script)(struct peer *peer), void *context)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);

	memset(peer, 0, sizeof(*peer));
	peer->script = script;
	peer->context = context;
	peer->listener = open_socket(&address, 0);
	if (bind(peer->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(peer->listener, 16) != 0 || getsockname(peer->listener, (struct sockaddr *)&address, &length) != 0)
		abort();
	peer->port = ntohs(address.sin_port);
	if (script && pthread_create(&peer->thread, NULL, run, peer) != 0)
		abort();
}

void peer_stop(struct peer *peer)
{
	if (peer->script)
		pthread_join(peer->thread, NULL);
	close(peer->listener);
}

int peer_accept(struct peer *peer)
{
	int descriptor = accept(peer->listener, NULL, NULL);

	peer->connections++;
	return descriptor;
}

static bool read_line(int descriptor, char *line, size_t size, size_t *length)
{
	*length = 0;
	while (*length + 1 < size) {
		if (recv(descriptor, line + *length, 1, 0) != 1)
			return false;
		if (line[(*length)++] == '\n') {
			line[*length] = '\0';
			return true;
		}
	}
	return false;
}

static bool read_body(int descriptor, struct peer_request *request, size_t length)
{
	request->body = realloc(request->body, request->body_length + length + 1);
	assert(request->body);
	while (length > 0) {
		ssize_t got = recv(descriptor, request->body + request->body_length, length, 0);

		if (got <= 0)
			return false;
		request->body_length += (size_t)got;
		length -= (size_t)got;
	}
	request->body[request->body_length] = '\0';
	return true;
}

bool peer_read(int descriptor, struct peer_request *request)
{
	char line[1024], value[64];
	size_t used = 0, length;

	request->body = NULL;
	request->body_length = 0;
	request->head[0] = '\0';
	do {
		if (!read_line(descriptor, request->head + used, sizeof(request->head) - used, &length))
			return false;
		used += length;
	} while (length != 2);
	peer_header(request, "Transfer-Encoding", value, sizeof(value));
	request->chunked = strcmp(value, "chunked") == 0;
	if (!request->chunked) {
		peer_header(request, "Content-Length", value, sizeof(value));
		return read_body(descriptor, request, (size_t)atol(value));
	}
	while (true) {
		size_t size;

		if (!read_line(descriptor, line, sizeof(line), &length))
			return false;
		size = strtoul(line, NULL, 16);
		if (!read_body(descriptor, request, size) || !read_line(descriptor, line, sizeof(line), &length) ||
		    length != 2)
			return false;
		if (size == 0)
			return true;
	}
}

void peer_request_free(struct peer_request *request)
{
	free(request->body);
	request->body = NULL;
}

void peer_header(const struct peer_request *request, const char *name, char *value, size_t size)
{
	size_t name_length = strlen(name);

	value[0] = '\0';
	for (const char *line = strstr(request->head, "\r\n"); line && line[2]; line = strstr(line + 2, "\r\n")) {
		const char *text = line + 2;

		if (strncasecmp(text, name, name_length) != 0 || text[name_length] != ':')
			continue;
		text += name_length + 1;
		text += strspn(text, " ");
		snprintf(value, size, "%.*s", (int)strcspn(text, "\r"), text);
		return;
	}
}

void peer_write(int descriptor, const char *text)
{
	size_t length = strlen(text);

	while (length > 0) {
		ssize_t sent = send(descriptor, text, length, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		text += sent;
		length -= (size_t)sent;
	}
}

int peer_connect(uint16_t port)
{
	struct sockaddr_in address;
	int descriptor = open_socket(&address, port);

	if (connect(descriptor, (struct sockaddr *)&address, sizeof(address)) != 0) {
		close(descriptor);
		return -1;
	}
	return descriptor;
}

size_t peer_ask(uint16_t port, const char *text, char *answer, size_t size)
{
	int descriptor = peer_connect(port);
	size_t length = 0;
	ssize_t got = 0;

	answer[0] = '\0';
	if (descriptor < 0)
		return 0;
	peer_write(descriptor, text);
	while (length + 1 < size && (got = recv(descriptor, answer + length, size - 1 - length, 0)) > 0)
		length += (size_t)got;
	answer[length] = '\0';
	close(descriptor);
	return length;
}
