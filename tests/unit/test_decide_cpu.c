// SPDX-License-Identifier: LGPL-2.1-or-later
// Who yields to whom: weights and idle at the right place of the tree, and nowhere else.
#include "policy/decide_cpu.h"

#include "policy/decide.h"
#include "policy/knob.h"
#include "tests/lib/decide_case.h"
#include "tests/lib/fake_topology.h"
#include "tests/lib/test.h"

TEST(the_all_offline_class_gets_a_fiftieth_of_its_online_siblings)
{
	struct fake f;

	decide_usual_node(&f);
	decide_run(&f);
	/* burstable as it is, g1 as planned (39, not the 7 that is there) */
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), (2500 + 39) / 50);
	assert_int_equal(decide_entry(&f, BESTEFFORT, KNOB_CPU_WEIGHT)->reason.code,
			 REASON_YIELD_RATIO);
	assert_int_equal(decide_entry(&f, BESTEFFORT, KNOB_CPU_WEIGHT)->reason.observed, 2539);
	assert_int_equal(decide_entry(&f, BESTEFFORT, KNOB_CPU_WEIGHT)->reason.limit, 50);
	assert_string_equal(decide_entry(&f, BESTEFFORT, KNOB_CPU_WEIGHT)->reason.who,
			    "default/kubepods-besteffort-podo1.slice");
	assert_int_equal(decide_entry(&f, BESTEFFORT, KNOB_CPU_WEIGHT)->effect, EFFECT_SHARE);
	/* and nobody else is touched */
	assert_int_equal(decide_want(&f, O1, KNOB_CPU_WEIGHT), -1);
	assert_int_equal(decide_want(&f, O1, KNOB_CPU_IDLE), -1);
	assert_int_equal(decide_want(&f, BURSTABLE, KNOB_CPU_WEIGHT), -1);
	assert_int_equal(decide_want(&f, KUBE, KNOB_CPU_WEIGHT), -1);
	assert_int_equal(decide_want(&f, "system.slice", KNOB_CPU_WEIGHT), -1);
	fake_free(&f);
}

TEST(online_pods_get_what_they_asked_for)
{
	struct fake f;

	decide_usual_node(&f);
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_WEIGHT), 39);
	assert_int_equal(decide_want(&f, B1, KNOB_CPU_WEIGHT), 20);
	assert_int_equal(decide_entry(&f, G1, KNOB_CPU_WEIGHT)->reason.level, LEVEL_P0);
	assert_int_equal(decide_entry(&f, G1, KNOB_CPU_WEIGHT)->reason.observed, 1000);
	fake_free(&f);
}

TEST(a_derived_request_moves_no_weight)
{
	struct fake f;
	struct pod *g1;

	decide_usual_node(&f);
	g1 = fake_cgroup(&f, G1)->pod;
	g1->resources.cpu_request_milli.state = FACT_DERIVED;
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_WEIGHT), -1);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), (2500 + 7) / 50);
	fake_free(&f);
}

TEST(a_pod_that_ends_is_left_to_the_kubelet)
{
	struct fake f;

	decide_usual_node(&f);
	fake_cgroup(&f, G1)->pod->facts->deleting = true;
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_WEIGHT), -1);
	fake_free(&f);
}

TEST(many_cpus_raise_the_ratio)
{
	struct fake f;

	decide_usual_node(&f);
	fake_topology_plain(&f.model.node, 8);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), 2539 / 80);
	assert_int_equal(decide_entry(&f, BESTEFFORT, KNOB_CPU_WEIGHT)->reason.limit, 80);
	fake_free(&f);
}

TEST(the_smallest_ratio_of_the_levels_in_a_class_counts)
{
	struct fake f;

	decide_usual_node(&f);
	f.policy.levels[LEVEL_P6] = f.policy.levels[LEVEL_P7];
	f.policy.levels[LEVEL_P7].cpu.yield_ratio = 200;
	f.policy.levels[LEVEL_P6].cpu.yield_ratio = 100;
	fake_level(&f, fake_cgroup(&f, O2)->pod, LEVEL_P6);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), 2539 / 100);
	fake_free(&f);
}

