/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The private connection with the agent (shm/reach-message.h). There is one attempt at the start, and one whenever the
 * agent's socket comes into the run folder; no attempt is made while nothing happens.
 */
#include "netlink/nat.h"

#include "shm/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/sockios.h>

#define QUEUE (4 << 20) /* bytes for an agent that has no time just now */

static void attempt(struct nat *nat);

static void disconnect(struct nat *nat)
{
	if (!nat->link.agent.watched)
		return;
	loop_forget(&nat->loop, &nat->link.agent);
	close(nat->link.agent.descriptor);
	nat->link.told = nat->link.mapping_told = false;
	/* The binding is kept alive meanwhile: an agent that comes back finds it. */
	log_notice("the agent is gone");
	attempt(nat);
}

static void configure_port_mapper(struct nat *nat, const struct reach_settings *settings)
{
	struct port_mapper_settings wanted = {
		.port = settings->http_port,
		.interval = settings->mapping_interval,
	};

	/* A port at which nobody listens is not to be open at the router. */
	if (settings->http_port && settings->mapping_protocols & REACH_MAP_NAT_PMP)
		wanted.protocols |= ROUTER_MAY(ROUTER_NAT_PMP);
	if (settings->http_port && settings->mapping_protocols & REACH_MAP_UPNP)
		wanted.protocols |= ROUTER_MAY(ROUTER_UPNP);
	port_mapper_configure(&nat->port_mapper, &wanted);
}

static void agent_ready(struct loop_source *source, uint32_t events)
{
	static char bytes[REACH_MESSAGE_MAXIMUM + 1];
	static struct reach_message message;
	struct nat *nat = LOOP_OF(source, struct nat, link.agent);
	ssize_t length = recv(source->descriptor, bytes, sizeof(bytes), MSG_DONTWAIT);

	(void)events;
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length <= 0) {
		disconnect(nat);
		return;
	}
	if (reach_read(bytes, (size_t)length, &message) || message.kind != REACH_SETTINGS) {
		log_error("the agent's message is not understood: is it of another version?");
	} else {
		stun_client_configure(&nat->stun, &message.settings);
		configure_port_mapper(nat, &message.settings);
		nat_link_binding(nat);
		nat_link_mapping(nat);
	}
	explicit_bzero(bytes, sizeof(bytes));
	explicit_bzero(&message, sizeof(message));
}

/* Whoever listens there gets no binding and gives no settings unless it is root or our own user. */
static bool trusted(int descriptor)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	return !getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

static void attempt(struct nat *nat)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path, sizeof(address.sun_path), "%s/" REACH_SOCKET, nat->daemon.run_folder);
	int descriptor, queue = QUEUE;

	if (nat->link.agent.watched || length < 0 || (size_t)length >= sizeof(address.sun_path))
		return;
	descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (descriptor < 0)
		return;
	if (connect(descriptor, (struct sockaddr *)&address, sizeof(address)) || !trusted(descriptor)) {
		close(descriptor);
		return;
	}
	if (setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &queue, sizeof(queue)))
		setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &queue, sizeof(queue));
	nat->link.agent.descriptor = descriptor;
	nat->link.agent.ready = agent_ready;
	if (loop_watch(&nat->loop, &nat->link.agent, EPOLLIN)) {
		close(descriptor);
		return;
	}
	log_notice("connected with the agent");
}

