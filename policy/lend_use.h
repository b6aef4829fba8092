// SPDX-License-Identifier: LGPL-2.1-or-later
// What a node's online and offline work uses, from the model and the samples that there are: no file is read for it. Pure.
//
// CPU: the mean over the last 10 s. Offline work is what its pods used; what could not be measured of it counts as online.
// Memory: what is left of it beside what could be had: free and inactive file pages, as a kubelet reckons, and no more than
// MemAvailable; or, where that is more, what is free and all that offline pods have. Not both of these together: an offline
// pod's page cache is in either. So online work's active page cache is kept for it, and where much of it is there beside
// offline work, the number is too low rather than too high.
// A pod's own number is what it is charged for, with page cache.
//
// A newcomer is an online pod that is younger than the policy's cold start: the peaks do not know it, so that its whole request is
// kept beside them. Age is counted from when it was seen first, over restarts (lend_text.h).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/lend.h"
#include "colod/model.h"
#include "colod/plan.h"
#include "colod/policy.h"
#include "colod/sample.h"

/* Of so many pods an earlier run's word is taken. */
#define LEND_KEPT_MAX 4096u

/* A pod that was seen before: who it is, over restarts of the agent, and since when. */
struct lend_kept {
	uint64_t id;
	int64_t first_us;
};

struct lend_pods {
	struct lend_slot {
		uint64_t serial;
		uint64_t id;
		int64_t first_us;
	} * slots; /* by pod->slot; owned */
	size_t n_slots;
	struct lend_kept *kept; /* of an earlier run; owned */
	size_t n_kept;
};

struct lend_node {
	const struct model *model;
	const struct samples *samples;
	const struct policy *policy;
	const struct plan *plan; /* for the assignments */
	int64_t now_us;
};

/* Notes who came: 0 or -ENOMEM. */
int lend_pods_update(struct lend_pods *pods, const struct model *model, int64_t now_us);
void lend_pods_done(struct lend_pods *pods);

struct lend_use lend_use_cpu(const struct lend_node *node, const struct lend_pods *pods);
struct lend_use lend_use_memory(const struct lend_node *node, const struct lend_pods *pods);
