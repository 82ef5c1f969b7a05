// SPDX-License-Identifier: GPL-2.0-or-later
// agent/event.c: how long events are kept, and what delivers them.
#include "agent/event.h"

#include <criterion/criterion.h>

#include <errno.h>
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
	cr_expect_eq(events_inform(&events), 2);
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
	cr_expect(!events_retried(&events), "a lone connection request keeps no timer alive");
	events_raise(&events, EVENT_PERIODIC, "");
	cr_expect(events_retried(&events));
	events_inform(&events);
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
	events_inform(&events);
	events_raise(&events, EVENT_VALUE_CHANGE, "");
	events_drop(&events, EVENT_VALUE_CHANGE);
	cr_expect_eq(events.count, 1);
	cr_expect(events.entries[0].informed);
	events_free(&events);
}

Test(event, codes)
{
	for (int kind = 0; kind < EVENT_KINDS; kind++)
		cr_expect_eq(event_kind_of_code(event_rules[kind].code), kind);
	cr_expect_eq(event_kind_of_code("99 NOTHING"), -ENOENT);
	cr_expect_str_eq(event_rules[EVENT_VALUE_CHANGE].code, "4 VALUE CHANGE");
}
