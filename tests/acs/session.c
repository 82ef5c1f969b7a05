// SPDX-License-Identifier: GPL-2.0-or-later
// CWMP sessions, the ACS's side: what each request of an agent means and what answers it (TR-069, section 3.7).

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/acs/device.h"
#include "tests/acs/digest.h"
#include "tests/acs/names.h"
#include "tests/acs/options.h"
#include "tests/acs/output.h"
#include "tests/acs/session.h"

#define COOKIE_NAME "espalier-acs-session"

enum {
	LEARN_MAX = 4096, // members of an answer whose names are noted when nobody is at a prompt
	GRACE_MS = 2000,  // for an agent that closed its connection within a session
};

struct session {
	struct session *next;
	uint64_t number;
	struct device *device;
	char cookie[33];
	char cwmp_namespace[80];
	struct command *in_flight; // the device's first command, sent and not answered
	char *request_id;	   // of the request in flight, NULL when it had none
	unsigned next_id;
	bool held;	 // HoldRequests of the last envelope
	bool said_empty; // the agent has sent an empty request when its own were not held: it has no more
	struct connection *connection;
	struct timer timeout;
};

static struct session *sessions;
static uint64_t last_number;
static unsigned protocol_errors;

void session_protocol_error(void)
{
	protocol_errors++;
}

unsigned session_protocol_errors(void)
{
	return protocol_errors;
}

static struct session *by_number(uint64_t number)
{
	struct session *session = sessions;

	while (session && session->number != number)
		session = session->next;
	return session;
}

static void session_free(struct session *session)
{
	struct session **link = &sessions;

	while (*link != session)
		link = &(*link)->next;
	*link = session->next;
	timer_clear(&session->timeout);
	free(session->request_id);
	free(session);
}

void sessions_free(void)
{
	while (sessions)
		session_free(sessions);
}

/* Ends a session; a command without an answer fails with the reason. */
static void session_end(struct session *session, struct connection *connection, const char *reason)
{
	struct device *device = session->device;
	bool lost = session->in_flight;

	device->session = NULL;
	session_free(session);
	if (lost) {
		print_result("error %s", reason);
		device_command_done(device, false);
	}
	device_session_ended(device, connection);
}

static void session_timeout(struct timer *timer)
{
	struct session *session = container_of(timer, struct session, timeout);

	print_exchange("-- session of %s ended: the agent is silent", session->device->id);
	session_end(session, NULL, "the session was lost");
}

void session_connection_closed(struct connection *connection)
{
	struct session *session = by_number(connection->session);

	device_connection_closed(connection);
	if (!session || session->connection != connection)
		return;
	session->connection = NULL;
	timer_set(&session->timeout, GRACE_MS);
}

/* Compares the value of our cookie, if the request has it. */
static struct session *by_cookie(const struct http_reader *request, bool *has_cookie)
{
	const char *value;

	*has_cookie = false;
	for (size_t i = 0; (value = http_header(request, "Cookie", i)); i++) {
		const char *at = strstr(value, COOKIE_NAME "=");

		if (!at)
			continue;
		*has_cookie = true;
		at += strlen(COOKIE_NAME "=");
		for (struct session *session = sessions; session; session = session->next)
			if (!strncmp(at, session->cookie, strlen(session->cookie)))
				return session;
	}
	return NULL;
}

void session_find(struct connection *connection)
{
	bool has_cookie;
	struct session *session = by_cookie(&connection->request, &has_cookie);

	if (options.cookie == COOKIE_OFF)
		return;
	if (session)
		connection->session = session->number;
	else if (has_cookie || options.cookie == COOKIE_REQUIRED)
		connection->session = 0;
}

static struct envelope envelope_for(const struct connection *connection, const char *cwmp_namespace, const char *id)
{
	const struct plan *plan = &connection->plan;

	return (struct envelope){.cwmp_namespace = cwmp_namespace,
				 .id = plan->no_id ? NULL
				       : plan->id  ? plan->id
						   : id,
				 .hold_requests = options.hold,
				 .unknown_header = plan->unknown_header,
				 .style = plan->style};
}

static const char *message_id(const struct message *message)
{
	return message->has_id ? buffer_string(&message->id) : NULL;
}

/* Prints the line that begins a message from the agent, once. */
static void describe(struct connection *connection, const char *method)
{
	const struct session *session = by_number(connection->session);

	if (connection->described)
		return;
	connection->described = true;
	print_exchange("<- %s %s connection=%u", method, session ? session->device->id : "-", connection->number);
}

