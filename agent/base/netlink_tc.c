// SPDX-License-Identifier: LGPL-2.1-or-later
// See netlink_tc.h.
#include "agent/base/netlink_tc.h"

#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

#include "agent/base/netlink_act.h"

/* Attributes of one level, those from 1 to `max`. False: they do not fit into what they are in. */
static bool nested(struct nlattr **tb, int max, struct nlattr *in, const struct nla_policy *policy)
{
	return nla_parse_nested(tb, max, in, policy) >= 0;
}

static bool read_htb_qdisc(struct nlattr *options, struct tc_object *o)
{
	static const struct nla_policy policy[TCA_HTB_MAX + 1] = {
		[TCA_HTB_INIT] = {.minlen = sizeof(struct tc_htb_glob)}};
	struct nlattr *tb[TCA_HTB_MAX + 1];
	struct tc_htb_glob glob;

	if (!nested(tb, TCA_HTB_MAX, options, policy))
		return false;
	if (!tb[TCA_HTB_INIT])
		return true;
	memcpy(&glob, nla_data(tb[TCA_HTB_INIT]), sizeof(glob));
	o->has_htb = true;
	o->htb_default = glob.defcls;
	o->htb_direct = glob.direct_pkts;
	return true;
}

static bool read_htb_class(struct nlattr *options, struct tc_object *o)
{
	static const struct nla_policy policy[TCA_HTB_MAX + 1] = {
		[TCA_HTB_PARMS] = {.minlen = sizeof(struct tc_htb_opt)},
		[TCA_HTB_RATE64] = {.type = NLA_U64},
		[TCA_HTB_CEIL64] = {.type = NLA_U64}};
	struct nlattr *tb[TCA_HTB_MAX + 1];
	struct tc_htb_opt opt;

	if (!nested(tb, TCA_HTB_MAX, options, policy))
		return false;
	if (!tb[TCA_HTB_PARMS])
		return true;
	memcpy(&opt, nla_data(tb[TCA_HTB_PARMS]), sizeof(opt));
	o->has_htb = true;
	o->htb = (struct tc_htb_class){
		/* The 64 bit ones are there where 32 do not hold them. */
		.rate_bytes_per_s = tb[TCA_HTB_RATE64] ? nla_get_u64(tb[TCA_HTB_RATE64])
						       : opt.rate.rate,
		.ceil_bytes_per_s = tb[TCA_HTB_CEIL64] ? nla_get_u64(tb[TCA_HTB_CEIL64])
						       : opt.ceil.rate,
		.burst_ticks = opt.buffer,
		.cburst_ticks = opt.cbuffer,
		.quantum_bytes = opt.quantum,
		.prio = opt.prio,
	};
	return true;
}

static bool read_fw(struct nlattr *options, struct tc_object *o)
{
	static const struct nla_policy policy[TCA_FW_MAX + 1] = {
		[TCA_FW_CLASSID] = {.type = NLA_U32}, [TCA_FW_MASK] = {.type = NLA_U32}};
	struct nlattr *tb[TCA_FW_MAX + 1];

	if (!nested(tb, TCA_FW_MAX, options, policy))
		return false;
	if (!tb[TCA_FW_CLASSID] || tb[TCA_FW_ACT] || tb[TCA_FW_POLICE])
		return true;
	o->has_fw = true;
	o->fw_class = nla_get_u32(tb[TCA_FW_CLASSID]);
	o->fw_mask = tb[TCA_FW_MASK] ? nla_get_u32(tb[TCA_FW_MASK]) : UINT32_MAX;
	return true;
}

/* The kernel lists a condition of no parts where there is none. */
static bool has_condition(struct nlattr *ematches)
{
	static const struct nla_policy policy[TCA_EMATCH_TREE_MAX + 1] = {
		[TCA_EMATCH_TREE_HDR] = {.minlen = sizeof(struct tcf_ematch_tree_hdr)}};
	struct nlattr *tb[TCA_EMATCH_TREE_MAX + 1];
	struct tcf_ematch_tree_hdr header;

	if (!ematches)
		return false;
	if (!nested(tb, TCA_EMATCH_TREE_MAX, ematches, policy) || !tb[TCA_EMATCH_TREE_HDR])
		return true;
	memcpy(&header, nla_data(tb[TCA_EMATCH_TREE_HDR]), sizeof(header));
	return header.nmatches > 0;
}

/* What the first action sends away no other one sees; a mark and a bucket are such where they are alone. */
static bool read_actions(struct nlattr *in, struct tc_object *o)
{
	struct netlink_act act;
	bool alone = false;
	int r = in ? netlink_act_first(in, &act, &alone) : 0;

	if (r <= 0)
		return r == 0;
	o->redirect = act.redirect;
	if (alone && act.has_skbedit && strcmp(o->kind, "basic") == 0) {
		o->has_skbedit = true;
		o->mark = act.mark;
		o->mark_mask = act.mark_mask;
		o->has_counts = act.has_counts;
		o->counts = act.counts;
	}
	if (alone && act.has_police && strcmp(o->kind, "flower") == 0) {
		o->has_police = true;
		o->police_index = act.police_index;
	}
	return true;
}

