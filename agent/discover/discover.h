// SPDX-License-Identifier: LGPL-2.1-or-later
// Discovery: keeps the model true to the machine. Opens what it needs below the root fd; never
// writes. tick.c calls discover_update() at every pass, which costs nothing when nothing changed.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/model.h"
#include "colod/policy.h"

struct discover;

/* `root_fd` stands for "/" and is only borrowed. `switched_off` is a mask of 1 << enum capability.
 * Refuses with a sentence in *ret_why (static text, says what to do):
 *   -EPROTONOSUPPORT: cgroup v1 or hybrid host; -ENOENT: no cgroup2 mount below the root.
 * Probes capabilities and topology once. 0 or -errno. */
int discover_new(int root_fd, uint32_t switched_off, struct discover **ret_discover,
		 const char **ret_why);
void discover_free(struct discover *discover);

/* The model, owned by discover, valid until discover_free(). Apply updates knob states in it. */
struct model *discover_model(struct discover *discover);

/* The directory fd of the cgroup2 mount, borrowed. */
int discover_cgroup_fd(struct discover *discover);

/* An inotify fd for the event loop (readable: call discover_events), or -EBADF without inotify. */
int discover_inotify_fd(struct discover *discover);

/* What the next update has to look at before its time. */
enum discover_wake {
	DISCOVER_CALM,	/* nothing; colod's own writes are nothing */
	DISCOVER_TREE,	/* cgroups came or went */
	DISCOVER_DRIFT, /* somebody wrote over a value of colod's (perhaps cgroups came as well) */
};

/* Reads the events that wait, and remembers them for the next update. */
enum discover_wake discover_events(struct discover *discover);

/* After apply: from here on writes by others to the knobs that colod owns are events. */
void discover_watch_owned(struct discover *discover);

/* Lets discovery ask the kubelet, where the policy says so; without it, as over a recorded tree, nobody
 * is asked. To be called before the first policy. 0 or -errno. */
int discover_allow_kubelet(struct discover *discover);

/* An fd for the event loop: readable when the kubelet's answer is there (call discover_update).
 * The same for the life of `discover`; -EBADF where nobody is asked. */
int discover_facts_fd(struct discover *discover);

/* Whether an answer is on its way. */
bool discover_facts_pending(struct discover *discover);

/* Policy may name units and cgroups as pods and where facts come from: tell it after each load.
 * The next update rescans everything. `policy` (may be NULL) is borrowed until the next call. */
void discover_set_policy(struct discover *discover, const struct policy *policy);

/* One pass at now_us: drains inotify, rescans the tree when it changed, was asked for, or the last
 * scan is older than 30 s (the healing rescan, which also re-reads all knobs and the facts file).
 * New pods are complete with containers, knob values and resources. A cgroup that vanishes
 * meanwhile is normal; its struct cgroup is no longer in the model, and is freed by the next
 * update. 1 when the model changed, 0 when not, -errno when the cgroup root itself is unreadable
 * (the model stays as it was). */
int discover_update(struct discover *discover, int64_t now_us);

/* Works out again what knobs say of requests and limits. To be called after apply_adopt(), which
 * tells colod's own values from others'; discover_update() does it too. True when some changed. */
bool discover_derive(struct discover *discover);

/* A capability that comes and goes while colod runs, and that somebody else looks at. One that was
 * switched off stays off. */
void discover_set_capability(struct discover *discover, enum capability capability, bool present);

/* A capability that this process may not use, whatever the kernel has. */
static inline void discover_deny(struct discover *discover, enum capability capability)
{
	struct model *model = discover_model(discover);

	model->denied |= 1u << capability;
	model->capabilities &= ~(1u << capability);
}

/* Reads a knob that the policy in force does not look at, and goes on doing so for this cgroup. Does nothing where it
 * is read anyway. */
void discover_ask_knob(struct discover *discover, struct cgroup *cgroup, enum knob knob);

/* Who would thaw what this process has frozen. */
static inline void discover_set_freeze(struct discover *discover, const struct freeze_guard *guard)
{
	discover_model(discover)->freeze = *guard;
}

/* Pods whose like was evicted a moment ago, by serial. */
static inline void discover_set_returned(struct discover *discover, const uint64_t *serials,
					 uint32_t n)
{
	struct model *model = discover_model(discover);

	model->n_returned = n < MODEL_RETURNED ? n : MODEL_RETURNED;
	for (uint32_t i = 0; i < model->n_returned; i++)
		model->returned[i] = serials[i];
}

/* Ask for a full rescan at the next update. */
void discover_rescan(struct discover *discover);

/* Which disks' lines of io.max are read of pods and what is above them, from the next update on; an owned knob stays what
 * it is until it is given back. True where that is news. */
bool discover_ask_disks(struct discover *discover, const struct knob_disks *disks);
