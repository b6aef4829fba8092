// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "agent/ctl/ctl.h"
#include "tests/lib/ctl_case.h"

TEST(an_online_pod_shows_rule_use_stall_and_knobs)
{
	ctl_case(&(struct ctl_case){.snapshot = "node",
				    .expected = "why-online",
				    .verb = verb_why,
				    .width = 80,
				    .pod = "default/web-1"});
}

TEST(an_offline_pod_shows_the_hold_above_it_with_its_reason)
{
	ctl_case(&(struct ctl_case){.snapshot = "node",
				    .expected = "why-offline",
				    .verb = verb_why,
				    .width = 80,
				    .pod = "hog-1"});
}

TEST(a_raised_floor_is_shown_to_the_pods_below_it)
{
	ctl_case(&(struct ctl_case){.snapshot = "floor",
				    .expected = "why-floor",
				    .verb = verb_why,
				    .width = 80,
				    .pod = "batch/hog-1"});
}

TEST(what_offline_work_gets_is_no_number_before_it_was_measured)
{
	ctl_case(&(struct ctl_case){.snapshot = "floor-new",
				    .expected = "why-floor-new",
				    .verb = verb_why,
				    .width = 80,
				    .pod = "batch/hog-1"});
}

TEST(a_raised_floor_is_not_shown_to_another_pod)
{
	ctl_case(&(struct ctl_case){.snapshot = "floor",
				    .expected = "why-floor-other",
				    .verb = verb_why,
				    .width = 80,
				    .pod = "batch/twin-1"});
}

TEST(a_waiting_pod_shows_what_it_waits_for_and_where_it_stopped)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "node", .expected = "why-waiting", .verb = verb_why, .pod = "22229"});
}

TEST(a_narrow_terminal_gets_wrapped_lines)
{
	ctl_case(&(struct ctl_case){.snapshot = "node",
				    .expected = "why-narrow",
				    .verb = verb_why,
				    .width = 48,
				    .pod = "hog-1"});
}

TEST(control_characters_do_not_reach_the_terminal)
{
	ctl_case(&(struct ctl_case){.snapshot = "hostile",
				    .expected = "why-hostile",
				    .verb = verb_why,
				    .pod = "abcd2"});
}

TEST(a_pod_that_is_not_there_is_refused_with_near_matches)
{
	ctl_case(&(struct ctl_case){.snapshot = "twins",
				    .expected = "why-near",
				    .verb = verb_why,
				    .pod = "web-3",
				    .exit = CTL_NO_POD});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_online_pod_shows_rule_use_stall_and_knobs),
		cmocka_unit_test(a_raised_floor_is_shown_to_the_pods_below_it),
		cmocka_unit_test(what_offline_work_gets_is_no_number_before_it_was_measured),
		cmocka_unit_test(a_raised_floor_is_not_shown_to_another_pod),
		cmocka_unit_test(an_offline_pod_shows_the_hold_above_it_with_its_reason),
		cmocka_unit_test(a_waiting_pod_shows_what_it_waits_for_and_where_it_stopped),
		cmocka_unit_test(a_narrow_terminal_gets_wrapped_lines),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
		cmocka_unit_test(a_pod_that_is_not_there_is_refused_with_near_matches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
