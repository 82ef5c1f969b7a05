// SPDX-License-Identifier: GPL-2.0-or-later
// agent/retry.c against the standard's table of waits.
#include "agent/retry.h"

#include <criterion/criterion.h>

Test(retry, table_of_the_standard)
{
	static const uint64_t seconds[][2] = {
		{5, 10},    {10, 20},	 {20, 40},     {40, 80},     {80, 160},	   {160, 320},
		{320, 640}, {640, 1280}, {1280, 2560}, {2560, 5120}, {2560, 5120}, {2560, 5120},
	};

	for (uint32_t n = 1; n <= sizeof(seconds) / sizeof(*seconds); n++) {
		uint64_t low, high;

		retry_bounds(n, RETRY_MINIMUM_WAIT_DEFAULT, RETRY_MULTIPLIER_DEFAULT, &low, &high);
		cr_expect_eq(low, seconds[n - 1][0] * 1000, "low of %u: %lu", n, low);
		cr_expect_eq(high, seconds[n - 1][1] * 1000, "high of %u: %lu", n, high);
	}
}

Test(retry, other_settings)
{
	uint64_t low, high;

	retry_bounds(3, 1, 1000, &low, &high);
	cr_expect(low == 1000 && high == 1000);
	retry_bounds(2, 10, 1500, &low, &high);
	cr_expect(low == 15000 && high == 22500);
	retry_bounds(1000, 65535, 65535, &low, &high);
	cr_expect(low == high && low > 0, "stays at the largest that fits");
}

Test(retry, wait_lies_between_the_bounds)
{
	for (uint64_t random = 0; random < 100000; random += 997) {
		uint64_t wait = retry_wait(2, 5, 2000, 0, random * 0x9e3779b97f4a7c15u);

		cr_assert(wait >= 10000 && wait <= 20000);
	}
	cr_expect_eq(retry_wait(1, 5, 2000, 0, UINT64_MAX) <= 10000, 1);
}

Test(retry, server_wish_is_a_lower_bound)
{
	cr_expect_eq(retry_wait(1, 5, 2000, 60, 0), 60000);
	cr_expect_eq(retry_wait(5, 5, 2000, 60, 0), 80000);
}
