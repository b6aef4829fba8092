// SPDX-License-Identifier: LGPL-2.1-or-later
// What is usual: how much of its time a workload is stalled when nobody disturbs it, per resource and load of
// its own, learned in calm windows only (calm.h). Pure: its memory is the caller's struct, time is an argument.
//
// A workload (workload.h) has five bins of load, octaves of CPU use: the highest ends at `top_milli`, a power of two that grows as
// more is used (the bins move down and the lowest two become one) and shrinks once nothing has been seen in
// the highest for days. Each bin has two histograms (stall_hist.h) of stall shares per resource: of calm windows, and of
// all. Weights fade by half in 24 h, in steps of an hour.
//
// A baseline is valid from 60 calm windows that do not overlap, in at least 3 episodes: spells of calm of the node with
// something between them that was seen and was not calm, since whatever nobody sees may go on for one of them. It
// lapses when its weight has faded to less than one window, six days after the last. Without one there is, from 60 windows of any
// kind on, something to take a lower bound from: the 10th percentile of all of them, or, where that is
// higher, what is usual in the calm windows that there are.
//
// Who is disturbed uses more CPU for the same work (a shared core, cold caches, pages to bring back), up to about twice as much: in
// the bin above all in which it was ever calm it would have no number just when it is hurt most. Hence what is usual one
// octave of load below (or at the lower edge of that one) stands in there, four times over, as tasks that come at random wait for each other with the
// square of their load, unless the few calm windows there show more. That is no bound: some of what is over it may still be the load's own doing.
//
// Where a policy allows that offline work is held for a second now and then (calibrate.h), the CPU stall of the last
// BASELINE_HOLDS of such seconds is kept for each bin, for a day after the last. Until there is a calm baseline they stand
// in for it, once there are so many: their median; σ is at least so much that none of them would count as lost. Offline work was
// at its floor and not gone, so that it is a lower bound, too.
//
// Memory: BASELINE_WORKLOAD_BYTES for each workload from when it is first seen on, BASELINE_WORKLOADS of them: 1.5 MiB at
// most; 16 bytes for each pod. The workload not seen for longest makes room; while all are there, a new one is
// not learned. Not all at once: the heap that an agent keeps for a storm (memory_lock.c) has no more than 1 MiB.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/score.h"
#include "policy/calm.h"
#include "policy/stall_hist.h"
#include "policy/workload.h"

#define BASELINE_WORKLOADS 256
#define BASELINE_BINS 5
#define BASELINE_WINDOWS 60
#define BASELINE_EPISODES 3
/* The least of the highest bin, and the most: 4096 CPUs. */
#define BASELINE_TOP_MIN 64u
#define BASELINE_TOP_MAX (4096u * 1024)
#define BASELINE_HOLDS 8
#define BASELINE_HELD_US INT64_C(86400000000)
#define BASELINE_POD_AGE_US 300000000
/* In place of a spell: what was kept from an earlier run goes on with the calm that it ended in. */
#define BASELINE_SPELL_KEPT UINT32_MAX

/* What is worked out from a cell's histograms whenever they change. */
struct baseline_usual {
	uint16_t median;
	uint16_t sigma;
};

struct baseline_cell {
	struct stall_hist calm;
	struct stall_hist all;
	int64_t calm_us; /* the end of the newest window */
	int64_t all_us;
	uint32_t n_calm;
	uint32_t n_episodes;
	uint32_t n_all;
	uint32_t calm_round; /* of the feeds: when it was calm last, and seen last; 0: by an earlier run */
	uint32_t all_round;
	uint32_t calm_spell; /* the last one that it has a window of */
	struct baseline_usual usual;
	struct baseline_usual estimate;
};

/* The CPU stall of single seconds in which offline work was held, the oldest first. */
struct baseline_held {
	int64_t at_us; /* of the newest */
	uint32_t n;
	uint16_t permille[BASELINE_HOLDS];
	struct baseline_usual usual; /* once there are BASELINE_HOLDS */
};

struct baseline_workload {
	char key[WORKLOAD_KEY_SIZE];
	int64_t seen_us;
	int64_t faded_us; /* the last hour that was taken off the weights */
	uint32_t top_milli;
	uint32_t reserved;
	struct baseline_cell cells[RESOURCE_COUNT][BASELINE_BINS];
	struct baseline_held held[BASELINE_BINS]; /* of CPU */
};

#define BASELINE_WORKLOAD_BYTES sizeof(struct baseline_workload)
_Static_assert(BASELINE_WORKLOAD_BYTES <= 5888, "the memory of a workload is as it is said above");

struct baseline_slot {
	uint64_t serial;  /* of the pod */
	int32_t workload; /* -1: none */
	int32_t first_s;  /* when it was seen first */
};

struct baselines {
	struct baseline_workload *workloads[BASELINE_WORKLOADS]; /* NULL: there was none yet; owned */
	struct baseline_slot *slots;				 /* by pod->slot; owned */
	size_t n_slots;
	uint32_t round;	      /* feeds so far */
	int64_t fed_us;	      /* the last one; 0: none */
	uint64_t offline_set; /* as of then, and as of the one before */
	uint64_t offline_set_before;
	enum calm calm;	  /* of the node, then */
	uint32_t spell;	  /* of calm, since start; 0: there was none */
	bool disturbed;	  /* since then something was seen that is not calm */
	uint64_t windows; /* calm ones that were learned, since start */
	uint64_t holds;	  /* seconds with offline work at its floor, the same */
};

/* 0 or -ENOMEM. */
int baselines_new(struct baselines **ret_baselines);
void baselines_free(struct baselines *baselines);

/* Once in a window of 10 s, whatever it is called more often: one window of each online pod is learned, as a calm one
 * where it is, and all bookkeeping is done. Allocates only for slots that were not there before: 0 or -ENOMEM. */
int baselines_feed(struct baselines *baselines, const struct calm_look *look);

/* What is usual for a pod that uses so much CPU now. False: nothing is known of its workload at all. Where its bin has
 * no valid baseline, that of the next higher load that has one stands in, by which less is blamed on
 * others; else, where its own bin has no more than an estimate, that of the bin right below, raised. */
bool baselines_look(const struct baselines *baselines, const struct pod *pod,
		    enum resource resource, uint64_t load_milli, int64_t now_us,
		    struct score_baseline *ret);

/* The workload that the pod is one of, or NULL. */
const struct baseline_workload *baselines_of(const struct baselines *baselines,
					     const struct pod *pod);

/* One more second in which offline work was held: what the pod waited for CPU in it, at this load (as of score_baseline). False:
 * its workload is not known. */
bool baselines_add_held(struct baselines *baselines, const struct pod *pod, uint32_t load_milli,
			uint32_t permille, int64_t now_us);

/* The next five are for the text (baseline_text.h) too. */
/* A new, empty one under this key; NULL: no place is free, and each workload was seen within a minute. */
struct baseline_workload *baselines_add(struct baselines *baselines, const char *key,
					int64_t now_us);
/* Takes off the hours that have passed. */
void baseline_fade(struct baseline_workload *workload, int64_t now_us);
/* Which bin a load is in; BASELINE_BINS: more than any was. */
int baseline_bin(const struct baseline_workload *workload, uint64_t load_milli);
/* Works out what is usual again. */
void baseline_settle(struct baseline_cell *cell);
/* Behind those that are there; the oldest goes. */
void baseline_held_add(struct baseline_held *held, uint32_t permille, int64_t at_us);
