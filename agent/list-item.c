// SPDX-License-Identifier: GPL-2.0-or-later
// The items of a value that is a list by commas (TR-106, 3.2.3).
#include "agent/list-item.h"

#include <string.h>

bool list_item(const char **at, const char *end, const char **item, size_t *length)
{
	const char *comma;

	if (*at >= end)
		return false;
	comma = memchr(*at, ',', (size_t)(end - *at));
	*item = *at;
	*length = (size_t)((comma ? comma : end) - *at);
	*at = comma ? comma + 1 : end;
	while (*length && **item == ' ') {
		(*item)++;
		(*length)--;
	}
	while (*length && (*item)[*length - 1] == ' ')
		(*length)--;
	return true;
}
