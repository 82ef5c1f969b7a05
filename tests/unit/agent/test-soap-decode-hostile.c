/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SOAP decoder with bad and hostile messages: what made other agents crash, hang or go deaf (R-25 to R-39, T051).
 */
#include <errno.h>
#include <malloc.h>

#include <libxml/xmlmemory.h>

#include "tests/unit/agent/soap-decode-helper.h"

TestSuite(soap_decode_hostile, .timeout = 120);

#define GOOD                                                                                                           \
	MESSAGE("<cwmp:SetParameterValues><ParameterList enc:arrayType=\"cwmp:ParameterValueStruct[1]\">"              \
		"<ParameterValueStruct><Name>A.b</Name><Value xsi:type=\"xsd:string\"> "                               \
		"a&lt;\xc3\xa9<![CDATA[]]]]>\r\n</Value>"                                                              \
		"</ParameterValueStruct></ParameterList><ParameterKey>key</ParameterKey></cwmp:SetParameterValues>")

static void expect_good(struct soap_decoder *decoder)
{
	const struct soap_message *message = decode(decoder, GOOD);
	const struct set_parameter_values_request *request = message->request;

	cr_assert_eq(message->method, &soap_method_set_parameter_values);
	cr_assert_eq(message->fault_code, 0);
	expect(request->parameter_list[0].name, "A.b");
	expect(request->parameter_list[0].value.text, " a<\xc3\xa9]]\n");
}

/* Each of them fails, and the next message is read as if nothing had been. */
Test(soap_decode_hostile, not_soap)
{
	static const char *const texts[] = {
		"x",
		"OK",
		"\xef\xbb",
		"\xef\xbb<a/>",
		"\xef\xbb\xbf\xef\xbb\xbf<a/>",
		"\xfe\xff",
		"<",
		"<a",
		"<a/>",
		"<html><body>404</body></html>",
		"{\"json\": 1}",
		"<Envelope/>",
		"<Envelope><Body/></Envelope>",
		"<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Body/></e:Envelope>",
		"<e:Body xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"/>",
		"<e:Envelope><e:Body/></e:Envelope>",
		ENVELOPE END,
		ENVELOPE HEADER("") END,
		ENVELOPE "<Body/>" END,
		ENVELOPE "<e:Body/><e:Body/>" END,
		ENVELOPE "<e:Header/><e:Header/><e:Body/>" END,
		ENVELOPE "<e:Body/><e:Header/>" END,
		MESSAGE("<cwmp:GetRPCMethods/><cwmp:GetRPCMethods/>"),
		MESSAGE("<cwmp:Unknown/><cwmp:GetRPCMethods/>"),
		MESSAGE("<e:Fault/><e:Fault/>"),
		MESSAGE("<cwmp:GetRPCMethods>"),
		MESSAGE("<cwmp:GetRPCMethods></cwmp:GetRPCMethod>"),
		MESSAGE("<cwmp:GetRPCMethods a=\"1\" a=\"2\"/>"),
		MESSAGE("<cwmp:GetRPCMethods a=1/>"),
		MESSAGE("&unknown;"),
		MESSAGE("&#0;"),
		MESSAGE("&#2;"),
		MESSAGE("&#xD800;"),
		MESSAGE("\x01"),
		MESSAGE("\xff"),
		MESSAGE("\xc0\x80"),
		MESSAGE("\xed\xa0\x80"),
		MESSAGE("]]>"),
		GOOD "x",
		GOOD "<a/>",
		GOOD GOOD,
		GOOD "<?xml version=\"1.0\"?>",
		"<?xml version=\"1.0\"?><?xml version=\"1.0\"?>" GOOD,
		"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" MESSAGE("\xe9"),
		"<?xml version=\"1.0\" encoding=\"UTF-7\"?>+ADw-a/+AD4-",
		ENVELOPE HEADER("<cwmp:ID>1</cwmp:ID><cwmp:ID>2</cwmp:ID>") "<e:Body/>" END,
		ENVELOPE HEADER("<cwmp:ID><x/></cwmp:ID>") "<e:Body/>" END,
		MESSAGE("<e:Fault><detail><cwmp:Fault><FaultCode>many</FaultCode></cwmp:Fault></detail></e:Fault>"),
	};
	struct soap_decoder *decoder = new_decoder();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		refuse(decoder, texts[i], -EBADMSG);
		expect_good(decoder);
	}
	soap_decoder_destroy(decoder);
}

