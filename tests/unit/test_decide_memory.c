// SPDX-License-Identifier: LGPL-2.1-or-later
// Protection that every ancestor covers and the node can keep, and the static bound on offline
// pods.
#include "policy/decide.h"
#include "policy/knob.h"
#include "tests/lib/decide_case.h"
#include "tests/lib/test.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static struct pod *pod(struct fake *f, const char *path, enum qos qos, enum level level,
		       uint64_t memory)
{
	struct pod *p = decide_pod(f, path, qos, level);

	if (memory > 0)
		fake_request(p, 100, memory);
	return p;
}

static struct pod *pod_at(struct fake *f, const char *path)
{
	return fake_cgroup(f, path)->pod;
}

/* 8 GiB; g1 1 GiB of min, b1 512 MiB and b2 256 MiB of low, o1 offline without a request. */
static void usual_node(struct fake *f)
{
	fake_init(f);
	pod(f, G1, QOS_GUARANTEED, LEVEL_P0, GIB);
	pod(f, B1, QOS_BURSTABLE, LEVEL_P4, 512 * MIB);
	pod(f, B2, QOS_BURSTABLE, LEVEL_P4, 256 * MIB);
	fake_limit(pod(f, O1, QOS_BESTEFFORT, LEVEL_P7, 0), KNOB_VALUE_MAX, KNOB_VALUE_MAX);
}

TEST(requests_are_protected_and_every_ancestor_covers_its_children)
{
	struct fake f;

	usual_node(&f);
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_MEMORY_MIN), GIB);
	assert_int_equal(decide_want(&f, G1, KNOB_MEMORY_LOW), -1);
	assert_int_equal(decide_want(&f, B1, KNOB_MEMORY_LOW), 512 * MIB);
	assert_int_equal(decide_want(&f, B1, KNOB_MEMORY_MIN), -1);
	assert_int_equal(decide_want(&f, BURSTABLE, KNOB_MEMORY_LOW), 768 * MIB);
	assert_int_equal(decide_want(&f, BURSTABLE, KNOB_MEMORY_MIN), -1);
	assert_int_equal(decide_want(&f, KUBE, KNOB_MEMORY_LOW), 768 * MIB);
	assert_int_equal(decide_want(&f, KUBE, KNOB_MEMORY_MIN), GIB);
	assert_int_equal(decide_entry(&f, KUBE, KNOB_MEMORY_LOW)->reason.code,
			 REASON_MEMORY_CHILDREN);
	assert_int_equal(decide_entry(&f, KUBE, KNOB_MEMORY_LOW)->reason.extra, 2);
	assert_int_equal(decide_entry(&f, KUBE, KNOB_MEMORY_LOW)->effect, EFFECT_PROTECTION);
	/* nothing for offline work, nothing at the root */
	assert_int_equal(decide_want(&f, O1, KNOB_MEMORY_LOW), -1);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_MEMORY_LOW), -1);
	assert_int_equal(decide_want(&f, "", KNOB_MEMORY_LOW), -1);
	fake_free(&f);
}

TEST(what_a_sibling_was_promised_by_others_is_covered_too)
{
	struct fake f;

	usual_node(&f);
	fake_set(fake_cgroup(&f, BURSTABLE "/foreign"), KNOB_MEMORY_LOW, 64 * MIB);
	fake_set(fake_cgroup(&f, KUBE), KNOB_MEMORY_LOW, 2 * GIB);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BURSTABLE, KNOB_MEMORY_LOW), (768 + 64) * MIB);
	/* there is more than enough already: not lowered */
	assert_int_equal(decide_want(&f, KUBE, KNOB_MEMORY_LOW), -1);
	fake_free(&f);
}

TEST(a_larger_protection_by_others_is_never_lowered)
{
	struct fake f;

	usual_node(&f);
	fake_set(fake_cgroup(&f, G1), KNOB_MEMORY_MIN, 2 * GIB);
	fake_set(fake_cgroup(&f, B1), KNOB_MEMORY_LOW, KNOB_VALUE_MAX);
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_MEMORY_MIN), -1);
	assert_int_equal(decide_want(&f, B1, KNOB_MEMORY_LOW), -1);
	/* "max" is worth what the node has, and never makes a sum say "max" */
	assert_int_equal(decide_want(&f, BURSTABLE, KNOB_MEMORY_LOW), 8 * GIB + 256 * MIB);
	fake_free(&f);
}

