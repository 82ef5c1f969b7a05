/* SPDX-License-Identifier: BSD-2-Clause */
/* What is read off a ruleset of nftables: who translates addresses, and whether there is a firewall. */
#include "netlink/ruleset.h"

#include "shm/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAXIMUM 64 /* of the JSON */

/* The list that is being read, and where its results go */
struct reading {
	struct ruleset *ruleset;
	struct json_object *list;
	const char *own_family, *own_table;
	unsigned int searches;
};

static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *member = json_member_of(object, key, json_type_string);

	return member ? json_object_get_string(member) : "";
}

static bool is(struct json_object *object, const char *key, const char *text)
{
	return strcmp(text_of(object, key), text) == 0;
}

static struct json_object *item_of(const struct reading *reading, size_t at, const char *kind)
{
	return json_member_of(json_object_array_get_idx(reading->list, at), kind, json_type_object);
}

static bool is_own(const struct reading *reading, struct json_object *object)
{
	return is(object, "family", reading->own_family) && is(object, "table", reading->own_table);
}

/* ---- Chains ------------------------------------------------------------------------------------------------- */

static void name_chain(char name[RULESET_NAME_SIZE], struct json_object *object, const char *key)
{
	snprintf(name, RULESET_NAME_SIZE, "%s %s %s", text_of(object, "family"), text_of(object, "table"),
		 text_of(object, key));
}

static struct ruleset_chain *find_chain(struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->chain_count; i++) {
		if (strcmp(ruleset->chain[i].name, name) == 0)
			return &ruleset->chain[i];
	}
	return NULL;
}

static void take_chain(struct reading *reading, struct json_object *object)
{
	struct ruleset *ruleset = reading->ruleset;
	struct ruleset_chain chain = {.own = is_own(reading, object)};

	ruleset->chains++;
	if (is(object, "policy", "drop") && is(object, "type", "filter") &&
	    (is(object, "hook", "input") || is(object, "hook", "forward")))
		ruleset->firewall = true;
	name_chain(chain.name, object, "name");
	/* Names that are the same once they are cut off are one row. */
	if (ruleset->chain_count < RULESET_CHAINS_MAXIMUM && !find_chain(ruleset, chain.name))
		ruleset->chain[ruleset->chain_count++] = chain;
}

/* ---- Rules -------------------------------------------------------------------------------------------------- */

static struct json_object *statement(struct json_object *rule, size_t at)
{
	struct json_object *expressions = json_member_of(rule, "expr", json_type_array);

	return expressions ? json_object_array_get_idx(expressions, at) : NULL;
}

static size_t statements(struct json_object *rule)
{
	struct json_object *expressions = json_member_of(rule, "expr", json_type_array);

	return expressions ? json_object_array_length(expressions) : 0;
}

static bool looks_at_state(struct json_object *one)
{
	struct json_object *match = json_member(one, "match"), *map = json_member(one, "vmap");

	return is(json_member(json_member(match, "left"), "ct"), "key", "state") ||
	       is(json_member(json_member(map, "key"), "ct"), "key", "state");
}

static bool has(struct json_object *one, const char *key)
{
	return json_object_get_type(one) == json_type_object && json_object_object_get_ex(one, key, NULL);
}

static bool refuses(struct json_object *one)
{
	return has(one, "drop") || has(one, "reject");
}

static void add_device(struct ruleset *ruleset, struct json_object *name)
{
	size_t length;
	const char *text = json_text(name, &length);

	if (!text || length == 0 || length >= IF_NAMESIZE || ruleset->device_count >= RULESET_DEVICES_MAXIMUM)
		return;
	for (size_t i = 0; i < ruleset->device_count; i++) {
		if (strcmp(ruleset->device[i], text) == 0)
			return;
	}
	snprintf(ruleset->device[ruleset->device_count++], IF_NAMESIZE, "%s", text);
}

