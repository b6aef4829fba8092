// SPDX-License-Identifier: LGPL-2.1-or-later
// Which of several offline pods goes first, and what is kept of those that do not.
#include "policy/victim.h"
#include "tests/lib/test.h"
#include "tests/lib/victim_case.h"

#include <stdio.h>

TEST(the_lowest_level_goes_first_whatever_the_policy_says)
{
	struct victim_case *c = *state;
	const struct pod *p7 = victim_case_pod(c, O1, LEVEL_P7, 10);

	victim_case_pod(c, O2, LEVEL_P6, 4000);
	victim_case_order(c, 2, EVICT_BY_USAGE, EVICT_BY_LEVEL);
	assert_ptr_equal(victim_case_choose(c), p7);
	assert_int_equal(c->l.by, VICTIM_BY_LEVEL);
	assert_int_equal(c->l.list[1].level, LEVEL_P6);
}

/* o1 and o2 differ in one thing only; o2 goes first by it. */
static void by_key(struct victim_case *c, enum evict_key key)
{
	victim_case_order(c, 2, EVICT_BY_LEVEL, key);
	(void)victim_case_choose(c);
	assert_int_equal(c->l.n, 2);
	assert_string_equal(c->l.list[0].pod->cgroup->path, O2);
	assert_int_equal(c->l.by, VICTIM_BY_ORDER);
	assert_int_equal(c->l.key, key);
	victim_case_order(c, 1, EVICT_BY_LEVEL, key);
	(void)victim_case_choose(c);
	assert_string_equal(c->l.list[0].pod->cgroup->path, O1);
	assert_int_equal(c->l.by, VICTIM_BY_PATH);
}

TEST(more_usage_goes_first)
{
	struct victim_case *c = *state;

	victim_case_pod(c, O1, LEVEL_P7, 100);
	victim_case_uses(c, victim_case_pod(c, O2, LEVEL_P7, 100), 101);
	by_key(c, EVICT_BY_USAGE);
}

/* In the last look its memory could not be read. */
TEST(what_it_used_a_moment_ago_counts_where_that_is_not_known_now)
{
	struct victim_case *c = *state;
	const struct pod *more;

	victim_case_pod(c, O1, LEVEL_P7, 100);
	more = victim_case_pod(c, O2, LEVEL_P7, 100);
	victim_case_uses(c, more, 101);
	fake_sample(&c->f, more, VICTIM_CASE_NOW + 1000000, 0, 0);
	by_key(c, EVICT_BY_USAGE);
}

/* Twenty that grow by 5 MiB a second are each smaller than one that rests at 60: its death would stop nothing. */
TEST(what_it_will_have_grown_by_counts)
{
	struct victim_case *c = *state;
	struct pod *rests = victim_case_pod(c, O1, LEVEL_P7, 60);
	struct pod *grows = victim_case_pod(c, O2, LEVEL_P7, 10);

	victim_case_order(c, 1, EVICT_BY_USAGE, EVICT_BY_LEVEL);
	assert_ptr_equal(victim_case_choose(c), rests); /* of growth nobody knows yet */
	victim_case_grows(c, rests, 60);
	victim_case_grows(c, grows, 15);
	by_key(c, EVICT_BY_USAGE);
	rests->resources.memory_request_bytes.state = FACT_ABSENT;
	grows->resources.memory_request_bytes.state = FACT_ABSENT;
	by_key(c, EVICT_BY_OVER_REQUEST);
	assert_int_equal(c->l.list[1].usage_bytes, 15 * MIB);
	assert_int_equal(c->l.list[1].soon_bytes, 65 * MIB);
	assert_int_equal(c->l.list[0].soon_bytes, 60 * MIB);
}

