// SPDX-License-Identifier: LGPL-2.1-or-later
// The other side of a struct netlink: answers that are there before they are asked for, and what was asked. What the kernel really
// says and does is shown in a VM (70-net-tc).
#pragma once

#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/netlink.h"

struct net_case {
	struct netlink *nl;
	int kernel_fd;
	uint32_t sequence; /* of the question that is answered next, from 1 */
	_Alignas(8) unsigned char asked[4096];
};

void net_case_open(struct net_case *c);
void net_case_close(struct net_case *c);

/* An acknowledgement, or the error instead of it, of the next question; with the kernel's words, if they are not NULL. */
void net_case_says(struct net_case *c, int error, const char *words);

/* Sends one message as a part of the answer to the next question, and frees it. */
void net_case_part(struct net_case *c, struct nl_msg *message, int flags);

/* Ends a list. */
void net_case_done(struct net_case *c);

/* The next question that was asked, by its header; NULL: no more. Stands until the next call. */
const struct nlmsghdr *net_case_asked(struct net_case *c);

/* Messages as the kernel has them: begin with the header of the family, fill in with nla_put(). */
struct nl_msg *net_case_tc(int type, int32_t ifindex, uint32_t parent, uint32_t handle,
			   uint32_t info, const char *kind);
/* A filter of this kind ("u32", "matchall", "basic") of all that arrives at an interface, with `n_actions`, each of which does `action`
 * (TCA_EGRESS_REDIR, TCA_EGRESS_MIRROR) to interface `to`. */
struct nl_msg *net_case_mirred(int32_t ifindex, uint32_t parent, const char *kind, int action,
			       uint32_t to, int n_actions);
struct nl_msg *net_case_link(int32_t ifindex, const char *name, const char *kind);
