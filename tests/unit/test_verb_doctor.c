// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "agent/ctl/ctl.h"
#include "tests/lib/ctl_case.h"

TEST(every_capability_is_present_on_a_full_node)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "node", .expected = "doctor-node", .verb = verb_doctor, .width = 100});
}

TEST(an_absence_says_its_cost_and_cure_and_complaints_follow)
{
	ctl_case(&(struct ctl_case){.snapshot = "held-back",
				    .expected = "doctor-held-back",
				    .verb = verb_doctor,
				    .width = 80});
}

TEST(a_healthy_node_has_no_other_complaint)
{
	ctl_case(&(struct ctl_case){.snapshot = "healthy",
				    .expected = "doctor-healthy",
				    .verb = verb_doctor,
				    .width = 80});
}

TEST(memory_nodes_are_shown_with_the_pods_that_are_bound_to_them)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "numa", .expected = "doctor-numa", .verb = verb_doctor, .width = 80});
}

TEST(a_note_about_facts_is_shown)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "fresh", .expected = "doctor-fresh", .verb = verb_doctor, .width = 80});
}

TEST(control_characters_do_not_reach_the_terminal)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "hostile", .expected = "doctor-hostile", .verb = verb_doctor});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_capability_is_present_on_a_full_node),
		cmocka_unit_test(an_absence_says_its_cost_and_cure_and_complaints_follow),
		cmocka_unit_test(a_healthy_node_has_no_other_complaint),
		cmocka_unit_test(memory_nodes_are_shown_with_the_pods_that_are_bound_to_them),
		cmocka_unit_test(a_note_about_facts_is_shown),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
