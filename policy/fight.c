// SPDX-License-Identifier: LGPL-2.1-or-later
// See fight.h. The budget is a bucket of FIGHT_BURST rewrites that fills up again within the window;
// kept as the one time at which it is full.
#include "policy/fight.h"

#define COST_US (FIGHT_WINDOW_US / FIGHT_BURST)

/* Takes one rewrite out of the budget; false when none is left. */
static bool charge(struct fight *f, int64_t now_us)
{
	int64_t from_us = f->paid_us > now_us ? f->paid_us : now_us;

	if (from_us + COST_US - now_us > FIGHT_WINDOW_US)
		return false;
	f->paid_us = from_us + COST_US;
	return true;
}

static void begin(struct fight *f, int64_t now_us)
{
	f->on = true;
	f->since_us = now_us;
	f->repaired_us = now_us;
	f->interval_us = FIGHT_FIRST_US;
	f->rewrites_before = f->rewrites - 1;
	f->waiting = true;
}

static void overwritten_again(struct fight *f)
{
	uint32_t twice = f->interval_us * 2;

	f->interval_us = twice < FIGHT_LONGEST_US ? twice : FIGHT_LONGEST_US;
	f->waiting = true;
}

enum fight_verdict fight_rewritten(struct fight *f, int64_t now_us)
{
	if (f->on && f->waiting) {
		if (now_us - f->repaired_us < f->interval_us)
			return FIGHT_WAIT;
		f->waiting = false;
		f->repaired_us = now_us;
		return FIGHT_REPAIR;
	}
	if (f->rewrites < UINT32_MAX)
		f->rewrites++;
	if (f->on) {
		overwritten_again(f);
		return FIGHT_WAIT;
	}
	if (charge(f, now_us))
		return FIGHT_REPAIR;
	begin(f, now_us);
	return FIGHT_BEGINS;
}

bool fight_stands(struct fight *f, int64_t now_us)
{
	if (!f->on)
		return false;
	/* The others put colod's value there themselves: from here on it has to stand. */
	if (f->waiting) {
		f->waiting = false;
		f->repaired_us = now_us;
	}
	if (now_us - f->repaired_us < f->interval_us)
		return false;
	f->on = false;
	return true;
}
