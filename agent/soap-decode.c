/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoder of SOAP messages from the ACS: the bytes as they arrive, and libxml2's push parser. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>

#include "agent/soap-decode.h"
#include "agent/soap-element.h"

static const char byte_order_mark[] = "\xef\xbb\xbf";
#define BYTE_ORDER_MARK_LENGTH (sizeof(byte_order_mark) - 1)

struct soap_decoder {
	const struct soap_method *const *methods;
	size_t method_count;
	xmlParserCtxtPtr parser; /* NULL until the first tag, and after an error */
	struct arena arena;
	struct soap_elements elements;

	bool finished;	    /* the message is complete; the next byte belongs to another one */
	bool started;	    /* the first tag has begun */
	size_t mark_length; /* before that: bytes of the byte order mark seen, or all when it cannot come any more */
	size_t size;	    /* bytes of the message so far */
	size_t waiting_length;
	char waiting[SOAP_PIECE_SIZE]; /* for the parser */
};

/* Events of the XML parser */

static void on_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int namespace_count,
		     const xmlChar **namespaces, int attribute_count, int default_count, const xmlChar **attributes)
{
	struct soap_decoder *decoder = context;
	struct soap_elements *elements = &decoder->elements;
	enum soap_namespace name_space = soap_namespace_from_uri((const char *)uri);

	(void)default_count;
	for (size_t i = 0; i < (size_t)namespace_count && !elements->error; i++) {
		if (soap_prefixes_add(&elements->prefixes, (const char *)namespaces[2 * i],
				      (const char *)namespaces[2 * i + 1], elements->depth))
			soap_elements_fail(elements, -EMSGSIZE, "more than %d namespaces", SOAP_NAMESPACES_MAXIMUM);
	}
	if (prefix && !uri)
		name_space = SOAP_NAMESPACE_OTHER;
	soap_elements_begin(elements, name, name_space, (const char *)uri,
			    (struct soap_attributes){.list = attributes, .count = attribute_count});
	if (elements->error)
		xmlStopParser(decoder->parser);
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct soap_decoder *decoder = context;

	(void)name;
	(void)prefix;
	(void)uri;
	soap_elements_end(&decoder->elements);
	if (decoder->elements.error)
		xmlStopParser(decoder->parser);
}

static void on_text(void *context, const xmlChar *text, int length)
{
	struct soap_decoder *decoder = context;

	soap_elements_text(&decoder->elements, (const char *)text, (size_t)length);
	if (decoder->elements.error)
		xmlStopParser(decoder->parser);
}

static void on_document_type(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	struct soap_decoder *decoder = context;

	(void)name;
	(void)external;
	(void)system;
	soap_elements_fail(&decoder->elements, -EBADMSG, "a document type declaration");
	xmlStopParser(decoder->parser);
}

static void on_problem(void *context, xmlErrorPtr error)
{
	struct soap_decoder *decoder = context;

	/* Lesser ones are about namespaces, e.g. two colons in a name. */
	if (error->level == XML_ERR_FATAL)
		soap_elements_fail(&decoder->elements, error->code == XML_ERR_NO_MEMORY ? -ENOMEM : -EBADMSG,
				   "line %d: %s", error->line, error->message ? error->message : "bad XML");
}

/* The parser */

static void drop_parser(struct soap_decoder *decoder)
{
	if (decoder->parser)
		xmlFreeParserCtxt(decoder->parser);
	decoder->parser = NULL;
}

