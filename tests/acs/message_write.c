// SPDX-License-Identifier: GPL-2.0-or-later
// Writes SOAP envelopes, in the usual form or in one of the strange but legal forms that servers use.

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tests/acs/message_write.h"

struct prefixes {
	const char *soap, *encoding, *schema, *instance, *cwmp;
};

static const struct prefixes usual = {"soap-env:", "soap-enc:", "xsd:", "xsi:", "cwmp:"};
static const struct prefixes other = {"a:", "_b-1.x:", "XS:", "i:", "tr069:"};
static const struct prefixes by_default = {"", "soap-enc:", "xsd:", "xsi:", ""};

static const struct prefixes *prefixes_of(unsigned style)
{
	if (style & STYLE_DEFAULT_NAMESPACE)
		return &by_default;
	return style & STYLE_OTHER_PREFIXES ? &other : &usual;
}

static void declare(struct buffer *out, const char *prefix, const char *uri)
{
	size_t length = strlen(prefix);

	if (length)
		buffer_format(out, " xmlns:%.*s=\"%s\"", (int)length - 1, prefix, uri);
}

static void escape(struct buffer *out, const char *text)
{
	for (; *text; text++) {
		size_t plain = strcspn(text, "<>&\"'\r");

		buffer_append(out, text, plain);
		text += plain;
		if (!*text)
			break;
		if (*text == '<')
			buffer_text(out, "&lt;");
		else if (*text == '>')
			buffer_text(out, "&gt;");
		else if (*text == '&')
			buffer_text(out, "&amp;");
		else if (*text == '"')
			buffer_text(out, "&quot;");
		else if (*text == '\'')
			buffer_text(out, "&apos;");
		else
			buffer_text(out, "&#13;");
	}
}

static void new_line(struct writer *writer, unsigned depth)
{
	if (writer->style & STYLE_PRETTY)
		buffer_format(writer->out, "\r\n%*s", (int)depth * 2, "");
	if (writer->style & STYLE_COMMENTS)
		buffer_text(writer->out, "<!-- a comment with <Value>1</Value> & more --><?target data?>");
}

static void write_header(struct buffer *out, const struct envelope *envelope, const struct prefixes *p)
{
	const char *soap = *p->soap ? p->soap : "s:";
	char declaration[160] = "";

	if (!*p->cwmp)
		snprintf(declaration, sizeof(declaration), " xmlns=\"%s\"", envelope->cwmp_namespace);
	buffer_format(out, "<%sHeader>", p->soap);
	if (envelope->id) {
		buffer_format(out, "<%sID%s %smustUnderstand=\"1\">", p->cwmp, declaration, soap);
		escape(out, envelope->id);
		buffer_format(out, "</%sID>", p->cwmp);
	}
	if (envelope->hold_requests)
		buffer_format(out, "<%sHoldRequests%s %smustUnderstand=\"1\">1</%sHoldRequests>", p->cwmp, declaration,
			      soap, p->cwmp);
	if (envelope->use_version) {
		buffer_format(out, "<%sUseCWMPVersion%s %smustUnderstand=\"1\">", p->cwmp, declaration, soap);
		escape(out, envelope->use_version);
		buffer_format(out, "</%sUseCWMPVersion>", p->cwmp);
	}
	if (envelope->unknown_header >= 0)
		buffer_format(out,
			      "<v:Tracking xmlns:v=\"urn:example:tracking\" %smustUnderstand=\"%d\">7</v:Tracking>",
			      soap, envelope->unknown_header);
	buffer_format(out, "</%sHeader>", p->soap);
}

static void open_envelope(struct buffer *out, const struct envelope *envelope)
{
	const struct prefixes *p = prefixes_of(envelope->style);

	if (envelope->style & STYLE_BYTE_ORDER_MARK)
		buffer_text(out, "\xef\xbb\xbf");
	if (envelope->style & STYLE_XML_DECLARATION)
		buffer_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n");
	buffer_format(out, "<%sEnvelope", p->soap);
	if (!*p->soap)
		buffer_text(out, " xmlns=\"http://schemas.xmlsoap.org/soap/envelope/\"");
	declare(out, *p->soap ? p->soap : "s:", "http://schemas.xmlsoap.org/soap/envelope/");
	declare(out, p->encoding, "http://schemas.xmlsoap.org/soap/encoding/");
	declare(out, p->schema, "http://www.w3.org/2001/XMLSchema");
	declare(out, p->instance, "http://www.w3.org/2001/XMLSchema-instance");
	declare(out, *p->cwmp ? p->cwmp : "c:", envelope->cwmp_namespace);
	buffer_text(out, ">");
	if (!(envelope->style & STYLE_NO_HEADER))
		write_header(out, envelope, p);
	buffer_format(out, "<%sBody>", p->soap);
}

static void close_envelope(struct buffer *out, unsigned style)
{
	const struct prefixes *p = prefixes_of(style);

	buffer_format(out, "</%sBody></%sEnvelope>", p->soap, p->soap);
	if (style & STYLE_PRETTY)
		buffer_text(out, "\r\n");
}

