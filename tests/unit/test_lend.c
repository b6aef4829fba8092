// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/lend.h"

#include <string.h>

#include "tests/lib/test.h"

#define SECOND_US 1000000
#define GIB (1ull << 30)

static struct lend_ledger l;
static struct lend_terms terms;
static struct lend_use use;
static int64_t now_us;

static int make(void **state)
{
	(void)state;
	memset(&l, 0, sizeof(l));
	now_us = 100 * (int64_t)SECOND_US;
	terms = (struct lend_terms){
		.part = {.on = true, .percentile = 95, .margin_permille = 100},
		.cold_start_us = 600000000,
	};
	use = (struct lend_use){
		.measured = true,
		.capacity = 16000,
		.levels = 1u << LEVEL_P0 | 1u << LEVEL_P4,
	};
	return 0;
}

static void one_look(enum lend_of of)
{
	lend_feed(&l, of, &use, now_us);
	lend_look(&l, of, &use, &terms, now_us);
	now_us += LEND_LOOK_US;
}

static void minutes(int n)
{
	for (int i = 0; i < 6 * n; i++)
		one_look(LEND_CPU);
}

static void online(uint64_t p0, uint64_t p4, uint64_t other)
{
	use.level[LEVEL_P0] = p0;
	use.level[LEVEL_P4] = p4;
	use.other = other;
	use.online = p0 + p4 + other;
}

TEST(a_node_that_was_just_seen_lends_nothing)
{
	online(2000, 1000, 500);
	minutes(9);
	assert_int_equal(l.sum.state, LEND_LEARNING);
	assert_int_equal(l.sum.watched_us, 9 * LEND_MINUTE_US);
	assert_int_equal(l.sum.published, 0);
	assert_int_equal(l.sum.lendable, 0);
	assert_true(l.sum.node_peak > 0); /* what was seen is shown all the same */
	minutes(1);
	assert_int_equal(l.sum.state, LEND_RISING);
	assert_true(l.sum.lendable > 0);
	assert_int_equal(l.sum.published, 0);
	assert_int_equal(l.sum.until_us, now_us - LEND_LOOK_US + LEND_RISE_US);
	minutes(5);
	assert_int_equal(l.sum.state, LEND_OPEN);
	assert_true(l.sum.published > 0);
}

TEST(no_cold_start_still_needs_something_seen)
{
	terms.cold_start_us = 0;
	online(2000, 1000, 500);
	one_look(LEND_CPU);
	assert_int_equal(l.sum.state, LEND_LEARNING);
	minutes(1);
	assert_int_equal(l.sum.state, LEND_RISING);
}

TEST(each_term_is_in_the_sum)
{
	online(2000, 1000, 500);
	use.reserved = 1000;
	use.newcomers = 700;
	minutes(15);
	assert_in_range(l.sum.level_peak[LEVEL_P0], 2001, 2125);
	assert_in_range(l.sum.level_peak[LEVEL_P4], 1001, 1075);
	assert_in_range(l.sum.other_peak, 501, 550);
	assert_in_range(l.sum.node_peak, 3501, 3700);
	assert_int_equal(l.sum.levels_peak, l.sum.level_peak[LEVEL_P0] +
						    l.sum.level_peak[LEVEL_P4] + l.sum.other_peak);
	assert_int_equal(
		l.sum.margin,
		(l.sum.levels_peak > l.sum.node_peak ? l.sum.levels_peak : l.sum.node_peak) / 10);
	assert_int_equal(l.sum.kept,
			 l.sum.margin * 10 + l.sum.margin + 700 +
				 (l.sum.levels_peak > l.sum.node_peak ? l.sum.levels_peak
								      : l.sum.node_peak) %
					 10);
	assert_int_equal(l.sum.lendable, 16000 - 1000 - l.sum.kept);
	assert_int_equal(l.sum.published, l.sum.lendable / 100 * 100);
}

TEST(levels_that_are_busy_in_turn_are_kept_for_together)
{
	for (int i = 0; i < 20; i++) {
		online(i % 2 ? 6000 : 100, i % 2 ? 100 : 6000, 0);
		minutes(1);
	}
	assert_in_range(l.sum.node_peak, 6100, 6500);
	assert_true(l.sum.levels_peak > 12000);
	assert_true(l.sum.kept > 12000);
}

TEST(an_offline_level_is_not_kept_for)
{
	online(2000, 0, 0);
	minutes(15);
	use.levels = 0;
	one_look(LEND_CPU);
	assert_int_equal(l.sum.level_peak[LEVEL_P0], 0);
}

