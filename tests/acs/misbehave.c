// SPDX-License-Identifier: GPL-2.0-or-later
// What the ACS does wrong, or strangely, on request: one plan for each response.

#include <stdlib.h>
#include <string.h>

#include "tests/acs/loop.h"
#include "tests/acs/message_write.h"
#include "tests/acs/misbehave.h"

enum {
	WANTED_MAX = 256,
	// accepted by tolerant agents, but refused by the schemas or by a linter
	STYLES_NOT_VALID = STYLE_QUALIFIED | STYLE_NO_ARRAY_TYPE | STYLE_WRONG_ARRAY_COUNT | STYLE_ARRAY_XSI_TYPE |
			   STYLE_NO_HEADER,
};

struct wanted;

struct kind {
	const char *name;
	const char *argument; // for -h
	const char *help;
	void (*apply)(struct plan *plan, const struct wanted *wanted);
	unsigned style;
	enum random_argument random;
};

struct wanted {
	const struct kind *kind;
	uint64_t from, to;
	char *argument; // "" when missing
	uint64_t since; // when it first applied, in ns
};

static struct wanted wanted_list[WANTED_MAX];
static size_t wanted_count;
static uint64_t responses;
static bool random_on;
static unsigned random_percent;
static uint64_t random_state;

static uint64_t number(const struct wanted *wanted, uint64_t missing)
{
	return *wanted->argument ? strtoull(wanted->argument, NULL, 10) : missing;
}

static void apply_hang_up(struct plan *plan, const struct wanted *wanted)
{
	plan->hang_up_at = (int64_t)number(wanted, 0);
}

static void apply_reset(struct plan *plan, const struct wanted *wanted)
{
	plan->hang_up_at = (int64_t)number(wanted, 0);
	plan->reset = true;
}

static void apply_hang_up_request(struct plan *plan, const struct wanted *wanted)
{
	plan->request_limit = (int64_t)number(wanted, 0);
}

static void apply_stop_reading(struct plan *plan, const struct wanted *wanted)
{
	plan->request_limit = (int64_t)number(wanted, 0);
	plan->stop_reading = true;
}

static void apply_delay(struct plan *plan, const struct wanted *wanted)
{
	plan->delay_ms = number(wanted, 1000);
}

static void apply_silent(struct plan *plan, const struct wanted *wanted)
{
	(void)wanted;
	plan->silent = true;
}

static void apply_drip(struct plan *plan, const struct wanted *wanted)
{
	plan->drip_ms = (unsigned)number(wanted, 10);
}

static void apply_chunked(struct plan *plan, const struct wanted *wanted)
{
	(void)wanted;
	plan->chunked = true;
}

static void apply_chunked_odd(struct plan *plan, const struct wanted *wanted)
{
	(void)wanted;
	plan->chunked = true;
	plan->chunk_odd = true;
}

static void apply_continue(struct plan *plan, const struct wanted *wanted)
{
	(void)wanted;
	plan->interim = "HTTP/1.1 100 Continue\r\n\r\n";
}

static void apply_early_hints(struct plan *plan, const struct wanted *wanted)
{
	(void)wanted;
	plan->interim = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
			"HTTP/1.1 103 Early Hints\r\nSet-Cookie: interim=1\r\n\r\n";
}

static void apply_redirect(struct plan *plan, const struct wanted *wanted)
{
	plan->status = atoi(wanted->kind->name + strlen("redirect-"));
	buffer_format(&plan->headers, "Location: %s\r\n", wanted->argument);
}

static void apply_length_short(struct plan *plan, const struct wanted *wanted)
{
	plan->length_change = -(int64_t)number(wanted, 10);
	plan->bad = true;
}

static void apply_length_long(struct plan *plan, const struct wanted *wanted)
{
	plan->length_change = (int64_t)number(wanted, 10);
	plan->bad = true;
}

static void apply_no_length(struct plan *plan, const struct wanted *wanted)
{
	(void)wanted;
	plan->no_length = true;
	plan->connection_close = true;
}

static void apply_garbage(struct plan *plan, const struct wanted *wanted)
{
	plan->body = BODY_GARBAGE;
	plan->body_size = number(wanted, 2000);
}

static void apply_truncated(struct plan *plan, const struct wanted *wanted)
{
	plan->body = BODY_TRUNCATED;
	plan->body_size = number(wanted, 20);
}

static void apply_dtd_bomb(struct plan *plan, const struct wanted *wanted)
{
	(void)wanted;
	plan->body = BODY_DTD_BOMB;
}

static void apply_deep(struct plan *plan, const struct wanted *wanted)
{
	plan->body = BODY_DEEP;
	plan->body_size = number(wanted, 100000);
}

static void apply_large(struct plan *plan, const struct wanted *wanted)
{
	plan->body = BODY_LARGE;
	plan->body_size = number(wanted, 50000000);
}

