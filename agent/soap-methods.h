/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The methods that the agent understands, with the request struct of each (TR-069 Annex A; ). */
#pragma once

#include "agent/soap-arguments.h"

/** struct get_parameter_names_request - R-56; an empty path is the whole tree */
struct get_parameter_names_request {
	struct soap_string parameter_path;
	bool next_level;
};

/** struct get_parameter_values_request - R-55; at least one name */
struct get_parameter_values_request {
	const struct soap_string *parameter_names;
	size_t parameter_names_count;
};

/** struct set_parameter_value - one ParameterValueStruct; @name may be longer than a path, for the fault to name it */
struct set_parameter_value {
	struct soap_string name;
	struct soap_value value;
};

/** struct set_parameter_values_request - R-53; the list may be empty, its order means nothing */
struct set_parameter_values_request {
	const struct set_parameter_value *parameter_list;
	size_t parameter_list_count;
	struct soap_string parameter_key;
};

/** struct get_parameter_attributes_request - R-58; at least one name */
struct get_parameter_attributes_request {
	const struct soap_string *parameter_names;
	size_t parameter_names_count;
};

/**
 * struct set_parameter_attributes - one SetParameterAttributesStruct
 *
 * @notification and @access_list count only with their flag; without it they may be missing from the message.
 */
struct set_parameter_attributes {
	struct soap_string name;
	bool notification_change;
	uint32_t notification; /* any number: 0 to 6 are checked by the method */
	bool access_list_change;
	const struct soap_string *access_list;
	size_t access_list_count;
};

/** struct set_parameter_attributes_request - R-57; at least one entry, in order */
struct set_parameter_attributes_request {
	const struct set_parameter_attributes *parameter_list;
	size_t parameter_list_count;
};

/** struct object_request - R-60; AddObject: a table's path, DeleteObject: an instance's */
struct object_request {
	struct soap_string object_name;
	struct soap_string parameter_key;
};

/** struct reboot_request - R-61 */
struct reboot_request {
	struct soap_string command_key;
};

/** struct schedule_inform_request - R-62 */
struct schedule_inform_request {
	uint32_t delay_seconds; /* 0 is refused by the method */
	struct soap_string command_key;
};

/** struct du_operation - one operation of ChangeDUState; strings without data are absent */
struct du_operation {
	struct soap_string type; /* "InstallOpStruct", "UpdateOpStruct", "UninstallOpStruct", or what else was sent */
	struct soap_string url;
	struct soap_string uuid;
	struct soap_string username, password;
	struct soap_string version;
	struct soap_string execution_environment;
};

/** struct change_du_state_request - R-70; at least one operation */
struct change_du_state_request {
	const struct du_operation *operations;
	size_t operations_count;
	struct soap_string command_key; /* data is NULL when absent */
};

/** struct vendor_argument - one argument of a vendor's method */
struct vendor_argument {
	struct soap_string value;
	struct soap_string name;
};

/** struct vendor_request - a vendor's method, "X_...": all children of its element, in order */
struct vendor_request {
	const struct vendor_argument *arguments;
	size_t arguments_count;
};

/* Requests of the ACS. GetRPCMethods and FactoryReset have no arguments. */
extern const struct soap_method soap_method_get_rpc_methods;
extern const struct soap_method soap_method_get_parameter_names;
extern const struct soap_method soap_method_get_parameter_values;
extern const struct soap_method soap_method_set_parameter_values;
extern const struct soap_method soap_method_get_parameter_attributes;
extern const struct soap_method soap_method_set_parameter_attributes;
extern const struct soap_method soap_method_add_object;
extern const struct soap_method soap_method_delete_object;
extern const struct soap_method soap_method_reboot;
extern const struct soap_method soap_method_factory_reset;
extern const struct soap_method soap_method_schedule_inform;
extern const struct soap_method soap_method_change_du_state;
extern const struct soap_method soap_method_vendor; /* all of them: the message has the name */

/** struct get_rpc_methods_response - the methods that the ACS understands */
struct get_rpc_methods_response {
	const struct soap_string *method_list;
	size_t method_list_count;
};

/** struct kicked_response - R-69 */
struct kicked_response {
	struct soap_string next_url;
};

/* Responses to the agent's requests; those without a struct hold nothing that is used. */
extern const struct soap_method soap_method_inform_response;
extern const struct soap_method soap_method_get_rpc_methods_response;
extern const struct soap_method soap_method_kicked_response;
extern const struct soap_method soap_method_request_download_response;
extern const struct soap_method soap_method_transfer_complete_response;
extern const struct soap_method soap_method_autonomous_transfer_complete_response;
extern const struct soap_method soap_method_du_state_change_complete_response;
extern const struct soap_method soap_method_autonomous_du_state_change_complete_response;

/** soap_methods - all of the above, for soap_decoder_create() */
extern const struct soap_method *const soap_methods[];
extern const size_t soap_methods_count;
