// SPDX-License-Identifier: LGPL-2.1-or-later
// See netlink_act.h.
#include "agent/base/netlink_act.h"

#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <linux/tc_act/tc_skbedit.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

/* Attributes of one level, those from 1 to `max`. False: they do not fit into what they are in. */
static bool nested(struct nlattr **tb, int max, struct nlattr *in, const struct nla_policy *policy)
{
	return nla_parse_nested(tb, max, in, policy) >= 0;
}

bool netlink_act_counts(struct nlattr *in, struct net_count *ret_counts, bool *ret_has)
{
	static const struct nla_policy policy[TCA_STATS_MAX + 1] = {
		/* Its size without the padding at its end. */
		[TCA_STATS_BASIC] = {.minlen = 12},
		[TCA_STATS_QUEUE] = {.minlen = sizeof(struct gnet_stats_queue)},
		[TCA_STATS_PKT64] = {.type = NLA_U64}};
	struct nlattr *tb[TCA_STATS_MAX + 1];
	struct gnet_stats_basic basic = {0};
	struct gnet_stats_queue queue = {0};

	if (!nested(tb, TCA_STATS_MAX, in, policy))
		return false;
	if (!tb[TCA_STATS_BASIC])
		return true;
	(void)nla_memcpy(&basic, tb[TCA_STATS_BASIC], sizeof(basic));
	if (tb[TCA_STATS_QUEUE])
		memcpy(&queue, nla_data(tb[TCA_STATS_QUEUE]), sizeof(queue));
	*ret_has = true;
	*ret_counts = (struct net_count){
		.bytes = basic.bytes,
		.packets = tb[TCA_STATS_PKT64] ? nla_get_u64(tb[TCA_STATS_PKT64]) : basic.packets,
		.drops = queue.drops,
		.overlimits = queue.overlimits,
		.backlog_bytes = queue.backlog,
	};
	return true;
}

/* Sets the mark and nothing else. */
static bool read_skbedit(struct nlattr *options, struct netlink_act *act)
{
	static const struct nla_policy policy[TCA_SKBEDIT_MAX + 1] = {
		[TCA_SKBEDIT_MARK] = {.type = NLA_U32}, [TCA_SKBEDIT_MASK] = {.type = NLA_U32}};
	struct nlattr *tb[TCA_SKBEDIT_MAX + 1];

	if (!nested(tb, TCA_SKBEDIT_MAX, options, policy))
		return false;
	if (!tb[TCA_SKBEDIT_MARK] || tb[TCA_SKBEDIT_PRIORITY] || tb[TCA_SKBEDIT_QUEUE_MAPPING] ||
	    tb[TCA_SKBEDIT_PTYPE] || tb[TCA_SKBEDIT_FLAGS])
		return true;
	act->has_skbedit = true;
	act->mark = nla_get_u32(tb[TCA_SKBEDIT_MARK]);
	act->mark_mask = tb[TCA_SKBEDIT_MASK] ? nla_get_u32(tb[TCA_SKBEDIT_MASK]) : UINT32_MAX;
	return true;
}

static bool read_police(struct nlattr *options, struct netlink_act *act)
{
	static const struct nla_policy policy[TCA_POLICE_MAX + 1] = {
		[TCA_POLICE_TBF] = {.minlen = sizeof(struct tc_police)},
		[TCA_POLICE_RATE64] = {.type = NLA_U64}};
	struct nlattr *tb[TCA_POLICE_MAX + 1];
	struct tc_police police;

	if (!nested(tb, TCA_POLICE_MAX, options, policy))
		return false;
	if (!tb[TCA_POLICE_TBF])
		return true;
	memcpy(&police, nla_data(tb[TCA_POLICE_TBF]), sizeof(police));
	act->has_police = true;
	act->police_index = police.index;
	/* The 64 bit one is there where 32 do not hold it. */
	act->police_bytes_per_s = tb[TCA_POLICE_RATE64] ? nla_get_u64(tb[TCA_POLICE_RATE64])
							: police.rate.rate;
	act->police_burst_ticks = police.burst;
	return true;
}

static bool read_mirred(struct nlattr *options, struct netlink_act *act)
{
	static const struct nla_policy policy[TCA_MIRRED_MAX + 1] = {
		[TCA_MIRRED_PARMS] = {.minlen = sizeof(struct tc_mirred)}};
	struct nlattr *tb[TCA_MIRRED_MAX + 1];
	struct tc_mirred mirred;

	if (!nested(tb, TCA_MIRRED_MAX, options, policy))
		return false;
	if (!tb[TCA_MIRRED_PARMS])
		return true;
	memcpy(&mirred, nla_data(tb[TCA_MIRRED_PARMS]), sizeof(mirred));
	if (mirred.eaction == TCA_EGRESS_REDIR && mirred.ifindex <= INT32_MAX)
		act->redirect = (int32_t)mirred.ifindex;
	return true;
}

static bool read_act(struct nlattr *in, struct netlink_act *act)
{
	struct nlattr *tb[TCA_ACT_MAX + 1];

	*act = (struct netlink_act){0};
	if (!nested(tb, TCA_ACT_MAX, in, NULL))
		return false;
	if (!tb[TCA_ACT_KIND])
		return true;
	(void)nla_strlcpy(act->kind, tb[TCA_ACT_KIND], sizeof(act->kind));
	if (tb[TCA_ACT_STATS] &&
	    !netlink_act_counts(tb[TCA_ACT_STATS], &act->counts, &act->has_counts))
		return false;
	if (!tb[TCA_ACT_OPTIONS])
		return true;
	if (strcmp(act->kind, "skbedit") == 0)
		return read_skbedit(tb[TCA_ACT_OPTIONS], act);
	if (strcmp(act->kind, "mirred") == 0)
		return read_mirred(tb[TCA_ACT_OPTIONS], act);
	return strcmp(act->kind, "police") != 0 || read_police(tb[TCA_ACT_OPTIONS], act);
}

/* In a list they are numbered from 0, which nla_parse() passes over. */
int netlink_act_list(const struct nlmsghdr *message, netlink_act_fn fn, void *context)
{
	/* libnl takes what it only reads as one that it may write. */
	struct nlmsghdr *h = (struct nlmsghdr *)(uintptr_t)message;
	struct nlattr *tb[TCA_ROOT_MAX + 1], *one;
	struct netlink_act act;
	int rest;

	if (h->nlmsg_type != RTM_GETACTION && h->nlmsg_type != RTM_NEWACTION)
		return -ENOMSG;
	if (nlmsg_parse(h, sizeof(struct tcamsg), tb, TCA_ROOT_MAX, NULL) < 0)
		return -EBADMSG;
	if (!tb[TCA_ACT_TAB])
		return 0;
	nla_for_each_nested(one, tb[TCA_ACT_TAB], rest)
	{
		int r = read_act(one, &act) ? fn(context, &act) : -EBADMSG;

		if (r < 0)
			return r;
	}
	return 0;
}

/* Those of a filter are numbered from 1. */
int netlink_act_first(struct nlattr *acts, struct netlink_act *ret, bool *ret_alone)
{
	struct nlattr *tb[TCA_ACT_MAX_PRIO + 1];

	if (!nested(tb, TCA_ACT_MAX_PRIO, acts, NULL))
		return -EBADMSG;
	*ret_alone = true;
	for (int i = 2; i <= TCA_ACT_MAX_PRIO; i++)
		*ret_alone = *ret_alone && !tb[i];
	if (!tb[1])
		return 0;
	return read_act(tb[1], ret) ? 1 : -EBADMSG;
}