static void apply_body(struct plan *plan, const struct wanted *wanted)
{
	plan->body = BODY_TEXT;
	free(plan->body_text);
	plan->body_text = copy_string(wanted->argument);
}

static void apply_status(struct plan *plan, const struct wanted *wanted)
{
	const char *retry = strchr(wanted->argument, ':');

	plan->status = (int)number(wanted, 500);
	if (retry)
		buffer_format(&plan->headers, "Retry-After: %s\r\n", retry + 1);
}

static void apply_lock(struct plan *plan, const struct wanted *wanted)
{
	if (now_ns() - wanted->since < number(wanted, 1000) * 1000000u)
		plan->status = 400;
}

static void apply_unauthorized(struct plan *plan, const struct wanted *wanted)
{
	(void)wanted;
	plan->status = 401;
	plan->challenge = true;
}

static void apply_connection_close(struct plan *plan, const struct wanted *wanted)
{
	(void)wanted;
	plan->connection_close = true;
}

static void apply_close(struct plan *plan, const struct wanted *wanted)
{
	(void)wanted;
	plan->silent_close = true;
}

static void apply_cookies(struct plan *plan, const struct wanted *wanted)
{
	(void)wanted;
	buffer_text(&plan->headers, "Set-Cookie: first=1\r\n"
				    "Set-Cookie: second=\"two words\"; Path=/; HttpOnly; SameSite=Lax\r\n"
				    "set-cookie: third=3; Max-Age=3600; Secret; Version=1; "
				    "Expires=Wed, 01 Jan 2098 00:00:00 GMT\r\n"
				    "Set-Cookie: elsewhere=no; Path=/elsewhere/\r\n");
}

static void apply_expire_cookies(struct plan *plan, const struct wanted *wanted)
{
	(void)wanted;
	buffer_text(&plan->headers, "Set-Cookie: first=; Expires=Thu, 01 Jan 1970 00:00:00 GMT\r\n"
				    "Set-Cookie: third=3; Max-Age=0\r\n");
}

static void apply_header(struct plan *plan, const struct wanted *wanted)
{
	buffer_format(&plan->headers, "%s\r\n", wanted->argument);
}

static void apply_no_content_type(struct plan *plan, const struct wanted *wanted)
{
	(void)wanted;
	plan->no_content_type = true;
}

static void apply_content_type(struct plan *plan, const struct wanted *wanted)
{
	free(plan->content_type);
	plan->content_type = copy_string(*wanted->argument ? wanted->argument : "text/html");
}

static void apply_style(struct plan *plan, const struct wanted *wanted)
{
	plan->style |= wanted->kind->style;
}

static void apply_no_id(struct plan *plan, const struct wanted *wanted)
{
	(void)wanted;
	plan->no_id = true;
}

static void set_id(struct plan *plan, const char *id)
{
	free(plan->id);
	plan->id = copy_string(id);
}

static void apply_id(struct plan *plan, const struct wanted *wanted)
{
	set_id(plan, wanted->argument);
}

static void apply_long_id(struct plan *plan, const struct wanted *wanted)
{
	uint64_t length = number(wanted, 100000);

	free(plan->id);
	plan->id = zalloc(length + 1);
	memset(plan->id, 'i', length);
}

static void apply_null_id(struct plan *plan, const struct wanted *wanted)
{
	(void)wanted;
	set_id(plan, "null");
}

static void apply_wrong_id(struct plan *plan, const struct wanted *wanted)
{
	(void)wanted;
	set_id(plan, "another-id");
	plan->bad = true;
}

static void apply_unknown_header(struct plan *plan, const struct wanted *wanted)
{
	plan->unknown_header = number(wanted, 1) ? 1 : 0;
	plan->bad = true;
}

static void apply_fault(struct plan *plan, const struct wanted *wanted)
{
	plan->fault = (int)number(wanted, 8005);
}

