// SPDX-License-Identifier: LGPL-2.1-or-later
// A bounded cursor: nothing past the end, always terminated.
#include "policy/text_out.h"
#include "tests/lib/test.h"

TEST(texts_are_appended)
{
	char buf[16];
	struct text_out out = {.buf = buf, .size = sizeof(buf)};

	text_out_put(&out, "%s", "weight");
	text_out_put(&out, " %d", 50);
	assert_string_equal(buf, "weight 50");
	assert_int_equal(out.len, 9);
}

TEST(what_does_not_fit_is_cut_and_nothing_is_written_past_the_end)
{
	char buf[8] = "xxxxxxx";
	struct text_out out = {.buf = buf, .size = 5};

	text_out_put(&out, "abc");
	text_out_put(&out, "defgh");
	text_out_put(&out, "i");
	assert_string_equal(buf, "abcd");
	assert_int_equal(out.len, 4);
	assert_int_equal(buf[5], 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_appended),
		cmocka_unit_test(what_does_not_fit_is_cut_and_nothing_is_written_past_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
