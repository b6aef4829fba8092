// SPDX-License-Identifier: LGPL-2.1-or-later
// The network in the loop: when a round over it is made (net_worker.h), what is wanted in it, and what is kept of it from pass
// to pass. While something of colod's may be there, /run/colod/net is (apply/net_file.h).
#pragma once

#include "agent/state.h"
#include "policy/record_net.h"

struct net;

/* A recorded tree has no network of its own: none is looked at. The thread starts with the first round. 0 or -ENOMEM. */
int net_new(struct state *state);

/* Waits for a round that is under way, for 3 s at most; what is there stays (net_back.h). One that the kernel holds for longer goes on
 * until the process ends: state->net_hangs. */
void net_stop(struct state *state);

/* At the start of a pass: what the last round found. */
void net_collect(struct state *state);

/* After the pods have their levels: what is wanted on each uplink. */
void net_decide(struct state *state, int64_t now_us);

/* What it was decided from and what came of it, for the record; NULL: nothing was decided, or there is nothing to tell. Valid until
 * net_run(). */
const struct record_net *net_record(const struct state *state);

/* Hands in a round where one is due. */
void net_run(struct state *state, int64_t now_us);

/* Valid until the next pass; NULL where none is looked at. */
const struct net_shown *net_shown(const struct state *state);
