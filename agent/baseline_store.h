// SPDX-License-Identifier: LGPL-2.1-or-later
// The agent's baselines (policy/baseline.h): fed once in a window, and kept in /var/lib/colod, so that a restart or
// a reboot need not learn again. What cannot be kept or read costs only that.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct state;
struct baselines;

#define BASELINE_STORE_FILE "var/lib/colod/baselines"
/* A kill loses at most so much of what was learned. */
#define BASELINE_STORE_EVERY_US 300000000

struct baseline_store;

/* Reads what an earlier run kept; only an agent that runs and holds the lock keeps anything. Never fails: without
 * memory there is no store, and no score has a baseline. */
void baseline_store_start(struct state *state, int64_t now_us);

/* In each pass, after it was decided and before it is scored. */
void baseline_store_feed(struct state *state, int64_t now_us);

/* What a second with offline work at its floor has shown of a pod. False: there is no place for it. */
struct pod;
struct calibrate_result;
bool baseline_store_hold(struct baseline_store *store, const struct pod *pod,
			 const struct calibrate_result *result, int64_t now_us);

/* At the end of each pass: once in a while, when something was learned and all is calm, a thread writes it, so that a
 * slow disk delays no pass. */
void baseline_store_keep(struct state *state, int64_t now_us);

/* Keeps what there is, for which a slow disk has 2 s, and frees the store. */
void baseline_store_stop(struct state *state);

/* NULL: there are none. */
const struct baselines *baseline_store_get(const struct baseline_store *store);
