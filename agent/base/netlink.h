// SPDX-License-Identifier: LGPL-2.1-or-later
// Questions to the kernel's routing socket. Every message goes through netlink_ask(), so that a test can make each
// one fail. The kernel takes its network lock (rtnl) before it answers and others may hold that for seconds: for
// worker threads alone, never for the event loop.
//
// Messages are made with libnl (nla_put() and the like). Sending, receiving and reading answers is done here, because a
// look at the network must not allocate for each of its thousand answers.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/netlink.h>

struct nl_msg;
struct netlink;

/* Opens a routing socket in the caller's network namespace. 0 or -errno; netlink_close() frees it. */
int netlink_open(struct netlink **ret);

/* The same over a socket that is there already; takes `fd` over on success. For tests. */
int netlink_new(int fd, struct netlink **ret);

/* Accepts NULL. */
void netlink_close(struct netlink *nl);

/* A part of an answer. It is whole by its own header; what is in it has not been looked at. A negative errno ends the question, after
 * the rest of the answer has been read. */
typedef int (*netlink_answer_fn)(void *context, const struct nlmsghdr *answer);

/* Sends `message` (borrowed; its sequence number and NLM_F_REQUEST are set here) and waits for all of the answer. A
 * question for a list (NLM_F_DUMP on an RTM_GET…) ends with the list, any other with the kernel's acknowledgement. `answer` may be
 * NULL. 0, or
 *   what the kernel said (-errno); what `answer` said;
 *   -EAGAIN: the list changed while it was read, ask anew;
 *   with netlink_is_lost(): the answer did not come or did not fit. A change may have been made or not, and this
 *   connection answers -ENOTCONN from here on: close it, open another, look again. */
int netlink_ask(struct netlink *nl, struct nl_msg *message, netlink_answer_fn answer,
		void *context);

/* netlink_ask() for a list, some times anew while it changes. `begin` is called before each try, to forget the last one. */
int netlink_list(struct netlink *nl, struct nl_msg *message, void (*begin)(void *context),
		 netlink_answer_fn answer, void *context);

bool netlink_is_lost(const struct netlink *nl);

/* The kernel's own words on the last error, printable ASCII; "" for none. */
const char *netlink_cause(const struct netlink *nl);

/* A message of this type with a family header of `size` bytes; NULL: no memory. nlmsg_free() frees it. */
struct nl_msg *netlink_message(int type, int flags, const void *header, size_t size);
void netlink_message_freep(struct nl_msg **message);

/* "RTM_NEWTCLASS"; "netlink" for types that are not asked here. */
const char *netlink_type_name(int type);
