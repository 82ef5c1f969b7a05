/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Survives files that somebody truncates while they are mapped: the SIGBUS handler puts zero pages under the rest of
 * the mapping, so that the access goes on and finds a row without a generation. libwayland treats its clients' buffers
 * in the same way.
 */
#include "shm/guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { GUARDS_MAXIMUM = 512 };

/* `size` is set last and cleared first: the handler may run at any time, in any thread. */
static struct guard {
	uintptr_t address;
	size_t size;
	bool writable, used;
	int tripped;
} guards[GUARDS_MAXIMUM];

static pthread_mutex_t guards_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction former;
static bool installed;
static uintptr_t page_size;

static void pass_on(int number, siginfo_t *information, void *context)
{
	if (former.sa_flags & SA_SIGINFO) {
		former.sa_sigaction(number, information, context);
	} else if (former.sa_handler == SIG_DFL || former.sa_handler == SIG_IGN) {
		/* Returning runs into the same fault again, now with the default action. */
		signal(number, SIG_DFL);
	} else {
		former.sa_handler(number);
	}
}

static void on_bus_error(int number, siginfo_t *information, void *context)
{
	uintptr_t fault = (uintptr_t)information->si_addr;
	int error = errno;

	for (int i = 0; i < GUARDS_MAXIMUM; i++) {
		struct guard *guard = &guards[i];
		size_t size = __atomic_load_n(&guard->size, __ATOMIC_ACQUIRE);
		uintptr_t address = __atomic_load_n(&guard->address, __ATOMIC_RELAXED);
		uintptr_t page = fault & ~(page_size - 1);

		if (fault - address >= size)
			continue;
		if (mmap((void *)page, address + size - page, PROT_READ | (guard->writable ? PROT_WRITE : 0),
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
			break;
		__atomic_store_n(&guard->tripped, 1, __ATOMIC_RELAXED);
		errno = error;
		return;
	}
	errno = error;
	pass_on(number, information, context);
}

static int install(void)
{
	struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};

	if (installed)
		return 0;
	page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGBUS, &action, &former) < 0)
		return -errno;
	installed = true;
	return 0;
}

int guard_add(void *address, size_t size, bool writable)
{
	int error, i = 0;

	pthread_mutex_lock(&guards_lock);
	error = install();
	while (error == 0 && i < GUARDS_MAXIMUM && guards[i].used)
		i++;
	if (error == 0 && i == GUARDS_MAXIMUM)
		error = -ENOSPC;
	if (error == 0) {
		guards[i].used = true;
		__atomic_store_n(&guards[i].address, (uintptr_t)address, __ATOMIC_RELAXED);
		guards[i].writable = writable;
		__atomic_store_n(&guards[i].tripped, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&guards[i].size, size, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&guards_lock);
	return error < 0 ? error : i;
}

void guard_remove(int guard)
{
	pthread_mutex_lock(&guards_lock);
	__atomic_store_n(&guards[guard].size, 0, __ATOMIC_RELEASE);
	guards[guard].used = false;
	pthread_mutex_unlock(&guards_lock);
}

bool guard_tripped(int guard)
{
	return __atomic_load_n(&guards[guard].tripped, __ATOMIC_RELAXED);
}
