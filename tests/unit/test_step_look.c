// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/step_look.h"
#include "tests/lib/memory_case.h"
#include "tests/lib/test.h"

static struct memory_case c;

static int setup(void **state)
{
	(void)state;
	memory_case_init(&c, 2000);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memory_case_done(&c);
	return 0;
}

static struct step_look look(enum resource resource)
{
	const struct wait_look w = {
		.model = &c.f.model,
		.samples = &c.f.samples,
		.policy = &c.f.policy,
		.plan = &c.f.plan,
		.rule = &c.f.policy.pressure_memory,
		.resource = resource,
		.now_us = c.now_us,
	};
	struct step_look l;

	step_look(&w, &l);
	return l;
}

TEST(who_waits_longest_and_the_room_are_what_was_measured)
{
	struct step_look l;

	memory_case_run(&c, 3, (struct memory_second){.hog_grows = 20, .web_waits_us = 240000});
	l = look(RESOURCE_MEMORY);
	assert_true(l.stall_known && l.room_known && l.fall_known);
	assert_true(l.window_us == 1000000);
	assert_int_equal(l.stall_permille, 240);
	assert_string_equal(l.who, c.web->name);
	assert_true(l.room_bytes > 0);
	assert_true(l.fall_bytes_per_s > 0);
}

TEST(what_was_not_measured_is_not_known)
{
	struct step_look l;

	memory_case_run(&c, 3, (struct memory_second){.web_waits_us = 240000});
	c.now_us += 20 * MEMORY_CASE_SECOND;
	l = look(RESOURCE_MEMORY);
	assert_false(l.stall_known || l.room_known || l.fall_known);
}

/* By a bound of its own: no number of it is what a step is judged by. */
TEST(one_that_waits_by_its_own_bound_is_not_counted)
{
	memory_case_run(&c, 3, (struct memory_second){.web_waits_us = 240000, .web_bounded = 1});
	assert_false(look(RESOURCE_MEMORY).stall_known);
}

/* Of one that does not wait nobody reads what bound it met: it waits for nothing all the same. */
TEST(one_that_does_not_wait_at_all_waits_nought)
{
	struct step_look l;

	memory_case_run(&c, 3, (struct memory_second){.web_unsure = true});
	l = look(RESOURCE_MEMORY);
	assert_true(l.stall_known && l.stall_permille == 0);
	assert_string_equal(l.who, "");
	memory_case_run(&c, 3, (struct memory_second){.web_unsure = true, .web_waits_us = 1});
	assert_false(look(RESOURCE_MEMORY).stall_known);
}

TEST(offline_pods_do_not_count_and_another_resource_has_no_room)
{
	memory_case_run(&c, 3, (struct memory_second){.web_waits_us = 240000});
	assert_false(look(RESOURCE_CPU).room_known);
	fake_level(&c.f, c.web, LEVEL_P7);
	assert_false(look(RESOURCE_MEMORY).stall_known);
}

TEST(without_a_rule_it_is_a_second)
{
	c.f.policy.pressure_memory = (struct pressure_rule){.window_us = 5};
	memory_case_run(&c, 3, (struct memory_second){.web_waits_us = 240000});
	assert_true(look(RESOURCE_MEMORY).window_us == 1000000);
}

TEST(both_are_told_side_by_side)
{
	const struct step_look before = {
		.window_us = 1000000,
		.stall_known = true,
		.stall_permille = 241,
		.who = "shop/web",
		.room_known = true,
		.room_bytes = -(5 << 20),
		.fall_known = true,
		.fall_bytes_per_s = 60u << 20,
	};
	struct step_look after = before, none = {.window_us = 1000000};
	char text[STEP_LOOK_TEXT_SIZE];

	after.stall_permille = 0;
	after.who[0] = '\0';
	after.room_bytes = 300 << 20;
	after.fall_bytes_per_s = 0;
	assert_string_equal(
		step_look_text(&before, &after, RESOURCE_MEMORY, text, sizeof(text)),
		"the longest that an online pod waits for memory, of 1 s: 0.0 %, before "
		"24.1 % (shop/web); room: 300 MiB, before -5 MiB and falls by 60 MiB a second");
	assert_string_equal(
		step_look_text(&before, &none, RESOURCE_MEMORY, text, sizeof(text)),
		"the longest that an online pod waits for memory, of 1 s: not measured, "
		"before 24.1 % (shop/web); room: not measured, before -5 MiB and falls by "
		"60 MiB a second");
	assert_string_equal(step_look_text(&before, &after, RESOURCE_CPU, text, sizeof(text)),
			    "the longest that an online pod waits for CPU, of 1 s: 0.0 %, before "
			    "24.1 % (shop/web)");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(who_waits_longest_and_the_room_are_what_was_measured),
		CASE(what_was_not_measured_is_not_known),
		CASE(one_that_waits_by_its_own_bound_is_not_counted),
		CASE(one_that_does_not_wait_at_all_waits_nought),
		CASE(offline_pods_do_not_count_and_another_resource_has_no_room),
		CASE(without_a_rule_it_is_a_second),
		CASE(both_are_told_side_by_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
