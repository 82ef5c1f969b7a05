// SPDX-License-Identifier: GPL-2.0-or-later
// Binds the session's state machine to the HTTP client, the decoder and the methods.
#include "agent/session-run.h"

#include "agent/acs-request.h"
#include "agent/agent.h"
#include "agent/http-client.h"
#include "agent/rpc.h"
#include "agent/session-inform.h"
#include "agent/session.h"
#include "agent/soap-decode.h"
#include "shm/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define REJECTED_BEFORE_FALLBACK 2 // Informs refused with 400 before one is tried in CWMP 1.0
#define FAULT_RETRY		 8005
#define FAULT_VERSION		 8006

// SessionTimeout of Inform: how long an ACS may have to wait for an answer, in seconds. The longest that one takes is
// TRANSACTION_TIMEOUT for each of the three steps of a set, or VENDOR_METHOD_TIME.
#define SESSION_TIMEOUT 60

struct session_run {
	struct agent *agent;
	struct session session;
	struct http_client http;
	struct http_body body;
	struct soap_decoder *decoder;
	struct soap_encoder encoder;
	struct rpc rpc;

	// What the session began with: settings may change while it runs
	char url[URL_LENGTH_MAX + 1];
	char username[AGENT_SECRET_SIZE], password[AGENT_SECRET_SIZE];

	enum cwmp_version version;
	enum soap_namespace namespace; // of what is sent: that of the version, or as the ACS has it
	uint64_t first_id;	       // of the Inform; each own request has the next one
	char id[24];
	struct soap_envelope header;
	struct session_inform inform;
	struct soap_call_body call; // an own request

	bool confirming; // the answer to an own request is being made durable
	unsigned stale;	 // the same of sessions that have ended meanwhile

	const struct soap_message *message; // that came last
	unsigned fault_code;		    // of it, or 0
	enum event_session kind;
	uint32_t failures[EVENT_SESSIONS];   // sessions of that kind in a row
	unsigned rejected;		     // Informs in a row that the ACS refused as a whole (400, 8006)
	uint32_t retry_after;		     // seconds, of this session
	unsigned holds;			     // commits that the Inform waits for
	char reason[HTTP_FAILURE_TEXT_SIZE]; // why the session fails
};

static void handle(struct session_run *run, enum session_event event);

static void __attribute__((format(printf, 2, 3))) because(struct session_run *run, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(run->reason, sizeof(run->reason), format, arguments);
	va_end(arguments);
}

static void broken(struct session_run *run)
{
	handle(run, SESSION_BROKEN);
}

static void post(struct session_run *run, bool with_body)
{
	int error = http_client_post(&run->http, with_body ? &run->body : NULL);

	if (!error)
		return;
	because(run, "no request can be sent: %s", strerror(-error));
	broken(run);
}

// ---- Inform

static void make_inform(struct session_run *run)
{
	struct agent *agent = run->agent;

	run->header = (struct soap_envelope){.namespace = run->namespace, .id = run->id, .id_length = strlen(run->id)};
	if (run->version == CWMP_1_4) {
		run->header.supported_versions = CWMP_VERSIONS;
		run->header.session_timeout = SESSION_TIMEOUT;
	}
	session_inform_make(&run->inform, agent, run->failures[run->kind]);
	soap_encoder_start(&run->encoder, &run->header, &run->inform.body.body);
	acs_requests_inform(&agent->acs_requests, &agent->events);
}

static void changes_stored(int error, void *context)
{
	struct session_run *run = context;

	if (error)
		log_warning("changed values are told without a record of them: %s", strerror(-error));
	if (!--run->holds)
		http_client_go_on(&run->http);
}

// That a value has changed must be durable before the ACS is told: after a kill it would else not be told that the
// value has changed back. Returns whether the Inform has to wait for that.
static bool hold(struct session_run *run)
{
	struct store_transaction *transaction;

	if (store_idle(run->agent->store))
		return false;
	transaction = store_begin(run->agent->store);
	if (!transaction)
		return false;
	run->holds++;
	// An empty one is done too: behind all that was given to the store before.
	store_commit(transaction, changes_stored, run);
	return true;
}

