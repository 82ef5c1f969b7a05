/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The typed message made of a message's elements, each as it begins and ends, by the tables of the methods. Knows
 * nothing of the XML parser but the form in which it hands over attributes.
 */
#pragma once

#include "agent/arena.h"
#include "agent/soap-envelope.h"

enum soap_element_kind {
	ELEMENT_ENVELOPE,
	ELEMENT_HEADER,
	ELEMENT_BODY,
	ELEMENT_STRUCT, /* a method, or an argument of kind SOAP_STRUCT */
	ELEMENT_ARRAY,
	ELEMENT_TEXT,
	ELEMENT_IGNORED,
};

/** struct soap_element - an element that has begun and not ended */
struct soap_element {
	enum soap_element_kind kind;
	const struct soap_argument *argument; /* NULL: not an argument, or a method */
	const struct soap_argument *members;  /* HEADER, STRUCT */
	uint32_t seen;			      /* HEADER, STRUCT: a bit for each member given */
	char *target; /* HEADER, STRUCT, TEXT: what to fill; ARRAY: the struct that has its pointer */
	char *items;  /* ARRAY, as the next two */
	size_t count;
	size_t capacity;
};

/** struct soap_attributes - as libxml2 has them: five pointers each, local name, prefix, URI, start and end of the
 * value */
struct soap_attributes {
	const unsigned char **list;
	int count;
};

/** struct soap_elements - a message as far as it has been read */
struct soap_elements {
	const struct soap_method *const *methods;
	size_t method_count;
	struct arena *arena; /* has the strings, arrays and request structs */
	struct soap_prefixes prefixes;

	int error; /* the first one; what comes after it is ignored */
	char error_text[SOAP_FAULT_TEXT_SIZE];

	struct soap_element stack[SOAP_DEPTH_MAXIMUM]; /* the innermost last */
	unsigned int depth;
	bool header_seen;
	bool body_seen;
	bool method_seen;
	bool answerable; /* a bad argument is answered with a fault, and does not end the session */
	struct soap_header header;
	enum soap_namespace header_namespace;
	char *text; /* of the innermost element, of kind TEXT */
	size_t text_length;
	size_t text_size;
	size_t text_maximum;

	struct soap_message message;
};

/**
 * soap_elements_reset() - begins a new message
 * @arena: is reset, too
 * @methods: the methods to understand
 */
void soap_elements_reset(struct soap_elements *elements, struct arena *arena, const struct soap_method *const *methods,
			 size_t method_count);

/**
 * soap_elements_begin() - an element begins
 * @name: local name, with what comes before a second colon; NUL-terminated, used only during the call
 * @name_space: of the element
 * @uri: the same as text, used only during the call; NULL for an unqualified name
 *
 * The prefixes that it declares have been added to elements->prefixes at elements->depth before. Errors go to
 * elements->error, as in the functions that follow: -EBADMSG, -EMSGSIZE (depth, attributes), -ENOMEM.
 */
void soap_elements_begin(struct soap_elements *elements, const unsigned char *name, enum soap_namespace name_space,
			 const char *uri, struct soap_attributes attributes);

/** soap_elements_text() - a part of the text of the innermost element: may come in any number of parts */
void soap_elements_text(struct soap_elements *elements, const char *text, size_t length);

/** soap_elements_end() - the innermost element ends, and the prefixes that it declared */
void soap_elements_end(struct soap_elements *elements);

/** soap_elements_finish() - the message has ended, well-formed; completes elements->message unless there is an error */
void soap_elements_finish(struct soap_elements *elements);

/** soap_elements_fail() - notes an error that ends the session, unless there is one already; the text is made printable
 */
void soap_elements_fail(struct soap_elements *elements, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
