// SPDX-License-Identifier: LGPL-2.1-or-later
// Whom an eviction for a disk takes, after what was held there, and what is believed of its effect.
#include "policy/evict_io.h"

#include <string.h>

#include "policy/efficacy.h"
#include "policy/evict_choose.h"
#include "policy/evict_cpu.h"
#include "policy/io_hold.h"
#include "tests/lib/io_case.h"
#include "tests/lib/test.h"

#define SECOND 1000000ll

static struct io_case c;
static struct evict e;
static struct evict_look look;
static struct evict_over over[EVICT_PENDING];

/* web waits behind the hog, whatever the hog may do. */
static const struct io_case_second waits = {.wait = 400, .web = 5, .hog_reads = 90, .tame = 90};

static int setup(void **state)
{
	(void)state;
	io_case_init(&c);
	e = (struct evict){0};
	look = (struct evict_look){0};
	c.f.policy.pressure_io.steps |= 1u << ACTION_EVICT;
	c.f.policy.evict = (struct evict_policy){
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
	io_case_done(&c);
	return 0;
}

/* As a pass does it. */
static enum evict_not pass(struct io_case_second s)
{
	struct evict_cpu cpu;
	struct evict_io io;
	struct evict_input in = {
		.evict = &e,
		.resource = RESOURCE_IO,
		.ladder = io_case_ladder(&c),
		.model = &c.f.model,
		.samples = &c.f.samples,
		.policy = &c.f.policy,
		.plan = &c.f.plan,
		.kubernetes = true,
		.holds = &c.f.ladders.io,
		.now_us = c.now_us + SECOND,
	};

	io_case_run(&c, 1, s);
	(void)evict_pass(&e, in.model, in.samples, in.policy, in.now_us, over);
	evict_choose_look(&in, &cpu, &io);
	evict_choose_see(&e, &in);
	if (evict_choose_due(&in, &look))
		evict_choose(&in, &look);
	return look.why;
}

/* Until somebody is chosen, or so many seconds. */
static enum evict_not passes(int seconds, struct io_case_second s)
{
	enum evict_not why = EVICT_NOT_RUNG;

	for (int i = 0; i < seconds && why != EVICT_NOW; i++)
		why = pass(s);
	return why;
}

static enum rung rung(void)
{
	return io_case_ladder(&c)->rung;
}

static uint64_t reads(void)
{
	return io_case_bound(&c, c.class, 0, DISK_READ);
}

static const struct pod *chosen(void)
{
	assert_int_equal(look.why, EVICT_NOW);
	return look.list.list[look.at].pod;
}

/* Up to the rung, by this: 20 s of a hold at its floor. */
static void go_up(struct io_case_second s)
{
	int seconds = 0;

	while (rung() != RUNG_EVICT && seconds++ < 40)
		assert_int_not_equal(pass(s), EVICT_NOW);
	assert_int_equal(rung(), RUNG_EVICT);
	assert_in_range(seconds, 20, 25);
}

TEST(after_twenty_seconds_at_its_floor_the_hog_goes)
{
	go_up(waits);
	assert_int_equal(reads(), 10);
	assert_int_equal(passes(5, waits), EVICT_NOW);
	assert_ptr_equal(chosen(), c.hog);
	assert_int_equal(look.list.n_candidates, 1);
	assert_int_equal(look.list.n_out[VICTIM_FREES_NOTHING], 1);
	/* 10 MiB/s, and a tenth of what the disk does. */
	assert_int_equal(look.list.list[0].rate, 10 * 1024);
	assert_int_equal(look.list.list[0].rate_of, RESOURCE_IO);
	assert_in_range(look.need_rate, 1500, 1536);
	assert_int_equal(io_case_ladder(&c)->reason.code, REASON_IO_FLOOR);
}

/* It has to have stood for three seconds on the rung. */
TEST(not_for_a_moment)
{
	go_up(waits);
	assert_int_equal(look.why, EVICT_NOT_LONG);
	assert_int_equal(pass(waits), EVICT_NOT_LONG);
	assert_int_equal(pass(waits), EVICT_NOT_LONG);
	assert_int_equal(pass(waits), EVICT_NOW);
}

/* A hold that helps is not at its end. */
TEST(not_while_the_hold_may_still_go_further_or_helps)
{
	struct io_case_second s = waits;

	(void)passes(10, waits);
	s.wait = 50;
	for (int i = 0; i < 60; i++) {
		assert_int_not_equal(pass(s), EVICT_NOW);
		assert_int_not_equal(rung(), RUNG_EVICT);
	}
}

/* A bound that somebody writes over was never tried. */
TEST(a_hold_that_is_not_in_force_proves_nothing)
{
	c.watches = true;
	for (int i = 0; i < 90; i++) {
		assert_int_not_equal(pass(waits), EVICT_NOW);
		assert_int_not_equal(rung(), RUNG_EVICT);
	}
}

static struct io_hold *hold(void)
{
	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++)
		if (c.f.ladders.io.of[i].major == 8 && c.f.ladders.io.of[i].minor == 0)
			return &c.f.ladders.io.of[i];
	fail();
	return NULL;
}

