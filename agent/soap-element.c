/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The typed message made of a message's elements, each as it begins and ends, by the tables of the methods. */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/soap-element.h"
#include "agent/soap-envelope.h"

#define FAULT_INVALID_ARGUMENTS	 9003
#define FAULT_RESOURCES_EXCEEDED 9004

/* SOAP 1.1, 4.2.2: an entry with this actor, or with none, is for whoever receives the message first. */
#define ACTOR_NEXT "http://schemas.xmlsoap.org/soap/actor/next"

/* Errors */

void soap_elements_fail(struct soap_elements *elements, int error, const char *format, ...)
{
	va_list arguments;

	if (elements->error)
		return;
	elements->error = error;
	va_start(arguments, format);
	vsnprintf(elements->error_text, sizeof(elements->error_text), format, arguments);
	va_end(arguments);
	for (char *byte = elements->error_text; *byte; byte++) {
		if (*byte == '\n' && !byte[1])
			*byte = '\0';
		else if (*byte < ' ' || *byte > '~')
			*byte = '?';
	}
}

/* Says where among the arguments the innermost element is, e.g. "ParameterList entry 3: Name". */
static void describe_place(const struct soap_elements *elements, const struct soap_argument *last, char *text,
			   size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i <= elements->depth && length < size; i++) {
		const struct soap_element *element = i < elements->depth ? &elements->stack[i] : NULL;
		const struct soap_argument *argument = element ? element->argument : last;
		int written;

		if (!argument)
			continue;
		if (i && elements->stack[i - 1].kind == ELEMENT_ARRAY)
			written = snprintf(text + length, size - length, " entry %zu", elements->stack[i - 1].count);
		else
			written = snprintf(text + length, size - length, "%s%s", length ? ": " : "", argument->name);
		length += (size_t)written;
	}
}

/* A bad argument; last is a member of the innermost element that is not an element yet, or NULL. */
static void argument_fault(struct soap_elements *elements, unsigned int code, const struct soap_argument *last,
			   const char *problem)
{
	struct soap_message *message = &elements->message;
	char place[SOAP_FAULT_TEXT_SIZE / 2];

	describe_place(elements, last, place, sizeof(place));
	if (!elements->answerable) {
		soap_elements_fail(elements, -EBADMSG, "%s%s%s", place, place[0] ? ": " : "", problem);
	} else if (!message->fault_code) {
		message->fault_code = code;
		snprintf(message->fault_text, sizeof(message->fault_text), "%s%s%s", place, place[0] ? ": " : "",
			 problem);
	}
}

static void no_memory(struct soap_elements *elements)
{
	if (elements->answerable)
		argument_fault(elements, FAULT_RESOURCES_EXCEEDED, NULL, "too much data");
	else
		soap_elements_fail(elements, -ENOMEM, "no memory for the message");
}

/* Names */

/* GenieACS is known to write an element with two colons (prefix:prefix:name), which only the last part names. */
static const char *local_name(const unsigned char *name)
{
	const char *colon = strrchr((const char *)name, ':');

	return colon ? colon + 1 : (const char *)name;
}

/* A copy of a namespace that lives as long as the message. The parser leaves "&" in attributes as a character
 * reference. */
static struct soap_string keep_uri(struct soap_elements *elements, const char *uri)
{
	static const char reference[] = "&#38;";
	size_t length = 0;
	char *copy = arena_allocate(elements->arena, strlen(uri) + 1);

	if (!copy) {
		no_memory(elements);
		return (struct soap_string){.data = ""};
	}
	while (*uri) {
		copy[length++] = *uri;
		uri += strncmp(uri, reference, sizeof(reference) - 1) ? 1 : sizeof(reference) - 1;
	}
	copy[length] = 0;
	return (struct soap_string){.data = copy, .length = length};
}

/* A copy that lives as long as the message; a long name is cut off between two characters. */
static struct soap_string keep_name(struct soap_elements *elements, const char *name)
{
	size_t length = strlen(name);
	char *copy;

