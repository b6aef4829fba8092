// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_police.h.
#include "agent/apply/net_police.h"

#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

#include "agent/apply/net_tc.h"
#include "agent/base/cleanup.h"
#include "agent/base/netlink_act.h"

#define PUT(call) ((call) >= 0)
#define BURST_PART 50u
/* Twice what the kernel joins of TCP's packets before it passes them on: one that is larger than the bucket would never pass. */
#define BURST_MIN_BYTES 131072u
/* The kernel asks for a table of times and looks at none of it where the link layer is named. */
#define TABLE_BYTES 1024u
#define TABLE_CELL_LOG 3

uint32_t net_police_index(int32_t ifindex)
{
	return NET_TC_ROOT_HANDLE | ((uint32_t)ifindex & 0xffffu);
}

bool net_police_is_ours(uint32_t index)
{
	return (index & 0xffff0000u) == NET_TC_ROOT_HANDLE;
}

uint64_t net_police_burst(uint64_t rate_bytes_per_s)
{
	uint64_t bytes = rate_bytes_per_s / BURST_PART;

	return bytes > BURST_MIN_BYTES ? bytes : BURST_MIN_BYTES;
}

const struct net_police_action *net_police_find(const struct net_police_actions *actions,
						uint32_t index)
{
	for (uint32_t i = 0; i < actions->n; i++)
		if (actions->list[i].index == index)
			return &actions->list[i];
	return NULL;
}

static int on_action(void *context, const struct netlink_act *act)
{
	struct net_police_actions *actions = context;

	if (!act->has_police || !net_police_is_ours(act->police_index) ||
	    actions->n == NET_POLICE_ACTIONS)
		return 0;
	actions->list[actions->n++] = (struct net_police_action){
		.index = act->police_index,
		.rate_bytes_per_s = act->police_bytes_per_s,
		.burst_ticks = act->police_burst_ticks,
		.counts = act->counts,
	};
	return 0;
}

int net_police_take(struct net_police_actions *actions, const struct nlmsghdr *message)
{
	int r = netlink_act_list(message, on_action, actions);

	return r == -ENOMSG ? 0 : r;
}

static void begin(void *context)
{
	*(struct net_police_actions *)context = (struct net_police_actions){0};
}

static int on_answer(void *context, const struct nlmsghdr *answer)
{
	return net_police_take(context, answer);
}

/* The one action of a message. */
static struct nlattr *begin_action(struct nl_msg *message, struct nlattr **ret_all)
{
	struct nlattr *one;

	*ret_all = nla_nest_start(message, TCA_ACT_TAB);
	if (!*ret_all)
		return NULL;
	one = nla_nest_start(message, 1);
	return one && PUT(nla_put_string(message, TCA_ACT_KIND, "police")) ? one : NULL;
}

int net_police_look(struct netlink *nl, struct net_police_actions *ret)
{
	const struct tcamsg header = {.tca_family = AF_UNSPEC};
	struct nlattr *all, *one;
	_cleanup_(netlink_message_freep) struct nl_msg *message =
		netlink_message(RTM_GETACTION, NLM_F_DUMP, &header, sizeof(header));

	if (!message || !(one = begin_action(message, &all)) || !PUT(nla_nest_end(message, one)) ||
	    !PUT(nla_nest_end(message, all)))
		return -ENOMEM;
	begin(ret);
	return netlink_list(nl, message, begin, on_answer, ret);
}

static uint32_t ticks_of(uint64_t rate_bytes_per_s)
{
	return net_tc_ticks(net_police_burst(rate_bytes_per_s), rate_bytes_per_s);
}

/* What is within the rate goes on to whatever else is there; what is not is dropped. Without a rate all is within. */
static bool put_police(struct nl_msg *message, uint32_t index, uint64_t rate)
{
	static const uint8_t table[TABLE_BYTES];
	const struct tc_police police = {
		.index = index,
		.action = TC_ACT_SHOT,
		.mtu = INT32_MAX,
		.burst = rate > 0 ? ticks_of(rate) : 0,
		.rate = {.rate = rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate,
			 .cell_log = TABLE_CELL_LOG,
			 .linklayer = TC_LINKLAYER_ETHERNET},
	};

	return PUT(nla_put(message, TCA_POLICE_TBF, sizeof(police), &police)) &&
	       PUT(nla_put_u32(message, TCA_POLICE_RESULT, (uint32_t)TC_ACT_UNSPEC)) &&
	       (rate == 0 || PUT(nla_put(message, TCA_POLICE_RATE, sizeof(table), table))) &&
	       (rate <= UINT32_MAX || PUT(nla_put_u64(message, TCA_POLICE_RATE64, rate)));
}

struct nl_msg *net_police_message(uint32_t index, uint64_t rate_bytes_per_s, bool is_new)
{
	const struct tcamsg header = {.tca_family = AF_UNSPEC};
	struct nlattr *all, *one, *options;
	_cleanup_(netlink_message_freep) struct nl_msg *message =
		netlink_message(RTM_NEWACTION, is_new ? NLM_F_CREATE | NLM_F_EXCL : NLM_F_REPLACE,
				&header, sizeof(header));

	if (!message || !(one = begin_action(message, &all)) ||
	    !(options = nla_nest_start(message, TCA_ACT_OPTIONS)) ||
	    !put_police(message, index, rate_bytes_per_s) || !PUT(nla_nest_end(message, options)) ||
	    !PUT(nla_nest_end(message, one)) || !PUT(nla_nest_end(message, all)))
		return NULL;
	return TAKE_PTR(message);
}

static bool is_as_wanted(const struct net_police_action *now, uint64_t rate)
{
	return now->rate_bytes_per_s == rate && (rate == 0 || now->burst_ticks == ticks_of(rate));
}

int net_police_set(struct netlink *nl, const struct net_police_action *now, uint32_t index,
		   uint64_t rate_bytes_per_s)
{
	_cleanup_(netlink_message_freep) struct nl_msg *message = NULL;
	int r;

	if (now && is_as_wanted(now, rate_bytes_per_s))
		return 0;
	message = net_police_message(index, rate_bytes_per_s, !now);
	if (!message)
		return -ENOMEM;
	r = netlink_ask(nl, message, NULL, NULL);
	return r < 0 ? r : 1;
}

int net_police_remove(struct netlink *nl, uint32_t index)
{
	const struct tcamsg header = {.tca_family = AF_UNSPEC};
	struct nlattr *all, *one;
	_cleanup_(netlink_message_freep) struct nl_msg *message =
		netlink_message(RTM_DELACTION, 0, &header, sizeof(header));
	int r;

	if (!message || !(one = begin_action(message, &all)) ||
	    !PUT(nla_put_u32(message, TCA_ACT_INDEX, index)) || !PUT(nla_nest_end(message, one)) ||
	    !PUT(nla_nest_end(message, all)))
		return -ENOMEM;
	r = netlink_ask(nl, message, NULL, NULL);
	return r == -ENOENT ? 0 : r;
}
