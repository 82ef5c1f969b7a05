/* SPDX-License-Identifier: BSD-2-Clause */
/* A netlink socket: dumps, requests with an answer, and notifications. */
#include "netlink/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

/* Seconds after which a kernel that does not answer is given up */
#define ANSWER_SECONDS 5

static int errno_of_libnl(int error)
{
	switch (-error) {
	case 0:
		return 0;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_AF_NOSUPPORT:
	case NLE_PROTO_MISMATCH:
	case NLE_OPNOTSUPP:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}

int channel_open(struct channel *channel, struct channel_buffer *buffer, int receive_size)
{
	return channel_open_protocol(channel, NETLINK_ROUTE, buffer, receive_size);
}

int channel_open_protocol(struct channel *channel, int protocol, struct channel_buffer *buffer, int receive_size)
{
	const struct timeval limit = {.tv_sec = ANSWER_SECONDS};
	int error;

	channel->buffer = buffer;
	if (!buffer->bytes) {
		buffer->bytes = malloc(CHANNEL_BUFFER_SIZE);
		if (!buffer->bytes)
			return -ENOMEM;
		buffer->size = CHANNEL_BUFFER_SIZE;
	}
	channel->socket = nl_socket_alloc();
	if (!channel->socket)
		return -ENOMEM;
	error = nl_connect(channel->socket, protocol);
	if (error) {
		channel_close(channel);
		return errno_of_libnl(error);
	}
	channel->fd = nl_socket_get_fd(channel->socket);
	if (receive_size > 0 &&
	    setsockopt(channel->fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_size, sizeof(receive_size)))
		setsockopt(channel->fd, SOL_SOCKET, SO_RCVBUF, &receive_size, sizeof(receive_size));
	setsockopt(channel->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return 0;
}

void channel_close(struct channel *channel)
{
	if (channel->socket)
		nl_socket_free(channel->socket);
	channel->socket = NULL;
	channel->fd = -1;
}

int channel_subscribe(struct channel *channel, int group)
{
	return errno_of_libnl(nl_socket_add_memberships(channel->socket, group, 0));
}

static int grow(struct channel_buffer *buffer)
{
	size_t size = buffer->size * 2;
	char *bytes;

	if (size > CHANNEL_BUFFER_MAXIMUM)
		return -ENOBUFS;
	bytes = realloc(buffer->bytes, size);
	if (!bytes)
		return -ENOMEM;
	buffer->bytes = bytes;
	buffer->size = size;
	return 0;
}

/* One datagram from the kernel into the buffer: its length, 0 for one that is not the kernel's, or -errno. */
static ssize_t receive(struct channel *channel, int flags)
{
	struct sockaddr_nl from;
	struct iovec piece = {.iov_base = channel->buffer->bytes, .iov_len = channel->buffer->size};
	struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &piece, .msg_iovlen = 1};
	ssize_t length;

	do
		length = recvmsg(channel->fd, &message, flags);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	if (message.msg_flags & MSG_TRUNC) {
		int error = grow(channel->buffer);

		return error ? error : -EMSGSIZE;
	}
	if (message.msg_namelen != sizeof(from) || from.nl_pid != 0)
		return 0;
	return length;
}

int channel_walk(const char *bytes, size_t length, uint32_t sequence, channel_handler handler, void *context,
		 bool *changed, bool *done, int *verdict)
{
	const struct nlmsghdr *header = (const struct nlmsghdr *)bytes;
	int remaining = (int)length;

	for (; nlmsg_ok(header, remaining); header = nlmsg_next((struct nlmsghdr *)header, &remaining)) {
		int result = 0;

		if (sequence && header->nlmsg_seq != sequence)
			continue;
		if (header->nlmsg_flags & NLM_F_DUMP_INTR)
			*changed = true;
		switch (header->nlmsg_type) {
		case NLMSG_NOOP:
			break;
		case NLMSG_OVERRUN:
			return -ENOBUFS;
		case NLMSG_DONE:
		case NLMSG_ERROR:
			*done = true;
			/* Both start with the kernel's negative errno; old kernels send an empty end of dump. */
			if (header->nlmsg_len >= NLMSG_HDRLEN + sizeof(*verdict))
				memcpy(verdict, (const char *)header + NLMSG_HDRLEN, sizeof(*verdict));
			else if (header->nlmsg_type == NLMSG_ERROR)
				*verdict = -EBADMSG;
			break;
		default:
			if (handler)
				result = handler(header, context);
			break;
		}
		if (result)
			return result;
	}
	return 0;
}

/* Reads answers until the end of the dump or the verdict, also when the rest is of no use any more. */
static int collect_answer(struct channel *channel, uint32_t sequence, channel_handler handler, void *context)
{
	bool changed = false, done = false;
	int verdict = 0, first_error = 0;

	while (!done) {
		ssize_t length = receive(channel, 0);
		int error = 0;

		if (length == -EAGAIN)
			return -ETIMEDOUT;
		/* The cut message may have held the end: what a dump has left is thrown away with the next request. */
		if (length < 0)
			return (int)length;
		error = channel_walk(channel->buffer->bytes, (size_t)length, sequence, first_error ? NULL : handler,
				     context, &changed, &done, &verdict);
		if (error && !first_error)
			first_error = error;
	}
	if (first_error)
		return first_error;
	if (verdict)
		return verdict > 0 ? -EBADMSG : verdict;
	return changed ? -EINTR : 0;
}

int channel_request(struct channel *channel, struct nl_msg *message, channel_handler handler, void *context)
{
	struct nlmsghdr *header = nlmsg_hdr(message);
	int sent;

	/* Only a dump ends by itself; in other requests the bits of NLM_F_DUMP mean other things. */
	if ((header->nlmsg_type & 3) != 2 || (header->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		header->nlmsg_flags |= NLM_F_ACK;
	nl_complete_msg(channel->socket, message);
	/* A dump that was cut short is still being sent by the kernel, which would refuse the next one with -EBUSY. */
	while (receive(channel, MSG_DONTWAIT) >= 0)
		;
	sent = send(channel->fd, header, header->nlmsg_len, 0) < 0 ? -errno : 0;
	return sent ? sent : collect_answer(channel, header->nlmsg_seq, handler, context);
}

int channel_dump(struct channel *channel, int type, const void *body, size_t length, channel_handler handler,
		 void *context)
{
	struct nl_msg *message = nlmsg_alloc_simple(type, NLM_F_DUMP);
	int error = -ENOMEM;

	if (message && !nlmsg_append(message, (void *)body, length, NLMSG_ALIGNTO))
		error = channel_request(channel, message, handler, context);
	nlmsg_free(message);
	return error;
}

int channel_discard(struct channel *channel)
{
	for (unsigned int taken = 0; taken < CHANNEL_DISCARD_MAXIMUM; taken++) {
		ssize_t length = receive(channel, MSG_DONTWAIT);

		if (length == -EAGAIN)
			return 0;
		if (length < 0 && length != -EMSGSIZE && length != -ENOBUFS)
			return (int)length;
	}
	return -EBUSY;
}

int channel_notifications(struct channel *channel, unsigned int limit, channel_handler handler, void *context)
{
	unsigned int taken;

	for (taken = 0; taken < limit; taken++) {
		bool changed = false, done = false;
		int verdict = 0, error;
		ssize_t length = receive(channel, MSG_DONTWAIT);

		if (length == -EAGAIN)
			break;
		if (length == -EMSGSIZE)
			return -ENOBUFS;
		if (length < 0)
			return (int)length;
		error = channel_walk(channel->buffer->bytes, (size_t)length, 0, handler, context, &changed, &done,
				     &verdict);
		if (error)
			return error;
	}
	return (int)taken;
}
