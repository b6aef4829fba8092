// SPDX-License-Identifier: LGPL-2.1-or-later
// What the next run knows of what was told, however the last one ended.
#include "tests/lib/test.h"

#include <stdio.h>
#include <unistd.h>

#include "agent/apply/unit_table.h"
#include "agent/base/fs.h"
#include "tests/lib/tree.h"

#define BATCH "batch.slice"

struct place {
	char *dir;
	int fd;
	struct unit_table t;
	size_t n_bad;
};

static void start(struct place *p)
{
	assert_int_equal(unit_table_open(&p->t, p->fd, &p->n_bad), 0);
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_int_equal(tree_make("@host 1\n", &p->dir), 0);
	p->fd = tree_open(p->dir);
	start(p);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	unit_table_close(&p->t);
	(void)close(p->fd);
	tree_remove(p->dir);
	free(p);
	return 0;
}

static void own(struct place *p, const char *path, enum unit_prop prop, uint64_t told)
{
	struct unit_told value = {.set = true, .made = true, .before = 7, .told = told};
	struct unit *unit = unit_table_get(&p->t, path);

	assert_non_null(unit);
	assert_int_equal(unit_table_own(&p->t, unit, prop, &value), 0);
}

static void again(struct place *p)
{
	unit_table_close(&p->t);
	start(p);
}

TEST(what_was_told_is_known_to_the_next_run)
{
	struct place *p = *state;
	struct unit *unit;

	own(p, BATCH, UNIT_PROP_CPU_WEIGHT, 50);
	own(p, BATCH, UNIT_PROP_MEMORY_LOW, 4096);
	own(p, "farm.slice/farm-a.slice", UNIT_PROP_IO_WEIGHT, 10);
	own(p, BATCH, UNIT_PROP_CPU_WEIGHT, 60);
	assert_int_equal(unit_table_end(&p->t, unit_table_find(&p->t, BATCH), UNIT_PROP_MEMORY_LOW),
			 0);
	again(p);
	assert_int_equal(p->n_bad, 0);
	assert_int_equal(p->t.n, 2);
	unit = unit_table_find(&p->t, BATCH);
	assert_true(unit->props[UNIT_PROP_CPU_WEIGHT].set);
	assert_int_equal(unit->props[UNIT_PROP_CPU_WEIGHT].told, 60);
	assert_int_equal(unit->props[UNIT_PROP_CPU_WEIGHT].before, 7);
	assert_false(unit->props[UNIT_PROP_MEMORY_LOW].set);
	assert_true(unit->stale);
}

TEST(a_cut_line_and_damage_cost_nothing_else)
{
	struct place *p = *state;
	char text[4096];

	own(p, BATCH, UNIT_PROP_CPU_WEIGHT, 50);
	own(p, BATCH, UNIT_PROP_IO_WEIGHT, 10);
	assert_int_equal(tree_read(p->dir, UNIT_TABLE_FILE, text, sizeof(text) - 64), 0);
	strcat(text, "\nnonsense\n0123abcd own batch.sl");
	assert_int_equal(tree_write(p->dir, UNIT_TABLE_FILE, text), 0);
	again(p);
	assert_int_equal(p->n_bad, 1);
	assert_true(unit_table_find(&p->t, BATCH)->props[UNIT_PROP_IO_WEIGHT].set);
	/* The next line is not glued to the cut one. */
	own(p, BATCH, UNIT_PROP_MEMORY_MIN, 4096);
	again(p);
	assert_int_equal(p->n_bad, 0);
	assert_true(unit_table_find(&p->t, BATCH)->props[UNIT_PROP_MEMORY_MIN].set);
	assert_true(unit_table_find(&p->t, BATCH)->props[UNIT_PROP_CPU_WEIGHT].set);
}

TEST(the_file_does_not_grow_without_end_and_goes_when_nothing_is_told)
{
	struct place *p = *state;
	size_t len = 0;
	char *text = NULL;

	for (uint64_t i = 0; i < 5000; i++)
		own(p, BATCH, UNIT_PROP_CPU_WEIGHT, 1 + i);
	assert_int_equal(fs_read_alloc(p->fd, UNIT_TABLE_FILE, 1 << 20, &text, &len), 0);
	free(text);
	assert_true(len < 64 * 1024);
	assert_int_equal(unit_table_end(&p->t, unit_table_find(&p->t, BATCH), UNIT_PROP_CPU_WEIGHT),
			 0);
	assert_int_equal(unit_table_compact(&p->t), 0);
	assert_int_equal(fs_exists(p->fd, UNIT_TABLE_FILE), 0);
	again(p);
	assert_int_equal(p->t.n, 0);
}

TEST(a_path_that_cannot_be_recorded_gets_no_unit)
{
	struct place *p = *state;

	assert_null(unit_table_get(&p->t, "a b.slice"));
	assert_null(unit_table_get(&p->t, "../x.slice"));
	assert_null(unit_table_get(&p->t, "plain"));
	assert_int_equal(p->t.n, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_was_told_is_known_to_the_next_run),
		CASE(a_cut_line_and_damage_cost_nothing_else),
		CASE(the_file_does_not_grow_without_end_and_goes_when_nothing_is_told),
		CASE(a_path_that_cannot_be_recorded_gets_no_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
