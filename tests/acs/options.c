// SPDX-License-Identifier: GPL-2.0-or-later
// The command line.

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/acs/authenticate.h"
#include "tests/acs/command.h"
#include "tests/acs/misbehave.h"
#include "tests/acs/options.h"
#include "tests/acs/output.h"
#include "tests/acs/rpc.h"

struct options options = {
	.address = "127.0.0.1",
	.port = 7548,
	.session_timeout_ms = 60000,
	.connect_timeout_ms = 30000,
	.connection_user = "",
	.connection_password = "",
	.xmpp_password = "",
	.cookie = COOKIE_ON,
	.benchmark_root = "",
	.benchmark_set = "Device.DeviceInfo.ProvisioningCode",
};

/* Options without a short form; the short ones are their letters. */
enum long_option {
	LONG_ADDRESS = 256,
	LONG_CERTIFICATE,
	LONG_KEY,
	LONG_ALLOW_FAULTS,
	LONG_RECORD,
	LONG_NO_RESULTS,
	LONG_AUTH,
	LONG_USER,
	LONG_PASSWORD,
	LONG_STALE_AFTER,
	LONG_NEXT_NONCE,
	LONG_CONNECTION_URL,
	LONG_CONNECTION_USER,
	LONG_CONNECTION_PASSWORD,
	LONG_UDP_FROM,
	LONG_XMPP,
	LONG_XMPP_PASSWORD,
	LONG_XMPP_SERVER,
	LONG_XMPP_CA,
	LONG_CONNECT_TIMEOUT,
	LONG_NAMESPACE,
	LONG_USE_VERSION,
	LONG_NOTIFICATION_PORT,
	LONG_HOLD,
	LONG_NO_ID,
	LONG_COOKIE,
	LONG_FINAL,
	LONG_COMPRESS,
	LONG_SESSION_TIMEOUT,
	LONG_PARAMETER_KEY,
	LONG_MISBEHAVE,
	LONG_RANDOM,
	LONG_SESSIONS,
	LONG_ROOT,
	LONG_SET,
};

struct description {
	const char *name;
	int value;
	const char *argument; // NULL when it has none
	const char *help;
};

static const struct description descriptions[] = {
	{"port", 'p', "PORT", "listen on this port, 0 for any free one (7548)"},
	{"listen", LONG_ADDRESS, "ADDRESS", "listen on this address (127.0.0.1)"},
	{"certificate", LONG_CERTIFICATE, "FILE", "speak https: the server's certificate, and those above it, in PEM"},
	{"key", LONG_KEY, "FILE", "its private key in PEM"},
	{"file", 'f', "FILE", "commands from a file, - for standard input"},
	{"interactive", 'i', NULL, "commands from standard input: with a prompt on a terminal"},
	{"auto-connect", 'a', NULL, "make a connection request when a command needs a session"},
	{"time-limit", 't', "SECONDS", "end with status 1 after so long"},
	{"allow-faults", LONG_ALLOW_FAULTS, NULL, "commands that failed do not count in the exit status"},
	{"quiet", 'q', NULL, "print results only"},
	{"xml", 'x', NULL, "print the bodies too"},
	{"heads", 'H', NULL, "print the HTTP heads too"},
	{"no-results", LONG_NO_RESULTS, NULL, "do not print the members of answers"},
	{"record", LONG_RECORD, "FOLDER", "write each message into this folder"},
	{"auth", LONG_AUTH, "KIND",
	 "ask the agent for none, basic, digest, digest-sha256, digest-md5-sess,\n"
	 "digest-no-qop, both (MD5 and SHA-256), digest-basic (none)"},
	{"user", LONG_USER, "NAME", "user name that the agent must give"},
	{"password", LONG_PASSWORD, "TEXT", "and its password"},
	{"stale-after", LONG_STALE_AFTER, "N", "a nonce is stale after N uses"},
	{"next-nonce", LONG_NEXT_NONCE, NULL, "give the next nonce in Authentication-Info"},
	{"connection-url", LONG_CONNECTION_URL, "URL", "for connection requests, in place of ConnectionRequestURL"},
	{"connection-user", LONG_CONNECTION_USER, "NAME", "user name for connection requests"},
	{"connection-password", LONG_CONNECTION_PASSWORD, "TEXT", "and its password"},
	{"udp-from", LONG_UDP_FROM, "HOST:PORT",
	 "send UDP connection requests from there, such as the STUN server's port"},
	{"xmpp", LONG_XMPP, "JID", "account for XMPP connection requests"},
	{"xmpp-password", LONG_XMPP_PASSWORD, "TEXT", "and its password"},
	{"xmpp-server", LONG_XMPP_SERVER, "HOST:PORT", "its server, in place of the one that the domain names"},
	{"xmpp-ca", LONG_XMPP_CA, "FILE", "who signs the server's certificate, besides the usual authorities"},
	{"notification-port", LONG_NOTIFICATION_PORT, "PORT", "receive lightweight notifications at this UDP port"},
	{"connect-timeout", LONG_CONNECT_TIMEOUT, "SECONDS", "from a connection request to the Inform (30)"},
	{"version-namespace", LONG_NAMESPACE, "V", "answer in cwmp-V, such as 1-0 (as the agent)"},
	{"use-cwmp-version", LONG_USE_VERSION, "V", "header UseCWMPVersion in the InformResponse, such as 1.2"},
	{"hold", LONG_HOLD, NULL, "HoldRequests from the beginning"},
	{"no-id", LONG_NO_ID, NULL, "requests without header ID"},
	{"session-cookie", LONG_COOKIE, "off|on|required", "a cookie keeps the session together (on)"},
	{"end-with", LONG_FINAL, "204|200|blank", "how the empty response looks (204)"},
	{"compress", LONG_COMPRESS, "gzip|deflate|refuse",
	 "compress answers where the agent accepts it, or refuse\ncompressed requests with 415; else they are read"},
	{"session-timeout", LONG_SESSION_TIMEOUT, "SECONDS", "a silent agent's session ends (60)"},
	{"parameter-key", LONG_PARAMETER_KEY, "KEY", "ParameterKey of requests"},
	{"misbehave", LONG_MISBEHAVE, "KIND[:N[:ARG]]", "misbehave in response N, N-M or * (all); repeatable"},
	{"misbehave-random", LONG_RANDOM, "SEED[:PERCENT]", "misbehave at random in so many responses (20)"},
	{"sessions", LONG_SESSIONS, "N", "benchmark: N sessions, wall times as JSON"},
	{"benchmark-root", LONG_ROOT, "PATH", "path of its GetParameterNames and -Values ('')"},
	{"benchmark-set", LONG_SET, "PATH[=VALUE]", "what it sets (Device.DeviceInfo.ProvisioningCode)"},
	{"help", 'h', NULL, "this text"},
};

