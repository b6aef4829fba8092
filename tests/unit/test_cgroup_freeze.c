// SPDX-License-Identifier: LGPL-2.1-or-later
// cgroup.freeze is a hold like any other, recorded before it is written, and its writes overtake slow ones.
#include "tests/lib/test.h"

#include <poll.h>

#include "agent/base/lanes.h"
#include "policy/decide.h"
#include "policy/diff.h"
#include "policy/knob.h"
#include "tests/lib/apply_case.h"

static uint64_t there(struct apply_case *s)
{
	return fake_kernel_value(&s->k, APPLY_HOG, KNOB_CGROUP_FREEZE).value;
}

static int setup(void **state)
{
	struct apply_case *s;
	const struct knob_value runs = knob_value_of(0);

	if (apply_case_setup(state) < 0)
		return -1;
	s = *state;
	fake_rare_knobs(&s->k.f);
	assert_true(fake_kernel_write(&s->k, APPLY_HOG, KNOB_CGROUP_FREEZE, &runs));
	fake_kernel_read(&s->k);
	return 0;
}

static void want_frozen(struct apply_case *s)
{
	plan_clear(&s->k.f.plan);
	fake_kernel_plan(&s->k, s->hog, KNOB_CGROUP_FREEZE, EFFECT_HOLD, 1);
}

TEST(a_freeze_ends_with_the_holds_and_shares_stay)
{
	struct apply_case *s = *state;
	struct apply_restored done;

	want_frozen(s);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 7);
	(void)fake_kernel_pass(&s->k);
	assert_int_equal(there(s), 1);
	assert_true(s->hog->knobs[KNOB_CGROUP_FREEZE].held);
	/* As a guard does it, or the next colod: from the record alone. */
	fake_kernel_end(&s->k);
	fake_kernel_start(&s->k);
	apply_end_holds(s->k.apply, NULL, &done);
	assert_int_equal(there(s), 0);
	assert_int_equal(done.restored, 1);
	assert_int_equal(fake_kernel_value(&s->k, APPLY_HOG, KNOB_CPU_WEIGHT).value, 7);
}

/* Killed between the record and the write: nothing is frozen, and ending the holds does not mind. */
TEST(a_record_without_its_write_does_no_harm)
{
	struct apply_case *s = *state;
	struct apply_restored done;

	want_frozen(s);
	s->k.fail_step = APPLY_STEP_WRITE;
	s->k.fail_knob = KNOB_CGROUP_FREEZE;
	s->k.fail_error = -EINTR;
	(void)fake_kernel_pass(&s->k);
	assert_int_equal(there(s), 0);
	apply_end_holds(s->k.apply, NULL, &done);
	assert_int_equal(there(s), 0);
	assert_int_equal(done.left, 0);
}

TEST(it_goes_by_the_urgent_lane_both_ways)
{
	struct apply_case *s = *state;
	struct lanes *lanes = NULL;
	struct apply_counts counts = {0};

	assert_int_equal(lanes_new(&lanes), 0);
	assert_int_equal(apply_use_lanes(s->k.apply, lanes), 0);
	for (uint64_t want = 1; want != UINT64_MAX; want--) {
		struct pollfd p = {.fd = lanes->event_fd, .events = POLLIN};

		plan_clear(&s->k.f.plan);
		if (want == 1)
			want_frozen(s);
		(void)fake_kernel_pass(&s->k);
		assert_true(s->hog->knobs[KNOB_CGROUP_FREEZE].under_way);
		assert_int_equal(poll(&p, 1, 10000), 1);
		apply_collect(s->k.apply, &s->k.f.model, &s->k.changes, &counts);
		assert_int_equal(there(s), want);
		assert_int_equal(lane_counts(lanes->slow).written, 0);
	}
	assert_int_equal(counts.writes, 1);
	assert_int_equal(counts.restores, 1);
	assert_false(s->hog->knobs[KNOB_CGROUP_FREEZE].owned);
	assert_int_equal(apply_use_lanes(s->k.apply, NULL), 0);
	lanes_free(lanes);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, apply_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_freeze_ends_with_the_holds_and_shares_stay),
		CASE(a_record_without_its_write_does_no_harm),
		CASE(it_goes_by_the_urgent_lane_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
