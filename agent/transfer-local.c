// SPDX-License-Identifier: GPL-2.0-or-later
// The commands by which local programs transfer files through the agent, report what they have transferred themselves,
// and confirm what waits for a person.
#include "agent/transfer-objects.h"

#include "agent/agent.h"
#include "agent/clock.h"
#include "agent/date-time.h"
#include "agent/transfer-complete.h"
#include "shm/value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// One argument, as text into a field of struct transfer.
struct argument {
	const char *name;
	size_t offset, size;
	size_t characters;
};

#define ARGUMENT(name, member, characters)                                                                             \
	{                                                                                                              \
		name, offsetof(struct transfer, member), sizeof(((struct transfer *)0)->member), characters            \
	}

static const struct argument texts[] = {
	ARGUMENT("URL", url, 256),
	ARGUMENT("FileType", file_type, 64),
	ARGUMENT("Username", username, 256),
	ARGUMENT("Password", password, 256),
	ARGUMENT("TargetFileName", target_file_name, 256),
	ARGUMENT("AnnounceURL", announce_url, 1024),
	ARGUMENT("FaultString", fault_text, 256),
};

static int take_number(const char *text, size_t length, uint32_t *number)
{
	uint64_t value = 0;

	if (!length || length > 10)
		return ESPALIER_FAULT_ARGUMENTS;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return ESPALIER_FAULT_ARGUMENTS;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	if (value > UINT32_MAX)
		return ESPALIER_FAULT_ARGUMENTS;
	*number = (uint32_t)value;
	return ESPALIER_OK;
}

static int take_time(const char *text, size_t length, int64_t *seconds)
{
	char copy[DATE_TIME_SIZE + 16];

	if (length >= sizeof(copy))
		return ESPALIER_FAULT_ARGUMENTS;
	snprintf(copy, sizeof(copy), "%.*s", (int)length, text);
	return date_time_parse(copy, seconds) ? ESPALIER_FAULT_ARGUMENTS : ESPALIER_OK;
}

static int take_argument(struct transfer *transfer, const char *name, size_t name_length, const char *text,
			 size_t length)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (strlen(texts[i].name) != name_length || strncmp(texts[i].name, name, name_length) != 0)
			continue;
		if (length >= texts[i].size || value_characters(text, length) > texts[i].characters ||
		    memchr(text, 0, length))
			return ESPALIER_FAULT_ARGUMENTS;
		snprintf((char *)transfer + texts[i].offset, texts[i].size, "%.*s", (int)length, text);
		return ESPALIER_OK;
	}
	if (name_length == 8 && !strncmp(name, "FileSize", 8))
		return take_number(text, length, &transfer->file_size);
	if (name_length == 9 && !strncmp(name, "FaultCode", 9))
		return take_number(text, length, &transfer->fault);
	if (name_length == 9 && !strncmp(name, "StartTime", 9))
		return take_time(text, length, &transfer->started);
	if (name_length == 12 && !strncmp(name, "CompleteTime", 12))
		return take_time(text, length, &transfer->completed);
	if (name_length == 8 && !strncmp(name, "IsUpload", 8) && length == 1 && (*text == '0' || *text == '1')) {
		transfer->upload = *text == '1';
		return ESPALIER_OK;
	}
	return ESPALIER_FAULT_ARGUMENTS;
}

static int take_arguments(struct transfer *transfer, const struct espalier_value *arguments, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *equals = memchr(arguments[i].text, '=', arguments[i].length);
		size_t name_length = equals ? (size_t)(equals - arguments[i].text) : arguments[i].length;
		int fault;

		if (!equals)
			return ESPALIER_FAULT_ARGUMENTS;
		fault = take_argument(transfer, arguments[i].text, name_length, equals + 1,
				      arguments[i].length - name_length - 1);
		if (fault)
			return fault;
	}
	return ESPALIER_OK;
}

static void stored(int error, void *context)
{
	espalier_answer(context, error ? ESPALIER_FAULT_RESOURCES : ESPALIER_OK, (struct espalier_row){0},
			error ? "the state can't be written" : NULL);
}

