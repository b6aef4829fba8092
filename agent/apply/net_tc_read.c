// SPDX-License-Identifier: LGPL-2.1-or-later
// What of a list is ours. See net_tc.h.
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_sched.h>
#include <string.h>

#include "agent/apply/net_police.h"
#include "agent/apply/net_tc.h"

uint32_t net_tc_class_id(unsigned class)
{
	static const uint32_t minors[NET_TC_CLASS_LEVEL] = {
		[NET_TC_CLASS_ROOT] = NET_MINOR_ROOT,
		[NET_TC_CLASS_UNMARKED] = NET_MINOR_UNMARKED,
		[NET_TC_CLASS_OFFLINE] = NET_MINOR_OFFLINE,
	};

	return NET_TC_ROOT_HANDLE |
	       (class < NET_TC_CLASS_LEVEL ? minors[class]
					   : NET_MINOR_LEVEL + class - NET_TC_CLASS_LEVEL);
}

static struct net_tc_found_class *class_of(struct net_tc_link *link, uint32_t id)
{
	for (unsigned i = 0; i < NET_TC_CLASS_COUNT; i++)
		if (net_tc_class_id(i) == id)
			return &link->classes[i];
	return NULL;
}

static enum net_root root_of(const struct tc_object *o)
{
	if (o->handle == 0)
		return NET_ROOT_DEFAULT;
	return o->is_our_root ? NET_ROOT_OURS : NET_ROOT_FOREIGN;
}

static void take_qdisc(struct net_tc_link *link, const struct tc_object *o)
{
	struct net_tc_found_class *class;

	if (o->parent == TC_H_ROOT) {
		link->root = root_of(o);
		link->direct = o->htb_direct;
		return;
	}
	class = class_of(link, o->parent);
	if (!class || o->handle == 0)
		return;
	if (strcmp(o->kind, "fq_codel") != 0) {
		class->foreign_leaf = true;
		return;
	}
	class->leaf = o->handle;
	class->counts.drops = o->counts.drops;
}

static void take_class(struct net_tc_link *link, const struct tc_object *o)
{
	struct net_tc_found_class *class;
	uint64_t drops;

	/* The list has the flows of the leaves, too. */
	if (TC_H_MAJ(o->handle) != NET_TC_ROOT_HANDLE)
		return;
	class = class_of(link, o->handle);
	if (!class || !o->has_htb) {
		link->n_others++;
		return;
	}
	/* A class counts what its leaf would not take, the leaf also what it dropped later. */
	drops = class->leaf ? class->counts.drops : o->counts.drops;
	class->there = true;
	class->parent = o->parent;
	class->htb = o->htb;
	class->counts = o->counts;
	class->counts.drops = drops;
}

static void take_filter(struct net_tc_link *link, const struct tc_object *o)
{
	uint32_t prio = o->info >> 16;

	if (o->parent != NET_TC_ROOT_HANDLE)
		return;
	/* Each prio is listed once more, without a handle, for itself. */
	if (o->handle == 0)
		return;
	if (!o->has_fw || o->chain != 0 || (prio != NET_TC_PRIO && prio != NET_TC_PRIO + 1)) {
		link->n_others++;
		return;
	}
	if (link->n_filters == sizeof(link->filters) / sizeof(link->filters[0]))
		return;
	link->filters[link->n_filters++] = (struct net_tc_found_filter){
		.prio = prio, .mark = o->handle, .mask = o->fw_mask, .class_id = o->fw_class};
}

int net_tc_link_take(struct net_tc_link *link, const struct nlmsghdr *message)
{
	struct tc_object o;
	int r = netlink_tc_read(message, &o);

	if (r == -ENOMSG)
		return 0;
	if (r < 0 || o.ifindex != link->ifindex)
		return r;
	switch (o.what) {
	case TC_QDISC:
		take_qdisc(link, &o);
		break;
	case TC_CLASS:
		take_class(link, &o);
		break;
	case TC_FILTER:
		take_filter(link, &o);
		break;
	}
	return 0;
}

/* Its handle is the interface that it asks for. */
static bool is_our_police(const struct tc_object *o)
{
	return o->parent == TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS) && o->has_police &&
	       net_police_is_ours(o->police_index) && o->handle != 0 &&
	       o->info == TC_H_MAKE(NET_TC_PRIO << 16, htons(ETH_P_ALL)) && o->chain == 0;
}

int net_tc_end_take(struct net_tc_end *end, const struct nlmsghdr *message)
{
	struct tc_object o;
	int r = netlink_tc_read(message, &o);

	if (r == -ENOMSG)
		return 0;
	if (r < 0 || o.ifindex != end->ifindex || o.what != TC_FILTER)
		return r;
	if (o.parent == TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS) && o.has_skbedit &&
	    o.info == TC_H_MAKE(NET_TC_PRIO << 16, htons(ETH_P_ALL)) && o.chain == 0) {
		end->ours = true;
		end->borrowed = o.handle == NET_TC_MARK_BORROWED;
		end->mark = o.mark;
		end->mask = o.mark_mask;
		end->counts = o.counts;
		return 0;
	}
	if (is_our_police(&o)) {
		if (end->polices.n < NET_TC_POLICES)
			end->polices.list[end->polices.n++] = (struct net_tc_police){
				.indev = (int32_t)o.handle, .index = o.police_index};
		return 0;
	}
	/* In an ingress all have the parent that the last one was added with. */
	if (o.parent != TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS) && o.redirect)
		end->redirect = o.redirect;
	/* A prio without a filter in it is none, but for those that have no handle anyway. */
	if (o.handle != 0 || (strcmp(o.kind, "basic") != 0 && strcmp(o.kind, "fw") != 0 &&
			      strcmp(o.kind, "flower") != 0))
		end->n_others++;
	return 0;
}
