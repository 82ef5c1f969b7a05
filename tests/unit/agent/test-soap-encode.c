/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Outgoing messages: their bytes, in pieces of any size, and what happens when the tree changes under them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/date-time.h"
#include "tests/unit/agent/encode-fixture.h"

#define HEAD(version, header)                                                                                          \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                                 \
	"<soap-env:Envelope xmlns:soap-env=\"http://schemas.xmlsoap.org/soap/envelope/\""                              \
	" xmlns:soap-enc=\"http://schemas.xmlsoap.org/soap/encoding/\""                                                \
	" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\""                                                              \
	" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""                                                     \
	" xmlns:cwmp=\"urn:dslforum-org:cwmp-" version "\">" header "<soap-env:Body>"
#define TAIL	  "</soap-env:Body></soap-env:Envelope>\n"
#define ID(value) "<soap-env:Header><cwmp:ID soap-env:mustUnderstand=\"1\">" value "</cwmp:ID></soap-env:Header>"

#define VALUE(name, type, value)                                                                                       \
	"<ParameterValueStruct><Name>" name "</Name><Value xsi:type=\"" type "\">" value                               \
	"</Value></ParameterValueStruct>"
#define TYPES "Device.X_EXAMPLE_Types.1."

static struct fixture fixture;

static void set_up(void)
{
	setenv("TZ", "<+02>-2", 1);
	fixture_open(&fixture);
}

static void tear_down(void)
{
	fixture_close(&fixture);
}

TestSuite(soap_encode, .init = set_up, .fini = tear_down);

/* The body of a GetParameterValuesResponse about one path. */
static char *values_of(const char *path)
{
	struct tree_reference reference = fixture_find(&fixture, path);
	struct soap_values_body values;

	soap_values_init(&values, fixture.tree, &reference, 1);
	return fixture_body(&fixture, &values.body);
}

static void expect_and_free(char *is, const char *should)
{
	cr_expect_str_eq(is, should);
	free(is);
}

Test(soap_encode, R21_R24_envelope_of_each_version)
{
	struct soap_status_body status;

	soap_status_init(&status, "SetParameterValuesResponse", 1);
	expect_and_free(fixture_message(&fixture, &status.body),
			HEAD("1-2", ID("42")) "<cwmp:SetParameterValuesResponse><Status>1</Status>"
					      "</cwmp:SetParameterValuesResponse>" TAIL);
	fixture.envelope = (struct soap_envelope){.namespace = SOAP_NAMESPACE_CWMP_1_0, .id = "<&>", .id_length = 3};
	soap_status_init(&status, "SetParameterAttributesResponse", -1);
	expect_and_free(fixture_message(&fixture, &status.body),
			HEAD("1-0", ID("&lt;&amp;&gt;")) "<cwmp:SetParameterAttributesResponse>"
							 "</cwmp:SetParameterAttributesResponse>" TAIL);
	unsetenv("ESPALIER_RECORD"); /* the checkers want an ID */
	fixture.envelope = (struct soap_envelope){.namespace = SOAP_NAMESPACE_CWMP_1_1};
	expect_and_free(fixture_message(&fixture, &status.body),
			HEAD("1-1", "") "<cwmp:SetParameterAttributesResponse>"
					"</cwmp:SetParameterAttributesResponse>" TAIL);
}

Test(soap_encode, an_empty_message_has_no_bytes)
{
	char piece[16];

	soap_encoder_start(&fixture.encoder, &fixture.envelope, NULL);
	cr_expect_eq(soap_encoder_produce(&fixture.encoder, piece, sizeof(piece)), 0);
	soap_encoder_end(&fixture.encoder);
	soap_encoder_end(&fixture.encoder);
	cr_expect(!tree_held(fixture.tree));
}

