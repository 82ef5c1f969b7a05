// SPDX-License-Identifier: GPL-2.0-or-later
// How the agent starts, ends, and reads its configuration again.
#include "agent/agent-private.h"

#include "agent/date-time.h"
#include "agent/session-run.h"
#include "shm/log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int agent_load_tls(struct tls *tls, const struct agent_configuration *configuration, char message[TLS_MESSAGE_SIZE])
{
	struct tls_settings settings = {.verify = configuration->verify};

	snprintf(settings.ca_file, sizeof(settings.ca_file), "%s", configuration->ca_file);
	snprintf(settings.crl_file, sizeof(settings.crl_file), "%s", configuration->crl_file);
	snprintf(settings.certificate, sizeof(settings.certificate), "%s", configuration->certificate);
	snprintf(settings.private_key, sizeof(settings.private_key), "%s", configuration->private_key);
	if (*settings.ca_file || *settings.crl_file || *settings.certificate || *settings.private_key ||
	    !settings.verify)
		return tls_load(tls, &settings, message);
	tls_unload(tls);
	tls->settings = settings;
	return 0;
}

static void reload(struct agent *agent)
{
	struct agent_configuration configuration;
	struct identity *identity = &agent->identity;
	struct identity found;
	char message[CONFIGURATION_MESSAGE_SIZE], tls_message[TLS_MESSAGE_SIZE];
	uint64_t changed;
	bool moved;

	if (daemon_read_configuration(&agent->daemon, &configuration))
		return;
	if (agent_configuration_check(&configuration, message, sizeof(message))) {
		log_error("%s: %s", agent->daemon.configuration_path, message);
		return;
	}
	if (agent_load_tls(&agent->tls, &configuration, tls_message)) {
		log_error("%s: %s", agent->daemon.configuration_path, tls_message);
		return;
	}
	moved = configuration.connection_request_port != agent->configuration.connection_request_port ||
		strcmp(configuration.connection_request_interface, agent->configuration.connection_request_interface);
	agent->configuration = configuration;
	// DeviceId never changes while the device lives; versions do.
	identity_find(&found, &configuration, identity->serial_number);
	memcpy(identity->hardware_version, found.hardware_version, sizeof(found.hardware_version));
	memcpy(identity->software_version, found.software_version, sizeof(found.software_version));
	own_set(&agent->own, OWN_DEVICE_INFO, DEVICE_INFO_HARDWARE_VERSION, identity->hardware_version);
	own_set(&agent->own, OWN_DEVICE_INFO, DEVICE_INFO_SOFTWARE_VERSION, identity->software_version);
	discovery_reload(agent);
	log_files_reload(&agent->log_files);
	changed = settings_factory(&agent->settings, &configuration, discovery_values(agent), identity);
	if (moved)
		listener_move(&agent->listener);
	else
		listener_update(&agent->listener);
	agent_settings_changed(agent, changed);
	reach_tell(&agent->reach);
	log_notice("the configuration was read again");
}

static void signalled(struct ring_signals *signals, int number)
{
	struct agent *agent = (struct agent *)((char *)signals - offsetof(struct agent, signals));

	if (number == SIGHUP) {
		reload(agent);
		return;
	}
	agent->stopping = true;
	ring_stop(&agent->ring);
}

static int find_identity(struct agent *agent)
{
	char *address = agent->device_address;

	if (store_get(agent->store, STORE_STATE, STATE_ADDRESS, address, sizeof(agent->device_address)) !=
	    sizeof(agent->device_address) - 1) {
		identity_address(address);
		agent_put_state(agent, STATE_ADDRESS, address);
	}
	identity_find(&agent->identity, &agent->configuration, address);
	return 0;
}

