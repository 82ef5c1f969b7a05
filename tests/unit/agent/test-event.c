// SPDX-License-Identifier: GPL-2.0-or-later
// agent/event.c: how long events are kept, and what delivers them.
#include "agent/event.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

Test(event, one_of_a_kind_in_the_order_of_occurrence)
{
	struct events events = {0};

	cr_expect_eq(events_raise(&events, EVENT_PERIODIC, ""), 1);
	cr_expect_eq(events_raise(&events, EVENT_VALUE_CHANGE, ""), 1);
	cr_expect_eq(events_raise(&events, EVENT_PERIODIC, ""), 0);
	cr_expect_eq(events.count, 2);
	cr_expect_eq(events.entries[0].kind, EVENT_PERIODIC);
	cr_expect_eq(events.entries[1].kind, EVENT_VALUE_CHANGE);
	events_free(&events);
}

Test(event, bootstrap_discards_all_but_boot)
{
	struct events events = {0};

	events_raise(&events, EVENT_PERIODIC, "");
	events_raise(&events, EVENT_BOOT, "");
	events_raise(&events, EVENT_CONNECTION_REQUEST, "");
	events_raise(&events, EVENT_BOOTSTRAP, "");
	cr_expect_eq(events.count, 2);
	cr_expect(events_has(&events, EVENT_BOOT) && events_has(&events, EVENT_BOOTSTRAP));
	events_free(&events);
}

Test(event, delivered_by_the_inform_response)
{
	struct events events = {0};

	events_raise(&events, EVENT_BOOT, "");
	events_raise(&events, EVENT_PERIODIC, "");
	cr_expect_eq(events_inform(&events, EVENT_SESSION_COMMON, CWMP_1_4), 0);
	// Comes up while the Inform is on its way: it is a new one.
	cr_expect_eq(events_raise(&events, EVENT_PERIODIC, ""), 1);
	events_delivered(&events, EVENT_BY_INFORM_RESPONSE);
	cr_expect_eq(events.count, 1);
	cr_expect(events_has(&events, EVENT_PERIODIC));
	events_free(&events);
}

Test(event, failure_keeps_what_is_retried)
{
	struct events events = {0};

	events_raise(&events, EVENT_CONNECTION_REQUEST, "");
	cr_expect(!events_retried(&events, EVENT_SESSION_COMMON), "a lone connection request keeps no timer alive");
	events_raise(&events, EVENT_PERIODIC, "");
	cr_expect(events_retried(&events, EVENT_SESSION_COMMON));
	events_inform(&events, EVENT_SESSION_COMMON, CWMP_1_4);
	events_raise(&events, EVENT_PERIODIC, "");
	events_raise(&events, EVENT_CONNECTION_REQUEST, "");
	events_failed(&events);
	cr_expect_eq(events.count, 2, "the old PERIODIC, and the new CONNECTION REQUEST");
	cr_expect_eq(events.entries[0].kind, EVENT_PERIODIC);
	cr_expect_eq(events.entries[1].kind, EVENT_CONNECTION_REQUEST);
	cr_expect(!events.entries[0].informed);
	events_free(&events);
}

Test(event, dropped_only_outside_an_inform)
{
	struct events events = {0};

	events_raise(&events, EVENT_VALUE_CHANGE, "");
	events_inform(&events, EVENT_SESSION_COMMON, CWMP_1_4);
	events_raise(&events, EVENT_VALUE_CHANGE, "");
	events_drop(&events, EVENT_VALUE_CHANGE);
	cr_expect_eq(events.count, 1);
	cr_expect(events.entries[0].informed);
	events_free(&events);
}

Test(event, many_are_kept_once_for_each_key)
{
	struct events events = {0};
	char long_key[EVENT_COMMAND_KEY_SIZE + 1];

	cr_expect_eq(events_raise(&events, EVENT_M_REBOOT, "a"), 1);
	cr_expect_eq(events_raise(&events, EVENT_M_REBOOT, "b"), 1);
	cr_expect_eq(events_raise(&events, EVENT_M_REBOOT, "a"), 0);
	cr_expect_eq(events_raise(&events, EVENT_M_DOWNLOAD, "a"), 1);
	events_inform(&events, EVENT_SESSION_COMMON, CWMP_1_4);
	cr_expect_eq(events_raise(&events, EVENT_M_REBOOT, "a"), 1);
	events_failed(&events);
	cr_expect_eq(events.count, 3, "the older of two with the same key is enough");
	memset(long_key, 'k', sizeof(long_key) - 1);
	long_key[sizeof(long_key) - 1] = 0;
	cr_expect_eq(events_raise(&events, EVENT_M_REBOOT, long_key), -EINVAL);
	events_free(&events);
}

