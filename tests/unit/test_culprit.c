// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "tests/lib/culprit_case.h"

/* A minute of bursts of everybody; web waits for HOG, and a bit by itself. */
static void minute_of_bursts(uint32_t hog_most)
{
	uint32_t left[PODS] = {0};
	bool on[PODS] = {0};

	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300 + culprit_case_below(40)}};

		for (int i = 1; i < PODS; i++)
			s.use[i] = culprit_case_burst(&left[i], &on[i], i == HOG ? hog_most : 1500);
		s.stalled = s.use[HOG] * 300 / hog_most + culprit_case_below(50);
		culprit_case_pass(&s, 0);
	}
	culprit_case_rank();
}

TEST(among_five_the_one_whose_bursts_go_with_the_stall_is_first)
{
	int first = 0, good = 0, others_good = 0;

	for (int round = 0; round < 100; round++) {
		uint64_t seed = culprit_case.draws;

		if (round > 0) {
			culprit_case_drop(NULL);
			culprit_case_make(NULL);
			culprit_case.draws = seed;
		}
		/* It uses no more than the others do, and less in every other round. */
		minute_of_bursts(round % 2 ? 1500 : 500);
		first += culprit_case.found.n > 0 &&
			 culprit_case.found.list[0].serial == culprit_case.pods[HOG]->serial;
		good += culprit_case.found.n > 0 &&
			culprit_case.found.list[0].serial == culprit_case.pods[HOG]->serial &&
			culprit_case.found.list[0].confidence == CULPRIT_GOOD;
		for (uint32_t i = 0; i < culprit_case.found.n; i++)
			others_good += culprit_case.found.list[i].serial !=
					       culprit_case.pods[HOG]->serial &&
				       culprit_case.found.list[i].confidence != CULPRIT_LOW;
	}
	assert_true(first >= 98);
	assert_true(good >= 80);
	assert_int_equal(others_good, 0);
}

TEST(stall_that_nobody_there_made_is_not_laid_on_anybody_with_confidence)
{
	int good = 0, fair = 0;

	for (int round = 0; round < 200; round++) {
		uint32_t left[PODS] = {0};
		uint64_t seed = culprit_case.draws;
		bool on[PODS] = {0};

		culprit_case_drop(NULL);
		culprit_case_make(NULL);
		culprit_case.draws = seed;
		for (int t = 0; t < 62; t++) {
			struct doing s = {.use = {300 + culprit_case_below(40)}};

			for (int i = 1; i < PODS; i++)
				s.use[i] = culprit_case_burst(&left[i], &on[i], 1500);
			s.stalled = culprit_case_burst(&left[WEB], &on[WEB], 300);
			culprit_case_pass(&s, 0);
		}
		culprit_case_rank();
		for (uint32_t i = 0; i < culprit_case.found.n; i++) {
			good += culprit_case.found.list[i].confidence == CULPRIT_GOOD;
			fair += culprit_case.found.list[i].confidence == CULPRIT_FAIR;
		}
	}
	assert_int_equal(good, 0);
	assert_true(fair <= 6);
}

TEST(two_equal_culprits_share_it)
{
	uint32_t left[PODS] = {0};
	bool on[PODS] = {0};

	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300}};

		for (int i = 1; i < PODS; i++)
			s.use[i] = culprit_case_burst(&left[i], &on[i], 1000);
		s.stalled = s.use[HOG] / 4 + s.use[OTHER] / 4;
		culprit_case_pass(&s, 0);
	}
	culprit_case_rank();
	assert_true(culprit_case.found.n >= 2);
	assert_non_null(culprit_case_of(HOG));
	assert_non_null(culprit_case_of(OTHER));
	assert_false(culprit_case_of(HOG)->alike || culprit_case_of(OTHER)->alike);
	assert_true(culprit_case_of(HOG)->share_permille >= 300 &&
		    culprit_case_of(OTHER)->share_permille >= 300);
	assert_true(culprit_case_of(HOG)->share_permille + culprit_case_of(OTHER)->share_permille >=
		    900);
}

TEST(two_that_do_the_same_at_the_same_times_cannot_be_told_apart)
{
	uint32_t left = 0;
	bool on = false;

	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300}};

		s.use[HOG] = s.use[OTHER] = culprit_case_burst(&left, &on, 1000);
		s.stalled = s.use[HOG] / 3;
		culprit_case_pass(&s, 0);
	}
	culprit_case_rank();
	assert_int_equal(culprit_case.found.n, 2);
	assert_true(culprit_case.found.list[0].alike && culprit_case.found.list[1].alike);
	assert_int_equal(culprit_case.found.list[0].share_permille,
			 culprit_case.found.list[1].share_permille);
	assert_int_equal(culprit_case.found.list[0].confidence, CULPRIT_LOW);
	assert_int_equal(culprit_case.found.list[1].confidence, CULPRIT_LOW);
}

