// SPDX-License-Identifier: LGPL-2.1-or-later
// Whom an eviction for the CPU takes, one after another, and what is believed of its effect.
#include "policy/evict_cpu.h"
#include "policy/evict_io.h"

#include <string.h>

#include "policy/evict_choose.h"
#include "tests/lib/fake_topology.h"
#include "tests/lib/ladder_case.h"
#include "tests/lib/test.h"

#define SECOND 1000000ll
#define IDLE "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podidle.slice"
#define OTHER "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podother.slice"

static struct ladder_case w;
static struct evict e;
static struct evict_look look;
static struct evict_over over[EVICT_PENDING];
static struct pod *idle, *other;
static uint64_t idle_us, other_us, idle_milli, other_milli;

static int setup(void **state)
{
	(void)state;
	ladder_case_init(&w);
	ladder_case_in_force(&w, true);
	e = (struct evict){0};
	idle = fake_pod(&w.f, IDLE, QOS_BESTEFFORT);
	other = fake_pod(&w.f, OTHER, QOS_BESTEFFORT);
	fake_level(&w.f, idle, LEVEL_P7);
	fake_level(&w.f, other, LEVEL_P7);
	idle_us = other_us = 0;
	idle_milli = 10;
	other_milli = 200;
	strcpy(w.f.model.node.kernel, "6.12.94+deb13-amd64");
	w.f.policy.pressure_cpu.steps = 1u << ACTION_SQUEEZE_CPU | 1u << ACTION_EVICT;
	w.f.policy.evict = (struct evict_policy){
		.by = {EVICT_KUBERNETES},
		.n_by = 1,
		.grace_us = 5 * SECOND,
		.cooldown_us = 15 * SECOND,
		.per_hour = 6,
		.order = {EVICT_BY_LEVEL, EVICT_BY_OVER_REQUEST, EVICT_BY_USAGE},
		.n_order = 3,
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_free(&w.f);
	return 0;
}

/* As a pass does it. */
static enum evict_not pass(struct ladder_second s)
{
	struct evict_cpu cpu;
	struct evict_io io;
	struct evict_input in = {
		.evict = &e,
		.resource = RESOURCE_CPU,
		.ladder = ladder_case_cpu(&w),
		.model = &w.f.model,
		.samples = &w.f.samples,
		.policy = &w.f.policy,
		.plan = &w.f.plan,
		.kubernetes = true,
		.now_us = w.now_us + SECOND,
	};

	idle_us += idle_milli * 1000;
	other_us += other_milli * 1000;
	fake_sample(&w.f, idle, in.now_us, idle_us, 0);
	fake_sample(&w.f, other, in.now_us, other_us, 0);
	s.system += idle_milli + other_milli;
	ladder_case_run(&w, 1, s);
	(void)evict_pass(&e, in.model, in.samples, in.policy, in.now_us, over);
	evict_choose_look(&in, &cpu, &io);
	evict_choose_see(&e, &in);
	if (evict_choose_due(&in, &look))
		evict_choose(&in, &look);
	return look.why;
}

static enum evict_not passes(int seconds, struct ladder_second s)
{
	enum evict_not why = EVICT_NOT_RUNG;

	for (int i = 0; i < seconds && why != EVICT_NOW; i++)
		why = pass(s);
	return why;
}

static const struct ladder_second full = {.web = 2900, .wait = 300, .hog = 800, .system = 90};

static const struct pod *chosen(void)
{
	assert_int_equal(look.why, EVICT_NOW);
	return look.list.list[look.at].pod;
}

static void go_up(void)
{
	int seconds = 0;

	(void)passes(3, (struct ladder_second){.web = 1600, .wait = 300, .hog = 2000});
	while (ladder_case_cpu(&w)->rung != RUNG_EVICT && seconds++ < 60)
		assert_int_not_equal(pass(full), EVICT_NOW);
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_EVICT);
}

TEST(the_hog_goes_and_whoever_uses_next_to_nothing_is_no_candidate)
{
	go_up();
	assert_int_equal(passes(10, full), EVICT_NOW);
	assert_ptr_equal(chosen(), w.hog);
	assert_int_equal(look.list.n_candidates, 2);
	assert_int_equal(look.list.n_out[VICTIM_FREES_NOTHING], 1);
	assert_int_equal(look.list.list[0].rate, 800);
	assert_int_equal(look.list.list[0].rate_of, RESOURCE_CPU);
	assert_int_equal(look.need_rate, 100);
}

/* It has to have stood for three seconds on the rung. */
TEST(not_for_a_moment)
{
	go_up();
	assert_int_equal(look.why, EVICT_NOT_LONG);
	assert_int_equal(pass(full), EVICT_NOT_LONG);
	assert_int_equal(pass(full), EVICT_NOT_LONG);
	assert_int_equal(pass(full), EVICT_NOW);
}

