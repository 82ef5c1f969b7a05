# SPDX-License-Identifier: BSD-2-Clause
# The network-side collectors.

netlink_packages := libnl-3.0 libnl-route-3.0 inih nettle libcares miniupnpc
# What only espalier-nat needs. Apart, because libnftables is under the GPL, version 2.
nat_packages := $(netlink_packages) json-c libnftables
nat_library := $(wildcard netlink/nat-*.c netlink/nftables.c netlink/port-mapping*.c netlink/ruleset.c)
netlink_library := $(filter-out netlink/espalier-netlink.c netlink/espalier-nat.c $(nat_library),$(wildcard netlink/*.c))

PACKAGES_BUILD += libnl-3-dev libnl-route-3-dev nettle-dev libc-ares-dev libminiupnpc-dev libnatpmp-dev \
	libnftables-dev libjson-c-dev

$(eval $(call archive,libnetlink,$(netlink_library),$(netlink_packages)))
ifneq ($(call have,$(nat_packages)),)
$(eval $(call archive,libnat,$(nat_library),$(nat_packages)))
endif

ifneq ($(wildcard netlink/espalier-netlink.c),)
$(eval $(call program,PROGRAMS,espalier-netlink,netlink/espalier-netlink.c,libnetlink.a libdaemon.a libespalier.a,$(netlink_packages),))
endif
ifneq ($(wildcard netlink/espalier-nat.c),)
$(BUILD)/espalier-nat: private LIBRARIES_OTHER = -lnatpmp
$(eval $(call program,PROGRAMS,espalier-nat,netlink/espalier-nat.c,libnat.a libnetlink.a libdaemon.a libespalier.a,$(nat_packages),))
endif