// The connection stands, so the address by which the ACS can reach the device is known: the Inform is made now, not
// before.
static int connected(void *context)
{
	struct session_run *run = context;
	struct agent *agent = run->agent;
	union transport_address local, peer;
	size_t left;
	int changed;

	rediscovery_reached(&agent->rediscovery);
	if (!http_client_local_address(&run->http, &local) && !http_client_peer_address(&run->http, &peer))
		listener_reached(&agent->listener, &local, &peer);
	if (run->session.state != SESSION_INFORM || run->encoder.body)
		return 0;
	own_refresh(&agent->own, session_inform_live(agent) & ~(unsigned)OWN_LIVE_PROCESSES);
	agent_look(agent);
	if (events_has(&agent->events, EVENT_BOOTSTRAP)) {
		// A new ACS knows nothing: all values are as it will find them.
		struct store_transaction *transaction = store_begin(agent->store);

		if (transaction)
			notify_report_all(&agent->notify, transaction);
		agent_commit(transaction);
	}
	// The event goes with its values: those of an owner that is away raise it once more when it is back.
	if (!notify_changed(&agent->notify) && agent->events.count > 1)
		events_drop(&agent->events, EVENT_VALUE_CHANGE);
	left = events_inform(&agent->events, run->kind, run->version);
	changed = session_inform_collect(&run->inform, agent, run->kind, run->version);
	if (changed < 0)
		return changed;
	make_inform(run);
	if (run->kind == EVENT_SESSION_HEARTBEAT) {
		agent->heartbeat.wanted = false;
		return 0;
	}
	// All that waits is on its way; with more than one Inform can carry, another session follows.
	agent->wanted = left > 0;
	agent->notify_wanted = false;
	return changed && hold(run) ? HTTP_HOLD : 0;
}

static enum http_compression compression(const char *setting)
{
	if (!strcmp(setting, "GZIP"))
		return HTTP_COMPRESSION_GZIP;
	return strcmp(setting, "Deflate") ? HTTP_COMPRESSION_DISABLED : HTTP_COMPRESSION_DEFLATE;
}

// The ID of the next request: no two of a session are the same.
static void new_id(struct session_run *run)
{
	snprintf(run->id, sizeof(run->id), "%016" PRIx64, run->first_id++);
}

static void send_inform(struct session_run *run)
{
	struct settings *settings = &run->agent->settings;
	int error;

	run->retry_after = 0;
	*run->reason = 0;
	snprintf(run->url, sizeof(run->url), "%s", settings_text(settings, SETTING_URL));
	snprintf(run->username, sizeof(run->username), "%s", settings_text(settings, SETTING_USERNAME));
	snprintf(run->password, sizeof(run->password), "%s", settings_text(settings, SETTING_PASSWORD));
	run->http.settings.user = run->username;
	run->http.settings.password = run->password;
	run->http.settings.basic_over_http = run->agent->configuration.basic_over_http;
	run->http.settings.all_redirects = run->agent->configuration.follow_all_redirects;
	run->http.settings.compression = compression(settings_text(settings, SETTING_HTTP_COMPRESSION));
	run->session.hold = false;
	getrandom(&run->first_id, sizeof(run->first_id), 0);
	new_id(run);
	run->version = CWMP_1_4;
	if (run->agent->configuration.version_fallback && run->rejected >= REJECTED_BEFORE_FALLBACK &&
	    run->rejected % 2 == 0)
		run->version = CWMP_1_0;
	run->namespace = cwmp_version_namespace(run->version);
	log_info("session with %.*s", (int)strcspn(run->url, "?"), run->url);
	error = http_client_begin(&run->http, run->url);
	if (error) {
		because(run, "the URL of the ACS is not valid");
		broken(run);
		return;
	}
	post(run, true);
}

// ---- Own requests

static void write_request(struct soap_writer *writer, const void *context)
{
	const struct acs_request *request = context;

	if (request->kind->write)
		request->kind->write(request, writer);
}

static void send_request(struct session_run *run)
{
	struct acs_request *request = acs_requests_next(&run->agent->acs_requests, run->namespace);

	run->agent->acs_request = request;
	log_info("calls %s", request->kind->name);
	new_id(run);
	run->header = (struct soap_envelope){.namespace = run->namespace, .id = run->id, .id_length = strlen(run->id)};
	soap_call_init(&run->call, request->kind->name, write_request, request);
	soap_encoder_start(&run->encoder, &run->header, &run->call.body);
	post(run, true);
}

