// SPDX-License-Identifier: LGPL-2.1-or-later
// A line of io.max: its text, and what of it is colod's while others change parts of it.
#include "tests/lib/test.h"

#include <errno.h>

#include "policy/knob.h"
#include "policy/knob_io.h"

static struct knob_value line(const char *text)
{
	struct knob_value value = {.state = KNOB_UNREAD};

	assert_int_equal(knob_parse(KNOB_IO_MAX, text, &value), 0);
	return value;
}

static const char *text_of(struct knob_value value)
{
	static char buf[KNOB_TEXT_SIZE];

	return knob_format(KNOB_IO_MAX, &value, buf, sizeof(buf));
}

/* What is there, seen as 8:16's. */
static const char *seen(const char *text)
{
	struct knob_value of = knob_value_io(8, 16), value = {.state = KNOB_UNREAD};

	assert_int_equal(knob_parse_of(KNOB_IO_MAX, text, &of, &value), 0);
	return text_of(value);
}

TEST(only_what_is_said_is_written)
{
	assert_string_equal(text_of(line("8:16 wbps=1048576 riops=max")),
			    "8:16 wbps=1048576 riops=max");
	assert_string_equal(text_of(line("259:0 wiops=9 rbps=2\n")), "259:0 rbps=2 wiops=9");
	assert_string_equal(text_of(line("8:0")), "8:0");
	assert_string_equal(text_of(line("4294967295:4294967295 rbps=18446744073709551614")),
			    "4294967295:4294967295 rbps=18446744073709551614");
}

TEST(what_is_no_line_is_refused)
{
	static const char *const wrong[] = {
		"",
		"\n",
		"8",
		"8:",
		":0",
		"8:0 ",
		"8:0 rbps",
		"8:0 rbps=",
		"8:0 rbps=0",
		"8:0 rbps=1 rbps=2",
		"8:0 bps=1",
		"8:0  rbps=1",
		"8:0 rbps=1x",
		"8:0rbps=1",
		"8:0 rbps=max1",
		"8:0 rbps=1\n8:16 rbps=1\n",
		"default 1",
		"8:0 rbps=-1",
		" 8:0 rbps=1",
	};
	struct knob_value value = {.state = KNOB_MISSING};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(knob_parse(KNOB_IO_MAX, wrong[i], &value), -EINVAL);
		assert_int_equal(value.state, KNOB_MISSING);
	}
	assert_int_equal(knob_parse(KNOB_IO_MAX, "8:4294967296", &value), -ERANGE);
	assert_int_equal(knob_parse(KNOB_IO_MAX, "8:0 rbps=18446744073709551615", &value), -ERANGE);
}

TEST(of_a_file_the_line_of_one_disk_is_taken)
{
	static const char none[] = "8:16 rbps=max wbps=max riops=max wiops=max";

	assert_string_equal(seen(""), none);
	assert_string_equal(seen("8:0 rbps=1 wbps=1 riops=2 wiops=2\n"), none);
	/* Not that of a disk whose number begins alike. */
	assert_string_equal(seen("8:160 rbps=2 wbps=2 riops=2 wiops=2\n18:16 rbps=3\n"), none);
	assert_string_equal(
		seen("8:0 rbps=5\n8:16 rbps=7 wbps=max riops=max wiops=9\n8:32 rbps=3\n"),
		"8:16 rbps=7 wbps=max riops=max wiops=9");
	/* A later kernel may say more, and a line of another disk is no business of this one. */
	assert_string_equal(seen("8:0 rbps=?\n8:16 rbps=7 low=3 wiops=9\n"),
			    "8:16 rbps=7 wbps=max riops=max wiops=9");
}

TEST(a_line_that_makes_no_sense_is_no_value)
{
	struct knob_value of = knob_value_io(8, 16), value = {.state = KNOB_MISSING};

	assert_int_equal(knob_parse_of(KNOB_IO_MAX, "8:16 rbps=0\n", &of, &value), -EINVAL);
	assert_int_equal(knob_parse_of(KNOB_IO_MAX, "8:16 rbps=1;\n", &of, &value), -EINVAL);
	assert_int_equal(value.state, KNOB_MISSING);
	/* Without a disk nothing of the file is looked at. */
	of = knob_value_io(0, 0);
	assert_int_equal(knob_parse_of(KNOB_IO_MAX, "8:16 rbps=0\n", &of, &value), 0);
	assert_string_equal(text_of(value), "0:0");
}

