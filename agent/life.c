// SPDX-License-Identifier: LGPL-2.1-or-later
// See life.h.
#include "agent/life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/account.h"
#include "agent/base/log.h"
#include "agent/restore.h"
#include "agent/state.h"
#include "policy/ladder.h"
#include "policy/reason_text.h"

/* One record and one line of holds that ended together. */
static void say_ended(struct state *s, const struct apply_restored *done, const char *why)
{
	char to[HISTORY_VALUE_SIZE];

	(void)snprintf(to, sizeof(to), "%zu ended, %zu left", done->restored + done->gone,
		       done->left);
	account_agent(s, "holds", to, why);
}

/* The unit file promises it in its environment, so that an older one, or another, whose end gives
 * nothing back, does not lead to values that stay. What this process starts inherits the promise;
 * SYSTEMD_EXEC_PID tells it from them. */
static bool is_handover(void)
{
	const char *promise = getenv("COLOD_HANDOVER"), *pid = getenv("SYSTEMD_EXEC_PID");

	return promise && strcmp(promise, "1") == 0 && pid && atoi(pid) == getpid();
}

void life_start(struct state *s, int64_t now_us)
{
	struct apply_restored done;

	s->life.handover = is_handover();

	apply_set_now(s->apply, now_us);
	apply_end_holds(s->apply, NULL, &done);
	if (done.written > 0)
		say_ended(s, &done, "they were left by a colod that died, and nothing ended them");
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
	say_ended(s, &done, reason_text(&s->ladder_cpu.reason, NULL, why, sizeof(why)));
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
	if (!s->life.handover) {
		restore_all(s);
		return;
	}
	(void)restore_holds(s->apply, s->history);
	log_info("life.stop", "shares and protection stay: colod restore --auto, which "
			      "systemd starts next, gives them back unless this is a restart");
}
