// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole passes in which pods wait for memory: of whom memory.stat is read, and how often.
#include "tests/lib/test.h"

#include <stdio.h>

#include "tests/lib/observe_case.h"
#include "tests/lib/tree.h"

#define S 1000000
#define POD_READS 5
#define NODE_READS 5

static struct observe_case o;
static struct pod *web, *hog;
static unsigned waited_us;
static int64_t now_us;

static struct pod *add(const char *path, enum qos qos, enum level level)
{
	struct pod *pod = observe_case_pod(&o, path, qos);

	assert_int_equal(tree_knob(o.dir, path, "memory.stat",
				   "anon 8192\nfile 4096\nworkingset_refault_anon 5\n"
				   "workingset_refault_file 7\npgscan_direct 9\n"),
			 0);
	fake_level(&o.f, pod, level);
	return pod;
}

static int make(void **state)
{
	(void)state;
	if (observe_case_open(&o) < 0)
		return -1;
	web = add("kubepods.slice/kubepods-pod1.slice", QOS_GUARANTEED, LEVEL_P0);
	hog = add("kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod2.slice",
		  QOS_BESTEFFORT, LEVEL_P7);
	now_us = waited_us = 0;
	return 0;
}

static int drop(void **state)
{
	(void)state;
	observe_case_close(&o);
	return 0;
}

/* A second in which both waited for memory for so long; how many files were read beside those of each pass. */
static int second(unsigned us)
{
	static const struct observe_trigger_ops none;
	uint64_t before = observe_n_reads(o.observe);
	char text[256];

	now_us += S;
	waited_us += us;
	(void)snprintf(text, sizeof(text),
		       "some avg10=0.00 avg60=0.00 avg300=0.00 total=%u\n"
		       "full avg10=0.00 avg60=0.00 avg300=0.00 total=%u\n",
		       waited_us, waited_us / 2);
	assert_int_equal(tree_knob(o.dir, web->cgroup->path, "memory.pressure", text), 0);
	assert_int_equal(tree_knob(o.dir, hog->cgroup->path, "memory.pressure", text), 0);
	assert_int_equal(observe_sample(o.observe, &o.f.model, now_us), 0);
	assert_int_equal(observe_triggers(o.observe, &o.f.model, &o.f.plan, &o.f.policy, 0, &none),
			 0);
	return (int)(observe_n_reads(o.observe) - before) - 2 * POD_READS - NODE_READS;
}

static const struct pod_memory *of(const struct pod *pod)
{
	return &observe_samples(o.observe)->pods[pod->slot]->memory;
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
	fake_level(&o.f, web, LEVEL_P7);
	second(1000);
	assert_int_equal(second(1000), 2);
	assert_int_equal(of(web)->at_us, 0);
	/* Nobody knows yet what it is. */
	fake_level(&o.f, web, LEVEL_P0);
	second(1000);
	fake_waiting(&o.f, web);
	second(1000);
	assert_int_equal(second(1000), 2);
	assert_int_equal(of(web)->at_us, 0);
}

TEST(what_was_measured_before_a_sleep_is_forgotten)
{
	second(0);
	second(1000);
	assert_true(of(web)->at_us > 0);
	observe_forget(o.observe);
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
