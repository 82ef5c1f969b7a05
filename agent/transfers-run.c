// SPDX-License-Identifier: GPL-2.0-or-later
// How a transfer of the queue runs: when it may start, its program, its handler, and what follows a failure (R-63 to
//
#include "agent/transfers.h"

#include "agent/agent.h"
#include "agent/clock.h"
#include "agent/date-time.h"
#include "agent/session-run.h"
#include "agent/transfer-file.h"
#include "agent/transfer-objects.h"
#include "shm/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECOND 1000000000ll // nanoseconds
#define MIB    (1024ull * 1024)

// ---- When

static bool occupied(const struct agent *agent)
{
	return session_run_active(agent->session) || agent->wanted || agent->reboot.running ||
	       agent->factory_reset.running;
}

// When a transfer may start, in nanoseconds of CLOCK_BOOTTIME (a time that has passed: now), or TRANSFER_NEVER for what
// only somebody's consent can start. *over is when that has to be looked at again.
static int64_t due(const struct agent *agent, const struct transfer *transfer, int64_t now, int64_t elapsed,
		   int64_t *over)
{
	const struct transfer_window *window;
	int64_t at = transfer->retry_at, idle = agent->ended_at + TRANSFER_IDLE_SECONDS * SECOND, start;

	*over = TRANSFER_NEVER;
	start = transfer->window_count ? transfer->windows[transfer->window].start : transfer->delay;
	if (elapsed < start && now + (start - elapsed) * SECOND > at)
		at = now + (start - elapsed) * SECOND;
	if (!transfer->window_count)
		return at;
	window = &transfer->windows[transfer->window];
	*over = now + (window->end - elapsed) * SECOND;
	switch (window->mode) {
	case TRANSFER_ANY_TIME:
	case TRANSFER_IMMEDIATELY:
	case TRANSFER_MODES:
		break;
	case TRANSFER_WHEN_IDLE:
		if (agent->ended_at && idle > at)
			at = idle;
		break;
	case TRANSFER_CONFIRMATION_NEEDED:
		if (!transfer->confirmed)
			at = TRANSFER_NEVER;
		break;
	}
	return at;
}

// Goes to the window that is open or next. Returns false when the last one has ended.
static bool enter_window(struct transfer *transfer, int64_t elapsed)
{
	size_t window = transfer_window_at(transfer->windows, transfer->window_count, elapsed);

	if (window > transfer->window) {
		transfer->window = (uint32_t)window;
		transfer->attempts = 0;
	}
	return transfer->window < transfer->window_count;
}

static int64_t elapsed_of(const struct agent *agent, const struct transfer *transfer)
{
	struct transfer_receipt now;

	transfers_now(agent, &now);
	return transfer_elapsed(&transfer->receipt, &now);
}

// ---- The program

static const char *failure_text(const struct transfer_report *report)
{
	return *report->text ? report->text : "the program that transfers has ended without a result";
}

// Whether a failed try is followed by another one, which is then planned.
static bool try_again(struct agent *agent, struct transfer *transfer, bool temporary)
{
	int64_t elapsed = elapsed_of(agent, transfer), wait = TRANSFER_RETRY_SECONDS;
	uint32_t allowed = agent->configuration.transfer_retries;

	for (uint32_t i = 0; i < transfer->attempts && wait < TRANSFER_RETRY_MAXIMUM; i++)
		wait *= 2;
	if (wait > TRANSFER_RETRY_MAXIMUM)
		wait = TRANSFER_RETRY_MAXIMUM;
	transfer->attempts++;
	if (transfer->window_count) {
		if (!enter_window(transfer, elapsed))
			return false;
		if (transfer->attempts > transfer_window_retries(&transfer->windows[transfer->window])) {
			if (transfer->window + 1 >= transfer->window_count)
				return false;
			transfer->window++;
			transfer->attempts = 0;
		}
	} else if (!temporary || transfer->attempts > allowed) {
		return false;
	}
	transfer->retry_at = ring_clock(CLOCK_BOOTTIME) + wait * SECOND;
	return true;
}

