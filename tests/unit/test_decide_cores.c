// SPDX-License-Identifier: LGPL-2.1-or-later
// Who gets cores of its own, and which; what is written for it on both kinds of kernels.
#include "policy/decide_cores.h"

#include "policy/knob.h"
#include "policy/reason_text.h"
#include "tests/lib/cores_case.h"
#include "tests/lib/fake_topology.h"
#include "tests/lib/test.h"

TEST(a_pod_gets_whole_cores_a_partition_and_a_part_of_everything_above_it)
{
	struct fake f;

	cores_case_node(&f);
	cores_case_pod(&f, G1, 2000);
	fake_request(decide_pod(&f, B1, QOS_BURSTABLE, LEVEL_P4), 500, 1 << 28);
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "0-1");
	cores_case_wants(&f, G1, KNOB_CPUSET_PARTITION, "root");
	cores_case_wants(&f, G1, KNOB_CPUSET_CPUS, "-");
	cores_case_wants(&f, KUBE, KNOB_CPUSET_EXCLUSIVE, "0-1");
	cores_case_wants(&f, KUBE, KNOB_CPUSET_PARTITION, "-");
	assert_int_equal(decide_entry(&f, G1, KNOB_CPUSET_EXCLUSIVE)->effect, EFFECT_SHARE);
	assert_int_equal(cores_case_of(&f, G1)->state, CORES_OWN);
	assert_int_equal(cores_case_of(&f, G1)->reason.level, LEVEL_P0);
	/* the kernel keeps everybody else off: nobody else is touched */
	cores_case_wants(&f, BESTEFFORT, KNOB_CPUSET_CPUS, "-");
	cores_case_wants(&f, BURSTABLE, KNOB_CPUSET_EXCLUSIVE, "-");
	cores_case_wants(&f, CORES_CASE_SYSTEM, KNOB_CPUSET_CPUS, "-");
	fake_free(&f);
}

TEST(where_the_kernel_cannot_offline_work_is_kept_off)
{
	struct fake f;

	cores_case_node(&f);
	WITHOUT(&f, CAPABILITY_CPUSET_EXCLUSIVE);
	cores_case_pod(&f, G1, 2000);
	fake_request(decide_pod(&f, B1, QOS_BURSTABLE, LEVEL_P4), 500, 1 << 28);
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_CPUS, "0-1");
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "-");
	cores_case_wants(&f, G1, KNOB_CPUSET_PARTITION, "-");
	cores_case_wants(&f, KUBE, KNOB_CPUSET_EXCLUSIVE, "-");
	cores_case_wants(&f, BESTEFFORT, KNOB_CPUSET_CPUS, "2-7");
	cores_case_wants(&f, O1, KNOB_CPUSET_CPUS, "-");
	cores_case_wants(&f, B1, KNOB_CPUSET_CPUS, "-");
	assert_int_equal(cores_case_of(&f, G1)->reason.extra, 1);
	fake_free(&f);
}

/* Found by the fault walk: one failed read, and online pods were bound by cpuset.cpus. */
TEST(a_set_that_cannot_be_read_just_now_changes_neither_the_way_nor_what_a_pod_has)
{
	static const enum knob unread[] = {KNOB_CPUSET_EXCLUSIVE, KNOB_CPUSET_PARTITION};

	for (size_t i = 0; i < 2; i++) {
		struct fake f;

		cores_case_node(&f);
		cores_case_pod(&f, G1, 2000);
		cores_case_run(&f);
		(void)fake_apply(&f);
		fake_cgroup(&f, G1)->knobs[unread[i]].now.state = KNOB_UNREAD;
		assert_int_equal(decide_assigned(&f.model, &f.samples, &f.policy, 1, &f.ladders,
						 &f.plan),
				 0);
		cores_case_wants(&f, G1, KNOB_CPUSET_CPUS, "-");
		cores_case_wants(&f, BESTEFFORT, KNOB_CPUSET_CPUS, "-");
		cores_case_wants(&f, KUBE, KNOB_CPUSET_EXCLUSIVE, "0-1");
		cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, i == 0 ? "-" : "0-1");
		cores_case_wants(&f, G1, KNOB_CPUSET_PARTITION, i == 0 ? "root" : "-");
		/* and one that has nothing gets nothing */
		cores_case_pod(&f, G2, 2000);
		fake_cgroup(&f, G2)->knobs[unread[i]].now.state = KNOB_UNREAD;
		assert_int_equal(decide_assigned(&f.model, &f.samples, &f.policy, 1, &f.ladders,
						 &f.plan),
				 0);
		assert_int_equal(cores_case_of(&f, G2)->reason.code, REASON_CORES_UNREAD);
		assert_int_equal(cores_case_of(&f, G1)->state, CORES_OWN);
		fake_free(&f);
	}
}

