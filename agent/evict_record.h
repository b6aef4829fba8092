// SPDX-License-Identifier: LGPL-2.1-or-later
// What is kept of an eviction: whom it asks to go and why, what was answered, and what came back.
#pragma once

#include "agent/state.h"
#include "policy/evict_choose.h"

/* The record of asking this one; what becomes of it is still to be filled in. */
void evict_record_begin(const struct state *state, const struct evict_look *look,
			const struct victim *victim, enum evict_way way,
			struct history_record *ret_record);

/* The same, because somebody ordered it: `who` is how people know them. */
void evict_record_ordered(const struct state *state, const struct pod *pod, const char *who,
			  const struct history_caller *caller, struct history_record *ret_record);

/* One that an earlier colod asked: of it no more is known than who ordered it; `who` "": nobody did. */
void evict_record_adopted(const char *path, const struct pod *pod,
			  const struct evict_pending *pending, const char *who,
			  const struct history_caller *caller, struct history_record *ret_record);

void evict_record_answer(struct history_record *record, const struct evict_done *done,
			 const char *who);
void evict_record_over(struct history_record *record, const struct evict_over *over,
		       int64_t now_us);
