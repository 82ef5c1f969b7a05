// SPDX-License-Identifier: GPL-2.0
/* The memory that user space maps: its layout, and how a row is published in it. */
#include <linux/cache.h>
#include <linux/if_link.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "internal.h"

struct espalier_counters_header *counters_header;

static void place(struct espalier_counters_table *table, u32 *offset, u32 slot_words, u32 rows)
{
	table->offset = *offset;
	table->slot_words = slot_words;
	table->stride = ALIGN((ESPALIER_COUNTERS_ROW_WORDS + 2 * slot_words) * sizeof(u32), 64);
	table->rows = rows;
	*offset += table->stride * rows;
}

int counters_page_create(unsigned int interfaces, unsigned int cpus)
{
	struct espalier_counters_header header = {
		.magic = ESPALIER_COUNTERS_MAGIC,
		.major = ESPALIER_COUNTERS_MAJOR,
		.minor = ESPALIER_COUNTERS_MINOR,
		.header_size = sizeof(header),
		.state = ESPALIER_COUNTERS_LIVE,
		.link_words = min_t(u32, sizeof(struct rtnl_link_stats64) / sizeof(u32),
				    2 * ESPALIER_INTERFACE_LINK_COUNTERS),
	};
	u32 end = sizeof(header);

	BUILD_BUG_ON(sizeof(header) != 128);
	place(&header.system, &end, ESPALIER_SYSTEM_WORDS, 1);
	place(&header.cpus, &end, ESPALIER_CPU_WORDS, cpus);
	place(&header.interfaces, &end, ESPALIER_INTERFACE_WORDS, interfaces);
	header.size = PAGE_ALIGN(end);
	counters_header = vmalloc_user(header.size);
	if (!counters_header)
		return -ENOMEM;
	*counters_header = header;
	return 0;
}

void counters_page_destroy(void)
{
	vfree(counters_header);
	counters_header = NULL;
}

int counters_page_map(struct vm_area_struct *vma)
{
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EACCES;
	if (vma->vm_pgoff || vma->vm_end - vma->vm_start > counters_header->size)
		return -EINVAL;
	/* mprotect() can't give these back, nor can a debugger write through it. */
	vm_flags_clear(vma, VM_MAYWRITE | VM_MAYEXEC);
	return remap_vmalloc_range(vma, counters_header, 0);
}

u32 *counters_row(const struct espalier_counters_table *table, unsigned int row)
{
	return (u32 *)((char *)counters_header + table->offset + row * table->stride);
}

void counters_publish(const struct espalier_counters_table *table, unsigned int row,
		      const u32 *values)
{
	u32 *words = counters_row(table, row);
	u32 *slots = words + ESPALIER_COUNTERS_ROW_WORDS;
	u32 version = READ_ONCE(words[0]);
	size_t size = table->slot_words * sizeof(u32);

	if (!memcmp(slots + (version & 1) * table->slot_words, values, size))
		return;
	/*
	 * Pairs with the readers' acquire fence at the end of a copy: whoever sees a word of what
	 * follows also sees that the version moved away from the one that this slot was published
	 * by.
	 */
	smp_wmb();
	memcpy(slots + ((version + 1) & 1) * table->slot_words, values, size);
	/* Pairs with the readers' acquire load at the beginning. */
	smp_store_release(&words[0], version + 1);
}

void counters_set_generation(const struct espalier_counters_table *table, unsigned int row)
{
	u32 *words = counters_row(table, row);

	WRITE_ONCE(words[1], words[1] + 1);
}
