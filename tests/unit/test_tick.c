// SPDX-License-Identifier: LGPL-2.1-or-later
// The whole pass over a fake tree, unprivileged: what is written, what is not, and what a second
// pass costs.
#include "tests/lib/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/control.h"
#include "agent/state.h"
#include "agent/tick.h"
#include "policy/ring.h"
#include "policy/seconds.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/tick_case.h"
#include "tests/lib/tree.h"

#define S_US 1000000

static struct tick_case t;

static int setup(void **state)
{
	(void)state;
	return tick_case_open(&t);
}

static int teardown(void **state)
{
	(void)state;
	tick_case_close(&t);
	return 0;
}

static void write_policy(const char *mode)
{
	tick_case_policy(&t, mode);
}

static void start(const char *mode, enum mode at_most)
{
	tick_case_start(&t, mode, at_most);
}

#define BE TICK_BE
#define BU TICK_BU
#define BATCH_POD TICK_BATCH_POD
#define STRANGER_POD TICK_STRANGER_POD
#define ONLINE_POD TICK_ONLINE_POD

static void assert_knob(const char *path, const char *file, const char *want)
{
	tick_case_assert_knob(&t, path, file, want);
}

TEST(a_pass_writes_what_the_policy_asks_and_leaves_the_rest)
{
	start("squeeze", MODE_FULL);
	tick(t.state, 10 * S_US);
	/* 2031 and the burstable class's default 100 are the online siblings; one 50th of them. */
	assert_true(t.state->status.writes > 0);
	assert_int_equal(t.state->status.refusals, 0);
	assert_knob(ONLINE_POD, "memory.min", "67108864");
	assert_knob(ONLINE_POD, "cpu.weight", "2031");
	assert_knob(STRANGER_POD, "cpu.weight", "20");
	assert_knob(STRANGER_POD, "memory.high", "max");
	assert_knob("system.slice", "cpu.weight", "100");
}

TEST(a_second_pass_writes_nothing)
{
	uint64_t writes;

	start("squeeze", MODE_FULL);
	tick(t.state, 10 * S_US);
	writes = t.state->status.writes;
	tick(t.state, 11 * S_US);
	tick(t.state, 12 * S_US);
	assert_int_equal(t.state->status.writes, writes);
	assert_int_equal(t.state->status.pending, 0);
}

TEST(a_steady_pass_allocates_nothing)
{
	unsigned long before;

	start("squeeze", MODE_FULL);
	for (int64_t i = 0; i < 5; i++)
		tick(t.state, (10 + i) * S_US);
	before = alloc_count();
	for (int64_t i = 5; i < 15; i++)
		tick(t.state, (10 + i) * S_US);
	assert_int_equal(alloc_count() - before, 0);
}

/* In whatever mode, and however fast the passes come. */
TEST(a_minute_of_each_pod_is_kept_for_whom_it_waits_for)
{
	const struct model *model;

	start("squeeze", MODE_OBSERVE);
	for (int64_t i = 0; i < 20; i++)
		tick(t.state, 10 * S_US + i * S_US / 4);
	model = discover_model(t.state->discover);
	assert_true(model->n_pods > 1);
	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod_seconds *of =
			seconds_of(&t.state->seconds, model->pods[i]->slot, model->pods[i]->serial);

		assert_non_null(of);
		assert_int_equal(of->count, 5);
	}
	assert_true(t.state->culprits.looked_us >= 14 * S_US);
	assert_ptr_equal(state_snapshot(t.state).culprits, &t.state->culprits);
	assert_ptr_equal(state_snapshot(t.state).culprit_trials, &t.state->culprit_trials);
}

TEST(observe_plans_the_same_and_writes_nothing)
{
	start("squeeze", MODE_OBSERVE);
	tick(t.state, 10 * S_US);
	assert_int_equal(t.state->status.writes, 0);
	assert_true(t.state->status.withheld > 0);
	assert_knob(ONLINE_POD, "memory.min", "0");
	assert_knob(BE, "cpu.weight", "100");
}

