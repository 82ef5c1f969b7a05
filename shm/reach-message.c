/* SPDX-License-Identifier: BSD-2-Clause */
/* What the reachability monitor and the program that knows the credentials tell each other: written and read. */
#include "shm/reach-message.h"

#include <errno.h>
#include <string.h>

#define LENGTH_SIZE 2u

/* ---- Writing ------------------------------------------------------------------------------------------------ */

struct output {
	char *bytes;
	size_t length;
};

static void put_number(struct output *output, uint32_t value, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		output->bytes[output->length++] = (char)(value >> (8 * i));
}

static void put_bytes(struct output *output, const char *bytes, size_t length)
{
	put_number(output, (uint32_t)length, LENGTH_SIZE);
	memcpy(output->bytes + output->length, bytes, length);
	output->length += length;
}

/* Fields of a structure that is bounded: the longest message fits by far. */
static void put_text(struct output *output, const char *text, size_t maximum)
{
	put_bytes(output, text, strnlen(text, maximum));
}

static struct output start(char *buffer, enum reach_kind kind)
{
	struct output output = {.bytes = buffer};

	put_number(&output, REACH_VERSION, 1);
	put_number(&output, kind, 1);
	return output;
}

int reach_write_settings(char *buffer, const struct reach_settings *settings)
{
	struct output output = start(buffer, REACH_SETTINGS);

	_Static_assert(REACH_MESSAGE_MAXIMUM > 3 * REACH_NAME_MAXIMUM + REACH_HOST_MAXIMUM + 64, "settings fit");
	put_number(&output, settings->http_port, 2);
	put_number(&output, settings->mapping_protocols, 1);
	put_number(&output, settings->mapping_interval, 4);
	put_number(&output, settings->stun, 1);
	put_number(&output, settings->listen, 1);
	put_number(&output, settings->local_port, 2);
	put_number(&output, settings->server_port, 2);
	put_number(&output, settings->minimum, 4);
	put_number(&output, settings->maximum, 4);
	put_text(&output, settings->server, REACH_HOST_MAXIMUM);
	put_text(&output, settings->username, REACH_NAME_MAXIMUM);
	put_text(&output, settings->password, REACH_NAME_MAXIMUM);
	put_text(&output, settings->request_username, REACH_NAME_MAXIMUM);
	return (int)output.length;
}

int reach_write_binding(char *buffer, const struct reach_binding *binding)
{
	struct output output = start(buffer, REACH_BINDING);

	put_number(&output, binding->nat_detected, 1);
	put_text(&output, binding->address, REACH_ADDRESS_MAXIMUM);
	return (int)output.length;
}

int reach_write_mapping(char *buffer, const struct reach_mapping *mapping)
{
	struct output output = start(buffer, REACH_MAPPING);

	put_text(&output, mapping->address, REACH_ADDRESS_MAXIMUM);
	return (int)output.length;
}

int reach_write_requests(char *buffer, bool expected)
{
	struct output output = start(buffer, REACH_REQUESTS);

	put_number(&output, expected, 1);
	return (int)output.length;
}

int reach_add_request(char *buffer, int filled, const char *datagram, size_t length)
{
	struct output output = {.bytes = buffer, .length = (size_t)filled};

	if (length > REACH_DATAGRAM_MAXIMUM || output.length + LENGTH_SIZE + length > REACH_MESSAGE_MAXIMUM)
		return -EMSGSIZE;
	put_bytes(&output, datagram, length);
	return (int)output.length;
}

/* ---- Reading ------------------------------------------------------------------------------------------------ */

struct input {
	const char *bytes;
	size_t length, at;
	bool bad;
};

static uint32_t take_number(struct input *input, unsigned int bytes)
{
	uint32_t value = 0;

	if (input->bad || bytes > input->length - input->at) {
		input->bad = true;
		return 0;
	}
	for (unsigned int i = 0; i < bytes; i++)
		value |= (uint32_t)(uint8_t)input->bytes[input->at++] << (8 * i);
	return value;
}

static size_t take_bytes(struct input *input, char *bytes, size_t maximum)
{
	size_t length = take_number(input, LENGTH_SIZE);

	if (input->bad || length > maximum || length > input->length - input->at) {
		input->bad = true;
		return 0;
	}
	memcpy(bytes, input->bytes + input->at, length);
	input->at += length;
	return length;
}

static void take_text(struct input *input, char *text, size_t maximum)
{
	size_t length = take_bytes(input, text, maximum);

	text[length] = '\0';
	if (memchr(text, '\0', length))
		input->bad = true;
}

static bool take_boolean(struct input *input)
{
	uint32_t value = take_number(input, 1);

	if (value > 1)
		input->bad = true;
	return value;
}

static void take_settings(struct input *input, struct reach_settings *settings)
{
	settings->http_port = (uint16_t)take_number(input, 2);
	settings->mapping_protocols = (uint8_t)take_number(input, 1);
	settings->mapping_interval = take_number(input, 4);
	if (settings->mapping_protocols & ~(REACH_MAP_NAT_PMP | REACH_MAP_UPNP) ||
	    (settings->mapping_protocols && !settings->mapping_interval))
		input->bad = true;
	settings->stun = take_boolean(input);
	settings->listen = take_boolean(input);
	settings->local_port = (uint16_t)take_number(input, 2);
	settings->server_port = (uint16_t)take_number(input, 2);
	settings->minimum = take_number(input, 4);
	settings->maximum = take_number(input, 4);
	take_text(input, settings->server, REACH_HOST_MAXIMUM);
	take_text(input, settings->username, REACH_NAME_MAXIMUM);
	take_text(input, settings->password, REACH_NAME_MAXIMUM);
	take_text(input, settings->request_username, REACH_NAME_MAXIMUM);
}

static void take_requests(struct input *input, struct reach_requests *requests)
{
	requests->expected = take_boolean(input);
	while (!input->bad && input->at < input->length) {
		size_t length = take_number(input, LENGTH_SIZE);

		if (input->bad || length > REACH_DATAGRAM_MAXIMUM || length > input->length - input->at ||
		    requests->count == REACH_REQUESTS_MAXIMUM) {
			input->bad = true;
			return;
		}
		requests->datagrams[requests->count].bytes = input->bytes + input->at;
		requests->datagrams[requests->count++].length = length;
		input->at += length;
	}
}

int reach_read(const char *bytes, size_t length, struct reach_message *message)
{
	struct input input = {.bytes = bytes, .length = length};

	memset(message, 0, sizeof(*message));
	if (take_number(&input, 1) != REACH_VERSION)
		return -EBADMSG;
	message->kind = take_number(&input, 1);
	if (message->kind == REACH_SETTINGS) {
		take_settings(&input, &message->settings);
	} else if (message->kind == REACH_BINDING) {
		message->binding.nat_detected = take_boolean(&input);
		take_text(&input, message->binding.address, REACH_ADDRESS_MAXIMUM);
	} else if (message->kind == REACH_MAPPING) {
		take_text(&input, message->mapping.address, REACH_ADDRESS_MAXIMUM);
	} else if (message->kind == REACH_REQUESTS) {
		take_requests(&input, &message->requests);
	} else {
		return -EBADMSG;
	}
	return input.bad || input.at != length ? -EBADMSG : 0;
}
