// SPDX-License-Identifier: LGPL-2.1-or-later
// The CPU ladder over time, second by second: who must wait for it to move, how far it goes, and
// how it comes back.
#include "policy/ladder_cpu.h"

#include "policy/decide.h"
#include "policy/ladder.h"
#include "tests/lib/ladder_case.h"
#include "tests/lib/test.h"

#define SECOND 1000000

TEST(with_nobody_waiting_offline_work_gets_the_node_and_no_step_is_taken)
{
	struct ladder_case w;

	ladder_case_init(&w);
	ladder_case_run(&w, 30, (struct ladder_second){.web = 0, .wait = 0, .hog = 4000});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	assert_int_equal(ladder_case_cpu(&w)->steps, 0);
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli, 0);
	fake_free(&w.f);
}

TEST(an_online_pod_that_waits_squeezes_offline_work_to_what_the_target_leaves)
{
	struct ladder_case w;

	ladder_case_init(&w);
	ladder_case_run(
		&w, 3,
		(struct ladder_second){.web = 1200, .wait = 124, .hog = 2600, .system = 200});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
	assert_int_equal(ladder_case_cpu(&w)->steps, 1);
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli, 2600 - 1200 - 200);
	assert_int_equal(ladder_case_cpu(&w)->reason.code, REASON_SQUEEZE);
	assert_string_equal(ladder_case_cpu(&w)->reason.who, w.web->name);
	assert_int_equal(ladder_case_cpu(&w)->reason.observed, 124);
	assert_int_equal(ladder_case_cpu(&w)->reason.limit, 50);
	assert_int_equal(ladder_case_cpu(&w)->reason.for_us, 2 * SECOND);
	assert_int_equal(ladder_case_cpu(&w)->reason.extra, 300); /* 1200 of 4000 */
	fake_free(&w.f);
}

/* 5 % of two seconds are 100 ms, and may be over before the window is. */
TEST(a_wait_under_the_threshold_moves_nothing_and_one_past_it_at_once)
{
	struct ladder_case w;

	ladder_case_init(&w);
	ladder_case_run(&w, 1, (struct ladder_second){.web = 1000, .wait = 99, .hog = 3000});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	fake_free(&w.f);
	ladder_case_init(&w);
	ladder_case_run(&w, 1, (struct ladder_second){.web = 1000, .wait = 100, .hog = 3000});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
	assert_int_equal(ladder_case_cpu(&w)->reason.observed, 50);
	assert_int_equal(ladder_case_cpu(&w)->reason.for_us, 2 * SECOND);
	fake_free(&w.f);
	ladder_case_init(&w);
	ladder_case_run(&w, 20, (struct ladder_second){.web = 1000, .wait = 49, .hog = 3000});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	ladder_case_run(&w, 3, (struct ladder_second){.web = 1000, .wait = 50, .hog = 3000});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
	fake_free(&w.f);
}

TEST(a_pod_that_throttles_itself_is_not_an_offline_pods_fault)
{
	struct ladder_case w;

	ladder_case_init(&w);
	ladder_case_run(
		&w, 10,
		(struct ladder_second){.web = 1000, .wait = 500, .hog = 3000, .throttled = 1});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	ladder_case_run(
		&w, 3,
		(struct ladder_second){.web = 1000, .wait = 500, .hog = 3000, .throttled = 0});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
	fake_free(&w.f);
}

/* The pod's own cpu.stat knows nothing of it. */
TEST(nor_is_one_whose_container_is_throttled_or_cannot_be_looked_at)
{
	struct ladder_case w;

	ladder_case_init(&w);
	ladder_case_run(&w, 10,
			(struct ladder_second){.web = 1000, .wait = 500, .hog = 3000, .inner = 2});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	ladder_case_run(
		&w, 10,
		(struct ladder_second){.web = 1000, .wait = 500, .hog = 3000, .unseen = true});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	ladder_case_run(&w, 3, (struct ladder_second){.web = 1000, .wait = 500, .hog = 3000});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
	fake_free(&w.f);
}

