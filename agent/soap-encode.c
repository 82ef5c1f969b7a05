/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Envelope and header of outgoing messages, and the bodies that need nothing of the tree. */
#include "agent/soap-encode.h"

#include <assert.h>

enum phase {
	PHASE_HEAD,
	PHASE_BODY,
	PHASE_TAIL,
};

/* ---- Envelope ----------------------------------------------------------------------------------------------- */

void soap_encoder_init(struct soap_encoder *encoder, struct tree *tree)
{
	*encoder = (struct soap_encoder){.tree = tree};
	soap_writer_init(&encoder->writer);
}

void soap_encoder_exit(struct soap_encoder *encoder)
{
	soap_encoder_end(encoder);
	soap_writer_exit(&encoder->writer);
}

void soap_encoder_start(struct soap_encoder *encoder, const struct soap_envelope *envelope, struct soap_body *body)
{
	soap_encoder_end(encoder);
	encoder->envelope = *envelope;
	encoder->body = body;
	encoder->started = true;
	if (encoder->tree)
		tree_hold(encoder->tree);
	soap_encoder_rewind(encoder);
}

void soap_encoder_end(struct soap_encoder *encoder)
{
	if (!encoder->started)
		return;
	encoder->started = false;
	encoder->body = NULL;
	soap_writer_reset(&encoder->writer);
	if (encoder->tree)
		tree_release(encoder->tree);
}

int soap_encoder_rewind(void *context)
{
	struct soap_encoder *encoder = context;

	soap_writer_reset(&encoder->writer);
	encoder->phase = PHASE_HEAD;
	if (encoder->body && encoder->body->rewind)
		encoder->body->rewind(encoder->body);
	return 0;
}

/* A version that the agent does not speak can only come from a mistake of ours. */
static char version_digit(enum soap_namespace namespace)
{
	switch (namespace) {
	case SOAP_NAMESPACE_CWMP_1_0:
		return '0';
	case SOAP_NAMESPACE_CWMP_1_1:
		return '1';
	case SOAP_NAMESPACE_CWMP_1_3:
		return '3';
	case SOAP_NAMESPACE_CWMP_1_4:
		return '4';
	case SOAP_NAMESPACE_CWMP_1_2:
	case SOAP_NAMESPACE_NONE:
	case SOAP_NAMESPACE_OTHER:
	case SOAP_NAMESPACE_ENVELOPE:
	case SOAP_NAMESPACE_ENCODING:
	case SOAP_NAMESPACE_XSD:
	case SOAP_NAMESPACE_XSI:
		break;
	}
	return '2';
}

static void write_head(struct soap_encoder *encoder, struct soap_writer *writer)
{
	const struct soap_envelope *envelope = &encoder->envelope;
	char version = version_digit(envelope->namespace);

	soap_write_literal(writer, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
				   "<soap-env:Envelope xmlns:soap-env=\"http://schemas.xmlsoap.org/soap/envelope/\""
				   " xmlns:soap-enc=\"http://schemas.xmlsoap.org/soap/encoding/\""
				   " xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\""
				   " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
				   " xmlns:cwmp=\"urn:dslforum-org:cwmp-1-");
	soap_write(writer, &version, 1);
	soap_write_literal(writer, "\">");
	if (envelope->id || envelope->supported_versions || envelope->session_timeout)
		soap_open(writer, "soap-env:Header");
	if (envelope->id) {
		soap_write_literal(writer, "<cwmp:ID soap-env:mustUnderstand=\"1\">");
		soap_write_text(writer, envelope->id, envelope->id_length);
		soap_close(writer, "cwmp:ID");
	}
	if (envelope->session_timeout) {
		soap_write_literal(writer, "<cwmp:SessionTimeout soap-env:mustUnderstand=\"0\">");
		soap_write_unsigned(writer, envelope->session_timeout);
		soap_close(writer, "cwmp:SessionTimeout");
	}
	if (envelope->supported_versions) {
		soap_write_literal(writer, "<cwmp:SupportedCWMPVersions soap-env:mustUnderstand=\"0\">");
		soap_write_text(writer, envelope->supported_versions, strlen(envelope->supported_versions));
		soap_close(writer, "cwmp:SupportedCWMPVersions");
	}
	if (envelope->id || envelope->supported_versions || envelope->session_timeout)
		soap_close(writer, "soap-env:Header");
	soap_open(writer, "soap-env:Body");
}

static int write_part(struct soap_writer *writer, void *context)
{
	struct soap_encoder *encoder = context;
	int result;

	switch ((enum phase)encoder->phase) {
	case PHASE_HEAD:
		write_head(encoder, writer);
		encoder->phase = PHASE_BODY;
		return 1;
	case PHASE_BODY:
		result = encoder->body->next(encoder->body, writer);
		if (result)
			return result;
		encoder->phase = PHASE_TAIL;
		return 1;
	case PHASE_TAIL:
		break;
	}
	soap_write_literal(writer, "</soap-env:Body></soap-env:Envelope>\n");
	return 0;
}