static int add(struct agent *agent, struct espalier_request *request, struct transfer *transfer)
{
	int error;

	transfer->origin = TRANSFER_LOCAL;
	error = transfers_add(agent, transfer, stored, request);
	if (error)
		transfer_free(transfer);
	return error ? ESPALIER_FAULT_RESOURCES : ESPALIER_PENDING;
}

// Download and Upload: the agent does it.
static int transfer_file(struct agent *agent, struct espalier_request *request, const struct espalier_value *arguments,
			 size_t count, bool upload)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));
	const char *text = NULL;
	uint32_t instance;
	int fault;

	if (!transfer)
		return ESPALIER_FAULT_RESOURCES;
	fault = take_arguments(transfer, arguments, count);
	transfer->upload = upload;
	if (!fault && (transfer->fault || transfer->started || transfer->completed || *transfer->fault_text))
		fault = ESPALIER_FAULT_ARGUMENTS;
	if (!fault && transfer_check_url(transfer->url, strlen(transfer->url)))
		fault = ESPALIER_FAULT_ARGUMENTS;
	if (!fault) {
		transfer->type = transfer_type_find(transfer->file_type, strlen(transfer->file_type),
						    upload ? TRANSFER_UP : TRANSFER_DOWN, &instance);
		if (!transfer->type || (transfer->type->accept && transfer->type->accept(agent, instance, &text)))
			fault = ESPALIER_FAULT_ARGUMENTS;
	}
	if (!fault)
		return add(agent, request, transfer);
	transfer_free(transfer);
	return fault;
}

// Report: a program, or the device itself, has done it.
static int report(struct agent *agent, struct espalier_request *request, const struct espalier_value *arguments,
		  size_t count)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));
	int fault;

	if (!transfer)
		return ESPALIER_FAULT_RESOURCES;
	transfer->state = TRANSFER_DONE;
	fault = take_arguments(transfer, arguments, count);
	if (!fault && (!*transfer->file_type || *transfer->password || *transfer->username ||
		       (*transfer->url && transfer_check_url(transfer->url, strlen(transfer->url)))))
		fault = ESPALIER_FAULT_ARGUMENTS;
	if (!fault && transfer->fault && (transfer->fault < 9001 || transfer->fault > 9899 || transfer->fault == 9013))
		fault = ESPALIER_FAULT_ARGUMENTS;
	if (!transfer->completed)
		transfer->completed = clock_time();
	if (fault) {
		transfer_free(transfer);
		return fault;
	}
	// What the ACS does not want to know is not kept.
	if (!transfer_complete_wanted(agent, transfer)) {
		transfer_free(transfer);
		return ESPALIER_OK;
	}
	return add(agent, request, transfer);
}

static int confirm(struct agent *agent, const struct espalier_value *arguments, size_t count)
{
	static const char name[] = "Transfer=";
	uint32_t number;

	if (count != 1 || arguments[0].length < sizeof(name) ||
	    strncmp(arguments[0].text, name, sizeof(name) - 1) != 0 ||
	    take_number(arguments[0].text + sizeof(name) - 1, arguments[0].length - (sizeof(name) - 1), &number))
		return ESPALIER_FAULT_ARGUMENTS;
	return transfers_confirm(agent, number) ? ESPALIER_FAULT_ARGUMENTS : ESPALIER_OK;
}

int transfer_objects_operate(struct espalier_writer *writer, struct espalier_request *request, const char *command,
			     const struct espalier_value *arguments, size_t count, void *context)
{
	struct agent *agent = context;

	(void)writer;
	if (!strcmp(command, TRANSFER_COMMANDS "Download()"))
		return transfer_file(agent, request, arguments, count, false);
	if (!strcmp(command, TRANSFER_COMMANDS "Upload()"))
		return transfer_file(agent, request, arguments, count, true);
	if (!strcmp(command, TRANSFER_COMMANDS "Report()"))
		return report(agent, request, arguments, count);
	if (!strcmp(command, TRANSFER_COMMANDS "Confirm()"))
		return confirm(agent, arguments, count);
	return ESPALIER_FAULT_NAME;
}