/* The histories are made with the first second. */
static void is_usual(struct ladder_case *w, uint16_t median, uint16_t sigma)
{
	struct pod_usual *usual = &w->f.samples.pods[w->web->slot]->usual;

	usual->median_permille[RESOURCE_CPU] = median;
	usual->sigma_permille[RESOURCE_CPU] = sigma;
}

TEST(a_wait_that_is_usual_squeezes_nobody_and_more_than_that_does)
{
	struct ladder_case w;

	ladder_case_init(&w);
	ladder_case_run(&w, 1, (struct ladder_second){.web = 1000, .wait = 49, .hog = 3000});
	is_usual(&w, 60, 10);
	ladder_case_run(&w, 20, (struct ladder_second){.web = 1000, .wait = 130, .hog = 3000});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	assert_int_equal(ladder_case_cpu(&w)->steps, 0);
	ladder_case_run(&w, 3, (struct ladder_second){.web = 1000, .wait = 184, .hog = 3000});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
	assert_int_equal(ladder_case_cpu(&w)->reason.observed, 100); /* 94 of 940 */
	assert_int_equal(ladder_case_cpu(&w)->reason.usual_permille, 90);
	/* Judged by the same: 63 more than usual where it was 100 is better, 150 where 100 was is not. */
	ladder_case_run(&w, 25, (struct ladder_second){.web = 1000, .wait = 150, .hog = 1600});
	assert_int_equal(ladder_case_cpu(&w)->efficacy.n_marks, 0);
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
	ladder_case_run(&w, 30, (struct ladder_second){.web = 1000, .wait = 130, .hog = 1600});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	fake_free(&w.f);
}

TEST(offline_work_that_waits_squeezes_nobody)
{
	struct ladder_case w;

	ladder_case_init(&w);
	/* the hog's own some is as high as its use, the online pods wait for nothing */
	ladder_case_run(&w, 10, (struct ladder_second){.web = 3000, .wait = 0, .hog = 1000});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	fake_free(&w.f);
}

TEST(the_agent_squeezes_nobody_for_its_own_sake)
{
	struct ladder_case w;

	ladder_case_init(&w);
	w.web->cgroup->name = "colod.service";
	ladder_case_run(&w, 10, (struct ladder_second){.web = 1000, .wait = 900, .hog = 3000});
	assert_int_equal(ladder_case_cpu(&w)->steps, 0);
	w.web->cgroup->name = "kubelet.service";
	ladder_case_run(&w, 10, (struct ladder_second){.web = 1000, .wait = 900, .hog = 3000});
	assert_int_equal(ladder_case_cpu(&w)->steps, 1);
	fake_free(&w.f);
}

TEST(offline_work_at_its_floor_is_not_squeezed)
{
	struct ladder_case w;

	ladder_case_init(&w);
	ladder_case_run(&w, 10, (struct ladder_second){.web = 3900, .wait = 500, .hog = 80});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	ladder_case_run(&w, 3, (struct ladder_second){.web = 3800, .wait = 500, .hog = 120});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli, 80);
	assert_int_equal(ladder_case_cpu(&w)->reason.code, REASON_SQUEEZE_FLOOR);
	fake_free(&w.f);
}

TEST(kernels_that_throttle_a_whole_run_queue_have_a_higher_floor)
{
	static const char *const old[] = {"6.1.0-49-amd64", "6.12.94+deb13-amd64", "6.17.0",
					  "unknown"};
	struct ladder_case w;

	for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
		ladder_case_init(&w);
		strcpy(w.f.model.node.kernel, old[i]);
		ladder_case_run(&w, 3,
				(struct ladder_second){.web = 2600, .wait = 500, .hog = 1400});
		assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli,
				 1000); /* min(1 CPU, 25 % of 4) */
		fake_free(&w.f);
	}
	ladder_case_init(&w);
	strcpy(w.f.model.node.kernel, "6.18.0");
	ladder_case_run(&w, 3, (struct ladder_second){.web = 2600, .wait = 500, .hog = 1400});
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli, 80);
	fake_free(&w.f);
}

