// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "agent/base/utf8.h"

TEST(every_length_is_decoded)
{
	static const struct {
		const char *text;
		size_t len;
		uint32_t point;
	} cases[] = {
		{"a", 1, 'a'},
		{"\x7f", 1, 0x7f},
		{"\xc2\x80", 2, 0x80},
		{"\xdf\xbf", 2, 0x7ff},
		{"\xe0\xa0\x80", 3, 0x800},
		{"\xe2\x82\xac", 3, 0x20ac},
		{"\xef\xbf\xbf", 3, 0xffff},
		{"\xf0\x90\x80\x80", 4, 0x10000},
		{"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t point = 0;

		assert_int_equal(utf8_decode(cases[i].text, strlen(cases[i].text), &point),
				 cases[i].len);
		assert_int_equal(point, cases[i].point);
	}
}

TEST(what_is_no_utf8_is_refused_and_the_output_untouched)
{
	static const char *const cases[] = {
		"\x80",		    /* continuation without a start */
		"\xc0\x80",	    /* overlong NUL */
		"\xc1\xbf",	    /* overlong */
		"\xe0\x9f\xbf",	    /* overlong */
		"\xf0\x8f\xbf\xbf", /* overlong */
		"\xed\xa0\x80",	    /* surrogate */
		"\xf4\x90\x80\x80", /* beyond U+10FFFF */
		"\xf5\x80\x80\x80",
		"\xff",
		"\xe2\x82",	/* cut */
		"\xe2\x28\xa1", /* no continuation */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t point = 77;

		assert_int_equal(utf8_decode(cases[i], strlen(cases[i]), &point), 0);
		assert_int_equal(point, 77);
		assert_false(utf8_valid(cases[i]));
	}
}

TEST(nothing_is_read_behind_the_end)
{
	static const char euro[] = {(char)0xe2, (char)0x82, (char)0xac};
	uint32_t point;

	assert_int_equal(utf8_decode(euro, 0, &point), 0);
	assert_int_equal(utf8_decode(euro, 2, &point), 0);
	assert_int_equal(utf8_decode(euro, 3, &point), 3);
}

TEST(scrub_replaces_each_bad_byte_and_keeps_the_rest)
{
	char cut[] = "caf\xc3\xa9/w\xe2\x82", good[] = "caf\xc3\xa9", bad[] = "\xff\xfe";

	assert_string_equal(utf8_scrub(cut), "caf\xc3\xa9/w??");
	assert_string_equal(utf8_scrub(good), "caf\xc3\xa9");
	assert_string_equal(utf8_scrub(bad), "??");
	assert_true(utf8_valid(cut) && utf8_valid(bad) && utf8_valid(""));
}

TEST(widths_are_what_a_terminal_uses)
{
	assert_int_equal(utf8_width('a'), 1);
	assert_int_equal(utf8_width(0xe9), 1);	  /* é */
	assert_int_equal(utf8_width(0x301), 0);	  /* combining acute */
	assert_int_equal(utf8_width(0x65e5), 2);  /* 日 */
	assert_int_equal(utf8_width(0xac00), 2);  /* 가 */
	assert_int_equal(utf8_width(0xff21), 2);  /* fullwidth A */
	assert_int_equal(utf8_width(0x1f600), 2); /* an emoji */
	assert_int_equal(utf8_width(0x2026), 1);  /* … */
}

TEST(controls_and_invisible_marks_are_unsafe_and_letters_are_not)
{
	static const uint32_t bad[] = {0,      0x1b,   '\n',   '\t',   0x7f,   0x80,   0x9b,   0x9f,
				       0x200b, 0x200e, 0x2028, 0x202e, 0x2066, 0xfeff, 0xe0041};
	static const uint32_t good[] = {' ', '~', 0xa0, 0xe9, 0x2026, 0x2192, 0x65e5, 0x1f600};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(utf8_unsafe(bad[i]));
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_false(utf8_unsafe(good[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_is_decoded),
		cmocka_unit_test(what_is_no_utf8_is_refused_and_the_output_untouched),
		cmocka_unit_test(nothing_is_read_behind_the_end),
		cmocka_unit_test(scrub_replaces_each_bad_byte_and_keeps_the_rest),
		cmocka_unit_test(widths_are_what_a_terminal_uses),
		cmocka_unit_test(controls_and_invisible_marks_are_unsafe_and_letters_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
