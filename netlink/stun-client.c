/* SPDX-License-Identifier: BSD-2-Clause */
/* The STUN client: finds the server, and keeps the binding of the UDP socket. */
#include "netlink/stun-client.h"

#include "shm/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define SECOND		    1000000000ll /* nanoseconds */
#define RETRY_LONGEST	    30u		 /* seconds to the next attempt, when no server has answered */
#define RESOLVE_RETRY_FIRST 1u		 /* seconds, doubled up to RETRY_LONGEST */
#define CHALLENGES_MAXIMUM  2u		 /* challenges in a row that are answered */
#define ERROR_UNAUTHORIZED  401u
#define ERROR_STALE_NONCE   438u
#define ERROR_OLD_STALE	    430u /* RFC 3489's stale credentials */

static void look_up(struct stun_client *client);

void stun_client_error(struct stun_client *client, const char *format, ...)
{
	char text[sizeof(client->last_error)];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (strcmp(text, client->last_error) != 0)
		log_warning("STUN: %s", text);
	memcpy(client->last_error, text, sizeof(text));
}

static void set_status(struct stun_client *client, enum stun_status status)
{
	client->status = status;
	client->changed(client);
}

static void wait(struct stun_client *client, uint32_t seconds)
{
	loop_timer_set(client->loop, &client->timer, loop_now() + seconds * SECOND);
}

/* How long after a failure: soon enough to be reachable again within the keep-alive period. */
static uint32_t retry_wait(const struct stun_client *client)
{
	uint32_t seconds = client->settings.minimum;

	return seconds > RETRY_LONGEST ? RETRY_LONGEST : seconds ? seconds : 1;
}

uint32_t stun_client_period(const struct stun_client *client)
{
	uint32_t minimum = client->settings.minimum ? client->settings.minimum : 1;

	/* During a search this is the time that is tried. */
	if (client->search.trial)
		return client->search.trial;
	return client->search.lower > minimum ? client->search.lower : minimum;
}

union endpoint stun_client_address(const struct stun_client *client)
{
	union endpoint none = {.any.sa_family = AF_UNSPEC};

	if (client->status == STUN_LISTENING)
		return client->local;
	return client->settings.stun ? client->mapped : none;
}

/* ---- Where the server is, and how it is reached ------------------------------------------------------------- */

