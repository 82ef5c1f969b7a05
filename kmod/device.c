// SPDX-License-Identifier: GPL-2.0
/* The module: its parameters, its device node, and its beginning and end. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>

#include "internal.h"

static unsigned int interfaces = 4096;
module_param(interfaces, uint, 0444);
MODULE_PARM_DESC(interfaces, "Interfaces that there is room for (16 to 65536, 576 bytes each)");

static bool all_namespaces;
module_param(all_namespaces, bool, 0444);
MODULE_PARM_DESC(all_namespaces, "Also show interfaces of other network namespaces than the first");

/* Guards the next three against parameters that are set while the module comes or goes. */
static DEFINE_MUTEX(settings_lock);
static unsigned int period_ms = 1000;
static bool enable = true;
static bool ready;

unsigned int counters_period(void)
{
	return READ_ONCE(period_ms);
}

bool counters_enabled(void)
{
	return READ_ONCE(enable);
}

static void apply_settings(void)
{
	WRITE_ONCE(counters_header->period_ms, period_ms);
	WRITE_ONCE(counters_header->state,
		   enable ? ESPALIER_COUNTERS_LIVE : ESPALIER_COUNTERS_CLOSING);
	counters_sampler_kick();
}

static int set_period(const char *text, const struct kernel_param *parameter)
{
	unsigned int value;
	int error = kstrtouint(text, 0, &value);

	if (error)
		return error;
	if (value < COUNTERS_PERIOD_MINIMUM || value > COUNTERS_PERIOD_MAXIMUM)
		return -EINVAL;
	mutex_lock(&settings_lock);
	WRITE_ONCE(period_ms, value);
	if (ready)
		apply_settings();
	mutex_unlock(&settings_lock);
	return 0;
}

static const struct kernel_param_ops period_ops = {.set = set_period, .get = param_get_uint};
module_param_cb(period_ms, &period_ops, &period_ms, 0644);
MODULE_PARM_DESC(period_ms, "Milliseconds from one sampling to the next (10 to 60000)");

static int set_enable(const char *text, const struct kernel_param *parameter)
{
	bool value;
	int error = kstrtobool(text, &value);

	if (error)
		return error;
	mutex_lock(&settings_lock);
	WRITE_ONCE(enable, value);
	if (ready)
		apply_settings();
	mutex_unlock(&settings_lock);
	return 0;
}

static const struct kernel_param_ops enable_ops = {.set = set_enable, .get = param_get_bool};
module_param_cb(enable, &enable_ops, &enable, 0644);
MODULE_PARM_DESC(enable, "N: nobody new may open the device, and readers are asked to let it go");

static int device_open(struct inode *inode, struct file *file)
{
	return counters_enabled() ? 0 : -ENODEV;
}

static void mapping_open(struct vm_area_struct *vma)
{
	counters_sampler_mapped();
}

static void mapping_close(struct vm_area_struct *vma)
{
	counters_sampler_unmapped();
}

static const struct vm_operations_struct mapping_operations = {
	.open = mapping_open,
	.close = mapping_close,
};

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	int error = counters_page_map(vma);

	if (error)
		return error;
	vma->vm_ops = &mapping_operations;
	counters_sampler_mapped();
	return 0;
}

/*
 * An open file, and a mapping by its file, hold the module: it can't be unloaded before the last
 * one is gone.
 */
static const struct file_operations device_operations = {
	.owner = THIS_MODULE,
	.open = device_open,
	.mmap = device_mmap,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "espalier_counters",
	.fops = &device_operations,
	.mode = 0440,
};

static void set_ready(bool value)
{
	mutex_lock(&settings_lock);
	ready = value;
	if (ready)
		apply_settings();
	mutex_unlock(&settings_lock);
}

static int __init counters_init(void)
{
	unsigned int cpus = min_t(unsigned int, nr_cpu_ids, COUNTERS_CPUS_MAXIMUM);
	int error;

	if (interfaces < COUNTERS_INTERFACES_MINIMUM || interfaces > COUNTERS_INTERFACES_MAXIMUM) {
		pr_err("interfaces=%u is not within %d and %d\n", interfaces,
		       COUNTERS_INTERFACES_MINIMUM, COUNTERS_INTERFACES_MAXIMUM);
		return -EINVAL;
	}
	error = counters_page_create(interfaces, cpus);
	if (error)
		return error;
	if (all_namespaces)
		counters_header->compatible |= ESPALIER_COUNTERS_ALL_NAMESPACES;
	if (IS_ENABLED(CONFIG_PERF_EVENTS))
		counters_header->compatible |= ESPALIER_COUNTERS_PERF;
	error = counters_perf_start(cpus);
	if (error)
		goto destroy_page;
	error = counters_interfaces_start(interfaces, all_namespaces);
	if (error)
		goto stop_perf;
	error = counters_sampler_start(cpus);
	if (error)
		goto stop_interfaces;
	set_ready(true);
	error = misc_register(&device);
	if (error)
		goto stop_sampler;
	return 0;

stop_sampler:
	set_ready(false);
	counters_sampler_stop();
stop_interfaces:
	counters_interfaces_stop();
stop_perf:
	counters_perf_stop();
destroy_page:
	counters_page_destroy();
	return error;
}

static void __exit counters_exit(void)
{
	misc_deregister(&device);
	set_ready(false);
	counters_sampler_stop();
	counters_interfaces_stop();
	counters_perf_stop();
	counters_page_destroy();
}

module_init(counters_init);
module_exit(counters_exit);

MODULE_AUTHOR("The Espalier project");
MODULE_DESCRIPTION("Counters of interfaces, CPUs and the system in memory that programs map");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
