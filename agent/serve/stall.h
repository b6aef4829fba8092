// SPDX-License-Identifier: LGPL-2.1-or-later
// When a stall share may be shown as a number.
#pragma once

#include "colod/pod.h"
#include "colod/score.h"

/* Permille of the measured window that the pod was stalled, or -1 where nothing, or less than a
 * second, was measured. `scores` may be NULL. */
int stall_permille(const struct scores *scores, const struct pod *pod, enum resource resource);
