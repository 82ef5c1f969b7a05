/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The owner's side of the socket: connections, and readers that want to be woken. A reader arms its connection; the
 * next change of a watched value sends it one packet and disarms, so that no reader is ever sent more than it takes,
 * and a writer that nobody watches does nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "shm/error.h"
#include "shm/folder.h"
#include "shm/service-private.h"

enum { EVENTS_AT_ONCE = 16, WATCH_ALL = UINT32_MAX };

struct watch_item {
	struct watch_item *next;
	struct connection *connection;
	uint32_t parameter; /* or WATCH_ALL */
};

/* ---- Connections */

static void set_events(struct connection *connection, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = connection};

	if (connection->events != events && !connection->dead)
		epoll_ctl(connection->service->epoll, EPOLL_CTL_MOD, connection->fd, &event);
	connection->events = events;
}

void connection_pause(struct connection *connection, bool pause)
{
	set_events(connection, pause ? connection->events & ~(uint32_t)EPOLLIN : connection->events | EPOLLIN);
}

static void forget_watches(struct connection *connection)
{
	struct espalier_writer *writer = connection->service->writer;

	if (!connection->watch_count)
		return;
	for (uint32_t i = 0; i < writer->entries; i++) {
		for (struct watch_item **link = &writer->slots[i].watches; *link;) {
			struct watch_item *item = *link;

			if (item->connection != connection) {
				link = &item->next;
				continue;
			}
			*link = item->next;
			free(item);
		}
	}
	for (size_t i = 0; i < connection->watch_count; i++)
		free(connection->watches[i].path);
	connection->watch_count = 0;
}