TEST(in_a_mixed_class_each_offline_pod_is_kept_off_and_the_online_one_is_not)
{
	struct fake f;

	cores_case_node(&f);
	WITHOUT(&f, CAPABILITY_CPUSET_EXCLUSIVE);
	cores_case_pod(&f, G1, 2000);
	fake_request(decide_pod(&f, O2, QOS_BESTEFFORT, LEVEL_P1), 0, 0);
	cores_case_run(&f);
	cores_case_wants(&f, BESTEFFORT, KNOB_CPUSET_CPUS, "-");
	cores_case_wants(&f, O1, KNOB_CPUSET_CPUS, "2-7");
	cores_case_wants(&f, O2, KNOB_CPUSET_CPUS, "-");
	fake_free(&f);
}

TEST(an_offline_cgroup_whose_cpus_somebody_else_set_is_left_alone)
{
	struct fake f;

	cores_case_node(&f);
	WITHOUT(&f, CAPABILITY_CPUSET_EXCLUSIVE);
	cores_case_pod(&f, G1, 2000);
	fake_cpus(fake_cgroup(&f, BESTEFFORT), KNOB_CPUSET_CPUS, "4-7");
	cores_case_run(&f);
	cores_case_wants(&f, BESTEFFORT, KNOB_CPUSET_CPUS, "-");
	cores_case_wants(&f, O1, KNOB_CPUSET_CPUS, "-");
	fake_free(&f);
}

TEST(what_was_given_stays_though_better_came_free)
{
	struct fake f;
	struct cpu_set first;

	cores_case_node(&f);
	cores_case_pod(&f, G1, 2000);
	cores_case_pod(&f, G2, 2000);
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "0-1");
	cores_case_wants(&f, G2, KNOB_CPUSET_EXCLUSIVE, "2-3");
	cores_case_wants(&f, KUBE, KNOB_CPUSET_EXCLUSIVE, "0-3");
	assert_true(fake_apply(&f) > 0);
	cores_case_run(&f);
	assert_int_equal(fake_apply(&f), 0);
	/* the first leaves: the second stays where it is, and what is above it does not shrink */
	fake_level(&f, fake_cgroup(&f, G1)->pod, LEVEL_P4);
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "-");
	cores_case_wants(&f, G2, KNOB_CPUSET_EXCLUSIVE, "2-3");
	cores_case_wants(&f, KUBE, KNOB_CPUSET_EXCLUSIVE, "0-3");
	assert_true(fake_apply(&f) > 0);
	cores_case_run(&f);
	cores_case_wants(&f, KUBE, KNOB_CPUSET_EXCLUSIVE, "0-3");
	assert_int_equal(fake_apply(&f), 0);
	first = fake_cgroup(&f, G1)->knobs[KNOB_CPUSET_EXCLUSIVE].now.cpus;
	assert_true(cpu_set_is_empty(&first));
	assert_int_equal(fake_cgroup(&f, G1)->knobs[KNOB_CPUSET_PARTITION].now.value,
			 PARTITION_MEMBER);
	fake_free(&f);
}

