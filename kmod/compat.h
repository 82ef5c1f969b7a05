/* SPDX-License-Identifier: GPL-2.0 */
/* What differs between the kernels, from 5.15 on, that this module builds for. */
#ifndef COMPAT_H
#define COMPAT_H

#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 15, 0)
#error "espalier_counters needs Linux 5.15 or newer"
#endif

/* 6.3 made vm_flags read-only and gave this function. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/*
 * Packets that found a CPU's backlog full: a plain word until 6.9, atomic from 6.10 on, and split
 * by NUMA node from 6.18 on.
 */
static inline unsigned int compat_backlog_dropped(const struct softnet_data *data)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
	return numa_drop_read(&data->drop_counters);
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	return atomic_read(&data->dropped);
#else
	return READ_ONCE(data->dropped);
#endif
}

#endif
