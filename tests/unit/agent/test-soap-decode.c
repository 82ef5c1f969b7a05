/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SOAP decoder with legal messages, as different servers write them. */
#include "tests/unit/agent/soap-decode-helper.h"

TestSuite(soap_decode, .timeout = 60);

#define VALUE(name, type, text)                                                                                        \
	"<ParameterValueStruct><Name>" name "</Name><Value xsi:type=\"" type "\">" text                                \
	"</Value></ParameterValueStruct>"
#define SET(values)                                                                                                    \
	"<cwmp:SetParameterValues><ParameterList enc:arrayType=\"cwmp:ParameterValueStruct[1]\">" values               \
	"</ParameterList><ParameterKey>key</ParameterKey></cwmp:SetParameterValues>"
#define NAMES(path, level)                                                                                             \
	"<cwmp:GetParameterNames><ParameterPath>" path "</ParameterPath><NextLevel>" level                             \
	"</NextLevel></cwmp:GetParameterNames>"

Test(soap_decode, empty_messages)
{
	static const char *const texts[] = {"", " ", "\r\n\t ", "\xef\xbb\xbf", "\xef\xbb\xbf\r\n", "\n\n"};
	struct soap_decoder *decoder = new_decoder();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_eq(decode(decoder, texts[i])->kind, SOAP_MESSAGE_EMPTY);
	soap_decoder_destroy(decoder);
}

Test(soap_decode, inform_response)
{
	struct soap_decoder *decoder = new_decoder();
	const struct soap_message *message =
		decode(decoder, MESSAGE("<cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse>"));

	cr_assert_eq(message->kind, SOAP_MESSAGE_RESPONSE);
	cr_assert_eq(message->method, &soap_method_inform_response);
	cr_assert_eq(message->cwmp_namespace, SOAP_NAMESPACE_CWMP_1_2);
	expect(message->id, "42");
	expect(message->method_name, "InformResponse");
	cr_assert_not(message->hold_requests);
	cr_assert_null(message->use_cwmp_version.data);
	cr_assert_not(message->must_understand);
	soap_decoder_destroy(decoder);
}

Test(soap_decode, every_namespace_version)
{
	struct soap_decoder *decoder = new_decoder();
	char text[600];

	for (unsigned int minor = 0; minor <= 4; minor++) {
		const struct soap_message *message;

		snprintf(text, sizeof(text),
			 "<Envelope xmlns=\"http://schemas.xmlsoap.org/soap/envelope/\"><Body>"
			 "<InformResponse xmlns=\"urn:dslforum-org:cwmp-1-%u\"/></Body></Envelope>",
			 minor);
		message = decode(decoder, text);
		cr_assert_eq(message->method, &soap_method_inform_response);
		cr_assert_eq(message->cwmp_namespace, SOAP_NAMESPACE_CWMP_1_0 + minor);
	}
	soap_decoder_destroy(decoder);
}

Test(soap_decode, the_body_decides_the_version_before_the_header)
{
	struct soap_decoder *decoder = new_decoder();
	const struct soap_message *message;

	message = decode(
		decoder,
		ENVELOPE HEADER("<x:ID xmlns:x=\"urn:dslforum-org:cwmp-1-0\">1</x:ID>") "<e:Body><cwmp:GetRPCMethods/"
											"></e:Body>" END);
	cr_assert_eq(message->cwmp_namespace, SOAP_NAMESPACE_CWMP_1_2);
	expect(message->id, "1");
	message = decode(decoder,
			 ENVELOPE HEADER("<x:ID xmlns:x=\"urn:dslforum-org:cwmp-1-0\">1</x:ID>") "<e:Body/>" END);
	cr_assert_eq(message->cwmp_namespace, SOAP_NAMESPACE_CWMP_1_0);
	soap_decoder_destroy(decoder);
}

