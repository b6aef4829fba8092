// SPDX-License-Identifier: LGPL-2.1-or-later
// See workers.h.
#include "agent/workers.h"

#include <errno.h>
#include <string.h>

#include "agent/base/lanes.h"
#include "agent/base/log.h"
#include "agent/base/memory_lock.h"

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

void workers_start(struct state *s)
{
	int r = lanes_new(&s->lanes);

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
}

void workers_stop(struct state *s)
{
	if (!s->lanes)
		return;
	observe_use_lanes(s->observe, NULL);
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
