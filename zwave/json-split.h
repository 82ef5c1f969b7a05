/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a JSON document that may be very large, a piece at a time, with json-c: the elements of its one long array (of
 * nodes, of devices) one after the other, and all the rest as one object at the end. So what is in memory is one
 * element, whatever the size of the document; and every bound is on what json-c would have to hold.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

/** Bounds: bytes of a document, of one element and of the rest; objects and arrays in one of these; their depth */
#define JSON_DOCUMENT_MAXIMUM	((size_t)64 * 1024 * 1024)
#define JSON_ELEMENT_MAXIMUM	((size_t)1024 * 1024)
#define JSON_REST_MAXIMUM	((size_t)4 * 1024 * 1024)
#define JSON_CONTAINERS_MAXIMUM 32768u
#define JSON_DEPTH_MAXIMUM	24
#define JSON_KEY_SIZE		32

struct json_split {
	const char *key; /* of the long array */
	int depth;	 /* of the object that has that key: 1 is the document's outermost */
	int (*element)(struct json_object *element, void *context);
	void *context;

	struct json_tokener *rest_tokener, *element_tokener;
	struct json_object *rest;
	size_t total, rest_length, element_length;
	unsigned int rest_containers, element_containers;
	int level; /* open objects and arrays */
	bool in_string, escaped, key_matches, in_array, in_element, first_done;
	char name[JSON_KEY_SIZE]; /* the last string, as far as it fits */
	size_t name_length;
};

/**
 * json_split_open() - begins a document
 * @element: called for each element, which stays the caller's; an answer below 0 ends the document with that error
 *
 * Returns 0 or -ENOMEM. json_split_close() frees everything at any time.
 */
int json_split_open(struct json_split *split, const char *key, int depth,
		    int (*element)(struct json_object *element, void *context), void *context);

/** json_split_feed() - takes the next bytes. 0; -EBADMSG for what is no JSON; -E2BIG above a bound; -ENOMEM. */
int json_split_feed(struct json_split *split, const char *bytes, size_t length);

/** json_split_end() - the rest of the document, the split's own until it is closed; NULL when it is not complete */
struct json_object *json_split_end(struct json_split *split);

void json_split_close(struct json_split *split);