TEST(the_whole_of_kubernetes_offline_yields_at_its_root)
{
	struct fake f;

	decide_usual_node(&f);
	fake_level(&f, fake_cgroup(&f, G1)->pod, LEVEL_P7);
	fake_level(&f, fake_cgroup(&f, B1)->pod, LEVEL_P7);
	decide_run(&f);
	assert_int_equal(decide_want(&f, KUBE, KNOB_CPU_WEIGHT), 100 / 50);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), -1);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_WEIGHT), -1);
	fake_free(&f);
}

TEST(without_online_siblings_nothing_yields)
{
	struct fake f;

	fake_init(&f);
	decide_pod(&f, O1, QOS_BESTEFFORT, LEVEL_P7);
	decide_run(&f);
	for (size_t i = 0; i < f.plan.n_entries; i++)
		assert_int_equal(f.plan.entries[i].knob, KNOB_IO_WEIGHT);
	assert_int_equal(decide_want(&f, KUBE, KNOB_CPU_WEIGHT), -1);
	fake_free(&f);
}

TEST(an_empty_sibling_is_not_yielded_to)
{
	struct fake f;

	decide_usual_node(&f);
	fake_set(fake_cgroup(&f, KUBE "/empty.slice"), KNOB_CPU_WEIGHT, 10000);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), 2539 / 50);
	fake_free(&f);
}

TEST(offline_siblings_share_one_part)
{
	struct fake f;

	decide_usual_node(&f);
	decide_pod(&f, KUBE "/kubepods-podx.slice", QOS_GUARANTEED, LEVEL_P7);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), 2539 / 50 / 2);
	assert_int_equal(decide_want(&f, KUBE "/kubepods-podx.slice", KNOB_CPU_WEIGHT),
			 2539 / 50 / 2);
	fake_free(&f);
}

TEST(a_mixed_class_is_raised_and_its_offline_pods_are_idle)
{
	struct fake f;

	decide_usual_node(&f);
	fake_level(&f, fake_cgroup(&f, O1)->pod, LEVEL_P1); /* kube-proxy */
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), 2539 / 50);
	assert_int_equal(decide_entry(&f, BESTEFFORT, KNOB_CPU_WEIGHT)->reason.code,
			 REASON_MIXED_WEIGHT);
	assert_int_equal(decide_want(&f, O2, KNOB_CPU_IDLE), 1);
	assert_int_equal(decide_entry(&f, O2, KNOB_CPU_IDLE)->reason.code, REASON_MIXED_IDLE);
	assert_string_equal(decide_entry(&f, O2, KNOB_CPU_IDLE)->reason.who,
			    "default/kubepods-besteffort-podo1.slice");
	assert_int_equal(decide_want(&f, O2, KNOB_CPU_WEIGHT), -1);
	assert_int_equal(decide_want(&f, O1, KNOB_CPU_IDLE), -1);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_IDLE), -1);
	fake_free(&f);
}

TEST(a_mixed_class_is_never_lowered_not_even_by_its_own_pass)
{
	struct fake f;

	decide_usual_node(&f);
	fake_level(&f, fake_cgroup(&f, O1)->pod, LEVEL_P1);
	fake_set(fake_cgroup(&f, BESTEFFORT), KNOB_CPU_WEIGHT, 60);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), -1);
	/* what colod wrote does not count as what was there: the siblings got lighter */
	fake_own(fake_cgroup(&f, BESTEFFORT), KNOB_CPU_WEIGHT, 1, 50);
	fake_set(fake_cgroup(&f, BURSTABLE), KNOB_CPU_WEIGHT, 1000);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), 1039 / 50);
	fake_free(&f);
}

