// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's end of the private connection with espalier-nat.
#include "agent/reach.h"

#include "agent/agent-private.h"
#include "agent/url.h"
#include "shm/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SECOND		  1000000000ll // nanoseconds
#define BACKLOG		  4
#define STATE_UDP_REQUEST "udp-request"
#define STATE_UDP_ADDRESS "udp-address"
#define ADDRESS_PATH	  "Device.ManagementServer.UDPConnectionRequestAddress"
#define WANTED                                                                                                         \
	(SETTING_BIT(SETTING_URL) | SETTING_BIT(SETTING_CONNECTION_REQUEST_USERNAME) |                                 \
	 SETTING_BIT(SETTING_STUN_ENABLE) | SETTING_BIT(SETTING_STUN_SERVER_ADDRESS) |                                 \
	 SETTING_BIT(SETTING_STUN_SERVER_PORT) | SETTING_BIT(SETTING_STUN_USERNAME) |                                  \
	 SETTING_BIT(SETTING_STUN_PASSWORD) | SETTING_BIT(SETTING_STUN_MAXIMUM_KEEP_ALIVE) |                           \
	 SETTING_BIT(SETTING_STUN_MINIMUM_KEEP_ALIVE))

static struct reach *of_accepting(struct ring_operation *operation)
{
	return (struct reach *)((char *)operation - offsetof(struct reach, accepting));
}

static struct reach *of_receiving(struct ring_operation *operation)
{
	return (struct reach *)((char *)operation - offsetof(struct reach, receiving));
}

// --- what is published ---

static void publish(struct reach *reach)
{
	struct own *own = &reach->agent->own;
	bool detected = reach->binding.nat_detected && settings_boolean(&reach->agent->settings, SETTING_STUN_ENABLE);
	bool usable = reach_connected(reach) || *reach->binding.address;

	own_set(own, OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_UDP_CONNECTION_REQUEST_ADDRESS, reach->binding.address);
	own_set(own, OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_NAT_DETECTED, detected ? "1" : "0");
	own_set(own, OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_SUPPORTED_CONN_REQ_METHODS,
		usable ? "HTTP,STUN" : "HTTP");
	own_set(own, OWN_CONNECTION_REQUEST, 0, reach_connected(reach) ? "1" : "0");
}

static void take_binding(struct reach *reach, const struct reach_binding *binding)
{
	bool news = strcmp(reach->binding.address, binding->address) != 0;

	alarm_clear(&reach->grace);
	reach->binding = *binding;
	publish(reach);
	if (!news)
		return;
	log_info("reached by UDP at %s", *binding->address ? binding->address : "no address");
	// So that the next process of the agent does not tell the ACS of an address that is lost and found.
	agent_put_state(reach->agent, STATE_UDP_ADDRESS, binding->address);
}

// The monitor does not come back, or does not find a binding.
static void give_up(struct alarm *alarm)
{
	struct reach *reach = (struct reach *)((char *)alarm - offsetof(struct reach, grace));

	take_binding(reach, &(struct reach_binding){0});
}

static void start_grace(struct reach *reach)
{
	if (!reach->grace.set && *reach->binding.address)
		alarm_set(&reach->grace, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + REACH_GRACE_SECONDS * SECOND);
}

// --- notifications ---

static void limit_over(struct alarm *alarm)
{
	struct reach *reach = (struct reach *)((char *)alarm - offsetof(struct reach, limit));

	reach->notified_at = ring_clock(CLOCK_BOOTTIME);
	if (!(notify_waiting(&reach->agent->notify) & NOTIFY_LIMITED))
		return;
	reach->agent->notify_wanted = true;
	agent_plan(reach->agent);
}

bool reach_may_notify(struct reach *reach)
{
	int64_t now = ring_clock(CLOCK_BOOTTIME);
	int64_t limit = settings_number(&reach->agent->settings, SETTING_UDP_ADDRESS_NOTIFICATION_LIMIT) * SECOND;

	if (!reach->notified_at || reach->notified_at + limit <= now) {
		reach->notified_at = now;
		return true;
	}
	alarm_set(&reach->limit, CLOCK_BOOTTIME, reach->notified_at + limit);
	return false;
}

// --- what the monitor is told ---

static void text(char *field, size_t size, const char *value)
{
	snprintf(field, size, "%s", value);
}

