// SPDX-License-Identifier: LGPL-2.1-or-later
// Words that only the serving stage shows; everything that other stages say too is in
// policy/names.h. Static text, "?" for a value out of range.
#pragma once

#include "colod/cgroup.h"
#include "colod/plan.h"
#include "colod/pod.h"
#include "colod/policy.h"
#include "colod/snapshot.h"

const char *words_assignment(enum assignment_state state); /* "no rule", "waiting", "levelled" */
const char *words_pod_kind(enum pod_kind kind);		   /* "kubernetes", "unit", "cgroup" */
const char *words_cgroup_kind(enum cgroup_kind kind);	   /* "qos", "container", … */
const char *words_change(enum change_kind kind);	   /* "write", "restore", "forget" */
const char *words_facts_source(enum facts_source source);  /* "kubelet", "file", "cgroup" */
const char *words_cores(enum cores_state state);	   /* "own", "siblings", "refused" */
const char *words_freeze(enum freeze_state state);
const char *words_guard(enum guard_by guard); /* "nobody", "watchdog", "guard" */
