/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's TLS without the agent, over a socket that blocks: makes connections one after the other, or sends
 * records. Prints one line of JSON.
 *
 *     tls-client PORT CA_FILE new|reuse CONNECTIONS
 *     tls-client PORT CA_FILE send MIB
 *
 * Each connection asks for /page and reads the answer, as "openssl s_time -www /page" does: with TLS 1.3 what resumes
 * the session comes behind the handshake. "cpu" is the CPU time of one connection in us; "longest" that of the longest
 * call into the library, of which the agent's ring waits for each. With "send", "cpu" is the CPU time of one MiB.
 */
#include "agent/http-connection.h"
#include "bench/figure.h"

#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HOST	    "127.0.0.1"
#define REQUEST	    "GET /page HTTP/1.0\r\n\r\n"
#define CONNECTIONS 1000

struct client {
	struct tls tls;
	uint16_t port;
	int peer;
	struct tls_stream *stream;
	double longest; /* us */
};

static double thread_cpu(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void note(struct client *client, double started)
{
	double took = thread_cpu() - started;

	client->longest = took > client->longest ? took : client->longest;
}

static void established(void *context)
{
	(void)context;
}

static void plain(void *context, const char *data, int length)
{
	(void)context;
	(void)data;
	(void)length;
}

static const struct tls_stream_events events = {established, plain};

static void send_all(struct client *client, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(client->peer, data, length, MSG_NOSIGNAL);

		if (sent <= 0)
			err(1, "send");
		data += sent;
		length -= (size_t)sent;
	}
}

static void send_output(struct client *client)
{
	size_t length;
	const char *output = tls_stream_output(client->stream, &length);

	send_all(client, output, length);
	tls_stream_output_sent(client->stream, length);
}

/* Takes what comes, once; returns whether there may be more. */
static bool receive(struct client *client)
{
	char data[TRANSPORT_RECEIVE_SIZE];
	ssize_t length = recv(client->peer, data, sizeof(data), 0);
	double started = thread_cpu();
	int result;

	if (length <= 0)
		return false;
	result = tls_stream_receive(client->stream, data, (size_t)length);
	note(client, started);
	if (result < 0)
		errx(1, "TLS: %s", tls_stream_reason(client->stream));
	return result == TLS_GOING_ON;
}

static void open_stream(struct client *client)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(client->port)};
	double started;
	int result;

	inet_pton(AF_INET, HOST, &address.sin_addr);
	client->peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->peer < 0 || connect(client->peer, (struct sockaddr *)&address, sizeof(address)) < 0)
		err(1, "port %u", client->port);
	client->longest = 0;
	started = thread_cpu();
	result = tls_stream_open(&client->stream, &client->tls, HOST, client->port, &events, client);
	note(client, started);
	if (result < 0)
		errx(1, "TLS: %s", strerror(-result));
	send_output(client);
	while (!tls_stream_established(client->stream)) {
		if (!receive(client))
			errx(1, "the server ended the handshake");
		send_output(client);
	}
}

static void close_stream(struct client *client)
{
	tls_stream_end(client->stream);
	send_output(client);
	tls_stream_close(client->stream);
	close(client->peer);
}

static void send_plain(struct client *client, char *buffer, size_t length)
{
	ssize_t records = tls_stream_send(client->stream, buffer, buffer + HTTP_CONNECTION_HEADROOM, length);

	if (records < 0)
		errx(1, "TLS: %s", tls_stream_reason(client->stream));
	send_all(client, buffer, (size_t)records);
}

static void get_page(struct client *client)
{
	char buffer[HTTP_CONNECTION_HEADROOM + sizeof(REQUEST)];

	memcpy(buffer + HTTP_CONNECTION_HEADROOM, REQUEST, strlen(REQUEST));
	send_plain(client, buffer, strlen(REQUEST));
	while (receive(client))
		;
}

static int compare(const void *a, const void *b)
{
	double first = *(const double *)a, second = *(const double *)b;

	return (first > second) - (first < second);
}

static void connect_again_and_again(struct client *client, bool reuse, int count)
{
	double longest[CONNECTIONS], started;

	/* The first one of all has nothing to resume, and what it allocates stays. */
	open_stream(client);
	get_page(client);
	close_stream(client);
	started = figure_cpu();
	for (int i = 0; i < count; i++) {
		if (!reuse)
			tls_sessions_clear(&client->tls.sessions);
		open_stream(client);
		if (tls_stream_resumed(client->stream) != reuse)
			errx(1, "the session was %sresumed", reuse ? "not " : "");
		get_page(client);
		close_stream(client);
		longest[i] = client->longest;
	}
	started = (figure_cpu() - started) / 1e3 / count;
	qsort(longest, (size_t)count, sizeof(longest[0]), compare);
	printf("{\"cpu\": %.2f, \"longest\": %.2f}\n", started, longest[count / 2]);
}

static void send_records(struct client *client, int mebibytes)
{
	static char buffer[HTTP_CONNECTION_HEADROOM + RING_BUFFER_SIZE];
	const char *cipher;
	double started;

	open_stream(client);
	cipher = tls_stream_cipher(client->stream);
	started = figure_cpu();
	for (long left = (long)mebibytes << 20; left > 0; left -= RING_BUFFER_SIZE)
		send_plain(client, buffer, RING_BUFFER_SIZE);
	printf("{\"cpu\": %.2f, \"cipher\": \"%s\"}\n", (figure_cpu() - started) / 1e3 / mebibytes, cipher);
	close_stream(client);
}

int main(int argc, char **argv)
{
	struct tls_settings settings = {.verify = true};
	static struct client client;
	char message[TLS_MESSAGE_SIZE];
	int count;

	if (argc != 5 || strlen(argv[2]) >= sizeof(settings.ca_file))
		errx(2, "usage: tls-client PORT CA_FILE new|reuse|send COUNT");
	client.port = (uint16_t)atoi(argv[1]);
	memcpy(settings.ca_file, argv[2], strlen(argv[2]) + 1);
	count = atoi(argv[4]);
	if (count < 1 || count > CONNECTIONS)
		errx(2, "1 to %d", CONNECTIONS);
	if (tls_load(&client.tls, &settings, message) < 0)
		errx(1, "%s", message);
	if (strcmp(argv[3], "send") == 0)
		send_records(&client, count);
	else
		connect_again_and_again(&client, strcmp(argv[3], "reuse") == 0, count);
	tls_unload(&client.tls);
	return 0;
}
