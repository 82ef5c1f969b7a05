// SPDX-License-Identifier: GPL-2.0-or-later
// Device.XMPP.: what the model says of its parameters, and how its rows become messages and messages rows.
#include "agent/xmpp-objects.h"

#include "agent/clock.h"
#include "agent/date-time.h"
#include "agent/xmpp-wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *const xmpp_status_texts[] = {
	[XMPP_STATUS_ENABLED] = "Enabled",
	[XMPP_STATUS_DISABLED] = "Disabled",
	[XMPP_STATUS_UNKNOWN] = "Unknown",
	[XMPP_STATUS_DORMANT] = "Dormant",
	[XMPP_STATUS_CONNECTING] = "Connecting",
	[XMPP_STATUS_SERVER_NOT_PRESENT] = "ServerNotPresent",
	[XMPP_STATUS_MISCONFIGURED] = "Error_Misconfigured",
	[XMPP_STATUS_AUTHENTICATION_FAILURE] = "Error_AuthenticationFailure",
	[XMPP_STATUS_ERROR] = "Error",
	[XMPP_STATUSES] = NULL,
};

static const char *const algorithms[] = {
	[XMPP_DNS_SRV] = "DNS-SRV",
	[XMPP_DNS] = "DNS",
	[XMPP_SERVER_TABLE] = "ServerTable",
	[XMPP_ALGORITHMS] = NULL,
};

const struct espalier_parameter xmpp_parameters[] = {
	[XMPP_CONNECTION_NUMBER_OF_ENTRIES] = {"ConnectionNumberOfEntries", ESPALIER_UNSIGNED_INT,
					       .description = "Rows of Connection"},
	[XMPP_SUPPORTED_SERVER_CONNECT_ALGORITHMS] = {"SupportedServerConnectAlgorithms", ESPALIER_STRING,
						      ESPALIER_LIST, .enumeration = algorithms,
						      .description = "Ways to find a server"},
	{0},
};

const struct espalier_parameter xmpp_connection_parameters[] = {
	[XMPP_CONNECTION_ENABLE] = {"Enable", ESPALIER_BOOLEAN, ESPALIER_WRITABLE,
				    .description = "Whether the connection shall be there"},
	[XMPP_CONNECTION_ALIAS] = {"Alias", ESPALIER_STRING, ESPALIER_WRITABLE | ESPALIER_UNIQUE_KEY,
				   .maximum_length = ALIAS_CHARACTERS, .description = "A name for the row"},
	[XMPP_CONNECTION_USERNAME] = {"Username", ESPALIER_STRING, ESPALIER_WRITABLE, .maximum_length = 256,
				      .description = "Local part of the Jabber ID, and user name for the server"},
	[XMPP_CONNECTION_PASSWORD] = {"Password", ESPALIER_STRING, ESPALIER_WRITABLE | ESPALIER_HIDDEN,
				      .maximum_length = 256, .description = "Password for the server"},
	[XMPP_CONNECTION_DOMAIN] = {"Domain", ESPALIER_STRING, ESPALIER_WRITABLE, .maximum_length = 64,
				    .description = "Domain part of the Jabber ID; the server's certificate is for it"},
	[XMPP_CONNECTION_RESOURCE] = {"Resource", ESPALIER_STRING, ESPALIER_WRITABLE, .maximum_length = 64,
				      .description = "Resource part that is asked for; empty: the server chooses"},
	[XMPP_CONNECTION_JABBER_ID] = {"JabberID", ESPALIER_STRING, .reserve = 128,
				       .description = "Jabber ID that the server has given"},
	[XMPP_CONNECTION_STATUS] = {"Status", ESPALIER_STRING, .enumeration = xmpp_status_texts,
				    .description = "State of the connection; Unknown: espalier-xmpp does not run"},
	[XMPP_CONNECTION_LAST_CHANGE_DATE] = {"LastChangeDate", ESPALIER_DATE_TIME,
					      .description = "When it entered into that state"},
	[XMPP_CONNECTION_SERVER_CONNECT_ALGORITHM] = {"ServerConnectAlgorithm", ESPALIER_STRING, ESPALIER_WRITABLE,
						      .enumeration = algorithms,
						      .description = "How the server is found"},
	[XMPP_CONNECTION_KEEP_ALIVE_INTERVAL] = {"KeepAliveInterval", ESPALIER_LONG, ESPALIER_WRITABLE, .range = "-1:",
						 .description = "Seconds between keep-alives; 0: none, -1: own choice"},
	[XMPP_CONNECTION_SERVER_CONNECT_ATTEMPTS] = {"ServerConnectAttempts", ESPALIER_UNSIGNED_INT, ESPALIER_WRITABLE,
						     .description = "Attempts at one address before the next one"},
	[XMPP_CONNECTION_SERVER_RETRY_INITIAL_INTERVAL] = {"ServerRetryInitialInterval", ESPALIER_UNSIGNED_INT,
							   ESPALIER_WRITABLE, .range = "1:65535",
							   .description = "First wait at most, seconds"},
	[XMPP_CONNECTION_SERVER_RETRY_INTERVAL_MULTIPLIER] = {"ServerRetryIntervalMultiplier", ESPALIER_UNSIGNED_INT,
							      ESPALIER_WRITABLE, .range = "1000:65535",
							      .description = "Growth of that wait, thousandths"},
	[XMPP_CONNECTION_SERVER_RETRY_MAX_INTERVAL] = {"ServerRetryMaxInterval", ESPALIER_UNSIGNED_INT,
						       ESPALIER_WRITABLE,
						       .range = "1:", .description = "The longest wait, seconds"},
	[XMPP_CONNECTION_USE_TLS] = {"UseTLS", ESPALIER_BOOLEAN, ESPALIER_WRITABLE,
				     .description = "Whether TLS is used even where the server does not require it"},
	[XMPP_CONNECTION_TLS_ESTABLISHED] = {"TLSEstablished", ESPALIER_BOOLEAN,
					     .description = "Whether the connection stands, and is secured by TLS"},
	[XMPP_CONNECTION_SERVER_NUMBER_OF_ENTRIES] = {"ServerNumberOfEntries", ESPALIER_UNSIGNED_INT,
						      .description = "Rows of Server"},
	[XMPP_CONNECTION_LAST_ERROR] = {"X_ESPALIER_LastError", ESPALIER_STRING, .maximum_length = XMPP_ERROR_SIZE - 1,
					.description = "What went wrong last"},
	{0},
};

