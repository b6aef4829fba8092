// SPDX-License-Identifier: LGPL-2.1-or-later
// When somebody is asked to go, when not, and whom: never more than needed.
#include "policy/evict_choose.h"

#include <stdio.h>
#include <string.h>

#include "policy/read.h"
#include "tests/lib/test.h"
#include "tests/lib/victim_case.h"

#define SECOND 1000000ll
#define O3 BESTEFFORT "/kubepods-besteffort-podo3.slice"

static struct victim_case *c;
static struct evict e;
static struct ladder ladder;
static struct evict_look look;
static bool kubernetes, briefly;
static int64_t now_us, pressed_us; /* so long ago */

static int setup(void **state)
{
	(void)victim_case_setup(state);
	c = *state;
	e = (struct evict){0};
	kubernetes = true;
	briefly = false;
	now_us = VICTIM_CASE_NOW;
	pressed_us = 0;
	ladder = (struct ladder){.rung = RUNG_EVICT, .reason.code = REASON_MEMORY_WAITS};
	c->f.policy.evict = (struct evict_policy){
		.by = {EVICT_KUBERNETES, EVICT_KILL},
		.n_by = 2,
		.cooldown_us = 15 * SECOND,
		.per_hour = 6,
		.order = {EVICT_BY_USAGE},
		.n_order = 1,
	};
	return 0;
}

/* So much is missing: the line is 2000 MiB, and for one who waits there should be half of it more. */
static void needs(uint64_t mib)
{
	c->f.samples.node = (struct node_history){0};
	c->f.model.node.zones_high_bytes = 2000 * MIB;
	fake_sample_node(&c->f, now_us, 0);
	fake_sample_node_memory(&c->f, (3000 - mib) * MIB, (3000 - mib) * MIB);
}

static enum evict_not choose(void)
{
	const struct evict_input in = victim_case_evict(c, &e, &ladder, kubernetes, now_us);

	ladder.pressure_us = now_us - pressed_us;
	if (!briefly)
		e.short_since_us[RESOURCE_MEMORY] = e.short_us[RESOURCE_MEMORY] =
			now_us - 3 * SECOND;
	if (!briefly && e.short_us[RESOURCE_MEMORY] > e.ended_us)
		e.short_us[RESOURCE_MEMORY] = now_us - 1;
	evict_choose_see(&e, &in);
	if (evict_choose_due(&in, &look))
		evict_choose(&in, &look);
	return look.why;
}

static const struct pod *chosen(void)
{
	assert_int_equal(choose(), EVICT_NOW);
	return look.list.list[look.at].pod;
}

TEST(on_the_last_rung_somebody_goes_and_on_no_other)
{
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);

	needs(100);
	assert_ptr_equal(chosen(), p);
	assert_true(look.need_bytes == 100 * MIB);
	for (int rung = 0; rung < RUNG_COUNT; rung++) {
		ladder.rung = (enum rung)rung;
		assert_int_equal(choose(), rung == RUNG_EVICT ? EVICT_NOW : EVICT_NOT_RUNG);
	}
}

/* One that a person ordered is asked again by whoever orders, and awaited by the ladder. */
TEST(what_was_ordered_is_not_the_ladders_to_ask_again)
{
	victim_case_pod(c, O1, LEVEL_P7, 100);
	needs(100);
	e.pending[0] = (struct evict_pending){
		.stage = EVICT_STAGE_AGAIN, .serial = 5, .until_us = now_us, .ordered = true};
	assert_int_equal(choose(), EVICT_NOT_ENDED);
	assert_true(look.again == 0);
	e.pending[0].ordered = false;
	assert_int_equal(choose(), EVICT_NOW);
	assert_true(look.again == 5);
}

/* The rung stays for some seconds: nobody goes for what is over. */
TEST(when_the_pressure_is_over_nobody_goes)
{
	victim_case_pod(c, O1, LEVEL_P7, 100);
	needs(100);
	pressed_us = 1;
	assert_int_equal(choose(), EVICT_NOT_NEEDED);
	pressed_us = 0;
	assert_int_equal(choose(), EVICT_NOW);
}

