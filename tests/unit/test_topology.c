// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <unistd.h>

#include "agent/discover/topology.h"
#include "tests/lib/fault.h"
#include "tests/lib/tree.h"

static bool smt, numa;

static int read_tree(const char *spec, bool use_smt, bool use_numa, struct node *node)
{
	char *dir;
	int root, r;

	assert_int_equal(tree_make(spec, &dir), 0);
	root = tree_open(dir);
	memset(node, 0, sizeof(*node));
	smt = numa = false;
	r = topology_read(root, use_smt, use_numa, node, &smt, &numa);
	(void)close(root);
	tree_remove(dir);
	return r;
}

TEST(a_plain_host_is_read)
{
	struct node n;

	assert_int_equal(read_tree("@host 4\n", true, true, &n), 0);
	assert_int_equal(n.n_cpus, 4);
	assert_int_equal(n.n_cores, 4);
	assert_int_equal(n.n_numa, 1);
	assert_false(n.smt);
	assert_true(smt);
	assert_true(numa);
	assert_true(n.memory_bytes == 8ull << 30);
	assert_true(n.swap_bytes == 0);
	assert_int_equal(n.page_bytes, sysconf(_SC_PAGESIZE));
	assert_string_equal(n.kernel, "6.12.0-fake");
	assert_int_equal(n.cpus[3].id, 3);
	assert_int_equal(n.cpus[3].core_first, 3);
	assert_int_equal(n.cpus[3].llc_first, 0);
	free(n.cpus);
}

#define PREEMPT "@host 1\nsys/kernel/debug/sched/preempt = "

TEST(how_the_kernel_preempts_is_read_where_it_says_so)
{
	static const struct {
		const char *spec;
		enum preempt preempt;
	} cases[] = {
		{"@host 1\n", PREEMPT_UNKNOWN},
		{PREEMPT "none (voluntary) full\n", PREEMPT_VOLUNTARY},
		{PREEMPT "full (lazy)\n", PREEMPT_LAZY},
		{PREEMPT "(full) lazy\n", PREEMPT_FULL},
		{PREEMPT "(none) voluntary full\n", PREEMPT_NONE},
		{PREEMPT "(other) full\n", PREEMPT_UNKNOWN},
		{PREEMPT "none full\n", PREEMPT_UNKNOWN},
	};
	struct node n;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(read_tree(cases[i].spec, true, true, &n), 0);
		assert_int_equal(n.preempt, cases[i].preempt);
		free(n.cpus);
	}
}

#define CPU "sys/devices/system/cpu/cpu"
static const char two_sockets[] =
	"@host 8\n" CPU "0/topology/thread_siblings_list = 0,4\n" CPU
	"4/topology/thread_siblings_list = 0,4\n" CPU "1/topology/thread_siblings_list = 1,5\n" CPU
	"5/topology/thread_siblings_list = 1,5\n" CPU "2/topology/thread_siblings_list = 2,6\n" CPU
	"6/topology/thread_siblings_list = 2,6\n" CPU "3/topology/thread_siblings_list = 3,7\n" CPU
	"7/topology/thread_siblings_list = 3,7\n" CPU
	"2/cache/index3/shared_cpu_list = 2-3,6-7\n" CPU
	"3/cache/index3/shared_cpu_list = 2-3,6-7\n" CPU
	"6/cache/index3/shared_cpu_list = 2-3,6-7\n" CPU
	"7/cache/index3/shared_cpu_list = 2-3,6-7\n"
	"sys/devices/system/node/online = 0-1\n"
	"sys/devices/system/node/node0/cpulist = 0-1,4-5\n"
	"sys/devices/system/node/node1/cpulist = 2-3,6-7\n";

TEST(siblings_caches_and_nodes_are_told_apart)
{
	struct node n;

	assert_int_equal(read_tree(two_sockets, true, true, &n), 0);
	assert_int_equal(n.n_cpus, 8);
	assert_int_equal(n.n_cores, 4);
	assert_int_equal(n.n_numa, 2);
	assert_true(n.smt);
	assert_int_equal(n.cpus[6].core_first, 2);
	assert_int_equal(n.cpus[2].core_first, 2);
	assert_int_equal(n.cpus[6].llc_first, 2);
	assert_int_equal(n.cpus[6].numa, 1);
	assert_int_equal(n.cpus[4].numa, 0);
	free(n.cpus);
}

TEST(switched_off_every_cpu_is_a_core_and_there_is_one_node)
{
	struct node n;

	assert_int_equal(read_tree(two_sockets, false, false, &n), 0);
	assert_int_equal(n.n_cores, 8);
	assert_int_equal(n.n_numa, 1);
	assert_false(n.smt);
	assert_int_equal(n.cpus[6].core_first, 6);
	assert_int_equal(n.cpus[6].numa, 0);
	free(n.cpus);
}

