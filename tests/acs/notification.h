// SPDX-License-Identifier: GPL-2.0-or-later
// Receives lightweight notifications (TR-069 Annex M): signed datagrams, printed with what is right and wrong in them.
#pragma once

/* Listens for them at a UDP port; --password is that of the devices. Returns 0 or -errno. */
int notification_open(const char *address, unsigned port);
