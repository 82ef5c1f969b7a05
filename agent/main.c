// SPDX-License-Identifier: GPL-2.0-or-later
// espalier-agent: the CWMP agent, a daemon.
#include "agent/agent.h"
#include "shm/log.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>

static const struct daemon_program program = {
	.name = "espalier-agent",
	.purpose = "the CWMP (TR-069) agent",
	.keys = agent_configuration_keys,
	.settings_size = sizeof(struct agent_configuration),
	.other_sections = agent_configuration_other_sections,
};

// One life, from the start to a stop (an exit status), or to a factory reset (DAEMON_RUN).
static int run(struct agent *agent)
{
	struct agent_configuration configuration;
	struct daemon daemon;
	int status = DAEMON_EXIT_FAILED;

	if (!agent_open(agent)) {
		log_notice("started");
		daemon_ready(&agent->daemon);
		if (!ring_run(&agent->ring))
			status = agent->restarting ? DAEMON_RUN : DAEMON_EXIT_CLEAN;
	}
	configuration = agent->configuration;
	daemon = agent->daemon;
	agent_close(agent);
	*agent = (struct agent){.daemon = daemon, .configuration = configuration};
	return status;
}

int main(int argc, char **argv)
{
	static struct agent agent;
	struct daemon_program self = program;
	char message[CONFIGURATION_MESSAGE_SIZE], tls_message[TLS_MESSAGE_SIZE];
	int status;

	// The other threads allocate little, and one after the other: an arena for each would cost more than their
	// lock.
	mallopt(M_ARENA_MAX, 1);
	self.key_count = agent_configuration_key_count;
	status = daemon_start(&agent.daemon, &self, &agent.configuration, argc, argv);
	if (status != DAEMON_RUN)
		return status;
	if (agent_configuration_check(&agent.configuration, message, sizeof(message))) {
		log_error("%s: %s", agent.daemon.configuration_path, message);
		return DAEMON_EXIT_USAGE;
	}
	do {
		if (agent_load_tls(&agent.tls, &agent.configuration, tls_message)) {
			log_error("%s: %s", agent.daemon.configuration_path, tls_message);
			return DAEMON_EXIT_USAGE;
		}
		status = run(&agent);
	} while (status == DAEMON_RUN);
	return status;
}
