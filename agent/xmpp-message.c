// SPDX-License-Identifier: GPL-2.0-or-later
// What the agent and espalier-xmpp tell each other.
#include "agent/xmpp-message.h"

#include <string.h>

static const size_t sizes[XMPP_KINDS] = {
	[XMPP_CONNECTION] = sizeof(struct xmpp_connection),
	[XMPP_CONNECTIONS_END] = sizeof(struct xmpp_connections_end),
	[XMPP_VERDICT] = sizeof(struct xmpp_verdict_message),
	[XMPP_STATE] = sizeof(struct xmpp_state),
	[XMPP_REQUEST] = sizeof(struct xmpp_request),
};

void xmpp_message_start(union xmpp_message *message, enum xmpp_kind kind, uint32_t number)
{
	memset(message, 0, sizes[kind]);
	message->head = (struct xmpp_head){XMPP_MESSAGE_VERSION, kind, (uint32_t)sizes[kind], number};
}

#define ENDS(field) (memchr((field), '\0', sizeof(field)) != NULL)

static bool connection_good(const struct xmpp_connection *connection)
{
	if (connection->enable > 1 || connection->use_tls > 1 || connection->algorithm >= XMPP_ALGORITHMS ||
	    connection->server_count > XMPP_SERVERS_MAXIMUM || connection->keep_alive < -1 ||
	    !ENDS(connection->username) || !ENDS(connection->password) || !ENDS(connection->domain) ||
	    !ENDS(connection->resource))
		return false;
	for (uint32_t i = 0; i < connection->server_count; i++) {
		if (!ENDS(connection->servers[i].address))
			return false;
	}
	return true;
}

bool xmpp_message_good(const union xmpp_message *message, size_t length)
{
	const struct xmpp_head *head = &message->head;

	if (length < sizeof(*head) || head->version != XMPP_MESSAGE_VERSION || head->kind >= XMPP_KINDS ||
	    head->size != length || length != sizes[head->kind])
		return false;
	switch ((enum xmpp_kind)head->kind) {
	case XMPP_CONNECTION:
		return connection_good(&message->connection);
	case XMPP_VERDICT:
		return message->verdict.verdict < XMPP_VERDICTS;
	case XMPP_STATE:
		return message->state.status < XMPP_STATUSES && message->state.tls <= 1 &&
		       ENDS(message->state.jabber_id) && ENDS(message->state.error);
	case XMPP_REQUEST:
		return ENDS(message->request.from) && ENDS(message->request.username) &&
		       ENDS(message->request.password);
	case XMPP_CONNECTIONS_END:
	case XMPP_KINDS:
		break;
	}
	return true;
}
