// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the agent's SOAP envelopes as they arrive, without a tree: single facts are kept, list members are handed on.

#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/acs/message_read.h"

#define SOAP_ENVELOPE	     "http://schemas.xmlsoap.org/soap/envelope/"
#define SOAP_ENCODING	     "http://schemas.xmlsoap.org/soap/encoding/"
#define CWMP_NAMESPACE_START "urn:dslforum-org:cwmp-"

struct message_reader {
	xmlParserCtxtPtr parser;
	bool (*item)(void *user, const struct message *message, const struct item *item);
	void *user;
	struct message message;
	char names[NAMES_KEPT][48]; // local names of the open elements; [0] is the envelope
	unsigned depth;		    // open elements
	bool enough;
	struct buffer text, name, value, type;
	bool writable;
	int notification;
};

static void set_error(struct message_reader *reader, const char *error)
{
	if (!reader->message.error[0])
		snprintf(reader->message.error, sizeof(reader->message.error), "%s", error);
	reader->enough = true;
	if (reader->parser)
		xmlStopParser(reader->parser);
}

static void emit(struct message_reader *reader, enum item_kind kind)
{
	struct item item = {.kind = kind,
			    .name = buffer_string(&reader->name),
			    .value = buffer_string(&reader->value),
			    .type = buffer_string(&reader->type),
			    .writable = reader->writable,
			    .notification = reader->notification};

	if (kind != ITEM_FAULT)
		reader->message.item_count++;
	if (reader->item && !reader->item(reader->user, &reader->message, &item)) {
		reader->enough = true;
		xmlStopParser(reader->parser);
	}
	buffer_clear(&reader->name);
	buffer_clear(&reader->value);
	buffer_clear(&reader->type);
	reader->writable = false;
	reader->notification = 0;
}

static bool is(const char *name, const char *expected)
{
	return !strcmp(name, expected);
}

static void begin_method(struct message_reader *reader, const char *name, const char *uri)
{
	struct message *message = &reader->message;

	if (message->method[0]) {
		set_error(reader, "more than one child of Body");
		return;
	}
	if (strncmp(uri, CWMP_NAMESPACE_START, strlen(CWMP_NAMESPACE_START)) &&
	    !(is(uri, SOAP_ENVELOPE) && is(name, "Fault"))) {
		set_error(reader, "the child of Body is in no CWMP namespace");
		return;
	}
	snprintf(message->method, sizeof(message->method), "%s", name);
	if (!is(uri, SOAP_ENVELOPE))
		snprintf(message->cwmp_namespace, sizeof(message->cwmp_namespace), "%s", uri);
}

static void read_attributes(struct message_reader *reader, const char *name, int count, const xmlChar **attributes)
{
	for (int i = 0; i < count; i++, attributes += 5) {
		const char *local = (const char *)attributes[0], *uri = (const char *)attributes[2];
		const char *value = (const char *)attributes[3];
		size_t length = (size_t)(attributes[4] - attributes[3]);

		if (is(local, "type") && is(name, "Value")) {
			const char *colon = memchr(value, ':', length);
			size_t prefix = colon ? (size_t)(colon - value) + 1 : 0;

			buffer_clear(&reader->type);
			buffer_append(&reader->type, value + prefix, length - prefix);
		} else if (uri && is(local, "arrayType") && is(uri, SOAP_ENCODING) && reader->depth == 4) {
			const char *bracket = memchr(value, '[', length);

			if (bracket)
				reader->message.array_count = strtoull(bracket + 1, NULL, 10);
		}
	}
}

static void start_element(void *context, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri,
			  int namespace_count, const xmlChar **namespaces, int attribute_count, int default_count,
			  const xmlChar **attributes)
{
	struct message_reader *reader = context;
	const char *name = (const char *)local, *name_space = uri ? (const char *)uri : "";

	(void)prefix;
	(void)namespace_count;
	(void)namespaces;
	(void)default_count;
	if (reader->depth < NAMES_KEPT)
		snprintf(reader->names[reader->depth], sizeof(reader->names[0]), "%s", name);
	reader->depth++;
	buffer_clear(&reader->text);
	if (reader->depth == 1 && !(is(name, "Envelope") && is(name_space, SOAP_ENVELOPE)))
		set_error(reader, "the root is not a SOAP 1.1 Envelope");
	if (reader->depth == 3 && is(reader->names[1], "Body"))
		begin_method(reader, name, name_space);
	// the namespace of a fault is that of its detail
	if (is(reader->message.method, "Fault") && !reader->message.cwmp_namespace[0] &&
	    !strncmp(name_space, CWMP_NAMESPACE_START, strlen(CWMP_NAMESPACE_START)))
		snprintf(reader->message.cwmp_namespace, sizeof(reader->message.cwmp_namespace), "%s", name_space);
	if (attribute_count)
		read_attributes(reader, name, attribute_count, attributes);
}

