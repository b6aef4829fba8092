// SPDX-License-Identifier: LGPL-2.1-or-later
// What a squeeze and a freeze by hand write, with what numbers, and whom they never touch.
#include <stdio.h>

#include "colod/manual.h"
#include "policy/freeze.h"
#include "policy/knob.h"
#include "policy/reason_text.h"
#include "tests/lib/memory_case.h"
#include "tests/lib/test.h"

#define SECOND MEMORY_CASE_SECOND
#define MIB MEMORY_CASE_MIB

static struct memory_case c;
static struct manual manual;

/* 4 CPUs, kernel 6.12, calm: no ladder is up. */
static int setup(void **state)
{
	(void)state;
	memory_case_init(&c, 4096);
	memory_case_may_freeze(&c);
	manual = (struct manual){.n = 0};
	c.f.model.manual = &manual;
	c.f.policy.levels[LEVEL_P7].cpu.squeeze = true;
	c.f.policy.levels[LEVEL_P7].cpu.squeeze_floor_permille = 20;
	c.f.policy.levels[LEVEL_P7].memory.growth_bytes_per_s = 64 * MIB;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memory_case_done(&c);
	return 0;
}

static void order(const struct pod *pod, enum manual_kind kind, int64_t for_us)
{
	manual.orders[manual.n++] = (struct manual_order){
		.slot = pod->slot,
		.serial = pod->serial,
		.kind = kind,
		.level = LEVEL_NONE,
		.since_us = c.now_us,
		.until_us = c.now_us + for_us,
		.wall_us = 43385000000,
		.who = "uid 0 (coloctl, pid 7)",
	};
}

static void calm(int seconds)
{
	memory_case_run(&c, seconds, (struct memory_second){0});
}

static const struct plan_entry *entry(const struct pod *pod, enum knob knob)
{
	return plan_find(&c.f.plan, pod->cgroup, knob);
}

static long long quota(const struct pod *pod)
{
	const struct plan_entry *e = entry(pod, KNOB_CPU_MAX);

	return e ? (long long)e->want.value : -1;
}

TEST(the_cpu_floor_is_held_with_the_order_as_its_reason)
{
	char text[REASON_TEXT_SIZE];

	order(c.hog, MANUAL_SQUEEZE, 600 * SECOND);
	calm(1);
	/* A quarter of 4 CPUs is one, on kernels whose throttle stops a run queue. */
	assert_int_equal(quota(c.hog), 20000);
	assert_int_equal(entry(c.hog, KNOB_CPU_MAX)->want.period_us, 20000);
	assert_int_equal(entry(c.hog, KNOB_CPU_MAX)->effect, EFFECT_HOLD);
	assert_int_equal(entry(c.hog, KNOB_CPU_MAX)->reason.code, REASON_MANUAL);
	assert_non_null(strstr(reason_text(&entry(c.hog, KNOB_CPU_MAX)->reason, &c.f.policy, text,
					   sizeof(text)),
			       "uid 0 (coloctl, pid 7) ordered it to be squeezed at 12:03:05, "
			       "until 12:13:05 UTC"));
	assert_int_equal(quota(c.tame), -1);
	assert_int_equal(quota(c.web), -1);
	manual.n = 0;
	calm(1);
	assert_int_equal(quota(c.hog), -1);
}

TEST(where_a_throttle_stops_one_task_the_floor_is_the_policys)
{
	(void)snprintf(c.f.model.node.kernel, sizeof(c.f.model.node.kernel), "7.3.4");
	order(c.hog, MANUAL_SQUEEZE, 600 * SECOND);
	calm(1);
	assert_int_equal(quota(c.hog), 1600); /* 2 % of 4 CPUs */
}

TEST(memory_may_grow_as_the_level_says)
{
	order(c.hog, MANUAL_SQUEEZE, 600 * SECOND);
	calm(2);
	/* Two seconds of it, saved up at most. */
	assert_int_equal(memory_case_high_mib(c.hog), 512 + 2 * 64);
	assert_int_equal(entry(c.hog, KNOB_MEMORY_HIGH)->reason.code, REASON_MANUAL);
	memory_case_run(&c, 3, (struct memory_second){.hog_grows = 110});
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_CALM);
	assert_in_range(c.hog_bytes / MIB, 512 + 64, 512 + 4 * 64);
	assert_true(memory_case_high_mib(c.tame) == UINT64_MAX);
	assert_true(memory_case_high_mib(c.web) == UINT64_MAX);
	manual.n = 0;
	calm(1);
	assert_true(memory_case_high_mib(c.hog) == UINT64_MAX);
}

