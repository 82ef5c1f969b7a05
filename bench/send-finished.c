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
#include "bench/finished.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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
	char request[65536], *bytes, *buffer = NULL;
	size_t size, piece;
	int peer;

	if (argc != 3 && argc != 4)
		errx(2, "usage: send-finished PORT FILE [PIECE]");
	bytes = finished_read(argv[2], &size);
	piece = argc == 4 ? strtoul(argv[3], NULL, 10) : size;
	if (piece != size)
		buffer = malloc(piece);
	if (!piece || (piece != size && !buffer))
		errx(2, "a piece of %zu bytes", piece);
	peer = finished_connect(argv[1]);
	while (recv(peer, request, sizeof(request), 0) > 0)
		send_all(peer, bytes, size, buffer, piece);
	free(bytes);
	free(buffer);
	close(peer);
	return 0;
}
