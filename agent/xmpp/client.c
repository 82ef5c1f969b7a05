// SPDX-License-Identifier: GPL-2.0-or-later
// Finds a server, connects, and tries again with the standard's waits (R-112; RFC 6120, 3). Libstrophe reads and
// writes; the ring says when.
#include "agent/xmpp/xmpp.h"

#include "agent/xmpp-wait.h"
#include "shm/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#define SECOND	     1000000000ll // nanoseconds
#define MILLISECOND  1000000ll
#define SERVICE	     "_xmpp-client._tcp."
#define RUN_ROUNDS   64 // how often one connection is served before the others get their turn
// Libstrophe takes 4 KiB at a time, and what TLS has decrypted beyond that, of a record of 16 KiB, no poll tells of.
#define QUIET_ROUNDS 4

static void start_round(struct xmpp_client *client);
static void try_address(struct xmpp_client *client);

static uint64_t random_number(void)
{
	uint64_t random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
		random = (uint64_t)ring_clock(CLOCK_MONOTONIC);
	return random;
}

static uint32_t random_word(void)
{
	return (uint32_t)random_number();
}

// ---- What the agent is told

static void report(struct xmpp_client *client)
{
	struct xmpp_program *program = client->program;

	alarm_clear(&client->reporting);
	client->state.head.number = client->settings.head.number;
	client->state.status = client->status;
	client->state.tls = client->status == XMPP_STATUS_ENABLED && xmpp_conn_is_secured(client->connection);
	client->state.refused_malformed = program->refused_malformed;
	client->state.refused_busy = program->refused_busy;
	xmpp_link_send(program, &client->state);
}

static void reporting_rang(struct alarm *alarm)
{
	report((struct xmpp_client *)((char *)alarm - offsetof(struct xmpp_client, reporting)));
}

void xmpp_client_counted(struct xmpp_client *client)
{
	if (!client->reporting.set)
		alarm_set(&client->reporting, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + SECOND);
}

void xmpp_client_status(struct xmpp_client *client, enum xmpp_status status, const char *error)
{
	client->status = status;
	if (error)
		snprintf(client->state.error, sizeof(client->state.error), "%s", error);
	report(client);
}

void xmpp_clients_report(struct xmpp_program *program)
{
	for (size_t i = 0; i < XMPP_CONNECTIONS_MAXIMUM; i++) {
		if (program->clients[i].used)
			report(&program->clients[i]);
	}
}

// ---- The end of an attempt

// Libstrophe waits for the server's farewell in TLS; without a connection it does not.
static void end_attempt(struct xmpp_client *client)
{
	if (!client->connection)
		return;
	for (size_t i = 0; i < XMPP_WATCHES; i++) {
		client->watches[i].ended = true;
		ring_cancel(&client->program->ring, &client->watches[i].poll);
	}
	if (!client->closed && client->descriptor >= 0)
		shutdown(client->descriptor, SHUT_RDWR);
	client->closed = true;
	xmpp_conn_release(client->connection);
	xmpp_ctx_free(client->context);
	explicit_bzero(&client->scram, sizeof(client->scram));
	client->connection = NULL;
	client->context = NULL;
	client->descriptor = -1;
	xmpp_stream_forget(client->program, client);
}

static void say_goodbye(struct xmpp_client *client)
{
	if (!client->connection || client->closed || client->phase != XMPP_BOUND)
		return;
	xmpp_send_raw_string(client->connection, "</stream:stream>");
	xmpp_run_once(client->context, 0);
}

static void wait_again(struct xmpp_client *client)
{
	const struct xmpp_connection *settings = &client->settings;
	uint64_t wait = xmpp_wait(++client->waits, settings->retry_initial, settings->retry_multiplier,
				  settings->retry_maximum, random_number());

	client->phase = XMPP_WAITING;
	log_info("XMPP connection %u: next try in %.1f s", settings->head.number, (double)wait / 1000);
	alarm_set(&client->alarm, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + (int64_t)wait * MILLISECOND);
}

// The next address, the next server; behind the last one they are looked for anew, after a wait.
static void next_address(struct xmpp_client *client)
{
	client->attempts = 0;
	if (++client->address < client->address_count) {
		try_address(client);
		return;
	}
	client->address_count = client->address = 0;
	client->target++;
	if (client->target >= client->target_count)
		wait_again(client);
	else
		start_round(client);
}

