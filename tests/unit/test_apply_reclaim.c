// SPDX-License-Identifier: LGPL-2.1-or-later
// Slices over a real lane: asked for, measured, cut short, stopped.
#include "agent/apply/reclaim.h"
#include "tests/lib/test.h"

#include <errno.h>

#include "tests/lib/reclaim_case.h"

#define s reclaim_case

TEST(a_slice_is_asked_for_and_what_came_of_it_is_told)
{
	struct reclaim_said said;

	s.takes = 16 * MIB;
	said = reclaim_case_want(HOG, 100);
	assert_int_equal(said.answer, RECLAIM_SLICE);
	assert_int_equal(said.give_bytes, 1000 * MIB);
	assert_int_equal(said.asked_bytes, 16 * MIB);
	assert_int_equal(reclaim_counts(s.r).under_way, 1);
	reclaim_case_settle();
	assert_int_equal(reclaim_case_number(HOG, "memory.reclaim"), 16 * MIB);
	assert_int_equal(s.n_results, 1);
	assert_ptr_equal(s.last.cgroup, reclaim_case_cgroup(HOG));
	assert_int_equal(s.last.end, RECLAIM_END_ALL);
	assert_int_equal(s.last.error, 0);
	assert_int_equal(s.last.asked_bytes, 16 * MIB);
	assert_int_equal(s.last.got_bytes, 16 * MIB);
	assert_true(s.last.measured);
	assert_int_equal(s.last.before_bytes, 1500 * MIB);
	assert_int_equal(s.last.after_bytes, 1484 * MIB);
	assert_int_equal(reclaim_counts(s.r).slices, 1);
	assert_int_equal(reclaim_counts(s.r).under_way, 0);
	/* Nobody else. */
	assert_int_equal(reclaim_case_number(INNOCENT, "memory.reclaim"), 0);
}

TEST(slices_follow_each_other_until_no_more_is_wanted)
{
	uint64_t wanted = 150;
	unsigned passes = 0;

	while (reclaim_case_want(HOG, wanted - s.asked_bytes / MIB).answer != RECLAIM_ENOUGH) {
		reclaim_case_settle();
		assert_true(++passes < 10);
	}
	assert_true(s.asked_bytes > (wanted - 16) * MIB && s.asked_bytes <= wanted * MIB);
	assert_int_equal(s.n_writes, 4); /* 16, 32, 64, 38 */
	assert_int_equal(reclaim_counts(s.r).asked_bytes, s.asked_bytes);
	assert_int_equal(reclaim_counts(s.r).got_bytes, s.asked_bytes);
}

TEST(there_is_one_slice_of_a_pod_at_a_time)
{
	struct reclaim_said said;

	reclaim_case_block(HOG);
	assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_SLICE);
	reclaim_case_wait_begun();
	said = reclaim_case_want(HOG, 100);
	assert_int_equal(said.answer, RECLAIM_UNDER_WAY);
	assert_int_equal(said.asked_bytes, 16 * MIB);
	/* No want. */
	assert_int_equal(reclaim_case_want(HOG, 0).answer, RECLAIM_UNDER_WAY);
	reclaim_case_settle();
	assert_int_equal(s.last.end, RECLAIM_END_STOPPED);
	assert_int_equal(s.n_writes, 1);
	assert_int_equal(s.n_looks, 1);
}

TEST(what_is_not_wanted_any_more_is_cut_short)
{
	reclaim_case_block(HOG);
	assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_SLICE);
	reclaim_case_wait_begun();
	reclaim_case_want_nothing();
	reclaim_case_settle();
	assert_int_equal(s.n_results, 1);
	assert_int_equal(s.last.end, RECLAIM_END_STOPPED);
	assert_int_equal(s.last.error, -EINTR);
	assert_int_equal(reclaim_counts(s.r).stopped, 1);
	assert_int_equal(reclaim_counts(s.r).cut, 0);
	/* It is no reason to leave the pod alone. */
	assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_SLICE);
	reclaim_case_wait_begun();
	reclaim_stop_all(s.r, s.now_us);
	reclaim_case_settle();
	assert_int_equal(reclaim_counts(s.r).stopped, 2);
}

