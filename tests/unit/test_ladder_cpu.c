// SPDX-License-Identifier: LGPL-2.1-or-later
// The CPU ladder over time, second by second: who must wait for it to move, how far it goes, and
// how it comes back.
#include "policy/ladder_cpu.h"

#include "policy/decide.h"
#include "policy/ladder.h"
#include "tests/lib/fake.h"
#include "tests/lib/fake_topology.h"
#include "tests/lib/test.h"

#define SECOND 1000000
#define WEB "kubepods.slice/kubepods-podweb.slice"
#define DB "kubepods.slice/kubepods-poddb.slice"
#define HOG "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podhog.slice"

/* What happens in one second: CPU use in thousandths of a CPU, wait in permille. */
struct second {
	uint64_t web, wait, hog, system;
	uint64_t throttled; /* of 10 periods of web */
	uint64_t inner;	    /* the same, of a quota that a container of it has */
	bool unseen;	    /* that quota cannot be looked at */
};

struct world {
	struct fake f;
	struct pod *web, *db, *hog;
	int64_t now_us;
	uint64_t web_us, wait_us, hog_us, busy_us, periods, throttled, inner;
	uint64_t db_milli, db_us;
	bool unseen;
};

static void sample(struct world *w)
{
	struct pod_history *history;
	struct pod_sample *last;

	fake_sample_throttled(&w->f, w->web, w->now_us, w->web_us, w->wait_us, w->periods,
			      w->throttled);
	history = w->f.samples.pods[w->web->slot];
	last = &history->ring[(history->head + SAMPLE_RING - 1) % SAMPLE_RING];
	last->inner_periods = w->periods;
	last->inner_throttled = w->inner;
	last->valid |= w->unseen ? SAMPLE_QUOTA_UNSEEN : 0;
	fake_sample(&w->f, w->db, w->now_us, w->db_us, 0);
	fake_sample(&w->f, w->hog, w->now_us, w->hog_us, w->hog_us);
	fake_sample_node(&w->f, w->now_us, w->busy_us);
}

/* 4 CPUs: target 2600, policy floor 80, floor of an old kernel 1000. */
static void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	fake_init(&w->f);
	w->web = fake_pod(&w->f, WEB, QOS_GUARANTEED);
	w->db = fake_pod(&w->f, DB, QOS_GUARANTEED);
	w->hog = fake_pod(&w->f, HOG, QOS_BESTEFFORT);
	fake_level(&w->f, w->web, LEVEL_P0);
	fake_level(&w->f, w->db, LEVEL_P0);
	fake_level(&w->f, w->hog, LEVEL_P7);
	strcpy(w->f.model.node.kernel, "7.3.4-cloud-amd64");
	w->now_us = 100 * SECOND;
	sample(w);
}

static struct ladder *cpu(struct world *w)
{
	return &w->f.ladders.of[RESOURCE_CPU];
}

static void step(struct world *w)
{
	ladder_cpu_step(cpu(w), &w->f.model, &w->f.samples, &w->f.policy, &w->f.plan, w->now_us);
}

static void run(struct world *w, int seconds, struct second s)
{
	for (int i = 0; i < seconds; i++) {
		w->now_us += SECOND;
		w->web_us += s.web * 1000;
		w->wait_us += s.wait * 1000;
		w->hog_us += s.hog * 1000;
		w->db_us += w->db_milli * 1000;
		w->busy_us += (s.web + s.hog + s.system + w->db_milli) * 1000;
		w->periods += 10;
		w->throttled += s.throttled;
		w->inner += s.inner;
		w->unseen = s.unseen;
		sample(w);
		step(w);
	}
}

TEST(with_nobody_waiting_offline_work_gets_the_node_and_no_step_is_taken)
{
	struct world w;

	world_init(&w);
	run(&w, 30, (struct second){.web = 0, .wait = 0, .hog = 4000});
	assert_int_equal(cpu(&w)->rung, RUNG_CALM);
	assert_int_equal(cpu(&w)->steps, 0);
	assert_int_equal(cpu(&w)->quota_cpu_milli, 0);
	fake_free(&w.f);
}

