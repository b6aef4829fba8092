// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "policy/record_text.h"

static struct record_buf buf;

static int teardown(void **state)
{
	(void)state;
	record_buf_free(&buf);
	return 0;
}

static struct record_line line_of(const char *text)
{
	return (struct record_line){text, strlen(text)};
}

static void assert_buf(const char *want)
{
	assert_int_equal(buf.n, strlen(want));
	assert_memory_equal(buf.text, want, buf.n);
	buf.n = 0;
}

TEST(a_word_is_one_word_whatever_is_in_it)
{
	static const char *const texts[] = {"plain",   "",	    "two words", "tab\there",
					    "a\\x20b", "-",	    "--",	 "\"\"",
					    "\"x",     "new\nline", "ünï",	 "\xff\xfe",
					    "\x1b[2J", "a=b:c"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct record_line word, line;
		char *back = NULL;

		record_put_word(&buf, texts[i]);
		line = (struct record_line){buf.text, buf.n};
		assert_true(record_next(&line, &word));
		assert_int_equal(line.len, 0);
		for (size_t k = 0; k < buf.n; k++)
			assert_true((unsigned char)buf.text[k] > ' ');
		assert_int_equal(record_get_text(&word, &back), 0);
		assert_string_equal(back, texts[i]);
		free(back);
		buf.n = 0;
	}
}

TEST(no_text_is_not_the_empty_text)
{
	struct record_line minus = line_of("-");
	char *back = (char *)1;

	record_put_word(&buf, NULL);
	assert_buf("-");
	assert_int_equal(record_get_text(&minus, &back), 0);
	assert_null(back);
}

TEST(the_rest_of_a_line_keeps_its_blanks)
{
	struct record_line line;
	char *back = NULL;
	size_t len = 0;

	record_put_rest(&buf, "  a b\tc\\\r", 9);
	line = (struct record_line){buf.text, buf.n};
	assert_null(memchr(buf.text, '\t', buf.n));
	assert_int_equal(record_get_rest(&line, &back, &len), 0);
	assert_int_equal(len, 9);
	assert_memory_equal(back, "  a b\tc\\\r", 9);
	free(back);
}

TEST(broken_escapes_are_refused)
{
	static const char *const texts[] = {"\\", "\\x", "\\x4", "\\xg0", "\\n", "\\x00"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct record_line word = line_of(texts[i]);
		char *back = NULL;

		assert_int_equal(record_get_text(&word, &back), -EBADMSG);
		assert_null(back);
	}
}

TEST(values_go_there_and_back_exactly)
{
	static const struct {
		struct knob_value value;
		const char *text;
	} rows[] = {
		{{.state = KNOB_KNOWN, .value = 0}, "0"},
		{{.state = KNOB_KNOWN, .value = 10000}, "10000"},
		{{.state = KNOB_KNOWN, .value = KNOB_VALUE_MAX}, "max"},
		{{.state = KNOB_KNOWN, .value = KNOB_VALUE_MAX, .period_us = 100000}, "max/100000"},
		{{.state = KNOB_KNOWN, .value = KNOB_VALUE_MAX - 1, .period_us = 1},
		 "18446744073709551614/1"},
		{{.state = KNOB_MISSING, .value = 0}, "-"},
		{{.state = KNOB_UNREAD, .value = 0}, "?"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record_line word = line_of(rows[i].text);
		struct knob_value back = {0};

		record_put_value(&buf, &rows[i].value);
		assert_buf(rows[i].text);
		assert_int_equal(record_get_value(&word, &back), 0);
		assert_int_equal(back.state, rows[i].value.state);
		assert_true(back.value == rows[i].value.value);
		assert_true(back.period_us == rows[i].value.period_us);
	}
}

TEST(facts_go_there_and_back_exactly)
{
	static const char *const texts[] = {"unknown", "absent", "known:0", "known:max",
					    "derived:123"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct record_line word = line_of(texts[i]);
		struct fact_u64 fact = {0};

		assert_int_equal(record_get_fact(&word, &fact), 0);
		record_put_fact(&buf, &fact);
		assert_buf(texts[i]);
	}
}

TEST(numbers_are_whole_and_in_range)
{
	static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "1x", "18446744073709551616"};
	struct record_line word;
	uint64_t value = 7;
	int64_t signed_value = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		word = line_of(bad[i]);
		assert_int_equal(record_get_u64(&word, UINT64_MAX, &value), -EBADMSG);
	}
	word = line_of("11");
	assert_int_equal(record_get_u64(&word, 10, &value), -EBADMSG);
	assert_int_equal(value, 7);
	word = line_of("-9223372036854775808");
	assert_int_equal(record_get_i64(&word, &signed_value), 0);
	assert_true(signed_value == INT64_MIN);
	word = line_of("9223372036854775808");
	assert_int_equal(record_get_i64(&word, &signed_value), -EBADMSG);
	word = line_of("-");
	assert_int_equal(record_get_i64(&word, &signed_value), -EBADMSG);
}

