// SPDX-License-Identifier: GPL-2.0-or-later
// A thread for calls that block: a queue in, a queue out, and an eventfd to wake the ring.
#include "agent/worker.h"

#include "shm/log.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void append(struct worker_queue *queue, struct worker_job *job)
{
	job->next = NULL;
	*queue->last = job;
	queue->last = &job->next;
}

static struct worker_job *take(struct worker_queue *queue)
{
	struct worker_job *job = queue->first;

	if (job) {
		queue->first = job->next;
		if (!queue->first)
			queue->last = &queue->first;
	}
	return job;
}

static void *work(void *argument)
{
	static const uint64_t one = 1;
	struct worker *worker = argument;

	pthread_mutex_lock(&worker->lock);
	while (true) {
		struct worker_job *job = take(&worker->waiting);

		if (!job && worker->closing)
			break;
		if (!job) {
			pthread_cond_wait(&worker->submitted, &worker->lock);
			continue;
		}
		pthread_mutex_unlock(&worker->lock);
		job->run(job);
		pthread_mutex_lock(&worker->lock);
		append(&worker->completed, job);
		// Fails only when the counter is full, and then the ring has long been woken.
		if (write(worker->event, &one, sizeof(one)) < 0 && errno != EAGAIN)
			log_error("worker: cannot wake the ring: %s", strerror(errno));
	}
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

static void complete(struct worker *worker)
{
	struct worker_job *job;

	while (true) {
		pthread_mutex_lock(&worker->lock);
		job = take(&worker->completed);
		pthread_mutex_unlock(&worker->lock);
		if (!job)
			return;
		job->pending = false;
		job->done(job);
	}
}

static void event_readable(struct ring_operation *operation, int result, unsigned flags)
{
	struct worker *worker = (struct worker *)((char *)operation - offsetof(struct worker, poll));
	uint64_t count;

	if (result < 0) {
		if (result != -ECANCELED)
			log_error("worker: its event cannot be watched: %s", strerror(-result));
		return;
	}
	// The watch is renewed and the event is cleared before the queue is looked at: what comes later wakes again.
	if (!(flags & RING_MORE) && ring_poll(worker->ring, operation, worker->event, POLLIN) != 0)
		log_error("worker: its event cannot be watched: the ring is full");
	if (read(worker->event, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_error("worker: its event cannot be read: %s", strerror(errno));
	complete(worker);
}

// Starts the thread on a small stack, with no signal ever delivered to it.
static int start_thread(struct worker *worker, const char *name)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int result;

	result = pthread_attr_init(&attributes);
	if (result != 0)
		return -result;
	pthread_attr_setstacksize(&attributes, WORKER_STACK_SIZE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&worker->thread, &attributes, work, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (result == 0)
		pthread_setname_np(worker->thread, name);
	return -result;
}

int worker_open(struct worker *worker, struct ring *ring, const char *name)
{
	int result;

	memset(worker, 0, sizeof(*worker));
	worker->ring = ring;
	worker->waiting.last = &worker->waiting.first;
	worker->completed.last = &worker->completed.first;
	worker->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->event < 0)
		return -errno;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->submitted, NULL);
	result = start_thread(worker, name);
	if (result != 0) {
		close(worker->event);
		return result;
	}
	worker->poll.done = event_readable;
	result = ring_poll(ring, &worker->poll, worker->event, POLLIN);
	if (result != 0)
		worker_close(worker);
	return result;
}

void worker_submit(struct worker *worker, struct worker_job *job)
{
	assert(!job->pending && job->run && job->done);
	job->pending = true;
	pthread_mutex_lock(&worker->lock);
	append(&worker->waiting, job);
	pthread_cond_signal(&worker->submitted);
	pthread_mutex_unlock(&worker->lock);
}

void worker_close(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	worker->closing = true;
	pthread_cond_signal(&worker->submitted);
	pthread_mutex_unlock(&worker->lock);
	pthread_join(worker->thread, NULL);
	pthread_cond_destroy(&worker->submitted);
	pthread_mutex_destroy(&worker->lock);
	close(worker->event);
}
