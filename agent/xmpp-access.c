// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's end of the private connection with espalier-xmpp.
#include "agent/xmpp-access.h"

#include "agent/agent-private.h"
#include "agent/xmpp-objects.h"
#include "shm/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_JABBER_ID "jabber-id" // the number of the connection, a blank, its Jabber ID

static struct xmpp_access *of_link(struct private_link *link)
{
	return (struct xmpp_access *)((char *)link - offsetof(struct xmpp_access, link));
}

static uint32_t wanted_number(const struct xmpp_access *access)
{
	return xmpp_objects_number(settings_text(&access->agent->settings, SETTING_CONN_REQ_XMPP_CONNECTION));
}

// --- what is published ---

// ConnReqJabberID is that of the row which is referred to. It is kept over a restart: neither that nor a lost link is a
// change.
static void publish_jabber_id(struct xmpp_access *access)
{
	struct agent *agent = access->agent;
	uint32_t number = wanted_number(access);
	char jabber_id[XMPP_JID_SIZE], state[XMPP_JID_SIZE + 16];
	bool news;

	xmpp_objects_jabber_id(&agent->tables, number, jabber_id);
	news = strcmp(jabber_id, reachable_address(&agent->reachable, REACHABLE_XMPP)) != 0;
	reachable_set(&agent->reachable, REACHABLE_XMPP, jabber_id);
	if (!news && (number == access->number || !*jabber_id))
		return;
	access->number = number;
	snprintf(state, sizeof(state), "%u %s", number, jabber_id);
	agent_put_state(agent, STATE_JABBER_ID, *jabber_id ? state : "");
}

static void publish_connected(struct xmpp_access *access)
{
	struct agent *agent = access->agent;

	own_set(&agent->own, OWN_CONNECTION_REQUEST, OWN_CONNECTION_REQUEST_XMPP_CONNECTED,
		xmpp_access_connected(access) ? "1" : "0");
	reachable_support(&agent->reachable, REACHABLE_XMPP, xmpp_access_connected(access));
}

// A connection that nobody keeps is disabled or unknown.
static void publish_unknown(struct xmpp_access *access)
{
	const struct own_tables *tables = &access->agent->tables;
	const struct own_table_rows *rows = own_table_rows(tables, OWN_TABLE_XMPP_CONNECTION);
	union xmpp_message *message = &access->message;

	for (uint32_t i = 0; i < rows->count; i++) {
		uint32_t enable;

		xmpp_objects_read(tables, rows->keys[i], &message->connection);
		enable = message->connection.enable;
		explicit_bzero(message, sizeof(*message));
		xmpp_message_start(message, XMPP_STATE, rows->keys[i].number);
		message->state.status = enable ? XMPP_STATUS_UNKNOWN : XMPP_STATUS_DISABLED;
		xmpp_objects_show(tables, &message->state);
	}
}

// --- what espalier-xmpp is told ---

static void send_connections(struct xmpp_access *access)
{
	const struct own_tables *tables = &access->agent->tables;
	const struct own_table_rows *rows = own_table_rows(tables, OWN_TABLE_XMPP_CONNECTION);
	union xmpp_message *message = &access->message;

	if (!xmpp_access_connected(access)) {
		publish_unknown(access);
		return;
	}
	for (uint32_t i = 0; i < rows->count; i++) {
		xmpp_objects_read(tables, rows->keys[i], &message->connection);
		private_link_send(&access->link, (const char *)message, message->head.size);
		explicit_bzero(message, sizeof(*message));
	}
	xmpp_message_start(message, XMPP_CONNECTIONS_END, 0);
	private_link_send(&access->link, (const char *)message, message->head.size);
}

static void update(struct alarm *alarm)
{
	struct xmpp_access *access = (struct xmpp_access *)((char *)alarm - offsetof(struct xmpp_access, update));

	send_connections(access);
	publish_jabber_id(access);
}

// Many changes at one moment are told once, and when the rows have got their values.
static void update_soon(struct xmpp_access *access)
{
	alarm_set(&access->update, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME));
}

static void tables_changed(struct own_tables *tables, enum own_table table)
{
	struct agent *agent = (struct agent *)((char *)tables - offsetof(struct agent, tables));

	if (table == OWN_TABLE_XMPP_CONNECTION || table == OWN_TABLE_XMPP_SERVER)
		update_soon(&agent->xmpp);
}

void xmpp_access_settings_changed(struct xmpp_access *access, uint64_t changed)
{
	if (access->agent && changed & SETTING_BIT(SETTING_CONN_REQ_XMPP_CONNECTION))
		publish_jabber_id(access);
}

// --- what espalier-xmpp tells ---

