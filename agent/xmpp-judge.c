// SPDX-License-Identifier: GPL-2.0-or-later
// The check of a connection request that came by XMPP (TR-069 Annex K; R-113).
#include "agent/xmpp-judge.h"

#include "agent/digest.h"
#include "agent/list-item.h"

#include <string.h>
#include <strings.h>

static bool matches(const char *item, size_t length, const char *from)
{
	const char *slash = memchr(item, '/', length), *resource = strchr(from, '/');
	size_t bare = slash ? (size_t)(slash - item) : length;
	size_t from_bare = resource ? (size_t)(resource - from) : strlen(from);

	if (bare != from_bare || strncasecmp(item, from, bare) != 0)
		return false;
	return !slash || (resource && strlen(resource) == length - bare && !memcmp(resource, slash, length - bare));
}

bool xmpp_sender_allowed(const char *list, const char *from)
{
	const char *end = list + strlen(list), *item;
	size_t length;

	if (!*list)
		return true;
	while (list_item(&list, end, &item, &length)) {
		if (length && matches(item, length, from))
			return true;
	}
	return false;
}

static enum xmpp_verdict judge(struct xmpp_judge *state, const struct xmpp_request *request, bool wanted,
			       const char *allowed, const char *user, const char *password, int64_t now)
{
	bool good;

	if (!wanted)
		return XMPP_UNWANTED;
	if (!*request->from || !xmpp_sender_allowed(allowed, request->from))
		return XMPP_WRONG_SENDER;
	// Both are compared, so that the time does not tell which one was wrong.
	good = digest_equal(user, request->username);
	good &= digest_equal(password, request->password);
	if (!*user || !*password || !good)
		return XMPP_WRONG_CREDENTIALS;
	if (!rate_limit_allows(&state->limit, state->burst, state->interval_ms, now))
		return XMPP_LIMITED;
	return XMPP_GRANTED;
}

enum xmpp_verdict xmpp_judge_request(struct xmpp_judge *state, const struct xmpp_request *request, bool wanted,
				     const char *allowed, const char *user, const char *password, int64_t now)
{
	enum xmpp_verdict verdict = judge(state, request, wanted, allowed, user, password, now);

	state->counts[verdict]++;
	return verdict;
}