void envelope_begin(struct writer *writer, struct buffer *out, const struct envelope *envelope, const char *method)
{
	*writer = (struct writer){.out = out, .style = envelope->style, .method = method};
	open_envelope(out, envelope);
	new_line(writer, 1);
	buffer_format(out, "<%s%s", prefixes_of(writer->style)->cwmp, method);
	if (writer->style & STYLE_DEFAULT_NAMESPACE)
		buffer_format(out, " xmlns=\"%s\"", envelope->cwmp_namespace);
	buffer_text(out, ">");
}

void envelope_end(struct writer *writer)
{
	// an empty method must stay without even blanks
	if (writer->has_children)
		new_line(writer, 1);
	buffer_format(writer->out, "</%s%s>", prefixes_of(writer->style)->cwmp, writer->method);
	close_envelope(writer->out, writer->style);
}

static const char *child_prefix(const struct writer *writer)
{
	return writer->style & STYLE_QUALIFIED ? prefixes_of(writer->style)->cwmp : "";
}

static void start_tag(struct writer *writer, const char *name)
{
	bool in_default = (writer->style & STYLE_DEFAULT_NAMESPACE) && !(writer->style & STYLE_QUALIFIED);

	writer->has_children = true;
	new_line(writer, writer->depth + 2);
	buffer_format(writer->out, "<%s%s%s", child_prefix(writer), name,
		      in_default && !writer->depth ? " xmlns=\"\"" : "");
}

void write_open(struct writer *writer, const char *name)
{
	start_tag(writer, name);
	buffer_text(writer->out, ">");
	writer->depth++;
}

void write_open_struct(struct writer *writer, const char *name, const char *type)
{
	const struct prefixes *p = prefixes_of(writer->style);

	start_tag(writer, name);
	buffer_format(writer->out, " %stype=\"%s%s\">", p->instance, *p->cwmp ? p->cwmp : "c:", type);
	writer->depth++;
}

void write_close(struct writer *writer, const char *name)
{
	writer->depth--;
	new_line(writer, writer->depth + 2);
	buffer_format(writer->out, "</%s%s>", child_prefix(writer), name);
}

void write_array_open(struct writer *writer, const char *name, const char *member, size_t count)
{
	const struct prefixes *p = prefixes_of(writer->style);
	const char *local = strchr(member, ':') + 1;
	const char *prefix = p->schema;

	// a QName in an attribute value needs a prefix where the default namespace is another one
	if (!strncmp(member, "cwmp:", 5))
		prefix = *p->cwmp ? p->cwmp : "c:";
	start_tag(writer, name);
	if (writer->style & STYLE_ARRAY_XSI_TYPE)
		buffer_format(writer->out, " %stype=\"%sArray\"", p->instance, p->encoding);
	if (writer->style & STYLE_WRONG_ARRAY_COUNT)
		buffer_format(writer->out, " %sarrayType=\"%s%s[%04zu]\"", p->encoding, prefix, local, count + 7);
	else if (!(writer->style & STYLE_NO_ARRAY_TYPE))
		buffer_format(writer->out, " %sarrayType=\"%s%s[%zu]\"", p->encoding, prefix, local, count);
	buffer_text(writer->out, ">");
	writer->depth++;
}

void write_typed(struct writer *writer, const char *name, const char *type, const char *text)
{
	const struct prefixes *p = prefixes_of(writer->style);

	start_tag(writer, name);
	if (type) {
		// base64 is a type of SOAP encoding, all others are of XML Schema
		buffer_format(writer->out, " %stype=\"%s%s\"", p->instance,
			      !strcmp(type, "base64") ? p->encoding : p->schema, type);
	}
	buffer_text(writer->out, ">");
	if (writer->style & STYLE_CDATA && !strstr(text, "]]>"))
		buffer_format(writer->out, "<![CDATA[%s]]>", text);
	else
		escape(writer->out, text);
	buffer_format(writer->out, "</%s%s>", child_prefix(writer), name);
}

void write_element(struct writer *writer, const char *name, const char *text)
{
	write_typed(writer, name, NULL, text);
}

void write_fault(struct buffer *out, const struct envelope *envelope, int code, const char *text)
{
	const struct prefixes *p = prefixes_of(envelope->style);
	const char *empty = *p->soap ? "" : " xmlns=\"\"";
	const char *soap = *p->soap ? p->soap : "s:";

	open_envelope(out, envelope);
	buffer_format(out,
		      "<%sFault><faultcode%s>%sServer</faultcode><faultstring%s>CWMP fault</faultstring><detail%s>",
		      p->soap, empty, soap, empty, empty);
	buffer_format(out, "<%sFault", p->cwmp);
	if (!*p->cwmp)
		buffer_format(out, " xmlns=\"%s\"", envelope->cwmp_namespace);
	buffer_format(out, "><FaultCode%s>%d</FaultCode><FaultString%s>", empty, code, empty);
	escape(out, text);
	buffer_format(out, "</FaultString></%sFault></detail></%sFault>", p->cwmp, p->soap);
	close_envelope(out, envelope->style);
}