/* What a hold keeps from growing is what fills the node, not the one beside it that rests. */
TEST(what_it_grew_by_before_it_was_held_counts_while_it_stands_at_its_bound)
{
	struct victim_case *c = *state;
	struct pod *rests = victim_case_pod(c, O1, LEVEL_P7, 60);
	struct pod *held = victim_case_pod(c, O2, LEVEL_P7, 15);
	struct plan_growth *g;

	victim_case_order(c, 1, EVICT_BY_USAGE, EVICT_BY_LEVEL);
	assert_int_equal(plan_reserve_growths(&c->f.plan, &c->f.model), 0);
	g = &c->f.plan.growths[held->slot];
	victim_case_grows(c, rests, 60);
	victim_case_grows(c, held, 15);
	g->wants_bytes_per_s = 5 * MIB;
	assert_ptr_equal(victim_case_choose(c), rests);
	g->met_us = VICTIM_CASE_NOW - 1000000;
	assert_ptr_equal(victim_case_choose(c), held);
	assert_int_equal(c->l.list[0].soon_bytes, 65 * MIB);
	g->met_us = VICTIM_CASE_NOW - 3000000;
	assert_ptr_equal(victim_case_choose(c), rests);
}

/* Both orders of the default policy. */
static void goes_first(struct victim_case *c, const struct pod *pod, bool grows)
{
	static const enum evict_key keys[] = {EVICT_BY_USAGE, EVICT_BY_OVER_REQUEST};

	for (size_t i = 0; i < c->f.model.n_pods; i++)
		c->f.model.pods[i]->resources.memory_request_bytes.state = FACT_ABSENT;
	for (size_t i = 0; i < 2; i++) {
		victim_case_order(c, 1, keys[i], EVICT_BY_LEVEL);
		assert_ptr_equal(victim_case_choose(c), pod);
		assert_int_equal(c->l.list[0].grows, grows);
		assert_int_equal(c->l.key, keys[i]);
	}
}

/* A storm leaves it no CPU time: in ten seconds it would have less than the other has now, but it takes what is left. */
TEST(what_rests_survives_while_what_grows_has_something_to_give_back)
{
	struct victim_case *c = *state;
	struct pod *rests = victim_case_pod(c, O1, LEVEL_P7, 60);
	struct pod *grows = victim_case_pod(c, O2, LEVEL_P7, 20);

	victim_case_grows_for(c, rests, 4, 0);
	victim_case_grows_for(c, grows, 4, 1024);
	c->fall_bytes_per_s = 2 * MIB;
	goes_first(c, grows, true);
	assert_int_equal(c->l.list[0].soon_bytes, 34 * MIB);
	assert_false(c->l.list[1].grows);
	/* It would give back next to nothing: nobody is killed for that. */
	c->memory[grows->slot].anon_bytes = VICTIM_LEAST_BYTES - 1;
	assert_ptr_equal(victim_case_choose(c), rests);
	assert_int_equal(c->l.n_candidates, 1);
}

TEST(who_took_nothing_in_the_last_second_but_in_those_before_still_grows)
{
	struct victim_case *c = *state;
	struct pod *rests = victim_case_pod(c, O1, LEVEL_P7, 60);
	struct pod *grows = victim_case_pod(c, O2, LEVEL_P7, 20);

	victim_case_grows_for(c, rests, 4, 0);
	victim_case_grows_for(c, grows, 3, 400);
	victim_case_grows_for(c, grows, 1, 0);
	goes_first(c, grows, true);
	/* When that is longer ago, it rests. */
	victim_case_grows_for(c, grows, 4, 0);
	goes_first(c, rests, false);
}

/* Less than a MiB in four seconds is the coming and going of any pod. */
TEST(a_little_more_is_no_growth)
{
	struct victim_case *c = *state;
	struct pod *more = victim_case_pod(c, O1, LEVEL_P7, 60);

	victim_case_grows_for(c, more, 4, 0);
	victim_case_grows_for(c, victim_case_pod(c, O2, LEVEL_P7, 20), 4, 200);
	goes_first(c, more, false);
}

/* A level first, then its order: what grows is no reason to pass over what comes before. */
TEST(growing_decides_only_where_usage_does)
{
	struct victim_case *c = *state;
	struct pod *rests = victim_case_pod(c, O1, LEVEL_P7, 60);
	struct pod *grows = victim_case_pod(c, O2, LEVEL_P7, 20);

	victim_case_grows_for(c, rests, 4, 0);
	victim_case_grows_for(c, grows, 4, 1024);
	rests->cgroup->inode = 9;
	victim_case_order(c, 2, EVICT_BY_NEWEST, EVICT_BY_USAGE);
	assert_ptr_equal(victim_case_choose(c), rests);
	rests->cgroup->inode = grows->cgroup->inode;
	assert_ptr_equal(victim_case_choose(c), grows);
	c->f.plan.assignments[grows->slot].level = LEVEL_P6;
	assert_ptr_equal(victim_case_choose(c), rests);
	assert_int_equal(c->l.by, VICTIM_BY_LEVEL);
}