static void take_request(struct xmpp_access *access, const struct xmpp_request *request)
{
	struct agent *agent = access->agent;
	const struct settings *settings = &agent->settings;
	uint32_t token = request->token, number = request->head.number;
	enum xmpp_verdict verdict;

	access->judge.burst = agent->configuration.connection_request_burst;
	access->judge.interval_ms = agent->configuration.connection_request_interval;
	verdict = xmpp_judge_request(&access->judge, request, number == wanted_number(access),
				     settings_text(settings, SETTING_CONN_REQ_ALLOWED_JABBER_IDS),
				     settings_text(settings, SETTING_CONNECTION_REQUEST_USERNAME),
				     settings_text(settings, SETTING_CONNECTION_REQUEST_PASSWORD),
				     ring_clock(CLOCK_BOOTTIME));

	agent_counted(agent);
	xmpp_message_start(&access->message, XMPP_VERDICT, number);
	access->message.verdict.token = token;
	// Who may not ask is not told that we are here, unless the configuration wants it.
	if (verdict == XMPP_WRONG_SENDER &&
	    agent->configuration.xmpp_wrong_sender == XMPP_WRONG_SENDER_SERVICE_UNAVAILABLE)
		access->message.verdict.verdict = XMPP_UNWANTED;
	else
		access->message.verdict.verdict = verdict;
	private_link_send(&access->link, (const char *)&access->message, access->message.head.size);
	if (verdict != XMPP_GRANTED)
		return;
	log_info("connection request by XMPP");
	agent_raise(agent, EVENT_CONNECTION_REQUEST);
	agent_plan(agent);
}

static void take_state(struct xmpp_access *access, const struct xmpp_state *state)
{
	struct agent *agent = access->agent;

	xmpp_objects_show(&agent->tables, state);
	if (state->head.number == wanted_number(access))
		publish_jabber_id(access);
	if (access->refused_malformed != state->refused_malformed || access->refused_busy != state->refused_busy) {
		access->refused_malformed = state->refused_malformed;
		access->refused_busy = state->refused_busy;
		agent_counted(agent);
	}
}

static bool take_message(struct private_link *link, const char *bytes, size_t length)
{
	struct xmpp_access *access = of_link(link);
	static union xmpp_message message;
	bool good = length <= sizeof(message);

	if (good) {
		memcpy(&message, bytes, length);
		good = xmpp_message_good(&message, length);
	}
	if (good && message.head.kind == XMPP_STATE)
		take_state(access, &message.state);
	else if (good && message.head.kind == XMPP_REQUEST)
		take_request(access, &message.request);
	else
		good = false;
	explicit_bzero(&message, sizeof(message));
	return good;
}

static void connected(struct private_link *link)
{
	struct xmpp_access *access = of_link(link);

	publish_connected(access);
	send_connections(access);
}

static void gone(struct private_link *link)
{
	struct xmpp_access *access = of_link(link);

	publish_connected(access);
	publish_unknown(access);
}

// --- start and end ---

static void load_jabber_id(struct xmpp_access *access)
{
	struct agent *agent = access->agent;
	char text[XMPP_JID_SIZE + 16], *end;
	union xmpp_message *message = &access->message;

	if (store_get(agent->store, STORE_STATE, STATE_JABBER_ID, text, sizeof(text)) <= 0)
		return;
	access->number = (uint32_t)strtoul(text, &end, 10);
	if (*end != ' ')
		return;
	xmpp_message_start(message, XMPP_STATE, access->number);
	message->state.status = XMPP_STATUS_UNKNOWN;
	snprintf(message->state.jabber_id, sizeof(message->state.jabber_id), "%s", end + 1);
	reachable_set(&agent->reachable, REACHABLE_XMPP, message->state.jabber_id);
	xmpp_objects_show(&agent->tables, &message->state);
}

void xmpp_access_open(struct xmpp_access *access, struct agent *agent)
{
	access->agent = agent;
	access->update = (struct alarm){.ring = &agent->ring, .rang = update};
	access->link.program = "espalier-xmpp";
	access->link.connected = connected;
	access->link.gone = gone;
	access->link.received = take_message;
	agent->tables.changed = tables_changed;
	own_set(&agent->own, OWN_XMPP, XMPP_SUPPORTED_SERVER_CONNECT_ALGORITHMS, "DNS-SRV,DNS,ServerTable");
	load_jabber_id(access);
	private_link_open(&access->link, &agent->ring, agent->daemon.run_folder, XMPP_SOCKET);
	publish_unknown(access);
	publish_connected(access);
	publish_jabber_id(access);
}

bool xmpp_access_connected(const struct xmpp_access *access)
{
	return private_link_connected(&access->link);
}

void xmpp_access_stop(struct xmpp_access *access)
{
	private_link_stop(&access->link);
}

void xmpp_access_free(struct xmpp_access *access)
{
	private_link_free(&access->link);
}
