# SPDX-License-Identifier: BSD-2-Clause
# Builds, tests, measures and installs Espalier. Each folder lists its own programs in its build.mk.

BUILD ?= build
PREFIX ?= /usr
DESTDIR ?=
SANITIZE ?=
FUZZER ?=
PLAIN ?=
VERSION := 0.1.0
ifeq ($(origin CC),default)
CC := gcc
endif
PKG_CONFIG ?= pkg-config
AR ?= ar
OBJCOPY ?= objcopy
OPTIMIZE ?= -O2
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Wformat=2
CPPFLAGS += -D_GNU_SOURCE -DESPALIER_VERSION='"$(VERSION)"' -I.
CFLAGS_ALL = -std=gnu11 -g $(OPTIMIZE) -fPIC -fvisibility=hidden -fno-semantic-interposition -fno-omit-frame-pointer \
	-pthread $(WARNINGS) $(CFLAGS)
LDFLAGS_ALL = -pthread -Wl,-z,relro,-z,now,--as-needed $(LDFLAGS)
ifneq ($(SANITIZE),)
CFLAGS_ALL += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
LDFLAGS_ALL += -fsanitize=$(SANITIZE)
endif
ifneq ($(FUZZER),)
CFLAGS_ALL += -fsanitize=fuzzer-no-link
endif

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-8s %s\n'
endif

# What each folder's build.mk adds to: programs to install, programs for tests only, libraries, fuzzers, and the Debian
# packages that these need.
PROGRAMS :=
TEST_PROGRAMS :=
LIBRARIES :=
UNIT_TESTS :=
PLAIN_TESTS :=
FUZZERS :=
NOT_BUILT :=
PACKAGES_BUILD := gcc libc6-dev pkg-config
PACKAGES_TEST :=
PACKAGES_BENCH :=
PACKAGES_FUZZ :=
PACKAGES_CI :=

comma := ,
empty :=
space := $(empty) $(empty)

# have(packages): "yes" when pkg-config knows all of them, empty otherwise
have = $(shell $(PKG_CONFIG) --exists $(1) 2>/dev/null && echo yes)

# object(sources): their object files below $(BUILD)
object = $(patsubst %.c,$(BUILD)/object/%.o,$(1))

# archive(NAME, sources, packages): a static library $(BUILD)/NAME.a
define archive
$(call object,$(2)): private PACKAGE_CFLAGS = $(if $(strip $(3)),$$(shell $(PKG_CONFIG) --cflags $(3)))
$(BUILD)/$(1).a: $(call object,$(2)) $(BUILD)/sources
	$$(say) AR $$@
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $(call object,$(2))
endef

# program(LIST, NAME, sources, archives, packages, folder): adds $(BUILD)/[folder/]NAME to LIST, or to NOT_BUILT where
# pkg-config misses one of the packages. The folder, when there is one, ends with a slash. A library that pkg-config does
# not know is in LIBRARIES_OTHER of the program's target.
define program
ifneq ($(if $(strip $(5)),$(call have,$(5)),yes),)
$(1) += $(BUILD)/$(6)$(2)
$(call object,$(3)): private PACKAGE_CFLAGS = $(if $(strip $(5)),$$(shell $(PKG_CONFIG) --cflags $(5)))
$(BUILD)/$(6)$(2): $(call object,$(3)) $(addprefix $(BUILD)/,$(4)) $(BUILD)/sources
	@mkdir -p $$(@D)
	$$(say) LINK $$@
	$$(Q)$$(CC) $$(LDFLAGS_ALL) -o $$@ $(call object,$(3)) $(addprefix $(BUILD)/,$(4)) $(if $(strip $(5)),$$(shell $(PKG_CONFIG) --libs $(5))) $$(LIBRARIES_OTHER)
else
NOT_BUILT += $(2)($(subst $(space),$(comma),$(strip $(5))))
endif
endef

all:

include shm/build.mk
include $(wildcard netlink/build.mk agent/build.mk zwave/build.mk kmod/build.mk tests/build.mk bench/build.mk docs/build.mk)

all: $(PROGRAMS) $(TEST_PROGRAMS) $(LIBRARIES)
ifneq ($(NOT_BUILT),)
	@printf 'not built, for want of libraries (make deps installs them): %s\n' $(NOT_BUILT)
endif

# Two stamps, rewritten only when what they hold changes: how to compile, and which source files there are. The first
# makes a build folder follow CC, CFLAGS and SANITIZE; the second relinks an archive that lost a file.
ifneq ($(filter-out clean deps deps-%,$(or $(MAKECMDGOALS),all)),)
flags_now := $(CC) $(shell $(CC) -dumpfullversion 2>/dev/null) $(CPPFLAGS) $(CFLAGS_ALL) / $(LDFLAGS_ALL)
sources_now := $(sort $(wildcard shm/*.c netlink/*.c agent/*.c agent/*/*.c zwave/*.c tests/*/*.c tests/*/*/*.c bench/*.c))
$(shell mkdir -p $(BUILD))
$(file >$(BUILD)/flags.now,$(flags_now))
$(file >$(BUILD)/sources.now,$(sources_now))
$(foreach stamp,flags sources,$(shell cmp -s $(BUILD)/$(stamp).now $(BUILD)/$(stamp) && rm -f $(BUILD)/$(stamp).now || \
	mv -f $(BUILD)/$(stamp).now $(BUILD)/$(stamp)))
endif
$(BUILD)/sources: $(BUILD)/flags
$(BUILD)/flags $(BUILD)/sources: ;

$(BUILD)/object/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS_ALL) $(PACKAGE_CFLAGS) -MMD -MP -c -o $@ $<

# install_packages(names): apt-get for those that are missing, by name; says so, and is silent where there is nothing to do
define install_packages
	@missing=; for package in $(sort $(1)); do \
		case "$$(dpkg-query -W -f='$${db:Status-Status}' "$$package" 2>/dev/null)" in \
		installed) ;; *) missing="$$missing $$package" ;; esac; done; \
	[ -n "$$missing" ] || exit 0; \
	as_root=; [ "$$(id -u)" = 0 ] || as_root=sudo; \
	echo "installing with apt-get:$$missing"; \
	$$as_root apt-get -qq update && \
	$$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $$missing
endef

deps:
	$(call install_packages,$(PACKAGES_BUILD) $(PACKAGES_TEST))

deps-bench:
	$(call install_packages,$(PACKAGES_BUILD) $(PACKAGES_TEST) $(PACKAGES_BENCH))

deps-fuzz:
	$(call install_packages,$(PACKAGES_BUILD) $(PACKAGES_FUZZ))

deps-ci:
	$(call install_packages,$(PACKAGES_BUILD) $(PACKAGES_TEST) $(PACKAGES_FUZZ) $(PACKAGES_CI))

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/object -name '*.d' 2>/dev/null)

.PHONY: all clean deps deps-bench deps-fuzz deps-ci
.DELETE_ON_ERROR:
