/* SPDX-License-Identifier: BSD-2-Clause */
/* espalier-publish: publishes what a script prints, while it runs. The command line, input, and the loop. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shm/format.h"
#include "shm/publish-request.h"

/** What the program exits with. */
enum {
	EXIT_OK = 0,
	EXIT_RUN = 1,
	EXIT_USAGE = 2,
};

enum {
	QUIET_MILLISECONDS = 100, /* a group outside begin and commit ends when no line came for this long */
	READ_SIZE = 1 << 16,
	ANSWER_SECONDS = 5,
	ANSWER_SECONDS_MAXIMUM = 25, /* who asks may give up after that */
};

struct publisher {
	struct publish_tree tree;
	struct publish_requests requests;
	char *input; /* a line's beginning, and what was read behind it */
	size_t used;
	uint32_t line;
	bool skipping; /* the rest of a line that is too long */
	bool ended;    /* no more input */
	bool explicit; /* between begin and commit */
	bool end_with_input;
	uint64_t quiet; /* when the group ends by itself; 0: it is empty */
};

static volatile sig_atomic_t interrupted;

static const char help[] =
	"usage: espalier-publish [-ae] [-n NAME] [-N FILE] [-t SECONDS]\n"
	"Publishes lines \"PATH TYPE VALUE\" from standard input while it runs.\n"
	"  -n, --name=NAME        of the segment (publish)\n"
	"  -a, --accept           store what is set at once; without it, requests are lines on standard output\n"
	"  -e, --end              end with the input, not by a signal only\n"
	"  -N, --numbers=FILE     keeps the instance numbers that were given, so that none is given again\n"
	"  -t, --timeout=SECONDS  for the answer to a request (5)\n"
	"  -V, --version          -h, --help\n"
	"See espalier-publish(1) for the lines.\n";

/** Prints a line on standard error; what comes from the input must not reach a terminal as it is. */
static void complain_text(uint32_t line, const char *text)
{
	fputs("espalier-publish: ", stderr);
	if (line)
		fprintf(stderr, "line %u: ", (unsigned int)line);
	format_escaped(stderr, text, strlen(text));
	fputc('\n', stderr);
}

static void interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

/** Applies the group. False: the segment is lost. */
static bool commit(struct publisher *publisher)
{
	int error = publish_tree_commit(&publisher->tree);

	publisher->explicit = false;
	publisher->quiet = 0;
	if (error == 0)
		return true;
	complain_text(publisher->line, espalier_error_text()[0] ? espalier_error_text() : strerror(-error));
	return false;
}

static bool take_answer(struct publisher *publisher, const struct publish_line *line)
{
	/* What the script printed before its answer belongs before it. */
	if (!publisher->explicit && publisher->quiet && !commit(publisher))
		return false;
	if (!publish_request_answer(&publisher->requests, line))
		complain_text(publisher->line, "no request has this number");
	return true;
}

/** Takes one line, which has one byte of room behind it. False: the segment is lost. */
static bool take_line(struct publisher *publisher, char *text, size_t length)
{
	char error[PUBLISH_ERROR_SIZE];
	struct publish_line line;
	int result;

	publisher->line++;
	if (length > PUBLISH_LINE_MAXIMUM) {
		complain_text(publisher->line, "the line is too long");
		return true;
	}
	if (publish_line_parse(text, length, &line, error) < 0) {
		complain_text(publisher->line, error);
		return true;
	}
	switch (line.kind) {
	case PUBLISH_NOTHING:
		break;
	case PUBLISH_BEGIN:
		if (publisher->explicit)
			complain_text(publisher->line, "\"begin\" within a group that was not committed");
		else if (publisher->quiet && !commit(publisher))
			return false;
		publisher->explicit = true;
		break;
	case PUBLISH_COMMIT:
		return commit(publisher);
	case PUBLISH_PARAMETER:
	case PUBLISH_OBJECT:
	case PUBLISH_DELETE:
		result = publish_tree_line(&publisher->tree, &line, publisher->line, error);
		if (result < 0)
			complain_text(publisher->line, result == -ENOMEM ? strerror(ENOMEM) : error);
		publisher->quiet = publish_now() + QUIET_MILLISECONDS;
		if (publisher->tree.group_count >= PUBLISH_GROUP_MAXIMUM)
			return commit(publisher);
		break;
	case PUBLISH_OK:
	case PUBLISH_FAULT:
		return take_answer(publisher, &line);
	}
	return true;
}