TEST(an_online_pod_that_waits_squeezes_offline_work_to_what_the_target_leaves)
{
	struct world w;

	world_init(&w);
	run(&w, 3, (struct second){.web = 1200, .wait = 124, .hog = 2600, .system = 200});
	assert_int_equal(cpu(&w)->rung, RUNG_SQUEEZE);
	assert_int_equal(cpu(&w)->steps, 1);
	assert_int_equal(cpu(&w)->quota_cpu_milli, 2600 - 1200 - 200);
	assert_int_equal(cpu(&w)->reason.code, REASON_SQUEEZE);
	assert_string_equal(cpu(&w)->reason.who, w.web->name);
	assert_int_equal(cpu(&w)->reason.observed, 124);
	assert_int_equal(cpu(&w)->reason.limit, 50);
	assert_int_equal(cpu(&w)->reason.for_us, 2 * SECOND);
	assert_int_equal(cpu(&w)->reason.extra, 300); /* 1200 of 4000 */
	fake_free(&w.f);
}

/* 5 % of two seconds are 100 ms, and may be over before the window is. */
TEST(a_wait_under_the_threshold_moves_nothing_and_one_past_it_at_once)
{
	struct world w;

	world_init(&w);
	run(&w, 1, (struct second){.web = 1000, .wait = 99, .hog = 3000});
	assert_int_equal(cpu(&w)->rung, RUNG_CALM);
	fake_free(&w.f);
	world_init(&w);
	run(&w, 1, (struct second){.web = 1000, .wait = 100, .hog = 3000});
	assert_int_equal(cpu(&w)->rung, RUNG_SQUEEZE);
	assert_int_equal(cpu(&w)->reason.observed, 50);
	assert_int_equal(cpu(&w)->reason.for_us, 2 * SECOND);
	fake_free(&w.f);
	world_init(&w);
	run(&w, 20, (struct second){.web = 1000, .wait = 49, .hog = 3000});
	assert_int_equal(cpu(&w)->rung, RUNG_CALM);
	run(&w, 3, (struct second){.web = 1000, .wait = 50, .hog = 3000});
	assert_int_equal(cpu(&w)->rung, RUNG_SQUEEZE);
	fake_free(&w.f);
}

TEST(a_pod_that_throttles_itself_is_not_an_offline_pods_fault)
{
	struct world w;

	world_init(&w);
	run(&w, 10, (struct second){.web = 1000, .wait = 500, .hog = 3000, .throttled = 1});
	assert_int_equal(cpu(&w)->rung, RUNG_CALM);
	run(&w, 3, (struct second){.web = 1000, .wait = 500, .hog = 3000, .throttled = 0});
	assert_int_equal(cpu(&w)->rung, RUNG_SQUEEZE);
	fake_free(&w.f);
}

/* The pod's own cpu.stat knows nothing of it. */
TEST(nor_is_one_whose_container_is_throttled_or_cannot_be_looked_at)
{
	struct world w;

	world_init(&w);
	run(&w, 10, (struct second){.web = 1000, .wait = 500, .hog = 3000, .inner = 2});
	assert_int_equal(cpu(&w)->rung, RUNG_CALM);
	run(&w, 10, (struct second){.web = 1000, .wait = 500, .hog = 3000, .unseen = true});
	assert_int_equal(cpu(&w)->rung, RUNG_CALM);
	run(&w, 3, (struct second){.web = 1000, .wait = 500, .hog = 3000});
	assert_int_equal(cpu(&w)->rung, RUNG_SQUEEZE);
	fake_free(&w.f);
}

TEST(offline_work_that_waits_squeezes_nobody)
{
	struct world w;

	world_init(&w);
	/* the hog's own some is as high as its use, the online pods wait for nothing */
	run(&w, 10, (struct second){.web = 3000, .wait = 0, .hog = 1000});
	assert_int_equal(cpu(&w)->rung, RUNG_CALM);
	fake_free(&w.f);
}

TEST(the_agent_squeezes_nobody_for_its_own_sake)
{
	struct world w;

	world_init(&w);
	w.web->cgroup->name = "colod.service";
	run(&w, 10, (struct second){.web = 1000, .wait = 900, .hog = 3000});
	assert_int_equal(cpu(&w)->steps, 0);
	w.web->cgroup->name = "kubelet.service";
	run(&w, 10, (struct second){.web = 1000, .wait = 900, .hog = 3000});
	assert_int_equal(cpu(&w)->steps, 1);
	fake_free(&w.f);
}

