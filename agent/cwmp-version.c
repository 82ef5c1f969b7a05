// SPDX-License-Identifier: GPL-2.0-or-later
// The versions of CWMP, and what a session of an older one must not show.
#include "agent/cwmp-version.h"

#include <errno.h>
#include <string.h>

#define FAULT_DOWNLOAD	   9010u
#define FAULT_UPLOAD	   9011u
#define FAULT_FIRST_OF_1_1 9013u // of a transfer that was accepted; in the answer to a request 1.0 has it, too
#define FAULT_VENDOR_FIRST 9800u

#define BLANKS " \t\r\n" // that a server may have around a header's text

static const struct {
	const char *text;
	enum soap_namespace name_space;
} versions[] = {
	[CWMP_1_0] = {"1.0", SOAP_NAMESPACE_CWMP_1_0}, [CWMP_1_1] = {"1.1", SOAP_NAMESPACE_CWMP_1_1},
	[CWMP_1_2] = {"1.2", SOAP_NAMESPACE_CWMP_1_2}, [CWMP_1_3] = {"1.3", SOAP_NAMESPACE_CWMP_1_2},
	[CWMP_1_4] = {"1.4", SOAP_NAMESPACE_CWMP_1_2},
};

int cwmp_version_of_text(const char *text)
{
	text += strspn(text, BLANKS);
	for (int version = CWMP_1_0; version <= CWMP_1_4; version++) {
		size_t length = strlen(versions[version].text);

		if (!strncmp(versions[version].text, text, length) && !text[length + strspn(text + length, BLANKS)])
			return version;
	}
	return -EINVAL;
}

const char *cwmp_version_text(enum cwmp_version version)
{
	return versions[version].text;
}

enum cwmp_version cwmp_version_of_namespace(enum soap_namespace name_space)
{
	if (name_space == SOAP_NAMESPACE_CWMP_1_0)
		return CWMP_1_0;
	if (name_space == SOAP_NAMESPACE_CWMP_1_1)
		return CWMP_1_1;
	return name_space == SOAP_NAMESPACE_CWMP_1_4 ? CWMP_1_4 : CWMP_1_3;
}

enum soap_namespace cwmp_version_namespace(enum cwmp_version version)
{
	return versions[version].name_space;
}

bool cwmp_version_has_aliases(enum cwmp_version version)
{
	return version >= CWMP_1_3;
}

uint32_t cwmp_version_notification(enum cwmp_version version, uint32_t notification)
{
	// 0 off, 1 passive, 2 active; 3 and 5 are lightweight only, 4 and 6 passive besides.
	static const uint32_t plain[] = {0, 1, 2, 0, 1, 0, 1};

	if (version >= CWMP_1_3 || notification >= sizeof(plain) / sizeof(*plain))
		return notification;
	return plain[notification];
}

unsigned cwmp_version_transfer_fault(enum cwmp_version version, unsigned code, bool upload)
{
	if (version > CWMP_1_0 || code < FAULT_FIRST_OF_1_1 || code >= FAULT_VENDOR_FIRST)
		return code;
	return upload ? FAULT_UPLOAD : FAULT_DOWNLOAD;
}
