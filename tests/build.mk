# SPDX-License-Identifier: GPL-2.0-or-later
# Tests: unit tests (Criterion), scenario tests (pytest), the check of all recorded messages, fuzzers, the demonstration.

PACKAGES_BUILD += libedit-dev
PACKAGES_TEST += libcriterion-dev python3 python3-pytest python3-pytest-xdist python3-pytest-timeout libxml2-utils \
	iproute2 nftables conntrack coturn miniupnpd-nftables miniupnpc procps tmux dnsmasq-base udhcpc isc-dhcp-client nginx-light openssl \
	vsftpd tftpd-hpa systemd
PACKAGES_FUZZ += clang libclang-rt-14-dev
PACKAGES_CI += clang-tidy clang-format shellcheck

FUZZ_SECONDS ?= 60
# Fuzzers that run longer than FUZZ_SECONDS: SUBJECT=SECONDS ...
FUZZ_LONGER ?=
PYTEST = env PYTHONDONTWRITEBYTECODE=1 ESPALIER_BUILD=$(BUILD) ESPALIER_VERSION=$(VERSION) \
	ESPALIER_CC='$(CC)$(if $(SANITIZE), -fsanitize=$(SANITIZE))' /usr/bin/python3 -m pytest -q -p no:cacheprovider --timeout=600
RESULTS := $(BUILD)/test

include $(wildcard tests/acs/build.mk tests/crash/build.mk tests/flood/build.mk tests/fuzz/build.mk tests/cross.mk tests/model.mk)

# unit(NAME, archives, packages): build/tests/unit-NAME from tests/unit/NAME/*.c
define unit
ifneq ($(wildcard tests/unit/$(1)/*.c),)
$(call program,UNIT_TESTS,unit-$(1),$(wildcard tests/unit/$(1)/*.c),$(2),criterion $(3),tests/)
endif
endef
$(eval $(call unit,shm,libtools.a libdaemon.a libespalier.a,inih))
$(eval $(call unit,netlink,libnat.a libnetlink.a libdaemon.a libespalier.a,$(nat_packages)))
$(eval $(call unit,agent,libagent.a libdaemon.a libespalier.a,$(agent_packages)))
$(eval $(call unit,xmpp,libxmpp.a libagent.a libdaemon.a libespalier.a,$(xmpp_packages)))
$(eval $(call unit,zwave,libzwave.a libdaemon.a libespalier.a,$(zwave_packages)))
$(BUILD)/tests/unit-zwave: private LDFLAGS += $(zwave_link)
TEST_PROGRAMS += $(UNIT_TESTS)

# "make fuzz" comes back here with FUZZER=1, and a build folder of its own in which all code is instrumented.
ifneq ($(FUZZER),)
$(foreach source,$(wildcard tests/fuzz/fuzz-*.c),$(eval $(call program,FUZZERS,$(patsubst tests/fuzz/%.c,%,$(source)),$(source),\
	libxmpp.a libagent.a libnat.a libnetlink.a libzwave.a libtools.a libdaemon.a libespalier.a,\
	$(sort $(xmpp_packages) $(nat_packages) $(zwave_packages)),)))
$(FUZZERS): private LDFLAGS += -fsanitize=fuzzer $(zwave_link)
endif

# "make test-thread" comes back here with PLAIN=1: the tests of shm/ under ThreadSanitizer, without Criterion.
ifneq ($(PLAIN),)
CPPFLAGS := -Itests/plain $(CPPFLAGS)
$(eval $(call program,PLAIN_TESTS,plain-shm,$(wildcard tests/unit/shm/*.c) tests/plain/main.c,libtools.a libdaemon.a \
	libespalier.a,inih,tests/))
endif

# Fails where something could not be built: a test of it would be missing without a word.
complete:
ifneq ($(NOT_BUILT),)
	@printf 'not built: %s\n' $(NOT_BUILT) >&2; exit 1
endif

# run_units: all unit tests, each writing its result to $(RESULTS), whatever the ones before said. The log has the
# reasons of skipped tests, which the XML has not.
define run_units
rm -rf $(RESULTS) && mkdir -p $(RESULTS); \
for unit in $(UNIT_TESTS); do \
	echo "== $$unit"; \
	result=$(RESULTS)/$${unit##*/}; \
	timeout 1200 $$unit --verbose --timeout 300 --xml=$$result.xml >$$result.log 2>&1; \
	grep -avE '^\[(RUN |PASS|SKIP)\]|^\[.{4}\] (Running|Criterion|Writing) ' $$result.log; \
done
endef
unit_results = $(UNIT_TESTS:$(BUILD)/tests/%=$(RESULTS)/%.xml)

# The second make reads the build files again: what was installed meanwhile is known then.
JOBS ?= $(shell nproc 2>/dev/null || echo 1)
again = $(MAKE) --no-print-directory

test: deps
	@$(again) -j$(JOBS) complete all
	@$(again) test-run

# Every step runs, whatever the ones before said; tests/summary reads what they wrote and decides.
test-run: complete all
	@$(run_units); \
	echo '== scenarios'; \
	timeout 3000 $(PYTEST) -n 4 --dist loadgroup -m 'not soak' --junitxml=$(RESULTS)/scenario.xml tests/scenario; \
	echo '== recorded messages'; \
	timeout 1200 $(PYTEST) --junitxml=$(RESULTS)/validate.xml tests/validate; \
	tests/summary $(unit_results) $(RESULTS)/scenario.xml $(RESULTS)/validate.xml

unit-tests: deps
	@$(again) -j$(JOBS) unit-tests-run

unit-tests-run: $(UNIT_TESTS)
	@$(run_units); tests/summary $(unit_results)

test-thread: deps deps-fuzz
	@$(again) -j$(JOBS) BUILD=$(BUILD)/thread CC=clang SANITIZE=thread PLAIN=1 test-thread-run

test-thread-run: complete $(PLAIN_TESTS)
	@status=0; for program in $(PLAIN_TESTS); do \
		TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1 timeout 1800 $$program || status=1; done; exit $$status

soak: deps
	@$(again) -j$(JOBS) complete all
	@$(again) soak-run

soak-run: complete all
	@rm -rf $(RESULTS) && mkdir -p $(RESULTS)
	@ESPALIER_SOAK=1 $(PYTEST) --timeout=0 -m soak --junitxml=$(RESULTS)/soak.xml tests/scenario; \
	tests/summary $(RESULTS)/soak.xml

fuzz: deps-fuzz
	@$(again) -j$(JOBS) BUILD=$(BUILD)/fuzz CC=clang SANITIZE=address,undefined FUZZER=1 fuzz-programs
	@tests/fuzz/run $(FUZZ_SECONDS) $(BUILD)/fuzz $(FUZZ_LONGER)

fuzz-programs: complete $(FUZZERS)

demo: deps
	@$(again) -j$(JOBS) complete all
	@tests/demo/run $(BUILD)

.PHONY: complete test test-run unit-tests unit-tests-run test-thread test-thread-run soak soak-run fuzz fuzz-programs demo
