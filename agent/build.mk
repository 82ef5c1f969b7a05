# SPDX-License-Identifier: GPL-2.0-or-later
# The CWMP agent.

agent_packages := liburing libxml-2.0 wolfssl sqlite3 inih zlib libcares

PACKAGES_BUILD += liburing-dev libxml2-dev libwolfssl-dev libsqlite3-dev zlib1g-dev libc-ares-dev

# espalier-transfer alone is linked with libcurl: the agent starts it for each file.
transfer_sources := agent/transfer-program.c agent/transfer-curl.c
PACKAGES_BUILD += libcurl4-gnutls-dev

$(eval $(call archive,libagent,$(filter-out agent/main.c $(transfer_sources),$(wildcard agent/*.c)),$(agent_packages)))

ifneq ($(wildcard agent/main.c),)
$(eval $(call program,PROGRAMS,espalier-agent,agent/main.c,libagent.a libdaemon.a libespalier.a,$(agent_packages),))
$(eval $(call program,PROGRAMS,espalier-transfer,$(transfer_sources),libagent.a libdaemon.a libespalier.a,libcurl wolfssl,))
endif
