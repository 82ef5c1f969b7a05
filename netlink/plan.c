/* SPDX-License-Identifier: BSD-2-Clause */
/* What a set request comes to: one step for each link or address that it touches, checked as a whole, then done. */
#include "netlink/plan.h"

#include "netlink/text.h"
#include "shm/log.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/if.h>

int plan_fault(struct espalier_change *change, int fault, const char *text)
{
	change->fault = fault;
	change->text = text;
	return fault;
}

static bool place_address(struct collector *collector, struct espalier_row row, struct place *place)
{
	for (uint32_t slot = 0; slot < collector->slot_count; slot++) {
		struct link *link = collector->links[slot];

		for (struct address *address = link ? link->addresses : NULL; address; address = address->next) {
			if (address->row.slot == row.slot && address->row.generation == row.generation) {
				place->link = link;
				place->address = address;
				return true;
			}
		}
	}
	return false;
}

static bool place_stack(struct collector *collector, struct espalier_row row, struct place *place)
{
	for (uint32_t slot = 0; slot < collector->slot_count; slot++) {
		struct link *link = collector->links[slot];

		for (size_t i = 0; link && i < link->lower_count; i++) {
			struct lower *lower = &link->lowers[i];

			if (lower->row.slot == row.slot && lower->row.generation == row.generation) {
				place->link = link;
				place->lower = lower;
				return true;
			}
		}
	}
	return false;
}

bool plan_place(struct collector *collector, uint32_t object, struct espalier_row row, struct place *place)
{
	memset(place, 0, sizeof(*place));
	if (object == OBJECT_IPV4_ADDRESS || object == OBJECT_IPV6_ADDRESS)
		return place_address(collector, row, place);
	if (object == OBJECT_INTERFACE_STACK)
		return place_stack(collector, row, place);
	for (int layer = 0; layer < LAYERS; layer++) {
		if (object != collector_objects[layer])
			continue;
		for (uint32_t slot = 0; slot < collector->slot_count; slot++) {
			struct link *link = collector->links[slot];

			if (link && link->row[layer].slot == row.slot &&
			    link->row[layer].generation == row.generation) {
				place->link = link;
				place->layer = (enum layer)layer;
				return true;
			}
		}
	}
	return false;
}

/* The step of what a change is about, made when it is the first one there. */
static struct step *step_for(struct plan *plan, size_t change, enum step_kind kind, const struct place *place)
{
	struct step *step;
	size_t at;

	/* Changes of one row mostly follow each other. */
	for (at = plan->count; at-- > 0;) {
		step = &plan->steps[at];
		if (step->kind == kind && step->link == place->link && step->address == place->address) {
			plan->step_of[change] = at;
			return step;
		}
	}
	if (plan->count == plan->capacity) {
		size_t capacity = plan->capacity ? plan->capacity * 2 : 4;

		step = realloc(plan->steps, capacity * sizeof(*step));
		if (!step)
			return NULL;
		plan->steps = step;
		plan->capacity = capacity;
	}
	plan->step_of[change] = plan->count;
	step = &plan->steps[plan->count++];
	memset(step, 0, sizeof(*step));
	step->kind = kind;
	step->link = place->link;
	step->address = place->address;
	if (step->address)
		step->target = *step->address;
	return step;
}

/* ---- Links -------------------------------------------------------------------------------------------------- */

static int check_enable(struct espalier_change *change, struct step *step)
{
	bool up = change->value.number != 0;

	if (step->change.set_up && step->change.up != up)
		return plan_fault(change, ESPALIER_FAULT_VALUE, "all layers of an interface have one setting here");
	step->change.set_up = true;
	step->change.up = up;
	return ESPALIER_OK;
}

static int check_lower_layers(struct espalier_change *change, const struct place *place)
{
	char text[SCHEMA_LOWER_LAYERS_LENGTH + 1];

	stack_text(place->link, place->layer, text);
	if (change->value.length == strlen(text) && memcmp(change->value.text, text, change->value.length) == 0)
		return ESPALIER_OK;
	return plan_fault(change, ESPALIER_FAULT_DENIED, "the stacking of the kernel's interfaces can't be changed");
}