static int open_own(struct agent *agent)
{
	static const struct {
		uint32_t parameter;
		const char *text;
	} constants[] = {
		{MANAGEMENT_SERVER_ALIAS_BASED_ADDRESSING, "1"},
		{MANAGEMENT_SERVER_LIGHTWEIGHT_NOTIFICATION_PROTOCOLS_SUPPORTED, "UDP"},
		{MANAGEMENT_SERVER_INSTANCE_WILDCARDS_SUPPORTED, "1"},
		{MANAGEMENT_SERVER_HTTP_COMPRESSION_SUPPORTED, "GZIP,Deflate"},
	};
	char first_use[DATE_TIME_SIZE];
	int error;

	error = own_open(&agent->own, agent->daemon.run_folder, &agent_owner, agent);
	if (error)
		return error;
	error = device_info_fill(&agent->own, &agent->identity);
	if (!error)
		error = discovery_open(agent);
	if (!error)
		error = settings_open(&agent->settings, &agent->own, agent->store, &agent->configuration,
				      discovery_values(agent), &agent->identity);
	if (!error)
		error = own_tables_open(&agent->tables, &agent->own, agent->store);
	if (!error)
		error = declared_devices_open(&agent->declared_devices, agent);
	if (!error)
		error = transfer_configuration_open(agent);
	if (!error)
		error = log_files_open(&agent->log_files, agent);
	for (size_t i = 0; i < sizeof(constants) / sizeof(*constants) && !error; i++)
		error = own_set(&agent->own, OWN_MANAGEMENT_SERVER, constants[i].parameter, constants[i].text);
	if (!error && store_get(agent->store, STORE_STATE, STATE_PARAMETER_KEY, agent->parameter_key,
				sizeof(agent->parameter_key)) > 0)
		error = own_set(&agent->own, OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_PARAMETER_KEY,
				agent->parameter_key);
	agent->used = store_get(agent->store, STORE_STATE, STATE_FIRST_USE, first_use, sizeof(first_use)) > 0;
	if (!error && agent->used)
		error = own_set(&agent->own, OWN_DEVICE_INFO, DEVICE_INFO_FIRST_USE_DATE, first_use);
	if (error)
		return error;
	own_refresh(&agent->own, OWN_LIVE_TIME | OWN_LIVE_DEVICE_INFO | OWN_LIVE_CPU | OWN_LIVE_PROCESSES);
	agent_open_counters(agent);
	agent->reachable = (struct reachable){.agent = agent, .path = agent->listener.path};
	error = listener_open(&agent->listener, agent);
	if (error)
		return error;
	reach_open(&agent->reach, agent);
	xmpp_access_open(&agent->xmpp, agent);
	return own_publish(&agent->own);
}

static int load_attribute(const char *name, const char *value, size_t length, void *context)
{
	struct agent *agent = context;
	int error = attributes_load(&agent->attributes, name, value, length);

	if (error == -EBADMSG)
		log_warning("attributes of %s are not understood, and left out", name);
	return error == -EBADMSG ? 0 : error;
}

static int open_tree(struct agent *agent)
{
	struct store_transaction *transaction;
	int error;

	error = tree_open(&agent->tree,
			  &(struct tree_options){.folder = agent->daemon.run_folder,
						 .base64_type = agent_base64_types[agent->configuration.base64_type]});
	if (error)
		return error;
	if (alias_rows_follow(&agent->tables.aliases, agent->tree))
		tree_refresh(agent->tree);
	agent->notify.tree = agent->tree;
	agent->notify.attributes = &agent->attributes;
	agent->redo.agent = agent;
	agent->row_changes.agent = agent;
	transaction_timer_prepare(&agent->set_timer, &agent->ring);
	error = store_each(agent->store, STORE_ATTRIBUTE, load_attribute, agent);
	if (!error)
		error = store_each(agent->store, STORE_REPORTED, notify_load, &agent->notify);
	if (!error)
		error = store_each(agent->store, STORE_REDO, redo_load, &agent->redo);
	if (!error)
		error = store_each(agent->store, STORE_ROW_CHANGE, row_changes_load, &agent->row_changes);
	if (!error)
		error = store_each(agent->store, STORE_REFERENCE, references_load, agent);
	if (error)
		return error;
	transaction = store_begin(agent->store);
	if (!transaction)
		return -ENOMEM;
	error = notify_rebuild(&agent->notify, transaction);
	agent_commit(transaction);
	if (error)
		return error;
	return agent_watch_owners(agent);
}

