// SPDX-License-Identifier: LGPL-2.1-or-later
// What is told of a step when it is taken and 10 s later; what is measured is test_step_look's.
#include "agent/effects.h"
#include "tests/lib/test.h"

#include <stdio.h>
#include <string.h>

#include "agent/base/history.h"
#include "agent/tick.h"
#include "tests/lib/tick_case.h"

#define S_US 1000000ll

static struct tick_case t;
static int64_t now_us;

static int setup(void **state)
{
	(void)state;
	if (tick_case_open(&t) < 0)
		return -1;
	tick_case_start(&t, "full", MODE_FULL);
	now_us = 100 * S_US;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tick_case_close(&t);
	return 0;
}

static void pass(int64_t after_us, unsigned available_mib)
{
	char text[256];

	now_us += after_us;
	(void)snprintf(text, sizeof(text),
		       "MemTotal: 8388608 kB\nMemFree: %u kB\nMemAvailable: %u kB\n"
		       "Inactive(file): 0 kB\n",
		       available_mib * 1024, available_mib * 1024);
	assert_int_equal(tree_write(t.dir, "proc/meminfo", text), 0);
	tick(t.state, now_us);
}

static struct history_record begin(enum resource resource)
{
	struct history_record r = HISTORY_RECORD(HISTORY_RUNG);

	HISTORY_SET(r.what, "memory");
	HISTORY_SET(r.from, "calm");
	HISTORY_SET(r.to, "reclaim");
	r.would = true;
	effects_begin(t.state, resource, &r);
	return r;
}

static size_t n_told(struct history_record *ret_last)
{
	return tick_case_told(&t, HISTORY_EFFECT, ret_last);
}

static bool has(const struct history_record *r, const char *number)
{
	return strstr(r->numbers, number) != NULL;
}

TEST(ten_seconds_later_both_looks_are_told)
{
	struct history_record r;

	pass(S_US, 3000);
	pass(S_US, 2000);
	r = begin(RESOURCE_MEMORY);
	assert_true(has(&r, "room_before_bytes="));
	assert_true(has(&r, ",fall_before_bytes_per_s=1048576000"));
	for (int i = 0; i < 9; i++)
		pass(S_US, 2000);
	assert_int_equal(n_told(&r), 0);
	pass(S_US, 2500);
	assert_int_equal(n_told(&r), 1);
	assert_true(r.would);
	assert_string_equal(r.what, "memory");
	assert_string_equal(r.from, "calm");
	assert_string_equal(r.to, "reclaim");
	assert_true(has(&r, "fall_before_bytes_per_s=1048576000,"));
	assert_true(has(&r, "fall_after_bytes_per_s=0,after_us=10000000,steps_between=0"));
	pass(S_US, 2500);
	assert_int_equal(n_told(&r), 1);
}

/* Nobody looked while it would have been measured. */
TEST(a_look_that_came_too_late_is_not_told_as_one)
{
	struct history_record r;

	pass(S_US, 3000);
	(void)begin(RESOURCE_MEMORY);
	pass(14 * S_US, 2000);
	assert_int_equal(n_told(&r), 1);
	assert_true(has(&r, "stall_after_permille=-,room_after_bytes=-,fall_after_bytes_per_s=-"));
	assert_non_null(strstr(r.why, "not measured, before"));
}

TEST(steps_that_were_taken_meanwhile_are_counted)
{
	struct history_record r;

	pass(S_US, 3000);
	(void)begin(RESOURCE_MEMORY);
	pass(S_US, 3000);
	(void)begin(RESOURCE_CPU);
	(void)begin(RESOURCE_CPU);
	for (int i = 0; i < 9; i++)
		pass(S_US, 3000);
	assert_int_equal(n_told(&r), 1);
	assert_true(has(&r, "steps_between=2"));
	pass(S_US, 3000);
	assert_int_equal(n_told(&r), 3);
	assert_true(has(&r, "steps_between=0"));
	assert_false(has(&r, "room_"));
}

TEST(more_than_can_be_followed_have_no_second_look)
{
	struct history_record r;

	pass(S_US, 3000);
	for (int i = 0; i < EFFECTS_MAX + 5; i++) {
		r = begin(RESOURCE_MEMORY);
		assert_true(has(&r, "room_before_bytes="));
	}
	pass(10 * S_US, 3000);
	assert_int_equal(n_told(&r), EFFECTS_MAX);
	(void)begin(RESOURCE_MEMORY);
	pass(10 * S_US, 3000);
	assert_int_equal(n_told(&r), EFFECTS_MAX + 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(ten_seconds_later_both_looks_are_told),
		CASE(a_look_that_came_too_late_is_not_told_as_one),
		CASE(steps_that_were_taken_meanwhile_are_counted),
		CASE(more_than_can_be_followed_have_no_second_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