Test(soap_decode, header_entries)
{
	struct soap_decoder *decoder = new_decoder();
	const struct soap_message *message =
		decode(decoder, ENVELOPE HEADER("<cwmp:HoldRequests e:mustUnderstand=\"1\"> 1 </cwmp:HoldRequests>" ID
						"<cwmp:UseCWMPVersion e:mustUnderstand=\"1\">1.4</cwmp:UseCWMPVersion>"
						"<cwmp:NoMoreRequests>1</cwmp:NoMoreRequests>") "<e:Body><cwmp:"
												"InformResponse/></e:"
												"Body>" END);

	cr_assert(message->hold_requests);
	expect(message->use_cwmp_version, "1.4");
	expect(message->id, "42");
	cr_assert_not(message->must_understand);
	cr_assert(decode(decoder, ENVELOPE HEADER("<cwmp:HoldRequests>true</cwmp:HoldRequests>") "<e:Body/>" END)
			  ->hold_requests);
	cr_assert_not(decode(decoder, ENVELOPE HEADER("<cwmp:HoldRequests>0</cwmp:HoldRequests>") "<e:Body/>" END)
			      ->hold_requests);
	cr_assert_not(decode(decoder, ENVELOPE HEADER("<cwmp:HoldRequests/>") "<e:Body/>" END)->hold_requests);
	soap_decoder_destroy(decoder);
}

Test(soap_decode, header_id_is_kept_byte_for_byte)
{
	struct soap_decoder *decoder = new_decoder();

	expect(decode(decoder,
		      ENVELOPE HEADER("<cwmp:ID> a&lt;&amp;&gt;\"'&#x20AC;\xc3\xa9 </cwmp:ID>") "<e:Body/>" END)
		       ->id,
	       " a<&>\"'\xe2\x82\xac\xc3\xa9 ");
	expect(decode(decoder, ENVELOPE HEADER("<cwmp:ID>null</cwmp:ID>") "<e:Body/>" END)->id, "null");
	expect(decode(decoder, ENVELOPE HEADER("<cwmp:ID/>") "<e:Body/>" END)->id, "");
	cr_assert_null(decode(decoder, ENVELOPE HEADER("") "<e:Body/>" END)->id.data);
	cr_assert_null(decode(decoder, ENVELOPE "<e:Body/>" END)->id.data);
	soap_decoder_destroy(decoder);
}

/* */
Test(soap_decode, entries_that_must_be_understood)
{
	static const struct {
		const char *entry;
		bool must_understand;
	} cases[] = {
		{"<x:New xmlns:x=\"urn:x\" e:mustUnderstand=\"1\"><x:y/></x:New>", true},
		{"<cwmp:New e:mustUnderstand=\"1\"/>", true},
		{"<x:ID xmlns:x=\"urn:x\" e:mustUnderstand=\"1\"/>", true},
		{"<ID e:mustUnderstand=\"1\"/>", true},
		{"<cwmp:New e:mustUnderstand=\"1\" e:actor=\"\"/>", true},
		{"<cwmp:New e:mustUnderstand=\"1\" e:actor=\"http://schemas.xmlsoap.org/soap/actor/next\"/>", true},
		{"<cwmp:New e:mustUnderstand=\"1\" e:actor=\"urn:somebody-else\"/>", false},
		{"<cwmp:New e:mustUnderstand=\"0\"/>", false},
		{"<cwmp:New mustUnderstand=\"1\"/>", false},
		{"<cwmp:New/>", false},
	};
	struct soap_decoder *decoder = new_decoder();
	char text[1200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct soap_message *message;

		snprintf(text, sizeof(text), ENVELOPE HEADER(ID "%s") "<e:Body>" NAMES("A.", "0") "</e:Body>" END,
			 cases[i].entry);
		message = decode(decoder, text);
		cr_assert_eq(message->must_understand, cases[i].must_understand, "%s", cases[i].entry);
		if (cases[i].must_understand)
			cr_assert_not_null(message->not_understood.data);
		expect(message->id, "42");
		cr_assert_eq(message->method, &soap_method_get_parameter_names);
	}
	soap_decoder_destroy(decoder);
}

Test(soap_decode, get_parameter_names)
{
	struct soap_decoder *decoder = new_decoder();
	const struct soap_message *message = decode(decoder, MESSAGE(NAMES("Device.", "1")));
	const struct get_parameter_names_request *request = message->request;

	cr_assert_eq(message->kind, SOAP_MESSAGE_REQUEST);
	expect(request->parameter_path, "Device.");
	cr_assert(request->next_level);
	request = decode(decoder, MESSAGE("<cwmp:GetParameterNames><NextLevel>\n false\t</NextLevel><ParameterPath/>"
					  "</cwmp:GetParameterNames>"))
			  ->request;
	expect(request->parameter_path, "");
	cr_assert_not(request->next_level);
	soap_decoder_destroy(decoder);
}