Test(soap_decode_hostile, other_encodings)
{
	static const char utf16[] = "<\0?\0x\0m\0l\0 \0v\0e\0r\0s\0i\0o\0n\0=\0";
	struct soap_decoder *decoder = new_decoder();
	const struct soap_message *message;

	cr_assert_eq(decode_bytes(decoder, utf16, sizeof(utf16), &message), -EBADMSG);
	cr_assert_eq(decode_bytes(decoder, utf16 + 1, sizeof(utf16) - 1, &message), -EBADMSG);
	cr_assert_eq(decode_bytes(decoder, "\xff\xfe<\0", 4, &message), -EBADMSG);
	cr_assert_eq(decode_bytes(decoder, GOOD, sizeof(GOOD), &message), -EBADMSG, "a NUL byte after the message");
	expect_good(decoder);
	soap_decoder_destroy(decoder);
}

Test(soap_decode_hostile, document_types_and_entities)
{
	static const char *const texts[] = {
		"<!DOCTYPE a>" GOOD,
		"<!DOCTYPE e:Envelope SYSTEM \"http://127.0.0.1:1/x.dtd\">" GOOD,
		"<?xml version=\"1.0\"?><!DOCTYPE e:Envelope PUBLIC \"x\" \"file:///etc/passwd\" []>" GOOD,
		"<!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
		"<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">"
		"<!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;\">]><l>&e;</l>",
		"<!DOCTYPE l [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><l>&x;</l>",
		"<!DOCTYPE l [<!ENTITY % x SYSTEM \"file:///etc/passwd\">%x;]><l/>",
		"<!DOCTYPE l [<!ATTLIST l a CDATA \"b\">]><l/>",
		MESSAGE("<!DOCTYPE a>"),
	};
	struct soap_decoder *decoder = new_decoder();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		refuse(decoder, texts[i], -EBADMSG);
		expect_good(decoder);
	}
	soap_decoder_destroy(decoder);
}

#define CALL(method, arguments) MESSAGE("<cwmp:" method ">" arguments "</cwmp:" method ">")
#define LIST(entries)		"<ParameterList>" entries "</ParameterList>"
#define SET(entries)		CALL("SetParameterValues", LIST(entries) "<ParameterKey/>")
#define ENTRY(members)		"<ParameterValueStruct>" members "</ParameterValueStruct>"
#define ATTRIBUTES(members)                                                                                            \
	CALL("SetParameterAttributes", LIST("<SetParameterAttributesStruct>" members "</"                              \
					    "SetParameterAttributesStruct>"))