/* 40 MiB less each 0.2 s: what fell before the last victim was gone is no reason for the next. */
TEST(a_fall_from_before_the_last_one_ended_takes_nobody_else)
{
	victim_case_pod(c, O1, LEVEL_P7, 100);
	ladder.reason.code = REASON_MEMORY_EMPTY;
	needs(100);
	assert_int_equal(choose(), EVICT_NOT_NEEDED);
	c->f.samples.node = (struct node_history){0};
	for (int i = 0; i <= 10; i++) {
		now_us = VICTIM_CASE_NOW + i * SECOND / 5;
		fake_sample_node(&c->f, now_us, 0);
		fake_sample_node_memory(&c->f, (uint64_t)(2600 - 40 * i) * MIB,
					(uint64_t)(2600 - 40 * i) * MIB);
	}
	for (size_t i = 0; i < VICTIM_CASE_SLOTS; i++)
		c->memory[i].at_us = now_us;
	assert_int_equal(choose(), EVICT_NOW);
	e.ended_us = now_us - SECOND / 10;
	assert_int_equal(choose(), EVICT_NOT_NEEDED);
	e.ended_us = 0;
	assert_int_equal(choose(), EVICT_NOW);
}

/* Three seconds, with a break of a second and a half at most, and anew after each one. */
TEST(what_is_short_for_a_moment_takes_nobody)
{
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);

	briefly = true;
	for (int i = 0; i < 15; i++) {
		needs(100);
		assert_int_equal(choose(), EVICT_NOT_LONG);
		now_us += SECOND / 5;
	}
	c->memory[p->slot].at_us = now_us;
	needs(100);
	assert_int_equal(choose(), EVICT_NOW);
	pressed_us = 1;
	now_us += SECOND * 7 / 5;
	needs(100);
	assert_int_equal(choose(), EVICT_NOT_NEEDED);
	pressed_us = 0;
	assert_int_equal(choose(), EVICT_NOW);
	now_us += 2 * SECOND;
	needs(100);
	assert_int_equal(choose(), EVICT_NOT_LONG);
	now_us += 3 * SECOND / 2;
	needs(100);
	(void)choose();
	now_us += 3 * SECOND / 2;
	c->memory[p->slot].at_us = now_us;
	needs(100);
	assert_int_equal(choose(), EVICT_NOW);
	e.ended_us = now_us;
	now_us += SECOND / 5;
	needs(100);
	assert_int_equal(choose(), EVICT_NOT_LONG);
}

/* The one that was due ends by itself: who waited still counts in the numbers of a second. */
TEST(what_comes_back_by_itself_takes_nobody_else)
{
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);

	briefly = true;
	for (int i = 0; i < 14; i++) {
		needs(300);
		assert_int_equal(choose(), EVICT_NOT_LONG);
		now_us += SECOND / 5;
	}
	needs(100); /* 200 MiB are back, not the 300 that were wanted */
	assert_int_equal(choose(), EVICT_NOT_LONG);
	now_us += SECOND / 5;
	c->memory[p->slot].at_us = now_us;
	needs(0);
	assert_int_equal(choose(), EVICT_NOT_LONG);
	for (int i = 0; i < 14; i++) {
		now_us += SECOND / 5;
		needs(64);
		assert_int_equal(choose(), EVICT_NOT_LONG);
	}
	now_us += SECOND / 5;
	c->memory[p->slot].at_us = now_us;
	needs(64);
	assert_int_equal(choose(), EVICT_NOW); /* it was not enough */
}

TEST(who_takes_and_gives_back_all_the_time_does_not_put_it_off)
{
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);
	int n = 0;

	briefly = true;
	for (int i = 0; i < 50; i++) {
		c->memory[p->slot].at_us = now_us;
		needs(i % 2 == 0 ? 300 : 0);
		n += choose() == EVICT_NOW;
		now_us += SECOND / 5;
	}
	assert_true(n > 20);
}

TEST(without_a_number_for_memory_nobody_goes)
{
	victim_case_pod(c, O1, LEVEL_P7, 100);
	assert_int_equal(choose(), EVICT_NOT_MEASURED);
}

