// SPDX-License-Identifier: GPL-2.0-or-later
// Negotiates a stream (RFC 6120: STARTTLS, SASL, resource binding), and answers what comes over it.
#include "agent/xmpp/xmpp.h"

#include "shm/log.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BIND_ID "bind"

static bool take_stanza(struct xmpp_client *client, xmpp_stanza_t *stanza);

// ---- Sending

static void send_stanza(struct xmpp_client *client, xmpp_stanza_t *stanza)
{
	const char *type = stanza ? xmpp_stanza_get_type(stanza) : NULL;

	if (!stanza) {
		xmpp_client_fail(client, XMPP_STATUS_ERROR, "no memory");
		return;
	}
	client->state.transmitted++;
	if (type && !strcmp(type, "error"))
		client->state.transmitted_errors++;
	xmpp_send(client->connection, stanza);
	xmpp_stanza_release(stanza);
	xmpp_client_counted(client);
}

static void answer(struct xmpp_client *client, const char *id, const char *to, const char *type, const char *condition)
{
	send_stanza(client, condition ? stanza_error(client->context, id, to, type, condition)
				      : stanza_result(client->context, id, to));
}

// An element of the negotiation with an attribute and a text, each of which may be NULL. Not counted: it is no stanza.
static void send_element(struct xmpp_client *client, const char *name, const char *ns, const char *mechanism,
			 const char *text)
{
	xmpp_stanza_t *element = xmpp_stanza_new(client->context), *content = NULL;
	bool made = element && !xmpp_stanza_set_name(element, name) && !xmpp_stanza_set_ns(element, ns) &&
		    (!mechanism || !xmpp_stanza_set_attribute(element, "mechanism", mechanism));

	if (made && text) {
		content = xmpp_stanza_new(client->context);
		made = content && !xmpp_stanza_set_text(content, text) && !xmpp_stanza_add_child(element, content);
		if (content)
			xmpp_stanza_release(content);
	}
	if (made)
		xmpp_send(client->connection, element);
	else
		xmpp_client_fail(client, XMPP_STATUS_ERROR, "no memory");
	if (element)
		xmpp_stanza_release(element);
}

// ---- Streams

static int stanza_came(xmpp_conn_t *connection, xmpp_stanza_t *stanza, void *context)
{
	struct xmpp_client *client = context;

	(void)connection;
	client->bytes_at_stanza = 0;
	if (!client->failed && !take_stanza(client, stanza))
		xmpp_client_fail(client, XMPP_STATUS_ERROR, "the server does not keep to the protocol");
	return 1;
}

static void open_stream(struct xmpp_client *client)
{
	client->phase = XMPP_OPENING;
	if (xmpp_conn_open_stream_default(client->connection) != XMPP_EOK)
		xmpp_client_fail(client, XMPP_STATUS_ERROR, "the stream can't be opened");
}

void xmpp_stream_start(struct xmpp_client *client)
{
	xmpp_handler_add(client->connection, stanza_came, NULL, NULL, NULL, client);
	open_stream(client);
}

void xmpp_stream_opened(struct xmpp_client *client)
{
	// What a stranger in between had put behind the end of the plain stream does not count as one of TLS.
	if (client->phase == XMPP_OPENING)
		client->phase = XMPP_FEATURES;
}

// ---- TLS

// The handshake is the one thing that libstrophe waits for. A timer cuts the connection when it takes too long, or else
// a server that says nothing would hold up everything for ever.
static volatile sig_atomic_t handshaking = -1;
static char refused[XMPP_ERROR_SIZE];

static void cut(int number)
{
	(void)number;
	if (handshaking >= 0)
		shutdown(handshaking, SHUT_RDWR);
}

int xmpp_stream_certificate(const xmpp_tlscert_t *certificate, const char *const reason)
{
	(void)certificate;
	snprintf(refused, sizeof(refused), "the server's certificate is not accepted: %s", reason);
	return 0;
}

