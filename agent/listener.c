// SPDX-License-Identifier: GPL-2.0-or-later
// Where the ACS can request a connection by HTTP: the listener, its port and path.
#include "agent/listener.h"

#include "agent/agent.h"
#include "shm/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define SECOND		    1000000000ll // nanoseconds
#define PATH_BYTES	    16		 // random bytes of the path
#define START_PATIENCE	    (SECOND / 2) // at the start, for the port of a process that was killed a moment ago
#define START_PAUSE	    5000000	 // nanoseconds between two attempts then
#define FIRST_RETRY	    (SECOND / 4) // to open a port that is in use; each wait is twice the former
#define LAST_RETRY	    (64 * SECOND)
#define REFUSED_GRACE	    (10 * SECOND) // for which such a port counts as if it were open
#define STATE_LISTENER_PATH "connection-request-path"

static int make_path(struct listener *listener)
{
	unsigned char bytes[PATH_BYTES];
	struct store_transaction *transaction;
	ssize_t length;

	length = store_get(listener->agent->store, STORE_STATE, STATE_LISTENER_PATH, listener->path,
			   sizeof(listener->path));
	if (length > 1)
		return 0;
	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -errno;
	listener->path[0] = '/';
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(listener->path + 1 + 2 * i, 3, "%02x", bytes[i]);
	transaction = store_begin(listener->agent->store);
	if (!transaction)
		return -ENOMEM;
	store_put_string(transaction, STORE_STATE, STATE_LISTENER_PATH, listener->path);
	store_commit(transaction, NULL, NULL);
	return 0;
}

// A port that is in use is likely to be an agent's that was killed a
// moment ago: the kernel needs its time to close a dead process' ring.
unsigned listener_port(const struct listener *listener)
{
	if (listener->request)
		return listener->request->port;
	if (listener->refused == -EADDRINUSE && ring_clock(CLOCK_BOOTTIME) - listener->refused_since < REFUSED_GRACE)
		return listener->agent->configuration.connection_request_port;
	return 0;
}

static void publish(struct listener *listener)
{
	char address[REACHABLE_ADDRESS_SIZE] = "";
	unsigned port = listener_port(listener);

	if (port && *listener->address.host)
		snprintf(address, sizeof(address), "%s:%u", listener->address.host, port);
	reachable_set(&listener->agent->reachable, REACHABLE_HTTP, address);
	if (port != listener->told_port)
		reach_tell(&listener->agent->reach);
	listener->told_port = port;
}

static void address_changed(struct device_address *address)
{
	publish((struct listener *)((char *)address - offsetof(struct listener, address)));
}

void listener_reached(struct listener *listener, const union transport_address *local,
		      const union transport_address *acs)
{
	device_address_learn(&listener->address, local, acs);
	// Whether a mapped address is of use depends on where the ACS is.
	publish(listener);
}

static void try_again(struct alarm *alarm)
{
	listener_update((struct listener *)((char *)alarm - offsetof(struct listener, again)));
}

int listener_open(struct listener *listener, struct agent *agent)
{
	int error;

	listener->agent = agent;
	listener->again = (struct alarm){.ring = &agent->ring, .rang = try_again};
	error = make_path(listener);
	if (error)
		return error;
	listener->address.changed = address_changed;
	device_address_open(&listener->address, agent);
	listener_update(listener);
	return 0;
}

static void requested(void *context)
{
	struct agent *agent = context;

	log_info("connection request");
	agent_raise(agent, EVENT_CONNECTION_REQUEST);
	agent_plan(agent);
}

static void counted(void *context)
{
	agent_counted(context);
}

static void add_counters(struct connection_request_counters *sum, const struct connection_request_counters *more)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)more;

	_Static_assert(sizeof(*sum) % sizeof(uint64_t) == 0, "counters only");
	for (size_t i = 0; i < sizeof(*sum) / sizeof(uint64_t); i++)
		to[i] += from[i];
}

void listener_counters(const struct listener *listener, struct connection_request_counters *counters)
{
	*counters = listener->counted;
	if (listener->request)
		add_counters(counters, &listener->request->counters);
}