static void folder_ready(struct loop_source *source, uint32_t events)
{
	char notices[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	struct nat *nat = LOOP_OF(source, struct nat, link.folder);

	(void)events;
	while (read(source->descriptor, notices, sizeof(notices)) > 0)
		;
	attempt(nat);
	/* A segment comes by rename too: perhaps it has interfaces. */
	nat_interfaces_changed(nat);
}

static bool send_message(struct nat *nat, const char *bytes, int length)
{
	ssize_t sent;

	if (!nat->link.agent.watched)
		return false;
	sent = send(nat->link.agent.descriptor, bytes, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN)
		log_debug("the agent can't be told: %s", strerror(errno));
	return sent >= 0;
}

void nat_link_binding(struct nat *nat)
{
	char bytes[REACH_MESSAGE_MAXIMUM];
	struct reach_binding binding;
	union endpoint address = stun_client_address(&nat->stun);

	memset(&binding, 0, sizeof(binding));
	binding.nat_detected = nat->stun.nat_detected;
	endpoint_text(binding.address, &address);
	/* While the first answer is awaited the agent keeps what it knows from the last time. */
	if (!nat->link.agent.watched || !nat->stun.configured ||
	    (!*binding.address && (nat->stun.status == STUN_RESOLVING || nat->stun.status == STUN_BINDING)))
		return;
	if (nat->link.told && !memcmp(&binding, &nat->link.binding, sizeof(binding)))
		return;
	nat->link.binding = binding;
	nat->link.told = true;
	send_message(nat, bytes, reach_write_binding(bytes, &binding));
}

void nat_link_mapping(struct nat *nat)
{
	char bytes[REACH_MESSAGE_MAXIMUM];
	struct reach_mapping mapping;

	memset(&mapping, 0, sizeof(mapping));
	endpoint_text(mapping.address, &nat->port_mapper.mapping.external);
	/* While the first answer is awaited the agent keeps what it knows from the last time. */
	if (!nat->link.agent.watched || nat->port_mapper.status == PORT_MAPPER_SEARCHING)
		return;
	if (nat->link.mapping_told && !memcmp(&mapping, &nat->link.mapping, sizeof(mapping)))
		return;
	nat->link.mapping = mapping;
	nat->link.mapping_told = true;
	send_message(nat, bytes, reach_write_mapping(bytes, &mapping));
}

static void send_requests(struct nat *nat, struct nat_requests *requests)
{
	int waiting = 0;

	/* Strangers have half of the queue, so that there is always room for what is expected. */
	if (requests == &nat->link.requests[false] && nat->link.agent.watched)
		ioctl(nat->link.agent.descriptor, SIOCOUTQ, &waiting);
	if (waiting > QUEUE / 2 || !send_message(nat, requests->bytes, requests->length))
		request_filter_lost(&nat->stun.filter, requests->count);
	requests->count = 0;
}

void nat_link_request(struct nat *nat, bool expected, const char *datagram, size_t length)
{
	struct nat_requests *requests = &nat->link.requests[expected];
	int filled = requests->count && requests->count < REACH_REQUESTS_MAXIMUM
			     ? reach_add_request(requests->bytes, requests->length, datagram, length)
			     : -EMSGSIZE;

	if (filled < 0) {
		if (requests->count)
			send_requests(nat, requests);
		filled = reach_add_request(requests->bytes, reach_write_requests(requests->bytes, expected), datagram,
					   length);
	}
	requests->length = filled;
	requests->count++;
}

void nat_link_send_requests(struct nat *nat)
{
	for (size_t i = 0; i < 2; i++) {
		if (nat->link.requests[i].count)
			send_requests(nat, &nat->link.requests[i]);
	}
}

int nat_link_open(struct nat *nat)
{
	int descriptor = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (descriptor < 0)
		return -errno;
	nat->link.folder.descriptor = descriptor;
	nat->link.folder.ready = folder_ready;
	/* The agent's socket comes by rename, when it listens already. */
	if (inotify_add_watch(descriptor, nat->daemon.run_folder, IN_MOVED_TO | IN_ONLYDIR) < 0) {
		int error = -errno;

		close(descriptor);
		return error;
	}
	attempt(nat);
	return loop_watch(&nat->loop, &nat->link.folder, EPOLLIN);
}

void nat_link_close(struct nat *nat)
{
	if (nat->link.agent.watched) {
		loop_forget(&nat->loop, &nat->link.agent);
		close(nat->link.agent.descriptor);
	}
	if (nat->link.folder.watched) {
		loop_forget(&nat->loop, &nat->link.folder);
		close(nat->link.folder.descriptor);
	}
}
