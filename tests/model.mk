# SPDX-License-Identifier: GPL-2.0-or-later
# The models of the shared-memory protocol, checked with spin.

PACKAGES_MODEL := spin
PACKAGES_CI += $(PACKAGES_MODEL)

deps-model:
	$(call install_packages,$(PACKAGES_BUILD) $(PACKAGES_MODEL))

model: deps-model
	@tests/model/run $(BUILD)/model

.PHONY: model deps-model