static bool handshake(struct xmpp_client *client)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
	struct itimerspec limit = {.it_value.tv_sec = XMPP_HANDSHAKE_SECONDS};
	struct sigaction action = {.sa_handler = cut};
	timer_t timer;
	bool good;

	snprintf(refused, sizeof(refused), "TLS can't be started");
	if (sigaction(SIGALRM, &action, NULL) || timer_create(CLOCK_MONOTONIC, &event, &timer))
		return false;
	handshaking = client->descriptor;
	good = !timer_settime(timer, 0, &limit, NULL) && xmpp_conn_tls_start(client->connection) == XMPP_EOK;
	handshaking = -1;
	timer_delete(timer);
	return good;
}

static void proceed(struct xmpp_client *client)
{
	if (handshake(client))
		open_stream(client);
	else
		xmpp_client_fail(client, XMPP_STATUS_ERROR, refused);
}

// ---- SASL

static void send_base64(struct xmpp_client *client, const char *name, const char *mechanism, const char *bytes,
			size_t length)
{
	char *text = xmpp_base64_encode(client->context, (const unsigned char *)bytes, length);

	if (!text) {
		xmpp_client_fail(client, XMPP_STATUS_ERROR, "no memory");
		return;
	}
	send_element(client, name, XMPP_NS_SASL, mechanism, text);
	explicit_bzero(text, strlen(text));
	xmpp_free(client->context, text);
}

static void start_scram(struct xmpp_client *client, enum scram_hash hash)
{
	char message[SCRAM_MESSAGE_SIZE];
	int length = scram_start(&client->scram, hash, client->settings.username, NULL, message);

	if (length < 0)
		xmpp_client_fail(client, XMPP_STATUS_MISCONFIGURED, "the user name can't be used");
	else
		send_base64(client, "auth", hash == SCRAM_SHA_1 ? "SCRAM-SHA-1" : "SCRAM-SHA-256", message,
			    (size_t)length);
}

// RFC 4616: NUL, user name, NUL, password.
static void start_plain(struct xmpp_client *client)
{
	char message[2 * XMPP_USER_SIZE + 2];
	int length = snprintf(message, sizeof(message), "%c%s%c%s", '\0', client->settings.username, '\0',
			      client->settings.password);

	client->plain = true;
	send_base64(client, "auth", "PLAIN", message, (size_t)length);
	explicit_bzero(message, sizeof(message));
}

enum { OFFERS_SHA_256 = 1, OFFERS_SHA_1 = 2, OFFERS_PLAIN = 4 };

static unsigned mechanisms(xmpp_stanza_t *features)
{
	static const struct {
		const char *name;
		unsigned bit;
	} known[] = {{"SCRAM-SHA-256", OFFERS_SHA_256}, {"SCRAM-SHA-1", OFFERS_SHA_1}, {"PLAIN", OFFERS_PLAIN}};
	xmpp_stanza_t *list = stanza_child(features, "mechanisms", XMPP_NS_SASL);
	xmpp_stanza_t *item = list ? xmpp_stanza_get_children(list) : NULL;
	unsigned offers = 0;
	char name[32];

	for (int i = 0; item && i < STANZA_ELEMENTS; i++, item = xmpp_stanza_get_next(item)) {
		if (!xmpp_stanza_is_tag(item) || !stanza_text(item, name, sizeof(name)))
			continue;
		for (size_t j = 0; j < sizeof(known) / sizeof(*known); j++) {
			if (!strcmp(name, known[j].name))
				offers |= known[j].bit;
		}
	}
	return offers;
}

static void authenticate(struct xmpp_client *client, unsigned offers)
{
	client->phase = XMPP_AUTHENTICATING;
	if (offers & OFFERS_SHA_256)
		start_scram(client, SCRAM_SHA_256);
	else if (offers & OFFERS_SHA_1)
		start_scram(client, SCRAM_SHA_1);
	else if (offers & OFFERS_PLAIN && xmpp_conn_is_secured(client->connection))
		start_plain(client);
	else
		xmpp_client_fail(client, XMPP_STATUS_AUTHENTICATION_FAILURE,
				 "the server offers no way to authenticate that can be taken");
}

