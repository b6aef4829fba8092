// SPDX-License-Identifier: LGPL-2.1-or-later
// The model: what exists on this node now. Discovery builds and updates it; every other stage
// reads it (apply alone updates the knob states of what it wrote).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/cgroup.h"
#include "colod/cpu_set.h"
#include "colod/disk.h"
#include "colod/memory_nodes.h"
#include "colod/pod.h"

#define NODE_MAX_CPUS 4096
#define MODEL_FACTS_NOTE_SIZE 448

struct node_cpu {
	uint16_t id;
	uint16_t core_first; /* lowest CPU of the same physical core; == id when no sibling is lower */
	uint16_t numa;
	uint16_t llc_first; /* lowest CPU that shares the last-level cache */
	bool isolated;	    /* isolcpus= at boot: whoever said so uses it by hand */
};

/* When a task that wakes gets the CPU of one that runs (sched/preempt in debugfs). */
enum preempt {
	PREEMPT_UNKNOWN, /* nobody says, or in words of another kernel */
	PREEMPT_NONE,
	PREEMPT_VOLUNTARY,
	PREEMPT_FULL,
	PREEMPT_LAZY,
	PREEMPT_COUNT,
};

struct node {
	struct node_cpu *cpus; /* online CPUs, ascending id; owned */
	size_t n_cpus;
	size_t n_numa;
	size_t n_cores;
	bool smt; /* some core has two online siblings */
	uint64_t memory_bytes;
	uint64_t swap_bytes;
	uint64_t page_bytes;
	char kernel[65];
	uint64_t zones_high_bytes; /* below their sum the kernel reclaims; 0: not known */
	bool evict_hard_known;	   /* the kubelet's configuration says, or rules out, the next */
	uint64_t evict_hard_bytes; /* below so much the kubelet evicts without a delay; 0: never */
	enum preempt preempt;
	struct memory_nodes memory_nodes;
};

/* Who else gives CPUs to containers, as its own record says (cpu_manager_state of the kubelet). */
enum cpu_manager {
	CPU_MANAGER_ABSENT, /* no kubelet has left a record */
	CPU_MANAGER_NONE,   /* a kubelet that gives none */
	CPU_MANAGER_STATIC,
	CPU_MANAGER_UNSURE, /* there is a record, and it cannot be understood */
	CPU_MANAGER_COUNT,
};

/* Features of this node's kernel and system. Names and costs: policy/capability.c. */
enum capability {
	CAPABILITY_PSI,		   /* /proc/pressure and cgroup *.pressure */
	CAPABILITY_PSI_TRIGGER,	   /* poll on a threshold */
	CAPABILITY_CPU,		   /* the cpu controller */
	CAPABILITY_CPU_IDLE,	   /* cpu.idle */
	CAPABILITY_CPU_MAX,	   /* cpu.max (bandwidth control) */
	CAPABILITY_MEMORY,	   /* the memory controller */
	CAPABILITY_RECURSIVE_PROT, /* mount option memory_recursiveprot */
	CAPABILITY_IO,		   /* the io controller */
	CAPABILITY_IO_WEIGHT,	   /* io.weight exists (iocost built in) */
	CAPABILITY_IO_MAX,
	CAPABILITY_IO_COST,	     /* iocost is active on a device: io.weight is real */
	CAPABILITY_INOTIFY,	     /* pods are noticed at once; else by rescan */
	CAPABILITY_SMT,		     /* sibling topology is readable */
	CAPABILITY_NUMA,	     /* node topology is readable */
	CAPABILITY_BUS,		     /* the system bus */
	CAPABILITY_HOLD_GUARD,	     /* something ends holds when the agent dies or hangs */
	CAPABILITY_MEMORY_LOCK,	     /* the agent's own memory is locked; not in a single pass */
	CAPABILITY_CPUSET,	     /* the cpuset controller */
	CAPABILITY_CPUSET_EXCLUSIVE, /* cpuset.cpus.exclusive: partitions anywhere in the tree */
	CAPABILITY_CORE_SCHED,	     /* core scheduling is built in; colod does not use it */
	CAPABILITY_MEMORY_RECLAIM,   /* memory.reclaim */
	CAPABILITY_SCHED_POLICY, /* others' scheduling policies may be changed, and given back */
	CAPABILITY_PERF,	 /* cycles and instructions are counted, and colod may */
	CAPABILITY_COUNT,
};

/* Who would thaw a pod that this process has frozen, were it to die or hang now. */
struct freeze_guard {
	uint64_t most_us; /* so long it may be frozen; 0: nobody would thaw it */
	uint64_t late_us; /* so long after the last look it is thawed at the latest */
	int64_t from_us; /* none before: an earlier colod died, and whom it froze last is not known */
};

/* More of them at once are left alone. */
#define MODEL_RETURNED 8
struct manual;

struct model {
	struct node node;
	struct cgroup *root;	 /* owned, with everything below */
	struct cgroup **cgroups; /* every cgroup, parents before their children */
	size_t n_cgroups;
	struct pod **pods; /* ordered by cgroup path */
	size_t n_pods;
	uint32_t n_slots;	   /* one more than the largest slot in use */
	enum cgroup_driver driver; /* of the Kubernetes root, DRIVER_NONE without one */
	uint32_t capabilities;	   /* 1 << enum capability: present and not switched off */
	uint32_t switched_off;	   /* 1 << enum capability: --without */
	uint32_t denied; /* 1 << enum capability: the kernel has it, and this process may not use it */
	uint64_t generation; /* grows whenever cgroups, pods or facts changed */
	enum cpu_manager cpu_manager;
	struct cpu_set cpu_shared; /* what a static one leaves to all; empty otherwise */
	uint32_t skipped_names;	   /* cgroups left out: name not UTF-8, a path trick, or too many */
	/* Nobody has said yet, since the agent started, what the Kubernetes pods are. */
	bool facts_awaited;
	struct freeze_guard freeze;
	struct disks disks;
	uint64_t returned[MODEL_RETURNED]; /* serials of pods whose like was evicted a moment ago */
	uint32_t n_returned;
	const struct manual *manual; /* what people ordered; NULL: nothing; borrowed */
	int64_t calibrating_us; /* offline work is held since then to learn from it (policy/calibrate.h); 0: it is not */
	char facts_note
		[MODEL_FACTS_NOTE_SIZE]; /* why facts are not what the policy asks for, "" when they are */
};

static inline bool model_can(const struct model *m, enum capability c)
{
	return (m->capabilities & (1u << c)) != 0;
}

/* The pod with this serial; NULL: it is gone. */
static inline const struct pod *model_pod(const struct model *m, uint64_t serial)
{
	for (size_t i = 0; i < m->n_pods; i++)
		if (m->pods[i]->serial == serial)
			return m->pods[i];
	return NULL;
}

/* Whether the like of this pod was evicted a moment ago. */
static inline bool model_has_returned(const struct model *m, const struct pod *pod)
{
	for (uint32_t i = 0; i < m->n_returned; i++)
		if (m->returned[i] == pod->serial)
			return true;
	return false;
}
