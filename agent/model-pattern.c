// SPDX-License-Identifier: GPL-2.0-or-later
// Forms of values that the data model asks for and an owner's schema can't.
#include "agent/model-pattern.h"

#include "agent/list-item.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_path(const void *path, const void *pattern)
{
	return strcmp(path, ((const struct model_pattern *)pattern)->path);
}

static bool fits(const regex_t *compiled, const char *text, size_t length)
{
	char *copy = strndup(text, length);
	bool result = !copy || !regexec(compiled, copy, 0, NULL, 0);

	free(copy);
	return result;
}

static bool items_fit(const regex_t *compiled, const char *text, size_t length)
{
	const char *at = text, *end = text + length, *item;

	while (list_item(&at, end, &item, &length)) {
		if (!fits(compiled, item, length))
			return false;
	}
	return true;
}

bool model_pattern_fits(const char *object, const struct espalier_parameter *parameter,
			const struct espalier_value *value)
{
	char path[2 * ESPALIER_PATH_MAXIMUM];
	const struct model_pattern *pattern;
	const char *expression;
	regex_t compiled;
	bool result;

	if (value->type != ESPALIER_STRING ||
	    (size_t)snprintf(path, sizeof(path), "%s%s", object, parameter->name) >= sizeof(path))
		return true;
	pattern = bsearch(path, model_patterns, model_patterns_count, sizeof(*model_patterns), by_path);
	if (!pattern)
		return true;
	expression = pattern->expression + (*pattern->expression == '=');
	if (regcomp(&compiled, expression, REG_EXTENDED | REG_NOSUB))
		return true;
	if (parameter->flags & ESPALIER_LIST && *pattern->expression != '=')
		result = items_fit(&compiled, value->text, value->length);
	else
		result = fits(&compiled, value->text, value->length);
	regfree(&compiled);
	return result;
}