/* */
Test(soap_decode_hostile, bad_arguments)
{
	static const struct {
		const char *text;
		const char *fault;
	} cases[] = {
		{CALL("GetParameterNames", ""), "ParameterPath: missing"},
		{CALL("GetParameterNames", "<ParameterPath/>"), "NextLevel: missing"},
		{CALL("GetParameterNames", "<NextLevel>1</NextLevel>"), "ParameterPath: missing"},
		{CALL("GetParameterNames", "<ParameterPath/><NextLevel/>"), "NextLevel: not of its type"},
		{CALL("GetParameterNames", "<ParameterPath/><NextLevel>yes</NextLevel>"), "NextLevel: not of its type"},
		{CALL("GetParameterNames", "<ParameterPath/><NextLevel>2</NextLevel>"), "NextLevel: not of its type"},
		{CALL("GetParameterNames", "<ParameterPath><a/></ParameterPath><NextLevel>1</NextLevel>"),
		 "ParameterPath: an element where a value belongs"},
		{CALL("GetParameterNames", "<ParameterPath/><ParameterPath/><NextLevel>1</NextLevel>"),
		 "ParameterPath: given twice"},
		{CALL("GetParameterNames", "<ParameterPath href=\"#1\"/><NextLevel>1</NextLevel>"),
		 "ParameterPath: a reference instead of a value"},
		{CALL("GetParameterValues", ""), "ParameterNames: missing"},
		{CALL("GetParameterValues", "<ParameterNames/>"), "ParameterNames: too few entries"},
		{CALL("GetParameterValues", "<ParameterNames>Device.</ParameterNames>"),
		 "ParameterNames: too few entries"},
		{CALL("GetParameterValues", "<ParameterNames><string>A</string><string><b/></string></ParameterNames>"),
		 "ParameterNames entry 2: an element where a value belongs"},
		{CALL("GetParameterAttributes", "<ParameterNames/>"), "ParameterNames: too few entries"},
		{CALL("SetParameterValues", ""), "ParameterList: missing"},
		{CALL("SetParameterValues", "<ParameterList/>"), "ParameterKey: missing"},
		{CALL("SetParameterValues", "<ParameterKey/>"), "ParameterList: missing"},
		{CALL("SetParameterValues",
		      "<ParameterList/><ParameterKey>123456789012345678901234567890123</ParameterKey>"),
		 "ParameterKey: too long"},
		{CALL("SetParameterValues", "<ParameterList/><ParameterList/><ParameterKey/>"),
		 "ParameterList: given twice"},
		{SET(ENTRY("<Value>1</Value>")), "ParameterList entry 1: Name: missing"},
		{SET(ENTRY("<Name>A</Name><Value>1</Value>") ENTRY("<Name>B</Name>")),
		 "ParameterList entry 2: Value: missing"},
		{SET("<string>A</string>"), "ParameterList entry 1: Name: missing"},
		{SET(ENTRY("<Name>A</Name><Value><string>1</string></Value>")),
		 "ParameterList entry 1: Value: an element where a value belongs"},
		{SET(ENTRY("<Name>A</Name><Name>B</Name><Value/>")), "ParameterList entry 1: Name: given twice"},
		{SET(ENTRY("<Name>A</Name><Value href=\"#id0\"/>")),
		 "ParameterList entry 1: Value: a reference instead of a value"},
		{CALL("SetParameterAttributes", "<ParameterList/>"), "ParameterList: too few entries"},
		{ATTRIBUTES("<Name>A</Name>"), "ParameterList entry 1: NotificationChange: missing"},
		{ATTRIBUTES("<Name>A</Name><NotificationChange>1</NotificationChange><AccessListChange>0</"
			    "AccessListChange>"),
		 "ParameterList entry 1: Notification: missing"},
		{ATTRIBUTES("<Name>A</Name><NotificationChange>1</NotificationChange><Notification>-1</Notification>"
			    "<AccessListChange>0</AccessListChange>"),
		 "ParameterList entry 1: Notification: missing"},
		{ATTRIBUTES("<Name>A</Name><NotificationChange>0</NotificationChange><AccessListChange>1</"
			    "AccessListChange>"),
		 "ParameterList entry 1: AccessList: missing"},
	};
	struct soap_decoder *decoder = new_decoder();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct soap_message *message = decode(decoder, cases[i].text);

		expect_fault(message, 9003, cases[i].fault);
		expect(message->id, "42");
		expect_good(decoder);
	}
	soap_decoder_destroy(decoder);
}

/* The rest of a message with a bad argument must still be well-formed. */
Test(soap_decode_hostile, malformed_after_a_bad_argument)
{
	struct soap_decoder *decoder = new_decoder();

	refuse(decoder, CALL("GetParameterNames", "<NextLevel>x</NextLevel><ParameterPath><a></ParameterPath>"),
	       -EBADMSG);
	refuse(decoder, CALL("GetParameterValues", "<ParameterNames/>") "x", -EBADMSG);
	refuse(decoder, MESSAGE("<cwmp:GetParameterNames/><cwmp:GetParameterNames/>"), -EBADMSG);
	soap_decoder_destroy(decoder);
}

/* The text with count times part in its middle; the caller frees it. */
static char *repeat(const char *before, const char *part, size_t count, const char *after)
{
	size_t length = strlen(before);
	char *text = malloc(length + strlen(part) * count + strlen(after) + 1);

	cr_assert_not_null(text);
	memcpy(text, before, length);
	for (size_t i = 0; i < count; i++) {
		memcpy(text + length, part, strlen(part));
		length += strlen(part);
	}
	memcpy(text + length, after, strlen(after) + 1);
	return text;
}

