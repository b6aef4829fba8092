// SPDX-License-Identifier: LGPL-2.1-or-later
// What a reload does to values over a fake tree: a pod whose level changes, and a policy that waits for the
// labels of the node.
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/log_limit.h"
#include "agent/state.h"
#include "agent/tick.h"
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

#define BATCH_POD TICK_BATCH_POD
#define ONLINE_POD TICK_ONLINE_POD

static void start(const char *mode, enum mode at_most)
{
	tick_case_start(&t, mode, at_most);
}

static void assert_knob(const char *path, const char *file, const char *want)
{
	tick_case_assert_knob(&t, path, file, want);
}

static void assert_levels_undone(void)
{
	/* What the kubelet gave it, and no limit: nothing of the offline level is left. */
	assert_knob(BATCH_POD, "cpu.weight", "39");
	assert_knob(BATCH_POD, "memory.high", "max");
	assert_knob(BATCH_POD, "cpu.max", "max 100000");
	assert_knob(BATCH_POD, "io.weight", "default 100");
}

TEST(a_reload_that_changes_a_pods_level_undoes_all_of_the_old_one_in_one_pass)
{
	uint64_t restores;
	char high[32];

	start("squeeze", MODE_FULL);
	tick(t.state, 10 * S_US);
	tick(t.state, 11 * S_US);
	assert_knob(BATCH_POD, "io.weight", "default 10");
	assert_int_equal(tree_knob_read(t.dir, BATCH_POD, "memory.high", high, sizeof(high)), 0);
	assert_string_not_equal(high, "max");
	restores = t.state->status.restores;
	tree_write(t.dir, "etc/colod/policy.d/95-moved.yaml",
		   "version: 1\nlevels: {P5: {role: online}}\n"
		   "assign: [{match: {namespace: jobs}, level: P5}]\n");
	assert_int_equal(state_load_policy(t.state), 0);
	tick(t.state, 12 * S_US);
	assert_levels_undone();
	assert_true(t.state->status.restores > restores);
	assert_int_equal(t.state->status.pending, 0);
	/* And back again, as well in one. */
	tree_delete(t.dir, "etc/colod/policy.d/95-moved.yaml");
	assert_int_equal(state_load_policy(t.state), 0);
	tick(t.state, 13 * S_US);
	assert_knob(BATCH_POD, "io.weight", "default 10");
}

#define LABELLED "etc/colod/policy.d/95-pool.yaml"
#define LABELS "etc/colod/node-labels"

static void assert_squeezed(void)
{
	assert_knob(ONLINE_POD, "memory.min", "67108864");
	assert_int_equal(t.state->status.modes.all, MODE_SQUEEZE);
}

/* What the file would forbid is not allowed meanwhile, and what it would allow is not done. */
TEST(a_file_that_waits_for_labels_moves_no_knob_until_they_are_known_and_then_one_pass_does)
{
	uint64_t writes, restores;

	start("protect", MODE_FULL);
	tick(t.state, 10 * S_US);
	writes = t.state->status.writes;
	tree_write(t.dir, LABELLED, "version: 1\nnodes: {label: pool=batch}\nmode: squeeze\n");
	assert_int_equal(state_load_policy(t.state), 0);
	assert_non_null(strstr(t.state->status.policy_state,
			       "waiting: waits for the labels of this "
			       "node (pool=batch): "));
	assert_non_null(
		strstr(t.state->status.policy_state, "the last good policy stays in force"));
	for (int64_t i = 11; i < 14; i++)
		tick(t.state, i * S_US);
	assert_int_equal(t.state->status.writes, writes);
	assert_int_equal(t.state->status.restores, 0);
	assert_int_equal(t.state->status.modes.all, MODE_PROTECT);
	tree_write(t.dir, LABELS, "pool=batch\n");
	assert_int_equal(state_load_policy(t.state), 0);
	assert_string_equal(t.state->status.policy_state, "ok");
	tick(t.state, 14 * S_US);
	assert_squeezed();
	assert_true(t.state->status.writes > writes);
	assert_int_equal(t.state->status.restores, 0);
	writes = t.state->status.writes;
	restores = t.state->status.restores;
	tick(t.state, 15 * S_US);
	assert_int_equal(t.state->status.writes, writes);
	assert_int_equal(t.state->status.restores, restores);
}

