// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>

#include "agent/base/log_limit.h"

#define S 1000000

static struct log_limit limit;

static int clear(void **state)
{
	(void)state;
	memset(&limit, 0, sizeof(limit));
	return 0;
}

/* How many of `n` lines at one instant are let through. */
static unsigned pass(const char *site, int64_t now_us, unsigned n)
{
	unsigned passed = 0;
	uint32_t suppressed;

	for (unsigned i = 0; i < n; i++)
		passed += log_limit_pass(&limit, site, now_us, &suppressed);
	return passed;
}

TEST(a_site_gets_its_lines_and_no_more_in_a_window)
{
	assert_int_equal(pass("a", 5 * S, 25), LOG_LIMIT_LINES);
	assert_int_equal(limit.suppressed, 5);
	assert_int_equal(pass("a", 15 * S - 1, 1), 0);
	assert_int_equal(pass("a", 15 * S, 25), LOG_LIMIT_LINES);
	assert_int_equal(limit.suppressed, 11);
}

TEST(one_noisy_site_does_not_silence_another)
{
	assert_int_equal(pass("a", 5 * S, 100), LOG_LIMIT_LINES);
	assert_int_equal(pass("b", 5 * S, 3), 3);
}

TEST(sites_are_told_apart_by_their_text)
{
	char copy[] = "a";

	assert_int_equal(pass("a", 5 * S, LOG_LIMIT_LINES), LOG_LIMIT_LINES);
	assert_int_equal(pass(copy, 5 * S, 1), 0);
}

TEST(the_next_line_says_how_many_were_swallowed_once)
{
	uint32_t suppressed = 99;

	assert_int_equal(pass("a", 5 * S, LOG_LIMIT_LINES + 7), LOG_LIMIT_LINES);
	assert_true(log_limit_pass(&limit, "a", 15 * S, &suppressed));
	assert_int_equal(suppressed, 7);
	assert_true(log_limit_pass(&limit, "a", 15 * S, &suppressed));
	assert_int_equal(suppressed, 0);
}

TEST(a_clock_that_steps_back_does_not_silence_a_site)
{
	assert_int_equal(pass("a", 500 * S, LOG_LIMIT_LINES + 1), LOG_LIMIT_LINES);
	assert_int_equal(pass("a", 5 * S, 1), 1);
}

TEST(more_sites_than_there_is_room_for_share_one_limit_and_keep_the_rest_apart)
{
	static char names[LOG_LIMIT_SITES + 2][8];

	for (unsigned i = 0; i < LOG_LIMIT_SITES + 2; i++) {
		snprintf(names[i], sizeof(names[i]), "s%u", i);
		if (i < LOG_LIMIT_SITES - 1)
			assert_int_equal(pass(names[i], 5 * S, 1), 1);
	}
	assert_int_equal(pass(names[LOG_LIMIT_SITES - 1], 5 * S, 10), 10);
	assert_int_equal(pass(names[LOG_LIMIT_SITES], 5 * S, 10), 10);
	assert_int_equal(pass(names[LOG_LIMIT_SITES + 1], 5 * S, 10), 0);
	assert_int_equal(pass(names[0], 5 * S, 5), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_site_gets_its_lines_and_no_more_in_a_window, clear),
		cmocka_unit_test_setup(one_noisy_site_does_not_silence_another, clear),
		cmocka_unit_test_setup(sites_are_told_apart_by_their_text, clear),
		cmocka_unit_test_setup(the_next_line_says_how_many_were_swallowed_once, clear),
		cmocka_unit_test_setup(a_clock_that_steps_back_does_not_silence_a_site, clear),
		cmocka_unit_test_setup(
			more_sites_than_there_is_room_for_share_one_limit_and_keep_the_rest_apart,
			clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
