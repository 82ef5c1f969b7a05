/* SPDX-License-Identifier: BSD-2-Clause */
/* Names to addresses, on a thread of its own: getaddrinfo() may take as long as it likes. */
#include "zwave/resolve.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Enough for getaddrinfo() of glibc, which keeps answers of a few KiB on the stack. */
#define STACK_SIZE ((size_t)256 * 1024)

struct resolve {
	struct loop *loop;
	struct loop_watch watch;
	char *host, *port;
	struct addrinfo *addresses;
	int error;
	void (*done)(struct addrinfo *addresses, const char *why, void *context);
	void *context;
	atomic_int holders; /* the loop's side and the thread */
};

static void release(struct resolve *resolve)
{
	if (atomic_fetch_sub(&resolve->holders, 1) > 1)
		return;
	if (resolve->addresses)
		freeaddrinfo(resolve->addresses);
	close(resolve->watch.fd);
	free(resolve->host);
	free(resolve->port);
	free(resolve);
}

static void *look_up(void *argument)
{
	static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct resolve *resolve = argument;
	uint64_t one = 1;

	resolve->error = getaddrinfo(resolve->host, resolve->port, &hints, &resolve->addresses);
	if (write(resolve->watch.fd, &one, sizeof(one)) < 0)
		resolve->error = EAI_SYSTEM;
	release(resolve);
	return NULL;
}

static void ready(uint32_t events, void *context)
{
	struct resolve *resolve = context;
	struct addrinfo *addresses = resolve->addresses;
	const char *why = resolve->error ? gai_strerror(resolve->error) : NULL;

	(void)events;
	resolve->addresses = NULL;
	loop_remove(resolve->loop, &resolve->watch);
	resolve->done(addresses, why, resolve->context);
	release(resolve);
}

struct resolve *resolve_start(struct loop *loop, const char *host, const char *port,
			      void (*done)(struct addrinfo *addresses, const char *why, void *context), void *context)
{
	struct resolve *resolve = calloc(1, sizeof(*resolve));
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	if (!resolve)
		return NULL;
	resolve->loop = loop;
	resolve->done = done;
	resolve->context = context;
	resolve->host = strdup(host);
	resolve->port = strdup(port);
	resolve->watch =
		(struct loop_watch){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .ready = ready, .context = resolve};
	atomic_init(&resolve->holders, 1);
	if (!resolve->host || !resolve->port || resolve->watch.fd < 0 || loop_add(loop, &resolve->watch, EPOLLIN)) {
		release(resolve);
		return NULL;
	}
	atomic_fetch_add(&resolve->holders, 1);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	error = pthread_create(&thread, &attributes, look_up, resolve);
	pthread_attr_destroy(&attributes);
	if (error) {
		atomic_fetch_sub(&resolve->holders, 1);
		resolve_cancel(resolve);
		return NULL;
	}
	return resolve;
}

void resolve_cancel(struct resolve *resolve)
{
	if (!resolve)
		return;
	loop_remove(resolve->loop, &resolve->watch);
	release(resolve);
}
