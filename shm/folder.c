/* SPDX-License-Identifier: BSD-2-Clause */
/* The run folder, where segments and their sockets are. */
#include "shm/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shm/error.h"

const char *folder_path(const char *folder)
{
	if (!folder || !*folder)
		folder = secure_getenv("ESPALIER_DIR");
	return folder && *folder ? folder : "/run/espalier";
}

int folder_open(const char *folder, bool create)
{
	const char *path = folder_path(folder);
	int fd;

	if (create && mkdir(path, 0755) < 0 && errno != EEXIST)
		return error_set(-errno, "%s: can't make the folder: %s", path, strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_set(-errno, "%s: %s", path, strerror(errno)) : fd;
}
