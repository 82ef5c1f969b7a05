/* SPDX-License-Identifier: BSD-2-Clause */
/* What espalier-nat keeps in the state folder: instance numbers (nat.numbers), and port mappings (nat.state). */
#include "netlink/nat.h"

#include "shm/log.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void nat_state_open(struct nat *nat)
{
	const char *folder = nat->daemon.state_folder;
	char path[PATH_MAX + sizeof("/nat.numbers")];
	int error = mkdir(folder, 0755) && errno != EEXIST ? -errno : 0;

	snprintf(path, sizeof(path), "%s/nat.numbers", folder);
	if (!error)
		error = numbers_open(&nat->numbers, path);
	if (!error) {
		snprintf(path, sizeof(path), "%s/nat.state", folder);
		error = state_open(&nat->port_mappings.state, path);
	}
	nat->port_mappings.durable = !error;
	if (!error)
		return;
	log_error("%s: %s: there can be no port mappings", path, strerror(-error));
	numbers_close(&nat->numbers);
	error = numbers_open(&nat->numbers, NULL);
	if (error)
		log_error("instance numbers: %s", strerror(-error));
}

void nat_state_close(struct nat *nat)
{
	numbers_close(&nat->numbers);
	state_close(&nat->port_mappings.state);
}
