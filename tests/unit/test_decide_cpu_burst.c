// SPDX-License-Identifier: LGPL-2.1-or-later
// Who gets a burst, how much, and when it must be gone so that a kubelet can lower a quota.
#include "policy/decide_tree.h"
#include "policy/knob.h"
#include "tests/lib/decide_case.h"
#include "tests/lib/test.h"

#define PERMILLE 200

/* g1 has a limit of 2 CPUs, in force as the kubelet writes it. */
static struct pod *limited_node(struct fake *f)
{
	struct pod *pod;

	fake_init(f);
	fake_service(f, "system.slice");
	pod = decide_pod(f, G1, QOS_GUARANTEED, LEVEL_P0);
	decide_pod(f, O1, QOS_BESTEFFORT, LEVEL_P7);
	fake_rare_knobs(f);
	fake_limit(pod, 2000, KNOB_VALUE_MAX);
	fake_set(fake_cgroup(f, G1), KNOB_CPU_MAX, 200000);
	f->policy.levels[LEVEL_P0].cpu.burst_permille = PERMILLE;
	return pod;
}

static enum reason_code why(struct fake *f, const char *path)
{
	const struct plan_entry *e = decide_entry(f, path, KNOB_CPU_MAX_BURST);

	return e ? e->reason.code : REASON_NONE;
}

TEST(a_burst_is_the_policys_share_of_the_pods_own_quota)
{
	struct fake f;
	const struct plan_entry *e;

	(void)limited_node(&f);
	decide_run(&f);
	e = decide_entry(&f, G1, KNOB_CPU_MAX_BURST);
	assert_non_null(e);
	assert_int_equal(e->want.value, 40000);
	assert_int_equal(e->effect, EFFECT_SHARE);
	assert_int_equal(e->reason.code, REASON_BURST);
	assert_int_equal(e->reason.observed, 2000);
	assert_int_equal(e->reason.limit, PERMILLE);
	assert_int_equal(e->reason.level, LEVEL_P0);
	/* Nobody else. */
	assert_int_equal(decide_want(&f, O1, KNOB_CPU_MAX_BURST), -1);
	assert_int_equal(decide_want(&f, KUBE, KNOB_CPU_MAX_BURST), -1);
	fake_free(&f);
}

TEST(the_whole_quota_is_the_most)
{
	struct fake f;

	(void)limited_node(&f);
	f.policy.levels[LEVEL_P0].cpu.burst_permille = 1000;
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_MAX_BURST), 200000);
	fake_free(&f);
}

TEST(without_the_policys_word_or_the_file_there_is_no_burst)
{
	struct fake f;

	(void)limited_node(&f);
	f.policy.levels[LEVEL_P0].cpu.burst_permille = 0;
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_MAX_BURST), -1);
	f.policy.levels[LEVEL_P0].cpu.burst_permille = PERMILLE;
	fake_missing(fake_cgroup(&f, G1), KNOB_CPU_MAX_BURST);
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_MAX_BURST), -1);
	fake_free(&f);
}

/* The kubelet wants less: it fails while the burst is above what it writes. And more: the burst
 * waits for it too, because only the spec tells the two apart. */
TEST(a_resize_under_way_takes_the_burst_away_until_it_is_done)
{
	struct fake f;
	struct pod *pod = limited_node(&f);

	fake_set(fake_cgroup(&f, G1), KNOB_CPU_MAX_BURST, 40000);
	fake_own(fake_cgroup(&f, G1), KNOB_CPU_MAX_BURST, 0, 40000);
	pod->resources.cpu_spec_milli.value = 500; /* and the larger of both is still 2000 */
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_MAX_BURST), 0);
	assert_int_equal(why(&f, G1), REASON_BURST_RESIZE);
	assert_int_equal(decide_entry(&f, G1, KNOB_CPU_MAX_BURST)->reason.limit, 500);
	pod->resources.cpu_spec_milli.value = 4000;
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_MAX_BURST), 0);
	/* It is there. */
	fake_set(fake_cgroup(&f, G1), KNOB_CPU_MAX, 400000);
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_MAX_BURST), 80000);
	/* The limit is taken away altogether, and the quota is still there; and the other way round. */
	pod->resources.cpu_spec_milli.value = KNOB_VALUE_MAX;
	decide_run(&f);
	assert_int_equal(why(&f, G1), REASON_BURST_RESIZE);
	pod->resources.cpu_spec_milli.value = 4000;
	fake_set(fake_cgroup(&f, G1), KNOB_CPU_MAX, KNOB_VALUE_MAX);
	decide_run(&f);
	assert_int_equal(why(&f, G1), REASON_BURST_RESIZE);
	fake_free(&f);
}