static int check_mac(struct espalier_change *change, struct step *step)
{
	static const uint8_t zeros[MAC_LENGTH];

	if (!text_mac_parse(change->value.text, change->value.length, step->change.mac) || step->change.mac[0] & 1 ||
	    memcmp(step->change.mac, zeros, MAC_LENGTH) == 0)
		return plan_fault(change, ESPALIER_FAULT_VALUE, "not the MAC address of one station");
	step->change.set_mac =
		!step->link->kernel.has_mac || memcmp(step->change.mac, step->link->kernel.mac, MAC_LENGTH);
	return ESPALIER_OK;
}

static int check_mtu(struct espalier_change *change, struct step *step)
{
	const struct link_message *kernel = &step->link->kernel;
	uint32_t mtu = (uint32_t)change->value.number;

	/* A loopback's MTU is larger than the parameter can tell. */
	if (mtu == kernel->mtu || (mtu == UINT16_MAX && kernel->mtu > mtu))
		return ESPALIER_OK;
	if (mtu < kernel->mtu_minimum || (kernel->mtu_maximum && mtu > kernel->mtu_maximum))
		return plan_fault(change, ESPALIER_FAULT_VALUE, "the interface's driver does not allow this MTU");
	step->change.set_mtu = true;
	step->change.mtu = mtu;
	return ESPALIER_OK;
}

static int check_interface(struct espalier_change *change, struct step *step)
{
	const struct ethtool_settings *now = &step->link->ethtool;

	if (change->parameter == INTERFACE_MAX_BIT_RATE) {
		step->set_rate = true;
		step->rate = change->value.integer;
		if (step->rate == 0)
			return plan_fault(change, ESPALIER_FAULT_VALUE, "no port has this bit rate");
		if (!now->known && step->rate != -1)
			return plan_fault(change, ESPALIER_FAULT_DENIED, "the interface's driver can't set bit rates");
	} else if (change->parameter == INTERFACE_DUPLEX) {
		step->set_duplex = true;
		step->duplex_negotiated = change->value.length == 4 && memcmp(change->value.text, "Auto", 4) == 0;
		step->ethtool.duplex = change->value.text[0] == 'H' ? ETHTOOL_DUPLEX_HALF : ETHTOOL_DUPLEX_FULL;
		if (!now->known && !step->duplex_negotiated)
			return plan_fault(change, ESPALIER_FAULT_DENIED,
					  "the interface's driver can't set duplex modes");
	}
	return ESPALIER_OK;
}

/* Bit rate and duplex mode are both negotiated or both set. */
static int check_ethtool(struct espalier_change *change, struct step *step)
{
	const struct ethtool_settings *now = &step->link->ethtool;
	struct ethtool_settings *want = &step->ethtool;

	if ((!step->set_rate && !step->set_duplex) || !now->known)
		return ESPALIER_OK;
	if (step->set_rate && step->set_duplex && step->duplex_negotiated != (step->rate == -1))
		return plan_fault(change, ESPALIER_FAULT_VALUE, "MaxBitRate and DuplexMode are negotiated together");
	want->known = true;
	want->negotiated = step->set_rate ? step->rate == -1 : step->duplex_negotiated;
	want->speed = step->set_rate && step->rate > 0 ? (uint32_t)step->rate : now->speed;
	if (!step->set_duplex)
		want->duplex = now->duplex;
	if (!want->negotiated && want->duplex == ETHTOOL_DUPLEX_UNKNOWN)
		want->duplex = ETHTOOL_DUPLEX_FULL;
	if (want->negotiated == now->negotiated &&
	    (want->negotiated || (want->speed == now->speed && want->duplex == now->duplex)))
		return ESPALIER_OK;
	/* A port without autonegotiation and known rate shows -1 and Auto, which changes nothing there. */
	if (want->negotiated && !now->negotiated && now->speed == 0)
		return ESPALIER_OK;
	if (!want->negotiated && want->speed == 0)
		return plan_fault(change, ESPALIER_FAULT_VALUE,
				  "needs MaxBitRate, since the present rate is not known");
	step->set_ethtool = true;
	return ESPALIER_OK;
}

