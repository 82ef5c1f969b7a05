/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Outgoing messages: envelope, header, and the bodies that the agent sends. A message is produced piece by piece into
 * the buffers that the ring sends; values go there straight from their rows in shared memory.
 *
 * One encoder produces one message at a time:
 *
 *     soap_values_init(&values, tree, SOAP_GET_PARAMETER_VALUES_RESPONSE, references, count);
 *     soap_encoder_start(&encoder, &envelope, &values.body);
 *     while ((length = soap_encoder_produce(&encoder, buffer, size)) > 0)
 *             send(buffer, length);
 *     soap_encoder_end(&encoder);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "agent/soap-namespace.h"
#include "agent/soap-writer.h"
#include "agent/tree.h"

/** struct soap_envelope - what the envelope of an outgoing message says. Texts must live as long as the message. */
struct soap_envelope {
	enum soap_namespace namespace; /* SOAP_NAMESPACE_CWMP_1_0 ... of the negotiated version */
	const char *id;		       /* the request's ID for an answer; NULL: no ID header */
	size_t id_length;
	const char *supported_versions; /* SupportedCWMPVersions, Inform only: "1.0,1.1,..."; NULL: none */
	uint32_t session_timeout;	/* SessionTimeout, Inform only, seconds; 0: none */
};

/** struct soap_body - what is inside <soap-env:Body>. To be embedded; the writers below are all of this kind. */
struct soap_body {
	/** Writes the next part; returns 1 when more follow, 0 after the last, -errno to give the message up. */
	int (*next)(struct soap_body *body, struct soap_writer *writer);
	/** Lets next() start again from the first part; NULL: nothing to do. */
	void (*rewind)(struct soap_body *body);
};

/** struct soap_encoder - produces messages. One for a session; memory is kept from one message to the next. */
struct soap_encoder {
	struct soap_writer writer;
	struct tree *tree;
	struct soap_envelope envelope;
	struct soap_body *body;
	bool started;
	uint8_t phase;
};

/** soap_encoder_init() - an encoder for messages about @tree, which may be NULL; soap_encoder_exit() frees its memory
 */
void soap_encoder_init(struct soap_encoder *encoder, struct tree *tree);
void soap_encoder_exit(struct soap_encoder *encoder);

/**
 * soap_encoder_start() - begins a message
 * @envelope: copied, but not the texts it points to
 * @body: to live until soap_encoder_end(); NULL for the empty message, of which nothing is produced
 *
 * Holds the tree (tree_hold()) until soap_encoder_end(). Ends a message that was begun before.
 */
void soap_encoder_start(struct soap_encoder *encoder, const struct soap_envelope *envelope, struct soap_body *body);

/**
 * soap_encoder_produce() - writes the next piece; fits a source of the HTTP client
 * @encoder: struct soap_encoder
 * @size: 1 and more
 *
 * Returns the number of bytes: less than @size only for the last piece, 0 at the end; or -errno, on which the request
 * must be given up.
 */
ssize_t soap_encoder_produce(void *encoder, char *buffer, size_t size);

/** soap_encoder_rewind() - starts the same message again, e.g. after a 401; values may have changed. Returns 0. */
int soap_encoder_rewind(void *encoder);

/** soap_encoder_end() - ends the message, sent or not, and releases the tree. Harmless without a message. */
void soap_encoder_end(struct soap_encoder *encoder);

/* ---- Bodies ------------------------------------------------------------------------------------------------- */

/**
 * struct soap_fault_entry - one SetParameterValuesFault. Texts must live as long as the message.
 */
struct soap_fault_entry {
	const char *path;
	size_t path_length;
	unsigned int code; /* 9001 ... */
	const char *text;  /* NULL: that of the code */
};

/** struct soap_fault_body - a SOAP fault with a CWMP fault as its detail */
struct soap_fault_body {
	struct soap_body body;
	unsigned int code;
	const char *text;
	const struct soap_fault_entry *entries;
	size_t count, position;
	bool begun;
};

/**
 * soap_fault_init() - a CWMP fault
 * @code: 9000 ...; decides between Client and Server
 * @text: NULL: the usual text of the code. Not copied, as @entries.
 * @entries: of SetParameterValues, NULL for none
 */
void soap_fault_init(struct soap_fault_body *fault, unsigned int code, const char *text,
		     const struct soap_fault_entry *entries, size_t count);

/** soap_fault_init_must_understand() - the fault for a header entry that must be understood and is not */
void soap_fault_init_must_understand(struct soap_fault_body *fault);

/** soap_fault_text() - "Invalid parameter name" and so on, the text of a CWMP fault code */
const char *soap_fault_text(unsigned int code);

/** struct soap_values_body - ParameterList with values, of GetParameterValuesResponse or Inform */
struct soap_values_body {
	struct soap_body body;
	struct tree *tree;
	const struct tree_reference *references;
	size_t count, position;
	uint32_t node, end; /* within a partial path; node == end: at its start */
	bool inform;	    /* ParameterList alone, as a part of Inform */
	uint8_t phase;
};

