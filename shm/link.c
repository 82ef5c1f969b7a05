/* SPDX-License-Identifier: BSD-2-Clause */
/* A reader's connections to owners: to be woken, and to send requests. Nothing here waits. */
#include "shm/reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shm/segment.h"

enum { EVENTS_AT_ONCE = 16, OUTGOING_MAXIMUM = 64 << 20 };

struct pending {
	struct pending *next;
	uint32_t id;
	void (*done)(const struct espalier_result *result, void *context);
	void *context;
};

struct outgoing {
	struct outgoing *next;
	size_t length;
	char bytes[];
};

struct owner_link {
	struct owner_link *next;
	struct espalier_reader *reader;
	char name[ESPALIER_NAME_MAXIMUM + 1];
	int fd; /* -1: lost, to be freed when nobody looks at it */
	uint32_t last_id;
	struct message message;
	struct pending *pending, **pending_end;
	struct outgoing *outgoing, **outgoing_end;
	size_t outgoing_bytes;
};

/* ---- Sending */

static int start_watching(struct espalier_reader *reader)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

	if (reader->epoll >= 0)
		return 0;
	if (!reader->packet)
		reader->packet = malloc(MESSAGE_PACKET_MAXIMUM);
	if (!reader->packet)
		return -ENOMEM;
	reader->epoll = epoll_create1(EPOLL_CLOEXEC);
	reader->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (reader->epoll < 0 || reader->inotify < 0 ||
	    inotify_add_watch(reader->inotify, reader->path,
			      IN_MOVED_TO | IN_DELETE | IN_CREATE | IN_ATTRIB | IN_ONLYDIR) < 0 ||
	    epoll_ctl(reader->epoll, EPOLL_CTL_ADD, reader->inotify, &event) < 0) {
		int error = errno;

		if (reader->inotify >= 0)
			close(reader->inotify);
		if (reader->epoll >= 0)
			close(reader->epoll);
		reader->epoll = reader->inotify = -1;
		return -error;
	}
	/* What happened before the watch began is found by a look. */
	reader->folder_changed = true;
	return 0;
}

static void set_events(struct owner_link *link, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = link};

	epoll_ctl(link->reader->epoll, EPOLL_CTL_MOD, link->fd, &event);
}

