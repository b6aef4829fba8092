// SPDX-License-Identifier: LGPL-2.1-or-later
// Who seems to make an online pod wait: other pods ranked by how well what they did in the last minute goes with how
// much it was stalled. Only ever a suspicion with a stated confidence: what moves together may have a common cause.
// Pure, without memory of its own.
//
// Both series are laid on a grid of seconds. What the victim's own CPU use explains is taken out first. Then, up to CULPRITS_MAX
// times, the pod is taken whose use goes best with what is left (least squares), and what it explains is taken out
// before the next is looked for, so that a pod that is merely busy at about the same times is left with little. Who
// uses less when the victim waits is a victim too, and who follows the stall did not make it: neither is taken. Pods
// whose use is so alike that nothing tells them apart share what they explain and the doubt.
//
// A pod that does the same all the time goes with nothing: then nobody is named.
//
// Some milliseconds for hundreds of pods: for whoever asks, not for each pass. Nothing shows it yet.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/model.h"
#include "colod/sample.h"

#define CULPRITS_MAX 4
/* The most that is looked at, the least that something is said from, and the lags that are tried, in seconds. */
#define CULPRIT_SECONDS_MAX 60
#define CULPRIT_SECONDS_MIN 20
#define CULPRIT_LAG_MAX 2

enum culprit_confidence {
	CULPRIT_LOW,  /* it went with it once or twice, or not well, or another did just the same */
	CULPRIT_FAIR, /* half of what was left, and it came and went three times */
	CULPRIT_GOOD, /* seven tenths, and six times */
};

struct culprit {
	const struct pod *pod;
	uint32_t share_permille; /* of how the stall moved; all together at most 1000 */
	uint32_t fit_permille; /* r²: how well its use goes with what was left when it was taken */
	uint32_t lag_s;	       /* so much before the stall */
	uint32_t swings;       /* how often its use came or went */
	bool alike;	       /* another one of the list did the same at the same times */
	enum culprit_confidence confidence;
};

struct culprits {
	uint32_t seconds; /* that were looked at; less than CULPRIT_SECONDS_MIN: too few to say anything */
	uint32_t own_permille; /* of how the stall moved, by the victim's own use */
	uint32_t n;
	struct culprit list[CULPRITS_MAX]; /* the largest share first */
};

struct culprit_look {
	const struct model *model; /* every other pod of it is a candidate, online ones too */
	const struct samples *samples;
	const struct pod *victim;
	enum resource resource;
};

/* What a candidate does is its CPU use; for memory by how much it grows; for io, whose bytes are not sampled, how long it
 * waits for it itself. */
void culprits_rank(const struct culprit_look *look, struct culprits *ret);