enum { DESCRIPTIONS = sizeof(descriptions) / sizeof(descriptions[0]) };

static void help(void)
{
	puts("Usage: espalier-acs [OPTION]... [COMMAND]...\n"
	     "A small CWMP auto-configuration server. Each COMMAND is one argument, such as 'get "
	     "Device.DeviceInfo.'.\n");
	for (size_t i = 0; i < DESCRIPTIONS; i++) {
		const struct description *d = &descriptions[i];
		char left[64];

		snprintf(left, sizeof(left), "%c%c --%s%s%s", d->value < 256 ? '-' : ' ',
			 d->value < 256 ? d->value : ' ', d->name, d->argument ? " " : "",
			 d->argument ? d->argument : "");
		printf("  %-38s ", left);
		for (const char *c = d->help; *c; c++) {
			putchar(*c);
			if (*c == '\n')
				printf("%41s", "");
		}
		putchar('\n');
	}
	command_help(stdout);
	misbehave_help(stdout);
	puts("\nExit status: 0; 1 when a command failed, the agent broke the protocol or the time was over; 2 wrong "
	     "usage.");
}

static int usage(const char *option, const char *value, const char *why)
{
	fprintf(stderr, "espalier-acs: --%s %s: %s\n", option, value, why);
	return 2;
}

static bool number(const char *text, double most, double *result)
{
	char *end;

	*result = strtod(text, &end);
	return *text && !*end && *result >= 0 && *result <= most;
}

static const char *set_cookie(const char *value)
{
	static const char *const names[] = {"off", "on", "required"};

	for (int i = 0; i < 3; i++) {
		if (!strcmp(names[i], value)) {
			options.cookie = (enum session_cookie)i;
			return NULL;
		}
	}
	return "not off, on or required";
}

static const char *set_final(const char *value)
{
	static const char *const names[] = {"204", "200", "blank"};

	for (int i = 0; i < 3; i++) {
		if (!strcmp(names[i], value)) {
			options.final = (enum final_answer)i;
			return NULL;
		}
	}
	return "not 204, 200 or blank";
}

static const char *set_compress(const char *value)
{
	static const char *const names[] = {
		[COMPRESS_GZIP] = "gzip", [COMPRESS_DEFLATE] = "deflate", [COMPRESS_REFUSE] = "refuse"};

	for (int i = COMPRESS_GZIP; i <= COMPRESS_REFUSE; i++) {
		if (!strcmp(names[i], value)) {
			options.compress = (enum compress)i;
			return NULL;
		}
	}
	return "not gzip, deflate or refuse";
}

static const char *set_namespace(const char *value)
{
	static char text[80];

	if (strlen(value) > 40)
		return "too long";
	snprintf(text, sizeof(text), "urn:dslforum-org:cwmp-%s", value);
	options.cwmp_namespace = text;
	return NULL;
}

