// SPDX-License-Identifier: LGPL-2.1-or-later
// As test_names.c: every value of every enum has a name of its own that leads back to it.
#include "policy/names_policy.h"

#include "tests/lib/names_check.h"

TEST(each_name_leads_back_to_its_value)
{
	CHECK_NAMES(pressure_sign, enum pressure_sign, PRESSURE_SIGN_COUNT);
	CHECK_NAMES(action, enum pressure_action, ACTION_COUNT);
	CHECK_NAMES(evict_way, enum evict_way, EVICT_WAY_COUNT);
	CHECK_NAMES(evict_key, enum evict_key, EVICT_KEY_COUNT);
	CHECK_NAMES(sli_sign, enum sli_sign, SLI_SIGN_COUNT);
	CHECK_NAMES(sli_statistic, enum sli_statistic, SLI_STATISTIC_COUNT);
}

/* Steps climb in the order of the enum: the reader compares them by it. */
TEST(actions_go_from_the_gentlest_to_the_hardest)
{
	assert_true(ACTION_SQUEEZE_CPU < ACTION_RECLAIM && ACTION_SQUEEZE_IO < ACTION_RECLAIM);
	assert_true(ACTION_SQUEEZE_MEMORY < ACTION_RECLAIM && ACTION_RECLAIM < ACTION_FREEZE);
	assert_true(ACTION_FREEZE < ACTION_EVICT && ACTION_EVICT < ACTION_KILL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_name_leads_back_to_its_value),
		cmocka_unit_test(actions_go_from_the_gentlest_to_the_hardest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
