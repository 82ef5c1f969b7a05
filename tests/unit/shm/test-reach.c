/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the monitor and the agent tell each other, and the datagram of a connection request. */
#include "shm/reach-message.h"
#include "shm/reach-request.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SIGNATURE "fda44088e52a347ce49d6312521d5621eeb40037"
#define FIELDS	  "ts=1120673700&id=1234&un=CPE57689&cn=XTGRWIPC6D3IPXS3&sig=" SIGNATURE
#define GOOD	  "GET http://10.1.1.1:8080?" FIELDS " HTTP/1.1\r\n\r\n"

static int parse(const char *text, struct reach_request *request)
{
	return reach_request_read(text, strlen(text), request);
}

Test(reach_request, example)
{
	struct reach_request request;

	cr_assert_eq(parse(GOOD, &request), 0);
	cr_expect_str_eq(request.ts, "1120673700");
	cr_expect_eq(request.time, 1120673700);
	cr_expect_str_eq(request.id, "1234");
	cr_expect_str_eq(request.un, "CPE57689");
	cr_expect_str_eq(request.cn, "XTGRWIPC6D3IPXS3");
	cr_expect_str_eq(request.sig, SIGNATURE);
}

Test(reach_request, what_servers_vary)
{
	static const char *const good[] = {
		"GET http://a?" FIELDS " HTTP/1.1",
		"GET http://a?" FIELDS " HTTP/1.1\r\n",
		"GET HTTP://a:1/path?" FIELDS "&more=x HTTP/1.0\r\nHost: a\r\n\r\n",
		"GET "
		"http://a?ts=1&id=18446744073709551615&un=a%20b&cn=%2B&sig=FDA44088E52A347CE49D6312521D5621EEB40037 "
		"HTTP/1.1\r\n\r\n",
	};
	struct reach_request request;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		cr_expect_eq(parse(good[i], &request), 0, "%s", good[i]);
	cr_expect_str_eq(request.un, "a b");
	cr_expect_str_eq(request.cn, "+");
	cr_expect_str_eq(request.sig, SIGNATURE);
}

Test(reach_request, what_is_none)
{
	static const char *const bad[] = {
		"",
		"GET ",
		"PUT http://a?" FIELDS " HTTP/1.1\r\n\r\n",
		"GET https://a?" FIELDS " HTTP/1.1\r\n\r\n",
		"GET http://a?" FIELDS " HTTP/2.0\r\n\r\n",
		"GET http://a?" FIELDS " HTTP/1.1\r\n\r\nbody",
		"GET http://a?" FIELDS " HTTP/1.1\r\nHost: a",
		"GET http://a?" FIELDS "&id=1 HTTP/1.1\r\n\r\n",
		"GET http://a?ts=1&id=2&un=a&cn=b HTTP/1.1\r\n\r\n",
		"GET http://a?ts=&id=2&un=a&cn=b&sig=" SIGNATURE " HTTP/1.1\r\n\r\n",
		"GET http://a?ts=-1&id=2&un=a&cn=b&sig=" SIGNATURE " HTTP/1.1\r\n\r\n",
		"GET http://a?ts=18446744073709551616&id=2&un=a&cn=b&sig=" SIGNATURE " HTTP/1.1\r\n\r\n",
		"GET http://a?ts=1&id=x&un=a&cn=b&sig=" SIGNATURE " HTTP/1.1\r\n\r\n",
		"GET http://a?ts=1&id=2&un=a&cn=&sig=" SIGNATURE " HTTP/1.1\r\n\r\n",
		"GET http://a?ts=1&id=2&un=a%0&cn=b&sig=" SIGNATURE " HTTP/1.1\r\n\r\n",
		"GET http://a?ts=1&id=2&un=a%00&cn=b&sig=" SIGNATURE " HTTP/1.1\r\n\r\n",
		"GET http://a?ts=1&id=2&un=a&cn=b&sig=" SIGNATURE "0 HTTP/1.1\r\n\r\n",
		"GET http://a?ts=1&id=2&un=a&cn=b&sig=gda44088e52a347ce49d6312521d5621eeb40037 HTTP/1.1\r\n\r\n",
	};
	struct reach_request request;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_eq(parse(bad[i], &request), -EBADMSG, "%s", bad[i]);
}

Test(reach_request, every_cut_and_every_byte)
{
	struct reach_request request;

	for (size_t length = 0; length < strlen("GET http://10.1.1.1:8080?" FIELDS " HTTP/1.1"); length++) {
		/* No byte behind its end may be read. */
		char *cut = malloc(length ? length : 1);

		memcpy(cut, GOOD, length);
		cr_expect_eq(reach_request_read(cut, length, &request), -EBADMSG, "%zu", length);
		free(cut);
	}
	for (size_t at = 0; at < strlen(GOOD); at++) {
		char text[] = GOOD;

		for (unsigned int byte = 0; byte < 256; byte++) {
			text[at] = (char)byte;
			if (!reach_request_read(text, strlen(GOOD), &request))
				cr_expect_eq(strlen(request.sig), REACH_SIGNATURE_DIGITS);
		}
	}
}

static struct reach_settings settings_of(void)
{
	struct reach_settings settings = {.http_port = 7548,
					  .mapping_protocols = REACH_MAP_UPNP,
					  .mapping_interval = 60,
					  .stun = true,
					  .local_port = 7547,
					  .server_port = 3478,
					  .minimum = 30,
					  .maximum = 4000000000u};

