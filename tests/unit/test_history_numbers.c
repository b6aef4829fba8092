// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "agent/base/history_numbers.h"

TEST(numbers_come_back_and_what_was_not_measured_has_none)
{
	struct history_record r = HISTORY_RECORD(HISTORY_KILL);
	struct history_number n;
	const char *at = r.numbers;

	assert_false(history_numbers_valid(r.numbers));
	history_number(&r, "room_bytes", INT64_MIN);
	history_number_unknown(&r, "freed_bytes");
	history_number_if(&r, "a_1", true, INT64_MAX);
	history_number_if(&r, "b", false, 7);
	history_number_if(&r, "c", true, UINT64_MAX);
	assert_string_equal(r.numbers, "room_bytes=-9223372036854775808,freed_bytes=-,"
				       "a_1=9223372036854775807,b=-,c=-");
	assert_true(history_numbers_valid(r.numbers));
	assert_true(history_numbers_next(&at, &n));
	assert_string_equal(n.key, "room_bytes");
	assert_true(n.known && n.value == INT64_MIN);
	assert_true(history_numbers_next(&at, &n));
	assert_false(n.known);
	assert_true(history_numbers_next(&at, &n));
	assert_true(n.known && n.value == INT64_MAX);
	assert_true(history_numbers_next(&at, &n));
	assert_true(history_numbers_next(&at, &n));
	assert_string_equal(n.key, "c");
	assert_false(history_numbers_next(&at, &n));
}

TEST(there_is_one_form_only)
{
	static const char *const good[] = {"a=0", "a=-", "a=-1", "ab_9=10,c=-"};
	static const char *const bad[] = {"",
					  ",",
					  "a",
					  "a=",
					  "a=1,",
					  ",a=1",
					  "a=01",
					  "a=-0",
					  "a=--",
					  "a=+1",
					  "a=1 ",
					  "A=1",
					  "9=1",
					  "_a=1",
					  "a=1,,b=2",
					  "a=1=2",
					  "=1",
					  "a=0x1",
					  "a=9223372036854775808",
					  "a=-9223372036854775809",
					  "a23456789012345678901234567890123=1"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(history_numbers_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(history_numbers_valid(bad[i]));
}

TEST(a_number_that_does_not_fit_is_left_out_whole)
{
	struct history_record r = HISTORY_RECORD(HISTORY_KILL);
	size_t len;

	for (int i = 0; i < 1000; i++)
		history_number(&r, "some_longer_key", 1234567 + i);
	assert_true(history_numbers_valid(r.numbers));
	len = strlen(r.numbers);
	assert_true(len < sizeof(r.numbers) && len + 24 >= sizeof(r.numbers));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_come_back_and_what_was_not_measured_has_none),
		cmocka_unit_test(there_is_one_form_only),
		cmocka_unit_test(a_number_that_does_not_fit_is_left_out_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
