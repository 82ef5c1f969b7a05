// SPDX-License-Identifier: GPL-2.0-or-later
// The UDP connection request: three copies of a signed datagram to the device (TR-069 Annex G).

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/acs/buffer.h"
#include "tests/acs/digest.h"
#include "tests/acs/loop.h"
#include "tests/acs/options.h"
#include "tests/acs/udp_request.h"

enum {
	COPIES = 3,
	UDP_HEADER = 8,
	UDP_CHECKSUM = 6, // its place in the header
	DATAGRAM_MAX = 1024,
};

/* What may stand in a query as it is; the rest becomes %XX. */
static void add_escaped(struct buffer *query, const char *text)
{
	for (; *text; text++) {
		if ((*text >= '0' && *text <= '9') || ((*text | 32) >= 'a' && (*text | 32) <= 'z') ||
		    strchr("-._~", *text))
			buffer_append(query, text, 1);
		else
			buffer_format(query, "%%%02X", (unsigned char)*text);
	}
}

static void write_request(struct buffer *datagram, const char *address)
{
	char cnonce[33], digits[16] = "", signature[DIGEST_SHA1_SIZE];
	unsigned long long now = (unsigned long long)time(NULL), id;
	struct buffer text = {0};

	digest_token(cnonce);
	memcpy(digits, cnonce, sizeof(digits) - 1);
	id = strtoull(digits, NULL, 16);
	buffer_format(&text, "%llu%llu%s%s", now, id, options.connection_user, cnonce);
	digest_keyed_sha1(options.connection_password, text.data, strlen(text.data), signature);
	buffer_free(&text);
	buffer_format(datagram, "GET http://%s?ts=%llu&id=%llu&un=", address, now, id);
	add_escaped(datagram, options.connection_user);
	buffer_format(datagram, "&cn=%s&sig=%s HTTP/1.1\r\n\r\n", cnonce, signature);
}

/* Finds the address of "host:port". */
static struct addrinfo *find(const char *address, int family)
{
	const struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST};
	char *host = copy_string(*address == '[' ? address + 1 : address), *port;
	struct addrinfo *found = NULL;
	char *end = *address == '[' ? strchr(host, ']') : strrchr(host, ':');

	port = end ? end + (*end == ']' ? 2 : 1) : NULL;
	if (end && *end == ']' && end[1] != ':')
		port = NULL;
	if (end)
		*end = '\0';
	if (getaddrinfo(host, port ? port : "80", &hints, &found))
		found = NULL;
	free(host);
	return found;
}

/* The port belongs to the STUN server, so the datagrams are made here with their UDP header. */
static const char *send_raw(const struct addrinfo *to, const struct addrinfo *from, const struct buffer *datagram,
			    uint64_t *left)
{
	unsigned char packet[UDP_HEADER + DATAGRAM_MAX] = {0};
	size_t length = UDP_HEADER + datagram->length;
	struct sockaddr_storage target = {0}, source = {0};
	int checksum = UDP_CHECKSUM;
	const char *error = NULL;
	int fd;

	if (datagram->length > DATAGRAM_MAX)
		return "the user name is too long";
	// the ports are at the same place in both kinds of address
	memcpy(packet, from->ai_addr->sa_data, 2);
	memcpy(packet + 2, to->ai_addr->sa_data, 2);
	packet[4] = (unsigned char)(length >> 8);
	packet[5] = (unsigned char)length;
	memcpy(packet + UDP_HEADER, datagram->data, datagram->length);
	memcpy(&target, to->ai_addr, to->ai_addrlen);
	memcpy(&source, from->ai_addr, from->ai_addrlen);
	memset(((struct sockaddr *)&target)->sa_data, 0, 2);
	memset(((struct sockaddr *)&source)->sa_data, 0, 2);
	fd = socket(to->ai_family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP);
	if (fd < 0)
		return strerror(errno);
	if ((to->ai_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_CHECKSUM, &checksum, sizeof(checksum))) ||
	    bind(fd, (struct sockaddr *)&source, from->ai_addrlen))
		error = strerror(errno);
	*left = now_ns();
	for (int copy = 0; copy < COPIES && !error; copy++)
		if (sendto(fd, packet, length, 0, (struct sockaddr *)&target, to->ai_addrlen) < 0)
			error = strerror(errno);
	close(fd);
	return error;
}

static const char *send_plain(const struct addrinfo *to, const struct buffer *datagram, uint64_t *left)
{
	int fd = socket(to->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const char *error = fd < 0 ? strerror(errno) : NULL;

	*left = now_ns();
	for (int copy = 0; copy < COPIES && !error; copy++)
		if (sendto(fd, datagram->data, datagram->length, 0, to->ai_addr, to->ai_addrlen) < 0)
			error = strerror(errno);
	if (fd >= 0)
		close(fd);
	return error;
}

const char *udp_request_send(const char *address, uint64_t *left)
{
	struct addrinfo *to = find(address, AF_UNSPEC), *from = NULL;
	struct buffer datagram = {0};
	const char *error;

	if (!to)
		return "not an address with a port";
	if (options.udp_from)
		from = find(options.udp_from, to->ai_family);
	write_request(&datagram, address);
	if (!options.udp_from)
		error = send_plain(to, &datagram, left);
	else if (from)
		error = send_raw(to, from, &datagram, left);
	else
		error = "--udp-from is no address with a port of the device's family";
	buffer_free(&datagram);
	freeaddrinfo(to);
	if (from)
		freeaddrinfo(from);
	return error;
}
