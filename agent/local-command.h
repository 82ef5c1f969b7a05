// SPDX-License-Identifier: GPL-2.0-or-later
// What local programs ask of the agent by command: calls to the ACS, and events of their own.
//
//	Device.ManagementServer.Kicked()		Command, Referer, Arg, Next: answered with NextURL
//	Device.ManagementServer.RequestDownload()	FileType, and up to 16 more names and values
//	Device.ManagementServer.Event()			Code ("X <OUI> <name>"), CommandKey: durable when answered
//
// The first two are answered when the ACS has answered. A program that does not wait for it has asked all the same.
#pragma once

#include "shm/espalier.h"

#define LOCAL_COMMANDS_MAXIMUM	16 // that wait for the ACS; more are refused
#define LOCAL_ARGUMENTS_MAXIMUM 17 // of one command: FileType and 16 arguments of RequestDownload

struct local_call;

// Those that wait for the ACS. Zeroed memory is an empty list.
struct local_commands {
	struct local_call *first;
	size_t count;
};

// For struct espalier_owner; the context is the agent.
int local_command(struct espalier_writer *writer, struct espalier_request *request, const char *command,
		  const struct espalier_value *arguments, size_t count, void *context);

// Answers those that wait that the agent ends.
void local_commands_end(struct local_commands *commands);