static void close_port(struct listener *listener)
{
	connection_request_close(listener->request);
	add_counters(&listener->counted, &listener->request->counters);
	listener->former = listener->request;
	listener->request = NULL;
}

static void port_refused(struct listener *listener, int error)
{
	int64_t now = ring_clock(CLOCK_BOOTTIME);

	if (!listener->refused) {
		log_error("no connection requests on port %u: %s",
			  listener->agent->configuration.connection_request_port, strerror(-error));
		listener->refused_since = now;
		listener->wait = FIRST_RETRY;
	} else if (listener->wait < LAST_RETRY) {
		listener->wait *= 2;
	}
	listener->refused = error;
	alarm_set(&listener->again, CLOCK_BOOTTIME, now + listener->wait);
}

static void open_port(struct listener *listener)
{
	struct agent *agent = listener->agent;
	const struct agent_configuration *configuration = &agent->configuration;
	struct connection_request_settings settings = {
		.port = (uint16_t)configuration->connection_request_port,
		.interface = *configuration->connection_request_interface ? configuration->connection_request_interface
									  : NULL,
		.path = listener->path,
		.user = settings_text(&agent->settings, SETTING_CONNECTION_REQUEST_USERNAME),
		.password = settings_text(&agent->settings, SETTING_CONNECTION_REQUEST_PASSWORD),
		.sha256 = true,
		.burst = configuration->connection_request_burst,
		.interval_ms = configuration->connection_request_interval,
		.counted = counted,
	};
	int64_t until = ring_clock(CLOCK_BOOTTIME) + (agent->running ? 0 : START_PATIENCE);
	int error = -ENOMEM;

	listener->request = calloc(1, sizeof(*listener->request));
	if (listener->request)
		error = connection_request_open(listener->request, &agent->ring, &settings, requested, agent);
	// The kernel needs its time to close a dead process' ring; who starts us again wants to find the port open.
	while (error == -EADDRINUSE && ring_clock(CLOCK_BOOTTIME) < until) {
		nanosleep(&(struct timespec){.tv_nsec = START_PAUSE}, NULL);
		error = connection_request_open(listener->request, &agent->ring, &settings, requested, agent);
	}
	if (error) {
		free(listener->request);
		listener->request = NULL;
		port_refused(listener, error);
		return;
	}
	if (listener->refused)
		log_notice("connection requests on port %u are possible again", configuration->connection_request_port);
	listener->refused = 0;
}

void listener_update(struct listener *listener)
{
	struct agent *agent = listener->agent;
	bool wanted = settings_boolean(&agent->settings, SETTING_CONNECTION_REQUEST_ENABLE);
	bool close = listener->request && (!wanted || listener->moved);

	if (listener->former && connection_request_idle(listener->former)) {
		free(listener->former);
		listener->former = NULL;
	}
	if (close && !listener->former)
		close_port(listener);
	if (listener->request)
		connection_request_set_limit(listener->request, agent->configuration.connection_request_burst,
					     agent->configuration.connection_request_interval);
	if (!listener->request) {
		listener->moved = false;
		if (!wanted)
			listener->refused = 0;
		else if (!listener->refused || !listener->again.set)
			open_port(listener);
	}
	// Only one closed listener is waited for, and its memory is given back then.
	if (listener->former && !listener->again.set)
		alarm_set(&listener->again, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + FIRST_RETRY);
	publish(listener);
}

void listener_move(struct listener *listener)
{
	listener->moved = true;
	listener->refused = 0;
	device_address_look(&listener->address);
	listener_update(listener);
}

void listener_credentials(struct listener *listener)
{
	struct settings *settings = &listener->agent->settings;

	if (listener->request)
		connection_request_set_credentials(listener->request,
						   settings_text(settings, SETTING_CONNECTION_REQUEST_USERNAME),
						   settings_text(settings, SETTING_CONNECTION_REQUEST_PASSWORD));
}

void listener_stop(struct listener *listener)
{
	if (listener->request)
		connection_request_close(listener->request);
}

void listener_free(struct listener *listener)
{
	free(listener->request);
	free(listener->former);
	device_address_free(&listener->address);
}
