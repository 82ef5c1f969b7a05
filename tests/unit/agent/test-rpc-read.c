/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The methods that read, from the decoded request to the answer's bytes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/rpc.h"
#include "tests/unit/agent/encode-fixture.h"

static struct fixture fixture;
static struct rpc rpc;
static int ready_count;
static const char *access_list = "Subscriber\0";

static void ready(struct rpc_call *call, void *context)
{
	cr_assert_eq(call, &rpc.call);
	cr_assert_eq(context, &ready_count);
	ready_count++;
}

/* The notification depends on the parameter's index; every second parameter has an access list. */
static void lookup(struct tree *tree, struct tree_reference reference, struct soap_attributes *attributes,
		   void *context)
{
	cr_assert_eq(tree, fixture.tree);
	cr_assert_eq(context, &fixture);
	attributes->notification = reference.parameter % 3;
	attributes->access_list = reference.parameter % 2 ? access_list : NULL;
}

static void set_up(void)
{
	fixture_open(&fixture);
	rpc = (struct rpc){
		.tree = fixture.tree,
		.encoder = &fixture.encoder,
		.attributes = lookup,
		.attributes_context = &fixture,
		.ready = ready,
		.context = &ready_count,
	};
	rpc_init(&rpc);
}

static void tear_down(void)
{
	rpc_exit(&rpc);
	fixture_close(&fixture);
}

TestSuite(rpc_read, .init = set_up, .fini = tear_down);

static struct soap_string string(const char *text)
{
	return (struct soap_string){text, strlen(text)};
}

/* Carries a request out and returns what is inside the Body of the answer, to be freed. */
static char *call(const struct soap_message *message)
{
	int before = ready_count;
	char *answer;

	rpc_begin(&rpc, message, CWMP_1_4, SOAP_NAMESPACE_CWMP_1_2);
	cr_assert_eq(ready_count, before + 1);
	cr_assert(rpc.call.answered);
	fixture.envelope = rpc.call.envelope;
	answer = fixture_body(&fixture, fixture.encoder.body);
	rpc_end(&rpc);
	cr_assert(!rpc.call.active);
	cr_assert(!tree_held(fixture.tree));
	return answer;
}

static char *call_method(const struct soap_method *method, const void *request)
{
	struct soap_message message = {
		.kind = SOAP_MESSAGE_REQUEST,
		.id = string("7"),
		.method_name = string(method->name),
		.method = method,
		.request = request,
	};

	return call(&message);
}

static void expect_fault(char *answer, unsigned int code, const char *text)
{
	char should[512];

	snprintf(should, sizeof(should), "<FaultCode>%u</FaultCode><FaultString>%s</FaultString>", code, text);
	cr_expect(strstr(answer, should), "%s", answer);
	free(answer);
}

/* The names of an answer in their order, each with its Writable, ended by a blank. */
static char *names_of(const char *path, bool next_level)
{
	struct get_parameter_names_request request = {.parameter_path = string(path), .next_level = next_level};
	char *answer = call_method(&soap_method_get_parameter_names, &request), *names = calloc(1, strlen(answer) + 1);

	for (char *at = answer; (at = strstr(at, "<Name>"));) {
		char *end = strstr(at, "</Name><Writable>");

		strncat(names, at + 6, (size_t)(end - at) - 6);
		strncat(names, "=", 2);
		strncat(names, end + 17, 1);
		strncat(names, " ", 2);
		at = end;
	}
	free(answer);
	return names;
}

static void expect_names(const char *path, bool next_level, const char *should)
{
	char *names = names_of(path, next_level);

	cr_expect_str_eq(names, should);
	free(names);
}

#define INTERFACE(i)                                                                                                   \
	"Device.Ethernet.Interface." i ".=0 Device.Ethernet.Interface." i ".Enable=1 "                                 \
	"Device.Ethernet.Interface." i ".Status=0 Device.Ethernet.Interface." i ".Name=0 "                             \
	"Device.Ethernet.Interface." i ".Stats.=0 Device.Ethernet.Interface." i ".Stats.BytesSent=0 "                  \
	"Device.Ethernet.Interface." i ".Stats.BytesReceived=0 "
#define ETHERNET                                                                                                       \
	"Device.Ethernet.=0 Device.Ethernet.InterfaceNumberOfEntries=0 Device.Ethernet.Interface.=0 " INTERFACE("1")   \
		INTERFACE("10")

