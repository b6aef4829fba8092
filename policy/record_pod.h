// SPDX-License-Identifier: LGPL-2.1-or-later
// A pod's lines of a record: what it is, what the kubelet says of it, and its level. Of labels and
// annotations only those are written that the policy asks for: the others decide nothing, and may
// hold what is nobody's business. Pure.
#pragma once

#include "colod/plan.h"
#include "colod/pod.h"
#include "colod/policy.h"
#include "policy/record_names.h"
#include "policy/record_text.h"

/* Whether some rule of the policy looks at the label or annotation of this key. */
bool record_pod_is_asked(const struct policy *policy, const char *key);

/* Lines "pod", and with known facts "facts", "label", "annotation". */
void record_pod_put(struct record_buf *buf, const struct record_names *names, const struct pod *pod,
		    uint32_t cgroup_id, const struct policy *policy);
void record_pod_put_assignment(struct record_buf *buf, uint32_t slot, const struct assignment *a);

/* Each reads one line behind "WORD SLOT". *pod has no facts before a "pod" line and gets them by
 * "facts"; it gets one container of each runtime. 0, -EBADMSG or -ENOMEM. */
int record_pod_get(struct record_line *line, struct pod *pod, uint32_t *ret_cgroup_id);
int record_pod_get_facts(struct record_line *line, struct pod *pod);
int record_pod_get_label(struct record_line *line, bool annotation, struct pod *pod);
int record_pod_get_assignment(struct record_line *line, struct assignment *ret_assignment);

/* What it owns, not the pod. */
void record_pod_free(struct pod *pod);