// The text of a SASL element, decoded. Returns false when it is too long or not base64.
static bool decode(struct xmpp_client *client, xmpp_stanza_t *element, char text[SCRAM_SERVER_MAXIMUM + 1])
{
	char encoded[2 * SCRAM_SERVER_MAXIMUM];
	char *decoded;
	bool good;

	*text = '\0';
	if (!stanza_text(element, encoded, sizeof(encoded)))
		return false;
	if (!*encoded)
		return true;
	decoded = xmpp_base64_decode_str(client->context, encoded, strlen(encoded));
	good = decoded && strlen(decoded) <= SCRAM_SERVER_MAXIMUM;
	if (good)
		memcpy(text, decoded, strlen(decoded) + 1);
	if (decoded)
		xmpp_free(client->context, decoded);
	return good;
}

static bool challenged(struct xmpp_client *client, xmpp_stanza_t *element)
{
	char text[SCRAM_SERVER_MAXIMUM + 1], message[SCRAM_MESSAGE_SIZE];
	int length;

	if (client->plain || !decode(client, element, text))
		return false;
	// The proof of the server may come as a challenge with an empty answer.
	if (client->scram.answered) {
		if (!scram_verify(&client->scram, text))
			return false;
		client->plain = true;
		send_base64(client, "response", NULL, "", 0);
		return true;
	}
	length = scram_answer(&client->scram, text, client->settings.password, message);
	if (length < 0)
		return false;
	send_base64(client, "response", NULL, message, (size_t)length);
	explicit_bzero(message, sizeof(message));
	return true;
}

static bool succeeded(struct xmpp_client *client, xmpp_stanza_t *element)
{
	char text[SCRAM_SERVER_MAXIMUM + 1];

	if (!client->plain && (!decode(client, element, text) || !scram_verify(&client->scram, text))) {
		xmpp_client_fail(client, XMPP_STATUS_AUTHENTICATION_FAILURE,
				 "the server does not prove that it knows the password");
		return true;
	}
	client->authenticated = true;
	open_stream(client);
	return true;
}

static bool take_sasl(struct xmpp_client *client, xmpp_stanza_t *stanza)
{
	if (stanza_is(stanza, "challenge", XMPP_NS_SASL))
		return challenged(client, stanza);
	if (stanza_is(stanza, "success", XMPP_NS_SASL))
		return succeeded(client, stanza);
	if (!stanza_is(stanza, "failure", XMPP_NS_SASL))
		return false;
	xmpp_client_fail(client, XMPP_STATUS_AUTHENTICATION_FAILURE, "the server refuses user name or password");
	return true;
}

// ---- Resource binding

static void bind_resource(struct xmpp_client *client)
{
	xmpp_stanza_t *iq = xmpp_iq_new(client->context, "set", BIND_ID), *bind = xmpp_stanza_new(client->context);
	xmpp_stanza_t *resource = xmpp_stanza_new(client->context), *text = xmpp_stanza_new(client->context);
	bool made = iq && bind && resource && text && !xmpp_stanza_set_name(bind, "bind") &&
		    !xmpp_stanza_set_ns(bind, XMPP_NS_BIND) && !xmpp_stanza_set_name(resource, "resource") &&
		    !xmpp_stanza_set_text(text, client->settings.resource) && !xmpp_stanza_add_child(resource, text) &&
		    (!*client->settings.resource || !xmpp_stanza_add_child(bind, resource)) &&
		    !xmpp_stanza_add_child(iq, bind);
	xmpp_stanza_t *const parts[] = {text, resource, bind};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (parts[i])
			xmpp_stanza_release(parts[i]);
	}
	client->phase = XMPP_BINDING;
	if (made)
		send_stanza(client, iq);
	else
		xmpp_client_fail(client, XMPP_STATUS_ERROR, "no memory");
}

static bool take_bound(struct xmpp_client *client, xmpp_stanza_t *stanza)
{
	const char *id = xmpp_stanza_get_id(stanza), *type = xmpp_stanza_get_type(stanza);
	xmpp_stanza_t *bind = stanza_child(stanza, "bind", XMPP_NS_BIND);
	xmpp_stanza_t *jid = bind ? stanza_child(bind, "jid", XMPP_NS_BIND) : NULL;
	char jabber_id[XMPP_JID_SIZE];

	if (!id || strcmp(id, BIND_ID) != 0 || !type)
		return false;
	if (!strcmp(type, "error")) {
		xmpp_client_fail(client, XMPP_STATUS_ERROR, "the server refuses the resource");
		return true;
	}
	if (!jid || !stanza_text(jid, jabber_id, sizeof(jabber_id)) || !*jabber_id)
		return false;
	xmpp_client_bound(client, jabber_id);
	return true;
}

