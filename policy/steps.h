// SPDX-License-Identifier: LGPL-2.1-or-later
// The decisions of a pass as lines for people and for comparison: what is new against the pass
// before, each with its reason as a sentence and as the numbers that were used. The recorder and
// the replay tell their steps through this same code, so that equal decisions are equal bytes.
//
//	modes all=squeeze cpu=squeeze memory=squeeze io=squeeze
//	assign default/web slot=0 level=P4 role=online rule=11 ...: P4 by default.yaml:31 (qos: Burstable)
//	ladder cpu rung=squeeze since=.. ..: default/web waited 12.4 % of 2 s for CPU, ...
//	plan kubepods.slice/.. cpu.max 24000/20000 hold code=squeeze ..: ...
//	unplan kubepods.slice/.. cpu.max
//	write kubepods.slice/.. cpu.max max/100000 24000/20000 hold code=squeeze ..: ...
//	withheld 3
//	kill kubepods.slice/.. needed=.. by=usage of=3 left=1 ..: the room of ..
//	candidate kubepods.slice/.. place=1 ..
//	net link eth0 2 fine speed=1250000000 ..: online work sends ..   (record_net_tell.h)
//	scores 1a2b3c4d5e6f7081
//	sli 0 slot=0 serial=1 violated value=124 ..
#pragma once

#include "policy/record.h"
#include "policy/record_names.h"
#include "policy/record_text.h"

struct steps; /* what was told before */

/* NULL without memory. */
struct steps *steps_new(void);
void steps_free(struct steps *steps);

/* Appends the lines of this pass, each after `prefix`. `ids` names model->cgroups one for one,
 * with small numbers that may be used again for another cgroup; `names` may be NULL. A pass that
 * decides what the last one did appends nothing. 0 or -ENOMEM. */
int steps_tell(struct steps *steps, const struct record_pass *pass, const uint32_t *ids,
	       const struct record_names *names, const char *prefix, struct record_buf *out);
