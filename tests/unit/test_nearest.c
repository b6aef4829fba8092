// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "policy/nearest.h"

static const char *const words[] = {"weight", "yield", "squeeze", "io", "from-value"};
static const char *const levels[] = {"P0", "P1", "P7"};

static int find(const char *text)
{
	return nearest(text, words, sizeof(words) / sizeof(words[0]));
}

TEST(two_typing_errors_of_any_kind_still_find_the_word)
{
	assert_int_equal(find("wieght"), 0);
	assert_int_equal(find("weigth"), 0);
	assert_int_equal(find("wight"), 0);
	assert_int_equal(find("weeightt"), 0);
	assert_int_equal(find("sqeze"), 2);
	assert_int_equal(find("from_valeu"), 4);
	assert_int_equal(find("oi"), 3);
}

TEST(case_does_not_count)
{
	assert_int_equal(find("WEIGHT"), 0);
	assert_int_equal(nearest("p7", levels, 3), 2);
}

TEST(three_errors_are_another_word)
{
	assert_int_equal(find("wghti"), -ENOENT);
	assert_int_equal(find("memory"), -ENOENT);
	assert_int_equal(find(""), -ENOENT);
}

TEST(a_short_word_is_not_found_by_what_shares_nothing_with_it)
{
	assert_int_equal(find("xy"), -ENOENT);
	assert_int_equal(find("cpu"), -ENOENT);
}

TEST(two_words_equally_near_give_none)
{
	assert_int_equal(nearest("P9", levels, 3), -ENOENT);
}

TEST(a_very_long_text_is_near_nothing)
{
	char text[5000];

	memset(text, 'w', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(find(text), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_typing_errors_of_any_kind_still_find_the_word),
		cmocka_unit_test(case_does_not_count),
		cmocka_unit_test(three_errors_are_another_word),
		cmocka_unit_test(a_short_word_is_not_found_by_what_shares_nothing_with_it),
		cmocka_unit_test(two_words_equally_near_give_none),
		cmocka_unit_test(a_very_long_text_is_near_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
