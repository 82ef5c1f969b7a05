/* SPDX-License-Identifier: BSD-2-Clause */
/* The source serial: a controller on a serial line, or on a TCP port, by its Serial API. One request at a time. */
#include "shm/log.h"
#include "zwave/http.h"
#include "zwave/serial-command.h"
#include "zwave/serial-frame.h"
#include "zwave/serial-node.h"
#include "zwave/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define DEFAULT_PORT	  "5555"
/* How long a response and the callback of SendData may take, and when the list of nodes is read again; milliseconds */
#define RESPONSE_MS	  5000
#define CALLBACK_MS	  15000
#define AGAIN_MS	  (300 * 1000)
/* Requests that wait */
#define JOBS_MAXIMUM	  4096u
/* Acknowledge, automatic routing, explorer frames */
#define TRANSMIT_OPTIONS  0x25
#define NO_RESPONSE_FATAL 3 /* frames lost in a row until the line counts as dead */

enum function {
	FUNCTION_GET_INIT_DATA = 0x02,
	FUNCTION_APPLICATION_COMMAND = 0x04,
	FUNCTION_GET_CONTROLLER_CAPABILITIES = 0x05,
	FUNCTION_SEND_DATA = 0x13,
	FUNCTION_GET_VERSION = 0x15,
	FUNCTION_MEMORY_GET_ID = 0x20,
	FUNCTION_GET_NODE_PROTOCOL_INFO = 0x41,
	FUNCTION_APPLICATION_UPDATE = 0x49,
	FUNCTION_GET_SUC_NODE_ID = 0x56,
	FUNCTION_REQUEST_NODE_INFO = 0x60,
	FUNCTION_GET_ROUTING_INFO = 0x80,
};

struct job {
	uint8_t function, data[COMMAND_MAXIMUM + 4];
	size_t length;
	uint16_t node_id;
	uint32_t setting_id;	    /* 0: none */
	bool last_of_sync, no_more; /* the state is whole after it; the node sleeps after it */
	struct job *next;
};

enum wait { WAIT_NOTHING, WAIT_ACK, WAIT_RESPONSE, WAIT_CALLBACK };

struct serial {
	struct source *source;
	struct stream stream;
	struct frame_reader reader;
	struct frame_sender sender;
	struct job *jobs, **jobs_end, *job; /* those that wait; the one under way */
	unsigned int job_count, lost_in_a_row;
	enum wait wait;
	struct loop_timer timer, bytes_timer, again;
	uint8_t callback_id;
	uint32_t last_setting;
	bool resend; /* the timer is for sending again */
	bool asking; /* the state is being asked for */
	uint64_t counts[INTERFACE_STATS_PARAMETERS];
	bool classes_known[SERIAL_NODES_MAXIMUM + 1]; /* the node has been asked */
};

static void start_next(struct serial *serial);

/* ---- Requests ----------------------------------------------------------------------------------------------- */

static struct job *add_job(struct serial *serial, uint8_t function, const uint8_t *data, size_t length)
{
	struct job *job;

	if (serial->job_count == JOBS_MAXIMUM || length > sizeof(job->data))
		return NULL;
	job = calloc(1, sizeof(*job));
	if (!job)
		return NULL;
	job->function = function;
	job->length = length;
	if (length)
		memcpy(job->data, data, length);
	*serial->jobs_end = job;
	serial->jobs_end = &job->next;
	serial->job_count++;
	return job;
}

static struct job *add_command(struct serial *serial, uint16_t node_id, const uint8_t *command, size_t length)
{
	uint8_t data[COMMAND_MAXIMUM + 4];
	struct job *job;

	data[0] = (uint8_t)node_id;
	data[1] = (uint8_t)length;
	memcpy(data + 2, command, length);
	data[2 + length] = TRANSMIT_OPTIONS;
	/* The callback's number is given when it is sent. */
	data[3 + length] = 0;
	job = add_job(serial, FUNCTION_SEND_DATA, data, length + 4);
	if (job)
		job->node_id = node_id;
	return job;
}

static struct job *add_node_job(struct serial *serial, uint8_t function, uint16_t node_id)
{
	const uint8_t data[] = {(uint8_t)node_id, 0, 0, 0};
	/* GetRoutingInfo: node, bad links too, non-repeaters too, function id */
	struct job *job = add_job(serial, function, data, function == FUNCTION_GET_ROUTING_INFO ? 4 : 1);

	if (job)
		job->node_id = node_id;
	return job;
}

