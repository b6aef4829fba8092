// SPDX-License-Identifier: LGPL-2.1-or-later
// The hold of one disk, look by look: of what is bounded, and what becomes of that when a load turns to requests of another size.
// Where it goes from there and back: test_ladder_io, prop_io_hold.
#include "policy/io_hold.h"

#include "tests/lib/test.h"

#define S 1000000ll
#define MIB (1ull << 20)
#define LARGE (256ull << 10)
#define SMALL 4096ull

/* Offline work that does so many requests of this size, and an online pod that waits. */
static struct io_hold_look look(int64_t second, enum disk_direction direction, uint64_t requests,
				uint64_t size)
{
	struct io_hold_look l = {
		.now_us = 1000 * S + second * S,
		.window_us = 2 * S,
		.threshold_permille = 100,
		.waited_permille = 200,
		.online_uses = true,
		.busy = true,
		.in_force = true,
		.floor_permille = 100,
	};

	l.offline.requests[direction] = requests;
	l.offline.bytes[direction] = requests * size;
	l.all = l.offline;
	return l;
}

/* Held at the floor, by bytes: 100 MiB/s of large requests were seen. */
static struct io_hold held(enum disk_direction direction)
{
	struct io_hold hold = {.major = 8};
	struct io_hold_look l = look(0, direction, 400, LARGE);

	for (int i = 0; i < 10; i++) {
		assert_false(io_hold_step(&hold, &l));
		l = look(i + 1, direction, io_hold_bytes(&hold, direction) / LARGE, LARGE);
	}
	assert_int_equal(hold.of[direction].permille, hold.of[direction].floor_permille);
	assert_int_equal(hold.of[direction].bytes_per_s, 100 * MIB);
	return hold;
}

TEST(what_was_learned_of_both_bounds_both)
{
	struct io_hold hold = {.major = 8};
	struct io_hold_look l = look(0, DISK_READ, 400, LARGE);

	l.can[DISK_READ_BYTES] = 120 * MIB;
	l.can[DISK_READ_REQUESTS] = 5000;
	(void)io_hold_step(&hold, &l);
	assert_int_equal(hold.of[DISK_READ].bytes_per_s, 120 * MIB);
	assert_int_equal(hold.of[DISK_READ].requests_per_s, 5000);
	assert_in_range(io_hold_requests(&hold, DISK_READ), 2000, 2500);
}

TEST(of_what_is_not_known_nothing_is_bounded)
{
	struct io_hold hold = held(DISK_READ);

	assert_int_equal(io_hold_requests(&hold, DISK_READ), KNOB_VALUE_MAX);
}

TEST(a_load_that_turns_to_small_requests_is_bounded_by_their_number)
{
	struct io_hold hold = held(DISK_READ);
	struct io_hold_look l = look(20, DISK_READ, 1000, SMALL);

	assert_false(io_hold_step(&hold, &l));
	assert_int_equal(io_hold_requests(&hold, DISK_READ), 100);
	assert_int_equal(io_hold_bytes(&hold, DISK_READ), 10 * MIB);
	/* What was waited before that is what the bound of requests is judged by. */
	assert_int_equal(hold.of[DISK_READ].since_us, l.now_us);
	assert_int_equal(hold.of[DISK_READ].before_permille, 200);
}

/* A few of them while the disk has time left: a part of that would be next to nothing. */
TEST(a_few_requests_on_a_disk_with_time_left_are_no_measure_of_it)
{
	struct io_hold hold = held(DISK_READ);
	struct io_hold_look l = look(20, DISK_READ, 10, SMALL);

	l.busy = false;
	assert_false(io_hold_step(&hold, &l));
	assert_int_equal(io_hold_requests(&hold, DISK_READ), KNOB_VALUE_MAX);
	assert_int_equal(hold.of[DISK_READ].requests_per_s, 0);
}

