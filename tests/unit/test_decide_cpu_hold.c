// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the quota of a squeeze is written, how it is divided, and whom it never meets.
#include "policy/decide.h"
#include "policy/decide_cpu.h"
#include "policy/decide_tree.h"
#include "tests/lib/fake.h"
#include "tests/lib/test.h"

#define SECOND 1000000
#define NOW (100ll * SECOND)
#define KUBE "kubepods.slice"
#define BURSTABLE KUBE "/kubepods-burstable.slice"
#define BESTEFFORT KUBE "/kubepods-besteffort.slice"
#define G1 KUBE "/kubepods-podg1.slice"
#define B2 BURSTABLE "/kubepods-burstable-podb2.slice"
#define O1 BESTEFFORT "/kubepods-besteffort-podo1.slice"
#define O2 BESTEFFORT "/kubepods-besteffort-podo2.slice"

/* The hold alone, with the ladder as it stands. */
static void hold(struct fake *f)
{
	struct decide_input in = {
		.model = &f->model,
		.samples = &f->samples,
		.policy = &f->policy,
		.ladders = &f->ladders,
		.now_us = NOW,
	};
	size_t n = f->plan.n_assignments;

	plan_clear(&f->plan);
	f->plan.n_assignments = n;
	assert_int_equal(decide_tree_build(&f->model, &f->policy, &f->plan), 0);
	assert_int_equal(decide_cpu_hold(&in, &f->plan), 0);
}

static const struct plan_entry *entry(struct fake *f, const char *path)
{
	return plan_find(&f->plan, fake_cgroup(f, path), KNOB_CPU_MAX);
}

static long long quota(struct fake *f, const char *path)
{
	const struct plan_entry *e = entry(f, path);

	return e ? (long long)e->want.value : -1;
}

static struct pod *pod(struct fake *f, const char *path, enum qos qos, enum level level)
{
	struct pod *p = fake_pod(f, path, qos);

	fake_level(f, p, level);
	return p;
}

/* 4 CPUs, squeezed to 1.2 of them; g1 online, o1 and o2 offline. */
static void squeezed_node(struct fake *f)
{
	fake_init(f);
	fake_service(f, "system.slice");
	pod(f, G1, QOS_GUARANTEED, LEVEL_P0);
	pod(f, O1, QOS_BESTEFFORT, LEVEL_P7);
	pod(f, O2, QOS_BESTEFFORT, LEVEL_P7);
	f->ladders.of[RESOURCE_CPU].rung = RUNG_SQUEEZE;
	f->ladders.of[RESOURCE_CPU].quota_cpu_milli = 1200;
	f->ladders.of[RESOURCE_CPU].reason = (struct reason){
		.code = REASON_SQUEEZE,
		.level = LEVEL_NONE,
		.rule = -1,
		.observed = 124,
		.limit = 50,
		.for_us = 2 * SECOND,
		.extra = 300,
		.who = "default/web",
	};
}

static void uses(struct fake *f, const char *path, uint64_t milli)
{
	const struct pod *p = fake_cgroup(f, path)->pod;

	fake_sample(f, p, NOW - 2 * SECOND, 0, 0);
	fake_sample(f, p, NOW, milli * 2000, 0);
}

/* Whoever is left is held while somebody goes. */
TEST(it_stays_on_the_rung_above_it)
{
	struct fake f;

	squeezed_node(&f);
	f.ladders.of[RESOURCE_CPU].rung = RUNG_EVICT;
	hold(&f);
	assert_int_equal(quota(&f, BESTEFFORT), 24000);
	fake_free(&f);
}

TEST(the_quota_goes_to_the_highest_all_offline_cgroup_and_nowhere_else)
{
	struct fake f;

	squeezed_node(&f);
	hold(&f);
	assert_int_equal(f.plan.n_entries, 1);
	assert_int_equal(quota(&f, BESTEFFORT), 24000); /* 1.2 CPUs of 20 ms */
	assert_int_equal(entry(&f, BESTEFFORT)->want.period_us, 20000);
	assert_int_equal(entry(&f, BESTEFFORT)->effect, EFFECT_HOLD);
	assert_int_equal(entry(&f, BESTEFFORT)->reason.code, REASON_SQUEEZE);
	assert_int_equal(entry(&f, BESTEFFORT)->reason.observed, 124);
	assert_int_equal(entry(&f, BESTEFFORT)->reason.extra, 300);
	assert_string_equal(entry(&f, BESTEFFORT)->reason.who, "default/web");
	fake_free(&f);
}

