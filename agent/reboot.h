// SPDX-License-Identifier: GPL-2.0-or-later
// The reboot of the device: after the session, by the configured program, and told to the ACS afterwards.
#pragma once

#include "agent/after-session.h"
#include "agent/child.h"
#include "agent/event.h"

#define REBOOT_KEYS_MAXIMUM 16	// Reboots of the ACS that wait for the same reboot
#define REBOOT_TIME	    300 // seconds that the device has to go down after its program was started

struct store_transaction;

// All fields are private but `running`.
struct reboot {
	struct agent *agent;
	struct after_session_action action;
	struct child child;
	struct alarm patience;
	bool running; // the program was started: no session begins
	size_t count;
	char keys[REBOOT_KEYS_MAXIMUM][EVENT_COMMAND_KEY_SIZE];
};

// Prepares; before the events are loaded.
void reboot_open(struct reboot *reboot, struct agent *agent);

// After ring_close(). The program runs on.
void reboot_close(struct reboot *reboot);

// The record of an `M Reboot` event (a name's command key, and its value): whether the event is to be raised now. If
// not, its reboot has not been yet, and is waited for, or asked for once more.
bool reboot_load(struct reboot *reboot, const char *command_key, const char *value);

// After the start: does what was promised before the agent died.
void reboot_resume(struct reboot *reboot);

// Whether the device has a program for it.
bool reboot_possible(const struct reboot *reboot);

// Adds to what becomes durable that the ACS has asked for a reboot, with a command key ("": none is reported all the
// same). Returns 0, or -ENOSPC beyond REBOOT_KEYS_MAXIMUM.
int reboot_promise(struct reboot *reboot, struct store_transaction *transaction, const char *command_key);

// Takes the last promise back, which did not become durable.
void reboot_forget(struct reboot *reboot);

// Reboots the device when no session runs. Nothing is reported but BOOT, and what was promised.
void reboot_after_session(struct reboot *reboot);