TEST(a_tighter_bound_stays)
{
	fake_set(c.hog->cgroup, KNOB_MEMORY_HIGH, 300 * MIB);
	fake_set(c.hog->cgroup, KNOB_CPU_MAX, 50000); /* of 100000 */
	order(c.hog, MANUAL_SQUEEZE, 600 * SECOND);
	calm(1);
	assert_int_equal(quota(c.hog), -1);
	assert_null(entry(c.hog, KNOB_MEMORY_HIGH));
}

/* The order is still there, and the pod is not what it was. */
TEST(whoever_may_not_be_held_is_not)
{
	order(c.web, MANUAL_SQUEEZE, 600 * SECOND);
	order(c.hog, MANUAL_SQUEEZE, 600 * SECOND);
	order(c.tame, MANUAL_SQUEEZE, 600 * SECOND);
	c.f.plan.assignments[c.hog->slot].may_hold = false;
	fake_waiting(&c.f, c.tame);
	for (int i = 0; i < LEVEL_COUNT; i++) {
		c.f.policy.levels[i].cpu.squeeze = true;
		c.f.policy.levels[i].memory.growth_bytes_per_s = 64 * MIB;
	}
	calm(2);
	assert_int_equal(quota(c.web), -1);
	assert_int_equal(quota(c.hog), -1);
	assert_int_equal(quota(c.tame), -1);
	assert_null(entry(c.hog, KNOB_MEMORY_HIGH));
	assert_null(entry(c.tame, KNOB_MEMORY_HIGH));
}

TEST(without_a_bound_of_its_level_nothing_is_written)
{
	c.f.policy.levels[LEVEL_P7].cpu.squeeze = false;
	c.f.policy.levels[LEVEL_P7].memory.growth_bytes_per_s = 0;
	order(c.hog, MANUAL_SQUEEZE, 600 * SECOND);
	calm(2);
	assert_int_equal(quota(c.hog), -1);
	assert_null(entry(c.hog, KNOB_MEMORY_HIGH));
}

static bool is_frozen(const struct pod *pod)
{
	return pod->cgroup->knobs[KNOB_CGROUP_FREEZE].now.value == 1;
}

TEST(a_freeze_by_hand_stands_until_its_time_and_moves_no_rung)
{
	order(c.hog, MANUAL_FREEZE, 3 * SECOND);
	calm(1);
	assert_true(is_frozen(c.hog));
	assert_false(is_frozen(c.tame));
	assert_int_equal(entry(c.hog, KNOB_CGROUP_FREEZE)->reason.code, REASON_MANUAL);
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_CALM);
	assert_true(freeze_newest_us(&c.f.model, &c.f.plan) == 0);
	assert_true(freeze_until_us(&c.f.model, &c.f.plan) == 0);
	calm(1);
	assert_true(is_frozen(c.hog));
	manual.n = 0;
	calm(1);
	assert_false(is_frozen(c.hog));
	assert_int_equal(plan_freeze(&c.f.plan, c.hog)->state, FREEZE_RESTS);
	/* It rests, whatever is ordered. */
	order(c.hog, MANUAL_FREEZE, 3 * SECOND);
	calm(1);
	assert_false(is_frozen(c.hog));
}

/* Nobody ends the order: the bound of a freeze does. */
TEST(it_never_lasts_longer_than_the_pod_may_stand_still)
{
	c.hog->facts->freeze.probe_us = 12000000; /* 5 s at most */
	order(c.hog, MANUAL_FREEZE, 600 * SECOND);
	calm(4);
	assert_true(is_frozen(c.hog));
	calm(2);
	assert_false(is_frozen(c.hog));
	assert_int_equal(plan_freeze(&c.f.plan, c.hog)->reason.code, REASON_FREEZE_OVER);
	calm(50);
	assert_false(is_frozen(c.hog));
}