	if (length > SOAP_METHOD_NAME_SIZE) {
		length = SOAP_METHOD_NAME_SIZE;
		while (length && ((unsigned char)name[length] & 0xc0) == 0x80)
			length--;
	}
	copy = arena_allocate(elements->arena, length + 1);
	if (!copy) {
		no_memory(elements);
		return (struct soap_string){.data = ""};
	}
	snprintf(copy, length + 1, "%s", name);
	return (struct soap_string){.data = copy, .length = length};
}

/* Attributes */

static bool find_attribute(struct soap_attributes attributes, enum soap_namespace name_space, const char *name,
			   struct soap_string *value)
{
	for (int i = 0; i < attributes.count; i++) {
		const unsigned char **attribute = attributes.list + (ptrdiff_t)i * 5;

		if (!strcmp((const char *)attribute[0], name) &&
		    soap_namespace_from_uri((const char *)attribute[2]) == name_space) {
			value->data = (const char *)attribute[3];
			value->length = (size_t)(attribute[4] - attribute[3]);
			return true;
		}
	}
	return false;
}

static bool attribute_is_true(struct soap_attributes attributes, enum soap_namespace name_space, const char *name)
{
	static const struct soap_argument boolean = {.kind = SOAP_BOOLEAN};
	struct soap_string text;
	bool value = false;

	if (!find_attribute(attributes, name_space, name, &text) || soap_argument_decode(&boolean, text, &value))
		return false;
	return value;
}

static void decode_type(struct soap_elements *elements, struct soap_attributes attributes, struct soap_value *value)
{
	struct soap_string text;
	const char *colon;
	size_t prefix_length;
	char *copy;

	value->nil = attribute_is_true(attributes, SOAP_NAMESPACE_XSI, "nil");
	if (!find_attribute(attributes, SOAP_NAMESPACE_XSI, "type", &text))
		return;
	/* The parser has made spaces of other blanks. */
	while (text.length && text.data[0] == ' ') {
		text.data++;
		text.length--;
	}
	while (text.length && text.data[text.length - 1] == ' ')
		text.length--;
	colon = memchr(text.data, ':', text.length);
	prefix_length = colon ? (size_t)(colon - text.data) : 0;
	value->type_namespace = soap_prefixes_find(&elements->prefixes, text.data, prefix_length);
	if (colon) {
		text.data = colon + 1;
		text.length -= prefix_length + 1;
	}
	copy = arena_allocate(elements->arena, text.length + 1);
	if (!copy) {
		no_memory(elements);
		return;
	}
	memcpy(copy, text.data, text.length);
	value->type = (struct soap_string){.data = copy, .length = text.length};
}

/* Elements that begin */

static struct soap_element *push(struct soap_elements *elements, enum soap_element_kind kind)
{
	struct soap_element *element = &elements->stack[elements->depth++];

	*element = (struct soap_element){.kind = kind};
	return element;
}

static size_t text_maximum(const struct soap_argument *argument)
{
	switch (argument->kind) {
	case SOAP_UNSIGNED_INT:
	case SOAP_INT:
	case SOAP_BOOLEAN:
		return SOAP_NUMBER_SIZE_MAXIMUM;
	case SOAP_STRING:
		/* A character has at most four bytes in UTF-8. */
		if (argument->characters_maximum)
			return (size_t)argument->characters_maximum * 4;
		break;
	case SOAP_VALUE:
	case SOAP_STRUCT:
	case SOAP_ARRAY:
	case SOAP_REPEATED:
		break;
	}
	return SOAP_TEXT_SIZE_MAXIMUM;
}

/* Begins an argument, a header entry or an element of an array; target is where its value goes. */
static void begin_argument(struct soap_elements *elements, const struct soap_argument *argument, char *target,
			   struct soap_attributes attributes)
{
	struct soap_element *element;
	struct soap_string href;

