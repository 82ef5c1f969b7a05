/* SPDX-License-Identifier: BSD-2-Clause */
/* What all daemons share: options, the common part of the configuration, folders, detaching. */
#include "shm/daemon.h"

#include "shm/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_CONFIGURATION "/etc/espalier/espalier.conf"
#define RUN_FOLDER_VARIABLE   "ESPALIER_DIR"

/* The part of the file that every daemon reads */
struct common_settings {
	char run_folder[PATH_MAX];
	char state_folder[PATH_MAX];
	uint32_t log_level; /* index into log_levels */
};

static const char *const log_levels[] = {"error", "warning", "notice", "info", "debug", NULL};

static const struct configuration_key common_keys[] = {
	CONFIGURATION_PATH("paths", "run", struct common_settings, run_folder, "/run/espalier"),
	CONFIGURATION_PATH("paths", "state", struct common_settings, state_folder, "/var/lib/espalier"),
	CONFIGURATION_CHOICE("log", "level", struct common_settings, log_level, log_levels, "notice"),
};

static void print_usage(const struct daemon_program *program, FILE *to)
{
	fprintf(to,
		"usage: %s [-dhvV] [-c FILE]\n"
		"%s: %s\n"
		"  -c FILE  read FILE instead of " DEFAULT_CONFIGURATION "\n"
		"  -d       detach: return when started, log to syslog\n"
		"  -h       this help\n"
		"  -v       more log; may be repeated\n"
		"  -V       the version\n",
		program->name, program->name, program->purpose);
}

static int read_settings(struct daemon *daemon, struct common_settings *common, void *settings, char *message,
			 size_t message_size)
{
	const struct configuration_group groups[] = {
		{common_keys, sizeof(common_keys) / sizeof(common_keys[0]), common},
		{daemon->program->keys, daemon->program->key_count, settings},
	};

	return configuration_read(daemon->configuration_path, daemon->configuration_required, groups, 2,
				  daemon->program->other_sections, message, message_size);
}

static void set_log_level(const struct daemon *daemon, const struct common_settings *common)
{
	log_set_level(LOG_ERR + (int)common->log_level + daemon->more_log);
}

int daemon_read_configuration(struct daemon *daemon, void *settings)
{
	char message[CONFIGURATION_MESSAGE_SIZE];
	struct common_settings common;
	void *fresh = calloc(1, daemon->program->settings_size);
	int error;

	if (!fresh) {
		log_error("%s: %s", daemon->configuration_path, strerror(ENOMEM));
		return -ENOMEM;
	}
	error = read_settings(daemon, &common, fresh, message, sizeof(message));
	if (error) {
		log_error("%s", message);
	} else {
		memcpy(settings, fresh, daemon->program->settings_size);
		set_log_level(daemon, &common);
	}
	free(fresh);
	return error;
}

/* Writes the path with the working folder before it where it is relative: a daemon leaves that folder. */
static int make_absolute(char *to, size_t size, const char *path)
{
	char folder[PATH_MAX] = "";
	int length;

	if (path[0] != '/' && !getcwd(folder, sizeof(folder)))
		return -errno;
	length = snprintf(to, size, "%s%s%s", folder, folder[0] ? "/" : "", path);
	return length < 0 || (size_t)length >= size ? -ENAMETOOLONG : 0;
}

/* Returns DAEMON_RUN, or the status to exit with. */
static int read_options(struct daemon *daemon, int argc, char **argv)
{
	const struct daemon_program *program = daemon->program;
	const char *configuration = DEFAULT_CONFIGURATION;
	int option;
	int error;

	while ((option = getopt(argc, argv, "c:dhvV")) != -1) {
		switch (option) {
		case 'c':
			configuration = optarg;
			daemon->configuration_required = true;
			break;
		case 'd':
			daemon->detach = true;
			break;
		case 'h':
			print_usage(program, stdout);
			return DAEMON_EXIT_CLEAN;
		case 'v':
			if (daemon->more_log < LOG_DEBUG)
				daemon->more_log++;
			break;
		case 'V':
			printf("%s %s\n", program->name, ESPALIER_VERSION);
			return DAEMON_EXIT_CLEAN;
		default:
			print_usage(program, stderr);
			return DAEMON_EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "%s: unexpected argument \"%s\"\n", program->name, argv[optind]);
		print_usage(program, stderr);
		return DAEMON_EXIT_USAGE;
	}
	error = make_absolute(daemon->configuration_path, sizeof(daemon->configuration_path), configuration);
	if (error) {
		log_error("-c \"%.200s\": %s", configuration, strerror(-error));
		return DAEMON_EXIT_USAGE;
	}
	return DAEMON_RUN;
}