TEST(a_mixed_class_is_not_its_own_sibling)
{
	struct fake f;

	decide_usual_node(&f);
	fake_level(&f, fake_cgroup(&f, O1)->pod, LEVEL_P1);
	fake_set(fake_cgroup(&f, BESTEFFORT), KNOB_CPU_WEIGHT, 20);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT),
			 2539 / 50); /* not 2559 / 50 */
	assert_int_equal(decide_entry(&f, BESTEFFORT, KNOB_CPU_WEIGHT)->reason.observed, 2539);
	fake_free(&f);
}

TEST(without_idle_a_mixed_pod_gets_weight_one)
{
	struct fake f;

	decide_usual_node(&f);
	fake_level(&f, fake_cgroup(&f, O1)->pod, LEVEL_P1);
	strcpy(f.model.node.kernel, "6.1.0-49-amd64"); /* BestEffort pods may be idle there too */
	decide_run(&f);
	assert_int_equal(decide_want(&f, O2, KNOB_CPU_IDLE), 1);
	f.model.capabilities &= ~(1u << CAPABILITY_CPU_IDLE);
	decide_run(&f);
	assert_int_equal(decide_want(&f, O2, KNOB_CPU_IDLE), -1);
	assert_int_equal(decide_want(&f, O2, KNOB_CPU_WEIGHT), 1);
	fake_free(&f);
}

TEST(an_offline_burstable_pod_in_an_online_class_yields_by_weight)
{
	struct fake f;

	decide_usual_node(&f);
	decide_pod(&f, B2, QOS_BURSTABLE, LEVEL_P7);
	fake_request(fake_cgroup(&f, B1)->pod, 64000, 1 << 28); /* 2500 */
	decide_run(&f);
	assert_int_equal(decide_want(&f, B2, KNOB_CPU_WEIGHT), 2500 / 50);
	assert_int_equal(decide_want(&f, B2, KNOB_CPU_IDLE), -1);
	assert_int_equal(decide_want(&f, BURSTABLE, KNOB_CPU_WEIGHT), -1);
	assert_int_equal(decide_want(&f, B1, KNOB_CPU_WEIGHT), 2500);
	fake_free(&f);
}

TEST(a_class_with_an_undecided_pod_is_not_touched)
{
	struct fake f;

	decide_usual_node(&f);
	fake_waiting(&f, fake_cgroup(&f, O1)->pod);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), -1);
	assert_int_equal(decide_want(&f, O1, KNOB_CPU_WEIGHT), -1);
	assert_int_equal(decide_want(&f, O2, KNOB_CPU_WEIGHT), -1); /* it has no online sibling */
	assert_int_equal(decide_want(&f, O2, KNOB_CPU_IDLE), -1);
	fake_free(&f);
}

TEST(the_weight_of_a_class_stays_while_a_new_pod_waits_for_its_facts)
{
	struct fake f;

	decide_usual_node(&f);
	decide_run(&f);
	assert_true(fake_apply(&f) > 0);
	fake_waiting(&f,
		     fake_pod(&f, BESTEFFORT "/kubepods-besteffort-podnew.slice", QOS_BESTEFFORT));
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), 50);
	/* an unmatched pod will not get facts: the class is given back */
	f.plan.assignments[fake_cgroup(&f, BESTEFFORT "/kubepods-besteffort-podnew.slice")->pod->slot]
		.state = ASSIGNMENT_NONE;
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), -1);
	fake_free(&f);
}

TEST(a_class_that_takes_no_weight_is_not_kept_and_its_pods_yield_themselves)
{
	struct fake f;

	decide_usual_node(&f);
	f.policy.levels[LEVEL_P7].cpu.yield = YIELD_IDLE;
	fake_waiting(&f, fake_cgroup(&f, O2)->pod);
	fake_own(fake_cgroup(&f, BESTEFFORT), KNOB_CPU_IDLE, 0, 1);
	fake_missing(fake_cgroup(&f, BESTEFFORT), KNOB_CPU_WEIGHT);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_IDLE), -1);
	assert_int_equal(decide_want(&f, O1, KNOB_CPU_IDLE), 1);
	assert_int_equal(decide_want(&f, O2, KNOB_CPU_IDLE), -1);
	fake_free(&f);
}