static int put_packet(void *context, const char *bytes, size_t length)
{
	struct owner_link *link = context;
	struct outgoing *packet;

	if (!link->outgoing) {
		if (send(link->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
			return -EPIPE;
	}
	if (link->outgoing_bytes + length > OUTGOING_MAXIMUM)
		return -ENOBUFS;
	packet = malloc(sizeof(*packet) + length);
	if (!packet)
		return -ENOMEM;
	packet->next = NULL;
	packet->length = length;
	memcpy(packet->bytes, bytes, length);
	*link->outgoing_end = packet;
	link->outgoing_end = &packet->next;
	link->outgoing_bytes += length;
	set_events(link, EPOLLIN | EPOLLOUT);
	return 0;
}

static void flush(struct owner_link *link)
{
	while (link->outgoing) {
		struct outgoing *packet = link->outgoing;

		if (send(link->fd, packet->bytes, packet->length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			return; /* a lost owner shows on the receiving side */
		link->outgoing = packet->next;
		link->outgoing_bytes -= packet->length;
		free(packet);
	}
	link->outgoing_end = &link->outgoing;
	set_events(link, EPOLLIN);
}

static int send_watches(struct owner_link *link)
{
	struct message message = {.header = {.kind = MESSAGE_WATCH}};
	struct espalier_reader *reader = link->reader;
	int error = 0;

	for (size_t i = 0; i < reader->watch_count && error == 0; i++)
		error = message_add(&message,
				    &(struct message_part){.path = reader->watches[i],
							   .path_length = (uint32_t)strlen(reader->watches[i])});
	if (error == 0)
		error = message_put(&message, put_packet, link);
	message_clear(&message);
	message.header.kind = MESSAGE_ARM;
	return error == 0 ? message_put(&message, put_packet, link) : error;
}

/* ---- Connections */

static struct owner_link *find_link(struct espalier_reader *reader, const char *name)
{
	for (struct owner_link *link = reader->links; link; link = link->next)
		if (link->fd >= 0 && strcmp(link->name, name) == 0)
			return link;
	return NULL;
}

/* NULL with *error when nobody listens, or for want of memory. */
static struct owner_link *open_link(struct espalier_reader *reader, const char *name, int *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct epoll_event event = {.events = EPOLLIN};
	struct owner_link *link;

	*error = start_watching(reader);
	if (*error < 0)
		return NULL;
	*error = -ENAMETOOLONG;
	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s" SEGMENT_SOCKET_SUFFIX, reader->path, name) >=
	    (int)sizeof(address.sun_path))
		return NULL;
	*error = -ENOMEM;
	link = calloc(1, sizeof(*link));
	if (!link)
		return NULL;
	link->reader = reader;
	snprintf(link->name, sizeof(link->name), "%s", name);
	link->pending_end = &link->pending;
	link->outgoing_end = &link->outgoing;
	event.data.ptr = link;
	link->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (link->fd < 0 || connect(link->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    epoll_ctl(reader->epoll, EPOLL_CTL_ADD, link->fd, &event) < 0) {
		*error = errno == ENOENT ? -ECONNREFUSED : -errno;
		if (link->fd >= 0)
			close(link->fd);
		free(link);
		return NULL;
	}
	*error = 0;
	link->next = reader->links;
	reader->links = link;
	return link;
}

/* Every request that waits gets its end, once. */
static void fail_pending(struct owner_link *link, int error)
{
	struct espalier_result result = {.error = error};

	while (link->pending) {
		struct pending *pending = link->pending;

		link->pending = pending->next;
		if (!link->pending)
			link->pending_end = &link->pending;
		pending->done(&result, pending->context);
		free(pending);
	}
}

static void lose(struct owner_link *link)
{
	if (link->fd < 0)
		return;
	/* A child of this process that is not executed yet may hold it too (see service.c). */
	epoll_ctl(link->reader->epoll, EPOLL_CTL_DEL, link->fd, NULL);
	shutdown(link->fd, SHUT_RDWR);
	close(link->fd);
	link->fd = -1;
	link->reader->folder_changed = true;
	link->reader->wakes |= ESPALIER_WAKE_STRUCTURE;
	fail_pending(link, -EPIPE);
}

static void free_lost(struct espalier_reader *reader)
{
	for (struct owner_link **at = &reader->links; *at;) {
		struct owner_link *link = *at;

		if (link->fd >= 0) {
			at = &link->next;
			continue;
		}
		*at = link->next;
		while (link->outgoing) {
			struct outgoing *packet = link->outgoing;

			link->outgoing = packet->next;
			free(packet);
		}
		message_clear(&link->message);
		free(link);
	}
}

void link_close_all(struct espalier_reader *reader)
{
	for (struct owner_link *link = reader->links; link; link = link->next)
		lose(link);
	free_lost(reader);
}

void link_update(struct espalier_reader *reader)
{
	if (!reader->watch_count)
		return;
	for (uint32_t i = 0; i < reader->segment_count; i++) {
		struct owner_link *link = NULL;
		int error;

		if (!find_link(reader, reader->segments[i]->name))
			link = open_link(reader, reader->segments[i]->name, &error);
		/* A dead owner has nobody listening: it is tried again when the folder changes. */
		if (link && send_watches(link) < 0)
			lose(link);
	}
}

/* ---- Watching */

int espalier_watch(struct espalier_reader *reader, const char *path)
{
	char **grown;
	int error;

	if (strlen(path) > ESPALIER_PATH_MAXIMUM)
		return -EINVAL;
	error = start_watching(reader);
	if (error < 0)
		return error;
	grown = realloc(reader->watches, (reader->watch_count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	reader->watches = grown;
	grown[reader->watch_count] = strdup(path);
	if (!grown[reader->watch_count])
		return -ENOMEM;
	reader->watch_count++;
	for (struct owner_link *link = reader->links; link; link = link->next) {
		struct message message = {.header = {.kind = MESSAGE_WATCH}};

		if (link->fd < 0)
			continue;
		error = message_add(&message,
				    &(struct message_part){.path = path, .path_length = (uint32_t)strlen(path)});
		if (error == 0)
			error = message_put(&message, put_packet, link);
		message_clear(&message);
		message.header.kind = MESSAGE_ARM;
		if (error < 0 || message_put(&message, put_packet, link) < 0)
			lose(link);
	}
	link_update(reader);
	return 0;
}

void espalier_unwatch_all(struct espalier_reader *reader)
{
	for (size_t i = 0; i < reader->watch_count; i++)
		free(reader->watches[i]);
	reader->watch_count = 0;
	for (struct owner_link *link = reader->links; link; link = link->next) {
		struct message message = {.header = {.kind = MESSAGE_UNWATCH}};

		if (link->fd >= 0 && message_put(&message, put_packet, link) < 0)
			lose(link);
	}
}

int espalier_reader_fd(struct espalier_reader *reader)
{
	int error = start_watching(reader);

	return error < 0 ? error : reader->epoll;
}

/* ---- Receiving */

static void deliver(struct owner_link *link, const struct message *message)
{
	struct pending **at = &link->pending, *pending;
	struct espalier_answer_entry *entries;
	struct espalier_operation_value *values;
	struct espalier_result result = {
		.fault = (int)message->header.fault,
		.instance = message->header.value,
	};

	/* An operation's answer may come behind those of later requests. */
	while (*at && (*at)->id != message->header.id)
		at = &(*at)->next;
	pending = *at;
	if (!pending) {
		lose(link);
		return;
	}
	entries = calloc(message->count + 1, sizeof(*entries));
	values = calloc(message->count + 1, sizeof(*values));
	for (size_t i = 0; entries && values && i < message->count; i++) {
		const struct message_part *part = &message->parts[i];

		if (part->index == UINT32_MAX)
			result.text = part->text;
		else if (!part->fault)
			values[result.value_count++] = (struct espalier_operation_value){part->path, part->text};
		else
			entries[result.count++] =
				(struct espalier_answer_entry){part->index, (int)part->fault, part->text};
	}
	result.entries = entries;
	result.values = values;
	*at = pending->next;
	if (!*at)
		link->pending_end = at;
	pending->done(&result, pending->context);
	free(pending);
	free(entries);
	free(values);
}

static void receive(struct owner_link *link, int *wakes)
{
	char *packet = link->reader->packet;
	ssize_t length = recv(link->fd, packet, MESSAGE_PACKET_MAXIMUM, MSG_DONTWAIT | MSG_TRUNC);
	struct message message, arm = {.header = {.kind = MESSAGE_ARM}};
	int complete;

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length <= 0 || length > MESSAGE_PACKET_MAXIMUM) {
		lose(link);
		return;
	}
	complete = message_take(&link->message, packet, (size_t)length);
	if (complete < 0)
		lose(link);
	if (complete <= 0)
		return;
	/* Taken out first: an answer's callback may close or use the link. */
	message = link->message;
	link->message = (struct message){0};
	if (message.header.kind == MESSAGE_WAKE) {
		*wakes |= (int)message.header.value & (ESPALIER_WAKE_VALUES | ESPALIER_WAKE_STRUCTURE);
		if (message_put(&arm, put_packet, link) < 0)
			lose(link);
	} else if (message.header.kind == MESSAGE_ANSWER) {
		deliver(link, &message);
	} else {
		lose(link);
	}
	message_clear(&message);
}

static void read_inotify(struct espalier_reader *reader, int *wakes)
{
	char events[4096] __attribute__((aligned(8)));

	while (read(reader->inotify, events, sizeof(events)) > 0) {
		reader->folder_changed = true;
		*wakes |= ESPALIER_WAKE_STRUCTURE;
	}
}

int espalier_reader_process(struct espalier_reader *reader)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int wakes = 0, count, error = start_watching(reader);

	if (error < 0)
		return error;
	do {
		count = epoll_wait(reader->epoll, events, EVENTS_AT_ONCE, 0);
		if (count < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < count; i++) {
			struct owner_link *link = events[i].data.ptr;

			if (!link) {
				read_inotify(reader, &wakes);
				continue;
			}
			if (link->fd >= 0 && (events[i].events & EPOLLOUT))
				flush(link);
			if (link->fd >= 0 && (events[i].events & EPOLLIN))
				receive(link, &wakes);
			else if (link->fd >= 0 && (events[i].events & (EPOLLHUP | EPOLLERR)))
				lose(link);
		}
		free_lost(reader);
	} while (count == EVENTS_AT_ONCE);
	if (reader->folder_changed)
		wakes |= ESPALIER_WAKE_STRUCTURE;
	wakes |= (int)reader->wakes;
	reader->wakes = 0;
	return wakes;
}

/* ---- Requests */

int espalier_request_send(struct espalier_reader *reader, const char *segment, enum espalier_request_kind kind,
			  const struct espalier_entry *entries, size_t count,
			  void (*done)(const struct espalier_result *result, void *context), void *context)
{
	struct owner_link *link = find_link(reader, segment);
	struct message message = {.header = {.kind = (uint16_t)kind}};
	struct pending *pending;
	int error = 0;

	if (!segment_name_valid(segment))
		return -EINVAL;
	if (!link) {
		link = open_link(reader, segment, &error);
		if (!link)
			return error;
		if (reader->watch_count && send_watches(link) < 0) {
			lose(link);
			return -EPIPE;
		}
	}
	pending = calloc(1, sizeof(*pending));
	if (!pending)
		return -ENOMEM;
	pending->done = done;
	pending->context = context;
	pending->id = message.header.id = ++link->last_id;
	for (size_t i = 0; i < count && error == 0; i++)
		error = message_add(&message, &(struct message_part){.index = (uint32_t)i,
								     .path = entries[i].path,
								     .path_length = (uint32_t)strlen(entries[i].path),
								     .text = entries[i].value,
								     .text_length = entries[i].length});
	if (error == 0)
		error = message_put(&message, put_packet, link);
	message_clear(&message);
	if (error < 0) {
		free(pending);
		/* Part of it may be on its way: the owner must not take the next request for its rest. */
		lose(link);
		return error;
	}
	*link->pending_end = pending;
	link->pending_end = &pending->next;
	return 0;
}