/* It was promised what it uses, and what it will have grown to. */
TEST(who_grows_within_its_request_goes_after_who_is_beyond_it)
{
	struct victim_case *c = *state;
	struct pod *over = victim_case_pod(c, O1, LEVEL_P7, 60);
	struct pod *within = victim_case_pod(c, O2, LEVEL_P7, 20);

	victim_case_grows_for(c, over, 4, 0);
	victim_case_grows_for(c, within, 4, 1024);
	fake_request(over, 0, 50 * MIB);
	fake_request(within, 0, 100 * MIB);
	victim_case_order(c, 2, EVICT_BY_OVER_REQUEST, EVICT_BY_USAGE);
	assert_ptr_equal(victim_case_choose(c), over);
	fake_request(over, 0, 100 * MIB);
	assert_ptr_equal(victim_case_choose(c), within);
}

/* An online pod takes it: to end who starts up beside it stops nothing, and gives back little. */
TEST(where_what_grows_takes_little_of_what_is_lost_the_most_goes_first)
{
	struct victim_case *c = *state;
	struct pod *rests = victim_case_pod(c, O1, LEVEL_P7, 600);
	struct pod *grows = victim_case_pod(c, O2, LEVEL_P7, 20);

	victim_case_grows_for(c, rests, 4, 0);
	victim_case_grows_for(c, grows, 4, 1024);
	c->fall_bytes_per_s = 5 * MIB;
	goes_first(c, rests, false);
	c->fall_bytes_per_s = 4 * MIB;
	goes_first(c, grows, true);
	/* What grows in another level is no help to this one's. */
	c->fall_bytes_per_s = 5 * MIB;
	victim_case_grows_for(c, victim_case_pod(c, G1, LEVEL_P6, 20), 4, 20 << 10);
	goes_first(c, rests, false);
}

/* One that was asked to go takes all it can get until it is gone: that ends by itself. */
TEST(what_a_pod_takes_that_is_going_already_is_not_held_against_the_others)
{
	struct victim_case *c = *state;
	struct pod *rests = victim_case_pod(c, O1, LEVEL_P7, 60);
	struct pod *grows = victim_case_pod(c, O2, LEVEL_P7, 20);
	struct pod *going = victim_case_pod(c, B1, LEVEL_P7, 40);

	victim_case_grows_for(c, rests, 4, 0);
	victim_case_grows_for(c, grows, 4, 1024);
	victim_case_grows_for(c, going, 4, 40 << 10);
	c->fall_bytes_per_s = 41 * MIB;
	going->facts->deleting = true;
	goes_first(c, grows, true);
	/* Killed, or asked to go, a moment ago. */
	going->facts->deleting = false;
	c->state.resting[0] = (struct victim_resting){going->serial, INT64_MAX};
	goes_first(c, grows, true);
	/* What goes on to grow is another matter. */
	c->state.resting[0].serial = 0;
	going->facts->is_static = true;
	goes_first(c, rests, false);
}

TEST(that_it_takes_memory_is_no_reason_to_go_for_the_cpu)
{
	const struct victim less = {.grows = true, .soon_bytes = MIB, .rate = 100};
	const struct victim more = {.soon_bytes = MIB, .rate = 200};
	const struct evict_policy evict = {.order = {EVICT_BY_USAGE}, .n_order = 1};
	enum victim_by by;
	enum evict_key key;

	assert_true(victim_compare(&evict, &less, &more, &by, &key) > 0);
}

/* Most of what it has are file pages, and so is what it grows by: they come back by themselves. */
TEST(who_reads_files_does_not_grow)
{
	struct victim_case *c = *state;
	struct pod *rests = victim_case_pod(c, O1, LEVEL_P7, 700);
	struct pod *reads = victim_case_pod(c, O2, LEVEL_P7, 500);

	victim_case_grows_for(c, rests, 4, 0);
	victim_case_grows_for(c, reads, 4, 10 << 10);
	goes_first(c, reads, true);
	c->memory[reads->slot].anon_bytes = 10 * MIB;
	goes_first(c, rests, false);
	/* What is in tmpfs stays. */
	c->memory[reads->slot].shmem_bytes = 400 * MIB;
	goes_first(c, reads, true);
}

