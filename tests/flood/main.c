// SPDX-License-Identifier: GPL-2.0-or-later
// A traffic generator for tests of what listens: sends given requests, in turn, at a given rate, by UDP or TCP. The
// requests come on standard input, each with its length before it (4 bytes, the least significant first).
#include "tests/flood/flood.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NANOSECONDS 1000000000ull

static const char usage[] =
	"Usage: flood udp|tcp HOST:PORT [-r RATE] [-s SECONDS] [-f HOST[:PORT]] [-c CONNECTIONS] [-k REQUESTS] [-d "
	"MS]\n"
	"Sends the requests of standard input. Only to loopback and to addresses of tests and of documentation.\n"
	"  -r  requests a second, 0: as many as can be (0)\n"
	"  -s  seconds (10)\n"
	"  -f  the source; for UDP with a port that another program may have\n"
	"  -c  TCP connections at a time (64)\n"
	"  -k  requests on one connection (16)\n"
	"  -d  milliseconds between two bytes of a connection (0)\n";

uint64_t flood_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NANOSECONDS + (uint64_t)now.tv_nsec;
}

uint64_t plan_due(const struct plan *plan, uint64_t start)
{
	uint64_t passed = flood_now() - start;

	if (!plan->rate)
		return UINT64_MAX;
	return passed / NANOSECONDS * plan->rate + passed % NANOSECONDS * plan->rate / NANOSECONDS;
}

// A flood must never leave the machine.
static bool harmless(const struct plan *plan)
{
	static const struct {
		uint32_t net, mask;
	} nets[] = {
		{0x7f000000, 0xff000000}, // loopback
		{0x0a000000, 0xff000000}, // private
		{0xc0000200, 0xffffff00}, // documentation (RFC 5737)
		{0xc6336400, 0xffffff00}, {0xcb007100, 0xffffff00},
	};

	if (plan->to.any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&plan->to.ipv6.sin6_addr);
	for (size_t i = 0; i < sizeof(nets) / sizeof(*nets); i++) {
		if ((ntohl(plan->to.ipv4.sin_addr.s_addr) & nets[i].mask) == nets[i].net)
			return true;
	}
	return false;
}

// Reads "host:port", "[host]:port" or "host".
static bool address(const char *text, struct sockaddr *found, socklen_t *length)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST};
	char host[64] = "";
	const char *start = text + (*text == '['), *end = *text == '[' ? strchr(text, ']') : strrchr(text, ':');
	const char *port = end ? end + (*end == ']') : NULL;
	struct addrinfo *list;

	if (!end)
		end = text + strlen(text);
	if ((size_t)(end - start) >= sizeof(host))
		return false;
	memcpy(host, start, (size_t)(end - start));
	if (getaddrinfo(host, port && *port == ':' ? port + 1 : NULL, &hints, &list))
		return false;
	memcpy(found, list->ai_addr, list->ai_addrlen);
	*length = list->ai_addrlen;
	freeaddrinfo(list);
	return true;
}

static bool read_payloads(struct plan *plan)
{
	struct payload *payloads = calloc(PAYLOADS_MAXIMUM, sizeof(*payloads));
	unsigned char size[4];

	plan->payloads = payloads;
	while (payloads && plan->payload_count < PAYLOADS_MAXIMUM && fread(size, 1, 4, stdin) == 4) {
		size_t length = size[0] | (size_t)size[1] << 8 | (size_t)size[2] << 16;
		char *bytes = length > PAYLOAD_MAXIMUM || size[3] ? NULL : malloc(length + 1);

		if (!bytes || fread(bytes, 1, length, stdin) != length) {
			free(bytes);
			return false;
		}
		payloads[plan->payload_count++] = (struct payload){bytes, length};
	}
	return plan->payload_count;
}

static unsigned long number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || end == text) {
		fprintf(stderr, "flood: not a number: %s\n", text);
		exit(2);
	}
	return value;
}

static int read_options(struct plan *plan, int argc, char **argv)
{
	socklen_t length;
	int option;

	while ((option = getopt(argc, argv, "r:s:f:c:k:d:")) != -1) {
		if (option == 'r')
			plan->rate = number(optarg);
		else if (option == 's')
			plan->seconds = number(optarg);
		else if (option == 'c')
			plan->connections = (unsigned)number(optarg);
		else if (option == 'k')
			plan->per_connection = (unsigned)number(optarg);
		else if (option == 'd')
			plan->drip = (unsigned)number(optarg);
		else if (option != 'f' || !address(optarg, &plan->from.any, &length))
			return 2;
	}
	return optind == argc && plan->connections && plan->connections <= CONNECTIONS_MAXIMUM && plan->per_connection
		       ? 0
		       : 2;
}

int main(int argc, char **argv)
{
	struct plan plan = {.seconds = 10, .connections = 64, .per_connection = 16};
	int error;

	if (argc < 3 || (strcmp(argv[1], "udp") && strcmp(argv[1], "tcp")) ||
	    !address(argv[2], &plan.to.any, &plan.length) || read_options(&plan, argc - 2, argv + 2)) {
		fputs(usage, stderr);
		return 2;
	}
	if (!harmless(&plan)) {
		fprintf(stderr, "flood: not to %s\n", argv[2]);
		return 2;
	}
	if (!read_payloads(&plan)) {
		fputs("flood: no requests on standard input\n", stderr);
		return 2;
	}
	error = strcmp(argv[1], "udp") ? flood_tcp(&plan) : flood_udp(&plan);
	if (error)
		fprintf(stderr, "flood: %s\n", strerror(-error));
	for (size_t i = 0; i < plan.payload_count; i++)
		free((void *)plan.payloads[i].bytes);
	free((void *)plan.payloads);
	return error ? 1 : 0;
}
