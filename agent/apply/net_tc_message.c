// SPDX-License-Identifier: LGPL-2.1-or-later
// The bytes of a step. See net_tc.h.
//
// Made by hand on libnl's attributes: libnl-route 3.7 counts a burst in whole microseconds (1250 bytes at 10 Gbit/s), so that what
// is read back is not what was written, and has neither clsact nor the mask of skbedit.
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_skbedit.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "agent/apply/net_tc.h"
#include "agent/base/cleanup.h"

/* Of classes that lend and do not borrow turns it means nothing, but the kernel warns of none. */
#define INNER_QUANTUM 60000u
/* The version of the options of an HTB that this is. */
#define HTB_VERSION 3
/* What rate / quantum would be, were quanta not given. */
#define HTB_RATE_TO_QUANTUM 10

#define PUT(call) ((call) >= 0)

static bool put_htb_root(struct nl_msg *message)
{
	const struct tc_htb_glob glob = {.version = HTB_VERSION,
					 .rate2quantum = HTB_RATE_TO_QUANTUM,
					 .defcls = NET_MINOR_UNMARKED};
	struct nlattr *options;

	return PUT(nla_put_string(message, TCA_KIND, "htb")) &&
	       (options = nla_nest_start(message, TCA_OPTIONS)) != NULL &&
	       PUT(nla_put(message, TCA_HTB_INIT, sizeof(glob), &glob)) &&
	       PUT(nla_nest_end(message, options));
}

/* What a rate is where 32 bits do not hold it; the 64 bit attribute says the rest. */
static uint32_t rate_low(uint64_t bytes_per_s)
{
	return bytes_per_s > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes_per_s;
}

static bool put_htb_class(struct nl_msg *message, const struct tc_htb_class *htb)
{
	/* A link layer that is named spares the table of times that old kernels asked for. */
	const struct tc_htb_opt opt = {
		.rate = {.rate = rate_low(htb->rate_bytes_per_s),
			 .linklayer = TC_LINKLAYER_ETHERNET},
		.ceil = {.rate = rate_low(htb->ceil_bytes_per_s),
			 .linklayer = TC_LINKLAYER_ETHERNET},
		.buffer = htb->burst_ticks,
		.cbuffer = htb->cburst_ticks,
		.quantum = htb->quantum_bytes ? htb->quantum_bytes : INNER_QUANTUM,
		.prio = htb->prio,
	};
	struct nlattr *options;

	return PUT(nla_put_string(message, TCA_KIND, "htb")) &&
	       (options = nla_nest_start(message, TCA_OPTIONS)) != NULL &&
	       (htb->rate_bytes_per_s <= UINT32_MAX ||
		PUT(nla_put_u64(message, TCA_HTB_RATE64, htb->rate_bytes_per_s))) &&
	       (htb->ceil_bytes_per_s <= UINT32_MAX ||
		PUT(nla_put_u64(message, TCA_HTB_CEIL64, htb->ceil_bytes_per_s))) &&
	       PUT(nla_put(message, TCA_HTB_PARMS, sizeof(opt), &opt)) &&
	       PUT(nla_nest_end(message, options));
}

static bool put_fw(struct nl_msg *message, const struct net_tc_step *step)
{
	struct nlattr *options;

	return PUT(nla_put_string(message, TCA_KIND, "fw")) &&
	       (options = nla_nest_start(message, TCA_OPTIONS)) != NULL &&
	       PUT(nla_put_u32(message, TCA_FW_CLASSID, step->id)) &&
	       PUT(nla_put_u32(message, TCA_FW_MASK, step->mask)) &&
	       PUT(nla_nest_end(message, options));
}

