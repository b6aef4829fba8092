// SPDX-License-Identifier: LGPL-2.1-or-later
// A node with two online pods (web, db) and two offline ones (hog, other), a second at a time, for what is told of incidents.
#pragma once

#include "policy/incident.h"
#include "policy/incident_mark.h"
#include "tests/lib/fake.h"

#define INCIDENT_CASE_PODS 16
#define INCIDENT_CASE_S 1000000

struct incident_case {
	struct fake f;
	struct policy *policy;
	struct modes modes;
	struct ladders ladders;
	struct seconds seconds;
	struct pod_score score_list[INCIDENT_CASE_PODS];
	struct scores scores;
	struct culprit_watch culprits;
	struct culprit_trials trials;
	struct incidents incidents;
	struct incident_look look;
	struct pod *web, *db, *hog, *other;
	struct net_flow flow; /* with an at_us: measured in each second, until that is 0 again */
	struct net_sent sent[INCIDENT_CASE_PODS]; /* by slot: the same, where `rated` */
	/* Of web, while `at_us` of this is not 0: what else was measured in each second, of which all of it waited so much. */
	struct pod_memory memory;
	uint32_t memory_permille, throttled_permille;
	uint64_t memory_us, throttled_us;
	uint64_t used_us[INCIDENT_CASE_PODS], stalled_us[INCIDENT_CASE_PODS], busy_us;
};

int incident_case_open(struct incident_case *c);
void incident_case_close(struct incident_case *c);

/* A second passes in which each pod uses 0.2 CPUs, the hog `hog_milli`, and web stalls for `permille` of it. */
void incident_case_second(struct incident_case *c, uint32_t hog_milli, uint32_t permille);
void incident_case_run(struct incident_case *c, int seconds, uint32_t hog_milli, uint32_t permille);

/* The ladder of the CPU is up because of this pod, as of now. */
void incident_case_rung(struct incident_case *c, const struct pod *pod);
void incident_case_calm(struct incident_case *c);

void incident_case_excess(struct incident_case *c, const struct pod *pod, uint32_t permille);

/* A record of the history, as of now. */
void incident_case_record(struct incident_case *c, enum history_kind kind, const char *what,
			  const char *knob, const char *to, bool would);

/* The only one that goes on; NULL: none. */
struct incident *incident_case_one(struct incident_case *c);
