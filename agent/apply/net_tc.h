// SPDX-License-Identifier: LGPL-2.1-or-later
// The classes of an uplink and the mark at a pod's host end: what of them is there, the steps from that to what is wanted, and
// making the steps. Nothing is kept here from one look to the next but what the kernel holds, so that a restart finds
// everything again.
//
// Ours is, at an uplink, the HTB whose handle is NET_TC_MAJOR and whose default is NET_MINOR_UNMARKED, with all that is in it;
// at a pod's host end the one filter of NET_TC_PRIO, whose handle tells whether the clsact that it is in is ours, too: an empty
// one may be somebody's, or be left of an agent that was killed, so it is used but stays. Everything else is somebody's, and stays.
//
// Reading and reckoning need no socket (net_tc_plan.c); netlink_ask() is called by net_tc_look(), net_tc_look_at_end() and net_tc_run() alone.
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/netlink.h"
#include "agent/base/netlink_tc.h"
#include "colod/net.h"

#define NET_TC_ROOT_HANDLE (NET_TC_MAJOR << 16)
/* Of our filters. At an uplink the one after it is ours too: filters of one prio have one mask, and another mask
 * comes beside the old one before that goes. */
#define NET_TC_PRIO 0xc01du

/* The handle of a mark: in a clsact that was made for it, or that was there. */
#define NET_TC_MARK_OWN 1u
#define NET_TC_MARK_BORROWED 2u

/* The classes, parents first and the default one before all that can be marked. */
enum net_tc_class {
	NET_TC_CLASS_ROOT,
	NET_TC_CLASS_UNMARKED,
	NET_TC_CLASS_OFFLINE,
	NET_TC_CLASS_LEVEL, /* + enum level */
	NET_TC_CLASS_COUNT = NET_TC_CLASS_LEVEL + LEVEL_COUNT,
};

/* "c01d:10" as a number. */
uint32_t net_tc_class_id(unsigned class);

struct net_tc_found_class {
	bool there;
	bool foreign_leaf; /* its leaf is neither ours nor what the kernel gives to a new class */
	uint32_t parent;   /* a class id */
	uint32_t leaf;	   /* the handle of our fq_codel; 0: none yet */
	struct tc_htb_class htb;
	struct net_count counts; /* its drops are those of its leaf, which sees all of them */
};

/* The filter of a level. */
struct net_tc_found_filter {
	bool there;
	uint32_t prio, mark, mask, class_id;
};

struct net_tc_link {
	int32_t ifindex;
	enum net_root root;
	struct net_tc_found_class classes[NET_TC_CLASS_COUNT];
	/* Our filters in the order in which they were listed; more than fit are not seen. */
	struct net_tc_found_filter filters[2 * LEVEL_COUNT];
	uint32_t n_filters;
	uint32_t n_others; /* classes and filters in our qdisc that are not ours */
	uint64_t direct;   /* packets that passed before the classes were there */
};

/* The filters at an offline pod's host end that pass what arrives by an interface to the bucket of its uplink (net_police.h). */
struct net_tc_police {
	int32_t indev;
	uint32_t index;
	char name[NET_NAME_SIZE]; /* of indev; wanted ones only */
};

/* Each uplink, and the tunnels of the only one. */
#define NET_TC_POLICES (NET_LINKS + NET_TUNNELS)

struct net_tc_polices {
	uint32_t n;
	struct net_tc_police list[NET_TC_POLICES];
};

/* The host end of a pod's interface. */
struct net_tc_end {
	int32_t ifindex;
	char ingress_kind
		[NET_NAME_SIZE]; /* as the look at the links found it: "", "clsact", "ingress" */
	bool ours;		 /* our filter is there */
	bool borrowed;		 /* its handle is NET_TC_MARK_BORROWED */
	uint32_t mark, mask;
	uint32_t n_others; /* filters of others, both ways */
	int32_t redirect; /* one of them sends away what arrives: the ifindex of the device that gets it; 0 */
	struct net_count counts;       /* what our filter has marked */
	struct net_tc_polices polices; /* ours, for what goes to the pod */
};

enum net_tc_do {
	NET_TC_ADD_ROOT,
	NET_TC_ADD_CLASS,
	NET_TC_SET_CLASS,
	NET_TC_DEL_CLASS,
	NET_TC_ADD_LEAF,
	NET_TC_ADD_FILTER,
	NET_TC_DEL_FILTER,
	NET_TC_DEL_ROOT,
	NET_TC_ADD_CLSACT,
	NET_TC_ADD_MARK,
	NET_TC_SET_MARK,
	NET_TC_DEL_MARK,
	NET_TC_DEL_CLSACT,
	NET_TC_ADD_POLICE,
	NET_TC_DEL_POLICE,
	NET_TC_DO_COUNT,
};