int agent_open(struct agent *agent)
{
	int error;

	agent->clock_descriptor = -1;
	error = ring_open(&agent->ring, RING_ALL_FEATURES);
	if (error)
		return error;
	agent->ring_open = true;
	error = ring_signals_open(&agent->signals, &agent->ring, signalled);
	if (error)
		goto failed;
	error = store_open(&agent->store, agent->daemon.state_folder);
	if (error)
		return error;
	agent_find_boot(agent);
	error = find_identity(agent);
	if (!error)
		error = open_own(agent);
	if (!error)
		error = open_tree(agent);
	if (error)
		goto failed;
	error = -ENOMEM;
	agent_prepare_schedule(agent);
	reboot_open(&agent->reboot, agent);
	factory_reset_open(&agent->factory_reset, agent);
	rediscovery_open(&agent->rediscovery, agent);
	agent->session = session_run_open(agent);
	if (agent->session)
		error = transfers_open(agent);
	if (!error)
		error = agent_open_events(agent);
	if (!error)
		error = agent_open_periodic(agent);
	if (!error)
		heartbeat_open(&agent->heartbeat, agent);
	if (!error)
		error = lightweight_open(&agent->lightweight, agent);
	if (!error)
		planned_reboot_open(&agent->planned_reboot, agent);
	standby_open(&agent->standby, agent);
	// What asks for a session is the last, as the plan looks at all the others.
	if (!error)
		transfers_start(agent);
	if (!error)
		error = store_start(agent->store, &agent->ring);
	if (error)
		goto failed;
	agent->running = true;
	references_follow(agent);
	row_changes_recover(&agent->row_changes);
	agent_look(agent);
	du_changes_resume(&agent->du_changes);
	factory_reset_resume(&agent->factory_reset);
	reboot_resume(&agent->reboot);
	agent_plan(agent);
	return 0;
failed:
	log_error("the agent can't start: %s", strerror(-error));
	return error;
}

void agent_close(struct agent *agent)
{
	agent->stopping = true;
	if (agent->ring_open) {
		// What was given to the store becomes durable, and whoever waits for that gets an answer.
		while (agent->running && !store_idle(agent->store) && ring_run_once(&agent->ring, true) >= 0)
			continue;
		listener_stop(&agent->listener);
		reach_stop(&agent->reach);
		xmpp_access_stop(&agent->xmpp);
		ring_close(&agent->ring);
	}
	session_run_close(agent->session);
	local_commands_end(&agent->local_commands);
	du_changes_free(&agent->du_changes);
	reboot_close(&agent->reboot);
	factory_reset_close(&agent->factory_reset);
	rediscovery_close(&agent->rediscovery);
	transfers_close(agent);
	declared_devices_free(&agent->declared_devices);
	tls_unload(&agent->tls);
	redo_free(&agent->redo);
	store_close(agent->store);
	notify_free(&agent->notify);
	attributes_free(&agent->attributes);
	tree_close(agent->tree);
	row_changes_free(&agent->row_changes);
	references_free(&agent->references);
	lightweight_close(&agent->lightweight);
	listener_free(&agent->listener);
	reach_free(&agent->reach);
	xmpp_access_free(&agent->xmpp);
	discovery_close(agent);
	settings_close(&agent->settings);
	own_tables_free(&agent->tables);
	own_close(&agent->own);
	events_free(&agent->events);
	free(agent->bootstrap_url);
	if (agent->clock_descriptor >= 0)
		close(agent->clock_descriptor);
	if (agent->signals.ring)
		ring_signals_close(&agent->signals);
}
