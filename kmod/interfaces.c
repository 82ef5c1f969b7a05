// SPDX-License-Identifier: GPL-2.0
/* The interfaces' rows: which interface has which row, and what its counters are. */
#include <linux/bitmap.h>
#include <linux/hashtable.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/sch_generic.h>

#include "internal.h"

/* Rows that are sampled at a time: whoever waits for the table, maybe with the RTNL, comes between
 */
#define BATCH 64

struct interface {
	struct hlist_node node;
	struct net_device *device; /* NULL: the row is free */
	u32 namespace;
	char name[IFNAMSIZ];
};

/*
 * Guards what follows, and the rows. Taken inside the RTNL by the notifier, and without it by the
 * sampler; nothing else is taken inside. A device that is found in the table can't go away before
 * the lock is given back, since its going waits for the notifier.
 */
static DEFINE_MUTEX(table_lock);
static DEFINE_HASHTABLE(by_device, 10);
static struct interface *interfaces;
static unsigned long *rows_taken;
static unsigned int row_count;
static unsigned int rows_used; /* no row behind these was ever taken */
static unsigned int missed;
static bool every_namespace;

static struct interface *find(const struct net_device *device)
{
	struct interface *interface;

	hash_for_each_possible(by_device, interface, node, (unsigned long)device) {
		if (interface->device == device)
			return interface;
	}
	return NULL;
}

static bool wanted(const struct net_device *device)
{
	return every_namespace || net_eq(dev_net(device), &init_net);
}

/* The words about what the interface is; counters are left zero. */
static void fill_identity(const struct interface *interface, u32 *values)
{
	memset(values, 0, ESPALIER_INTERFACE_WORDS * sizeof(u32));
	values[ESPALIER_INTERFACE_INDEX] = interface->device->ifindex;
	values[ESPALIER_INTERFACE_NAMESPACE] = interface->namespace;
	memcpy(values + ESPALIER_INTERFACE_NAME, interface->name, IFNAMSIZ);
}

static u32 discipline_drops(const struct Qdisc *discipline)
{
	u32 drops = 0;
	int cpu;

	if (!qdisc_is_percpu_stats(discipline))
		return READ_ONCE(discipline->qstats.drops);
	for_each_possible_cpu(cpu)
		drops += READ_ONCE(per_cpu_ptr(discipline->cpu_qstats, cpu)->drops);
	return drops;
}

static void fill_queues(struct net_device *device, u32 *values)
{
	unsigned int count = min(READ_ONCE(device->real_num_tx_queues), device->num_tx_queues);
	unsigned int i;

	values[ESPALIER_INTERFACE_QUEUES] = count;
	for (i = 0; i < count && i < ESPALIER_INTERFACE_QUEUES_SHOWN; i++) {
		const struct Qdisc *discipline =
			rcu_dereference(netdev_get_tx_queue(device, i)->qdisc);

		if (discipline)
			values[ESPALIER_INTERFACE_QUEUE_DROPS + i] = discipline_drops(discipline);
	}
}

/* Within the RCU read side, as /proc/net/dev has it: drivers may count on that, and must not sleep.
 */
static void sample(const struct interface *interface)
{
	u32 values[ESPALIER_INTERFACE_WORDS];
	struct net_device *device = interface->device;
	struct rtnl_link_stats64 stats;
	const u64 *counters = (const u64 *)&stats;
	unsigned int i;

	fill_identity(interface, values);
	values[ESPALIER_INTERFACE_CARRIER_UP] = atomic_read(&device->carrier_up_count);
	values[ESPALIER_INTERFACE_CARRIER_DOWN] = atomic_read(&device->carrier_down_count);
	dev_get_stats(device, &stats);
	for (i = 0; i < counters_header->link_words / 2; i++)
		counters_put(values + ESPALIER_INTERFACE_LINK + 2 * i, counters[i]);
	fill_queues(device, values);
	counters_publish(&counters_header->interfaces, interface - interfaces, values);
}

void counters_interfaces_sample(void)
{
	unsigned int row = 0;
	unsigned int end;

	mutex_lock(&table_lock);
	while (row < rows_used) {
		end = min(row + BATCH, rows_used);
		rcu_read_lock();
		for (; row < end; row++) {
			if (interfaces[row].device)
				sample(interfaces + row);
		}
		rcu_read_unlock();
		mutex_unlock(&table_lock);
		cond_resched();
		mutex_lock(&table_lock);
	}
	mutex_unlock(&table_lock);
}

static void add(struct net_device *device)
{
	u32 values[ESPALIER_INTERFACE_WORDS];
	unsigned int row = find_first_zero_bit(rows_taken, row_count);
	struct interface *interface = interfaces + row;

	if (row >= row_count) {
		WRITE_ONCE(counters_header->missed, ++missed);
		return;
	}
	set_bit(row, rows_taken);
	interface->device = device;
	interface->namespace = dev_net(device)->ns.inum;
	strscpy_pad(interface->name, device->name, sizeof(interface->name));
	hash_add(by_device, &interface->node, (unsigned long)device);
	fill_identity(interface, values);
	counters_set_generation(&counters_header->interfaces, row);
	counters_publish(&counters_header->interfaces, row, values);
	if (row >= rows_used) {
		rows_used = row + 1;
		/* Whoever sees the number sees the row. */
		smp_store_release(&counters_header->used, rows_used);
	}
}

static void rename(struct interface *interface)
{
	strscpy_pad(interface->name, interface->device->name, sizeof(interface->name));
	rcu_read_lock();
	sample(interface);
	rcu_read_unlock();
}

static void remove(struct interface *interface)
{
	static const u32 nothing[ESPALIER_INTERFACE_WORDS];
	unsigned int row = interface - interfaces;

	hash_del(&interface->node);
	interface->device = NULL;
	counters_publish(&counters_header->interfaces, row, nothing);
	clear_bit(row, rows_taken);
}

/* Runs with the RTNL held, so that name and namespace stay what they are. */
static int notice(struct notifier_block *block, unsigned long event, void *data)
{
	struct net_device *device = netdev_notifier_info_to_dev(data);
	/* While somebody still holds the device, its going is told of once a second. */
	bool again = device->reg_state == NETREG_UNREGISTERED;
	struct interface *interface;

	if (event != NETDEV_REGISTER && event != NETDEV_CHANGENAME && event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	mutex_lock(&table_lock);
	interface = find(device);
	if (event == NETDEV_REGISTER && !interface && wanted(device))
		add(device);
	else if (event == NETDEV_CHANGENAME && interface)
		rename(interface);
	else if (event == NETDEV_UNREGISTER && interface)
		remove(interface);
	else if (event == NETDEV_UNREGISTER && !again && wanted(device) && missed)
		WRITE_ONCE(counters_header->missed, --missed);
	mutex_unlock(&table_lock);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = {.notifier_call = notice};

static void free_table(void)
{
	bitmap_free(rows_taken);
	kvfree(interfaces);
}

int counters_interfaces_start(unsigned int capacity, bool all_namespaces)
{
	int error;

	every_namespace = all_namespaces;
	row_count = capacity;
	interfaces = kvcalloc(capacity, sizeof(*interfaces), GFP_KERNEL);
	rows_taken = bitmap_zalloc(capacity, GFP_KERNEL);
	error = interfaces && rows_taken ? 0 : -ENOMEM;
	/* Tells of all that are there already. */
	if (!error)
		error = register_netdevice_notifier(&notifier);
	if (error)
		free_table();
	return error;
}

void counters_interfaces_stop(void)
{
	/* Tells of all as going, which empties the table. */
	unregister_netdevice_notifier(&notifier);
	free_table();
}
