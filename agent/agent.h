// SPDX-License-Identifier: GPL-2.0-or-later
// The agent: what its parts share, and what joins them.
#pragma once

#include "agent/acs-methods.h"
#include "agent/acs-request.h"
#include "agent/after-session.h"
#include "agent/alarm.h"
#include "agent/attribute.h"
#include "agent/declared-device.h"
#include "agent/discovery.h"
#include "agent/du-change.h"
#include "agent/event.h"
#include "agent/factory-reset.h"
#include "agent/heartbeat.h"
#include "agent/lightweight.h"
#include "agent/listener.h"
#include "agent/local-command.h"
#include "agent/notify.h"
#include "agent/own-table.h"
#include "agent/planned-reboot.h"
#include "agent/reach.h"
#include "agent/reachable.h"
#include "agent/reboot.h"
#include "agent/recurrence.h"
#include "agent/rediscovery.h"
#include "agent/redo.h"
#include "agent/reference.h"
#include "agent/ring-signal.h"
#include "agent/row-change.h"
#include "agent/schedule-inform.h"
#include "agent/settings.h"
#include "agent/standby.h"
#include "agent/store.h"
#include "agent/tls.h"
#include "agent/transfers.h"
#include "agent/tree.h"
#include "agent/vendor-method.h"
#include "agent/xmpp-access.h"
#include "shm/daemon.h"

#define AGENT_PARAMETER_KEY_SIZE (32 * 4 + 1) // 32 characters

#define AGENT_SECRET_SIZE (256 * 4 + 1) // 256 characters

struct session_run;

// Names of the facts in the store (STORE_STATE).
#define STATE_PARAMETER_KEY    "parameter-key"
#define STATE_BOOTSTRAP_URL    "bootstrap-url"
#define STATE_BOOTSTRAP_DEVICE "bootstrap-device" // the identity with which it was acknowledged
#define STATE_ACS_VERSION      "acs-version"	  // of CWMP
#define STATE_BOOT_ID	       "boot-id"
#define STATE_ADDRESS	       "device-address"
#define STATE_FIRST_USE	       "first-use"
#define STATE_SCHEDULED_REBOOT "scheduled-reboot"
#define STATE_DELAYED_REBOOT   "delayed-reboot"
#define STATE_FACTORY_RESET    "factory-reset" // one was promised to the ACS

struct agent {
	struct daemon daemon;
	struct agent_configuration configuration;
	struct identity identity;

	struct ring ring;
	bool ring_open;
	struct ring_signals signals;
	struct tls tls;
	struct store *store;
	struct ring_operation reader_poll, writer_poll, clock_poll;
	struct alarm reader_again, writer_again; // the rest of what there is to be read
	int clock_descriptor;			 // tells when the clock is set
	bool running;				 // all is started
	bool stopping;
	bool restarting; // after ring_run(): agent_open() once more, with the same configuration

	struct own own;
	struct settings settings;
	struct own_tables tables;
	struct discovery discovery;
	struct rediscovery rediscovery;
	char parameter_key[AGENT_PARAMETER_KEY_SIZE];
	char former_secrets[3][AGENT_SECRET_SIZE]; // of a local set that can still be undone: Password,
						   // ConnectionRequestPassword, STUNPassword

	struct tree *tree;
	struct attributes attributes;
	struct notify notify;
	struct redo redo;
	struct transaction_timer set_timer;
	bool setting; // a set of values is under way: an owner's connection holds one at a time
	struct vendor_methods vendor_methods;
	struct reachable reachable;
	struct row_changes row_changes;
	struct references references;
	struct listener listener;
	struct reach reach;
	struct xmpp_access xmpp;
	struct alarm counting; // when the counters of connection requests are published

	struct events events;
	struct schedule_inform schedule_inform;
	struct du_changes du_changes;
	struct local_commands local_commands;
	struct acs_methods acs_methods;
	struct acs_requests acs_requests;
	struct acs_request *acs_request; // the one that is on its way
	struct transfers transfers;
	struct log_files log_files;
	struct declared_devices declared_devices;
	char boot_id[40];
	char device_address[13];       // what makes up a serial number where none is configured
	char *bootstrap_url;	       // the URL at which BOOTSTRAP was last acknowledged, or NULL
	enum cwmp_version acs_version; // of the last session with this ACS; the newest before the first
	struct recurrence periodic;
	struct heartbeat heartbeat;
	struct lightweight lightweight;
	struct standby standby;

	struct session_run *session;
	struct after_session_action *after_session; // in their order
	struct after_session_action new_url;
	struct reboot reboot;
	struct planned_reboot planned_reboot;
	struct factory_reset factory_reset;
	struct alarm schedule;
	bool wanted;	    // an event wants a session now
	bool notify_wanted; // an active notification wants one, when the throttle allows
	bool retry;	    // a failed one is to be tried again at retry_at
	int64_t retry_at;   // nanoseconds of CLOCK_BOOTTIME
	int64_t not_before; // the same: until then the ACS wants no session, unless it asks for one; or 0
	int64_t ended_at;   // when the last good session ended, or 0
	bool used;	    // FirstUseDate is known
};

// Starts everything. Logs why when it fails. Returns 0 or -errno.
int agent_open(struct agent *agent);

// Ends everything; also after agent_open() has failed.
void agent_close(struct agent *agent);

// An event has come up: remembered, made durable where the standard says so, and delivered as soon as a session can
// start.
void agent_raise(struct agent *agent, enum event_kind kind);

// Raises a durable event, or a vendor's, whose record becomes durable with `transaction`. Returns what events_raise()
// does; for an error nothing is added.
int agent_raise_with(struct agent *agent, struct store_transaction *transaction, enum event_kind kind,
		     const char *command_key);
int agent_raise_vendor(struct agent *agent, struct store_transaction *transaction, const char *code,
		       const char *command_key);

// Starts a session, or sets the timer for the next one, as what waits demands. Harmless at any time.
void agent_plan(struct agent *agent);

// Settings have changed (bits SETTING_BIT(enum setting)): whoever uses them follows.
void agent_settings_changed(struct agent *agent, uint64_t changed);

// Takes what the reader has noticed, and looks for changed values.
void agent_look(struct agent *agent);

// Counters of connection requests have moved: they are published within a second.
void agent_counted(struct agent *agent);

// Brings the tree up to date, and what hangs on its structure.
void agent_refresh_tree(struct agent *agent);

// Puts something in a transaction's place: commits it if it holds anything, frees it otherwise. NULL is allowed.
void agent_commit(struct store_transaction *transaction);

// Takes the [tls] keys. Files that they name are read now, the system's authorities with the first https connection.
// Returns 0, or -errno with one line in `message`, and nothing has changed.
int agent_load_tls(struct tls *tls, const struct agent_configuration *configuration, char message[TLS_MESSAGE_SIZE]);

// ---- For the session

// The Inform was delivered to `url`, and the session goes on in this version.
void agent_informed(struct agent *agent, const char *url, enum cwmp_version version);

// Whether what the agent sends names instances by alias: InstanceMode wants it, and the ACS is none of a version before
// 1.3, which gets instance numbers only.
bool agent_instance_alias(const struct agent *agent);

// A session has ended. `retry_after` seconds are the server's wish, `failures` the number of failed sessions of this
// kind in a row, 0 after a good one.
void agent_session_ended(struct agent *agent, enum event_session kind, uint32_t failures, uint32_t retry_after);

// ---- For the owner of the agent's own parameters

extern const struct espalier_owner agent_owner;
