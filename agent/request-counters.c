// SPDX-License-Identifier: GPL-2.0-or-later
// Device.ManagementServer.X_ESPALIER_ConnectionRequest.: what became of connection requests, by reason.
#include "agent/agent-private.h"

// Nanoseconds from a first change to the update that shows it: a flood of requests is not one of updates.
#define INTERVAL 1000000000ll

enum {
	HTTP_CONNECTIONS = OWN_CONNECTION_REQUEST_COUNTERS,
	HTTP_GRANTED,
	HTTP_LIMITED,
	HTTP_WRONG_PATH,
	HTTP_WRONG_METHOD,
	HTTP_MALFORMED,
	HTTP_NO_CREDENTIALS,
	HTTP_WRONG_CREDENTIALS,
	HTTP_STALE,
	HTTP_REPLAYED,
	HTTP_TIMED_OUT,
	HTTP_EVICTED,
	UDP_FIRST,
	XMPP_FIRST = UDP_FIRST + UDP_REQUEST_VERDICTS,
	XMPP_MALFORMED = XMPP_FIRST + XMPP_VERDICTS,
	XMPP_BUSY,
	END
};

#define COUNTER(name, text)                                                                                            \
	{                                                                                                              \
		name, ESPALIER_UNSIGNED_LONG, ESPALIER_NOTIFY_CAN_DENY, .description = (text)                          \
	}

const struct espalier_parameter connection_request_parameters[] = {
	[OWN_CONNECTION_REQUEST_MONITOR_CONNECTED] =
		{"MonitorConnected", ESPALIER_BOOLEAN,
		 .description = "Whether espalier-nat, which receives requests by UDP, runs"},
	[OWN_CONNECTION_REQUEST_XMPP_CONNECTED] =
		{"XMPPClientConnected", ESPALIER_BOOLEAN,
		 .description = "Whether espalier-xmpp, which receives requests by XMPP, runs"},
	[HTTP_CONNECTIONS] = COUNTER("HTTPConnections", "TCP connections to the port"),
	[HTTP_GRANTED] = COUNTER("HTTPGranted", "Good requests by HTTP"),
	[HTTP_LIMITED] = COUNTER("HTTPLimited", "Good requests beyond the limit: status 503"),
	[HTTP_WRONG_PATH] = COUNTER("HTTPWrongPath", "Status 404"),
	[HTTP_WRONG_METHOD] = COUNTER("HTTPWrongMethod", "Status 405"),
	[HTTP_MALFORMED] = COUNTER("HTTPMalformed", "Status 400 or 431, or cut off"),
	[HTTP_NO_CREDENTIALS] = COUNTER("HTTPNoCredentials", "Status 401, usual for the first of two requests"),
	[HTTP_WRONG_CREDENTIALS] = COUNTER("HTTPWrongCredentials", "Status 401"),
	[HTTP_STALE] = COUNTER("HTTPStale", "Status 401: the nonce was too old"),
	[HTTP_REPLAYED] = COUNTER("HTTPReplayed", "Status 401: the nonce count was used before"),
	[HTTP_TIMED_OUT] = COUNTER("HTTPTimedOut", "Connections without a whole request in time"),
	[HTTP_EVICTED] = COUNTER("HTTPEvicted", "Connections ended to make room"),
	[UDP_FIRST + UDP_REQUEST_GRANTED] = COUNTER("UDPGranted", "Good requests by UDP"),
	[UDP_FIRST + UDP_REQUEST_MALFORMED] = COUNTER("UDPMalformed", "Dropped: not of the form"),
	[UDP_FIRST + UDP_REQUEST_WRONG_USER] = COUNTER("UDPWrongUser", "Dropped: another user name"),
	[UDP_FIRST + UDP_REQUEST_WRONG_SIGNATURE] = COUNTER("UDPWrongSignature", "Dropped: a wrong signature"),
	[UDP_FIRST + UDP_REQUEST_OLD] = COUNTER("UDPOld", "Dropped: older than the last good one"),
	[UDP_FIRST + UDP_REQUEST_REPEATED] = COUNTER("UDPRepeated", "Dropped: copies of the last good one"),
	[UDP_FIRST + UDP_REQUEST_LIMITED] = COUNTER("UDPLimited", "Good ones beyond the limit"),
	[UDP_FIRST + UDP_REQUEST_UNSEEN] = COUNTER("UDPUnseen", "Dropped unverified, in a flood of others"),
	[XMPP_FIRST + XMPP_GRANTED] = COUNTER("XMPPGranted", "Good requests by XMPP"),
	[XMPP_FIRST + XMPP_WRONG_SENDER] = COUNTER("XMPPWrongSender", "Not answered: not of an allowed Jabber ID"),
	[XMPP_FIRST + XMPP_WRONG_CREDENTIALS] = COUNTER("XMPPWrongCredentials", "Error not-authorized"),
	[XMPP_FIRST + XMPP_LIMITED] = COUNTER("XMPPLimited", "Good requests beyond the limit: service-unavailable"),
	[XMPP_FIRST + XMPP_UNWANTED] =
		COUNTER("XMPPOtherConnection", "By another connection than the one for requests: service-unavailable"),
	[XMPP_MALFORMED] = COUNTER("XMPPMalformed", "Error bad-request"),
	[XMPP_BUSY] = COUNTER("XMPPBusy", "Too many to look at, or without the agent: service-unavailable"),
	[END] = {0},
};

