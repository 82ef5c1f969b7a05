// SPDX-License-Identifier: GPL-2.0-or-later
// What came of the changes of deployment units that the ACS asked for, until it has been told.
//
// A device on which no program offers an execution environment has no deployment units either. So each operation ends
// at once, with the fault that says what is missing, and all that remains is to tell the ACS, in the order of the
// operations.
#include "agent/du-change.h"

#include "agent/agent.h"
#include "agent/clock.h"
#include "agent/soap-encode.h"
#include "agent/soap-methods.h"
#include "shm/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_UUID	    "00000000-0000-0000-0000-000000000000" // RFC 4122: of no unit, where none was given or made
#define RECORD_SIZE (8 * 1024)				   // bytes: of CWMP_DU_OPERATIONS_MAXIMUM results, and a key

#define FAULT_ARGUMENTS		  9003u
#define FAULT_UUID		  9022u
#define FAULT_UNKNOWN_ENVIRONMENT 9023u
#define FAULT_UNKNOWN_UNIT	  9028u

_Static_assert(RECORD_SIZE > CWMP_DU_OPERATIONS_MAXIMUM * (sizeof(struct du_result) + 64), "a record must hold them");

static bool good_uuid(const char *uuid)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (strlen(uuid) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++) {
		if (form[i] == '-' ? uuid[i] != '-' : !strchr("0123456789abcdefABCDEF", uuid[i]))
			return false;
	}
	return true;
}

// Every operation fails: there is no execution environment, and no unit.
static unsigned fault_of(const struct du_operation *operation)
{
	const char *type = operation->type.data ? operation->type.data : "";
	bool uuid = operation->uuid.data && operation->uuid.length;

	if (uuid && !good_uuid(operation->uuid.data))
		return FAULT_UUID;
	if (!strcmp(type, "InstallOpStruct"))
		return operation->url.length ? FAULT_UNKNOWN_ENVIRONMENT : FAULT_ARGUMENTS;
	if (!strcmp(type, "UninstallOpStruct") && !uuid)
		return operation->uuid.data ? FAULT_UUID : FAULT_ARGUMENTS;
	if (operation->execution_environment.length)
		return FAULT_UNKNOWN_ENVIRONMENT;
	return FAULT_UNKNOWN_UNIT;
}

static void fill(struct du_result *result, const struct du_operation *operation)
{
	*result = (struct du_result){.fault = fault_of(operation), .time = clock_time()};
	snprintf(result->uuid, sizeof(result->uuid), "%s",
		 operation->uuid.data && good_uuid(operation->uuid.data) ? operation->uuid.data : NO_UUID);
	if (operation->version.data)
		snprintf(result->version, sizeof(result->version), "%s", operation->version.data);
	// A record has one line for each.
	for (char *byte = result->version; *byte; byte++) {
		if ((unsigned char)*byte < ' ')
			*byte = ' ';
	}
}

// ---- The call to the ACS

static void write_results(const struct acs_request *request, struct soap_writer *writer)
{
	const struct du_change *change = (const struct du_change *)request;

	for (size_t i = 0; i < change->count; i++) {
		const struct du_result *result = &change->results[i];

		soap_open(writer, "Results");
		soap_element_string(writer, "UUID", result->uuid);
		soap_element_string(writer, "DeploymentUnitRef", "");
		soap_element_string(writer, "Version", result->version);
		soap_element_string(writer, "CurrentState", "Failed");
		soap_element_boolean(writer, "Resolved", false);
		soap_element_string(writer, "ExecutionUnitRefList", "");
		soap_element_time(writer, "StartTime", result->time);
		soap_element_time(writer, "CompleteTime", result->time);
		soap_write_fault_struct(writer, "Fault", result->fault, NULL);
		soap_close(writer, "Results");
	}
	soap_element_string(writer, "CommandKey", request->command_key);
}

static void take_out(struct du_changes *changes, struct du_change *change)
{
	struct du_change **place = &changes->first;

	while (*place != change)
		place = &(*place)->next;
	*place = change->next;
	free(change);
}

static void record_name(const struct du_change *change, char name[16])
{
	snprintf(name, 16, "%010" PRIu32, change->number);
}

static void ended(struct acs_request *request, enum acs_request_end end, const void *response)
{
	struct du_change *change = (struct du_change *)request;
	struct du_changes *changes = &request->agent->du_changes;
	struct store_transaction *transaction;
	char name[16];

	(void)response;
	// Behind a BOOTSTRAP du_changes_discard() follows.
	if (end == ACS_REQUEST_DISCARDED)
		return;
	transaction = store_begin(changes->agent->store);
	record_name(change, name);
	if (transaction)
		store_delete(transaction, STORE_DU_CHANGE, name);
	agent_commit(transaction);
	take_out(changes, change);
}

static const struct acs_request_kind kind = {
	.name = "DUStateChangeComplete",
	.response = &soap_method_du_state_change_complete_response,
	.since = SOAP_NAMESPACE_CWMP_1_2,
	.event = EVENT_DU_STATE_CHANGE_COMPLETE,
	.write = write_results,
	.ended = ended,
};