Test(soap_encode, R80_inform)
{
	struct soap_device_id device_id = {"Maker \"X\"", "0012AB", "Box", "S<1>"};
	struct soap_event events[] = {{"1 BOOT", NULL}, {"M Reboot", "key & more"}};
	struct tree_reference references[] = {fixture_find(&fixture, "Device.RootDataModelVersion"),
					      fixture_find(&fixture, "Device.DeviceInfo.Manufacturer")};
	struct soap_inform_body inform;

	fixture.envelope.supported_versions = "1.0,1.1,1.2,1.3,1.4";
	fixture.envelope.session_timeout = 60;
	soap_inform_init(&inform, &device_id, events, 2, 1767323045, 3, fixture.tree, references, 2);
	expect_and_free(
		fixture_message(&fixture, &inform.body),
		HEAD("1-2",
		     "<soap-env:Header><cwmp:ID soap-env:mustUnderstand=\"1\">42</cwmp:ID>"
		     "<cwmp:SessionTimeout soap-env:mustUnderstand=\"0\">60</cwmp:SessionTimeout>"
		     "<cwmp:SupportedCWMPVersions soap-env:mustUnderstand=\"0\">1.0,1.1,1.2,1.3,1.4"
		     "</cwmp:SupportedCWMPVersions></soap-env:Header>") "<cwmp:Inform><DeviceId><Manufacturer>Maker "
									"&quot;X&quot;</Manufacturer><OUI>0012AB</OUI>"
									"<ProductClass>Box</"
									"ProductClass><SerialNumber>S&lt;1&gt;</"
									"SerialNumber></DeviceId>"
									"<Event "
									"soap-enc:arrayType=\"cwmp:EventStruct[2]\">"
									"<EventStruct><EventCode>1 "
									"BOOT</EventCode><CommandKey></CommandKey></"
									"EventStruct>"
									"<EventStruct><EventCode>M "
									"Reboot</EventCode><CommandKey>key &amp; "
									"more</CommandKey></EventStruct>"
									"</Event><MaxEnvelopes>1</"
									"MaxEnvelopes><CurrentTime>2026-01-02T05:04:05+"
									"02:00</CurrentTime>"
									"<RetryCount>3</RetryCount><ParameterList "
									"soap-enc:arrayType=\"cwmp:"
									"ParameterValueStruct[2]\">" VALUE(
										"Device.RootDataModelVersion",
										"xsd:string", "2.17")
										VALUE("Device.DeviceInfo.Manufacturer",
										      "xsd:string",
										      "A &amp; B") "</ParameterList></"
												   "cwmp:Inform>" TAIL);
}

Test(soap_encode, an_inform_without_events_and_parameters)
{
	struct soap_device_id device_id = {NULL, "0012AB", "", "1"};
	struct soap_inform_body inform;

	soap_inform_init(&inform, &device_id, NULL, 0, 0, 0, fixture.tree, NULL, 0);
	expect_and_free(
		fixture_body(&fixture, &inform.body),
		"<cwmp:Inform><DeviceId><Manufacturer></Manufacturer><OUI>0012AB</OUI><ProductClass></ProductClass>"
		"<SerialNumber>1</SerialNumber></DeviceId><Event soap-enc:arrayType=\"cwmp:EventStruct[0]\"></Event>"
		"<MaxEnvelopes>1</MaxEnvelopes><CurrentTime>0001-01-01T00:00:00Z</CurrentTime>"
		"<RetryCount>0</RetryCount><ParameterList soap-enc:arrayType=\"cwmp:ParameterValueStruct[0]\">"
		"</ParameterList></cwmp:Inform>");
}

Test(soap_encode, R43_times)
{
	char buffer[SOAP_TIME_SIZE];

	setenv("TZ", "<-0330>3:30", 1);
	tzset();
	cr_expect_eq(soap_format_time(buffer, 1767323045), 25u);
	cr_expect_str_eq(buffer, "2026-01-01T23:34:05-03:30");
	cr_expect_eq(soap_format_time(buffer, 0), 20u);
	cr_expect_str_eq(buffer, "0001-01-01T00:00:00Z");
	cr_expect_eq(soap_format_time(buffer, DATE_TIME_YEAR_1 + 210), 20u);
	cr_expect_str_eq(buffer, "0001-01-01T00:03:30Z");
	soap_format_time(buffer, DATE_TIME_YEAR_1 + 58 * 86400 + 86399);
	cr_expect_str_eq(buffer, "0001-02-28T23:59:59Z");
	soap_format_time(buffer, DATE_TIME_YEAR_1 + 365 * 86400);
	cr_expect_str_eq(buffer, "0002-01-01T00:00:00Z");
	for (size_t i = 0; i < 4; i++) {
		static const int64_t outside[] = {INT64_MIN, INT64_MAX, DATE_TIME_YEAR_1 + 400 * 86400, 253402300800};

		soap_format_time(buffer, outside[i]);
		cr_expect_str_eq(buffer, "0001-01-01T00:00:00Z");
	}
	soap_format_time(buffer, 253402300799 - 86400);
	cr_expect_str_eq(buffer, "9999-12-30T20:29:59-03:30");
}

