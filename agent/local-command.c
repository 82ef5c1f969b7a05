// SPDX-License-Identifier: GPL-2.0-or-later
// What local programs ask of the agent by command: calls to the ACS, and events of their own.
#include "agent/local-command.h"

#include "agent/agent.h"
#include "agent/soap-encode.h"
#include "agent/soap-methods.h"
#include "shm/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// One argument: a name, with its NUL, and a value behind it.
struct argument {
	const char *name, *value;
};

// A call to the ACS that a program waits for.
struct local_call {
	struct acs_request request;
	struct local_call *next;
	struct espalier_request *asked;
	size_t count;
	struct argument arguments[LOCAL_ARGUMENTS_MAXIMUM];
	char text[]; // of the arguments
};

// A command's argument, as the standard bounds it.
struct argument_rule {
	const char *name;
	size_t characters;
};

static const struct argument_rule kicked_arguments[] = {{"Command", 32}, {"Referer", 64}, {"Arg", 256}, {"Next", 1024}};
static const struct argument_rule file_type = {"FileType", 64};
static const struct argument_rule event_arguments[] = {{"Code", EVENT_CODE_MAXIMUM},
						       {"CommandKey", EVENT_COMMAND_KEY_MAXIMUM}};

#define ARGUMENT_NAME_CHARACTERS  64 // of an ArgStruct of RequestDownload
#define ARGUMENT_VALUE_CHARACTERS 256

static size_t characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static const char *find(const struct local_call *call, const char *name)
{
	for (size_t i = 0; i < call->count; i++) {
		if (!strcmp(call->arguments[i].name, name))
			return call->arguments[i].value;
	}
	return "";
}

// ---- Kicked and RequestDownload

static void write_kicked(const struct acs_request *request, struct soap_writer *writer)
{
	const struct local_call *call = (const struct local_call *)request;

	for (size_t i = 0; i < sizeof(kicked_arguments) / sizeof(*kicked_arguments); i++)
		soap_element_string(writer, kicked_arguments[i].name, find(call, kicked_arguments[i].name));
}

static void write_request_download(const struct acs_request *request, struct soap_writer *writer)
{
	const struct local_call *call = (const struct local_call *)request;

	soap_element_string(writer, file_type.name, find(call, file_type.name));
	soap_open_array(writer, "FileTypeArg", "cwmp:ArgStruct", call->count - 1);
	for (size_t i = 0; i < call->count; i++) {
		if (!strcmp(call->arguments[i].name, file_type.name))
			continue;
		soap_open(writer, "ArgStruct");
		soap_element_string(writer, "Name", call->arguments[i].name);
		soap_element_string(writer, "Value", call->arguments[i].value);
		soap_close(writer, "ArgStruct");
	}
	soap_close(writer, "FileTypeArg");
}

static void take_out(struct local_commands *commands, struct local_call *call)
{
	struct local_call **place = &commands->first;

	while (*place != call)
		place = &(*place)->next;
	*place = call->next;
	commands->count--;
	free(call);
}

static void answer(struct local_call *call, int fault, const char *text)
{
	espalier_answer(call->asked, fault, (struct espalier_row){0}, text);
}

static void ended(struct acs_request *request, enum acs_request_end end, const void *response)
{
	struct local_call *call = (struct local_call *)request;
	const struct kicked_response *kicked = response;
	char text[64], refusal[ACS_REQUEST_REFUSAL_SIZE];

	switch (end) {
	case ACS_REQUEST_ANSWERED:
		if (kicked)
			espalier_answer_values(call->asked,
					       &(struct espalier_operation_value){"NextURL", kicked->next_url.data}, 1);
		else
			answer(call, ESPALIER_OK, NULL);
		break;
	case ACS_REQUEST_REFUSED:
		snprintf(text, sizeof(text), "the ACS has answered with %s", acs_request_refusal(request, refusal));
		answer(call, ESPALIER_FAULT_DENIED, text);
		break;
	case ACS_REQUEST_DISCARDED:
		answer(call, ESPALIER_FAULT_DENIED, "the ACS is another one now");
		break;
	}
	take_out(&request->agent->local_commands, call);
}

static const struct acs_request_kind kicked = {
	.name = "Kicked",
	.response = &soap_method_kicked_response,
	.since = SOAP_NAMESPACE_CWMP_1_0,
	.event = EVENT_KICKED,
	.refusals = 1,
	.write = write_kicked,
	.ended = ended,
};

static const struct acs_request_kind request_download = {
	.name = "RequestDownload",
	.response = &soap_method_request_download_response,
	.since = SOAP_NAMESPACE_CWMP_1_0,
	.event = EVENT_REQUEST_DOWNLOAD,
	.refusals = 1,
	.write = write_request_download,
	.ended = ended,
};

// ---- Arguments

// Takes the arguments apart. NULL: no memory, or *wrong says what is wrong with them.
static struct local_call *parse(const struct espalier_value *arguments, size_t count, const char **wrong)
{
	struct local_call *call;
	size_t size = 0;
	char *at;