static struct du_change *create(struct du_changes *changes, uint32_t number)
{
	struct du_change **place = &changes->first;
	struct du_change *change = calloc(1, sizeof(*change));

	if (!change)
		return NULL;
	change->request.kind = &kind;
	change->request.method_event = EVENT_M_CHANGE_DU_STATE;
	change->number = number;
	if (number > changes->last_number)
		changes->last_number = number;
	while (*place)
		place = &(*place)->next;
	*place = change;
	return change;
}

static void ask(struct du_changes *changes, struct du_change *change)
{
	int error = agent_ask(changes->agent, &change->request);

	if (error)
		log_error("DUStateChangeComplete waits for the next start: %s", strerror(-error));
}

// ---- Records: the number of results, a line for each, and the command key

static size_t format_record(const struct du_change *change, char record[RECORD_SIZE])
{
	size_t length = (size_t)snprintf(record, RECORD_SIZE, "%zu\n", change->count);

	for (size_t i = 0; i < change->count; i++) {
		const struct du_result *result = &change->results[i];

		length += (size_t)snprintf(record + length, RECORD_SIZE - length, "%u %" PRId64 " %s %s\n",
					   result->fault, result->time, result->uuid, result->version);
	}
	length += (size_t)snprintf(record + length, RECORD_SIZE - length, "%s", change->request.command_key);
	return length;
}

static bool parse_result(struct du_result *result, const char *line, size_t length)
{
	int64_t when;
	int used = 0;

	if (sscanf(line, "%u %" SCNd64 " %36s%n", &result->fault, &when, result->uuid, &used) != 3 ||
	    (size_t)used >= length || line[used] != ' ' || length - (size_t)used - 1 >= sizeof(result->version))
		return false;
	result->time = when;
	snprintf(result->version, sizeof(result->version), "%.*s", (int)(length - (size_t)used - 1), line + used + 1);
	return good_uuid(result->uuid);
}

static bool parse_record(struct du_change *change, const char *record)
{
	const char *end;
	size_t count;

	if (sscanf(record, "%zu", &count) != 1 || !count || count > CWMP_DU_OPERATIONS_MAXIMUM)
		return false;
	record = strchr(record, '\n');
	for (; record && change->count < count; record = end) {
		record++;
		end = strchr(record, '\n');
		if (!end || !parse_result(&change->results[change->count++], record, (size_t)(end - record)))
			return false;
	}
	if (!record || strlen(record + 1) >= sizeof(change->request.command_key))
		return false;
	snprintf(change->request.command_key, sizeof(change->request.command_key), "%s", record + 1);
	return true;
}

static int load(const char *name, const char *value, size_t length, void *context)
{
	struct du_changes *changes = context;
	char record[RECORD_SIZE];
	struct du_change *change;

	if (length >= sizeof(record))
		return 0;
	snprintf(record, sizeof(record), "%.*s", (int)length, value);
	change = create(changes, (uint32_t)strtoul(name, NULL, 10));
	if (!change)
		return -ENOMEM;
	if (!parse_record(change, record)) {
		log_warning("the record %s of a deployment unit's change is not understood, and left out", name);
		take_out(changes, change);
	}
	return 0;
}

// ---- For the others

int du_changes_open(struct du_changes *changes, struct agent *agent)
{
	*changes = (struct du_changes){.agent = agent};
	return store_each(agent->store, STORE_DU_CHANGE, load, changes);
}

void du_changes_free(struct du_changes *changes)
{
	while (changes->first)
		take_out(changes, changes->first);
}

void du_changes_resume(struct du_changes *changes)
{
	for (struct du_change *change = changes->first; change; change = change->next)
		ask(changes, change);
}

void du_changes_discard(struct du_changes *changes, struct store_transaction *transaction)
{
	du_changes_free(changes);
	store_delete_all(transaction, STORE_DU_CHANGE);
}

int du_changes_add(struct du_changes *changes, struct store_transaction *transaction,
		   const struct du_operation *operations, size_t count, const char *command_key)
{
	char name[16], record[RECORD_SIZE];
	struct du_change *change;
	size_t waiting = 0;

	for (change = changes->first; change; change = change->next)
		waiting++;
	if (waiting == DU_CHANGES_MAXIMUM)
		return -ENOSPC;
	change = create(changes, changes->last_number + 1);
	if (!change)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		fill(&change->results[change->count++], &operations[i]);
	snprintf(change->request.command_key, sizeof(change->request.command_key), "%s", command_key);
	record_name(change, name);
	store_put(transaction, STORE_DU_CHANGE, name, record, format_record(change, record));
	return 0;
}

void du_changes_stored(struct du_changes *changes, int error)
{
	struct du_change *last = changes->first;

	while (last && last->next)
		last = last->next;
	if (!last)
		return;
	if (error)
		take_out(changes, last);
	else
		ask(changes, last);
}
