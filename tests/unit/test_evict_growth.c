// SPDX-License-Identifier: LGPL-2.1-or-later
// Who is to go for memory where some of the offline pods grow and others rest.
#include "policy/evict_choose.h"

#include <stdio.h>

#include "tests/lib/test.h"
#include "tests/lib/victim_case.h"

#define SECOND 1000000ll
/* The line is 2000 MiB. */
#define LINE_MIB 2000u
#define SECONDS 4

static struct victim_case *c;
static struct evict e;
static struct ladder ladder;
static struct evict_look look;
static struct pod *rests, *grows;

static int setup(void **state)
{
	(void)victim_case_setup(state);
	c = *state;
	e = (struct evict){0};
	ladder = (struct ladder){.rung = RUNG_EVICT, .reason.code = REASON_MEMORY_EMPTY};
	c->f.policy.evict = (struct evict_policy){
		.by = {EVICT_KUBERNETES},
		.n_by = 1,
		.cooldown_us = 15 * SECOND,
		.per_hour = 6,
		.order = {EVICT_BY_LEVEL, EVICT_BY_OVER_REQUEST, EVICT_BY_USAGE},
		.n_order = 3,
	};
	c->f.model.node.zones_high_bytes = LINE_MIB * MIB;
	rests = grows = NULL;
	return 0;
}

static struct pod *pod(const char *path, uint64_t mib, uint64_t mib_s)
{
	struct pod *p = victim_case_pod(c, path, LEVEL_P7, mib - SECONDS * mib_s);

	p->resources.memory_request_bytes.state = FACT_ABSENT;
	victim_case_grows_for(c, p, SECONDS, mib_s << 10);
	c->memory[p->slot].at_us = VICTIM_CASE_NOW + SECONDS * SECOND;
	return p;
}

/* The room is so much, and so much less in each second before. */
static const struct pod *chosen(uint64_t room_mib, uint64_t fall_mib_s)
{
	int64_t now_us = VICTIM_CASE_NOW + SECONDS * SECOND;
	struct evict_input in = victim_case_evict(c, &e, &ladder, true, now_us);

	c->f.samples.node = (struct node_history){0};
	for (uint64_t i = 0; i <= 10; i++) {
		uint64_t mib = LINE_MIB + room_mib + (10 - i) * fall_mib_s / 5;

		fake_sample_node(&c->f, now_us - (10 - (int64_t)i) * SECOND / 5, 0);
		fake_sample_node_memory(&c->f, mib * MIB, mib * MIB);
	}
	ladder.pressure_us = now_us;
	e.short_since_us[RESOURCE_MEMORY] = now_us - 3 * SECOND;
	e.short_us[RESOURCE_MEMORY] = now_us;
	if (evict_choose_due(&in, &look))
		evict_choose(&in, &look);
	assert_int_equal(look.why, EVICT_NOW);
	return look.list.list[look.at].pod;
}

/* It gives back 20 of the 50 MiB that are wanted for half a minute, and takes no more. */
TEST(what_grows_goes_though_one_that_rests_would_give_back_more)
{
	rests = pod(O1, 60, 0);
	grows = pod(O2, 24, 5);
	assert_ptr_equal(chosen(100, 5), grows);
	assert_true(look.need_bytes == 50 * MIB);
	assert_int_equal(look.list.n_candidates, 2);
	assert_ptr_equal(look.list.list[1].pod, rests);
}

TEST(so_it_does_for_who_waits)
{
	rests = pod(O1, 1200, 0);
	grows = pod(O2, 900, 5);
	ladder.reason.code = REASON_MEMORY_WAITS;
	assert_ptr_equal(chosen(0, 0), grows);
	assert_true(look.need_bytes == 1000 * MIB);
}

/* Nobody else has to: an eviction of it is not put off, nor does another one go with it. */
TEST(where_what_grows_has_next_to_nothing_what_rests_goes)
{
	rests = pod(O1, 60, 0);
	grows = pod(O2, 7, 1);
	assert_ptr_equal(chosen(10, 1), rests);
	assert_int_equal(look.list.n_candidates, 1);
	assert_int_equal(look.list.n_out[VICTIM_FREES_NOTHING], 1);
}

/* An online pod takes 50 MiB a second: without the one that starts up it would still do so. */
TEST(where_others_take_the_room_whoever_gives_back_enough_goes)
{
	rests = pod(O1, 700, 0);
	grows = pod(O2, 24, 5);
	assert_ptr_equal(chosen(1000, 50), rests);
	assert_true(look.need_bytes == 500 * MIB);
}

/* None of them is enough, and the one that rests is not either: they go one after another, and it is the last. */
TEST(of_twenty_that_grow_and_one_that_rests_the_one_that_rests_is_the_last)
{
	char path[96];

	rests = pod(O1, 60, 0);
	for (int i = 0; i < 20; i++) {
		(void)snprintf(path, sizeof(path), BESTEFFORT "/kubepods-besteffort-podh%02d.slice",
			       i);
		(void)pod(path, 12, i % 2 ? 2 : 1);
	}
	c->f.policy.evict.per_hour = 240;
	for (uint64_t left = 20; left > 0; left--) {
		const struct pod *p = chosen(left, left);

		assert_ptr_not_equal(p, rests);
		((struct pod *)p)->facts->deleting = true;
	}
	assert_ptr_equal(chosen(0, 1), rests);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, victim_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_grows_goes_though_one_that_rests_would_give_back_more),
		CASE(so_it_does_for_who_waits),
		CASE(where_what_grows_has_next_to_nothing_what_rests_goes),
		CASE(where_others_take_the_room_whoever_gives_back_enough_goes),
		CASE(of_twenty_that_grow_and_one_that_rests_the_one_that_rests_is_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
