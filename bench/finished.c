/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the references of "send" have in common: the finished bytes, and a connection to the peer that asks for them. */
#include "bench/finished.h"

#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

char *finished_read(const char *path, size_t *size)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	size_t done = 0;
	char *bytes;

	if (file < 0 || fstat(file, &status) < 0)
		err(1, "%s", path);
	*size = (size_t)status.st_size;
	bytes = malloc(*size);
	if (!bytes)
		err(1, "%s", path);
	while (done < *size) {
		ssize_t length = read(file, bytes + done, *size - done);

		if (length <= 0)
			err(1, "%s", path);
		done += (size_t)length;
	}
	close(file);
	return bytes;
}

int finished_connect(const char *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_port = htons((uint16_t)atoi(port));
	if (peer < 0 || connect(peer, (struct sockaddr *)&address, sizeof(address)) < 0)
		err(1, "port %s", port);
	return peer;
}
