// SPDX-License-Identifier: LGPL-2.1-or-later
// Observation: one sample of every pod and of the node, from kept-open fds, without allocation
// once a pod is known. Also arms the PSI triggers. Never writes a knob.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/model.h"
#include "colod/plan.h"
#include "colod/policy.h"
#include "colod/sample.h"
#include "colod/score.h"

struct observe;

/* Both fds are borrowed: the stand-in for "/", and the cgroup2 mount. 0 or -errno. */
int observe_new(int root_fd, int cgroup_fd, struct observe **ret_observe);
void observe_free(struct observe *observe);

/* What takes long is handed to these from here on (borrowed; NULL: done in line). */
struct lanes;
void observe_use_lanes(struct observe *observe, struct lanes *lanes);

/* All histories, owned by observe. */
const struct samples *observe_samples(const struct observe *observe);

/* Takes one sample at now_us of every pod that any rule levelled or that waits for facts. Opens fds
 * for new pods, closes those of gone ones (by slot and serial). A file that fails clears its valid
 * bit; ENODEV closes the pod's fds. A now_us that is not after the last sample's is ignored. 0, or
 * -ENOMEM (what there is memory for was sampled). */
int observe_sample(struct observe *observe, const struct model *model, int64_t now_us);

/* What is usual for the pods, from these scores, for the passes to come (usual.h). */
void observe_usual(struct observe *observe, const struct model *model, const struct scores *scores);

/* From here on it is measured what of each offline pod (by plan's assignments) lies on these memory nodes, which run short; 0: of
 * none. Where the machine has one memory node it does nothing. */
void observe_nodes(struct observe *observe, const struct model *model, const struct plan *plan,
		   uint64_t nodes);

/* From the next sample on cycles and instructions are counted of the online pods (by plan's assignments) that an sli of cpi is
 * about, in descriptors that no pod's files need. `policy` may be NULL: of none. */
void observe_cpi(struct observe *observe, const struct model *model, const struct plan *plan,
		 const struct policy *policy);

/* From the next sample on, and for ten seconds, what each pod does on each disk is read: it costs the kernel more than the rest. */
void observe_want_pod_disks(struct observe *o, int64_t now_us);

/* Forgets every sample: after a time in which nobody looked they say nothing of the present. */
void observe_forget(struct observe *observe);

/* PSI triggers, where the policy has a rule for the resource and there is an offline pod to do something about (or
 * was within a minute): on the pressure of online pods (by plan's assignments), those of the highest level first, and for
 * memory one of the whole node, whose slot is OBSERVE_TRIGGER_NODE; at most 32 in all. Calls `on_arm` for each new
 * trigger fd (the loop watches EPOLLPRI) and `on_disarm` before one is closed. Without the capability, or for a
 * resource that is not in `resources` (1 << enum resource): disarms. */
#define OBSERVE_TRIGGER_NODE UINT32_MAX
struct observe_trigger_ops {
	void *context;
	int (*on_arm)(void *context, int fd, uint32_t slot);
	void (*on_disarm)(void *context, int fd, uint32_t slot);
};
int observe_triggers(struct observe *observe, const struct model *model, const struct plan *plan,
		     const struct policy *policy, uint32_t resources,
		     const struct observe_trigger_ops *ops);

/* This one has fired: the pod's next sample says so. Whether it tells of memory. */
bool observe_trigger_fired(struct observe *observe, int fd);

/* The cgroup of a trigger is gone (EPOLLERR): disarm and close it. */
void observe_trigger_gone(struct observe *observe, int fd, const struct observe_trigger_ops *ops);

/* How many are armed. */
uint32_t observe_n_triggers(const struct observe *observe);

/* Pods of the last pass that were not measured because file descriptors are short; the lowest
 * levels go first. */
uint32_t observe_n_unsampled(const struct observe *observe);

/* read(2)-like calls since start, for tests and the cost bench. */
uint64_t observe_n_reads(const struct observe *observe);