static void failed(struct agent *agent, struct transfer *transfer, unsigned fault, bool temporary, const char *text)
{
	agent->transfers.active = NULL;
	if (try_again(agent, transfer, temporary)) {
		log_info("transfer %u has failed, and is tried again: %s", transfer->number, text);
		transfer->state = TRANSFER_WAITING;
		transfers_save(agent, transfer);
		return;
	}
	if (transfer->window_count && transfer_window_at(transfer->windows, transfer->window_count,
							 elapsed_of(agent, transfer)) == transfer->window_count) {
		fault = TRANSFER_FAULT_WINDOW;
		text = "the last time window has ended";
	}
	transfers_complete(agent, transfer, fault, text);
}

static void moved(struct agent *agent, struct transfer *transfer, const struct transfer_report *report)
{
	transfer->transferred = report->transferred;
	transfer->total = report->transferred;
	if (transfer->upload) {
		transfers_complete(agent, transfer, 0, NULL);
		return;
	}
	log_info("transfer %u: %llu bytes have come", transfer->number, (unsigned long long)report->transferred);
	agent->transfers.active = NULL;
	transfer->state = TRANSFER_FETCHED;
	transfer->attempts = 0;
	transfers_save(agent, transfer);
}

static void program_ended(struct child *child, int status, bool late)
{
	struct transfers *transfers = (struct transfers *)((char *)child - offsetof(struct transfers, child));
	struct transfer_report *report = &transfers->report;
	struct agent *agent = transfers->agent;
	struct transfer *transfer = transfers->active;
	char path[TRANSFER_PATH_SIZE];

	(void)late;
	if (!transfer || transfer->number != transfers->child_number) {
		// Cancelled: nobody writes its file any more.
		transfers_path(transfers, transfers->child_number, path);
		transfer_file_remove(path);
	} else if (!report->finished) {
		log_warning("espalier-transfer has ended with status %d and no result", status);
		failed(agent, transfer, transfer->upload ? TRANSFER_FAULT_UPLOAD : TRANSFER_FAULT_FAILURE, true,
		       failure_text(report));
	} else if (report->fault) {
		failed(agent, transfer, report->fault, report->temporary, failure_text(report));
	} else {
		moved(agent, transfer, report);
	}
	transfers_plan(agent);
}

// Each tenth of a file, or, where its length is unknown, twice as much as before.
static void log_progress(struct transfer *transfer)
{
	uint64_t step = transfer->total ? transfer->total / 10 : transfer->logged;

	if (transfer->transferred < transfer->logged + step || transfer->transferred == transfer->logged)
		return;
	transfer->logged = transfer->transferred;
	if (transfer->total)
		log_info("transfer %u: %llu of %llu bytes", transfer->number, (unsigned long long)transfer->transferred,
			 (unsigned long long)transfer->total);
	else
		log_info("transfer %u: %llu bytes", transfer->number, (unsigned long long)transfer->transferred);
}

static void program_says(struct child *child)
{
	struct transfers *transfers = (struct transfers *)((char *)child - offsetof(struct transfers, child));
	struct transfer *transfer = transfers->active;
	struct transfer_report report;

	while (recv(child->channel, &report, sizeof(report), MSG_DONTWAIT) == (ssize_t)sizeof(report)) {
		report.text[sizeof(report.text) - 1] = 0;
		transfers->report = report;
	}
	if (!transfer || transfer->number != transfers->child_number)
		return;
	transfer->transferred = transfers->report.transferred;
	transfer->total = transfers->report.total;
	log_progress(transfer);
	transfer_objects_publish(transfers->agent, transfer);
}

