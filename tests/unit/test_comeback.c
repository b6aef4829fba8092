// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether the agent comes back, from what systemd was seen to say (the VM test 25-restart shows that
// it says so), and where nobody answers.
#include "tests/lib/test.h"

#include <stdio.h>

#include "agent/comeback.h"

struct row {
	const char *job, *sub_state, *restart, *result;
	bool back;
};

static bool decide(const struct row *row, bool answered, bool afterwards, char *why)
{
	struct comeback_facts f = {
		.answered = answered,
		.afterwards = afterwards,
		.no_answer = "Connection refused",
	};

	(void)snprintf(f.job, sizeof(f.job), "%s", row->job);
	(void)snprintf(f.sub_state, sizeof(f.sub_state), "%s", row->sub_state);
	(void)snprintf(f.restart, sizeof(f.restart), "%s", row->restart);
	(void)snprintf(f.result, sizeof(f.result), "%s", row->result);
	return comeback_decide(&f, why);
}

TEST(the_job_of_the_unit_decides_before_all_else)
{
	static const struct row rows[] = {
		{"stop", "stop-post", "on-failure", "success", false},
		{"stop", "stop-post", "always", "signal", false},
		{"stop", "stop-post", "on-failure", "watchdog", false},
		{"restart", "stop-post", "on-failure", "success", true},
		{"try-restart", "stop-post", "no", "success", true},
		{"start", "failed", "no", "signal", true},
	};
	char why[COMEBACK_WHY_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(decide(&rows[i], true, false, why), rows[i].back);
		assert_non_null(strstr(why, rows[i].job));
	}
}

TEST(without_a_job_restart_and_the_result_decide_as_systemd_does)
{
	static const char *const results[] = {"success", "exit-code", "timeout",
					      "signal",	 "core-dump", "watchdog"};
	static const struct {
		const char *restart;
		bool back[6];
	} rows[] = {
		{"no", {false, false, false, false, false, false}},
		{"always", {true, true, true, true, true, true}},
		{"on-success", {true, false, false, false, false, false}},
		{"on-failure", {false, true, true, true, true, true}},
		{"on-abnormal", {false, false, true, true, true, true}},
		{"on-abort", {false, false, false, true, true, false}},
		{"on-watchdog", {false, false, false, false, false, true}},
		{"something-new", {false, false, false, false, false, false}},
	};
	char why[COMEBACK_WHY_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t k = 0; k < 6; k++) {
			const struct row row = {"", "stop-post", rows[i].restart, results[k],
						false};

			assert_int_equal(decide(&row, true, false, why), rows[i].back[k]);
			assert_non_null(strstr(why, results[k]));
		}
	}
}

TEST(the_unit_of_on_failure_goes_by_the_state_of_the_one_that_failed)
{
	static const struct row rows[] = {
		{"", "failed", "on-failure", "start-limit-hit", false},
		{"", "failed", "always", "signal", false},
		{"", "dead", "on-failure", "", false},
		{"", "auto-restart", "on-failure", "signal", true},
		{"", "auto-restart-queued", "on-failure", "signal", true},
		{"", "failed-before-auto-restart", "on-failure", "signal", true},
		{"", "running", "on-failure", "signal", true},
		{"", "start", "on-failure", "signal", true},
		{"stop", "failed", "on-failure", "signal", false},
	};
	char why[COMEBACK_WHY_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(decide(&rows[i], true, true, why), rows[i].back);
}

/* Giving back too much costs a second, too little stays. */
TEST(without_an_answer_only_an_agent_that_died_is_believed_to_come_back)
{
	static const struct row rows[] = {
		{"", "", "", "success", false},	 {"", "", "", "", false},
		{"", "", "", "signal", true},	 {"", "", "", "watchdog", true},
		{"", "", "", "exit-code", true},
	};
	char why[COMEBACK_WHY_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(decide(&rows[i], false, false, why), rows[i].back);
		assert_non_null(strstr(why, "Connection refused"));
		assert_false(decide(&rows[i], false, true, why));
	}
}

/* No systemd here, or one that knows this process as no service: either is no answer. */
TEST(asking_outside_a_service_takes_no_word_for_an_answer)
{
	struct comeback_facts f;

	(void)setenv("SERVICE_RESULT", "watchdog", 1);
	(void)setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere", 1);
	(void)unsetenv("COLOD_UNIT");
	comeback_ask(&f);
	assert_false(f.answered);
	assert_true(f.no_answer[0] != '\0');
	assert_string_equal(f.result, "watchdog");
	assert_string_equal(f.job, "");
	assert_false(f.afterwards);
	(void)setenv("COLOD_UNIT", "colod.service", 1);
	(void)unsetenv("SERVICE_RESULT");
	comeback_ask(&f);
	assert_true(f.afterwards);
	assert_string_equal(f.result, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_job_of_the_unit_decides_before_all_else),
		cmocka_unit_test(without_a_job_restart_and_the_result_decide_as_systemd_does),
		cmocka_unit_test(the_unit_of_on_failure_goes_by_the_state_of_the_one_that_failed),
		cmocka_unit_test(
			without_an_answer_only_an_agent_that_died_is_believed_to_come_back),
		cmocka_unit_test(asking_outside_a_service_takes_no_word_for_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
