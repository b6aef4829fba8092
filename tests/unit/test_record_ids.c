// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/record_ids.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/fake.h"

static struct fake f;
static struct record_ids ids;

static int setup(void **state)
{
	(void)state;
	fake_init(&f);
	fake_cgroup(&f, "a/b");
	fake_cgroup(&f, "c");
	ids = (struct record_ids){0};
	return record_ids_take(&ids, &f.model);
}

static int teardown(void **state)
{
	(void)state;
	record_ids_free(&ids);
	fake_free(&f);
	return 0;
}

TEST(numbers_are_given_in_order)
{
	for (uint32_t i = 0; i < f.model.n_cgroups; i++) {
		assert_int_equal(ids.list[i], i);
		assert_true(record_ids_is_new(&ids, i));
		assert_int_equal(record_ids_of(&ids, f.model.cgroups[i]), i);
	}
}

TEST(an_unchanged_list_costs_no_memory_and_nobody_is_new)
{
	unsigned long before = alloc_count();

	assert_int_equal(record_ids_take(&ids, &f.model), 0);
	assert_int_equal(alloc_count(), before);
	for (uint32_t i = 0; i < f.model.n_cgroups; i++)
		assert_false(record_ids_is_new(&ids, i));
}

TEST(a_cgroup_keeps_its_number_wherever_it_stands)
{
	uint32_t c = record_ids_of(&ids, fake_cgroup(&f, "c"));
	struct cgroup *first = fake_cgroup(&f, "0");

	fake_reverse_siblings(&f);
	assert_int_equal(record_ids_take(&ids, &f.model), 0);
	assert_int_equal(record_ids_of(&ids, fake_cgroup(&f, "c")), c);
	assert_true(record_ids_is_new(&ids, record_ids_of(&ids, first)));
	assert_false(record_ids_is_new(&ids, c));
}

/* The same path with another inode is another cgroup, and its number is not the old one's while
 * that could still be meant. */
TEST(a_cgroup_made_anew_is_new)
{
	struct cgroup *c = fake_cgroup(&f, "c");
	uint32_t before = record_ids_of(&ids, c), after;

	c->inode = 999;
	assert_int_equal(record_ids_take(&ids, &f.model), 0);
	after = record_ids_of(&ids, c);
	assert_int_not_equal(after, before);
	assert_true(record_ids_is_new(&ids, after));
	/* Only a round later the old number is free. */
	fake_cgroup(&f, "d");
	assert_int_equal(record_ids_take(&ids, &f.model), 0);
	assert_int_equal(record_ids_of(&ids, fake_cgroup(&f, "d")), before);
}

TEST(numbers_do_not_grow_with_churn)
{
	for (uint64_t i = 0; i < 1000; i++) {
		fake_cgroup(&f, "c")->inode = 1000 + i;
		assert_int_equal(record_ids_take(&ids, &f.model), 0);
	}
	assert_true(ids.n_ids <= 2 * f.model.n_cgroups);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(numbers_are_given_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(an_unchanged_list_costs_no_memory_and_nobody_is_new,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_cgroup_keeps_its_number_wherever_it_stands, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_cgroup_made_anew_is_new, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers_do_not_grow_with_churn, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
