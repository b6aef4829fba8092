// SPDX-License-Identifier: LGPL-2.1-or-later
// A counter that counted nothing would let every "allocates nothing" test pass.
#include "tests/lib/test.h"

#include <stdio.h>

#include "tests/lib/alloc_count.h"

/* Through a volatile, so that the compiler does not drop the pair. */
static void *volatile kept;

TEST(every_way_to_allocate_is_counted)
{
	unsigned long before = alloc_count();
	void *p = NULL;

	kept = malloc(10);
	assert_int_equal(alloc_count() - before, 1);
	kept = realloc(kept, 100000);
	assert_int_equal(alloc_count() - before, 2);
	free(kept);
	kept = calloc(3, 5);
	assert_int_equal(alloc_count() - before, 3);
	free(kept);
	assert_int_equal(posix_memalign(&p, 64, 128), 0);
	kept = p;
	assert_int_equal(alloc_count() - before, 4);
	free(kept);
	kept = aligned_alloc(64, 128);
	assert_int_equal(alloc_count() - before, 5);
	free(kept);
}

TEST(what_libc_allocates_is_counted_too)
{
	unsigned long before = alloc_count();
	FILE *f = fopen("/dev/null", "re");

	assert_non_null(f);
	(void)fclose(f);
	assert_true(alloc_count() > before);
}

TEST(nothing_else_counts)
{
	unsigned long before;
	char text[64];

	(void)snprintf(text, sizeof(text), "%d", 1); /* libc sets itself up at the first call */
	before = alloc_count();
	for (int i = 0; i < 100; i++)
		(void)snprintf(text, sizeof(text), "%d", i);
	free(NULL);
	assert_int_equal(alloc_count() - before, 0);
}

TEST(the_nth_allocation_fails_once)
{
	if (!alloc_can_fail())
		return;
	alloc_fail_at(2);
	kept = malloc(1);
	assert_non_null(kept);
	free(kept);
	kept = calloc(1, 1);
	assert_null(kept);
	assert_true(alloc_did_fail());
	kept = strdup("here again");
	assert_non_null(kept);
	alloc_fail_at(1);
	assert_null(realloc(kept, 100));
	free(kept);
	alloc_fail_at(0);
	assert_false(alloc_did_fail());
}

TEST(what_is_not_freed_is_counted)
{
	long before = alloc_live();

	if (!alloc_can_fail())
		return;
	kept = malloc(1);
	kept = realloc(kept, 100000);
	assert_int_equal(alloc_live() - before, 1);
	free(kept);
	free(NULL);
	assert_int_equal(alloc_live() - before, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_to_allocate_is_counted),
		cmocka_unit_test(what_libc_allocates_is_counted_too),
		cmocka_unit_test(nothing_else_counts),
		cmocka_unit_test(the_nth_allocation_fails_once),
		cmocka_unit_test(what_is_not_freed_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
