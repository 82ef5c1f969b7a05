/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of the methods that the agent understands (TR-069 Annex A; ). */
#include "agent/soap-methods.h"

#include "agent/soap-transfer.h"

/* A path that no parameter can have is answered as an unknown one. */
#define FAULT_INVALID_PARAMETER_NAME 9005

static const struct soap_argument parameter_name = {
	.name = "string",
	.kind = SOAP_STRING,
	.characters_maximum = CWMP_PATH_CHARACTERS,
	.too_long_fault = FAULT_INVALID_PARAMETER_NAME,
};

const struct soap_method soap_method_get_rpc_methods = {.name = "GetRPCMethods"};

static const struct soap_argument get_parameter_names_arguments[] = {
	{
		.name = "ParameterPath",
		.kind = SOAP_STRING,
		.offset = offsetof(struct get_parameter_names_request, parameter_path),
		.characters_maximum = CWMP_PATH_CHARACTERS,
		.too_long_fault = FAULT_INVALID_PARAMETER_NAME,
	},
	{
		.name = "NextLevel",
		.kind = SOAP_BOOLEAN,
		.offset = offsetof(struct get_parameter_names_request, next_level),
	},
	{.name = NULL},
};

const struct soap_method soap_method_get_parameter_names = {
	.name = "GetParameterNames",
	.arguments = get_parameter_names_arguments,
	.request_size = sizeof(struct get_parameter_names_request),
};

static const struct soap_argument get_parameter_values_arguments[] = {
	{
		.name = "ParameterNames",
		.kind = SOAP_ARRAY,
		.offset = offsetof(struct get_parameter_values_request, parameter_names),
		.element = &parameter_name,
		.element_size = sizeof(struct soap_string),
		.count_offset = offsetof(struct get_parameter_values_request, parameter_names_count),
		.count_minimum = 1,
	},
	{.name = NULL},
};

const struct soap_method soap_method_get_parameter_values = {
	.name = "GetParameterValues",
	.arguments = get_parameter_values_arguments,
	.request_size = sizeof(struct get_parameter_values_request),
};

static const struct soap_argument parameter_value_members[] = {
	{
		.name = "Name",
		.kind = SOAP_STRING,
		.offset = offsetof(struct set_parameter_value, name),
		.characters_maximum = CWMP_SET_NAME_CHARACTERS,
	},
	{
		.name = "Value",
		.kind = SOAP_VALUE,
		.offset = offsetof(struct set_parameter_value, value),
	},
	{.name = NULL},
};

static const struct soap_argument parameter_value = {
	.name = "ParameterValueStruct",
	.kind = SOAP_STRUCT,
	.members = parameter_value_members,
};

static const struct soap_argument set_parameter_values_arguments[] = {
	{
		.name = "ParameterList",
		.kind = SOAP_ARRAY,
		.offset = offsetof(struct set_parameter_values_request, parameter_list),
		.element = &parameter_value,
		.element_size = sizeof(struct set_parameter_value),
		.count_offset = offsetof(struct set_parameter_values_request, parameter_list_count),
	},
	{
		.name = "ParameterKey",
		.kind = SOAP_STRING,
		.offset = offsetof(struct set_parameter_values_request, parameter_key),
		.characters_maximum = CWMP_PARAMETER_KEY_CHARACTERS,
	},
	{.name = NULL},
};

const struct soap_method soap_method_set_parameter_values = {
	.name = "SetParameterValues",
	.arguments = set_parameter_values_arguments,
	.request_size = sizeof(struct set_parameter_values_request),
};

static const struct soap_argument get_parameter_attributes_arguments[] = {
	{
		.name = "ParameterNames",
		.kind = SOAP_ARRAY,
		.offset = offsetof(struct get_parameter_attributes_request, parameter_names),
		.element = &parameter_name,
		.element_size = sizeof(struct soap_string),
		.count_offset = offsetof(struct get_parameter_attributes_request, parameter_names_count),
		.count_minimum = 1,
	},
	{.name = NULL},
};