Test(soap_encode, R27_R42_values_of_each_type_that_were_never_set)
{
	expect_and_free(
		values_of(TYPES),
		"<cwmp:GetParameterValuesResponse>"
		"<ParameterList soap-enc:arrayType=\"cwmp:ParameterValueStruct[13]\">" VALUE(
			TYPES "Int", "xsd:int", "0") VALUE(TYPES "UnsignedInt", "xsd:unsignedInt", "0")
			VALUE(TYPES "Long", "xsd:long", "0") VALUE(TYPES "UnsignedLong", "xsd:unsignedLong", "0") VALUE(
				TYPES "Boolean", "xsd:boolean",
				"0") VALUE(TYPES "DateTime", "xsd:dateTime",
					   "0001-01-01T00:00:00Z") VALUE(TYPES "Base64", "xsd:base64Binary", "")
				VALUE(TYPES "HexBinary", "xsd:hexBinary", "") VALUE(TYPES "Decimal", "xsd:decimal", "0")
					VALUE(TYPES "List", "xsd:string", "") VALUE(TYPES "Text", "xsd:string", "")
						VALUE(TYPES "Command", "xsd:boolean", "0")
							VALUE(TYPES "Secret", "xsd:string",
							      "") "</ParameterList></cwmp:GetParameterValuesResponse>");
}

static void set_types(void)
{
	struct espalier_writer *writer = fixture.writer;
	struct espalier_row row = fixture.types;

	cr_assert_eq(espalier_begin(writer, row), 0);
	cr_assert_eq(espalier_set_signed(writer, row, FIXTURE_INT, INT32_MIN), 0);
	cr_assert_eq(espalier_set_unsigned(writer, row, FIXTURE_UNSIGNED_INT, UINT32_MAX), 0);
	cr_assert_eq(espalier_set_signed(writer, row, FIXTURE_LONG, INT64_MIN), 0);
	cr_assert_eq(espalier_set_unsigned(writer, row, FIXTURE_UNSIGNED_LONG, UINT64_MAX), 0);
	cr_assert_eq(espalier_set_boolean(writer, row, FIXTURE_BOOLEAN, true), 0);
	cr_assert_eq(espalier_set_string(writer, row, FIXTURE_DATE_TIME, "2026-01-02T03:04:05Z"), 0);
	cr_assert_eq(espalier_set_string(writer, row, FIXTURE_BASE64, "QUJD"), 0);
	cr_assert_eq(espalier_set_string(writer, row, FIXTURE_HEX_BINARY, "00ff"), 0);
	cr_assert_eq(espalier_set_string(writer, row, FIXTURE_DECIMAL, "-1.5"), 0);
	cr_assert_eq(espalier_set_string(writer, row, FIXTURE_LIST, "1,2,3"), 0);
	cr_assert_eq(espalier_set_string(writer, row, FIXTURE_TEXT, " <\"M\xc3\xbcller\" & 'Co'> "), 0);
	cr_assert_eq(espalier_commit(writer, row), 0);
}

Test(soap_encode, R29_R42_values_of_each_type)
{
	set_types();
	expect_and_free(
		values_of(TYPES),
		"<cwmp:GetParameterValuesResponse><ParameterList "
		"soap-enc:arrayType=\"cwmp:ParameterValueStruct[13]\">" VALUE(
			TYPES "Int", "xsd:int", "-2147483648") VALUE(TYPES "UnsignedInt", "xsd:unsignedInt",
								     "4294967295") VALUE(TYPES "Long", "xsd:long",
											 "-9223372036854775808")
			VALUE(TYPES "UnsignedLong", "xsd:unsignedLong", "18446744073709551615") VALUE(
				TYPES "Boolean", "xsd:boolean",
				"1") VALUE(TYPES "DateTime", "xsd:dateTime",
					   "2026-01-02T03:04:05Z") VALUE(TYPES "Base64", "xsd:base64Binary", "QUJD")
				VALUE(TYPES "HexBinary", "xsd:hexBinary",
				      "00ff") VALUE(TYPES "Decimal", "xsd:decimal", "-1.5") VALUE(TYPES "List",
												  "xsd:string", "1,2,3")
					VALUE(TYPES "Text", "xsd:string",
					      " &lt;&quot;M\xc3\xbcller&quot; &amp; &apos;Co&apos;&gt; ")
						VALUE(TYPES "Command", "xsd:boolean", "0")
							VALUE(TYPES "Secret", "xsd:string",
							      "") "</ParameterList></cwmp:GetParameterValuesResponse>");
}

