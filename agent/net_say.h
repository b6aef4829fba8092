// SPDX-License-Identifier: LGPL-2.1-or-later
// What is said of the network: in the journal and in the history, each thing once as long as it lasts.
#pragma once

#include "agent/net_round.h"
#include "agent/state.h"

struct net_say {
	bool blind; /* the kernel's answer was an error, in this spell */
	bool left;  /* something of ours could not be removed, in this spell */
	bool no_file;
	bool no_police;
	bool no_worker;
	uint32_t unclear;		/* as it was last said */
	char trouble[NET_TROUBLE_SIZE]; /* of the last round; "": none */
};

/* What came of a round. */
void net_say_found(struct net_say *say, const struct net_round_found *found);

/* The thread could not be started (-errno), or runs (0). */
void net_say_worker(struct net_say *say, int error);

/* All was taken back. */
void net_say_back(struct net_say *say);

/* That something is there could not be written down (-errno), or could (0). */
void net_say_file(struct net_say *say, int error);

/* What is different in the plan: a link that is shaped or not, a hold that begins or ends. */
void net_say_plan(struct state *state, const struct net_plan *before, const struct net_plan *now);
