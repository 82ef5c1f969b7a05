// SPDX-License-Identifier: GPL-2.0-or-later
// Writes the ACS's requests about file transfers (TR-069 A.3.2.8 and A.4.1).

#include <stdlib.h>
#include <string.h>

#include "tests/acs/rpc_transfer.h"

enum { KEY, TYPE, URL, OPTIONS }; // arguments

/* The value of NAME=VALUE behind the fixed arguments, number `index` of those with the name; NULL without one. */
static const char *option(const struct command *command, const char *name, unsigned index)
{
	size_t length = strlen(name);

	for (unsigned i = OPTIONS; i < command->argc; i++) {
		const char *argument = command->argv[i];

		if (!strncmp(argument, name, length) && argument[length] == '=' && !index--)
			return argument + length + 1;
	}
	return NULL;
}

static void write_option(struct writer *writer, const struct command *command, const char *element, const char *name,
			 const char *standard)
{
	const char *value = option(command, name, 0);

	write_element(writer, element, value ? value : standard);
}

static void write_common(struct writer *writer, const struct command *command)
{
	write_element(writer, "CommandKey", command->argv[KEY]);
	write_element(writer, "FileType", command->argv[TYPE]);
	write_element(writer, "URL", command->argv[URL]);
	write_option(writer, command, "Username", "user", "");
	write_option(writer, command, "Password", "password", "");
}

int rpc_download(struct command *command, struct buffer *out, const struct envelope *envelope)
{
	struct writer writer;

	envelope_begin(&writer, out, envelope, "Download");
	write_common(&writer, command);
	write_option(&writer, command, "FileSize", "size", "0");
	write_option(&writer, command, "TargetFileName", "target", "");
	write_option(&writer, command, "DelaySeconds", "delay", "0");
	write_element(&writer, "SuccessURL", "");
	write_element(&writer, "FailureURL", "");
	envelope_end(&writer);
	return 0;
}

int rpc_upload(struct command *command, struct buffer *out, const struct envelope *envelope)
{
	struct writer writer;

	envelope_begin(&writer, out, envelope, "Upload");
	write_common(&writer, command);
	write_option(&writer, command, "DelaySeconds", "delay", "0");
	envelope_end(&writer);
	return 0;
}

/* START,END,MODE,RETRIES[,MESSAGE] */
static void write_window(struct writer *writer, const char *text)
{
	static const char *const elements[] = {"WindowStart", "WindowEnd", "WindowMode", "MaxRetries"};
	enum { ELEMENTS = sizeof(elements) / sizeof(elements[0]) };
	char *copy = copy_string(text), *rest = copy, *parts[ELEMENTS];

	for (unsigned i = 0; i < ELEMENTS; i++) {
		char *part = strsep(&rest, ",");

		parts[i] = part ? part : "";
	}
	write_open(writer, "TimeWindowStruct");
	for (unsigned i = 0; i < ELEMENTS - 1; i++)
		write_element(writer, elements[i], parts[i]);
	write_element(writer, "UserMessage", rest ? rest : "");
	write_element(writer, elements[ELEMENTS - 1], parts[ELEMENTS - 1]);
	write_close(writer, "TimeWindowStruct");
	free(copy);
}

int rpc_schedule_download(struct command *command, struct buffer *out, const struct envelope *envelope)
{
	struct writer writer;
	unsigned count = 0;

	while (option(command, "window", count))
		count++;
	envelope_begin(&writer, out, envelope, "ScheduleDownload");
	write_common(&writer, command);
	write_option(&writer, command, "FileSize", "size", "0");
	write_option(&writer, command, "TargetFileName", "target", "");
	write_array_open(&writer, "TimeWindowList", "cwmp:TimeWindowStruct", count);
	for (unsigned i = 0; i < count; i++)
		write_window(&writer, option(command, "window", i));
	write_close(&writer, "TimeWindowList");
	envelope_end(&writer);
	return 0;
}

int rpc_cancel_transfer(struct command *command, struct buffer *out, const struct envelope *envelope)
{
	struct writer writer;

	envelope_begin(&writer, out, envelope, "CancelTransfer");
	write_element(&writer, "CommandKey", command->argv[KEY]);
	envelope_end(&writer);
	return 0;
}

static int write_empty(struct buffer *out, const struct envelope *envelope, const char *method)
{
	struct writer writer;

	envelope_begin(&writer, out, envelope, method);
	envelope_end(&writer);
	return 0;
}

int rpc_get_queued_transfers(struct command *command, struct buffer *out, const struct envelope *envelope)
{
	(void)command;
	return write_empty(out, envelope, "GetQueuedTransfers");
}

int rpc_get_all_queued_transfers(struct command *command, struct buffer *out, const struct envelope *envelope)
{
	(void)command;
	return write_empty(out, envelope, "GetAllQueuedTransfers");
}
