/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the reading of rulesets: any text gives a picture within its bounds, or none. */
#include "netlink/ruleset.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ruleset ruleset;
	/* No byte longer than the text. */
	char *text = malloc(size ? size : 1);

	memcpy(text, data, size);
	if (ruleset_read(&ruleset, text, size, "ip", "espalier") == 0) {
		assert(ruleset.device_count <= RULESET_DEVICES_MAXIMUM &&
		       ruleset.chain_count <= RULESET_CHAINS_MAXIMUM);
		for (size_t i = 0; i < ruleset.device_count; i++)
			assert(memchr(ruleset.device[i], '\0', IF_NAMESIZE) && ruleset.device[i][0]);
	}
	free(text);
	return 0;
}
