// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole passes in which pods wait for memory: of whom memory.stat is read, and how often.
#include "tests/lib/test.h"

#include <stdio.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/observe/observe.h"
#include "tests/lib/fake.h"
#include "tests/lib/tree.h"

#define S 1000000
#define POD_READS 5
#define NODE_READS 5

static char *dir;
static int root_fd = -EBADF, cgroup_fd = -EBADF;
static struct fake f;
static struct observe *observe;
static struct pod *web, *hog;
static unsigned waited_us;
static int64_t now_us;

static struct pod *add(const char *path, enum qos qos, enum level level)
{
	struct pod *pod = fake_pod(&f, path, qos);

	assert_int_equal(tree_cgroup(dir, path), 0);
	assert_int_equal(fs_inode(cgroup_fd, path, &pod->cgroup->inode), 0);
	assert_int_equal(tree_knob(dir, path, "memory.stat",
				   "anon 8192\nfile 4096\nworkingset_refault_anon 5\n"
				   "workingset_refault_file 7\npgscan_direct 9\n"),
			 0);
	fake_level(&f, pod, level);
	return pod;
}

static int make(void **state)
{
	(void)state;
	fake_init(&f);
	if (tree_make("@host 2\n", &dir) < 0)
		return -1;
	root_fd = tree_open(dir);
	if (fs_open_dir(root_fd, "sys/fs/cgroup", &cgroup_fd) < 0)
		return -1;
	web = add("kubepods.slice/kubepods-pod1.slice", QOS_GUARANTEED, LEVEL_P0);
	hog = add("kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod2.slice",
		  QOS_BESTEFFORT, LEVEL_P7);
	now_us = waited_us = 0;
	return observe_new(root_fd, cgroup_fd, &observe);
}

static int drop(void **state)
{
	(void)state;
	observe_free(observe);
	fake_free(&f);
	close(cgroup_fd);
	close(root_fd);
	tree_remove(dir);
	return 0;
}

/* A second in which both waited for memory for so long; how many files were read beside those of each pass. */
static int second(unsigned us)
{
	static const struct observe_trigger_ops none;
	uint64_t before = observe_n_reads(observe);
	char text[256];

	now_us += S;
	waited_us += us;
	(void)snprintf(text, sizeof(text),
		       "some avg10=0.00 avg60=0.00 avg300=0.00 total=%u\n"
		       "full avg10=0.00 avg60=0.00 avg300=0.00 total=%u\n",
		       waited_us, waited_us / 2);
	assert_int_equal(tree_knob(dir, web->cgroup->path, "memory.pressure", text), 0);
	assert_int_equal(tree_knob(dir, hog->cgroup->path, "memory.pressure", text), 0);
	assert_int_equal(observe_sample(observe, &f.model, now_us), 0);
	assert_int_equal(observe_triggers(observe, &f.model, &f.plan, &f.policy, 0, &none), 0);
	return (int)(observe_n_reads(observe) - before) - 2 * POD_READS - NODE_READS;
}

static const struct pod_memory *of(const struct pod *pod)
{
	return &observe_samples(observe)->pods[pod->slot]->memory;
}

TEST(of_the_online_pod_that_waits_alone_memory_stat_is_read)
{
	for (int i = 0; i < 3; i++)
		assert_int_equal(second(0), 0);
	/* memory.events of both */
	for (int i = 0; i < 3; i++)
		assert_int_equal(second(1000), 2 + 1);
	assert_int_equal(of(web)->at_us, now_us);
	assert_int_equal(of(web)->anon_bytes, 8192);
	assert_int_equal(of(web)->refaults_per_s, 0);
	assert_int_equal(of(hog)->at_us, 0);
	for (int i = 0; i < 9; i++)
		assert_int_equal(second(0), 2 + 1);
	assert_int_equal(second(0), 0);
	assert_int_equal(of(web)->at_us, 0);
}

TEST(one_whose_level_becomes_offline_is_not_read_any_more)
{
	second(0);
	second(1000);
	assert_int_equal(of(web)->at_us, now_us);
	fake_level(&f, web, LEVEL_P7);
	second(1000);
	assert_int_equal(second(1000), 2);
	assert_int_equal(of(web)->at_us, 0);
	/* Nobody knows yet what it is. */
	fake_level(&f, web, LEVEL_P0);
	second(1000);
	fake_waiting(&f, web);
	second(1000);
	assert_int_equal(second(1000), 2);
	assert_int_equal(of(web)->at_us, 0);
}

TEST(what_was_measured_before_a_sleep_is_forgotten)
{
	second(0);
	second(1000);
	assert_true(of(web)->at_us > 0);
	observe_forget(observe);
	assert_int_equal(of(web)->at_us, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(of_the_online_pod_that_waits_alone_memory_stat_is_read),
		T(one_whose_level_becomes_offline_is_not_read_any_more),
		T(what_was_measured_before_a_sleep_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