// The request is off the way before its module hears of it.
static struct acs_request *end_request(struct session_run *run)
{
	struct acs_request *request = run->agent->acs_request;

	run->agent->acs_request = NULL;
	soap_encoder_end(&run->encoder);
	return request;
}

static void confirmed(int error, void *context)
{
	struct session_run *run = context;

	(void)error;
	if (run->stale) {
		run->stale--;
		return;
	}
	run->confirming = false;
	handle(run, SESSION_GO_ON);
}

// An ACS that has seen the session go on is never told the same again, whenever the device dies: what the
// answer has changed is on the disk first.
static void confirm_request(struct session_run *run)
{
	struct store_transaction *barrier;

	acs_request_answered(end_request(run), run->message->request);
	barrier = store_begin(run->agent->store);
	if (!barrier) {
		handle(run, SESSION_GO_ON);
		return;
	}
	run->confirming = true;
	store_commit(barrier, confirmed, run);
}

// ---- The bytes of a message

static ssize_t produce(void *context, char *buffer, size_t size)
{
	struct session_run *run = context;

	return soap_encoder_produce(&run->encoder, buffer, size);
}

static int rewind_message(void *context)
{
	struct session_run *run = context;

	return soap_encoder_rewind(&run->encoder);
}

static int received(void *context, const char *data, size_t length)
{
	struct session_run *run = context;

	return soap_decoder_feed(run->decoder, data, length);
}

// ---- What came

static enum session_event take_response(struct session_run *run, const struct soap_message *message)
{
	const struct acs_request *request = run->agent->acs_request;

	if (message->method != (request ? request->kind->response : &soap_method_inform_response)) {
		because(run, "%.*s was not expected", (int)message->method_name.length, message->method_name.data);
		return SESSION_BROKEN;
	}
	if (message->must_understand) {
		because(run, "the %s has a header %.*s, which is not understood", message->method->name,
			(int)message->not_understood.length, message->not_understood.data);
		return SESSION_BROKEN;
	}
	if (message->id.data && strcmp(message->id.data, run->id))
		log_info("the %s has the ID \"%s\" instead of \"%s\"", message->method->name, message->id.data,
			 run->id);
	if (request)
		return SESSION_RESPONSE;
	if (message->use_cwmp_version.data) {
		int version = cwmp_version_of_text(message->use_cwmp_version.data);

		if (version < 0) {
			because(run, "the ACS wants CWMP version \"%s\"", message->use_cwmp_version.data);
			return SESSION_BROKEN;
		}
		run->version = (enum cwmp_version)version;
		run->namespace = cwmp_version_namespace(run->version);
	} else if (soap_namespace_is_cwmp(message->cwmp_namespace)) {
		run->version = cwmp_version_of_namespace(message->cwmp_namespace);
		run->namespace = message->cwmp_namespace;
	}
	return SESSION_RESPONSE;
}

static enum session_event take_fault(struct session_run *run, const struct soap_fault *fault)
{
	const char *text = fault->text.data ? fault->text.data : fault->faultstring.data ? fault->faultstring.data : "";

	log_notice("the ACS answers with fault %u: %s", fault->code, text);
	run->fault_code = fault->code;
	// In an answer to another request it is no reason for a failure.
	if (run->session.state == SESSION_INFORM)
		because(run, "fault %u of the ACS: %s", fault->code, text);
	if (fault->code == FAULT_VERSION && run->session.state == SESSION_INFORM)
		run->rejected = run->rejected % 2 ? run->rejected + 1 : run->rejected + REJECTED_BEFORE_FALLBACK;
	return fault->code == FAULT_RETRY ? SESSION_FAULT_RETRY : SESSION_FAULT;
}

static enum session_event take_message(struct session_run *run)
{
	const struct soap_message *message;
	int error = soap_decoder_finish(run->decoder, &message);