static void count(struct serial *serial, enum interface_stats_parameter parameter)
{
	struct update update;

	serial->counts[parameter]++;
	update = update_begin(serial->source->model->writer, serial->source->model->stats_row, schema_interface_stats);
	update_unsigned(&update, parameter, serial->counts[parameter]);
	update_end(&update);
}

static void send_frame(struct serial *serial)
{
	serial->resend = false;
	count(serial, INTERFACE_STATS_MESSAGES_SENT);
	stream_send(&serial->stream, serial->sender.frame, serial->sender.length);
	loop_arm(serial->source->loop, &serial->timer, FRAME_ACK_MS);
}

static void finish_job(struct serial *serial, bool worked)
{
	struct job *job = serial->job;
	struct setting *setting;

	serial->job = NULL;
	serial->wait = WAIT_NOTHING;
	loop_disarm(serial->source->loop, &serial->timer);
	if (!job)
		return;
	if (job->setting_id) {
		setting = source_set_find(serial->source, job->setting_id);
		if (setting)
			source_set_done(serial->source, setting, worked ? ESPALIER_OK : ESPALIER_FAULT_INTERNAL,
					worked ? NULL : "the node does not answer");
	}
	if (job->function == FUNCTION_SEND_DATA)
		serial_node_sent(serial->source->model, job->node_id, worked, job->no_more);
	if (job->function == FUNCTION_GET_INIT_DATA) {
		serial->asking = false;
		if (!worked && !serial->source->in_step) {
			free(job);
			source_failed(serial->source, "the controller does not tell its nodes");
			return;
		}
	}
	if (job->last_of_sync) {
		model_sync_end(serial->source->model);
		model_settle(serial->source->model);
		model_set_status(serial->source->model, INTERFACE_UP);
		source_in_step(serial->source);
	}
	free(job);
}

static void start_next(struct serial *serial)
{
	struct job *job = serial->jobs;

	if (serial->wait != WAIT_NOTHING || !job)
		return;
	serial->jobs = job->next;
	if (!serial->jobs)
		serial->jobs_end = &serial->jobs;
	serial->job_count--;
	job->next = NULL;
	serial->job = job;
	if (job->function == FUNCTION_SEND_DATA) {
		/* 0 would mean that no callback is wanted. */
		serial->callback_id = (uint8_t)(serial->callback_id % 255 + 1);
		job->data[job->length - 1] = serial->callback_id;
	}
	if (frame_send(&serial->sender, job->function, job->data, job->length)) {
		finish_job(serial, false);
		return;
	}
	serial->wait = WAIT_ACK;
	send_frame(serial);
}

/* ---- Answers ------------------------------------------------------------------------------------------------ */

static void ask_state(struct serial *serial)
{
	if (serial->asking)
		return;
	serial->asking = true;
	add_job(serial, FUNCTION_GET_VERSION, NULL, 0);
	add_job(serial, FUNCTION_MEMORY_GET_ID, NULL, 0);
	add_job(serial, FUNCTION_GET_CONTROLLER_CAPABILITIES, NULL, 0);
	add_job(serial, FUNCTION_GET_SUC_NODE_ID, NULL, 0);
	add_job(serial, FUNCTION_GET_INIT_DATA, NULL, 0);
}

static void take_init_data(struct serial *serial, const uint8_t *data, size_t length)
{
	uint16_t ids[SERIAL_NODES_MAXIMUM];
	size_t nodes = serial_init_data(data, length, ids);
	bool listed[SERIAL_NODES_MAXIMUM + 1] = {false};
	struct job *job = NULL;

	if (!serial->source->model->home_id[0] || nodes == 0) {
		source_failed(serial->source, "the controller does not tell its network");
		return;
	}
	for (size_t i = 0; i < nodes; i++)
		listed[ids[i]] = true;
	model_sync_begin(serial->source->model);
	for (size_t i = 0; i < nodes; i++) {
		model_node(serial->source->model, ids[i]);
		job = add_node_job(serial, FUNCTION_GET_NODE_PROTOCOL_INFO, ids[i]);
	}
	if (!job) {
		source_failed(serial->source, "too many requests wait for the controller");
		return;
	}
	job->last_of_sync = true;
	/* One that comes back may be another device. */
	for (size_t id = 0; id <= SERIAL_NODES_MAXIMUM; id++)
		serial->classes_known[id] = serial->classes_known[id] && listed[id];
	for (size_t i = 0; i < nodes; i++)
		add_node_job(serial, FUNCTION_GET_ROUTING_INFO, ids[i]);
	for (size_t i = 0; i < nodes; i++) {
		if (!serial->classes_known[ids[i]] && ids[i] != serial_own_node(serial->source->model))
			add_node_job(serial, FUNCTION_REQUEST_NODE_INFO, ids[i]);
	}
	loop_arm(serial->source->loop, &serial->again, AGAIN_MS);
}

