/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes that managers ask for, made in the kernel. */
#pragma once

#include "netlink/channel.h"
#include "netlink/message.h"

#include <stdbool.h>
#include <stdint.h>

/** What to change about a link; what is not marked stays */
struct link_change {
	int index;
	bool set_up, up;
	bool set_mtu, set_mac;
	uint32_t mtu;
	uint8_t mac[MAC_LENGTH];
};

/** An address to add or delete */
struct address_change {
	int index;
	int family;
	uint8_t bytes[16];
	uint8_t prefix;
	uint32_t preferred, valid; /* seconds from now, UINT32_MAX: without end */
};

/** change_link() - RTM_SETLINK. Returns 0 or the kernel's -errno; then a part may have been done. */
int change_link(struct channel *channel, const struct link_change *change);

/** change_address_add() - adds the address, or sets the lifetimes of one that is there. Returns 0 or -errno. */
int change_address_add(struct channel *channel, const struct address_change *change);

/** change_address_delete() - deletes it. Returns 0, also when it was not there, or -errno. */
int change_address_delete(struct channel *channel, const struct address_change *change);

/**
 * change_ipv6() - attaches a link to IPv6 or detaches it, by its disable_ipv6 setting
 * @name: of the interface, or "all" for the machine
 *
 * Returns 0 or -errno.
 */
int change_ipv6(const char *name, bool enable);

/** change_error_text() - why the kernel refused, in a few words that live for ever */
const char *change_error_text(int error);
