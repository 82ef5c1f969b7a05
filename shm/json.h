/* SPDX-License-Identifier: BSD-2-Clause */
/* Members of JSON objects, with their types checked: what is missing or of another type is as if it were not there. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/** json_member() - a member that is not null, or NULL */
static inline struct json_object *json_member(struct json_object *object, const char *key)
{
	struct json_object *member = NULL;

	if (json_object_get_type(object) != json_type_object || !json_object_object_get_ex(object, key, &member))
		return NULL;
	return member;
}

/** json_member_of() - a member of that type, or NULL */
static inline struct json_object *json_member_of(struct json_object *object, const char *key, enum json_type type)
{
	struct json_object *member = json_member(object, key);

	return json_object_get_type(member) == type ? member : NULL;
}

/** json_text() - a string's bytes, or NULL */
static inline const char *json_text(struct json_object *object, size_t *length)
{
	*length = 0;
	if (json_object_get_type(object) != json_type_string)
		return NULL;
	*length = (size_t)json_object_get_string_len(object);
	return json_object_get_string(object);
}

/** json_whole() - a number without a fraction, from low to high. False for anything else. */
static inline bool json_whole(struct json_object *object, int64_t low, int64_t high, int64_t *number)
{
	double real;

	if (json_object_get_type(object) == json_type_int) {
		*number = json_object_get_int64(object);
	} else if (json_object_get_type(object) == json_type_double) {
		real = json_object_get_double(object);
		if (!(real >= -9e15 && real <= 9e15))
			return false;
		*number = (int64_t)real;
		if ((double)*number != real)
			return false;
	} else {
		return false;
	}
	return *number >= low && *number <= high;
}

/** json_member_whole() - the same of a member */
static inline bool json_member_whole(struct json_object *object, const char *key, int64_t low, int64_t high,
				     int64_t *number)
{
	return json_whole(json_member(object, key), low, high, number);
}

/** json_is_text() - whether it is a string with just these bytes */
static inline bool json_is_text(struct json_object *object, const char *text)
{
	size_t length;
	const char *is = json_text(object, &length);

	return is && length == __builtin_strlen(text) && __builtin_memcmp(is, text, length) == 0;
}