TEST(and_back_to_large_ones_by_bytes)
{
	struct io_hold hold = {.major = 8};
	struct io_hold_look l = look(0, DISK_READ, 8000, SMALL);

	(void)io_hold_step(&hold, &l);
	assert_int_equal(io_hold_bytes(&hold, DISK_READ), KNOB_VALUE_MAX);
	l = look(3, DISK_READ, 400, LARGE);
	(void)io_hold_step(&hold, &l);
	assert_int_equal(io_hold_bytes(&hold, DISK_READ), 50 * MIB);
}

TEST(what_a_bound_leaves_says_nothing_of_what_the_disk_does)
{
	struct io_hold hold = held(DISK_READ);
	/* Middling ones: as many bytes as they may. */
	struct io_hold_look l = look(20, DISK_READ, 320, 32 << 10);

	(void)io_hold_step(&hold, &l);
	assert_int_equal(io_hold_requests(&hold, DISK_READ), KNOB_VALUE_MAX);
	assert_int_equal(hold.of[DISK_READ].bytes_per_s, 100 * MIB);
}

TEST(small_writes_have_the_floor_of_writes_too)
{
	struct io_hold hold = held(DISK_WRITE);
	struct io_hold_look l = look(20, DISK_WRITE, 1000, SMALL);

	/* 16 of 100 MiB/s; of 4 MB/s it is a quarter. */
	assert_in_range(hold.of[DISK_WRITE].permille, 160, 162);
	(void)io_hold_step(&hold, &l);
	assert_in_range(io_hold_requests(&hold, DISK_WRITE), 250, 252);
}

TEST(of_writes_a_quarter_of_the_requests_is_left_whatever_their_bytes)
{
	struct io_hold hold = {.major = 8};
	struct io_hold_look l = look(0, DISK_WRITE, 400, LARGE);

	l.can[DISK_WRITE_REQUESTS] = 4000;
	for (int i = 0; i < 10; i++) {
		(void)io_hold_step(&hold, &l);
		l = look(i + 1, DISK_WRITE, io_hold_bytes(&hold, DISK_WRITE) / LARGE, LARGE);
		l.can[DISK_WRITE_REQUESTS] = 4000;
	}
	assert_in_range(hold.of[DISK_WRITE].permille, 160, 162);
	assert_int_equal(io_hold_requests(&hold, DISK_WRITE), 1000);
}

/* What nobody was kept from says nothing of the hold: not in this mode, or nobody offline is there. */
TEST(seconds_in_which_the_hold_is_not_in_force_are_none_that_it_failed_in)
{
	struct io_hold hold = held(DISK_READ);
	struct io_hold_look l = look(20, DISK_READ, 40, LARGE);

	(void)io_hold_step(&hold, &l);
	assert_true(hold.spent_us != 0 && hold.spent_us < l.now_us);
	for (int i = 21; i < 40; i++) {
		l = look(i, DISK_READ, 400, LARGE);
		l.in_force = false;
		(void)io_hold_step(&hold, &l);
		assert_int_equal(hold.spent_us, 0);
	}
	l = look(40, DISK_READ, 40, LARGE);
	(void)io_hold_step(&hold, &l);
	assert_int_equal(hold.spent_us, l.now_us);
	l = look(50, DISK_READ, 40, LARGE);
	(void)io_hold_step(&hold, &l);
	assert_int_equal(hold.spent_us, l.now_us - 10 * S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_learned_of_both_bounds_both),
		cmocka_unit_test(of_what_is_not_known_nothing_is_bounded),
		cmocka_unit_test(a_few_requests_on_a_disk_with_time_left_are_no_measure_of_it),
		cmocka_unit_test(a_load_that_turns_to_small_requests_is_bounded_by_their_number),
		cmocka_unit_test(and_back_to_large_ones_by_bytes),
		cmocka_unit_test(what_a_bound_leaves_says_nothing_of_what_the_disk_does),
		cmocka_unit_test(small_writes_have_the_floor_of_writes_too),
		cmocka_unit_test(
			seconds_in_which_the_hold_is_not_in_force_are_none_that_it_failed_in),
		cmocka_unit_test(of_writes_a_quarter_of_the_requests_is_left_whatever_their_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