TEST(one_at_a_time_and_while_it_is_awaited_nobody_else)
{
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);

	needs(100);
	victim_case_pod(c, O2, LEVEL_P7, 90);
	e.pending[2] = (struct evict_pending){
		.stage = EVICT_STAGE_DYING, .serial = p->serial, .until_us = VICTIM_CASE_NOW + 1};
	assert_int_equal(choose(), EVICT_NOT_ENDED);
	assert_true(look.until_us == VICTIM_CASE_NOW + 1);
	e.pending[2].stage = EVICT_STAGE_ASKED;
	assert_int_equal(choose(), EVICT_NOT_ENDED);
	e.pending[2].stage = EVICT_STAGE_AGAIN;
	assert_int_equal(choose(), EVICT_NOT_ENDED);
}

TEST(who_was_asked_is_asked_again_though_a_limit_would_refuse_another)
{
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);

	needs(100);
	evict_count(&e, VICTIM_CASE_NOW);
	e.pending[1] = (struct evict_pending){
		.stage = EVICT_STAGE_AGAIN, .serial = p->serial, .until_us = VICTIM_CASE_NOW};
	assert_int_equal(choose(), EVICT_NOW);
	assert_true(look.again == p->serial);
}

TEST(the_limits_refuse_and_say_until_when)
{
	victim_case_pod(c, O1, LEVEL_P7, 100);
	needs(100);
	evict_count(&e, VICTIM_CASE_NOW - SECOND);
	assert_int_equal(choose(), EVICT_NOT_COOL);
	assert_true(look.until_us == VICTIM_CASE_NOW + 14 * SECOND);
	e.times_us[0] = VICTIM_CASE_NOW - 60 * SECOND;
	c->f.policy.evict.per_hour = 1;
	assert_int_equal(choose(), EVICT_NOT_PER_HOUR);
	assert_true(look.until_us == VICTIM_CASE_NOW + 3540 * SECOND);
}

TEST(a_server_that_is_busy_or_refuses_and_doubt_stop_it)
{
	victim_case_pod(c, O1, LEVEL_P7, 100);
	needs(100);
	e.busy_until_us = VICTIM_CASE_NOW + SECOND;
	assert_int_equal(choose(), EVICT_NOT_BUSY);
	assert_true(look.until_us == VICTIM_CASE_NOW + SECOND);
	e.off_until_us = VICTIM_CASE_NOW + 2 * SECOND;
	assert_int_equal(choose(), EVICT_NOT_OFF);
	assert_true(look.until_us == VICTIM_CASE_NOW + 2 * SECOND);
	e.poor[RESOURCE_MEMORY] = EVICT_POOR_MOST;
	assert_int_equal(choose(), EVICT_NOT_DOUBT);
}

/* The small one is first in the order, and with the large one alone it would do as well. */
TEST(nobody_goes_without_whom_the_others_would_do)
{
	struct pod *small = victim_case_pod(c, O1, LEVEL_P7, 50);
	struct pod *large = victim_case_pod(c, O2, LEVEL_P7, 300);

	victim_case_order(c, 1, EVICT_BY_NEWEST, 0);
	small->cgroup->inode = 9;
	large->cgroup->inode = 8;
	needs(250);
	assert_ptr_equal(chosen(), large);
	needs(300);
	assert_ptr_equal(chosen(), large);
	/* Both have to. */
	needs(340);
	assert_ptr_equal(chosen(), small);
}

TEST(where_all_together_are_not_enough_the_first_goes)
{
	struct pod *large = victim_case_pod(c, O2, LEVEL_P7, 60);

	victim_case_pod(c, O1, LEVEL_P7, 50);
	needs(1000);
	assert_ptr_equal(chosen(), large);
}

