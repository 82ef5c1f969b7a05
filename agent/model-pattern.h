// SPDX-License-Identifier: GPL-2.0-or-later
// Forms of values that the data model asks for and an owner's schema can't: addresses, UUIDs and the like.
#pragma once

#include "shm/espalier.h"

struct model_pattern {
	const char *path; // of the parameter, with {i}
	// Extended regular expression of the value, or of each item of a list; after '=' of the whole list.
	const char *expression;
};

// All parameters that can be set and have a pattern, in the order of their paths' bytes.
extern const struct model_pattern model_patterns[];
extern const size_t model_patterns_count;

// Whether a value, checked by espalier_value_parse(), has the form that the model wants of the parameter of an object
// (its path with {i}). Without a pattern every value has; without memory for it, too.
bool model_pattern_fits(const char *object, const struct espalier_parameter *parameter,
			const struct espalier_value *value);
