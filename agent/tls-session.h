// SPDX-License-Identifier: GPL-2.0-or-later
// TLS sessions that can be resumed, by the server that they were made with.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLS_SESSIONS_MAX 4 // servers: the ACS, and where it redirects to

struct WOLFSSL_SESSION;

struct tls_session {
	char *host;
	uint16_t port;
	struct WOLFSSL_SESSION *session;
	bool dates_excused; // the certificate's dates were wrong while the clock was unset
	int64_t expires;    // the certificate, seconds since 1970; 0 unknown
};

// Latest first. Zeroed memory is empty.
struct tls_sessions {
	struct tls_session entries[TLS_SESSIONS_MAX];
	size_t count;
};

// Keeps a session, which becomes the cache's, in place of the former one with that host and port.
void tls_sessions_put(struct tls_sessions *sessions, const char *host, uint16_t port, struct WOLFSSL_SESSION *session,
		      bool dates_excused, int64_t expires);

// Finds the session to resume with a host and port, or NULL. One whose certificate would not be accepted at `now`
// (seconds since 1970) any more is forgotten; `dates_count`: the clock is known.
struct WOLFSSL_SESSION *tls_sessions_find(struct tls_sessions *sessions, const char *host, uint16_t port,
					  bool dates_count, int64_t now);

// Forgets the session with a host and port.
void tls_sessions_drop(struct tls_sessions *sessions, const char *host, uint16_t port);

// Forgets all.
void tls_sessions_clear(struct tls_sessions *sessions);
