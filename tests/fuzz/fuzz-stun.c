/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes what strangers send to the UDP port: STUN messages, connection requests; and the messages of the neighbour. */
#include "netlink/stun-message.h"
#include "shm/reach-message.h"
#include "shm/reach-request.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reach_message message;
	struct stun_response response;
	struct reach_request request;
	/* No byte longer than what came. */
	char *bytes = malloc(size ? size : 1);

	memcpy(bytes, data, size);
	if (!stun_read((const uint8_t *)bytes, size, &response)) {
		assert(strlen(response.realm) <= STUN_TEXT_MAXIMUM && strlen(response.nonce) <= STUN_TEXT_MAXIMUM);
		assert(response.error || response.mapped.any.sa_family != AF_UNSPEC);
	}
	if (!reach_request_read(bytes, size, &request))
		assert(strlen(request.sig) == REACH_SIGNATURE_DIGITS && *request.cn);
	if (!reach_read(bytes, size, &message) && message.kind == REACH_BINDING)
		assert(strlen(message.binding.address) <= REACH_ADDRESS_MAXIMUM);
	free(bytes);
	return 0;
}