Test(soap_decode, get_parameter_values_in_any_array)
{
	static const char *const arrays[] = {
		"<ParameterNames "
		"enc:arrayType=\"xsd:string[2]\"><string>A.b</string><string>C.</string></ParameterNames>",
		"<ParameterNames "
		"enc:arrayType=\"xsd:string[0009]\"><string>A.b</string><string>C.</string></ParameterNames>",
		"<ParameterNames xsi:type=\"enc:Array\"><item "
		"xsi:type=\"xsd:string\">A.b</item><item>C.</item></ParameterNames>",
		"<ParameterNames><xsd:string>A.b</xsd:string>\n <cwmp:string>C.</cwmp:string>\n</ParameterNames>",
		"<cwmp:ParameterNames>junk<string>A<!-- c "
		"-->.<![CDATA[b]]></string><string>C&#46;</string></cwmp:ParameterNames>",
	};
	struct soap_decoder *decoder = new_decoder();
	char text[1200];

	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		const struct get_parameter_values_request *request;

		snprintf(text, sizeof(text), MESSAGE("<cwmp:GetParameterValues>%s</cwmp:GetParameterValues>"),
			 arrays[i]);
		request = decode(decoder, text)->request;
		cr_assert_eq(request->parameter_names_count, 2);
		expect(request->parameter_names[0], "A.b");
		expect(request->parameter_names[1], "C.");
	}
	soap_decoder_destroy(decoder);
}

Test(soap_decode, set_parameter_values)
{
	struct soap_decoder *decoder = new_decoder();
	const struct soap_message *message =
		decode(decoder, MESSAGE(SET(VALUE("A.b", "xsd:boolean", "true") VALUE("A.c", " xsd:unsignedInt ", " 5 ")
						    VALUE("A.d", "xsd:string", ""))));
	const struct set_parameter_values_request *request = message->request;

	cr_assert_eq(message->method, &soap_method_set_parameter_values);
	cr_assert_eq(request->parameter_list_count, 3);
	expect(request->parameter_key, "key");
	expect(request->parameter_list[0].name, "A.b");
	expect(request->parameter_list[0].value.text, "true");
	expect(request->parameter_list[0].value.type, "boolean");
	cr_assert_eq(request->parameter_list[0].value.type_namespace, SOAP_NAMESPACE_XSD);
	expect(request->parameter_list[1].value.text, " 5 ");
	expect(request->parameter_list[1].value.type, "unsignedInt");
	expect(request->parameter_list[2].value.text, "");
	cr_assert_not(request->parameter_list[2].value.nil);
	request = decode(decoder, MESSAGE(SET("")))->request;
	cr_assert_eq(request->parameter_list_count, 0);
	soap_decoder_destroy(decoder);
}

Test(soap_decode, types_of_values)
{
	static const struct {
		const char *attributes;
		enum soap_namespace name_space;
		const char *type;
		bool nil;
	} cases[] = {
		{"xsi:type=\"xsd:int\"", SOAP_NAMESPACE_XSD, "int", false},
		{"xsi:type=\"enc:base64\"", SOAP_NAMESPACE_ENCODING, "base64", false},
		{"xsi:type=\"q:long\" xmlns:q=\"http://www.w3.org/2001/XMLSchema\"", SOAP_NAMESPACE_XSD, "long", false},
		{"xsi:type=\"long\" xmlns=\"http://www.w3.org/2001/XMLSchema\"", SOAP_NAMESPACE_XSD, "long", false},
		{"xsi:type=\"xsd:int\" xmlns:xsd=\"urn:x\"", SOAP_NAMESPACE_OTHER, "int", false},
		{"xsi:type=\"nowhere:int\"", SOAP_NAMESPACE_OTHER, "int", false},
		{"xsi:type=\"int\"", SOAP_NAMESPACE_NONE, "int", false},
		{"xsi:type=\"\"", SOAP_NAMESPACE_NONE, "", false},
		{"xsi:type=\"xsd:\"", SOAP_NAMESPACE_XSD, "", false},
		{"xsi:type=\"xsd:string\" xsi:nil=\"true\"", SOAP_NAMESPACE_XSD, "string", true},
		{"xsi:nil=\"1\"", SOAP_NAMESPACE_NONE, NULL, true},
		{"xsi:nil=\"0\"", SOAP_NAMESPACE_NONE, NULL, false},
		{"type=\"xsd:int\"", SOAP_NAMESPACE_NONE, NULL, false},
		{"", SOAP_NAMESPACE_NONE, NULL, false},
	};
	struct soap_decoder *decoder = new_decoder();
	char text[1200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct set_parameter_values_request *request;
		const struct soap_value *value;

		snprintf(text, sizeof(text),
			 MESSAGE(SET("<ParameterValueStruct><Value %s/><Name>A</Name></ParameterValueStruct>")),
			 cases[i].attributes);
		request = decode(decoder, text)->request;
		cr_assert_eq(request->parameter_list_count, 1);
		value = &request->parameter_list[0].value;
		cr_assert_eq(value->type_namespace, cases[i].name_space, "%s", cases[i].attributes);
		cr_assert_eq(value->nil, cases[i].nil, "%s", cases[i].attributes);
		if (cases[i].type)
			expect(value->type, cases[i].type);
		else
			cr_assert_null(value->type.data);
	}
	soap_decoder_destroy(decoder);
}