TEST(of_a_minute_the_highest_look_counts)
{
	for (int i = 0; i < 20; i++) {
		online(8000, 0, 0);
		one_look(LEND_CPU);
		online(1000, 0, 0);
		for (int k = 0; k < 5; k++)
			one_look(LEND_CPU);
	}
	assert_true(l.sum.node_peak > 8000);
}

TEST(what_online_work_uses_now_is_never_lent)
{
	online(1000, 0, 0);
	minutes(20);
	assert_true(l.sum.published > 13000);
	online(9000, 0, 0);
	one_look(LEND_CPU);
	assert_true(l.sum.kept < 9000);
	assert_int_equal(l.sum.lendable, 7000);
	assert_int_equal(l.sum.published, 7000);
	online(16000, 0, 0);
	one_look(LEND_CPU);
	assert_int_equal(l.sum.published, 0);
	online(17000, 0, 0);
	one_look(LEND_CPU);
	assert_int_equal(l.sum.published, 0);
}

TEST(little_changes_are_not_published)
{
	uint64_t before;

	online(4000, 0, 0);
	minutes(20);
	before = l.sum.published;
	use.newcomers = 250; /* less than a fiftieth of 16 CPUs */
	minutes(10);
	assert_int_equal(l.sum.published, before);
	use.newcomers = 450;
	one_look(LEND_CPU);
	assert_true(l.sum.published < before);
}

TEST(up_it_goes_to_the_lowest_of_five_minutes)
{
	uint64_t before;

	online(4000, 0, 0);
	use.newcomers = 6000;
	minutes(20);
	before = l.sum.published;
	use.newcomers = 0;
	minutes(2);
	use.newcomers = 3000;
	minutes(1);
	use.newcomers = 0;
	assert_int_equal(l.sum.published, before);
	minutes(2);
	one_look(LEND_CPU);
	assert_int_equal(l.sum.published, before + 3000);
	minutes(6);
	assert_int_equal(l.sum.published, before + 6000);
}

TEST(a_moment_without_more_begins_the_five_minutes_anew)
{
	uint64_t before;

	online(4000, 0, 0);
	use.newcomers = 6000;
	minutes(20);
	before = l.sum.published;
	for (int i = 0; i < 4; i++) {
		use.newcomers = 0;
		minutes(4);
		use.newcomers = 6000;
		one_look(LEND_CPU);
	}
	assert_int_equal(l.sum.published, before);
}

TEST(an_eviction_ends_all_lending_for_five_minutes)
{
	online(4000, 0, 0);
	minutes(20);
	terms.taken_us = now_us;
	one_look(LEND_CPU);
	assert_int_equal(l.sum.state, LEND_COOLING);
	assert_int_equal(l.sum.published, 0);
	assert_int_equal(l.sum.until_us, terms.taken_us + LEND_COOL_US);
	minutes(5);
	assert_int_equal(l.sum.state, LEND_RISING);
	minutes(5);
	assert_true(l.sum.published > 0);
}

TEST(while_a_rung_is_up_it_goes_down_only)
{
	uint64_t before;

	online(4000, 0, 0);
	use.newcomers = 4000;
	minutes(20);
	before = l.sum.published;
	terms.rung = true;
	use.newcomers = 0;
	minutes(20);
	assert_int_equal(l.sum.state, LEND_HELD);
	assert_int_equal(l.sum.published, before);
	use.newcomers = 6000;
	one_look(LEND_CPU);
	assert_int_equal(l.sum.published, before - 2000);
	assert_int_equal(l.sum.state, LEND_HELD);
}

TEST(off_and_unmeasured_lend_nothing_and_say_so)
{
	online(4000, 0, 0);
	minutes(20);
	use.measured = false;
	one_look(LEND_CPU);
	assert_int_equal(l.sum.state, LEND_UNMEASURED);
	assert_int_equal(l.sum.published, 0);
	assert_int_equal(l.sum.kept, 0);
	use.measured = true;
	terms.part.on = false;
	one_look(LEND_CPU);
	assert_int_equal(l.sum.state, LEND_OFF);
	assert_int_equal(l.sum.published, 0);
	assert_int_equal(l.sum.watched_us, 20 * LEND_MINUTE_US);
}

