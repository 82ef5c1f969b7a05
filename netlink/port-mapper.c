/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeps a TCP port mapped: asked for, renewed, asked for again after a router has forgotten it, removed. */
#include "netlink/port-mapper.h"

#include "shm/log.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define SECOND		    1000000000ll /* nanoseconds */
#define RETRY_FIRST	    5		 /* seconds */
#define RETRY_MAXIMUM	    300		 /* seconds */
#define FAILURES_FORGIVEN   2		 /* a router that starts again is silent for a while */
#define SETTLING	    1		 /* seconds: several routes change together */
#define CLOSE_MILLISECONDS  5000
#define REMOVE_MILLISECONDS 3000

static void next(struct port_mapper *mapper);

static void rang(struct loop_timer *timer)
{
	next(LOOP_OF(timer, struct port_mapper, timer));
}

static void look_in(struct port_mapper *mapper, int64_t seconds)
{
	loop_timer_set(mapper->loop, &mapper->timer, loop_now() + seconds * SECOND);
}

/* ---- On the background thread ---------------------------------------------------------------------------------- */

static void run(struct background *background)
{
	struct port_mapper *mapper = LOOP_OF(background, struct port_mapper, background);

	if (mapper->removing)
		mapper->result = router_unmap(&mapper->work);
	else
		mapper->result = router_map(&mapper->work, mapper->worked.protocols, mapper->worked.port);
}

/* ---- On the loop's thread -------------------------------------------------------------------------------------- */

static void take_mapping(struct port_mapper *mapper, const struct router_mapping *mapping)
{
	char text[ENDPOINT_TEXT_SIZE];

	if (!endpoint_same(&mapper->mapping.external, &mapping->external)) {
		mapper->changes++;
		endpoint_text(text, &mapping->external);
		log_notice("port mapping: %s", *text ? text : "none");
	}
	mapper->mapping = *mapping;
}

static void succeeded(struct port_mapper *mapper)
{
	int64_t seconds = mapper->settings.interval;

	take_mapping(mapper, &mapper->work);
	mapper->status = PORT_MAPPER_MAPPED;
	mapper->failures = 0;
	/* RFC 6886 3.3: a mapping is renewed when half of its time is over. */
	if (mapper->mapping.lifetime && mapper->mapping.lifetime / 2 < seconds)
		seconds = mapper->mapping.lifetime / 2;
	look_in(mapper, seconds > 0 ? seconds : 1);
}

static void failed(struct port_mapper *mapper)
{
	int64_t seconds = RETRY_FIRST;

	if (strcmp(mapper->last_error, mapper->work.problem))
		log_info("port mapping: %s", mapper->work.problem);
	snprintf(mapper->last_error, sizeof(mapper->last_error), "%s", mapper->work.problem);
	if (mapper->failures < 32)
		mapper->failures++;
	for (unsigned int i = 1; i < mapper->failures && seconds < RETRY_MAXIMUM; i++)
		seconds *= 2;
	if (mapper->mapping.protocol && mapper->failures > FAILURES_FORGIVEN) {
		struct router_mapping none = mapper->mapping;

		none.protocol = ROUTER_NONE;
		none.external = (union endpoint){.any.sa_family = AF_UNSPEC};
		take_mapping(mapper, &none);
	}
	if (!mapper->mapping.protocol)
		mapper->status = mapper->result == -ENODEV ? PORT_MAPPER_NO_ROUTER : PORT_MAPPER_REFUSED;
	else if (seconds > RETRY_FIRST)
		seconds = RETRY_FIRST;
	look_in(mapper, seconds < RETRY_MAXIMUM ? seconds : RETRY_MAXIMUM);
}

static bool as_wanted(const struct port_mapper *mapper)
{
	return mapper->worked.protocols == mapper->settings.protocols && mapper->worked.port == mapper->settings.port;
}

static void done(struct background *background)
{
	struct port_mapper *mapper = LOOP_OF(background, struct port_mapper, background);

	if (mapper->removing) {
		take_mapping(mapper, &mapper->work);
		if (mapper->result)
			log_info("the port mapping may be there still: %s", mapper->work.problem);
		next(mapper);
	} else if (!as_wanted(mapper)) {
		/* The settings have changed meanwhile: what was made is what is to be removed. */
		if (!mapper->result)
			take_mapping(mapper, &mapper->work);
		next(mapper);
	} else if (mapper->result) {
		failed(mapper);
	} else {
		succeeded(mapper);
	}
	mapper->changed(mapper);
}

static void begin(struct port_mapper *mapper, bool removing)
{
	int error;

	mapper->removing = removing;
	mapper->worked = mapper->settings;
	mapper->work = mapper->mapping;
	mapper->background.loop = mapper->loop;
	mapper->background.run = run;
	mapper->background.done = done;
	error = background_start(&mapper->background);
	if (!error)
		return;
	log_error("no port mapping: a thread can't be started: %s", strerror(-error));
	look_in(mapper, RETRY_MAXIMUM);
}

static void next(struct port_mapper *mapper)
{
	const struct port_mapper_settings *wanted = &mapper->settings;
	const struct router_mapping *mapping = &mapper->mapping;

	mapper->timer.rang = rang;
	if (mapper->background.busy)
		return;
	if (mapping->protocol &&
	    (!(wanted->protocols & ROUTER_MAY(mapping->protocol)) || mapping->internal_port != wanted->port))
		begin(mapper, true);
	else if (wanted->protocols)
		begin(mapper, false);
}

void port_mapper_configure(struct port_mapper *mapper, const struct port_mapper_settings *settings)
{
	bool same = settings->protocols == mapper->settings.protocols && settings->port == mapper->settings.port;

	mapper->settings = *settings;
	if (same)
		return;
	loop_timer_clear(mapper->loop, &mapper->timer);
	mapper->failures = 0;
	mapper->status = settings->protocols ? PORT_MAPPER_SEARCHING : PORT_MAPPER_DISABLED;
	next(mapper);
	mapper->changed(mapper);
}

void port_mapper_routes_changed(struct port_mapper *mapper)
{
	if (!mapper->settings.protocols)
		return;
	mapper->failures = 0;
	if (!mapper->background.busy)
		look_in(mapper, SETTLING);
}

void port_mapper_close(struct port_mapper *mapper)
{
	if (!mapper->background.started)
		return;
	loop_timer_clear(mapper->loop, &mapper->timer);
	if (mapper->background.busy && !background_end(&mapper->background, CLOSE_MILLISECONDS)) {
		log_warning("a router keeps us waiting; its port mapping is left to expire");
		return;
	}
	if (!mapper->removing && !mapper->result)
		mapper->mapping = mapper->work;
	if (mapper->mapping.protocol) {
		begin(mapper, true);
		if (!background_end(&mapper->background, REMOVE_MILLISECONDS) || mapper->result)
			log_info("the port mapping could not be removed; it expires");
		return;
	}
	background_end(&mapper->background, 0);
}