TEST(a_derived_request_protects_only_a_guaranteed_pod)
{
	struct fake f;

	usual_node(&f);
	pod_at(&f, G1)->resources.memory_request_bytes.state = FACT_DERIVED;
	pod_at(&f, B1)->resources.memory_request_bytes.state = FACT_DERIVED;
	pod_at(&f, B2)->resources.memory_request_bytes.state = FACT_UNKNOWN;
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_MEMORY_MIN), GIB);
	assert_int_equal(decide_want(&f, B1, KNOB_MEMORY_LOW), -1);
	assert_int_equal(decide_want(&f, B2, KNOB_MEMORY_LOW), -1);
	assert_int_equal(decide_want(&f, BURSTABLE, KNOB_MEMORY_LOW), -1);
	fake_free(&f);
}

TEST(values_are_whole_pages)
{
	struct fake f;

	usual_node(&f);
	fake_request(pod_at(&f, G1), 100, GIB + 4095);
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_MEMORY_MIN), GIB);
	fake_free(&f);
}

TEST(what_the_node_cannot_promise_becomes_low_and_the_last_path_loses)
{
	struct fake f;
	uint64_t bound = 8 * GIB - 8 * GIB / 10;

	usual_node(&f);
	pod(&f, G2, QOS_GUARANTEED, LEVEL_P0, 7 * GIB);
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_MEMORY_MIN), GIB);
	assert_int_equal(decide_entry(&f, G1, KNOB_MEMORY_MIN)->reason.code, REASON_MEMORY_REQUEST);
	assert_int_equal(decide_want(&f, G2, KNOB_MEMORY_MIN), (bound - GIB) / 4096 * 4096);
	assert_int_equal(decide_entry(&f, G2, KNOB_MEMORY_MIN)->reason.code, REASON_MEMORY_BOUND);
	assert_int_equal(decide_entry(&f, G2, KNOB_MEMORY_MIN)->reason.observed, 7 * GIB);
	assert_int_equal(decide_entry(&f, G2, KNOB_MEMORY_MIN)->reason.limit, bound);
	assert_int_equal(decide_want(&f, G2, KNOB_MEMORY_LOW), 7 * GIB);
	assert_true((uint64_t)decide_want(&f, KUBE, KNOB_MEMORY_MIN) <= bound);
	assert_int_equal(decide_want(&f, KUBE, KNOB_MEMORY_LOW), 7 * GIB + 768 * MIB);
	fake_free(&f);
}

TEST(the_lowest_level_loses_its_min_first)
{
	struct fake f;

	usual_node(&f);
	f.policy.levels[LEVEL_P4].memory.min.kind = AMOUNT_REQUEST;
	f.policy.levels[LEVEL_P4].memory.low.kind = AMOUNT_NONE;
	fake_request(pod_at(&f, B1), 100, 7 * GIB); /* its path comes before g1's */
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_MEMORY_MIN), GIB);
	assert_true((uint64_t)decide_want(&f, B1, KNOB_MEMORY_MIN) < 7 * GIB);
	assert_int_equal(decide_want(&f, B1, KNOB_MEMORY_LOW), 7 * GIB);
	/* b2 is the last: nothing is left for it */
	assert_int_equal(decide_want(&f, B2, KNOB_MEMORY_MIN), -1);
	assert_int_equal(decide_want(&f, B2, KNOB_MEMORY_LOW), 256 * MIB);
	fake_free(&f);
}

TEST(what_the_kubelet_keeps_back_is_promised_to_nobody)
{
	struct fake f;

	usual_node(&f);
	fake_set(fake_cgroup(&f, KUBE), KNOB_MEMORY_MAX, 5 * GIB);
	fake_request(pod_at(&f, G1), 100, 6 * GIB);
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_MEMORY_MIN), 5 * GIB);
	assert_int_equal(decide_want(&f, G1, KNOB_MEMORY_LOW), 6 * GIB);
	fake_free(&f);
}

TEST(promises_of_others_count_against_the_bound)
{
	struct fake f;

	usual_node(&f);
	fake_set(fake_service(&f, "system.slice"), KNOB_MEMORY_MIN, 2 * GIB);
	fake_request(pod_at(&f, G1), 100, 7 * GIB);
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_MEMORY_MIN),
			 (8 * GIB - 8 * GIB / 10 - 2 * GIB) / 4096 * 4096);
	assert_int_equal(decide_want(&f, "system.slice", KNOB_MEMORY_MIN), -1);
	fake_free(&f);
}

TEST(high_is_a_part_of_the_limit)
{
	struct fake f;

	usual_node(&f);
	fake_limit(pod_at(&f, O1), 1000, GIB);
	decide_run(&f);
	assert_int_equal(decide_want(&f, O1, KNOB_MEMORY_HIGH), GIB * 8 / 10 / 4096 * 4096);
	assert_int_equal(decide_entry(&f, O1, KNOB_MEMORY_HIGH)->reason.code,
			 REASON_MEMORY_OF_LIMIT);
	assert_int_equal(decide_entry(&f, O1, KNOB_MEMORY_HIGH)->effect, EFFECT_LIMIT);
	/* online pods are not limited */
	assert_int_equal(decide_want(&f, G1, KNOB_MEMORY_HIGH), -1);
	assert_int_equal(decide_want(&f, B1, KNOB_MEMORY_HIGH), -1);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_MEMORY_HIGH), -1);
	fake_free(&f);
}

