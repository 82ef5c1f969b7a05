// SPDX-License-Identifier: GPL-2.0-or-later
// The file type "1 Firmware Upgrade Image": handed to the configured program, and in effect after a restart.
#include "agent/transfer-firmware.h"

#include "agent/agent.h"
#include "shm/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND	   1000000000ll // nanoseconds
#define FAULT_TYPE 9003
#define TEXT_SIZE  128

static void reject(struct firmware_program *program, unsigned fault, const char *text)
{
	transfer_handled(program->agent, program->transfer, TRANSFER_REJECTED, fault, text);
}

static void program_ended(struct child *child, int status, bool late)
{
	struct firmware_program *program =
		(struct firmware_program *)((char *)child - offsetof(struct firmware_program, child));
	char text[TEXT_SIZE];

	if (WIFEXITED(status) && !WEXITSTATUS(status)) {
		transfer_handled(program->agent, program->transfer, TRANSFER_RESTART, 0, NULL);
	} else if (WIFEXITED(status)) {
		snprintf(text, sizeof(text), "the image is refused with status %d", WEXITSTATUS(status));
		reject(program, TRANSFER_FAULT_CORRUPTED, text);
	} else if (late) {
		snprintf(text, sizeof(text), "the image was not installed within %u s",
			 program->agent->configuration.firmware_timeout);
		reject(program, TRANSFER_FAULT_FAILURE, text);
	} else {
		snprintf(text, sizeof(text), "the program that installs was ended by signal %d", WTERMSIG(status));
		reject(program, TRANSFER_FAULT_FAILURE, text);
	}
}

// The program and all that it starts share this descriptor, and its lock with it: as long as one of them lives, another
// run of the agent knows that the image is still being installed.
static int open_locked(const char *path)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), error;

	if (descriptor < 0)
		return -errno;
	if (fcntl(descriptor, F_OFD_SETLK, &lock) == 0)
		return descriptor;
	error = -errno;
	close(descriptor);
	return error == -EACCES ? -EAGAIN : error;
}

static void install(struct firmware_program *program)
{
	const struct agent_configuration *configuration = &program->agent->configuration;
	const char *const arguments[] = {configuration->firmware_program, program->path, NULL};
	int descriptor, error;

	if (!*configuration->firmware_program) {
		reject(program, TRANSFER_FAULT_FAILURE, "the device has no program that installs");
		return;
	}
	descriptor = open_locked(program->path);
	if (descriptor == -EAGAIN && ring_clock(CLOCK_BOOTTIME) < program->until) {
		alarm_set(&program->wait, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + SECOND);
		return;
	}
	if (descriptor < 0) {
		reject(program, TRANSFER_FAULT_FAILURE,
		       descriptor == -EAGAIN ? "an earlier program does not end" : "the image can't be opened");
		return;
	}
	program->child.ring = &program->agent->ring;
	program->child.ended = program_ended;
	error = child_start(&program->child, arguments, descriptor, -1, configuration->firmware_timeout);
	close(descriptor);
	if (!error)
		return;
	log_error("%s: %s", configuration->firmware_program, strerror(-error));
	reject(program, TRANSFER_FAULT_FAILURE, "the program that installs can't be started");
}

static void wait_rang(struct alarm *alarm)
{
	install((struct firmware_program *)((char *)alarm - offsetof(struct firmware_program, wait)));
}

static void apply(struct agent *agent, struct transfer *transfer, uint32_t instance, const char *path)
{
	struct firmware_program *program = &agent->transfers.firmware;

	(void)instance;
	program->agent = agent;
	program->transfer = transfer;
	snprintf(program->path, sizeof(program->path), "%s", path);
	program->until = ring_clock(CLOCK_BOOTTIME) + agent->configuration.firmware_timeout * SECOND;
	program->wait.ring = &agent->ring;
	program->wait.rang = wait_rang;
	install(program);
}

static unsigned accept_image(struct agent *agent, uint32_t instance, const char **text)
{
	(void)instance;
	if (*agent->configuration.firmware_program)
		return 0;
	*text = "the device has no program that installs images";
	return FAULT_TYPE;
}

static int after_restart(struct agent *agent, const struct transfer *transfer, bool restarted, const char **text)
{
	if (strcmp(transfer->version, agent->identity.software_version) != 0)
		return 0;
	if (!restarted)
		return -EAGAIN;
	*text = "the software version is the same after the restart";
	return TRANSFER_FAULT_FAILURE;
}

const struct transfer_file_type transfer_firmware = {
	.name = "1 Firmware Upgrade Image",
	.directions = TRANSFER_DOWN,
	.accept = accept_image,
	.apply = apply,
	.after_restart = after_restart,
};

void transfer_firmware_close(struct firmware_program *program)
{
	child_close(&program->child, false);
}
