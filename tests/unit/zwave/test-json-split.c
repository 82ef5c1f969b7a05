/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Large documents in pieces: elements one by one, the rest at the end, and everything that is no JSON refused. */
#include "zwave/json-split.h"
#include "shm/json.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char document[] =
	"{\"a\":[1,{\"nodes\":[7]}],\"nodes\\\"\":[{\"id\":9}],\"nodes\":[ {\"id\":1,\"x\":\"}]\\\"\\\\\"} ,"
	"{\"id\":2,\"nodes\":[{\"id\":8}]}\n],\"b\":{\"nodes\":[{\"id\":7}]},\"c\":\"nodes\"}\n";

struct seen {
	int64_t ids[8];
	unsigned int count;
};

static int element(struct json_object *json, void *context)
{
	struct seen *seen = context;

	cr_assert_lt(seen->count, 8);
	cr_expect(json_member_whole(json, "id", 0, 100, &seen->ids[seen->count++]));
	return 0;
}

/* The error of the document in pieces of so many bytes; 1: it is whole. */
static int feed(const char *text, size_t length, size_t piece, int depth, struct seen *seen, struct json_object **rest)
{
	struct json_split split;
	int error = json_split_open(&split, "nodes", depth, element, seen);

	cr_assert_eq(error, 0);
	for (size_t at = 0; at < length && !error; at += piece) {
		size_t size = length - at < piece ? length - at : piece;
		char *copy = malloc(size);

		memcpy(copy, text + at, size);
		error = json_split_feed(&split, copy, size);
		free(copy);
	}
	if (!error && json_split_end(&split))
		error = 1;
	if (rest)
		*rest = json_object_get(json_split_end(&split));
	json_split_close(&split);
	return error;
}

Test(json_split, elements_and_rest_whatever_the_pieces)
{
	for (size_t piece = 1; piece <= sizeof(document); piece++) {
		struct json_object *rest;
		struct seen seen = {.count = 0};

		cr_expect_eq(feed(document, strlen(document), piece, 1, &seen, &rest), 1);
		cr_expect_eq(seen.count, 2);
		cr_expect(seen.ids[0] == 1 && seen.ids[1] == 2);
		cr_expect_eq(json_object_array_length(json_member(rest, "nodes")), 0);
		cr_expect_eq(json_object_array_length(json_member(rest, "nodes\"")), 1);
		cr_expect_eq(json_object_array_length(json_member(json_member(rest, "b"), "nodes")), 1);
		cr_expect(json_is_text(json_member(rest, "c"), "nodes"));
		json_object_put(rest);
	}
}

Test(json_split, the_depth_tells_which_array)
{
	static const char deep[] = "{\"nodes\":[{\"id\":1}],\"r\":{\"s\":{\"nodes\":[{\"id\":2},{\"id\":3}]}}}";
	struct seen seen = {.count = 0};

	cr_expect_eq(feed(deep, strlen(deep), 5, 3, &seen, NULL), 1);
	cr_expect(seen.count == 2 && seen.ids[0] == 2);
}

Test(json_split, a_document_that_is_cut_off_is_not_whole)
{
	for (size_t cut = 0; cut + 2 < sizeof(document); cut++) {
		struct seen seen = {.count = 0};

		cr_expect_neq(feed(document, cut, 7, 1, &seen, NULL), 1, "%zu bytes", cut);
		cr_expect_leq(seen.count, 2);
	}
}

Test(json_split, what_is_no_json_is_refused)
{
	static const char *const bad[] = {
		"{\"nodes\":[1]}",
		"{\"nodes\":[\"x\"]}",
		"{\"nodes\":[[]]}",
		"{\"nodes\":[,{\"id\":1}]}",
		"{\"nodes\":[{\"id\":}]}",
		"{\"nodes\":[}",
		"{\"nodes\":[{]}",
		"]",
		"{}{}",
		"{} x",
		"{\"a\":}",
		"{\"nodes\":[{\"id\":1]}",
		"nul",
		"{\"nodes\":[{\"id\":01x}]}",
		"}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct seen seen = {.count = 0};

		for (size_t piece = 1; piece < 12; piece += 5)
			cr_expect_neq(feed(bad[i], strlen(bad[i]), piece, 1, &seen, NULL), 1, "%s", bad[i]);
	}
}

static int any_element(struct json_object *json, void *context)
{
	(void)context;
	return json ? 0 : -EINVAL;
}

static int repeat(const char *before, const char *again, size_t count, const char *after)
{
	struct json_split split;
	int error = json_split_open(&split, "nodes", 1, any_element, NULL);

	if (!error)
		error = json_split_feed(&split, before, strlen(before));
	while (count-- > 0 && !error)
		error = json_split_feed(&split, again, strlen(again));
	if (!error)
		error = json_split_feed(&split, after, strlen(after));
	json_split_close(&split);
	return error;
}

Test(json_split, bounds)
{
	static char large[65537];

	memset(large, 'x', sizeof(large) - 1);
	cr_expect_eq(repeat("{\"a\":", "[", JSON_DEPTH_MAXIMUM, ""), -E2BIG);
	cr_expect_eq(repeat("{\"nodes\":[{\"a\":", "[", JSON_DEPTH_MAXIMUM, ""), -E2BIG);
	cr_expect_eq(repeat("{\"a\":[0", ",[]", JSON_CONTAINERS_MAXIMUM + 1, "]}"), -E2BIG);
	cr_expect_eq(repeat("{\"nodes\":[{\"a\":[0", ",[]", JSON_CONTAINERS_MAXIMUM + 1, "]}]}"), -E2BIG);
	/* Elements give the rest no new room. */
	cr_expect_eq(repeat("{\"a\":1", ",\"nodes\":[{\"id\":1}],\"b\":[[],[],[],[],[],[],[]]", 5000, "}"), -E2BIG);
	cr_expect_eq(repeat("{\"nodes\":[{\"a\":\"", large, JSON_ELEMENT_MAXIMUM / 65536 + 1, "\"}]}"), -E2BIG);
	cr_expect_eq(repeat("{\"a\":\"", large, JSON_REST_MAXIMUM / 65536 + 1, "\"}"), -E2BIG);
	cr_expect_eq(repeat("{\"a\":1", "                                ", JSON_DOCUMENT_MAXIMUM / 32 + 1, "}"),
		     -E2BIG);
}
