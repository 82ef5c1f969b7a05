/* SPDX-License-Identifier: BSD-2-Clause */
/* What the collector does with the kernel module: finds it, takes counters from it, publishes CPUs and the system. */
#pragma once

#include "netlink/kernel-counters.h"
#include "shm/espalier.h"

#include <stdbool.h>
#include <stdint.h>

struct collector;

struct hardware {
	const char *path; /* of the device */
	struct kernel_counters page;
	bool in_use;	    /* the present interval's counters come from the page */
	bool published;	    /* there are rows */
	bool links_changed; /* links came or went since the last interval: all rows are looked at again */
	int error;	    /* of the last try to open the page: told once */
	uint64_t sampled;   /* when the sampling that is read began, ns of CLOCK_MONOTONIC */
	uint32_t cpu_count;
	struct espalier_row *cpus;
};

/**
 * hardware_interval() - takes the counters of all links that the module has, and publishes CPUs and the system
 *
 * Finds a module that was loaded, and lets go of one that is to be unloaded. Returns true when nothing is left to ask
 * the kernel for.
 */
bool hardware_interval(struct collector *collector);

/** hardware_prepare() - publishes that there is no module, as long as none was found */
void hardware_prepare(struct collector *collector);

/** hardware_close() - lets the page go; rows stay as they are */
void hardware_close(struct hardware *hardware);
