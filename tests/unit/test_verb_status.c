// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdlib.h>

#include "agent/ctl/ctl.h"
#include "tests/lib/ctl_case.h"

TEST(an_observing_node_says_what_it_would_do_and_how_to_allow_it)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "fresh", .expected = "status-fresh", .verb = verb_status});
}

TEST(a_mode_held_down_by_the_command_line_is_not_blamed_on_the_policy)
{
	ctl_case(&(struct ctl_case){.snapshot = "held-back",
				    .expected = "status-held-back",
				    .verb = verb_status,
				    .width = 80});
}

TEST(a_squeezed_node_says_who_waited)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "node", .expected = "status-node", .verb = verb_status, .width = 80});
}

TEST(a_raised_floor_and_what_is_not_watched_are_shown)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "floor", .expected = "status-floor", .verb = verb_status, .width = 80});
}

TEST(a_room_that_is_not_the_machines_says_whose_it_is)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "numa", .expected = "status-numa", .verb = verb_status, .width = 80});
}

TEST(an_empty_snapshot_is_shown_without_a_guess)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "empty", .expected = "status-empty", .verb = verb_status, .width = 80});
}

TEST(control_characters_do_not_reach_the_terminal)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "hostile", .expected = "status-hostile", .verb = verb_status});
}

TEST(a_narrow_terminal_gets_wrapped_lines)
{
	ctl_case(&(struct ctl_case){.snapshot = "fresh",
				    .expected = "status-narrow",
				    .verb = verb_status,
				    .width = 40});
}

static char *run(const char *rung, int64_t since_us, int64_t least_us, int64_t until_us)
{
	cJSON *doc = ctl_case_read("node"), *memory;
	const struct ctl_case c = {.verb = verb_status};
	char *text;
	int r;

	memory = cJSON_GetObjectItem(doc, "status");
	assert_true(cJSON_ReplaceItemInObject(memory, "rung_memory", cJSON_CreateString(rung)));
	memory = cJSON_GetObjectItem(cJSON_GetObjectItem(doc, "ladder"), "memory");
	assert_true(cJSON_ReplaceItemInObject(memory, "since_us",
					      cJSON_CreateNumber((double)since_us)));
	assert_true(cJSON_ReplaceItemInObject(memory, "at_least_until_us",
					      cJSON_CreateNumber((double)least_us)));
	assert_true(cJSON_ReplaceItemInObject(memory, "until_us",
					      cJSON_CreateNumber((double)until_us)));
	text = ctl_case_run(&c, doc, &r);
	assert_int_equal(r, CTL_OK);
	cJSON_Delete(doc);
	return text;
}

/* The snapshot's last pass was at 13 s, and it is 2.5 s later. */
TEST(a_rung_has_its_age_and_its_end_where_that_is_known)
{
	char *text = run("freeze", 13000000, 16000000, 17000000);

	assert_non_null(strstr(
		text, "\nmemory    freeze for 2.5 s, 0.5 s more at least, 1.5 s more at most"));
	free(text);
	text = run("reclaim", 13000000, 16500000, 0);
	assert_non_null(strstr(text, "\nmemory    reclaim for 2.5 s, 1.0 s more at least"));
	assert_null(strstr(text, "more at most"));
	free(text);
	text = run("freeze", 13000000, 15000000, 15000000);
	assert_null(strstr(text, "more at"));
	free(text);
}

/* How many, what refuses the next and for how long, and what a person has to mend. */
TEST(evictions_are_shown_where_the_policy_asks_for_them)
{
	cJSON *doc = ctl_case_read("node"), *evict;
	const struct ctl_case c = {.verb = verb_status};
	char *text;
	int r;

	text = ctl_case_run(&c, doc, &r);
	assert_null(strstr(text, "\nevict"));
	free(text);
	evict = cJSON_GetObjectItem(cJSON_GetObjectItem(doc, "status"), "evict");
	(void)cJSON_ReplaceItemInObject(evict, "on", cJSON_CreateTrue());
	(void)cJSON_ReplaceItemInObject(evict, "in_hour", cJSON_CreateNumber(2));
	(void)cJSON_ReplaceItemInObject(evict, "per_hour", cJSON_CreateNumber(6));
	(void)cJSON_ReplaceItemInObject(evict, "pending", cJSON_CreateNumber(1));
	(void)cJSON_ReplaceItemInObject(evict, "why_nobody", cJSON_CreateString("it waits"));
	(void)cJSON_ReplaceItemInObject(evict, "until_us", cJSON_CreateNumber(17000000));
	(void)cJSON_ReplaceItemInObject(evict, "off", cJSON_CreateString("mend me"));
	text = ctl_case_run(&c, doc, &r);
	assert_non_null(strstr(text,
			       "\nevict     2 in the last hour of at most 6, 1 under way. Now: it "
			       "waits for 1.5 s. To be mended: mend me"));
	free(text);
	cJSON_Delete(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_observing_node_says_what_it_would_do_and_how_to_allow_it),
		cmocka_unit_test(a_mode_held_down_by_the_command_line_is_not_blamed_on_the_policy),
		cmocka_unit_test(a_squeezed_node_says_who_waited),
		cmocka_unit_test(a_raised_floor_and_what_is_not_watched_are_shown),
		cmocka_unit_test(a_room_that_is_not_the_machines_says_whose_it_is),
		cmocka_unit_test(an_empty_snapshot_is_shown_without_a_guess),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
		cmocka_unit_test(a_rung_has_its_age_and_its_end_where_that_is_known),
		cmocka_unit_test(evictions_are_shown_where_the_policy_asks_for_them),
		cmocka_unit_test(a_narrow_terminal_gets_wrapped_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
