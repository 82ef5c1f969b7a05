/* SPDX-License-Identifier: BSD-2-Clause */
/* A share of one processor that some work of a thread may take. */
#include "shm/cpu-share.h"

#include <time.h>

int64_t cpu_thread_time(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec * 1000000000ll + time.tv_nsec;
}

bool cpu_share_begin(struct cpu_share *share, int64_t now)
{
	if (share->paid_at - now > CPU_SHARE_BURST)
		return false;
	share->began = cpu_thread_time();
	return true;
}

void cpu_share_end(struct cpu_share *share, int64_t now)
{
	if (share->paid_at < now)
		share->paid_at = now;
	share->paid_at += (cpu_thread_time() - share->began) * 100 / share->percent;
}

int64_t cpu_share_free_at(const struct cpu_share *share)
{
	return share->paid_at - CPU_SHARE_BURST / 2;
}
