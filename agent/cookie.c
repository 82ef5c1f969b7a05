// SPDX-License-Identifier: GPL-2.0-or-later
// The cookies of one session with a server (RFC 6265, R-06).
#include "agent/cookie.h"

#include "agent/http-date.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

static_assert(COOKIE_JAR_SIZE <= UINT16_MAX, "offsets and lengths are 16 bits");

struct text {
	const char *data;
	size_t length;
};

// What a Set-Cookie header says.
struct attributes {
	struct text name, value, domain, path;
	bool has_maximum_age, has_expires, secure, domain_refused;
	int64_t maximum_age, expires;
};

static struct text trim(const char *data, size_t length)
{
	while (length > 0 && (*data == ' ' || *data == '\t')) {
		data++;
		length--;
	}
	while (length > 0 && (data[length - 1] == ' ' || data[length - 1] == '\t'))
		length--;
	return (struct text){data, length};
}

static bool equals(struct text text, const char *name)
{
	return text.length == strlen(name) && strncasecmp(text.data, name, text.length) == 0;
}

static bool has_control_character(struct text text)
{
	for (size_t i = 0; i < text.length; i++) {
		if ((unsigned char)text.data[i] < 0x20 || (unsigned char)text.data[i] == 0x7f)
			return true;
	}
	return false;
}

// Max-Age (5.2.2): an optional minus and digits. A number too large counts as the largest.
static bool parse_maximum_age(struct text text, int64_t *seconds)
{
	bool negative = text.length > 0 && text.data[0] == '-';
	int64_t value = 0;

	if (text.length == (size_t)negative)
		return false;
	for (size_t i = negative; i < text.length; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		if (value < INT32_MAX)
			value = value * 10 + (text.data[i] - '0');
	}
	*seconds = negative ? 0 : value;
	return true;
}

static void parse_attribute(struct attributes *attributes, struct text name, struct text value)
{
	if (equals(name, "Expires")) {
		attributes->has_expires |= http_date_parse(value.data, value.length, &attributes->expires);
	} else if (equals(name, "Max-Age")) {
		attributes->has_maximum_age |= parse_maximum_age(value, &attributes->maximum_age);
	} else if (equals(name, "Domain")) {
		if (value.length > 0 && value.data[0] == '.') {
			value.data++;
			value.length--;
		}
		attributes->domain = value;
	} else if (equals(name, "Path")) {
		attributes->path = value;
	} else if (equals(name, "Secure")) {
		attributes->secure = true;
	}
}

// Takes a Set-Cookie header apart (5.2). Returns false for one to ignore.
static bool parse_header(struct attributes *attributes, const char *header, size_t length)
{
	bool first = true;

	memset(attributes, 0, sizeof(*attributes));
	while (true) {
		const char *end = memchr(header, ';', length);
		size_t part = end ? (size_t)(end - header) : length;
		const char *equal = memchr(header, '=', part);
		struct text name = trim(header, equal ? (size_t)(equal - header) : part);
		struct text value = {"", 0};

		if (equal)
			value = trim(equal + 1, part - (size_t)(equal + 1 - header));
		if (first) {
			if (!equal || name.length == 0 || has_control_character(name) || has_control_character(value))
				return false;
			attributes->name = name;
			attributes->value = value;
			first = false;
		} else {
			parse_attribute(attributes, name, value);
		}
		if (!end)
			return true;
		header += part + 1;
		length -= part + 1;
	}
}

static bool is_address(const struct url *url)
{
	struct in_addr address;

	return url->ipv6_literal || inet_pton(AF_INET, url->host, &address) == 1;
}

// Whether the host is the domain, or ends in a dot and the domain (5.1.3).
static bool domain_matches(const struct url *url, struct text domain)
{
	size_t host = strlen(url->host);

	if (host == domain.length)
		return strncasecmp(url->host, domain.data, host) == 0;
	return host > domain.length && !is_address(url) && url->host[host - domain.length - 1] == '.' &&
	       strncasecmp(url->host + host - domain.length, domain.data, domain.length) == 0;
}

// Length of the path in a request target.
static size_t path_length(const char *target)
{
	return strcspn(target, "?");
}

// 5.1.4
static bool path_matches(const struct url *url, struct text path)
{
	size_t length = path_length(url->target);

	if (length < path.length || memcmp(url->target, path.data, path.length) != 0)
		return false;
	return length == path.length || path.data[path.length - 1] == '/' || url->target[path.length] == '/';
}

static struct text default_path(const struct url *url)
{
	size_t length = path_length(url->target);

	while (length > 1 && url->target[length - 1] != '/')
		length--;
	return (struct text){url->target, length > 1 ? length - 1 : 1};
}

static size_t size_of(const struct cookie *cookie)
{
	return (size_t)cookie->name + cookie->value + cookie->domain + cookie->path;
}

static struct text name_of(const struct cookie_jar *jar, const struct cookie *cookie)
{
	return (struct text){jar->bytes + cookie->offset, cookie->name};
}

static struct text domain_of(const struct cookie_jar *jar, const struct cookie *cookie)
{
	return (struct text){jar->bytes + cookie->offset + cookie->name + cookie->value, cookie->domain};
}

static struct text path_of(const struct cookie_jar *jar, const struct cookie *cookie)
{
	return (struct text){domain_of(jar, cookie).data + cookie->domain, cookie->path};
}

