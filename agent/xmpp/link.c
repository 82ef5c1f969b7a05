// SPDX-License-Identifier: GPL-2.0-or-later
// The private connection with the agent (agent/xmpp-message.h). There is one attempt at the start, and one whenever the
// agent's socket comes into the run folder; none is made while nothing happens.
#include "agent/xmpp/xmpp.h"

#include "agent/private-link.h"
#include "shm/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void attempt(struct xmpp_program *program);

static struct xmpp_program *of_receiving(struct ring_operation *operation)
{
	return (struct xmpp_program *)((char *)operation - offsetof(struct xmpp_program, link.receiving));
}

bool xmpp_link_connected(const struct xmpp_program *program)
{
	return program->link.agent >= 0;
}

static bool take(struct xmpp_program *program, const union xmpp_message *message)
{
	switch ((enum xmpp_kind)message->head.kind) {
	case XMPP_CONNECTION:
		xmpp_client_configure(program, &message->connection);
		return true;
	case XMPP_CONNECTIONS_END:
		xmpp_clients_named(program);
		return true;
	case XMPP_VERDICT:
		xmpp_stream_verdict(program, &message->verdict);
		return true;
	case XMPP_STATE:
	case XMPP_REQUEST:
	case XMPP_KINDS:
		break;
	}
	return false;
}

static int receive(struct xmpp_program *program)
{
	struct xmpp_link *link = &program->link;

	return ring_receive(&program->ring, &link->receiving, link->agent, &link->received,
			    sizeof(link->received) + sizeof(link->beyond));
}

static void received(struct ring_operation *operation, int result, unsigned flags)
{
	struct xmpp_program *program = of_receiving(operation);
	struct xmpp_link *link = &program->link;
	bool good;

	(void)flags;
	good = result > 0 && xmpp_message_good(&link->received, (size_t)result) && take(program, &link->received);
	explicit_bzero(&link->received, sizeof(link->received));
	if (result > 0 && !good)
		log_error("the agent's message is not understood: is it of another version?");
	if (good && !receive(program))
		return;
	close(link->agent);
	link->agent = -1;
	// The connections stay: an agent that comes back finds them.
	log_notice("the agent is gone");
	xmpp_stream_forget(program, NULL);
	attempt(program);
}

static void attempt(struct xmpp_program *program)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length =
		snprintf(address.sun_path, sizeof(address.sun_path), "%s/" XMPP_SOCKET, program->daemon.run_folder);
	struct xmpp_link *link = &program->link;
	int descriptor;

	if (xmpp_link_connected(program) || length < 0 || (size_t)length >= sizeof(address.sun_path))
		return;
	descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (descriptor < 0)
		return;
	// Whoever listens there gets nothing, and gives no settings, unless it is root or our own user. A Unix socket
	// connects at once or not at all; only where the queue is full it would wait.
	if (fcntl(descriptor, F_SETFL, O_NONBLOCK) ||
	    connect(descriptor, (struct sockaddr *)&address, sizeof(address)) || fcntl(descriptor, F_SETFL, 0) ||
	    !private_link_trusts(descriptor)) {
		close(descriptor);
		return;
	}
	link->agent = descriptor;
	link->receiving.done = received;
	if (receive(program)) {
		close(descriptor);
		link->agent = -1;
		return;
	}
	log_notice("connected with the agent");
	xmpp_clients_report(program);
}

static void folder_ready(struct ring_operation *operation, int result, unsigned flags)
{
	struct xmpp_program *program =
		(struct xmpp_program *)((char *)operation - offsetof(struct xmpp_program, link.folder_poll));
	char notices[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	if (result < 0)
		return;
	while (read(program->link.folder, notices, sizeof(notices)) > 0)
		;
	if (!(flags & RING_MORE))
		ring_poll(&program->ring, operation, program->link.folder, POLLIN);
	attempt(program);
}

void xmpp_link_send(struct xmpp_program *program, const void *message)
{
	const struct xmpp_head *head = message;

	if (!xmpp_link_connected(program))
		return;
	// An agent that does not read this has more to do than to hear of it; a state comes again with the next one.
	if (send(program->link.agent, message, head->size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_debug("the agent can't be told: %s", strerror(errno));
}

int xmpp_link_open(struct xmpp_program *program)
{
	struct xmpp_link *link = &program->link;

	link->agent = -1;
	link->folder = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (link->folder < 0)
		return -errno;
	// The agent's socket comes by rename, when it listens already.
	if (inotify_add_watch(link->folder, program->daemon.run_folder, IN_MOVED_TO | IN_ONLYDIR) < 0)
		return -errno;
	attempt(program);
	link->folder_poll.done = folder_ready;
	return ring_poll(&program->ring, &link->folder_poll, link->folder, POLLIN);
}

void xmpp_link_close(struct xmpp_program *program)
{
	if (program->link.agent >= 0)
		close(program->link.agent);
	if (program->link.folder >= 0)
		close(program->link.folder);
}
