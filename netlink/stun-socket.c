/* SPDX-License-Identifier: BSD-2-Clause */
/* The UDP sockets of the STUN client: opened with a filter in the kernel, and read. */
#include "netlink/stun-client.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <linux/filter.h>

#define RECEIVE_QUEUE (8 << 20) /* bytes: a flood must not push out what comes between two looks */
#define SHARE	      50  /* per cent of a processor for what comes: the rest of a flood is the kernel's to drop */
#define UDP_HEADER    8	  /* what the kernel's filter sees before the datagram */
#define KIND_REQUEST  'G' /* of GET; STUN messages begin with 0 or 1 */

/* Junk is dropped by the kernel, before anything wakes. */
static void filter(int descriptor)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, UDP_HEADER + STUN_HEADER_SIZE, 0, 6),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, UDP_HEADER + STUN_MESSAGE_MAXIMUM, 5, 0),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, UDP_HEADER),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, KIND_REQUEST, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xFFFF),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = {.len = sizeof(code) / sizeof(*code), .filter = code};

	setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static void socket_ready(struct loop_source *source, uint32_t events)
{
	static uint8_t bytes[STUN_BATCH][STUN_MESSAGE_MAXIMUM];
	struct stun_socket *socket = LOOP_OF(source, struct stun_socket, source);
	struct stun_client *client = socket->client;
	int descriptor = source->descriptor;
	struct mmsghdr messages[STUN_BATCH];
	struct iovec pieces[STUN_BATCH];
	union endpoint from[STUN_BATCH];
	int count;

	(void)events;
	if (!cpu_share_begin(&socket->share, loop_now())) {
		loop_watch(client->loop, source, 0);
		loop_timer_set(client->loop, &socket->resting, cpu_share_free_at(&socket->share));
		return;
	}
	memset(messages, 0, sizeof(messages));
	for (unsigned int i = 0; i < STUN_BATCH; i++) {
		pieces[i] = (struct iovec){.iov_base = bytes[i], .iov_len = sizeof(bytes[i])};
		messages[i].msg_hdr = (struct msghdr){
			.msg_name = &from[i], .msg_namelen = sizeof(from[i]), .msg_iov = &pieces[i], .msg_iovlen = 1};
	}
	count = recvmmsg(descriptor, messages, STUN_BATCH, MSG_DONTWAIT, NULL);
	/* What one datagram leads to may close the socket: the others of the batch were for it, and are in vain. */
	for (int i = 0; i < count && source->watched && source->descriptor == descriptor; i++) {
		size_t length = messages[i].msg_len;

		if (!length || messages[i].msg_hdr.msg_flags & MSG_TRUNC)
			continue;
		if (bytes[i][0] <= 1)
			stun_take(&client->transactions, descriptor, &from[i], bytes[i], length);
		else if (socket->requests)
			request_filter_take(&client->filter, &from[i], (const char *)bytes[i], length);
	}
	if (count > 0)
		client->changed(client);
	cpu_share_end(&socket->share, loop_now());
}

static void rested(struct loop_timer *timer)
{
	struct stun_socket *socket = LOOP_OF(timer, struct stun_socket, resting);

	loop_watch(socket->client->loop, &socket->source, EPOLLIN);
}

int stun_socket_open(struct stun_client *client, struct stun_socket *opened, int family, uint16_t port)
{
	static const uint8_t any[16];
	union endpoint address = endpoint_make(family, any, port);
	int one = 1, size = RECEIVE_QUEUE, error;
	int descriptor = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (descriptor < 0)
		return -errno;
	filter(descriptor);
	if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (family == AF_INET6)
		setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	opened->client = client;
	opened->source.descriptor = descriptor;
	opened->source.ready = socket_ready;
	opened->share = (struct cpu_share){.percent = SHARE};
	opened->resting.rang = rested;
	error = bind(descriptor, &address.any, endpoint_length(&address)) ? -errno : 0;
	if (!error)
		error = loop_watch(client->loop, &opened->source, EPOLLIN);
	if (error)
		close(descriptor);
	return error;
}

void stun_socket_close(struct stun_client *client, struct stun_socket *socket)
{
	if (!socket->source.watched)
		return;
	loop_timer_clear(client->loop, &socket->resting);
	loop_forget(client->loop, &socket->source);
	close(socket->source.descriptor);
}