	memcpy(settings.server, "stun.example.com", 17);
	memcpy(settings.username, "user", 5);
	memcpy(settings.password, "secret", 7);
	memset(settings.request_username, 'x', REACH_NAME_MAXIMUM);
	return settings;
}

Test(reach_message, settings_there_and_back)
{
	struct reach_settings settings = settings_of();
	char buffer[REACH_MESSAGE_MAXIMUM];
	struct reach_message message;
	int length = reach_write_settings(buffer, &settings);

	cr_assert_eq(reach_read(buffer, (size_t)length, &message), 0);
	cr_assert_eq(message.kind, REACH_SETTINGS);
	cr_expect(message.settings.stun && !message.settings.listen);
	cr_expect_eq(message.settings.http_port, 7548);
	cr_expect_eq(message.settings.mapping_protocols, REACH_MAP_UPNP);
	cr_expect_eq(message.settings.mapping_interval, 60);
	cr_expect_eq(message.settings.local_port, 7547);
	cr_expect_eq(message.settings.server_port, 3478);
	cr_expect_eq(message.settings.minimum, 30);
	cr_expect_eq(message.settings.maximum, 4000000000u);
	cr_expect_str_eq(message.settings.server, "stun.example.com");
	cr_expect_str_eq(message.settings.username, "user");
	cr_expect_str_eq(message.settings.password, "secret");
	cr_expect_eq(strlen(message.settings.request_username), REACH_NAME_MAXIMUM);
}

Test(reach_message, others_there_and_back)
{
	const struct reach_binding binding = {.nat_detected = true, .address = "[2001:db8::1]:7547"};
	const struct reach_mapping mapping = {"192.0.2.1:80"};
	char buffer[REACH_MESSAGE_MAXIMUM];
	struct reach_message message;

	cr_assert_eq(reach_read(buffer, (size_t)reach_write_binding(buffer, &binding), &message), 0);
	cr_expect(message.kind == REACH_BINDING && message.binding.nat_detected);
	cr_expect_str_eq(message.binding.address, binding.address);
	cr_assert_eq(reach_read(buffer, (size_t)reach_write_mapping(buffer, &mapping), &message), 0);
	cr_expect_eq(message.kind, REACH_MAPPING);
	cr_expect_str_eq(message.mapping.address, mapping.address);
}

Test(reach_message, requests_until_it_is_full)
{
	char buffer[REACH_MESSAGE_MAXIMUM + 1], datagram[REACH_DATAGRAM_MAXIMUM + 1] = GOOD;
	struct reach_message message;
	int length = reach_write_requests(buffer, true), more;
	unsigned count = 0;

	cr_expect_eq(reach_add_request(buffer, length, datagram, REACH_DATAGRAM_MAXIMUM + 1), -EMSGSIZE);
	while ((more = reach_add_request(buffer, length, datagram, REACH_DATAGRAM_MAXIMUM)) > 0) {
		length = more;
		count++;
	}
	cr_expect_eq(count, REACH_MESSAGE_MAXIMUM / (REACH_DATAGRAM_MAXIMUM + 2));
	cr_assert_eq(reach_read(buffer, (size_t)length, &message), 0);
	cr_assert_eq(message.kind, REACH_REQUESTS);
	cr_expect(message.requests.expected && message.requests.count == count);
	for (unsigned i = 0; i < count; i++) {
		cr_assert_eq(message.requests.datagrams[i].length, REACH_DATAGRAM_MAXIMUM);
		cr_expect_arr_eq(message.requests.datagrams[i].bytes, datagram, REACH_DATAGRAM_MAXIMUM);
	}
	cr_expect_eq(reach_read(buffer, (size_t)length - 1, &message), -EBADMSG);
	for (length = reach_write_requests(buffer, false), count = 0; count <= REACH_REQUESTS_MAXIMUM; count++)
		length = reach_add_request(buffer, length, "", 0);
	cr_expect_eq(reach_read(buffer, (size_t)length, &message), -EBADMSG, "one too many");
}

Test(reach_message, mapping_that_can_not_be)
{
	struct reach_settings settings = settings_of();
	char buffer[REACH_MESSAGE_MAXIMUM];
	struct reach_message message;

	settings.mapping_protocols = 4;
	cr_expect_eq(reach_read(buffer, (size_t)reach_write_settings(buffer, &settings), &message), -EBADMSG);
	settings.mapping_protocols = REACH_MAP_UPNP;
	settings.mapping_interval = 0;
	cr_expect_eq(reach_read(buffer, (size_t)reach_write_settings(buffer, &settings), &message), -EBADMSG);
	settings.mapping_protocols = 0;
	cr_expect_eq(reach_read(buffer, (size_t)reach_write_settings(buffer, &settings), &message), 0);
}

Test(reach_message, every_cut_and_what_follows_is_refused)
{
	struct reach_settings settings = settings_of();
	char buffer[REACH_MESSAGE_MAXIMUM + 1] = {0};
	struct reach_message message;
	int length = reach_write_settings(buffer, &settings);

	for (int cut = 0; cut < length; cut++)
		cr_expect_eq(reach_read(buffer, (size_t)cut, &message), -EBADMSG, "%d", cut);
	cr_expect_eq(reach_read(buffer, (size_t)length + 1, &message), -EBADMSG);
	buffer[0] = REACH_VERSION + 1;
	cr_expect_eq(reach_read(buffer, (size_t)length, &message), -EBADMSG);
	buffer[0] = REACH_VERSION;
	buffer[1] = 9;
	cr_expect_eq(reach_read(buffer, (size_t)length, &message), -EBADMSG);
}
