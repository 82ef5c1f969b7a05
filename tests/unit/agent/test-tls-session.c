// SPDX-License-Identifier: GPL-2.0-or-later
// Which TLS session is resumed with whom, and how long.
#include "agent/tls-session.h"

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <criterion/criterion.h>
#include <stdio.h>

#define NOW ((int64_t)1700000000)

static struct WOLFSSL_SESSION *put(struct tls_sessions *sessions, const char *host, uint16_t port, bool excused,
				   int64_t expires)
{
	struct WOLFSSL_SESSION *session = wolfSSL_SESSION_new();

	cr_assert(session);
	tls_sessions_put(sessions, host, port, session, excused, expires);
	return session;
}

Test(tls_session, belongs_to_a_host_and_a_port)
{
	struct tls_sessions sessions = {0};
	struct WOLFSSL_SESSION *session = put(&sessions, "acs.example", 443, false, 0);

	cr_assert_eq(tls_sessions_find(&sessions, "acs.example", 443, true, NOW), session);
	cr_assert_null(tls_sessions_find(&sessions, "acs.example", 7547, true, NOW));
	cr_assert_null(tls_sessions_find(&sessions, "other.example", 443, true, NOW));
	cr_assert_null(tls_sessions_find(&sessions, "acs.example.", 443, true, NOW));
	tls_sessions_drop(&sessions, "other.example", 443);
	cr_assert_eq(sessions.count, 1);
	tls_sessions_drop(&sessions, "acs.example", 443);
	cr_assert_null(tls_sessions_find(&sessions, "acs.example", 443, true, NOW));
}

Test(tls_session, the_latest_replaces_the_former)
{
	struct tls_sessions sessions = {0};
	struct WOLFSSL_SESSION *session;

	put(&sessions, "acs.example", 443, false, 0);
	put(&sessions, "other.example", 443, false, 0);
	session = put(&sessions, "acs.example", 443, false, 0);
	cr_assert_eq(sessions.count, 2);
	cr_assert_eq(tls_sessions_find(&sessions, "acs.example", 443, true, NOW), session);
	tls_sessions_clear(&sessions);
}

Test(tls_session, the_oldest_makes_room)
{
	struct tls_sessions sessions = {0};
	char host[16];

	for (int i = 0; i <= TLS_SESSIONS_MAX; i++) {
		snprintf(host, sizeof(host), "host%d", i);
		put(&sessions, host, 443, false, 0);
	}
	cr_assert_eq(sessions.count, TLS_SESSIONS_MAX);
	cr_assert_null(tls_sessions_find(&sessions, "host0", 443, true, NOW));
	cr_assert_not_null(tls_sessions_find(&sessions, "host1", 443, true, NOW));
	cr_assert_not_null(tls_sessions_find(&sessions, host, 443, true, NOW));
	tls_sessions_clear(&sessions);
	cr_assert_eq(sessions.count, 0);
}

Test(tls_session, ends_with_its_certificate)
{
	struct tls_sessions sessions = {0};

	put(&sessions, "acs.example", 443, false, NOW);
	cr_assert_not_null(tls_sessions_find(&sessions, "acs.example", 443, true, NOW));
	// Without the time nobody knows that it has ended.
	cr_assert_not_null(tls_sessions_find(&sessions, "acs.example", 443, false, NOW + 1));
	cr_assert_null(tls_sessions_find(&sessions, "acs.example", 443, true, NOW + 1));
	cr_assert_eq(sessions.count, 0);
}

Test(tls_session, excused_dates_count_when_the_clock_is_known)
{
	struct tls_sessions sessions = {0};

	put(&sessions, "acs.example", 443, true, NOW + 1000);
	cr_assert_not_null(tls_sessions_find(&sessions, "acs.example", 443, false, NOW));
	cr_assert_null(tls_sessions_find(&sessions, "acs.example", 443, true, NOW));
	cr_assert_eq(sessions.count, 0);
}
