# SPDX-License-Identifier: GPL-2.0-or-later
# The CWMP agent.

agent_packages := liburing libxml-2.0 wolfssl sqlite3 inih zlib libcares

PACKAGES_BUILD += liburing-dev libxml2-dev libwolfssl-dev libsqlite3-dev zlib1g-dev libc-ares-dev

$(eval $(call archive,libagent,$(filter-out agent/main.c,$(wildcard agent/*.c)),$(agent_packages)))

ifneq ($(wildcard agent/main.c),)
$(eval $(call program,PROGRAMS,espalier-agent,agent/main.c,libagent.a libdaemon.a libespalier.a,$(agent_packages),))
endif
