/* SPDX-License-Identifier: BSD-2-Clause */
/* Bit rate and duplex mode of an Ethernet port, read from and set in its driver (ethtool's ioctl). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum ethtool_duplex { ETHTOOL_DUPLEX_UNKNOWN, ETHTOOL_DUPLEX_HALF, ETHTOOL_DUPLEX_FULL };

struct ethtool_settings {
	bool known;	 /* the driver answers such questions at all */
	bool negotiated; /* by autonegotiation */
	uint32_t speed;	 /* Mbit/s, 0: not known */
	enum ethtool_duplex duplex;
};

/**
 * ethtool_read() - asks the driver; needs no privilege
 * @fd: any socket of the namespace
 * @name: of the interface
 *
 * Returns 0, also when the driver has no answer (known is false then), or -errno.
 */
int ethtool_read(int fd, const char *name, struct ethtool_settings *settings);

/** ethtool_write() - sets negotiation, or speed and duplex without it. Returns 0 or -errno as the driver says. */
int ethtool_write(int fd, const char *name, const struct ethtool_settings *settings);
