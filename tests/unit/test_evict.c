// SPDX-License-Identifier: LGPL-2.1-or-later
// What follows each answer to an eviction, how many there may be, and what is believed of their effect.
#include "policy/evict.h"

#include <string.h>

#include "tests/lib/test.h"
#include "tests/lib/victim_case.h"

#define SECOND 1000000ll

static struct victim_case *c;
static struct evict e;
static int64_t now_us;
static struct evict_over over[EVICT_PENDING];

static int setup(void **state)
{
	(void)victim_case_setup(state);
	c = *state;
	e = (struct evict){0};
	now_us = VICTIM_CASE_NOW;
	c->f.policy.evict = (struct evict_policy){
		.by = {EVICT_KUBERNETES, EVICT_KILL},
		.n_by = 2,
		.grace_us = 5 * SECOND,
		.cooldown_us = 15 * SECOND,
		.per_hour = 6,
	};
	return 0;
}

static struct pod *named(const char *path, const char *name)
{
	struct pod *p = victim_case_pod(c, path, LEVEL_P7, 100);

	p->facts->ns = "batch";
	p->facts->name = (char *)name;
	p->facts->owner_kind = "Job";
	return p;
}

static void ask(const struct pod *pod)
{
	evict_asked(
		&e,
		&(struct victim){.pod = pod, .estimate_bytes = 100 * MIB, .usage_bytes = 100 * MIB},
		now_us);
}

static bool answer(const struct pod *pod, enum evict_answer a, uint32_t retry_s)
{
	const struct evict_done done = {pod->serial, a, retry_s, ""};

	return evict_answered(&e, &done, &c->f.policy, now_us);
}

static size_t pass(void)
{
	return evict_pass(&e, &c->f.model, &c->f.samples, &c->f.policy, now_us, over);
}

static bool is_left_out(const struct pod *pod)
{
	for (size_t i = 0; i < EVICT_LEFT_OUT; i++)
		if (e.left_out[i].serial == pod->serial && e.left_out[i].until_us > now_us)
			return true;
	return false;
}

/* Who went, to be freed with the others. */
static struct pod *gone[8];
static size_t n_gone;

static void goes(struct pod *pod)
{
	for (size_t i = 0; i < c->f.model.n_pods; i++)
		if (c->f.model.pods[i] == pod)
			c->f.model.pods[i] = c->f.model.pods[--c->f.model.n_pods];
	assert_true(n_gone < sizeof(gone) / sizeof(gone[0]));
	gone[n_gone++] = pod;
}

static int teardown(void **state)
{
	struct model *m = &c->f.model;

	m->pods = reallocarray(m->pods, m->n_pods + n_gone + 1, sizeof(*m->pods));
	assert_non_null(m->pods);
	while (n_gone > 0)
		m->pods[m->n_pods++] = gone[--n_gone];
	return victim_case_teardown(state);
}

TEST(an_accepted_one_is_awaited_for_its_grace_and_a_margin)
{
	struct pod *p = named(O1, "job-1-abcde");
	int64_t until_us;

	ask(p);
	assert_int_equal(evict_find(&e, p->serial)->stage, EVICT_STAGE_ASKED);
	assert_int_equal(evict_limit(&e, &c->f.policy.evict, now_us, &until_us), EVICT_LIMIT_NONE);
	assert_true(answer(p, EVICT_ANSWER_ACCEPTED, 0));
	assert_false(answer(p, EVICT_ANSWER_ACCEPTED, 0));
	assert_int_equal(evict_find(&e, p->serial)->stage, EVICT_STAGE_DYING);
	assert_int_equal(evict_limit(&e, &c->f.policy.evict, now_us, &until_us),
			 EVICT_LIMIT_COOLDOWN);
	assert_true(until_us == now_us + 15 * SECOND);
	assert_true(e.taint_until_us == now_us + 300 * SECOND);
	now_us += 14999999;
	assert_int_equal(pass(), 0);
	now_us += 1;
	assert_int_equal(pass(), 1);
	assert_int_equal(over[0].end, EVICT_END_OVERDUE);
	assert_true(over[0].poor);
	assert_true(is_left_out(p));
	assert_null(evict_find(&e, p->serial));
}

