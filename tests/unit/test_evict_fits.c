// SPDX-License-Identifier: LGPL-2.1-or-later
// Somebody is to go for memory that goes by fits and starts: when, and when not.
#include "policy/evict_choose.h"
#include "tests/lib/test.h"
#include "tests/lib/victim_case.h"

#define SECOND 1000000ll
/* Of room, to begin with; the line is 2000 MiB. */
#define ROOM_MIB 60
/* A look each 0.2 s: a fit in each tenth. */
#define LOOKS 100
#define EACH 10

static struct victim_case *c;
static struct evict e;
static struct ladder ladder;
static struct pod *pod;
static uint64_t available_bytes;
static int64_t now_us;

static int setup(void **state)
{
	(void)victim_case_setup(state);
	c = *state;
	e = (struct evict){0};
	now_us = VICTIM_CASE_NOW;
	ladder = (struct ladder){.rung = RUNG_EVICT, .reason.code = REASON_MEMORY_EMPTY};
	c->f.policy.evict = (struct evict_policy){
		.by = {EVICT_KUBERNETES},
		.n_by = 1,
		.cooldown_us = 15 * SECOND,
		.per_hour = 6,
		.order = {EVICT_BY_USAGE},
		.n_order = 1,
	};
	c->f.model.node.zones_high_bytes = 2000 * MIB;
	c->f.samples.node = (struct node_history){0};
	available_bytes = (2000 + ROOM_MIB) * MIB;
	pod = victim_case_pod(c, O1, LEVEL_P7, 100);
	return 0;
}

/* 0.2 s later so much more is taken. `falls`: the ladder has seen that, in the mean of a second. */
static bool is_due(uint64_t taken_mib, bool falls)
{
	struct evict_input in;
	struct evict_look look;

	now_us += SECOND / 5;
	in = victim_case_evict(c, &e, &ladder, true, now_us);
	available_bytes -= taken_mib * MIB;
	fake_sample_node(&c->f, now_us, 0);
	fake_sample_node_memory(&c->f, available_bytes, available_bytes);
	c->memory[pod->slot].at_us = now_us;
	if (falls)
		ladder.pressure_us = now_us;
	evict_choose_see(&e, &in);
	if (evict_choose_due(&in, &look))
		evict_choose(&in, &look);
	return look.why == EVICT_NOW;
}

/* So much in each fit, and how many MiB of room are left when somebody goes; 0: nobody does. */
static int64_t left_mib(uint64_t mib)
{
	for (int i = 0; i < LOOKS; i++) {
		bool fit = i % EACH == EACH - 1;

		if (is_due(fit ? mib : 0, fit || (i >= EACH && i % EACH < 5)))
			return (int64_t)(available_bytes / MIB) - 2000;
	}
	return 0;
}

/* Never for a second and a half without a break, and 4 MiB a second by the mean: ten seconds before there is none left, and three
 * more to be sure of it. */
TEST(who_takes_by_fits_and_starts_goes_before_it_is_too_late)
{
	int64_t mib = left_mib(8);

	assert_true(mib >= 16 && mib <= 24);
}

TEST(who_takes_little_by_fits_does_not_go)
{
	assert_int_equal(left_mib(1), 0);
}

/* What somebody takes four seconds later is another matter. */
TEST(who_has_stopped_taking_does_not_go)
{
	for (int i = 0; i < LOOKS / 2; i++) {
		uint64_t mib = i == 9 || i == 10 ? 20 : i == 29 ? 2 : 0;

		assert_false(is_due(mib, (i >= 9 && i < 16) || (i >= 29 && i < 35)));
	}
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, victim_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(who_takes_by_fits_and_starts_goes_before_it_is_too_late),
		CASE(who_takes_little_by_fits_does_not_go),
		CASE(who_has_stopped_taking_does_not_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
