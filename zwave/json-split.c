/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a JSON document that may be very large, a piece at a time, with json-c. */
#include "zwave/json-split.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

int json_split_open(struct json_split *split, const char *key, int depth,
		    int (*element)(struct json_object *element, void *context), void *context)
{
	*split = (struct json_split){.key = key, .depth = depth, .element = element, .context = context};
	split->rest_tokener = json_tokener_new_ex(JSON_DEPTH_MAXIMUM);
	split->element_tokener = json_tokener_new_ex(JSON_DEPTH_MAXIMUM);
	if (!split->rest_tokener || !split->element_tokener) {
		json_split_close(split);
		return -ENOMEM;
	}
	json_tokener_set_flags(split->rest_tokener, JSON_TOKENER_STRICT);
	json_tokener_set_flags(split->element_tokener, JSON_TOKENER_STRICT);
	return 0;
}

void json_split_close(struct json_split *split)
{
	if (split->rest_tokener)
		json_tokener_free(split->rest_tokener);
	if (split->element_tokener)
		json_tokener_free(split->element_tokener);
	json_object_put(split->rest);
	memset(split, 0, sizeof(*split));
}

static int parse(struct json_tokener *tokener, const char *bytes, size_t length, size_t *total, size_t maximum,
		 struct json_object **result)
{
	*result = NULL;
	*total += length;
	if (*total > maximum)
		return -E2BIG;
	if (length == 0)
		return 0;
	*result = json_tokener_parse_ex(tokener, bytes, (int)length);
	switch (json_tokener_get_error(tokener)) {
	case json_tokener_success:
		return json_tokener_get_parse_end(tokener) == length ? 1 : -EBADMSG;
	case json_tokener_continue:
		return 0;
	case json_tokener_error_depth:
	case json_tokener_error_size:
		return -E2BIG;
	default:
		return -EBADMSG;
	}
}

static int feed_rest(struct json_split *split, const char *bytes, size_t length)
{
	struct json_object *object;
	int result;

	/* Only spaces may follow a document, and json-c would begin another. */
	if (split->rest) {
		for (size_t i = 0; i < length; i++) {
			if (!strchr(" \t\r\n", bytes[i]) || bytes[i] == '\0')
				return -EBADMSG;
		}
		return 0;
	}
	result = parse(split->rest_tokener, bytes, length, &split->rest_length, JSON_REST_MAXIMUM, &object);
	if (result > 0)
		split->rest = object;
	if (result > 0 && !object)
		return -EBADMSG;
	return result < 0 ? result : 0;
}

static int feed_element(struct json_split *split, const char *bytes, size_t length, bool last)
{
	struct json_object *object;
	int result =
		parse(split->element_tokener, bytes, length, &split->element_length, JSON_ELEMENT_MAXIMUM, &object);

	if (result > 0 && last) {
		result = split->element(object, split->context);
		json_object_put(object);
		json_tokener_reset(split->element_tokener);
		split->element_length = 0;
		split->element_containers = 0;
		return result < 0 ? result : 0;
	}
	json_object_put(object);
	return result < 0 ? result : result > 0 || last ? -EBADMSG : 0;
}

static void take_string_byte(struct json_split *split, char c)
{
	if (split->escaped)
		split->escaped = false;
	else if (c == '\\')
		split->escaped = true;
	else if (c == '"')
		split->in_string = false;
	if (split->in_string && split->name_length < JSON_KEY_SIZE)
		split->name[split->name_length++] = c;
}

static bool is_key(const struct json_split *split)
{
	return split->level == split->depth && split->name_length == strlen(split->key) &&
	       memcmp(split->name, split->key, split->name_length) == 0;
}

static int feed_piece(struct json_split *split, const char *bytes, size_t length)
{
	const char *start = bytes, *end = bytes + length;
	unsigned int *containers;
	int error = 0;

	for (const char *at = bytes; at < end && !error; at++) {
		char c = *at;

		if (split->in_string) {
			take_string_byte(split, c);
			continue;
		}
		switch (c) {
		case '"':
			/* The elements are objects. */
			if (split->in_array && !split->in_element)
				return -EBADMSG;
			split->in_string = true;
			split->name_length = 0;
			break;
		case ':':
			split->key_matches = is_key(split);
			break;
		case ',':
			split->key_matches = false;
			if (split->in_array && !split->in_element && !split->first_done)
				return -EBADMSG;
			break;
		case '{':
		case '[':
			containers = split->in_array ? &split->element_containers : &split->rest_containers;
			if (++*containers > JSON_CONTAINERS_MAXIMUM || split->level == JSON_DEPTH_MAXIMUM)
				return -E2BIG;
			if (split->in_array && !split->in_element) {
				if (c == '[')
					return -EBADMSG;
				split->in_element = true;
				start = at;
			}
			split->level++;
			if (c == '[' && split->key_matches && split->level == split->depth + 1 && !split->in_array) {
				error = feed_rest(split, start, (size_t)(at + 1 - start));
				split->in_array = true;
				split->first_done = false;
				start = at + 1;
			}
			split->key_matches = false;
			break;
		case '}':
		case ']':
			if (split->level-- == 0)
				return -EBADMSG;
			if (split->level == 0) {
				error = feed_rest(split, start, (size_t)(at + 1 - start));
				start = at + 1;
			} else if (split->in_array && split->level == split->depth) {
				if (c == '}')
					return -EBADMSG;
				split->in_array = false;
				start = at;
			} else if (split->in_element && split->level == split->depth + 1) {
				error = feed_element(split, start, (size_t)(at + 1 - start), true);
				split->in_element = false;
				split->first_done = true;
				start = at + 1;
			}
			break;
		case ' ':
		case '\t':
		case '\r':
		case '\n':
			break;
		default:
			split->key_matches = false;
			if (split->in_array && !split->in_element)
				return -EBADMSG;
		}
	}
	if (error || start == end || (split->in_array && !split->in_element))
		return error;
	return split->in_element ? feed_element(split, start, (size_t)(end - start), false)
				 : feed_rest(split, start, (size_t)(end - start));
}

int json_split_feed(struct json_split *split, const char *bytes, size_t length)
{
	if (!split->rest_tokener)
		return -EBADMSG;
	if (length > JSON_DOCUMENT_MAXIMUM - split->total)
		return -E2BIG;
	split->total += length;
	return feed_piece(split, bytes, length);
}

struct json_object *json_split_end(struct json_split *split)
{
	return split->rest;
}