TEST(one_that_is_gone_is_over_and_has_freed_what_it_used)
{
	struct pod *p = named(O1, "job-1-abcde");

	ask(p);
	goes(p);
	/* Whose doing that was, the answer says. */
	assert_int_equal(pass(), 0);
	assert_true(answer(p, EVICT_ANSWER_ACCEPTED, 0));
	assert_int_equal(pass(), 1);
	assert_int_equal(over[0].end, EVICT_END_GONE);
	assert_true(over[0].pending.freed_bytes == 100 * MIB);
	assert_false(over[0].poor);
	assert_int_equal(e.n_times, 1);
}

TEST(what_was_gone_before_counts_for_nothing)
{
	struct pod *p = named(O1, "job-1-abcde");

	ask(p);
	assert_true(answer(p, EVICT_ANSWER_GONE, 0));
	assert_int_equal(e.n_times, 0);
	assert_int_equal(e.taint_until_us, 0);
	assert_null(evict_find(&e, p->serial));
	assert_int_equal(e.poor[RESOURCE_MEMORY], 0);
}

TEST(four_fifths_back_are_enough)
{
	struct pod *p = named(O1, "job-1-abcde");

	ask(p);
	(void)answer(p, EVICT_ANSWER_ACCEPTED, 0);
	victim_case_grows(c, p, 21);
	assert_int_equal(pass(), 0);
	c->f.samples.pods[p->slot]->ring[1].memory_bytes = 20 * MIB;
	assert_int_equal(pass(), 1);
	assert_int_equal(over[0].end, EVICT_END_FREED);
	assert_true(is_left_out(p));
}

TEST(a_budget_leaves_out_this_pod_alone)
{
	struct pod *p = named(O1, "job-1-abcde"), *q = named(O2, "job-2-abcde");
	int64_t until_us;

	ask(p);
	(void)answer(p, EVICT_ANSWER_BUDGET, 10);
	assert_true(is_left_out(p));
	assert_false(is_left_out(q));
	assert_true(evict_budget_keeps(&e, 0, now_us));
	assert_true(evict_budget_keeps(&e, p->serial, now_us));
	assert_false(evict_budget_keeps(&e, q->serial, now_us));
	assert_int_equal(evict_limit(&e, &c->f.policy.evict, now_us, &until_us), EVICT_LIMIT_NONE);
	assert_true(e.busy_until_us <= now_us && e.off_until_us <= now_us);
	now_us += 60 * SECOND;
	assert_false(is_left_out(p));
	assert_false(evict_budget_keeps(&e, 0, now_us));
}

TEST(a_busy_server_is_asked_later_each_time_and_a_minute_at_most)
{
	static const int64_t waits[] = {1, 2, 4, 8, 16, 32, 60, 60};
	struct pod *p = named(O1, "job-1-abcde");

	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		ask(p);
		(void)answer(p, i % 2 ? EVICT_ANSWER_BUSY : EVICT_ANSWER_UNREACHABLE, 0);
		assert_true(e.busy_until_us == now_us + waits[i] * SECOND);
		assert_false(is_left_out(p));
		assert_null(evict_find(&e, p->serial));
	}
	ask(p);
	(void)answer(p, EVICT_ANSWER_BUSY, 3600);
	assert_true(e.busy_until_us == now_us + 60 * SECOND);
	ask(p);
	(void)answer(p, EVICT_ANSWER_ACCEPTED, 0);
	assert_int_equal(e.n_busy, 0);
}

TEST(what_a_person_has_to_mend_stops_them_all_for_a_while)
{
	static const enum evict_answer answers[] = {EVICT_ANSWER_FORBIDDEN, EVICT_ANSWER_UNTRUSTED};
	struct pod *p = named(O1, "job-1-abcde");

	for (size_t i = 0; i < 2; i++) {
		ask(p);
		(void)answer(p, answers[i], 0);
		assert_true(e.off_until_us == now_us + 300 * SECOND);
		assert_int_equal(e.off_answer, answers[i]);
		assert_null(evict_find(&e, p->serial));
	}
	ask(p);
	(void)answer(p, EVICT_ANSWER_ACCEPTED, 0);
	assert_int_equal(e.off_answer, EVICT_ANSWER_NONE);
}

