# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel module, its static checks, and its tests in a virtual machine. None of it is built by "make" alone.
#
#     make kmod KDIR=FOLDER   against the running kernel, or that of the given build folder
#     make install-kmod       the sources to where DKMS looks for them
#     make check-kmod         W=1, sparse, checkpatch --strict, coccinelle
#     make test-kmod          in a virtual machine with Debian's kernel
#     make test-kmod-debug    the same with a kernel of one's own that has KASAN and lockdep
#     make bench-kmod         the page against netlink and /proc/net/dev, in the virtual machine

PACKAGES_KMOD := gcc make linux-headers-cloud-amd64
PACKAGES_KMOD_CHECK := $(PACKAGES_KMOD) sparse coccinelle linux-source-6.1 xz-utils python3
PACKAGES_KMOD_TEST := $(PACKAGES_KMOD) qemu-system-x86 cpio xz-utils
PACKAGES_KMOD_DEBUG := $(PACKAGES_KMOD_TEST) linux-source-6.1 flex bison bc libelf-dev libssl-dev

# The running kernel's headers, or else the newest that are installed.
KDIR ?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) $(lastword $(sort $(wildcard /lib/modules/*/build))))

kmod_sources := $(wildcard kmod/*.c kmod/*.h) kmod/Kbuild
kmod_folder := $(BUILD)/kmod
kmod_guest := $(BUILD)/kmod-guest

# kmod_build(folder, kernel's build folder, more options): builds a copy, since the kernel's build system leaves its files
# beside the sources
define kmod_build
rm -rf $(1) && mkdir -p $(1) && cp $(kmod_sources) $(1) && \
	$(MAKE) --no-print-directory -C $(2) M=$(abspath $(1)) $(3) modules
endef

kmod:
	$(if $(KDIR),,$(error no kernel headers: give KDIR=FOLDER, or install the package linux-headers-...))
	+$(call kmod_build,$(kmod_folder),$(KDIR),W=1)

# DKMS takes name and version from the folder, and compares them with dkms.conf.
kmod_dkms = $(DESTDIR)/usr/src/espalier-counters-$(VERSION)

install-kmod:
	$(INSTALL) -d $(kmod_dkms)
	$(INSTALL) -m 644 $(kmod_sources) kmod/dkms.conf $(kmod_dkms)

kmod-deps:
	$(call install_packages,$(PACKAGES_KMOD_TEST))

check-kmod:
	$(call install_packages,$(PACKAGES_KMOD_CHECK))
	@tests/kmod/check $(kmod_folder)-check

# Programs of the virtual machine
$(eval $(call program,KMOD_PROGRAMS,guest,$(wildcard tests/kmod/*.c),libnetlink.a libdaemon.a libespalier.a,$(netlink_packages),kmod-guest/))
$(eval $(call program,KMOD_PROGRAMS,bench-page,bench/page.c bench/figure.c,libnetlink.a libdaemon.a libespalier.a,$(netlink_packages),kmod-guest/))
kmod_programs := $(KMOD_PROGRAMS) $(BUILD)/espalier-netlink $(BUILD)/shmdump

test-kmod: deps kmod-deps
	@$(again) -j$(JOBS) $(kmod_programs)
	@tests/kmod/run $(BUILD) test

bench-kmod: deps kmod-deps
	@$(again) -j$(JOBS) $(kmod_programs)
	@tests/kmod/run $(BUILD) bench

test-kmod-debug: deps
	$(call install_packages,$(PACKAGES_KMOD_DEBUG))
	@$(again) -j$(JOBS) $(kmod_programs)
	@tests/kmod/run $(BUILD) debug

.PHONY: kmod install-kmod kmod-deps check-kmod test-kmod bench-kmod test-kmod-debug
