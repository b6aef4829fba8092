// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "agent/ctl/ctl.h"
#include "tests/lib/ctl_case.h"

TEST(each_resource_and_every_source_is_shown_and_nothing_of_a_name_is_believed)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "modes", .expected = "mode-paused", .verb = verb_mode, .width = 100});
}

TEST(a_narrow_terminal_gets_the_sentence_cut)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "modes", .expected = "mode-narrow", .verb = verb_mode, .width = 60});
}

TEST(status_names_the_resource_that_is_held_lower)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "modes", .expected = "status-modes", .verb = verb_status, .width = 80});
}

TEST(an_agent_that_tells_nothing_is_no_crash)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "empty", .expected = "mode-empty", .verb = verb_mode, .width = 80});
}

TEST(json_has_modes_and_sources)
{
	cJSON *doc = ctl_case_read("modes"), *tree;
	const struct ctl ctl = {.doc = doc};
	int code;

	tree = verb_mode_json(&ctl, &code);
	assert_string_equal(cJSON_GetObjectItem(tree, "mode")->valuestring, "observe");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(tree, "mode_sources")), 3);
	assert_true(cJSON_GetObjectItem(tree, "pause_until_us")->valuedouble == 402000000);
	cJSON_Delete(tree);
	cJSON_Delete(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			each_resource_and_every_source_is_shown_and_nothing_of_a_name_is_believed),
		cmocka_unit_test(a_narrow_terminal_gets_the_sentence_cut),
		cmocka_unit_test(status_names_the_resource_that_is_held_lower),
		cmocka_unit_test(an_agent_that_tells_nothing_is_no_crash),
		cmocka_unit_test(json_has_modes_and_sources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
