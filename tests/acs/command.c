// SPDX-License-Identifier: GPL-2.0-or-later
// The commands: their table, reading them from text, running the local ones.

#include <stdlib.h>
#include <string.h>

#include "tests/acs/connect.h"
#include "tests/acs/device.h"
#include "tests/acs/misbehave.h"
#include "tests/acs/options.h"
#include "tests/acs/output.h"
#include "tests/acs/rpc.h"
#include "tests/acs/rpc_transfer.h"

enum { ARGUMENTS_MAX = 4096 };

static enum run_result run_wait(struct device *device, struct command *command)
{
	char *end;
	double seconds = strtod(command->argv[0], &end);

	if (*end || !(seconds >= 0 && seconds < 1e6)) {
		print_result("error not a number of seconds: %s", command->argv[0]);
		return RUN_FAILED;
	}
	timer_set(&device->wait, (uint64_t)(seconds * 1000));
	return RUN_WAIT;
}

static enum run_result run_wait_inform(struct device *device, struct command *command)
{
	(void)device;
	(void)command;
	return RUN_WAIT;
}

static enum run_result run_set_hold(struct device *device, struct command *command)
{
	(void)device;
	options.hold = !strcmp(command->argv[0], "on");
	if (options.hold || !strcmp(command->argv[0], "off"))
		return RUN_DONE;
	print_result("error neither on nor off: %s", command->argv[0]);
	return RUN_FAILED;
}

static enum run_result run_parameter_key(struct device *device, struct command *command)
{
	(void)device;
	rpc_set_parameter_key(command->argv[0]);
	return RUN_DONE;
}

static enum run_result run_misbehave(struct device *device, struct command *command)
{
	const char *error;

	(void)device;
	if (!strcmp(command->argv[0], "off")) {
		misbehave_clear();
		return RUN_DONE;
	}
	error = misbehave_add(command->argv[0], misbehave_responses());
	if (!error)
		return RUN_DONE;
	print_result("error %s: %s", command->argv[0], error);
	return RUN_FAILED;
}

static enum run_result run_device(struct device *device, struct command *command)
{
	(void)device;
	device_set_current(device_get(command->argv[0]));
	return RUN_DONE;
}

static enum run_result run_devices(struct device *device, struct command *command)
{
	(void)device;
	(void)command;
	for (unsigned i = 0; device_at(i); i++) {
		const char *url = device_at(i)->told[CONNECT_HTTP];

		print_result("device %s %s%s%s", device_at(i)->id, url && *url ? url : "-",
			     device_at(i)->session ? " in session" : "",
			     device_at(i) == device_current() ? " current" : "");
	}
	return RUN_DONE;
}

static enum run_result run_echo(struct device *device, struct command *command)
{
	(void)device;
	print_result("%s", command->argc ? command->argv[0] : "");
	return RUN_DONE;
}

static enum run_result run_help(struct device *device, struct command *command)
{
	(void)device;
	(void)command;
	output_flush();
	command_help(stdout);
	return RUN_DONE;
}

static enum run_result run_quit(struct device *device, struct command *command)
{
	(void)device;
	(void)command;
	loop_stop(device_failures() && !options.allow_faults ? 1 : 0);
	return RUN_DONE;
}

static const struct command_kind kinds[] = {
	{"get", "PATH...", "GetParameterValues", 1, ARGUMENTS_MAX, ARGUMENT_PATH, rpc_get_parameter_values,
	 "GetParameterValuesResponse", NULL, IN_SESSION},
	{"names", "[PATH [NEXT-LEVEL]]", "GetParameterNames; '' is the root, NEXT-LEVEL 0 (default) or 1", 0, 2,
	 ARGUMENT_PATH, rpc_get_parameter_names, "GetParameterNamesResponse", NULL, IN_SESSION},
	{"set", "PATH VALUE ...", "SetParameterValues, also as PATH=VALUE; VALUE:type gives the type", 1, ARGUMENTS_MAX,
	 ARGUMENT_PATH, rpc_set_parameter_values, "SetParameterValuesResponse", NULL, IN_SESSION},
	{"attributes", "PATH...", "GetParameterAttributes", 1, ARGUMENTS_MAX, ARGUMENT_PATH,
	 rpc_get_parameter_attributes, "GetParameterAttributesResponse", NULL, IN_SESSION},
	{"set-attributes", "PATH NOTIFICATION [LIST]",
	 "SetParameterAttributes; NOTIFICATION - changes nothing, LIST with commas or ''", 2, 3, ARGUMENT_PATH,
	 rpc_set_parameter_attributes, "SetParameterAttributesResponse", NULL, IN_SESSION},
	{"methods", "", "GetRPCMethods", 0, 0, ARGUMENT_NONE, rpc_get_rpc_methods, "GetRPCMethodsResponse", NULL,
	 IN_SESSION},
	{"add", "PATH", "AddObject", 1, 1, ARGUMENT_PATH, rpc_add_object, "AddObjectResponse", NULL, IN_SESSION},
	{"delete", "PATH", "DeleteObject", 1, 1, ARGUMENT_PATH, rpc_delete_object, "DeleteObjectResponse", NULL,
	 IN_SESSION},
	{"reboot", "[KEY]", "Reboot", 0, 1, ARGUMENT_NONE, rpc_reboot, "RebootResponse", NULL, IN_SESSION},
	{"factory-reset", "", "FactoryReset", 0, 0, ARGUMENT_NONE, rpc_factory_reset, "FactoryResetResponse", NULL,
	 IN_SESSION},
	{"schedule-inform", "SECONDS [KEY]", "ScheduleInform", 1, 2, ARGUMENT_NONE, rpc_schedule_inform,
	 "ScheduleInformResponse", NULL, IN_SESSION},
	{"change-du-state", "KEY KIND[,FIELD=VALUE...]...",
	 "ChangeDUState; KIND is Install, Update or Uninstall, the fields are in the schema's order", 2, ARGUMENTS_MAX,
	 ARGUMENT_NONE, rpc_change_du_state, "ChangeDUStateResponse", NULL, IN_SESSION},
	{"download", "KEY TYPE URL [NAME=VALUE ...]", "Download; names user, password, size, target, delay", 3, 8,
	 ARGUMENT_NONE, rpc_download, "DownloadResponse", NULL, IN_SESSION},
	{"upload", "KEY TYPE URL [NAME=VALUE ...]", "Upload; names user, password, delay", 3, 6, ARGUMENT_NONE,
	 rpc_upload, "UploadResponse", NULL, IN_SESSION},
	{"schedule-download", "KEY TYPE URL [NAME=VALUE ...]",
	 "ScheduleDownload; as download, and window=START,END,MODE,RETRIES[,MESSAGE] each", 3, 12, ARGUMENT_NONE,
	 rpc_schedule_download, "ScheduleDownloadResponse", NULL, IN_SESSION},
	{"cancel-transfer", "KEY", "CancelTransfer", 1, 1, ARGUMENT_NONE, rpc_cancel_transfer, "CancelTransferResponse",
	 NULL, IN_SESSION},
	{"get-queued-transfers", "", "GetQueuedTransfers", 0, 0, ARGUMENT_NONE, rpc_get_queued_transfers,
	 "GetQueuedTransfersResponse", NULL, IN_SESSION},
	{"get-all-queued-transfers", "", "GetAllQueuedTransfers", 0, 0, ARGUMENT_NONE, rpc_get_all_queued_transfers,
	 "GetAllQueuedTransfersResponse", NULL, IN_SESSION},
	{"raw", "FILE", "sends the file as it is", 1, 1, ARGUMENT_FILE, rpc_raw, NULL, NULL, IN_SESSION},
	{"connect", "[WAY [TARGET]]", "connection request, by HTTP or another way; ends at the Inform that follows", 0,
	 2, ARGUMENT_NONE, NULL, NULL, connect_run, OUTSIDE_SESSION},
	{"wait-inform", "[EVENT]", "waits for an Inform, with that event code", 0, 1, ARGUMENT_NONE, NULL, NULL,
	 run_wait_inform, OUTSIDE_SESSION},
	{"wait", "SECONDS", "waits", 1, 1, ARGUMENT_NONE, NULL, NULL, run_wait, OUTSIDE_SESSION},
	{"set-hold", "on|off", "HoldRequests in the envelopes that follow", 1, 1, ARGUMENT_NONE, NULL, NULL,
	 run_set_hold, ANYWHERE},
	{"parameter-key", "KEY", "ParameterKey of the requests that follow", 1, 1, ARGUMENT_NONE, NULL, NULL,
	 run_parameter_key, ANYWHERE},
	{"misbehave", "KIND[:N[:ARG]]|off", "as --misbehave, N counted from now", 1, 1, ARGUMENT_NONE, NULL, NULL,
	 run_misbehave, ANYWHERE},
	{"device", "ID", "commands that follow are for this device", 1, 1, ARGUMENT_NONE, NULL, NULL, run_device,
	 AT_ONCE},
	{"devices", "", "lists the devices", 0, 0, ARGUMENT_NONE, NULL, NULL, run_devices, AT_ONCE},
	{"echo", "[TEXT]", "prints the text", 0, 1, ARGUMENT_NONE, NULL, NULL, run_echo, ANYWHERE},
	{"help", "", "this list", 0, 0, ARGUMENT_NONE, NULL, NULL, run_help, AT_ONCE},
	{"quit", "", "ends the ACS, once the commands before it are done", 0, 0, ARGUMENT_NONE, NULL, NULL, run_quit,
	 OUTSIDE_SESSION},
};