/* The other way round: the part that is not known yet is the one that forbids. */
TEST(nothing_new_is_allowed_while_the_file_that_may_forbid_it_waits)
{
	start("protect", MODE_FULL);
	tick(t.state, 10 * S_US);
	tree_write(t.dir, LABELLED, "version: 1\nnodes: {label: pool=db}\nmode: protect\n");
	tick_case_policy(&t, "squeeze");
	assert_int_equal(state_load_policy(t.state), 0);
	tick(t.state, 11 * S_US);
	assert_int_equal(t.state->status.modes.all, MODE_PROTECT);
	assert_knob(BATCH_POD, "memory.high", "max");
	tree_write(t.dir, LABELS, "pool=db\n");
	assert_int_equal(state_load_policy(t.state), 0);
	tick(t.state, 12 * S_US);
	assert_int_equal(t.state->status.modes.all, MODE_PROTECT);
	assert_knob(BATCH_POD, "memory.high", "max");
	/* The node moves to another pool: one pass. */
	tree_write(t.dir, LABELS, "pool=batch\n");
	assert_int_equal(state_load_policy(t.state), 0);
	tick(t.state, 13 * S_US);
	assert_int_equal(t.state->status.modes.all, MODE_SQUEEZE);
	/* And back: every value of the other level of freedom is undone in one as well. */
	tree_write(t.dir, LABELS, "pool=db\n");
	assert_int_equal(state_load_policy(t.state), 0);
	tick(t.state, 14 * S_US);
	assert_knob(BATCH_POD, "memory.high", "max");
	assert_knob(ONLINE_POD, "memory.min", "67108864");
}

TEST(a_start_without_labels_and_without_a_kept_policy_only_observes)
{
	tree_write(t.dir, LABELLED, "version: 1\nnodes: {label: pool}\nmode: squeeze\n");
	start("squeeze", MODE_FULL);
	tick(t.state, 10 * S_US);
	assert_int_equal(t.state->status.writes, 0);
	assert_int_equal(t.state->status.modes.all, MODE_OBSERVE);
	assert_non_null(strstr(t.state->status.policy_state, "Until then there is no good one"));
	tree_write(t.dir, LABELS, "po ol\n");
	assert_int_equal(state_load_policy(t.state), 0);
	assert_non_null(strstr(t.state->status.policy_state,
			       "/etc/colod/node-labels, line 1 is no label: write key=value"));
	tree_write(t.dir, LABELS, "");
	assert_int_equal(state_load_policy(t.state), 0);
	tick(t.state, 11 * S_US);
	assert_squeezed();
}

/* What stands in a file that stderr was for a while. */
static void load_and_capture(unsigned times, const char *policy)
{
	int to = -EBADF, saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);

	assert_int_equal(tree_write(t.dir, "etc/colod/policy.d/90-test.yaml", policy), 0);
	assert_int_equal(
		fs_open(t.state->root_fd, "log", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, &to), 0);
	(void)dup2(to, STDERR_FILENO);
	for (unsigned i = 0; i < times; i++)
		(void)state_load_policy(t.state);
	(void)dup2(saved, STDERR_FILENO);
	(void)close(saved);
	(void)close(to);
}

TEST(an_error_is_told_though_what_every_good_policy_lacks_was_told_too_often)
{
	char log[65536];

	start("observe", MODE_FULL);
	log_open(LOG_INFO);
	load_and_capture(2 * LOG_LIMIT_LINES, "version: 1\nmode: observe\n");
	assert_int_equal(tree_read(t.dir, "log", log, sizeof(log)), 0);
	assert_non_null(strstr(log, "this node lacks"));
	load_and_capture(1, "version: 1\nmode: sqeeze\n");
	log_open(LOG_EMERG);
	assert_int_equal(tree_read(t.dir, "log", log, sizeof(log)), 0);
	assert_non_null(strstr(log, "90-test.yaml:2:7: "));
	assert_null(strstr(log, "this node lacks"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_reload_that_changes_a_pods_level_undoes_all_of_the_old_one_in_one_pass,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_file_that_waits_for_labels_moves_no_knob_until_they_are_known_and_then_one_pass_does,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			nothing_new_is_allowed_while_the_file_that_may_forbid_it_waits, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			a_start_without_labels_and_without_a_kept_policy_only_observes, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			an_error_is_told_though_what_every_good_policy_lacks_was_told_too_often,
			setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
