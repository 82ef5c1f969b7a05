// SPDX-License-Identifier: GPL-2.0-or-later
// The queue of file transfers in the tree, and AutonomousTransferCompletePolicy.
#include "agent/transfer-objects.h"

#include "agent/agent.h"
#include "agent/date-time.h"
#include "shm/log.h"

#include <errno.h>
#include <string.h>

enum { TRANSFERS_NUMBER_OF_ENTRIES };

enum {
	ENTRY_COMMAND_KEY,
	ENTRY_IS_DOWNLOAD,
	ENTRY_FILE_TYPE,
	ENTRY_TARGET_FILE_NAME,
	ENTRY_STATE,
	ENTRY_SIZE,
	ENTRY_TRANSFERRED,
	ENTRY_START_TIME,
	ENTRY_FAULT_CODE,
	ENTRY_FAULT_STRING,
	ENTRY_CONFIRMATION_NEEDED,
	ENTRY_USER_MESSAGE,
};

static const char *const states[TRANSFER_STATES + 1] = {
	[TRANSFER_WAITING] = "Waiting",	  [TRANSFER_RUNNING] = "Running",	[TRANSFER_FETCHED] = "Fetched",
	[TRANSFER_APPLYING] = "Applying", [TRANSFER_RESTARTING] = "Restarting", [TRANSFER_DONE] = "Done",
};

const struct espalier_parameter transfers_parameters[] = {
	[TRANSFERS_NUMBER_OF_ENTRIES] = {"TransferNumberOfEntries", ESPALIER_UNSIGNED_INT,
					 .description = "Number of entries in the Transfer table"},
	{0},
};

const struct espalier_parameter transfer_parameters[] = {
	[ENTRY_COMMAND_KEY] = {"CommandKey", ESPALIER_STRING, .maximum_length = 32,
			       .description = "CommandKey of the ACS; empty for a local transfer"},
	[ENTRY_IS_DOWNLOAD] = {"IsDownload", ESPALIER_BOOLEAN, .description = "Whether the file comes to the device"},
	[ENTRY_FILE_TYPE] = {"FileType", ESPALIER_STRING, .maximum_length = 64, .description = "Type of the file"},
	[ENTRY_TARGET_FILE_NAME] = {"TargetFileName", ESPALIER_STRING, .maximum_length = 256, .reserve = 32,
				    .description = "Name that the file shall have on the device"},
	[ENTRY_STATE] = {"State", ESPALIER_STRING, .reserve = 16, .enumeration = states,
			 .description = "How far the transfer is"},
	[ENTRY_SIZE] = {"Size", ESPALIER_UNSIGNED_LONG, ESPALIER_NOTIFY_CAN_DENY,
			.description = "Bytes of the file, 0 while unknown"},
	[ENTRY_TRANSFERRED] = {"Transferred", ESPALIER_UNSIGNED_LONG, ESPALIER_NOTIFY_CAN_DENY,
			       .description = "Bytes that have been transferred"},
	[ENTRY_START_TIME] = {"StartTime", ESPALIER_DATE_TIME, .description = "When the transfer was first started"},
	[ENTRY_FAULT_CODE] = {"FaultCode", ESPALIER_UNSIGNED_INT, .description = "How it has ended, 0 for success"},
	[ENTRY_FAULT_STRING] = {"FaultString", ESPALIER_STRING, .maximum_length = 256, .reserve = 32,
				.description = "Why it has failed"},
	[ENTRY_CONFIRMATION_NEEDED] = {"ConfirmationNeeded", ESPALIER_BOOLEAN,
				       .description = "Whether it waits for the command Confirm"},
	[ENTRY_USER_MESSAGE] = {"UserMessage", ESPALIER_STRING, .maximum_length = 256, .reserve = 32,
				.description = "What the person who confirms is to be told"},
	{0},
};