ssize_t soap_encoder_produce(void *context, char *buffer, size_t size)
{
	struct soap_encoder *encoder = context;

	if (!encoder->body)
		return 0;
	return soap_writer_piece(&encoder->writer, buffer, size, write_part, encoder);
}

/* ---- Fault -------------------------------------------------------------------------------------------------- */

/* The agent's fault codes, and who is to blame for them (TR-069 A.5.1; R-37). */
static const struct {
	unsigned int code;
	bool client;
	const char *text;
} faults[] = {
	{9000, false, "Method not supported"},
	{9001, false, "Request denied"},
	{9002, false, "Internal error"},
	{9003, true, "Invalid arguments"},
	{9004, false, "Resources exceeded"},
	{9005, true, "Invalid parameter name"},
	{9006, true, "Invalid parameter type"},
	{9007, true, "Invalid parameter value"},
	{9008, true, "Attempt to set a non-writable parameter"},
	{9009, false, "Notification request rejected"},
	{9010, false, "File transfer failure"},
	{9011, false, "Upload failure"},
	{9012, false, "File transfer server authentication failure"},
	{9013, false, "Unsupported protocol for file transfer"},
	{9014, false, "File transfer failure: unable to join multicast group"},
	{9015, false, "File transfer failure: unable to contact file server"},
	{9016, false, "File transfer failure: unable to access file"},
	{9017, false, "File transfer failure: unable to complete download"},
	{9018, false, "File transfer failure: file corrupted"},
	{9019, false, "File transfer failure: file authentication failure"},
	{9020, false, "File transfer failure: unable to complete download within specified time windows"},
	{9021, true, "Cancelation of file transfer not permitted in current transfer state"},
	{9022, false, "Invalid UUID format"},
	{9023, false, "Unknown execution environment"},
	{9024, false, "Disabled execution environment"},
	{9025, false, "Deployment unit to execution environment mismatch"},
	{9026, false, "Duplicate deployment unit"},
	{9027, false, "System resources exceeded"},
	{9028, false, "Unknown deployment unit"},
	{9029, false, "Invalid deployment unit state"},
	{9030, false, "Invalid deployment unit update: downgrade not permitted"},
	{9031, false, "Invalid deployment unit update: version not specified"},
	{9032, false, "Invalid deployment unit update: version already exists"},
};

static size_t fault_index(unsigned int code)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		if (faults[i].code == code)
			return i;
	}
	return sizeof(faults) / sizeof(faults[0]);
}

const char *soap_fault_text(unsigned int code)
{
	size_t index = fault_index(code);

	return index < sizeof(faults) / sizeof(faults[0]) ? faults[index].text : "Vendor-defined fault";
}

static void write_fault_head(const struct soap_fault_body *fault, struct soap_writer *writer)
{
	size_t index = fault_index(fault->code);
	bool client = index < sizeof(faults) / sizeof(faults[0]) && faults[index].client;

	soap_open(writer, "soap-env:Fault");
	soap_element_string(writer, "faultcode",
			    !fault->code ? "soap-env:MustUnderstand"
			    : client	 ? "soap-env:Client"
					 : "soap-env:Server");
	soap_element_string(writer, "faultstring", "CWMP fault");
	/* SOAP 1.1, section 4.4: a fault about the header has no detail. */
	if (!fault->code)
		return;
	soap_open(writer, "detail");
	soap_open(writer, "cwmp:Fault");
	soap_element_unsigned(writer, "FaultCode", fault->code);
	soap_element_string(writer, "FaultString", fault->text ? fault->text : soap_fault_text(fault->code));
}

static int fault_next(struct soap_body *body, struct soap_writer *writer)
{
	struct soap_fault_body *fault = (struct soap_fault_body *)body;

	if (!fault->begun) {
		write_fault_head(fault, writer);
		fault->begun = true;
		return 1;
	}
	if (fault->position < fault->count) {
		const struct soap_fault_entry *entry = &fault->entries[fault->position++];

		soap_open(writer, "SetParameterValuesFault");
		soap_element_text(writer, "ParameterName", entry->path, entry->path_length);
		soap_element_unsigned(writer, "FaultCode", entry->code);
		soap_element_string(writer, "FaultString", entry->text ? entry->text : soap_fault_text(entry->code));
		soap_close(writer, "SetParameterValuesFault");
		return 1;
	}
	if (fault->code) {
		soap_close(writer, "cwmp:Fault");
		soap_close(writer, "detail");
	}
	soap_close(writer, "soap-env:Fault");
	return 0;
}

static void fault_rewind(struct soap_body *body)
{
	struct soap_fault_body *fault = (struct soap_fault_body *)body;

	fault->begun = false;
	fault->position = 0;
}

void soap_fault_init(struct soap_fault_body *fault, unsigned int code, const char *text,
		     const struct soap_fault_entry *entries, size_t count)
{
	*fault = (struct soap_fault_body){
		.body = {.next = fault_next, .rewind = fault_rewind},
		.code = code,
		.text = text,
		.entries = entries,
		.count = count,
	};
}

void soap_fault_init_must_understand(struct soap_fault_body *fault)
{
	soap_fault_init(fault, 0, NULL, NULL, 0);
}

