// SPDX-License-Identifier: LGPL-2.1-or-later
// From what the policy gives each level of a link to the classes of HTB on it. Pure.
//
// HTB first gives each class its rate, then what is left to those that want more: the smaller prio first, and among
// one prio in turns of a quantum each. So with rates and quanta in proportion to the shares, whoever is active gets
// in proportion to them, whatever set of levels that is: of a link L, level i of the active ones A gets
//
//     L·s(i)/Σall + (L − L·ΣA/Σall)·s(i)/ΣA  =  L·s(i)/ΣA
//
// and the classes need not change when pods come and go. A level whose minimum is more than that has the minimum as
// its rate, and the others divide what is left. Offline levels have a later prio: beyond their rate they get what
// online work leaves. What has no mark counts as the largest share there is and has no ceiling.
#pragma once

#include <stdbool.h>

#include "colod/net.h"
#include "colod/policy.h"

/* So much of a link is never promised to levels: it is left to what has no mark (the kubelet, the runtime). */
#define NET_SHAPE_PROMISED_PERMILLE 950u
/* 2 Mbit/s: of a slower link the least rates of all classes would be more than is not promised. */
#define NET_SHAPE_SPEED_MIN 250000ull
#define NET_SHAPE_SPEED_MAX 1000000000000ull

struct net_shape_in {
	const struct policy *policy;
	uint64_t speed_bytes_per_s; /* of the link, NET_SHAPE_SPEED_MIN..NET_SHAPE_SPEED_MAX */
	uint32_t mtu;		    /* 0: not known, 1500 is taken */
	uint32_t active;	    /* 1 << enum level: pods have it */
	bool limits;		    /* the mode allows ceilings; shares it allows in any case */
	uint64_t held_bytes_per_s;  /* all offline work together at most; 0: it is not held */
};

/* The classes of one link. With no level that has a share: levels 0, and nothing is to be put there. Rates of
 * leaves sum up to at most the speed; no class's ceiling is below its rate or above the speed, and that of all offline
 * levels not below the sum of theirs. */
void net_shape_make(const struct net_shape_in *in, struct net_shape *ret_shape);

/* What all offline levels are promised together: no ceiling goes below it. */
uint64_t net_shape_floor(const struct net_shape *shape);
