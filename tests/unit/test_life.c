// SPDX-License-Identifier: LGPL-2.1-or-later
// Start, gap and end of the agent over a fake tree: when holds end, and that nothing else does.
#include "tests/lib/test.h"

#include <stdio.h>
#include <unistd.h>

#include "agent/base/log.h"
#include "agent/life.h"
#include "agent/state.h"
#include "agent/tick.h"
#include "policy/decide.h"
#include "policy/diff.h"
#include "policy/knob.h"
#include "tests/lib/tree.h"

#define S_US 1000000
#define ONLINE "0a0a0a0a-0000-4000-8000-000000000001"
#define HOG "0a0a0a0a-0000-4000-8000-000000000003"
#define BE "kubepods.slice/kubepods-besteffort.slice"
#define ONLINE_POD "kubepods.slice/kubepods-pod0a0a0a0a_0000_4000_8000_000000000001.slice"

struct life_test {
	char *dir;
	struct options options;
	struct state *state;
};

static struct life_test t;

static int setup(void **state)
{
	(void)state;
	log_open(LOG_EMERG);
	memset(&t, 0, sizeof(t));
	if (tree_make("@host 4\n@pod systemd Guaranteed " ONLINE " 2031\n"
		      "@pod systemd BestEffort " HOG " 1\n",
		      &t.dir) < 0)
		return -1;
	if (tree_write(t.dir, "etc/colod/policy.d/90-test.yaml",
		       "version: 1\nmode: squeeze\nfacts: {from: cgroup}\n"
		       "assign:\n  - {match: {qos: Guaranteed}, level: P0}\n"
		       "  - {match: {qos: BestEffort}, level: P7}\n") < 0)
		return -1;
	t.options = (struct options){.action = OPTIONS_ONCE, .root = t.dir, .mode = MODE_FULL};
	return state_new(&t.options, &t.state);
}

static int teardown(void **state)
{
	(void)state;
	state_free(t.state);
	tree_remove(t.dir);
	return 0;
}

static void assert_knob(const char *path, const char *file, const char *want)
{
	char got[128];

	assert_int_equal(tree_knob_read(t.dir, path, file, got, sizeof(got)), 0);
	assert_string_equal(got, want);
}

static struct cgroup *cgroup_at(const char *path)
{
	struct model *model = discover_model(t.state->discover);

	for (size_t i = 0; i < model->n_cgroups; i++)
		if (strcmp(model->cgroups[i]->path, path) == 0)
			return model->cgroups[i];
	fail_msg("no cgroup %s", path);
	return NULL;
}

/* A quota on all offline work, as a squeeze writes it, and a ladder that says so. */
static void squeeze(int64_t now_us)
{
	struct cgroup *be = cgroup_at(BE);
	struct change change = {
		.cgroup = be,
		.knob = KNOB_CPU_MAX,
		.effect = EFFECT_HOLD,
		.kind = CHANGE_WRITE,
		.want = knob_value_quota(20000, 20000),
	};
	struct changes changes = {.list = &change, .n = 1, .cap = 1};

	t.state->ladders.of[RESOURCE_CPU].rung = RUNG_SQUEEZE;
	t.state->ladders.of[RESOURCE_CPU].since_us = now_us;
	assert_int_equal(apply_changes(t.state->apply, discover_model(t.state->discover), &changes,
				       false),
			 1);
	assert_knob(BE, "cpu.max", "20000 20000");
	assert_true(be->knobs[KNOB_CPU_MAX].held);
	assert_int_equal(be->knobs[KNOB_CPU_MAX].held_since_us, now_us);
}

/* The newest record of the agent's own life. */
static void assert_said(const char *to, const char *why)
{
	struct history_record r, last = {0};
	uint64_t cursor = 0;

	while (history_next(t.state->history, &cursor, &r))
		if (r.kind == HISTORY_AGENT)
			last = r;
	assert_string_equal(last.what, "holds");
	assert_string_equal(last.to, to);
	assert_non_null(strstr(last.why, why));
}

