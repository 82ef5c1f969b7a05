/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decoder of SOAP messages from the ACS: bytes in, as they arrive, and one typed message out.
 *
 * Lenient where servers differ: any prefixes, a default namespace, arguments qualified
 * or in another order, unknown arguments, wrong or missing arrayType, CDATA, comments, blanks or a byte order mark
 * before the message, names with two colons. Strict where it matters: no DTD, no entities but the five of XML, UTF-8
 * only, one element in the Body, all bounds of agent/bounds.h.
 */
#pragma once

#include "agent/soap-message.h"

struct soap_decoder;

/**
 * soap_decoder_create() - a decoder for any number of messages, one after the other
 * @methods: the methods to understand; kept, not copied
 * @method_count: their number
 *
 * One thread at a time. Returns NULL when there is no memory; else soap_decoder_destroy() frees it.
 */
struct soap_decoder *soap_decoder_create(const struct soap_method *const *methods, size_t method_count);

/** soap_decoder_destroy() - frees the decoder and its message; NULL is allowed */
void soap_decoder_destroy(struct soap_decoder *decoder);

/**
 * soap_decoder_reset() - drops a message that will not be finished
 *
 * Not needed after soap_decoder_finish(): the next soap_decoder_feed() begins a new message.
 */
void soap_decoder_reset(struct soap_decoder *decoder);

/**
 * soap_decoder_feed() - takes the next bytes of a message
 * @data: any part of it; copied or used up, not kept
 * @length: bytes
 *
 * The outcome does not depend on how the message is cut into parts. Returns 0, or an error that ends the session:
 * -EBADMSG (not well-formed, not SOAP 1.1, or a response that cannot be decoded), -EMSGSIZE (beyond a bound), -ENOMEM.
 * An error stays until the next message; it may also come as late as soap_decoder_finish().
 */
int soap_decoder_feed(struct soap_decoder *decoder, const void *data, size_t length);

/**
 * soap_decoder_finish() - the message has ended
 * @message: where its pointer goes; NULL after an error
 *
 * Without a call of soap_decoder_feed() before it the message is empty. Returns 0 or an error as soap_decoder_feed().
 */
int soap_decoder_finish(struct soap_decoder *decoder, const struct soap_message **message);

/** soap_decoder_error() - the last error in words, printable ASCII, for the log; valid as long as a message is */
const char *soap_decoder_error(const struct soap_decoder *decoder);
