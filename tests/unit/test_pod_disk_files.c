// SPDX-License-Identifier: LGPL-2.1-or-later
// io.stat and io.max of a pod over a fake tree: a second's rates, and who is at a bound of his own.
#include "agent/observe/pod_disk_files.h"

#include <stdio.h>
#include <unistd.h>

#include "tests/lib/fake.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#define S 1000000ll
#define PATH "a.slice"

static char *dir;
static int cgroup_fd;
static struct pod_disk_files files;
static struct kept_reader reader;
static struct pod_disks got;
static struct cgroup cgroup = {.path = (char *)PATH, .name = PATH};
static struct pod pod = {.cgroup = &cgroup};
static const struct disks disks = {.n = 2, .list = {{.major = 8}, {.major = 8, .minor = 16}}};

static int setup(void **state)
{
	char path[TREE_PATH_SIZE];

	(void)state;
	reader = (struct kept_reader){0};
	got = (struct pod_disks){0};
	pod_disk_files_init(&files);
	assert_int_equal(tree_make("@host 1\n@cgroup " PATH "\n", &dir), 0);
	(void)snprintf(path, sizeof(path), "%s/sys/fs/cgroup", dir);
	cgroup_fd = tree_open(path);
	return cgroup_fd < 0;
}

static int teardown(void **state)
{
	(void)state;
	pod_disk_files_close(&files);
	close(cgroup_fd);
	tree_remove(dir);
	return 0;
}

static void stat_is(const char *text)
{
	assert_int_equal(tree_knob(dir, PATH, "io.stat", text), 0);
}

static void pass(int64_t now_us)
{
	pod_disk_files_read(&files, &reader, cgroup_fd, &pod, &disks, now_us, &got);
}

TEST(rates_are_of_the_last_second_and_only_of_disks)
{
	stat_is("8:0 rbytes=1000 wbytes=0 rios=10 wios=0 dbytes=0 dios=0\n"
		"253:0 rbytes=5 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n");
	pass(10 * S);
	assert_int_equal(got.at_us, 0);
	assert_int_equal(reader.n_reads, 2);
	pass(10 * S + S / 2);
	assert_int_equal(reader.n_reads, 2);
	stat_is("8:0 rbytes=5000 wbytes=800 rios=30 wios=4 dbytes=0 dios=0\n"
		"253:0 rbytes=5 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n");
	pass(12 * S);
	assert_int_equal(got.at_us, 12 * S);
	assert_int_equal(got.n, 1);
	assert_int_equal(got.list[0].major, 8);
	assert_int_equal(got.list[0].bytes_per_s[DISK_READ], 2000);
	assert_int_equal(got.list[0].bytes_per_s[DISK_WRITE], 400);
	assert_int_equal(got.list[0].requests_per_s[DISK_READ], 10);
	assert_int_equal(got.list[0].requests_per_s[DISK_WRITE], 2);
	assert_int_equal(got.list[0].used_us, 12 * S);
	/* It does nothing: when it last did is known. */
	pass(13 * S);
	assert_int_equal(got.list[0].bytes_per_s[DISK_READ], 0);
	assert_int_equal(got.list[0].used_us, 12 * S);
}

TEST(after_a_gap_and_on_a_disk_that_is_new_nothing_is_known)
{
	stat_is("8:0 rbytes=1000 wbytes=0 rios=10 wios=0 dbytes=0 dios=0\n");
	pass(10 * S);
	pass(11 * S);
	assert_int_equal(got.at_us, 11 * S);
	stat_is("8:0 rbytes=9000 wbytes=0 rios=90 wios=0 dbytes=0 dios=0\n"
		"8:16 rbytes=9000 wbytes=0 rios=90 wios=0 dbytes=0 dios=0\n");
	pass(12 * S);
	assert_int_equal(got.n, 2);
	assert_int_equal(got.list[1].bytes_per_s[DISK_READ], 0);
	assert_int_equal(got.list[1].used_us, 0);
	pass(18 * S);
	assert_int_equal(got.at_us, 0);
	/* A counter that fell is no work. */
	stat_is("8:0 rbytes=1 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n");
	pass(19 * S);
	assert_int_equal(got.list[0].bytes_per_s[DISK_READ], 0);
}

TEST(who_is_at_a_bound_waits_by_it)
{
	stat_is("8:0 rbytes=0 wbytes=0 rios=0 wios=0 dbytes=0 dios=0\n"
		"8:16 rbytes=0 wbytes=0 rios=0 wios=0 dbytes=0 dios=0\n");
	assert_int_equal(tree_knob(dir, PATH, "io.max",
				   "8:0 rbps=1000 wbps=max riops=max wiops=max\n"
				   "8:16 rbps=max wbps=max riops=max wiops=50\n"),
			 0);
	pass(10 * S);
	stat_is("8:0 rbytes=950 wbytes=9000 rios=1 wios=9 dbytes=0 dios=0\n"
		"8:16 rbytes=9000 wbytes=1 rios=100 wios=40 dbytes=0 dios=0\n");
	pass(11 * S);
	assert_true(got.list[0].bounded);
	assert_false(got.list[1].bounded);
	stat_is("8:0 rbytes=1000 wbytes=9000 rios=1 wios=9 dbytes=0 dios=0\n"
		"8:16 rbytes=9000 wbytes=1 rios=100 wios=90 dbytes=0 dios=0\n");
	pass(12 * S);
	assert_false(got.list[0].bounded);
	assert_true(got.list[1].bounded);
}

TEST(a_bound_that_cannot_be_read_may_be_what_it_waits_by)
{
	stat_is("8:0 rbytes=0 wbytes=0 rios=0 wios=0 dbytes=0 dios=0\n");
	assert_int_equal(tree_knob(dir, PATH, "io.max", "8:0 rbps=fast wbps=max\n"), 0);
	pass(10 * S);
	pass(11 * S);
	assert_int_equal(got.at_us, 11 * S);
	assert_true(got.list[0].bounded);
}

TEST(without_the_files_nothing_is_known_and_nothing_is_said)
{
	pass(10 * S);
	assert_int_equal(got.at_us, 0);
	assert_false(reader.said);
	stat_is("8:0 rbytes=0 wbytes=0 rios=0 wios=0 dbytes=0 dios=0\n");
	pass(11 * S);
	pass(12 * S);
	assert_int_equal(got.at_us, 12 * S);
	pod_disk_files_rest(&files, &got);
	assert_int_equal(got.at_us, 0);
	assert_true(files.stat_fd < 0 && files.max_fd < 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(rates_are_of_the_last_second_and_only_of_disks),
		CASE(after_a_gap_and_on_a_disk_that_is_new_nothing_is_known),
		CASE(who_is_at_a_bound_waits_by_it),
		CASE(a_bound_that_cannot_be_read_may_be_what_it_waits_by),
		CASE(without_the_files_nothing_is_known_and_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