static void remove_cookie(struct cookie_jar *jar, unsigned index)
{
	uint16_t offset = jar->cookies[index].offset;
	uint16_t size = (uint16_t)size_of(&jar->cookies[index]);

	memmove(jar->bytes + offset, jar->bytes + offset + size, (size_t)(jar->used - offset - size));
	jar->used = (uint16_t)(jar->used - size);
	jar->count--;
	memmove(&jar->cookies[index], &jar->cookies[index + 1], (jar->count - index) * sizeof(jar->cookies[0]));
	for (unsigned i = 0; i < jar->count; i++) {
		if (jar->cookies[i].offset > offset)
			jar->cookies[i].offset = (uint16_t)(jar->cookies[i].offset - size);
	}
}

static bool same(struct text a, struct text b, bool ignore_case)
{
	if (a.length != b.length)
		return false;
	return ignore_case ? strncasecmp(a.data, b.data, a.length) == 0 : memcmp(a.data, b.data, a.length) == 0;
}

void cookie_jar_clear(struct cookie_jar *jar)
{
	memset(jar, 0, sizeof(*jar));
}

static uint16_t append(struct cookie_jar *jar, struct text text)
{
	memcpy(jar->bytes + jar->used, text.data, text.length);
	jar->used = (uint16_t)(jar->used + text.length);
	return (uint16_t)text.length;
}

// Removes the cookie of this name, domain and path, if there is one; its order of creation stays in *created (5.3, 11).
static void remove_same(struct cookie_jar *jar, const struct attributes *attributes, bool host_only, uint64_t *created)
{
	for (unsigned i = 0; i < jar->count; i++) {
		const struct cookie *cookie = &jar->cookies[i];

		if (cookie->host_only == host_only && same(name_of(jar, cookie), attributes->name, false) &&
		    same(domain_of(jar, cookie), attributes->domain, true) &&
		    same(path_of(jar, cookie), attributes->path, false)) {
			*created = cookie->created;
			remove_cookie(jar, i);
			return;
		}
	}
}

int cookie_jar_set(struct cookie_jar *jar, const struct url *url, const char *header, size_t length, int64_t wall,
		   int64_t steady)
{
	struct attributes attributes;
	struct cookie *cookie;
	bool host_only;
	int64_t expiry = INT64_MAX;
	uint64_t created;
	size_t size;

	if (!parse_header(&attributes, header, length))
		return 0;
	host_only = attributes.domain.length == 0;
	if (host_only) {
		attributes.domain = (struct text){url->host, strlen(url->host)};
	} else {
		if (!domain_matches(url, attributes.domain))
			return 0;
		if (!memchr(attributes.domain.data, '.', attributes.domain.length) &&
		    attributes.domain.length != strlen(url->host))
			return 0;
	}
	if (attributes.path.length == 0 || attributes.path.data[0] != '/')
		attributes.path = default_path(url);
	if (attributes.has_maximum_age)
		expiry = steady + attributes.maximum_age;
	else if (attributes.has_expires)
		expiry = steady + (attributes.expires - wall);
	size = attributes.name.length + attributes.value.length + attributes.domain.length + attributes.path.length;
	if (size > COOKIE_SIZE_MAX)
		return -ENOSPC;
	created = jar->sequence++;
	remove_same(jar, &attributes, host_only, &created);
	if (expiry <= steady)
		return 0;
	while (jar->count == COOKIE_COUNT_MAX || jar->used + size > COOKIE_JAR_SIZE)
		remove_cookie(jar, 0);
	cookie = &jar->cookies[jar->count++];
	*cookie = (struct cookie){.expiry = expiry,
				  .created = created,
				  .offset = jar->used,
				  .host_only = host_only,
				  .secure = attributes.secure};
	cookie->name = append(jar, attributes.name);
	cookie->value = append(jar, attributes.value);
	cookie->domain = append(jar, attributes.domain);
	cookie->path = append(jar, attributes.path);
	return 0;
}

static bool fits(const struct cookie_jar *jar, const struct cookie *cookie, const struct url *url, int64_t steady)
{
	struct text domain = domain_of(jar, cookie);

	if (cookie->expiry <= steady || (cookie->secure && !url->secure) || !path_matches(url, path_of(jar, cookie)))
		return false;
	return domain_matches(url, domain) && (!cookie->host_only || domain.length == strlen(url->host));
}

static bool goes_before(const struct cookie *a, const struct cookie *b)
{
	return a->path != b->path ? a->path > b->path : a->created < b->created;
}

int cookie_jar_header(const struct cookie_jar *jar, const struct url *url, int64_t steady, char *buffer, size_t size)
{
	const struct cookie *sorted[COOKIE_COUNT_MAX];
	unsigned count = 0;
	size_t length = 0;

	for (unsigned i = 0; i < jar->count; i++) {
		const struct cookie *cookie = &jar->cookies[i];
		unsigned at;

		if (!fits(jar, cookie, url, steady))
			continue;
		for (at = count; at > 0 && goes_before(cookie, sorted[at - 1]); at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = cookie;
		count++;
	}
	for (unsigned i = 0; i < count; i++) {
		const struct cookie *cookie = sorted[i];

		if (length + 2 + cookie->name + 1 + cookie->value > size)
			return -ENOSPC;
		if (i > 0) {
			buffer[length++] = ';';
			buffer[length++] = ' ';
		}
		memcpy(buffer + length, jar->bytes + cookie->offset, cookie->name);
		length += cookie->name;
		buffer[length++] = '=';
		memcpy(buffer + length, jar->bytes + cookie->offset + cookie->name, cookie->value);
		length += cookie->value;
	}
	return (int)length;
}
