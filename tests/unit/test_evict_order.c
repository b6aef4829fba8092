// SPDX-License-Identifier: LGPL-2.1-or-later
// Who may be evicted by order, and what is said to whoever asks for somebody else.
#include "policy/evict_order.h"

#include <string.h>

#include "tests/lib/test.h"
#include "tests/lib/victim_case.h"

static struct victim_case *c;
static struct modes modes;
static struct evict_order order;

static int setup(void **state)
{
	(void)victim_case_setup(state);
	c = *state;
	modes = (struct modes){.all = MODE_FULL};
	for (int i = 0; i < RESOURCE_COUNT; i++)
		modes.by[i] = MODE_FULL;
	c->f.policy.evict.by[0] = EVICT_KUBERNETES;
	c->f.policy.evict.by[1] = EVICT_KILL;
	c->f.policy.evict.n_by = 2;
	order = (struct evict_order){.kubernetes = true, .room = true};
	return 0;
}

static enum evict_order_no judge(const struct pod *pod)
{
	const struct evict_order_input in = {
		.model = &c->f.model, .policy = &c->f.policy, .plan = &c->f.plan, .modes = &modes};

	order.slot = pod->slot;
	order.serial = pod->serial;
	return evict_order_judge(&in, &order);
}

TEST(an_offline_pod_goes_whatever_it_uses)
{
	assert_int_equal(judge(victim_case_pod(c, O1, LEVEL_P7, 100)), EVICT_ORDER_YES);
	assert_int_equal(judge(victim_case_pod(c, O2, LEVEL_P7, 0)), EVICT_ORDER_YES);
}

TEST(nobody_else_does)
{
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);
	struct pod *web = victim_case_pod(c, O2, LEVEL_P0, 100);
	struct assignment *a = &c->f.plan.assignments[p->slot];

	assert_int_equal(judge(web), EVICT_ORDER_NO_ONLINE);
	p->facts_state = FACT_UNKNOWN;
	assert_int_equal(judge(p), EVICT_ORDER_NO_FACTS);
	p->facts_state = FACT_KNOWN;
	a->may_hold = false;
	assert_int_equal(judge(p), EVICT_ORDER_NO_FACTS);
	a->may_hold = true;
	a->state = ASSIGNMENT_WAITING;
	assert_int_equal(judge(p), EVICT_ORDER_NO_FACTS);
	a->state = ASSIGNMENT_NONE;
	assert_int_equal(judge(p), EVICT_ORDER_NO_RULE);
	a->state = ASSIGNMENT_LEVEL;
	p->facts->is_static = true;
	assert_int_equal(judge(p), EVICT_ORDER_NO_NEVER);
	p->facts->is_static = false;
	a->kept_online = true;
	assert_int_equal(judge(p), EVICT_ORDER_NO_NEVER);
	a->kept_online = false;
	p->facts->priority_class = (char *)"system-node-critical";
	assert_int_equal(judge(p), EVICT_ORDER_NO_NEVER);
	p->facts->priority_class = NULL;
	p->facts->deleting = true;
	assert_int_equal(judge(p), EVICT_ORDER_NO_ENDING);
	p->facts->deleting = false;
	assert_int_equal(judge(p), EVICT_ORDER_YES);
	order.serial++;
	assert_int_equal(judge(&(struct pod){.slot = p->slot, .serial = p->serial + 1}),
			 EVICT_ORDER_GONE);
}

TEST(no_order_goes_beyond_the_mode)
{
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);

	for (int mode = MODE_OFF; mode <= MODE_FULL; mode++) {
		modes.by[RESOURCE_MEMORY] = (enum mode)mode;
		assert_int_equal(judge(p),
				 mode == MODE_FULL ? EVICT_ORDER_YES : EVICT_ORDER_NO_MODE);
	}
	/* What the pod is comes first. */
	modes.by[RESOURCE_MEMORY] = MODE_OBSERVE;
	assert_int_equal(judge(victim_case_pod(c, O2, LEVEL_P0, 100)), EVICT_ORDER_NO_ONLINE);
}

TEST(by_the_ways_of_the_policy_alone)
{
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);

	order.kubernetes = false;
	assert_int_equal(judge(p), EVICT_ORDER_NO_API);
	p->kind = POD_CGROUP;
	assert_int_equal(judge(p), EVICT_ORDER_YES);
	c->f.policy.evict.n_by = 1;
	assert_int_equal(judge(p), EVICT_ORDER_NO_WAY);
	order.kubernetes = true;
	assert_int_equal(judge(p), EVICT_ORDER_NO_WAY);
}