static void copy_text(struct buffer *target, const struct buffer *text)
{
	buffer_clear(target);
	buffer_append(target, buffer_string(text), text->length);
}

static void end_header(struct message_reader *reader, const char *name)
{
	if (is(name, "ID")) {
		reader->message.has_id = true;
		copy_text(&reader->message.id, &reader->text);
	} else if (is(name, "SupportedCWMPVersions")) {
		copy_text(&reader->message.versions, &reader->text);
	}
}

static void end_event(struct message_reader *reader, const char *name)
{
	struct message *message = &reader->message;
	struct event *event = &message->events[message->event_count];

	if (message->event_count == EVENTS_PER_INFORM)
		set_error(reader, "more than 64 events");
	else if (is(name, "EventCode"))
		snprintf(event->code, sizeof(event->code), "%s", buffer_string(&reader->text));
	else if (is(name, "CommandKey"))
		snprintf(event->command_key, sizeof(event->command_key), "%s", buffer_string(&reader->text));
}

static void end_fault(struct message_reader *reader, const char *name, const char *parent)
{
	struct message *message = &reader->message;

	if (is(parent, "SetParameterValuesFault")) {
		if (is(name, "ParameterName"))
			copy_text(&reader->name, &reader->text);
		else if (is(name, "FaultString"))
			copy_text(&reader->value, &reader->text);
		else if (is(name, "FaultCode"))
			reader->notification = atoi(buffer_string(&reader->text));
	} else if (is(name, "SetParameterValuesFault")) {
		emit(reader, ITEM_FAULT);
	} else if (is(name, "faultcode")) {
		copy_text(&message->fault_code_soap, &reader->text);
	} else if (is(name, "FaultCode")) {
		message->fault_code = atoi(buffer_string(&reader->text));
	} else if (is(name, "FaultString") || (is(name, "faultstring") && !message->fault_string.length)) {
		copy_text(&message->fault_string, &reader->text);
	}
}

static void end_member(struct message_reader *reader, const char *name, const char *parent)
{
	if (is(name, "ParameterValueStruct")) {
		emit(reader, ITEM_VALUE);
	} else if (is(name, "ParameterInfoStruct")) {
		emit(reader, ITEM_NAME);
	} else if (is(name, "ParameterAttributeStruct")) {
		emit(reader, ITEM_ATTRIBUTE);
	} else if (is(name, "Name")) {
		copy_text(&reader->name, &reader->text);
	} else if (is(name, "Value")) {
		copy_text(&reader->value, &reader->text);
	} else if (is(name, "Writable")) {
		reader->writable = is(buffer_string(&reader->text), "1") || is(buffer_string(&reader->text), "true");
	} else if (is(name, "Notification")) {
		reader->notification = atoi(buffer_string(&reader->text));
	} else if (is(name, "string") && is(parent, "MethodList")) {
		copy_text(&reader->name, &reader->text);
		emit(reader, ITEM_METHOD);
	} else if (is(name, "string") && is(parent, "AccessList")) {
		if (reader->value.length)
			buffer_text(&reader->value, ",");
		buffer_append(&reader->value, buffer_string(&reader->text), reader->text.length);
	}
}

static void end_argument(struct message_reader *reader, const char *name)
{
	struct message *message = &reader->message;

	if (is(name, "Status"))
		message->status = atoi(buffer_string(&reader->text));
	else if (is(name, "InstanceNumber"))
		snprintf(message->instance_number, sizeof(message->instance_number), "%s",
			 buffer_string(&reader->text));
	else if (is(name, "RetryCount"))
		message->retry_count = (unsigned)strtoul(buffer_string(&reader->text), NULL, 10);
	else if (is(name, "CurrentTime"))
		snprintf(message->current_time, sizeof(message->current_time), "%s", buffer_string(&reader->text));
}