TEST(other_processes_in_a_class_keep_it_from_yielding_as_a_whole)
{
	struct fake f;

	fake_init(&f);
	fake_service(&f, "system.slice");
	fake_service(&f, "work.slice/editor.service");
	decide_pod(&f, "work.slice/batch.service", QOS_NONE, LEVEL_P7);
	decide_run(&f);
	assert_int_equal(decide_want(&f, "work.slice", KNOB_CPU_WEIGHT), -1);
	assert_int_equal(decide_want(&f, "work.slice/editor.service", KNOB_CPU_WEIGHT), -1);
	assert_int_equal(decide_want(&f, "work.slice/batch.service", KNOB_CPU_WEIGHT), 2);
	fake_free(&f);
}

TEST(idle_where_the_policy_asks_for_it)
{
	struct fake f;

	decide_usual_node(&f);
	f.policy.levels[LEVEL_P7].cpu.yield = YIELD_IDLE;
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_IDLE), 1);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), -1);
	assert_int_equal(decide_want(&f, O1, KNOB_CPU_IDLE), -1);

	f.model.capabilities &= ~(1u << CAPABILITY_CPU_IDLE);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_IDLE), -1);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), 50);
	fake_free(&f);
}

TEST(on_6_1_only_besteffort_pods_become_idle)
{
	struct fake f;

	decide_usual_node(&f);
	f.policy.levels[LEVEL_P7].cpu.yield = YIELD_IDLE;
	decide_pod(&f, B2, QOS_BURSTABLE, LEVEL_P7);
	decide_run(&f);
	assert_int_equal(decide_want(&f, B2, KNOB_CPU_IDLE), 1);
	strcpy(f.model.node.kernel, "6.1.0-49-amd64");
	decide_run(&f);
	assert_int_equal(decide_want(&f, B2, KNOB_CPU_IDLE), -1);
	assert_int_equal(decide_want(&f, B2, KNOB_CPU_WEIGHT), 1);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_IDLE), 1);
	fake_free(&f);
}

TEST(a_cgroupfs_kubelets_class_is_never_idle_its_pods_are)
{
	struct fake f;

	fake_init(&f);
	f.policy.levels[LEVEL_P7].cpu.yield = YIELD_IDLE;
	decide_pod(&f, "kubepods/podg", QOS_GUARANTEED, LEVEL_P0);
	decide_pod(&f, "kubepods/besteffort/podo", QOS_BESTEFFORT, LEVEL_P7);
	fake_set(fake_cgroup(&f, "kubepods/podg"), KNOB_CPU_WEIGHT, 1000);
	decide_run(&f);
	assert_int_equal(decide_want(&f, "kubepods/besteffort", KNOB_CPU_IDLE), -1);
	assert_int_equal(decide_want(&f, "kubepods/besteffort", KNOB_CPU_WEIGHT), 20);
	assert_int_equal(decide_want(&f, "kubepods/besteffort/podo", KNOB_CPU_IDLE), 1);
	assert_int_equal(decide_want(&f, "kubepods/besteffort/podo", KNOB_CPU_WEIGHT), -1);
	fake_free(&f);
}

TEST(what_somebody_else_made_idle_is_left_so)
{
	struct fake f;

	decide_usual_node(&f);
	fake_set(fake_cgroup(&f, BESTEFFORT), KNOB_CPU_IDLE, 1);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), -1);
	/* but colod's own idle gives way to a weight when the policy changes */
	fake_own(fake_cgroup(&f, BESTEFFORT), KNOB_CPU_IDLE, 0, 1);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), 50);
	fake_free(&f);
}

