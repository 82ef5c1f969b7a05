// SPDX-License-Identifier: GPL-2.0-or-later
// The HTTP listener by which an ACS asks for a session (TR-069, 3.2.2; ).
#include "agent/connection-request.h"

#include "agent/connection-request-judge.h"
#include "shm/cpu-share.h"
#include "shm/log.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

#define ACCEPT_RETRY_MS	  1000 // after an error such as too many open files
#define LOOK_EACH	  16   // connections of a window after which its processor time is looked at
#define NANOSECONDS_IN_MS 1000000LL
#define REALM		  "Espalier"
#define SERVER_HEADER	  "Server: Espalier/" ESPALIER_VERSION "\r\n"

static void close_slot(struct connection_request_slot *slot);
static void receive(struct connection_request_slot *slot);
static void start_waiting(struct connection_request_slot *slot);

// --- time ---

// When a connection has to make room for one that waits. Bytes that trickle in do not put it off.
static int64_t room_at(const struct connection_request_slot *slot)
{
	return slot->last_active +
	       (slot->state == CONNECTION_LINGERING ? CONNECTION_REQUEST_FAREWELL : CONNECTION_REQUEST_PATIENCE) *
		       NANOSECONDS_IN_MS;
}

static bool may_accept(const struct connection_request *listener)
{
	return !listener->accepting.pending && !listener->closing &&
	       listener->waiting_count < CONNECTION_REQUEST_WAITING / 2;
}

// Accepts again, unless it is not time yet.
static void go_on(struct connection_request *listener, int64_t now)
{
	if (may_accept(listener) && listener->accept_again <= now &&
	    ring_accept(listener->ring, &listener->accepting, listener->descriptor) != 0)
		log_error("connection request: the ring takes no accept");
}

// Arms the timer for the connection that ends first; with no connection there is no timer.
static void arm_timer(struct connection_request *listener)
{
	int64_t first = INT64_MAX;

	if (listener->timer.pending)
		return;
	for (unsigned i = 0; i < CONNECTION_REQUEST_CONNECTIONS; i++) {
		const struct connection_request_slot *slot = &listener->slots[i];

		if (slot->descriptor < 0 || slot->state == CONNECTION_CLOSING)
			continue;
		if (slot->deadline < first)
			first = slot->deadline;
		if (listener->waiting_count && room_at(slot) < first)
			first = room_at(slot);
	}
	if (may_accept(listener) && listener->accept_again < first)
		first = listener->accept_again;
	if (first != INT64_MAX && ring_timer(listener->ring, &listener->timer, CLOCK_BOOTTIME, first) != 0)
		log_error("connection request: the ring takes no timer");
}

static void counted(struct connection_request *listener)
{
	if (listener->settings.counted)
		listener->settings.counted(listener->context);
}

static void set_deadline(struct connection_request_slot *slot, unsigned ms)
{
	slot->deadline = slot->last_active + ms * NANOSECONDS_IN_MS;
	// A later deadline is found when the timer fires; an earlier one would be missed.
	if (ms < slot->listener->settings.time_limit_ms)
		ring_cancel(slot->listener->ring, &slot->listener->timer);
	arm_timer(slot->listener);
}

static void timer_done(struct ring_operation *operation, int result, unsigned flags)
{
	struct connection_request *listener =
		(struct connection_request *)((char *)operation - offsetof(struct connection_request, timer));
	int64_t now = ring_clock(CLOCK_BOOTTIME);

	(void)result;
	(void)flags;
	for (unsigned i = 0; i < CONNECTION_REQUEST_CONNECTIONS; i++) {
		struct connection_request_slot *slot = &listener->slots[i];

		if (slot->descriptor < 0 || slot->state == CONNECTION_CLOSING)
			continue;
		if (slot->deadline <= now) {
			if (slot->state != CONNECTION_LINGERING && (slot->fed || slot->messages == 0))
				listener->counters.timed_out++;
		} else if (listener->waiting_count && room_at(slot) <= now) {
			listener->counters.evicted += slot->state != CONNECTION_LINGERING;
		} else {
			continue;
		}
		counted(listener);
		close_slot(slot);
	}
	go_on(listener, now);
	arm_timer(listener);
}

