/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The collector in this process, on this machine's loopback: counters, an old kernel, and what managers set and take
 * back. */
#include "netlink/collector.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct collector collector;
static char folder[] = "/tmp/espalier-collector-XXXXXX";

static void begin(void)
{
	static struct collector_settings settings = {.interval_ms = 1000, .notification_queue = NOTIFICATION_QUEUE};

	cr_assert(mkdtemp(folder));
	snprintf(settings.interfaces.pattern[0], sizeof(settings.interfaces.pattern[0]), "lo");
	settings.interfaces.count = 1;
	cr_assert_eq(collector_open(&collector, &settings, folder, folder), 0);
}

static void end(void)
{
	DIR *open_folder;
	struct dirent *entry;

	collector_close(&collector);
	open_folder = opendir(folder);
	while ((entry = readdir(open_folder)))
		unlinkat(dirfd(open_folder), entry->d_name, 0);
	closedir(open_folder);
	rmdir(folder);
}

static uint64_t published(enum counter counter)
{
	struct espalier_row lo =
		espalier_instance_find(collector.writer, OBJECT_IP_INTERFACE, (struct espalier_row){0, 0}, 1);
	struct espalier_row stats = espalier_row_of(collector.writer, OBJECT_IP_INTERFACE_STATS, lo);
	struct espalier_value value = {.number = 0};

	cr_assert_eq(espalier_get(collector.writer, stats, counter, &value, NULL, 0), 0);
	return value.number;
}

Test(collector, counters_come_with_the_links_where_there_is_no_getstats, .init = begin, .fini = end)
{
	struct counters none = {{0}};
	struct link *lo = links_find(&collector, 1);
	uint64_t before = published(COUNTER_BYTES_SENT);

	cr_assert_not_null(lo);
	cr_assert_eq(collector.link_count, 1);
	collector_counters(&collector, lo->slot, &none);
	cr_expect_eq(published(COUNTER_BYTES_SENT), 0);
	collector.no_stats = true;
	cr_assert_eq(synchronise_interval(&collector), 0);
	cr_expect_geq(published(COUNTER_BYTES_SENT), before);
	collector_counters(&collector, lo->slot, &none);
	collector.no_stats = false;
	cr_assert_eq(synchronise_interval(&collector), 0);
	cr_expect_geq(published(COUNTER_BYTES_SENT), before);
}

Test(collector, counters_of_32_bits_go_around, .init = begin, .fini = end)
{
	struct counters counters = {
		{[COUNTER_ERRORS_SENT] = (1ull << 32) + 7, [COUNTER_BYTES_SENT] = (1ull << 32) + 7}};

	collector_counters(&collector, links_find(&collector, 1)->slot, &counters);
	cr_expect_eq(published(COUNTER_ERRORS_SENT), 7);
	cr_expect_eq(published(COUNTER_BYTES_SENT), (1ull << 32) + 7);
}

Test(collector, an_unchanged_kernel_changes_no_row, .init = begin, .fini = end)
{
	struct link *lo = links_find(&collector, 1);
	uint32_t number = lo->number[LAYER_IP];

	cr_expect_null(collector.dirty);
	cr_assert_eq(synchronise_all(&collector), 0);
	cr_expect_eq(links_find(&collector, 1), lo);
	cr_expect_eq(lo->number[LAYER_IP], number);
	cr_expect_eq(collector.link_count, 1);
}

/* ---- Requests that need no privilege ------------------------------------------------------------------------- */

static int set(uint32_t object, struct espalier_row row, uint32_t parameter, const char *text, bool undo)
{
	const struct espalier_value value = {.type = ESPALIER_STRING, .length = (uint32_t)strlen(text), .text = text};
	struct espalier_change change = {.row = row, .object = object, .parameter = parameter, .value = value};
	int fault = ESPALIER_OK;

	if (!undo)
		fault = request_owner.validate(collector.writer, NULL, &change, 1, &collector);
	if (fault == ESPALIER_OK)
		fault = request_owner.commit(collector.writer, NULL, &change, 1, undo, &collector);
	collector_settle(&collector);
	return fault == ESPALIER_OK ? fault : change.fault;
}

