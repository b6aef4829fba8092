// SPDX-License-Identifier: LGPL-2.1-or-later
// Sets of whole physical cores: which CPUs of a node go together, and which cores are the best for a
// pod. Pure arithmetic over the topology; knows no pod, no cgroup and no policy. Only for nodes whose
// ids all fit (cores_fit()).
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "colod/cpu_set.h"
#include "colod/model.h"

/* Whether every CPU of the node fits into a cpu_set, and it is known which CPUs there are. */
bool cores_fit(const struct node *node);

/* The online CPUs; without those that were isolated at boot, which are in use by hand. */
struct cpu_set cores_usable(const struct node *node);

/* Every online CPU that shares a core with one of the set, and is another one: the siblings of {0} on
 * cores 0-1 and 2-3 are {1}, those of {0,1} are {0,1}. */
struct cpu_set cores_siblings(const struct node *node, const struct cpu_set *set);

/* The CPUs of those cores that are in the set with all their online siblings. */
struct cpu_set cores_whole(const struct node *node, const struct cpu_set *set);

/* Whether the set is made of whole online cores, has n_cpus CPUs and no core more than that needs. */
bool cores_suit(const struct node *node, const struct cpu_set *set, size_t n_cpus);

/* Whole cores with at least n_cpus CPUs, none more than needed, out of `from`: of the LLC group that
 * they fill best, else of the NUMA node that they fill best, else of as few NUMA nodes as can be; by the
 * lowest id where nothing else decides. `keep` (a part of `from`, may be empty) are cores that a pod has
 * already: none but them where they are enough, all of them and the nearest others where not. False
 * where there are not enough; *ret_set is untouched then. */
bool cores_choose(const struct node *node, const struct cpu_set *from, const struct cpu_set *keep,
		  size_t n_cpus, struct cpu_set *ret_set);
