// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>

#include "policy/diag.h"

static struct diags diags;

static int setup(void **state)
{
	(void)state;
	memset(&diags, 0, sizeof(diags));
	return 0;
}

static const struct diag *add(const char *text, size_t offset)
{
	struct diag_place place = {
		.file = "a.yaml", .text = text, .len = strlen(text), .offset = offset};

	diag_add(&diags, DIAG_ERROR, &place, "wrong", "write it right");
	return &diags.list[diag_count(&diags) - 1];
}

static void expect_shown(const struct diag *d, const char *expected)
{
	char text[DIAG_FORMAT_SIZE];

	assert_string_equal(diag_format(d, text, sizeof(text)), expected);
}

TEST(a_message_shows_file_line_column_source_caret_and_hint)
{
	expect_shown(add("version: 1\nmode: x\n", 17), "a.yaml:2:7: wrong\n"
						       "    mode: x\n"
						       "          ^\n"
						       "write it right");
}

TEST(a_message_about_the_whole_file_has_neither_line_nor_caret)
{
	struct diag_place place = {.file = "a.yaml"};

	diag_add(&diags, DIAG_ERROR, &place, "too large", "");
	expect_shown(&diags.list[0], "a.yaml: too large");
	assert_int_equal(diags.list[0].line, 0);
}

TEST(a_warning_says_so_and_is_no_error)
{
	struct diag_place place = {.file = "a.yaml"};

	diag_add(&diags, DIAG_WARNING, &place, "odd", "");
	expect_shown(&diags.list[0], "a.yaml: warning: odd");
	assert_int_equal(diags.n, 1);
	assert_int_equal(diags.n_errors, 0);
}

TEST(every_kind_of_line_end_counts_once)
{
	const struct diag *d = add("a\r\nb\rc\nd: x", 9);

	assert_int_equal(d->line, 4);
	assert_int_equal(d->col, 3);
	assert_string_equal(d->source, "d: x");
}

TEST(a_place_behind_the_end_is_the_end)
{
	const struct diag *d = add("ab", 99);

	assert_int_equal(d->line, 1);
	assert_int_equal(d->col, 3);
	expect_shown(d, "a.yaml:1:3: wrong\n    ab\n      ^\nwrite it right");
}

TEST(the_caret_stands_under_its_character_behind_tabs_and_wide_text)
{
	const struct diag *d = add("\t\xc3\xa4\xc3\xb6: x", 7);

	assert_int_equal(d->col, 8);
	expect_shown(d, "a.yaml:1:8: wrong\n"
			"    \t\xc3\xa4\xc3\xb6: x\n"
			"    \t    ^\n"
			"write it right");
}

TEST(of_a_long_line_the_part_around_the_place_is_shown)
{
	char text[1000];
	const struct diag *d;

	memset(text, '.', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	text[700] = 'X';
	d = add(text, 700);
	assert_int_equal(d->col, 701);
	assert_int_equal(d->source[d->caret - 1], 'X');
	assert_int_equal(strlen(d->source), sizeof(d->source) - 1);
	text[20] = 'Y';
	d = add(text, 20);
	assert_int_equal(d->caret, 21);
	assert_int_equal(d->source[20], 'Y');
}

TEST(nothing_that_a_terminal_would_obey_gets_through)
{
	struct diag_place place = {
		.file = "e\x1b[2J.yaml", .text = "a\x9b\x07\xe2\x80\xae\xc2\x85z", .len = 9};
	char text[DIAG_FORMAT_SIZE];

	diag_add(&diags, DIAG_ERROR, &place, "key \"\x1b[31m\n\"", "\xff\x7f");
	assert_string_equal(diags.list[0].source, "a???????z");
	assert_string_equal(diags.list[0].file, "e?[2J.yaml");
	assert_string_equal(diags.list[0].text, "key \"?[31m?\"");
	assert_string_equal(diags.list[0].hint, "??");
	diag_format(&diags.list[0], text, sizeof(text));
	assert_null(strchr(text, '\x1b'));
}

TEST(half_a_character_at_a_cut_is_left_out)
{
	char text[DIAG_TEXT_SIZE + 20] = "";
	struct diag_place place = {.file = "a"};

	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 3);
	diag_add(&diags, DIAG_ERROR, &place, text, "");
	assert_int_equal(strlen(diags.list[0].text), DIAG_TEXT_SIZE - 2);
	assert_int_equal((unsigned char)diags.list[0].text[DIAG_TEXT_SIZE - 3], 0xa4);
}