// --- connections ---

static bool in_flight(const struct connection_request_slot *slot)
{
	return slot->receiving.pending || slot->sending.pending;
}

static void free_when_idle(struct connection_request_slot *slot)
{
	struct connection_request *listener = slot->listener;

	if (in_flight(slot))
		return;
	ring_close_descriptor(listener->ring, slot->descriptor);
	slot->descriptor = -1;
	explicit_bzero(slot->authorization, sizeof(slot->authorization));
	if (listener->waiting_count) {
		start_waiting(slot);
		return;
	}
	for (unsigned i = 0; i < CONNECTION_REQUEST_CONNECTIONS; i++) {
		if (listener->slots[i].descriptor >= 0)
			return;
	}
	if (listener->accepting.pending || listener->closing)
		ring_cancel(listener->ring, &listener->timer);
}

static void close_slot(struct connection_request_slot *slot)
{
	slot->state = CONNECTION_CLOSING;
	if (in_flight(slot))
		shutdown(slot->descriptor, SHUT_RDWR);
	ring_cancel(slot->listener->ring, &slot->receiving);
	ring_cancel(slot->listener->ring, &slot->sending);
	free_when_idle(slot);
}

static void start_reading(struct connection_request_slot *slot)
{
	slot->state = CONNECTION_READING;
	slot->authorization_given = false;
	slot->fed = false;
	http_parser_reset(&slot->parser);
	slot->last_active = ring_clock(CLOCK_BOOTTIME);
	set_deadline(slot, slot->listener->settings.time_limit_ms);
}

// --- answers ---

static void answer(struct connection_request_slot *slot, const struct connection_request_answer *reply)
{
	int length;

	counted(slot->listener);
	// While others wait it is one request a connection: who has credentials to give comes back with them.
	slot->last =
		reply->last || ++slot->messages >= CONNECTION_REQUEST_MESSAGES_MAX || slot->listener->waiting_count;
	slot->state = CONNECTION_ANSWERING;
	length = snprintf(slot->response, sizeof(slot->response),
			  "HTTP/1.1 %s\r\n" SERVER_HEADER "%sContent-Length: 0\r\n%s\r\n", reply->status,
			  reply->headers, slot->last ? "Connection: close\r\n" : "");
	assert(length > 0 && (size_t)length < sizeof(slot->response));
	if (ring_send(slot->listener->ring, &slot->sending, slot->descriptor, slot->response, (size_t)length) != 0)
		close_slot(slot);
}

// --- requests ---

#define slot_of(parser)                                                                                                \
	((struct connection_request_slot *)((char *)(parser)-offsetof(struct connection_request_slot, parser)))

static int request_started(struct http_parser *parser, const char *method, const char *target)
{
	struct connection_request_slot *slot = slot_of(parser);

	slot->method_get = strcmp(method, "GET") == 0;
	// The absolute form (RFC 9112, 3.2.2).
	if (strncasecmp(target, "http://", 7) == 0) {
		target = strchr(target + 7, '/');
		if (!target)
			target = "/";
	}
	slot->right_path = digest_equal(slot->listener->settings.path, target);
	if (slot->right_path)
		memcpy(slot->target, target, strlen(target) + 1);
	return 0;
}

static int request_header(struct http_parser *parser, const char *name, const char *value, size_t length)
{
	struct connection_request_slot *slot = slot_of(parser);

	if (strcasecmp(name, "Authorization") != 0)
		return 0;
	if (slot->authorization_given || length >= sizeof(slot->authorization))
		return -EBADMSG;
	slot->authorization_given = true;
	slot->authorization_length = length;
	memcpy(slot->authorization, value, length + 1);
	return 0;
}

static int request_body(struct http_parser *parser, const char *data, size_t length)
{
	(void)parser;
	(void)data;
	(void)length;
	return 0;
}

