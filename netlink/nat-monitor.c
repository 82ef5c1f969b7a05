/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watches connection tracking (Device.NAT.X_ESPALIER_Monitor.). Two ways lead to its figures. Events of new and
 * vanished entries cost the kernel and us some microseconds each; a dump of all entries costs two microseconds an
 * entry. So events are only counted, from a queue with a bound that is emptied once a second, and the translations are
 * summed up from dumps, at an interval and for no more than a fiftieth of one processor's time.
 *
 * While nothing happens there are no wake-ups: the first event of a quiet table is waited for in the loop.
 */
#include "netlink/nat.h"

#include "netlink/text.h"
#include "netlink/update.h"
#include "shm/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#define SECOND	       1000000000ll
/* Bytes of the queue of events: some thousands of them */
#define EVENT_QUEUE    (4 * 1024 * 1024)
/* Events that are counted at once */
#define EVENTS_MAXIMUM 65536u
/* A dump may take this part of the time */
#define DUMP_SHARE     50
/* A quiet table is looked at so often: entries from before the first event was asked for vanish without one */
#define QUIET_SECONDS  60
#define EVENTS_SETTING "/proc/sys/net/netfilter/nf_conntrack_events"

const char *const nat_monitor_statuses[] = {
	[NAT_MONITOR_ENABLED] = "Enabled",
	[NAT_MONITOR_NOT_PERMITTED] = "NotPermitted",
	[NAT_MONITOR_NOT_SUPPORTED] = "NotSupported",
	[NAT_MONITOR_ERROR] = "Error",
	NULL,
};

static enum nat_monitor_status status_of(int problem)
{
	switch (problem) {
	case 0:
		return NAT_MONITOR_ENABLED;
	case -EPERM:
	case -EACCES:
		return NAT_MONITOR_NOT_PERMITTED;
	case -EOPNOTSUPP:
	case -EPROTONOSUPPORT:
		return NAT_MONITOR_NOT_SUPPORTED;
	default:
		return NAT_MONITOR_ERROR;
	}
}

/* ---- Publishing --------------------------------------------------------------------------------------------- */

static void name_addresses(char *text, size_t size, const struct conntrack_sums *sums)
{
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < sums->named_count && used < size; i++) {
		char one[TEXT_SIZE];

		text_address(one, sums->named[i].family, sums->named[i].bytes);
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? "," : "", one);
	}
}

static void publish(struct nat *nat)
{
	const struct espalier_row none = {0, 0};
	const struct nat_monitor *monitor = &nat->monitor;
	const struct conntrack_statistics *statistics = &monitor->statistics;
	const struct conntrack_sums *sums = monitor->sums;
	struct update update = update_begin(nat->writer, espalier_row_of(nat->writer, NAT_MONITOR, none));
	char addresses[CONNTRACK_NAMED_MAXIMUM * TEXT_SIZE];

	name_addresses(addresses, sizeof(addresses), sums);
	update_text(&update, NAT_MONITOR_STATUS, nat_monitor_statuses[status_of(monitor->problem)]);
	update_unsigned(&update, NAT_MONITOR_ENTRIES, statistics->entries);
	update_unsigned(&update, NAT_MONITOR_MAXIMUM_ENTRIES, statistics->maximum);
	update_unsigned(&update, NAT_MONITOR_TRANSLATIONS, sums->translations);
	update_unsigned(&update, NAT_MONITOR_SOURCE, sums->source);
	update_unsigned(&update, NAT_MONITOR_DESTINATION, sums->destination);
	update_unsigned(&update, NAT_MONITOR_TCP, sums->protocol[CONNTRACK_TCP]);
	update_unsigned(&update, NAT_MONITOR_UDP, sums->protocol[CONNTRACK_UDP]);
	update_unsigned(&update, NAT_MONITOR_ICMP, sums->protocol[CONNTRACK_ICMP]);
	update_unsigned(&update, NAT_MONITOR_OTHER, sums->protocol[CONNTRACK_OTHER]);
	update_unsigned(&update, NAT_MONITOR_INSIDE_ADDRESSES, sums->inside.count);
	update_unsigned(&update, NAT_MONITOR_OUTSIDE_ADDRESSES, sums->outside.count);
	update_text(&update, NAT_MONITOR_ADDRESSES, addresses);
	update_unsigned(&update, NAT_MONITOR_NEW, monitor->events[NAT_EVENT_NEW]);
	update_unsigned(&update, NAT_MONITOR_DESTROYED, monitor->events[NAT_EVENT_DESTROY]);
	update_unsigned(&update, NAT_MONITOR_NEW_RATE, monitor->rates[NAT_EVENT_NEW]);
	update_unsigned(&update, NAT_MONITOR_DESTROY_RATE, monitor->rates[NAT_EVENT_DESTROY]);
	update_unsigned(&update, NAT_MONITOR_EVENTS_LOST, monitor->lost);
	update_unsigned(&update, NAT_MONITOR_DROPS, statistics->drop);
	update_unsigned(&update, NAT_MONITOR_EARLY_DROPS, statistics->early_drop);
	update_unsigned(&update, NAT_MONITOR_INSERT_FAILED, statistics->insert_failed);
	update_unsigned(&update, NAT_MONITOR_INVALID, statistics->invalid);
	update_unsigned(&update, NAT_MONITOR_ERRORS, statistics->error);
	update_unsigned(&update, NAT_MONITOR_SEARCH_RESTARTS, statistics->search_restart);
	update_unsigned(&update, NAT_MONITOR_DUMPS, monitor->dumps);
	update_unsigned(&update, NAT_MONITOR_DUMP_TIME, (uint64_t)(monitor->dump_took + 999) / 1000);
	update_end(&update);
}