TEST(more_over_the_request_goes_first)
{
	struct victim_case *c = *state;

	fake_request(victim_case_pod(c, O1, LEVEL_P7, 300), 0, 290 * MIB);
	fake_request(victim_case_pod(c, O2, LEVEL_P7, 100), 0, 50 * MIB);
	by_key(c, EVICT_BY_OVER_REQUEST);
	assert_int_equal(c->l.list[0].over_request_bytes, 10 * MIB);
	assert_int_equal(c->l.list[1].over_request_bytes, 50 * MIB);
}

TEST(no_request_is_all_over_and_one_that_nobody_told_is_nothing_over)
{
	struct victim_case *c = *state;
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);

	p->resources.memory_request_bytes.state = FACT_ABSENT;
	(void)victim_case_choose(c);
	assert_int_equal(c->l.list[0].over_request_bytes, 100 * MIB);
	p->resources.memory_request_bytes.state = FACT_UNKNOWN;
	(void)victim_case_choose(c);
	assert_int_equal(c->l.list[0].over_request_bytes, 0);
}

TEST(the_newest_goes_first)
{
	struct victim_case *c = *state;

	victim_case_pod(c, O1, LEVEL_P7, 100)->cgroup->inode = 7;
	victim_case_pod(c, O2, LEVEL_P7, 100)->cgroup->inode = 8;
	by_key(c, EVICT_BY_NEWEST);
}

static struct pod_label cost_label = {.key = "controller.kubernetes.io/pod-deletion-cost"};

static void costs(struct pod *p, const char *text)
{
	cost_label.value = (char *)text;
	p->facts->annotations = &cost_label;
	p->facts->n_annotations = 1;
}

TEST(the_cheapest_goes_first)
{
	struct victim_case *c = *state;

	victim_case_pod(c, O1, LEVEL_P7, 100);
	costs(victim_case_pod(c, O2, LEVEL_P7, 100), "-5");
	by_key(c, EVICT_BY_COST);
}

TEST(a_cost_that_is_no_number_is_none)
{
	static const struct {
		const char *text;
		int64_t cost;
	} rows[] = {{"7", 7},
		    {"+7", 7},
		    {"-2147483648", INT32_MIN},
		    {"2147483648", 0},
		    {"99999999999", 0},
		    {"1e3", 0},
		    {"", 0},
		    {"-", 0}};
	struct victim_case *c = *state;
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		costs(p, rows[i].text);
		(void)victim_case_choose(c);
		assert_int_equal(c->l.list[0].cost, rows[i].cost);
	}
}

/* Within its level, and as an order only: it is not immune. */
TEST(who_asks_to_stay_goes_last_of_its_level)
{
	struct pod_label stay = {.key = "cluster-autoscaler.kubernetes.io/safe-to-evict",
				 .value = "false"};
	struct victim_case *c = *state;
	struct pod *asks = victim_case_pod(c, O1, LEVEL_P7, 100), *other;

	asks->facts->annotations = &stay;
	asks->facts->n_annotations = 1;
	victim_case_order(c, 2, EVICT_BY_LEVEL, EVICT_BY_OPT_OUT);
	assert_ptr_equal(victim_case_choose(c), asks);
	other = victim_case_pod(c, O2, LEVEL_P7, 100);
	by_key(c, EVICT_BY_OPT_OUT);
	stay.value = "true";
	victim_case_order(c, 2, EVICT_BY_LEVEL, EVICT_BY_OPT_OUT);
	assert_ptr_equal(victim_case_choose(c), asks); /* by its path */
	stay.value = "false";
	assert_ptr_equal(victim_case_choose(c), other);
	c->f.plan.assignments[other->slot].level = LEVEL_P6;
	assert_ptr_equal(victim_case_choose(c), asks);
	asks->facts->annotations = NULL;
	asks->facts->n_annotations = 0;
}

