// SPDX-License-Identifier: LGPL-2.1-or-later
// The network: uplinks and the pods' ends of their interfaces as discovery sees them, and the classes that are
// wanted on each uplink. Rates are bytes a second, as the kernel counts them at the qdisc.
//
// The classes of an uplink, whose ids are fixed, so that each is found again after a crash and changed in place:
//
//     HTB c01d:, default 2
//      └ 1       the link
//         ├ 2    what has no mark: the host's own, undecided pods, levels without a share. Online, never bounded
//         ├ 10+L each online level with a share, by its mark
//         └ 3    all offline levels together: what moves is its ceiling
//            └ 10+L each offline level with a share
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/level.h"
#include "colod/reason.h"

/* More uplinks are left out, and counted. */
#define NET_LINKS 8
/* As the kernel's IFNAMSIZ. */
#define NET_NAME_SIZE 16
/* Interfaces that what is wrapped in other packets arrives by (VXLAN, IPIP, WireGuard …). */
#define NET_TUNNELS 8
/* Interfaces of one pod (Multus gives more than one); more are left out, and counted. */
#define NET_POD_LINKS 4

/* Why an uplink is not shaped, or a pod's traffic not marked. */
enum net_refusal {
	NET_FINE,
	/* of an uplink */
	NET_NO_SPEED,	  /* neither the link nor the policy tells how fast it is */
	NET_MQ_ROOT,	  /* one queue for each CPU, and the policy does not say replace-mq */
	NET_FOREIGN_ROOT, /* somebody else chose its root qdisc */
	NET_FOREIGN_MARK, /* somebody else uses bits of the policy's mark */
	NET_LOWER, /* traffic leaves by way of it, but the device above it (a bond, a VLAN) is shaped */
	NET_NO_MODULE, /* the kernel lacks a qdisc, a classifier or an action */
	NET_KIND, /* of a kind that is not shaped: WireGuard, tun, a bridge without a port … */
	NET_TOO_MANY,	/* more uplinks, or interfaces of a pod, than are handled */
	NET_NAMED_GONE, /* the policy names it, and it is not there */
	/* of a pod */
	NET_HOST_NETWORK, /* it has no interface of its own, and the kernel no programs at cgroups */
	NET_NOT_FOUND,	  /* no host end: another kind than veth, or it is not there yet */
	NET_FOREIGN_CLSACT, /* somebody else marks, redirects or polices at the host end */
	NET_CNI_BANDWIDTH, /* the same, by the CNI's bandwidth plugin, which bounds what the pod sends */
	NET_NO_PROCESS,	 /* nothing runs in it whose namespace could be asked for */
	NET_HOST_DENIED, /* no interface of its own, and a program at its cgroup is not permitted */
	NET_FOREIGN_PROGRAM, /* the same, and somebody else's program there allows none beside it */
	/* of both */
	NET_UNREAD, /* the kernel's answer was an error, or could not be understood */
	NET_DENIED, /* not permitted */
	NET_REFUSAL_COUNT,
};

/* Who says how fast a link is. The policy wins over the link. */
enum net_speed_from {
	NET_SPEED_UNKNOWN,
	NET_SPEED_POLICY,
	NET_SPEED_LINK, /* what the driver negotiated; virtio and many virtual ones tell none */
	NET_SPEED_FROM_COUNT,
};

enum net_root {
	NET_ROOT_UNKNOWN, /* not looked at yet */
	NET_ROOT_DEFAULT, /* what the kernel gave by itself: handle 0 */
	NET_ROOT_OURS,	  /* HTB c01d: */
	NET_ROOT_FOREIGN,
	NET_ROOT_COUNT,
};

struct net_link {
	int32_t ifindex; /* > 0 */
	uint32_t n_tx_queues;
	uint32_t mtu;
	char name[NET_NAME_SIZE];
	char root_kind[NET_NAME_SIZE]; /* of its root qdisc: "mq", "fq_codel", …; "" for none */
	uint64_t speed_bytes_per_s;    /* 0: not known */
	enum net_speed_from speed_from;
	enum net_root root;
	enum net_refusal refusal; /* by what discovery sees; NET_FINE where it may be shaped */
	int32_t above;		  /* NET_LOWER: ifindex of the device that is shaped; else 0 */
};

/* In the order of their ifindex. */
struct net_links {
	uint32_t n;
	uint32_t left_out;
	uint32_t n_tunnels; /* that are up; more than NET_TUNNELS are counted only */
	int32_t tunnels[NET_TUNNELS];
	struct net_link list[NET_LINKS];
};

/* A pod's interfaces, by their ends on the host's side. */
struct net_pod {
	uint64_t serial; /* of struct pod; another one than the slot's: nothing is known of it */
	uint32_t n;	 /* of ifindex */
	uint32_t left_out;
	int32_t ifindex[NET_POD_LINKS];
	bool host; /* it uses the host's network: n is 0, and its mark is set at its cgroup */
	enum net_refusal refusal;
};