/* The floor is a CPU of the four. */
TEST(a_calibration_holds_the_same_to_their_floor)
{
	struct fake f;

	squeezed_node(&f);
	f.ladders.of[RESOURCE_CPU] = (struct ladder){.rung = RUNG_CALM};
	f.model.calibrating_us = NOW;
	hold(&f);
	assert_int_equal(f.plan.n_entries, 1);
	assert_int_equal(quota(&f, BESTEFFORT), 20000);
	assert_int_equal(entry(&f, BESTEFFORT)->effect, EFFECT_HOLD);
	assert_int_equal(entry(&f, BESTEFFORT)->reason.code, REASON_CALIBRATE);
	assert_int_equal(entry(&f, BESTEFFORT)->reason.for_us, SECOND);
	assert_int_equal(entry(&f, BESTEFFORT)->reason.extra, 250);
	/* an online pod in the class, then one that nobody knows: the others alone */
	pod(&f, BESTEFFORT "/kubepods-besteffort-podw.slice", QOS_BESTEFFORT, LEVEL_P4);
	hold(&f);
	assert_null(entry(&f, BESTEFFORT));
	assert_int_equal(f.plan.n_entries, 2);
	fake_waiting(&f, fake_cgroup(&f, O1)->pod);
	hold(&f);
	assert_int_equal(f.plan.n_entries, 1);
	assert_non_null(entry(&f, O2));
	fake_free(&f);
}

TEST(what_a_ladder_holds_is_not_loosened_by_a_calibration)
{
	struct fake f;

	squeezed_node(&f);
	f.model.calibrating_us = NOW;
	hold(&f);
	assert_int_equal(quota(&f, BESTEFFORT), 24000);
	assert_int_equal(entry(&f, BESTEFFORT)->reason.code, REASON_SQUEEZE);
	fake_free(&f);
}

TEST(calm_holds_nobody)
{
	struct fake f;

	squeezed_node(&f);
	f.ladders.of[RESOURCE_CPU].rung = RUNG_CALM;
	hold(&f);
	assert_int_equal(f.plan.n_entries, 0);
	f.ladders.of[RESOURCE_CPU].rung = RUNG_SQUEEZE;
	f.model.capabilities &= ~(1u << CAPABILITY_CPU_MAX);
	hold(&f);
	assert_int_equal(f.plan.n_entries, 0);
	fake_free(&f);
}

TEST(in_a_mixed_class_the_offline_pods_share_the_quota_by_demand)
{
	struct fake f;
	long long small, large;

	squeezed_node(&f);
	pod(&f, BESTEFFORT "/kubepods-besteffort-podproxy.slice", QOS_BESTEFFORT, LEVEL_P1);
	uses(&f, O1, 300);
	uses(&f, O2, 900);
	hold(&f);
	assert_int_equal(quota(&f, BESTEFFORT), -1);
	assert_int_equal(quota(&f, BESTEFFORT "/kubepods-besteffort-podproxy.slice"), -1);
	assert_int_equal(quota(&f, G1), -1);
	small = quota(&f, O1);
	large = quota(&f, O2);
	assert_true(small >= 1000);
	assert_true(large > 2 * small);
	assert_in_range(small + large, 23900, 24000);
	assert_int_equal(entry(&f, O2)->reason.extra, (uint64_t)large * 1000 / 80000);
	assert_int_equal(entry(&f, O2)->reason.level, LEVEL_P7);
	fake_free(&f);
}

TEST(where_demand_is_not_known_the_quota_is_shared_equally)
{
	struct fake f;

	squeezed_node(&f);
	pod(&f, BESTEFFORT "/kubepods-besteffort-podproxy.slice", QOS_BESTEFFORT, LEVEL_P1);
	hold(&f);
	assert_int_equal(quota(&f, O1), 12000);
	assert_int_equal(quota(&f, O2), 12000);
	/* one known, one not: the unknown one counts as the mean */
	uses(&f, O1, 700);
	hold(&f);
	assert_int_equal(quota(&f, O1), quota(&f, O2));
	fake_free(&f);
}

