// SPDX-License-Identifier: GPL-2.0-or-later
// Digest authentication: the vectors of RFC 7616, 2617 and 2069, challenges as servers write them, and the server's
// judgement.
#include "agent/digest-client.h"
#include "agent/digest-server.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct digest_input rfc7616(enum digest_algorithm algorithm)
{
	return (struct digest_input){
		.algorithm = algorithm,
		.user = "Mufasa",
		.realm = "http-auth@example.org",
		.password = "Circle of Life",
		.method = "GET",
		.uri = "/dir/index.html",
		.nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
		.nc = "00000001",
		.cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
		.qop_auth = true,
	};
}

Test(digest, vectors)
{
	struct digest_input input = rfc7616(DIGEST_MD5);
	char response[DIGEST_HEX_MAX + 1];

	cr_assert_eq(digest_response(&input, response), 0);
	cr_assert_str_eq(response, "8ca523f5e9506fed4657c9700eebdbec");
	input = rfc7616(DIGEST_SHA256);
	cr_assert_eq(digest_response(&input, response), 0);
	cr_assert_str_eq(response, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
	// RFC 2617, 3.5
	input = (struct digest_input){DIGEST_MD5,
				      "Mufasa",
				      "testrealm@host.com",
				      "Circle Of Life",
				      "GET",
				      "/dir/index.html",
				      "dcd98b7102dd2f0e8b11d0f600bfb0c093",
				      "00000001",
				      "0a4f113b",
				      true};
	cr_assert_eq(digest_response(&input, response), 0);
	cr_assert_str_eq(response, "6629fae49393a05397450978507c4ef1");
	// RFC 2069, 2.4 with its erratum 749
	input = (struct digest_input){DIGEST_MD5,
				      "Mufasa",
				      "testrealm@host.com",
				      "CircleOfLife",
				      "GET",
				      "/dir/index.html",
				      "dcd98b7102dd2f0e8b11d0f600bfb0c093",
				      NULL,
				      NULL,
				      false};
	cr_assert_eq(digest_response(&input, response), 0);
	cr_assert_str_eq(response, "1949323746fe6a43ef61f9606e7febea");
	input.algorithm = DIGEST_MD5_SESS;
	cr_assert_eq(digest_response(&input, response), -EINVAL);
}

Test(digest, sess)
{
	// The RFC has no vector for these; computed with Python's hashlib.
	struct digest_input input = rfc7616(DIGEST_MD5_SESS);
	char response[DIGEST_HEX_MAX + 1];

	cr_assert_eq(digest_response(&input, response), 0);
	cr_assert_str_eq(response, "e783283f46242139c486a698fec7211d");
	input = rfc7616(DIGEST_SHA256_SESS);
	cr_assert_eq(digest_response(&input, response), 0);
	cr_assert_str_eq(response, "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7");
}

Test(digest, equal)
{
	cr_assert(digest_equal("abc", "abc"));
	cr_assert_not(digest_equal("abc", "abd"));
	cr_assert_not(digest_equal("abc", "ab"));
	cr_assert_not(digest_equal("abc", "abcabc"));
	cr_assert_not(digest_equal("", "a"));
	cr_assert_not(digest_equal("a", ""));
	cr_assert(digest_equal("", ""));
}

static void offer(struct authentication *authentication, const char *header)
{
	authentication_offer(authentication, header, strlen(header));
}

static const char *answer(struct authentication *authentication)
{
	static char text[4096];
	int length = authentication_write(authentication, "user", "pass", "POST", "/cwmp", text, sizeof(text));

	cr_assert_geq(length, 0);
	text[length] = '\0';
	return text;
}

Test(digest_client, picks_the_strongest)
{
	struct authentication authentication = {0};
	bool stale;

	offer(&authentication, "Basic realm=\"b\", Digest realm=\"m\", nonce=\"n1\", qop=\"auth\"");
	offer(&authentication,
	      "Negotiate dG9rZW4=, Digest realm=\"s\", nonce=\"n2\", algorithm=SHA-256, qop=\"auth-int,auth\"");
	offer(&authentication, "Digest realm=\"u\", nonce=\"n3\", algorithm=SHA-512-256, qop=\"auth\"");
	offer(&authentication, "Digest realm=\"i\", nonce=\"n4\", algorithm=SHA-256, qop=\"auth-int\"");
	offer(&authentication, "NTLM, Broken realm=\"");
	cr_assert_eq(authentication_accept(&authentication, false, &stale), 0);
	cr_assert_not(stale);
	cr_assert(strstr(answer(&authentication), "realm=\"s\", nonce=\"n2\", uri=\"/cwmp\""));
	cr_assert(strstr(answer(&authentication), "algorithm=SHA-256, qop=auth, nc=00000002, cnonce="));
}

Test(digest_client, old_challenge_and_quotes)
{
	struct authentication authentication = {0};
	bool stale;
	const char *text;

	offer(&authentication, "digest  realm = \"a \\\"quoted\\\" realm\" ,NONCE=unquoted==,opaque=\"\",stale=TRUE,,");
	cr_assert_eq(authentication_accept(&authentication, false, &stale), 0);
	cr_assert(stale);
	text = answer(&authentication);
	cr_assert(strstr(text, "realm=\"a \\\"quoted\\\" realm\", nonce=\"unquoted==\""), "%s", text);
	cr_assert(strstr(text, "opaque=\"\""));
	cr_assert_not(strstr(text, "qop"));
	cr_assert_not(strstr(text, "algorithm"));
}

Test(digest_client, basic)
{
	struct authentication authentication = {0};
	bool stale;

	cr_assert_eq(authentication_accept(&authentication, true, &stale), -EACCES);
	cr_assert_str_eq(answer(&authentication), "");
	offer(&authentication, "Basic realm=\"x\"");
	cr_assert_eq(authentication_accept(&authentication, false, &stale), -EPERM);
	cr_assert_eq(authentication_accept(&authentication, true, &stale), 0);
	cr_assert_str_eq(answer(&authentication), "Basic dXNlcjpwYXNz");
}

Test(digest_client, nonce_count_and_nextnonce)
{
	struct authentication authentication = {0};
	char first[33];
	bool stale;

	offer(&authentication, "Digest realm=\"r\", nonce=\"n\", qop=auth");
	authentication_accept(&authentication, false, &stale);
	cr_assert(strstr(answer(&authentication), "nc=00000001"));
	cr_assert(strstr(answer(&authentication), "nc=00000002"));
	memcpy(first, authentication.cnonce, sizeof(first));
	cr_assert_eq(authentication_new_connection(&authentication), 0);
	cr_assert_str_neq(authentication.cnonce, first);
	cr_assert(strstr(answer(&authentication), "nc=00000003"));
	authentication_information(&authentication, "qop=auth, nextnonce=\"next\", rspauth=\"x\"", 39);
	cr_assert(strstr(answer(&authentication), "nonce=\"next\""));
	cr_assert(strstr(answer(&authentication), "nc=00000002"));
}

Test(digest_client, hostile_challenges)
{
	static const char *const headers[] = {"Digest",
					      "Digest ",
					      "Digest realm",
					      "Digest realm=\"x\"",
					      "Digest nonce=\"",
					      "Digest nonce=",
					      "Digest =x",
					      ",,,,",
					      "Digest nonce=\"a\nb\"",
					      "Digest nonce=\"\\",
					      "Digest nonce=\"a\" x"};
	static char text[10000];
	struct authentication authentication = {0};
	bool stale;

	for (unsigned i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		offer(&authentication, headers[i]);
		cr_assert_eq(authentication_accept(&authentication, true, &stale), -EACCES, "%s", headers[i]);
	}
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "Digest nonce=", 13);
	offer(&authentication, text);
	cr_assert_eq(authentication_accept(&authentication, true, &stale), -EACCES);
	cr_assert_eq(authentication_write(&authentication, "user", "pass", "POST", "/", text, 10), 0);
}