/* A prefix counts where it is declared, and no more after it. */
Test(soap_decode, prefixes_end_with_their_element)
{
	struct soap_decoder *decoder = new_decoder();
	const struct set_parameter_values_request *request =
		decode(decoder,
		       MESSAGE(SET(
			       "<ParameterValueStruct xmlns:q=\"http://www.w3.org/2001/XMLSchema\"><Name>A</Name>"
			       "<Value xsi:type=\"q:int\">1</Value></ParameterValueStruct>" VALUE("B", "q:int", "1"))))
			->request;

	cr_assert_eq(request->parameter_list[0].value.type_namespace, SOAP_NAMESPACE_XSD);
	cr_assert_eq(request->parameter_list[1].value.type_namespace, SOAP_NAMESPACE_OTHER);
	soap_decoder_destroy(decoder);
}

/* */
Test(soap_decode, values_are_never_trimmed)
{
	static const struct {
		const char *xml;
		const char *text;
	} cases[] = {
		{"  a  b  ", "  a  b  "},
		{"\n\t", "\n\t"},
		{" ", " "},
		{"&lt;&amp;&gt;&quot;&apos;", "<&>\"'"},
		{"&#9;&#10;&#13;&#x1F600;", "\t\n\r\xf0\x9f\x98\x80"},
		{"<![CDATA[ <b>&amp;]] ]]>", " <b>&amp;]] "},
		{"a<![CDATA[]]>b<!-- c --> <?pi x?>d", "ab d"},
		{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"a\r\nb\rc", "a\nb\nc"}, /* XML 1.0, 2.11 */
		{"&amp;lt;", "&lt;"},
	};
	struct soap_decoder *decoder = new_decoder();
	char text[1200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct set_parameter_values_request *request;

		snprintf(text, sizeof(text), MESSAGE(SET(VALUE("A", "xsd:string", "%s"))), cases[i].xml);
		request = decode(decoder, text)->request;
		expect(request->parameter_list[0].value.text, cases[i].text);
	}
	soap_decoder_destroy(decoder);
}

Test(soap_decode, set_parameter_attributes)
{
	struct soap_decoder *decoder = new_decoder();
	const struct soap_message *message = decode(
		decoder,
		MESSAGE("<cwmp:SetParameterAttributes><ParameterList "
			"enc:arrayType=\"cwmp:SetParameterAttributesStruct[3]\">"
			"<SetParameterAttributesStruct><Name>A.</Name><NotificationChange>1</NotificationChange>"
			"<Notification>2</Notification><AccessListChange>true</AccessListChange>"
			"<AccessList "
			"enc:arrayType=\"xsd:string[2]\"><string>Subscriber</string><string>x</string></AccessList>"
			"</SetParameterAttributesStruct>"
			"<SetParameterAttributesStruct><Name>B</Name><NotificationChange>0</NotificationChange>"
			"<AccessListChange>1</AccessListChange><AccessList/></SetParameterAttributesStruct>"
			"<SetParameterAttributesStruct><Name>C</Name><Notification/><NotificationChange>0</"
			"NotificationChange>"
			"<AccessListChange>0</AccessListChange></SetParameterAttributesStruct>"
			"</ParameterList></cwmp:SetParameterAttributes>"));
	const struct set_parameter_attributes_request *request = message->request;
	const struct set_parameter_attributes *list = request->parameter_list;

	cr_assert_eq(message->method, &soap_method_set_parameter_attributes);
	cr_assert_eq(request->parameter_list_count, 3);
	expect(list[0].name, "A.");
	cr_assert(list[0].notification_change);
	cr_assert_eq(list[0].notification, 2);
	cr_assert(list[0].access_list_change);
	cr_assert_eq(list[0].access_list_count, 2);
	expect(list[0].access_list[0], "Subscriber");
	expect(list[0].access_list[1], "x");
	cr_assert_not(list[1].notification_change);
	cr_assert(list[1].access_list_change);
	cr_assert_eq(list[1].access_list_count, 0);
	cr_assert_not(list[2].notification_change || list[2].access_list_change);
	soap_decoder_destroy(decoder);
}