Test(soap_encode, R42_base64_type_is_a_setting)
{
	struct tree_options options = {.folder = fixture.folder, .base64_type = "soap-enc:base64"};
	char *body;

	tree_close(fixture.tree);
	cr_assert_eq(tree_open(&fixture.tree, &options), 0);
	soap_encoder_exit(&fixture.encoder);
	soap_encoder_init(&fixture.encoder, fixture.tree);
	body = values_of(TYPES "Base64");
	cr_expect(strstr(body, "<Value xsi:type=\"soap-enc:base64\"></Value>"));
	free(body);
}

Test(soap_encode, R55_full_and_partial_names_in_the_order_of_the_request)
{
	struct tree_reference references[] = {
		fixture_find(&fixture, "Device.Ethernet.Interface.10.Status"),
		fixture_find(&fixture, "Device.Ethernet.Interface.1."),
		fixture_find(&fixture, "Device.DeviceInfo.UpTime"),
		fixture_find(&fixture, "Device.DeviceInfo.UpTime"),
	};
	struct soap_values_body values;

	soap_values_init(&values, fixture.tree, references, 4);
	expect_and_free(
		fixture_body(&fixture, &values.body),
		"<cwmp:GetParameterValuesResponse><ParameterList "
		"soap-enc:arrayType=\"cwmp:ParameterValueStruct[8]\">" VALUE(
			"Device.Ethernet.Interface.10.Status", "xsd:string",
			"Up") VALUE("Device.Ethernet.Interface.1.Enable", "xsd:boolean",
				    "0") VALUE("Device.Ethernet.Interface.1.Status", "xsd:string",
					       "Up") VALUE("Device.Ethernet.Interface.1.Name", "xsd:string", "")
			VALUE("Device.Ethernet.Interface.1.Stats.BytesSent", "xsd:unsignedLong", "7")
				VALUE("Device.Ethernet.Interface.1.Stats.BytesReceived", "xsd:unsignedLong",
				      "18446744073709551615") VALUE("Device.DeviceInfo.UpTime", "xsd:unsignedInt", "0")
					VALUE("Device.DeviceInfo.UpTime", "xsd:unsignedInt",
					      "0") "</ParameterList></cwmp:GetParameterValuesResponse>");
}

Test(soap_encode, the_whole_tree)
{
	char *body = values_of("");

	cr_expect(strstr(body, "cwmp:ParameterValueStruct[30]"));
	cr_expect(strstr(body, VALUE("Device.ManagementServer.Password", "xsd:string", "")));
	cr_expect(strstr(body, VALUE("Device.Ethernet.Interface.10.Stats.BytesSent", "xsd:unsignedLong", "1000007")));
	free(body);
}

Test(soap_encode, an_empty_table_has_no_values)
{
	cr_assert_eq(espalier_instance_remove(fixture.writer, fixture.types), 0);
	cr_assert(tree_refresh(fixture.tree) & ESPALIER_NEW_STRUCTURE);
	expect_and_free(
		values_of("Device.X_EXAMPLE_Types."),
		"<cwmp:GetParameterValuesResponse><ParameterList soap-enc:arrayType=\"cwmp:ParameterValueStruct[0]\">"
		"</ParameterList></cwmp:GetParameterValuesResponse>");
}

/* Values of 60,000 bytes, of which each must be escaped: many times larger than most of the pieces. */
Test(soap_encode, R28_long_values)
{
	enum { LENGTH = 60000 };
	struct tree_reference reference;
	struct soap_values_body values;
	char *text = malloc(LENGTH), *message;
	size_t length, again;
	const char *found;

	memset(text, '"', LENGTH);
	set_types();
	fixture_set_text(&fixture, fixture.types, FIXTURE_TEXT, text, LENGTH);
	/* The text may have needed a larger segment. */
	cr_assert_geq(tree_refresh(fixture.tree), 0);
	reference = fixture_find(&fixture, TYPES);
	soap_values_init(&values, fixture.tree, &reference, 1);
	soap_encoder_start(&fixture.encoder, &fixture.envelope, &values.body);
	message = fixture_drain(&fixture, 128 * 1024, &length);
	fixture_check_xml(message, length);
	found = strstr(message, TYPES "Text</Name><Value xsi:type=\"xsd:string\">&quot;&quot;");
	cr_assert(found);
	found = strstr(found, "&quot;");
	for (size_t i = 0; i < LENGTH; i++)
		cr_assert_eq(memcmp(found + 6 * i, "&quot;", 6), 0);
	cr_expect_eq(strncmp(found + (size_t)6 * LENGTH, "</Value>", 8), 0);
	for (size_t size = 1; size < length; size = size * 3 + 1) {
		char *other;

		soap_encoder_rewind(&fixture.encoder);
		other = fixture_drain(&fixture, size, &again);
		cr_assert_eq(again, length);
		cr_assert_eq(memcmp(other, message, length), 0);
		free(other);
	}
	soap_encoder_end(&fixture.encoder);
	free(message);
	free(text);
}