static void fill_job(const struct agent *agent, const struct transfer *transfer, struct transfer_job *job)
{
	const struct agent_configuration *configuration = &agent->configuration;

	*job = (struct transfer_job){
		.upload = transfer->upload,
		.verify = configuration->verify,
		.timeout = configuration->transfer_timeout,
		.stall_timeout = configuration->transfer_stall_timeout,
		.size = transfer->file_size,
		.size_maximum = configuration->transfer_maximum_size * MIB,
	};
	if (transfer->window_count) {
		int64_t left = transfer->windows[transfer->window].end - elapsed_of(agent, transfer);

		if (left < 1)
			left = 1;
		if (left < job->timeout)
			job->timeout = (uint32_t)left;
	}
	snprintf(job->url, sizeof(job->url), "%s", transfer->url);
	snprintf(job->username, sizeof(job->username), "%s", transfer->username);
	snprintf(job->password, sizeof(job->password), "%s", transfer->password);
	transfers_path(&agent->transfers, transfer->number, job->path);
	snprintf(job->ca_file, sizeof(job->ca_file), "%s", configuration->ca_file);
	snprintf(job->crl_file, sizeof(job->crl_file), "%s", configuration->crl_file);
	snprintf(job->certificate, sizeof(job->certificate), "%s", configuration->certificate);
	snprintf(job->private_key, sizeof(job->private_key), "%s", configuration->private_key);
}

// Starts espalier-transfer and gives it its job. Returns 0 or -errno.
static int start_program(struct agent *agent, struct transfer *transfer)
{
	struct transfers *transfers = &agent->transfers;
	const char *const arguments[] = {transfers->program, NULL};
	struct transfer_job job;
	int pair[2], error = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	fill_job(agent, transfer, &job);
	if (send(pair[0], &job, sizeof(job), MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)sizeof(job))
		error = -errno;
	explicit_bzero(&job, sizeof(job));
	transfers->report = (struct transfer_report){0};
	transfers->child_number = transfer->number;
	transfers->child.ring = &agent->ring;
	transfers->child.readable = program_says;
	transfers->child.ended = program_ended;
	if (!error)
		error = child_start(&transfers->child, arguments, pair[1], pair[0], 0);
	close(pair[1]);
	if (error)
		close(pair[0]);
	return error;
}

static void move(struct agent *agent, struct transfer *transfer)
{
	int error = start_program(agent, transfer);

	if (!error)
		return;
	log_error("%s: %s", agent->transfers.program, strerror(-error));
	failed(agent, transfer, transfer->upload ? TRANSFER_FAULT_UPLOAD : TRANSFER_FAULT_FAILURE, true,
	       "the program that transfers can't be started");
}

// ---- The handler

// The instance that the FileType names.
static uint32_t instance_of(const struct transfer *transfer)
{
	uint32_t instance = 0;

	transfer_type_find(transfer->file_type, strlen(transfer->file_type),
			   transfer->upload ? TRANSFER_UP : TRANSFER_DOWN, &instance);
	return instance;
}

static void start(struct agent *agent, struct transfer *transfer)
{
	char path[TRANSFER_PATH_SIZE];

	agent->transfers.active = transfer;
	transfer->state = TRANSFER_RUNNING;
	transfer->retry_at = 0;
	transfer->transferred = transfer->total = transfer->logged = 0;
	if (!transfer->started)
		transfer->started = clock_time();
	log_info("transfer %u starts", transfer->number);
	transfers_save(agent, transfer);
	if (!transfer->upload) {
		move(agent, transfer);
		return;
	}
	if (!transfer->type) {
		transfers_complete(agent, transfer, TRANSFER_FAULT_UPLOAD, "the device has no such file");
		return;
	}
	transfers_path(&agent->transfers, transfer->number, path);
	transfer_file_remove(path);
	transfer->handling = true;
	transfer->type->produce(agent, transfer, instance_of(transfer), path);
}

struct applying {
	struct agent *agent;
	uint32_t number;
};

