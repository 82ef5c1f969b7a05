// SPDX-License-Identifier: GPL-2.0-or-later
// Asks the agent who it is: Basic, or Digest in its variants, with nonces that go stale.

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/acs/authenticate.h"
#include "tests/acs/digest.h"
#include "tests/acs/output.h"

#define REALM  "espalier-acs"
#define OPAQUE "b3BhcXVl"

enum { NONCES = 1024 };

struct nonce {
	char text[33];
	uint64_t uses;
	uint64_t last_nc;
	bool stale;
};

struct authentication_options authentication_options;

static struct nonce nonces[NONCES];
static size_t next_slot;

bool authentication_choose(const char *name)
{
	static const struct {
		const char *name;
		struct authentication_options options;
	} variants[] = {
		{"none", {0}},
		{"basic", {.basic = true}},
		{"digest", {.digest = true, .md5 = true, .qop = true}},
		{"digest-sha256", {.digest = true, .sha256 = true, .qop = true}},
		{"digest-md5-sess", {.digest = true, .md5_sess = true, .qop = true}},
		{"digest-no-qop", {.digest = true, .md5 = true}},
		{"both", {.digest = true, .md5 = true, .sha256 = true, .qop = true}},
		{"digest-basic", {.basic = true, .digest = true, .md5 = true, .qop = true}},
	};

	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		const struct authentication_options *chosen = &variants[i].options;

		if (strcmp(variants[i].name, name))
			continue;
		authentication_options.basic = chosen->basic;
		authentication_options.digest = chosen->digest;
		authentication_options.md5 = chosen->md5;
		authentication_options.md5_sess = chosen->md5_sess;
		authentication_options.sha256 = chosen->sha256;
		authentication_options.qop = chosen->qop;
		return true;
	}
	return false;
}

static struct nonce *new_nonce(void)
{
	struct nonce *nonce = &nonces[next_slot++ % NONCES];

	*nonce = (struct nonce){0};
	digest_token(nonce->text);
	return nonce;
}

static struct nonce *find_nonce(const char *text)
{
	for (size_t i = 0; i < NONCES; i++)
		if (nonces[i].text[0] && !strcmp(nonces[i].text, text))
			return &nonces[i];
	return NULL;
}

static void challenge_digest(struct buffer *headers, enum digest_algorithm algorithm, bool stale)
{
	buffer_format(headers,
		      "WWW-Authenticate: Digest realm=\"%s\", %snonce=\"%s\", opaque=\"%s\", algorithm=%s%s\r\n", REALM,
		      authentication_options.qop ? "qop=\"auth,auth-int\", " : "", new_nonce()->text, OPAQUE,
		      digest_name(algorithm), stale ? ", stale=true" : "");
}

void authentication_challenge(struct buffer *headers, bool stale)
{
	const struct authentication_options *options = &authentication_options;

	if (options->basic)
		buffer_format(headers, "WWW-Authenticate: Basic realm=\"%s\"\r\n", REALM);
	if (options->md5 || !(options->basic || options->digest))
		challenge_digest(headers, DIGEST_MD5, stale);
	if (options->md5_sess)
		challenge_digest(headers, DIGEST_MD5_SESS, stale);
	if (options->sha256)
		challenge_digest(headers, DIGEST_SHA256, stale);
}

/* What is wrong with Digest credentials, or NULL; *stale is set where only the nonce is. */
static const char *judge_digest(const struct http_reader *request, const struct digest_parameters *credentials,
				bool *stale, struct nonce **used)
{
	const struct authentication_options *options = &authentication_options;
	struct digest_input input = {.user = digest_parameter(credentials, "username"),
				     .password = options->password,
				     .realm = digest_parameter(credentials, "realm"),
				     .nonce = digest_parameter(credentials, "nonce"),
				     .method = request->first[0],
				     .uri = digest_parameter(credentials, "uri"),
				     .qop = digest_parameter(credentials, "qop"),
				     .nc = digest_parameter(credentials, "nc"),
				     .cnonce = digest_parameter(credentials, "cnonce")};
	const char *response = digest_parameter(credentials, "response");
	const char *opaque = digest_parameter(credentials, "opaque");
	char expected[DIGEST_HEX_SIZE];
	uint64_t nc;

	if (!input.user || !input.realm || !input.nonce || !input.uri || !response)
		return "a parameter is missing";
	if (!digest_by_name(digest_parameter(credentials, "algorithm"), &input.algorithm))
		return "unknown algorithm";
	if ((input.algorithm == DIGEST_MD5 && !options->md5) ||
	    (input.algorithm == DIGEST_MD5_SESS && !options->md5_sess) ||
	    (input.algorithm == DIGEST_SHA256 && !options->sha256))
		return "an algorithm that was not offered";
	if ((input.qop || input.algorithm == DIGEST_MD5_SESS) && !input.cnonce)
		return "no cnonce";
	if (options->qop && (!input.qop || strcmp(input.qop, "auth")))
		return "qop is not auth";
	if (!options->qop && input.qop)
		return "qop was not offered";
	if (input.qop && (!input.nc || strlen(input.nc) != 8))
		return "nc has not 8 digits";
	if (strcmp(input.user, options->user))
		return "wrong user name";
	if (strcmp(input.uri, request->first[1]))
		return "uri is not the request target";
	if (!opaque || strcmp(opaque, OPAQUE))
		return "wrong opaque";
	digest_response(&input, expected);
	if (strcasecmp(expected, response))
		return "wrong response (password)";
	*used = find_nonce(input.nonce);
	if (!*used || (*used)->stale || (options->stale_after && (*used)->uses >= options->stale_after)) {
		*stale = true;
		return "stale nonce";
	}
	nc = input.nc ? strtoull(input.nc, NULL, 16) : 0;
	if (input.nc && nc <= (*used)->last_nc)
		return "nc was used before";
	if (input.nc && nc != (*used)->last_nc + 1)
		print_exchange("warning nc jumps from %llu to %llu", (unsigned long long)(*used)->last_nc,
			       (unsigned long long)nc);
	(*used)->last_nc = nc;
	(*used)->uses++;
	return NULL;
}

static const char *judge_basic(const struct digest_parameters *credentials)
{
	char *expected = basic_credentials(authentication_options.user, authentication_options.password);
	const char *given = digest_parameter(credentials, "credentials");
	bool same = given && !strcmp(given, expected);

	free(expected);
	return same ? NULL : "wrong Basic credentials";
}

bool authenticate(const struct http_reader *request, struct buffer *headers)
{
	const char *value = http_header(request, "Authorization", 0), *wrong;
	struct digest_parameters credentials = {0};
	struct nonce *used = NULL;
	bool stale = false;

	if (!authentication_options.basic && !authentication_options.digest)
		return true;
	if (!value)
		wrong = "no credentials";
	else if (!digest_parse(&credentials, value))
		wrong = "Authorization cannot be read";
	else if (authentication_options.digest && !strcasecmp(credentials.scheme, "Digest"))
		wrong = judge_digest(request, &credentials, &stale, &used);
	else if (authentication_options.basic && !strcasecmp(credentials.scheme, "Basic"))
		wrong = judge_basic(&credentials);
	else
		wrong = "a scheme that was not offered";
	if (wrong) {
		print_exchange("-- 401: %s", wrong);
		authentication_challenge(headers, stale);
	} else if (used && authentication_options.next_nonce) {
		used->stale = true;
		buffer_format(headers, "Authentication-Info: nextnonce=\"%s\"\r\n", new_nonce()->text);
	}
	digest_parameters_free(&credentials);
	return !wrong;
}