/* "add class" */
const char *net_tc_do_name(enum net_tc_do what);

/* One message. */
struct net_tc_step {
	enum net_tc_do what;
	int32_t ifindex;
	/* Of a class; of a leaf: of the class that it is in; of a filter: of the class that it leads to; of a mark: its handle. */
	uint32_t id;
	uint32_t parent;	   /* of a class */
	uint32_t prio, mark, mask; /* of a filter or a mark */
	struct net_tc_police police;
	struct tc_htb_class htb;
};

/* A root, three steps for each class, a filter more and one less. */
#define NET_TC_STEPS (2 + 3 * NET_TC_CLASS_COUNT + 4 * LEVEL_COUNT)

struct net_tc_steps {
	uint32_t n;
	bool again; /* a class waits until it is empty: look again soon */
	struct net_tc_step list[NET_TC_STEPS];
};

/* What came of a step, and of the steps of one interface. In the order of how much is known: the first that is not DONE ends
 * them, and what is left is seen at the next look. */
enum net_tc_end_of {
	NET_TC_DONE,
	NET_TC_GONE,	  /* the interface has gone meanwhile, which is no error */
	NET_TC_CHANGED,	  /* somebody else changed it meanwhile: look again */
	NET_TC_FOREIGN,	  /* somebody else's is there now: it stays */
	NET_TC_NO_MODULE, /* the kernel has no such qdisc, classifier or action */
	NET_TC_DENIED,	  /* CAP_NET_ADMIN is missing */
	NET_TC_NO_MEMORY, /* the kernel's or ours: again at the next look */
	NET_TC_LOST,	  /* no answer (netlink_is_lost()): it may have been made */
	NET_TC_REFUSED,	  /* anything else: `error` and netlink_cause() say what */
};

struct net_tc_result {
	enum net_tc_end_of end;
	int error;	     /* -errno of the step that ended it; 0 */
	enum net_tc_do what; /* that step */
	uint32_t n_made;
};

/* --- reading (pure) --- */

/* One message of a list of qdiscs, classes or filters; those of other interfaces are passed over. 0 or -EBADMSG. */
int net_tc_link_take(struct net_tc_link *link, const struct nlmsghdr *message);
int net_tc_end_take(struct net_tc_end *end, const struct nlmsghdr *message);

/* --- reckoning (pure) --- */

/* Ticks of 64 ns that so many bytes take at a rate, rounded up; at most what the kernel holds, at least 1. */
uint32_t net_tc_ticks(uint64_t bytes, uint64_t bytes_per_s);

/* A class in the kernel's units. */
struct tc_htb_class net_tc_htb_of(const struct net_class *class);

/* From what was found to `shape`; NULL, one without levels, or mark->mask 0: nothing of ours is to be there. Steps that are there already are not in it. A class is
 * changed in place. Where it must go or get another parent, its filter goes first, and it itself once it is empty, so that nothing in it is lost.
 * ret_after: filters that go, once the first steps are made and no pod's end has a mark that they match any more: so with another mask no
 * packet is without its class. (A mark that means another level by the new net.mark is taken for the one or the other until then.) */
void net_tc_plan_link(const struct net_tc_link *found, const struct net_shape *shape,
		      const struct net_mark *mark, struct net_tc_steps *ret,
		      struct net_tc_steps *ret_after);

/* The same of a pod's end; mark->mask 0 or !wanted: nothing of ours is to be there. Returns
 * NET_FOREIGN_CLSACT where somebody else has something in the place; then nothing is done. */
enum net_refusal net_tc_plan_end(const struct net_tc_end *found, bool wanted, uint32_t mark,
				 uint32_t mask, struct net_tc_steps *ret);

/* The filters for what arrives there. `wanted` NULL: none. Those that are not wanted (any more) go first. */
void net_tc_plan_polices(const struct net_tc_end *found, const struct net_tc_polices *wanted,
			 struct net_tc_steps *ret);

/* --- with a socket --- */

/* Fills in a link: its classes and filters, if its root (known from a list of qdiscs) is ours. 0 or -errno (netlink_ask()). */
int net_tc_look(struct netlink *nl, struct net_tc_link *link);
/* The filters of a clsact or ingress, both ways. */
int net_tc_look_at_end(struct netlink *nl, struct net_tc_end *end);

/* The message of a step; NULL: no memory. nlmsg_free() frees it. */
struct nl_msg *net_tc_message(const struct net_tc_step *step);

/* Makes them in their order. */
struct net_tc_result net_tc_run(struct netlink *nl, const struct net_tc_steps *steps);

/* What an error of a step means. */
enum net_tc_end_of net_tc_end_of_error(enum net_tc_do what, int error);