static void attempt_failed(struct xmpp_client *client)
{
	bool was_bound = client->phase == XMPP_BOUND;

	end_attempt(client);
	alarm_clear(&client->alarm);
	if (was_bound) {
		// Where it worked it is tried first, after a wait: all devices of a server lose it at one moment.
		client->attempts = client->waits = 0;
		wait_again(client);
	} else if (++client->attempts < client->settings.attempts) {
		wait_again(client);
	} else {
		next_address(client);
	}
}

void xmpp_client_fail(struct xmpp_client *client, enum xmpp_status status, const char *error)
{
	if (client->failed)
		return;
	client->failed = true;
	log_notice("XMPP connection %u: %s", client->settings.head.number, error);
	client->status = status;
	snprintf(client->state.error, sizeof(client->state.error), "%s", error);
}

// ---- Reading and writing

// A server can make libstrophe gather a stanza of any size. What has come since the last whole one tells.
static void bound_bytes(struct xmpp_client *client)
{
	struct tcp_info info = {0};
	socklen_t length = sizeof(info);

	if (getsockopt(client->descriptor, IPPROTO_TCP, TCP_INFO, &info, &length))
		return;
	if (!client->bytes_at_stanza)
		client->bytes_at_stanza = info.tcpi_bytes_received;
	else if (info.tcpi_bytes_received - client->bytes_at_stanza > XMPP_STANZA_BYTES)
		xmpp_client_fail(client, XMPP_STATUS_ERROR, "the server's stanza is too long");
}

void xmpp_client_run(struct xmpp_client *client)
{
	unsigned quiet = 0;

	for (unsigned i = 0; i < RUN_ROUNDS && !client->closed && !client->failed && quiet < QUIET_ROUNDS; i++) {
		bound_bytes(client);
		if (client->failed)
			break;
		xmpp_run_once(client->context, 0);
		quiet++;
		if (!client->closed && poll(&(struct pollfd){client->descriptor, POLLIN, 0}, 1, 0) > 0)
			quiet = 0;
	}
	if (client->closed && !client->failed)
		xmpp_client_fail(client,
				 client->phase == XMPP_OPENING && !client->authenticated
					 ? XMPP_STATUS_SERVER_NOT_PRESENT
					 : XMPP_STATUS_ERROR,
				 client->phase == XMPP_OPENING ? "the server can't be reached"
							       : "the server has ended the connection");
	if (client->failed) {
		report(client);
		attempt_failed(client);
	} else if (!quiet) {
		// Others first; then the rest.
		alarm_set(&client->again, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME));
	}
}

static void again_rang(struct alarm *alarm)
{
	struct xmpp_client *client = (struct xmpp_client *)((char *)alarm - offsetof(struct xmpp_client, again));

	if (client->connection)
		xmpp_client_run(client);
}

static void socket_ready(struct ring_operation *operation, int result, unsigned flags)
{
	struct xmpp_watch *watch = (struct xmpp_watch *)((char *)operation - offsetof(struct xmpp_watch, poll));
	struct xmpp_client *client = watch->client;

	if (watch->ended)
		return;
	if (result < 0 || (!(flags & RING_MORE) && ring_poll(&client->program->ring, operation, client->descriptor,
							     POLLIN | POLLOUT | POLLRDHUP)))
		xmpp_client_fail(client, XMPP_STATUS_ERROR, "the socket can't be watched");
	xmpp_client_run(client);
}

static int watch_socket(struct xmpp_client *client)
{
	for (size_t i = 0; i < XMPP_WATCHES; i++) {
		struct xmpp_watch *watch = &client->watches[i];

		if (watch->poll.pending)
			continue;
		*watch = (struct xmpp_watch){.client = client, .poll = {.done = socket_ready}};
		return ring_poll(&client->program->ring, &watch->poll, client->descriptor,
				 POLLIN | POLLOUT | POLLRDHUP);
	}
	return -EBUSY;
}

// ---- One attempt

static void connection_event(xmpp_conn_t *connection, xmpp_conn_event_t event, int error, xmpp_stream_error_t *stream,
			     void *context)
{
	struct xmpp_client *client = context;

	(void)connection;
	(void)error;
	(void)stream;
	if (event == XMPP_CONN_RAW_CONNECT)
		xmpp_stream_start(client);
	else if (event == XMPP_CONN_CONNECT)
		xmpp_stream_opened(client);
	else
		client->closed = true;
}

