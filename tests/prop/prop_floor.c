// SPDX-License-Identifier: LGPL-2.1-or-later
// What the floor may do to any plan, over nodes made at random on which offline pods starve: it only
// raises, what it raises stays inside the bounds of rule 1, and it comes to rest. The seed is
// printed; COLOD_SEED=N runs the same nodes again.
#include "policy/floor.h"

#include <stdlib.h>

#include "policy/decide.h"
#include "policy/decide_cpu.h"
#include "policy/decide_tree.h"
#include "tests/lib/cpu_case.h"
#include "tests/lib/test.h"

#define SECOND 1000000
#define SECONDS 14

static uint64_t weight_of(const struct fake *f, const struct cgroup *cg)
{
	const struct plan_entry *e = plan_find(&f->plan, cg, KNOB_CPU_WEIGHT);
	const struct knob_value *base = decide_tree_base(cg, KNOB_CPU_WEIGHT);

	if (e)
		return e->want.value;
	return base->state == KNOB_KNOWN ? base->value : 0;
}

/* One more second: every other pod waits all the time and gets next to nothing. */
static void starve(struct fake *f, int second, int64_t now_us)
{
	for (size_t i = 0; i < f->model.n_pods; i++)
		fake_sample_waiting(f, f->model.pods[i], now_us, (uint64_t)second * 10,
				    i % 2 ? 0 : (uint64_t)second * 990000);
}

static uint64_t raised_weight(const struct fake *f, const struct plan_entry *e, uint64_t normal,
			      int number)
{
	const struct decide_tree *t = f->plan.tree;
	uint64_t ratio = f->model.node.n_cpus * 5u > 20u ? f->model.node.n_cpus * 5u : 20u;
	const struct decide_node *parent = NULL;

	for (size_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].cgroup == e->cgroup->parent)
			parent = &t->nodes[i];
	CPU_CASE_CHECK(parent && e->effect == EFFECT_SHARE && e->reason.extra == normal);
	CPU_CASE_CHECK(e->want.value > normal);
	/* Spread over all CPUs and on one of them, for all that yield here together. */
	CPU_CASE_CHECK(e->want.value * ratio * parent->n_yielding <= parent->siblings_weight);
	for (const struct cgroup *c = e->cgroup->parent->first_child; c; c = c->next_sibling) {
		struct decide_subtree s = decide_subtree(&f->plan, c);

		if ((s.online > 0 || s.others) && weight_of(f, c) > 0)
			CPU_CASE_CHECK(e->want.value <= weight_of(f, c));
	}
	if (e->cgroup->pod && e->cgroup->pod->kind == POD_KUBERNETES &&
	    e->cgroup->pod->resources.cpu_request_milli.state == FACT_KNOWN &&
	    e->cgroup->pod->resources.cpu_request_milli.value > 0)
		CPU_CASE_CHECK(e->want.value <=
			       decide_cpu_request_weight(
				       e->cgroup->pod->resources.cpu_request_milli.value));
	return 1;
}

/* What decide() left, to compare with; owned. */
static struct plan_entry *copy(const struct plan *plan)
{
	struct plan_entry *entries = calloc(plan->n_entries + 1, sizeof(*entries));

	assert_non_null(entries);
	for (size_t i = 0; i < plan->n_entries; i++)
		entries[i] = plan->entries[i];
	return entries;
}

static void check_raises(struct fake *f, int number)
{
	struct floor_cpu floor = {0};
	size_t changed = 0;

	f->ladders = (struct ladders){0};
	for (int s = 1; s <= SECONDS; s++) {
		int64_t now_us = FAKE_RANDOM_NOW_US + s * (int64_t)SECOND;
		struct plan_entry *normal;

		starve(f, s, now_us);
		assert_int_equal(decide_assigned(&f->model, &f->samples, &f->policy, now_us,
						 &f->ladders, &f->plan),
				 0);
		normal = copy(&f->plan);
		floor_step(&floor, &f->model, &f->samples, &f->plan, now_us);
		for (size_t i = 0; i < f->plan.n_entries; i++) {
			const struct plan_entry *e = &f->plan.entries[i];

			CPU_CASE_CHECK(e->cgroup == normal[i].cgroup && e->knob == normal[i].knob);
			if (e->reason.code == REASON_FLOOR_RAISED)
				cpu_case_looked +=
					raised_weight(f, e, normal[i].want.value, number);
			else
				CPU_CASE_CHECK(e->want.value == normal[i].want.value);
		}
		free(normal);
		changed = fake_apply(f);
	}
	/* What goes on as it was is left as it is. */
	CPU_CASE_CHECK(changed == 0);
}

TEST(the_floor_only_raises_and_stays_inside_the_bounds)
{
	cpu_case_each(check_raises);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_floor_only_raises_and_stays_inside_the_bounds),
	};

	cpu_case_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
