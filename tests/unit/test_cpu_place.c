// SPDX-License-Identifier: LGPL-2.1-or-later
// On which CPUs work runs, by everybody's sets: the kernel's rule, and what is not known bounds nobody.
#include "policy/cpu_place.h"

#include "policy/knob.h"
#include "tests/lib/decide_case.h"
#include "tests/lib/fake_topology.h"
#include "tests/lib/test.h"

/* CPUs 0-7 and the usual pods. */
static void node(struct fake *f)
{
	decide_usual_node(f);
	fake_topology_plain(&f->model.node, 8);
}

static void cpus(struct fake *f, const char *path, const char *list)
{
	fake_cpus(fake_cgroup(f, path), KNOB_CPUSET_CPUS, list);
}

static void assert_set(struct cpu_set set, const char *want)
{
	char text[CPU_SET_TEXT_SIZE];

	assert_string_equal(cpu_set_format(&set, text, sizeof(text)), want);
}

static void assert_place(struct fake *f, const struct plan *plan, const char *path,
			 const char *want)
{
	struct cpu_places p = cpu_place_look(&f->model, plan);
	struct cgroup *cg = fake_cgroup(f, path);

	assert_true(p.bounded);
	assert_set(cg->pod ? cpu_place_pod(&p, cg->pod) : cpu_place_cgroup(&p, cg), want);
}

TEST(without_sets_nobody_is_bounded)
{
	struct fake f;

	node(&f);
	assert_false(cpu_place_look(&f.model, NULL).bounded);
	fake_rare_knobs(&f); /* all of them empty */
	assert_false(cpu_place_look(&f.model, NULL).bounded);
	fake_free(&f);
}

TEST(each_set_narrows_the_one_above_and_one_with_nothing_of_it_does_not_count)
{
	struct fake f;

	node(&f);
	cpus(&f, KUBE, "2-7");
	cpus(&f, BESTEFFORT, "0-3");
	cpus(&f, O1, "6-7");
	assert_place(&f, NULL, KUBE, "2-7");
	assert_place(&f, NULL, G1, "2-7");
	assert_place(&f, NULL, O2, "2-3");
	assert_place(&f, NULL, O1, "2-3");
	assert_place(&f, NULL, "system.slice", "0-7");
	fake_free(&f);
}

TEST(cpus_that_went_offline_are_nobodys_place)
{
	struct fake f;

	node(&f);
	cpus(&f, BESTEFFORT, "0-1");
	fake_topology_offline(&f.model.node, 1);
	assert_place(&f, NULL, O1, "0");
	fake_topology_offline(&f.model.node, 0);
	assert_place(&f, NULL, O1, "2-7");
	fake_free(&f);
}

TEST(nothing_comes_to_isolated_cpus_but_what_is_bound_to_them)
{
	struct fake f;

	node(&f);
	f.model.node.cpus[6].isolated = f.model.node.cpus[7].isolated = true;
	cpus(&f, G1, "6-7");
	assert_place(&f, NULL, O1, "0-5");
	assert_place(&f, NULL, G1, "6-7");
	fake_free(&f);
}

TEST(a_partition_takes_its_cpus_from_everybody_else)
{
	struct fake f;

	node(&f);
	fake_cpus(fake_cgroup(&f, KUBE), KNOB_CPUSET_EXCLUSIVE, "0-1");
	fake_cpus(fake_cgroup(&f, G1), KNOB_CPUSET_EXCLUSIVE, "0-1");
	fake_cpus(fake_cgroup(&f, G1), KNOB_CPUSET_PARTITION, "root");
	assert_place(&f, NULL, G1, "0-1");
	assert_place(&f, NULL, O1, "2-7");
	assert_place(&f, NULL, "system.slice", "2-7");
	fake_cpus(fake_cgroup(&f, G1), KNOB_CPUSET_PARTITION,
		  "root invalid (Parent is not a partition root)");
	assert_place(&f, NULL, G1, "0-7");
	assert_place(&f, NULL, O1, "0-7");
	fake_free(&f);
}

