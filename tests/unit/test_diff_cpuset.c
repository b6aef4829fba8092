// SPDX-License-Identifier: LGPL-2.1-or-later
// The order of the diff for sets of CPUs, partitions and bursts, where a wrong one is refused by the
// kernel. The node is that of diff_case.h.
#include "tests/lib/test.h"

#include "policy/decide.h"
#include "policy/diff.h"
#include "policy/knob.h"
#include "tests/lib/diff_case.h"

static int setup(void **state)
{
	int r = diff_case_setup(state);

	fake_rare_knobs(&((struct diff_case *)*state)->f);
	return r;
}

/* a.slice owns CPUs 2-3. */
static void plan_own_cores(struct diff_case *s, const char *list)
{
	fake_plan_cpus(&s->f, s->online, KNOB_CPUSET_EXCLUSIVE, EFFECT_PROTECTION, list);
	fake_plan_cpus(&s->f, s->root, KNOB_CPUSET_EXCLUSIVE, EFFECT_PROTECTION, list);
	diff_case_plan(s, s->online, KNOB_CPUSET_PARTITION, EFFECT_PROTECTION, PARTITION_ROOT);
}

TEST(cores_are_handed_down_from_the_parent_and_the_partition_comes_last)
{
	struct diff_case *s = *state;

	plan_own_cores(s, "2-3");
	diff_case_plan(s, s->class, KNOB_MEMORY_LOW, EFFECT_PROTECTION, 4096);
	assert_string_equal(diff_case_run(s, MODE_PROTECT),
			    "kubepods.slice cpuset.cpus.exclusive = 2-3; "
			    "a.slice cpuset.cpus.exclusive = 2-3; "
			    "besteffort.slice memory.low = 4096; "
			    "a.slice cpuset.cpus.partition = root; ");
	fake_apply(&s->f);
	assert_string_equal(diff_case_run(s, MODE_PROTECT), "");
}

TEST(the_partition_ends_first_and_cores_come_back_from_the_child)
{
	struct diff_case *s = *state;

	plan_own_cores(s, "2-3");
	fake_apply(&s->f);
	plan_clear(&s->f.plan);
	assert_string_equal(diff_case_run(s, MODE_PROTECT),
			    "a.slice cpuset.cpus.partition <- member; "
			    "a.slice cpuset.cpus.exclusive <- none; "
			    "kubepods.slice cpuset.cpus.exclusive <- none; ");
}

TEST(cores_that_change_hands_are_given_back_before_they_are_taken)
{
	struct diff_case *s = *state;

	plan_own_cores(s, "2-3");
	fake_apply(&s->f);
	plan_clear(&s->f.plan);
	fake_plan_cpus(&s->f, s->root, KNOB_CPUSET_EXCLUSIVE, EFFECT_PROTECTION, "2-3");
	fake_plan_cpus(&s->f, s->class, KNOB_CPUSET_EXCLUSIVE, EFFECT_PROTECTION, "2-3");
	assert_string_equal(diff_case_run(s, MODE_PROTECT),
			    "a.slice cpuset.cpus.partition <- member; "
			    "a.slice cpuset.cpus.exclusive <- none; "
			    "besteffort.slice cpuset.cpus.exclusive = 2-3; ");
}

/* What the kernel does not grant any more was still written by colod and nobody else. */
TEST(a_partition_that_became_invalid_is_asked_for_once_more_or_given_back)
{
	struct diff_case *s = *state;
	struct knob_state *p = &s->online->knobs[KNOB_CPUSET_PARTITION];

	plan_own_cores(s, "2-3");
	fake_apply(&s->f);
	assert_int_equal(knob_parse(KNOB_CPUSET_PARTITION,
				    "root invalid (No cpu available due to hotplug)", &p->now),
			 0);
	assert_string_equal(diff_case_run(s, MODE_PROTECT),
			    "a.slice cpuset.cpus.partition = root; ");
	plan_clear(&s->f.plan);
	diff_case_run(s, MODE_PROTECT);
	assert_int_equal(s->changes.list[0].knob, KNOB_CPUSET_PARTITION);
	assert_int_equal(s->changes.list[0].kind, CHANGE_RESTORE);
	assert_int_equal(s->changes.list[0].want.value, PARTITION_MEMBER);
	/* Somebody else's word is another matter. */
	p->now = knob_value_of(PARTITION_ISOLATED);
	diff_case_run(s, MODE_PROTECT);
	assert_int_equal(s->changes.list[0].kind, CHANGE_FORGET);
}

