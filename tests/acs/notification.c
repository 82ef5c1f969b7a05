// SPDX-License-Identifier: GPL-2.0-or-later
// Receives lightweight notifications (TR-069 Annex M): signed datagrams, printed with what is right and wrong in them.

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libxml/parser.h>

#include "tests/acs/authenticate.h"
#include "tests/acs/digest.h"
#include "tests/acs/loop.h"
#include "tests/acs/notification.h"
#include "tests/acs/output.h"

#define NAMESPACE "urn:broadband-forum-org:cwmp:lwnotif-1-0"

static struct source receiver = {.fd = -1};

/* The text of the child of that name, "" when there is none; to be freed with xmlFree(). */
static xmlChar *text_of(const xmlNode *parent, const char *name)
{
	for (xmlNode *node = parent->children; node; node = node->next) {
		if (node->type == XML_ELEMENT_NODE && !strcmp((const char *)node->name, name))
			return xmlNodeGetContent(node);
	}
	return xmlStrdup((const xmlChar *)"");
}

static void print_parameters(const xmlNode *root)
{
	for (xmlNode *node = root->children; node; node = node->next) {
		xmlChar *name, *value;

		if (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, "Param") != 0)
			continue;
		name = text_of(node, "Name");
		value = text_of(node, "Value");
		print_exchange("   %s = %s", (const char *)name, (const char *)value);
		xmlFree(name);
		xmlFree(value);
	}
}

static void print_notification(const char *body, size_t length, const char *signature)
{
	xmlDoc *document =
		xmlReadMemory(body, (int)length, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	const xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;
	char right[DIGEST_SHA1_SIZE];

	if (!root || !root->ns || strcmp((const char *)root->ns->href, NAMESPACE) != 0 ||
	    strcmp((const char *)root->name, "Notification") != 0) {
		print_exchange("warning a datagram is no lightweight notification");
	} else {
		xmlChar *oui = text_of(root, "OUI"), *class = text_of(root, "ProductClass"),
			*serial = text_of(root, "SerialNumber");

		digest_keyed_sha1(authentication_options.password, body, length, right);
		for (char *digit = right; *digit; digit++)
			*digit = (char)toupper((unsigned char)*digit);
		print_exchange("<- Notification %s-%s-%s signature=%s", (const char *)oui, (const char *)class,
			       (const char *)serial,
			       !*signature		       ? "missing"
			       : strcmp(signature, right) != 0 ? "wrong"
							       : "good");
		print_parameters(root);
		xmlFree(oui);
		xmlFree(class);
		xmlFree(serial);
	}
	xmlFreeDoc(document);
}

static void receive(struct source *source, uint32_t events)
{
	static char datagram[65536];
	ssize_t length = recv(source->fd, datagram, sizeof(datagram) - 1, 0);
	char signature[DIGEST_SHA1_SIZE] = "";
	char *body, *field;

	(void)events;
	if (length < 0)
		return;
	datagram[length] = 0;
	body = strstr(datagram, "\r\n\r\n");
	if (strncmp(datagram, "POST ", 5) != 0 || !body) {
		print_exchange("warning a datagram is no HTTP request");
		return;
	}
	*body = 0;
	body += strlen("\r\n\r\n");
	field = strcasestr(datagram, "\r\nSignature: ");
	if (field)
		sscanf(field + strlen("\r\nSignature: "), "%40s", signature);
	print_notification(body, (size_t)(datagram + length - body), signature);
}

int notification_open(const char *address, unsigned port)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM};
	struct addrinfo *found;
	char service[16];
	int error = 0;

	snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(address, service, &hints, &found))
		return -EINVAL;
	receiver.fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (receiver.fd < 0 || bind(receiver.fd, found->ai_addr, found->ai_addrlen))
		error = -errno;
	freeaddrinfo(found);
	if (error)
		return error;
	receiver.ready = receive;
	return loop_add(&receiver, EPOLLIN);
}
