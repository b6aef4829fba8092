// SPDX-License-Identifier: LGPL-2.1-or-later
// smt: avoid-offline: whom offline work is kept off, whom not, and what is left to it.
#include "policy/decide_cores.h"

#include "policy/knob.h"
#include "tests/lib/decide_case.h"
#include "tests/lib/fake_topology.h"
#include "tests/lib/test.h"

/* As discovery reads it under a policy that asks for cores. */
static void run(struct fake *f)
{
	fake_rare_knobs(f);
	decide_run(f);
}

static void assert_cpus(struct fake *f, const char *path, const char *want)
{
	const struct plan_entry *e = decide_entry(f, path, KNOB_CPUSET_CPUS);
	char buf[KNOB_TEXT_SIZE] = "-";

	if (e)
		(void)knob_format(KNOB_CPUSET_CPUS, &e->want, buf, sizeof(buf));
	if (strcmp(buf, want) != 0)
		fail_msg("%s: %s instead of %s", path, buf, want);
}

static const struct plan_cores *cores_of(struct fake *f, const char *path)
{
	return plan_cores(&f->plan, fake_cgroup(f, path)->pod);
}

/* Two cores of two threads; g1 is sensitive and not pinned; one offline pod. */
static void node(struct fake *f)
{
	fake_init(f);
	fake_topology(&f->model.node,
		      (struct fake_topology){
			      .numa = 1, .llc = 1, .cores = 2, .threads = 2, .side_by_side = true});
	f->policy.levels[LEVEL_P0].cpu.smt = SMT_AVOID_OFFLINE;
	fake_service(f, "system.slice");
	fake_request(decide_pod(f, G1, QOS_GUARANTEED, LEVEL_P0), 1000, 1 << 30);
	decide_pod(f, O1, QOS_BESTEFFORT, LEVEL_P7);
}

TEST(the_siblings_of_a_pinned_pod_are_kept_free_of_offline_work)
{
	struct fake f;

	node(&f);
	fake_cpus(fake_cgroup(&f, G1), KNOB_CPUSET_CPUS, "0");
	run(&f);
	assert_cpus(&f, BESTEFFORT, "0,2-3");
	assert_cpus(&f, O1, "-");
	assert_cpus(&f, G1, "-");
	assert_cpus(&f, KUBE, "-");
	assert_int_equal(decide_entry(&f, BESTEFFORT, KNOB_CPUSET_CPUS)->reason.code,
			 REASON_SMT_OFFLINE);
	assert_int_equal(cores_of(&f, G1)->state, CORES_SIBLINGS);
	assert_int_equal(cores_of(&f, G1)->reason.observed, 1);
	(void)fake_apply(&f);
	run(&f);
	assert_int_equal(fake_apply(&f), 0);
	/* no longer pinned: all of it comes back */
	fake_cpus(fake_cgroup(&f, G1), KNOB_CPUSET_CPUS, "");
	run(&f);
	assert_cpus(&f, BESTEFFORT, "-");
	assert_int_equal(cores_of(&f, G1)->state, CORES_REFUSED);
	assert_int_equal(cores_of(&f, G1)->reason.code, REASON_SMT_NOT_PINNED);
	fake_free(&f);
}

TEST(a_container_that_a_cpu_manager_pinned_counts_and_one_of_its_shared_pool_does_not)
{
	struct fake f;

	node(&f);
	f.model.cpu_manager = CPU_MANAGER_STATIC;
	assert_int_equal(cpu_set_parse("0-1,3", &f.model.cpu_shared), 0);
	decide_container(&f, G1, "app.scope", "2");
	decide_container(&f, G1, "sidecar.scope", "0-1,3");
	run(&f);
	assert_cpus(&f, BESTEFFORT, "0-2");
	assert_int_equal(cores_of(&f, G1)->reason.limit, 1);
	/* the shared pool grew, and this container's set has not followed yet */
	assert_int_equal(cpu_set_parse("0-3", &f.model.cpu_shared), 0);
	run(&f);
	assert_cpus(&f, BESTEFFORT, "-");
	assert_int_equal(cores_of(&f, G1)->reason.code, REASON_SMT_NOT_PINNED);
	fake_free(&f);
}

TEST(offline_work_keeps_a_whole_core)
{
	struct fake f;

	node(&f);
	fake_cpus(fake_cgroup(&f, G1), KNOB_CPUSET_CPUS, "0");
	fake_request(decide_pod(&f, G2, QOS_GUARANTEED, LEVEL_P0), 1000, 1 << 30);
	fake_cpus(fake_cgroup(&f, G2), KNOB_CPUSET_CPUS, "2");
	run(&f);
	assert_cpus(&f, BESTEFFORT, "0,2-3");
	assert_int_equal(cores_of(&f, G1)->state, CORES_SIBLINGS);
	assert_int_equal(cores_of(&f, G2)->state, CORES_REFUSED);
	assert_int_equal(cores_of(&f, G2)->reason.code, REASON_SMT_ROOM);
	fake_free(&f);
}

TEST(without_siblings_there_is_nothing_to_avoid)
{
	struct fake f;

	node(&f);
	fake_topology(&f.model.node,
		      (struct fake_topology){.numa = 1, .llc = 1, .cores = 4, .threads = 1});
	fake_cpus(fake_cgroup(&f, G1), KNOB_CPUSET_CPUS, "0-1");
	run(&f);
	assert_cpus(&f, BESTEFFORT, "-");
	assert_int_equal(cores_of(&f, G1)->reason.code, REASON_SMT_NO_SIBLING);
	fake_free(&f);
}

