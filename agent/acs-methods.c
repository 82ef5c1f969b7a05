// SPDX-License-Identifier: GPL-2.0-or-later
// What the ACS can be asked: its answer to GetRPCMethods, where the configuration wants that it is asked.
//
// The standard lets the device ask and does not make it: an ACS that lacks a method answers its call with fault 8000
// just as well. So it is off by default. Asked, the agent spares the ACS calls that it has not listed.
#include "agent/acs-methods.h"

#include "agent/agent.h"
#include "agent/soap-methods.h"
#include "shm/log.h"

#include <errno.h>
#include <string.h>

static void ended(struct acs_request *request, enum acs_request_end end, const void *answer)
{
	struct acs_methods *methods = (struct acs_methods *)request;
	const struct get_rpc_methods_response *response = answer;

	methods->asking = false;
	if (end != ACS_REQUEST_ANSWERED)
		return;
	methods->known = true;
	for (size_t i = 0; i < response->method_list_count; i++) {
		const char *name = response->method_list[i].data;

		log_debug("the ACS has the method %s", name);
		methods->kicked |= !strcmp(name, "Kicked");
		methods->request_download |= !strcmp(name, "RequestDownload");
	}
}

static const struct acs_request_kind kind = {
	.name = "GetRPCMethods",
	.response = &soap_method_get_rpc_methods_response,
	.since = SOAP_NAMESPACE_CWMP_1_0,
	.event = -1,
	.refusals = 1,
	.ended = ended,
};

void acs_methods_new(struct acs_methods *methods, struct agent *agent)
{
	int error;

	methods->known = methods->kicked = methods->request_download = false;
	if (!agent->configuration.ask_methods || methods->asking)
		return;
	methods->request = (struct acs_request){.kind = &kind, .method_event = -1};
	error = agent_ask(agent, &methods->request);
	methods->asking = !error;
	if (error)
		log_warning("the ACS is not asked for its methods: %s", strerror(-error));
}
