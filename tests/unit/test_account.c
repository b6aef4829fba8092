// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole passes over a fake tree, and what the history says of them.
#include "tests/lib/test.h"

#include <stdio.h>

#include "agent/account.h"
#include "agent/base/history.h"
#include "agent/base/messages.h"
#include "agent/restore.h"
#include "agent/tick.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/tick_case.h"

#define S_US 1000000

static struct tick_case t;
static uint64_t cursor;
static struct history_record r;

static int setup(void **state)
{
	(void)state;
	cursor = 0;
	return tick_case_open(&t);
}

static int teardown(void **state)
{
	(void)state;
	tick_case_close(&t);
	return 0;
}

/* The next record of a kind that is about this cgroup (or whatever else) and knob. */
static bool find(enum history_kind kind, const char *what, const char *knob)
{
	while (history_next(t.state->history, &cursor, &r))
		if (r.kind == kind && (!what || strcmp(r.what, what) == 0) &&
		    (!knob || strcmp(r.knob, knob) == 0))
			return true;
	return false;
}

static size_t count(enum history_kind kind)
{
	size_t n = 0;

	for (cursor = 0; find(kind, NULL, NULL); n++)
		;
	cursor = 0;
	return n;
}

TEST(a_write_says_which_pod_what_was_there_and_why)
{
	size_t n = 0;

	tick_case_start(&t, "protect", MODE_FULL);
	tick(t.state, 10 * S_US);
	while (find(HISTORY_WRITE, NULL, NULL))
		n += !r.would;
	assert_int_equal(n, t.state->status.writes);
	cursor = 0;
	assert_true(find(HISTORY_WRITE, TICK_ONLINE_POD, "memory.min"));
	assert_string_equal(r.from, "0");
	assert_string_equal(r.to, "67108864");
	assert_string_equal(r.pod, "shop/web");
	assert_int_equal(r.level, LEVEL_P0);
	assert_int_equal(r.effect, EFFECT_PROTECTION);
	assert_non_null(strstr(r.why, "request"));
	assert_false(r.would);
	assert_false(r.caller.known);
}

TEST(a_pass_that_writes_nothing_records_nothing)
{
	uint64_t before;

	tick_case_start(&t, "protect", MODE_FULL);
	tick(t.state, 10 * S_US);
	tick(t.state, 11 * S_US);
	while (history_next(t.state->history, &cursor, &r))
		;
	before = r.id;
	tick(t.state, 12 * S_US);
	assert_false(history_next(t.state->history, &cursor, &r));
	assert_int_equal(r.id, before);
}

TEST(lowering_the_mode_is_a_record_and_so_is_each_value_that_comes_back)
{
	tick_case_start(&t, "protect", MODE_FULL);
	tick(t.state, 10 * S_US);
	assert_int_equal(count(HISTORY_MODE), 0);
	tree_write(t.dir, "etc/colod/disable", "");
	tick(t.state, 11 * S_US);
	assert_int_equal(count(HISTORY_MODE), 1);
	assert_true(find(HISTORY_MODE, "mode", ""));
	assert_string_equal(r.from, "protect");
	assert_string_equal(r.to, "off");
	assert_non_null(strstr(r.why, "/etc/colod/disable"));
	assert_int_equal(count(HISTORY_RESTORE), t.state->status.restores);
	assert_true(find(HISTORY_RESTORE, TICK_ONLINE_POD, "memory.min"));
	assert_string_equal(r.from, "67108864");
	assert_string_equal(r.to, "0");
}

TEST(what_somebody_wrote_over_is_named_before_it_is_put_back)
{
	uint64_t drift;

	tick_case_start(&t, "protect", MODE_FULL);
	tick(t.state, 10 * S_US);
	tree_knob(t.dir, TICK_ONLINE_POD, "memory.min", "4096");
	discover_rescan(t.state->discover);
	tick(t.state, 11 * S_US);
	assert_int_equal(count(HISTORY_DRIFT), 1);
	assert_true(find(HISTORY_DRIFT, TICK_ONLINE_POD, "memory.min"));
	assert_string_equal(r.from, "67108864");
	assert_string_equal(r.to, "4096");
	drift = r.id;
	assert_true(find(HISTORY_WRITE, TICK_ONLINE_POD, "memory.min"));
	assert_string_equal(r.from, "4096");
	assert_string_equal(r.to, "67108864");
	assert_true(r.id > drift);
}

