/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small tree of a test's own, and messages about it produced in pieces of any size. */
#pragma once

#include "agent/soap-encode.h"
#include "shm/espalier.h"

/** The objects of the tree, by their index in the writer. */
enum fixture_object {
	FIXTURE_ROOT,
	FIXTURE_DEVICE_INFO,
	FIXTURE_MANAGEMENT_SERVER,
	FIXTURE_ETHERNET,
	FIXTURE_INTERFACE,
	FIXTURE_STATS,
	FIXTURE_TYPES, /* Device.X_EXAMPLE_Types.{i}., with a parameter of each type */
};

/** The parameters of FIXTURE_TYPES. */
enum fixture_type {
	FIXTURE_INT,
	FIXTURE_UNSIGNED_INT,
	FIXTURE_LONG,
	FIXTURE_UNSIGNED_LONG,
	FIXTURE_BOOLEAN,
	FIXTURE_DATE_TIME,
	FIXTURE_BASE64,
	FIXTURE_HEX_BINARY,
	FIXTURE_DECIMAL,
	FIXTURE_LIST,
	FIXTURE_TEXT,
	FIXTURE_COMMAND,
	FIXTURE_SECRET,
};

struct fixture {
	char folder[64];
	struct espalier_writer *writer;
	struct espalier_row interfaces[2]; /* instances 1 and 10 */
	struct espalier_row types;	   /* instance 1, all values as they are in a new row */
	struct tree *tree;
	struct soap_encoder encoder;
	struct soap_envelope envelope; /* CWMP 1.2, ID "42" */
};

/** Publishes the tree and opens it. fixture_close() removes it; both end the test when something fails. */
void fixture_open(struct fixture *fixture);
void fixture_close(struct fixture *fixture);

/** Sets a text of a row. */
void fixture_set_text(struct fixture *fixture, struct espalier_row row, uint32_t parameter, const char *text,
		      size_t length);

/** A reference to a path that must exist. */
struct tree_reference fixture_find(struct fixture *fixture, const char *path);

/** What produces a message: encoder.produce() until it ends, with pieces of `size` bytes. NUL-terminated, to be freed.
 */
char *fixture_drain(struct fixture *fixture, size_t size, size_t *length);

/**
 * Produces a message with a large buffer; then again with each small one and each size around a part of it, and fails
 * when a byte differs. The message must be well-formed, and its arrays as long as they say. It is written to the folder
 * $ESPALIER_RECORD, when that is set. To be freed.
 */
char *fixture_message(struct fixture *fixture, struct soap_body *body);

/** The same, without <?xml ...>, the envelope and the header: what is between <soap-env:Body> and its end. */
char *fixture_body(struct fixture *fixture, struct soap_body *body);

/** Fails unless `message` is well-formed XML whose arrays have as many members as their arrayType says. */
void fixture_check_xml(const char *message, size_t length);
