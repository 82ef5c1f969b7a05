/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread for calls that block: handed over with a semaphore, handed back with an eventfd. */
#include "netlink/background.h"

#include "shm/log.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define STACK_SIZE (256u << 10) /* bytes of address space; libraries that parse XML on the stack fit */

static void *live(void *argument)
{
	struct background *background = argument;

	for (;;) {
		while (sem_wait(&background->wanted))
			;
		if (background->ending)
			return NULL;
		background->run(background);
		if (eventfd_write(background->over.descriptor, 1))
			log_error("a background thread can't report: %s", strerror(errno));
	}
}

static void over(struct loop_source *source, uint32_t events)
{
	struct background *background = LOOP_OF(source, struct background, over);
	eventfd_t count;

	(void)events;
	if (eventfd_read(source->descriptor, &count))
		return;
	background->busy = false;
	background->done(background);
}

static int create(struct background *background)
{
	pthread_attr_t attributes;
	int error;

	if (sem_init(&background->wanted, 0, 0))
		return -errno;
	background->over.descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	background->over.ready = over;
	if (background->over.descriptor < 0)
		return -errno;
	error = loop_watch(background->loop, &background->over, EPOLLIN);
	if (!error && !pthread_attr_init(&attributes)) {
		pthread_attr_setstacksize(&attributes, STACK_SIZE);
		error = -pthread_create(&background->thread, &attributes, live, background);
		pthread_attr_destroy(&attributes);
	}
	if (error) {
		loop_forget(background->loop, &background->over);
		close(background->over.descriptor);
	}
	return error;
}

int background_start(struct background *background)
{
	int error = background->started ? 0 : create(background);

	if (error)
		return error;
	background->started = background->busy = true;
	sem_post(&background->wanted);
	return 0;
}

/* Whether the call that runs has ended in time. */
static bool wait_for_call(struct background *background, unsigned int milliseconds)
{
	struct timespec pause = {.tv_nsec = 1000000};
	eventfd_t count;

	for (unsigned int i = 0; i <= milliseconds; i++) {
		if (!eventfd_read(background->over.descriptor, &count))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

bool background_end(struct background *background, unsigned int milliseconds)
{
	if (!background->started)
		return true;
	if (background->busy && !wait_for_call(background, milliseconds))
		return false;
	background->busy = false;
	background->ending = true;
	sem_post(&background->wanted);
	pthread_join(background->thread, NULL);
	loop_forget(background->loop, &background->over);
	close(background->over.descriptor);
	sem_destroy(&background->wanted);
	background->started = background->ending = false;
	return true;
}
