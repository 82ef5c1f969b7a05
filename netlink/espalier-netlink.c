/* SPDX-License-Identifier: BSD-2-Clause */
/* espalier-netlink: publishes the kernel's interfaces and addresses as TR-181's Ethernet, IP and InterfaceStack. */
#include "netlink/collector.h"
#include "shm/daemon.h"
#include "shm/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define INTERVAL_MINIMUM 10u	  /* milliseconds */
#define INTERVAL_MAXIMUM 3600000u /* an hour */

static const struct configuration_key keys[] = {
	CONFIGURATION_UNSIGNED("netlink", "interval_ms", struct collector_settings, interval_ms, INTERVAL_MINIMUM,
			       INTERVAL_MAXIMUM, "1000"),
	CONFIGURATION_GLOBS("netlink", "interfaces", struct collector_settings, interfaces, ""),
	CONFIGURATION_STRING("netlink", "wan", struct collector_settings, wan, ""),
};

static const char *const other_sections[] = {"device", "acs",	"tls", "connection_request", "transfer", "stun",
					     "nat",    "zwave", NULL};

static const struct daemon_program program = {
	.name = "espalier-netlink",
	.purpose = "publishes the kernel's network interfaces and addresses",
	.keys = keys,
	.key_count = sizeof(keys) / sizeof(keys[0]),
	.settings_size = sizeof(struct collector_settings),
	.other_sections = other_sections,
};

enum { POLL_NOTIFICATIONS, POLL_TIMER, POLL_SIGNALS, POLL_WRITER, POLL_COUNT };

static int start_timer(int timer, uint32_t interval_ms)
{
	const struct timespec interval = {.tv_sec = interval_ms / 1000, .tv_nsec = interval_ms % 1000 * 1000000L};
	const struct itimerspec times = {.it_interval = interval, .it_value = interval};

	return timerfd_settime(timer, 0, &times, NULL) ? -errno : 0;
}

static void read_again(struct daemon *daemon, struct collector *collector, int timer)
{
	struct collector_settings settings = collector->settings;

	if (daemon_read_configuration(daemon, &settings)) {
		log_error("the settings stay as they were");
		return;
	}
	settings.notification_queue = NOTIFICATION_QUEUE;
	collector_configure(collector, &settings);
	start_timer(timer, settings.interval_ms);
	log_notice("the configuration was read again");
}

/* Returns true when the program shall end. */
static bool take_signals(int signals, struct daemon *daemon, struct collector *collector, int timer)
{
	int number;

	while ((number = daemon_next_signal(signals))) {
		if (number != SIGHUP)
			return true;
		read_again(daemon, collector, timer);
	}
	return false;
}

static int serve(struct collector *collector)
{
	int error = espalier_writer_serve(collector->writer, 0);

	if (error < 0 && error != -EINTR) {
		log_error("requests can't be served: %s", strerror(-error));
		return error;
	}
	collector_settle(collector);
	return 0;
}

static int loop(struct daemon *daemon, struct collector *collector, int signals, int timer)
{
	struct pollfd polls[POLL_COUNT] = {
		[POLL_NOTIFICATIONS] = {.fd = collector->notifications.fd, .events = POLLIN},
		[POLL_TIMER] = {.fd = timer, .events = POLLIN},
		[POLL_SIGNALS] = {.fd = signals, .events = POLLIN},
		[POLL_WRITER] = {.fd = espalier_writer_fd(collector->writer), .events = POLLIN},
	};
	uint64_t expirations;
	int error = 0;

	while (!error) {
		if (poll(polls, POLL_COUNT, -1) < 0 && errno != EINTR)
			return -errno;
		if (polls[POLL_SIGNALS].revents && take_signals(signals, daemon, collector, timer))
			return 0;
		if (polls[POLL_NOTIFICATIONS].revents)
			error = synchronise_notifications(collector);
		if (polls[POLL_TIMER].revents && read(timer, &expirations, sizeof(expirations)) > 0)
			synchronise_interval(collector);
		if (polls[POLL_WRITER].revents && !error)
			error = serve(collector);
	}
	return error;
}

int main(int argc, char **argv)
{
	static struct collector_settings settings;
	static struct collector collector;
	static struct daemon daemon;
	int status = daemon_start(&daemon, &program, &settings, argc, argv);
	int signals, timer, error;

	if (status != DAEMON_RUN)
		return status;
	settings.notification_queue = NOTIFICATION_QUEUE;
	signals = daemon_open_signals();
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (signals < 0 || timer < 0) {
		log_error("no signals or no timer: %s", strerror(signals < 0 ? -signals : errno));
		return DAEMON_EXIT_FAILED;
	}
	error = collector_open(&collector, &settings, daemon.run_folder, daemon.state_folder);
	if (!error) {
		error = espalier_writer_publish(collector.writer);
		if (error)
			log_error("the segment can't be published: %s", espalier_error_text());
	}
	if (!error)
		error = start_timer(timer, settings.interval_ms);
	if (!error) {
		daemon_ready(&daemon);
		log_notice("%u interfaces in %s", collector.link_count, daemon.run_folder);
		error = loop(&daemon, &collector, signals, timer);
	}
	collector_close(&collector);
	close(timer);
	close(signals);
	return error ? DAEMON_EXIT_FAILED : DAEMON_EXIT_CLEAN;
}
