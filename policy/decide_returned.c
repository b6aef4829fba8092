// SPDX-License-Identifier: LGPL-2.1-or-later
// See decide_returned.h.
#include "policy/decide_returned.h"

int decide_returned(const struct decide_input *in, struct plan *plan, decide_returned_fn fn)
{
	for (size_t i = 0; in->model->n_returned > 0 && i < in->model->n_pods; i++) {
		const struct pod *pod = in->model->pods[i];
		const struct assignment *a = plan_assignment(plan, pod);
		const struct decide_node *node = decide_tree_pod(plan->tree, i);
		int r;

		if (!model_has_returned(in->model, pod) || !node || a->role != ROLE_OFFLINE ||
		    !a->may_hold || node->online > 0 || node->blocked ||
		    node->waiting + node->unmatched > 0)
			continue;
		r = fn(in, plan, node, a);
		if (r < 0)
			return r;
	}
	return 0;
}
