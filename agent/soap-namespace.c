/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The XML namespaces of CWMP messages, and the prefixes that stand for them at one place of a message. */
#include <errno.h>
#include <string.h>

#include "agent/soap-namespace.h"

static const struct {
	const char *uri;
	enum soap_namespace name_space;
} known[] = {
	{"http://schemas.xmlsoap.org/soap/envelope/", SOAP_NAMESPACE_ENVELOPE},
	{"http://schemas.xmlsoap.org/soap/encoding/", SOAP_NAMESPACE_ENCODING},
	{"http://www.w3.org/2001/XMLSchema", SOAP_NAMESPACE_XSD},
	{"http://www.w3.org/2001/XMLSchema-instance", SOAP_NAMESPACE_XSI},
	{"urn:dslforum-org:cwmp-1-0", SOAP_NAMESPACE_CWMP_1_0},
	{"urn:dslforum-org:cwmp-1-1", SOAP_NAMESPACE_CWMP_1_1},
	{"urn:dslforum-org:cwmp-1-2", SOAP_NAMESPACE_CWMP_1_2},
	{"urn:dslforum-org:cwmp-1-3", SOAP_NAMESPACE_CWMP_1_3},
	{"urn:dslforum-org:cwmp-1-4", SOAP_NAMESPACE_CWMP_1_4},
};

bool soap_namespace_is_cwmp(enum soap_namespace name_space)
{
	return name_space >= SOAP_NAMESPACE_CWMP_1_0 && name_space <= SOAP_NAMESPACE_CWMP_1_4;
}

enum soap_namespace soap_namespace_from_uri(const char *uri)
{
	if (!uri || !uri[0])
		return SOAP_NAMESPACE_NONE;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcmp(uri, known[i].uri))
			return known[i].name_space;
	}
	return SOAP_NAMESPACE_OTHER;
}

int soap_prefixes_add(struct soap_prefixes *prefixes, const char *prefix, const char *uri, unsigned int depth)
{
	if (prefixes->count == SOAP_NAMESPACES_MAXIMUM)
		return -EMSGSIZE;
	prefixes->entries[prefixes->count++] = (struct soap_prefix){
		.prefix = prefix,
		.name_space = soap_namespace_from_uri(uri),
		.depth = depth,
	};
	return 0;
}

void soap_prefixes_remove(struct soap_prefixes *prefixes, unsigned int depth)
{
	while (prefixes->count && prefixes->entries[prefixes->count - 1].depth >= depth)
		prefixes->count--;
}

enum soap_namespace soap_prefixes_find(const struct soap_prefixes *prefixes, const char *prefix, size_t length)
{
	for (size_t i = prefixes->count; i-- > 0;) {
		const struct soap_prefix *entry = &prefixes->entries[i];

		if (!length && !entry->prefix)
			return entry->name_space;
		if (length && entry->prefix && strlen(entry->prefix) == length &&
		    !memcmp(entry->prefix, prefix, length))
			return entry->name_space;
	}
	return length ? SOAP_NAMESPACE_OTHER : SOAP_NAMESPACE_NONE;
}
