# SPDX-License-Identifier: BSD-2-Clause
# What "make install" puts where, besides the programs: libraries, headers, manual pages, systemd units, the example.

INSTALL ?= install
install_to = $(DESTDIR)$(PREFIX)

install: all
	$(INSTALL) -d $(install_to)/bin $(install_to)/sbin $(install_to)/lib/pkgconfig $(install_to)/include \
		$(install_to)/share/doc/espalier $(DESTDIR)/usr/lib/systemd/system $(DESTDIR)/etc/espalier
	$(INSTALL) -m 755 $(filter-out $(daemons),$(PROGRAMS)) $(install_to)/bin
	$(if $(daemons),$(INSTALL) -m 755 $(daemons) $(install_to)/sbin)
	$(INSTALL) -m 644 $(BUILD)/public/libespalier.a $(install_to)/lib
	$(INSTALL) -m 755 $(BUILD)/libespalier.so.0 $(install_to)/lib
	ln -sf libespalier.so.0 $(install_to)/lib/libespalier.so
	$(INSTALL) -m 644 $(wildcard shm/espalier.h shm/espalier-*.h) $(install_to)/include
	$(file >$(BUILD)/espalier.pc,$(espalier_pc))$(INSTALL) -m 644 $(BUILD)/espalier.pc $(install_to)/lib/pkgconfig
	$(foreach section,1 3 5 7 8,$(call install_pages,$(section),$(wildcard docs/man/*.$(section))))
	$(foreach unit,$(wildcard docs/systemd/*.service docs/systemd/*.path),sed 's|@SBIN@|$(PREFIX)/sbin|; \
		s|@LIBEXEC@|$(dhcp_scripts)|' $(unit) >$(DESTDIR)/usr/lib/systemd/system/$(notdir $(unit));)
	$(INSTALL) -d $(DESTDIR)$(dhcp_scripts)
	$(foreach script,$(wildcard agent/dhcp/*),sed 's|@LIBEXEC@|$(dhcp_scripts)|' $(script) \
		>$(DESTDIR)$(dhcp_scripts)/$(notdir $(script)) && \
		chmod $(if $(filter %.conf %-hook,$(script)),644,755) $(DESTDIR)$(dhcp_scripts)/$(notdir $(script));)
	$(INSTALL) -m 644 docs/espalier.conf $(install_to)/share/doc/espalier/espalier.conf.example
	[ -e $(DESTDIR)/etc/espalier/espalier.conf ] || \
		$(INSTALL) -m 640 docs/espalier.conf $(DESTDIR)/etc/espalier/espalier.conf

# Where DHCP clients find the scripts that hand options over to the agent.
dhcp_scripts = $(PREFIX)/lib/espalier/dhcp

daemons = $(filter $(addprefix $(BUILD)/,espalier-agent espalier-transfer espalier-netlink espalier-nat espalier-zwave espalier-xmpp),$(PROGRAMS))

# install_pages(section, files)
install_pages = $(if $(2),$(INSTALL) -d $(install_to)/share/man/man$(1) && \
	$(INSTALL) -m 644 $(2) $(install_to)/share/man/man$(1);)

.PHONY: install
