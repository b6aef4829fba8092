// SPDX-License-Identifier: LGPL-2.1-or-later
// Who seems to make an online pod wait: other pods ranked by how well what they did in the last minute goes with how
// much it was stalled. Only ever a suspicion with a stated confidence: what moves together may have a common cause.
// Pure, without memory of its own.
//
// Both series are laid on a grid of seconds. What the victim's own CPU use explains is taken out first, unless that use rose by
// no more than a disturbance makes of the same work (a shared core, cold caches: up to about twice), and some other pod came and went
// with it and goes nearly as well with the stall: then either may be the cause of both, and the other is named, with the doubt. Then, up to CULPRITS_MAX
// times, the pod is taken whose use goes best with what is left (least squares), and what it explains is taken out
// before the next is looked for, so that a pod that is merely busy at about the same times is left with little. Who
// uses less when the victim waits is a victim too, and who follows the stall did not make it: neither is taken. Pods
// whose use is so alike that nothing tells them apart share what they explain and the doubt.
//
// A pod that does the same all the time goes with nothing: then nobody is named.
//
// For 500 pods 1 ms where nobody is found, 8 ms at most: not for each pass, and only where somebody waits (culprit_watch.h).
#pragma once

#include "colod/culprit.h"
#include "colod/model.h"
#include "colod/seconds.h"

struct culprit_look {
	const struct model *model; /* every other pod of it is a candidate, online ones too */
	const struct seconds *seconds;
	const struct pod *victim;
	enum resource resource;
};

/* What a candidate does is its CPU use; for memory by how much it grows; for io, whose bytes are not sampled, how long it
 * waits for it itself. */
void culprits_rank(const struct culprit_look *look, struct culprits *ret);