/* n stays exact when rows go after it was sent: their last values follow. */
Test(soap_encode, R26_rows_that_go_while_the_message_is_produced)
{
	struct tree_reference reference = fixture_find(&fixture, "Device.");
	struct soap_values_body values;
	char *before = values_of("Device."), *rest, message[65536], *body;
	ssize_t first;
	size_t length;

	soap_values_init(&values, fixture.tree, &reference, 1);
	soap_encoder_start(&fixture.encoder, &fixture.envelope, &values.body);
	first = soap_encoder_produce(&fixture.encoder, message, 900);
	cr_assert_eq(first, 900);
	cr_assert_eq(espalier_instance_remove(fixture.writer, fixture.interfaces[0]), 0);
	cr_assert_eq(espalier_instance_remove(fixture.writer, fixture.types), 0);
	cr_expect_eq(tree_refresh(fixture.tree), -EBUSY);
	rest = fixture_drain(&fixture, 500, &length);
	memcpy(message + first, rest, length + 1);
	fixture_check_xml(message, (size_t)first + length);
	body = strstr(message, "<cwmp:GetParameterValuesResponse>");
	cr_expect_eq(strncmp(body, before, strlen(before)), 0, "not the last values");
	soap_encoder_end(&fixture.encoder);
	cr_expect(tree_refresh(fixture.tree) & ESPALIER_NEW_STRUCTURE);
	free(rest);
	free(before);
}

/* The place of a row that went belongs to another one by now: the defaults of the types are sent. */
Test(soap_encode, R26_rows_whose_place_is_used_again)
{
	struct tree_reference reference = fixture_find(&fixture, TYPES);
	struct soap_values_body values;
	struct espalier_row row;
	char *message;
	size_t length;

	set_types();
	soap_values_init(&values, fixture.tree, &reference, 1);
	soap_encoder_start(&fixture.encoder, &fixture.envelope, &values.body);
	cr_assert_eq(espalier_instance_remove(fixture.writer, fixture.types), 0);
	usleep(1200000); /* the library's quarantine is a second */
	cr_assert_eq(espalier_instance_add(fixture.writer, FIXTURE_TYPES, (struct espalier_row){0}, 2, &row), 0);
	cr_assert_eq(espalier_instance_publish(fixture.writer, row), 0);
	fixture.types = row;
	set_types();
	for (int round = 0; round < 2; round++) {
		soap_encoder_rewind(&fixture.encoder);
		message = fixture_drain(&fixture, round ? 100 : 65536, &length);
		fixture_check_xml(message, length);
		cr_expect(strstr(message, "cwmp:ParameterValueStruct[13]"));
		cr_expect(strstr(message, VALUE(TYPES "Int", "xsd:int", "0")));
		cr_expect(strstr(message, VALUE(TYPES "DateTime", "xsd:dateTime", "0001-01-01T00:00:00Z")));
		cr_expect(strstr(message, VALUE(TYPES "Text", "xsd:string", "")));
		free(message);
	}
	soap_encoder_end(&fixture.encoder);
}

struct racer {
	struct espalier_writer *writer;
	struct espalier_row row;
	atomic_bool stop;
};

/* Never rests; both counters of the row are always the same. */
static void *race(void *context)
{
	struct racer *racer = context;

	for (uint64_t i = 0; !racer->stop; i++) {
		espalier_begin(racer->writer, racer->row);
		espalier_set_unsigned(racer->writer, racer->row, 0, i << (i % 40));
		espalier_set_unsigned(racer->writer, racer->row, 1, i << (i % 40));
		espalier_commit(racer->writer, racer->row);
	}
	return NULL;
}