	if (argument->kind == SOAP_STRUCT) {
		element = push(elements, ELEMENT_STRUCT);
		element->members = argument->members;
	} else if (argument->kind == SOAP_ARRAY) {
		element = push(elements, ELEMENT_ARRAY);
	} else {
		element = push(elements, ELEMENT_TEXT);
		elements->text = NULL;
		elements->text_length = 0;
		elements->text_size = 0;
		elements->text_maximum = text_maximum(argument);
	}
	element->argument = argument;
	element->target = target;
	if (argument->kind == SOAP_VALUE) {
		decode_type(elements, attributes, (struct soap_value *)target);
	} else if (argument->kind == SOAP_STRUCT && argument->typed) {
		struct soap_value value = {0};

		decode_type(elements, attributes, &value);
		*(struct soap_string *)(target + argument->type_offset) = value.type;
	}
	/* Without this a reference to another element (SOAP 1.1, 5.4.1) would be taken for an empty value. */
	if (find_attribute(attributes, SOAP_NAMESPACE_NONE, "href", &href))
		argument_fault(elements, FAULT_INVALID_ARGUMENTS, NULL, "a reference instead of a value");
}

/* One more of an argument that occurs several times. */
static void begin_repeated(struct soap_elements *elements, const struct soap_element *parent,
			   const struct soap_argument *argument, const char *name, struct soap_attributes attributes)
{
	size_t maximum = argument->count_maximum ? argument->count_maximum : SOAP_ARRAY_COUNT_MAXIMUM;
	size_t size = argument->element_size, count;
	char *items;

	memcpy(&items, parent->target + argument->offset, sizeof(items));
	memcpy(&count, parent->target + argument->count_offset, sizeof(count));
	if (count == maximum) {
		argument_fault(elements, FAULT_RESOURCES_EXCEEDED, argument, "too many");
		push(elements, ELEMENT_IGNORED);
		return;
	}
	/* There is room for 4, and then for the next power of two. */
	if (!count || (count >= 4 && !(count & (count - 1)))) {
		items = arena_resize(elements->arena, items, count * size, (count ? count * 2 : 4) * size);
		if (!items) {
			no_memory(elements);
			push(elements, ELEMENT_IGNORED);
			return;
		}
	}
	memset(items + count * size, 0, size);
	count++;
	memcpy(parent->target + argument->offset, &items, sizeof(items));
	memcpy(parent->target + argument->count_offset, &count, sizeof(count));
	if (argument->any_name) {
		struct soap_string kept = keep_name(elements, name);

		memcpy(items + (count - 1) * size + argument->name_offset, &kept, sizeof(kept));
	}
	begin_argument(elements, argument->element, items + (count - 1) * size, attributes);
}

static void begin_member(struct soap_elements *elements, struct soap_element *parent, const char *name,
			 struct soap_attributes attributes)
{
	int index = soap_argument_find(parent->members, name);
	const struct soap_argument *member;

	if (index < 0) {
		push(elements, ELEMENT_IGNORED);
		return;
	}
	member = &parent->members[index];
	if (member->kind == SOAP_REPEATED) {
		parent->seen |= (uint32_t)1 << index;
		begin_repeated(elements, parent, member, name, attributes);
		return;
	}
	if (parent->seen & (uint32_t)1 << index) {
		argument_fault(elements, FAULT_INVALID_ARGUMENTS, member, "given twice");
		push(elements, ELEMENT_IGNORED);
		return;
	}
	parent->seen |= (uint32_t)1 << index;
	/* An array goes to two members, a pointer and a number. */
	begin_argument(elements, member, parent->target + (member->kind == SOAP_ARRAY ? 0 : member->offset),
		       attributes);
}

static void begin_array_element(struct soap_elements *elements, struct soap_element *array,
				struct soap_attributes attributes)
{
	const struct soap_argument *argument = array->argument;
	size_t size = argument->element_size;
	size_t maximum = argument->count_maximum ? argument->count_maximum : SOAP_ARRAY_COUNT_MAXIMUM;

	if (array->count == maximum) {
		argument_fault(elements, FAULT_RESOURCES_EXCEEDED, NULL, "too many entries");
		push(elements, ELEMENT_IGNORED);
		return;
	}
	if (array->count == array->capacity) {
		size_t capacity = array->capacity ? array->capacity * 2 : 4;
		char *items = arena_resize(elements->arena, array->items, array->capacity * size, capacity * size);

		if (!items) {
			no_memory(elements);
			push(elements, ELEMENT_IGNORED);
			return;
		}
		array->items = items;
		array->capacity = capacity;
	}
	memset(array->items + array->count * size, 0, size);
	array->count++;
	begin_argument(elements, argument->element, array->items + (array->count - 1) * size, attributes);
}

