/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file in the place of the kernel module's page: tests write what the kernel would. */
#pragma once

#include "kmod/espalier_counters.h"

#include <stdint.h>

enum { MODULE_PAGE_INTERFACES = 4, MODULE_PAGE_CPUS = 2, MODULE_PAGE_SIZE = 8192, MODULE_PAGE_SECOND = 1000000000 };

/** From module_page_make() to module_page_remove() */
extern char module_page_path[64];
extern struct espalier_counters_header *module_page;

/** Makes the file: live, of a later minor version, never sampled, without interfaces. */
void module_page_make(void);
void module_page_remove(void);

/** module_page_slot() - the slot of a row that is not published; module_page_publish() - publishes it */
uint32_t *module_page_slot(const struct espalier_counters_table *table, uint32_t row);
void module_page_publish(const struct espalier_counters_table *table, uint32_t row);

void module_page_put(uint32_t *words, uint64_t value);

/** Nanoseconds of CLOCK_MONOTONIC */
uint64_t module_page_now(void);

/** Says that a sampling ended then. */
void module_page_sample(uint64_t time);

/** Row `row` becomes an interface of this namespace; its counters are base, base + 1, ... in the kernel's order. */
void module_page_interface(uint32_t row, uint32_t index, uint64_t base);
