// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "agent/ctl/ctl.h"
#include "tests/lib/ctl_case.h"

TEST(only_online_pods_have_a_line_and_why_there_is_no_number)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "node", .expected = "score-node", .verb = verb_score, .width = 80});
}

TEST(of_one_pod_each_term_is_shown)
{
	ctl_case(&(struct ctl_case){.snapshot = "node",
				    .expected = "score-pod",
				    .verb = verb_score,
				    .pod = "web-1",
				    .width = 80});
}

TEST(an_offline_pod_has_none)
{
	ctl_case(&(struct ctl_case){.snapshot = "node",
				    .expected = "score-pod-offline",
				    .verb = verb_score,
				    .pod = "hog-1",
				    .width = 80});
}

TEST(no_online_pod_is_a_sentence)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "twins", .expected = "score-none", .verb = verb_score});
}

TEST(control_characters_do_not_reach_the_terminal)
{
	ctl_case(&(struct ctl_case){.snapshot = "hostile",
				    .expected = "score-hostile",
				    .verb = verb_score,
				    .width = 80});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_online_pods_have_a_line_and_why_there_is_no_number),
		cmocka_unit_test(of_one_pod_each_term_is_shown),
		cmocka_unit_test(an_offline_pod_has_none),
		cmocka_unit_test(no_online_pod_is_a_sentence),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
