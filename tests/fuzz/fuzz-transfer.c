// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzzes what file transfers take from outside: URLs and file types of the ACS, the checksums in a server's header
// fields, and the records of the state folder.
#include "agent/transfer-checksum.h"
#include "agent/transfer-type.h"
#include "agent/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_url(const char *text, size_t length)
{
	if (transfer_check_url(text, length))
		return;
	if (!strstr(text, "://") || memchr(text, ' ', length))
		abort();
}

static void check_type(const char *text, size_t length)
{
	uint32_t instance = 0;
	const struct transfer_file_type *type = transfer_type_find(text, length, TRANSFER_DOWN, &instance);

	if (type && (strncmp(text, type->name, strlen(type->name)) || (instance && !type->numbered)))
		abort();
}

static void check_checksum(const char *text)
{
	static const char *const names[] = {"Content-MD5", "Digest", "Repr-Digest", "Content-Length"};
	struct transfer_checksum checksum = {0};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		transfer_checksum_take(&checksum, names[i], text, false);
	if (checksum.size > TRANSFER_CHECKSUM_SIZE)
		abort();
}

static void check_record(const char *value, size_t length)
{
	struct transfer *transfer = NULL;
	int error = transfer_load(&transfer, "0000000001", value, length);

	if (error && error != -EBADMSG && error != -ENOMEM)
		abort();
	if (!error && (transfer->state >= TRANSFER_STATES || transfer->origin >= TRANSFER_ORIGINS ||
		       transfer->window_count > TRANSFER_WINDOWS_MAXIMUM))
		abort();
	if (!error)
		transfer_free(transfer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = 0;
	check_record(text, size);
	if (!memchr(text, 0, size)) {
		check_url(text, size);
		check_type(text, size);
		if (size < TRANSFER_HEADER_SIZE_MAXIMUM)
			check_checksum(text);
	}
	free(text);
	return 0;
}