TEST(offline_work_at_its_floor_is_not_squeezed)
{
	struct world w;

	world_init(&w);
	run(&w, 10, (struct second){.web = 3900, .wait = 500, .hog = 80});
	assert_int_equal(cpu(&w)->rung, RUNG_CALM);
	run(&w, 3, (struct second){.web = 3800, .wait = 500, .hog = 120});
	assert_int_equal(cpu(&w)->rung, RUNG_SQUEEZE);
	assert_int_equal(cpu(&w)->quota_cpu_milli, 80);
	assert_int_equal(cpu(&w)->reason.code, REASON_SQUEEZE_FLOOR);
	fake_free(&w.f);
}

TEST(kernels_that_throttle_a_whole_run_queue_have_a_higher_floor)
{
	static const char *const old[] = {"6.1.0-49-amd64", "6.12.94+deb13-amd64", "6.17.0",
					  "unknown"};
	struct world w;

	for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
		world_init(&w);
		strcpy(w.f.model.node.kernel, old[i]);
		run(&w, 3, (struct second){.web = 2600, .wait = 500, .hog = 1400});
		assert_int_equal(cpu(&w)->quota_cpu_milli, 1000); /* min(1 CPU, 25 % of 4) */
		fake_free(&w.f);
	}
	world_init(&w);
	strcpy(w.f.model.node.kernel, "6.18.0");
	run(&w, 3, (struct second){.web = 2600, .wait = 500, .hog = 1400});
	assert_int_equal(cpu(&w)->quota_cpu_milli, 80);
	fake_free(&w.f);
}

/* 8 CPUs; AllowedCPUs=0-1 on besteffort leaves the hog two of them. */
static void bound_hog(struct world *w)
{
	fake_topology_plain(&w->f.model.node, 8);
	fake_cpus(w->hog->cgroup->parent, KNOB_CPUSET_CPUS, "0-1");
}

TEST(where_offline_work_may_use_few_cpus_the_quota_is_worked_out_for_those)
{
	struct world w;

	world_init(&w);
	bound_hog(&w);
	/* 65 % of two CPUs, less a quarter of what the others use on eight. */
	run(&w, 3, (struct second){.web = 2000, .wait = 124, .hog = 2000, .system = 400});
	assert_int_equal(cpu(&w)->rung, RUNG_SQUEEZE);
	assert_int_equal(cpu(&w)->quota_cpu_milli, 1300 - 500 - 100);
	assert_int_equal(cpu(&w)->reason.extra, 87); /* 700 of 8000 */
	/* A twentieth of the two a second; lifted at both, not at eight. */
	run(&w, 5, (struct second){.web = 0, .wait = 0, .hog = 700});
	assert_int_equal(cpu(&w)->quota_cpu_milli, 700 + 4 * 100);
	run(&w, 25, (struct second){.web = 0, .wait = 0, .hog = 2000});
	assert_int_equal(cpu(&w)->rung, RUNG_CALM);
	fake_free(&w.f);
}

TEST(the_floor_is_one_of_the_cpus_that_offline_work_may_use)
{
	struct world w;

	world_init(&w);
	bound_hog(&w);
	strcpy(w.f.model.node.kernel, "6.12.94+deb13-amd64");
	run(&w, 3, (struct second){.web = 6000, .wait = 500, .hog = 1400});
	assert_int_equal(cpu(&w)->rung, RUNG_SQUEEZE);
	assert_int_equal(cpu(&w)->quota_cpu_milli, 500); /* 25 % of two; 1 CPU of eight */
	fake_free(&w.f);
}

TEST(cpus_that_go_offline_shrink_a_hold_at_the_next_look)
{
	struct second s = {.web = 300, .wait = 124, .hog = 1500};
	struct world w;

	world_init(&w);
	fake_topology_plain(&w.f.model.node, 4);
	run(&w, 3, s);
	assert_int_equal(cpu(&w)->quota_cpu_milli, 2600 - 300);
	fake_topology_offline(&w.f.model.node, 2);
	fake_topology_offline(&w.f.model.node, 3);
	run(&w, 1, s);
	assert_int_equal(cpu(&w)->quota_cpu_milli, 1300 - 300);
	assert_int_equal(cpu(&w)->reason.extra, 500); /* of the two that are left */
	fake_free(&w.f);
}