Test(soap_encode, a_row_is_never_torn)
{
	static const char sent[] = "BytesSent</Name><Value xsi:type=\"xsd:unsignedLong\">";
	static const char received[] = "BytesReceived</Name><Value xsi:type=\"xsd:unsignedLong\">";
	struct racer racer = {.writer = fixture.writer,
			      .row = espalier_row_of(fixture.writer, FIXTURE_STATS, fixture.interfaces[0])};
	struct tree_reference reference = fixture_find(&fixture, "Device.Ethernet.Interface.1.Stats.");
	struct soap_values_body values;
	pthread_t thread;

	cr_assert_eq(espalier_begin(racer.writer, racer.row), 0);
	cr_assert_eq(espalier_set_unsigned(racer.writer, racer.row, 1, 7), 0);
	cr_assert_eq(espalier_commit(racer.writer, racer.row), 0);
	soap_values_init(&values, fixture.tree, &reference, 1);
	cr_assert_eq(pthread_create(&thread, NULL, race, &racer), 0);
	for (int i = 0; i < 20000; i++) {
		size_t length, one, two;
		char *message, *first, *second;

		soap_encoder_start(&fixture.encoder, &fixture.envelope, &values.body);
		message = fixture_drain(&fixture, i % 2 ? 4096 : 333, &length);
		first = strstr(message, sent) + sizeof(sent) - 1;
		second = strstr(message, received) + sizeof(received) - 1;
		one = strcspn(first, "<");
		two = strcspn(second, "<");
		cr_assert(one > 0 && one == two && memcmp(first, second, one) == 0, "%s", message);
		free(message);
	}
	racer.stop = true;
	pthread_join(thread, NULL);
	soap_encoder_end(&fixture.encoder);
}

Test(soap_encode, R37_fault)
{
	struct soap_fault_body fault;

	soap_fault_init(&fault, 9005, "Invalid parameter name: Device.<Foo>.", NULL, 0);
	expect_and_free(
		fixture_body(&fixture, &fault.body),
		"<soap-env:Fault><faultcode>soap-env:Client</faultcode><faultstring>CWMP fault</faultstring><detail>"
		"<cwmp:Fault><FaultCode>9005</FaultCode>"
		"<FaultString>Invalid parameter name: Device.&lt;Foo&gt;.</FaultString></cwmp:Fault></detail>"
		"</soap-env:Fault>");
	soap_fault_init(&fault, 9002, NULL, NULL, 0);
	expect_and_free(
		fixture_body(&fixture, &fault.body),
		"<soap-env:Fault><faultcode>soap-env:Server</faultcode><faultstring>CWMP fault</faultstring><detail>"
		"<cwmp:Fault><FaultCode>9002</FaultCode><FaultString>Internal error</FaultString></cwmp:Fault></detail>"
		"</soap-env:Fault>");
}

Test(soap_encode, R37_fault_of_SetParameterValues)
{
	struct soap_fault_entry entries[] = {
		{"Device.A", 8, 9005, NULL},
		{"Device.B & C", 12, 9007, "Out of range: 0 to 100"},
	};
	struct soap_fault_body fault;

	soap_fault_init(&fault, 9003, NULL, entries, 2);
	expect_and_free(
		fixture_body(&fixture, &fault.body),
		"<soap-env:Fault><faultcode>soap-env:Client</faultcode><faultstring>CWMP fault</faultstring><detail>"
		"<cwmp:Fault><FaultCode>9003</FaultCode><FaultString>Invalid arguments</FaultString>"
		"<SetParameterValuesFault><ParameterName>Device.A</ParameterName><FaultCode>9005</FaultCode>"
		"<FaultString>Invalid parameter name</FaultString></SetParameterValuesFault>"
		"<SetParameterValuesFault><ParameterName>Device.B &amp; C</ParameterName><FaultCode>9007</FaultCode>"
		"<FaultString>Out of range: 0 to 100</FaultString></SetParameterValuesFault>"
		"</cwmp:Fault></detail></soap-env:Fault>");
}

Test(soap_encode, R25_fault_must_understand)
{
	struct soap_fault_body fault;

	soap_fault_init_must_understand(&fault);
	expect_and_free(
		fixture_body(&fixture, &fault.body),
		"<soap-env:Fault><faultcode>soap-env:MustUnderstand</faultcode><faultstring>CWMP fault</faultstring>"
		"</soap-env:Fault>");
}
