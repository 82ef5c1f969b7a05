// SPDX-License-Identifier: GPL-2.0-or-later
// A TCP connection as a stream of bytes on the ring.
#include "agent/transport.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#define transport_of(operation, member) ((struct transport *)((char *)(operation)-offsetof(struct transport, member)))

socklen_t transport_address_length(const union transport_address *address)
{
	return address->any.sa_family == AF_INET6 ? sizeof(address->ipv6) : sizeof(address->ipv4);
}

static void close_when_idle(struct transport *transport)
{
	if (transport->connecting.pending || transport->receiving.pending || transport->sending.pending)
		return;
	ring_close_descriptor(transport->ring, transport->descriptor);
	transport->descriptor = -1;
	transport->state = TRANSPORT_CLOSED;
	transport->events->closed(transport);
}

static bool is_loopback(const union transport_address *address)
{
	if (address->any.sa_family == AF_INET)
		return ntohl(address->ipv4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(&address->ipv6.sin6_addr);
}

// Whether the peer has an address of this machine: then its end of the connection is ours, and packets never leave.
static bool is_local(int descriptor, const union transport_address *peer)
{
	union transport_address own = {0};
	socklen_t length = sizeof(own);

	if (is_loopback(peer))
		return true;
	if (getsockname(descriptor, &own.any, &length) != 0 || own.any.sa_family != peer->any.sa_family)
		return false;
	if (peer->any.sa_family == AF_INET)
		return own.ipv4.sin_addr.s_addr == peer->ipv4.sin_addr.s_addr;
	return IN6_ARE_ADDR_EQUAL(&own.ipv6.sin6_addr, &peer->ipv6.sin6_addr);
}

static int receive_more(struct transport *transport)
{
	return ring_receive(transport->ring, &transport->receiving, transport->descriptor, transport->received,
			    sizeof(transport->received));
}

static void connect_done(struct ring_operation *operation, int result, unsigned flags)
{
	struct transport *transport = transport_of(operation, connecting);

	(void)flags;
	if (transport->state == TRANSPORT_CLOSING) {
		close_when_idle(transport);
		return;
	}
	if (result == 0)
		result = receive_more(transport);
	if (result == 0) {
		transport->over_network = !is_local(transport->descriptor, &transport->address);
		transport->state = TRANSPORT_OPEN;
	}
	transport->events->connected(transport, result);
}

static void receive_done(struct ring_operation *operation, int result, unsigned flags)
{
	struct transport *transport = transport_of(operation, receiving);

	(void)flags;
	if (transport->state == TRANSPORT_CLOSING) {
		close_when_idle(transport);
		return;
	}
	transport->events->received(transport, transport->received, result);
	if (result > 0 && transport->state == TRANSPORT_OPEN && !operation->pending) {
		result = receive_more(transport);
		if (result != 0)
			transport->events->received(transport, NULL, result);
	}
}

static void send_done(struct ring_operation *operation, int result, unsigned flags)
{
	struct transport *transport = transport_of(operation, sending);

	(void)flags;
	if (transport->state == TRANSPORT_CLOSING)
		close_when_idle(transport);
	else
		transport->events->sent(transport, result < 0 ? result : 0);
}

void transport_prepare(struct transport *transport, struct ring *ring, const struct transport_events *events)
{
	memset(transport, 0, sizeof(*transport));
	transport->ring = ring;
	transport->events = events;
	transport->descriptor = -1;
	transport->connecting.done = connect_done;
	transport->receiving.done = receive_done;
	transport->sending.done = send_done;
}

int transport_open(struct transport *transport, const union transport_address *address)
{
	int one = 1, result;

	assert(transport->state == TRANSPORT_CLOSED);
	transport->address = *address;
	transport->descriptor = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (transport->descriptor < 0)
		return -errno;
	// Messages are handed over whole, so waiting for more to fill a packet only costs time.
	setsockopt(transport->descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	result = ring_connect(transport->ring, &transport->connecting, transport->descriptor, &transport->address.any,
			      transport_address_length(address));
	if (result != 0) {
		close(transport->descriptor);
		transport->descriptor = -1;
		return result;
	}
	transport->state = TRANSPORT_CONNECTING;
	return 0;
}

int transport_send(struct transport *transport, const struct ring_buffer *buffer, const char *data, size_t length)
{
	assert(transport->state == TRANSPORT_OPEN);
	return ring_send_buffer(transport->ring, &transport->sending, transport->descriptor, buffer, data, length,
				transport->over_network);
}

int transport_send_memory(struct transport *transport, const char *data, size_t length)
{
	assert(transport->state == TRANSPORT_OPEN);
	return ring_send(transport->ring, &transport->sending, transport->descriptor, data, length);
}

size_t transport_send_size(const struct transport *transport, const struct ring_buffer *buffer)
{
	return ring_send_size(transport->ring, buffer, transport->over_network);
}

void transport_send_last(struct transport *transport, const char *data, size_t length)
{
	assert(transport->state == TRANSPORT_OPEN && !transport->sending.pending);
	(void)send(transport->descriptor, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void transport_close(struct transport *transport)
{
	static const struct sockaddr none = {.sa_family = AF_UNSPEC};

	if (transport->state == TRANSPORT_CLOSED || transport->state == TRANSPORT_CLOSING)
		return;
	transport->state = TRANSPORT_CLOSING;
	// A send in flight may wait for room, or with SEND_ZC for acknowledgements, for as long as the peer is silent:
	// disconnecting drops what is queued and ends that wait. Otherwise what was sent is delivered before the end.
	if (transport->sending.pending)
		(void)connect(transport->descriptor, &none, sizeof(none));
	else
		shutdown(transport->descriptor, SHUT_RDWR);
	ring_cancel(transport->ring, &transport->connecting);
	ring_cancel(transport->ring, &transport->receiving);
	ring_cancel(transport->ring, &transport->sending);
	close_when_idle(transport);
}