static bool read_basic(struct nlattr *options, struct tc_object *o)
{
	struct nlattr *tb[TCA_BASIC_MAX + 1];

	if (!nested(tb, TCA_BASIC_MAX, options, NULL))
		return false;
	if (has_condition(tb[TCA_BASIC_EMATCHES]) || tb[TCA_BASIC_POLICE])
		return true;
	return read_actions(tb[TCA_BASIC_ACT], o);
}

/* The interface that it asks for is not told any more once that has gone. */
static bool read_flower(struct nlattr *options, struct tc_object *o)
{
	struct nlattr *tb[TCA_FLOWER_MAX + 1];

	return nested(tb, TCA_FLOWER_MAX, options, NULL) && read_actions(tb[TCA_FLOWER_ACT], o);
}

static bool read_u32(struct nlattr *options, struct tc_object *o)
{
	struct nlattr *tb[TCA_U32_MAX + 1];

	return nested(tb, TCA_U32_MAX, options, NULL) && read_actions(tb[TCA_U32_ACT], o);
}

static bool read_matchall(struct nlattr *options, struct tc_object *o)
{
	struct nlattr *tb[TCA_MATCHALL_MAX + 1];

	return nested(tb, TCA_MATCHALL_MAX, options, NULL) && read_actions(tb[TCA_MATCHALL_ACT], o);
}

static bool read_options(struct nlattr *options, struct tc_object *o)
{
	if (o->what == TC_QDISC && strcmp(o->kind, "htb") == 0)
		return read_htb_qdisc(options, o);
	if (o->what == TC_CLASS && strcmp(o->kind, "htb") == 0)
		return read_htb_class(options, o);
	if (o->what == TC_FILTER && strcmp(o->kind, "fw") == 0)
		return read_fw(options, o);
	if (o->what == TC_FILTER && strcmp(o->kind, "basic") == 0)
		return read_basic(options, o);
	if (o->what == TC_FILTER && strcmp(o->kind, "flower") == 0)
		return read_flower(options, o);
	if (o->what == TC_FILTER && strcmp(o->kind, "u32") == 0)
		return read_u32(options, o);
	if (o->what == TC_FILTER && strcmp(o->kind, "matchall") == 0)
		return read_matchall(options, o);
	return true;
}

static int kind_of(int type, enum tc_kind *ret)
{
	switch (type) {
	case RTM_NEWQDISC:
	case RTM_GETQDISC:
		*ret = TC_QDISC;
		return 0;
	case RTM_NEWTCLASS:
	case RTM_GETTCLASS:
		*ret = TC_CLASS;
		return 0;
	case RTM_NEWTFILTER:
	case RTM_GETTFILTER:
		*ret = TC_FILTER;
		return 0;
	default:
		return -ENOMSG;
	}
}

int netlink_tc_read(const struct nlmsghdr *message, struct tc_object *ret)
{
	static const struct nla_policy policy[TCA_MAX + 1] = {[TCA_CHAIN] = {.type = NLA_U32}};
	/* libnl takes what it only reads as one that it may write. */
	struct nlmsghdr *h = (struct nlmsghdr *)(uintptr_t)message;
	struct tc_object o = {0};
	struct nlattr *tb[TCA_MAX + 1];
	const struct tcmsg *tc;
	int r = kind_of(h->nlmsg_type, &o.what);

	if (r < 0)
		return r;
	if (nlmsg_parse(h, sizeof(*tc), tb, TCA_MAX, policy) < 0)
		return -EBADMSG;
	tc = nlmsg_data(h);
	o.ifindex = tc->tcm_ifindex;
	o.handle = tc->tcm_handle;
	o.parent = tc->tcm_parent;
	o.info = tc->tcm_info;
	if (tb[TCA_KIND])
		(void)nla_strlcpy(o.kind, tb[TCA_KIND], sizeof(o.kind));
	if (tb[TCA_CHAIN])
		o.chain = nla_get_u32(tb[TCA_CHAIN]);
	if ((tb[TCA_OPTIONS] && !read_options(tb[TCA_OPTIONS], &o)) ||
	    (tb[TCA_STATS2] && o.what != TC_FILTER &&
	     !netlink_act_counts(tb[TCA_STATS2], &o.counts, &o.has_counts)))
		return -EBADMSG;
	o.is_our_root = o.what == TC_QDISC && o.parent == TC_H_ROOT &&
			o.handle == NET_TC_MAJOR << 16 && o.has_htb &&
			o.htb_default == NET_MINOR_UNMARKED;
	*ret = o;
	return 0;
}