// The host of the ACS, where no server is set.
static void find_server(const struct settings *settings, char server[REACH_HOST_MAXIMUM + 1])
{
	const char *given = settings_text(settings, SETTING_STUN_SERVER_ADDRESS);
	const char *acs = settings_text(settings, SETTING_URL);
	struct url url;

	if (*given)
		text(server, REACH_HOST_MAXIMUM + 1, given);
	else if (!url_parse(&url, acs, strlen(acs)))
		text(server, REACH_HOST_MAXIMUM + 1, url.host);
}

static void send_settings(struct reach *reach)
{
	struct agent *agent = reach->agent;
	const struct settings *settings = &agent->settings;
	long maximum = strtol(settings_text(settings, SETTING_STUN_MAXIMUM_KEEP_ALIVE), NULL, 10);
	struct reach_settings told = {
		.stun = settings_boolean(settings, SETTING_STUN_ENABLE),
		.listen = agent->configuration.stun_listen,
		.local_port = (uint16_t)agent->configuration.stun_local_port,
		.server_port = (uint16_t)settings_number(settings, SETTING_STUN_SERVER_PORT),
		.minimum = settings_number(settings, SETTING_STUN_MINIMUM_KEEP_ALIVE),
		.maximum = maximum > 0 ? (uint32_t)maximum : 0,
	};
	char message[REACH_MESSAGE_MAXIMUM];
	int length;

	if (!reach_connected(reach))
		return;
	find_server(settings, told.server);
	text(told.username, sizeof(told.username), settings_text(settings, SETTING_STUN_USERNAME));
	text(told.password, sizeof(told.password), settings_text(settings, SETTING_STUN_PASSWORD));
	text(told.request_username, sizeof(told.request_username),
	     settings_text(settings, SETTING_CONNECTION_REQUEST_USERNAME));
	length = reach_write_settings(message, &told);
	// A monitor that does not read is of no use: it comes back with a new connection.
	if (send(reach->connection, message, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) != length)
		shutdown(reach->connection, SHUT_RDWR);
	explicit_bzero(message, sizeof(message));
	explicit_bzero(&told, sizeof(told));
}

void reach_settings_changed(struct reach *reach, uint64_t changed)
{
	if (changed &
	    (SETTING_BIT(SETTING_CONNECTION_REQUEST_USERNAME) | SETTING_BIT(SETTING_CONNECTION_REQUEST_PASSWORD))) {
		udp_request_forget(&reach->udp);
		agent_put_state(reach->agent, STATE_UDP_REQUEST, "");
	}
	if (!(changed & WANTED) || reach->descriptor < 0)
		return;
	// The binding of the former settings holds until the monitor has told of another one, or of none.
	if (changed & WANTED & ~SETTING_BIT(SETTING_CONNECTION_REQUEST_USERNAME))
		start_grace(reach);
	send_settings(reach);
}

// --- what the monitor tells ---

static void take_request(struct reach *reach, const char *datagram, size_t length)
{
	struct agent *agent = reach->agent;
	char state[UDP_REQUEST_STATE_SIZE];
	enum udp_request_verdict verdict = udp_request_check(
		&reach->udp, datagram, length, settings_text(&agent->settings, SETTING_CONNECTION_REQUEST_USERNAME),
		settings_text(&agent->settings, SETTING_CONNECTION_REQUEST_PASSWORD), ring_clock(CLOCK_BOOTTIME));

	agent_counted(agent);
	if (verdict != UDP_REQUEST_GRANTED)
		return;
	log_info("connection request by UDP");
	udp_request_state(&reach->udp, state);
	agent_put_state(agent, STATE_UDP_REQUEST, state);
	agent_raise(agent, EVENT_CONNECTION_REQUEST);
	agent_plan(agent);
}

static void start_receiving(struct reach *reach);

static void connection_over(struct reach *reach)
{
	close(reach->connection);
	reach->connection = reach->successor;
	reach->successor = -1;
	if (reach_connected(reach)) {
		start_receiving(reach);
		return;
	}
	log_notice("espalier-nat is gone");
	start_grace(reach);
	publish(reach);
}

static void received(struct ring_operation *operation, int result, unsigned flags)
{
	static struct reach_message message;
	struct reach *reach = of_receiving(operation);

	(void)flags;
	if (result <= 0 || reach->successor >= 0) {
		connection_over(reach);
		return;
	}
	if (reach_read(reach->received, (size_t)result, &message) || message.kind == REACH_SETTINGS) {
		log_error("the message of espalier-nat is not understood: is it of another version?");
		connection_over(reach);
		return;
	}
	if (message.kind == REACH_BINDING)
		take_binding(reach, &message.binding);
	else
		take_request(reach, message.request.bytes, message.request.length);
	if (ring_receive(&reach->agent->ring, &reach->receiving, reach->connection, reach->received,
			 sizeof(reach->received)))
		connection_over(reach);
}

