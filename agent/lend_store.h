// SPDX-License-Identifier: LGPL-2.1-or-later
// The agent's account of what the node can lend (policy/lend.h): looked at every 10 s from the samples that there are, kept in
// /var/lib/colod over a restart, and told in /run/colod/lendable to whoever schedules. What cannot be kept, read or told
// costs only that.
#pragma once

#include <stdint.h>

#include "colod/lend.h"

struct state;

#define LEND_STORE_FILE "var/lib/colod/lend"
/* A kill loses at most so much of what was watched. */
#define LEND_STORE_EVERY_US 600000000
/* Below /run/colod: lines "cpu_milli=6500", "cpu_state=open", "memory_bytes=…", "memory_state=…", "updated=WALL_S". Written anew
 * when one of them changes, and once in a minute: what is older than two is vouched for by nobody. Gone when colod stops. */
#define LEND_STORE_TOLD "lendable"

struct lend_store;

/* Reads what an earlier run kept; only an agent that runs and holds the lock keeps or tells anything. Never fails: without
 * memory there is no store, and nothing is lent. */
void lend_store_start(struct state *state, int64_t now_us);

/* At the end of each pass. A thread writes to the disk, so that a slow one delays no pass. */
void lend_store_pass(struct state *state, int64_t now_us);

/* Keeps what there is, for which a slow disk has 2 s, takes the promise back and frees the store. */
void lend_store_stop(struct state *state);

/* LEND_OF_COUNT of them; NULL: nothing was looked at yet. */
const struct lend_sum *lend_store_sums(const struct lend_store *store);