/* The address that packets to the peer would leave from; no packet is sent. */
static int local_address(const union endpoint *peer, union endpoint *local)
{
	int descriptor = socket(peer->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(*local);
	int error = 0;

	memset(local, 0, sizeof(*local));
	if (descriptor < 0)
		return -errno;
	if (connect(descriptor, &peer->any, endpoint_length(peer)) || getsockname(descriptor, &local->any, &length))
		error = -errno;
	close(descriptor);
	return error;
}

static uint16_t bound_port(const struct stun_socket *socket)
{
	union endpoint bound = {.any.sa_family = AF_UNSPEC};
	socklen_t length = sizeof(bound);

	getsockname(socket->source.descriptor, &bound.any, &length);
	return endpoint_port(&bound);
}

/* The socket for this family, open already or opened now. */
static int open_main(struct stun_client *client, int family)
{
	int error;

	if (client->socket.source.watched && client->local.any.sa_family == family)
		return 0;
	stun_socket_close(client, &client->socket);
	client->socket.requests = true;
	error = stun_socket_open(client, &client->socket, family, client->settings.local_port);
	if (error == -EADDRINUSE) {
		stun_client_error(client, "UDP port %u is in use: another one is taken", client->settings.local_port);
		error = stun_socket_open(client, &client->socket, family, 0);
	}
	return error;
}

static void no_server(struct stun_client *client)
{
	client->tried = 0;
	search_stop(client);
	set_status(client, client->mapped.any.sa_family == AF_UNSPEC ? STUN_BINDING : STUN_UNANSWERED);
	loop_timer_set(client->loop, &client->timer, loop_now() + retry_wait(client) * SECOND);
}

static void no_route(struct stun_client *client, int error)
{
	stun_client_error(client, "no way to the server: %s", strerror(-error));
	search_stop(client);
	behaviour_stop(client);
	stun_cancel(&client->binding);
	memset(&client->mapped, 0, sizeof(client->mapped));
	memset(&client->local, 0, sizeof(client->local));
	stun_socket_close(client, &client->socket);
	client->nat_detected = false;
	/* The kernel tells when there is a way. */
	loop_timer_clear(client->loop, &client->timer);
	set_status(client, STUN_NO_ROUTE);
}

/* Turns to the next server that can be reached. */
static void next_server(struct stun_client *client)
{
	union endpoint local;
	int error = -ENETUNREACH;

	for (unsigned int i = 0; i < client->server_count; i++) {
		union endpoint *server = &client->servers[client->server];

		error = local_address(server, &local);
		if (!error)
			error = open_main(client, server->any.sa_family);
		if (error) {
			client->server = (client->server + 1) % client->server_count;
			continue;
		}
		endpoint_set_port(&local, bound_port(&client->socket));
		client->local = local;
		client->filter.trusted = *server;
		stun_client_bind(client);
		return;
	}
	no_route(client, error);
}

static void resolved(struct resolve *resolve, const union endpoint *addresses, unsigned int count, const char *problem)
{
	struct stun_client *client = LOOP_OF(resolve, struct stun_client, resolve);
	uint32_t seconds = RESOLVE_RETRY_FIRST;

	if (count) {
		client->resolve_failures = 0;
		memcpy(client->servers, addresses, count * sizeof(*addresses));
		client->server_count = count;
		client->server = client->tried = 0;
		next_server(client);
		return;
	}
	stun_client_error(client, "%s: %s", client->settings.server, problem);
	/* The former addresses are better than none. */
	if (client->server_count) {
		next_server(client);
		return;
	}
	for (unsigned int i = 0; i < client->resolve_failures && seconds < RETRY_LONGEST; i++)
		seconds *= 2;
	client->resolve_failures++;
	set_status(client, STUN_RESOLVING);
	wait(client, seconds > RETRY_LONGEST ? RETRY_LONGEST : seconds);
}

static void look_up(struct stun_client *client)
{
	if (client->status != STUN_UNANSWERED)
		set_status(client, STUN_RESOLVING);
	if (resolve_start(&client->resolve, client->settings.server, client->settings.server_port))
		wait(client, RETRY_LONGEST);
}

/* ---- The binding -------------------------------------------------------------------------------------------- */

void stun_credentials(const struct stun_client *client, struct stun_request *request)
{
	request->username = client->settings.username;
	if (!client->authenticated)
		return;
	request->password = client->settings.password;
	request->realm = *client->realm ? client->realm : NULL;
	request->nonce = *client->nonce ? client->nonce : NULL;
}

void stun_client_bind(struct stun_client *client)
{
	struct stun_request request = {.connection_request_binding = true, .binding_change = client->announce};
	const union endpoint *server = &client->servers[client->server];
	int error;

	stun_credentials(client, &request);
	if (client->mapped.any.sa_family == AF_UNSPEC)
		set_status(client, STUN_BINDING);
	error = stun_start(&client->transactions, &client->binding, client->socket.source.descriptor, server, NULL,
			   client->framing, &request, 0);
	if (error)
		no_route(client, error);
}

/* The server wants credentials, or newer ones. Returns false when they have been refused. */
static bool challenged(struct stun_client *client, const struct stun_response *response)
{
	bool stale = response->error == ERROR_STALE_NONCE || response->error == ERROR_OLD_STALE;

	if ((response->error != ERROR_UNAUTHORIZED && !stale) || !*client->settings.username ||
	    ++client->challenges > CHALLENGES_MAXIMUM)
		return false;
	client->authenticated = true;
	memcpy(client->realm, response->realm, sizeof(client->realm));
	memcpy(client->nonce, response->nonce, sizeof(client->nonce));
	stun_client_bind(client);
	return true;
}

static void learn(struct stun_client *client, const struct stun_response *response)
{
	union endpoint mapped = response->mapped;
	bool known = client->mapped.any.sa_family != AF_UNSPEC, announced = client->binding.request.binding_change;
	bool changed;

	endpoint_unmap(&mapped);
	changed = known && !endpoint_same(&mapped, &client->mapped);
	if (announced)
		client->announce = false;
	if (!known || changed) {
		char text[ENDPOINT_TEXT_SIZE];

		endpoint_text(text, &mapped);
		log_notice("STUN: reached at %s", text);
		client->mapped = mapped;
		client->nat_detected = !endpoint_same(&mapped, &client->local);
		behaviour_start(client, &response->other);
	}
	if (!changed) {
		search_refreshed(client);
		return;
	}
	client->changes++;
	client->announce = true;
	search_lost(client);
}

static void answered(struct stun_transaction *transaction, int error, const struct stun_response *response,
		     int descriptor)
{
	struct stun_client *client = LOOP_OF(transaction, struct stun_client, binding);

	(void)descriptor;
	if (!error && response->type == STUN_BINDING_ERROR) {
		if (challenged(client, response))
			return;
		stun_client_error(client, "the server answers with error %u", response->error);
		client->authenticated = false;
		error = -EACCES;
	} else if (error) {
		stun_client_error(client, "the server does not answer: %s", strerror(-error));
	}
	if (error) {
		client->challenges = 0;
		/* What a server that has come back in another shape answers is found out anew. */
		client->framing = STUN_EITHER;
		client->server = (client->server + 1) % client->server_count;
		if (++client->tried < client->server_count)
			next_server(client);
		else
			no_server(client);
		return;
	}
	client->challenges = client->tried = 0;
	client->framing = transaction->framing;
	if (transaction->round_trip)
		client->round_trip = transaction->round_trip;
	learn(client, response);
	set_status(client, STUN_BOUND);
	if (client->announce)
		stun_client_bind(client);
	else
		wait(client, stun_client_period(client));
}

static void timer_rang(struct loop_timer *timer)
{
	struct stun_client *client = LOOP_OF(timer, struct stun_client, timer);

	/* Without a binding, names are looked up each time: the server may have moved. */
	if (client->status == STUN_RESOLVING || client->status == STUN_UNANSWERED || client->status == STUN_BINDING)
		look_up(client);
	else if (client->status == STUN_BOUND && !search_try(client))
		stun_client_bind(client);
}

/* ---- Without STUN ------------------------------------------------------------------------------------------- */

/* The address by which the ACS is reached, as far as its name is an address; else the one of the default route. */
static void listen_locally(struct stun_client *client)
{
	/* Addresses that are not this machine's (RFC 5737, RFC 3849): asked of the route only, never sent to. */
	const union endpoint anywhere[] = {
		endpoint_make(AF_INET, (const uint8_t[4]){192, 0, 2, 1}, 9),
		endpoint_make(AF_INET6, (const uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, [15] = 1}, 9)};
	union endpoint local;
	int error = -ENETUNREACH;

	for (size_t i = 0; i < sizeof(anywhere) / sizeof(*anywhere); i++) {
		error = local_address(&anywhere[i], &local);
		if (!error)
			error = open_main(client, local.any.sa_family);
		if (error)
			continue;
		endpoint_set_port(&local, bound_port(&client->socket));
		client->local = local;
		memset(&client->filter.trusted, 0, sizeof(client->filter.trusted));
		set_status(client, STUN_LISTENING);
		return;
	}
	no_route(client, error);
}

/* ---- Settings ----------------------------------------------------------------------------------------------- */

static void stop(struct stun_client *client)
{
	resolve_stop(&client->resolve);
	stun_cancel(&client->binding);
	loop_timer_clear(client->loop, &client->timer);
	search_stop(client);
	behaviour_stop(client);
	stun_socket_close(client, &client->socket);
	memset(&client->local, 0, sizeof(client->local));
	memset(&client->mapped, 0, sizeof(client->mapped));
	client->nat_detected = client->announce = client->authenticated = false;
	client->framing = STUN_EITHER;
	client->server_count = client->tried = client->challenges = client->resolve_failures = 0;
	client->round_trip = 0;
}

static void start(struct stun_client *client)
{
	search_start(client);
	if (client->settings.stun && *client->settings.server)
		look_up(client);
	else if (!client->settings.stun && client->settings.listen)
		listen_locally(client);
	else
		set_status(client, STUN_DISABLED);
}

/* In what the binding depends on. The user name of requests is the filter's alone, a port mapping none of our business.
 */
static bool same_settings(const struct reach_settings *a, const struct reach_settings *b)
{
	return a->stun == b->stun && a->listen == b->listen && a->local_port == b->local_port &&
	       a->server_port == b->server_port && a->minimum == b->minimum && a->maximum == b->maximum &&
	       !strcmp(a->server, b->server) && !strcmp(a->username, b->username) && !strcmp(a->password, b->password);
}

void stun_client_configure(struct stun_client *client, const struct reach_settings *settings)
{
	client->transactions.loop = client->resolve.loop = client->loop;
	client->resolve.done = resolved;
	client->binding.done = answered;
	client->timer.rang = timer_rang;
	memcpy(client->filter.username, settings->request_username, sizeof(client->filter.username));
	if (client->configured && same_settings(&client->settings, settings)) {
		client->settings = *settings;
		return;
	}
	stop(client);
	client->settings = *settings;
	client->configured = true;
	start(client);
}

void stun_client_routes_changed(struct stun_client *client)
{
	union endpoint local;

	if (!client->configured || client->status == STUN_DISABLED)
		return;
	if (client->status == STUN_NO_ROUTE) {
		start(client);
		return;
	}
	if (client->status == STUN_LISTENING) {
		union endpoint former = client->local;

		listen_locally(client);
		if (!endpoint_same(&former, &client->local))
			client->changes++;
		return;
	}
	if (!client->server_count || client->local.any.sa_family == AF_UNSPEC)
		return;
	if (!local_address(&client->servers[client->server], &local) && endpoint_same_host(&local, &client->local))
		return;
	log_info("STUN: another local address");
	search_stop(client);
	client->tried = 0;
	loop_timer_clear(client->loop, &client->timer);
	next_server(client);
}

void stun_client_close(struct stun_client *client)
{
	stop(client);
	explicit_bzero(&client->settings, sizeof(client->settings));
	client->configured = false;
}