// ---- Features

static void start_tls(struct xmpp_client *client)
{
	client->phase = XMPP_PROCEEDING;
	send_element(client, "starttls", XMPP_NS_TLS, NULL, NULL);
}

static void take_features(struct xmpp_client *client, xmpp_stanza_t *features)
{
	xmpp_stanza_t *tls = stanza_child(features, "starttls", XMPP_NS_TLS);
	bool secured = xmpp_conn_is_secured(client->connection);
	unsigned offers = mechanisms(features);

	if (client->authenticated) {
		bind_resource(client);
		return;
	}
	// Where nothing but a clear password would do TLS is taken in any case.
	if (!secured && tls &&
	    (client->settings.use_tls || stanza_child(tls, "required", XMPP_NS_TLS) ||
	     !(offers & (OFFERS_SHA_1 | OFFERS_SHA_256))))
		start_tls(client);
	else if (!secured && client->settings.use_tls)
		xmpp_client_fail(client, XMPP_STATUS_ERROR, "the server offers no TLS");
	else
		authenticate(client, offers);
}

static void stream_error(struct xmpp_client *client, xmpp_stanza_t *stanza)
{
	xmpp_stanza_t *condition = xmpp_stanza_get_children(stanza);
	const char *name = condition && xmpp_stanza_is_tag(condition) ? xmpp_stanza_get_name(condition) : NULL;
	char text[XMPP_ERROR_SIZE];

	snprintf(text, sizeof(text), "the server ends the stream: %.64s", name ? name : "no reason");
	xmpp_client_fail(client, XMPP_STATUS_ERROR, text);
}

// ---- Requests

static struct xmpp_waiting *find_waiting(struct xmpp_program *program, uint32_t token, bool unused)
{
	for (size_t i = 0; i < XMPP_REQUESTS_MAXIMUM; i++) {
		struct xmpp_waiting *waiting = &program->waiting[i];

		if (unused ? !waiting->client : waiting->client && waiting->token == token)
			return waiting;
	}
	return NULL;
}

// The kind of a sender: an FNV hash of its bare Jabber ID, which nobody outside can foresee.
static uint32_t kind_of(struct xmpp_program *program, const char *from)
{
	uint32_t hash = 2166136261u ^ program->seed;

	for (; *from && *from != '/'; from++)
		hash = (hash ^ (uint32_t)tolower((unsigned char)*from)) * 16777619u;
	return (hash >> 16) % XMPP_SENDERS;
}

static bool may_ask(struct xmpp_program *program, uint32_t sender)
{
	unsigned burst = program->configuration.connection_request_burst, waiting = 0;

	// No fewer than the agent would grant.
	if (burst < XMPP_REQUEST_BURST)
		burst = XMPP_REQUEST_BURST;
	for (size_t i = 0; i < XMPP_REQUESTS_MAXIMUM; i++)
		waiting += program->waiting[i].client && program->waiting[i].sender == sender;
	return waiting < XMPP_SENDER_REQUESTS &&
	       rate_limit_allows(&program->limits[sender], burst, XMPP_REQUEST_INTERVAL_MS, ring_clock(CLOCK_BOOTTIME));
}

static void ask_agent(struct xmpp_client *client, xmpp_stanza_t *stanza, struct xmpp_request *request)
{
	struct xmpp_program *program = client->program;
	struct xmpp_waiting *waiting = find_waiting(program, 0, true);
	uint32_t sender = kind_of(program, request->from);
	const char *id = xmpp_stanza_get_id(stanza);

	if (!xmpp_link_connected(program) || !waiting || !may_ask(program, sender)) {
		program->refused_busy++;
		answer(client, id, request->from, "cancel", "service-unavailable");
		return;
	}
	waiting->sender = sender;
	waiting->client = client;
	waiting->token = ++program->token;
	snprintf(waiting->id, sizeof(waiting->id), "%s", id);
	memcpy(waiting->from, request->from, sizeof(waiting->from));
	request->token = waiting->token;
	xmpp_link_send(program, request);
}

