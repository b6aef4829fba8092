// SPDX-License-Identifier: LGPL-2.1-or-later
// How far the floor may raise a weight, and how many branches it watches.
#include "tests/lib/fake_topology.h"
#include "tests/lib/test.h"

#include <stdio.h>

#include "tests/lib/floor_case.h"

/* Less than half of 3.84 %, and it waits all the time. */
static void starve(struct floor_case *c)
{
	c->gets_ppm[0] = 10000;
	c->waits_permille[0] = 980;
}

TEST(only_the_branch_that_starves_is_raised)
{
	struct floor_case c;

	floor_case_init(&c);
	fake_set(fake_cgroup(&c.f, KUBE), KNOB_CPU_WEIGHT, 2500);
	floor_case_add(&c, "batch-a.slice", QOS_NONE);
	floor_case_add(&c, "batch-b.slice", QOS_NONE);
	c.waits_permille[2] = c.waits_permille[3] = 980;
	c.gets_ppm[2] = 5000;
	c.gets_ppm[3] = 40000;
	floor_case_seconds(&c, 4);
	assert_int_equal(floor_case_weight(&c, "batch-a.slice"), 50);
	assert_int_equal(floor_case_weight(&c, "batch-b.slice"), 25);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 50);
	floor_case_seconds(&c, 30);
	/* One in twenty is for both together. */
	assert_int_equal(floor_case_weight(&c, "batch-a.slice"), 62);
	assert_int_equal(floor_case_weight(&c, "batch-b.slice"), 25);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 50);
	floor_case_free(&c);
}

TEST(nobody_is_raised_above_an_online_sibling)
{
	struct floor_case c;
	struct pod *small;

	floor_case_init(&c);
	starve(&c);
	small = decide_pod(&c.f, G1, QOS_GUARANTEED, LEVEL_P0);
	fake_request(small, 1800, 1 << 28);
	floor_case_seconds(&c, 30);
	assert_int_equal(floor_case_weight(&c, G1), 71);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 71);
	floor_case_free(&c);
}

/* It is counted and shown all the same. */
TEST(on_many_cpus_it_is_doubled_once_and_no_more)
{
	static const struct {
		unsigned n_cpus;
		uint64_t normal, most;
	} cases[] = {{1, 50, 125}, {2, 50, 125}, {4, 50, 125},
		     {5, 50, 100}, {8, 31, 62},	 {64, 3, 7}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct floor_case c;

		floor_case_init(&c);
		starve(&c);
		fake_topology_plain(&c.f.model.node, cases[i].n_cpus);
		c.gets_ppm[0] = 1000;
		floor_case_second(&c);
		assert_int_equal(floor_case_weight(&c, BESTEFFORT), cases[i].normal);
		floor_case_seconds(&c, 60);
		assert_int_equal(floor_case_weight(&c, BESTEFFORT), cases[i].most);
		assert_int_equal(c.floor.starved, 1);
		assert_int_equal(floor_case_branch(&c, BESTEFFORT)->state, FLOOR_STARVING);
		floor_case_free(&c);
	}
}

/* A request allows it no more than its normal weight. */
TEST(a_pod_is_never_raised_above_its_request)
{
	static const char path[] = BURSTABLE "/kubepods-burstable-podbatch.slice";
	static const struct {
		uint64_t milli, normal, most;
	} cases[] = {{250, 10, 10}, {1500, 50, 59}, {8000, 50, 125}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct floor_case c;
		struct pod *batch;

		floor_case_init(&c);
		fake_set(fake_cgroup(&c.f, B1), KNOB_CPU_WEIGHT, 2500);
		batch = floor_case_add(&c, path, QOS_BURSTABLE);
		fake_request(batch, cases[i].milli, 1 << 28);
		c.waits_permille[2] = 980;
		floor_case_second(&c);
		assert_int_equal(floor_case_weight(&c, path), cases[i].normal);
		floor_case_seconds(&c, 60);
		assert_int_equal(floor_case_weight(&c, path), cases[i].most);
		assert_int_equal(floor_case_branch(&c, path)->state, FLOOR_STARVING);
		floor_case_free(&c);
	}
}

TEST(beyond_the_table_nobody_is_raised_and_it_is_counted)
{
	struct floor_case c;
	char path[64];

	floor_case_init(&c);
	for (int i = 0; i < FLOOR_BRANCHES + 2; i++) {
		(void)snprintf(path, sizeof(path), "batch-%02d.slice", i);
		(void)floor_case_add(&c, path, QOS_NONE);
	}
	fake_set(fake_cgroup(&c.f, KUBE), KNOB_CPU_WEIGHT, 10000);
	floor_case_seconds(&c, 4);
	assert_int_equal(c.floor.n, FLOOR_BRANCHES);
	assert_int_equal(c.floor.unwatched, 3);
	/* Room becomes free: the next in the tree gets it, and those that are watched stay. */
	floor_case_remove(&c, 5);
	floor_case_seconds(&c, 2);
	assert_int_equal(c.floor.n, FLOOR_BRANCHES);
	assert_int_equal(c.floor.unwatched, 2);
	assert_int_equal(floor_case_branch(&c, "batch-00.slice")->state, FLOOR_FED);
	floor_case_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_branch_that_starves_is_raised),
		cmocka_unit_test(nobody_is_raised_above_an_online_sibling),
		cmocka_unit_test(on_many_cpus_it_is_doubled_once_and_no_more),
		cmocka_unit_test(a_pod_is_never_raised_above_its_request),
		cmocka_unit_test(beyond_the_table_nobody_is_raised_and_it_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
