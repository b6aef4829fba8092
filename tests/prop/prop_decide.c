// SPDX-License-Identifier: LGPL-2.1-or-later
// What must hold for every plan, over nodes made at random: both drivers, all classes, units,
// mixed and undecided pods, values that others and colod itself wrote before. The seed is printed;
// COLOD_SEED=N runs the same nodes again.
#include <inttypes.h>
#include <stdio.h>

#include "policy/decide.h"
#include "policy/decide_tree.h"
#include "policy/ladder_cpu.h"
#include "tests/lib/fake_random.h"
#include "tests/lib/test.h"

#define CASES 400
#define SECOND 1000000
#define NOW FAKE_RANDOM_NOW_US

static uint64_t seed;

static void run(struct fake *f)
{
	assert_int_equal(
		decide_assigned(&f->model, &f->samples, &f->policy, NOW, &f->ladders, &f->plan), 0);
}

/* A failure that can be looked at again. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("COLOD_SEED=%" PRIu64 " case %d: %s", seed, number, #condition);  \
	} while (0)

/* Calls `check` on CASES nodes with their first plan. */
static void for_each_case(void (*check)(struct fake *f, int number))
{
	for (int number = 0; number < CASES; number++) {
		struct fake f;

		fake_random(&f, seed + (uint64_t)number);
		run(&f);
		check(&f, number);
		fake_free(&f);
	}
}

static const struct plan_entry *same_entry(const struct plan_entry *list, size_t n,
					   const struct plan_entry *e)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].cgroup == e->cgroup && list[i].knob == e->knob)
			return &list[i];
	return NULL;
}

static void show(const char *what, const struct plan_entry *e)
{
	print_message("# %s %s knob %d: %" PRIu64 " reason %d observed %" PRIu64 "\n", what,
		      e->cgroup->path, (int)e->knob, e->want.value, (int)e->reason.code,
		      e->reason.observed);
}

static bool is_same_plan(const struct plan *plan, const struct plan_entry *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!same_entry(plan->entries, plan->n_entries, &list[i])) {
			show("gone:", &list[i]);
			return false;
		}
	for (size_t i = 0; i < n; i++) {
		const struct plan_entry *e = &plan->entries[i];
		const struct plan_entry *o = same_entry(list, n, e);

		if (!o || o->effect != e->effect || o->want.value != e->want.value ||
		    o->want.period_us != e->want.period_us ||
		    memcmp(&o->reason, &e->reason, sizeof(e->reason)) != 0) {
			show("new:", e);
			if (o)
				show("before:", o);
			return false;
		}
	}
	return true;
}

static struct plan_entry *copy_of(const struct plan *plan)
{
	struct plan_entry *copy = malloc((plan->n_entries + 1) * sizeof(*copy));

	assert_non_null(copy);
	if (plan->n_entries > 0)
		memcpy(copy, plan->entries, plan->n_entries * sizeof(*copy));
	return copy;
}

static void check_fixpoint(struct fake *f, int number)
{
	size_t n = f->plan.n_entries;
	struct plan_entry *before = copy_of(&f->plan);

	(void)fake_apply(f);
	run(f);
	CHECK(is_same_plan(&f->plan, before, n));
	CHECK(fake_apply(f) == 0);
	free(before);
}

TEST(writing_a_plan_does_not_change_it)
{
	for_each_case(check_fixpoint);
}

static void check_order(struct fake *f, int number)
{
	size_t n = f->plan.n_entries;
	struct plan_entry *before = copy_of(&f->plan);

	fake_reverse_siblings(f);
	run(f);
	CHECK(is_same_plan(&f->plan, before, n));
	free(before);
}

TEST(the_order_of_siblings_does_not_matter)
{
	for_each_case(check_order);
}

static void check_touched(struct fake *f, int number)
{
	for (size_t i = 0; i < f->plan.n_entries; i++) {
		const struct plan_entry *e = &f->plan.entries[i];
		struct decide_subtree s = decide_subtree(&f->plan, e->cgroup);

		CHECK(s.online + s.offline > 0);
		CHECK(e->cgroup->parent);
		CHECK(e->cgroup->knobs[e->knob].now.state == KNOB_KNOWN);
		for (const struct cgroup *up = e->cgroup; up; up = up->parent)
			CHECK(!up->pod || up->pod->cgroup != up ||
			      plan_assignment(&f->plan, up->pod)->state == ASSIGNMENT_LEVEL);
		if (e->effect == EFFECT_LIMIT || e->effect == EFFECT_HOLD)
			CHECK(s.online == 0 && s.undecided == 0 && !s.others);
		if (e->effect == EFFECT_LIMIT || e->effect == EFFECT_HOLD)
			CHECK(s.offline > 0);
	}
}