TEST(a_gap_longer_than_the_bound_ends_every_hold_and_no_share)
{
	struct knob_state *s;

	tick(t.state, 10 * S_US);
	tick(t.state, 11 * S_US);
	assert_knob(ONLINE_POD, "cpu.weight", "2031");
	squeeze(11 * S_US);
	s = &cgroup_at(BE)->knobs[KNOB_CPU_MAX];
	life_pass(t.state, 11 * S_US + LIFE_BOUND_US);
	assert_knob(BE, "cpu.max", "20000 20000");
	assert_int_equal(t.state->ladders.of[RESOURCE_CPU].rung, RUNG_SQUEEZE);
	life_pass(t.state, 11 * S_US + LIFE_BOUND_US + 1);
	assert_knob(BE, "cpu.max", "max 100000");
	assert_false(s->owned || s->held);
	assert_int_equal(s->now.value, KNOB_VALUE_MAX);
	assert_int_equal(t.state->ladders.of[RESOURCE_CPU].rung, RUNG_CALM);
	assert_int_equal(t.state->ladders.of[RESOURCE_CPU].reason.code, REASON_GAP);
	assert_int_equal(t.state->ladders.of[RESOURCE_CPU].reason.for_us, LIFE_BOUND_US + 1);
	assert_said("1 ended, 0 left", "colod did not run for 5 s");
	/* Shares stay: nobody waits for them to be given back. */
	assert_true(cgroup_at(BE)->knobs[KNOB_CPU_WEIGHT].owned);
}

/* A hold of memory alone: the ladder of the CPU never saw anything, and has no reason to tell. */
TEST(a_gap_is_told_whichever_ladder_held)
{
	tick(t.state, 10 * S_US);
	tick(t.state, 11 * S_US);
	squeeze(11 * S_US);
	t.state->ladders = (struct ladders){0};
	life_pass(t.state, 11 * S_US + LIFE_BOUND_US + 1);
	assert_knob(BE, "cpu.max", "max 100000");
	assert_said("1 ended, 0 left", "colod did not run for 5 s");
}

TEST(what_was_measured_before_a_gap_is_forgotten)
{
	const struct samples *samples = observe_samples(t.state->observe);

	for (int64_t at = 10; at < 15; at++)
		tick(t.state, at * S_US);
	assert_int_equal(samples->node.count, 5);
	assert_true(t.state->floor_cpu.n > 0);
	life_pass(t.state, 14 * S_US + LIFE_BOUND_US + 1);
	assert_int_equal(t.state->floor_cpu.n, 0);
	tick(t.state, 14 * S_US + LIFE_BOUND_US + 1);
	assert_int_equal(samples->node.count, 1);
	for (size_t i = 0; i < samples->n_slots; i++)
		if (samples->pods[i])
			assert_int_equal(samples->pods[i]->count, 1);
}

TEST(a_pass_after_a_gap_takes_no_new_hold_from_old_numbers)
{
	tick(t.state, 10 * S_US);
	squeeze(10 * S_US);
	tick(t.state, 60 * S_US);
	assert_knob(BE, "cpu.max", "max 100000");
	assert_int_equal(t.state->ladders.of[RESOURCE_CPU].rung, RUNG_CALM);
}

TEST(the_age_of_a_hold_is_that_of_its_first_value)
{
	struct change change = {.knob = KNOB_CPU_MAX, .effect = EFFECT_HOLD, .kind = CHANGE_WRITE};
	struct changes changes = {.list = &change, .n = 1, .cap = 1};

	tick(t.state, 10 * S_US);
	squeeze(10 * S_US);
	change.cgroup = cgroup_at(BE);
	change.want = knob_value_quota(30000, 20000);
	apply_set_now(t.state->apply, 12 * S_US);
	assert_int_equal(apply_changes(t.state->apply, discover_model(t.state->discover), &changes,
				       false),
			 1);
	assert_knob(BE, "cpu.max", "30000 20000");
	assert_int_equal(change.cgroup->knobs[KNOB_CPU_MAX].held_since_us, 10 * S_US);
}

TEST(a_start_ends_the_holds_of_an_agent_that_died_and_keeps_its_shares)
{
	tick(t.state, 10 * S_US);
	squeeze(10 * S_US);
	tree_knob(t.dir, ONLINE_POD, "cpu.weight", "77");
	life_start(t.state, 20 * S_US);
	assert_said("1 ended, 0 left", "died");
	assert_knob(BE, "cpu.max", "max 100000");
	assert_true(cgroup_at(BE)->knobs[KNOB_CPU_WEIGHT].owned);
	assert_knob(ONLINE_POD, "cpu.weight", "77");
}

/* From a start to a stop, with a share and a hold in between. */
static void live_and_stop(const char *promise, int exec_pid)
{
	char pid[16];

	(void)snprintf(pid, sizeof(pid), "%d", exec_pid);
	(void)setenv("SYSTEMD_EXEC_PID", pid, 1);
	(void)setenv("COLOD_HANDOVER", promise, 1);
	life_start(t.state, 9 * S_US);
	tick(t.state, 10 * S_US);
	squeeze(10 * S_US);
	assert_knob(BE, "cpu.weight", "40");
	life_stop(t.state);
	assert_knob(BE, "cpu.max", "max 100000");
	(void)unsetenv("COLOD_HANDOVER");
}

