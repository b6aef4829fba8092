// SPDX-License-Identifier: LGPL-2.1-or-later
// A plan made by hand, and what writing it does to the knobs of a fake model: as the kernel and apply would
// leave them.
#include "tests/lib/fake.h"

#include <stdlib.h>

#include "policy/decide.h"
#include "policy/knob.h"

#define WEIGHT_DEFAULT 100

static const struct knob_value weight_default = {.state = KNOB_KNOWN, .value = WEIGHT_DEFAULT};

static bool planned(const struct fake *f, const struct cgroup *cg, int knob)
{
	for (size_t i = 0; i < f->plan.n_entries; i++)
		if (f->plan.entries[i].cgroup == cg && (int)f->plan.entries[i].knob == knob)
			return true;
	return false;
}

/* The kernel forgets the weight of a group that becomes idle and shows 1 meanwhile; apply keeps
 * what it was as an original. */
static void become_idle(struct cgroup *cg)
{
	struct knob_state *w = &cg->knobs[KNOB_CPU_WEIGHT];

	if (w->owned || w->now.value != WEIGHT_DEFAULT) {
		if (!w->owned || !knob_same(KNOB_CPU_WEIGHT, &w->now, &w->written))
			w->original = w->now;
		w->written = weight_default;
		w->owned = true;
	}
	w->now.value = 1;
}

static void set_value(struct cgroup *cg, int knob, const struct knob_value *value)
{
	bool has_weight = cg->knobs[KNOB_CPU_WEIGHT].now.state == KNOB_KNOWN;

	if (knob == KNOB_CPU_IDLE && has_weight && value->value == 1)
		become_idle(cg);
	if (knob == KNOB_CPU_IDLE && has_weight && value->value == 0)
		cg->knobs[KNOB_CPU_WEIGHT].now = weight_default;
	cg->knobs[knob].now = *value;
}

static size_t restore(const struct fake *f, struct cgroup *cg, int knob)
{
	struct knob_state *s = &cg->knobs[knob];
	size_t n = 0;

	if (!s->owned || planned(f, cg, knob))
		return 0;
	if (knob == KNOB_CPU_WEIGHT && planned(f, cg, KNOB_CPU_IDLE))
		return 0;
	if (knob_is_io_max((enum knob)knob) ? knob_stands((enum knob)knob, &s->written, &s->now, 1)
					    : knob_same((enum knob)knob, &s->now, &s->written)) {
		struct knob_value original = s->original;

		set_value(cg, knob, &original);
		n = 1;
	}
	s->owned = false;
	s->held = false;
	return n;
}

static size_t restore_unplanned(struct fake *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->model.n_cgroups; i++) {
		n += restore(f, f->model.cgroups[i], KNOB_CPU_IDLE);
		for (int k = 0; k < KNOB_COUNT; k++)
			n += restore(f, f->model.cgroups[i], k);
	}
	return n;
}

/* The kernel leaves what is not said, and colod gives back what it does not ask for any more. */
static void merge_io(struct knob_state *s, const struct knob_value *want)
{
	struct knob_value back, all = *want;

	if (s->owned)
		all = knob_complete(KNOB_IO_MAX, want, &s->original, &s->written, &s->now);
	back = s->now;
	s->now = knob_both(KNOB_IO_MAX, &all, &back);
}

size_t fake_apply(struct fake *f)
{
	size_t n = restore_unplanned(f);

	for (size_t i = 0; i < f->plan.n_entries; i++) {
		const struct plan_entry *e = &f->plan.entries[i];
		struct knob_state *s = &e->cgroup->knobs[e->knob];

		if (knob_is_io_max(e->knob) ? knob_equal(e->knob, &e->want, &s->now, 1)
					    : knob_same(e->knob, &s->now, &e->want))
			continue;
		if (!s->owned || !knob_stands(e->knob, &s->written, &s->now, 1))
			s->original = s->now;
		if (knob_is_io_max(e->knob))
			merge_io(s, &e->want);
		else
			set_value(e->cgroup, e->knob, &e->want);
		s->written = e->want;
		s->owned = true;
		s->held = e->effect == EFFECT_HOLD;
		n++;
	}
	return n;
}

static void add(struct fake *f, struct cgroup *cg, enum knob knob, enum effect effect,
		const struct knob_value *want, uint64_t limit)
{
	struct plan_entry e = {
		.cgroup = cg,
		.knob = knob,
		.effect = effect,
		.want = *want,
		.reason = {.code = REASON_WEIGHT_FIXED,
			   .level = LEVEL_NONE,
			   .rule = -1,
			   .limit = limit},
	};

	if (plan_add(&f->plan, &e) < 0)
		abort();
}

void fake_plan(struct fake *f, struct cgroup *cg, enum knob knob, enum effect effect,
	       uint64_t value)
{
	struct knob_value want = knob == KNOB_CPU_MAX ? knob_value_quota(value, 20000)
						      : knob_value_of(value);

	add(f, cg, knob, effect, &want, value);
}

void fake_plan_cpus(struct fake *f, struct cgroup *cg, enum knob knob, enum effect effect,
		    const char *list)
{
	struct knob_value want;

	if (knob_parse(knob, list, &want) < 0)
		abort();
	add(f, cg, knob, effect, &want, 0);
}
