// SPDX-License-Identifier: GPL-2.0-or-later
// Reboots at a time (ScheduleReboot) or some time after the session (DelayReboot), durable.
#pragma once

#include "agent/after-session.h"
#include "agent/alarm.h"
#include "agent/settings.h"

struct agent;

// All fields are private.
struct planned_reboot {
	struct agent *agent;
	struct alarm at, delay;
	struct after_session_action session_end;
	int64_t accepted; // the last date that lay ahead when it was set
	int64_t date;	  // of the reboot to come, seconds since 1970; 0: none
	int64_t set_at;	  // what the clock said when the date was set
	bool unclear;	  // in a new boot, while the clock says less than that: it is wrong
};

// Takes up what was planned before the agent ended, or forgets it after a reboot. While the store can be read, with the
// boot id known.
void planned_reboot_open(struct planned_reboot *planned, struct agent *agent);

// Checks a value of the two settings: any but "none" needs a program that reboots the device. Returns 0, or an enum
// espalier_fault with a static text. Other settings are good.
int planned_reboot_check(const struct agent *agent, enum setting setting, const struct espalier_value *value,
			 const char **text);

// Adds to the transaction that sets a setting what has to be remembered of it.
void planned_reboot_store(struct agent *agent, struct store_transaction *transaction, enum setting setting,
			  const char *text, size_t length);

// Settings have changed (bits SETTING_BIT(enum setting)).
void planned_reboot_settings_changed(struct planned_reboot *planned, uint64_t changed);

// The clock was set.
void planned_reboot_clock_set(struct planned_reboot *planned);

// The device is about to reboot, for whatever reason: adds to a transaction that nothing is planned any more.
void planned_reboot_done(struct planned_reboot *planned, struct store_transaction *transaction);
