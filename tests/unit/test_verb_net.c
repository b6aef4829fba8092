// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "agent/ctl/ctl.h"
#include "tests/lib/ctl_case.h"

TEST(links_classes_and_pods_are_shown)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "node", .expected = "net-node", .verb = verb_net, .width = 80});
}

TEST(nothing_looked_at_is_a_sentence)
{
	ctl_case(&(struct ctl_case){.snapshot = "twins", .expected = "net-none", .verb = verb_net});
}

TEST(where_the_kernel_did_not_answer_the_cause_is_all)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "net-trouble", .expected = "net-trouble", .verb = verb_net});
}

TEST(a_mark_by_the_cgroup_is_told_from_one_that_is_counted)
{
	ctl_case(&(
		struct ctl_case){.snapshot = "net-host", .expected = "net-host", .verb = verb_net});
}

TEST(that_wireguard_takes_marks_off_is_said)
{
	ctl_case(&(struct ctl_case){.snapshot = "net-wireguard",
				    .expected = "net-wireguard",
				    .verb = verb_net,
				    .width = 80});
}

TEST(what_makes_no_sense_is_no_number_and_reaches_no_terminal)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "net-hostile", .expected = "net-hostile", .verb = verb_net});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_classes_and_pods_are_shown),
		cmocka_unit_test(nothing_looked_at_is_a_sentence),
		cmocka_unit_test(where_the_kernel_did_not_answer_the_cause_is_all),
		cmocka_unit_test(a_mark_by_the_cgroup_is_told_from_one_that_is_counted),
		cmocka_unit_test(that_wireguard_takes_marks_off_is_said),
		cmocka_unit_test(what_makes_no_sense_is_no_number_and_reaches_no_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
