// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/ctl/client.h"
#include "agent/ctl/ctl.h"
#include "tests/lib/ctl_case.h"

#define NOW_US 1767276000000000 /* 2026-01-01 14:00 UTC */

TEST(each_record_is_a_sentence_with_its_time_and_kind)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "history", .expected = "history", .verb = verb_history, .width = 80});
}

TEST(colour_tells_what_needs_a_look)
{
	ctl_case(&(struct ctl_case){.snapshot = "history",
				    .expected = "history-colour",
				    .verb = verb_history,
				    .colour = true,
				    .width = 80});
}

TEST(nothing_is_said_to_be_nothing)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "no-history", .expected = "history-none", .verb = verb_history});
}

static int ask(const char *since, const char *number, struct client_filter *ret_filter)
{
	const struct ctl ctl = {.since = since, .number = number, .args = {"web"}};

	return verb_history_ask(&ctl, NOW_US, ret_filter);
}

TEST(what_is_asked_for_is_what_the_command_line_says)
{
	struct ctl ctl = {0};
	struct client_filter f;

	assert_int_equal(verb_history_ask(&ctl, NOW_US, &f), CTL_OK);
	assert_true(f.since_us == 0);
	assert_string_equal(f.kinds, "");
	assert_string_equal(f.of, "");
	assert_int_equal(f.max, 100);
	ctl.kind = "write,rung";
	assert_int_equal(verb_history_ask(&ctl, NOW_US, &f), CTL_OK);
	assert_string_equal(f.kinds, "write,rung");
	assert_int_equal(ask("10m", "0", &f), CTL_OK);
	assert_string_equal(f.of, "web");
	assert_true(f.since_us == NOW_US - 600000000);
	assert_int_equal(f.max, 0);
	assert_int_equal(ask("today", "7", &f), CTL_OK);
	assert_true(f.since_us == 1767225600000000);
	assert_int_equal(f.max, 7);
}

TEST(what_is_no_time_and_no_number_is_refused)
{
	static const char *const times[] = {"",	    "m",    "10",	 "10x",
					    "-10m", "10mm", "99999999s", "now"};
	static const char *const numbers[] = {"", "-1", "1x", "+1", " 1", "4294967296"};
	struct client_filter f;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		assert_int_equal(ask(times[i], NULL, &f), CTL_USAGE);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_int_equal(ask(NULL, numbers[i], &f), CTL_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_record_is_a_sentence_with_its_time_and_kind),
		cmocka_unit_test(colour_tells_what_needs_a_look),
		cmocka_unit_test(nothing_is_said_to_be_nothing),
		cmocka_unit_test(what_is_asked_for_is_what_the_command_line_says),
		cmocka_unit_test(what_is_no_time_and_no_number_is_refused),
	};

	if (setenv("TZ", "UTC", 1) < 0 || !freopen("/dev/null", "w", stderr))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