struct bound {
	const char *before;
	const char *part;
	size_t allowed; /* this often it is taken, once more it is not */
	const char *after;
	int error;	    /* at once more: this error, or */
	unsigned int fault; /* this fault */
};

#define NAMES_BEFORE ENVELOPE "<e:Body><cwmp:GetParameterValues><ParameterNames>"
#define NAMES_AFTER  "</ParameterNames></cwmp:GetParameterValues></e:Body>" END
#define SET_BEFORE   ENVELOPE "<e:Body><cwmp:SetParameterValues><ParameterKey/><ParameterList>"
#define SET_AFTER    "</ParameterList></cwmp:SetParameterValues></e:Body>" END

Test(soap_decode_hostile, bounds)
{
	static const struct bound bounds[] = {
		{ENVELOPE "<e:Header><cwmp:ID>", "x", SOAP_HEADER_ID_CHARACTERS, "</cwmp:ID></e:Header><e:Body/>" END,
		 -EBADMSG, 0},
		{ENVELOPE "<e:Header><cwmp:ID>", "&#x20AC;", SOAP_HEADER_ID_CHARACTERS,
		 "</cwmp:ID></e:Header><e:Body/>" END, -EBADMSG, 0},
		{NAMES_BEFORE "<string>", "x", CWMP_PATH_CHARACTERS, "</string>" NAMES_AFTER, 0, 9005},
		{NAMES_BEFORE "<string>", "\xf0\x9f\x98\x80", CWMP_PATH_CHARACTERS, "</string>" NAMES_AFTER, 0, 9005},
		{NAMES_BEFORE, "<string/>", SOAP_ARRAY_COUNT_MAXIMUM, NAMES_AFTER, 0, 9004},
		{ENVELOPE "<e:Body><cwmp:GetParameterNames><NextLevel>1</NextLevel><ParameterPath>", "x",
		 CWMP_PATH_CHARACTERS, "</ParameterPath></cwmp:GetParameterNames></e:Body>" END, 0, 9005},
		{SET_BEFORE "<a><Name>A</Name><Value>", "x", SOAP_TEXT_SIZE_MAXIMUM, "</Value></a>" SET_AFTER, 0, 9003},
		{SET_BEFORE "<a><Value/><Name>", "x", CWMP_SET_NAME_CHARACTERS, "</Name></a>" SET_AFTER, 0, 9003},
		{ENVELOPE "<e:Body><cwmp:GetParameterNames><ParameterPath/><NextLevel>1", " ",
		 SOAP_NUMBER_SIZE_MAXIMUM - 1, "</NextLevel></cwmp:GetParameterNames></e:Body>" END, 0, 9003},
		{ENVELOPE "<e:Body><cwmp:SetParameterAttributes><ParameterList><a><Name>A</Name><NotificationChange>0"
			  "</NotificationChange><AccessListChange>1</AccessListChange><AccessList>",
		 "<string>x</string>", CWMP_ACCESS_LIST_COUNT_MAXIMUM,
		 "</AccessList></a></ParameterList></cwmp:SetParameterAttributes></e:Body>" END, 0, 9004},
	};
	struct soap_decoder *decoder = new_decoder();

	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		const struct bound *bound = &bounds[i];

		for (size_t more = 0; more <= 1; more++) {
			char *text = repeat(bound->before, bound->part, bound->allowed + more, bound->after);
			const struct soap_message *message;
			int error;

			error = decode_bytes(decoder, text, strlen(text), &message);
			cr_assert_eq(error, more ? bound->error : 0, "bound %zu more %zu: %d %s", i, more, error,
				     soap_decoder_error(decoder));
			if (!error) {
				cr_assert_eq(message->fault_code, more ? bound->fault : 0, "bound %zu: %s", i,
					     message->fault_text);
				cr_assert(!message->method || !message->fault_code || !message->request);
			}
			free(text);
		}
		expect_good(decoder);
	}
	soap_decoder_destroy(decoder);
}

