// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "agent/ctl/ctl.h"
#include "tests/lib/ctl_case.h"

TEST(each_term_of_the_sum_is_shown)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "node", .expected = "lend-node", .verb = verb_lend, .width = 80});
}

TEST(nothing_worked_out_is_a_sentence)
{
	ctl_case(&(
		struct ctl_case){.snapshot = "twins", .expected = "lend-none", .verb = verb_lend});
}

TEST(what_makes_no_sense_is_no_number_and_reaches_no_terminal)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "lend-states", .expected = "lend-states", .verb = verb_lend});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_term_of_the_sum_is_shown),
		cmocka_unit_test(nothing_worked_out_is_a_sentence),
		cmocka_unit_test(what_makes_no_sense_is_no_number_and_reaches_no_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