/* Nor does one that is written over once the rung is there. */
TEST(what_is_written_over_later_proves_nothing_any_more)
{
	go_up(waits);
	assert_int_equal(pass(waits), EVICT_NOT_LONG);
	c.watches = true;
	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++)
		c.class->knobs[KNOB_IO_MAX + i].owned = false;
	for (int i = 0; i < 10; i++)
		assert_int_not_equal(pass(waits), EVICT_NOW);
}

/* What made things worse is bounded no more, and the rest of it was no whole hold. */
TEST(where_a_bound_did_harm_nobody_goes)
{
	go_up(waits);
	hold()->of[DISK_WRITE].rest_us = c.now_us + 60 * SECOND;
	for (int i = 0; i < 20; i++)
		assert_int_not_equal(pass(waits), EVICT_NOW);
}

/* Reads for a minute, and then writes, too: these are new. */
TEST(each_bound_has_its_twenty_seconds)
{
	go_up(waits);
	hold()->of[DISK_WRITE].permille = 100;
	hold()->of[DISK_WRITE].since_us = c.now_us;
	for (int i = 0; i < 15; i++)
		assert_int_not_equal(pass(waits), EVICT_NOW);
}

/* Its writes may not be bounded, as memory may need them: that is no hold that failed. */
TEST(for_a_disk_that_memory_needs_nobody_goes)
{
	c.f.model.disks.list[0].swap = true;
	c.f.policy.pressure_memory = c.f.policy.pressure_io;
	c.f.policy.pressure_memory.steps = 1u << ACTION_SQUEEZE_MEMORY;
	for (int i = 0; i < 60; i++) {
		c.f.ladders.of[RESOURCE_MEMORY].rung = RUNG_SQUEEZE;
		c.f.ladders.of[RESOURCE_MEMORY].pressure_us = c.now_us;
		assert_int_not_equal(pass(waits), EVICT_NOW);
		assert_int_not_equal(rung(), RUNG_EVICT);
		assert_int_equal(c.f.ladders.of[RESOURCE_MEMORY].rung, RUNG_SQUEEZE);
	}
}

/* 60 small requests a second are all that a disk with a spindle does: one of them is no tenth. */
TEST(a_tenth_is_one_of_a_slow_disk_too)
{
	struct disk_use *use = &c.f.samples.uses.list[0];
	struct pod_disks *of;
	struct wait_look now = {.model = &c.f.model,
				.samples = &c.f.samples,
				.policy = &c.f.policy,
				.plan = &c.f.plan,
				.rule = &c.f.policy.pressure_io,
				.resource = RESOURCE_IO};
	struct evict_io io;

	go_up(waits);
	now.now_us = c.now_us;
	of = &c.f.samples.pods[c.hog->slot]->disks;
	use->window.bytes_per_s[DISK_READ] = use->window.bytes_per_s[DISK_WRITE] = 0;
	use->window.requests_per_s[DISK_READ] = 60;
	of->list[0].bytes_per_s[DISK_READ] = of->list[0].bytes_per_s[DISK_WRITE] = 0;
	of->list[0].requests_per_s[DISK_READ] = 10;
	evict_io_look(&now, &io_case_ladder(&c)->efficacy, &c.f.ladders.io, &io);
	assert_int_equal(io.least_kib, 96);
	assert_true(evict_io_is_needed(&io));
	of->list[0].requests_per_s[DISK_READ] = 5;
	evict_io_look(&now, &io_case_ladder(&c)->efficacy, &c.f.ladders.io, &io);
	assert_false(evict_io_is_needed(&io));
}

TEST(nobody_goes_when_nobody_waits_or_the_disk_has_time_left)
{
	struct io_case_second s = waits;

	go_up(waits);
	(void)passes(2, waits);
	s.wait = 0;
	for (int i = 0; i < 4; i++)
		(void)pass(s);
	assert_int_equal(rung(), RUNG_EVICT);
	assert_int_equal(look.why, EVICT_NOT_NEEDED);
	s = waits;
	s.busy = 899;
	for (int i = 0; i < 6; i++)
		(void)pass(s);
	assert_int_equal(look.why, EVICT_NOT_NEEDED);
}