// Libstrophe tells of a socket without saying whose it is.
static struct xmpp_client *opening;

static int socket_made(xmpp_conn_t *connection, void *socket)
{
	int descriptor = *(int *)socket, on = 1;
	unsigned limit = XMPP_USER_TIMEOUT_MS;

	(void)connection;
	opening->descriptor = descriptor;
	setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof(limit));
	return 0;
}

// What libstrophe says of itself at lower levels has the credentials in it.
static void take_log(void *context, xmpp_log_level_t level, const char *area, const char *message)
{
	(void)context;
	if (level == XMPP_LEVEL_ERROR)
		log_debug("libstrophe: %s: %s", area, message);
}

static bool open_connection(struct xmpp_client *client, const char *address, uint16_t port)
{
	static const xmpp_log_t log = {take_log, NULL};
	const struct agent_configuration *configuration = &client->program->configuration;

	client->context = xmpp_ctx_new(NULL, &log);
	client->connection = client->context ? xmpp_conn_new(client->context) : NULL;
	if (!client->connection) {
		if (client->context)
			xmpp_ctx_free(client->context);
		client->context = NULL;
		return false;
	}
	xmpp_conn_set_jid(client->connection, client->settings.domain);
	if (*configuration->ca_file)
		xmpp_conn_set_cafile(client->connection, configuration->ca_file);
	xmpp_conn_set_certfail_handler(client->connection, xmpp_stream_certificate);
	xmpp_conn_set_sockopt_callback(client->connection, socket_made);
	xmpp_conn_set_flags(client->connection,
			    XMPP_CONN_FLAG_DISABLE_SM | (configuration->verify ? 0 : XMPP_CONN_FLAG_TRUST_TLS));
	opening = client;
	return xmpp_connect_raw(client->connection, address, port, connection_event, client) == XMPP_EOK &&
	       client->descriptor >= 0;
}

static void try_address(struct xmpp_client *client)
{
	const union transport_address *address = &client->addresses[client->address];
	char text[INET6_ADDRSTRLEN];

	if (address->any.sa_family == AF_INET6)
		inet_ntop(AF_INET6, &address->ipv6.sin6_addr, text, sizeof(text));
	else
		inet_ntop(AF_INET, &address->ipv4.sin_addr, text, sizeof(text));
	log_info("XMPP connection %u: %s port %u", client->settings.head.number, text,
		 client->targets[client->target].port);
	client->descriptor = -1;
	client->closed = client->failed = client->authenticated = client->plain = false;
	client->bytes_at_stanza = 0;
	client->phase = XMPP_OPENING;
	xmpp_client_status(client, XMPP_STATUS_CONNECTING, NULL);
	if (!open_connection(client, text, client->targets[client->target].port) || watch_socket(client)) {
		xmpp_client_fail(client, XMPP_STATUS_SERVER_NOT_PRESENT, "the server can't be reached");
		report(client);
		attempt_failed(client);
		return;
	}
	alarm_set(&client->alarm, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + XMPP_NEGOTIATION_SECONDS * SECOND);
}

// ---- Where to

static bool literal(const char *text, union transport_address *address)
{
	*address = (union transport_address){0};
	if (inet_pton(AF_INET, text, &address->ipv4.sin_addr) == 1)
		address->any.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &address->ipv6.sin6_addr) == 1)
		address->any.sa_family = AF_INET6;
	return address->any.sa_family != AF_UNSPEC;
}

static void not_found(struct xmpp_client *client)
{
	client->failed = false;
	xmpp_client_fail(client, XMPP_STATUS_SERVER_NOT_PRESENT, "the server's name is not known, or nobody tells");
	report(client);
	client->address_count = client->address = 0;
	next_address(client);
}

static void take_addresses(struct xmpp_client *client)
{
	const struct name_answer *answer = &client->query.answer;

	if (answer->error) {
		not_found(client);
		return;
	}
	memcpy(client->addresses, answer->addresses, sizeof(client->addresses));
	client->address_count = answer->count;
	client->address = client->attempts = 0;
	try_address(client);
}

