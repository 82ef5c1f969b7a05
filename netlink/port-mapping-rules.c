/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules of nftables that port mappings become, as commands in libnftables' JSON. */
#include "netlink/port-mapping.h"

#include "netlink/text.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN	 "prerouting"
/* Before the usual place of others' rules (-100): what a manager maps comes first, and theirs stay as they are. */
#define PRIORITY (-101)

/* A command list that is being made. json-c's functions answer with NULL or -1 without memory: said at the end. */
struct commands {
	struct json_object *list;
	bool failed;
};

static struct json_object *checked(struct commands *commands, struct json_object *object)
{
	if (!object)
		commands->failed = true;
	return object;
}

static void put(struct commands *commands, struct json_object *object, const char *key, struct json_object *member)
{
	if (!object || json_object_object_add(object, key, member))
		commands->failed = true;
}

static void append(struct commands *commands, struct json_object *array, struct json_object *item)
{
	if (!array || json_object_array_add(array, item))
		commands->failed = true;
}

static struct json_object *text(struct commands *commands, const char *string)
{
	return checked(commands, json_object_new_string(string));
}

static struct json_object *number(struct commands *commands, int value)
{
	return checked(commands, json_object_new_int(value));
}

static struct json_object *object(struct commands *commands)
{
	return checked(commands, json_object_new_object());
}

static struct json_object *array(struct commands *commands)
{
	return checked(commands, json_object_new_array());
}

/* {"key": member} */
static struct json_object *wrap(struct commands *commands, const char *key, struct json_object *member)
{
	struct json_object *outer = object(commands);

	put(commands, outer, key, member);
	return outer;
}

static struct json_object *in_table(struct commands *commands, const char *key)
{
	struct json_object *made = object(commands);

	put(commands, made, "family", text(commands, PORT_MAPPING_FAMILY));
	put(commands, made, key, text(commands, PORT_MAPPING_TABLE));
	return made;
}

static void command(struct commands *commands, const char *verb, const char *what, struct json_object *arguments)
{
	append(commands, commands->list, wrap(commands, verb, wrap(commands, what, arguments)));
}

static struct json_object *match(struct commands *commands, struct json_object *left, struct json_object *right)
{
	struct json_object *made = object(commands);

	put(commands, made, "op", text(commands, "=="));
	put(commands, made, "left", left);
	put(commands, made, "right", right);
	return wrap(commands, "match", made);
}

static struct json_object *field(struct commands *commands, const char *protocol, const char *name)
{
	struct json_object *made = object(commands);

	put(commands, made, "protocol", text(commands, protocol));
	put(commands, made, "field", text(commands, name));
	return wrap(commands, "payload", made);
}

static struct json_object *key_of(struct commands *commands, const char *expression, const char *key)
{
	return wrap(commands, expression, wrap(commands, "key", text(commands, key)));
}

static struct json_object *pair(struct commands *commands, int first, int second)
{
	struct json_object *made = array(commands);

	append(commands, made, number(commands, first));
	append(commands, made, number(commands, second));
	return made;
}

static const char *protocol_of(const struct port_mapping *mapping)
{
	return mapping->udp ? "udp" : "tcp";
}

/* The packets that a mapping is for: those for the device itself, as TR-181 describes them. */
static struct json_object *packets(struct commands *commands, const struct port_mapping *mapping)
{
	struct json_object *made = array(commands), *fib = object(commands), *flags = array(commands);
	char remote[TEXT_SIZE];

	append(commands, flags, text(commands, "daddr"));
	put(commands, fib, "result", text(commands, "type"));
	put(commands, fib, "flags", flags);
	append(commands, made, match(commands, wrap(commands, "fib", fib), text(commands, "local")));
	if (!mapping->all_interfaces)
		append(commands, made,
		       match(commands, key_of(commands, "meta", "iifname"), text(commands, mapping->device)));
	if (mapping->remote.s_addr) {
		text_address(remote, AF_INET, (const uint8_t *)&mapping->remote);
		append(commands, made, match(commands, field(commands, "ip", "saddr"), text(commands, remote)));
	}
	if (!mapping->external)
		append(commands, made,
		       match(commands, key_of(commands, "meta", "l4proto"), text(commands, protocol_of(mapping))));
	else if (mapping->external_end > mapping->external)
		append(commands, made,
		       match(commands, field(commands, protocol_of(mapping), "dport"),
			     wrap(commands, "range", pair(commands, mapping->external, mapping->external_end))));
	else
		append(commands, made,
		       match(commands, field(commands, protocol_of(mapping), "dport"),
			     number(commands, mapping->external)));
	return made;
}

