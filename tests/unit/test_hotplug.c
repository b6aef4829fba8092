// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/discover/hotplug.h"
#include "agent/discover/topology.h"
#include "tests/lib/fault.h"
#include "tests/lib/tree.h"

#define ONLINE "sys/devices/system/cpu/online"
#define SIBLINGS "sys/devices/system/cpu/cpu0/topology/thread_siblings_list"

struct machine {
	char *dir;
	int root;
	struct hotplug h;
	struct node node;
	bool smt, numa;
};

static void start(struct machine *m, const char *spec)
{
	memset(m, 0, sizeof(*m));
	assert_int_equal(tree_make(spec, &m->dir), 0);
	m->root = tree_open(m->dir);
	hotplug_start(&m->h, m->root);
	assert_int_equal(topology_read(m->root, true, true, &m->node, &m->smt, &m->numa), 0);
}

static void stop(struct machine *m)
{
	hotplug_stop(&m->h);
	free(m->node.cpus);
	(void)close(m->root);
	tree_remove(m->dir);
}

static bool follow(struct machine *m)
{
	return hotplug_follow(&m->h, true, true, &m->node, &m->smt, &m->numa);
}

TEST(a_cpu_that_goes_and_comes_back_is_followed)
{
	struct machine m;

	start(&m, "@host 4\n");
	assert_false(follow(&m));
	assert_int_equal(tree_write(m.dir, ONLINE, "0,2-3\n"), 0);
	assert_true(follow(&m));
	assert_int_equal(m.node.n_cpus, 3);
	assert_int_equal(m.node.cpus[1].id, 2);
	assert_int_equal(tree_write(m.dir, ONLINE, "0-3\n"), 0);
	assert_true(follow(&m));
	assert_int_equal(m.node.n_cpus, 4);
	/* another list of the same length */
	assert_int_equal(tree_write(m.dir, ONLINE, "0-2\n"), 0);
	assert_true(follow(&m));
	assert_int_equal(m.node.n_cpus, 3);
	stop(&m);
}

/* The node is read anew, and must not lose what was read beside its CPUs. */
TEST(what_must_stay_free_is_known_after_a_change_too)
{
	struct machine m;

	start(&m, "@host 4\n");
	assert_int_equal(tree_write(m.dir, "var/lib/kubelet/config.yaml",
				    "evictionHard: {memory.available: 300Mi}\n"),
			 0);
	assert_int_equal(tree_write(m.dir, ONLINE, "0,2-3\n"), 0);
	assert_true(follow(&m));
	assert_true(m.node.evict_hard_known);
	assert_true(m.node.evict_hard_bytes == 300ull << 20);
	stop(&m);
}

TEST(a_pass_in_which_nothing_changed_costs_one_read_and_no_open)
{
	struct machine m;

	start(&m, "@host 4\n");
	fault_begin();
	assert_false(follow(&m));
	assert_int_equal(fault_count(SYS_OPEN), 0);
	assert_true(fault_count(SYS_READ) <= 2);
	fault_end();
	stop(&m);
}

TEST(what_the_kernel_shows_late_is_still_noticed)
{
	struct machine m;

	start(&m, "@host 2\n" ONLINE " = 0\n");
	assert_int_equal(tree_write(m.dir, ONLINE, "0-1\n"), 0);
	assert_true(follow(&m));
	assert_int_equal(m.node.n_cores, 2);
	assert_int_equal(tree_write(m.dir, SIBLINGS, "0-1\n"), 0);
	assert_int_equal(tree_write(m.dir,
				    "sys/devices/system/cpu/cpu1/topology/"
				    "thread_siblings_list",
				    "0-1\n"),
			 0);
	assert_true(follow(&m));
	assert_int_equal(m.node.n_cores, 1);
	assert_true(m.node.smt);
	/* from then on nothing is read again */
	assert_false(follow(&m));
	fault_begin();
	assert_false(follow(&m));
	assert_int_equal(fault_count(SYS_OPEN), 0);
	fault_end();
	stop(&m);
}

TEST(what_cannot_be_read_leaves_the_node_as_it_was_and_is_tried_again)
{
	struct machine m;

	start(&m, "@host 4\n");
	assert_int_equal(tree_write(m.dir, ONLINE, "0-2\n"), 0);
	fault_begin();
	fault_set_from(SYS_OPEN, 1, -EMFILE);
	assert_false(follow(&m));
	assert_int_equal(m.node.n_cpus, 4);
	fault_end();
	assert_true(follow(&m));
	assert_int_equal(m.node.n_cpus, 3);
	stop(&m);
}

TEST(a_list_that_fails_to_be_read_changes_nothing)
{
	struct machine m;

	start(&m, "@host 4\n");
	fault_begin();
	fault_set_from(SYS_READ, 1, -EIO);
	assert_false(follow(&m));
	assert_false(follow(&m));
	fault_end();
	assert_int_equal(m.node.n_cpus, 4);
	assert_false(follow(&m));
	assert_int_equal(tree_write(m.dir, ONLINE, "0-1\n"), 0);
	assert_true(follow(&m));
	assert_int_equal(m.node.n_cpus, 2);
	stop(&m);
}

TEST(a_tree_that_does_not_say_never_changes)
{
	struct machine m;

	start(&m, "proc/meminfo = MemTotal: 1000 kB\nproc/stat = cpu0 1 2\n");
	assert_false(follow(&m));
	assert_false(follow(&m));
	assert_int_equal(m.node.n_cpus, 1);
	stop(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cpu_that_goes_and_comes_back_is_followed),
		cmocka_unit_test(what_must_stay_free_is_known_after_a_change_too),
		cmocka_unit_test(a_pass_in_which_nothing_changed_costs_one_read_and_no_open),
		cmocka_unit_test(what_the_kernel_shows_late_is_still_noticed),
		cmocka_unit_test(what_cannot_be_read_leaves_the_node_as_it_was_and_is_tried_again),
		cmocka_unit_test(a_list_that_fails_to_be_read_changes_nothing),
		cmocka_unit_test(a_tree_that_does_not_say_never_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