TEST(undecided_pods_are_never_touched_and_online_ones_never_held)
{
	for_each_case(check_touched);
}

/* Every pod below a limit or a hold may be held. */
static void check_may_hold(struct fake *f, int number)
{
	for (size_t i = 0; i < f->model.n_pods; i++) {
		const struct pod *pod = f->model.pods[i];

		if (plan_assignment(&f->plan, pod)->may_hold)
			continue;
		for (const struct cgroup *up = pod->cgroup; up; up = up->parent)
			CHECK(!plan_find(&f->plan, up, KNOB_CPU_MAX));
		CHECK(!plan_find(&f->plan, pod->cgroup, KNOB_MEMORY_HIGH));
	}
}

TEST(a_pod_that_may_not_be_held_meets_no_limit_and_no_hold)
{
	for_each_case(check_may_hold);
}

static void check_ranges(struct fake *f, int number)
{
	for (size_t i = 0; i < f->plan.n_entries; i++) {
		const struct plan_entry *e = &f->plan.entries[i];

		CHECK(e->want.state == KNOB_KNOWN && e->want.value != KNOB_VALUE_MAX);
		CHECK(e->reason.code != REASON_NONE);
		if (e->knob == KNOB_CPU_WEIGHT || e->knob == KNOB_IO_WEIGHT)
			CHECK(e->want.value >= 1 && e->want.value <= 10000);
		if (e->knob == KNOB_CPU_IDLE)
			CHECK(e->want.value == 1 &&
			      !plan_find(&f->plan, e->cgroup, KNOB_CPU_WEIGHT));
		if (e->knob == KNOB_CPU_MAX)
			CHECK(e->want.value >= 1000 && e->want.period_us == 20000);
		if (e->knob >= KNOB_MEMORY_MIN && e->knob <= KNOB_MEMORY_HIGH)
			CHECK(e->want.value % 4096 == 0 && e->want.value > 0);
	}
}

TEST(every_value_is_one_the_kernel_takes)
{
	for_each_case(check_ranges);
}

/* What the knob will be once the plan is written. */
static uint64_t planned(const struct fake *f, const struct cgroup *cg, enum knob knob)
{
	const struct plan_entry *e = plan_find(&f->plan, cg, knob);
	const struct knob_value *base = decide_tree_base(cg, knob);

	if (e)
		return e->want.value;
	if (base->state != KNOB_KNOWN)
		return 0;
	return base->value == KNOB_VALUE_MAX ? f->model.node.memory_bytes : base->value;
}

static void check_protection(struct fake *f, int number)
{
	static const enum knob knobs[] = {KNOB_MEMORY_MIN, KNOB_MEMORY_LOW};

	for (size_t i = 0; i < f->plan.n_entries; i++) {
		const struct plan_entry *e = &f->plan.entries[i];
		const struct cgroup *up = e->cgroup->parent;

		if (e->effect != EFFECT_PROTECTION)
			continue;
		CHECK(e->want.value >= planned(f, e->cgroup, e->knob));
		/* A class whose file is missing cannot cover: doctor says so. */
		for (size_t k = 0; k < 2 && up->parent; k++) {
			uint64_t sum = 0;

			if (knobs[k] != e->knob || up->knobs[e->knob].now.state != KNOB_KNOWN)
				continue;
			for (const struct cgroup *c = up->first_child; c; c = c->next_sibling)
				if (!c->pod || c->pod->cgroup == c)
					sum += planned(f, c, e->knob);
			CHECK(planned(f, up, e->knob) >= sum);
		}
	}
}

TEST(every_ancestor_covers_what_its_children_were_promised)
{
	for_each_case(check_protection);
}

static void check_bound(struct fake *f, int number)
{
	uint64_t total = f->model.node.memory_bytes, before = 0, after = 0;

	for (size_t i = 0; i < f->model.n_pods; i++) {
		const struct cgroup *cg = f->model.pods[i]->cgroup;
		const struct knob_value *base = decide_tree_base(cg, KNOB_MEMORY_MIN);
		const struct plan_entry *e = plan_find(&f->plan, cg, KNOB_MEMORY_MIN);

		before += base->state == KNOB_KNOWN ? base->value : 0;
		/* A pod's cgroup may also cover a pod inside it, which is counted by itself. */
		if (e && e->reason.code == REASON_MEMORY_CHILDREN)
			continue;
		after += planned(f, cg, KNOB_MEMORY_MIN);
	}
	CHECK(after <= total - total / 10 || after <= before);
}

TEST(the_node_never_promises_more_than_it_can_keep)
{
	for_each_case(check_bound);
}

