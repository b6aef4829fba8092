// SPDX-License-Identifier: LGPL-2.1-or-later
// A pod whose like was evicted starts with the floor, and nobody else does.
#include "policy/decide_tree.h"
#include "policy/knob.h"
#include "policy/ring.h"
#include "tests/lib/returned_case.h"
#include "tests/lib/test.h"

#include <stdio.h>

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

TEST(it_starts_with_the_floor_as_a_hold_and_nobody_else_does)
{
	const struct plan_entry *e;

	decide_run(&c.f);
	e = decide_entry(&c.f, O1, KNOB_CPU_MAX);
	assert_non_null(e);
	/* 2 % of 4 CPUs, in 20 ms. */
	assert_int_equal(e->want.value, 1600);
	assert_int_equal(e->want.period_us, 20000);
	assert_int_equal(e->effect, EFFECT_HOLD);
	assert_int_equal(e->reason.code, REASON_RETURNED);
	assert_int_equal(e->reason.extra, 20);
	assert_int_equal(decide_want(&c.f, O2, KNOB_CPU_MAX), -1);
	assert_int_equal(decide_want(&c.f, BESTEFFORT, KNOB_CPU_MAX), -1);
	assert_int_equal(decide_want(&c.f, G1, KNOB_CPU_MAX), -1);
}

TEST(a_kernel_that_throttles_a_whole_queue_leaves_it_more)
{
	(void)snprintf(c.f.model.node.kernel, sizeof(c.f.model.node.kernel), "6.12.0");
	decide_run(&c.f);
	/* A quarter of the node, which is one CPU here. */
	assert_int_equal(decide_want(&c.f, O1, KNOB_CPU_MAX), 20000);
}

TEST(when_the_cool_down_is_over_it_is_gone)
{
	decide_run(&c.f);
	c.f.model.n_returned = 0;
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_CPU_MAX), -1);
}

TEST(online_pods_and_those_that_are_not_known_are_left_alone)
{
	c.f.model.returned[0] = c.web->serial;
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, G1, KNOB_CPU_MAX), -1);
	c.f.model.returned[0] = c.back->serial;
	returned_case_left_alone(&c, KNOB_CPU_MAX);
}

TEST(a_limit_of_its_own_that_allows_less_stays)
{
	fake_set(fake_cgroup(&c.f, O1), KNOB_CPU_MAX, 1000);
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_CPU_MAX), -1);
}

/* It holds another pod that nobody has told of yet, or that no rule matches: what is done to it is done to that one. */
TEST(one_with_a_pod_inside_that_is_not_known_is_left_alone)
{
	const struct pod *inner = returned_case_inner(&c);

	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_CPU_MAX), -1);
	c.f.plan.assignments[inner->slot].state = ASSIGNMENT_NONE;
	decide_run(&c.f);
	assert_int_equal(decide_want(&c.f, O1, KNOB_CPU_MAX), -1);
}

#define MIB (1ull << 20)

/* Two looks a second apart, in which it took so much. */
static void takes_kib(uint64_t kib)
{
	for (int i = 0; i < 2; i++) {
		struct pod_history *h;
		struct pod_sample *s;

		fake_sample(&c.f, c.back, (i - 1) * 1000000ll, 0, 0);
		h = c.f.samples.pods[c.back->slot];
		s = &h->ring[(h->head + SAMPLE_RING - 1) % SAMPLE_RING];
		s->valid |= SAMPLE_MEMORY;
		s->memory_bytes = 100 * MIB + (uint64_t)i * kib * 1024;
	}
}

static void takes(uint64_t mib)
{
	takes_kib(mib * 1024);
}

static long long quota_while_it_goes(enum rung memory)
{
	struct ladder *ladder = &c.f.ladders.of[RESOURCE_MEMORY];

	c.f.policy.pressure_memory.on = true;
	c.f.policy.pressure_memory.steps = 1u << ACTION_SQUEEZE_MEMORY;
	c.f.policy.pressure_memory.threshold_permille = 100;
	c.f.policy.pressure_memory.window_us = 1000000;
	*ladder = (struct ladder){.rung = memory};
	c.f.plan.assignments[c.back->slot].may_hold = false;
	decide_run(&c.f);
	assert_int_equal(ladder->rung, memory);
	return decide_want(&c.f, O1, KNOB_CPU_MAX);
}

/* Between the word and the end it would take what is short all the faster. */
TEST(one_that_is_deleted_keeps_the_floor_while_it_takes_memory_that_is_short)
{
	c.back->facts->deleting = true;
	takes(2);
	assert_int_equal(quota_while_it_goes(RUNG_SQUEEZE), 1600);
	/* Not short; or it takes no more, and ends sooner without; or nobody measured it. */
	assert_int_equal(quota_while_it_goes(RUNG_CALM), -1);
	takes(0);
	assert_int_equal(quota_while_it_goes(RUNG_SQUEEZE), -1);
	c.f.samples.pods[c.back->slot]->count = 0;
	assert_int_equal(quota_while_it_goes(RUNG_SQUEEZE), -1);
}

/* Slowed down it takes less than would matter; it is not let go for that, to be held again a second later. */
TEST(what_is_held_already_is_held_while_it_takes_anything)
{
	struct knob_state *quota = &c.back->cgroup->knobs[KNOB_CPU_MAX];

	c.back->facts->deleting = true;
	takes_kib(64);
	assert_int_equal(quota_while_it_goes(RUNG_SQUEEZE), -1);
	quota->owned = quota->held = true;
	quota->original = quota->now;
	quota->written = quota->now = knob_value_quota(1600, 20000);
	assert_int_equal(quota_while_it_goes(RUNG_SQUEEZE), 1600);
	takes_kib(0);
	assert_int_equal(quota_while_it_goes(RUNG_SQUEEZE), -1);
}

TEST(nobody_is_held_because_its_facts_are_lost_meanwhile)
{
	takes(2);
	assert_int_equal(quota_while_it_goes(RUNG_SQUEEZE), -1);
	c.back->facts->deleting = true;
	c.back->facts_state = FACT_UNKNOWN;
	assert_int_equal(quota_while_it_goes(RUNG_SQUEEZE), -1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_with_a_pod_inside_that_is_not_known_is_left_alone),
		CASE(it_starts_with_the_floor_as_a_hold_and_nobody_else_does),
		CASE(a_kernel_that_throttles_a_whole_queue_leaves_it_more),
		CASE(when_the_cool_down_is_over_it_is_gone),
		CASE(online_pods_and_those_that_are_not_known_are_left_alone),
		CASE(a_limit_of_its_own_that_allows_less_stays),
		CASE(one_that_is_deleted_keeps_the_floor_while_it_takes_memory_that_is_short),
		CASE(what_is_held_already_is_held_while_it_takes_anything),
		CASE(nobody_is_held_because_its_facts_are_lost_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