TEST(what_another_pod_gives_back_is_free_in_the_next_pass)
{
	struct fake f;

	cores_case_node(&f);
	cores_case_pod(&f, G1, 4000);
	cores_case_run(&f);
	(void)fake_apply(&f);
	cores_case_pod(&f, G2, 4000);
	fake_level(&f, fake_cgroup(&f, G1)->pod, LEVEL_P7);
	cores_case_run(&f);
	cores_case_wants(&f, G2, KNOB_CPUSET_EXCLUSIVE, "4-7");
	fake_level(&f, fake_cgroup(&f, G2)->pod, LEVEL_P7);
	cores_case_pod(&f, KUBE "/kubepods-podg3.slice", 6000);
	cores_case_run(&f);
	cores_case_refused(&f, KUBE "/kubepods-podg3.slice", REASON_CORES_FREE);
	(void)fake_apply(&f);
	cores_case_run(&f);
	cores_case_wants(&f, KUBE "/kubepods-podg3.slice", KNOB_CPUSET_EXCLUSIVE, "0-5");
	fake_free(&f);
}

TEST(a_resize_grows_around_what_it_has_and_shrinks_within_it)
{
	struct fake f;
	struct pod *pod;

	cores_case_node(&f);
	cores_case_pod(&f, G1, 2000);
	pod = cores_case_pod(&f, G2, 2000);
	cores_case_run(&f);
	(void)fake_apply(&f);
	fake_request(pod, 4000, 1 << 30);
	fake_limit(pod, 4000, 1 << 30);
	cores_case_run(&f);
	(void)fake_apply(&f);
	cores_case_run(&f);
	cores_case_wants(&f, G2, KNOB_CPUSET_EXCLUSIVE, "2-5");
	(void)fake_apply(&f);
	fake_request(pod, 1000, 1 << 30);
	fake_limit(pod, 1000, 1 << 30);
	cores_case_run(&f);
	(void)fake_apply(&f);
	cores_case_run(&f);
	cores_case_wants(&f, G2, KNOB_CPUSET_EXCLUSIVE, "2-3");
	fake_free(&f);
}

TEST(what_others_have_requested_still_fits_on_what_is_left)
{
	struct fake f;
	struct pod *other;

	cores_case_node(&f);
	f.policy.node.reserve_cpu_milli = 1000;
	cores_case_pod(&f, G1, 4000);
	other = decide_pod(&f, B1, QOS_BURSTABLE, LEVEL_P4);
	fake_request(other, 3000, 1 << 28);
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "0-3");
	(void)fake_apply(&f);
	/* one milli more than fits: it gives its cores back, and that is where it stays */
	fake_request(other, 3001, 1 << 28);
	cores_case_run(&f);
	cores_case_refused(&f, G1, REASON_CORES_ROOM);
	assert_int_equal(cores_case_of(&f, G1)->reason.observed, 4000);
	assert_int_equal(cores_case_of(&f, G1)->reason.limit, 4001);
	(void)fake_apply(&f);
	cores_case_run(&f);
	cores_case_refused(&f, G1, REASON_CORES_ROOM);
	(void)fake_apply(&f);
	cores_case_run(&f);
	assert_int_equal(fake_apply(&f), 0);
	/* what an offline pod has requested is no obstacle: it yields */
	fake_request(other, 3000, 1 << 28);
	fake_request(fake_cgroup(&f, O1)->pod, 4000, 1 << 28);
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "0-3");
	fake_free(&f);
}