/* systemd keeps whole percents: 125m is 13 %. A resize within that is not seen, so the burst must fit
 * under what the kubelet will write. */
TEST(systemds_rounding_is_no_resize_and_the_burst_fits_under_the_smaller)
{
	struct fake f;
	struct pod *pod = limited_node(&f);

	f.policy.levels[LEVEL_P0].cpu.burst_permille = 1000;
	pod->resources.cpu_spec_milli.value = 125;
	fake_set(fake_cgroup(&f, G1), KNOB_CPU_MAX, 13000);
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_MAX_BURST), 12500);
	fake_set(fake_cgroup(&f, G1), KNOB_CPU_MAX, 12500);
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_MAX_BURST), 12500);
	fake_set(fake_cgroup(&f, G1), KNOB_CPU_MAX, 13001);
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_MAX_BURST), 0);
	/* The kernel's least quota stands for every limit below it. */
	pod->resources.cpu_spec_milli.value = 3;
	fake_set(fake_cgroup(&f, G1), KNOB_CPU_MAX, 1000);
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_MAX_BURST), 1000);
	fake_free(&f);
}

TEST(a_pod_without_a_limit_of_its_own_gets_none_and_is_told_so)
{
	struct fake f;
	struct pod *pod = limited_node(&f);

	fake_limit(pod, KNOB_VALUE_MAX, KNOB_VALUE_MAX);
	fake_set(fake_cgroup(&f, G1), KNOB_CPU_MAX, KNOB_VALUE_MAX);
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_MAX_BURST), 0);
	assert_int_equal(why(&f, G1), REASON_BURST_NO_QUOTA);
	fake_free(&f);
}

/* The quota of a hold is colod's, and moves every second; the one below it is the pod's. */
TEST(a_held_pod_has_no_burst_and_a_hold_is_never_a_quota_to_burst_over)
{
	struct fake f;
	struct pod *pod;

	(void)limited_node(&f);
	pod = decide_pod(&f, B1, QOS_BURSTABLE, LEVEL_P7);
	fake_rare_knobs(&f);
	fake_limit(pod, 2000, KNOB_VALUE_MAX);
	fake_set(fake_cgroup(&f, B1), KNOB_CPU_MAX, 200000);
	f.policy.levels[LEVEL_P7].cpu.burst_permille = PERMILLE;
	decide_run(&f);
	assert_int_equal(decide_want(&f, B1, KNOB_CPU_MAX_BURST), 40000);
	f.ladders.of[RESOURCE_CPU].rung = RUNG_SQUEEZE;
	f.ladders.of[RESOURCE_CPU].quota_cpu_milli = 200;
	f.ladders.of[RESOURCE_CPU].reason =
		(struct reason){.code = REASON_SQUEEZE, .level = LEVEL_NONE, .rule = -1};
	/* What decide_cpu() plans then; the ladder itself would go back to calm here. */
	plan_clear(&f.plan);
	f.plan.n_assignments = f.model.n_slots;
	assert_int_equal(decide_tree_build(&f.model, &f.policy, &f.plan), 0);
	fake_plan(&f, fake_cgroup(&f, B1), KNOB_CPU_MAX, EFFECT_HOLD, 4000);
	assert_int_equal(decide_cpu_burst(&(struct decide_input){.model = &f.model,
								 .samples = &f.samples,
								 .policy = &f.policy,
								 .ladders = &f.ladders},
					  &f.plan),
			 0);
	assert_int_equal(decide_want(&f, B1, KNOB_CPU_MAX_BURST), 0);
	assert_int_equal(why(&f, B1), REASON_BURST_HELD);
	/* The online pod is not concerned. */
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_MAX_BURST), 40000);
	/* The hold has ended in the plan and is still in the file: its quota counts for nothing. */
	fake_own(fake_cgroup(&f, B1), KNOB_CPU_MAX, 200000, 4000);
	f.ladders.of[RESOURCE_CPU].rung = RUNG_CALM;
	decide_run(&f);
	assert_int_equal(decide_want(&f, B1, KNOB_CPU_MAX_BURST), 40000);
	fake_free(&f);
}