TEST(a_pod_runs_where_its_containers_do)
{
	struct fake f;

	node(&f);
	decide_container(&f, G1, "cri-containerd-a.scope", "2-3");
	decide_container(&f, G1, "cri-containerd-b.scope", "5");
	assert_place(&f, NULL, G1, "2-3,5");
	/* The one that only keeps the namespaces, where a CPU manager gives sets to all others. */
	decide_container(&f, G1, "cri-containerd-c.scope", "");
	assert_place(&f, NULL, G1, "0-7");
	f.model.cpu_manager = CPU_MANAGER_STATIC;
	assert_place(&f, NULL, G1, "2-3,5");
	/* One that was not looked at may be anywhere. */
	decide_container(&f, G1, "cri-containerd-d.scope", NULL);
	assert_place(&f, NULL, G1, "0-7");
	fake_free(&f);
}

TEST(with_a_plan_it_is_what_will_be_and_what_would_be_without_colod)
{
	struct knob_state *s;
	struct fake f;

	node(&f);
	f.policy.levels[LEVEL_P0].cpu.cores = CORES_EXCLUSIVE;
	fake_request(fake_cgroup(&f, G1)->pod, 2000, 1 << 30);
	fake_limit(fake_cgroup(&f, G1)->pod, 2000, 1 << 30);
	fake_rare_knobs(&f);
	decide_run(&f);
	assert_non_null(decide_entry(&f, G1, KNOB_CPUSET_EXCLUSIVE));
	assert_false(cpu_place_look(&f.model, NULL).bounded);
	assert_place(&f, &f.plan, G1, "0-1");
	assert_place(&f, &f.plan, O1, "2-7");
	/* Planned no more: it goes back to what was there before. */
	plan_clear(&f.plan);
	cpus(&f, BESTEFFORT, "2-7");
	s = &fake_cgroup(&f, BESTEFFORT)->knobs[KNOB_CPUSET_CPUS];
	s->owned = true;
	s->written = s->now;
	s->original = (struct knob_value){.state = KNOB_KNOWN, .cpus = {{0}}};
	assert_place(&f, NULL, BESTEFFORT, "2-7");
	assert_false(cpu_place_look(&f.model, &f.plan).bounded);
	fake_free(&f);
}

TEST(ids_that_do_not_fit_bound_nobody)
{
	struct fake f;

	node(&f);
	cpus(&f, BESTEFFORT, "0-1");
	f.model.node.cpus[7].id = CPU_SET_MAX;
	assert_false(cpu_place_look(&f.model, NULL).bounded);
	fake_free(&f);
}

TEST(use_is_spread_evenly_and_rounded_up)
{
	struct cpu_set all = {0}, two = {0}, none = {0};

	for (unsigned i = 0; i < 64; i++)
		cpu_set_add(&all, i);
	cpu_set_add(&two, 0);
	cpu_set_add(&two, 63);
	assert_int_equal(cpu_place_part(20000, &all, &two), 625);
	assert_int_equal(cpu_place_part(20001, &all, &two), 626);
	assert_int_equal(cpu_place_part(1500, &two, &all), 1500);
	assert_int_equal(cpu_place_part(1500, &two, &none), 0);
	assert_int_equal(cpu_place_part(1500, &none, &two), 0);
	assert_true(cpu_place_part(UINT64_MAX, &two, &all) == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_sets_nobody_is_bounded),
		cmocka_unit_test(
			each_set_narrows_the_one_above_and_one_with_nothing_of_it_does_not_count),
		cmocka_unit_test(cpus_that_went_offline_are_nobodys_place),
		cmocka_unit_test(nothing_comes_to_isolated_cpus_but_what_is_bound_to_them),
		cmocka_unit_test(a_partition_takes_its_cpus_from_everybody_else),
		cmocka_unit_test(a_pod_runs_where_its_containers_do),
		cmocka_unit_test(with_a_plan_it_is_what_will_be_and_what_would_be_without_colod),
		cmocka_unit_test(ids_that_do_not_fit_bound_nobody),
		cmocka_unit_test(use_is_spread_evenly_and_rounded_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
