# SPDX-License-Identifier: GPL-2.0-or-later
# The benchmark suite: its programs go to build/bench/, and are built by "make bench" only.

PACKAGES_BENCH += python3 openssl liblmdb-dev linux-perf coturn nftables iproute2 prosody

# A library that only the benchmarks need is no reason for "make test" to complain.
not_built := $(NOT_BUILT)
NOT_BUILT :=
$(eval $(call program,BENCH_PROGRAMS,tree,bench/tree.c bench/figure.c,libespalier.a,lmdb,bench/))
$(eval $(call program,BENCH_PROGRAMS,encode,bench/encode.c bench/figure.c,libagent.a libdaemon.a libespalier.a,$(agent_packages),bench/))
$(eval $(call program,BENCH_PROGRAMS,collect,bench/collect.c bench/figure.c,,libnl-3.0 libnl-route-3.0,bench/))
$(eval $(call program,BENCH_PROGRAMS,publish-tree,bench/publish-tree.c,libespalier.a,,bench/))
$(eval $(call program,BENCH_PROGRAMS,send-finished,bench/send-finished.c bench/finished.c,,,bench/))
$(eval $(call program,BENCH_PROGRAMS,send-encrypted,bench/send-encrypted.c bench/finished.c,libagent.a libdaemon.a libespalier.a,$(agent_packages),bench/))
$(eval $(call program,BENCH_PROGRAMS,tls-client,bench/tls-client.c bench/figure.c,libagent.a libdaemon.a libespalier.a,$(agent_packages),bench/))
$(eval $(call program,BENCH_PROGRAMS,exchange,bench/exchange.c,,,bench/))
$(eval $(call program,BENCH_PROGRAMS,xmpp-exchange,bench/xmpp-exchange.c,,libstrophe,bench/))
$(eval $(call program,BENCH_PROGRAMS,zwave,bench/zwave.c bench/figure.c,libzwave.a libdaemon.a libespalier.a,$(zwave_packages),bench/))
$(BUILD)/bench/zwave: private LDFLAGS += $(zwave_link)
BENCH_NOT_BUILT := $(NOT_BUILT)
NOT_BUILT := $(not_built)

BENCH_COMPILER = $(CC) $(shell $(CC) -dumpfullversion) $(OPTIMIZE)

# The second make knows the libraries that "deps-bench" has installed, as for "test".
bench: deps-bench
	@$(again) -j$(JOBS) bench-programs
	@$(again) bench-run NAME=$(NAME)

bench-programs: $(PROGRAMS) $(BUILD)/espalier-acs $(BENCH_PROGRAMS)
ifneq ($(BENCH_NOT_BUILT),)
	@printf 'not built: %s\n' $(BENCH_NOT_BUILT) >&2; exit 1
endif

bench-run:
	@BENCH_COMPILER='$(BENCH_COMPILER)' bench/run $(BUILD) $(NAME)

.PHONY: bench bench-programs bench-run
