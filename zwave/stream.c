/* SPDX-License-Identifier: BSD-2-Clause */
/* A byte stream on the event loop: a TCP connection or a serial line. Nothing here waits, and nothing grows. */
#include "zwave/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void try_next(struct stream *stream);

static void close_descriptor(struct stream *stream)
{
	if (stream->watch.fd >= 0) {
		loop_remove(stream->loop, &stream->watch);
		close(stream->watch.fd);
	}
	stream->watch.fd = -1;
	stream->connecting = stream->open = false;
}

void stream_close(struct stream *stream)
{
	if (!stream->loop)
		return;
	stream->life++;
	close_descriptor(stream);
	loop_disarm(stream->loop, &stream->timer);
	resolve_cancel(stream->resolve);
	stream->resolve = NULL;
	if (stream->addresses)
		freeaddrinfo(stream->addresses);
	stream->addresses = stream->next_address = NULL;
	free(stream->out);
	stream->out = NULL;
	stream->out_length = stream->out_size = 0;
	stream->loop = NULL;
}

/* The user may open the stream anew in its `closed`. */
static void fail(struct stream *stream, const char *why)
{
	struct stream_user user = stream->user;

	stream_close(stream);
	user.closed(why, user.context);
}

/* What the kernel does not take at once waits for it. */
static int write_out(struct stream *stream)
{
	while (stream->out_length > 0) {
		ssize_t sent = write(stream->watch.fd, stream->out, stream->out_length);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN ? 0 : -errno;
		stream->out_length -= (size_t)sent;
		memmove(stream->out, stream->out + sent, stream->out_length);
	}
	return 0;
}

static void receive(struct stream *stream)
{
	unsigned char bytes[STREAM_IN_SIZE];
	ssize_t length = read(stream->watch.fd, bytes, sizeof(bytes));

	if (length > 0)
		stream->user.received(bytes, (size_t)length, stream->user.context);
	else if (length == 0)
		fail(stream, "the other side has closed the connection");
	else if (errno != EAGAIN && errno != EINTR)
		fail(stream, strerror(errno));
}

static void opened(struct stream *stream)
{
	loop_disarm(stream->loop, &stream->timer);
	stream->connecting = false;
	stream->open = true;
	loop_change(stream->loop, &stream->watch, EPOLLIN);
	stream->user.opened(stream->user.context);
}

static void ready(uint32_t events, void *context)
{
	struct stream *stream = context;
	int error = 0;
	socklen_t size = sizeof(error);

	if (stream->connecting) {
		if (getsockopt(stream->watch.fd, SOL_SOCKET, SO_ERROR, &error, &size))
			error = errno;
		if (error) {
			close_descriptor(stream);
			errno = error;
			try_next(stream);
		} else {
			opened(stream);
		}
		return;
	}
	if (events & EPOLLOUT) {
		error = write_out(stream);
		if (error) {
			fail(stream, strerror(-error));
			return;
		}
		if (stream->out_length == 0)
			loop_change(stream->loop, &stream->watch, EPOLLIN);
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		receive(stream);
}

static int start_connect(struct stream *stream, const struct addrinfo *address)
{
	int on = 1, error;

	stream->watch.fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (stream->watch.fd < 0)
		return -errno;
	setsockopt(stream->watch.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(stream->watch.fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (connect(stream->watch.fd, address->ai_addr, address->ai_addrlen) && errno != EINPROGRESS)
		error = -errno;
	else
		error = loop_add(stream->loop, &stream->watch, EPOLLOUT);
	if (error) {
		close(stream->watch.fd);
		stream->watch.fd = -1;
	}
	return error;
}

/* errno says why the address before has failed. */
static void try_next(struct stream *stream)
{
	while (stream->next_address) {
		const struct addrinfo *address = stream->next_address;
		int error;

		stream->next_address = address->ai_next;
		error = start_connect(stream, address);
		if (!error) {
			stream->connecting = true;
			return;
		}
		errno = -error;
	}
	fail(stream, strerror(errno));
}

static void resolved(struct addrinfo *addresses, const char *why, void *context)
{
	struct stream *stream = context;

	stream->resolve = NULL;
	if (!addresses) {
		fail(stream, why ? why : "no address");
		return;
	}
	stream->addresses = stream->next_address = addresses;
	try_next(stream);
}

static void took_too_long(void *context)
{
	fail(context, "no connection in time");
}

static void begin(struct stream *stream, struct loop *loop, const struct stream_user *user)
{
	uint32_t life = stream->life + 1;

	memset(stream, 0, sizeof(*stream));
	stream->loop = loop;
	stream->user = *user;
	stream->life = life;
	stream->watch = (struct loop_watch){.fd = -1, .ready = ready, .context = stream};
	stream->timer = (struct loop_timer){.due = took_too_long, .context = stream};
}

int stream_connect(struct stream *stream, struct loop *loop, const char *host, const char *port,
		   const struct stream_user *user)
{
	begin(stream, loop, user);
	stream->resolve = resolve_start(loop, host, port, resolved, stream);
	if (!stream->resolve) {
		stream->loop = NULL;
		return -ENOMEM;
	}
	loop_arm(loop, &stream->timer, STREAM_CONNECT_MS);
	return 0;
}

int stream_take(struct stream *stream, struct loop *loop, int fd, const struct stream_user *user)
{
	int error;

	begin(stream, loop, user);
	stream->watch.fd = fd;
	stream->open = true;
	error = loop_add(loop, &stream->watch, EPOLLIN);
	if (error) {
		close(fd);
		stream->loop = NULL;
	}
	return error;
}

int stream_send(struct stream *stream, const void *bytes, size_t length)
{
	bool waiting = stream->out_length > 0;
	unsigned char *grown;

	if (!stream->open)
		return -EPIPE;
	if (length > STREAM_OUT_MAXIMUM - stream->out_length)
		return -ENOBUFS;
	if (stream->out_length + length > stream->out_size) {
		grown = realloc(stream->out, stream->out_length + length);
		if (!grown)
			return -ENOMEM;
		stream->out = grown;
		stream->out_size = stream->out_length + length;
	}
	memcpy(stream->out + stream->out_length, bytes, length);
	stream->out_length += length;
	/* A failure shows again, and is told, when the loop comes to it. */
	if (!waiting && write_out(stream) == 0 && stream->out_length == 0)
		return 0;
	return loop_change(stream->loop, &stream->watch, EPOLLIN | EPOLLOUT);
}