enum { SERVER_ENABLE, SERVER_ALIAS, SERVER_PRIORITY, SERVER_WEIGHT, SERVER_ADDRESS, SERVER_PORT };

const struct espalier_parameter xmpp_server_parameters[] = {
	[SERVER_ENABLE] = {"Enable", ESPALIER_BOOLEAN, ESPALIER_WRITABLE, .description = "Whether the row counts"},
	[SERVER_ALIAS] = {"Alias", ESPALIER_STRING, ESPALIER_WRITABLE | ESPALIER_UNIQUE_KEY,
			  .maximum_length = ALIAS_CHARACTERS, .description = "A name for the row"},
	[SERVER_PRIORITY] = {"Priority", ESPALIER_UNSIGNED_INT, ESPALIER_WRITABLE, .range = "0:65535",
			     .description = "The lowest is tried first"},
	[SERVER_WEIGHT] = {"Weight", ESPALIER_LONG, ESPALIER_WRITABLE, .range = "-1:65535",
			   .description = "Chance among those of one priority (RFC 2782); -1 counts as 0"},
	[SERVER_ADDRESS] = {"ServerAddress", ESPALIER_STRING, ESPALIER_WRITABLE, .maximum_length = 256,
			    .description = "Name or address of the server"},
	[SERVER_PORT] = {"Port", ESPALIER_UNSIGNED_INT, ESPALIER_WRITABLE, .range = "0:65535",
			 .description = "Its TCP port"},
	{0},
};

enum { RECEIVED, TRANSMITTED, RECEIVED_ERRORS, TRANSMITTED_ERRORS };

#define COUNTER(name, text)                                                                                            \
	{                                                                                                              \
		name, ESPALIER_UNSIGNED_INT, ESPALIER_NOTIFY_CAN_DENY, .description = (text)                           \
	}

const struct espalier_parameter xmpp_stats_parameters[] = {
	[RECEIVED] = COUNTER("ReceivedMessages", "Stanzas received"),
	[TRANSMITTED] = COUNTER("TransmittedMessages", "Stanzas sent"),
	[RECEIVED_ERRORS] = COUNTER("ReceivedErrorMessages", "Of those received, with the type error"),
	[TRANSMITTED_ERRORS] = COUNTER("TransmittedErrorMessages", "Of those sent, with the type error"),
	{0},
};

// ---- Values

int xmpp_connection_check(uint32_t parameter, const struct espalier_value *value, const char **text)
{
	if (parameter == XMPP_CONNECTION_ALIAS)
		return alias_check(value, text);
	// They would make another Jabber ID than was meant (RFC 7622, 3.3).
	if ((parameter == XMPP_CONNECTION_USERNAME && value->length && memchr(value->text, '/', value->length)) ||
	    ((parameter == XMPP_CONNECTION_USERNAME || parameter == XMPP_CONNECTION_DOMAIN) && value->length &&
	     memchr(value->text, '@', value->length))) {
		*text = "this part of a Jabber ID has no such character";
		return ESPALIER_FAULT_VALUE;
	}
	return ESPALIER_OK;
}