	run->message = NULL;
	run->fault_code = 0;
	if (error) {
		because(run, "the message can't be read: %s", soap_decoder_error(run->decoder));
		return SESSION_BROKEN;
	}
	run->message = message;
	if (message->kind != SOAP_MESSAGE_EMPTY)
		run->session.hold = message->hold_requests;
	switch (message->kind) {
	case SOAP_MESSAGE_EMPTY:
		return SESSION_NOTHING;
	case SOAP_MESSAGE_REQUEST:
		return SESSION_REQUEST;
	case SOAP_MESSAGE_RESPONSE:
		return take_response(run, message);
	case SOAP_MESSAGE_FAULT:
		return take_fault(run, &message->fault);
	}
	return SESSION_BROKEN;
}

static void explain(struct session_run *run, const struct http_result *result)
{
	const char *wrong = soap_decoder_error(run->decoder);

	if (result->failure == HTTP_FAILURE_RECEIVER && wrong && *wrong)
		because(run, "the message can't be read: %s", wrong);
	else
		because(run, "%s", result->reason);
}

// Whether no address of the ACS has accepted a connection.
static bool unreached(const struct http_result *result)
{
	return result->failure == HTTP_FAILURE_NAME_UNKNOWN || result->failure == HTTP_FAILURE_NAME_SERVICE ||
	       result->failure == HTTP_FAILURE_CONNECT || result->failure == HTTP_FAILURE_CONNECT_TIME;
}

static void exchanged(void *context, const struct http_result *result)
{
	struct session_run *run = context;
	enum session_event event;

	// The answer to the last request is sent.
	rpc_end(&run->rpc);
	if (result->error) {
		explain(run, result);
		if (unreached(result))
			rediscovery_unreached(&run->agent->rediscovery);
		run->retry_after = result->retry_after;
		if (run->session.state == SESSION_INFORM && result->status == 400)
			run->rejected++;
		soap_decoder_reset(run->decoder);
		broken(run);
		return;
	}
	if (result->empty) {
		soap_decoder_reset(run->decoder);
		event = SESSION_NOTHING;
		run->message = NULL;
		run->fault_code = 0;
	} else {
		event = take_message(run);
	}
	handle(run, event);
}

// ---- Requests

// What an answer may show of the values that change by themselves (enum own_live): only that is brought up to date.
static unsigned asks_for(const struct soap_message *message)
{
	unsigned parts = 0;

	if (message->method == &soap_method_get_parameter_values && message->request) {
		const struct get_parameter_values_request *request = message->request;

		for (size_t i = 0; i < request->parameter_names_count; i++)
			parts |= own_live(request->parameter_names[i].data, request->parameter_names[i].length);
	} else if (message->method == &soap_method_get_parameter_names && message->request) {
		const struct get_parameter_names_request *request = message->request;

		parts = own_live(request->parameter_path.data, request->parameter_path.length) & OWN_LIVE_PROCESSES;
	}
	return parts;
}

static void execute(struct session_run *run)
{
	log_info("request %.*s", (int)run->message->method_name.length, run->message->method_name.data);
	own_refresh(&run->agent->own, asks_for(run->message));
	agent_refresh_tree(run->agent);
	run->rpc.instance_alias = agent_instance_alias(run->agent);
	rpc_begin(&run->rpc, run->message, run->version, run->namespace);
}

static void answer_ready(struct rpc_call *call, void *context)
{
	if (call->fault_code)
		log_info("answered with fault %u: %s", call->fault_code,
			 *call->fault_text ? call->fault_text : soap_fault_text(call->fault_code));
	handle(context, SESSION_DONE);
}

// ---- The machine's actions

static void end(struct session_run *run)
{
	if (run->confirming)
		run->stale++;
	run->confirming = false;
	http_client_end(&run->http);
	rpc_end(&run->rpc);
	soap_encoder_end(&run->encoder);
	soap_decoder_reset(run->decoder);
	run->message = NULL;
	run->agent->acs_request = NULL;
}

