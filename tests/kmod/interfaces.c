/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces come, get other names and go by the thousand; capacity; namespaces; drops of queues. */
#include "shm/espalier-row.h"
#include "tests/kmod/guest.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/if_packet.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>

#define CHURN_ROUNDS 2
#define READERS	     2

static void request(struct channel *channel, struct nl_msg *message, const char *what, int number)
{
	int error = channel_request(channel, message, NULL, NULL);

	nlmsg_free(message);
	CHECK(!error, "(%s %d: %s)", what, number, strerror(-error));
}

static struct nl_msg *link_message_new(int type, int flags, int index)
{
	struct ifinfomsg body = {.ifi_family = AF_UNSPEC, .ifi_index = index};
	struct nl_msg *message = nlmsg_alloc_simple(type, flags);

	CHECK(message && !nlmsg_append(message, &body, sizeof(body), NLMSG_ALIGNTO));
	return message;
}

void links_make(struct channel *channel, int first, int count)
{
	for (int index = first; index < first + count; index++) {
		struct nl_msg *message = link_message_new(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, index);
		struct nlattr *info;
		char name[IFNAMSIZ];

		snprintf(name, sizeof(name), "t%d", index);
		CHECK(!nla_put_string(message, IFLA_IFNAME, name) && !nla_put_u32(message, IFLA_GROUP, TEST_GROUP));
		info = nla_nest_start(message, IFLA_LINKINFO);
		CHECK(info && !nla_put_string(message, IFLA_INFO_KIND, "dummy"));
		nla_nest_end(message, info);
		request(channel, message, "make", index);
	}
}

void links_rename(struct channel *channel, int first, int count)
{
	for (int index = first; index < first + count; index++) {
		struct nl_msg *message = link_message_new(RTM_SETLINK, 0, index);
		char name[IFNAMSIZ];

		snprintf(name, sizeof(name), "r%d", index);
		CHECK(!nla_put_string(message, IFLA_IFNAME, name));
		request(channel, message, "rename", index);
	}
}

void links_delete(struct channel *channel)
{
	struct nl_msg *message = link_message_new(RTM_DELLINK, 0, 0);

	CHECK(!nla_put_u32(message, IFLA_GROUP, TEST_GROUP));
	request(channel, message, "delete", 0);
}

static void open_channel(struct channel *channel, struct channel_buffer *buffer)
{
	memset(buffer, 0, sizeof(*buffer));
	CHECK(!channel_open(channel, buffer, 0));
}

void links_clear(void)
{
	struct nl_msg *message = link_message_new(RTM_DELLINK, 0, 0);
	struct channel_buffer buffer;
	struct channel channel;

	open_channel(&channel, &buffer);
	if (!nla_put_u32(message, IFLA_GROUP, TEST_GROUP))
		channel_request(&channel, message, NULL, NULL);
	nlmsg_free(message);
	channel_close(&channel);
	free(buffer.bytes);
}

/* Each row, copied by the protocol, is one interface's from its first to its last word: the name has the index in it,
 * and nothing counts packets. */
static void read_rows(const struct kernel_counters *page)
{
	uint32_t used = __atomic_load_n(&page->header->used, __ATOMIC_ACQUIRE);

	for (uint32_t number = 0; number < used; number++) {
		const uint32_t *row = (const uint32_t *)((const char *)page->header + page->interfaces.offset +
							 number * page->interfaces.stride);
		uint32_t words[ESPALIER_INTERFACE_WORDS], version;
		char name[IFNAMSIZ], wanted[2][IFNAMSIZ];

		do {
			const uint32_t *slot;

			version = espalier_row_begin(row);
			slot = espalier_row_slot(row, version, page->interfaces.slot_words);
			for (size_t i = 0; i < ESPALIER_INTERFACE_WORDS; i++)
				words[i] = espalier_load(slot + i);
		} while (espalier_row_changed(row, version));
		if (words[ESPALIER_INTERFACE_INDEX] < FIRST_INDEX) {
			CHECK(words[ESPALIER_INTERFACE_INDEX] || !words[ESPALIER_INTERFACE_NAME]);
			continue;
		}
		memcpy(name, words + ESPALIER_INTERFACE_NAME, sizeof(name));
		snprintf(wanted[0], IFNAMSIZ, "t%u", words[ESPALIER_INTERFACE_INDEX]);
		snprintf(wanted[1], IFNAMSIZ, "r%u", words[ESPALIER_INTERFACE_INDEX]);
		CHECK(!strncmp(name, wanted[0], IFNAMSIZ) || !strncmp(name, wanted[1], IFNAMSIZ), "(%.16s is %u)", name,
		      words[ESPALIER_INTERFACE_INDEX]);
		CHECK(words[ESPALIER_INTERFACE_NAMESPACE] == page->namespace);
		for (size_t i = 0; i < 2 * ESPALIER_INTERFACE_LINK_COUNTERS; i++)
			CHECK(!words[ESPALIER_INTERFACE_LINK + i]);
	}
}

