// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzzes the headers of HTTP authentication, a client's and a server's: an answer to any challenge must be readable,
// and no header but the right one is granted.
#include "agent/digest-client.h"
#include "agent/digest-server.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void challenge_client(const char *header, size_t length)
{
	static struct authentication authentication;
	static char answer[65536];
	int written;
	bool stale;

	authentication_clear(&authentication);
	authentication_offer(&authentication, header, length);
	if (authentication_accept(&authentication, true, &stale) != 0)
		return;
	authentication_information(&authentication, header, length);
	written = authentication_write(&authentication, "us\"er", "password", "POST", "/cwmp", answer, sizeof(answer));
	if (written <= 0)
		abort();
	for (int i = 0; i < written; i++) {
		if ((unsigned char)answer[i] < 0x20)
			abort();
	}
	if (authentication_write(&authentication, "us\"er", "password", "POST", "/cwmp", answer, (size_t)written / 2) >
	    0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct digest_server server;
	struct digest_answer given;
	char *header;

	if (!server.realm && digest_server_open(&server, "Espalier", true) != 0)
		abort();
	// An allocation of the exact size lets the sanitizer see a read beyond the header.
	header = malloc(size + 1);
	memcpy(header, data, size);
	header = realloc(header, size ? size : 1);
	challenge_client(header, size);
	if (digest_server_check(&server, header, size, "GET", "/path", "user", "password", 1, &given) == DIGEST_GRANTED)
		abort();
	free(header);
	return 0;
}
