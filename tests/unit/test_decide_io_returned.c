// SPDX-License-Identifier: LGPL-2.1-or-later
// A pod whose like was evicted gets of the disks what others leave, and nobody else does.
#include "policy/decide_tree.h"
#include "policy/knob.h"
#include "tests/lib/returned_case.h"
#include "tests/lib/test.h"

static struct returned_case c;

static int setup(void **state)
{
	(void)state;
	returned_case_init(&c);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_free(&c.f);
	return 0;
}

TEST(it_starts_with_the_lowest_weight_and_nobody_else_does)
{
	const struct plan_entry *e;

	decide_run(&c.f);
	e = decide_entry(&c.f, O1, KNOB_IO_WEIGHT);
	assert_non_null(e);
	assert_int_equal(e->want.value, 1);
	assert_int_equal(e->effect, EFFECT_SHARE);
	assert_int_equal(e->reason.code, REASON_RETURNED_IO);
	assert_int_equal(e->reason.limit, 1);
	assert_int_equal(decide_want(&c.f, O2, KNOB_IO_WEIGHT), -1);
	assert_int_equal(decide_want(&c.f, BESTEFFORT, KNOB_IO_WEIGHT), 10);
	assert_int_equal(decide_want(&c.f, G1, KNOB_IO_WEIGHT), 1000);
}

TEST(where_bfq_is_loaded_its_weight_is_the_lowest_too)
{
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_IO_BFQ_WEIGHT), -1);
	fake_set(fake_cgroup(&c.f, O1), KNOB_IO_BFQ_WEIGHT, 100);
	fake_set(fake_cgroup(&c.f, O2), KNOB_IO_BFQ_WEIGHT, 100);
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_IO_BFQ_WEIGHT), 1);
	assert_int_equal(decide_entry(&c.f, O1, KNOB_IO_BFQ_WEIGHT)->reason.code,
			 REASON_RETURNED_IO);
	assert_int_equal(decide_want(&c.f, O2, KNOB_IO_BFQ_WEIGHT), -1);
	c.f.policy.levels[LEVEL_P7].io.weight = 0;
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_IO_BFQ_WEIGHT), -1);
}

TEST(it_goes_below_what_its_level_gets)
{
	struct pod *beside = decide_pod(&c.f, B2, QOS_BURSTABLE, LEVEL_P7);

	decide_pod(&c.f, B1, QOS_BURSTABLE, LEVEL_P4);
	c.f.model.returned[0] = beside->serial;
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, B2, KNOB_IO_WEIGHT), 1);
	assert_int_equal(decide_want(&c.f, B1, KNOB_IO_WEIGHT), 300);
	c.f.model.n_returned = 0;
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, B2, KNOB_IO_WEIGHT), 10);
}

TEST(when_the_cool_down_is_over_it_is_gone)
{
	decide_run(&c.f);
	c.f.model.n_returned = 0;
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_IO_WEIGHT), -1);
}

TEST(online_pods_and_those_that_are_not_known_are_left_alone)
{
	c.f.model.returned[0] = c.web->serial;
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, G1, KNOB_IO_WEIGHT), 1000);
	c.f.model.returned[0] = c.back->serial;
	returned_case_left_alone(&c, KNOB_IO_WEIGHT);
}

TEST(a_level_whose_disks_the_policy_does_not_weigh_is_left_alone)
{
	c.f.policy.levels[LEVEL_P7].io.weight = 0;
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_IO_WEIGHT), -1);
}

TEST(what_has_the_lowest_already_is_not_raised)
{
	fake_set(fake_cgroup(&c.f, O1), KNOB_IO_WEIGHT, 1);
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_IO_WEIGHT), -1);
}

/* It holds another pod that nobody has told of yet, or that no rule matches: it keeps what its level gives. */
TEST(one_with_a_pod_inside_that_is_not_known_keeps_its_weight)
{
	const struct pod *inner = returned_case_inner(&c);

	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_IO_WEIGHT), 10);
	c.f.plan.assignments[inner->slot].state = ASSIGNMENT_NONE;
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_IO_WEIGHT), 10);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_with_a_pod_inside_that_is_not_known_keeps_its_weight),
		CASE(it_starts_with_the_lowest_weight_and_nobody_else_does),
		CASE(where_bfq_is_loaded_its_weight_is_the_lowest_too),
		CASE(it_goes_below_what_its_level_gets),
		CASE(when_the_cool_down_is_over_it_is_gone),
		CASE(online_pods_and_those_that_are_not_known_are_left_alone),
		CASE(a_level_whose_disks_the_policy_does_not_weigh_is_left_alone),
		CASE(what_has_the_lowest_already_is_not_raised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
