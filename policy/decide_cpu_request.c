// SPDX-License-Identifier: LGPL-2.1-or-later
// What a CPU request stands for, and what that allows an offline pod beside online ones. The ratio
// bounds it against all of them together; but those that make their sum large may sleep, and a
// small online pod is then alone beside it.
//
// Example: burstable holds an online pod of 64 CPUs (weight 2500), an online one of 100m (4) and an
// offline one of 100m. One part in 50 of 2504 is 50: while the large one sleeps, the offline pod
// would get twelve times what the online pod of its own size gets. Its request allows it 4.
#include "policy/decide_cpu.h"

#include "policy/decide_tree.h"

#define WEIGHT_MAX 10000u

uint64_t decide_cpu_request_weight(uint64_t milli)
{
	uint64_t shares, weight;

	/* Past any real node; keeps the arithmetic below far from overflow. */
	if (milli > 1000000000)
		return WEIGHT_MAX;
	shares = milli * 1024 / 1000;
	if (shares < 2)
		shares = 2;
	weight = 1 + (shares - 2) * 9999 / 262142;
	return weight > WEIGHT_MAX ? WEIGHT_MAX : weight;
}

/* The weight that the pod's request stands for; 0 where that is not known, or it has none. */
static uint64_t request_weight(const struct pod *pod)
{
	const struct fact_u64 *request = &pod->resources.cpu_request_milli;

	if (pod->kind != POD_KUBERNETES || request->state != FACT_KNOWN || request->value == 0)
		return 0;
	return decide_cpu_request_weight(request->value);
}

/* One that ends has what the kubelet left it: no measure for others. */
void decide_cpu_note_lightest(struct decide_tree *t, const struct decide_node *node)
{
	struct decide_node *parent = &t->nodes[node->parent];
	const struct decide_node *lightest =
		parent->lightest == DECIDE_NONE ? NULL : &t->nodes[parent->lightest];

	if (!node->pod || node->online != 1 || node->offline > 0 || node->blocked ||
	    node->weight == 0 || request_weight(node->pod) == 0 ||
	    (node->pod->facts && node->pod->facts->deleting))
		return;
	if (!lightest || node->weight * request_weight(lightest->pod) <
				 lightest->weight * request_weight(node->pod))
		parent->lightest = (uint32_t)(node - t->nodes);
}

uint64_t decide_cpu_most(const struct decide_tree *t, const struct decide_node *node,
			 uint32_t *ret_who)
{
	uint32_t at = t->nodes[node->parent].lightest;
	uint64_t own, weight;

	*ret_who = DECIDE_NONE;
	if (!node->pod || node->pod->kind != POD_KUBERNETES || node->pod->qos == QOS_BESTEFFORT)
		return UINT64_MAX;
	if (node->pod->resources.cpu_request_milli.state != FACT_KNOWN)
		return node->weight;
	own = request_weight(node->pod);
	if (own == 0)
		return UINT64_MAX;
	if (at == DECIDE_NONE)
		return own;
	weight = t->nodes[at].weight * own / request_weight(t->nodes[at].pod);
	if (weight >= own)
		return own;
	*ret_who = at;
	return weight;
}