static void begin_in_envelope(struct soap_elements *elements, const char *name, enum soap_namespace name_space)
{
	struct soap_element *element;

	if (name_space == SOAP_NAMESPACE_ENVELOPE && !strcmp(name, "Header")) {
		if (elements->header_seen || elements->body_seen) {
			soap_elements_fail(elements, -EBADMSG, "a second Header, or one after the Body");
			return;
		}
		elements->header_seen = true;
		element = push(elements, ELEMENT_HEADER);
		element->members = soap_header_entries;
		element->target = (char *)&elements->header;
	} else if (name_space == SOAP_NAMESPACE_ENVELOPE && !strcmp(name, "Body")) {
		if (elements->body_seen) {
			soap_elements_fail(elements, -EBADMSG, "a second Body");
			return;
		}
		elements->body_seen = true;
		push(elements, ELEMENT_BODY);
	} else {
		push(elements, ELEMENT_IGNORED);
	}
}

static void begin_header_entry(struct soap_elements *elements, const char *name, enum soap_namespace name_space,
			       struct soap_attributes attributes)
{
	struct soap_element *header = &elements->stack[elements->depth - 1];
	struct soap_message *message = &elements->message;
	struct soap_string actor;

	if (soap_namespace_is_cwmp(name_space) && soap_argument_find(soap_header_entries, name) >= 0) {
		elements->header_namespace = name_space;
		begin_member(elements, header, name, attributes);
		return;
	}
	if (!message->must_understand && attribute_is_true(attributes, SOAP_NAMESPACE_ENVELOPE, "mustUnderstand") &&
	    (!find_attribute(attributes, SOAP_NAMESPACE_ENVELOPE, "actor", &actor) || !actor.length ||
	     (actor.length == strlen(ACTOR_NEXT) && !memcmp(actor.data, ACTOR_NEXT, actor.length)))) {
		message->must_understand = true;
		message->not_understood = keep_name(elements, name);
	}
	push(elements, ELEMENT_IGNORED);
}

static bool is_response(const char *name)
{
	size_t length = strlen(name);
	size_t suffix = strlen("Response");

	return length > suffix && !strcmp(name + length - suffix, "Response");
}

static const struct soap_method *find_method(const struct soap_elements *elements, const char *name,
					     enum soap_namespace name_space)
{
	for (size_t i = 0; i < elements->method_count; i++) {
		const struct soap_method *method = elements->methods[i];

		if (method->vendor ? !strncmp(method->name, name, strlen(method->name)) && !is_response(name)
				   : !strcmp(method->name, name) && soap_namespace_is_cwmp(name_space))
			return method;
	}
	return NULL;
}

static void begin_method(struct soap_elements *elements, const char *name, enum soap_namespace name_space,
			 const char *uri, bool two_colons)
{
	struct soap_message *message = &elements->message;
	const struct soap_method *method;
	struct soap_element *element;
	char *request = NULL;

	if (elements->method_seen) {
		soap_elements_fail(elements, -EBADMSG, "more than one element in the Body");
		return;
	}
	elements->method_seen = true;
	if (!strcmp(name, "Fault") && (name_space == SOAP_NAMESPACE_ENVELOPE || two_colons)) {
		message->kind = SOAP_MESSAGE_FAULT;
		element = push(elements, ELEMENT_STRUCT);
		element->members = soap_fault_members;
		element->target = (char *)&message->fault;
		return;
	}
	message->method_name = keep_name(elements, name);
	if (soap_namespace_is_cwmp(name_space))
		message->cwmp_namespace = name_space;
	method = find_method(elements, name, name_space);
	if (!method) {
		message->kind = is_response(name) ? SOAP_MESSAGE_RESPONSE : SOAP_MESSAGE_REQUEST;
		push(elements, ELEMENT_IGNORED);
		return;
	}
	message->method = method;
	if (method->vendor && uri)
		message->vendor_namespace = keep_uri(elements, uri);
	message->kind = method->response ? SOAP_MESSAGE_RESPONSE : SOAP_MESSAGE_REQUEST;
	elements->answerable = !method->response;
	if (method->request_size) {
		request = arena_allocate(elements->arena, method->request_size);
		if (!request) {
			no_memory(elements);
			push(elements, ELEMENT_IGNORED);
			return;
		}
		message->request = request;
	}
	element = push(elements, ELEMENT_STRUCT);
	element->members = method->arguments;
	element->target = request;
}

