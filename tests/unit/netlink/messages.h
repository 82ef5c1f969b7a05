/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Route netlink messages made by hand. */
#pragma once

#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdint.h>

/** A message of a type with its fixed part; nlmsg_free() it */
static inline struct nl_msg *message_start(int type, const void *fixed, size_t length)
{
	struct nl_msg *message = nlmsg_alloc_simple(type, 0);

	nlmsg_append(message, (void *)fixed, length, NLMSG_ALIGNTO);
	return message;
}
