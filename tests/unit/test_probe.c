// SPDX-License-Identifier: LGPL-2.1-or-later
// On a fake tree. That a live PSI file brings the trigger is a VM test.
#include "tests/lib/test.h"

#include <errno.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/discover/probe.h"
#include "colod/model.h"
#include "tests/lib/fault.h"
#include "tests/lib/tree.h"

#define BIT(c) (1u << (c))

static uint32_t run(const char *spec, uint32_t found, uint32_t off)
{
	char *dir;
	int root, fd = -EBADF;
	uint32_t bits;

	assert_int_equal(tree_make(spec, &dir), 0);
	root = tree_open(dir);
	assert_int_equal(fs_open_dir(root, "sys/fs/cgroup", &fd), 0);
	(void)probe(root, fd, found, off, &bits);
	(void)close(fd);
	(void)close(root);
	tree_remove(dir);
	return bits;
}

TEST(a_plain_host_has_what_its_files_show)
{
	assert_int_equal(run("@host 1\n", 0, 0),
			 BIT(CAPABILITY_PSI) | BIT(CAPABILITY_CPU) | BIT(CAPABILITY_CPU_IDLE) |
				 BIT(CAPABILITY_CPU_MAX) | BIT(CAPABILITY_MEMORY) |
				 BIT(CAPABILITY_MEMORY_RECLAIM) | BIT(CAPABILITY_IO) |
				 BIT(CAPABILITY_IO_WEIGHT) | BIT(CAPABILITY_IO_MAX) |
				 BIT(CAPABILITY_CPUSET) | BIT(CAPABILITY_CPUSET_EXCLUSIVE));
}

TEST(a_recorded_pressure_file_wakes_nobody)
{
	assert_false(run("@host 1\n", 0, 0) & BIT(CAPABILITY_PSI_TRIGGER));
}

TEST(iocost_counts_only_where_it_is_enabled)
{
	assert_false(run("@host 1\nsys/fs/cgroup/io.cost.qos = 8:0 enable=0 ctrl=auto\n", 0, 0) &
		     BIT(CAPABILITY_IO_COST));
	assert_true(run("@host 1\nsys/fs/cgroup/io.cost.qos = 8:0 enable=0\\n8:16 enable=1 "
			"ctrl=auto\n",
			0, 0) &
		    BIT(CAPABILITY_IO_COST));
}

/* Before any pod there is nobody else to ask. */
TEST(weights_are_known_by_the_roots_file)
{
	int root, fd;
	uint32_t bits;
	char *dir;

	assert_int_equal(tree_make("@host 1\n", &dir), 0);
	root = tree_open(dir);
	assert_int_equal(fs_open_dir(root, "sys/fs/cgroup", &fd), 0);
	assert_int_equal(tree_delete(dir, "sys/fs/cgroup/system.slice"), 0);
	assert_int_equal(tree_delete(dir, "sys/fs/cgroup/init.scope"), 0);
	(void)probe(root, fd, 0, 0, &bits);
	assert_true(bits & BIT(CAPABILITY_IO_WEIGHT));
	assert_false(bits & BIT(CAPABILITY_IO_MAX));
	assert_int_equal(tree_delete(dir, "sys/fs/cgroup/io.cost.qos"), 0);
	(void)probe(root, fd, 0, 0, &bits);
	assert_false(bits & BIT(CAPABILITY_IO_WEIGHT));
	(void)close(fd);
	(void)close(root);
	tree_remove(dir);
}

