// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_case.h.
#include "tests/lib/net_case.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
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