/* The options with a number. Returns false when `option` is none of them; *error is set for a bad number. */
static bool set_number(int option, const char *value, const char **error)
{
	double given = 0;
	double most = option == 'p' || option == LONG_NOTIFICATION_PORT ? 65535 : 1e6;

	if (option != 'p' && option != 't' && option != LONG_NOTIFICATION_PORT && option != LONG_STALE_AFTER &&
	    option != LONG_CONNECT_TIMEOUT && option != LONG_SESSION_TIMEOUT && option != LONG_SESSIONS)
		return false;
	if (!number(value, most, &given))
		*error = "not a number in range";
	if (option == 'p')
		options.port = (unsigned)given;
	else if (option == LONG_NOTIFICATION_PORT)
		options.notification_port = (unsigned)given;
	else if (option == 't')
		options.time_limit_ms = (uint64_t)(given * 1000);
	else if (option == LONG_STALE_AFTER)
		authentication_options.stale_after = (uint64_t)given;
	else if (option == LONG_CONNECT_TIMEOUT)
		options.connect_timeout_ms = (uint64_t)(given * 1000);
	else if (option == LONG_SESSION_TIMEOUT)
		options.session_timeout_ms = (uint64_t)(given * 1000);
	else
		options.benchmark_sessions = (unsigned)given;
	return true;
}

/* The options that set a flag or a text. Returns what is wrong, or NULL. */
static const char *set(int option, const char *value)
{
	switch (option) {
	case LONG_ADDRESS:
		options.address = value;
		break;
	case LONG_CERTIFICATE:
		options.certificate = value;
		break;
	case LONG_KEY:
		options.key = value;
		break;
	case 'f':
		options.file = value;
		break;
	case 'i':
		options.interactive = true;
		break;
	case 'a':
		options.auto_connect = true;
		break;
	case LONG_ALLOW_FAULTS:
		options.allow_faults = true;
		break;
	case 'q':
		output_options.quiet = true;
		break;
	case 'x':
		output_options.xml = true;
		break;
	case 'H':
		output_options.heads = true;
		break;
	case LONG_NO_RESULTS:
		output_options.results = false;
		break;
	case LONG_RECORD:
		options.record = value;
		break;
	case LONG_AUTH:
		return authentication_choose(value) ? NULL : "no such kind of authentication";
	case LONG_USER:
		authentication_options.user = value;
		break;
	case LONG_PASSWORD:
		authentication_options.password = value;
		break;
	case LONG_NEXT_NONCE:
		authentication_options.next_nonce = true;
		break;
	case LONG_CONNECTION_URL:
		options.connection_url = value;
		break;
	case LONG_UDP_FROM:
		options.udp_from = value;
		break;
	case LONG_XMPP:
		options.xmpp_account = value;
		break;
	case LONG_XMPP_PASSWORD:
		options.xmpp_password = value;
		break;
	case LONG_XMPP_SERVER:
		options.xmpp_server = value;
		break;
	case LONG_XMPP_CA:
		options.xmpp_ca = value;
		break;
	case LONG_CONNECTION_USER:
		options.connection_user = value;
		break;
	case LONG_CONNECTION_PASSWORD:
		options.connection_password = value;
		break;
	case LONG_NAMESPACE:
		return set_namespace(value);
	case LONG_USE_VERSION:
		options.use_version = value;
		break;
	case LONG_HOLD:
		options.hold = true;
		break;
	case LONG_NO_ID:
		options.no_id = true;
		break;
	case LONG_COOKIE:
		return set_cookie(value);
	case LONG_FINAL:
		return set_final(value);
	case LONG_COMPRESS:
		return set_compress(value);
	case LONG_PARAMETER_KEY:
		rpc_set_parameter_key(value);
		break;
	case LONG_MISBEHAVE:
		return misbehave_add(value, 0);
	case LONG_RANDOM:
		return misbehave_random(value);
	case LONG_ROOT:
		options.benchmark_root = value;
		break;
	case LONG_SET:
		options.benchmark_set = value;
		break;
	}
	return NULL;
}

int options_read(int argc, char **argv)
{
	struct option list[DESCRIPTIONS + 1] = {0};
	char letters[DESCRIPTIONS * 2 + 1] = "";
	int option, index;

	authentication_options.user = "agent";
	authentication_options.password = "secret";
	for (size_t i = 0; i < DESCRIPTIONS; i++) {
		const struct description *d = &descriptions[i];
		size_t length = strlen(letters);

		list[i] = (struct option){d->name, d->argument ? required_argument : no_argument, NULL, d->value};
		if (d->value < 256)
			snprintf(letters + length, sizeof(letters) - length, "%c%s", d->value, d->argument ? ":" : "");
	}
	while ((option = getopt_long(argc, argv, letters, list, &index)) != -1) {
		const char *error = NULL, *name = "";

		if (option == 'h') {
			help();
			return 0;
		}
		if (option == '?')
			return 2;
		for (size_t i = 0; i < DESCRIPTIONS; i++)
			if (descriptions[i].value == option)
				name = descriptions[i].name;
		if (!set_number(option, optarg ? optarg : "", &error))
			error = set(option, optarg);
		if (error)
			return usage(name, optarg, error);
	}
	if (!options.certificate != !options.key)
		return usage(options.key ? "key" : "certificate", options.key ? options.key : options.certificate,
			     "goes with the other of --certificate and --key only");
	options.commands = argv + optind;
	// a person who just starts it wants the prompt
	if (!*options.commands && !options.file && !options.benchmark_sessions && isatty(STDIN_FILENO) &&
	    isatty(STDOUT_FILENO))
		options.interactive = true;
	return -1;
}
