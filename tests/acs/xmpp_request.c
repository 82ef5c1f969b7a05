// SPDX-License-Identifier: GPL-2.0-or-later
// The XMPP connection request: an IQ from an account of the ACS to the device's Jabber ID (TR-069 Annex K).

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strophe.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "tests/acs/buffer.h"
#include "tests/acs/loop.h"
#include "tests/acs/options.h"
#include "tests/acs/xmpp_request.h"

#define EVENTS	   (EPOLLIN | EPOLLOUT | EPOLLET)
#define REQUEST_NS "urn:broadband-forum-org:cwmp:xmppConnReq-1-0"

enum {
	ID_SIZE = 24,
	PORT = 5222,
	QUIET_ROUNDS = 4, // turns in which libstrophe may have something that no poll tells of
	ROUNDS = 64,
};

struct request {
	struct request *next;
	char id[ID_SIZE];
	char *jabber_id;
	bool sent;
	void (*answered)(void *user, const char *refusal);
	void *user;
};

static struct {
	xmpp_ctx_t *context;
	xmpp_conn_t *connection;
	struct source source;
	bool watched, ready, ended, running;
	unsigned long last_id;
	struct request *requests;
} account;

static void free_request(struct request *request)
{
	free(request->jabber_id);
	free(request);
}

static struct request **find(const char *id)
{
	struct request **at = &account.requests;

	while (*at && strcmp((*at)->id, id))
		at = &(*at)->next;
	return at;
}

static void answer(struct request **at, const char *refusal)
{
	struct request *request = *at;

	*at = request->next;
	request->answered(request->user, refusal);
	free_request(request);
}

static xmpp_stanza_t *add_element(xmpp_stanza_t *parent, const char *name, const char *text)
{
	xmpp_stanza_t *element = xmpp_stanza_new(account.context), *content = xmpp_stanza_new(account.context);

	xmpp_stanza_set_name(element, name);
	if (text) {
		xmpp_stanza_set_text(content, text);
		xmpp_stanza_add_child(element, content);
	}
	xmpp_stanza_release(content);
	xmpp_stanza_add_child(parent, element);
	xmpp_stanza_release(element);
	return element;
}

static void send_request(struct request *request)
{
	xmpp_stanza_t *iq = xmpp_iq_new(account.context, "get", request->id), *element;

	xmpp_stanza_set_to(iq, request->jabber_id);
	element = add_element(iq, "connectionRequest", NULL);
	xmpp_stanza_set_ns(element, REQUEST_NS);
	add_element(element, "username", options.connection_user);
	add_element(element, "password", options.connection_password);
	xmpp_send(account.connection, iq);
	xmpp_stanza_release(iq);
	request->sent = true;
}

static int iq_came(xmpp_conn_t *connection, xmpp_stanza_t *stanza, void *user)
{
	const char *id = xmpp_stanza_get_id(stanza), *type = xmpp_stanza_get_type(stanza);
	xmpp_stanza_t *error = xmpp_stanza_get_child_by_name(stanza, "error");
	xmpp_stanza_t *condition = error ? xmpp_stanza_get_child_by_ns(error, XMPP_NS_STANZAS_IETF) : NULL;
	struct request **at = id ? find(id) : NULL;

	(void)connection;
	(void)user;
	if (!at || !*at || !type)
		return 1;
	if (!strcmp(type, "result"))
		answer(at, NULL);
	else if (!strcmp(type, "error"))
		answer(at, condition ? xmpp_stanza_get_name(condition) : "an error");
	return 1;
}

static void connection_changed(xmpp_conn_t *connection, xmpp_conn_event_t event, int error,
			       xmpp_stream_error_t *stream_error, void *user)
{
	(void)error;
	(void)stream_error;
	(void)user;
	if (event != XMPP_CONN_CONNECT) {
		account.ended = true;
		return;
	}
	account.ready = true;
	xmpp_handler_add(connection, iq_came, NULL, "iq", NULL, NULL);
	for (struct request *request = account.requests; request; request = request->next)
		if (!request->sent)
			send_request(request);
}