TEST(nobody_is_asked_twice_and_not_more_than_there_is_room_for)
{
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);

	order.pending = true;
	p->facts->deleting = true;
	assert_int_equal(judge(p), EVICT_ORDER_PENDING);
	order.pending = p->facts->deleting = false;
	order.room = false;
	assert_int_equal(judge(p), EVICT_ORDER_NO_ROOM);
}

/* In a moment without a measurement: the one before counts. Nobody estimates what would come back. */
TEST(one_that_was_asked_is_known_as_ordered_with_what_it_used)
{
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);
	const struct evict_done accepted = {p->serial, EVICT_ANSWER_ACCEPTED, 0, ""};
	struct evict_over over[EVICT_PENDING];
	struct evict e = {.poor[RESOURCE_MEMORY] = 2};
	int64_t now_us = VICTIM_CASE_NOW;

	fake_sample(&c->f, p, VICTIM_CASE_NOW + 1000000, 0, 0);
	assert_true(evict_has_room(&e));
	evict_order_asked(&e, p, &c->f.samples, now_us);
	assert_true(evict_find(&e, p->serial)->ordered);
	assert_true(evict_find(&e, p->serial)->before_bytes == 100 * MIB);
	assert_true(evict_find(&e, p->serial)->estimate_bytes == 0);
	assert_true(evict_answered(&e, &accepted, &c->f.policy, now_us));
	assert_int_equal(e.n_times, 1);
	assert_true(e.taint_until_us == 0);
	p->facts->ns = "batch";
	assert_false(evict_has_returned(&e, p, now_us, NULL));
	/* Some of it is back: it is awaited all the same. */
	victim_case_grows(c, p, 1);
	assert_int_equal(evict_pass(&e, &c->f.model, &c->f.samples, &c->f.policy, now_us, over), 0);
	now_us += (int64_t)c->f.policy.evict.grace_us + EVICT_MARGIN_US;
	assert_int_equal(evict_pass(&e, &c->f.model, &c->f.samples, &c->f.policy, now_us, over), 1);
	assert_int_equal(over[0].end, EVICT_END_OVERDUE);
	assert_int_equal(e.poor[RESOURCE_MEMORY], 2);
}

TEST(a_cgroup_whose_processes_are_killed_has_gone)
{
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);
	const struct evict_done accepted = {p->serial, EVICT_ANSWER_ACCEPTED, 0, ""};
	struct evict_over over[EVICT_PENDING];
	struct evict e = {.poor[RESOURCE_MEMORY] = 0};

	p->kind = POD_CGROUP;
	p->cgroup->populated = true;
	evict_order_asked(&e, p, &c->f.samples, VICTIM_CASE_NOW);
	assert_true(evict_answered(&e, &accepted, &c->f.policy, VICTIM_CASE_NOW));
	assert_int_equal(
		evict_pass(&e, &c->f.model, &c->f.samples, &c->f.policy, VICTIM_CASE_NOW, over), 0);
	p->cgroup->populated = false;
	assert_int_equal(
		evict_pass(&e, &c->f.model, &c->f.samples, &c->f.policy, VICTIM_CASE_NOW, over), 1);
	assert_int_equal(over[0].end, EVICT_END_GONE);
}

TEST(of_those_only_an_ordered_one_is_asked_again)
{
	struct evict e = {.poor[RESOURCE_MEMORY] = 0};

	for (uint64_t i = 0; i < EVICT_PENDING; i++)
		e.pending[i] = (struct evict_pending){.stage = EVICT_STAGE_AGAIN,
						      .serial = i + 1,
						      .until_us = 5,
						      .ordered = i == 2};
	assert_false(evict_has_room(&e));
	assert_true(evict_order_again(&e, 4) == 0);
	assert_true(evict_order_again(&e, 5) == 3);
	e.pending[2].stage = EVICT_STAGE_DYING;
	assert_true(evict_order_again(&e, 5) == 0);
}

TEST(each_has_its_words)
{
	for (int i = 0; i < EVICT_ORDER_COUNT; i++)
		assert_true(strlen(evict_order_text((enum evict_order_no)i)) > 10);
	assert_string_equal(evict_order_text(EVICT_ORDER_COUNT), "?");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, victim_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_offline_pod_goes_whatever_it_uses),
		CASE(nobody_else_does),
		CASE(no_order_goes_beyond_the_mode),
		CASE(by_the_ways_of_the_policy_alone),
		CASE(nobody_is_asked_twice_and_not_more_than_there_is_room_for),
		CASE(one_that_was_asked_is_known_as_ordered_with_what_it_used),
		CASE(a_cgroup_whose_processes_are_killed_has_gone),
		CASE(of_those_only_an_ordered_one_is_asked_again),
		CASE(each_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