int xmpp_server_check(uint32_t parameter, const struct espalier_value *value, const char **text)
{
	return parameter == SERVER_ALIAS ? alias_check(value, text) : ESPALIER_OK;
}

static void fill_alias(struct espalier_writer *writer, struct espalier_row row, uint32_t parameter, uint32_t number)
{
	char alias[TREE_ALIAS_SIZE];

	alias_default(number, alias);
	espalier_set_string(writer, row, parameter, alias);
}

void xmpp_connection_fill(struct espalier_writer *writer, struct espalier_row row, uint32_t number)
{
	fill_alias(writer, row, XMPP_CONNECTION_ALIAS, number);
	espalier_set_string(writer, row, XMPP_CONNECTION_STATUS, xmpp_status_texts[XMPP_STATUS_DISABLED]);
	espalier_set_string(writer, row, XMPP_CONNECTION_LAST_CHANGE_DATE, DATE_TIME_UNKNOWN);
	espalier_set_string(writer, row, XMPP_CONNECTION_SERVER_CONNECT_ALGORITHM, algorithms[XMPP_DNS_SRV]);
	espalier_set_signed(writer, row, XMPP_CONNECTION_KEEP_ALIVE_INTERVAL, -1);
	espalier_set_unsigned(writer, row, XMPP_CONNECTION_SERVER_CONNECT_ATTEMPTS, XMPP_ATTEMPTS_DEFAULT);
	espalier_set_unsigned(writer, row, XMPP_CONNECTION_SERVER_RETRY_INITIAL_INTERVAL, XMPP_RETRY_INITIAL_DEFAULT);
	espalier_set_unsigned(writer, row, XMPP_CONNECTION_SERVER_RETRY_INTERVAL_MULTIPLIER,
			      XMPP_RETRY_MULTIPLIER_DEFAULT);
	espalier_set_unsigned(writer, row, XMPP_CONNECTION_SERVER_RETRY_MAX_INTERVAL, XMPP_RETRY_MAXIMUM_DEFAULT);
}

void xmpp_server_fill(struct espalier_writer *writer, struct espalier_row row, uint32_t number)
{
	fill_alias(writer, row, SERVER_ALIAS, number);
	espalier_set_unsigned(writer, row, SERVER_PORT, XMPP_CLIENT_PORT);
}

// ---- Rows and messages

static uint64_t number_of(struct espalier_writer *writer, struct espalier_row row, uint32_t parameter)
{
	struct espalier_value value;

	return espalier_get(writer, row, parameter, &value, NULL, 0) ? 0 : value.number;
}

static void text_of(struct espalier_writer *writer, struct espalier_row row, uint32_t parameter, char *text,
		    size_t size)
{
	struct espalier_value value;

	*text = '\0';
	if (!espalier_get(writer, row, parameter, &value, text, size - 1))
		text[value.length] = '\0';
}

static void read_server(struct espalier_writer *writer, struct espalier_row row, struct xmpp_connection *connection)
{
	struct xmpp_server *server = &connection->servers[connection->server_count];
	int64_t weight = (int64_t)number_of(writer, row, SERVER_WEIGHT);

	if (!number_of(writer, row, SERVER_ENABLE) || connection->server_count == XMPP_SERVERS_MAXIMUM)
		return;
	text_of(writer, row, SERVER_ADDRESS, server->address, sizeof(server->address));
	if (!*server->address)
		return;
	server->priority = (uint16_t)number_of(writer, row, SERVER_PRIORITY);
	server->weight = weight > 0 ? (uint16_t)weight : 0;
	server->port = (uint16_t)number_of(writer, row, SERVER_PORT);
	connection->server_count++;
}

