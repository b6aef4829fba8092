// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "agent/ctl/ctl.h"
#include "tests/lib/ctl_case.h"

TEST(changes_are_grouped_by_cgroup_old_and_new_with_reason)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "node", .expected = "plan-node", .verb = verb_plan, .width = 80});
}

TEST(all_lists_what_stays_too)
{
	ctl_case(&(struct ctl_case){.snapshot = "node",
				    .expected = "plan-all",
				    .verb = verb_plan,
				    .width = 80,
				    .all = true});
}

TEST(an_ascii_terminal_gets_an_ascii_arrow)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "node", .expected = "plan-ascii", .verb = verb_plan, .ascii = true});
}

TEST(old_is_red_and_new_is_green)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "fresh", .expected = "plan-colour", .verb = verb_plan, .colour = true});
}

TEST(a_narrow_terminal_gets_paths_that_break_at_slashes)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "node", .expected = "plan-narrow", .verb = verb_plan, .width = 60});
}

TEST(nothing_to_change_is_said)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "held-back", .expected = "plan-nothing", .verb = verb_plan});
}

TEST(control_characters_do_not_reach_the_terminal)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "hostile", .expected = "plan-hostile", .verb = verb_plan});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_are_grouped_by_cgroup_old_and_new_with_reason),
		cmocka_unit_test(all_lists_what_stays_too),
		cmocka_unit_test(an_ascii_terminal_gets_an_ascii_arrow),
		cmocka_unit_test(old_is_red_and_new_is_green),
		cmocka_unit_test(a_narrow_terminal_gets_paths_that_break_at_slashes),
		cmocka_unit_test(nothing_to_change_is_said),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