Test(soap_decode, get_parameter_attributes_and_methods_without_arguments)
{
	struct soap_decoder *decoder = new_decoder();
	const struct soap_message *message =
		decode(decoder, MESSAGE("<cwmp:GetParameterAttributes><ParameterNames><string/></ParameterNames>"
					"</cwmp:GetParameterAttributes>"));
	const struct get_parameter_attributes_request *request = message->request;

	cr_assert_eq(request->parameter_names_count, 1);
	expect(request->parameter_names[0], "");
	message = decode(decoder, MESSAGE("<cwmp:GetRPCMethods/>"));
	cr_assert_eq(message->kind, SOAP_MESSAGE_REQUEST);
	cr_assert_eq(message->method, &soap_method_get_rpc_methods);
	cr_assert_null(message->request);
	cr_assert_eq(message->fault_code, 0);
	message = decode(decoder, MESSAGE("<cwmp:TransferCompleteResponse>\n</cwmp:TransferCompleteResponse>"));
	cr_assert_eq(message->method, &soap_method_transfer_complete_response);
	message = decode(decoder, MESSAGE("<cwmp:GetRPCMethodsResponse><MethodList><string>Inform</string></MethodList>"
					  "</cwmp:GetRPCMethodsResponse>"));
	cr_assert_eq(message->method, &soap_method_get_rpc_methods_response);
	soap_decoder_destroy(decoder);
}

/* all children are arguments, in any namespace; whether there is such a method is for others to say */
Test(soap_decode, vendor_methods)
{
	struct soap_decoder *decoder = new_decoder();
	const struct soap_message *message = decode(
		decoder,
		MESSAGE("<x:X_EXAMPLE_Do xmlns:x=\"urn:a?b&amp;c&lt;\"><B> 1 </B><x:A/><B>2</B></x:X_EXAMPLE_Do>"));
	const struct vendor_request *request = message->request;

	cr_assert_eq(message->kind, SOAP_MESSAGE_REQUEST);
	cr_assert_eq(message->method, &soap_method_vendor);
	expect(message->method_name, "X_EXAMPLE_Do");
	expect(message->vendor_namespace, "urn:a?b&c<");
	cr_assert_eq(request->arguments_count, 3);
	expect(request->arguments[0].name, "B");
	expect(request->arguments[0].value, " 1 ");
	expect(request->arguments[1].name, "A");
	expect(request->arguments[1].value, "");
	expect(request->arguments[2].value, "2");
	message = decode(decoder, MESSAGE("<X_EXAMPLE_Do/>"));
	cr_assert_eq(message->method, &soap_method_vendor);
	cr_assert_null(message->vendor_namespace.data);
	cr_assert_eq(((const struct vendor_request *)message->request)->arguments_count, 0);
	message = decode(decoder, MESSAGE("<cwmp:X_EXAMPLE_Do><a><b>1</b></a></cwmp:X_EXAMPLE_Do>"));
	cr_assert_eq(message->fault_code, 9003);
	soap_decoder_destroy(decoder);
}