static void inform_item(struct connection *connection, const struct item *item)
{
	if (item->kind != ITEM_VALUE)
		return;
	buffer_format(&connection->inform, "   %s = %s\n", item->name, item->value);
	names_learn(item->name, item->type);
}

bool session_item(void *user, const struct message *message, const struct item *item)
{
	struct connection *connection = user;
	struct session *session = by_number(connection->session);
	struct command *command = session ? session->in_flight : NULL;

	if (!strcmp(message->method, "Inform")) {
		inform_item(connection, item);
		return true;
	}
	describe(connection, message->method);
	if (session && item->kind == ITEM_VALUE)
		connect_learn(session->device, item->name, item->value);
	if (command && command->item)
		return command->item(command, item);
	if (item->kind != ITEM_FAULT && (options.interactive || message->item_count <= LEARN_MAX))
		if (item->kind == ITEM_VALUE || item->kind == ITEM_NAME)
			names_learn(item->name, item->type);
	if (command && !command->asking_types && (output_options.results || item->kind == ITEM_FAULT))
		command_print_item(item);
	return true;
}

/* Sends the device's next command, or the empty answer that ends the session. */
static void session_continue(struct session *session, struct connection *connection)
{
	static const char blanks[] = " \r\n\t\r\n";
	struct buffer body = {0};
	char id[32];

	for (;;) {
		struct command *command = device_next(session->device, true);
		struct envelope envelope;

		if (!command)
			break;
		snprintf(id, sizeof(id), "%u", ++session->next_id);
		envelope = envelope_for(connection, session->cwmp_namespace, options.no_id ? NULL : id);
		if (command->kind->write(command, &body, &envelope) < 0) {
			device_command_done(session->device, false);
			continue;
		}
		if (!command->kind->response || !envelope.id)
			connection->plan.bad = true;
		free(session->request_id);
		session->request_id = envelope.id ? copy_string(envelope.id) : NULL;
		session->held = envelope.hold_requests;
		session->in_flight = command;
		command->started = now_ns();
		if (!command->hidden)
			print_exchange("-> %s", command->asking_types ? "get (types)" : command->text);
		server_respond(connection, 200, NULL, &body);
		buffer_free(&body);
		return;
	}
	print_exchange("-> empty");
	if (options.final == FINAL_BLANK)
		buffer_text(&body, blanks);
	server_respond(connection, options.final == FINAL_204 ? 204 : 200, NULL, &body);
	buffer_free(&body);
	// An agent whose requests were released since it sent its empty request has still to say whether it has any.
	if (session->said_empty || session->held)
		session_end(session, connection, "");
}

static void print_inform(const struct connection *connection, const struct device *device,
			 const struct message *message)
{
	struct buffer events = {0};

	for (unsigned i = 0; i < message->event_count; i++) {
		buffer_format(&events, "%s%s", i ? ", " : "", message->events[i].code);
		if (message->events[i].command_key[0])
			buffer_format(&events, "(%s)", message->events[i].command_key);
	}
	print_exchange("<- Inform %s connection=%u retry=%u cwmp=%s events=[%s]", device->id, connection->number,
		       message->retry_count, message->cwmp_namespace + strlen("urn:dslforum-org:cwmp-"),
		       buffer_string(&events));
	buffer_free(&events);
	if (!output_options.quiet)
		print_raw(buffer_string(&connection->inform), connection->inform.length);
}

/* Answers an agent's request with a CWMP fault. */
static void answer_fault(struct connection *connection, const char *cwmp_namespace, const struct message *message,
			 int code)
{
	struct envelope envelope = envelope_for(connection, cwmp_namespace, message_id(message));
	struct buffer body = {0};

	write_fault(&body, &envelope, code, code == 8005 ? "Retry request" : "Request refused");
	print_exchange("-> fault %d", code);
	server_respond(connection, 200, NULL, &body);
	buffer_free(&body);
}

static struct session *session_new(struct connection *connection, struct device *device, const char *cwmp_namespace)
{
	struct session *session = zalloc(sizeof(*session));

	session->number = ++last_number;
	session->device = device;
	session->connection = connection;
	session->timeout.fire = session_timeout;
	digest_token(session->cookie);
	snprintf(session->cwmp_namespace, sizeof(session->cwmp_namespace), "%s", cwmp_namespace);
	session->next = sessions;
	sessions = session;
	connection->session = session->number;
	device->session = session;
	return session;
}