/* "basic" without a condition takes every packet, and unlike "matchall" lets its action be replaced in place. */
static bool put_mark(struct nl_msg *message, const struct net_tc_step *step)
{
	/* What others have there goes on after it. */
	const struct tc_skbedit edit = {.action = TC_ACT_UNSPEC};
	struct nlattr *options, *acts, *act, *of;

	return PUT(nla_put_string(message, TCA_KIND, "basic")) &&
	       (options = nla_nest_start(message, TCA_OPTIONS)) != NULL &&
	       (acts = nla_nest_start(message, TCA_BASIC_ACT)) != NULL &&
	       (act = nla_nest_start(message, 1)) != NULL &&
	       PUT(nla_put_string(message, TCA_ACT_KIND, "skbedit")) &&
	       (of = nla_nest_start(message, TCA_ACT_OPTIONS)) != NULL &&
	       PUT(nla_put(message, TCA_SKBEDIT_PARMS, sizeof(edit), &edit)) &&
	       PUT(nla_put_u32(message, TCA_SKBEDIT_MARK, step->mark)) &&
	       PUT(nla_put_u32(message, TCA_SKBEDIT_MASK, step->mask)) &&
	       PUT(nla_nest_end(message, of)) && PUT(nla_nest_end(message, act)) &&
	       PUT(nla_nest_end(message, acts)) && PUT(nla_nest_end(message, options));
}

/* The bucket is there already; were it not, this would make one that only counts. */
static bool put_police(struct nl_msg *message, const struct net_tc_step *step)
{
	const struct tc_police police = {.index = step->police.index, .action = TC_ACT_SHOT};
	struct nlattr *options, *acts, *act, *of;

	return PUT(nla_put_string(message, TCA_KIND, "flower")) &&
	       (options = nla_nest_start(message, TCA_OPTIONS)) != NULL &&
	       PUT(nla_put_string(message, TCA_FLOWER_INDEV, step->police.name)) &&
	       (acts = nla_nest_start(message, TCA_FLOWER_ACT)) != NULL &&
	       (act = nla_nest_start(message, 1)) != NULL &&
	       PUT(nla_put_string(message, TCA_ACT_KIND, "police")) &&
	       (of = nla_nest_start(message, TCA_ACT_OPTIONS)) != NULL &&
	       PUT(nla_put(message, TCA_POLICE_TBF, sizeof(police), &police)) &&
	       PUT(nla_put_u32(message, TCA_POLICE_RESULT, (uint32_t)TC_ACT_UNSPEC)) &&
	       PUT(nla_nest_end(message, of)) && PUT(nla_nest_end(message, act)) &&
	       PUT(nla_nest_end(message, acts)) && PUT(nla_nest_end(message, options));
}

/* A filter at a pod's end: of what comes from it, or goes to it. */
static struct nl_msg *begin_filter(const struct net_tc_step *step, struct tcmsg *tc)
{
	bool police = step->what == NET_TC_ADD_POLICE || step->what == NET_TC_DEL_POLICE;
	bool deletes = step->what == NET_TC_DEL_MARK || step->what == NET_TC_DEL_POLICE;
	int flags = NLM_F_CREATE | NLM_F_EXCL;

	if (step->what == NET_TC_SET_MARK)
		flags = NLM_F_REPLACE;
	tc->tcm_parent = TC_H_MAKE(TC_H_CLSACT, police ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS);
	tc->tcm_handle = police ? (uint32_t)step->police.indev : step->id;
	tc->tcm_info = TC_H_MAKE(NET_TC_PRIO << 16, htons(ETH_P_ALL));
	return netlink_message(deletes ? RTM_DELTFILTER : RTM_NEWTFILTER, deletes ? 0 : flags, tc,
			       sizeof(*tc));
}

/* Type, flags and header. NLM_F_EXCL everywhere where something is new: what somebody else has put there in the
 * meantime is an error then, and stays. */
static struct nl_msg *begin(const struct net_tc_step *step)
{
	struct tcmsg tc = {.tcm_family = AF_UNSPEC, .tcm_ifindex = step->ifindex};
	const int add = NLM_F_CREATE | NLM_F_EXCL;

