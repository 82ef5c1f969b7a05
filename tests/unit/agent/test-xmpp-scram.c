// SPDX-License-Identifier: GPL-2.0-or-later
// SCRAM, with the vectors of RFC 5802 and RFC 7677, and servers that lie.
#include "agent/xmpp-scram.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

static struct scram scram;
static char message[SCRAM_MESSAGE_SIZE];

Test(xmpp_scram, vector_of_rfc_5802)
{
	cr_assert_gt(scram_start(&scram, SCRAM_SHA_1, "user", "fyko+d2lbbFgONRv9qkxdawL", message), 0);
	cr_assert_str_eq(message, "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
	cr_assert_gt(scram_answer(&scram, "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
				  "pencil", message),
		     0);
	cr_assert_str_eq(message, "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
	cr_assert(scram_verify(&scram, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="));
	cr_assert_not(scram_verify(&scram, "v=rmF9pqV8S7suAoZWja4dJRkFsKA="));
}

static void start_sha_256(void)
{
	cr_assert_gt(scram_start(&scram, SCRAM_SHA_256, "user", "rOprNGfwEbeRWgbNEkqO", message), 0);
}

Test(xmpp_scram, vector_of_rfc_7677)
{
	start_sha_256();
	cr_assert_gt(
		scram_answer(&scram,
			     "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
			     "pencil", message),
		0);
	cr_assert_str_eq(message, "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
				  "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
	cr_assert(scram_verify(&scram, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
}

Test(xmpp_scram, a_user_name_is_escaped)
{
	cr_assert_gt(scram_start(&scram, SCRAM_SHA_1, "a,b=c", "nonce", message), 0);
	cr_assert_str_eq(message, "n,,n=a=2Cb=3Dc,r=nonce");
}

Test(xmpp_scram, nonces_differ)
{
	char first[SCRAM_MESSAGE_SIZE];

	cr_assert_gt(scram_start(&scram, SCRAM_SHA_1, "user", NULL, first), 0);
	cr_assert_gt(scram_start(&scram, SCRAM_SHA_1, "user", NULL, message), 0);
	cr_assert_str_neq(first, message);
}

Test(xmpp_scram, wrong_challenges)
{
	static const char *const wrong[] = {
		"",
		"r=",
		"r=other,s=QSXCR+Q6sek8bf92,i=4096",
		"r=rOprNGfwEbeRWgbNEkqO,s=QSXCR+Q6sek8bf92,i=4096",
		"r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096",
		"r=rOprNGfwEbeRWgbNEkqOx,s=*,i=4096",
		"r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=4095",
		"r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=1000001",
		"r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=-4096",
		"r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=4096x",
		"r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92",
		"m=x,r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=4096",
		"s=QSXCR+Q6sek8bf92,r=rOprNGfwEbeRWgbNEkqOx,i=4096",
		"i",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		start_sha_256();
		cr_assert_eq(scram_answer(&scram, wrong[i], "pencil", message), -EBADMSG, "%s", wrong[i]);
		cr_assert_not(scram_verify(&scram, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
	}
}

Test(xmpp_scram, a_salt_that_is_too_long)
{
	char challenge[1024] = "r=rOprNGfwEbeRWgbNEkqOx,s=";

	start_sha_256();
	memset(challenge + strlen(challenge), 'A', 800);
	strncat(challenge, ",i=4096", sizeof(challenge) - strlen(challenge) - 1);
	cr_assert_eq(scram_answer(&scram, challenge, "pencil", message), -EBADMSG);
}