TEST(while_somebody_waits_the_quota_only_falls)
{
	struct ladder_case w;
	uint64_t before;

	ladder_case_init(&w);
	ladder_case_run(&w, 3, (struct ladder_second){.web = 1000, .wait = 200, .hog = 3000});
	before = ladder_case_cpu(&w)->quota_cpu_milli;
	assert_int_equal(before, 1600);
	ladder_case_run(&w, 3, (struct ladder_second){.web = 1500, .wait = 200, .hog = 1600});
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli, 1100);
	ladder_case_run(&w, 10, (struct ladder_second){.web = 500, .wait = 200, .hog = 1100});
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli, 1100);
	assert_int_equal(ladder_case_cpu(&w)->steps, 1);
	fake_free(&w.f);
}

TEST(without_pressure_the_quota_grows_by_a_twentieth_of_the_node_a_second_up_to_the_target)
{
	struct ladder_case w;

	ladder_case_init(&w);
	ladder_case_run(&w, 3, (struct ladder_second){.web = 2400, .wait = 200, .hog = 1600});
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli, 200);
	/* the last two waiting seconds leave the window first */
	ladder_case_run(&w, 2, (struct ladder_second){.web = 2000, .wait = 0, .hog = 200});
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli, 400);
	ladder_case_run(&w, 1, (struct ladder_second){.web = 2000, .wait = 0, .hog = 400});
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli, 600);
	ladder_case_run(&w, 3, (struct ladder_second){.web = 2000, .wait = 0, .hog = 600});
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli, 600); /* 2600 - 2000 */
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
	assert_int_equal(ladder_case_cpu(&w)->reason.extra, 150);
	fake_free(&w.f);
}

TEST(calm_takes_the_quota_away_from_a_hog_that_uses_all_of_it)
{
	struct ladder_case w;
	int seconds = 0;

	ladder_case_init(&w);
	ladder_case_run(&w, 3, (struct ladder_second){.web = 2000, .wait = 200, .hog = 2000});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
	while (ladder_case_cpu(&w)->rung == RUNG_SQUEEZE && seconds < 60) {
		ladder_case_run(
			&w, 1, (struct ladder_second){.hog = ladder_case_cpu(&w)->quota_cpu_milli});
		seconds++;
	}
	/* 10 s of peace (and the window before it), then past the target to the whole node */
	assert_in_range(seconds, 11, 25);
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli, 0);
	assert_int_equal(ladder_case_cpu(&w)->steps, 2);
	assert_int_equal(ladder_case_cpu(&w)->reason.code, REASON_RELEASED);
	assert_true(ladder_case_cpu(&w)->reason.for_us >= 10 * SECOND);
	fake_free(&w.f);
}

TEST(a_hold_that_limits_nothing_is_lifted_after_ten_seconds)
{
	struct ladder_case w;
	int seconds = 0;

	ladder_case_init(&w);
	ladder_case_run(&w, 3, (struct ladder_second){.web = 2000, .wait = 200, .hog = 2000});
	while (ladder_case_cpu(&w)->rung == RUNG_SQUEEZE && seconds < 60) {
		ladder_case_run(&w, 1, (struct ladder_second){.hog = 100});
		seconds++;
	}
	assert_in_range(seconds, 10, 12);
	fake_free(&w.f);
}

/* The use of a window says nothing of a quota that was raised at its end. */
TEST(a_small_quota_that_is_used_up_grows_and_is_not_dropped_at_its_first_growth)
{
	struct ladder_case w;
	int seconds = 0;

	ladder_case_init(&w);
	ladder_case_run(&w, 3, (struct ladder_second){.web = 2400, .wait = 200, .hog = 1600});
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli, 200);
	while (ladder_case_cpu(&w)->rung == RUNG_SQUEEZE && seconds < 60) {
		ladder_case_run(&w, 1,
				(struct ladder_second){
					.web = 2400, .hog = ladder_case_cpu(&w)->quota_cpu_milli});
		assert_true(ladder_case_cpu(&w)->rung == RUNG_CALM ||
			    ladder_case_cpu(&w)->quota_cpu_milli < 4000);
		seconds++;
	}
	/* 11 s at the target, then a twentieth a second from 200 to 4000 */
	assert_in_range(seconds, 28, 32);
	fake_free(&w.f);
}

