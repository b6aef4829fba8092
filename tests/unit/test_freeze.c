// SPDX-License-Identifier: LGPL-2.1-or-later
// Who may be frozen and for how long; what forbids it, one by one; and that nobody is when somebody else has a hand
// in it.
#include "policy/freeze.h"

#include <stdio.h>

#include "policy/decide_tree.h"
#include "policy/knob.h"
#include "policy/reason_text.h"
#include "tests/lib/memory_case.h"
#include "tests/lib/test.h"

#define SECOND MEMORY_CASE_SECOND
#define MIB MEMORY_CASE_MIB

static struct memory_case c;

static int setup(void **state)
{
	(void)state;
	memory_case_init(&c, 4096);
	memory_case_may_freeze(&c);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memory_case_done(&c);
	return 0;
}

/* One calm second later. */
static const struct plan_freeze *of(const struct pod *pod)
{
	memory_case_run(&c, 1, (struct memory_second){0});
	return plan_freeze(&c.f.plan, pod);
}

static void refused(enum reason_code code)
{
	const struct plan_freeze *f = of(c.hog);

	assert_int_equal(f->state, FREEZE_REFUSED);
	assert_int_equal(f->reason.code, code);
	assert_int_equal(f->most_us, 0);
	assert_int_equal(plan_freeze(&c.f.plan, c.tame)->state, FREEZE_MAY);
}

TEST(an_offline_pod_of_which_all_is_known_may_be)
{
	const struct plan_freeze *f = of(c.hog);

	assert_int_equal(f->state, FREEZE_MAY);
	assert_int_equal(f->reason.code, REASON_FREEZE_MAY);
	assert_true(f->most_us == 10 * SECOND);
	assert_true(f->reason.for_us == f->most_us);
	assert_int_equal(f->reason.level, LEVEL_P7);
	assert_int_equal(plan_freeze(&c.f.plan, c.web)->state, FREEZE_NOT_ASKED);
}

/* The policy may only shorten it, and of two rules the one that says less counts. */
TEST(the_policy_bounds_a_freeze)
{
	c.f.policy.pressure_memory.freeze_us = 3 * (uint64_t)SECOND;
	assert_true(of(c.hog)->most_us == 3 * SECOND);
	assert_true(of(c.hog)->reason.for_us == 3 * SECOND);
	c.f.policy.pressure_full = c.f.policy.pressure_memory;
	c.f.policy.pressure_full.full = true;
	c.f.policy.pressure_full.freeze_us = 2 * (uint64_t)SECOND;
	assert_true(of(c.hog)->most_us == 2 * SECOND);
	c.f.policy.pressure_full.steps &= ~(1u << ACTION_FREEZE);
	assert_true(of(c.hog)->most_us == 3 * SECOND);
	c.f.model.freeze.most_us = 2 * (uint64_t)SECOND;
	assert_true(of(c.hog)->most_us == 2 * SECOND);
}

TEST(a_freeze_ends_when_the_policy_says)
{
	c.f.policy.pressure_memory.freeze_us = 3 * (uint64_t)SECOND;
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 1300});
	assert_int_equal(plan_freeze(&c.f.plan, c.hog)->state, FREEZE_DUE);
	c.free_bytes = 0; /* nothing else would end it */
	memory_case_run(&c, 2, (struct memory_second){0});
	assert_int_equal(plan_freeze(&c.f.plan, c.hog)->state, FREEZE_DUE);
	memory_case_run(&c, 1, (struct memory_second){0});
	assert_int_equal(plan_freeze(&c.f.plan, c.hog)->state, FREEZE_RESTS);
	assert_int_equal(plan_freeze(&c.f.plan, c.hog)->reason.code, REASON_FREEZE_OVER);
}

TEST(the_newest_is_that_of_those_that_stand_still)
{
	assert_true(freeze_newest_us(&c.f.model, &c.f.plan) == 0);
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 1300});
	assert_int_equal(plan_freeze(&c.f.plan, c.hog)->state, FREEZE_DUE);
	assert_true(freeze_newest_us(&c.f.model, &c.f.plan) == c.now_us);
	memory_case_run(&c, 1, (struct memory_second){0});
	assert_true(freeze_newest_us(&c.f.model, &c.f.plan) == c.now_us - SECOND);
	freeze_end(&c.f.plan.freezes[c.hog->slot], REASON_FREEZE_ENDS, c.now_us);
	assert_true(freeze_newest_us(&c.f.model, &c.f.plan) == 0);
}

TEST(without_the_step_or_a_level_nobody_asks)
{
	fake_waiting(&c.f, c.tame);
	assert_int_equal(of(c.tame)->state, FREEZE_NOT_ASKED);
	c.f.policy.pressure_memory.steps &= ~(1u << ACTION_FREEZE);
	assert_int_equal(of(c.hog)->state, FREEZE_NOT_ASKED);
	c.f.policy.pressure_memory.steps |= 1u << ACTION_FREEZE;
	c.f.policy.pressure_memory.on = false;
	assert_int_equal(of(c.hog)->state, FREEZE_NOT_ASKED);
}

TEST(what_is_not_known_is_no_permission)
{
	c.hog->facts->freeze.known = false;
	refused(REASON_FREEZE_FACTS);
	c.hog->facts->freeze.known = true;
	c.hog->facts_state = FACT_UNKNOWN;
	refused(REASON_FREEZE_FACTS);
	c.hog->facts_state = FACT_KNOWN;
	c.hog->kind = POD_UNIT;
	refused(REASON_FREEZE_FACTS);
	c.hog->kind = POD_KUBERNETES;
	c.f.plan.assignments[c.hog->slot].may_hold = false;
	refused(REASON_FREEZE_FACTS);
}