TEST(high_without_a_limit_is_a_part_of_what_the_node_gives_to_pods)
{
	struct fake f;

	usual_node(&f);
	decide_run(&f);
	assert_int_equal(decide_want(&f, O1, KNOB_MEMORY_HIGH), 8 * GIB * 8 / 10 / 4096 * 4096);
	fake_set(fake_cgroup(&f, KUBE), KNOB_MEMORY_MAX, 6 * GIB);
	decide_run(&f);
	assert_int_equal(decide_want(&f, O1, KNOB_MEMORY_HIGH), 6 * GIB * 8 / 10 / 4096 * 4096);
	assert_int_equal(decide_entry(&f, O1, KNOB_MEMORY_HIGH)->reason.code,
			 REASON_MEMORY_OF_NODE);
	assert_int_equal(decide_entry(&f, O1, KNOB_MEMORY_HIGH)->reason.observed, 6 * GIB);
	fake_free(&f);
}

TEST(high_is_never_under_a_page)
{
	struct fake f;

	usual_node(&f);
	fake_limit(pod_at(&f, O1), 1000, 100);
	decide_run(&f);
	assert_int_equal(decide_want(&f, O1, KNOB_MEMORY_HIGH), 4096);
	fake_free(&f);
}

TEST(a_limit_nobody_told_yet_limits_nothing)
{
	struct fake f;

	usual_node(&f);
	pod_at(&f, O1)->resources.memory_limit_bytes.state = FACT_UNKNOWN;
	decide_run(&f);
	assert_int_equal(decide_want(&f, O1, KNOB_MEMORY_HIGH), -1);
	fake_free(&f);
}

TEST(a_tighter_high_by_others_stays)
{
	struct fake f;

	usual_node(&f);
	fake_set(fake_cgroup(&f, O1), KNOB_MEMORY_HIGH, GIB);
	decide_run(&f);
	assert_int_equal(decide_want(&f, O1, KNOB_MEMORY_HIGH), -1);
	fake_set(fake_cgroup(&f, O1), KNOB_MEMORY_HIGH, 7 * GIB);
	decide_run(&f);
	assert_true(decide_want(&f, O1, KNOB_MEMORY_HIGH) > 0);
	fake_free(&f);
}

TEST(a_pod_that_may_not_be_held_is_not_limited_but_protected)
{
	struct fake f;

	usual_node(&f);
	f.policy.levels[LEVEL_P7].memory.low = (struct amount){AMOUNT_BYTES, 32 * MIB};
	f.plan.assignments[pod_at(&f, O1)->slot].may_hold = false;
	decide_run(&f);
	assert_int_equal(decide_want(&f, O1, KNOB_MEMORY_HIGH), -1);
	assert_int_equal(decide_want(&f, O1, KNOB_MEMORY_LOW), 32 * MIB);
	assert_int_equal(decide_entry(&f, O1, KNOB_MEMORY_LOW)->reason.code, REASON_MEMORY_FIXED);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_MEMORY_LOW), 32 * MIB);
	fake_free(&f);
}

TEST(undecided_pods_are_not_touched_but_what_they_have_is_covered)
{
	struct fake f;

	usual_node(&f);
	fake_waiting(&f, pod_at(&f, B1));
	f.plan.assignments[pod_at(&f, O1)->slot].state = ASSIGNMENT_NONE;
	fake_set(fake_cgroup(&f, B1), KNOB_MEMORY_LOW, 128 * MIB);
	decide_run(&f);
	assert_int_equal(decide_want(&f, B1, KNOB_MEMORY_LOW), -1);
	assert_int_equal(decide_want(&f, O1, KNOB_MEMORY_HIGH), -1);
	assert_int_equal(decide_want(&f, BURSTABLE, KNOB_MEMORY_LOW), (256 + 128) * MIB);
	fake_free(&f);
}

TEST(without_the_controller_nothing_is_planned)
{
	struct fake f;

	usual_node(&f);
	f.model.capabilities = 1u << CAPABILITY_CPU;
	decide_run(&f);
	for (size_t i = 0; i < f.plan.n_entries; i++)
		assert_int_equal(f.plan.entries[i].knob, KNOB_CPU_WEIGHT);
	fake_free(&f);
}