static void close_account(void)
{
	if (account.watched)
		loop_remove(&account.source);
	if (account.connection)
		xmpp_conn_release(account.connection);
	if (account.context)
		xmpp_ctx_free(account.context);
	account.connection = NULL;
	account.context = NULL;
	account.watched = account.ready = account.ended = false;
	while (account.requests)
		answer(&account.requests, "the XMPP server can't be reached, or refuses the account");
}

static void run(void)
{
	int quiet = 0;

	/* A request may be given up, and another one made, by who is told the answer. */
	if (account.running)
		return;
	account.running = true;
	for (int i = 0; i < ROUNDS && quiet < QUIET_ROUNDS && !account.ended; i++) {
		xmpp_run_once(account.context, 0);
		quiet++;
		if (!account.ended && poll(&(struct pollfd){account.source.fd, POLLIN, 0}, 1, 0) > 0)
			quiet = 0;
	}
	account.running = false;
	if (account.ended)
		close_account();
}

static void ready(struct source *source, uint32_t events)
{
	(void)source;
	(void)events;
	run();
}

static int socket_made(xmpp_conn_t *connection, void *socket)
{
	int on = 1;

	(void)connection;
	account.source = (struct source){.fd = *(int *)socket, .ready = ready};
	setsockopt(account.source.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	account.watched = !loop_add(&account.source, EVENTS);
	return 0;
}

const char *xmpp_open(void)
{
	static const xmpp_log_t quiet;
	char *host = options.xmpp_server ? copy_string(options.xmpp_server) : NULL;
	char *colon = host ? strrchr(host, ':') : NULL;
	unsigned long port = colon ? strtoul(colon + 1, NULL, 10) : PORT;
	int result;

	if (colon)
		*colon = '\0';
	xmpp_initialize();
	account.context = xmpp_ctx_new(NULL, &quiet);
	account.connection = xmpp_conn_new(account.context);
	xmpp_conn_set_jid(account.connection, options.xmpp_account);
	xmpp_conn_set_pass(account.connection, options.xmpp_password);
	if (options.xmpp_ca)
		xmpp_conn_set_cafile(account.connection, options.xmpp_ca);
	xmpp_conn_set_flags(account.connection, XMPP_CONN_FLAG_MANDATORY_TLS | XMPP_CONN_FLAG_DISABLE_SM);
	xmpp_conn_set_sockopt_callback(account.connection, socket_made);
	result = xmpp_connect_client(account.connection, host, (unsigned short)port, connection_changed, NULL);
	free(host);
	if (result == XMPP_EOK && account.watched)
		return NULL;
	close_account();
	return "the XMPP server can't be reached";
}

void xmpp_close(void)
{
	while (account.requests)
		xmpp_request_cancel(account.requests);
	if (account.context)
		close_account();
}

void *xmpp_request_start(const char *jabber_id, void (*answered)(void *user, const char *refusal), void *user,
			 const char **error)
{
	struct request *request;

	*error = options.xmpp_account ? NULL : "no account: --xmpp";
	if (!*error && !account.context)
		*error = xmpp_open();
	if (*error)
		return NULL;
	request = calloc(1, sizeof(*request));
	if (!request)
		abort();
	snprintf(request->id, sizeof(request->id), "request-%lu", ++account.last_id);
	request->jabber_id = copy_string(jabber_id);
	request->answered = answered;
	request->user = user;
	request->next = account.requests;
	account.requests = request;
	if (account.ready) {
		send_request(request);
		/* Written in the loop's next turn, when the caller has noted what it waits for. */
		loop_change(&account.source, EVENTS);
	}
	return request;
}

void xmpp_request_read(void *request)
{
	(void)request;
	if (account.context)
		run();
}

void xmpp_request_cancel(void *request)
{
	struct request **at = find(((struct request *)request)->id);
	struct request *found = *at;

	if (!found)
		return;
	*at = found->next;
	free_request(found);
}
