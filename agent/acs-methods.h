// SPDX-License-Identifier: GPL-2.0-or-later
// What the ACS can be asked: its answer to GetRPCMethods, where the configuration wants that it is asked.
#pragma once

#include "agent/acs-request.h"

// Zeroed memory says that nothing is known.
struct acs_methods {
	struct acs_request request;
	bool asking;
	bool known;		       // the ACS has answered
	bool kicked, request_download; // it has the method
};

// A new ACS: nothing is known of it, and it is asked in the session that begins with BOOTSTRAP, if [acs] ask_methods
// says so.
void acs_methods_new(struct acs_methods *methods, struct agent *agent);
