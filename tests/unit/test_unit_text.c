// SPDX-License-Identifier: LGPL-2.1-or-later
// Lines of /run/colod/units, there and back, and what is refused.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>

#include "agent/apply/originals_text.h"
#include "agent/apply/unit_text.h"

static const struct unit_line own = {
	.prop = UNIT_PROP_CPU_WEIGHT,
	.made = true,
	.before = UNIT_PROP_UNSET,
	.told = 50,
	.previous = 0,
	.path = "kubepods.slice/kubepods-besteffort.slice",
};

static int parse(const char *body, struct unit_line *ret_line)
{
	char text[2 * UNIT_TEXT_LINE_SIZE];

	(void)snprintf(text, sizeof(text), "%08x %s", originals_text_checksum(body, strlen(body)),
		       body);
	return unit_text_parse(text, strlen(text), ret_line);
}

TEST(a_line_comes_back_as_it_was)
{
	char text[UNIT_TEXT_LINE_SIZE];
	struct unit_line line, end = own;
	size_t len;

	assert_int_equal(unit_text_format(&own, text, &len), 0);
	assert_int_equal(text[len - 1], '\n');
	assert_int_equal(unit_text_parse(text, len - 1, &line), 0);
	assert_string_equal(line.path, own.path);
	assert_int_equal(line.prop, own.prop);
	assert_true(line.made);
	assert_false(line.end);
	assert_true(line.before == UNIT_PROP_UNSET);
	assert_int_equal(line.told, 50);
	assert_int_equal(line.previous, 0);
	end.end = true;
	assert_int_equal(unit_text_format(&end, text, &len), 0);
	assert_int_equal(unit_text_parse(text, len - 1, &line), 0);
	assert_true(line.end);
	assert_string_equal(line.path, own.path);
}

TEST(any_changed_byte_is_noticed)
{
	char text[UNIT_TEXT_LINE_SIZE];
	struct unit_line line;
	size_t len;

	assert_int_equal(unit_text_format(&own, text, &len), 0);
	for (size_t i = 0; i < len - 1; i++) {
		text[i] ^= 1;
		assert_int_equal(unit_text_parse(text, len - 1, &line), -EBADMSG);
		text[i] ^= 1;
	}
	for (size_t n = 0; n < len - 1; n++)
		assert_int_equal(unit_text_parse(text, n, &line), -EBADMSG);
}

TEST(what_is_not_exactly_a_line_is_refused_even_with_its_checksum)
{
	static const char *const bad[] = {
		"own a.slice CPUWeight made 1 2",
		"own a.slice CPUWeight made 1 2 3 4",
		"own a.slice CPUWeight  made 1 2 3",
		"own a.slice CPUWeight made 1 2 03",
		"own a.slice CPUWeight made 1 2 -3",
		"own a.slice CPUWeight made 1 2 18446744073709551616",
		"own a.slice CPUWeight mine 1 2 3",
		"own a.slice TasksMax made 1 2 3",
		"own ../a.slice CPUWeight made 1 2 3",
		"own a//b.slice CPUWeight made 1 2 3",
		"own /a.slice CPUWeight made 1 2 3",
		"own a.slice/ CPUWeight made 1 2 3",
		"own farm CPUWeight made 1 2 3",
		"end a.slice CPUWeight made",
		"end a.slice",
		"",
	};
	struct unit_line line;

	assert_int_equal(parse("own a.slice CPUWeight made 1 2 3", &line), 0);
	assert_int_equal(parse("end farm/a.slice IOWeight", &line), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(bad[i], &line), -EBADMSG);
}

TEST(a_path_that_could_not_be_read_back_is_not_written)
{
	char text[UNIT_TEXT_LINE_SIZE];
	struct unit_line line = own;
	size_t len;

	(void)snprintf(line.path, sizeof(line.path), "with blank/a.slice");
	assert_int_equal(unit_text_format(&line, text, &len), -EINVAL);
	(void)snprintf(line.path, sizeof(line.path), "kubepods");
	assert_int_equal(unit_text_format(&line, text, &len), -EINVAL);
	line = own;
	line.prop = UNIT_PROP_COUNT;
	assert_int_equal(unit_text_format(&line, text, &len), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_comes_back_as_it_was),
		cmocka_unit_test(any_changed_byte_is_noticed),
		cmocka_unit_test(what_is_not_exactly_a_line_is_refused_even_with_its_checksum),
		cmocka_unit_test(a_path_that_could_not_be_read_back_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
