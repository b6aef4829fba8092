// SPDX-License-Identifier: LGPL-2.1-or-later
// The CPU ladder where cpusets, own cores and CPUs that went offline leave offline work less than the node.
#include "policy/ladder_cpu.h"

#include "policy/ladder.h"
#include "tests/lib/fake_topology.h"
#include "tests/lib/ladder_case.h"
#include "tests/lib/test.h"

/* 8 CPUs; AllowedCPUs=0-1 on besteffort leaves the hog two of them. */
static void bound_hog(struct ladder_case *w)
{
	fake_topology_plain(&w->f.model.node, 8);
	fake_cpus(w->hog->cgroup->parent, KNOB_CPUSET_CPUS, "0-1");
}

TEST(where_offline_work_may_use_few_cpus_the_quota_is_worked_out_for_those)
{
	struct ladder_case w;

	ladder_case_init(&w);
	bound_hog(&w);
	/* 65 % of two CPUs, less a quarter of what the others use on eight. */
	ladder_case_run(
		&w, 3,
		(struct ladder_second){.web = 2000, .wait = 124, .hog = 2000, .system = 400});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli, 1300 - 500 - 100);
	assert_int_equal(ladder_case_cpu(&w)->reason.extra, 87); /* 700 of 8000 */
	/* A twentieth of the two a second; lifted at both, not at eight. */
	ladder_case_run(&w, 5, (struct ladder_second){.web = 0, .wait = 0, .hog = 700});
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli, 700 + 4 * 100);
	ladder_case_run(&w, 25, (struct ladder_second){.web = 0, .wait = 0, .hog = 2000});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	fake_free(&w.f);
}

TEST(the_floor_is_one_of_the_cpus_that_offline_work_may_use)
{
	struct ladder_case w;

	ladder_case_init(&w);
	bound_hog(&w);
	strcpy(w.f.model.node.kernel, "6.12.94+deb13-amd64");
	ladder_case_run(&w, 3, (struct ladder_second){.web = 6000, .wait = 500, .hog = 1400});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli,
			 500); /* 25 % of two; 1 CPU of eight */
	fake_free(&w.f);
}

TEST(cpus_that_go_offline_shrink_a_hold_at_the_next_look)
{
	struct ladder_second s = {.web = 300, .wait = 124, .hog = 1500};
	struct ladder_case w;

	ladder_case_init(&w);
	fake_topology_plain(&w.f.model.node, 4);
	ladder_case_run(&w, 3, s);
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli, 2600 - 300);
	fake_topology_offline(&w.f.model.node, 2);
	fake_topology_offline(&w.f.model.node, 3);
	ladder_case_run(&w, 1, s);
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli, 1300 - 300);
	assert_int_equal(ladder_case_cpu(&w)->reason.extra, 500); /* of the two that are left */
	fake_free(&w.f);
}

TEST(who_is_on_cpus_of_its_own_is_no_reason_to_squeeze_and_its_use_does_not_count)
{
	struct ladder_second s = {.web = 2000, .wait = 124, .hog = 5000};
	struct ladder_case w;

	ladder_case_init(&w);
	fake_topology_plain(&w.f.model.node, 8);
	fake_cpus(w.web->cgroup, KNOB_CPUSET_CPUS, "6-7");
	fake_cpus(w.hog->cgroup->parent, KNOB_CPUSET_CPUS, "0-5");
	ladder_case_run(&w, 5, s);
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	assert_int_equal(ladder_case_cpu(&w)->steps, 0);
	/* On one of the CPUs that the hog may use: half of what it uses is there. */
	fake_cpus(w.web->cgroup, KNOB_CPUSET_CPUS, "5-6");
	ladder_case_run(&w, 1, s);
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli, 3900 - 1000);
	/* db, on CPUs of its own, is not counted, though it uses all of them. */
	fake_cpus(w.db->cgroup, KNOB_CPUSET_CPUS, "6-7");
	w.db_milli = 2000;
	ladder_case_run(&w, 4, s);
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli, 3900 - 1000);
	fake_free(&w.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			where_offline_work_may_use_few_cpus_the_quota_is_worked_out_for_those),
		cmocka_unit_test(the_floor_is_one_of_the_cpus_that_offline_work_may_use),
		cmocka_unit_test(cpus_that_go_offline_shrink_a_hold_at_the_next_look),
		cmocka_unit_test(
			who_is_on_cpus_of_its_own_is_no_reason_to_squeeze_and_its_use_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
