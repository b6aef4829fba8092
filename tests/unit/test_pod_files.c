// SPDX-License-Identifier: LGPL-2.1-or-later
// A fake tree cannot take a file away under an open fd, as kernfs does (ENODEV): that is seen in
// the VM.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/observe/pod_files.h"
#include "tests/lib/tree.h"

#define ALL_BITS (SAMPLE_CPU | SAMPLE_MEMORY | SAMPLE_PSI_CPU | SAMPLE_PSI_MEMORY | SAMPLE_PSI_IO)
#define POD "kubepods.slice/kubepods-pod1.slice"

static char *dir;
static int cgroup_fd = -EBADF;
static struct kept_reader reader;
static struct kept_set files;
static char path[] = POD;
static struct cgroup cgroup = {.path = path};

static void put(const char *file, const char *text)
{
	assert_int_equal(tree_knob(dir, POD, file, text), 0);
}

static int make(void **state)
{
	int root_fd;

	(void)state;
	reader = (struct kept_reader){.ticks_per_s = 100};
	kept_set_init(&files);
	if (tree_make("@host 2\n@cgroup " POD "\n", &dir) < 0)
		return -1;
	root_fd = tree_open(dir);
	if (fs_open_dir(root_fd, "sys/fs/cgroup", &cgroup_fd) < 0 ||
	    fs_inode(cgroup_fd, POD, &cgroup.inode) < 0)
		return -1;
	close(root_fd);
	put("cpu.stat", "usage_usec 1000\nuser_usec 1\nnr_periods 20\nnr_throttled 3\n"
			"throttled_usec 400");
	put("memory.current", "8192");
	put("cpu.pressure", "some avg10=0.00 total=11\nfull avg10=0.00 total=10");
	put("memory.pressure", "some total=22\nfull total=21");
	put("io.pressure", "some total=33\nfull total=32");
	return 0;
}

static int drop(void **state)
{
	(void)state;
	kept_set_close(&files);
	close(cgroup_fd);
	tree_remove(dir);
	return 0;
}

static struct pod_sample sample(bool psi)
{
	struct pod_sample s = {.at_us = 1};

	assert_int_equal(pod_files_open(&files, &reader, cgroup_fd, &cgroup, psi), 0);
	assert_int_equal(pod_files_read(&files, &reader, &cgroup, &s), 0);
	return s;
}

TEST(a_pod_is_read_with_one_call_per_file)
{
	struct pod_sample s = sample(true);

	assert_int_equal(s.valid, ALL_BITS);
	assert_true(s.cpu_usage_us == 1000 && s.cpu_periods == 20);
	assert_true(s.cpu_throttled == 3 && s.cpu_throttled_us == 400);
	assert_true(s.memory_bytes == 8192);
	assert_true(s.psi[RESOURCE_CPU].some_us == 11 && s.psi[RESOURCE_CPU].full_us == 10);
	assert_true(s.psi[RESOURCE_MEMORY].some_us == 22 && s.psi[RESOURCE_MEMORY].full_us == 21);
	assert_true(s.psi[RESOURCE_IO].some_us == 33 && s.psi[RESOURCE_IO].full_us == 32);
	assert_int_equal(reader.n_reads, 5);
	assert_int_equal(kept_set_n_open(&files), 5);
}

TEST(without_psi_no_pressure_file_is_opened)
{
	assert_int_equal(sample(false).valid, SAMPLE_CPU | SAMPLE_MEMORY);
	assert_int_equal(kept_set_n_open(&files), 2);
}

TEST(a_cgroup_without_the_memory_controller_has_no_memory_and_nothing_is_said)
{
	assert_int_equal(tree_delete(dir, "sys/fs/cgroup/" POD "/memory.current"), 0);
	assert_int_equal(sample(true).valid, ALL_BITS & ~SAMPLE_MEMORY);
	assert_false(reader.said);
}

TEST(a_file_that_comes_later_is_opened_by_the_next_open)
{
	assert_int_equal(tree_delete(dir, "sys/fs/cgroup/" POD "/memory.current"), 0);
	assert_int_equal(sample(true).valid, ALL_BITS & ~SAMPLE_MEMORY);
	put("memory.current", "4096");
	assert_int_equal(sample(true).valid, ALL_BITS);
}

TEST(cpu_use_is_known_without_the_cpu_controller)
{
	struct pod_sample s;

	put("cpu.stat", "usage_usec 1000\nuser_usec 600\nsystem_usec 400");
	s = sample(true);
	assert_int_equal(s.valid, ALL_BITS);
	assert_true(s.cpu_usage_us == 1000 && s.cpu_periods == 0 && s.cpu_throttled == 0);
}

TEST(half_a_cpu_stat_is_not_believed)
{
	put("cpu.stat", "usage_usec 1000\nnr_periods 20\nnr_thr");
	assert_int_equal(sample(true).valid, ALL_BITS & ~SAMPLE_CPU);
	assert_true(reader.said);
}

TEST(a_number_with_a_sign_is_not_believed_and_the_other_files_are)
{
	put("memory.current", "-1");
	put("io.pressure", "nonsense");
	assert_int_equal(sample(true).valid, ALL_BITS & ~SAMPLE_MEMORY & ~SAMPLE_PSI_IO);
}

TEST(another_cgroup_at_the_same_path_is_not_measured)
{
	cgroup.inode++;
	assert_int_equal(pod_files_open(&files, &reader, cgroup_fd, &cgroup, true), -ENODEV);
	assert_int_equal(kept_set_n_open(&files), 0);
	assert_false(reader.said);
}

TEST(a_cgroup_that_is_gone_opens_nothing_and_nothing_is_said)
{
	assert_int_equal(tree_delete(dir, "sys/fs/cgroup/" POD), 0);
	assert_int_equal(pod_files_open(&files, &reader, cgroup_fd, &cgroup, true), -ENOENT);
	assert_int_equal(kept_set_n_open(&files), 0);
	assert_false(reader.said);
}

TEST(without_room_for_all_files_none_stays_open)
{
	struct rlimit limit, low;
	int r;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = limit;
	/* the next free descriptors are: one for the directory, two of five files */
	low.rlim_cur = (rlim_t)dup(cgroup_fd) + 3;
	close((int)low.rlim_cur - 3);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	r = pod_files_open(&files, &reader, cgroup_fd, &cgroup, true);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(r, -EMFILE);
	assert_int_equal(kept_set_n_open(&files), 0);
	assert_int_equal(sample(true).valid, ALL_BITS);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_pod_is_read_with_one_call_per_file),
		T(without_psi_no_pressure_file_is_opened),
		T(a_cgroup_without_the_memory_controller_has_no_memory_and_nothing_is_said),
		T(a_file_that_comes_later_is_opened_by_the_next_open),
		T(cpu_use_is_known_without_the_cpu_controller),
		T(half_a_cpu_stat_is_not_believed),
		T(a_number_with_a_sign_is_not_believed_and_the_other_files_are),
		T(another_cgroup_at_the_same_path_is_not_measured),
		T(a_cgroup_that_is_gone_opens_nothing_and_nothing_is_said),
		T(without_room_for_all_files_none_stays_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
