/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all daemons share: options, exit statuses, folders, reading the configuration again, detaching. */
#include "shm/daemon.h"
#include "shm/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct settings {
	uint32_t number;
};

static const struct configuration_key keys[] = {
	CONFIGURATION_UNSIGNED("own", "number", struct settings, number, 0, 9, "5"),
};
static const char *const others[] = {"other", NULL};
static const struct daemon_program program = {
	.name = "test-daemon",
	.purpose = "is started by a test",
	.keys = keys,
	.key_count = 1,
	.settings_size = sizeof(struct settings),
	.other_sections = others,
};

static struct settings settings;
static struct daemon daemon_state;
static char path[] = "/tmp/daemon-XXXXXX";

static void write_file(const char *text)
{
	int file = open(path, O_WRONLY | O_TRUNC);

	if (file < 0)
		file = mkstemp(path);
	cr_assert_geq(file, 0);
	cr_assert_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
	close(file);
}

static void remove_file(void)
{
	unlink(path);
}

/* Calls daemon_start() with these arguments; a NULL ends them. */
static int start(char *first, char *second, char *third, char *fourth)
{
	char *argv[] = {"test-daemon", first, second, third, fourth, NULL};
	int argc = 1;

	while (argv[argc])
		argc++;
	optind = 0;
	return daemon_start(&daemon_state, &program, &settings, argc, argv);
}

/* Standard output and error of the following go nowhere. */
static void be_quiet(void)
{
	int null = open("/dev/null", O_WRONLY);

	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	close(null);
}

TestSuite(daemon, .fini = remove_file);

Test(daemon, configuration_and_folders)
{
	unsetenv("ESPALIER_DIR");
	write_file(
		"[paths]\nrun = /a/run\nstate = /a/state\n[own]\nnumber = 7\n[other]\nx = y\n[log]\nlevel = error\n");
	cr_assert_eq(start("-c", path, NULL, NULL), DAEMON_RUN);
	cr_assert_str_eq(daemon_state.run_folder, "/a/run");
	cr_assert_str_eq(daemon_state.state_folder, "/a/state");
	cr_assert_eq(settings.number, 7);
	cr_assert_eq(log_level(), LOG_ERR);
}

Test(daemon, defaults)
{
	unsetenv("ESPALIER_DIR");
	write_file("");
	cr_assert_eq(start("-c", path, NULL, NULL), DAEMON_RUN);
	cr_assert_str_eq(daemon_state.run_folder, "/run/espalier");
	cr_assert_str_eq(daemon_state.state_folder, "/var/lib/espalier");
	cr_assert_eq(settings.number, 5);
	cr_assert_eq(log_level(), LOG_NOTICE);
}

Test(daemon, the_environment_wins_over_the_run_folder)
{
	char expected[PATH_MAX + 16];
	char folder[PATH_MAX];

	write_file("[paths]\nrun = /a/run\n");
	setenv("ESPALIER_DIR", "/b/run", 1);
	cr_assert_eq(start("-c", path, NULL, NULL), DAEMON_RUN);
	cr_assert_str_eq(daemon_state.run_folder, "/b/run");
	setenv("ESPALIER_DIR", "relative", 1);
	cr_assert_eq(start("-c", path, NULL, NULL), DAEMON_RUN);
	cr_assert(getcwd(folder, sizeof(folder)));
	snprintf(expected, sizeof(expected), "%s/relative", folder);
	cr_assert_str_eq(daemon_state.run_folder, expected);
	setenv("ESPALIER_DIR", "", 1);
	cr_assert_eq(start("-c", path, NULL, NULL), DAEMON_RUN);
	cr_assert_str_eq(daemon_state.run_folder, "/a/run");
}

Test(daemon, more_log)
{
	write_file("[log]\nlevel = warning\n");
	cr_assert_eq(start("-vvc", path, NULL, NULL), DAEMON_RUN);
	cr_assert_eq(log_level(), LOG_INFO);
	cr_assert_eq(start("-vvvvvvvvvvc", path, NULL, NULL), DAEMON_RUN);
	cr_assert_eq(log_level(), LOG_DEBUG);
}

Test(daemon, help_and_version_end_cleanly)
{
	be_quiet();
	cr_assert_eq(start("-h", NULL, NULL, NULL), DAEMON_EXIT_CLEAN);
	cr_assert_eq(start("-V", NULL, NULL, NULL), DAEMON_EXIT_CLEAN);
}

