// SPDX-License-Identifier: LGPL-2.1-or-later
// What is wanted on each uplink that discovery saw: whether it is shaped, else why not, its classes, and the ceiling of
// offline work as it is now. Pure; the ceilings are kept in the plan from pass to pass.
#pragma once

#include "colod/net.h"
#include "colod/plan.h"
#include "colod/pod.h"
#include "colod/policy.h"
#include "policy/net_ceiling.h"

struct net_plan_in {
	const struct policy *policy;
	const struct net_view *view;
	enum mode mode;		       /* of the network */
	uint32_t active;	       /* 1 << enum level: pods have it */
	const struct net_use *use;     /* of view->links.list, one each; span_us 0: not measured */
	const struct net_use *arrived; /* the same of what arrives */
	int64_t now_us;
};

/* How fast a link is, and who says so; 0: nobody does, or it is out of net_shape.h's range. */
uint64_t net_plan_speed(const struct net_policy *net, const struct net_link *link,
			enum net_speed_from *ret_from);

/* NULL: the plan has none of that index. */
const struct net_plan_link *net_plan_find(const struct net_plan *plan, int32_t ifindex);

/* Whether there are classes to be made on it, as far as the mode allows that (plan->on). */
static inline bool net_plan_shapes(const struct net_plan_link *link)
{
	return link->refusal == NET_FINE && link->shape.levels != 0;
}

/* From the plan of the pass before (all zero before the first) to this one's. A view that is not known changes no link:
 * its ceilings end as those do that nobody can measure. Mode observe plans what it would do, with plan->on false. */
void net_plan_make(const struct net_plan_in *in, struct net_plan *plan);

/* What decides about the traffic of a pod. */
enum net_pod_why {
	NET_POD_WAITS, /* what it is is not known yet */
	NET_POD_GRACE, /* it was asked to go, and keeps what it has: in its grace it is no online work */
	NET_POD_NO_LEVEL, /* no rule gives it one */
	NET_POD_NO_SHARE, /* its level has no class */
	NET_POD_UNSURE, /* an offline pod of which not enough is known for a hold: its class could be held */
	NET_POD_BY_LEVEL,
};

/* Of a pod with this assignment. */
enum net_pod_why net_plan_pod_why(const struct policy *policy, const struct pod *pod,
				  const struct assignment *assignment);

/* What is done with it for that reason. */
enum net_pod_want net_plan_pod(const struct policy *policy, const struct pod *pod,
			       const struct assignment *assignment);
