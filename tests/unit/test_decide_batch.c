// SPDX-License-Identifier: LGPL-2.1-or-later
// A pod that asks for colod.io/batch-cpu or batch-memory is bounded to that, and nobody else is.
#include "policy/decide_tree.h"
#include "policy/knob.h"
#include "tests/lib/returned_case.h"
#include "tests/lib/test.h"

static struct returned_case c;

static struct fact_u64 known(uint64_t value)
{
	return (struct fact_u64){.state = FACT_KNOWN, .value = value};
}

static int setup(void **state)
{
	(void)state;
	returned_case_init(&c);
	c.f.model.n_returned = 0;
	c.back->resources.cpu_batch_milli = known(1500);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_free(&c.f);
	return 0;
}

TEST(it_gets_what_it_asks_for_as_a_limit_and_nobody_else_does)
{
	const struct plan_entry *e;

	decide_run(&c.f);
	e = decide_entry(&c.f, O1, KNOB_CPU_MAX);
	assert_non_null(e);
	assert_int_equal(e->want.value, 30000);
	assert_int_equal(e->want.period_us, 20000);
	assert_int_equal(e->effect, EFFECT_LIMIT);
	assert_int_equal(e->reason.code, REASON_CPU_BATCH);
	assert_int_equal(e->reason.observed, 1500);
	assert_int_equal(decide_want(&c.f, O2, KNOB_CPU_MAX), -1);
	assert_int_equal(decide_want(&c.f, G1, KNOB_CPU_MAX), -1);
	assert_int_equal(decide_want(&c.f, BESTEFFORT, KNOB_CPU_MAX), -1);
}

TEST(an_online_pod_and_one_of_which_too_little_is_known_are_left_alone)
{
	c.web->resources.cpu_batch_milli = known(500);
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, G1, KNOB_CPU_MAX), -1);
	returned_case_left_alone(&c, KNOB_CPU_MAX);
}

/* A cgroup that is named by a rule has no such resource. */
TEST(what_is_no_pod_of_kubernetes_or_says_nonsense_is_left_alone)
{
	c.back->resources.cpu_batch_milli.value = 2000000000;
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_CPU_MAX), -1);
	c.back->resources.cpu_batch_milli.value = 1500;
	c.back->kind = POD_CGROUP;
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_CPU_MAX), -1);
}

/* The kernel takes no quota below a millisecond. */
TEST(the_least_is_what_the_kernel_takes)
{
	c.back->resources.cpu_batch_milli.value = 10;
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_CPU_MAX), 1000);
}

TEST(a_tighter_quota_of_somebody_else_stays)
{
	fake_set(fake_cgroup(&c.f, O1), KNOB_CPU_MAX, 100000); /* 1 CPU, in 100 ms */
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_CPU_MAX), -1);
	fake_set(fake_cgroup(&c.f, O1), KNOB_CPU_MAX, 200000);
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_CPU_MAX), 30000);
}

/* The floor of a pod that was evicted a moment ago: 2 % of 4 CPUs. */
TEST(a_hold_that_is_tighter_wins_and_one_that_is_wider_changes_nothing)
{
	c.f.model.n_returned = 1;
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_CPU_MAX), 1600);
	assert_int_equal(decide_entry(&c.f, O1, KNOB_CPU_MAX)->effect, EFFECT_HOLD);
	c.back->resources.cpu_batch_milli.value = 50;
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_CPU_MAX), 1000);
	assert_int_equal(decide_entry(&c.f, O1, KNOB_CPU_MAX)->effect, EFFECT_LIMIT);
}

TEST(where_the_kernel_has_no_quotas_nothing_is_planned)
{
	c.f.model.capabilities &= ~(1u << CAPABILITY_CPU_MAX);
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_CPU_MAX), -1);
}

/* Its spec has no CPU limit that the kubelet could set: colod's is not one to save from. */
TEST(its_limit_is_no_hold_and_no_quota_of_the_kubelets_to_save_from)
{
	c.f.policy.levels[LEVEL_P7].cpu.burst_permille = 200;
	c.back->resources.cpu_spec_milli = known(KNOB_VALUE_MAX);
	fake_set(fake_cgroup(&c.f, O1), KNOB_CPU_MAX_BURST, 0);
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_CPU_MAX), 30000);
	assert_int_equal(decide_want(&c.f, O1, KNOB_CPU_MAX_BURST), 0);
	assert_int_equal(decide_entry(&c.f, O1, KNOB_CPU_MAX_BURST)->reason.code,
			 REASON_BURST_NO_QUOTA);
}

#define MIB (1024ull * 1024)

TEST(the_memory_that_it_asks_for_is_its_limit_and_nobody_elses)
{
	const struct plan_entry *e;

	c.back->resources.memory_batch_bytes = known(64 * MIB + 5);
	c.web->resources.memory_batch_bytes = known(64 * MIB);
	decide_run(&c.f);
	e = decide_entry(&c.f, O1, KNOB_MEMORY_MAX);
	assert_non_null(e);
	assert_int_equal(e->want.value, 64 * MIB);
	assert_int_equal(e->effect, EFFECT_LIMIT);
	assert_int_equal(e->reason.code, REASON_MEMORY_BATCH);
	assert_int_equal(e->reason.observed, 64 * MIB + 5);
	assert_int_equal(decide_want(&c.f, O2, KNOB_MEMORY_MAX), -1);
	assert_int_equal(decide_want(&c.f, G1, KNOB_MEMORY_MAX), -1);
	assert_int_equal(decide_want(&c.f, BESTEFFORT, KNOB_MEMORY_MAX), -1);
	returned_case_left_alone(&c, KNOB_MEMORY_MAX);
}

TEST(a_tighter_memory_limit_stays_and_one_of_next_to_nothing_is_not_set)
{
	c.back->resources.memory_batch_bytes = known(64 * MIB);
	fake_set(fake_cgroup(&c.f, O1), KNOB_MEMORY_MAX, 32 * MIB);
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_MEMORY_MAX), -1);
	fake_set(fake_cgroup(&c.f, O1), KNOB_MEMORY_MAX, 128 * MIB);
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_MEMORY_MAX), 64 * MIB);
	/* Its own value that stands there is no bound of somebody else's. */
	fake_own(fake_cgroup(&c.f, O1), KNOB_MEMORY_MAX, KNOB_VALUE_MAX, 64 * MIB);
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_MEMORY_MAX), 64 * MIB);
	c.back->resources.memory_batch_bytes = known(4096);
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_MEMORY_MAX), -1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(it_gets_what_it_asks_for_as_a_limit_and_nobody_else_does),
		CASE(an_online_pod_and_one_of_which_too_little_is_known_are_left_alone),
		CASE(what_is_no_pod_of_kubernetes_or_says_nonsense_is_left_alone),
		CASE(the_least_is_what_the_kernel_takes),
		CASE(a_tighter_quota_of_somebody_else_stays),
		CASE(a_hold_that_is_tighter_wins_and_one_that_is_wider_changes_nothing),
		CASE(the_memory_that_it_asks_for_is_its_limit_and_nobody_elses),
		CASE(a_tighter_memory_limit_stays_and_one_of_next_to_nothing_is_not_set),
		CASE(where_the_kernel_has_no_quotas_nothing_is_planned),
		CASE(its_limit_is_no_hold_and_no_quota_of_the_kubelets_to_save_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