static int check_link(struct collector *collector, struct espalier_change *change, const struct place *place,
		      struct step *step)
{
	step->change.index = place->link->kernel.index;
	switch (change->parameter) {
	case COMMON_ENABLE:
		return check_enable(change, step);
	case COMMON_LOWER_LAYERS:
		return check_lower_layers(change, place);
	default:
		break;
	}
	if (place->layer == LAYER_INTERFACE)
		return check_interface(change, step);
	if (place->layer == LAYER_LINK)
		return change->parameter == LINK_MAC ? check_mac(change, step) : ESPALIER_OK;
	switch (change->parameter) {
	case IP_INTERFACE_IPV4_ENABLE:
		if (!change->value.number)
			return plan_fault(change, ESPALIER_FAULT_DENIED, "Linux can't detach an interface from IPv4");
		return ESPALIER_OK;
	case IP_INTERFACE_IPV6_ENABLE:
		step->ipv6 = change->value.number != 0;
		step->set_ipv6 = step->ipv6 != place->link->kernel.ipv6;
		if (step->set_ipv6 && !collector->ipv6_capable)
			return plan_fault(change, ESPALIER_FAULT_DENIED, "the kernel has no IPv6");
		return ESPALIER_OK;
	case IP_INTERFACE_MTU:
		return check_mtu(change, step);
	case IP_INTERFACE_LOOPBACK:
		if ((change->value.number != 0) != ((place->link->kernel.flags & IFF_LOOPBACK) != 0))
			return plan_fault(change, ESPALIER_FAULT_VALUE,
					  "an interface can't become a loopback, or cease to be");
		return ESPALIER_OK;
	default:
		return ESPALIER_OK;
	}
}

/* ---- Addresses ---------------------------------------------------------------------------------------------- */

static bool is_unicast(int family, const uint8_t *bytes)
{
	static const uint8_t zeros[16];

	if (family == AF_INET)
		return bytes[0] > 0 && bytes[0] < 224;
	return bytes[0] != 0xff && memcmp(bytes, zeros, sizeof(zeros)) != 0;
}

static int check_ip(struct espalier_change *change, struct step *step, bool undo)
{
	struct address *target = &step->target;
	int family = target->kernel.family;

	if (change->value.length == 0 && (undo || !target->has_ip)) {
		target->has_ip = false;
		memset(target->kernel.bytes, 0, sizeof(target->kernel.bytes));
		return ESPALIER_OK;
	}
	if (!text_address_parse(change->value.text, change->value.length, family, target->kernel.bytes) ||
	    !is_unicast(family, target->kernel.bytes))
		return plan_fault(change, ESPALIER_FAULT_VALUE, "not the address of one station");
	target->has_ip = true;
	return ESPALIER_OK;
}

static int check_lifetime(struct collector *collector, struct espalier_change *change, struct step *step, int64_t *end)
{
	int64_t seconds, until;

	if (!text_time_parse(change->value.text, change->value.length, &seconds))
		return plan_fault(change, ESPALIER_FAULT_VALUE, "not a date and time");
	until = seconds == TIME_INFINITE ? TIME_INFINITE : seconds - collector->clock_offset;
	if (until == *end)
		return ESPALIER_OK;
	if (until <= boottime() || (until != TIME_INFINITE && until - boottime() >= UINT32_MAX))
		return plan_fault(change, ESPALIER_FAULT_VALUE, "the time is past, or too far away");
	*end = until;
	step->set_lifetimes = true;
	return ESPALIER_OK;
}

