/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message of the ACS as the decoder hands it to the session. */
#pragma once

#include "agent/soap-arguments.h"

enum soap_message_kind {
	SOAP_MESSAGE_EMPTY,    /* no bytes, or blanks only */
	SOAP_MESSAGE_REQUEST,  /* a method of the ACS, known or not */
	SOAP_MESSAGE_RESPONSE, /* a name that ends in "Response", known or not */
	SOAP_MESSAGE_FAULT,    /* a SOAP fault */
};

/** struct soap_fault - a SOAP fault of the ACS */
struct soap_fault {
	struct soap_string faultcode;	/* as sent, with its prefix */
	struct soap_string faultstring; /* data is NULL when missing, as in all strings here */
	uint32_t code;			/* FaultCode of the CWMP fault in the detail, e.g. 8005; 0 when there is none */
	struct soap_string text;	/* its FaultString */
};

/**
 * struct soap_message - one decoded message
 *
 * Owned by the decoder; it and all strings and arrays in it are valid until the decoder is fed, reset or destroyed.
 */
struct soap_message {
	enum soap_message_kind kind;
	enum soap_namespace cwmp_namespace; /* of the method, of the fault's detail, else of the ID; else NONE */

	/* Header */
	struct soap_string id;		     /* data is NULL when there is none */
	bool hold_requests;		     /* R-31; false when absent or not a boolean */
	struct soap_string use_cwmp_version; /* data is NULL when absent; else e.g. "1.4" */
	bool must_understand;		   /* an unknown entry that must be understood: answer MustUnderstand */
	struct soap_string not_understood; /* the local name of that entry, cut off at SOAP_METHOD_NAME_SIZE */

	/* Body */
	struct soap_string method_name;	  /* local name, cut off at SOAP_METHOD_NAME_SIZE; empty for an empty Body */
	const struct soap_method *method; /* NULL: not a method that the decoder was given: fault 9000 to a request */
	struct soap_string vendor_namespace; /* of a vendor's method: the URI, as sent; data is NULL when unqualified */
	const void *request;		     /* the method's request struct; NULL without arguments or with a fault */
	struct soap_fault fault;	     /* SOAP_MESSAGE_FAULT */

	/* What is wrong with the arguments of a known request */
	unsigned int fault_code;	       /* CWMP fault to answer, e.g. 9003; 0: none */
	char fault_text[SOAP_FAULT_TEXT_SIZE]; /* only our own words: needs no escaping */
};