/* Others that mark packets. A bit each in net_view.mark_users: seen at work on this node. */
enum net_mark_user {
	NET_USER_KUBE_PROXY, /* always taken for there: kube-proxy and the kubelet, by default */
	NET_USER_PORTMAP,    /* the same: the CNI portmap plugin and netavark */
	NET_USER_CALICO,
	NET_USER_CILIUM,
	NET_USER_AWS, /* the VPC CNI */
	NET_USER_TAILSCALE,
	NET_USER_COUNT,
	NET_USER_NONE = -EINVAL,
};

/* What discovery saw of the network. */
struct net_view {
	bool known; /* false: not looked yet, or the kernel did not answer */
	struct net_links links;
	struct net_pod *pods; /* by pod->slot; owned by agent/net.c */
	size_t n_pods;
	uint32_t mark_users; /* 1 << enum net_mark_user */
	/* An interface of the host that is one of WireGuard, which takes the marks off what it sends on; "": none. */
	char wireguard[NET_NAME_SIZE];
};

/* The bits of a packet's mark that are ours. Three of them hold the level and the others, at least one of which
 * is set, tell a marked packet from one that is not: P0 would be 0 else. So eight levels fit into the three bits,
 * and no level's mark ever changes with the policy's shares, but only with net.mark.
 *
 *     mark of level L = value | L << shift      (under mask)
 */
struct net_mark {
	uint32_t mask; /* 0: none */
	uint32_t value;
	uint32_t shift; /* of the three bits */
};

#define NET_MARK_LEVEL_BITS 3u

/* The mark of a level, to be set and matched under mark->mask. */
static inline uint32_t net_mark_of(const struct net_mark *mark, enum level level)
{
	return mark->value | (uint32_t)level << mark->shift;
}

/* What is done with a pod's traffic. */
enum net_pod_want {
	NET_POD_STAYS, /* nothing is known of it yet, or it is in its grace: what is there stays, whatever it is */
	NET_POD_PLAIN, /* it goes without a mark: no level, none with a share, or one that may not be held */
	NET_POD_MARKED,
};

/* How fast the policy says an uplink is; name "": every one that is not named. */
struct net_speed {
	char name[NET_NAME_SIZE];
	uint64_t bytes_per_s;
};

/* What the policy says beside the levels' shares. */
struct net_policy {
	bool on;	     /* the policy has `net`: without it no link is looked at */
	bool replace_mq;     /* HTB may take the place of mq, and so of its many queues */
	bool police_ingress; /* what arrives for offline pods is bounded, too */
	uint32_t n_uplinks;  /* 0: those that routes lead to */
	uint32_t n_speeds;
	uint32_t headroom_permille; /* of the link, left free by the adaptive ceiling */
	struct net_mark mark;
	char uplinks[NET_LINKS][NET_NAME_SIZE];
	struct net_speed speeds[NET_LINKS];
};

/* The major number of our qdisc's handle and of the classes; the minors are fixed. */
#define NET_TC_MAJOR 0xc01du
#define NET_MINOR_ROOT 0x1u
#define NET_MINOR_UNMARKED 0x2u
#define NET_MINOR_OFFLINE 0x3u
#define NET_MINOR_LEVEL 0x10u /* + enum level */

/* No class has a lower rate: the time that two packets take at it is held in 32 bits of 64 ns. */
#define NET_RATE_MIN 1000ull

struct net_class {
	uint64_t rate_bytes_per_s; /* guaranteed; at least NET_RATE_MIN */
	uint64_t ceil_bytes_per_s; /* at most; never below the rate */
	uint64_t burst_bytes;	   /* at once, of the rate */
	uint64_t cburst_bytes;	   /* at once, of the ceiling */
	uint32_t quantum_bytes; /* a turn, among classes of the same prio that borrow; 0 for inner ones */
	uint32_t prio;		/* smaller ones borrow first; 0 for inner ones */
};

/* What is wanted on one uplink. */
struct net_shape {
	struct net_class root;
	struct net_class unmarked;
	/* Only with a bit in `offline_levels`. Promised next to nothing itself: what one offline level leaves of
	 * its rate is online work's before it is another one's. */
	struct net_class offline;
	struct net_class level[LEVEL_COUNT];
	uint32_t levels;	 /* 1 << enum level: it has a class */
	uint32_t offline_levels; /* of those: below `offline` */
	uint32_t active; /* of those: pods have it now. What the classes are does not depend on it */
};

/* What is done with what arrives on an uplink. */
enum net_police {
	NET_POLICE_OFF,	 /* the policy does not ask for it, or the link is not shaped */
	NET_POLICE_MODE, /* the mode allows no holds */
	NET_POLICE_TUNNELS, /* packets arrive wrapped, and by which of several uplinks nobody tells; or by too many tunnels */
	NET_POLICE_ON,
	NET_POLICE_COUNT,
};