TEST(nobody_goes_when_nobody_waits_or_cpus_are_left)
{
	go_up();
	(void)passes(2, full);
	for (int i = 0; i < 4; i++)
		(void)pass((struct ladder_second){.web = 2900, .wait = 0, .hog = 800});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_EVICT);
	assert_int_equal(look.why, EVICT_NOT_NEEDED);
	for (int i = 0; i < 6; i++)
		(void)pass((struct ladder_second){.web = 2000, .wait = 300, .hog = 800});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_EVICT);
	assert_int_equal(look.why, EVICT_NOT_NEEDED);
}

TEST(the_order_is_the_policys_by_what_is_used_of_the_cpu)
{
	go_up();
	assert_int_equal(passes(10, full), EVICT_NOW);
	assert_ptr_equal(chosen(), w.hog);
	/* The hog asked for most of what it uses. */
	fake_request(w.hog, 700, 1 << 28);
	fake_request(other, 1, 1 << 28);
	assert_int_equal(pass(full), EVICT_NOW);
	assert_ptr_equal(chosen(), other);
	w.f.policy.evict.order[1] = EVICT_BY_USAGE;
	assert_int_equal(pass(full), EVICT_NOW);
	assert_ptr_equal(chosen(), w.hog);
}

TEST(whom_no_hold_may_meet_is_not_evicted_for_it)
{
	w.f.policy.levels[LEVEL_P6] = w.f.policy.levels[LEVEL_P7];
	fake_level(&w.f, other, LEVEL_P6);
	go_up();
	w.f.policy.levels[LEVEL_P7].cpu.squeeze = false;
	w.f.policy.levels[LEVEL_P6].cpu.squeeze = true;
	assert_int_equal(passes(10, full), EVICT_NOW);
	assert_ptr_equal(chosen(), other);
	assert_true(look.list.n_out[VICTIM_NO_HOLD] >= 1);
}

TEST(online_unknown_and_static_pods_are_none)
{
	go_up();
	w.hog->facts_state = FACT_UNKNOWN;
	assert_int_equal(passes(10, full), EVICT_NOW);
	assert_ptr_equal(chosen(), other);
	fake_waiting(&w.f, other);
	assert_int_equal(passes(10, full), EVICT_NOT_NOBODY);
}

/* CPUs 0-1 for web, 2-3 for the hog: what the hog uses web could not. */
TEST(who_runs_elsewhere_is_no_help)
{
	fake_topology_plain(&w.f.model.node, 4);
	fake_cpus(other->cgroup, KNOB_CPUSET_CPUS, "0-1");
	fake_cpus(w.hog->cgroup, KNOB_CPUSET_CPUS, "2-3");
	fake_cpus(w.web->cgroup, KNOB_CPUSET_CPUS, "0-1");
	other_milli = 400;
	(void)passes(3, (struct ladder_second){.web = 1500, .wait = 300, .hog = 2000});
	assert_int_equal(passes(40, (struct ladder_second){.web = 1600, .wait = 300, .hog = 2000}),
			 EVICT_NOW);
	assert_ptr_equal(chosen(), other);
	assert_int_equal(look.list.n_candidates, 1);
}

static void asked_and_gone(struct pod *pod)
{
	struct evict_done done = {.token = pod->serial, .answer = EVICT_ANSWER_ACCEPTED};

	evict_asked(&e, &look.list.list[look.at], w.now_us);
	assert_true(evict_answered(&e, &done, &w.f.policy, w.now_us));
	assert_int_equal(evict_resource(evict_find(&e, pod->serial)), RESOURCE_CPU);
	pod->serial += 1000; /* another one in its place */
}

/* One, and then it is seen what came of it, before there is another. */
TEST(ten_seconds_after_it_is_gone_it_is_seen_whether_it_is_back)
{
	go_up();
	assert_int_equal(passes(10, full), EVICT_NOW);
	asked_and_gone(w.hog);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(
			pass((struct ladder_second){.web = 3500, .wait = 300, .system = 300}),
			EVICT_NOT_ENDED);
		assert_int_equal(e.pending[0].stage, EVICT_STAGE_DYING);
	}
	(void)pass((struct ladder_second){.web = 3500, .wait = 300, .system = 300});
	assert_int_equal(e.pending[0].stage, EVICT_STAGE_NONE);
	assert_int_equal(over[0].end, EVICT_END_GONE);
	assert_in_range(over[0].pending.freed_rate, 790, 810);
	assert_false(over[0].poor);
	assert_int_equal(e.poor[RESOURCE_CPU], 0);
	/* Another one has to be a need of three seconds more. */
	assert_int_equal(look.why, EVICT_NOT_LONG);
}