static const struct kind kinds[] = {
	{"hang-up", "BYTE", "close after BYTE bytes of the response (0)", apply_hang_up, 0, RANDOM_BYTE},
	{"reset", "BYTE", "the same with a TCP reset", apply_reset, 0, RANDOM_BYTE},
	{"hang-up-request", "BYTE", "close after BYTE bytes of the request (0)", apply_hang_up_request, 0, RANDOM_BYTE},
	{"stop-reading", "BYTE", "read no more after BYTE bytes of the request (0)", apply_stop_reading, 0, 0},
	{"silent", "", "no response", apply_silent, 0, RANDOM_NEVER},
	{"delay", "MS", "wait before the response (1000)", apply_delay, 0, RANDOM_MILLISECONDS},
	{"drip", "MS", "send one byte each MS milliseconds (10)", apply_drip, 0, RANDOM_NEVER},
	{"close", "", "close after the response without saying so", apply_close, 0, RANDOM_NONE},
	{"connection-close", "", "Connection: close, and do so", apply_connection_close, 0, RANDOM_NONE},
	{"chunked", "", "chunked coding", apply_chunked, 0, RANDOM_NONE},
	{"chunked-odd", "", "tiny chunks with extensions and trailers", apply_chunked_odd, 0, RANDOM_NONE},
	{"continue", "", "status 100 first", apply_continue, 0, RANDOM_NONE},
	{"early-hints", "", "status 103 first, twice", apply_early_hints, 0, RANDOM_NONE},
	{"redirect-301", "URL", "status 301 with Location: URL", apply_redirect, 0, 0},
	{"redirect-302", "URL", "status 302 with Location: URL", apply_redirect, 0, 0},
	{"redirect-303", "URL", "status 303 with Location: URL", apply_redirect, 0, 0},
	{"redirect-307", "URL", "status 307 with Location: URL", apply_redirect, 0, 0},
	{"redirect-308", "URL", "status 308 with Location: URL", apply_redirect, 0, 0},
	{"length-short", "BYTES", "Content-Length too small by BYTES (10)", apply_length_short, 0, RANDOM_NONE},
	{"length-long", "BYTES", "Content-Length too large by BYTES (10)", apply_length_long, 0, RANDOM_NEVER},
	{"no-length", "", "no Content-Length; the body ends with the connection", apply_no_length, 0, RANDOM_NONE},
	{"garbage", "BYTES", "random bytes as body (2000)", apply_garbage, 0, RANDOM_NONE},
	{"truncated", "BYTES", "body without its last BYTES (20)", apply_truncated, 0, RANDOM_NONE},
	{"dtd-bomb", "", "document type with nested entities", apply_dtd_bomb, 0, RANDOM_NONE},
	{"deep", "DEPTH", "elements nested DEPTH deep (100000)", apply_deep, 0, RANDOM_NONE},
	{"large", "BYTES", "body with one value of BYTES (50000000)", apply_large, 0, RANDOM_NEVER},
	{"body", "TEXT", "TEXT as body", apply_body, 0, RANDOM_NEVER},
	{"status", "STATUS[:RETRY]", "this status (500), with Retry-After: RETRY", apply_status, 0, RANDOM_NONE},
	{"lock", "MS", "status 400 for MS milliseconds from the first on (1000)", apply_lock, 0, RANDOM_NEVER},
	{"unauthorized", "", "status 401 with a fresh challenge, whatever was sent", apply_unauthorized, 0,
	 RANDOM_NONE},
	{"cookies", "", "several cookies: quotes, paths, HttpOnly, unknown attributes", apply_cookies, 0, RANDOM_NONE},
	{"expire-cookies", "", "expires two of them", apply_expire_cookies, 0, RANDOM_NONE},
	{"header", "LINE", "a further header line", apply_header, 0, RANDOM_NEVER},
	{"no-content-type", "", "no Content-Type", apply_no_content_type, 0, RANDOM_NONE},
	{"content-type", "TYPE", "another Content-Type (text/html)", apply_content_type, 0, RANDOM_NEVER},
	{"xml-declaration", "", "begins with <?xml ...?>", apply_style, STYLE_XML_DECLARATION, RANDOM_NONE},
	{"byte-order-mark", "", "begins with a byte order mark", apply_style, STYLE_BYTE_ORDER_MARK, RANDOM_NONE},
	{"other-prefixes", "", "unusual namespace prefixes", apply_style, STYLE_OTHER_PREFIXES, RANDOM_NONE},
	{"default-namespace", "", "default namespaces in place of prefixes", apply_style, STYLE_DEFAULT_NAMESPACE,
	 RANDOM_NONE},
	{"qualified", "", "the method's children in the CWMP namespace", apply_style, STYLE_QUALIFIED, RANDOM_NONE},
	{"no-array-type", "", "arrays without arrayType", apply_style, STYLE_NO_ARRAY_TYPE, RANDOM_NONE},
	{"wrong-array-count", "", "arrayType with a wrong count and leading zeros", apply_style,
	 STYLE_WRONG_ARRAY_COUNT, RANDOM_NONE},
	{"array-xsi-type", "", "arrays with xsi:type=\"soap-enc:Array\"", apply_style, STYLE_ARRAY_XSI_TYPE,
	 RANDOM_NONE},
	{"cdata", "", "texts in CDATA sections", apply_style, STYLE_CDATA, RANDOM_NONE},
	{"pretty", "", "line breaks and indentation", apply_style, STYLE_PRETTY, RANDOM_NONE},
	{"comments", "", "comments and processing instructions", apply_style, STYLE_COMMENTS, RANDOM_NONE},
	{"no-header", "", "no SOAP Header", apply_style, STYLE_NO_HEADER, RANDOM_NONE},
	{"no-id", "", "no header ID", apply_no_id, 0, RANDOM_NONE},
	{"id", "TEXT", "header ID TEXT", apply_id, 0, RANDOM_NEVER},
	{"null-id", "", "header ID null", apply_null_id, 0, RANDOM_NONE},
	{"wrong-id", "", "another ID than the request's", apply_wrong_id, 0, RANDOM_NONE},
	{"long-id", "BYTES", "an ID of BYTES (100000)", apply_long_id, 0, RANDOM_NONE},
	{"unknown-header", "0|1", "an unknown header with that mustUnderstand (1)", apply_unknown_header, 0,
	 RANDOM_NONE},
	{"fault", "CODE", "CWMP fault as answer to the agent's request (8005)", apply_fault, 0, RANDOM_NONE},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static bool parse_range(const char *text, uint64_t base, struct wanted *wanted)
{
	char *end;

	wanted->from = 1 + base;
	wanted->to = UINT64_MAX;
	if (!*text || !strcmp(text, "*"))
		return true;
	wanted->from = strtoull(text, &end, 10) + base;
	wanted->to = wanted->from;
	if (end == text)
		return false;
	if (*end == '-')
		wanted->to = end[1] ? strtoull(end + 1, &end, 10) + base : UINT64_MAX;
	return !*end || wanted->to == UINT64_MAX;
}

const char *misbehave_add(const char *text, uint64_t base)
{
	char *copy = copy_string(text), *rest = copy;
	const char *name = strsep(&rest, ":"), *range = rest ? strsep(&rest, ":") : "";
	struct wanted wanted = {0};
	const char *error = NULL;

	for (size_t i = 0; i < KINDS; i++)
		if (!strcmp(kinds[i].name, name))
			wanted.kind = &kinds[i];
	if (!wanted.kind)
		error = "no such kind of misbehaviour";
	else if (!parse_range(range, base, &wanted))
		error = "not a response number, a range N-M or *";
	else if (wanted_count == WANTED_MAX)
		error = "too many misbehaviours";
	if (!error) {
		wanted.argument = copy_string(rest ? rest : "");
		wanted_list[wanted_count++] = wanted;
	}
	free(copy);
	return error;
}

void misbehave_clear(void)
{
	while (wanted_count)
		free(wanted_list[--wanted_count].argument);
	random_on = false;
}

const char *misbehave_random(const char *text)
{
	char *end;

	random_state = strtoull(text, &end, 10) * 2 + 1;
	random_percent = 20;
	if (*end == ':')
		random_percent = (unsigned)strtoul(end + 1, &end, 10);
	if (end == text || *end || random_percent > 100)
		return "not SEED or SEED:PERCENT";
	random_on = true;
	return NULL;
}

/* splitmix64, so that a seed gives the same run on every machine. */
static uint64_t next_random(void)
{
	uint64_t value = random_state += 0x9e3779b97f4a7c15u;

	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
	value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
	return value ^ (value >> 31);
}

static void apply_random(struct plan *plan)
{
	char argument[32] = "";
	struct wanted wanted = {.argument = argument, .since = now_ns()};

	if (next_random() % 100 >= random_percent)
		return;
	do
		wanted.kind = &kinds[next_random() % KINDS];
	while (wanted.kind->random == RANDOM_NEVER);
	if (wanted.kind->random == RANDOM_BYTE)
		snprintf(argument, sizeof(argument), "%u", (unsigned)(next_random() % 1500));
	else if (wanted.kind->random == RANDOM_MILLISECONDS)
		snprintf(argument, sizeof(argument), "%u", (unsigned)(next_random() % 300));
	wanted.kind->apply(plan, &wanted);
}

void misbehave_plan(struct plan *plan)
{
	*plan = (struct plan){.number = ++responses, .request_limit = -1, .hang_up_at = -1, .unknown_header = -1};
	for (size_t i = 0; i < wanted_count; i++) {
		struct wanted *wanted = &wanted_list[i];

		if (plan->number < wanted->from || plan->number > wanted->to)
			continue;
		if (!wanted->since)
			wanted->since = now_ns();
		wanted->kind->apply(plan, wanted);
	}
	if (random_on)
		apply_random(plan);
	if (plan->body != BODY_OWN || plan->no_id || plan->style & STYLES_NOT_VALID)
		plan->bad = true;
}

void plan_free(struct plan *plan)
{
	buffer_free(&plan->headers);
	free(plan->content_type);
	free(plan->body_text);
	free(plan->id);
}

uint64_t misbehave_responses(void)
{
	return responses;
}

void misbehave_help(FILE *out)
{
	fputs("\nKinds of misbehaviour (default argument in parentheses):\n", out);
	for (size_t i = 0; i < KINDS; i++)
		fprintf(out, "  %-18s %-14s %s\n", kinds[i].name, kinds[i].argument, kinds[i].help);
}