// The record says that the handler has it: from now on it may change the device.
static void apply(int error, void *context)
{
	struct applying *applying = context;
	struct agent *agent = applying->agent;
	struct transfer *transfer = agent->transfers.active;
	bool present = transfer && transfer->number == applying->number;
	char path[TRANSFER_PATH_SIZE];

	free(applying);
	if (!present)
		return;
	if (error) {
		transfers_complete(agent, transfer, TRANSFER_FAULT_FAILURE, "the state can't be written");
		transfers_plan(agent);
		return;
	}
	transfers_path(&agent->transfers, transfer->number, path);
	transfer->handling = true;
	transfer->type->apply(agent, transfer, instance_of(transfer), path);
}

void transfers_apply(struct agent *agent, struct transfer *transfer)
{
	struct store_transaction *transaction;
	struct applying *applying;
	char path[TRANSFER_PATH_SIZE];

	transfers_path(&agent->transfers, transfer->number, path);
	if (access(path, R_OK) < 0) {
		// Lost with a power cut, or by somebody's hand.
		transfer->state = TRANSFER_WAITING;
		return;
	}
	if (!transfer->type || transfer->attempts >= TRANSFER_APPLY_MAXIMUM) {
		transfers_complete(agent, transfer, TRANSFER_FAULT_FAILURE,
				   transfer->type ? "the file could not be applied"
						  : "the device can't use such a file");
		return;
	}
	applying = calloc(1, sizeof(*applying));
	transaction = applying ? store_begin(agent->store) : NULL;
	agent->transfers.active = transfer;
	transfer->state = TRANSFER_APPLYING;
	transfer->attempts++;
	snprintf(transfer->boot_id, sizeof(transfer->boot_id), "%s", agent->boot_id);
	snprintf(transfer->version, sizeof(transfer->version), "%s", agent->identity.software_version);
	if (!transaction || transfer_store(transfer, transaction)) {
		store_abandon(transaction);
		free(applying);
		transfers_complete(agent, transfer, TRANSFER_FAULT_FAILURE, "no memory");
		return;
	}
	*applying = (struct applying){agent, transfer->number};
	transfer_objects_publish(agent, transfer);
	store_commit(transaction, apply, applying);
}

static void let_go(struct agent *agent, struct transfer *transfer)
{
	char path[TRANSFER_PATH_SIZE];

	transfers_path(&agent->transfers, transfer->number, path);
	transfer_file_remove(path);
	agent->transfers.active = NULL;
	transfer_free(transfer);
}

void transfer_handled(struct agent *agent, struct transfer *transfer, enum transfer_outcome outcome, unsigned fault,
		      const char *text)
{
	transfer->handling = false;
	if (transfer->cancelled) {
		let_go(agent, transfer);
		transfers_plan(agent);
		return;
	}
	switch (outcome) {
	case TRANSFER_HANDLED:
		if (transfer->upload) {
			move(agent, transfer);
			break;
		}
		transfers_complete(agent, transfer, 0, NULL);
		break;
	case TRANSFER_RESTART:
		agent->transfers.active = NULL;
		transfer->state = TRANSFER_RESTARTING;
		transfer->handed_over = ring_clock(CLOCK_BOOTTIME) / SECOND;
		transfer->completed = clock_time();
		log_notice("transfer %u is handed over, and waits for the device's restart", transfer->number);
		transfers_save(agent, transfer);
		// Without such a program it is the handler's that restarts the device.
		if (reboot_possible(&agent->reboot))
			reboot_after_session(&agent->reboot);
		break;
	case TRANSFER_REJECTED:
		transfers_complete(agent, transfer, fault, text);
		break;
	}
	transfers_plan(agent);
}

