// SPDX-License-Identifier: GPL-2.0-or-later
// Lightweight notifications: changed values told in signed UDP datagrams, without a session.
//
// Nobody answers, so what was handed to the kernel counts as told. What waits is durable, as for other notifications.
#include "agent/lightweight.h"

#include "agent/agent.h"
#include "agent/lightweight-message.h"
#include "agent/url.h"
#include "shm/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define SECOND	  1000000000ll // nanoseconds
#define NAME_SIZE (TREE_WRITTEN_MAXIMUM + ESPALIER_PATH_MAXIMUM + 1)

static bool enabled(const struct settings *settings)
{
	// The list can only have this item.
	return *settings_text(settings, SETTING_LIGHTWEIGHT_PROTOCOLS_USED);
}

struct list {
	struct agent *agent;
	struct lightweight_message *message;
};

// The name of a parameter as InstanceMode wants it.
static const char *name_of(struct agent *agent, const char *path, char buffer[NAME_SIZE])
{
	struct tree_form form = {.alias = agent_instance_alias(agent)};
	struct tree_reference reference;
	size_t length;

	if (!form.alias || tree_resolve(agent->tree, path, strlen(path), &reference) ||
	    reference.parameter == TREE_PARTIAL)
		return path;
	length = tree_write_path(agent->tree, reference.node, &form, buffer);
	snprintf(buffer + length, NAME_SIZE - length, "%s", tree_parameter_of(agent->tree, reference)->name);
	return buffer;
}

static int add_value(const char *path, const struct espalier_value *value, void *context)
{
	struct list *list = context;
	struct lightweight_message *message = list->message;
	char name[NAME_SIZE], text[LIGHTWEIGHT_VALUE_MAXIMUM + 1];
	ssize_t length = espalier_value_format(value, text, sizeof(text));
	int error = length < 0 ? -EMSGSIZE
			       : lightweight_message_add(message, name_of(list->agent, path, name), value->type, text,
							 (size_t)length);

	if (error != -EMSGSIZE)
		return error;
	log_warning("%s is too long for a lightweight notification", path);
	return 0;
}

