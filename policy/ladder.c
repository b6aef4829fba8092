// SPDX-License-Identifier: LGPL-2.1-or-later
// One ladder for every resource; what differs is a table of its rungs and what it sees.
//
//              pressure, and the rung below on for dwell      e.g. memory:  calm
//          ┌──────────────────────────────────────────▶                     squeeze   at once
//   rung n │                                     rung n + 1                 reclaim   after 1 s
//          ◀──────────────────────────────────────────┘                    freeze    ...
//              no pressure for calm_us, and it takes
//              nothing any more; or it helped nobody
//
// Up needs pressure *now*, down needs peace for a while: a series that does not change moves it at most once
// (but for a rung that is tried again after its rest). Must not know what a rung does to anybody.
#include "policy/ladder.h"

#include "policy/efficacy.h"

/* Place in the table plus one; 0 is calm. A rung that the table does not have counts as calm. */
static size_t place_of(const struct ladder_table *table, enum rung rung)
{
	for (size_t i = 0; i < table->n; i++)
		if (table->rungs[i].rung == rung)
			return i + 1;
	return 0;
}

static bool is_allowed(const struct ladder_table *table, const struct ladder_signal *signal,
		       size_t place)
{
	return place == 0 || (signal->allowed & (1u << table->rungs[place - 1].rung));
}

static size_t allowed_below(const struct ladder_table *table, const struct ladder_signal *signal,
			    size_t place)
{
	while (place > 0 && !is_allowed(table, signal, place - 1))
		place--;
	return place > 0 ? place - 1 : 0;
}

/* By who waits, not by the room. */
static bool is_asked(const struct ladder_table *table, const struct ladder_signal *signal,
		     size_t place)
{
	return !(signal->unasked & (1u << table->rungs[place - 1].rung));
}

/* The next one up, or the one that is due at once; 0: there is none. */
static size_t allowed_above(const struct ladder_table *table, const struct ladder_signal *signal,
			    size_t place)
{
	size_t due = place_of(table, signal->at_once);

	for (size_t to = due; to > place; to--)
		if (is_allowed(table, signal, to))
			return to;
	for (size_t to = place + 1; to <= table->n; to++)
		if (is_allowed(table, signal, to) && (signal->falls || is_asked(table, signal, to)))
			return to;
	return 0;
}

static bool is_brief(const struct ladder_table *table, enum rung rung)
{
	size_t place = place_of(table, rung);

	return place > 0 && table->rungs[place - 1].brief;
}

static void go(struct ladder *ladder, const struct ladder_table *table, size_t place,
	       const struct reason *reason, int64_t now_us)
{
	ladder->rung = place > 0 ? table->rungs[place - 1].rung : RUNG_CALM;
	ladder->since_us = now_us;
	ladder->steps++;
	ladder->reason = *reason;
}

static void release(struct ladder *ladder, const struct ladder_table *table, size_t place,
		    const struct wait_look *look)
{
	int64_t now_us = look->now_us;
	int64_t calm_us = now_us > ladder->pressure_us ? now_us - ladder->pressure_us : 0;
	struct reason reason = {
		.code = REASON_RELEASED,
		.level = LEVEL_NONE,
		.rule = -1,
		.for_us = (uint64_t)calm_us,
		.extra = (uint64_t)look->resource,
	};

	if (place == 0 || !is_brief(table, ladder->rung))
		efficacy_end(&ladder->efficacy);
	go(ladder, table, place, &reason, now_us);
}

/* For the last rung all counts that was tried before it. */
static int64_t been_on_us(const struct ladder *ladder, bool last, int64_t now_us)
{
	int64_t since_us = ladder->since_us, trial_us = ladder->efficacy.started_us;

	if (last && trial_us != 0 && trial_us < since_us)
		since_us = trial_us;
	return now_us - since_us;
}

/* What is still to come may help. */
static bool last_is_to_come(const struct ladder_table *table, const struct ladder_signal *signal,
			    size_t place)
{
	for (size_t to = place + 1; to <= table->n; to++)
		if (table->rungs[to - 1].last && is_allowed(table, signal, to) &&
		    (signal->falls || is_asked(table, signal, to)))
			return place > 0 && signal->useful;
	return false;
}

static bool climb(struct ladder *ladder, const struct ladder_table *table,
		  const struct ladder_signal *signal, const struct wait_look *look, size_t place)
{
	size_t to = allowed_above(table, signal, place);
	bool at_once, due, last;

	if (to == 0 || !signal->useful)
		return false;
	last = table->rungs[to - 1].last;
	at_once = place_of(table, signal->at_once) >= to;
	due = ((signal->pressure && is_asked(table, signal, to)) || (last && signal->falls)) &&
	      been_on_us(ladder, last, look->now_us) >= (int64_t)table->rungs[to - 1].dwell_us;
	if (!at_once && !due)
		return false;
	go(ladder, table, to, &signal->reason, look->now_us);
	if (!is_brief(table, ladder->rung) || ladder->efficacy.started_us == 0)
		efficacy_begin(&ladder->efficacy, look);
	return true;
}

enum rung ladder_step(struct ladder *ladder, const struct ladder_table *table,
		      const struct ladder_signal *signal, const struct wait_look *look)
{
	size_t place = place_of(table, ladder->rung);
	enum rung before = ladder->rung;
	int64_t now_us = look->now_us;
	struct reason useless;

	efficacy_expire(&ladder->efficacy, look);
	if (signal->pressure)
		ladder->pressure_us = now_us;
	if (!is_allowed(table, signal, place)) {
		release(ladder, table, allowed_below(table, signal, place), look);
		return before;
	}
	if (place > 0 && !last_is_to_come(table, signal, place) &&
	    efficacy_is_useless(&ladder->efficacy, look, signal->in_force, &useless)) {
		efficacy_end(&ladder->efficacy);
		go(ladder, table, allowed_below(table, signal, place), &useless, now_us);
		return before;
	}
	if (climb(ladder, table, signal, look, place) || place == 0)
		return before;
	if (!signal->pressure && signal->spent &&
	    now_us - ladder->pressure_us >= (int64_t)table->rungs[place - 1].calm_us)
		release(ladder, table, allowed_below(table, signal, place), look);
	return before;
}

int64_t ladder_stands_us(const struct ladder *ladder, const struct ladder_table *table,
			 int64_t now_us)
{
	size_t place = place_of(table, ladder->rung);
	int64_t until_us;

	if (place == 0)
		return 0;
	until_us = ladder->pressure_us + (int64_t)table->rungs[place - 1].calm_us;
	return until_us > now_us ? until_us : 0;
}

void ladder_reset(struct ladder *ladder, int64_t now_us, uint64_t gap_us)
{
	bool held = ladder->rung != RUNG_CALM;

	*ladder = (struct ladder){
		.rung = RUNG_CALM,
		.since_us = now_us,
		.steps = ladder->steps + held,
		.reason = {.code = REASON_GAP, .level = LEVEL_NONE, .rule = -1, .for_us = gap_us},
	};
}

void ladder_reset_all(struct ladders *ladders, int64_t now_us, uint64_t gap_us)
{
	for (int i = 0; i < RESOURCE_COUNT; i++) {
		const struct ladder *l = &ladders->of[i];

		/* One that never saw anything has nothing to forget, and nothing to tell. */
		if (l->steps > 0 || l->pressure_us > 0 || l->rung != RUNG_CALM)
			ladder_reset(&ladders->of[i], now_us, gap_us);
	}
	ladders->io = (struct io_holds){0};
}
