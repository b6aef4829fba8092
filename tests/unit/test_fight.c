// SPDX-License-Identifier: LGPL-2.1-or-later
// Which rewriting is regular and which is a fight, and how often a fight is repaired: by times alone.
#include "tests/lib/test.h"

#include "policy/fight.h"

#define S 1000000ll

TEST(the_kubelets_minute_loop_is_never_a_fight)
{
	struct fight f = {0};

	/* It writes twice, through systemd and into the file. */
	for (int64_t minute = 0; minute < 1000; minute++) {
		assert_int_equal(fight_rewritten(&f, minute * 60 * S), FIGHT_REPAIR);
		assert_int_equal(fight_rewritten(&f, minute * 60 * S + S), FIGHT_REPAIR);
		assert_false(fight_stands(&f, minute * 60 * S + 2 * S));
	}
	assert_int_equal(f.rewrites, 2000);
	assert_false(f.on);
}

TEST(six_in_a_burst_are_repaired_the_seventh_begins_a_fight)
{
	struct fight f = {0};

	for (int i = 0; i < FIGHT_BURST; i++)
		assert_int_equal(fight_rewritten(&f, 100 * S + i), FIGHT_REPAIR);
	assert_int_equal(fight_rewritten(&f, 100 * S + 7), FIGHT_BEGINS);
	assert_true(f.on);
	assert_int_equal(f.rewrites, 7);
	assert_int_equal(f.rewrites_before, 6);
	/* Still there at every pass: said and counted once. */
	assert_int_equal(fight_rewritten(&f, 101 * S), FIGHT_WAIT);
	assert_int_equal(fight_rewritten(&f, 102 * S), FIGHT_WAIT);
	assert_int_equal(f.rewrites, 7);
}

TEST(ten_seconds_apart_is_regular_and_a_little_less_is_not)
{
	struct fight regular = {0}, fast = {0};
	int n = 0;

	for (int64_t i = 0; i < 1000; i++)
		assert_int_equal(fight_rewritten(&regular, i * 10 * S), FIGHT_REPAIR);
	while (n < 100 && fight_rewritten(&fast, (n + 1) * 8 * S) == FIGHT_REPAIR)
		n++;
	assert_in_range(n, FIGHT_BURST, 30);
}

/* Somebody who overwrites every repair at once gets one repair per growing interval. */
TEST(an_endless_fight_is_repaired_in_growing_intervals)
{
	static const int64_t expected_s[] = {5, 15, 35, 75, 135, 195, 255};
	struct fight f = {0};
	size_t n = 0;

	for (int i = 0; i < FIGHT_BURST; i++)
		(void)fight_rewritten(&f, 0);
	assert_int_equal(fight_rewritten(&f, 0), FIGHT_BEGINS);
	for (int64_t t = 1; t < 300 * S; t += S / 10) {
		enum fight_verdict v = fight_rewritten(&f, t);

		assert_int_not_equal(v, FIGHT_BEGINS);
		if (v != FIGHT_REPAIR)
			continue;
		assert_true(n < sizeof(expected_s) / sizeof(expected_s[0]));
		assert_in_range(t, expected_s[n] * S, expected_s[n] * S + S);
		n++;
		assert_int_equal(fight_rewritten(&f, t), FIGHT_WAIT);
	}
	assert_int_equal(n, 7);
	assert_int_equal(f.rewrites, 7 + 7);
}

TEST(a_fight_ends_when_the_value_stood_for_the_interval)
{
	struct fight f = {0};

	for (int i = 0; i <= FIGHT_BURST; i++)
		(void)fight_rewritten(&f, 0);
	assert_int_equal(fight_rewritten(&f, 5 * S), FIGHT_REPAIR);
	assert_false(fight_stands(&f, 5 * S));
	assert_false(fight_stands(&f, 10 * S - 1));
	assert_true(fight_stands(&f, 10 * S));
	assert_false(f.on);
	assert_false(fight_stands(&f, 11 * S));
	/* The budget fills up again: later rewrites are regular once more. */
	assert_int_equal(fight_rewritten(&f, 100 * S), FIGHT_REPAIR);
}

TEST(a_second_fight_soon_after_begins_sooner)
{
	struct fight f = {0};
	int n = 0;

	for (int i = 0; i <= FIGHT_BURST; i++)
		(void)fight_rewritten(&f, 0);
	assert_int_equal(fight_rewritten(&f, 5 * S), FIGHT_REPAIR);
	assert_true(fight_stands(&f, 10 * S));
	while (fight_rewritten(&f, 11 * S) == FIGHT_REPAIR)
		n++;
	assert_int_equal(n, 1);
	assert_true(f.on);
	assert_int_equal(f.interval_us, FIGHT_FIRST_US);
}

TEST(others_who_put_colods_value_back_themselves_end_the_wait)
{
	struct fight f = {0};

	for (int i = 0; i <= FIGHT_BURST; i++)
		(void)fight_rewritten(&f, 0);
	assert_true(f.waiting);
	assert_false(fight_stands(&f, S));
	assert_false(f.waiting);
	assert_false(fight_stands(&f, 5 * S));
	assert_true(fight_stands(&f, 6 * S));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kubelets_minute_loop_is_never_a_fight),
		cmocka_unit_test(six_in_a_burst_are_repaired_the_seventh_begins_a_fight),
		cmocka_unit_test(ten_seconds_apart_is_regular_and_a_little_less_is_not),
		cmocka_unit_test(an_endless_fight_is_repaired_in_growing_intervals),
		cmocka_unit_test(a_fight_ends_when_the_value_stood_for_the_interval),
		cmocka_unit_test(a_second_fight_soon_after_begins_sooner),
		cmocka_unit_test(others_who_put_colods_value_back_themselves_end_the_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
