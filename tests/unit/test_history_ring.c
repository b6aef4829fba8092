// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>

#include "agent/base/history_ring.h"

static struct history_ring ring;
static char buf[64];
static size_t len;

static int setup(void **state)
{
	(void)state;
	return history_ring_init(&ring, 16);
}

static int teardown(void **state)
{
	(void)state;
	history_ring_done(&ring);
	return 0;
}

static size_t put(const char *line)
{
	return history_ring_put(&ring, line, strlen(line), 0);
}

/* All lines there are, one after another. */
static const char *all(void)
{
	static char text[64];
	uint64_t position = 0;

	text[0] = '\0';
	while (history_ring_get(&ring, &position, buf, sizeof(buf), &len)) {
		assert_int_equal(strlen(buf), len);
		strcat(strcat(text, buf), ";");
	}
	return text;
}

TEST(lines_come_back_in_their_order)
{
	assert_string_equal(all(), "");
	put("one\n");
	put("two\n");
	assert_string_equal(all(), "one;two;");
}

TEST(the_oldest_whole_lines_make_room)
{
	assert_int_equal(put("aaa\n"), 0);
	assert_int_equal(put("bbbbbb\n"), 0);
	assert_int_equal(put("cccc\n"), 0);
	assert_string_equal(all(), "aaa;bbbbbb;cccc;");
	/* This one goes over the end of the ring. */
	assert_int_equal(put("dd\n"), 1);
	assert_string_equal(all(), "bbbbbb;cccc;dd;");
	assert_int_equal(put("0123456789\n"), 2);
	assert_string_equal(all(), "dd;0123456789;");
	assert_int_equal(put("0123456789abcde\n"), 2);
	assert_string_equal(all(), "0123456789abcde;");
	assert_int_equal(put("0123456789abcdef\n"), 0);
	assert_string_equal(all(), "0123456789abcde;");
}

TEST(only_lines_after_the_mark_count_as_lost)
{
	put("aaaaaaa\n");
	put("bbbbbbb\n");
	assert_int_equal(history_ring_put(&ring, "0123456789abcde\n", 16, 8), 1);
}

TEST(a_reader_that_was_overtaken_goes_on_with_the_oldest)
{
	uint64_t position = 0;

	put("aaa\n");
	put("bbb\n");
	assert_true(history_ring_get(&ring, &position, buf, sizeof(buf), &len));
	put("0123456789abcd\n");
	assert_true(history_ring_get(&ring, &position, buf, sizeof(buf), &len));
	assert_string_equal(buf, "0123456789abcd");
	assert_false(history_ring_get(&ring, &position, buf, sizeof(buf), &len));
}

TEST(a_line_too_long_for_the_reader_is_passed_over)
{
	uint64_t position = 0;

	put("0123456\n");
	put("ab\n");
	assert_true(history_ring_get(&ring, &position, buf, 4, &len));
	assert_string_equal(buf, "ab");
}

TEST(copies_are_whole_lines)
{
	uint64_t from;

	put("aaa\n");
	put("bbb\n");
	put("ccc\n");
	assert_int_equal(history_ring_copy(&ring, 0, buf, 11, &from), 8);
	assert_memory_equal(buf, "aaa\nbbb\n", 8);
	assert_true(from == 0);
	assert_int_equal(history_ring_copy(&ring, 8, buf, 64, &from), 4);
	assert_memory_equal(buf, "ccc\n", 4);
	assert_int_equal(history_ring_copy(&ring, 12, buf, 64, &from), 0);
	put("dddddd\n");
	/* What fell out cannot be copied any more. */
	assert_int_equal(history_ring_copy(&ring, 0, buf, 64, &from), 15);
	assert_true(from == 4);
	assert_memory_equal(buf, "bbb\nccc\ndddddd\n", 15);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(lines_come_back_in_their_order),
		CASE(the_oldest_whole_lines_make_room),
		CASE(only_lines_after_the_mark_count_as_lost),
		CASE(a_reader_that_was_overtaken_goes_on_with_the_oldest),
		CASE(a_line_too_long_for_the_reader_is_passed_over),
		CASE(copies_are_whole_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
