// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/lend_hist.h"

#include "tests/lib/test.h"

#define CPU 25u
#define MEMORY (5u << 20)

TEST(each_value_is_in_the_bucket_that_begins_at_or_below_it)
{
	for (uint64_t v = 0; v < 4100000; v += 1 + v / 50) {
		uint32_t bucket = lend_hist_bucket(CPU, v);

		assert_true(bucket < LEND_HIST_BUCKETS - 1);
		assert_true(lend_hist_low(CPU, bucket) <= v);
		assert_true(v < lend_hist_low(CPU, bucket + 1));
	}
	assert_true(lend_hist_bucket(MEMORY, 64ull << 40) < LEND_HIST_BUCKETS - 1);
	assert_int_equal(lend_hist_bucket(MEMORY, UINT64_MAX), LEND_HIST_BUCKETS - 1);
}

TEST(a_bucket_is_a_twentieth_wider_than_the_one_before)
{
	assert_int_equal(lend_hist_low(CPU, 0), 0);
	assert_int_equal(lend_hist_low(CPU, 1), 25);
	/* 1000 × 25 × (1.05^2 − 1) / 0.05, rounded down. */
	assert_int_equal(lend_hist_low(CPU, 2), 51);
	for (uint32_t i = 60; i < LEND_HIST_BUCKETS - 1; i++) {
		uint64_t a = lend_hist_low(CPU, i), b = lend_hist_low(CPU, i + 1);

		assert_true(b - a <= lend_hist_low(CPU, i) / 18 + 1);
	}
}

TEST(a_peak_is_never_below_what_was_used_and_at_most_a_twentieth_above)
{
	for (uint64_t v = 500; v < 200000; v += 333) {
		struct lend_hist hist = {0};
		uint64_t peak;

		lend_hist_add(&hist, CPU, v);
		peak = lend_hist_peak(&hist, CPU, 95);
		assert_true(peak > v && peak <= v + v / 20 + CPU + 1);
	}
}

TEST(a_percentile_leaves_out_what_is_rarer)
{
	struct lend_hist hist = {0};

	for (int i = 0; i < 95; i++)
		lend_hist_add(&hist, CPU, 1000);
	for (int i = 0; i < 5; i++)
		lend_hist_add(&hist, CPU, 8000);
	assert_true(lend_hist_peak(&hist, CPU, 95) < 1100);
	assert_true(lend_hist_peak(&hist, CPU, 96) > 8000);
	assert_true(lend_hist_peak(&hist, CPU, 50) < 1100);
}

TEST(nothing_seen_has_no_peak)
{
	struct lend_hist hist = {0};

	assert_int_equal(lend_hist_peak(&hist, CPU, 99), 0);
	assert_int_equal(lend_hist_weight(&hist), 0);
}

TEST(what_fades_is_outweighed_and_gone_in_the_end)
{
	struct lend_hist hist = {0};

	for (int i = 0; i < 100; i++)
		lend_hist_add(&hist, CPU, 8000);
	for (int hour = 0; hour < 24; hour++)
		lend_hist_fade(&hist, 61858); /* to a quarter */
	assert_in_range(lend_hist_weight(&hist), 24 * LEND_HIST_ONE, 25 * LEND_HIST_ONE);
	for (int i = 0; i < 500; i++)
		lend_hist_add(&hist, CPU, 1000);
	assert_true(lend_hist_peak(&hist, CPU, 95) < 1100);
	for (int hour = 0; hour < 400; hour++)
		lend_hist_fade(&hist, 61858);
	assert_int_equal(lend_hist_weight(&hist), 0);
}

TEST(weights_do_not_run_over)
{
	struct lend_hist hist = {.weights = {[40] = UINT32_MAX - 1}};

	lend_hist_add(&hist, CPU, lend_hist_low(CPU, 40));
	assert_int_equal(hist.weights[40], UINT32_MAX);
	assert_int_equal(lend_hist_peak(&hist, CPU, 99), lend_hist_low(CPU, 41));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_value_is_in_the_bucket_that_begins_at_or_below_it),
		cmocka_unit_test(a_bucket_is_a_twentieth_wider_than_the_one_before),
		cmocka_unit_test(a_peak_is_never_below_what_was_used_and_at_most_a_twentieth_above),
		cmocka_unit_test(a_percentile_leaves_out_what_is_rarer),
		cmocka_unit_test(nothing_seen_has_no_peak),
		cmocka_unit_test(what_fades_is_outweighed_and_gone_in_the_end),
		cmocka_unit_test(weights_do_not_run_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