static const struct http_parser_events parser_events = {
	.started = request_started,
	.header = request_header,
	.body = request_body,
};

// Parses what is unread. Answers when a request is whole or wrong; returns true when more must be received.
static bool parse(struct connection_request_slot *slot)
{
	struct connection_request_answer reply = {.last = true};
	size_t consumed;
	int result = http_parser_feed(&slot->parser, slot->received + slot->unread_at, slot->unread, &consumed);

	slot->unread_at += consumed;
	slot->unread -= consumed;
	slot->fed = true;
	if (result == 0)
		return true;
	slot->last_active = ring_clock(CLOCK_BOOTTIME);
	if (result == 1) {
		connection_request_judge(slot, &reply);
	} else {
		slot->granted = false;
		slot->listener->counters.malformed++;
		reply.status = result == -EMSGSIZE ? "431 Request Header Fields Too Large" : "400 Bad Request";
	}
	answer(slot, &reply);
	return false;
}

static void receive_done(struct ring_operation *operation, int result, unsigned flags)
{
	struct connection_request_slot *slot =
		(struct connection_request_slot *)((char *)operation -
						   offsetof(struct connection_request_slot, receiving));

	(void)flags;
	if (slot->state == CONNECTION_CLOSING) {
		free_when_idle(slot);
	} else if (result <= 0) {
		if (slot->state == CONNECTION_READING && slot->fed)
			slot->listener->counters.malformed++;
		close_slot(slot);
	} else if (slot->state == CONNECTION_LINGERING) {
		// Who goes on sending is not waiting for the answer.
		slot->lingered += (unsigned)result;
		if (slot->lingered > CONNECTION_REQUEST_LINGER_MAX)
			close_slot(slot);
		else
			receive(slot);
	} else {
		slot->unread_at = 0;
		slot->unread = (size_t)result;
		if (parse(slot))
			receive(slot);
	}
}

static void receive(struct connection_request_slot *slot)
{
	if (ring_receive(slot->listener->ring, &slot->receiving, slot->descriptor, slot->received,
			 sizeof(slot->received)) != 0)
		close_slot(slot);
}

static void send_done(struct ring_operation *operation, int result, unsigned flags)
{
	struct connection_request_slot *slot =
		(struct connection_request_slot *)((char *)operation -
						   offsetof(struct connection_request_slot, sending));
	struct connection_request *listener = slot->listener;
	bool granted = slot->granted;

	(void)flags;
	slot->granted = false;
	if (slot->state == CONNECTION_CLOSING) {
		free_when_idle(slot);
	} else if (result < 0) {
		close_slot(slot);
	} else if (slot->last) {
		// Closing with bytes unread would reset the connection, and the client might lose the answer.
		shutdown(slot->descriptor, SHUT_WR);
		slot->state = CONNECTION_LINGERING;
		slot->lingered = 0;
		slot->last_active = ring_clock(CLOCK_BOOTTIME);
		set_deadline(slot, CONNECTION_REQUEST_LINGER);
		receive(slot);
	} else {
		start_reading(slot);
		if (slot->unread == 0 || parse(slot))
			receive(slot);
	}
	// A good request counts even where its sender did not wait for the answer.
	if (granted)
		listener->requested(listener->context);
}

static void start_connection(struct connection_request_slot *slot, int descriptor)
{
	slot->descriptor = descriptor;
	slot->messages = 0;
	slot->unread = 0;
	start_reading(slot);
	receive(slot);
}

static void start_waiting(struct connection_request_slot *slot)
{
	struct connection_request *listener = slot->listener;
	int descriptor = listener->waiting[listener->waiting_first];

	listener->waiting_first = (listener->waiting_first + 1) % CONNECTION_REQUEST_WAITING;
	listener->waiting_count--;
	start_connection(slot, descriptor);
	go_on(listener, slot->last_active);
}

