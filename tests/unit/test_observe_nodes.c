// SPDX-License-Identifier: LGPL-2.1-or-later
// What a machine with several memory nodes costs beyond one with a single node. Reads and allocations are counted.
#include "tests/lib/test.h"

#include <stdio.h>

#include "policy/ring.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/observe_case.h"
#include "tests/lib/tree.h"

#define S 1000000
#define POD_READS 5
#define NODE_READS 5

static struct observe_case o;

static int setup(void **state)
{
	(void)state;
	return observe_case_open(&o);
}

static int teardown(void **state)
{
	(void)state;
	observe_case_close(&o);
	return 0;
}

static struct pod *pod_at(unsigned i, enum qos qos, enum level level)
{
	char path[64];
	struct pod *pod;

	(void)snprintf(path, sizeof(path), "kubepods.slice/kubepods-pod%03u.slice", i);
	pod = observe_case_pod(&o, path, qos);
	fake_level(&o.f, pod, level);
	return pod;
}

static void put(const struct pod *pod, const char *file, const char *text)
{
	assert_int_equal(tree_knob(o.dir, pod->cgroup->path, file, text), 0);
}

static void pass(int64_t now_us)
{
	assert_int_equal(observe_sample(o.observe, &o.f.model, now_us), 0);
}

static uint64_t reads_of_a_pass(int64_t now_us)
{
	uint64_t before = observe_n_reads(o.observe);

	pass(now_us);
	return observe_n_reads(o.observe) - before;
}

/* Each memory node is a read; and each offline pod one a second while some of them run short. */
TEST(memory_nodes_are_measured_and_what_pods_have_there_only_while_it_matters)
{
	struct pod *web = pod_at(1, QOS_GUARANTEED, LEVEL_P0);
	struct pod *hog = pod_at(2, QOS_BESTEFFORT, LEVEL_P7);
	const struct samples *samples = observe_samples(o.observe);
	unsigned long allocations;

	put(hog, "memory.numa_stat", "anon N0=100 N1=7\nfile N0=20 N1=8");
	put(web, "memory.numa_stat", "anon N0=1 N1=1\nfile N0=1 N1=1");
	pass(1 * S);
	assert_int_equal(reads_of_a_pass(2 * S), 2 * POD_READS + NODE_READS);
	observe_nodes(o.observe, &o.f.model, &o.f.plan, 1); /* there is nothing to tell apart */
	assert_int_equal(reads_of_a_pass(3 * S), 2 * POD_READS + NODE_READS);
	assert_int_equal(samples->n_there, 0);
	assert_int_equal(tree_memory_nodes(o.dir, 2), 0);
	assert_int_equal(tree_memory_node(o.dir, 1, 5 << 20), 0);
	fake_memory_nodes(&o.f, 2, (uint64_t)4 << 30);
	pass(4 * S);
	assert_true(ring_last_node(&samples->node)->memory_nodes == 3);
	assert_true(ring_last_node(&samples->node)->memory_node[1].free_bytes == 5 << 20);
	assert_int_equal(reads_of_a_pass(5 * S), 2 * POD_READS + NODE_READS + 2);
	observe_nodes(o.observe, &o.f.model, &o.f.plan, 1);
	assert_int_equal(reads_of_a_pass(6 * S), 2 * POD_READS + NODE_READS + 2 + 1);
	assert_true(samples->there[hog->slot].bytes == 120);
	assert_true(samples->there[web->slot].serial == 0);
	assert_int_equal(reads_of_a_pass(6 * S + S / 5), 2 * POD_READS + NODE_READS + 2);
	put(hog, "memory.numa_stat", "anon N0=300 N1=7\nfile N0=20 N1=8");
	allocations = alloc_count();
	observe_nodes(o.observe, &o.f.model, &o.f.plan, 1);
	assert_int_equal(reads_of_a_pass(7 * S), 2 * POD_READS + NODE_READS + 2 + 1);
	assert_true(samples->there[hog->slot].bytes == 320);
	assert_true(samples->there[hog->slot].before_bytes == 120);
	assert_int_equal(alloc_count(), allocations);
	/* Of other nodes nothing is known yet; of none, nothing is asked. */
	observe_nodes(o.observe, &o.f.model, &o.f.plan, 2);
	assert_true(samples->there[hog->slot].serial == 0);
	pass(8 * S);
	assert_true(samples->there[hog->slot].bytes == 15);
	observe_nodes(o.observe, &o.f.model, &o.f.plan, 0);
	assert_true(samples->there[hog->slot].serial == 0);
	assert_int_equal(reads_of_a_pass(9 * S), 2 * POD_READS + NODE_READS + 2);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(memory_nodes_are_measured_and_what_pods_have_there_only_while_it_matters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
