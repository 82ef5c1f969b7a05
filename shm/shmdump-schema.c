/* SPDX-License-Identifier: BSD-2-Clause */
/* The schema: what parameters there can be, of what type and within which limits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shm/format.h"
#include "shm/shmdump.h"

/** Widest column of paths that is padded. */
enum { PATH_WIDTH_MAXIMUM = 72, TYPE_WIDTH = 24 };

/** The objects of all segments, each once, by path. */
struct objects {
	const struct espalier_object_view **views;
	uint32_t count;
};

static int compare_views(const void *one, const void *other)
{
	const struct espalier_object_view *a = *(const struct espalier_object_view *const *)one;
	const struct espalier_object_view *b = *(const struct espalier_object_view *const *)other;
	int order = strcmp(a->path, b->path);

	return order ? order : a < b ? -1 : a > b;
}

static int collect(struct shmdump *shmdump, struct objects *objects)
{
	const struct espalier_object_view *view;
	uint32_t segments, found = 0;

	espalier_reader_segments(shmdump->reader, &segments);
	for (uint32_t i = 0; i < segments; i++)
		for (uint32_t j = 0; espalier_reader_object(shmdump->reader, i, j); j++)
			found++;
	objects->views = calloc(found + 1, sizeof(*objects->views));
	if (!objects->views)
		return -1;
	for (uint32_t i = 0; i < segments; i++)
		for (uint32_t j = 0; (view = espalier_reader_object(shmdump->reader, i, j)); j++)
			objects->views[objects->count++] = view;
	qsort(objects->views, objects->count, sizeof(*objects->views), compare_views);
	return 0;
}

/** The schema's form of a path: "*" and numbers become "{i}". */
static char *schema_path(const char *path)
{
	char *copy = NULL;
	size_t size;
	FILE *stream = open_memstream(&copy, &size);

	if (!stream)
		return NULL;
	while (*path) {
		size_t length = strcspn(path, ".");

		if (length && (strspn(path, "0123456789") == length || (length == 1 && *path == '*')))
			fputs("{i}", stream);
		else
			fwrite(path, 1, length, stream);
		path += length;
		if (*path)
			fputc(*path++, stream);
	}
	fclose(stream);
	return copy;
}

/** True when a path (in its schema form) means an object's parameter, or the object itself (name ""). */
static bool means(const char *path, const char *object, const char *name)
{
	size_t length = strlen(path), head = strlen(object);

	if (!length || path[length - 1] == '.')
		return head >= length && memcmp(object, path, length) == 0;
	return strncmp(path, object, head) == 0 && strcmp(path + head, name) == 0 && *name;
}

static const char *object_access(uint32_t flags)
{
	bool add = flags & (ESPALIER_WRITABLE | ESPALIER_CREATABLE);
	bool remove = flags & (ESPALIER_WRITABLE | ESPALIER_DELETABLE);

	return add && remove ? "rw" : add ? "add" : remove ? "delete" : "ro";
}

static void print_line(const char *path, const char *name, int width, const char *type, const char *access,
		       const char *description)
{
	int length = (int)strlen(path) + (int)strlen(name);

	printf("%s%s%*s  %-*s  %s", path, name, length < width ? width - length : 0, "", TYPE_WIDTH, type, access);
	if (description && *description) {
		fputs("  ", stdout);
		format_escaped(stdout, description, strlen(description));
	}
	putchar('\n');
}

static void print_parameter(const char *path, const struct espalier_parameter *parameter, int width)
{
	char *type = NULL;
	size_t size;
	FILE *stream = open_memstream(&type, &size);

	if (!stream)
		return;
	fputs(espalier_type_name(parameter->type), stream);
	format_limits(stream, parameter);
	if (parameter->flags & ESPALIER_HIDDEN)
		fputs(",hidden", stream);
	if (parameter->flags & ESPALIER_COMMAND)
		fputs(",command", stream);
	if (parameter->flags & ESPALIER_UNIQUE_KEY)
		fputs(",key", stream);
	if (parameter->flags & ESPALIER_NOTIFY_FORCED)
		fputs(",notify-forced", stream);
	if (parameter->flags & ESPALIER_NOTIFY_DEFAULT)
		fputs(",notify", stream);
	if (parameter->flags & ESPALIER_NOTIFY_CAN_DENY)
		fputs(",notify-can-deny", stream);
	fclose(stream);
	print_line(path, parameter->name, width, type, parameter->flags & ESPALIER_WRITABLE ? "rw" : "ro",
		   parameter->description);
	free(type);
}

/** Prints what one path means, or only measures it. Returns how much was meant. */
static uint32_t show(const struct objects *objects, const char *path, int *width, bool print)
{
	uint32_t meant = 0;

	for (uint32_t i = 0; i < objects->count; i++) {
		const struct espalier_object_view *view = objects->views[i];
		int head = (int)strlen(view->path);

		if (means(path, view->path, "")) {
			meant++;
			if (print)
				print_line(view->path, "", *width,
					   view->flags & ESPALIER_OPERATION ? "operation" : "object",
					   object_access(view->flags), view->description);
			else if (head > *width)
				*width = head;
		}
		for (uint32_t j = 0; j < view->parameter_count; j++) {
			const char *name = view->parameters[j].name;

			if (!means(path, view->path, name))
				continue;
			meant++;
			if (print)
				print_parameter(view->path, &view->parameters[j], *width);
			else if (head + (int)strlen(name) > *width)
				*width = head + (int)strlen(name);
		}
	}
	return meant;
}

int shmdump_schema(struct shmdump *shmdump)
{
	struct objects objects = {0};
	char *all[] = {""}, **paths = shmdump->path_count ? shmdump->paths : all;
	int count = shmdump->path_count ? shmdump->path_count : 1, width = 0, status = SHMDUMP_OK, flushed;

	if (collect(shmdump, &objects) < 0) {
		shmdump_complain("out of memory");
		return SHMDUMP_OUTPUT;
	}
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < count; i++) {
			char *path = schema_path(paths[i]);

			if (path && !show(&objects, path, &width, pass == 1) && pass == 0 && shmdump->path_count) {
				shmdump_complain("no such path: %s", paths[i]);
				status = SHMDUMP_NO_PATH;
			}
			free(path);
		}
		if (width > PATH_WIDTH_MAXIMUM)
			width = PATH_WIDTH_MAXIMUM;
	}
	free(objects.views);
	flushed = shmdump_flush();
	return flushed != SHMDUMP_OK ? flushed : status;
}
