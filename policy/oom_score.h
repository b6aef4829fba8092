// SPDX-License-Identifier: LGPL-2.1-or-later
// oom_score_adj of processes: which values were given from outside, and may be changed, and which a process has
// set itself. Pure.
#pragma once

#include "colod/pod.h"

#define OOM_SCORE_MAX 1000
/* Before everybody else: the kernel takes those that have it as if they had all of memory beside their own. */
#define OOM_SCORE_FIRST OOM_SCORE_MAX
/* What the kubelet gives the sandbox of a pod, whatever its class. */
#define OOM_SCORE_SANDBOX (-998)

/* Whether the kubelet, or systemd for what is no pod of Kubernetes, gives the processes of such a pod this score,
 * so that it may be raised. False for those that are first already. `memory_bytes` is the node's; 0: not known. */
bool oom_score_is_given(const struct pod *pod, uint64_t memory_bytes, int score);

/* The lowest score that the kubelet may have given a container of this Burstable pod. */
int oom_score_least(const struct pod *pod, uint64_t memory_bytes);
