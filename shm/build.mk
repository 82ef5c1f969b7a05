# SPDX-License-Identifier: BSD-2-Clause
# The parameter tree in shared memory: the public library, what all daemons share, and the tools.

shm_tools := $(wildcard shm/shmdump*.c shm/format-*.c shm/publish-*.c) shm/espalier-publish.c shm/espalier-request.c
shm_daemon := shm/log.c shm/configuration.c shm/cpu-share.c shm/daemon.c shm/daemon-signal.c shm/reach-message.c shm/reach-request.c
shm_library := $(filter-out $(shm_tools) $(shm_daemon),$(wildcard shm/*.c))

PACKAGES_BUILD += libinih-dev libncurses-dev

$(eval $(call archive,libespalier,$(shm_library),))
$(eval $(call archive,libdaemon,$(shm_daemon),inih))
$(eval $(call archive,libtools,$(wildcard shm/format-*.c shm/publish-*.c),))

ifneq ($(wildcard shm/shmdump.c),)
$(eval $(call program,PROGRAMS,shmdump,$(wildcard shm/shmdump*.c),libtools.a libespalier.a,ncursesw,))
endif
ifneq ($(wildcard shm/espalier-publish.c),)
$(eval $(call program,PROGRAMS,espalier-publish,shm/espalier-publish.c,libtools.a libespalier.a,,))
endif
ifneq ($(wildcard shm/espalier-request.c),)
$(eval $(call program,PROGRAMS,espalier-request,shm/espalier-request.c,libtools.a libespalier.a,,))
endif

LIBRARIES += $(BUILD)/public/libespalier.a $(BUILD)/libespalier.so $(BUILD)/espalier.pc

# What vendors link: one object that shows the names of the public header only, so that no inner name of the library
# meets one of theirs.
$(BUILD)/public/libespalier.a: $(call object,$(shm_library)) $(BUILD)/sources
	@mkdir -p $(@D)
	$(say) AR $@
	$(Q)$(CC) $(CFLAGS) -nostdlib -r -o $(@D)/espalier.o $(call object,$(shm_library))
	$(Q)$(OBJCOPY) --localize-hidden $(@D)/espalier.o
	$(Q)rm -f $@ && $(AR) rcs $@ $(@D)/espalier.o

$(BUILD)/libespalier.so.0: $(call object,$(shm_library)) shm/espalier.map $(BUILD)/sources
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) -shared -Wl,-soname,libespalier.so.0 -Wl,--version-script=shm/espalier.map \
		-o $@ $(call object,$(shm_library))

$(BUILD)/libespalier.so: $(BUILD)/libespalier.so.0
	$(Q)ln -sf libespalier.so.0 $@

define espalier_pc
prefix=$(PREFIX)
includedir=$${prefix}/include
libdir=$${prefix}/lib

Name: espalier
Description: Publishes and reads a gateway's parameter tree in shared memory
Version: $(VERSION)
Cflags: -I$${includedir}
Libs: -L$${libdir} -lespalier
endef

$(BUILD)/espalier.pc: shm/build.mk Makefile
	$(file >$@,$(espalier_pc))
	@:
