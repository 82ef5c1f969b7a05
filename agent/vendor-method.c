// SPDX-License-Identifier: GPL-2.0-or-later
// Which methods of vendors there are: the operations that the segments of the tree declare.
#include "agent/vendor-method.h"

#include "agent/bounds.h"

#include <string.h>

// The method's name in an operation's path, with `length`; NULL for operations that are no methods of the ACS.
static const char *method_name(const struct espalier_object_view *object, size_t *length)
{
	const char *name = object->path, *dot;

	if (!(object->flags & ESPALIER_OPERATION))
		return NULL;
	while ((dot = strchr(name, '.')) && dot[1])
		name = dot + 1;
	*length = strcspn(name, ".");
	return !strncmp(name, "X_", 2) && *length <= CWMP_METHOD_NAME_CHARACTERS ? name : NULL;
}

const struct espalier_object_view *vendor_method_find(struct tree *tree, struct soap_string name, const char **segment)
{
	struct espalier_reader *reader = tree_reader(tree);
	const struct espalier_segment_status *segments;
	const struct espalier_object_view *object, *dead = NULL;
	uint32_t count;

	segments = espalier_reader_segments(reader, &count);
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t j = 0; (object = espalier_reader_object(reader, i, j)) != NULL; j++) {
			size_t length;
			const char *own = method_name(object, &length);

			if (!own || length != name.length || memcmp(own, name.data, length) != 0)
				continue;
			// A program that has taken another's place lives.
			if (!dead || segments[i].alive) {
				if (segment)
					*segment = segments[i].name;
				dead = object;
			}
			if (segments[i].alive)
				return object;
		}
	}
	return dead;
}

int vendor_method_each(struct tree *tree, int (*found)(const char *name, size_t length, void *context), void *context)
{
	struct espalier_reader *reader = tree_reader(tree);
	const struct espalier_object_view *object;
	uint32_t count;
	int result = 0;

	espalier_reader_segments(reader, &count);
	for (uint32_t i = 0; i < count && !result; i++) {
		for (uint32_t j = 0; (object = espalier_reader_object(reader, i, j)) != NULL && !result; j++) {
			size_t length;
			const char *name = method_name(object, &length);

			if (name)
				result = found(name, length, context);
		}
	}
	return result;
}
