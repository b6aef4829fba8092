// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>

#include "agent/base/history.h"
#include "tests/lib/alloc_count.h"

static struct history *history;

static int open_history(void **state)
{
	(void)state;
	return history_new(&history);
}

static int close_history(void **state)
{
	(void)state;
	history_free(history);
	history = NULL;
	return 0;
}

static void add(const char *what)
{
	struct history_record r = HISTORY_RECORD(HISTORY_WRITE);

	snprintf(r.what, sizeof(r.what), "%s", what);
	history_add(history, &r);
}

TEST(ids_grow_by_one_and_times_are_given)
{
	struct history_record r;
	uint64_t cursor = 0;

	add("first");
	add("second");
	assert_true(history_next(history, &cursor, &r));
	assert_int_equal(r.id, 1);
	assert_string_equal(r.what, "first");
	assert_true(r.wall_us > 0);
	assert_true(r.at_us > 0);
	assert_int_equal(r.level, LEVEL_NONE);
	assert_int_equal(r.effect, EFFECT_COUNT);
	assert_true(history_next(history, &cursor, &r));
	assert_int_equal(r.id, 2);
	assert_string_equal(r.what, "second");
	assert_false(history_next(history, &cursor, &r));
}

TEST(from_the_end_only_what_is_new_is_read)
{
	struct history_record r;
	uint64_t cursor;

	add("first");
	cursor = history_end(history);
	assert_false(history_next(history, &cursor, &r));
	add("second");
	assert_true(history_next(history, &cursor, &r));
	assert_string_equal(r.what, "second");
	assert_false(history_next(history, &cursor, &r));
}

TEST(times_of_the_caller_stay)
{
	struct history_record r = HISTORY_RECORD(HISTORY_AGENT);
	uint64_t cursor = 0;

	r.wall_us = 5;
	r.at_us = 7;
	history_add(history, &r);
	assert_true(history_next(history, &cursor, &r));
	assert_int_equal(r.wall_us, 5);
	assert_int_equal(r.at_us, 7);
}

TEST(the_oldest_fall_out)
{
	struct history_record r;
	uint64_t cursor = 1, last = 0;
	size_t n = 0;

	for (int i = 0; i < 100000; i++)
		add("again");
	while (history_next(history, &cursor, &r)) {
		assert_true(last == 0 || r.id == last + 1);
		last = r.id;
		n++;
	}
	assert_int_equal(last, 100000);
	assert_true(n > 100 && n < 100000);
}

TEST(adding_allocates_nothing)
{
	size_t before = alloc_count();

	for (int i = 0; i < 10000; i++)
		add("again");
	assert_int_equal(alloc_count(), before);
}

TEST(nobody_keeps_records)
{
	struct history_record r = HISTORY_RECORD(HISTORY_WRITE);

	history_add(NULL, &r);
	history_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ids_grow_by_one_and_times_are_given, open_history,
						close_history),
		cmocka_unit_test_setup_teardown(from_the_end_only_what_is_new_is_read, open_history,
						close_history),
		cmocka_unit_test_setup_teardown(times_of_the_caller_stay, open_history,
						close_history),
		cmocka_unit_test_setup_teardown(the_oldest_fall_out, open_history, close_history),
		cmocka_unit_test_setup_teardown(adding_allocates_nothing, open_history,
						close_history),
		cmocka_unit_test(nobody_keeps_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