/* What a node is asked when its command classes are known, or when it is awake. */
static void ask_node(struct serial *serial, struct node *node, const uint8_t *classes, size_t class_count)
{
	uint8_t command[COMMAND_MAXIMUM];
	struct job *job = NULL;
	size_t length;

	for (size_t i = 0; i < class_count; i++) {
		for (unsigned int step = 0;; step++) {
			length = command_question(classes[i], step, command);
			if (!length)
				break;
			job = add_command(serial, node->id, command, length);
		}
	}
	serial->classes_known[node->id] = true;
	if (job && node->sleeper) {
		/* Wake Up No More Information */
		job = add_command(serial, node->id, (const uint8_t[]){CC_WAKE_UP, 0x08}, 2);
		if (job)
			job->no_more = true;
	}
}

static void take_response(struct serial *serial, uint8_t function, const uint8_t *data, size_t length)
{
	struct model *model = serial->source->model;
	struct node *node = serial->job->node_id ? model_find(model, serial->job->node_id) : NULL;
	int error = 0;

	switch (function) {
	case FUNCTION_GET_VERSION:
		serial_version(model, data, length);
		break;
	case FUNCTION_MEMORY_GET_ID:
		error = serial_memory_id(model, data, length);
		break;
	case FUNCTION_GET_CONTROLLER_CAPABILITIES:
		serial_controller_capabilities(model, data, length);
		break;
	case FUNCTION_GET_SUC_NODE_ID:
		serial_suc_node(model, data, length);
		break;
	case FUNCTION_GET_NODE_PROTOCOL_INFO:
		if (node)
			serial_protocol_info(model, node, data, length);
		break;
	case FUNCTION_GET_ROUTING_INFO:
		if (node)
			serial_routing_info(model, node, data, length);
		break;
	}
	/* Both have their answer later: a callback, an application update. */
	if (function == FUNCTION_SEND_DATA || function == FUNCTION_REQUEST_NODE_INFO) {
		if (length >= 1 && data[0]) {
			serial->wait = WAIT_CALLBACK;
			loop_arm(serial->source->loop, &serial->timer, CALLBACK_MS);
		} else {
			finish_job(serial, false);
		}
		return;
	}
	if (error) {
		source_failed(serial->source, "its network can't be taken");
		return;
	}
	finish_job(serial, true);
	/* It may end the source. */
	if (function == FUNCTION_GET_INIT_DATA)
		take_init_data(serial, data, length);
}

static void take_request(struct serial *serial, uint8_t function, const uint8_t *data, size_t length)
{
	struct model *model = serial->source->model;
	uint8_t classes[SERIAL_CLASSES_MAXIMUM];
	size_t class_count;
	struct node *node;

	switch (function) {
	case FUNCTION_SEND_DATA:
		if (serial->wait == WAIT_CALLBACK && serial->job->function == function && length >= 2 &&
		    data[0] == serial->callback_id)
			finish_job(serial, data[1] == 0);
		break;
	case FUNCTION_APPLICATION_COMMAND:
		node = length >= 3 && data[1] <= SERIAL_NODES_MAXIMUM ? model_find(model, data[1]) : NULL;
		if (!node || data[2] > length - 3)
			break;
		serial_node_heard(model, node);
		command_take(model, node, data + 3, data[2]);
		/* A wake-up notification: what could not be asked before is asked now. */
		if (data[2] >= 2 && data[3] == CC_WAKE_UP && data[4] == 0x07 && !serial->classes_known[node->id])
			add_node_job(serial, FUNCTION_REQUEST_NODE_INFO, node->id);
		break;
	case FUNCTION_APPLICATION_UPDATE:
		node = length >= 2 && data[1] <= SERIAL_NODES_MAXIMUM ? model_find(model, data[1]) : NULL;
		class_count = node ? serial_node_info(model, node, data, length, classes) : 0;
		if (class_count)
			ask_node(serial, node, classes, class_count);
		else if (serial_list_changed(data, length))
			ask_state(serial);
		if (serial->wait == WAIT_CALLBACK && serial->job->function == FUNCTION_REQUEST_NODE_INFO &&
		    serial_node_info_ended(data, length, serial->job->node_id))
			finish_job(serial, class_count > 0);
		break;
	}
}