static void handle(struct session_run *run, enum session_event event)
{
	enum session_state before = run->session.state;
	enum session_action action;

	run->session.waiting = acs_requests_next(&run->agent->acs_requests, run->namespace) != NULL;
	action = session_handle(&run->session, event);
	log_debug("%s, %s: %s", session_state_names[before], session_event_names[event],
		  session_state_names[run->session.state]);
	switch (action) {
	case SESSION_DO_NOTHING:
		break;
	case SESSION_SEND_INFORM:
		send_inform(run);
		break;
	case SESSION_RESEND:
		log_info("the ACS wants the request again");
		if (soap_encoder_rewind(&run->encoder))
			broken(run);
		else
			post(run, true);
		break;
	case SESSION_CONFIRM_INFORM:
		run->rejected = 0;
		soap_encoder_end(&run->encoder);
		agent_informed(run->agent, run->url, run->version);
		handle(run, SESSION_GO_ON);
		break;
	case SESSION_SEND_REQUEST:
		send_request(run);
		break;
	case SESSION_CONFIRM_REQUEST:
		confirm_request(run);
		break;
	case SESSION_REFUSE_REQUEST:
		acs_request_refused(end_request(run), run->fault_code);
		handle(run, SESSION_GO_ON);
		break;
	case SESSION_CONTINUE:
		handle(run, SESSION_GO_ON);
		break;
	case SESSION_SEND_EMPTY:
		post(run, false);
		break;
	case SESSION_EXECUTE:
		execute(run);
		break;
	case SESSION_SEND_ANSWER:
		post(run, true);
		break;
	case SESSION_SUCCEED:
		log_info("the session has ended");
		run->failures[run->kind] = 0;
		end(run);
		agent_session_ended(run->agent, run->kind, 0, 0);
		break;
	case SESSION_FAIL:
		if (!*run->reason)
			because(run, "%s came after %s", session_event_names[event], session_state_names[before]);
		run->failures[run->kind]++;
		log_warning("%ssession %u in a row has failed: %s",
			    run->kind == EVENT_SESSION_HEARTBEAT ? "heartbeat " : "", run->failures[run->kind],
			    run->reason);
		end(run);
		agent_session_ended(run->agent, run->kind, run->failures[run->kind], run->retry_after);
		break;
	}
}

void session_run_start(struct session_run *run, enum event_session kind)
{
	run->kind = kind;
	handle(run, SESSION_START);
}

enum cwmp_version session_run_version(const struct session_run *run)
{
	return run->version;
}

bool session_run_active(const struct session_run *run)
{
	return run->session.state != SESSION_IDLE;
}

static void look_up_attributes(struct tree *tree, struct tree_reference reference, struct soap_attributes *attributes,
			       void *context)
{
	struct agent *agent = context;
	char path[ESPALIER_PATH_MAXIMUM + 1];
	ssize_t length = tree_path(tree, reference, path, sizeof(path));

	attributes->notification = (uint32_t)notify_notification(&agent->notify, reference);
	attributes->access_list = attributes_access_list(&agent->attributes, path, length < 0 ? 0 : (size_t)length);
}

struct session_run *session_run_open(struct agent *agent)
{
	static const struct http_client_events http_events = {connected, received, exchanged};
	struct session_run *run = calloc(1, sizeof(*run));

	if (!run)
		return NULL;
	run->agent = agent;
	run->decoder = soap_decoder_create(soap_methods, soap_methods_count);
	if (!run->decoder) {
		free(run);
		return NULL;
	}
	soap_encoder_init(&run->encoder, agent->tree);
	run->rpc.tree = agent->tree;
	run->rpc.encoder = &run->encoder;
	run->rpc.attributes = look_up_attributes;
	run->rpc.attributes_context = agent;
	run->rpc.ready = answer_ready;
	run->rpc.context = run;
	run->rpc.agent = agent;
	rpc_init(&run->rpc);
	run->body = (struct http_body){produce, rewind_message, run};
	http_client_open(&run->http, &agent->ring,
			 &(struct http_settings){.tls = &agent->tls, .body_max = SOAP_MESSAGE_SIZE_MAXIMUM},
			 &http_events, run);
	return run;
}

void session_run_close(struct session_run *run)
{
	if (!run)
		return;
	rpc_exit(&run->rpc);
	soap_encoder_exit(&run->encoder);
	soap_decoder_destroy(run->decoder);
	http_client_close(&run->http);
	session_inform_free(&run->inform);
	free(run);
}