TEST(who_is_on_cpus_of_its_own_is_no_reason_to_squeeze_and_its_use_does_not_count)
{
	struct second s = {.web = 2000, .wait = 124, .hog = 5000};
	struct world w;

	world_init(&w);
	fake_topology_plain(&w.f.model.node, 8);
	fake_cpus(w.web->cgroup, KNOB_CPUSET_CPUS, "6-7");
	fake_cpus(w.hog->cgroup->parent, KNOB_CPUSET_CPUS, "0-5");
	run(&w, 5, s);
	assert_int_equal(cpu(&w)->rung, RUNG_CALM);
	assert_int_equal(cpu(&w)->steps, 0);
	/* On one of the CPUs that the hog may use: half of what it uses is there. */
	fake_cpus(w.web->cgroup, KNOB_CPUSET_CPUS, "5-6");
	run(&w, 1, s);
	assert_int_equal(cpu(&w)->rung, RUNG_SQUEEZE);
	assert_int_equal(cpu(&w)->quota_cpu_milli, 3900 - 1000);
	/* db, on CPUs of its own, is not counted, though it uses all of them. */
	fake_cpus(w.db->cgroup, KNOB_CPUSET_CPUS, "6-7");
	w.db_milli = 2000;
	run(&w, 4, s);
	assert_int_equal(cpu(&w)->quota_cpu_milli, 3900 - 1000);
	fake_free(&w.f);
}

TEST(while_somebody_waits_the_quota_only_falls)
{
	struct world w;
	uint64_t before;

	world_init(&w);
	run(&w, 3, (struct second){.web = 1000, .wait = 200, .hog = 3000});
	before = cpu(&w)->quota_cpu_milli;
	assert_int_equal(before, 1600);
	run(&w, 3, (struct second){.web = 1500, .wait = 200, .hog = 1600});
	assert_int_equal(cpu(&w)->quota_cpu_milli, 1100);
	run(&w, 10, (struct second){.web = 500, .wait = 200, .hog = 1100});
	assert_int_equal(cpu(&w)->quota_cpu_milli, 1100);
	assert_int_equal(cpu(&w)->steps, 1);
	fake_free(&w.f);
}

TEST(without_pressure_the_quota_grows_by_a_twentieth_of_the_node_a_second_up_to_the_target)
{
	struct world w;

	world_init(&w);
	run(&w, 3, (struct second){.web = 2400, .wait = 200, .hog = 1600});
	assert_int_equal(cpu(&w)->quota_cpu_milli, 200);
	/* the last two waiting seconds leave the window first */
	run(&w, 2, (struct second){.web = 2000, .wait = 0, .hog = 200});
	assert_int_equal(cpu(&w)->quota_cpu_milli, 400);
	run(&w, 1, (struct second){.web = 2000, .wait = 0, .hog = 400});
	assert_int_equal(cpu(&w)->quota_cpu_milli, 600);
	run(&w, 3, (struct second){.web = 2000, .wait = 0, .hog = 600});
	assert_int_equal(cpu(&w)->quota_cpu_milli, 600); /* 2600 - 2000 */
	assert_int_equal(cpu(&w)->rung, RUNG_SQUEEZE);
	assert_int_equal(cpu(&w)->reason.extra, 150);
	fake_free(&w.f);
}

TEST(calm_takes_the_quota_away_from_a_hog_that_uses_all_of_it)
{
	struct world w;
	int seconds = 0;

	world_init(&w);
	run(&w, 3, (struct second){.web = 2000, .wait = 200, .hog = 2000});
	assert_int_equal(cpu(&w)->rung, RUNG_SQUEEZE);
	while (cpu(&w)->rung == RUNG_SQUEEZE && seconds < 60) {
		run(&w, 1, (struct second){.hog = cpu(&w)->quota_cpu_milli});
		seconds++;
	}
	/* 10 s of peace (and the window before it), then past the target to the whole node */
	assert_in_range(seconds, 11, 25);
	assert_int_equal(cpu(&w)->quota_cpu_milli, 0);
	assert_int_equal(cpu(&w)->steps, 2);
	assert_int_equal(cpu(&w)->reason.code, REASON_RELEASED);
	assert_true(cpu(&w)->reason.for_us >= 10 * SECOND);
	fake_free(&w.f);
}