TEST(a_stop_that_is_handed_over_ends_the_holds_alone)
{
	live_and_stop("1", getpid());
	assert_knob(BE, "cpu.weight", "40");
}

/* The lease is a matter of /run/colod, which a recorded tree has not: given one, it is renewed by each
 * pass and given back at the end. */
TEST(each_pass_renews_the_lease_and_a_stop_gives_it_back)
{
	struct lease lease = {0};
	char path[TREE_PATH_SIZE];

	assert_int_equal(tree_mkdir(t.dir, "run/colod"), 0);
	(void)snprintf(path, sizeof(path), "%s/run/colod", t.dir);
	t.state->state_fd = tree_open(path);
	life_start(t.state, 9 * S_US);
	assert_int_equal(lease_read(t.state->state_fd, &lease), 0);
	assert_int_equal(lease.until_us, 0);
	tick(t.state, 10 * S_US);
	assert_int_equal(lease_read(t.state->state_fd, &lease), 0);
	assert_int_equal(lease.until_us, 10 * S_US + LIFE_BOUND_US);
	assert_int_equal(lease.pid, getpid());
	tick(t.state, 11 * S_US);
	assert_int_equal(lease_read(t.state->state_fd, &lease), 0);
	assert_int_equal(lease.until_us, 11 * S_US + LIFE_BOUND_US);
	assert_int_equal(t.state->status.guard, GUARD_BY_NOBODY);
	assert_false(model_can(discover_model(t.state->discover), CAPABILITY_HOLD_GUARD));
	/* The next one after one that died freezes nobody for a minute; after one that stopped it may. */
	life_start(t.state, 20 * S_US);
	assert_int_equal(t.state->life.freeze_from_us, 11 * S_US + LIFE_BOUND_US + 60 * S_US);
	t.state->life.freeze_from_us = 0;
	life_stop(t.state);
	assert_int_equal(lease_read(t.state->state_fd, &lease), 0);
	assert_int_equal(lease.until_us, 0);
	life_start(t.state, 21 * S_US);
	assert_int_equal(t.state->life.freeze_from_us, 0);
}

TEST(systemds_watchdog_counts_only_with_the_promise_to_end_holds)
{
	char pid[16];

	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	(void)setenv("WATCHDOG_USEC", "4000000", 1);
	(void)setenv("WATCHDOG_PID", pid, 1);
	(void)setenv("SYSTEMD_EXEC_PID", pid, 1);
	life_start(t.state, 9 * S_US);
	tick(t.state, 10 * S_US);
	assert_int_equal(t.state->status.guard, GUARD_BY_NOBODY);
	assert_int_equal(discover_model(t.state->discover)->freeze.most_us, 0);
	(void)setenv("COLOD_HANDOVER", "1", 1);
	life_start(t.state, 11 * S_US);
	tick(t.state, 12 * S_US);
	assert_int_equal(t.state->status.guard, GUARD_BY_WATCHDOG);
	assert_int_equal(t.state->status.guard_bound_us, 4000000);
	assert_int_equal(discover_model(t.state->discover)->freeze.most_us, 5 * S_US);
	assert_int_equal(discover_model(t.state->discover)->freeze.late_us, 6 * S_US);
	assert_int_equal(discover_model(t.state->discover)->freeze.from_us, 0);
	assert_true(model_can(discover_model(t.state->discover), CAPABILITY_HOLD_GUARD));
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("COLOD_HANDOVER");
}

TEST(a_stop_by_hand_gives_everything_back)
{
	live_and_stop("", getpid());
	assert_knob(BE, "cpu.weight", "100");
}

/* Started by hand from a shell of a service, say. */
TEST(a_promise_to_another_process_is_none)
{
	live_and_stop("1", 1);
	assert_knob(BE, "cpu.weight", "100");
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(a_gap_longer_than_the_bound_ends_every_hold_and_no_share),
		UNIT(a_gap_is_told_whichever_ladder_held),
		UNIT(what_was_measured_before_a_gap_is_forgotten),
		UNIT(a_pass_after_a_gap_takes_no_new_hold_from_old_numbers),
		UNIT(the_age_of_a_hold_is_that_of_its_first_value),
		UNIT(a_stop_that_is_handed_over_ends_the_holds_alone),
		UNIT(a_stop_by_hand_gives_everything_back),
		UNIT(each_pass_renews_the_lease_and_a_stop_gives_it_back),
		UNIT(systemds_watchdog_counts_only_with_the_promise_to_end_holds),
		UNIT(a_promise_to_another_process_is_none),
		UNIT(a_start_ends_the_holds_of_an_agent_that_died_and_keeps_its_shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
