// SPDX-License-Identifier: GPL-2.0-or-later
// Methods of a vendor, "X_<vendor>_<name>": operations that a program declares in its segment.
//
// The last part of the object's path is the method's name. What the ACS gives as arguments goes to the owner by an
// operate request, which checks them by the schema; what the owner answers becomes X_...Response, in the namespace that
// the ACS has used.
#pragma once

#include "agent/alarm.h"
#include "agent/soap-arguments.h"
#include "agent/tree.h"

#define VENDOR_METHODS_MAXIMUM 256   // that are listed
#define VENDOR_METHOD_TIME     20000 // milliseconds that an owner has; ACSs wait 30 seconds and more

struct vendor_call;

// The calls that wait for their owners.
struct vendor_methods {
	struct alarm alarm;
	struct vendor_call *current; // whose owner the alarm is for
};

// The operation of a method, or NULL. `segment` (may be NULL): the name of its owner's segment. Both live until the
// tree's next refresh.
const struct espalier_object_view *vendor_method_find(struct tree *tree, struct soap_string name, const char **segment);

// Calls found() with the name of each, `length` bytes; one that several segments declare comes several times. Stops
// when it returns non-zero, and returns that.
int vendor_method_each(struct tree *tree, int (*found)(const char *name, size_t length, void *context), void *context);
