/* SPDX-License-Identifier: BSD-2-Clause */
/* How addresses, masks and times are written in TR-181, and read from there. */
#include "netlink/text.h"

#include "shm/hexadecimal.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void text_mac(char text[TEXT_SIZE], const uint8_t mac[MAC_LENGTH])
{
	snprintf(text, TEXT_SIZE, "%02X:%02X:%02X:%02X:%02X:%02X", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

bool text_mac_parse(const char *text, size_t length, uint8_t mac[MAC_LENGTH])
{
	if (length != MAC_LENGTH * 3 - 1)
		return false;
	for (size_t i = 0; i < MAC_LENGTH; i++) {
		int byte = hexadecimal_byte(text + i * 3);

		if (byte < 0 || (i + 1 < MAC_LENGTH && text[i * 3 + 2] != ':'))
			return false;
		mac[i] = (uint8_t)byte;
	}
	return true;
}

void text_address(char text[TEXT_SIZE], int family, const uint8_t *bytes)
{
	const char *written = inet_ntop(family, bytes, text, TEXT_SIZE);

	assert(written);
	(void)written;
}

/* A NUL-terminated copy for the functions of libc; false when it does not fit or holds a NUL. */
static bool copy(char to[TEXT_SIZE], const char *text, size_t length)
{
	if (length >= TEXT_SIZE || memchr(text, '\0', length))
		return false;
	memcpy(to, text, length);
	to[length] = '\0';
	return true;
}

bool text_address_parse(const char *text, size_t length, int family, uint8_t bytes[16])
{
	char terminated[TEXT_SIZE];

	memset(bytes, 0, 16);
	return copy(terminated, text, length) && inet_pton(family, terminated, bytes) == 1;
}

void text_mask(char text[TEXT_SIZE], unsigned int prefix)
{
	uint32_t mask = htonl(prefix ? UINT32_MAX << (32 - prefix) : 0);

	text_address(text, AF_INET, (const uint8_t *)&mask);
}

int text_mask_parse(const char *text, size_t length)
{
	uint8_t bytes[16];
	uint32_t mask, zeros;

	if (!text_address_parse(text, length, AF_INET, bytes))
		return -1;
	memcpy(&mask, bytes, sizeof(mask));
	zeros = ~ntohl(mask);
	if (zeros & (zeros + 1))
		return -1;
	return zeros ? __builtin_clz(zeros) : 32;
}

void text_time(char text[TEXT_SIZE], int64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm parts;

	if (seconds == TIME_INFINITE || (int64_t)time != seconds || !gmtime_r(&time, &parts) || parts.tm_year > 8099) {
		snprintf(text, TEXT_SIZE, TIME_INFINITE_TEXT);
		return;
	}
	strftime(text, TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

bool text_time_parse(const char *text, size_t length, int64_t *seconds)
{
	char terminated[TEXT_SIZE];
	struct tm parts;
	const char *rest;
	long zone = 0;

	if (!copy(terminated, text, length))
		return false;
	if (strcmp(terminated, TIME_INFINITE_TEXT) == 0) {
		*seconds = TIME_INFINITE;
		return true;
	}
	memset(&parts, 0, sizeof(parts));
	rest = strptime(terminated, "%Y-%m-%dT%H:%M:%S", &parts);
	if (!rest)
		return false;
	if (*rest == '.') {
		do
			rest++;
		while (isdigit((unsigned char)*rest));
	}
	if (*rest == '+' || *rest == '-') {
		int hours, minutes, used = 0;

		if (sscanf(rest + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 || used != 5 || hours > 14 ||
		    minutes > 59 || hours < 0 || minutes < 0)
			return false;
		zone = (*rest == '-' ? -60L : 60L) * (hours * 60 + minutes);
		rest += 1 + used;
	} else if (*rest == 'Z') {
		rest++;
	}
	*seconds = (int64_t)timegm(&parts) - zone;
	return *rest == '\0';
}

void text_name(char text[IFNAMSIZ], const char *name)
{
	size_t i;

	for (i = 0; i < IFNAMSIZ - 1 && name[i]; i++)
		text[i] = name[i] > ' ' && name[i] < 127 ? name[i] : '?';
	text[i] = '\0';
}

const char *text_alias_fault(const char *text, size_t length)
{
	if (length == 0 || !isalpha((unsigned char)text[0]))
		return "an alias starts with a letter";
	if (length >= 4 && memcmp(text, "cpe-", 4) == 0)
		return "aliases that start with \"cpe-\" are the device's own";
	for (size_t i = 0; i < length; i++) {
		if (iscntrl((unsigned char)text[i]))
			return "an alias has no control characters";
	}
	return NULL;
}