/* ---- Looking ------------------------------------------------------------------------------------------------ */

static int count_event(const struct nlmsghdr *header, void *context)
{
	struct nat_monitor *monitor = context;

	if (header->nlmsg_type == (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW))
		monitor->events[NAT_EVENT_NEW]++;
	else if (header->nlmsg_type == (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE))
		monitor->events[NAT_EVENT_DESTROY]++;
	return 0;
}

/* What is in the queue; after a loss the dump makes up for it, and the lost events are told as such. */
static void take_events(struct nat_monitor *monitor, int64_t elapsed)
{
	uint64_t before[NAT_EVENTS];
	int taken;

	memcpy(before, monitor->events, sizeof(before));
	taken = channel_notifications(&monitor->notifications, EVENTS_MAXIMUM, count_event, monitor);
	if (taken == -ENOBUFS) {
		monitor->lost++;
		monitor->stale = true;
		taken = channel_notifications(&monitor->notifications, EVENTS_MAXIMUM, count_event, monitor);
	}
	if (taken < 0)
		log_debug("events of connection tracking: %s", strerror(-taken));
	for (size_t i = 0; i < NAT_EVENTS; i++) {
		uint64_t count = monitor->events[i] - before[i];

		monitor->stale |= count > 0;
		monitor->rates[i] = elapsed > 0 ? (count * SECOND + (uint64_t)elapsed - 1) / (uint64_t)elapsed : 0;
	}
}

static int64_t dump_due(const struct nat *nat)
{
	const struct nat_monitor *monitor = &nat->monitor;
	int64_t pause = (int64_t)nat->settings.interval * SECOND, share = monitor->dump_took * DUMP_SHARE;

	return monitor->dumped_at + (pause > share ? pause : share);
}

static int dump(struct nat_monitor *monitor)
{
	int64_t start = loop_now();
	int error = 0;

	/* An empty table takes the kernel milliseconds too. */
	if (monitor->statistics.entries)
		error = conntrack_dump(&monitor->requests, monitor->sums);
	else
		conntrack_sums_begin(monitor->sums);
	monitor->dumped_at = loop_now();
	monitor->dump_took = monitor->dumped_at - start;
	monitor->dumps++;
	monitor->stale = false;
	return error;
}

static void problem(struct nat *nat, int error)
{
	struct nat_monitor *monitor = &nat->monitor;

	/* What holds for the packet filter too has been said. */
	if (error && error != monitor->problem && error != nat->filter.problem)
		log_warning("connection tracking can't be watched%s: %s",
			    status_of(error) == NAT_MONITOR_NOT_SUPPORTED ? " (the kernel has none)" : "",
			    strerror(-error));
	monitor->problem = error;
}

static bool same(const struct conntrack_statistics *one, const struct conntrack_statistics *other)
{
	return !memcmp(one, other, sizeof(*one));
}

