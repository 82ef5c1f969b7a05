// SPDX-License-Identifier: GPL-2.0-or-later
// The ways to ask a device for a session: one table.

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tests/acs/connect.h"
#include "tests/acs/connection_request.h"
#include "tests/acs/device.h"
#include "tests/acs/options.h"
#include "tests/acs/output.h"
#include "tests/acs/udp_request.h"
#include "tests/acs/xmpp_request.h"

enum { ERROR_SIZE = 256 };

static void http_answered(void *user, int status, const char *error)
{
	char text[ERROR_SIZE];

	if (!error && status != 200 && status != 204) {
		snprintf(text, sizeof(text), "status %d", status);
		error = text;
	}
	connect_answered(user, error);
}

static enum run_result start_http(struct device *device, const char *url)
{
	const char *error;

	device->connect.request = connection_request_start(url, http_answered, device, &error);
	if (device->connect.request)
		return RUN_WAIT;
	connect_error("%s", error);
	return RUN_FAILED;
}

/* Whether a URL's host is an address: both as they are written. */
static bool is_at(const char *url, const char *address)
{
	const char *host = strstr(url, "//");

	if (!host)
		return false;
	host += 2;
	host += *host == '[';
	return !strncmp(host, address, strlen(address)) && strchr("]:/", host[strlen(address)]);
}

/* A mapped URL is at the address that the device's sessions come from: that of the router in front of it. */
static enum run_result start_mapping(struct device *device, const char *url)
{
	if (!device->peer[0] || is_at(url, device->peer))
		return start_http(device, url);
	connect_error("%s is not at %s, which the device comes from: no router forwards to it", url, device->peer);
	return RUN_FAILED;
}

static enum run_result start_udp(struct device *device, const char *address)
{
	const char *error = udp_request_send(address, &device->request_started);

	if (!error)
		return RUN_WAIT;
	connect_error("%s", error);
	return RUN_FAILED;
}

static void xmpp_answered(void *user, const char *refusal)
{
	connect_answered(user, refusal);
}

static enum run_result start_xmpp(struct device *device, const char *jabber_id)
{
	const char *error;

	device->connect.request = xmpp_request_start(jabber_id, xmpp_answered, device, &error);
	if (device->connect.request)
		return RUN_WAIT;
	connect_error("%s", error);
	return RUN_FAILED;
}

static void read_http(void *request)
{
	connection_request_read(request);
}

static void cancel_http(void *request)
{
	connection_request_cancel(request);
}

static const struct connect_way ways[CONNECT_WAYS] = {
	[CONNECT_HTTP] = {"http", "[URL]", "a GET with Digest; without a URL that of --connection-url, or the one told",
			  ".ManagementServer.ConnectionRequestURL", start_http, read_http, cancel_http},
	[CONNECT_MAPPING] = {"mapping", "[URL]",
			     "the same through a router's port mapping: fails where the URL is not at the address\n"
			     "that the device's last session came from",
			     ".ManagementServer.ConnectionRequestURL", start_mapping, read_http, cancel_http},
	[CONNECT_UDP] = {"udp", "[HOST:PORT]", "three copies of a signed datagram, see --udp-from",
			 ".ManagementServer.UDPConnectionRequestAddress", start_udp, NULL, NULL},
	[CONNECT_XMPP] = {"xmpp", "[JID]", "an IQ from the account of --xmpp, which shows the answer",
			  ".ManagementServer.ConnReqJabberID", start_xmpp, xmpp_request_read, xmpp_request_cancel},
};

void connect_error(const char *format, ...)
{
	char text[ERROR_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	print_result("error connection request: %s", text);
}

static const struct connect_way *find(const char *name)
{
	for (size_t i = 0; i < CONNECT_WAYS; i++)
		if (!strcmp(ways[i].name, name))
			return &ways[i];
	return NULL;
}

const char *connect_target(const struct device *device, enum connect_way_number way)
{
	if (options.connection_url && (way == CONNECT_HTTP || way == CONNECT_MAPPING))
		return options.connection_url;
	return device->told[way];
}

enum run_result connect_run(struct device *device, struct command *command)
{
	const struct connect_way *way = command->argc ? find(command->argv[0]) : &ways[CONNECT_HTTP];
	const char *target;

	if (!way) {
		connect_error("no such way: %s", command->argv[0]);
		return RUN_FAILED;
	}
	target = command->argc > 1 ? command->argv[1] : connect_target(device, (enum connect_way_number)(way - ways));
	if (!target || !*target) {
		connect_error("no %s is known", strrchr(way->parameter, '.') + 1);
		return RUN_FAILED;
	}
	device->connect = (struct connect){.way = way};
	device->request_started = now_ns();
	device->answer_ms = 0;
	if (way->start(device, target) == RUN_FAILED)
		return RUN_FAILED;
	timer_set(&device->wait, options.connect_timeout_ms);
	return RUN_WAIT;
}

void connect_learn(struct device *device, const char *name, const char *value)
{
	for (size_t i = 0; i < CONNECT_WAYS; i++) {
		size_t length = strlen(name), end = strlen(ways[i].parameter);

		if (length < end || strcmp(name + length - end, ways[i].parameter))
			continue;
		free(device->told[i]);
		device->told[i] = copy_string(value);
	}
}

void connect_answered(struct device *device, const char *refusal)
{
	device->connect.request = NULL;
	device->answer_ms = (double)(now_ns() - device->request_started) / 1e6;
	if (!refusal)
		return;
	connect_error("%s", refusal);
	device_command_done(device, false);
	if (!device->session)
		device_next(device, false);
}

void connect_read(struct device *device)
{
	if (device->connect.request)
		device->connect.way->read(device->connect.request);
}

void connect_cancel(struct device *device)
{
	if (device->connect.request)
		device->connect.way->cancel(device->connect.request);
	device->connect.request = NULL;
}

void connect_help(FILE *out)
{
	fputs("\nWays to connect:\n", out);
	for (size_t i = 0; i < CONNECT_WAYS; i++) {
		fprintf(out, "  %-15s %-24s ", ways[i].name, ways[i].target);
		for (const char *c = ways[i].help; *c; c++) {
			fputc(*c, out);
			if (*c == '\n')
				fprintf(out, "%43s", "");
		}
		fputc('\n', out);
	}
}
