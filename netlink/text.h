/* SPDX-License-Identifier: BSD-2-Clause */
/* How addresses, masks and times are written in TR-181, and read from there. */
#pragma once

#include "netlink/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Room for any of these texts with its NUL: an IPv6 address is the longest */
#define TEXT_SIZE	   48
/** The lifetime that has no end, in seconds, and its text */
#define TIME_INFINITE	   INT64_MAX
#define TIME_INFINITE_TEXT "9999-12-31T23:59:59Z"

/** text_mac() - "00:11:22:AA:BB:CC" in upper case */
void text_mac(char text[TEXT_SIZE], const uint8_t mac[MAC_LENGTH]);

/** text_mac_parse() - reads six pairs of hexadecimal digits separated by colons. Returns false for anything else. */
bool text_mac_parse(const char *text, size_t length, uint8_t mac[MAC_LENGTH]);

/** text_address() - an address of either family (AF_INET, AF_INET6) in its canonical form */
void text_address(char text[TEXT_SIZE], int family, const uint8_t *bytes);

/** text_address_parse() - reads an address of that family. Returns false for anything else. */
bool text_address_parse(const char *text, size_t length, int family, uint8_t bytes[16]);

/** text_mask() - the subnet mask of an IPv4 prefix of 0 to 32 bits */
void text_mask(char text[TEXT_SIZE], unsigned int prefix);

/** text_mask_parse() - the bits of a subnet mask, -1 when it is none (its ones must come first) */
int text_mask_parse(const char *text, size_t length);

/** text_time() - a dateTime in UTC from seconds since 1970; TIME_INFINITE and later than year 9999 as TR-181 says */
void text_time(char text[TEXT_SIZE], int64_t seconds);

/** text_time_parse() - seconds since 1970 of a dateTime with or without fraction and zone. False for another form. */
bool text_time_parse(const char *text, size_t length, int64_t *seconds);

/** text_name() - an interface name as UTF-8 text: bytes that are no printable ASCII become '?' */
void text_name(char text[IFNAMSIZ], const char *name);

/** text_alias_fault() - why a manager's alias can't be (TR-106, 3.6.1), or NULL */
const char *text_alias_fault(const char *text, size_t length);
