// SPDX-License-Identifier: GPL-2.0-or-later
// Where the ACS can request a connection: the listener, its address, and the URL that is published.
#include "agent/listener.h"

#include "agent/agent.h"
#include "shm/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATH_BYTES	    16 // random bytes of the path
#define STATE_LISTENER_PATH "connection-request-path"
#define STATE_REACHED_FROM  "connection-request-address"

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

static bool known(const union transport_address *address)
{
	return address->any.sa_family == AF_INET || address->any.sa_family == AF_INET6;
}

static bool usable(const union transport_address *address)
{
	return address->any.sa_family == AF_INET ||
	       (address->any.sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&address->ipv6.sin6_addr));
}

// The address of the configured interface; IPv4 first, as more servers can reach it.
static void address_of_interface(const char *name, union transport_address *address)
{
	struct ifaddrs *interfaces;

	address->any.sa_family = AF_UNSPEC;
	if (getifaddrs(&interfaces))
		return;
	for (struct ifaddrs *interface = interfaces; interface; interface = interface->ifa_next) {
		const union transport_address *found = (const union transport_address *)interface->ifa_addr;

		if (strcmp(interface->ifa_name, name) || !found || !known(found) || !usable(found))
			continue;
		if (known(address) && found->any.sa_family != AF_INET)
			continue;
		memcpy(address, found, transport_address_length(found));
		if (address->any.sa_family == AF_INET)
			break;
	}
	freeifaddrs(interfaces);
}

static const void *bytes_of(const union transport_address *address)
{
	return address->any.sa_family == AF_INET ? (const void *)&address->ipv4.sin_addr : &address->ipv6.sin6_addr;
}

static void make_url(struct listener *listener, char url[LISTENER_URL_SIZE])
{
	const char *interface = listener->agent->configuration.connection_request_interface;
	union transport_address address = listener->address;
	char text[INET6_ADDRSTRLEN];
	bool six;

	*url = 0;
	if (!listener->request)
		return;
	if (*interface)
		address_of_interface(interface, &address);
	if (!known(&address) || !inet_ntop(address.any.sa_family, bytes_of(&address), text, sizeof(text)))
		return;
	six = address.any.sa_family == AF_INET6;
	snprintf(url, LISTENER_URL_SIZE, "http://%s%s%s:%u%s", six ? "[" : "", text, six ? "]" : "",
		 listener->request->port, listener->path);
}

static void publish(struct listener *listener)
{
	struct agent *agent = listener->agent;
	char url[LISTENER_URL_SIZE];

	make_url(listener, url);
	own_set(&agent->own, OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_CONNECTION_REQUEST_URL, url);
}

static void keep_address(struct listener *listener, const union transport_address *address)
{
	char text[INET6_ADDRSTRLEN];
	struct store_transaction *transaction;

	listener->address = *address;
	if (!inet_ntop(address->any.sa_family, bytes_of(address), text, sizeof(text)))
		return;
	transaction = store_begin(listener->agent->store);
	if (!transaction)
		return;
	store_put_string(transaction, STORE_STATE, STATE_REACHED_FROM, text);
	store_commit(transaction, NULL, NULL);
}

static bool same(const union transport_address *a, const union transport_address *b)
{
	return a->any.sa_family == b->any.sa_family && known(a) &&
	       !memcmp(bytes_of(a), bytes_of(b),
		       a->any.sa_family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr));
}

void listener_reached(struct listener *listener, const union transport_address *local)
{
	union transport_address address = *local;

	if (address.any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&address.ipv6.sin6_addr)) {
		struct in_addr four;

		memcpy(&four, address.ipv6.sin6_addr.s6_addr + 12, sizeof(four));
		address.ipv4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = four};
	}
	if (same(&address, &listener->address))
		return;
	keep_address(listener, &address);
	publish(listener);
}