TEST(who_goes_already_counts_as_long_as_it_does_not_hang)
{
	struct pod *going = victim_case_pod(c, O1, LEVEL_P7, 500);
	struct pod *p = victim_case_pod(c, O2, LEVEL_P7, 300);
	struct evict_over over[EVICT_PENDING];

	needs(100);
	going->facts->deleting = true;
	(void)evict_pass(&e, &c->f.model, &c->f.samples, &c->f.policy, VICTIM_CASE_NOW, over);
	assert_int_equal(choose(), EVICT_NOT_NEEDED);
	assert_true(look.pending_bytes == 500 * MIB);
	e.going[0].since_us -= EVICT_GOING_US;
	assert_ptr_equal(chosen(), p);
}

TEST(kubernetes_pods_are_not_killed_while_the_api_is_named)
{
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);
	struct pod *u = victim_case_pod(c, "batch.slice", LEVEL_P7, 90);
	struct evict_policy *policy = &c->f.policy.evict;

	needs(60);
	assert_int_equal(evict_choose_way(&c->f.policy, p, true), EVICT_KUBERNETES);
	assert_int_equal(evict_choose_way(&c->f.policy, u, true), EVICT_KILL);
	assert_ptr_equal(chosen(), p);
	kubernetes = false;
	assert_int_equal(evict_choose_way(&c->f.policy, p, false), EVICT_WAY_COUNT);
	assert_ptr_equal(chosen(), u);
	assert_int_equal(look.list.n_out[VICTIM_NO_WAY], 1);
	/* Who names the kill alone wants it. */
	policy->by[0] = EVICT_KILL;
	policy->n_by = 1;
	assert_int_equal(evict_choose_way(&c->f.policy, p, true), EVICT_KILL);
	policy->by[0] = EVICT_KUBERNETES;
	assert_int_equal(choose(), EVICT_NOT_NOBODY);
}

TEST(tmpfs_counts_where_the_pod_is_deleted)
{
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 1);

	needs(60);
	c->memory[p->slot].shmem_bytes = 200 * MIB;
	assert_ptr_equal(chosen(), p);
	assert_true(look.list.list[0].estimate_bytes == 201 * MIB);
}

TEST(who_is_left_out_is_no_candidate)
{
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);
	struct pod *q = victim_case_pod(c, O2, LEVEL_P7, 90);

	needs(60);
	e.left_out[3] =
		(struct victim_left_out){p->serial, VICTIM_CASE_NOW + 1, EVICT_ANSWER_BUDGET, 0};
	assert_ptr_equal(chosen(), q);
	assert_int_equal(look.list.n_out[VICTIM_ASKED], 1);
	e.left_out[3].until_us = VICTIM_CASE_NOW;
	assert_ptr_equal(chosen(), p);
}

/* A pod that is made anew as soon as it is gone, by the same owner, and a need that never ends; beside it one that
 * would not be enough, and an online one. */
struct again {
	struct pod *back;
	int64_t at_us[50];
	size_t n;
	char name[32];
};

static void comes_back(struct again *a)
{
	a->back->serial += 1000;
	(void)snprintf(a->name, sizeof(a->name), "train-7-%05zu", a->n);
	a->back->facts->name = a->name;
	c->memory[a->back->slot].serial = a->back->serial;
	victim_case_uses(c, a->back, 300);
}

/* The cool-down: for five minutes after each, and then no more; while it is on, the floor for who is back. */
static void cools_down(const struct again *a)
{
	bool on = a->n > 0 && now_us < a->at_us[a->n - 1] + 300 * SECOND;
	const struct plan_entry *entry;

	assert_int_equal(e.taint_until_us > 0, on);
	assert_int_equal(evict_has_returned(&e, a->back, now_us, NULL), on);
	c->f.model.returned[0] = a->back->serial;
	c->f.model.n_returned = on;
	decide_run(&c->f);
	entry = decide_entry(&c->f, O1, KNOB_CPU_MAX);
	assert_int_equal(entry != NULL, on);
	if (on)
		assert_int_equal(entry->reason.code, REASON_RETURNED);
	assert_null(decide_entry(&c->f, O2, KNOB_CPU_MAX));
	assert_null(decide_entry(&c->f, G1, KNOB_CPU_MAX));
}