TEST(printable_knows_broken_utf8)
{
	assert_int_equal(diag_printable("a", 1), 1);
	assert_int_equal(diag_printable("\t", 1), 1);
	assert_int_equal(diag_printable("\xc3\xa4", 2), 2);
	assert_int_equal(diag_printable("\xe2\x82\xac", 3), 3);
	assert_int_equal(diag_printable("\xf0\x9f\x98\x80", 4), 4);
	assert_int_equal(diag_printable("\xc3", 1), 0);
	assert_int_equal(diag_printable("\xc3(", 2), 0);
	assert_int_equal(diag_printable("\xc0\xaf", 2), 0);
	assert_int_equal(diag_printable("\xe0\x80\xaf", 3), 0);
	assert_int_equal(diag_printable("\xed\xa0\x80", 3), 0);
	assert_int_equal(diag_printable("\xf4\x90\x80\x80", 4), 0);
	assert_int_equal(diag_printable("\xf5\x80\x80\x80", 4), 0);
	assert_int_equal(diag_printable("\x80", 1), 0);
	assert_int_equal(diag_printable("\0", 1), 0);
	assert_int_equal(diag_printable("\xef\xbf\xbe", 3), 0);
	assert_int_equal(diag_printable("\xef\xbb\xbf", 3), 0);
}

TEST(a_full_list_goes_on_counting)
{
	for (size_t i = 0; i < DIAGS_MAX + 5; i++)
		add("x", 0);
	assert_int_equal(diags.n, DIAGS_MAX + 5);
	assert_int_equal(diags.n_errors, DIAGS_MAX + 5);
	assert_int_equal(diag_count(&diags), DIAGS_MAX);
}

TEST(an_error_takes_the_place_of_a_warning_when_the_list_is_full)
{
	struct diag_place place = {.file = "w"};

	add("first", 0);
	for (size_t i = 1; i < DIAGS_MAX; i++)
		diag_add(&diags, DIAG_WARNING, &place, "odd", "");
	diag_add(&diags, DIAG_WARNING, &place, "one too many", "");
	diag_add(&diags, DIAG_ERROR, &place, "late error", "");
	assert_string_equal(diags.list[DIAGS_MAX - 1].text, "late error");
	assert_string_equal(diags.list[DIAGS_MAX - 2].text, "odd");
	assert_string_equal(diags.list[0].text, "wrong");
	assert_int_equal(diags.n_errors, 2);
	assert_int_equal(diags.n, DIAGS_MAX + 2);
}

TEST(a_small_buffer_gets_what_fits_and_its_end)
{
	char text[8];

	assert_string_equal(diag_format(add("x", 0), text, sizeof(text)), "a.yaml:");
	assert_string_equal(diag_format(&diags.list[0], text, 1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_message_shows_file_line_column_source_caret_and_hint,
				       setup),
		cmocka_unit_test_setup(a_message_about_the_whole_file_has_neither_line_nor_caret,
				       setup),
		cmocka_unit_test_setup(a_warning_says_so_and_is_no_error, setup),
		cmocka_unit_test_setup(every_kind_of_line_end_counts_once, setup),
		cmocka_unit_test_setup(a_place_behind_the_end_is_the_end, setup),
		cmocka_unit_test_setup(
			the_caret_stands_under_its_character_behind_tabs_and_wide_text, setup),
		cmocka_unit_test_setup(of_a_long_line_the_part_around_the_place_is_shown, setup),
		cmocka_unit_test_setup(nothing_that_a_terminal_would_obey_gets_through, setup),
		cmocka_unit_test_setup(half_a_character_at_a_cut_is_left_out, setup),
		cmocka_unit_test_setup(printable_knows_broken_utf8, setup),
		cmocka_unit_test_setup(a_full_list_goes_on_counting, setup),
		cmocka_unit_test_setup(an_error_takes_the_place_of_a_warning_when_the_list_is_full,
				       setup),
		cmocka_unit_test_setup(a_small_buffer_gets_what_fits_and_its_end, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