TEST(a_refusal_leaves_out_this_pod_for_ten_minutes)
{
	struct pod *p = named(O1, "job-1-abcde");

	ask(p);
	(void)answer(p, EVICT_ANSWER_REFUSED, 0);
	now_us += 599 * SECOND;
	assert_true(is_left_out(p));
	now_us += SECOND;
	assert_false(is_left_out(p));
}

TEST(a_conflict_is_asked_again_and_not_for_ever)
{
	struct pod *p = named(O1, "job-1-abcde");

	ask(p);
	for (int i = 0; i < EVICT_TRIES - 1; i++) {
		assert_true(answer(p, EVICT_ANSWER_CONFLICT, 0));
		assert_int_equal(evict_find(&e, p->serial)->stage, EVICT_STAGE_AGAIN);
		assert_true(evict_find(&e, p->serial)->until_us == now_us + (SECOND << i));
		evict_asked_again(&e, p->serial, now_us);
	}
	assert_true(answer(p, EVICT_ANSWER_CONFLICT, 0));
	assert_null(evict_find(&e, p->serial));
	assert_true(is_left_out(p));
	assert_int_equal(e.n_times, 0);
}

/* It may have been taken up: it counts, once, and shows itself by the pod's being deleted. */
TEST(no_whole_answer_counts_and_is_asked_again)
{
	struct pod *p = named(O1, "job-1-abcde");

	ask(p);
	(void)answer(p, EVICT_ANSWER_UNKNOWN, 0);
	assert_int_equal(e.n_times, 1);
	evict_asked_again(&e, p->serial, now_us);
	(void)answer(p, EVICT_ANSWER_UNKNOWN, 0);
	assert_int_equal(e.n_times, 1);
	p->facts->deleting = true;
	assert_int_equal(pass(), 0);
	assert_int_equal(evict_find(&e, p->serial)->stage, EVICT_STAGE_DYING);
	assert_int_equal(e.n_times, 1);
	assert_true(e.taint_until_us > 0);
}

/* The kubelet was faster than the answer, which is told all the same. */
TEST(a_pod_that_goes_before_the_answer_is_there_is_not_over_before)
{
	struct pod *p = named(O1, "job-1-abcde");

	ask(p);
	p->facts->deleting = true;
	assert_int_equal(pass(), 0);
	assert_int_equal(evict_find(&e, p->serial)->stage, EVICT_STAGE_ASKED);
	goes(p);
	assert_int_equal(pass(), 0);
	assert_true(answer(p, EVICT_ANSWER_ACCEPTED, 0));
	assert_int_equal(pass(), 1);
	assert_int_equal(over[0].end, EVICT_END_GONE);
	assert_int_equal(e.n_times, 1);
	/* Without any answer it counts, too. */
	p = named(O2, "job-2-abcde");
	ask(p);
	p->facts->deleting = true;
	now_us += EVICT_ANSWER_US;
	assert_int_equal(pass(), 0);
	assert_int_equal(evict_find(&e, p->serial)->stage, EVICT_STAGE_DYING);
}

/* The server may have taken it up, nobody said so, and the pod is gone: it counts, and what comes back is known. */
TEST(who_is_gone_without_an_answer_counts_as_evicted)
{
	struct pod *p = named(O1, "job-1-abcde"), *q;

	ask(p);
	(void)answer(p, EVICT_ANSWER_UNKNOWN, 0);
	goes(p);
	now_us += SECOND;
	assert_int_equal(pass(), 1);
	assert_int_equal(over[0].end, EVICT_END_GONE);
	assert_int_equal(e.n_times, 1);
	assert_true(e.taint_until_us == now_us + 300 * SECOND);
	q = named(O2, "job-1-zzzzz");
	assert_true(evict_has_returned(&e, q, now_us, NULL));
	/* No answer at all. */
	e.taint_until_us = 0;
	ask(q);
	goes(q);
	now_us += EVICT_ANSWER_US;
	assert_int_equal(pass(), 1);
	assert_int_equal(e.n_times, 2);
	assert_true(e.taint_until_us == now_us + 300 * SECOND);
}

