/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read off rulesets, as libnftables lists them. */
#include "netlink/ruleset.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ruleset ruleset;

static int take(const char *items)
{
	char *text;
	int result;

	cr_assert(asprintf(&text, "{\"nftables\": [{\"metainfo\": {\"version\": \"1\"}}, %s]}", items) > 0);
	result = ruleset_read(&ruleset, text, strlen(text), "ip", "espalier");
	free(text);
	return result;
}

#define RULE(family, chain, expressions)                                                                               \
	"{\"rule\": {\"family\": \"" family "\", \"table\": \"t\", \"chain\": \"" chain "\", \"expr\": [" expressions  \
	"]}}"
#define LEAVES(what) "{\"match\": {\"op\": \"==\", \"left\": {\"meta\": {\"key\": \"oifname\"}}, \"right\": " what "}}"
#define MASQUERADE   "{\"masquerade\": null}"

Test(ruleset, an_empty_one)
{
	cr_assert_eq(take("{\"table\": {\"family\": \"ip\", \"name\": \"x\"}}"), 0);
	cr_expect_eq(ruleset.tables, 1);
	cr_expect_not(ruleset.own_table || ruleset.firewall || ruleset.stateful);
	cr_expect_eq(ruleset.rules + ruleset.chains + ruleset.translations, 0);
}

Test(ruleset, interfaces_that_are_translated)
{
	cr_assert_eq(
		take(RULE("ip", "a", LEAVES("\"wan\"") "," MASQUERADE) "," RULE(
			"inet", "a", LEAVES("{\"set\": [\"wan\", \"wan2\"]}") ",{\"snat\": {\"addr\": \"1.2.3.4\"}}")),
		0);
	cr_expect_eq(ruleset.translations, 2);
	cr_assert_eq(ruleset.device_count, 2);
	cr_expect_str_eq(ruleset.device[0], "wan");
	cr_expect_str_eq(ruleset.device[1], "wan2");
	/* IPv6 is not TR-181's NAT; a name that is none is passed over. */
	cr_assert_eq(
		take(RULE("ip6", "a", LEAVES("\"wan\"") "," MASQUERADE) "," RULE("ip", "a", MASQUERADE) "," RULE(
			"ip", "a",
			LEAVES("\"a-name-that-is-too-long\"") "," MASQUERADE) "," RULE("ip", "a",
										       LEAVES("\"@wans\"") "," MASQUERADE)),
		0);
	cr_expect_eq(ruleset.translations, 3);
	cr_assert_eq(ruleset.device_count, 1);
}

Test(ruleset, interfaces_named_by_the_rule_that_jumps)
{
	cr_assert_eq(
		take(RULE("inet", "srcnat", LEAVES("\"wan\"") ",{\"jump\": {\"target\": \"srcnat_wan\"}}") "," RULE(
			"inet", "srcnat_wan", "{\"goto\": {\"target\": \"deep\"}}") "," RULE("inet", "deep",
											     MASQUERADE)),
		0);
	cr_assert_eq(ruleset.device_count, 1);
	cr_expect_str_eq(ruleset.device[0], "wan");
}

Test(ruleset, jumps_in_a_circle_end)
{
	cr_assert_eq(take(RULE("ip", "a", "{\"jump\": {\"target\": \"b\"}}") "," RULE(
			     "ip", "b", "{\"jump\": {\"target\": \"a\"}}," MASQUERADE)),
		     0);
	cr_expect_eq(ruleset.device_count, 0);
}

Test(ruleset, firewalls)
{
	static const char drops[] = "{\"chain\": {\"family\": \"inet\", \"table\": \"t\", \"name\": \"in\", \"type\": "
				    "\"filter\", \"hook\": \"input\", \"policy\": \"drop\"}}";

	cr_assert_eq(take(drops), 0);
	cr_expect(ruleset.firewall);
	cr_expect_not(ruleset.stateful);
	cr_expect_str_eq(ruleset.chain[0].name, "inet t in");
	cr_assert_eq(take(RULE("ip", "a", "{\"drop\": null}")), 0);
	cr_expect(ruleset.firewall);
	cr_assert_eq(take(RULE("ip", "a",
			       "{\"match\": {\"op\": \"in\", \"left\": {\"ct\": {\"key\": \"state\"}}, "
			       "\"right\": \"established\"}}, {\"accept\": null}")),
		     0);
	cr_expect(ruleset.stateful && !ruleset.firewall);
	cr_assert_eq(take(RULE("ip", "a", "{\"vmap\": {\"key\": {\"ct\": {\"key\": \"state\"}}, \"data\": {}}}")), 0);
	cr_expect(ruleset.stateful);
}

Test(ruleset, our_table_and_rules_of_chains)
{
	cr_assert_eq(take("{\"table\": {\"family\": \"ip\", \"name\": \"espalier\"}},"
			  "{\"chain\": {\"family\": \"ip\", \"table\": \"espalier\", \"name\": \"prerouting\"}},"
			  "{\"rule\": {\"family\": \"ip\", \"table\": \"espalier\", \"chain\": \"prerouting\"}},"
			  "{\"rule\": {\"family\": \"ip6\", \"table\": \"espalier\", \"chain\": \"prerouting\"}}"),
		     0);
	cr_expect(ruleset.own_table && ruleset.chain[0].own);
	cr_expect_eq(ruleset.own_rules, 1);
	cr_expect_eq(ruleset.rules, 2);
	cr_expect_eq(ruleset.chain[0].rules, 1);
}

Test(ruleset, more_chains_than_there_is_room_for)
{
	static char text[200000];
	size_t used = 0;

	for (unsigned int i = 0; i < RULESET_CHAINS_MAXIMUM + 10; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s{\"chain\": {\"name\": \"chain-%u\"}}",
					 i ? "," : "", i);
	cr_assert_eq(take(text), 0);
	cr_expect_eq(ruleset.chain_count, RULESET_CHAINS_MAXIMUM);
	cr_expect_eq(ruleset.chains, RULESET_CHAINS_MAXIMUM + 10);
}

Test(ruleset, what_is_none)
{
	static const char *const texts[] = {"", "{", "[]", "null", "{\"nftables\": {}}", "{\"nftables\": 1}"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect_eq(ruleset_read(&ruleset, texts[i], strlen(texts[i]), "ip", "espalier"), -EBADMSG, "%s",
			     texts[i]);
	cr_expect_eq(take("null, 7, [], {}, {\"rule\": null}, {\"rule\": {\"expr\": {}}}, {\"rule\": {\"expr\": [1, "
			  "null]}}"),
		     0);
}