static struct json_object *destination(struct commands *commands, const struct port_mapping *mapping)
{
	struct json_object *made = object(commands), *map, *elements;
	char client[TEXT_SIZE];

	text_address(client, AF_INET, (const uint8_t *)&mapping->client);
	put(commands, made, "addr", text(commands, client));
	/* Without a port it stays as it is. */
	if (!mapping->external || !mapping->internal || mapping->internal == mapping->external)
		return wrap(commands, "dnat", made);
	if (mapping->external_end <= mapping->external) {
		put(commands, made, "port", number(commands, mapping->internal));
		return wrap(commands, "dnat", made);
	}
	/* A range inside would have the kernel choose any port of it. */
	elements = array(commands);
	for (int i = 0; i <= mapping->external_end - mapping->external; i++)
		append(commands, elements, pair(commands, mapping->external + i, mapping->internal + i));
	map = object(commands);
	put(commands, map, "key", field(commands, protocol_of(mapping), "dport"));
	put(commands, map, "data", wrap(commands, "set", elements));
	put(commands, made, "port", wrap(commands, "map", map));
	return wrap(commands, "dnat", made);
}

static void rule(struct commands *commands, const struct port_mapping *mapping, struct json_object *expressions)
{
	struct json_object *made = in_table(commands, "table");
	char comment[48];

	snprintf(comment, sizeof(comment), "Device.NAT.PortMapping.%u", mapping->number);
	put(commands, made, "chain", text(commands, CHAIN));
	put(commands, made, "expr", expressions);
	put(commands, made, "comment", text(commands, comment));
	command(commands, "add", "rule", made);
}

static unsigned int map(struct commands *commands, const struct port_mapping *mapping)
{
	unsigned int rules = 1;
	struct json_object *expressions;

	/* All ports "that are not otherwise mapped", and those that the device itself listens on are in use too: it
	 * would not be reached any more, by its ACS to begin with. */
	if (!mapping->external) {
		expressions = packets(commands, mapping);
		append(commands, expressions,
		       match(commands, key_of(commands, "socket", "transparent"), number(commands, 0)));
		append(commands, expressions, wrap(commands, "accept", NULL));
		rule(commands, mapping, expressions);
		rules++;
	}
	expressions = packets(commands, mapping);
	append(commands, expressions, destination(commands, mapping));
	rule(commands, mapping, expressions);
	return rules;
}

/* The order of precedence that TR-181 gives under RemoteHost: the first rule that fits decides. */
static int precedence(const struct port_mapping *mapping)
{
	return (mapping->remote.s_addr ? 0 : 2) + (mapping->external ? 0 : 1);
}

static struct json_object *chain(struct commands *commands)
{
	struct json_object *made = in_table(commands, "table");

	put(commands, made, "name", text(commands, CHAIN));
	put(commands, made, "type", text(commands, "nat"));
	put(commands, made, "hook", text(commands, "prerouting"));
	put(commands, made, "prio", number(commands, PRIORITY));
	put(commands, made, "policy", text(commands, "accept"));
	return made;
}

char *port_mapping_commands(const struct port_mapping *mappings, size_t count, unsigned int *rules)
{
	struct commands commands = {0};
	struct json_object *top = object(&commands);
	char *result = NULL;

	*rules = 0;
	commands.list = array(&commands);
	put(&commands, top, "nftables", commands.list);
	/* Added first, the table can be deleted whether it was there or not. */
	command(&commands, "add", "table", in_table(&commands, "name"));
	command(&commands, "delete", "table", in_table(&commands, "name"));
	for (int rank = 0; rank < 4; rank++) {
		for (size_t i = 0; i < count; i++) {
			if (precedence(&mappings[i]) != rank ||
			    port_mapping_status(&mappings[i]) != PORT_MAPPING_ENABLED)
				continue;
			if (!*rules) {
				command(&commands, "add", "table", in_table(&commands, "name"));
				command(&commands, "add", "chain", chain(&commands));
			}
			*rules += map(&commands, &mappings[i]);
		}
	}
	if (!commands.failed) {
		const char *made = json_object_to_json_string_ext(top, JSON_C_TO_STRING_PLAIN);

		result = made ? strdup(made) : NULL;
	}
	json_object_put(top);
	return result;
}