static int set_folder(char *folder, size_t size, const char *name, const char *value)
{
	int error = value[0] ? make_absolute(folder, size, value) : -EINVAL;

	if (error)
		log_error("%s = \"%.200s\": %s", name, value, strerror(-error));
	return error;
}

static int set_folders(struct daemon *daemon, const struct common_settings *common)
{
	const char *run = getenv(RUN_FOLDER_VARIABLE);
	int error;

	if (run && run[0])
		error = set_folder(daemon->run_folder, sizeof(daemon->run_folder), "$" RUN_FOLDER_VARIABLE, run);
	else
		error = set_folder(daemon->run_folder, sizeof(daemon->run_folder), "[paths] run", common->run_folder);
	if (error)
		return error;
	return set_folder(daemon->state_folder, sizeof(daemon->state_folder), "[paths] state", common->state_folder);
}

/* The parent's half of detaching: waits for the child's byte, and never returns. */
static _Noreturn void wait_until_ready(int socket, pid_t child)
{
	char byte;
	ssize_t got;

	do
		got = read(socket, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got == 1)
		_exit(DAEMON_EXIT_CLEAN);
	waitpid(child, NULL, 0);
	_exit(DAEMON_EXIT_FAILED);
}

static int detach(struct daemon *daemon)
{
	int ends[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	fflush(NULL);
	child = fork();
	if (child < 0) {
		int error = -errno;

		close(ends[0]);
		close(ends[1]);
		return error;
	}
	if (child > 0) {
		close(ends[1]);
		wait_until_ready(ends[0], child);
	}
	close(ends[0]);
	daemon->ready_socket = ends[1];
	if (setsid() < 0 || chdir("/"))
		return -errno;
	return 0;
}

int daemon_start(struct daemon *daemon, const struct daemon_program *program, void *settings, int argc, char **argv)
{
	char message[CONFIGURATION_MESSAGE_SIZE];
	struct common_settings common;
	int status;
	int error;

	memset(daemon, 0, sizeof(*daemon));
	daemon->program = program;
	daemon->ready_socket = -1;
	log_set_program(program->name);
	status = read_options(daemon, argc, argv);
	if (status != DAEMON_RUN)
		return status;
	memset(settings, 0, program->settings_size);
	if (read_settings(daemon, &common, settings, message, sizeof(message))) {
		log_error("%s", message);
		return DAEMON_EXIT_USAGE;
	}
	set_log_level(daemon, &common);
	if (set_folders(daemon, &common))
		return DAEMON_EXIT_USAGE;
	if (daemon->detach) {
		error = detach(daemon);
		if (error) {
			log_error("cannot detach: %s", strerror(-error));
			return DAEMON_EXIT_FAILED;
		}
	}
	return DAEMON_RUN;
}

void daemon_ready(struct daemon *daemon)
{
	const char byte = 0;
	ssize_t told;
	int null;

	if (daemon->ready_socket < 0)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		/* It is one of these three itself where the caller had closed one. */
		if (null > STDERR_FILENO)
			close(null);
	}
	log_to_syslog();
	/* A caller that has gone meanwhile is no reason to end. */
	do
		told = send(daemon->ready_socket, &byte, 1, MSG_NOSIGNAL);
	while (told < 0 && errno == EINTR);
	close(daemon->ready_socket);
	daemon->ready_socket = -1;
}
