// SPDX-License-Identifier: LGPL-2.1-or-later
// Looking and making the steps. See net_tc.h.
#include "agent/apply/net_tc.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>

#include "agent/base/cleanup.h"

const char *net_tc_do_name(enum net_tc_do what)
{
	static const char *const names[NET_TC_DO_COUNT] = {
		[NET_TC_ADD_ROOT] = "add root",
		[NET_TC_ADD_CLASS] = "add class",
		[NET_TC_SET_CLASS] = "set class",
		[NET_TC_DEL_CLASS] = "delete class",
		[NET_TC_ADD_LEAF] = "add leaf",
		[NET_TC_ADD_FILTER] = "add filter",
		[NET_TC_DEL_FILTER] = "delete filter",
		[NET_TC_DEL_ROOT] = "delete root",
		[NET_TC_ADD_CLSACT] = "add clsact",
		[NET_TC_ADD_MARK] = "add mark",
		[NET_TC_SET_MARK] = "set mark",
		[NET_TC_DEL_MARK] = "delete mark",
		[NET_TC_DEL_CLSACT] = "delete clsact",
		[NET_TC_ADD_POLICE] = "add police filter",
		[NET_TC_DEL_POLICE] = "delete police filter",
	};

	return names[what];
}

/* What a list adds to. One that has to be read anew begins with what was there before it. */
struct link_list {
	struct net_tc_link *link;
	struct net_tc_link before;
};

struct end_list {
	struct net_tc_end *end;
	struct net_tc_end before;
};

static void begin_link(void *context)
{
	const struct link_list *l = context;

	*l->link = l->before;
}

static int on_link(void *context, const struct nlmsghdr *answer)
{
	const struct link_list *l = context;

	return net_tc_link_take(l->link, answer);
}

static void begin_end(void *context)
{
	const struct end_list *l = context;

	*l->end = l->before;
}

static int on_end(void *context, const struct nlmsghdr *answer)
{
	const struct end_list *l = context;

	return net_tc_end_take(l->end, answer);
}

static int list(struct netlink *nl, int type, int32_t ifindex, uint32_t parent,
		void (*begin)(void *context), netlink_answer_fn answer, void *context)
{
	const struct tcmsg tc = {
		.tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex, .tcm_parent = parent};
	_cleanup_(netlink_message_freep) struct nl_msg *message =
		netlink_message(type, NLM_F_DUMP, &tc, sizeof(tc));

	if (!message)
		return -ENOMEM;
	return netlink_list(nl, message, begin, answer, context);
}

static int list_link(struct netlink *nl, int type, uint32_t parent, struct net_tc_link *link)
{
	struct link_list l = {.link = link, .before = *link};

	return list(nl, type, link->ifindex, parent, begin_link, on_link, &l);
}

int net_tc_look(struct netlink *nl, struct net_tc_link *link)
{
	int r;

	if (link->root != NET_ROOT_OURS)
		return 0;
	r = list_link(nl, RTM_GETTCLASS, 0, link);
	return r < 0 ? r : list_link(nl, RTM_GETTFILTER, NET_TC_ROOT_HANDLE, link);
}

static int list_end(struct netlink *nl, uint32_t way, struct net_tc_end *end)
{
	struct end_list l = {.end = end, .before = *end};

	return list(nl, RTM_GETTFILTER, end->ifindex, TC_H_MAKE(TC_H_CLSACT, way), begin_end,
		    on_end, &l);
}

int net_tc_look_at_end(struct netlink *nl, struct net_tc_end *end)
{
	int r = list_end(nl, TC_H_MIN_INGRESS, end);

	/* An ingress has no other way. */
	if (r < 0 || end->ingress_kind[0] != 'c')
		return r;
	return list_end(nl, TC_H_MIN_EGRESS, end);
}