	*wrong = NULL;
	if (count > LOCAL_ARGUMENTS_MAXIMUM) {
		*wrong = "too many arguments";
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		size += arguments[i].length + 1;
	call = calloc(1, sizeof(*call) + size);
	if (!call)
		return NULL;
	at = call->text;
	for (size_t i = 0; i < count; i++) {
		char *equals;

		memcpy(at, arguments[i].text, arguments[i].length);
		equals = strchr(at, '=');
		if (!equals || strlen(at) != arguments[i].length) {
			*wrong = "an argument is not a name and a text";
			free(call);
			return NULL;
		}
		*equals = 0;
		call->arguments[call->count++] = (struct argument){at, equals + 1};
		at += arguments[i].length + 1;
	}
	return call;
}

static const char *check(const struct local_call *call, const struct argument_rule *rules, size_t rule_count)
{
	for (size_t i = 0; i < call->count; i++) {
		const struct argument_rule *rule = rules;

		while (rule < rules + rule_count && strcmp(rule->name, call->arguments[i].name) != 0)
			rule++;
		if (rule == rules + rule_count)
			return "there is no argument of that name";
		if (characters(call->arguments[i].value) > rule->characters)
			return "an argument is too long";
		if (find(call, rule->name) != call->arguments[i].value)
			return "an argument is given twice";
	}
	return NULL;
}

static const char *check_kicked(const struct local_call *call)
{
	return check(call, kicked_arguments, sizeof(kicked_arguments) / sizeof(*kicked_arguments));
}

static const char *check_request_download(const struct local_call *call)
{
	size_t types = 0;

	for (size_t i = 0; i < call->count; i++) {
		bool type = !strcmp(call->arguments[i].name, file_type.name);

		types += type;
		if (characters(call->arguments[i].name) > ARGUMENT_NAME_CHARACTERS ||
		    characters(call->arguments[i].value) > (type ? file_type.characters : ARGUMENT_VALUE_CHARACTERS))
			return "an argument is too long";
	}
	return types == 1 && *find(call, file_type.name) ? NULL : "FileType is not given once";
}

// ---- Commands

static int ask(struct agent *agent, struct local_call *call, const struct acs_request_kind *kind,
	       struct espalier_request *request)
{
	struct local_commands *commands = &agent->local_commands;

	call->asked = request;
	call->request.kind = kind;
	call->request.method_event = -1;
	if (commands->count == LOCAL_COMMANDS_MAXIMUM || agent_ask(agent, &call->request)) {
		free(call);
		return ESPALIER_FAULT_RESOURCES;
	}
	call->next = commands->first;
	commands->first = call;
	commands->count++;
	return ESPALIER_PENDING;
}

struct stored_event {
	struct agent *agent;
	struct espalier_request *asked;
};

static void event_stored(int error, void *context)
{
	struct stored_event *stored = context;

	espalier_answer(stored->asked, error ? ESPALIER_FAULT_RESOURCES : ESPALIER_OK, (struct espalier_row){0},
			error ? "the state can't be written" : NULL);
	agent_plan(stored->agent);
	free(stored);
}

static int raise_event(struct agent *agent, const struct local_call *call, struct espalier_request *request)
{
	struct store_transaction *transaction = store_begin(agent->store);
	struct stored_event *stored = malloc(sizeof(*stored));
	int raised;

	if (!transaction || !stored) {
		store_abandon(transaction);
		free(stored);
		return ESPALIER_FAULT_RESOURCES;
	}
	raised = agent_raise_vendor(agent, transaction, find(call, "Code"), find(call, "CommandKey"));
	if (raised < 0) {
		store_abandon(transaction);
		free(stored);
		return raised == -EINVAL ? ESPALIER_FAULT_VALUE : ESPALIER_FAULT_RESOURCES;
	}
	*stored = (struct stored_event){agent, request};
	store_commit(transaction, event_stored, stored);
	return ESPALIER_PENDING;
}

static const char *check_event(const struct local_call *call)
{
	return check(call, event_arguments, sizeof(event_arguments) / sizeof(*event_arguments));
}

static const struct {
	const char *name;
	const char *(*check)(const struct local_call *call); // NULL, or what is wrong
	const struct acs_request_kind *kind;		     // of the call to the ACS; NULL: an event
} known[] = {
	{"Device.ManagementServer.Kicked()", check_kicked, &kicked},
	{"Device.ManagementServer.RequestDownload()", check_request_download, &request_download},
	{"Device.ManagementServer.Event()", check_event, NULL},
};

#define KNOWN_COUNT (sizeof(known) / sizeof(*known))

static int refuse(struct espalier_request *request, int fault, const char *text)
{
	espalier_answer(request, fault, (struct espalier_row){0}, text);
	return ESPALIER_PENDING;
}

int local_command(struct espalier_writer *writer, struct espalier_request *request, const char *command,
		  const struct espalier_value *arguments, size_t count, void *context)
{
	struct agent *agent = context;
	struct local_call *call;
	const char *wrong;
	size_t index = 0;
	int fault;

	(void)writer;
	while (index < KNOWN_COUNT && strcmp(known[index].name, command) != 0)
		index++;
	if (index == KNOWN_COUNT)
		return refuse(request, ESPALIER_FAULT_NAME, "the agent has no such command");
	call = parse(arguments, count, &wrong);
	if (!call)
		return wrong ? refuse(request, ESPALIER_FAULT_ARGUMENTS, wrong) : ESPALIER_FAULT_RESOURCES;
	wrong = known[index].check(call);
	if (wrong) {
		free(call);
		return refuse(request, ESPALIER_FAULT_ARGUMENTS, wrong);
	}
	if (agent->acs_methods.known &&
	    ((known[index].kind == &kicked && !agent->acs_methods.kicked) ||
	     (known[index].kind == &request_download && !agent->acs_methods.request_download))) {
		free(call);
		return refuse(request, ESPALIER_FAULT_DENIED, "the ACS has no such method");
	}
	if (known[index].kind)
		return ask(agent, call, known[index].kind, request);
	fault = raise_event(agent, call, request);
	free(call);
	return fault;
}

void local_commands_end(struct local_commands *commands)
{
	while (commands->first) {
		answer(commands->first, ESPALIER_FAULT_INTERNAL, "the agent ends");
		take_out(commands, commands->first);
	}
}