/* The interfaces that a rule is for, by their names: false when it names none. */
static bool add_devices(struct ruleset *ruleset, struct json_object *rule)
{
	bool found = false;

	for (size_t i = 0; i < statements(rule); i++) {
		struct json_object *match = json_member(statement(rule, i), "match");
		struct json_object *meta = json_member(json_member(match, "left"), "meta");
		struct json_object *right = json_member(match, "right"), *set = json_member(right, "set");

		if (!is(match, "op", "==") || (!is(meta, "key", "oifname") && !is(meta, "key", "oif")))
			continue;
		found = true;
		if (json_object_get_type(set) != json_type_array) {
			add_device(ruleset, right);
			continue;
		}
		for (size_t at = 0; at < json_object_array_length(set); at++)
			add_device(ruleset, json_object_array_get_idx(set, at));
	}
	return found;
}

static bool leads_to(struct json_object *rule, struct json_object *target)
{
	if (!is(rule, "family", text_of(target, "family")) || !is(rule, "table", text_of(target, "table")))
		return false;
	for (size_t i = 0; i < statements(rule); i++) {
		struct json_object *one = statement(rule, i), *jump = json_member(one, "jump");

		if (is(jump ? jump : json_member(one, "goto"), "target", text_of(target, "chain")))
			return true;
	}
	return false;
}

/* A rule that translates names the interface itself, or whoever jumps to it does. */
static void find_devices(struct reading *reading, struct json_object *rule, int jumps)
{
	if (add_devices(reading->ruleset, rule) || jumps >= RULESET_JUMPS_MAXIMUM ||
	    reading->searches++ >= RULESET_SEARCHES_MAXIMUM)
		return;
	for (size_t i = 0; i < json_object_array_length(reading->list); i++) {
		struct json_object *other = item_of(reading, i, "rule");

		if (other && leads_to(other, rule))
			find_devices(reading, other, jumps + 1);
	}
}

static void take_rule(struct reading *reading, struct json_object *rule)
{
	struct ruleset *ruleset = reading->ruleset;
	bool translates = false;
	char name[RULESET_NAME_SIZE];
	struct ruleset_chain *chain;

	ruleset->rules++;
	ruleset->own_rules += is_own(reading, rule);
	name_chain(name, rule, "chain");
	chain = find_chain(ruleset, name);
	if (chain)
		chain->rules++;
	for (size_t i = 0; i < statements(rule); i++) {
		struct json_object *one = statement(rule, i);

		ruleset->stateful |= looks_at_state(one);
		ruleset->firewall |= refuses(one);
		translates |= has(one, "masquerade") || has(one, "snat");
	}
	if (!translates || (!is(rule, "family", "ip") && !is(rule, "family", "inet")))
		return;
	ruleset->translations++;
	find_devices(reading, rule, 0);
}

int ruleset_read(struct ruleset *ruleset, const char *json, size_t length, const char *own_family,
		 const char *own_table)
{
	struct reading reading = {.ruleset = ruleset, .own_family = own_family, .own_table = own_table};
	struct json_tokener *tokener;
	struct json_object *top;

	memset(ruleset, 0, sizeof(*ruleset));
	if (length > INT32_MAX)
		return -EBADMSG;
	tokener = json_tokener_new_ex(DEPTH_MAXIMUM);
	if (!tokener)
		return -ENOMEM;
	top = json_tokener_parse_ex(tokener, json, (int)length);
	json_tokener_free(tokener);
	reading.list = json_member_of(top, "nftables", json_type_array);
	if (!reading.list) {
		json_object_put(top);
		return -EBADMSG;
	}
	for (size_t i = 0; i < json_object_array_length(reading.list); i++) {
		struct json_object *chain = item_of(&reading, i, "chain");

		struct json_object *table = item_of(&reading, i, "table");

		ruleset->tables += table != NULL;
		ruleset->own_table |= is(table, "family", own_family) && is(table, "name", own_table);
		if (chain)
			take_chain(&reading, chain);
	}
	for (size_t i = 0; i < json_object_array_length(reading.list); i++) {
		struct json_object *rule = item_of(&reading, i, "rule");

		if (rule)
			take_rule(&reading, rule);
	}
	json_object_put(top);
	return 0;
}