/* fault 9000 is for the session to send */
Test(soap_decode, unknown_methods)
{
	struct soap_decoder *decoder = new_decoder();
	const struct soap_message *message =
		decode(decoder, MESSAGE("<cwmp:EXAMPLE_Do><a><b>1</b></a></cwmp:EXAMPLE_Do>"));
	char text[2000];

	cr_assert_eq(message->kind, SOAP_MESSAGE_REQUEST);
	cr_assert_null(message->method);
	expect(message->method_name, "EXAMPLE_Do");
	expect(message->id, "42");
	message = decode(decoder, MESSAGE("<x:GetParameterNames xmlns:x=\"urn:x\"/>"));
	cr_assert_null(message->method);
	expect(message->method_name, "GetParameterNames");
	message = decode(decoder, MESSAGE("<GetParameterNames/>"));
	cr_assert_null(message->method);
	message = decode(decoder, MESSAGE("<cwmp:X_EXAMPLE_DoResponse/>"));
	cr_assert_eq(message->kind, SOAP_MESSAGE_RESPONSE);
	cr_assert_null(message->method);
	snprintf(text, sizeof(text), MESSAGE("<cwmp:%0300d/>"), 0);
	memset(strstr(text, "000"), 'x', 300);
	message = decode(decoder, text);
	cr_assert_eq(message->method_name.length, SOAP_METHOD_NAME_SIZE);
	soap_decoder_destroy(decoder);
}

Test(soap_decode, empty_body_is_an_unknown_method)
{
	static const char *const texts[] = {MESSAGE(""), MESSAGE(" \n "), ENVELOPE "<e:Body/>" END};
	struct soap_decoder *decoder = new_decoder();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct soap_message *message = decode(decoder, texts[i]);

		cr_assert_eq(message->kind, SOAP_MESSAGE_REQUEST);
		cr_assert_null(message->method);
		expect(message->method_name, "");
	}
	soap_decoder_destroy(decoder);
}

/* */
#define FAULT(name, detail)                                                                                            \
	"<" name "><faultcode>e:Server</faultcode><faultstring>CWMP fault</faultstring>" detail "</" name ">"

Test(soap_decode, faults)
{
	static const char detail[] = FAULT("e:Fault", "<detail><cwmp:Fault><FaultCode>8005</FaultCode>"
						      "<FaultString>Retry request</FaultString></cwmp:Fault></detail>");
	struct soap_decoder *decoder = new_decoder();
	const struct soap_message *message;
	char text[1500];

	snprintf(text, sizeof(text), MESSAGE("%s"), detail);
	message = decode(decoder, text);
	cr_assert_eq(message->kind, SOAP_MESSAGE_FAULT);
	cr_assert_eq(message->cwmp_namespace, SOAP_NAMESPACE_CWMP_1_2);
	expect(message->id, "42");
	expect(message->fault.faultcode, "e:Server");
	expect(message->fault.faultstring, "CWMP fault");
	cr_assert_eq(message->fault.code, 8005);
	expect(message->fault.text, "Retry request");

	message = decode(decoder, MESSAGE(FAULT("e:Fault", "")));
	cr_assert_eq(message->kind, SOAP_MESSAGE_FAULT);
	cr_assert_eq(message->fault.code, 0);
	cr_assert_null(message->fault.text.data);
	message = decode(decoder, MESSAGE("<e:Fault/>"));
	cr_assert_eq(message->kind, SOAP_MESSAGE_FAULT);
	message = decode(decoder, MESSAGE(FAULT("e:Fault", "<detail><x>stack trace</x></detail>")));
	cr_assert_eq(message->fault.code, 0);
	soap_decoder_destroy(decoder);
}

/* Not well-formed by Namespaces in XML, but sent by GenieACS. */
Test(soap_decode, names_with_two_colons)
{
	static const char *const names[] = {"e:cwmp:Fault", "cwmp:e:Fault", "e:e:Fault", "e::Fault", "no:where:Fault"};
	struct soap_decoder *decoder = new_decoder();
	char text[1500];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct soap_message *message;

		snprintf(text, sizeof(text),
			 MESSAGE("<%s><faultcode>Client</faultcode><detail><cwmp:cwmp:Fault><FaultCode>8003</FaultCode>"
				 "</cwmp:cwmp:Fault></detail></%s>"),
			 names[i], names[i]);
		message = decode(decoder, text);
		cr_assert_eq(message->kind, SOAP_MESSAGE_FAULT, "%s", names[i]);
		cr_assert_eq(message->fault.code, 8003);
	}
	soap_decoder_destroy(decoder);
}

