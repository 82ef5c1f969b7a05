// SPDX-License-Identifier: GPL-2.0-or-later
// Device.XMPP.: what the model says of its parameters, which the agent publishes for espalier-xmpp.
#pragma once

#include "agent/own-table.h"
#include "agent/xmpp-message.h"

enum xmpp_parameter { XMPP_CONNECTION_NUMBER_OF_ENTRIES, XMPP_SUPPORTED_SERVER_CONNECT_ALGORITHMS };

enum xmpp_connection_parameter {
	XMPP_CONNECTION_ENABLE,
	XMPP_CONNECTION_ALIAS,
	XMPP_CONNECTION_USERNAME,
	XMPP_CONNECTION_PASSWORD,
	XMPP_CONNECTION_DOMAIN,
	XMPP_CONNECTION_RESOURCE,
	XMPP_CONNECTION_JABBER_ID,
	XMPP_CONNECTION_STATUS,
	XMPP_CONNECTION_LAST_CHANGE_DATE,
	XMPP_CONNECTION_SERVER_CONNECT_ALGORITHM,
	XMPP_CONNECTION_KEEP_ALIVE_INTERVAL,
	XMPP_CONNECTION_SERVER_CONNECT_ATTEMPTS,
	XMPP_CONNECTION_SERVER_RETRY_INITIAL_INTERVAL,
	XMPP_CONNECTION_SERVER_RETRY_INTERVAL_MULTIPLIER,
	XMPP_CONNECTION_SERVER_RETRY_MAX_INTERVAL,
	XMPP_CONNECTION_USE_TLS,
	XMPP_CONNECTION_TLS_ESTABLISHED,
	XMPP_CONNECTION_SERVER_NUMBER_OF_ENTRIES,
	XMPP_CONNECTION_LAST_ERROR,
};

// The texts of enum xmpp_status.
extern const char *const xmpp_status_texts[];

// As struct own_tables' kinds have them.
int xmpp_connection_check(uint32_t parameter, const struct espalier_value *value, const char **text);
void xmpp_connection_fill(struct espalier_writer *writer, struct espalier_row row, uint32_t number);
int xmpp_server_check(uint32_t parameter, const struct espalier_value *value, const char **text);
void xmpp_server_fill(struct espalier_writer *writer, struct espalier_row row, uint32_t number);

// Reads a row of Device.XMPP.Connection. with its servers into what espalier-xmpp is told. The caller wipes it.
void xmpp_objects_read(const struct own_tables *tables, struct own_table_key key, struct xmpp_connection *connection);

// Brings the row up to date with what espalier-xmpp has told of the connection. An empty Jabber ID leaves the former
// one.
void xmpp_objects_show(const struct own_tables *tables, const struct xmpp_state *state);

// The Jabber ID of a connection, "" when there is no such row or it is not enabled.
void xmpp_objects_jabber_id(const struct own_tables *tables, uint32_t number, char jabber_id[XMPP_JID_SIZE]);

// The number in a reference to a row of Device.XMPP.Connection., 0 for an empty one or another path.
uint32_t xmpp_objects_number(const char *reference);
