// SPDX-License-Identifier: GPL-2.0-or-later
// A growable run of bytes.
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Always has a NUL after its last byte once something was appended. Zeroed memory is an empty buffer. */
struct buffer {
	char *data;
	size_t length;
	size_t capacity;
};

/* Makes room for `more` bytes and a NUL; ends the program when memory is out. */
void buffer_reserve(struct buffer *buffer, size_t more);

/* Appends `length` bytes. */
void buffer_append(struct buffer *buffer, const void *data, size_t length);

/* Appends a string. */
void buffer_text(struct buffer *buffer, const char *text);

/* Appends formatted text. */
__attribute__((format(printf, 2, 3))) void buffer_format(struct buffer *buffer, const char *format, ...);

/* Empties the buffer and keeps its memory. */
void buffer_clear(struct buffer *buffer);

/* Frees the memory; the buffer is empty and usable afterwards. */
void buffer_free(struct buffer *buffer);

/* The contents as a string, never NULL. Valid until the next change. */
const char *buffer_string(const struct buffer *buffer);

/* calloc and strdup that end the program when memory is out. The caller frees the result. */
void *zalloc(size_t size);
char *copy_string(const char *text);
