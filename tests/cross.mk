# SPDX-License-Identifier: GPL-2.0-or-later
# The tests of shm/ on other processors: 32-bit big-endian MIPS and arm64, statically linked, under qemu-user.

PACKAGES_CROSS := gcc-mips-linux-gnu libc6-dev-mips-cross gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static
PACKAGES_CI += $(PACKAGES_CROSS)
CROSS_KILLS ?= 30

# "make test-cross" comes back here with CROSS=1 and the compiler of the other processor.
ifneq ($(CROSS),)
CPPFLAGS := -Itests/plain -DTESTS_UNDER_QEMU_USER $(CPPFLAGS)
LDFLAGS += -static
CROSS_TESTS :=
$(eval $(call program,CROSS_TESTS,cross-shm,$(addprefix tests/unit/shm/,folder.c sample.c test-row.c test-tree.c \
	test-hostile.c test-threads.c) tests/plain/main.c,libespalier.a,,tests/))
endif

deps-cross:
	$(call install_packages,$(PACKAGES_BUILD) $(PACKAGES_CROSS))

test-cross: deps-cross
	@CROSS_KILLS=$(CROSS_KILLS) tests/cross/run $(BUILD)/cross '$(MAKE)' mips:mips-linux-gnu aarch64:aarch64-linux-gnu

test-cross-build: $(CROSS_TESTS) $(BUILD)/tests/crash-rows

.PHONY: deps-cross test-cross test-cross-build