// Puts a new connection in a free slot, or behind those that wait for one.
static void place_connection(struct connection_request *listener, int descriptor)
{
	if (descriptor >= listener->descriptor_limit) {
		listener->counters.evicted++;
		ring_close_descriptor(listener->ring, descriptor);
		return;
	}
	for (unsigned i = 0; i < CONNECTION_REQUEST_CONNECTIONS && !listener->waiting_count; i++) {
		if (listener->slots[i].descriptor < 0) {
			start_connection(&listener->slots[i], descriptor);
			return;
		}
	}
	if (listener->waiting_count == CONNECTION_REQUEST_WAITING) {
		listener->counters.evicted++;
		ring_close_descriptor(listener->ring, descriptor);
		return;
	}
	listener->waiting[(listener->waiting_first + listener->waiting_count) % CONNECTION_REQUEST_WAITING] =
		descriptor;
	listener->waiting_count++;
	// Room has to be made sooner than the timer knows.
	if (listener->waiting_count == 1)
		ring_cancel(listener->ring, &listener->timer);
	if (listener->waiting_count == CONNECTION_REQUEST_WAITING / 2)
		ring_cancel(listener->ring, &listener->accepting);
	arm_timer(listener);
}

// In a flood the thread does something else half of the time; who comes meanwhile waits in the kernel.
static void look_at_window(struct connection_request *listener)
{
	int64_t now = ring_clock(CLOCK_BOOTTIME), length = CONNECTION_REQUEST_WINDOW * NANOSECONDS_IN_MS;

	if (now - listener->window.start >= length) {
		listener->window.start = now;
		listener->window.processor_time = cpu_thread_time();
		listener->window.connections = 0;
	}
	if (++listener->window.connections % LOOK_EACH ||
	    cpu_thread_time() - listener->window.processor_time < length / 2)
		return;
	listener->accept_again = listener->window.start + length;
	ring_cancel(listener->ring, &listener->accepting);
	ring_cancel(listener->ring, &listener->timer);
}

static void accept_failed(struct connection_request *listener, int error)
{
	// Perhaps too many open files: trying again at once would spin.
	listener->counters.accept_errors++;
	log_warning("connection request: accept failed: %s", strerror(-error));
	listener->accept_again = ring_clock(CLOCK_BOOTTIME) + ACCEPT_RETRY_MS * NANOSECONDS_IN_MS;
	// The timer may be armed for a time much later.
	ring_cancel(listener->ring, &listener->timer);
}

static void accept_done(struct ring_operation *operation, int result, unsigned flags)
{
	struct connection_request *listener =
		(struct connection_request *)((char *)operation - offsetof(struct connection_request, accepting));

	if (listener->closing) {
		if (result >= 0)
			ring_close_descriptor(listener->ring, result);
		return;
	}
	if (result >= 0) {
		listener->counters.connections++;
		counted(listener);
		look_at_window(listener);
		place_connection(listener, result);
	} else if (result != -ECANCELED) {
		accept_failed(listener, result);
	}
	if (!(flags & RING_MORE)) {
		go_on(listener, ring_clock(CLOCK_BOOTTIME));
		arm_timer(listener);
	}
}

// --- the listener ---

static int open_socket(const struct connection_request_settings *settings, uint16_t *port)
{
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(settings->port)};
	struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(settings->port)};
	int one = 1, zero = 0, result;
	int descriptor = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has_ipv6 = descriptor >= 0;
	socklen_t length = sizeof(ipv6);

	if (!has_ipv6)
		descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (descriptor < 0)
		return -errno;
	setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (has_ipv6)
		setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (settings->interface && settings->interface[0] &&
	    setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, settings->interface,
		       (socklen_t)strnlen(settings->interface, IFNAMSIZ)) != 0)
		goto failed;
	result = has_ipv6 ? bind(descriptor, (struct sockaddr *)&ipv6, sizeof(ipv6))
			  : bind(descriptor, (struct sockaddr *)&ipv4, sizeof(ipv4));
	if (result != 0 || listen(descriptor, CONNECTION_REQUEST_BACKLOG) != 0 ||
	    getsockname(descriptor, (struct sockaddr *)&ipv6, &length) != 0)
		goto failed;
	// The port is at the same place in both kinds of address.
	*port = ntohs(ipv6.sin6_port);
	return descriptor;
failed:
	result = -errno;
	close(descriptor);
	return result;
}

int connection_request_open(struct connection_request *listener, struct ring *ring,
			    const struct connection_request_settings *settings, void (*requested)(void *context),
			    void *context)
{
	struct rlimit descriptors;
	int result;

	if (settings->path[0] != '/' || strlen(settings->path) > CONNECTION_REQUEST_PATH_MAX)
		return -EINVAL;
	listener->ring = ring;
	listener->settings = *settings;
	if (!settings->time_limit_ms)
		listener->settings.time_limit_ms = CONNECTION_REQUEST_TIME_LIMIT;
	connection_request_set_limit(listener, settings->burst, settings->interval_ms);
	listener->requested = requested;
	listener->context = context;
	listener->closing = false;
	memset(&listener->counters, 0, sizeof(listener->counters));
	memset(&listener->requests, 0, sizeof(listener->requests));
	memset(&listener->logged, 0, sizeof(listener->logged));
	listener->accepting.done = accept_done;
	listener->timer.done = timer_done;
	for (unsigned i = 0; i < CONNECTION_REQUEST_CONNECTIONS; i++) {
		struct connection_request_slot *slot = &listener->slots[i];

		slot->listener = listener;
		slot->descriptor = -1;
		slot->receiving.done = receive_done;
		slot->sending.done = send_done;
		http_parser_open(&slot->parser, true, &parser_events, slot->line, sizeof(slot->line),
				 CONNECTION_REQUEST_BODY_MAX);
	}
	listener->descriptor_limit = INT_MAX;
	if (!getrlimit(RLIMIT_NOFILE, &descriptors) && descriptors.rlim_cur < INT_MAX)
		listener->descriptor_limit = (int)descriptors.rlim_cur - CONNECTION_REQUEST_RESERVE;
	result = digest_server_open(&listener->digest, REALM, settings->sha256);
	if (result != 0)
		return result;
	listener->descriptor = open_socket(settings, &listener->port);
	if (listener->descriptor < 0)
		return listener->descriptor;
	result = ring_accept(ring, &listener->accepting, listener->descriptor);
	if (result != 0)
		close(listener->descriptor);
	return result;
}

void connection_request_set_limit(struct connection_request *listener, unsigned burst, unsigned interval_ms)
{
	listener->settings.burst = burst ? burst : CONNECTION_REQUEST_BURST_DEFAULT;
	listener->settings.interval_ms = interval_ms ? interval_ms : CONNECTION_REQUEST_INTERVAL_DEFAULT;
}

void connection_request_set_credentials(struct connection_request *listener, const char *user, const char *password)
{
	listener->settings.user = user;
	listener->settings.password = password;
}

void connection_request_close(struct connection_request *listener)
{
	if (listener->closing)
		return;
	listener->closing = true;
	ring_cancel(listener->ring, &listener->accepting);
	ring_cancel(listener->ring, &listener->timer);
	ring_close_descriptor(listener->ring, listener->descriptor);
	for (; listener->waiting_count; listener->waiting_count--)
		ring_close_descriptor(listener->ring,
				      listener->waiting[(listener->waiting_first + listener->waiting_count - 1) %
							CONNECTION_REQUEST_WAITING]);
	for (unsigned i = 0; i < CONNECTION_REQUEST_CONNECTIONS; i++) {
		struct connection_request_slot *slot = &listener->slots[i];

		if (slot->descriptor >= 0 && slot->state != CONNECTION_CLOSING)
			close_slot(slot);
	}
}

bool connection_request_idle(const struct connection_request *listener)
{
	if (listener->accepting.pending || listener->timer.pending)
		return false;
	for (unsigned i = 0; i < CONNECTION_REQUEST_CONNECTIONS; i++) {
		if (in_flight(&listener->slots[i]))
			return false;
	}
	return true;
}