/** Takes the complete lines of what was read, and at the end of input the last one without a newline. */
static bool take_lines(struct publisher *publisher)
{
	size_t at = 0;
	bool good = true;

	while (good && at < publisher->used) {
		char *begin = publisher->input + at;
		char *end = memchr(begin, '\n', publisher->used - at);
		size_t length = end ? (size_t)(end - begin) : publisher->used - at;

		if (!end && !publisher->ended)
			break;
		if (publisher->skipping)
			publisher->skipping = false;
		else
			good = take_line(publisher, begin, length);
		at += length + (end != NULL);
	}
	publisher->used -= at;
	memmove(publisher->input, publisher->input + at, publisher->used);
	if (publisher->used > PUBLISH_LINE_MAXIMUM) {
		if (!publisher->skipping)
			complain_text(++publisher->line, "the line is too long");
		publisher->skipping = true;
		publisher->used = 0;
	}
	return good;
}

/** The end of input: what was given counts, but for a group that was begun and not committed. */
static bool end_input(struct publisher *publisher)
{
	publisher->ended = true;
	if (!take_lines(publisher))
		return false;
	if (publisher->explicit) {
		complain_text(0, "the input ended within a group: it is given up");
		publish_tree_abandon(&publisher->tree);
		publisher->explicit = false;
	}
	publisher->requests.deaf = true;
	publish_request_expire(&publisher->requests, true, "nobody answers any more");
	if (!commit(publisher))
		return false;
	if (!publisher->tree.writer)
		complain_text(0, "the input declared no parameter: there is nothing to publish");
	return publisher->tree.writer;
}