/* What no container runtime or systemd owns leaves an empty cgroup behind. */
TEST(a_cgroup_without_processes_is_gone)
{
	struct evict_done done = {.answer = EVICT_ANSWER_ACCEPTED};

	go_up();
	assert_int_equal(passes(10, full), EVICT_NOW);
	done.token = w.hog->serial;
	evict_asked(&e, &look.list.list[look.at], w.now_us);
	assert_true(evict_answered(&e, &done, &w.f.policy, w.now_us));
	w.hog->cgroup->populated = false;
	(void)passes(11, (struct ladder_second){.web = 3500, .wait = 300, .system = 300});
	assert_int_equal(e.pending[0].stage, EVICT_STAGE_NONE);
	assert_int_equal(over[0].end, EVICT_END_GONE);
	assert_false(over[0].poor);
}

/* That it is empty may be noticed half a minute later. */
TEST(so_is_one_that_uses_nothing_any_more)
{
	struct evict_done done = {.answer = EVICT_ANSWER_ACCEPTED};

	go_up();
	assert_int_equal(passes(10, full), EVICT_NOW);
	done.token = w.hog->serial;
	evict_asked(&e, &look.list.list[look.at], w.now_us);
	assert_true(evict_answered(&e, &done, &w.f.policy, w.now_us));
	w.f.policy.evict.grace_us = 60 * SECOND;
	e.pending[0].until_us += 60 * SECOND;
	(void)passes(20, full);
	assert_int_equal(e.pending[0].stage, EVICT_STAGE_DYING);
	(void)passes(12, (struct ladder_second){.web = 3500, .wait = 300, .system = 300});
	assert_int_equal(e.pending[0].stage, EVICT_STAGE_DYING);
	(void)passes(3, (struct ladder_second){.web = 3500, .wait = 300, .system = 300});
	assert_int_equal(e.pending[0].stage, EVICT_STAGE_NONE);
	assert_int_equal(over[0].end, EVICT_END_GONE);
	assert_false(over[0].poor);
}

/* Of that nobody who waits has anything. */
TEST(what_the_others_take_at_once_is_not_back_and_three_of_these_are_doubt)
{
	go_up();
	assert_int_equal(passes(10, full), EVICT_NOW);
	asked_and_gone(w.hog);
	other_milli = 1000;
	/* A little better off, or the rung were given up. */
	(void)passes(12, (struct ladder_second){.web = 2900, .wait = 200, .system = 90});
	assert_int_equal(over[0].pending.freed_rate, 0);
	assert_true(over[0].poor);
	assert_int_equal(e.poor[RESOURCE_CPU], 1);
	assert_int_equal(e.poor[RESOURCE_MEMORY], 0);
	e.poor[RESOURCE_CPU] = EVICT_POOR_MOST;
	assert_true(evict_doubts(&e, RESOURCE_CPU));
	assert_false(evict_doubts(&e, RESOURCE_MEMORY));
	assert_int_equal(passes(5, (struct ladder_second){.web = 2900, .wait = 200, .system = 90}),
			 EVICT_NOT_DOUBT);
	evict_trust(&e, RESOURCE_CPU);
	assert_false(evict_doubts(&e, RESOURCE_CPU));
}

/* A pod that is made anew at once, and a wait that never ends. */
TEST(two_hours_of_it_take_six_an_hour_and_never_two_within_the_cool_down)
{
	int64_t last_us = 0;
	int n[2] = {0};

	for (int s = 0; s < 7200; s++) {
		if (pass(full) != EVICT_NOW)
			continue;
		assert_true(last_us == 0 || w.now_us - last_us >= 15 * SECOND);
		last_us = w.now_us;
		n[s / 3600]++;
		e.poor[RESOURCE_CPU] = 0;
		asked_and_gone(w.hog);
	}
	assert_int_equal(n[0], 6);
	assert_in_range(n[1], 1, 6);
}

TEST(each_reason_has_its_words)
{
	assert_string_equal(evict_choose_text(RESOURCE_CPU, EVICT_NOT_NEEDED),
			    "nobody waits for CPU that offline work has");
	for (int i = 0; i < EVICT_NOT_COUNT; i++)
		assert_null(strstr(evict_choose_text(RESOURCE_CPU, (enum evict_not)i), "memory"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_hog_goes_and_whoever_uses_next_to_nothing_is_no_candidate),
		CASE(not_for_a_moment),
		CASE(nobody_goes_when_nobody_waits_or_cpus_are_left),
		CASE(the_order_is_the_policys_by_what_is_used_of_the_cpu),
		CASE(whom_no_hold_may_meet_is_not_evicted_for_it),
		CASE(online_unknown_and_static_pods_are_none),
		CASE(who_runs_elsewhere_is_no_help),
		CASE(ten_seconds_after_it_is_gone_it_is_seen_whether_it_is_back),
		CASE(a_cgroup_without_processes_is_gone),
		CASE(so_is_one_that_uses_nothing_any_more),
		CASE(what_the_others_take_at_once_is_not_back_and_three_of_these_are_doubt),
		CASE(two_hours_of_it_take_six_an_hour_and_never_two_within_the_cool_down),
		CASE(each_reason_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