/* 40 elements deep, and 100,000 */
Test(soap_decode_hostile, depth)
{
	/* Envelope, Body and method are the first three. */
	static const size_t depths[] = {SOAP_DEPTH_MAXIMUM - 3, SOAP_DEPTH_MAXIMUM - 2, 40, 100000};
	struct soap_decoder *decoder = new_decoder();

	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		char *ends = repeat("", "</a>", depths[i], "</cwmp:Unknown></e:Body>" END);
		char *text = repeat(ENVELOPE "<e:Body><cwmp:Unknown>", "<a>", depths[i], ends);
		const struct soap_message *message;

		cr_assert_eq(decode_bytes(decoder, text, strlen(text), &message), i ? -EMSGSIZE : 0);
		free(text);
		free(ends);
		expect_good(decoder);
	}
	soap_decoder_destroy(decoder);
}

/* Work that grows with the square of their number, if it is not stopped. */
Test(soap_decode_hostile, attributes_and_namespaces)
{
	struct soap_decoder *decoder = new_decoder();
	static const char *const prefixes[] = {"", "xmlns:"};
	static const int counts[] = {SOAP_ATTRIBUTES_MAXIMUM + 1, SOAP_NAMESPACES_MAXIMUM + 1};

	for (int i = 0; i < 2; i++) {
		for (int large = 0; large <= 1; large++) {
			char *text = malloc(SOAP_MESSAGE_SIZE_MAXIMUM);
			size_t length;

			cr_assert_not_null(text);
			length = (size_t)snprintf(text, SOAP_MESSAGE_SIZE_MAXIMUM, "%s", ENVELOPE "<a");
			for (int j = 0; j < (large ? 200000 : counts[i]); j++)
				length += (size_t)snprintf(text + length, SOAP_MESSAGE_SIZE_MAXIMUM - length,
							   " %sa%d=\"x\"", prefixes[i], j);
			length +=
				(size_t)snprintf(text + length, SOAP_MESSAGE_SIZE_MAXIMUM - length, "/><e:Body/>" END);
			cr_assert_lt(length, SOAP_MESSAGE_SIZE_MAXIMUM);
			refuse(decoder, text, -EMSGSIZE);
			free(text);
			expect_good(decoder);
		}
	}
	soap_decoder_destroy(decoder);
}

Test(soap_decode_hostile, endless_markup)
{
	static const char *const starts[] = {"<!--", "<a b='", "<?pi ", "<", "<a ", "</", "&"};
	struct soap_decoder *decoder = new_decoder();

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		char *text = repeat(ENVELOPE, starts[i], 1, "");
		char *message = repeat(text, "x", 1000000, "");
		const struct soap_message *unused;
		int error = decode_bytes(decoder, message, strlen(message), &unused);

		cr_assert(error == -EMSGSIZE || error == -EBADMSG, "%s: %d", starts[i], error);
		free(text);
		free(message);
		expect_good(decoder);
	}
	soap_decoder_destroy(decoder);
}

/* Names by the thousand fill the parser's dictionary, also little by little over many messages. */
Test(soap_decode_hostile, ever_new_names)
{
	struct soap_decoder *decoder = new_decoder();
	char text[4096];
	int name = 0;

	for (int i = 0; i < 1000; i++) {
		size_t length = (size_t)snprintf(text, sizeof(text), "%s", ENVELOPE "<e:Body><cwmp:Unknown>");

		for (int j = 0; j < 50; j++)
			length += (size_t)snprintf(text + length, sizeof(text) - length, "<a_long_name_%d/>", name++);
		snprintf(text + length, sizeof(text) - length, "</cwmp:Unknown></e:Body>" END);
		decode(decoder, text);
	}
	soap_decoder_feed(decoder, ENVELOPE "<e:Body><cwmp:Unknown>", strlen(ENVELOPE "<e:Body><cwmp:Unknown>"));
	for (int i = 0; i < 100000; i++) {
		int length = snprintf(text, sizeof(text), "<a_long_name_%d/>", name++);

		if (soap_decoder_feed(decoder, text, (size_t)length))
			break;
	}
	cr_assert_neq(soap_decoder_error(decoder)[0], '\0');
	soap_decoder_reset(decoder);
	expect_good(decoder);
	soap_decoder_destroy(decoder);
}