TEST(a_short_pause_does_not_lift_the_hold)
{
	struct ladder_case w;

	ladder_case_init(&w);
	ladder_case_run(&w, 3, (struct ladder_second){.web = 2000, .wait = 200, .hog = 2000});
	for (int i = 0; i < 10; i++) {
		ladder_case_run(&w, 8, (struct ladder_second){.web = 2000, .wait = 0, .hog = 600});
		assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
		ladder_case_run(&w, 2,
				(struct ladder_second){.web = 2000, .wait = 200, .hog = 600});
	}
	assert_int_equal(ladder_case_cpu(&w)->steps, 1);
	fake_free(&w.f);
}

TEST(without_a_pod_that_may_be_held_the_ladder_is_calm_at_once)
{
	struct ladder_case w;

	ladder_case_init(&w);
	ladder_case_run(&w, 3, (struct ladder_second){.web = 2000, .wait = 200, .hog = 2000});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
	fake_waiting(&w.f, w.hog);
	ladder_case_run(&w, 1, (struct ladder_second){.web = 2000, .wait = 200, .hog = 2000});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	fake_level(&w.f, w.hog, LEVEL_P7);
	w.f.plan.assignments[w.hog->slot].may_hold = false;
	ladder_case_run(&w, 5, (struct ladder_second){.web = 2000, .wait = 200, .hog = 2000});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	fake_free(&w.f);
}

TEST(no_rule_no_capability_no_squeeze_no_step)
{
	const struct ladder_second storm = {.web = 2000, .wait = 900, .hog = 2000};
	struct ladder_case w;

	ladder_case_init(&w);
	w.f.policy.pressure_cpu.on = false;
	ladder_case_run(&w, 5, storm);
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	w.f.policy.pressure_cpu.on = true;
	w.f.model.capabilities &= ~(1u << CAPABILITY_CPU_MAX);
	ladder_case_run(&w, 5, storm);
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	w.f.model.capabilities |= 1u << CAPABILITY_CPU_MAX;
	w.f.policy.levels[LEVEL_P7].cpu.squeeze = false;
	ladder_case_run(&w, 5, storm);
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	w.f.policy.levels[LEVEL_P7].cpu.squeeze = true;
	ladder_case_run(&w, 1, storm);
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
	fake_free(&w.f);
}

TEST(numbers_that_were_not_measured_move_nothing)
{
	struct ladder_case w;

	ladder_case_init(&w);
	for (int i = 0; i < SAMPLE_RING; i++)
		w.f.samples.node.ring[i].valid = 0;
	w.f.samples.node.count = 0; /* the node's use is not known */
	w.now_us += 2 * SECOND;
	fake_sample(&w.f, w.web, w.now_us, 2 * SECOND, SECOND);
	fake_sample(&w.f, w.hog, w.now_us, 2 * SECOND, 0);
	ladder_case_step(&w);
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	fake_free(&w.f);

	ladder_case_init(&w);
	ladder_case_run(&w, 2, (struct ladder_second){.web = 2000, .wait = 0, .hog = 2000});
	/* a pod's samples stopped long ago, in the middle of a wait */
	w.now_us += SECOND;
	fake_sample(&w.f, w.web, w.now_us, 5 * SECOND, 2 * SECOND);
	w.now_us += 60 * SECOND;
	fake_sample(&w.f, w.hog, w.now_us, 120 * SECOND, 0);
	fake_sample_node(&w.f, w.now_us, 200 * SECOND);
	ladder_case_step(&w);
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	fake_free(&w.f);
}