TEST(with_own_cores_beside_it_there_is_one_set)
{
	struct fake f;

	node(&f);
	fake_topology(&f.model.node,
		      (struct fake_topology){
			      .numa = 1, .llc = 1, .cores = 4, .threads = 2, .side_by_side = true});
	f.policy.levels[LEVEL_P4].cpu.cores = CORES_EXCLUSIVE;
	fake_cpus(fake_cgroup(&f, G1), KNOB_CPUSET_CPUS, "0");
	fake_request(decide_pod(&f, B1, QOS_BURSTABLE, LEVEL_P4), 2000, 1 << 28);
	fake_limit(fake_cgroup(&f, B1)->pod, 2000, 1 << 28);
	run(&f);
	assert_int_equal(cores_of(&f, B1)->state, CORES_OWN);
	assert_cpus(&f, BESTEFFORT, "0,4-7"); /* without 1, and without 2-3 */
	assert_int_equal(decide_entry(&f, B1, KNOB_CPUSET_EXCLUSIVE)->want.cpus.words[0], 0xc);
	fake_free(&f);
}

TEST(a_pod_of_another_level_that_is_pinned_is_none_of_it)
{
	struct fake f;

	node(&f);
	fake_request(decide_pod(&f, B1, QOS_BURSTABLE, LEVEL_P4), 500, 1 << 28);
	fake_cpus(fake_cgroup(&f, B1), KNOB_CPUSET_CPUS, "0");
	run(&f);
	assert_cpus(&f, BESTEFFORT, "-");
	assert_int_equal(cores_of(&f, B1)->state, CORES_NOT_ASKED);
	fake_free(&f);
}

TEST(a_new_pod_that_waits_for_facts_moves_nobody_to_and_fro)
{
	struct fake f;

	node(&f);
	fake_cpus(fake_cgroup(&f, G1), KNOB_CPUSET_CPUS, "0");
	run(&f);
	(void)fake_apply(&f);
	fake_waiting(&f,
		     fake_pod(&f, BESTEFFORT "/kubepods-besteffort-podnew.slice", QOS_BESTEFFORT));
	run(&f);
	assert_cpus(&f, BESTEFFORT, "0,2-3");
	assert_cpus(&f, O1, "-");
	/* where it was not there yet, a pod that is not known is not put under it */
	fake_cgroup(&f, BESTEFFORT)->knobs[KNOB_CPUSET_CPUS] =
		(struct knob_state){.now = {.state = KNOB_KNOWN}};
	run(&f);
	assert_cpus(&f, BESTEFFORT, "-");
	assert_cpus(&f, O1, "0,2-3");
	assert_cpus(&f, BESTEFFORT "/kubepods-besteffort-podnew.slice", "-");
	fake_free(&f);
}

/* Left by an earlier colod on this kernel, say: the kernel grants no partition beside it. */
TEST(a_set_with_every_cpu_is_narrowed_before_a_pod_beside_it_gets_cores)
{
	struct fake f;

	node(&f);
	f.policy.levels[LEVEL_P0].cpu.smt = SMT_SHARED;
	f.policy.levels[LEVEL_P0].cpu.cores = CORES_EXCLUSIVE;
	fake_limit(fake_cgroup(&f, G1)->pod, 1000, 1 << 30);
	fake_cpus(fake_cgroup(&f, BESTEFFORT), KNOB_CPUSET_CPUS, "0-3");
	run(&f);
	assert_int_equal(cores_of(&f, G1)->state, CORES_OWN);
	assert_cpus(&f, BESTEFFORT, "2-3");
	assert_null(decide_entry(&f, G1, KNOB_CPUSET_PARTITION));
	assert_null(decide_entry(&f, G1, KNOB_CPUSET_EXCLUSIVE));
	(void)fake_apply(&f);
	run(&f);
	assert_non_null(decide_entry(&f, G1, KNOB_CPUSET_PARTITION));
	assert_cpus(&f, BESTEFFORT, "2-3");
	/* beside an online pod with such a set there is nothing to be done */
	fake_request(decide_pod(&f, G2, QOS_GUARANTEED, LEVEL_P1), 0, 0);
	run(&f);
	fake_cpus(fake_cgroup(&f, G2), KNOB_CPUSET_CPUS, "0-3");
	run(&f);
	assert_int_equal(cores_of(&f, G1)->state, CORES_REFUSED);
	assert_string_equal(cores_of(&f, G1)->reason.who, G2);
	fake_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_siblings_of_a_pinned_pod_are_kept_free_of_offline_work),
		cmocka_unit_test(
			a_container_that_a_cpu_manager_pinned_counts_and_one_of_its_shared_pool_does_not),
		cmocka_unit_test(offline_work_keeps_a_whole_core),
		cmocka_unit_test(without_siblings_there_is_nothing_to_avoid),
		cmocka_unit_test(with_own_cores_beside_it_there_is_one_set),
		cmocka_unit_test(a_pod_of_another_level_that_is_pinned_is_none_of_it),
		cmocka_unit_test(a_new_pod_that_waits_for_facts_moves_nobody_to_and_fro),
		cmocka_unit_test(
			a_set_with_every_cpu_is_narrowed_before_a_pod_beside_it_gets_cores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