TEST(a_disk_with_time_left_is_held_and_nobody_goes)
{
	struct io_case_second s = waits;

	s.busy = 899;
	for (int i = 0; i < 60; i++) {
		assert_int_not_equal(pass(s), EVICT_NOW);
		assert_int_not_equal(rung(), RUNG_EVICT);
	}
}

/* What tame does is on another disk, and more. */
TEST(who_uses_another_disk_is_no_help)
{
	go_up(waits);
	assert_int_equal(passes(5, waits), EVICT_NOW);
	fake_waiting(&c.f, c.hog);
	assert_int_not_equal(passes(10, waits), EVICT_NOW);
}

/* db has just begun to wait, for longer: what is done on that disk was not held for long enough. */
TEST(another_disk_has_its_own_time)
{
	struct io_case_second s = waits;

	go_up(waits);
	s.db_wait = 800;
	s.wait = 0;
	for (int i = 0; i < 15; i++)
		assert_int_not_equal(pass(s), EVICT_NOW);
}

/* The rung's own reason is of whoever waits longest. */
TEST(the_choice_says_for_whom_and_on_which_disk)
{
	struct io_case_second s = waits;

	go_up(waits);
	s.db_wait = 800;
	assert_int_equal(passes(5, s), EVICT_NOW);
	assert_string_equal(io_case_ladder(&c)->reason.who, c.db->name);
	assert_string_equal(look.waiter, c.web->name);
	assert_string_equal(look.disk, "sda");
}

TEST(online_unknown_and_static_pods_and_whom_no_hold_may_meet_are_none)
{
	go_up(waits);
	assert_int_equal(passes(5, waits), EVICT_NOW);
	c.hog->facts_state = FACT_UNKNOWN;
	assert_int_not_equal(passes(5, waits), EVICT_NOW);
}

TEST(where_nobodys_use_is_measured_nobody_goes)
{
	struct io_case_second s = waits;

	go_up(waits);
	s.unseen = true;
	for (int i = 0; i < 8; i++)
		assert_int_not_equal(pass(s), EVICT_NOW);
}

static void asked_and_gone(struct pod *pod)
{
	struct evict_done done = {.token = pod->serial, .answer = EVICT_ANSWER_ACCEPTED};

	evict_asked(&e, &look.list.list[look.at], c.now_us);
	assert_true(evict_answered(&e, &done, &c.f.policy, c.now_us));
	assert_int_equal(evict_resource(evict_find(&e, pod->serial)), RESOURCE_IO);
}

/* One, and then it is seen what came of it, before there is another. */
TEST(ten_seconds_after_it_is_gone_it_is_seen_whether_it_is_back)
{
	const struct io_case_second gone = {.wait = 300, .web = 90, .tame = 90};

	go_up(waits);
	assert_int_equal(passes(5, waits), EVICT_NOW);
	asked_and_gone(c.hog);
	c.hog->cgroup->populated = false;
	for (int i = 0; i < 10; i++) {
		assert_int_not_equal(pass(gone), EVICT_NOW);
		assert_int_equal(e.pending[0].stage, EVICT_STAGE_DYING);
	}
	(void)pass(gone);
	assert_int_equal(e.pending[0].stage, EVICT_STAGE_NONE);
	assert_int_equal(over[0].end, EVICT_END_GONE);
	assert_int_equal(over[0].pending.freed_rate, 10 * 1024);
	assert_false(over[0].poor);
	assert_int_equal(e.poor[RESOURCE_IO], 0);
}

/* That it is empty may be noticed late. */
TEST(who_does_nothing_any_more_is_gone)
{
	const struct io_case_second gone = {.wait = 300, .web = 90, .tame = 90};

	go_up(waits);
	assert_int_equal(passes(5, waits), EVICT_NOW);
	asked_and_gone(c.hog);
	e.pending[0].until_us += 60 * SECOND;
	/* It waits for the disk, which takes no CPU. */
	for (int i = 0; i < 5; i++)
		(void)pass(waits);
	assert_int_equal(e.pending[0].gone_us, 0);
	(void)passes(16, gone);
	assert_int_equal(e.pending[0].stage, EVICT_STAGE_NONE);
	assert_int_equal(over[0].end, EVICT_END_GONE);
}

