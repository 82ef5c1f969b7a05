// SPDX-License-Identifier: GPL-2.0-or-later
// A plain exchange of as many messages as a connection request has, of their sizes, between two programs that do
// nothing else: what the path and the kernel alone take. Reference of bench/connect.py.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// Bytes of the messages between espalier-acs and the agent.
#define GET_SIZE	110
#define CHALLENGE_SIZE	480
#define AUTHORIZED_SIZE 470
#define GRANTED_SIZE	75
#define INFORM_SIZE	2300
#define RESPONSE_SIZE	700
#define DATAGRAM_SIZE	190
#define COPIES		3

static const char usage[] = "Usage: exchange device tcp|udp PORT SERVER-ADDRESS SERVER-PORT\n"
			    "       exchange server tcp|udp PORT DEVICE-ADDRESS DEVICE-PORT COUNT\n"
			    "Both say when they are ready; then the server prints the milliseconds of each exchange. "
			    "With tcp the device has to be\n"
			    "there first, with udp the server.\n";

static char bytes[4096];

static void check(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "exchange: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_in address_of(const char *host, const char *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};

	check(inet_pton(AF_INET, host, &address.sin_addr) == 1, host);
	return address;
}

static int open_socket(int type, const char *port)
{
	struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	int descriptor = socket(AF_INET, type, 0), one = 1;

	check(descriptor >= 0, "socket");
	setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	check(!bind(descriptor, (struct sockaddr *)&own, sizeof(own)), "bind");
	if (type == SOCK_STREAM)
		check(!listen(descriptor, 16), "listen");
	return descriptor;
}

static int prepared(int descriptor)
{
	int one = 1;

	check(descriptor >= 0, "connection");
	setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return descriptor;
}

static int connected(const struct sockaddr_in *to)
{
	int descriptor = prepared(socket(AF_INET, SOCK_STREAM, 0));

	check(!connect(descriptor, (const struct sockaddr *)to, sizeof(*to)), "connect");
	return descriptor;
}

static void put(int descriptor, size_t length)
{
	check(send(descriptor, bytes, length, MSG_NOSIGNAL) == (ssize_t)length, "send");
}

static void get(int descriptor, size_t length)
{
	check(recv(descriptor, bytes, length, MSG_WAITALL) == (ssize_t)length, "receive");
}

static void device(bool udp, const char *port, const struct sockaddr_in *server)
{
	int descriptor = open_socket(udp ? SOCK_DGRAM : SOCK_STREAM, port);
	uint32_t last = 0, number;

	puts("ready");
	fflush(stdout);
	if (udp)
		sendto(descriptor, bytes, 1, 0, (const struct sockaddr *)server, sizeof(*server));
	for (;;) {
		int asked = -1, informing;

		if (udp) {
			check(recv(descriptor, bytes, sizeof(bytes), 0) == DATAGRAM_SIZE, "receive");
			memcpy(&number, bytes, sizeof(number));
			if (number <= last)
				continue;
			last = number;
		} else {
			asked = prepared(accept(descriptor, NULL, NULL));
			get(asked, GET_SIZE);
			put(asked, CHALLENGE_SIZE);
			get(asked, AUTHORIZED_SIZE);
			put(asked, GRANTED_SIZE);
		}
		informing = connected(server);
		put(informing, INFORM_SIZE);
		get(informing, RESPONSE_SIZE);
		close(informing);
		if (asked >= 0)
			close(asked);
	}
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void ask_udp(int descriptor, const struct sockaddr_in *to, uint32_t number)
{
	memcpy(bytes, &number, sizeof(number));
	for (int copy = 0; copy < COPIES; copy++)
		check(sendto(descriptor, bytes, DATAGRAM_SIZE, 0, (const struct sockaddr *)to, sizeof(*to)) ==
			      DATAGRAM_SIZE,
		      "send");
}

static void ask_tcp(int descriptor)
{
	put(descriptor, GET_SIZE);
	get(descriptor, CHALLENGE_SIZE);
	put(descriptor, AUTHORIZED_SIZE);
	get(descriptor, GRANTED_SIZE);
}

static void server(bool udp, const char *port, struct sockaddr_in to, unsigned count)
{
	int listening = open_socket(SOCK_STREAM, port), datagrams = udp ? open_socket(SOCK_DGRAM, port) : -1;
	socklen_t length = sizeof(to);

	puts("ready");
	fflush(stdout);
	// The device's first datagram says where the NAT has it.
	if (udp)
		check(recvfrom(datagrams, bytes, sizeof(bytes), 0, (struct sockaddr *)&to, &length) == 1, "receive");
	for (unsigned i = 0; i < count; i++) {
		int64_t started = now();
		int asking = udp ? -1 : connected(&to), informing;

		if (udp)
			ask_udp(datagrams, &to, i + 1);
		else
			ask_tcp(asking);
		informing = prepared(accept(listening, NULL, NULL));
		get(informing, INFORM_SIZE);
		printf("%.4f\n", (double)(now() - started) / 1e6);
		put(informing, RESPONSE_SIZE);
		// The device ends both connections.
		check(recv(informing, bytes, 1, 0) == 0, "end");
		close(informing);
		if (asking >= 0)
			close(asking);
	}
}

int main(int argc, char **argv)
{
	bool udp = argc > 2 && !strcmp(argv[2], "udp");

	if (argc == 6 && !strcmp(argv[1], "device")) {
		struct sockaddr_in to = address_of(argv[4], argv[5]);

		device(udp, argv[3], &to);
	} else if (argc == 7 && !strcmp(argv[1], "server")) {
		server(udp, argv[3], address_of(argv[4], argv[5]), (unsigned)atoi(argv[6]));
	} else {
		fputs(usage, stderr);
		return 2;
	}
	return 0;
}
