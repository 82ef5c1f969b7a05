/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The XML namespaces of CWMP messages, and the prefixes that stand for them at one place of a message. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/bounds.h"

enum soap_namespace {
	SOAP_NAMESPACE_NONE,	 /* unqualified */
	SOAP_NAMESPACE_OTHER,	 /* one that CWMP does not use, or a prefix that is not declared */
	SOAP_NAMESPACE_ENVELOPE, /* SOAP 1.1 envelope */
	SOAP_NAMESPACE_ENCODING, /* SOAP 1.1 encoding */
	SOAP_NAMESPACE_XSD,	 /* XML Schema 2001 */
	SOAP_NAMESPACE_XSI,	 /* XML Schema instance 2001 */
	SOAP_NAMESPACE_CWMP_1_0,
	SOAP_NAMESPACE_CWMP_1_1,
	SOAP_NAMESPACE_CWMP_1_2, /* CWMP 1.2, 1.3 and 1.4 */
	SOAP_NAMESPACE_CWMP_1_3, /* not in the standard, but some servers use it */
	SOAP_NAMESPACE_CWMP_1_4, /* the same */
};

/** soap_namespace_is_cwmp() - true for the five CWMP namespaces */
bool soap_namespace_is_cwmp(enum soap_namespace name_space);

/**
 * soap_namespace_from_uri() - which namespace a URI is
 * @uri: NUL-terminated, or NULL for an unqualified name
 */
enum soap_namespace soap_namespace_from_uri(const char *uri);

/** struct soap_prefix - one prefix in scope; the text is owned by the XML parser's dictionary */
struct soap_prefix {
	const char *prefix; /* NULL: the default namespace */
	enum soap_namespace name_space;
	unsigned int depth; /* of the element that declares it */
};

/** struct soap_prefixes - the prefixes in scope, inner ones last */
struct soap_prefixes {
	struct soap_prefix entries[SOAP_NAMESPACES_MAXIMUM];
	size_t count;
};

/**
 * soap_prefixes_add() - a prefix that an element declares
 * @prefix: NUL-terminated, valid until soap_prefixes_remove(); NULL for the default namespace
 * @uri: its namespace; empty takes the default namespace back
 * @depth: of the element
 *
 * Returns 0, or -EMSGSIZE beyond SOAP_NAMESPACES_MAXIMUM.
 */
int soap_prefixes_add(struct soap_prefixes *prefixes, const char *prefix, const char *uri, unsigned int depth);

/** soap_prefixes_remove() - at the end of an element: forgets what elements at @depth or deeper declared */
void soap_prefixes_remove(struct soap_prefixes *prefixes, unsigned int depth);

/**
 * soap_prefixes_find() - the namespace of a prefix found in a value, such as xsi:type
 * @prefix: not NUL-terminated
 * @length: bytes; 0 for the default namespace
 */
enum soap_namespace soap_prefixes_find(const struct soap_prefixes *prefixes, const char *prefix, size_t length);
