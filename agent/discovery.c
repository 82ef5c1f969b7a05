// SPDX-License-Identifier: GPL-2.0-or-later
// Finding the ACS by DHCP: what the leases say, kept over restarts.
#include "agent/agent-private.h"

#include "shm/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF)

// The store's names of the values in force.
#define STATE_DHCP_SOURCE "dhcp-source"
static const struct {
	const char *name;
	size_t offset, size;
} records[] = {
	{"dhcp-url", offsetof(struct dhcp_values, url), sizeof(((struct dhcp_values *)0)->url)},
	{"dhcp-provisioning-code", offsetof(struct dhcp_values, provisioning_code),
	 sizeof(((struct dhcp_values *)0)->provisioning_code)},
	{"dhcp-retry-minimum-wait", offsetof(struct dhcp_values, retry_minimum_wait),
	 sizeof(((struct dhcp_values *)0)->retry_minimum_wait)},
	{"dhcp-retry-multiplier", offsetof(struct dhcp_values, retry_multiplier),
	 sizeof(((struct dhcp_values *)0)->retry_multiplier)},
};

#define RECORD_COUNT (sizeof(records) / sizeof(*records))

#define FOLDER_PATH_SIZE (PATH_MAX + sizeof("/" DISCOVERY_FOLDER))

static void folder_path(const struct agent *agent, char path[FOLDER_PATH_SIZE])
{
	snprintf(path, FOLDER_PATH_SIZE, "%s/" DISCOVERY_FOLDER, agent->daemon.run_folder);
}

// ---- The values in force

static void put_or_delete(struct store_transaction *transaction, const char *name, const char *text)
{
	if (*text)
		store_put_string(transaction, STORE_STATE, name, text);
	else
		store_delete(transaction, STORE_STATE, name);
}

static void follow(struct agent *agent)
{
	uint64_t changed;

	if (!agent->running || agent->stopping)
		return;
	changed = settings_factory(&agent->settings, &agent->configuration, discovery_values(agent), &agent->identity);
	if (changed)
		agent_settings_changed(agent, changed);
}

static void saved(int error, void *context)
{
	if (error)
		log_error("DHCP: what the lease says can't be kept: %s", strerror(-error));
	follow(context);
}

// Keeps them over a restart, after which the run folder is empty until there is a lease. They count when they are
// durable: no ACS is called of which the device knows nothing after a power cut.
static void save(struct agent *agent)
{
	struct discovery *discovery = &agent->discovery;
	struct store_transaction *transaction = store_begin(agent->store);

	if (!transaction) {
		saved(-ENOMEM, agent);
		return;
	}
	for (size_t i = 0; i < RECORD_COUNT; i++)
		put_or_delete(transaction, records[i].name, (char *)&discovery->values + records[i].offset);
	put_or_delete(transaction, STATE_DHCP_SOURCE, discovery->source);
	store_commit(transaction, saved, agent);
}

static void load(struct agent *agent)
{
	struct discovery *discovery = &agent->discovery;

	for (size_t i = 0; i < RECORD_COUNT; i++) {
		char *text = (char *)&discovery->values + records[i].offset;

		if (store_get(agent->store, STORE_STATE, records[i].name, text, records[i].size) < 0)
			*text = 0;
	}
	if (store_get(agent->store, STORE_STATE, STATE_DHCP_SOURCE, discovery->source, sizeof(discovery->source)) < 0)
		*discovery->source = 0;
}

static void take(struct agent *agent, const struct dhcp_values *values, const char *source)
{
	struct discovery *discovery = &agent->discovery;

	if (!memcmp(values, &discovery->values, sizeof(*values)) && !strcmp(source, discovery->source))
		return;
	if (strcmp(values->url, discovery->values.url) != 0) {
		if (*values->url)
			log_notice("DHCP (%s): the ACS is %.*s", source, (int)strcspn(values->url, "?"), values->url);
		else
			log_notice("DHCP (%s): the lease names no ACS any more", source);
	}
	discovery->values = *values;
	snprintf(discovery->source, sizeof(discovery->source), "%s", source);
	save(agent);
}

// ---- Leases

struct lease {
	char source[DISCOVERY_SOURCE_SIZE];
	struct dhcp_values values;
};

// INTERFACE.dhcp4 or INTERFACE.dhcp6. A name with a dot first is a file that is being written.
static bool is_source(const char *name)
{
	const char *end = strrchr(name, '.');

	if (!end || end == name || *name == '.' || *name == '-' || strlen(name) >= DISCOVERY_SOURCE_SIZE)
		return false;
	for (const char *character = name; *character; character++) {
		if (*character <= ' ' || *character > '~')
			return false;
	}
	return !strcmp(end, ".dhcp4") || !strcmp(end, ".dhcp6");
}

// A neighbour who gives out leases must not get the device to talk in clear text where TLS was ordered.
static bool worse_than_factory(const struct agent *agent, const char *text)
{
	const char *configured = agent->configuration.url;
	struct url factory, offered;

	return !url_parse(&factory, configured, strlen(configured)) && factory.secure &&
	       !url_parse(&offered, text, strlen(text)) && !offered.secure;
}