TEST(of_two_that_do_not_both_fit_the_higher_level_and_who_has_some_come_first)
{
	struct fake f;

	cores_case_node(&f);
	f.policy.levels[LEVEL_P4].cpu.cores = CORES_EXCLUSIVE;
	cores_case_pod(&f, G1, 3000);
	fake_level(&f, fake_cgroup(&f, G1)->pod, LEVEL_P4);
	cores_case_pod(&f, G2, 3000);
	cores_case_run(&f);
	cores_case_wants(&f, G2, KNOB_CPUSET_EXCLUSIVE, "0-3");
	cores_case_refused(&f, G1, REASON_CORES_ROOM);
	(void)fake_apply(&f);
	/* who has some keeps it though a higher level asks */
	fake_level(&f, fake_cgroup(&f, G1)->pod, LEVEL_P0);
	fake_level(&f, fake_cgroup(&f, G2)->pod, LEVEL_P4);
	cores_case_run(&f);
	cores_case_wants(&f, G2, KNOB_CPUSET_EXCLUSIVE, "0-3");
	cores_case_refused(&f, G1, REASON_CORES_ROOM);
	fake_free(&f);
}

TEST(cores_that_lost_a_cpu_are_given_up_for_whole_ones)
{
	struct fake f;

	cores_case_node(&f);
	cores_case_pod(&f, G1, 2000);
	cores_case_run(&f);
	(void)fake_apply(&f);
	fake_topology_offline(&f.model.node, 1);
	cores_case_run(&f);
	(void)fake_apply(&f);
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "2-3");
	fake_topology_offline(&f.model.node, 0);
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "2-3");
	fake_free(&f);
}

TEST(nothing_that_is_offline_is_ever_written)
{
	struct fake f;

	cores_case_node(&f);
	WITHOUT(&f, CAPABILITY_CPUSET_EXCLUSIVE);
	cores_case_pod(&f, G1, 2000);
	fake_topology_offline(&f.model.node, 6);
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_CPUS, "0-1");
	cores_case_wants(&f, BESTEFFORT, KNOB_CPUSET_CPUS, "2-5,7");
	fake_free(&f);
}

static void decide_at(struct fake *f, int64_t now_us)
{
	assert_int_equal(decide_assigned(&f->model, &f->samples, &f->policy, now_us, &f->ladders,
					 &f->plan),
			 0);
}

TEST(what_stays_invalid_is_given_back_and_tried_again_later)
{
	struct fake f;
	struct knob_value invalid, *now;

	cores_case_node(&f);
	cores_case_pod(&f, G1, 2000);
	cores_case_run(&f);
	(void)fake_apply(&f);
	assert_int_equal(knob_parse(KNOB_CPUSET_PARTITION,
				    "root invalid (Parent is not a partition root)", &invalid),
			 0);
	now = &fake_cgroup(&f, G1)->knobs[KNOB_CPUSET_PARTITION].now;
	/* it is asked for anew: it may have been so for a moment */
	for (int i = 0; i < 2; i++) {
		*now = invalid;
		cores_case_run(&f);
		cores_case_wants(&f, G1, KNOB_CPUSET_PARTITION, "root");
	}
	*now = invalid;
	cores_case_run(&f);
	cores_case_refused(&f, G1, REASON_CORES_KERNEL);
	(void)fake_apply(&f);
	*now = knob_value_of(PARTITION_MEMBER);
	cores_case_run(&f);
	cores_case_refused(&f, G1, REASON_CORES_KERNEL);
	cores_case_wants(&f, KUBE, KNOB_CPUSET_EXCLUSIVE, "-");
	(void)fake_apply(&f);
	decide_at(&f, 599 * 1000000ll);
	cores_case_refused(&f, G1, REASON_CORES_KERNEL);
	assert_int_equal(fake_apply(&f), 0);
	decide_at(&f, 600 * 1000000ll);
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "0-1");
	fake_free(&f);
}

TEST(what_was_invalid_for_a_moment_is_kept)
{
	struct fake f;
	struct knob_value invalid, *now;

	cores_case_node(&f);
	cores_case_pod(&f, G1, 2000);
	cores_case_run(&f);
	(void)fake_apply(&f);
	assert_int_equal(knob_parse(KNOB_CPUSET_PARTITION,
				    "root invalid (Parent is not a partition root)", &invalid),
			 0);
	now = &fake_cgroup(&f, G1)->knobs[KNOB_CPUSET_PARTITION].now;
	for (int i = 0; i < 10; i++) {
		*now = i % 3 == 2 ? knob_value_of(PARTITION_ROOT) : invalid;
		cores_case_run(&f);
		cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "0-1");
	}
	fake_free(&f);
}