	switch (step->what) {
	case NET_TC_ADD_ROOT:
	case NET_TC_DEL_ROOT:
		tc.tcm_parent = TC_H_ROOT;
		tc.tcm_handle = NET_TC_ROOT_HANDLE;
		return step->what == NET_TC_ADD_ROOT
			       ? netlink_message(RTM_NEWQDISC, add, &tc, sizeof(tc))
			       : netlink_message(RTM_DELQDISC, 0, &tc, sizeof(tc));
	case NET_TC_ADD_LEAF:
		tc.tcm_parent = step->id;
		return netlink_message(RTM_NEWQDISC, add, &tc, sizeof(tc));
	case NET_TC_ADD_CLASS:
	case NET_TC_SET_CLASS:
	case NET_TC_DEL_CLASS:
		tc.tcm_parent = step->parent;
		tc.tcm_handle = step->id;
		return netlink_message(step->what == NET_TC_DEL_CLASS ? RTM_DELTCLASS
								      : RTM_NEWTCLASS,
				       step->what == NET_TC_ADD_CLASS ? add : 0, &tc, sizeof(tc));
	case NET_TC_ADD_FILTER:
	case NET_TC_DEL_FILTER:
		tc.tcm_parent = NET_TC_ROOT_HANDLE;
		tc.tcm_handle = step->mark;
		tc.tcm_info = TC_H_MAKE(step->prio << 16, htons(ETH_P_ALL));
		return step->what == NET_TC_ADD_FILTER
			       ? netlink_message(RTM_NEWTFILTER, NLM_F_CREATE, &tc, sizeof(tc))
			       : netlink_message(RTM_DELTFILTER, 0, &tc, sizeof(tc));
	case NET_TC_ADD_CLSACT:
	case NET_TC_DEL_CLSACT:
		tc.tcm_parent = TC_H_CLSACT;
		tc.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
		return step->what == NET_TC_ADD_CLSACT
			       ? netlink_message(RTM_NEWQDISC, add, &tc, sizeof(tc))
			       : netlink_message(RTM_DELQDISC, 0, &tc, sizeof(tc));
	case NET_TC_ADD_MARK:
	case NET_TC_SET_MARK:
	case NET_TC_DEL_MARK:
	case NET_TC_ADD_POLICE:
	case NET_TC_DEL_POLICE:
		return begin_filter(step, &tc);
	case NET_TC_DO_COUNT:
		break;
	}
	return NULL;
}

/* The kernel removes only what is of this kind. */
static bool put_kind(struct nl_msg *message, const char *kind)
{
	return PUT(nla_put_string(message, TCA_KIND, kind));
}

static bool put_rest(struct nl_msg *message, const struct net_tc_step *step)
{
	switch (step->what) {
	case NET_TC_ADD_ROOT:
		return put_htb_root(message);
	case NET_TC_ADD_CLASS:
	case NET_TC_SET_CLASS:
		return put_htb_class(message, &step->htb);
	case NET_TC_DEL_ROOT:
	case NET_TC_DEL_CLASS:
		return put_kind(message, "htb");
	case NET_TC_ADD_LEAF:
		return put_kind(message, "fq_codel");
	case NET_TC_ADD_FILTER:
		return put_fw(message, step);
	case NET_TC_DEL_FILTER:
		return put_kind(message, "fw");
	case NET_TC_ADD_CLSACT:
	case NET_TC_DEL_CLSACT:
		return put_kind(message, "clsact");
	case NET_TC_ADD_MARK:
	case NET_TC_SET_MARK:
		return put_mark(message, step);
	case NET_TC_DEL_MARK:
		return put_kind(message, "basic");
	case NET_TC_ADD_POLICE:
		return put_police(message, step);
	case NET_TC_DEL_POLICE:
		return put_kind(message, "flower");
	case NET_TC_DO_COUNT:
		break;
	}
	return false;
}

struct nl_msg *net_tc_message(const struct net_tc_step *step)
{
	_cleanup_(netlink_message_freep) struct nl_msg *message = begin(step);

	if (!message || !put_rest(message, step))
		return NULL;
	return TAKE_PTR(message);
}