static void answer_inform(struct session *session, struct connection *connection, const struct message *message)
{
	struct envelope envelope = envelope_for(connection, session->cwmp_namespace, message_id(message));
	struct buffer body = {0}, headers = {0};
	struct writer writer;

	envelope.use_version = options.use_version;
	envelope_begin(&writer, &body, &envelope, "InformResponse");
	write_element(&writer, "MaxEnvelopes", "1");
	envelope_end(&writer);
	if (options.cookie != COOKIE_OFF)
		buffer_format(&headers, "Set-Cookie: " COOKIE_NAME "=%s; Path=/; HttpOnly\r\n", session->cookie);
	print_exchange("-> InformResponse");
	server_respond(connection, 200, &headers, &body);
	buffer_free(&body);
	buffer_free(&headers);
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && !strcmp(text + length - end_length, end);
}

/* Where the device is reached is among the parameters of its Inform. */
static void learn_targets(struct device *device, const struct buffer *inform)
{
	char *text = copy_string(buffer_string(inform)), *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		char *value = strstr(line, " = ");

		if (!value)
			continue;
		*value = '\0';
		connect_learn(device, line, value + strlen(" = "));
	}
	free(text);
}

static void session_inform(struct connection *connection, const struct message *message)
{
	const char *cwmp_namespace = options.cwmp_namespace ? options.cwmp_namespace : message->cwmp_namespace;
	const char *class = buffer_string(&message->product_class);
	struct buffer id = {0};
	struct session *session;
	struct device *device;

	buffer_format(&id, "%s-%s%s%s", buffer_string(&message->oui), class, *class ? "-" : "",
		      buffer_string(&message->serial_number));
	device = device_get(buffer_string(&id));
	buffer_free(&id);
	print_inform(connection, device, message);
	if (connection->plan.fault) {
		answer_fault(connection, cwmp_namespace, message, connection->plan.fault);
		return;
	}
	if (device->session)
		session_end(device->session, NULL, "the session was lost");
	learn_targets(device, &connection->inform);
	server_peer(connection, device->peer, sizeof(device->peer));
	session = session_new(connection, device, cwmp_namespace);
	timer_set(&session->timeout, options.session_timeout_ms);
	device_inform(device, message, connection->received);
	session->held = options.hold;
	answer_inform(session, connection, message);
}

static void check_answer(const struct session *session, const struct message *message)
{
	const struct command *command = session->in_flight;
	const char *expected = command->asking_types ? "GetParameterValuesResponse" : command->kind->response;
	const char *id = message_id(message);

	if (expected && strcmp(message->method, expected) && strcmp(message->method, "Fault")) {
		print_result("error answer is a %s, not a %s", message->method, expected);
		protocol_errors++;
	}
	if (command->kind->response && (!id != !session->request_id || (id && strcmp(id, session->request_id)))) {
		print_result("error header ID of the answer is %s, not %s", id ? id : "missing",
			     session->request_id ? session->request_id : "missing");
		protocol_errors++;
	}
	if (message->cwmp_namespace[0] && strcmp(message->cwmp_namespace, session->cwmp_namespace)) {
		print_result("error answer in %s, session in %s", message->cwmp_namespace, session->cwmp_namespace);
		protocol_errors++;
	}
}

static void print_answer(const struct message *message, bool fault)
{
	if (fault && message->fault_code)
		print_result("fault %d %s", message->fault_code, buffer_string(&message->fault_string));
	else if (fault)
		print_result("fault SOAP %s %s", buffer_string(&message->fault_code_soap),
			     buffer_string(&message->fault_string));
	if (message->instance_number[0])
		print_result("instance %s", message->instance_number);
	if (message->status >= 0)
		print_result("status %d", message->status);
}