/**
 * soap_values_init() - GetParameterValuesResponse
 * @references: parameters and partial paths, in order, nothing collapsed; must live as long as the message
 *
 * As many entries are sent as are announced, also when rows vanish while the message is being sent: their values are
 * then the last ones, or else the defaults of their types.
 */
void soap_values_init(struct soap_values_body *values, struct tree *tree, const struct tree_reference *references,
		      size_t count);

/** struct soap_device_id - DeviceId of Inform */
struct soap_device_id {
	const char *manufacturer, *oui, *product_class, *serial_number;
};

/** struct soap_event - one EventStruct */
struct soap_event {
	const char *code;	 /* "1 BOOT" */
	const char *command_key; /* NULL: empty */
};

/** struct soap_inform_body - Inform. What it points to must live as long as the message. */
struct soap_inform_body {
	struct soap_body body;
	const struct soap_device_id *device_id;
	const struct soap_event *events;
	size_t event_count; /* at most SOAP_EVENTS_MAXIMUM */
	int64_t time;
	uint32_t retry_count;
	struct soap_values_body values; /* ParameterList */
	bool begun;
};

#define SOAP_EVENTS_MAXIMUM 64 /* EventStructs of one Inform */

/** soap_inform_init() - `references` are the parameters of ParameterList, in order */
void soap_inform_init(struct soap_inform_body *inform, const struct soap_device_id *device_id,
		      const struct soap_event *events, size_t event_count, int64_t time, uint32_t retry_count,
		      struct tree *tree, const struct tree_reference *references, size_t count);

/** struct soap_names_body - GetParameterNamesResponse */
struct soap_names_body {
	struct soap_body body;
	struct tree *tree;
	const struct tree_reference *references;
	size_t count, position;
	bool next_level;
	bool root;  /* the root object alone */
	bool begun; /* the present reference: node is within it */
	uint32_t node;
	uint8_t phase;
};

/**
 * soap_names_init() - the names at and below references
 * @references: in tree order, none below another; must live as long as the message
 * @next_level: only the direct children, not the object itself; not allowed for a parameter
 */
void soap_names_init(struct soap_names_body *names, struct tree *tree, const struct tree_reference *references,
		     size_t count, bool next_level);

/** soap_names_init_root() - only the root object: the answer for an empty path with NextLevel */
void soap_names_init_root(struct soap_names_body *names, struct tree *tree);

/** struct soap_attributes - the attributes of one parameter */
struct soap_attributes {
	uint32_t notification;	 /* 0 to 6 */
	const char *access_list; /* names, each ended by NUL, and one more NUL behind the last; NULL: none */
};

/** Looks up a parameter's attributes; the access list must stay until the next call. */
typedef void soap_attributes_lookup(struct tree *tree, struct tree_reference reference,
				    struct soap_attributes *attributes, void *context);

/** struct soap_attributes_body - GetParameterAttributesResponse */
struct soap_attributes_body {
	struct soap_body body;
	struct tree *tree;
	const struct tree_reference *references;
	size_t count, position;
	uint32_t node, end, parameter;
	uint8_t phase;
	soap_attributes_lookup *lookup;
	void *context;
};

/** soap_attributes_init() - references as for soap_values_init(); @lookup is called while the message is produced */
void soap_attributes_init(struct soap_attributes_body *list, struct tree *tree, const struct tree_reference *references,
			  size_t count, soap_attributes_lookup *lookup, void *context);

/** struct soap_methods_body - GetRPCMethodsResponse */
struct soap_methods_body {
	struct soap_body body;
	const char *const *names;
	size_t count;
};

void soap_methods_init(struct soap_methods_body *list, const char *const *names, size_t count);

/** struct soap_status_body - a response that holds nothing, or only a Status */
struct soap_status_body {
	struct soap_body body;
	const char *name;
	int status;
};

/**
 * soap_status_init() - <cwmp:NAME><Status>STATUS</Status></cwmp:NAME>
 * @name: e.g. "SetParameterValuesResponse", not copied
 * @status: 0 or 1; negative: an empty element, e.g. for SetParameterAttributesResponse
 */
void soap_status_init(struct soap_status_body *response, const char *name, int status);

/** struct soap_call_body - a message written in one go: <cwmp:NAME>, what write() writes, </cwmp:NAME> */
struct soap_call_body {
	struct soap_body body;
	const char *name;
	/** Writes the children of the method's element. Is called again when the message is sent again. */
	void (*write)(struct soap_writer *writer, const void *context);
	const void *context;
};

/**
 * soap_call_init() - a request of the agent, or a response, that needs no streaming
 * @name: "TransferComplete", not copied
 * @write: NULL: the element is empty
 * @context: to live until soap_encoder_end(), as what write() takes from it
 */
void soap_call_init(struct soap_call_body *call, const char *name,
		    void (*write)(struct soap_writer *writer, const void *context), const void *context);

/**
 * soap_write_fault_struct() - <NAME><FaultCode>...</FaultCode><FaultString>...</FaultString></NAME> (R-65, R-71)
 * @name: "FaultStruct" or "Fault"
 * @code: 0: success, with an empty text
 * @text: NULL: the usual one of the code
 */
void soap_write_fault_struct(struct soap_writer *writer, const char *name, unsigned int code, const char *text);