TEST(a_minute_with_a_gap_was_not_watched)
{
	online(4000, 0, 0);
	for (int i = 0; i < 10; i++) {
		for (int k = 0; k < 4; k++)
			one_look(LEND_CPU);
		now_us += 2 * LEND_GAP_US;
	}
	assert_int_equal(l.watched_us, 0);
	assert_int_equal(lend_hist_weight(&l.hist[LEND_NODE]), 0);
}

TEST(after_a_day_without_a_look_all_is_forgotten)
{
	online(4000, 0, 0);
	minutes(20);
	now_us += 23 * LEND_HOUR_US;
	minutes(1);
	assert_int_equal(l.watched_us, 21 * LEND_MINUTE_US);
	now_us += 25 * LEND_HOUR_US;
	minutes(1);
	assert_int_equal(l.watched_us, 1 * LEND_MINUTE_US);
	assert_int_equal(l.sum.state, LEND_LEARNING);
}

TEST(a_peak_lasts_half_a_day_or_a_day_at_half_its_weight)
{
	uint64_t cpu, memory;

	online(4000, 0, 0);
	minutes(1);
	now_us += 12 * LEND_HOUR_US;
	lend_fade(&l, LEND_CPU, now_us);
	cpu = lend_hist_weight(&l.hist[LEND_NODE]);
	assert_in_range(cpu, LEND_HIST_ONE / 2 - 12, LEND_HIST_ONE / 2);
	(void)make(NULL);
	use.capacity = 16 * GIB;
	use.online = 4 * GIB;
	for (int i = 0; i < 6; i++)
		one_look(LEND_MEMORY);
	now_us += 23 * LEND_HOUR_US + 2 * LEND_MINUTE_US;
	lend_fade(&l, LEND_MEMORY, now_us);
	memory = lend_hist_weight(&l.hist[LEND_NODE]);
	assert_in_range(memory, LEND_HIST_ONE / 2, LEND_HIST_ONE / 2 + 30);
}

TEST(page_cache_of_pods_is_not_kept_for)
{
	use.capacity = 16 * GIB;
	use.online = 4 * GIB;
	use.level[LEVEL_P0] = 10 * GIB; /* most of it page cache */
	for (int i = 0; i < 6 * 20; i++)
		one_look(LEND_MEMORY);
	assert_in_range(l.sum.level_peak[LEVEL_P0], 10 * GIB, 11 * GIB);
	assert_int_equal(l.sum.levels_peak, 0);
	assert_in_range(l.sum.kept, 4 * GIB, 5 * GIB);
	assert_in_range(l.sum.published, 11 * GIB, 12 * GIB);
	assert_int_equal(l.sum.published % LEND_MEMORY_GRAIN, 0);
}

TEST(states_have_names)
{
	for (int i = 0; i < LEND_STATE_COUNT; i++)
		assert_string_not_equal(lend_state_name((enum lend_state)i), "?");
	assert_string_equal(lend_state_name(LEND_STATE_COUNT), "?");
	assert_string_equal(lend_of_name(LEND_MEMORY), "memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_node_that_was_just_seen_lends_nothing, make),
		cmocka_unit_test_setup(no_cold_start_still_needs_something_seen, make),
		cmocka_unit_test_setup(each_term_is_in_the_sum, make),
		cmocka_unit_test_setup(levels_that_are_busy_in_turn_are_kept_for_together, make),
		cmocka_unit_test_setup(an_offline_level_is_not_kept_for, make),
		cmocka_unit_test_setup(of_a_minute_the_highest_look_counts, make),
		cmocka_unit_test_setup(what_online_work_uses_now_is_never_lent, make),
		cmocka_unit_test_setup(little_changes_are_not_published, make),
		cmocka_unit_test_setup(up_it_goes_to_the_lowest_of_five_minutes, make),
		cmocka_unit_test_setup(a_moment_without_more_begins_the_five_minutes_anew, make),
		cmocka_unit_test_setup(an_eviction_ends_all_lending_for_five_minutes, make),
		cmocka_unit_test_setup(while_a_rung_is_up_it_goes_down_only, make),
		cmocka_unit_test_setup(off_and_unmeasured_lend_nothing_and_say_so, make),
		cmocka_unit_test_setup(a_minute_with_a_gap_was_not_watched, make),
		cmocka_unit_test_setup(after_a_day_without_a_look_all_is_forgotten, make),
		cmocka_unit_test_setup(a_peak_lasts_half_a_day_or_a_day_at_half_its_weight, make),
		cmocka_unit_test_setup(page_cache_of_pods_is_not_kept_for, make),
		cmocka_unit_test_setup(states_have_names, make),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
