# SPDX-License-Identifier: GPL-2.0-or-later
# The traffic generator of the tests of what listens.

$(eval $(call program,TEST_PROGRAMS,flood,$(wildcard tests/flood/*.c),,,tests/))