Test(rpc_read, R56_a_node_and_all_below)
{
	expect_names("Device.Ethernet.", false, ETHERNET);
	expect_names("Device.Ethernet.Interface.10.", false, INTERFACE("10"));
}

Test(rpc_read, R56_next_level)
{
	expect_names("Device.", true,
		     "Device.RootDataModelVersion=0 Device.DeviceInfo.=0 Device.Ethernet.=0 Device.ManagementServer.=0 "
		     "Device.X_EXAMPLE_Types.=1 ");
	expect_names("Device.Ethernet.Interface.", true,
		     "Device.Ethernet.Interface.1.=0 Device.Ethernet.Interface.10.=0 ");
	expect_names("Device.Ethernet.Interface.1.", true,
		     "Device.Ethernet.Interface.1.Enable=1 Device.Ethernet.Interface.1.Status=0 "
		     "Device.Ethernet.Interface.1.Name=0 Device.Ethernet.Interface.1.Stats.=0 ");
	expect_names("Device.X_EXAMPLE_Types.", true, "Device.X_EXAMPLE_Types.1.=1 ");
}

Test(rpc_read, R56_the_empty_path)
{
	char *all = names_of("", false), *below = names_of("Device.", false);

	cr_expect_str_eq(all, below);
	cr_expect_eq(strncmp(all, "Device.=0 Device.RootDataModelVersion=0 ", 40), 0);
	cr_expect(strstr(all, ETHERNET));
	free(all);
	free(below);
	expect_names("", true, "Device.=0 ");
}

Test(rpc_read, R56_a_parameter)
{
	struct get_parameter_names_request request = {.parameter_path = string("Device.ManagementServer.Username"),
						      .next_level = true};

	expect_names("Device.ManagementServer.Username", false, "Device.ManagementServer.Username=1 ");
	expect_fault(call_method(&soap_method_get_parameter_names, &request), 9003,
		     "NextLevel is not allowed with the full name of a parameter: Device.ManagementServer.Username");
}

Test(rpc_read, R56_an_empty_table)
{
	cr_assert_eq(espalier_instance_remove(fixture.writer, fixture.types), 0);
	expect_names("Device.X_EXAMPLE_Types.", true, "");
	expect_names("Device.X_EXAMPLE_Types.", false, "Device.X_EXAMPLE_Types.=1 ");
}

Test(rpc_read, R56_unknown_paths_are_named)
{
	struct get_parameter_names_request request = {.parameter_path = string("Device.<Foo>.")};

	expect_fault(call_method(&soap_method_get_parameter_names, &request), 9005,
		     "Invalid parameter name: Device.&lt;Foo&gt;.");
}

/* Two segments describe one object: it is listed once, with the parameters of both, and is as writable as the most. */
Test(rpc_read, R56_an_object_of_two_segments)
{
	static const struct espalier_parameter parameters[] = {
		{.name = "X_EXAMPLE_More", .type = ESPALIER_STRING},
		{0},
	};
	static const struct espalier_object objects[] = {
		{.path = "Device.DeviceInfo.", .parameters = parameters},
		{.path = "Device.DeviceInfo.Below.", .parameters = parameters},
		{0},
	};
	struct espalier_writer_options options = {.name = "second", .folder = fixture.folder, .objects = objects};
	struct espalier_writer *writer;

	cr_assert_eq(espalier_writer_open(&writer, &options), 0);
	cr_assert_eq(espalier_writer_publish(writer), 0);
	expect_names("Device.DeviceInfo.", false,
		     "Device.DeviceInfo.=0 Device.DeviceInfo.Manufacturer=0 Device.DeviceInfo.UpTime=0 "
		     "Device.DeviceInfo.X_EXAMPLE_More=0 Device.DeviceInfo.Below.=0 "
		     "Device.DeviceInfo.Below.X_EXAMPLE_More=0 ");
	expect_names("Device.DeviceInfo.", true,
		     "Device.DeviceInfo.Manufacturer=0 Device.DeviceInfo.UpTime=0 Device.DeviceInfo.X_EXAMPLE_More=0 "
		     "Device.DeviceInfo.Below.=0 ");
	expect_names("Device.", true,
		     "Device.RootDataModelVersion=0 Device.DeviceInfo.=0 Device.Ethernet.=0 Device.ManagementServer.=0 "
		     "Device.X_EXAMPLE_Types.=1 ");
	espalier_writer_close(writer);
}