Test(daemon, wrong_usage)
{
	write_file("");
	be_quiet();
	cr_assert_eq(start("-x", NULL, NULL, NULL), DAEMON_EXIT_USAGE);
	cr_assert_eq(start("-c", NULL, NULL, NULL), DAEMON_EXIT_USAGE);
	cr_assert_eq(start("-c", path, "more", NULL), DAEMON_EXIT_USAGE);
	cr_assert_eq(start("-c", "/nonexistent/espalier.conf", NULL, NULL), DAEMON_EXIT_USAGE);
	write_file("[own]\nnumber = 10\n");
	cr_assert_eq(start("-c", path, NULL, NULL), DAEMON_EXIT_USAGE);
	write_file("[paths]\nstate =\n");
	cr_assert_eq(start("-c", path, NULL, NULL), DAEMON_EXIT_USAGE);
}

Test(daemon, a_bad_file_leaves_the_settings)
{
	write_file("[own]\nnumber = 1\n");
	cr_assert_eq(start("-c", path, NULL, NULL), DAEMON_RUN);
	be_quiet();
	write_file("[log]\nlevel = debug\n[own]\nnumber = 2\nnumber = 3\n");
	cr_assert_eq(daemon_read_configuration(&daemon_state, &settings), -EINVAL);
	cr_assert_eq(settings.number, 1);
	cr_assert_eq(log_level(), LOG_NOTICE);
	write_file("[log]\nlevel = debug\n[own]\nnumber = 4\n");
	cr_assert_eq(daemon_read_configuration(&daemon_state, &settings), 0);
	cr_assert_eq(settings.number, 4);
	cr_assert_eq(log_level(), LOG_DEBUG);
}

Test(daemon, ready_without_detaching_does_nothing)
{
	write_file("");
	cr_assert_eq(start("-c", path, NULL, NULL), DAEMON_RUN);
	daemon_ready(&daemon_state);
	cr_assert_eq(fcntl(STDERR_FILENO, F_GETFD) >= 0, 1);
}

/*
 * Runs a detaching program in a process of its own. After the start the child tells of itself on the pipe, then calls
 * daemon_ready() or ends. Returns the exit status that the caller of such a program sees.
 */
static int run_detached(bool succeed, int report)
{
	pid_t caller = fork();
	int status;

	cr_assert_geq(caller, 0);
	if (caller == 0) {
		char folder[16];

		be_quiet();
		if (start("-dc", path, NULL, NULL) != DAEMON_RUN)
			_exit(77);
		if (!succeed)
			_exit(DAEMON_EXIT_FAILED);
		daemon_ready(&daemon_state);
		dprintf(report, "%d %s", getsid(0) == getpid(), getcwd(folder, sizeof(folder)));
		_exit(DAEMON_EXIT_CLEAN);
	}
	cr_assert_eq(waitpid(caller, &status, 0), caller);
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

Test(daemon, detaching_tells_the_caller)
{
	char report[64] = "";
	int ends[2];

	write_file("");
	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(run_detached(false, ends[1]), DAEMON_EXIT_FAILED);
	cr_assert_eq(run_detached(true, ends[1]), DAEMON_EXIT_CLEAN);
	close(ends[1]);
	cr_assert_gt(read(ends[0], report, sizeof(report) - 1), 0);
	cr_assert_str_eq(report, "1 /");
}

Test(daemon, a_wrong_configuration_fails_before_detaching)
{
	write_file("[own]\nnumber = x\n");
	be_quiet();
	cr_assert_eq(start("-dc", path, NULL, NULL), DAEMON_EXIT_USAGE);
}

Test(daemon, signals_wait_in_the_descriptor)
{
	int descriptor = daemon_open_signals(), seen = 0, number;

	cr_assert(descriptor >= 0);
	cr_expect_eq(daemon_next_signal(descriptor), 0);
	kill(getpid(), SIGHUP);
	cr_expect_eq(daemon_next_signal(descriptor), SIGHUP);
	kill(getpid(), SIGTERM);
	kill(getpid(), SIGINT);
	while ((number = daemon_next_signal(descriptor)))
		seen |= 1 << number;
	cr_expect_eq(seen, 1 << SIGTERM | 1 << SIGINT);
	close(descriptor);
	/* One that comes now does not end the process. */
	kill(getpid(), SIGTERM);
}
