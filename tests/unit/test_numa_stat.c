// SPDX-License-Identifier: LGPL-2.1-or-later
// When memory.numa_stat of a pod is read, and what is kept of it.
#include "agent/observe/numa_stat.h"
#include "tests/lib/test.h"

#include <stdio.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "tests/lib/fake.h"
#include "tests/lib/tree.h"

#define S 1000000ll
#define POD "kubepods.slice/kubepods-pod1.slice"

static char *dir;
static int root_fd = -EBADF, cgroup_fd = -EBADF;
static struct fake f;
static struct pod *pod;
static struct kept_reader reader;
static struct memory_there there;

static int setup(void **state)
{
	(void)state;
	fake_init(&f);
	reader = (struct kept_reader){.said = true};
	there = (struct memory_there){0};
	if (tree_make("@host 2\n@cgroup " POD "\n", &dir) < 0)
		return -1;
	root_fd = tree_open(dir);
	pod = fake_pod(&f, POD, QOS_BESTEFFORT);
	pod->cgroup->inode = 0; /* whatever the file system gives */
	return fs_open_dir(root_fd, "sys/fs/cgroup", &cgroup_fd);
}

static int teardown(void **state)
{
	(void)state;
	fake_free(&f);
	close(cgroup_fd);
	close(root_fd);
	tree_remove(dir);
	return 0;
}

static void has(unsigned anon_there, unsigned file_there)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "anon N0=%u N1=1000000\nfile N0=%u N1=2000000",
		       anon_there, file_there);
	assert_int_equal(tree_knob(dir, POD, "memory.numa_stat", text), 0);
}

static void pass(int64_t now_us, uint64_t nodes)
{
	numa_stat_read(&reader, cgroup_fd, pod, nodes, now_us, &there);
}

TEST(it_is_read_once_a_second_and_the_reading_before_is_kept)
{
	has(100, 5);
	pass(S, 1);
	assert_true(there.serial == pod->serial && there.nodes == 1 && there.at_us == S);
	assert_true(there.bytes == 105);
	assert_true(there.before_us == 0);
	has(200, 5);
	pass(S + S / 2, 1);
	assert_true(there.bytes == 105);
	assert_true(reader.n_reads == 1);
	pass(2 * S, 1);
	assert_true(there.bytes == 205 && there.at_us == 2 * S);
	assert_true(there.before_bytes == 105 && there.before_us == S);
	assert_true(reader.n_reads == 2);
}

TEST(other_nodes_and_another_pod_begin_anew)
{
	has(100, 0);
	pass(S, 1);
	pass(S, 3);
	assert_true(there.bytes == 3000100 && there.before_us == 0);
	pod->serial++;
	pass(S + 1, 3);
	assert_true(there.serial == pod->serial && there.at_us == S + 1 && there.before_us == 0);
	/* So does one that was not looked at for long. */
	pass(20 * S, 3);
	assert_true(there.before_us == 0);
}

TEST(what_cannot_be_read_is_not_measured)
{
	has(100, 0);
	pass(S, 1);
	assert_int_equal(tree_knob(dir, POD, "memory.numa_stat", "anon N0=x"), 0);
	pass(2 * S, 1);
	assert_true(there.serial == 0);
	assert_int_equal(tree_knob(dir, POD, "memory.numa_stat", "anon N0=1"), 0);
	pass(3 * S, 1);
	assert_true(there.serial == 0);
	assert_int_equal(tree_delete(dir, "sys/fs/cgroup/" POD), 0);
	pass(4 * S, 1);
	assert_true(there.serial == 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(it_is_read_once_a_second_and_the_reading_before_is_kept),
		CASE(other_nodes_and_another_pod_begin_anew),
		CASE(what_cannot_be_read_is_not_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
