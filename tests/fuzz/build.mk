# SPDX-License-Identifier: GPL-2.0-or-later
# Writes the seeds of the fuzzers of shm/ anew: "make fuzz-seeds", when a format has changed.

$(eval $(call program,TEST_PROGRAMS,fuzz-seeds,tests/fuzz/seeds/main.c tests/unit/shm/sample.c,libespalier.a,,tests/))

fuzz-seeds: $(BUILD)/tests/fuzz-seeds
	$(BUILD)/tests/fuzz-seeds tests/fuzz/corpus

.PHONY: fuzz-seeds
