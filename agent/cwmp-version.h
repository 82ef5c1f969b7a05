// SPDX-License-Identifier: GPL-2.0-or-later
// The versions of CWMP, and what a session of an older one must not show.
#pragma once

#include "agent/soap-namespace.h"

#include <stdbool.h>
#include <stdint.h>

#define CWMP_VERSIONS "1.0,1.1,1.2,1.3,1.4" // SupportedCWMPVersions

enum cwmp_version {
	CWMP_1_0, // TR-069 Amendment 1
	CWMP_1_1,
	CWMP_1_2,
	CWMP_1_3,
	CWMP_1_4, // Amendments 5 and 6
};

// The version that UseCWMPVersion names, or -EINVAL.
int cwmp_version_of_text(const char *text);

// The text of a version, as UseCWMPVersion has it.
const char *cwmp_version_text(enum cwmp_version version);

// The version of an ACS that names none, by the namespace of its InformResponse. Those of 1.2, 1.3 and 1.4 have the
// same one, and an ACS of 1.4 would have named it.
enum cwmp_version cwmp_version_of_namespace(enum soap_namespace name_space);

// The namespace of a version.
enum soap_namespace cwmp_version_namespace(enum cwmp_version version);

// Whether a version knows paths with `[alias]`: they came with 1.3.
bool cwmp_version_has_aliases(enum cwmp_version version);

// The notification of a parameter as a version can tell it: without lightweight ones (3 to 6), which came with 1.4. An
// ACS that counts as 1.3 has named no version, and may be newer: it sees them, as it is the one who has set them.
uint32_t cwmp_version_notification(enum cwmp_version version, uint32_t notification);

// The fault of a transfer as a version can tell it: 1.0 knows only that an upload or a download has failed.
unsigned cwmp_version_transfer_fault(enum cwmp_version version, unsigned code, bool upload);