TEST(the_policy_is_recorded_with_who_asked_for_it)
{
	const struct history_caller caller = {.known = true, .uid = 7, .pid = 9, .comm = "me"};

	tick_case_start(&t, "protect", MODE_FULL);
	account_policy(t.state, 0, &caller);
	tree_write(t.dir, "etc/colod/policy.d/95-broken.yaml", "version: 1\nlevels: [P9\n");
	account_policy(t.state, state_load_policy(t.state), NULL);
	assert_true(find(HISTORY_POLICY, NULL, NULL));
	assert_string_equal(r.to, "loaded");
	assert_true(r.caller.known);
	assert_int_equal(r.caller.uid, 7);
	assert_int_equal(r.caller.pid, 9);
	assert_string_equal(r.caller.comm, "me");
	assert_true(find(HISTORY_POLICY, NULL, NULL));
	assert_string_equal(r.to, "rejected");
	assert_non_null(strstr(r.why, "the last good policy stays in force"));
	assert_false(r.caller.known);
}

TEST(a_stop_records_what_came_back_and_what_was_left)
{
	tick_case_start(&t, "protect", MODE_FULL);
	tick(t.state, 10 * S_US);
	tree_knob(t.dir, TICK_ONLINE_POD, "memory.min", "4096");
	account_agent(t.state, "colod", "stops", "");
	restore_all(t.state);
	assert_int_equal(count(HISTORY_RESTORE), t.state->status.writes - 1);
	assert_int_equal(count(HISTORY_LEFT), 1);
	assert_true(find(HISTORY_LEFT, TICK_ONLINE_POD, "memory.min"));
	assert_string_equal(r.from, "67108864");
	assert_string_equal(r.to, "4096");
	assert_non_null(strstr(r.why, "somebody else"));
	assert_true(find(HISTORY_AGENT, "colod", NULL));
	assert_string_equal(r.to, "restored");
	assert_non_null(strstr(r.why, "1 left"));
}

TEST(a_rung_is_recorded_with_whether_it_was_acted_on)
{
	tick_case_start(&t, "protect", MODE_FULL);
	t.state->ladders.of[RESOURCE_CPU].rung = RUNG_SQUEEZE;
	t.state->ladders.of[RESOURCE_CPU].reason = (struct reason){.code = REASON_SQUEEZE,
								   .rule = -1,
								   .observed = 123,
								   .limit = 50,
								   .for_us = 2 * S_US,
								   .who = "shop/web"};
	account_rungs(t.state, &(struct ladders){0});
	t.state->status.modes.by[RESOURCE_CPU] = MODE_SQUEEZE;
	account_rungs(t.state, &(struct ladders){0});
	assert_true(find(HISTORY_RUNG, "cpu", ""));
	assert_string_equal(r.from, "calm");
	assert_string_equal(r.to, "squeeze");
	assert_non_null(strstr(r.why, "shop/web"));
	assert_non_null(strstr(r.why, "12.3"));
	assert_true(r.would);
	assert_true(find(HISTORY_RUNG, "cpu", ""));
	assert_false(r.would);
	assert_string_equal(r.numbers,
			    "observed=123,limit=50,for_us=2000000,extra=0,window_us=2000000,"
			    "stall_before_permille=-");
}

TEST(what_observe_would_do_is_recorded_once)
{
	size_t n;

	tick_case_start(&t, "observe", MODE_FULL);
	tick(t.state, 10 * S_US);
	n = count(HISTORY_WRITE);
	assert_int_equal(n, t.state->status.withheld);
	assert_true(n > 3);
	tick(t.state, 11 * S_US);
	tick(t.state, 12 * S_US);
	assert_int_equal(count(HISTORY_WRITE), n);
	assert_true(find(HISTORY_WRITE, TICK_ONLINE_POD, "memory.min"));
	assert_true(r.would);
	assert_string_equal(r.from, "0");
	assert_string_equal(r.to, "67108864");
	assert_string_equal(r.pod, "shop/web");
	assert_int_equal(r.effect, EFFECT_PROTECTION);
	tick_case_assert_knob(&t, TICK_ONLINE_POD, "memory.min", "0");
}

