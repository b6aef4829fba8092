// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_words.h.
#include "policy/net_words.h"

#include <stdio.h>

#include "policy/names_net.h"
#include "policy/reason_text.h"
#include "policy/text_out.h"

const char *net_words_refusal(enum net_refusal refusal)
{
	static const char *const words[NET_REFUSAL_COUNT] = {
		[NET_FINE] = "nothing is in the way",
		[NET_NO_SPEED] = "nobody says how fast it is: give it a speed in the policy's "
				 "net.speed",
		[NET_MQ_ROOT] =
			"it has a queue for each CPU, which the classes would replace: allow "
			"it by the policy's net.replace-mq",
		[NET_FOREIGN_ROOT] =
			"somebody else chose its root qdisc, which stays: remove that, "
			"or leave shaping to its owner",
		[NET_FOREIGN_MARK] = "somebody else uses bits of the policy's net.mark: choose "
				     "others",
		[NET_LOWER] = "what leaves by it comes from a device above it, where it is shaped",
		[NET_NO_MODULE] = "the kernel lacks a qdisc, a classifier or an action: sch_htb, "
				  "sch_fq_codel, sch_ingress, cls_fw, cls_basic and act_skbedit "
				  "are needed",
		[NET_KIND] = "it is of a kind that is not shaped",
		[NET_TOO_MANY] = "there are more than colod handles",
		[NET_NAMED_GONE] = "the policy names it, and it is not there",
		[NET_HOST_NETWORK] = "it uses the host's network, and the kernel cannot tell its "
				     "traffic by its cgroup: CONFIG_CGROUP_BPF is needed",
		[NET_NOT_FOUND] =
			"no end of its interface was found on the host: it is no veth, or "
			"not there yet",
		[NET_FOREIGN_CLSACT] = "somebody else has filters at its end, which stay",
		[NET_CNI_BANDWIDTH] =
			"the CNI's bandwidth plugin bounds what it sends, and has the place for a "
			"mark: without the annotation kubernetes.io/egress-bandwidth it is marked",
		[NET_NO_PROCESS] = "nothing runs in it yet",
		[NET_HOST_DENIED] =
			"it uses the host's network, and the kernel does not permit the program "
			"that marks its traffic: colod needs CAP_BPF, CAP_NET_ADMIN and bpf(2)",
		[NET_FOREIGN_PROGRAM] =
			"it uses the host's network, and somebody else's program at its cgroup or "
			"above it allows none beside it, which stays",
		[NET_UNREAD] = "the kernel's answer could not be read: what is there stays",
		[NET_DENIED] = "the kernel does not permit it: colod needs CAP_NET_ADMIN",
	};

	return (unsigned)refusal < NET_REFUSAL_COUNT ? words[refusal] : "?";
}

void net_words_why(const struct net_plan_link *link, char *buf, size_t size)
{
	char rate[REASON_TEXT_UNIT_SIZE], why[REASON_TEXT_SIZE];
	struct text_out out = {.buf = buf, .size = size};

	buf[0] = '\0';
	if (link->refusal == NET_FOREIGN_MARK && link->mark_user != NET_USER_NONE)
		text_out_put(&out, "%s uses bits of the policy's net.mark: choose others",
			     names_net_user(link->mark_user));
	else if (link->refusal != NET_FINE)
		text_out_put(&out, "%s", net_words_refusal(link->refusal));
	else if (link->shape.levels == 0)
		text_out_put(&out, "no level has a share of it");
	else if (link->hold.ceil_bytes_per_s > 0)
		text_out_put(&out, "%s", reason_text(&link->hold.reason, NULL, why, sizeof(why)));
	else
		text_out_put(&out, "by shares of %s",
			     reason_text_rate(link->speed_bytes_per_s, rate));
}

void net_words_link(const struct net_plan_link *link, char *buf, size_t size)
{
	const char *not = net_plan_shapes(link) ? "" : "not shaped: ";
	int n = snprintf(buf, size, "%s", not );

	if (n >= 0 && (size_t)n < size)
		net_words_why(link, buf + n, size - (size_t)n);
}

const char *net_words_pod(enum net_pod_why why)
{
	static const char *const words[] = {
		[NET_POD_WAITS] = "what it is is not known yet: what is there stays",
		[NET_POD_GRACE] = "it was asked to go, and keeps what it has until it is gone",
		[NET_POD_NO_LEVEL] = "no rule gives it a level",
		[NET_POD_NO_SHARE] = "its level has no share",
		[NET_POD_UNSURE] = "not enough is known of it to hold it with its class",
		[NET_POD_BY_LEVEL] = "its level has a share",
	};

	return words[why];
}

const char *net_words_round(enum net_pace_why why)
{
	static const char *const words[NET_PACE_WHY_COUNT] = {
		[NET_PACE_NOTHING] = "nothing",
		[NET_PACE_FIRST] = "there was none yet",
		[NET_PACE_AGAIN] = "the last one changed something, or was not done to its end",
		[NET_PACE_WANTED] = "something else is wanted than before",
		[NET_PACE_REST] = "the last whole one was 10 s ago",
		[NET_PACE_CEILING] = "another ceiling is wanted",
		[NET_PACE_FOLLOWS] = "a ceiling may have to follow what is sent",
	};

	return words[why];
}