static void set_target(struct xmpp_client *client, const char *host, uint16_t port)
{
	client->targets[0] = (struct xmpp_server){.port = port};
	snprintf(client->targets[0].address, sizeof(client->targets[0].address), "%s", host);
	client->target_count = 1;
}

static void resolve(struct xmpp_client *client)
{
	client->phase = XMPP_RESOLVING;
	if (literal(client->targets[client->target].address, &client->addresses[0])) {
		client->address_count = 1;
		client->address = client->attempts = 0;
		try_address(client);
	} else if (name_query_start(&client->query, client->targets[client->target].address)) {
		take_addresses(client);
	}
}

static void take_services(struct xmpp_client *client)
{
	const struct name_answer *answer = &client->query.answer;

	client->target = client->target_count = 0;
	for (unsigned i = 0; i < answer->count && !answer->error; i++) {
		const struct name_service *service = &answer->services[i];
		struct xmpp_server *target = &client->targets[client->target_count];

		// "." alone says that there is no such service (RFC 2782).
		if (!*service->host || !strcmp(service->host, "."))
			continue;
		*target = (struct xmpp_server){service->priority, service->weight, service->port, ""};
		snprintf(target->address, sizeof(target->address), "%s", service->host);
		client->target_count++;
	}
	// RFC 6120, 3.2.2: without an answer the domain itself.
	if (answer->error)
		set_target(client, client->settings.domain, XMPP_CLIENT_PORT);
	xmpp_order_servers(client->targets, client->target_count, random_word);
	if (client->target_count)
		resolve(client);
	else
		not_found(client);
}

static void name_answered(struct name_query *query)
{
	struct xmpp_client *client = (struct xmpp_client *)((char *)query - offsetof(struct xmpp_client, query));

	if (client->phase == XMPP_LOOKING)
		take_services(client);
	else
		take_addresses(client);
}

// From the first server, or on to the next one.
static void start_round(struct xmpp_client *client)
{
	const struct xmpp_connection *settings = &client->settings;
	char service[sizeof(SERVICE) + XMPP_PART_SIZE];

	if (client->target < client->target_count) {
		resolve(client);
		return;
	}
	client->target = 0;
	switch ((enum xmpp_algorithm)settings->algorithm) {
	case XMPP_DNS_SRV:
		client->phase = XMPP_LOOKING;
		xmpp_client_status(client, XMPP_STATUS_CONNECTING, NULL);
		snprintf(service, sizeof(service), SERVICE "%s", settings->domain);
		if (name_query_service(&client->query, service))
			take_services(client);
		return;
	case XMPP_SERVER_TABLE:
		memcpy(client->targets, settings->servers, sizeof(settings->servers));
		client->target_count = settings->server_count;
		xmpp_order_servers(client->targets, client->target_count, random_word);
		break;
	case XMPP_DNS:
	case XMPP_ALGORITHMS:
		set_target(client, settings->domain, XMPP_CLIENT_PORT);
		break;
	}
	xmpp_client_status(client, XMPP_STATUS_CONNECTING, NULL);
	resolve(client);
}

// ---- Times

static void plan_keep_alive(struct xmpp_client *client)
{
	int64_t seconds = client->settings.keep_alive < 0 ? XMPP_KEEP_ALIVE_DEFAULT : client->settings.keep_alive;

	if (seconds > XMPP_KEEP_ALIVE_MAXIMUM)
		seconds = XMPP_KEEP_ALIVE_MAXIMUM;
	if (seconds)
		alarm_set(&client->alarm, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + seconds * SECOND);
	else
		alarm_clear(&client->alarm);
}

void xmpp_client_bound(struct xmpp_client *client, const char *jabber_id)
{
	log_notice("XMPP connection %u: reached as %s", client->settings.head.number, jabber_id);
	client->phase = XMPP_BOUND;
	client->waits = client->attempts = 0;
	snprintf(client->state.jabber_id, sizeof(client->state.jabber_id), "%s", jabber_id);
	xmpp_client_status(client, XMPP_STATUS_ENABLED, "");
	plan_keep_alive(client);
}

// A blank (RFC 6120, 4.6.1): what becomes of it TCP finds out, within XMPP_USER_TIMEOUT_MS.
static void keep_alive(struct xmpp_client *client)
{
	plan_keep_alive(client);
	xmpp_send_raw(client->connection, " ", 1);
	xmpp_client_run(client);
}

