// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_widen.h.
#include "agent/net_widen.h"

#include <errno.h>
#include <stdbool.h>

#include "agent/apply/net_tc.h"
#include "agent/discover/net_look.h"
#include "agent/net_arrivals.h"

/* The list of interfaces changes while it is read, or a class while it is looked at. */
#define TRIES 3

/* As wide as the link, in place: what waits in it goes on its way. */
static bool widen(struct netlink *nl, struct net_tc_link *link)
{
	const struct net_tc_found_class *root = &link->classes[NET_TC_CLASS_ROOT];
	const struct net_tc_found_class *offline = &link->classes[NET_TC_CLASS_OFFLINE];
	struct net_tc_steps steps = {.n = 1};
	struct net_tc_result result;

	if (!root->there || !offline->there ||
	    offline->htb.ceil_bytes_per_s >= root->htb.ceil_bytes_per_s)
		return true;
	steps.list[0] = (struct net_tc_step){
		.what = NET_TC_SET_CLASS,
		.ifindex = link->ifindex,
		.id = net_tc_class_id(NET_TC_CLASS_OFFLINE),
		.parent = offline->parent,
		.htb = offline->htb,
	};
	steps.list[0].htb.ceil_bytes_per_s = root->htb.ceil_bytes_per_s;
	steps.list[0].htb.cburst_ticks = root->htb.cburst_ticks;
	result = net_tc_run(nl, &steps);
	return result.end == NET_TC_DONE || result.end == NET_TC_GONE;
}

/* Whatever is wrong with one link keeps no other one from being looked at. */
static int widen_all(struct netlink *nl, struct net_look *look)
{
	int r = net_look_at_devices(nl, look), left = 0, error = 0;

	if (r == 0)
		r = net_look_at_qdiscs(nl, look, NULL, NULL, NULL);
	for (size_t i = 0; r == 0 && i < look->devices.n; i++) {
		const struct net_device *d = &look->devices.list[i];
		struct net_tc_link link = {.ifindex = d->ifindex, .root = NET_ROOT_OURS};
		int r2 = d->root_ours ? net_tc_look(nl, &link) : 0;

		if (d->root_ours && r2 == 0)
			left += !widen(nl, &link);
		else if (r2 < 0 && r2 != -ENODEV && error == 0)
			error = r2;
	}
	if (r < 0)
		return r;
	return error < 0 ? error : left;
}

int net_widen(struct netlink *nl)
{
	struct net_look look = {0};
	int arrives, r = -EAGAIN;

	for (int i = 0; i < TRIES && r != 0 && !netlink_is_lost(nl); i++)
		r = widen_all(nl, &look);
	net_look_free(&look);
	arrives = net_arrivals_widen(nl);
	if (r < 0 || arrives < 0)
		return r < 0 ? r : arrives;
	return r + arrives;
}
