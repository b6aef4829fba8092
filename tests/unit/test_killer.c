// SPDX-License-Identifier: LGPL-2.1-or-later
// From the sign to the victim, by mode: over a fake tree, whose processes nobody kills. The kill itself is
// test_kill and tests/vm/tests/47-kill.sh.
#include "agent/killer.h"
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/apply/apply_state.h"
#include "agent/base/history.h"
#include "agent/base/lanes.h"
#include "agent/control.h"
#include "agent/tick.h"
#include "tests/lib/record_case.h"
#include "tests/lib/tick_case.h"

#define S_US 1000000ll

static struct tick_case t;
static int64_t now_us;
static unsigned available_mib;

static void uses(const char *pod, unsigned anon_mib)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "anon %u\nshmem 0\n", anon_mib << 20);
	assert_int_equal(tree_knob(t.dir, pod, "memory.stat", text), 0);
	(void)snprintf(text, sizeof(text), "%u\n", anon_mib << 20);
	assert_int_equal(tree_knob(t.dir, pod, "memory.current", text), 0);
}

static int setup(void **state)
{
	(void)state;
	if (tick_case_open(&t) < 0)
		return -1;
	tick_case_start(&t, "full", MODE_FULL);
	assert_int_equal(lanes_new(&t.state->lanes), 0);
	assert_int_equal(killer_new(t.state), 0);
	t.state->policy->pressure_kill = (struct pressure_rule){.on = true, .window_us = 3 * S_US};
	/* What they use is not measured here: the path decides, not the chance of an inode. */
	t.state->policy->evict.n_order = 0;
	now_us = 100 * S_US;
	available_mib = 3000;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	killer_free(t.state->killer);
	t.state->killer = NULL;
	lanes_free(t.state->lanes);
	t.state->lanes = NULL;
	tick_case_close(&t);
	return 0;
}

/* So many passes, 200 ms apart, each with so much less. */
static void passes(int n, unsigned falls_mib)
{
	char text[256];

	for (int i = 0; i < n; i++) {
		now_us += S_US / 5;
		available_mib -= falls_mib;
		(void)snprintf(text, sizeof(text),
			       "MemTotal: 8388608 kB\nMemFree: %u kB\nMemAvailable: %u kB\n"
			       "Inactive(file): 0 kB\n",
			       available_mib * 1024, available_mib * 1024);
		assert_int_equal(tree_write(t.dir, "proc/meminfo", text), 0);
		tick(t.state, now_us);
	}
}

static size_t n_told(struct history_record *ret_last)
{
	return tick_case_told(&t, HISTORY_KILL, ret_last);
}

/* The oldest. */
static bool candidate(const char *path, struct history_record *ret_record)
{
	uint64_t cursor = 0;

	while (history_next(t.state->history, &cursor, ret_record))
		if (ret_record->kind == HISTORY_CANDIDATE && strcmp(ret_record->what, path) == 0)
			return true;
	return false;
}

TEST(in_a_lower_mode_it_is_said_once_who_it_would_have_been)
{
	struct history_record r;

	uses(TICK_HOG_POD, 700);
	uses(TICK_BATCH_POD, 300);
	uses(TICK_ONLINE_POD, 900);
	(void)control_set_mode(t.state, RESOURCE_INVALID, MODE_SQUEEZE,
			       &(struct history_caller){0});
	passes(10, 0);
	assert_int_equal(n_told(&r), 0);
	passes(16, 160);
	assert_int_equal(n_told(&r), 1);
	assert_true(r.would);
	assert_string_equal(r.what, TICK_HOG_POD);
	assert_string_equal(r.knob, "cgroup.kill");
	assert_int_equal(r.level, LEVEL_P7);
	assert_non_null(strstr(r.why, "falls by"));
	assert_non_null(strstr(r.why, "; 700 MiB are expected back"));
	assert_true(t.state->status.kills == 0);
	assert_non_null(strstr(r.numbers, "expected_bytes=734003200,candidates=2,"));
	assert_true(candidate(TICK_HOG_POD, &r) && r.would);
	assert_string_equal(r.to, "chosen");
	assert_non_null(
		strstr(r.numbers, "place=1,expected_bytes=734003200,usage_bytes=-,soon_bytes=-"));
	assert_true(candidate(TICK_BATCH_POD, &r));
	assert_string_equal(r.to, "passed over");
	assert_non_null(strstr(r.numbers, "place=2,expected_bytes=314572800,"));
	assert_non_null(strstr(r.why, "went first"));
	assert_false(candidate(TICK_ONLINE_POD, &r));
}

