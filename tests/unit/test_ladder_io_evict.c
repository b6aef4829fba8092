// SPDX-License-Identifier: LGPL-2.1-or-later
// When the IO ladder goes as far as an eviction: only after there was nothing left to hold for a while.
#include "policy/ladder_io.h"

#include "tests/lib/io_case.h"
#include "tests/lib/test.h"

static struct io_case c;

/* web waits behind the hog, whatever the hog may do. */
static const struct io_case_second waits = {.wait = 400, .web = 5, .hog_reads = 90, .tame = 90};

static int setup(void **state)
{
	(void)state;
	io_case_init(&c);
	c.f.policy.pressure_io.steps |= 1u << ACTION_EVICT;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	io_case_done(&c);
	return 0;
}

static enum rung rung(void)
{
	return io_case_ladder(&c)->rung;
}

/* How many seconds like this one it takes to get there, and what the hog may read then. */
static int until_evict(struct io_case_second s)
{
	int seconds = 0;

	while (rung() != RUNG_EVICT && seconds < 90) {
		io_case_run(&c, 1, s);
		seconds++;
	}
	return seconds;
}

static uint64_t reads(void)
{
	return io_case_bound(&c, c.class, 0, DISK_READ);
}

TEST(twenty_seconds_at_the_floor)
{
	assert_in_range(until_evict(waits), 20, 25);
	assert_int_equal(reads(), 10);
}

/* Whoever else may have written over it: he has the last word, and the hold is no hold. */
static void written_over(bool is)
{
	for (size_t i = 0; i < c.f.model.n_cgroups; i++)
		for (int k = 0; k < KNOB_IO_MAX_DISKS; k++) {
			struct knob_state *s = &c.f.model.cgroups[i]->knobs[KNOB_IO_MAX + k];

			if (s->owned)
				s->held = !is;
		}
	c.watches = is;
}

/* Half a minute of it, and the hold has its twenty seconds all the same. */
TEST(seconds_in_which_the_hold_is_not_in_force_are_none_that_it_failed_in)
{
	io_case_run(&c, 15, waits);
	written_over(true);
	io_case_run(&c, 30, waits);
	assert_int_equal(rung(), RUNG_SQUEEZE);
	written_over(false);
	assert_in_range(until_evict(waits), 20, 25);
}

/* The hold is long on, and for most of it there was something left to take. */
TEST(a_floor_of_a_moment_ago_is_no_hold_that_has_failed)
{
	struct io_case_second calm = waits;

	calm.wait = 0;
	io_case_run(&c, 6, waits);
	io_case_run(&c, 16, calm);
	assert_int_equal(rung(), RUNG_SQUEEZE);
	assert_true(reads() > 20);
	assert_in_range(until_evict(waits), 20, 30);
}

/* Nobody waits for three seconds, and what the bound grew by is taken back after that. */
TEST(a_floor_that_is_left_for_a_moment_is_still_one)
{
	struct io_case_second calm = waits;
	int seconds = 0;

	calm.wait = 0;
	io_case_run(&c, 8, waits);
	while (rung() != RUNG_EVICT && seconds < 90) {
		io_case_run(&c, 4, calm);
		io_case_run(&c, 4, waits);
		seconds += 8;
	}
	assert_in_range(seconds, 8, 32);
}

TEST(not_where_the_policy_does_not_ask)
{
	c.f.policy.pressure_io.steps = 1u << ACTION_SQUEEZE_IO;
	assert_int_equal(until_evict(waits), 90);
}

TEST(nor_before_its_time)
{
	c.f.policy.pressure_io.evict_after_us = 60 * (uint64_t)IO_CASE_SECOND;
	assert_in_range(until_evict(waits), 60, 65);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(twenty_seconds_at_the_floor),
		CASE(seconds_in_which_the_hold_is_not_in_force_are_none_that_it_failed_in),
		CASE(a_floor_of_a_moment_ago_is_no_hold_that_has_failed),
		CASE(a_floor_that_is_left_for_a_moment_is_still_one),
		CASE(not_where_the_policy_does_not_ask),
		CASE(nor_before_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
