// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>

#include "agent/ctl/term.h"

static char *text;
static size_t size;
static struct term term;

static int setup(void **state)
{
	(void)state;
	text = NULL;
	term = (struct term){.out = open_memstream(&text, &size), .utf8 = true};
	return term.out ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	fclose(term.out);
	free(text);
	unsetenv("COLUMNS");
	unsetenv("NO_COLOR");
	return 0;
}

static void assert_printed(const char *expected)
{
	fflush(term.out);
	assert_string_equal(text, expected);
}

TEST(a_field_is_padded_cut_and_aligned)
{
	term_field(&term, "ab", 4, false, TERM_PLAIN);
	fputc('|', term.out);
	term_field(&term, "ab", 4, true, TERM_PLAIN);
	fputc('|', term.out);
	term_field(&term, "abcdef", 4, false, TERM_PLAIN);
	assert_printed("ab  |  ab|abc\xe2\x80\xa6");
}

TEST(a_cut_never_splits_a_wide_letter)
{
	/* Three columns hold one wide letter and the mark, and one blank fills up. */
	term_field(&term, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 4, false, TERM_PLAIN);
	fputc('|', term.out);
	assert_printed("\xe6\x97\xa5\xe2\x80\xa6 |");
	assert_int_equal(term_width(&term, "\xe6\x97\xa5\xe6\x9c\xac"), 4);
}

TEST(control_characters_become_visible_escapes)
{
	const char *bad = "a\x1b[31m\n\t\x7f\xc2\x9b\xe2\x80\xae\xff";

	term_text(&term, bad, TERM_PLAIN);
	assert_printed("a\\x1b[31m\\x0a\\x09\\x7f\\x9b\\u{202e}\\xff");
	assert_int_equal(term_width(&term, bad), strlen(text));
}

TEST(an_ascii_terminal_gets_only_ascii)
{
	term.utf8 = false;
	term_text(&term, "1 \xe2\x86\x92 2 \xe2\x80\xa6 \xc3\xa9", TERM_PLAIN);
	fputc('|', term.out);
	term_field(&term, "abcdefgh", 6, false, TERM_PLAIN);
	assert_printed("1 -> 2 ... ?|abc...");
}

TEST(colour_is_only_there_when_asked_for)
{
	term_text(&term, "a", TERM_RED);
	term.colour = true;
	term_text(&term, "b", TERM_RED);
	term_text(&term, "c", TERM_PLAIN);
	assert_printed("a\x1b[31mb\x1b[0mc");
}

TEST(a_paragraph_wraps_between_words)
{
	term.width = 20;
	term_paragraph(&term, "one two three four five six", 0, 2, 4, TERM_PLAIN);
	assert_printed("  one two three four\n    five six\n");
}

TEST(a_path_that_is_too_long_breaks_at_its_slashes)
{
	term.width = 20;
	term_paragraph(&term, "at /aaaaaaaa/bbbbbbbbb/cccccccccc/d", 0, 0, 2, TERM_PLAIN);
	assert_printed("at /aaaaaaaa/\n  bbbbbbbbb/\n  cccccccccc/d\n");
}

TEST(a_word_without_slashes_that_is_too_long_is_cut_into_lines)
{
	term.width = 20;
	term_paragraph(&term, "x 0123456789012345678901234567890123456789", 0, 0, 2, TERM_PLAIN);
	assert_printed("x 012345678901234567\n  890123456789012345\n  6789\n");
}

TEST(without_a_width_nothing_is_wrapped)
{
	term_say(&term, 0, 4, "%s %d", "a long line that goes on and on and on and on", 7);
	assert_printed("a long line that goes on and on and on and on 7\n");
}

TEST(an_empty_paragraph_ends_its_line)
{
	term.width = 20;
	term_paragraph(&term, "", 0, 0, 2, TERM_PLAIN);
	term_paragraph(&term, "  two  blanks ", 0, 0, 2, TERM_PLAIN);
	assert_printed("\n  two  blanks\n");
}

TEST(columns_from_the_environment_win_and_nonsense_does_not)
{
	struct term probe;

	setenv("COLUMNS", "57", 1);
	term_init(&probe, stdout);
	assert_int_equal(probe.width, 57);
	setenv("COLUMNS", "3", 1);
	term_init(&probe, stdout);
	assert_int_equal(probe.width, 20);
	setenv("COLUMNS", "wide", 1);
	term_init(&probe, term.out);
	assert_int_equal(probe.width, 0);
}

TEST(a_pipe_has_no_colour_and_no_width)
{
	FILE *file = tmpfile();
	struct term probe;

	assert_non_null(file);
	term_init(&probe, file);
	assert_false(probe.colour);
	assert_int_equal(probe.width, 0);
	fclose(file);
}

#define TERM_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TERM_TEST(a_field_is_padded_cut_and_aligned),
		TERM_TEST(a_cut_never_splits_a_wide_letter),
		TERM_TEST(control_characters_become_visible_escapes),
		TERM_TEST(an_ascii_terminal_gets_only_ascii),
		TERM_TEST(colour_is_only_there_when_asked_for),
		TERM_TEST(a_paragraph_wraps_between_words),
		TERM_TEST(a_path_that_is_too_long_breaks_at_its_slashes),
		TERM_TEST(a_word_without_slashes_that_is_too_long_is_cut_into_lines),
		TERM_TEST(without_a_width_nothing_is_wrapped),
		TERM_TEST(an_empty_paragraph_ends_its_line),
		TERM_TEST(columns_from_the_environment_win_and_nonsense_does_not),
		TERM_TEST(a_pipe_has_no_colour_and_no_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
