/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes XML piece by piece into buffers of any size. */
#include "agent/soap-writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/date-time.h"
#include "agent/soap-text.h"

#define OVERFLOW_SIZE_MINIMUM ((size_t)4096)
#define YEAR_1000	      (-30610224000ll) /* seconds since 1970 */
#define YEAR_10000	      253402300800ll
#define TEXT_AT_ONCE	      ((size_t)4096) /* bytes of text for which room is reserved at once */

void soap_writer_init(struct soap_writer *writer)
{
	*writer = (struct soap_writer){0};
}

void soap_writer_exit(struct soap_writer *writer)
{
	free(writer->overflow);
	soap_writer_init(writer);
}

void soap_writer_reset(struct soap_writer *writer)
{
	if (writer->overflow_size > SOAP_OVERFLOW_RETAINED) {
		free(writer->overflow);
		writer->overflow = NULL;
		writer->overflow_size = 0;
	}
	writer->overflow_used = 0;
	writer->overflow_sent = 0;
	writer->overflowing = false;
	writer->finished = false;
	writer->error = 0;
	writer->at = NULL;
	writer->end = NULL;
}

/* Makes room in the overflow, which what follows of this part goes to. */
static char *reserve_overflow(struct soap_writer *writer, size_t size)
{
	size_t used = writer->overflowing ? (size_t)(writer->at - writer->overflow) : 0;
	size_t wanted = writer->overflow_size > OVERFLOW_SIZE_MINIMUM ? writer->overflow_size : OVERFLOW_SIZE_MINIMUM;

	if (!writer->overflowing) {
		writer->piece_at = writer->at;
		writer->piece_end = writer->end;
	}
	while (wanted - used < size && wanted <= SIZE_MAX / 2)
		wanted *= 2;
	if (wanted > writer->overflow_size) {
		char *overflow = wanted - used < size ? NULL : realloc(writer->overflow, wanted);

		if (!overflow) {
			writer->error = -ENOMEM;
			return NULL;
		}
		writer->overflow = overflow;
		writer->overflow_size = wanted;
	}
	writer->overflowing = true;
	writer->at = writer->overflow + used;
	writer->end = writer->overflow + writer->overflow_size;
	return writer->at;
}

char *soap_writer_reserve(struct soap_writer *writer, size_t size)
{
	if (writer->error)
		return NULL;
	if (__builtin_expect((size_t)(writer->end - writer->at) >= size, 1))
		return writer->at;
	return reserve_overflow(writer, size);
}

/* Moves what the overflow holds into the piece. */
static char *drain(struct soap_writer *writer, char *at, const char *end)
{
	size_t length = writer->overflow_used - writer->overflow_sent;

	if (length > (size_t)(end - at))
		length = (size_t)(end - at);
	if (!length)
		return at;
	memcpy(at, writer->overflow + writer->overflow_sent, length);
	writer->overflow_sent += length;
	return at + length;
}

ssize_t soap_writer_piece(struct soap_writer *writer, char *buffer, size_t size,
			  int (*part)(struct soap_writer *writer, void *context), void *context)
{
	char *at, *end = buffer + size;

	if (writer->error)
		return writer->error;
	at = drain(writer, buffer, end);
	while (at < end && !writer->finished) {
		int more;

		writer->at = at;
		writer->end = end;
		writer->overflowing = false;
		more = part(writer, context);
		if (more < 0 && !writer->error)
			writer->error = more;
		if (writer->error)
			return writer->error;
		writer->finished = !more;
		at = writer->at;
		if (writer->overflowing) {
			writer->overflow_used = (size_t)(writer->at - writer->overflow);
			writer->overflow_sent = 0;
			at = drain(writer, writer->piece_at, end);
		}
	}
	return at - buffer;
}

void soap_write(struct soap_writer *writer, const char *data, size_t length)
{
	char *at = soap_writer_reserve(writer, length);

	if (!at || !length)
		return;
	memcpy(at, data, length);
	soap_writer_advance(writer, at + length);
}

void soap_write_text(struct soap_writer *writer, const char *text, size_t length)
{
	while (length) {
		size_t count = length;
		char *at;

		/* Cut between characters, if the text is UTF-8. */
		if (count > TEXT_AT_ONCE) {
			count = TEXT_AT_ONCE;
			for (int i = 0; i < 3 && ((unsigned char)text[count] & 0xc0) == 0x80; i++)
				count--;
		}
		at = soap_writer_reserve(writer, SOAP_ESCAPE_MAXIMUM * count + SOAP_TEXT_SLACK);
		if (!at)
			return;
		soap_writer_advance(writer, soap_put_text(at, text, count));
		text += count;
		length -= count;
	}
}

void soap_write_unsigned(struct soap_writer *writer, uint64_t number)
{
	char *at = soap_writer_reserve(writer, SOAP_NUMBER_SIZE);

	if (at)
		soap_writer_advance(writer, soap_put_unsigned(at, number));
}

void soap_write_signed(struct soap_writer *writer, int64_t number)
{
	char *at = soap_writer_reserve(writer, SOAP_NUMBER_SIZE);

	if (at)
		soap_writer_advance(writer, soap_put_signed(at, number));
}

void soap_open(struct soap_writer *writer, const char *name)
{
	soap_write_literal(writer, "<");
	soap_write(writer, name, strlen(name));
	soap_write_literal(writer, ">");
}

void soap_close(struct soap_writer *writer, const char *name)
{
	soap_write_literal(writer, "</");
	soap_write(writer, name, strlen(name));
	soap_write_literal(writer, ">");
}

void soap_open_array(struct soap_writer *writer, const char *name, const char *type, uint64_t count)
{
	soap_write_literal(writer, "<");
	soap_write(writer, name, strlen(name));
	soap_write_literal(writer, " soap-enc:arrayType=\"");
	soap_write(writer, type, strlen(type));
	soap_write_literal(writer, "[");
	soap_write_unsigned(writer, count);
	soap_write_literal(writer, "]\">");
}

void soap_element_text(struct soap_writer *writer, const char *name, const char *text, size_t length)
{
	soap_open(writer, name);
	soap_write_text(writer, text, text ? length : 0);
	soap_close(writer, name);
}

void soap_element_string(struct soap_writer *writer, const char *name, const char *text)
{
	soap_element_text(writer, name, text, text ? strlen(text) : 0);
}

void soap_element_unsigned(struct soap_writer *writer, const char *name, uint64_t number)
{
	soap_open(writer, name);
	soap_write_unsigned(writer, number);
	soap_close(writer, name);
}

void soap_element_signed(struct soap_writer *writer, const char *name, int64_t number)
{
	soap_open(writer, name);
	soap_write_signed(writer, number);
	soap_close(writer, name);
}

void soap_element_boolean(struct soap_writer *writer, const char *name, bool value)
{
	soap_element_unsigned(writer, name, value);
}

size_t soap_format_time(char buffer[SOAP_TIME_SIZE], int64_t time)
{
	if (!time || time >= YEAR_10000 || (time < YEAR_1000 && !date_time_unknown(time)))
		return (size_t)snprintf(buffer, SOAP_TIME_SIZE, DATE_TIME_UNKNOWN);
	date_time_format_local(time, buffer);
	return strlen(buffer);
}

void soap_element_time(struct soap_writer *writer, const char *name, int64_t time)
{
	char buffer[SOAP_TIME_SIZE];

	soap_element_text(writer, name, buffer, soap_format_time(buffer, time));
}