static void check_all(const struct kernel_counters *page, char letter, int count)
{
	uint32_t found = 0;

	for (uint32_t row = 0; row < page->header->used; row++) {
		const uint32_t *words = page_interface(page, row);
		char name[IFNAMSIZ];

		if (words[ESPALIER_INTERFACE_INDEX] < FIRST_INDEX)
			continue;
		memcpy(name, words + ESPALIER_INTERFACE_NAME, sizeof(name));
		CHECK(name[0] == letter && (uint32_t)atoi(name + 1) == words[ESPALIER_INTERFACE_INDEX]);
		found++;
	}
	CHECK(found == (uint32_t)count, "(%u)", found);
}

void test_churn(void)
{
	struct channel_buffer buffer;
	struct kernel_counters page;
	struct channel channel;
	const int count = 1000 / guest_slowness();
	pid_t readers[READERS];
	uint32_t rows;

	module_load(MODULE_FILE, "period_ms=10");
	open_channel(&channel, &buffer);
	page_open(&page);
	rows = page_rows(&page);
	for (int i = 0; i < READERS; i++) {
		readers[i] = fork();
		CHECK(readers[i] >= 0);
		while (readers[i] == 0) {
			read_rows(&page);
			/* Two CPUs are few. */
			sleep_ms(20);
		}
	}
	for (int round = 0; round < CHURN_ROUNDS; round++) {
		links_make(&channel, FIRST_INDEX + round * count, count);
		check_all(&page, 't', count);
		links_rename(&channel, FIRST_INDEX + round * count, count);
		check_all(&page, 'r', count);
		links_delete(&channel);
		CHECK(page_rows(&page) == rows);
	}
	CHECK(page.header->used <= rows + (uint32_t)count && !page.header->missed);
	for (int i = 0; i < READERS; i++) {
		CHECK(waitpid(readers[i], NULL, WNOHANG) == 0, "(a reader has failed)");
		kill(readers[i], SIGKILL);
		waitpid(readers[i], NULL, 0);
	}
	kernel_counters_close(&page);
	module_unload();
}

void test_capacity(void)
{
	struct channel_buffer buffer;
	struct kernel_counters page;
	struct channel channel;
	uint32_t rows;

	module_load(MODULE_FILE, "period_ms=10 interfaces=16");
	open_channel(&channel, &buffer);
	page_open(&page);
	rows = page_rows(&page);
	links_make(&channel, FIRST_INDEX, 20);
	page_wait(&page, 1);
	CHECK(page_rows(&page) == 16);
	CHECK(page.header->used == 16);
	CHECK(page.header->missed == rows + 20 - 16, "(%u)", page.header->missed);
	links_rename(&channel, FIRST_INDEX, 20);
	links_delete(&channel);
	CHECK(page.header->missed == 0, "(%u)", page.header->missed);
	CHECK(page_rows(&page) == rows);
	links_make(&channel, FIRST_INDEX, 2);
	CHECK(page_rows(&page) == rows + 2);
	links_delete(&channel);
	kernel_counters_close(&page);
	module_unload();
}

static uint32_t rows_of_namespace(const struct kernel_counters *page, uint32_t namespace)
{
	uint32_t count = 0;

	for (uint32_t row = 0; row < page->header->used; row++) {
		const uint32_t *words = page_interface(page, row);

		count += words[ESPALIER_INTERFACE_INDEX] && words[ESPALIER_INTERFACE_NAMESPACE] == namespace;
	}
	return count;
}

