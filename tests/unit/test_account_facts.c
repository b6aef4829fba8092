// SPDX-License-Identifier: LGPL-2.1-or-later
// When a pod's facts, and whoever tells them, become records, over whole passes.
#include "tests/lib/test.h"

#include <stdio.h>

#include "agent/account_facts.h"
#include "agent/base/history.h"
#include "agent/tick.h"
#include "tests/lib/tick_case.h"

#define S_US 1000000

static struct tick_case t;
static uint64_t cursor;
static int64_t now_us;
static struct history_record r;

static int setup(void **state)
{
	(void)state;
	cursor = 0;
	now_us = 10 * S_US;
	return tick_case_open(&t);
}

static int teardown(void **state)
{
	(void)state;
	tick_case_close(&t);
	return 0;
}

/* What is told of two of the pods; class "": that one is not described. */
static void tell(const char *batch_class, const char *stranger_class)
{
	static const char pod[] =
		"{\"metadata\":{\"uid\":\"%s\",\"namespace\":\"jobs\",\"name\":\"%s\"},\"spec\":{"
		"\"priorityClassName\":\"%s\",\"containers\":[{\"name\":\"c\"}]},\"status\":{"
		"\"qosClass\":\"Burstable\"}}";
	char text[2048], one[512], two[512];

	(void)snprintf(one, sizeof(one), pod, TICK_BATCH, "batch", batch_class);
	(void)snprintf(two, sizeof(two), pod, TICK_STRANGER, "stranger", stranger_class);
	(void)snprintf(text, sizeof(text), "{\"kind\":\"PodList\",\"items\":[%s%s%s]}",
		       *batch_class ? one : "", *batch_class && *stranger_class ? "," : "",
		       *stranger_class ? two : "");
	assert_int_equal(tree_write(t.dir, "pods.json", text), 0);
}

static void pass(void)
{
	now_us += S_US;
	tick(t.state, now_us);
}

static bool next_facts(void)
{
	while (history_next(t.state->history, &cursor, &r))
		if (r.kind == HISTORY_FACTS)
			return true;
	return false;
}

static void expect(const char *what, const char *from, const char *to)
{
	assert_true(next_facts());
	assert_string_equal(r.what, what);
	assert_string_equal(r.from, from);
	assert_string_equal(r.to, to);
}

TEST(what_is_known_at_the_start_is_no_record)
{
	tell("batch-low", "batch-low");
	tick_case_start(&t, "protect", MODE_FULL);
	for (int i = 0; i < 3; i++)
		pass();
	assert_false(next_facts());
}

TEST(facts_that_come_late_are_a_record_of_that_pod_with_the_rule)
{
	tell("batch-low", "");
	tick_case_start(&t, "protect", MODE_FULL);
	pass();
	tell("batch-low", "batch-low");
	pass();
	expect(TICK_STRANGER_POD, "waiting for priorityClass", "P7");
	assert_string_equal(r.pod, "jobs/stranger");
	assert_int_equal(r.level, LEVEL_P7);
	assert_non_null(strstr(r.why, "P7 by "));
	assert_non_null(strstr(r.why, "priorityClass: batch-"));
	pass();
	assert_false(next_facts());
}

TEST(facts_that_change_are_one_too)
{
	tell("batch-low", "other");
	tick_case_start(&t, "protect", MODE_FULL);
	pass();
	tell("other", "other");
	pass();
	expect(TICK_BATCH_POD, "P7", "P4");
	assert_false(next_facts());
}

TEST(what_a_new_policy_changes_is_not_told_as_facts)
{
	tell("batch-low", "other");
	tick_case_start(&t, "protect", MODE_FULL);
	pass();
	assert_int_equal(
		tree_write(t.dir, "etc/colod/policy.d/95-more.yaml",
			   "version: 1\nassign:\n  - {match: {qos: Burstable}, level: P0}\n"),
		0);
	assert_int_equal(state_load_policy(t.state), 0);
	pass();
	assert_false(next_facts());
}

TEST(the_first_answer_is_one_record_for_all)
{
	assert_int_equal(tree_delete(t.dir, "pods.json"), 0);
	tick_case_start(&t, "protect", MODE_FULL);
	pass();
	assert_false(next_facts());
	tell("batch-low", "other");
	pass();
	expect("facts", "awaited", "known");
	assert_string_equal(r.pod, "");
	assert_false(next_facts());
}

TEST(who_falls_silent_and_tells_again_is_recorded_with_the_reason)
{
	tell("batch-low", "other");
	tick_case_start(&t, "protect", MODE_FULL);
	pass();
	assert_int_equal(tree_delete(t.dir, "pods.json"), 0);
	pass();
	pass();
	expect("facts", "known", "silent");
	assert_true(strlen(r.why) > 10);
	assert_false(next_facts());
	tell("batch-low", "other");
	pass();
	expect("facts", "silent", "known");
	assert_false(next_facts());
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(what_is_known_at_the_start_is_no_record),
		UNIT(facts_that_come_late_are_a_record_of_that_pod_with_the_rule),
		UNIT(facts_that_change_are_one_too),
		UNIT(what_a_new_policy_changes_is_not_told_as_facts),
		UNIT(the_first_answer_is_one_record_for_all),
		UNIT(who_falls_silent_and_tells_again_is_recorded_with_the_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