TEST(a_hold_that_limits_nothing_is_lifted_after_ten_seconds)
{
	struct world w;
	int seconds = 0;

	world_init(&w);
	run(&w, 3, (struct second){.web = 2000, .wait = 200, .hog = 2000});
	while (cpu(&w)->rung == RUNG_SQUEEZE && seconds < 60) {
		run(&w, 1, (struct second){.hog = 100});
		seconds++;
	}
	assert_in_range(seconds, 10, 12);
	fake_free(&w.f);
}

/* The use of a window says nothing of a quota that was raised at its end. */
TEST(a_small_quota_that_is_used_up_grows_and_is_not_dropped_at_its_first_growth)
{
	struct world w;
	int seconds = 0;

	world_init(&w);
	run(&w, 3, (struct second){.web = 2400, .wait = 200, .hog = 1600});
	assert_int_equal(cpu(&w)->quota_cpu_milli, 200);
	while (cpu(&w)->rung == RUNG_SQUEEZE && seconds < 60) {
		run(&w, 1, (struct second){.web = 2400, .hog = cpu(&w)->quota_cpu_milli});
		assert_true(cpu(&w)->rung == RUNG_CALM || cpu(&w)->quota_cpu_milli < 4000);
		seconds++;
	}
	/* 11 s at the target, then a twentieth a second from 200 to 4000 */
	assert_in_range(seconds, 28, 32);
	fake_free(&w.f);
}

TEST(a_short_pause_does_not_lift_the_hold)
{
	struct world w;

	world_init(&w);
	run(&w, 3, (struct second){.web = 2000, .wait = 200, .hog = 2000});
	for (int i = 0; i < 10; i++) {
		run(&w, 8, (struct second){.web = 2000, .wait = 0, .hog = 600});
		assert_int_equal(cpu(&w)->rung, RUNG_SQUEEZE);
		run(&w, 2, (struct second){.web = 2000, .wait = 200, .hog = 600});
	}
	assert_int_equal(cpu(&w)->steps, 1);
	fake_free(&w.f);
}

TEST(without_a_pod_that_may_be_held_the_ladder_is_calm_at_once)
{
	struct world w;

	world_init(&w);
	run(&w, 3, (struct second){.web = 2000, .wait = 200, .hog = 2000});
	assert_int_equal(cpu(&w)->rung, RUNG_SQUEEZE);
	fake_waiting(&w.f, w.hog);
	run(&w, 1, (struct second){.web = 2000, .wait = 200, .hog = 2000});
	assert_int_equal(cpu(&w)->rung, RUNG_CALM);
	fake_level(&w.f, w.hog, LEVEL_P7);
	w.f.plan.assignments[w.hog->slot].may_hold = false;
	run(&w, 5, (struct second){.web = 2000, .wait = 200, .hog = 2000});
	assert_int_equal(cpu(&w)->rung, RUNG_CALM);
	fake_free(&w.f);
}

TEST(no_rule_no_capability_no_squeeze_no_step)
{
	const struct second storm = {.web = 2000, .wait = 900, .hog = 2000};
	struct world w;

	world_init(&w);
	w.f.policy.pressure_cpu.on = false;
	run(&w, 5, storm);
	assert_int_equal(cpu(&w)->rung, RUNG_CALM);
	w.f.policy.pressure_cpu.on = true;
	w.f.model.capabilities &= ~(1u << CAPABILITY_CPU_MAX);
	run(&w, 5, storm);
	assert_int_equal(cpu(&w)->rung, RUNG_CALM);
	w.f.model.capabilities |= 1u << CAPABILITY_CPU_MAX;
	w.f.policy.levels[LEVEL_P7].cpu.squeeze = false;
	run(&w, 5, storm);
	assert_int_equal(cpu(&w)->rung, RUNG_CALM);
	w.f.policy.levels[LEVEL_P7].cpu.squeeze = true;
	run(&w, 1, storm);
	assert_int_equal(cpu(&w)->rung, RUNG_SQUEEZE);
	fake_free(&w.f);
}

