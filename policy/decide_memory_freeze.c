// SPDX-License-Identifier: LGPL-2.1-or-later
// See decide_memory_freeze.h. Who does not grow is left alone: to freeze it would take nothing from anybody. One
// that was frozen stays so, though it grows no more, until its time is up (freeze.h) or the rung is left.
#include "policy/decide_memory_freeze.h"

#include "policy/decide_tree.h"
#include "policy/freeze.h"
#include "policy/knob.h"
#include "policy/room.h"

/* From the numbers of this pass: it keeps them while it lasts. */
static void begin(const struct decide_input *in, const struct plan *plan, struct plan_freeze *f)
{
	struct reason reason = in->ladders->of[RESOURCE_MEMORY].reason;
	struct room room = {0};

	(void)room_look(in->model, in->samples, plan, in->now_us, &room);
	reason.code = REASON_FREEZE;
	reason.observed = f->growth_bytes_per_s;
	reason.extra = room.room_bytes > 0 ? (uint64_t)room.room_bytes : 0;
	reason.for_us = f->most_us;
	reason.limit = 0;
	reason.nodes = room.nodes;
	f->reason = reason;
	f->state = FREEZE_DUE;
	f->since_us = in->now_us;
	f->stood = false;
	f->ordered = false;
}

int decide_memory_freeze(const struct decide_input *in, struct plan *plan)
{
	bool on = in->ladders->of[RESOURCE_MEMORY].rung >= RUNG_FREEZE;
	int r = 0;

	for (size_t i = 0; r == 0 && i < in->model->n_pods; i++) {
		const struct pod *pod = in->model->pods[i];
		struct plan_freeze *f;

		if (pod->slot >= plan->n_freezes)
			continue;
		f = &plan->freezes[pod->slot];
		if (!on && f->state == FREEZE_DUE && !f->ordered)
			freeze_end(f, REASON_FREEZE_ENDS, in->now_us);
		if (on && f->state == FREEZE_MAY && f->grows)
			begin(in, plan, f);
		if (f->state == FREEZE_DUE)
			r = decide_tree_add(plan, decide_tree_pod(plan->tree, i),
					    KNOB_CGROUP_FREEZE, EFFECT_HOLD, knob_value_of(1),
					    &f->reason);
	}
	return r;
}
