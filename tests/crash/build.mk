# SPDX-License-Identifier: GPL-2.0-or-later
# The crash test: a writer and readers that are killed at random moments.

$(eval $(call program,TEST_PROGRAMS,crash-rows,$(wildcard tests/crash/*.c),libespalier.a,,tests/))