/* Returns how many rows there are of a namespace that has its loopback and one dummy, which came from the first. */
static uint32_t rows_of_other(void)
{
	struct channel_buffer buffer, own_buffer;
	struct channel channel, own_channel;
	struct kernel_counters page;
	uint32_t rows, others;
	struct nl_msg *message;
	struct stat status;

	open_channel(&channel, &buffer);
	page_open(&page);
	/* Namespaces of tests before may still be on their way out, with rows. */
	rows = rows_of_namespace(&page, page.namespace);
	links_make(&channel, FIRST_INDEX, 1);
	CHECK(rows_of_namespace(&page, page.namespace) == rows + 1);
	CHECK(!unshare(CLONE_NEWNET));
	CHECK(!stat("/proc/self/ns/net", &status) && (uint32_t)status.st_ino != page.namespace);
	message = link_message_new(RTM_SETLINK, 0, FIRST_INDEX);
	CHECK(!nla_put_u32(message, IFLA_NET_NS_PID, (uint32_t)getpid()));
	request(&channel, message, "move", FIRST_INDEX);
	CHECK(rows_of_namespace(&page, page.namespace) == rows, "(%u, not %u)",
	      rows_of_namespace(&page, page.namespace), rows);
	others = rows_of_namespace(&page, (uint32_t)status.st_ino);
	open_channel(&own_channel, &own_buffer);
	links_delete(&own_channel);
	if (others)
		CHECK(rows_of_namespace(&page, (uint32_t)status.st_ino) == others - 1);
	kernel_counters_close(&page);
	return others;
}

void test_namespaces(void)
{
	static const struct {
		const char *parameters;
		bool others;
	} cases[] = {{"period_ms=10", false}, {"period_ms=10 all_namespaces=1", true}};

	for (size_t i = 0; i < 2; i++) {
		int status;
		pid_t child;

		module_load(MODULE_FILE, cases[i].parameters);
		child = fork();
		CHECK(child >= 0);
		if (child == 0)
			_exit((int)rows_of_other());
		CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
		/* The loopback and the dummy, and what some kernels put into every namespace */
		CHECK(cases[i].others ? WEXITSTATUS(status) >= 2 : WEXITSTATUS(status) == 0, "(%d)",
		      WEXITSTATUS(status));
		module_unload();
	}
}

/* A discipline without room drops every packet; the row says how many. */
void test_queue_drops(void)
{
	const struct tc_fifo_qopt options = {.limit = 0};
	struct tcmsg discipline = {.tcm_family = AF_UNSPEC, .tcm_ifindex = FIRST_INDEX, .tcm_parent = TC_H_ROOT};
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = FIRST_INDEX};
	struct nl_msg *message = nlmsg_alloc_simple(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL);
	struct channel_buffer buffer;
	struct kernel_counters page;
	const uint32_t *words = NULL;
	struct channel channel;
	char packet[64] = "";
	int fd;

	module_load(MODULE_FILE, "period_ms=10");
	open_channel(&channel, &buffer);
	links_make(&channel, FIRST_INDEX, 1);
	CHECK(message && !nlmsg_append(message, &discipline, sizeof(discipline), NLMSG_ALIGNTO));
	CHECK(!nla_put_string(message, TCA_KIND, "pfifo") && !nla_put(message, TCA_OPTIONS, sizeof(options), &options));
	request(&channel, message, "pfifo", 0);
	message = link_message_new(RTM_NEWLINK, 0, FIRST_INDEX);
	((struct ifinfomsg *)nlmsg_data(nlmsg_hdr(message)))->ifi_flags = IFF_UP;
	((struct ifinfomsg *)nlmsg_data(nlmsg_hdr(message)))->ifi_change = IFF_UP;
	request(&channel, message, "up", FIRST_INDEX);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0);
	for (int i = 0; i < 5; i++) {
		ssize_t sent = sendto(fd, packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to));

		CHECK(sent > 0 || errno == ENOBUFS, "(%s)", strerror(errno));
	}
	page_open(&page);
	page_wait(&page, 1);
	for (uint32_t row = 0; row < page.header->used; row++) {
		if (page_interface(&page, row)[ESPALIER_INTERFACE_INDEX] == FIRST_INDEX)
			words = page_interface(&page, row);
	}
	CHECK(words && words[ESPALIER_INTERFACE_QUEUES] == 1);
	CHECK(words[ESPALIER_INTERFACE_QUEUE_DROPS] == 5, "(%u)", words[ESPALIER_INTERFACE_QUEUE_DROPS]);
	close(fd);
	links_delete(&channel);
	kernel_counters_close(&page);
	module_unload();
}
