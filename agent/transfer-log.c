// SPDX-License-Identifier: GPL-2.0-or-later
// The file types of log files: a program that knows how writes the end of the log to the file.
#include "agent/transfer-log.h"

#include "agent/agent.h"
#include "shm/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TAIL	      "/usr/bin/tail"
#define JOURNAL_LINES "--lines=20000"
#define FAULT_TYPE    9003
#define MIB	      (1024ull * 1024)
#define TEXT_SIZE     128

static void finish(struct log_program *program, enum transfer_outcome outcome, const char *text)
{
	struct transfer *transfer = program->transfer;

	program->transfer = NULL;
	transfer_handled(program->agent, transfer, outcome, TRANSFER_FAULT_UPLOAD, text);
}

static void start(struct log_program *program);

static void program_ended(struct child *child, int status, bool late)
{
	struct log_program *program = (struct log_program *)((char *)child - offsetof(struct log_program, child));
	char text[TEXT_SIZE];

	if (program->stale) {
		program->stale = false;
		if (program->transfer)
			start(program);
		return;
	}
	if (WIFEXITED(status) && !WEXITSTATUS(status)) {
		finish(program, TRANSFER_HANDLED, NULL);
		return;
	}
	if (WIFEXITED(status))
		snprintf(text, sizeof(text), "the program that writes the log has ended with status %d",
			 WEXITSTATUS(status));
	else if (late)
		snprintf(text, sizeof(text), "the log was not written within %d s", TRANSFER_LOG_SECONDS);
	else if (WTERMSIG(status) == SIGXFSZ)
		snprintf(text, sizeof(text), "the log is larger than a file may be");
	else
		snprintf(text, sizeof(text), "the program that writes the log was ended by signal %d",
			 WTERMSIG(status));
	finish(program, TRANSFER_REJECTED, text);
}

static void start(struct log_program *program)
{
	const struct agent_configuration *configuration = &program->agent->configuration;
	uint64_t size_maximum = configuration->transfer_maximum_size * MIB;
	char size[24];
	const char *const journal[] = {LOG_FILE_JOURNAL_PROGRAM, "--no-pager", "--output=short-iso", JOURNAL_LINES,
				       NULL};
	const char *const tail[] = {TAIL, "-c", size, program->file.path, NULL};
	const char *const *arguments = log_file_is_journal(&program->file) ? journal : tail;
	int output = open(program->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600), error;

	if (output < 0) {
		finish(program, TRANSFER_REJECTED, "the log can't be written to a file");
		return;
	}
	snprintf(size, sizeof(size), "%llu",
		 (unsigned long long)(size_maximum < TRANSFER_LOG_SIZE ? size_maximum : TRANSFER_LOG_SIZE));
	program->child.ring = &program->agent->ring;
	program->child.ended = program_ended;
	program->child.output = output;
	program->child.file_size_maximum = size_maximum;
	error = child_start(&program->child, arguments, -1, -1, TRANSFER_LOG_SECONDS);
	close(output);
	if (!error)
		return;
	log_error("%s: %s", arguments[0], strerror(-error));
	finish(program, TRANSFER_REJECTED, "the program that writes the log can't be started");
}

static void produce(struct agent *agent, struct transfer *transfer, uint32_t instance, const char *path)
{
	struct log_program *program = &agent->transfers.log;
	const struct log_file *file = log_files_find(&agent->log_files, instance);

	program->agent = agent;
	program->transfer = transfer;
	// The configuration may have changed since the transfer was accepted.
	if (!file) {
		finish(program, TRANSFER_REJECTED, "the device does not have the log file any more");
		return;
	}
	program->file = *file;
	snprintf(program->path, sizeof(program->path), "%s", path);
	if (!child_running(&program->child))
		start(program);
}

static int cancel(struct agent *agent, struct transfer *transfer)
{
	struct log_program *program = &agent->transfers.log;

	(void)transfer;
	program->transfer = NULL;
	program->stale = child_running(&program->child);
	child_kill(&program->child);
	return 0;
}

static unsigned accept_log(struct agent *agent, uint32_t instance, const char **text)
{
	if (log_files_find(&agent->log_files, instance))
		return 0;
	*text = "the device has no log file and no journal";
	return FAULT_TYPE;
}

static unsigned accept_instance(struct agent *agent, uint32_t instance, const char **text)
{
	if (instance && log_files_find(&agent->log_files, instance))
		return 0;
	*text = "there is no such vendor log file";
	return FAULT_TYPE;
}

const struct transfer_file_type transfer_log = {
	.name = "2 Vendor Log File",
	.directions = TRANSFER_UP,
	.transfer_name = "4 Vendor Log File",
	.accept = accept_log,
	.produce = produce,
	.cancel = cancel,
};

const struct transfer_file_type transfer_log_instance = {
	.name = "4 Vendor Log File",
	.directions = TRANSFER_UP,
	.numbered = true,
	.transfer_name_numbered = "7 Vendor Log File",
	.accept = accept_instance,
	.produce = produce,
	.cancel = cancel,
};

void transfer_log_close(struct log_program *program)
{
	child_close(&program->child, true);
}