TEST(one_that_stops_is_named_but_once_is_little)
{
	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300, t < 30 ? 1000 : 0, 1000 - t % 3 * 30}};

		s.stalled = t < 30 ? 300 : 5;
		culprit_case_pass(&s, 0);
	}
	culprit_case_rank();
	assert_int_equal(culprit_case.found.n, 1);
	assert_int_equal(culprit_case.found.list[0].serial, culprit_case.pods[HOG]->serial);
	assert_int_equal(culprit_case.found.list[0].swings, 1);
	assert_int_equal(culprit_case.found.list[0].confidence, CULPRIT_LOW);
}

/* Both begin every ten seconds; the innocent one is the heavier, and stays for longer. */
TEST(an_innocent_heavy_pod_in_step_by_the_clock_comes_after_the_culprit)
{
	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300}};

		s.use[HOG] = t % 10 < 3 ? 600 : 10;
		s.use[OTHER] = t % 10 < 6 ? 3000 : 10;
		s.stalled = t % 10 < 3 ? 250 : 5 + culprit_case_below(10);
		culprit_case_pass(&s, 0);
	}
	culprit_case_rank();
	assert_true(culprit_case.found.n >= 1);
	assert_int_equal(culprit_case.found.list[0].serial, culprit_case.pods[HOG]->serial);
	assert_true(culprit_case.found.list[0].share_permille > 900);
	assert_null(culprit_case_of(OTHER));
}

TEST(a_culprit_may_be_online)
{
	uint32_t left = 0;
	bool on = false;

	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300}};

		s.use[5] = culprit_case_burst(&left, &on, 1000);
		s.stalled = s.use[5] / 3;
		culprit_case_pass(&s, 0);
	}
	culprit_case_rank();
	assert_int_equal(culprit_case.found.list[0].serial, culprit_case.pods[5]->serial);
	assert_int_equal(culprit_case.found.list[0].confidence, CULPRIT_GOOD);
}

/* The same work on a core that is shared takes more CPU: that it rises is what the hog does, too. */
/* Three times the use is three times the work. */
TEST(who_follows_the_stall_or_uses_less_in_it_did_not_make_it)
{
	uint32_t stalls[64], left = 0;
	bool on = false;

	for (int t = 0; t < 64; t++)
		stalls[t] = culprit_case_burst(&left, &on, 400);
	for (int t = 2; t < 64; t++) {
		struct doing s = {.use = {300}, .stalled = stalls[t]};

		s.use[HOG] = stalls[t - 2] * 2;
		s.use[OTHER] = 1000 - stalls[t];
		culprit_case_pass(&s, 0);
	}
	culprit_case_rank();
	assert_true(culprit_case.found.seconds == CULPRIT_SECONDS_MAX);
	assert_int_equal(culprit_case.found.n, 0);
}

/* So that it goes well with it too, only later. */
TEST(who_follows_long_stalls_by_a_second_did_not_make_them)
{
	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300}, .stalled = t % 17 < 9 ? 300 : 5};

		s.use[HOG] = (t + 16) % 17 < 9 ? 1000 : 10;
		culprit_case_pass(&s, 0);
	}
	culprit_case_rank();
	assert_int_equal(culprit_case.found.n, 0);
}

TEST(who_comes_a_second_before_the_stall_is_named_with_it)
{
	uint32_t stalls[64], left = 0;
	bool on = false;

	for (int t = 0; t < 64; t++)
		stalls[t] = culprit_case_burst(&left, &on, 400);
	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300}, .stalled = stalls[t]};

		s.use[HOG] = stalls[t + 1] * 2;
		culprit_case_pass(&s, 0);
	}
	culprit_case_rank();
	assert_int_equal(culprit_case.found.n, 1);
	assert_int_equal(culprit_case.found.list[0].lag_s, 1);
}

TEST(where_nothing_moves_nobody_is_named)
{
	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300, 1000, 10 + culprit_case_below(20)},
				  .stalled = 300 + culprit_case_below(15)};

		culprit_case_pass(&s, 0);
	}
	culprit_case_rank();
	assert_int_equal(culprit_case.found.seconds, CULPRIT_SECONDS_MAX);
	assert_int_equal(culprit_case.found.n, 0);
}