static int check_address(struct collector *collector, struct espalier_change *change, struct step *step, bool undo)
{
	struct address *target = &step->target;
	int bits;

	switch (change->parameter) {
	case ADDRESS_ENABLE:
		target->disabled = change->value.number == 0;
		return ESPALIER_OK;
	case ADDRESS_IP:
		return check_ip(change, step, undo);
	default:
		break;
	}
	if (target->kernel.family == AF_INET) {
		if (change->parameter != IPV4_MASK)
			return ESPALIER_OK;
		if (change->value.length == 0 && (undo || !target->has_prefix)) {
			target->has_prefix = false;
			target->kernel.prefix = 0;
			return ESPALIER_OK;
		}
		bits = text_mask_parse(change->value.text, change->value.length);
		if (bits < 0)
			return plan_fault(change, ESPALIER_FAULT_VALUE, "not a subnet mask");
		target->kernel.prefix = (uint8_t)bits;
		target->has_prefix = true;
		return ESPALIER_OK;
	}
	switch (change->parameter) {
	case IPV6_PREFERRED:
		return check_lifetime(collector, change, step, &target->preferred);
	case IPV6_VALID:
		return check_lifetime(collector, change, step, &target->valid);
	case IPV6_ANYCAST:
		if (change->value.number)
			return plan_fault(change, ESPALIER_FAULT_VALUE,
					  "the kernel has no anycast addresses to configure");
		return ESPALIER_OK;
	default:
		return ESPALIER_OK;
	}
}

static bool same_identity(const struct address *one, const struct address *other)
{
	return one->has_ip == other->has_ip && one->has_prefix == other->has_prefix &&
	       one->kernel.prefix == other->kernel.prefix &&
	       memcmp(one->kernel.bytes, other->kernel.bytes, sizeof(one->kernel.bytes)) == 0;
}

static bool is_changed(const struct step *step)
{
	assert(step->address);
	return step->set_lifetimes || step->target.disabled != step->address->disabled ||
	       !same_identity(&step->target, step->address);
}

/* What can only be judged when all changes of an address are known. */
static int check_target(struct espalier_change *change, const struct step *step)
{
	const struct address *target = &step->target, *other;

	if (!is_changed(step))
		return ESPALIER_OK;
	if (!address_static(step->link, step->address))
		return plan_fault(change, ESPALIER_FAULT_READ_ONLY, "only a static address can be changed");
	if (target->preferred > target->valid)
		return plan_fault(change, ESPALIER_FAULT_VALUE,
				  "an address can't be preferred longer than it is valid");
	if (!target->has_ip || !target->has_prefix)
		return ESPALIER_OK;
	other = address_find(step->link, target->kernel.family, target->kernel.bytes, target->kernel.prefix);
	if (other && other != step->address)
		return plan_fault(change, ESPALIER_FAULT_VALUE, "the interface has this address in another row");
	return ESPALIER_OK;
}

/* ---- The whole ---------------------------------------------------------------------------------------------- */

static int check_one(struct plan *plan, struct collector *collector, struct espalier_change *change, size_t at,
		     bool undo)
{
	struct place place;
	struct step *step;

	plan->step_of[at] = SIZE_MAX;
	memset(&place, 0, sizeof(place));
	if (change->object == OBJECT_IP) {
		if (change->parameter == IP_IPV4_ENABLE)
			return change->value.number
				       ? ESPALIER_OK
				       : plan_fault(change, ESPALIER_FAULT_DENIED, "Linux can't do without IPv4");
		if (change->parameter != IP_IPV6_ENABLE || (change->value.number != 0) == collector->ipv6_enabled)
			return ESPALIER_OK;
		if (!collector->ipv6_capable)
			return plan_fault(change, ESPALIER_FAULT_DENIED, "the kernel has no IPv6");
		step = step_for(plan, at, STEP_IPV6_OF_ALL, &place);
		if (!step)
			return plan_fault(change, ESPALIER_FAULT_RESOURCES, change_error_text(-ENOMEM));
		step->ipv6 = change->value.number != 0;
		return ESPALIER_OK;
	}
	if (!plan_place(collector, change->object, change->row, &place))
		return plan_fault(change, ESPALIER_FAULT_NAME, "the row is gone");
	/* Of a stack's row only the alias can be set, which is not the kernel's. */
	if (place.lower)
		return ESPALIER_OK;
	step = step_for(plan, at, place.address ? STEP_ADDRESS : STEP_LINK, &place);
	if (!step)
		return plan_fault(change, ESPALIER_FAULT_RESOURCES, change_error_text(-ENOMEM));
	return place.address ? check_address(collector, change, step, undo)
			     : check_link(collector, change, &place, step);
}

