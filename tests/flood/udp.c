// SPDX-License-Identifier: GPL-2.0-or-later
// Datagrams at a rate, many with each system call.
#include "tests/flood/flood.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH	    64u
#define UDP_HEADER  8u
#define PAUSE	    200000 // nanoseconds: a batch or so later more is due
#define NANOSECONDS 1000000000ull

// With a port of its own the source is claimed in a header of ours, as another program may have that port.
static int open_socket(const struct plan *plan, bool raw)
{
	int descriptor =
		socket(plan->to.any.sa_family, (raw ? SOCK_RAW : SOCK_DGRAM) | SOCK_CLOEXEC, raw ? IPPROTO_UDP : 0);
	struct sockaddr_in source = plan->from.ipv4;

	if (descriptor < 0)
		return -errno;
	source.sin_port = 0;
	if (plan->from.any.sa_family && bind(descriptor, (struct sockaddr *)&source, plan->length)) {
		int error = -errno;

		close(descriptor);
		return error;
	}
	return descriptor;
}

static void write_header(unsigned char header[UDP_HEADER], const struct plan *plan, size_t length)
{
	memset(header, 0, UDP_HEADER);
	memcpy(header, &plan->from.ipv4.sin_port, 2);
	memcpy(header + 2, &plan->to.ipv4.sin_port, 2);
	header[4] = (unsigned char)((length + UDP_HEADER) >> 8);
	header[5] = (unsigned char)(length + UDP_HEADER);
}

// Fills and sends one batch; returns how many were taken.
static unsigned send_batch(const struct plan *plan, int descriptor, bool raw, uint64_t first, unsigned count)
{
	static unsigned char headers[BATCH][UDP_HEADER];
	struct sockaddr_in to = plan->to.ipv4;
	struct mmsghdr messages[BATCH] = {0};
	struct iovec pieces[BATCH][2];
	int sent;

	if (raw)
		to.sin_port = 0;
	for (unsigned i = 0; i < count; i++) {
		const struct payload *payload = &plan->payloads[(first + i) % plan->payload_count];

		write_header(headers[i], plan, payload->length);
		pieces[i][0] = (struct iovec){headers[i], UDP_HEADER};
		pieces[i][1] = (struct iovec){(void *)payload->bytes, payload->length};
		messages[i].msg_hdr = (struct msghdr){.msg_name = raw ? (void *)&to : (void *)&plan->to,
						      .msg_namelen = plan->length,
						      .msg_iov = pieces[i] + !raw,
						      .msg_iovlen = raw ? 2 : 1};
	}
	sent = sendmmsg(descriptor, messages, count, 0);
	return sent > 0 ? (unsigned)sent : 0;
}

int flood_udp(const struct plan *plan)
{
	bool raw = plan->from.any.sa_family == AF_INET && plan->from.ipv4.sin_port;
	int descriptor = open_socket(plan, raw);
	uint64_t sent = 0, failed = 0, start = flood_now(), now;

	if (descriptor < 0)
		return descriptor;
	while ((now = flood_now()) - start < plan->seconds * NANOSECONDS) {
		uint64_t due = plan_due(plan, start) - sent;
		unsigned count = due < BATCH ? (unsigned)due : BATCH, taken;

		if (count < BATCH / 2) {
			nanosleep(&(struct timespec){.tv_nsec = PAUSE}, NULL);
			continue;
		}
		taken = send_batch(plan, descriptor, raw, sent, count);
		failed += !taken;
		sent += taken;
	}
	close(descriptor);
	printf("{\"sent\": %" PRIu64 ", \"failed\": %" PRIu64 ", \"seconds\": %.3f, \"rate\": %.0f}\n", sent, failed,
	       (double)(now - start) / 1e9, (double)sent * 1e9 / (double)(now - start));
	return 0;
}