static void take_iq(struct xmpp_client *client, xmpp_stanza_t *stanza)
{
	union xmpp_message message;
	struct xmpp_request *request = &message.request;
	const char *id = xmpp_stanza_get_id(stanza);

	xmpp_message_start(&message, XMPP_REQUEST, client->settings.head.number);
	switch (stanza_read(stanza, request)) {
	case STANZA_REQUEST:
		ask_agent(client, stanza, request);
		break;
	case STANZA_MALFORMED:
		client->program->refused_malformed++;
		answer(client, id, request->from, "modify", "bad-request");
		break;
	case STANZA_PING:
		answer(client, id, request->from, NULL, NULL);
		break;
	case STANZA_OTHER:
		answer(client, id, request->from, "cancel", "service-unavailable");
		break;
	case STANZA_NOT_ASKED:
		break;
	}
	explicit_bzero(request->password, sizeof(request->password));
}

static void give(struct xmpp_waiting *waiting, enum xmpp_verdict verdict)
{
	struct xmpp_client *client = waiting->client;

	waiting->client = NULL;
	switch (verdict) {
	case XMPP_GRANTED:
		answer(client, waiting->id, waiting->from, NULL, NULL);
		break;
	case XMPP_WRONG_CREDENTIALS:
		answer(client, waiting->id, waiting->from, "auth", "not-authorized");
		break;
	case XMPP_LIMITED:
	case XMPP_UNWANTED:
		answer(client, waiting->id, waiting->from, "cancel", "service-unavailable");
		break;
	case XMPP_WRONG_SENDER:
	case XMPP_VERDICTS:
		// Who may not ask is not told that we are here.
		return;
	}
	xmpp_client_run(client);
}

void xmpp_stream_verdict(struct xmpp_program *program, const struct xmpp_verdict_message *verdict)
{
	struct xmpp_waiting *waiting = find_waiting(program, verdict->token, false);

	if (waiting)
		give(waiting, (enum xmpp_verdict)verdict->verdict);
}

void xmpp_stream_forget(struct xmpp_program *program, const struct xmpp_client *client)
{
	for (size_t i = 0; i < XMPP_REQUESTS_MAXIMUM; i++) {
		struct xmpp_waiting *waiting = &program->waiting[i];

		if (!waiting->client)
			continue;
		if (waiting->client == client) {
			waiting->client = NULL;
		} else if (!client) {
			program->refused_busy++;
			give(waiting, XMPP_LIMITED);
		}
	}
}

// ---- What comes

static bool is_stanza(const char *name)
{
	return !strcmp(name, "iq") || !strcmp(name, "message") || !strcmp(name, "presence");
}

// Returns false for what does not belong here.
static bool take_stanza(struct xmpp_client *client, xmpp_stanza_t *stanza)
{
	const char *name = xmpp_stanza_get_name(stanza), *type = xmpp_stanza_get_type(stanza);

	if (stanza_is(stanza, "error", XMPP_NS_STREAMS)) {
		stream_error(client, stanza);
		return true;
	}
	if (name && is_stanza(name)) {
		client->state.received++;
		if (type && !strcmp(type, "error"))
			client->state.received_errors++;
		xmpp_client_counted(client);
	}
	switch (client->phase) {
	case XMPP_FEATURES:
		if (!stanza_is(stanza, "features", XMPP_NS_STREAMS))
			return false;
		take_features(client, stanza);
		return true;
	case XMPP_PROCEEDING:
		if (!stanza_is(stanza, "proceed", XMPP_NS_TLS))
			return false;
		proceed(client);
		return true;
	case XMPP_AUTHENTICATING:
		return take_sasl(client, stanza);
	case XMPP_BINDING:
		return take_bound(client, stanza);
	case XMPP_BOUND:
		if (name && !strcmp(name, "iq"))
			take_iq(client, stanza);
		return true;
	case XMPP_IDLE:
	case XMPP_WAITING:
	case XMPP_LOOKING:
	case XMPP_RESOLVING:
	case XMPP_OPENING:
		break;
	}
	return false;
}