static void load_address(struct listener *listener)
{
	char text[INET6_ADDRSTRLEN];

	if (store_get(listener->agent->store, STORE_STATE, STATE_REACHED_FROM, text, sizeof(text)) <= 0)
		return;
	if (inet_pton(AF_INET, text, &listener->address.ipv4.sin_addr) == 1)
		listener->address.any.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &listener->address.ipv6.sin6_addr) == 1)
		listener->address.any.sa_family = AF_INET6;
}

// Whether one of the device's interfaces has the address.
static bool still_here(const union transport_address *address)
{
	struct ifaddrs *interfaces;
	bool found = false;

	if (getifaddrs(&interfaces))
		return true;
	for (struct ifaddrs *interface = interfaces; interface && !found; interface = interface->ifa_next)
		found = interface->ifa_addr && same((union transport_address *)interface->ifa_addr, address);
	freeifaddrs(interfaces);
	return found;
}

// Addresses of the device have changed. The one in the URL may be gone: a session tells the ACS the new one, and finds
// it out at the same time.
static void addresses_changed(struct ring_operation *operation, int result, unsigned flags)
{
	struct listener *listener = (struct listener *)((char *)operation - offsetof(struct listener, poll));
	struct agent *agent = listener->agent;
	char messages[4096];

	if (result < 0)
		return;
	// What the messages say is found out by asking; a queue that ran over (ENOBUFS) says as much.
	while (recv(listener->descriptor, messages, sizeof(messages), MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		continue;
	if (!(flags & RING_MORE))
		ring_poll(&agent->ring, operation, listener->descriptor, POLLIN);
	if (*agent->configuration.connection_request_interface) {
		publish(listener);
	} else if (known(&listener->address) && !still_here(&listener->address)) {
		log_info("the address of ConnectionRequestURL is gone");
		agent->notify_wanted = true;
		agent_plan(agent);
	}
}

static void watch_addresses(struct listener *listener)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};

	listener->descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (listener->descriptor < 0 || bind(listener->descriptor, (struct sockaddr *)&address, sizeof(address))) {
		log_warning("changes of addresses go unnoticed: %s", strerror(errno));
		return;
	}
	listener->poll.done = addresses_changed;
	ring_poll(&listener->agent->ring, &listener->poll, listener->descriptor, POLLIN);
}

int listener_open(struct listener *listener, struct agent *agent)
{
	int error;

	listener->agent = agent;
	error = make_path(listener);
	if (error)
		return error;
	load_address(listener);
	watch_addresses(listener);
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
	if (!listener->request || listener->former)
		return;
	connection_request_close(listener->request);
	add_counters(&listener->counted, &listener->request->counters);
	listener->former = listener->request;
	listener->request = NULL;
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
		.counted = counted,
	};
	int error = -ENOMEM;

	listener->request = calloc(1, sizeof(*listener->request));
	if (listener->request)
		error = connection_request_open(listener->request, &agent->ring, &settings, requested, agent);
	if (error) {
		free(listener->request);
		listener->request = NULL;
		if (!listener->refused)
			log_error("no connection requests on port %u: %s", configuration->connection_request_port,
				  strerror(-error));
	} else if (listener->refused) {
		log_notice("connection requests on port %u are possible again", configuration->connection_request_port);
	}
	listener->refused = error;
}

void listener_update(struct listener *listener)
{
	struct agent *agent = listener->agent;
	bool wanted = settings_boolean(&agent->settings, SETTING_CONNECTION_REQUEST_ENABLE);

	if (listener->former && connection_request_idle(listener->former)) {
		free(listener->former);
		listener->former = NULL;
	}
	if (!wanted)
		close_port(listener);
	else if (!listener->request)
		open_port(listener);
	publish(listener);
}

void listener_move(struct listener *listener)
{
	// Only one closed listener is waited for: the next session opens the port then.
	if (listener->former && !connection_request_idle(listener->former))
		return;
	free(listener->former);
	listener->former = NULL;
	close_port(listener);
	if (settings_boolean(&listener->agent->settings, SETTING_CONNECTION_REQUEST_ENABLE))
		open_port(listener);
	publish(listener);
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
	if (listener->descriptor > 0)
		close(listener->descriptor);
}
