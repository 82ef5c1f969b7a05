/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows that come and go. */
#pragma once

#include "shm/writer.h"

/** Adds the rows of all single objects from index `first` on: at the top, and below the instances that exist. */
int instance_add_single(struct espalier_writer *writer, uint32_t first);