int plan_make(struct plan *plan, struct collector *collector, struct espalier_change *changes, size_t count, bool undo)
{
	int overall = ESPALIER_OK;

	memset(plan, 0, sizeof(*plan));
	plan->step_of = calloc(count ? count : 1, sizeof(*plan->step_of));
	if (!plan->step_of)
		return ESPALIER_FAULT_RESOURCES;
	for (size_t i = 0; i < count; i++) {
		if (check_one(plan, collector, &changes[i], i, undo) != ESPALIER_OK)
			overall = ESPALIER_FAULT_ARGUMENTS;
	}
	for (size_t i = 0; i < count && overall == ESPALIER_OK; i++) {
		struct step *step = plan->step_of[i] == SIZE_MAX ? NULL : &plan->steps[plan->step_of[i]];
		int fault = ESPALIER_OK;

		if (step && step->kind == STEP_LINK && changes[i].object == OBJECT_ETHERNET_INTERFACE &&
		    changes[i].parameter >= COMMON_PARAMETERS)
			fault = check_ethtool(&changes[i], step);
		else if (step && step->kind == STEP_ADDRESS && changes[i].parameter != ADDRESS_ALIAS)
			fault = check_target(&changes[i], step);
		if (fault != ESPALIER_OK)
			overall = ESPALIER_FAULT_ARGUMENTS;
	}
	return overall;
}

/* Brings an address from how it is to the target, in the kernel and in the picture. */
static int apply_address(struct collector *collector, struct link *link, struct address *address,
			 const struct address *target, bool lifetimes)
{
	struct address_change old = {.index = link->kernel.index,
				     .family = address->kernel.family,
				     .prefix = address->kernel.prefix,
				     .preferred = UINT32_MAX,
				     .valid = UINT32_MAX};
	struct address_change new = old;
	bool moved = !same_identity(address, target), complete = target->has_ip && target->has_prefix;
	bool add = !target->disabled && complete && (!address->present || moved || lifetimes);
	bool delete = address->present && (moved || target->disabled);
	char table[NUMBERS_TABLE_SIZE], key[NUMBERS_KEY_SIZE], new_key[NUMBERS_KEY_SIZE];
	int error = 0;

	memcpy(old.bytes, address->kernel.bytes, sizeof(old.bytes));
	memcpy(new.bytes, target->kernel.bytes, sizeof(new.bytes));
	new.prefix = target->kernel.prefix;
	if (target->valid != TIME_INFINITE)
		new.valid = (uint32_t)(target->valid - boottime());
	if (target->preferred != TIME_INFINITE)
		new.preferred = (uint32_t)(target->preferred - boottime());
	if (delete)
		error = change_address_delete(&collector->requests, &old);
	if (!error && add) {
		error = change_address_add(&collector->requests, &new);
		if (error && delete)
			change_address_add(&collector->requests, &old);
	}
	if (error)
		return error;
	address_table(table, link, address->kernel.family);
	address_key(key, address);
	address->present = add || (address->present && !delete);
	if (moved)
		address->kernel.flags = 0;
	memcpy(address->kernel.bytes, target->kernel.bytes, sizeof(address->kernel.bytes));
	address->kernel.prefix = target->kernel.prefix;
	address->has_ip = target->has_ip;
	address->has_prefix = target->has_prefix;
	address->disabled = target->disabled;
	address->preferred = target->preferred;
	address->valid = target->valid;
	address->configured = true;
	address->dirty = true;
	address_key(new_key, address);
	if (strcmp(key, new_key) != 0 && numbers_rename(&collector->numbers, table, key, new_key))
		log_error("the number of address %s can't be kept for %s", key, new_key);
	collector_mark(collector, link, DIRTY_ROWS | DIRTY_ADDRESSES);
	return address_remember(collector, link, address);
}

