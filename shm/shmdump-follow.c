/* SPDX-License-Identifier: BSD-2-Clause */
/* Follows the tree: one line a change, with its time, until interrupted. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shm/format.h"
#include "shm/shmdump.h"

/** How often rows are looked at whose owner does not serve watchers: it publishes, but never wakes anybody. */
enum { SWEEP_MILLISECONDS = 1000 };

/** Prints the local time with its offset, as ISO 8601 writes it. */
static void put_time(void)
{
	struct timespec now;
	struct tm parts;
	char text[40], zone[8];

	clock_gettime(CLOCK_REALTIME, &now);
	if (!localtime_r(&now.tv_sec, &parts))
		return;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
	strftime(zone, sizeof(zone), "%z", &parts);
	printf("%s.%03d%.3s:%s ", text, (int)(now.tv_nsec / 1000000), zone, zone + 3);
}

static void moved(const char *path, bool came, void *context)
{
	(void)context;
	put_time();
	printf("%s %s\n", path, came ? "added" : "removed");
}

static void changed(struct track *track, struct track_value *value, const struct espalier_value *now, void *context)
{
	const struct track_row *row = &track->rows[value->row];
	const struct espalier_parameter *parameter = &row->node->object->parameters[value->parameter];

	(void)context;
	put_time();
	printf("%s%s = ", row->path, parameter->name);
	format_value(stdout, parameter, now);
	putchar_unlocked('\n');
}

/** Asks to be woken for the paths; one with a "*" is watched up to there. */
static int watch(struct shmdump *shmdump)
{
	int error = 0;

	if (!shmdump->path_count)
		return espalier_watch(shmdump->reader, "");
	for (int i = 0; i < shmdump->path_count && error >= 0; i++) {
		char *path = strndup(shmdump->paths[i], strcspn(shmdump->paths[i], "*"));

		error = path ? espalier_watch(shmdump->reader, path) : -ENOMEM;
		free(path);
	}
	return error;
}

/** Waits for a wake, a signal or the sweep's time, and shows what is new. */
static int wait_and_take(struct shmdump *shmdump, struct track *track)
{
	/* A pipe that nobody reads any more is an error on its other end, without our writing to it. */
	struct pollfd descriptors[] = {{.fd = espalier_reader_fd(shmdump->reader), .events = POLLIN},
				       {.fd = STDOUT_FILENO}};
	int result = poll(descriptors, 2, SWEEP_MILLISECONDS);

	if (result < 0)
		return errno == EINTR ? 0 : -errno;
	if (descriptors[1].revents & POLLERR)
		return -EPIPE;
	result = espalier_reader_process(shmdump->reader);
	if (result < 0)
		return result;
	result = espalier_reader_refresh(shmdump->reader);
	if (result < 0)
		return result;
	if (result & ESPALIER_NEW_STRUCTURE) {
		result = track_build(track, shmdump, moved, NULL);
		if (result < 0)
			return result;
	}
	track_look(track, shmdump, changed, NULL);
	return 0;
}

int shmdump_follow(struct shmdump *shmdump)
{
	struct track track = {0};
	int error = watch(shmdump), status = SHMDUMP_OK;

	if (error >= 0)
		error = espalier_reader_process(shmdump->reader);
	if (error >= 0)
		error = espalier_reader_refresh(shmdump->reader);
	if (error >= 0)
		error = track_build(&track, shmdump, NULL, NULL);
	if (error >= 0)
		track_look(&track, shmdump, NULL, NULL);
	while (error >= 0 && status == SHMDUMP_OK && !shmdump_interrupted) {
		error = wait_and_take(shmdump, &track);
		status = shmdump_flush();
	}
	track_clear(&track);
	if (error == -EPIPE)
		return SHMDUMP_OUTPUT;
	if (error < 0) {
		shmdump_complain("following: %s", strerror(-error));
		return SHMDUMP_OUTPUT;
	}
	return status;
}