static int prepare_parser(struct soap_decoder *decoder)
{
	xmlSAXHandler handler = {
		.initialized = XML_SAX2_MAGIC,
		.startElementNs = on_start,
		.endElementNs = on_end,
		.characters = on_text,
		.ignorableWhitespace = on_text,
		.cdataBlock = on_text,
		.internalSubset = on_document_type,
		.serror = on_problem,
	};

	/* Its dictionary keeps the names of all messages; a hostile server could fill it little by little. */
	if (decoder->parser && xmlDictGetUsage(decoder->parser->dict) > SOAP_DICTIONARY_SIZE_MAXIMUM / 2)
		drop_parser(decoder);
	if (decoder->parser && !xmlCtxtResetPush(decoder->parser, NULL, 0, NULL, NULL))
		return 0;
	drop_parser(decoder);
	decoder->parser = xmlCreatePushParserCtxt(&handler, decoder, NULL, 0, NULL);
	if (!decoder->parser)
		return -ENOMEM;
	/* CWMP is in UTF-8 whatever a message says of itself, so that no other decoder of characters ever runs. */
	xmlCtxtUseOptions(decoder->parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
	xmlDictSetLimit(decoder->parser->dict, SOAP_DICTIONARY_SIZE_MAXIMUM);
	return 0;
}

static void parse_waiting(struct soap_decoder *decoder, bool last)
{
	struct soap_elements *elements = &decoder->elements;
	int error;

	if (elements->error)
		return;
	error = xmlParseChunk(decoder->parser, decoder->waiting, (int)decoder->waiting_length, last);
	decoder->waiting_length = 0;
	if (elements->error)
		return;
	if (!decoder->parser->wellFormed)
		soap_elements_fail(elements, -EBADMSG, "bad XML (libxml2 error %d)", error);
	else if (decoder->parser->input &&
		 (size_t)(decoder->parser->input->end - decoder->parser->input->cur) > SOAP_MARKUP_SIZE_MAXIMUM)
		soap_elements_fail(elements, -EMSGSIZE, "a tag or comment of more than %zu bytes",
				   SOAP_MARKUP_SIZE_MAXIMUM);
}

/* Skips a byte order mark and blanks: blanks are not allowed before an XML declaration, but servers send them. */
static void skip_start(struct soap_decoder *decoder, const char **bytes, size_t *length)
{
	for (; *length; (*bytes)++, (*length)--) {
		char byte = **bytes;

		if (decoder->mark_length < BYTE_ORDER_MARK_LENGTH && byte == byte_order_mark[decoder->mark_length]) {
			decoder->mark_length++;
		} else if (decoder->mark_length % BYTE_ORDER_MARK_LENGTH) {
			break;
		} else {
			if (byte != ' ' && byte != '\t' && byte != '\r' && byte != '\n')
				break;
			decoder->mark_length = BYTE_ORDER_MARK_LENGTH;
		}
	}
	if (!*length)
		return;
	if (**bytes != '<' || decoder->mark_length % BYTE_ORDER_MARK_LENGTH) {
		soap_elements_fail(&decoder->elements, -EBADMSG, "not XML: it does not begin with '<'");
		return;
	}
	decoder->started = true;
	if (prepare_parser(decoder))
		soap_elements_fail(&decoder->elements, -ENOMEM, "no memory for an XML parser");
}

/* The public functions */

struct soap_decoder *soap_decoder_create(const struct soap_method *const *methods, size_t method_count)
{
	struct soap_decoder *decoder = calloc(1, sizeof(*decoder));

	if (!decoder)
		return NULL;
	xmlInitParser();
	decoder->methods = methods;
	decoder->method_count = method_count;
	arena_init(&decoder->arena, SOAP_ARENA_CHUNK_SIZE, SOAP_ARENA_RETAINED_SIZE, SOAP_ARENA_SIZE_MAXIMUM);
	soap_decoder_reset(decoder);
	return decoder;
}

void soap_decoder_destroy(struct soap_decoder *decoder)
{
	if (!decoder)
		return;
	drop_parser(decoder);
	arena_exit(&decoder->arena);
	free(decoder);
}

void soap_decoder_reset(struct soap_decoder *decoder)
{
	/* libxml2 starts anew reliably only after a message that ended well. */
	if (!decoder->finished || decoder->elements.error)
		drop_parser(decoder);
	soap_elements_reset(&decoder->elements, &decoder->arena, decoder->methods, decoder->method_count);
	decoder->finished = false;
	decoder->started = false;
	decoder->mark_length = 0;
	decoder->size = 0;
	decoder->waiting_length = 0;
}

int soap_decoder_feed(struct soap_decoder *decoder, const void *data, size_t length)
{
	struct soap_elements *elements = &decoder->elements;
	const char *bytes = data;

	if (decoder->finished)
		soap_decoder_reset(decoder);
	if (elements->error || !length)
		return elements->error;
	if (length > SOAP_MESSAGE_SIZE_MAXIMUM - decoder->size) {
		soap_elements_fail(elements, -EMSGSIZE, "a message of more than %zu bytes", SOAP_MESSAGE_SIZE_MAXIMUM);
		return elements->error;
	}
	decoder->size += length;
	/* XML forbids it; and without it the first bytes cannot look like another encoding than UTF-8. */
	if (memchr(bytes, '\0', length))
		soap_elements_fail(elements, -EBADMSG, "not XML: a NUL byte");
	else if (!decoder->started)
		skip_start(decoder, &bytes, &length);
	/* The parser always gets pieces of one size: it searches again what is incomplete, and small ones cost dear. */
	while (!elements->error && length) {
		size_t part = SOAP_PIECE_SIZE - decoder->waiting_length;

		if (part > length)
			part = length;
		memcpy(decoder->waiting + decoder->waiting_length, bytes, part);
		decoder->waiting_length += part;
		bytes += part;
		length -= part;
		if (decoder->waiting_length == SOAP_PIECE_SIZE)
			parse_waiting(decoder, false);
	}
	return elements->error;
}

int soap_decoder_finish(struct soap_decoder *decoder, const struct soap_message **message)
{
	struct soap_elements *elements = &decoder->elements;

	*message = NULL;
	if (decoder->finished)
		soap_decoder_reset(decoder);
	if (decoder->started) {
		parse_waiting(decoder, true);
		soap_elements_finish(elements);
	} else if (decoder->mark_length % BYTE_ORDER_MARK_LENGTH) {
		soap_elements_fail(elements, -EBADMSG, "not XML: it ends within a byte order mark");
	}
	decoder->finished = true;
	if (elements->error)
		return elements->error;
	*message = &elements->message;
	return 0;
}

const char *soap_decoder_error(const struct soap_decoder *decoder)
{
	return decoder->elements.error_text;
}