TEST(broken_values_and_facts_are_refused)
{
	static const char *const values[] = {"", "1/", "1/0", "/1", "max/max", "1/2/3", "MAX"};
	static const char *const facts[] = {
		"", "known", "known:", "absent:1", "unknown:1", "sure:1"};
	struct knob_value value = {0};
	struct fact_u64 fact = {0};
	struct record_line word;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		word = line_of(values[i]);
		assert_int_equal(record_get_value(&word, &value), -EBADMSG);
	}
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		word = line_of(facts[i]);
		assert_int_equal(record_get_fact(&word, &fact), -EBADMSG);
	}
}

static uint32_t got[16];
static size_t n_got;

static int take(void *context, uint32_t number)
{
	(void)context;
	got[n_got++] = number;
	return 0;
}

TEST(lists_keep_their_order)
{
	static const uint32_t list[] = {5, 0, 1, 2, 3, 9, 8};
	struct record_line word = line_of("5,0-3,9,8");

	record_put_list(&buf, list, 7);
	assert_buf("5,0-3,9,8");
	record_put_list(&buf, NULL, 0);
	assert_buf("-");
	n_got = 0;
	assert_int_equal(record_get_list(&word, 9, 7, take, NULL), 0);
	assert_int_equal(n_got, 7);
	assert_memory_equal(got, list, sizeof(list));
}

TEST(a_list_is_bounded_in_number_and_value)
{
	static const char *const bad[] = {"",	 ",",  "1,",	    "3-1",	    "1-1",
					  "0-9", "11", "1,2,3,4,5", "0-4294967295", "x"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct record_line word = line_of(bad[i]);

		n_got = 0;
		assert_int_equal(record_get_list(&word, 10, 4, take, NULL), -EBADMSG);
		assert_true(n_got <= 4);
	}
}

TEST(words_are_divided_by_single_blanks)
{
	struct record_line line = line_of("a  b"), word;

	assert_true(record_next(&line, &word));
	assert_true(record_is(&word, "a"));
	assert_false(record_next(&line, &word));
	assert_true(line.len > 0); /* so that a caller sees that something was left */
}

TEST(a_long_text_grows_the_buffer)
{
	for (int i = 0; i < 3000; i++)
		record_put(&buf, "%d ", 1000);
	assert_int_equal(buf.n, 15000);
	assert_false(buf.failed);
	assert_memory_equal(buf.text + 14990, "1000 1000 ", 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_word_is_one_word_whatever_is_in_it, teardown),
		cmocka_unit_test_teardown(no_text_is_not_the_empty_text, teardown),
		cmocka_unit_test_teardown(the_rest_of_a_line_keeps_its_blanks, teardown),
		cmocka_unit_test_teardown(broken_escapes_are_refused, teardown),
		cmocka_unit_test_teardown(values_go_there_and_back_exactly, teardown),
		cmocka_unit_test_teardown(facts_go_there_and_back_exactly, teardown),
		cmocka_unit_test_teardown(numbers_are_whole_and_in_range, teardown),
		cmocka_unit_test_teardown(broken_values_and_facts_are_refused, teardown),
		cmocka_unit_test_teardown(lists_keep_their_order, teardown),
		cmocka_unit_test_teardown(a_list_is_bounded_in_number_and_value, teardown),
		cmocka_unit_test_teardown(words_are_divided_by_single_blanks, teardown),
		cmocka_unit_test_teardown(a_long_text_grows_the_buffer, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
