// SPDX-License-Identifier: LGPL-2.1-or-later
// What a pass decided of the network, as steps (steps.h). Pure.
//
//	net on=1 known=1 mark=0x800/0xf00 links=1
//	net link eth0 2 fine speed=1250000000 mtu=1500 levels=P0,P7 active=P7 floor=.. ceiling=.. code=net-online ..: online work ..
//	net arrives eth0 on ceiling=.. code=net-rx-online ..: online work receives ..
//	net class eth0 P7 rate=.. ceil=.. burst=.. cburst=.. quantum=.. prio=1
//	net mark batch/hog slot=1 marked level=P7: its level has a share
//	net round brief: a ceiling may have to follow what is sent
#pragma once

#include "colod/plan.h"
#include "colod/policy.h"
#include "policy/record_net.h"

/* The link, what has no mark, all offline levels, and each level. */
#define RECORD_NET_CLASSES (3 + LEVEL_COUNT)

/* What was told last. All zero: nothing, as of a plan that wants nothing. */
struct record_net_told {
	uint64_t head;
	struct record_net_told_link {
		int32_t ifindex;
		uint64_t link;
		uint64_t arrives;		      /* 0: the policy does not ask for it */
		uint64_t classes[RECORD_NET_CLASSES]; /* 0: there is none */
	} of[NET_LINKS];
};

/* The plan as a whole, its links and their classes, where they are others than were told. */
void record_net_tell(struct record_buf *buf, struct record_net_told *told,
		     const struct record_net *net, const struct record_names *names,
		     const char *prefix);

/* What is wanted of a pod's traffic; *told as above, of this pod. */
void record_net_tell_mark(struct record_buf *buf, uint64_t *told, const struct record_net *net,
			  const struct policy *policy, const struct pod *pod,
			  const struct assignment *assignment, const struct record_names *names,
			  const char *prefix);

/* The round, where one is due: of this pass alone, so each time. */
void record_net_tell_round(struct record_buf *buf, const struct record_net *net,
			   const char *prefix);