TEST(an_offline_cpu_is_left_out_and_is_nobodys_first)
{
	struct node n;

	/* cpu0 is offline: cpu4's list may still name it. */
	assert_int_equal(read_tree("@host 8\nsys/devices/system/cpu/online = 1-7\n" CPU
				   "4/topology/thread_siblings_list = 0,4\n",
				   true, true, &n),
			 0);
	assert_int_equal(n.n_cpus, 7);
	assert_int_equal(n.cpus[0].id, 1);
	assert_int_equal(n.cpus[3].id, 4);
	assert_int_equal(n.cpus[3].core_first, 4);
	assert_int_equal(n.cpus[3].llc_first, 1);
	assert_false(n.smt);
	free(n.cpus);
}

TEST(what_the_boot_command_line_isolated_is_told)
{
	struct node n;

	assert_int_equal(
		read_tree("@host 4\nsys/devices/system/cpu/isolated = 2-3\n", true, true, &n), 0);
	assert_false(n.cpus[1].isolated);
	assert_true(n.cpus[2].isolated);
	assert_true(n.cpus[3].isolated);
	free(n.cpus);
}

TEST(the_last_level_is_the_highest_whatever_its_index)
{
	struct node n;

	assert_int_equal(read_tree("@host 2\n" CPU "1/cache/index0/level = 4\n" CPU
				   "1/cache/index0/shared_cpu_list = 1\n",
				   true, true, &n),
			 0);
	assert_int_equal(n.cpus[1].llc_first, 1);
	free(n.cpus);
}

TEST(without_sysfs_cpus_are_counted_in_proc_stat)
{
	struct node n;

	assert_int_equal(read_tree("proc/meminfo = MemTotal: 1000 kB\n"
				   "proc/stat = cpu  1 2 3\\ncpu0 1 2\\ncpu1 1 2\\nintr 5\n",
				   true, true, &n),
			 0);
	assert_int_equal(n.n_cpus, 2);
	assert_int_equal(n.cpus[1].core_first, 1);
	assert_false(smt);
	assert_false(numa);
	assert_int_equal(n.n_numa, 1);
	free(n.cpus);
}

static bool is_same(const struct node *a, const struct node *b)
{
	for (size_t i = 0; i < a->n_cpus; i++)
		if (a->cpus[i].core_first != b->cpus[i].core_first ||
		    a->cpus[i].llc_first != b->cpus[i].llc_first ||
		    a->cpus[i].numa != b->cpus[i].numa ||
		    a->cpus[i].isolated != b->cpus[i].isolated)
			return false;
	return a->n_cpus == b->n_cpus && a->n_numa == b->n_numa;
}

/* Cores that are chosen by it stay a pod's for as long as it lives. */
TEST(what_cannot_be_read_at_one_moment_is_read_again)
{
	static const enum sys_call calls[] = {SYS_OPEN, SYS_READ};
	struct node whole, n;
	unsigned met = 0;

	assert_int_equal(read_tree(two_sockets, true, true, &whole), 0);
	for (size_t i = 0; i < 2; i++) {
		for (unsigned nth = 1;; nth++) {
			int r;

			fault_begin();
			fault_set(calls[i], nth, -EIO);
			r = read_tree(two_sockets, true, true, &n);
			if (!fault_was_met())
				break;
			met += strstr(fault_path(), "sys/devices/system") != NULL;
			if (r == 0 && strstr(fault_path(), "sys/devices/system"))
				assert_true(is_same(&n, &whole));
			if (r == 0)
				free(n.cpus);
			fault_end();
		}
		fault_end();
		free(n.cpus);
	}
	assert_true(met > 2 * whole.n_cpus);
	free(whole.cpus);
}

TEST(nothing_is_made_up)
{
	struct node n;

	assert_int_equal(read_tree("etc/\n", true, true, &n), -ENODATA);
	assert_int_equal(read_tree("proc/meminfo = MemTotal: 1000 kB\n", true, true, &n), -ENODATA);
	assert_int_equal(read_tree("proc/meminfo = MemTotal: 1000 kB\nproc/stat = cpu  1 2 3\n",
				   true, true, &n),
			 -ENODATA);
	assert_int_equal(read_tree("proc/meminfo = x\nproc/stat = cpu0 1 2\n", true, true, &n),
			 -ENODATA);
	assert_null(n.cpus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_host_is_read),
		cmocka_unit_test(how_the_kernel_preempts_is_read_where_it_says_so),
		cmocka_unit_test(siblings_caches_and_nodes_are_told_apart),
		cmocka_unit_test(switched_off_every_cpu_is_a_core_and_there_is_one_node),
		cmocka_unit_test(an_offline_cpu_is_left_out_and_is_nobodys_first),
		cmocka_unit_test(what_the_boot_command_line_isolated_is_told),
		cmocka_unit_test(the_last_level_is_the_highest_whatever_its_index),
		cmocka_unit_test(without_sysfs_cpus_are_counted_in_proc_stat),
		cmocka_unit_test(what_cannot_be_read_at_one_moment_is_read_again),
		cmocka_unit_test(nothing_is_made_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
