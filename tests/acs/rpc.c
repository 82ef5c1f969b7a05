// SPDX-License-Identifier: GPL-2.0-or-later
// Writes the ACS's requests to the agent, one function for each method (TR-069 annex A.3 and A.4).

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/acs/names.h"
#include "tests/acs/output.h"
#include "tests/acs/rpc.h"

static char *parameter_key;

void rpc_set_parameter_key(const char *key)
{
	free(parameter_key);
	parameter_key = copy_string(key);
}

void rpc_free(void)
{
	free(parameter_key);
	parameter_key = NULL;
}

static void write_parameter_key(struct writer *writer)
{
	write_element(writer, "ParameterKey", parameter_key ? parameter_key : "");
}

/* A method whose only argument is a list of names. */
static int write_names(struct command *command, struct buffer *out, const struct envelope *envelope, const char *method)
{
	struct writer writer;

	envelope_begin(&writer, out, envelope, method);
	write_array_open(&writer, "ParameterNames", "xsd:string", command->argc);
	for (unsigned i = 0; i < command->argc; i++)
		write_element(&writer, "string", command->argv[i]);
	write_close(&writer, "ParameterNames");
	envelope_end(&writer);
	return 0;
}

int rpc_get_parameter_values(struct command *command, struct buffer *out, const struct envelope *envelope)
{
	return write_names(command, out, envelope, "GetParameterValues");
}

int rpc_get_parameter_attributes(struct command *command, struct buffer *out, const struct envelope *envelope)
{
	return write_names(command, out, envelope, "GetParameterAttributes");
}

int rpc_get_parameter_names(struct command *command, struct buffer *out, const struct envelope *envelope)
{
	struct writer writer;

	envelope_begin(&writer, out, envelope, "GetParameterNames");
	write_element(&writer, "ParameterPath", command->argc ? command->argv[0] : "");
	write_element(&writer, "NextLevel", command->argc > 1 ? command->argv[1] : "0");
	envelope_end(&writer);
	return 0;
}

/* One assignment, as given: PATH=VALUE[:type], or PATH and VALUE[:type] in two arguments. */
struct assignment {
	char *name, *value;
	const char *type; // NULL when not given
};

static unsigned assignments(const struct command *command, struct assignment *list)
{
	bool joined = strchr(command->argv[0], '=');
	unsigned count = 0;

	for (unsigned i = 0; i < command->argc; i++) {
		struct assignment *one = &list[count++];
		char *colon;

		*one = (struct assignment){.name = copy_string(command->argv[i])};
		if (joined) {
			char *equals = strchr(one->name, '=');

			one->value = copy_string(equals ? equals + 1 : "");
			if (equals)
				*equals = '\0';
		} else {
			one->value = copy_string(i + 1 < command->argc ? command->argv[++i] : "");
		}
		colon = strrchr(one->value, ':');
		if (colon && is_type(colon + 1)) {
			one->type = colon + 1;
			*colon = '\0';
		}
	}
	return count;
}

static void write_assignments(struct writer *writer, const struct assignment *list, unsigned count)
{
	write_array_open(writer, "ParameterList", "cwmp:ParameterValueStruct", count);
	for (unsigned i = 0; i < count; i++) {
		const char *type = list[i].type ? list[i].type : names_type(list[i].name);

		write_open(writer, "ParameterValueStruct");
		write_element(writer, "Name", list[i].name);
		write_typed(writer, "Value", type ? type : "string", list[i].value);
		write_close(writer, "ParameterValueStruct");
	}
	write_close(writer, "ParameterList");
	write_parameter_key(writer);
}

static void write_type_question(struct writer *writer, const struct assignment *list, unsigned count, size_t unknown)
{
	write_array_open(writer, "ParameterNames", "xsd:string", unknown);
	for (unsigned i = 0; i < count; i++)
		if (!list[i].type && !names_type(list[i].name))
			write_element(writer, "string", list[i].name);
	write_close(writer, "ParameterNames");
}

int rpc_set_parameter_values(struct command *command, struct buffer *out, const struct envelope *envelope)
{
	struct assignment *list = zalloc(command->argc * sizeof(*list));
	unsigned count = assignments(command, list);
	struct writer writer;
	size_t unknown = 0;

	for (unsigned i = 0; i < count; i++)
		unknown += !list[i].type && !names_type(list[i].name);
	command->asking_types = unknown && !command->types_asked;
	envelope_begin(&writer, out, envelope, command->asking_types ? "GetParameterValues" : "SetParameterValues");
	if (command->asking_types)
		write_type_question(&writer, list, count, unknown);
	else
		write_assignments(&writer, list, count);
	envelope_end(&writer);
	for (unsigned i = 0; i < count; i++) {
		free(list[i].name);
		free(list[i].value);
	}
	free(list);
	return 0;
}

