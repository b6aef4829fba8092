// SPDX-License-Identifier: LGPL-2.1-or-later
// The emergency and a pod whose memory is in tmpfs: its deletion is asked for before it is killed.
#include "tests/lib/evictor_case.h"
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/history.h"
#include "agent/control.h"
#include "agent/tick.h"

/* All that the hog has is in tmpfs, and the node is nearly out of memory. */
static bool until_asked;

static void run_out(int passes_more)
{
	static unsigned available_mib;
	char text[256];

	if (available_mib == 0 || passes_more == 26) {
		available_mib = 3000;
		evictor_case.state->policy->pressure_memory.on = false;
		evictor_case.state->policy->pressure_kill =
			(struct pressure_rule){.on = true, .window_us = 3 * S_US};
		assert_int_equal(tree_knob(evictor_case.dir, TICK_HOG_POD, "memory.stat",
					   "anon 2097152\nshmem 734003200\n"),
				 0);
		evictor_case_uses(TICK_BATCH_POD, 2);
	}
	for (int i = 0; i < passes_more; i++) {
		evictor_case_now_us += S_US / 5;
		available_mib -= i >= 10 && available_mib > 400 ? 160 : 0;
		(void)snprintf(text, sizeof(text),
			       "MemTotal: 8388608 kB\nMemFree: %u kB\nMemAvailable: %u kB\n"
			       "Inactive(file): 0 kB\n",
			       available_mib * 1024, available_mib * 1024);
		assert_int_equal(tree_write(evictor_case.dir, "proc/meminfo", text), 0);
		tick(evictor_case.state, evictor_case_now_us);
		if (until_asked && evictor_case_api.n_calls > 0)
			return;
	}
}

static size_t kills_told(struct history_record *ret_last)
{
	return tick_case_told(&evictor_case, HISTORY_KILL, ret_last);
}

/* The thread that kills ends when it likes: no clock decides here. */
static bool kill_is_told(struct history_record *ret_last)
{
	for (int i = 0; i < 6000 && kills_told(ret_last) == 0; i++) {
		(void)usleep(5000);
		run_out(1);
	}
	return kills_told(ret_last) > 0;
}

TEST(an_emergency_asks_for_the_deletion_of_what_is_in_tmpfs_and_kills_then)
{
	struct history_record r;

	run_out(26);
	assert_int_equal(evictor_case_api.n_calls, 1);
	assert_string_equal(evictor_case_api.calls[0].name, "hog");
	assert_true(kill_is_told(&r));
	assert_string_equal(r.what, TICK_HOG_POD);
	assert_non_null(strstr(r.numbers, "expected_bytes=736100352"));
	assert_int_equal(evictor_case.state->status.evict.evictions, 1);
}

TEST(an_emergency_does_not_wait_long_for_the_server)
{
	struct history_record r;

	evictor_case_api.answer = EVICT_ANSWER_NONE;
	run_out(26);
	assert_int_equal(evictor_case_api.n_calls, 1);
	assert_true(kill_is_told(&r));
	assert_string_equal(r.what, TICK_HOG_POD);
	assert_null(strstr(r.to, "cannot be deleted"));
}

TEST(whom_a_budget_keeps_is_not_killed_for_tmpfs_alone)
{
	struct history_record r;

	evictor_case_api.answer = EVICT_ANSWER_BUDGET;
	run_out(26);
	assert_int_equal(evictor_case_api.n_calls, 1);
	run_out(4);
	assert_int_equal(kills_told(&r), 1);
	assert_non_null(strstr(r.to, "it cannot be deleted, and all is in tmpfs"));
	run_out(4);
	assert_int_equal(evictor_case_api.n_calls, 1);
}

/* Between the question and its answer somebody lowered the mode. */
TEST(who_may_not_be_killed_any_more_is_not)
{
	struct history_record r;
	char text[32];

	evictor_case_api.answer = EVICT_ANSWER_NONE;
	until_asked = true;
	run_out(26);
	until_asked = false;
	assert_int_equal(evictor_case_api.n_calls, 1);
	(void)control_set_mode(evictor_case.state, RESOURCE_INVALID, MODE_SQUEEZE,
			       &(struct history_caller){0});
	run_out(4);
	assert_int_equal(kills_told(&r), 1);
	assert_non_null(strstr(r.to, "it may not be killed any more"));
	assert_int_equal(tree_knob_read(evictor_case.dir, TICK_HOG_POD, "cgroup.kill", text,
					sizeof(text)),
			 -ENOENT);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, evictor_case_setup, evictor_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_emergency_asks_for_the_deletion_of_what_is_in_tmpfs_and_kills_then),
		CASE(an_emergency_does_not_wait_long_for_the_server),
		CASE(who_may_not_be_killed_any_more_is_not),
		CASE(whom_a_budget_keeps_is_not_killed_for_tmpfs_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