TEST(numbers_that_were_not_measured_move_nothing)
{
	struct world w;

	world_init(&w);
	for (int i = 0; i < SAMPLE_RING; i++)
		w.f.samples.node.ring[i].valid = 0;
	w.f.samples.node.count = 0; /* the node's use is not known */
	w.now_us += 2 * SECOND;
	fake_sample(&w.f, w.web, w.now_us, 2 * SECOND, SECOND);
	fake_sample(&w.f, w.hog, w.now_us, 2 * SECOND, 0);
	step(&w);
	assert_int_equal(cpu(&w)->rung, RUNG_CALM);
	fake_free(&w.f);

	world_init(&w);
	run(&w, 2, (struct second){.web = 2000, .wait = 0, .hog = 2000});
	/* a pod's samples stopped long ago, in the middle of a wait */
	w.now_us += SECOND;
	fake_sample(&w.f, w.web, w.now_us, 5 * SECOND, 2 * SECOND);
	w.now_us += 60 * SECOND;
	fake_sample(&w.f, w.hog, w.now_us, 120 * SECOND, 0);
	fake_sample_node(&w.f, w.now_us, 200 * SECOND);
	step(&w);
	assert_int_equal(cpu(&w)->rung, RUNG_CALM);
	fake_free(&w.f);
}

TEST(the_pod_that_waits_longest_is_named)
{
	struct world w;

	world_init(&w);
	run(&w, 1, (struct second){.web = 1000, .wait = 100, .hog = 2000});
	w.now_us += SECOND;
	fake_sample(&w.f, w.web, w.now_us, 2 * SECOND, SECOND / 5);
	fake_sample(&w.f, w.db, w.now_us, 0, SECOND);
	fake_sample(&w.f, w.hog, w.now_us, 4 * SECOND, 0);
	fake_sample_node(&w.f, w.now_us, 8 * SECOND);
	step(&w);
	assert_int_equal(cpu(&w)->rung, RUNG_SQUEEZE);
	assert_string_equal(cpu(&w)->reason.who, w.db->name);
	assert_int_equal(cpu(&w)->reason.observed, 500);
	fake_free(&w.f);
}

TEST(a_gap_is_calm_and_what_was_seen_before_it_counts_no_more)
{
	struct world w;

	world_init(&w);
	run(&w, 3, (struct second){.web = 1000, .wait = 200, .hog = 2000});
	assert_int_equal(cpu(&w)->rung, RUNG_SQUEEZE);
	ladder_reset(cpu(&w), w.now_us + 60 * SECOND, 60 * SECOND);
	assert_int_equal(cpu(&w)->rung, RUNG_CALM);
	assert_int_equal(cpu(&w)->quota_cpu_milli, 0);
	assert_int_equal(cpu(&w)->pressure_us, 0);
	assert_int_equal(cpu(&w)->steps, 2);
	assert_int_equal(cpu(&w)->reason.for_us, 60 * SECOND);
	ladder_reset(cpu(&w), w.now_us + 90 * SECOND, 30 * SECOND);
	assert_int_equal(cpu(&w)->steps, 2);
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
		cmocka_unit_test(offline_work_that_waits_squeezes_nobody),
		cmocka_unit_test(the_agent_squeezes_nobody_for_its_own_sake),
		cmocka_unit_test(offline_work_at_its_floor_is_not_squeezed),
		cmocka_unit_test(kernels_that_throttle_a_whole_run_queue_have_a_higher_floor),
		cmocka_unit_test(
			where_offline_work_may_use_few_cpus_the_quota_is_worked_out_for_those),
		cmocka_unit_test(the_floor_is_one_of_the_cpus_that_offline_work_may_use),
		cmocka_unit_test(cpus_that_go_offline_shrink_a_hold_at_the_next_look),
		cmocka_unit_test(
			who_is_on_cpus_of_its_own_is_no_reason_to_squeeze_and_its_use_does_not_count),
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