static bool read_input(struct publisher *publisher)
{
	ssize_t length = read(STDIN_FILENO, publisher->input + publisher->used, READ_SIZE);

	if (length < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (length < 0)
		complain_text(0, strerror(errno));
	if (length <= 0)
		return end_input(publisher);
	publisher->used += (size_t)length;
	return take_lines(publisher);
}

/** True when a group waits for no more lines to come. */
static bool group_waits(const struct publisher *publisher)
{
	return publisher->quiet && !publisher->explicit && !publisher->ended;
}

/** How long to wait: for a request's answer, and for the group to end by itself. */
static struct timespec wait_time(const struct publisher *publisher)
{
	int milliseconds = publish_request_timeout(&publisher->requests);
	uint64_t now = publish_now();

	if (group_waits(publisher)) {
		int quiet = publisher->quiet > now ? (int)(publisher->quiet - now) : 0;

		if (milliseconds < 0 || quiet < milliseconds)
			milliseconds = quiet;
	}
	/* No limit: as long as ppoll() can wait. */
	if (milliseconds < 0)
		return (struct timespec){.tv_sec = INT32_MAX};
	return (struct timespec){.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L};
}

static int run(struct publisher *publisher, const sigset_t *signals)
{
	while (!interrupted && !(publisher->ended && publisher->end_with_input)) {
		struct pollfd descriptors[2] = {{.fd = publisher->ended ? -1 : STDIN_FILENO, .events = POLLIN},
						{.fd = -1, .events = POLLIN}};
		struct timespec time = wait_time(publisher);
		int count;

		if (publisher->tree.writer)
			descriptors[1].fd = espalier_writer_fd(publisher->tree.writer);
		count = ppoll(descriptors, 2, &time, signals);
		if (count < 0 && errno != EINTR) {
			complain_text(0, strerror(errno));
			return EXIT_RUN;
		}
		if (count <= 0)
			descriptors[0].revents = descriptors[1].revents = 0;
		if (descriptors[0].revents && !read_input(publisher))
			return EXIT_RUN;
		if (group_waits(publisher) && publish_now() >= publisher->quiet && !commit(publisher))
			return EXIT_RUN;
		if (descriptors[1].revents)
			espalier_writer_serve(publisher->tree.writer, 0);
		publish_request_expire(&publisher->requests, false, "no answer in time");
	}
	return EXIT_OK;
}

static int parse(struct publisher *publisher, int argc, char **argv)
{
	static const struct option options[] = {
		{"name", required_argument, NULL, 'n'},	   {"accept", no_argument, NULL, 'a'},
		{"end", no_argument, NULL, 'e'},	   {"numbers", required_argument, NULL, 'N'},
		{"timeout", required_argument, NULL, 't'}, {"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},	   {NULL, 0, NULL, 0},
	};
	const char *numbers = NULL;
	double seconds = ANSWER_SECONDS;
	char *end;
	int option;

	publisher->tree.options.name = "publish";
	publisher->tree.options.owner = &publish_asking_owner;
	while ((option = getopt_long(argc, argv, "n:aeN:t:Vh", options, NULL)) != -1) {
		switch (option) {
		case 'n':
			publisher->tree.options.name = optarg;
			break;
		case 'a':
			publisher->tree.options.owner = &publish_accepting_owner;
			break;
		case 'e':
			publisher->end_with_input = true;
			break;
		case 'N':
			numbers = optarg;
			break;
		case 't':
			seconds = strtod(optarg, &end);
			if (end == optarg || *end || !(seconds > 0 && seconds <= ANSWER_SECONDS_MAXIMUM)) {
				fprintf(stderr, "espalier-publish: -t %s: more than 0, at most %d seconds\n", optarg,
					ANSWER_SECONDS_MAXIMUM);
				return EXIT_USAGE;
			}
			break;
		case 'V':
		case 'h':
			fputs(option == 'h' ? help : "espalier-publish " ESPALIER_VERSION "\n", stdout);
			exit(fflush(stdout) == 0 ? EXIT_OK : EXIT_RUN);
		default:
			fputs(help, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "espalier-publish: \"%s\": lines are read from standard input\n", argv[optind]);
		return EXIT_USAGE;
	}
	publisher->requests.milliseconds = (uint32_t)(seconds * 1000);
	if (espalier_numbering_open(&publisher->tree.numbering, numbers) < 0) {
		complain_text(0, numbers ? espalier_error_text() : strerror(ENOMEM));
		return EXIT_RUN;
	}
	return EXIT_OK;
}

/** Signals that end the program arrive only while it waits; `waiting` becomes the mask for that. */
static void catch_signals(sigset_t *waiting)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = interrupt};
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		sigaddset(&blocked, numbers[i]);
		sigaction(numbers[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, waiting);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigdelset(waiting, numbers[i]);
	signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
	struct publisher publisher = {0};
	sigset_t waiting;
	int status = parse(&publisher, argc, argv);

	if (status != EXIT_OK)
		return status;
	publisher.tree.complain = complain_text;
	publisher.tree.options.program = "espalier-publish";
	publisher.tree.options.version = ESPALIER_VERSION;
	publisher.tree.options.context = &publisher.requests;
	publisher.requests.tree = &publisher.tree;
	publisher.input = malloc(PUBLISH_LINE_MAXIMUM + READ_SIZE + 1);
	if (!publisher.input) {
		complain_text(0, strerror(ENOMEM));
		return EXIT_RUN;
	}
	catch_signals(&waiting);
	status = run(&publisher, &waiting);
	publisher.requests.deaf = true;
	publish_request_expire(&publisher.requests, true, "the owner ends");
	publish_tree_close(&publisher.tree);
	free(publisher.input);
	return status;
}