/* It was refused, and went by itself. */
TEST(who_is_gone_after_a_conflict_counts_for_nothing)
{
	struct pod *p = named(O1, "job-1-abcde");

	ask(p);
	(void)answer(p, EVICT_ANSWER_CONFLICT, 0);
	goes(p);
	assert_int_equal(pass(), 1);
	assert_int_equal(e.n_times, 0);
	assert_int_equal(e.taint_until_us, 0);
}

TEST(no_answer_at_all_is_asked_again_too)
{
	struct pod *p = named(O1, "job-1-abcde");

	ask(p);
	now_us += EVICT_ANSWER_US;
	assert_int_equal(pass(), 0);
	assert_int_equal(evict_find(&e, p->serial)->stage, EVICT_STAGE_AGAIN);
	/* Nobody asks: it is not pending for ever. */
	now_us += 2 * EVICT_ANSWER_US;
	assert_int_equal(pass(), 1);
	assert_int_equal(over[0].end, EVICT_END_LOST);
}

TEST(six_in_an_hour_and_none_where_the_policy_says_none)
{
	int64_t until_us;

	for (int i = 0; i < 6; i++) {
		assert_int_equal(evict_limit(&e, &c->f.policy.evict, now_us, &until_us),
				 EVICT_LIMIT_NONE);
		evict_count(&e, now_us);
		now_us += 15 * SECOND;
	}
	assert_int_equal(evict_limit(&e, &c->f.policy.evict, now_us, &until_us),
			 EVICT_LIMIT_PER_HOUR);
	assert_true(until_us == VICTIM_CASE_NOW + EVICT_HOUR_US);
	assert_int_equal(evict_limit(&e, &c->f.policy.evict, until_us, &until_us),
			 EVICT_LIMIT_NONE);
	c->f.policy.evict.per_hour = 0;
	assert_int_equal(evict_limit(&e, &c->f.policy.evict, now_us, &until_us),
			 EVICT_LIMIT_PER_HOUR);
	assert_true(until_us == INT64_MAX);
}

TEST(times_are_kept_in_order_and_the_newest_of_them)
{
	evict_count(&e, 20);
	evict_count(&e, 10);
	assert_true(e.times_us[0] == 10 && e.times_us[1] == 20);
	for (int i = 0; i < EVICT_TIMES; i++)
		evict_count(&e, 100 + i);
	assert_int_equal(e.n_times, EVICT_TIMES);
	assert_true(e.times_us[0] == 100 && e.times_us[EVICT_TIMES - 1] == 100 + EVICT_TIMES - 1);
}

static void poor_one(const struct pod *p)
{
	ask(p);
	(void)answer(p, EVICT_ANSWER_ACCEPTED, 0);
	now_us += 15 * SECOND;
	assert_int_equal(pass(), 1);
}

TEST(three_in_a_row_that_freed_far_too_little_are_doubted)
{
	struct pod *p = named(O1, "job-1-abcde"), *q = named(O2, "job-2-abcde");

	poor_one(p);
	poor_one(p);
	ask(q);
	(void)answer(q, EVICT_ANSWER_ACCEPTED, 0);
	goes(q);
	assert_int_equal(pass(), 1);
	assert_int_equal(e.poor[RESOURCE_MEMORY], 0);
	poor_one(p);
	poor_one(p);
	assert_false(evict_doubts(&e, RESOURCE_MEMORY));
	poor_one(p);
	assert_true(evict_doubts(&e, RESOURCE_MEMORY));
	evict_trust(&e, RESOURCE_MEMORY);
	assert_false(evict_doubts(&e, RESOURCE_MEMORY));
}

