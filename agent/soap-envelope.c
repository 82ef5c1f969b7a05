/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of what any SOAP message may have besides a method: header entries and a fault. */
#include "agent/soap-envelope.h"

const struct soap_argument soap_header_entries[] = {
	{
		.name = "ID",
		.kind = SOAP_STRING,
		.offset = offsetof(struct soap_header, id),
		.characters_maximum = SOAP_HEADER_ID_CHARACTERS,
	},
	{
		.name = "HoldRequests",
		.kind = SOAP_STRING,
		.offset = offsetof(struct soap_header, hold_requests),
		.characters_maximum = SOAP_HEADER_TEXT_CHARACTERS,
	},
	{
		.name = "UseCWMPVersion",
		.kind = SOAP_STRING,
		.offset = offsetof(struct soap_header, use_cwmp_version),
		.characters_maximum = SOAP_HEADER_TEXT_CHARACTERS,
	},
	/* Understood, and of no use to the agent. */
	{
		.name = "NoMoreRequests",
		.kind = SOAP_STRING,
		.offset = offsetof(struct soap_header, ignored),
		.characters_maximum = SOAP_HEADER_TEXT_CHARACTERS,
	},
	{
		.name = "SessionTimeout",
		.kind = SOAP_STRING,
		.offset = offsetof(struct soap_header, ignored),
		.characters_maximum = SOAP_HEADER_TEXT_CHARACTERS,
	},
	{
		.name = "SupportedCWMPVersions",
		.kind = SOAP_STRING,
		.offset = offsetof(struct soap_header, ignored),
		.characters_maximum = SOAP_HEADER_TEXT_CHARACTERS,
	},
	{.name = NULL},
};

static const struct soap_argument cwmp_fault_members[] = {
	{
		.name = "FaultCode",
		.kind = SOAP_UNSIGNED_INT,
		.presence = SOAP_OPTIONAL,
		.offset = offsetof(struct soap_fault, code),
	},
	{
		.name = "FaultString",
		.kind = SOAP_STRING,
		.presence = SOAP_OPTIONAL,
		.offset = offsetof(struct soap_fault, text),
	},
	{.name = NULL},
};

const struct soap_argument soap_fault_detail_members[] = {
	{.name = "Fault", .kind = SOAP_STRUCT, .presence = SOAP_OPTIONAL, .members = cwmp_fault_members},
	{.name = NULL},
};

const struct soap_argument soap_fault_members[] = {
	{
		.name = "faultcode",
		.kind = SOAP_STRING,
		.presence = SOAP_OPTIONAL,
		.offset = offsetof(struct soap_fault, faultcode),
	},
	{
		.name = "faultstring",
		.kind = SOAP_STRING,
		.presence = SOAP_OPTIONAL,
		.offset = offsetof(struct soap_fault, faultstring),
	},
	{.name = "detail", .kind = SOAP_STRUCT, .presence = SOAP_OPTIONAL, .members = soap_fault_detail_members},
	{.name = NULL},
};