/* Says the same of two messages, whatever their memory: all that the session looks at. */
static void describe(int error, const struct soap_message *message, char *text, size_t size)
{
	const struct set_parameter_values_request *request;

	if (error) {
		snprintf(text, size, "error %d", error);
		return;
	}
	snprintf(text, size, "%d %d %s %s %u", message->kind, message->cwmp_namespace, message->id.data,
		 message->method ? message->method->name : "-", message->fault_code);
	request = message->request;
	if (message->method == &soap_method_set_parameter_values && request)
		snprintf(text + strlen(text), size - strlen(text), " %zu %s %s %s %s", request->parameter_list_count,
			 request->parameter_list[0].name.data, request->parameter_list[0].value.text.data,
			 request->parameter_list[0].value.type.data, request->parameter_key.data);
}

Test(soap_decode_hostile, cut_off_at_any_byte_and_fed_in_any_parts)
{
	struct soap_decoder *decoder = new_decoder();
	static const char good[] = GOOD;
	const size_t length = strlen(good);
	const struct soap_message *message;
	char whole[512];
	char parts[512];

	for (size_t end = 1; end <= length; end++) {
		int error = decode_bytes(decoder, GOOD, end, &message);

		cr_assert_eq(error, end < length ? -EBADMSG : 0, "%zu of %zu", end, length);
		describe(error, message, whole, sizeof(whole));
		for (size_t i = 0; i < end; i++)
			soap_decoder_feed(decoder, &good[i], 1);
		error = soap_decoder_finish(decoder, &message);
		describe(error, message, parts, sizeof(parts));
		cr_assert_str_eq(parts, whole);
	}
	for (size_t part = 2; part < length; part++) {
		for (size_t i = 0; i < length; i += part)
			soap_decoder_feed(decoder, &good[i], length - i < part ? length - i : part);
		describe(soap_decoder_finish(decoder, &message), message, parts, sizeof(parts));
		cr_assert_str_eq(parts, whole);
	}
	soap_decoder_destroy(decoder);
}

Test(soap_decode_hostile, every_byte_changed)
{
	struct soap_decoder *decoder = new_decoder();
	char text[] = GOOD;

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		static const char bytes[] = "\0<>&\"' :x1/\x80\xff]";
		char good = text[i];

		for (size_t j = 0; j < sizeof(bytes) - 1; j++) {
			const struct soap_message *message;
			int error;

			text[i] = bytes[j];
			error = decode_bytes(decoder, text, sizeof(text) - 1, &message);
			cr_assert(error == 0 || error == -EBADMSG, "%zu %d: %d", i, bytes[j], error);
			cr_assert_eq(!error, message != NULL);
		}
		text[i] = good;
	}
	expect_good(decoder);
	soap_decoder_destroy(decoder);
}

Test(soap_decode_hostile, after_an_error_the_rest_is_ignored)
{
	struct soap_decoder *decoder = new_decoder();
	const struct soap_message *message;

	cr_assert_eq(soap_decoder_feed(decoder, "x", 1), -EBADMSG);
	cr_assert_eq(soap_decoder_feed(decoder, GOOD, strlen(GOOD)), -EBADMSG);
	cr_assert_eq(soap_decoder_finish(decoder, &message), -EBADMSG);
	expect_good(decoder);
	cr_assert_eq(soap_decoder_feed(decoder, GOOD, 100), 0);
	soap_decoder_reset(decoder);
	expect_good(decoder);
	cr_assert_eq(soap_decoder_finish(decoder, &message), 0);
	cr_assert_eq(message->kind, SOAP_MESSAGE_EMPTY);
	soap_decoder_destroy(decoder);
	soap_decoder_destroy(NULL);
}