static void take_frame(struct serial *serial)
{
	uint8_t type = frame_type(&serial->reader), function = frame_function(&serial->reader);
	uint8_t data[FRAME_DATA_MAXIMUM];
	size_t length;
	const uint8_t *bytes = frame_data(&serial->reader, &length);

	memcpy(data, bytes, length);
	count(serial, INTERFACE_STATS_MESSAGES_RECEIVED);
	if (type == FRAME_REQUEST) {
		take_request(serial, function, data, length);
	} else if (serial->wait == WAIT_RESPONSE && serial->job && function == serial->job->function) {
		loop_disarm(serial->source->loop, &serial->timer);
		take_response(serial, function, data, length);
	}
}

/* ---- The line ----------------------------------------------------------------------------------------------- */

static void take_step(struct serial *serial, enum frame_event event)
{
	int ms;

	switch (frame_answered(&serial->sender, event, &ms)) {
	case FRAME_IDLE:
		break;
	case FRAME_SENT:
		serial->lost_in_a_row = 0;
		serial->wait = WAIT_RESPONSE;
		loop_arm(serial->source->loop, &serial->timer, RESPONSE_MS);
		break;
	case FRAME_SEND:
		send_frame(serial);
		break;
	case FRAME_SEND_LATER:
		serial->resend = true;
		loop_arm(serial->source->loop, &serial->timer, ms);
		break;
	case FRAME_LOST:
		count(serial, INTERFACE_STATS_DISCARD_SENT);
		if (++serial->lost_in_a_row == NO_RESPONSE_FATAL) {
			source_failed(serial->source, "the controller does not answer");
			return;
		}
		finish_job(serial, false);
		break;
	}
}

static void late(void *context)
{
	struct serial *serial = context;
	struct source *source = serial->source;

	if (serial->resend) {
		send_frame(serial);
		return;
	}
	switch (serial->wait) {
	case WAIT_NOTHING:
		break;
	case WAIT_ACK:
		count(serial, INTERFACE_STATS_ACK_TIMEOUTS);
		take_step(serial, FRAME_NOTHING);
		break;
	case WAIT_RESPONSE:
		/* Controllers only acknowledge what they do not know. */
		count(serial, INTERFACE_STATS_RESPONSE_TIMEOUTS);
		finish_job(serial, false);
		break;
	case WAIT_CALLBACK:
		count(serial, INTERFACE_STATS_CALLBACK_TIMEOUTS);
		finish_job(serial, false);
		break;
	}
	/* The state goes when the source fails. */
	if (source->state == serial)
		start_next(serial);
}

static void answer(struct serial *serial, uint8_t byte)
{
	stream_send(&serial->stream, &byte, 1);
}

static void received(const unsigned char *bytes, size_t length, void *context)
{
	struct serial *serial = context;
	struct source *source = serial->source;

	/* The state goes when the source fails. */
	for (size_t i = 0; i < length && source->state == serial; i++) {
		enum frame_event event = frame_take(&serial->reader, bytes[i]);

		switch (event) {
		case FRAME_NOTHING:
			break;
		case FRAME_GOT_NAK:
			count(serial, INTERFACE_STATS_NAK_RECEIVED);
			take_step(serial, event);
			break;
		case FRAME_GOT_CAN:
			count(serial, INTERFACE_STATS_CAN_RECEIVED);
			take_step(serial, event);
			break;
		case FRAME_GOT_ACK:
			take_step(serial, event);
			break;
		case FRAME_GOT_DATA:
			answer(serial, FRAME_ACK);
			take_frame(serial);
			break;
		case FRAME_GOT_BAD:
			count(serial, INTERFACE_STATS_DISCARD_RECEIVED);
			answer(serial, FRAME_NAK);
			break;
		}
	}
	if (source->state != serial)
		return;
	if (frame_pending(&serial->reader))
		loop_arm(source->loop, &serial->bytes_timer, FRAME_BYTES_MS);
	else
		loop_disarm(source->loop, &serial->bytes_timer);
	start_next(serial);
}

static void bytes_missing(void *context)
{
	struct serial *serial = context;

	frame_reset(&serial->reader);
	answer(serial, FRAME_NAK);
}

