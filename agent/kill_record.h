// SPDX-License-Identifier: LGPL-2.1-or-later
// What is kept of a kill: whom it might have taken, whom it took and why, what was expected and what came back.
// Allocates nothing: memory is short then.
#pragma once

#include "agent/apply/kill_act.h"
#include "agent/state.h"
#include "policy/memory_kill.h"
#include "policy/victim.h"

/* The record of killing list->list[0]; what becomes of it is still to be filled in by kill_record_end(). */
void kill_record_begin(const struct state *state, const struct victim_list *list,
		       const struct memory_kill_need *need, struct history_record *ret_record);

/* It is over. *ret_freed_bytes: what came back, 0 where that was not measured. */
void kill_record_end(struct history_record *record, const struct kill_done *done,
		     uint64_t *ret_freed_bytes);

/* One record for each pod of the list (2 × VICTIM_LIST at most): chosen, passed over, or no candidate. They and the
 * record of the kill have the same number kill_us. `would`: nobody is killed for it. */
void kill_record_candidates(const struct state *state, const struct victim_list *list, bool would);
