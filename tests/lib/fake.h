// SPDX-License-Identifier: LGPL-2.1-or-later
// Builds a model, samples and a policy in memory, so that deciders and the diff can be tested
// without a file system. What a cgroup is follows from its name, as on a real node.
//
//	struct fake f;
//	fake_init(&f);                       // 4 CPUs, 8 GiB, kernel 6.12, every capability
//	fake_service(&f, "system.slice");    // processes that are no pod's
//	struct pod *web = fake_pod(&f, "kubepods.slice/kubepods-pod1.slice", QOS_GUARANTEED);
//	fake_request(web, 1000, 256 << 20);
//	fake_level(&f, web, LEVEL_P0);
//	...
//	fake_free(&f);
#pragma once

#include "colod/model.h"
#include "colod/plan.h"
#include "colod/policy.h"
#include "colod/pressure.h"
#include "colod/sample.h"

struct fake {
	struct model model;
	struct samples samples;
	struct policy policy; /* levels as in the default profile; no rules */
	struct plan plan;
	struct ladders ladders;
};

/* Aborts without memory, as every function here. */
void fake_init(struct fake *f);
void fake_free(struct fake *f);

/* The cgroup with this path, made (with its parents) where it is not there yet. Every knob of a
 * new one is known and has the kernel's default; the root has none. */
struct cgroup *fake_cgroup(struct fake *f, const char *path);

/* The cgroup with processes of its own: it and all above it are populated. */
struct cgroup *fake_service(struct fake *f, const char *path);

/* A populated pod: of Kubernetes below a kubepods cgroup (driver by its name), else a unit. Facts
 * are known for Kubernetes pods, absent for units. It has no level yet. */
struct pod *fake_pod(struct fake *f, const char *path, enum qos qos);

/* Writes the assignment that a rule would have given into f->plan (rule index 0). May hold where
 * the level is offline. */
void fake_level(struct fake *f, const struct pod *pod, enum level level);
void fake_waiting(struct fake *f, const struct pod *pod);

/* Known requests; limits (KNOB_VALUE_MAX: unlimited). */
void fake_request(struct pod *pod, uint64_t cpu_milli, uint64_t memory_bytes);
void fake_limit(struct pod *pod, uint64_t cpu_milli, uint64_t memory_bytes);

/* The knobs that discovery reads only where the policy asks for them (cpu.max.burst, cpuset.*), of
 * every cgroup made so far: as the kernel has them at first. */
void fake_rare_knobs(struct fake *f);
/* The present value of a knob that is a set of CPUs. */
void fake_cpus(struct cgroup *cg, enum knob knob, const char *list);
/* The present value; for cpu.max the period is 100000. */
void fake_set(struct cgroup *cg, enum knob knob, uint64_t value);
/* colod wrote `written` over `original`, and it is still there. */
void fake_own(struct cgroup *cg, enum knob knob, uint64_t original, uint64_t written);
void fake_missing(struct cgroup *cg, enum knob knob);

/* One more sample of a pod: totals since the start. */
void fake_sample(struct fake *f, const struct pod *pod, int64_t at_us, uint64_t cpu_usage_us,
		 uint64_t cpu_some_us);
/* The same, for a pod that was throttled in `throttled` of `periods`. */
void fake_sample_throttled(struct fake *f, const struct pod *pod, int64_t at_us,
			   uint64_t cpu_usage_us, uint64_t cpu_some_us, uint64_t periods,
			   uint64_t throttled);
/* The same, for a pod all of whose threads waited for CPU for cpu_full_us. */
void fake_sample_waiting(struct fake *f, const struct pod *pod, int64_t at_us,
			 uint64_t cpu_usage_us, uint64_t cpu_full_us);
void fake_sample_node(struct fake *f, int64_t at_us, uint64_t cpu_busy_us);
/* The newest of these gets a memory: what is available, and of that free. */
void fake_sample_node_memory(struct fake *f, uint64_t available_bytes, uint64_t free_bytes);

/* A machine of n memory nodes, with ids from 0, of so many bytes each. */
void fake_memory_nodes(struct fake *f, uint32_t n, uint64_t bytes);
/* The newest of the node's samples gets what is free on one of them; the others keep what they have. */
void fake_sample_memory_node(struct fake *f, uint32_t id, uint64_t free_bytes);
/* What a pod has on these nodes, at at_us and a second before. */
void fake_there(struct fake *f, const struct pod *pod, uint64_t nodes, int64_t at_us,
		uint64_t bytes, uint64_t before_bytes);

/* Does to the model what writing f->plan (and restoring what it does not name) would do to the
 * kernel. Returns how many knobs changed. */
size_t fake_apply(struct fake *f);

/* Adds a plan entry with a reason; for cpu.max the period is 20000. Aborts without memory. */
void fake_plan(struct fake *f, struct cgroup *cg, enum knob knob, enum effect effect,
	       uint64_t value);
void fake_plan_cpus(struct fake *f, struct cgroup *cg, enum knob knob, enum effect effect,
		    const char *list);

/* Reverses the order of the children of every cgroup, in the tree and in model.cgroups. */
void fake_reverse_siblings(struct fake *f);
