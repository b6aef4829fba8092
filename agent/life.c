// SPDX-License-Identifier: LGPL-2.1-or-later
// See life.h.
#include "agent/life.h"

#include "agent/base/log.h"
#include "agent/restore.h"
#include "policy/ladder.h"
#include "policy/reason_text.h"

void life_start(struct state *s, int64_t now_us)
{
	struct apply_restored done;

	apply_set_now(s->apply, now_us);
	apply_end_holds(s->apply, NULL, &done);
	if (done.written > 0)
		log_notice("life.start",
			   "%zu holds of a colod that died were still there: %zu ended, %zu left",
			   done.written, done.restored + done.gone, done.left);
}

/* Nobody looked for gap_us: what was taken away on numbers from before is given back. */
static void wake(struct state *s, int64_t now_us, int64_t gap_us)
{
	struct apply_restored done;
	char why[REASON_TEXT_SIZE];

	apply_end_holds(s->apply, discover_model(s->discover), &done);
	observe_forget(s->observe);
	s->sampled_us = 0;
	ladder_cpu_reset(&s->ladder_cpu, now_us, (uint64_t)gap_us);
	log_notice("life.wake", "%s (%zu ended, %zu left)",
		   reason_text(&s->ladder_cpu.reason, NULL, why, sizeof(why)),
		   done.restored + done.gone, done.left);
}

void life_pass(struct state *s, int64_t now_us)
{
	int64_t last_us = s->status.pass_us;

	apply_set_now(s->apply, now_us);
	if (last_us > 0 && now_us - last_us > LIFE_BOUND_US)
		wake(s, now_us, now_us - last_us);
}

void life_stop(struct state *s)
{
	restore_all(s);
}
