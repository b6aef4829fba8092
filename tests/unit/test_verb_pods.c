// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "agent/ctl/ctl.h"
#include "tests/lib/ctl_case.h"

TEST(every_pod_is_one_line_with_level_role_use_and_state)
{
	ctl_case(
		&(struct ctl_case){.snapshot = "node", .expected = "pods-node", .verb = verb_pods});
}

TEST(a_narrow_terminal_gets_cut_names)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "node", .expected = "pods-narrow", .verb = verb_pods, .width = 72});
}

TEST(a_very_narrow_terminal_gets_fewer_columns)
{
	ctl_case(&(struct ctl_case){.snapshot = "node",
				    .expected = "pods-very-narrow",
				    .verb = verb_pods,
				    .width = 30});
}

TEST(control_characters_and_wide_letters_keep_the_columns_straight)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "hostile", .expected = "pods-hostile", .verb = verb_pods, .width = 78});
}

TEST(an_ascii_terminal_gets_ascii)
{
	ctl_case(&(struct ctl_case){.snapshot = "hostile",
				    .expected = "pods-ascii",
				    .verb = verb_pods,
				    .width = 78,
				    .ascii = true});
}

TEST(colour_marks_online_and_waiting)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "node", .expected = "pods-colour", .verb = verb_pods, .colour = true});
}

TEST(no_pods_is_a_sentence)
{
	ctl_case(&(
		struct ctl_case){.snapshot = "empty", .expected = "pods-empty", .verb = verb_pods});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pod_is_one_line_with_level_role_use_and_state),
		cmocka_unit_test(a_narrow_terminal_gets_cut_names),
		cmocka_unit_test(a_very_narrow_terminal_gets_fewer_columns),
		cmocka_unit_test(control_characters_and_wide_letters_keep_the_columns_straight),
		cmocka_unit_test(an_ascii_terminal_gets_ascii),
		cmocka_unit_test(colour_marks_online_and_waiting),
		cmocka_unit_test(no_pods_is_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