TEST(what_could_not_be_read_is_worth_another_try)
{
	const char *dirs = "@host 1\nsys/fs/cgroup/cgroup.controllers = cpu memory\n";
	uint32_t bits;
	char *dir;
	int root, fd = -EBADF;

	assert_int_equal(tree_make(dirs, &dir), 0);
	root = tree_open(dir);
	assert_int_equal(fs_open_dir(root, "sys/fs/cgroup", &fd), 0);
	fault_begin();
	fault_set(SYS_READ, 3, -ENOMEM); /* proc/pressure/cpu takes two */
	assert_true(probe(root, fd, 0, 0, &bits));
	assert_true(fault_was_met());
	fault_end();
	assert_false(bits & BIT(CAPABILITY_CPU));
	assert_false(probe(root, fd, 0, 0, &bits));
	assert_true(bits & BIT(CAPABILITY_CPU));
	fault_begin();
	fault_set(SYS_READ, 1, -EIO);
	assert_true(probe(root, fd, 0, 0, &bits));
	fault_end();
	assert_false(bits & BIT(CAPABILITY_PSI));
	assert_false(probe(root, fd, 0, 0, &bits));
	assert_true(bits & BIT(CAPABILITY_PSI));
	/* One that is not there, or is switched off in this kernel, is an answer. */
	fault_begin();
	fault_set(SYS_READ, 1, -EOPNOTSUPP);
	assert_false(probe(root, fd, 0, 0, &bits));
	fault_end();
	assert_int_equal(tree_delete(dir, "proc/pressure/cpu"), 0);
	assert_int_equal(tree_delete(dir, "sys/fs/cgroup/cgroup.controllers"), 0);
	assert_false(probe(root, fd, 0, 0, &bits));
	(void)close(fd);
	(void)close(root);
	tree_remove(dir);
}

TEST(the_bus_is_its_socket)
{
	assert_false(run("@host 1\n", 0, 0) & BIT(CAPABILITY_BUS));
	assert_true(run("@host 1\nrun/dbus/system_bus_socket = x\n", 0, 0) & BIT(CAPABILITY_BUS));
}

TEST(what_needs_something_missing_is_missing)
{
	uint32_t bits = run("@host 1\nsys/fs/cgroup/cgroup.controllers = cpuset pids\n",
			    BIT(CAPABILITY_RECURSIVE_PROT) | BIT(CAPABILITY_INOTIFY), 0);

	assert_int_equal(bits, BIT(CAPABILITY_PSI) | BIT(CAPABILITY_INOTIFY) |
				       BIT(CAPABILITY_CPUSET) | BIT(CAPABILITY_CPUSET_EXCLUSIVE));
}

TEST(what_is_switched_off_takes_what_needs_it_along_and_nothing_else)
{
	uint32_t all = run("@host 1\nsys/fs/cgroup/io.cost.qos = 8:0 enable=1\n", 0, 0);

	assert_int_equal(
		run("@host 1\nsys/fs/cgroup/io.cost.qos = 8:0 enable=1\n", 0, BIT(CAPABILITY_CPU)),
		all & ~(BIT(CAPABILITY_CPU) | BIT(CAPABILITY_CPU_IDLE) | BIT(CAPABILITY_CPU_MAX)));
	assert_int_equal(run("@host 1\nsys/fs/cgroup/io.cost.qos = 8:0 enable=1\n", 0,
			     BIT(CAPABILITY_MEMORY)),
			 all & ~(BIT(CAPABILITY_MEMORY) | BIT(CAPABILITY_MEMORY_RECLAIM)));
	assert_int_equal(run("@host 1\nsys/fs/cgroup/io.cost.qos = 8:0 enable=1\n", 0,
			     BIT(CAPABILITY_IO)),
			 all & ~(BIT(CAPABILITY_IO) | BIT(CAPABILITY_IO_WEIGHT) |
				 BIT(CAPABILITY_IO_MAX) | BIT(CAPABILITY_IO_COST)));
	assert_int_equal(run("@host 1\n", UINT32_MAX >> (32 - CAPABILITY_COUNT),
			     UINT32_MAX >> (32 - CAPABILITY_COUNT)),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_host_has_what_its_files_show),
		cmocka_unit_test(a_recorded_pressure_file_wakes_nobody),
		cmocka_unit_test(iocost_counts_only_where_it_is_enabled),
		cmocka_unit_test(weights_are_known_by_the_roots_file),
		cmocka_unit_test(what_could_not_be_read_is_worth_another_try),
		cmocka_unit_test(the_bus_is_its_socket),
		cmocka_unit_test(what_needs_something_missing_is_missing),
		cmocka_unit_test(what_is_switched_off_takes_what_needs_it_along_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