const struct command_kind *command_kind_at(unsigned n)
{
	return n < sizeof(kinds) / sizeof(kinds[0]) ? &kinds[n] : NULL;
}

void command_help(FILE *out)
{
	fputs("\nCommands:\n", out);
	for (unsigned i = 0; command_kind_at(i); i++)
		fprintf(out, "  %-15s %-24s %s\n", kinds[i].name, kinds[i].arguments, kinds[i].help);
	connect_help(out);
}

bool is_type(const char *name)
{
	static const char *const types[] = {"string",	    "int",	 "unsignedInt", "long",
					    "unsignedLong", "boolean",	 "dateTime",	"base64",
					    "base64Binary", "hexBinary", "decimal"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i], name))
			return true;
	return false;
}

/* Takes the next word at *line, with quotes removed. Returns false on an open quote. */
static bool take_word(const char **line, struct buffer *word)
{
	char quote = 0;

	buffer_clear(word);
	buffer_text(word, "");
	for (; **line && (quote || !strchr(" \t\r\n", **line)); ++*line) {
		char byte = **line;

		if (!quote && (byte == '\'' || byte == '"')) {
			quote = byte;
		} else if (byte == quote && quote) {
			quote = 0;
		} else if (byte == '\\' && quote != '\'' && (*line)[1]) {
			byte = *++*line;
			if (byte == 'n')
				byte = '\n';
			else if (byte == 't')
				byte = '\t';
			buffer_append(word, &byte, 1);
		} else {
			buffer_append(word, &byte, 1);
		}
	}
	return !quote;
}

static const struct command_kind *find_kind(const char *name)
{
	for (unsigned i = 0; command_kind_at(i); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

/* Gives a command that takes one text the whole rest of the line. */
static void join_arguments(struct command *command)
{
	struct buffer text = {0};

	for (unsigned i = 0; i < command->argc; i++) {
		buffer_format(&text, "%s%s", i ? " " : "", command->argv[i]);
		free(command->argv[i]);
	}
	command->argv[0] = copy_string(buffer_string(&text));
	command->argc = 1;
	buffer_free(&text);
}

struct command *command_parse(const char *line, const char **error)
{
	struct command *command;
	struct buffer word = {0};

	*error = NULL;
	line += strspn(line, " \t\r\n");
	if (!*line || *line == '#')
		return NULL;
	command = zalloc(sizeof(*command));
	command->text = copy_string(line);
	for (size_t end = strlen(command->text); end && strchr(" \t\r\n", command->text[end - 1]); end--)
		command->text[end - 1] = '\0';
	command->argv = zalloc(ARGUMENTS_MAX * sizeof(char *));
	take_word(&line, &word);
	command->kind = find_kind(buffer_string(&word));
	if (!command->kind)
		*error = "no such command";
	while (*(line += strspn(line, " \t\r\n")) && command->argc < ARGUMENTS_MAX) {
		if (!take_word(&line, &word))
			*error = "a quote is not closed";
		command->argv[command->argc++] = copy_string(buffer_string(&word));
	}
	buffer_free(&word);
	if (!*error && command->argc > 1 && command->kind->most == 1 && !command->kind->write)
		join_arguments(command);
	if (!*error && command->argc < command->kind->least)
		*error = "too few arguments";
	if (!*error && command->argc > command->kind->most)
		*error = "too many arguments";
	if (!*error && command->kind->write == rpc_set_parameter_values && !strchr(command->argv[0], '=') &&
	    command->argc % 2)
		*error = "the last path has no value";
	if (!*error)
		return command;
	command_free(command);
	return NULL;
}

void command_free(struct command *command)
{
	while (command->argc)
		free(command->argv[--command->argc]);
	free(command->argv);
	free(command->text);
	free(command);
}

void command_print_item(const struct item *item)
{
	switch (item->kind) {
	case ITEM_VALUE:
		print_value(item->name, item->value);
		break;
	case ITEM_NAME:
		print_result("%s %s", item->name, item->writable ? "writable" : "read-only");
		break;
	case ITEM_ATTRIBUTE:
		print_result("%s notification=%d access-list=%s", item->name, item->notification, item->value);
		break;
	case ITEM_METHOD:
		print_result("method %s", item->name);
		break;
	case ITEM_FAULT:
		print_result("fault-detail %d %s: %s", item->notification, item->name, item->value);
		break;
	}
}
