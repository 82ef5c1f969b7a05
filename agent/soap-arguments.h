/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a method's arguments are described: one table for each method, from which the decoder fills the method's request
 * struct. A new method is its struct, its table and its struct soap_method; no code of the decoder changes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/soap-namespace.h"

/**
 * struct soap_string - text out of a message
 *
 * Exactly the bytes of the message, in UTF-8, never trimmed. Without NUL inside, and followed by one. @data is NULL
 * where the message has no such element, and not NULL, with @length 0, where the element is empty.
 */
struct soap_string {
	const char *data;
	size_t length; /* bytes */
};

/** struct soap_value - a Value with its type, as sent; whether text and type agree is not checked here */
struct soap_value {
	struct soap_string text;
	enum soap_namespace type_namespace; /* SOAP_NAMESPACE_OTHER for an undeclared prefix */
	struct soap_string type; /* local part of xsi:type, e.g. "unsignedInt"; data is NULL without xsi:type */
	bool nil;		 /* xsi:nil */
};

enum soap_argument_kind {
	SOAP_STRING,	   /* struct soap_string */
	SOAP_UNSIGNED_INT, /* uint32_t */
	SOAP_INT,	   /* int32_t */
	SOAP_BOOLEAN,	   /* bool: 0, 1, false, true */
	SOAP_VALUE,	   /* struct soap_value */
	SOAP_STRUCT,	   /* a struct within the struct */
	SOAP_ARRAY,	   /* a pointer to the first element; their number is another member */
	SOAP_REPEATED,	   /* the same without an element around them: the argument itself occurs several times */
};

enum soap_presence {
	SOAP_REQUIRED,	  /* fault 9003 when missing */
	SOAP_OPTIONAL,	  /* zeroed when missing */
	SOAP_REQUIRED_IF, /* required when the bool at condition_offset is true */
};

/**
 * struct soap_argument - one argument of a method, one member of a struct, or the element of an array
 *
 * Tables end with an entry without name. Names are compared without their namespace, as some servers qualify them
 * the elements of an array may have any name.
 */
struct soap_argument {
	const char *name;
	enum soap_argument_kind kind;
	enum soap_presence presence;
	size_t offset;		 /* in the request struct, or in the struct that has this member; 0 in an element */
	size_t condition_offset; /* SOAP_REQUIRED_IF */

	uint32_t characters_maximum; /* SOAP_STRING: not bytes; 0: up to SOAP_TEXT_SIZE_MAXIMUM bytes */
	unsigned int too_long_fault; /* SOAP_STRING: CWMP fault of a longer one; 0: 9003 */

	const struct soap_argument *members; /* SOAP_STRUCT */
	bool typed;			     /* SOAP_STRUCT: its xsi:type says what it is */
	size_t type_offset;		     /* where the local part of that, a struct soap_string, goes */

	const struct soap_argument *element; /* SOAP_ARRAY, SOAP_REPEATED: any kind but these */
	size_t element_size;		     /* the same: bytes of an element in memory */
	size_t count_offset;		     /* the same: where the number of elements, a size_t, goes */
	bool any_name;			     /* SOAP_REPEATED: takes every member of the struct, whatever its name */
	size_t name_offset;		     /* where the name, a struct soap_string, goes in the element then */
	size_t count_minimum;		     /* SOAP_ARRAY: fewer is fault 9003 */
	size_t count_maximum;		     /* both: more is fault 9004; 0: SOAP_ARRAY_COUNT_MAXIMUM */
};

/** struct soap_method - a method that the agent understands: a request of the ACS, or its response to the agent's */
struct soap_method {
	const char *name;		       /* the element in the Body */
	const struct soap_argument *arguments; /* NULL: none */
	size_t request_size;		       /* bytes of the request struct; 0: none */
	bool response; /* a response: bad arguments end the session, as no fault may answer them */
	bool vendor;   /* the name is the beginning of a vendor's methods, which are in a namespace of his */
};

/**
 * soap_argument_find() - the entry of a table with this name, or that takes any
 * @arguments: the table, or NULL
 * @name: NUL-terminated, without prefix
 *
 * Returns its index, or -ENOENT.
 */
int soap_argument_find(const struct soap_argument *arguments, const char *name);

/**
 * soap_argument_decode() - fills one member from its text
 * @argument: of a kind other than SOAP_STRUCT and SOAP_ARRAY
 * @text: the element's whole text, which must live as long as the request
 * @target: the member
 *
 * Blanks around numbers and booleans are ignored, as XML Schema says, and kept in strings. Returns 0, -EINVAL when the
 * text is not of the kind, -ERANGE when a number does not fit, or -EMSGSIZE when a string has too many characters.
 */
int soap_argument_decode(const struct soap_argument *argument, struct soap_string text, void *target);

/**
 * soap_arguments_missing() - the first entry that should have been given and was not
 * @arguments: the table, or NULL
 * @seen: bit i is set when entry i was given
 * @structure: the struct filled so far, which has the conditions of SOAP_REQUIRED_IF
 *
 * Returns the entry, or NULL when nothing is missing.
 */
const struct soap_argument *soap_arguments_missing(const struct soap_argument *arguments, uint32_t seen,
						   const void *structure);
