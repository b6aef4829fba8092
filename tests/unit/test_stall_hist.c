// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/stall_hist.h"

#include "tests/lib/test.h"

static struct stall_hist filled(uint32_t from, uint32_t to)
{
	struct stall_hist hist = {0};

	for (uint32_t v = from; v <= to; v++)
		stall_hist_add(&hist, v);
	return hist;
}

static uint32_t distance(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

TEST(each_share_is_in_the_bucket_that_begins_at_or_below_it)
{
	for (uint32_t v = 0; v <= 1000; v++) {
		uint32_t bucket = stall_hist_bucket(v);

		assert_true(bucket < STALL_HIST_BUCKETS);
		assert_true(stall_hist_low(bucket) <= v);
		if (bucket + 1 < STALL_HIST_BUCKETS)
			assert_true(v < stall_hist_low(bucket + 1));
	}
	assert_int_equal(stall_hist_bucket(1000), STALL_HIST_BUCKETS - 1);
	assert_int_equal(stall_hist_bucket(UINT32_MAX), STALL_HIST_BUCKETS - 1);
}

TEST(a_median_is_off_by_less_than_an_eighth)
{
	for (uint32_t center = 10; center <= 900; center += 7) {
		struct stall_hist hist = filled(center - center / 10, center + center / 10);

		assert_true(distance(stall_hist_rank(&hist, 500), center) <= center / 8 + 1);
	}
}

TEST(small_shares_are_exact)
{
	struct stall_hist hist = filled(0, 4);

	assert_int_equal(stall_hist_rank(&hist, 500), 2);
	assert_int_equal(stall_hist_rank(&hist, 0), 0);
	assert_int_equal(stall_hist_rank(&hist, 999), 4);
	assert_int_equal(stall_hist_mad(&hist, 2), 1);
}

TEST(the_spread_is_about_that_of_the_values)
{
	/* Evenly spread over 200..400: half of them are within 50 of the middle. */
	struct stall_hist hist = filled(200, 400);
	uint32_t median = stall_hist_rank(&hist, 500);

	assert_true(distance(median, 300) <= 20);
	assert_true(distance(stall_hist_mad(&hist, median), 50) <= 40);
}

TEST(all_in_one_bucket_is_a_spread_of_what_the_bucket_hides)
{
	struct stall_hist hist = {0};

	for (int i = 0; i < 100; i++)
		stall_hist_add(&hist, 100);
	assert_int_equal(stall_hist_mad(&hist, stall_hist_rank(&hist, 500)), 4);
}

TEST(nothing_seen_is_zero)
{
	struct stall_hist hist = {0};

	assert_int_equal(stall_hist_rank(&hist, 500), 0);
	assert_int_equal(stall_hist_mad(&hist, 0), 0);
	assert_true(stall_hist_weight(&hist) == 0);
}

TEST(weights_fade_and_new_windows_win)
{
	struct stall_hist hist = {0};

	for (int i = 0; i < 100; i++)
		stall_hist_add(&hist, 5);
	/* Two halvings, and half as many new ones. */
	for (int i = 0; i < 2; i++)
		stall_hist_fade(&hist, 32768);
	assert_true(stall_hist_weight(&hist) == 25 * STALL_HIST_ONE);
	for (int i = 0; i < 50; i++)
		stall_hist_add(&hist, 300);
	assert_true(stall_hist_rank(&hist, 500) >= 256);
}

TEST(a_full_bucket_stays_full)
{
	struct stall_hist hist = {.weights = {UINT32_MAX - 5}}, other = {.weights = {7}};

	stall_hist_add(&hist, 0);
	assert_true(hist.weights[0] == UINT32_MAX);
	stall_hist_merge(&hist, &other);
	assert_true(hist.weights[0] == UINT32_MAX);
	assert_int_equal(stall_hist_rank(&hist, 1000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_share_is_in_the_bucket_that_begins_at_or_below_it),
		cmocka_unit_test(a_median_is_off_by_less_than_an_eighth),
		cmocka_unit_test(small_shares_are_exact),
		cmocka_unit_test(the_spread_is_about_that_of_the_values),
		cmocka_unit_test(all_in_one_bucket_is_a_spread_of_what_the_bucket_hides),
		cmocka_unit_test(nothing_seen_is_zero),
		cmocka_unit_test(weights_fade_and_new_windows_win),
		cmocka_unit_test(a_full_bucket_stays_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
