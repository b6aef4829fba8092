// SPDX-License-Identifier: LGPL-2.1-or-later
// The thread that makes the rounds over the network (net_round.h). The kernel holds one lock for all of its network, and whoever asks waits for
// whoever has it: so the main loop hands in what is wanted, goes on, and takes up what was found when the event is raised.
#pragma once

#include <stdbool.h>

#include "agent/net_round.h"

struct net_worker;

/* root_fd, cgroup_fd and event_fd (raised when a round is over; -EBADF: nobody waits for that) are borrowed and outlive the worker. 0 or -errno. */
int net_worker_new(int root_fd, int cgroup_fd, int event_fd, struct net_worker **ret);

/* Ends the thread and frees it; accepts NULL. A round that is under way is waited for: what it changes is not left half made. What
 * is there stays, which is what a restart wants; who stops for good takes it back afterwards (net_back.h). */
void net_worker_free(struct net_worker *worker);

/* Starts a round with a copy of *wanted; its buffers grow with the pods and are kept. 0; -EBUSY: one is under way, or what it found was not
 * taken up yet; -ENOMEM. */
int net_worker_start(struct net_worker *worker, const struct net_round_wanted *wanted);

/* What the last round found, once: until the next start. NULL: none is over. */
const struct net_round_found *net_worker_take(struct net_worker *worker);

/* Waits until the round under way, if any, is over or this time has passed: at a stop. True: none is under way. */
bool net_worker_wait(struct net_worker *worker, uint32_t patience_ms);