/* The kernel calls an unknown kind ENOENT, and also what it does not find. */
static enum net_tc_end_of end_of_missing(enum net_tc_do what)
{
	switch (what) {
	case NET_TC_ADD_ROOT:
	case NET_TC_ADD_LEAF:
	case NET_TC_ADD_FILTER:
	case NET_TC_ADD_CLSACT:
	case NET_TC_ADD_MARK:
	case NET_TC_ADD_POLICE:
		return NET_TC_NO_MODULE;
	case NET_TC_DEL_ROOT:
	case NET_TC_DEL_CLASS:
	case NET_TC_DEL_FILTER:
	case NET_TC_DEL_MARK:
	case NET_TC_DEL_CLSACT:
	case NET_TC_DEL_POLICE:
		return NET_TC_DONE;
	case NET_TC_ADD_CLASS:
	case NET_TC_SET_CLASS:
	case NET_TC_SET_MARK:
	case NET_TC_DO_COUNT:
		break;
	}
	return NET_TC_CHANGED;
}

/* EINVAL: what a removal names is of another kind or handle now, or what an addition goes into is not there. */
static enum net_tc_end_of end_of_invalid(enum net_tc_do what)
{
	switch (what) {
	case NET_TC_DEL_ROOT:
	case NET_TC_DEL_FILTER:
	case NET_TC_DEL_MARK:
	case NET_TC_DEL_CLSACT:
	case NET_TC_ADD_LEAF:
	case NET_TC_ADD_FILTER:
	case NET_TC_ADD_MARK:
	case NET_TC_SET_MARK:
	case NET_TC_DEL_POLICE:
		return NET_TC_CHANGED;
	default:
		return NET_TC_REFUSED;
	}
}

enum net_tc_end_of net_tc_end_of_error(enum net_tc_do what, int error)
{
	switch (-error) {
	case 0:
		return NET_TC_DONE;
	case ENODEV:
		return NET_TC_GONE;
	case EEXIST:
		return what == NET_TC_ADD_ROOT || what == NET_TC_ADD_CLSACT ||
				       what == NET_TC_ADD_LEAF
			       ? NET_TC_FOREIGN
			       : NET_TC_CHANGED;
	case ENOENT:
		return end_of_missing(what);
	case EINVAL:
		return end_of_invalid(what);
	case EBUSY: /* a class that a packet's way leads to again */
	case EAGAIN:
		return NET_TC_CHANGED;
	case EPERM:
	case EACCES:
		return NET_TC_DENIED;
	case EOPNOTSUPP:
		return NET_TC_NO_MODULE;
	case ENOMEM:
	case ENOBUFS:
		return NET_TC_NO_MEMORY;
	default:
		return NET_TC_REFUSED;
	}
}

static int run_one(struct netlink *nl, const struct net_tc_step *step)
{
	_cleanup_(netlink_message_freep) struct nl_msg *message = net_tc_message(step);

	return message ? netlink_ask(nl, message, NULL, NULL) : -ENOMEM;
}

/* A clsact alone says nothing of who made it, so one that we made does not stay without our mark. Where even that
 * fails it is one of nobody's at the next look, which uses it. */
static void take_back(struct netlink *nl, const struct net_tc_steps *steps, uint32_t n_made)
{
	struct net_tc_step back;

	if (n_made == 0 || steps->list[n_made - 1].what != NET_TC_ADD_CLSACT || netlink_is_lost(nl))
		return;
	back = steps->list[n_made - 1];
	back.what = NET_TC_DEL_CLSACT;
	(void)run_one(nl, &back);
}

struct net_tc_result net_tc_run(struct netlink *nl, const struct net_tc_steps *steps)
{
	struct net_tc_result result = {.end = NET_TC_DONE};

	for (uint32_t i = 0; i < steps->n; i++) {
		int r = run_one(nl, &steps->list[i]);

		result.what = steps->list[i].what;
		result.end = netlink_is_lost(nl) ? NET_TC_LOST
						 : net_tc_end_of_error(result.what, r);
		result.error = result.end == NET_TC_DONE ? 0 : r;
		if (result.end != NET_TC_DONE) {
			take_back(nl, steps, i);
			break;
		}
		result.n_made++;
	}
	return result;
}
