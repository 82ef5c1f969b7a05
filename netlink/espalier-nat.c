/* SPDX-License-Identifier: BSD-2-Clause */
/* espalier-nat: keeps the device reachable by UDP behind a NAT, and shows what the NAT does. */
#include "netlink/nat.h"

#include "shm/log.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static const char *const other_sections[] = {"device",	"acs",	 "tls", "connection_request", "transfer", "stun",
					     "netlink", "zwave", NULL};

#define INTERVAL_MAXIMUM 3600u /* seconds */

static const struct configuration_key keys[] = {
	CONFIGURATION_UNSIGNED("nat", "interval", struct nat_settings, interval, 1, INTERVAL_MAXIMUM, "10"),
};

static const struct daemon_program program = {
	.name = "espalier-nat",
	.purpose = "keeps the device reachable behind NATs, and shows what they do",
	.keys = keys,
	.key_count = sizeof(keys) / sizeof(keys[0]),
	.settings_size = sizeof(struct nat_settings),
	.other_sections = other_sections,
};

static void signalled(struct loop_source *source, uint32_t events)
{
	struct nat *nat = LOOP_OF(source, struct nat, signals);
	int number;

	(void)events;
	while ((number = daemon_next_signal(source->descriptor))) {
		if (number != SIGHUP)
			loop_stop(&nat->loop);
		else if (!daemon_read_configuration(&nat->daemon, &nat->settings))
			log_notice("the configuration was read again");
	}
}

static int open_signals(struct nat *nat)
{
	nat->signals.descriptor = daemon_open_signals();
	if (nat->signals.descriptor < 0)
		return nat->signals.descriptor;
	nat->signals.ready = signalled;
	return loop_watch(&nat->loop, &nat->signals, EPOLLIN);
}

static void serve(struct loop_source *source, uint32_t events)
{
	struct nat *nat = LOOP_OF(source, struct nat, service);
	int error = espalier_writer_serve(nat->writer, 0);

	(void)events;
	if (error < 0 && error != -EINTR)
		log_error("requests can't be served: %s", strerror(-error));
	nat_port_mappings_settle(nat);
}

static int open_segment(struct nat *nat)
{
	int error = espalier_writer_open(&nat->writer, &(struct espalier_writer_options){
							       .name = "nat",
							       .folder = nat->daemon.run_folder,
							       .program = program.name,
							       .version = ESPALIER_VERSION,
							       .objects = nat_objects,
							       .owner = &nat_owner,
							       .context = nat,
						       });

	if (error) {
		log_error("segment nat in %s: %s", nat->daemon.run_folder,
			  error == -EBUSY ? "another espalier-nat runs there" : espalier_error_text());
		return error;
	}
	nat_publish_open(nat);
	nat_state_open(nat);
	nat_interfaces_open(nat);
	error = nat_ruleset_open(nat);
	if (!error)
		error = nat_monitor_open(nat);
	if (!error)
		error = nat_port_mappings_open(nat);
	if (!error)
		error = espalier_writer_publish(nat->writer);
	if (error)
		return error;
	nat->service.descriptor = espalier_writer_fd(nat->writer);
	nat->service.ready = serve;
	return loop_watch(&nat->loop, &nat->service, EPOLLIN);
}

static void client_changed(struct stun_client *client)
{
	struct nat *nat = LOOP_OF(client, struct nat, stun);

	nat_link_send_requests(nat);
	nat_publish(nat);
	nat_link_binding(nat);
}

static void port_mapper_changed(struct port_mapper *mapper)
{
	struct nat *nat = LOOP_OF(mapper, struct nat, port_mapper);

	nat_publish(nat);
	nat_link_mapping(nat);
}

static void forward(struct request_filter *filter, bool expected, const char *datagram, size_t length)
{
	nat_link_request(LOOP_OF(filter, struct nat, stun.filter), expected, datagram, length);
}

static int open_all(struct nat *nat)
{
	int error = loop_open(&nat->loop);

	nat->stun.loop = &nat->loop;
	nat->stun.changed = client_changed;
	nat->port_mapper.loop = &nat->loop;
	nat->port_mapper.changed = port_mapper_changed;
	nat->stun.filter.forward = forward;
	nat->stun.status = STUN_WAITING;
	if (!error)
		error = open_signals(nat);
	if (!error)
		error = open_segment(nat);
	if (!error)
		error = nat_routes_open(nat);
	if (!error)
		error = nat_link_open(nat);
	if (error)
		log_error("espalier-nat can't start: %s", strerror(-error));
	return error;
}

static void close_all(struct nat *nat)
{
	stun_client_close(&nat->stun);
	port_mapper_close(&nat->port_mapper);
	nat_link_close(nat);
	nat_routes_close(nat);
	espalier_writer_close(nat->writer);
	espalier_reader_close(nat->reader);
	nat_ruleset_close(nat);
	nat_monitor_close(nat);
	nat_port_mappings_close(nat);
	nat_state_close(nat);
	if (nat->signals.watched)
		close(nat->signals.descriptor);
	loop_close(&nat->loop);
	free(nat->buffer.bytes);
}

int main(int argc, char **argv)
{
	static struct nat nat;
	int status, error;

	if (argc == 2 && strcmp(argv[1], "--remove-rules") == 0)
		return nat_port_mappings_remove() ? DAEMON_EXIT_FAILED : DAEMON_EXIT_CLEAN;
	status = daemon_start(&nat.daemon, &program, &nat.settings, argc, argv);

	if (status != DAEMON_RUN)
		return status;
	error = open_all(&nat);
	if (!error) {
		daemon_ready(&nat.daemon);
		log_notice("started in %s", nat.daemon.run_folder);
		error = loop_run(&nat.loop);
	}
	close_all(&nat);
	return error ? DAEMON_EXIT_FAILED : DAEMON_EXIT_CLEAN;
}