static void goes_again(struct again *a)
{
	const struct victim *victim = &look.list.list[look.at];
	const struct evict_done done = {a->back->serial, EVICT_ANSWER_ACCEPTED, 0, ""};

	assert_ptr_equal(victim->pod, a->back);
	assert_true(a->n < 1 || now_us - a->at_us[a->n - 1] >= 15 * SECOND);
	assert_true(a->n < 6 || now_us - a->at_us[a->n - 6] >= 3600 * SECOND);
	evict_asked(&e, victim, now_us);
	assert_true(evict_answered(&e, &done, &c->f.policy, now_us));
	a->at_us[a->n++] = now_us;
	comes_back(a);
}

TEST(one_that_comes_back_fifty_times_goes_six_times_an_hour_and_nobody_else)
{
	struct again a = {.back = victim_case_pod(c, O1, LEVEL_P7, 300)};
	struct pod *calm = victim_case_pod(c, O2, LEVEL_P7, 40);
	struct pod *web = victim_case_pod(c, G1, LEVEL_P0, 500);
	struct policy *none = policy_none();
	struct evict_over over[EVICT_PENDING];
	int64_t end_us = VICTIM_CASE_NOW + 9 * 3600 * SECOND;

	assert_non_null(none);
	c->f.policy.evict = none->evict;
	policy_free(none);
	a.back->facts->ns = calm->facts->ns = "batch";
	a.back->facts->owner_kind = "Job";
	calm->facts->name = "calm";
	comes_back(&a);
	for (; now_us < end_us; now_us += SECOND) {
		needs(100);
		for (size_t i = 0; i < VICTIM_CASE_SLOTS; i++)
			c->memory[i].at_us = now_us;
		(void)evict_pass(&e, &c->f.model, &c->f.samples, &c->f.policy, now_us, over);
		cools_down(&a);
		if (a.n < 50 && choose() == EVICT_NOW)
			goes_again(&a);
	}
	assert_int_equal(a.n, 50);
	/* As many as were allowed, too: six in each of the first eight hours. */
	assert_true(a.at_us[47] < VICTIM_CASE_NOW + 8 * 3600 * SECOND);
	assert_true(a.at_us[48] >= VICTIM_CASE_NOW + 8 * 3600 * SECOND);
	assert_int_equal(e.poor[RESOURCE_MEMORY], 0);
	(void)web;
}

TEST(each_reason_has_its_words)
{
	for (int i = 0; i < EVICT_NOT_COUNT; i++)
		assert_true(strlen(evict_choose_text(RESOURCE_MEMORY, (enum evict_not)i)) > 3);
	assert_string_equal(evict_choose_text(RESOURCE_MEMORY, EVICT_NOT_COUNT), "?");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, victim_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(on_the_last_rung_somebody_goes_and_on_no_other),
		CASE(what_was_ordered_is_not_the_ladders_to_ask_again),
		CASE(when_the_pressure_is_over_nobody_goes),
		CASE(a_fall_from_before_the_last_one_ended_takes_nobody_else),
		CASE(what_is_short_for_a_moment_takes_nobody),
		CASE(what_comes_back_by_itself_takes_nobody_else),
		CASE(who_takes_and_gives_back_all_the_time_does_not_put_it_off),
		CASE(without_a_number_for_memory_nobody_goes),
		CASE(one_at_a_time_and_while_it_is_awaited_nobody_else),
		CASE(who_was_asked_is_asked_again_though_a_limit_would_refuse_another),
		CASE(the_limits_refuse_and_say_until_when),
		CASE(a_server_that_is_busy_or_refuses_and_doubt_stop_it),
		CASE(nobody_goes_without_whom_the_others_would_do),
		CASE(where_all_together_are_not_enough_the_first_goes),
		CASE(who_goes_already_counts_as_long_as_it_does_not_hang),
		CASE(kubernetes_pods_are_not_killed_while_the_api_is_named),
		CASE(tmpfs_counts_where_the_pod_is_deleted),
		CASE(who_is_left_out_is_no_candidate),
		CASE(one_that_comes_back_fifty_times_goes_six_times_an_hour_and_nobody_else),
		CASE(each_reason_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
