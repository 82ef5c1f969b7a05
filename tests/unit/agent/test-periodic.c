// SPDX-License-Identifier: GPL-2.0-or-later
// agent/periodic.c: the phase of periodic Informs, and dateTime.
#include "agent/date-time.h"
#include "agent/periodic.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

Test(periodic, reference_in_the_past_and_future)
{
	cr_expect_eq(periodic_next(1000, 0, 300), 1200);
	cr_expect_eq(periodic_next(1000, 100, 300), 1300);
	cr_expect_eq(periodic_next(1000, 5000, 300), 1100);
	cr_expect_eq(periodic_next(1000, -50, 300), 1150);
}

Test(periodic, due_now_means_the_next_one)
{
	cr_expect_eq(periodic_next(1000, 1000, 300), 1300);
	cr_expect_eq(periodic_next(1000, 1300, 300), 1300);
	cr_expect_eq(periodic_next(1000, 999, 1), 1001);
}

Test(periodic, extremes)
{
	int64_t first, last;

	cr_assert(!date_time_parse("0002-01-01T00:00:00Z", &first) && !date_time_parse("9999-12-31T23:59:59Z", &last));
	for (int64_t now = first; now < last; now += (last - first) / 101) {
		int64_t next = periodic_next(now, last, UINT32_MAX);

		cr_assert(next > now && next <= now + UINT32_MAX && (last - next) % UINT32_MAX == 0);
	}
}

Test(date_time, forms)
{
	int64_t seconds;

	cr_expect(!date_time_parse("1970-01-01T00:00:00Z", &seconds) && seconds == 0);
	cr_expect(!date_time_parse("1970-01-01T00:00:00", &seconds) && seconds == 0);
	cr_expect(!date_time_parse("2024-02-29T12:00:00.5+02:00", &seconds) && seconds == 1709200800);
	cr_expect(!date_time_parse("1969-12-31T23:59:59-00:30", &seconds) && seconds == 1799);
	cr_expect(!date_time_parse("2000-03-01T00:00:00Z", &seconds) && seconds == 951868800);
}

Test(date_time, unknown_is_the_year_one)
{
	int64_t seconds;

	cr_expect(!date_time_parse(DATE_TIME_UNKNOWN, &seconds) && date_time_unknown(seconds));
	cr_expect(!date_time_parse("0001-01-01T00:03:30Z", &seconds) && date_time_unknown(seconds));
	cr_expect(!date_time_parse("2024-01-01T00:00:00Z", &seconds) && !date_time_unknown(seconds));
}

Test(date_time, wrong_forms)
{
	static const char *const wrong[] = {"",
					    "2024",
					    "2024-01-01",
					    "2024-13-01T00:00:00Z",
					    "2024-01-01 00:00:00",
					    "2024-01-01T00:00:00ZZ",
					    "2024-01-01T24:00:01Z",
					    "2024-01-01T00:00:00.Z",
					    "2024-01-01T00:00:00+2:00",
					    "0000-01-01T00:00:00Z",
					    "-001-01-01T00:00:00Z"};
	int64_t seconds;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		cr_expect(date_time_parse(wrong[i], &seconds) < 0, "%s", wrong[i]);
}

Test(date_time, written_and_read_again)
{
	static const time_t times[] = {0, 951868800, 1709200800, 4102444799, -1};
	char text[DATE_TIME_SIZE];
	int64_t seconds;

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		date_time_format_utc(times[i], text);
		cr_expect(!date_time_parse(text, &seconds) && seconds == times[i], "%s", text);
		setenv("TZ", i % 2 ? "ABC+3:30" : "ABC-5:45", 1);
		tzset();
		date_time_format_local(times[i], text);
		cr_expect(!date_time_parse(text, &seconds) && seconds == times[i], "%s", text);
	}
}