const struct espalier_parameter autonomous_transfer_complete_policy_parameters[] = {
	[AUTONOMOUS_POLICY_ENABLE] = {"Enable", ESPALIER_BOOLEAN, ESPALIER_WRITABLE,
				      .description = "Whether the ACS is told of transfers that it has not asked for"},
	[AUTONOMOUS_POLICY_TRANSFER_TYPE_FILTER] = {"TransferTypeFilter", ESPALIER_STRING, ESPALIER_WRITABLE,
						    .enumeration =
							    (const char *const[]){"Upload", "Download", "Both", NULL},
						    .description = "Directions that it is told of"},
	[AUTONOMOUS_POLICY_RESULT_TYPE_FILTER] = {"ResultTypeFilter", ESPALIER_STRING, ESPALIER_WRITABLE,
						  .enumeration =
							  (const char *const[]){"Success", "Failure", "Both", NULL},
						  .description = "Results that it is told of"},
	[AUTONOMOUS_POLICY_FILE_TYPE_FILTER] = {"FileTypeFilter", ESPALIER_STRING, ESPALIER_WRITABLE | ESPALIER_LIST,
						.maximum_length = 64, .reserve = 256,
						.description = "File types that it is told of"},
	{0},
};

static bool confirmation_needed(const struct transfer *transfer)
{
	return transfer->state == TRANSFER_WAITING && !transfer->confirmed &&
	       transfer->window < transfer->window_count &&
	       transfer->windows[transfer->window].mode == TRANSFER_CONFIRMATION_NEEDED;
}

static void publish_count(struct agent *agent)
{
	struct espalier_writer *writer = agent->own.writer;
	struct espalier_row row = own_row(&agent->own, OWN_TRANSFERS);

	if (espalier_begin(writer, row))
		return;
	espalier_set_unsigned(writer, row, TRANSFERS_NUMBER_OF_ENTRIES,
			      espalier_instance_count(writer, OWN_TRANSFER, (struct espalier_row){0}));
	espalier_commit(writer, row);
}

static void fill(struct espalier_writer *writer, const struct transfer *transfer)
{
	struct espalier_row row = transfer->row;
	bool needed = confirmation_needed(transfer);
	char time[DATE_TIME_SIZE] = DATE_TIME_UNKNOWN;

	if (transfer->started)
		date_time_format_utc(transfer->started, time);
	espalier_set_string(writer, row, ENTRY_COMMAND_KEY, transfer->command_key);
	espalier_set_boolean(writer, row, ENTRY_IS_DOWNLOAD, !transfer->upload);
	espalier_set_string(writer, row, ENTRY_FILE_TYPE, transfer->file_type);
	espalier_set_string(writer, row, ENTRY_TARGET_FILE_NAME, transfer->target_file_name);
	espalier_set_string(writer, row, ENTRY_STATE, states[transfer->state]);
	espalier_set_unsigned(writer, row, ENTRY_SIZE, transfer->total ? transfer->total : transfer->file_size);
	espalier_set_unsigned(writer, row, ENTRY_TRANSFERRED, transfer->transferred);
	espalier_set_string(writer, row, ENTRY_START_TIME, time);
	espalier_set_unsigned(writer, row, ENTRY_FAULT_CODE, transfer->fault);
	espalier_set_string(writer, row, ENTRY_FAULT_STRING, transfer->fault_text);
	espalier_set_boolean(writer, row, ENTRY_CONFIRMATION_NEEDED, needed);
	espalier_set_string(writer, row, ENTRY_USER_MESSAGE,
			    needed ? transfer->windows[transfer->window].user_message : "");
}

void transfer_objects_publish(struct agent *agent, struct transfer *transfer)
{
	struct espalier_writer *writer = agent->own.writer;
	bool new = !transfer->row.slot;

	if (new &&espalier_instance_add(writer, OWN_TRANSFER, (struct espalier_row){0}, transfer->number,
					&transfer->row))
		return;
	if (espalier_begin(writer, transfer->row))
		return;
	fill(writer, transfer);
	espalier_commit(writer, transfer->row);
	if (!new)
		return;
	espalier_instance_publish(writer, transfer->row);
	publish_count(agent);
}

void transfer_objects_remove(struct agent *agent, struct transfer *transfer)
{
	if (!transfer->row.slot)
		return;
	espalier_instance_remove(agent->own.writer, transfer->row);
	transfer->row = (struct espalier_row){0};
	publish_count(agent);
}