TEST(a_fixed_weight_is_for_units_and_never_above_a_request)
{
	struct fake f;

	decide_usual_node(&f);
	f.policy.levels[LEVEL_P0].cpu.weight = WEIGHT_FIXED;
	f.policy.levels[LEVEL_P0].cpu.weight_value = 5000;
	decide_pod(&f, "web.service", QOS_NONE, LEVEL_P0);
	decide_run(&f);
	assert_int_equal(decide_want(&f, "web.service", KNOB_CPU_WEIGHT), 5000);
	assert_int_equal(decide_entry(&f, "web.service", KNOB_CPU_WEIGHT)->reason.code,
			 REASON_WEIGHT_FIXED);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_WEIGHT), 39);
	assert_int_equal(decide_entry(&f, G1, KNOB_CPU_WEIGHT)->reason.code, REASON_WEIGHT_REQUEST);

	f.policy.levels[LEVEL_P0].cpu.weight_value = 10;
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_WEIGHT), 10);
	f.policy.levels[LEVEL_P0].cpu.weight = WEIGHT_KEEP;
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_WEIGHT), -1);
	fake_free(&f);
}

TEST(a_knob_that_was_not_read_gets_no_entry)
{
	struct fake f;

	decide_usual_node(&f);
	fake_missing(fake_cgroup(&f, BESTEFFORT), KNOB_CPU_WEIGHT);
	fake_missing(fake_cgroup(&f, B1), KNOB_CPU_WEIGHT);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), -1);
	assert_int_equal(decide_want(&f, B1, KNOB_CPU_WEIGHT), -1);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_WEIGHT), 39);
	f.model.capabilities = 0;
	decide_run(&f);
	assert_int_equal(f.plan.n_entries, 0);
	fake_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_all_offline_class_gets_a_fiftieth_of_its_online_siblings),
		cmocka_unit_test(online_pods_get_what_they_asked_for),
		cmocka_unit_test(a_derived_request_moves_no_weight),
		cmocka_unit_test(a_pod_that_ends_is_left_to_the_kubelet),
		cmocka_unit_test(many_cpus_raise_the_ratio),
		cmocka_unit_test(the_smallest_ratio_of_the_levels_in_a_class_counts),
		cmocka_unit_test(the_whole_of_kubernetes_offline_yields_at_its_root),
		cmocka_unit_test(without_online_siblings_nothing_yields),
		cmocka_unit_test(an_empty_sibling_is_not_yielded_to),
		cmocka_unit_test(offline_siblings_share_one_part),
		cmocka_unit_test(a_mixed_class_is_raised_and_its_offline_pods_are_idle),
		cmocka_unit_test(a_mixed_class_is_never_lowered_not_even_by_its_own_pass),
		cmocka_unit_test(a_mixed_class_is_not_its_own_sibling),
		cmocka_unit_test(without_idle_a_mixed_pod_gets_weight_one),
		cmocka_unit_test(an_offline_burstable_pod_in_an_online_class_yields_by_weight),
		cmocka_unit_test(a_class_with_an_undecided_pod_is_not_touched),
		cmocka_unit_test(the_weight_of_a_class_stays_while_a_new_pod_waits_for_its_facts),
		cmocka_unit_test(
			a_class_that_takes_no_weight_is_not_kept_and_its_pods_yield_themselves),
		cmocka_unit_test(other_processes_in_a_class_keep_it_from_yielding_as_a_whole),
		cmocka_unit_test(idle_where_the_policy_asks_for_it),
		cmocka_unit_test(on_6_1_only_besteffort_pods_become_idle),
		cmocka_unit_test(a_cgroupfs_kubelets_class_is_never_idle_its_pods_are),
		cmocka_unit_test(what_somebody_else_made_idle_is_left_so),
		cmocka_unit_test(a_fixed_weight_is_for_units_and_never_above_a_request),
		cmocka_unit_test(a_knob_that_was_not_read_gets_no_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