/* One request, as many servers would write it. */
Test(soap_decode, strange_but_legal_servers)
{
	static const char *const texts[] = {
		"<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n" MESSAGE(NAMES("A.", "1")),
		"\xef\xbb\xbf<?xml version=\"1.0\"?>" MESSAGE(NAMES("A.", "1")),
		"\n\n<?xml version=\"1.0\"?>" MESSAGE(NAMES("A.", "1")) "\n\n",
		"<?xml version='1.0' encoding='utf-8'?><!-- hello --><?style x?>" MESSAGE(
			NAMES("A.", "1")) "<!-- bye -->",
		"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" MESSAGE(NAMES("A.", "1")),
		"<Envelope xmlns=\"http://schemas.xmlsoap.org/soap/envelope/\"><Header><ID "
		"xmlns=\"urn:dslforum-org:cwmp-1-2\">42</ID></Header><Body><GetParameterNames "
		"xmlns=\"urn:dslforum-org:cwmp-1-2\"><ParameterPath>A.</ParameterPath><NextLevel>1</NextLevel>"
		"</GetParameterNames></Body></Envelope>",
		"<SOAP-ENV:Envelope xmlns:SOAP-ENV='http://schemas.xmlsoap.org/soap/envelope/' "
		"xmlns:_x.1-='urn:dslforum-org:cwmp-1-2' "
		"SOAP-ENV:encodingStyle='http://schemas.xmlsoap.org/soap/encoding/'><SOAP-ENV:Header><_x.1-:ID "
		"SOAP-ENV:mustUnderstand='1'>42</_x.1-:ID></SOAP-ENV:Header><SOAP-ENV:Body>\n<_x.1-:GetParameterNames>"
		"<_x.1-:NextLevel>true</_x.1-:NextLevel><_x.1-:ParameterPath>A.</_x.1-:ParameterPath>"
		"</_x.1-:GetParameterNames ></SOAP-ENV:Body></SOAP-ENV:Envelope\n>",
		MESSAGE("<cwmp:GetParameterNames a='x>y' b=\"/>\" ><ParameterPath "
			"xsi:type=\"xsd:string\"><![CDATA[A.]]></ParameterPath>"
			"<Vendor><NextLevel>0</NextLevel></Vendor><NextLevel>1</NextLevel></cwmp:GetParameterNames>"),
	};
	struct soap_decoder *decoder = new_decoder();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct soap_message *message;
		const struct get_parameter_names_request *request;

		message = decode(decoder, texts[i]);
		request = message->request;
		cr_assert_eq(message->method, &soap_method_get_parameter_names, "%s", texts[i]);
		expect(message->id, "42");
		expect(request->parameter_path, "A.");
		cr_assert(request->next_level);
	}
	soap_decoder_destroy(decoder);
}

/* R-28, and pieces of the parser's size that end anywhere in the message */
Test(soap_decode, long_messages_at_every_offset)
{
	static const char tail[] = MESSAGE(
		SET(VALUE("A.b", "xsd:string", "\xc3\xa9&amp;\xe2\x82\xac<![CDATA[]]\xf0\x9f\x98\x80]]>&#xe9;\r\n")));
	struct soap_decoder *decoder = new_decoder();
	char *text = malloc(SOAP_PIECE_SIZE * 2 + sizeof(tail));

	cr_assert_not_null(text);
	for (size_t offset = 0; offset < sizeof(tail); offset++) {
		size_t comment = SOAP_PIECE_SIZE - offset;
		const struct set_parameter_values_request *request;

		memset(text, 'x', comment);
		memcpy(text, "<!--", 4);
		if (comment < 8)
			continue;
		memcpy(text + comment - 3, "-->", 3);
		memcpy(text + comment, tail, sizeof(tail));
		request = decode(decoder, text)->request;
		cr_assert_not_null(request, "offset %zu", offset);
		cr_assert_eq(request->parameter_list_count, 1);
		expect(request->parameter_list[0].value.text, "\xc3\xa9&\xe2\x82\xac]]\xf0\x9f\x98\x80\xc3\xa9\n");
		expect(request->parameter_key, "key");
	}
	free(text);
	soap_decoder_destroy(decoder);
}

