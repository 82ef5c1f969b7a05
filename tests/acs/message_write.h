// SPDX-License-Identifier: GPL-2.0-or-later
// Writes SOAP envelopes, in the usual form or in one of the strange but legal forms that servers use.
#pragma once

#include <stdbool.h>

#include "tests/acs/buffer.h"

enum style {
	STYLE_XML_DECLARATION = 1 << 0,
	STYLE_BYTE_ORDER_MARK = 1 << 1,
	STYLE_OTHER_PREFIXES = 1 << 2,
	STYLE_DEFAULT_NAMESPACE = 1 << 3,
	STYLE_QUALIFIED = 1 << 4,
	STYLE_NO_ARRAY_TYPE = 1 << 5,
	STYLE_WRONG_ARRAY_COUNT = 1 << 6,
	STYLE_ARRAY_XSI_TYPE = 1 << 7,
	STYLE_CDATA = 1 << 8,
	STYLE_PRETTY = 1 << 9,
	STYLE_COMMENTS = 1 << 10,
	STYLE_NO_HEADER = 1 << 11,
};

struct envelope {
	const char *cwmp_namespace;
	const char *id; // header ID, NULL for none
	bool hold_requests;
	const char *use_version; // header UseCWMPVersion, NULL for none
	int unknown_header;	 // mustUnderstand of an unknown header, -1 for none
	unsigned style;
};

struct writer {
	struct buffer *out;
	unsigned style;
	const char *method;
	unsigned depth; // open elements within the method
	bool has_children;
};

/* Writes everything up to the method's start tag. */
void envelope_begin(struct writer *writer, struct buffer *out, const struct envelope *envelope, const char *method);

/* Writes the method's end tag and what follows. */
void envelope_end(struct writer *writer);

/* Start and end tag of an element in the method. */
void write_open(struct writer *writer, const char *name);
void write_close(struct writer *writer, const char *name);

/* Start tag of a structure whose xsi:type is one of CWMP's types. */
void write_open_struct(struct writer *writer, const char *name, const char *type);

/* Start tag of an array of `count` members; `member` is the type with its usual prefix, such as xsd:string. */
void write_array_open(struct writer *writer, const char *name, const char *member, size_t count);

/* An element with text; escapes it. */
void write_element(struct writer *writer, const char *name, const char *text);

/* The same with xsi:type="xsd:TYPE"; with type NULL without the attribute. */
void write_typed(struct writer *writer, const char *name, const char *type, const char *text);

/* A whole envelope with a CWMP fault. */
void write_fault(struct buffer *out, const struct envelope *envelope, int code, const char *text);