TEST(too_few_seconds_say_nothing)
{
	for (int t = 0; t < CULPRIT_SECONDS_MIN; t++) {
		struct doing s = {.use = {300, t % 4 < 2 ? 1000 : 0},
				  .stalled = t % 4 < 2 ? 300 : 0};

		culprit_case_pass(&s, 0);
	}
	culprit_case_rank();
	assert_int_equal(culprit_case.found.seconds, CULPRIT_SECONDS_MIN - 1);
	assert_int_equal(culprit_case.found.n, 0);
	culprit_case_pass(&(struct doing){0}, 0);
	culprit_case_rank();
	assert_int_equal(culprit_case.found.n, 1);
}

TEST(one_that_was_not_there_before_did_nothing_before)
{
	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300, t < 45 ? 0 : 1000}, .stalled = t < 45 ? 5 : 300};

		culprit_case_pass(&s, t < 44 ? 1u << HOG : 0);
	}
	culprit_case_rank();
	assert_int_equal(culprit_case.found.n, 1);
	assert_int_equal(culprit_case.found.list[0].serial, culprit_case.pods[HOG]->serial);
}

TEST(one_that_was_not_measured_for_a_while_is_not_named)
{
	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300, t % 10 < 4 ? 1000 : 0},
				  .stalled = t % 10 < 4 ? 300 : 5};

		culprit_case_pass(&s, t >= 30 && t < 36 ? 1u << HOG : 0);
	}
	culprit_case_rank();
	assert_int_equal(culprit_case.found.seconds, CULPRIT_SECONDS_MAX);
	assert_int_equal(culprit_case.found.n, 0);
}

TEST(for_memory_who_grows_counts_and_for_io_who_waits_too)
{
	static const enum resource both[] = {RESOURCE_MEMORY, RESOURCE_IO};

	for (int i = 0; i < 2; i++) {
		uint32_t left = 0, other_left = 0;
		bool on = false, other_on = false;

		culprit_case_drop(NULL);
		culprit_case_make(NULL);
		culprit_case.resource = both[i];
		for (int t = 0; t < 62; t++) {
			struct doing s = {.use = {300}};
			uint32_t most = culprit_case.resource == RESOURCE_IO ? 800 : 40000;

			s.use[HOG] = culprit_case_burst(&left, &on, most);
			s.use[OTHER] = culprit_case_burst(&other_left, &other_on, most);
			s.stalled = s.use[HOG] * 300 / most;
			culprit_case_pass(&s, 0);
		}
		culprit_case_rank();
		assert_true(culprit_case.found.n >= 1);
		assert_int_equal(culprit_case.found.list[0].serial, culprit_case.pods[HOG]->serial);
	}
}

/* Faster than once a second, as while something is wrong: the ring is then shorter. */
TEST(samples_of_any_distance_are_laid_on_seconds)
{
	for (int t = 0; t < 62 * 3; t++) {
		bool on = t / 12 % 2;

		culprit_case.now_us += 333333;
		for (int i = 0; i < PODS; i++) {
			culprit_case.totals[i].valid = SAMPLE_CPU | SAMPLE_PSI_CPU;
			culprit_case.totals[i].cpu_usage_us += i == HOG && on ? 333333 : 0;
			culprit_case.totals[i].psi[RESOURCE_CPU].some_us += i == WEB && on ? 100000
											   : 0;
			culprit_case_add(i);
		}
	}
	culprit_case_rank();
	assert_true(culprit_case.found.seconds >= CULPRIT_SECONDS_MIN);
	assert_int_equal(culprit_case.found.n, 1);
	assert_int_equal(culprit_case.found.list[0].serial, culprit_case.pods[HOG]->serial);
	assert_true(culprit_case.found.list[0].fit_permille > 950);
}

#define T(name) cmocka_unit_test_setup_teardown(name, culprit_case_make, culprit_case_drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(among_five_the_one_whose_bursts_go_with_the_stall_is_first),
		T(stall_that_nobody_there_made_is_not_laid_on_anybody_with_confidence),
		T(two_equal_culprits_share_it),
		T(two_that_do_the_same_at_the_same_times_cannot_be_told_apart),
		T(one_that_stops_is_named_but_once_is_little),
		T(an_innocent_heavy_pod_in_step_by_the_clock_comes_after_the_culprit),
		T(a_culprit_may_be_online),
		T(who_follows_the_stall_or_uses_less_in_it_did_not_make_it),
		T(who_follows_long_stalls_by_a_second_did_not_make_them),
		T(who_comes_a_second_before_the_stall_is_named_with_it),
		T(where_nothing_moves_nobody_is_named),
		T(too_few_seconds_say_nothing),
		T(one_that_was_not_there_before_did_nothing_before),
		T(one_that_was_not_measured_for_a_while_is_not_named),
		T(for_memory_who_grows_counts_and_for_io_who_waits_too),
		T(samples_of_any_distance_are_laid_on_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
