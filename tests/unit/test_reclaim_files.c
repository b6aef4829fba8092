// SPDX-License-Identifier: LGPL-2.1-or-later
// R from the files of a pod with a sandbox and two containers:
//
//  batch.slice
//  └── pod.slice         500 MiB anonymous, 400 of it idle, 100 of page cache
//      ├── pause.scope
//      ├── a.scope
//      └── b.scope
#include "agent/apply/reclaim_files.h"
#include "tests/lib/test.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "tests/lib/fake.h"
#include "tests/lib/tree.h"

#define CLASS "batch.slice"
#define POD "batch.slice/pod.slice"
#define PAUSE POD "/pause.scope"
#define A POD "/a.scope"
#define B POD "/b.scope"
#define MIB ((uint64_t)1 << 20)

struct scene {
	char *dir;
	int root_fd, cgroup_fd, pod_fd;
	struct fake f;
	char text[RECLAIM_FILES_SIZE];
};

static struct scene s;

static void set(const char *path, const char *file, uint64_t mib)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRIu64, mib * MIB);
	assert_int_equal(tree_knob(s.dir, path, file, text), 0);
}

static void add(const char *path, uint64_t current_mib)
{
	(void)fake_cgroup(&s.f, path);
	assert_int_equal(tree_cgroup(s.dir, path), 0);
	assert_int_equal(tree_knob(s.dir, path, "memory.swap.max", "max"), 0);
	set(path, "memory.swap.current", 0);
	set(path, "memory.current", current_mib);
}

