/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams of several messages, ends of dumps, and what a real socket does with too little room. */
#include "netlink/channel.h"
#include "tests/unit/netlink/messages.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

static char datagram[1024];
static size_t used;

static void append(uint16_t type, uint16_t flags, uint32_t sequence, const void *body, uint32_t length)
{
	const struct nlmsghdr header = {
		.nlmsg_len = NLMSG_HDRLEN + length, .nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = sequence};

	memcpy(datagram + used, &header, sizeof(header));
	if (length)
		memcpy(datagram + used + NLMSG_HDRLEN, body, length);
	used += NLMSG_ALIGN(header.nlmsg_len);
}

static int count(const struct nlmsghdr *header, void *context)
{
	(void)header;
	return ++*(int *)context == 5 ? -ECANCELED : 0;
}

static int walk(uint32_t sequence, int *messages, bool *changed, bool *done, int *verdict)
{
	*messages = *verdict = 0;
	*changed = *done = false;
	return channel_walk(datagram, used, sequence, count, messages, changed, done, verdict);
}

Test(channel, walk)
{
	int messages, verdict, denied = -EPERM;
	bool changed, done;

	append(RTM_NEWLINK, 0, 1, "abcd", 4);
	append(RTM_NEWLINK, 0, 2, "abcd", 4);
	append(NLMSG_NOOP, 0, 1, NULL, 0);
	append(RTM_NEWLINK, NLM_F_DUMP_INTR, 1, "abcd", 4);
	cr_expect_eq(walk(1, &messages, &changed, &done, &verdict), 0);
	cr_expect_eq(messages, 2);
	cr_expect(changed && !done);
	cr_expect_eq(walk(0, &messages, &changed, &done, &verdict), 0);
	cr_expect_eq(messages, 3);
	append(NLMSG_DONE, 0, 1, NULL, 0);
	cr_expect_eq(walk(1, &messages, &changed, &done, &verdict), 0);
	cr_expect(done && verdict == 0);
	append(NLMSG_ERROR, 0, 1, &denied, sizeof(denied));
	cr_expect_eq(walk(1, &messages, &changed, &done, &verdict), 0);
	cr_expect_eq(verdict, -EPERM);
	for (int i = 0; i < 5; i++)
		append(RTM_NEWLINK, 0, 1, NULL, 0);
	cr_expect_eq(walk(1, &messages, &changed, &done, &verdict), -ECANCELED);
	used = 0;
	append(NLMSG_OVERRUN, 0, 1, NULL, 0);
	cr_expect_eq(walk(0, &messages, &changed, &done, &verdict), -ENOBUFS);
	used = 0;
	append(NLMSG_ERROR, 0, 1, NULL, 0);
	cr_expect_eq(walk(0, &messages, &changed, &done, &verdict), 0);
	cr_expect_eq(verdict, -EBADMSG);
}

Test(channel, a_length_beyond_the_datagram_ends_the_walk)
{
	int messages, verdict;
	bool changed, done;

	append(RTM_NEWLINK, 0, 1, "abcd", 4);
	append(RTM_NEWLINK, 0, 1, "abcd", 4);
	used -= 1;
	cr_expect_eq(walk(0, &messages, &changed, &done, &verdict), 0);
	cr_expect_eq(messages, 1);
	used = NLMSG_HDRLEN - 1;
	cr_expect_eq(walk(0, &messages, &changed, &done, &verdict), 0);
	cr_expect_eq(messages, 0);
}

static int count_all(const struct nlmsghdr *header, void *context)
{
	*(int *)context += header->nlmsg_type == RTM_NEWLINK;
	return 0;
}

static int refuse(const struct nlmsghdr *header, void *context)
{
	(void)header;
	(void)context;
	return -ECANCELED;
}

Test(channel, a_message_that_does_not_fit_makes_the_buffer_grow)
{
	const struct ifinfomsg links = {.ifi_family = AF_UNSPEC};
	struct channel_buffer buffer = {malloc(64), 64};
	struct channel channel = {0};
	int messages = 0, error, tries = 0;

	cr_assert_eq(channel_open(&channel, &buffer, 0), 0);
	do
		error = channel_dump(&channel, RTM_GETLINK, &links, sizeof(links), count_all, &messages);
	while (error == -EMSGSIZE && tries++ < 20);
	cr_expect_eq(error, 0);
	cr_expect_gt(messages, 0);
	cr_expect_gt(buffer.size, 64);
	/* One that its handler ends leaves nothing behind for the next. */
	cr_expect_eq(channel_dump(&channel, RTM_GETLINK, &links, sizeof(links), refuse, NULL), -ECANCELED);
	cr_expect_eq(channel_dump(&channel, RTM_GETLINK, &links, sizeof(links), count_all, &messages), 0);
	/* What the kernel does not know it says. */
	cr_expect_lt(channel_dump(&channel, RTM_MAX + 2, &links, sizeof(links), count_all, &messages), 0);
	channel_close(&channel);
	channel_close(&channel);
	free(buffer.bytes);
}
