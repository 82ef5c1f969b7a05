// SPDX-License-Identifier: GPL-2.0-or-later
// What the agent has to do with espalier-nat.
#include "agent/reach.h"

#include "agent/agent-private.h"
#include "agent/url.h"
#include "shm/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND		  1000000000ll // nanoseconds
#define STATE_UDP_REQUEST "udp-request"
#define ADDRESS_PATH	  "Device.ManagementServer.UDPConnectionRequestAddress"
#define WANTED                                                                                                         \
	(SETTING_BIT(SETTING_URL) | SETTING_BIT(SETTING_CONNECTION_REQUEST_USERNAME) |                                 \
	 SETTING_BIT(SETTING_STUN_ENABLE) | SETTING_BIT(SETTING_STUN_SERVER_ADDRESS) |                                 \
	 SETTING_BIT(SETTING_STUN_SERVER_PORT) | SETTING_BIT(SETTING_STUN_USERNAME) |                                  \
	 SETTING_BIT(SETTING_STUN_PASSWORD) | SETTING_BIT(SETTING_STUN_MAXIMUM_KEEP_ALIVE) |                           \
	 SETTING_BIT(SETTING_STUN_MINIMUM_KEEP_ALIVE))

static struct reach *of_link(struct private_link *link)
{
	return (struct reach *)((char *)link - offsetof(struct reach, link));
}

// --- what is published ---

static void publish(struct reach *reach)
{
	struct own *own = &reach->agent->own;
	bool connected = private_link_connected(&reach->link);
	bool detected = reach->nat_detected && settings_boolean(&reach->agent->settings, SETTING_STUN_ENABLE);

	own_set(own, OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_NAT_DETECTED, detected ? "1" : "0");
	own_set(own, OWN_CONNECTION_REQUEST, OWN_CONNECTION_REQUEST_MONITOR_CONNECTED, connected ? "1" : "0");
	reachable_support(&reach->agent->reachable, REACHABLE_UDP,
			  connected || *reachable_address(&reach->agent->reachable, REACHABLE_UDP));
}

static void take_address(struct reach_kept *kept, const char *address)
{
	struct agent *agent = kept->reach->agent;

	alarm_clear(&kept->grace);
	if (!strcmp(reachable_address(&agent->reachable, kept->way), address))
		return;
	reachable_set(&agent->reachable, kept->way, address);
	// So that the next process of the agent does not tell the ACS of an address that is lost and found.
	agent_put_state(agent, kept->state, address);
}

static void take_binding(struct reach *reach, const struct reach_binding *binding)
{
	reach->nat_detected = binding->nat_detected;
	take_address(&reach->binding, binding->address);
	publish(reach);
}

// The monitor does not come back, or finds none.
static void give_up(struct alarm *alarm)
{
	struct reach_kept *kept = (struct reach_kept *)((char *)alarm - offsetof(struct reach_kept, grace));

	if (kept->way == REACHABLE_UDP)
		take_binding(kept->reach, &(struct reach_binding){0});
	else
		take_address(kept, "");
}

static void start_grace(struct reach_kept *kept)
{
	if (!kept->grace.set && *reachable_address(&kept->reach->agent->reachable, kept->way))
		alarm_set(&kept->grace, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + REACH_GRACE_SECONDS * SECOND);
}

static void open_kept(struct reach_kept *kept, bool wanted)
{
	struct agent *agent = kept->reach->agent;
	char address[REACH_ADDRESS_MAXIMUM + 1];

	kept->grace = (struct alarm){.ring = &agent->ring, .rang = give_up};
	if (wanted && store_get(agent->store, STORE_STATE, kept->state, address, sizeof(address)) > 0)
		reachable_set(&agent->reachable, kept->way, address);
	start_grace(kept);
}

// --- notifications ---

static void limit_over(struct alarm *alarm)
{
	struct reach *reach = (struct reach *)((char *)alarm - offsetof(struct reach, limit));

	reach->notified_at = ring_clock(CLOCK_BOOTTIME);
	if (!(notify_waiting(&reach->agent->notify) & NOTIFY_LIMITED))
		return;
	reach->agent->notify_wanted = true;
	agent_plan(reach->agent);
}

