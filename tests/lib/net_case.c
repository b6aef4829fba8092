// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_case.h.
#include "tests/lib/net_case.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/test.h"

void net_case_open(struct net_case *c)
{
	int fds[2];

	*c = (struct net_case){.sequence = 1};
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	c->kernel_fd = fds[1];
	assert_int_equal(netlink_new(fds[0], &c->nl), 0);
}

void net_case_close(struct net_case *c)
{
	netlink_close(c->nl);
	if (c->kernel_fd >= 0)
		close(c->kernel_fd);
}

static void send_it(struct net_case *c, struct nl_msg *message)
{
	struct nlmsghdr *h = nlmsg_hdr(message);

	h->nlmsg_seq = c->sequence;
	assert_int_equal(send(c->kernel_fd, h, h->nlmsg_len, 0), h->nlmsg_len);
	nlmsg_free(message);
}

void net_case_says(struct net_case *c, int error, const char *words)
{
	const struct nlmsgerr verdict = {.error = error, .msg = {.nlmsg_len = sizeof(verdict.msg)}};
	struct nl_msg *message = netlink_message(NLMSG_ERROR,
						 NLM_F_CAPPED | (words ? NLM_F_ACK_TLVS : 0),
						 &verdict, sizeof(verdict));

	assert_non_null(message);
	if (words)
		assert_int_equal(nla_put_string(message, NLMSGERR_ATTR_MSG, words), 0);
	send_it(c, message);
	c->sequence++;
}

void net_case_part(struct net_case *c, struct nl_msg *message, int flags)
{
	nlmsg_hdr(message)->nlmsg_flags |= (uint16_t)flags;
	send_it(c, message);
}

void net_case_done(struct net_case *c)
{
	const int zero = 0;

	send_it(c, netlink_message(NLMSG_DONE, NLM_F_MULTI, &zero, sizeof(zero)));
	c->sequence++;
}

const struct nlmsghdr *net_case_asked(struct net_case *c)
{
	ssize_t n = recv(c->kernel_fd, c->asked, sizeof(c->asked), 0);
	const struct nlmsghdr *h = (const struct nlmsghdr *)c->asked;

	if (n < (ssize_t)sizeof(*h))
		return NULL;
	assert_int_equal(h->nlmsg_len, n);
	return h;
}

struct nl_msg *net_case_tc(int type, int32_t ifindex, uint32_t parent, uint32_t handle,
			   uint32_t info, const char *kind)
{
	const struct tcmsg tc = {.tcm_ifindex = ifindex,
				 .tcm_parent = parent,
				 .tcm_handle = handle,
				 .tcm_info = info};
	struct nl_msg *message = netlink_message(type, 0, &tc, sizeof(tc));

	assert_non_null(message);
	if (kind)
		assert_int_equal(nla_put_string(message, TCA_KIND, kind), 0);
	return message;
}

struct nl_msg *net_case_link(int32_t ifindex, const char *name, const char *kind)
{
	const struct ifinfomsg link = {.ifi_index = ifindex, .ifi_flags = 1};
	struct nl_msg *message = netlink_message(RTM_NEWLINK, 0, &link, sizeof(link));
	struct nlattr *info;

	assert_non_null(message);
	assert_int_equal(nla_put_string(message, IFLA_IFNAME, name), 0);
	assert_int_equal(nla_put_u32(message, IFLA_MTU, 1500), 0);
	if (kind) {
		info = nla_nest_start(message, IFLA_LINKINFO);
		assert_non_null(info);
		assert_int_equal(nla_put_string(message, IFLA_INFO_KIND, kind), 0);
		assert_int_equal(nla_nest_end(message, info), 0);
	}
	return message;
}

static int actions_of(const char *kind)
{
	if (strcmp(kind, "basic") == 0)
		return TCA_BASIC_ACT;
	return strcmp(kind, "u32") == 0 ? TCA_U32_ACT : TCA_MATCHALL_ACT;
}

struct nl_msg *net_case_mirred(int32_t ifindex, uint32_t parent, const char *kind, int action,
			       uint32_t to, int n_actions)
{
	const struct tc_mirred mirred = {.eaction = action, .ifindex = to};
	struct nl_msg *m = net_case_tc(RTM_NEWTFILTER, ifindex, parent, 0x80000800, 0x10300, kind);
	struct nlattr *options = nla_nest_start(m, TCA_OPTIONS);
	struct nlattr *acts = nla_nest_start(m, actions_of(kind));

	for (int i = 1; i <= n_actions; i++) {
		struct nlattr *act = nla_nest_start(m, i), *of;

		assert_int_equal(nla_put_string(m, TCA_ACT_KIND, "mirred"), 0);
		of = nla_nest_start(m, TCA_ACT_OPTIONS);
		assert_int_equal(nla_put(m, TCA_MIRRED_PARMS, sizeof(mirred), &mirred), 0);
		nla_nest_end(m, of);
		nla_nest_end(m, act);
	}
	nla_nest_end(m, acts);
	nla_nest_end(m, options);
	return m;
}