/* What comes next: in a second while something happens, then when there is an event. */
static void plan(struct nat *nat, bool changed)
{
	struct nat_monitor *monitor = &nat->monitor;
	int64_t now = loop_now(), at = now + SECOND;

	if (!changed && !monitor->stale) {
		if (monitor->told && !loop_watch(&nat->loop, &monitor->source, EPOLLIN)) {
			if (!monitor->statistics.entries)
				return;
			at = now + QUIET_SECONDS * SECOND;
		} else {
			at = now + (int64_t)nat->settings.interval * SECOND;
		}
	}
	loop_timer_set(&nat->loop, &monitor->next, at);
}

static void look(struct nat *nat)
{
	struct nat_monitor *monitor = &nat->monitor;
	struct conntrack_statistics before = monitor->statistics;
	int64_t now = loop_now();
	bool busy;
	int error;

	loop_forget(&nat->loop, &monitor->source);
	take_events(monitor, now - monitor->looked_at);
	monitor->looked_at = now;
	busy = monitor->rates[NAT_EVENT_NEW] || monitor->rates[NAT_EVENT_DESTROY];
	error = conntrack_statistics(&monitor->requests, &monitor->statistics);
	if (!same(&before, &monitor->statistics))
		monitor->stale = busy = true;
	if (!error && monitor->stale && dump_due(nat) <= now)
		error = dump(monitor);
	problem(nat, error);
	publish(nat);
	plan(nat, busy);
}

static void next(struct loop_timer *timer)
{
	look(LOOP_OF(timer, struct nat, monitor.next));
}

/* Something happens again: looked at once, and then every second, however much more happens. */
static void awake(struct loop_source *source, uint32_t events)
{
	struct nat *nat = LOOP_OF(source, struct nat, monitor.source);
	int64_t now = loop_now(), at = nat->monitor.looked_at + SECOND;

	(void)events;
	loop_forget(&nat->loop, source);
	loop_timer_set(&nat->loop, &nat->monitor.next, at > now ? at : now);
}

/* ---- Life --------------------------------------------------------------------------------------------------- */

/* Whether the kernel tells of entries at all: it can be turned off for a namespace. */
static bool events_enabled(void)
{
	FILE *file = fopen(EVENTS_SETTING, "re");
	int first = file ? fgetc(file) : EOF;

	if (file)
		fclose(file);
	return first != '0' && first != EOF;
}

static int subscribe(struct nat *nat)
{
	struct nat_monitor *monitor = &nat->monitor;
	int error = channel_open_protocol(&monitor->notifications, NETLINK_NETFILTER, &nat->buffer, EVENT_QUEUE);

	if (!error)
		error = channel_subscribe(&monitor->notifications, NFNLGRP_CONNTRACK_NEW);
	if (!error)
		error = channel_subscribe(&monitor->notifications, NFNLGRP_CONNTRACK_DESTROY);
	monitor->source.descriptor = monitor->notifications.fd;
	monitor->source.ready = awake;
	return error;
}

int nat_monitor_open(struct nat *nat)
{
	struct nat_monitor *monitor = &nat->monitor;
	int error;

	monitor->next.rang = next;
	monitor->sums = calloc(1, sizeof(*monitor->sums));
	if (!monitor->sums)
		return -ENOMEM;
	if (getrandom(&monitor->sums->seed, sizeof(monitor->sums->seed), 0) != sizeof(monitor->sums->seed))
		return -EIO;
	/* First, so that nothing falls between them and the first dump. */
	error = channel_open_protocol(&monitor->requests, NETLINK_NETFILTER, &nat->buffer, 0);
	if (!error)
		error = conntrack_statistics(&monitor->requests, &monitor->statistics);
	if (!error)
		error = subscribe(nat);
	monitor->told = !error && events_enabled();
	monitor->looked_at = loop_now();
	if (!error)
		error = dump(monitor);
	problem(nat, error);
	publish(nat);
	if (!error)
		plan(nat, true);
	return 0;
}

void nat_monitor_close(struct nat *nat)
{
	loop_forget(&nat->loop, &nat->monitor.source);
	channel_close(&nat->monitor.requests);
	channel_close(&nat->monitor.notifications);
	free(nat->monitor.sums);
	nat->monitor.sums = NULL;
}
