# SPDX-License-Identifier: BSD-2-Clause
# The Z-Wave reader. wslay and http_parser come without pkg-config files: the compiler is asked for them.

zwave_packages := json-c nettle inih
zwave_library := $(filter-out zwave/espalier-zwave.c,$(wildcard zwave/*.c))
zwave_link := -Wl,--no-as-needed -lwslay -lhttp_parser -lm -Wl,--as-needed
zwave_headers := $(shell printf '\43include <wslay/wslay.h>\n\43include <http_parser.h>\n' | $(CC) -E - >/dev/null 2>&1 && echo yes)

PACKAGES_BUILD += libjson-c-dev libwslay-dev libhttp-parser-dev nettle-dev

ifneq ($(zwave_headers),)
$(eval $(call archive,libzwave,$(zwave_library),$(zwave_packages)))
$(eval $(call program,PROGRAMS,espalier-zwave,zwave/espalier-zwave.c,libzwave.a libdaemon.a libespalier.a,$(zwave_packages),))
$(BUILD)/espalier-zwave: private LDFLAGS += $(zwave_link)
else
NOT_BUILT += espalier-zwave(wslay,http_parser)
endif
