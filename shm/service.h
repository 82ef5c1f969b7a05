/* SPDX-License-Identifier: BSD-2-Clause */
/* The owner's side of the socket: who watches what, and who asks for what. */
#pragma once

#include "shm/writer.h"

/** Listens on the segment's socket in `folder`. `owner` may be NULL. On an error *service may still need closing. */
int service_open(struct service **service, struct espalier_writer *writer, const struct espalier_owner *owner,
		 void *context, const char *folder);

/** Ends all connections, undoes what was not finished, removes the socket. */
void service_close(struct service *service);

/** A row came: those who watch its path watch it now. */
void service_row_added(struct service *service, struct writer_slot *slot);

/** A row goes. */
void service_row_removed(struct service *service, struct writer_slot *slot);

/** Instances came or went: wakes all who watch anything. */
void service_structure_changed(struct service *service);

/** Marks those who watch a parameter that differs between the published slot and the one about to be. */
void service_row_changes(struct service *service, const struct writer_slot *slot, const uint32_t *before,
			 const uint32_t *after);

/** Wakes those who are marked. */
void service_wake(struct service *service);