bool reach_may_notify(struct reach *reach)
{
	int64_t now = ring_clock(CLOCK_BOOTTIME);
	int64_t limit = settings_number(&reach->agent->settings, SETTING_UDP_ADDRESS_NOTIFICATION_LIMIT) * SECOND;

	if (!reach->notified_at || reach->notified_at + limit <= now) {
		reach->notified_at = now;
		return true;
	}
	alarm_set(&reach->limit, CLOCK_BOOTTIME, reach->notified_at + limit);
	return false;
}

// --- what the monitor is told ---

static void text(char *field, size_t size, const char *value)
{
	snprintf(field, size, "%s", value);
}

// The host of the ACS, where no server is set.
static void find_server(const struct settings *settings, char server[REACH_HOST_MAXIMUM + 1])
{
	const char *given = settings_text(settings, SETTING_STUN_SERVER_ADDRESS);
	const char *acs = settings_text(settings, SETTING_URL);
	struct url url;

	if (*given)
		text(server, REACH_HOST_MAXIMUM + 1, given);
	else if (!url_parse(&url, acs, strlen(acs)))
		text(server, REACH_HOST_MAXIMUM + 1, url.host);
}

static void send_settings(struct reach *reach)
{
	static const uint8_t protocols[] = {
		[PORT_MAPPING_NO] = 0,
		[PORT_MAPPING_AUTO] = REACH_MAP_NAT_PMP | REACH_MAP_UPNP,
		[PORT_MAPPING_NAT_PMP] = REACH_MAP_NAT_PMP,
		[PORT_MAPPING_UPNP] = REACH_MAP_UPNP,
	};
	struct agent *agent = reach->agent;
	const struct settings *settings = &agent->settings;
	long maximum = strtol(settings_text(settings, SETTING_STUN_MAXIMUM_KEEP_ALIVE), NULL, 10);
	struct reach_settings told = {
		.http_port = (uint16_t)listener_port(&agent->listener),
		.mapping_protocols = protocols[agent->configuration.port_mapping],
		.mapping_interval = agent->configuration.port_mapping_interval,
		.stun = settings_boolean(settings, SETTING_STUN_ENABLE),
		.listen = agent->configuration.stun_listen,
		.local_port = (uint16_t)agent->configuration.stun_local_port,
		.server_port = (uint16_t)settings_number(settings, SETTING_STUN_SERVER_PORT),
		.minimum = settings_number(settings, SETTING_STUN_MINIMUM_KEEP_ALIVE),
		.maximum = maximum > 0 ? (uint32_t)maximum : 0,
	};
	char message[REACH_MESSAGE_MAXIMUM];
	int length;

	find_server(settings, told.server);
	text(told.username, sizeof(told.username), settings_text(settings, SETTING_STUN_USERNAME));
	text(told.password, sizeof(told.password), settings_text(settings, SETTING_STUN_PASSWORD));
	text(told.request_username, sizeof(told.request_username),
	     settings_text(settings, SETTING_CONNECTION_REQUEST_USERNAME));
	length = reach_write_settings(message, &told);
	private_link_send(&reach->link, message, (size_t)length);
	explicit_bzero(message, sizeof(message));
	explicit_bzero(&told, sizeof(told));
}

void reach_settings_changed(struct reach *reach, uint64_t changed)
{
	if (changed &
	    (SETTING_BIT(SETTING_CONNECTION_REQUEST_USERNAME) | SETTING_BIT(SETTING_CONNECTION_REQUEST_PASSWORD))) {
		udp_request_forget(&reach->udp);
		agent_put_state(reach->agent, STATE_UDP_REQUEST, "");
	}
	if (!(changed & WANTED))
		return;
	// The binding of the former settings holds until the monitor has told of another one, or of none.
	if (changed & WANTED & ~SETTING_BIT(SETTING_CONNECTION_REQUEST_USERNAME))
		start_grace(&reach->binding);
	reach_tell(reach);
}

void reach_tell(struct reach *reach)
{
	if (private_link_connected(&reach->link))
		send_settings(reach);
}