static void rang(struct alarm *alarm)
{
	struct xmpp_client *client = (struct xmpp_client *)((char *)alarm - offsetof(struct xmpp_client, alarm));

	if (client->phase == XMPP_BOUND) {
		keep_alive(client);
	} else if (client->phase == XMPP_WAITING) {
		client->failed = false;
		if (client->address < client->address_count)
			try_address(client);
		else
			start_round(client);
	} else if (client->connection) {
		xmpp_client_fail(client, XMPP_STATUS_SERVER_NOT_PRESENT, "the server does not answer in time");
		report(client);
		attempt_failed(client);
	}
}

// ---- Settings

static void stop(struct xmpp_client *client)
{
	say_goodbye(client);
	end_attempt(client);
	name_query_stop(&client->query);
	alarm_clear(&client->alarm);
	alarm_clear(&client->again);
	client->phase = XMPP_IDLE;
	client->target = client->target_count = client->attempts = client->waits = 0;
	client->address = client->address_count = 0;
	client->failed = false;
}

static void start(struct xmpp_client *client)
{
	const struct xmpp_connection *settings = &client->settings;

	if (!settings->enable)
		xmpp_client_status(client, XMPP_STATUS_DISABLED, "");
	else if (!*settings->username || !*settings->domain)
		xmpp_client_status(client, XMPP_STATUS_MISCONFIGURED, "Username or Domain is empty");
	else if (settings->algorithm == XMPP_SERVER_TABLE && !settings->server_count)
		xmpp_client_status(client, XMPP_STATUS_MISCONFIGURED, "no row of Server is enabled and has an address");
	else
		start_round(client);
}

static struct xmpp_client *find(struct xmpp_program *program, uint32_t number)
{
	struct xmpp_client *unused = NULL;

	for (size_t i = 0; i < XMPP_CONNECTIONS_MAXIMUM; i++) {
		struct xmpp_client *client = &program->clients[i];

		if (client->used && client->settings.head.number == number)
			return client;
		if (!client->used && !unused)
			unused = client;
	}
	return unused;
}

static bool same(const struct xmpp_connection *a, const struct xmpp_connection *b)
{
	return !memcmp(a, b, offsetof(struct xmpp_connection, keep_alive));
}

void xmpp_client_configure(struct xmpp_program *program, const struct xmpp_connection *settings)
{
	struct xmpp_client *client = find(program, settings->head.number);
	bool restart, keep_alive_changed;

	if (!client)
		return;
	restart = !client->used || !same(&client->settings, settings);
	keep_alive_changed = client->used && client->settings.keep_alive != settings->keep_alive;
	if (!client->used) {
		client->program = program;
		client->descriptor = -1;
		xmpp_message_start((union xmpp_message *)&client->state, XMPP_STATE, settings->head.number);
		client->alarm = (struct alarm){.ring = &program->ring, .rang = rang};
		client->reporting = (struct alarm){.ring = &program->ring, .rang = reporting_rang};
		client->again = (struct alarm){.ring = &program->ring, .rang = again_rang};
		client->query.ring = &program->ring;
		client->query.done = name_answered;
		name_query_prepare(&client->query);
	}
	client->used = client->named = true;
	if (restart && client->phase != XMPP_IDLE)
		stop(client);
	client->settings = *settings;
	if (restart)
		start(client);
	else if (keep_alive_changed && client->phase == XMPP_BOUND)
		plan_keep_alive(client);
}

void xmpp_clients_named(struct xmpp_program *program)
{
	for (size_t i = 0; i < XMPP_CONNECTIONS_MAXIMUM; i++) {
		struct xmpp_client *client = &program->clients[i];

		if (client->used && !client->named) {
			stop(client);
			alarm_clear(&client->reporting);
			explicit_bzero(&client->settings, sizeof(client->settings));
			client->used = false;
		}
		client->named = false;
	}
}

void xmpp_clients_close(struct xmpp_program *program)
{
	for (size_t i = 0; i < XMPP_CONNECTIONS_MAXIMUM; i++) {
		if (program->clients[i].used)
			stop(&program->clients[i]);
		explicit_bzero(&program->clients[i].settings, sizeof(program->clients[i].settings));
	}
}