const struct soap_method soap_method_get_parameter_attributes = {
	.name = "GetParameterAttributes",
	.arguments = get_parameter_attributes_arguments,
	.request_size = sizeof(struct get_parameter_attributes_request),
};

static const struct soap_argument access_list_entity = {
	.name = "string",
	.kind = SOAP_STRING,
	.characters_maximum = CWMP_ACCESS_LIST_CHARACTERS,
};

static const struct soap_argument parameter_attributes_members[] = {
	{
		.name = "Name",
		.kind = SOAP_STRING,
		.offset = offsetof(struct set_parameter_attributes, name),
		.characters_maximum = CWMP_PATH_CHARACTERS,
		.too_long_fault = FAULT_INVALID_PARAMETER_NAME,
	},
	{
		.name = "NotificationChange",
		.kind = SOAP_BOOLEAN,
		.offset = offsetof(struct set_parameter_attributes, notification_change),
	},
	{
		.name = "Notification",
		.kind = SOAP_UNSIGNED_INT,
		.presence = SOAP_REQUIRED_IF,
		.offset = offsetof(struct set_parameter_attributes, notification),
		.condition_offset = offsetof(struct set_parameter_attributes, notification_change),
	},
	{
		.name = "AccessListChange",
		.kind = SOAP_BOOLEAN,
		.offset = offsetof(struct set_parameter_attributes, access_list_change),
	},
	{
		.name = "AccessList",
		.kind = SOAP_ARRAY,
		.presence = SOAP_REQUIRED_IF,
		.offset = offsetof(struct set_parameter_attributes, access_list),
		.condition_offset = offsetof(struct set_parameter_attributes, access_list_change),
		.element = &access_list_entity,
		.element_size = sizeof(struct soap_string),
		.count_offset = offsetof(struct set_parameter_attributes, access_list_count),
		.count_maximum = CWMP_ACCESS_LIST_COUNT_MAXIMUM,
	},
	{.name = NULL},
};

static const struct soap_argument parameter_attributes = {
	.name = "SetParameterAttributesStruct",
	.kind = SOAP_STRUCT,
	.members = parameter_attributes_members,
};

static const struct soap_argument set_parameter_attributes_arguments[] = {
	{
		.name = "ParameterList",
		.kind = SOAP_ARRAY,
		.offset = offsetof(struct set_parameter_attributes_request, parameter_list),
		.element = &parameter_attributes,
		.element_size = sizeof(struct set_parameter_attributes),
		.count_offset = offsetof(struct set_parameter_attributes_request, parameter_list_count),
		.count_minimum = 1,
	},
	{.name = NULL},
};

const struct soap_method soap_method_set_parameter_attributes = {
	.name = "SetParameterAttributes",
	.arguments = set_parameter_attributes_arguments,
	.request_size = sizeof(struct set_parameter_attributes_request),
};

static const struct soap_argument object_arguments[] = {
	{
		.name = "ObjectName",
		.kind = SOAP_STRING,
		.offset = offsetof(struct object_request, object_name),
		.characters_maximum = CWMP_PATH_CHARACTERS,
		.too_long_fault = FAULT_INVALID_PARAMETER_NAME,
	},
	{
		.name = "ParameterKey",
		.kind = SOAP_STRING,
		.offset = offsetof(struct object_request, parameter_key),
		.characters_maximum = CWMP_PARAMETER_KEY_CHARACTERS,
	},
	{.name = NULL},
};

const struct soap_method soap_method_add_object = {
	.name = "AddObject",
	.arguments = object_arguments,
	.request_size = sizeof(struct object_request),
};

const struct soap_method soap_method_delete_object = {
	.name = "DeleteObject",
	.arguments = object_arguments,
	.request_size = sizeof(struct object_request),
};

static const struct soap_argument reboot_arguments[] = {
	{
		.name = "CommandKey",
		.kind = SOAP_STRING,
		.offset = offsetof(struct reboot_request, command_key),
		.characters_maximum = CWMP_COMMAND_KEY_CHARACTERS,
	},
	{.name = NULL},
};