int rpc_set_parameter_attributes(struct command *command, struct buffer *out, const struct envelope *envelope)
{
	bool with_list = command->argc > 2;
	char *list = with_list ? copy_string(command->argv[2]) : NULL, *rest = list, *entity;
	bool notify = strcmp(command->argv[1], "-");
	struct writer writer;
	size_t count = 0;

	for (const char *at = list; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : "")
		count++;
	envelope_begin(&writer, out, envelope, "SetParameterAttributes");
	write_array_open(&writer, "ParameterList", "cwmp:SetParameterAttributesStruct", 1);
	write_open(&writer, "SetParameterAttributesStruct");
	write_element(&writer, "Name", command->argv[0]);
	write_element(&writer, "NotificationChange", notify ? "1" : "0");
	write_element(&writer, "Notification", notify ? command->argv[1] : "0");
	write_element(&writer, "AccessListChange", with_list ? "1" : "0");
	write_array_open(&writer, "AccessList", "xsd:string", count);
	while (count && (entity = strsep(&rest, ",")))
		write_element(&writer, "string", entity);
	write_close(&writer, "AccessList");
	write_close(&writer, "SetParameterAttributesStruct");
	write_close(&writer, "ParameterList");
	envelope_end(&writer);
	free(list);
	return 0;
}

int rpc_get_rpc_methods(struct command *command, struct buffer *out, const struct envelope *envelope)
{
	struct writer writer;

	(void)command;
	envelope_begin(&writer, out, envelope, "GetRPCMethods");
	envelope_end(&writer);
	return 0;
}

static int write_object(struct command *command, struct buffer *out, const struct envelope *envelope,
			const char *method)
{
	struct writer writer;

	envelope_begin(&writer, out, envelope, method);
	write_element(&writer, "ObjectName", command->argv[0]);
	write_parameter_key(&writer);
	envelope_end(&writer);
	return 0;
}

int rpc_add_object(struct command *command, struct buffer *out, const struct envelope *envelope)
{
	return write_object(command, out, envelope, "AddObject");
}

int rpc_delete_object(struct command *command, struct buffer *out, const struct envelope *envelope)
{
	return write_object(command, out, envelope, "DeleteObject");
}

int rpc_reboot(struct command *command, struct buffer *out, const struct envelope *envelope)
{
	struct writer writer;

	envelope_begin(&writer, out, envelope, "Reboot");
	write_element(&writer, "CommandKey", command->argc ? command->argv[0] : "");
	envelope_end(&writer);
	return 0;
}

int rpc_factory_reset(struct command *command, struct buffer *out, const struct envelope *envelope)
{
	struct writer writer;

	(void)command;
	envelope_begin(&writer, out, envelope, "FactoryReset");
	envelope_end(&writer);
	return 0;
}

int rpc_schedule_inform(struct command *command, struct buffer *out, const struct envelope *envelope)
{
	struct writer writer;

	envelope_begin(&writer, out, envelope, "ScheduleInform");
	write_element(&writer, "DelaySeconds", command->argv[0]);
	write_element(&writer, "CommandKey", command->argc > 1 ? command->argv[1] : "");
	envelope_end(&writer);
	return 0;
}

/* KIND[,FIELD=VALUE...], in the order of the schema. */
static void write_operation(struct writer *writer, const char *text)
{
	char *copy = copy_string(text), *rest = copy, *kind = strsep(&rest, ","), *field;
	struct buffer type = {0};

	buffer_format(&type, "%sOpStruct", kind);
	write_open_struct(writer, "Operations", buffer_string(&type));
	while ((field = strsep(&rest, ","))) {
		char *equals = strchr(field, '=');

		if (equals)
			*equals = '\0';
		write_element(writer, field, equals ? equals + 1 : "");
	}
	write_close(writer, "Operations");
	buffer_free(&type);
	free(copy);
}

int rpc_change_du_state(struct command *command, struct buffer *out, const struct envelope *envelope)
{
	struct writer writer;

	envelope_begin(&writer, out, envelope, "ChangeDUState");
	for (unsigned i = 1; i < command->argc; i++)
		write_operation(&writer, command->argv[i]);
	write_element(&writer, "CommandKey", command->argv[0]);
	envelope_end(&writer);
	return 0;
}

int rpc_raw(struct command *command, struct buffer *out, const struct envelope *envelope)
{
	FILE *file = fopen(command->argv[0], "re");
	char piece[65536];
	size_t length;
	int error;

	(void)envelope;
	if (!file) {
		error = errno;
		print_result("error %s: %s", command->argv[0], strerror(error));
		return -error;
	}
	while ((length = fread(piece, 1, sizeof(piece), file)))
		buffer_append(out, piece, length);
	error = ferror(file) ? EIO : 0;
	fclose(file);
	return -error;
}
