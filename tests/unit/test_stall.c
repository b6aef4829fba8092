// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "agent/serve/stall.h"

static struct pod_score list[1];
static const struct scores scores = {.pods = list, .n_slots = 1};
static const struct pod first = {.slot = 0}, beyond = {.slot = 1};

static int cpu(enum score_state how, uint64_t window_us)
{
	list[0].by[RESOURCE_CPU] =
		(struct score_value){.state = how, .stalled_permille = 124, .window_us = window_us};
	return stall_permille(&scores, &first, RESOURCE_CPU);
}

TEST(a_whole_window_gives_a_number)
{
	assert_int_equal(cpu(SCORE_NO_BASELINE, 10000000), 124);
}

TEST(while_learning_a_second_is_enough_and_less_is_not)
{
	assert_int_equal(cpu(SCORE_LEARNING, 1000000), 124);
	assert_int_equal(cpu(SCORE_LEARNING, 999999), -1);
}

TEST(self_throttled_and_unmeasured_pods_have_no_number)
{
	assert_int_equal(cpu(SCORE_SELF_THROTTLED, 10000000), -1);
	assert_int_equal(cpu(SCORE_NONE, 10000000), -1);
}

TEST(a_pod_without_a_slot_has_no_number)
{
	(void)cpu(SCORE_NO_BASELINE, 10000000);
	assert_int_equal(stall_permille(&scores, &beyond, RESOURCE_CPU), -1);
	assert_int_equal(stall_permille(NULL, &first, RESOURCE_CPU), -1);
	assert_int_equal(stall_permille(&scores, &first, RESOURCE_IO), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_window_gives_a_number),
		cmocka_unit_test(while_learning_a_second_is_enough_and_less_is_not),
		cmocka_unit_test(self_throttled_and_unmeasured_pods_have_no_number),
		cmocka_unit_test(a_pod_without_a_slot_has_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
