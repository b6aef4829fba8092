// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/net_pace.h"

#include "tests/lib/test.h"

#define S INT64_C(1000000)

static struct net_pace pace;
static struct net_pace_wanted wanted;
static int64_t now_us;

static int setup(void **state)
{
	(void)state;
	pace = (struct net_pace){0};
	wanted = (struct net_pace_wanted){.digest = 7, .ceilings = 9};
	now_us = 100 * S;
	return 0;
}

static enum net_pace_due after(int64_t us)
{
	now_us += us;
	return net_pace_due(net_pace_why(&pace, &wanted, now_us));
}

static void made(bool brief, uint32_t n_steps)
{
	net_pace_handed(&pace, &wanted, brief, now_us);
	net_pace_found(&pace, brief, false, n_steps);
}

TEST(the_first_round_is_due_and_whole)
{
	assert_int_equal(after(0), NET_PACE_WHOLE);
}

TEST(where_nothing_has_changed_there_is_one_in_ten_seconds)
{
	made(false, 0);
	assert_int_equal(after(S), NET_PACE_NOT);
	assert_int_equal(after(8 * S), NET_PACE_NOT);
	assert_int_equal(after(S), NET_PACE_WHOLE);
}

TEST(a_ceiling_is_followed_by_brief_ones_and_a_whole_one_in_ten_seconds)
{
	made(false, 0);
	wanted.follows = true;
	for (int i = 0; i < 9; i++) {
		assert_int_equal(after(S), NET_PACE_BRIEF);
		made(true, 1);
	}
	assert_int_equal(after(S), NET_PACE_WHOLE);
}

/* One that has ended with the last offline pod. */
TEST(a_ceiling_that_has_changed_is_set_though_nobody_follows_it_any_more)
{
	made(false, 0);
	wanted.ceilings++;
	assert_int_equal(after(S), NET_PACE_BRIEF);
	made(true, 1);
	assert_int_equal(after(S), NET_PACE_NOT);
}

TEST(what_else_is_wanted_takes_a_whole_one_but_never_two_in_a_second)
{
	assert_false(net_pace_rests(&pace, now_us));
	made(false, 0);
	wanted.digest++;
	assert_int_equal(after(S / 2), NET_PACE_NOT);
	assert_true(net_pace_rests(&pace, now_us));
	assert_int_equal(after(S / 2), NET_PACE_WHOLE);
	/* not at all lost by a brief one in between */
	net_pace_handed(&pace, &wanted, true, now_us);
	net_pace_found(&pace, true, false, 0);
	assert_int_equal(after(S), NET_PACE_WHOLE);
}

TEST(what_was_changed_is_looked_at_once)
{
	made(false, 3);
	assert_int_equal(after(S), NET_PACE_WHOLE);
	made(false, 0);
	assert_int_equal(after(S), NET_PACE_NOT);
}

TEST(one_that_failed_is_made_again)
{
	net_pace_handed(&pace, &wanted, false, now_us);
	net_pace_found(&pace, false, true, 0);
	assert_int_equal(after(S), NET_PACE_WHOLE);
	net_pace_handed(&pace, &wanted, true, now_us);
	net_pace_found(&pace, true, true, 0);
	assert_int_equal(after(S), NET_PACE_WHOLE);
}

TEST(somebody_who_takes_it_away_each_time_is_answered_less_often)
{
	for (int i = 0; i < NET_PACE_CHANGING_MAX; i++) {
		made(false, 2);
		assert_int_equal(after(S),
				 i + 1 < NET_PACE_CHANGING_MAX ? NET_PACE_WHOLE : NET_PACE_NOT);
	}
	assert_int_equal(after(9 * S), NET_PACE_WHOLE);
	/* until something else is wanted */
	made(false, 2);
	wanted.digest++;
	assert_int_equal(after(S), NET_PACE_WHOLE);
	made(false, 2);
	assert_int_equal(after(S), NET_PACE_WHOLE);
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_first_round_is_due_and_whole),
		CASE(where_nothing_has_changed_there_is_one_in_ten_seconds),
		CASE(a_ceiling_is_followed_by_brief_ones_and_a_whole_one_in_ten_seconds),
		CASE(a_ceiling_that_has_changed_is_set_though_nobody_follows_it_any_more),
		CASE(what_else_is_wanted_takes_a_whole_one_but_never_two_in_a_second),
		CASE(what_was_changed_is_looked_at_once),
		CASE(one_that_failed_is_made_again),
		CASE(somebody_who_takes_it_away_each_time_is_answered_less_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