/* The adaptive ceiling of an uplink: what all offline work may send together, or receive. A hold. */
struct net_hold {
	uint64_t ceil_bytes_per_s;   /* 0: offline work is not held */
	uint64_t online_bytes_per_s; /* what else was sent, or arrived, in the last look */
	int64_t since_us;	     /* held since */
	int64_t cut_us;		     /* last lowered */
	int64_t grown_us;	     /* last raised */
	int64_t idle_us;	     /* 0, or: online work sends next to nothing since */
	int64_t looked_us;	     /* what was sent was last measured */
	struct reason reason;	     /* of the ceiling as it is, or of what ended the hold */
};

/* What the kernel counts at one class. */
struct net_count {
	uint64_t bytes;
	uint64_t packets;
	uint64_t drops;
	uint64_t overlimits;
	uint64_t backlog_bytes;
};

/* The newest of an uplink. Counts start anew with the qdisc. */
struct net_counts {
	int32_t ifindex;
	int64_t at_us;	 /* CLOCK_BOOTTIME; 0: not measured */
	uint32_t levels; /* 1 << enum level: its class is there, and was counted */
	struct net_count unmarked;
	struct net_count level[LEVEL_COUNT];
	/* What arrived on the link, and what of it was for offline pods: those that have the filter, and what was dropped of it,
	 * too. CLOCK_BOOTTIME; 0: not measured. */
	int64_t rx_at_us;
	uint64_t rx_bytes;
	struct net_count rx_offline;
};

struct net_plan_link {
	int32_t ifindex;
	char name[NET_NAME_SIZE];
	uint64_t speed_bytes_per_s; /* that was reckoned with; 0 where it is refused */
	uint32_t mtu;
	/* NET_FINE: `shape` is wanted. NET_UNREAD, NET_DENIED: all stays. Else ours, if there, is removed. */
	enum net_refusal refusal;
	enum net_mark_user mark_user; /* NET_FOREIGN_MARK: who; else NET_USER_NONE */
	struct net_shape shape;
	struct net_hold hold; /* kept from pass to pass; its ceiling is in the shape */
	/* Whether what arrives for offline pods is counted and held, and why not where the policy asks for it. */
	enum net_police police;
	struct net_hold rx_hold; /* the same of that */
};

struct net_plan {
	bool on; /* the policy names `net` and the mode allows shares; else nothing of ours stays */
	bool known; /* false: no view was ever known; it is not to be applied */
	struct net_mark
		mark; /* mask 0: no pod is marked: no link is shaped, or somebody else uses its bits */
	uint32_t n;
	struct net_plan_link list[NET_LINKS];
};

/* What a pod's mark was set on since it is there; serial 0: not measured. By pod->slot. */
struct net_sent {
	uint64_t serial;
	bool marked;  /* the mark was there in the last look, at every interface or at its cgroup */
	bool counted; /* else bytes and packets say nothing: nobody counts at a cgroup */
	uint64_t bytes;
	uint64_t packets;
	int64_t at_us; /* CLOCK_BOOTTIME of that count */
	bool rated; /* else the next one says nothing: there is no count before that it could be compared with */
	uint64_t bytes_per_s; /* from the count before to this one: at rest they are 10 s apart */
};

/* Who reads a rate asks how old it is: at rest the next count comes 10 s after the last, and takes a moment. What is older is of a
 * time that is over. */
#define NET_FLOW_FRESH_US 12000000

/* What went through all shaped uplinks together: that of online work (the unmarked, and all online levels), or of offline work. */
struct net_flow_of {
	uint64_t sent_bytes_per_s;
	uint64_t arrived_bytes_per_s;
	uint64_t drops_per_s; /* packets, of what was to be sent */
	uint64_t backlog_bytes;
};

/* Between two rounds. Where one uplink that is shaped could not be compared, nothing is told of their sum. */
struct net_flow {
	int64_t at_us; /* CLOCK_BOOTTIME of the newer round; 0: nothing was measured */
	bool arrived;  /* what arrives was counted, too: else arrived_bytes_per_s says nothing */
	int64_t drops_at_us; /* of drops_per_s, which only whole rounds count; 0: not measured */
	struct net_flow_of online, offline;
};

static inline bool net_flow_is_fresh(int64_t at_us, int64_t now_us)
{
	return at_us > 0 && now_us - at_us <= NET_FLOW_FRESH_US;
}

#define NET_TROUBLE_SIZE 200

/* What the serving stage shows of the network. */
struct net_shown {
	const struct net_view *view; /* known false: not looked at */
	const struct net_plan *plan;
	const struct net_counts *counts; /* of view->links.list, one each; at_us 0: not measured */
	const struct net_sent *sent;	 /* by pod->slot */
	size_t n_sent;
	const struct net_flow *flow;
	const char *trouble; /* what the kernel did not do when it was last asked; "": nothing */
};
