// SPDX-License-Identifier: LGPL-2.1-or-later
// Who gets no cores of its own, and why not; whose CPUs are nobody's to give.
#include "policy/decide_cores.h"

#include "policy/knob.h"
#include "tests/lib/cores_case.h"
#include "tests/lib/test.h"

TEST(who_asks_for_what_cannot_be_given_is_told_why)
{
	static const struct {
		uint64_t request, limit;
		enum reason_code code;
	} cases[] = {
		{999, 999, REASON_CORES_SMALL},
		{2000, 3000, REASON_CORES_LIMIT},
		{2000, KNOB_VALUE_MAX, REASON_CORES_LIMIT},
		{9000, 9000, REASON_CORES_FREE},
		/* eight CPUs: nobody else would have any */
		{8000, 8000, REASON_CORES_ROOM},
		{7000, 7000, REASON_CORES_ROOM},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake f;
		struct pod *pod;

		cores_case_node(&f);
		pod = cores_case_pod(&f, G1, cases[i].request);
		fake_limit(pod, cases[i].limit, 1 << 30);
		cores_case_run(&f);
		cores_case_refused(&f, G1, cases[i].code);
		cores_case_wants(&f, KUBE, KNOB_CPUSET_EXCLUSIVE, "-");
		fake_free(&f);
	}
}

TEST(a_limit_that_the_whole_cores_cover_is_no_obstacle)
{
	struct fake f;
	struct pod *pod;

	cores_case_node(&f);
	pod = cores_case_pod(&f, G1, 3000);
	fake_limit(pod, 4000, 1 << 30);
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "0-3");
	fake_free(&f);
}

TEST(a_request_that_was_worked_out_from_a_weight_is_not_enough)
{
	struct fake f;
	struct pod *pod;

	cores_case_node(&f);
	pod = cores_case_pod(&f, G1, 2000);
	pod->resources.cpu_request_milli.state = FACT_DERIVED;
	cores_case_run(&f);
	cores_case_refused(&f, G1, REASON_CORES_REQUEST);
	decide_pod(&f, "batch.slice", QOS_INVALID, LEVEL_P0);
	cores_case_run(&f);
	cores_case_refused(&f, "batch.slice", REASON_CORES_REQUEST);
	fake_free(&f);
}

TEST(a_pod_whose_request_is_not_known_makes_new_ones_wait_and_moves_nobody)
{
	struct fake f;
	struct pod *unknown;

	cores_case_node(&f);
	cores_case_pod(&f, G1, 2000);
	cores_case_run(&f);
	(void)fake_apply(&f);
	unknown = fake_pod(&f, B1, QOS_BURSTABLE);
	fake_waiting(&f, unknown);
	unknown->resources.cpu_request_milli.state = FACT_UNKNOWN;
	cores_case_pod(&f, G2, 2000);
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "0-1");
	cores_case_refused(&f, G2, REASON_CORES_WAITS);
	fake_free(&f);
}

TEST(a_cpuset_of_somebody_else_is_respected_wherever_it_is)
{
	static const struct {
		const char *path;
		enum knob knob;
		const char *cpus;
	} cases[] = {
		{G1, KNOB_CPUSET_CPUS, "6-7"},		 {G1, KNOB_CPUSET_EXCLUSIVE, "6-7"},
		{G1, KNOB_CPUSET_PARTITION, "isolated"}, {KUBE, KNOB_CPUSET_CPUS, "0-6"},
		{KUBE, KNOB_CPUSET_EXCLUSIVE, "0-3"},	 {KUBE, KNOB_CPUSET_PARTITION, "root"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake f;

		cores_case_node(&f);
		cores_case_pod(&f, G1, 2000);
		fake_cpus(fake_cgroup(&f, cases[i].path), cases[i].knob, cases[i].cpus);
		cores_case_run(&f);
		cores_case_refused(&f, G1, REASON_CORES_FOREIGN);
		assert_string_equal(cores_case_of(&f, G1)->reason.who, cases[i].path);
		cores_case_wants(&f, KUBE, KNOB_CPUSET_EXCLUSIVE, "-");
		fake_free(&f);
	}
}

TEST(a_set_with_every_cpu_is_nobodys)
{
	struct fake f;

	cores_case_node(&f);
	cores_case_pod(&f, G1, 2000);
	fake_cpus(fake_cgroup(&f, G1), KNOB_CPUSET_CPUS, "0-7");
	fake_cpus(fake_cgroup(&f, KUBE), KNOB_CPUSET_CPUS, "0-63");
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "0-1");
	fake_free(&f);
}

