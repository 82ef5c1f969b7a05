// SPDX-License-Identifier: GPL-2.0-or-later
// espalier-transfer: moves one file for the agent, which starts it with a socket as CHILD_DESCRIPTOR. A process of its
// own, so that libcurl and what it brings cost the agent no memory, and that ending it ends a transfer at once.
#include "agent/child.h"
#include "agent/transfer-curl.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

// A report that finds no room is left out, but never the last one.
static void send_report(const struct transfer_report *report)
{
	send(CHILD_DESCRIPTOR, report, sizeof(*report), MSG_NOSIGNAL | (report->finished ? 0 : MSG_DONTWAIT));
}

int main(void)
{
	struct transfer_report result;
	struct transfer_job job;
	pid_t parent = getppid();

	// Whoever has asked for the file is gone: nobody must write it any more.
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (recv(CHILD_DESCRIPTOR, &job, sizeof(job), 0) != sizeof(job) || getppid() != parent) {
		fputs("espalier-transfer is started by espalier-agent\n", stderr);
		return 2;
	}
	curl_global_init(CURL_GLOBAL_ALL);
	transfer_curl_run(&job, send_report, &result);
	send_report(&result);
	curl_global_cleanup();
	explicit_bzero(&job, sizeof(job));
	return EXIT_SUCCESS;
}