static void begin_element(struct soap_elements *elements, const unsigned char *full_name,
			  enum soap_namespace name_space, const char *uri, struct soap_attributes attributes)
{
	const char *name = local_name(full_name);
	struct soap_element *parent;

	if (!elements->depth) {
		if (name_space != SOAP_NAMESPACE_ENVELOPE || strcmp(name, "Envelope"))
			soap_elements_fail(elements, -EBADMSG, "not a SOAP 1.1 envelope");
		else
			push(elements, ELEMENT_ENVELOPE);
		return;
	}
	parent = &elements->stack[elements->depth - 1];
	/* After a fault only the form of the rest matters: it costs no memory any more. */
	if (elements->message.fault_code && parent->kind != ELEMENT_BODY && parent->kind != ELEMENT_ENVELOPE) {
		push(elements, ELEMENT_IGNORED);
		return;
	}
	switch (parent->kind) {
	case ELEMENT_ENVELOPE:
		begin_in_envelope(elements, name, name_space);
		break;
	case ELEMENT_HEADER:
		begin_header_entry(elements, name, name_space, attributes);
		break;
	case ELEMENT_BODY:
		begin_method(elements, name, name_space, uri, name != (const char *)full_name);
		break;
	case ELEMENT_STRUCT:
		if (parent->members == soap_fault_detail_members && soap_namespace_is_cwmp(name_space))
			elements->message.cwmp_namespace = name_space;
		begin_member(elements, parent, name, attributes);
		break;
	case ELEMENT_ARRAY:
		begin_array_element(elements, parent, attributes);
		break;
	case ELEMENT_TEXT:
		argument_fault(elements, FAULT_INVALID_ARGUMENTS, NULL, "an element where a value belongs");
		push(elements, ELEMENT_IGNORED);
		break;
	case ELEMENT_IGNORED:
		push(elements, ELEMENT_IGNORED);
		break;
	}
}

void soap_elements_begin(struct soap_elements *elements, const unsigned char *name, enum soap_namespace name_space,
			 const char *uri, struct soap_attributes attributes)
{
	if (elements->error)
		return;
	if (elements->depth == SOAP_DEPTH_MAXIMUM)
		soap_elements_fail(elements, -EMSGSIZE, "more than %d nested elements", SOAP_DEPTH_MAXIMUM);
	else if (attributes.count > SOAP_ATTRIBUTES_MAXIMUM)
		soap_elements_fail(elements, -EMSGSIZE, "more than %d attributes in an element",
				   SOAP_ATTRIBUTES_MAXIMUM);
	else
		begin_element(elements, name, name_space, uri, attributes);
}

/* Elements that end */

static void too_long(struct soap_elements *elements, const struct soap_argument *argument)
{
	argument_fault(elements, argument->too_long_fault ? argument->too_long_fault : FAULT_INVALID_ARGUMENTS, NULL,
		       "too long");
}

static void end_text(struct soap_elements *elements, const struct soap_element *element)
{
	const struct soap_argument *argument = element->argument;
	struct soap_string text = {.data = ""};
	char *finished;
	int error;

	if (elements->message.fault_code)
		return;
	if (elements->text_length) {
		finished =
			arena_resize(elements->arena, elements->text, elements->text_size, elements->text_length + 1);
		/* append() has left room for the NUL, so this only makes it smaller. */
		assert(finished == elements->text);
		finished[elements->text_length] = '\0';
		text = (struct soap_string){.data = finished, .length = elements->text_length};
	}
	error = soap_argument_decode(argument, text, element->target);
	if (error == -EMSGSIZE) {
		too_long(elements, argument);
	} else if (error && argument->presence == SOAP_REQUIRED_IF) {
		/* Whether it had to be given is known only at the end of the struct. */
		struct soap_element *parent = &elements->stack[elements->depth - 2];

		parent->seen &= ~((uint32_t)1 << (argument - parent->members));
	} else if (error) {
		argument_fault(elements, FAULT_INVALID_ARGUMENTS, NULL,
			       error == -ERANGE ? "out of range" : "not of its type");
	}
}

