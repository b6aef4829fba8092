// SPDX-License-Identifier: LGPL-2.1-or-later
// How long who was held: over whole passes of an agent on a small node, where a hold is put into the model
// by hand.
#include "agent/account_losses.h"

#include "tests/lib/test.h"
#include "tests/lib/tick_case.h"

#define SECOND 1000000

static struct tick_case t;

static int setup(void **state)
{
	(void)state;
	assert_int_equal(tick_case_open(&t), 0);
	tick_case_start(&t, "observe", MODE_FULL);
	return discover_update(t.state->discover, 0) < 0;
}

static int teardown(void **state)
{
	(void)state;
	tick_case_close(&t);
	return 0;
}

static struct pod *pod_at(const char *path)
{
	const struct model *m = discover_model(t.state->discover);

	for (size_t i = 0; i < m->n_pods; i++)
		if (strcmp(m->pods[i]->cgroup->path, path) == 0)
			return m->pods[i];
	fail_msg("no pod at %s", path);
	return NULL;
}

static void hold(bool on)
{
	struct knob_state *s = &pod_at(TICK_HOG_POD)->cgroup->parent->knobs[KNOB_CPU_MAX];

	s->owned = s->held = on;
}

static void pass(int64_t seconds)
{
	t.state->status.pass_us = seconds * SECOND;
	account_losses(t.state);
}

static const struct pod_loss *of(const char *path)
{
	return &t.state->losses.pods[pod_at(path)->slot];
}

TEST(time_between_two_passes_with_the_hold_is_held_time_and_nobody_else_has_any)
{
	pass(100);
	hold(true);
	pass(101);
	assert_int_equal(of(TICK_HOG_POD)->held_us, 0);
	pass(102);
	pass(104);
	hold(false);
	pass(105);
	assert_int_equal(of(TICK_HOG_POD)->held_us, 3 * SECOND);
	assert_int_equal(of(TICK_HOG_POD)->holds, 1);
	hold(true);
	pass(106);
	pass(107);
	assert_int_equal(of(TICK_HOG_POD)->held_us, 4 * SECOND);
	assert_int_equal(of(TICK_HOG_POD)->holds, 2);
	assert_int_equal(of(TICK_ONLINE_POD)->holds, 0);
	assert_int_equal(of(TICK_BATCH_POD)->held_us, 0);
	hold(false);
}

static void freeze(bool on, uint64_t now)
{
	struct knob_state *s = &pod_at(TICK_HOG_POD)->cgroup->knobs[KNOB_CGROUP_FREEZE];

	s->owned = s->held = on;
	s->now = (struct knob_value){.state = KNOB_KNOWN, .value = now};
}

/* Asked for is not yet frozen; and it is a hold too. */
TEST(time_that_a_pod_stands_still_is_counted_beside_that_of_all_holds)
{
	pass(100);
	freeze(true, 0);
	pass(101);
	freeze(true, 1);
	pass(102);
	pass(104);
	freeze(false, 0);
	pass(105);
	assert_int_equal(of(TICK_HOG_POD)->frozen_us, 2 * SECOND);
	assert_int_equal(of(TICK_HOG_POD)->freezes, 1);
	assert_int_equal(of(TICK_HOG_POD)->held_us, 3 * SECOND);
	assert_int_equal(of(TICK_BATCH_POD)->freezes, 0);
	/* By somebody else: not colod's to count. */
	freeze(false, 1);
	pass(106);
	pass(107);
	assert_int_equal(of(TICK_HOG_POD)->freezes, 1);
}

/* Nobody knows whether the hold stood in it: the guard may have ended it. */
TEST(a_gap_is_not_counted)
{
	hold(true);
	pass(100);
	pass(101);
	pass(3700);
	pass(3701);
	assert_int_equal(of(TICK_HOG_POD)->held_us, 2 * SECOND);
	pass(3000); /* and time that goes back adds nothing */
	assert_int_equal(of(TICK_HOG_POD)->held_us, 2 * SECOND);
	hold(false);
}

TEST(another_pod_in_the_slot_starts_at_nothing)
{
	hold(true);
	pass(100);
	pass(101);
	pod_at(TICK_HOG_POD)->serial += 1000;
	pass(102);
	assert_int_equal(of(TICK_HOG_POD)->held_us, 0);
	assert_int_equal(of(TICK_HOG_POD)->holds, 1);
	hold(false);
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(time_between_two_passes_with_the_hold_is_held_time_and_nobody_else_has_any),
		UNIT(time_that_a_pod_stands_still_is_counted_beside_that_of_all_holds),
		UNIT(a_gap_is_not_counted),
		UNIT(another_pod_in_the_slot_starts_at_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
