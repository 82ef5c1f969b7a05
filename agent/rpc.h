/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The methods that the ACS can call: one module each, listed in one table. A new method is a new file agent/rpc-NAME.c,
 * its line in the table of rpc.c, and its line in soap_methods[] (agent/soap-methods.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/arena.h"
#include "agent/cwmp-version.h"
#include "agent/soap-message.h"
#include "agent/soap-encode.h"
#include "agent/soap-methods.h"
#include "agent/tree.h"

#define RPC_FAULT_TEXT_SIZE 1400 /* of the text of a fault: a name of CWMP_SET_NAME_CHARACTERS and a sentence */

struct rpc;
struct rpc_call;

/** struct rpc_method - one entry of the table */
struct rpc_method {
	const struct soap_method *soap; /* its name and arguments */
	enum cwmp_version since;	/* the first version that has it */
	/**
	 * Handles a call, whose request (soap->request_size bytes) the decoder has filled. Calls rpc_answer() or
	 * rpc_fault() exactly once: before it returns, or later; then it must have set call->abandon. Returns 0, or
	 * -errno for a failure that it has not answered: then the caller answers fault 9002 (9004 for -ENOMEM).
	 */
	int (*handle)(struct rpc_call *call);
};

/** struct rpc_call - a call of the ACS, from its arrival until its answer has been sent */
struct rpc_call {
	struct rpc *rpc;
	const struct rpc_method *method;
	const struct soap_message *message; /* lives until rpc_end(), as `request`, which is a part of it */
	const void *request; /* the decoder's, e.g. struct get_parameter_names_request; lives until rpc_end() */
	struct soap_envelope envelope;
	enum cwmp_version version; /* of the session */
	bool active, answered;
	unsigned int fault_code; /* 0: answered with success */
	/** Set by a handler that answers later: the session has ended, forget the call. Called at most once. */
	void (*abandon)(struct rpc_call *call);
	void *state; /* the handler's */
	struct soap_fault_body fault;
	char fault_text[RPC_FAULT_TEXT_SIZE];
};

/** struct rpc - one for a session; fields up to `agent` are set by its owner before rpc_init() */
struct rpc {
	struct tree *tree;
	struct soap_encoder *encoder;
	soap_attributes_lookup *attributes; /* for GetParameterAttributes */
	void *attributes_context;
	/** The answer is ready, and soap_encoder_produce() gives it. May be called inside rpc_begin(). */
	void (*ready)(struct rpc_call *call, void *context);
	void *context;
	void *agent;	     /* for handlers that need more of the agent */
	bool instance_alias; /* answers name instances by alias where the request did not name them */

	struct arena arena;
	struct rpc_call call;
};

/** rpc_init() - prepares; rpc_exit() ends a call and frees all memory */
void rpc_init(struct rpc *rpc);
void rpc_exit(struct rpc *rpc);

/**
 * rpc_begin() - handles a request of the ACS
 * @message: of kind SOAP_MESSAGE_REQUEST; must live until rpc_end(). Its faults (bad arguments, an unknown method, a
 *           header that is not understood) are answered here.
 * @version: as negotiated; methods of later ones are unknown
 * @namespace: of the answer
 *
 * There must be no call active. rpc->ready() is called once, now or later.
 */
void rpc_begin(struct rpc *rpc, const struct soap_message *message, enum cwmp_version version,
	       enum soap_namespace namespace);

/** rpc_end() - the answer has been sent, or the session has ended: abandons an unanswered call, frees its memory */
void rpc_end(struct rpc *rpc);

/* ---- For handlers ------------------------------------------------------------------------------------------- */

/** rpc_allocate() - zeroed memory that lives until rpc_end(); NULL without memory */
void *rpc_allocate(struct rpc_call *call, size_t size);

/** rpc_answer() - answers; @body must live until rpc_end(), so it is from rpc_allocate() */
void rpc_answer(struct rpc_call *call, struct soap_body *body);

/** rpc_answer_status() - answers with <cwmp:NAME>, see soap_status_init(). Returns 0 or -ENOMEM. */
int rpc_answer_status(struct rpc_call *call, const char *name, int status);

/** rpc_fault() - answers with a fault; the text says what is wrong with what. Returns 0. */
int rpc_fault(struct rpc_call *call, unsigned int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** rpc_fault_entries() - the fault of SetParameterValues; @entries must live until rpc_end(). Returns 0. */
int rpc_fault_entries(struct rpc_call *call, unsigned int code, const struct soap_fault_entry *entries, size_t count);

/**
 * rpc_hides() - whether a name has a form that the session's version does not know: `[alias]` before CWMP 1.3
 *
 * It is the name of nothing then: fault 9005.
 */
bool rpc_hides(const struct rpc_call *call, struct soap_string name);

/**
 * rpc_resolve() - the references of a list of names, in order; answers 9005 with the first unknown one
 * @names: must live as long as the call: paths in the answer have the form that they have
 * @references: result, from rpc_allocate()
 * @found: result, how many; a name with `*` may have any number of them
 *
 * Returns 0; 1 when the call has been answered with a fault; or -errno.
 */
int rpc_resolve(struct rpc_call *call, const struct soap_string *names, size_t count,
		struct tree_reference **references, size_t *found);

/** rpc_methods - the table */
extern const struct rpc_method rpc_methods[];
extern const size_t rpc_methods_count;

/* The modules. Each is described in its file. */
int rpc_get_rpc_methods(struct rpc_call *call);
int rpc_get_parameter_names(struct rpc_call *call);
int rpc_get_parameter_values(struct rpc_call *call);
int rpc_get_parameter_attributes(struct rpc_call *call);
int rpc_set_parameter_values(struct rpc_call *call);
int rpc_set_parameter_attributes(struct rpc_call *call);
int rpc_add_object(struct rpc_call *call);
int rpc_delete_object(struct rpc_call *call);
int rpc_reboot(struct rpc_call *call);
int rpc_factory_reset(struct rpc_call *call);
int rpc_schedule_inform(struct rpc_call *call);
int rpc_change_du_state(struct rpc_call *call);
int rpc_download(struct rpc_call *call);
int rpc_upload(struct rpc_call *call);
int rpc_schedule_download(struct rpc_call *call);
int rpc_cancel_transfer(struct rpc_call *call);
int rpc_get_queued_transfers(struct rpc_call *call);
int rpc_get_all_queued_transfers(struct rpc_call *call);
int rpc_vendor_method(struct rpc_call *call);