// --- the server ---

#define SECOND 1000000000LL

static struct digest_server server;

// Lets the client answer a challenge of the server.
static char *login(const char *user, const char *password, const char *uri, int64_t now)
{
	static struct authentication authentication;
	static char text[4096];
	char challenge[DIGEST_CHALLENGE_MAX];
	bool stale;
	int length;

	authentication_clear(&authentication);
	length = digest_server_challenge(&server, DIGEST_MD5, false, now, challenge, sizeof(challenge));
	cr_assert_gt(length, 0);
	authentication_offer(&authentication, challenge, (size_t)length);
	cr_assert_eq(authentication_accept(&authentication, false, &stale), 0);
	length = authentication_write(&authentication, user, password, "GET", uri, text, sizeof(text));
	cr_assert_gt(length, 0);
	return text;
}

static enum digest_verdict check(const char *header, int64_t now)
{
	struct digest_answer given;

	return digest_server_check(&server, header, header ? strlen(header) : 0, "GET", "/path", "acs", "secret", now,
				   &given);
}

static void start(void)
{
	cr_assert_eq(digest_server_open(&server, "Espalier", true), 0);
}

Test(digest_server, verdicts, .init = start)
{
	char *header;

	cr_assert_eq(check(NULL, 1), DIGEST_NO_CREDENTIALS);
	cr_assert_eq(check("Basic dXNlcjpwYXNz", 1), DIGEST_NO_CREDENTIALS);
	cr_assert_eq(check("Digest username=\"acs\"", 1), DIGEST_MALFORMED);
	cr_assert_eq(check(login("acs", "secret", "/path", SECOND), SECOND), DIGEST_GRANTED);
	cr_assert_eq(check(login("acs", "secret", "http://host:1/path", SECOND), SECOND), DIGEST_GRANTED);
	cr_assert_eq(check(login("acs", "wrong", "/path", SECOND), SECOND), DIGEST_WRONG_RESPONSE);
	cr_assert_eq(check(login("other", "secret", "/path", SECOND), SECOND), DIGEST_WRONG_USER);
	cr_assert_eq(check(login("acs", "secret", "/other", SECOND), SECOND), DIGEST_WRONG_URI);
	header = login("acs", "secret", "/path", SECOND);
	memcpy(strstr(header, "Espalier"), "espalier", 8);
	cr_assert_eq(check(header, SECOND), DIGEST_WRONG_REALM);
	header = login("acs", "secret", "/path", SECOND);
	memcpy(strstr(header, "algorithm=MD5"), "algorithm=MD4", 13);
	cr_assert_eq(check(header, SECOND), DIGEST_WRONG_ALGORITHM);
	header = login("acs", "secret", "/path", SECOND);
	memcpy(strstr(header, "qop=auth,"), "qop=\"\"  ,", 9);
	cr_assert_eq(check(header, SECOND), DIGEST_WRONG_RESPONSE);
	header = login("acs", "secret", "/path", SECOND);
	memcpy(strstr(header, "nc=00000001"), "nc=0000000g", 11);
	cr_assert_eq(check(header, SECOND), DIGEST_MALFORMED);
	header = login("acs", "secret", "/path", SECOND);
	memcpy(header + strlen(header), ", realm=\"Espalier\"", 19);
	cr_assert_eq(check(header, SECOND), DIGEST_MALFORMED);
}

