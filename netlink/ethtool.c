/* SPDX-License-Identifier: BSD-2-Clause */
/* Bit rate and duplex mode of an Ethernet port, read from and set in its driver (ethtool's ioctl). */
#include "netlink/ethtool.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

/* Words of each of the three masks of link modes; the kernel says how many it has, 4 now. */
#define MASK_WORDS_MAXIMUM 32

/* The structure that ioctl() reads and writes, with room behind it for the masks. Its last member is a flexible array,
 * which may not be followed by another member: hence the union. */
union link_settings {
	struct ethtool_link_settings fixed;
	uint32_t room[sizeof(struct ethtool_link_settings) / sizeof(uint32_t) + 3 * MASK_WORDS_MAXIMUM];
};

static int command(int fd, const char *name, union link_settings *settings)
{
	struct ifreq request;

	memset(&request, 0, sizeof(request));
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	request.ifr_data = (char *)settings;
	return ioctl(fd, SIOCETHTOOL, &request) ? -errno : 0;
}

static int read_settings(int fd, const char *name, union link_settings *settings)
{
	int words, error;

	memset(settings, 0, sizeof(*settings));
	settings->fixed.cmd = ETHTOOL_GLINKSETTINGS;
	error = command(fd, name, settings);
	if (error)
		return error;
	/* The first answer only tells, as a negative number, how many words the masks have. */
	words = -settings->fixed.link_mode_masks_nwords;
	if (words <= 0 || words > MASK_WORDS_MAXIMUM)
		return -EPROTO;
	memset(settings, 0, sizeof(*settings));
	settings->fixed.cmd = ETHTOOL_GLINKSETTINGS;
	settings->fixed.link_mode_masks_nwords = (__s8)words;
	return command(fd, name, settings);
}

int ethtool_read(int fd, const char *name, struct ethtool_settings *settings)
{
	union link_settings link;
	int error;

	memset(settings, 0, sizeof(*settings));
	error = read_settings(fd, name, &link);
	if (error == -EOPNOTSUPP || error == -EPERM || error == -ENOTTY || error == -ENOSYS)
		return 0;
	if (error)
		return error;
	settings->known = true;
	settings->negotiated = link.fixed.autoneg == AUTONEG_ENABLE;
	if (link.fixed.speed != (uint32_t)SPEED_UNKNOWN && link.fixed.speed <= INT32_MAX)
		settings->speed = link.fixed.speed;
	if (link.fixed.duplex == DUPLEX_HALF)
		settings->duplex = ETHTOOL_DUPLEX_HALF;
	else if (link.fixed.duplex == DUPLEX_FULL)
		settings->duplex = ETHTOOL_DUPLEX_FULL;
	return 0;
}

int ethtool_write(int fd, const char *name, const struct ethtool_settings *settings)
{
	union link_settings link;
	int words, error;

	error = read_settings(fd, name, &link);
	if (error)
		return error;
	link.fixed.cmd = ETHTOOL_SLINKSETTINGS;
	/* read_settings() has seen that it is positive. */
	words = (uint8_t)link.fixed.link_mode_masks_nwords;
	link.fixed.autoneg = settings->negotiated ? AUTONEG_ENABLE : AUTONEG_DISABLE;
	if (settings->negotiated) {
		/* Offer all that the port supports: the masks lie one after the other, supported before advertised. */
		uint32_t *masks = link.room + sizeof(link.fixed) / sizeof(uint32_t);

		memcpy(masks + words, masks, (size_t)words * sizeof(*masks));
	} else {
		link.fixed.speed = settings->speed ? settings->speed : (uint32_t)SPEED_UNKNOWN;
		if (settings->duplex != ETHTOOL_DUPLEX_UNKNOWN)
			link.fixed.duplex =
				settings->duplex == ETHTOOL_DUPLEX_HALF ? (uint8_t)DUPLEX_HALF : (uint8_t)DUPLEX_FULL;
	}
	return command(fd, name, &link);
}
