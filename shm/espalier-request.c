/* SPDX-License-Identifier: BSD-2-Clause */
/* espalier-request: asks owners to set, add, delete or run something, from a shell. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shm/format.h"

/** What the program exits with. */
enum {
	EXIT_OK = 0,
	EXIT_FAULT = 1, /* a fault, an owner that did not answer, or output that could not be written */
	EXIT_USAGE = 2,
	EXIT_NO_OWNER = 3,
};

enum { WAIT_SECONDS = 10, WAIT_SECONDS_MAXIMUM = 3600 };

/** A request from the command line. */
struct asking {
	const char *verb;
	enum espalier_request_kind kind; /* 0: set */
	struct espalier_entry *entries;
	size_t count;
	int milliseconds;
	int status;
	bool answered;
};

static const struct {
	const char *verb;
	enum espalier_request_kind kind;
} verbs[] = {
	{"set", 0},
	{"add", ESPALIER_ADD},
	{"delete", ESPALIER_DELETE},
	{"operate", ESPALIER_OPERATE},
};

static const char help[] = "usage: espalier-request [-t SECONDS] set PATH=VALUE ...\n"
			   "       espalier-request [-t SECONDS] add PATH.\n"
			   "       espalier-request [-t SECONDS] delete PATH.\n"
			   "       espalier-request [-t SECONDS] operate COMMAND [NAME=VALUE ...]\n"
			   "       espalier-request -V | -h\n";

static void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void complain(const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	/* Owners' texts must not reach the terminal as they are. */
	fputs("espalier-request: ", stderr);
	format_escaped(stderr, text, (size_t)length);
	fputc('\n', stderr);
	free(text);
}

/** True for what means that nobody is there who could answer. */
static bool is_no_owner(int error)
{
	return error == -ENOENT || error == -ECONNREFUSED || error == -EPIPE;
}

static void print_success(const struct asking *asking, const struct espalier_result *result)
{
	if (asking->kind == ESPALIER_ADD) {
		printf("%s%u.\n", asking->entries[0].path, (unsigned int)result->instance);
		return;
	}
	for (size_t i = 0; i < asking->count && (asking->kind == 0 || i == 0); i++) {
		printf("%s %s", asking->kind ? "done" : "set", asking->entries[i].path);
		if (!asking->kind) {
			fputs(" = ", stdout);
			format_escaped(stdout, asking->entries[i].value, asking->entries[i].length);
		}
		putchar('\n');
	}
	for (uint32_t i = 0; i < result->value_count; i++) {
		format_escaped(stdout, result->values[i].name, strlen(result->values[i].name));
		fputs(" = ", stdout);
		format_escaped(stdout, result->values[i].value, strlen(result->values[i].value));
		putchar('\n');
	}
}

static void print_faults(const struct asking *asking, const struct espalier_result *result)
{
	for (uint32_t i = 0; i < result->count; i++) {
		const struct espalier_answer_entry *entry = &result->entries[i];

		complain("%s: fault %d%s%s", entry->index < asking->count ? asking->entries[entry->index].path : "",
			 entry->fault, entry->text && *entry->text ? ": " : "", entry->text ? entry->text : "");
	}
	if (!result->count || (result->text && *result->text))
		complain("%s%s%s: fault %d%s%s", asking->verb, asking->kind || asking->count == 1 ? " " : "",
			 asking->kind || asking->count == 1 ? asking->entries[0].path : "", result->fault,
			 result->text && *result->text ? ": " : "", result->text ? result->text : "");
	if (asking->kind == 0 && asking->count > 1)
		complain("nothing was set");
}

static void done(const struct espalier_result *result, void *context)
{
	struct asking *asking = context;

	asking->answered = true;
	if (result->error < 0) {
		complain("%s: %s", asking->verb,
			 result->error == -ETIMEDOUT  ? "no answer in time"
			 : is_no_owner(result->error) ? "the owner is not there"
						      : strerror(-result->error));
		asking->status = is_no_owner(result->error) ? EXIT_NO_OWNER : EXIT_FAULT;
	} else if (result->fault || result->count) {
		print_faults(asking, result);
		asking->status = EXIT_FAULT;
	} else {
		print_success(asking, result);
		asking->status = EXIT_OK;
	}
}

/** True when some segment of a living owner has the path, or the object or table that it lies in. */
static bool is_known(struct espalier_reader *reader, const char *path)
{
	uint32_t parameter;
	size_t length = strlen(path);

	if (length && path[length - 1] == '.')
		return espalier_find_object(reader, path, length) >= 0;
	return espalier_find_parameter(reader, path, length, &parameter) >= 0;
}