Test(digest_server, nonces, .init = start)
{
	char header[4096];

	snprintf(header, sizeof(header), "%s", login("acs", "secret", "/path", SECOND));
	cr_assert_eq(check(header, 2 * SECOND), DIGEST_GRANTED);
	cr_assert_eq(check(header, 2 * SECOND), DIGEST_REPLAYED);
	snprintf(header, sizeof(header), "%s", login("acs", "secret", "/path", SECOND));
	cr_assert_eq(check(header, (DIGEST_NONCE_SECONDS + 2) * SECOND), DIGEST_STALE);
	// A nonce of a former process.
	snprintf(header, sizeof(header), "%s", login("acs", "secret", "/path", SECOND));
	start();
	cr_assert_eq(check(header, SECOND), DIGEST_STALE);
}

Test(digest_server, full_table_ends_the_oldest_nonces, .init = start)
{
	char first[4096], header[4096];

	snprintf(first, sizeof(first), "%s", login("acs", "secret", "/path", SECOND));
	cr_assert_eq(check(first, SECOND), DIGEST_GRANTED);
	for (int i = 0; i < 3 * DIGEST_NONCES_USED; i++) {
		snprintf(header, sizeof(header), "%s", login("acs", "secret", "/path", SECOND));
		cr_assert_eq(check(header, SECOND), DIGEST_GRANTED);
		cr_assert_eq(check(header, SECOND), DIGEST_REPLAYED);
	}
	cr_assert_eq(check(first, SECOND), DIGEST_STALE);
}

Test(digest_server, challenges_cost_no_memory, .init = start)
{
	char header[4096], challenge[DIGEST_CHALLENGE_MAX], before[DIGEST_CHALLENGE_MAX] = "";

	snprintf(header, sizeof(header), "%s", login("acs", "secret", "/path", SECOND));
	for (int i = 0; i < 10000; i++) {
		cr_assert_gt(
			digest_server_challenge(&server, DIGEST_SHA256, true, SECOND, challenge, sizeof(challenge)), 0);
		cr_assert_str_neq(challenge, before);
		memcpy(before, challenge, sizeof(before));
	}
	cr_assert(strstr(challenge, "stale=true"));
	cr_assert(strstr(challenge, "algorithm=SHA-256"));
	cr_assert_eq(check(header, SECOND), DIGEST_GRANTED);
}
