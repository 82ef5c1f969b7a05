// SPDX-License-Identifier: GPL-2.0-or-later
// What is in an Inform.
#pragma once

#include "agent/cwmp-version.h"
#include "agent/event.h"
#include "agent/soap-encode.h"
#include "agent/tree.h"

struct agent;

// Zero it. All fields but `body` are private.
struct session_inform {
	struct soap_inform_body body; // to be encoded
	struct soap_device_id device;
	struct soap_event events[SOAP_EVENTS_MAXIMUM];
	struct tree *tree;
	struct tree_form form;		   // of the paths
	struct tree_reference *references; // ParameterList
	size_t count, room;
};

// Whether a parameter, by its full path, is in every Inform.
bool session_inform_forces(const char *path, size_t length);

// What the Inform may show of the values that change by themselves (enum own_live). Mostly nothing, and to find them
// out takes longer than all the rest of an Inform.
unsigned session_inform_live(struct agent *agent);

// Collects the parameters of an Inform of this version, for this kind of session. Returns how many changed values are
// among them, or -ENOMEM.
int session_inform_collect(struct session_inform *inform, struct agent *agent, enum event_session kind,
			   enum cwmp_version version);

// Fills in `body`: the device, the events that this Inform has, and what was collected. It holds until the tree's
// structure or the events change.
void session_inform_make(struct session_inform *inform, struct agent *agent, uint32_t retry_count);

// Frees what was collected.
void session_inform_free(struct session_inform *inform);