TEST(a_value_stands_where_all_that_it_says_does)
{
	const struct knob_value want = line("8:16 wbps=5");
	struct knob_value have = line("8:16 rbps=1 wbps=5 riops=max wiops=max");

	assert_true(knob_equal(KNOB_IO_MAX, &want, &have, 1));
	assert_true(knob_stands(KNOB_IO_MAX, &want, &have, 1));
	assert_false(knob_same(KNOB_IO_MAX, &want, &have));
	have.io.bytes[DISK_WRITE] = 6;
	assert_false(knob_equal(KNOB_IO_MAX, &want, &have, 1));
	have = line("8:0 rbps=1 wbps=5 riops=max wiops=max");
	assert_false(knob_equal(KNOB_IO_MAX, &want, &have, 1));
}

static const char *given_back(const char *original, const char *written, const char *have)
{
	const struct knob_value o = line(original), w = line(written), h = line(have);
	struct knob_value back;

	return knob_give_back(KNOB_IO_MAX, &o, &w, &h, 1, &back) ? text_of(back) : NULL;
}

TEST(what_is_given_back_is_what_still_is_colods)
{
	static const char was[] = "8:0 rbps=max wbps=9 riops=max wiops=max";

	assert_string_equal(given_back(was, "8:0 rbps=5 wbps=3",
				       "8:0 rbps=5 wbps=3 riops=max wiops=max"),
			    "8:0 rbps=max wbps=9");
	/* Somebody else changed one part since: it stays. */
	assert_string_equal(given_back(was, "8:0 rbps=5 wbps=3",
				       "8:0 rbps=7 wbps=3 riops=2 wiops=max"),
			    "8:0 wbps=9");
	/* All of it, or what colod wrote was there before. */
	assert_null(given_back(was, "8:0 rbps=5 wbps=3", "8:0 rbps=7 wbps=9 riops=max wiops=max"));
	assert_null(given_back(was, "8:0 wbps=9", "8:0 rbps=max wbps=9 riops=max wiops=max"));
	/* The disk went, and another one has its place. */
	assert_null(given_back(was, "8:0 rbps=5", "8:16 rbps=5 wbps=max riops=max wiops=max"));
	assert_null(given_back(was, "8:0 rbps=5", "8:0 rbps=max wbps=max riops=max wiops=max"));
}

TEST(what_others_wrote_is_known_part_by_part)
{
	const struct knob_value was = line("8:0 rbps=max wbps=9 riops=max wiops=max");
	const struct knob_value wrote = line("8:0 rbps=5 wbps=3");
	struct knob_value have = line("8:0 rbps=5 wbps=4 riops=2 wiops=max");

	assert_string_equal(text_of(knob_others(KNOB_IO_MAX, &was, &wrote, &have, 1)),
			    "8:0 rbps=max wbps=4 riops=2 wiops=max");
	have.state = KNOB_UNREAD;
	assert_int_equal(knob_others(KNOB_IO_MAX, &was, &wrote, &have, 1).state, KNOB_UNREAD);
}

/* Of one value there are no parts. */
TEST(other_knobs_are_whole)
{
	const struct knob_value was = knob_value_of(1), wrote = knob_value_of(2),
				other = knob_value_of(3);
	struct knob_value back;

	assert_true(knob_give_back(KNOB_CPU_WEIGHT, &was, &wrote, &wrote, 1, &back));
	assert_int_equal(back.value, 1);
	assert_false(knob_give_back(KNOB_CPU_WEIGHT, &was, &wrote, &other, 1, &back));
	assert_int_equal(knob_others(KNOB_CPU_WEIGHT, &was, &wrote, &wrote, 1).value, 1);
	assert_int_equal(knob_others(KNOB_CPU_WEIGHT, &was, &wrote, &other, 1).value, 3);
	assert_true(knob_same_disk(KNOB_CPU_WEIGHT, &was, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_said_is_written),
		cmocka_unit_test(what_is_no_line_is_refused),
		cmocka_unit_test(of_a_file_the_line_of_one_disk_is_taken),
		cmocka_unit_test(a_line_that_makes_no_sense_is_no_value),
		cmocka_unit_test(a_value_stands_where_all_that_it_says_does),
		cmocka_unit_test(what_is_given_back_is_what_still_is_colods),
		cmocka_unit_test(what_others_wrote_is_known_part_by_part),
		cmocka_unit_test(other_knobs_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