TEST(the_cpus_of_a_partition_are_never_changed)
{
	struct fake f;

	cores_case_node(&f);
	cores_case_pod(&f, G1, 2000);
	cores_case_run(&f);
	(void)fake_apply(&f);
	fake_topology_offline(&f.model.node, 1);
	cores_case_run(&f);
	/* first it ends */
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "0-1");
	cores_case_wants(&f, G1, KNOB_CPUSET_PARTITION, "-");
	cores_case_wants(&f, KUBE, KNOB_CPUSET_EXCLUSIVE, "0-1");
	(void)fake_apply(&f);
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "2-3");
	cores_case_wants(&f, G1, KNOB_CPUSET_PARTITION, "root");
	cores_case_wants(&f, KUBE, KNOB_CPUSET_EXCLUSIVE, "0-3");
	(void)fake_apply(&f);
	cores_case_run(&f);
	cores_case_wants(&f, KUBE, KNOB_CPUSET_EXCLUSIVE, "0-3");
	assert_int_equal(fake_apply(&f), 0);
	fake_free(&f);
}

TEST(until_facts_have_come_what_an_earlier_colod_gave_is_nobody_elses)
{
	struct fake f;

	cores_case_node(&f);
	cores_case_pod(&f, G1, 2000);
	cores_case_run(&f);
	(void)fake_apply(&f);
	f.model.facts_awaited = true;
	fake_waiting(&f, fake_cgroup(&f, G1)->pod);
	cores_case_pod(&f, G2, 2000);
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "-"); /* the diff keeps it */
	cores_case_wants(&f, G2, KNOB_CPUSET_EXCLUSIVE, "2-3");
	cores_case_wants(&f, KUBE, KNOB_CPUSET_EXCLUSIVE, "0-3");
	fake_free(&f);
}

TEST(a_policy_that_asks_for_nothing_gets_nothing)
{
	struct fake f;

	cores_case_node(&f);
	cores_case_pod(&f, G1, 2000);
	f.policy.levels[LEVEL_P0].cpu.cores = CORES_SHARED;
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "-");
	assert_int_equal(cores_case_of(&f, G1)->state, CORES_NOT_ASKED);
	fake_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_pod_gets_whole_cores_a_partition_and_a_part_of_everything_above_it),
		cmocka_unit_test(where_the_kernel_cannot_offline_work_is_kept_off),
		cmocka_unit_test(
			a_set_that_cannot_be_read_just_now_changes_neither_the_way_nor_what_a_pod_has),
		cmocka_unit_test(
			in_a_mixed_class_each_offline_pod_is_kept_off_and_the_online_one_is_not),
		cmocka_unit_test(an_offline_cgroup_whose_cpus_somebody_else_set_is_left_alone),
		cmocka_unit_test(what_was_given_stays_though_better_came_free),
		cmocka_unit_test(what_another_pod_gives_back_is_free_in_the_next_pass),
		cmocka_unit_test(a_resize_grows_around_what_it_has_and_shrinks_within_it),
		cmocka_unit_test(what_others_have_requested_still_fits_on_what_is_left),
		cmocka_unit_test(
			of_two_that_do_not_both_fit_the_higher_level_and_who_has_some_come_first),
		cmocka_unit_test(cores_that_lost_a_cpu_are_given_up_for_whole_ones),
		cmocka_unit_test(nothing_that_is_offline_is_ever_written),
		cmocka_unit_test(what_stays_invalid_is_given_back_and_tried_again_later),
		cmocka_unit_test(what_was_invalid_for_a_moment_is_kept),
		cmocka_unit_test(the_cpus_of_a_partition_are_never_changed),
		cmocka_unit_test(until_facts_have_come_what_an_earlier_colod_gave_is_nobody_elses),
		cmocka_unit_test(a_policy_that_asks_for_nothing_gets_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