static void end_element(void *context, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
	struct message_reader *reader = context;
	const char *name = (const char *)local, *parent;

	(void)prefix;
	(void)uri;
	reader->depth--;
	if (reader->depth < 2 || reader->depth >= NAMES_KEPT)
		return;
	parent = reader->names[reader->depth - 1];
	if (reader->depth == 2 && is(reader->names[1], "Header"))
		end_header(reader, name);
	else if (is(reader->message.method, "Fault"))
		end_fault(reader, name, parent);
	else if (is(parent, "EventStruct"))
		end_event(reader, name);
	else if (is(name, "EventStruct") && reader->message.event_count < EVENTS_PER_INFORM)
		reader->message.event_count++;
	else if (is(parent, "DeviceId")) {
		if (is(name, "OUI"))
			copy_text(&reader->message.oui, &reader->text);
		else if (is(name, "ProductClass"))
			copy_text(&reader->message.product_class, &reader->text);
		else if (is(name, "SerialNumber"))
			copy_text(&reader->message.serial_number, &reader->text);
	} else if (reader->depth == 3) {
		end_argument(reader, name);
	} else {
		end_member(reader, name, parent);
	}
	buffer_clear(&reader->text);
}

static void characters(void *context, const xmlChar *text, int length)
{
	struct message_reader *reader = context;

	buffer_append(&reader->text, text, (size_t)length);
}

static void internal_subset(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	set_error(context, "has a document type definition");
}

static void no_message(void *context, const char *format, ...)
{
	(void)context;
	(void)format;
}

struct message_reader *message_reader_new(bool (*item)(void *user, const struct message *, const struct item *),
					  void *user)
{
	static xmlSAXHandler handler = {
		.initialized = XML_SAX2_MAGIC,
		.startElementNs = start_element,
		.endElementNs = end_element,
		.characters = characters,
		.cdataBlock = characters,
		.internalSubset = internal_subset,
		.warning = no_message,
		.error = no_message,
	};
	struct message_reader *reader = zalloc(sizeof(*reader));

	reader->item = item;
	reader->user = user;
	reader->message.status = -1;
	reader->parser = xmlCreatePushParserCtxt(&handler, reader, NULL, 0, NULL);
	if (!reader->parser)
		set_error(reader, "no XML parser");
	else
		xmlCtxtUseOptions(reader->parser, XML_PARSE_NONET | XML_PARSE_HUGE | XML_PARSE_NOERROR);
	return reader;
}

void message_reader_free(struct message_reader *reader)
{
	struct message *message;

	if (!reader)
		return;
	message = &reader->message;
	if (reader->parser)
		xmlFreeParserCtxt(reader->parser);
	buffer_free(&message->id);
	buffer_free(&message->versions);
	buffer_free(&message->oui);
	buffer_free(&message->product_class);
	buffer_free(&message->serial_number);
	buffer_free(&message->fault_code_soap);
	buffer_free(&message->fault_string);
	buffer_free(&reader->text);
	buffer_free(&reader->name);
	buffer_free(&reader->value);
	buffer_free(&reader->type);
	free(reader);
}

bool message_enough(const struct message_reader *reader)
{
	return reader->enough;
}

static void note_parser_error(struct message_reader *reader)
{
	const xmlError *error = xmlCtxtGetLastError(reader->parser);
	char text[160];

	snprintf(text, sizeof(text), "not well-formed: %s",
		 error && error->message ? error->message : "unknown reason");
	text[strcspn(text, "\n")] = '\0';
	set_error(reader, text);
}

bool message_feed(struct message_reader *reader, const char *data, size_t length)
{
	// libxml2 moves what it has not parsed for each piece, so pieces are kept small
	while (length && !reader->enough) {
		int piece = length > 65536 ? 65536 : (int)length;

		if (xmlParseChunk(reader->parser, data, piece, 0) && !reader->enough)
			note_parser_error(reader);
		data += piece;
		length -= (size_t)piece;
	}
	return !reader->enough;
}

const struct message *message_finish(struct message_reader *reader)
{
	if (!reader->enough && xmlParseChunk(reader->parser, NULL, 0, 1) && !reader->enough)
		note_parser_error(reader);
	if (!reader->message.error[0] && !reader->message.method[0])
		set_error(reader, "Body is empty");
	return &reader->message;
}