void xmpp_objects_read(const struct own_tables *tables, struct own_table_key key, struct xmpp_connection *connection)
{
	const struct own_table_rows *servers = own_table_rows(tables, OWN_TABLE_XMPP_SERVER);
	struct espalier_writer *writer = tables->own->writer;
	struct espalier_row row = own_table_row(tables, OWN_TABLE_XMPP_CONNECTION, key);
	char text[ESPALIER_PATH_MAXIMUM + 1];

	xmpp_message_start((union xmpp_message *)connection, XMPP_CONNECTION, key.number);
	connection->enable = number_of(writer, row, XMPP_CONNECTION_ENABLE) != 0;
	connection->use_tls = number_of(writer, row, XMPP_CONNECTION_USE_TLS) != 0;
	text_of(writer, row, XMPP_CONNECTION_SERVER_CONNECT_ALGORITHM, text, sizeof(text));
	for (uint32_t i = 0; i < XMPP_ALGORITHMS; i++) {
		if (!strcmp(text, algorithms[i]))
			connection->algorithm = i;
	}
	text_of(writer, row, XMPP_CONNECTION_USERNAME, connection->username, sizeof(connection->username));
	text_of(writer, row, XMPP_CONNECTION_DOMAIN, connection->domain, sizeof(connection->domain));
	text_of(writer, row, XMPP_CONNECTION_RESOURCE, connection->resource, sizeof(connection->resource));
	snprintf(text, sizeof(text), OWN_XMPP_PATH "Connection.%u.%s", key.number,
		 xmpp_connection_parameters[XMPP_CONNECTION_PASSWORD].name);
	snprintf(connection->password, sizeof(connection->password), "%s", own_table_secret(tables, text));
	connection->keep_alive = (int64_t)number_of(writer, row, XMPP_CONNECTION_KEEP_ALIVE_INTERVAL);
	connection->attempts = (uint32_t)number_of(writer, row, XMPP_CONNECTION_SERVER_CONNECT_ATTEMPTS);
	connection->retry_initial = (uint32_t)number_of(writer, row, XMPP_CONNECTION_SERVER_RETRY_INITIAL_INTERVAL);
	connection->retry_multiplier =
		(uint32_t)number_of(writer, row, XMPP_CONNECTION_SERVER_RETRY_INTERVAL_MULTIPLIER);
	connection->retry_maximum = (uint32_t)number_of(writer, row, XMPP_CONNECTION_SERVER_RETRY_MAX_INTERVAL);
	for (uint32_t i = 0; i < servers->count; i++) {
		if (servers->keys[i].parent == key.number)
			read_server(writer, own_table_row(tables, OWN_TABLE_XMPP_SERVER, servers->keys[i]), connection);
	}
}

static void show_stats(struct espalier_writer *writer, struct espalier_row connection, const struct xmpp_state *state)
{
	struct espalier_row row = espalier_row_of(writer, OWN_XMPP_STATS, connection);

	if (espalier_begin(writer, row))
		return;
	espalier_set_unsigned(writer, row, RECEIVED, state->received);
	espalier_set_unsigned(writer, row, TRANSMITTED, state->transmitted);
	espalier_set_unsigned(writer, row, RECEIVED_ERRORS, state->received_errors);
	espalier_set_unsigned(writer, row, TRANSMITTED_ERRORS, state->transmitted_errors);
	espalier_commit(writer, row);
}

void xmpp_objects_show(const struct own_tables *tables, const struct xmpp_state *state)
{
	struct espalier_writer *writer = tables->own->writer;
	struct espalier_row row =
		own_table_row(tables, OWN_TABLE_XMPP_CONNECTION, (struct own_table_key){state->head.number, 0});
	char status[ESPALIER_NAME_MAXIMUM + 1], now[DATE_TIME_SIZE];

	if (!row.slot)
		return;
	text_of(writer, row, XMPP_CONNECTION_STATUS, status, sizeof(status));
	// Busy: a set has begun to fill the row. The next state comes.
	if (espalier_begin(writer, row))
		return;
	if (strcmp(status, xmpp_status_texts[state->status]) != 0) {
		date_time_format_utc(clock_time(), now);
		espalier_set_string(writer, row, XMPP_CONNECTION_STATUS, xmpp_status_texts[state->status]);
		espalier_set_string(writer, row, XMPP_CONNECTION_LAST_CHANGE_DATE, now);
	}
	if (*state->jabber_id)
		espalier_set_string(writer, row, XMPP_CONNECTION_JABBER_ID, state->jabber_id);
	espalier_set_boolean(writer, row, XMPP_CONNECTION_TLS_ESTABLISHED, state->tls);
	espalier_set_string(writer, row, XMPP_CONNECTION_LAST_ERROR, state->error);
	espalier_commit(writer, row);
	show_stats(writer, row, state);
}

void xmpp_objects_jabber_id(const struct own_tables *tables, uint32_t number, char jabber_id[XMPP_JID_SIZE])
{
	struct espalier_writer *writer = tables->own->writer;
	struct espalier_row row = {0};

	*jabber_id = '\0';
	if (number)
		row = own_table_row(tables, OWN_TABLE_XMPP_CONNECTION, (struct own_table_key){number, 0});
	if (row.slot && number_of(writer, row, XMPP_CONNECTION_ENABLE))
		text_of(writer, row, XMPP_CONNECTION_JABBER_ID, jabber_id, XMPP_JID_SIZE);
}

uint32_t xmpp_objects_number(const char *reference)
{
	static const char table[] = OWN_XMPP_PATH "Connection.";
	unsigned long number;
	char *end;

	if (strncmp(reference, table, strlen(table)) != 0)
		return 0;
	number = strtoul(reference + strlen(table), &end, 10);
	return (*end == '\0' || !strcmp(end, ".")) && number <= UINT32_MAX ? (uint32_t)number : 0;
}