/* All that yield by weight under one parent together, against what they yield to. */
static void check_ratio(struct fake *f, int number)
{
	for (size_t p = 0; p < f->model.n_cgroups; p++) {
		uint64_t offline = 0, online = 0, n = 0, ratio = UINT64_MAX;

		for (const struct cgroup *c = f->model.cgroups[p]->first_child; c;
		     c = c->next_sibling) {
			const struct plan_entry *e = plan_find(&f->plan, c, KNOB_CPU_WEIGHT);
			struct decide_subtree s = decide_subtree(&f->plan, c);

			if (e && (e->reason.code == REASON_YIELD_RATIO ||
				  e->reason.code == REASON_YIELD_REQUEST)) {
				offline += e->want.value;
				n++;
				ratio = e->reason.limit < ratio ? e->reason.limit : ratio;
				CHECK(e->reason.limit >= 50 && s.online == 0);
			} else if (s.online > 0 || s.others) {
				online += planned(f, c, KNOB_CPU_WEIGHT);
			}
		}
		/* Weight 1 is the kernel's least. */
		if (n > 0)
			CHECK(offline <= n || offline * ratio <= online);
	}
}

TEST(offline_siblings_together_stay_under_the_ratio)
{
	for_each_case(check_ratio);
}

static void check_holds(struct fake *f, int number)
{
	uint64_t sum = 0, n = 0;

	for (size_t i = 0; i < f->plan.n_entries; i++) {
		const struct plan_entry *e = &f->plan.entries[i];

		if (e->knob != KNOB_CPU_MAX)
			continue;
		CHECK(e->effect == EFFECT_HOLD);
		sum += e->want.value;
		n++;
		/* never two on one path, never over a tighter one of somebody else */
		for (const struct cgroup *up = e->cgroup->parent; up; up = up->parent)
			CHECK(!plan_find(&f->plan, up, KNOB_CPU_MAX));
		CHECK(e->want.value * 5 <= decide_tree_base(e->cgroup, KNOB_CPU_MAX)->value);
	}
	if (f->ladders.of[RESOURCE_CPU].rung == RUNG_CALM)
		CHECK(n == 0);
	CHECK(sum <= f->ladders.of[RESOURCE_CPU].quota_cpu_milli * 20 + n * 1000);
}

TEST(quotas_together_are_what_the_ladder_gave)
{
	for_each_case(check_holds);
}

/* The same node, where every online pod waited more: the quota is not larger. */
static void check_monotone(struct fake *f, int number)
{
	struct ladder less = {0}, more = {0};

	less.rung = more.rung = f->ladders.of[RESOURCE_CPU].rung;
	less.quota_cpu_milli = more.quota_cpu_milli = f->ladders.of[RESOURCE_CPU].quota_cpu_milli;
	less.pressure_us = more.pressure_us = NOW - (int64_t)(seed % 20) * SECOND;
	less.grown_us = more.grown_us = NOW - SECOND;
	ladder_cpu_step(&less, &f->model, &f->samples, &f->policy, &f->plan, NOW);
	for (size_t i = 0; i < f->samples.n_slots; i++) {
		struct pod_history *h = f->samples.pods[i];

		for (uint32_t s = 0; h && s < h->count; s++)
			h->ring[s].psi[RESOURCE_CPU].some_us += s * (uint64_t)SECOND / 2;
	}
	ladder_cpu_step(&more, &f->model, &f->samples, &f->policy, &f->plan, NOW);
	if (less.rung == RUNG_SQUEEZE) {
		CHECK(more.rung == RUNG_SQUEEZE);
		CHECK(more.quota_cpu_milli <= less.quota_cpu_milli);
	}
}

TEST(more_pressure_never_gives_offline_work_more)
{
	for_each_case(check_monotone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writing_a_plan_does_not_change_it),
		cmocka_unit_test(the_order_of_siblings_does_not_matter),
		cmocka_unit_test(undecided_pods_are_never_touched_and_online_ones_never_held),
		cmocka_unit_test(a_pod_that_may_not_be_held_meets_no_limit_and_no_hold),
		cmocka_unit_test(every_value_is_one_the_kernel_takes),
		cmocka_unit_test(every_ancestor_covers_what_its_children_were_promised),
		cmocka_unit_test(the_node_never_promises_more_than_it_can_keep),
		cmocka_unit_test(offline_siblings_together_stay_under_the_ratio),
		cmocka_unit_test(quotas_together_are_what_the_ladder_gave),
		cmocka_unit_test(more_pressure_never_gives_offline_work_more),
	};
	const char *given = getenv("COLOD_SEED");

	seed = given ? strtoull(given, NULL, 10) : 20260101;
	print_message("# COLOD_SEED=%" PRIu64 ", %d cases per property\n", seed, CASES);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
