// SPDX-License-Identifier: GPL-2.0-or-later
// What is wrong with a server's certificate, beyond what the library finds.
#pragma once

#include "agent/tls-name.h"

#define TLS_REASON_SIZE	 200 // bytes of a reason, with the NUL; all are printable ASCII
#define TLS_RSA_BITS_MIN 2048
#define TLS_ECC_BITS_MIN 256

struct tls_verdict {
	struct tls_host host;
	bool dates_count;	      // the clock is known
	bool dates_excused;	      // a date was wrong, and the clock is not known
	int64_t expires;	      // the server's certificate, seconds since 1970; 0 unknown
	char reason[TLS_REASON_SIZE]; // why it was refused, or ""
};

// Judges one certificate of the chain. `depth` 0 is the server's own; `error` is what the library says of it, 0 or one
// of its negative codes. Returns whether it is accepted; otherwise the first reason is kept in `verdict`.
bool tls_certificate_judge(struct tls_verdict *verdict, int depth, int error, const unsigned char *der, size_t length);

// Reads an ASN.1 UTCTime or GeneralizedTime, tag and length included, in the form that RFC 5280 demands. Returns
// seconds since 1970, or -1.
int64_t tls_certificate_time(const unsigned char *asn, size_t length);