Test(event, sixty_four_in_an_inform)
{
	struct events events = {0};
	char key[8];

	for (int i = 0; i < EVENT_PENDING_MAXIMUM; i++) {
		snprintf(key, sizeof(key), "%d", i);
		cr_expect_eq(events_raise(&events, EVENT_M_SCHEDULE_INFORM, key), 1);
	}
	cr_expect_eq(events_raise(&events, EVENT_M_SCHEDULE_INFORM, "one more"), -ENOSPC);
	cr_expect_eq(events_raise(&events, EVENT_PERIODIC, ""), 1, "there is one at most: always room");
	cr_expect_eq(events_inform(&events, EVENT_SESSION_COMMON, CWMP_1_4),
		     EVENT_PENDING_MAXIMUM + 1 - EVENT_INFORM_MAXIMUM);
	cr_expect(events_informed(&events, EVENT_M_SCHEDULE_INFORM, "63"));
	cr_expect_not(events_informed(&events, EVENT_M_SCHEDULE_INFORM, "64"));
	events_delivered(&events, EVENT_BY_INFORM_RESPONSE);
	cr_expect_eq(events.count, EVENT_PENDING_MAXIMUM + 1 - EVENT_INFORM_MAXIMUM);
	cr_expect_str_eq(events.entries[0].command_key, "64");
	events_free(&events);
}

Test(event, delivered_by_the_request_that_it_announces)
{
	struct events events = {0};

	events_raise(&events, EVENT_TRANSFER_COMPLETE, "");
	events_raise(&events, EVENT_M_DOWNLOAD, "k");
	events_inform(&events, EVENT_SESSION_COMMON, CWMP_1_4);
	events_delivered(&events, EVENT_BY_INFORM_RESPONSE);
	cr_expect_eq(events.count, 2);
	events_raise(&events, EVENT_TRANSFER_COMPLETE, "");
	events_answered(&events, EVENT_TRANSFER_COMPLETE, "");
	events_answered(&events, EVENT_M_DOWNLOAD, "k");
	cr_expect_eq(events.count, 1);
	cr_expect_not(events.entries[0].informed, "raised since the Inform");
	events_answered(&events, EVENT_TRANSFER_COMPLETE, "");
	cr_expect_eq(events.count, 1);
	events_remove(&events, EVENT_TRANSFER_COMPLETE, "");
	cr_expect_eq(events.count, 0);
	events_free(&events);
}

Test(event, vendors_have_their_own_codes)
{
	struct events events = {0};

	cr_expect_eq(events_raise_vendor(&events, "X 00D09E Door", ""), 1);
	cr_expect_eq(events_raise_vendor(&events, "X 00D09E Door", ""), 0);
	cr_expect_eq(events_raise_vendor(&events, "X 00D09E Window", "key"), 1);
	cr_expect_str_eq(event_code(&events.entries[1]), "X 00D09E Window");
	cr_expect_eq(event_kind_of_code("X 00D09E Door"), EVENT_VENDOR);
	for (const char *const *code = (const char *const[]){"X 00d09e Door", "X 00D09 Door", "X 00D09E", "X 00D09E ",
							     "Y 00D09E Door", "X 00D09EDoor", NULL};
	     *code; code++)
		cr_expect_eq(events_raise_vendor(&events, *code, ""), -EINVAL, "%s", *code);
	events_free(&events);
}

Test(event, codes)
{
	for (int kind = 0; kind < EVENT_VENDOR; kind++)
		cr_expect_eq(event_kind_of_code(event_rules[kind].code), kind);
	cr_expect_eq(event_kind_of_code("99 NOTHING"), -ENOENT);
	cr_expect_str_eq(event_rules[EVENT_VALUE_CHANGE].code, "4 VALUE CHANGE");
}