TEST(cpus_that_others_were_given_are_not_taken)
{
	struct fake f;

	cores_case_node(&f);
	cores_case_pod(&f, G1, 2000);
	fake_request(decide_pod(&f, B1, QOS_BURSTABLE, LEVEL_P4), 100, 1 << 28);
	fake_cpus(fake_cgroup(&f, CORES_CASE_SYSTEM), KNOB_CPUSET_CPUS, "0");
	fake_cpus(fake_cgroup(&f, B1), KNOB_CPUSET_CPUS, "2-3");
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "4-5");
	f.model.node.cpus[5].isolated = true;
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "6-7");
	fake_free(&f);
}

TEST(somebody_who_writes_over_own_cores_is_not_fought)
{
	struct fake f;

	cores_case_node(&f);
	cores_case_pod(&f, G1, 2000);
	cores_case_run(&f);
	(void)fake_apply(&f);
	assert_int_equal(knob_parse(KNOB_CPUSET_EXCLUSIVE, "4-7",
				    &fake_cgroup(&f, G1)->knobs[KNOB_CPUSET_EXCLUSIVE].now),
			 0);
	cores_case_run(&f);
	cores_case_refused(&f, G1, REASON_CORES_FOREIGN);
	fake_free(&f);
}

TEST(a_write_under_way_moves_nothing)
{
	struct fake f;
	struct knob_state *s;

	cores_case_node(&f);
	cores_case_pod(&f, G1, 2000);
	cores_case_run(&f);
	(void)fake_apply(&f);
	s = &fake_cgroup(&f, G1)->knobs[KNOB_CPUSET_EXCLUSIVE];
	s->under_way = true;
	assert_int_equal(knob_parse(KNOB_CPUSET_EXCLUSIVE, "", &s->now), 0);
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "0-1");
	assert_int_equal(knob_parse(KNOB_CPUSET_EXCLUSIVE, "6-7", &s->now), 0);
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "0-1");
	fake_free(&f);
}

TEST(beside_a_static_cpu_manager_nobody_gets_any_and_what_was_given_comes_back)
{
	struct fake f;

	cores_case_node(&f);
	cores_case_pod(&f, G1, 2000);
	cores_case_run(&f);
	(void)fake_apply(&f);
	f.model.cpu_manager = CPU_MANAGER_STATIC;
	cores_case_run(&f);
	cores_case_refused(&f, G1, REASON_CORES_STATIC);
	(void)fake_apply(&f);
	cores_case_run(&f);
	cores_case_wants(&f, KUBE, KNOB_CPUSET_EXCLUSIVE, "-");
	f.model.cpu_manager = CPU_MANAGER_UNSURE;
	cores_case_run(&f);
	cores_case_refused(&f, G1, REASON_CORES_UNSURE);
	f.model.cpu_manager = CPU_MANAGER_NONE;
	cores_case_run(&f);
	cores_case_wants(&f, G1, KNOB_CPUSET_EXCLUSIVE, "0-1");
	fake_free(&f);
}

TEST(a_node_with_too_many_cpus_or_without_cpusets_gets_nothing)
{
	struct fake f;

	cores_case_node(&f);
	cores_case_pod(&f, G1, 2000);
	f.model.node.cpus[7].id = 512;
	cores_case_run(&f);
	cores_case_refused(&f, G1, REASON_CORES_IDS);
	assert_int_equal(cores_case_of(&f, G1)->reason.observed, 512);
	f.model.node.cpus[7].id = 7;
	WITHOUT(&f, CAPABILITY_CPUSET);
	cores_case_run(&f);
	cores_case_refused(&f, G1, REASON_CORES_NO_CPUSET);
	f.model.capabilities |= 1u << CAPABILITY_CPUSET;
	fake_missing(fake_cgroup(&f, G1), KNOB_CPUSET_CPUS);
	cores_case_run(&f);
	cores_case_refused(&f, G1, REASON_CORES_NO_CPUSET);
	fake_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_asks_for_what_cannot_be_given_is_told_why),
		cmocka_unit_test(a_limit_that_the_whole_cores_cover_is_no_obstacle),
		cmocka_unit_test(a_request_that_was_worked_out_from_a_weight_is_not_enough),
		cmocka_unit_test(
			a_pod_whose_request_is_not_known_makes_new_ones_wait_and_moves_nobody),
		cmocka_unit_test(a_cpuset_of_somebody_else_is_respected_wherever_it_is),
		cmocka_unit_test(a_set_with_every_cpu_is_nobodys),
		cmocka_unit_test(cpus_that_others_were_given_are_not_taken),
		cmocka_unit_test(somebody_who_writes_over_own_cores_is_not_fought),
		cmocka_unit_test(a_write_under_way_moves_nothing),
		cmocka_unit_test(
			beside_a_static_cpu_manager_nobody_gets_any_and_what_was_given_comes_back),
		cmocka_unit_test(a_node_with_too_many_cpus_or_without_cpusets_gets_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