static int setup(void **state)
{
	(void)state;
	memset(&s, 0, sizeof(s));
	assert_int_equal(tree_make("@host 2\n", &s.dir), 0);
	s.root_fd = tree_open(s.dir);
	assert_int_equal(fs_open_dir(s.root_fd, "sys/fs/cgroup", &s.cgroup_fd), 0);
	fake_init(&s.f);
	add(CLASS, 600);
	add(POD, 600);
	add(PAUSE, 1);
	add(A, 400);
	add(B, 199);
	assert_int_equal(
		tree_knob(s.dir, POD, "memory.stat",
			  "anon 524288000\nfile_dirty 0\nfile_writeback 0\n"
			  "inactive_anon 419430400\ninactive_file 104857600\nactive_file 0"),
		0);
	assert_int_equal(fs_open_dir(s.cgroup_fd, POD, &s.pod_fd), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_free(&s.f);
	(void)close(s.pod_fd);
	(void)close(s.cgroup_fd);
	(void)close(s.root_fd);
	tree_remove(s.dir);
	return 0;
}

static uint64_t give(uint64_t swap_free_mib, bool mglru)
{
	const struct reclaim_node node = {.swap_free_bytes = swap_free_mib * MIB, .mglru = mglru};
	uint64_t bytes;

	assert_int_equal(reclaim_files_give(s.cgroup_fd, s.pod_fd, fake_cgroup(&s.f, POD), &node, 0,
					    s.text, &bytes),
			 0);
	return bytes / MIB;
}

/* Half of the page cache there, and a fifth of what is anonymous. */
TEST(of_some_memory_nodes_only_what_lies_there_counts)
{
	const struct reclaim_node node = {.swap_free_bytes = 1000 * MIB};
	uint64_t bytes;

	assert_int_equal(
		tree_knob(
			s.dir, POD, "memory.numa_stat",
			"anon N0=104857600 N1=419430400\nfile N0=52428800 N1=52428800\n"
			"file_dirty N0=0 N1=1048576\nfile_writeback N0=0 N1=0\n"
			"inactive_anon N0=83886080 N1=335544320\ninactive_file N0=52428800 N1=52428800\n"
			"active_file N0=0 N1=0"),
		0);
	assert_int_equal(reclaim_files_give(s.cgroup_fd, s.pod_fd, fake_cgroup(&s.f, POD), &node, 1,
					    s.text, &bytes),
			 0);
	assert_int_equal(bytes / MIB, 50 + 80);
	assert_int_equal(reclaim_files_give(s.cgroup_fd, s.pod_fd, fake_cgroup(&s.f, POD), &node, 2,
					    s.text, &bytes),
			 0);
	assert_int_equal(bytes / MIB, 49 + 320);
	assert_int_equal(reclaim_files_give(s.cgroup_fd, s.pod_fd, fake_cgroup(&s.f, POD), &node, 4,
					    s.text, &bytes),
			 0);
	assert_int_equal(bytes, 0);
}

TEST(free_swap_and_the_kind_of_lru_are_the_nodes)
{
	struct reclaim_node node = reclaim_files_node(s.root_fd, s.text);

	/* The host of the tree says nothing of either. */
	assert_int_equal(node.swap_free_bytes, 0);
	assert_false(node.mglru);
	assert_int_equal(tree_write(s.dir, "proc/meminfo",
				    "MemTotal: 8192 kB\nSwapTotal: 4096 kB\nSwapFree: 2048 kB\n"),
			 0);
	assert_int_equal(tree_write(s.dir, "sys/kernel/mm/lru_gen/enabled", "0x0007\n"), 0);
	node = reclaim_files_node(s.root_fd, s.text);
	assert_int_equal(node.swap_free_bytes, 2 * MIB);
	assert_true(node.mglru);
	/* Its features without the thing itself. */
	assert_int_equal(tree_write(s.dir, "sys/kernel/mm/lru_gen/enabled", "0x0006\n"), 0);
	assert_false(reclaim_files_node(s.root_fd, s.text).mglru);
	assert_int_equal(tree_write(s.dir, "sys/kernel/mm/lru_gen/enabled", "yes\n"), 0);
	assert_false(reclaim_files_node(s.root_fd, s.text).mglru);
}

TEST(anonymous_pages_count_as_far_as_there_is_swap)
{
	assert_int_equal(give(0, false), 100);
	assert_int_equal(give(0, true), 100);
	assert_int_equal(give(70, false), 170);
	assert_int_equal(give(1000, false), 500);
	assert_int_equal(give(1000, true), 350);
}

TEST(a_pods_own_limit_bounds_it)
{
	set(POD, "memory.swap.max", 50);
	set(POD, "memory.swap.current", 20);
	assert_int_equal(give(1000, false), 130);
	set(POD, "memory.swap.current", 60);
	assert_int_equal(give(1000, false), 100);
	set(POD, "memory.swap.max", 0);
	assert_int_equal(give(1000, true), 100);
}

TEST(a_limit_above_it_bounds_it_too)
{
	set(CLASS, "memory.swap.max", 50);
	assert_int_equal(give(1000, false), 150);
}

TEST(the_kubelets_limits_of_containers_bound_it)
{
	set(A, "memory.swap.max", 0);
	set(B, "memory.swap.max", 0);
	/* The sandbox has none, and next to nothing to swap. */
	assert_int_equal(give(1000, false), 101);
	set(B, "memory.swap.max", 300);
	set(B, "memory.swap.current", 250);
	assert_int_equal(give(1000, false), 151);
	assert_int_equal(tree_knob(s.dir, B, "memory.swap.max", "max"), 0);
	assert_int_equal(give(1000, false), 300);
}

TEST(what_is_not_there_is_no_limit_and_what_cannot_be_read_leaves_nothing)
{
	/* Swap accounting is off. */
	for (size_t i = 0; i < 3; i++) {
		static const char *const paths[] = {POD, CLASS, A};
		char path[TREE_PATH_SIZE];

		(void)snprintf(path, sizeof(path), "sys/fs/cgroup/%s/memory.swap.max", paths[i]);
		assert_int_equal(tree_delete(s.dir, path), 0);
	}
	assert_int_equal(give(1000, false), 500);
	assert_int_equal(tree_knob(s.dir, CLASS, "memory.swap.max", "?"), 0);
	assert_int_equal(give(1000, false), 100);
	/* A container without an object here. */
	assert_int_equal(tree_knob(s.dir, CLASS, "memory.swap.max", "max"), 0);
	set(A, "memory.swap.max", 0);
	set(B, "memory.swap.max", 0);
	fake_cgroup(&s.f, POD)->hidden = true;
	assert_int_equal(give(1000, false), 500);
}

TEST(a_memory_stat_that_says_nothing_is_an_error)
{
	const struct reclaim_node node = {0};
	struct cgroup *pod = fake_cgroup(&s.f, POD);
	uint64_t bytes = 4711;

	assert_int_equal(tree_knob(s.dir, POD, "memory.stat", "anon 1\n"), 0);
	assert_int_equal(reclaim_files_give(s.cgroup_fd, s.pod_fd, pod, &node, 0, s.text, &bytes),
			 -EBADMSG);
	assert_int_equal(tree_delete(s.dir, "sys/fs/cgroup/" POD "/memory.stat"), 0);
	assert_int_equal(reclaim_files_give(s.cgroup_fd, s.pod_fd, pod, &node, 0, s.text, &bytes),
			 -ENOENT);
	assert_int_equal(bytes, 4711);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(free_swap_and_the_kind_of_lru_are_the_nodes),
		CASE(of_some_memory_nodes_only_what_lies_there_counts),
		CASE(anonymous_pages_count_as_far_as_there_is_swap),
		CASE(a_pods_own_limit_bounds_it),
		CASE(a_limit_above_it_bounds_it_too),
		CASE(the_kubelets_limits_of_containers_bound_it),
		CASE(what_is_not_there_is_no_limit_and_what_cannot_be_read_leaves_nothing),
		CASE(a_memory_stat_that_says_nothing_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
