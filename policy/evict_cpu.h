// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether an online pod that waits for CPU would be helped by a pod that goes, and by which: the CPUs where it may run
// are used up, and offline work that was held there and still uses a part of them has it. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy/cpu_place.h"
#include "policy/efficacy.h"
#include "policy/victim.h"
#include "policy/wait.h"

/* Who uses less of the waiting one's CPUs than a hundredth of them, and a tenth of one, would not be missed there. */
#define EVICT_CPU_LEAST_PERMILLE 10u
#define EVICT_CPU_LEAST_MILLI 100u
/* So much of them is used: else it does not wait because there are too few. */
#define EVICT_CPU_FULL_PERMILLE 900u

struct evict_cpu {
	const struct pod *waiter; /* who waits longest; NULL: nobody, and the rest says nothing */
	bool measured;
	uint64_t capacity_milli; /* of the CPUs where it may run */
	uint64_t busy_milli;
	uint64_t least_milli;
	uint64_t most_milli; /* the most that one pod uses there whom a hold may meet */
	bool offline_measured;
	uint64_t offline_milli; /* what all of these use, wherever they run */
	struct wait_look look;
	struct cpu_places places;
	struct cpu_set offline; /* where they may run, if places.bounded */
	struct cpu_set room;	/* where the waiter may, if places.bounded */
};

/* `look` is the CPU's, without places. *ret_cpu may not be moved: it points to itself. */
void evict_cpu_look(const struct wait_look *look, const struct efficacy *efficacy,
		    struct evict_cpu *ret_cpu);

/* Whether somebody's going would help the one who waits. */
bool evict_cpu_is_needed(const struct evict_cpu *cpu);

/* For victim_choose(): what this pod uses of the waiter's CPUs. `context`: a struct evict_cpu that is needed. */
enum victim_out evict_cpu_rate(const void *context, const struct pod *pod, struct victim *victim);

/* What all whom a hold may meet use together; false: not measured lately. */
bool evict_cpu_offline(const struct wait_look *look, uint64_t *ret_milli);