// What was handed over: has it taken effect? Returns when it is to be looked at again.
static int64_t check_restart(struct agent *agent, struct transfer *transfer)
{
	bool restarted = strcmp(transfer->boot_id, agent->boot_id) != 0;
	int64_t end = (transfer->handed_over + TRANSFER_RESTART_SECONDS) * SECOND;
	const char *text = NULL;
	int fault = -EAGAIN;

	if (transfer->type && transfer->type->after_restart)
		fault = transfer->type->after_restart(agent, transfer, restarted, &text);
	if (fault == -EAGAIN) {
		if (ring_clock(CLOCK_BOOTTIME) < end)
			return end;
		fault = TRANSFER_FAULT_FAILURE;
		text = "the device has not restarted";
	}
	// Applied when the new image runs: that is now, unless only the time before is known.
	if (!fault && (!date_time_unknown(clock_time()) || date_time_unknown(transfer->completed)))
		transfer->completed = clock_time();
	transfers_complete(agent, transfer, (unsigned)fault, text);
	return TRANSFER_NEVER;
}

// ---- The plan

// Looks at one that waits. Returns when it must be looked at again; *ready says that it can start now.
static int64_t look(struct agent *agent, struct transfer *transfer, int64_t now, bool *ready)
{
	int64_t elapsed = elapsed_of(agent, transfer), at, over;

	if (transfer->window_count && !enter_window(transfer, elapsed)) {
		transfers_complete(agent, transfer, TRANSFER_FAULT_WINDOW, "the last time window has ended");
		return TRANSFER_NEVER;
	}
	at = due(agent, transfer, now, elapsed, &over);
	*ready = at <= now;
	return *ready || over < at ? over : at;
}

static int64_t minimum(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

// Goes through the queue once. Returns when the next look is due.
static int64_t go_through(struct agent *agent)
{
	struct transfers *transfers = &agent->transfers;
	bool busy = transfers->active || child_running(&transfers->child) || !transfers->started || occupied(agent);
	int64_t now = ring_clock(CLOCK_BOOTTIME), next_look = TRANSFER_NEVER;
	struct transfer *transfer, *next;

	for (transfer = transfers->first; transfer; transfer = next) {
		bool ready = false;

		next = transfer->next;
		if (transfer->state == TRANSFER_DONE && !transfer->durable) {
			if (transfer->retry_at && transfer->retry_at <= now)
				transfers_store_again(agent, transfer);
			else if (transfer->retry_at)
				next_look = minimum(next_look, transfer->retry_at);
		}
		if (!transfer->durable)
			continue;
		if (transfer->state == TRANSFER_RESTARTING) {
			int64_t at = check_restart(agent, transfer);

			next_look = minimum(next_look, at);
			// The device is about to go down.
			busy = busy || at != TRANSFER_NEVER;
			continue;
		}
		if (transfer->state == TRANSFER_WAITING) {
			next_look = minimum(next_look, look(agent, transfer, now, &ready));
		} else if (transfer->state == TRANSFER_FETCHED) {
			ready = true;
		}
		if (!ready || busy)
			continue;
		if (transfer->state == TRANSFER_FETCHED)
			transfers_apply(agent, transfer);
		else
			start(agent, transfer);
		busy = transfers->active;
		// Its file is lost, or the try has failed at once.
		if (!busy)
			next_look = now;
	}
	return next_look;
}

static void alarm_rang(struct alarm *alarm)
{
	struct transfers *transfers = (struct transfers *)((char *)alarm - offsetof(struct transfers, alarm));

	transfers_plan(transfers->agent);
}

void transfers_plan(struct agent *agent)
{
	struct transfers *transfers = &agent->transfers;
	int64_t next_look;

	if (agent->stopping || transfers->planning || !agent->session)
		return;
	transfers->planning = true;
	next_look = go_through(agent);
	transfers->planning = false;
	transfers->alarm.ring = &agent->ring;
	transfers->alarm.rang = alarm_rang;
	if (next_look == TRANSFER_NEVER)
		alarm_clear(&transfers->alarm);
	else
		alarm_set(&transfers->alarm, CLOCK_BOOTTIME, next_look);
}