static int open_socket(const union transport_address *address)
{
	int descriptor = socket(address->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error;

	if (descriptor < 0)
		return -errno;
	if (!connect(descriptor, &address->any, transport_address_length(address)))
		return descriptor;
	error = -errno;
	close(descriptor);
	return error;
}

// Sends all that waits. Returns 0 or -errno; then the rest still waits.
static int send_all(struct lightweight *lightweight, struct lightweight_message *message, int descriptor,
		    struct store_transaction *transaction)
{
	struct agent *agent = lightweight->agent;
	const struct settings *settings = &agent->settings;
	struct lightweight_device device = {settings_text(settings, SETTING_USERNAME), agent->identity.oui,
					    agent->identity.product_class, agent->identity.serial_number};
	struct list list = {agent, message};
	char host[LIGHTWEIGHT_HOST_SIZE], nonce[24];
	uint64_t random = 0;
	long length;

	if (url_host_header(lightweight->url, host, sizeof(host)) < 0)
		return -EINVAL;
	for (;;) {
		getrandom(&random, sizeof(random), 0);
		snprintf(nonce, sizeof(nonce), "%016" PRIx64, random);
		lightweight_message_begin(message, &device, time(NULL), nonce);
		if (!notify_lightweight(&agent->notify, add_value, &list))
			return 0;
		if (message->any) {
			length = lightweight_message_end(message, host, settings_text(settings, SETTING_PASSWORD));
			if (length < 0)
				return (int)length;
			// One that is too long once it is escaped will be so the next time.
			if (send(descriptor, message->datagram, (size_t)length, MSG_NOSIGNAL) < 0 && errno != EMSGSIZE)
				return -errno;
		}
		notify_lightweight_sent(&agent->notify, transaction);
	}
}

static void again(struct lightweight *lightweight, const char *why)
{
	log_warning("no lightweight notification can be sent to %s: %s", lightweight->url->host, why);
	alarm_set(&lightweight->alarm, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + LIGHTWEIGHT_RETRY * SECOND);
}

static void deliver(struct lightweight *lightweight)
{
	struct agent *agent = lightweight->agent;
	struct lightweight_message *message = malloc(sizeof(*message));
	struct store_transaction *transaction = store_begin(agent->store);
	int descriptor = open_socket(&lightweight->resolver.addresses[0]), error = -ENOMEM;

	lightweight->sent_at = ring_clock(CLOCK_BOOTTIME);
	// The values are read here and now; a change since the last look is a change too.
	if (message && transaction && descriptor >= 0)
		error = send_all(lightweight, message, descriptor, transaction);
	else if (descriptor < 0)
		error = descriptor;
	if (error)
		again(lightweight, strerror(-error));
	else
		log_info("lightweight notification sent to %s", lightweight->url->host);
	if (descriptor >= 0)
		close(descriptor);
	agent_commit(transaction);
	free(message);
}

static void deliver_durable(struct lightweight *lightweight);

static void changes_stored(int error, void *context)
{
	struct lightweight *lightweight = context;

	lightweight->busy = false;
	if (error)
		again(lightweight, strerror(-error));
	else
		deliver_durable(lightweight);
}

// That a value has changed must be durable before it is told: after a kill it would else not be told that the value has
// changed back.
static void deliver_durable(struct lightweight *lightweight)
{
	struct store_transaction *transaction;

	if (store_idle(lightweight->agent->store)) {
		deliver(lightweight);
		return;
	}
	transaction = store_begin(lightweight->agent->store);
	if (!transaction) {
		again(lightweight, strerror(ENOMEM));
		return;
	}
	lightweight->busy = true;
	// An empty one is done too: behind all that was given to the store before.
	store_commit(transaction, changes_stored, lightweight);
}

static void resolved(struct http_resolver *resolver, int result)
{
	struct lightweight *lightweight =
		(struct lightweight *)((char *)resolver - offsetof(struct lightweight, resolver));

	lightweight->busy = false;
	if (!enabled(&lightweight->agent->settings))
		return;
	if (result)
		again(lightweight, strerror(-result));
	else
		deliver_durable(lightweight);
}

// Who receives: the host that is set, else the ACS's own.
static bool find_receiver(struct lightweight *lightweight)
{
	const struct settings *settings = &lightweight->agent->settings;
	const char *host = settings_text(settings, SETTING_LIGHTWEIGHT_HOST),
		   *url = settings_text(settings, SETTING_URL);
	bool found = *host ? url_of_host(lightweight->url, host, strlen(host))
			   : !url_parse(lightweight->url, url, strlen(url));

	lightweight->url->secure = false;
	lightweight->url->port = (uint16_t)settings_number(settings, SETTING_LIGHTWEIGHT_PORT);
	return found;
}

static void rang(struct alarm *alarm)
{
	struct lightweight *lightweight = (struct lightweight *)((char *)alarm - offsetof(struct lightweight, alarm));
	int result;

	if (!enabled(&lightweight->agent->settings) || lightweight->busy)
		return;
	if (!find_receiver(lightweight)) {
		again(lightweight, "not a host");
		return;
	}
	result = http_resolver_start(&lightweight->resolver, lightweight->url);
	lightweight->busy = !result;
	if (result)
		resolved(&lightweight->resolver, result < 0 ? result : 0);
}

static void send_soon(struct lightweight *lightweight)
{
	int64_t now = ring_clock(CLOCK_BOOTTIME), at = lightweight->sent_at + LIGHTWEIGHT_INTERVAL * SECOND;

	if (enabled(&lightweight->agent->settings))
		alarm_set(&lightweight->alarm, CLOCK_BOOTTIME, lightweight->sent_at && at > now ? at : now);
}

static void trigger(struct recurrence *recurrence)
{
	struct lightweight *lightweight =
		(struct lightweight *)((char *)recurrence - offsetof(struct lightweight, trigger));

	if (notify_waiting(&lightweight->agent->notify) & (NOTIFY_LIGHTWEIGHT_PASSIVE | NOTIFY_LIGHTWEIGHT_ACTIVE))
		send_soon(lightweight);
}

static void set_trigger(struct lightweight *lightweight)
{
	const struct settings *settings = &lightweight->agent->settings;

	recurrence_set(&lightweight->trigger,
		       enabled(settings) ? settings_number(settings, SETTING_LIGHTWEIGHT_TRIGGER_INTERVAL) : 0,
		       settings_text(settings, SETTING_LIGHTWEIGHT_TRIGGER_TIME));
}

int lightweight_open(struct lightweight *lightweight, struct agent *agent)
{
	lightweight->agent = agent;
	lightweight->url = calloc(1, sizeof(*lightweight->url));
	if (!lightweight->url)
		return -ENOMEM;
	lightweight->alarm = (struct alarm){.ring = &agent->ring, .rang = rang};
	lightweight->resolver.done = resolved;
	http_resolver_open(&lightweight->resolver, &agent->ring);
	recurrence_prepare(&lightweight->trigger, &agent->ring, trigger);
	set_trigger(lightweight);
	return 0;
}

void lightweight_close(struct lightweight *lightweight)
{
	http_resolver_close(&lightweight->resolver);
	free(lightweight->url);
	*lightweight = (struct lightweight){0};
}

void lightweight_settings_changed(struct lightweight *lightweight, uint64_t changed)
{
	if (changed & (SETTING_BIT(SETTING_LIGHTWEIGHT_TRIGGER_INTERVAL) |
		       SETTING_BIT(SETTING_LIGHTWEIGHT_TRIGGER_TIME) | SETTING_BIT(SETTING_LIGHTWEIGHT_PROTOCOLS_USED)))
		set_trigger(lightweight);
	if (changed & SETTING_BIT(SETTING_LIGHTWEIGHT_PROTOCOLS_USED) &&
	    notify_waiting(&lightweight->agent->notify) & NOTIFY_LIGHTWEIGHT_ACTIVE)
		lightweight_changed(lightweight);
}

void lightweight_changed(struct lightweight *lightweight)
{
	send_soon(lightweight);
}