// Reads one lease. Returns 0, or -errno when nothing can be said of it.
static int read_lease(const struct agent *agent, int folder, const char *name, struct lease *lease)
{
	char text[DHCP_LEASE_SIZE_MAX + 1];
	int descriptor = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	const char *remark;
	struct stat status;
	size_t length = 0;
	ssize_t count = -1;
	int error;

	if (descriptor < 0)
		return -errno;
	if (!fstat(descriptor, &status) && S_ISREG(status.st_mode)) {
		while (length < sizeof(text) && (count = read(descriptor, text + length, sizeof(text) - length)) > 0)
			length += (size_t)count;
	}
	close(descriptor);
	if (count < 0)
		return -EIO;
	error = dhcp_lease_parse(&lease->values, text, length, &remark);
	if (remark)
		log_warning("DHCP (%s): %s", name, remark);
	if (error)
		return error;
	if (worse_than_factory(agent, lease->values.url)) {
		log_warning("DHCP (%s): the ACS is left out: http, where the configured one is https", name);
		*lease->values.url = 0;
	}
	snprintf(lease->source, sizeof(lease->source), "%s", name);
	return 0;
}

// Which of two leases counts: the one in force stays while it names an ACS; else one that does; else the one in force,
// which says that it does no more; among equals the first by name.
static bool better(const struct discovery *discovery, const struct lease *lease, const struct lease *than)
{
	bool present = !strcmp(lease->source, discovery->source), other = !strcmp(than->source, discovery->source);
	int rank = 2 * (*lease->values.url != 0) + present, against = 2 * (*than->values.url != 0) + other;

	return rank == against ? strcmp(lease->source, than->source) < 0 : rank > against;
}

// Looks at the leases that live. One that has ended leaves its values in force: without another lease the ACS can't be
// reached in any case, and the same one is likely to be back after a restart.
static void look(struct agent *agent)
{
	struct discovery *discovery = &agent->discovery;
	struct lease best, lease;
	struct dirent *entry;
	unsigned looked_at = 0;
	bool found = false;
	char path[FOLDER_PATH_SIZE];
	DIR *folder;

	folder_path(agent, path);
	folder = opendir(path);
	if (!folder)
		return;
	while (looked_at < DISCOVERY_LEASES_MAX && (entry = readdir(folder))) {
		if (!is_source(entry->d_name))
			continue;
		looked_at++;
		if (read_lease(agent, dirfd(folder), entry->d_name, &lease))
			continue;
		if (!found || better(discovery, &lease, &best))
			best = lease;
		found = true;
	}
	closedir(folder);
	// That another lease names none does not take away what the one in force has named.
	if (found && (*best.values.url || !*discovery->values.url || !strcmp(best.source, discovery->source)))
		take(agent, &best.values, best.source);
}

// ---- Watching

static int watch_folder(struct agent *agent)
{
	struct discovery *discovery = &agent->discovery;
	char path[FOLDER_PATH_SIZE];

	folder_path(agent, path);
	if (mkdir(path, 0755) && errno != EEXIST)
		return -errno;
	discovery->watch = inotify_add_watch(discovery->descriptor, path, FOLDER_EVENTS | IN_ONLYDIR | IN_DONT_FOLLOW);
	return discovery->watch < 0 ? -errno : 0;
}

static void folder_changed(struct ring_operation *operation, int result, unsigned flags)
{
	struct agent *agent = (struct agent *)((char *)operation - offsetof(struct agent, discovery.poll));
	struct discovery *discovery = &agent->discovery;
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool gone = false;
	ssize_t length;

	if (result < 0)
		return;
	if (!(flags & RING_MORE) && ring_poll(&agent->ring, operation, discovery->descriptor, POLLIN))
		log_warning("DHCP: leases can't be watched any more");
	while ((length = read(discovery->descriptor, buffer, sizeof(buffer))) > 0) {
		for (ssize_t at = 0; at < length;) {
			const struct inotify_event *event = (const struct inotify_event *)(buffer + at);

			gone = gone || event->mask & (IN_DELETE_SELF | IN_MOVE_SELF);
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
	if (!agent->configuration.dhcp)
		return;
	if (gone) {
		inotify_rm_watch(discovery->descriptor, discovery->watch);
		if (watch_folder(agent))
			log_warning("DHCP: the folder of the leases is gone");
	}
	look(agent);
}

static int open_watch(struct agent *agent)
{
	struct discovery *discovery = &agent->discovery;
	int error;

	discovery->descriptor = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (discovery->descriptor < 0)
		return -errno;
	discovery->poll.done = folder_changed;
	error = ring_poll(&agent->ring, &discovery->poll, discovery->descriptor, POLLIN);
	if (error) {
		close(discovery->descriptor);
		return error;
	}
	discovery->open = true;
	return 0;
}

static int watch(struct agent *agent)
{
	int error = agent->discovery.open ? 0 : open_watch(agent);

	// The folder is watched before it is read: no lease comes between.
	if (!error)
		error = watch_folder(agent);
	if (!error)
		look(agent);
	return error;
}

int discovery_open(struct agent *agent)
{
	load(agent);
	return agent->configuration.dhcp ? watch(agent) : 0;
}

void discovery_reload(struct agent *agent)
{
	int error = 0;

	if (agent->configuration.dhcp)
		error = watch(agent);
	else if (agent->discovery.open)
		inotify_rm_watch(agent->discovery.descriptor, agent->discovery.watch);
	if (error)
		log_error("DHCP: leases can't be watched: %s", strerror(-error));
}

const struct dhcp_values *discovery_values(const struct agent *agent)
{
	static const struct dhcp_values nothing;

	return agent->configuration.dhcp ? &agent->discovery.values : &nothing;
}

void discovery_close(struct agent *agent)
{
	if (agent->discovery.open)
		close(agent->discovery.descriptor);
}
