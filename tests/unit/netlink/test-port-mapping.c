/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Port mappings: which values are taken, which go together, and the commands that they become. */
#include "netlink/port-mapping.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 1000000000ll

static const char *why;

static int set(struct port_mapping *mapping, uint32_t parameter, const char *text)
{
	struct espalier_value value;

	why = "";
	if (espalier_value_parse(&port_mapping_schema[parameter], text, strlen(text), &value))
		return ESPALIER_FAULT_VALUE;
	return port_mapping_set(mapping, parameter, &value, 10 * SECOND, &why);
}

static struct port_mapping usual(const char *external)
{
	struct port_mapping mapping;

	port_mapping_new(&mapping, 7);
	cr_assert_eq(set(&mapping, PORT_MAPPING_ENABLE, "true"), 0);
	cr_assert_eq(set(&mapping, PORT_MAPPING_ALL_INTERFACES, "true"), 0);
	cr_assert_eq(set(&mapping, PORT_MAPPING_INTERNAL_CLIENT, "192.0.2.7"), 0);
	cr_assert_eq(set(&mapping, PORT_MAPPING_EXTERNAL_PORT, external), 0);
	return mapping;
}

static char *commands_of(const struct port_mapping *mappings, size_t count, unsigned int rules)
{
	unsigned int got;
	char *text = port_mapping_commands(mappings, count, &got);

	cr_assert(text);
	cr_expect_eq(got, rules, "%u rules, not %u", got, rules);
	return text;
}

static void expect_commands(const struct port_mapping *mappings, size_t count, unsigned int rules, const char *part)
{
	char *text = commands_of(mappings, count, rules);

	cr_expect(strstr(text, part), "%s\nis not in\n%s", part, text);
	free(text);
}

Test(port_mapping, a_new_one_is_disabled_with_default_values)
{
	char text[PORT_MAPPING_VALUE_SIZE];
	struct port_mapping mapping;
	static const char *const values[PORT_MAPPING_PARAMETERS] = {
		"0", "Disabled", "Controller", "cpe-7", "", "0", "0", "", "0", "0", "0", "TCP", "", ""};

	port_mapping_new(&mapping, 7);
	for (uint32_t i = 0; i < PORT_MAPPING_PARAMETERS; i++) {
		port_mapping_text(text, &mapping, i, 0);
		cr_expect_str_eq(text, values[i], "%s", port_mapping_schema[i].name);
	}
}

Test(port_mapping, what_was_set_is_read)
{
	static const char *const values[PORT_MAPPING_PARAMETERS] = {
		[PORT_MAPPING_ALIAS_NAME] = "my-web",
		[PORT_MAPPING_INTERFACE] = "Device.IP.Interface.4294967295",
		[PORT_MAPPING_REMOTE_HOST] = "203.0.113.9",
		[PORT_MAPPING_EXTERNAL_PORT] = "65535",
		[PORT_MAPPING_EXTERNAL_PORT_END_RANGE] = "65535",
		[PORT_MAPPING_INTERNAL_PORT] = "1",
		[PORT_MAPPING_PROTOCOL] = "UDP",
		[PORT_MAPPING_INTERNAL_CLIENT] = "255.255.255.255",
		[PORT_MAPPING_DESCRIPTION] = "\"; drop {table} @set $var * \\"};
	char text[PORT_MAPPING_VALUE_SIZE];
	struct port_mapping mapping;

	port_mapping_new(&mapping, 7);
	for (uint32_t i = 0; i < PORT_MAPPING_PARAMETERS; i++) {
		if (!values[i])
			continue;
		cr_expect_eq(set(&mapping, i, values[i]), 0, "%s", why);
		port_mapping_text(text, &mapping, i, 0);
		cr_expect_str_eq(text, values[i]);
	}
	cr_expect_eq(set(&mapping, PORT_MAPPING_STATUS, "Enabled"), ESPALIER_FAULT_READ_ONLY);
}

