// SPDX-License-Identifier: LGPL-2.1-or-later
// The network in a record: what was seen of it, what its classes counted, and what was left by the pass before. Pure.
//
//	net off                                          nobody looks at it any more
//	net view asked=1 known=1 users=3                 what was seen, and a line for each uplink:
//	net link IFINDEX speed=.. mtu=.. refusal=.. name=..
//	net sent PLACE span=.. [unmarked=BYTES,PACKETS] [P0=..] ...  by how much counters grew ("-5": went back) since the round
//	                                                 before, of the uplink at this place; none: no round has ended, or
//	                                                 it has no classes of ours
//	net pod SLOT SERIAL refusal=.. marked=1 ends=IFINDEX,...  a pod's ends on the host as the last whole round found them
//	net from on= known= mark=VALUE/MASK/SHIFT handed= whole= again= changing= digest= ceilings=
//	net was IFINDEX speed= mtu= refusal= levels= offline= ceiling= online= since= cut= grown= idle= looked= name= [code= ...]
//	                                                 these where the pass before did not leave it so
#pragma once

#include "colod/net.h"
#include "policy/net_pass.h"
#include "policy/record_text.h"

struct record_names;

/* Of one pass. Nothing in it is owned. */
struct record_net {
	const struct net_view *view; /* as it was decided by */
	bool asked;
	const struct net_counts *counted, *counts; /* as net_pass_in.before and .now */
	const struct net_sent *sent;		   /* by slot: whether pods were marked */
	size_t n_sent;
	const struct net_state *before;
	/* what came of it */
	const struct net_plan *plan;
	const struct net_pass_done *done;
};

/* What was said last. */
struct record_net_said {
	bool any;
	uint64_t view;
	uint64_t state; /* of the text of what the last pass left */
};

/* The lines of a pass, those of pods aside; net NULL: nobody looked. */
void record_net_put(struct record_buf *buf, struct record_net_said *said,
		    const struct record_net *net, const struct record_names *names, int64_t now_us);

/* The line of a pod; nothing where none was looked for. */
void record_net_put_pod(struct record_buf *buf, const struct record_net *net,
			const struct pod *pod);

/* The name of an uplink as the record has it; `name` may be `buf`. */
void record_net_name(const struct record_names *names, const char *name, char buf[NET_NAME_SIZE]);

/* The same link under that name, in its reason as well. */
struct net_plan_link record_net_link(const struct record_names *names,
				     const struct net_plan_link *link);