/* Two rules: 0 is the user's, 1 is built in. */
static void system_unit(struct fake *f, const char *path)
{
	struct pod *p = fake_pod(f, path, QOS_NONE);

	if (!f->policy.rules) {
		f->policy.rules = calloc(2, sizeof(*f->policy.rules));
		assert_non_null(f->policy.rules);
		f->policy.n_rules = 2;
		f->policy.rules[1].built_in = true;
	}
	fake_level(f, p, LEVEL_P1);
	f->plan.assignments[p->slot].rule = 1;
}

TEST(what_the_node_cannot_work_without_is_protected_with_the_slice_above_it)
{
	struct fake f;

	usual_node(&f);
	system_unit(&f, "system.slice/kubelet.service");
	system_unit(&f, "system.slice/containerd.service");
	system_unit(&f, "system.slice/colod.service");
	pod(&f, "system.slice/other.service", QOS_NONE, LEVEL_P1, 0);
	/* As its unit has it: worth nothing below a slice that has none. */
	fake_set(fake_cgroup(&f, "system.slice/colod.service"), KNOB_MEMORY_MIN, 32 * MIB);
	decide_run(&f);
	assert_int_equal(decide_want(&f, "system.slice/kubelet.service", KNOB_MEMORY_LOW),
			 256 * MIB);
	assert_int_equal(decide_want(&f, "system.slice/kubelet.service", KNOB_MEMORY_MIN), -1);
	assert_int_equal(decide_want(&f, "system.slice/containerd.service", KNOB_MEMORY_LOW),
			 256 * MIB);
	assert_int_equal(decide_want(&f, "system.slice/colod.service", KNOB_MEMORY_MIN), 32 * MIB);
	assert_int_equal(decide_want(&f, "system.slice/other.service", KNOB_MEMORY_LOW), -1);
	assert_int_equal(decide_want(&f, "system.slice", KNOB_MEMORY_LOW), 512 * MIB);
	assert_int_equal(decide_want(&f, "system.slice", KNOB_MEMORY_MIN), 32 * MIB);
	assert_int_equal(
		decide_entry(&f, "system.slice/kubelet.service", KNOB_MEMORY_LOW)->reason.code,
		REASON_MEMORY_SYSTEM);
	assert_int_equal(decide_entry(&f, "system.slice", KNOB_MEMORY_LOW)->effect,
			 EFFECT_PROTECTION);
	fake_free(&f);
}

TEST(on_a_small_node_each_of_them_gets_a_sixteenth_and_more_by_others_stays)
{
	struct fake f;

	fake_init(&f);
	f.model.node.memory_bytes = 512 * MIB;
	system_unit(&f, "system.slice/kubelet.service");
	system_unit(&f, "system.slice/crio.service");
	fake_set(fake_cgroup(&f, "system.slice/crio.service"), KNOB_MEMORY_LOW, 100 * MIB);
	decide_run(&f);
	assert_int_equal(decide_want(&f, "system.slice/kubelet.service", KNOB_MEMORY_LOW),
			 32 * MIB);
	assert_int_equal(decide_want(&f, "system.slice/crio.service", KNOB_MEMORY_LOW), -1);
	assert_int_equal(decide_want(&f, "system.slice", KNOB_MEMORY_LOW), 132 * MIB);
	fake_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_protected_and_every_ancestor_covers_its_children),
		cmocka_unit_test(what_a_sibling_was_promised_by_others_is_covered_too),
		cmocka_unit_test(a_larger_protection_by_others_is_never_lowered),
		cmocka_unit_test(a_derived_request_protects_only_a_guaranteed_pod),
		cmocka_unit_test(values_are_whole_pages),
		cmocka_unit_test(what_the_node_cannot_promise_becomes_low_and_the_last_path_loses),
		cmocka_unit_test(the_lowest_level_loses_its_min_first),
		cmocka_unit_test(what_the_kubelet_keeps_back_is_promised_to_nobody),
		cmocka_unit_test(promises_of_others_count_against_the_bound),
		cmocka_unit_test(high_is_a_part_of_the_limit),
		cmocka_unit_test(high_without_a_limit_is_a_part_of_what_the_node_gives_to_pods),
		cmocka_unit_test(high_is_never_under_a_page),
		cmocka_unit_test(a_limit_nobody_told_yet_limits_nothing),
		cmocka_unit_test(a_tighter_high_by_others_stays),
		cmocka_unit_test(a_pod_that_may_not_be_held_is_not_limited_but_protected),
		cmocka_unit_test(undecided_pods_are_not_touched_but_what_they_have_is_covered),
		cmocka_unit_test(without_the_controller_nothing_is_planned),
		cmocka_unit_test(
			what_the_node_cannot_work_without_is_protected_with_the_slice_above_it),
		cmocka_unit_test(
			on_a_small_node_each_of_them_gets_a_sixteenth_and_more_by_others_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
