// SPDX-License-Identifier: LGPL-2.1-or-later
// All that a pass decides of the network: what is wanted on each uplink, and whether a round over it is due. The agent
// and a replay decide by this same code. Pure; what is kept from pass to pass is the caller's.
#pragma once

#include "colod/model.h"
#include "policy/net_pace.h"
#include "policy/net_plan.h"

/* Kept from pass to pass. All zero before the first. */
struct net_state {
	struct net_plan plan;
	struct net_pace pace;
};

struct net_pass_in {
	const struct policy *policy;
	const struct model *model;
	const struct plan *plan; /* the levels of its pods */
	const struct net_view *view;
	/* What view->links.list counted in the last round and in the one before, one each (at_us 0: not measured); NULL
	 * where no round has ended since the last pass. */
	const struct net_counts *before, *now;
	enum mode mode; /* of the network */
	bool asked;	/* else no round is ever due: nothing is to be looked at or taken back */
	int64_t now_us; /* CLOCK_BOOTTIME, > 0 */
};

struct net_pass_done {
	enum net_pace_why why;
	struct net_pace_wanted wanted; /* for net_pace_handed(); only where a round is due */
};

/* Makes state->plan the plan of this pass. state->pace stays: who hands a round in tells it. */
void net_pass(const struct net_pass_in *in, struct net_state *state,
	      struct net_pass_done *ret_done);