TEST(nobody_gets_less_than_a_millisecond_a_period)
{
	struct fake f;

	squeezed_node(&f);
	pod(&f, BESTEFFORT "/kubepods-besteffort-podproxy.slice", QOS_BESTEFFORT, LEVEL_P1);
	f.ladders.of[RESOURCE_CPU].quota_cpu_milli = 80;
	uses(&f, O1, 0);
	uses(&f, O2, 4000);
	hold(&f);
	assert_int_equal(quota(&f, O1), 1000);
	assert_true(quota(&f, O2) >= 1000);
	f.ladders.of[RESOURCE_CPU].quota_cpu_milli = 0;
	hold(&f);
	assert_int_equal(quota(&f, O1), 1000);
	fake_free(&f);
}

TEST(a_pod_that_waits_for_facts_lifts_the_quota_of_its_class)
{
	struct fake f;

	squeezed_node(&f);
	fake_waiting(&f,
		     fake_pod(&f, BESTEFFORT "/kubepods-besteffort-podnew.slice", QOS_BESTEFFORT));
	hold(&f);
	assert_int_equal(quota(&f, BESTEFFORT), -1);
	assert_int_equal(quota(&f, BESTEFFORT "/kubepods-besteffort-podnew.slice"), -1);
	assert_int_equal(quota(&f, O1), 12000);
	assert_int_equal(quota(&f, O2), 12000);
	fake_free(&f);
}

TEST(a_pod_that_may_not_be_held_is_not)
{
	struct fake f;

	squeezed_node(&f);
	f.plan.assignments[fake_cgroup(&f, O1)->pod->slot].may_hold = false;
	hold(&f);
	assert_int_equal(quota(&f, BESTEFFORT), -1);
	assert_int_equal(quota(&f, O1), -1);
	assert_int_equal(quota(&f, O2), 24000);
	fake_free(&f);
}

TEST(a_tighter_quota_by_others_is_not_loosened)
{
	struct fake f;

	squeezed_node(&f);
	fake_set(fake_cgroup(&f, BESTEFFORT), KNOB_CPU_MAX, 50000); /* of 100 ms: half a CPU */
	hold(&f);
	assert_int_equal(quota(&f, BESTEFFORT), -1);
	fake_set(fake_cgroup(&f, BESTEFFORT), KNOB_CPU_MAX, 200000);
	hold(&f);
	assert_int_equal(quota(&f, BESTEFFORT), 24000);
	/* the quota that is there is colod's own, over a wider one */
	fake_own(fake_cgroup(&f, BESTEFFORT), KNOB_CPU_MAX, 200000, 6000);
	hold(&f);
	assert_int_equal(quota(&f, BESTEFFORT), 24000);
	fake_free(&f);
}

TEST(a_small_growth_is_not_written)
{
	struct fake f;

	squeezed_node(&f);
	hold(&f);
	assert_int_equal(quota(&f, BESTEFFORT), 24000);
	(void)fake_apply(&f);
	assert_true(fake_cgroup(&f, BESTEFFORT)->knobs[KNOB_CPU_MAX].held);
	f.ladders.of[RESOURCE_CPU].quota_cpu_milli = 1400; /* a sixth more */
	hold(&f);
	assert_int_equal(quota(&f, BESTEFFORT), 24000);
	f.ladders.of[RESOURCE_CPU].quota_cpu_milli = 1401;
	hold(&f);
	assert_int_equal(quota(&f, BESTEFFORT), 28020);
	/* a cut is never put off */
	f.ladders.of[RESOURCE_CPU].quota_cpu_milli = 1199;
	hold(&f);
	assert_int_equal(quota(&f, BESTEFFORT), 23980);
	/* nor does a quota count that is no hold, or no longer there */
	f.ladders.of[RESOURCE_CPU].quota_cpu_milli = 1210;
	fake_cgroup(&f, BESTEFFORT)->knobs[KNOB_CPU_MAX].held = false;
	hold(&f);
	assert_int_equal(quota(&f, BESTEFFORT), 24200);
	fake_free(&f);
}