Test(rpc_read, R55_values)
{
	struct soap_string names[] = {string("Device.DeviceInfo."), string("Device.RootDataModelVersion")};
	struct get_parameter_values_request request = {.parameter_names = names, .parameter_names_count = 2};
	char *answer = call_method(&soap_method_get_parameter_values, &request);

	cr_expect_str_eq(answer, "<cwmp:GetParameterValuesResponse>"
				 "<ParameterList soap-enc:arrayType=\"cwmp:ParameterValueStruct[3]\">"
				 "<ParameterValueStruct><Name>Device.DeviceInfo.Manufacturer</Name>"
				 "<Value xsi:type=\"xsd:string\">A &amp; B</Value></ParameterValueStruct>"
				 "<ParameterValueStruct><Name>Device.DeviceInfo.UpTime</Name>"
				 "<Value xsi:type=\"xsd:unsignedInt\">0</Value></ParameterValueStruct>"
				 "<ParameterValueStruct><Name>Device.RootDataModelVersion</Name>"
				 "<Value xsi:type=\"xsd:string\">2.17</Value></ParameterValueStruct>"
				 "</ParameterList></cwmp:GetParameterValuesResponse>");
	free(answer);
}

Test(rpc_read, R55_one_unknown_name_fails_the_whole_call)
{
	struct soap_string names[] = {string("Device."), string("Device.Foo"), string("Device.Bar")};
	struct get_parameter_values_request request = {.parameter_names = names, .parameter_names_count = 3};

	expect_fault(call_method(&soap_method_get_parameter_values, &request), 9005,
		     "Invalid parameter name: Device.Foo");
}

Test(rpc_read, R48_wildcards)
{
	struct soap_string names[] = {string("Device.Ethernet.Interface.*.Status"),
				      string("Device.X_EXAMPLE_Types.*.Command")};
	struct get_parameter_values_request request = {.parameter_names = names, .parameter_names_count = 2};
	char *answer = call_method(&soap_method_get_parameter_values, &request);

	cr_expect(strstr(answer, "cwmp:ParameterValueStruct[3]"), "%s", answer);
	cr_expect(strstr(answer, "<Name>Device.Ethernet.Interface.1.Status</Name>"));
	cr_expect(strstr(answer, "<Name>Device.Ethernet.Interface.10.Status</Name>"));
	cr_expect(strstr(answer, "<Name>Device.X_EXAMPLE_Types.1.Command</Name>"));
	free(answer);
	expect_names("Device.Ethernet.Interface.*.", false, INTERFACE("1") INTERFACE("10"));
	expect_names(
		"Device.Ethernet.Interface.*.Stats.", true,
		"Device.Ethernet.Interface.1.Stats.BytesSent=0 Device.Ethernet.Interface.1.Stats.BytesReceived=0 "
		"Device.Ethernet.Interface.10.Stats.BytesSent=0 Device.Ethernet.Interface.10.Stats.BytesReceived=0 ");
}

Test(rpc_read, R48_wildcards_that_name_nothing)
{
	static const char *const unknown[] = {
		"*.",
		"Device.*.",
		"Device.DeviceInfo.*.UpTime",
		"Device.Ethernet.Interface.*",
		"Device.Ethernet.Interface.*.No",
		"Device.Ethernet.Interface.*.No.",
		"Device.Ethernet.Interface.**.Status",
		"Device.No.*.Status",
	};

	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
		struct soap_string name = string(unknown[i]);
		struct get_parameter_values_request request = {.parameter_names = &name, .parameter_names_count = 1};
		char text[128];

		snprintf(text, sizeof(text), "Invalid parameter name: %s", unknown[i]);
		expect_fault(call_method(&soap_method_get_parameter_values, &request), 9005, text);
	}
}

