/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reference of "send": answers each request that comes over a TCP connection with the finished bytes of a file, by
 * one send(), until the connection ends. Nobody can answer with less CPU time.
 *
 *     send-finished PORT FILE [PIECE]
 *
 * With PIECE it copies the bytes into a buffer of that size, again and again, and sends that: what an encoder would
 * cost that were as fast as memcpy().
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char *read_file(const char *path, size_t *size)
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

static void send_all(int peer, const char *bytes, size_t size, char *buffer, size_t piece)
{
	for (size_t done = 0; done < size; done += piece) {
		size_t length = size - done < piece ? size - done : piece;
		const char *from = bytes + done;

		if (buffer)
			from = memcpy(buffer, from, length);
		if (send(peer, from, length, MSG_NOSIGNAL) != (ssize_t)length)
			err(1, "send");
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char request[65536], *bytes, *buffer = NULL;
	size_t size, piece;
	int peer;

	if (argc != 3 && argc != 4)
		errx(2, "usage: send-finished PORT FILE [PIECE]");
	bytes = read_file(argv[2], &size);
	piece = argc == 4 ? strtoul(argv[3], NULL, 10) : size;
	if (piece != size)
		buffer = malloc(piece);
	if (!piece || (piece != size && !buffer))
		errx(2, "a piece of %zu bytes", piece);
	address.sin_port = htons((uint16_t)atoi(argv[1]));
	peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (peer < 0 || connect(peer, (struct sockaddr *)&address, sizeof(address)) < 0)
		err(1, "port %s", argv[1]);
	while (recv(peer, request, sizeof(request), 0) > 0)
		send_all(peer, bytes, size, buffer, piece);
	free(bytes);
	free(buffer);
	close(peer);
	return 0;
}
