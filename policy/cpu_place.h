// SPDX-License-Identifier: LGPL-2.1-or-later
// On which CPUs work may run, by the sets that anybody gave to cgroups: who cannot meet offline work on any
// CPU neither waits for it nor shares CPU time with it. Pure. A set that was not read bounds nobody.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/cpu_set.h"
#include "colod/model.h"
#include "colod/plan.h"

/* What one look at the sets of a node found; nothing is owned. */
struct cpu_places {
	const struct model *model;
	const struct plan *plan; /* what is planned, else what is without colod; NULL: what is now */
	/* Some work may not run on every CPU. Otherwise, and where the ids of the CPUs do not fit into a set, the
	 * rest says nothing and the functions below are not to be asked. */
	bool bounded;
	struct cpu_set online;
	struct cpu_set isolated; /* at boot: nothing comes to run there by itself */
	struct cpu_set taken;	 /* by partitions, which nobody outside of them may use */
};

struct cpu_places cpu_place_look(const struct model *model, const struct plan *plan);

/* The online CPUs on which processes of this cgroup run; the root: where those run that nobody bounds.
 * Never empty. */
struct cpu_set cpu_place_cgroup(const struct cpu_places *places, const struct cgroup *cgroup);

/* Those of a pod: of its containers, where these were given CPUs. */
struct cpu_set cpu_place_pod(const struct cpu_places *places, const struct pod *pod);

/* What of an amount that is spread over the CPUs of `place` lies in `room`, rounded up. */
uint64_t cpu_place_part(uint64_t amount, const struct cpu_set *place, const struct cpu_set *room);

/* Whether the cgroup has a cpuset.cpus of less than all CPUs now that is not what colod wrote. */
bool cpu_place_is_foreign(const struct model *model, const struct cgroup *cgroup);