static int ask(struct asking *asking)
{
	struct espalier_reader *reader;
	int error = espalier_reader_open(&reader, NULL);

	if (error < 0) {
		complain("the run folder: %s",
			 error == -ENOENT ? "it does not exist: no owner runs" : strerror(-error));
		return EXIT_NO_OWNER;
	}
	for (size_t i = 0; i < asking->count && asking->kind != ESPALIER_OPERATE; i++) {
		if (!is_known(reader, asking->entries[i].path)) {
			complain("%s: no owner publishes this", asking->entries[i].path);
			espalier_reader_close(reader);
			return EXIT_NO_OWNER;
		}
	}
	asking->status = EXIT_FAULT;
	if (asking->kind)
		error = espalier_request_wait(reader, asking->kind, asking->entries, asking->count,
					      asking->milliseconds, done, asking);
	else
		error = espalier_set_wait(reader, asking->entries, asking->count, asking->milliseconds, done, asking);
	if (!asking->answered) {
		struct espalier_result result = {.error = error < 0 ? error : -EPROTO};

		done(&result, asking);
	}
	espalier_reader_close(reader);
	return asking->status;
}

/** Takes the verb and its arguments. */
static int parse_entries(struct asking *asking, int count, char **arguments)
{
	size_t verb = 0;

	if (!count) {
		fputs(help, stderr);
		return EXIT_USAGE;
	}
	while (verb < sizeof(verbs) / sizeof(verbs[0]) && strcmp(verbs[verb].verb, arguments[0]) != 0)
		verb++;
	if (verb == sizeof(verbs) / sizeof(verbs[0])) {
		complain("\"%s\" is none of set, add, delete and operate", arguments[0]);
		return EXIT_USAGE;
	}
	asking->verb = verbs[verb].verb;
	asking->kind = verbs[verb].kind;
	asking->count = (size_t)count - 1;
	if (!asking->count ||
	    ((asking->kind == ESPALIER_ADD || asking->kind == ESPALIER_DELETE) && asking->count > 1)) {
		complain("%s takes %s", asking->verb,
			 asking->kind == 0		    ? "PATH=VALUE ..."
			 : asking->kind == ESPALIER_OPERATE ? "COMMAND [NAME=VALUE ...]"
							    : "one PATH that ends with a dot");
		return EXIT_USAGE;
	}
	if (asking->count > ESPALIER_CHANGES_MAXIMUM) {
		complain("more than %d arguments", ESPALIER_CHANGES_MAXIMUM);
		return EXIT_USAGE;
	}
	asking->entries = calloc(asking->count, sizeof(*asking->entries));
	if (!asking->entries) {
		complain("%s", strerror(ENOMEM));
		return EXIT_FAULT;
	}
	for (size_t i = 0; i < asking->count; i++) {
		char *path = arguments[i + 1], *equals = strchr(path, '=');
		bool takes_value = asking->kind == 0 || (asking->kind == ESPALIER_OPERATE && i > 0);
		size_t length = strlen(path);

		if (takes_value != (equals != NULL) || !length || path == equals) {
			complain("%s: \"%s\" is not %s", asking->verb, path,
				 takes_value ? "a name, \"=\" and a value" : "a path");
			return EXIT_USAGE;
		}
		if ((asking->kind == ESPALIER_ADD || asking->kind == ESPALIER_DELETE) && path[length - 1] != '.') {
			complain("%s: \"%s\" does not end with a dot", asking->verb, path);
			return EXIT_USAGE;
		}
		if (equals)
			*equals = '\0';
		if (equals && strlen(equals + 1) > ESPALIER_VALUE_MAXIMUM) {
			complain("%s: the value has more than %d bytes", path, ESPALIER_VALUE_MAXIMUM);
			return EXIT_USAGE;
		}
		asking->entries[i] = (struct espalier_entry){
			.path = path,
			.value = equals ? equals + 1 : "",
			.length = equals ? (uint32_t)strlen(equals + 1) : 0,
		};
	}
	return EXIT_OK;
}

static int parse(struct asking *asking, int argc, char **argv)
{
	double seconds = WAIT_SECONDS;
	char *end;
	int option;

	/* '+': what follows the verb is never an option, a value may begin with '-'. */
	while ((option = getopt(argc, argv, "+t:Vh")) != -1) {
		switch (option) {
		case 't':
			seconds = strtod(optarg, &end);
			if (end == optarg || *end || !(seconds > 0 && seconds <= WAIT_SECONDS_MAXIMUM)) {
				complain("-t %s: more than 0, at most %d seconds", optarg, WAIT_SECONDS_MAXIMUM);
				return EXIT_USAGE;
			}
			break;
		case 'V':
		case 'h':
			fputs(option == 'h' ? help : "espalier-request " ESPALIER_VERSION "\n", stdout);
			exit(fflush(stdout) == 0 ? EXIT_OK : EXIT_FAULT);
		default:
			fputs(help, stderr);
			return EXIT_USAGE;
		}
	}
	asking->milliseconds = (int)(seconds * 1000);
	return parse_entries(asking, argc - optind, argv + optind);
}

int main(int argc, char **argv)
{
	struct asking asking = {0};
	int status = parse(&asking, argc, argv);

	signal(SIGPIPE, SIG_IGN);
	if (status == EXIT_OK)
		status = ask(&asking);
	free(asking.entries);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		/* Whatever became of the request: who asked did not learn it. */
		complain("standard output: %s", strerror(errno));
		return EXIT_FAULT;
	}
	return status;
}
