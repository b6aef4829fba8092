// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdlib.h>

#include "agent/ctl/client.h"
#include "agent/ctl/ctl.h"
#include "agent/ctl/doc.h"
#include "tests/lib/ctl_case.h"

TEST(each_withheld_knob_counts_once_and_the_end_is_one_command)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "trial", .expected = "trial", .verb = verb_trial, .width = 80});
}

TEST(nothing_withheld_is_said)
{
	ctl_case(&(struct ctl_case){.snapshot = "no-history",
				    .expected = "trial-none",
				    .verb = verb_trial,
				    .width = 80});
}

TEST(the_numbers_are_those_of_the_plan)
{
	cJSON *doc = ctl_case_read("trial"), *trial;
	const struct ctl ctl = {.doc = doc};
	const cJSON *row;
	uint64_t now = 0;
	int r = CTL_OK;

	trial = verb_trial_json(&ctl, &r);
	assert_non_null(trial);
	cJSON_ArrayForEach(row, doc_get(trial, "changes")) now += doc_count(row, "withheld_now");
	assert_int_equal(now, 3);
	assert_string_equal(doc_text(trial, "mode_needed", ""), "squeeze");
	assert_string_equal(doc_text(trial, "since", ""), "midnight");
	assert_int_equal(cJSON_GetArraySize(doc_get(trial, "holds")), 2);
	assert_int_equal(doc_count(cJSON_GetArrayItem(doc_get(trial, "holds"), 0), "for_us"),
			 42000000);
	cJSON_Delete(trial);
	cJSON_Delete(doc);
}

TEST(today_is_asked_for)
{
	const struct ctl ctl = {0};
	struct client_filter f;

	assert_int_equal(verb_trial_ask(&ctl, 1767276000000000, &f), CTL_OK);
	assert_true(f.since_us == 1767225600000000);
	assert_int_equal(f.max, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_withheld_knob_counts_once_and_the_end_is_one_command),
		cmocka_unit_test(nothing_withheld_is_said),
		cmocka_unit_test(the_numbers_are_those_of_the_plan),
		cmocka_unit_test(today_is_asked_for),
	};

	if (setenv("TZ", "UTC", 1) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
