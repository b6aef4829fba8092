// SPDX-License-Identifier: LGPL-2.1-or-later
// Plan against present values: the smallest list of writes, in a safe order. Pure.
#pragma once

#include "colod/model.h"
#include "colod/modes.h"
#include "colod/plan.h"

/* Where a change stands in the order; restoring without a model sorts by it too. */
enum diff_phase {
	DIFF_FORGET,
	DIFF_HOLD_ENDS,
	DIFF_GIVE_BACK,
	DIFF_OFFLINE_LESS, /* shares of all-offline cgroups; only diff() knows which those are */
	DIFF_OFFLINE_MORE,
	DIFF_PARTITION_ENDS,
	DIFF_PROTECT_LESS,
	DIFF_PROTECT_MORE,
	DIFF_PARTITION_BEGINS,
	DIFF_TIGHTEN,
	DIFF_PHASE_COUNT,
};

/* What the kernel makes of the weight of a group that stops being idle. */
#define DIFF_WEIGHT_AFTER_IDLE 100

/* Fills *changes (its memory is kept from pass to pass) with
 *  - a write for each planned knob that the mode of its resource allows and whose present value
 *    differs,
 *  - a restore for each knob colod still owns that the plan, as far as the mode allows it, does not name,
 *  - a forget where an owned knob no longer has the value colod wrote and nothing is planned.
 * While model->facts_awaited, shares and protection of pods that wait, and of their classes, stay.
 * Knobs that were not read or are missing get no change, but for a hold that ends and could not be read. Planned differences that the mode does
 * not allow are counted in n_withheld and listed only when that mode is MODE_OBSERVE or lower and
 * `list_withheld` is set (for `plan` and --once).
 * Order: loosening before tightening, but no share of offline work rises before its online siblings'
 * or falls after theirs; protection parents first when it rises, children first when
 * it falls, CPUs of its own likewise; idle off and its weight in two lines that follow each other; all of it in diff.c.
 * A pass without a difference allocates nothing. 0, or -ENOMEM (then *changes is empty). */
int diff(const struct model *model, const struct plan *plan, const struct modes *modes,
	 bool list_withheld, struct changes *changes);

/* From kind, knob, effect, had and want. Within a phase parents come before their children, or
 * the other way round. */
enum diff_phase diff_phase(const struct change *change);
bool diff_children_first(enum diff_phase phase);

/* Calls fn for each planned change that the mode does not allow, as it would be made. Allocates nothing. The
 * change is fn's to read until it returns. */
typedef void (*diff_fn)(void *context, const struct change *change);
void diff_withheld(const struct model *model, const struct plan *plan, const struct modes *modes,
		   diff_fn fn, void *context);

void changes_clear(struct changes *changes);
void changes_free(struct changes *changes);
