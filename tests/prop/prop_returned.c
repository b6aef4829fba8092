// SPDX-License-Identifier: LGPL-2.1-or-later
// Nodes made at random, on which some pods are said to be back after an eviction: what they may use is only ever lowered,
// and nobody else's plan changes. The seed is printed; COLOD_SEED=N runs the same again.
#include "policy/decide.h"
#include "policy/decide_tree.h"
#include "policy/knob.h"
#include "tests/lib/cpu_case.h"
#include "tests/lib/test.h"

/* What is known of io.weight without the pods being back, by pod. */
static struct knob_value before[4096];

static bool is_back(const struct fake *f, size_t i)
{
	return model_has_returned(&f->model, f->model.pods[i]);
}

static void check_pod(struct fake *f, size_t i, int number)
{
	const struct pod *pod = f->model.pods[i];
	const struct assignment *a = &f->plan.assignments[pod->slot];
	const struct plan_entry *e = plan_find(&f->plan, pod->cgroup, KNOB_IO_WEIGHT);

	if (!is_back(f, i) || a->state != ASSIGNMENT_LEVEL || a->role != ROLE_OFFLINE ||
	    !a->may_hold) {
		CPU_CASE_CHECK(!e || e->reason.code != REASON_RETURNED_IO);
		CPU_CASE_CHECK(e ? e->want.value == before[i].value
				 : before[i].state != KNOB_KNOWN);
		return;
	}
	if (!e || e->reason.code != REASON_RETURNED_IO)
		return;
	cpu_case_looked++;
	CPU_CASE_CHECK(e->want.value == 1 && e->effect == EFFECT_SHARE);
	CPU_CASE_CHECK(decide_tree_base(pod->cgroup, KNOB_IO_WEIGHT)->value > 1 ||
		       before[i].value > 1);
}

static void check_returned(struct fake *f, int number)
{
	uint64_t seed = cpu_case_current() + (uint64_t)number + 1;

	f->model.capabilities |= 1u << CAPABILITY_IO_WEIGHT;
	f->policy.levels[LEVEL_P7].io.weight = (uint32_t)fake_random_below(&seed, 3) * 5;
	cpu_case_decide(f);
	for (size_t i = 0; i < f->model.n_pods && i < 4096; i++) {
		const struct plan_entry *e =
			plan_find(&f->plan, f->model.pods[i]->cgroup, KNOB_IO_WEIGHT);

		before[i] = e ? e->want : (struct knob_value){0};
		if (f->model.n_returned < MODEL_RETURNED && fake_random_below(&seed, 3) == 0)
			f->model.returned[f->model.n_returned++] = f->model.pods[i]->serial;
	}
	cpu_case_decide(f);
	for (size_t i = 0; i < f->model.n_pods && i < 4096; i++)
		check_pod(f, i, number);
}

TEST(what_is_back_is_only_lowered_and_nobody_else_is_touched)
{
	cpu_case_each(check_returned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_back_is_only_lowered_and_nobody_else_is_touched),
	};

	cpu_case_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
