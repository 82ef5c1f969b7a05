/* SPDX-License-Identifier: BSD-2-Clause */
/* espalier-zwave: publishes the devices of a Z-Wave network, read from Luup, Z-Wave JS or a controller itself. */
#include "shm/daemon.h"
#include "shm/log.h"
#include "zwave/request.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define TICK_MS 1000

struct settings {
	uint32_t source; /* enum source_kind */
	char url[REQUEST_URL_SIZE];
	char object[SCHEMA_OBJECT_MAXIMUM + 1];
};

static const char *const sources[] = {
	[SOURCE_LUUP] = "luup", [SOURCE_ZWAVE_JS] = "zwave-js", [SOURCE_SERIAL] = "serial", NULL};

static const struct configuration_key keys[] = {
	CONFIGURATION_CHOICE("zwave", "source", struct settings, source, sources, "zwave-js"),
	CONFIGURATION_STRING("zwave", "url", struct settings, url, "ws://127.0.0.1:3000"),
	CONFIGURATION_STRING("zwave", "object", struct settings, object, SCHEMA_OBJECT_DEFAULT),
};

static const char *const other_sections[] = {"device",	"acs", "tls", "connection_request", "transfer", "stun",
					     "netlink", "nat", NULL};

static const struct daemon_program program = {
	.name = "espalier-zwave",
	.purpose = "publishes the devices of a Z-Wave network",
	.keys = keys,
	.key_count = sizeof(keys) / sizeof(keys[0]),
	.settings_size = sizeof(struct settings),
	.other_sections = other_sections,
};

struct zwave {
	struct daemon daemon;
	struct settings settings;
	struct loop loop;
	struct model model;
	struct control control;
	struct loop_watch signals, writer;
	struct loop_timer tick;
	bool ended;
	int error;
};

static void read_again(struct zwave *zwave)
{
	struct settings settings = zwave->settings;

	if (daemon_read_configuration(&zwave->daemon, &settings)) {
		log_error("the settings stay as they were");
		return;
	}
	/* The name of the object is in the segment, which stays. */
	if (strcmp(settings.object, zwave->settings.object) != 0)
		log_warning("the name of the object changes with the next start");
	zwave->settings = settings;
	control_load(&zwave->control, settings.source, settings.url);
	log_notice("the configuration was read again");
}

static void take_signals(uint32_t events, void *context)
{
	struct zwave *zwave = context;
	int number;

	(void)events;
	while ((number = daemon_next_signal(zwave->signals.fd))) {
		if (number == SIGHUP)
			read_again(zwave);
		else
			zwave->ended = true;
	}
}

static void serve(uint32_t events, void *context)
{
	struct zwave *zwave = context;
	int error = espalier_writer_serve(zwave->model.writer, 0);

	(void)events;
	if (error < 0 && error != -EINTR) {
		log_error("requests can't be served: %s", strerror(-error));
		zwave->error = error;
	}
}

static void tick(void *context)
{
	struct zwave *zwave = context;

	model_tick(&zwave->model);
	loop_arm(&zwave->loop, &zwave->tick, TICK_MS);
}

static int open_watches(struct zwave *zwave)
{
	int error;

	zwave->signals = (struct loop_watch){.fd = daemon_open_signals(), .ready = take_signals, .context = zwave};
	if (zwave->signals.fd < 0)
		return zwave->signals.fd;
	/* A peer that has gone is an error of write(), not the end. */
	signal(SIGPIPE, SIG_IGN);
	error = loop_open(&zwave->loop);
	if (error)
		return error;
	return loop_add(&zwave->loop, &zwave->signals, EPOLLIN);
}

static int open_all(struct zwave *zwave)
{
	int error = open_watches(zwave);

	if (error) {
		log_error("no signals or no event loop: %s", strerror(-error));
		return error;
	}
	error = model_open(&zwave->model, zwave->settings.object, zwave->daemon.run_folder, zwave->daemon.state_folder,
			   &request_owner, &zwave->control);
	if (error)
		return error;
	zwave->control.loop = &zwave->loop;
	zwave->control.model = &zwave->model;
	control_load(&zwave->control, zwave->settings.source, zwave->settings.url);
	model_settle(&zwave->model);
	error = espalier_writer_publish(zwave->model.writer);
	if (error) {
		log_error("the segment can't be published: %s", espalier_error_text());
		return error;
	}
	zwave->writer =
		(struct loop_watch){.fd = espalier_writer_fd(zwave->model.writer), .ready = serve, .context = zwave};
	zwave->tick = (struct loop_timer){.due = tick, .context = zwave};
	loop_arm(&zwave->loop, &zwave->tick, TICK_MS);
	return loop_add(&zwave->loop, &zwave->writer, EPOLLIN);
}

int main(int argc, char **argv)
{
	static struct zwave zwave;
	int status = daemon_start(&zwave.daemon, &program, &zwave.settings, argc, argv);
	int error;

	if (status != DAEMON_RUN)
		return status;
	zwave.loop.epoll = zwave.signals.fd = -1;
	error = open_all(&zwave);
	if (!error) {
		daemon_ready(&zwave.daemon);
		log_notice("started: %s", zwave.control.url);
	}
	while (!error && !zwave.ended) {
		control_apply(&zwave.control);
		error = loop_turn(&zwave.loop, -1);
		model_settle(&zwave.model);
		if (zwave.error)
			error = zwave.error;
	}
	if (zwave.model.writer)
		control_close(&zwave.control);
	model_close(&zwave.model);
	loop_close(&zwave.loop);
	if (zwave.signals.fd >= 0)
		close(zwave.signals.fd);
	return error ? DAEMON_EXIT_FAILED : DAEMON_EXIT_CLEAN;
}