static void drop(struct connection *connection)
{
	if (connection->dead)
		return;
	connection->dead = true;
	forget_watches(connection);
	request_abandon(connection);
	/* A child that is not executed yet holds it too: closing alone would neither tell the peer nor end the events.
	 */
	epoll_ctl(connection->service->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
	shutdown(connection->fd, SHUT_RDWR);
	close(connection->fd);
	connection->fd = -1;
}

static void free_dead(struct service *service)
{
	for (struct connection **link = &service->connections; *link;) {
		struct connection *connection = *link;

		if (!connection->dead) {
			link = &connection->next;
			continue;
		}
		*link = connection->next;
		while (connection->outgoing) {
			struct packet *packet = connection->outgoing;

			connection->outgoing = packet->next;
			free(packet);
		}
		free(connection->watches);
		message_clear(&connection->message);
		free(connection);
		service->connection_count--;
	}
}

static int put_packet(void *context, const char *bytes, size_t length)
{
	struct connection *connection = context;
	struct packet *packet;

	if (connection->dead)
		return -EPIPE;
	if (!connection->outgoing) {
		if (send(connection->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
			return -errno;
	}
	if (connection->outgoing_bytes + length > SERVICE_OUTGOING_MAXIMUM)
		return -ENOBUFS;
	packet = malloc(sizeof(*packet) + length);
	if (!packet)
		return -ENOMEM;
	packet->next = NULL;
	packet->length = length;
	memcpy(packet->bytes, bytes, length);
	*connection->outgoing_end = packet;
	connection->outgoing_end = &packet->next;
	connection->outgoing_bytes += length;
	set_events(connection, connection->events | EPOLLOUT);
	return 0;
}

void connection_send(struct connection *connection, const struct message *message)
{
	/* The peer finds its connection closed: for it that is an owner that went away. */
	if (message_put(message, put_packet, connection) < 0)
		drop(connection);
}

static void flush(struct connection *connection)
{
	while (connection->outgoing) {
		struct packet *packet = connection->outgoing;

		if (send(connection->fd, packet->bytes, packet->length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			if (errno != EAGAIN && errno != EINTR)
				drop(connection);
			return;
		}
		connection->outgoing = packet->next;
		connection->outgoing_bytes -= packet->length;
		free(packet);
	}
	connection->outgoing_end = &connection->outgoing;
	set_events(connection, connection->events & ~(uint32_t)EPOLLOUT);
}

/* Root, the owner's own user and members of the run folder's group may change values; everybody may watch. */
static bool peer_may_change(struct service *service, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	gid_t groups[256];

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return false;
	if (peer.uid == 0 || peer.uid == geteuid() || peer.gid == service->group)
		return true;
	size = sizeof(groups);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
		return false;
	for (size_t i = 0; i < size / sizeof(groups[0]); i++)
		if (groups[i] == service->group)
			return true;
	return false;
}

static void accept_one(struct service *service)
{
	int fd = accept4(service->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct epoll_event event = {.events = EPOLLIN};
	struct connection *connection;

	if (fd < 0)
		return;
	connection = service->connection_count < SERVICE_CONNECTIONS_MAXIMUM ? calloc(1, sizeof(*connection)) : NULL;
	if (!connection) {
		close(fd);
		return;
	}
	event.data.ptr = connection;
	connection->service = service;
	connection->fd = fd;
	connection->events = EPOLLIN;
	connection->may_change = peer_may_change(service, fd);
	connection->outgoing_end = &connection->outgoing;
	if (epoll_ctl(service->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		close(fd);
		free(connection);
		return;
	}
	connection->next = service->connections;
	service->connections = connection;
	service->connection_count++;
}

/* ---- Watching */

static void wake(struct connection *connection)
{
	struct message message = {.header = {.kind = MESSAGE_WAKE, .value = connection->marks}};

	if (!connection->marks || !connection->armed || connection->dead)
		return;
	connection->armed = false;
	connection->marks = 0;
	connection_send(connection, &message);
}

void service_wake(struct service *service)
{
	for (struct connection *connection = service->connections; connection; connection = connection->next)
		wake(connection);
}

void service_structure_changed(struct service *service)
{
	for (struct connection *connection = service->connections; connection; connection = connection->next) {
		if (connection->watch_count)
			connection->marks |= ESPALIER_WAKE_STRUCTURE;
		wake(connection);
	}
}

static int watch_slot(struct connection *connection, struct writer_slot *slot, uint32_t parameter)
{
	struct watch_item *item = malloc(sizeof(*item));

	if (!item)
		return -ENOMEM;
	*item = (struct watch_item){slot->watches, connection, parameter};
	slot->watches = item;
	return 0;
}

/* Attaches a watch to a row when the row's path is the watched one or lies below it. */
static int watch_if_matching(struct connection *connection, struct writer_slot *slot, const struct watch *watch)
{
	struct espalier_writer *writer = connection->service->writer;
	char path[ESPALIER_PATH_MAXIMUM + 1];
	ssize_t length = espalier_row_path(writer, writer_row(writer, slot), path, sizeof(path));
	int parameter;

	if (length < 0)
		return 0;
	if (watch->length == 0 || watch->path[watch->length - 1] == '.') {
		if ((size_t)length >= watch->length && memcmp(path, watch->path, watch->length) == 0)
			return watch_slot(connection, slot, WATCH_ALL);
		return 0;
	}
	if ((size_t)length >= watch->length || memcmp(path, watch->path, (size_t)length) != 0)
		return 0;
	parameter = schema_find_parameter(&writer->schema.objects[slot->object], watch->path + length,
					  watch->length - (size_t)length);
	return parameter < 0 ? 0 : watch_slot(connection, slot, (uint32_t)parameter);
}

static int add_watch(struct connection *connection, const struct message_part *part)
{
	struct espalier_writer *writer = connection->service->writer;
	struct watch *watch;
	int error = 0;

	if (connection->watch_count == SERVICE_WATCHES_MAXIMUM)
		return -ENOBUFS;
	if (connection->watch_count == connection->watch_capacity) {
		size_t capacity = connection->watch_capacity ? 2 * connection->watch_capacity : 16;
		struct watch *grown = realloc(connection->watches, capacity * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		connection->watches = grown;
		connection->watch_capacity = capacity;
	}
	watch = &connection->watches[connection->watch_count];
	*watch = (struct watch){strndup(part->path, part->path_length), part->path_length};
	if (!watch->path)
		return -ENOMEM;
	connection->watch_count++;
	for (uint32_t i = 0; i < writer->entries && error == 0; i++)
		if (writer->slots[i].generation)
			error = watch_if_matching(connection, &writer->slots[i], watch);
	return error;
}

void service_row_added(struct service *service, struct writer_slot *slot)
{
	for (struct connection *connection = service->connections; connection; connection = connection->next)
		for (size_t i = 0; i < connection->watch_count; i++)
			/* Without memory the watcher is told of the new structure all the same. */
			watch_if_matching(connection, slot, &connection->watches[i]);
}

void service_row_removed(struct service *service, struct writer_slot *slot)
{
	(void)service;
	while (slot->watches) {
		struct watch_item *item = slot->watches;

		slot->watches = item->next;
		free(item);
	}
}

static bool parameter_differs(const struct espalier_writer *writer, const struct schema_object *object,
			      uint32_t parameter, const uint32_t *before, const uint32_t *after)
{
	const struct espalier_parameter *p = &object->parameters[parameter];
	uint32_t capacity = object->capacities[parameter], length;

	before += object->offsets[parameter];
	after += object->offsets[parameter];
	length = espalier_load(before);
	if (length != espalier_load(after))
		return true;
	if (layout_is_text(p->type, p->flags)) {
		const uint32_t *former = writer_text_words(writer, before, length, capacity);
		const uint32_t *next = writer_text_words(writer, after, length, capacity);

		return !former || !next || memcmp(former, next, length) != 0;
	}
	return layout_words(p->type, p->flags, capacity) == 2 && espalier_load(before + 1) != espalier_load(after + 1);
}

static bool differs(const struct espalier_writer *writer, const struct writer_slot *slot, uint32_t parameter,
		    const uint32_t *before, const uint32_t *after)
{
	const struct schema_object *object = &writer->schema.objects[slot->object];

	if (parameter != WATCH_ALL)
		return parameter_differs(writer, object, parameter, before, after);
	for (uint32_t i = 0; i < object->view.parameter_count; i++)
		if (parameter_differs(writer, object, i, before, after))
			return true;
	return false;
}

void service_row_changes(struct service *service, const struct writer_slot *slot, const uint32_t *before,
			 const uint32_t *after)
{
	for (struct watch_item *item = slot->watches; item; item = item->next)
		if (!(item->connection->marks & ESPALIER_WAKE_VALUES) &&
		    differs(service->writer, slot, item->parameter, before, after))
			item->connection->marks |= ESPALIER_WAKE_VALUES;
}

/* ---- Packets */

static void handle(struct connection *connection)
{
	struct message *message = &connection->message;
	int error = 0;

	switch ((int)message->header.kind) {
	case MESSAGE_WATCH:
		for (size_t i = 0; i < message->count && error == 0; i++)
			error = add_watch(connection, &message->parts[i]);
		break;
	case MESSAGE_UNWATCH:
		forget_watches(connection);
		connection->marks = 0;
		break;
	case MESSAGE_ARM:
		connection->armed = true;
		wake(connection);
		break;
	case ESPALIER_VALIDATE:
	case ESPALIER_COMMIT:
	case ESPALIER_UNDO:
	case ESPALIER_FINISH:
	case ESPALIER_ADD:
	case ESPALIER_DELETE:
	case ESPALIER_OPERATE:
		request_handle(connection);
		if (connection->waiting)
			return;
		break;
	default:
		error = -EBADMSG;
	}
	message_clear(message);
	if (error < 0)
		drop(connection);
}

static void receive(struct connection *connection)
{
	char *packet = connection->service->packet;
	ssize_t length = recv(connection->fd, packet, MESSAGE_PACKET_MAXIMUM, MSG_DONTWAIT | MSG_TRUNC);
	int complete;

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length <= 0 || length > MESSAGE_PACKET_MAXIMUM) {
		drop(connection);
		return;
	}
	complete = message_take(&connection->message, packet, (size_t)length);
	if (complete < 0)
		drop(connection);
	else if (complete)
		handle(connection);
}

static void resume_waiting(struct service *service)
{
	/* The list has the newest first; the one that has waited longest is the last. */
	while (service->resume && !service->transaction) {
		struct connection *oldest = NULL;

		for (struct connection *connection = service->connections; connection; connection = connection->next)
			if (connection->waiting && !connection->dead)
				oldest = connection;
		if (!oldest) {
			service->resume = false;
			break;
		}
		oldest->waiting = false;
		connection_pause(oldest, oldest->request != NULL);
		handle(oldest);
	}
}

static void round_of_events(struct service *service, int milliseconds, int *count)
{
	struct epoll_event events[EVENTS_AT_ONCE];

	*count = epoll_wait(service->epoll, events, EVENTS_AT_ONCE, milliseconds);
	for (int i = 0; i < *count; i++) {
		struct connection *connection = events[i].data.ptr;

		if (events[i].data.ptr == &service->listener) {
			accept_one(service);
		} else if (events[i].data.ptr == &service->timer) {
			request_timeout(service);
		} else {
			if (!connection->dead && (events[i].events & EPOLLOUT))
				flush(connection);
			if (!connection->dead && (events[i].events & EPOLLIN) && (connection->events & EPOLLIN))
				receive(connection);
			else if (!connection->dead && (events[i].events & (EPOLLHUP | EPOLLERR)))
				drop(connection);
		}
	}
	resume_waiting(service);
	free_dead(service);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int espalier_writer_serve(struct espalier_writer *writer, int milliseconds)
{
	int64_t end = milliseconds > 0 ? now_ms() + milliseconds : 0;

	for (;;) {
		int64_t left = milliseconds > 0 ? end - now_ms() : milliseconds;
		int count;

		round_of_events(writer->service, left < 0 && milliseconds >= 0 ? 0 : (int)left, &count);
		if (count < 0)
			return errno == EINTR ? -EINTR : -errno;
		if (milliseconds == 0 || (milliseconds > 0 && now_ms() >= end))
			return 0;
	}
}

int espalier_writer_fd(struct espalier_writer *writer)
{
	return writer->service->epoll;
}

/* ---- Start and end */

static int add_fd(struct service *service, int fd, void *data)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = data};

	return epoll_ctl(service->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int listen_on(struct service *service, const char *folder)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat status;

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s" SEGMENT_SOCKET_SUFFIX, folder,
		     service->writer->name) >= (int)sizeof(address.sun_path))
		return error_set(-ENAMETOOLONG, "%s: the path is too long for a socket in it", folder);
	service->socket_path = strdup(address.sun_path);
	if (!service->socket_path)
		return -ENOMEM;
	if (fstat(service->writer->folder, &status) == 0)
		service->group = status.st_gid;
	service->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (service->listener < 0)
		return -errno;
	/* What is there was left by a dead owner: the name is ours. */
	unlink(address.sun_path);
	if (bind(service->listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(address.sun_path, 0666) < 0 || listen(service->listener, SERVICE_CONNECTIONS_MAXIMUM) < 0)
		return error_set(-errno, "%s: %s", address.sun_path, strerror(errno));
	return 0;
}

int service_open(struct service **result, struct espalier_writer *writer, const struct espalier_owner *owner,
		 void *context, const char *folder)
{
	struct service *service = calloc(1, sizeof(*service));
	int error;

	if (!service)
		return -ENOMEM;
	*result = service;
	*service = (struct service){.writer = writer,
				    .owner = owner,
				    .context = context,
				    .epoll = -1,
				    .listener = -1,
				    .timer = -1,
				    .group = (gid_t)-1};
	service->packet = malloc(MESSAGE_PACKET_MAXIMUM);
	if (!service->packet)
		return -ENOMEM;
	service->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (service->epoll < 0)
		return -errno;
	service->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (service->timer < 0)
		return -errno;
	error = listen_on(service, folder);
	if (error == 0)
		error = add_fd(service, service->listener, &service->listener);
	if (error == 0)
		error = add_fd(service, service->timer, &service->timer);
	return error;
}

void service_close(struct service *service)
{
	for (struct connection *connection = service->connections; connection; connection = connection->next)
		drop(connection);
	request_close(service);
	free_dead(service);
	if (service->listener >= 0) {
		close(service->listener);
		unlink(service->socket_path);
	}
	if (service->timer >= 0)
		close(service->timer);
	if (service->epoll >= 0)
		close(service->epoll);
	free(service->socket_path);
	free(service->packet);
	free(service);
}