Test(event, R95_heartbeat_is_alone)
{
	struct events events = {0};

	events_raise(&events, EVENT_PERIODIC, "");
	events_raise(&events, EVENT_HEARTBEAT, "");
	events_raise(&events, EVENT_CONNECTION_REQUEST, "");
	cr_expect_eq(events_inform(&events, EVENT_SESSION_HEARTBEAT, CWMP_1_4), 0);
	cr_expect(events_informed(&events, EVENT_HEARTBEAT, ""));
	cr_expect_not(events_informed(&events, EVENT_PERIODIC, ""));
	events_delivered(&events, EVENT_BY_INFORM_RESPONSE);
	cr_expect_eq(events.count, 2);
	cr_expect_not(events_retried(&events, EVENT_SESSION_HEARTBEAT));
	events_raise(&events, EVENT_HEARTBEAT, "");
	cr_expect(events_retried(&events, EVENT_SESSION_HEARTBEAT));
	cr_expect_eq(events_inform(&events, EVENT_SESSION_COMMON, CWMP_1_4), 0);
	cr_expect_not(events_informed(&events, EVENT_HEARTBEAT, ""));
	events_delivered(&events, EVENT_BY_INFORM_RESPONSE);
	cr_expect_eq(events.count, 1);
	cr_expect(events_has(&events, EVENT_HEARTBEAT));
	events_free(&events);
}

Test(event, an_older_version_is_told_nothing_of_later_events)
{
	struct events events = {0};

	events_raise(&events, EVENT_BOOT, "");
	events_raise(&events, EVENT_WAKEUP, "");
	events_raise(&events, EVENT_AUTONOMOUS_TRANSFER_COMPLETE, "");
	events_raise(&events, EVENT_M_CHANGE_DU_STATE, "key");
	cr_expect_eq(events_inform(&events, EVENT_SESSION_COMMON, CWMP_1_0), 0, "another session would not help");
	cr_expect(events_informed(&events, EVENT_BOOT, ""));
	for (size_t i = 1; i < events.count; i++)
		cr_expect_not(events.entries[i].informed);
	events_delivered(&events, EVENT_BY_INFORM_RESPONSE);
	cr_expect_eq(events.count, 3, "they wait");
	events_inform(&events, EVENT_SESSION_COMMON, CWMP_1_2);
	cr_expect(events_informed(&events, EVENT_M_CHANGE_DU_STATE, "key"));
	cr_expect_not(events_informed(&events, EVENT_WAKEUP, ""));
	events_free(&events);
}

Test(event, R82_autonomous_ones_are_one_or_one_each)
{
	struct events one = {0}, each = {.each_autonomous = true};

	cr_expect_eq(events_raise(&one, EVENT_AUTONOMOUS_TRANSFER_COMPLETE, "1"), 1);
	cr_expect_eq(events_raise(&one, EVENT_AUTONOMOUS_TRANSFER_COMPLETE, "2"), 0);
	cr_expect_eq(events_raise(&each, EVENT_AUTONOMOUS_TRANSFER_COMPLETE, "1"), 1);
	cr_expect_eq(events_raise(&each, EVENT_AUTONOMOUS_TRANSFER_COMPLETE, "2"), 1);
	cr_expect_eq(events_raise(&each, EVENT_AUTONOMOUS_DU_STATE_CHANGE_COMPLETE, "3"), 1);
	cr_expect_eq(events_raise(&each, EVENT_AUTONOMOUS_TRANSFER_COMPLETE, "2"), 0);
	cr_expect_eq(events_raise(&each, EVENT_KICKED, "1"), 1);
	cr_expect_eq(events_raise(&each, EVENT_KICKED, "2"), 0, "only these two");
	cr_expect_str_eq(event_command_key(&each.entries[1]), "", "the key is not told");
	events_inform(&each, EVENT_SESSION_COMMON, CWMP_1_4);
	events_answered(&each, EVENT_AUTONOMOUS_TRANSFER_COMPLETE, "2");
	cr_expect(events_informed(&each, EVENT_AUTONOMOUS_TRANSFER_COMPLETE, "1"));
	cr_expect(!events_informed(&each, EVENT_AUTONOMOUS_TRANSFER_COMPLETE, "2"));
	events_free(&one);
	events_free(&each);
}

Test(event, R95_heartbeat_alone_or_with_others)
{
	struct events alone = {0}, together = {.heartbeat_with_others = true};

	for (struct events *events = &alone;; events = &together) {
		events_raise(events, EVENT_HEARTBEAT, "");
		events_raise(events, EVENT_PERIODIC, "");
		cr_expect_eq(events_retried(events, EVENT_SESSION_HEARTBEAT), events == &alone);
		events_inform(events, EVENT_SESSION_COMMON, CWMP_1_4);
		cr_expect_eq(events_informed(events, EVENT_HEARTBEAT, ""), events == &together);
		cr_expect(events_informed(events, EVENT_PERIODIC, ""));
		if (events == &together)
			break;
	}
	events_free(&alone);
	events_free(&together);
}