TEST(who_may_lower_a_quota_unannounced_gets_no_burst)
{
	struct fake f;
	struct pod *pod = limited_node(&f), *unit;

	pod->resources.cpu_spec_milli.state = FACT_UNKNOWN;
	unit = decide_pod(&f, "web.service", QOS_BURSTABLE, LEVEL_P0);
	unit->kind = POD_UNIT;
	fake_rare_knobs(&f);
	fake_set(fake_cgroup(&f, "web.service"), KNOB_CPU_MAX, 200000);
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_MAX_BURST), -1);
	assert_int_equal(decide_want(&f, "web.service", KNOB_CPU_MAX_BURST), -1);
	fake_free(&f);
}

TEST(somebody_elses_burst_is_not_taken_away)
{
	struct fake f;
	struct pod *pod = limited_node(&f);

	pod->resources.cpu_spec_milli.value = 500;
	fake_set(fake_cgroup(&f, G1), KNOB_CPU_MAX_BURST, 7000);
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_CPU_MAX_BURST), -1);
	fake_free(&f);
}

TEST(no_number_is_too_large)
{
	static const uint64_t limits[] = {1, 1000000000, 1000000001, UINT64_MAX - 1};
	static const uint64_t quotas[] = {1, 1000, 1ull << 40, UINT64_MAX - 1};
	struct fake f;
	struct pod *pod = limited_node(&f);

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		for (size_t k = 0; k < sizeof(quotas) / sizeof(quotas[0]); k++) {
			struct knob_value *max = &fake_cgroup(&f, G1)->knobs[KNOB_CPU_MAX].now;

			pod->resources.cpu_spec_milli.value = limits[i];
			for (uint64_t period = 1; period < 1ull << 40; period *= 1000) {
				*max = knob_value_quota(quotas[k], period);
				decide_run(&f);
				assert_true(decide_want(&f, G1, KNOB_CPU_MAX_BURST) <=
					    (long long)(quotas[k] >> 1));
			}
		}
	}
	fake_free(&f);
}

TEST(what_was_written_does_not_change_the_plan)
{
	struct fake f;

	(void)limited_node(&f);
	decide_run(&f);
	assert_int_equal(fake_apply(&f) > 0, true);
	decide_run(&f);
	assert_int_equal(fake_apply(&f), 0);
	fake_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_is_the_policys_share_of_the_pods_own_quota),
		cmocka_unit_test(the_whole_quota_is_the_most),
		cmocka_unit_test(without_the_policys_word_or_the_file_there_is_no_burst),
		cmocka_unit_test(a_resize_under_way_takes_the_burst_away_until_it_is_done),
		cmocka_unit_test(
			systemds_rounding_is_no_resize_and_the_burst_fits_under_the_smaller),
		cmocka_unit_test(a_pod_without_a_limit_of_its_own_gets_none_and_is_told_so),
		cmocka_unit_test(a_held_pod_has_no_burst_and_a_hold_is_never_a_quota_to_burst_over),
		cmocka_unit_test(who_may_lower_a_quota_unannounced_gets_no_burst),
		cmocka_unit_test(somebody_elses_burst_is_not_taken_away),
		cmocka_unit_test(no_number_is_too_large),
		cmocka_unit_test(what_was_written_does_not_change_the_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