TEST(where_several_are_held_small_changes_are_not_written_but_all_together_never_get_more)
{
	struct fake f;
	long long class, pod_b2;

	squeezed_node(&f);
	pod(&f, B2, QOS_BURSTABLE, LEVEL_P7);
	pod(&f, BURSTABLE "/kubepods-burstable-podb1.slice", QOS_BURSTABLE, LEVEL_P4);
	hold(&f);
	class = quota(&f, BESTEFFORT);
	pod_b2 = quota(&f, B2);
	assert_in_range(class + pod_b2, 23900, 24000);
	(void)fake_apply(&f);
	/* one wants a little more, the other a little less: nobody is written */
	uses(&f, O1, 300);
	uses(&f, O2, 300);
	uses(&f, B2, 500);
	hold(&f);
	assert_int_equal(quota(&f, BESTEFFORT), class);
	assert_int_equal(quota(&f, B2), pod_b2);
	/* a little less for both: it is enough to cut the one that has most above its share */
	f.ladders.of[RESOURCE_CPU].quota_cpu_milli = 1190;
	hold(&f);
	assert_in_range(quota(&f, BESTEFFORT) + quota(&f, B2), 20000, 23800);
	assert_true(quota(&f, BESTEFFORT) == class || quota(&f, B2) == pod_b2);
	f.ladders.of[RESOURCE_CPU].quota_cpu_milli = 600;
	hold(&f);
	assert_true(quota(&f, BESTEFFORT) < class && quota(&f, B2) < pod_b2);
	f.ladders.of[RESOURCE_CPU].quota_cpu_milli = 2400;
	hold(&f);
	assert_true(quota(&f, BESTEFFORT) > class * 3 / 2 && quota(&f, B2) > pod_b2 * 3 / 2);
	fake_free(&f);
}

/* One is cut to its share, another stays a little below its own: the floor is for both together. */
TEST(at_the_floor_all_together_get_no_less)
{
	static const enum reason_code codes[] = {REASON_SQUEEZE, REASON_SQUEEZE_FLOOR};
	long long sum[2];

	for (int i = 0; i < 2; i++) {
		struct fake f;

		squeezed_node(&f);
		pod(&f, BESTEFFORT "/kubepods-besteffort-podproxy.slice", QOS_BESTEFFORT, LEVEL_P1);
		pod(&f, B2, QOS_BURSTABLE, LEVEL_P7);
		pod(&f, BURSTABLE "/kubepods-burstable-podb1.slice", QOS_BURSTABLE, LEVEL_P4);
		f.ladders.of[RESOURCE_CPU].reason.code = codes[i];
		uses(&f, O1, 400);
		uses(&f, O2, 400);
		uses(&f, B2, 400);
		hold(&f);
		(void)fake_apply(&f);
		uses(&f, O1, 250);
		uses(&f, O2, 400);
		uses(&f, B2, 400);
		hold(&f);
		sum[i] = quota(&f, O1) + quota(&f, O2) + quota(&f, B2);
		fake_free(&f);
	}
	assert_in_range(sum[0], 20000, 23000);
	assert_in_range(sum[1], 23940, 24000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_stays_on_the_rung_above_it),
		cmocka_unit_test(the_quota_goes_to_the_highest_all_offline_cgroup_and_nowhere_else),
		cmocka_unit_test(a_calibration_holds_the_same_to_their_floor),
		cmocka_unit_test(what_a_ladder_holds_is_not_loosened_by_a_calibration),
		cmocka_unit_test(calm_holds_nobody),
		cmocka_unit_test(in_a_mixed_class_the_offline_pods_share_the_quota_by_demand),
		cmocka_unit_test(where_demand_is_not_known_the_quota_is_shared_equally),
		cmocka_unit_test(nobody_gets_less_than_a_millisecond_a_period),
		cmocka_unit_test(a_pod_that_waits_for_facts_lifts_the_quota_of_its_class),
		cmocka_unit_test(a_pod_that_may_not_be_held_is_not),
		cmocka_unit_test(a_tighter_quota_by_others_is_not_loosened),
		cmocka_unit_test(a_small_growth_is_not_written),
		cmocka_unit_test(
			where_several_are_held_small_changes_are_not_written_but_all_together_never_get_more),
		cmocka_unit_test(at_the_floor_all_together_get_no_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
