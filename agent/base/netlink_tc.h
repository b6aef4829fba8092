// SPDX-License-Identifier: LGPL-2.1-or-later
// Qdiscs, classes and filters as the kernel tells of them: bytes of an answer to a struct. No socket and no state here.
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "colod/net.h"

enum tc_kind { TC_QDISC, TC_CLASS, TC_FILTER };

/* An HTB class, in the kernel's own units: a tick is 64 ns of sending at that rate. */
struct tc_htb_class {
	uint64_t rate_bytes_per_s, ceil_bytes_per_s;
	uint32_t burst_ticks, cburst_ticks;
	uint32_t quantum_bytes, prio;
};

struct tc_object {
	enum tc_kind what;
	int32_t ifindex;
	uint32_t handle, parent;
	uint32_t info; /* of a class: the handle of its leaf qdisc; of a filter: prio << 16 | protocol, as on the wire */
	uint32_t chain;		  /* of a filter */
	char kind[NET_NAME_SIZE]; /* a longer one is cut: it is none that we know */

	bool is_our_root; /* the HTB at the root whose handle and default are ours (colod/net.h) */

	bool has_htb; /* the options of an HTB qdisc or class were there */
	uint32_t htb_default;
	uint64_t htb_direct; /* packets that no class took */
	struct tc_htb_class htb;

	bool has_fw; /* "fw" */
	uint32_t fw_class, fw_mask;

	bool has_skbedit; /* "basic" with no condition and one action: skbedit of the mark alone */
	uint32_t mark, mark_mask;

	bool has_police; /* "flower", whatever it asks for, with one action: police */
	uint32_t police_index;

	/* Of "u32", "matchall" and "basic" whose first action sends away what it sees: the ifindex of the device that gets it; 0. */
	int32_t redirect;

	bool has_counts;
	struct net_count counts; /* of a filter: of its action */
};

/* Reads one RTM_{NEW,GET}{QDISC,TCLASS,TFILTER} message. What is not known stays 0. 0; -ENOMSG: another type; -EBADMSG: not of
 * the shape that the kernel gives it, and *ret is not to be used. */
int netlink_tc_read(const struct nlmsghdr *message, struct tc_object *ret);
