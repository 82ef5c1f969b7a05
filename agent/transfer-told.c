// SPDX-License-Identifier: GPL-2.0-or-later
// Which ends of transfers the ACS has confirmed whose records are still on the disk.
#include "agent/transfer-told.h"

#include "agent/agent.h"
#include "shm/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE (PATH_MAX + sizeof("/" TRANSFER_TOLD_FOLDER "/4294967295"))

static void make_path(const struct agent *agent, uint32_t number, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/" TRANSFER_TOLD_FOLDER "/%u", agent->daemon.run_folder, number);
}

void transfer_told_add(const struct agent *agent, uint32_t number)
{
	char path[PATH_SIZE];
	int descriptor;

	make_path(agent, number, path);
	descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (descriptor < 0)
		log_warning("%s: %s", path, strerror(errno));
	else
		close(descriptor);
}

bool transfer_told(const struct agent *agent, uint32_t number)
{
	char path[PATH_SIZE];

	make_path(agent, number, path);
	return access(path, F_OK) == 0;
}

void transfer_told_remove(const struct agent *agent, uint32_t number)
{
	char path[PATH_SIZE];

	make_path(agent, number, path);
	unlink(path);
}

void transfer_told_clean(const struct agent *agent)
{
	char path[PATH_SIZE];
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "%s/" TRANSFER_TOLD_FOLDER, agent->daemon.run_folder);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		log_warning("%s: %s", path, strerror(errno));
	folder = opendir(path);
	if (!folder)
		return;
	while ((entry = readdir(folder))) {
		uint32_t number = (uint32_t)strtoul(entry->d_name, NULL, 10);

		if (number && !transfers_find(agent, number))
			transfer_told_remove(agent, number);
	}
	closedir(folder);
}
