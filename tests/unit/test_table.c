// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>

#include "agent/ctl/table.h"

static const struct table_column columns[] = {
	{.title = "NAME", .min = 6},
	{.title = "N", .right = true},
	{.title = "NOTE", .min = 4},
};

static char *text;
static size_t size;
static struct term term;
static struct table table;

static int setup(void **state)
{
	(void)state;
	text = NULL;
	term = (struct term){.out = open_memstream(&text, &size), .utf8 = true};
	table_init(&table, columns, 3);
	table_add(&table, "a-very-long-name", TERM_PLAIN);
	table_add(&table, "1", TERM_PLAIN);
	table_add(&table, "short", TERM_PLAIN);
	table_add(&table, "b", TERM_PLAIN);
	table_add(&table, "12345", TERM_PLAIN);
	table_add(&table, NULL, TERM_PLAIN);
	return term.out ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	table_done(&table);
	fclose(term.out);
	free(text);
	return 0;
}

static void assert_printed(unsigned width, const char *expected)
{
	term.width = width;
	assert_int_equal(table_print(&table, &term), 0);
	fflush(term.out);
	assert_string_equal(text, expected);
}

TEST(columns_are_as_wide_as_their_content)
{
	assert_printed(0, "NAME                  N  NOTE\n"
			  "a-very-long-name      1  short\n"
			  "b                 12345  -\n");
}

TEST(the_widest_column_that_may_be_cut_is_cut_first)
{
	assert_printed(26, "NAME              N  NOTE\n"
			   "a-very-long\xe2\x80\xa6      1  short\n"
			   "b             12345  -\n");
}

TEST(cutting_stops_at_the_minimum_and_then_columns_go)
{
	assert_printed(18, "NAME        N\n"
			   "a-ver\xe2\x80\xa6      1\n"
			   "b       12345\n");
}

TEST(a_terminal_as_wide_as_the_table_cuts_nothing)
{
	assert_printed(30, "NAME                  N  NOTE\n"
			   "a-very-long-name      1  short\n"
			   "b                 12345  -\n");
}

TEST(the_last_column_that_is_left_fills_the_line)
{
	assert_printed(3, "NA\xe2\x80\xa6\n"
			  "a-\xe2\x80\xa6\n"
			  "b\n");
}

TEST(a_row_under_way_is_freed_and_not_printed)
{
	table_add(&table, "half", TERM_PLAIN);
	assert_printed(0, "NAME                  N  NOTE\n"
			  "a-very-long-name      1  short\n"
			  "b                 12345  -\n");
}

#define TABLE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TABLE_TEST(columns_are_as_wide_as_their_content),
		TABLE_TEST(the_widest_column_that_may_be_cut_is_cut_first),
		TABLE_TEST(cutting_stops_at_the_minimum_and_then_columns_go),
		TABLE_TEST(a_terminal_as_wide_as_the_table_cuts_nothing),
		TABLE_TEST(the_last_column_that_is_left_fills_the_line),
		TABLE_TEST(a_row_under_way_is_freed_and_not_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
