// SPDX-License-Identifier: GPL-2.0-or-later
// Builds the bytes of an HTTP response, correct or as its plan wants it.

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "tests/acs/http.h"
#include "tests/acs/output.h"
#include "tests/acs/record.h"
#include "tests/acs/response.h"

#define SOAP_START "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Header/><e:Body>"
#define SOAP_END   "</e:Body></e:Envelope>"

enum { CHUNK_SIZE = 1000 };

static void garbage(struct buffer *body, size_t size)
{
	buffer_reserve(body, size);
	for (size_t done = 0; done < size;) {
		ssize_t got = getrandom(body->data + done, size - done, 0);

		if (got < 0)
			abort();
		done += (size_t)got;
	}
	body->length = size;
	body->data[size] = '\0';
}

static void dtd_bomb(struct buffer *body)
{
	buffer_text(body, "<?xml version=\"1.0\"?>\n<!DOCTYPE bomb [\n<!ENTITY a0 \"bomb\">\n");
	for (int i = 1; i < 10; i++)
		buffer_format(body, "<!ENTITY a%d \"&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;\">\n", i, i - 1,
			      i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	buffer_text(body, "]>\n" SOAP_START "<b>&a9;</b>" SOAP_END);
}

static void deep(struct buffer *body, size_t depth)
{
	buffer_text(body, SOAP_START);
	for (size_t i = 0; i < depth; i++)
		buffer_text(body, "<d>");
	for (size_t i = 0; i < depth; i++)
		buffer_text(body, "</d>");
	buffer_text(body, SOAP_END);
}

static void large(struct buffer *body, size_t size)
{
	buffer_text(body, SOAP_START "<c:SetParameterValues xmlns:c=\"urn:dslforum-org:cwmp-1-2\"><ParameterList>"
				     "<ParameterValueStruct><Name>Device.DeviceInfo.ProvisioningCode</Name><Value>");
	buffer_reserve(body, size);
	memset(body->data + body->length, 'x', size);
	body->length += size;
	buffer_text(body,
		    "</Value></ParameterValueStruct></ParameterList><ParameterKey/></c:SetParameterValues>" SOAP_END);
}

/* Makes the body that is sent. */
static void make_body(struct buffer *result, const struct plan *plan, const struct buffer *own)
{
	size_t length = own ? own->length : 0;

	switch (plan->body) {
	case BODY_OWN:
		buffer_append(result, own ? own->data : "", length);
		break;
	case BODY_TRUNCATED:
		buffer_append(result, own ? own->data : "", length > plan->body_size ? length - plan->body_size : 0);
		break;
	case BODY_GARBAGE:
		garbage(result, plan->body_size);
		break;
	case BODY_DTD_BOMB:
		dtd_bomb(result);
		break;
	case BODY_DEEP:
		deep(result, plan->body_size);
		break;
	case BODY_LARGE:
		large(result, plan->body_size);
		break;
	case BODY_TEXT:
		buffer_text(result, plan->body_text);
		break;
	}
}

static void append_chunked(struct buffer *out, const struct buffer *body, bool odd)
{
	size_t size = odd ? 1 : CHUNK_SIZE;

	for (size_t at = 0; at < body->length; at += size) {
		if (odd)
			size = at % 9 + 1;
		if (size > body->length - at)
			size = body->length - at;
		buffer_format(out, odd ? "%04zX;name=\"a;b\";other\r\n" : "%zx\r\n", size);
		buffer_append(out, body->data + at, size);
		buffer_text(out, "\r\n");
	}
	buffer_text(out, odd ? "000;last\r\nX-Trailer: 1\r\nSet-Cookie: trailer=1\r\n\r\n" : "0\r\n\r\n");
}

static void append_head(struct buffer *out, const struct plan *plan, int status, const struct buffer *headers,
			const struct buffer *body)
{
	buffer_format(out, "HTTP/1.1 %d %s\r\nServer: espalier-acs\r\n", status, http_reason(status));
	if (body->length && !plan->no_content_type)
		buffer_format(out, "Content-Type: %s\r\n",
			      plan->content_type ? plan->content_type : "text/xml; charset=utf-8");
	if (body->length && plan->coding)
		buffer_format(out, "Content-Encoding: %s\r\n", coding_name(plan->coding));
	if (headers)
		buffer_append(out, buffer_string(headers), headers->length);
	buffer_append(out, buffer_string(&plan->headers), plan->headers.length);
	if (plan->connection_close)
		buffer_text(out, "Connection: close\r\n");
	if (plan->chunked && status != 204)
		buffer_text(out, "Transfer-Encoding: chunked\r\n");
	else if (status != 204 && !plan->no_length)
		buffer_format(out, "Content-Length: %lld\r\n",
			      (long long)body->length + plan->length_change > 0
				      ? (long long)body->length + (long long)plan->length_change
				      : 0);
	buffer_text(out, "\r\n");
}

bool response_build(struct buffer *out, const struct plan *plan, unsigned connection, int status,
		    const struct buffer *headers, const struct buffer *own)
{
	struct buffer body = {0}, coded = {0}, head = {0};
	const struct buffer *sent = &body;
	struct record record;

	make_body(&body, plan, own);
	if (status == 204 && body.length)
		status = 200;
	if (plan->coding && body.length) {
		compress_body(&coded, &body, plan->coding);
		sent = &coded;
	}
	append_head(&head, plan, status, headers, sent);
	record_begin(&record, false, connection, head.data, head.length);
	record.bad = plan->bad;
	record_body(&record, buffer_string(&body), body.length);
	record_end(&record, true);
	if (output_options.heads)
		print_raw(head.data, head.length);
	if (output_options.xml && body.length) {
		print_raw(body.data, body.length);
		print_raw("\n", 1);
	}
	if (plan->interim)
		buffer_text(out, plan->interim);
	buffer_append(out, head.data, head.length);
	if (plan->chunked && status != 204)
		append_chunked(out, sent, plan->chunk_odd);
	else
		buffer_append(out, buffer_string(sent), sent->length);
	buffer_free(&body);
	buffer_free(&coded);
	buffer_free(&head);
	if (plan->hang_up_at < 0 || (uint64_t)plan->hang_up_at > out->length)
		return plan->connection_close || plan->silent_close || plan->reset || plan->hang_up_at >= 0;
	out->length = (size_t)plan->hang_up_at;
	return true;
}