static void start_receiving(struct reach *reach)
{
	log_info("espalier-nat is connected");
	reach->receiving.done = received;
	if (ring_receive(&reach->agent->ring, &reach->receiving, reach->connection, reach->received,
			 sizeof(reach->received))) {
		connection_over(reach);
		return;
	}
	send_settings(reach);
	publish(reach);
}

static bool trusted(int descriptor)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	return !getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

static void accepted(struct ring_operation *operation, int result, unsigned flags)
{
	struct reach *reach = of_accepting(operation);

	if (result < 0 && !(flags & RING_MORE)) {
		log_warning("espalier-nat can't connect any more: %s", strerror(-result));
		return;
	}
	if (!(flags & RING_MORE))
		ring_accept(&reach->agent->ring, operation, reach->descriptor);
	if (!trusted(result)) {
		log_warning("a stranger at %s", reach->path);
		close(result);
	} else if (!reach_connected(reach)) {
		reach->connection = result;
		start_receiving(reach);
	} else {
		// The newest is the one that lives; the former's end is on its way.
		if (reach->successor >= 0)
			close(reach->successor);
		reach->successor = result;
		shutdown(reach->connection, SHUT_RDWR);
	}
}

// --- the socket ---

// It comes into its place when it listens: the monitor waits for the rename.
static int open_socket(struct reach *reach)
{
	const char *folder = reach->agent->daemon.run_folder;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path, sizeof(address.sun_path), "%s/.%s", folder, REACH_SOCKET);
	int descriptor;

	if (length < 0 || (size_t)length >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	length = snprintf(reach->path, sizeof(reach->path), "%s/%s", folder, REACH_SOCKET);
	if (length < 0 || (size_t)length >= sizeof(reach->path))
		return -ENAMETOOLONG;
	descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (descriptor < 0)
		return -errno;
	unlink(address.sun_path);
	// The mode of the descriptor is that of the file which bind() makes, whatever the process' mask is.
	if (fchmod(descriptor, S_IRUSR | S_IWUSR) || bind(descriptor, (struct sockaddr *)&address, sizeof(address)) ||
	    chmod(address.sun_path, S_IRUSR | S_IWUSR) || listen(descriptor, BACKLOG) ||
	    rename(address.sun_path, reach->path)) {
		int error = -errno;

		close(descriptor);
		return error;
	}
	return descriptor;
}

void reach_open(struct reach *reach, struct agent *agent)
{
	char state[UDP_REQUEST_STATE_SIZE];
	int error;

	reach->agent = agent;
	reach->connection = reach->successor = -1;
	reach->grace = (struct alarm){.ring = &agent->ring, .rang = give_up};
	reach->limit = (struct alarm){.ring = &agent->ring, .rang = limit_over};
	agent->notify.limited = ADDRESS_PATH;
	if (store_get(agent->store, STORE_STATE, STATE_UDP_REQUEST, state, sizeof(state)) > 0)
		udp_request_load(&reach->udp, state);
	if (store_get(agent->store, STORE_STATE, STATE_UDP_ADDRESS, reach->binding.address,
		      sizeof(reach->binding.address)) <= 0)
		*reach->binding.address = 0;
	start_grace(reach);
	reach->descriptor = open_socket(reach);
	error = reach->descriptor;
	if (error >= 0) {
		reach->accepting.done = accepted;
		error = ring_accept(&agent->ring, &reach->accepting, reach->descriptor);
	}
	if (error < 0)
		log_error("no connection requests by UDP: %s: %s", reach->path, strerror(-error));
	publish(reach);
}

bool reach_connected(const struct reach *reach)
{
	return reach->connection >= 0;
}

void reach_stop(struct reach *reach)
{
	if (reach->agent && reach->descriptor >= 0)
		unlink(reach->path);
}

void reach_free(struct reach *reach)
{
	if (!reach->agent)
		return;
	for (size_t i = 0; i < 3; i++) {
		int descriptor = (const int[]){reach->descriptor, reach->connection, reach->successor}[i];

		if (descriptor >= 0)
			close(descriptor);
	}
}