// --- what the monitor tells ---

static void take_request(struct reach *reach, const char *datagram, size_t length)
{
	struct agent *agent = reach->agent;
	enum udp_request_verdict verdict;

	reach->udp.burst = agent->configuration.connection_request_burst;
	reach->udp.interval_ms = agent->configuration.connection_request_interval;
	verdict = udp_request_check(
		&reach->udp, datagram, length, settings_text(&agent->settings, SETTING_CONNECTION_REQUEST_USERNAME),
		settings_text(&agent->settings, SETTING_CONNECTION_REQUEST_PASSWORD), ring_clock(CLOCK_BOOTTIME));
	if (verdict != UDP_REQUEST_GRANTED)
		return;
	log_info("connection request by UDP");
	reach->granted = true;
	agent_raise(agent, EVENT_CONNECTION_REQUEST);
	agent_plan(agent);
}

static void take_requests(struct reach *reach, const struct reach_requests *requests)
{
	struct cpu_share *share = &reach->shares[requests->expected];

	agent_counted(reach->agent);
	if (!cpu_share_begin(share, ring_clock(CLOCK_BOOTTIME))) {
		reach->udp.counts[UDP_REQUEST_UNSEEN] += requests->count;
		return;
	}
	for (unsigned i = 0; i < requests->count; i++)
		take_request(reach, requests->datagrams[i].bytes, requests->datagrams[i].length);
	cpu_share_end(share, ring_clock(CLOCK_BOOTTIME));
}

static bool received(struct private_link *link, const char *bytes, size_t length)
{
	static struct reach_message message;
	struct reach *reach = of_link(link);

	if (reach_read(bytes, length, &message))
		return false;
	switch (message.kind) {
	case REACH_BINDING:
		take_binding(reach, &message.binding);
		return true;
	case REACH_MAPPING:
		take_address(&reach->mapping, message.mapping.address);
		return true;
	case REACH_REQUESTS:
		take_requests(reach, &message.requests);
		return true;
	case REACH_SETTINGS:
		break;
	}
	return false;
}

static void connected(struct private_link *link)
{
	send_settings(of_link(link));
	publish(of_link(link));
}

static void gone(struct private_link *link)
{
	struct reach *reach = of_link(link);

	start_grace(&reach->binding);
	start_grace(&reach->mapping);
	publish(reach);
}

void reach_informed(struct reach *reach, struct store_transaction *transaction)
{
	char state[UDP_REQUEST_STATE_SIZE];

	if (!reach->granted)
		return;
	reach->granted = false;
	udp_request_state(&reach->udp, state);
	store_put_string(transaction, STORE_STATE, STATE_UDP_REQUEST, state);
}

void reach_open(struct reach *reach, struct agent *agent)
{
	char state[UDP_REQUEST_STATE_SIZE];

	reach->agent = agent;
	reach->shares[0].percent = reach->shares[1].percent = REACH_SHARE;
	reach->link.program = "espalier-nat";
	reach->link.connected = connected;
	reach->link.gone = gone;
	reach->link.received = received;
	reach->limit = (struct alarm){.ring = &agent->ring, .rang = limit_over};
	agent->notify.limited = ADDRESS_PATH;
	if (store_get(agent->store, STORE_STATE, STATE_UDP_REQUEST, state, sizeof(state)) > 0)
		udp_request_load(&reach->udp, state);
	reach->binding = (struct reach_kept){.reach = reach, .way = REACHABLE_UDP, .state = "udp-address"};
	reach->mapping = (struct reach_kept){.reach = reach, .way = REACHABLE_MAPPING, .state = "mapped-address"};
	open_kept(&reach->binding, true);
	open_kept(&reach->mapping, agent->configuration.port_mapping != PORT_MAPPING_NO);
	private_link_open(&reach->link, &agent->ring, agent->daemon.run_folder, REACH_SOCKET);
	publish(reach);
}

void reach_stop(struct reach *reach)
{
	private_link_stop(&reach->link);
}

void reach_free(struct reach *reach)
{
	private_link_free(&reach->link);
}
