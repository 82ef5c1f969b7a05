// SPDX-License-Identifier: GPL-2.0-or-later
// One file transfer: its durable record, and the check of its URL (R-63 to R-69).
#include "agent/transfer.h"

#include "agent/transfer-type.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// A record is a list of names and texts, each ended by NUL. Names that are not known are a later version's.
enum kind {
	KIND_TEXT,   // char[]
	KIND_NUMBER, // uint32_t, or an enumeration
	KIND_SIGNED, // int32_t
	KIND_LONG,   // int64_t
	KIND_FLAG,   // bool
};

struct field {
	const char *name;
	enum kind kind;
	size_t offset, size;
};

#define FIELD(name, kind, member)                                                                                      \
	{                                                                                                              \
		name, kind, offsetof(struct transfer, member), sizeof(((struct transfer *)0)->member)                  \
	}
#define WINDOW(number)                                                                                                 \
	FIELD("window-" #number "-start", KIND_NUMBER, windows[number].start),                                         \
		FIELD("window-" #number "-end", KIND_NUMBER, windows[number].end),                                     \
		FIELD("window-" #number "-mode", KIND_NUMBER, windows[number].mode),                                   \
		FIELD("window-" #number "-retries", KIND_SIGNED, windows[number].retries),                             \
		FIELD("window-" #number "-message", KIND_TEXT, windows[number].user_message)

static const struct field fields[] = {
	FIELD("origin", KIND_NUMBER, origin),
	FIELD("state", KIND_NUMBER, state),
	FIELD("upload", KIND_FLAG, upload),
	FIELD("confirmed", KIND_FLAG, confirmed),
	FIELD("command-key", KIND_TEXT, command_key),
	FIELD("file-type", KIND_TEXT, file_type),
	FIELD("url", KIND_TEXT, url),
	FIELD("username", KIND_TEXT, username),
	FIELD("password", KIND_TEXT, password),
	FIELD("target-file-name", KIND_TEXT, target_file_name),
	FIELD("announce-url", KIND_TEXT, announce_url),
	FIELD("file-size", KIND_NUMBER, file_size),
	FIELD("receipt-boottime", KIND_LONG, receipt.boottime),
	FIELD("receipt-realtime", KIND_LONG, receipt.realtime),
	FIELD("receipt-boot-id", KIND_TEXT, receipt.boot_id),
	FIELD("delay", KIND_NUMBER, delay),
	FIELD("window-count", KIND_NUMBER, window_count),
	WINDOW(0),
	WINDOW(1),
	FIELD("window", KIND_NUMBER, window),
	FIELD("attempts", KIND_NUMBER, attempts),
	FIELD("started", KIND_LONG, started),
	FIELD("completed", KIND_LONG, completed),
	FIELD("handed-over", KIND_LONG, handed_over),
	FIELD("boot-id", KIND_TEXT, boot_id),
	FIELD("version", KIND_TEXT, version),
	FIELD("fault", KIND_NUMBER, fault),
	FIELD("fault-text", KIND_TEXT, fault_text),
};

#define FIELDS (sizeof(fields) / sizeof(*fields))

_Static_assert(sizeof(enum transfer_state) == sizeof(uint32_t), "enumerations are read and written as numbers");

void transfer_name(const struct transfer *transfer, char name[16])
{
	snprintf(name, 16, "%u", transfer->number);
}

int transfer_store(const struct transfer *transfer, struct store_transaction *transaction)
{
	char *record = malloc(TRANSFER_RECORD_SIZE), name[16];
	size_t length = 0;

	if (!record)
		return -ENOMEM;
	for (size_t i = 0; i < FIELDS; i++) {
		const void *member = (const char *)transfer + fields[i].offset;
		char *at = record + length;
		size_t room = TRANSFER_RECORD_SIZE - length;
		int added = 0;

		switch (fields[i].kind) {
		case KIND_TEXT:
			if (*(const char *)member)
				added = snprintf(at, room, "%s%c%s", fields[i].name, 0, (const char *)member);
			break;
		case KIND_NUMBER:
			if (*(const uint32_t *)member)
				added = snprintf(at, room, "%s%c%u", fields[i].name, 0, *(const uint32_t *)member);
			break;
		case KIND_SIGNED:
			if (*(const int32_t *)member)
				added = snprintf(at, room, "%s%c%d", fields[i].name, 0, *(const int32_t *)member);
			break;
		case KIND_LONG:
			if (*(const int64_t *)member)
				added = snprintf(at, room, "%s%c%lld", fields[i].name, 0,
						 (long long)*(const int64_t *)member);
			break;
		case KIND_FLAG:
			if (*(const bool *)member)
				added = snprintf(at, room, "%s%c1", fields[i].name, 0);
			break;
		}
		length += added > 0 ? (size_t)added + 1 : 0;
	}
	transfer_name(transfer, name);
	store_put(transaction, STORE_TRANSFER, name, record, length);
	explicit_bzero(record, length);
	free(record);
	return 0;
}

static void take_field(struct transfer *transfer, const char *name, const char *text)
{
	for (size_t i = 0; i < FIELDS; i++) {
		void *member = (char *)transfer + fields[i].offset;

		if (strcmp(fields[i].name, name) != 0)
			continue;
		switch (fields[i].kind) {
		case KIND_TEXT:
			snprintf(member, fields[i].size, "%s", text);
			break;
		case KIND_NUMBER:
			*(uint32_t *)member = (uint32_t)strtoul(text, NULL, 10);
			break;
		case KIND_SIGNED:
			*(int32_t *)member = (int32_t)strtol(text, NULL, 10);
			break;
		case KIND_LONG:
			*(int64_t *)member = strtoll(text, NULL, 10);
			break;
		case KIND_FLAG:
			*(bool *)member = *text == '1';
			break;
		}
		return;
	}
}

static bool sound(const struct transfer *transfer)
{
	if (!transfer->number || transfer->origin >= TRANSFER_ORIGINS || transfer->state >= TRANSFER_STATES ||
	    transfer->window_count > TRANSFER_WINDOWS_MAXIMUM || transfer->window > TRANSFER_WINDOWS_MAXIMUM)
		return false;
	for (uint32_t i = 0; i < transfer->window_count; i++) {
		if (transfer->windows[i].mode >= TRANSFER_MODES)
			return false;
	}
	return true;
}

int transfer_load(struct transfer **result, const char *name, const char *value, size_t length)
{
	const char *at = value, *end = value + length;
	struct transfer *transfer;
	uint32_t instance;

	*result = NULL;
	if (length && value[length - 1])
		return -EBADMSG;
	transfer = calloc(1, sizeof(*transfer));
	if (!transfer)
		return -ENOMEM;
	transfer->number = (uint32_t)strtoul(name, NULL, 10);
	while (at < end) {
		const char *text = at + strlen(at) + 1;

		if (text >= end)
			break;
		take_field(transfer, at, text);
		at = text + strlen(text) + 1;
	}
	if (!sound(transfer)) {
		transfer_free(transfer);
		return -EBADMSG;
	}
	transfer->type = transfer_type_find(transfer->file_type, strlen(transfer->file_type),
					    transfer->upload ? TRANSFER_UP : TRANSFER_DOWN, &instance);
	*result = transfer;
	return 0;
}

void transfer_free(struct transfer *transfer)
{
	if (!transfer)
		return;
	explicit_bzero(transfer->password, sizeof(transfer->password));
	free(transfer);
}

const char *transfer_origin_name(enum transfer_origin origin)
{
	static const char *const names[TRANSFER_ORIGINS] = {
		[TRANSFER_DOWNLOAD] = "Download",
		[TRANSFER_UPLOAD] = "Upload",
		[TRANSFER_SCHEDULE_DOWNLOAD] = "ScheduleDownload",
		[TRANSFER_LOCAL] = "local transfer",
	};

	return names[origin];
}

unsigned transfer_check_url(const char *url, size_t length)
{
	static const char *const schemes[] = {"http://", "https://", "ftp://", "tftp://"};
	size_t scheme = 0, authority, i;

	for (i = 0; i < length; i++) {
		if (url[i] <= ' ' || url[i] > '~' || url[i] == '\\')
			return 9003;
	}
	while (scheme < length && (isalnum((unsigned char)url[scheme]) || strchr("+-.", url[scheme])))
		scheme++;
	if (!scheme || length - scheme < 3 || strncmp(url + scheme, "://", 3) != 0)
		return 9003;
	for (i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		if (scheme + 3 == strlen(schemes[i]) && !strncasecmp(url, schemes[i], scheme + 3))
			break;
	}
	if (i == sizeof(schemes) / sizeof(*schemes))
		return 9013;
	authority = scheme + 3;
	length -= authority;
	url += authority;
	for (i = 0; i < length && !strchr("/?#", url[i]); i++) {
		if (url[i] == '@')
			return 9003;
	}
	return i && *url != ':' ? 0 : 9003;
}