TEST(a_cpuset_is_widened_early_and_narrowed_late)
{
	struct diff_case *s = *state;

	fake_cpus(s->class, KNOB_CPUSET_CPUS, "0");
	fake_plan_cpus(&s->f, s->class, KNOB_CPUSET_CPUS, EFFECT_LIMIT, "0-1");
	fake_plan_cpus(&s->f, s->hog, KNOB_CPUSET_CPUS, EFFECT_LIMIT, "0-1");
	fake_plan_cpus(&s->f, s->online, KNOB_CPUSET_EXCLUSIVE, EFFECT_PROTECTION, "2");
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE),
			    "a.slice cpuset.cpus.exclusive = 2; "
			    "besteffort.slice cpuset.cpus = 0-1; hog.slice cpuset.cpus = 0-1; ");
	/* Without a set there is no limit: that comes early too, but after CPUs that somebody owned. */
	fake_apply(&s->f);
	plan_clear(&s->f.plan);
	diff_case_plan(s, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 1);
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE),
			    "a.slice cpuset.cpus.exclusive <- none; hog.slice cpuset.cpus <- none; "
			    "hog.slice cpu.weight = 1; besteffort.slice cpuset.cpus <- 0; ");
}

TEST(a_burst_is_gone_before_its_quota_falls_and_comes_after_it_rose)
{
	struct diff_case *s = *state;

	fake_set(s->hog, KNOB_CPU_MAX, 200000);
	fake_own(s->hog, KNOB_CPU_MAX_BURST, 0, 40000);
	diff_case_plan(s, s->hog, KNOB_CPU_MAX, EFFECT_HOLD, 5000);
	diff_case_plan(s, s->hog, KNOB_CPU_MAX_BURST, EFFECT_SHARE, 0);
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE),
			    "hog.slice cpu.max.burst = 0; hog.slice cpu.max = 5000 20000; ");
	fake_apply(&s->f);
	plan_clear(&s->f.plan);
	diff_case_plan(s, s->hog, KNOB_CPU_MAX_BURST, EFFECT_SHARE, 40000);
	assert_string_equal(
		diff_case_run(s, MODE_SQUEEZE),
		"hog.slice cpu.max <- 200000 100000; hog.slice cpu.max.burst = 40000; ");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, diff_case_teardown)

TEST(until_facts_have_come_sets_and_cores_of_an_earlier_colod_stay)
{
	struct diff_case *s = *state;
	size_t n_pods;

	plan_own_cores(s, "2-3");
	fake_plan_cpus(&s->f, s->hog, KNOB_CPUSET_CPUS, EFFECT_SHARE, "0-1");
	fake_apply(&s->f);
	n_pods = s->f.plan.n_assignments;
	plan_clear(&s->f.plan);
	s->f.plan.n_assignments = n_pods;
	s->f.model.facts_awaited = true;
	fake_waiting(&s->f, s->online->pod);
	fake_waiting(&s->f, s->hog->pod);
	assert_string_equal(diff_case_run(s, MODE_PROTECT), "");
	s->f.model.facts_awaited = false;
	assert_string_equal(diff_case_run(s, MODE_PROTECT),
			    "a.slice cpuset.cpus.partition <- member; "
			    "a.slice cpuset.cpus.exclusive <- none; "
			    "kubepods.slice cpuset.cpus.exclusive <- none; "
			    "hog.slice cpuset.cpus <- none; ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(cores_are_handed_down_from_the_parent_and_the_partition_comes_last),
		CASE(the_partition_ends_first_and_cores_come_back_from_the_child),
		CASE(cores_that_change_hands_are_given_back_before_they_are_taken),
		CASE(a_partition_that_became_invalid_is_asked_for_once_more_or_given_back),
		CASE(a_cpuset_is_widened_early_and_narrowed_late),
		CASE(a_burst_is_gone_before_its_quota_falls_and_comes_after_it_rose),
		CASE(until_facts_have_come_sets_and_cores_of_an_earlier_colod_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