TEST(protect_writes_shares_and_protection_but_no_limit)
{
	start("protect", MODE_FULL);
	tick(t.state, 10 * S_US);
	assert_knob(ONLINE_POD, "memory.min", "67108864");
	assert_knob(BATCH_POD, "memory.high", "max");
	assert_true(t.state->status.withheld > 0);
}

TEST(lowering_the_mode_gives_the_values_back_in_the_next_pass)
{
	start("squeeze", MODE_FULL);
	tick(t.state, 10 * S_US);
	assert_knob(ONLINE_POD, "memory.min", "67108864");
	write_policy("off");
	assert_int_equal(state_load_policy(t.state), 0);
	tick(t.state, 11 * S_US);
	assert_knob(ONLINE_POD, "memory.min", "0");
	assert_knob(BATCH_POD, "cpu.weight", "39");
	assert_int_equal(t.state->status.restores, t.state->status.writes);
}

TEST(the_kill_switch_file_does_the_same)
{
	start("squeeze", MODE_FULL);
	tick(t.state, 10 * S_US);
	tree_write(t.dir, "etc/colod/disable", "");
	tick(t.state, 11 * S_US);
	assert_knob(ONLINE_POD, "memory.min", "0");
	assert_int_equal(t.state->status.modes.all, MODE_OFF);
	tree_delete(t.dir, "etc/colod/disable");
	tick(t.state, 12 * S_US);
	assert_knob(ONLINE_POD, "memory.min", "67108864");
}

TEST(a_broken_policy_keeps_the_one_in_force)
{
	start("squeeze", MODE_FULL);
	tick(t.state, 10 * S_US);
	tree_write(t.dir, "etc/colod/policy.d/95-broken.yaml", "version: 1\nlevels: [P9\n");
	assert_true(state_load_policy(t.state) < 0);
	tick(t.state, 11 * S_US);
	assert_knob(ONLINE_POD, "memory.min", "67108864");
	assert_int_equal(t.state->status.modes.all, MODE_SQUEEZE);
	assert_non_null(strstr(t.state->status.policy_state, "rejected"));
}

TEST(a_pod_that_vanishes_takes_nothing_with_it)
{
	start("squeeze", MODE_FULL);
	tick(t.state, 10 * S_US);
	tree_delete(t.dir, "sys/fs/cgroup/" BATCH_POD);
	discover_rescan(t.state->discover);
	tick(t.state, 11 * S_US);
	tick(t.state, 12 * S_US);
	assert_knob(ONLINE_POD, "memory.min", "67108864");
	assert_int_equal(discover_model(t.state->discover)->n_pods, 3);
	for (size_t i = 0; i < t.state->last_changes.n; i++)
		assert_null(strstr(t.state->last_changes.list[i].cgroup->path, "000000000002"));
	assert_true(t.state->last_changes.n > 0);
	assert_int_equal(t.state->status.refusals, 0);
}

/* A child without io.weight, because its parent does not hand the io controller down. */
static void make_job(const char *parent, const char *job)
{
	char path[TREE_PATH_SIZE];

	assert_int_equal(tree_cgroup(t.dir, job), 0);
	snprintf(path, sizeof(path), "sys/fs/cgroup/%s/io.weight", job);
	assert_int_equal(tree_delete(t.dir, path), 0);
	assert_int_equal(tree_knob(t.dir, parent, "cgroup.subtree_control", "cpu memory"), 0);
}

TEST(a_missing_controller_is_enabled_for_a_plain_cgroup_only)
{
	char got[128];

	make_job("farm", "farm/job-1");
	make_job("shop.slice", "shop.slice/job-2");
	start("protect", MODE_FULL);
	tick(t.state, 10 * S_US);
	assert_int_equal(tree_knob_read(t.dir, "farm", "cgroup.subtree_control", got, sizeof(got)),
			 0);
	assert_memory_equal(got, "+io", 3);
	assert_knob("shop.slice", "cgroup.subtree_control", "cpu memory");
}