TEST(what_protect_withholds_is_recorded_beside_what_it_does)
{
	size_t would = 0;

	tick_case_start(&t, "protect", MODE_FULL);
	tick(t.state, 10 * S_US);
	while (find(HISTORY_WRITE, NULL, NULL)) {
		would += r.would;
		assert_int_equal(r.would, r.effect == EFFECT_LIMIT || r.effect == EFFECT_HOLD);
	}
	assert_int_equal(would, t.state->status.withheld);
	assert_true(would > 0);
}

TEST(another_wanted_value_is_another_record)
{
	struct cgroup *cg = NULL;
	size_t n;

	tick_case_start(&t, "observe", MODE_FULL);
	tick(t.state, 10 * S_US);
	n = count(HISTORY_WRITE);
	for (size_t i = 0; i < discover_model(t.state->discover)->n_cgroups; i++)
		if (strcmp(discover_model(t.state->discover)->cgroups[i]->path, TICK_ONLINE_POD) ==
		    0)
			cg = discover_model(t.state->discover)->cgroups[i];
	assert_non_null(cg);
	cg->knobs[KNOB_MEMORY_MIN].would ^= 2;
	tick(t.state, 11 * S_US);
	assert_int_equal(count(HISTORY_WRITE), n + 1);
}

TEST(an_observing_pass_allocates_nothing)
{
	unsigned long before;

	tick_case_start(&t, "observe", MODE_FULL);
	for (int64_t i = 0; i < 5; i++)
		tick(t.state, (10 + i) * S_US);
	before = alloc_count();
	for (int64_t i = 5; i < 15; i++)
		tick(t.state, (10 + i) * S_US);
	assert_int_equal(alloc_count() - before, 0);
}

TEST(a_controller_that_is_enabled_is_a_record)
{
	assert_int_equal(tree_cgroup(t.dir, "farm/job-1"), 0);
	assert_int_equal(tree_delete(t.dir, "sys/fs/cgroup/farm/job-1/io.weight"), 0);
	assert_int_equal(tree_knob(t.dir, "farm", "cgroup.subtree_control", "cpu memory"), 0);
	tick_case_start(&t, "protect", MODE_FULL);
	tick(t.state, 10 * S_US);
	assert_true(find(HISTORY_WRITE, "farm", "cgroup.subtree_control"));
	assert_string_equal(r.to, "+io");
	assert_string_equal(r.pod, "farm/job-1");
}

TEST(originals_without_a_state_are_recorded_too)
{
	const struct knob_value from = {.state = KNOB_KNOWN, .value = 5};
	const struct knob_value to = {.state = KNOB_KNOWN, .value = 100};
	const struct apply_event event = {.kind = HISTORY_RESTORE,
					  .path = "a/b",
					  .knob = KNOB_CPU_WEIGHT,
					  .effect = EFFECT_COUNT,
					  .from = &from,
					  .to = &to,
					  .why = "the original is back"};
	struct history *h = NULL;

	assert_int_equal(history_new(&h), 0);
	account_event_alone(NULL, &event);
	account_event_alone(h, &event);
	assert_true(history_next(h, &cursor, &r));
	assert_string_equal(r.what, "a/b");
	assert_string_equal(r.from, "5");
	assert_string_equal(r.to, "100");
	assert_string_equal(r.pod, "");
	assert_int_equal(r.level, LEVEL_NONE);
	history_free(h);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_write_says_which_pod_what_was_there_and_why),
		CASE(a_pass_that_writes_nothing_records_nothing),
		CASE(lowering_the_mode_is_a_record_and_so_is_each_value_that_comes_back),
		CASE(what_somebody_wrote_over_is_named_before_it_is_put_back),
		CASE(the_policy_is_recorded_with_who_asked_for_it),
		CASE(a_stop_records_what_came_back_and_what_was_left),
		CASE(a_rung_is_recorded_with_whether_it_was_acted_on),
		CASE(what_observe_would_do_is_recorded_once),
		CASE(what_protect_withholds_is_recorded_beside_what_it_does),
		CASE(another_wanted_value_is_another_record),
		CASE(an_observing_pass_allocates_nothing),
		CASE(a_controller_that_is_enabled_is_a_record),
		CASE(originals_without_a_state_are_recorded_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
