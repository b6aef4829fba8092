// SPDX-License-Identifier: LGPL-2.1-or-later
// The replay of days (make bench-lend) measures what it says, and colod's sum keeps what it promises on the made days that
// can be foreseen.
#include "tests/lib/lend_replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/test.h"

#define DAY_AND_NIGHT 0
#define FLAT 5

static struct lend_score score_of(size_t number, enum lend_of of, enum lend_formula formula)
{
	struct lend_trace t;
	struct lend_score score;

	assert_true(lend_trace_make(number, of, &t));
	assert_true(t.made);
	score = lend_replay(&t, formula);
	lend_trace_free(&t);
	return score;
}

TEST(on_days_that_can_be_foreseen_nothing_is_broken)
{
	struct lend_score day = score_of(DAY_AND_NIGHT, LEND_CPU, LEND_COLOD);
	struct lend_score flat = score_of(FLAT, LEND_MEMORY, LEND_COLOD);

	assert_int_equal(day.over_ppm, 0);
	assert_int_equal(day.broken_ppm, 0);
	assert_true(day.lent_permille >= 400);
	assert_true(day.changes < 10);
	assert_int_equal(flat.broken_ppm, 0);
	assert_true(flat.lent_permille >= 850);
}

TEST(the_same_day_gives_the_same_numbers)
{
	struct lend_score a = score_of(DAY_AND_NIGHT, LEND_CPU, LEND_KOORD_BATCH);
	struct lend_score b = score_of(DAY_AND_NIGHT, LEND_CPU, LEND_KOORD_BATCH);

	assert_memory_equal(&a, &b, sizeof(a));
}

/* It goes by what is free now, which is what it is held against ten seconds later. */
TEST(sixty_percent_of_what_is_free_is_sixty_percent_of_what_is_idle)
{
	struct lend_score s = score_of(FLAT, LEND_CPU, LEND_VOLCANO);

	assert_in_range(s.lent_permille, 590, 600);
	assert_int_equal(s.over_ppm, 0);
}

static char path[] = "/tmp/colod-lend-XXXXXX";

static int write_trace(const char *text, int lines)
{
	char name[sizeof(path)];
	struct lend_trace t = {0};
	int fd, r;

	memcpy(name, path, sizeof(path));
	fd = mkstemp(name);
	assert_true(fd >= 0);
	for (int i = 0; i < lines; i++)
		assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
	r = lend_trace_read(name, LEND_CPU, 10000, 60, &t);
	(void)unlink(name);
	if (r == 0) {
		assert_int_equal(t.n, lines * 6);
		assert_false(t.made);
		lend_trace_free(&t);
	}
	return r;
}

TEST(a_recorded_day_is_read_and_a_damaged_one_is_not)
{
	struct lend_trace t;

	assert_int_equal(write_trace("3000 2000 500\n", 1440), 0);
	assert_int_equal(write_trace("3000 2000\n", 1), -EBADMSG);
	assert_int_equal(write_trace("3000 2000 500 1\n", 1), -EBADMSG);
	assert_int_equal(write_trace("a b c\n", 1), -EBADMSG);
	assert_int_equal(lend_trace_read("/nonexistent/x", LEND_CPU, 1, 60, &t), -ENOENT);
}

TEST(each_formula_has_a_name)
{
	for (int f = 0; f < LEND_FORMULA_COUNT; f++)
		assert_true(strlen(lend_formula_name((enum lend_formula)f)) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_days_that_can_be_foreseen_nothing_is_broken),
		cmocka_unit_test(the_same_day_gives_the_same_numbers),
		cmocka_unit_test(sixty_percent_of_what_is_free_is_sixty_percent_of_what_is_idle),
		cmocka_unit_test(a_recorded_day_is_read_and_a_damaged_one_is_not),
		cmocka_unit_test(each_formula_has_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