/* ---- Inform ------------------------------------------------------------------------------------------------- */

static void write_inform_head(const struct soap_inform_body *inform, struct soap_writer *writer)
{
	soap_open(writer, "cwmp:Inform");
	soap_open(writer, "DeviceId");
	soap_element_string(writer, "Manufacturer", inform->device_id->manufacturer);
	soap_element_string(writer, "OUI", inform->device_id->oui);
	soap_element_string(writer, "ProductClass", inform->device_id->product_class);
	soap_element_string(writer, "SerialNumber", inform->device_id->serial_number);
	soap_close(writer, "DeviceId");
	soap_open_array(writer, "Event", "cwmp:EventStruct", inform->event_count);
	for (size_t i = 0; i < inform->event_count; i++) {
		soap_open(writer, "EventStruct");
		soap_element_string(writer, "EventCode", inform->events[i].code);
		soap_element_string(writer, "CommandKey", inform->events[i].command_key);
		soap_close(writer, "EventStruct");
	}
	soap_close(writer, "Event");
	soap_element_unsigned(writer, "MaxEnvelopes", 1);
	soap_element_time(writer, "CurrentTime", inform->time);
	soap_element_unsigned(writer, "RetryCount", inform->retry_count);
}

static int inform_next(struct soap_body *body, struct soap_writer *writer)
{
	struct soap_inform_body *inform = (struct soap_inform_body *)body;
	int result;

	if (!inform->begun) {
		write_inform_head(inform, writer);
		inform->begun = true;
		return 1;
	}
	result = inform->values.body.next(&inform->values.body, writer);
	if (!result)
		soap_close(writer, "cwmp:Inform");
	return result;
}

static void inform_rewind(struct soap_body *body)
{
	struct soap_inform_body *inform = (struct soap_inform_body *)body;

	inform->begun = false;
	inform->values.body.rewind(&inform->values.body);
}

void soap_inform_init(struct soap_inform_body *inform, const struct soap_device_id *device_id,
		      const struct soap_event *events, size_t event_count, int64_t time, uint32_t retry_count,
		      struct tree *tree, const struct tree_reference *references, size_t count)
{
	assert(event_count <= SOAP_EVENTS_MAXIMUM);
	*inform = (struct soap_inform_body){
		.body = {.next = inform_next, .rewind = inform_rewind},
		.device_id = device_id,
		.events = events,
		.event_count = event_count,
		.time = time,
		.retry_count = retry_count,
	};
	soap_values_init(&inform->values, tree, references, count);
	inform->values.inform = true;
}

/* ---- Short responses ---------------------------------------------------------------------------------------- */

static int methods_next(struct soap_body *body, struct soap_writer *writer)
{
	const struct soap_methods_body *list = (const struct soap_methods_body *)body;

	soap_open(writer, "cwmp:GetRPCMethodsResponse");
	soap_open_array(writer, "MethodList", "xsd:string", list->count);
	for (size_t i = 0; i < list->count; i++)
		soap_element_string(writer, "string", list->names[i]);
	soap_close(writer, "MethodList");
	soap_close(writer, "cwmp:GetRPCMethodsResponse");
	return 0;
}

void soap_methods_init(struct soap_methods_body *list, const char *const *names, size_t count)
{
	*list = (struct soap_methods_body){.body = {.next = methods_next}, .names = names, .count = count};
}

static void write_method_tag(struct soap_writer *writer, const char *begin, const char *name)
{
	soap_write(writer, begin, strlen(begin));
	soap_write(writer, name, strlen(name));
	soap_write_literal(writer, ">");
}

static int status_next(struct soap_body *body, struct soap_writer *writer)
{
	const struct soap_status_body *response = (const struct soap_status_body *)body;

	write_method_tag(writer, "<cwmp:", response->name);
	if (response->status >= 0)
		soap_element_signed(writer, "Status", response->status);
	write_method_tag(writer, "</cwmp:", response->name);
	return 0;
}

void soap_status_init(struct soap_status_body *response, const char *name, int status)
{
	*response = (struct soap_status_body){.body = {.next = status_next}, .name = name, .status = status};
}

static int call_next(struct soap_body *body, struct soap_writer *writer)
{
	const struct soap_call_body *call = (const struct soap_call_body *)body;

	write_method_tag(writer, "<cwmp:", call->name);
	if (call->write)
		call->write(writer, call->context);
	write_method_tag(writer, "</cwmp:", call->name);
	return 0;
}

void soap_call_init(struct soap_call_body *call, const char *name,
		    void (*write)(struct soap_writer *writer, const void *context), const void *context)
{
	*call = (struct soap_call_body){.body = {.next = call_next}, .name = name, .write = write, .context = context};
}

void soap_write_fault_struct(struct soap_writer *writer, const char *name, unsigned int code, const char *text)
{
	soap_open(writer, name);
	soap_element_unsigned(writer, "FaultCode", code);
	soap_element_string(writer, "FaultString", text || !code ? text : soap_fault_text(code));
	soap_close(writer, name);
}
