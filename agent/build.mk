# SPDX-License-Identifier: GPL-2.0-or-later
# The CWMP agent, and the XMPP client beside it.

agent_packages := liburing libxml-2.0 wolfssl sqlite3 inih zlib libcares json-c
xmpp_packages := $(agent_packages) libstrophe

PACKAGES_BUILD += liburing-dev libxml2-dev libwolfssl-dev libsqlite3-dev zlib1g-dev libc-ares-dev libstrophe-dev \
	libjson-c-dev
PACKAGES_TEST += prosody openssl

# espalier-transfer alone is linked with libcurl: the agent starts it for each file.
transfer_sources := agent/transfer-program.c agent/transfer-curl.c
PACKAGES_BUILD += libcurl4-gnutls-dev

$(eval $(call archive,libagent,$(filter-out agent/main.c $(transfer_sources),$(wildcard agent/*.c)),$(agent_packages)))

ifneq ($(wildcard agent/main.c),)
$(eval $(call program,PROGRAMS,espalier-agent,agent/main.c,libagent.a libdaemon.a libespalier.a,$(agent_packages),))
$(eval $(call program,PROGRAMS,espalier-transfer,$(transfer_sources),libagent.a libdaemon.a libespalier.a,libcurl wolfssl,))
endif

ifneq ($(call have,libstrophe),)
$(eval $(call archive,libxmpp,$(filter-out agent/xmpp/main.c,$(wildcard agent/xmpp/*.c)),$(xmpp_packages)))
endif
$(eval $(call program,PROGRAMS,espalier-xmpp,agent/xmpp/main.c,libxmpp.a libagent.a libdaemon.a libespalier.a,$(xmpp_packages),))