const struct soap_method soap_method_reboot = {
	.name = "Reboot",
	.arguments = reboot_arguments,
	.request_size = sizeof(struct reboot_request),
};

const struct soap_method soap_method_factory_reset = {.name = "FactoryReset"};

static const struct soap_argument schedule_inform_arguments[] = {
	{
		.name = "DelaySeconds",
		.kind = SOAP_UNSIGNED_INT,
		.offset = offsetof(struct schedule_inform_request, delay_seconds),
	},
	{
		.name = "CommandKey",
		.kind = SOAP_STRING,
		.offset = offsetof(struct schedule_inform_request, command_key),
		.characters_maximum = CWMP_COMMAND_KEY_CHARACTERS,
	},
	{.name = NULL},
};

const struct soap_method soap_method_schedule_inform = {
	.name = "ScheduleInform",
	.arguments = schedule_inform_arguments,
	.request_size = sizeof(struct schedule_inform_request),
};

/* All that any operation has: what each must have is checked by the method. */
static const struct soap_argument du_operation_members[] = {
	{
		.name = "URL",
		.kind = SOAP_STRING,
		.presence = SOAP_OPTIONAL,
		.offset = offsetof(struct du_operation, url),
		.characters_maximum = CWMP_URL_CHARACTERS,
	},
	{
		.name = "UUID",
		.kind = SOAP_STRING,
		.presence = SOAP_OPTIONAL,
		.offset = offsetof(struct du_operation, uuid),
		.characters_maximum = CWMP_TEXT_CHARACTERS,
	},
	{
		.name = "Username",
		.kind = SOAP_STRING,
		.presence = SOAP_OPTIONAL,
		.offset = offsetof(struct du_operation, username),
		.characters_maximum = CWMP_TEXT_CHARACTERS,
	},
	{
		.name = "Password",
		.kind = SOAP_STRING,
		.presence = SOAP_OPTIONAL,
		.offset = offsetof(struct du_operation, password),
		.characters_maximum = CWMP_TEXT_CHARACTERS,
	},
	{
		.name = "Version",
		.kind = SOAP_STRING,
		.presence = SOAP_OPTIONAL,
		.offset = offsetof(struct du_operation, version),
		.characters_maximum = CWMP_VERSION_CHARACTERS,
	},
	{
		.name = "ExecutionEnvRef",
		.kind = SOAP_STRING,
		.presence = SOAP_OPTIONAL,
		.offset = offsetof(struct du_operation, execution_environment),
		.characters_maximum = CWMP_TEXT_CHARACTERS,
	},
	{.name = NULL},
};

static const struct soap_argument du_operation = {
	.name = "Operations",
	.kind = SOAP_STRUCT,
	.members = du_operation_members,
	.typed = true,
	.type_offset = offsetof(struct du_operation, type),
};

static const struct soap_argument change_du_state_arguments[] = {
	{
		.name = "Operations",
		.kind = SOAP_REPEATED,
		.offset = offsetof(struct change_du_state_request, operations),
		.element = &du_operation,
		.element_size = sizeof(struct du_operation),
		.count_offset = offsetof(struct change_du_state_request, operations_count),
		.count_maximum = CWMP_DU_OPERATIONS_MAXIMUM,
	},
	{
		.name = "CommandKey",
		.kind = SOAP_STRING,
		.presence = SOAP_OPTIONAL,
		.offset = offsetof(struct change_du_state_request, command_key),
		.characters_maximum = CWMP_COMMAND_KEY_CHARACTERS,
	},
	{.name = NULL},
};

const struct soap_method soap_method_change_du_state = {
	.name = "ChangeDUState",
	.arguments = change_du_state_arguments,
	.request_size = sizeof(struct change_du_state_request),
};

static const struct soap_argument vendor_argument = {.name = "argument", .kind = SOAP_STRING};

