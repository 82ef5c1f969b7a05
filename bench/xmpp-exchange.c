// SPDX-License-Identifier: GPL-2.0-or-later
// A plain exchange of the messages of a connection request by XMPP, through the same XMPP server, between two programs
// that do nothing else: IQ, its result, and a TCP connection with as many bytes as an Inform. Reference of
// bench/connect.py.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strophe.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define INFORM_SIZE 2300 // bytes
#define REQUEST                                                                                                        \
	"<iq type='get' id='%d' to='%s'><connectionRequest xmlns='urn:broadband-forum-org:cwmp:xmppConnReq-1-0'>"      \
	"<username>benchmark</username><password>benchmark</password></connectionRequest></iq>"

static const char usage[] = "Usage: xmpp-exchange device JID PASSWORD SERVER PORT CA ADDRESS TCP-PORT\n"
			    "       xmpp-exchange server JID PASSWORD SERVER PORT CA TCP-PORT COUNT DEVICE-JID\n"
			    "Both say when they are ready; then the server prints the milliseconds of each exchange.\n";

static xmpp_ctx_t *context;
static xmpp_conn_t *connection;
static int descriptor = -1;
static bool ready;
static struct sockaddr_in inform_to;

static void check(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "xmpp-exchange: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void changed(xmpp_conn_t *conn, xmpp_conn_event_t event, int error, xmpp_stream_error_t *stream_error,
		    void *user)
{
	(void)conn;
	(void)error;
	(void)stream_error;
	(void)user;
	check(event == XMPP_CONN_CONNECT, "the XMPP server");
	ready = true;
}

static int socket_made(xmpp_conn_t *conn, void *socket)
{
	int on = 1;

	(void)conn;
	descriptor = *(int *)socket;
	return setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

// Waits for something, and lets libstrophe take it. `other` is a second descriptor, or -1; returns whether it is
// readable.
static bool turn(int other)
{
	struct pollfd polled[] = {{descriptor, POLLIN, 0}, {other, POLLIN, 0}};

	check(poll(polled, 2, ready ? 10000 : 10) >= (ready ? 1 : 0), "poll");
	for (int i = 0; i < 3; i++)
		xmpp_run_once(context, 0);
	return other >= 0 && polled[1].revents;
}

static void log_in(char **arguments)
{
	static const xmpp_log_t quiet;

	xmpp_initialize();
	context = xmpp_ctx_new(NULL, &quiet);
	connection = xmpp_conn_new(context);
	xmpp_conn_set_jid(connection, arguments[0]);
	xmpp_conn_set_pass(connection, arguments[1]);
	xmpp_conn_set_cafile(connection, arguments[4]);
	xmpp_conn_set_flags(connection, XMPP_CONN_FLAG_MANDATORY_TLS | XMPP_CONN_FLAG_DISABLE_SM);
	xmpp_conn_set_sockopt_callback(connection, socket_made);
	check(xmpp_connect_client(connection, arguments[2], (unsigned short)atoi(arguments[3]), changed, NULL) ==
		      XMPP_EOK,
	      arguments[2]);
	while (!ready)
		turn(-1);
	puts("ready");
	fflush(stdout);
}

static void inform(void)
{
	static const char bytes[INFORM_SIZE];
	int on = 1, sender = socket(AF_INET, SOCK_STREAM, 0);

	check(sender >= 0, "socket");
	setsockopt(sender, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	check(!connect(sender, (struct sockaddr *)&inform_to, sizeof(inform_to)), "connect");
	check(write(sender, bytes, sizeof(bytes)) == sizeof(bytes), "write");
	close(sender);
}

static int asked(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *user)
{
	xmpp_stanza_t *answer;

	(void)user;
	answer = xmpp_stanza_reply(stanza);
	xmpp_stanza_set_type(answer, "result");
	xmpp_send(conn, answer);
	xmpp_stanza_release(answer);
	xmpp_run_once(context, 0);
	inform();
	return 1;
}

static void run_device(char **arguments)
{
	inform_to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[6]))};
	check(inet_pton(AF_INET, arguments[5], &inform_to.sin_addr) == 1, arguments[5]);
	xmpp_handler_add(connection, asked, NULL, "iq", "get", NULL);
	for (;;)
		turn(-1);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void exchange(int listener, const char *device, int number)
{
	static char bytes[INFORM_SIZE];
	double start = now();
	size_t taken = 0;
	ssize_t length;
	int receiver;

	xmpp_send_raw_string(connection, REQUEST, number, device);
	xmpp_run_once(context, 0);
	while (!turn(listener))
		;
	receiver = accept(listener, NULL, NULL);
	check(receiver >= 0, "accept");
	while (taken < sizeof(bytes)) {
		length = read(receiver, bytes + taken, sizeof(bytes) - taken);
		check(length > 0, "read");
		taken += (size_t)length;
	}
	printf("%.4f\n", now() - start);
	close(receiver);
}

static void run_server(char **arguments)
{
	struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[5]))};
	int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

	check(listener >= 0, "socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	check(!bind(listener, (struct sockaddr *)&own, sizeof(own)) && !listen(listener, 16), "listen");
	for (int i = 0; i < atoi(arguments[6]); i++)
		exchange(listener, arguments[7], i);
}

int main(int argc, char **argv)
{
	if (argc == 9 && !strcmp(argv[1], "device")) {
		log_in(argv + 2);
		run_device(argv + 2);
	} else if (argc == 10 && !strcmp(argv[1], "server")) {
		log_in(argv + 2);
		run_server(argv + 2);
	} else {
		fputs(usage, stderr);
		return 2;
	}
	return 0;
}