static void has(const char *pod, unsigned node0_mib, unsigned node1_mib)
{
	char text[256];

	uses(pod, node0_mib + node1_mib);
	(void)snprintf(text, sizeof(text), "anon N0=%u N1=%u\nfile N0=0 N1=0\nshmem N0=0 N1=0",
		       node0_mib << 20, node1_mib << 20);
	assert_int_equal(tree_knob(t.dir, pod, "memory.numa_stat", text), 0);
}

/* The machine has 3 GiB more all the time, node 0, to which the online pod is bound, runs out. The hog is the larger one, and is on
 * the other. */
TEST(where_one_memory_node_runs_out_it_is_somebody_who_has_memory_there)
{
	struct history_record r;

	assert_int_equal(tree_memory_nodes(t.dir, 2), 0);
	assert_int_equal(tree_knob(t.dir, TICK_ONLINE_POD, "cpuset.mems.effective", "0"), 0);
	discover_model(t.state->discover)->node.n_numa = 2;
	discover_set_policy(t.state->discover, t.state->policy);
	has(TICK_HOG_POD, 5, 700);
	has(TICK_BATCH_POD, 300, 10);
	has(TICK_ONLINE_POD, 900, 0);
	(void)control_set_mode(t.state, RESOURCE_INVALID, MODE_SQUEEZE,
			       &(struct history_caller){0});
	for (int i = 0; i < 26; i++) {
		uint64_t free_mib = i < 10 ? 2000 : 2000 - (uint64_t)(i - 9) * 120;

		assert_int_equal(tree_memory_node(t.dir, 0, free_mib << 20), 0);
		passes(1, 0);
	}
	assert_true(t.state->plan.n_bounds == 1 && t.state->plan.bounds[0].nodes == 1);
	assert_int_equal(n_told(&r), 1);
	assert_true(r.would);
	assert_string_equal(r.what, TICK_BATCH_POD);
	assert_non_null(strstr(r.why, "on NUMA node 0 falls by"));
	assert_non_null(strstr(r.why, "; 300 MiB are expected back"));
	assert_true(candidate(TICK_HOG_POD, &r));
	assert_string_equal(r.to, "no candidate");
	assert_non_null(strstr(r.why, "it has its memory on other NUMA nodes"));
}

TEST(in_mode_observe_nothing_is_said_either_and_off_neither)
{
	struct history_record r;

	uses(TICK_HOG_POD, 700);
	(void)control_set_mode(t.state, RESOURCE_INVALID, MODE_OBSERVE,
			       &(struct history_caller){0});
	passes(10, 0);
	passes(16, 160);
	assert_int_equal(n_told(&r), 0);
}

/* The folder is no cgroup, so that it is refused by what looks last: and that is told. */
TEST(in_mode_full_the_kill_is_begun_and_what_came_of_it_is_told)
{
	struct history_record r;
	size_t n = 0;

	uses(TICK_HOG_POD, 700);
	passes(10, 0);
	assert_false(apply_is_dying(t.state->apply, TICK_HOG_POD));
	for (int i = 0; i < 16 && !apply_is_dying(t.state->apply, TICK_HOG_POD); i++)
		passes(1, 160);
	/* It and what is below it, and nobody whose name begins like it. */
	assert_true(apply_is_dying(t.state->apply, TICK_HOG_POD));
	assert_true(apply_is_dying(t.state->apply, TICK_HOG_POD "/container"));
	assert_false(apply_is_dying(t.state->apply, TICK_HOG_POD "ger"));
	assert_false(apply_is_dying(t.state->apply, TICK_BATCH_POD));
	for (int i = 0; i < 3000 && n == 0; i++) {
		struct timespec pause = {.tv_nsec = 10000000};

		(void)nanosleep(&pause, NULL);
		passes(1, 0);
		n = n_told(&r);
	}
	assert_true(n >= 1);
	assert_false(apply_is_dying(t.state->apply, TICK_HOG_POD));
	assert_false(r.would);
	assert_string_equal(r.what, TICK_HOG_POD);
	assert_non_null(strstr(r.to, "was not done"));
	assert_non_null(strstr(r.numbers, "kill_us="));
	assert_true(candidate(TICK_HOG_POD, &r) && !r.would);
	assert_true(t.state->status.kills == 0);
}

