// SPDX-License-Identifier: GPL-2.0-or-later
// espalier-acs: a small CWMP auto-configuration server for demonstrations, tests and benchmarks.

#include <libxml/parser.h>
#include <stdio.h>
#include <string.h>

#include "tests/acs/benchmark.h"
#include "tests/acs/device.h"
#include "tests/acs/input.h"
#include "tests/acs/names.h"
#include "tests/acs/notification.h"
#include "tests/acs/options.h"
#include "tests/acs/output.h"
#include "tests/acs/rpc.h"
#include "tests/acs/session.h"
#include "tests/acs/tls.h"
#include "tests/acs/xmpp_request.h"

static bool failed(void)
{
	return (device_failures() || session_protocol_errors()) && !options.allow_faults;
}

static void time_is_over(struct timer *timer)
{
	(void)timer;
	print_result("error the time limit is over");
	loop_stop(1);
}

static void before_wait(void)
{
	if (!options.benchmark_sessions && input_ended() && devices_idle())
		loop_stop(failed() ? 1 : 0);
	output_flush();
}

static int run(void)
{
	static struct timer limit = {.fire = time_is_over};
	bool six = strchr(options.address, ':');
	const char *error = options.certificate ? tls_open(options.certificate, options.key) : NULL;
	int port, status;

	if (error) {
		fprintf(stderr, "espalier-acs: --certificate %s --key %s: %s\n", options.certificate, options.key,
			error);
		return 2;
	}
	port = server_listen(options.address, options.port);
	if (port < 0) {
		fprintf(stderr, "espalier-acs: cannot listen on %s port %u: %s\n", options.address, options.port,
			strerror(-port));
		return 1;
	}
	print_result("listening on http%s://%s%s%s:%d/", options.certificate ? "s" : "", six ? "[" : "",
		     options.address, six ? "]" : "", port);
	output_flush();
	if (options.notification_port) {
		status = notification_open(options.address, options.notification_port);
		if (status) {
			fprintf(stderr, "espalier-acs: cannot listen on %s UDP port %u: %s\n", options.address,
				options.notification_port, strerror(-status));
			return 1;
		}
	}
	if (options.time_limit_ms)
		timer_set(&limit, options.time_limit_ms);
	if (options.xmpp_account) {
		error = xmpp_open();
		if (error)
			fprintf(stderr, "espalier-acs: --xmpp %s: %s\n", options.xmpp_account, error);
	}
	status = input_open();
	if (status)
		return status;
	if (options.benchmark_sessions)
		benchmark_start();
	loop_before_wait(before_wait);
	status = loop_run();
	timer_clear(&limit);
	// a signal is the way to end a server that was given no commands
	return status < 128 ? status : failed() || !devices_idle() ? 1 : 0;
}

int main(int argc, char **argv)
{
	int status = options_read(argc, argv);

	if (status < 0) {
		status = loop_open();
		if (!status && options.record)
			status = record_open(options.record);
		if (status) {
			fprintf(stderr, "espalier-acs: %s: %s\n", options.record ? options.record : "cannot start",
				strerror(-status));
			status = 1;
		} else {
			status = run();
		}
		input_close();
		// the devices first: a connection that closes must not begin their next commands
		devices_free();
		server_close();
		xmpp_close();
		tls_close();
		output_flush();
		loop_close();
	}
	sessions_free();
	benchmark_free();
	misbehave_clear();
	names_free();
	rpc_free();
	record_close();
	xmlCleanupParser();
	return status;
}