static void expect_text(struct espalier_row row, uint32_t parameter, const char *text)
{
	char buffer[256];
	struct espalier_value value;

	cr_assert_eq(espalier_get(collector.writer, row, parameter, &value, buffer, sizeof(buffer)), 0);
	cr_expect(value.length == strlen(text) && memcmp(value.text, text, value.length) == 0, "%.*s is not %s",
		  (int)value.length, value.text, text);
}

Test(collector, an_alias_and_back, .init = begin, .fini = end)
{
	const struct link *lo = links_find(&collector, 1);
	struct espalier_row row = lo->row[LAYER_IP];

	cr_expect_eq(set(OBJECT_IP_INTERFACE, row, COMMON_ALIAS, "local", false), ESPALIER_OK);
	cr_expect_str_eq(lo->alias[LAYER_IP], "local");
	cr_expect_str_eq(state_get(&collector.state, STATE_ALIAS, "Device.IP.Interface.1."), "local");
	cr_expect_eq(set(OBJECT_IP_INTERFACE, row, COMMON_ALIAS, "cpe-1", true), ESPALIER_OK);
	cr_expect_null(lo->alias[LAYER_IP]);
	cr_expect_null(state_get(&collector.state, STATE_ALIAS, "Device.IP.Interface.1."));
	cr_expect_eq(set(OBJECT_IP_INTERFACE, row, COMMON_ALIAS, "cpe-2", false), ESPALIER_FAULT_VALUE);
	cr_expect_eq(set(OBJECT_IP_INTERFACE, row, COMMON_LOWER_LAYERS, "Device.Ethernet.Link.1", false),
		     ESPALIER_FAULT_DENIED);
}

Test(collector, an_unfinished_address_and_back, .init = begin, .fini = end)
{
	struct link *lo = links_find(&collector, 1);
	struct espalier_row row;
	uint32_t number;

	cr_assert_eq(
		request_owner.add(collector.writer, NULL, OBJECT_IPV4_ADDRESS, lo->row[LAYER_IP], &row, &collector),
		ESPALIER_OK);
	number = espalier_instance_number(collector.writer, row);
	expect_text(row, ADDRESS_STATUS, "Disabled");
	cr_expect_eq(set(OBJECT_IPV4_ADDRESS, row, ADDRESS_IP, "", false), ESPALIER_OK);
	cr_expect_eq(set(OBJECT_IPV4_ADDRESS, row, ADDRESS_IP, "192.0.2.1", false), ESPALIER_OK);
	cr_expect_eq(set(OBJECT_IPV4_ADDRESS, row, IPV4_MASK, "255.255.255.0", false), ESPALIER_OK);
	expect_text(row, ADDRESS_IP, "192.0.2.1");
	cr_expect_eq(set(OBJECT_IPV4_ADDRESS, row, ADDRESS_IP, "", false), ESPALIER_FAULT_VALUE);
	cr_expect_eq(set(OBJECT_IPV4_ADDRESS, row, IPV4_MASK, "", true), ESPALIER_OK);
	cr_expect_eq(set(OBJECT_IPV4_ADDRESS, row, ADDRESS_IP, "", true), ESPALIER_OK);
	expect_text(row, ADDRESS_IP, "");
	expect_text(row, IPV4_MASK, "");
	cr_expect_eq(espalier_instance_number(collector.writer, row), number);
	cr_expect_eq(request_owner.remove(collector.writer, NULL, row, &collector), ESPALIER_OK);
	cr_expect_null(state_get(&collector.state, STATE_ADDRESS, "Device.IP.Interface.1.IPv4Address.2."));
	cr_assert_eq(
		request_owner.add(collector.writer, NULL, OBJECT_IPV4_ADDRESS, lo->row[LAYER_IP], &row, &collector),
		ESPALIER_OK);
	cr_expect_gt(espalier_instance_number(collector.writer, row), number);
}