/* The pod goes between the choice and the kill: nobody was chosen and killed, and nobody passed over for it. */
TEST(a_kill_that_does_not_begin_leaves_no_candidates)
{
	char path[512], away[520];
	struct history_record r;
	size_t before;

	uses(TICK_HOG_POD, 700);
	(void)control_set_mode(t.state, RESOURCE_INVALID, MODE_SQUEEZE,
			       &(struct history_caller){0});
	passes(10, 0);
	passes(16, 160);
	before = tick_case_told(&t, HISTORY_CANDIDATE, &r);
	t.state->kill_mode = MODE_FULL;
	killer_decide(t.state);
	assert_non_null(killer_look(t.state));
	(void)snprintf(path, sizeof(path), "%s/sys/fs/cgroup/%s", t.dir, TICK_HOG_POD);
	(void)snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	killer_run(t.state);
	assert_int_equal(tick_case_told(&t, HISTORY_CANDIDATE, &r), before);
	assert_int_equal(rename(away, path), 0);
	killer_decide(t.state);
	killer_run(t.state);
	assert_true(tick_case_told(&t, HISTORY_CANDIDATE, &r) > before);
}

TEST(where_nobody_may_be_killed_nobody_is)
{
	struct history_record r;

	uses(TICK_ONLINE_POD, 2000);
	uses(TICK_HOG_POD, 2);
	passes(10, 0);
	passes(16, 160);
	assert_int_equal(n_told(&r), 0);
	assert_true(candidate(TICK_HOG_POD, &r));
	assert_string_equal(r.to, "no candidate");
	assert_string_equal(r.why, "it would free too little");
}

/* A run whose policy is in its files, recorded; and what is decided again from that. */
TEST(the_choice_is_decided_again_from_the_record)
{
	struct record_buf text = {0};
	uint64_t differs = 0;
	char path[512];

	(void)teardown(state);
	assert_int_equal(tick_case_open(&t), 0);
	(void)snprintf(path, sizeof(path), "%s/series.record", t.dir);
	assert_int_equal(tree_write(t.dir, "etc/colod/policy.d/95-kill.yaml",
				    "version: 1\npressure: [{when: memory.empty of node in 3s, do: "
				    "[kill]}]\nevict: {order: [level]}\n"),
			 0);
	tick_case_policy(&t, "full");
	t.options = (struct options){
		.action = OPTIONS_ONCE,
		.root = t.dir,
		.mode = MODE_FULL,
		.record_file = path,
		.record_max_bytes = 64u << 20,
	};
	assert_int_equal(state_new(&t.options, &t.state), 0);
	assert_int_equal(lanes_new(&t.state->lanes), 0);
	assert_int_equal(killer_new(t.state), 0);
	now_us = 100 * S_US;
	available_mib = 3000;
	uses(TICK_HOG_POD, 700);
	uses(TICK_BATCH_POD, 300);
	passes(10, 0);
	passes(16, 160);
	record_close(t.state->record);
	t.state->record = NULL;
	text.text = calloc(1, 1u << 20);
	assert_non_null(text.text);
	assert_true(tree_read(t.dir, "series.record", text.text, (1 << 20) - 1) >= 0);
	/* Without its last line end. */
	text.n = strlen(text.text);
	text.text[text.n++] = '\n';
	assert_true(record_case_has(&text, "\nkill from since="));
	assert_true(record_case_has(&text, "\n> kill " TICK_HOG_POD " needed="));
	assert_true(record_case_has(&text, "\n> candidate " TICK_BATCH_POD
					   " place=2 level=P7 expected=314572800 "));
	assert_int_equal(record_case_replay(&text, &differs), 26);
	assert_int_equal(differs, 0);
	free(text.text);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(in_a_lower_mode_it_is_said_once_who_it_would_have_been),
		CASE(in_mode_observe_nothing_is_said_either_and_off_neither),
		CASE(where_one_memory_node_runs_out_it_is_somebody_who_has_memory_there),
		CASE(in_mode_full_the_kill_is_begun_and_what_came_of_it_is_told),
		CASE(a_kill_that_does_not_begin_leaves_no_candidates),
		CASE(the_choice_is_decided_again_from_the_record),
		CASE(where_nobody_may_be_killed_nobody_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
