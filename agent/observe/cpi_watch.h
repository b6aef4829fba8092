// SPDX-License-Identifier: LGPL-2.1-or-later
// Whose cycles and instructions are counted: online pods that an sli of cpi is about, a few of them, those of the highest level
// first. Nothing at all where no sli asks.
#pragma once

#include "agent/observe/cpi_files.h"
#include "colod/plan.h"
#include "colod/policy.h"

#define CPI_WATCH_PODS 16
#define CPI_WATCH_FDS 1024

struct cpi_pod {
	uint64_t serial; /* 0: none */
	uint32_t slot;
	uint32_t n_failed;
	bool failed;	  /* it is not tried again */
	int64_t retry_us; /* not before */
	struct cpi_files files;
};

/* Starts zeroed but for `events`. */
struct cpi_watch {
	const struct cpi_events *events;
	bool asked; /* some sli of the policy does */
	bool off;   /* until a policy asks anew */
	bool said_full, said_pod;
	struct cpi_pod pods[CPI_WATCH_PODS];
};

/* For the samples to come: in at most CPI_WATCH_FDS and `max_fds` descriptors. `policy` may be NULL. What was measured of who
 * is left out is forgotten. */
void cpi_watch_choose(struct cpi_watch *watch, const struct model *model, const struct plan *plan,
		      const struct policy *policy, struct samples *samples, size_t max_fds);

/* Into the histories of these pods; opens what is not open. A kernel that has no such events, or keeps them from colod, ends
 * it for all, and is said once. */
void cpi_watch_read(struct cpi_watch *watch, struct kept_reader *reader, int cgroup_fd,
		    const struct model *model, struct samples *samples, int64_t now_us);

void cpi_watch_close(struct cpi_watch *watch);