TEST(the_pod_that_waits_longest_is_named)
{
	struct ladder_case w;

	ladder_case_init(&w);
	ladder_case_run(&w, 1, (struct ladder_second){.web = 1000, .wait = 100, .hog = 2000});
	w.now_us += SECOND;
	fake_sample(&w.f, w.web, w.now_us, 2 * SECOND, SECOND / 5);
	fake_sample(&w.f, w.db, w.now_us, 0, SECOND);
	fake_sample(&w.f, w.hog, w.now_us, 4 * SECOND, 0);
	fake_sample_node(&w.f, w.now_us, 8 * SECOND);
	ladder_case_step(&w);
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
	assert_string_equal(ladder_case_cpu(&w)->reason.who, w.db->name);
	assert_int_equal(ladder_case_cpu(&w)->reason.observed, 500);
	fake_free(&w.f);
}

TEST(a_gap_is_calm_and_what_was_seen_before_it_counts_no_more)
{
	struct ladder_case w;

	ladder_case_init(&w);
	ladder_case_run(&w, 3, (struct ladder_second){.web = 1000, .wait = 200, .hog = 2000});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
	ladder_reset(ladder_case_cpu(&w), w.now_us + 60 * SECOND, 60 * SECOND);
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	assert_int_equal(ladder_case_cpu(&w)->quota_cpu_milli, 0);
	assert_int_equal(ladder_case_cpu(&w)->pressure_us, 0);
	assert_int_equal(ladder_case_cpu(&w)->steps, 2);
	assert_int_equal(ladder_case_cpu(&w)->reason.for_us, 60 * SECOND);
	ladder_reset(ladder_case_cpu(&w), w.now_us + 90 * SECOND, 30 * SECOND);
	assert_int_equal(ladder_case_cpu(&w)->steps, 2);
	fake_free(&w.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			with_nobody_waiting_offline_work_gets_the_node_and_no_step_is_taken),
		cmocka_unit_test(
			an_online_pod_that_waits_squeezes_offline_work_to_what_the_target_leaves),
		cmocka_unit_test(a_wait_under_the_threshold_moves_nothing_and_one_past_it_at_once),
		cmocka_unit_test(a_pod_that_throttles_itself_is_not_an_offline_pods_fault),
		cmocka_unit_test(nor_is_one_whose_container_is_throttled_or_cannot_be_looked_at),
		cmocka_unit_test(a_wait_that_is_usual_squeezes_nobody_and_more_than_that_does),
		cmocka_unit_test(offline_work_that_waits_squeezes_nobody),
		cmocka_unit_test(the_agent_squeezes_nobody_for_its_own_sake),
		cmocka_unit_test(offline_work_at_its_floor_is_not_squeezed),
		cmocka_unit_test(kernels_that_throttle_a_whole_run_queue_have_a_higher_floor),
		cmocka_unit_test(while_somebody_waits_the_quota_only_falls),
		cmocka_unit_test(
			without_pressure_the_quota_grows_by_a_twentieth_of_the_node_a_second_up_to_the_target),
		cmocka_unit_test(calm_takes_the_quota_away_from_a_hog_that_uses_all_of_it),
		cmocka_unit_test(a_hold_that_limits_nothing_is_lifted_after_ten_seconds),
		cmocka_unit_test(
			a_small_quota_that_is_used_up_grows_and_is_not_dropped_at_its_first_growth),
		cmocka_unit_test(a_short_pause_does_not_lift_the_hold),
		cmocka_unit_test(without_a_pod_that_may_be_held_the_ladder_is_calm_at_once),
		cmocka_unit_test(no_rule_no_capability_no_squeeze_no_step),
		cmocka_unit_test(numbers_that_were_not_measured_move_nothing),
		cmocka_unit_test(the_pod_that_waits_longest_is_named),
		cmocka_unit_test(a_gap_is_calm_and_what_was_seen_before_it_counts_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