TEST(what_forbids_a_freeze_forbids_one_by_hand)
{
	c.hog->facts->freeze.shared_volume = (char *)"data";
	order(c.hog, MANUAL_FREEZE, 3 * SECOND);
	order(c.web, MANUAL_FREEZE, 3 * SECOND);
	c.web->facts->freeze = (struct pod_freeze){.known = true, .probe_us = UINT64_MAX};
	calm(1);
	assert_false(is_frozen(c.hog));
	assert_false(is_frozen(c.web));
	assert_int_equal(plan_freeze(&c.f.plan, c.hog)->reason.code, REASON_FREEZE_VOLUME);
	assert_int_equal(plan_freeze(&c.f.plan, c.web)->state, FREEZE_NOT_ASKED);
}

/* The policy has no step `freeze`: only what is ordered is. */
TEST(it_needs_no_step_of_the_policys)
{
	c.f.policy.pressure_memory.steps &= ~(1u << ACTION_FREEZE);
	order(c.hog, MANUAL_FREEZE, 3 * SECOND);
	calm(1);
	assert_true(is_frozen(c.hog));
	assert_int_equal(plan_freeze(&c.f.plan, c.tame)->state, FREEZE_NOT_ASKED);
	manual.n = 0;
	calm(1);
	assert_false(is_frozen(c.hog));
}

TEST(a_thaw_ends_the_ladders_freeze_and_keeps_it_off)
{
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 3500});
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_FREEZE);
	assert_true(is_frozen(c.hog));
	order(c.hog, MANUAL_THAW, 600 * SECOND);
	calm(1);
	assert_false(is_frozen(c.hog));
	assert_int_equal(plan_freeze(&c.f.plan, c.hog)->state, FREEZE_REFUSED);
	assert_int_equal(plan_freeze(&c.f.plan, c.hog)->reason.code, REASON_MANUAL);
	memory_case_run(&c, 2, (struct memory_second){.hog_grows = 100});
	assert_false(is_frozen(c.hog));
}

static uint64_t would(const struct pod *pod, enum reason_code *ret_code)
{
	const struct decide_input in = {
		.model = &c.f.model,
		.samples = &c.f.samples,
		.policy = &c.f.policy,
		.ladders = &c.f.ladders,
		.now_us = c.now_us,
	};
	struct reason reason;
	uint64_t us = 0;

	for (size_t i = 0; i < c.f.model.n_pods; i++)
		if (c.f.model.pods[i] == pod)
			us = freeze_would(&in, &c.f.plan, i, &reason);
	*ret_code = reason.code;
	return us;
}

TEST(how_long_it_may_be_is_known_before)
{
	enum reason_code code;

	calm(1);
	assert_true(would(c.hog, &code) == 10 * SECOND);
	assert_int_equal(code, REASON_NONE);
	c.hog->facts->freeze.host_ipc = true;
	assert_true(would(c.hog, &code) == 0);
	assert_int_equal(code, REASON_FREEZE_IPC);
	c.hog->facts->freeze.host_ipc = false;
	order(c.hog, MANUAL_FREEZE, SECOND);
	calm(1);
	manual.n = 0;
	calm(1);
	assert_true(would(c.hog, &code) == 0);
	assert_int_equal(code, REASON_FREEZE_ENDS);
	/* Also where nobody has it looked at meanwhile. */
	c.f.policy.pressure_memory.steps &= ~(1u << ACTION_FREEZE);
	calm(30);
	assert_int_equal(plan_freeze(&c.f.plan, c.hog)->state, FREEZE_NOT_ASKED);
	assert_true(would(c.hog, &code) == 0);
	assert_int_equal(code, REASON_FREEZE_ENDS);
	calm(30);
	assert_true(would(c.hog, &code) == 10 * SECOND);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_cpu_floor_is_held_with_the_order_as_its_reason),
		T(where_a_throttle_stops_one_task_the_floor_is_the_policys),
		T(memory_may_grow_as_the_level_says),
		T(a_tighter_bound_stays),
		T(whoever_may_not_be_held_is_not),
		T(without_a_bound_of_its_level_nothing_is_written),
		T(a_freeze_by_hand_stands_until_its_time_and_moves_no_rung),
		T(it_never_lasts_longer_than_the_pod_may_stand_still),
		T(what_forbids_a_freeze_forbids_one_by_hand),
		T(it_needs_no_step_of_the_policys),
		T(a_thaw_ends_the_ladders_freeze_and_keeps_it_off),
		T(how_long_it_may_be_is_known_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
