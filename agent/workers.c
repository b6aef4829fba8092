// SPDX-License-Identifier: LGPL-2.1-or-later
// See workers.h.
#include "agent/workers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>

#include "agent/base/lanes.h"
#include "agent/base/log.h"
#include "agent/base/memory_lock.h"
#include "agent/evictor.h"
#include "agent/incidents.h"
#include "agent/killer.h"
#include "agent/net.h"
#include "agent/reclaimer.h"
#include "agent/tasks.h"

void workers_lock_memory(const struct options *options)
{
	int r;

	if (options->switched_off & (1u << CAPABILITY_MEMORY_LOCK))
		return;
	r = memory_lock();
	if (r < 0)
		log_warning("workers.memory",
			    "colod's memory is not locked (%s): while the node is out of memory it "
			    "may have to wait for its own pages. Give its unit "
			    "LimitMEMLOCK=infinity",
			    r == -EPERM ? "RLIMIT_MEMLOCK is finite and may not be raised"
					: strerror(-r));
}

/* Writes of several pods end together. */
#define STEP_US 50000

struct workers {
	struct lanes *lanes; /* borrowed */
	sd_event_source *ended;
	sd_event_source *step;
	void (*pass)(void *context);
	void *context;
};

void workers_start(struct state *s)
{
	int r;

	incidents_start(s);
	r = net_new(s);
	if (r < 0)
		log_warning("workers.net",
			    "no memory to keep track of the network: no link is shaped");
	r = lanes_new(&s->lanes);
	if (r == 0)
		r = apply_use_lanes(s->apply, s->lanes);
	if (r < 0) {
		lanes_free(s->lanes);
		s->lanes = NULL;
		log_warning("workers.start",
			    "cannot start the worker threads: %s. memory.high follows the use of a "
			    "pod down instead of pressing it (more threads: TasksMax= of "
			    "colod.service)",
			    strerror(-r));
		return;
	}
	observe_use_lanes(s->observe, s->lanes);
	r = killer_new(s);
	if (r < 0)
		log_warning("workers.kill",
			    "cannot start the threads that kill: %s. Nobody is killed for memory, "
			    "the kernel chooses",
			    strerror(-r));
	if (evictor_new(s) < 0)
		log_warning("workers.evict", "no memory to keep track of evictions: none is made");
	r = tasks_new(s);
	if (r < 0)
		log_warning("workers.scores",
			    "cannot start the thread that looks at processes: %s. Whom the kernel "
			    "kills first when memory ends is as the kubelet set it",
			    strerror(-r));
	if (reclaimer_new(s) < 0)
		log_warning("workers.reclaim",
			    "no memory to keep track of reclaim: none is asked for");
}

static int on_step(sd_event_source *source, uint64_t usec, void *context)
{
	struct workers *w = context;

	(void)source;
	(void)usec;
	w->pass(w->context);
	return 0;
}

/* The next step of each knob, in one pass for all whose write has ended. */
static int on_ended(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	struct workers *w = context;

	(void)source;
	(void)fd;
	(void)revents;
	lanes_clear(w->lanes);
	(void)sd_event_source_set_time_relative(w->step, STEP_US);
	(void)sd_event_source_set_enabled(w->step, SD_EVENT_ONESHOT);
	return 0;
}

int workers_attach(struct state *s, struct sd_event *event, void (*pass)(void *context),
		   void *context)
{
	struct workers *w;
	int r;

	if (!s->lanes)
		return 0;
	w = s->workers = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->lanes = s->lanes;
	w->pass = pass;
	w->context = context;
	r = sd_event_add_time_relative(event, &w->step, CLOCK_BOOTTIME, STEP_US, 0, on_step, w);
	if (r >= 0)
		r = sd_event_source_set_enabled(w->step, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_io(event, &w->ended, s->lanes->event_fd, EPOLLIN, on_ended, w);
	return r < 0 ? r : 0;
}

static void detach(struct workers *w)
{
	if (!w)
		return;
	sd_event_source_disable_unref(w->ended);
	sd_event_source_disable_unref(w->step);
	free(w);
}

void workers_stop(struct state *s)
{
	detach(s->workers);
	s->workers = NULL;
	net_stop(s);
	if (!s->lanes)
		return;
	observe_use_lanes(s->observe, NULL);
	evictor_stop(s);
	killer_free(s->killer);
	s->killer = NULL;
	tasks_free(s->tasks);
	s->tasks = NULL;
	reclaimer_stop(s);
	lanes_free(s->lanes);
	s->lanes = NULL;
	(void)apply_use_lanes(s->apply, NULL);
}

void workers_collect(struct state *s)
{
	struct status *status = &s->status;
	struct apply_counts counts = {0};
	struct lane_count slow;

	if (!s->lanes)
		return;
	apply_collect(s->apply, discover_model(s->discover), &s->last_changes, &counts);
	status->writes += counts.writes;
	status->restores += counts.restores;
	status->refusals += counts.refusals;
	slow = lane_counts(s->lanes->slow);
	status->slow_writes = slow.written;
	status->slow_cut = slow.cut;
	status->slow_longest_us = slow.longest_us;
}
