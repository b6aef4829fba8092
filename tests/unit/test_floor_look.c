// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "policy/floor_look.h"
#include "tests/lib/decide_case.h"

static struct fake f;

static int setup(void **state)
{
	(void)state;
	fake_init(&f);
	decide_pod(&f, O1, QOS_BESTEFFORT, LEVEL_P7);
	decide_pod(&f, B1, QOS_BURSTABLE, LEVEL_P4);
	fake_set(fake_cgroup(&f, BURSTABLE), KNOB_CPU_WEIGHT, 2500);
	fake_set(fake_cgroup(&f, BESTEFFORT), KNOB_CPU_WEIGHT, 50);
	decide_run(&f);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_free(&f);
	return 0;
}

static uint32_t node_of(const char *path)
{
	const struct decide_tree *t = f.plan.tree;

	for (size_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].cgroup == fake_cgroup(&f, path))
			return (uint32_t)i;
	fail();
	return 0;
}

/* -1 where it is not known. */
static long long promise(uint64_t weight, size_t n_cpus)
{
	uint64_t ppm;

	floor_look_weights(f.plan.tree);
	return floor_look_promise(f.plan.tree, node_of(BESTEFFORT), weight, n_cpus, &ppm) == 0
		       ? (long long)ppm
		       : -1;
}

/* N / (N + ratio) of one CPU: what one busy thread gets of its CPU. */
TEST(the_promise_is_what_one_busy_thread_gets)
{
	assert_int_equal(promise(50, 1), 1000000 / 51);
	assert_int_equal(promise(50, 2), 2000000 / 52);
	assert_int_equal(promise(125, 2), 2000000 / 22);
	assert_int_equal(promise(4, 64), 64000000 / (64 + 625));
	assert_int_equal(promise(2500, 1), 500000);
	assert_int_equal(promise(50, 0), -1);
}

TEST(what_stands_above_divides_it)
{
	fake_service(&f, "system.slice");
	decide_run(&f);
	assert_int_equal(promise(50, 2), 19417); /* 1 / 51 / 2 of the whole */
}

TEST(an_empty_sibling_takes_nothing)
{
	(void)fake_cgroup(&f, KUBE "/kubepods-poddead.slice");
	decide_run(&f);
	assert_int_equal(promise(50, 2), 38461);
}

TEST(what_is_not_known_promises_nothing)
{
	struct cgroup *kube = fake_cgroup(&f, KUBE);

	fake_missing(fake_cgroup(&f, BURSTABLE), KNOB_CPU_WEIGHT);
	assert_int_equal(promise(50, 2), -1);
	fake_set(fake_cgroup(&f, BURSTABLE), KNOB_CPU_WEIGHT, 2500);
	assert_int_equal(promise(50, 2), 38461);
	fake_set(fake_cgroup(&f, BURSTABLE), KNOB_CPU_WEIGHT, UINT64_MAX - 49);
	assert_int_equal(promise(50, 2), -1);
	fake_set(fake_cgroup(&f, BURSTABLE), KNOB_CPU_WEIGHT, 2500);
	fake_missing(kube, KNOB_CPU_WEIGHT);
	assert_int_equal(promise(50, 2), -1);
	fake_set(kube, KNOB_CPU_WEIGHT, 100);
	kube->hidden = true; /* a child of it was not seen */
	assert_int_equal(promise(50, 2), -1);
	kube->hidden = false;
	fake_set(kube, KNOB_CPU_IDLE, 1);
	assert_int_equal(promise(50, 2), -1);
}

/* Half of the promise is more than four ticks of 4 ms in it. */
TEST(the_window_is_long_enough_for_a_small_promise)
{
	assert_int_equal(floor_look_window(38461), 2000000);
	assert_int_equal(floor_look_window(16000), 2000000);
	assert_int_equal(floor_look_window(8000), 4000000);
	assert_int_equal(floor_look_window(1996), 10000000);
	assert_int_equal(floor_look_window(1), 10000000);
	assert_int_equal(floor_look_window(0), 10000000);
}

TEST(a_quota_is_seen_on_the_branch_and_above_it)
{
	assert_false(floor_look_has_quota(f.plan.tree, node_of(BESTEFFORT)));
	fake_set(fake_cgroup(&f, O1), KNOB_CPU_MAX, 5000);
	assert_false(floor_look_has_quota(f.plan.tree, node_of(BESTEFFORT)));
	fake_set(fake_cgroup(&f, KUBE), KNOB_CPU_MAX, 5000);
	assert_true(floor_look_has_quota(f.plan.tree, node_of(BESTEFFORT)));
}

/* One pod between two samples two seconds apart. */
static struct floor_look look_at(uint64_t some_us, uint64_t full_us, int64_t since_us)
{
	struct floor_look look = {
		.node = node_of(BESTEFFORT), .since_us = since_us, .window_us = 2000000};
	struct pod_history *h;

	fake_sample(&f, f.model.pods[0], 10000000, 500, 0);
	fake_sample(&f, f.model.pods[0], 12000000, 20500, some_us);
	h = f.samples.pods[f.model.pods[0]->slot];
	h->ring[(h->head + SAMPLE_RING - 1) % SAMPLE_RING].psi[RESOURCE_CPU].full_us = full_us;
	floor_look_pod(&look, f.plan.tree, &f.model, 0, &f.samples, &f.plan, 12000000);
	return look;
}

TEST(only_what_waits_with_all_its_threads_waits)
{
	struct floor_look look = look_at(2000000, 1590000, 10000000);

	assert_null(look.waits);
	assert_false(look.unmeasured);
	assert_false(look.at_most);
	assert_int_equal(look.got_ppm, 10000);
	teardown(NULL);
	setup(NULL);
	look = look_at(2000000, 1600000, 10000000);
	assert_ptr_equal(look.waits, f.model.pods[0]);
	assert_int_equal(look.waited_permille, 800);
	assert_int_equal(look.span_us, 2000000);
}

/* It used 3 s of CPU time since it was made, a week ago or just now: 150 % of one CPU in 2 s at most. */
TEST(what_one_gets_that_is_new_is_a_bound)
{
	struct floor_look look = {.node = node_of(BESTEFFORT), .window_us = 2000000};

	fake_sample(&f, f.model.pods[0], 11000000, 3000000, 0);
	floor_look_pod(&look, f.plan.tree, &f.model, 0, &f.samples, &f.plan, 11000000);
	assert_false(look.unmeasured);
	assert_true(look.at_most);
	assert_int_equal(look.got_ppm, 1500000);
}

TEST(what_was_measured_under_other_weights_is_no_measurement)
{
	assert_true(look_at(0, 0, 10000001).unmeasured);
}

#define CASE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE_TEST(the_promise_is_what_one_busy_thread_gets),
		CASE_TEST(what_stands_above_divides_it),
		CASE_TEST(an_empty_sibling_takes_nothing),
		CASE_TEST(what_is_not_known_promises_nothing),
		CASE_TEST(the_window_is_long_enough_for_a_small_promise),
		CASE_TEST(a_quota_is_seen_on_the_branch_and_above_it),
		CASE_TEST(only_what_waits_with_all_its_threads_waits),
		CASE_TEST(what_one_gets_that_is_new_is_a_bound),
		CASE_TEST(what_was_measured_under_other_weights_is_no_measurement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
