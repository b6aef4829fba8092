// SPDX-License-Identifier: LGPL-2.1-or-later
// What the files of the event loop share: loop.c (when a pass begins) and loop_bus.c (who asks).
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "agent/disable_watch.h"
#include "agent/state.h"
#include "colod/snapshot.h"

struct bus;

struct loop {
	struct state *state;
	sd_event *event;
	sd_event_source *timer;
	sd_event_source *burst;
	sd_event_source *inotify;
	sd_event_source *facts;
	sd_event_source *disable;
	struct disable_watch disable_watch;
	sd_event_source *triggers[64]; /* found by their fd; observe arms at most 32 */
	sd_bus *sdbus;
	struct bus *bus;
	struct snapshot snapshot;
	int64_t bus_tried_us;
	int64_t drift_us;   /* the last pass for a value that was written over */
	char told[128];	    /* the status that systemd knows */
	bool look;	    /* the burst timer is to make a pass */
	bool look_at_drift; /* ... for that */
	bool bus_said;
};

/* Now, as the loop has it. */
int64_t loop_now_us(struct loop *loop);

/* Reads the policy files again and makes a pass. `caller` may be NULL: the files changed by
 * themselves. What state_load_policy() returned. `context` is the loop. */
int loop_reload(void *context, const struct history_caller *caller);

/* Opens the service on the system bus where it is not there, and again after it was lost. */
void loop_bus_keep(struct loop *loop, int64_t now_us);
void loop_bus_close(struct loop *loop);