TEST(what_it_shares_or_is_forbids_it)
{
	struct pod_freeze *freeze = &c.hog->facts->freeze;

	freeze->host_ipc = true;
	refused(REASON_FREEZE_IPC);
	freeze->host_ipc = false;
	freeze->shared_volume = (char *)"data";
	refused(REASON_FREEZE_VOLUME);
	assert_string_equal(plan_freeze(&c.f.plan, c.hog)->reason.who, "data");
	freeze->shared_volume = NULL;
	freeze->runtime_class = (char *)"kata";
	refused(REASON_FREEZE_CLASS);
	assert_string_equal(plan_freeze(&c.f.plan, c.hog)->reason.who, "kata");
	freeze->runtime_class = NULL;
	c.hog->facts->deleting = true;
	refused(REASON_FREEZE_ENDING);
}

/* Half of what a probe is patient, and never so long that a late thaw would be too late. */
TEST(a_probe_bounds_it_and_an_impatient_one_forbids_it)
{
	static const struct {
		uint64_t probe, most;
	} cases[] = {
		{60000000, 10000000}, {21000000, 10000000},
		{16000000, 8000000},  {14000000, 7000000},
		{12000000, 5000000},  {8000000, 1000000},
		{7999999, 0},	      {7000000, 0},
		{500000, 0},	      {0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c.hog->facts->freeze.probe_us = cases[i].probe;
		if (cases[i].most == 0) {
			refused(REASON_FREEZE_PROBE);
			assert_true(plan_freeze(&c.f.plan, c.hog)->reason.observed ==
				    cases[i].probe);
			assert_true(plan_freeze(&c.f.plan, c.hog)->reason.limit == 8000000);
			continue;
		}
		assert_int_equal(of(c.hog)->state, FREEZE_MAY);
		assert_true(plan_freeze(&c.f.plan, c.hog)->most_us == cases[i].most);
	}
}

TEST(where_nobody_would_thaw_it_none_is)
{
	c.f.model.freeze.most_us = 0;
	assert_int_equal(of(c.hog)->reason.code, REASON_FREEZE_GUARD);
	assert_int_equal(plan_freeze(&c.f.plan, c.tame)->state, FREEZE_REFUSED);
	c.f.model.freeze.most_us = 5 * SECOND;
	assert_true(of(c.hog)->most_us == 5 * SECOND);
	c.f.model.capabilities &= ~(1u << CAPABILITY_HOLD_GUARD);
	assert_int_equal(of(c.hog)->reason.code, REASON_FREEZE_GUARD);
}

TEST(after_a_colod_that_died_none_is_for_a_while)
{
	c.f.model.freeze.from_us = c.now_us + 3 * SECOND;
	assert_int_equal(of(c.hog)->reason.code, REASON_FREEZE_START);
	assert_int_equal(of(c.hog)->state, FREEZE_REFUSED);
	assert_int_equal(of(c.hog)->state, FREEZE_MAY);
}

TEST(who_was_frozen_by_somebody_else_is_left_alone)
{
	fake_set(c.hog->cgroup, KNOB_CGROUP_FREEZE, 1);
	refused(REASON_FREEZE_OTHER);
	c.hog->cgroup->knobs[KNOB_CGROUP_FREEZE].now.state = KNOB_UNREAD;
	refused(REASON_FREEZE_INNER);
}

TEST(another_pod_inside_forbids_it)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/inner.service", c.hog->cgroup->path);
	fake_level(&c.f, fake_pod(&c.f, path, QOS_NONE), LEVEL_P0);
	refused(REASON_FREEZE_INNER);
}

/* 40 MiB a second, 30 and 5: the last takes less than half of the mean. */
TEST(only_who_takes_its_part_is_a_hog)
{
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 40, .tame_grows = 5});
	assert_true(plan_freeze(&c.f.plan, c.hog)->grows);
	assert_false(plan_freeze(&c.f.plan, c.tame)->grows);
	assert_true(freeze_has_somebody(&c.f.model, &c.f.plan));
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 40, .tame_grows = 30});
	assert_true(plan_freeze(&c.f.plan, c.tame)->grows);
	memory_case_run(&c, 1, (struct memory_second){0});
	assert_false(plan_freeze(&c.f.plan, c.hog)->grows);
	assert_false(freeze_has_somebody(&c.f.model, &c.f.plan));
}

/* Somebody else takes 300 MiB a second: to stop those that take 20 would help nobody. */
TEST(who_takes_next_to_nothing_of_what_falls_is_no_hog)
{
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 20});
	assert_true(plan_freeze(&c.f.plan, c.hog)->grows);
	c.free_bytes -= 280 * MIB;
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 20});
	assert_false(plan_freeze(&c.f.plan, c.hog)->grows);
	c.free_bytes -= 50 * MIB;
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 20});
	assert_true(plan_freeze(&c.f.plan, c.hog)->grows);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_offline_pod_of_which_all_is_known_may_be),
		CASE(the_policy_bounds_a_freeze),
		CASE(a_freeze_ends_when_the_policy_says),
		CASE(the_newest_is_that_of_those_that_stand_still),
		CASE(without_the_step_or_a_level_nobody_asks),
		CASE(what_is_not_known_is_no_permission),
		CASE(what_it_shares_or_is_forbids_it),
		CASE(a_probe_bounds_it_and_an_impatient_one_forbids_it),
		CASE(where_nobody_would_thaw_it_none_is),
		CASE(after_a_colod_that_died_none_is_for_a_while),
		CASE(who_was_frozen_by_somebody_else_is_left_alone),
		CASE(another_pod_inside_forbids_it),
		CASE(only_who_takes_its_part_is_a_hog),
		CASE(who_takes_next_to_nothing_of_what_falls_is_no_hog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