/* Errors name what the server sent: only printable characters may reach the log. */
Test(soap_decode_hostile, errors_are_printable)
{
	struct soap_decoder *decoder = new_decoder();

	refuse(decoder, MESSAGE("<a\xc3\xa9></b\xc3\xa9\n>"), -EBADMSG);
	for (const char *byte = soap_decoder_error(decoder); *byte; byte++)
		cr_assert(*byte >= ' ' && *byte <= '~');
	soap_decoder_destroy(decoder);
}

static size_t allocations;
static size_t in_use;
static size_t in_use_maximum;

static void *count_malloc(size_t size)
{
	void *memory = malloc(size);

	allocations++;
	in_use += malloc_usable_size(memory);
	if (in_use > in_use_maximum)
		in_use_maximum = in_use;
	return memory;
}

static void count_free(void *memory)
{
	in_use -= malloc_usable_size(memory);
	free(memory);
}

static void *count_realloc(void *memory, size_t size)
{
	void *larger;

	in_use -= malloc_usable_size(memory);
	larger = realloc(memory, size);
	allocations++;
	in_use += malloc_usable_size(larger);
	if (in_use > in_use_maximum)
		in_use_maximum = in_use;
	return larger;
}

static char *count_strdup(const char *text)
{
	char *copy = count_malloc(strlen(text) + 1);

	memcpy(copy, text, strlen(text) + 1);
	return copy;
}

/* 50 MB of text, of elements, of parameters and of attributes: refused after 4 MiB, with little memory in the parser.
 */
Test(soap_decode_hostile, fifty_megabytes)
{
	static const struct {
		const char *before;
		const char *part;
	} cases[] = {
		{SET_BEFORE "<a><Name>A</Name><Value>", "some text &amp; more of it\n"},
		{SET_BEFORE, "<a><Name/><Value/></a>"},
		{NAMES_BEFORE, "<string>x</string>"},
		{ENVELOPE "<e:Body><cwmp:Unknown>", "<a/>"},
		{ENVELOPE "<e:Body>", "\n"},
		{ENVELOPE HEADER(""), "<!-- x -->"},
		{ENVELOPE "<e:Body><cwmp:Unknown>", "<![CDATA[xxxxxxxxxxxxxxx]]>"},
		{"", " "},
	};

	cr_assert_eq(xmlMemSetup(count_free, count_malloc, count_realloc, count_strdup), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct soap_decoder *decoder = new_decoder();
		const struct soap_message *message;
		size_t fed = strlen(cases[i].before);

		soap_decoder_feed(decoder, cases[i].before, fed);
		while (fed < (size_t)50 * 1024 * 1024 &&
		       !soap_decoder_feed(decoder, cases[i].part, strlen(cases[i].part)))
			fed += strlen(cases[i].part);
		cr_assert_leq(fed, SOAP_MESSAGE_SIZE_MAXIMUM);
		cr_assert_eq(soap_decoder_finish(decoder, &message), -EMSGSIZE, "case %zu", i);
		expect_good(decoder);
		soap_decoder_destroy(decoder);
	}
	cr_assert_leq(in_use_maximum, 256 * 1024, "libxml2 had %zu bytes", in_use_maximum);
}

/*
 * The decoder's own memory stays. libxml2 takes some for a message (its input, and some for each namespace declared),
 * not for its elements; nothing is lost.
 */
Test(soap_decode_hostile, memory_over_many_messages)
{
	struct soap_decoder *decoder;
	size_t before;
	size_t allocations_before;
	char *text = repeat(SET_BEFORE, "<a><Name>A</Name><Value xsi:type=\"xsd:int\">1</Value></a>", 10000, SET_AFTER);

	cr_assert_eq(xmlMemSetup(count_free, count_malloc, count_realloc, count_strdup), 0);
	decoder = new_decoder();
	expect_good(decoder);
	expect_good(decoder);
	before = in_use;
	allocations_before = allocations;
	for (int i = 0; i < 100; i++)
		expect_good(decoder);
	cr_assert_eq(in_use, before);
	cr_assert_leq(allocations - allocations_before, 100 * 25, "%zu", allocations - allocations_before);
	allocations_before = allocations;
	decode(decoder, text);
	cr_assert_leq(allocations - allocations_before, 40, "%zu", allocations - allocations_before);
	free(text);
	soap_decoder_destroy(decoder);
}