static void session_answer(struct session *session, struct connection *connection, const struct message *message)
{
	struct command *command = session->in_flight;
	bool fault = !strcmp(message->method, "Fault");

	if (!command) {
		print_result("error %s without a request", message->method);
		protocol_errors++;
		session_continue(session, connection);
		return;
	}
	check_answer(session, message);
	session->in_flight = NULL;
	command->answer_started = connection->request_started;
	command->finished = now_ns();
	command->bytes = connection->request.body_length;
	command->items = message->item_count > message->array_count ? message->item_count : message->array_count;
	if (!command->hidden)
		print_exchange("   %llu members, %llu bytes, %.3f ms", (unsigned long long)command->items,
			       (unsigned long long)command->bytes,
			       (double)(command->finished - command->started) / 1e6);
	if (command->asking_types) {
		command->asking_types = false;
		command->types_asked = true;
	} else {
		if (!command->hidden || fault)
			print_answer(message, fault);
		device_command_done(session->device, !fault);
	}
	session_continue(session, connection);
}

/* Answers a request of the agent other than Inform. */
static void agent_request(struct session *session, struct connection *connection, const struct message *message)
{
	static const char *const methods[] = {"Inform",
					      "GetRPCMethods",
					      "TransferComplete",
					      "RequestDownload",
					      "AutonomousTransferComplete",
					      "Kicked",
					      "DUStateChangeComplete",
					      "AutonomousDUStateChangeComplete"};
	enum { METHODS = sizeof(methods) / sizeof(methods[0]) };
	struct envelope envelope = envelope_for(connection, session->cwmp_namespace, message_id(message));
	struct buffer body = {0};
	char response[100];
	struct writer writer;
	bool known = false;

	for (size_t i = 0; i < METHODS; i++)
		known |= !strcmp(methods[i], message->method);
	if (!known || connection->plan.fault) {
		answer_fault(connection, session->cwmp_namespace, message,
			     connection->plan.fault ? connection->plan.fault : 8000);
		return;
	}
	if (session->said_empty && !session->in_flight)
		print_exchange("warning request after an empty POST");
	snprintf(response, sizeof(response), "%sResponse", message->method);
	envelope_begin(&writer, &body, &envelope, response);
	if (!strcmp(message->method, "GetRPCMethods")) {
		write_array_open(&writer, "MethodList", "xsd:string", METHODS);
		for (size_t i = 0; i < METHODS; i++)
			write_element(&writer, "string", methods[i]);
		write_close(&writer, "MethodList");
	} else if (!strcmp(message->method, "Kicked")) {
		write_element(&writer, "NextURL", "");
	}
	envelope_end(&writer);
	session->held = options.hold;
	print_exchange("-> %s", response);
	server_respond(connection, 200, NULL, &body);
	buffer_free(&body);
}

/* Says where an agent strays from the HTTP part of TR-069, section 3.4. */
static void check_head(const struct http_reader *request, bool empty)
{
	const char *type = http_header(request, "Content-Type", 0);

	if (empty && (type || http_header(request, "SOAPAction", 0)))
		print_exchange("warning empty POST with Content-Type or SOAPAction");
	if (!empty && (!type || strncmp(type, "text/xml", 8)))
		print_exchange("warning Content-Type is %s", type ? type : "missing");
	if (!empty && (!http_header(request, "SOAPAction", 0) || *http_header(request, "SOAPAction", 0)))
		print_exchange("warning SOAPAction is missing or not empty");
	if (!http_header(request, "Host", 0))
		print_exchange("warning Host is missing");
}

static void refuse(struct connection *connection, struct session *session)
{
	print_exchange("-> status 400");
	server_respond(connection, 400, NULL, NULL);
	if (session)
		session_end(session, connection, "the session was ended");
}

void session_request(struct connection *connection, const struct message *message)
{
	struct session *session = by_number(connection->session);

	check_head(&connection->request, !message);
	if (session) {
		session->connection = connection;
		timer_set(&session->timeout, options.session_timeout_ms);
	}
	if (message && message->error[0]) {
		describe(connection, "?");
		print_result("error %s", message->error);
		protocol_errors++;
		refuse(connection, session);
		return;
	}
	if (message && !strcmp(message->method, "Inform")) {
		session_inform(connection, message);
		return;
	}
	describe(connection, message ? message->method : "empty");
	if (!session) {
		print_exchange("-- no session");
		refuse(connection, NULL);
	} else if (!message) {
		session->said_empty |= !session->held;
		if (session->in_flight) {
			session->in_flight = NULL;
			print_result("error empty POST in place of an answer");
			protocol_errors++;
			device_command_done(session->device, false);
		}
		session_continue(session, connection);
	} else if (!strcmp(message->method, "Fault") || ends_with(message->method, "Response")) {
		session_answer(session, connection, message);
	} else {
		agent_request(session, connection, message);
	}
}
