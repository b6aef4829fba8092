// SPDX-License-Identifier: LGPL-2.1-or-later
// How an answer of PlanPolicy is shown; asking for it is in test_coloctl_policy.c.
#include "tests/lib/test.h"

#include "agent/ctl/verb_plan_policy.h"
#include "tests/lib/ctl_case.h"

TEST(levels_then_knobs_then_what_it_comes_to)
{
	ctl_case(&(struct ctl_case){.snapshot = "plan-policy",
				    .expected = "plan-policy",
				    .verb = verb_plan_policy_show,
				    .width = 80,
				    .exit = CTL_CHANGED});
}

TEST(all_lists_what_both_policies_do_too)
{
	ctl_case(&(struct ctl_case){.snapshot = "plan-policy",
				    .expected = "plan-policy-all",
				    .verb = verb_plan_policy_show,
				    .width = 80,
				    .all = true,
				    .exit = CTL_CHANGED});
}

TEST(no_difference_is_another_exit_code)
{
	ctl_case(&(struct ctl_case){.snapshot = "plan-policy-same",
				    .expected = "plan-policy-same",
				    .verb = verb_plan_policy_show,
				    .exit = CTL_OK});
}

TEST(control_characters_do_not_reach_the_terminal)
{
	ctl_case(&(struct ctl_case){.snapshot = "plan-policy-hostile",
				    .expected = "plan-policy-hostile",
				    .verb = verb_plan_policy_show,
				    .exit = CTL_CHANGED});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_then_knobs_then_what_it_comes_to),
		cmocka_unit_test(all_lists_what_both_policies_do_too),
		cmocka_unit_test(no_difference_is_another_exit_code),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