Test(rpc_read, R58_attributes)
{
	struct soap_string names[] = {string("Device.DeviceInfo."), string("Device.ManagementServer.Password")};
	struct get_parameter_attributes_request request = {.parameter_names = names, .parameter_names_count = 2};
	char *answer = call_method(&soap_method_get_parameter_attributes, &request);

#define ACCESS_LIST "<AccessList soap-enc:arrayType=\"xsd:string[1]\"><string>Subscriber</string></AccessList>"
	cr_expect_str_eq(answer,
			 "<cwmp:GetParameterAttributesResponse>"
			 "<ParameterList soap-enc:arrayType=\"cwmp:ParameterAttributeStruct[3]\">"
			 "<ParameterAttributeStruct><Name>Device.DeviceInfo.Manufacturer</Name>"
			 "<Notification>0</Notification><AccessList soap-enc:arrayType=\"xsd:string[0]\"></AccessList>"
			 "</ParameterAttributeStruct>"
			 "<ParameterAttributeStruct><Name>Device.DeviceInfo.UpTime</Name>"
			 "<Notification>1</Notification>" ACCESS_LIST "</ParameterAttributeStruct>"
			 "<ParameterAttributeStruct><Name>Device.ManagementServer.Password</Name>"
			 "<Notification>1</Notification>" ACCESS_LIST "</ParameterAttributeStruct>"
			 "</ParameterList></cwmp:GetParameterAttributesResponse>");
	free(answer);
}

/* What an ACS has set is returned, whether the schema of the messages knows it or not. */
Test(rpc_read, R57_access_list_of_other_names)
{
	struct soap_string name = string("Device.DeviceInfo.UpTime");
	struct get_parameter_attributes_request request = {.parameter_names = &name, .parameter_names_count = 1};
	char *answer;

	unsetenv("ESPALIER_RECORD");
	access_list = "Subscriber\0X <y>\0";
	answer = call_method(&soap_method_get_parameter_attributes, &request);
	cr_expect(strstr(answer, "<AccessList soap-enc:arrayType=\"xsd:string[2]\"><string>Subscriber</string>"
				 "<string>X &lt;y&gt;</string></AccessList>"));
	free(answer);
}

Test(rpc_read, R58_attributes_of_all)
{
	struct soap_string name = string("");
	struct get_parameter_attributes_request request = {.parameter_names = &name, .parameter_names_count = 1};
	char *answer = call_method(&soap_method_get_parameter_attributes, &request);

	cr_expect(strstr(answer, "cwmp:ParameterAttributeStruct[30]"));
	free(answer);
}

Test(rpc_read, R52_methods)
{
	char *answer = call_method(&soap_method_get_rpc_methods, NULL), name[80], array[80];

	for (size_t i = 0; i < rpc_methods_count; i++) {
		snprintf(name, sizeof(name), "<string>%s</string>", rpc_methods[i].soap->name);
		cr_expect(strstr(answer, name));
	}
	snprintf(array, sizeof(array), "<MethodList soap-enc:arrayType=\"xsd:string[%zu]\">", rpc_methods_count);
	cr_expect(strstr(answer, array));
	free(answer);
}

Test(rpc_read, R39_unknown_method)
{
	struct soap_message message = {
		.kind = SOAP_MESSAGE_REQUEST, .id = string("7"), .method_name = string("Brew<Coffee>")};

	expect_fault(call(&message), 9000, "Method not supported: Brew&lt;Coffee&gt;");
}

Test(rpc_read, R39_arguments_that_could_not_be_decoded)
{
	struct soap_message message = {
		.kind = SOAP_MESSAGE_REQUEST,
		.id = string("7"),
		.method_name = string("GetParameterNames"),
		.method = &soap_method_get_parameter_names,
		.fault_code = 9003,
		.fault_text = "NextLevel is missing",
	};

	expect_fault(call(&message), 9003, "NextLevel is missing");
}

Test(rpc_read, R25_header_that_must_be_understood)
{
	struct soap_message message = {
		.kind = SOAP_MESSAGE_REQUEST,
		.id = string("7"),
		.method_name = string("GetRPCMethods"),
		.method = &soap_method_get_rpc_methods,
		.must_understand = true,
	};
	char *answer = call(&message);

	cr_expect(strstr(answer, "<faultcode>soap-env:MustUnderstand</faultcode>"));
	free(answer);
}

Test(rpc_read, a_session_that_ends_before_the_answer_was_sent)
{
	struct soap_message message = {
		.kind = SOAP_MESSAGE_REQUEST,
		.id = string("7"),
		.method_name = string("GetRPCMethods"),
		.method = &soap_method_get_rpc_methods,
	};

	rpc_begin(&rpc, &message, CWMP_1_0, SOAP_NAMESPACE_CWMP_1_0);
	cr_expect(tree_held(fixture.tree));
	rpc_end(&rpc);
	rpc_end(&rpc);
	cr_expect(!tree_held(fixture.tree));
}
