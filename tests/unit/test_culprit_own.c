// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "tests/lib/culprit_case.h"

TEST(load_of_its_own_is_nobody_elses_doing)
{
	uint32_t left = 0;
	bool on = false;

	for (int t = 0; t < 62; t++) {
		struct doing s = {0};

		/* and another one is in step with it: it serves it */
		s.use[WEB] = culprit_case_burst(&left, &on, 1000);
		s.use[OTHER] = s.use[WEB] / 2;
		s.stalled = s.use[WEB] / 4;
		culprit_case_pass(&s, 0);
	}
	culprit_case_rank();
	assert_true(culprit_case.found.own_permille > 900);
	assert_int_equal(culprit_case.found.n, 0);
}

TEST(own_use_that_rises_as_a_disturbance_makes_it_hides_no_culprit)
{
	uint32_t left[2] = {0};
	bool on[2] = {0};

	for (int t = 0; t < 62; t++) {
		struct doing s = {0};

		s.use[HOG] = culprit_case_burst(&left[0], &on[0], 1500);
		s.use[OTHER] = culprit_case_burst(&left[1], &on[1], 1500);
		s.use[WEB] = (on[0] ? 120 : 62) + culprit_case_below(12);
		s.stalled = (s.use[WEB] - 60) * 2 / 3 + culprit_case_below(8);
		culprit_case_pass(&s, 0);
	}
	culprit_case_rank();
	assert_true(culprit_case.found.n >= 1);
	assert_int_equal(culprit_case.found.list[0].serial, culprit_case.pods[HOG]->serial);
	assert_true(culprit_case.found.list[0].with_own);
	assert_int_equal(culprit_case.found.list[0].confidence, CULPRIT_LOW);
	assert_true(culprit_case.found.list[0].share_permille > 500);
	assert_null(culprit_case_of(OTHER));
}

TEST(own_use_that_rises_by_more_is_load_whoever_is_in_step)
{
	uint32_t left = 0;
	bool on = false;

	for (int t = 0; t < 62; t++) {
		struct doing s = {0};

		s.use[HOG] = culprit_case_burst(&left, &on, 1500);
		s.use[WEB] = (on ? 200 : 62) + culprit_case_below(12);
		s.stalled = (s.use[WEB] - 60) * 2 / 3 + culprit_case_below(8);
		culprit_case_pass(&s, 0);
	}
	culprit_case_rank();
	assert_true(culprit_case.found.own_permille > 900);
	assert_int_equal(culprit_case.found.n, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, culprit_case_make, culprit_case_drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(load_of_its_own_is_nobody_elses_doing),
		T(own_use_that_rises_as_a_disturbance_makes_it_hides_no_culprit),
		T(own_use_that_rises_by_more_is_load_whoever_is_in_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