static void count(struct own *own)
{
	struct agent *agent = (struct agent *)((char *)own - offsetof(struct agent, own));
	struct espalier_row row = own_row(own, OWN_CONNECTION_REQUEST);
	struct connection_request_counters http;

	listener_counters(&agent->listener, &http);
	const uint64_t values[] = {
		[HTTP_CONNECTIONS] = http.connections,
		[HTTP_GRANTED] = http.granted,
		[HTTP_LIMITED] = http.limited,
		[HTTP_WRONG_PATH] = http.wrong_path,
		[HTTP_WRONG_METHOD] = http.wrong_method,
		[HTTP_MALFORMED] = http.malformed,
		[HTTP_NO_CREDENTIALS] = http.no_credentials,
		[HTTP_WRONG_CREDENTIALS] = http.wrong_credentials,
		[HTTP_STALE] = http.stale,
		[HTTP_REPLAYED] = http.replayed,
		[HTTP_TIMED_OUT] = http.timed_out,
		[HTTP_EVICTED] = http.evicted,
	};

	if (espalier_begin(own->writer, row))
		return;
	for (uint32_t i = HTTP_CONNECTIONS; i < UDP_FIRST; i++)
		espalier_set_unsigned(own->writer, row, i, values[i]);
	for (uint32_t i = 0; i < UDP_REQUEST_VERDICTS; i++)
		espalier_set_unsigned(own->writer, row, UDP_FIRST + i, agent->reach.udp.counts[i]);
	for (uint32_t i = 0; i < XMPP_VERDICTS; i++)
		espalier_set_unsigned(own->writer, row, XMPP_FIRST + i, agent->xmpp.judge.counts[i]);
	espalier_set_unsigned(own->writer, row, XMPP_MALFORMED, agent->xmpp.refused_malformed);
	espalier_set_unsigned(own->writer, row, XMPP_BUSY, agent->xmpp.refused_busy);
	espalier_commit(own->writer, row);
}

static void counting_rang(struct alarm *alarm)
{
	count(&((struct agent *)((char *)alarm - offsetof(struct agent, counting)))->own);
}

void agent_counted(struct agent *agent)
{
	if (!agent->counting.set)
		alarm_set(&agent->counting, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + INTERVAL);
}

void agent_open_counters(struct agent *agent)
{
	agent->counting = (struct alarm){.ring = &agent->ring, .rang = counting_rang};
	agent->own.count = count;
}
