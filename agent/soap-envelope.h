/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of what any SOAP message may have besides a method: header entries and a fault. */
#pragma once

#include "agent/soap-message.h"

/** struct soap_header - the entries that the agent understands; data is NULL for those that are not there */
struct soap_header {
	struct soap_string id;
	struct soap_string hold_requests;
	struct soap_string use_cwmp_version;
	struct soap_string ignored; /* of no use to the agent */
};

/* Fills a struct soap_header. */
extern const struct soap_argument soap_header_entries[];

/* Fills a struct soap_fault: the members of the Fault, and of the detail within it. */
extern const struct soap_argument soap_fault_members[];
extern const struct soap_argument soap_fault_detail_members[];