static int apply_link(struct collector *collector, struct step *step, bool back)
{
	struct link *link = step->link;
	struct link_change change = step->change;
	int error = 0;

	collector_mark(collector, link, DIRTY_QUERY);
	if (back) {
		change.up = step->before.flags & IFF_UP;
		change.mtu = step->before.mtu;
		memcpy(change.mac, step->before.mac, MAC_LENGTH);
	}
	if (change.set_up || change.set_mtu || change.set_mac)
		error = change_link(&collector->requests, &change);
	if (!error && step->set_ipv6)
		error = change_ipv6(link->kernel.name, back ? step->before.ipv6 : step->ipv6);
	if (!error && step->set_ethtool)
		error = ethtool_write(collector->ioctl_fd, link->kernel.name,
				      back ? &step->ethtool_before : &step->ethtool);
	return error;
}

static int apply(struct collector *collector, struct step *step, bool back)
{
	int error = 0;

	switch (step->kind) {
	case STEP_LINK:
		return apply_link(collector, step, back);
	case STEP_ADDRESS:
		assert(step->link && step->address);
		if (!back && !is_changed(step))
			return 0;
		return apply_address(collector, step->link, step->address, back ? &step->address_before : &step->target,
				     step->set_lifetimes);
	case STEP_IPV6_OF_ALL:
		error = change_ipv6("all", back ? !step->ipv6 : step->ipv6);
		if (!error) {
			collector->ipv6_enabled = back ? !step->ipv6 : step->ipv6;
			publish_globals(collector, true);
			/* Each link has got the new setting, without notice. */
			for (uint32_t slot = 0; slot < collector->slot_count; slot++) {
				if (collector->links[slot])
					collector_mark(collector, collector->links[slot], DIRTY_QUERY);
			}
		}
		return error;
	}
	return error;
}

void plan_revert(struct plan *plan, struct collector *collector)
{
	while (plan->count > 0) {
		struct step *step = &plan->steps[--plan->count];
		int error;

		if (!step->done)
			continue;
		error = apply(collector, step, true);
		if (error)
			log_error("a change of %s can't be undone: %s", step->link ? step->link->kernel.name : "IPv6",
				  strerror(-error));
	}
}

int plan_do(struct plan *plan, struct collector *collector, struct espalier_change *changes, size_t count)
{
	for (size_t at = 0; at < plan->count; at++) {
		struct step *step = &plan->steps[at];
		int error;

		if (step->link) {
			step->before = step->link->kernel;
			step->ethtool_before = step->link->ethtool;
		}
		if (step->address)
			step->address_before = *step->address;
		/* One that fails half-way must be brought back as well. */
		step->done = true;
		error = apply(collector, step, false);
		if (!error)
			continue;
		log_warning("a change of %s failed: %s", step->link ? step->link->kernel.name : "IPv6",
			    strerror(-error));
		for (size_t i = 0; i < count; i++) {
			if (plan->step_of[i] == at)
				plan_fault(&changes[i], ESPALIER_FAULT_DENIED, change_error_text(error));
		}
		if (step->kind == STEP_ADDRESS)
			step->done = false;
		plan_revert(plan, collector);
		return ESPALIER_FAULT_DENIED;
	}
	return ESPALIER_OK;
}

void plan_free(struct plan *plan)
{
	free(plan->steps);
	free(plan->step_of);
	memset(plan, 0, sizeof(*plan));
}