/* 10,000 parameters, and one value of several hundred kilobytes */
Test(soap_decode, large_requests)
{
	struct soap_decoder *decoder = new_decoder();
	const struct set_parameter_values_request *set;
	const struct soap_message *message;
	char text[256];

	soap_decoder_feed(decoder, ENVELOPE "<e:Body><cwmp:SetParameterValues><ParameterList>",
			  strlen(ENVELOPE "<e:Body><cwmp:SetParameterValues><ParameterList>"));
	for (int i = 0; i < 10000; i++) {
		int length = snprintf(text, sizeof(text),
				      VALUE("Device.X_EXAMPLE.Table.%d.Value", "xsd:unsignedInt", "%d"), i, i * 7);

		cr_assert_eq(soap_decoder_feed(decoder, text, (size_t)length), 0);
	}
	soap_decoder_feed(decoder, "</ParameterList><ParameterKey/></cwmp:SetParameterValues></e:Body>" END,
			  strlen("</ParameterList><ParameterKey/></cwmp:SetParameterValues></e:Body>" END));
	cr_assert_eq(soap_decoder_finish(decoder, &message), 0, "%s", soap_decoder_error(decoder));
	set = message->request;
	cr_assert_eq(set->parameter_list_count, 10000);
	for (int i = 0; i < 10000; i++) {
		snprintf(text, sizeof(text), "Device.X_EXAMPLE.Table.%d.Value", i);
		expect(set->parameter_list[i].name, text);
		snprintf(text, sizeof(text), "%d", i * 7);
		expect(set->parameter_list[i].value.text, text);
	}

	soap_decoder_feed(
		decoder, ENVELOPE "<e:Body><cwmp:SetParameterValues><ParameterList><ParameterValueStruct><Value>",
		strlen(ENVELOPE "<e:Body><cwmp:SetParameterValues><ParameterList><ParameterValueStruct><Value>"));
	for (int i = 0; i < 5000; i++)
		cr_assert_eq(
			soap_decoder_feed(decoder, "0123456789\n0123456789 0123456789&amp;0123456789 0123456789\n", 59),
			0);
	soap_decoder_feed(decoder,
			  "</Value><Name>B</Name></ParameterValueStruct></ParameterList><ParameterKey/></"
			  "cwmp:SetParameterValues></e:Body>" END,
			  strlen("</Value><Name>B</Name></ParameterValueStruct></ParameterList><ParameterKey/></"
				 "cwmp:SetParameterValues></e:Body>" END));
	cr_assert_eq(soap_decoder_finish(decoder, &message), 0, "%s", soap_decoder_error(decoder));
	set = message->request;
	cr_assert_eq(set->parameter_list[0].value.text.length, 5000 * 55);
	soap_decoder_destroy(decoder);
}

Test(soap_decode, typed_operations_one_after_the_other)
{
	struct soap_decoder *decoder = new_decoder();
	const struct soap_message *message =
		decode(decoder, MESSAGE("<cwmp:ChangeDUState><Operations xsi:type=\"cwmp:InstallOpStruct\"><URL>a</URL>"
					"</Operations><Operations xsi:type=\"cwmp:UninstallOpStruct\"><UUID>b</UUID>"
					"</Operations><Operations/><Operations/><Operations><Version>5</Version>"
					"</Operations><CommandKey>key</CommandKey></cwmp:ChangeDUState>"));
	const struct change_du_state_request *request = message->request;

	cr_assert_eq(message->fault_code, 0, "%s", message->fault_text);
	cr_assert_eq(request->operations_count, 5);
	expect(request->operations[0].type, "InstallOpStruct");
	expect(request->operations[0].url, "a");
	expect(request->operations[1].type, "UninstallOpStruct");
	expect(request->operations[1].uuid, "b");
	cr_expect_null(request->operations[1].url.data);
	cr_expect_null(request->operations[2].type.data);
	expect(request->operations[4].version, "5");
	expect(request->command_key, "key");
	soap_decoder_destroy(decoder);
}

Test(soap_decode, repeated_arguments_are_bounded_and_required)
{
	struct soap_decoder *decoder = new_decoder();
	const struct soap_message *message =
		decode(decoder, MESSAGE("<cwmp:ChangeDUState><CommandKey/></cwmp:ChangeDUState>"));
	char text[8192] = ENVELOPE "<e:Body><cwmp:ChangeDUState>";

	cr_expect_eq(message->fault_code, 9003);
	for (int i = 0; i <= CWMP_DU_OPERATIONS_MAXIMUM; i++)
		strncat(text, "<Operations/>", sizeof(text) - strlen(text) - 1);
	strncat(text, "</cwmp:ChangeDUState></e:Body>" END, sizeof(text) - strlen(text) - 1);
	cr_expect_eq(decode(decoder, text)->fault_code, 9004);
	soap_decoder_destroy(decoder);
}
