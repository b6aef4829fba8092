// SPDX-License-Identifier: LGPL-2.1-or-later
// See decide_returned.h.
#include "policy/decide_returned.h"

#include "policy/knob.h"
#include "policy/memory_growth.h"

/* By what is held it may be kept below what would matter: loose, it would be above that again a second later. */
static bool is_held(const struct pod *pod)
{
	const struct knob_state *quota = pod->cgroup ? &pod->cgroup->knobs[KNOB_CPU_MAX] : NULL;

	return quota && quota->owned && quota->held;
}

/* It is being deleted, and takes memory while that is short: let loose it would take it the faster, until somebody ends it. Whoever
 * takes no more ends sooner without a hold. */
static bool still_takes(const struct decide_input *in, const struct pod *pod)
{
	struct memory_growth growth;

	return pod->kind == POD_KUBERNETES && pod->facts_state == FACT_KNOWN && pod->facts &&
	       pod->facts->deleting && in->ladders->of[RESOURCE_MEMORY].rung != RUNG_CALM &&
	       memory_growth_of(in->samples, pod, in->now_us, &growth) &&
	       (is_held(pod) ? growth.bytes_per_s > 0 : memory_growth_matters(&growth));
}

int decide_returned(const struct decide_input *in, struct plan *plan, decide_returned_fn fn)
{
	for (size_t i = 0; in->model->n_returned > 0 && i < in->model->n_pods; i++) {
		const struct pod *pod = in->model->pods[i];
		const struct assignment *a = plan_assignment(plan, pod);
		const struct decide_node *node = decide_tree_pod(plan->tree, i);
		int r;

		if (!model_has_returned(in->model, pod) || !node || a->role != ROLE_OFFLINE ||
		    a->state != ASSIGNMENT_LEVEL || !(a->may_hold || still_takes(in, pod)) ||
		    node->online > 0 || node->blocked || node->waiting + node->unmatched > 0)
			continue;
		r = fn(in, plan, node, a);
		if (r < 0)
			return r;
	}
	return 0;
}