static const struct soap_argument vendor_arguments[] = {
	{
		.name = "argument",
		.kind = SOAP_REPEATED,
		.presence = SOAP_OPTIONAL,
		.offset = offsetof(struct vendor_request, arguments),
		.element = &vendor_argument,
		.element_size = sizeof(struct vendor_argument),
		.any_name = true,
		.name_offset = offsetof(struct vendor_argument, name),
		.count_offset = offsetof(struct vendor_request, arguments_count),
		.count_maximum = CWMP_VENDOR_ARGUMENTS_MAXIMUM,
	},
	{.name = NULL},
};

const struct soap_method soap_method_vendor = {
	.name = "X_",
	.arguments = vendor_arguments,
	.request_size = sizeof(struct vendor_request),
	.vendor = true,
};

static const struct soap_argument method_list_name = {.name = "string", .kind = SOAP_STRING};

static const struct soap_argument get_rpc_methods_response_arguments[] = {
	{
		.name = "MethodList",
		.kind = SOAP_ARRAY,
		.offset = offsetof(struct get_rpc_methods_response, method_list),
		.element = &method_list_name,
		.element_size = sizeof(struct soap_string),
		.count_offset = offsetof(struct get_rpc_methods_response, method_list_count),
		.count_maximum = CWMP_METHODS_MAXIMUM,
	},
	{.name = NULL},
};

static const struct soap_argument kicked_response_arguments[] = {
	{
		.name = "NextURL",
		.kind = SOAP_STRING,
		.offset = offsetof(struct kicked_response, next_url),
		.characters_maximum = CWMP_URL_CHARACTERS,
	},
	{.name = NULL},
};

const struct soap_method soap_method_inform_response = {.name = "InformResponse", .response = true};
const struct soap_method soap_method_get_rpc_methods_response = {
	.name = "GetRPCMethodsResponse",
	.arguments = get_rpc_methods_response_arguments,
	.request_size = sizeof(struct get_rpc_methods_response),
	.response = true,
};
const struct soap_method soap_method_kicked_response = {
	.name = "KickedResponse",
	.arguments = kicked_response_arguments,
	.request_size = sizeof(struct kicked_response),
	.response = true,
};
const struct soap_method soap_method_request_download_response = {
	.name = "RequestDownloadResponse",
	.response = true,
};
const struct soap_method soap_method_transfer_complete_response = {
	.name = "TransferCompleteResponse",
	.response = true,
};
const struct soap_method soap_method_autonomous_transfer_complete_response = {
	.name = "AutonomousTransferCompleteResponse",
	.response = true,
};
const struct soap_method soap_method_du_state_change_complete_response = {
	.name = "DUStateChangeCompleteResponse",
	.response = true,
};
const struct soap_method soap_method_autonomous_du_state_change_complete_response = {
	.name = "AutonomousDUStateChangeCompleteResponse",
	.response = true,
};

const struct soap_method *const soap_methods[] = {
	&soap_method_get_rpc_methods,
	&soap_method_get_parameter_names,
	&soap_method_get_parameter_values,
	&soap_method_set_parameter_values,
	&soap_method_get_parameter_attributes,
	&soap_method_set_parameter_attributes,
	&soap_method_add_object,
	&soap_method_delete_object,
	&soap_method_reboot,
	&soap_method_factory_reset,
	&soap_method_schedule_inform,
	&soap_method_change_du_state,
	&soap_method_download,
	&soap_method_upload,
	&soap_method_schedule_download,
	&soap_method_cancel_transfer,
	&soap_method_get_queued_transfers,
	&soap_method_get_all_queued_transfers,
	&soap_method_vendor,
	&soap_method_inform_response,
	&soap_method_get_rpc_methods_response,
	&soap_method_kicked_response,
	&soap_method_request_download_response,
	&soap_method_transfer_complete_response,
	&soap_method_autonomous_transfer_complete_response,
	&soap_method_du_state_change_complete_response,
	&soap_method_autonomous_du_state_change_complete_response,
};
const size_t soap_methods_count = sizeof(soap_methods) / sizeof(soap_methods[0]);
