// SPDX-License-Identifier: LGPL-2.1-or-later
// One policy deciding a record's series: the deciding half of tick.c, without the machine.
#pragma once

#include "policy/record_evict.h"
#include "policy/record_kill.h"
#include "policy/record_net_given.h"
#include "policy/record_read.h"

struct replay_side {
	const struct policy *policy; /* NULL: the record's own */
	struct ladders ladders;
	struct floor_cpu floor;
	struct plan plan;
	struct scores scores;
	struct sli_watch slis;
	struct changes changes;
	struct record_kill kill;   /* of a pass that has one */
	struct record_evict evict; /* the same */
	struct evict_order order;  /* the same */
	struct net_state net_before, net;
	struct net_pass_done net_done;
	struct record_net net_look; /* the same */
	int64_t last_us;	    /* of the pass before; 0: there was none */
};

/* As the agent begins. */
void replay_side_init(struct replay_side *side, const struct policy *policy);
void replay_side_done(struct replay_side *side);

/* Decides one pass; *ret_pass has views of what was given and of what came of it, valid until the
 * next. A gap between two passes has the same consequences as in the agent (life.h). 0 or -ENOMEM. */
int replay_side_pass(struct replay_side *side, const struct record_replayed *given,
		     struct record_pass *ret_pass);
