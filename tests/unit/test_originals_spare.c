// SPDX-License-Identifier: LGPL-2.1-or-later
// Records whose place is used again, and the walk over all of them.
#include "tests/lib/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "policy/knob.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/originals_case.h"
#include "tests/lib/tree.h"

/* A hold must be possible, and end, when there is no memory to be had. */
TEST(a_record_that_takes_the_place_of_one_that_ended_allocates_nothing)
{
	struct originals_case *s = *state;
	unsigned long before;

	assert_int_equal(originals_case_own(s, "a", 100, 1, true), 0);
	assert_int_equal(originals_end(&s->o, originals_case_find(s, "a")), 0);
	before = alloc_count();
	/* Often enough for the file to be written anew in between. */
	for (int i = 0; i < 300; i++) {
		assert_int_equal(originals_case_own(s, "a/longer", 100, 1, true), 0);
		assert_int_equal(originals_case_own(s, "a/longer", 100, 2, true), 0);
		assert_int_equal(originals_end(&s->o, originals_case_find(s, "a/longer")), 0);
	}
	assert_int_equal(alloc_count(), before);
	assert_int_equal(s->o.n, 0);
}

TEST(a_path_longer_than_the_place_of_one_that_ended_gets_its_own)
{
	struct originals_case *s = *state;
	char path[ORIGINALS_PATH_ROOM + 100];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(originals_case_own(s, "a", 100, 1, false), 0);
	assert_int_equal(originals_end(&s->o, originals_case_find(s, "a")), 0);
	assert_int_equal(originals_case_own(s, path, 39, 1, false), 0);
	assert_int_equal(originals_case_find(s, path)->original.value, 39);
	assert_int_equal(originals_end(&s->o, originals_case_find(s, path)), 0);
	assert_int_equal(originals_case_own(s, path, 40, 1, false), 0);
	assert_int_equal(originals_case_find(s, path)->original.value, 40);
}

TEST(walking_meets_each_record_once_while_they_end)
{
	struct originals_case *s = *state;
	struct original *next;
	char path[16];
	size_t n = 0;

	assert_null(originals_next(&s->o, NULL));
	for (int i = 0; i < 200; i++) {
		(void)snprintf(path, sizeof(path), "p%d", i);
		assert_int_equal(originals_case_own(s, path, 100, 1, false), 0);
	}
	for (struct original *r = originals_next(&s->o, NULL); r; r = next) {
		next = originals_next(&s->o, r);
		if (n++ % 2 == 0)
			assert_int_equal(originals_end(&s->o, r), 0);
	}
	assert_int_equal(n, 200);
	assert_int_equal(s->o.n, 100);
}

#define CASE(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, originals_case_setup, originals_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_record_that_takes_the_place_of_one_that_ended_allocates_nothing),
		CASE(a_path_longer_than_the_place_of_one_that_ended_gets_its_own),
		CASE(walking_meets_each_record_once_while_they_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
