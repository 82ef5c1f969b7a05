/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the reachability monitor (espalier-nat) and the program that knows the credentials (the agent) tell each other.
 *
 * A Unix SEQPACKET socket in the run folder, mode 0600, on which the agent listens; one packet is one message. A
 * message starts with its version and kind, then come its fields, each text with its length before it. Numbers have the
 * least significant byte first. Either side may be killed and started again at any time: the agent sends the settings
 * on each new connection, the monitor then the binding that it has.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The socket's name in the run folder */
#define REACH_SOCKET	       "reach"
#define REACH_VERSION	       2u
#define REACH_HOST_MAXIMUM     256u  /* bytes of a server's name or address */
#define REACH_NAME_MAXIMUM     1024u /* bytes of a user name or password: 256 characters */
#define REACH_ADDRESS_MAXIMUM  64u   /* bytes of "host:port" */
#define REACH_DATAGRAM_MAXIMUM 1024u /* bytes of a request datagram; what is longer is none */
#define REACH_MESSAGE_MAXIMUM  6144u /* bytes of any message */
#define REACH_REQUESTS_MAXIMUM 64u   /* datagrams in one message */

enum reach_kind {
	REACH_SETTINGS = 1, /* agent to monitor */
	REACH_BINDING,	    /* monitor to agent */
	REACH_REQUESTS,	    /* monitor to agent: datagrams to verify */
	REACH_MAPPING,	    /* monitor to agent: what a router forwards to the HTTP port */
};

/** Protocols by which a router may be asked for a port mapping; bits */
#define REACH_MAP_NAT_PMP 1u
#define REACH_MAP_UPNP	  2u

/** How connection requests are to come to the device. Texts end in NUL. */
struct reach_settings {
	uint16_t http_port;	   /* TCP port on which the agent listens, 0: none. A port mapping is to lead there */
	uint8_t mapping_protocols; /* REACH_MAP_...; 0: no port mapping */
	uint32_t mapping_interval; /* seconds between two looks at the mapping, at least 1 */
	bool stun;		   /* ask a server for the binding */
	bool listen;		   /* without STUN: receive on the local address */
	uint16_t local_port;	   /* of the UDP socket */
	char server[REACH_HOST_MAXIMUM + 1];
	uint16_t server_port;
	char username[REACH_NAME_MAXIMUM + 1], password[REACH_NAME_MAXIMUM + 1]; /* of STUN */
	char request_username[REACH_NAME_MAXIMUM + 1]; /* the `un` of good requests; "" lets none through */
	uint32_t minimum, maximum;		       /* seconds between binding requests; maximum 0: no limit */
};

/** Where the device can be reached by UDP. */
struct reach_binding {
	bool nat_detected;
	char address[REACH_ADDRESS_MAXIMUM + 1]; /* "host:port", "" when there is none */
};

/** The address that a router in front of the device forwards to its `http_port`. */
struct reach_mapping {
	char address[REACH_ADDRESS_MAXIMUM + 1]; /* "host:port", "" when there is none */
};

/** Datagrams that look like requests. */
struct reach_requests {
	bool expected; /* they come from the STUN server's host, as those of an ACS behind the NAT do */
	unsigned int count;
	struct {
		const char *bytes; /* in the message that was read */
		size_t length;
	} datagrams[REACH_REQUESTS_MAXIMUM];
};

/** A message that was read; the member that `kind` names is filled in. */
struct reach_message {
	enum reach_kind kind;
	union {
		struct reach_settings settings;
		struct reach_binding binding;
		struct reach_mapping mapping;
		struct reach_requests requests;
	};
};

/**
 * reach_write_settings(), reach_write_binding(), reach_write_mapping(), reach_write_requests() - make a message
 * @buffer: REACH_MESSAGE_MAXIMUM bytes
 *
 * Return its length. A message of requests has none yet: reach_add_request() adds one.
 */
int reach_write_settings(char *buffer, const struct reach_settings *settings);
int reach_write_binding(char *buffer, const struct reach_binding *binding);
int reach_write_mapping(char *buffer, const struct reach_mapping *mapping);
int reach_write_requests(char *buffer, bool expected);

/**
 * reach_add_request() - adds a datagram to a message of requests
 * @filled: the message's length so far
 *
 * Returns its length now, or -EMSGSIZE when the datagram is too long or the message full.
 */
int reach_add_request(char *buffer, int filled, const char *datagram, size_t length);

/** reach_read() - reads a message, which must stay as long as its requests are used. Returns 0, or -EBADMSG for
 * anything that the above do not make. */
int reach_read(const char *bytes, size_t length, struct reach_message *message);