TEST(one_that_waits_is_taken_back_and_nothing_is_asked)
{
	reclaim_case_block(HOG);
	reclaim_pass_begin(s.r, s.now_us);
	(void)reclaim_want(s.r, reclaim_case_cgroup(HOG), 100 * MIB, 0);
	reclaim_case_wait_begun();
	assert_int_equal(reclaim_want(s.r, reclaim_case_cgroup(INNOCENT), 100 * MIB, 0).answer,
			 RECLAIM_SLICE);
	reclaim_pass_end(s.r);
	assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_UNDER_WAY);
	reclaim_case_collect();
	assert_int_equal(reclaim_counts(s.r).under_way, 1);
	reclaim_case_want_nothing();
	reclaim_case_settle();
	assert_int_equal(s.n_results, 1);
	assert_ptr_equal(s.last.cgroup, reclaim_case_cgroup(HOG));
	assert_int_equal(reclaim_case_number(INNOCENT, "memory.reclaim"), 0);
	assert_int_equal(reclaim_counts(s.r).slices, 1);
}

TEST(one_that_lasts_too_long_is_cut_short_and_counts_as_a_part)
{
	reclaim_case_restart(10000);
	reclaim_case_block(HOG);
	s.takes = 10 * MIB;
	assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_SLICE);
	reclaim_case_settle();
	assert_int_equal(s.last.end, RECLAIM_END_TIME);
	assert_int_equal(s.last.got_bytes, 10 * MIB);
	assert_true(s.last.took_us > 0);
	assert_int_equal(reclaim_counts(s.r).cut, 1);
	assert_int_equal(reclaim_counts(s.r).longest_us, s.last.took_us);
}

TEST(a_part_is_measured_and_two_poor_ones_are_a_rest)
{
	struct reclaim_said said;
	int64_t rested_us;

	s.answer = -EAGAIN;
	s.takes = 5 * MIB; /* more than a quarter */
	assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_SLICE);
	reclaim_case_settle();
	assert_int_equal(s.last.end, RECLAIM_END_SHORT);
	assert_int_equal(s.last.error, -EAGAIN);
	assert_int_equal(s.last.got_bytes, 5 * MIB);
	s.takes = 3 * MIB;
	assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_SLICE);
	reclaim_case_settle();
	assert_true(s.last.rests_until_us <= s.now_us);
	assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_SLICE);
	reclaim_case_settle();
	rested_us = s.now_us;
	assert_int_equal(s.last.rests_until_us, rested_us + 10 * S_US);
	assert_int_equal(reclaim_counts(s.r).shorts, 3);
	for (int i = 0; i < 9; i++) {
		said = reclaim_case_want(HOG, 100);
		assert_int_equal(said.answer, RECLAIM_RESTS);
		assert_int_equal(said.until_us, rested_us + 10 * S_US);
	}
	assert_int_equal(s.n_writes, 3);
	assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_SLICE);
}

TEST(a_rest_outlasts_passes_that_want_nothing)
{
	s.answer = -EAGAIN;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_SLICE);
		reclaim_case_settle();
	}
	for (int i = 0; i < 5; i++)
		reclaim_case_want_nothing();
	assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_RESTS);
}

TEST(a_pod_that_grows_meanwhile_gave_nothing_that_could_be_measured)
{
	s.answer = -EAGAIN;
	s.takes = -(20 * MIB);
	assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_SLICE);
	reclaim_case_settle();
	assert_true(s.last.measured);
	assert_int_equal(s.last.after_bytes, 1520 * MIB);
	assert_int_equal(s.last.got_bytes, 0);
	/* ... but what the kernel says it took, it took. */
	s.answer = 0;
	assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_SLICE);
	reclaim_case_settle();
	assert_int_equal(s.last.got_bytes, 16 * MIB);
}

TEST(what_it_frees_itself_is_not_reclaimed)
{
	s.answer = -EAGAIN;
	s.takes = 400 * MIB;
	assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_SLICE);
	reclaim_case_settle();
	assert_int_equal(s.last.got_bytes, 16 * MIB);
	assert_int_equal(s.last.before_bytes - s.last.after_bytes, 400 * MIB);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, reclaim_case_setup, reclaim_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_slice_is_asked_for_and_what_came_of_it_is_told),
		CASE(slices_follow_each_other_until_no_more_is_wanted),
		CASE(there_is_one_slice_of_a_pod_at_a_time),
		CASE(what_is_not_wanted_any_more_is_cut_short),
		CASE(one_that_waits_is_taken_back_and_nothing_is_asked),
		CASE(one_that_lasts_too_long_is_cut_short_and_counts_as_a_part),
		CASE(a_part_is_measured_and_two_poor_ones_are_a_rest),
		CASE(a_rest_outlasts_passes_that_want_nothing),
		CASE(a_pod_that_grows_meanwhile_gave_nothing_that_could_be_measured),
		CASE(what_it_frees_itself_is_not_reclaimed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