static void end_struct(struct soap_elements *elements, const struct soap_element *element)
{
	const struct soap_argument *missing;

	if (elements->message.fault_code)
		return;
	missing = soap_arguments_missing(element->members, element->seen, element->target);
	if (missing)
		argument_fault(elements, FAULT_INVALID_ARGUMENTS, missing, "missing");
}

static void end_array(struct soap_elements *elements, const struct soap_element *element)
{
	const struct soap_argument *argument = element->argument;
	const void *items = element->items;

	if (elements->message.fault_code)
		return;
	if (element->count < argument->count_minimum)
		argument_fault(elements, FAULT_INVALID_ARGUMENTS, NULL, "too few entries");
	memcpy(element->target + argument->offset, &items, sizeof(items));
	memcpy(element->target + argument->count_offset, &element->count, sizeof(element->count));
}

void soap_elements_end(struct soap_elements *elements)
{
	const struct soap_element *element;

	if (elements->error || !elements->depth)
		return;
	element = &elements->stack[elements->depth - 1];
	switch (element->kind) {
	case ELEMENT_TEXT:
		end_text(elements, element);
		break;
	case ELEMENT_STRUCT:
		end_struct(elements, element);
		break;
	case ELEMENT_ARRAY:
		end_array(elements, element);
		break;
	case ELEMENT_ENVELOPE:
	case ELEMENT_HEADER:
	case ELEMENT_BODY:
	case ELEMENT_IGNORED:
		break;
	}
	elements->depth--;
	soap_prefixes_remove(&elements->prefixes, elements->depth);
}

static void append(struct soap_elements *elements, const char *data, size_t length)
{
	const struct soap_element *element = &elements->stack[elements->depth - 1];
	size_t needed = elements->text_length + length + 1;

	if (elements->text_length + length > elements->text_maximum) {
		too_long(elements, element->argument);
		return;
	}
	if (needed > elements->text_size) {
		size_t size = elements->text_size * 2 > needed ? elements->text_size * 2 : needed;
		char *text = arena_resize(elements->arena, elements->text, elements->text_size, size);

		if (!text) {
			no_memory(elements);
			return;
		}
		elements->text = text;
		elements->text_size = size;
	}
	memcpy(elements->text + elements->text_length, data, length);
	elements->text_length += length;
}

void soap_elements_text(struct soap_elements *elements, const char *text, size_t length)
{
	if (elements->error || elements->message.fault_code || !elements->depth)
		return;
	if (elements->stack[elements->depth - 1].kind == ELEMENT_TEXT)
		append(elements, text, length);
}

void soap_elements_reset(struct soap_elements *elements, struct arena *arena, const struct soap_method *const *methods,
			 size_t method_count)
{
	arena_reset(arena);
	*elements = (struct soap_elements){.arena = arena, .methods = methods, .method_count = method_count};
}

void soap_elements_finish(struct soap_elements *elements)
{
	static const struct soap_argument boolean = {.kind = SOAP_BOOLEAN};
	struct soap_message *message = &elements->message;

	if (elements->error)
		return;
	if (!elements->body_seen) {
		soap_elements_fail(elements, -EBADMSG, "an envelope without Body");
		return;
	}
	if (!elements->method_seen) {
		message->kind = SOAP_MESSAGE_REQUEST;
		message->method_name.data = "";
	}
	if (message->cwmp_namespace == SOAP_NAMESPACE_NONE)
		message->cwmp_namespace = elements->header_namespace;
	message->id = elements->header.id;
	message->use_cwmp_version = elements->header.use_cwmp_version;
	if (elements->header.hold_requests.data &&
	    soap_argument_decode(&boolean, elements->header.hold_requests, &message->hold_requests))
		message->hold_requests = false;
	if (message->fault_code)
		message->request = NULL;
}