TEST(observe_enables_no_controller_and_a_raised_mode_does)
{
	char got[128];

	make_job("farm", "farm/job-1");
	start("observe", MODE_FULL);
	tick(t.state, 10 * S_US);
	assert_knob("farm", "cgroup.subtree_control", "cpu memory");
	write_policy("protect");
	assert_int_equal(state_load_policy(t.state), 0);
	tick(t.state, 11 * S_US);
	assert_int_equal(tree_knob_read(t.dir, "farm", "cgroup.subtree_control", got, sizeof(got)),
			 0);
	assert_memory_equal(got, "+io", 3);
}

/* The loop makes a pass when the events that wait ask for one. */
static unsigned passes_for_events(int64_t now_us)
{
	unsigned n = 0;

	while (discover_events(t.state->discover) != DISCOVER_CALM) {
		tick(t.state, now_us);
		n++;
		assert_true(n < 5);
	}
	return n;
}

TEST(colods_own_writes_wake_nobody)
{
	start("squeeze", MODE_FULL);
	tick(t.state, 10 * S_US);
	assert_true(t.state->status.writes > 3);
	assert_int_equal(passes_for_events(10 * S_US), 0);
	/* Nor does giving back. */
	write_policy("off");
	assert_int_equal(state_load_policy(t.state), 0);
	tick(t.state, 11 * S_US);
	assert_true(t.state->status.restores > 3);
	assert_int_equal(passes_for_events(11 * S_US), 0);
	assert_int_equal(t.state->status.rewrites, 0);
}

TEST(a_value_written_over_is_put_back_in_one_pass_counted_and_nobody_else_is_written)
{
	uint64_t writes;

	start("squeeze", MODE_FULL);
	tick(t.state, 10 * S_US);
	assert_int_equal(passes_for_events(10 * S_US), 0);
	writes = t.state->status.writes;
	for (int i = 1; i <= 5; i++) {
		assert_int_equal(tree_knob(t.dir, ONLINE_POD, "memory.min", "8192"), 0);
		assert_int_equal(tree_knob(t.dir, STRANGER_POD, "cpu.weight", "21"), 0);
		assert_int_equal(discover_events(t.state->discover), DISCOVER_DRIFT);
		assert_int_equal(passes_for_events((10 + i * 20) * S_US), 1);
		assert_knob(ONLINE_POD, "memory.min", "67108864");
		assert_int_equal(t.state->status.rewrites, i);
		assert_int_equal(t.state->status.writes, writes + i);
	}
	/* A knob that colod does not own is nobody's business. */
	assert_knob(STRANGER_POD, "cpu.weight", "21");
	assert_int_equal(t.state->status.contested, 0);
	/* The last foreign value is the original. */
	write_policy("off");
	assert_int_equal(state_load_policy(t.state), 0);
	tick(t.state, 200 * S_US);
	assert_knob(ONLINE_POD, "memory.min", "8192");
}

TEST(writing_colods_own_value_wakes_nobody)
{
	start("squeeze", MODE_FULL);
	tick(t.state, 10 * S_US);
	assert_int_equal(passes_for_events(10 * S_US), 0);
	assert_int_equal(tree_knob(t.dir, ONLINE_POD, "memory.min", "67108864"), 0);
	assert_int_equal(discover_events(t.state->discover), DISCOVER_CALM);
	assert_int_equal(t.state->status.rewrites, 0);
}

/* One that writes a hundred times in ten minutes gets seven writes and one per interval after that, and
 * wakes the agent no more than that; when it stops, the value comes back. */
TEST(a_fight_is_bounded_in_writes_and_passes_and_ends)
{
	uint64_t writes;
	unsigned woken = 0;

	start("squeeze", MODE_FULL);
	tick(t.state, 10 * S_US);
	writes = t.state->status.writes;
	for (int64_t s = 20; s < 620; s++) {
		assert_int_equal(tree_knob(t.dir, ONLINE_POD, "memory.min", "8192"), 0);
		if (discover_events(t.state->discover) != DISCOVER_CALM)
			woken++;
		tick(t.state, s * S_US);
	}
	assert_int_equal(t.state->status.fights, 1);
	assert_int_equal(t.state->status.contested, 1);
	/* 6 in the burst; then after 5, 10, 20, 40 and 60 s. */
	assert_in_range(t.state->status.writes - writes, 6 + 5, 6 + 14);
	assert_in_range(woken, 1, 7);
	for (int64_t s = 620; s < 760; s++)
		tick(t.state, s * S_US);
	assert_knob(ONLINE_POD, "memory.min", "67108864");
	assert_int_equal(t.state->status.contested, 0);
	assert_int_equal(t.state->status.fights, 1);
}

