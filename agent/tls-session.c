// SPDX-License-Identifier: GPL-2.0-or-later
// TLS sessions that can be resumed, by the server that they were made with.
#include "agent/tls-session.h"

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <stdlib.h>
#include <string.h>

static void remove_at(struct tls_sessions *sessions, size_t at)
{
	free(sessions->entries[at].host);
	wolfSSL_SESSION_free(sessions->entries[at].session);
	sessions->count--;
	memmove(&sessions->entries[at], &sessions->entries[at + 1],
		(sessions->count - at) * sizeof(sessions->entries[0]));
}

// Returns where it is, or the count.
static size_t find(const struct tls_sessions *sessions, const char *host, uint16_t port)
{
	size_t at = 0;

	while (at < sessions->count && (sessions->entries[at].port != port || strcmp(sessions->entries[at].host, host)))
		at++;
	return at;
}

void tls_sessions_put(struct tls_sessions *sessions, const char *host, uint16_t port, struct WOLFSSL_SESSION *session,
		      bool dates_excused, int64_t expires)
{
	char *name = strdup(host);

	tls_sessions_drop(sessions, host, port);
	if (!name) {
		wolfSSL_SESSION_free(session);
		return;
	}
	if (sessions->count == TLS_SESSIONS_MAX)
		remove_at(sessions, TLS_SESSIONS_MAX - 1);
	memmove(&sessions->entries[1], &sessions->entries[0], sessions->count * sizeof(sessions->entries[0]));
	sessions->entries[0] = (struct tls_session){name, port, session, dates_excused, expires};
	sessions->count++;
}

struct WOLFSSL_SESSION *tls_sessions_find(struct tls_sessions *sessions, const char *host, uint16_t port,
					  bool dates_count, int64_t now)
{
	size_t at = find(sessions, host, port);
	const struct tls_session *entry = &sessions->entries[at];

	if (at == sessions->count)
		return NULL;
	// No certificate comes with a resumed session, so what one would be refused for is looked at here.
	if (dates_count && (entry->dates_excused || (entry->expires && now > entry->expires))) {
		remove_at(sessions, at);
		return NULL;
	}
	return entry->session;
}

void tls_sessions_drop(struct tls_sessions *sessions, const char *host, uint16_t port)
{
	size_t at = find(sessions, host, port);

	if (at < sessions->count)
		remove_at(sessions, at);
}

void tls_sessions_clear(struct tls_sessions *sessions)
{
	while (sessions->count)
		remove_at(sessions, sessions->count - 1);
}
