/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the SOAP decoder; the outcome must not depend on the parts in which a message comes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/soap-decode.h"
#include "agent/soap-methods.h"

/* FNV-1a over all that a message has, so that every byte of it is read and two outcomes can be compared. */
struct digest {
	uint64_t value;
};

static void add(struct digest *digest, const void *data, size_t length)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < length; i++)
		digest->value = (digest->value ^ bytes[i]) * 0x100000001b3;
}

static void add_number(struct digest *digest, uint64_t number)
{
	add(digest, &number, sizeof(number));
}

static void add_string(struct digest *digest, struct soap_string string)
{
	add_number(digest, string.data ? string.length : UINT64_MAX);
	if (!string.data)
		return;
	if (strlen(string.data) != string.length)
		abort();
	add(digest, string.data, string.length);
}

static void add_members(struct digest *digest, const struct soap_argument *arguments, const char *structure);

static void add_argument(struct digest *digest, const struct soap_argument *argument, const char *structure)
{
	const char *target = structure + argument->offset;
	const struct soap_value *value;
	const char *items;
	size_t count;

	switch (argument->kind) {
	case SOAP_STRING:
		add_string(digest, *(const struct soap_string *)target);
		break;
	case SOAP_UNSIGNED_INT:
	case SOAP_INT:
		add(digest, target, sizeof(uint32_t));
		break;
	case SOAP_BOOLEAN:
		add_number(digest, *(const bool *)target);
		break;
	case SOAP_VALUE:
		value = (const struct soap_value *)target;
		add_string(digest, value->text);
		add_string(digest, value->type);
		add_number(digest, value->type_namespace);
		add_number(digest, value->nil);
		break;
	case SOAP_STRUCT:
		add_members(digest, argument->members, target);
		break;
	case SOAP_ARRAY:
	case SOAP_REPEATED:
		memcpy(&items, target, sizeof(items));
		memcpy(&count, structure + argument->count_offset, sizeof(count));
		add_number(digest, count);
		for (size_t i = 0; i < count; i++) {
			const char *item = items + i * argument->element_size;

			if (argument->any_name)
				add_string(digest, *(const struct soap_string *)(item + argument->name_offset));
			add_argument(digest, argument->element, item);
		}
		break;
	}
}

static void add_members(struct digest *digest, const struct soap_argument *arguments, const char *structure)
{
	for (size_t i = 0; arguments && arguments[i].name; i++)
		add_argument(digest, &arguments[i], structure);
}

static uint64_t finish(struct soap_decoder *decoder, int *error)
{
	struct digest digest = {.value = 0xcbf29ce484222325};
	const struct soap_message *message;

	*error = soap_decoder_finish(decoder, &message);
	if (*error) {
		if (message || !soap_decoder_error(decoder)[0])
			abort();
		return 0;
	}
	add_number(&digest, message->kind);
	add_number(&digest, message->cwmp_namespace);
	add_string(&digest, message->id);
	add_number(&digest, message->hold_requests);
	add_string(&digest, message->use_cwmp_version);
	add_number(&digest, message->must_understand);
	add_string(&digest, message->not_understood);
	add_string(&digest, message->method_name);
	add_string(&digest, message->fault.faultcode);
	add_string(&digest, message->fault.faultstring);
	add_number(&digest, message->fault.code);
	add_string(&digest, message->fault.text);
	add_number(&digest, message->fault_code);
	add(&digest, message->fault_text, strlen(message->fault_text));
	if (message->request)
		add_members(&digest, message->method->arguments, message->request);
	return digest.value;
}

/* Feeds a comment first, so that the parser's next piece begins at this place of the message. */
static void feed_comment(struct soap_decoder *decoder, size_t place)
{
	char comment[SOAP_PIECE_SIZE];
	size_t length = sizeof(comment) - place;

	memset(comment, 'x', sizeof(comment));
	memcpy(comment, "<!--", 4);
	memcpy(comment + length - 3, "-->", 3);
	soap_decoder_feed(decoder, comment, length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct soap_decoder *decoder;
	uint64_t whole;
	uint64_t other;
	int whole_error;
	int error;

	if (!decoder)
		decoder = soap_decoder_create(soap_methods, soap_methods_count);
	soap_decoder_feed(decoder, data, size);
	whole = finish(decoder, &whole_error);

	for (size_t i = 0; i < size; i++)
		soap_decoder_feed(decoder, data + i, 1);
	other = finish(decoder, &error);
	if (other != whole || error != whole_error)
		abort();

	/* The first piece of the parser then ends within the message; only a message without XML declaration stays the
	 * same. */
	if (size < 16 || size > SOAP_PIECE_SIZE / 2 || data[0] != '<' || data[1] == '?')
		return 0;
	for (size_t place = 1; place < size; place += 1 + size / 8) {
		feed_comment(decoder, place);
		soap_decoder_feed(decoder, data, size);
		other = finish(decoder, &error);
		if (other != whole || !error != !whole_error) {
			fprintf(stderr, "a piece that ends at byte %zu: %s\n", place, soap_decoder_error(decoder));
			abort();
		}
	}
	return 0;
}