TEST(what_comes_back_is_known_by_its_owner_for_five_minutes)
{
	struct pod *p = named(O1, "job-1-abcde"), *q;
	int64_t until_us = 0;

	ask(p);
	(void)answer(p, EVICT_ANSWER_ACCEPTED, 0);
	assert_false(evict_has_returned(&e, p, now_us, NULL));
	goes(p);
	(void)pass();
	q = named(O2, "job-1-zzzzz");
	assert_true(evict_has_returned(&e, q, now_us, &until_us));
	assert_true(until_us == now_us + 300 * SECOND);
	/* It is still held when it is asked to go itself, and until it has gone; its own eviction holds nobody. */
	ask(q);
	assert_true(evict_has_returned(&e, q, now_us, NULL));
	(void)answer(q, EVICT_ANSWER_ACCEPTED, 0);
	assert_true(evict_has_returned(&e, q, now_us, NULL));
	e.pending[0] = (struct evict_pending){0};
	q->facts->ns = "other";
	assert_false(evict_has_returned(&e, q, now_us, NULL));
	q->facts->ns = "batch";
	q->facts->owner_kind = NULL;
	assert_false(evict_has_returned(&e, q, now_us, NULL));
	q->facts->owner_kind = "Job";
	q->facts->name = "job-2-zzzzz";
	assert_false(evict_has_returned(&e, q, now_us, NULL));
	q->facts->name = "job-1-zzzzz";
	assert_false(evict_has_returned(&e, q, now_us + 300 * SECOND, NULL));
	now_us += 300 * SECOND;
	(void)pass();
	assert_int_equal(e.taint_until_us, 0);
}

/* Nobody made it anew: it was never gone. Who was back before that stays so. */
TEST(who_stays_past_its_time_is_not_back_from_its_own_eviction)
{
	struct pod *p = named(O1, "job-1-abcde"), *q = named(O2, "job-1-zzzzz");

	ask(p);
	(void)answer(p, EVICT_ANSWER_ACCEPTED, 0);
	assert_true(evict_has_returned(&e, q, now_us, NULL));
	ask(q);
	(void)answer(q, EVICT_ANSWER_ACCEPTED, 0);
	now_us += 60 * SECOND;
	assert_int_equal(pass(), 2);
	assert_int_equal(over[0].end, EVICT_END_OVERDUE);
	assert_false(evict_has_returned(&e, p, now_us, NULL));
	assert_true(evict_has_returned(&e, q, now_us, NULL));
}

TEST(each_answer_has_its_words)
{
	for (int i = 0; i < EVICT_ANSWER_COUNT; i++)
		assert_true(strlen(evict_text_answer((enum evict_answer)i)) > 3);
	assert_string_equal(evict_text_answer(EVICT_ANSWER_COUNT), "?");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_accepted_one_is_awaited_for_its_grace_and_a_margin),
		CASE(one_that_is_gone_is_over_and_has_freed_what_it_used),
		CASE(what_was_gone_before_counts_for_nothing),
		CASE(four_fifths_back_are_enough),
		CASE(a_budget_leaves_out_this_pod_alone),
		CASE(a_busy_server_is_asked_later_each_time_and_a_minute_at_most),
		CASE(what_a_person_has_to_mend_stops_them_all_for_a_while),
		CASE(a_refusal_leaves_out_this_pod_for_ten_minutes),
		CASE(a_conflict_is_asked_again_and_not_for_ever),
		CASE(no_whole_answer_counts_and_is_asked_again),
		CASE(a_pod_that_goes_before_the_answer_is_there_is_not_over_before),
		CASE(who_is_gone_without_an_answer_counts_as_evicted),
		CASE(who_is_gone_after_a_conflict_counts_for_nothing),
		CASE(no_answer_at_all_is_asked_again_too),
		CASE(six_in_an_hour_and_none_where_the_policy_says_none),
		CASE(times_are_kept_in_order_and_the_newest_of_them),
		CASE(three_in_a_row_that_freed_far_too_little_are_doubted),
		CASE(what_comes_back_is_known_by_its_owner_for_five_minutes),
		CASE(who_stays_past_its_time_is_not_back_from_its_own_eviction),
		CASE(each_answer_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
