# SPDX-License-Identifier: GPL-2.0-or-later
# The small ACS for tests, the demonstration and the benchmarks.

PACKAGES_BUILD += zlib1g-dev

$(eval $(call program,TEST_PROGRAMS,espalier-acs,$(wildcard tests/acs/*.c),,libxml-2.0 libedit wolfssl zlib libstrophe,))
