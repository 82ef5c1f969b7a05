/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes XML piece by piece into buffers of any size: the primitives from which all outgoing messages are made.
 *
 * A part of a message is written straight into the piece that is being sent while it fits; what does not fit goes to an
 * overflow buffer that grows once to the largest part seen, and leaves with the next pieces.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#define SOAP_TIME_SIZE	       40		    /* room for soap_format_time() */
#define SOAP_OVERFLOW_RETAINED ((size_t)256 * 1024) /* bytes of overflow kept from one message to the next */

/** struct soap_writer - where output goes. Private to soap-writer.c and the functions below. */
struct soap_writer {
	char *at, *end; /* free room, in the piece or in the overflow */
	char *piece_at; /* overflowing: where the piece was left */
	char *piece_end;
	char *overflow;
	size_t overflow_size, overflow_used, overflow_sent;
	bool overflowing;
	bool finished; /* the last part has been written */
	int error;     /* -ENOMEM: what was written since is lost */
};

/** soap_writer_init() - a writer without memory; soap_writer_exit() frees what it took */
void soap_writer_init(struct soap_writer *writer);
void soap_writer_exit(struct soap_writer *writer);

/** soap_writer_reset() - forgets what has not left yet; frees an overflow buffer of more than SOAP_OVERFLOW_RETAINED */
void soap_writer_reset(struct soap_writer *writer);

/**
 * soap_writer_piece() - fills one piece
 * @buffer: of @size bytes
 * @part: writes the next part of the message; returns 1 when more follow, 0 after the last, or -errno. It is called as
 *        long as there is room, and not again after it returned 0.
 *
 * Returns the bytes written: less than @size only when the message is complete, 0 when nothing is left; or -errno.
 */
ssize_t soap_writer_piece(struct soap_writer *writer, char *buffer, size_t size,
			  int (*part)(struct soap_writer *writer, void *context), void *context);

/**
 * soap_writer_reserve() - contiguous room for @size bytes, to be used with soap_writer_advance()
 *
 * Returns where to write, or NULL without memory. What is beyond @size must not be touched.
 */
char *soap_writer_reserve(struct soap_writer *writer, size_t size);

/** soap_writer_room() - bytes that can be written without the overflow buffer; 0 when it is in use */
static inline size_t soap_writer_room(const struct soap_writer *writer)
{
	return writer->overflowing ? 0 : (size_t)(writer->end - writer->at);
}

/** soap_writer_advance() - says that everything up to @at, in reserved room, has been written */
static inline void soap_writer_advance(struct soap_writer *writer, char *at)
{
	writer->at = at;
}

/** soap_write() - bytes as they are: tags */
void soap_write(struct soap_writer *writer, const char *data, size_t length);

/** soap_write_literal() - a string literal as it is */
#define soap_write_literal(writer, literal) soap_write(writer, "" literal, sizeof(literal) - 1)

/**
 * soap_write_text() - text, escaped: < > & " ' become entities, a carriage return a character reference (R-29)
 *
 * Bytes that are not valid UTF-8 and characters that XML 1.0 forbids become U+FFFD.
 */
void soap_write_text(struct soap_writer *writer, const char *text, size_t length);

void soap_write_unsigned(struct soap_writer *writer, uint64_t number);
void soap_write_signed(struct soap_writer *writer, int64_t number);

/** soap_open(), soap_close() - tags: <NAME>, </NAME>. @name with its prefix, NUL-terminated. */
void soap_open(struct soap_writer *writer, const char *name);
void soap_close(struct soap_writer *writer, const char *name);

/** soap_open_array() - <NAME soap-enc:arrayType="TYPE[COUNT]">, e.g. "Event", "cwmp:EventStruct" */
void soap_open_array(struct soap_writer *writer, const char *name, const char *type, uint64_t count);

/** soap_element_...() - <NAME>value</NAME>. Text is escaped; NULL is empty. */
void soap_element_text(struct soap_writer *writer, const char *name, const char *text, size_t length);
void soap_element_string(struct soap_writer *writer, const char *name, const char *text);
void soap_element_unsigned(struct soap_writer *writer, const char *name, uint64_t number);
void soap_element_signed(struct soap_writer *writer, const char *name, int64_t number);
void soap_element_boolean(struct soap_writer *writer, const char *name, bool value);

/**
 * soap_element_time() - a dateTime with the local offset; `time` is in seconds since 1970, as of clock_time()
 *
 * 0 is the unknown time 0001-01-01T00:00:00Z; what counts from the boot is written without an offset.
 */
void soap_element_time(struct soap_writer *writer, const char *name, int64_t time);

/** soap_format_time() - the same as NUL-terminated text; returns its length */
size_t soap_format_time(char buffer[SOAP_TIME_SIZE], int64_t time);