static void opened(void *context)
{
	struct serial *serial = context;
	struct update update =
		update_begin(serial->source->model->writer, serial->source->model->stats_row, schema_interface_stats);

	/* They count what this connection has seen. */
	for (uint32_t i = 0; i < INTERFACE_STATS_PARAMETERS; i++)
		update_nothing(&update, i);
	update_end(&update);
	model_set_status(serial->source->model, INTERFACE_DORMANT);
	/* Ends what the controller may believe to be in the middle of. */
	answer(serial, FRAME_NAK);
	ask_state(serial);
	start_next(serial);
}

static void closed(const char *why, void *context)
{
	struct serial *serial = context;

	source_failed(serial->source, why);
}

static void ask_again(void *context)
{
	struct serial *serial = context;

	ask_state(serial);
	start_next(serial);
}

/* ---- Life --------------------------------------------------------------------------------------------------- */

static int open_line(const char *path)
{
	struct termios line;
	int error, fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	/* 115200 bit/s, 8 bits, no parity, one stop bit, no flow control */
	if (tcgetattr(fd, &line)) {
		error = -errno;
		close(fd);
		return error;
	}
	cfmakeraw(&line);
	line.c_cflag |= CLOCAL | CREAD;
	line.c_cflag &= ~(tcflag_t)(CSTOPB | CRTSCTS);
	cfsetispeed(&line, B115200);
	cfsetospeed(&line, B115200);
	if (tcsetattr(fd, TCSANOW, &line)) {
		error = -errno;
		close(fd);
		return error;
	}
	tcflush(fd, TCIOFLUSH);
	return fd;
}

static void close_source(struct source *source)
{
	struct serial *serial = source->state;

	if (!serial)
		return;
	source->state = NULL;
	stream_close(&serial->stream);
	loop_disarm(source->loop, &serial->timer);
	loop_disarm(source->loop, &serial->bytes_timer);
	loop_disarm(source->loop, &serial->again);
	while (serial->jobs) {
		struct job *job = serial->jobs;

		serial->jobs = job->next;
		free(job);
	}
	free(serial->job);
	free(serial);
}

static int open_source(struct source *source)
{
	struct serial *serial = calloc(1, sizeof(*serial));
	const struct stream_user user = {.opened = opened, .received = received, .closed = closed, .context = serial};
	struct url url;
	int fd, error;

	if (!serial)
		return -ENOMEM;
	source->state = serial;
	serial->source = source;
	serial->jobs_end = &serial->jobs;
	serial->timer = (struct loop_timer){.due = late, .context = serial};
	serial->bytes_timer = (struct loop_timer){.due = bytes_missing, .context = serial};
	serial->again = (struct loop_timer){.due = ask_again, .context = serial};
	if (source->url[0] != '/') {
		if (url_parse(source->url, DEFAULT_PORT, &url) || strcmp(url.scheme, "tcp") != 0) {
			log_error("%s is no controller: /dev/NAME or tcp://HOST:PORT", source->url);
			return -EINVAL;
		}
		return stream_connect(&serial->stream, source->loop, url.host, url.port, &user);
	}
	fd = open_line(source->url);
	if (fd < 0) {
		log_error("%s: %s", source->url, strerror(-fd));
		return fd;
	}
	error = stream_take(&serial->stream, source->loop, fd, &user);
	if (!error)
		opened(serial);
	return error;
}

static int check(struct source *source, const struct setting *setting, const char **why)
{
	uint8_t command[COMMAND_MAXIMUM];
	int fault;

	(void)source;
	command_of_setting(setting, command, &fault, why);
	return fault;
}

static int set(struct source *source, struct setting *setting, const char **why)
{
	struct serial *serial = source->state;
	uint8_t command[COMMAND_MAXIMUM];
	struct job *job;
	size_t length;
	int fault;

	length = command_of_setting(setting, command, &fault, why);
	if (!length)
		return fault;
	job = add_command(serial, setting->node_id, command, length);
	if (!job) {
		*why = "too much is under way";
		return ESPALIER_FAULT_RESOURCES;
	}
	setting->id = ++serial->last_setting;
	job->setting_id = setting->id;
	/* What came of it: the node is asked. */
	length = command_report_of(command);
	if (length)
		add_command(serial, setting->node_id, command, length);
	start_next(serial);
	return ESPALIER_PENDING;
}

const struct source_type source_serial = {.open = open_source, .close = close_source, .check = check, .set = set};
