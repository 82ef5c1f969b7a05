// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzzes what is read of a server's certificate beyond the library: names, dates, reasons.
#include "agent/tls-certificate.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The first byte chooses the host and the error; a certificate, or a name, follows.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const hosts[] = {"acs.example.com", "localhost", "127.0.0.1", "2001:db8::1"};
	static const int errors[] = {0, -150, -151, -188, -361, 9, 10, 13};
	struct tls_verdict verdict = {.dates_count = size & 1};
	unsigned char *copy;

	if (size == 0)
		return 0;
	// A buffer of its own, so that a byte too far is seen.
	copy = malloc(size > 1 ? size - 1 : 1);
	if (!copy)
		return 0;
	memcpy(copy, data + 1, size - 1);
	tls_host_set(&verdict.host, hosts[data[0] % 4]);
	tls_host_is_name(&verdict.host, (const char *)copy, size - 1);
	tls_host_is_address(&verdict.host, copy, size - 1);
	tls_certificate_time(copy, size - 1);
	tls_certificate_judge(&verdict, data[0] >> 7, errors[(data[0] >> 2) % 8], copy, size - 1);
	for (const char *c = verdict.reason; *c; c++) {
		if (*c < 0x20 || *c > 0x7e)
			abort();
	}
	free(copy);
	return 0;
}
