// SPDX-License-Identifier: LGPL-2.1-or-later
// Plan against present values: the smallest list of writes, in a safe order. Pure.
#pragma once

#include "colod/model.h"
#include "colod/plan.h"

/* Fills *changes (its memory is kept from pass to pass) with
 *  - a write for each planned knob that the mode allows and whose present value differs,
 *  - a restore for each knob colod still owns that the plan, as far as the mode allows it, does not name,
 *  - a forget where an owned knob no longer has the value colod wrote and nothing is planned.
 * Knobs that were not read or are missing get no change. Planned differences that the mode does
 * not allow are counted in n_withheld and listed only when `mode` is MODE_OBSERVE or lower and
 * `list_withheld` is set (for `plan` and --once).
 * Order: loosening before tightening; protection parents first when it rises, children first when
 * it falls; idle off before weight, weight off... see diff.c. 0 or -ENOMEM. */
int diff(const struct model *model, const struct plan *plan, enum mode mode, bool list_withheld,
	 struct changes *changes);

void changes_clear(struct changes *changes);
void changes_free(struct changes *changes);