TEST(an_earlier_key_decides_before_a_later_one)
{
	struct victim_case *c = *state;
	struct pod *a = victim_case_pod(c, O1, LEVEL_P7, 100),
		   *b = victim_case_pod(c, O2, LEVEL_P7, 200);

	a->cgroup->inode = 9;
	b->cgroup->inode = 8;
	victim_case_order(c, 2, EVICT_BY_NEWEST, EVICT_BY_USAGE);
	assert_ptr_equal(victim_case_choose(c), a);
	assert_int_equal(c->l.key, EVICT_BY_NEWEST);
	victim_case_order(c, 2, EVICT_BY_USAGE, EVICT_BY_NEWEST);
	assert_ptr_equal(victim_case_choose(c), b);
	assert_int_equal(c->l.key, EVICT_BY_USAGE);
}

TEST(the_lists_are_bounded_and_hold_the_first_and_the_largest)
{
	struct victim_case *c = *state;
	char path[128];

	for (int i = 0; i < 12; i++) {
		(void)snprintf(path, sizeof(path), BESTEFFORT "/kubepods-besteffort-poda%02d.slice",
			       i);
		victim_case_pod(c, path, LEVEL_P7, 100 + (uint64_t)i * 7 % 12);
		(void)snprintf(path, sizeof(path), BESTEFFORT "/kubepods-besteffort-podb%02d.slice",
			       i);
		victim_case_pod(c, path, LEVEL_P7, 200 + (uint64_t)i * 5 % 12)->facts->is_static =
			true;
	}
	victim_case_order(c, 1, EVICT_BY_USAGE, EVICT_BY_USAGE);
	(void)victim_case_choose(c);
	assert_int_equal(c->l.n_candidates, 12);
	assert_int_equal(c->l.n, VICTIM_LIST);
	assert_int_equal(c->l.n_out[VICTIM_STATIC], 12);
	assert_int_equal(c->l.n_left, VICTIM_LIST);
	for (uint64_t i = 0; i < VICTIM_LIST; i++) {
		assert_int_equal(c->l.list[i].usage_bytes, (111 - i) * MIB);
		assert_int_equal(c->l.left[i].usage_bytes, (211 - i) * MIB);
	}
}

#define VICTIM_TEST(name)                                                                          \
	cmocka_unit_test_setup_teardown(name, victim_case_setup, victim_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VICTIM_TEST(the_lowest_level_goes_first_whatever_the_policy_says),
		VICTIM_TEST(more_usage_goes_first),
		VICTIM_TEST(what_it_used_a_moment_ago_counts_where_that_is_not_known_now),
		VICTIM_TEST(what_it_will_have_grown_by_counts),
		VICTIM_TEST(what_it_grew_by_before_it_was_held_counts_while_it_stands_at_its_bound),
		VICTIM_TEST(what_rests_survives_while_what_grows_has_something_to_give_back),
		VICTIM_TEST(who_took_nothing_in_the_last_second_but_in_those_before_still_grows),
		VICTIM_TEST(a_little_more_is_no_growth),
		VICTIM_TEST(growing_decides_only_where_usage_does),
		VICTIM_TEST(who_grows_within_its_request_goes_after_who_is_beyond_it),
		VICTIM_TEST(where_what_grows_takes_little_of_what_is_lost_the_most_goes_first),
		VICTIM_TEST(what_a_pod_takes_that_is_going_already_is_not_held_against_the_others),
		VICTIM_TEST(that_it_takes_memory_is_no_reason_to_go_for_the_cpu),
		VICTIM_TEST(who_reads_files_does_not_grow),
		VICTIM_TEST(more_over_the_request_goes_first),
		VICTIM_TEST(no_request_is_all_over_and_one_that_nobody_told_is_nothing_over),
		VICTIM_TEST(the_newest_goes_first),
		VICTIM_TEST(the_cheapest_goes_first),
		VICTIM_TEST(a_cost_that_is_no_number_is_none),
		VICTIM_TEST(who_asks_to_stay_goes_last_of_its_level),
		VICTIM_TEST(an_earlier_key_decides_before_a_later_one),
		VICTIM_TEST(the_lists_are_bounded_and_hold_the_first_and_the_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
