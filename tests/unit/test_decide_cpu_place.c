// SPDX-License-Identifier: LGPL-2.1-or-later
// Whom offline work yields to where cpusets keep some apart: those that it can meet on a CPU.
#include "policy/decide_cpu.h"

#include "policy/decide.h"
#include "policy/knob.h"
#include "tests/lib/decide_case.h"
#include "tests/lib/fake_topology.h"
#include "tests/lib/test.h"

/* Beside burstable's 2500, which offline work shares its CPUs with. */
TEST(a_sibling_on_cpus_of_its_own_does_not_raise_offline_work)
{
	struct fake f;

	decide_usual_node(&f);
	fake_request(fake_cgroup(&f, G1)->pod, 64000, 1 << 30);
	fake_rare_knobs(&f);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), 5000 / 50);
	/* Pinned, as a static CPU manager does it; but offline work may run there all the same. */
	fake_cpus(fake_cgroup(&f, G1), KNOB_CPUSET_CPUS, "3");
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), 5000 / 50);
	fake_cpus(fake_cgroup(&f, BESTEFFORT), KNOB_CPUSET_CPUS, "0-2");
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), 2500 / 50);
	assert_int_equal(decide_entry(&f, BESTEFFORT, KNOB_CPU_WEIGHT)->reason.observed, 2500);
	/* Nobody is left to yield to: nothing is written. */
	fake_cpus(fake_cgroup(&f, BURSTABLE), KNOB_CPUSET_CPUS, "3");
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), -1);
	fake_free(&f);
}

/* The kubelet gives sets to containers alone: the class has none. */
TEST(what_a_static_cpu_manager_pinned_does_not_raise_offline_work)
{
	static const struct {
		const char *path, *cpus;
	} pods[] = {{G1, "3"}, {B1, "0-2"}, {O1, "0-2"}, {O2, "0-2"}};
	struct fake f;

	decide_usual_node(&f);
	fake_request(fake_cgroup(&f, G1)->pod, 64000, 1 << 30);
	for (size_t i = 0; i < sizeof(pods) / sizeof(pods[0]); i++) {
		decide_container(&f, pods[i].path, "cri-containerd-a.scope", "");
		decide_container(&f, pods[i].path, "cri-containerd-b.scope", pods[i].cpus);
	}
	fake_rare_knobs(&f);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), 5000 / 50);
	f.model.cpu_manager = CPU_MANAGER_STATIC;
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), 2500 / 50);
	/* One whose CPUs are not known may meet it. */
	decide_container(&f, G1, "cri-containerd-c.scope", NULL);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), 5000 / 50);
	fake_free(&f);
}

/* Own cores that are planned count like those that are written, or each pass would undo the last. */
TEST(own_cores_that_are_planned_count_as_given)
{
	struct fake f;

	decide_usual_node(&f);
	fake_topology_plain(&f.model.node, 8);
	f.policy.levels[LEVEL_P0].cpu.cores = CORES_EXCLUSIVE;
	fake_request(fake_cgroup(&f, G1)->pod, 4000, 1 << 30);
	fake_limit(fake_cgroup(&f, G1)->pod, 4000, 1 << 30);
	fake_rare_knobs(&f);
	decide_run(&f);
	assert_non_null(decide_entry(&f, G1, KNOB_CPUSET_EXCLUSIVE));
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), 2500 / 80);
	(void)fake_apply(&f);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT), 2500 / 80);
	fake_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sibling_on_cpus_of_its_own_does_not_raise_offline_work),
		cmocka_unit_test(what_a_static_cpu_manager_pinned_does_not_raise_offline_work),
		cmocka_unit_test(own_cores_that_are_planned_count_as_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
