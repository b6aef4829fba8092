// SPDX-License-Identifier: LGPL-2.1-or-later
// When an online pod's being hurt is an incident, when it is over, and what is kept of it (include/colod/incident.h). One for a pod
// and resource at a time: what hurts it again within it prolongs it. Pure; allocates nothing but the incident itself.
#pragma once

#include "colod/incident.h"
#include "colod/model.h"
#include "colod/modes.h"
#include "colod/net.h"
#include "colod/plan.h"
#include "colod/policy.h"
#include "colod/sample.h"
#include "colod/score.h"
#include "colod/seconds.h"

/* What one look goes by; nothing is owned. */
struct incident_look {
	const struct model *model;
	const struct samples *samples;
	const struct seconds *seconds;
	const struct plan *plan; /* for the assignments */
	const struct policy *policy;
	const struct modes *modes;
	const struct ladders *ladders;
	const struct scores *scores;
	const struct culprit_watch *culprits;
	const struct culprit_trials *trials;
	const struct net_flow *net; /* NULL: nobody looks at the network */
	int64_t now_us;
	int64_t wall_us;
};

/* The pod is hurt now, for want of the resource: opens an incident or prolongs the one there is. What stays so is told again in
 * each pass. The incident; NULL where there is none: no place, no memory, or it was hurt for too long already. */
struct incident *incident_open(struct incidents *incidents, const struct incident_look *look,
			       enum incident_cause cause, const struct pod *pod,
			       enum resource resource);

/* Once a pass, after the pass's seconds and culprits: opens what ladders and scores tell of, takes in a second of each
 * that is open, and closes those that are over. */
void incident_step(struct incidents *incidents, const struct incident_look *look);

/* One that is closed and kept, or is to be forgotten. */
void incident_drop(struct incidents *incidents, uint64_t id);

/* NULL: there is none. */
const struct incident *incident_find(const struct incidents *incidents, uint64_t id);

/* "rung", "score", "sli". */
const char *incident_cause_name(enum incident_cause cause);

void incidents_free(struct incidents *incidents);
