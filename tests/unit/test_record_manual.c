// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "policy/record_manual.h"
#include "tests/lib/record_case.h"

static const struct manual some = {
	.orders =
		{
			{.slot = 3,
			 .serial = UINT64_MAX,
			 .kind = MANUAL_LEVEL,
			 .level = LEVEL_P4,
			 .since_us = -1,
			 .until_us = INT64_MAX,
			 .wall_us = 1764000000000000,
			 .who = "uid 0 (coloctl, pid 7)"},
			{.slot = 0,
			 .serial = 1,
			 .kind = MANUAL_THAW,
			 .level = LEVEL_NONE,
			 .who = "somebody"},
		},
	.n = 2,
};

static struct record_buf buf;

static int teardown(void **state)
{
	(void)state;
	record_buf_free(&buf);
	return 0;
}

static struct record_line rest(void)
{
	struct record_line line = {buf.text, buf.n - 1}, word;

	assert_true(record_next(&line, &word));
	assert_true(record_is(&word, "manual"));
	return line;
}

TEST(orders_go_there_and_back)
{
	struct manual back;
	struct record_line line;

	memset(&back, 0, sizeof(back));
	record_manual_put(&buf, &some, NULL);
	line = rest();
	assert_int_equal(record_manual_get(&line, &back), 0);
	assert_int_equal(back.n, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct manual_order *x = &back.orders[i], *y = &some.orders[i];

		assert_true(x->slot == y->slot && x->serial == y->serial && x->kind == y->kind &&
			    x->level == y->level && x->since_us == y->since_us &&
			    x->until_us == y->until_us && x->wall_us == y->wall_us);
		assert_string_equal(x->who, y->who);
	}
}

TEST(none_is_the_word_alone)
{
	struct manual back = some;
	struct record_line line;

	record_manual_put(&buf, NULL, NULL);
	assert_int_equal(buf.n, 7);
	line = (struct record_line){"", 0};
	assert_int_equal(record_manual_get(&line, &back), 0);
	assert_int_equal(back.n, 0);
}

TEST(a_line_that_is_cut_short_or_nonsense_is_refused)
{
	static const char *const bad[] = {
		"slot=3",
		"slot=99999 serial=1 order=thaw level=- since=0 until=0 wall=0 who=x",
		"slot=3 serial=1 order=melt level=- since=0 until=0 wall=0 who=x",
		"slot=3 serial=1 order=thaw level=P4 since=0 until=0 wall=0 who=x",
		"slot=3 serial=1 order=level level=- since=0 until=0 wall=0 who=x",
		"slot=3 serial=1 order=level level=P9 since=0 until=0 wall=0 who=x",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct record_line line = {bad[i], strlen(bad[i])};
		struct manual back = {.n = 7};

		assert_int_equal(record_manual_get(&line, &back), -EBADMSG);
		assert_int_equal(back.n, 7);
	}
}

#define T(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(orders_go_there_and_back),
		T(none_is_the_word_alone),
		T(a_line_that_is_cut_short_or_nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
