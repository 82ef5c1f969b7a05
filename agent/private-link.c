// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's end of a private connection with another of our programs.
#include "agent/private-link.h"

#include "shm/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4

static void start_receiving(struct private_link *link);

static void connection_over(struct private_link *link)
{
	close(link->connection);
	link->connection = link->successor;
	link->successor = -1;
	if (private_link_connected(link)) {
		start_receiving(link);
		return;
	}
	log_notice("%s is gone", link->program);
	link->gone(link);
}

static void received(struct ring_operation *operation, int result, unsigned flags)
{
	struct private_link *link =
		(struct private_link *)((char *)operation - offsetof(struct private_link, receiving));

	(void)flags;
	if (result <= 0 || link->successor >= 0) {
		connection_over(link);
		return;
	}
	if (result > PRIVATE_LINK_MESSAGE_MAXIMUM || !link->received(link, link->bytes, (size_t)result)) {
		log_error("the message of %s is not understood: is it of another version?", link->program);
		connection_over(link);
		return;
	}
	if (ring_receive(link->ring, &link->receiving, link->connection, link->bytes, sizeof(link->bytes)))
		connection_over(link);
}

static void start_receiving(struct private_link *link)
{
	log_info("%s is connected", link->program);
	link->receiving.done = received;
	if (ring_receive(link->ring, &link->receiving, link->connection, link->bytes, sizeof(link->bytes))) {
		connection_over(link);
		return;
	}
	link->connected(link);
}

bool private_link_trusts(int descriptor)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	return !getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

static void accepted(struct ring_operation *operation, int result, unsigned flags)
{
	struct private_link *link =
		(struct private_link *)((char *)operation - offsetof(struct private_link, accepting));

	if (result < 0 && !(flags & RING_MORE)) {
		log_warning("%s can't connect any more: %s", link->program, strerror(-result));
		return;
	}
	if (!(flags & RING_MORE))
		ring_accept(link->ring, operation, link->descriptor);
	if (!private_link_trusts(result)) {
		log_warning("a stranger at %s", link->path);
		close(result);
	} else if (!private_link_connected(link)) {
		link->connection = result;
		start_receiving(link);
	} else {
		// The newest is the one that lives; the former's end is on its way.
		if (link->successor >= 0)
			close(link->successor);
		link->successor = result;
		shutdown(link->connection, SHUT_RDWR);
	}
}

// It comes into its place when it listens: the program waits for the rename.
static int open_socket(struct private_link *link, const char *folder, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path, sizeof(address.sun_path), "%s/.%s", folder, name);
	int descriptor;

	if (length < 0 || (size_t)length >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	length = snprintf(link->path, sizeof(link->path), "%s/%s", folder, name);
	if (length < 0 || (size_t)length >= sizeof(link->path))
		return -ENAMETOOLONG;
	descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (descriptor < 0)
		return -errno;
	unlink(address.sun_path);
	// The mode of the descriptor is that of the file which bind() makes, whatever the process' mask is.
	if (fchmod(descriptor, S_IRUSR | S_IWUSR) || bind(descriptor, (struct sockaddr *)&address, sizeof(address)) ||
	    chmod(address.sun_path, S_IRUSR | S_IWUSR) || listen(descriptor, BACKLOG) ||
	    rename(address.sun_path, link->path)) {
		int error = -errno;

		close(descriptor);
		return error;
	}
	return descriptor;
}

int private_link_open(struct private_link *link, struct ring *ring, const char *folder, const char *name)
{
	int error;

	link->ring = ring;
	link->connection = link->successor = -1;
	link->descriptor = error = open_socket(link, folder, name);
	if (error >= 0) {
		link->accepting.done = accepted;
		error = ring_accept(ring, &link->accepting, link->descriptor);
	}
	if (error < 0)
		log_error("%s can't connect at %s/%s: %s", link->program, folder, name, strerror(-error));
	return error < 0 ? error : 0;
}

bool private_link_connected(const struct private_link *link)
{
	return link->ring && link->connection >= 0;
}

void private_link_send(struct private_link *link, const char *bytes, size_t length)
{
	if (private_link_connected(link) &&
	    send(link->connection, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)length)
		shutdown(link->connection, SHUT_RDWR);
}

void private_link_stop(struct private_link *link)
{
	if (link->ring && link->descriptor >= 0)
		unlink(link->path);
}

void private_link_free(struct private_link *link)
{
	if (!link->ring)
		return;
	for (size_t i = 0; i < 3; i++) {
		int descriptor = (const int[]){link->descriptor, link->connection, link->successor}[i];

		if (descriptor >= 0)
			close(descriptor);
	}
}