Test(port_mapping, wrong_values)
{
	static const struct {
		uint32_t parameter;
		const char *text;
	} bad[] = {
		{PORT_MAPPING_ALIAS_NAME, ""},
		{PORT_MAPPING_ALIAS_NAME, "cpe-8"},
		{PORT_MAPPING_ALIAS_NAME, "a\nb"},
		{PORT_MAPPING_INTERFACE, "Device.IP.Interface."},
		{PORT_MAPPING_INTERFACE, "Device.IP.Interface.01"},
		{PORT_MAPPING_INTERFACE, "Device.IP.Interface.12345678901"},
		{PORT_MAPPING_INTERFACE, "Device.IP.Interface.1.Name"},
		{PORT_MAPPING_INTERFACE, "."},
		{PORT_MAPPING_REMOTE_HOST, "0.0.0.0"},
		{PORT_MAPPING_REMOTE_HOST, "1.2.3"},
		{PORT_MAPPING_REMOTE_HOST, "1.2.3.4/24"},
		{PORT_MAPPING_INTERNAL_CLIENT, "127.0.0.1"},
		{PORT_MAPPING_INTERNAL_CLIENT, "::1"},
		{PORT_MAPPING_INTERNAL_CLIENT, "router"},
		{PORT_MAPPING_EXTERNAL_PORT, "65536"},
		{PORT_MAPPING_DESCRIPTION, "\x7f"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct port_mapping mapping = usual("80");

		cr_expect_eq(set(&mapping, bad[i].parameter, bad[i].text), ESPALIER_FAULT_VALUE, "\"%s\"", bad[i].text);
	}
}

Test(port_mapping, the_own_alias_can_be_set_again)
{
	struct port_mapping mapping = usual("80");

	cr_expect_eq(set(&mapping, PORT_MAPPING_ALIAS_NAME, "x"), 0);
	cr_expect_eq(set(&mapping, PORT_MAPPING_ALIAS_NAME, "cpe-7"), 0);
	cr_expect_str_eq(mapping.alias, "");
}

Test(port_mapping, another_interface_has_no_name_yet)
{
	struct port_mapping mapping = usual("80");

	cr_expect_eq(set(&mapping, PORT_MAPPING_INTERFACE, "Device.IP.Interface.1"), 0);
	snprintf(mapping.device, sizeof(mapping.device), "wan");
	cr_expect_eq(set(&mapping, PORT_MAPPING_INTERFACE, "Device.IP.Interface.1."), 0);
	cr_expect_str_eq(mapping.device, "wan");
	cr_expect_eq(set(&mapping, PORT_MAPPING_INTERFACE, "Device.IP.Interface.2"), 0);
	cr_expect_str_eq(mapping.device, "");
	mapping.all_interfaces = false;
	cr_expect_eq(port_mapping_status(&mapping), PORT_MAPPING_MISCONFIGURED);
}

Test(port_mapping, ranges)
{
	struct port_mapping mapping = usual("1000");

	mapping.external_end = 999;
	cr_expect(port_mapping_check(&mapping));
	mapping.external_end = 1000;
	cr_expect_null(port_mapping_check(&mapping));
	mapping.external_end = 65535;
	cr_expect_null(port_mapping_check(&mapping));
	mapping.internal = 1001;
	cr_expect(port_mapping_check(&mapping));
	mapping.external_end = 1000 + PORT_MAPPING_MOVED_MAXIMUM - 1;
	cr_expect_null(port_mapping_check(&mapping));
	mapping.external_end++;
	cr_expect(port_mapping_check(&mapping));
	/* TR-181: the end is ignored where any port is meant. */
	mapping.external = 0;
	cr_expect_null(port_mapping_check(&mapping));
}

Test(port_mapping, conflicts)
{
	struct port_mapping one = usual("100"), other = usual("100");

	cr_expect(port_mapping_conflict(&one, &other));
	other.enable = false;
	cr_expect_not(port_mapping_conflict(&one, &other));
	other.enable = other.udp = true;
	cr_expect_not(port_mapping_conflict(&one, &other));
	other.udp = false;
	other.remote.s_addr = htonl(0x01020304);
	cr_expect_not(port_mapping_conflict(&one, &other));
	other.remote.s_addr = 0;
	other.external = 90;
	other.external_end = 99;
	cr_expect_not(port_mapping_conflict(&one, &other));
	other.external_end = 100;
	cr_expect(port_mapping_conflict(&one, &other) && port_mapping_conflict(&other, &one));
	/* "that are not otherwise mapped": no conflict with a port. */
	other.external = 0;
	cr_expect_not(port_mapping_conflict(&one, &other));
	one.external = 0;
	cr_expect(port_mapping_conflict(&one, &other));
}

Test(port_mapping, flows_that_it_is_for)
{
	struct port_mapping mapping = usual("100");
	struct in_addr source = {htonl(0x01020304)};

	cr_expect(port_mapping_concerns(&mapping, false, source, 100));
	cr_expect_not(port_mapping_concerns(&mapping, true, source, 100));
	cr_expect_not(port_mapping_concerns(&mapping, false, source, 101));
	mapping.external_end = 101;
	cr_expect(port_mapping_concerns(&mapping, false, source, 101));
	mapping.remote.s_addr = htonl(0x01020305);
	cr_expect_not(port_mapping_concerns(&mapping, false, source, 100));
	mapping.remote = source;
	mapping.external = 0;
	cr_expect(port_mapping_concerns(&mapping, false, source, 65535));
	mapping.enable = false;
	cr_expect_not(port_mapping_concerns(&mapping, false, source, 65535));
}

Test(port_mapping, ports_inside)
{
	struct port_mapping mapping = usual("100");

	cr_expect_eq(port_mapping_inside(&mapping, 100), 100);
	mapping.internal = 500;
	cr_expect_eq(port_mapping_inside(&mapping, 103), 503);
	mapping.external = 0;
	cr_expect_eq(port_mapping_inside(&mapping, 103), 103);
}

Test(port_mapping, changes_of_the_rules)
{
	struct port_mapping one = usual("100"), other = usual("100");

	snprintf(other.description, sizeof(other.description), "text");
	other.lease = 60;
	other.external_end = 100;
	cr_expect(port_mapping_same_rules(&one, &other));
	other.internal = 5;
	cr_expect_not(port_mapping_same_rules(&one, &other));
	one.enable = false;
	cr_expect_not(port_mapping_same_rules(&one, &other));
	other.failed = true;
	cr_expect(port_mapping_same_rules(&one, &other));
}

Test(port_mapping, a_lease_counts_down)
{
	struct port_mapping mapping = usual("80");

	cr_expect_eq(port_mapping_remaining(&mapping, 0), 0);
	cr_expect_eq(set(&mapping, PORT_MAPPING_LEASE_DURATION, "60"), 0);
	cr_expect_eq(port_mapping_remaining(&mapping, 10 * SECOND), 60);
	cr_expect_eq(port_mapping_remaining(&mapping, 10 * SECOND + 1), 60);
	cr_expect_eq(port_mapping_remaining(&mapping, 11 * SECOND), 59);
	cr_expect_eq(port_mapping_remaining(&mapping, 1000 * SECOND), 1);
	cr_expect_eq(port_mapping_remaining(&mapping, -1000 * SECOND), 60);
	cr_expect_eq(set(&mapping, PORT_MAPPING_LEASE_DURATION, "4294967295"), 0);
	cr_expect_eq(port_mapping_remaining(&mapping, 10 * SECOND), UINT32_MAX);
}

Test(port_mapping, commands)
{
	struct port_mapping mappings[4] = {usual("0"), usual("80"), usual("0"), usual("80")};

	expect_commands(NULL, 0, 0,
			"{\"nftables\":[{\"add\":{\"table\":{\"family\":\"ip\",\"name\":\"espalier\"}}},"
			"{\"delete\":{\"table\":{\"family\":\"ip\",\"name\":\"espalier\"}}}]}");
	mappings[1].internal = 8080;
	expect_commands(&mappings[1], 1, 1, "{\"dnat\":{\"addr\":\"192.0.2.7\",\"port\":8080}}");
	mappings[1].external_end = 81;
	expect_commands(&mappings[1], 1, 1, "\"data\":{\"set\":[[80,8080],[81,8081]]}");
	expect_commands(&mappings[1], 1, 1, "\"right\":{\"range\":[80,81]}");
	mappings[1].internal = 0;
	expect_commands(&mappings[1], 1, 1, "{\"dnat\":{\"addr\":\"192.0.2.7\"}}");
	expect_commands(&mappings[0], 1, 2, "\"socket\":{\"key\":\"transparent\"}");
	mappings[0].failed = true;
	free(commands_of(mappings, 1, 0));
	mappings[0].failed = false;
	mappings[0].all_interfaces = false;
	snprintf(mappings[0].device, sizeof(mappings[0].device), "wan\"");
	expect_commands(mappings, 1, 2, "\"iifname\"}},\"right\":\"wan\\\"\"");
}

Test(port_mapping, rules_stand_in_the_order_of_precedence)
{
	struct port_mapping mappings[4] = {usual("0"), usual("80"), usual("0"), usual("80")};
	char *text, *at, *last;

	mappings[2].remote.s_addr = mappings[3].remote.s_addr = htonl(0x01020304);
	for (uint32_t i = 0; i < 4; i++)
		mappings[i].number = 4 - i;
	text = commands_of(mappings, 4, 6);
	last = text;
	for (int number = 1; number <= 4; number++) {
		char comment[64];

		snprintf(comment, sizeof(comment), "\"Device.NAT.PortMapping.%d\"", number);
		at = strstr(text, comment);
		cr_assert(at);
		cr_expect_gt(at, last);
		last = at;
	}
	free(text);
}
