// SPDX-License-Identifier: LGPL-2.1-or-later
// Records whose place is used again, and the walk over all of them.
#include "tests/lib/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/apply/originals.h"
#include "policy/knob.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/tree.h"

struct scene {
	char *dir;
	int fd;
	struct originals o;
	struct originals_line line;
};

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct originals_found found;

	assert_non_null(s);
	assert_int_equal(tree_make(NULL, &s->dir), 0);
	s->fd = tree_open(s->dir);
	assert_int_equal(originals_open(&s->o, s->fd, "boot-1", &found), 0);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	originals_close(&s->o);
	(void)close(s->fd);
	tree_remove(s->dir);
	free(s);
	return 0;
}

static int own(struct scene *s, const char *path, uint64_t original, uint64_t written, bool held)
{
	memset(&s->line, 0, sizeof(s->line));
	s->line.kind = ORIGINALS_OWN;
	s->line.inode = 7;
	s->line.knob = KNOB_CPU_WEIGHT;
	s->line.held = held;
	s->line.original = knob_value_of(original);
	s->line.written = knob_value_of(written);
	(void)snprintf(s->line.path, sizeof(s->line.path), "%s", path);
	return originals_own(&s->o, &s->line);
}

static struct original *find(struct scene *s, const char *path)
{
	return originals_find(&s->o, path, 7, KNOB_CPU_WEIGHT);
}

/* A hold must be possible, and end, when there is no memory to be had. */
TEST(a_record_that_takes_the_place_of_one_that_ended_allocates_nothing)
{
	struct scene *s = *state;
	unsigned long before;

	assert_int_equal(own(s, "a", 100, 1, true), 0);
	assert_int_equal(originals_end(&s->o, find(s, "a")), 0);
	before = alloc_count();
	/* Often enough for the file to be written anew in between. */
	for (int i = 0; i < 300; i++) {
		assert_int_equal(own(s, "a/longer", 100, 1, true), 0);
		assert_int_equal(own(s, "a/longer", 100, 2, true), 0);
		assert_int_equal(originals_end(&s->o, find(s, "a/longer")), 0);
	}
	assert_int_equal(alloc_count(), before);
	assert_int_equal(s->o.n, 0);
}

TEST(a_path_longer_than_the_place_of_one_that_ended_gets_its_own)
{
	struct scene *s = *state;
	char path[ORIGINALS_PATH_ROOM + 100];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(own(s, "a", 100, 1, false), 0);
	assert_int_equal(originals_end(&s->o, find(s, "a")), 0);
	assert_int_equal(own(s, path, 39, 1, false), 0);
	assert_int_equal(find(s, path)->original.value, 39);
	assert_int_equal(originals_end(&s->o, find(s, path)), 0);
	assert_int_equal(own(s, path, 40, 1, false), 0);
	assert_int_equal(find(s, path)->original.value, 40);
}

TEST(walking_meets_each_record_once_while_they_end)
{
	struct scene *s = *state;
	struct original *next;
	char path[16];
	size_t n = 0;

	assert_null(originals_next(&s->o, NULL));
	for (int i = 0; i < 200; i++) {
		(void)snprintf(path, sizeof(path), "p%d", i);
		assert_int_equal(own(s, path, 100, 1, false), 0);
	}
	for (struct original *r = originals_next(&s->o, NULL); r; r = next) {
		next = originals_next(&s->o, r);
		if (n++ % 2 == 0)
			assert_int_equal(originals_end(&s->o, r), 0);
	}
	assert_int_equal(n, 200);
	assert_int_equal(s->o.n, 100);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_record_that_takes_the_place_of_one_that_ended_allocates_nothing),
		CASE(a_path_longer_than_the_place_of_one_that_ended_gets_its_own),
		CASE(walking_meets_each_record_once_while_they_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