/* Of that nobody who waits has anything. */
TEST(what_the_others_do_at_once_is_not_back_and_three_of_these_are_doubt)
{
	go_up(waits);
	assert_int_equal(passes(5, waits), EVICT_NOW);
	asked_and_gone(c.hog);
	/* Another one in its place, which does the same. */
	c.hog->serial += 1000;
	c.f.samples.pods[c.hog->slot]->serial = c.hog->serial;
	for (int i = 0; i < 12; i++)
		(void)pass(waits);
	assert_int_equal(e.pending[0].stage, EVICT_STAGE_NONE);
	assert_int_equal(e.poor[RESOURCE_IO], 1);
	assert_int_equal(e.poor[RESOURCE_CPU] + e.poor[RESOURCE_MEMORY], 0);
	e.poor[RESOURCE_IO] = EVICT_POOR_MOST;
	assert_true(evict_doubts(&e, RESOURCE_IO));
	assert_false(evict_doubts(&e, RESOURCE_MEMORY));
}

/* No eviction helped either: the bounds go with it. */
TEST(what_helps_nobody_is_given_up_with_the_hold_and_rests)
{
	int64_t until_us = 0;

	go_up(waits);
	for (int i = 0; i < 24 && rung() != RUNG_CALM; i++)
		(void)pass(waits);
	assert_int_equal(rung(), RUNG_CALM);
	assert_int_equal(io_case_ladder(&c)->reason.code, REASON_INEFFECTIVE);
	assert_true(efficacy_rests(&io_case_ladder(&c)->efficacy, c.web, c.now_us, &until_us));
	assert_int_equal(reads(), 0);
}

/* It waits no more: the bounds stay, for what they are there for. */
TEST(when_it_is_over_the_hold_goes_on)
{
	struct io_case_second s = waits;

	go_up(waits);
	s.wait = 0;
	for (int i = 0; i < 10 && rung() == RUNG_EVICT; i++)
		(void)pass(s);
	assert_int_equal(rung(), RUNG_SQUEEZE);
	assert_in_range(reads(), 10, 30);
}

/* A pod that is made anew at once, and a wait that never ends. */
TEST(two_hours_of_it_take_six_an_hour_and_never_two_within_the_cool_down)
{
	int64_t last_us = 0;
	int n[2] = {0};

	for (int s = 0; s < 7200; s++) {
		if (pass(waits) != EVICT_NOW)
			continue;
		assert_true(last_us == 0 || c.now_us - last_us >= 15 * SECOND);
		last_us = c.now_us;
		n[s / 3600]++;
		e.poor[RESOURCE_IO] = 0;
		asked_and_gone(c.hog);
		c.hog->serial += 1000;
		c.f.samples.pods[c.hog->slot]->serial = c.hog->serial;
	}
	assert_in_range(n[0], 1, 6);
	assert_in_range(n[1], 1, 6);
}

TEST(each_reason_has_its_words)
{
	assert_string_equal(evict_choose_text(RESOURCE_IO, EVICT_NOT_MEASURED),
			    "what offline work does on the disk was not measured lately");
	for (int i = 0; i < EVICT_NOT_COUNT; i++)
		assert_null(strstr(evict_choose_text(RESOURCE_IO, (enum evict_not)i), "memory"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(after_twenty_seconds_at_its_floor_the_hog_goes),
		CASE(not_for_a_moment),
		CASE(not_while_the_hold_may_still_go_further_or_helps),
		CASE(a_hold_that_is_not_in_force_proves_nothing),
		CASE(what_is_written_over_later_proves_nothing_any_more),
		CASE(where_a_bound_did_harm_nobody_goes),
		CASE(each_bound_has_its_twenty_seconds),
		CASE(for_a_disk_that_memory_needs_nobody_goes),
		CASE(a_tenth_is_one_of_a_slow_disk_too),
		CASE(nobody_goes_when_nobody_waits_or_the_disk_has_time_left),
		CASE(a_disk_with_time_left_is_held_and_nobody_goes),
		CASE(who_uses_another_disk_is_no_help),
		CASE(another_disk_has_its_own_time),
		CASE(the_choice_says_for_whom_and_on_which_disk),
		CASE(online_unknown_and_static_pods_and_whom_no_hold_may_meet_are_none),
		CASE(where_nobodys_use_is_measured_nobody_goes),
		CASE(ten_seconds_after_it_is_gone_it_is_seen_whether_it_is_back),
		CASE(who_does_nothing_any_more_is_gone),
		CASE(what_the_others_do_at_once_is_not_back_and_three_of_these_are_doubt),
		CASE(what_helps_nobody_is_given_up_with_the_hold_and_rests),
		CASE(when_it_is_over_the_hold_goes_on),
		CASE(two_hours_of_it_take_six_an_hour_and_never_two_within_the_cool_down),
		CASE(each_reason_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
