// SPDX-License-Identifier: LGPL-2.1-or-later
// The node that the story happens on: who is there, what they use, and what of theirs colod may write to.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Paths below the cgroup2 mount. The ghost is not in the pods file, so nothing is known of it. */
#define UID_PATH(n) "0a0a0a0a_0000_4000_8000_00000000000" #n ".slice"
#define KUBEPODS "kubepods.slice"
#define BURSTABLE KUBEPODS "/kubepods-burstable.slice"
#define BESTEFFORT KUBEPODS "/kubepods-besteffort.slice"
#define ONLINE_POD KUBEPODS "/kubepods-pod" UID_PATH(1)
#define WEB_POD BURSTABLE "/kubepods-burstable-pod" UID_PATH(2)
#define BATCH_POD BURSTABLE "/kubepods-burstable-pod" UID_PATH(3)
#define HOG_POD BESTEFFORT "/kubepods-besteffort-pod" UID_PATH(4)
#define GHOST_POD BESTEFFORT "/kubepods-besteffort-pod" UID_PATH(5)
#define BRIEF_POD BURSTABLE "/kubepods-burstable-pod" UID_PATH(6)
#define FILLER_POD BESTEFFORT "/kubepods-besteffort-pod" UID_PATH(7)
#define NODE_BATCH "0a0a0a0a-0000-4000-8000-000000000003"
#define NODE_HOG "0a0a0a0a-0000-4000-8000-000000000004"
#define NODE_FILLER "0a0a0a0a-0000-4000-8000-000000000007"

/* A tree below `parent` with an online pod, the ghost, a cgroup that no rule names, run/colod and the
 * pods file. Everything here aborts where it cannot be done. */
char *node_make(const char *parent);

/* A pod's cgroup and that of its container, in which only what colod might look at is there. */
void node_pod(const char *dir, const char *pod, const char *weight);

/* Counters after `step` steps of 2 s: four CPUs, nearly all in use; the online pod has waited. */
void node_load(const char *dir, unsigned step, uint64_t waited_us);

/* So much is available, and the hog uses so much. */
void node_memory(const char *dir, unsigned available_mib, unsigned hog_mib);

/* The filler appears, with most of what offline pods use; those that are online or not known use more. */
void node_fill_memory(const char *dir);

/* Hardly any memory is there or, not `is_short`, much; the online pod has waited a fifth of this step for it. */
void node_wait_for_memory(const char *dir, bool is_short, int64_t step_us, uint64_t *waited_us);

bool node_has_pod(const char *dir, const char *pod);

/* Whether this file is one of this cgroup or of one below it. */
bool node_is_below(const char *path, const char *cgroup);

/* Whether colod may ever write to this file. */
bool node_may_write(const char *path);
