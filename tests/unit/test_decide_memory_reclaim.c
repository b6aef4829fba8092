// SPDX-License-Identifier: LGPL-2.1-or-later
// How much is wanted back, and of whom: the lowest level first, online pods never.
#include "policy/decide_memory_reclaim.h"

#include "tests/lib/memory_case.h"
#include "tests/lib/test.h"

#define MIB MEMORY_CASE_MIB

static struct memory_case c;

/* 800 MiB above the line of 200. */
static int setup(void **state)
{
	(void)state;
	memory_case_init(&c, 1000);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memory_case_done(&c);
	return 0;
}

static uint64_t asked_mib(const struct pod *pod)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < c.f.plan.n_acts; i++)
		sum += c.f.plan.acts[i].cgroup == pod->cgroup ? c.f.plan.acts[i].bytes / MIB : 0;
	return sum;
}

TEST(on_a_lower_rung_nothing_is_asked)
{
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 50});
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_SQUEEZE);
	assert_int_equal(c.f.plan.n_acts, 0);
}

/* 640 are left and fall by 160 a second: 30 s would take far more than an eighth of the node, 1024. */
TEST(what_is_wanted_is_bounded_and_divided_by_what_they_use)
{
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 160});
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_RECLAIM);
	assert_int_equal(c.f.plan.n_acts, 2);
	assert_int_equal(asked_mib(c.web), 0);
	assert_true(asked_mib(c.hog) + asked_mib(c.tame) <= 1024);
	assert_true(asked_mib(c.hog) + asked_mib(c.tame) > 1000);
	assert_true(asked_mib(c.hog) > asked_mib(c.tame));
	assert_int_equal(c.f.plan.acts[0].reason.code, REASON_MEMORY_EMPTY);
	assert_int_equal(c.f.plan.acts[0].reason.level, LEVEL_P7);
}

TEST(the_lowest_level_gives_first_and_the_next_only_what_that_lacks)
{
	c.f.policy.levels[LEVEL_P6] = c.f.policy.levels[LEVEL_P7];
	fake_level(&c.f, c.tame, LEVEL_P6);
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 160});
	assert_int_equal(asked_mib(c.hog), 672); /* all it has */
	assert_true(asked_mib(c.tame) > 340 && asked_mib(c.tame) < 353);
	c.hog_bytes = 2048 * MIB;
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 0});
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 160});
	assert_int_equal(asked_mib(c.tame), 0);
}

TEST(one_who_waits_while_nothing_falls_gets_a_slice)
{
	memory_case_run(&c, 3, (struct memory_second){.web_waits_us = 300000});
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_RECLAIM);
	assert_true(asked_mib(c.hog) + asked_mib(c.tame) >= 62);
	assert_true(asked_mib(c.hog) + asked_mib(c.tame) <= 64);
}

TEST(a_pod_of_which_not_enough_is_known_is_not_asked)
{
	fake_waiting(&c.f, c.tame);
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 160});
	assert_int_equal(asked_mib(c.tame), 0);
	assert_true(asked_mib(c.hog) > 0);
	c.f.model.capabilities &= ~(1u << CAPABILITY_MEMORY_RECLAIM);
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 160});
	assert_int_equal(c.f.plan.n_acts, 0);
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_SQUEEZE);
}

/* It does not fall: nobody needs anything. */
static void rests_at(uint64_t free_mib)
{
	memory_case_done(&c);
	memory_case_init(&c, free_mib);
}

static void mark(enum level level, uint32_t permille)
{
	c.f.policy.levels[level].memory.watermark_permille = permille;
}

/* The line is 200 MiB. */
TEST(below_its_watermark_a_level_gives_without_any_need)
{
	rests_at(300);
	mark(LEVEL_P7, 500);
	memory_case_run(&c, 2, (struct memory_second){.hog_grows = 0});
	assert_int_equal(c.f.plan.n_acts, 0);
	mark(LEVEL_P7, 800);
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 0});
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_CALM);
	assert_int_equal(c.f.plan.n_acts, 2);
	assert_true(asked_mib(c.hog) + asked_mib(c.tame) <= 60);
	assert_true(asked_mib(c.hog) + asked_mib(c.tame) >= 56);
	assert_int_equal(asked_mib(c.web), 0);
	assert_int_equal(c.f.plan.acts[0].reason.code, REASON_MEMORY_MARK);
	assert_int_equal(c.f.plan.acts[0].reason.observed, 300 * MIB);
	assert_int_equal(c.f.plan.acts[0].reason.limit / MIB, 359);
	assert_int_equal(c.f.plan.acts[0].reason.level, LEVEL_P7);
	mark(LEVEL_P7, 0);
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 0});
	assert_int_equal(c.f.plan.n_acts, 0);
}

TEST(each_level_has_its_own_mark_and_the_lowest_gives_first)
{
	rests_at(250);
	c.f.policy.levels[LEVEL_P6] = c.f.policy.levels[LEVEL_P7];
	fake_level(&c.f, c.tame, LEVEL_P6);
	mark(LEVEL_P7, 100);
	mark(LEVEL_P6, 500);
	memory_case_run(&c, 2, (struct memory_second){.hog_grows = 0});
	assert_int_equal(asked_mib(c.hog), 0);
	assert_true(asked_mib(c.tame) >= 46 && asked_mib(c.tame) <= 50);
	mark(LEVEL_P7, 500);
	mark(LEVEL_P6, 1000);
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 0});
	assert_true(asked_mib(c.hog) >= 46 && asked_mib(c.hog) <= 50);
	assert_true(asked_mib(c.hog) + asked_mib(c.tame) >= 140);
	assert_true(asked_mib(c.hog) + asked_mib(c.tame) <= 150);
}

TEST(what_the_rung_needs_counts_where_it_is_more)
{
	rests_at(280);
	mark(LEVEL_P7, 500);
	memory_case_run(&c, 2, (struct memory_second){.web_waits_us = 300000});
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_RECLAIM);
	assert_true(asked_mib(c.hog) + asked_mib(c.tame) > 60);
	assert_int_equal(c.f.plan.acts[0].reason.code, REASON_MEMORY_WAITS);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(on_a_lower_rung_nothing_is_asked),
		CASE(what_is_wanted_is_bounded_and_divided_by_what_they_use),
		CASE(the_lowest_level_gives_first_and_the_next_only_what_that_lacks),
		CASE(one_who_waits_while_nothing_falls_gets_a_slice),
		CASE(below_its_watermark_a_level_gives_without_any_need),
		CASE(each_level_has_its_own_mark_and_the_lowest_gives_first),
		CASE(what_the_rung_needs_counts_where_it_is_more),
		CASE(a_pod_of_which_not_enough_is_known_is_not_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