static int n_armed;

static int arm(void *context, int fd, uint32_t slot)
{
	(void)context, (void)fd, (void)slot;
	n_armed++;
	return 0;
}

static void disarm(void *context, int fd, uint32_t slot)
{
	(void)context, (void)fd, (void)slot;
	n_armed--;
}

/* Off means that nothing is touched: no trigger in a pod's pressure file, no controller. */
TEST(off_disarms_triggers_and_enables_no_controller)
{
	const struct history_caller caller = {0};

	char path[TREE_PATH_SIZE];

	make_job("farm", "farm/job-1");
	start("observe", MODE_FULL);
	n_armed = 0;
	t.state->trigger_ops = (struct observe_trigger_ops){.on_arm = arm, .on_disarm = disarm};
	(void)control_set_mode(t.state, RESOURCE_INVALID, MODE_OFF, &caller);
	tick(t.state, 10 * S_US);
	discover_model(t.state->discover)->capabilities |= 1u << CAPABILITY_PSI_TRIGGER;
	tick(t.state, 11 * S_US);
	assert_int_equal(n_armed, 0);
	/* What a fake tree has no kernel for: a pressure file that can be waited for. */
	snprintf(path, sizeof(path), "%s/sys/fs/cgroup/" ONLINE_POD "/cpu.pressure", t.dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	(void)control_set_mode(t.state, RESOURCE_INVALID, MODE_FULL, &caller);
	tick(t.state, 12 * S_US);
	assert_int_equal(n_armed, 1);
	assert_int_equal(t.state->status.triggers, n_armed);
	(void)control_set_mode(t.state, RESOURCE_CPU, MODE_OFF, &caller);
	tick(t.state, 13 * S_US);
	assert_int_equal(n_armed, 0);
	assert_int_equal(t.state->status.triggers, 0);
	assert_knob("farm", "cgroup.subtree_control", "cpu memory");
}

/* When the newest one was taken, in ms. */
static int64_t sampled_ms(const struct state *state)
{
	return ring_last_node(&observe_samples(state->observe)->node)->at_us / 1000;
}

/* The kernel has just told of a wait: a sample of the moment is taken however young the last one is. */
TEST(a_trigger_is_looked_at_at_once_and_memorys_keeps_the_agent_awake_for_a_while)
{
	start("squeeze", MODE_FULL);
	tick(t.state, 10 * S_US);
	assert_int_equal(sampled_ms(t.state), 10000);
	tick(t.state, 10 * S_US + 60000);
	assert_int_equal(sampled_ms(t.state), 10000);
	assert_false(tick_is_tense(t.state));
	tick_wake(t.state, 10 * S_US + 70000, false);
	tick(t.state, 10 * S_US + 70000);
	assert_int_equal(sampled_ms(t.state), 10070);
	assert_false(tick_is_tense(t.state));
	tick(t.state, 10 * S_US + 140000); /* not for the one before */
	assert_int_equal(sampled_ms(t.state), 10070);
	tick_wake(t.state, 11 * S_US, true);
	tick(t.state, 11 * S_US);
	assert_int_equal(sampled_ms(t.state), 11000);
	assert_true(tick_is_tense(t.state));
	/* A crowd of triggers is looked at twenty times a second, no more. */
	tick_wake(t.state, 11 * S_US + 40000, true);
	tick(t.state, 11 * S_US + 40000);
	assert_int_equal(sampled_ms(t.state), 11000);
	tick(t.state, 14 * S_US);
	assert_false(tick_is_tense(t.state));
	assert_int_equal(t.state->status.trigger_events, 3);
	/* One that fires each second does not keep the agent awake for ever. */
	tick_wake(t.state, 15 * S_US, true);
	tick(t.state, 15 * S_US);
	assert_false(tick_is_tense(t.state));
	tick_wake(t.state, 21 * S_US, true);
	tick(t.state, 21 * S_US);
	assert_true(tick_is_tense(t.state));
}

/* An agent that starts while memory runs out must not need a second until it knows how fast. */
TEST(memory_is_looked_at_before_the_first_pass_and_five_times_a_second_for_a_while)
{
	start("squeeze", MODE_FULL);
	tick_begin(t.state, 10 * S_US);
	assert_int_equal(sampled_ms(t.state), 10000);
	tick(t.state, 10 * S_US + 50000);
	assert_int_equal(sampled_ms(t.state), 10050);
	assert_int_equal(observe_samples(t.state->observe)->node.count, 2);
	assert_true(tick_is_tense(t.state));
	tick(t.state, 11 * S_US + 900000);
	assert_true(tick_is_tense(t.state));
	tick(t.state, 12 * S_US + 50000);
	assert_false(tick_is_tense(t.state));
}

/* A resource alone: its knobs come back, the others stay, and raising it plans at once. */
TEST(a_lowered_resource_gives_back_its_knobs_alone)
{
	const struct history_caller caller = {0};
	char weight[32];

	start("squeeze", MODE_FULL);
	tick(t.state, 10 * S_US);
	assert_knob(ONLINE_POD, "memory.min", "67108864");
	assert_int_equal(tree_knob_read(t.dir, BE, "cpu.weight", weight, sizeof(weight)), 0);
	assert_string_not_equal(weight, "100");
	(void)control_set_mode(t.state, RESOURCE_MEMORY, MODE_OBSERVE, &caller);
	tick(t.state, 11 * S_US);
	assert_knob(ONLINE_POD, "memory.min", "0");
	assert_knob(BE, "cpu.weight", weight);
	assert_true(t.state->status.withheld > 0);
	(void)control_set_mode(t.state, RESOURCE_MEMORY, MODE_FULL, &caller);
	tick(t.state, 12 * S_US);
	assert_knob(ONLINE_POD, "memory.min", "67108864");
	(void)control_set_mode(t.state, RESOURCE_CPU, MODE_OFF, &caller);
	tick(t.state, 13 * S_US);
	assert_knob(ONLINE_POD, "memory.min", "67108864");
	assert_knob(BE, "cpu.weight", "100");
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(a_pass_writes_what_the_policy_asks_and_leaves_the_rest),
		UNIT(a_second_pass_writes_nothing),
		UNIT(a_steady_pass_allocates_nothing),
		UNIT(a_minute_of_each_pod_is_kept_for_whom_it_waits_for),
		UNIT(observe_plans_the_same_and_writes_nothing),
		UNIT(protect_writes_shares_and_protection_but_no_limit),
		UNIT(lowering_the_mode_gives_the_values_back_in_the_next_pass),
		UNIT(the_kill_switch_file_does_the_same),
		UNIT(a_broken_policy_keeps_the_one_in_force),
		UNIT(a_pod_that_vanishes_takes_nothing_with_it),
		UNIT(a_missing_controller_is_enabled_for_a_plain_cgroup_only),
		UNIT(off_disarms_triggers_and_enables_no_controller),
		UNIT(a_trigger_is_looked_at_at_once_and_memorys_keeps_the_agent_awake_for_a_while),
		UNIT(memory_is_looked_at_before_the_first_pass_and_five_times_a_second_for_a_while),
		UNIT(a_lowered_resource_gives_back_its_knobs_alone),
		UNIT(observe_enables_no_controller_and_a_raised_mode_does),
		UNIT(colods_own_writes_wake_nobody),
		UNIT(a_value_written_over_is_put_back_in_one_pass_counted_and_nobody_else_is_written),
		UNIT(writing_colods_own_value_wakes_nobody),
		UNIT(a_fight_is_bounded_in_writes_and_passes_and_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
